"""What the experiments of this lesson claim, as functions of the seed."""

import contextlib
import io

import numpy as np

from autograder.authoring.claims import claim


@claim("Without batch norm each of ten layers shrinks the pre-activations by 0.354, within 0.05")
def plain_layers_shrink(lesson, seed):
    stds = [a.std() for a in lesson.pre_activations(False, seed)]
    return abs((stds[-1] / stds[0]) ** (1 / 9) - 0.354) < 0.05


@claim("With batch norm the pre-activations of ten layers keep the standard deviation 1")
def batch_norm_keeps_the_scale(lesson, seed):
    return all(abs(a.std() - 1) < 0.05 for a in lesson.pre_activations(True, seed))


@claim("The closed form is faster than the graph on 1024 examples, and agrees with it")
def closed_form_is_faster(lesson, seed):
    graph, closed, apart = lesson.time_backwards(1024, seed=seed)
    return closed < graph and apart < 1e-12


@claim("At the scale 0.001 the plain network stays at ln 10, and the one with batch norm learns")
def small_scale(lesson, seed):
    plain, batch = (lesson.train(kind, 1e-3, 0.1, seed)[1] for kind in ("plain", "batch"))
    return abs(plain - np.log(10)) < 0.02 and batch < 0.8 * np.log(10)


@claim("With batch norm the loss is below ln 10 at all eight scales, without at three at most")
def scales_that_work(lesson, seed):
    plain, batch = (lesson.losses_by_scale(kind, seed) for kind in ("plain", "batch"))
    return (batch < np.log(10)).all() and (plain < 0.9 * np.log(10)).sum() <= 3


@claim("The largest rate with a loss below 1.5 is 2.5 to 12 times as large with batch norm")
def larger_rates(lesson, seed):
    last = {
        kind: lesson.RATES[lesson.losses_by_rate(kind, seed) < 1.5][-1]
        for kind in ("plain", "batch")
    }
    return 2.5 <= last["batch"] / last["plain"] <= 12


@claim("Layer norm is 20 to 60 points ahead with minibatches of two, and less with 8 and 64")
def small_batches_break(lesson, seed):
    def right(kind, batch):
        return 100 * lesson.tested_accuracy(kind, batch, seed)

    lead = {batch: right("layer", batch) - right("batch", batch) for batch in (2, 8, 64)}
    return 20 <= lead[2] <= 60 and lead[2] > max(lead[8], lead[64]) + 10


@claim("Program A tests much worse digit by digit and two by two than in one batch")
def program_a_shows(lesson, seed):
    whole, by_digit, by_two = lesson.symptoms_a(seed).values()
    return whole > 0.75 and by_digit < 0.4 and by_two < 0.7


@claim("Program B falls to a loss below 1.5 in its first epoch and exceeds 5 or NaN in the second")
def program_b_shows(lesson, seed):
    with contextlib.redirect_stdout(io.StringIO()):
        losses = np.array(lesson.program_b(*lesson.tensors(), seed=seed))
    return losses[8:12].mean() < 1.5 and not losses[12:24].max() < 5


@claim("Program C costs the old network at least 20 points of accuracy")
def program_c_shows(lesson, seed):
    before, after = lesson.symptoms_c(seed)
    return before - after > 0.2


@claim("The fused network scores like the trained one, within rounding")
def fusing_changes_nothing(lesson, seed):
    model, fused, x, y = lesson.trained_and_fused(seed)
    apart = (model(x) - fused(x)).abs().max().item()
    return apart < 1e-3 and lesson.accuracy(model, x, y) > 0.7
