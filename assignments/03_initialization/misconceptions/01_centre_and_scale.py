"""Wrong and right answers to section 1, “Centre and scale”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- standardize ----------------------------------------------------------------------------------

misconception("standardize", "The test set is standardized by its own mean and deviation.",
              id="by-its-own",
              hint="Compute the mean and the deviation once, from X_train, and use them twice.",
              replace="(X_test - mean) / std",
              by="(X_test - X_test.mean(axis=0)) / np.where(X_test.std(axis=0) > tiny, "
                 "X_test.std(axis=0), 1.0)")
misconception("standardize", "The statistics come from training and test set together: the test "
              "set leaks in.", id="by-both",
              hint="Only X_train may set the mean and the deviation.",
              replace="mean, std = X_train.mean(axis=0), X_train.std(axis=0)",
              by="everything = np.concatenate([X_train, X_test])\n"
                 "mean, std = everything.mean(axis=0), everything.std(axis=0)")
misconception("standardize", "The data is divided by the variance; the root is missing.",
              id="by-the-variance", hint="Divide by the standard deviation.",
              replace=("X_train.std(axis=0)", "std > tiny"),
              by=("X_train.var(axis=0)", "X_train.std(axis=0) > tiny"))
misconception("standardize", "One mean and one deviation serve all features.",
              id="all-features-alike", hint="Sum over the examples only: axis=0.",
              replace=("mean(axis=0), X_train.std(axis=0)", "np.where(std > tiny, std, 1.0)"),
              by=("mean(), X_train.std()", "std if std > tiny else 1.0"))


@misconception("standardize", "The means run over the features of each example, not over the "
               "examples.", hint="axis=0 runs over the examples.")
def standardize_each_example(X_train, X_test, tiny=1e-6):
    scaled = []
    for X in (X_train, X_test):
        std = X.std(axis=1, keepdims=True)
        scaled.append((X - X.mean(axis=1, keepdims=True)) / np.where(std > tiny, std, 1.0))
    return scaled[0], scaled[1]


misconception("standardize", "A deviation is compared with exactly zero: rounding leaves 1e-17, "
              "and the feature is blown up.", id="exactly-zero",
              hint="Compare the deviation with tiny.",
              replace="np.where(std > tiny, std, 1.0)", by="np.where(std == 0, 1.0, std)")
misconception("standardize", "A constant feature is divided by its deviation, zero: NaN.",
              id="divides-by-zero", hint="Put 1 in the place of deviations that are at most tiny.",
              replace="std = np.where(std > tiny, std, 1.0)\n"
                      "return (X_train - mean) / std, (X_test - mean) / std",
              by='with np.errstate(all="ignore"):\n'
                 "    return (X_train - mean) / std, (X_test - mean) / std")
misconception("standardize", "The deviation of a constant feature is replaced by tiny, which "
              "multiplies what the test set has there by a million.", id="divides-by-tiny",
              hint="A constant feature is centred and not divided.",
              replace="mean, std = X_train.mean(axis=0), X_train.std(axis=0)\n"
                      "std = np.where(std > tiny, std, 1.0)",
              by="mean, std = X_train.mean(axis=0), np.maximum(X_train.std(axis=0), tiny)")
misconception("standardize", "The unbiased deviation (1/(N−1)) is used.", id="unbiased",
              hint="The docstring wants the biased one, with 1/N: NumPy's default.",
              replace="X_train.std(axis=0)", by="X_train.std(axis=0, ddof=1)")
misconception("standardize", "The training data is changed in place.", id="in-place",
              hint="Write (X − mean) / std, which makes a new array.",
              replace="return (X_train - mean) / std, (X_test - mean) / std",
              by="X_train -= mean\n"
                 "X_train /= std\n"
                 "return X_train, (X_test - mean) / std")
misconception("standardize", "The test set is not centred, only scaled.", id="test-not-centred",
              hint="Take the training mean off both.",
              replace="(X_test - mean) / std", by="X_test / std")
misconception("standardize", "tiny is ignored: the limit is written into the function.",
              id="fixed-limit", hint="np.where(std > tiny, std, 1.0).",
              replace="np.where(std > tiny, std, 1.0)", by="np.where(std > 1e-6, std, 1.0)")
misconception("standardize", "A deviation of exactly tiny is divided by; at most tiny counts as "
              "constant.", id="below-the-limit", hint="std > tiny, or std <= tiny.",
              replace="np.where(std > tiny, std, 1.0)", by="np.where(std < tiny, 1.0, std)")


@alternative("standardize")
def standardize_with_loops(X_train, X_test, tiny=1e-6):
    train, test = np.zeros(X_train.shape), np.zeros(X_test.shape)
    for d in range(X_train.shape[1]):
        mean = sum(X_train[:, d]) / len(X_train)
        std = (sum((X_train[:, d] - mean) ** 2) / len(X_train)) ** 0.5
        if std <= tiny:
            std = 1.0
        train[:, d], test[:, d] = (X_train[:, d] - mean) / std, (X_test[:, d] - mean) / std
    return train, test


@alternative("standardize")
def standardize_in_float32(X_train, X_test, tiny=1e-6):
    train, test = torch.tensor(X_train), torch.tensor(X_test)
    mean, std = train.mean(0), train.std(0, correction=0)
    std[std <= tiny] = 1
    return ((train - mean) / std).float().numpy(), ((test - mean) / std).float().numpy()


# --- channel_statistics ---------------------------------------------------------------------------

misconception("channel_statistics", "The deviations of the single images are averaged: that some "
              "images are darker than others is lost.", id="averages-deviations",
              hint="One std over axis=(0, 2, 3).",
              replace="images.std(axis=(0, 2, 3))", by="images.std(axis=(2, 3)).mean(axis=0)")
misconception("channel_statistics", "One mean for each pixel of each channel: a mean image.",
              id="per-pixel", hint="The places vanish too: axis=(0, 2, 3).",
              replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
              by="return images.mean(axis=0), images.std(axis=0)")
misconception("channel_statistics", "One number for all channels.", id="of-everything",
              hint="The axis of the channels, 1, stays.",
              replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
              by="channels = images.shape[1]\n"
                 "return np.full(channels, images.mean()), np.full(channels, images.std())")
misconception("channel_statistics", "The axes are those of (N, H, W, C): what stays is the width.",
              id="channels-last", hint="The channels are axis 1.",
              replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
              by="return images.mean(axis=(0, 1, 2)), images.std(axis=(0, 1, 2))")
misconception("channel_statistics", "The variance is returned in place of the standard deviation.",
              id="variance", hint="std, not var.",
              replace="images.std(axis=(0, 2, 3))", by="images.var(axis=(0, 2, 3))")
misconception("channel_statistics", "The squares of uint8 overflow at 256.", id="overflows",
              hint="images.astype(float) before squaring.",
              replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
              by="mean = images.mean(axis=(0, 2, 3))\n"
                 "return mean, np.sqrt(np.maximum((images**2).mean(axis=(0, 2, 3)) - mean**2, 0))")
misconception("channel_statistics", "The mean square minus the squared mean is negative by "
              "rounding where a channel is constant; its root is NaN.", id="root-of-rounding",
              hint="images.std, or np.maximum(…, 0) under the root.",
              replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
              by="images = images.astype(float)\n"
                 "mean = images.mean(axis=(0, 2, 3))\n"
                 "return mean, np.sqrt((images**2).mean(axis=(0, 2, 3)) - mean**2)")
alternative("channel_statistics", id="flattened",
            replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
            by="flat = np.moveaxis(images, 1, 0).reshape(images.shape[1], -1).astype(np.float64)\n"
               "return flat.mean(axis=1), flat.std(axis=1)")
alternative("channel_statistics", id="mean-of-squares",
            replace="return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))",
            by="images = images.astype(float)\n"
               "mean = images.mean((0, 2, 3))\n"
               "return mean, np.sqrt(np.maximum((images**2).mean((0, 2, 3)) - mean**2, 0))")

# --- contrast_normalize ---------------------------------------------------------------------------

misconception("contrast_normalize", "Each channel of an image gets its own mean and deviation.",
              id="per-channel", hint="The channels belong to the sum: axis=(1, 2, 3).",
              replace="mean = images.mean(axis=(1, 2, 3), keepdims=True)\n"
                      "variance = images.var(axis=(1, 2, 3), keepdims=True)",
              by="mean, variance = images.mean((2, 3), keepdims=True), "
                 "images.var((2, 3), keepdims=True)")
misconception("contrast_normalize", "The mean and the deviation run over the whole batch.",
              id="over-the-batch", hint="The images stay apart: leave axis 0 out of the sum.",
              replace="mean = images.mean(axis=(1, 2, 3), keepdims=True)\n"
                      "variance = images.var(axis=(1, 2, 3), keepdims=True)",
              by="mean, variance = images.mean((0, 2, 3), keepdims=True), "
                 "images.var((0, 2, 3), keepdims=True)")
misconception("contrast_normalize", "eps is added to the deviation, outside the root.",
              id="eps-outside", hint="np.sqrt(variance + eps).",
              replace="np.sqrt(variance + eps)", by="(np.sqrt(variance) + eps)")
misconception("contrast_normalize", "Without eps, an image of one colour becomes NaN.",
              id="without-eps", hint="np.sqrt(variance + eps).",
              replace="np.sqrt(variance + eps)", by="np.sqrt(variance)")
misconception("contrast_normalize", "The image is divided by its variance; the root is missing.",
              id="by-the-variance", hint="np.sqrt(variance + eps).",
              replace="np.sqrt(variance + eps)", by="(variance + eps)")
misconception("contrast_normalize", "The images are only centred.", id="only-centred",
              hint="Divide by √(variance + eps), too.", replace=" / np.sqrt(variance + eps)", by="")
alternative("contrast_normalize", id="one-by-one",
            replace="return (images - mean) / np.sqrt(variance + eps)",
            by="return np.stack([(x - x.mean()) / (x.var() + eps) ** 0.5 for x in images])")


@alternative("contrast_normalize")
def contrast_normalize_by_torch(images, eps=1e-8):
    values = torch.tensor(images)
    return torch.nn.functional.layer_norm(values, values.shape[1:], eps=eps).numpy()


# --- day_and_night --------------------------------------------------------------------------------

misconception("day_and_night", "The same mean image taken off two photographs leaves their "
              "difference as it was.", id="mean-image",
              hint="After which of the three are a photograph and its brighter copy the same?",
              source='day_and_night = "the mean image of the training set"')
misconception("day_and_night", "The same numbers for all images keep what distinguishes the "
              "images.", id="channels",
              hint="After which of the three are a photograph and its brighter copy the same?",
              source='day_and_night = "the channel statistics of the training set"')
