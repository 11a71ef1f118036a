# %% [markdown]
# ## 3 · Zero-centred or not: the zig-zag
#
# The sigmoid has a second vice: its outputs are all positive.
# For one unit of the *next* layer, with $z = w \cdot x + b$, the gradient
# is $\partial L/\partial w = (\partial L/\partial z)\, x$: one number times the vector of inputs.
#
# **Predict.** All 50 inputs of a unit are outputs of sigmoids.
# For one example, the 50 gradients of its weights are:
# `"of one sign"`, `"of either sign"`, or `"all positive"`?

# %% solution="signs" title="Predict: signs of gradients"
# Type your choice: signs = "..."
### BEGIN SOLUTION
signs = "of one sign"
### END SOLUTION

# %% [markdown] hint="signs"
# Each of the 50 is the same number ∂L/∂z times a positive input.
# Must that number be positive?

# %% tests="signs" points=1
check_one_of("signs", signs, ["of one sign", "of either sign", "all positive"])
### BEGIN HIDDEN TESTS
check_equal("signs", signs, "of one sign",
            look="The sign of ∂L/∂z, which may be either, times positive inputs.")
### END HIDDEN TESTS

# %% [markdown]
# Measure it.
# Given the gradient of a whole weight matrix,
# which share of its *units* (columns) has gradients of one sign only?

# %% solution="same_sign_share" title="Share of equal signs"
def same_sign_share(dW):
    """The share of units all of whose weights want to move in the same direction.

    Args:
        dW: the gradient of a weight matrix, (D, H): column h belongs to unit h.

    Returns:
        A number from 0 to 1: the share of the H columns that have no two entries of opposite
        sign. A zero goes with either sign.
    """
    ### BEGIN SOLUTION
    return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))
    ### END SOLUTION

# %% [markdown] hint="same_sign_share"
# "All are ≥ 0, or all are ≤ 0", for each column.
# Along which axis does `all` have to go?

# %% [markdown] hint="same_sign_share"
# `(dW >= 0).all(axis=0)` is True for the columns without a negative entry.
# Combine it with its counterpart by `|`, and take the mean.

# %% tests="same_sign_share" points=2
dW = np.array([[1.0, -1.0, 2.0, 0.0], [3.0, -2.0, -1.0, 5.0]])
check_close("same_sign_share([[1, -1, 2, 0], [3, -2, -1, 5]])", same_sign_share(dW), 0.75,
            rtol=1e-6, look="Only the third column has both signs; the zero goes with 5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("same_sign_share")
for _ in range(4):
    dW = np.abs(rng.normal(size=(6, 6))) * rng.choice([-1.0, 1.0], size=6)
    dW[rng.integers(6, size=4), np.arange(4)] *= -1  # an odd one out in four of six columns
    dW[rng.integers(6), 5] = 0.0
    expected = sum(min(column) >= 0 or max(column) <= 0 for column in dW.T.tolist()) / 6
    check_close(
        "same_sign_share of a (6, 6) gradient", same_sign_share(dW), expected, rtol=1e-6,
        look="Columns are units; a column counts if it has no two entries of opposite sign.")
x, dz = rng.uniform(0.1, 1, size=7), rng.normal(size=5)
check_close("same_sign_share of one example with positive inputs", same_sign_share(np.outer(x, dz)),
            1.0, rtol=1e-6, look="Columns of negative entries count, too.")
check_close("same_sign_share([[1], [0], [-1]])", same_sign_share(np.array([[1.0], [0.0], [-1.0]])),
            0.0, atol=1e-12, look="1 and −1 have opposite signs, also with a zero between them.")
check_close("same_sign_share([[0.0], [0.0]])", same_sign_share(np.zeros((2, 1))), 1.0, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# In two dimensions one can see what that means.
# A unit with two weights has to go from $(-\tfrac12, \tfrac12)$ to $(1, -1)$:
# one weight up, the other one down.
# With positive inputs, each single example moves both up or both down.
# The next cell walks 300 steps of stochastic gradient descent, one example a step.

# %% sandboxed="zigzag"
def zigzag(centred, seed=0, steps=300, rate=0.5):
    """The path of two weights that learn z = w · x for w = (1, -1), one example a step.

    The inputs are uniform in (0, 1), or, if ``centred``, in (-½, ½). Returns (steps + 1, 2).
    """
    goal, path = np.array([1.0, -1.0]), [np.array([-0.5, 0.5])]
    for x in np.random.default_rng(seed).uniform(0, 1, size=(steps, 2)) - 0.5 * centred:
        path.append(path[-1] - rate * ((path[-1] - goal) @ x) * x)
    return np.array(path)


def detour_of(path, goal=(1.0, -1.0)):
    """How many times the straight way the path is long, until it is within 0.1 of the goal."""
    near = np.linalg.norm(path - goal, axis=1) < 0.1
    walked = path[: np.argmax(near) + 1 if near.any() else None]
    length = np.linalg.norm(np.diff(walked, axis=0), axis=1).sum()
    return length / np.linalg.norm(walked[0] - goal)

# %% experiment="zigzag"
figure, axes = plt.subplots(1, 2, sharex=True, sharey=True, figsize=(8.4, 3.9))
for ax, centred, colour in zip(axes, (False, True), ("red", "blue"), strict=True):
    path = zigzag(centred)
    ax.plot(*path.T, color=COLOURS[colour], linewidth=1.3)
    ax.plot(*path[0], "ko")
    ax.plot(1, -1, "k*", markersize=13)
    where = "(−½, ½)" if centred else "(0, 1)"
    ax.set(title=f"inputs in {where}: {detour_of(path):.1f} times as far", aspect="equal",
           xlabel="first weight")
axes[0].set_ylabel("second weight")
rng = np.random.default_rng(3)
x, dz = expit(rng.normal(size=(32, 50))), rng.normal(size=(32, 20))
print(f"Units whose 50 gradients are of one sign: {same_sign_share(np.outer(x[0], dz[0])):.0%} for "
      f"one example, {same_sign_share(x.T @ dz):.0%} for a minibatch of 32.")
show(figure,
     "Two paths in the plane of two weights, from the upper left to a star at the lower right. "
     "Left, with positive inputs: every step goes to the upper right or to the lower left, "
     "and the path zig-zags to the goal. Right, with centred inputs: the path is nearly straight.")

# %% [markdown]
# Read off: with positive inputs, how many times the straight way is the path?

# %% solution="detour" title="Length of the detour"
# Type the number: detour = ...
### BEGIN SOLUTION
detour = 2.4
### END SOLUTION

# %% [markdown] hint="detour"
# It stands above the left picture: the length of the path over that of the straight way.

# %% tests="detour" points=1
check("detour", detour >= 1, f"{detour}: no way is shorter than the straight one")
### BEGIN HIDDEN TESTS
# On twenty seeds: 2.0 to 2.9 with positive inputs, 1.1 to 1.3 with centred ones.
check_close("detour", detour, 2.45, rtol=0, atol=0.6, look="The left path, not the right one.")
### END HIDDEN TESTS

# %% [markdown]
# The printed line shows the way out:
# over a minibatch the signs mix, so the zig-zag is milder than it looks here.
# What stays is the *conditioning*: inputs with a mean make one direction of the loss much steeper
# than the others (here by a factor of 7: the eigenvalues of $E[xx^\top]$ are 7/12 and 1/12),
# and the learning rate has to suit the steepest (LeCun et al., 1998).
# Hence tanh rather than sigmoid between layers, and zero-centred data.
# ReLU's outputs aren't zero-centred either; ELU and, later, batch normalization answer to that.
