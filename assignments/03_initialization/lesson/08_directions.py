# %% [markdown]
# ## 8 · Directions, and what no formula knows
#
# LeCun's rule keeps the signal's size *on average over random inputs*.
# What does a stack of layers do to a single direction?
#
# **Predict.** Twenty linear layers of 100 units with LeCun's rule are one matrix,
# the product of all.
# It takes each of 100 orthogonal directions to some length.
# Will they `"all keep about their length"`, or will `"most shrink and a few grow"`?

# %% solution="directions" title="Predict: fate of directions"
# Type your choice: directions = "..."
### BEGIN SOLUTION
directions = "most shrink and a few grow"
### END SOLUTION

# %% [markdown] hint="directions"
# One Gaussian matrix stretches some directions to twice their length and flattens others.
# The mean square of the stretching factors is 1.
# What happens to them in a power?

# %% tests="directions" points=1
check_one_of("directions", directions,
             ["all keep about their length", "most shrink and a few grow"])
### BEGIN HIDDEN TESTS
check_equal("directions", directions, "most shrink and a few grow",
            look="The mean square of the singular values is 1: "
            "a few large ones make up for many small ones.")
### END HIDDEN TESTS

# %% [markdown]
# Saxe et al. (2014) start from **orthogonal** matrices, whose singular values are all 1.
# One gets a random one from the QR decomposition of a Gaussian matrix.
# A fine point: LAPACK's QR prefers certain signs,
# so Q alone is not *uniformly* distributed among the orthogonal matrices.
# With each column of Q multiplied by the sign of its diagonal element of R, it is (Mezzadri, 2007).
# For training we know of no case in which it matters, since lengths are kept either way;
# for statements about random rotations it does, and it costs one line.

# %% solution="orthogonal" title="Orthogonal weights"
def orthogonal(fan_in, fan_out, rng, gain=1.0):
    """A random matrix, uniform among those with orthonormal columns (or rows), times a gain.

    Args:
        fan_in, fan_out: the shape. With fan_in ≥ fan_out the columns are orthonormal (WᵀW = 1),
            with fan_in ≤ fan_out the rows (WWᵀ = 1).
        rng: a numpy Generator.
        gain: a factor on the matrix, √2 before a ReLU.

    Returns:
        W: (fan_in, fan_out).
    """
    ### BEGIN SOLUTION
    tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    Q, R = np.linalg.qr(tall)
    Q = Q * np.sign(np.diag(R))
    return gain * (Q if fan_in >= fan_out else Q.T)
    ### END SOLUTION

# %% [markdown] hint="orthogonal"
# The QR decomposition gives orthonormal columns, at most as many as there are rows.
# What can you do for a wide matrix?

# %% [markdown] hint="orthogonal"
# `Q * np.sign(np.diag(R))` multiplies each *column*.
# Then transpose if the matrix shall be wide.

# %% tests="orthogonal" points=3
@probe
def draw(fan_in, fan_out, seed, gain):
    """A matrix."""
    return orthogonal(fan_in, fan_out, np.random.default_rng(seed), gain)


@probe
def corners(fan_in, fan_out, count, seed):
    """The number in the upper left corner of many matrices, drawn from one generator."""
    rng = np.random.default_rng(seed)
    return [float(orthogonal(fan_in, fan_out, rng)[0, 0]) for _ in range(count)]


tall, wide = draw(5, 3, 0, 1.0), draw(3, 5, 0, 2.0)
check_shape("orthogonal(5, 3, rng)", tall, (5, 3))
check_close("W.T @ W for W = orthogonal(5, 3, rng)", tall.T @ tall, np.eye(3), atol=1e-5,
            look="The columns are orthonormal.")
check_shape("orthogonal(3, 5, rng, gain=2)", wide, (3, 5))
check_close("W @ W.T for W = orthogonal(3, 5, rng, gain=2)", wide @ wide.T,
            4 * np.eye(3), atol=1e-5, look="The rows are orthonormal, times the gain.")
### BEGIN HIDDEN TESTS
seed = hidden_seed("orthogonal")
for fan_in, fan_out, gain in ((4, 4, 1.0), (7, 2, 1.5), (2, 7, 0.5)):
    W = draw(fan_in, fan_out, seed, gain)
    call = f"orthogonal({fan_in}, {fan_out}, rng, {gain})"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the singular values of {call}", np.linalg.svd(W, compute_uv=False),
                np.full(min(W.shape), gain), rtol=1e-4, look="All singular values equal the gain.")
# Uniform on the sphere in three dimensions, a coordinate is uniform on [-1, 1]: mean 0, mean
# square 1/3. 200 draws give a mean within 0.04: five times that never fails.
for fan_in, fan_out in ((3, 3), (3, 2), (2, 3)):
    corner = np.array(corners(fan_in, fan_out, 200, seed))
    check(f"orthogonal({fan_in}, {fan_out}, rng), called 200 times with one generator,",
          np.unique(corner.round(6)).size > 190, "returned the same matrix again",
          look="Draw from the rng that you are given.")
    check_close(f"the mean of the corner of 200 matrices orthogonal({fan_in}, {fan_out}, rng)",
                corner.mean(), 0.0, atol=0.21,
                look="Multiply each column of Q by the sign of its diagonal element of R.")
### END HIDDEN TESTS

# %% sandboxed="products"
def singular_values_of_product(draw, seed, depth=20, width=100):
    """The singular values of a product of `depth` matrices draw(width, width,
    rng), largest first.
    """
    rng, product = np.random.default_rng(seed), np.eye(width)
    for _ in range(depth):
        product = product @ draw(width, width, rng)
    return np.linalg.svd(product, compute_uv=False)

# %% experiment="directions"
figure, axes = plt.subplots(figsize=(6.6, 3.1))
for name, draw_one, colour in (("LeCun normal", lecun_normal, "orange"),
                               ("orthogonal", orthogonal, "green")):
    for depth, style in ((1, ":"), (20, "-")):
        values = singular_values_of_product(draw_one, 0, depth)
        axes.semilogy(np.arange(1, 101), values, style, color=COLOURS[colour],
                      linewidth=3.5 if depth == 1 else 1.8,
                      label=f"{name}, {depth} layer{'s' * (depth > 1)}")
axes.axhline(0.1, color="0.4", linewidth=0.8)
axes.set(xlabel="direction", ylabel="stretched by", ylim=(1e-12, 1e2), xlim=(0, 101),
         title="What a stack does to 100 directions", xticks=range(0, 101, 10))
axes.legend(loc="lower left")
show(figure, "The factors by which a stack of layers stretches 100 orthogonal directions, sorted, "
     "on a logarithmic scale. One or 20 orthogonal layers: all factors are 1. "
     "One Gaussian layer: from 2 down to 0.01. Twenty Gaussian layers: a few factors above 1, "
     "then a steep fall through many powers of ten.")

# %% [markdown]
# Read off: how many of the 100 directions still have at least a tenth of their length
# (the grey line) after twenty Gaussian layers?

# %% solution="surviving" title="Surviving directions"
# Type the number of directions: surviving = ...
### BEGIN SOLUTION
surviving = 25
### END SOLUTION

# %% [markdown] hint="surviving"
# Where does the solid orange curve cross the grey line?

# %% tests="surviving" points=1
check("surviving", 0 <= surviving <= 100, f"{surviving} is not on the axis")
### BEGIN HIDDEN TESTS
# 24 to 26 on 20 seeds; three more or less for reading it off.
check_close("surviving", surviving, 25, rtol=0, atol=4,
            look="Where the solid orange curve crosses the grey line.")
### END HIDDEN TESTS

# %% [markdown]
# ### One pass of data
#
# Every formula so far assumed something:
# independence, a symmetric $z$, one of two activations, no padding.
# Mishkin & Matas (2016) assume nothing and **measure**: take the layers in order,
# let a batch through, divide the weights of the layer by the standard deviation of its output
# (before the activation), go on with the corrected output.
# (They begin with orthogonal weights and repeat until the deviation is near enough to 1;
# Krähenbühl et al. (2016) do it for each channel.)

# %% solution="scale_layers" title="Scaling by data"
def scale_layers(weights, X, activation):
    """Scale the weights of each layer so that its output has standard deviation 1 on a batch.

    Args:
        weights: a list of arrays (fan_in, fan_out); they stay as they are.
        X: a batch of inputs, (N, D).
        activation: a function of an array, applied between the layers:
            h = activation(h_before @ W).

    Returns:
        A list of new weights. With them, h_before @ W has standard deviation 1 (the biased one)
        in every layer, over all examples and units together, when the batch goes through the
        new network.

    Raises:
        ValueError: the output of a layer does not vary at all, so no factor can help.
    """
    ### BEGIN SOLUTION
    h, scaled = X, []
    for W in weights:
        spread = (h @ W).std()
        if not spread > 0:
            raise ValueError(
                "the output of a layer is constant: its weights or its inputs are zero")
        scaled.append(W / spread)
        h = activation(h @ scaled[-1])
    return scaled
    ### END SOLUTION

# %% [markdown] hint="scale_layers"
# Why must layer 1 be corrected before layer 2 is measured?

# %% [markdown] hint="scale_layers"
# In one loop: measure `(h @ W).std()`, divide, and compute the next `h` with the *new* weights.

# %% tests="scale_layers" points=3 changes="shown"
weights = [np.array([[3.0, -3.0]]), np.array([[1.0], [2.0]])]
got = scale_layers([W.copy() for W in weights], np.array([[1.0], [-1.0]]),
                   lambda z: np.maximum(z, 0))
call = "scale_layers([[[3, -3]], [[1], [2]]], [[1], [-1]], relu)"
check_close(f"the first weights by {call}", got[0], [[1.0, -1.0]], rtol=1e-5,
            look="The first output is [3, −3], [−3, 3]: its standard deviation is 3.")
check_close(f"the second weights by {call}", got[1], [[2.0], [4.0]], rtol=1e-5,
            look="With the new first layer the second one returns 1 and 2: "
            "their standard deviation is 1/2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("scale_layers")
X = rng.normal(size=(30, 5)) + rng.normal(size=5)
weights = [rng.normal(size=shape) * rng.uniform(0.05, 3) for shape in ((5, 7), (7, 4), (4, 6))]
kept = [W.copy() for W in weights]
for name, function in (("tanh", lambda z: np.tanh(z)),
                       ("softplus", lambda z: np.logaddexp(0.0, z))):
    got = scale_layers(weights, X.copy(), function)
    h = torch.tensor(X)
    for layer, W in enumerate(got):
        check_unchanged(f"scale_layers with {name}", "weights", kept[layer], weights[layer])
        z = h @ torch.tensor(np.array(W)).double()
        check_close(f"the standard deviation of layer {layer + 1} of the new network with {name}",
                    z.std(correction=0), 1.0, rtol=1e-4,
                    look="Measure each layer behind the corrected ones, before its activation.")
        ratio = np.array(W) / kept[layer]
        check_close(f"the factors on the weights of layer {layer + 1}", ratio,
                    np.full(ratio.shape, ratio[0, 0]), rtol=1e-4,
                    look="One factor for the whole layer.")
        h = {"tanh": torch.tanh, "softplus": torch.nn.functional.softplus}[name](z)
check_raises("scale_layers with a layer of zeros", ValueError, scale_layers, [np.zeros((2, 2))],
             np.ones((3, 2)), lambda z: np.tanh(z),
             look="Dividing by a standard deviation of zero gives NaN, which nobody notices here.")
### END HIDDEN TESTS

# %% [markdown]
# Try it on an activation for which you have no formula:
# SiLU, $z / (1 + e^{-z})$ (also called swish), twenty layers deep.
# It looks like a ReLU, so people use He's rule.

# %% sandboxed="silu"
def spreads(weights, X, activation):
    """The standard deviation of each layer's output, before the activation."""
    found, h = [], X
    for W in weights:
        z = h @ W
        found.append(float(z.std()))
        h = activation(z)
    return found


def silu(z):
    """z times the logistic function of z."""
    return z / (1 + np.exp(-z))


def silu_spreads(seed, depth=20, width=256):
    """The spreads of deep SiLU networks: with He's weights, and with them after scale_layers."""
    rng = np.random.default_rng(seed)
    X, fresh = rng.normal(size=(2, 100, width))
    weights = [he_normal(width, width, rng) for _ in range(depth)]
    return spreads(weights, fresh, silu), spreads(scale_layers(weights, X, silu), fresh, silu)

# %% experiment="silu"
before, after = silu_spreads(seed=0)
figure, axes = plt.subplots(figsize=(6.6, 2.9))
axes.semilogy(range(1, 21), before, "o-", color=COLOURS["orange"], label="He's rule")
axes.semilogy(range(1, 21), after, "s-", color=COLOURS["green"],
              label="He's rule, then one pass of other data")
axes.set(xlabel="layer", ylabel="standard deviation\nbefore the activation",
         title="Twenty layers of SiLU", ylim=(1e-4, 10), xticks=range(2, 21, 2))
axes.legend(loc="lower left")
show(figure, "The standard deviation before the activation in 20 SiLU layers, measured on a fresh "
     f"batch. With He's rule it falls steadily from 1.4 in layer 1 to {before[-1]:.1g} in layer "
     "20. After one pass of data it stays near 1.")

# %% [markdown]
# Read off: with He's rule,
# how many times smaller is the standard deviation in layer 20 than in layer 1?

# %% solution="he_with_silu" title="He with SiLU"
# Type the factor: he_with_silu = ...
### BEGIN SOLUTION
he_with_silu = 165
### END SOLUTION

# %% [markdown] hint="he_with_silu"
# Divide the height of the first orange point by that of the last.
# It is a large number.

# %% tests="he_with_silu" points=1
check("he_with_silu", he_with_silu >= 1,
      f"is {he_with_silu}, but the curve falls: divide the first point by the last")
### BEGIN HIDDEN TESTS
# 120 to 245 on twenty seeds, and the picture's scale is logarithmic.
check("he_with_silu", 100 <= he_with_silu <= 330,
      f"is {he_with_silu:g}, but your picture says something else",
      look="The first orange point divided by the last: about 1.4 / 0.008.")
### END HIDDEN TESTS
