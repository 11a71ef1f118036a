# %% [markdown]
# # Part A · NumPy
#
# ## 2 · Features
#
# Cut off the last layer, and the network turns a picture into 1,280 numbers: *features*.
# Donahue et al. and Sharif Razavian et al. found in 2014 that such features,
# with the simplest classifier on top, beat methods that had been built for the problem.
#
# Features have very different scales, so one standardizes them.
# **Which statistics?**
# Those of the training set, for both sets:
# at test time there may be a single picture, and it has no statistics.
# (Statistics of the test set would also be a small leak.)

# %% solution="standardize" title="Standardized features"
def standardize(train, test):
    """Shift and scale features so that the training features have mean 0 and standard deviation 1.

    Args:
        train: features of the training set, an array (N, D).
        test: features of the test set, an array (M, D); M may be 1.

    Returns:
        (train, test), both standardized column by column with the mean and the (biased: divide by
        N) standard deviation of the training set. A feature that is constant in the training set
        is only shifted, not scaled. The arrays that were given stay as they were.
    """
    ### BEGIN SOLUTION
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, (test - mean) / std
    ### END SOLUTION

# %% [markdown] hint="standardize"
# There are D means and D standard deviations: over which axis do you average?

# %% [markdown] hint="standardize"
# After a ReLU, many a feature is 0 on the whole training set.
# What does your function divide by then?
# `np.where(std == 0, 1, std)` is one way out.

# %% tests="standardize" points=2 changes="shown"
train, test = np.array([[1.0, 10.0], [3.0, 30.0]]), np.array([[3.0, 0.0]])
before = train.copy()
got = standardize(train, test)
check("standardize(train, test)", len(got) == 2, "return the two things train and test")
check_close("standardize([[1, 10], [3, 30]], [[3, 0]])[0]", got[0], [[-1, -1], [1, 1]], rtol=1e-5,
            look="Means are 2 and 20, standard deviations 1 and 10, column by column.")
check_close("standardize([[1, 10], [3, 30]], [[3, 0]])[1]", got[1], [[1, -2]], rtol=1e-5,
            look="The test set is shifted and scaled with the numbers of the training set.")
check_unchanged("standardize(train, test)", "train", before, train)
### BEGIN HIDDEN TESTS
rng = hidden_rng("standardize")
train, test = rng.normal(3, 2, size=(7, 5)), rng.normal(1, 3, size=(4, 5))
train[:, 2] = 2.0  # exact in binary: the standard deviation is exactly 0
std, mean = torch.std_mean(torch.tensor(train), dim=0, correction=0)
std[2] = 1
got = standardize(train.copy(), test.copy())
check_close("standardize(train, test)[0] for 7 training rows, one feature constant", got[0],
            (torch.tensor(train) - mean) / std, rtol=1e-4, atol=1e-5,
            look="Divide by N, not by N − 1, and leave the scale of a constant feature alone.")
check_close("standardize(train, test)[1] for 4 test rows", got[1],
            (torch.tensor(test) - mean) / std, rtol=1e-4, atol=1e-5,
            look="Mean and standard deviation come from the training set, for both sets; "
            "a feature that is constant in the training set is shifted, "
            "and neither divided by a tiny number nor set to 0.")
before, given = test.copy(), test.copy()
standardize(train.copy(), given)
check_unchanged("standardize(train, test)", "test", before, given)
### END HIDDEN TESTS

# %% [markdown]
# ### The simplest classifier
#
# Take the mean of each class's training features, its *centroid*,
# and give a new picture the label of the nearest one.
# There is nothing to train.
# With good features this is strong when labels are few,
# and it is the heart of prototypical networks (Snell et al., 2017).

# %% solution="nearest_centroid" title="Nearest centroid"
def nearest_centroid(features, labels, queries):
    """Classify by the nearest class mean, in Euclidean distance.

    Args:
        features: training features, an array (N, D).
        labels: their labels, integers (N,): any integers, such as 5 to 9, each present or not.
        queries: features to classify, an array (M, D).

    Returns:
        The labels of the queries, an integer array (M,).
    """
    ### BEGIN SOLUTION
    classes = np.unique(labels)
    centroids = np.stack([features[labels == k].mean(axis=0) for k in classes])
    distances = np.linalg.norm(queries[:, None] - centroids[None], axis=2)
    return classes[distances.argmin(axis=1)]
    ### END SOLUTION

# %% [markdown] hint="nearest_centroid"
# `np.unique(labels)` gives the classes that there are.
# For each: which rows of `features` belong to it?

# %% [markdown] hint="nearest_centroid"
# `argmin` tells the *place* of the nearest centroid.
# Which label belongs to that place?
# (With the classes 5 to 9 they are not the same.)

# %% tests="nearest_centroid" points=2
features, labels = (np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 1.0], [9.0, 3.0]]),
                    np.array([7, 7, 4, 4]))
got = nearest_centroid(features, labels, np.array([[1.0, 1.0], [8.0, 2.0], [4.0, 0.0]]))
check_close("nearest_centroid of (1, 1), (8, 2) and (4, 0), centroids (1, 0) of class 7 and "
            "(9, 2) of class 4", got, [7, 4, 7],
            look="Return labels, not places in a list of classes.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("nearest_centroid")
# Three classes of unequal size and spread: sums, single neighbours and dot products go astray.
sizes, names, offset = (2, 5, 11), np.array([12, 5, 9]), 40.0
labels = np.repeat(names, sizes)
features = (offset + rng.normal(size=(18, 3)) * 3
            + np.repeat(rng.normal(size=(3, 3)) * 2, sizes, axis=0))
mixed = rng.permutation(18)
queries = offset + rng.normal(size=(60, 3)) * 3
centres = np.stack([features[:2].mean(0), features[2:7].mean(0), features[7:].mean(0)])
expected = names[torch.cdist(torch.tensor(queries), torch.tensor(centres)).argmin(dim=1).numpy()]
got = nearest_centroid(features[mixed], labels[mixed], queries)
check_shape("nearest_centroid of 60 queries", got, (60,), look="One label a query.")
check_equal("the number of queries of 60 that nearest_centroid labels wrongly",
            int(np.sum(np.asarray(got) != expected)), 0,
            look="The nearest class mean, in Euclidean distance; classes may have any size.")
got = nearest_centroid(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([7, 4]), np.array([[0.0, 0.1]]))
check_close("nearest_centroid of (0, 0.1), centroids (1, 0) of class 7 and (3, 0) of class 4", got,
            [7], look="Labels that don't occur have no centroid, not even one at the origin.")
### END HIDDEN TESTS

# %% [markdown]
# ### A linear classifier on top
#
# One layer, $s = XW + b$, with the softmax cross-entropy.
# The loss is the mean over the examples, plus $\tfrac{\lambda}{2}\lVert W\rVert^2$;
# the bias is not decayed.
# With 1,280 features and 180 examples the decay matters:
# without it, many classifiers fit the training set perfectly.

# %% solution="linear_loss" title="Loss of linear classifier"
def linear_loss(W, b, X, y, decay=0.0):
    """Softmax cross-entropy of a linear classifier, and its gradients.

    Args:
        W, b: weights (D, C) and biases (C,).
        X, y: features (N, D) and labels (N,) from 0 to C − 1.
        decay: λ; the loss contains λ/2 times the sum of the squared weights W.

    Returns:
        (loss, dW, db): a number, (D, C), (C,). Scores of ±1000 must not overflow.
    """
    ### BEGIN SOLUTION
    scores = X @ W + b
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean() + decay / 2 * np.sum(W**2)
    dscores = np.exp(log_p)
    dscores[np.arange(len(y)), y] -= 1
    dscores /= len(y)
    return loss, X.T @ dscores + decay * W, dscores.sum(axis=0)
    ### END SOLUTION

# %% [markdown] hint="linear_loss"
# What happens to the softmax when you subtract the same number from all scores of a row?
# Subtract the largest.

# %% [markdown] hint="linear_loss"
# The gradient of the mean loss with respect to the scores is (softmax − one-hot) / N.
# The rest is two products.

# %% [markdown] hint="linear_loss"
# `dW = X.T @ dscores + decay * W`, `db = dscores.sum(axis=0)`.

# %% tests="linear_loss" points=3
W, b, X, y = np.array([[1.0, -1.0]]), np.zeros(2), np.array([[0.0], [0.0]]), np.array([0, 1])
loss, dW, db = linear_loss(W, b, X, y, decay=0.5)
check_close("the loss of two examples with equal scores, W = [[1, −1]], decay 0.5", loss,
            np.log(2) + 0.5, rtol=1e-5, look="ln 2 for a coin toss, plus 0.5 / 2 · (1 + 1).")
check_close("its dW", dW, [[0.5, -0.5]], rtol=1e-5,
            look="The data give nothing here; decay · W does.")
check_close("its db", db, [0.0, 0.0], rtol=1e-5, atol=1e-7)
### BEGIN HIDDEN TESTS
rng = hidden_rng("linear_loss")
W, b = rng.normal(size=(4, 3)), rng.normal(size=3) + 1
X, y, decay = rng.normal(size=(6, 4)), np.array([0, 2, 2, 1, 0, 2]), rng.uniform(0.2, 0.7)
leaves = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in (W, b)]
theirs = nn.functional.cross_entropy(torch.tensor(X) @ leaves[0] + leaves[1], torch.tensor(y))
theirs = theirs + decay / 2 * (leaves[0] ** 2).sum()
theirs.backward()
loss, dW, db = linear_loss(W.copy(), b.copy(), X.copy(), y.copy(), decay)
check_close(f"the loss of linear_loss for 6 examples, decay {decay:.2f}", loss, theirs.item(),
            rtol=1e-4, look="The mean over the examples, plus decay / 2 · the sum of W².")
check_close("its dW", dW, leaves[0].grad, rtol=1e-4, atol=1e-5, look="Xᵀ dscores + decay · W.")
check_close("its db", db, leaves[1].grad, rtol=1e-4, atol=1e-5, look="The bias is not decayed.")
far = linear_loss(np.array([[1000.0, -1000.0]]), np.zeros(2), np.array([[1.0], [1.0]]),
                  np.array([1, 0]))
check_close("the loss at scores of ±1000, one example right and one wrong", far[0], 1000.0,
            rtol=1e-5,
            look="Subtract each row's largest score first, and take the logarithm before "
            "a probability can become 0: log p = score − log of the sum of exp(scores). "
            "A small number added to p hides how wrong the score is.")
### END HIDDEN TESTS

# %% [markdown]
# Gradient descent with momentum on your loss, from zero weights.
# And the network as a machine for features: `activations` returns what comes out after *each* part,
# averaged over the picture, and keeps the picture itself before block `CUT`.
# You will use the last entry, `"top"`, now,
# the others in section 9 and the kept pictures in section 8.

# %% sandboxed="train_linear"
def train_linear(X, y, classes, steps=120, rate=0.01, decay=0.02):
    """A linear classifier by gradient descent with momentum;
    returns a function features -> labels.
    """
    W, b = np.zeros((X.shape[1], classes), X.dtype), np.zeros(classes, X.dtype)
    vW, vb = np.zeros_like(W), np.zeros_like(b)
    for _ in range(steps):
        _, dW, db = linear_loss(W, b, X, y, decay)
        vW, vb = 0.9 * vW - rate * dW, 0.9 * vb - rate * db
        W, b = W + vW, b + vb
    return lambda queries: (queries @ W + b).argmax(axis=1)


def draw(labels, a_class, seed):
    """Row numbers of ``a_class`` examples of each class, drawn at random."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), a_class, replace=False)
                           for k in np.unique(labels)])

# %% shared="parts"
#: Blocks below this one are never fine-tuned in this notebook, so their outputs can be kept.
CUT = 15


def parts(network):
    """The parts of a network from the bottom to the top: (name, module), the head last."""
    found = [("stem", network.stem)] if hasattr(network, "stem") else []
    found += [(f"blocks.{name}", block) for name, block in network.blocks.named_children()]
    return [*found, ("top", network.top), ("head", network.head)]

# %% sandboxed="activations"
def as_input(X):
    """Grey pictures (N, 1, 48, 48) of mean 0, std 1 for the network:
    64 × 64, std 0.5, three channels.

    The network was trained on 224 × 224 pixels; fewer save time. Photographs have a standard
    deviation of about 0.5 once they are prepared for it, see section 6.
    """
    x = nn.functional.interpolate(torch.from_numpy(np.ascontiguousarray(X)).to(device()),
                                  size=(64, 64), mode="bilinear")
    return 0.5 * x.expand(-1, 3, -1, -1)


@torch.no_grad()
def activations(network, X, batch=60):
    """Features after each part, {name: (N, C)},
    and the pictures (N, C, h, w) that enter block CUT.
    """
    # faster: see section 12
    network = network.to(device(), memory_format=torch.channels_last).eval()
    pooled, kept = {}, []
    for at in range(0, len(X), batch):
        x = as_input(X[at : at + batch])
        for name, part in parts(network)[:-1]:
            if name == f"blocks.{CUT}":
                kept.append(x)
            x = part(x)
            pooled.setdefault(name, []).append(x.mean((2, 3)).cpu().numpy())
    return {name: np.concatenate(pieces) for name, pieces in pooled.items()}, torch.cat(kept)

# %% sandboxed="collect"
Known = namedtuple("Known", "X y pooled kept")


def collect(domain, seed, train=30, test=20):
    """A training and a test set of a domain, with what the pretrained network makes of them."""
    X, y, X_test, y_test = domain(train, test, seed)
    network = pretrained.load()
    return (Known(X, y, *activations(network, X)),
            Known(X_test, y_test, *activations(network, X_test)))


def linear_accuracy(train, test, rows, part="top"):
    """Test accuracy of your linear classifier on the features after a part,
    trained on some rows.
    """
    X, queries = standardize(train.pooled[part][rows], test.pooled[part])
    return np.mean(train_linear(X, train.y[rows], train.y.max() + 1)(queries) == test.y)


def centroid_accuracy(train, test, rows, pixels=False):
    """Test accuracy of your nearest centroids, on the features of the top or on the pixels."""
    X, queries = (known.X.reshape(len(known.X), -1) if pixels else known.pooled["top"]
                  for known in (train, test))
    X, queries = standardize(X[rows], queries)
    return np.mean(nearest_centroid(X, train.y[rows], queries) == test.y)

# %% [markdown]
# **Predict.** 18 photographs, ten labels a class: guessing gets 5.6 %.
# How much better is the nearest centroid on the network's features than the nearest centroid
# on the pixels: `"not better"`, `"by about 10 points"` or `"by more than 40 points"`?
# (Test patches show another place of the photograph, never the one of a training patch.)

# %% solution="pixels_or_features" title="Predict: pixels or features"
# Type your choice: pixels_or_features = "..."
### BEGIN SOLUTION
pixels_or_features = "by more than 40 points"
### END SOLUTION

# %% [markdown] hint="pixels_or_features"
# What does the mean of ten patches of a lawn look like,
# and how near to it, pixel by pixel, is an eleventh one?
# Would a feature such as "fine vertical stripes" care where the stripes are?

# %% tests="pixels_or_features" points=1
check_one_of("pixels_or_features", pixels_or_features,
             ["not better", "by about 10 points", "by more than 40 points"])
### BEGIN HIDDEN TESTS
# Over 5 draws of the labels, 58 and 65 points ahead on two draws of the patches.
check_equal("pixels_or_features", pixels_or_features, "by more than 40 points",
            look="The mean of shifted textures is grey, and says next to nothing; "
            "features are about what is there, not where.")
### END HIDDEN TESTS

# %% experiment="features"
near = collect(near_domain, seed=7)
draws = [draw(near[0].y, 10, seed) for seed in range(5)]
scores = {"pixels,\nnearest centroid": [centroid_accuracy(*near, rows, pixels=True)
                                        for rows in draws],
          "features,\nnearest centroid": [centroid_accuracy(*near, rows) for rows in draws],
          "features,\nlinear classifier": [linear_accuracy(*near, rows)
                                           for rows in progress(draws, "draws")]}
figure, axes = plt.subplots(figsize=(7, 2.6))
means = [100 * np.mean(score) for score in scores.values()]
bars = axes.barh(list(scores), means, color=[COLOURS[name] for name in ("orange", "sky", "blue")])
for place, score in enumerate(scores.values()):
    axes.plot(100 * np.array(score), np.full(5, place), "k|", markersize=9)
axes.bar_label(bars, fmt="%.0f %%", padding=24)
axes.axvline(100 / 18, color="0.4", linestyle=":")
axes.set(
    xlabel="test accuracy in % (bars: mean of 5 draws of ten labels a class; dotted: guessing)",
    xlim=(0, 100))
axes.invert_yaxis()
show(figure, "Test accuracy of three classifiers with ten labels a class: "
     + "; ".join(f"{name} {mean:.0f} %".replace("\n", " ")
                 for name, mean in zip(scores, means, strict=True)) + ". Guessing gives 6 %.")

# %% [markdown]
# Read off the accuracy of the linear classifier on the features, in per cent.

# %% solution="features_accuracy" title="Accuracy on features"
# Type the accuracy in per cent: features_accuracy = ...
### BEGIN SOLUTION
features_accuracy = 71
### END SOLUTION

# %% [markdown] hint="features_accuracy"
# The number at the lowest bar.

# %% tests="features_accuracy" points=1
check("features_accuracy", 1 < features_accuracy <= 100,
      f"{features_accuracy} is not an accuracy in per cent")
### BEGIN HIDDEN TESTS
# The picture says 71; draws of the patches gave 70 to 77.
check("features_accuracy", 62 <= features_accuracy <= 82,
      f"is {features_accuracy:g}, but your picture says something else",
      look="The lowest of the three bars: features, linear classifier.")
### END HIDDEN TESTS
