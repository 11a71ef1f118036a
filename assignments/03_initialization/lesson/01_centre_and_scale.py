# %% [markdown]
# ## 1 · Centre and scale
#
# A feature measured in metres and another measured in millimetres have gradients
# of very different sizes, and one learning rate has to serve both.
# So one moves each feature to mean 0 and divides it by its standard deviation:
#
# $$
# z_{nd} = \frac{x_{nd} - \mu_d}{\sigma_d}, \qquad
# \mu_d = \frac1N \sum_n x_{nd}, \qquad
# \sigma_d^2 = \frac1N \sum_n (x_{nd} - \mu_d)^2
# $$
#
# The sums run over **the training set and nothing else**.
# The numbers $\mu_d$ and $\sigma_d$ belong to the model, like its weights: what comes later,
# a validation set, a test set, one photograph from a user, is moved and scaled by the same numbers.

# %% [markdown]
# One trap more: a pixel in the corner that has the same value in every training image.
# Its standard deviation is zero, or, because of rounding, $10^{-17}$, which is worse:
# no division by zero is reported and the noise of rounding is blown up to size 1.
# So a feature with a standard deviation of at most `tiny` counts as constant.

# %% solution="standardize" title="Standardized features"
def standardize(X_train, X_test, tiny=1e-6):
    """Zero mean and unit standard deviation for each feature, by the statistics of X_train.

    Args:
        X_train: the training set, (N, D). It sets the mean and the standard deviation (the biased
            one, with 1/N) of each of the D features.
        X_test: other examples, (M, D); M may be 1.
        tiny: a feature whose standard deviation over X_train is at most this counts as constant.
            It is centred, but not divided.

    Returns:
        (Z_train, Z_test), new arrays of the same shapes; the arguments stay as they are.
    """
    ### BEGIN SOLUTION
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std > tiny, std, 1.0)
    return (X_train - mean) / std, (X_test - mean) / std
    ### END SOLUTION

# %% [markdown] hint="standardize"
# How many means are there: one, N or D?
# Which axis do you sum over to get that many?

# %% [markdown] hint="standardize"
# Compute the mean and the standard deviation once, from `X_train`, and use them twice.

# %% [markdown] hint="standardize"
# `std = np.where(std > tiny, std, 1.0)` makes the division harmless for constant features.

# %% tests="standardize" points=3 changes="shown"
train, test = np.array([[0.0, 10.0, 5.0], [2.0, 30.0, 5.0]]), np.array([[3.0, 20.0, 7.0]])
call = "standardize([[0, 10, 5], [2, 30, 5]], [[3, 20, 7]])"
got = standardize(train.copy(), test.copy())
check(call, len(got) == 2, "return the two arrays Z_train and Z_test")
check_close(f"{call}[0]", got[0], [[-1, -1, 0], [1, 1, 0]], rtol=1e-5, atol=1e-6,
            look="Means 1, 20, 5; standard deviations 1, 10, and 0, which is not divided by.")
check_close(f"{call}[1]", got[1], [[2, 0, 2]], rtol=1e-5, atol=1e-6,
            look="The test set is moved and scaled by the numbers of the training set.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("standardize")
# A pattern of ±1 has mean 0 and standard deviation 1: the right answer is known beforehand.
pattern = np.array([rng.permutation([-1.0, 1.0] * 5) for _ in range(4)]).T
centre, spread = rng.uniform(-3, 3, size=4), rng.uniform(0.2, 4, size=4)
other = rng.normal(size=(3, 4)) + 1.0
train, test = centre + spread * pattern, centre + spread * other
kept_train, kept_test = train.copy(), test.copy()
got = standardize(train, test)
check_unchanged("standardize(X_train, X_test)", "X_train", kept_train, train)
check_unchanged("standardize(X_train, X_test)", "X_test", kept_test, test)
check_close("Z_train for ten examples of four features", got[0], pattern, rtol=1e-4, atol=1e-4,
            look="Each feature has its own mean and its own standard deviation (with 1/N).")
check_close("Z_test for three examples of four features", got[1], other, rtol=1e-4, atol=1e-4,
            look="Use the mean and the standard deviation of X_train, of nothing else.")
# 0.1, 0.3 and 0.7 have no exact binary form: the mean of 60 of them is off by 1e-16.
constant = np.tile([0.1, 0.3, 0.7], (60, 1))
got = standardize(constant, np.array([[0.6, 0.8, 1.2]]))
check_close("Z_train of features that are 0.1, 0.3 and 0.7 in all 60 examples", got[0],
            np.zeros((60, 3)), atol=1e-5,
            look="Rounding leaves deviations of about 1e-16: compare them with tiny, "
            "not with zero.")
check_close("Z_test, where those features are 0.5 larger", got[1], np.full((1, 3), 0.5), rtol=1e-4,
            look="A constant feature is centred and not divided.")
check_close("Z_test of a feature with deviation 0.001",
            standardize(np.array([[0.0], [0.002]]), np.array([[0.003]]))[1], [[2.0]], rtol=1e-3,
            look="Only a deviation of at most tiny = 1e-6 counts as constant; "
            "nothing is added to it.")
check_close("Z_test of features with the deviations 0.5 and 2, with tiny=0.5,",
            standardize(np.array([[0.0, 0.0], [1.0, 4.0]]), np.array([[2.0, 4.0]]), tiny=0.5)[1],
            [[1.5, 1.0]], rtol=1e-4,
            look="A deviation of exactly tiny counts as constant, too; "
            "and tiny is what the caller says.")
### END HIDDEN TESTS

# %% [markdown]
# ### Images: per channel
#
# In a photograph, a pixel at the left has no other meaning than one at the right:
# what differs are the colour channels.
# So one usually takes one mean and one standard deviation per channel,
# over all images and all places.
# (AlexNet subtracted a mean *image*, VGG one mean per channel;
# the latter has become the custom, with a deviation per channel beside it.)

# %% solution="channel_statistics" title="Channel statistics"
def channel_statistics(images):
    """The mean and the standard deviation of each channel, over all images and all pixels.

    Args:
        images: (N, C, H, W), of floats, or of whole numbers from 0 to 255 (uint8).

    Returns:
        (mean, std), each of shape (C,); std is the biased one, the root of the mean squared
        distance of all N·H·W values from the mean of the channel.
    """
    ### BEGIN SOLUTION
    return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
    ### END SOLUTION

# %% [markdown] hint="channel_statistics"
# Which axes vanish, and which one stays?

# %% [markdown] hint="channel_statistics"
# `axis` may be a tuple.
# And if you go by way of the mean square: what is `200 ** 2` in uint8?

# %% tests="channel_statistics" points=2
images = np.zeros((2, 2, 1, 2))
images[:, 0] = [[[1.0, 3.0]], [[5.0, 7.0]]]
images[:, 1] = 4.0
call = "channel_statistics of two images, with [1, 3] and [5, 7] in channel 0 and 4 in channel 1"
got = channel_statistics(images)
check(call, len(got) == 2, "return the two arrays mean and std")
check_close(f"the mean by {call}", got[0], [4.0, 4.0], rtol=1e-5, look="One number per channel.")
check_close(f"the std by {call}", got[1], [5**0.5, 0.0], rtol=1e-5, atol=1e-6,
            look="The squared distances from 4 are 9, 1, 1, 9: their mean is 5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("channel_statistics")
# Dark and bright images: their means differ more than the pixels in any one of them.
images = (rng.normal(size=(4, 3, 2, 5)) + 3 * rng.normal(size=(4, 1, 1, 1))
          + rng.normal(size=(3, 1, 1)))
values = torch.tensor(images)
got = channel_statistics(images)
check_close("the mean of 4 images with 3 channels", got[0], values.mean(dim=(0, 2, 3)),
            rtol=1e-4, atol=1e-5)
check_close("the std of 4 images with 3 channels", got[1], values.std(dim=(0, 2, 3), correction=0),
            rtol=1e-4,
            look="The distances are those from the mean over all images. "
            "A mean of the images' own deviations misses that some are dark and others bright.")
bytes_ = rng.integers(100, 256, size=(3, 2, 4, 4)).astype(np.uint8)
check_close("the std of uint8 images", channel_statistics(bytes_)[1],
            torch.tensor(bytes_).double().std(dim=(0, 2, 3), correction=0), rtol=1e-3,
            look="A square of uint8 overflows at 256: turn it into floats first.")
constant = np.tile(np.arange(1, 10).reshape(9, 1, 1) / 10, (4, 1, 3, 5))
check_close("the std of nine channels of one colour each", channel_statistics(constant)[1],
            np.zeros(9), atol=1e-3,
            look="The mean square minus the squared mean may be −1e-17 by rounding, "
            "and its root NaN: average the squared distances from the mean.")
### END HIDDEN TESTS

# %% [markdown]
# ### Images: each by itself
#
# Where light and exposure differ from picture to picture and mean nothing,
# one removes them from each picture on its own: **contrast normalization**.
# It needs no statistics of the training set, so there is nothing to leak;
# but what it removes is gone.

# %% solution="contrast_normalize" title="Contrast normalization"
def contrast_normalize(images, eps=1e-8):
    """Each image gets mean 0 and variance 1, over all of its own channels and pixels.

    Args:
        images: (N, C, H, W), floats.
        eps: added to the variance of each image, under the root, so that an image of one colour
            becomes zeros.

    Returns:
        A new array (N, C, H, W): (x − mean) / √(variance + eps).
    """
    ### BEGIN SOLUTION
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    variance = images.var(axis=(1, 2, 3), keepdims=True)
    return (images - mean) / np.sqrt(variance + eps)
    ### END SOLUTION

# %% [markdown] hint="contrast_normalize"
# Now there are N means.
# `keepdims=True` lets them stand beside (N, C, H, W).

# %% [markdown] hint="contrast_normalize"
# `np.sqrt(variance + eps)`: first add, then take the root.

# %% tests="contrast_normalize" points=2
images = np.array([[[[1.0, 3.0]]], [[[5.0, 5.0]]]])
got = contrast_normalize(images.copy())
check_close("contrast_normalize of the images [1, 3] and [5, 5]", got,
            [[[[-1.0, 1.0]]], [[[0.0, 0.0]]]], rtol=1e-5, atol=1e-6,
            look="Each image by its own mean and deviation; one colour becomes zeros.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("contrast_normalize")
images = ((rng.normal(size=(3, 2, 4, 3)) + 2 * rng.normal(size=(3, 2, 1, 1)))
          * rng.uniform(0.2, 4, size=(3, 1, 1, 1)))
kept, got = images.copy(), contrast_normalize(images)
check_unchanged("contrast_normalize(images)", "images", kept, images)
expected = torch.nn.functional.layer_norm(torch.tensor(kept), (2, 4, 3), eps=1e-8)
check_close("contrast_normalize on an array of shape (3, 2, 4, 3)", got, expected,
            rtol=1e-4, atol=1e-4,
            look="One mean and one deviation per image, over channels and pixels together.")
got = contrast_normalize(kept.copy(), eps=0.3)
check_close("contrast_normalize(images, eps=0.3)", got,
            torch.nn.functional.layer_norm(torch.tensor(kept), (2, 4, 3), eps=0.3),
            rtol=1e-4, atol=1e-4, look="eps is added to the variance, under the root.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** A network shall tell photographs taken by day from photographs taken by night,
# and brightness is the best clue.
# Which preprocessing takes the clue away: `"the mean image of the training set"`,
# `"the channel statistics of the training set"` or `"the mean of each image"`?

# %% solution="day_and_night" title="Predict: day and night"
# Type your choice: day_and_night = "..."
### BEGIN SOLUTION
day_and_night = "the mean of each image"
### END SOLUTION

# %% [markdown] hint="day_and_night"
# Two images differ by a constant in every pixel.
# After which of the three are they the same?

# %% tests="day_and_night" points=1
choices = ["the mean image of the training set", "the channel statistics of the training set",
           "the mean of each image"]
check_one_of("day_and_night", day_and_night, choices)
### BEGIN HIDDEN TESTS
check_equal("day_and_night", day_and_night, choices[2],
            look="The same numbers taken off two images leave their difference as it was.")
### END HIDDEN TESTS
