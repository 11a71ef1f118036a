# %% [markdown]
# Compare with the advice.
# (A *tie* says that the best two of the four are not clearly apart,
# and with three draws a lead of a point or two can pass for a clear one by luck.)
# **Near**, everything pretrained is far ahead of training from scratch,
# with few labels and with more.
# A linear classifier on cached features gets nearly all that there is to get;
# fine-tuning, in the forty or fewer steps that it has here, adds nothing.
# (With thirty labels and three times as many steps, at a rate of 0.02,
# it came out about a point ahead in our trials.)
# **Far**, the features of the top give no lead over training from scratch,
# and fine-tuning gives little.
# Here the advice of the lecture notes pays:
# the features of a *lower* block are ahead of all others, with ten labels a class and with thirty.
# But training from scratch has gained most from the additional labels.
# Mind that "larger" is still tiny here,
# so that the lower row cannot show what thousands of labels do:
# near, fine-tuning then tends to overtake the linear classifier (Kornblith et al., 2019),
# and in the end even training from scratch may catch up (He et al., 2019).
#
# ## 10 · Digits that have never been seen
#
# Transfer needs no ImageNet.
# Train a small network on the digits 0 to 4 of scikit-learn's set, about 900 pictures,
# and transfer it to 5 to 9 with ten labels a class.
# The new labels must become 0 to 4 *by one and the same mapping* for training and test.

# %% solution="relabel" title="New labels"
def relabel(labels, classes):
    """Labels as places in a list of classes.

    Args:
        labels: an integer array (N,), such as [9, 5, 9].
        classes: the classes, a list of different integers in any order, such as [5, 6, 7, 8, 9].

    Returns:
        An integer array (N,): for each label its place in ``classes``, such as [4, 0, 4].

    Raises:
        ValueError: a label that is not among the classes.
    """
    ### BEGIN SOLUTION
    places = {label: place for place, label in enumerate(classes)}
    missing = set(np.asarray(labels).tolist()) - set(places)
    if missing:
        raise ValueError(f"labels {sorted(missing)} are not among the classes {list(classes)}")
    return np.array([places[label] for label in np.asarray(labels).tolist()], dtype=np.int64)
    ### END SOLUTION

# %% [markdown] hint="relabel"
# Subtracting 5 works for these five digits.
# What would it do to the classes [2, 7, 3]?

# %% [markdown] hint="relabel"
# A dictionary from label to place, `{label: place for place, label in enumerate(classes)}`,
# knows the places, and knows what is missing.

# %% tests="relabel" points=2
check_close(
    "relabel([9, 5, 9], [5, 6, 7, 8, 9])", relabel(np.array([9, 5, 9]), [5, 6, 7, 8, 9]), [4, 0, 4],
    look="The place of each label in the list of classes, whether or not all classes occur.")
check_raises("relabel([4], [5, 6])", ValueError, relabel, np.array([4]), [5, 6],
             look="4 is not among the classes.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relabel")
classes = rng.permutation(40)[:6]
places = rng.integers(1, 6, size=20)
check_close(f"relabel of 20 labels, classes {classes.tolist()}",
            relabel(classes[places], classes.tolist()), places,
            look="The place in the list as it is given; it need not be sorted.")
inside = int(sorted(set(range(int(classes.min()), 41)) - set(classes.tolist()))[0])
check_raises(f"relabel([{inside}], {classes.tolist()})", ValueError, relabel, np.array([inside]),
             classes.tolist(),
             look="A label that is missing must not get the place of another one.")
### END HIDDEN TESTS

# %% sandboxed="digit_network"
def digit_network(classes=5):
    """Two convolutions and a hidden layer for the digits of 8 × 8 pixels."""
    body = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU())
    return nn.Sequential(OrderedDict(body=body, head=nn.Linear(64, classes))).to(device())


def fit(network, x, y, epochs, rate, seed):
    """Train with Adam, in minibatches."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    for epoch in range(epochs):
        train_on(network, optimizer, x, y, seed=1000 * seed + epoch, size=25)

# %% sandboxed="digit_runs"
def digit_runs(seed):
    """Test accuracy on 5 to 9 with ten labels a class: from scratch, on features, fine-tuned."""
    torch.manual_seed(seed)
    X, y = data.digits(images=True)
    old, new = y < 5, np.flatnonzero(y >= 5)
    labels = torch.from_numpy(relabel(y[new], [5, 6, 7, 8, 9])).to(device())
    x = torch.from_numpy(X).to(device())
    teacher = digit_network()
    fit(teacher, x[old], torch.from_numpy(y[old]).to(device()), 6, 3e-3, seed)
    rows = draw(y[new], 10, seed)
    rest = np.setdiff1d(np.arange(len(new)), rows)
    scores = {}
    for way in ("scratch", "features", "fine-tuned"):
        network = digit_network() if way == "scratch" else replace_head(copy.deepcopy(teacher), 5)
        if way == "features":  # cached, since the body is frozen; a head alone needs more epochs
            with torch.no_grad():
                features = network.body(x[new[rows]])
            fit(network.head, features, labels[rows], 200, 1e-2, seed)
        else:
            fit(network, x[new[rows]], labels[rows], 30, 3e-3, seed)
        with torch.no_grad():
            said = network(x[new[rest]]).argmax(1)
        scores[way] = float((said == labels[rest]).float().mean())
    return scores

# %% experiment="digits"
digit_table = [digit_runs(seed) for seed in progress(range(3), "seeds")]
ways = {"scratch": "from scratch", "features": "features of 0–4",
        "fine-tuned": "fine-tuned from 0–4"}
means = {way: 100 * np.mean([run[way] for run in digit_table]) for way in ways}
figure, axes = plt.subplots(figsize=(6.6, 2.1))
bars = axes.barh(list(ways.values()), list(means.values()),
                 color=[COLOURS[name] for name in ("orange", "sky", "blue")])
for place, way in enumerate(ways):
    axes.plot([100 * run[way] for run in digit_table], np.full(3, place), "k|", markersize=9)
axes.bar_label(bars, fmt="%.1f %%", padding=30)
axes.set(xlim=(0, 100),
         xlabel="test accuracy on the digits 5 to 9 in %, ten labels a class, 3 seeds")
axes.invert_yaxis()
show(figure, "Test accuracy on the digits 5 to 9 with ten labels a class: "
     + ", ".join(f"{ways[way]} {mean:.1f} %" for way, mean in means.items()) + ".")

# %% [markdown]
# Surprised?
# The last hidden layer of the teacher has learned to tell five digits apart,
# and has kept what *this* takes.
# A new head on top of it finds too little,
# even when it is trained until it knows nearly all of its fifty pictures by heart.
# (A linear classifier on the bare pixels does better: 91 to 95 % in our trials.)
# Fine-tuning mends the features, and ends about where training from scratch ends:
# from 0 to 4 there was not much to bring along that ten examples of each new digit don't teach.
# What is transferred is only as broad as what the first task needed;
# the thousand classes of ImageNet need much.
#
# Read off how far the classifier on the teacher's frozen features
# is *behind* training from scratch, in points of accuracy.

# %% solution="digits_behind" title="Frozen features on digits"
# Type the lead of training from scratch over the features of 0–4, in points: digits_behind = ...
### BEGIN SOLUTION
digits_behind = 14.6
### END SOLUTION

# %% [markdown] hint="digits_behind"
# Subtract the second number of the picture from the first one.

# %% tests="digits_behind" points=1
check("digits_behind", -100 < digits_behind < 100,
      f"{digits_behind} is not a difference of accuracies in points")
### BEGIN HIDDEN TESTS
# The picture says 14.6;
# the mean of three seeds lay within these bounds on all of twenty occasions, see claims.py.
check("digits_behind", 8 <= digits_behind <= 26,
      f"is {digits_behind:g}, but your picture says something else",
      look="From scratch minus features of 0–4, in points of per cent.")
### END HIDDEN TESTS
