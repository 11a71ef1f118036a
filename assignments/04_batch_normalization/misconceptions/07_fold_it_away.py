"""Wrong and right answers to section 7, “Fold it away”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- fold -----------------------------------------------------------------------------------------

misconception("fold", "The old bias is dropped.", id="linear-drops-the-old-bias",
              hint="The new bias is (b − mean) · scale + beta.", earns=2,
              replace="return W * scale, (old - ", by="return W * scale, (0.0 - ")
misconception("fold", "The old bias is kept as it was; but it passes batch norm, too, and is "
              "scaled.", id="linear-keeps-the-old-bias-unscaled", hint="(b − mean) · scale + beta.",
              earns=2,
              replace='return W * scale, (old - bn_param["running_mean"]) * scale + beta',
              by='return W * scale, old - bn_param["running_mean"] * scale + beta')


@misconception("fold", "eps is left out of the scale.",
               hint="scale = gamma / √(running_var + eps).", earns=2, replaces="fold_linear")
def fold_linear_without_eps(W, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"])
    old = 0.0 if b is None else b
    return W * scale, (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The scale divides by the variance; the root is missing.",
               hint="scale = gamma / √(running_var + eps).", earns=2, replaces="fold_linear")
def fold_linear_by_the_variance(W, b, gamma, beta, bn_param):
    scale = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return W * scale, (old - bn_param["running_mean"]) * scale + beta


misconception("fold", "The running mean is not taken off.", id="linear-forgets-the-mean",
              hint="(b − mean) · scale + beta.", earns=2,
              replace='return W * scale, (old - bn_param["running_mean"]) * scale + beta',
              by="return W * scale, (old) * scale + beta")
misconception("fold", "The given weights are changed in place: the layer in training is spoiled.",
              id="linear-in-place", hint="Return new arrays.", earns=2,
              replace='return W * scale, (old - bn_param["running_mean"]) * scale + beta',
              by="W *= scale\n"
                 'return W, (old - bn_param["running_mean"]) * scale + beta')
misconception("fold", "The old bias is dropped.", id="conv-drops-the-old-bias",
              hint="The new bias is (b − mean) · scale + beta.", earns=2,
              replace="return w * scale[:, None, None, None], (old - ",
              by="return w * scale[:, None, None, None], (0.0 - ")
misconception("fold", "The old bias is kept as it was; but it passes batch norm, too, and is "
              "scaled.", id="conv-keeps-the-old-bias-unscaled", hint="(b − mean) · scale + beta.",
              earns=2,
              replace='return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * '
                      "scale + beta",
              by='return w * scale[:, None, None, None], old - bn_param["running_mean"] * scale + '
                 "beta")


@misconception("fold", "eps is left out of the scale.",
               hint="scale = gamma / √(running_var + eps).", earns=2, replaces="fold_conv")
def fold_conv_without_eps(w, b, gamma, beta, bn_param):
    scale = gamma / np.sqrt(bn_param["running_var"])
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


@misconception("fold", "The scale divides by the variance; the root is missing.",
               hint="scale = gamma / √(running_var + eps).", earns=2, replaces="fold_conv")
def fold_conv_by_the_variance(w, b, gamma, beta, bn_param):
    scale = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta


misconception("fold", "The running mean is not taken off.", id="conv-forgets-the-mean",
              hint="(b − mean) · scale + beta.", earns=2,
              replace='return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * '
                      "scale + beta",
              by="return w * scale[:, None, None, None], (old) * scale + beta")
misconception("fold", "The given weights are changed in place: the layer in training is spoiled.",
              id="conv-in-place", hint="Return new arrays.", earns=2,
              replace='return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * '
                      "scale + beta",
              by="w *= scale[:, None, None, None]\n"
                 'return w, (old - bn_param["running_mean"]) * scale + beta')
misconception("fold", "The rows of W are scaled where the shapes allow it: that scales the inputs, "
              "not the outputs.", id="linear-scales-the-rows",
              hint="Output m is made by column m: W * scale.", earns=2,
              replace='return W * scale, (old - bn_param["running_mean"]) * scale + beta',
              by="return (W * scale[:, None] if len(W) == len(scale) else W * scale), "
                 '(old - bn_param["running_mean"]) * scale + beta')
misconception("fold", "The input channels are scaled where the shapes allow it.",
              id="conv-scales-the-input-channels",
              hint="Scale each filter w[f]: scale[:, None, None, None].", earns=2,
              replace='return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * '
                      "scale + beta",
              by="return w * (scale[:, None, None] if w.shape[1] == len(scale) else "
                 'scale[:, None, None, None]), (old - bn_param["running_mean"]) * scale + beta')
misconception("fold", "The given bias is changed in place.", id="linear-changes-the-bias",
              hint="b - mean makes a new array, b -= mean doesn't.", earns=2,
              replace="old = 0.0 if b is None else b\n"
                      'return W * scale, (old - bn_param["running_mean"]) * scale + beta',
              by="if b is None:\n"
                 "    b = np.zeros(len(gamma))\n"
                 'b -= bn_param["running_mean"]\n'
                 "b *= scale\n"
                 "b += beta\n"
                 "return W * scale, b")
misconception("fold", "eps is added to the running variance in place, for all who use it later.",
              id="conv-changes-the-running-variance",
              hint="running_var + eps makes a new array, running_var += eps doesn't.", earns=2,
              replace="return w * scale",
              by='bn_param["running_var"] += bn_param.get("eps", 1e-5)\n'
                 "return w * scale")


@alternative("fold", replaces="fold_linear")
def fold_linear_by_a_diagonal_matrix(W, b, gamma, beta, bn_param):
    s = gamma / (bn_param["running_var"] + bn_param.get("eps", 1e-5)) ** 0.5
    b = np.zeros(len(gamma)) if b is None else b
    return W @ np.diag(s), s * b - s * bn_param["running_mean"] + beta


@alternative("fold", replaces="fold_conv")
def fold_conv_by_einsum(w, b, gamma, beta, bn_param):
    s = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    shift = beta - s * bn_param["running_mean"]
    return np.einsum("fchw,f->fchw", w, s), shift if b is None else shift + s * b


alternative("fold", id="linear-in-float32",
            replace="return W * scale, (",
            by="W, scale = W.astype(np.float32), scale.astype(np.float32)\n"
               "return W * scale, (")
