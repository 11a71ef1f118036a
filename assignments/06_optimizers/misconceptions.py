"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

import numpy as np
import torch

from autograder.misconceptions import alternative, misconception

# --- sgd -----------------------------------------------------------------------------------------


@misconception("sgd", "The step goes along the gradient, so the loss grows.",
               hint="Subtract learning_rate · dw.")
def sgd_uphill(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    return w + config["learning_rate"] * dw, config


@misconception("sgd", "The learning rate of the config is ignored; the default is used always.",
               hint="Let the given config override the default, not the other way round.")
def sgd_default_overrides(w, dw, config=None):
    config = {**(config or {}), "learning_rate": 1e-2}
    return w - config["learning_rate"] * dw, config


@misconception("sgd", "The gradient is normalized first, so every step has the same length.",
               hint="Gradient descent multiplies the gradient as it is by the learning rate.")
def sgd_normalized(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    return w - config["learning_rate"] * dw / np.linalg.norm(dw), config


@misconception("sgd", "Only the weights come back, not the config.",
               hint="Return the two things next_w, config.")
def sgd_returns_weights_only(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    return w - config["learning_rate"] * dw


@alternative("sgd")
def sgd_in_place(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    w -= config["learning_rate"] * dw
    return w, config


@alternative("sgd")
def sgd_in_float32(w, dw, config=None):
    rate = np.float32((config or {}).get("learning_rate", 1e-2))
    return (w.astype(np.float32) - rate * dw.astype(np.float32)), {**(config or {})}


# --- small answers of sections 1 and 2 -------------------------------------------------------------

misconception("critical_rate", "1/λ is the rate that jumps to the bottom in one step; it is twice "
              "as far to the cliff.", hint="Solve 1 − ηλ = −1.",
              source="critical_rate = 1 / 40", name="critical_rate_of_one_step")
misconception("critical_rate", "That is the rate for the floor; the walls, with curvature 40, give way first.",
              hint="The largest curvature decides: 2/40.",
              source="critical_rate = 2.0", name="critical_rate_of_the_floor")
misconception("critical_rate", "That is where the picture ends, not where the curve jumps.",
              hint="Look where the curve crosses the dotted line.",
              source="critical_rate = 0.07", name="critical_rate_at_the_edge")
alternative("critical_rate", source="critical_rate = np.float64(0.051)", name="critical_rate_read_off")

misconception("terminal_velocity", "That is the share that is kept, not the sum of all shares.",
              hint="1 + 0.9 + 0.9² + … = 1 / (1 − 0.9).",
              source="terminal_velocity = 0.9", name="terminal_velocity_one_term")
misconception("terminal_velocity", "1 + µ is the factor after two steps; it goes on growing.",
              hint="Solve v = µv − ηg for v.",
              source="terminal_velocity = 1.9", name="terminal_velocity_two_terms")
alternative("terminal_velocity", source="terminal_velocity = 1 / (1 - 0.9)", name="terminal_velocity_formula")

# --- sgd_momentum ----------------------------------------------------------------------------------


@misconception("sgd_momentum", "The velocity is computed, but the step uses the plain gradient.",
               hint="Step with the velocity: next_w = w + velocity.")
def sgd_momentum_without_its_velocity(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w - config["learning_rate"] * dw, config


@misconception("sgd_momentum", "The new gradient enters with the factor 1 − momentum, as in an average.",
               hint="In this convention the gradient enters with learning_rate alone.")
def sgd_momentum_as_an_average(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    mu = config["momentum"]
    config["velocity"] = mu * config["velocity"] - (1 - mu) * config["learning_rate"] * dw
    return w + config["velocity"], config


@misconception("sgd_momentum", "The velocity is never stored, so every call starts from rest.",
               hint="Write the new velocity into the config that you return.")
def sgd_momentum_forgets(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + velocity, config


@misconception("sgd_momentum", "This is PyTorch's convention: the learning rate multiplies the whole "
               "velocity at the end, instead of being part of it.",
               hint="velocity = momentum · velocity − learning_rate · dw; the step is the velocity.")
def sgd_momentum_of_torch(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] + dw
    return w - config["learning_rate"] * config["velocity"], config


@misconception("sgd_momentum", "The step uses the velocity of the call before, so the gradient acts one "
               "step late.", hint="First the new velocity, then the step with it.")
def sgd_momentum_one_step_late(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    next_w = w + config["velocity"]
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return next_w, config


@misconception("sgd_momentum", "The gradient is added to the velocity: the point rolls uphill.",
               hint="The velocity gets − learning_rate · dw.")
def sgd_momentum_uphill(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] + config["learning_rate"] * dw
    return w + config["velocity"], config


@alternative("sgd_momentum")
def sgd_momentum_in_place(w, dw, config=None):
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    velocity = config.setdefault("velocity", np.zeros(w.shape))
    velocity *= config.setdefault("momentum", 0.9)
    velocity -= config["learning_rate"] * dw
    w += velocity
    return w, config


@alternative("sgd_momentum")
def sgd_momentum_from_the_difference(w, dw, config=None):
    config = dict(config or {})
    rate, momentum = config.get("learning_rate", 1e-2), config.get("momentum", 0.9)
    next_w = w + momentum * config.get("velocity", 0.0) - rate * dw
    return next_w, {**config, "velocity": next_w - w}


# --- Nesterov --------------------------------------------------------------------------------------


@misconception("nesterov_lookahead", "The gradient is taken at w: this is ordinary momentum.",
               hint="Ask for gradient(w + momentum · velocity).")
def nesterov_lookahead_looks_here(w, gradient, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * gradient(w)
    return w + config["velocity"], config


@misconception("nesterov_lookahead", "The look-ahead goes the whole velocity far, without the factor "
               "momentum.", hint="The next step carries momentum · velocity; look there.")
def nesterov_lookahead_too_far(w, gradient, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    slope = gradient(w + config["velocity"])
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * slope
    return w + config["velocity"], config


@misconception("nesterov_lookahead", "The step starts at the look-ahead point, so the momentum is "
               "counted twice.", hint="Look ahead for the gradient only; step from w.")
def nesterov_lookahead_steps_from_there(w, gradient, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    ahead = w + config["momentum"] * config["velocity"]
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * gradient(ahead)
    return ahead + config["velocity"], config


@misconception("nesterov_lookahead", "The look-ahead goes backwards.",
               hint="Add momentum · velocity to w; the velocity has its sign already.")
def nesterov_lookahead_looks_back(w, gradient, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    slope = gradient(w - config["momentum"] * config["velocity"])
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * slope
    return w + config["velocity"], config


@alternative("nesterov_lookahead")
def nesterov_lookahead_by_way_of_the_point(w, gradient, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    ahead = w + config["momentum"] * config["velocity"]
    next_w = ahead - config["learning_rate"] * gradient(ahead)
    config["velocity"] = next_w - w
    return next_w, config


@alternative("nesterov_lookahead")
def nesterov_lookahead_with_defaults_inline(w, gradient, config=None):
    config = config if config is not None else {}
    mu, v = config.get("momentum", 0.9), config.get("velocity", 0 * w)
    config["velocity"] = mu * v - config.get("learning_rate", 1e-2) * gradient(w + mu * v)
    return w + config["velocity"], config


@misconception("nesterov", "This is ordinary momentum: the look-ahead is missing.",
               hint="Take momentum · old velocity off and add (1 + momentum) · new velocity.")
def nesterov_is_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"], config


@misconception("nesterov", "The way back from the old look-ahead point is missing.",
               hint="Subtract momentum · old velocity, too.")
def nesterov_does_not_go_back(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + (1 + config["momentum"]) * config["velocity"], config


@misconception("nesterov", "The old velocity was overwritten before it was used, so the new one stands "
               "in both places.", hint="Keep the old velocity under a name of its own first.")
def nesterov_overwrites_the_old_velocity(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    mu = config["momentum"]
    config["velocity"] = mu * config["velocity"] - config["learning_rate"] * dw
    return w - mu * config["velocity"] + (1 + mu) * config["velocity"], config


@misconception("nesterov", "Old and new velocity have changed places in the step.",
               hint="− momentum · old + (1 + momentum) · new.")
def nesterov_swaps_the_velocities(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    mu, old = config["momentum"], config["velocity"]
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * config["velocity"] + (1 + mu) * old, config


@alternative("nesterov")
def nesterov_shorter(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    mu, rate = config["momentum"], config["learning_rate"]
    config["velocity"] = mu * config["velocity"] - rate * dw
    return w + mu * config["velocity"] - rate * dw, config


@alternative("nesterov")
def nesterov_by_way_of_the_plain_weights(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
    plain = w - config["momentum"] * config["velocity"]
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    plain = plain + config["velocity"]
    return plain + config["momentum"] * config["velocity"], config


@misconception("plain_weights", "The velocity is added: that looks ahead once more.",
               hint="Solve w̃ = w + momentum · velocity for w.")
def plain_weights_ahead_again(w_ahead, config):
    return w_ahead + config["momentum"] * config["velocity"]


@misconception("plain_weights", "The whole velocity is taken off, not momentum times it.",
               hint="The look-ahead is momentum · velocity long.")
def plain_weights_whole_velocity(w_ahead, config):
    return w_ahead - config["velocity"]


@alternative("plain_weights")
def plain_weights_with_subtract(w_ahead, config):
    return np.subtract(w_ahead, np.multiply(config["velocity"], config["momentum"]))


# --- AdaGrad, RMSprop ------------------------------------------------------------------------------


@misconception("adagrad", "The cache is replaced by the newest square; it doesn't add up.",
               hint="cache = cache + dw².")
def adagrad_forgets(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    config["cache"] = dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@misconception("adagrad", "epsilon stands inside the root.",
               hint="Divide by √cache + epsilon: first the root, then epsilon.")
def adagrad_epsilon_inside(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    config["cache"] = config["cache"] + dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"]), config


@misconception("adagrad", "The step divides by the cache itself; the root is missing.",
               hint="Divide by the root of the cache, which has the unit of a gradient.")
def adagrad_without_root(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    config["cache"] = config["cache"] + dw**2
    return w - config["learning_rate"] * dw / (config["cache"] + config["epsilon"]), config


@misconception("adagrad", "The step is divided by the cache as it was before this gradient.",
               hint="Add dw² first, then divide.")
def adagrad_one_step_late(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    config["cache"] = config["cache"] + dw**2
    return next_w, config


@misconception("adagrad", "One cache for all weights: the squares are added up over the whole array.",
               hint="The cache has the shape of w; each weight has its own.")
def adagrad_one_cache_for_all(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    config["cache"] = config["cache"] + np.sum(dw**2)
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@alternative("adagrad")
def adagrad_in_place(w, dw, config=None):
    config = {} if config is None else config
    cache = config.setdefault("cache", np.zeros(w.shape))
    cache += dw * dw
    w -= config.get("learning_rate", 1e-2) * dw / (cache**0.5 + config.get("epsilon", 1e-8))
    return w, config


@alternative("adagrad")
def adagrad_with_a_rate_for_each_weight(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": 0.0, **(config or {})}
    cache = config["cache"] + np.square(dw)
    rates = config["learning_rate"] / (config["epsilon"] + np.sqrt(cache))
    return w - rates * dw, {**config, "cache": cache}


@misconception("rmsprop", "The cache only grows: the new square enters in full.",
               hint="The new square gets the share 1 − decay_rate.")
def rmsprop_accumulates(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    config["cache"] = config["decay_rate"] * config["cache"] + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@misconception("rmsprop", "decay_rate and 1 − decay_rate have changed places.",
               hint="decay_rate is the share of the old cache that is kept.")
def rmsprop_swaps_the_shares(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    decay = config["decay_rate"]
    config["cache"] = (1 - decay) * config["cache"] + decay * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@misconception("rmsprop", "epsilon stands inside the root.",
               hint="Divide by √cache + epsilon: first the root, then epsilon.")
def rmsprop_epsilon_inside(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"]), config


@misconception("rmsprop", "The cache averages |dw|, not dw².",
               hint="Square the gradient before you average it.")
def rmsprop_of_magnitudes(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * np.abs(dw)
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@misconception("rmsprop", "The cache is corrected for its start at zero; that is Adam's, not RMSprop's.",
               hint="RMSprop divides by the root of the cache as it is.")
def rmsprop_with_adams_correction(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              "t": 0, **(config or {})}
    decay = config["decay_rate"]
    config["t"] += 1
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    corrected = config["cache"] / (1 - decay ** config["t"])
    return w - config["learning_rate"] * dw / (np.sqrt(corrected) + config["epsilon"]), config


@alternative("rmsprop")
def rmsprop_as_a_correction(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    config["cache"] = config["cache"] + (1 - config["decay_rate"]) * (dw**2 - config["cache"])
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@alternative("rmsprop")
def rmsprop_in_place(w, dw, config=None):
    config = {} if config is None else config
    decay, cache = config.get("decay_rate", 0.99), config.setdefault("cache", np.zeros(w.shape))
    cache *= decay
    cache += (1 - decay) * dw**2
    w -= config.get("learning_rate", 1e-2) * dw / (np.sqrt(cache) + config.get("epsilon", 1e-8))
    return w, config


# --- Adam, AdamW -----------------------------------------------------------------------------------


@misconception("adam", "The averages start at zero and were not corrected for it: the first steps have "
               "the wrong length.",
               hint="Divide m by 1 − beta1**t and v by 1 − beta2**t before the step.")
def adam_without_bias_correction(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw**2
    return w - config["learning_rate"] * config["m"] / (np.sqrt(config["v"]) + config["epsilon"]), config


@misconception("adam", "t is counted after the step, so the first correction divides by zero.",
               hint="Count t up first: the first step has t = 1.")
def adam_counts_afterwards(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2, t = config["beta1"], config["beta2"], config["t"]
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    with np.errstate(all="ignore"):
        m_hat = config["m"] / np.float64(1 - beta1**t)
        v_hat = config["v"] / np.float64(1 - beta2**t)
        next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    config["t"] = t + 1
    return next_w, config


@misconception("adam", "t is never counted on: every step is corrected as if it were the first one.",
               hint="Store t + 1 in the config that you return.")
def adam_never_counts(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 1, **(config or {})}
    beta1, beta2, t = config["beta1"], config["beta2"], config["t"]
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1**t), config["v"] / (1 - beta2**t)
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@misconception("adam", "The corrected averages are stored, so the correction is applied to them again "
               "and again.", hint="Keep m and v uncorrected in config; m_hat and v_hat are for this step only.")
def adam_stores_the_corrected_averages(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = (beta1 * config["m"] + (1 - beta1) * dw) / (1 - beta1 ** config["t"])
    config["v"] = (beta2 * config["v"] + (1 - beta2) * dw**2) / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * config["m"] / (np.sqrt(config["v"]) + config["epsilon"]), config


@misconception("adam", "Only the first average is corrected, not the second one.",
               hint="v starts at zero as well: divide it by 1 − beta2**t.")
def adam_corrects_m_only(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(config["v"]) + config["epsilon"]), config


@misconception("adam", "v averages |dw| instead of dw².",
               hint="v = beta2 · v + (1 − beta2) · dw**2.")
def adam_of_magnitudes(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * np.abs(dw)
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@misconception("adam", "v averages the square of m, not of the gradient.",
               hint="v takes in dw**2, whatever m is.")
def adam_squares_m(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * config["m"] ** 2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@misconception("adam", "epsilon stands inside the root.",
               hint="Divide by √v_hat + epsilon: first the root, then epsilon.")
def adam_epsilon_inside(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / np.sqrt(v_hat + config["epsilon"]), config


@misconception("adam", "The corrections were folded into the learning rate, which scales epsilon, too.",
               hint="If you fold the step size, epsilon becomes epsilon · √(1 − beta2**t).")
def adam_folds_without_epsilon(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    rate = config["learning_rate"] * np.sqrt(1 - beta2 ** config["t"]) / (1 - beta1 ** config["t"])
    return w - rate * config["m"] / (np.sqrt(config["v"]) + config["epsilon"]), config


@misconception("adam", "beta1 and beta2 have changed places.",
               hint="beta1 = 0.9 belongs to m, beta2 = 0.999 to v.")
def adam_swaps_the_betas(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta2, beta1 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@misconception("adam", "The corrections use beta · t instead of beta to the power of t.",
               hint="After t steps the share of the zeros is beta**t.")
def adam_multiplies_by_t(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 * config["t"]), config["v"] / (1 - beta2 * config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(np.abs(v_hat)) + config["epsilon"]), config


@alternative("adam")
def adam_with_folded_step_size(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    root = np.sqrt(1 - beta2 ** config["t"])
    rate = config["learning_rate"] * root / (1 - beta1 ** config["t"])
    return w - rate * config["m"] / (np.sqrt(config["v"]) + config["epsilon"] * root), config


@alternative("adam")
def adam_in_place(w, dw, config=None):
    config = {} if config is None else config
    beta1, beta2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    m, v = config.setdefault("m", np.zeros(w.shape)), config.setdefault("v", np.zeros(w.shape))
    config["t"] = t = config.get("t", 0) + 1
    m += (1 - beta1) * (dw - m)
    v += (1 - beta2) * (dw * dw - v)
    w -= config.get("learning_rate", 1e-3) * (m / (1 - beta1**t)) / (
        (v / (1 - beta2**t)) ** 0.5 + config.get("epsilon", 1e-8))
    return w, config


@alternative("adam")
def adam_in_float32(w, dw, config=None):
    w, dw, config = np.float32(w), np.float32(dw), dict(config or {})
    beta1, beta2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    t = config["t"] = config.get("t", 0) + 1
    config["m"] = np.float32(beta1 * config.get("m", 0 * w) + (1 - beta1) * dw)
    config["v"] = np.float32(beta2 * config.get("v", 0 * w) + (1 - beta2) * dw**2)
    root = np.sqrt(config["v"] / (1 - beta2**t)) + config.get("epsilon", 1e-8)
    return w - np.float32(config.get("learning_rate", 1e-3) * config["m"] / (1 - beta1**t) / root), config


misconception("uncorrected_step", "m alone is a tenth of the gradient, but the root of v is too small as well.",
              hint="Divide 0.1 by √0.001.", source="uncorrected_step = 0.1", name="uncorrected_step_m_alone")
misconception("uncorrected_step", "The root of v is missing.", hint="0.1 / √0.001, not 0.1 / 0.001.",
              source="uncorrected_step = 100.0", name="uncorrected_step_without_root")
misconception("uncorrected_step", "That is the inverse of the factor.", hint="m stands above, √v below.",
              source="uncorrected_step = 0.316", name="uncorrected_step_inverted")
alternative("uncorrected_step", source="uncorrected_step = 0.1 / 0.001**0.5", name="uncorrected_step_formula")

misconception("l2_in_adam", "That would hold for gradient descent; Adam divides the factor out.",
              hint="Multiply all gradients by 100: what happens to m/√v?",
              source='l2_in_adam = "100 times"', name="l2_in_adam_like_sgd")
misconception("l2_in_adam", "Not the root either: m carries the factor, √v carries it, too.",
              hint="Multiply all gradients by 100: what happens to m/√v?",
              source='l2_in_adam = "10 times"', name="l2_in_adam_half_way")


@misconception("adamw", "The decay is added to the gradient: this is L2 inside Adam, not AdamW.",
               hint="Keep the decay out of m and v; add weight_decay · w after the division.")
def adamw_with_l2(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    dw = dw + config["weight_decay"] * w
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@misconception("adamw", "The decay is not multiplied by the learning rate.",
               hint="Each step takes learning_rate · weight_decay · w off.")
def adamw_decay_without_the_rate(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    step = config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return w - step - config["weight_decay"] * w, config


@misconception("adamw", "The decay shrinks the weights after the step, so it shrinks the step, too.",
               hint="The decay takes its share of w as it was before the step.")
def adamw_decays_afterwards(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return next_w * (1 - config["learning_rate"] * config["weight_decay"]), config


@misconception("adamw", "The weights grow: the decay has the wrong sign.",
               hint="Take learning_rate · weight_decay · w off the weights.")
def adamw_grows(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    direction = m_hat / (np.sqrt(v_hat) + config["epsilon"]) - config["weight_decay"] * w
    return w - config["learning_rate"] * direction, config


@misconception("adamw", "There is no decay at all: this is Adam.",
               hint="Add weight_decay · w to the quotient.")
def adamw_without_decay(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


@alternative("adamw")
def adamw_by_way_of_adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "weight_decay": 1e-2, **(config or {})}
    shrunk = w * (1 - config["learning_rate"] * config["weight_decay"])
    return adam(shrunk, dw, config)


@alternative("adamw")
def adamw_shrinks_first(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2, rate = config["beta1"], config["beta2"], config["learning_rate"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = config["m"] / (1 - beta1 ** config["t"]), config["v"] / (1 - beta2 ** config["t"])
    next_w = w - rate * config["weight_decay"] * w
    next_w -= rate * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return next_w, config


# --- tracks, saddles, turned valleys -----------------------------------------------------------------

misconception("whose_track", "RMSprop and AdaGrad have changed places: AdaGrad's steps can only shrink.",
              hint="Which of the two tracks never comes to rest?", earns=1,
              source='whose_track = {"A": "adagrad", "B": "sgd", "C": "rmsprop", "D": "momentum"}',
              name="whose_track_who_tires")
misconception("whose_track", "SGD and momentum have changed places: without a memory there is no overshoot "
              "along the floor.", hint="Which of the two swings past the minimum and comes back?", earns=1,
              source='whose_track = {"A": "rmsprop", "B": "momentum", "C": "adagrad", "D": "sgd"}',
              name="whose_track_who_overshoots")
misconception("whose_track", "Every rule has left one track; each name is wanted once.",
              hint="Give each of the four names once.",
              source='whose_track = dict.fromkeys("ABCD", "sgd")', name="whose_track_all_the_same")

misconception("saddle_steps", "The distance grows by a factor, not by a constant amount.",
              hint="1.1 to the power of t is 10⁶.", source="saddle_steps = 10_000_000", name="saddle_steps_linear")
misconception("saddle_steps", "That takes the logarithm to the base e for the growth: the factor of a step "
              "is 1.1, not e to the power of 0.1.", hint="Divide by ln 1.1, which is a bit less than 0.1.",
              source="saddle_steps = 138", name="saddle_steps_as_a_flow")
alternative("saddle_steps", source="saddle_steps = np.log(1e6) / np.log(1.1)", name="saddle_steps_not_rounded")

misconception("rotation", "SGD only scales the gradient, which turns with the valley: so does its path.",
              hint="Whose step treats each axis on its own?", source='rotation = "sgd"', name="rotation_sgd")
misconception("rotation", "Adding up gradients commutes with a rotation: momentum's path turns along.",
              hint="Whose step treats each axis on its own?", source='rotation = "momentum"',
              name="rotation_momentum")
misconception("rotation", "The problem is as hard as before, but one rule uses the axes: dividing each "
              "component by its own size doesn't commute with a rotation.",
              hint="Whose step treats each axis on its own?", source='rotation = "nobody"',
              name="rotation_nobody")

misconception("slowdown", "That is the inverse: straight to turned.", hint="Divide the larger number by the smaller one.",
              source="slowdown = 0.125", name="slowdown_inverted")
misconception("slowdown", "No difference? That would be so for SGD and momentum.",
              hint="Read the legends for Adam.", source="slowdown = 1.0", name="slowdown_none")

# --- schedules -----------------------------------------------------------------------------------------


@misconception("decay", "After the last step the rate goes on falling, below final and below zero.",
               hint="Clip the share of the way at 1.", replaces="linear_decay", earns=3)
def linear_decay_without_end(step, base, total, final=0.0):
    return base + (final - base) * step / total


@misconception("decay", "The line falls to zero and stops at final on the way, too early.",
               hint="The line itself goes from base to final.", replaces="linear_decay", earns=3)
def linear_decay_clipped_at_final(step, base, total, final=0.0):
    return max(base * (1 - step / total), final)


@misconception("decay", "The rate falls in every step: the division is not a whole-number one.",
               hint="Count whole stretches: step // every.", replaces="step_decay", earns=3)
def step_decay_without_steps(step, base, every, factor):
    return base * factor ** (step / every)


@misconception("decay", "The rate drops one step too early.", hint="Steps 0 to every − 1 have the base rate.",
               replaces="step_decay", earns=3)
def step_decay_one_early(step, base, every, factor):
    return base * factor ** ((step + 1) // every)


@misconception("decay", "rate is the base of the power here, not the rate of an exponential.",
               hint="base · exp(−rate · step).", replaces="exponential_decay", earns=3)
def exponential_decay_as_a_power(step, base, rate):
    return base * (1 - rate) ** step


@misconception("decay", "The exponent has the wrong sign: the rate explodes.",
               hint="base · exp(−rate · step).", replaces="exponential_decay", earns=3)
def exponential_growth(step, base, rate):
    return base * np.exp(rate * step)


@misconception("decay", "The rate is a power of 1 + rate: that is exponential decay once more.",
               hint="Divide by 1 + rate · step.", replaces="inverse_decay", earns=3)
def inverse_decay_as_a_power(step, base, rate):
    return base / (1 + rate) ** step


@misconception("decay", "The root makes it fall more slowly than 1/t.",
               hint="Divide by 1 + rate · step, without a root.", replaces="inverse_decay", earns=3)
def inverse_root_decay(step, base, rate):
    return base / np.sqrt(1 + rate * step)


@alternative("decay", replaces="linear_decay")
def linear_decay_with_interp(step, base, total, final=0.0):
    return np.interp(step, [0, total], [base, final])


@alternative("decay", replaces="step_decay")
def step_decay_with_a_loop(step, base, every, factor):
    for _ in range(int(step / every)):
        base *= factor
    return base


@alternative("decay", replaces="exponential_decay")
def exponential_decay_with_e(step, base, rate):
    return base * np.e ** (-rate * step)


@misconception("cosine_warmup", "The first step of the warm-up has rate 0 and does nothing.",
               hint="Step 0 gets base · 1 / warmup: count step + 1.")
def cosine_warmup_from_zero(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * step / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "The cosine counts from step 0 and not from the end of the warm-up: the rate "
               "jumps there.", hint="The share of the way is (step − warmup) / (total − warmup).")
def cosine_without_offset(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = min(step / total, 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "The cosine takes total steps after the warm-up, so it ends too late.",
               hint="total includes the warm-up: the cosine has total − warmup steps.")
def cosine_too_long(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / total, 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "After its last step the rate rises again.",
               hint="Clip the share of the way at 1.")
def cosine_comes_back(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = (step - warmup) / (total - warmup)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "This is a quarter of a cosine: it ends steeply instead of gently.",
               hint="(1 + cos(π · share)) / 2 is flat at both ends.")
def quarter_of_a_cosine(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + (base - final) * np.cos(np.pi / 2 * share)


@misconception("cosine_warmup", "final is added to the whole curve, so it starts above base.",
               hint="The cosine spans base − final, and final is added to that.")
def cosine_lifted(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + base * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "The rise begins near final, not near zero.",
               hint="The warm-up knows nothing of final: base · (step + 1) / warmup.")
def cosine_warmup_from_final(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return final + (base - final) * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2


@misconception("cosine_warmup", "The cosine falls to zero and is cut off at final on the way, too early.",
               hint="The cosine itself spans base − final, and final is added to it.")
def cosine_clipped_at_final(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return max(final, base * (1 + np.cos(np.pi * share)) / 2)


@alternative("cosine_warmup")
def cosine_warmup_with_a_square(step, base, total, warmup=0, final=0.0):
    if step < warmup:
        return (step + 1) * (base / warmup)
    if step >= total:
        return final
    half = np.pi / 2 * (step - warmup) / (total - warmup)
    return base * np.cos(half) ** 2 + final * np.sin(half) ** 2


@alternative("cosine_warmup")
def cosine_warmup_with_clip(step, base, total, warmup=0, final=0.0):
    rise = min((step + 1) / warmup, 1) if warmup else 1
    share = np.clip((step - warmup) / (total - warmup), 0, 1)
    return rise * base if rise < 1 else final + 0.5 * (base - final) * (1 + np.cos(np.pi * share))


misconception("highest_floor", "The step schedule does lower its rate, and its floor with it.",
              hint="Who never lowers the rate?", source='highest_floor = "step"', name="highest_floor_step")
misconception("highest_floor", "The inverse schedule falls slowly, but it falls.",
              hint="Who never lowers the rate?", source='highest_floor = "inverse"', name="highest_floor_inverse")

# --- noise -----------------------------------------------------------------------------------------------


@misconception("gradient_noise", "This is the mean square; the root is missing.",
               hint="Take the root at the end.")
def gradient_noise_without_root(gradients, batches):
    away = gradients[batches].mean(axis=1) - gradients.mean(axis=0)
    return (away**2).sum(axis=1).mean()


@misconception("gradient_noise", "The distances are averaged, not their squares.",
               hint="Square, then average over the minibatches, then take the root.")
def gradient_noise_as_a_mean_distance(gradients, batches):
    away = gradients[batches].mean(axis=1) - gradients.mean(axis=0)
    return np.linalg.norm(away, axis=1).mean()


@misconception("gradient_noise", "The squares are averaged over the components, too: that is not the "
               "Euclidean distance.", hint="Add up over the D components, average over the K minibatches.")
def gradient_noise_per_component(gradients, batches):
    away = gradients[batches].mean(axis=1) - gradients.mean(axis=0)
    return np.sqrt((away**2).mean())


@misconception("gradient_noise", "The spread is measured about the mean of the minibatches, not about the "
               "gradient of all data.", hint="Subtract gradients.mean(axis=0).")
def gradient_noise_about_its_own_mean(gradients, batches):
    means = gradients[batches].mean(axis=1)
    return np.sqrt(((means - means.mean(axis=0)) ** 2).sum(axis=1).mean())


@misconception("gradient_noise", "The gradients of a minibatch are added up, not averaged.",
               hint="The gradient of a minibatch is the mean over its examples.")
def gradient_noise_of_sums(gradients, batches):
    away = gradients[batches].sum(axis=1) - gradients.mean(axis=0)
    return np.sqrt((away**2).sum(axis=1).mean())


@alternative("gradient_noise")
def gradient_noise_with_a_loop(gradients, batches):
    whole = gradients.mean(axis=0)
    squares = [np.sum((gradients[rows].mean(axis=0) - whole) ** 2) for rows in batches]
    return float(np.mean(squares) ** 0.5)


@alternative("gradient_noise")
def gradient_noise_with_a_norm(gradients, batches):
    centred = gradients - gradients.mean(axis=0)
    return np.linalg.norm(centred[batches].mean(axis=1)) / np.sqrt(len(batches))


misconception("noise_of_16", "That is what happens to the variance; the noise is its root.",
              hint="√(1/16).", source='noise_of_16 = "1/16"', name="noise_of_16_variance")
misconception("noise_of_16", "The root is taken twice.", hint="√(1/16).",
              source='noise_of_16 = "1/2"', name="noise_of_16_fourth_root")

misconception("noise_exponent", "The noise falls as the minibatch grows: the exponent is negative.",
              hint="Mind the sign.", source="noise_exponent = 0.5", name="noise_exponent_sign")
misconception("noise_exponent", "That is the exponent of the variance.", hint="The noise is its root.",
              source="noise_exponent = -1.0", name="noise_exponent_variance")

# --- second order ------------------------------------------------------------------------------------------


@misconception("newton_step", "The gradient is multiplied by the Hessian, not by its inverse.",
               hint="Solve hessian @ p = −dw.")
def newton_step_times_hessian(w, dw, hessian):
    return w - hessian @ dw


@misconception("newton_step", "Only the diagonal of the Hessian is used: this is blind to a turned valley.",
               hint="Solve with the whole matrix.")
def newton_step_of_the_diagonal(w, dw, hessian):
    return w - dw / np.diag(hessian)


@misconception("newton_step", "The step has the wrong sign.", hint="next_w = w − solve(hessian, dw).")
def newton_step_backwards(w, dw, hessian):
    return w + np.linalg.solve(hessian, dw)


@misconception("newton_step", "Dividing by the matrix divides elementwise; it doesn't solve the equations.",
               hint="Use np.linalg.solve.")
def newton_step_elementwise(w, dw, hessian):
    return w - (dw / hessian).sum(axis=1)


@alternative("newton_step")
def newton_step_with_inverse(w, dw, hessian):
    return w - np.linalg.inv(hessian) @ dw


@alternative("newton_step")
def newton_step_with_torch(w, dw, hessian):
    step = torch.linalg.solve(torch.as_tensor(hessian), torch.as_tensor(dw))
    return w - step.numpy()


misconception("memory_bill", "That is a diagonal: the Hessian has a row and a column for each weight.",
              hint="10⁸ · 10⁸ numbers.", earns=1,
              source="hessian_bytes = 4 * 10**8\nlbfgs_bytes = 8 * 10**9", name="memory_bill_of_a_diagonal")
misconception("memory_bill", "These are numbers, not bytes.", hint="A number takes 4 bytes.",
              source="hessian_bytes = 10**16\nlbfgs_bytes = 2 * 10**9", name="memory_bill_in_numbers")
misconception("memory_bill", "A pair holds two vectors, s and y.", hint="10 pairs are 20 vectors.", earns=1,
              source="hessian_bytes = 4 * 10**16\nlbfgs_bytes = 4 * 10**9", name="memory_bill_of_single_vectors")
alternative("memory_bill", source="hessian_bytes = 4e16\nlbfgs_bytes = 2 * 10 * 4 * 1e8", name="memory_bill_in_floats")


@misconception("backtracking", "The demanded decrease has the wrong sign: steps are accepted that increase "
               "the loss.", hint="The slope is negative; add c1 · step · slope to loss(w).")
def backtracking_wrong_sign(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = gradient(w) @ direction
    if not slope < 0:
        raise ValueError("not a direction of descent")
    while not loss(w + step * direction) <= loss(w) - c1 * step * slope:
        step = step * shrink
    return step


@misconception("backtracking", "Any decrease is accepted; c1 plays no part.",
               hint="Demand loss(w) + c1 · step · slope.")
def backtracking_any_decrease(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    if not gradient(w) @ direction < 0:
        raise ValueError("not a direction of descent")
    while not loss(w + step * direction) < loss(w):
        step = step * shrink
    return step


@misconception("backtracking", "A NaN ends the search: `nan > x` is False, so the loop stops there.",
               hint="Go on while the condition does not hold: `while not … <= …`.")
def backtracking_accepts_nan(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = gradient(w) @ direction
    if not slope < 0:
        raise ValueError("not a direction of descent")
    while loss(w + step * direction) > loss(w) + c1 * step * slope:
        step = step * shrink
    return step


@misconception("backtracking", "The slope is taken as −‖gradient‖², which holds only along the gradient itself.",
               hint="The slope along the direction is gradient(w) @ direction.")
def backtracking_with_the_squared_gradient(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    g = gradient(w)
    if not g @ direction < 0:
        raise ValueError("not a direction of descent")
    while not loss(w + step * direction) <= loss(w) - c1 * step * (g @ g):
        step = step * shrink
    return step


@misconception("backtracking", "The demand is not in proportion to the step: its factor step is missing.",
               hint="c1 · step · slope.")
def backtracking_without_the_step_in_the_bound(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = gradient(w) @ direction
    if not slope < 0:
        raise ValueError("not a direction of descent")
    while not loss(w + step * direction) <= loss(w) + c1 * slope and step > 1e-12:
        step = step * shrink
    return step


@misconception("backtracking", "A direction that leads uphill is searched, not refused.",
               hint="Raise ValueError unless the slope is negative.")
def backtracking_uphill(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = gradient(w) @ direction
    for _ in range(60):
        if loss(w + step * direction) <= loss(w) + c1 * step * slope:
            break
        step = step * shrink
    return step


@misconception("backtracking", "The first step is shortened before it has been tried.",
               hint="Ask at w + step · direction first, and shorten the step only if that fails.")
def backtracking_never_tries_the_first_step(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope, there = gradient(w) @ direction, w
    if not slope < 0:
        raise ValueError("not a direction of descent")
    while not loss(there) <= loss(w) + c1 * step * slope:
        step = step * shrink
        there = w + step * direction
    return step


@misconception("backtracking", "The search moves w itself, in place: whoever called has lost the point that it "
               "started from.", hint="Make a new array for each trial: w + step * direction.")
def backtracking_moves_w(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    here, slope, start = loss(w), gradient(w) @ direction, w.copy()
    if not slope < 0:
        raise ValueError("not a direction of descent")
    w += step * direction
    while not loss(w) <= here + c1 * step * slope:
        step = step * shrink
        w[:] = start + step * direction
    return step


@alternative("backtracking")
def backtracking_with_a_generator(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    here, slope = loss(w), float(np.dot(gradient(w), direction))
    if np.isnan(slope) or slope >= 0:
        raise ValueError("the direction does not lead downhill")
    lengths = (step * shrink**k for k in range(200))
    return next(t for t in lengths if loss(w + t * direction) <= here + c1 * t * slope)


@alternative("backtracking")
def backtracking_with_isnan(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = np.sum(gradient(w) * direction)
    if slope >= 0:
        raise ValueError("no descent")
    while True:
        there = loss(w + step * direction)
        if not np.isnan(there) and there - loss(w) <= c1 * step * slope:
            return step
        step *= shrink


@misconception("wolfe", "The curvature condition is the strong one, on the size of the slope; here a slope "
               "that has become positive is fine.", hint="slope there ≥ c2 · slope here, without magnitudes.")
def wolfe_strong(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    slope, there = gradient(w) @ direction, w + step * direction
    sufficient = loss(there) <= loss(w) + c1 * step * slope
    return bool(sufficient), bool(abs(gradient(there) @ direction) <= c2 * abs(slope))


@misconception("wolfe", "c1 and c2 have changed places.", hint="c1 for the decrease, c2 for the slope.")
def wolfe_swapped(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    slope, there = gradient(w) @ direction, w + step * direction
    sufficient = loss(there) <= loss(w) + c2 * step * slope
    return bool(sufficient), bool(gradient(there) @ direction >= c1 * slope)


@misconception("wolfe", "The curvature condition is the wrong way round.",
               hint="The new slope must be greater (flatter, or positive): ≥ c2 · slope.")
def wolfe_steeper(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    slope, there = gradient(w) @ direction, w + step * direction
    sufficient = loss(there) <= loss(w) + c1 * step * slope
    return bool(sufficient), bool(gradient(there) @ direction <= c2 * slope)


@misconception("wolfe", "The factor step is missing in the demanded decrease.",
               hint="loss(w) + c1 · step · slope.")
def wolfe_without_the_step(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    slope, there = gradient(w) @ direction, w + step * direction
    sufficient = loss(there) <= loss(w) + c1 * slope
    return bool(sufficient), bool(gradient(there) @ direction >= c2 * slope)


@alternative("wolfe")
def wolfe_returns_numpy_booleans(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    here, there = np.dot(gradient(w), direction), np.dot(gradient(w + step * direction), direction)
    gain = loss(w) - loss(w + step * direction)
    return np.bool_(gain >= -c1 * step * here), np.bool_(-there <= -c2 * here)


@alternative("wolfe")
def wolfe_returns_a_list(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    def slope(t):
        return float(gradient(w + t * direction) @ direction)

    fall = loss(w + step * direction) - loss(w) - c1 * step * slope(0)
    return [fall <= 0, slope(step) - c2 * slope(0) >= 0]


@misconception("lbfgs_direction", "The first loop runs from the oldest pair to the newest.",
               hint="First loop from the newest to the oldest, second loop back.")
def lbfgs_loops_in_the_wrong_order(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in pairs:
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(reversed(pairs), reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "The scaling by gamma between the loops is missing.",
               hint="Multiply by (s @ y) / (y @ y) of the newest pair.")
def lbfgs_without_gamma(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    for (s, y), alpha in zip(pairs, reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "gamma comes from the oldest pair.",
               hint="The newest pair, pairs[-1], knows the curvature here.")
def lbfgs_gamma_of_the_oldest(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[0]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "The alphas are used in the order in which they came; the second loop needs "
               "them the other way round.", hint="Pair each alpha with its own s and y: reversed(alphas).")
def lbfgs_alphas_not_reversed(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, alphas):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "The result points uphill: the minus sign is missing.",
               hint="Return −r.")
def lbfgs_uphill(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return r


@misconception("lbfgs_direction", "gamma is upside down: it carries a curvature, not its inverse.",
               hint="gamma = (s @ y) / (y @ y).")
def lbfgs_gamma_inverted(dw, pairs):
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (y @ y) / (s @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "The list of pairs is reversed in place: the next call gets the memory "
               "back to front.", hint="Walk over reversed(pairs), which leaves the list alone.")
def lbfgs_reverses_its_memory(dw, pairs):
    r, alphas = dw.copy(), []
    if pairs:
        gamma = (pairs[-1][0] @ pairs[-1][1]) / (pairs[-1][1] @ pairs[-1][1])
    pairs.reverse()
    for s, y in pairs:
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        r = r * gamma
    for (s, y), alpha in zip(reversed(pairs), reversed(alphas)):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r


@misconception("lbfgs_direction", "The loops work in the gradient itself, in place, and the next pair is made "
               "with what they leave.", hint="Start from a copy: q = dw.copy().")
def lbfgs_overwrites_the_gradient(dw, pairs):
    q, alphas = dw, []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (y @ s))
        q -= alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q *= (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas)):
        q += s * (alpha - y @ q / (y @ s))
    return -q


@alternative("lbfgs_direction")
def lbfgs_by_recursion(dw, pairs):
    def product(vector, rest):
        if not rest:
            s, y = pairs[-1] if pairs else (np.ones(1), np.ones(1))
            return vector * (s @ y) / (y @ y)
        *older, (s, y) = rest
        alpha = s @ vector / (y @ s)
        r = product(vector - alpha * y, older)
        return r + s * (alpha - y @ r / (y @ s))

    return -product(dw, list(pairs))


@alternative("lbfgs_direction")
def lbfgs_with_a_dense_matrix(dw, pairs):
    size = len(dw)
    inverse = np.eye(size)
    if pairs:
        s, y = pairs[-1]
        inverse *= (s @ y) / (y @ y)
    for s, y in pairs:
        left = np.eye(size) - np.outer(s, y) / (y @ s)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (y @ s)
    return -(inverse @ dw)


misconception("on_minibatches", "That holds for the full batch, where all gradients belong to one loss.",
              hint="Do two minibatches agree about the curvature?",
              source='on_minibatches = "as low"', name="on_minibatches_as_low")
misconception("on_minibatches", "It is worse than that: the noise enters the curvature, and the line search "
              "trusts a single minibatch.", hint="Do two minibatches agree about the curvature?",
              source='on_minibatches = "between"', name="on_minibatches_between")

# --- PyTorch -------------------------------------------------------------------------------------------------


@misconception("torch_adamw", "The settings come from the defaults: a group's own learning rate, betas or "
               "decay are ignored.", hint="Read everything from the group.", replaces="AdamWByHand", earns=2)
class AdamWIgnoresGroups(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        group, (beta1, beta2) = self.defaults, self.defaults["betas"]
        for p in [p for g in self.param_groups for p in g["params"] if p.grad is not None]:
            state = self.state[p]
            if not state:
                state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
            state["step"] += 1
            state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
            state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
            m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
            v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@misconception("torch_adamw", "The averages live in a dictionary of the optimizer's own: a checkpoint loses "
               "them.", hint="Keep them in self.state[p], which state_dict() saves.", replaces="AdamWByHand",
               earns=4)
class AdamWHidesItsState(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))
        self.memory = {}

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                t, m, v = self.memory.get(p, (0, torch.zeros_like(p), torch.zeros_like(p)))
                t, m, v = t + 1, beta1 * m + (1 - beta1) * p.grad, beta2 * v + (1 - beta2) * p.grad**2
                self.memory[p] = t, m, v
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + group["eps"]))


@misconception("torch_adamw", "One counter serves all parameters: a parameter that rests is corrected as if "
               "it had not, and the counter is not saved.", hint="Count in state['step'], for each p.",
               replaces="AdamWByHand", earns=2)
class AdamWCountsForAll(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))
        self.t = 0

    @torch.no_grad()
    def step(self, closure=None):
        self.t += 1
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1**self.t)
                v_hat = state["exp_avg_sq"] / (1 - beta2**self.t)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@misconception("torch_adamw", "The decay is added to the gradient: this is L2 inside Adam.",
               hint="Shrink p itself by lr · weight_decay; keep the decay out of the averages.",
               replaces="AdamWByHand")
class AdamWWithL2(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state, grad = self.state[p], p.grad + group["weight_decay"] * p
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@misconception("torch_adamw", "`p = p − …` makes a new tensor; the parameter itself never changes.",
               hint="Change p in place: p.sub_(…), p.copy_(…).", replaces="AdamWByHand")
class AdamWRebinds(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p = p * (1 - group["lr"] * group["weight_decay"])
                p = p - group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])


@misconception("torch_adamw", "A parameter without a gradient is treated as if its gradient were zero: it "
               "decays, and its averages fade.", hint="Skip a parameter whose grad is None.",
               replaces="AdamWByHand", earns=4)
class AdamWNeverRests(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                grad = torch.zeros_like(p) if p.grad is None else p.grad
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@misconception("torch_adamw", "The state is keyed by the name of the average first, self.state['m'][p]: "
               "state_dict() cannot save it like that.", hint="self.state[p]['exp_avg'], with p as the key.",
               replaces="AdamWByHand", earns=4)
class AdamWKeysBackwards(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                key = id(p)
                t = self.state["t"][key] = self.state["t"].get(key, 0) + 1
                m = beta1 * self.state["m"].get(key, torch.zeros_like(p)) + (1 - beta1) * p.grad
                v = beta2 * self.state["v"].get(key, torch.zeros_like(p)) + (1 - beta2) * p.grad**2
                self.state["m"][key], self.state["v"][key] = m, v
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + group["eps"]))


@misconception("torch_adamw", "The first parameter without a gradient ends the whole step: those behind it "
               "are never reached.", hint="continue goes on with the next parameter, return does not.",
               replaces="AdamWByHand", earns=4)
class AdamWReturnsEarly(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    return
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@misconception("torch_adamw", "The gradient is scaled and squared in place: whoever looks at p.grad after the "
               "step finds something else.", hint="Leave p.grad as it is: add_(p.grad, alpha=1 - beta1).",
               replaces="AdamWByHand", earns=4)
class AdamWSpoilsTheGradient(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).add_(p.grad.square_(), alpha=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))


@alternative("torch_adamw", replaces="AdamWByHand")
class AdamWWithTensorCounter(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in filter(lambda p: p.grad is not None, group["params"]):
                state = self.state[p]
                state.setdefault("step", torch.tensor(0.0))
                state["step"] = state["step"] + 1
                for key, beta, new in zip(("exp_avg", "exp_avg_sq"), group["betas"], (p.grad, p.grad**2)):
                    state[key] = torch.lerp(new, state.get(key, torch.zeros_like(p)), beta)
                t = float(state["step"])
                m, v = (state[k] / (1 - b**t) for k, b in zip(("exp_avg", "exp_avg_sq"), group["betas"]))
                p -= group["lr"] * (m / (v.sqrt() + group["eps"]) + group["weight_decay"] * p)


@alternative("torch_adamw", replaces="AdamWByHand")
class AdamWThroughData(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p.data)
                    state["exp_avg_sq"] = torch.zeros_like(p.data)
                state["step"] += 1
                state["exp_avg"] = b1 * state["exp_avg"] + (1 - b1) * p.grad.data
                state["exp_avg_sq"] = b2 * state["exp_avg_sq"] + (1 - b2) * p.grad.data**2
                root = (1 - b2 ** state["step"]) ** 0.5
                rate = group["lr"] * root / (1 - b1 ** state["step"])
                quotient = state["exp_avg"] / (state["exp_avg_sq"].sqrt() + group["eps"] * root)
                p.data = p.data * (1 - group["lr"] * group["weight_decay"]) - rate * quotient
        return loss


@misconception("warmup_rsqrt", "The function gives a learning rate, but LambdaLR wants a factor: the initial "
               "rate is multiplied in twice.", hint="Leave the learning rate out; LambdaLR knows it.")
def warmup_rsqrt_as_a_rate(optimizer, warmup):
    base = optimizer.param_groups[0]["lr"]
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: base * min((k + 1) / warmup, (warmup / (k + 1)) ** 0.5))


@misconception("warmup_rsqrt", "The first step has rate 0: k counts the steps done before.",
               hint="Use k + 1.")
def warmup_rsqrt_from_zero(optimizer, warmup):
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min(k / warmup, (warmup / max(k, 1)) ** 0.5))


@misconception("warmup_rsqrt", "The fall goes on from 1/√step without the factor √warmup: the rate jumps after "
               "the warm-up.", hint="√(warmup / (k + 1)) is 1 at the end of the warm-up.")
def warmup_rsqrt_jumps(optimizer, warmup):
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: (k + 1) / warmup if k < warmup else (k + 1) ** -0.5)


@misconception("warmup_rsqrt", "The rate falls like 1/step; the root is missing.",
               hint="The square root of warmup / (k + 1).")
def warmup_rsqrt_without_root(optimizer, warmup):
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min((k + 1) / warmup, warmup / (k + 1)))


@alternative("warmup_rsqrt")
def warmup_rsqrt_with_a_branch(optimizer, warmup):
    def factor(done):
        step = done + 1
        if step <= warmup:
            return step / warmup
        return warmup**0.5 / step**0.5

    return torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=factor)


@alternative("warmup_rsqrt")
def warmup_rsqrt_with_a_list(optimizer, warmup):
    def factor(k):
        return np.sqrt(warmup) * min((k + 1) ** -0.5, (k + 1) * warmup**-1.5)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor] * len(optimizer.param_groups))


misconception("fused_saves", "Each number still costs the same few operations; they are just not the bottleneck.",
              hint="What is slow about many small tensors?", source='fused_saves = "arithmetic"',
              name="fused_saves_arithmetic")
misconception("fused_saves", "The averages m and v must be kept by every build.",
              hint="What is slow about many small tensors?", source='fused_saves = "memory for m and v"',
              name="fused_saves_memory")
