"""Wrong and right answers to section 3, “Nesterov's momentum, twice”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- nesterov_lookahead ---------------------------------------------------------------------------

misconception("nesterov_lookahead", "The gradient is taken at w: this is ordinary momentum.",
              id="looks-here", hint="Ask for gradient(w + momentum · velocity).",
              replace="gradient(ahead)", by="gradient(w)")
misconception("nesterov_lookahead", "The look-ahead goes the whole velocity far, without the "
              "factor momentum.", id="too-far",
              hint="The next step carries momentum · velocity; look there.",
              replace="gradient(ahead)", by='gradient(w + config["velocity"])')
misconception("nesterov_lookahead", "The step starts at the look-ahead point, so the momentum is "
              "counted twice.", id="steps-from-there",
              hint="Look ahead for the gradient only; step from w.",
              replace="next_w = w + config", by="next_w = ahead + config")
misconception("nesterov_lookahead", "The look-ahead goes backwards.", id="looks-back",
              hint="Add momentum · velocity to w; the velocity has its sign already.",
              replace="gradient(ahead)", by='gradient(w - config["momentum"] * config["velocity"])')
alternative("nesterov_lookahead", id="by-way-of-the-point",
            replace="slope = gradient(ahead)\n"
                    'config["velocity"] = config["momentum"] * config["velocity"] - '
                    'config["learning_rate"] * slope\n'
                    'next_w = w + config["velocity"]',
            by='next_w = ahead - config["learning_rate"] * gradient(ahead)\n'
               'config["velocity"] = next_w - w')


@alternative("nesterov_lookahead")
def nesterov_lookahead_with_defaults_inline(w, gradient, config=None):
    config = config if config is not None else {}
    mu, v = config.get("momentum", 0.9), config.get("velocity", 0 * w)
    config["velocity"] = mu * v - config.get("learning_rate", 1e-2) * gradient(w + mu * v)
    return w + config["velocity"], config


# --- nesterov -------------------------------------------------------------------------------------

misconception("nesterov", "This is ordinary momentum: the look-ahead is missing.", id="is-momentum",
              hint="Take momentum · old velocity off and add (1 + momentum) · new velocity.",
              replace='w - momentum * before + (1 + momentum) * config["velocity"]',
              by='w + config["velocity"]')
misconception("nesterov", "The way back from the old look-ahead point is missing.",
              id="does-not-go-back", hint="Subtract momentum · old velocity, too.",
              replace="w - momentum * before + (1 + momentum)", by="w + (1 + momentum)")
misconception("nesterov", "The old velocity was overwritten before it was used, so the new one "
              "stands in both places.", id="overwrites-the-old-velocity",
              hint="Keep the old velocity under a name of its own first.",
              replace="w - momentum * before", by='w - momentum * config["velocity"]')
misconception("nesterov", "Old and new velocity have changed places in the step.",
              id="swaps-the-velocities", hint="− momentum · old + (1 + momentum) · new.",
              replace='w - momentum * before + (1 + momentum) * config["velocity"]',
              by='w - momentum * config["velocity"] + (1 + momentum) * before')


@alternative("nesterov")
def nesterov_shorter(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w),
              **(config or {})}
    mu, rate = config["momentum"], config["learning_rate"]
    config["velocity"] = mu * config["velocity"] - rate * dw
    return w + mu * config["velocity"] - rate * dw, config


@alternative("nesterov")
def nesterov_by_way_of_the_plain_weights(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w),
              **(config or {})}
    plain = w - config["momentum"] * config["velocity"]
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    plain = plain + config["velocity"]
    return plain + config["momentum"] * config["velocity"], config


# --- plain_weights --------------------------------------------------------------------------------

misconception("plain_weights", "The velocity is added: that looks ahead once more.",
              id="ahead-again", hint="Solve w̃ = w + momentum · velocity for w.",
              replace="w_ahead - config", by="w_ahead + config")
misconception("plain_weights", "The whole velocity is taken off, not momentum times it.",
              id="whole-velocity", hint="The look-ahead is momentum · velocity long.",
              replace='config["momentum"] * config["velocity"]', by='config["velocity"]')
alternative("plain_weights", id="with-subtract",
            replace='return w_ahead - config["momentum"] * config["velocity"]',
            by='return np.subtract(w_ahead, np.multiply(config["velocity"], config["momentum"]))')
