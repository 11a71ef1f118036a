"""What the experiments of this lesson claim, as functions of the seed."""

import functools

import numpy as np

from autograder.authoring.claims import claim


@claim("The ReLU makes the exact average over all masks larger than the scaling approximation")
def exact_average_is_larger(lesson, seed):
    network = lesson.small_network(seed)
    return lesson.exact_average(network, 10, 0.5) > network(np.full(10, 0.5))


@claim("The error of the Monte Carlo average falls with the exponent −0.5, within 0.08")
def sampling_error_falls_with_the_root(lesson, seed):
    sizes, errors = lesson.sampling_errors(seed)
    return abs(np.polyfit(np.log(sizes), np.log(errors), 1)[0] + 0.5) < 0.08


@claim("Beyond |x| = 2, answers with dropout on spread 5.5 to 12.5 times as wide as among the data")
def answers_spread_where_no_data_are(lesson, seed):
    _, _, network = lesson.fit_curve(seed)
    grid = np.linspace(-3, 3, 121)[:, None]
    _, std = lesson.mc_dropout(network, grid, 100)
    away = np.abs(grid[:, 0])
    ratio = std[away >= 2].mean() / std[away <= 1].mean()
    return 5.5 <= ratio <= 12.5


@functools.cache
def _accuracies(lesson, seed):
    """The mean test accuracy of each recipe after 80 steps, and of early stopping, in percent."""
    runs = {name: lesson.train_stack(seed, **recipe)[:2] for name, recipe in lesson.recipes.items()}
    means = {name: 100 * scores[:, -1].mean() for name, (_, scores) in runs.items()}
    means["early stopping"] = 100 * lesson.stopped_accuracies(*runs["nothing"]).mean()
    return means


@claim("Every means against overfitting is better than none")
def everything_helps(lesson, seed):
    means = _accuracies(lesson, seed)
    return all(mean > means["nothing"] for name, mean in means.items() if name != "nothing")


@claim("Early stopping alone is better than dropout, shifts and mixup alone")
def early_stopping_wins(lesson, seed):
    means = _accuracies(lesson, seed)
    return means["early stopping"] > max(means[name] for name in ("dropout", "shifts", "mixup"))


@claim("Early stopping gains 6.5 to 16.5 percentage points over nothing")
def early_stopping_gains(lesson, seed):
    means = _accuracies(lesson, seed)
    return 6.5 <= means["early stopping"] - means["nothing"] <= 16.5


@claim("Trained with shifts, the networks do worse on test images that are shifted at random")
def shifts_at_test_time_hurt(lesson, seed):
    _, scores, stack, data = lesson.train_stack(seed, shifts=True)
    choose = lesson.torch.Generator().manual_seed(seed)
    shifted = lesson.random_shifts(data[4], choose)
    return lesson.accuracies(stack, shifted, data[5]).mean() < scores[:, -1].mean()


@functools.cache
def _averages(lesson, seed):
    return lesson.four_ways(seed, 0.0), lesson.four_ways(seed, 0.3)


@claim("The running average gains more with wrong labels than with clean ones")
def running_average_gains_with_wrong_labels(lesson, seed):
    clean, wrong = (
        ways["running average"] - ways["one network"] for ways in _averages(lesson, seed)
    )
    return wrong > clean


@claim("Six independent networks are better than one, with clean labels and with wrong ones")
def independent_networks_help(lesson, seed):
    return all(ways["6 independent"] > ways["one network"] for ways in _averages(lesson, seed))
