# %% [markdown]
# ## 5 · Variance through depth
#
# So the weights are random, with mean zero.
# How large?
# Take one layer, $z_j = \sum_{i=1}^{n} x_i w_{ij}$,
# with $n$ inputs (its **fan-in**) and independent weights of mean 0 and variance $\sigma^2$.
# The terms are uncorrelated, so their variances add up:
#
# $$
# \operatorname{Var} z_j = \sum_{i=1}^{n} \operatorname{E}[x_i^2]\,\operatorname{Var} w_{ij} =
# n\,\sigma^2\,\operatorname{E}[x^2]
# $$
#
# One layer multiplies the root mean square by $\sqrt{n}\,\sigma$.
# And depth is a power: twenty layers multiply it by $(\sqrt n\,\sigma)^{20}$.

# %% [markdown]
# **With pencil and paper.** A linear layer has 256 inputs,
# and its weights were drawn with standard deviation 0.01, "small random numbers".
# By which factor does it multiply the size of the signal?

# %% solution="shrink_per_layer" title="Shrinking per layer"
# Type the factor: shrink_per_layer = ...
### BEGIN SOLUTION
shrink_per_layer = 0.16  # √256 · 0.01
### END SOLUTION

# %% [markdown] hint="shrink_per_layer"
# The factor of the variance is $n \sigma^2$; the size of the signal is its root.

# %% tests="shrink_per_layer" points=1
check("shrink_per_layer", shrink_per_layer > 0, f"{shrink_per_layer} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("shrink_per_layer", shrink_per_layer, 0.16, rtol=0.02,
            look="√256 · 0.01. (0.16²⁰ is 10⁻¹⁶.)")
### END HIDDEN TESTS

# %% [markdown]
# To see it you need a deep network.
# Weights are (fan-in, fan-out) here, and stand to the right of the data, as in $XW$;
# biases are left out.
# For the way back you need to know how each activation's slope follows from its *output*:
# $\tanh' = 1 - h^2$, and the ReLU's slope is 1 where $h > 0$, else 0.

# %% solution="deep" title="Deep forward and backward"
def deep_forward(X, weights, activation):
    """A stack of layers h = activation(h_before @ W), without biases.

    Args:
        X: (N, D).
        weights: a list of arrays (fan_in, fan_out), from the first layer to the last.
        activation: "tanh" or "relu", after every layer.

    Returns:
        (hidden, cache): the list of the outputs of all layers, and what deep_backward needs.
    """
    ### BEGIN SOLUTION
    hidden = [X]
    for W in weights:
        z = hidden[-1] @ W
        hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
    return hidden[1:], (hidden, weights, activation)
    ### END SOLUTION


def deep_backward(dout, cache):
    """The way back, from dout, the gradient at the output of the last layer.

    Returns:
        (dX, dweights, dhidden): the gradient at X; the list of the gradients of the weights; the
        list of the gradients at the outputs of all layers, of which the last is dout.
    """
    ### BEGIN SOLUTION
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dhidden[0] * (1 - after**2 if activation == "tanh" else after > 0)
        dweights.insert(0, before.T @ dz)
        dhidden.insert(0, dz @ W.T)
    return dhidden[0], dweights, dhidden[1:]
    ### END SOLUTION

# %% [markdown] hint="deep"
# Forward: keep every output, and the input too; the way back needs them all.
# What else must the cache hold?

# %% [markdown] hint="deep"
# Backward, for one layer `h = act(z)`, `z = before @ W`: from `dh` to `dz` (times the slope),
# from `dz` to `dW` (with `before`) and to the gradient at `before` (with `W`).
# The shapes leave only one way to multiply.

# %% [markdown] hint="deep"
# `dz = dh * (1 - h**2)` or `dh * (h > 0)`; `dW = before.T @ dz`; `dbefore = dz @ W.T`.
# Go through the layers from the last to the first.

# %% tests="deep" part="forward" points=1
hidden, _ = deep_forward(np.array([[1.0, -2.0]]),
                         [np.array([[1.0], [1.0]]), np.array([[3.0]])], "tanh")
check_equal("the number of outputs of deep_forward with two layers", len(hidden), 2)
check_close("the outputs of deep_forward([[1, -2]], [[[1], [1]], [[3]]], 'tanh')",
            [hidden[0][0][0], hidden[1][0][0]], [np.tanh(-1.0), np.tanh(3 * np.tanh(-1.0))],
            rtol=1e-5,
            look="Each layer takes the output of the layer before, after its activation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("deep_forward")
X = rng.normal(size=(5, 4))
weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 6), (6, 2))]
for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
    hidden, _ = deep_forward(X.copy(), [W.copy() for W in weights], activation)
    h = torch.tensor(X)
    for layer, W in enumerate(weights):
        h = function(h @ torch.tensor(W))
        check_close(f"layer {layer + 1} of 3 of deep_forward with {activation}", hidden[layer], h,
                    rtol=1e-4, atol=1e-5, look="h = activation(h_before @ W), in every layer.")
### END HIDDEN TESTS

# %% tests="deep" part="backward" points=2
X, weights = np.array([[1.0, -2.0]]), [np.array([[1.0], [1.0]])]
dX, dweights, dhidden = deep_backward(np.array([[2.0]]), deep_forward(X, weights, "tanh")[1])
slope = 1 - np.tanh(1.0) ** 2
call = "deep_backward([[2]], cache) of one tanh layer with X = [[1, -2]] and W = [[1], [1]]"
check_close(f"dX by {call}", dX, [[2 * slope, 2 * slope]], rtol=1e-5,
            look="dz = 2 · (1 − tanh²), then dz @ W.T.")
check_close(f"dweights[0] by {call}", dweights[0], [[2 * slope], [-4 * slope]], rtol=1e-5,
            look="X.T @ dz.")
check_close(f"dhidden[-1] by {call}", dhidden[-1], [[2.0]], rtol=1e-5, look="The last one is dout.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("deep_backward")
X, dout = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 6), (6, 2))]
for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
    _, cache = deep_forward(X.copy(), [W.copy() for W in weights], activation)
    dX, dweights, dhidden = deep_backward(dout.copy(), cache)
    leaves = [torch.tensor(array, requires_grad=True) for array in (X, *weights)]
    outputs = [leaves[0]]
    for W in leaves[1:]:
        outputs.append(function(outputs[-1] @ W))
    truth = torch.autograd.grad((outputs[-1] * torch.tensor(dout)).sum(), leaves + outputs[1:])
    check_close(f"dX with {activation}", dX, truth[0], rtol=1e-4, atol=1e-5,
                look="Is each layer's slope in it?")
    for layer in range(3):
        call = f"of layer {layer + 1} of 3 with {activation}"
        check_close(f"the gradient of the weights {call}", dweights[layer], truth[1 + layer],
                    rtol=1e-4, atol=1e-5, look="The layer's input, transposed, times dz.")
        check_close(f"the gradient at the output {call}", dhidden[layer], truth[4 + layer],
                    rtol=1e-4, atol=1e-5,
                    look="dhidden holds the gradients after the activations, "
                    "the first layer's first.")
### END HIDDEN TESTS

# %% [markdown]
# ### LeCun's rule
#
# A layer keeps the size of the signal if $n\sigma^2 = 1$,
# so $\sigma = 1/\sqrt{n}$ (LeCun et al., 1998).
# Write it.
# The random generator is an argument, and **the caller makes one generator for the whole network**:
# a function that makes its own from a fixed seed gives all layers of a shape the same weights,
# and the symmetry is back by another door.

# %% solution="lecun_normal" title="LeCun's rule"
def lecun_normal(fan_in, fan_out, rng):
    """Normal weights of mean 0 and variance 1 / fan_in (LeCun et al. 1998).

    Args:
        fan_in, fan_out: the numbers of inputs and outputs of the layer.
        rng: a numpy Generator; draw from it and from nothing else.

    Returns:
        W: (fan_in, fan_out).
    """
    ### BEGIN SOLUTION
    return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)
    ### END SOLUTION

# %% [markdown] hint="lecun_normal"
# `rng.normal(scale=…)` wants a standard deviation, not a variance.

# %% tests="lecun_normal" points=1
@probe
def draw(fan_in, fan_out, seed):
    """Two layers from one generator, and the first one again from a fresh generator."""
    rng = np.random.default_rng(seed)
    first, second = lecun_normal(fan_in, fan_out, rng), lecun_normal(fan_in, fan_out, rng)
    return first, second, lecun_normal(fan_in, fan_out, np.random.default_rng(seed))


first, second, again = draw(400, 100, 0)
check_shape("lecun_normal(400, 100, rng)", first, (400, 100))
# 40,000 numbers estimate a standard deviation to 0.35 %: 2 % is more than five times that.
check_close("the standard deviation of lecun_normal(400, 100, rng)", np.std(first), 0.05, rtol=0.02,
            look="1 / √400.")
### BEGIN HIDDEN TESTS
check("lecun_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
check("lecun_normal, called with two generators of one seed,", np.array_equal(first, again),
      "returned different weights", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("lecun_normal"))[0]
    call = f"of lecun_normal({fan_in}, {fan_out}, rng)"
    check_shape(f"lecun_normal({fan_in}, {fan_out}, rng)", W, (fan_in, fan_out))
    check_close(f"the standard deviation {call}", np.std(W), fan_in**-0.5, rtol=0.02,
                look="1 / √fan_in.")
    check_close(f"the kurtosis {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08,
                look="Normal weights.")
### END HIDDEN TESTS

# %% [markdown]
# ### Too small, too large
#
# Twenty tanh layers of width 256, three scales.
# With 0.01 you know what comes: nothing is left.
# With 1, the pre-activations have a standard deviation of about 16,
# and nearly all units saturate at ±1, where the slope of tanh is next to zero.
#
# **Predict.** With standard deviation 1:
# a gradient of size 1 enters at the top and goes back through the twenty saturated layers.
# At the bottom it has `"vanished"`, `"kept its size"` or `"exploded"`?

# %% solution="saturated_gradient" title="Predict: through saturated layers"
# Type your choice: saturated_gradient = "..."
### BEGIN SOLUTION
saturated_gradient = "exploded"
### END SOLUTION

# %% [markdown] hint="saturated_gradient"
# Not every unit is saturated:
# about one in twenty lies between −1 and 1 by chance and lets its gradient pass.
# What do 256 weights of size 1 do with what passes?

# %% tests="saturated_gradient" points=1
check_one_of("saturated_gradient", saturated_gradient, ["vanished", "kept its size", "exploded"])
### BEGIN HIDDEN TESTS
check_equal("saturated_gradient", saturated_gradient, "exploded",
            look="A layer multiplies the variance of the gradient by n·σ²·E[slope²] = 256 · 1 · "
            "0.03, which is 8.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell pushes data and a gradient through such a network;
# the one after it draws a histogram for each layer, one above the other.

# %% sandboxed="through"
def through(std, activation, seed, depth=20, width=256):
    """The outputs of all layers, and the gradients there, for weights of a standard deviation."""
    rng = np.random.default_rng(seed)
    X, dout = rng.normal(size=(2, 50, width))
    weights = [std * rng.normal(size=(width, width)) for _ in range(depth)]
    hidden, cache = deep_forward(X, weights, activation)
    return hidden, deep_backward(dout, cache)[2]


def rms(values):
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))

# %% sandboxed="ridges"
def ridges(axes, layers, bins, low, high, colour):
    """One histogram a layer, the first layer at the bottom, each scaled to the same height."""
    across, outlines = np.linspace(low, high, 2 * bins + 1)[1::2], []
    for number, values in reversed(list(enumerate(layers, start=1))):
        counts = np.histogram(values, bins, (low, high))[0]
        top = number + 1.9 * counts / counts.max()
        outlines.append([(low, number), *zip(across, top), (high, number)])
    axes.add_collection(PolyCollection(outlines, facecolor=colour, edgecolor="white",
                                       linewidth=0.7))
    axes.set(ylim=(0.5, len(layers) + 2.2), xlim=(low, high), yticks=(1, 5, 10, 15, 20))
    axes.grid(False)


def powers(layers):
    """The powers of ten of the values that are not zero, layer by layer."""
    return [np.log10(np.abs(values[values != 0])) for values in layers]

# %% experiment="tanh_layers"
figure, (upper, lower) = plt.subplots(2, 3, figsize=(10, 6.2), sharey=True,
                                      gridspec_kw={"hspace": 0.3, "wspace": 0.1})
scales = {"too small: σ = 0.01": (0.01, "sky"), "too large: σ = 1": (1.0, "red"),
          "LeCun, Xavier: σ = 1/√256": (256**-0.5, "green")}
for above, below, (name, (std, colour)) in zip(upper, lower, progress(scales.items(), "scales")):
    hidden, dhidden = through(std, "tanh", seed=0)
    ridges(above, hidden, 51, -1.02, 1.02, COLOURS[colour])
    ridges(below, powers(dhidden), 120, -18, 12, COLOURS[colour])
    above.set(title=name, xlabel="activation", xticks=(-1, 0, 1))
    below.set(xlabel="power of ten of the gradient")
    below.text(-17.5, 15.5, f"rms in\nlayer 1:\n{rms(dhidden[0]):.1g}", fontsize=9)
upper[0].set(ylabel="layer")
lower[0].set(ylabel="layer")
show(figure, "Histograms of activations (above) and of the gradients at them (below) in 20 tanh "
     "layers. With σ 0.01 the activations shrink to a spike at zero, and so do the gradients, "
     "to less than 1e-15 in layer 1. With σ 1 the activations pile up at −1 and 1, "
     "and the gradients grow on the way back, to about 1e9. With σ 1/16 the activations narrow "
     "slowly from layer to layer, and the gradients stay near 1.")

# %% [markdown]
# Read off: with σ = 1, the root mean square of the gradient in layer 1 is about $10^k$ times
# that in layer 20, where it was 1.
# What is $k$?

# %% solution="growth_of_gradient" title="Growth of the gradient"
# Type the power of ten: growth_of_gradient = ...
### BEGIN SOLUTION
growth_of_gradient = 8.8
### END SOLUTION

# %% [markdown] hint="growth_of_gradient"
# The number stands in the lower picture in the middle.
# To which power do you have to raise 10 to get it?
# (Ask `np.log10`: the number before the e counts, too.)

# %% tests="growth_of_gradient" points=1
check("growth_of_gradient", -20 < growth_of_gradient < 20,
      f"{growth_of_gradient} is not on the axis; give the power, not the number")
### BEGIN HIDDEN TESTS
# 8.6 to 9.1 on twenty seeds; half a power more on either side for reading it off.
check_close("growth_of_gradient", growth_of_gradient, 8.9, rtol=0, atol=0.6,
            look="7e+08 is 10 to the power of 8.8.")
### END HIDDEN TESTS

# %% [markdown]
# "Saturated units kill the gradient" is true of each single unit,
# and of sigmoids whose weights are not large.
# But large weights multiply what little passes.
# Poole et al. (2016) call this side *chaotic*: two inputs that differ by a hair end far apart.
# Either way, the first layers can't be trained: their gradient says nothing, or far too much.
