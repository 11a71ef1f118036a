# %% [markdown]
# ## 2 · Sigmoid and tanh, and how they saturate
#
# The oldest answer is the logistic sigmoid, $\sigma(x) = 1 / (1 + e^{-x})$,
# a soft switch between 0 and 1.
# Typed as it stands, it asks for $e^{1000}$ at $x = -1000$, which is beyond float64.
# But $\sigma(x) = e^{x} / (1 + e^{x})$ as well, which is fine there, and bad at $+1000$.
#
# *Convention of this course:*
# a forward function returns `(out, cache)`, and what `cache` holds is up to you;
# the backward function gets `dout`, the gradient of the loss with respect to the output,
# and the cache, and returns the gradient with respect to the input.
# Arguments are left as they are.

# %% solution="sigmoid" title="Sigmoid"
def sigmoid_forward(x):
    """The logistic sigmoid 1 / (1 + exp(-x)) of each number, written with np.exp.

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.

    Returns:
        (out, cache): out has the shape of x and values from 0 to 1. No overflow, no warning and
        no NaN for any finite x, and an error below 1e-12 in float64.
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out
    ### END SOLUTION


def sigmoid_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    out = cache
    return dout * out * (1 - out)
    ### END SOLUTION

# %% [markdown] hint="sigmoid"
# Which exponentials can't overflow?
# Those of numbers that are never positive, such as $-|x|$.
# Write both forms of σ with $e^{-|x|}$.

# %% [markdown] hint="sigmoid"
# For $x \ge 0$ it is $1 / (1 + e^{-|x|})$, for $x < 0$ it is $e^{-|x|} / (1 + e^{-|x|})$:
# only the numerators differ.
# `np.where` evaluates both of its branches, so neither branch may overflow.

# %% [markdown] hint="sigmoid"
# $\sigma' = \sigma\,(1 - \sigma)$: the derivative needs only the *output*.
# Keep that in the cache, and multiply by `dout`.

# %% tests="sigmoid" part="forward" points=1 changes="shown"
x = np.array([-1000.0, 0.0, np.log(3.0), 1000.0])
out, cache = sigmoid_forward(x)
check_close("out of sigmoid_forward([-1000, 0, log 3, 1000])", out, [0.0, 0.5, 0.75, 1.0],
            rtol=1e-6, atol=1e-12)
said = complaints(sigmoid_forward, sigmoid_backward, x)
check("sigmoid_forward([-1000, 0, log 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="Take the exponential of numbers that are never positive, in both branches.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sigmoid")
x = np.concatenate([rng.normal(size=6) * 10, [-700.0, -30.0, 30.0, 89.0, 710.0]]).reshape(1, 11)
given = x.copy()
out, _ = sigmoid_forward(given)
check_unchanged("sigmoid_forward", "x", x, given)
check_close("out of sigmoid_forward at numbers up to ±710", out, referee(torch.sigmoid, x, x)[0],
            rtol=1e-6, atol=1e-12, look="Don't clip the input to a short interval.")
whole = np.array([[-3, -1, 0, 2]])
check_close("out of sigmoid_forward([[-3, -1, 0, 2]]), integers,", sigmoid_forward(whole.copy())[0],
            referee(torch.sigmoid, whole, whole)[0], rtol=1e-6,
            look="An array made by np.zeros_like(x) or x.copy() holds integers where x does.")
for kind, far in ((np.float32, 100.0), (np.float64, 1e300)):
    x = np.array([-far, far], dtype=kind)
    said = complaints(sigmoid_forward, sigmoid_backward, x)
    check(f"sigmoid_forward([-{far:g}, {far:g}]) in {kind.__name__}", not said,
          f"NumPy warns: {', '.join(said)}")
### END HIDDEN TESTS

# %% tests="sigmoid" part="backward" points=2 changes="shown"
out, cache = sigmoid_forward(np.array([-1000.0, 0.0, np.log(3.0), 1000.0]))
got = sigmoid_backward(np.array([1.0, 2.0, -1.0, 1.0]), cache)
check_close("sigmoid_backward([1, 2, -1, 1]) at [-1000, 0, log 3, 1000]", got,
            [0.0, 0.5, -0.1875, 0.0],
            rtol=1e-5, atol=1e-12, look="At log 3 the output is 0.75 and the slope 0.75 · 0.25.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sigmoid_backward")
x, dout = 2 * rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
given = dout.copy()
got = sigmoid_backward(given, sigmoid_forward(x.copy())[1])
check_close("sigmoid_backward on an array of shape (4, 3)", got, referee(torch.sigmoid, dout, x)[1],
            rtol=1e-5,
            atol=1e-6, look="dout times out times 1 − out, with the output of the forward pass.")
check_unchanged("sigmoid_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### tanh
#
# The hyperbolic tangent, $\tanh x = 2\sigma(2x) - 1$, is the same switch between −1 and 1.
# `np.tanh` is stable and allowed.
# The backward pass is the point here, and again the output is all that it needs.

# %% solution="tanh" title="Tanh"
def tanh_forward(x):
    """The hyperbolic tangent of each number of x, an array of any shape: (out, cache).

    No overflow and no warning for any finite x, here and in the backward pass.
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    return out, out
    ### END SOLUTION


def tanh_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    out = cache
    return dout * (1 - out**2)
    ### END SOLUTION

# %% [markdown] hint="tanh"
# Differentiate $2\sigma(2x) - 1$ with $\sigma' = \sigma(1-\sigma)$, or look the derivative up:
# it can be written with $\tanh^2$.

# %% [markdown] hint="tanh"
# `dout * (1 - out**2)`.
# Is what you keep in the cache the output or the input?

# %% tests="tanh" part="forward" points=1
out, cache = tanh_forward(np.array([-1000.0, 0.0, np.log(2.0), 1000.0]))
check_close("out of tanh_forward([-1000, 0, log 2, 1000])", out, [-1.0, 0.0, 0.6, 1.0],
            rtol=1e-6, atol=1e-12)
### BEGIN HIDDEN TESTS
rng = hidden_rng("tanh")
x = 3 * rng.normal(size=(3, 4))
given = x.copy()
check_close("out of tanh_forward on an array of shape (3, 4)", tanh_forward(given)[0],
            referee(torch.tanh, x, x)[0], rtol=1e-5, atol=1e-6)
check_unchanged("tanh_forward", "x", x, given)
said = complaints(tanh_forward, tanh_backward, np.array([-1000.0, 1000.0]))
check("tanh_forward and tanh_backward at [-1000, 1000]", not said,
      f"NumPy warns: {', '.join(said)}",
      look="np.tanh is stable; quotients of exponentials and np.cosh are not. "
      "1 − out² needs neither.")
### END HIDDEN TESTS

# %% tests="tanh" part="backward" points=1
out, cache = tanh_forward(np.array([0.0, np.log(2.0)]))
check_close("tanh_backward([2, 1]) at [0, log 2]", tanh_backward(np.array([2.0, 1.0]), cache),
            [2.0, 0.64], rtol=1e-5, look="At log 2 the output is 0.6 and the slope 1 − 0.36.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("tanh_backward")
x, dout = 1.5 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
given = dout.copy()
got = tanh_backward(given, tanh_forward(x.copy())[1])
check_close("tanh_backward on an array of shape (3, 4)", got, referee(torch.tanh, dout, x)[1],
            rtol=1e-5, atol=1e-6, look="dout · (1 − out²).")
check_unchanged("tanh_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### Saturation
#
# Where a unit *saturates*, its output hardly moves and its derivative is nearly zero:
# no gradient passes.
# And even where a sigmoid is at its best, its derivative is small.
#
# **With pencil and paper.**
# A gradient goes back through ten sigmoids in a row, all weights being 1.
# By which factor is it multiplied *at best*,
# when every sigmoid sits where its derivative is largest?

# %% solution="best_case" title="Sigmoids at their best"
# Type the factor: best_case = ...
### BEGIN SOLUTION
best_case = 0.25**10
### END SOLUTION

# %% [markdown] hint="best_case"
# The derivative is $\sigma(1 - \sigma)$.
# For which σ is that largest, and how large is it?

# %% [markdown] hint="best_case"
# A quarter, at σ = ½.
# Ten factors of it.

# %% tests="best_case" points=1
check("best_case", 0 < best_case < 1, f"{best_case} is not a factor between 0 and 1")
### BEGIN HIDDEN TESTS
check_close("best_case", best_case, 2.0**-20, rtol=0.06,
            look="Each sigmoid multiplies by at most 1/4, and there are ten.")
### END HIDDEN TESTS

# %% [markdown]
# In a network the weights take part too.
# The next cell sends a signal forward through ten layers of 100 units and a gradient back,
# with your functions;
# the weights have variance 1/100, so that each layer alone keeps the size of a signal
# (that choice is the subject of the next notebook).

# %% sandboxed="gradient_sizes"
def gradient_sizes(forward, backward, seed=0, layers=10, width=100):
    """The root mean square of the gradient at the top and below each layer, from the top down.

    Returns an array of layers + 1 numbers; the first one belongs to the gradient at the output.
    """
    rng = np.random.default_rng(seed)
    signal, memory = rng.normal(size=(64, width)), []
    for _ in range(layers):
        weights = rng.normal(size=(width, width)) / np.sqrt(width)
        signal, cache = forward(signal @ weights)
        memory.append((weights, cache))
    gradient = rng.normal(size=(64, width))
    sizes = [np.sqrt((gradient**2).mean())]
    for weights, cache in reversed(memory):
        gradient = backward(gradient, cache) @ weights.T
        sizes.append(np.sqrt((gradient**2).mean()))
    return np.array(sizes)

# %% [markdown]
# **Predict.** With these weights, which activation leaves the largest gradient below ten layers:
# `"sigmoid"`, `"tanh"` or `"ReLU"`, $\max(0, x)$, whose derivative is 1 or 0?

# %% solution="least_lost" title="Predict: least gradient lost"
# Type your choice: least_lost = "..."
### BEGIN SOLUTION
least_lost = "tanh"
### END SOLUTION

# %% [markdown] hint="least_lost"
# A ReLU blocks the gradient of every unit that is off.
# How many of them are, about, and what does that do to the mean square in each layer?
# Then think of tanh near 0, where most of its inputs are.

# %% tests="least_lost" points=1
check_one_of("least_lost", least_lost, ["sigmoid", "tanh", "ReLU"])
### BEGIN HIDDEN TESTS
# On twenty seeds tanh keeps 0.24 to 0.29 of the size, ReLU (1/√2 a layer) 0.02 to 0.04.
check_equal("least_lost", least_lost, "tanh",
            look="Half of the ReLUs are off: the mean square halves in each layer. "
            "That is a matter of the weights, and twice their variance mends it; "
            "the sigmoid is harder to mend.")
### END HIDDEN TESTS

# %% experiment="saturation"
contest = {"tanh": (tanh_forward, tanh_backward, "s-", "blue"),
           "ReLU": (lambda x: (np.maximum(x, 0), x > 0), lambda dout, on: dout * on, "^-", "green"),
           "sigmoid": (sigmoid_forward, sigmoid_backward, "o-", "red")}
figure, axes = plt.subplots()
for name, (forward, backward, mark, colour) in contest.items():
    sizes = gradient_sizes(forward, backward)
    axes.semilogy(sizes / sizes[0], mark, color=COLOURS[colour], markersize=5)
    axes.text(10.15, sizes[-1] / sizes[0], name, color=COLOURS[colour], va="center")
axes.set(xlabel="layers that the gradient has passed", ylabel="size, relative to the top",
         xlim=(0, 11.4),
         xticks=range(11), title="A gradient on its way back through ten layers", ylim=(1e-7, 3))
axes.set_yticks(10.0 ** np.arange(-7, 1))
show(figure, "The size of a gradient, on a logarithmic scale, against the number of layers it has "
     "passed. With tanh it falls slowly to about 0.26 after ten layers, with ReLU to about 0.03, "
     "with sigmoid in a straight line to about 0.0000005.")

# %% [markdown]
# Read off the sigmoid's line: by which factor is the gradient multiplied *in each layer*?

# %% solution="factor_per_layer" title="Factor per sigmoid layer"
# Type the factor: factor_per_layer = ...
### BEGIN SOLUTION
factor_per_layer = 0.23
### END SOLUTION

# %% [markdown] hint="factor_per_layer"
# What is left after ten layers is the tenth power of it.
# Take the tenth root.

# %% tests="factor_per_layer" points=1
check("factor_per_layer", factor_per_layer < 1,
      f"{factor_per_layer}: the line falls, so the factor is below 1")
### BEGIN HIDDEN TESTS
# On twenty seeds the tenth root lies between 0.229 and 0.236; reading off may cost a tenth of that.
check_close("factor_per_layer", factor_per_layer, 0.232, rtol=0, atol=0.025,
            look="A little less than the quarter of the best case: (what is left)^(1/10).")
### END HIDDEN TESTS

# %% [markdown]
# So the first layer of a deep sigmoid network learns a million times slower than the last.
# Larger weights don't help: they drive the units into saturation.
# Glorot & Bengio (2010) watched it happen; the remedies are tanh or ReLU,
# weights of the right size (notebook 03) and normalization (notebook 04).
