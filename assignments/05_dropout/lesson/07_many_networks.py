# %% [markdown]
# ## 7 · Many networks, one answer
#
# ### Ensembles
#
# Train $K$ networks from different starts and average what they say:
# nearly always a little better than each of them, at $K$ times the price (CS231n, part 3).
# The average is of **probabilities**.
# Averages of scores give a geometric mean in its place, which one very sure network can veto.

# %% solution="ensemble_predict" title="Ensemble"
def ensemble_predict(scores):
    """The probabilities of an ensemble.

    Args:
        scores: the scores (logits) of K networks for N examples and C classes, an array (K, N, C);
            they may be as large as ±1000.

    Returns:
        The mean over the networks of their softmax probabilities, an array (N, C).
    """
    ### BEGIN SOLUTION
    odds = np.exp(scores - scores.max(axis=2, keepdims=True))
    return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)
    ### END SOLUTION

# %% [markdown] hint="ensemble_predict"
# Which of the three axes does the softmax run over, and which one the mean?
# In which order?

# %% [markdown] hint="ensemble_predict"
# `np.exp(1000)` is infinite.
# Subtract each example's largest score first: the probabilities stay the same.

# %% tests="ensemble_predict" points=2
scores = np.log(np.array([[[0.9, 0.1]], [[0.2, 0.8]]]))
check_close("ensemble_predict of two networks that say (0.9, 0.1) and (0.2, 0.8)",
            ensemble_predict(scores),
            [[0.55, 0.45]], rtol=1e-5, look="The mean of the probabilities.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("ensemble_predict")
scores = rng.normal(size=(5, 4, 3)) * 3
expected = torch.softmax(torch.tensor(scores), dim=2).mean(dim=0)
check_close("ensemble_predict of 5 networks, 4 examples, 3 classes",
            ensemble_predict(scores.copy()), expected, rtol=1e-5,
            look="Softmax over the classes, then the mean over the networks.")
large = scores.copy()
large[0] += 1000.0
large[1] *= 300.0
expected = torch.softmax(torch.tensor(large), dim=2).mean(dim=0)
check_close("ensemble_predict with scores around ±1000", ensemble_predict(large.copy()), expected,
            rtol=1e-5, atol=1e-12, look="Subtract the largest score of each example before np.exp.")
### END HIDDEN TESTS

# %% [markdown]
# ### A running average of weights
#
# A cheaper relative: keep one network, and beside it the exponential moving average
# (EMA) of its weights over the last steps, $a \leftarrow \beta a + (1-\beta)\,w$.
# It averages out the noise of the last steps
# (Polyak & Juditsky, 1992, proved it for the plain mean).
# An average that starts at zero is too small at first; as in Adam, divide it by $1 - \beta^t$.

# %% solution="ema_step" title="Moving average of weights"
def ema_step(weights, state=None, decay=0.9):
    """Take the weights of one more step into their exponential moving average.

    Args:
        weights: a dictionary of arrays, which the training goes on changing in place.
        state: what the last call returned beside the average; None in the first call.
        decay: β.

    Returns:
        (average, state): the average (1 − β) Σ β^(t−s) w_s / (1 − β^t) over the steps s = 1 … t, a
        dictionary of new arrays, and whatever the next call needs.
    """
    ### BEGIN SOLUTION
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: decay * sums[name] + (1 - decay) * w for name, w in weights.items()}
    return {name: value / (1 - decay ** (t + 1)) for name, value in sums.items()}, (sums, t + 1)
    ### END SOLUTION

# %% [markdown] hint="ema_step"
# The state needs two things: the uncorrected average, and how many steps went into it.

# %% [markdown] hint="ema_step"
# After one step the uncorrected average is $(1-\beta)\, w$.
# Divided by $1 - \beta$ it is $w$.

# %% tests="ema_step" points=3
average, state = ema_step({"W": np.array([2.0, 4.0])}, None, 0.5)
check_close("the average after one step", average["W"], [2.0, 4.0], rtol=1e-5,
            look="The average of one thing is that thing: divide by 1 − β^t.")
average, state = ema_step({"W": np.array([5.0, 4.0])}, state, 0.5)
check_close("the average of [2, 4] and [5, 4] with decay 0.5", average["W"], [4.0, 4.0], rtol=1e-5,
            look="(0.25 · 2 + 0.5 · 5) / 0.75: the newer weights count twice as much.")


### BEGIN HIDDEN TESTS
@probe
def averages_in_training(path, decay):
    """The average after each step; the arrays are changed in place, as optimizers do."""
    weights, state, averages = {"W": np.zeros(path.shape[1]), "b": np.zeros(1)}, None, []
    for point in path:
        weights["W"][...] = point
        weights["b"] += 1.0
        average, state = ema_step(weights, state, decay)
        averages.append(average)
        weights["W"] += 50.0
    return [np.array(a["W"]) for a in averages], float(averages[-1]["b"][0])


rng = hidden_rng("ema_step")
path, decay = rng.normal(size=(9, 4)) + 10, rng.uniform(0.6, 0.95)
got, bias = averages_in_training(path, decay)
for t in (1, 2, 5, 9):
    shares = decay ** np.arange(t)[::-1]
    check_close(f"the average after {t} steps", got[t - 1],
                np.average(path[:t], axis=0, weights=shares), rtol=1e-5,
                look="Step s has the weight β^(t−s); divide by 1 − β^t; keep copies, "
                "the training changes its arrays.")
check_close("the average of the second array, 1, 2, …, 9,", bias,
            np.average(np.arange(1.0, 10.0), weights=decay ** np.arange(9)[::-1]), rtol=1e-5)
### END HIDDEN TESTS
