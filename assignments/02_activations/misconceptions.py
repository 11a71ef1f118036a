"""Wrong answers to the tasks of this notebook that people give, and right ones in other words."""

from itertools import pairwise

import numpy as np
import torch
from scipy.special import erf, expit
from torch import nn

from autograder.misconceptions import alternative, misconception

# --- collapse ------------------------------------------------------------------------------------


@misconception("collapse", "The biases are simply added up; a lower bias must pass through the matrices above it.",
               hint="b = b @ next_W + next_b, layer by layer.")
def collapse_adds_biases(weights, biases):
    W, b = weights[0], biases[0]
    for next_W, next_b in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ next_W, b + next_b
    return W, b


@misconception("collapse", "Only the last bias is kept; those below pass through the matrices and arrive, too.",
               hint="b = b @ next_W + next_b, layer by layer.")
def collapse_keeps_last_bias(weights, biases):
    W = weights[0]
    for next_W in weights[1:]:
        W = W @ next_W
    return W, biases[-1]


@misconception("collapse", "The matrices are multiplied in the order of column vectors; here x stands on the left.",
               hint="x meets weights[0] first: weights[0] @ weights[1] @ …")
def collapse_in_reverse(weights, biases):
    W, b = weights[0], biases[0]
    for next_W, next_b in zip(weights[1:], biases[1:], strict=True):
        W, b = next_W @ W, b @ next_W + next_b
    return W, b


@misconception("collapse", "The first bias passes through, but the biases of the layers above are forgotten.",
               hint="Each layer adds its own bias: b @ next_W + next_b.")
def collapse_forgets_upper_biases(weights, biases):
    W, b = weights[0], biases[0]
    for next_W in weights[1:]:
        W, b = W @ next_W, b @ next_W
    return W, b


@misconception("collapse", "The given biases are changed in place, so the network that was collapsed is broken.",
               hint="Use b = b @ … + …, not b += ….")
def collapse_in_place(weights, biases):
    W, b = weights[0], biases[0]
    for k in range(1, len(weights)):
        biases[k] += b @ weights[k]
        W, b = W @ weights[k], biases[k]
    return W, b


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


@alternative("collapse")
def collapse_in_float32(weights, biases):
    W, b = weights[0].astype(np.float32), biases[0].astype(np.float32)
    for next_W, next_b in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ next_W.astype(np.float32), b @ next_W.astype(np.float32) + next_b.astype(np.float32)
    return W, b


misconception("without_bends", "Depth alone adds nothing: the three layers collapse to one.",
              hint="Which shape has the boundary of one affine layer?",
              source='without_bends = "over 95 %"', name="without_bends_depth_helps")
misconception("without_bends", "A straight line can cut off only a part of the ring; the other part lies on the disc's side.",
              hint="Draw a line beside the disc: how much of the ring is beyond it?",
              source='without_bends = "about 85 %"', name="without_bends_most_of_it")
alternative("without_bends", source='without_bends = "below " + "75 %"', name="without_bends_in_two_words")

# --- sigmoid -------------------------------------------------------------------------------------


@misconception("sigmoid", "exp(-x) overflows for very negative x; NumPy warns, and for some formulas NaN follows.",
               hint="Take the exponential of -|x|, in both branches.", replaces="sigmoid_forward", earns=2)
def sigmoid_as_it_stands(x):
    out = 1 / (1 + np.exp(-x))
    return out, out


@misconception("sigmoid", "exp(x) / (1 + exp(x)) is ∞/∞ = NaN for large x.",
               hint="Use this form for negative x only, and 1 / (1 + exp(-x)) for the others.",
               replaces="sigmoid_forward")
def sigmoid_nan_on_the_right(x):
    out = np.exp(x) / (1 + np.exp(x))
    return out, out


@misconception("sigmoid", "np.where computes both branches, so the overflow happens all the same, and warns.",
               hint="Make both branches safe: exp(-|x|) never overflows.", replaces="sigmoid_forward", earns=2)
def sigmoid_where_computes_both(x):
    out = np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))
    return out, out


@misconception("sigmoid", "The result is written into an array of the dtype of x: for integers all is cut off to 0 or 1.",
               hint="np.zeros(x.shape) is an array of floats; np.zeros_like(x) is one of integers where x is.",
               replaces="sigmoid_forward", earns=2)
def sigmoid_of_integers(x):
    out = np.zeros_like(x)
    right = x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    out[~right] = np.exp(x[~right]) / (1 + np.exp(x[~right]))
    return out, out


@misconception("sigmoid", "The input is clipped far too early: σ(−20) is 2e-9 and σ(−30) should be smaller.",
               hint="With exp(-|x|) nothing needs to be clipped.", replaces="sigmoid_forward")
def sigmoid_clipped_at_twenty(x):
    out = 1 / (1 + np.exp(-np.clip(x, -20, 20)))
    return out, out


@misconception("sigmoid", "The input is clipped in place, so the caller's x is changed.",
               hint="np.clip(x, …) without out=x makes a new array; or use exp(-|x|) and clip nothing.",
               replaces="sigmoid_forward", earns=2)
def sigmoid_clips_in_place(x):
    if x.dtype.kind == "f":
        np.clip(x, -80, 80, out=x)
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out


@misconception("sigmoid", "The backward pass puts the input x where the formula has the output σ(x).",
               hint="σ' = σ (1 − σ): keep the output in the cache.", replaces="sigmoid_forward")
def sigmoid_keeps_the_input(x):
    return expit(x), x


@misconception("sigmoid", "The sigmoid is taken twice: what the cache holds is the output already.",
               hint="dout * out * (1 - out), with out as it comes from the cache.", replaces="sigmoid_backward", earns=1)
def sigmoid_backward_twice(dout, cache):
    out = expit(cache)
    return dout * out * (1 - out)


@misconception("sigmoid", "The local derivative comes back without dout: the chain rule multiplies by it.",
               hint="dout * out * (1 - out).", replaces="sigmoid_backward", earns=1)
def sigmoid_backward_without_dout(dout, cache):
    return cache * (1 - cache)


@misconception("sigmoid", "The factor 1 − out is missing, so saturated units on the right still learn.",
               hint="σ' = σ (1 − σ).", replaces="sigmoid_backward", earns=1)
def sigmoid_backward_one_factor(dout, cache):
    return dout * cache


@misconception("sigmoid", "That is the derivative of tanh, 1 − out², not that of σ.",
               hint="σ' = σ (1 − σ).", replaces="sigmoid_backward", earns=1)
def sigmoid_backward_of_tanh(dout, cache):
    return dout * (1 - cache**2)


@misconception("sigmoid", "dout is changed in place; other branches of the network still need it.",
               hint="dx = dout * …, not dout *= ….", replaces="sigmoid_backward", earns=1)
def sigmoid_backward_in_place(dout, cache):
    dout *= cache * (1 - cache)
    return dout


@alternative("sigmoid", replaces="sigmoid_forward")
def sigmoid_by_masks(x):
    x = np.asarray(x, dtype=float)
    out, right = np.empty(x.shape), x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    power = np.exp(x[~right])
    out[~right] = power / (1 + power)
    return out, out


@alternative("sigmoid", replaces="sigmoid_forward")
def sigmoid_by_tanh(x):
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, out


@alternative("sigmoid", replaces="sigmoid_forward")
def sigmoid_clipped_far_out(x):
    out = 1 / (1 + np.exp(-np.clip(x, -80.0, 700.0)))
    return out, out


@alternative("sigmoid", replaces="sigmoid_forward")
def sigmoid_by_logaddexp(x):
    out = np.exp(-np.logaddexp(0, -x))
    return out, out


@alternative("sigmoid", replaces="sigmoid_backward")
def sigmoid_backward_expanded(dout, cache):
    return dout * (cache - np.square(cache))


alternative("sigmoid", name="sigmoid_that_keeps_the_input", source='''\
    return expit(x), {"x": np.array(x)}


def sigmoid_backward(dout, cache):
    s = expit(np.abs(cache["x"]))
    return np.asarray(dout, dtype=float) * s * (1 - s)
''')

misconception("best_case", "That is one sigmoid; the gradient passes ten.", hint="Ten factors of a quarter.",
              source="best_case = 0.25", name="best_case_of_one")
misconception("best_case", "Ten quarters are multiplied, not added.", hint="0.25 ** 10.",
              source="best_case = 0.25 / 10", name="best_case_divided")
misconception("best_case", "σ is ½ in the middle, its slope is ½ · ½.", hint="σ (1 − σ) at σ = ½.",
              source="best_case = 0.5**10", name="best_case_of_the_value")
alternative("best_case", source="best_case = 9.5e-7", name="best_case_rounded")
alternative("best_case", source="best_case = 1e-6", name="best_case_about_a_millionth")

# --- tanh ----------------------------------------------------------------------------------------


@misconception("tanh", "The quotient of exponentials is ∞/∞ at ±1000.", hint="np.tanh is stable; or use 2σ(2x) − 1.",
               replaces="tanh_forward", earns=1)
def tanh_by_hand(x):
    out = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    return out, out


@misconception("tanh", "That is 2σ(x) − 1, which rises half as fast as tanh.", hint="tanh x = 2σ(2x) − 1.",
               replaces="tanh_forward")
def tanh_half_as_steep(x):
    out = np.tanh(x / 2)
    return out, out


@misconception("tanh", "The cache holds the input, and 1 − x² is not the derivative.", hint="1 − out²: keep the output.",
               replaces="tanh_forward", earns=1)
def tanh_that_keeps_the_input(x):
    return np.tanh(x), x


@misconception("tanh", "That is the derivative of the sigmoid.", hint="For tanh it is 1 − out².",
               replaces="tanh_backward", earns=1)
def tanh_backward_of_sigmoid(dout, cache):
    return dout * cache * (1 - cache)


@misconception("tanh", "The output isn't squared.", hint="1 − out².", replaces="tanh_backward", earns=1)
def tanh_backward_without_square(dout, cache):
    return dout * (1 - np.abs(cache))


@misconception("tanh", "The tanh is taken once more: the cache holds the output already.",
               hint="1 − out², with out as it comes from the cache.", replaces="tanh_backward", earns=1)
def tanh_backward_twice(dout, cache):
    return dout * (1 - np.tanh(cache) ** 2)


@misconception("tanh", "The local derivative comes back without dout.", hint="Multiply by dout.",
               replaces="tanh_backward", earns=1)
def tanh_backward_without_dout(dout, cache):
    return 1 - cache**2


@alternative("tanh", replaces="tanh_forward")
def tanh_from_the_sigmoid(x):
    out = 2 * expit(2 * x) - 1
    return out, out


@alternative("tanh", replaces="tanh_backward")
def tanh_backward_factored(dout, cache):
    return dout * (1 - cache) * (1 + cache)


alternative("tanh", name="tanh_with_cosh_in_float32", source='''\
    return np.tanh(x).astype(np.float32), np.clip(np.asarray(x, dtype=np.float32), -40, 40)


def tanh_backward(dout, cache):
    return dout.astype(np.float32) / np.cosh(cache) ** 2
''')

misconception("least_lost", "The derivative of a ReLU is 1 where it is on, but about half of the units are off.",
              hint="What does a mask with half zeros do to a mean square, ten times over?",
              source='least_lost = "ReLU"', name="least_lost_relu")
misconception("least_lost", "The sigmoid multiplies by a quarter or less in each layer.", hint="Compare the largest derivatives.",
              source='least_lost = "sigmoid"', name="least_lost_sigmoid")
alternative("least_lost", source="least_lost = str(np.array('tanh'))", name="least_lost_as_text")

misconception("factor_per_layer", "That is what is left after all ten layers.", hint="Take the tenth root.",
              source="factor_per_layer = 4.7e-7", name="factor_of_all_layers")
misconception("factor_per_layer", "That is ReLU's factor, 1/√2.", hint="Read the lowest of the three lines.",
              source="factor_per_layer = 0.7", name="factor_of_relu")
misconception("factor_per_layer", "What is left is divided by ten; but factors multiply.", hint="Take the tenth root.",
              source="factor_per_layer = 0.1", name="factor_of_one_power_of_ten")
alternative("factor_per_layer", source="factor_per_layer = 4.7e-7 ** (1 / 10)", name="factor_as_a_root")
alternative("factor_per_layer", source="factor_per_layer = 0.25", name="factor_rounded")

# --- the zig-zag ---------------------------------------------------------------------------------

misconception("signs", "The inputs are all positive, and ∂L/∂z, the other factor, is one number for all of them.",
              hint="How many different signs can one number times positive numbers have?",
              source='signs = "of either sign"', name="signs_mixed")
misconception("signs", "∂L/∂z may be negative; then all gradients are.", hint="They agree, but on which sign is open.",
              source='signs = "all positive"', name="signs_positive")
alternative("signs", source='signs = " ".join(["of", "one", "sign"])', name="signs_joined")


@misconception("same_sign_share", "Rows are compared, but the units are the columns.", hint="all(axis=0) goes down a column.")
def same_sign_share_of_rows(dW):
    return np.mean((dW >= 0).all(axis=1) | (dW <= 0).all(axis=1))


@misconception("same_sign_share", "A zero spoils the column; it goes with either sign.", hint=">= and <=.")
def same_sign_share_strict(dW):
    return np.mean((dW > 0).all(axis=0) | (dW < 0).all(axis=0))


@misconception("same_sign_share", "Columns with negative gradients only are left out; their weights agree, too.",
               hint="All ≥ 0, or all ≤ 0.")
def same_sign_share_of_the_positive(dW):
    return np.mean((dW >= 0).all(axis=0))


@misconception("same_sign_share", "A column counts if most of its signs agree; all have to.", hint="No two of opposite sign.")
def same_sign_share_by_majority(dW):
    share = (dW >= 0).mean(axis=0)
    return np.mean((share > 0.7) | (share < 0.3))


@misconception("same_sign_share", "That is the number of the units, not their share.", hint="Divide by H.")
def same_sign_share_counts(dW):
    return np.sum((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))


@misconception("same_sign_share", "The sum of the signs is compared with D, which a zero entry misses.",
               hint="Ask whether all are ≥ 0, or all ≤ 0.")
def same_sign_share_by_sums(dW):
    return np.mean(np.abs(np.sign(dW).sum(axis=0)) == len(dW))


@misconception("same_sign_share", "Only neighbours are compared, so a zero between 1 and −1 hides that they disagree.",
               hint="Ask whether all are ≥ 0, or all ≤ 0.")
def same_sign_share_of_neighbours(dW):
    return np.mean((dW[:-1] * dW[1:] >= 0).all(axis=0))


@alternative("same_sign_share")
def same_sign_share_by_extremes(dW):
    return float((dW.min(axis=0) * dW.max(axis=0) >= 0).mean())


@alternative("same_sign_share")
def same_sign_share_by_loop(dW):
    agree = 0
    for column in dW.T:
        agree += not ((column > 0).any() and (column < 0).any())
    return agree / dW.shape[1]


@alternative("same_sign_share")
def same_sign_share_by_absolute_sums(dW):
    return np.mean(np.isclose(np.abs(dW.sum(axis=0)), np.abs(dW).sum(axis=0), rtol=1e-12))


misconception("detour", "That is the right picture, with centred inputs.", hint="The left picture has the positive inputs.",
              source="detour = 1.2", name="detour_of_the_centred")
misconception("detour", "That is the ratio of the eigenvalues, not that of the lengths.", hint="Read the title of the left picture.",
              source="detour = 7.0", name="detour_of_the_eigenvalues")
misconception("detour", "The path is much longer than the straight way.", hint="Read the title of the left picture.",
              source="detour = 1.0", name="detour_none")
alternative("detour", source="detour = np.float32(2.5)", name="detour_rounded")

# --- ReLU ----------------------------------------------------------------------------------------


@misconception("relu", "The input is changed in place: the caller's array loses its negative numbers.",
               hint="np.maximum(x, 0) makes a new array.", replaces="relu_forward", earns=1)
def relu_in_place(x):
    before = x.copy()
    x[x < 0] = 0
    return x, before


@misconception("relu", "np.abs folds the negative side up; ReLU cuts it off.", hint="np.maximum(x, 0).",
               replaces="relu_forward", earns=1)
def relu_absolute(x):
    return np.abs(x), x


@misconception("relu", "Small positive inputs are cut off, too.", hint="max(0, x) has no threshold but 0.",
               replaces="relu_forward", earns=1)
def relu_with_a_threshold(x):
    return np.where(x > 1e-6, x, 0), x


@misconception("relu", "The inputs are capped at 6: that is ReLU6.", hint="On the right, ReLU has no end.",
               replaces="relu_forward", earns=1)
def relu_six(x):
    return np.clip(x, 0, 6), x


@misconception("relu", "At exactly 0 the gradient passes; the convention here is 0.", hint="x > 0, not x >= 0.",
               replaces="relu_backward", earns=1)
def relu_backward_at_zero(dout, cache):
    return dout * (cache >= 0)


@misconception("relu", "The sign of dout decides; that of x should.", hint="dout * (x > 0).",
               replaces="relu_backward", earns=1)
def relu_backward_of_dout(dout, cache):
    return np.maximum(dout, 0)


@misconception("relu", "Both x and dout must be positive to pass here (guided backpropagation), which is no gradient.",
               hint="dout * (x > 0).", replaces="relu_backward", earns=1)
def relu_backward_guided(dout, cache):
    return dout * (cache > 0) * (dout > 0)


@misconception("relu", "The mask comes back without dout.", hint="Multiply the mask by dout.",
               replaces="relu_backward", earns=1)
def relu_backward_mask(dout, cache):
    return (cache > 0).astype(float)


@misconception("relu", "dout is changed in place; other branches of the network still need it.",
               hint="Work on a copy: dout * (x > 0).", replaces="relu_backward", earns=1)
def relu_backward_in_place(dout, cache):
    dout[cache <= 0] = 0
    return dout


@alternative("relu", replaces="relu_forward")
def relu_by_product(x):
    return x * (x > 0), x


@alternative("relu", replaces="relu_forward")
def relu_by_absolute(x):
    return (x + np.abs(x)) / 2, x.copy()


@alternative("relu", replaces="relu_backward")
def relu_backward_by_copy(dout, cache):
    dx = np.array(dout, copy=True)
    dx[cache <= 0] = 0
    return dx


alternative("relu", name="relu_that_keeps_a_mask", source='''\
    on = x > 0
    return np.where(on, x, 0).astype(np.float32), on


def relu_backward(dout, cache):
    return np.where(cache, dout, 0.0)
''')

# --- leaky ReLU ----------------------------------------------------------------------------------


@misconception("leaky_relu", "max(x, αx) takes the wrong branch when α is above 1.", hint="Let the sign of x decide: np.where(x > 0, …).",
               replaces="leaky_relu_forward", earns=1)
def leaky_relu_by_maximum(x, alpha=0.01):
    return np.maximum(x, alpha * x), np.where(x > 0, 1.0, alpha)


@misconception("leaky_relu", "The results are written into a copy of x: integers cut off what is behind the point.",
               hint="np.where(x > 0, x, alpha * x) finds the right dtype.", replaces="leaky_relu_forward", earns=1)
def leaky_relu_of_integers(x, alpha=0.01):
    out = x.copy()
    out[x <= 0] = alpha * x[x <= 0]
    return out, np.where(x > 0, 1.0, alpha)


@misconception("leaky_relu", "The left side is scaled in place, so the caller's x changes.", hint="Work on a new array.",
               replaces="leaky_relu_forward", earns=1)
def leaky_relu_in_place(x, alpha=0.01):
    slope = np.where(x > 0, 1.0, alpha)
    if x.dtype.kind != "f":
        return slope * x, slope
    x *= slope
    return x, slope


@misconception("leaky_relu", "The slope is 0.01 always; the given alpha is ignored.", hint="Use alpha.",
               replaces="leaky_relu_forward")
def leaky_relu_fixed(x, alpha=0.01):
    slope = np.where(x > 0, 1.0, 0.01)
    return slope * x, slope


@misconception("leaky_relu", "The leak is added to the identity, so the slope on the left is 1 + α.",
               hint="α x for x ≤ 0, and nothing else.", replaces="leaky_relu_forward")
def leaky_relu_adds_the_leak(x, alpha=0.01):
    slope = np.where(x > 0, 1.0, 1 + alpha)
    return slope * x, slope


@misconception("leaky_relu", "The branch is read off the sign of the output, which a negative alpha turns.",
               hint="Keep x, or the slopes, in the cache.", replaces="leaky_relu_forward", earns=1)
def leaky_relu_branch_of_output(x, alpha=0.01):
    out = np.where(x > 0, x, alpha * x)
    return out, np.where(out > 0, 1.0, alpha)


@misconception("leaky_relu", "On the left nothing passes: that is the gradient of ReLU.", hint="alpha · dout passes there.",
               replaces="leaky_relu_backward", earns=1)
def leaky_relu_backward_of_relu(dout, cache):
    return dout * (cache == 1)


@misconception("leaky_relu", "The slope comes back without dout.", hint="Multiply by dout.",
               replaces="leaky_relu_backward", earns=1)
def leaky_relu_backward_without_dout(dout, cache):
    return cache * np.ones_like(dout)


@misconception("leaky_relu", "The slopes are written into an array of the dtype of x: for integers alpha is cut off to 0.",
               hint="np.where(x > 0, 1.0, alpha) makes floats.", replaces="leaky_relu_forward", earns=1)
def leaky_relu_slopes_of_integers(x, alpha=0.01):
    slope = np.ones_like(x)
    slope[x <= 0] = alpha
    return np.where(x > 0, x, alpha * x), slope


@alternative("leaky_relu", replaces="leaky_relu_forward")
def leaky_relu_in_two_parts(x, alpha=0.01):
    return np.maximum(x, 0) + alpha * np.minimum(x, 0), np.where(x > 0, 1.0, alpha)


@alternative("leaky_relu", replaces="leaky_relu_forward")
def leaky_relu_in_float32(x, alpha=0.01):
    slope = np.where(np.asarray(x) >= 0, np.float32(1), np.float32(alpha))
    return x.astype(np.float32) * slope, slope


alternative("leaky_relu", name="leaky_relu_that_keeps_the_input", source='''\
    return np.where(x > 0, x, alpha * x), (x.copy(), alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    dx = dout.copy()
    dx[x <= 0] *= alpha
    return dx
''')

# --- PReLU ---------------------------------------------------------------------------------------


@misconception("prelu", "The slopes line up with the last axis, as NumPy does by itself; the channels are on axis 1.",
               hint="Give alpha the shape (C, 1, 1) for images.", replaces="prelu_forward")
def prelu_on_the_last_axis(x, alpha):
    alpha = np.asarray(alpha)
    slope = np.where(x > 0, 1.0, alpha)
    return slope * x, (x, slope, alpha.ndim)


@misconception("prelu", "max(x, αx) takes the wrong branch when α is above 1.", hint="Let the sign of x decide.",
               replaces="prelu_forward", earns=3)
def prelu_by_maximum(x, alpha):
    alpha = np.asarray(alpha)
    aligned = alpha.reshape((-1,) + (1,) * (np.ndim(x) - 2)) if alpha.ndim else alpha
    return np.maximum(x, aligned * x), (x, np.where(x > 0, 1.0, aligned), alpha.ndim)


@misconception("prelu", "The branch is read off the sign of the output, which a negative alpha turns.",
               hint="Keep x in the cache; its sign decides.", replaces="prelu_forward", earns=1)
def prelu_branch_of_output(x, alpha):
    alpha = np.asarray(alpha)
    aligned = alpha.reshape((-1,) + (1,) * (np.ndim(x) - 2)) if alpha.ndim else alpha
    out = np.where(x > 0, x, aligned * x)
    return out, (x, np.where(out > 0, 1.0, aligned), alpha.ndim)


@misconception("prelu", "The cache holds the output, so the gradient for alpha has a factor alpha too many.",
               hint="dalpha needs x, not alpha · x.", replaces="prelu_forward", earns=1)
def prelu_keeps_the_output(x, alpha):
    alpha = np.asarray(alpha)
    aligned = alpha.reshape((-1,) + (1,) * (np.ndim(x) - 2)) if alpha.ndim else alpha
    slope = np.where(x > 0, 1.0, aligned)
    return slope * x, (slope * x, slope, alpha.ndim)


@misconception("prelu", "The gradient for alpha isn't summed: it has the shape of x.", hint="One alpha acts on many numbers: sum.",
               replaces="prelu_backward", earns=1)
def prelu_backward_unsummed(dout, cache):
    x, slope, _ = cache
    return dout * slope, dout * np.minimum(x, 0)


@misconception("prelu", "Everything is summed, also where each channel has an alpha of its own.",
               hint="For (C,) sum over every axis but 1.", replaces="prelu_backward", earns=1)
def prelu_backward_sums_all(dout, cache):
    x, slope, _ = cache
    return dout * slope, (dout * np.minimum(x, 0)).sum()


@misconception("prelu", "Only the batch axis is summed; for images height and width have to go as well.",
               hint="Sum over (0, 2, 3) for images.", replaces="prelu_backward", earns=1)
def prelu_backward_sums_the_batch(dout, cache):
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    return dout * slope, left.sum(axis=0) if per_channel else left.sum()


@misconception("prelu", "All axes but the last are summed; but the channels are on axis 1.",
               hint="Sum over every axis but 1.", replaces="prelu_backward", earns=1)
def prelu_backward_keeps_the_last(dout, cache):
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    return dout * slope, left.sum(axis=tuple(range(left.ndim - 1))) if per_channel else left.sum()


@misconception("prelu", "All axes but the first are summed: one number for each example, not for each channel.",
               hint="The channels are on axis 1.", replaces="prelu_backward", earns=1)
def prelu_backward_keeps_the_batch(dout, cache):
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    return dout * slope, left.sum(axis=tuple(range(1, left.ndim))) if per_channel else left.sum()


@misconception("prelu", "The gradient for alpha is averaged; a loss that is a mean has its 1/N in dout already.",
               hint="Sum.", replaces="prelu_backward", earns=1)
def prelu_backward_averages(dout, cache):
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    axes = tuple(axis for axis in range(left.ndim) if axis != 1 or not per_channel)
    return dout * slope, left.mean(axis=axes)


@misconception("prelu", "Positive inputs enter the gradient for alpha, too; alpha doesn't act on them.",
               hint="0 where x > 0, x elsewhere.", replaces="prelu_backward", earns=1)
def prelu_backward_of_all_inputs(dout, cache):
    x, slope, per_channel = cache
    axes = tuple(axis for axis in range(x.ndim) if axis != 1 or not per_channel)
    return dout * slope, (dout * x).sum(axis=axes)


@misconception("prelu", "The gradient for alpha leaves dout out.", hint="Sum dout · x, not x.",
               replaces="prelu_backward", earns=1)
def prelu_backward_without_dout(dout, cache):
    x, slope, per_channel = cache
    axes = tuple(axis for axis in range(x.ndim) if axis != 1 or not per_channel)
    return dout * slope, np.minimum(x, 0).sum(axis=axes)


@misconception("prelu", "For a single channel the gradient is a number; alpha has the shape (1,), so dalpha has it, too.",
               hint="Ask for the dimensions of alpha, not for its size.", replaces="prelu_backward", earns=1)
def prelu_backward_of_a_single_channel(dout, cache):
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    axes = tuple(axis for axis in range(left.ndim) if axis != 1 or not per_channel)
    return dout * slope, left.sum(axis=axes) if x.shape[1] > 1 else left.sum()


@alternative("prelu", replaces="prelu_backward")
def prelu_backward_by_loops(dout, cache):
    x, slope, per_channel = cache
    if not per_channel:
        return slope * dout, float(np.sum(dout[x < 0] * x[x < 0]))
    sums = [float((dout[:, c] * np.where(x[:, c] < 0, x[:, c], 0)).sum()) for c in range(x.shape[1])]
    return slope * dout, sums


@alternative("prelu", replaces="prelu_backward")
def prelu_backward_by_moving_axes(dout, cache):
    x, slope, per_channel = cache
    left = dout * x * (x < 0)
    dalpha = np.moveaxis(left, 1, 0).reshape(x.shape[1], -1).sum(axis=1)
    return dout * slope, dalpha if per_channel else dalpha.sum()


alternative("prelu", name="prelu_in_two_parts", source='''\
    alpha = np.asarray(alpha, dtype=float)
    wide = alpha
    if alpha.ndim == 1:
        wide = np.swapaxes(np.swapaxes(x * 0.0, 1, -1) + alpha, 1, -1)
    return np.maximum(x, 0) + wide * np.minimum(x, 0), {"x": x, "wide": wide, "shape": alpha.shape}


def prelu_backward(dout, cache):
    x = cache["x"]
    dx = np.where(x > 0, dout, dout * cache["wide"])
    if cache["shape"] == ():
        return dx, np.vdot(dout, np.minimum(x, 0))
    letters = "nchw"[:x.ndim]
    return dx, np.einsum(f"{letters},{letters}->c", dout, np.minimum(x, 0))
''')

# --- ELU -----------------------------------------------------------------------------------------


@misconception("elu", "alpha multiplies exp(x) only, not the whole bracket: the function jumps at 0 unless alpha is 1.",
               hint="alpha * (exp(x) - 1).", replaces="elu_forward", earns=2)
def elu_bracket(x, alpha=1.0):
    power = alpha * np.exp(np.minimum(x, 0))
    return np.where(x > 0, x, power - 1), np.where(x > 0, 1.0, power)


@misconception("elu", "np.where computes both branches, so exp(1000) overflows though nobody wants it.",
               hint="exp(np.minimum(x, 0)).", replaces="elu_forward", earns=2)
def elu_overflows(x, alpha=1.0):
    out = np.where(x > 0, x, alpha * (np.exp(x) - 1))
    return out, np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


@misconception("elu", "The results are written into a copy of x: integers cut off what is behind the point.",
               hint="np.where finds the right dtype.", replaces="elu_forward", earns=2)
def elu_of_integers(x, alpha=1.0):
    out = x.copy()
    out[x <= 0] = alpha * np.expm1(x[x <= 0])
    return out, np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


@misconception("elu", "alpha is ignored.", hint="alpha * (exp(x) - 1).", replaces="elu_forward")
def elu_without_alpha(x, alpha=1.0):
    out = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return out, np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


@misconception("elu", "The derivative on the left is written as out + 1, which holds for alpha = 1 only.",
               hint="alpha · exp(x) = out + alpha.", replaces="elu_forward", earns=1)
def elu_slope_out_plus_one(x, alpha=1.0):
    out = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return out, np.where(x > 0, 1.0, out + 1)


@misconception("elu", "The derivative on the left lacks the factor alpha.", hint="alpha · exp(x).",
               replaces="elu_forward", earns=1)
def elu_slope_without_alpha(x, alpha=1.0):
    power = np.exp(np.minimum(x, 0))
    return np.where(x > 0, x, alpha * (power - 1)), np.where(x > 0, 1.0, power)


@misconception("elu", "On the left the derivative is taken as alpha, as for a leaky ReLU.", hint="alpha · exp(x).",
               replaces="elu_forward", earns=1)
def elu_slope_of_leaky(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), np.where(x > 0, 1.0, alpha)


@misconception("elu", "The local derivative comes back without dout.", hint="Multiply by dout.",
               replaces="elu_backward", earns=1)
def elu_backward_without_dout(dout, cache):
    return cache


@misconception("elu", "dout is changed in place; other branches of the network still need it.",
               hint="dout * slope makes a new array.", replaces="elu_backward", earns=1)
def elu_backward_in_place(dout, cache):
    dout *= cache
    return dout


@alternative("elu", replaces="elu_forward")
def elu_by_masks(x, alpha=1.0):
    out, slope = np.array(x, dtype=float), np.ones(x.shape)
    left = x <= 0
    slope[left] = alpha * np.exp(x[left])
    out[left] = slope[left] - alpha
    return out, slope


@alternative("elu", replaces="elu_forward")
def elu_in_two_parts(x, alpha=1.0):
    bent = alpha * (np.exp(np.minimum(0.0, x)) - 1)
    return np.maximum(x, 0) + bent, (x > 0) + (x <= 0) * (bent + alpha)


alternative("elu", name="elu_that_keeps_its_output", source='''\
    x = np.asarray(x, dtype=np.float32)
    out = np.where(x > 0, x, np.float32(alpha) * np.expm1(np.clip(x, -100, 0)))
    return out, (out, alpha)


def elu_backward(dout, cache):
    out, alpha = cache
    return np.where(out > 0, dout, dout * (out + alpha))
''')

# --- GELU ----------------------------------------------------------------------------------------


@misconception("gelu", "That is the tanh form: close, but off by up to 0.0005.", hint="Φ(x) = ½ (1 + erf(x/√2)).",
               replaces="gelu_forward", earns=2)
def gelu_by_tanh(x):
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + bend), (x, 0.5 * (1 + erf(x / np.sqrt(2))))


@misconception("gelu", "That is the approximation x σ(1.702 x), off by up to 0.02.", hint="Φ(x) = ½ (1 + erf(x/√2)).",
               replaces="gelu_forward", earns=2)
def gelu_by_sigmoid(x):
    return x * expit(1.702 * x), (x, 0.5 * (1 + erf(x / np.sqrt(2))))


@misconception("gelu", "erf wants x/√2: the error function belongs to a normal variable of variance ½.",
               hint="erf(x / np.sqrt(2)).", replaces="gelu_forward")
def gelu_without_the_root(x):
    cdf = 0.5 * (1 + erf(x))
    return x * cdf, (x, cdf)


@misconception("gelu", "That is the gate Φ(x) alone; GELU multiplies x by it.", hint="x * Φ(x).",
               replaces="gelu_forward", earns=2)
def gelu_gate_alone(x):
    cdf = 0.5 * (1 + erf(x / np.sqrt(2)))
    return cdf, (x, cdf)


@misconception("gelu", "The product rule has two terms: the density is missing.", hint="Φ(x) + x φ(x).",
               replaces="gelu_backward", earns=1)
def gelu_backward_without_density(dout, cache):
    return dout * cache[1]


@misconception("gelu", "The second term lacks its factor x.", hint="Φ(x) + x φ(x).", replaces="gelu_backward", earns=1)
def gelu_backward_density_without_x(dout, cache):
    x, cdf = cache
    return dout * (cdf + np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))


@misconception("gelu", "The density isn't normalized: 1/√(2π) is missing.", hint="φ(x) = exp(−x²/2) / √(2π).",
               replaces="gelu_backward", earns=1)
def gelu_backward_density_unnormalized(dout, cache):
    x, cdf = cache
    return dout * (cdf + x * np.exp(-0.5 * x**2))


@misconception("gelu", "The derivative of erf is used without the inner derivative 1/√2 and with exp(−x²).",
               hint="φ(x) = exp(−x²/2) / √(2π).", replaces="gelu_backward", earns=1)
def gelu_backward_density_of_erf(dout, cache):
    x, cdf = cache
    return dout * (cdf + x * np.exp(-(x**2)) / np.sqrt(np.pi))


@misconception("gelu", "The gradient is that of the tanh form; forward and backward don't belong together.",
               hint="Differentiate x Φ(x) itself.", replaces="gelu_backward", earns=1)
def gelu_backward_by_tanh(dout, cache):
    x, _ = cache
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)


@alternative("gelu", replaces="gelu_forward")
def gelu_by_torch_erf(x):
    cdf = 0.5 * torch.special.erfc(torch.tensor(-x / np.sqrt(2))).numpy()
    return x * cdf, (x, cdf)


@alternative("gelu", replaces="gelu_backward")
def gelu_backward_by_output(dout, cache):
    x, cdf = cache
    return dout * cdf + dout * x * np.exp(-x * x / 2) * 0.3989422804014327


alternative("gelu", name="gelu_that_keeps_its_slope", source='''\
    x = np.asarray(x, dtype=np.float32)
    cdf = (0.5 + 0.5 * erf(x / np.float32(2) ** 0.5)).astype(np.float32)
    return x * cdf, cdf + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def gelu_backward(dout, cache):
    return dout * cache
''')


@misconception("gelu_tanh", "√(2/π) multiplies x only; it belongs before the whole bracket.",
               hint="√(2/π) · (x + 0.044715 x³).", replaces="gelu_tanh_forward")
def gelu_tanh_bracket(x):
    bend = np.tanh(np.sqrt(2 / np.pi) * x + 0.044715 * x**3)
    return 0.5 * x * (1 + bend), (x, bend)


@misconception("gelu_tanh", "That is the exact form; the task is the approximation, which differs by up to 0.0005.",
               hint="tanh in place of erf.", replaces="gelu_tanh_forward", earns=2)
def gelu_tanh_exact(x):
    return 0.5 * x * (1 + erf(x / np.sqrt(2))), (x, np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


@misconception("gelu_tanh", "x is squared, where the formula has its cube.", hint="x + 0.044715 x³.",
               replaces="gelu_tanh_forward")
def gelu_tanh_squared(x):
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**2))
    return 0.5 * x * (1 + bend), (x, bend)


@misconception("gelu_tanh", "The chain rule stops at tanh: u' is missing.",
               hint="Multiply the second term by √(2/π) (1 + 3 · 0.044715 x²).", replaces="gelu_tanh_backward", earns=1)
def gelu_tanh_backward_without_inner(dout, cache):
    x, bend = cache
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2))


@misconception("gelu_tanh", "The derivative of x³ is 3x²: the 3 is missing.", hint="u' = √(2/π) (1 + 3 · 0.044715 x²).",
               replaces="gelu_tanh_backward", earns=1)
def gelu_tanh_backward_without_three(dout, cache):
    x, bend = cache
    du = np.sqrt(2 / np.pi) * (1 + 0.044715 * x**2)
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)


@misconception("gelu_tanh", "The product rule has two terms; the one with tanh' is missing.",
               hint="½(1 + tanh u) + ½ x (1 − tanh² u) u'.", replaces="gelu_tanh_backward", earns=1)
def gelu_tanh_backward_one_term(dout, cache):
    return dout * 0.5 * (1 + cache[1])


@misconception("gelu_tanh", "That is the derivative of the exact form; it doesn't belong to this forward pass.",
               hint="Differentiate the formula as it stands.", replaces="gelu_tanh_backward", earns=1)
def gelu_tanh_backward_exact(dout, cache):
    x, _ = cache
    return dout * (0.5 * (1 + erf(x / np.sqrt(2))) + x * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))


@alternative("gelu_tanh", replaces="gelu_tanh_forward")
def gelu_tanh_by_sigmoid(x):
    gate = expit(2 * np.sqrt(2 / np.pi) * x * (1 + 0.044715 * x * x))
    return x * gate, (x, 2 * gate - 1)


@alternative("gelu_tanh", replaces="gelu_tanh_backward")
def gelu_tanh_backward_by_gates(dout, cache):
    x, bend = cache
    gate = 0.5 * (1 + bend)
    return dout * (gate + 2 * x * gate * (1 - gate) * (0.7978845608028654 + 0.1070322243 * x**2))


misconception("gelu_gap", "The unit of the axis, 0.0001, is forgotten.", hint="Multiply by 0.0001.",
              source="gelu_gap = 4.7", name="gelu_gap_without_unit")
misconception("gelu_gap", "That is the place of the largest difference, not the difference.", hint="Read the other axis.",
              source="gelu_gap = 2.7", name="gelu_gap_place")
misconception("gelu_gap", "That is the depth of the dips; the peaks are twice as far from zero.",
              hint="The largest absolute value.", source="gelu_gap = 2.3e-4", name="gelu_gap_dip")
alternative("gelu_gap", source="gelu_gap = 5e-4", name="gelu_gap_rounded")
alternative("gelu_gap", source="gelu_gap = np.abs(-0.000473)", name="gelu_gap_exact")

# --- SiLU ----------------------------------------------------------------------------------------


@misconception("silu", "The gate overflows at −1000: exp(-x) is too large for a float.", hint="Use expit.",
               replaces="silu_forward", earns=2)
def silu_overflows(x):
    gate = 1 / (1 + np.exp(-x))
    return x * gate, (x, gate)


@misconception("silu", "The gate is σ(1.702 x): that is an approximation of GELU.", hint="x * σ(x).",
               replaces="silu_forward")
def silu_of_gelu(x):
    gate = expit(1.702 * x)
    return x * gate, (x, gate)


@misconception("silu", "That is the gate alone.", hint="x * σ(x).", replaces="silu_forward", earns=2)
def silu_gate(x):
    gate = expit(x)
    return gate, (x, gate)


@misconception("silu", "The cache holds the output where the formula needs the input.", hint="σ + x σ (1 − σ), with x.",
               replaces="silu_forward", earns=1)
def silu_keeps_the_output(x):
    gate = expit(x)
    return x * gate, (x * gate, gate)


@misconception("silu", "The gate is treated as a constant: the product rule has a second term.", hint="σ + x σ (1 − σ).",
               replaces="silu_backward", earns=1)
def silu_backward_constant_gate(dout, cache):
    return dout * cache[1]


@misconception("silu", "The first term of the product rule is missing.", hint="σ + x σ (1 − σ).",
               replaces="silu_backward", earns=1)
def silu_backward_second_term(dout, cache):
    x, gate = cache
    return dout * x * gate * (1 - gate)


@misconception("silu", "The second term lacks its factor x.", hint="σ + x σ (1 − σ).", replaces="silu_backward", earns=1)
def silu_backward_without_x(dout, cache):
    _, gate = cache
    return dout * (gate + gate * (1 - gate))


@misconception("silu", "The local derivative comes back without dout.", hint="Multiply by dout.",
               replaces="silu_backward", earns=1)
def silu_backward_without_dout(dout, cache):
    x, gate = cache
    return gate + x * gate * (1 - gate)


@alternative("silu", replaces="silu_forward")
def silu_by_tanh(x):
    gate = 0.5 + 0.5 * np.tanh(x / 2)
    return gate * x, (x, gate)


@alternative("silu", replaces="silu_backward")
def silu_backward_factored(dout, cache):
    x, gate = cache
    return dout * gate * (1 + x - x * gate)


alternative("silu", name="silu_from_output_and_gate", source='''\
    gate = expit(x)
    out = x * gate
    return out, (out, gate)


def silu_backward(dout, cache):
    out, gate = cache
    return dout * (gate + out * (1 - gate))
''')

# --- maxout --------------------------------------------------------------------------------------


@misconception("maxout", "The maximum goes over the units, not over the pieces of each unit.", hint="axis=2.",
               replaces="maxout_forward")
def maxout_over_units(x):
    winner = x.argmax(axis=1)[..., None]
    return x.max(axis=1), (x.shape, winner)


@misconception("maxout", "The largest absolute value wins; it should be the largest value.", hint="x.argmax(axis=2).",
               replaces="maxout_forward")
def maxout_by_absolute_value(x):
    winner = np.abs(x).argmax(axis=2)[..., None]
    return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)


@misconception("maxout", "The result is cut off at 0; maxout has no such floor.", hint="The largest piece, also if all are negative.",
               replaces="maxout_forward", earns=2)
def maxout_with_a_floor(x):
    return np.maximum(x.max(axis=2), 0), (x.shape, x.argmax(axis=2)[..., None])


@misconception("maxout", "The unit axis is kept with length 1: the output should be (N, D).", hint="x.max(axis=2).",
               replaces="maxout_forward", earns=2)
def maxout_keeps_the_axis(x):
    return x.max(axis=2, keepdims=True), (x.shape, x.argmax(axis=2)[..., None])


@misconception("maxout", "Where pieces tie, the last one gets the gradient; the first should.", hint="argmax finds the first.",
               replaces="maxout_forward", earns=1)
def maxout_last_of_equals(x):
    last = x.shape[2] - 1 - x[..., ::-1].argmax(axis=2)
    return x.max(axis=2), (x.shape, last[..., None])


misconception("maxout", "Where pieces tie, all of them get the whole gradient: it is paid out twice.",
              hint="Use argmax, which names one piece; x == out names all of the largest.",
              name="maxout_pays_twice", earns=1, source='''\
    out = x.max(axis=2)
    return out, x == out[..., None]


def maxout_backward(dout, cache):
    return cache * dout[..., None]
''')
misconception("maxout", "Where pieces tie, the gradient is shared between them; here the first gets all.",
              hint="argmax names the first.", name="maxout_shares", earns=1, source='''\
    out = x.max(axis=2)
    winners = x == out[..., None]
    return out, winners / winners.sum(axis=2, keepdims=True)


def maxout_backward(dout, cache):
    return cache * dout[..., None]
''')


@misconception("maxout", "All pieces get the gradient, the losers, too.", hint="Only the winner acted on the output.",
               replaces="maxout_backward", earns=1)
def maxout_backward_to_all(dout, cache):
    shape, _ = cache
    return np.broadcast_to(dout[..., None], shape).copy()


@misconception("maxout", "The winner gets 1; it should get its dout.", hint="Put dout there.",
               replaces="maxout_backward", earns=1)
def maxout_backward_ones(dout, cache):
    shape, winner = cache
    return (np.arange(shape[2]) == winner).astype(float)


@alternative("maxout", replaces="maxout_backward")
def maxout_backward_by_mask(dout, cache):
    shape, winner = cache
    return np.where(np.arange(shape[2]) == winner, dout[..., None], 0.0)


@alternative("maxout", replaces="maxout_backward")
def maxout_backward_by_loops(dout, cache):
    shape, winner = cache
    dx = np.zeros(shape, dtype=np.float32)
    for n in range(shape[0]):
        for d in range(shape[1]):
            dx[n, d, winner[n, d, 0]] = dout[n, d]
    return dx


alternative("maxout", name="maxout_piece_by_piece", source='''\
    out, winner = x[:, :, 0].copy(), np.zeros(x.shape[:2], dtype=int)
    for k in range(1, x.shape[2]):
        better = x[:, :, k] > out
        out[better], winner[better] = x[:, :, k][better], k
    return out, np.eye(x.shape[2])[winner]


def maxout_backward(dout, cache):
    return np.einsum("nd,ndk->ndk", dout, cache)
''')

# --- dead ReLUs ----------------------------------------------------------------------------------


@misconception("dead_units", "A unit that is off for a single example counts as dead; that is sparsity, not death.",
               hint="Dead is who is off for all examples: ask whether any output is above 0.")
def dead_units_off_once(batches):
    return np.any([(out == 0).any(axis=0) for out in batches], axis=0)


@misconception("dead_units", "A unit that is off for one whole batch counts as dead; another batch may switch it on.",
               hint="Combine the batches with “and”: dead in all of them.")
def dead_units_in_any_batch(batches):
    return np.any([(out == 0).all(axis=0) for out in batches], axis=0)


@misconception("dead_units", "Only the last batch is looked at.", hint="Collect over all batches.")
def dead_units_of_the_last_batch(batches):
    for out in batches:
        dead = ~(out > 0).any(axis=0)
    return dead


@misconception("dead_units", "Small outputs are taken for zero; a small output has its full gradient.", hint="> 0, without a threshold.")
def dead_units_with_a_threshold(batches):
    return ~(np.concatenate(batches) > 1e-3).any(axis=0)


@misconception("dead_units", "np.isclose takes every output up to 1e-8 for zero; a small output has its full gradient.",
               hint="> 0, without a tolerance.")
def dead_units_close_to_zero(batches):
    return np.isclose(np.concatenate(batches).max(axis=0), 0)


@misconception("dead_units", "The mask is that of the living.", hint="True means dead.")
def dead_units_living(batches):
    return (np.concatenate(batches) > 0).any(axis=0)


@misconception("dead_units", "The number of dead units comes back, not the mask.", hint="Return a boolean array (H,).")
def dead_units_count(batches):
    return int((~(np.concatenate(batches) > 0).any(axis=0)).sum())


@misconception("dead_units", "The axis is wrong: these are the examples for which all units are off.",
               hint="Units are columns: any(axis=0).")
def dead_units_examples(batches):
    return ~(np.concatenate(batches) > 0).any(axis=1)


@alternative("dead_units")
def dead_units_of_the_whole(batches):
    return np.concatenate(batches).max(axis=0) == 0


@alternative("dead_units")
def dead_units_by_sums(batches):
    return sum(np.count_nonzero(out, axis=0) for out in batches) == 0


@alternative("dead_units")
def dead_units_batch_by_batch(batches):
    return np.logical_and.reduce([(out <= 0).all(axis=0) for out in batches])


misconception("casualties", "Between a rate of 1 and one of 2.8 lies a cliff.", hint="Run the experiment and look right.",
              source='casualties = "hardly any"', name="casualties_hardly_any")
misconception("casualties", "Once it begins it doesn't stop at a fifth: dead units don't come back.", hint="Run the experiment and look right.",
              source='casualties = "about a fifth"', name="casualties_a_fifth")
alternative("casualties", source="casualties = 'm' + 'ost'", name="casualties_spelt")

misconception("deadly_rate", "There the dying begins, but fewer than half are dead.", hint="Above the dotted line.",
              source="deadly_rate = 1.4", name="deadly_rate_too_low")
misconception("deadly_rate", "Half were dead already at the rate before.", hint="The first point above the dotted line.",
              source="deadly_rate = 2.8", name="deadly_rate_too_high")
misconception("deadly_rate", "That is the rate with the best accuracy.", hint="Read the red curve.",
              source="deadly_rate = 1.0", name="deadly_rate_best_accuracy")
alternative("deadly_rate", source="deadly_rate = 2", name="deadly_rate_whole")

misconception("come_back", "A dead unit has no gradient: neither its weights nor its bias can move.",
              hint="What is dout * (x > 0) for a unit that is off for every example?",
              source='come_back = "about half"', name="come_back_half")
misconception("come_back", "A gentle rate doesn't help where the gradient is exactly zero.",
              hint="What is dout * (x > 0) for a unit that is off for every example?",
              source='come_back = "nearly all"', name="come_back_all")
alternative("come_back", source='come_back = "none" + " or next to none"', name="come_back_joined")


@misconception("revive", "The bias is set to 0; a unit whose weights all point down stays dead.",
               hint="Look at x @ W: the bias must lift its largest values above 0.")
def revive_to_zero(x, W, b, share=0.1):
    return np.where((x @ W + b > 0).any(axis=0), b, 0.0)


@misconception("revive", "All units get a new bias, also the living ones, which forget what they have learned.",
               hint="np.where(dead, new, b).")
def revive_everybody(x, W, b, share=0.1):
    return -np.quantile(x @ W, 1 - share, axis=0)


@misconception("revive", "The new bias is added to the old one, which counts twice.", hint="The quantile of x @ W, without b, replaces b.")
def revive_on_top(x, W, b, share=0.1):
    dead = ~(x @ W + b > 0).any(axis=0)
    return np.where(dead, b - np.quantile(x @ W, 1 - share, axis=0), b)


@misconception("revive", "The sign is wrong: the threshold must be subtracted.", hint="The bias is minus the quantile.")
def revive_wrong_sign(x, W, b, share=0.1):
    dead = ~(x @ W + b > 0).any(axis=0)
    return np.where(dead, np.quantile(x @ W, 1 - share, axis=0), b)


@misconception("revive", "The units are on for all but the given share of the examples.", hint="The quantile 1 − share.")
def revive_the_other_share(x, W, b, share=0.1):
    dead = ~(x @ W + b > 0).any(axis=0)
    return np.where(dead, -np.quantile(x @ W, share, axis=0), b)


@misconception("revive", "Units that are on for few examples are lifted, too; one example is enough to be alive.",
               hint="Dead is who is on for no example at all.")
def revive_the_rare(x, W, b, share=0.1):
    rare = (x @ W + b > 0).mean(axis=0) < share
    return np.where(rare, -np.quantile(x @ W, 1 - share, axis=0), b)


@misconception("revive", "The given biases are changed in place.", hint="Return a new array.")
def revive_in_place(x, W, b, share=0.1):
    dead = ~(x @ W + b > 0).any(axis=0)
    b[dead] = -np.quantile(x @ W, 1 - share, axis=0)[dead]
    return b


@misconception("revive", "One quantile over all units is used; each unit needs its own.", hint="axis=0.")
def revive_with_one_threshold(x, W, b, share=0.1):
    dead = ~(x @ W + b > 0).any(axis=0)
    return np.where(dead, -np.quantile(x @ W, 1 - share), b)


@misconception("revive", "share · N is cut off: 0.29 · 100 is 28.999… in floats, and int makes 28 of it.",
               hint="round(share * len(x)).")
def revive_cuts_off(x, W, b, share=0.1):
    drive, wanted = x @ W, int(share * len(x))
    ordered = np.sort(drive, axis=0)[::-1]
    dead = ~(drive + b > 0).any(axis=0)
    return np.where(dead, -(ordered[wanted - 1] + ordered[wanted]) / 2, b)


@misconception("revive", "A unit whose largest x @ W + b is exactly 0 is taken for alive; its output is 0 for all examples.",
               hint="Alive means above 0 somewhere.")
def revive_spares_the_zero(x, W, b, share=0.1):
    drive = x @ W
    return np.where((drive + b < 0).all(axis=0), -np.quantile(drive, 1 - share, axis=0), b)


@alternative("revive")
def revive_by_shifting(x, W, b, share=0.1):
    z = x @ W + b
    return b - np.where(z.max(axis=0) <= 0, np.quantile(z, 1 - share, axis=0), 0)


@alternative("revive")
def revive_by_quantile(x, W, b, share=0.1):
    drive = x @ W
    dead = ~(drive + b > 0).any(axis=0)
    return np.where(dead, -np.quantile(drive, 1 - share, axis=0), b)


@alternative("revive")
def revive_by_loops(x, W, b, share=0.1):
    new = b.copy()
    for h in range(len(b)):
        drive = sorted((x @ W[:, h]).tolist(), reverse=True)
        if drive[0] + b[h] <= 0:
            count = round(share * len(x))
            new[h] = -0.5 * (drive[count - 1] + drive[count])
    return new


misconception("price_of_exp", "An exponential is dear, but each output has one, and a thousand products.",
              hint="Count the operations for one output.", source='price_of_exp = "more"', name="price_of_exp_more")
misconception("price_of_exp", "That would need an exponential as dear as a thousand products.",
              hint="Count the operations for one output.", source='price_of_exp = "about as much"', name="price_of_exp_equal")
alternative("price_of_exp", source='price_of_exp = "less " + "than half"', name="price_of_exp_joined")

# --- PyTorch -------------------------------------------------------------------------------------


@misconception("torch_prelu", "The slope is a plain tensor: no optimizer sees it, and no checkpoint holds it.",
               hint="nn.Parameter(…).")
class PReLUWithAPlainTensor(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = torch.full((num_parameters,), float(init))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight.to(x).view(-1, *[1] * (x.dim() - 2)) * x)


@misconception("torch_prelu", "The slope is a buffer: it is saved and moved, but never trained.", hint="nn.Parameter(…).")
class PReLUWithABuffer(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.register_buffer("weight", torch.full((num_parameters,), float(init)))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


@misconception("torch_prelu", "The slopes line up with the last dimension; the channels are on dimension 1.",
               hint="View the slopes as (C, 1, 1) for images.", earns=1)
class PReLUOnTheLastDimension(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


@misconception("torch_prelu", "The larger of x and αx isn't PReLU once α is above 1.", hint="torch.where(x > 0, x, slope * x).",
               earns=1)
class PReLUByMaximum(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))

    def forward(self, x):
        return torch.maximum(x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


@misconception("torch_prelu", "The slope is detached from the graph in forward, so it never gets a gradient.",
               hint="Use self.weight, not self.weight.data.", earns=1)
class PReLUDetached(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))

    def forward(self, x):
        slope = self.weight.data.view(-1, *[1] * (x.dim() - 2))
        return torch.where(x > 0, x, slope * x) + 0 * self.weight.sum()


@misconception("torch_prelu", "init is ignored: the slopes are 0.25 always.", hint="torch.full((num_parameters,), init).", earns=2)
class PReLUWithoutInit(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), 0.25))

    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


@misconception("torch_prelu", "The parameter has another name than nn.PReLU's, so checkpoints don't fit.", hint="self.weight.", earns=2)
class PReLUUnderAnotherName(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.alpha = nn.Parameter(torch.full((num_parameters,), float(init)))

    def forward(self, x):
        return torch.where(x > 0, x, self.alpha.view(-1, *[1] * (x.dim() - 2)) * x)


@alternative("torch_prelu")
class PReLUInTwoParts(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(init * torch.ones(num_parameters))

    def forward(self, x):
        shape = [1] * x.dim()
        shape[1] = -1
        return x.clamp(min=0) + self.weight.reshape(shape) * x.clamp(max=0)


@alternative("torch_prelu")
class PReLUMovingDimensions(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.empty(num_parameters)))
        nn.init.constant_(self.weight, init)

    def forward(self, x):
        moved = x.movedim(1, -1)
        return torch.where(moved > 0, moved, self.weight * moved).movedim(-1, 1)


@misconception("torch_silu", "x is kept as an attribute of ctx: PyTorch can't watch it, and memory may leak.",
               hint="ctx.save_for_backward(x).", earns=2)
class SiLUKeepsAnAttribute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, dout):
        gate = torch.sigmoid(ctx.x)
        return dout * gate * (1 + ctx.x * (1 - gate))


@misconception("torch_silu", "Two tensors are kept, as autograd would by itself; nothing is saved.",
               hint="Keep x only, and compute the sigmoid again.", earns=2)
class SiLUKeepsTwo(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        gate = torch.sigmoid(x)
        ctx.save_for_backward(x, gate)
        return x * gate

    @staticmethod
    def backward(ctx, dout):
        x, gate = ctx.saved_tensors
        return dout * gate * (1 + x * (1 - gate))


@misconception("torch_silu", "The gate is kept after all, as an attribute of ctx: no memory is saved.",
               hint="Compute the gate again in backward.", earns=2)
class SiLUHidesTheGate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.gate = torch.sigmoid(x)
        return x * ctx.gate

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        return dout * ctx.gate * (1 + x * (1 - ctx.gate))


@misconception("torch_silu", "dout is forgotten: right for a sum, wrong for every other loss.", hint="Multiply by dout.", earns=1)
class SiLUWithoutDout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return gate * (1 + x * (1 - gate))


@misconception("torch_silu", "The gate is treated as a constant in the backward pass.", hint="gate · (1 + x (1 − gate)).", earns=1)
class SiLUConstantGate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        return dout * torch.sigmoid(x)


@misconception("torch_silu", "The output is kept in place of the input.", hint="ctx.save_for_backward(x).")
class SiLUKeepsTheOutput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x * torch.sigmoid(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return dout * gate * (1 + x * (1 - gate))


@misconception("torch_silu", "exp(x) / (1 + exp(x)) is NaN for large x.", hint="torch.sigmoid is stable.", earns=1)
class SiLUOverflows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.exp() / (1 + x.exp())

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return dout * gate * (1 + x * (1 - gate))


@alternative("torch_silu")
class SiLUInTwoTerms(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.silu(x)

    @staticmethod
    def backward(ctx, dout):
        x = ctx.saved_tensors[0]
        gate = x.sigmoid()
        return dout * gate + dout * x * gate * (1 - gate)


@alternative("torch_silu")
class SiLUByTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * (0.5 + 0.5 * torch.tanh(x / 2))

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        gate = 0.5 + 0.5 * torch.tanh(x / 2)
        return dout * (gate + x * gate * (1 - gate))


@misconception("torch_maxout", "The pieces of a unit are taken from far apart: outputs u, u + units, … instead of neighbours.",
               hint="Shape (…, units, pieces), maximum over the last.")
class MaxoutFarApart(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).unflatten(-1, (self.pieces, -1)).amax(dim=-2)


@misconception("torch_maxout", "The pieces are averaged; the largest should win.", hint="amax(dim=-1).")
class MaxoutMean(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).unflatten(-1, (-1, self.pieces)).mean(dim=-1)


@misconception("torch_maxout", "max(dim=-1) returns values and places; only the values are wanted.", hint="amax, or .values.")
class MaxoutReturnsPlaces(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).unflatten(-1, (-1, self.pieces)).max(dim=-1)


@misconception("torch_maxout", "Inputs with more than two dimensions are flattened into a batch.", hint="unflatten the last dimension only.")
class MaxoutFlattens(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        out = self.linear(x)
        return out.view(-1, out.shape[-1] // self.pieces, self.pieces).amax(dim=-1)


@misconception("torch_maxout", "A ReLU is put on top; maxout has no floor at 0.", hint="The maximum of the pieces, nothing else.")
class MaxoutWithReLU(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1).relu()


@alternative("torch_maxout")
class MaxoutByView(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces, self.units = pieces, out_features
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, x):
        return self.linear(x).reshape(*x.shape[:-1], self.units, self.pieces).max(dim=-1).values


@alternative("torch_maxout")
class MaxoutByStrides(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, pieces * out_features)

    def forward(self, x):
        out = self.linear(x)
        best = out[..., ::self.pieces]
        for k in range(1, self.pieces):
            best = torch.maximum(best, out[..., k::self.pieces])
        return best


@misconception("make_mlp", "One activation module is used in all places: a PReLU would share its slope.",
               hint="Call activation() once for each place.", earns=2)
def make_mlp_shares(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    modules, shared = layers[:1], activation()
    for layer in layers[1:]:
        modules += [shared, layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "An activation follows the last layer as well: with ReLU no score could be negative.",
               hint="Between the layers only.", earns=2)
def make_mlp_activates_scores(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*[module for layer in layers for module in (layer, activation())])


@misconception("make_mlp", "An activation that draws random numbers changes the weights of the layers after it.",
               hint="All weights first, then the activations.", earns=1)
def make_mlp_interleaves(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    modules = []
    for a, b in pairwise(sizes):
        layer = nn.Linear(a, b)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1])


@misconception("make_mlp", "PyTorch's default weights are kept: their variance is a sixth of what is asked for.",
               hint="nn.init.kaiming_normal_(layer.weight, nonlinearity='relu').", earns=1)
def make_mlp_default_weights(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "Xavier's variance, 2 / (fan_in + fan_out), is used.", hint="2 / fan_in: kaiming_normal_.", earns=1)
def make_mlp_xavier(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.xavier_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "The biases keep PyTorch's random start.", hint="nn.init.zeros_(layer.bias).", earns=1)
def make_mlp_random_biases(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "The seed is never set, so each network gets other weights and the comparison is one of luck.",
               hint="torch.manual_seed(seed), first of all.", earns=1)
def make_mlp_without_seed(activation, seed, sizes=(64, 32, 32, 32, 10)):
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "The seed is fixed in the function, so all seeds give the same network.",
               hint="torch.manual_seed(seed).", earns=1)
def make_mlp_fixed_seed(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(0)
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)


@misconception("make_mlp", "The seed is set again for each layer, so layers of the same shape get the same weights.",
               hint="Set the seed once, before the first layer.", earns=1)
def make_mlp_seeds_each_layer(activation, seed, sizes=(64, 32, 32, 32, 10)):
    modules = []
    for fan_in, fan_out in pairwise(sizes):
        torch.manual_seed(seed)
        layer = nn.Linear(fan_in, fan_out)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1])


@alternative("make_mlp")
def make_mlp_with_a_generator(activation, seed, sizes=(64, 32, 32, 32, 10)):
    generator, modules = torch.Generator().manual_seed(seed), []
    for fan_in, fan_out in pairwise(sizes):
        layer = nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(fan_out, fan_in, generator=generator) * (2 / fan_in) ** 0.5)
            layer.bias.zero_()
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1])


@alternative("make_mlp")
def make_mlp_weights_last(activation, seed, sizes=(64, 32, 32, 32, 10)):
    net = nn.Sequential()
    for k, (a, b) in enumerate(pairwise(sizes)):
        net.append(nn.Linear(a, b))
        if k < len(sizes) - 2:
            net.append(activation())
    torch.manual_seed(seed)
    for module in net:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=(2 / module.in_features) ** 0.5)
            nn.init.zeros_(module.bias)
    return net


@misconception("paired_difference", "The standard deviation is divided by S; with few seeds that is too small.", hint="ddof=1.")
def paired_difference_biased(first, second):
    difference = np.asarray(first) - np.asarray(second)
    return difference.mean(), difference.std() / np.sqrt(len(difference))


@misconception("paired_difference", "That is the standard deviation of one difference, not that of their mean.", hint="Divide by √S.")
def paired_difference_of_one(first, second):
    difference = np.asarray(first) - np.asarray(second)
    return difference.mean(), difference.std(ddof=1)


@misconception("paired_difference", "The pairs are torn apart: what the seeds have in common is counted as noise.",
               hint="Subtract first, then take the standard deviation.")
def paired_difference_unpaired(first, second):
    first, second = np.asarray(first), np.asarray(second)
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    return first.mean() - second.mean(), error


@misconception("paired_difference", "The difference has the wrong sign.", hint="first − second.")
def paired_difference_reversed(first, second):
    difference = np.asarray(second) - np.asarray(first)
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))


@misconception("paired_difference", "The sign of each difference is dropped before the mean.", hint="first − second, signed.")
def paired_difference_absolute(first, second):
    difference = np.abs(np.asarray(first) - np.asarray(second))
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))


@alternative("paired_difference")
def paired_difference_by_hand(first, second):
    differences = [a - b for a, b in zip(first, second, strict=True)]
    mean = sum(differences) / len(differences)
    variance = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
    return mean, (variance / len(differences)) ** 0.5


@alternative("paired_difference")
def paired_difference_by_torch(first, second):
    difference = torch.tensor(first) - torch.tensor(second)
    return difference.mean(), difference.std() / len(difference) ** 0.5


misconception("sigmoid_behind", "That is the accuracy of the sigmoid, not how far it lies behind.", hint="ReLU's accuracy less the sigmoid's.",
              source="sigmoid_behind = 12.0", name="sigmoid_behind_its_accuracy")
misconception("sigmoid_behind", "Percentage points, not a fraction of one.", hint="Multiply by 100.",
              source="sigmoid_behind = 0.7", name="sigmoid_behind_as_a_fraction")
misconception("sigmoid_behind", "That is ReLU's accuracy; the sigmoid's has to be subtracted.", hint="It is printed above the picture.",
              source="sigmoid_behind = 85.0", name="sigmoid_behind_relus_accuracy")
alternative("sigmoid_behind", source="sigmoid_behind = 72.4", name="sigmoid_behind_to_a_tenth")
