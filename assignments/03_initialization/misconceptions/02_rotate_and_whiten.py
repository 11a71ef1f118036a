"""Wrong and right answers to section 2, “Rotate and whiten”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- pca ------------------------------------------------------------------------------------------

misconception("pca", "The data is not centred: the first component points to the mean.",
              id="without-centring", hint="Decompose X − mean.", replace="X - mean", by="X")
misconception("pca", "The smallest variance comes first: eigh sorts upwards.", id="smallest-first",
              hint="Turn the order round: [::-1].",
              replace=("_, singular, components = np.linalg.svd(X - mean, full_matrices=False)",
                       "mean, singular**2 / len(X), components"),
              by=("variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))",
                  "mean, variances, vectors.T"))
misconception("pca", "The components are in the columns: eigh's eigenvectors were not transposed.",
              id="components-in-columns", hint="Return vectors.T.",
              replace=("_, singular, components = np.linalg.svd(X - mean, full_matrices=False)",
                       "return mean, singular**2 / len(X), components"),
              by=("variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))",
                  "return mean, variances[::-1], vectors[:, ::-1]"))
misconception("pca", "The variances are turned round, but the components are not.",
              id="orders-differ", hint="Both must be in the same order.",
              replace=("_, singular, components = np.linalg.svd(X - mean, full_matrices=False)",
                       "singular**2 / len(X), components"),
              by=("variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))",
                  "variances[::-1], vectors.T"))
misconception("pca", "The singular values are returned in place of the variances.",
              id="singular-values", hint="A variance is a squared singular value divided by N.",
              replace="mean, singular**2 / len(X), components", by="mean, singular, components")
misconception("pca", "The squared singular values are not divided by N: they grow with the data "
              "set.", id="not-divided", hint="singular² / N.",
              replace="singular**2 / len(X)", by="singular**2")
misconception("pca", "The variances are divided by N − 1.", id="unbiased",
              hint="The docstring wants 1/N.",
              replace="singular**2 / len(X)", by="singular**2 / (len(X) - 1)")
alternative("pca", id="by-eigh",
            replace=("_, singular, components = np.linalg.svd(X - mean, full_matrices=False)",
                     "return mean, singular**2 / len(X), components"),
            by=("variances, vectors = np.linalg.eigh(np.cov(X.T, bias=True))",
                "return mean, variances[::-1], vectors[:, ::-1].T"))


@alternative("pca")
def pca_in_float32(X):
    X = X.astype(np.float32)
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean)
    return mean, singular**2 / len(X), -components


# --- whiten ---------------------------------------------------------------------------------------

misconception("whiten", "Each component is divided by its variance; the root is missing.",
              id="by-the-variance", hint="Divide by np.sqrt(variances + eps).",
              replace="np.sqrt(variances + eps)", by="(variances + eps)")
misconception("whiten", "The components are used untransposed: a rotation, but the wrong way "
              "round.", id="not-transposed", hint="Rows meet rows: (X − mean) @ components.T.",
              replace="(X - mean) @ components.T", by="(X - mean) @ components")
misconception("whiten", "The data is not centred.", id="not-centred",
              hint="Take the mean off first.",
              replace="(X - mean) @ components.T", by="X @ components.T")
misconception("whiten", "The data is centred by its own mean, not by that of the training set.",
              id="by-its-own-mean", hint="Use the mean that you are given.",
              replace="(X - mean) @ components.T", by="(X - X.mean(axis=0)) @ components.T")
misconception("whiten", "eps is forgotten: a direction without variance becomes NaN or noise.",
              id="without-eps", hint="np.sqrt(variances + eps).",
              replace="return (X - mean) @ components.T / np.sqrt(variances + eps)",
              by='with np.errstate(all="ignore"):\n'
                 "    return (X - mean) @ components.T / np.sqrt(variances)")
misconception("whiten", "eps is added outside the root: the root of −1e-17 is NaN.",
              id="eps-outside", hint="np.sqrt(variances + eps).",
              replace="return (X - mean) @ components.T / np.sqrt(variances + eps)",
              by='with np.errstate(all="ignore"):\n'
                 "    return (X - mean) @ components.T / (np.sqrt(variances) + eps)")
misconception("whiten", "Divided first and rotated after: the deviations belong to the components, "
              "not to the features.", id="divides-first", hint="First rotate, then divide.",
              replace="return (X - mean) @ components.T / np.sqrt(variances + eps)",
              by="return (X - mean) / np.sqrt(variances + eps) @ components.T")
alternative("whiten", id="by-one-matrix",
            replace="return (X - mean) @ components.T / np.sqrt(variances + eps)",
            by="matrix = components / np.sqrt(variances + eps)[:, None]\n"
               "return (matrix @ (X - mean).T).T")
alternative("whiten", id="in-float32",
            replace="return (X - mean) @ components.T / np.sqrt(variances + eps)",
            by='turned = np.einsum("nd,kd->nk", (X - mean).astype(np.float32), '
               "components.astype(np.float32))\n"
               "return turned * (variances + eps) ** -0.5")

# --- components_for_95 ----------------------------------------------------------------------------

misconception("components_for_95", "That is all of them: 100 %.", id="all",
              hint="Follow the dashed line to the curve.", source="components_for_95 = 64")
misconception("components_for_95", "That keeps 90 %.", id="at-90",
              hint="The dashed line is at 95 %.", source="components_for_95 = 21")
misconception("components_for_95", "That is 95 % of the components, not of the variance.",
              id="share-of-64", hint="The first components keep far more than the last ones.",
              source="components_for_95 = 61")
alternative("components_for_95", id="one-more", source="components_for_95 = np.int64(29)")
