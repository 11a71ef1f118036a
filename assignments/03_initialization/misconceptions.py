"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

import numpy as np
import torch
from torch import nn

from autograder.misconceptions import alternative, misconception

# --- standardize ---------------------------------------------------------------------------------


@misconception("standardize", "The test set is standardized by its own mean and deviation.",
               hint="Compute the mean and the deviation once, from X_train, and use them twice.")
def standardize_by_its_own(X_train, X_test, tiny=1e-6):
    scaled = []
    for X in (X_train, X_test):
        std = X.std(axis=0)
        scaled.append((X - X.mean(axis=0)) / np.where(std > tiny, std, 1.0))
    return scaled[0], scaled[1]


@misconception("standardize", "The statistics come from training and test set together: the test set leaks in.",
               hint="Only X_train may set the mean and the deviation.")
def standardize_by_both(X_train, X_test, tiny=1e-6):
    everything = np.concatenate([X_train, X_test])
    mean, std = everything.mean(axis=0), everything.std(axis=0)
    std = np.where(std > tiny, std, 1.0)
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "The data is divided by the variance; the root is missing.",
               hint="Divide by the standard deviation.")
def standardize_by_the_variance(X_train, X_test, tiny=1e-6):
    mean, variance = X_train.mean(axis=0), X_train.var(axis=0)
    variance = np.where(X_train.std(axis=0) > tiny, variance, 1.0)
    return (X_train - mean) / variance, (X_test - mean) / variance


@misconception("standardize", "One mean and one deviation serve all features.",
               hint="Sum over the examples only: axis=0.")
def standardize_all_features_alike(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(), X_train.std()
    std = std if std > tiny else 1.0
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "The means run over the features of each example, not over the examples.",
               hint="axis=0 runs over the examples.")
def standardize_each_example(X_train, X_test, tiny=1e-6):
    scaled = []
    for X in (X_train, X_test):
        std = X.std(axis=1, keepdims=True)
        scaled.append((X - X.mean(axis=1, keepdims=True)) / np.where(std > tiny, std, 1.0))
    return scaled[0], scaled[1]


@misconception("standardize", "A deviation is compared with exactly zero: rounding leaves 1e-17, and the "
               "feature is blown up.", hint="Compare the deviation with tiny.")
def standardize_exactly_zero(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std == 0, 1.0, std)
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "A constant feature is divided by its deviation, zero: NaN.",
               hint="Put 1 in the place of deviations that are at most tiny.")
def standardize_divides_by_zero(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    with np.errstate(all="ignore"):
        return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "The deviation of a constant feature is replaced by tiny, which multiplies what the "
               "test set has there by a million.", hint="A constant feature is centred and not divided.")
def standardize_divides_by_tiny(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), np.maximum(X_train.std(axis=0), tiny)
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "The unbiased deviation (1/(N−1)) is used.",
               hint="The docstring wants the biased one, with 1/N: NumPy's default.")
def standardize_unbiased(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0, ddof=1)
    std = np.where(std > tiny, std, 1.0)
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "The training data is changed in place.",
               hint="Write (X − mean) / std, which makes a new array.")
def standardize_in_place(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std > tiny, std, 1.0)
    X_train -= mean
    X_train /= std
    return X_train, (X_test - mean) / std


@misconception("standardize", "The test set is not centred, only scaled.",
               hint="Take the training mean off both.")
def standardize_test_not_centred(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std > tiny, std, 1.0)
    return (X_train - mean) / std, X_test / std


@misconception("standardize", "tiny is ignored: the limit is written into the function.", hint="np.where(std > tiny, std, 1.0).")
def standardize_fixed_limit(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std > 1e-6, std, 1.0)
    return (X_train - mean) / std, (X_test - mean) / std


@misconception("standardize", "A deviation of exactly tiny is divided by; at most tiny counts as constant.", hint="std > tiny, or std <= tiny.")
def standardize_below_the_limit(X_train, X_test, tiny=1e-6):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std < tiny, 1.0, std)
    return (X_train - mean) / std, (X_test - mean) / std


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


# --- channel_statistics --------------------------------------------------------------------------


@misconception("channel_statistics", "The deviations of the single images are averaged: that some images are "
               "darker than others is lost.", hint="One std over axis=(0, 2, 3).")
def channel_statistics_averages_deviations(images):
    return images.mean(axis=(0, 2, 3)), images.std(axis=(2, 3)).mean(axis=0)


@misconception("channel_statistics", "One mean for each pixel of each channel: a mean image.",
               hint="The places vanish too: axis=(0, 2, 3).")
def channel_statistics_per_pixel(images):
    return images.mean(axis=0), images.std(axis=0)


@misconception("channel_statistics", "One number for all channels.", hint="The axis of the channels, 1, stays.")
def channel_statistics_of_everything(images):
    channels = images.shape[1]
    return np.full(channels, images.mean()), np.full(channels, images.std())


@misconception("channel_statistics", "The axes are those of (N, H, W, C): what stays is the width.",
               hint="The channels are axis 1.")
def channel_statistics_channels_last(images):
    return images.mean(axis=(0, 1, 2)), images.std(axis=(0, 1, 2))


@misconception("channel_statistics", "The variance is returned in place of the standard deviation.",
               hint="std, not var.")
def channel_statistics_variance(images):
    return images.mean(axis=(0, 2, 3)), images.var(axis=(0, 2, 3))


@misconception("channel_statistics", "The squares of uint8 overflow at 256.",
               hint="images.astype(float) before squaring.")
def channel_statistics_overflows(images):
    mean = images.mean(axis=(0, 2, 3))
    return mean, np.sqrt(np.maximum((images**2).mean(axis=(0, 2, 3)) - mean**2, 0))


@misconception("channel_statistics", "The mean square minus the squared mean is negative by rounding where a channel is "
               "constant; its root is NaN.", hint="images.std, or np.maximum(…, 0) under the root.")
def channel_statistics_root_of_rounding(images):
    images = images.astype(float)
    mean = images.mean(axis=(0, 2, 3))
    return mean, np.sqrt((images**2).mean(axis=(0, 2, 3)) - mean**2)


@alternative("channel_statistics")
def channel_statistics_flattened(images):
    flat = np.moveaxis(images, 1, 0).reshape(images.shape[1], -1).astype(np.float64)
    return flat.mean(axis=1), flat.std(axis=1)


@alternative("channel_statistics")
def channel_statistics_mean_of_squares(images):
    images = images.astype(float)
    mean = images.mean((0, 2, 3))
    return mean, np.sqrt(np.maximum((images**2).mean((0, 2, 3)) - mean**2, 0))


# --- contrast_normalize --------------------------------------------------------------------------


@misconception("contrast_normalize", "Each channel of an image gets its own mean and deviation.",
               hint="The channels belong to the sum: axis=(1, 2, 3).")
def contrast_normalize_per_channel(images, eps=1e-8):
    mean, variance = images.mean((2, 3), keepdims=True), images.var((2, 3), keepdims=True)
    return (images - mean) / np.sqrt(variance + eps)


@misconception("contrast_normalize", "The mean and the deviation run over the whole batch.",
               hint="The images stay apart: leave axis 0 out of the sum.")
def contrast_normalize_over_the_batch(images, eps=1e-8):
    mean, variance = images.mean((0, 2, 3), keepdims=True), images.var((0, 2, 3), keepdims=True)
    return (images - mean) / np.sqrt(variance + eps)


@misconception("contrast_normalize", "eps is added to the deviation, outside the root.",
               hint="np.sqrt(variance + eps).")
def contrast_normalize_eps_outside(images, eps=1e-8):
    mean, std = images.mean((1, 2, 3), keepdims=True), images.std((1, 2, 3), keepdims=True)
    return (images - mean) / (std + eps)


@misconception("contrast_normalize", "Without eps, an image of one colour becomes NaN.",
               hint="np.sqrt(variance + eps).")
def contrast_normalize_without_eps(images, eps=1e-8):
    mean, std = images.mean((1, 2, 3), keepdims=True), images.std((1, 2, 3), keepdims=True)
    with np.errstate(all="ignore"):
        return (images - mean) / std


@misconception("contrast_normalize", "The image is divided by its variance; the root is missing.",
               hint="np.sqrt(variance + eps).")
def contrast_normalize_by_the_variance(images, eps=1e-8):
    mean, variance = images.mean((1, 2, 3), keepdims=True), images.var((1, 2, 3), keepdims=True)
    return (images - mean) / (variance + eps)


@misconception("contrast_normalize", "The images are only centred.", hint="Divide by √(variance + eps), too.")
def contrast_normalize_only_centred(images, eps=1e-8):
    return images - images.mean((1, 2, 3), keepdims=True)


@alternative("contrast_normalize")
def contrast_normalize_one_by_one(images, eps=1e-8):
    return np.stack([(x - x.mean()) / (x.var() + eps) ** 0.5 for x in images])


@alternative("contrast_normalize")
def contrast_normalize_by_torch(images, eps=1e-8):
    values = torch.tensor(images)
    return torch.nn.functional.layer_norm(values, values.shape[1:], eps=eps).numpy()


misconception("day_and_night", "The same mean image taken off two photographs leaves their difference as it was.",
              hint="After which of the three are a photograph and its brighter copy the same?",
              source='day_and_night = "the mean image of the training set"', name="day_and_night_mean_image")
misconception("day_and_night", "The same numbers for all images keep what distinguishes the images.",
              hint="After which of the three are a photograph and its brighter copy the same?",
              source='day_and_night = "the channel statistics of the training set"', name="day_and_night_channels")

# --- pca -----------------------------------------------------------------------------------------


@misconception("pca", "The data is not centred: the first component points to the mean.",
               hint="Decompose X − mean.")
def pca_without_centring(X):
    _, singular, components = np.linalg.svd(X, full_matrices=False)
    return X.mean(axis=0), singular**2 / len(X), components


@misconception("pca", "The smallest variance comes first: eigh sorts upwards.",
               hint="Turn the order round: [::-1].")
def pca_smallest_first(X):
    mean = X.mean(axis=0)
    variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, variances, vectors.T


@misconception("pca", "The components are in the columns: eigh's eigenvectors were not transposed.",
               hint="Return vectors.T.")
def pca_components_in_columns(X):
    mean = X.mean(axis=0)
    variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, variances[::-1], vectors[:, ::-1]


@misconception("pca", "The variances are turned round, but the components are not.",
               hint="Both must be in the same order.")
def pca_orders_differ(X):
    mean = X.mean(axis=0)
    variances, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, variances[::-1], vectors.T


@misconception("pca", "The singular values are returned in place of the variances.",
               hint="A variance is a squared singular value divided by N.")
def pca_singular_values(X):
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, singular, components


@misconception("pca", "The squared singular values are not divided by N: they grow with the data set.",
               hint="singular² / N.")
def pca_not_divided(X):
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, singular**2, components


@misconception("pca", "The variances are divided by N − 1.", hint="The docstring wants 1/N.")
def pca_unbiased(X):
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, singular**2 / (len(X) - 1), components


@alternative("pca")
def pca_by_eigh(X):
    mean = X.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    return mean, variances[::-1], vectors[:, ::-1].T


@alternative("pca")
def pca_in_float32(X):
    X = X.astype(np.float32)
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean)
    return mean, singular**2 / len(X), -components


# --- whiten --------------------------------------------------------------------------------------


@misconception("whiten", "Each component is divided by its variance; the root is missing.",
               hint="Divide by np.sqrt(variances + eps).")
def whiten_by_the_variance(X, mean, variances, components, eps=1e-5):
    return (X - mean) @ components.T / (variances + eps)


@misconception("whiten", "The components are used untransposed: a rotation, but the wrong way round.",
               hint="Rows meet rows: (X − mean) @ components.T.")
def whiten_not_transposed(X, mean, variances, components, eps=1e-5):
    return (X - mean) @ components / np.sqrt(variances + eps)


@misconception("whiten", "The data is not centred.", hint="Take the mean off first.")
def whiten_not_centred(X, mean, variances, components, eps=1e-5):
    return X @ components.T / np.sqrt(variances + eps)


@misconception("whiten", "The data is centred by its own mean, not by that of the training set.",
               hint="Use the mean that you are given.")
def whiten_by_its_own_mean(X, mean, variances, components, eps=1e-5):
    return (X - X.mean(axis=0)) @ components.T / np.sqrt(variances + eps)


@misconception("whiten", "eps is forgotten: a direction without variance becomes NaN or noise.",
               hint="np.sqrt(variances + eps).")
def whiten_without_eps(X, mean, variances, components, eps=1e-5):
    with np.errstate(all="ignore"):
        return (X - mean) @ components.T / np.sqrt(variances)


@misconception("whiten", "eps is added outside the root: the root of −1e-17 is NaN.",
               hint="np.sqrt(variances + eps).")
def whiten_eps_outside(X, mean, variances, components, eps=1e-5):
    with np.errstate(all="ignore"):
        return (X - mean) @ components.T / (np.sqrt(variances) + eps)


@misconception("whiten", "Divided first and rotated after: the deviations belong to the components, not to the features.",
               hint="First rotate, then divide.")
def whiten_divides_first(X, mean, variances, components, eps=1e-5):
    return (X - mean) / np.sqrt(variances + eps) @ components.T


@alternative("whiten")
def whiten_by_one_matrix(X, mean, variances, components, eps=1e-5):
    matrix = components / np.sqrt(variances + eps)[:, None]
    return (matrix @ (X - mean).T).T


@alternative("whiten")
def whiten_in_float32(X, mean, variances, components, eps=1e-5):
    turned = np.einsum("nd,kd->nk", (X - mean).astype(np.float32), components.astype(np.float32))
    return turned * (variances + eps) ** -0.5


misconception("components_for_95", "That is all of them: 100 %.", hint="Follow the dashed line to the curve.",
              source="components_for_95 = 64", name="components_for_95_all")
misconception("components_for_95", "That keeps 90 %.", hint="The dashed line is at 95 %.",
              source="components_for_95 = 21", name="components_for_95_at_90")
misconception("components_for_95", "That is 95 % of the components, not of the variance.",
              hint="The first components keep far more than the last ones.", source="components_for_95 = 61", name="components_for_95_share_of_64")
alternative("components_for_95", source="components_for_95 = np.int64(29)", name="components_for_95_one_more")

# --- the leak ------------------------------------------------------------------------------------

misconception("one_at_a_time", "An image minus itself is nothing: no classifier sees anything in it.",
              hint="What is the mean of a feature over one image?", source='one_at_a_time = "as good"',
              name="one_at_a_time_as_good")
misconception("one_at_a_time", "Not even half is left: every image becomes the same zeros.",
              hint="What is the mean of a feature over one image?", source='one_at_a_time = "about half"',
              name="one_at_a_time_half")
misconception("too_good", "That is an accuracy, not a difference of two.", hint="Subtract the dashed red line.",
              source="too_good = 93", name="too_good_accuracy")
misconception("too_good", "The curves of the two scanners lie on one another, but the dashed lines do not.",
              hint="Compare the red curve's right end with the dashed red line.", source="too_good = 0",
              name="too_good_nothing")
misconception("too_good", "That is the difference to a single image.", hint="Take the right end of the curve.",
              source="too_good = 83", name="too_good_left_end")
alternative("too_good", source="too_good = 93 - 68", name="too_good_rounded")

# --- symmetry ------------------------------------------------------------------------------------

misconception("zero_weights", "The hidden units are 0, so dW₂ = hᵀ ds is 0, too.", hint="What is h?",
              source='zero_weights = "the last layer"', name="zero_weights_last_layer")
misconception("zero_weights", "The scores have a gradient, and the last bias adds to them directly.",
              hint="db₂ is the sum of ds.", source='zero_weights = "none"', name="zero_weights_none")
misconception("zero_weights", "Nothing passes through W₂ = 0.", hint="dh = ds W₂ᵀ.",
              source='zero_weights = "all"', name="zero_weights_all")
misconception("stuck_at", "That is where the constant start gets to.", hint="Look at the black line.",
              source="stuck_at = 1.8", name="stuck_at_constant")
misconception("stuck_at", "That is the random start.", hint="Look at the black line.",
              source="stuck_at = 0.14", name="stuck_at_random")
misconception("stuck_at", "That is the logarithm to the base 10.", hint="The loss uses the natural logarithm.",
              source="stuck_at = np.log10(10)", name="stuck_at_log10")
alternative("stuck_at", source="stuck_at = np.log(10)", name="stuck_at_formula")

# --- variance through depth ----------------------------------------------------------------------

misconception("shrink_per_layer", "That is the factor of the variance.", hint="Take its root.",
              source="shrink_per_layer = 256 * 0.01**2", name="shrink_per_layer_variance")
misconception("shrink_per_layer", "256 terms of random sign don't add up to 256 times one of them.",
              hint="Variances add up: √256.", source="shrink_per_layer = 2.56", name="shrink_per_layer_sum")
misconception("shrink_per_layer", "That forgets that 256 terms are summed.", hint="√256 · 0.01.",
              source="shrink_per_layer = 0.01", name="shrink_per_layer_one_term")
alternative("shrink_per_layer", source="shrink_per_layer = np.sqrt(256) * 0.01", name="shrink_per_layer_formula")


@misconception("deep", "Every layer gets the input of the network: the layers stand side by side.",
               hint="h = activation(h_before @ W).", replaces="deep_forward")
def deep_forward_side_by_side(X, weights, activation):
    h, hidden = X, [X]
    for W in weights:
        z = h @ W
        hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
        h = z
    return hidden[1:], (hidden, weights, activation)


@misconception("deep", "The activation of the last layer is left out.", hint="It comes after every layer.",
               replaces="deep_forward")
def deep_forward_last_is_linear(X, weights, activation):
    hidden = [X]
    for layer, W in enumerate(weights):
        z = hidden[-1] @ W
        if layer < len(weights) - 1:
            z = np.tanh(z) if activation == "tanh" else np.maximum(z, 0)
        hidden.append(z)
    return hidden[1:], (hidden, weights, activation)


@misconception("deep", "The slope of tanh is taken at the output: 1 − tanh(h)².",
               hint="h is the tanh already: 1 − h².", replaces="deep_backward", earns=1)
def deep_backward_tanh_twice(dout, cache):
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dhidden[0] * (1 - np.tanh(after) ** 2 if activation == "tanh" else after > 0)
        dweights.insert(0, before.T @ dz)
        dhidden.insert(0, dz @ W.T)
    return dhidden[0], dweights, dhidden[1:]


@misconception("deep", "The slope is taken at the layer's input, not at its output.",
               hint="1 − h² with the h that this layer put out.", replaces="deep_backward", earns=1)
def deep_backward_one_layer_off(dout, cache):
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        h = np.tanh(before @ W) if activation == "tanh" else before @ W
        slope = 1 - h if activation == "tanh" else after >= 0
        dz = dhidden[0] * slope
        dweights.insert(0, before.T @ dz)
        dhidden.insert(0, dz @ W.T)
    return dhidden[0], dweights, dhidden[1:]


@misconception("deep", "The slopes are missing: the gradient goes back as if all layers were linear.",
               hint="dz = dh · slope.", replaces="deep_backward", earns=1)
def deep_backward_without_slopes(dout, cache):
    hidden, weights, _ = cache
    dweights, dhidden = [], [dout]
    for W, before in zip(weights[::-1], hidden[-2::-1]):
        dweights.insert(0, before.T @ dhidden[0])
        dhidden.insert(0, dhidden[0] @ W.T)
    return dhidden[0], dweights, dhidden[1:]


@misconception("deep", "The lists run from the last layer to the first.",
               hint="Put new gradients in front, or turn the lists round at the end.", replaces="deep_backward", earns=1)
def deep_backward_reversed(dout, cache):
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dhidden[-1] * (1 - after**2 if activation == "tanh" else after > 0)
        dweights.append(before.T @ dz)
        dhidden.append(dz @ W.T)
    return dhidden[-1], dweights, dhidden[:-1]


@misconception("deep", "The gradients of the weights are averaged over the batch once more.",
               hint="dW = before.T @ dz; a mean belongs to the loss.", replaces="deep_backward", earns=1)
def deep_backward_averages(dout, cache):
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dhidden[0] * (1 - after**2 if activation == "tanh" else after > 0)
        dweights.insert(0, before.T @ dz / len(dout))
        dhidden.insert(0, dz @ W.T)
    return dhidden[0], dweights, dhidden[1:]


@misconception("deep", "dhidden holds the gradients before the activations.",
               hint="Keep dh, not dz = dh · slope.", replaces="deep_backward", earns=1)
def deep_backward_before_the_activation(dout, cache):
    hidden, weights, activation = cache
    dweights, dhidden, dh = [], [], dout
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dh * (1 - after**2 if activation == "tanh" else after > 0)
        dhidden.insert(0, dz)
        dweights.insert(0, before.T @ dz)
        dh = dz @ W.T
    return dh, dweights, dhidden


@alternative("deep", replaces="deep_forward")
def deep_forward_with_where(X, weights, activation):
    h, hidden = X, [X]
    for W in weights:
        h = np.dot(h, W)
        h = np.tanh(h) if activation == "tanh" else np.where(h > 0, h, 0.0)
        hidden.append(h)
    return list(hidden[1:]), (hidden, list(weights), activation)


@alternative("deep", replaces="deep_backward")
def deep_backward_by_index(dout, cache):
    hidden, weights, activation = cache
    depth, dh = len(weights), dout
    dweights, dhidden = [None] * depth, [None] * depth
    for layer in range(depth - 1, -1, -1):
        dhidden[layer] = dh
        h = hidden[layer + 1]
        dz = dh - dh * h * h if activation == "tanh" else np.where(h > 0, dh, 0)
        dweights[layer] = np.einsum("ni,nj->ij", hidden[layer], dz)
        dh = dz @ weights[layer].T
    return dh, dweights, dhidden


@alternative("deep", replaces="deep_forward")
def deep_forward_in_float32(X, weights, activation):
    hidden = [X.astype(np.float32)]
    for W in weights:
        z = hidden[-1] @ W.astype(np.float32)
        hidden.append(np.tanh(z) if activation == "tanh" else z * (z > 0))
    return hidden[1:], (hidden, weights, activation)


# --- LeCun, Xavier, He ---------------------------------------------------------------------------


@misconception("lecun_normal", "1 / fan_in is used as the standard deviation; it is the variance.",
               hint="Take the root: scale = 1 / √fan_in.")
def lecun_normal_variance_for_std(fan_in, fan_out, rng):
    return rng.normal(scale=1 / fan_in, size=(fan_in, fan_out))


@misconception("lecun_normal", "The fan-out stands where the fan-in should: that keeps the gradient, not the signal.",
               hint="One output is a sum of fan_in terms.")
def lecun_normal_fan_out(fan_in, fan_out, rng):
    return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_out)


@misconception("lecun_normal", "The function makes its own generator: all layers of a shape get the same weights.",
               hint="Draw from the rng that you are given.")
def lecun_normal_own_seed(fan_in, fan_out, rng):
    return np.random.default_rng(0).normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)


@misconception("lecun_normal", "The weights are uniform, with a bound where the standard deviation belongs.",
               hint="rng.normal(…).")
def lecun_normal_uniform(fan_in, fan_out, rng):
    return rng.uniform(-1, 1, size=(fan_in, fan_out)) / np.sqrt(fan_in)


@misconception("lecun_normal", "The global generator is used: the rng is ignored, and the run can't be repeated.",
               hint="rng.normal(…), not np.random.normal(…).")
def lecun_normal_global_generator(fan_in, fan_out, rng):
    return np.random.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)


@misconception("lecun_normal", "The weights are (fan_out, fan_in): PyTorch's order.",
               hint="Weights are (fan_in, fan_out) here.")
def lecun_normal_transposed(fan_in, fan_out, rng):
    return rng.normal(size=(fan_out, fan_in)) / np.sqrt(fan_in)


@alternative("lecun_normal")
def lecun_normal_by_scale(fan_in, fan_out, rng):
    return rng.normal(0.0, fan_in**-0.5, (fan_in, fan_out))


@alternative("lecun_normal")
def lecun_normal_in_float32(fan_in, fan_out, rng):
    return rng.standard_normal((fan_out, fan_in), dtype=np.float32).T * np.float32(fan_in**-0.5)


misconception("saturated_gradient", "That is true of each saturated unit. But the few that are not saturated "
              "pass on sums of 256 weights of size 1.", hint="n · σ² · E[slope²] per layer.",
              source='saturated_gradient = "vanished"', name="saturated_gradient_vanished")
misconception("saturated_gradient", "Nothing balances here: the factor per layer is far from 1.",
              hint="n · σ² · E[slope²] per layer.", source='saturated_gradient = "kept its size"',
              name="saturated_gradient_kept")
misconception("growth_of_gradient", "The sign is wrong: it grows on the way back.", hint="Above 1, the power is positive.",
              source="growth_of_gradient = -8.9", name="growth_of_gradient_sign")
misconception("growth_of_gradient", "That is where the picture's axis ends.", hint="Read the number in the picture.",
              source="growth_of_gradient = 12", name="growth_of_gradient_axis")
misconception("growth_of_gradient", "That is the picture for σ = 1/16.", hint="Read the one in the middle.",
              source="growth_of_gradient = 0", name="growth_of_gradient_wrong_picture")
alternative("growth_of_gradient", source="growth_of_gradient = np.log10(8e8)", name="growth_of_gradient_log")

misconception("compromise", "The two have changed places.", hint="Forward, a sum has n = 100 terms.",
              source="forward_factor = 1.6\nbackward_factor = 0.4", name="compromise_swapped")
misconception("compromise", "These are the factors of the size, not of the variance.", hint="Leave the root out.",
              source="forward_factor = 0.4**0.5\nbackward_factor = 1.6**0.5", name="compromise_roots")
misconception("compromise", "Forward is right; backward, a sum has 400 terms.", hint="400 · 2/500.", earns=1,
              source="forward_factor = 0.4\nbackward_factor = 0.4", name="compromise_one_for_both")
misconception("compromise", "The 2 is forgotten: σ² = 2/(n + m).", hint="σ² = 2/500.",
              source="forward_factor = 0.2\nbackward_factor = 0.8", name="compromise_without_the_two")
alternative("compromise", source="forward_factor = 200 / 500\nbackward_factor = np.float32(800 / 500)",
            name="compromise_fractions")


@misconception("xavier", "The variance is used as the standard deviation.", hint="Take the root of 2 / (n + m).",
               replaces="xavier_normal", earns=2)
def xavier_normal_without_root(fan_in, fan_out, rng):
    return rng.normal(scale=2 / (fan_in + fan_out), size=(fan_in, fan_out))


@misconception("xavier", "This is He's rule, without the fan-out.", hint="2 / (fan_in + fan_out).",
               replaces="xavier_normal", earns=2)
def xavier_normal_is_he(fan_in, fan_out, rng):
    return np.sqrt(2 / fan_in) * rng.normal(size=(fan_in, fan_out))


@misconception("xavier", "1 / (n + m) is half of the variance.", hint="The mean of the fans is (n + m) / 2.",
               replaces="xavier_normal", earns=2)
def xavier_normal_half(fan_in, fan_out, rng):
    return np.sqrt(1 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))


@misconception("xavier", "He's gain of 2 was put in front of Xavier's fans.", hint="2 / (n + m), not 4 / (n + m).",
               replaces="xavier_normal", earns=2)
def xavier_normal_with_gain_of_he(fan_in, fan_out, rng):
    return np.sqrt(4 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))


@misconception("xavier", "The bound is the standard deviation: √3 is missing.", hint="bound = √(6 / (n + m)).",
               replaces="xavier_uniform", earns=1)
def xavier_uniform_bound_is_std(fan_in, fan_out, rng):
    bound = np.sqrt(2 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))


@misconception("xavier", "The weights are between 0 and the bound: their mean is not 0.",
               hint="rng.uniform(-bound, bound, …).", replaces="xavier_uniform", earns=1)
def xavier_uniform_positive(fan_in, fan_out, rng):
    return rng.uniform(0, 2 * np.sqrt(6 / (fan_in + fan_out)), size=(fan_in, fan_out))


@misconception("xavier", "The bound lacks its root.", hint="bound = √(6 / (n + m)).",
               replaces="xavier_uniform", earns=1)
def xavier_uniform_without_root(fan_in, fan_out, rng):
    bound = 6 / (fan_in + fan_out)
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))


@misconception("xavier", "The variance is right, but the weights are normal.", hint="rng.uniform.",
               replaces="xavier_uniform", earns=1)
def xavier_uniform_is_normal(fan_in, fan_out, rng):
    return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))


@misconception("xavier", "The bound is that of PyTorch's default, √(1 / fan_in), not Xavier's.",
               hint="bound = √(6 / (n + m)).", replaces="xavier_uniform", earns=1)
def xavier_uniform_default_of_torch(fan_in, fan_out, rng):
    bound = fan_in**-0.5
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))


@misconception("xavier", "The function makes its own generator: all layers of a shape get the same weights.",
               hint="Draw from the rng that you are given.", replaces="xavier_uniform", earns=1)
def xavier_uniform_own_seed(fan_in, fan_out, rng):
    bound = np.sqrt(6 / (fan_in + fan_out))
    return np.random.default_rng(1).uniform(-bound, bound, size=(fan_in, fan_out))


@alternative("xavier", replaces="xavier_normal")
def xavier_normal_by_mean_fan(fan_in, fan_out, rng):
    fan = (fan_in + fan_out) / 2
    return rng.normal(0, fan**-0.5, (fan_in, fan_out))


@alternative("xavier", replaces="xavier_uniform")
def xavier_uniform_from_unit_interval(fan_in, fan_out, rng):
    std = np.sqrt(2 / (fan_in + fan_out))
    return (2 * rng.random((fan_in, fan_out)) - 1) * np.sqrt(3) * std


misconception("xavier_with_relu", "That is the share of the mean square; the root is missing.", hint="(1/√2)²⁰.",
              source="xavier_with_relu = 2.0**-20", name="xavier_with_relu_variance")
misconception("xavier_with_relu", "That is the share after one layer.", hint="Twenty of them.",
              source="xavier_with_relu = 2**-0.5", name="xavier_with_relu_one_layer")
misconception("xavier_with_relu", "1/20 would be a loss that adds up; it multiplies.", hint="(1/√2)²⁰.",
              source="xavier_with_relu = 1 / 20", name="xavier_with_relu_adds")
alternative("xavier_with_relu", source="xavier_with_relu = 0.001", name="xavier_with_relu_rounded")


@misconception("he_normal", "He's 2 stands above Xavier's fans: the signal is halved once more where they are equal.",
               hint="Divide by one fan, not by the sum.")
def he_normal_fans_of_xavier(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    return np.sqrt(2 / ((1 + slope**2) * (fan_in + fan_out))) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The slope is ignored.", hint="2 / ((1 + slope²) · fan).")
def he_normal_ignores_the_slope(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    return np.sqrt(2 / (fan_in if mode == "fan_in" else fan_out)) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The slope enters without its square.", hint="E[h²] holds slope².")
def he_normal_slope_not_squared(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    fan = fan_in if mode == "fan_in" else fan_out
    return np.sqrt(2 / ((1 + slope) * fan)) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The two fans are swapped.", hint="fan_in is the number of inputs, the first argument.")
def he_normal_swaps_the_fans(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    fan = fan_out if mode == "fan_in" else fan_in
    return np.sqrt(2 / ((1 + slope**2) * fan)) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The variance is used as the standard deviation.", hint="Take the root.")
def he_normal_without_root(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    fan = fan_in if mode == "fan_in" else fan_out
    return 2 / ((1 + slope**2) * fan) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "An unknown mode passes in silence, as fan-out.", hint="raise ValueError.")
def he_normal_accepts_any_mode(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    fan = fan_in if mode == "fan_in" else fan_out
    return np.sqrt(2 / ((1 + slope**2) * fan)) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The mode fan_out is ignored.", hint="Let the mode choose the fan.")
def he_normal_always_fan_in(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    return np.sqrt(2 / ((1 + slope**2) * fan_in)) * rng.normal(size=(fan_in, fan_out))


@misconception("he_normal", "The 2 is missing: this is LeCun's rule.", hint="A ReLU halves the mean square.")
def he_normal_without_the_two(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    fan = fan_in if mode == "fan_in" else fan_out
    return rng.normal(size=(fan_in, fan_out)) / np.sqrt((1 + slope**2) * fan)


@misconception("he_normal", "The function makes its own generator: all layers of a shape get the same weights.",
               hint="Draw from the rng that you are given.")
def he_normal_own_seed(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(mode)
    fan = fan_in if mode == "fan_in" else fan_out
    return np.sqrt(2 / ((1 + slope**2) * fan)) * np.random.default_rng(42).normal(size=(fan_in, fan_out))


@alternative("he_normal")
def he_normal_by_gain(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    try:
        fan = dict(fan_in=fan_in, fan_out=fan_out)[mode]
    except KeyError:
        raise ValueError(f"no mode {mode}") from None
    gain = torch.nn.init.calculate_gain("leaky_relu", slope)
    return rng.normal(0.0, gain / fan**0.5, size=(fan_in, fan_out))


@alternative("he_normal")
def he_normal_in_float32(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    if mode == "fan_in":
        fan = fan_in
    elif mode == "fan_out":
        fan = fan_out
    else:
        raise ValueError(mode)
    return (rng.standard_normal((fan_in, fan_out)) * (2 / fan / (1 + slope * slope)) ** 0.5).astype(np.float32)


# --- fans ----------------------------------------------------------------------------------------


@misconception("fans", "The area of the kernel is forgotten.", hint="Both fans times the product of shape[2:].")
def fans_without_the_area(shape):
    if len(shape) < 2:
        raise ValueError("no fans")
    return shape[1], shape[0]


@misconception("fans", "The fan-in and the fan-out are swapped: PyTorch has the outputs first.",
               hint="shape is (out, in, …).")
def fans_swapped(shape):
    if len(shape) < 2:
        raise ValueError("no fans")
    area = int(np.prod(shape[2:]))
    return shape[0] * area, shape[1] * area


@misconception("fans", "The area is missing in the fan-out: one input goes into k·k places of each output channel.",
               hint="Both fans hold the area.")
def fans_area_for_the_fan_in_only(shape):
    if len(shape) < 2:
        raise ValueError("no fans")
    return shape[1] * int(np.prod(shape[2:])), shape[0]


@misconception("fans", "The kernel is taken for a square: k·k of its first side.", hint="The product of shape[2:].")
def fans_of_a_square(shape):
    if len(shape) < 2:
        raise ValueError("no fans")
    area = shape[2] ** 2 if len(shape) > 2 else 1
    return shape[1] * area, shape[0] * area


@misconception("fans", "A bias gets fans of 1 in silence.", hint="raise ValueError for fewer than two numbers.")
def fans_of_a_bias(shape):
    area = int(np.prod(shape[2:]))
    return (shape[1] if len(shape) > 1 else 1) * area, shape[0] * area


@alternative("fans")
def fans_with_a_loop(shape):
    if len(shape) <= 1:
        raise ValueError("weights have two dimensions or more")
    fan_out, fan_in = shape[:2]
    for k in shape[2:]:
        fan_in, fan_out = fan_in * k, fan_out * k
    return fan_in, fan_out


@alternative("fans")
def fans_by_division(shape):
    if len(shape) < 2:
        raise ValueError("weights have two dimensions or more")
    numbers = int(np.prod(shape))
    return [numbers // shape[0], numbers // shape[1]]


misconception("forgotten_area", "That is the factor of the mean square.", hint="Take its root.",
              source="forgotten_area = 9", name="forgotten_area_variance")
misconception("forgotten_area", "The sum has nine times as many terms, so it grows.", hint="More terms, more variance.",
              source="forgotten_area = 1 / 3", name="forgotten_area_shrinks")
misconception("forgotten_area", "It would be 1 with the area in the fan-in.", hint="Nine times as many terms.",
              source="forgotten_area = 1", name="forgotten_area_kept")
alternative("forgotten_area", source="forgotten_area = np.sqrt(3 * 3)", name="forgotten_area_formula")

# --- orthogonal ----------------------------------------------------------------------------------

misconception("directions", "Only the mean square of the factors is 1; each layer spreads them further.",
              hint="What does a power do to numbers around 1?", source='directions = "all keep about their length"',
              name="directions_kept")


@misconception("orthogonal", "The signs of LAPACK's QR are left as they are: Q is orthogonal, but not uniform.",
               hint="Q * np.sign(np.diag(R)).")
def orthogonal_without_signs(fan_in, fan_out, rng, gain=1.0):
    Q, _ = np.linalg.qr(rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    return gain * (Q if fan_in >= fan_out else Q.T)


@misconception("orthogonal", "A wide matrix comes out too narrow: QR gives at most fan_in columns.",
               hint="Decompose the tall matrix and transpose.")
def orthogonal_never_wide(fan_in, fan_out, rng, gain=1.0):
    Q, R = np.linalg.qr(rng.normal(size=(fan_in, fan_out)))
    return gain * Q * np.sign(np.diag(R))


@misconception("orthogonal", "A square orthogonal matrix of the larger side is cut to fan_out rows, not columns.",
               hint="The shape is (fan_in, fan_out).")
def orthogonal_transposed(fan_in, fan_out, rng, gain=1.0):
    Q, R = np.linalg.qr(rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    Q = Q * np.sign(np.diag(R))
    return gain * (Q.T if fan_in >= fan_out else Q)


@misconception("orthogonal", "The gain is ignored.", hint="Multiply the matrix by the gain.")
def orthogonal_without_gain(fan_in, fan_out, rng, gain=1.0):
    Q, R = np.linalg.qr(rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    Q = Q * np.sign(np.diag(R))
    return Q if fan_in >= fan_out else Q.T


@misconception("orthogonal", "The columns of a Gaussian matrix were made unit vectors, but not orthogonal.",
               hint="Use np.linalg.qr.")
def orthogonal_only_normalized(fan_in, fan_out, rng, gain=1.0):
    W = rng.normal(size=(fan_in, fan_out))
    return gain * W / np.linalg.norm(W, axis=0 if fan_in >= fan_out else 1, keepdims=True)


@misconception("orthogonal", "The function makes its own generator: it returns the same matrix every time.",
               hint="Draw from the rng that you are given.")
def orthogonal_own_seed(fan_in, fan_out, rng, gain=1.0):
    own = np.random.default_rng(0)
    Q, R = np.linalg.qr(own.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out))))
    Q = Q * np.sign(np.diag(R))
    return gain * (Q if fan_in >= fan_out else Q.T)


@alternative("orthogonal")
def orthogonal_cut_from_a_square(fan_in, fan_out, rng, gain=1.0):
    size = max(fan_in, fan_out)
    Q, R = np.linalg.qr(rng.normal(size=(size, size)))
    return gain * (Q * np.sign(np.diag(R)))[:fan_in, :fan_out]


@alternative("orthogonal")
def orthogonal_by_svd(fan_in, fan_out, rng, gain=1.0):
    U, _, Vt = np.linalg.svd(rng.normal(size=(fan_in, fan_out)), full_matrices=False)
    return gain * U @ Vt


misconception("surviving", "That is how many do not survive.", hint="Count from the left.",
              source="surviving = 75", name="surviving_the_others")
misconception("surviving", "That is the number that keep their whole length.", hint="The grey line is at a tenth.",
              source="surviving = 10", name="surviving_whole_length")
misconception("surviving", "That is the orthogonal stack.", hint="Look at the orange curve.",
              source="surviving = 100", name="surviving_orthogonal")
alternative("surviving", source="surviving = 24.0", name="surviving_read_off")

# --- one pass of data ----------------------------------------------------------------------------


@misconception("scale_layers", "All layers are measured in the old network, before any is corrected.",
               hint="Compute the next h with the new weights.")
def scale_layers_all_at_once(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        z = h @ W
        if not z.std() > 0:
            raise ValueError("constant")
        scaled.append(W / z.std())
        h = activation(z)
    return scaled


@misconception("scale_layers", "The weights are divided by the variance.", hint="Divide by the standard deviation.")
def scale_layers_by_the_variance(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        variance = (h @ W).var()
        if not variance > 0:
            raise ValueError("constant")
        scaled.append(W / variance)
        h = activation(h @ scaled[-1])
    return scaled


@misconception("scale_layers", "The output is measured after the activation.", hint="Measure h @ W itself.")
def scale_layers_after_the_activation(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        spread = activation(h @ W).std()
        if not spread > 0:
            raise ValueError("constant")
        scaled.append(W / spread)
        h = activation(h @ scaled[-1])
    return scaled


@misconception("scale_layers", "Each unit gets a factor of its own: the layer's shape is changed.",
               hint="One standard deviation over all examples and units: .std() without an axis.")
def scale_layers_each_unit(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        spread = (h @ W).std(axis=0)
        if not (spread > 0).all():
            raise ValueError("constant")
        scaled.append(W / spread)
        h = activation(h @ scaled[-1])
    return scaled


@misconception("scale_layers", "A layer whose output is constant is divided by zero: NaN, in silence.",
               hint="raise ValueError where the spread is not positive.")
def scale_layers_divides_by_zero(weights, X, activation):
    h, scaled = X, []
    with np.errstate(all="ignore"):
        for W in weights:
            scaled.append(W / (h @ W).std())
            h = activation(h @ scaled[-1])
    return scaled


@misconception("scale_layers", "The root mean square is made 1, not the standard deviation: the mean of the output is "
               "counted as variation.", hint="z.std() takes the mean off.")
def scale_layers_by_rms(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        spread = np.sqrt(np.mean((h @ W) ** 2))
        if not spread > 0:
            raise ValueError("constant")
        scaled.append(W / spread)
        h = activation(h @ scaled[-1])
    return scaled


@misconception("scale_layers", "The weights that were handed in are changed in place.",
               hint="W / spread makes a new array, W /= spread does not.")
def scale_layers_in_place(weights, X, activation):
    h = X
    for W in weights:
        spread = (h @ W).std()
        if not spread > 0:
            raise ValueError("constant")
        W /= spread
        h = activation(h @ W)
    return weights


@misconception("scale_layers", "The activations between the layers are left out.", hint="h = activation(h @ W).")
def scale_layers_linear(weights, X, activation):
    h, scaled = X, []
    for W in weights:
        spread = (h @ W).std()
        if not spread > 0:
            raise ValueError("constant")
        scaled.append(W / spread)
        h = h @ scaled[-1]
    return scaled


@alternative("scale_layers")
def scale_layers_scales_the_output(weights, X, activation):
    h, scaled = X.astype(float), []
    for W in weights:
        z = h @ W
        variance = np.mean((z - z.mean()) ** 2)
        if variance == 0:
            raise ValueError("a constant layer")
        factor = variance**-0.5
        scaled.append(factor * W)
        h = activation(factor * z)
    return scaled


@alternative("scale_layers")
def scale_layers_from_the_start_each_time(weights, X, activation):
    scaled = [W.copy() for W in weights]
    for layer in range(len(scaled)):
        h = X
        for W in scaled[:layer]:
            h = activation(h @ W)
        spread = np.std(h @ scaled[layer])
        if spread < 1e-300:
            raise ValueError("a constant layer")
        scaled[layer] = scaled[layer] / spread
    return scaled


misconception("he_with_silu", "The curve falls by more than two powers of ten.", hint="The scale is logarithmic.",
              source="he_with_silu = 2.2", name="he_with_silu_power")
misconception("he_with_silu", "That is the share that is left; divide the other way round.",
              hint="The first point divided by the last.", source="he_with_silu = 1 / 165", name="he_with_silu_share")
misconception("he_with_silu", "That is the green curve.", hint="Look at the orange one.",
              source="he_with_silu = 1.0", name="he_with_silu_green")
alternative("he_with_silu", source="he_with_silu = 1.4 / 0.008", name="he_with_silu_read_off")

# --- PyTorch -------------------------------------------------------------------------------------

misconception("default_factor", "The ReLU's half is missing.", hint="n · 1/(3n), then half of it.",
              source="default_factor = 1 / 3", name="default_factor_without_relu")
misconception("default_factor", "That is He's rule, which the default is not.", hint="The variance of the weights is 1/(3n).",
              source="default_factor = 1", name="default_factor_he")
misconception("default_factor", "The bound was taken for the standard deviation.", hint="The variance is bound² / 3.",
              source="default_factor = 0.5", name="default_factor_bound")
misconception("default_factor", "That is the factor of the root mean square.", hint="The question is about the mean square.",
              source="default_factor = 6**-0.5", name="default_factor_root")
alternative("default_factor", source="default_factor = 0.17", name="default_factor_rounded")
alternative("default_factor", source="default_factor = 0.5 / 3", name="default_factor_half_of_a_third")


@misconception("initialize", "Only the outermost layers are visited: those inside of blocks keep PyTorch's default.",
               hint="model.modules() goes all the way down, model.children() doesn't.", replaces="initialize")
def initialize_children_only(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.children():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@misconception("initialize", "The slope is ignored: with nonlinearity='relu', kaiming_normal_ doesn't look at a.",
               hint='kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu").')
def initialize_relu_ignores_a(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@misconception("initialize", "The biases keep PyTorch's default.", hint="nn.init.zeros_(layer.bias), if there is one.")
def initialize_leaves_the_biases(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
    return model


@misconception("initialize", "The gain of the orthogonal matrices is 1: before a ReLU the signal loses half of its mean square.",
               hint="√(2 / (1 + slope²)).")
def initialize_orthogonal_without_gain(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
             "orthogonal": nn.init.orthogonal_}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@misconception("initialize", "He's rule is used with the fan-out.", hint='mode="fan_in", which is the default.')
def initialize_fan_out(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, slope, "fan_out", "leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@misconception("initialize", "The weights and biases of normalization layers are overwritten, too.",
               hint="isinstance(layer, (nn.Linear, nn.Conv2d)).")
def initialize_everything(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            rules[scheme](parameter)
        else:
            nn.init.zeros_(parameter)
    return model


@misconception("initialize", "The parameters are replaced by new ones, so an optimizer that was made before trains the old ones.",
               hint="Fill the parameters in place: nn.init's functions end in an underscore.")
def initialize_replaces_parameters(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01), "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            layer.weight = nn.Parameter(rules[scheme](torch.empty_like(layer.weight)))
            if layer.bias is not None:
                layer.bias = nn.Parameter(torch.zeros_like(layer.bias))
    return model


@misconception("initialize", "Every parameter with two dimensions or more is taken for weights of a linear layer or "
               "convolution; those of a layer normalization are not.", hint="isinstance(layer, (nn.Linear, nn.Conv2d)).")
def initialize_by_dimensions(model, scheme, slope=0.0):
    rules = {
        "small": lambda weight: nn.init.normal_(weight, std=0.01),
        "xavier": nn.init.xavier_uniform_,
        "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope),
        "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5),
    }
    if scheme not in rules:
        raise ValueError(scheme)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            rules[scheme](parameter)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return model


@alternative("initialize")
def initialize_with_apply(model, scheme, slope=0.0):
    gain = nn.init.calculate_gain("leaky_relu", slope)
    if scheme not in ("small", "xavier", "he", "orthogonal"):
        raise ValueError(f"unknown scheme {scheme}")

    def one(layer):
        if type(layer) in (nn.Linear, nn.Conv2d):
            if scheme == "small":
                nn.init.normal_(layer.weight, 0.0, 0.01)
            elif scheme == "xavier":
                nn.init.xavier_uniform_(layer.weight)
            elif scheme == "he":
                nn.init.kaiming_normal_(layer.weight, a=slope)
            else:
                nn.init.orthogonal_(layer.weight, gain=gain)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0)

    return model.apply(one)


@alternative("initialize")
def initialize_by_hand(model, scheme, slope=0.0):
    with torch.no_grad():
        for layer in model.modules():
            if not isinstance(layer, (nn.Linear, nn.Conv2d)):
                continue
            weight = layer.weight
            fan_in, fan_out = weight[0].numel(), weight[:, 0].numel()
            gain = (2 / (1 + slope**2)) ** 0.5
            if scheme == "small":
                weight.copy_(0.01 * torch.randn_like(weight))
            elif scheme == "he":
                weight.copy_(gain / fan_in**0.5 * torch.randn_like(weight))
            elif scheme == "xavier":
                weight.copy_((2 * torch.rand_like(weight) - 1) * (6 / (fan_in + fan_out)) ** 0.5)
            elif scheme == "orthogonal":
                U, _, V = torch.linalg.svd(torch.randn_like(weight).flatten(1), full_matrices=False)
                weight.copy_(gain * (U @ V).view_as(weight))
            else:
                raise ValueError(scheme)
            if layer.bias is not None:
                layer.bias.zero_()
    return model


@misconception("lsuv_", "The hook doesn't hand on the corrected output: the later layers are measured behind the old ones.",
               hint="return output / spread.")
def lsuv_hands_on_the_old_output(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            layer.weight /= output.std()

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@misconception("lsuv_", "The hooks stay on the model: every later pass rescales the weights again.",
               hint="Keep the handles and call remove() on each.")
def lsuv_leaves_the_hooks(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.std()
            with torch.no_grad():
                layer.weight /= spread
            return output / spread

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            layer.register_forward_hook(rescale)
        model(batch)
        return model


@misconception("lsuv_", "The weights are divided by the variance.", hint="output.std(), not output.var().")
def lsuv_by_the_variance(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.var()
            layer.weight /= spread
            return output / spread

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@misconception("lsuv_", "The biases stay as they were: only the weights are divided, so the output doesn't get deviation 1.",
               hint="Set the biases to zero before the pass.")
def lsuv_keeps_the_biases(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.std()
            layer.weight /= spread
            return output / spread

        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@misconception("lsuv_", "Each channel gets its own factor.", hint="output.std() over everything: one number a layer.")
def lsuv_each_channel(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.transpose(0, 1).flatten(1).std(dim=1)
            layer.weight /= spread.view(-1, *[1] * (layer.weight.ndim - 1))
            return output / spread.view(1, -1, *[1] * (output.ndim - 2))

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@misconception("lsuv_", "Only the outermost layers are scaled, not those inside of blocks.",
               hint="model.modules() goes all the way down.")
def lsuv_children_only(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.children() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.std()
            layer.weight /= spread
            return output / spread

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@misconception("lsuv_", "The model is put into evaluation mode and left there: dropout and batch normalization would "
               "be off in training.", hint="Leave the mode alone.")
def lsuv_leaves_evaluation_mode(model, batch):
    with torch.no_grad():
        model.eval()
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

        def rescale(layer, inputs, output):
            spread = output.std()
            layer.weight /= spread
            return output / spread

        for layer in layers:
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        hooks = [layer.register_forward_hook(rescale) for layer in layers]
        model(batch)
        for hook in hooks:
            hook.remove()
        return model


@alternative("lsuv_")
def lsuv_one_pass_a_layer(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
        for layer in layers:
            if layer.bias is not None:
                layer.bias.zero_()
        for layer in layers:
            seen = []
            hook = layer.register_forward_hook(lambda layer, inputs, output, seen=seen: seen.append(output))
            model(batch)
            hook.remove()
            layer.weight.div_(seen[0].std(correction=0))
        return model


@alternative("lsuv_")
def lsuv_with_data(model, batch):
    layers = [layer for layer in model.modules() if type(layer) in (nn.Linear, nn.Conv2d)]

    def rescale(layer, inputs, output):
        factor = 1 / output.detach().std()
        layer.weight.data.mul_(factor)
        return factor * output

    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    try:
        for layer in layers:
            if layer.bias is not None:
                layer.bias.data.fill_(0)
        with torch.no_grad():
            model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return model


misconception("default_trains", "What reaches the output after nine convolutions is little but the biases, the same for every image.",
              hint="(1/6)⁹.", source='default_trains = "yes"', name="default_trains_yes")
misconception("which_train", "Those two are the ones that stay at the loss of guessing.", hint="Which curves fall?",
              source='which_train = ["default", "xavier"]', name="which_train_the_others")
misconception("which_train", "The default of PyTorch stays on the line of guessing, here at least.",
              hint="Compare each curve with 2.3.", source='which_train = ["default", "he", "lsuv"]',
              name="which_train_default_too", earns=1)
misconception("which_train", "He's rule gets below 2 as well.", hint="Look for the blue curve.",
              source='which_train = ["lsuv"]', name="which_train_lsuv_only", earns=1)
misconception("which_train", "Only those whose curves fall.", hint="Two lines lie on one another.",
              source='which_train = ["default", "xavier", "he", "lsuv"]', name="which_train_all")
alternative("which_train", source='which_train = ("lsuv", "he")', name="which_train_tuple")

# --- residual branches ---------------------------------------------------------------------------

misconception("residual_growth", "That is the factor of the mean square.", hint="Take the root.",
              source="residual_growth = 2.0**24", name="residual_growth_variance")
misconception("residual_growth", "The mean square doubles in each block; it doesn't grow by one.",
              hint="Doubling 24 times is 2²⁴.", source="residual_growth = 24**0.5", name="residual_growth_adds")
misconception("residual_growth", "Each block multiplies the root mean square by √2, not by 1.",
              hint="(√2)²⁴.", source="residual_growth = 2**0.5", name="residual_growth_one_block")
alternative("residual_growth", source="residual_growth = np.sqrt(2) ** 24", name="residual_growth_formula")


@misconception("scale_at_birth", "The weights are multiplied by 1/L: the branches start smaller than they must.",
               hint="1/√L: the variances of L branches add up to 1.")
def scale_at_birth_one_over_l(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            if how == "zero":
                nn.init.zeros_(block.last.weight)
                nn.init.zeros_(block.last.bias)
            else:
                block.last.weight /= len(blocks)
        return blocks


@misconception("scale_at_birth", "Both layers of the branch are zeroed: the hidden units are zero, the last weights get "
               "no gradient, and the branch never learns.", hint="Zero the last layer only.")
def scale_at_birth_zeroes_both(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            for layer in (block.first, block.last):
                if how == "zero":
                    nn.init.zeros_(layer.weight)
                    nn.init.zeros_(layer.bias)
            if how == "depth":
                block.last.weight *= len(blocks) ** -0.5
        return blocks


@misconception("scale_at_birth", "The first layer is zeroed: then the last one gets no gradient.",
               hint="Zero block.last.")
def scale_at_birth_zeroes_the_first(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            if how == "zero":
                nn.init.zeros_(block.first.weight)
                nn.init.zeros_(block.first.bias)
            else:
                block.last.weight *= len(blocks) ** -0.5
        return blocks


@misconception("scale_at_birth", "Both layers are multiplied by 1/√L, so the branch gets the factor 1/L.",
               hint="Scale the last layer only.")
def scale_at_birth_scales_both(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            if how == "zero":
                nn.init.zeros_(block.last.weight)
                nn.init.zeros_(block.last.bias)
            else:
                block.first.weight *= len(blocks) ** -0.5
                block.last.weight *= len(blocks) ** -0.5
        return blocks


@misconception("scale_at_birth", "The factor is made from the number of the block, not from the number of all blocks.",
               hint="L is len(blocks), the same for each.")
def scale_at_birth_by_position(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for number, block in enumerate(blocks, start=1):
            if how == "zero":
                nn.init.zeros_(block.last.weight)
                nn.init.zeros_(block.last.bias)
            else:
                block.last.weight *= number**-0.5
        return blocks


@misconception("scale_at_birth", "The parameter is replaced by a new one: an optimizer that holds the old one trains nothing.",
               hint="Change it in place.")
def scale_at_birth_replaces(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            if how == "zero":
                block.last.weight = nn.Parameter(torch.zeros_like(block.last.weight))
                block.last.bias = nn.Parameter(torch.zeros_like(block.last.bias))
            else:
                block.last.weight = nn.Parameter(block.last.weight * len(blocks) ** -0.5)
        return blocks


@misconception("scale_at_birth", "The bias of the zeroed layer stays: the branch is a constant, not nothing.",
               hint="nn.init.zeros_(block.last.bias), too.")
def scale_at_birth_forgets_the_bias(blocks, how):
    with torch.no_grad():
        if how not in ("zero", "depth"):
            raise ValueError(how)
        for block in blocks:
            if how == "zero":
                nn.init.zeros_(block.last.weight)
            else:
                block.last.weight *= len(blocks) ** -0.5
        return blocks


@misconception("scale_at_birth", "The blocks are scaled, but None comes back.", hint="return blocks.")
def scale_at_birth_without_return(blocks, how):
    if how not in ("zero", "depth"):
        raise ValueError(how)
    with torch.no_grad():
        for block in blocks:
            block.last.weight *= 0 if how == "zero" else len(blocks) ** -0.5
            if how == "zero":
                block.last.bias.zero_()


@alternative("scale_at_birth")
def scale_at_birth_with_data(blocks, how):
    if how == "zero":
        for block in blocks:
            block.last.weight.data.fill_(0.0)
            block.last.bias.data.fill_(0.0)
    elif how == "depth":
        for block in blocks:
            block.last.weight.data.div_(len(blocks) ** 0.5)
    else:
        raise ValueError(f"no such way: {how}")
    return blocks


@alternative("scale_at_birth")
def scale_at_birth_with_copy(blocks, how):
    with torch.no_grad():
        ways = {"zero": 0.0, "depth": 1 / np.sqrt(len(blocks))}
        if how not in ways:
            raise ValueError(how)
        for block in blocks:
            block.last.weight.copy_(ways[how] * block.last.weight)
            if how == "zero":
                block.last.bias.mul_(0)
        return blocks


misconception("depth_growth", "That is the network as it is.", hint="Look at the blue curve.",
              source="depth_growth = 4096", name="depth_growth_unscaled")
misconception("depth_growth", "That is the zero start.", hint="Look at the blue curve.",
              source="depth_growth = 1.0", name="depth_growth_zero")
misconception("depth_growth", "e is the limit for the mean square; its root is what grows here.",
              hint="Read the number at the end of the blue curve.", source="depth_growth = np.e", name="depth_growth_e")
alternative("depth_growth", source="depth_growth = np.e**0.5", name="depth_growth_limit")
