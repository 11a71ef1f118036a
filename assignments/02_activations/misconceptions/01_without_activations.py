"""Wrong and right answers to section 1, “A network without activations”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- collapse -------------------------------------------------------------------------------------

misconception("collapse", "The biases are simply added up; a lower bias must pass through the "
              "matrices above it.", id="adds-biases",
              hint="b = b @ next_W + next_b, layer by layer.",
              replace="W @ next_W, b @ next_W + next_b", by="W @ next_W, b + next_b")
misconception("collapse", "Only the last bias is kept; those below pass through the matrices and "
              "arrive, too.", id="keeps-last-bias", hint="b = b @ next_W + next_b, layer by layer.",
              replace="b @ next_W + next_b", by="next_b")
misconception("collapse", "The matrices are multiplied in the order of column vectors; here x "
              "stands on the left.", id="in-reverse",
              hint="x meets weights[0] first: weights[0] @ weights[1] @ …",
              replace="W @ next_W, b @ next_W + next_b", by="next_W @ W, b @ next_W + next_b")
misconception("collapse", "The first bias passes through, but the biases of the layers above are "
              "forgotten.", id="forgets-upper-biases",
              hint="Each layer adds its own bias: b @ next_W + next_b.",
              replace=("for next_W, next_b in zip(weights[1:], biases[1:], strict=True):",
                       "W @ next_W, b @ next_W + next_b"),
              by=("for next_W in weights[1:]:", "W @ next_W, b @ next_W"))
misconception("collapse", "The given biases are changed in place, so the network that was "
              "collapsed is broken.", id="in-place", hint="Use b = b @ … + …, not b += ….",
              replace=("for next_W, next_b in zip(weights[1:], biases[1:], strict=True):",
                       "W, b = W @ next_W, b @ next_W + next_b"),
              by=("for k in range(1, len(weights)):",
                  "biases[k] += b @ weights[k]\n"
                  "W, b = W @ weights[k], biases[k]"))


@alternative("collapse")
def collapse_by_asking_the_stack(weights, biases):
    def stack(x):
        for W, b in zip(weights, biases, strict=True):
            x = x @ W + b
        return x

    b = stack(np.zeros(len(weights[0])))
    return stack(np.eye(len(weights[0]))) - b, b


@alternative("collapse")
def collapse_by_recursion(weights, biases):
    if len(weights) == 1:
        return weights[0], biases[0]
    W, b = collapse_by_recursion(weights[1:], biases[1:])
    return weights[0] @ W, biases[0] @ W + b


@alternative("collapse")
def collapse_augmented(weights, biases):
    total = np.eye(len(weights[0]) + 1)
    for W, b in zip(weights, biases, strict=True):
        layer = np.zeros((W.shape[0] + 1, W.shape[1] + 1))
        layer[:-1, :-1], layer[-1, :-1], layer[-1, -1] = W, b, 1
        total = total @ layer
    return total[:-1, :-1], total[-1, :-1]


alternative("collapse", id="in-float32",
            replace=("W, b = weights[0], biases[0]", "W, b = W @ next_W, b @ next_W + next_b"),
            by=("W, b = weights[0].astype(np.float32), biases[0].astype(np.float32)",
                "W, b = W @ next_W.astype(np.float32), b @ next_W.astype(np.float32) + "
                "next_b.astype(np.float32)"))

# --- without_bends --------------------------------------------------------------------------------

misconception("without_bends", "Depth alone adds nothing: the three layers collapse to one.",
              id="depth-helps", hint="Which shape has the boundary of one affine layer?",
              source='without_bends = "over 95 %"')
misconception("without_bends", "A straight line can cut off only a part of the ring; the other "
              "part lies on the disc's side.", id="most-of-it",
              hint="Draw a line beside the disc: how much of the ring is beyond it?",
              source='without_bends = "about 85 %"')
alternative("without_bends", id="in-two-words", source='without_bends = "below " + "75 %"')
