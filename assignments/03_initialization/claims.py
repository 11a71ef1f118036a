"""What the experiments of this lesson claim, as functions of the seed."""

import numpy as np

from autograder.authoring.claims import claim


@claim("26 to 30 of the 64 components keep 95 % of the variance of the digits")
def components_for_95(lesson, seed):
    _, variances, _ = lesson.pca(lesson.split_digits(seed)[0])
    kept = np.cumsum(variances) / variances.sum()
    return bool(26 <= np.searchsorted(kept, 0.95) + 1 <= 30)


@claim("Images that are standardized one at a time are classified at chance (below 15 %)")
def one_at_a_time(lesson, seed):
    return lesson.accuracy(1, 1.0, seed) < 15 and lesson.accuracy(None, 1.0, seed) > 90


@claim("On a paler scanner the test set's own statistics promise 10 to 31 points too much")
def too_good(lesson, seed):
    return 10 <= lesson.accuracy(797, 0.3, seed) - lesson.accuracy(None, 0.3, seed) <= 31


@claim("From zero weights the loss stays within 0.05 of ln 10")
def zero_weights(lesson, seed):
    losses, W1 = lesson.train_from("zero", seed)
    return bool(max(abs(np.array(losses) - np.log(10))) < 0.05 and np.all(W1 == 0))


@claim(
    "From constant weights all hidden units stay the same; random weights reach half of their loss"
)
def symmetry(lesson, seed):
    losses, W1 = lesson.train_from("constant", seed)
    better, other = lesson.train_from("random", seed)
    alike = np.ptp(W1, axis=1).max() < 1e-9 < np.ptp(other, axis=1).min()
    return bool(alike and better[-1] < losses[-1] / 2)


@claim(
    "With σ = 1 in 20 tanh layers the gradient grows by a factor of 10 to the power of 8.3 to 9.5"
)
def saturated_gradient(lesson, seed):
    hidden, dhidden = lesson.through(1.0, "tanh", seed)
    growth = np.log10(lesson.rms(dhidden[0]) / lesson.rms(dhidden[-1]))
    saturated = np.mean(np.abs(hidden[-1]) > 0.99)
    return bool(8.3 <= growth <= 9.5 and saturated > 0.8)


@claim("With σ = 1/16 in 20 tanh layers the gradient stays within a factor of 10")
def lecun_keeps_the_gradient_of_tanh(lesson, seed):
    hidden, dhidden = lesson.through(1 / 16, "tanh", seed)
    sizes = [lesson.rms(gradient) for gradient in dhidden]
    return max(sizes) / min(sizes) < 10 and lesson.rms(hidden[-1]) > 0.1


@claim("With Xavier's scale 2⁻¹⁰ of the signal is left after 20 ReLU layers (within a factor 2.5)")
def xavier_with_relu(lesson, seed):
    ratio = lesson.rms(lesson.through(1 / 16, "relu", seed)[0][-1]) * 2**10
    return 1 / 2.5 < ratio < 2.5


@claim("With He's scale signal and gradient stay within a factor of 2.5 through 20 ReLU layers")
def he_keeps_the_size(lesson, seed):
    hidden, dhidden = lesson.through(128**-0.5, "relu", seed)
    return all(1 / 2.5 < lesson.rms(values) < 2.5 for values in (*hidden, *dhidden))


@claim(
    "21 to 29 of 100 directions keep 1/10 of their length in 20 Gaussian layers, all in orthogonal"
)
def directions(lesson, seed):
    gaussian = lesson.singular_values_of_product(lesson.lecun_normal, seed)
    orthogonal = lesson.singular_values_of_product(lesson.orthogonal, seed)
    return bool(21 <= np.sum(gaussian >= 0.1) <= 29 and np.allclose(orthogonal, 1))


@claim("With He's rule the deviation falls by a factor of 100 to 330 in 20 SiLU layers")
def he_with_silu(lesson, seed):
    before, _ = lesson.silu_spreads(seed)
    return 100 <= before[0] / before[-1] <= 330


@claim(
    "After one pass of data the deviation in 20 SiLU layers stays between 0.4 and 2.5 on other data"
)
def one_pass(lesson, seed):
    _, after = lesson.silu_spreads(seed)
    return min(after) > 0.4 and max(after) < 2.5


@claim("PyTorch's default and Xavier stay above 2.2; He and one pass of data get below 2")
def which_train(lesson, seed):
    ends = {
        start: np.mean(lesson.train_deep(start, seed)[-5:])
        for start in ("default", "xavier", "he", "lsuv")
    }
    stuck = all(ends[start] > 2.2 for start in ("default", "xavier"))
    return bool(stuck and ends["he"] < 2 and ends["lsuv"] < 2)


@claim(
    "24 residual blocks multiply the signal by 2¹² (within a factor of 3), with 1/√L by 1.3 to 2.1"
)
def residual_branches(lesson, seed):
    plain, depth, zero = (lesson.heights(how, seed) for how in ("none", "depth", "zero"))
    return bool(
        4096 / 3 < plain[-1] / plain[0] < 4096 * 3
        and 1.3 <= depth[-1] / depth[0] <= 2.1
        and np.all(zero == zero[0])
    )
