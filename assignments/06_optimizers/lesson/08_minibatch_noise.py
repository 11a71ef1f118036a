# %% [markdown]
# ## 8 · The noise of a minibatch
#
# The gradient of a minibatch is the mean of the gradients of its examples.
# How far is it from the gradient of all data?
# The problem for this section and the next one is logistic regression
# on 512 made-up examples with 20 features of very different scale.

# %% shared="problem"
def make_problem(seed=6, examples=512, features=20):
    """Inputs (N, D) with scales from 1 down to 1/30 along hidden directions, and labels (N,)."""
    rng = np.random.default_rng(seed)
    scales = np.logspace(0, -1.5, features)
    turn = np.linalg.qr(rng.normal(size=(features, features)))[0]
    x = rng.normal(size=(examples, features)) * scales @ turn.T
    truth = turn @ (rng.normal(size=features) / scales) / 2
    return x, (rng.random(examples) < 1 / (1 + np.exp(-x @ truth))).astype(float)


def logistic_loss(w, x, y, decay=1e-3):
    """Loss and per-example gradients (N, D) of logistic regression; their mean is the gradient."""
    z = x @ w
    loss = np.mean(np.logaddexp(0, z) - y * z) + decay / 2 * w @ w
    return loss, (1 / (1 + np.exp(-z)) - y)[:, None] * x + decay * w

# %% solution="gradient_noise" title="Gradient noise"
def gradient_noise(gradients, batches):
    """How far minibatch gradients are from the gradient of all data.

    Args:
        gradients: the gradient of each example, an array (N, D).
        batches: K minibatches of B examples each, an integer array (K, B) of row numbers.

    Returns:
        The root of the mean, over the K minibatches, of the squared (Euclidean) distance between
        the minibatch's mean gradient and the mean gradient of all N examples; a number.
    """
    ### BEGIN SOLUTION
    away = gradients[batches].mean(axis=1) - gradients.mean(axis=0)
    return np.sqrt((away**2).sum(axis=1).mean())
    ### END SOLUTION

# %% [markdown] hint="gradient_noise"
# `gradients[batches]` has the shape (K, B, D).
# Over which axis do you average to get one gradient a minibatch?

# %% [markdown] hint="gradient_noise"
# Then: subtract the gradient of all data, square, add up over the D components,
# average over the K minibatches, take the root, in this order.

# %% tests="gradient_noise" points=2
gradients = np.array([[0.0, 0.0], [6.0, 8.0]])
check_close("gradient_noise of the batches [[0, 0], [1, 1]] of two gradients (0, 0) and (6, 8)",
            gradient_noise(gradients, np.array([[0, 0], [1, 1]])), 5.0, rtol=1e-5,
            look="The mean of all is (3, 4); each of the two batches is 5 away from it.")
check_close("gradient_noise of the batches [[0, 1], [1, 1]] of the same gradients",
            gradient_noise(gradients, np.array([[0, 1], [1, 1]])), 5 / np.sqrt(2), rtol=1e-5,
            look="One batch is 0 away and one 5: the mean of the squares is 12.5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gradient_noise")
gradients = rng.normal(size=(12, 3)) + rng.normal(size=3)
spread = np.trace(np.cov(gradients.T, bias=True))
pairs = np.stack(np.meshgrid(np.arange(12), np.arange(12)), axis=-1).reshape(-1, 2)
# Over all 144 ordered pairs the law is exact: the variance of one example, divided by 2.
check_close("gradient_noise over all pairs of 12 examples", gradient_noise(gradients, pairs),
            np.sqrt(spread / 2), rtol=1e-5,
            look="Distance from the mean of all examples; mean of the squares, then the root.")
check_close("gradient_noise of batches of 1", gradient_noise(gradients, np.arange(12)[:, None]),
            np.sqrt(spread), rtol=1e-5,
            look="Euclidean distance: add the squares of the components up.")
few = np.array([[0, 1, 2], [3, 4, 5]])
far = np.linalg.norm(gradients.reshape(4, 3, 3)[:2].mean(axis=1) - gradients.mean(axis=0), axis=1)
check_close("gradient_noise of two batches of 3", gradient_noise(gradients, few),
            np.sqrt(np.mean(far**2)), rtol=1e-5,
            look="The distance is from the mean over all examples, not over those that were drawn.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** You make the minibatch 16 times as large.
# The noise of the gradient becomes:
# `"1/16"`, `"1/4"`, `"1/2"` of what it was, or stays `"the same"`?

# %% solution="noise_of_16" title="Predict: a larger minibatch"
# Type your choice: noise_of_16 = "..."
### BEGIN SOLUTION
noise_of_16 = "1/4"
### END SOLUTION

# %% [markdown] hint="noise_of_16"
# Variances of independent examples add up.
# What is the variance of a mean of $B$ of them, and what its root?

# %% tests="noise_of_16" points=1
check_one_of("noise_of_16", noise_of_16, ["1/16", "1/4", "1/2", "the same"])
### BEGIN HIDDEN TESTS
check_equal("noise_of_16", noise_of_16, "1/4",
            look="The variance falls like 1/B, the noise is its root.")
### END HIDDEN TESTS

# %% sandboxed="noise_of_sizes"
def noise_of_sizes(sizes, seed=6):
    """The noise of 200 minibatches of each size at w = 0, and the length of the gradient itself."""
    x, y = make_problem(seed)
    _, gradients = logistic_loss(np.zeros(20), x, y)
    rng = np.random.default_rng(seed)
    noise = [gradient_noise(gradients, rng.integers(512, size=(200, size))) for size in sizes]
    return noise, np.linalg.norm(gradients.mean(axis=0))

# %% experiment="noise"
sizes = 2 ** np.arange(10)
noise, length = noise_of_sizes(sizes)
exponent, offset = np.polyfit(np.log(sizes), np.log(noise), 1)

figure, axes = plt.subplots(figsize=(6.4, 3.4))
axes.loglog(sizes, noise, "o", label="measured, 200 minibatches each")
axes.loglog(sizes, np.exp(offset) * sizes**exponent, "--",
            label=f"fit: noise ∝ $B^{{{exponent:.3f}}}$")
axes.axhline(length, color="0.4", linestyle=":", label="length of the gradient itself")
axes.set(xlabel="minibatch size B", ylabel="noise of the gradient",
         title="Four times the work halves the noise")
axes.legend()
show(figure, "Noise of the minibatch gradient against the minibatch size from 1 to 512, both axes "
     "logarithmic. The points lie on a straight line that falls; the legend gives its slope. "
     "A dotted line marks the length of the gradient itself, which the noise exceeds for small "
     "minibatches.")

# %% [markdown]
# Read off the exponent of the fit: the noise is proportional to $B$ to the power of what?

# %% solution="noise_exponent" title="Exponent of the noise"
# Type the exponent: noise_exponent = ...
### BEGIN SOLUTION
noise_exponent = -0.5
### END SOLUTION

# %% [markdown] hint="noise_exponent"
# The legend of the picture says it.
# Mind the sign: the noise falls.

# %% tests="noise_exponent" points=1
check("noise_exponent", -5 < noise_exponent < 5, f"{noise_exponent} is not a plausible exponent")
### BEGIN HIDDEN TESTS
# The law is −1/2; the fits of 20 seeds (data and minibatches) gave −0.505 to −0.493.
check_close("noise_exponent", noise_exponent, -0.5, rtol=0, atol=0.04,
            look="The slope of the dashed line, with its sign.")
### END HIDDEN TESTS
