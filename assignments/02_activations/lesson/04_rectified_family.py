# %% [markdown]
# ## 4 · The rectified family
#
# ### ReLU
#
# $\max(0, x)$: no exponential, no saturation on the right,
# exact zeros on the left (Nair & Hinton, 2010; Glorot et al., 2011).
# It has no derivative at 0; any number from 0 to 1 would do, and *we take 0*, as PyTorch does.

# %% solution="relu" title="ReLU"
def relu_forward(x):
    """max(0, x) of each number of x, an array of any shape,
    which is left as it is: (out, cache).
    """
    ### BEGIN SOLUTION
    return np.maximum(x, 0), x
    ### END SOLUTION


def relu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is); 0 at x = 0."""
    ### BEGIN SOLUTION
    x = cache
    return dout * (x > 0)
    ### END SOLUTION

# %% [markdown] hint="relu"
# `np.maximum(x, 0)` makes a new array.
# (`np.max` is something else, and `x[x < 0] = 0` changes the array of the caller.)

# %% [markdown] hint="relu"
# Backward: `dout` where *x* was positive, 0 elsewhere.
# Is it the sign of x or that of `dout` which decides?

# %% tests="relu" part="forward" points=1 changes="shown"
x = np.array([[-2.0, 0.0, 3.0]])
given = x.copy()
check_close("out of relu_forward([[-2, 0, 3]])", relu_forward(given)[0],
            [[0.0, 0.0, 3.0]], rtol=1e-6)
check_unchanged("relu_forward", "x", x, given)
### BEGIN HIDDEN TESTS
rng = hidden_rng("relu")
x = rng.normal(size=(2, 3, 4)) * 10.0 ** rng.integers(-8, 4, size=(2, 3, 4))
given = x.copy()
check_close("out of relu_forward on an array of shape (2, 3, 4)", relu_forward(given)[0],
            referee(F.relu, x, x)[0], rtol=1e-5)
check_unchanged("relu_forward", "x", x, given)
check_close("out of relu_forward([-3, 0, 4]), integers,", relu_forward(np.array([-3, 0, 4]))[0],
            [0, 0, 4])
### END HIDDEN TESTS

# %% tests="relu" part="backward" points=1 changes="shown"
_, cache = relu_forward(np.array([-2.0, 0.0, 3.0, 1.0]))
check_close("relu_backward([5, 6, 7, -8]) at [-2, 0, 3, 1]",
            relu_backward(np.array([5.0, 6.0, 7.0, -8.0]), cache), [0.0, 0.0, 7.0, -8.0], rtol=1e-6,
            look="Where x > 0, dout passes as it is; at 0 we take 0.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relu_backward")
x, dout = rng.integers(-2, 3, size=(6, 5)).astype(float), rng.normal(size=(6, 5))
x[rng.integers(6, size=2), [0, 1]] = [1e-9, -1e-9]
given = dout.copy()
got = relu_backward(given, relu_forward(x.copy())[1])
check_close("relu_backward on an array of shape (6, 5)", got, referee(F.relu, dout, x)[1],
            rtol=1e-5, look="x > 0 decides, whatever the sign of dout.")
check_unchanged("relu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### Leaky ReLU
#
# Maas et al. (2013) leave a small slope on the left, so that no unit is ever without a gradient:
# $x$ for $x > 0$, $\alpha x$ otherwise.

# %% solution="leaky_relu" title="Leaky ReLU"
def leaky_relu_forward(x, alpha=0.01):
    """x where x > 0, alpha · x elsewhere: (out, cache).

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.
        alpha: the slope on the left, any number: small as a rule, but 0, negative or above 1, too.
    """
    ### BEGIN SOLUTION
    slope = np.where(x > 0, 1.0, alpha)
    return slope * x, slope
    ### END SOLUTION


def leaky_relu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    slope = cache
    return dout * slope
    ### END SOLUTION

# %% [markdown] hint="leaky_relu"
# `np.maximum(x, alpha * x)` is right only while alpha is at most 1.
# What does `np.where` say?

# %% [markdown] hint="leaky_relu"
# The derivative is 1 where x > 0 and alpha elsewhere,
# and the backward pass doesn't know alpha unless the cache does.

# %% tests="leaky_relu" part="forward" points=1 changes="shown"
check_close("out of leaky_relu_forward([-2, 0, 3], alpha=0.1)",
            leaky_relu_forward(np.array([-2.0, 0.0, 3.0]), 0.1)[0],
            [-0.2, 0.0, 3.0], rtol=1e-5)
check_close("out of leaky_relu_forward([-2, 0, 3])",
            leaky_relu_forward(np.array([-2.0, 0.0, 3.0]))[0],
            [-0.02, 0.0, 3.0], rtol=1e-5, look="Without an alpha, the slope is 0.01.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaky_relu")
for alpha in (rng.uniform(0.05, 0.5), 0.0, -0.5, 2.5):
    x = 3 * rng.normal(size=(3, 4))
    given = x.copy()
    check_close(f"out of leaky_relu_forward with alpha={alpha:.2g}",
                leaky_relu_forward(given, alpha)[0],
                referee(lambda t, a=alpha: F.leaky_relu(t, a), x, x)[0], rtol=1e-5, atol=1e-6,
                look="x decides which branch it is, not the larger of the two.")
    check_unchanged("leaky_relu_forward", "x", x, given)
check_close("out of leaky_relu_forward([-3, 4], alpha=0.25), integers,",
            leaky_relu_forward(np.array([-3, 4]), 0.25)[0], [-0.75, 4.0], rtol=1e-5,
            look="An array of integers has no room for −0.75.")
### END HIDDEN TESTS

# %% tests="leaky_relu" part="backward" points=1 changes="shown"
_, cache = leaky_relu_forward(np.array([-2.0, 3.0]), 0.1)
check_close("leaky_relu_backward([5, 7]) at [-2, 3], alpha=0.1",
            leaky_relu_backward(np.array([5.0, 7.0]), cache),
            [0.5, 7.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaky_relu_backward")
for alpha in (rng.uniform(0.05, 0.5), -0.5, 2.5):
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    given = dout.copy()
    got = leaky_relu_backward(given, leaky_relu_forward(x.copy(), alpha)[1])
    check_close(f"leaky_relu_backward with alpha={alpha:.2g}", got,
                referee(lambda t, a=alpha: F.leaky_relu(t, a), dout, x)[1], rtol=1e-5, atol=1e-6,
                look="1 where x > 0 and alpha elsewhere, times dout.")
    check_unchanged("leaky_relu_backward", "dout", dout, given)
check_close("leaky_relu_backward([1, 1]) at [-3, 4], integers, alpha=0.25",
            leaky_relu_backward(np.ones(2), leaky_relu_forward(np.array([-3, 4]), 0.25)[1]),
            [0.25, 1.0], rtol=1e-5,
            look="An array made by np.ones_like(x) holds integers where x does: 0.25 becomes 0.")
### END HIDDEN TESTS

# %% [markdown]
# ### PReLU: the slope is learned
#
# He et al. (2015) make alpha a parameter: one number for the whole layer, or one for each channel.
# Then it needs a gradient.
# One alpha acts on many numbers, so its gradient is a *sum* over all of them:
#
# $$
# \frac{\partial L}{\partial \alpha_c} =
# \sum_{\text{all } x \text{ of channel } c} \frac{\partial L}{\partial \text{out}} \cdot
# \begin{cases} 0 & x > 0\\ x & \text{otherwise}\end{cases}
# $$
#
# Channels are on axis 1: x is (N, C), or (N, C, H, W) for images.

# %% solution="prelu" title="PReLU"
def prelu_forward(x, alpha):
    """x where x > 0, alpha · x elsewhere, with an alpha that is learned: (out, cache).

    Args:
        x: an array (N, C) or (N, C, …) of floats or integers, with the channels on axis 1.
        alpha: a number, one slope for all; or an array (C,), one slope for each channel.
            Any values.
    """
    ### BEGIN SOLUTION
    alpha = np.asarray(alpha)
    aligned = alpha.reshape((-1,) + (1,) * (np.ndim(x) - 2)) if alpha.ndim else alpha
    slope = np.where(x > 0, 1.0, aligned)
    return slope * x, (x, slope, alpha.ndim)
    ### END SOLUTION


def prelu_backward(dout, cache):
    """The gradients (dx, dalpha), of the shapes of x and alpha; dout is left as it is."""
    ### BEGIN SOLUTION
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    axes = tuple(axis for axis in range(left.ndim) if axis != 1 or not per_channel)
    return dout * slope, left.sum(axis=axes)
    ### END SOLUTION

# %% [markdown] hint="prelu"
# Forward: to line up an alpha of shape (C,) with axis 1 of (N, C, H, W),
# it needs the shape (C, 1, 1).
# NumPy lines up from the right, so (C,) alone would meet the *last* axis,
# and if that has C entries too, nobody complains.

# %% [markdown] hint="prelu"
# Backward: the numbers to sum are `dout * x` where x ≤ 0,
# and 0 elsewhere (`np.minimum(x, 0)` is x there and 0 elsewhere).
# Over which axes?
# All those that alpha doesn't have: every one but axis 1, or every one.

# %% [markdown] hint="prelu"
# `left = dout * np.minimum(x, 0)`; one alpha: `left.sum()`; one for each channel:
# `left.sum(axis=(0, 2, 3))` for images, `left.sum(axis=0)` for (N, C).
# Don't average: a loss that is a mean has the 1/N in `dout` already.

# %% tests="prelu" part="forward" points=1
x = np.array([[-2.0, 3.0], [4.0, -1.0]])
check_close("out of prelu_forward([[-2, 3], [4, -1]], 0.5)", prelu_forward(x.copy(), 0.5)[0],
            [[-1.0, 3.0], [4.0, -0.5]], rtol=1e-5)
check_close("out of prelu_forward([[-2, 3], [4, -1]], [0.5, 0.1])",
            prelu_forward(x.copy(), np.array([0.5, 0.1]))[0],
            [[-1.0, 3.0], [4.0, -0.1]], rtol=1e-5, look="One slope for each channel (column).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("prelu")
for shape, slopes in (((4, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3), ((2, 3, 4), None),
                      ((2, 4, 4), 4)):
    x = rng.normal(size=shape)
    alpha = np.array(rng.uniform(-0.8, 1.6, size=slopes))
    given = x.copy()
    alpha_given = alpha.copy()
    check_close(f"out of prelu_forward, x of shape {shape}, alpha of shape {alpha.shape},",
                prelu_forward(given, alpha_given)[0], referee(F.prelu, x, x, alpha)[0],
                rtol=1e-5, atol=1e-6,
                look="alpha belongs to axis 1, and x decides which branch it is.")
    check_unchanged("prelu_forward", "x", x, given)
    check_unchanged("prelu_forward", "alpha", alpha, alpha_given)
check_close("out of prelu_forward([[-3, 4]], 0.25), integers,",
            prelu_forward(np.array([[-3, 4]]), 0.25)[0], [[-0.75, 4.0]], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="prelu" part="backward" points=3
x, dout = np.array([[-2.0, 3.0], [-4.0, -1.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
dx, dalpha = prelu_backward(dout.copy(), prelu_forward(x.copy(), 0.5)[1])
call = "prelu_backward([[1, 10], [100, 1000]]) at [[-2, 3], [-4, -1]]"
check_close(f"dx of {call}, alpha=0.5,", dx, [[0.5, 10.0], [50.0, 500.0]], rtol=1e-5)
check_close(f"dalpha of {call}, alpha=0.5,", dalpha, -1402.0, rtol=1e-5,
            look="The sum of dout · x where x isn't positive: −2 − 400 − 1000.")
_, dalpha = prelu_backward(dout.copy(), prelu_forward(x.copy(), np.array([0.5, 0.1]))[1])
check_close(f"dalpha of {call}, alpha=[0.5, 0.1],", dalpha, [-402.0, -1000.0], rtol=1e-5,
            look="One sum for each channel (column).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("prelu_backward")
for shape, slopes in (((4, 3), 3), ((3, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3),
                      ((2, 3, 4), None), ((5, 2), None), ((2, 4, 4), 4), ((4, 1), 1)):
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    alpha = np.array(rng.uniform(-0.8, 1.6, size=slopes))
    given, of = dout.copy(), f"prelu_backward, x of shape {shape}, alpha of shape {alpha.shape},"
    dx, dalpha = prelu_backward(given, prelu_forward(x.copy(), alpha.copy())[1])
    _, dx_expected, dalpha_expected = referee(F.prelu, dout, x, alpha)
    check_close(f"dx of {of}", dx, dx_expected, rtol=1e-5, atol=1e-6,
                look="1 where x > 0, the alpha of the channel elsewhere.")
    check_close(
        f"dalpha of {of}", dalpha, dalpha_expected, rtol=1e-4, atol=1e-5,
        look="Sum dout · x, where x isn't positive, over every axis that alpha doesn't have.")
    check_unchanged("prelu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### ELU
#
# Clevert et al. (2016) bend the left side down to $-\alpha$,
# so that the outputs have a mean near zero: $x$ for $x > 0$, $\alpha\,(e^x - 1)$ otherwise.
# `np.expm1` computes $e^x - 1$ without losing digits near 0.
# Beware of `np.where`: it computes both branches, and $e^{1000}$ is in one of them.

# %% solution="elu" title="ELU"
def elu_forward(x, alpha=1.0):
    """x where x > 0, alpha · (exp(x) − 1) elsewhere: (out, cache).

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.
        alpha: a positive number; the output is nowhere below −alpha.

    No overflow and no warning for any finite x.
    """
    ### BEGIN SOLUTION
    bent = alpha * np.expm1(np.minimum(x, 0))
    out = np.where(x > 0, x, bent)
    return out, np.where(x > 0, 1.0, bent + alpha)
    ### END SOLUTION


def elu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    slope = cache
    return dout * slope
    ### END SOLUTION

# %% [markdown] hint="elu"
# In the branch on the left, use a number that is never positive: `np.minimum(x, 0)`.

# %% [markdown] hint="elu"
# The derivative on the left is $\alpha e^x$.
# Compare that with the output: it is `out + alpha`, so no second exponential is needed.

# %% tests="elu" part="forward" points=1 changes="shown"
x = np.array([-1000.0, -np.log(2.0), 0.0, 3.0, 1000.0])
check_close("out of elu_forward([-1000, -log 2, 0, 3, 1000], alpha=2)",
            elu_forward(x.copy(), 2.0)[0], [-2.0, -1.0, 0.0, 3.0, 1000.0], rtol=1e-5, atol=1e-7)
said = complaints(elu_forward, elu_backward, x)
check("elu_forward([-1000, -log 2, 0, 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="np.where computes both branches: the left one must be safe at 1000 as well.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("elu")
for alpha in (1.0, rng.uniform(0.2, 0.8), rng.uniform(1.5, 3)):
    x = 2 * rng.normal(size=(3, 4))
    given = x.copy()
    check_close(f"out of elu_forward with alpha={alpha:.3g}", elu_forward(given, alpha)[0],
                referee(lambda t, a=alpha: F.elu(t, a), x, x)[0], rtol=1e-5, atol=1e-6,
                look="alpha multiplies the whole bracket exp(x) − 1, and only on the left.")
    check_unchanged("elu_forward", "x", x, given)
whole = np.array([-2, -1, 4])
check_close("out of elu_forward([-2, -1, 4]), integers,", elu_forward(whole)[0],
            [np.exp(-2) - 1, np.exp(-1) - 1, 4.0],
            rtol=1e-5, look="An array of integers has no room for −0.86.")
### END HIDDEN TESTS

# %% tests="elu" part="backward" points=2 changes="shown"
_, cache = elu_forward(np.array([-1000.0, -np.log(2.0), 3.0]), 2.0)
check_close("elu_backward([1, 1, -5]) at [-1000, -log 2, 3], alpha=2",
            elu_backward(np.array([1.0, 1.0, -5.0]), cache),
            [0.0, 1.0, -5.0], rtol=1e-5, atol=1e-7, look="At −log 2 the slope is 2 · ½.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("elu_backward")
for alpha in (1.0, rng.uniform(0.2, 0.8), rng.uniform(1.5, 3)):
    x, dout = 2 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    given = dout.copy()
    got = elu_backward(given, elu_forward(x.copy(), alpha)[1])
    check_close(f"elu_backward with alpha={alpha:.3g}", got,
                referee(lambda t, a=alpha: F.elu(t, a), dout, x)[1], rtol=1e-5, atol=1e-6,
                look="On the left alpha · exp(x), which is out + alpha; on the right 1.")
    check_unchanged("elu_backward", "dout", dout, given)
### END HIDDEN TESTS
