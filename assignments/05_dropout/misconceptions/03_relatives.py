"""Wrong and right answers to section 3, “Relatives: what else can be dropped”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- spatial_dropout ------------------------------------------------------------------------------

misconception("spatial_dropout", "Single pixels are dropped: this is ordinary dropout.",
              id="per-pixel", hint="One random number for each channel: a mask (N, C, 1, 1).",
              replace="(*x.shape[:2], 1, 1)", by="x.shape")
misconception("spatial_dropout", "All examples lose the same channels.", id="for-the-batch",
              hint="A mask (N, C, 1, 1), not (1, C, 1, 1).",
              replace="(*x.shape[:2], 1, 1)", by="(1, x.shape[1], 1, 1)")
misconception("spatial_dropout", "Whole examples are dropped, with all of their channels.",
              id="whole-examples", hint="A mask (N, C, 1, 1), not (N, 1, 1, 1).",
              replace="(*x.shape[:2], 1, 1)", by="(len(x), 1, 1, 1)")
misconception("spatial_dropout", "The last axis is taken for the channels: columns of pixels are "
              "dropped.", id="last-axis", hint="The shape is (N, C, H, W): channels are axis 1.",
              replace="(*x.shape[:2], 1, 1)", by="(len(x), 1, 1, x.shape[3])")
misconception("spatial_dropout", "Test time multiplies by p, though training has divided by it.",
              id="scales-at-test-time", hint="Inverted: at test time return x.",
              replace="mask = 1.0", by="mask = p")
misconception("spatial_dropout", "p is taken for the probability of dropping a channel.",
              id="p-drops", hint="p keeps.",
              replace="mask = (np.random.default_rng(seed).random((*x.shape[:2], 1, 1)) < p) / p",
              by="mask = (np.random.default_rng(seed).random((*x.shape[:2], 1, 1)) >= p) / (1 - p)")
misconception("spatial_dropout", "The factor 1/p is forgotten on the way back.",
              id="backward-unscaled", hint="dx = dout · mask.",
              replace="return dout * cache", by="return dout * (np.asarray(cache) > 0)")
misconception("spatial_dropout", "x is multiplied in place, so the layer before loses its "
              "activations.", id="in-place", hint="x * mask makes a new array; x *= mask does not.",
              replace=("mask = 1.0", "(*x.shape[:2], 1, 1)", "return x * mask, mask"),
              by=("mask = np.ones((*x.shape[:2], 1, 1))", "mask.shape",
                  "x *= mask\n"
                  "return x, mask"))


@alternative("spatial_dropout", replaces="spatial_dropout_forward")
def spatial_dropout_in_a_loop(x, dropout_param):
    mode, p, rng = (dropout_param["mode"], dropout_param["p"],
                    np.random.default_rng(dropout_param.get("seed")))
    mask = np.ones(x.shape)
    if mode == "train":
        for example in range(x.shape[0]):
            for channel in range(x.shape[1]):
                mask[example, channel] = rng.binomial(1, p) / p
    return x * mask, mask


alternative("spatial_dropout", id="backward-in-place",
            replace="return dout * cache",
            by="dout *= cache\n"
               "return dout")

# --- dropconnect ----------------------------------------------------------------------------------

misconception("dropconnect", "The inputs are dropped, not the weights: this is dropout.",
              id="masks-inputs",
              hint="The mask has an entry for each weight of each example: (N, D, M).", earns=2,
              replace="random(thinned.shape)", by="random((*x.shape, 1))")
misconception("dropconnect", "The outputs are dropped, not the weights: this is dropout after the "
              "layer.", id="masks-outputs", hint="Mask the weights before the product.", earns=2,
              replace="random(thinned.shape)", by="random((len(x), 1, w.shape[1]))")
misconception("dropconnect", "One thinned matrix serves the whole batch.", id="one-mask",
              hint="Each example has a mask of its own.", earns=2,
              replace="random(thinned.shape) < p) / p",
              by="random(w.shape) < p) / p * np.ones(thinned.shape)")
misconception("dropconnect", "The bias is scaled by 1/p as well.", id="scales-the-bias",
              hint="Add b after the scaling, as it is.", earns=2,
              replace="w * mask) + b", by='w * mask) + (b / p if mode == "train" else b)')
misconception("dropconnect", "The kept weights are not scaled in training.", id="without-scaling",
              hint="w · mask / p.",
              replace="random(thinned.shape) < p) / p", by="random(thinned.shape) < p) * 1.0")
misconception("dropconnect", "Test time multiplies the weights by p, though training has divided "
              "by it.", id="scales-at-test-time", hint="At test time x @ w + b.",
              replace="np.ones(thinned.shape)", by="np.full(thinned.shape, p)")
misconception("dropconnect", "dx goes back through the full weights.", id="backward-full-weights",
              hint="Through w · mask, example by example.", earns=2,
              replace='np.einsum("nm,ndm->nd", dout, w * mask)', by="dout @ w.T")
misconception("dropconnect", "dw is not masked: weights that took no part get a gradient.",
              id="backward-unmasked", hint="dw = Σ outer(x, dout) · mask.", earns=2,
              replace='np.einsum("nd,nm,ndm->dm", x, dout, mask)', by="x.T @ dout")
misconception("dropconnect", "The factor 1/p is missing in dw.", id="backward-unscaled",
              hint="The mask with its 1/p stands in dw, too.", earns=2,
              replace="x, dout, mask)", by="x, dout, (mask > 0) * 1.0)")
misconception("dropconnect", "The gradients of weights and bias are averaged over the batch; dout "
              "holds the 1/N already.", id="backward-averages", hint="Sum over the examples.",
              earns=2, replace="dw, dout.sum(axis=0)", by="dw / len(x), dout.mean(axis=0)")


@alternative("dropconnect", replaces="dropconnect_forward")
def dropconnect_example_by_example(x, w, b, dropout_param):
    p, rng = dropout_param["p"], np.random.default_rng(dropout_param.get("seed"))
    out, masks = np.zeros((len(x), w.shape[1])), np.ones((len(x), *w.shape))
    for n in range(len(x)):
        if dropout_param["mode"] == "train":
            masks[n] = rng.binomial(1, p, size=w.shape) / p
        out[n] = x[n] @ (w * masks[n]) + b
    return out, (x, w, masks)


@alternative("dropconnect", replaces="dropconnect_backward")
def dropconnect_backward_example_by_example(dout, cache):
    x, w, mask = cache
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for n in range(len(x)):
        dx[n] = (w * mask[n]) @ dout[n]
        dw += np.outer(x[n], dout[n]) * mask[n]
    return dx, dw, np.ones(len(x)) @ dout


# --- stochastic_depth -----------------------------------------------------------------------------

misconception("stochastic_depth", "The branch is dropped for the whole batch at once.",
              id="for-the-batch", hint="One random number for each example.",
              replace="mask = (np.random.default_rng(seed).random(shape) < p) / p",
              by="mask = (np.random.default_rng(seed).random() < p) / p")
misconception("stochastic_depth", "Single units of the branch are dropped: this is dropout.",
              id="per-unit", hint="A mask (N, 1, …, 1).",
              replace="(len(x),) + (1,) * (x.ndim - 1)", by="x.shape")
misconception("stochastic_depth", "The shortcut is dropped together with the branch, so the "
              "example is lost.", id="drops-the-shortcut", hint="x + mask · branch.",
              replace="return x + mask * branch, mask", by="return (x + branch) * mask, mask")
misconception("stochastic_depth", "At test time the branch is multiplied by p, as in the paper, "
              "but training has divided by p already.", id="scales-at-test-time",
              hint="x + branch at test time.", replace="mask = 1.0", by="mask = p")
misconception("stochastic_depth", "The kept branches are not scaled, so the network at test time "
              "is louder than in training.", id="without-scaling",
              hint="x + branch/p where the branch is kept.",
              replace="mask = (np.random.default_rng(seed).random(shape) < p) / p",
              by="mask = 1.0 * (np.random.default_rng(seed).random(shape) < p)")
misconception("stochastic_depth", "The gradient of the shortcut is masked, too: dropped examples "
              "learn nothing below.", id="backward-masks-both", hint="dx = dout.",
              replace="return dout, dout * cache", by="return dout * cache, dout * cache")
misconception("stochastic_depth", "The gradient of the branch is not masked.",
              id="backward-masks-nothing", hint="dbranch = dout · mask.",
              replace="return dout, dout * cache", by="return dout, dout")
misconception("stochastic_depth", "The gradient of the branch is added to dx here; it reaches x by "
              "way of f, later.", id="backward-adds",
              hint="dx is the gradient of the shortcut alone: dout.",
              replace="dout, dout * cache", by="dout + dout * cache, dout * cache")
misconception("stochastic_depth", "The branch is added to x in place: whoever needs x on the way "
              "back finds something else.", id="in-place",
              hint="x + mask * branch makes a new array; x += … does not.",
              replace="return x + mask * branch, mask",
              by="x += mask * branch\n"
                 "return x, mask")


@alternative("stochastic_depth", replaces="stochastic_depth_forward")
def stochastic_depth_example_by_example(x, branch, dropout_param):
    p, rng = dropout_param["p"], np.random.default_rng(dropout_param.get("seed"))
    mask = np.ones(x.shape)
    if dropout_param["mode"] == "train":
        for n in range(len(x)):
            mask[n] = rng.binomial(1, p) / p
    return x + mask * branch, mask


alternative("stochastic_depth", id="backward-copies",
            replace="return dout, dout * cache",
            by="return dout.copy(), np.broadcast_to(cache, dout.shape) * dout")

# --- expected_depth -------------------------------------------------------------------------------

misconception("expected_depth", "That is the last block's probability for all blocks; early ones "
              "are kept more often.", id="last-block", hint="Add up 1 − ℓ/L · 0.5 over ℓ = 1 … 54.",
              source="expected_depth = 27")
misconception("expected_depth", "That counts all blocks: some of them are dropped.", id="all",
              hint="Add up the p_ℓ.", source="expected_depth = 54")
misconception("expected_depth", "That is how many are dropped on average.", id="dropped",
              hint="54 minus this number.", source="expected_depth = 13.75")
alternative("expected_depth", id="sum",
            source="expected_depth = sum(1 - k / 54 * 0.5 for k in range(1, 55))")
alternative("expected_depth", id="of-the-paper", source="expected_depth = 40")

# --- fractional_max_pool --------------------------------------------------------------------------

misconception("fractional_max_pool", "The term − ⌊αu⌋ is missing, so the first window begins too "
              "late.", id="without-offset", hint="s_i = ⌊α(i + u)⌋ − ⌊αu⌋; s_0 is always 0.",
              replace="np.floor(alpha * (i + u)) - np.floor(alpha * u)",
              by="np.floor(alpha * (i + u))")
misconception("fractional_max_pool", "Rows and columns have changed their random numbers.",
              id="swapped", hint="u[0] is for the rows.",
              replace="starts(x.shape[2], u[0]), starts(x.shape[3], u[1])",
              by="starts(x.shape[2], u[1]), starts(x.shape[3], u[0])")
misconception("fractional_max_pool", "The windows are averaged.", id="averages",
              hint="The maximum of each window.",
              replace=".max(axis=(4, 5))", by=".mean(axis=(4, 5))")
misconception("fractional_max_pool", "α is n / size, not (n − kernel) / (size − 1).",
              id="other-alpha", hint="The windows begin at 0 and end at n.",
              replace=("(n - kernel) / (size - 1)", ".astype(int)"),
              by=("n / size", ".astype(int).clip(max=n - kernel)"))
misconception("fractional_max_pool", "The output begins as zeros and takes maxima with them: "
              "negative inputs are lost.", id="from-zero",
              hint="Take the maximum of the window alone.",
              replace=".max(axis=(4, 5))", by=".max(axis=(4, 5), initial=0.0)")


@alternative("fractional_max_pool")
def fractional_max_pool_in_loops(x, size, kernel, u):
    def starts(n, u):
        alpha = (n - kernel) / (size - 1)
        return [int(alpha * (i + u)) - int(alpha * u) for i in range(size - 1)] + [n - kernel]

    out = np.empty((*x.shape[:2], size, size))
    for i, r in enumerate(starts(x.shape[2], u[0])):
        for j, c in enumerate(starts(x.shape[3], u[1])):
            out[:, :, i, j] = x[:, :, r : r + kernel, c : c + kernel].max(axis=(2, 3))
    return out


@alternative("fractional_max_pool")
def fractional_max_pool_axis_by_axis(x, size, kernel, u):
    for axis in (2, 3):
        n = x.shape[axis]
        alpha = (n - kernel) / (size - 1)
        first = [int(np.floor(alpha * (i + u[axis - 2]))) - int(np.floor(alpha * u[axis - 2]))
                 for i in range(size - 1)]
        x = np.stack([np.take(x, range(s, s + kernel), axis=axis).max(axis=axis)
                      for s in [*first, n - kernel]], axis=axis)
    return x
