"""Wrong and right answers to section 2, “The backward pass, node by node”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- bias_gradient --------------------------------------------------------------------------------

misconception("bias_gradient", "A shift of all examples of a feature is taken off again with the "
              "mean.", id="one", hint="Does the output change when b changes?",
              source="bias_gradient = 1.0")
misconception("bias_gradient", "eps plays no part in it: the shift cancels exactly.", id="small",
              hint="x − mean(x) is the same for x + 7.", source="bias_gradient = 1e-5")
alternative("bias_gradient", id="integer", source="bias_gradient = 0")

# --- batchnorm_backward ---------------------------------------------------------------------------

misconception("batchnorm_backward", "The way through the mean is missing: dx doesn't sum to 0.",
              id="forgets-the-mean", hint="dmean = −dcentred.sum(axis=0); each x gets dmean / N.",
              replace="dmean = -dcentred.sum(axis=0)\n"
                      "dx = dcentred + dmean / len(dout)", by="dx = dcentred")
misconception("batchnorm_backward", "The way through the variance is missing: the standard "
              "deviation was taken for a constant.", id="forgets-the-variance",
              hint="centred has a second gradient, through std.",
              replace="dxhat / std + 2 * centred * dvar / len(dout)", by="dxhat / std")
misconception("batchnorm_backward", "Mean and variance are taken for constants, as in test mode.",
              id="constant-statistics", hint="In train mode both are functions of x.",
              replace="dcentred + dmean / len(dout)", by="dxhat / std")
misconception("batchnorm_backward", "The gradient for the mean is taken from the direct way only, "
              "before the ways are added, with the wrong sign.", id="mean-of-the-variance-only",
              hint="Each x gets dmean / N, and dmean = −dcentred.sum(axis=0).",
              replace="dcentred + dmean / len(dout)", by="dcentred - dmean / len(dout)")
misconception("batchnorm_backward", "The derivative of the square root lacks its factor ½.",
              id="one-half-forgotten", hint="dvar = dstd / (2 · std).",
              replace="dvar = dstd / (2 * std)", by="dvar = dstd / std")
misconception("batchnorm_backward", "The variance's share is divided by N − 1, though the forward "
              "pass divides by N.", id="divides-by-one-less", hint="2 · centred · dvar / N.",
              replace="* centred * dvar / len(dout)", by="* centred * dvar / (len(dout) - 1)")
misconception("batchnorm_backward", "dout is passed on without γ.", id="forgets-gamma",
              hint="dxhat = dout · γ.",
              replace=("centred, std, xhat, gamma = cache", "dxhat = dout * gamma"),
              by=("centred, std, xhat, _ = cache", "dxhat = dout"))
misconception("batchnorm_backward", "The gradients of γ and β are not added up over the batch; "
              "their mean is returned.", id="dgamma-not-summed",
              hint="γ and β are shared by N examples: their gradients are sums.",
              replace=("dbeta = dout.sum(axis=0)", "(dout * xhat).sum(axis=0)"),
              by=("dbeta = dout.mean(axis=0)", "(dout * xhat).mean(axis=0)"))
misconception("batchnorm_backward", "dgamma is taken with the centred input in place of the "
              "normalized one.", id="dgamma-of-the-centred", hint="dgamma = sum of dout · xhat.",
              replace="(dout * xhat).sum(axis=0)", by="(dout * centred).sum(axis=0)")
misconception("batchnorm_backward", "The gradients come back in another order.",
              id="in-another-order", hint="In the order of the inputs: dx, dgamma, dbeta.",
              replace="return dx, dgamma, dbeta", by="return dx, dbeta, dgamma")


@alternative("batchnorm_backward")
def batchnorm_backward_by_the_jacobian(dout, cache):
    _, std, xhat, gamma = cache
    N, D = dout.shape
    dx = np.zeros((N, D))
    for d in range(D):
        jacobian = (np.eye(N) - 1 / N - np.outer(xhat[:, d], xhat[:, d]) / N) * gamma[d] / std[d]
        dx[:, d] = jacobian.T @ dout[:, d]
    return dx, (dout * xhat).sum(0), dout.sum(0)


@alternative("batchnorm_backward")
def batchnorm_backward_as_in_the_paper(dout, cache):
    centred, std, xhat, gamma = cache
    N = len(dout)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * centred * -0.5 * std**-3, axis=0)
    dmean = np.sum(-dxhat / std, axis=0) + dvar * np.mean(-2 * centred, axis=0)
    dx = dxhat / std + dvar * 2 * centred / N + dmean / N
    return dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)


alternative("batchnorm_backward", id="in-float32",
            replace="centred, std, xhat, gamma = cache",
            by="centred, std, xhat, gamma = (np.asarray(part, dtype=np.float32) for part in "
               "cache)\n"
               "dout = dout.astype(np.float32)")
