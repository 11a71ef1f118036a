"""Wrong and right answers to section 1, “Dropout”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- dropout_forward ------------------------------------------------------------------------------

misconception("dropout_forward", "p is taken for the probability of dropping, as in PyTorch.",
              id="p-drops",
              hint="Here p keeps: the mask is one where the random number is below p.",
              replace="(rng.random(x.shape) < p) / p",
              by="(rng.random(x.shape) > p) / (1 - p) if p < 1 else 0 * x")
misconception("dropout_forward", "Units are kept with probability 1 − p, but scaled with 1/p.",
              id="keeps-the-others", hint="Keep where rng.random(...) < p.",
              replace="(rng.random(x.shape) < p) / p", by="(rng.random(x.shape) > p) / p")
misconception("dropout_forward", "What is kept is not scaled, so the expectation shrinks in "
              "training.", id="without-scaling", hint="Divide the mask by p.",
              replace="(rng.random(x.shape) < p) / p", by="(rng.random(x.shape) < p) * 1.0")
misconception("dropout_forward", "Training divides by p, and test time multiplies by p as well.",
              id="scales-at-test-time",
              hint="Inverted dropout does nothing at test time: return x.",
              replace="return x, (dropout_param, None)", by="return x * p, (dropout_param, p)")
misconception("dropout_forward", "Units are dropped at test time, too: the mode is not looked at.",
              id="left-on", hint="In test mode return x.",
              replace='if mode == "test":\n'
                      "    return x, (dropout_param, None)", by="")
misconception("dropout_forward", "One mask serves the whole batch: all examples lose the same "
              "units.", id="one-mask-for-the-batch",
              hint="Draw x.shape random numbers, not x.shape[1:].",
              replace="(rng.random(x.shape) < p) / p",
              by="(rng.random(x.shape[1:]) < p) / p * np.ones_like(x)")
misconception("dropout_forward", "The global generator is seeded, so every call with a seed resets "
              "the random numbers of the whole program.", id="seeds-everybody",
              hint="rng = np.random.default_rng(seed), then rng.random(x.shape).",
              replace=("rng = np.random.default_rng(seed)", "rng.random(x.shape)"),
              by=("if seed is not None:\n"
                  "    np.random.seed(seed)",
                  "np.random.rand(*x.shape)"))
misconception("dropout_forward", "Without a seed, a fixed one is used: every step drops the same "
              "units.", id="always-the-same",
              hint="np.random.default_rng(None) gives other numbers each time: pass the seed on as "
                   "it is.",
              replace="default_rng(seed)", by='default_rng(dropout_param.get("seed", 0))')
misconception("dropout_forward", "x is multiplied in place, so the layer before loses its "
              "activations.", id="in-place",
              hint="out = x * mask makes a new array; x *= mask does not.",
              replace="out, cache = x * mask, (dropout_param, mask)",
              by="x *= mask\n"
                 "out, cache = x, (dropout_param, mask)")
misconception("dropout_forward", "`if seed:` takes the seed 0 for no seed at all.",
              id="zero-is-no-seed",
              hint="np.random.default_rng(seed) knows what to do with None: pass the seed on as it "
                   "is.",
              replace="rng = np.random.default_rng(seed)",
              by="rng = np.random.default_rng(seed) if seed else np.random.default_rng()")


@alternative("dropout_forward")
def dropout_forward_by_randomstate(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(mode)
    mask = np.ones(x.shape)
    if mode == "train":
        mask = (np.random.RandomState(seed).rand(*x.shape) < p) / p
    return x * mask, (dropout_param, mask)


@alternative("dropout_forward")
def dropout_forward_binomial(x, dropout_param):
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}, want 'train' or 'test'")
    if mode == "test":
        return x.copy(), (dropout_param, None)
    kept = np.random.default_rng(seed).binomial(1, p, size=x.shape)
    return x * kept / p, (dropout_param, kept / p)


@alternative("dropout_forward")
def dropout_forward_with_where(x, dropout_param):
    mode, p = dropout_param["mode"], dropout_param["p"]
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}, want 'train' or 'test'")
    mask = None
    if mode == "train":
        dropped = np.random.default_rng(dropout_param.get("seed")).random(x.shape) >= p
        mask = np.where(dropped, 0.0, 1 / p)
        x = np.where(dropped, 0.0, x / p)
    return x, (dropout_param, mask)


alternative("dropout_forward", id="in-float32",
            replace=('if mode == "test":', "mask = (rng.random(x.shape) < p) / p"),
            by=("x = np.array(x, dtype=np.float32)\n"
                'if mode == "test":',
                "mask = (rng.random(x.shape, dtype=np.float32) < p).astype(np.float32) / "
                "np.float32(p)"))

# --- dropout_backward -----------------------------------------------------------------------------

misconception("dropout_backward", "The mask is drawn anew: the gradient goes through other units "
              "than the data did.", id="draws-again",
              hint="Use the mask of the forward pass, out of the cache.",
              replace="dout * mask",
              by='dout * (np.random.default_rng().random(dout.shape) < cache[0]["p"]) / '
                 'cache[0]["p"]')
misconception("dropout_backward", "The factor 1/p is forgotten on the way back.",
              id="without-scaling", hint="out = x · mask with mask 0 or 1/p, so dx = dout · mask.",
              replace="dout * mask", by="dout * (mask > 0)")
misconception("dropout_backward", "The gradient is divided by p once more than the data were.",
              id="scales-twice", hint="The mask holds 1/p already.",
              replace="dout * mask", by='dout * mask / cache[0]["p"]')
misconception("dropout_backward", "In test mode the gradient is multiplied by p, though the data "
              "were not.", id="scales-at-test-time", hint="At test time out is x: return dout.",
              replace="return dout if", by='return dout * cache[0]["p"] if')
misconception("dropout_backward", "The gradient comes back as if nothing had been dropped.",
              id="ignores-the-mask", hint="Multiply by the mask.",
              replace="_, mask = cache\n"
                      "return dout if mask is None else dout * mask", by="return dout")
alternative("dropout_backward", id="in-place",
            replace="_, mask = cache\n"
                    "return dout if mask is None else dout * mask",
            by="if cache[1] is not None:\n"
               "    dout *= cache[1]\n"
               "return dout")


@alternative("dropout_backward")
def dropout_backward_with_where(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "test":
        return dout.copy()
    return np.where(mask > 0, dout / dropout_param["p"], 0.0)


# --- plain_dropout --------------------------------------------------------------------------------

misconception("plain_dropout", "This is the inverted form: it scales in training.",
              id="is-inverted", hint="Here training only drops; test time multiplies by p.",
              replace='np.random.default_rng(seed).random(x.shape) < p if mode == "train" else p',
              by='(np.random.default_rng(seed).random(x.shape) < p) / p if mode == "train" else '
                 "1.0")
misconception("plain_dropout", "At test time x is divided by p, so it grows in place of shrinking.",
              id="divides",
              hint="In training only a share p of the units is there: at test time multiply by p.",
              replace="else p", by="else 1 / p")
misconception("plain_dropout", "At test time x is multiplied by 1 − p: p is taken for the "
              "probability of dropping.", id="p-drops", hint="p keeps.",
              replace='< p if mode == "train" else p', by='>= p if mode == "train" else 1 - p')
misconception("plain_dropout", "Test time is forgotten: nothing is scaled anywhere.",
              id="never-scales", hint="The plain form owes the factor p at test time.",
              replace="else p", by="else 1.0")
misconception("plain_dropout", "At test time the gradient is passed on without the factor p.",
              id="backward-forgets-p", hint="out = p · x, so dx = p · dout.", earns=1,
              replace="dout * cache", by="dout if np.ndim(cache) == 0 else dout * cache")
misconception("plain_dropout", "The dropped units are set to zero in x itself: the layer before "
              "loses its activations.", id="in-place", hint="x * factor makes a new array.",
              earns=1,
              replace='factor = np.random.default_rng(seed).random(x.shape) < p if mode == "train" '
                      "else p\n"
                      "return x * factor, factor",
              by='if mode == "test":\n'
                 "    return p * x, p\n"
                 "keep = np.random.default_rng(seed).random(x.shape) < p\n"
                 "x[~keep] = 0.0\n"
                 "return x, keep")
misconception("plain_dropout", "One mask serves the whole batch: all examples lose the same units.",
              id="one-mask", hint="Draw x.shape random numbers, not x.shape[1:].", earns=1,
              replace="random(x.shape) < p", by="random(x.shape[1:]) < p")


@alternative("plain_dropout", replaces="plain_dropout_forward")
def plain_dropout_with_cases(x, dropout_param):
    if dropout_param["mode"] == "test":
        return dropout_param["p"] * x, dropout_param["p"]
    kept = np.random.default_rng(dropout_param.get("seed")).binomial(1, dropout_param["p"], x.shape)
    out = x.copy()
    out[kept == 0] = 0.0
    return out, kept


alternative("plain_dropout", id="backward-multiplies",
            replace="dout * cache", by="np.multiply(dout, cache, dtype=np.float32)")

# --- scaled_twice ---------------------------------------------------------------------------------

misconception("scaled_twice", "That is the factor of one layer; there are three.", id="one-layer",
              hint="Multiply the factors: 0.5³.", source="scaled_twice = 0.5")
misconception("scaled_twice", "The factors multiply, they don't add up.", id="added",
              hint="0.5 · 0.5 · 0.5.", source="scaled_twice = 1.5")
misconception("scaled_twice", "The scores get too small, not too large: test time multiplies by p.",
              id="inverse", hint="Training was right; test time adds a factor 0.5 in each layer.",
              source="scaled_twice = 8.0")
alternative("scaled_twice", id="fraction", source="scaled_twice = 1 / 8")
alternative("scaled_twice", id="power", source="scaled_twice = np.float32(0.5) ** 3")
