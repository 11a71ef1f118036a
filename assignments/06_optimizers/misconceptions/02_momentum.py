"""Wrong and right answers to section 2, “Momentum”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- sgd_momentum ---------------------------------------------------------------------------------

misconception("sgd_momentum", "The velocity is computed, but the step uses the plain gradient.",
              id="without-its-velocity", hint="Step with the velocity: next_w = w + velocity.",
              replace='w + config["velocity"]', by='w - config["learning_rate"] * dw')
misconception("sgd_momentum", "The new gradient enters with the factor 1 − momentum, as in an "
              "average.", id="as-an-average",
              hint="In this convention the gradient enters with learning_rate alone.",
              replace='config["learning_rate"] * dw',
              by='(1 - config["momentum"]) * config["learning_rate"] * dw')
misconception("sgd_momentum", "The velocity is never stored, so every call starts from rest.",
              id="forgets", hint="Write the new velocity into the config that you return.",
              replace=('config["velocity"] = config', 'next_w = w + config["velocity"]',
                       "return next_w, config"),
              by=("velocity = config", "", "return w + velocity, config"))
misconception("sgd_momentum", "This is PyTorch's convention: the learning rate multiplies the "
              "whole velocity at the end, instead of being part of it.", id="of-torch",
              hint="velocity = momentum · velocity − learning_rate · dw; the step is the velocity.",
              replace=('- config["learning_rate"] * dw', 'w + config["velocity"]'),
              by=("+ dw", 'w - config["learning_rate"] * config["velocity"]'))
misconception("sgd_momentum", "The step uses the velocity of the call before, so the gradient acts "
              "one step late.", id="one-step-late",
              hint="First the new velocity, then the step with it.",
              replace=('config["velocity"] = config', 'next_w = w + config["velocity"]'),
              by=('next_w = w + config["velocity"]\n'
                  'config["velocity"] = config',
                  ""))
misconception("sgd_momentum", "The gradient is added to the velocity: the point rolls uphill.",
              id="uphill", hint="The velocity gets − learning_rate · dw.",
              replace='- config["learning_rate"] * dw', by='+ config["learning_rate"] * dw')


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


# --- terminal_velocity ----------------------------------------------------------------------------

misconception("terminal_velocity", "That is the share that is kept, not the sum of all shares.",
              id="one-term", hint="1 + 0.9 + 0.9² + … = 1 / (1 − 0.9).",
              source="terminal_velocity = 0.9")
misconception("terminal_velocity", "1 + µ is the factor after two steps; it goes on growing.",
              id="two-terms", hint="Solve v = µv − ηg for v.", source="terminal_velocity = 1.9")
alternative("terminal_velocity", id="formula", source="terminal_velocity = 1 / (1 - 0.9)")
