# %% [markdown]
# ## 6 · Noise as a measure of doubt
#
# Leave dropout on at test time, *on purpose*,
# and look at a hundred different answers to one question.
# Gal & Ghahramani (2016) read their spread as the model's uncertainty:
# where the data say what the answer is, the thinned networks agree.

# %% solution="mc_dropout" title="MC dropout"
def mc_dropout(network, x, samples):
    """Mean and spread of a network's answers with dropout left on.

    Args:
        network: a function from x (N, D) to outputs (N, …) that draws new masks in every call.
        x: inputs (N, D). samples: how often to ask, at least 2.

    Returns:
        (mean, std): arrays of the shape of the outputs; std is the standard deviation over the
        answers, with the divisor samples − 1.
    """
    ### BEGIN SOLUTION
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=0), answers.std(axis=0, ddof=1)
    ### END SOLUTION

# %% [markdown] hint="mc_dropout"
# Each call of `network(x)` gives other numbers.
# How do you collect them in one array, and over which axis is the spread?

# %% [markdown] hint="mc_dropout"
# `np.stack([...])` has the shape (samples, N, …);
# NumPy's `std` divides by `samples` unless you give `ddof=1`.

# %% tests="mc_dropout" points=2
answers = iter([np.array([1.0, 10.0]), np.array([3.0, 10.0])])
mean, std = mc_dropout(lambda x: next(answers), np.zeros((2, 1)), 2)
check_close("the mean of the answers [1, 10] and [3, 10]", mean, [2.0, 10.0], rtol=1e-5,
            look="One mean for each input.")
check_close("the std of the answers [1, 10] and [3, 10]", std, [np.sqrt(2), 0.0],
            rtol=1e-5, atol=1e-9, look="The divisor is samples − 1 = 1, then the root.")
### BEGIN HIDDEN TESTS
import statistics

rng = hidden_rng("mc_dropout")
drawn = rng.normal(size=(7, 4, 3)) * 3 + 50
answers = iter(drawn)
mean, std = mc_dropout(lambda x: next(answers), np.zeros((4, 2)), 7)
check_equal("the number of answers that mc_dropout left", len(list(answers)), 0,
            look="Ask `samples` times.")
check_shape("the mean of mc_dropout", mean, (4, 3))
check_close("the mean of mc_dropout", mean,
            np.apply_along_axis(statistics.fmean, 0, drawn), rtol=1e-5)
check_close("the std of mc_dropout", std, np.apply_along_axis(statistics.stdev, 0, drawn),
            rtol=1e-4, look="Over the answers, with the divisor samples − 1.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell fits a curve to forty points between −1 and 1,
# with your dropout on the hidden layer, and hands the network back with dropout still on.
# (To keep it short, only the output weights are trained;
# the hidden ones stay where chance put them.)

# %% sandboxed="curve_fitter"
def fit_curve(seed, steps=800, p=0.9, hidden=60):
    """Train 1 – hidden – 1 on noisy points of a sine; returns (x, y, network with dropout on)."""
    rng, seeds = np.random.default_rng(seed), itertools.count(10**6 * seed)
    x = rng.uniform(-1, 1, size=(40, 1))
    y = np.sin(4 * x) + 0.1 * rng.normal(size=x.shape)
    w1 = 3 * rng.normal(size=(1, hidden))
    b1 = w1[0] * rng.uniform(-1.2, 1.2, size=hidden)  # the kinks lie among the data
    w2, velocity = np.zeros((hidden, 1)), np.zeros((hidden, 1))

    def forward(x, w2):
        h, cache = dropout_forward(np.maximum(x @ w1 + b1, 0),
                                   {"mode": "train", "p": p, "seed": next(seeds)})
        return h, cache, h @ w2

    for _ in range(steps):
        h, _, scores = forward(x, w2)
        velocity = 0.9 * velocity - 0.004 * (h.T @ (scores - y) / len(x) + 1e-4 * w2)
        w2 = w2 + velocity
    return x, y, lambda x: forward(x, w2)[2]

# %% experiment="doubt"
x, y, network = fit_curve(5)
grid = np.linspace(-3, 3, 121)[:, None]
mean, std = (np.ravel(part) for part in mc_dropout(network, grid, 100))
inside = np.abs(grid[:, 0]) <= 1
ratio = std[np.abs(grid[:, 0]) >= 2].mean() / std[inside].mean()

figure, axes = plt.subplots(figsize=(7.4, 3.6))
axes.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color=COLOURS["sky"], alpha=0.45,
                  label="mean ± 2 std of 100 answers")
axes.plot(grid[:, 0], mean, color=COLOURS["blue"], label="mean of 100 answers")
axes.plot(x[:, 0], y[:, 0], ".", color=COLOURS["black"], label="training points")
axes.set(xlabel="x", ylabel="answer",
         title=f"Beyond |x| = 2 the answers spread {ratio:.1f} times as wide as among the data")
axes.legend(loc="lower left")
show(figure, "A curve fitted to forty points between −1 and 1, with a band of two standard "
     "deviations of a hundred answers with dropout on. The band is narrow among the points and "
     f"opens to both sides; beyond |x| = 2 it is {ratio:.1f} times as wide.")

# %% [markdown]
# Read off the title: how many times as wide is the spread beyond $|x| = 2$ as among the data?

# %% solution="spread_ratio" title="Spread beyond the data"
# Type the ratio: spread_ratio = ...
### BEGIN SOLUTION
spread_ratio = 9.6
### END SOLUTION

# %% [markdown] hint="spread_ratio"
# The number is in the title of the picture.
# A ratio above 1: the band opens where there are no data.

# %% tests="spread_ratio" points=1
check("spread_ratio", 0 < spread_ratio < 1000, f"{spread_ratio} is not a plausible ratio")
### BEGIN HIDDEN TESTS
# 20 seeds (data, network and masks) gave 6.8 to 10.6.
check("spread_ratio", 5.5 <= spread_ratio <= 12.5,
      f"is {spread_ratio:g}, but your picture says something else",
      look="Spread beyond |x| = 2, divided by the spread among the data.")
### END HIDDEN TESTS

# %% [markdown]
# A word of caution: the width of this band depends on $p$ and on the size of the weights,
# and it does not shrink as you collect more data unless $p$ is tuned.
# The *shape* of the band is useful (where am I extrapolating?);
# before you trust its numbers as probabilities, compare them with held-out data.
