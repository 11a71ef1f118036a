# %% [markdown]
# ## 7 · Dead ReLUs
#
# A ReLU that is off for *every* example of the training set has no gradient from any of them:
# its weights don't move, and it stays off for good.
# It is *dead*.
# A unit that is off for one example is merely sparse, and that is healthy.

# %% solution="dead_units" title="Dead units"
def dead_units(batches):
    """Which units are dead: zero for every example of every batch.

    Args:
        batches: a list of arrays (n_i, H), the outputs of a layer of H ReLUs for the minibatches
            that together are the training set. The n_i may differ.

    Returns:
        A boolean array (H,), True for the dead units. A unit with any output above 0, however
        small or rare, is alive.
    """
    ### BEGIN SOLUTION
    ever_on = np.zeros(batches[0].shape[1], dtype=bool)
    for out in batches:
        ever_on |= (out > 0).any(axis=0)
    return ~ever_on
    ### END SOLUTION

# %% [markdown] hint="dead_units"
# When may you say that a unit is dead: after one example, after one batch, or after all of them?
# One example that switches it on settles the matter.

# %% [markdown] hint="dead_units"
# Collect `(out > 0).any(axis=0)` over the batches with "or"; what was never on is dead.

# %% tests="dead_units" points=2
batches = [np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 2.0]])]
got = dead_units(batches)
check_shape("dead_units([[[0, 1, 0], [0, 0, 0]], [[0, 0, 2]]])", got, (3,),
            look="A mask, one entry for each unit.")
check_equal("dead_units([[[0, 1, 0], [0, 0, 0]], [[0, 0, 2]]])", [bool(dead) for dead in got],
            [True, False, False],
            look="The third unit is off in the first batch and on in the second: alive.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dead_units")
for sizes in ((5, 5, 3), (1, 6), (4,), (6, 6, 6)):
    outputs = [np.maximum(rng.normal(size=(n, 6)) - 0.5, 0) for n in sizes]
    for out in outputs:
        out[:, [0, 2, 5]] = 0.0
    outputs[rng.integers(len(sizes))][0, 2] = 1e-12  # once in a lifetime, and barely
    outputs[rng.integers(len(sizes))][0, [1, 3, 4]] = 0.5
    expected = [all(out[row, unit] == 0 for out in outputs for row in range(len(out)))
                for unit in range(6)]
    got = dead_units([out.copy() for out in outputs])
    check_shape("dead_units for six units", got, (6,))
    check_equal(
        f"dead_units for batches of {sizes} examples", [bool(dead) for dead in got], expected,
        look="Dead means off for every example of every batch; one small output is enough to live.")
### END HIDDEN TESTS

# %% [markdown]
# How do ReLUs die?
# One step that is too long throws weights and bias so far
# that $w \cdot x + b < 0$ for all of the data.
# The next cell trains a network with 100 hidden units on the digits, with your functions.

# %% sandboxed="train_digits"
def train_digits(forward, backward, rate, seed=0, steps=40, start=None):
    """Train 64-100-10 on 1,500 digits with SGD, 100 a step; returns [W1, b1, W2, b2].

    Starts from the parameters ``start``, or else from fresh ones (He et al., 2015).
    """
    (x, y), rng = data.digits(), np.random.default_rng(seed)
    fresh = [rng.normal(size=(64, 100)) / np.sqrt(32), np.zeros(100),
             rng.normal(size=(100, 10)) / np.sqrt(50), np.zeros(10)]
    W1, b1, W2, b2 = start or fresh
    for _ in range(steps):
        rows = rng.choice(1500, 100, replace=False)
        hidden, cache = forward(x[rows] @ W1 + b1)
        slope = (softmax(hidden @ W2 + b2, axis=1) - np.eye(10)[y[rows]]) / 100
        dz = backward(slope @ W2.T, cache)
        W1, b1 = W1 - rate * x[rows].T @ dz, b1 - rate * dz.sum(axis=0)
        W2, b2 = W2 - rate * hidden.T @ slope, b2 - rate * slope.sum(axis=0)
    return [W1, b1, W2, b2]

# %% sandboxed="examined"
def examined(parameters, forward=None):
    """(number of dead units, accuracy): of a network from ``train_digits``.

    The dead are counted on the 1,500 training digits: outputs that are zero for all of them.
    The accuracy is that on the other 297.
    """
    (x, y), (W1, b1, W2, b2) = data.digits(), parameters
    hidden = (forward or relu_forward)(x @ W1 + b1)[0]
    right = (hidden[1500:] @ W2 + b2).argmax(axis=1) == y[1500:]
    return int(np.sum(dead_units(np.split(np.abs(hidden[:1500]), 15)))), right.mean()

# %% [markdown]
# **Predict.** A learning rate of 1 trains this network well.
# What does a rate of 2.8 do to its 100 hidden units in 40 steps:
# it kills `"hardly any"`, `"about a fifth"`, or `"most"` of them?

# %% solution="casualties" title="Predict: how many die"
# Type your choice: casualties = "..."
### BEGIN SOLUTION
casualties = "most"
### END SOLUTION

# %% [markdown] hint="casualties"
# The pixels are all positive or zero.
# If one step pushes all weights of a unit down (section 3: they are of one sign!),
# for how many images can it still be on?

# %% tests="casualties" points=1
check_one_of("casualties", casualties, ["hardly any", "about a fifth", "most"])
### BEGIN HIDDEN TESTS
# On twenty seeds: 0 to 9 of 100 at 1, 81 to 93 at 2.8.
check_equal("casualties", casualties, "most",
            look="Between a rate of 1 and one of 2.8 lies a cliff.")
### END HIDDEN TESTS

# %% experiment="dying"
rates = [0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0]
found = [examined(train_digits(relu_forward, relu_backward, rate))
         for rate in progress(rates, "learning rates")]
figure, axes = plt.subplots()
axes.plot(rates, [dead for dead, _ in found], "o-", color=COLOURS["red"],
          label="dead units, of 100")
axes.plot(rates, [100 * right for _, right in found], "s--", color=COLOURS["blue"],
          label="accuracy, in %")
axes.axhline(50, color="0.5", linestyle=":")
axes.set_xscale("log")
axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
axes.minorticks_off()
axes.set(xlabel="learning rate", ylim=(0, 104), title="How ReLUs die: 40 steps, 100 hidden units")
axes.legend(loc=(0.02, 0.2))
show(figure, "Dead units and accuracy after 40 steps, against the learning rate. Up to a rate of "
     "1, a handful of the 100 units are dead and the accuracy is near 87 percent. From 1.4 to 2.8 "
     "the number of dead units jumps to about 90, and the accuracy falls to that of guessing.")

# %% [markdown]
# Read off: what is the smallest learning rate of the sweep at
# which more than half of the units are dead?

# %% solution="deadly_rate" title="Deadly learning rate"
# Type the learning rate: deadly_rate = ...
### BEGIN SOLUTION
deadly_rate = 2.0
### END SOLUTION

# %% [markdown] hint="deadly_rate"
# Where does the red curve lie above the dotted line for the first time?

# %% tests="deadly_rate" points=1
check("deadly_rate", 0.3 <= deadly_rate <= 4.1, f"{deadly_rate} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# 2.0 on twenty seeds of twenty; a ratio of 1.2 is half a tick of the sweep.
check_close("deadly_rate", deadly_rate, 2.0, rtol=0.17,
            look="The first point of the red curve above the dotted line.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The damage is done: most units are dead.
# Now you train on with a gentle rate of 0.2.
# How many of the dead come back: `"none or next to none"`, `"about half"` or `"nearly all"`?

# %% solution="come_back" title="Predict: how many come back"
# Type your choice: come_back = "..."
### BEGIN SOLUTION
come_back = "none or next to none"
### END SOLUTION

# %% [markdown] hint="come_back"
# What is the gradient of the weights of a unit that is off for every example?

# %% tests="come_back" points=1
check_one_of("come_back", come_back, ["none or next to none", "about half", "nearly all"])
### BEGIN HIDDEN TESTS
check_equal("come_back", come_back, "none or next to none",
            look="The gradient of its weights and bias is zero, "
            "and no layer below moves its inputs.")
### END HIDDEN TESTS

# %% [markdown]
# ### Revive them
#
# The cheapest cure moves only the bias of each dead unit,
# up until the unit is on for a small share of the examples.
# Then it has a gradient again.
# Leave living units alone.

# %% solution="revive" title="Reviving dead units"
def revive(x, W, b, share=0.1):
    """Biases with which no unit of a ReLU layer is dead.

    Args:
        x: inputs, (N, D); W: weights, (D, H); b: biases, (H,). The layer computes relu(x @ W + b).
        share: of the examples, between 0 and 1; share · N is a whole number but for rounding, from
            1 to N − 1.

    Returns:
        New biases (H,): those of the living units (on for at least one example) as they were;
        those of the dead ones such that the unit is on for exactly share · N examples. (No two
        examples have the same x @ W.) The arguments are left as they are.
    """
    ### BEGIN SOLUTION
    drive, wanted = x @ W, round(share * len(x))
    ordered = np.sort(np.vstack([drive, drive.min(axis=0) - 1]), axis=0)
    between = (ordered[-wanted] + ordered[-wanted - 1]) / 2
    return np.where((drive + b > 0).any(axis=0), b, -between)
    ### END SOLUTION

# %% [markdown] hint="revive"
# Which units are dead?
# Those where `x @ W + b` is positive for no row.
# For such a unit, sort `x @ W`:
# how far up must the bias go so that only the largest few are above 0?

# %% [markdown] hint="revive"
# A threshold t with exactly `share * N` values above it:
# a quantile, `np.quantile(x @ W, 1 - share, axis=0)`.
# The bias is −t.
# Then `np.where(dead, -t, b)`.

# %% tests="revive" points=2 changes="shown"
x, W = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[1.0, 1.0, -1.0]])
b = np.array([-9.0, -3.5, 0.0])
got = np.asarray(revive(x.copy(), W.copy(), b.copy(), share=0.5))
check_shape("revive for three units", got, (3,))
check_equal("the examples, of 4, that switch on the three units after revive(..., share=0.5)",
            ((x @ W + got) > 0).sum(axis=0).tolist(), [2, 1, 2],
            look="Half of four for the first and the third, which were dead.")
check_close("the bias of the second unit, which is alive,", got[1], -3.5, rtol=1e-6,
            look="Leave living units alone.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("revive")
for share in (0.1, 0.25, 0.05, 0.5):
    x, W, b = rng.normal(size=(20, 5)), rng.normal(size=(5, 8)), rng.normal(size=8)
    drive = x @ W
    b[[1, 4, 6]] = -drive.max(axis=0)[[1, 4, 6]] - rng.uniform(1, 50, size=3)  # dead, three of them
    b[2] = -np.sort(drive[:, 2])[-2:].mean()  # on for a single example
    b[7] = 1 - drive[:, 7].min()  # on for all of them
    before = x.copy(), W.copy(), b.copy()
    got = np.asarray(revive(x, W, b, share))
    for name, old, new in zip("xWb", before, (x, W, b), strict=True):
        check_unchanged("revive", name, old, new)
    b = before[2]
    check_equal("the examples, of 20, that switch on the three dead units after "
                f"revive(..., share={share})",
                ((drive + got) > 0).sum(axis=0)[[1, 4, 6]].tolist(), [round(20 * share)] * 3,
                look="A quantile of x @ W of each unit, with the opposite sign.")
    living = [0, 2, 3, 5, 7]
    check_close("the biases of living units after revive", got[living],
                np.where((drive + b > 0).any(axis=0), b, got)[living], rtol=1e-5, atol=1e-6,
                look="One example is enough to be alive, and the living keep their bias.")
x, W = rng.normal(size=(100, 3)), rng.normal(size=(3, 2))
for share, wanted in ((0.29, 29), (0.07, 7)):
    check_equal(
        f"the examples, of 100, that switch on two dead units after revive(..., share={share})",
        (x @ W + np.asarray(revive(x.copy(), W.copy(), np.full(2, -99.0), share))
         > 0).sum(axis=0).tolist(), [wanted] * 2,
        look="In floats, 0.29 · 100 is 28.999… and 0.07 · 100 is 7.000…1: round, don't cut off.")
x = np.array([[1.0], [2.0], [3.0], [4.0]])
got = np.asarray(revive(x.copy(), np.ones((1, 1)), np.array([-4.0]), 0.25))
check_equal("the examples, of 4, that switch on a unit whose largest x @ W + b was 0",
            int(((x + got) > 0).sum()), 1, look="A ReLU is off at 0, too: alive means above 0.")
### END HIDDEN TESTS

# %% [markdown]
# Three ways after the accident at a rate of 2: train on, revive and train on;
# and a network that was built with leaky ReLUs and had the same accident.
# All three go on with a rate of 0.2.

# %% sandboxed="after_the_accident"
def after_the_accident(seed=0, steps=60, every=20):
    """Dead units and accuracy after an accident, for three ways on: a dict of lists of pairs.

    The lists hold (dead units, accuracy) after 0, every, 2 · every, … steps at a gentle rate.
    """
    ordinary, leaky = (relu_forward, relu_backward), (leaky_relu_forward, leaky_relu_backward)
    broken = train_digits(*ordinary, rate=2.0, seed=seed)
    W1, b1, W2, b2 = broken
    revived = [W1, revive(data.digits()[0][:1500].astype(float), W1, b1), W2, b2]
    spared = train_digits(*leaky, rate=2.0, seed=seed)
    history = {"train on": [], "revive, then train on": [], "leaky ReLU, train on": []}
    ways = zip(history, (ordinary, ordinary, leaky), (broken, revived, spared), strict=True)
    for name, functions, parameters in ways:
        history[name].append(examined(parameters, functions[0]))
        for leg in range(steps // every):
            parameters = train_digits(*functions, 0.2, 1000 * (seed + 1) + leg, every, parameters)
            history[name].append(examined(parameters, functions[0]))
    return history

# %% experiment="revival"
history = after_the_accident()
marks = {"train on": ("o-", "red"), "revive, then train on": ("s-", "blue"),
         "leaky ReLU, train on": ("^--", "black")}
figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.4))
for name, (mark, colour) in marks.items():
    (dead, accuracy), fill = zip(*history[name], strict=True), "none" if "leaky" in name else "full"
    left.plot(range(0, 61, 20), dead, mark, color=COLOURS[colour], markersize=6, fillstyle=fill)
    right.plot(range(0, 61, 20), 100 * np.array(accuracy), mark, color=COLOURS[colour],
               markersize=6, fillstyle=fill, label=name)
left.set(title="dead units, of 100", xlabel="steps at the gentle rate", ylim=(-3, 100))
right.set(title="accuracy, in %", xlabel="steps at the gentle rate", ylim=(0, 100))
right.legend(loc="lower right")
show(figure, "Two panels against the steps after the accident. Left, dead units: "
     "about 80 and constant for training on, 0 for the revived and for the leaky network. "
     "Right, accuracy: all rise; the revived network passes 80 percent, the one with dead units "
     "and the leaky one stay clearly below it.")

# %% [markdown]
# The dead stay dead, and the network makes do with the units that are left.
# Revival costs one line.
# (In the leaky network nearly as many units sit on their left side for all images;
# but there they still pass a hundredth of the gradient, and it learns on slowly and steadily.)
# Better still is not to have the accident: a smaller learning rate or a warm-up, gradient clipping
# (notebook 08), centred inputs, a slope on the left (leaky ReLU, PReLU, ELU, GELU),
# or normalization before the activation (notebook 04),
# which sees to it that every unit is on for some examples.
#
# (With several layers, a dead unit *can* come back now and then:
# the layers below still learn through its neighbours, and its inputs change.
# Don't count on it.)
