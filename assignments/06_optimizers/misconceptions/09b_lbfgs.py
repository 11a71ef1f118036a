"""Wrong and right answers to the second part of section 9, “Second order”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- lbfgs_direction ------------------------------------------------------------------------------

misconception("lbfgs_direction", "The first loop runs from the oldest pair to the newest.",
              id="lbfgs-loops-in-the-wrong-order",
              hint="First loop from the newest to the oldest, second loop back.",
              replace=("for s, y in reversed(pairs):",
                       "for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):"),
              by=("for s, y in pairs:",
                  "for (s, y), alpha in zip(reversed(pairs), reversed(alphas)):"))
misconception("lbfgs_direction", "The scaling by gamma between the loops is missing.",
              id="lbfgs-without-gamma", hint="Multiply by (s @ y) / (y @ y) of the newest pair.",
              replace="if pairs:\n"
                      "    s, y = pairs[-1]\n"
                      "    r = r * (s @ y) / (y @ y)", by="")
misconception("lbfgs_direction", "gamma comes from the oldest pair.",
              id="lbfgs-gamma-of-the-oldest",
              hint="The newest pair, pairs[-1], knows the curvature here.",
              replace=("s, y = pairs[-1]",
                       "for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):"),
              by=("s, y = pairs[0]", "for (s, y), alpha in zip(pairs, reversed(alphas)):"))
misconception("lbfgs_direction", "The alphas are used in the order in which they came; the second "
              "loop needs them the other way round.", id="lbfgs-alphas-not-reversed",
              hint="Pair each alpha with its own s and y: reversed(alphas).",
              replace="zip(pairs, reversed(alphas), strict=True)", by="zip(pairs, alphas)")
misconception("lbfgs_direction", "The result points uphill: the minus sign is missing.",
              id="lbfgs-uphill", hint="Return −r.",
              replace=("for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):",
                       "return -r"),
              by=("for (s, y), alpha in zip(pairs, reversed(alphas)):", "return r"))
misconception("lbfgs_direction", "gamma is upside down: it carries a curvature, not its inverse.",
              id="lbfgs-gamma-inverted", hint="gamma = (s @ y) / (y @ y).",
              replace=("r = r * (s @ y) / (y @ y)",
                       "for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):"),
              by=("r = r * (y @ y) / (s @ y)",
                  "for (s, y), alpha in zip(pairs, reversed(alphas)):"))
misconception("lbfgs_direction", "The list of pairs is reversed in place: the next call gets the "
              "memory back to front.", id="lbfgs-reverses-its-memory",
              hint="Walk over reversed(pairs), which leaves the list alone.",
              replace=("for s, y in reversed(pairs):", "pairs[-1]", "zip(pairs,"),
              by=("pairs.reverse()\n"
                  "for s, y in pairs:",
                  "pairs[0]", "zip(reversed(pairs),"))
misconception("lbfgs_direction", "The loops work in the gradient itself, in place, and the next "
              "pair is made with what they leave.", id="lbfgs-overwrites-the-gradient",
              hint="Start from a copy: q = dw.copy().",
              replace=("dw.copy()", "r = r - alphas", "r = r * (s", "r = r + s"),
              by=("dw", "r -= alphas", "r *= (s", "r += s"))


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


# --- on_minibatches -------------------------------------------------------------------------------

misconception("on_minibatches", "That holds for the full batch, where all gradients belong to one "
              "loss.", id="as-low", hint="Do two minibatches agree about the curvature?",
              source='on_minibatches = "as low"')
misconception("on_minibatches", "It is worse than that: the noise enters the curvature, and the "
              "line search trusts a single minibatch.", id="between",
              hint="Do two minibatches agree about the curvature?",
              source='on_minibatches = "between"')
