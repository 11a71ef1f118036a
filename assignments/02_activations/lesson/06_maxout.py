# %% [markdown]
# ## 6 · Maxout
#
# Goodfellow et al. (2013) don't choose a function at all:
# each unit computes K linear *pieces* and passes on the largest.
# With two pieces 0 and $x$ that is ReLU, with $-x$ and $x$ the absolute value,
# and with enough of them any convex function, as closely as you like.
# There is no saturation and no dead unit, at the price of K times the parameters.
#
# The gradient goes to the piece that won.
# If several are equally large, *the first of them* gets it all: it must not be paid out twice.

# %% solution="maxout" title="Maxout"
def maxout_forward(x):
    """The largest of the K pieces of each unit.

    Args:
        x: an array (N, D, K) of floats: for N examples and D units the values of K pieces.

    Returns:
        (out, cache), with out of the shape (N, D). x is left as it is.
    """
    ### BEGIN SOLUTION
    winner = x.argmax(axis=2)[..., None]
    return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)
    ### END SOLUTION


def maxout_backward(dout, cache):
    """The gradient with respect to x, (N, D, K): dout, (N, D), goes to the first largest piece."""
    ### BEGIN SOLUTION
    shape, winner = cache
    dx = np.zeros(shape)
    np.put_along_axis(dx, winner, dout[..., None], axis=2)
    return dx
    ### END SOLUTION

# %% [markdown] hint="maxout"
# `x.argmax(axis=2)` is the place of the largest piece, and of equals it is the first.
# Keep it: it is all that the way back needs to know.

# %% [markdown] hint="maxout"
# `np.take_along_axis(x, winner[..., None], axis=2)` picks,
# `np.put_along_axis(dx, winner[..., None], dout[..., None], axis=2)` puts.
# Or compare `winner[..., None] == np.arange(K)` to get a mask.

# %% tests="maxout" part="forward" points=1
x = np.array([[[1.0, 3.0], [2.0, 2.0]], [[-1.0, -5.0], [0.0, 4.0]]])
check_close("out of maxout_forward([[[1, 3], [2, 2]], [[-1, -5], [0, 4]]])",
            maxout_forward(x.copy())[0],
            [[3.0, 2.0], [-1.0, 4.0]], rtol=1e-5, look="The largest along the last axis.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("maxout")
for shape in ((4, 3, 2), (3, 3, 3), (2, 1, 5)):
    x = rng.normal(size=shape) - 1
    given = x.copy()
    check_close(f"out of maxout_forward on an array of shape {shape}", maxout_forward(given)[0],
                referee(lambda t: t.amax(dim=2), np.zeros(shape[:2]), x)[0], rtol=1e-5, atol=1e-6,
                look="The largest piece, also if all are negative.")
    check_unchanged("maxout_forward", "x", x, given)
### END HIDDEN TESTS

# %% tests="maxout" part="backward" points=2
x = np.array([[[1.0, 3.0], [2.0, 2.0]], [[-1.0, -5.0], [0.0, 4.0]]])
got = maxout_backward(np.array([[5.0, 6.0], [7.0, 8.0]]), maxout_forward(x)[1])
check_close("maxout_backward([[5, 6], [7, 8]]) at [[[1, 3], [2, 2]], [[-1, -5], [0, 4]]]", got,
            [[[0.0, 5.0], [6.0, 0.0]], [[7.0, 0.0], [0.0, 8.0]]],
            rtol=1e-5, look="At the tie of 2 and 2 the first piece gets all.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("maxout_backward")
for shape in ((6, 4, 3), (3, 3, 3)):
    x, dout = rng.integers(-2, 2, size=shape).astype(float), rng.normal(size=shape[:2])
    given, expected = dout.copy(), np.zeros(shape)
    for n, d in np.ndindex(*shape[:2]):
        pieces = x[n, d].tolist()
        expected[n, d, pieces.index(max(pieces))] = dout[n, d]
    got = maxout_backward(given, maxout_forward(x.copy())[1])
    check_close(f"maxout_backward on an array of shape {shape} with ties", got, expected,
                rtol=1e-5, atol=1e-6,
                look="One piece of each unit gets the whole gradient: the first of the largest.")
    check_unchanged("maxout_backward", "dout", dout, given)
### END HIDDEN TESTS
