"""Wrong and right answers to section 4, “Small weights”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- l2_penalty -----------------------------------------------------------------------------------

misconception("l2_penalty", "Biases and normalization parameters are penalized as well.",
              id="on-everything", hint="Only names that begin with W.",
              replace='weights = {name: w for name, w in params.items() if name.startswith("W")}',
              by="weights = params")
misconception("l2_penalty", "The factor ½ is missing in the loss: the gradient is not its "
              "derivative.", id="without-half", hint="½ λ Σ w².",
              replace="0.5 * strength", by="strength")
misconception("l2_penalty", "The gradient is 2λw, the derivative of λw² and not of ½λw².",
              id="twice-the-gradient", hint="λw.",
              replace="strength * weights.get", by="2 * strength * weights.get")
misconception("l2_penalty", "The squares are averaged: the penalty then depends on the size of the "
              "layer.", id="of-the-mean", hint="Sum, not mean.",
              replace="np.sum(w**2)", by="np.mean(w**2)")
misconception("l2_penalty", "The length of the weights is penalized, not its square.",
              id="of-the-norm", hint="No root: ½ λ Σ w².",
              replace="np.sum(w**2)", by="np.linalg.norm(w)")
misconception("l2_penalty", "The loss leaves the biases out, but the gradient does not.",
              id="gradient-on-everything",
              hint="The gradient is zero for every name that does not begin with W.",
              replace="weights.get(name, 0.0 * w)", by="w")
misconception("l2_penalty", "Every name with a W in it is penalized, not only those that begin "
              "with it.", id="w-anywhere", hint='name.startswith("W"), not "W" in name.',
              replace='name.startswith("W")', by='"W" in name')
misconception("l2_penalty", "The number of axes decides, not the name.", id="by-axes",
              hint='Here the rule is name.startswith("W").',
              replace='name.startswith("W")', by="w.ndim > 1")


@alternative("l2_penalty")
def l2_penalty_in_a_loop(params, strength):
    loss, grads = 0.0, {}
    for name in params:
        grads[name] = np.zeros(params[name].shape)
        if name[0] == "W":
            loss += strength / 2 * np.linalg.norm(params[name]) ** 2
            grads[name] += strength * params[name]
    return loss, grads


@alternative("l2_penalty")
def l2_penalty_with_a_factor(params, strength):
    factors = {name: strength * name.startswith("W") for name in params}
    grads = {name: factors[name] * params[name].astype(np.float32) for name in params}
    return sum(float((grads[name] * params[name]).sum()) / 2 for name in params), grads


# --- momentum_with_decay --------------------------------------------------------------------------

misconception("momentum_with_decay", "The decoupled decay is inside the gradient, so the velocity "
              "remembers it: this is L2.", id="always-l2",
              hint="Decoupled: the velocity gets dw alone.",
              replace=("rate * slope",
                       'w + config["velocity"] - (rate * decay if config["decoupled"] else 0.0)'),
              by=("rate * (dw + decay)", 'w + config["velocity"]'))
misconception("momentum_with_decay", "The decay is always taken off beside the velocity: L2 goes "
              "through it.", id="always-decoupled", hint="L2: add weight_decay · w to dw.",
              replace=("rate * slope",
                       'w + config["velocity"] - (rate * decay if config["decoupled"] else 0.0)'),
              by=("rate * dw", 'w + config["velocity"] - rate * config["weight_decay"] * w'))
misconception("momentum_with_decay", "The decoupled decay forgets the learning rate.",
              id="without-rate", hint="η λ w.", replace="(rate * decay if", by="(decay if")


@misconception("momentum_with_decay", "The decoupled decay shrinks the weight after the step, "
               "velocity and all.", hint="η λ w, with w before the step.")
def momentum_with_decay_after_the_step(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"]
    slope = dw if config["decoupled"] else dw + decay * w
    config["velocity"] = config["momentum"] * config["velocity"] - rate * slope
    next_w = w + config["velocity"]
    return next_w * (1 - rate * decay if config["decoupled"] else 1), config


misconception("momentum_with_decay", "The decay is stored in the velocity in the decoupled form, "
              "too.", id="in-the-velocity",
              hint="Only the weights shrink; config['velocity'] stays without the decay.",
              replace=('dw if config["decoupled"] else dw + decay',
                       ' - (rate * decay if config["decoupled"] else 0.0)'), by=("dw + decay", ""))
misconception("momentum_with_decay", "The L2 gradient has a factor 2.", id="factor-two",
              hint="½ λ w² has the derivative λ w.", replace="dw + decay", by="dw + 2 * decay")


@alternative("momentum_with_decay")
def momentum_with_decay_shrinks_first(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    rate, decay = config["learning_rate"], config["weight_decay"]
    if config["decoupled"]:
        w = (1 - rate * decay) * w
    else:
        dw = dw + decay * w
    config["velocity"] = config["momentum"] * config["velocity"] - rate * dw
    return w + config["velocity"], config


@alternative("momentum_with_decay")
def momentum_with_decay_in_place(w, dw, config=None):
    config = {} if config is None else config
    rate, decay = config.setdefault("learning_rate", 1e-2), config.get("weight_decay", 1e-2)
    velocity = config.setdefault("velocity", np.zeros(w.shape))
    velocity *= config.get("momentum", 0.9)
    if config.get("decoupled"):
        velocity -= rate * dw
        w *= 1 - rate * decay
    else:
        velocity -= rate * (dw + decay * w)
    w += velocity
    return w, config


# --- same_decay -----------------------------------------------------------------------------------

misconception("same_decay", "A velocity remembers the decay of earlier weights; decoupled decay "
              "does not.", id="momentum", hint="Set µ = 0 and compare.",
              source='same_decay = "momentum"')
misconception("same_decay", "Adam divides the L2 term by the size of the gradient: that is what "
              "AdamW was made for.", id="adam", hint="Which rule neither remembers nor divides?",
              source='same_decay = "Adam"')
misconception("same_decay", "With µ = 0 both are w − ηg − ηλw.", id="none", hint="Write both down.",
              source='same_decay = "none of them"')

# --- max_norm -------------------------------------------------------------------------------------

misconception("max_norm", "The rows are limited: the weights out of one input, not those into one "
              "unit.", id="of-rows", hint="np.linalg.norm(w, axis=0).",
              replace="linalg.norm(w, axis=0)", by="linalg.norm(w, axis=1, keepdims=True)")
misconception("max_norm", "Short columns are stretched to the limit as well.", id="stretches",
              hint="Only long columns change.",
              replace="return w * (limit / np.maximum(lengths, limit))",
              by="return w * limit / np.where(lengths > 0, lengths, 1.0)")
misconception("max_norm", "The whole matrix is limited, not each column.", id="of-the-matrix",
              hint="One length for each column: axis=0.",
              replace="np.maximum(lengths, limit)", by="max(np.linalg.norm(w), limit)")
misconception("max_norm", "Each weight is clipped on its own, which changes the direction.",
              id="clips", hint="Multiply a long column by limit / length.",
              replace="lengths = np.linalg.norm(w, axis=0)\n"
                      "return w * (limit / np.maximum(lengths, limit))",
              by="return np.clip(w, -limit, limit)")
misconception("max_norm", "The squared length is compared with the limit: the root is missing.",
              id="without-root", hint="The Euclidean length is a root.",
              replace="lengths = np.linalg.norm(w, axis=0)", by="lengths = (w**2).sum(axis=0)")
misconception("max_norm", "A column of zeros is divided by its length, 0, and becomes NaN.",
              id="of-zeros", hint="Divide by np.maximum(lengths, limit).",
              replace="lengths = np.linalg.norm(w, axis=0)\n"
                      "return w * (limit / np.maximum(lengths, limit))",
              by='with np.errstate(all="ignore"):\n'
                 "    lengths = np.linalg.norm(w, axis=0)\n"
                 "    return w / lengths * np.minimum(lengths, limit)")


@alternative("max_norm")
def max_norm_in_a_loop(w, limit):
    for unit in range(w.shape[1]):
        length = np.sqrt(np.sum(w[:, unit] ** 2))
        if length > limit:
            w[:, unit] *= limit / length
    return w


alternative("max_norm", id="with-clip",
            replace=("linalg.norm(w, axis=0)", "return w * (limit / np.maximum(lengths, limit))"),
            by=("linalg.norm(w, axis=0, keepdims=True)",
                "return w * np.clip(lengths, 0, limit) / (lengths + 1e-8)"))

# --- early_stopping -------------------------------------------------------------------------------

misconception("early_stopping", "The best weights are the same arrays that the training goes on "
              "changing.", id="keeps-references", hint="Copy each array: {name: value.copy() …}.",
              replace=("self.best_loss, self.best_step = loss, self.checks\n"
                       "self.best_weights = {name: value.copy() for name, value in "
                       "weights.items()}",
                       "best = -1 if self.best_step is None else self.best_step\n"
                       "return self.checks - 1 - best >= self.patience"),
              by=("self.best_loss, self.best_step, self.best_weights = loss, self.checks, weights",
                  "return self.best_step is not None and self.checks - 1 - self.best_step >= "
                  "self.patience"))
misconception("early_stopping", "The dictionary is copied, but not the arrays in it.",
              id="copies-the-dictionary", hint="weights.copy() is shallow; copy the values.",
              replace=("self.best_loss, self.best_step = loss, self.checks\n"
                       "self.best_weights = {name: value.copy() for name, value in "
                       "weights.items()}",
                       "best = -1 if self.best_step is None else self.best_step\n"
                       "return self.checks - 1 - best >= self.patience"),
              by=("self.best_loss, self.best_step, self.best_weights = loss, self.checks, "
                  "dict(weights)",
                  "return self.best_step is not None and self.checks - 1 - self.best_step >= "
                  "self.patience"))
misconception("early_stopping", "The last weights come back, not the best ones.",
              id="returns-the-last", hint="Store the weights only when the loss is a new best.",
              replace="if loss < self.best_loss:",
              by="self.best_weights = {name: value.copy() for name, value in weights.items()}\n"
                 "if loss < self.best_loss:")
misconception("early_stopping", "Patience is off by one: it waits one check too long.",
              id="too-patient", hint="Stop at the check that makes `patience` in a row: >=, not >.",
              replace="best = -1 if self.best_step is None else self.best_step\n"
                      "return self.checks - 1 - best >= self.patience",
              by="return self.checks - 1 - self.best_step > self.patience")
misconception("early_stopping", "Patience is off by one: it stops one check too early.",
              id="too-hasty", hint="The best check itself is not one without improvement.",
              replace="self.checks - 1 - best", by="self.checks - best")
misconception("early_stopping", "The count of bad checks is never set back to zero.",
              id="never-forgives", hint="An improvement starts the count anew.",
              replace=("self.checks = 0", "if loss < self.best_loss:", "self.checks - 1 - best >="),
              by=("self.checks = self.bad = 0",
                  "self.bad += not loss < self.best_loss\n"
                  "if loss < self.best_loss:",
                  "self.bad >="))
misconception("early_stopping", "The loss is compared with the last one, not with the best one.",
              id="compares-with-the-last", hint="Only a loss below best_loss is an improvement.",
              replace=("self.checks = 0", "if loss < self.best_loss:", "self.checks - 1 - best >="),
              by=("self.checks, self.bad, self.last = 0, 0, np.inf",
                  "self.bad, self.last = 0 if loss < self.last else self.bad + 1, loss\n"
                  "if loss < self.best_loss:",
                  "self.bad >="))
misconception("early_stopping", "An equal loss counts as an improvement, so a plateau lasts for "
              "ever.", id="takes-ties", hint="Below the best one: <, not <=.",
              replace="loss < self.best_loss", by="loss <= self.best_loss")
misconception("early_stopping", "`loss >= best` is False for NaN, which is then taken for an "
              "improvement.", id="takes-nan",
              hint="Ask whether the loss is below the best one, and count everything else as bad.",
              replace="if loss < self.best_loss:", by="if not loss >= self.best_loss:")


@alternative("early_stopping")
class EarlyStoppingCountsBadChecks:
    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = (patience, float("inf"),
                                                                            None, None)
        self.step = self.bad = 0

    def update(self, loss, weights):
        improved = loss < self.best_loss
        self.bad = 0 if improved else self.bad + 1
        if improved:
            self.best_loss, self.best_step = loss, self.step
            self.best_weights = {name: np.array(value) for name, value in weights.items()}
        self.step += 1
        return self.bad >= self.patience


@alternative("early_stopping")
class EarlyStoppingWithAHistory:
    def __init__(self, patience):
        self.patience, self.losses = patience, []
        self.best_loss, self.best_step, self.best_weights = np.inf, None, None

    def update(self, loss, weights):
        import copy

        self.losses.append(loss)
        best = int(np.nanargmin(self.losses))
        if best == len(self.losses) - 1:
            self.best_loss, self.best_step, self.best_weights = loss, best, copy.deepcopy(weights)
        return len(self.losses) - 1 - best >= self.patience
