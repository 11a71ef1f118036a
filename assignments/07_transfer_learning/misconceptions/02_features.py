"""Wrong and right answers to section 2, “Features”."""

import numpy as np
import torch
from torch import nn

from autograder.lessons.variants import alternative, misconception

# --- standardize ----------------------------------------------------------------------------------

misconception("standardize", "The test set is standardized with its own mean and standard "
              "deviation.", id="each-by-itself",
              hint="At test time there may be one picture: use the numbers of the training set.",
              replace="(test - mean) / std",
              by="(test - test.mean(axis=0)) / np.where(test.std(axis=0) == 0, 1, "
                 "test.std(axis=0))")
misconception("standardize", "Mean and standard deviation are those of both sets together: a leak.",
              id="together", hint="Compute them from train alone.",
              replace=("mean, std = train.mean(axis=0), train.std(axis=0)", "(std == 0, 1, std)",
                       "return (train - mean) / std, (test - mean) / std"),
              by=("both = np.concatenate([train, test])",
                  "(both.std(axis=0) == 0, 1, both.std(axis=0))",
                  "return (train - both.mean(axis=0)) / std, (test - both.mean(axis=0)) / std"))
misconception("standardize", "A feature that is constant in the training set is divided by 0.",
              id="divides-by-zero", hint="Divide by 1 where the standard deviation is 0.",
              replace="std = np.where(std == 0, 1, std)", by="")
misconception("standardize", "One mean and one standard deviation for all features together.",
              id="one-number", hint="Average over axis 0: each feature has its own.",
              replace="train.mean(axis=0), train.std(axis=0)", by="train.mean(), train.std()")
misconception("standardize", "The standard deviation divides by N − 1.", id="unbiased",
              hint="np.std divides by N by default.",
              replace="train.std(axis=0)", by="train.std(axis=0, ddof=1)")
misconception("standardize", "The arrays that were given are changed in place.", id="in-place",
              hint="Make new arrays.",
              replace="std = np.where(std == 0, 1, std)\n"
                      "return (train - mean) / std, (test - mean) / std",
              by="std[std == 0] = 1\n"
                 "train -= mean\n"
                 "train /= std\n"
                 "test -= mean\n"
                 "test /= std\n"
                 "return train, test")
misconception("standardize", "A tiny number is added to the standard deviation: a constant feature "
              "is blown up.", id="with-epsilon",
              hint="Divide by 1 where the standard deviation is 0.",
              replace="mean, std = train.mean(axis=0), train.std(axis=0)\n"
                      "std = np.where(std == 0, 1, std)",
              by="mean, std = train.mean(axis=0), train.std(axis=0) + 1e-8")
misconception("standardize", "A feature that is constant in the training set is set to 0 in the "
              "test set.", id="zeroes-constants", hint="It is shifted, and not scaled.",
              replace="std = np.where(std == 0, 1, std)\n"
                      "return (train - mean) / std, (test - mean) / std",
              by="return tuple(np.divide(x - mean, std, out=np.zeros_like(x), where=std > 0) for x "
                 "in (train, test))")
misconception("standardize", "The test set that was given is changed in place.", id="test-in-place",
              hint="Make new arrays.",
              replace="std = np.where(std == 0, 1, std)\n"
                      "return (train - mean) / std, (test - mean) / std",
              by="std[std == 0] = 1\n"
                 "test -= mean\n"
                 "test /= std\n"
                 "return (train - mean) / std, test")


@alternative("standardize")
def standardize_by_sklearn(train, test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


@alternative("standardize")
def standardize_by_columns(train, test):
    one, two = train.astype(np.float32), test.astype(np.float32)
    for d in range(train.shape[1]):
        mean = train[:, d].mean()
        std = np.sqrt(((train[:, d] - mean) ** 2).mean()) or 1.0
        one[:, d] = (train[:, d] - mean) / std
        two[:, d] = (test[:, d] - mean) / std
    return one, two


# --- nearest_centroid -----------------------------------------------------------------------------

misconception("nearest_centroid", "The places of the centroids come back, not the labels.",
              id="returns-places", hint="np.unique(labels)[place].",
              replace="classes[distances.argmin(axis=1)]", by="distances.argmin(axis=1)")
misconception("nearest_centroid", "The features of a class are added up, so large classes lie far "
              "out.", id="of-sums", hint="Take the mean of each class.",
              replace=".mean(axis=0)", by=".sum(axis=0)")
misconception("nearest_centroid", "This is the nearest single neighbour, not the nearest class "
              "mean.", id="is-a-neighbour", hint="First average the features of each class.",
              replace=("centroids[None]", "classes[distances"),
              by=("features[None]", "labels[distances"))
misconception("nearest_centroid", "The centroid with the largest dot product wins, however long it "
              "is.", id="by-dot-product", hint="Compare distances: |q − c|² = |q|² − 2 q·c + |c|².",
              replace="distances.argmin(axis=1)", by="(queries @ centroids.T).argmax(axis=1)")
misconception("nearest_centroid", "The distances are city-block distances.", id="in-city-blocks",
              hint="Square, add up, root.",
              replace="distances = np.linalg.norm(queries[:, None] - centroids[None], axis=2)\n"
                      "return classes[distances.argmin(axis=1)]",
              by="return classes[np.abs(queries[:, None] - "
                 "centroids[None]).sum(axis=2).argmin(axis=1)]")
misconception("nearest_centroid", "The classes are taken in the order in which they occur first, "
              "the centroids in sorted order.", id="in-two-orders",
              hint="Use one list of classes for both.",
              replace="return classes[distances.argmin(axis=1)]",
              by="return np.array(list(dict.fromkeys(labels.tolist())))[distances.argmin(axis=1)]")


@misconception("nearest_centroid", "Labels that don't occur get a centroid at the origin.",
               hint="np.unique(labels) gives the classes that there are.")
def nearest_centroid_with_ghosts(features, labels, queries):
    centroids = np.zeros((labels.max() + 1, features.shape[1]))
    for k in np.unique(labels):
        centroids[k] = features[labels == k].mean(axis=0)
    return np.linalg.norm(queries[:, None] - centroids, axis=2).argmin(axis=1)


misconception("nearest_centroid", "The centroid is the median, not the mean.", id="of-medians",
              hint="features[labels == k].mean(axis=0).",
              replace="features[labels == k].mean(axis=0)",
              by="np.median(features[labels == k], axis=0)")


@alternative("nearest_centroid")
def nearest_centroid_expanded(features, labels, queries):
    classes, place = np.unique(labels, return_inverse=True)
    members = np.eye(len(classes))[place]
    centroids = members.T @ features / members.sum(axis=0)[:, None]
    return classes[((centroids**2).sum(axis=1) - 2 * queries @ centroids.T).argmin(axis=1)]


@alternative("nearest_centroid")
def nearest_centroid_in_loops(features, labels, queries):
    centroids = {int(k): features[labels == k].mean(axis=0) for k in set(labels.tolist())}
    return [min(centroids, key=lambda k: float(((q - centroids[k]) ** 2).sum())) for q in queries]


# --- linear_loss ----------------------------------------------------------------------------------

misconception("linear_loss", "The exponentials overflow at large scores.", id="overflows",
              hint="Subtract each row's largest score.",
              replace="scores = scores - scores.max(axis=1, keepdims=True)", by="")
misconception("linear_loss", "The gradient is a sum over the examples, the loss a mean.",
              id="gradient-of-the-sum", hint="Divide dscores by N.",
              replace="dscores /= len(y)", by="")
misconception("linear_loss", "The bias is decayed, too.", id="decays-the-bias",
              hint="Only W is decayed.",
              replace=("np.sum(W**2)", "dscores.sum(axis=0)"),
              by=("(np.sum(W**2) + np.sum(b**2))", "dscores.sum(axis=0) + decay * b"))
misconception("linear_loss", "The gradient of λ/2 · W² is λ · W, not 2λ · W.", id="decays-twice",
              hint="The ½ is there to cancel the 2.",
              replace="X.T @ dscores + decay * W", by="X.T @ dscores + 2 * decay * W")
misconception("linear_loss", "The decay is in the loss, and forgotten in the gradient.",
              id="forgets-the-decay", hint="Add decay · W to dW.",
              replace="X.T @ dscores + decay * W", by="X.T @ dscores")


@misconception("linear_loss", "The largest score of the whole batch is subtracted: rows far below "
               "it underflow to log 0.",
               hint="Subtract each row's own largest score: max(axis=1, keepdims=True).")
def linear_loss_one_maximum(W, b, X, y, decay=0.0):
    s = X @ W + b
    with np.errstate(all="ignore"):
        p = np.exp(s - s.max())
        p = p / p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean() + decay / 2 * np.sum(W**2)
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    return loss, X.T @ d + decay * W, d.sum(axis=0)


misconception("linear_loss", "A small number inside the logarithm keeps it finite, and hides how "
              "wrong the score is.", id="log-with-epsilon",
              hint="log p = score − log of the sum of exp(scores), after the largest score is "
                   "subtracted.",
              replace="-log_p[np.arange(len(y)), y].mean()",
              by="-np.log(np.exp(log_p[np.arange(len(y)), y]) + 1e-12).mean()")


@alternative("linear_loss")
def linear_loss_by_torch(W, b, X, y, decay=0.0):
    w, c = torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)
    scores = torch.as_tensor(X) @ w + c
    loss = nn.functional.cross_entropy(scores, torch.as_tensor(y)) + decay / 2 * (w**2).sum()
    loss.backward()
    return loss.item(), w.grad.numpy(), c.grad.numpy()


@alternative("linear_loss")
def linear_loss_in_loops(W, b, X, y, decay=0.0):
    loss, dW, db = 0.5 * decay * float((W**2).sum()), decay * W, np.zeros_like(b)
    for x, label in zip(X, y):
        s = x @ W + b
        top = s.max()
        total = top + np.log(np.exp(s - top).sum())
        loss += (total - s[label]) / len(y)
        d = np.exp(s - total) - np.eye(len(b))[label]
        dW = dW + np.outer(x, d) / len(y)
        db = db + d / len(y)
    return loss, dW, db


# --- pixels_or_features ---------------------------------------------------------------------------

misconception("pixels_or_features", "The mean of ten shifted textures is grey: the pixels hardly "
              "beat guessing.", id="ten",
              hint="Look at the picture: how far apart are the first two bars?",
              source='pixels_or_features = "by about 10 points"')
misconception("pixels_or_features", "The features were learned on other pictures, but textures are "
              "textures.", id="none", hint="Look at the picture.",
              source='pixels_or_features = "not better"')
alternative("pixels_or_features", id="joined",
            source='pixels_or_features = "by more than " + str(40) + " points"')

# --- features_accuracy ----------------------------------------------------------------------------

misconception("features_accuracy", "That is the bar of the pixels.", id="of-pixels",
              hint="Read the lowest bar.", source="features_accuracy = 7")
misconception("features_accuracy", "That is a share between 0 and 1; the answer is in per cent.",
              id="as-a-share", hint="Multiply by 100.", source="features_accuracy = 0.7")
misconception("features_accuracy", "That is the accuracy on the training set, or wishful thinking.",
              id="too-high", hint="Read the lowest bar.", source="features_accuracy = 99")
