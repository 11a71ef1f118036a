"""What the experiments of the lesson claim, as functions of a seed.

``autograder claims 06`` tries each claim on 20 seeds. Walks over a landscape have no randomness of
their own: there the seed moves the start, so that a claim is more than one picture.
"""

from dataclasses import replace

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.authoring.claims import claim


def _near(course, seed, degrees=0.0):
    """The same course, started near its start (0.1 in each weight), in a frame that turns along."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return replace(
        course, start=course.start + turn @ np.random.default_rng(seed).normal(0, 0.1, 2)
    )


# Section 1: the learning rate


@claim("The walk runs away beyond the learning rate that is accepted as the cliff")
def critical_rate(lesson, seed):
    course, rates = _near(lesson.races.valley(40), seed), np.linspace(0.01, 0.07, 61)
    above = lesson.losses_left(course, rates) > course.loss(*course.start)
    cliff = rates[np.argmax(above)]
    fine = abs(cliff - 0.05) <= 0.002 and abs(cliff - lesson.critical_rate) <= 0.002
    return fine and np.all(above[np.argmax(above) :])


@claim("Ten times the condition number, ten times the steps")
def condition_number(lesson, seed):
    steps = []
    for condition in (40, 400):
        course = _near(lesson.races.valley(condition), seed)
        path = lesson.follow(
            lesson.sgd, course.gradient, course.start, 2000, learning_rate=1 / condition
        )
        steps.append(course.arrival(path))
    return abs(steps[1] / steps[0] - 10) < 1


# Section 2: momentum


@claim("A constant gradient: momentum 0.9 ends at ten times the step of gradient descent")
def terminal_velocity(lesson, seed):
    slope = np.random.default_rng(seed).normal(size=3)
    path = lesson.follow(lesson.sgd_momentum, lambda w: slope, np.zeros(3), 200, learning_rate=0.01)
    factors = np.diff(path, axis=0)[-1] / (-0.01 * slope)
    return np.allclose(factors, lesson.terminal_velocity, rtol=0.01)


@claim("With noisy gradients, momentum at the same rate leaves about ten times the loss")
def momentum_leaves_more_noise(lesson, seed):
    def floor(rule):
        rng = np.random.default_rng(seed)
        path = lesson.follow(
            rule, lambda w: w + rng.normal(size=200), np.zeros(200), 600, learning_rate=0.02
        )
        return np.mean(path[300:] ** 2) / 2

    return 8 < floor(lesson.sgd_momentum) / floor(lesson.sgd) < 12


# Section 3: Nesterov


@claim("Both forms of Nesterov's momentum walk the same path, to rounding")
def two_forms(lesson, seed):
    return lesson.distance_of_forms(_near(lesson.races.valley(40), seed)) < 1e-12


# Section 4: a learning rate for each weight


@claim("Uncorrected, Adam's first step is 3.16 times as long")
def uncorrected_step(lesson, seed):
    slope = np.random.default_rng(seed).normal(size=3)
    _, config = lesson.adam(np.zeros(3), slope, {})
    factors = np.abs(config["m"]) / np.sqrt(config["v"])
    return np.allclose(factors, lesson.uncorrected_step, rtol=0.02)


@claim("L2 inside Adam: a hundred times the decay makes a weight shrink no faster")
def l2_in_adam(lesson, seed):
    start = np.random.default_rng(seed).uniform(0.5, 2)
    weak, strong = (start - lesson.decaying(decay, start)[0][1:] for decay in (0.001, 0.1))
    says = {"100 times": 100, "10 times": 10, "not at all": 1}[lesson.l2_in_adam]
    return np.allclose(strong / weak, says, rtol=0.01)


@claim("AdamW: each weight shrinks by the learning rate times its decay")
def decoupled(lesson, seed):
    rng = np.random.default_rng(seed)
    start, decay = rng.uniform(0.5, 2), 10 ** rng.uniform(-3, -1)
    path = lesson.decaying(decay, start)[1]
    return np.allclose(path, start * (1 - 0.01 * 100 * decay) ** np.arange(61))


@claim("The picture of the decay: with L2 in Adam all three curves fall to 0.46")
def falls_to(lesson, seed):
    """Nothing is drawn here: a weight that starts at 1, the same on every seed."""
    ends = [lesson.decaying(decay)[0][-1] for decay in (0.001, 0.01, 0.1)]
    return np.allclose(ends, 0.46, atol=0.005)


# Section 5: the race


def _order(course, paths):
    """The racers by their number of steps; who never arrives comes last."""
    steps = {name: course.arrival(path) for name, path in paths.items()}
    return sorted(steps, key=lambda name: np.inf if steps[name] is None else steps[name])


@claim("On another course the order of the race changes, and another rule wins")
def the_order_changes(lesson, seed):
    orders = []
    for course in (lesson.races.beale(), lesson.races.valley(20)):
        course = _near(course, seed)
        orders.append(_order(course, lesson.race_paths(course)))
    return orders[0] != orders[1] and orders[0][0] != orders[1][0]


@claim("The race as drawn: momentum and Nesterov come in fast, SGD and AdaGrad creep in last")
def the_race_as_drawn(lesson, seed):
    """Nothing is drawn here: the race of the picture, the same on every seed.

    It is said of that picture only. With starts moved by 0.1 the first two places change hands.
    """
    course = lesson.races.beale()
    order = _order(course, lesson.race_paths(course))
    return set(order[:2]) == {"Nesterov", "momentum"} and set(order[-2:]) == {"AdaGrad", "SGD"}


@claim("The four tracks are those of the four rules")
def whose_track(lesson, seed):
    course = _near(lesson.races.valley(20), seed)
    rules = {  # with the learning rates of the tracks
        "sgd": (lesson.sgd, {"learning_rate": 0.094}),
        "momentum": (lesson.sgd_momentum, {"learning_rate": 0.03}),
        "adagrad": (lesson.adagrad, {"learning_rate": 0.22}),
        "rmsprop": (lesson.rmsprop, {"learning_rate": 0.3, "decay_rate": 0.9}),
    }
    for track, path in lesson.races.mystery_tracks(course).items():
        rule, config = rules[lesson.whose_track[track]]
        if not np.allclose(path, lesson.follow(rule, course.gradient, course.start, 40, **config)):
            return False
    return True


@claim("RMSprop never rests, SGD jumps from wall to wall, AdaGrad tires, momentum overshoots")
def tracks_look_like_it(lesson, seed):
    course = _near(lesson.races.valley(20), seed)
    tracks = lesson.races.mystery_tracks(course)
    length = {name: np.linalg.norm(np.diff(path, axis=0), axis=1) for name, path in tracks.items()}
    restless = np.max(length["A"][-20:]) > 0.2 and np.max(length["A"][-10:]) > 0.1
    across = tracks["B"][:, 1]
    jumps = np.all(across[1:] * across[:-1] < 0) and np.all(np.diff(np.abs(across)) < 0)
    tires = np.all(np.diff(length["C"]) < 0) and course.arrival(tracks["C"]) is None
    along = tracks["D"][:, 0]
    overshoots = along.max() > 0.3 and along[-1] < along.max() - 0.3
    return restless and jumps and tires and overshoots


# Section 6: saddles and turned valleys


def _beside_the_ridge(lesson, seed):
    """The saddle, from another place along its ridge, on either side of it."""
    rng, course = np.random.default_rng(seed), lesson.races.saddle()
    along, side = rng.uniform(0.8, 1.3), rng.choice([-1, 1])
    return replace(course, start=np.array([along, side * course.start[1]]))


@claim("Gradient descent leaves the saddle after the accepted number of steps")
def saddle_steps(lesson, seed):
    course = _beside_the_ridge(lesson, seed)
    steps = course.arrival(lesson.saddle_paths(course)["SGD"])
    return abs(steps - np.log(1e6) / np.log(1.1)) <= 1.1 and steps == lesson.saddle_steps


@claim("For about 100 steps SGD looks as if it had converged")
def looks_converged(lesson, seed):
    path = lesson.saddle_paths(_beside_the_ridge(lesson, seed))["SGD"]
    return 80 <= np.sum(np.linalg.norm(path, axis=1) < 0.1) <= 120


@claim("At the saddle momentum leaves earlier than SGD, and Adam at once")
def leaving_the_saddle(lesson, seed):
    course = _beside_the_ridge(lesson, seed)
    steps = {name: course.arrival(path) for name, path in lesson.saddle_paths(course).items()}
    return steps["Adam"] < 20 and steps["Adam"] < steps["momentum"] < steps["SGD"] / 2


@claim("Noise helps SGD to leave the saddle")
def noise_helps(lesson, seed):
    course, rng = _beside_the_ridge(lesson, seed), np.random.default_rng(seed)

    def noisy(w):
        return course.gradient(w) + rng.normal(0, 0.01, size=2)

    path = lesson.follow(lesson.sgd, noisy, course.start, 160, learning_rate=0.1)
    return course.arrival(path) < course.arrival(lesson.saddle_paths(course)["SGD"])


def _straight_and_turned(lesson, seed):
    """The steps of each rule in the valley of condition 100, straight and turned by 45°."""
    steps = []
    for degrees in (0, 45):
        course = _near(lesson.races.valley(100, degrees), seed, degrees)
        paths = lesson.valley_paths(course)
        steps.append({name: course.arrival(path) for name, path in paths.items()})
    return steps


@claim("When the valley is turned, Adam's number of steps changes and no other")
def rotation(lesson, seed):
    straight, turned = _straight_and_turned(lesson, seed)
    changed = [name.lower() for name in straight if straight[name] != turned[name]]
    return changed == [lesson.rotation]


@claim("Adam's slowdown in the turned valley is within the accepted 4.5 to 11")
def slowdown(lesson, seed):
    straight, turned = _straight_and_turned(lesson, seed)
    return 4.5 <= turned["Adam"] / straight["Adam"] <= 11 and 4.5 <= lesson.slowdown <= 11


@claim("In the straight valley Adam is nearly as fast as momentum")
def nearly_as_fast(lesson, seed):
    straight, _ = _straight_and_turned(lesson, seed)
    return straight["momentum"] < straight["Adam"] < 1.5 * straight["momentum"]


@claim("A diagonal correction mends a valley along an axis, whatever the condition number")
def any_condition(lesson, seed):
    steps = set()
    for condition in (1, 10, 100, 1000, 10000):
        course = _near(lesson.races.valley(condition), seed)
        path = lesson.follow(lesson.adam, course.gradient, course.start, 500, learning_rate=0.05)
        steps.add(course.arrival(path))
    return len(steps) == 1


# Section 7: schedules


def _final_losses(lesson, seed):
    return {
        name: lesson.noisy_descent(schedule, seed=seed)[1][-1]
        for name, schedule in lesson.schedules.items()
    }


@claim("The constant learning rate ends with the highest loss")
def highest_floor(lesson, seed):
    final = _final_losses(lesson, seed)
    return max(final, key=final.get) == lesson.highest_floor


@claim("The other three schedules end about ten times lower, or more")
def ten_times_lower(lesson, seed):
    final = _final_losses(lesson, seed)
    constant = final.pop("constant")
    return constant > 8 * max(final.values())


@claim("After 30 steps all have fallen; the constant rate stays at about a quarter of it, 0.05")
def the_floor(lesson, seed):
    losses = {n: lesson.noisy_descent(s, seed=seed)[1] for n, s in lesson.schedules.items()}
    return max(loss[29] for loss in losses.values()) < 0.1 and np.isclose(
        np.mean(losses["constant"][30:]), 0.2 / 4, rtol=0.2
    )


# Section 8: the noise of a minibatch


@claim("Sixteen times the minibatch leaves a quarter of the noise")
def noise_of_16(lesson, seed):
    (small, large), _ = lesson.noise_of_sizes([4, 64], seed=seed)
    choices = {"1/16": 1 / 16, "1/4": 1 / 4, "1/2": 1 / 2, "the same": 1}
    return min(choices, key=lambda name: abs(np.log(large / small / choices[name]))) == (
        lesson.noise_of_16
    )


@claim("The exponent of the fit is within the accepted 0.04 of -0.5")
def noise_exponent(lesson, seed):
    sizes = 2 ** np.arange(10)
    noise, _ = lesson.noise_of_sizes(sizes, seed=seed)
    exponent, _ = np.polyfit(np.log(sizes), np.log(noise), 1)
    return abs(exponent + 0.5) <= 0.04 and abs(exponent - lesson.noise_exponent) <= 0.04


@claim("The noise of small minibatches is more than the gradient itself")
def more_noise_than_gradient(lesson, seed):
    noise, length = lesson.noise_of_sizes([1, 2, 4, 512], seed=seed)
    return min(noise[:3]) > length > noise[3]


@claim("With 32 examples too, after ten steps of descent")
def noise_of_32(lesson, seed):
    x, y = lesson.make_problem(seed)
    w = lesson.walk(lesson.sgd, [(x, y)] * 10, 1.0)[-1]
    _, gradients = lesson.logistic_loss(w, x, y)
    batches = np.random.default_rng(seed).integers(512, size=(200, 32))
    noise = lesson.gradient_noise(gradients, batches)
    return noise > np.linalg.norm(gradients.mean(axis=0))


# Section 9: second order


@claim("On all 512 examples L-BFGS beats gradient descent and Adam by powers of ten")
def on_all_examples(lesson, seed):
    runs = lesson.losses_on_batches(512, (1.5, 0.3), seed=seed)
    final = {name: losses[-1] for name, losses in runs.items()}
    best = final.pop("L-BFGS")
    return best < 1e-4 * min(final.values()) and best < 1e-9 * runs["L-BFGS"][0]


@claim("On minibatches of 16 L-BFGS is above SGD, after 60 steps and in the mean of the last 20")
def on_minibatches(lesson, seed):
    runs = lesson.losses_on_batches(16, (1.0, 0.05), seed=seed)
    sgd, newton = (np.array(runs[name]) for name in ("gradient descent", "L-BFGS"))
    above = newton[-1] > sgd[-1] and np.mean(newton[-20:]) > 2 * np.mean(sgd[-20:])
    return above == (lesson.on_minibatches == "above SGD")


@claim("On minibatches of 16 gradient descent and Adam stay below the start, L-BFGS above both")
def on_minibatches_as_drawn(lesson, seed):
    runs = lesson.losses_on_batches(16, (1.0, 0.05), seed=seed)
    later = {name: np.mean(losses[-20:]) for name, losses in runs.items()}
    calm = later["gradient descent"], later["Adam"]
    return max(calm) < runs["Adam"][0] and later["L-BFGS"] > max(calm)


@claim("On large minibatches that overlap (256 of the 512) L-BFGS is below both again")
def on_large_minibatches(lesson, seed):
    runs = lesson.losses_on_batches(256, (1.0, 0.05), seed=seed)
    later = {name: np.mean(losses[-20:]) for name, losses in runs.items()}
    return min(later, key=later.get) == "L-BFGS"


# Section 10: PyTorch


class _Calls(TorchDispatchMode):
    """Counts the operations that PyTorch runs."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.count += 1
        return operation(*args, **(kwargs or {}))


@claim("The fused build saves calls (a twentieth or less), not memory, and gives the same numbers")
def fused_saves(lesson, seed):
    where, calls, memory, ends = torch.device("cpu"), {}, {}, {}
    rng = np.random.default_rng(seed)
    slopes = [torch.tensor(rng.normal(size=(32, 32)), dtype=torch.float32) for _ in range(100)]
    for name, optimizer in lesson.four_builds(where).items():
        tensors = optimizer.param_groups[0]["params"]
        for tensor, slope in zip(tensors, slopes, strict=True):
            tensor.grad = slope.clone()
        optimizer.step()
        with _Calls() as counter:
            optimizer.step()
        calls[name] = counter.count
        state = [optimizer.state[tensor] for tensor in tensors]
        memory[name] = sum(one["exp_avg"].numel() + one["exp_avg_sq"].numel() for one in state)
        ends[name] = torch.stack([tensor.detach() for tensor in tensors])
    alike = all(torch.allclose(end, ends["fused"], atol=1e-6) for end in ends.values())
    fewer = all(20 * calls["fused"] < calls[name] for name in ("by hand", "one by one", "foreach"))
    saves = lesson.fused_saves == "calls and trips through memory"
    return saves and alike and fewer and len(set(memory.values())) == 1


@claim("A step of the fused build takes less time than one by hand or tensor by tensor")
def fused_is_faster(lesson, seed):
    """Nothing is drawn here: the time is measured once more for each seed, on this machine."""
    where = lesson.device()
    costs = {n: lesson.milliseconds_a_step(o, where) for n, o in lesson.four_builds(where).items()}
    return costs["fused"] < min(costs["by hand"], costs["one by one"])
