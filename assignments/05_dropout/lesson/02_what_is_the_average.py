# %% [markdown]
# ## 2 · What is the average?
#
# At test time we want the average over all masks, $\mathbb{E}_m[f(x, m)] = \sum_m P(m)\, f(x, m)$,
# and what we compute is $f(x, \mathbb{E}[m])$: the *scaling approximation*.
# With $n$ units there are $2^n$ masks.
# For ten units that is a thousand, and we can simply try them all.

# %% solution="averages" title="Averages over masks"
def exact_average(network, n, p):
    """The average of network(mask) over all 2ⁿ masks of n units.

    Args:
        network: a function of a mask, an array (n,) of zeros and ones, that returns a number.
        n: the number of units. p: the probability that a unit is kept.

    Returns:
        The sum over all masks of their probability times network(mask), a number.
    """
    ### BEGIN SOLUTION
    masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)]
    return sum(p ** m.sum() * (1 - p) ** (n - m.sum()) * network(m) for m in masks)
    ### END SOLUTION


def monte_carlo_average(network, n, p, samples, seed=None):
    """The plain mean of network(mask) over ``samples`` masks, drawn with probability p of a one.

    The masks come from np.random.default_rng(seed): equal seeds give equal results.
    """
    ### BEGIN SOLUTION
    masks = (np.random.default_rng(seed).random((samples, n)) < p).astype(float)
    return np.mean([network(mask) for mask in masks])
    ### END SOLUTION

# %% [markdown] hint="averages"
# `itertools.product((0.0, 1.0), repeat=n)` walks over all masks.
# Are they equally likely when p is not one half?

# %% [markdown] hint="averages"
# A mask with k ones has the probability `p**k * (1 - p)**(n - k)`.

# %% [markdown] hint="averages"
# In the Monte Carlo average, likely masks are drawn more often by themselves.
# So a plain mean is right there, without weights.

# %% tests="averages" part="exact" points=2
check_close("exact_average of the number of ones, 4 units, p=0.25",
            exact_average(lambda m: m.sum(), 4, 0.25), 1.0,
            rtol=1e-5, look="Four units, each kept in a quarter of all cases.")
check_close("exact_average of 'all three are kept', p=0.9",
            exact_average(lambda m: float(np.prod(m)), 3, 0.9), 0.729,
            rtol=1e-5, look="Weight each mask by its probability.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("exact_average")
slopes, p = rng.uniform(0.2, 1.5, size=6), rng.uniform(0.1, 0.4)
# Units are independent, so the average of a product is the product of the averages.
check_close("exact_average of a product over 6 units",
            exact_average(lambda m: float(np.prod(1 + slopes * m)), 6, p), np.prod(1 + slopes * p),
            rtol=1e-5, look="All 2⁶ masks, each with the weight p^k (1 − p)^(6 − k).")
check_close("exact_average of 'nothing is kept'",
            exact_average(lambda m: float(m.max() == 0), 5, p), (1 - p) ** 5,
            rtol=1e-5, look="The mask of zeros counts as well.")
### END HIDDEN TESTS

# %% tests="averages" part="monte_carlo" points=1
got = monte_carlo_average(lambda m: m.sum(), 10, 0.3, 500, seed=1)
check_close("monte_carlo_average of the number of ones, 10 units, p=0.3, 500 samples", got, 3.0,
            rtol=0, atol=0.35, look="About p · n.")  # five standard deviations of the mean
### BEGIN HIDDEN TESTS
rng = hidden_rng("monte_carlo_average")
seen = []
got = monte_carlo_average(lambda m: (seen.append(np.array(m)), float(m @ np.arange(1, 9)))[1], 8,
                          0.8, 200, seed=int(rng.integers(1000)))
seen = np.array(seen)
check_shape("the masks of monte_carlo_average with 8 units and 200 samples", seen, (200, 8))
check("the masks of monte_carlo_average", np.isin(seen, (0, 1)).all(),
      "hold other numbers than 0 and 1")
check_close("the share of ones, p=0.8,", seen.mean(), 0.8, rtol=0, atol=0.06, look="p keeps.")
check("the masks of monte_carlo_average", (seen != seen[0]).any(), "are all the same",
      look="Draw one a sample.")
check_close("monte_carlo_average", got, np.mean(seen @ np.arange(1, 9)), rtol=1e-5,
            look="A plain mean: the masks come with their probability already.")
again = [monte_carlo_average(lambda m: float(m @ np.arange(1, 9)), 8, 0.5, 20, seed=3)
         for _ in range(2)]
check_close("a second call of monte_carlo_average with the same seed", again[1],
            again[0], rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# The next cell is a small network whose ten hidden units can be masked.
# A second ReLU layer follows, and an output that adds it up with positive weights.
# The mask may also hold fractions: `network(np.full(10, p))` is the scaling approximation.

# %% sandboxed="small_network"
def small_network(seed):
    """A function from a mask of 10 hidden units to the network's output, a number."""
    rng = np.random.default_rng(seed)
    hidden = np.maximum(rng.normal(size=10), 0.2)
    middle = rng.normal(size=(20, 10)) / np.sqrt(10)
    return lambda mask: np.maximum(middle @ (mask * hidden), 0.0).sum()

# %% [markdown]
# **Predict.** Without the second ReLU the output would be linear in the mask,
# and the scaling approximation would be exact.
# With it, the exact average over all masks is `"larger"` than the scaling approximation,
# `"smaller"`, or `"equal"` to it?

# %% solution="against_scaling" title="Predict: average against scaling"
# Type your choice: against_scaling = "..."
### BEGIN SOLUTION
against_scaling = "larger"
### END SOLUTION

# %% [markdown] hint="against_scaling"
# One ReLU, whose input is −1 or +1 with equal probability.
# What is the average of its output, and what is its output at the average input?

# %% [markdown] hint="against_scaling"
# The ReLU is convex, and the output weights are positive: think of Jensen's inequality.

# %% tests="against_scaling" points=1
check_one_of("against_scaling", against_scaling, ["larger", "smaller", "equal"])
### BEGIN HIDDEN TESTS
# Jensen's inequality: E relu(z) ≥ relu(E z), for every seed.
check_equal(
    "against_scaling", against_scaling, "larger",
    look="A ReLU is convex: the average of its outputs is at least its output at the average.")
### END HIDDEN TESTS

# %% sandboxed="sampling_errors"
def sampling_errors(seed, sizes=(4, 16, 64, 256)):
    """Root mean square error of the Monte Carlo average for each number of samples."""
    network = small_network(seed)
    exact, errors = exact_average(network, 10, 0.5), []
    for size in progress(sizes, "samples"):
        runs = [monte_carlo_average(network, 10, 0.5, size, seed=(seed, size, run))
                for run in range(max(2048 // size, 40))]
        errors.append(np.sqrt(np.mean((np.array(runs) - exact) ** 2)))
    return np.array(sizes), np.array(errors)

# %% experiment="masks"
network, (sizes, errors) = small_network(5), sampling_errors(5)
outcomes = [network(np.array(bits)) for bits in itertools.product((0.0, 1.0), repeat=10)]
exact, scaled = exact_average(network, 10, 0.5), network(np.full(10, 0.5))
exponent, offset = np.polyfit(np.log(sizes), np.log(errors), 1)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.5))
left.hist(outcomes, bins=40, color=COLOURS["sky"])
left.vlines(exact, 0, 92, color=COLOURS["black"], label=f"exact average {exact:.2f}")
left.vlines(scaled, 0, 92, color=COLOURS["red"], linestyle="--", label=f"scaling {scaled:.2f}")
left.set(xlabel="output of the network", ylabel="masks", title="All 1,024 networks in one",
         ylim=(0, 120))
left.legend(loc="upper left")
right.loglog(sizes, errors, "o", label="Monte Carlo, measured")
right.loglog(sizes, np.exp(offset) * sizes**exponent, ":", color=COLOURS["blue"],
             label=f"fit: error ∝ samples$^{{{exponent:.2f}}}$")
right.axhline(abs(exact - scaled), color=COLOURS["red"], linestyle="--", label="scaling, one pass")
right.set(xlabel="masks drawn", ylabel="error of the average", title="What an average costs",
          ylim=(errors[-1] / 2, 16 * errors[0]))
figure.subplots_adjust(wspace=0.28)
right.legend(loc="upper right")
show(figure, "Left: a histogram of the outputs of one network under all 1,024 masks of its ten "
     f"hidden units, with two lines: the exact average, {exact:.2f}, and the scaling "
     f"approximation, {scaled:.2f}, which is lower. Right: the error of a Monte Carlo average "
     "against the number of masks drawn, both axes logarithmic. The points lie on a falling line; "
     "a dashed level marks the error of the scaling approximation.")

# %% [markdown]
# Read off the exponent:
# the error of the Monte Carlo average is proportional to the number of masks to the power of what?
# (So what does half the error cost?)

# %% solution="sampling_exponent" title="Monte Carlo exponent"
# Type the exponent, with its sign: sampling_exponent = ...
### BEGIN SOLUTION
sampling_exponent = -0.5
### END SOLUTION

# %% [markdown] hint="sampling_exponent"
# The legend of the right picture says it.
# Mind the sign: the error falls.

# %% tests="sampling_exponent" points=1
check("sampling_exponent", -5 < sampling_exponent < 5,
      f"{sampling_exponent} is not a plausible exponent")
### BEGIN HIDDEN TESTS
# The law is −1/2; the fits of 20 seeds were all within 0.08 of it.
check_close("sampling_exponent", sampling_exponent, -0.5, rtol=0, atol=0.08,
            look="The slope of the dotted line, with its sign.")
### END HIDDEN TESTS

# %% [markdown]
# That is the whole bargain of the scaling approximation:
# one pass, with a bias that nothing averages away, against many passes with none.
# In this tiny network the bias is large, and four masks are better already.
# In wide, trained networks each sum runs over many units and fluctuates little:
# Srivastava et al. (2014, section 7.5) needed about fifty masks to be as good as scaling.
# For one linear layer and a softmax behind the mask there is an exact statement:
# scaling gives the *geometric* mean of all the masked networks,
# normalized (Hinton et al., 2012, [*Improving neural networks by preventing co-adaptation
# of feature detectors*](https://arxiv.org/abs/1207.0580)).
# For deeper networks it is an approximation that works well in practice.
