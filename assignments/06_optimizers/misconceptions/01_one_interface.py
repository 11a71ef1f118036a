"""Wrong and right answers to section 1, “One interface for all rules”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- sgd ------------------------------------------------------------------------------------------

misconception("sgd", "The step goes along the gradient, so the loss grows.", id="uphill",
              hint="Subtract learning_rate · dw.",
              replace='w - config["learning_rate"] * dw', by='w + config["learning_rate"] * dw')
misconception("sgd", "The learning rate of the config is ignored; the default is used always.",
              id="default-overrides",
              hint="Let the given config override the default, not the other way round.",
              replace='config = {"learning_rate": 1e-2, **(config or {})}',
              by='config = {**(config or {}), "learning_rate": 1e-2}')
misconception("sgd", "The gradient is normalized first, so every step has the same length.",
              id="normalized",
              hint="Gradient descent multiplies the gradient as it is by the learning rate.",
              replace='w - config["learning_rate"] * dw',
              by='w - config["learning_rate"] * dw / np.linalg.norm(dw)')
misconception("sgd", "Only the weights come back, not the config.", id="returns-weights-only",
              hint="Return the two things next_w, config.",
              replace="return next_w, config", by="return next_w")


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


# --- critical_rate --------------------------------------------------------------------------------

misconception("critical_rate", "1/λ is the rate that jumps to the bottom in one step; it is twice "
              "as far to the cliff.", id="of-one-step", hint="Solve 1 − ηλ = −1.",
              source="critical_rate = 1 / 40")
misconception("critical_rate", "That is the rate for the floor; the walls, with curvature 40, give "
              "way first.", id="of-the-floor", hint="The largest curvature decides: 2/40.",
              source="critical_rate = 2.0")
misconception("critical_rate", "That is where the picture ends, not where the curve jumps.",
              id="at-the-edge", hint="Look where the curve crosses the dotted line.",
              source="critical_rate = 0.07")
alternative("critical_rate", id="read-off", source="critical_rate = np.float64(0.051)")
