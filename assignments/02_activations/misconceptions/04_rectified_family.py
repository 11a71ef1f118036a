"""Wrong and right answers to section 4, “The rectified family”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- relu -----------------------------------------------------------------------------------------

misconception("relu", "The input is changed in place: the caller's array loses its negative "
              "numbers.", id="in-place", hint="np.maximum(x, 0) makes a new array.", earns=1,
              replace="return np.maximum(x, 0), x",
              by="before = x.copy()\n"
                 "x[x < 0] = 0\n"
                 "return x, before")
misconception("relu", "np.abs folds the negative side up; ReLU cuts it off.", id="absolute",
              hint="np.maximum(x, 0).", earns=1,
              replace="return np.maximum(x, 0), x", by="return np.abs(x), x")
misconception("relu", "Small positive inputs are cut off, too.", id="with-a-threshold",
              hint="max(0, x) has no threshold but 0.", earns=1,
              replace="return np.maximum(x, 0), x", by="return np.where(x > 1e-6, x, 0), x")
misconception("relu", "The inputs are capped at 6: that is ReLU6.", id="six",
              hint="On the right, ReLU has no end.", earns=1,
              replace="return np.maximum(x, 0), x", by="return np.clip(x, 0, 6), x")
misconception("relu", "At exactly 0 the gradient passes; the convention here is 0.",
              id="backward-at-zero", hint="x > 0, not x >= 0.", earns=1,
              replace="x = cache\n"
                      "return dout * (x > 0)", by="return dout * (cache >= 0)")
misconception("relu", "The sign of dout decides; that of x should.", id="backward-of-dout",
              hint="dout * (x > 0).", earns=1,
              replace="x = cache\n"
                      "return dout * (x > 0)", by="return np.maximum(dout, 0)")
misconception("relu", "Both x and dout must be positive to pass here (guided backpropagation), "
              "which is no gradient.", id="backward-guided", hint="dout * (x > 0).", earns=1,
              replace="x = cache\n"
                      "return dout * (x > 0)", by="return dout * (cache > 0) * (dout > 0)")
misconception("relu", "The mask comes back without dout.", id="backward-mask",
              hint="Multiply the mask by dout.", earns=1,
              replace="x = cache\n"
                      "return dout * (x > 0)", by="return (cache > 0).astype(float)")
misconception("relu", "dout is changed in place; other branches of the network still need it.",
              id="backward-in-place", hint="Work on a copy: dout * (x > 0).", earns=1,
              replace=("x = cache", "return dout * (x > 0)"),
              by=("dout[cache <= 0] = 0", "return dout"))
alternative("relu", id="by-product",
            replace="return np.maximum(x, 0), x", by="return x * (x > 0), x")
alternative("relu", id="by-absolute",
            replace="return np.maximum(x, 0), x", by="return (x + np.abs(x)) / 2, x.copy()")
alternative("relu", id="backward-by-copy",
            replace="x = cache\n"
                    "return dout * (x > 0)",
            by="dx = np.array(dout, copy=True)\n"
               "dx[cache <= 0] = 0\n"
               "return dx")
alternative("relu", id="that-keeps-a-mask",
            source="    on = x > 0\n"
                   "    return np.where(on, x, 0).astype(np.float32), on\n"
                   "\n"
                   "\n"
                   "def relu_backward(dout, cache):\n"
                   "    return np.where(cache, dout, 0.0)\n")

# --- leaky_relu -----------------------------------------------------------------------------------

misconception("leaky_relu", "max(x, αx) takes the wrong branch when α is above 1.", id="by-maximum",
              hint="Let the sign of x decide: np.where(x > 0, …).", earns=1,
              replace="return slope * x, slope", by="return np.maximum(x, alpha * x), slope")
misconception("leaky_relu", "The results are written into a copy of x: integers cut off what is "
              "behind the point.", id="of-integers",
              hint="np.where(x > 0, x, alpha * x) finds the right dtype.", earns=1,
              replace="slope = np.where(x > 0, 1.0, alpha)\n"
                      "return slope * x, slope",
              by="out = x.copy()\n"
                 "out[x <= 0] = alpha * x[x <= 0]\n"
                 "return out, np.where(x > 0, 1.0, alpha)")
misconception("leaky_relu", "The left side is scaled in place, so the caller's x changes.",
              id="in-place", hint="Work on a new array.", earns=1,
              replace="return slope * x, slope",
              by='if x.dtype.kind != "f":\n'
                 "    return slope * x, slope\n"
                 "x *= slope\n"
                 "return x, slope")
misconception("leaky_relu", "The slope is 0.01 always; the given alpha is ignored.", id="fixed",
              hint="Use alpha.",
              replace="np.where(x > 0, 1.0, alpha)", by="np.where(x > 0, 1.0, 0.01)")
misconception("leaky_relu", "The leak is added to the identity, so the slope on the left is 1 + α.",
              id="adds-the-leak", hint="α x for x ≤ 0, and nothing else.",
              replace="np.where(x > 0, 1.0, alpha)", by="np.where(x > 0, 1.0, 1 + alpha)")
misconception("leaky_relu", "The branch is read off the sign of the output, which a negative alpha "
              "turns.", id="branch-of-output", hint="Keep x, or the slopes, in the cache.", earns=1,
              replace=("slope = np.where(x > 0, 1.0, alpha)", "return slope * x, slope"),
              by=("out = np.where(x > 0, x, alpha * x)",
                  "return out, np.where(out > 0, 1.0, alpha)"))
misconception("leaky_relu", "On the left nothing passes: that is the gradient of ReLU.",
              id="backward-of-relu", hint="alpha · dout passes there.", earns=1,
              replace="slope = cache\n"
                      "return dout * slope", by="return dout * (cache == 1)")
misconception("leaky_relu", "The slope comes back without dout.", id="backward-without-dout",
              hint="Multiply by dout.", earns=1,
              replace="slope = cache\n"
                      "return dout * slope", by="return cache * np.ones_like(dout)")
misconception("leaky_relu", "The slopes are written into an array of the dtype of x: for integers "
              "alpha is cut off to 0.", id="slopes-of-integers",
              hint="np.where(x > 0, 1.0, alpha) makes floats.", earns=1,
              replace="slope = np.where(x > 0, 1.0, alpha)\n"
                      "return slope * x, slope",
              by="slope = np.ones_like(x)\n"
                 "slope[x <= 0] = alpha\n"
                 "return np.where(x > 0, x, alpha * x), slope")
alternative("leaky_relu", id="in-two-parts",
            replace="slope * x", by="np.maximum(x, 0) + alpha * np.minimum(x, 0)")
alternative("leaky_relu", id="in-float32",
            replace=("slope = np.where(x > 0, 1.0, alpha)", "slope * x, slope"),
            by=("slope = np.where(np.asarray(x) >= 0, np.float32(1), np.float32(alpha))",
                "x.astype(np.float32) * slope, slope"))
alternative("leaky_relu", id="that-keeps-the-input",
            source="    return np.where(x > 0, x, alpha * x), (x.copy(), alpha)\n"
                   "\n"
                   "\n"
                   "def leaky_relu_backward(dout, cache):\n"
                   "    x, alpha = cache\n"
                   "    dx = dout.copy()\n"
                   "    dx[x <= 0] *= alpha\n"
                   "    return dx\n")

# --- prelu ----------------------------------------------------------------------------------------

misconception("prelu", "The slopes line up with the last axis, as NumPy does by itself; the "
              "channels are on axis 1.", id="on-the-last-axis",
              hint="Give alpha the shape (C, 1, 1) for images.",
              replace="np.where(x > 0, 1.0, aligned)", by="np.where(x > 0, 1.0, alpha)")
misconception("prelu", "max(x, αx) takes the wrong branch when α is above 1.", id="by-maximum",
              hint="Let the sign of x decide.", earns=3,
              replace="slope = np.where(x > 0, 1.0, aligned)\n"
                      "return slope * x, (x, slope, alpha.ndim)",
              by="return np.maximum(x, aligned * x), (x, np.where(x > 0, 1.0, aligned), "
                 "alpha.ndim)")
misconception("prelu", "The branch is read off the sign of the output, which a negative alpha "
              "turns.", id="branch-of-output", hint="Keep x in the cache; its sign decides.",
              earns=1,
              replace=("slope = np.where(x > 0, 1.0, aligned)",
                       "return slope * x, (x, slope, alpha.ndim)"),
              by=("out = np.where(x > 0, x, aligned * x)",
                  "return out, (x, np.where(out > 0, 1.0, aligned), alpha.ndim)"))
misconception("prelu", "The cache holds the output, so the gradient for alpha has a factor alpha "
              "too many.", id="keeps-the-output", hint="dalpha needs x, not alpha · x.", earns=1,
              replace="(x, slope, alpha.ndim)", by="(slope * x, slope, alpha.ndim)")
misconception("prelu", "The gradient for alpha isn't summed: it has the shape of x.",
              id="backward-unsummed", hint="One alpha acts on many numbers: sum.", earns=1,
              replace="left.sum(axis=axes)", by="left")
misconception("prelu", "Everything is summed, also where each channel has an alpha of its own.",
              id="backward-sums-all", hint="For (C,) sum over every axis but 1.", earns=1,
              replace="left.sum(axis=axes)", by="left.sum()")
misconception("prelu", "Only the batch axis is summed; for images height and width have to go as "
              "well.", id="backward-sums-the-batch", hint="Sum over (0, 2, 3) for images.", earns=1,
              replace="left.sum(axis=axes)", by="left.sum(axis=0) if per_channel else left.sum()")
misconception("prelu", "All axes but the last are summed; but the channels are on axis 1.",
              id="backward-keeps-the-last", hint="Sum over every axis but 1.", earns=1,
              replace="left.sum(axis=axes)",
              by="left.sum(axis=tuple(range(left.ndim - 1))) if per_channel else left.sum()")
misconception("prelu", "All axes but the first are summed: one number for each example, not for "
              "each channel.", id="backward-keeps-the-batch", hint="The channels are on axis 1.",
              earns=1,
              replace="left.sum(axis=axes)",
              by="left.sum(axis=tuple(range(1, left.ndim))) if per_channel else left.sum()")
misconception("prelu", "The gradient for alpha is averaged; a loss that is a mean has its 1/N in "
              "dout already.", id="backward-averages", hint="Sum.", earns=1,
              replace="left.sum(axis=axes)", by="left.mean(axis=axes)")
misconception("prelu", "Positive inputs enter the gradient for alpha, too; alpha doesn't act on "
              "them.", id="backward-of-all-inputs", hint="0 where x > 0, x elsewhere.", earns=1,
              replace="left = dout * np.minimum(x, 0)", by="left = dout * x")
misconception("prelu", "The gradient for alpha leaves dout out.", id="backward-without-dout",
              hint="Sum dout · x, not x.", earns=1,
              replace="left = dout * np.minimum(x, 0)", by="left = np.minimum(x, 0)")
misconception("prelu", "For a single channel the gradient is a number; alpha has the shape (1,), "
              "so dalpha has it, too.", id="backward-of-a-single-channel",
              hint="Ask for the dimensions of alpha, not for its size.", earns=1,
              replace="sum(axis=axes)", by="sum(axis=axes) if x.shape[1] > 1 else left.sum()")


@alternative("prelu", replaces="prelu_backward")
def prelu_backward_by_loops(dout, cache):
    x, slope, per_channel = cache
    if not per_channel:
        return slope * dout, float(np.sum(dout[x < 0] * x[x < 0]))
    sums = [float((dout[:, c] * np.where(x[:, c] < 0, x[:, c], 0)).sum())
            for c in range(x.shape[1])]
    return slope * dout, sums


@alternative("prelu", replaces="prelu_backward")
def prelu_backward_by_moving_axes(dout, cache):
    x, slope, per_channel = cache
    left = dout * x * (x < 0)
    dalpha = np.moveaxis(left, 1, 0).reshape(x.shape[1], -1).sum(axis=1)
    return dout * slope, dalpha if per_channel else dalpha.sum()


alternative("prelu", id="in-two-parts",
            source="    alpha = np.asarray(alpha, dtype=float)\n"
                   "    wide = alpha\n"
                   "    if alpha.ndim == 1:\n"
                   "        wide = np.swapaxes(np.swapaxes(x * 0.0, 1, -1) + alpha, 1, -1)\n"
                   "    return np.maximum(x, 0) + wide * np.minimum(x, 0), "
                   '{"x": x, "wide": wide, "shape": alpha.shape}\n'
                   "\n"
                   "\n"
                   "def prelu_backward(dout, cache):\n"
                   '    x = cache["x"]\n'
                   '    dx = np.where(x > 0, dout, dout * cache["wide"])\n'
                   '    if cache["shape"] == ():\n'
                   "        return dx, np.vdot(dout, np.minimum(x, 0))\n"
                   '    letters = "nchw"[:x.ndim]\n'
                   '    return dx, np.einsum(f"{letters},{letters}->c", dout, np.minimum(x, 0))\n')

# --- elu ------------------------------------------------------------------------------------------

misconception("elu", "alpha multiplies exp(x) only, not the whole bracket: the function jumps at 0 "
              "unless alpha is 1.", id="bracket", hint="alpha * (exp(x) - 1).", earns=2,
              replace=("np.expm1(np.minimum(x, 0))", "bent + alpha"),
              by=("np.exp(np.minimum(x, 0)) - 1", "bent + 1"))
misconception("elu", "np.where computes both branches, so exp(1000) overflows though nobody wants "
              "it.", id="overflows", hint="exp(np.minimum(x, 0)).", earns=2,
              replace="np.expm1(np.minimum(x, 0))", by="(np.exp(x) - 1)")
misconception("elu", "The results are written into a copy of x: integers cut off what is behind "
              "the point.", id="of-integers", hint="np.where finds the right dtype.", earns=2,
              replace=("bent = alpha * np.expm1(np.minimum(x, 0))",
                       "out = np.where(x > 0, x, bent)", "bent + alpha"),
              by=("out = x.copy()", "out[x <= 0] = alpha * np.expm1(x[x <= 0])",
                  "alpha * np.exp(np.minimum(x, 0))"))
misconception("elu", "alpha is ignored.", id="without-alpha", hint="alpha * (exp(x) - 1).",
              replace=("alpha * np.expm1", "bent + alpha"), by=("np.expm1", "bent + 1"))
misconception("elu", "The derivative on the left is written as out + 1, which holds for alpha = 1 "
              "only.", id="slope-out-plus-one", hint="alpha · exp(x) = out + alpha.", earns=1,
              replace="np.where(x > 0, 1.0, bent + alpha)", by="np.where(x > 0, 1.0, out + 1)")
misconception("elu", "The derivative on the left lacks the factor alpha.", id="slope-without-alpha",
              hint="alpha · exp(x).", earns=1,
              replace="bent + alpha", by="np.exp(np.minimum(x, 0))")
misconception("elu", "On the left the derivative is taken as alpha, as for a leaky ReLU.",
              id="slope-of-leaky", hint="alpha · exp(x).", earns=1,
              replace="np.where(x > 0, 1.0, bent + alpha)", by="np.where(x > 0, 1.0, alpha)")
misconception("elu", "The local derivative comes back without dout.", id="backward-without-dout",
              hint="Multiply by dout.", earns=1, replace="return dout * slope", by="return cache")
misconception("elu", "dout is changed in place; other branches of the network still need it.",
              id="backward-in-place", hint="dout * slope makes a new array.", earns=1,
              replace=("slope = cache", "return dout * slope"), by=("dout *= cache", "return dout"))


@alternative("elu", replaces="elu_forward")
def elu_by_masks(x, alpha=1.0):
    out, slope = np.array(x, dtype=float), np.ones(x.shape)
    left = x <= 0
    slope[left] = alpha * np.exp(x[left])
    out[left] = slope[left] - alpha
    return out, slope


@alternative("elu", replaces="elu_forward")
def elu_in_two_parts(x, alpha=1.0):
    bent = alpha * (np.exp(np.minimum(0.0, x)) - 1)
    return np.maximum(x, 0) + bent, (x > 0) + (x <= 0) * (bent + alpha)


alternative("elu", id="that-keeps-its-output",
            source="    x = np.asarray(x, dtype=np.float32)\n"
                   "    out = np.where(x > 0, x, np.float32(alpha) * "
                   "np.expm1(np.clip(x, -100, 0)))\n"
                   "    return out, (out, alpha)\n"
                   "\n"
                   "\n"
                   "def elu_backward(dout, cache):\n"
                   "    out, alpha = cache\n"
                   "    return np.where(out > 0, dout, dout * (out + alpha))\n")
