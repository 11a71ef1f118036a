"""What the experiments of this lesson claim, as functions of the seed."""

import numpy as np
from torch import nn

from autograder.authoring.claims import claim


def accuracy_on_rings(lesson, bend, seed):
    (x, y), (weights, biases) = lesson.rings(seed), lesson.train_rings(bend, seed=seed)
    for k in range(3):
        x = x @ weights[k] + biases[k]
        x = np.tanh(x) if bend and k < 2 else x
    return ((x[:, 0] > 0) == y).mean()


@claim("Three layers without activations get less than 75 % of the rings, with tanh over 95 %")
def only_bends_go_round(lesson, seed):
    straight, bent = (accuracy_on_rings(lesson, bend, seed) for bend in (False, True))
    return bool(straight < 0.75 and bent > 0.95)


def what_is_left(lesson, seed):
    def relu(x):
        return np.maximum(x, 0), x > 0

    def relu_slope(dout, on):
        return dout * on

    pairs = {
        "sigmoid": (lesson.sigmoid_forward, lesson.sigmoid_backward),
        "tanh": (lesson.tanh_forward, lesson.tanh_backward),
        "ReLU": (relu, relu_slope),
    }
    sizes = {name: lesson.gradient_sizes(*pair, seed=seed) for name, pair in pairs.items()}
    return {name: size[-1] / size[0] for name, size in sizes.items()}


@claim("Below ten layers, tanh leaves the largest gradient, then ReLU, then the sigmoid")
def tanh_loses_least(lesson, seed):
    left = what_is_left(lesson, seed)
    return bool(left["tanh"] > 3 * left["ReLU"] > 1000 * left["sigmoid"])


@claim("The sigmoid multiplies a gradient by 0.207 to 0.257 in each of ten layers")
def factor_of_the_sigmoid(lesson, seed):
    return bool(abs(what_is_left(lesson, seed)["sigmoid"] ** 0.1 - lesson.factor_per_layer) < 0.025)


@claim("With positive inputs the path is 1.85 to 3.05 times the straight way; centred, below 1.4")
def positive_inputs_zigzag(lesson, seed):
    positive, centred = (lesson.detour_of(lesson.zigzag(kind, seed)) for kind in (False, True))
    return bool(abs(positive - 2.45) < 0.6 and centred < 1.4)


@claim("With sigmoid inputs all units agree in sign for one example, but not over a minibatch")
def signs_agree_for_one_example(lesson, seed):
    rng = np.random.default_rng(seed)
    x, dz = lesson.expit(rng.normal(size=(32, 50))), rng.normal(size=(32, 20))
    one = lesson.same_sign_share(np.outer(x[0], dz[0]))
    return bool(one == 1 and lesson.same_sign_share(x.T @ dz) < 1)


@claim("A rate of 2 is the first of the sweep that kills more than half of the units")
def rate_two_is_deadly(lesson, seed):
    functions = lesson.relu_forward, lesson.relu_backward
    dead = [lesson.examined(lesson.train_digits(*functions, rate, seed))[0] for rate in (1.4, 2.0)]
    return dead[0] <= 50 < dead[1]


@claim("A rate of 1 trains well with few dead units; one of 2.8 kills most of them")
def most_die(lesson, seed):
    functions = lesson.relu_forward, lesson.relu_backward
    fine, broken = (
        lesson.examined(lesson.train_digits(*functions, rate, seed)) for rate in (1.0, 2.8)
    )
    return bool(fine[0] < 15 and fine[1] > 0.75 and broken[0] > 70)


@claim("The dead don't come back: after 60 gentle steps no more than two of them are alive")
def the_dead_stay_dead(lesson, seed):
    dead = [count for count, _ in lesson.after_the_accident(seed)["train on"]]
    return dead[0] > 50 and dead[-1] >= dead[0] - 2


@claim("Revived, the network has at most five dead units and gets at least two points more right")
def revival_helps(lesson, seed):
    history = lesson.after_the_accident(seed)
    (_, dead_network), (dead, revived) = (
        history[name][-1] for name in ("train on", "revive, then train on")
    )
    return bool(dead <= 5 and revived > dead_network + 0.02)


@claim("The exponentials of a wide layer cost less than half of its matrix product")
def exp_is_small(lesson, seed):
    prices = lesson.price_list()
    return prices["np.exp(z)"] < 0.5 * prices["matrix product x @ W"]


@claim("After 40 steps the sigmoid lies 59 to 77 points behind ReLU, in the mean over four seeds")
def sigmoid_lies_behind(lesson, seed):
    seeds = range(4 * seed, 4 * seed + 4)
    sigmoid, relu = (
        [lesson.train_mlp(kind, one) for one in seeds] for kind in (nn.Sigmoid, nn.ReLU)
    )
    return bool(abs(np.mean(relu) - np.mean(sigmoid) - 68) <= 9)


@claim("Every other activation is at least 30 points ahead of the sigmoid")
def all_others_learn(lesson, seed):
    others = (nn.Tanh, nn.ReLU, lesson.PReLUByHand, nn.ELU, nn.GELU, lesson.SiLUByHand)
    sigmoid = lesson.train_mlp(nn.Sigmoid, seed)
    return all(lesson.train_mlp(kind, seed) > sigmoid + 30 for kind in others)
