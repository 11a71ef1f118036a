# %% [markdown]
# ## 3 · Relatives: what else can be dropped
#
# ### Whole channels
#
# Neighbouring pixels of a feature map say nearly the same.
# If single pixels are dropped, the neighbours give the secret away.
# *Spatial dropout* (Tompson et al., 2015) drops whole channels of an example instead.
# (`torch.nn.Dropout2d` does this.)

# %% solution="spatial_dropout" title="Spatial dropout"
def spatial_dropout_forward(x, dropout_param):
    """Inverted dropout of whole channels.

    Args:
        x: feature maps (N, C, H, W), which stay as they are. dropout_param: as for dropout_forward.

    Returns:
        (out, cache): out (N, C, H, W); each channel of each example is kept, times 1/p, or zero.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(seed).random((*x.shape[:2], 1, 1)) < p) / p
    return x * mask, mask
    ### END SOLUTION


def spatial_dropout_backward(dout, cache):
    """The gradient dx of spatial_dropout_forward."""
    ### BEGIN SOLUTION
    return dout * cache
    ### END SOLUTION

# %% [markdown] hint="spatial_dropout"
# How many random numbers does a batch of N examples with C channels need?

# %% [markdown] hint="spatial_dropout"
# A mask of the shape `(N, C, 1, 1)` is stretched over the pixels by broadcasting.

# %% tests="spatial_dropout" points=2 changes="shown"
out, cache = spatial_dropout_forward(np.ones((5, 40, 2, 3)), {"mode": "train", "p": 0.5, "seed": 3})
check_shape("spatial_dropout_forward of ones (5, 40, 2, 3)", out, (5, 40, 2, 3))
out = np.array(out)
check("spatial_dropout_forward", (out == out[:, :, :1, :1]).all(),
      "some channels are dropped in part",
      look="One random number for each channel of each example.")
check_close("the values of spatial_dropout_forward of ones, p=0.5", np.unique(np.round(out, 6)),
            [0.0, 2.0], rtol=1e-5, look="Kept channels are divided by p.")
check_close("spatial_dropout_backward of ones",
            spatial_dropout_backward(np.ones((5, 40, 2, 3)), cache), out, rtol=1e-5,
            look="The same channels, the same factor.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_dropout")
p, settings = rng.uniform(0.2, 0.35), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
factor = np.asarray(spatial_dropout_forward(np.ones((30, 40, 3, 2)), dict(settings))[0])
kept = factor[:, :, 0, 0] > 0
check("spatial_dropout_forward", (factor == factor[:, :, :1, :1]).all(),
      "some channels are dropped in part", look="A mask of the shape (N, C, 1, 1).")
check("spatial_dropout_forward", (kept != kept[:1]).any(), "all examples lose the same channels",
      look="Each example has a mask of its own.")
check("spatial_dropout_forward", (kept != kept[:, :1]).any(),
      "all channels of an example are dropped together", look="Each channel is drawn on its own.")
check_close(f"the share of channels kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.07,
            look="p keeps.")
x, dout = np.maximum(rng.normal(size=(2, 30, 40, 3, 2)), 0)
given = x.copy()
out, cache = spatial_dropout_forward(given, dict(settings))
check_unchanged("spatial_dropout_forward(x, …)", "x", x, given)
check_close("spatial_dropout_forward", out, x * kept[:, :, None, None] / p, rtol=1e-5,
            look="Kept, times 1/p.")
check_close("spatial_dropout_backward", spatial_dropout_backward(dout.copy(), cache), dout * factor,
            rtol=1e-5, look="dout times the mask of the forward pass, with its 1/p.")
out, cache = spatial_dropout_forward(x.copy(), {**settings, "mode": "test"})
check_close("spatial_dropout_forward in test mode", out, x, rtol=1e-6,
            look="Inverted: nothing to do at test time.")
check_close("spatial_dropout_backward in test mode", spatial_dropout_backward(dout.copy(), cache),
            dout, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# ### Single weights
#
# *DropConnect* (Wan et al., 2013) drops weights in place of units:
# each example goes through a thinned weight matrix of its own.
# It contains dropout as a special case (a dropped input is a dropped row of weights).
# At test time we scale, as in dropout;
# the paper samples from a Gaussian with matched mean and variance.
# Biases are left alone here.

# %% solution="dropconnect" title="DropConnect"
def dropconnect_forward(x, w, b, dropout_param):
    """A fully connected layer whose weights are dropped, for each example anew.

    Args:
        x: inputs (N, D). w: weights (D, M). b: biases (M,), never dropped.
        dropout_param: as for dropout_forward; p is the probability of keeping a weight.

    Returns:
        (out, cache): out (N, M), in expectation x @ w + b, and exactly that in test mode.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    thinned = np.broadcast_to(w, (len(x), *w.shape))
    mask = np.ones(thinned.shape)
    if mode == "train":
        mask = (np.random.default_rng(seed).random(thinned.shape) < p) / p
    out = np.einsum("nd,ndm->nm", x, w * mask) + b
    return out, (x, w, mask)
    ### END SOLUTION


def dropconnect_backward(dout, cache):
    """The gradients (dx, dw, db) of dropconnect_forward."""
    ### BEGIN SOLUTION
    x, w, mask = cache
    dx = np.einsum("nm,ndm->nd", dout, w * mask)
    dw = np.einsum("nd,nm,ndm->dm", x, dout, mask)
    return dx, dw, dout.sum(axis=0)
    ### END SOLUTION

# %% [markdown] hint="dropconnect"
# The mask has one entry for each weight *and each example*: which shape is that?

# %% [markdown] hint="dropconnect"
# With a mask (N, D, M), example n goes through the matrix `w * mask[n]`.
# `np.einsum("nd,ndm->nm", x, w * mask)` does it for all of them; a loop over n is as good.

# %% [markdown] hint="dropconnect"
# Backward, for one example: `dx = (w * mask) @ dout`, `dw = outer(x, dout) * mask`.
# The gradients of the weights add up over the examples.

# %% tests="dropconnect" part="forward" points=2
x, w, b = (np.array([[1.0, 2.0]]), np.array([[1.0, -1.0, 0.0], [2.0, 3.0, 1.0]]),
           np.array([0.5, 0.0, -1.0]))
check_close("dropconnect_forward in test mode",
            dropconnect_forward(x, w, b, {"mode": "test", "p": 0.5})[0],
            [[5.5, 5.0, 1.0]], rtol=1e-5, look="At test time this is x @ w + b.")
out, _ = dropconnect_forward(np.ones((4, 1)), np.ones((1, 200)), np.full(200, 7.0),
                             {"mode": "train", "p": 0.5, "seed": 1})
check_close("the values of dropconnect_forward with one weight of 1, p=0.5, and a bias of 7",
            np.unique(np.round(out, 6)), [7.0, 9.0], rtol=1e-5,
            look="The weight is 0 or 1/p, the bias is never dropped.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropconnect")
p, settings = rng.uniform(0.2, 0.4), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
# With inputs of 1 and weights 1, 2, 4, … the sum tells in binary which weights were kept.
powers = np.repeat(2.0 ** np.arange(10)[:, None], 12, axis=1)
codes = (np.asarray(dropconnect_forward(np.ones((8, 10)), powers, np.zeros(12), dict(settings))[0],
                    dtype=float) * p)
whole = np.round(codes)
check("dropconnect_forward",
      np.allclose(codes, whole, atol=0.01) and whole.min() >= 0 and whole.max() < 1024,
      "the kept weights are not scaled by 1/p", look="Each weight is 0 or w/p.")
kept = (whole.astype(int)[:, None, :] >> np.arange(10)[:, None]) & 1
check("dropconnect_forward", (kept != kept[:, :, :1]).any(),
      "whole inputs are dropped, not single weights", look="The mask has the shape (N, D, M).")
check("dropconnect_forward", (kept != kept[:, :1]).any(),
      "whole outputs are dropped, not single weights",
      look="Mask the weights before the sum, not the result.")
check("dropconnect_forward", (kept != kept[:1]).any(), "all examples share one mask",
      look="The mask has the shape (N, D, M).")
check_close(f"the share of weights kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.08,
            look="p keeps.")
x, w, b = rng.normal(size=(8, 10)), rng.normal(size=(10, 12)), rng.normal(size=12)
expected = np.array([x[n] @ (w * kept[n]) / p + b for n in range(8)])
check_close("dropconnect_forward", dropconnect_forward(x, w, b, dict(settings))[0], expected,
            rtol=1e-5, atol=1e-5,
            look="Example n goes through w · mask[n] / p; the bias is not scaled.")
check_close("dropconnect_forward in test mode",
            dropconnect_forward(x, w, b, {**settings, "mode": "test"})[0],
            x @ w + b, rtol=1e-5, atol=1e-5, look="Inverted: nothing to scale at test time.")
### END HIDDEN TESTS

# %% tests="dropconnect" part="backward" points=2
x, w, b = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0, 0.0], [2.0, 3.0, 1.0]]), np.zeros(3)
_, cache = dropconnect_forward(x, w, b, {"mode": "test", "p": 0.5})
dx, dw, db = dropconnect_backward(np.array([[1.0, 0.0, 2.0]]), cache)
check_close("dx of dropconnect_backward in test mode", dx, [[1.0, 4.0]], rtol=1e-5,
            look="dout @ w.T")
check_close("dw of dropconnect_backward in test mode", dw,
            [[1.0, 0.0, 2.0], [2.0, 0.0, 4.0]], rtol=1e-5)
check_close("db of dropconnect_backward in test mode", db, [1.0, 0.0, 2.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropconnect_backward")
x, w, dout = rng.normal(size=(6, 5)), rng.normal(size=(5, 4)), rng.normal(size=(6, 4))
settings = {"mode": "train", "p": 0.4, "seed": int(rng.integers(1000))}
powers = np.repeat(2.0 ** np.arange(5)[:, None], 4, axis=1)
codes = (np.asarray(dropconnect_forward(np.ones((6, 5)), powers, np.zeros(4), dict(settings))[0],
                    dtype=float) * 0.4)
kept = (np.round(codes).astype(int)[:, None, :] >> np.arange(5)[:, None]) & 1
tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, np.zeros(4))]
out = (tensors[0][:, None] @ (tensors[1] * torch.tensor(kept / 0.4)))[:, 0] + tensors[2]
out.backward(torch.tensor(dout))
_, cache = dropconnect_forward(x, w, np.zeros(4), dict(settings))
for name, got, tensor in zip(("dx", "dw", "db"), dropconnect_backward(dout, cache), tensors,
                             strict=True):
    check_close(f"{name} of dropconnect_backward in training", got, tensor.grad,
                rtol=1e-5, atol=1e-5,
                look="The same thinned weights as on the way forward, 1/p included.")
### END HIDDEN TESTS

# %% [markdown]
# ### Whole layers
#
# A residual block computes $x + f(x)$.
# *Stochastic depth* drops the branch $f$ and keeps the shortcut:
# in training the network is shorter, at test time it is deep.
# Huang et al. (2016) dropped a block for a whole minibatch, which saves its computation,
# and scaled at test time.
# Most libraries now draw **for each example** and scale in training by $1/p$, and so shall we.

# %% solution="stochastic_depth" title="Stochastic depth"
def stochastic_depth_forward(x, branch, dropout_param):
    """x + branch, where the branch of each example is kept with probability p.

    Args:
        x: the shortcut, an array (N, …). branch: f(x), of the same shape. Both stay as they are.
        dropout_param: as for dropout_forward.

    Returns:
        (out, cache): in training, x + branch/p for examples whose branch is kept and x for the
        others; in test mode x + branch.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    mask = 1.0
    if mode == "train":
        shape = (len(x),) + (1,) * (x.ndim - 1)
        mask = (np.random.default_rng(seed).random(shape) < p) / p
    return x + mask * branch, mask
    ### END SOLUTION


def stochastic_depth_backward(dout, cache):
    """The gradients (dx, dbranch) of stochastic_depth_forward; dx is that of the shortcut alone."""
    ### BEGIN SOLUTION
    return dout, dout * cache
    ### END SOLUTION

# %% [markdown] hint="stochastic_depth"
# One random number an example.
# To multiply an array (N, C, H, W) it needs the shape (N, 1, 1, 1); x may have two axes or four.

# %% [markdown] hint="stochastic_depth"
# A sum hands its gradient to both terms as it is.
# Which of the two went through the mask?

# %% tests="stochastic_depth" points=3 changes="shown"
out, cache = stochastic_depth_forward(np.full((60, 3), 5.0), np.ones((60, 3)),
                                      {"mode": "train", "p": 0.5, "seed": 1})
check_close("the values of stochastic_depth_forward of fives and a branch of ones, p=0.5",
            np.unique(np.round(out, 6)),
            [5.0, 7.0], rtol=1e-5, look="x, or x + branch/p: the shortcut is never dropped.")
dx, dbranch = stochastic_depth_backward(np.ones((60, 3)), cache)
check_close("dx of stochastic_depth_backward of ones", dx, np.ones((60, 3)), rtol=1e-5,
            look="The shortcut has no mask.")
check_close("dbranch of stochastic_depth_backward of ones", dbranch, np.asarray(out) - 5.0,
            rtol=1e-5, look="The branch has: 0 or 1/p.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("stochastic_depth")
p, settings = rng.uniform(0.2, 0.4), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
x, branch, dout = rng.normal(size=(3, 300, 2, 2, 3)) + 2.0
mask = np.asarray(stochastic_depth_forward(np.zeros_like(x), np.ones_like(x), dict(settings))[0])
check("stochastic_depth_forward", (mask == mask[:, :1, :1, :1]).all(),
      "drops parts of an example's branch", look="One random number for each example.")
kept = mask[:, 0, 0, 0] > 0
check("stochastic_depth_forward", kept.any() and not kept.all(), "all examples are treated alike",
      look="One random number for each example, not one for the batch.")
check_close(f"the share of branches kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.14,
            look="p keeps.")
given = [x.copy(), branch.copy()]
out = stochastic_depth_forward(*given, dict(settings))
check_unchanged("stochastic_depth_forward(x, branch, …)", "x", x, given[0])
check_unchanged("stochastic_depth_forward(x, branch, …)", "branch", branch, given[1])
check_close("stochastic_depth_forward on (300, 2, 2, 3)", out[0],
            x + branch * kept[:, None, None, None] / p, rtol=1e-5, look="x + branch/p, or x.")
dx, dbranch = stochastic_depth_backward(dout.copy(), out[1])
check_close("dx of stochastic_depth_backward", dx, dout, rtol=1e-5,
            look="dx = dout: the shortcut is always there.")
check_close("dbranch of stochastic_depth_backward", dbranch, dout * kept[:, None, None, None] / p,
            rtol=1e-5, look="dout times the mask, with its 1/p.")
out, cache = stochastic_depth_forward(x, branch, {**settings, "mode": "test"})
check_close("stochastic_depth_forward in test mode", out, x + branch, rtol=1e-6,
            look="The scaling was done in training.")
check_close("dbranch in test mode", stochastic_depth_backward(dout.copy(), cache)[1],
            dout, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** Early layers are needed by all later ones, so they are dropped less:
# block $\ell$ of $L$ is kept with probability $p_\ell = 1 - \frac{\ell}{L}(1 - p_L)$.
# The network of the paper has $L = 54$ blocks and $p_L = 0.5$.
# How many blocks does a training step use on average?

# %% solution="expected_depth" title="Expected depth"
# Type the number of blocks: expected_depth = ...
### BEGIN SOLUTION
expected_depth = 40.25  # 54 − 0.5 · 55 / 2
### END SOLUTION

# %% [markdown] hint="expected_depth"
# Expectations add up, whatever depends on what: sum the $p_\ell$ for $\ell = 1, …, 54$.

# %% [markdown] hint="expected_depth"
# $\sum_\ell \ell / L = (L + 1)/2$.

# %% tests="expected_depth" points=1
check("expected_depth", 0 < expected_depth <= 54,
      f"{expected_depth} is not a number of blocks out of 54")
### BEGIN HIDDEN TESTS
check_close("expected_depth", expected_depth, np.sum(1 - np.arange(1, 55) / 54 * 0.5),
            rtol=0, atol=0.3, look="Add up p_1 to p_54. (The paper rounds to 40.)")
### END HIDDEN TESTS

# %% [markdown]
# ### Random regions
#
# Max pooling by 2 throws three of four pixels away at once.
# *Fractional max pooling* (Graham, 2014) shrinks by a factor between 1 and 2,
# with regions whose places are drawn at random.
# Along an axis of `n` pixels, `size` windows of `kernel` pixels begin at
#
# $$
# s_i = \lfloor \alpha\,(i + u) \rfloor - \lfloor \alpha\,u \rfloor
# \quad (i = 0, …, \text{size} - 2), \qquad
# s_{\text{size}-1} = n - \text{kernel}, \qquad
# \alpha = \frac{n - \text{kernel}}{\text{size} - 1},
# $$
#
# with one $u$ between 0 and 1 for the rows and one for the columns.
# (This is the form that PyTorch computes.)

# %% solution="fractional_max_pool" title="Fractional max pooling"
def fractional_max_pool(x, size, kernel, u):
    """Max pooling over windows at pseudo-random places.

    Args:
        x: images (N, C, H, W). size: rows and columns of the output, at least 2.
        kernel: rows and columns of a window. u: (u_rows, u_cols), numbers from 0 to below 1.

    Returns:
        out (N, C, size, size): out[:, :, i, j] is the maximum of the window that begins at row
        s_i (by u_rows) and column s_j (by u_cols).
    """
    ### BEGIN SOLUTION
    def starts(n, u):
        alpha, i = (n - kernel) / (size - 1), np.arange(size - 1)
        return [*(np.floor(alpha * (i + u)) - np.floor(alpha * u)).astype(int), n - kernel]

    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    rows, cols = starts(x.shape[2], u[0]), starts(x.shape[3], u[1])
    return windows[:, :, rows][:, :, :, cols].max(axis=(4, 5))
    ### END SOLUTION

# %% [markdown] hint="fractional_max_pool"
# First a function that gives the list of starts along one axis.
# The last window ends at the last pixel.
# (The first formula says so as well, but for rounding: what is $\alpha\,(\text{size} - 1)$?)

# %% [markdown] hint="fractional_max_pool"
# Then two loops over i and j: `x[:, :, r:r + kernel, c:c + kernel].max(axis=(2, 3))`.

# %% tests="fractional_max_pool" points=2
x = np.arange(25.0).reshape(1, 1, 5, 5)
check_close("fractional_max_pool(0…24 as 5 × 5, size=3, kernel=2, u=(0, 0.5))",
            fractional_max_pool(x, 3, 2, (0.0, 0.5)),
            [[[[6, 8, 9], [11, 13, 14], [21, 23, 24]]]], rtol=1e-6,
            look="α = 1.5: the windows begin at rows 0, 1, 3 and at columns 0, 2, 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fractional_max_pool")
for height, width, size, kernel, low, high in ((9, 9, 6, 2, (0.05, 0.05), (0.95, 0.95)),
                                               (10, 8, 5, 3, (0.85, 0.05), (0.95, 0.4)),
                                               (7, 12, 5, 2, (0.05, 0.85), (0.3, 0.95))):
    x, u = -rng.random((2, 3, height, width)) - 0.5, rng.uniform(low, high)
    # torch takes the columns first
    samples = torch.tensor(u[::-1].copy()).expand(2, 3, 2).contiguous()
    expected = torch.nn.functional.fractional_max_pool2d(torch.tensor(x), kernel, (size, size),
                                                         _random_samples=samples)
    check_close(f"fractional_max_pool of {height} × {width} pixels, size={size}, kernel={kernel}, "
                f"u={np.round(u, 3)}",
                fractional_max_pool(x, size, kernel, (float(u[0]), float(u[1]))), expected,
                rtol=1e-6,
                look="Row starts by u[0] and the height, column starts by u[1] and the width; "
                "the last window ends at the edge.")
### END HIDDEN TESTS

# %% [markdown]
# Look at the three kinds of noise.
# The top rows show one digit, copied into six channels: your dropout, and your spatial dropout.
# The bottom row shows your fractional max pooling of the digit, for six pairs of random numbers.

# %% experiment="relatives"
digit = digits(images=True)[0][2]
copies, rng = np.repeat(digit[None], 6, axis=1), np.random.default_rng(5)
rows = {"dropout, p = 0.7": dropout_forward(copies, {"mode": "train", "p": 0.7, "seed": 1})[0],
        "spatial dropout, p = 0.7": spatial_dropout_forward(
            copies, {"mode": "train", "p": 0.7, "seed": 7})[0],
        "fractional max pooling, 8 → 6": np.concatenate(
            [fractional_max_pool(digit[None], 6, 2, rng.random(2)) for _ in range(6)], axis=1)}
figure, panels = plt.subplots(3, 1, figsize=(7.0, 4.2))
for axes, (name, maps) in zip(panels, rows.items(), strict=True):
    framed = np.pad(np.asarray(maps[0]), ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    axes.imshow(np.concatenate(framed, axis=1), cmap="viridis", vmin=0, vmax=1.45)
    axes.set_title(name, fontsize=10.5, loc="left")
    axes.axis("off")
figure.subplots_adjust(hspace=0.35)
show(figure, "Three rows of six small pictures of a handwritten digit. Top, dropout: "
     "single pixels are missing at other places in each copy, and the digit stays readable. "
     "Middle, spatial dropout: some copies are missing altogether, the others are "
     "whole and brighter. Bottom, fractional max pooling: the digit in 6 by 6 pixels, six times, "
     "each slightly differently distorted.")
