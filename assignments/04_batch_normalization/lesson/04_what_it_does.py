# %% [markdown]
# ## 4 · What it does for training
#
# **Predict, with pencil and paper.**
# A linear layer `x @ W` (no bias) feeds batch norm in train mode, and ε is negligible.
# You multiply `W` by 10.
# The output of batch norm stays what it was.
# The gradient of the loss for `W` is multiplied by what?

# %% solution="gradient_factor" title="Predict: ten times the weights"
# Type the factor: gradient_factor = ...
### BEGIN SOLUTION
gradient_factor = 0.1
### END SOLUTION

# %% [markdown] hint="gradient_factor"
# The loss as a function of $W$ has the property $L(10\,W) = L(W)$.
# Differentiate both sides for $W$; mind the inner derivative.

# %% [markdown] hint="gradient_factor"
# Or look at the closed form: where does the standard deviation of the pre-activations stand,
# and what happens to it?

# %% tests="gradient_factor" points=1
check("gradient_factor", gradient_factor > 0, f"{gradient_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("gradient_factor", gradient_factor, 0.1, rtol=1e-6,
            look="dx of batch norm has 1/σ in front, and σ is ten times as large; "
            "x and dout are unchanged.")
### END HIDDEN TESTS

# %% [markdown]
# This is a brake that sets itself: weights that have grown large get small gradients,
# and a step of learning rate $\eta$ turns them by an angle in proportion
# to $\eta / \lVert W \rVert^2$ (van Laarhoven, 2017).
# So with batch norm the scale of the weights matters only as a part of the learning rate.
# Before the experiment, the network that it trains:
# four hidden layers of 50 ReLU units, for handwritten digits.
# The next cell has its loss; the cell after that makes the network and runs it forwards.

# %% shared="softmax"
def softmax_loss(scores, y):
    """The softmax loss of scores (N, C) for the labels y (N,), and its gradient for the scores."""
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y] + 1e-300).mean()
    p[rows, y] -= 1
    return loss, p / len(y)

# %% sandboxed="network"
def new_network(kind, scale, seed, hidden=(50, 50, 50, 50)):
    """The layers of a ReLU network;
    kind is 'plain', 'batch' or 'layer', scale that of the weights.
    """
    rng = np.random.default_rng(seed)
    return [{"kind": kind, "W": scale * rng.normal(size=(a, b)), "gamma": np.ones(b),
             "beta": np.zeros(b),
             "running": {"running_mean": np.zeros(b), "running_var": np.ones(b)}}
            for a, b in pairwise((64, *hidden, 10))]


def scores_of(layers, x, mode="test"):
    """The scores (N, 10), and for each layer its input, its pre-activations and a cache."""
    passed = []
    for layer in layers[:-1]:
        a, cache, scale_and_shift = x @ layer["W"], None, (layer["gamma"], layer["beta"])
        if layer["kind"] == "batch":
            a, cache = batchnorm_forward(a, *scale_and_shift, {**layer["running"], "mode": mode})
        elif layer["kind"] == "layer":
            a, cache = layernorm_forward(a, *scale_and_shift, {})
        else:
            a = a + layer["beta"]
        passed.append((x, a, cache))
        x = np.maximum(a, 0)
    return x @ layers[-1]["W"] + layers[-1]["beta"], [*passed, (x, None, None)]

# %% [markdown]
# Now backwards: `descend` makes one step of gradient descent,
# and `train` makes 40 of them, on minibatches drawn from 500 digits.
# A loss that is no longer a number counts as infinite.

# %% sandboxed="training"
def descend(layers, x, y, rate):
    """One step of gradient descent on one minibatch; returns the loss before the step."""
    scores, passed = scores_of(layers, x, mode="train")
    loss, da = softmax_loss(scores, y)
    for layer, (x, a, cache) in zip(reversed(layers), reversed(passed)):
        da = da if a is None else da * (a > 0)
        if cache is None:
            dgamma, dbeta = 0.0, da.sum(axis=0)
        else:
            back = batchnorm_backward_alt if layer["kind"] == "batch" else layernorm_backward
            da, dgamma, dbeta = back(da, cache)
        dW, da = x.T @ da, da @ layer["W"].T
        for name, slope in (("W", dW), ("gamma", dgamma), ("beta", dbeta)):
            layer[name] -= rate * slope
    return loss


def train(kind, scale, rate, seed, steps=40, batch=50, hidden=(50, 50, 50, 50)):
    """Train on digits; returns the layers and the mean loss of the last five steps."""
    X, y = digits_for_numpy()
    layers, rng, losses = (new_network(kind, scale, seed, hidden),
                           np.random.default_rng(seed + 1), [])
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            rows = rng.integers(500, size=batch)
            losses.append(descend(layers, X[rows], y[rows], rate))
    return layers, np.nan_to_num(np.mean(losses[-5:]), nan=np.inf)

# %% shared="digits"
def digits_for_numpy():
    """The digits of the course, in double precision; each pixel has mean 0 over the first 500."""
    if not _digits:
        X, y = data.digits()
        _digits.extend((X.astype(float) - X[:500].mean(axis=0), y))
    return _digits


_digits = []

# %% [markdown]
# **Predict.** The scale of the weights goes from 0.001 to 3, the learning rate is fixed.
# At the scale 0.001, the plain network answers the same to every image.
# Its loss after training is still: `"0"`, `"ln 10"` or `"infinite"`?

# %% solution="loss_at_small_scale" title="Predict: loss at small scale"
# Type your choice: loss_at_small_scale = "..."
### BEGIN SOLUTION
loss_at_small_scale = "ln 10"
### END SOLUTION

# %% [markdown] hint="loss_at_small_scale"
# All scores are nearly zero, and the gradients of the weights are products of four tiny matrices.
# What loss has a network that gives each of ten digits the same probability?

# %% tests="loss_at_small_scale" points=1
check_one_of("loss_at_small_scale", loss_at_small_scale, ["0", "ln 10", "infinite"])
### BEGIN HIDDEN TESTS
check_equal("loss_at_small_scale", loss_at_small_scale, "ln 10",
            look="Ten equal probabilities cost −ln(1/10), and tiny gradients change nothing about "
            "it in 40 steps.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Now the scale is one at which both networks train,
# and the learning rate goes from 0.003 to 30.
# The largest learning rate at which a network still learns is, with batch norm:
# `"smaller"`, `"the same"` or `"larger"`?

# %% solution="largest_rate" title="Predict: largest learning rate"
# Type your choice: largest_rate = "..."
### BEGIN SOLUTION
largest_rate = "larger"
### END SOLUTION

# %% [markdown] hint="largest_rate"
# A step that was too long leaves large weights behind.
# What does batch norm do to the gradients of large weights?

# %% tests="largest_rate" points=1
check_one_of("largest_rate", largest_rate, ["smaller", "the same", "larger"])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20 the network with batch norm learned at a rate at least 3.2 times as large.
check_equal(
    "largest_rate", largest_rate, "larger",
    look="Read the right panel: which curve stays below the dotted line further to the right?")
### END HIDDEN TESTS

# %% sandboxed="sweeps"
SCALES, RATES = np.logspace(-3, 0.5, 8), np.logspace(-2.5, 1.5, 9)


def losses_by_scale(kind, seed):
    """The loss after training for each scale of the weights, at the learning rate 0.1."""
    return np.array([train(kind, scale, 0.1, seed)[1] for scale in SCALES])


def losses_by_rate(kind, seed):
    """The loss after training for each learning rate, from weights of He's scale (0.2)."""
    return np.array([train(kind, 0.2, rate, seed)[1] for rate in RATES])

# %% experiment="scale_and_rate"
figure, panels = plt.subplots(1, 2, figsize=(8.4, 3.5), sharey=True)
sweeps = [(panels[0], SCALES, losses_by_scale), (panels[1], RATES, losses_by_rate)]
for panel, values, sweep in progress(sweeps, "sweeps"):
    for kind, label, style in (("plain", "without", "o-"), ("batch", "with batch norm", "s--")):
        losses = np.minimum(sweep(kind, seed=4), 10.0)
        panel.loglog(values, losses, style, label=label)
    panel.axhline(np.log(10), color="0.4", linestyle=":")
panels[1].text(0.015, 2.65, "guessing: ln 10", color="0.35", fontsize=9)
panels[0].set(xlabel="standard deviation of the weights at the start", ylabel="loss after 40 steps",
              title="Against the scale of the weights", ylim=(0.03, 13))
panels[0].set_yticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10+"])
panels[1].set(xlabel="learning rate", title="Against the learning rate")
panels[0].legend(loc="lower left")
show(figure, "Two panels, loss after 40 steps on logarithmic axes, without and with batch norm. "
     "Left, against the standard deviation of the weights at the start: the plain network stays at "
     "ln 10 or above everywhere but near 0.3; with batch norm the loss is below ln 10 at all eight "
     "scales. Right, against the learning rate: the plain network fails from 3 on, the one with "
     "batch norm from 10 on, and its best loss is lower.")

# %% [markdown]
# On the left, the plain network learns at one or two of eight scales,
# the one with batch norm at all of them.
# (Not equally well: at 0.001 the variances are no larger than ε,
# and at 3 the brake makes the steps short.)
#
# Read the right panel: how many times as large is the largest learning rate at
# which the network *with* batch norm ends below the dotted line (clearly: below 1.5),
# compared with the largest one of the plain network?
# (Neighbouring points are a factor of $\sqrt{10} \approx 3.2$ apart.)

# %% solution="rate_ratio" title="Ratio of learning rates"
# Type the ratio of the two learning rates: rate_ratio = ...
### BEGIN SOLUTION
rate_ratio = 3.2
### END SOLUTION

# %% [markdown] hint="rate_ratio"
# Count the points between the last one that is low of each curve;
# each step to the right is a factor of 3.2.

# %% tests="rate_ratio" points=1
check("rate_ratio", rate_ratio > 0, f"{rate_ratio} is not a positive ratio")
### BEGIN HIDDEN TESTS
# 17 of 20 seeds gave 3.2 (one point further to the right), 3 gave 10 (two points).
check("rate_ratio", 2.5 <= rate_ratio <= 12,
      f"is {rate_ratio:g}, but your picture says something else",
      look="Take for each curve the rightmost point with a loss below 1.5, "
      "and divide the larger rate by the smaller.")
### END HIDDEN TESTS

# %% [markdown]
# *Why* it helps has been argued about.
# Ioffe & Szegedy meant that it keeps the distribution of each layer's inputs
# from shifting during training ("internal covariate shift").
# Santurkar et al. (2018) injected such shifts on purpose, and batch norm helped all the same;
# they measured that it makes the loss and its gradient change more smoothly along a step.
# Bjorck et al. (2018) traced most of the gain to the larger learning rates that it makes possible.
# What you just measured is on firm ground whoever is right.
