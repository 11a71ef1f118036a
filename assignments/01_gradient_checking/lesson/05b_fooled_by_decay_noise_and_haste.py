# %% [markdown]
# ### Third: let the regularization speak louder
#
# The loss of a network is a sum: what the data says, and the regularization.
# A check of the sum looks at the sum of the gradients.
# If the regularization is much larger, and it is always right, then the sum looks right too.
#
# **Prediction.** The data gradient is wrong by 10 %.
# You increase the strength of the regularization.
# What happens to the relative error of the *sum*?

# %% solution="predicted_masking" title="Predict: error under regularization"
# Type predicted_masking = followed by "it grows", "it stays" or "it shrinks".
### BEGIN SOLUTION
predicted_masking = "it shrinks"
### END SOLUTION

# %% tests="predicted_masking" points=1
check_one_of("predicted_masking", predicted_masking, ["it grows", "it stays", "it shrinks"])
### BEGIN HIDDEN TESTS
check("predicted_masking", predicted_masking == "it shrinks",
      f"you said {predicted_masking!r}; measuring says otherwise",
      look="The difference stays the same, while the gradients that it is divided by grow.")
### END HIDDEN TESTS

# %% [markdown]
# The way out is simple: check every term of the loss by itself.

# %% solution="errors_of_terms" title="Check term by term" needs="relative_error numerical_gradient"
def errors_of_terms(terms, w, h=1e-5):
    """Check the gradient of every term of a loss by itself.

    Args:
        terms: a dict from the name of a term to a function of w that returns (value, gradient).
        w: the point, an array of floats.
        h: the step.

    Returns:
        a dict with the same keys: the largest relative error between the term's gradient and
        its own centered differences.
    """
    ### BEGIN SOLUTION
    def error(term):
        numeric = numerical_gradient(lambda w: term(w)[0], w, h)
        return np.max(relative_error(term(w)[1], numeric))

    return {name: error(term) for name, term in terms.items()}
    ### END SOLUTION

# %% [markdown] hint="errors_of_terms"
# You have all parts: `numerical_gradient` wants a function that returns one number,
# and `lambda w: term(w)[0]` is one.

# %% [markdown] hint="errors_of_terms"
# For each term: the analytic gradient is `term(w)[1]`;
# compare it with the numerical one by `relative_error`, and keep the largest entry.

# %% tests="errors_of_terms" points=2
w = np.array([1.0, -2.0])
errors = errors_of_terms({"square": lambda w: (float(np.sum(w**2)), 2 * w),
                          "cube": lambda w: (float(np.sum(w**3)), 2 * w**2)}, w)
check("errors_of_terms(…)['square']", errors["square"] < 1e-6,
      f"is {errors['square']}, expected below 1e-6")
check("errors_of_terms(…)['cube']", errors["cube"] > 0.1,
      f"is {errors['cube']}, but the gradient of w³ is 3w², not 2w²")
### BEGIN HIDDEN TESTS
rng = hidden_rng("errors_of_terms")
w, c = rng.uniform(0.5, 1.5, size=3), rng.uniform(1, 2, size=3)
# The regularization is a million times larger than the wrong data term; and two wrongs that
# cancel in the sum are wrong all the same.
terms = {"data": lambda w: (float(np.sum(c * np.sin(w))), 1.1 * c * np.cos(w)),
         "regularization": lambda w: (0.5e6 * float(np.sum(w**2)), 1e6 * w),
         "plus": lambda w: (float(np.sum(w**2)), 2 * w + c),
         "minus": lambda w: (float(np.sum(w**2)), 2 * w - c)}
errors = errors_of_terms(terms, w)
check_equal("the keys of errors_of_terms(…)", sorted(errors), sorted(terms))
check("errors_of_terms(…)['regularization']", errors["regularization"] < 1e-6,
      f"is {errors['regularization']}, expected below 1e-6")
for name in ("data", "plus", "minus"):
    check(f"errors_of_terms(…)[{name!r}]", errors[name] > 0.04,
          f"is {errors[name]}, but this gradient is wrong",
          look="Check each term alone, not the sum.")
one = np.array([1.0, 1.0, 2.0])
error = errors_of_terms({"t": lambda w: (float(np.sum(w**2)), 2 * w * one)}, w)["t"]
check("errors_of_terms(…) with one wrong entry of three", error > 0.3,
      f"is {error}, expected about 0.5", look="The largest error, not the mean, nor the first.")
# At 1, the centered difference of a cube is 3 + h².
error = errors_of_terms({"t": lambda w: (float(np.sum(w**3)), 3 * w**2)}, np.ones(1), h=0.1)["t"]
check_close("errors_of_terms(a cube at 1, h=0.1)", error, 0.01 / 3.01, rtol=1e-6,
            look="Centered differences with the h that was given.")
### END HIDDEN TESTS

# %% sandboxed="masked_errors"
def masked_errors(strengths, seed=0):
    """Median relative errors of a data gradient, 10 % too large,
    plus each strength of regularization.
    """
    rng = np.random.default_rng(seed)
    X, y, W = rng.normal(size=(20, 8)), rng.integers(3, size=20), rng.normal(size=(8, 3))
    numeric = numerical_gradient(lambda W: softmax_loss(X @ W, y)[0], W)
    wrong = 1.1 * X.T @ softmax_loss(X @ W, y)[1]
    return [np.median(relative_error(wrong + s * W, numeric + s * W)) for s in strengths]

# %% experiment="masking"
def draw_masking():
    strengths = np.logspace(-4, 6, 21)
    figure, axes = plt.subplots(figsize=(6.5, 3.5))
    axes.loglog(strengths, masked_errors(strengths), "o-", color=COLOURS["red"],
                label="data + regularization")
    axes.axhline(masked_errors([0])[0], ls="--", color=COLOURS["blue"], label="data alone")
    axes.axhspan(1e-9, 1e-7, color="grey", alpha=0.2, lw=0)
    axes.text(2e-4, 1.6e-9, "“be happy”: below 1e-7", color="dimgrey")
    axes.set(xlabel="strength of the regularization", ylabel="median relative error",
             ylim=(1e-9, 1), title="A wrong gradient, talked over")
    axes.legend()
    show(figure,
         alt="Median relative error of a gradient whose data part is 10 % too large, "
         "against the strength of the regularization, on logarithmic axes. "
         "The data alone has an error of about 0.1 throughout. The sum has the same error for weak "
         "regularization, and one that falls like 1 over the strength for strong regularization, "
         "down into the grey band where one would be happy.")

draw_masking()

# %% [markdown]
# ### Fourth: measure something that moves
#
# Dropout, and augmentation likewise, draw new random numbers at every call.
# Then $f(x+h)$ and $f(x-h)$ are values of two different functions,
# and their difference divided by $2h$ is noise times $10^5$.
# Either switch the randomness off for the check, or make every call draw the *same* numbers.
# The second checks more: the backward pass has to use the mask of the forward pass.

# %% solution="frozen" title="Frozen randomness"
def frozen(noisy, seed=0):
    """Make a random function repeatable.

    Args:
        noisy: a function of (x, rng) that draws what it needs from rng.
        seed: chooses the draws.

    Returns:
        a function of x alone that calls noisy(x, rng) with a generator fresh from
        np.random.default_rng(seed) every time, so that each call draws the same numbers.
    """
    ### BEGIN SOLUTION
    return lambda x: noisy(x, np.random.default_rng(seed))
    ### END SOLUTION

# %% [markdown] hint="frozen"
# A function can return a function: `return lambda x: …`.
# When is the generator made:
# when `frozen` is called, or when the function that it returns is called?

# %% [markdown] hint="frozen"
# A generator moves on with every draw.
# So each call needs a new one: `np.random.default_rng(seed)` belongs inside the lambda.

# %% tests="frozen" points=2
@probe
def dropout_sums(points, seed):
    f = frozen(lambda x, rng: float(np.sum(x * (rng.random(x.shape) < 0.5))), seed)
    return [f(x) for x in points]

ones = np.ones(100)
sums = dropout_sums([ones, ones, ones], 0)
check("three calls of frozen(dropout sum)(ones)", sums[0] == sums[1] == sums[2],
      f"gave {sums}, three different numbers",
      look="Every call needs a fresh generator with the same seed.")
check_close("frozen(dropout sum, seed=0)(100 ones)", sums[0],
            np.sum(np.random.default_rng(0).random(100) < 0.5),
            look="noisy is to be called with np.random.default_rng(seed).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("frozen")
seed = int(rng.integers(1, 10**6))
points = [rng.normal(size=20), rng.normal(size=20), rng.normal(size=5)]
expected = [np.sum(x * (np.random.default_rng(seed).random(x.shape) < 0.5)) for x in points]
check_close(f"frozen(dropout sum, seed={seed}) at three points", dropout_sums(points, seed),
            expected,
            look="The seed that was given, anew for every call, and the x that was given.")

@probe
def two_at_once(x, seeds):
    def draw(x, rng):
        return x + rng.normal(size=x.shape)

    first, second = (frozen(draw, seed) for seed in seeds)
    return [first(x), second(x), first(x)]

x = rng.normal(size=3)
check_close("two frozen functions with different seeds, called in turn",
            two_at_once(x, [seed, seed + 1]),
            [x + np.random.default_rng(s).normal(size=3) for s in (seed, seed + 1, seed)],
            look="Each has its own seed; don't seed NumPy's global generator.")
### END HIDDEN TESTS

# %% sandboxed="dropout_gradients"
def dropout_gradients(seed=0):
    """The gradient of half a sum of squares under dropout, and two ways to measure it."""
    def noisy(w, rng):
        return 0.5 * np.sum((w * (rng.random(w.shape) < 0.5)) ** 2)

    w, rng = np.random.default_rng(seed).normal(size=40), np.random.default_rng(seed)
    analytic = w * (np.random.default_rng(seed).random(w.shape) < 0.5)
    measured = {"New masks at every call": numerical_gradient(lambda w: noisy(w, rng), w),
                "The same mask at every call": numerical_gradient(frozen(noisy, seed), w)}
    return analytic, measured

# %% experiment="dropout"
def draw_dropout():
    analytic, measured = dropout_gradients()
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.5), gridspec_kw={"wspace": 0.28})
    for axes, (name, numeric), colour in zip(panels, measured.items(), ("red", "blue")):
        axes.axline((0, 0), slope=1, color="grey", lw=1)
        axes.plot(analytic, numeric, "o", ms=6, alpha=0.7, color=COLOURS[colour])
        axes.set(xlabel="analytic gradient", ylabel="numerical gradient", title=name)
    panels[0].ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    show(figure,
         alt="Two scatter plots of the numerical against the analytic gradient under dropout. "
         "Left, with new masks at every call: the numerical values scatter over hundreds of "
         "thousands while the analytic ones lie between -2 and 2. "
         "Right, with the same mask at every call: all points lie on the diagonal.")

draw_dropout()

# %% [markdown]
# ### Fifth: check too early
#
# A network that has just been made is in a special place.
# Some make the last layer's weights zero, so that training starts at the chance loss.
# Take `two_layer` with `W2` and `b2` all zero, and look again at its backward pass.
#
# **Prediction.** For which parameters is the gradient exactly zero there,
# so that a check of `broken=True` finds nothing wrong with them?

# %% solution="hidden_by_zeros" title="Predict: hidden by zeros"
# Type hidden_by_zeros = followed by a list of names out of "W1", "b1", "W2", "b2".
### BEGIN SOLUTION
hidden_by_zeros = ["W1", "b1"]
### END SOLUTION

# %% [markdown] hint="hidden_by_zeros"
# What is `dhidden` if `W2` is zero?
# Which gradients are made from `dhidden`, and which from `hidden` and `dscores`?

# %% tests="hidden_by_zeros" points=1
check("hidden_by_zeros", isinstance(hidden_by_zeros, (list, tuple, set)), "is no list of names")
for name in hidden_by_zeros:
    check_one_of("a name in hidden_by_zeros", name, ["W1", "b1", "W2", "b2"])
### BEGIN HIDDEN TESTS
check("hidden_by_zeros", set(hidden_by_zeros) == {"W1", "b1"}, f"is {sorted(hidden_by_zeros)}",
      look="dhidden = dscores @ W2.T is zero, whatever happens to it afterwards.")
### END HIDDEN TESTS

# %% sandboxed="errors_during_training"
def errors_during_training(after=(0, 1, 2, 5, 10, 20, 50), seed=0):
    """Largest sampled errors of the broken network's gradients after some steps of training."""
    X, y = data.digits()
    chosen = np.random.default_rng(seed).choice(len(y), size=64, replace=False)
    X, y, params, errors = X[chosen], y[chosen], new_params(seed), []
    params["W2"] = np.zeros_like(params["W2"])
    for steps in progress(after, "training and checking"):
        trained = descend(lambda p: two_layer(p, X, y), params, 0.5, steps)[0]
        wrong = two_layer(trained, X, y, broken=True)[1]
        errors.append(sampled_errors(lambda p: two_layer(p, X, y)[0], trained, wrong, samples=10))
    return list(after), errors

# %% experiment="burn_in"
def draw_burn_in():
    after, errors = errors_during_training()
    figure, axes = plt.subplots(figsize=(6.8, 3.8))
    for name, line in zip(("W1", "b1", "W2", "b2"), ("o-", "s--", "v-", "^--")):
        axes.plot(range(len(after)), [max(e[name], 1e-13) for e in errors], line, ms=7, label=name)
    axes.set(yscale="log", xlabel="steps of training before the check",
             ylabel="largest relative error",
             title="A fresh network hides its bug", ylim=(3e-14, 30))
    axes.set_xticks(range(len(after)), after)
    axes.text(0.2, 1e-13, "W1, b1: exactly 0", va="center")
    axes.legend(ncol=4, loc="center right", bbox_to_anchor=(1, 0.66))
    show(figure,
         alt="Largest relative error of the four gradients of a network with a broken backward "
         "pass against the number of training steps before the check. Without training the "
         "errors of W1 and b1 are exactly 0; after one step they are about 1, and they stay large. "
         "Those of W2 and b2, which are right, stay below a ten-thousandth throughout.")

draw_burn_in()

# %% [markdown]
# Hence the *burn-in*: train for a while, then check.
# Check once more later, when the loss no longer falls quickly.
