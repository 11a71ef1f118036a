"""What the experiments of the lesson claim, as functions of a seed.

``autograder claims 01`` tries each claim on 20 seeds.
"""

import warnings

import numpy as np
import torch

from autograder.authoring.claims import claim

CHANCE = np.log(10)


# Section 2: measuring a gradient


@claim("Ten times smaller h: a centered difference is 100 times better, a forward one 10 times")
def predicted_factor(lesson, seed):
    # exp at the point of the picture has no randomness: here the point is drawn
    x = np.random.default_rng(seed).uniform(0, 2)
    h = np.logspace(-1, -3, 9)
    errors = lesson.errors_of_differences(h, x=x)
    orders = [lesson.order_of_accuracy(h, errors[name]) for name in ("forward", "centered")]
    factors = [errors[name][4] / errors[name][8] for name in ("forward", "centered")]  # 1e-2, 1e-3
    return np.allclose(orders, [1, 2], atol=0.05) and np.allclose(factors, [10, 100], rtol=0.1)


@claim("exp at 1, h = 0.001: the forward error is about 1e-3, the centered one below 1e-6")
def errors_at_a_thousandth(lesson, seed):
    """Nothing is drawn here: it is the picture's own point, the same on every seed."""
    errors = lesson.errors_of_differences(np.array([1e-3]))
    return 0.5e-3 < errors["forward"][0] < 2e-3 and errors["centered"][0] < 1e-6


@claim("In float64, h = 1e-12 is worse than 1e-5, with an error of about 1e-4")
def predicted_tiny_step(lesson, seed):
    _, (tiny, usual) = lesson.errors_of_steps(np.array([1e-12, 1e-5]), np.float64, seed=seed)
    return tiny > 1000 * usual and 1e-5 < tiny < 1e-3


def _valley(lesson, dtype, seed):
    """(best step, least error) of forward and of centered differences, at the picture's steps."""
    steps = np.logspace(-13, 0, 79)
    return [
        (steps[np.argmin(error)], np.min(error))
        for error in lesson.errors_of_steps(steps, dtype, seed=seed)
    ]


@claim("The triangle of the centered curve in float64 is within the accepted factor of 5")
def best_h_float64(lesson, seed):
    return _read_off_is_accepted(lesson, np.float64, 2.0**-53, lesson.best_h_float64, seed)


@claim("The triangle of the centered curve in float32 is within the accepted factor of 5")
def best_h_float32(lesson, seed):
    return _read_off_is_accepted(lesson, np.float32, 2.0**-24, lesson.best_h_float32, seed)


def _read_off_is_accepted(lesson, dtype, eps, answer, seed):
    best, _ = _valley(lesson, dtype, seed)[1]
    closed_form = (3 * eps) ** (1 / 3)
    return 1 / 5 <= best / closed_form <= 5 and 1 / 5 <= best / answer <= 5


@claim("Valleys: float32 is higher and further right; centered is lower, at larger steps")
def where_the_valleys_are(lesson, seed):
    (forward_32, centered_32), (forward_64, centered_64) = (
        _valley(lesson, dtype, seed) for dtype in (np.float32, np.float64)
    )
    precise = all(
        coarse[0] > fine[0] and coarse[1] > fine[1]
        for coarse, fine in ((forward_32, forward_64), (centered_32, centered_64))
    )
    centered = all(
        c[0] > f[0] and c[1] < f[1]
        for f, c in ((forward_32, centered_32), (forward_64, centered_64))
    )
    return precise and centered


@claim("In float32 even the best step leaves an error of about 1e-5")
def the_best_of_float32(lesson, seed):
    return 3e-6 < _valley(lesson, np.float32, seed)[1][1] < 3e-5


# Section 3: two losses


@claim("The gradients of both losses agree with differences to better than 1e-7")
def losses_agree(lesson, seed):
    return all(
        lesson.largest_error(loss, seed=seed) < 1e-7
        for loss in (lesson.softmax_loss, lesson.svm_loss)
    )


# Section 4: before you train


@claim("Weights up to 0.03: the first losses lie at 2.30 and 9")
def first_losses_at_chance(lesson, seed):
    # on the dashed lines, as far as eyes can tell: 5 % on a logarithmic axis from 2 to 700
    losses = [lesson.first_losses(scale, seed=seed) for scale in (1e-3, 1e-2, 10**-1.5)]
    return np.allclose(losses, [lesson.chance_losses(10)] * 3, rtol=0.05)


@claim("Large weights: both first losses rise in proportion to them")
def first_losses_of_large_weights(lesson, seed):
    small, large = (np.array(lesson.first_losses(scale, seed=seed)) for scale in (1, 10))
    return np.all(small > 1.1 * np.array(lesson.chance_losses(10))) and np.allclose(
        large / small, 10, rtol=0.25
    )


@claim("Each of the four first lines is explained by its diagnosis and no other, to 1 %")
def diagnosis(lesson, seed):
    # the experiment's classifier with small weights, on a batch of 50, right and with the bugs
    rng = np.random.default_rng(seed)
    X, y = lesson.data.digits()
    chosen = rng.choice(len(y), size=50, replace=False)
    scores, y = X[chosen] @ rng.normal(0, 1e-3, size=(64, 10)), y[chosen]
    softmax, svm = lesson.softmax_loss(scores, y)[0], lesson.svm_loss(scores, y)[0]
    over_the_batch = scores - np.log(np.sum(np.exp(scores), axis=0))
    axis = -np.mean(over_the_batch[np.arange(50), y])
    first = {  # what a program of each kind prints
        "healthy": {"softmax": softmax, "SVM": svm},
        "summed over the batch": {"softmax": 50 * softmax, "SVM": 50 * svm},
        "counts the right class": {"SVM": svm + 1},
        "normalized over the batch axis": {"softmax": axis},
    }
    lines = {"A": ("softmax", 2.303), "B": ("softmax", 115.1), "C": ("SVM", 10.00)}
    lines["D"] = ("softmax", 3.912)
    return all(
        [
            name
            for name in first
            if kind in first[name] and abs(first[name][kind] / value - 1) < 0.01
        ]
        == [lesson.diagnosis[program]]
        for program, (kind, value) in lines.items()
    )


@claim("Of four programs, only the one with regularization does not come below 0.1")
def predicted_failure(lesson, seed):
    curves = lesson.overfit_curves(seed=seed)
    return [name for name, losses in curves.items() if losses[-1] >= 0.1] == [
        lesson.predicted_failure
    ]


@claim("Three programs start at the chance loss of 2.3, the one with regularization above it")
def overfitting_starts_at_chance(lesson, seed):
    first = {name: losses[0] for name, losses in lesson.overfit_curves(seed=seed, steps=1).items()}
    regularized = first.pop("regularization on")
    return np.allclose(list(first.values()), CHANCE, rtol=0.1) and regularized > 1.2 * CHANCE


@claim("The right program and, later, the one with random labels fall below 0.01")
def right_and_random_labels(lesson, seed):
    curves = lesson.overfit_curves(seed=seed)
    learnt = {name: np.argmax(np.array(losses) < 0.1) for name, losses in curves.items()}
    return (
        max(curves["right"][-1], curves["random labels"][-1]) < 0.01
        and learnt["right"] < learnt["random labels"]
    )


@claim("The broken program learns its twenty digits too, only a little more slowly")
def the_broken_program_learns(lesson, seed):
    curves = lesson.overfit_curves(seed=seed)
    return 1 < curves["broken gradient"][-1] / curves["right"][-1] < 1.5


@claim("With the regularization on, the loss stays at about 1.5")
def regularization_stays_up(lesson, seed):
    return 1.2 < lesson.overfit_curves(seed=seed)["regularization on"][-1] < 1.8


# Section 5: five ways to fool a gradient check


@claim("The centered difference of the ReLU at -1e-6 with h = 1e-5 is 0.45")
def predicted_kink(lesson, seed):
    """Nothing is drawn here: one function, one point, one step, the same on every seed."""
    difference = lesson.numerical_gradient(lambda x: np.maximum(0, x[0]), [-1e-6], h=1e-5)[0]
    return f"{difference:.2f}" == lesson.predicted_kink


@claim("The kink's difference is 0 up to h = |x| and climbs to one half, wherever x < 0 is")
def steps_over_a_kink(lesson, seed):
    x = -(10 ** np.random.default_rng(seed).uniform(-7, -5))

    def difference(h):
        return lesson.numerical_gradient(lambda x: np.maximum(0, x[0]), [x], h=h)[0]

    return difference(-0.9 * x) == 0 < difference(-2 * x) and abs(difference(-1e3 * x) - 0.5) < 1e-3


@claim("Stronger regularization shrinks the relative error of the sum, as 1 / strength at last")
def predicted_masking(lesson, seed):
    errors = lesson.masked_errors(10.0 ** np.arange(-1, 7), seed=seed)
    return np.all(np.diff(errors) < 0) and abs(errors[-2] / errors[-1] - 10) < 1


@claim("Data alone: an error of about 0.1; the strongest regularization: one below 1e-7")
def talked_over(lesson, seed):
    alone, weak, strong = lesson.masked_errors([0, 1e-4, 1e6], seed=seed)
    return np.allclose([alone, weak], 0.1 / 1.1, rtol=0.05) and strong < 1e-7


@claim("Dropout with new masks: differences of 1e4 and more; with the same mask they agree")
def dropout(lesson, seed):
    analytic, measured = lesson.dropout_gradients(seed=seed)
    new, same = measured["New masks at every call"], measured["The same mask at every call"]
    noise = np.median(np.abs(new - analytic))
    return noise > 1e4 and np.max(np.abs(same - analytic)) < 1e-6


@claim("With W2 and b2 zero the check finds nothing wrong with W1 and b1, gradients of zero")
def hidden_by_zeros(lesson, seed):
    _, (errors,) = lesson.errors_during_training(after=(0,), seed=seed)
    X, y = (array[:64] for array in lesson.data.digits())
    params = lesson.new_params(seed)
    params["W2"] = np.zeros_like(params["W2"])
    for broken in (True, False):
        _, gradients = lesson.two_layer(params, X, y, broken=broken)
        zero = {name for name, gradient in gradients.items() if not np.any(gradient)}
        if zero != set(lesson.hidden_by_zeros):
            return False
    return all(errors[name] == 0 for name in lesson.hidden_by_zeros)


@claim("After one step of training the errors of W1 and b1 are about 1, and they stay large")
def burnt_in(lesson, seed):
    _, errors = lesson.errors_during_training(seed=seed)
    found = np.array([[e[name] for name in ("W1", "b1")] for e in errors[1:]])
    return np.all((found[0] > 0.5) & (found[0] <= 2)) and np.all(found > 0.1)


@claim("The errors of W2 and b2, which are right, stay below a ten-thousandth")
def right_all_along(lesson, seed):
    _, errors = lesson.errors_during_training(seed=seed)
    return all(e[name] < 1e-4 for e in errors for name in ("W2", "b2"))


# Section 6: a bug hunt


def _wrong_layers(lesson, seed, rows=4, scale=1.0):
    """The layers in which the hint's way to hunt finds an error of more than 1 %."""
    rng = np.random.default_rng(seed)
    x = scale * rng.normal(size=(rows, 5))
    w, b = rng.normal(size=(5, 3)), rng.normal(size=3)
    found = []
    for name in ("affine", "tanh", "leaky_relu", "softmax", "standardize"):
        forward, backward = (
            getattr(lesson, f"{name}_{direction}") for direction in ("forward", "backward")
        )
        inputs = [x, w, b] if name == "affine" else [x]
        errors = lesson.errors_of_layer(forward, backward, inputs, seed=seed)
        found += [name] if max(errors) > 0.01 else []
    return found


@claim("Normal inputs show the three wrong layers, and no other")
def broken_layers(lesson, seed):
    return _wrong_layers(lesson, seed) == lesson.broken_layers


@claim("With tiny inputs the error of tanh disappears, with a single example that of affine")
def what_hides_two_of_them(lesson, seed):
    tiny, single = _wrong_layers(lesson, seed, scale=1e-3), _wrong_layers(lesson, seed, rows=1)
    return "tanh" not in tiny and "affine" not in single


# Section 7: PyTorch


@claim("gradcheck of tanh on an input in float32 fails")
def predicted_gradcheck(lesson, seed):
    x = torch.tensor(np.random.default_rng(seed).normal(size=300), dtype=torch.float32)
    verdicts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "not a double precision floating point"
        for count in (5, 300):
            few = x[:count].clone().requires_grad_()
            verdicts.append(torch.autograd.gradcheck(torch.tanh, few, raise_exception=False))
    return verdicts == [lesson.predicted_gradcheck == "it passes"] * 2


@claim("Errors of tanh at h = 1e-6: around 1e-10 in float64, around 1e-2 in float32")
def precision(lesson, seed):
    fine = lesson.errors_of_tanh(torch.float64, "cpu", seed=seed)
    coarse = lesson.errors_of_tanh(torch.float32, "cpu", seed=seed)
    return (
        1e-11 < np.median(fine) < 1e-9
        and 3e-3 < np.median(coarse) < 3e-2
        and np.max(fine) < 1e-3
        and np.mean(coarse > 1e-3) > 0.5
    )


@claim("A network with Softplus starts at chance and overfits twenty digits")
def softplus_overfits(lesson, seed):
    losses, _ = lesson.train_with_softplus(seed=seed)
    return abs(losses[0] - CHANCE) < 0.15 * CHANCE and losses[-1] < 0.1


@claim("The sharpness is changed by training and levels off")
def sharpness(lesson, seed):
    _, beta = lesson.train_with_softplus(seed=seed)
    whole, last = abs(beta[-1] - 1), abs(beta[-1] - beta[-31])
    return whole > 0.05 and last < whole / 5
