# ---
# title: Initialization and data preprocessing
# minutes: 240
# ---

# %% [markdown]
# # Initialization and data preprocessing
#
# **The promise.** Training begins before the first step: with what the inputs look like and with the weights that you draw. At the end of this notebook you will be able to centre, scale and whiten data without letting the test set leak into it; to derive, from two lines about variances, the initializations of LeCun, Xavier and He, and to say which one a layer needs; to tell from a histogram of activations what is wrong with a deep network; and to bring a network to life that no formula fits, by one pass of data.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes. From a clean kernel, the whole notebook takes about six seconds of processor time, most of it for starting up and importing PyTorch; all experiments together take less than three. A GPU is used where there is one (in sections 9 and 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch. You write a function, the cell below it tells you what is right and what is not, and experiments show what it does. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Preprocessing (zero-centre, normalize, PCA, whitening), the pitfall of zero weights, and calibrating variances follow **CS231n**, lectures 6 and 7, and its notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/) (the choice of a learning rate for what you initialized is in [*part 3*](https://cs231n.github.io/neural-networks-3/)); the pictures of activations through depth are in its lecture on training. Initialization and the scaling of inputs are also topics of **CSE 176**, lecture 11, and of **Neural Networks III**; **INFO8010**, lecture 4, derives the Xavier rule as you will do in section 5.
#
# The papers: LeCun, Bottou, Orr & Müller (1998), [*Efficient BackProp*](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf); Glorot & Bengio (2010), [*Understanding the difficulty of training deep feedforward neural networks*](https://proceedings.mlr.press/v9/glorot10a.html); He, Zhang, Ren & Sun (2015), [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852); Saxe, McClelland & Ganguli (2014), [*Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*](https://arxiv.org/abs/1312.6120); Mezzadri (2007), [*How to generate random matrices from the classical compact groups*](https://arxiv.org/abs/math-ph/0609050); Mishkin & Matas (2016), [*All you need is a good init*](https://arxiv.org/abs/1511.06422); Krähenbühl, Doersch, Donahue & Darrell (2016), [*Data-dependent initializations of convolutional neural networks*](https://arxiv.org/abs/1511.06856); Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli (2016), [*Exponential expressivity in deep neural networks through transient chaos*](https://arxiv.org/abs/1606.05340); Goyal et al. (2017), [*Accurate, large minibatch SGD*](https://arxiv.org/abs/1706.02677); Zhang, Dauphin & Ma (2019), [*Fixup initialization*](https://arxiv.org/abs/1901.09321); De & Smith (2020), [*Batch normalization biases residual blocks towards the identity function in deep networks*](https://arxiv.org/abs/2002.10444).

# %% setup="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.collections import PolyCollection
from torch import nn

from nnlab import device
from nnlab.data import digits
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_shape, check_unchanged, hidden_rng, hidden_seed, probe

torch.set_num_threads(1)  # layers as small as ours run faster on one thread than on several
use_style()

# %% [markdown]
# ## 1 · Centre and scale
#
# A feature measured in metres and another measured in millimetres have gradients of very different sizes, and one learning rate has to serve both. So one moves each feature to mean 0 and divides it by its standard deviation:
#
# $$z_{nd} = \frac{x_{nd} - \mu_d}{\sigma_d}, \qquad \mu_d = \frac1N \sum_n x_{nd}, \qquad \sigma_d^2 = \frac1N \sum_n (x_{nd} - \mu_d)^2$$
#
# The sums run over **the training set and nothing else**. The numbers $\mu_d$ and $\sigma_d$ belong to the model, like its weights: what comes later, a validation set, a test set, one photograph from a user, is moved and scaled by the same numbers.

# %% [markdown]
# One trap more: a pixel in the corner that has the same value in every training image. Its standard deviation is zero, or, because of rounding, $10^{-17}$, which is worse: no division by zero is reported and the noise of rounding is blown up to size 1. So a feature with a standard deviation of at most `tiny` counts as constant.

# %% solution="standardize"
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
# How many means are there: one, N or D? Which axis do you sum over to get that many?

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
check_close("Z_train of features that are 0.1, 0.3 and 0.7 in all 60 examples", got[0], np.zeros((60, 3)), atol=1e-5,
            look="Rounding leaves deviations of about 1e-16: compare them with tiny, not with zero.")
check_close("Z_test, where those features are 0.5 larger", got[1], np.full((1, 3), 0.5), rtol=1e-4,
            look="A constant feature is centred and not divided.")
check_close("Z_test of a feature with deviation 0.001",
            standardize(np.array([[0.0], [0.002]]), np.array([[0.003]]))[1], [[2.0]], rtol=1e-3,
            look="Only a deviation of at most tiny = 1e-6 counts as constant; nothing is added to it.")
check_close("Z_test of features with the deviations 0.5 and 2, with tiny=0.5,",
            standardize(np.array([[0.0, 0.0], [1.0, 4.0]]), np.array([[2.0, 4.0]]), tiny=0.5)[1], [[1.5, 1.0]], rtol=1e-4,
            look="A deviation of exactly tiny counts as constant, too; and tiny is what the caller says.")
### END HIDDEN TESTS

# %% [markdown]
# ### Images: per channel
#
# In a photograph, a pixel at the left has no other meaning than one at the right: what differs are the colour channels. So one usually takes one mean and one standard deviation per channel, over all images and all places. (AlexNet subtracted a mean *image*, VGG one mean per channel; the latter has become the custom, with a deviation per channel beside it.)

# %% solution="channel_statistics"
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
# `axis` may be a tuple. And if you go by way of the mean square: what is `200 ** 2` in uint8?

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
images = rng.normal(size=(4, 3, 2, 5)) + 3 * rng.normal(size=(4, 1, 1, 1)) + rng.normal(size=(3, 1, 1))
values = torch.tensor(images)
got = channel_statistics(images)
check_close("the mean of 4 images with 3 channels", got[0], values.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
check_close("the std of 4 images with 3 channels", got[1], values.std(dim=(0, 2, 3), correction=0), rtol=1e-4,
            look="The distances are those from the mean over all images. A mean of the images' own "
            "deviations misses that some are dark and others bright.")
bytes_ = rng.integers(100, 256, size=(3, 2, 4, 4)).astype(np.uint8)
check_close("the std of uint8 images", channel_statistics(bytes_)[1],
            torch.tensor(bytes_).double().std(dim=(0, 2, 3), correction=0), rtol=1e-3,
            look="A square of uint8 overflows at 256: turn it into floats first.")
constant = np.tile(np.arange(1, 10).reshape(9, 1, 1) / 10, (4, 1, 3, 5))
check_close("the std of nine channels of one colour each", channel_statistics(constant)[1], np.zeros(9), atol=1e-3,
            look="The mean square minus the squared mean may be −1e-17 by rounding, and its root NaN: "
            "average the squared distances from the mean.")
### END HIDDEN TESTS

# %% [markdown]
# ### Images: each by itself
#
# Where light and exposure differ from picture to picture and mean nothing, one removes them from each picture on its own: **contrast normalization**. It needs no statistics of the training set, so there is nothing to leak; but what it removes is gone.

# %% solution="contrast_normalize"
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
# Now there are N means. `keepdims=True` lets them stand beside (N, C, H, W).

# %% [markdown] hint="contrast_normalize"
# `np.sqrt(variance + eps)`: first add, then take the root.

# %% tests="contrast_normalize" points=2
images = np.array([[[[1.0, 3.0]]], [[[5.0, 5.0]]]])
got = contrast_normalize(images.copy())
check_close("contrast_normalize of the images [1, 3] and [5, 5]", got, [[[[-1.0, 1.0]]], [[[0.0, 0.0]]]],
            rtol=1e-5, atol=1e-6, look="Each image by its own mean and deviation; one colour becomes zeros.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("contrast_normalize")
images = (rng.normal(size=(3, 2, 4, 3)) + 2 * rng.normal(size=(3, 2, 1, 1))) * rng.uniform(0.2, 4, size=(3, 1, 1, 1))
kept, got = images.copy(), contrast_normalize(images)
check_unchanged("contrast_normalize(images)", "images", kept, images)
expected = torch.nn.functional.layer_norm(torch.tensor(kept), (2, 4, 3), eps=1e-8)
check_close("contrast_normalize on an array of shape (3, 2, 4, 3)", got, expected, rtol=1e-4, atol=1e-4,
            look="One mean and one deviation per image, over channels and pixels together.")
got = contrast_normalize(kept.copy(), eps=0.3)
check_close("contrast_normalize(images, eps=0.3)", got,
            torch.nn.functional.layer_norm(torch.tensor(kept), (2, 4, 3), eps=0.3), rtol=1e-4, atol=1e-4,
            look="eps is added to the variance, under the root.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** A network shall tell photographs taken by day from photographs taken by night, and brightness is the best clue. Which preprocessing takes the clue away: `"the mean image of the training set"`, `"the channel statistics of the training set"` or `"the mean of each image"`?

# %% solution="day_and_night"
# Type your choice: day_and_night = "..."
### BEGIN SOLUTION
day_and_night = "the mean of each image"
### END SOLUTION

# %% [markdown] hint="day_and_night"
# Two images differ by a constant in every pixel. After which of the three are they the same?

# %% tests="day_and_night" points=1
choices = ["the mean image of the training set", "the channel statistics of the training set",
           "the mean of each image"]
check_one_of("day_and_night", day_and_night, choices)
### BEGIN HIDDEN TESTS
check_equal("day_and_night", day_and_night, choices[2],
            look="The same numbers taken off two images leave their difference as it was.")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Rotate and whiten
#
# Scaling looks at one feature at a time. Neighbouring pixels go up and down together, and such a correlation is a narrow valley in the loss that lies *between* the axes. **Principal components** turn the axes into the valley: with the covariance
#
# $$C = \frac1N \sum_n (x_n - \mu)(x_n - \mu)^\top = V \Lambda V^\top$$
#
# the columns of $V$ are directions along which the coordinates of the data are uncorrelated, and the eigenvalues in $\Lambda$ are the variances along them.

# %% solution="pca"
def pca(X):
    """The principal components of a data set.

    Args:
        X: (N, D), with N ≥ D.

    Returns:
        (mean, variances, components): the mean, (D,); the variances along the components, (D,),
        the largest first, with 1/N; the components, (D, D), one unit vector in each ROW, in the
        same order. The sign of a component is arbitrary.
    """
    ### BEGIN SOLUTION
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, singular**2 / len(X), components
    ### END SOLUTION

# %% [markdown] hint="pca"
# Two ways: `np.linalg.eigh` of the covariance, or `np.linalg.svd` of the centred data. What would the first component be if you forgot to centre data that lie far from the origin?

# %% [markdown] hint="pca"
# `eigh` returns the smallest eigenvalue first and the eigenvectors in *columns*; `svd` returns the largest singular value first, and `Vt` has the components in rows.

# %% [markdown] hint="pca"
# With `U, S, Vt = np.linalg.svd(X - mean, full_matrices=False)`, the covariance is $V S^2 V^\top / N$.

# %% tests="pca" points=3
along, across = np.array([0.6, 0.8]), np.array([-0.8, 0.6])
X = np.array([10.0, 20.0]) + np.array([5 * along, -5 * along, across, -across])
call = "pca of four points around (10, 20), 5 away along (0.6, 0.8) and 1 away across it"
mean, variances, components = pca(X)
check_close(f"the mean by {call}", mean, [10, 20], rtol=1e-5)
check_close(f"the variances by {call}", variances, [12.5, 0.5], rtol=1e-4,
            look="(25 + 25) / 4 along and (1 + 1) / 4 across, the largest first.")
check_close(f"the products of the components with (0.6, 0.8), without sign, by {call}",
            np.abs(np.array(components) @ along), [1, 0], rtol=1e-4, atol=1e-4, look="The rows are the components.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("pca")
X = rng.normal(size=(12, 4)) * [4.0, 2.0, 1.0, 0.4] @ rng.normal(size=(4, 4)) + rng.uniform(3, 6, size=4)
covariance = torch.cov(torch.tensor(X).T, correction=0)
kept = X.copy()
mean, variances, components = pca(X)
check_unchanged("pca(X)", "X", kept, X)
check_close("the mean of twelve points", mean, kept.mean(axis=0), rtol=1e-4)
scale = float(covariance.diagonal().sum())  # rounding is relative to the whole variance
check_close("the variances of twelve points in four dimensions", variances,
            torch.linalg.eigvalsh(covariance).flip(0), rtol=1e-4, atol=1e-5 * scale,
            look="Eigenvalues of the covariance (centred, 1/N), the largest first.")
check_shape("the components by pca(X)", components, (4, 4))
turned = np.array(components) @ covariance.numpy() @ np.array(components).T
check_close("components @ covariance @ components.T", turned, np.diag(variances), rtol=1e-3, atol=1e-4 * scale,
            look="The components are the rows, in the order of their variances.")
check_close("components @ components.T", np.array(components) @ np.array(components).T, np.eye(4), atol=1e-4,
            look="The components are orthogonal unit vectors.")
### END HIDDEN TESTS

# %% [markdown]
# **Whitening** goes one step further: after the rotation, divide each component by its standard deviation. All directions then have variance 1, and no two of them are correlated. The term `eps` keeps the noise of directions with next to no variance from being blown up to the size of everything else.

# %% solution="whiten"
def whiten(X, mean, variances, components, eps=1e-5):
    """Decorrelated data of variance 1, by the mean, variances and components of a training set.

    Args:
        X: examples, (N, D); any examples, so X may have another mean than the given one.
        mean: (D,).
        variances: (D,), along the components. Rounding may have made one of them −1e-17.
        components: (D, D), one in each row, as ``pca`` returns them.
        eps: added to the variances, under the root.

    Returns:
        (N, D): the coordinates of x − mean along the components, each divided by
        √(variance + eps).
    """
    ### BEGIN SOLUTION
    return (X - mean) @ components.T / np.sqrt(variances + eps)
    ### END SOLUTION

# %% [markdown] hint="whiten"
# The coordinate of a vector along a unit vector is their dot product. Each *row* of `components` has to meet each *row* of `X - mean`.

# %% [markdown] hint="whiten"
# Divide by the standard deviation: what is it, if `variances` holds variances?

# %% tests="whiten" points=3
components = np.array([[0.6, 0.8], [-0.8, 0.6]])
got = whiten(np.array([[13.0, 24.0]]), np.array([10.0, 20.0]), np.array([4.0, 9.0]), components, eps=0.0)
call = "whiten([[13, 24]], [10, 20], [4, 9], [[0.6, 0.8], [-0.8, 0.6]], eps=0)"
check_close(call, got, [[2.5, 0.0]], rtol=1e-5, atol=1e-6,
            look="(3, 4) is 5 along (0.6, 0.8) and 0 along (−0.8, 0.6); the deviations are 2 and 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("whiten")
rows = np.linalg.qr(rng.normal(size=(4, 4)))[0]
centre, variances, wanted = rng.normal(size=4), rng.uniform(0.2, 5, size=4), rng.normal(size=(3, 4)) + 1
# Built backwards: the points whose whitened coordinates are `wanted`.
X = centre + (wanted * np.sqrt(variances + 0.4)) @ rows
kept, got = X.copy(), whiten(X, centre, variances, rows, eps=0.4)
check_unchanged("whiten(X, mean, variances, components)", "X", kept, X)
check_close("whiten on an array of shape (3, 4) with eps=0.4", got, wanted, rtol=1e-4, atol=1e-4,
            look="Subtract the given mean, multiply by components.T, divide by √(variances + eps).")
flat = np.array([2.0, 1.0, 0.0, -1e-17])
wanted[:, 2:] = 0.0
X = centre + (wanted * np.sqrt([2.0, 1.0, 1.0, 1.0])) @ rows
check_close("whiten with variances 2, 1, 0 and −1e-17", whiten(X, centre, flat, rows), wanted, rtol=1e-3, atol=1e-3,
            look="With eps under the root, directions without variance come out as zeros, not as NaN or as noise.")
### END HIDDEN TESTS

# %% [markdown]
# Here are the five stages, seen on 400 points in the plane. **Your functions made them.**

# %% experiment="five_stages"
rng = np.random.default_rng(3)
cloud = rng.normal(size=(400, 2)) * [2.0, 0.45] @ np.array([[0.9, 0.44], [-0.44, 0.9]]) + [1.0, 3.0]
mean, variances, components = pca(cloud)
stages = {"raw": cloud, "zero-centred": cloud - mean, "normalized": standardize(cloud, cloud)[0],
          "rotated (PCA)": (cloud - mean) @ components.T,
          "whitened": whiten(cloud, mean, variances, components)}
figure, row = plt.subplots(1, 5, figsize=(12.5, 2.8), sharex=True, sharey=True)
for axes, (name, points), colour in zip(row, stages.items(), COLOURS.values()):
    axes.scatter(*points.T, s=5, color=colour, alpha=0.6, linewidths=0)
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set(title=name, xlim=(-7.2, 7.2), ylim=(-7.2, 7.2), aspect="equal", xlabel="feature 1")
row[0].set(ylabel="feature 2")
for axes in row[3:]:
    axes.set(xlabel="component 1")
show(figure, "Five scatter plots of the same 400 points. Raw: a long tilted ellipse away from the origin. "
     "Zero-centred: the same ellipse at the origin. Normalized: both axes have the same spread, the tilt is "
     "still there. Rotated: a long ellipse along the first axis. Whitened: a round cloud of radius about 2.")

# %% [markdown]
# Now 64-dimensional data: scanned digits of 8 × 8 pixels. The components are images themselves. (Rotating a whitened digit back to pixels, by another product with the components, gives the *ZCA* form, in which one still recognizes the digit.)

# %% given="split"
def split_digits(seed):
    """1,000 digits to train on and 797 to test on: (X_train, y_train, X_test, y_test), (·, 64)."""
    X, y = digits()
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = order[:1000], order[1000:]
    return X[train].astype(float), y[train], X[test].astype(float), y[test]

# %% experiment="components"
X_train, y_train, X_test, _ = split_digits(seed=0)
mean, variances, components = pca(X_train)
sharp = whiten(X_test, mean, variances, components, eps=0.1) @ components
figure = plt.figure(figsize=(9.5, 3.4))
left = figure.add_axes((0.06, 0.14, 0.42, 0.78))
left.plot(np.arange(65), np.append(0, 100 * np.cumsum(variances) / variances.sum()), color=COLOURS["blue"])
left.axhline(95, color=COLOURS["red"], linestyle="--", linewidth=1.2)
left.set(xlabel="number of components kept", ylabel="variance kept, %", ylim=(0, 103), xlim=(0, 64),
         xticks=range(0, 65, 4), title="How many components?")
left.tick_params(axis="x", labelsize=8)
pictures = {"digits": X_test[:5], "components 1 to 5": components[:5], "whitened, rotated back to pixels": sharp[:5]}
for line, (name, images) in enumerate(pictures.items()):
    sheet = np.hstack([np.pad(x.reshape(8, 8) / np.abs(x).max(), 1, constant_values=np.nan) for x in images])
    axes = figure.add_axes((0.54, 0.68 - 0.30 * line, 0.46, 0.26))
    axes.imshow(sheet, cmap="gray_r" if line != 1 else "PuOr")
    axes.set_title(name, fontsize=10, pad=2)
    axes.axis("off")
show(figure, "Left: the share of the variance that the first components keep, rising steeply and then levelling "
     "off; it crosses the dashed line at 95 percent a little before 30 of 64. Right: five digits, the first "
     "five components as blurred patterns, and the digits whitened: strokes and counters stand out from an even grey.")

# %% [markdown]
# Read off: how many of the 64 components keep 95 % of the variance?

# %% solution="components_for_95"
# Type the number: components_for_95 = ...
### BEGIN SOLUTION
components_for_95 = 28
### END SOLUTION

# %% [markdown] hint="components_for_95"
# Where does the curve cross the dashed line? To be exact, copy the cell and count with `np.cumsum`.

# %% tests="components_for_95" points=1
check("components_for_95", 1 <= components_for_95 <= 64, f"{components_for_95} is not on the axis")
### BEGIN HIDDEN TESTS
# 28 on each of 20 random training sets; two more or less is a fair reading of the picture.
check_close("components_for_95", components_for_95, 28, rtol=0, atol=2,
            look="Follow the dashed line at 95 % to the curve, and go down from there.")
### END HIDDEN TESTS

# %% [markdown]
# With convolutional networks, PCA and whitening have nearly gone out of use; centring and scaling have stayed. But the ideas come back inside the network: batch normalization (notebook 04) is scaling, layer by layer.

# %% [markdown]
# ## 3 · The leak
#
# "Standardize the test set by itself" looks harmless: no labels are used, and the numbers come out fine. Two things are wrong with it. The model is then measured on inputs that depend on *which other test examples* happened to be there; and a real difference between training and use, a darker scanner, is wiped out in your report, though not at your user's.

# %% [markdown]
# **Predict.** A linear classifier gets 93 % of the test digits right. Now the images arrive one at a time, and each is standardized by its own statistics: a set of one. The accuracy will be `"as good"`, `"about half"` or `"chance"`?

# %% solution="one_at_a_time"
# Type your choice: one_at_a_time = "..."
### BEGIN SOLUTION
one_at_a_time = "chance"
### END SOLUTION

# %% [markdown] hint="one_at_a_time"
# What is the mean of a feature over one image? And the feature, after subtracting it?

# %% tests="one_at_a_time" points=1
check_one_of("one_at_a_time", one_at_a_time, ["as good", "about half", "chance"])
### BEGIN HIDDEN TESTS
check_equal("one_at_a_time", one_at_a_time, "chance",
            look="In a set of one, each feature equals its mean: every image becomes zeros.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell trains the classifier and standardizes the test images in two ways: by the training set, as it should be, or in sets of a given size, each by itself. `ink` is the strength of the scanner: at 0.3 the test digits are paler than the training digits.

# %% given="leak"
def accuracy(own_statistics_of, ink, seed):
    """Percent of 797 test digits that a linear classifier gets right.

    own_statistics_of: None, to standardize them by the training set; or a number of test images
    that are standardized together, by themselves. ink: a factor on the test images.
    """
    X_train, y_train, X_test, y_test = split_digits(seed)
    Z, prepared = standardize(X_train, ink * X_test)
    if own_statistics_of:
        sets = range(0, len(X_test), own_statistics_of)
        sets = [ink * X_test[k : k + own_statistics_of] for k in sets]
        prepared = np.concatenate([standardize(images, images)[1] for images in sets])
    targets = np.eye(10)[y_train] - 0.1
    weights = np.linalg.solve(Z.T @ Z + 10 * np.eye(64), Z.T @ targets)  # ridge regression
    return 100 * float(np.mean((prepared @ weights).argmax(axis=1) == y_test))

# %% experiment="leak"
sizes = [1, 2, 4, 8, 20, 100, 797]
figure, axes = plt.subplots(figsize=(7.4, 3.4))
for ink, colour, mark in ((1.0, "blue", "o"), (0.3, "red", "s")):
    own = [accuracy(size, ink, seed=0) for size in progress(sizes, "sets")]
    right = accuracy(None, ink, seed=0)
    name = "same scanner" if ink == 1 else "paler scanner"
    axes.semilogx(sizes, own, mark + "-", color=COLOURS[colour], label=f"{name}: own statistics",
                  markersize=9 if ink == 1 else 4)
    axes.axhline(right, color=COLOURS[colour], linestyle="--", label=f"{name}: training statistics")
axes.set(xlabel="test images that are standardized together", ylabel="accuracy, %", ylim=(0, 100),
         title="Whose mean, whose deviation?", xticks=sizes, xticklabels=sizes)
axes.legend(loc="lower right")
show(figure, "Accuracy against the number of test images that are standardized by themselves. From chance, 10 "
     "percent, for single images it rises to 93 percent for large sets, on the same curve for both scanners. "
     f"With training statistics it is 93 percent for the same scanner and {right:.0f} percent for the paler one.")

# %% [markdown]
# On the paler scanner, the test set's own statistics report an accuracy (the right end of the curve) that a user with the model and the training statistics doesn't get. By how many percentage points is the report too good?

# %% solution="too_good"
# Type the difference, in percentage points: too_good = ...
### BEGIN SOLUTION
too_good = 25.0
### END SOLUTION

# %% [markdown] hint="too_good"
# The right end of the red curve, minus the dashed red line.

# %% tests="too_good" points=1
check("too_good", 0 <= too_good <= 100, f"{too_good} is not a difference of percentages")
### BEGIN HIDDEN TESTS
# The picture says 93.1 − 67.9. Over 20 random splits it is 12 to 28 points, 17 in the middle.
check("too_good", 10 <= too_good <= 31, f"is {too_good:g}, but your picture says something else",
      look="93 % at the right end of the curve, minus the height of the dashed red line.")
### END HIDDEN TESTS

# %% [markdown]
# (Adapting to a new scanner without labels can be a good idea. Then say so, and say that the method needs many test images at once; it is another method with another promise. The same holds for a mean over training *and* test set: less visible, and just as much a look at what you were not to see.)

# %% [markdown]
# ## 4 · Zero is a bad start
#
# The inputs are ready; now the weights. Why not start from zero, half-way between the positive and the negative?
#
# **Predict, with pencil and paper.** A network of two layers, $h = \tanh(xW_1 + b_1)$, $s = hW_2 + b_2$, softmax loss, all weights and biases zero. Which parameters get a gradient that is not zero: `"all"`, `"the last layer"`, `"only the last bias"` or `"none"`?

# %% solution="zero_weights"
# Type your choice: zero_weights = "..."
### BEGIN SOLUTION
zero_weights = "only the last bias"
### END SOLUTION

# %% [markdown] hint="zero_weights"
# $dW_2 = h^\top ds$: what is $h$? And $dh = ds\,W_2^\top$: what is $W_2$?

# %% tests="zero_weights" points=1
check_one_of("zero_weights", zero_weights, ["all", "the last layer", "only the last bias", "none"])
### BEGIN HIDDEN TESTS
check_equal("zero_weights", zero_weights, "only the last bias",
            look="h is 0, so dW₂ = hᵀ ds is 0; W₂ is 0, so nothing flows back to the first layer; db₂ is the sum of ds.")
### END HIDDEN TESTS

# %% [markdown]
# What about any other constant? Then all hidden units compute the same, get the same gradient, and stay the same for ever: a layer of 16 units is worth one. That is the **symmetry** that random numbers have to break. The next cell trains 64 → 16 → 10 from three starts.

# %% given="symmetry"
def train_from(start, seed, steps=60, rate=0.5):
    """Train a small tanh network on digits from "zero", "constant" or "random" weights.

    Returns (losses, W1): the training loss of each step, and the first weights, (64, 16).
    """
    X_train, y_train, X_test, _ = split_digits(seed)
    X, y = standardize(X_train, X_test)[0][:500], y_train[:500]
    rng = np.random.default_rng(seed)
    W1, W2 = {"zero": lambda: (np.zeros((64, 16)), np.zeros((16, 10))),
              "constant": lambda: (np.full((64, 16), 0.1), np.full((16, 10), 0.1)),
              "random": lambda: (rng.normal(size=(64, 16)) / 8, rng.normal(size=(16, 10)) / 4)}[start]()
    b1, b2, losses = np.zeros(16), np.zeros(10), []
    for _ in range(steps):
        h = np.tanh(X @ W1 + b1)
        s = h @ W2 + b2
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(y)), y]).mean())
        ds = (p - np.eye(10)[y]) / len(y)
        dz = ds @ W2.T * (1 - h**2)
        W2, b2 = W2 - rate * h.T @ ds, b2 - rate * ds.sum(axis=0)
        W1, b1 = W1 - rate * X.T @ dz, b1 - rate * dz.sum(axis=0)
    return losses, W1

# %% experiment="symmetry"
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.2), width_ratios=(1.7, 1, 1), gridspec_kw={"wspace": 0.3})
for start, colour, style in (("zero", "black", "-"), ("constant", "orange", "--"), ("random", "blue", "-")):
    losses, W1 = train_from(start, seed=0)
    left.plot(losses, color=COLOURS[colour], linestyle=style, label=f"{start} weights")
    if start != "zero":
        axes = middle if start == "constant" else right
        axes.imshow(W1, cmap="PuOr", aspect="auto", vmin=-0.5, vmax=0.5, interpolation="nearest")
        axes.set(title=f"W₁, {start} start", xlabel="hidden unit", ylabel="pixel", xticks=(0, 5, 10, 15))
        axes.grid(False)
left.set(xlabel="step", ylabel="training loss", ylim=(0, 2.6), title="Three starts")
left.legend(loc=(0.42, 0.34), fontsize=9)
show(figure, "Left: training losses. From zero weights the loss stays at 2.3, from constant weights it falls "
     "to about 1.8 and from random weights to 0.16. Middle: the weights after the constant start, all 16 columns the "
     "same, horizontal stripes. Right: the weights after the random start, every column different.")

# %% [markdown]
# At which loss does the zero start stay? (You know this number from ten classes and no knowledge.)

# %% solution="stuck_at"
# Type the loss: stuck_at = ...
### BEGIN SOLUTION
stuck_at = 2.30  # ln 10
### END SOLUTION

# %% [markdown] hint="stuck_at"
# Guessing ten classes with probability 1/10 each costs $-\ln \tfrac{1}{10}$.

# %% tests="stuck_at" points=1
check("stuck_at", 0 <= stuck_at <= 2.6, f"{stuck_at} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# The last bias learns how often each digit occurs, which is worth less than 0.002.
check_close("stuck_at", stuck_at, np.log(10), rtol=0, atol=0.05, look="Read the height of the black line, or compute ln 10.")
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Variance through depth
#
# So the weights are random, with mean zero. How large? Take one layer, $z_j = \sum_{i=1}^{n} x_i w_{ij}$, with $n$ inputs (its **fan-in**) and independent weights of mean 0 and variance $\sigma^2$. The terms are uncorrelated, so their variances add up:
#
# $$\operatorname{Var} z_j = \sum_{i=1}^{n} \operatorname{E}[x_i^2]\,\operatorname{Var} w_{ij} = n\,\sigma^2\,\operatorname{E}[x^2]$$
#
# One layer multiplies the root mean square by $\sqrt{n}\,\sigma$. And depth is a power: twenty layers multiply it by $(\sqrt n\,\sigma)^{20}$.

# %% [markdown]
# **With pencil and paper.** A linear layer has 256 inputs, and its weights were drawn with standard deviation 0.01, "small random numbers". By which factor does it multiply the size of the signal?

# %% solution="shrink_per_layer"
# Type the factor: shrink_per_layer = ...
### BEGIN SOLUTION
shrink_per_layer = 0.16  # √256 · 0.01
### END SOLUTION

# %% [markdown] hint="shrink_per_layer"
# The factor of the variance is $n \sigma^2$; the size of the signal is its root.

# %% tests="shrink_per_layer" points=1
check("shrink_per_layer", shrink_per_layer > 0, f"{shrink_per_layer} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("shrink_per_layer", shrink_per_layer, 0.16, rtol=0.02, look="√256 · 0.01. (0.16²⁰ is 10⁻¹⁶.)")
### END HIDDEN TESTS

# %% [markdown]
# To see it you need a deep network. Weights are (fan-in, fan-out) here, and stand to the right of the data, as in $XW$; biases are left out. For the way back you need to know how each activation's slope follows from its *output*: $\tanh' = 1 - h^2$, and the ReLU's slope is 1 where $h > 0$, else 0.

# %% solution="deep"
def deep_forward(X, weights, activation):
    """A stack of layers h = activation(h_before @ W), without biases.

    Args:
        X: (N, D).
        weights: a list of arrays (fan_in, fan_out), from the first layer to the last.
        activation: "tanh" or "relu", after every layer.

    Returns:
        (hidden, cache): the list of the outputs of all layers, and what deep_backward needs.
    """
    ### BEGIN SOLUTION
    hidden = [X]
    for W in weights:
        z = hidden[-1] @ W
        hidden.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
    return hidden[1:], (hidden, weights, activation)
    ### END SOLUTION


def deep_backward(dout, cache):
    """The way back, from dout, the gradient at the output of the last layer.

    Returns:
        (dX, dweights, dhidden): the gradient at X; the list of the gradients of the weights; the
        list of the gradients at the outputs of all layers, of which the last is dout.
    """
    ### BEGIN SOLUTION
    hidden, weights, activation = cache
    dweights, dhidden = [], [dout]
    for W, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1]):
        dz = dhidden[0] * (1 - after**2 if activation == "tanh" else after > 0)
        dweights.insert(0, before.T @ dz)
        dhidden.insert(0, dz @ W.T)
    return dhidden[0], dweights, dhidden[1:]
    ### END SOLUTION

# %% [markdown] hint="deep"
# Forward: keep every output, and the input too; the way back needs them all. What else must the cache hold?

# %% [markdown] hint="deep"
# Backward, for one layer `h = act(z)`, `z = before @ W`: from `dh` to `dz` (times the slope), from `dz` to `dW` (with `before`) and to the gradient at `before` (with `W`). The shapes leave only one way to multiply.

# %% [markdown] hint="deep"
# `dz = dh * (1 - h**2)` or `dh * (h > 0)`; `dW = before.T @ dz`; `dbefore = dz @ W.T`. Go through the layers from the last to the first.

# %% tests="deep" part="forward" points=1
hidden, _ = deep_forward(np.array([[1.0, -2.0]]), [np.array([[1.0], [1.0]]), np.array([[3.0]])], "tanh")
check_equal("the number of outputs of deep_forward with two layers", len(hidden), 2)
check_close("the outputs of deep_forward([[1, -2]], [[[1], [1]], [[3]]], 'tanh')",
            [hidden[0][0][0], hidden[1][0][0]], [np.tanh(-1.0), np.tanh(3 * np.tanh(-1.0))], rtol=1e-5,
            look="Each layer takes the output of the layer before, after its activation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("deep_forward")
X = rng.normal(size=(5, 4))
weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 6), (6, 2))]
for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
    hidden, _ = deep_forward(X.copy(), [W.copy() for W in weights], activation)
    h = torch.tensor(X)
    for layer, W in enumerate(weights):
        h = function(h @ torch.tensor(W))
        check_close(f"layer {layer + 1} of 3 of deep_forward with {activation}", hidden[layer], h,
                    rtol=1e-4, atol=1e-5, look="h = activation(h_before @ W), in every layer.")
### END HIDDEN TESTS

# %% tests="deep" part="backward" points=2
X, weights = np.array([[1.0, -2.0]]), [np.array([[1.0], [1.0]])]
dX, dweights, dhidden = deep_backward(np.array([[2.0]]), deep_forward(X, weights, "tanh")[1])
slope = 1 - np.tanh(1.0) ** 2
call = "deep_backward([[2]], cache) of one tanh layer with X = [[1, -2]] and W = [[1], [1]]"
check_close(f"dX by {call}", dX, [[2 * slope, 2 * slope]], rtol=1e-5, look="dz = 2 · (1 − tanh²), then dz @ W.T.")
check_close(f"dweights[0] by {call}", dweights[0], [[2 * slope], [-4 * slope]], rtol=1e-5, look="X.T @ dz.")
check_close(f"dhidden[-1] by {call}", dhidden[-1], [[2.0]], rtol=1e-5, look="The last one is dout.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("deep_backward")
X, dout = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 6), (6, 2))]
for activation, function in (("tanh", torch.tanh), ("relu", torch.relu)):
    _, cache = deep_forward(X.copy(), [W.copy() for W in weights], activation)
    dX, dweights, dhidden = deep_backward(dout.copy(), cache)
    leaves = [torch.tensor(array, requires_grad=True) for array in (X, *weights)]
    outputs = [leaves[0]]
    for W in leaves[1:]:
        outputs.append(function(outputs[-1] @ W))
    truth = torch.autograd.grad((outputs[-1] * torch.tensor(dout)).sum(), leaves + outputs[1:])
    check_close(f"dX with {activation}", dX, truth[0], rtol=1e-4, atol=1e-5, look="Is each layer's slope in it?")
    for layer in range(3):
        call = f"of layer {layer + 1} of 3 with {activation}"
        check_close(f"the gradient of the weights {call}", dweights[layer], truth[1 + layer], rtol=1e-4, atol=1e-5,
                    look="The layer's input, transposed, times dz.")
        check_close(f"the gradient at the output {call}", dhidden[layer], truth[4 + layer], rtol=1e-4, atol=1e-5,
                    look="dhidden holds the gradients after the activations, the first layer's first.")
### END HIDDEN TESTS

# %% [markdown]
# ### LeCun's rule
#
# A layer keeps the size of the signal if $n\sigma^2 = 1$, so $\sigma = 1/\sqrt{n}$ (LeCun et al., 1998). Write it. The random generator is an argument, and **the caller makes one generator for the whole network**: a function that makes its own from a fixed seed gives all layers of a shape the same weights, and the symmetry is back by another door.

# %% solution="lecun_normal"
def lecun_normal(fan_in, fan_out, rng):
    """Normal weights of mean 0 and variance 1 / fan_in (LeCun et al. 1998).

    Args:
        fan_in, fan_out: the numbers of inputs and outputs of the layer.
        rng: a numpy Generator; draw from it and from nothing else.

    Returns:
        W: (fan_in, fan_out).
    """
    ### BEGIN SOLUTION
    return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)
    ### END SOLUTION

# %% [markdown] hint="lecun_normal"
# `rng.normal(scale=…)` wants a standard deviation, not a variance.

# %% tests="lecun_normal" points=1
@probe
def draw(fan_in, fan_out, seed):
    """Two layers from one generator, and the first one again from a fresh generator."""
    rng = np.random.default_rng(seed)
    first, second = lecun_normal(fan_in, fan_out, rng), lecun_normal(fan_in, fan_out, rng)
    return first, second, lecun_normal(fan_in, fan_out, np.random.default_rng(seed))


first, second, again = draw(400, 100, 0)
check_shape("lecun_normal(400, 100, rng)", first, (400, 100))
# 40,000 numbers estimate a standard deviation to 0.35 %: 2 % is more than five times that.
check_close("the standard deviation of lecun_normal(400, 100, rng)", np.std(first), 0.05, rtol=0.02,
            look="1 / √400.")
### BEGIN HIDDEN TESTS
check("lecun_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
check("lecun_normal, called with two generators of one seed,", np.array_equal(first, again),
      "returned different weights", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("lecun_normal"))[0]
    call = f"of lecun_normal({fan_in}, {fan_out}, rng)"
    check_shape(f"lecun_normal({fan_in}, {fan_out}, rng)", W, (fan_in, fan_out))
    check_close(f"the standard deviation {call}", np.std(W), fan_in**-0.5, rtol=0.02, look="1 / √fan_in.")
    check_close(f"the kurtosis {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08, look="Normal weights.")
### END HIDDEN TESTS

# %% [markdown]
# ### Too small, too large
#
# Twenty tanh layers of width 256, three scales. With 0.01 you know what comes: nothing is left. With 1, the pre-activations have a standard deviation of about 16, and nearly all units saturate at ±1, where the slope of tanh is next to zero.
#
# **Predict.** With standard deviation 1: a gradient of size 1 enters at the top and goes back through the twenty saturated layers. At the bottom it has `"vanished"`, `"kept its size"` or `"exploded"`?

# %% solution="saturated_gradient"
# Type your choice: saturated_gradient = "..."
### BEGIN SOLUTION
saturated_gradient = "exploded"
### END SOLUTION

# %% [markdown] hint="saturated_gradient"
# Not every unit is saturated: about one in twenty lies between −1 and 1 by chance and lets its gradient pass. What do 256 weights of size 1 do with what passes?

# %% tests="saturated_gradient" points=1
check_one_of("saturated_gradient", saturated_gradient, ["vanished", "kept its size", "exploded"])
### BEGIN HIDDEN TESTS
check_equal("saturated_gradient", saturated_gradient, "exploded",
            look="A layer multiplies the variance of the gradient by n·σ²·E[slope²] = 256 · 1 · 0.03, which is 8.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell pushes data and a gradient through such a network; the one after it draws a histogram for each layer, one above the other.

# %% given="through"
def through(std, activation, seed, depth=20, width=256):
    """The outputs of all layers, and the gradients there, for weights of a standard deviation."""
    rng = np.random.default_rng(seed)
    X, dout = rng.normal(size=(2, 50, width))
    weights = [std * rng.normal(size=(width, width)) for _ in range(depth)]
    hidden, cache = deep_forward(X, weights, activation)
    return hidden, deep_backward(dout, cache)[2]


def rms(values):
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))

# %% given="ridges"
def ridges(axes, layers, bins, low, high, colour):
    """One histogram a layer, the first layer at the bottom, each scaled to the same height."""
    across, outlines = np.linspace(low, high, 2 * bins + 1)[1::2], []
    for number, values in reversed(list(enumerate(layers, start=1))):
        counts = np.histogram(values, bins, (low, high))[0]
        top = number + 1.9 * counts / counts.max()
        outlines.append([(low, number), *zip(across, top), (high, number)])
    axes.add_collection(PolyCollection(outlines, facecolor=colour, edgecolor="white", linewidth=0.7))
    axes.set(ylim=(0.5, len(layers) + 2.2), xlim=(low, high), yticks=(1, 5, 10, 15, 20))
    axes.grid(False)


def powers(layers):
    """The powers of ten of the values that are not zero, layer by layer."""
    return [np.log10(np.abs(values[values != 0])) for values in layers]

# %% experiment="tanh_layers"
figure, (upper, lower) = plt.subplots(2, 3, figsize=(10, 6.2), sharey=True, gridspec_kw={"hspace": 0.3, "wspace": 0.1})
scales = {"too small: σ = 0.01": (0.01, "sky"), "too large: σ = 1": (1.0, "red"),
          "LeCun, Xavier: σ = 1/√256": (256**-0.5, "green")}
for above, below, (name, (std, colour)) in zip(upper, lower, progress(scales.items(), "scales")):
    hidden, dhidden = through(std, "tanh", seed=0)
    ridges(above, hidden, 51, -1.02, 1.02, COLOURS[colour])
    ridges(below, powers(dhidden), 120, -18, 12, COLOURS[colour])
    above.set(title=name, xlabel="activation", xticks=(-1, 0, 1))
    below.set(xlabel="power of ten of the gradient")
    below.text(-17.5, 15.5, f"rms in\nlayer 1:\n{rms(dhidden[0]):.1g}", fontsize=9)
upper[0].set(ylabel="layer")
lower[0].set(ylabel="layer")
show(figure, "Histograms of activations (above) and of the gradients at them (below) in 20 tanh layers. With σ 0.01 "
     "the activations shrink to a spike at zero, and so do the gradients, to less than 1e-15 in layer 1. With σ 1 "
     "the activations pile up at −1 and 1, and the gradients grow on the way back, to about 1e9. With σ 1/16 "
     "the activations narrow slowly from layer to layer, and the gradients stay near 1.")

# %% [markdown]
# Read off: with σ = 1, the root mean square of the gradient in layer 1 is about $10^k$ times that in layer 20, where it was 1. What is $k$?

# %% solution="growth_of_gradient"
# Type the power of ten: growth_of_gradient = ...
### BEGIN SOLUTION
growth_of_gradient = 8.8
### END SOLUTION

# %% [markdown] hint="growth_of_gradient"
# The number stands in the lower picture in the middle. To which power do you have to raise 10 to get it? (Ask `np.log10`: the number before the e counts, too.)

# %% tests="growth_of_gradient" points=1
check("growth_of_gradient", -20 < growth_of_gradient < 20, f"{growth_of_gradient} is not on the axis; give the power, not the number")
### BEGIN HIDDEN TESTS
# 8.6 to 9.1 on twenty seeds; half a power more on either side for reading it off.
check_close("growth_of_gradient", growth_of_gradient, 8.9, rtol=0, atol=0.6,
            look="7e+08 is 10 to the power of 8.8.")
### END HIDDEN TESTS

# %% [markdown]
# "Saturated units kill the gradient" is true of each single unit, and of sigmoids whose weights are not large. But large weights multiply what little passes. Poole et al. (2016) call this side *chaotic*: two inputs that differ by a hair end far apart. Either way, the first layers can't be trained: their gradient says nothing, or far too much.

# %% [markdown]
# ## 6 · The compromise of Xavier
#
# Now the way back. With $m$ outputs (**fan-out**), the gradient at an input is $dx_i = \sum_{j=1}^{m} w_{ij}\, dz_j$, a sum of $m$ terms, so
#
# $$\operatorname{Var} dx = m\,\sigma^2 \operatorname{Var} dz$$
#
# Forward wants $\sigma^2 = 1/n$, backward wants $\sigma^2 = 1/m$. A layer that is not square cannot have both. Glorot & Bengio (2010) take $\sigma^2 = \dfrac{2}{n + m}$, the harmonic mean of the two. (Xavier is Glorot's first name.)

# %% [markdown]
# **With pencil and paper.** A linear layer has 100 inputs and 400 outputs and gets Xavier's variance. By which factor does it multiply the *variance* of the signal on the way forward, and by which that of the gradient on the way back?

# %% solution="compromise"
# Type the two factors: forward_factor = ... and backward_factor = ...
### BEGIN SOLUTION
forward_factor = 0.4  # 100 · 2/500
backward_factor = 1.6  # 400 · 2/500
### END SOLUTION

# %% [markdown] hint="compromise"
# $\sigma^2 = 2/500$. Forward, how many terms does a sum have: 100 or 400?

# %% tests="compromise" points=2
check("forward_factor", forward_factor > 0, f"{forward_factor} is not a positive factor")
check("backward_factor", backward_factor > 0, f"{backward_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
right = [np.isclose(forward_factor, 0.4, rtol=0.02), np.isclose(backward_factor, 1.6, rtol=0.02)]
check("forward_factor and backward_factor", any(right), "are both wrong",
      look="Forward n·σ² with n = 100, backward m·σ² with m = 400; σ² = 2/500.")
float(sum(right))
### END HIDDEN TESTS

# %% [markdown]
# The same variance may come from a normal or from a uniform distribution. Uniform numbers between $-a$ and $a$ have the variance $\frac{1}{2a}\int_{-a}^{a} x^2\,dx = a^2/3$. Solve for $a$ before you write.

# %% solution="xavier"
def xavier_normal(fan_in, fan_out, rng):
    """Normal weights (fan_in, fan_out) of mean 0 and variance 2 / (fan_in + fan_out)."""
    ### BEGIN SOLUTION
    return np.sqrt(2 / (fan_in + fan_out)) * rng.normal(size=(fan_in, fan_out))
    ### END SOLUTION


def xavier_uniform(fan_in, fan_out, rng):
    """Uniform weights (fan_in, fan_out) of mean 0 and the same variance, 2 / (fan_in + fan_out)."""
    ### BEGIN SOLUTION
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))
    ### END SOLUTION

# %% [markdown] hint="xavier"
# Is the bound of the uniform distribution larger or smaller than its standard deviation?

# %% [markdown] hint="xavier"
# $a^2/3 = \sigma^2$, so $a = \sqrt{3}\,\sigma$, and with $\sigma^2 = 2/(n+m)$ the bound is $\sqrt{6/(n+m)}$.

# %% tests="xavier" part="normal" points=1
@probe
def draw(fan_in, fan_out, seed):
    """Two layers of normal weights from one generator."""
    rng = np.random.default_rng(seed)
    return xavier_normal(fan_in, fan_out, rng), xavier_normal(fan_in, fan_out, rng)


first, second = draw(300, 100, 0)
check_shape("xavier_normal(300, 100, rng)", first, (300, 100))
# 30,000 numbers estimate a standard deviation to 0.4 %.
check_close("the standard deviation of xavier_normal(300, 100, rng)", np.std(first), 200**-0.5, rtol=0.025,
            look="The variance is 2 / 400; the standard deviation is its root.")
### BEGIN HIDDEN TESTS
check("xavier_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("xavier_normal"))[0]
    call = f"xavier_normal({fan_in}, {fan_out}, rng)"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the variance of {call}", np.var(W), 2 / 960, rtol=0.04, look="2 / (fan_in + fan_out).")
    check_close(f"the kurtosis of {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08, look="Normal weights.")
### END HIDDEN TESTS

# %% tests="xavier" part="uniform" points=2
@probe
def draw(fan_in, fan_out, seed):
    """Two layers of uniform weights from one generator."""
    rng = np.random.default_rng(seed)
    return xavier_uniform(fan_in, fan_out, rng), xavier_uniform(fan_in, fan_out, rng)


first, second = draw(300, 100, 0)
check_shape("xavier_uniform(300, 100, rng)", first, (300, 100))
check_close("the standard deviation of xavier_uniform(300, 100, rng)", np.std(first), 200**-0.5, rtol=0.025,
            look="The bound is √3 times the standard deviation.")
### BEGIN HIDDEN TESTS
check("xavier_uniform, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
for fan_in, fan_out in ((900, 60), (60, 900)):
    W = draw(fan_in, fan_out, hidden_seed("xavier_uniform"))[0]
    call = f"xavier_uniform({fan_in}, {fan_out}, rng)"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the variance of {call}", np.var(W), 2 / 960, rtol=0.04, look="bound² / 3 = 2 / (fan_in + fan_out).")
    for side, edge in (("largest", np.max(W)), ("smallest", -np.min(W))):  # of 54,000 numbers
        check_close(f"the {side} weight of {call}, without sign,", edge, (6 / 960) ** 0.5, rtol=1e-3,
                    look="Uniform between −√(6 / (fan_in + fan_out)) and +√(6 / (fan_in + fan_out)).")
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · ReLU, and the rule of He
#
# Xavier's derivation takes the activation for linear, and tanh is nearly linear around zero. A ReLU throws half of the signal away: for a symmetric $z$, $\operatorname{E}[\max(0, z)^2] = \tfrac12 \operatorname{Var} z$.
#
# **With pencil and paper.** Square ReLU layers with Xavier's variance. Which share of its root mean square does the signal still have after 20 layers?

# %% solution="xavier_with_relu"
# Type the share: xavier_with_relu = ...
### BEGIN SOLUTION
xavier_with_relu = 2.0**-10
### END SOLUTION

# %% [markdown] hint="xavier_with_relu"
# Each layer halves the mean *square*. What does it do to its root, and twenty of them?

# %% tests="xavier_with_relu" points=1
check("xavier_with_relu", 0 < xavier_with_relu < 1, f"{xavier_with_relu} is not a share between 0 and 1")
### BEGIN HIDDEN TESTS
check_close("xavier_with_relu", xavier_with_relu, 2.0**-10, rtol=0.05, look="(1/√2)²⁰ = 2⁻¹⁰, about 0.001.")
### END HIDDEN TESTS

# %% [markdown]
# He et al. (2015) put the 2 back: $\sigma^2 = 2 / n$. For a leaky ReLU with slope $a$ on the negative side, $\operatorname{E}[h^2] = \tfrac12 (1 + a^2) \operatorname{Var} z$, so
#
# $$\sigma^2 = \frac{2}{(1 + a^2)\,\text{fan}}$$
#
# with the fan-in to keep the signal, or the fan-out to keep the gradient. (Either will do, say He et al.: if one direction is kept, the other changes by $n/m$ in each layer, and along a network these quotients cancel but for the first and the last.)

# %% solution="he_normal"
def he_normal(fan_in, fan_out, rng, mode="fan_in", slope=0.0):
    """Normal weights for a layer before a (leaky) ReLU (He et al. 2015).

    Args:
        fan_in, fan_out: the numbers of inputs and outputs of the layer.
        rng: a numpy Generator.
        mode: "fan_in" keeps the size of the signal, "fan_out" that of the gradient.
        slope: the slope of the activation on the negative side; 0 is a ReLU, 1 is linear.

    Returns:
        W: (fan_in, fan_out), of mean 0 and variance 2 / ((1 + slope²) · fan).

    Raises:
        ValueError: another mode.
    """
    ### BEGIN SOLUTION
    fans = {"fan_in": fan_in, "fan_out": fan_out}
    if mode not in fans:
        raise ValueError(f'mode is "fan_in" or "fan_out", not {mode!r}')
    return np.sqrt(2 / ((1 + slope**2) * fans[mode])) * rng.normal(size=(fan_in, fan_out))
    ### END SOLUTION

# %% [markdown] hint="he_normal"
# The mode chooses the fan, and nothing else: the shape is (fan_in, fan_out) in both.

# %% [markdown] hint="he_normal"
# A check for the slope: at slope 1 the layer is linear, and LeCun's 1 / fan_in must come out.

# %% tests="he_normal" points=3
@probe
def draw(fan_in, fan_out, seed, settings):
    """Two layers from one generator."""
    rng = np.random.default_rng(seed)
    return he_normal(fan_in, fan_out, rng, **settings), he_normal(fan_in, fan_out, rng, **settings)


first, second = draw(200, 150, 0, {})
check_shape("he_normal(200, 150, rng)", first, (200, 150))
check_close("the standard deviation of he_normal(200, 150, rng)", np.std(first), 0.1, rtol=0.025,
            look="√(2 / 200).")
check_raises("he_normal(3, 4, rng, mode='fan')", ValueError, draw, 3, 4, 0, {"mode": "fan"},
             look="A typing error in the mode must not pass in silence.")
### BEGIN HIDDEN TESTS
check("he_normal, called twice with one generator,", not np.array_equal(first, second),
      "returned the same weights twice", look="Draw from the rng that you are given.")
slope = float(hidden_rng("he_normal").uniform(0.4, 0.7))
for fan_in, fan_out, mode, a in ((900, 60, "fan_in", 0.0), (60, 900, "fan_in", slope), (900, 60, "fan_out", 0.0),
                                 (60, 900, "fan_out", slope)):
    W = draw(fan_in, fan_out, hidden_seed("he_normal"), {"mode": mode, "slope": a})[0]
    call = f"he_normal({fan_in}, {fan_out}, rng, mode={mode!r}, slope={a:.2g})"
    check_shape(call, W, (fan_in, fan_out))
    fan = fan_in if mode == "fan_in" else fan_out
    check_close(f"the variance of {call}", np.var(W), 2 / (fan * (1 + a * a)), rtol=0.04,
                look="2 / ((1 + slope²) · fan), with the fan that the mode names.")
    check_close(f"the kurtosis of {call}", np.mean(W**4) / np.mean(W**2) ** 2, 3, rtol=0.08, look="Normal weights.")
### END HIDDEN TESTS

# %% experiment="relu_layers"
figure, (upper, lower) = plt.subplots(2, 3, figsize=(10, 6.2), sharey=True, gridspec_kw={"hspace": 0.3, "wspace": 0.1})
scales = {"too small: σ = 0.01": (0.01, "sky"), "Xavier: σ = √(1/256)": (256**-0.5, "orange"),
          "He: σ = √(2/256)": (128**-0.5, "green")}
for above, below, (name, (std, colour)) in zip(upper, lower, progress(scales.items(), "scales")):
    hidden, dhidden = through(std, "relu", seed=0)
    for axes, layers, mark, height in ((above, hidden, 20, 1.5), (below, dhidden, 1, 19.5)):
        ridges(axes, powers(layers), 92, -21, 2, COLOURS[colour])
        axes.text(-20.5, height, f"rms in layer {mark}: {rms(layers[mark - 1]):.1g}", fontsize=9)
    above.set(title=name, xlabel="power of ten of the activation")
    below.set(xlabel="power of ten of the gradient")
upper[0].set(ylabel="layer")
lower[0].set(ylabel="layer")
show(figure, "Histograms of the powers of ten of the positive activations (above) and of the gradients (below) in 20 ReLU "
     "layers. With σ 0.01 both march to the left, to 1e-19 and 1e-18: activations with depth, gradients on the way back. "
     "With Xavier they march slowly, to about 1e-3. With He all histograms stand above one another.")

# %% [markdown]
# Under He's rule the histograms stand above one another, under the others they march. That is all there is to see, and it is the first picture to draw when a deep network doesn't learn.
#
# ### The fans of a convolution
#
# An output pixel of a convolution is a sum over all input channels *and over the kernel*. PyTorch stores weights with the outputs first: (out, in) for a linear layer, (out, in, height, width) for a convolution.

# %% solution="fans"
def fans(shape):
    """The fan-in and fan-out of a layer, from the shape of its weights in PyTorch's order.

    Args:
        shape: (out, in) of a linear layer; (out, in, k), (out, in, k, k) or (out, in, k, k, k) of
            a convolution; the kernel need not be square.

    Returns:
        (fan_in, fan_out): how many products one output sums up, and how many outputs one input
        goes into (away from the border, at stride 1).

    Raises:
        ValueError: fewer than two numbers, as for a bias.
    """
    ### BEGIN SOLUTION
    if len(shape) < 2:
        raise ValueError(f"a layer has inputs and outputs, {tuple(shape)} is one number")
    area = int(np.prod(shape[2:]))
    return shape[1] * area, shape[0] * area
    ### END SOLUTION

# %% [markdown] hint="fans"
# How many multiplications does one number of the output cost? And into how many numbers of the output does one number of the input go: into one place per output channel, or into all places that the kernel reaches?

# %% [markdown] hint="fans"
# The area is the product of `shape[2:]`, which for a linear layer is an empty product: 1.

# %% tests="fans" points=2
check_equal("fans((10, 20))", tuple(fans((10, 20))), (20, 10), look="PyTorch has the outputs first.")
check_equal("fans((64, 3, 5, 5))", tuple(fans((64, 3, 5, 5))), (75, 1600),
            look="An output sums 3 · 25 products; an input goes into 64 channels at 25 places.")
check_raises("fans((7,))", ValueError, fans, (7,), look="A bias has no fans.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fans")
for dimensions in (0, 1, 2, 3):
    shape = tuple(int(k) for k in rng.choice(np.arange(2, 12), size=2 + dimensions, replace=False))
    fan_in, fan_out = shape[1], shape[0]
    for k in shape[2:]:
        fan_in, fan_out = fan_in * k, fan_out * k
    check_equal(f"fans({shape})", tuple(fans(shape)), (fan_in, fan_out),
                look="Both fans hold the whole kernel: the product of shape[2:].")
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** Someone draws the weights of all 3 × 3 convolutions of a ReLU network with variance 2 / (input channels). By which factor does each layer multiply the root mean square of the signal?

# %% solution="forgotten_area"
# Type the factor: forgotten_area = ...
### BEGIN SOLUTION
forgotten_area = 3.0  # √9
### END SOLUTION

# %% [markdown] hint="forgotten_area"
# The sum has nine times as many terms as the variance was made for. And a root mean square is a root.

# %% tests="forgotten_area" points=1
check("forgotten_area", forgotten_area > 0, f"{forgotten_area} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("forgotten_area", forgotten_area, 3.0, rtol=0.02, look="The mean square grows by the area, 9; its root by 3.")
### END HIDDEN TESTS

# %% [markdown]
# ## 8 · Directions, and what no formula knows
#
# LeCun's rule keeps the signal's size *on average over random inputs*. What does a stack of layers do to a single direction?
#
# **Predict.** Twenty linear layers of 100 units with LeCun's rule are one matrix, the product of all. It takes each of 100 orthogonal directions to some length. Will they `"all keep about their length"`, or will `"most shrink and a few grow"`?

# %% solution="directions"
# Type your choice: directions = "..."
### BEGIN SOLUTION
directions = "most shrink and a few grow"
### END SOLUTION

# %% [markdown] hint="directions"
# One Gaussian matrix stretches some directions to twice their length and flattens others. The mean square of the stretching factors is 1. What happens to them in a power?

# %% tests="directions" points=1
check_one_of("directions", directions, ["all keep about their length", "most shrink and a few grow"])
### BEGIN HIDDEN TESTS
check_equal("directions", directions, "most shrink and a few grow",
            look="The mean square of the singular values is 1: a few large ones make up for many small ones.")
### END HIDDEN TESTS

# %% [markdown]
# Saxe et al. (2014) start from **orthogonal** matrices, whose singular values are all 1. One gets a random one from the QR decomposition of a Gaussian matrix. A fine point: LAPACK's QR prefers certain signs, so Q alone is not *uniformly* distributed among the orthogonal matrices. With each column of Q multiplied by the sign of its diagonal element of R, it is (Mezzadri, 2007). For training we know of no case in which it matters, since lengths are kept either way; for statements about random rotations it does, and it costs one line.

# %% solution="orthogonal"
def orthogonal(fan_in, fan_out, rng, gain=1.0):
    """A random matrix, uniform among those with orthonormal columns (or rows), times a gain.

    Args:
        fan_in, fan_out: the shape. With fan_in ≥ fan_out the columns are orthonormal (WᵀW = 1),
            with fan_in ≤ fan_out the rows (WWᵀ = 1).
        rng: a numpy Generator.
        gain: a factor on the matrix, √2 before a ReLU.

    Returns:
        W: (fan_in, fan_out).
    """
    ### BEGIN SOLUTION
    tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    Q, R = np.linalg.qr(tall)
    Q = Q * np.sign(np.diag(R))
    return gain * (Q if fan_in >= fan_out else Q.T)
    ### END SOLUTION

# %% [markdown] hint="orthogonal"
# The QR decomposition gives orthonormal columns, at most as many as there are rows. What can you do for a wide matrix?

# %% [markdown] hint="orthogonal"
# `Q * np.sign(np.diag(R))` multiplies each *column*. Then transpose if the matrix shall be wide.

# %% tests="orthogonal" points=3
@probe
def draw(fan_in, fan_out, seed, gain):
    """A matrix."""
    return orthogonal(fan_in, fan_out, np.random.default_rng(seed), gain)


@probe
def corners(fan_in, fan_out, count, seed):
    """The number in the upper left corner of many matrices, drawn from one generator."""
    rng = np.random.default_rng(seed)
    return [float(orthogonal(fan_in, fan_out, rng)[0, 0]) for _ in range(count)]


tall, wide = draw(5, 3, 0, 1.0), draw(3, 5, 0, 2.0)
check_shape("orthogonal(5, 3, rng)", tall, (5, 3))
check_close("W.T @ W for W = orthogonal(5, 3, rng)", tall.T @ tall, np.eye(3), atol=1e-5, look="The columns are orthonormal.")
check_shape("orthogonal(3, 5, rng, gain=2)", wide, (3, 5))
check_close("W @ W.T for W = orthogonal(3, 5, rng, gain=2)", wide @ wide.T, 4 * np.eye(3), atol=1e-5,
            look="The rows are orthonormal, times the gain.")
### BEGIN HIDDEN TESTS
seed = hidden_seed("orthogonal")
for fan_in, fan_out, gain in ((4, 4, 1.0), (7, 2, 1.5), (2, 7, 0.5)):
    W = draw(fan_in, fan_out, seed, gain)
    call = f"orthogonal({fan_in}, {fan_out}, rng, {gain})"
    check_shape(call, W, (fan_in, fan_out))
    check_close(f"the singular values of {call}", np.linalg.svd(W, compute_uv=False), np.full(min(W.shape), gain),
                rtol=1e-4, look="All singular values equal the gain.")
# Uniform on the sphere in three dimensions, a coordinate is uniform on [-1, 1]: mean 0, mean
# square 1/3. 200 draws give a mean within 0.04: five times that never fails.
for fan_in, fan_out in ((3, 3), (3, 2), (2, 3)):
    corner = np.array(corners(fan_in, fan_out, 200, seed))
    check(f"orthogonal({fan_in}, {fan_out}, rng), called 200 times with one generator,",
          np.unique(corner.round(6)).size > 190, "returned the same matrix again", look="Draw from the rng that you are given.")
    check_close(f"the mean of the corner of 200 matrices orthogonal({fan_in}, {fan_out}, rng)", corner.mean(), 0.0,
                atol=0.21, look="Multiply each column of Q by the sign of its diagonal element of R.")
### END HIDDEN TESTS

# %% given="products"
def singular_values_of_product(draw, seed, depth=20, width=100):
    """The singular values of a product of `depth` matrices draw(width, width, rng), largest first."""
    rng, product = np.random.default_rng(seed), np.eye(width)
    for _ in range(depth):
        product = product @ draw(width, width, rng)
    return np.linalg.svd(product, compute_uv=False)

# %% experiment="directions"
figure, axes = plt.subplots(figsize=(6.6, 3.1))
for name, draw_one, colour in (("LeCun normal", lecun_normal, "orange"), ("orthogonal", orthogonal, "green")):
    for depth, style in ((1, ":"), (20, "-")):
        values = singular_values_of_product(draw_one, 0, depth)
        axes.semilogy(np.arange(1, 101), values, style, color=COLOURS[colour], linewidth=3.5 if depth == 1 else 1.8,
                      label=f"{name}, {depth} layer{'s' * (depth > 1)}")
axes.axhline(0.1, color="0.4", linewidth=0.8)
axes.set(xlabel="direction", ylabel="stretched by", ylim=(1e-12, 1e2), xlim=(0, 101), title="What a stack does to 100 directions",
         xticks=range(0, 101, 10))
axes.legend(loc="lower left")
show(figure, "The factors by which a stack of layers stretches 100 orthogonal directions, sorted, on a logarithmic "
     "scale. One or 20 orthogonal layers: all factors are 1. One Gaussian layer: from 2 down to 0.01. Twenty "
     "Gaussian layers: a few factors above 1, then a steep fall through many powers of ten.")

# %% [markdown]
# Read off: how many of the 100 directions still have at least a tenth of their length (the grey line) after twenty Gaussian layers?

# %% solution="surviving"
# Type the number of directions: surviving = ...
### BEGIN SOLUTION
surviving = 25
### END SOLUTION

# %% [markdown] hint="surviving"
# Where does the solid orange curve cross the grey line?

# %% tests="surviving" points=1
check("surviving", 0 <= surviving <= 100, f"{surviving} is not on the axis")
### BEGIN HIDDEN TESTS
# 24 to 26 on 20 seeds; three more or less for reading it off.
check_close("surviving", surviving, 25, rtol=0, atol=4, look="Where the solid orange curve crosses the grey line.")
### END HIDDEN TESTS

# %% [markdown]
# ### One pass of data
#
# Every formula so far assumed something: independence, a symmetric $z$, one of two activations, no padding. Mishkin & Matas (2016) assume nothing and **measure**: take the layers in order, let a batch through, divide the weights of the layer by the standard deviation of its output (before the activation), go on with the corrected output. (They begin with orthogonal weights and repeat until the deviation is near enough to 1; Krähenbühl et al. (2016) do it for each channel.)

# %% solution="scale_layers"
def scale_layers(weights, X, activation):
    """Scale the weights of each layer so that its output has standard deviation 1 on a batch.

    Args:
        weights: a list of arrays (fan_in, fan_out); they stay as they are.
        X: a batch of inputs, (N, D).
        activation: a function of an array, applied between the layers: h = activation(h_before @ W).

    Returns:
        A list of new weights. With them, h_before @ W has standard deviation 1 (the biased one)
        in every layer, over all examples and units together, when the batch goes through the new network.

    Raises:
        ValueError: the output of a layer does not vary at all, so no factor can help.
    """
    ### BEGIN SOLUTION
    h, scaled = X, []
    for W in weights:
        spread = (h @ W).std()
        if not spread > 0:
            raise ValueError("the output of a layer is constant: its weights or its inputs are zero")
        scaled.append(W / spread)
        h = activation(h @ scaled[-1])
    return scaled
    ### END SOLUTION

# %% [markdown] hint="scale_layers"
# Why must layer 1 be corrected before layer 2 is measured?

# %% [markdown] hint="scale_layers"
# In one loop: measure `(h @ W).std()`, divide, and compute the next `h` with the *new* weights.

# %% tests="scale_layers" points=3 changes="shown"
weights = [np.array([[3.0, -3.0]]), np.array([[1.0], [2.0]])]
got = scale_layers([W.copy() for W in weights], np.array([[1.0], [-1.0]]), lambda z: np.maximum(z, 0))
call = "scale_layers([[[3, -3]], [[1], [2]]], [[1], [-1]], relu)"
check_close(f"the first weights by {call}", got[0], [[1.0, -1.0]], rtol=1e-5,
            look="The first output is [3, −3], [−3, 3]: its standard deviation is 3.")
check_close(f"the second weights by {call}", got[1], [[2.0], [4.0]], rtol=1e-5,
            look="With the new first layer the second one returns 1 and 2: their standard deviation is 1/2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("scale_layers")
X = rng.normal(size=(30, 5)) + rng.normal(size=5)
weights = [rng.normal(size=shape) * rng.uniform(0.05, 3) for shape in ((5, 7), (7, 4), (4, 6))]
kept = [W.copy() for W in weights]
for name, function in (("tanh", lambda z: np.tanh(z)), ("softplus", lambda z: np.logaddexp(0.0, z))):
    got = scale_layers(weights, X.copy(), function)
    h = torch.tensor(X)
    for layer, W in enumerate(got):
        check_unchanged(f"scale_layers with {name}", "weights", kept[layer], weights[layer])
        z = h @ torch.tensor(np.array(W)).double()
        check_close(f"the standard deviation of layer {layer + 1} of the new network with {name}", z.std(correction=0), 1.0,
                    rtol=1e-4, look="Measure each layer behind the corrected ones, before its activation.")
        ratio = np.array(W) / kept[layer]
        check_close(f"the factors on the weights of layer {layer + 1}", ratio, np.full(ratio.shape, ratio[0, 0]), rtol=1e-4,
                    look="One factor for the whole layer.")
        h = {"tanh": torch.tanh, "softplus": torch.nn.functional.softplus}[name](z)
check_raises("scale_layers with a layer of zeros", ValueError, scale_layers, [np.zeros((2, 2))], np.ones((3, 2)),
             lambda z: np.tanh(z), look="Dividing by a standard deviation of zero gives NaN, which nobody notices here.")
### END HIDDEN TESTS

# %% [markdown]
# Try it on an activation for which you have no formula: SiLU, $z / (1 + e^{-z})$ (also called swish), twenty layers deep. It looks like a ReLU, so people use He's rule.

# %% given="silu"
def spreads(weights, X, activation):
    """The standard deviation of each layer's output, before the activation."""
    found, h = [], X
    for W in weights:
        z = h @ W
        found.append(float(z.std()))
        h = activation(z)
    return found


def silu(z):
    """z times the logistic function of z."""
    return z / (1 + np.exp(-z))


def silu_spreads(seed, depth=20, width=256):
    """The spreads of deep SiLU networks: with He's weights, and with them after scale_layers."""
    rng = np.random.default_rng(seed)
    X, fresh = rng.normal(size=(2, 100, width))
    weights = [he_normal(width, width, rng) for _ in range(depth)]
    return spreads(weights, fresh, silu), spreads(scale_layers(weights, X, silu), fresh, silu)

# %% experiment="silu"
before, after = silu_spreads(seed=0)
figure, axes = plt.subplots(figsize=(6.6, 2.9))
axes.semilogy(range(1, 21), before, "o-", color=COLOURS["orange"], label="He's rule")
axes.semilogy(range(1, 21), after, "s-", color=COLOURS["green"], label="He's rule, then one pass of other data")
axes.set(xlabel="layer", ylabel="standard deviation\nbefore the activation", title="Twenty layers of SiLU", ylim=(1e-4, 10),
         xticks=range(2, 21, 2))
axes.legend(loc="lower left")
show(figure, "The standard deviation before the activation in 20 SiLU layers, measured on a fresh batch. With He's rule it "
     f"falls steadily from 1.4 in layer 1 to {before[-1]:.1g} in layer 20. After one pass of data it stays near 1.")

# %% [markdown]
# Read off: with He's rule, how many times smaller is the standard deviation in layer 20 than in layer 1?

# %% solution="he_with_silu"
# Type the factor: he_with_silu = ...
### BEGIN SOLUTION
he_with_silu = 165
### END SOLUTION

# %% [markdown] hint="he_with_silu"
# Divide the height of the first orange point by that of the last. It is a large number.

# %% tests="he_with_silu" points=1
check("he_with_silu", he_with_silu >= 1, f"is {he_with_silu}, but the curve falls: divide the first point by the last")
### BEGIN HIDDEN TESTS
# 120 to 245 on twenty seeds, and the picture's scale is logarithmic.
check("he_with_silu", 100 <= he_with_silu <= 330, f"is {he_with_silu:g}, but your picture says something else",
      look="The first orange point divided by the last: about 1.4 / 0.008.")
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · PyTorch: which ones train at all?
#
# From here on the weights are PyTorch's, (out, in) and (out, in, height, width), and `nn.init` has all the rules: `nn.init.xavier_uniform_`, `nn.init.kaiming_normal_` (He's first name), `nn.init.orthogonal_`. The underscore means: in place, without autograd.
#
# What do you get if you do nothing? `nn.Linear` and `nn.Conv2d` draw weights uniformly between $-1/\sqrt{n}$ and $1/\sqrt{n}$, with the fan-in $n$. (In the source it says `kaiming_uniform_(a=math.sqrt(5))`, which sounds like He and isn't.)

# %% [markdown]
# **With pencil and paper.** By which factor does a ReLU layer with these weights (its bias set to zero) multiply the mean *square* of the signal? Compare with the 1 that He's rule is made for.

# %% solution="default_factor"
# Type the factor: default_factor = ...
### BEGIN SOLUTION
default_factor = 1 / 6
### END SOLUTION

# %% [markdown] hint="default_factor"
# The variance of a uniform number between $-a$ and $a$ is $a^2/3$. Then $n$ terms, and half is lost in the ReLU.

# %% tests="default_factor" points=1
check("default_factor", default_factor > 0, f"{default_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
# 3 %: rounded to two digits, a sixth is 0.17, which is 2 % off.
check_close("default_factor", default_factor, 1 / 6, rtol=0.03, look="n · 1/(3n), and half of it: 1/6.")
### END HIDDEN TESTS

# %% [markdown]
# Mind one trap of `nn.init.kaiming_normal_(weight, a=0, mode="fan_in", nonlinearity="leaky_relu")`: the slope `a` counts only with `nonlinearity="leaky_relu"`. With `nonlinearity="relu"`, an `a` that you give is ignored in silence.

# %% solution="initialize"
def initialize(model, scheme, slope=0.0):
    """Initialize all linear layers and 2-D convolutions of a model, in place; biases become zero.

    Args:
        model: an nn.Module. Its nn.Linear and nn.Conv2d layers are initialized, at any depth;
            all other layers (normalization, for instance) stay as they are.
        scheme: "small": normal, standard deviation 0.01;
            "xavier": Xavier uniform, gain 1;
            "he": He normal, fan-in, for a (leaky) ReLU with the slope;
            "orthogonal": orthogonal, with the gain √(2 / (1 + slope²)).
        slope: the slope of the activation on the negative side, for "he" and "orthogonal".

    Returns:
        The model.

    Raises:
        ValueError: another scheme.
    """
    ### BEGIN SOLUTION
    rules = {
        "small": lambda weight: nn.init.normal_(weight, std=0.01),
        "xavier": nn.init.xavier_uniform_,
        "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu"),
        "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5),
    }
    if scheme not in rules:
        raise ValueError(f"the scheme is one of {list(rules)}, not {scheme!r}")
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            rules[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model
    ### END SOLUTION

# %% [markdown] hint="initialize"
# `model.modules()` visits all layers at any depth, `model.children()` only the outermost. Which of them have weights that these rules are for? And does each layer have a bias?

# %% [markdown] hint="initialize"
# `isinstance(layer, (nn.Linear, nn.Conv2d))`; for each of them one of `nn.init.normal_(weight, std=0.01)`, `nn.init.xavier_uniform_(weight)`, `nn.init.kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu")`, `nn.init.orthogonal_(weight, gain)`; then `nn.init.zeros_(layer.bias)`, if there is one.

# %% tests="initialize" points=3
@probe
def initialized(scheme, slope, seed):
    """What initialize makes of a nested model: weights, biases, and what it should leave alone."""
    torch.manual_seed(seed)
    inner = nn.Sequential(nn.Conv2d(30, 60, 3), nn.BatchNorm2d(60), nn.Conv2d(60, 20, (1, 5), bias=False))
    model = nn.Sequential(inner, nn.LayerNorm((20, 3, 5)), nn.Flatten(), nn.Linear(300, 80)).to(device())
    nn.init.constant_(inner[1].weight, 0.7)
    nn.init.constant_(inner[1].bias, 0.3)
    before = [id(p) for p in model.parameters()]
    same = initialize(model, scheme, slope) is model
    plain = [p.detach().cpu().numpy() for p in (inner[0].weight, inner[2].weight, model[3].weight,
                                                inner[0].bias, model[3].bias, inner[1].weight, inner[1].bias,
                                                model[1].weight)]
    kept = before == [id(p) for p in model.parameters()] and all(p.requires_grad for p in model.parameters())
    return plain, same, kept


arrays, same, kept = initialized("small", 0.0, 0)
check("initialize(model, 'small')", same, "return the model")
check_close("the standard deviation of the first convolution after initialize(model, 'small')", np.std(arrays[0]), 0.01,
            rtol=0.03, look="nn.init.normal_(weight, std=0.01)")
check_close("the largest bias after initialize(model, 'small')", max(np.abs(arrays[3]).max(), np.abs(arrays[4]).max()), 0.0,
            look="Set the biases to zero, too.")
check_raises("initialize(model, 'kaiming')", ValueError, initialized, "kaiming", 0.0, 0)
### BEGIN HIDDEN TESTS
check("initialize(model, scheme)", kept, "replaced a parameter, or froze it", look="Fill the parameters in place.")
slope, seed = float(hidden_rng("initialize").uniform(0.4, 0.7)), hidden_seed("initialize")
for scheme, a in (("xavier", 0.0), ("he", 0.0), ("he", slope), ("orthogonal", slope)):
    arrays, _, _ = initialized(scheme, a, seed)
    for W in arrays[:3]:
        area = int(np.prod(W.shape[2:]))
        fan_in, fan_out, flat = W.shape[1] * area, W.shape[0] * area, W.reshape(len(W), -1)
        call = f"the weights {W.shape} after initialize(model, {scheme!r}, slope={a:.2g})"
        gain = (2 / (1 + a * a)) ** 0.5
        if scheme == "orthogonal":
            check_close(f"the singular values of {call}", np.linalg.svd(flat, compute_uv=False),
                        np.full(min(flat.shape), gain), rtol=1e-3, look="The gain is √(2 / (1 + slope²)).")
            continue
        # The smallest layer has 6,000 numbers: their variance is known to 1.8 %.
        wanted = 2 / (fan_in + fan_out) if scheme == "xavier" else gain**2 / fan_in
        check_close(f"the variance of {call}", np.var(W), wanted, rtol=0.1, look="Which rule, which fan, which slope?")
        kurtosis = 1.8 if scheme == "xavier" else 3.0
        check_close(f"the kurtosis of {call}", np.mean(W**4.0) / np.mean(W**2.0) ** 2, kurtosis, atol=0.35,
                    look="Xavier uniform, He normal.")
    check_close("the largest bias", max(np.abs(arrays[3]).max(), np.abs(arrays[4]).max()), 0.0, look="Biases are zero.")
    check_close("weight and bias of the normalization layer", [arrays[5][0], arrays[6][0]], [0.7, 0.3], rtol=1e-5,
                look="Only nn.Linear and nn.Conv2d are to be initialized.")
    check_close("the weights (20, 3, 5) of a layer normalization", arrays[7], np.ones((20, 3, 5)), rtol=1e-5,
                look="What counts is the class of a layer, not how many dimensions its weights have.")
### END HIDDEN TESTS

# %% [markdown]
# ### One pass of data, in PyTorch
#
# The same idea as `scale_layers`, for a model that you know nothing about. A **forward hook**, `layer.register_forward_hook(function)`, is called as `function(layer, inputs, output)` after the layer has run; what it returns, if it isn't None, takes the place of the output. So one forward pass is enough: measure, divide the weights, and hand on the corrected output. With every bias at zero, that is `output / spread`.

# %% solution="lsuv_"
@torch.no_grad()
def lsuv_(model, batch):
    """Scale each linear layer and convolution so that its output varies by 1 on a batch, in place.

    Args:
        model: an nn.Module whose layers run one after another in ``model(batch)``. The biases of
            its nn.Linear and nn.Conv2d layers are set to zero, and each one's weights are divided
            by one number, so that its output has standard deviation 1 over the whole batch.
        batch: inputs, on the device of the model.

    Returns:
        The model, with no hook left on it.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]

    def rescale(layer, inputs, output):
        ### BEGIN SOLUTION
        spread = output.std()
        layer.weight /= spread
        return output / spread
        ### END SOLUTION

    ### BEGIN SOLUTION
    for layer in layers:
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    model(batch)
    for hook in hooks:
        hook.remove()
    return model
    ### END SOLUTION

# %% [markdown] hint="lsuv_"
# `register_forward_hook` returns a handle. What would happen in training if you forgot `handle.remove()`?

# %% [markdown] hint="lsuv_"
# Biases first: zero them before the pass. In the hook: `spread = output.std()`, `layer.weight /= spread` (fine under `torch.no_grad()`), `return output / spread`.

# %% [markdown]
# The test tries it on this network, whose second convolution lies in a block and has no bias.

# %% given="nested_network"
def nested_network(activation):
    """Two convolutions and a linear layer for images (N, 2, 6, 6)."""
    block = nn.Sequential(nn.Conv2d(6, 4, 3, bias=False), activation())
    return nn.Sequential(nn.Conv2d(2, 6, 3), activation(), block, nn.Flatten(), nn.Linear(16, 10))

# %% tests="lsuv_" points=3
@probe
def after_lsuv(batch, scales, seed, relu):
    """A nested model after lsuv_, as plain data: spreads, factors on the weights, what is left over."""
    torch.manual_seed(seed)
    model = nested_network(nn.ReLU if relu else nn.Tanh).to(device(), check_dtype(device()))
    layers = [model[0], model[2][0], model[4]]
    for layer, scale in zip(layers, scales):
        layer.weight.data.mul_(scale)
    old, parameters = [layer.weight.detach().clone() for layer in layers], [id(p) for p in model.parameters()]
    images = torch.tensor(batch, dtype=check_dtype(device()), device=device())
    same = lsuv_(model, images) is model
    new, hooks = [layer.weight.detach().clone() for layer in layers], [len(x._forward_hooks) for x in model.modules()]
    model(3 * images)  # a hook that was left behind would act again
    still = all(torch.equal(layer.weight, weight) for layer, weight in zip(layers, new))
    z = [layers[0](images)]
    z.append(layers[1](model[1](z[0])))
    z.append(layers[2](model[3](model[2][1](z[1]))))
    return {"spreads": [float(output.detach().std()) for output in z], "same": same, "still": still,
            "factors": [(after / before).cpu().numpy().ravel() for after, before in zip(new, old)],
            "bias": max(float(layers[k].bias.detach().abs().max()) for k in (0, 2)), "hooks": sum(hooks),
            "kept": parameters == [id(p) for p in model.parameters() if p.requires_grad],
            "training": model.training}


batch = np.random.default_rng(0).normal(size=(20, 2, 6, 6))
got = after_lsuv(batch, (5.0, 0.1, 1.0), 0, False)
# Divided by n or by n − 1, a standard deviation of 200 numbers differs by a quarter of a percent.
check_close("the standard deviations of the three layers after lsuv_(model, batch)", got["spreads"], np.ones(3), rtol=5e-3,
            look="Measure each layer behind the corrected ones, over the whole batch.")
check_equal("the number of hooks after lsuv_(model, batch)", got["hooks"], 0, look="Remove what you registered.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("lsuv_")
for relu in (False, True):
    batch = rng.normal(size=(25, 2, 6, 6)) * rng.uniform(0.3, 3) + rng.uniform(0.5, 1)
    got = after_lsuv(batch, tuple(rng.uniform(0.05, 4, size=3)), hidden_seed("lsuv_"), relu)
    check_close("the standard deviations of the three layers after lsuv_(model, batch)", got["spreads"], np.ones(3), rtol=5e-3,
                look="Hand on the corrected output, so that the next layer is measured behind it.")
    for factors in got["factors"]:
        check_close("the factors on the weights of a layer", factors, np.full(factors.shape, factors[0]), rtol=1e-3,
                    look="Divide the whole layer by one number.")
    check_close("the largest bias after lsuv_(model, batch)", got["bias"], 0.0, look="Set the biases to zero first.")
    check("lsuv_(model, batch)", got["still"], "left something on the model that changes the weights in later passes")
    check("lsuv_(model, batch)", got["kept"], "replaced a parameter or froze it", look="Change the weights in place.")
    check("lsuv_(model, batch)", got["same"], "return the model")
    check("lsuv_(model, batch)", got["training"], "left a model in evaluation mode that came in training mode",
          look="model.eval() outlives the function.")
### END HIDDEN TESTS

# %% [markdown]
# ### Ten layers
#
# A plain convolutional network for the digits, nine convolutions and one linear layer, no normalization, no shortcuts, trained with SGD and momentum. Four starts: PyTorch's default, `"xavier"`, `"he"`, and `"orthogonal"` followed by `lsuv_`.
#
# **Predict.** Will the network in PyTorch's default initialization learn anything in these first steps: `"yes"` or `"no"`?

# %% solution="default_trains"
# Type your choice: default_trains = "..."
### BEGIN SOLUTION
default_trains = "no"
### END SOLUTION

# %% [markdown] hint="default_trains"
# You know its factor for the mean square of the signal. To the power of 9?

# %% tests="default_trains" points=1
check_one_of("default_trains", default_trains, ["yes", "no"])
### BEGIN HIDDEN TESTS
check_equal("default_trains", default_trains, "no", look="(1/6)⁹ is 10⁻⁷: hardly more than the biases reach the output, "
            "and they are the same for every image.")
### END HIDDEN TESTS

# %% given="plain_network"
def plain_network(depth, channels=16):
    """Convolutions and ReLUs, then one linear layer, for images (N, 1, 8, 8); on the device."""
    layers = [nn.Conv2d(1, channels, 3, stride=2, padding=1), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * channels, 10)).to(device())

# %% given="train_deep"
def train_deep(start, seed, depth=10, steps=30, batch=32, rate=0.015):
    """The training losses of the plain network from "default", "lsuv", or a scheme of initialize."""
    X_train, y, X_test, _ = split_digits(seed)
    where = dict(device=device())
    X = torch.tensor(standardize(X_train, X_test)[0], dtype=torch.float32, **where).reshape(-1, 1, 8, 8)
    y = torch.tensor(y, **where)
    torch.manual_seed(seed)
    model, losses = plain_network(depth), []
    if start == "lsuv":
        lsuv_(initialize(model, "orthogonal"), X[:200])
    elif start != "default":
        initialize(model, start)
    parameters = list(model.parameters())
    velocities = [torch.zeros_like(p) for p in parameters]
    order = torch.randint(len(X), (steps, batch), generator=torch.Generator().manual_seed(seed))
    for rows in order.to(**where):
        loss = nn.functional.cross_entropy(model(X[rows]), y[rows])
        for p, v, slope in zip(parameters, velocities, torch.autograd.grad(loss, parameters)):
            v.mul_(0.9).add_(slope)
            p.data.sub_(rate * v)
        losses.append(loss.detach())  # stays on the device: asking for the number would wait for it
    return torch.stack(losses).cpu().numpy()

# %% experiment="which_train"
starts = {"default": ("black", "PyTorch's default"), "xavier": ("orange", "Xavier"), "he": ("blue", "He"),
          "lsuv": ("green", "orthogonal + one pass")}
figure, axes = plt.subplots(figsize=(7.2, 3.3))
for start, (colour, name) in progress(starts.items(), "starts"):
    losses = train_deep(start, seed=0)
    smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
    axes.plot(np.arange(5, len(losses) + 1), smooth, color=COLOURS[colour], label=name,
              linewidth=6.0 if start == "default" else 1.8)
axes.set(xlabel="step", ylabel="training loss (mean of 5 steps)", ylim=(0, 2.7), title="Ten layers, four starts")
axes.legend(loc="lower left")
show(figure, "Training losses of a network of ten layers from four starts. PyTorch's default and Xavier stay at 2.3, the "
     "loss of guessing, on one line. He's rule and orthogonal weights with one pass of data fall below 1.")

# %% [markdown]
# Which of the four got below a loss of 2 in the picture? Type a list with their short names, out of `"default"`, `"xavier"`, `"he"` and `"lsuv"`.

# %% solution="which_train"
# Type the list: which_train = ["...", ...]
### BEGIN SOLUTION
which_train = ["he", "lsuv"]
### END SOLUTION

# %% [markdown] hint="which_train"
# Two lines lie on one another at ln 10.

# %% tests="which_train" points=2
names = ["default", "xavier", "he", "lsuv"]
check("which_train", len(which_train) > 0 and all(name in names for name in which_train),
      f"wants a list of names out of {names}")
### BEGIN HIDDEN TESTS
right = [(name in which_train) == (name in ("he", "lsuv")) for name in names]
check("which_train", sum(right) >= 3, "has more than one name too many or missing",
      look="Compare each curve with the loss of guessing, 2.3.")
2.0 if all(right) else 1.0
### END HIDDEN TESTS

# %% [markdown]
# Two details. *Zero padding*: at a border, a kernel of nine sees only six or four pixels that are not padding, and on 4 × 4 pixels most places are borders. The signal loses in every layer, even with He's rule, and the formula doesn't know; the pass of data does. And *depth*: with `depth=4` Xavier's rule trains as well, and with `depth=3` so does PyTorch's default. Copy the cell and try.

# %% [markdown]
# ## 10 · Residual branches at birth
#
# A residual block adds a branch to what passes by, $x \leftarrow x + f(x)$. If the branch returns a signal of the same size as its input and independent of it, each block doubles the mean square, whatever rule the layers in the branch obey.

# %% given="residual"
class Residual(nn.Module):
    """x + last(relu(first(x))); with the weights drawn here the branch has the size of x."""

    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.last.weight, nonlinearity="linear")
        nn.init.zeros_(self.first.bias)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        return x + self.last(torch.relu(self.first(x)))

# %% [markdown]
# **With pencil and paper.** 24 such blocks: by which factor does the root mean square of the signal grow?

# %% solution="residual_growth"
# Type the factor: residual_growth = ...
### BEGIN SOLUTION
residual_growth = 4096.0  # √(2²⁴)
### END SOLUTION

# %% [markdown] hint="residual_growth"
# The mean square doubles 24 times. And its root?

# %% tests="residual_growth" points=1
check("residual_growth", residual_growth > 1, f"{residual_growth} is no growth")
### BEGIN HIDDEN TESTS
check_close("residual_growth", residual_growth, 4096, rtol=0.02, look="√(2²⁴) = 2¹².")
### END HIDDEN TESTS

# %% [markdown]
# Two remedies, both at the *last* layer of the branch. **Zero**: the branch starts as nothing and the block as the identity (Goyal et al., 2017, do it with the scale of the last batch normalization; Zhang et al., 2019, with the last layer). **Depth**: multiply its weights by $1/\sqrt{L}$, with $L$ the number of blocks, and the mean square grows by $(1 + 1/L)^L < e$, however deep the network is (De & Smith, 2020, compare 0 and $1/\sqrt{L}$ for a learnable factor at the end of each branch). Why not zero the first layer instead? Look at the gradients, and you will see.

# %% solution="scale_at_birth"
@torch.no_grad()
def scale_at_birth(blocks, how):
    """Scale the branches of residual blocks, in place, before training begins.

    Args:
        blocks: a list of blocks with the layers ``first`` and ``last``, as in Residual; all blocks
            of the network.
        how: "zero": the weights and the bias of each last layer become zero;
            "depth": the weights of each last layer are multiplied by 1/√L for L blocks.

    Returns:
        The list of blocks.

    Raises:
        ValueError: another way.
    """
    ### BEGIN SOLUTION
    if how not in ("zero", "depth"):
        raise ValueError(f'how is "zero" or "depth", not {how!r}')
    for block in blocks:
        if how == "zero":
            nn.init.zeros_(block.last.weight)
            nn.init.zeros_(block.last.bias)
        else:
            block.last.weight *= len(blocks) ** -0.5
    return blocks
    ### END SOLUTION

# %% [markdown] hint="scale_at_birth"
# If `last` is zero, is the gradient of `last` zero as well? (It is the branch's hidden signal times the gradient above.) And if `first` were zero, or both?

# %% [markdown] hint="scale_at_birth"
# `nn.init.zeros_(block.last.weight)`, or `block.last.weight *= len(blocks) ** -0.5`. Changing a parameter in place is fine under `torch.no_grad()`, which stands above the function.

# %% tests="scale_at_birth" points=2
@probe
def born(count, how, seed):
    """Blocks after scale_at_birth, as plain data: what became of the parameters, and the gradients of a pass."""
    torch.manual_seed(seed)
    blocks = [Residual(6).to(device(), check_dtype(device())) for _ in range(count)]
    for block in blocks:
        nn.init.constant_(block.last.bias, 0.25)
    old = [copy_of(block) for block in blocks]
    ids = [id(p) for block in blocks for p in block.parameters()]
    returned = scale_at_birth(blocks, how)
    x = torch.randn(50, 6).to(device(), check_dtype(device()))
    nn.Sequential(*blocks)(x).square().sum().backward()
    return {"old": old, "new": [copy_of(block) for block in blocks],
            "kept": ids == [id(p) for block in blocks for p in block.parameters()],
            "same": isinstance(returned, (list, tuple)) and list(map(id, returned)) == list(map(id, blocks)),
            "learns": all(float(block.last.weight.grad.abs().max()) > 0 for block in blocks)}


@probe
def copy_of(block):
    """The four parameters of a block as arrays: first weight and bias, last weight and bias."""
    return [p.detach().cpu().numpy().copy() for layer in (block.first, block.last) for p in (layer.weight, layer.bias)]


zero, depth = born(2, "zero", 0), born(4, "depth", 0)
check("scale_at_birth(blocks, 'zero')", zero["same"], "return the list of blocks")
check_close("the last weights after scale_at_birth(blocks, 'zero')", zero["new"][0][2], np.zeros((6, 6)), look="All zero.")
check_close("the last weights of 4 blocks after scale_at_birth(blocks, 'depth')", depth["new"][0][2], depth["old"][0][2] / 2,
            rtol=1e-5, look="Multiplied by 1/√4.")
check_raises("scale_at_birth(blocks, 'none')", ValueError, born, 2, "none", 0)
### BEGIN HIDDEN TESTS
count = int(hidden_rng("scale_at_birth").integers(5, 9))
for how in ("zero", "depth"):
    got, call = born(count, how, hidden_seed("scale_at_birth")), f"scale_at_birth of {count} blocks with {how!r}"
    check(call, got["kept"], "replaced a parameter", look="An optimizer that holds the old one would train nothing.")
    for old, new in zip(got["old"], got["new"]):
        check_close(f"the first weights after {call}", new[0], old[0], look="Only the last layer of a branch is scaled.")
        factor = 0.0 if how == "zero" else count**-0.5
        check_close(f"the last weights after {call}", new[2], factor * old[2], rtol=1e-5,
                    look="Zero, or 1/√L with the number L of all blocks.")
        check_close(f"the last bias after {call}", new[3], np.zeros(6) if how == "zero" else old[3],
                    look="'zero' clears the bias too, 'depth' leaves it.")
    check(call, got["learns"], "leaves a branch without a gradient at its last weights: it would never learn")
### END HIDDEN TESTS

# %% given="heights"
def heights(how, seed, count=24, width=128):
    """The root mean square of the signal before the first and after each of the residual blocks."""
    torch.manual_seed(seed)
    blocks = [Residual(width).to(device()) for _ in range(count)]
    if how != "none":
        scale_at_birth(blocks, how)
    x = torch.randn(64, width).to(device())
    sizes = [x.square().mean().sqrt()]
    with torch.no_grad():
        for block in blocks:
            x = block(x)
            sizes.append(x.square().mean().sqrt())
    return torch.stack(sizes).cpu().numpy()

# %% experiment="heights"
figure, axes = plt.subplots(figsize=(6.8, 3.1))
for how, name, colour, mark in (("none", "as it is", "red", "^"), ("depth", "1/√L", "blue", "o"), ("zero", "zero", "green", "s")):
    sizes = heights(how, seed=0)
    axes.semilogy(sizes, mark + "-", color=COLOURS[colour], label=name, markersize=4)
    axes.text(24.5, sizes[-1], f"{sizes[-1]:.3g}", va="bottom" if how == "depth" else "top", color=COLOURS[colour])
axes.set(xlabel="block", ylabel="root mean square of the signal", title="24 residual blocks at birth", ylim=(0.5, 2e4),
         xticks=range(0, 25, 4))
axes.legend(loc="upper left")
show(figure, "The root mean square of the signal through 24 residual blocks. As they are, it grows exponentially, from 1 to "
     "more than two thousand. With 1/√L it ends near 1.5, with zero it stays at 1.")

# %% [markdown]
# Read off: by which factor does the signal grow with $1/\sqrt{L}$? (And which number is it near? $\left((1 + 1/L)^L\right)^{1/2}$ goes to $\sqrt e$.)

# %% solution="depth_growth"
# Type the factor: depth_growth = ...
### BEGIN SOLUTION
depth_growth = 1.54
### END SOLUTION

# %% [markdown] hint="depth_growth"
# The number stands at the end of the blue curve.

# %% tests="depth_growth" points=1
check("depth_growth", depth_growth > 0, f"{depth_growth} is not a positive factor")
### BEGIN HIDDEN TESTS
# 1.5 to 1.7 on 20 seeds.
check("depth_growth", 1.3 <= depth_growth <= 2.1, f"is {depth_growth:g}, but your picture says something else",
      look="The number at the end of the blue curve; √e = 1.65.")
### END HIDDEN TESTS

# %% [markdown]
# ## 11 · Your advice

# %% [markdown] answer="advice" points=3
# **In four or five sentences:** a friend has built a plain network of 30 convolutions with ReLUs in PyTorch. The loss stays at ln(classes). "It can't be the initialization," she says, "the source says kaiming, and I tried a larger learning rate. And my validation images look fine: mean 0, deviation 1, I standardized them by themselves." Explain what is going wrong at the start, which picture would show it, what to do about it, and what is wrong with her validation images.
#
# ### BEGIN SOLUTION
# PyTorch's default, kaiming_uniform with a = √5, has the variance 1/(3·fan-in), a sixth of what ReLU layers need: in each layer the mean square of the signal falls to a sixth, so after 30 layers the output depends on the biases only and the gradient that reaches the first layers is next to zero; a larger learning rate cannot make up for a factor that differs between layers by many powers of ten. A histogram (or just the root mean square) of activations and gradients in each layer would show it: the histograms march to the left. She should use He's rule (fan-in with the kernel's area, zero biases), or orthogonal weights and one pass of data that sets each layer's deviation to 1, or normalization or residual branches. The validation images must be moved and scaled by the numbers of the training set: by their own, the validation hides any difference from the training data, and the result depends on which images happen to be in the set.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the default is not He's rule (a sixth of the mean square, or "variance 1/(3n)"), and the factor multiplies through the layers; "bad initialization" alone does not suffice.
# 1 point: a picture that shows it (histograms or root mean squares layer by layer, of activations or gradients) and a remedy that works (He, orthogonal, a data-driven pass, normalization, residual connections).
# 1 point: statistics of the training set for the validation images, with a reason (leak, hidden shift, dependence on the other images).
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What is $(1/6)^{30}$? And if her validation camera were twice as dark, would she notice?

# %% [markdown]
# ## Explore further (no marks)
#
# - **The edge of chaos.** For tanh, the LeCun rule lets activations shrink slowly, σ = 1 explodes the gradients. Poole et al. (2016) and Schoenholz, Gilmer, Ganguli & Sohl-Dickstein (2017), [*Deep information propagation*](https://arxiv.org/abs/1611.01232), compute the scale in between. Sweep σ with `through` and find the scale at which the gradient keeps its size.
# - **Does He's halving hold?** Measure $\operatorname{E}[h^2] / \operatorname{Var} z$ in each of the 20 ReLU layers, for widths 16, 64 and 256 and many seeds. How far do single networks stray from ½, and what becomes of it over twenty layers (Hanin & Rolnick, 2018, [*How to start training*](https://arxiv.org/abs/1803.01719))?
# - **An activation with its own rule.** SELU (Klambauer, Unterthiner, Mayr & Hochreiter, 2017, [*Self-normalizing neural networks*](https://arxiv.org/abs/1706.02515)) is made so that LeCun's rule draws mean and variance to 0 and 1. Put it into `silu_spreads`.
# - **Identity convolutions.** `nn.init.dirac_` makes a convolution that hands its input on. Xiao et al. (2018), [*Dynamical isometry and a mean field theory of CNNs*](https://arxiv.org/abs/1806.05393), train 10,000 plain layers from an orthogonal relative of it.
# - **Groups and strides.** What are the fan-in and the fan-out of a convolution with `groups=4`, or with stride 2? Compare with what `nn.init` takes them for.
# - **ZCA and eps.** Whiten the digits with eps from 1e-6 to 1 and rotate back. When does noise appear, and which components does it come from?
# - **Colour photographs.** `skimage.data.astronaut()` has three channels. Take patches, compute their 3 × 3 colour covariance and look at its components: AlexNet's colour augmentation moves along them (Krizhevsky, Sutskever & Hinton, 2012).
