"""Wrong and right answers to section 4, “A learning rate for each weight”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- adagrad --------------------------------------------------------------------------------------

misconception("adagrad", "The cache is replaced by the newest square; it doesn't add up.",
              id="forgets", hint="cache = cache + dw².",
              replace='config["cache"] = config["cache"] + dw**2', by='config["cache"] = dw**2')
misconception("adagrad", "epsilon stands inside the root.", id="epsilon-inside",
              hint="Divide by √cache + epsilon: first the root, then epsilon.",
              replace='w - config["learning_rate"] * dw / '
                      '(np.sqrt(config["cache"]) + config["epsilon"])',
              by='w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"])')
misconception("adagrad", "The step divides by the cache itself; the root is missing.",
              id="without-root",
              hint="Divide by the root of the cache, which has the unit of a gradient.",
              replace='np.sqrt(config["cache"])', by='config["cache"]')
misconception("adagrad", "The step is divided by the cache as it was before this gradient.",
              id="one-step-late", hint="Add dw² first, then divide.",
              replace=('config["cache"] = config["cache"] + dw**2', "return next_w, config"),
              by=("",
                  'config["cache"] = config["cache"] + dw**2\n'
                  "return next_w, config"))
misconception("adagrad", "One cache for all weights: the squares are added up over the whole "
              "array.", id="one-cache-for-all",
              hint="The cache has the shape of w; each weight has its own.",
              replace='config["cache"] + dw**2', by='config["cache"] + np.sum(dw**2)')


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


# --- rmsprop --------------------------------------------------------------------------------------

misconception("rmsprop", "The cache only grows: the new square enters in full.", id="accumulates",
              hint="The new square gets the share 1 − decay_rate.",
              replace="(1 - decay) * dw**2", by="dw**2")
misconception("rmsprop", "decay_rate and 1 − decay_rate have changed places.",
              id="swaps-the-shares", hint="decay_rate is the share of the old cache that is kept.",
              replace='config["cache"] = decay * config["cache"] + (1 - decay) * dw**2',
              by='config["cache"] = (1 - decay) * config["cache"] + decay * dw**2')
misconception("rmsprop", "epsilon stands inside the root.", id="epsilon-inside",
              hint="Divide by √cache + epsilon: first the root, then epsilon.",
              replace='w - config["learning_rate"] * dw / '
                      '(np.sqrt(config["cache"]) + config["epsilon"])',
              by='w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"])')
misconception("rmsprop", "The cache averages |dw|, not dw².", id="of-magnitudes",
              hint="Square the gradient before you average it.",
              replace="(1 - decay) * dw**2", by="(1 - decay) * np.abs(dw)")
misconception("rmsprop", "The cache is corrected for its start at zero; that is Adam's, not "
              "RMSprop's.", id="with-adams-correction",
              hint="RMSprop divides by the root of the cache as it is.",
              replace=('decay = config["decay_rate"]', 'np.sqrt(config["cache"])'),
              by=('decay, config["t"] = config["decay_rate"], config.get("t", 0) + 1',
                  'np.sqrt(config["cache"] / (1 - decay ** config["t"]))'))
alternative("rmsprop", id="as-a-correction",
            replace='config["cache"] = decay * config["cache"] + (1 - decay) * dw**2',
            by='config["cache"] = config["cache"] + (1 - decay) * (dw**2 - config["cache"])')


@alternative("rmsprop")
def rmsprop_in_place(w, dw, config=None):
    config = {} if config is None else config
    decay, cache = config.get("decay_rate", 0.99), config.setdefault("cache", np.zeros(w.shape))
    cache *= decay
    cache += (1 - decay) * dw**2
    w -= config.get("learning_rate", 1e-2) * dw / (np.sqrt(cache) + config.get("epsilon", 1e-8))
    return w, config


# --- adam -----------------------------------------------------------------------------------------

misconception("adam", "The averages start at zero and were not corrected for it: the first steps "
              "have the wrong length.", id="without-bias-correction",
              hint="Divide m by 1 − beta1**t and v by 1 − beta2**t before the step.",
              replace="m_hat / (np.sqrt(v_hat)", by='config["m"] / (np.sqrt(config["v"])')
misconception("adam", "t is counted after the step, so the first correction divides by zero.",
              id="counts-afterwards", hint="Count t up first: the first step has t = 1.",
              replace=('config["t"] += 1', '(np.sqrt(v_hat) + config["epsilon"])'),
              by=("",
                  '(np.sqrt(v_hat) + config["epsilon"])\n'
                  'config["t"] += 1'))
misconception("adam", "t is never counted on: every step is corrected as if it were the first one.",
              id="never-counts", hint="Store t + 1 in the config that you return.",
              replace=('"t": 0', 'config["t"] += 1'), by=('"t": 1', ""))
misconception("adam", "The corrected averages are stored, so the correction is applied to them "
              "again and again.", id="stores-the-corrected-averages",
              hint="Keep m and v uncorrected in config; m_hat and v_hat are for this step only.",
              replace=("m_hat =", "v_hat ="), by=('m_hat = config["m"] =', 'v_hat = config["v"] ='))
misconception("adam", "Only the first average is corrected, not the second one.",
              id="corrects-m-only", hint="v starts at zero as well: divide it by 1 − beta2**t.",
              replace="np.sqrt(v_hat)", by='np.sqrt(config["v"])')
misconception("adam", "v averages |dw| instead of dw².", id="of-magnitudes",
              hint="v = beta2 · v + (1 − beta2) · dw**2.",
              replace="(1 - beta2) * dw**2", by="(1 - beta2) * np.abs(dw)")
misconception("adam", "v averages the square of m, not of the gradient.", id="squares-m",
              hint="v takes in dw**2, whatever m is.",
              replace="(1 - beta2) * dw**2", by='(1 - beta2) * config["m"] ** 2')
misconception("adam", "epsilon stands inside the root.", id="epsilon-inside",
              hint="Divide by √v_hat + epsilon: first the root, then epsilon.",
              replace='w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])',
              by='w - config["learning_rate"] * m_hat / np.sqrt(v_hat + config["epsilon"])')
misconception("adam", "The corrections were folded into the learning rate, which scales epsilon, "
              "too.", id="folds-without-epsilon",
              hint="If you fold the step size, epsilon becomes epsilon · √(1 − beta2**t).",
              replace=('m_hat = config["m"]', "np.sqrt(v_hat)"),
              by=('m_hat = config["m"] * np.sqrt(1 - beta2 ** config["t"])',
                  'np.sqrt(config["v"])'))
misconception("adam", "beta1 and beta2 have changed places.", id="swaps-the-betas",
              hint="beta1 = 0.9 belongs to m, beta2 = 0.999 to v.",
              replace="beta1, beta2 =", by="beta2, beta1 =")
misconception("adam", "The corrections use beta · t instead of beta to the power of t.",
              id="multiplies-by-t", hint="After t steps the share of the zeros is beta**t.",
              replace=('beta1 ** config["t"]', 'beta2 ** config["t"]', "np.sqrt(v_hat)"),
              by=('beta1 * config["t"]', 'beta2 * config["t"]', "np.sqrt(np.abs(v_hat))"))


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
    return w - np.float32(config.get("learning_rate", 1e-3) * config["m"] / (1 - beta1**t)
                          / root), config


# --- uncorrected_step -----------------------------------------------------------------------------

misconception("uncorrected_step", "m alone is a tenth of the gradient, but the root of v is too "
              "small as well.", id="m-alone", hint="Divide 0.1 by √0.001.",
              source="uncorrected_step = 0.1")
misconception("uncorrected_step", "The root of v is missing.", id="without-root",
              hint="0.1 / √0.001, not 0.1 / 0.001.", source="uncorrected_step = 100.0")
misconception("uncorrected_step", "That is the inverse of the factor.", id="inverted",
              hint="m stands above, √v below.", source="uncorrected_step = 0.316")
alternative("uncorrected_step", id="formula", source="uncorrected_step = 0.1 / 0.001**0.5")

# --- l2_in_adam -----------------------------------------------------------------------------------

misconception("l2_in_adam", "That would hold for gradient descent; Adam divides the factor out.",
              id="like-sgd", hint="Multiply all gradients by 100: what happens to m/√v?",
              source='l2_in_adam = "100 times"')
misconception("l2_in_adam", "Not the root either: m carries the factor, √v carries it, too.",
              id="half-way", hint="Multiply all gradients by 100: what happens to m/√v?",
              source='l2_in_adam = "10 times"')

# --- adamw ----------------------------------------------------------------------------------------

misconception("adamw", "The decay is added to the gradient: this is L2 inside Adam, not AdamW.",
              id="with-l2",
              hint="Keep the decay out of m and v; add weight_decay · w after the division.",
              replace=('config["t"] += 1', ' + config["weight_decay"] * w'),
              by=('dw = dw + config["weight_decay"] * w\n'
                  'config["t"] += 1',
                  ""))
misconception("adamw", "The decay is not multiplied by the learning rate.",
              id="decay-without-the-rate",
              hint="Each step takes learning_rate · weight_decay · w off.",
              replace=(' + config["weight_decay"] * w', 'config["learning_rate"] * direction'),
              by=("", 'config["learning_rate"] * direction - config["weight_decay"] * w'))
misconception("adamw", "The decay shrinks the weights after the step, so it shrinks the step, too.",
              id="decays-afterwards",
              hint="The decay takes its share of w as it was before the step.",
              replace=(' + config["weight_decay"] * w', 'w - config["learning_rate"] * direction'),
              by=("",
                  '(w - config["learning_rate"] * direction) * '
                  '(1 - config["learning_rate"] * config["weight_decay"])'))
misconception("adamw", "The weights grow: the decay has the wrong sign.", id="grows",
              hint="Take learning_rate · weight_decay · w off the weights.",
              replace='+ config["weight_decay"] * w', by='- config["weight_decay"] * w')
misconception("adamw", "There is no decay at all: this is Adam.", id="without-decay",
              hint="Add weight_decay · w to the quotient.",
              replace=' + config["weight_decay"] * w', by="")


@alternative("adamw")
def adamw_by_way_of_adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "weight_decay": 1e-2, **(config or {})}
    shrunk = w * (1 - config["learning_rate"] * config["weight_decay"])
    return adam(shrunk, dw, config)


@alternative("adamw")
def adamw_shrinks_first(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "weight_decay": 1e-2,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    beta1, beta2, rate = config["beta1"], config["beta2"], config["learning_rate"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat, v_hat = (config["m"] / (1 - beta1 ** config["t"]),
                    config["v"] / (1 - beta2 ** config["t"]))
    next_w = w - rate * config["weight_decay"] * w
    next_w -= rate * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    return next_w, config
