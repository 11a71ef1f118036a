# %% [markdown]
# ## 1 · A network without activations
#
# Why have them at all?
# A layer without one computes $xW + b$,
# and the next one $(xW_1 + b_1)W_2 + b_2 = x\,W_1W_2 + (b_1W_2 + b_2)$: one matrix again.
# However many layers there are, they collapse.
# Write the collapse.

# %% solution="collapse" title="Collapse of linear layers"
def collapse(weights, biases):
    """The one affine layer that a stack of layers without activations amounts to.

    Args:
        weights: a list of K arrays; the k-th has the shape (D_k, D_{k+1}).
        biases: a list of K arrays; the k-th has the shape (D_{k+1},). Data x is (N, D_0), and
            each layer computes x @ weights[k] + biases[k].

    Returns:
        (W, b) of the shapes (D_0, D_K) and (D_K,), so that x @ W + b is what the stack gives.
    """
    ### BEGIN SOLUTION
    W, b = weights[0], biases[0]
    for next_W, next_b in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ next_W, b @ next_W + next_b
    return W, b
    ### END SOLUTION

# %% [markdown] hint="collapse"
# Two layers are in the text.
# For more, go on in the same way: keep the `W` and `b` of the layers so far,
# and put one more layer on top.

# %% [markdown] hint="collapse"
# The bias of a lower layer passes through all matrices above it: `b = b @ next_W + next_b`.

# %% tests="collapse" points=2 changes="shown"
W, b = collapse([np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]])],
                [np.array([3.0, 4.0]), np.array([5.0])])
check_close("W of collapse([[[1, 2]], [[1], [10]]], [[3, 4], [5]])", W, [[21.0]], rtol=1e-5,
            look="The product of the matrices, in the order in which x meets them.")
check_close("b of collapse([[[1, 2]], [[1], [10]]], [[3, 4], [5]])", b, [48.0], rtol=1e-5,
            look="The first bias passes through the second matrix: 3 · 1 + 4 · 10, and 5 on top.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("collapse")
for sizes in ((4, 3, 5, 2, 3), (3, 3, 3, 3), (4, 2)):
    weights = [rng.normal(size=pair) for pair in pairwise(sizes)]
    biases = [rng.normal(size=width) for width in sizes[1:]]
    x = rng.normal(size=(6, sizes[0]))
    expected = x
    for weight, bias in zip(weights, biases, strict=True):
        expected = expected @ weight + bias
    before = [each.copy() for each in weights + biases]
    W, b = collapse(weights, biases)
    check_shape(f"W of collapse for the widths {sizes}", W, (sizes[0], sizes[-1]))
    check_shape(f"b of collapse for the widths {sizes}", b, (sizes[-1],))
    check_close(f"x @ W + b for the widths {sizes}", x @ np.asarray(W) + np.asarray(b), expected,
                rtol=1e-4, atol=1e-4,
                look="Every bias passes through all the matrices above its layer.")
    for old, new in zip(before, weights + biases, strict=True):
        check_unchanged("collapse", "weights or biases", old, new)
### END HIDDEN TESTS

# %% [markdown]
# Now a problem that no straight line solves: a disc and a ring around it, 150 points each.
# The next cell trains a network with two hidden layers of 16 units,
# with tanh between the layers or with nothing.

# %% sandboxed="train_rings"
def rings(seed=0):
    """300 points (x, y): a disc of radius 1 (class 0) and a ring from 1.4 to 2.2 (class 1)."""
    rng = np.random.default_rng(seed)
    angle, y = rng.uniform(0, 2 * np.pi, 300), np.arange(300) % 2
    radius = np.where(y == 0, np.sqrt(rng.uniform(0, 1, 300)), rng.uniform(1.4, 2.2, 300))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), y


def train_rings(bend, seed=0, steps=250, rate=0.3):
    """Train 2-16-16-1 on the rings, with tanh if ``bend``; returns (weights, biases)."""
    (x, y), rng, sizes = rings(seed), np.random.default_rng(seed), (2, 16, 16, 1)
    weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in pairwise(sizes)]
    biases = [np.zeros(b) for b in sizes[1:]]
    for _ in range(steps):
        layers = [x]
        for k in range(3):
            z = layers[-1] @ weights[k] + biases[k]
            layers.append(np.tanh(z) if bend and k < 2 else z)
        slope = (expit(z[:, 0]) - y)[:, None] / len(y)
        for k in (2, 1, 0):
            dw, db = layers[k].T @ slope, slope.sum(axis=0)
            slope = (slope @ weights[k].T) * (1 - layers[k] ** 2 if bend else 1)
            weights[k], biases[k] = weights[k] - rate * dw, biases[k] - rate * db
    return weights, biases

# %% [markdown]
# **Predict.** With tanh, the network gets all points right.
# Without it, how many: `"over 95 %"`, since three layers are more than one, `"about 85 %"`,
# or `"below 75 %"`?

# %% solution="without_bends" title="Predict: without activations"
# Type your choice: without_bends = "..."
### BEGIN SOLUTION
without_bends = "below 75 %"
### END SOLUTION

# %% [markdown] hint="without_bends"
# Three layers without activations are one layer.
# Which shape does its boundary have,
# and how much of a disc inside a ring can such a boundary cut off?

# %% tests="without_bends" points=1
check_one_of("without_bends", without_bends, ["over 95 %", "about 85 %", "below 75 %"])
### BEGIN HIDDEN TESTS
# Trained: 50 to 62 % on twenty seeds.
# The best straight line gets the disc and the part of the ring beyond it.
check_equal("without_bends", without_bends, "below 75 %",
            look="The boundary is one straight line: it can't go round the disc.")
### END HIDDEN TESTS

# %% experiment="bends"
(x, y), axis = rings(), np.linspace(-2.6, 2.6, 80)
plane = np.stack(np.meshgrid(axis, axis), axis=-1)
straight, bent = train_rings(bend=False), train_rings(bend=True)
W, b = collapse(*straight)


def with_tanh(points):
    (W1, W2, W3), (b1, b2, b3) = bent
    return np.tanh(np.tanh(points @ W1 + b1) @ W2 + b2) @ W3 + b3


figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.9))
for ax, (name, scores) in zip(axes, {"no activation, collapsed": lambda points: points @ W + b,
                                     "tanh": with_tanh}.items(), strict=True):
    right = ((scores(x)[:, 0] > 0) == y).mean()
    ax.contourf(axis, axis, scores(plane)[..., 0] > 0, levels=1, colors=["#dbeaf5", "#fbe9c6"])
    for label, (colour, mark) in enumerate((("blue", "o"), ("red", "^"))):
        ax.plot(*x[y == label].T, mark, color=COLOURS[colour], markersize=3.5)
    ax.set(title=f"{name}: {right:.0%} right", xticks=[], yticks=[], aspect="equal")
one = x
for weight, bias in zip(*straight, strict=True):
    one = one @ weight + bias
print(f"Three layers and their collapse differ by at most {np.abs(one - (x @ W + b)).max():.0e}.")
show(figure, "A disc of points inside a ring of points, twice, "
     "with the regions that two networks assign to the classes. "
     "Left, without activations: a straight line, little more than half of the points are right. "
     "Right, with tanh: a closed curve around the disc, all points are right.")

# %% [markdown]
# The collapse is exact up to rounding, and the straight line is the proof.
# (One thing does survive the collapse: the *rank*.
# A narrow layer in the middle makes the product a matrix of low rank, which is sometimes wanted.)
# So something has to bend between the layers.
# What?
