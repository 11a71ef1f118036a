# %% [markdown]
# ## 9 · When does it help?
#
# The lecture notes of CS231n give advice by two questions: is your data set small or large,
# and is it like the pictures that the network was trained on (near) or not (far)?
#
# | | near | far |
# | --- | --- | --- |
# | **small** | linear classifier on top features | linear classifier on *lower*-layer features |
# | **large** | fine-tune | fine-tune all; or train from scratch, if large enough |
#
# You will fill in such a table from your own runs.
# First the rival: a small network that starts from nothing.
# (Wider ones, trained for longer, got about 50 % in our trials, a few points more than this one.)

# %% sandboxed="from_scratch"
def small_network(classes):
    """Three convolutions for grey pictures of 48 × 48, with batch norm: about 14,000 parameters."""

    def layer(inputs, outputs, kernel, stride):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(*layer(1, 12, 5, 3), nn.MaxPool2d(2), *layer(12, 24, 3, 1),
                         *layer(24, 48, 3, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, classes))


def from_scratch(train, test, rows, seed=0, steps=100):
    """Test accuracy of the small network, trained on some rows for about so many steps."""
    torch.manual_seed(seed)
    network = small_network(int(train.y.max()) + 1).to(device())
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    epochs = max(steps // max(len(rows) // 30, 1), 1)
    cooling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    x, y = (torch.from_numpy(train.X[rows]).to(device()),
            torch.from_numpy(train.y[rows]).to(device()))
    for epoch in range(epochs):
        train_on(network.train(), optimizer, x, y, seed=100 * seed + epoch)
        cooling.step()
    with torch.no_grad():
        said = network.eval()(torch.from_numpy(test.X).to(device())).argmax(1).cpu().numpy()
    return np.mean(said == test.y)

# %% [markdown]
# **Predict.** Ten labels a class, 18 photographs, five draws of the labels.
# How far is the linear classifier on pretrained features ahead of the small network from scratch,
# in points of accuracy: `"behind"`, `"0 to 15"`, `"15 or more"`?

# %% solution="ahead" title="Predict: features against scratch"
# Type your choice: ahead = "..."
### BEGIN SOLUTION
ahead = "15 or more"
### END SOLUTION

# %% [markdown] hint="ahead"
# How many pictures of each class must show the small network what a texture is?
# The other one knew before.

# %% tests="ahead" points=1
check_one_of("ahead", ahead, ["behind", "0 to 15", "15 or more"])
### BEGIN HIDDEN TESTS
# Ahead by 28 points here, by 33, 33 and 34 on other draws of the patches.
check_equal("ahead", ahead, "15 or more",
            look="180 labelled patches are very few to learn all features from.")
### END HIDDEN TESTS

# %% experiment="against_scratch"
draws = [draw(near[0].y, 10, seed) for seed in range(5)]
scratch = [100 * from_scratch(*near, rows, seed)
           for seed, rows in enumerate(progress(draws, "from scratch"))]
transfer = [100 * linear_accuracy(*near, rows) for rows in draws]
figure, axes = plt.subplots(figsize=(6.6, 2.4))
for place, (scores, colour) in enumerate(((scratch, "orange"), (transfer, "blue"))):
    axes.barh(place, np.mean(scores), color=COLOURS[colour], alpha=0.8)
    axes.plot(scores, np.full(5, place), "k|", markersize=12)
    axes.text(np.max(scores) + 2, place, f"{np.mean(scores):.1f} %", va="center")
axes.axvline(100 / 18, color="0.4", linestyle=":")
axes.set(yticks=[0, 1],
         yticklabels=["small network\nfrom scratch", "linear classifier on\npretrained features"],
         xlim=(0, 100),
         xlabel="test accuracy in %, mean and five draws of ten labels a class (dotted: guessing)")
axes.invert_yaxis()
show(figure,
     f"Test accuracy with ten labels a class over five draws: from scratch {np.mean(scratch):.1f} "
     f"% on average, linear classifier on pretrained features {np.mean(transfer):.1f} %.")

# %% [markdown]
# Read off the lead, in points of accuracy.

# %% solution="lead" title="Lead of the features"
# Type the difference of the two means: lead = ...
### BEGIN SOLUTION
lead = 28
### END SOLUTION

# %% [markdown] hint="lead"
# Subtract the upper number from the lower one.

# %% tests="lead" points=1
check("lead", -100 < lead < 100, f"{lead} is not a difference of accuracies in points")
### BEGIN HIDDEN TESTS
# The picture says 28; other draws of the patches gave 33 to 34.
check("lead", 15 <= lead <= 42, f"is {lead:g}, but your picture says something else",
      look="Pretrained minus from scratch, in points of per cent.")
### END HIDDEN TESTS

# %% [markdown]
# ### Who won?
#
# Accuracies scatter with the draw of the labels.
# Before you call one method better, compare it *draw by draw* with the runner-up:
# take the differences, their mean, and the standard error of that mean.

# %% solution="winner" title="A clear winner"
def winner(runs):
    """The best method, if it is clearly best.

    Args:
        runs: a dictionary from the names of two or more methods to their accuracies, arrays (S,)
            over the same S ≥ 2 draws.

    Returns:
        The name of the method with the highest mean. But ``"tie"`` if the mean of the differences
        to the second highest, draw by draw, is less than twice its standard error (the standard
        deviation of the differences, with S − 1, divided by √S).
    """
    ### BEGIN SOLUTION
    second, first = sorted(runs, key=lambda name: np.mean(runs[name]))[-2:]
    apart = np.asarray(runs[first]) - np.asarray(runs[second])
    error = apart.std(ddof=1) / np.sqrt(len(apart))
    return "tie" if apart.mean() < 2 * error else first
    ### END SOLUTION

# %% [markdown] hint="winner"
# Sort the names by their mean.
# The last is the best, the one before it the runner-up.

# %% [markdown] hint="winner"
# Subtract their accuracies draw by draw *first*,
# then take the standard deviation (`ddof=1`) of the differences.
# A hard draw is hard for both, and cancels.

# %% tests="winner" points=2
runs = {"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.6, 0.7, 0.8]),
        "c": np.array([0.1, 0.9, 0.2])}
check_equal("winner of a = (0.5, 0.6, 0.7), b = (0.6, 0.7, 0.8), c = (0.1, 0.9, 0.2)", winner(runs),
            "b", look="In each draw b is 0.1 ahead of a: the differences don't scatter at all.")
runs = {"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.9, 0.6, 0.5])}
check_equal("winner of a = (0.5, 0.6, 0.7), b = (0.9, 0.6, 0.5)", winner(runs), "tie",
            look="The differences 0.4, 0 and −0.2 have the mean 0.07 and a standard error of 0.18.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("winner")
swing, third = rng.normal(0, 0.1, size=4), np.array([0.99, 0.1, 0.1, 0.1])
# Differences m + (s, −s, s, −s):
# standard error s / √3, so the border lies at m = 2 s / √3 = 1.155 s.
for ratio, expected in ((1.25, "fine-tuned"), (1.08, "tie"), (1.6, "fine-tuned"), (0.7, "tie")):
    wave = 0.02 * np.array([1, -1, 1, -1])
    runs = {"fine-tuned": 0.6 + swing + 0.02 * ratio + wave, "scratch": third,
            "linear": 0.6 + swing}
    check_equal(f"winner, the mean of the differences {2 * ratio / 1.1547:.2f} standard "
                "errors from 0", winner(runs), expected,
                look="Less than twice std(differences, ddof=1) / √S is a tie. "
                "The second best is second by its mean.")
check_equal("winner of two methods that are alike in all but one draw",
            winner({"one": np.array([0.5, 0.5, 0.5, 0.5]), "two": np.array([0.5, 0.5, 0.5, 0.6])}),
            "tie", look="One lucky draw is no lead.")
### END HIDDEN TESTS

# %% [markdown]
# ### Where do the two domains part?
#
# First the question of the table's upper right corner: after which part are the features best?
# One linear classifier for each part, with ten labels a class, near and far.
#
# **Predict.** For which domain are the features after block 9 better than those of the top,
# by five points or more: `"the photographs"`, `"the digits"`, `"both"` or `"neither"`?

# %% solution="better_below" title="Predict: better below the top"
# Type your choice: better_below = "..."
### BEGIN SOLUTION
better_below = "the digits"
### END SOLUTION

# %% [markdown] hint="better_below"
# Which layers know about strokes and their ends, and which about dogs and mushrooms?
# Which domain can use the latter?

# %% tests="better_below" points=1
check_one_of("better_below", better_below, ["the photographs", "the digits", "both", "neither"])
### BEGIN HIDDEN TESTS
# Photographs: −1 to 1 points; digits: 15 to 21 points.
check_equal("better_below", better_below, "the digits",
            look="Compare, for each curve, block 9 with the top.")
### END HIDDEN TESTS

# %% sandboxed="by_depth"
#: The parts after which the features are tried.
DEPTHS = ("stem", "blocks.1", "blocks.3", "blocks.5", "blocks.7", "blocks.9", "blocks.11",
          "blocks.13", "top")


def by_depth(train, test, seed, draws=2):
    """Mean accuracy of a linear classifier after each of DEPTHS, ten labels a class."""
    chosen = [draw(train.y, 10, 10 * seed + k) for k in range(draws)]
    return [np.mean([linear_accuracy(train, test, rows, part) for rows in chosen])
            for part in DEPTHS]

# %% experiment="depths"
far = collect(far_domain, seed=7)
figure, axes = plt.subplots(figsize=(7, 3.2))
peaks = []
for (name, domain), colour, mark in zip({"photographs (near)": near, "digits (far)": far}.items(),
                                        ("blue", "orange"), "os", strict=True):
    scores = 100 * np.array(by_depth(*domain, seed=7))
    best = int(scores.argmax())
    axes.plot(DEPTHS, scores, marker=mark, color=COLOURS[colour],
              label=f"{name}: best after {DEPTHS[best]}")
    axes.plot(DEPTHS[best], scores[best], "o", markersize=15, fillstyle="none",
              color=COLOURS["black"])
    peaks.append(f"{name} {DEPTHS[best]} with {scores[best]:.0f} %")
axes.set(ylabel="test accuracy in %", ylim=(0, 100),
         title="A linear classifier after each part, ten labels a class")
axes.tick_params(axis="x", rotation=30)
axes.legend(loc="lower right")
show(figure, "Test accuracy of a linear classifier on the features after nine parts, from the stem "
     "to the top, for the photographs and for the digits. Best parts: " + "; ".join(peaks) + ".")

# %% [markdown]
# That block 9 is a good choice for the digits you now know from *test* accuracies:
# a small leak of its own.
# For a number that you report, choose the block with a validation set.
#
# ### The two-by-two table
#
# Small: ten labels a class.
# Larger: thirty.
# Four methods: the small network from scratch, a linear classifier on the features of the top,
# one on those after block 9, and fine-tuning by depth.
# Three draws of each.
#
# **Predict** for *small and far* (ten labels of each digit):
# are the features of the top, with a linear classifier or fine-tuned,
# ahead of training from scratch by 15 points or more, as they are for the photographs?
# `"yes"` or `"no"`?

# %% solution="far_and_small" title="Predict: far and small"
# Type your choice: far_and_small = "..."
### BEGIN SOLUTION
far_and_small = "no"
### END SOLUTION

# %% [markdown] hint="far_and_small"
# What do the features of the top know about digits
# that a small network doesn't learn from a hundred of them?

# %% tests="far_and_small" points=1
check_one_of("far_and_small", far_and_small, ["yes", "no"])
### BEGIN HIDDEN TESTS
# Ahead by 3 points here; less than 15 on each seed that was tried, see claims.py.
check_equal("far_and_small", far_and_small, "no",
            look="Compare the columns of the table: what helped near need not help far.")
### END HIDDEN TESTS

# %% sandboxed="corner"
METHODS = ("scratch", "top", "block 9", "fine-tuned")


def corner(train, test, a_class, seeds):
    """One corner of the table: for each method the accuracies over draws of labels."""
    runs = {method: [] for method in METHODS}
    for seed in seeds:
        rows = draw(train.y, a_class, seed)
        runs["scratch"].append(from_scratch(train, test, rows, seed))
        runs["top"].append(linear_accuracy(train, test, rows))
        runs["block 9"].append(linear_accuracy(train, test, rows, "blocks.9"))
        runs["fine-tuned"].append(fine_tune(train, test, rows, "by depth", 1200 // len(rows),
                                            rate=0.05, seed=seed)[-1])
    return {method: np.array(scores) for method, scores in runs.items()}

# %% experiment="two_by_two"
corners = [(size, a_class, place, domain) for size, a_class in (("small", 10), ("larger", 30))
           for place, domain in (("near", near), ("far", far))]
table = {(size, place): corner(*domain, a_class, range(3))
         for size, a_class, place, domain in progress(corners, "corners")}

# %% experiment="table"
figure, axes = plt.subplots(2, 2, figsize=(8.4, 5.0), sharex=True, sharey=True)
said = []
for axis, ((size, place), runs) in zip(axes.flat, table.items(), strict=True):
    means = [100 * np.mean(runs[method]) for method in METHODS]
    bars = axis.barh(METHODS, means,
                     color=[COLOURS[name] for name in ("orange", "sky", "green", "blue")])
    for row, method in enumerate(METHODS):
        axis.plot(100 * runs[method], np.full(3, row), "k|", markersize=7)
    axis.bar_label(bars, fmt="%.0f %%", padding=14)
    axis.set(title=f"{size}, {place}: {winner(runs)}", xlim=(0, 100))
    said.append(f"{size} and {place}: "
                + ", ".join(f"{m} {v:.0f} %" for m, v in zip(METHODS, means, strict=True))
                + f" (winner: {winner(runs)})")
axes[0, 0].invert_yaxis()
for axis in axes[1]:
    axis.set_xlabel("test accuracy in %")
figure.subplots_adjust(hspace=0.3, wspace=0.15)
show(figure, "The two-by-two table as four bar charts of four methods. " + "; ".join(said) + ".")
