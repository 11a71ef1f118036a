"""Wrong and right answers to section 5, “Smooth gates: GELU and SiLU”."""

import numpy as np
from scipy.special import erf

from autograder.lessons.variants import alternative, misconception

# --- gelu -----------------------------------------------------------------------------------------

misconception("gelu", "That is the tanh form: close, but off by up to 0.0005.", id="by-tanh",
              hint="Φ(x) = ½ (1 + erf(x/√2)).", earns=2,
              replace=("cdf = 0.5 * (1 + erf(x / np.sqrt(2)))", "return x * cdf, (x, cdf)"),
              by=("bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))",
                  "return 0.5 * x * (1 + bend), (x, 0.5 * (1 + erf(x / np.sqrt(2))))"))
misconception("gelu", "That is the approximation x σ(1.702 x), off by up to 0.02.", id="by-sigmoid",
              hint="Φ(x) = ½ (1 + erf(x/√2)).", earns=2,
              replace="cdf = 0.5 * (1 + erf(x / np.sqrt(2)))\n"
                      "return x * cdf, (x, cdf)",
              by="return x * expit(1.702 * x), (x, 0.5 * (1 + erf(x / np.sqrt(2))))")
misconception("gelu", "erf wants x/√2: the error function belongs to a normal variable of variance "
              "½.", id="without-the-root", hint="erf(x / np.sqrt(2)).",
              replace="cdf = 0.5 * (1 + erf(x / np.sqrt(2)))", by="cdf = 0.5 * (1 + erf(x))")
misconception("gelu", "That is the gate Φ(x) alone; GELU multiplies x by it.", id="gate-alone",
              hint="x * Φ(x).", earns=2,
              replace="return x * cdf, (x, cdf)", by="return cdf, (x, cdf)")
misconception("gelu", "The product rule has two terms: the density is missing.",
              id="backward-without-density", hint="Φ(x) + x φ(x).", earns=1,
              replace="x, cdf = cache\n"
                      "density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)\n"
                      "return dout * (cdf + x * density)", by="return dout * cache[1]")
misconception("gelu", "The second term lacks its factor x.", id="backward-density-without-x",
              hint="Φ(x) + x φ(x).", earns=1,
              replace="return dout * (cdf + x * density)", by="return dout * (cdf + density)")
misconception("gelu", "The density isn't normalized: 1/√(2π) is missing.",
              id="backward-density-unnormalized", hint="φ(x) = exp(−x²/2) / √(2π).", earns=1,
              replace=" / np.sqrt(2 * np.pi)", by="")
misconception("gelu", "The derivative of erf is used without the inner derivative 1/√2 and with "
              "exp(−x²).", id="backward-density-of-erf", hint="φ(x) = exp(−x²/2) / √(2π).", earns=1,
              replace="cdf + x * density", by="cdf + x * np.exp(-(x**2)) / np.sqrt(np.pi)")


@misconception("gelu", "The gradient is that of the tanh form; forward and backward don't belong "
               "together.", hint="Differentiate x Φ(x) itself.", earns=1, replaces="gelu_backward")
def gelu_backward_by_tanh(dout, cache):
    x, _ = cache
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)


alternative("gelu", id="by-torch-erf",
            replace="cdf = 0.5 * (1 + erf(x / np.sqrt(2)))",
            by="cdf = 0.5 * torch.special.erfc(torch.tensor(-x / np.sqrt(2))).numpy()")
alternative("gelu", id="backward-by-output",
            replace="density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)\n"
                    "return dout * (cdf + x * density)",
            by="return dout * cdf + dout * x * np.exp(-x * x / 2) * 0.3989422804014327")
alternative("gelu", id="that-keeps-its-slope",
            source="    x = np.asarray(x, dtype=np.float32)\n"
                   "    cdf = (0.5 + 0.5 * erf(x / np.float32(2) ** 0.5)).astype(np.float32)\n"
                   "    return x * cdf, cdf + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)\n"
                   "\n"
                   "\n"
                   "def gelu_backward(dout, cache):\n"
                   "    return dout * cache\n")

# --- gelu_tanh ------------------------------------------------------------------------------------

misconception("gelu_tanh", "√(2/π) multiplies x only; it belongs before the whole bracket.",
              id="bracket", hint="√(2/π) · (x + 0.044715 x³).",
              replace="(x + 0.044715 * x**3)", by="x + 0.044715 * x**3")
misconception("gelu_tanh", "That is the exact form; the task is the approximation, which differs "
              "by up to 0.0005.", id="exact", hint="tanh in place of erf.", earns=2,
              replace="0.5 * x * (1 + bend)", by="0.5 * x * (1 + erf(x / np.sqrt(2)))")
misconception("gelu_tanh", "x is squared, where the formula has its cube.", id="squared",
              hint="x + 0.044715 x³.", replace="x + 0.044715 * x**3", by="x + 0.044715 * x**2")
misconception("gelu_tanh", "The chain rule stops at tanh: u' is missing.",
              id="backward-without-inner",
              hint="Multiply the second term by √(2/π) (1 + 3 · 0.044715 x²).", earns=1,
              replace="0.5 * x * (1 - bend**2) * du", by="0.5 * x * (1 - bend**2)")
misconception("gelu_tanh", "The derivative of x³ is 3x²: the 3 is missing.",
              id="backward-without-three", hint="u' = √(2/π) (1 + 3 · 0.044715 x²).", earns=1,
              replace="1 + 3 * 0.044715 * x**2", by="1 + 0.044715 * x**2")
misconception("gelu_tanh", "The product rule has two terms; the one with tanh' is missing.",
              id="backward-one-term", hint="½(1 + tanh u) + ½ x (1 − tanh² u) u'.", earns=1,
              replace="(0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)", by="0.5 * (1 + bend)")


@misconception("gelu_tanh", "That is the derivative of the exact form; it doesn't belong to this "
               "forward pass.", hint="Differentiate the formula as it stands.", earns=1,
               replaces="gelu_tanh_backward")
def gelu_tanh_backward_exact(dout, cache):
    x, _ = cache
    return dout * (0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))


alternative("gelu_tanh", id="by-sigmoid",
            replace="return 0.5 * x * (1 + bend), (x, bend)",
            by="gate = expit(2 * np.sqrt(2 / np.pi) * x * (1 + 0.044715 * x * x))\n"
               "return x * gate, (x, 2 * gate - 1)")
alternative("gelu_tanh", id="backward-by-gates",
            replace=("du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)",
                     "return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)"),
            by=("gate = 0.5 * (1 + bend)",
                "return dout * (gate + 2 * x * gate * (1 - gate) * "
                "(0.7978845608028654 + 0.1070322243 * x**2))"))

# --- gelu_gap -------------------------------------------------------------------------------------

misconception("gelu_gap", "The unit of the axis, 0.0001, is forgotten.", id="without-unit",
              hint="Multiply by 0.0001.", source="gelu_gap = 4.7")
misconception("gelu_gap", "That is the place of the largest difference, not the difference.",
              id="place", hint="Read the other axis.", source="gelu_gap = 2.7")
misconception("gelu_gap", "That is the depth of the dips; the peaks are twice as far from zero.",
              id="dip", hint="The largest absolute value.", source="gelu_gap = 2.3e-4")
alternative("gelu_gap", id="rounded", source="gelu_gap = 5e-4")
alternative("gelu_gap", id="exact", source="gelu_gap = np.abs(-0.000473)")

# --- silu -----------------------------------------------------------------------------------------

misconception("silu", "The gate overflows at −1000: exp(-x) is too large for a float.",
              id="overflows", hint="Use expit.", earns=2,
              replace="gate = expit(x)", by="gate = 1 / (1 + np.exp(-x))")
misconception("silu", "The gate is σ(1.702 x): that is an approximation of GELU.", id="of-gelu",
              hint="x * σ(x).", replace="gate = expit(x)", by="gate = expit(1.702 * x)")
misconception("silu", "That is the gate alone.", id="gate", hint="x * σ(x).", earns=2,
              replace="return x * gate, (x, gate)", by="return gate, (x, gate)")
misconception("silu", "The cache holds the output where the formula needs the input.",
              id="keeps-the-output", hint="σ + x σ (1 − σ), with x.", earns=1,
              replace="return x * gate, (x, gate)", by="return x * gate, (x * gate, gate)")
misconception("silu", "The gate is treated as a constant: the product rule has a second term.",
              id="backward-constant-gate", hint="σ + x σ (1 − σ).", earns=1,
              replace="x, gate = cache\n"
                      "return dout * (gate + x * gate * (1 - gate))", by="return dout * cache[1]")
misconception("silu", "The first term of the product rule is missing.", id="backward-second-term",
              hint="σ + x σ (1 − σ).", earns=1,
              replace="* (gate + x * gate * (1 - gate))", by="* x * gate * (1 - gate)")
misconception("silu", "The second term lacks its factor x.", id="backward-without-x",
              hint="σ + x σ (1 − σ).", earns=1,
              replace="gate + x * gate * (1 - gate)", by="gate + gate * (1 - gate)")
misconception("silu", "The local derivative comes back without dout.", id="backward-without-dout",
              hint="Multiply by dout.", earns=1,
              replace="return dout * (gate + x * gate * (1 - gate))",
              by="return gate + x * gate * (1 - gate)")
alternative("silu", id="by-tanh",
            replace=("gate = expit(x)", "return x * gate, (x, gate)"),
            by=("gate = 0.5 + 0.5 * np.tanh(x / 2)", "return gate * x, (x, gate)"))
alternative("silu", id="backward-factored",
            replace="* (gate + x * gate * (1 - gate))", by="* gate * (1 + x - x * gate)")
alternative("silu", id="from-output-and-gate",
            source="    gate = expit(x)\n"
                   "    out = x * gate\n"
                   "    return out, (out, gate)\n"
                   "\n"
                   "\n"
                   "def silu_backward(dout, cache):\n"
                   "    out, gate = cache\n"
                   "    return dout * (gate + out * (1 - gate))\n")
