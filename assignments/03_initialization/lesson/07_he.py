# %% [markdown]
# ## 7 · ReLU, and the rule of He
#
# Xavier's derivation takes the activation for linear, and tanh is nearly linear around zero.
# A ReLU throws half of the signal away:
# for a symmetric $z$, $\operatorname{E}[\max(0, z)^2] = \tfrac12 \operatorname{Var} z$.
#
# **With pencil and paper.** Square ReLU layers with Xavier's variance.
# Which share of its root mean square does the signal still have after 20 layers?

# %% solution="xavier_with_relu" title="Xavier with ReLU"
# Type the share: xavier_with_relu = ...
### BEGIN SOLUTION
xavier_with_relu = 2.0**-10
### END SOLUTION

# %% [markdown] hint="xavier_with_relu"
# Each layer halves the mean *square*.
# What does it do to its root, and twenty of them?

# %% tests="xavier_with_relu" points=1
check("xavier_with_relu", 0 < xavier_with_relu < 1,
      f"{xavier_with_relu} is not a share between 0 and 1")
### BEGIN HIDDEN TESTS
check_close("xavier_with_relu", xavier_with_relu, 2.0**-10, rtol=0.05,
            look="(1/√2)²⁰ = 2⁻¹⁰, about 0.001.")
### END HIDDEN TESTS

# %% [markdown]
# He et al. (2015) put the 2 back: $\sigma^2 = 2 / n$.
# For a leaky ReLU with slope $a$ on the negative side,
# $\operatorname{E}[h^2] = \tfrac12 (1 + a^2) \operatorname{Var} z$, so
#
# $$\sigma^2 = \frac{2}{(1 + a^2)\,\text{fan}}$$
#
# with the fan-in to keep the signal, or the fan-out to keep the gradient.
# (Either will do, say He et al.: if one direction is kept, the other changes by $n/m$
# in each layer, and along a network these quotients cancel but for the first and the last.)

# %% solution="he_normal" title="He's rule"
def he_normal(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    """Normal weights for a layer before a (leaky) ReLU (He et al. 2015).

    Args:
        fan_in, fan_out: the numbers of inputs and outputs of the layer.
        rng: a numpy Generator.
        mode: "fan_in" keeps the size of the signal, "fan_out" that of the gradient.
        slope: the slope of the activation on the negative side; 0 is a ReLU, 1 is linear.

    Returns:
        W: (fan_in, fan_out), of mean 0 and variance 2 / ((1 + slope²) · fan).

    Raises:
        ValueError: another mode.
    """
    ### BEGIN SOLUTION
    fans = {"fan_in": fan_in, "fan_out": fan_out}
    if mode not in fans:
        raise ValueError(f'mode is "fan_in" or "fan_out", not {mode!r}')
    return np.sqrt(2 / ((1 + slope**2) * fans[mode])) * rng.normal(size=(fan_in, fan_out))
    ### END SOLUTION

# %% [markdown] hint="he_normal"
# The mode chooses the fan, and nothing else: the shape is (fan_in, fan_out) in both.

# %% [markdown] hint="he_normal"
# A check for the slope: at slope 1 the layer is linear, and LeCun's 1 / fan_in must come out.

# %% tests="he_normal" points=3
@probe
def draw(fan_in, fan_out, seed, settings):
    """Two layers from one generator."""
    rng = np.random.default_rng(seed)
    return he_normal(fan_in, fan_out, rng, **settings), he_normal(fan_in, fan_out, rng, **settings)


first, second = draw(200, 150, 0, {})
check_shape("he_normal(200, 150, rng)", first, (200, 150))
check_close("the standard deviation of he_normal(200, 150, rng)", np.std(first), 0.1, rtol=0.025,
            look="√(2 / 200).")
check_raises("he_normal(3, 4, rng, mode='fan')", ValueError, draw, 3, 4, 0, {"mode": "fan"},
             look="A typing error in the mode must not pass in silence.")
### BEGIN HIDDEN TESTS
check("he_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
slope = float(hidden_rng("he_normal").uniform(0.4, 0.7))
for fan_in, fan_out, mode, a in ((900, 60, "fan_in", 0.0), (60, 900, "fan_in", slope),
                                 (900, 60, "fan_out", 0.0), (60, 900, "fan_out", slope)):
    W = draw(fan_in, fan_out, hidden_seed("he_normal"), {"mode": mode, "slope": a})[0]
    call = f"he_normal({fan_in}, {fan_out}, rng, mode={mode!r}, slope={a:.2g})"
    check_shape(call, W, (fan_in, fan_out))
    fan = fan_in if mode == "fan_in" else fan_out
    check_close(f"the variance of {call}", np.var(W), 2 / (fan * (1 + a * a)), rtol=0.04,
                look="2 / ((1 + slope²) · fan), with the fan that the mode names.")
    check_close(f"the kurtosis of {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08,
                look="Normal weights.")
### END HIDDEN TESTS

# %% experiment="relu_layers"
figure, (upper, lower) = plt.subplots(2, 3, figsize=(10, 6.2), sharey=True,
                                      gridspec_kw={"hspace": 0.3, "wspace": 0.1})
scales = {"too small: σ = 0.01": (0.01, "sky"), "Xavier: σ = √(1/256)": (256**-0.5, "orange"),
          "He: σ = √(2/256)": (128**-0.5, "green")}
for above, below, (name, (std, colour)) in zip(upper, lower, progress(scales.items(), "scales")):
    hidden, dhidden = through(std, "relu", seed=0)
    for axes, layers, mark, height in ((above, hidden, 20, 1.5), (below, dhidden, 1, 19.5)):
        ridges(axes, powers(layers), 92, -21, 2, COLOURS[colour])
        axes.text(-20.5, height, f"rms in layer {mark}: {rms(layers[mark - 1]):.1g}", fontsize=9)
    above.set(title=name, xlabel="power of ten of the activation")
    below.set(xlabel="power of ten of the gradient")
upper[0].set(ylabel="layer")
lower[0].set(ylabel="layer")
show(figure, "Histograms of the powers of ten of the positive activations (above) and of the "
     "gradients (below) in 20 ReLU layers. With σ 0.01 both march to the left, to 1e-19 and 1e-18: "
     "activations with depth, gradients on the way back. With Xavier they march slowly, "
     "to about 1e-3. With He all histograms stand above one another.")

# %% [markdown]
# Under He's rule the histograms stand above one another, under the others they march.
# That is all there is to see,
# and it is the first picture to draw when a deep network doesn't learn.
#
# ### The fans of a convolution
#
# An output pixel of a convolution is a sum over all input channels *and over the kernel*.
# PyTorch stores weights with the outputs first:
# (out, in) for a linear layer, (out, in, height, width) for a convolution.

# %% solution="fans" title="Fan-in and fan-out"
def fans(shape):
    """The fan-in and fan-out of a layer, from the shape of its weights in PyTorch's order.

    Args:
        shape: (out, in) of a linear layer; (out, in, k), (out, in, k, k) or (out, in, k, k, k) of
            a convolution; the kernel need not be square.

    Returns:
        (fan_in, fan_out): how many products one output sums up, and how many outputs one input
        goes into (away from the border, at stride 1).

    Raises:
        ValueError: fewer than two numbers, as for a bias.
    """
    ### BEGIN SOLUTION
    if len(shape) < 2:
        raise ValueError(f"a layer has inputs and outputs, {tuple(shape)} is one number")
    area = int(np.prod(shape[2:]))
    return shape[1] * area, shape[0] * area
    ### END SOLUTION

# %% [markdown] hint="fans"
# How many multiplications does one number of the output cost?
# And into how many numbers of the output does one number of the input go:
# into one place per output channel, or into all places that the kernel reaches?

# %% [markdown] hint="fans"
# The area is the product of `shape[2:]`, which for a linear layer is an empty product: 1.

# %% tests="fans" points=2
check_equal("fans((10, 20))", tuple(fans((10, 20))), (20, 10),
            look="PyTorch has the outputs first.")
check_equal("fans((64, 3, 5, 5))", tuple(fans((64, 3, 5, 5))), (75, 1600),
            look="An output sums 3 · 25 products; an input goes into 64 channels at 25 places.")
check_raises("fans((7,))", ValueError, fans, (7,), look="A bias has no fans.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fans")
for dimensions in (0, 1, 2, 3):
    shape = tuple(int(k) for k in rng.choice(np.arange(2, 12), size=2 + dimensions, replace=False))
    fan_in, fan_out = shape[1], shape[0]
    for k in shape[2:]:
        fan_in, fan_out = fan_in * k, fan_out * k
    check_equal(f"fans({shape})", tuple(fans(shape)), (fan_in, fan_out),
                look="Both fans hold the whole kernel: the product of shape[2:].")
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** Someone draws the weights of all 3 × 3 convolutions
# of a ReLU network with variance 2 / (input channels).
# By which factor does each layer multiply the root mean square of the signal?

# %% solution="forgotten_area" title="Forgotten kernel area"
# Type the factor: forgotten_area = ...
### BEGIN SOLUTION
forgotten_area = 3.0  # √9
### END SOLUTION

# %% [markdown] hint="forgotten_area"
# The sum has nine times as many terms as the variance was made for.
# And a root mean square is a root.

# %% tests="forgotten_area" points=1
check("forgotten_area", forgotten_area > 0, f"{forgotten_area} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("forgotten_area", forgotten_area, 3.0, rtol=0.02,
            look="The mean square grows by the area, 9; its root by 3.")
### END HIDDEN TESTS
