"""Wrong and right answers to section 2, “Sigmoid and tanh, and how they saturate”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- sigmoid --------------------------------------------------------------------------------------

misconception("sigmoid", "exp(-x) overflows for very negative x; NumPy warns, and for some "
              "formulas NaN follows.", id="as-it-stands",
              hint="Take the exponential of -|x|, in both branches.", earns=2,
              replace="np.where(x >= 0, 1.0, small) / (1.0 + small)", by="1 / (1 + np.exp(-x))")
misconception("sigmoid", "exp(x) / (1 + exp(x)) is ∞/∞ = NaN for large x.", id="nan-on-the-right",
              hint="Use this form for negative x only, and 1 / (1 + exp(-x)) for the others.",
              replace="out, out", by="np.exp(x) / (1 + np.exp(x)), np.exp(x) / (1 + np.exp(x))")
misconception("sigmoid", "np.where computes both branches, so the overflow happens all the same, "
              "and warns.", id="where-computes-both",
              hint="Make both branches safe: exp(-|x|) never overflows.", earns=2,
              replace="small = np.exp(-np.abs(x))\n"
                      "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
              by="out = np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))")
misconception("sigmoid", "The result is written into an array of the dtype of x: for integers all "
              "is cut off to 0 or 1.", id="of-integers",
              hint="np.zeros(x.shape) is an array of floats; np.zeros_like(x) is one of integers "
                   "where x is.", earns=2,
              replace="small = np.exp(-np.abs(x))\n"
                      "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
              by="out = np.zeros_like(x)\n"
                 "right = x >= 0\n"
                 "out[right] = 1 / (1 + np.exp(-x[right]))\n"
                 "out[~right] = np.exp(x[~right]) / (1 + np.exp(x[~right]))")
misconception("sigmoid", "The input is clipped far too early: σ(−20) is 2e-9 and σ(−30) should be "
              "smaller.", id="clipped-at-twenty",
              hint="With exp(-|x|) nothing needs to be clipped.",
              replace="small = np.exp(-np.abs(x))\n"
                      "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
              by="out = 1 / (1 + np.exp(-np.clip(x, -20, 20)))")
misconception("sigmoid", "The input is clipped in place, so the caller's x is changed.",
              id="clips-in-place",
              hint="np.clip(x, …) without out=x makes a new array; or use exp(-|x|) and clip "
                   "nothing.", earns=2,
              replace="small = np.exp(-np.abs(x))",
              by='if x.dtype.kind == "f":\n'
                 "    np.clip(x, -80, 80, out=x)\n"
                 "small = np.exp(-np.abs(x))")
misconception("sigmoid", "The backward pass puts the input x where the formula has the output "
              "σ(x).", id="keeps-the-input", hint="σ' = σ (1 − σ): keep the output in the cache.",
              replace="return out, out", by="return out, x")
misconception("sigmoid", "The sigmoid is taken twice: what the cache holds is the output already.",
              id="backward-twice",
              hint="dout * out * (1 - out), with out as it comes from the cache.", earns=1,
              replace="out = cache", by="out = expit(cache)")
misconception("sigmoid", "The local derivative comes back without dout: the chain rule multiplies "
              "by it.", id="backward-without-dout", hint="dout * out * (1 - out).", earns=1,
              replace="out = cache\n"
                      "return dout * out * (1 - out)", by="return cache * (1 - cache)")
misconception("sigmoid", "The factor 1 − out is missing, so saturated units on the right still "
              "learn.", id="backward-one-factor", hint="σ' = σ (1 − σ).", earns=1,
              replace="out = cache\n"
                      "return dout * out * (1 - out)", by="return dout * cache")
misconception("sigmoid", "That is the derivative of tanh, 1 − out², not that of σ.",
              id="backward-of-tanh", hint="σ' = σ (1 − σ).", earns=1,
              replace="out = cache\n"
                      "return dout * out * (1 - out)", by="return dout * (1 - cache**2)")
misconception("sigmoid", "dout is changed in place; other branches of the network still need it.",
              id="backward-in-place", hint="dx = dout * …, not dout *= ….", earns=1,
              replace=("out = cache", "return dout * out * (1 - out)"),
              by=("dout *= cache * (1 - cache)", "return dout"))


@alternative("sigmoid", replaces="sigmoid_forward")
def sigmoid_by_masks(x):
    x = np.asarray(x, dtype=float)
    out, right = np.empty(x.shape), x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    power = np.exp(x[~right])
    out[~right] = power / (1 + power)
    return out, out


alternative("sigmoid", id="by-tanh",
            replace="small = np.exp(-np.abs(x))\n"
                    "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
            by="out = 0.5 * (1 + np.tanh(0.5 * x))")
alternative("sigmoid", id="clipped-far-out",
            replace="small = np.exp(-np.abs(x))\n"
                    "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
            by="out = 1 / (1 + np.exp(-np.clip(x, -80.0, 700.0)))")
alternative("sigmoid", id="by-logaddexp",
            replace="small = np.exp(-np.abs(x))\n"
                    "out = np.where(x >= 0, 1.0, small) / (1.0 + small)",
            by="out = np.exp(-np.logaddexp(0, -x))")
alternative("sigmoid", id="backward-expanded",
            replace="out = cache\n"
                    "return dout * out * (1 - out)", by="return dout * (cache - np.square(cache))")
alternative("sigmoid", id="that-keeps-the-input",
            source='    return expit(x), {"x": np.array(x)}\n'
                   "\n"
                   "\n"
                   "def sigmoid_backward(dout, cache):\n"
                   '    s = expit(np.abs(cache["x"]))\n'
                   "    return np.asarray(dout, dtype=float) * s * (1 - s)\n")

# --- tanh -----------------------------------------------------------------------------------------

misconception("tanh", "The quotient of exponentials is ∞/∞ at ±1000.", id="by-hand",
              hint="np.tanh is stable; or use 2σ(2x) − 1.", earns=1,
              replace="np.tanh(x)", by="(np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))")
misconception("tanh", "That is 2σ(x) − 1, which rises half as fast as tanh.", id="half-as-steep",
              hint="tanh x = 2σ(2x) − 1.", replace="out = np.tanh(x)", by="out = np.tanh(x / 2)")
misconception("tanh", "The cache holds the input, and 1 − x² is not the derivative.",
              id="that-keeps-the-input", hint="1 − out²: keep the output.", earns=1,
              replace="out = np.tanh(x)\n"
                      "return out, out", by="return np.tanh(x), x")
misconception("tanh", "That is the derivative of the sigmoid.", id="backward-of-sigmoid",
              hint="For tanh it is 1 − out².", earns=1,
              replace="out = cache\n"
                      "return dout * (1 - out**2)", by="return dout * cache * (1 - cache)")
misconception("tanh", "The output isn't squared.", id="backward-without-square", hint="1 − out².",
              earns=1, replace="1 - out**2", by="1 - np.abs(out)")
misconception("tanh", "The tanh is taken once more: the cache holds the output already.",
              id="backward-twice", hint="1 − out², with out as it comes from the cache.", earns=1,
              replace="out = cache\n"
                      "return dout * (1 - out**2)", by="return dout * (1 - np.tanh(cache) ** 2)")
misconception("tanh", "The local derivative comes back without dout.", id="backward-without-dout",
              hint="Multiply by dout.", earns=1,
              replace="out = cache\n"
                      "return dout * (1 - out**2)", by="return 1 - cache**2")
alternative("tanh", id="from-the-sigmoid",
            replace="out = np.tanh(x)", by="out = 2 * expit(2 * x) - 1")
alternative("tanh", id="backward-factored",
            replace="out = cache\n"
                    "return dout * (1 - out**2)", by="return dout * (1 - cache) * (1 + cache)")
alternative("tanh", id="with-cosh-in-float32",
            source="    return np.tanh(x).astype(np.float32), "
                   "np.clip(np.asarray(x, dtype=np.float32), -40, 40)\n"
                   "\n"
                   "\n"
                   "def tanh_backward(dout, cache):\n"
                   "    return dout.astype(np.float32) / np.cosh(cache) ** 2\n")

# --- best_case ------------------------------------------------------------------------------------

misconception("best_case", "That is one sigmoid; the gradient passes ten.", id="of-one",
              hint="Ten factors of a quarter.", source="best_case = 0.25")
misconception("best_case", "Ten quarters are multiplied, not added.", id="divided",
              hint="0.25 ** 10.", source="best_case = 0.25 / 10")
misconception("best_case", "σ is ½ in the middle, its slope is ½ · ½.", id="of-the-value",
              hint="σ (1 − σ) at σ = ½.", source="best_case = 0.5**10")
alternative("best_case", id="rounded", source="best_case = 9.5e-7")
alternative("best_case", id="about-a-millionth", source="best_case = 1e-6")

# --- least_lost -----------------------------------------------------------------------------------

misconception("least_lost", "The derivative of a ReLU is 1 where it is on, but about half of the "
              "units are off.", id="relu",
              hint="What does a mask with half zeros do to a mean square, ten times over?",
              source='least_lost = "ReLU"')
misconception("least_lost", "The sigmoid multiplies by a quarter or less in each layer.",
              id="sigmoid", hint="Compare the largest derivatives.",
              source='least_lost = "sigmoid"')
alternative("least_lost", id="as-text", source="least_lost = str(np.array('tanh'))")

# --- factor_per_layer -----------------------------------------------------------------------------

misconception("factor_per_layer", "That is what is left after all ten layers.",
              id="factor-of-all-layers", hint="Take the tenth root.",
              source="factor_per_layer = 4.7e-7")
misconception("factor_per_layer", "That is ReLU's factor, 1/√2.", id="factor-of-relu",
              hint="Read the lowest of the three lines.", source="factor_per_layer = 0.7")
misconception("factor_per_layer", "What is left is divided by ten; but factors multiply.",
              id="factor-of-one-power-of-ten", hint="Take the tenth root.",
              source="factor_per_layer = 0.1")
alternative("factor_per_layer", id="factor-as-a-root",
            source="factor_per_layer = 4.7e-7 ** (1 / 10)")
alternative("factor_per_layer", id="factor-rounded", source="factor_per_layer = 0.25")
