# ---
# title: Activations
# minutes: 240
# ---

# %% [markdown]
# # Activations
#
# **The promise.** At the end of this notebook you will have written ten activation functions by hand, forward and backward, in a form that survives every input. You will be able to say what is wrong with each of them: which ones let a gradient die in a deep network, which ones make learning zig-zag, which units die and how to bring them back, and what an exponential costs. In PyTorch you will write activations as modules and as an operation with its own backward pass, and you will compare them in a way that stands up to a second look.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes. From a clean kernel, the whole notebook takes about eleven seconds of processor time, most of it for importing PyTorch; all experiments together take about three. A GPU is used where there is one (in section 9) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch. You write a function, the cell below it tells you what is right and what is not, and experiments show what the function does to a network. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The vices and virtues of activation functions (saturation, outputs that are not zero-centred, dead ReLUs, the cost of exp) follow **CS231n**, lecture 6, and its notes [*Neural Networks, part 1*](https://cs231n.github.io/neural-networks-1/#actfun); how data and weights should be scaled to meet them is in [*part 2*](https://cs231n.github.io/neural-networks-2/). The other lecture notes of the course, **CSE 176** lecture 11, **Neural Networks III** and **INFO8010** lecture 4, train networks that are built from these functions.
#
# The papers: LeCun, Bottou, Orr & Müller (1998), [*Efficient BackProp*](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf); Glorot & Bengio (2010), [*Understanding the difficulty of training deep feedforward neural networks*](https://proceedings.mlr.press/v9/glorot10a.html); Nair & Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*; Glorot, Bordes & Bengio (2011), [*Deep sparse rectifier neural networks*](https://proceedings.mlr.press/v15/glorot11a.html); Maas, Hannun & Ng (2013), *Rectifier nonlinearities improve neural network acoustic models* (leaky ReLU); Goodfellow et al. (2013), [*Maxout networks*](https://arxiv.org/abs/1302.4389); He, Zhang, Ren & Sun (2015), [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852) (PReLU); Clevert, Unterthiner & Hochreiter (2016), [*Fast and accurate deep network learning by exponential linear units*](https://arxiv.org/abs/1511.07289) (ELU); Hendrycks & Gimpel (2016), [*Gaussian error linear units*](https://arxiv.org/abs/1606.08415) (GELU and SiLU); Elfwing, Uchibe & Doya (2018), [*Sigmoid-weighted linear units*](https://arxiv.org/abs/1702.03118); Ramachandran, Zoph & Le (2017), [*Searching for activation functions*](https://arxiv.org/abs/1710.05941) (Swish).

# %% setup="imports"
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import erf, expit, softmax
from torch import nn

from nnlab import data, device
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_shape
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()

# %% [markdown]
# Here is the family. The blue curve is the function; the dashed orange one is its derivative, by which every gradient is multiplied on its way back. Look at the orange curves first: where they are zero, nothing is learned.

# %% experiment="gallery"
family = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": F.relu,
          "leaky ReLU, PReLU": lambda x: F.leaky_relu(x, 0.2), "ELU": F.elu,
          "GELU": F.gelu, "SiLU": F.silu,
          "maxout of three lines": lambda x: torch.stack([-0.6 * x - 0.8, 0.3 * x, 1.2 * x - 1]).amax(0)}
x = torch.linspace(-4, 4, 321, requires_grad=True)
figure, grid = plt.subplots(2, 4, sharex=True, sharey=True, figsize=(9.6, 4.6))
for ax, (name, function) in zip(grid.flat, family.items(), strict=True):
    out = function(x)
    (slope,) = torch.autograd.grad(out.sum(), x)
    ax.plot(x.detach(), out.detach(), color=COLOURS["blue"], linewidth=2.4, label="function")
    ax.plot(x.detach(), slope, "--", color=COLOURS["orange"], label="derivative")
    ax.axhline(0, color="0.4", linewidth=0.8)
    ax.set_title(name, fontsize=10)
grid[0, 0].set(ylim=(-1.4, 3.2), xlim=(-4, 4), xticks=[-4, -2, 0, 2, 4])
grid[0, 0].legend(loc="upper left", fontsize=9)
for ax in grid[1]:
    ax.set_xlabel("x")
show(figure, "Eight small panels, each with an activation function and its derivative between -4 and 4. "
     "The derivative of the sigmoid never exceeds 0.25, that of tanh 1, and both vanish on the left and "
     "on the right. The derivatives of ReLU, leaky ReLU, ELU, GELU and SiLU are 1 or nearly so on the "
     "right; on the left they are zero, 0.2, or fade away. Maxout is three straight lines, its "
     "derivative three steps.")

# %% [markdown]
# For the backward passes there is a referee: the same function in PyTorch, in double precision, differentiated by autograd. The tests of this notebook compare your gradients with the referee's.

# %% setup="referee"
def referee(function, dout, *inputs):
    """The output of a PyTorch function and its gradients by autograd, in float64.

    ``dout`` is the gradient of the loss with respect to the output. Returns a list of arrays:
    the output, then one gradient for each input.
    """
    tensors = [torch.tensor(np.asarray(each, dtype=float), requires_grad=True) for each in inputs]
    out = function(*tensors)
    slopes = torch.autograd.grad((out * torch.tensor(np.asarray(dout, dtype=float))).sum(), tensors)
    return [tensor.detach().numpy() for tensor in (out, *slopes)]

# %% [markdown]
# NumPy doesn't stop at an overflow, it warns, and a warning in an output of a thousand lines is easily overlooked. The next function collects them.

# %% given="complaints"
def complaints(forward, backward, x):
    """What NumPy complains of (overflows, NaNs, …) in a forward and a backward pass at x."""
    import warnings

    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        out, cache = forward(x)
        backward(np.ones_like(out), cache)
    return sorted({str(one.message) for one in caught})

# %% [markdown]
# ## 1 · A network without activations
#
# Why have them at all? A layer without one computes $xW + b$, and the next one $(xW_1 + b_1)W_2 + b_2 = x\,W_1W_2 + (b_1W_2 + b_2)$: one matrix again. However many layers there are, they collapse. Write the collapse.

# %% solution="collapse"
def collapse(weights, biases):
    """The one affine layer that a stack of layers without activations amounts to.

    Args:
        weights: a list of K arrays; the k-th has the shape (D_k, D_{k+1}).
        biases: a list of K arrays; the k-th has the shape (D_{k+1},). Data x is (N, D_0), and
            each layer computes x @ weights[k] + biases[k].

    Returns:
        (W, b) of the shapes (D_0, D_K) and (D_K,), so that x @ W + b is what the stack gives.
    """
    ### BEGIN SOLUTION
    W, b = weights[0], biases[0]
    for next_W, next_b in zip(weights[1:], biases[1:], strict=True):
        W, b = W @ next_W, b @ next_W + next_b
    return W, b
    ### END SOLUTION

# %% [markdown] hint="collapse"
# Two layers are in the text. For more, go on in the same way: keep the `W` and `b` of the layers so far, and put one more layer on top.

# %% [markdown] hint="collapse"
# The bias of a lower layer passes through all matrices above it: `b = b @ next_W + next_b`.

# %% tests="collapse" points=2 changes="shown"
W, b = collapse([np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]])], [np.array([3.0, 4.0]), np.array([5.0])])
check_close("W of collapse([[[1, 2]], [[1], [10]]], [[3, 4], [5]])", W, [[21.0]], rtol=1e-5,
            look="The product of the matrices, in the order in which x meets them.")
check_close("b of collapse([[[1, 2]], [[1], [10]]], [[3, 4], [5]])", b, [48.0], rtol=1e-5,
            look="The first bias passes through the second matrix: 3 · 1 + 4 · 10, and 5 on top.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("collapse")
for sizes in ((4, 3, 5, 2, 3), (3, 3, 3, 3), (4, 2)):
    weights = [rng.normal(size=pair) for pair in pairwise(sizes)]
    biases = [rng.normal(size=width) for width in sizes[1:]]
    x = rng.normal(size=(6, sizes[0]))
    expected = x
    for weight, bias in zip(weights, biases, strict=True):
        expected = expected @ weight + bias
    before = [each.copy() for each in weights + biases]
    W, b = collapse(weights, biases)
    check_shape(f"W of collapse for the widths {sizes}", W, (sizes[0], sizes[-1]))
    check_shape(f"b of collapse for the widths {sizes}", b, (sizes[-1],))
    check_close(f"x @ W + b for the widths {sizes}", x @ np.asarray(W) + np.asarray(b), expected,
                rtol=1e-4, atol=1e-4, look="Every bias passes through all the matrices above its layer.")
    for old, new in zip(before, weights + biases, strict=True):
        check_unchanged("collapse", "weights or biases", old, new)
### END HIDDEN TESTS

# %% [markdown]
# Now a problem that no straight line solves: a disc and a ring around it, 150 points each. The next cell trains a network with two hidden layers of 16 units, with tanh between the layers or with nothing.

# %% given="train_rings"
def rings(seed=0):
    """300 points (x, y): a disc of radius 1 (class 0) and a ring from 1.4 to 2.2 (class 1)."""
    rng = np.random.default_rng(seed)
    angle, y = rng.uniform(0, 2 * np.pi, 300), np.arange(300) % 2
    radius = np.where(y == 0, np.sqrt(rng.uniform(0, 1, 300)), rng.uniform(1.4, 2.2, 300))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), y


def train_rings(bend, seed=0, steps=250, rate=0.3):
    """Train 2-16-16-1 on the rings, with tanh if ``bend``; returns (weights, biases)."""
    (x, y), rng, sizes = rings(seed), np.random.default_rng(seed), (2, 16, 16, 1)
    weights = [rng.normal(size=(a, b)) / np.sqrt(a) for a, b in pairwise(sizes)]
    biases = [np.zeros(b) for b in sizes[1:]]
    for _ in range(steps):
        layers = [x]
        for k in range(3):
            z = layers[-1] @ weights[k] + biases[k]
            layers.append(np.tanh(z) if bend and k < 2 else z)
        slope = (expit(z[:, 0]) - y)[:, None] / len(y)
        for k in (2, 1, 0):
            dw, db = layers[k].T @ slope, slope.sum(axis=0)
            slope = (slope @ weights[k].T) * (1 - layers[k] ** 2 if bend else 1)
            weights[k], biases[k] = weights[k] - rate * dw, biases[k] - rate * db
    return weights, biases

# %% [markdown]
# **Predict.** With tanh, the network gets all points right. Without it, how many: `"over 95 %"`, since three layers are more than one, `"about 85 %"`, or `"below 75 %"`?

# %% solution="without_bends"
# Type your choice: without_bends = "..."
### BEGIN SOLUTION
without_bends = "below 75 %"
### END SOLUTION

# %% [markdown] hint="without_bends"
# Three layers without activations are one layer. Which shape does its boundary have, and how much of a disc inside a ring can such a boundary cut off?

# %% tests="without_bends" points=1
check_one_of("without_bends", without_bends, ["over 95 %", "about 85 %", "below 75 %"])
### BEGIN HIDDEN TESTS
# Trained: 50 to 62 % on twenty seeds. The best straight line gets the disc and the part of the ring beyond it.
check_equal("without_bends", without_bends, "below 75 %",
            look="The boundary is one straight line: it can't go round the disc.")
### END HIDDEN TESTS

# %% experiment="bends"
(x, y), axis = rings(), np.linspace(-2.6, 2.6, 80)
plane = np.stack(np.meshgrid(axis, axis), axis=-1)
straight, bent = train_rings(bend=False), train_rings(bend=True)
W, b = collapse(*straight)


def with_tanh(points):
    (W1, W2, W3), (b1, b2, b3) = bent
    return np.tanh(np.tanh(points @ W1 + b1) @ W2 + b2) @ W3 + b3


figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.9))
for ax, (name, scores) in zip(axes, {"no activation, collapsed": lambda points: points @ W + b,
                                     "tanh": with_tanh}.items(), strict=True):
    right = ((scores(x)[:, 0] > 0) == y).mean()
    ax.contourf(axis, axis, scores(plane)[..., 0] > 0, levels=1, colors=["#dbeaf5", "#fbe9c6"])
    for label, (colour, mark) in enumerate((("blue", "o"), ("red", "^"))):
        ax.plot(*x[y == label].T, mark, color=COLOURS[colour], markersize=3.5)
    ax.set(title=f"{name}: {right:.0%} right", xticks=[], yticks=[], aspect="equal")
one = x
for weight, bias in zip(*straight, strict=True):
    one = one @ weight + bias
print(f"Three layers and their collapse differ by at most {np.abs(one - (x @ W + b)).max():.0e}.")
show(figure, "A disc of points inside a ring of points, twice, with the regions that two networks assign to "
     "the classes. Left, without activations: a straight line, little more than half of the points are "
     "right. Right, with tanh: a closed curve around the disc, all points are right.")

# %% [markdown]
# The collapse is exact up to rounding, and the straight line is the proof. (One thing does survive the collapse: the *rank*. A narrow layer in the middle makes the product a matrix of low rank, which is sometimes wanted.) So something has to bend between the layers. What?

# %% [markdown]
# ## 2 · Sigmoid and tanh, and how they saturate
#
# The oldest answer is the logistic sigmoid, $\sigma(x) = 1 / (1 + e^{-x})$, a soft switch between 0 and 1. Typed as it stands, it asks for $e^{1000}$ at $x = -1000$, which is beyond float64. But $\sigma(x) = e^{x} / (1 + e^{x})$ as well, which is fine there, and bad at $+1000$.
#
# *Convention of this course:* a forward function returns `(out, cache)`, and what `cache` holds is up to you; the backward function gets `dout`, the gradient of the loss with respect to the output, and the cache, and returns the gradient with respect to the input. Arguments are left as they are.

# %% solution="sigmoid"
def sigmoid_forward(x):
    """The logistic sigmoid 1 / (1 + exp(-x)) of each number, written with np.exp.

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.

    Returns:
        (out, cache): out has the shape of x and values from 0 to 1. No overflow, no warning and
        no NaN for any finite x, and an error below 1e-12 in float64.
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out
    ### END SOLUTION


def sigmoid_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    out = cache
    return dout * out * (1 - out)
    ### END SOLUTION

# %% [markdown] hint="sigmoid"
# Which exponentials can't overflow? Those of numbers that are never positive, such as $-|x|$. Write both forms of σ with $e^{-|x|}$.

# %% [markdown] hint="sigmoid"
# For $x \ge 0$ it is $1 / (1 + e^{-|x|})$, for $x < 0$ it is $e^{-|x|} / (1 + e^{-|x|})$: only the numerators differ. `np.where` evaluates both of its branches, so neither branch may overflow.

# %% [markdown] hint="sigmoid"
# $\sigma' = \sigma\,(1 - \sigma)$: the derivative needs only the *output*. Keep that in the cache, and multiply by `dout`.

# %% tests="sigmoid" part="forward" points=1 changes="shown"
x = np.array([-1000.0, 0.0, np.log(3.0), 1000.0])
out, cache = sigmoid_forward(x)
check_close("out of sigmoid_forward([-1000, 0, log 3, 1000])", out, [0.0, 0.5, 0.75, 1.0], rtol=1e-6,
            atol=1e-12)
said = complaints(sigmoid_forward, sigmoid_backward, x)
check("sigmoid_forward([-1000, 0, log 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="Take the exponential of numbers that are never positive, in both branches.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sigmoid")
x = np.concatenate([rng.normal(size=6) * 10, [-700.0, -30.0, 30.0, 89.0, 710.0]]).reshape(1, 11)
given = x.copy()
out, _ = sigmoid_forward(given)
check_unchanged("sigmoid_forward", "x", x, given)
check_close("out of sigmoid_forward at numbers up to ±710", out, referee(torch.sigmoid, x, x)[0],
            rtol=1e-6, atol=1e-12, look="Don't clip the input to a short interval.")
whole = np.array([[-3, -1, 0, 2]])
check_close("out of sigmoid_forward([[-3, -1, 0, 2]]), integers,", sigmoid_forward(whole.copy())[0],
            referee(torch.sigmoid, whole, whole)[0], rtol=1e-6,
            look="An array made by np.zeros_like(x) or x.copy() holds integers where x does.")
for kind, far in ((np.float32, 100.0), (np.float64, 1e300)):
    x = np.array([-far, far], dtype=kind)
    said = complaints(sigmoid_forward, sigmoid_backward, x)
    check(f"sigmoid_forward([-{far:g}, {far:g}]) in {kind.__name__}", not said,
          f"NumPy warns: {', '.join(said)}")
### END HIDDEN TESTS

# %% tests="sigmoid" part="backward" points=2 changes="shown"
out, cache = sigmoid_forward(np.array([-1000.0, 0.0, np.log(3.0), 1000.0]))
got = sigmoid_backward(np.array([1.0, 2.0, -1.0, 1.0]), cache)
check_close("sigmoid_backward([1, 2, -1, 1]) at [-1000, 0, log 3, 1000]", got, [0.0, 0.5, -0.1875, 0.0],
            rtol=1e-5, atol=1e-12, look="At log 3 the output is 0.75 and the slope 0.75 · 0.25.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sigmoid_backward")
x, dout = 2 * rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
given = dout.copy()
got = sigmoid_backward(given, sigmoid_forward(x.copy())[1])
check_close("sigmoid_backward on an array of shape (4, 3)", got, referee(torch.sigmoid, dout, x)[1], rtol=1e-5,
            atol=1e-6, look="dout times out times 1 − out, with the output of the forward pass.")
check_unchanged("sigmoid_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### tanh
#
# The hyperbolic tangent, $\tanh x = 2\sigma(2x) - 1$, is the same switch between −1 and 1. `np.tanh` is stable and allowed. The backward pass is the point here, and again the output is all that it needs.

# %% solution="tanh"
def tanh_forward(x):
    """The hyperbolic tangent of each number of x, an array of any shape: (out, cache).

    No overflow and no warning for any finite x, here and in the backward pass.
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    return out, out
    ### END SOLUTION


def tanh_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    out = cache
    return dout * (1 - out**2)
    ### END SOLUTION

# %% [markdown] hint="tanh"
# Differentiate $2\sigma(2x) - 1$ with $\sigma' = \sigma(1-\sigma)$, or look the derivative up: it can be written with $\tanh^2$.

# %% [markdown] hint="tanh"
# `dout * (1 - out**2)`. Is what you keep in the cache the output or the input?

# %% tests="tanh" part="forward" points=1
out, cache = tanh_forward(np.array([-1000.0, 0.0, np.log(2.0), 1000.0]))
check_close("out of tanh_forward([-1000, 0, log 2, 1000])", out, [-1.0, 0.0, 0.6, 1.0], rtol=1e-6, atol=1e-12)
### BEGIN HIDDEN TESTS
rng = hidden_rng("tanh")
x = 3 * rng.normal(size=(3, 4))
given = x.copy()
check_close("out of tanh_forward on an array of shape (3, 4)", tanh_forward(given)[0],
            referee(torch.tanh, x, x)[0], rtol=1e-5, atol=1e-6)
check_unchanged("tanh_forward", "x", x, given)
said = complaints(tanh_forward, tanh_backward, np.array([-1000.0, 1000.0]))
check("tanh_forward and tanh_backward at [-1000, 1000]", not said, f"NumPy warns: {', '.join(said)}",
      look="np.tanh is stable; quotients of exponentials and np.cosh are not. 1 − out² needs neither.")
### END HIDDEN TESTS

# %% tests="tanh" part="backward" points=1
out, cache = tanh_forward(np.array([0.0, np.log(2.0)]))
check_close("tanh_backward([2, 1]) at [0, log 2]", tanh_backward(np.array([2.0, 1.0]), cache), [2.0, 0.64],
            rtol=1e-5,
            look="At log 2 the output is 0.6 and the slope 1 − 0.36.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("tanh_backward")
x, dout = 1.5 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
given = dout.copy()
got = tanh_backward(given, tanh_forward(x.copy())[1])
check_close("tanh_backward on an array of shape (3, 4)", got, referee(torch.tanh, dout, x)[1], rtol=1e-5,
            atol=1e-6,
            look="dout · (1 − out²).")
check_unchanged("tanh_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### Saturation
#
# Where a unit *saturates*, its output hardly moves and its derivative is nearly zero: no gradient passes. And even where a sigmoid is at its best, its derivative is small.
#
# **With pencil and paper.** A gradient goes back through ten sigmoids in a row, all weights being 1. By which factor is it multiplied *at best*, when every sigmoid sits where its derivative is largest?

# %% solution="best_case"
# Type the factor: best_case = ...
### BEGIN SOLUTION
best_case = 0.25**10
### END SOLUTION

# %% [markdown] hint="best_case"
# The derivative is $\sigma(1 - \sigma)$. For which σ is that largest, and how large is it?

# %% [markdown] hint="best_case"
# A quarter, at σ = ½. Ten factors of it.

# %% tests="best_case" points=1
check("best_case", 0 < best_case < 1, f"{best_case} is not a factor between 0 and 1")
### BEGIN HIDDEN TESTS
check_close("best_case", best_case, 2.0**-20, rtol=0.06,
            look="Each sigmoid multiplies by at most 1/4, and there are ten.")
### END HIDDEN TESTS

# %% [markdown]
# In a network the weights take part too. The next cell sends a signal forward through ten layers of 100 units and a gradient back, with your functions; the weights have variance 1/100, so that each layer alone keeps the size of a signal (that choice is the subject of the next notebook).

# %% given="gradient_sizes"
def gradient_sizes(forward, backward, seed=0, layers=10, width=100):
    """The root mean square of the gradient at the top and below each layer, from the top down.

    Returns an array of layers + 1 numbers; the first one belongs to the gradient at the output.
    """
    rng = np.random.default_rng(seed)
    signal, memory = rng.normal(size=(64, width)), []
    for _ in range(layers):
        weights = rng.normal(size=(width, width)) / np.sqrt(width)
        signal, cache = forward(signal @ weights)
        memory.append((weights, cache))
    gradient = rng.normal(size=(64, width))
    sizes = [np.sqrt((gradient**2).mean())]
    for weights, cache in reversed(memory):
        gradient = backward(gradient, cache) @ weights.T
        sizes.append(np.sqrt((gradient**2).mean()))
    return np.array(sizes)

# %% [markdown]
# **Predict.** With these weights, which activation leaves the largest gradient below ten layers: `"sigmoid"`, `"tanh"` or `"ReLU"`, $\max(0, x)$, whose derivative is 1 or 0?

# %% solution="least_lost"
# Type your choice: least_lost = "..."
### BEGIN SOLUTION
least_lost = "tanh"
### END SOLUTION

# %% [markdown] hint="least_lost"
# A ReLU blocks the gradient of every unit that is off. How many of them are, about, and what does that do to the mean square in each layer? Then think of tanh near 0, where most of its inputs are.

# %% tests="least_lost" points=1
check_one_of("least_lost", least_lost, ["sigmoid", "tanh", "ReLU"])
### BEGIN HIDDEN TESTS
# On twenty seeds tanh keeps 0.24 to 0.29 of the size, ReLU (1/√2 a layer) 0.02 to 0.04.
check_equal("least_lost", least_lost, "tanh",
            look="Half of the ReLUs are off: the mean square halves in each layer. That is a matter of "
                 "the weights, and twice their variance mends it; the sigmoid is harder to mend.")
### END HIDDEN TESTS

# %% experiment="saturation"
contest = {"tanh": (tanh_forward, tanh_backward, "s-", "blue"),
           "ReLU": (lambda x: (np.maximum(x, 0), x > 0), lambda dout, on: dout * on, "^-", "green"),
           "sigmoid": (sigmoid_forward, sigmoid_backward, "o-", "red")}
figure, axes = plt.subplots()
for name, (forward, backward, mark, colour) in contest.items():
    sizes = gradient_sizes(forward, backward)
    axes.semilogy(sizes / sizes[0], mark, color=COLOURS[colour], markersize=5)
    axes.text(10.15, sizes[-1] / sizes[0], name, color=COLOURS[colour], va="center")
axes.set(xlabel="layers that the gradient has passed", ylabel="size, relative to the top", xlim=(0, 11.4),
         xticks=range(11), title="A gradient on its way back through ten layers", ylim=(1e-7, 3))
axes.set_yticks(10.0 ** np.arange(-7, 1))
show(figure, "The size of a gradient, on a logarithmic scale, against the number of layers it has passed. "
     "With tanh it falls slowly to about 0.26 after ten layers, with ReLU to about 0.03, with sigmoid in "
     "a straight line to about 0.0000005.")

# %% [markdown]
# Read off the sigmoid's line: by which factor is the gradient multiplied *in each layer*?

# %% solution="factor_per_layer"
# Type the factor: factor_per_layer = ...
### BEGIN SOLUTION
factor_per_layer = 0.23
### END SOLUTION

# %% [markdown] hint="factor_per_layer"
# What is left after ten layers is the tenth power of it. Take the tenth root.

# %% tests="factor_per_layer" points=1
check("factor_per_layer", factor_per_layer < 1, f"{factor_per_layer}: the line falls, so the factor is below 1")
### BEGIN HIDDEN TESTS
# On twenty seeds the tenth root lies between 0.229 and 0.236; reading off may cost a tenth of that.
check_close("factor_per_layer", factor_per_layer, 0.232, rtol=0, atol=0.025,
            look="A little less than the quarter of the best case: (what is left)^(1/10).")
### END HIDDEN TESTS

# %% [markdown]
# So the first layer of a deep sigmoid network learns a million times slower than the last. Larger weights don't help: they drive the units into saturation. Glorot & Bengio (2010) watched it happen; the remedies are tanh or ReLU, weights of the right size (notebook 03) and normalization (notebook 04).

# %% [markdown]
# ## 3 · Zero-centred or not: the zig-zag
#
# The sigmoid has a second vice: its outputs are all positive. For one unit of the *next* layer, with $z = w \cdot x + b$, the gradient is $\partial L/\partial w = (\partial L/\partial z)\, x$: one number times the vector of inputs.
#
# **Predict.** All 50 inputs of a unit are outputs of sigmoids. For one example, the 50 gradients of its weights are: `"of one sign"`, `"of either sign"`, or `"all positive"`?

# %% solution="signs"
# Type your choice: signs = "..."
### BEGIN SOLUTION
signs = "of one sign"
### END SOLUTION

# %% [markdown] hint="signs"
# Each of the 50 is the same number ∂L/∂z times a positive input. Must that number be positive?

# %% tests="signs" points=1
check_one_of("signs", signs, ["of one sign", "of either sign", "all positive"])
### BEGIN HIDDEN TESTS
check_equal("signs", signs, "of one sign",
            look="The sign of ∂L/∂z, which may be either, times positive inputs.")
### END HIDDEN TESTS

# %% [markdown]
# Measure it. Given the gradient of a whole weight matrix, which share of its *units* (columns) has gradients of one sign only?

# %% solution="same_sign_share"
def same_sign_share(dW):
    """The share of units all of whose weights want to move in the same direction.

    Args:
        dW: the gradient of a weight matrix, (D, H): column h belongs to unit h.

    Returns:
        A number from 0 to 1: the share of the H columns that have no two entries of opposite
        sign. A zero goes with either sign.
    """
    ### BEGIN SOLUTION
    return np.mean((dW >= 0).all(axis=0) | (dW <= 0).all(axis=0))
    ### END SOLUTION

# %% [markdown] hint="same_sign_share"
# "All are ≥ 0, or all are ≤ 0", for each column. Along which axis does `all` have to go?

# %% [markdown] hint="same_sign_share"
# `(dW >= 0).all(axis=0)` is True for the columns without a negative entry. Combine it with its counterpart by `|`, and take the mean.

# %% tests="same_sign_share" points=2
dW = np.array([[1.0, -1.0, 2.0, 0.0], [3.0, -2.0, -1.0, 5.0]])
check_close("same_sign_share([[1, -1, 2, 0], [3, -2, -1, 5]])", same_sign_share(dW), 0.75, rtol=1e-6,
            look="Only the third column has both signs; the zero goes with 5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("same_sign_share")
for _ in range(4):
    dW = np.abs(rng.normal(size=(6, 6))) * rng.choice([-1.0, 1.0], size=6)
    dW[rng.integers(6, size=4), np.arange(4)] *= -1  # an odd one out in four of six columns
    dW[rng.integers(6), 5] = 0.0
    expected = sum(min(column) >= 0 or max(column) <= 0 for column in dW.T.tolist()) / 6
    check_close("same_sign_share of a (6, 6) gradient", same_sign_share(dW), expected, rtol=1e-6,
                look="Columns are units; a column counts if it has no two entries of opposite sign.")
x, dz = rng.uniform(0.1, 1, size=7), rng.normal(size=5)
check_close("same_sign_share of one example with positive inputs", same_sign_share(np.outer(x, dz)), 1.0,
            rtol=1e-6,
            look="Columns of negative entries count, too.")
check_close("same_sign_share([[1], [0], [-1]])", same_sign_share(np.array([[1.0], [0.0], [-1.0]])), 0.0,
            atol=1e-12, look="1 and −1 have opposite signs, also with a zero between them.")
check_close("same_sign_share([[0.0], [0.0]])", same_sign_share(np.zeros((2, 1))), 1.0, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# In two dimensions one can see what that means. A unit with two weights has to go from $(-\tfrac12, \tfrac12)$ to $(1, -1)$: one weight up, the other one down. With positive inputs, each single example moves both up or both down. The next cell walks 300 steps of stochastic gradient descent, one example a step.

# %% given="zigzag"
def zigzag(centred, seed=0, steps=300, rate=0.5):
    """The path of two weights that learn z = w · x for w = (1, -1), one example a step.

    The inputs are uniform in (0, 1), or, if ``centred``, in (-½, ½). Returns (steps + 1, 2).
    """
    goal, path = np.array([1.0, -1.0]), [np.array([-0.5, 0.5])]
    for x in np.random.default_rng(seed).uniform(0, 1, size=(steps, 2)) - 0.5 * centred:
        path.append(path[-1] - rate * ((path[-1] - goal) @ x) * x)
    return np.array(path)


def detour_of(path, goal=(1.0, -1.0)):
    """How many times the straight way the path is long, until it is within 0.1 of the goal."""
    near = np.linalg.norm(path - goal, axis=1) < 0.1
    walked = path[: np.argmax(near) + 1 if near.any() else None]
    length = np.linalg.norm(np.diff(walked, axis=0), axis=1).sum()
    return length / np.linalg.norm(walked[0] - goal)

# %% experiment="zigzag"
figure, axes = plt.subplots(1, 2, sharex=True, sharey=True, figsize=(8.4, 3.9))
for ax, centred, colour in zip(axes, (False, True), ("red", "blue"), strict=True):
    path = zigzag(centred)
    ax.plot(*path.T, color=COLOURS[colour], linewidth=1.3)
    ax.plot(*path[0], "ko")
    ax.plot(1, -1, "k*", markersize=13)
    where = "(−½, ½)" if centred else "(0, 1)"
    ax.set(title=f"inputs in {where}: {detour_of(path):.1f} times as far", aspect="equal",
           xlabel="first weight")
axes[0].set_ylabel("second weight")
rng = np.random.default_rng(3)
x, dz = expit(rng.normal(size=(32, 50))), rng.normal(size=(32, 20))
print(f"Units whose 50 gradients are of one sign: {same_sign_share(np.outer(x[0], dz[0])):.0%} for one "
      f"example, {same_sign_share(x.T @ dz):.0%} for a minibatch of 32.")
show(figure,
     "Two paths in the plane of two weights, from the upper left to a star at the lower right. Left, "
     "with positive inputs: every step goes to the upper right or to the lower left, and the path "
     "zig-zags to the goal. Right, with centred inputs: the path is nearly straight.")

# %% [markdown]
# Read off: with positive inputs, how many times the straight way is the path?

# %% solution="detour"
# Type the number: detour = ...
### BEGIN SOLUTION
detour = 2.4
### END SOLUTION

# %% [markdown] hint="detour"
# It stands above the left picture: the length of the path over that of the straight way.

# %% tests="detour" points=1
check("detour", detour >= 1, f"{detour}: no way is shorter than the straight one")
### BEGIN HIDDEN TESTS
# On twenty seeds: 2.0 to 2.9 with positive inputs, 1.1 to 1.3 with centred ones.
check_close("detour", detour, 2.45, rtol=0, atol=0.6, look="The left path, not the right one.")
### END HIDDEN TESTS

# %% [markdown]
# The printed line shows the way out: over a minibatch the signs mix, so the zig-zag is milder than it looks here. What stays is the *conditioning*: inputs with a mean make one direction of the loss much steeper than the others (here by a factor of 7: the eigenvalues of $E[xx^\top]$ are 7/12 and 1/12), and the learning rate has to suit the steepest (LeCun et al., 1998). Hence tanh rather than sigmoid between layers, and zero-centred data. ReLU's outputs aren't zero-centred either; ELU and, later, batch normalization answer to that.

# %% [markdown]
# ## 4 · The rectified family
#
# ### ReLU
#
# $\max(0, x)$: no exponential, no saturation on the right, exact zeros on the left (Nair & Hinton, 2010; Glorot et al., 2011). It has no derivative at 0; any number from 0 to 1 would do, and *we take 0*, as PyTorch does.

# %% solution="relu"
def relu_forward(x):
    """max(0, x) of each number of x, an array of any shape, which is left as it is: (out, cache)."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0), x
    ### END SOLUTION


def relu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is); 0 at x = 0."""
    ### BEGIN SOLUTION
    x = cache
    return dout * (x > 0)
    ### END SOLUTION

# %% [markdown] hint="relu"
# `np.maximum(x, 0)` makes a new array. (`np.max` is something else, and `x[x < 0] = 0` changes the array of the caller.)

# %% [markdown] hint="relu"
# Backward: `dout` where *x* was positive, 0 elsewhere. Is it the sign of x or that of `dout` which decides?

# %% tests="relu" part="forward" points=1 changes="shown"
x = np.array([[-2.0, 0.0, 3.0]])
given = x.copy()
check_close("out of relu_forward([[-2, 0, 3]])", relu_forward(given)[0], [[0.0, 0.0, 3.0]], rtol=1e-6)
check_unchanged("relu_forward", "x", x, given)
### BEGIN HIDDEN TESTS
rng = hidden_rng("relu")
x = rng.normal(size=(2, 3, 4)) * 10.0 ** rng.integers(-8, 4, size=(2, 3, 4))
given = x.copy()
check_close("out of relu_forward on an array of shape (2, 3, 4)", relu_forward(given)[0],
            referee(F.relu, x, x)[0], rtol=1e-5)
check_unchanged("relu_forward", "x", x, given)
check_close("out of relu_forward([-3, 0, 4]), integers,", relu_forward(np.array([-3, 0, 4]))[0], [0, 0, 4])
### END HIDDEN TESTS

# %% tests="relu" part="backward" points=1 changes="shown"
_, cache = relu_forward(np.array([-2.0, 0.0, 3.0, 1.0]))
check_close("relu_backward([5, 6, 7, -8]) at [-2, 0, 3, 1]",
            relu_backward(np.array([5.0, 6.0, 7.0, -8.0]), cache),
            [0.0, 0.0, 7.0, -8.0], rtol=1e-6, look="Where x > 0, dout passes as it is; at 0 we take 0.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relu_backward")
x, dout = rng.integers(-2, 3, size=(6, 5)).astype(float), rng.normal(size=(6, 5))
x[rng.integers(6, size=2), [0, 1]] = [1e-9, -1e-9]
given = dout.copy()
got = relu_backward(given, relu_forward(x.copy())[1])
check_close("relu_backward on an array of shape (6, 5)", got, referee(F.relu, dout, x)[1], rtol=1e-5,
            look="x > 0 decides, whatever the sign of dout.")
check_unchanged("relu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### Leaky ReLU
#
# Maas et al. (2013) leave a small slope on the left, so that no unit is ever without a gradient: $x$ for $x > 0$, $\alpha x$ otherwise.

# %% solution="leaky_relu"
def leaky_relu_forward(x, alpha=0.01):
    """x where x > 0, alpha · x elsewhere: (out, cache).

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.
        alpha: the slope on the left, any number: small as a rule, but 0, negative or above 1, too.
    """
    ### BEGIN SOLUTION
    slope = np.where(x > 0, 1.0, alpha)
    return slope * x, slope
    ### END SOLUTION


def leaky_relu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    slope = cache
    return dout * slope
    ### END SOLUTION

# %% [markdown] hint="leaky_relu"
# `np.maximum(x, alpha * x)` is right only while alpha is at most 1. What does `np.where` say?

# %% [markdown] hint="leaky_relu"
# The derivative is 1 where x > 0 and alpha elsewhere, and the backward pass doesn't know alpha unless the cache does.

# %% tests="leaky_relu" part="forward" points=1 changes="shown"
check_close("out of leaky_relu_forward([-2, 0, 3], alpha=0.1)",
            leaky_relu_forward(np.array([-2.0, 0.0, 3.0]), 0.1)[0],
            [-0.2, 0.0, 3.0], rtol=1e-5)
check_close("out of leaky_relu_forward([-2, 0, 3])", leaky_relu_forward(np.array([-2.0, 0.0, 3.0]))[0],
            [-0.02, 0.0, 3.0], rtol=1e-5, look="Without an alpha, the slope is 0.01.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaky_relu")
for alpha in (rng.uniform(0.05, 0.5), 0.0, -0.5, 2.5):
    x = 3 * rng.normal(size=(3, 4))
    given = x.copy()
    check_close(f"out of leaky_relu_forward with alpha={alpha:.2g}", leaky_relu_forward(given, alpha)[0],
                referee(lambda t, a=alpha: F.leaky_relu(t, a), x, x)[0], rtol=1e-5, atol=1e-6,
                look="x decides which branch it is, not the larger of the two.")
    check_unchanged("leaky_relu_forward", "x", x, given)
check_close("out of leaky_relu_forward([-3, 4], alpha=0.25), integers,",
            leaky_relu_forward(np.array([-3, 4]), 0.25)[0], [-0.75, 4.0], rtol=1e-5,
            look="An array of integers has no room for −0.75.")
### END HIDDEN TESTS

# %% tests="leaky_relu" part="backward" points=1 changes="shown"
_, cache = leaky_relu_forward(np.array([-2.0, 3.0]), 0.1)
check_close("leaky_relu_backward([5, 7]) at [-2, 3], alpha=0.1",
            leaky_relu_backward(np.array([5.0, 7.0]), cache),
            [0.5, 7.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaky_relu_backward")
for alpha in (rng.uniform(0.05, 0.5), -0.5, 2.5):
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    given = dout.copy()
    got = leaky_relu_backward(given, leaky_relu_forward(x.copy(), alpha)[1])
    check_close(f"leaky_relu_backward with alpha={alpha:.2g}", got,
                referee(lambda t, a=alpha: F.leaky_relu(t, a), dout, x)[1], rtol=1e-5, atol=1e-6,
                look="1 where x > 0 and alpha elsewhere, times dout.")
    check_unchanged("leaky_relu_backward", "dout", dout, given)
check_close("leaky_relu_backward([1, 1]) at [-3, 4], integers, alpha=0.25",
            leaky_relu_backward(np.ones(2), leaky_relu_forward(np.array([-3, 4]), 0.25)[1]), [0.25, 1.0], rtol=1e-5,
            look="An array made by np.ones_like(x) holds integers where x does: 0.25 becomes 0.")
### END HIDDEN TESTS

# %% [markdown]
# ### PReLU: the slope is learned
#
# He et al. (2015) make alpha a parameter: one number for the whole layer, or one for each channel. Then it needs a gradient. One alpha acts on many numbers, so its gradient is a *sum* over all of them:
#
# $$\frac{\partial L}{\partial \alpha_c} = \sum_{\text{all } x \text{ of channel } c} \frac{\partial L}{\partial \text{out}} \cdot \begin{cases} 0 & x > 0\\ x & \text{otherwise}\end{cases}$$
#
# Channels are on axis 1: x is (N, C), or (N, C, H, W) for images.

# %% solution="prelu"
def prelu_forward(x, alpha):
    """x where x > 0, alpha · x elsewhere, with an alpha that is learned: (out, cache).

    Args:
        x: an array (N, C) or (N, C, …) of floats or integers, with the channels on axis 1.
        alpha: a number, one slope for all; or an array (C,), one slope for each channel. Any values.
    """
    ### BEGIN SOLUTION
    alpha = np.asarray(alpha)
    aligned = alpha.reshape((-1,) + (1,) * (np.ndim(x) - 2)) if alpha.ndim else alpha
    slope = np.where(x > 0, 1.0, aligned)
    return slope * x, (x, slope, alpha.ndim)
    ### END SOLUTION


def prelu_backward(dout, cache):
    """The gradients (dx, dalpha), of the shapes of x and alpha; dout is left as it is."""
    ### BEGIN SOLUTION
    x, slope, per_channel = cache
    left = dout * np.minimum(x, 0)
    axes = tuple(axis for axis in range(left.ndim) if axis != 1 or not per_channel)
    return dout * slope, left.sum(axis=axes)
    ### END SOLUTION

# %% [markdown] hint="prelu"
# Forward: to line up an alpha of shape (C,) with axis 1 of (N, C, H, W), it needs the shape (C, 1, 1). NumPy lines up from the right, so (C,) alone would meet the *last* axis, and if that has C entries too, nobody complains.

# %% [markdown] hint="prelu"
# Backward: the numbers to sum are `dout * x` where x ≤ 0, and 0 elsewhere (`np.minimum(x, 0)` is x there and 0 elsewhere). Over which axes? All those that alpha doesn't have: every one but axis 1, or every one.

# %% [markdown] hint="prelu"
# `left = dout * np.minimum(x, 0)`; one alpha: `left.sum()`; one for each channel: `left.sum(axis=(0, 2, 3))` for images, `left.sum(axis=0)` for (N, C). Don't average: a loss that is a mean has the 1/N in `dout` already.

# %% tests="prelu" part="forward" points=1
x = np.array([[-2.0, 3.0], [4.0, -1.0]])
check_close("out of prelu_forward([[-2, 3], [4, -1]], 0.5)", prelu_forward(x.copy(), 0.5)[0],
            [[-1.0, 3.0], [4.0, -0.5]], rtol=1e-5)
check_close("out of prelu_forward([[-2, 3], [4, -1]], [0.5, 0.1])",
            prelu_forward(x.copy(), np.array([0.5, 0.1]))[0],
            [[-1.0, 3.0], [4.0, -0.1]], rtol=1e-5, look="One slope for each channel (column).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("prelu")
for shape, slopes in (((4, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3), ((2, 3, 4), None), ((2, 4, 4), 4)):
    x = rng.normal(size=shape)
    alpha = np.array(rng.uniform(-0.8, 1.6, size=slopes))
    given = x.copy()
    alpha_given = alpha.copy()
    check_close(f"out of prelu_forward, x of shape {shape}, alpha of shape {alpha.shape},",
                prelu_forward(given, alpha_given)[0], referee(F.prelu, x, x, alpha)[0], rtol=1e-5, atol=1e-6,
                look="alpha belongs to axis 1, and x decides which branch it is.")
    check_unchanged("prelu_forward", "x", x, given)
    check_unchanged("prelu_forward", "alpha", alpha, alpha_given)
check_close("out of prelu_forward([[-3, 4]], 0.25), integers,", prelu_forward(np.array([[-3, 4]]), 0.25)[0],
            [[-0.75, 4.0]], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="prelu" part="backward" points=3
x, dout = np.array([[-2.0, 3.0], [-4.0, -1.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
dx, dalpha = prelu_backward(dout.copy(), prelu_forward(x.copy(), 0.5)[1])
call = "prelu_backward([[1, 10], [100, 1000]]) at [[-2, 3], [-4, -1]]"
check_close(f"dx of {call}, alpha=0.5,", dx, [[0.5, 10.0], [50.0, 500.0]], rtol=1e-5)
check_close(f"dalpha of {call}, alpha=0.5,", dalpha, -1402.0, rtol=1e-5,
            look="The sum of dout · x where x isn't positive: −2 − 400 − 1000.")
_, dalpha = prelu_backward(dout.copy(), prelu_forward(x.copy(), np.array([0.5, 0.1]))[1])
check_close(f"dalpha of {call}, alpha=[0.5, 0.1],", dalpha, [-402.0, -1000.0], rtol=1e-5,
            look="One sum for each channel (column).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("prelu_backward")
for shape, slopes in (((4, 3), 3), ((3, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3), ((2, 3, 4), None),
                      ((5, 2), None), ((2, 4, 4), 4), ((4, 1), 1)):
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    alpha = np.array(rng.uniform(-0.8, 1.6, size=slopes))
    given, of = dout.copy(), f"prelu_backward, x of shape {shape}, alpha of shape {alpha.shape},"
    dx, dalpha = prelu_backward(given, prelu_forward(x.copy(), alpha.copy())[1])
    _, dx_expected, dalpha_expected = referee(F.prelu, dout, x, alpha)
    check_close(f"dx of {of}", dx, dx_expected, rtol=1e-5, atol=1e-6,
                look="1 where x > 0, the alpha of the channel elsewhere.")
    check_close(f"dalpha of {of}", dalpha, dalpha_expected, rtol=1e-4, atol=1e-5,
                look="Sum dout · x, where x isn't positive, over every axis that alpha doesn't have.")
    check_unchanged("prelu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### ELU
#
# Clevert et al. (2016) bend the left side down to $-\alpha$, so that the outputs have a mean near zero: $x$ for $x > 0$, $\alpha\,(e^x - 1)$ otherwise. `np.expm1` computes $e^x - 1$ without losing digits near 0. Beware of `np.where`: it computes both branches, and $e^{1000}$ is in one of them.

# %% solution="elu"
def elu_forward(x, alpha=1.0):
    """x where x > 0, alpha · (exp(x) − 1) elsewhere: (out, cache).

    Args:
        x: an array of any shape, of floats or integers; it is left as it is.
        alpha: a positive number; the output is nowhere below −alpha.

    No overflow and no warning for any finite x.
    """
    ### BEGIN SOLUTION
    bent = alpha * np.expm1(np.minimum(x, 0))
    out = np.where(x > 0, x, bent)
    return out, np.where(x > 0, 1.0, bent + alpha)
    ### END SOLUTION


def elu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    slope = cache
    return dout * slope
    ### END SOLUTION

# %% [markdown] hint="elu"
# In the branch on the left, use a number that is never positive: `np.minimum(x, 0)`.

# %% [markdown] hint="elu"
# The derivative on the left is $\alpha e^x$. Compare that with the output: it is `out + alpha`, so no second exponential is needed.

# %% tests="elu" part="forward" points=1 changes="shown"
x = np.array([-1000.0, -np.log(2.0), 0.0, 3.0, 1000.0])
check_close("out of elu_forward([-1000, -log 2, 0, 3, 1000], alpha=2)", elu_forward(x.copy(), 2.0)[0],
            [-2.0, -1.0, 0.0, 3.0, 1000.0], rtol=1e-5, atol=1e-7)
said = complaints(elu_forward, elu_backward, x)
check("elu_forward([-1000, -log 2, 0, 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="np.where computes both branches: the left one must be safe at 1000 as well.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("elu")
for alpha in (1.0, rng.uniform(0.2, 0.8), rng.uniform(1.5, 3)):
    x = 2 * rng.normal(size=(3, 4))
    given = x.copy()
    check_close(f"out of elu_forward with alpha={alpha:.3g}", elu_forward(given, alpha)[0],
                referee(lambda t, a=alpha: F.elu(t, a), x, x)[0], rtol=1e-5, atol=1e-6,
                look="alpha multiplies the whole bracket exp(x) − 1, and only on the left.")
    check_unchanged("elu_forward", "x", x, given)
whole = np.array([-2, -1, 4])
check_close("out of elu_forward([-2, -1, 4]), integers,", elu_forward(whole)[0],
            [np.exp(-2) - 1, np.exp(-1) - 1, 4.0],
            rtol=1e-5, look="An array of integers has no room for −0.86.")
### END HIDDEN TESTS

# %% tests="elu" part="backward" points=2 changes="shown"
_, cache = elu_forward(np.array([-1000.0, -np.log(2.0), 3.0]), 2.0)
check_close("elu_backward([1, 1, -5]) at [-1000, -log 2, 3], alpha=2",
            elu_backward(np.array([1.0, 1.0, -5.0]), cache),
            [0.0, 1.0, -5.0], rtol=1e-5, atol=1e-7, look="At −log 2 the slope is 2 · ½.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("elu_backward")
for alpha in (1.0, rng.uniform(0.2, 0.8), rng.uniform(1.5, 3)):
    x, dout = 2 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    given = dout.copy()
    got = elu_backward(given, elu_forward(x.copy(), alpha)[1])
    check_close(f"elu_backward with alpha={alpha:.3g}", got,
                referee(lambda t, a=alpha: F.elu(t, a), dout, x)[1],
                rtol=1e-5, atol=1e-6, look="On the left alpha · exp(x), which is out + alpha; on the right 1.")
    check_unchanged("elu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Smooth gates: GELU and SiLU
#
# ReLU multiplies x by a hard gate, 0 or 1. GELU (Hendrycks & Gimpel, 2016) multiplies it by a soft one, the probability that a standard normal variable is below x:
#
# $$\text{GELU}(x) = x\,\Phi(x), \qquad \Phi(x) = \tfrac12\left(1 + \text{erf}(x/\sqrt2)\right)$$
#
# `erf` is imported from SciPy. The derivative follows from the product rule; $\Phi'$ is the density of the normal distribution, $\varphi(x) = e^{-x^2/2}/\sqrt{2\pi}$.

# %% solution="gelu"
def gelu_forward(x):
    """The exact GELU x · Φ(x) of each number of x, an array of any shape: (out, cache)."""
    ### BEGIN SOLUTION
    cdf = 0.5 * (1 + erf(x / np.sqrt(2)))
    return x * cdf, (x, cdf)
    ### END SOLUTION


def gelu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    x, cdf = cache
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    return dout * (cdf + x * density)
    ### END SOLUTION

# %% [markdown] hint="gelu"
# Forward: one line for Φ, one for the product. Backward: $(uv)' = u'v + uv'$ with $u = x$ and $v = \Phi$.

# %% [markdown] hint="gelu"
# The derivative is $\Phi(x) + x\,\varphi(x)$. At 1 it is 0.841 + 0.242 = 1.083: yes, above 1.

# %% tests="gelu" part="forward" points=1
check_close("out of gelu_forward([-1, 0, 1, 1000])", gelu_forward(np.array([-1.0, 0.0, 1.0, 1000.0]))[0],
            [-0.15865525, 0.0, 0.84134475, 1000.0], rtol=1e-5,
            look="Φ(1) = 0.84134475: 84 % lie below one standard deviation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu")
x = np.append(2 * rng.normal(size=9), [2.7, -2.7, -1000.0]).reshape(3, 4)
given = x.copy()
# The tanh form is off by up to 5e-4, near ±2.7.
check_close("out of gelu_forward on an array of shape (3, 4)", gelu_forward(given)[0], referee(F.gelu, x, x)[0],
            rtol=1e-5, atol=1e-6, look="The exact form has erf in it, not tanh or a sigmoid.")
check_unchanged("gelu_forward", "x", x, given)
check_close("out of gelu_forward([-1, 2]), integers,", gelu_forward(np.array([-1, 2]))[0],
            [-0.15865525, 1.95449974], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="gelu" part="backward" points=2
_, cache = gelu_forward(np.array([0.0, 1.0, -1000.0]))
check_close("gelu_backward([2, 1, 1]) at [0, 1, -1000]", gelu_backward(np.array([2.0, 1.0, 1.0]), cache),
            [1.0, 1.08331547, 0.0], rtol=1e-5, atol=1e-7, look="At 1 it is Φ + 1 · φ = 0.8413 + 0.2420.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_backward")
x, dout = np.append(2 * rng.normal(size=10), [1.9, -1.9]).reshape(3, 4), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = gelu_backward(given, gelu_forward(x.copy())[1])
check_close("gelu_backward on an array of shape (3, 4)", got, referee(F.gelu, dout, x)[1], rtol=1e-5, atol=1e-6,
            look="Two terms: Φ(x) and x times the density.")
check_unchanged("gelu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ### The tanh form
#
# The same paper gives an approximation without erf, which several well-known models were trained with (GPT-2 among them; PyTorch calls it `approximate="tanh"`):
#
# $$\tfrac12\,x\left(1 + \tanh u\right), \qquad u = \sqrt{2/\pi}\,\left(x + 0.044715\,x^3\right)$$
#
# Differentiate it as it stands: product rule, then chain rule, with $\tanh' = 1 - \tanh^2$.

# %% solution="gelu_tanh"
def gelu_tanh_forward(x):
    """The tanh form of GELU of each number of x, an array of any shape: (out, cache)."""
    ### BEGIN SOLUTION
    bend = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + bend), (x, bend)
    ### END SOLUTION


def gelu_tanh_backward(dout, cache):
    """The gradient of the tanh form (not of the exact one), of the shape of dout."""
    ### BEGIN SOLUTION
    x, bend = cache
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * du)
    ### END SOLUTION

# %% [markdown] hint="gelu_tanh"
# Name the parts: `u`, then `bend = np.tanh(u)`, then `0.5 * x * (1 + bend)`. Which of them contain x?

# %% [markdown] hint="gelu_tanh"
# $\tfrac12(1 + \tanh u) + \tfrac12\,x\,(1 - \tanh^2 u)\,u'$, with $u' = \sqrt{2/\pi}\,(1 + 3 \cdot 0.044715\,x^2)$.

# %% tests="gelu_tanh" part="forward" points=1
check_close("out of gelu_tanh_forward([-1, 0, 1, 100])",
            gelu_tanh_forward(np.array([-1.0, 0.0, 1.0, 100.0]))[0],
            [-0.15880801, 0.0, 0.84119199, 100.0], rtol=1e-5,
            look="A little off the exact −0.15866 and 0.84134: it is an approximation.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_tanh")
x = np.append(2 * rng.normal(size=10), [2.7, -2.7]).reshape(3, 4)
given = x.copy()
check_close("out of gelu_tanh_forward on an array of shape (3, 4)", gelu_tanh_forward(given)[0],
            referee(lambda t: F.gelu(t, approximate="tanh"), x, x)[0], rtol=1e-5, atol=1e-6,
            look="√(2/π) multiplies the whole bracket x + 0.044715 x³.")
check_unchanged("gelu_tanh_forward", "x", x, given)
### END HIDDEN TESTS

# %% tests="gelu_tanh" part="backward" points=2
_, cache = gelu_tanh_forward(np.array([0.0, 1.0, -50.0]))
check_close("gelu_tanh_backward([2, 1, 1]) at [0, 1, -50]",
            gelu_tanh_backward(np.array([2.0, 1.0, 1.0]), cache),
            [1.0, 1.08296408, 0.0], rtol=1e-5, atol=1e-7,
            look="Three factors in the second term: x/2, 1 − tanh², and u'.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gelu_tanh_backward")
x, dout = np.append(2 * rng.normal(size=10), [1.9, -1.9]).reshape(3, 4), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = gelu_tanh_backward(given, gelu_tanh_forward(x.copy())[1])
check_close("gelu_tanh_backward on an array of shape (3, 4)", got,
            referee(lambda t: F.gelu(t, approximate="tanh"), dout, x)[1], rtol=1e-5, atol=1e-6,
            look="Don't forget u', the derivative of what is inside the tanh.")
check_unchanged("gelu_tanh_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# How far apart are the two? Weights that were trained with one form and run with the other carry that difference through every layer, so it is worth a number.

# %% experiment="gelu_gap"
x = np.linspace(-5, 5, 1001)
gap = gelu_tanh_forward(x)[0] - gelu_forward(x)[0]
figure, axes = plt.subplots(figsize=(7, 2.9))
axes.plot(x, 1e4 * gap, color=COLOURS["purple"])
axes.set(xlabel="x", ylabel="difference, in 0.0001", title="GELU: the tanh form less the exact one",
         yticks=range(-2, 6))
show(figure, "The difference between the tanh form and the exact form of GELU for x from -5 to 5, "
     "symmetric about zero: 0 at 0, a dip to about -2.3 ten-thousandths at -1.4 and 1.4, a peak of nearly 5 at -2.7 and "
     "2.7, and almost 0 beyond 4.5.")

# %% [markdown]
# What is the largest difference, as an absolute value?

# %% solution="gelu_gap"
# Type the number: gelu_gap = ...
### BEGIN SOLUTION
gelu_gap = 4.7e-4
### END SOLUTION

# %% [markdown] hint="gelu_gap"
# The axis is in units of 0.0001. Which is further from 0, the peaks or the dips?

# %% tests="gelu_gap" points=1
check("gelu_gap", gelu_gap > 0, f"{gelu_gap}: give the absolute value")
### BEGIN HIDDEN TESTS
x = torch.linspace(-6, 6, 6001, dtype=torch.float64)
largest = (F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max().item()
check_close("gelu_gap", gelu_gap, largest, rtol=0.12, look="Near ±2.7; the unit of the axis is 0.0001.")
### END HIDDEN TESTS

# %% [markdown]
# ### SiLU
#
# With the sigmoid as the gate it is SiLU (Hendrycks & Gimpel, 2016; Elfwing et al., 2018), found again by a search over formulas and called Swish (Ramachandran et al., 2017): $x\,\sigma(x)$. `expit` is SciPy's stable sigmoid; use it here.

# %% solution="silu"
def silu_forward(x):
    """x · sigmoid(x) of each number of x, an array of any shape, of floats or integers: (out, cache).

    No overflow, no NaN and no warning for any finite x.
    """
    ### BEGIN SOLUTION
    gate = expit(x)
    return x * gate, (x, gate)
    ### END SOLUTION


def silu_backward(dout, cache):
    """The gradient with respect to x, of the shape of dout (which is left as it is)."""
    ### BEGIN SOLUTION
    x, gate = cache
    return dout * (gate + x * gate * (1 - gate))
    ### END SOLUTION

# %% [markdown] hint="silu"
# Here the output alone doesn't tell x (the function falls and then rises, so two inputs share an output). What must the cache hold?

# %% [markdown] hint="silu"
# The product rule: $\sigma + x\,\sigma(1-\sigma)$.

# %% tests="silu" part="forward" points=1
x = np.array([-1000.0, 0.0, np.log(3.0), 1000.0])
check_close("out of silu_forward([-1000, 0, log 3, 1000])", silu_forward(x.copy())[0],
            [0.0, 0.0, 0.75 * np.log(3), 1000.0], rtol=1e-5, atol=1e-7)
said = complaints(silu_forward, silu_backward, x)
check("silu_forward([-1000, 0, log 3, 1000])", not said, f"NumPy warns: {', '.join(said)}",
      look="Use expit for the gate.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("silu")
x = 3 * rng.normal(size=(3, 4))
given = x.copy()
check_close("out of silu_forward on an array of shape (3, 4)", silu_forward(given)[0], referee(F.silu, x, x)[0],
            rtol=1e-5, atol=1e-6, look="The gate is σ(x), without a factor inside.")
check_unchanged("silu_forward", "x", x, given)
check_close("out of silu_forward([-2, 3]), integers,", silu_forward(np.array([-2, 3]))[0],
            referee(F.silu, [0, 0], [-2, 3])[0], rtol=1e-5)
### END HIDDEN TESTS

# %% tests="silu" part="backward" points=2
_, cache = silu_forward(np.array([0.0, np.log(3.0), -1000.0]))
check_close("silu_backward([2, 1, 1]) at [0, log 3, -1000]", silu_backward(np.array([2.0, 1.0, 1.0]), cache),
            [1.0, 0.75 + 0.1875 * np.log(3), 0.0], rtol=1e-5, atol=1e-7,
            look="At log 3 the gate is 0.75: 0.75 + log 3 · 0.75 · 0.25.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("silu_backward")
x, dout = 2 * rng.normal(size=(3, 4)), 1 + rng.random(size=(3, 4))
given = dout.copy()
got = silu_backward(given, silu_forward(x.copy())[1])
check_close("silu_backward on an array of shape (3, 4)", got, referee(F.silu, dout, x)[1], rtol=1e-5, atol=1e-6,
            look="σ(x) + x σ(x) (1 − σ(x)), with the input x.")
check_unchanged("silu_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Maxout
#
# Goodfellow et al. (2013) don't choose a function at all: each unit computes K linear *pieces* and passes on the largest. With two pieces 0 and $x$ that is ReLU, with $-x$ and $x$ the absolute value, and with enough of them any convex function, as closely as you like. There is no saturation and no dead unit, at the price of K times the parameters.
#
# The gradient goes to the piece that won. If several are equally large, *the first of them* gets it all: it must not be paid out twice.

# %% solution="maxout"
def maxout_forward(x):
    """The largest of the K pieces of each unit.

    Args:
        x: an array (N, D, K) of floats: for N examples and D units the values of K pieces.

    Returns:
        (out, cache), with out of the shape (N, D). x is left as it is.
    """
    ### BEGIN SOLUTION
    winner = x.argmax(axis=2)[..., None]
    return np.take_along_axis(x, winner, axis=2)[..., 0], (x.shape, winner)
    ### END SOLUTION


def maxout_backward(dout, cache):
    """The gradient with respect to x, (N, D, K): dout, (N, D), goes to the first largest piece."""
    ### BEGIN SOLUTION
    shape, winner = cache
    dx = np.zeros(shape)
    np.put_along_axis(dx, winner, dout[..., None], axis=2)
    return dx
    ### END SOLUTION

# %% [markdown] hint="maxout"
# `x.argmax(axis=2)` is the place of the largest piece, and of equals it is the first. Keep it: it is all that the way back needs to know.

# %% [markdown] hint="maxout"
# `np.take_along_axis(x, winner[..., None], axis=2)` picks, `np.put_along_axis(dx, winner[..., None], dout[..., None], axis=2)` puts. Or compare `winner[..., None] == np.arange(K)` to get a mask.

# %% tests="maxout" part="forward" points=1
x = np.array([[[1.0, 3.0], [2.0, 2.0]], [[-1.0, -5.0], [0.0, 4.0]]])
check_close("out of maxout_forward([[[1, 3], [2, 2]], [[-1, -5], [0, 4]]])", maxout_forward(x.copy())[0],
            [[3.0, 2.0], [-1.0, 4.0]], rtol=1e-5, look="The largest along the last axis.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("maxout")
for shape in ((4, 3, 2), (3, 3, 3), (2, 1, 5)):
    x = rng.normal(size=shape) - 1
    given = x.copy()
    check_close(f"out of maxout_forward on an array of shape {shape}", maxout_forward(given)[0],
                referee(lambda t: t.amax(dim=2), np.zeros(shape[:2]), x)[0], rtol=1e-5, atol=1e-6,
                look="The largest piece, also if all are negative.")
    check_unchanged("maxout_forward", "x", x, given)
### END HIDDEN TESTS

# %% tests="maxout" part="backward" points=2
x = np.array([[[1.0, 3.0], [2.0, 2.0]], [[-1.0, -5.0], [0.0, 4.0]]])
got = maxout_backward(np.array([[5.0, 6.0], [7.0, 8.0]]), maxout_forward(x)[1])
check_close("maxout_backward([[5, 6], [7, 8]]) at [[[1, 3], [2, 2]], [[-1, -5], [0, 4]]]", got,
            [[[0.0, 5.0], [6.0, 0.0]], [[7.0, 0.0], [0.0, 8.0]]],
            rtol=1e-5, look="At the tie of 2 and 2 the first piece gets all.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("maxout_backward")
for shape in ((6, 4, 3), (3, 3, 3)):
    x, dout = rng.integers(-2, 2, size=shape).astype(float), rng.normal(size=shape[:2])
    given, expected = dout.copy(), np.zeros(shape)
    for n, d in np.ndindex(*shape[:2]):
        pieces = x[n, d].tolist()
        expected[n, d, pieces.index(max(pieces))] = dout[n, d]
    got = maxout_backward(given, maxout_forward(x.copy())[1])
    check_close(f"maxout_backward on an array of shape {shape} with ties", got, expected, rtol=1e-5, atol=1e-6,
                look="One piece of each unit gets the whole gradient: the first of the largest.")
    check_unchanged("maxout_backward", "dout", dout, given)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · Dead ReLUs
#
# A ReLU that is off for *every* example of the training set has no gradient from any of them: its weights don't move, and it stays off for good. It is *dead*. A unit that is off for one example is merely sparse, and that is healthy.

# %% solution="dead_units"
def dead_units(batches):
    """Which units are dead: zero for every example of every batch.

    Args:
        batches: a list of arrays (n_i, H), the outputs of a layer of H ReLUs for the minibatches
            that together are the training set. The n_i may differ.

    Returns:
        A boolean array (H,), True for the dead units. A unit with any output above 0, however
        small or rare, is alive.
    """
    ### BEGIN SOLUTION
    ever_on = np.zeros(batches[0].shape[1], dtype=bool)
    for out in batches:
        ever_on |= (out > 0).any(axis=0)
    return ~ever_on
    ### END SOLUTION

# %% [markdown] hint="dead_units"
# When may you say that a unit is dead: after one example, after one batch, or after all of them? One example that switches it on settles the matter.

# %% [markdown] hint="dead_units"
# Collect `(out > 0).any(axis=0)` over the batches with "or"; what was never on is dead.

# %% tests="dead_units" points=2
batches = [np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 2.0]])]
got = dead_units(batches)
check_shape("dead_units([[[0, 1, 0], [0, 0, 0]], [[0, 0, 2]]])", got, (3,), look="A mask, one entry for each unit.")
check_equal("dead_units([[[0, 1, 0], [0, 0, 0]], [[0, 0, 2]]])", [bool(dead) for dead in got],
            [True, False, False], look="The third unit is off in the first batch and on in the second: alive.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dead_units")
for sizes in ((5, 5, 3), (1, 6), (4,), (6, 6, 6)):
    outputs = [np.maximum(rng.normal(size=(n, 6)) - 0.5, 0) for n in sizes]
    for out in outputs:
        out[:, [0, 2, 5]] = 0.0
    outputs[rng.integers(len(sizes))][0, 2] = 1e-12  # once in a lifetime, and barely
    outputs[rng.integers(len(sizes))][0, [1, 3, 4]] = 0.5
    expected = [all(out[row, unit] == 0 for out in outputs for row in range(len(out))) for unit in range(6)]
    got = dead_units([out.copy() for out in outputs])
    check_shape("dead_units for six units", got, (6,))
    check_equal(f"dead_units for batches of {sizes} examples", [bool(dead) for dead in got], expected,
                look="Dead means off for every example of every batch; one small output is enough to live.")
### END HIDDEN TESTS

# %% [markdown]
# How do ReLUs die? One step that is too long throws weights and bias so far that $w \cdot x + b < 0$ for all of the data. The next cell trains a network with 100 hidden units on the digits, with your functions.

# %% given="train_digits"
def train_digits(forward, backward, rate, seed=0, steps=40, start=None):
    """Train 64-100-10 on 1,500 digits with SGD, 100 a step; returns [W1, b1, W2, b2].

    Starts from the parameters ``start``, or else from fresh ones (He et al., 2015).
    """
    (x, y), rng = data.digits(), np.random.default_rng(seed)
    fresh = [rng.normal(size=(64, 100)) / np.sqrt(32), np.zeros(100),
             rng.normal(size=(100, 10)) / np.sqrt(50), np.zeros(10)]
    W1, b1, W2, b2 = start or fresh
    for _ in range(steps):
        rows = rng.choice(1500, 100, replace=False)
        hidden, cache = forward(x[rows] @ W1 + b1)
        slope = (softmax(hidden @ W2 + b2, axis=1) - np.eye(10)[y[rows]]) / 100
        dz = backward(slope @ W2.T, cache)
        W1, b1 = W1 - rate * x[rows].T @ dz, b1 - rate * dz.sum(axis=0)
        W2, b2 = W2 - rate * hidden.T @ slope, b2 - rate * slope.sum(axis=0)
    return [W1, b1, W2, b2]

# %% given="examined"
def examined(parameters, forward=None):
    """(number of dead units, accuracy): of a network from ``train_digits``.

    The dead are counted on the 1,500 training digits: outputs that are zero for all of them.
    The accuracy is that on the other 297.
    """
    (x, y), (W1, b1, W2, b2) = data.digits(), parameters
    hidden = (forward or relu_forward)(x @ W1 + b1)[0]
    right = (hidden[1500:] @ W2 + b2).argmax(axis=1) == y[1500:]
    return int(np.sum(dead_units(np.split(np.abs(hidden[:1500]), 15)))), right.mean()

# %% [markdown]
# **Predict.** A learning rate of 1 trains this network well. What does a rate of 2.8 do to its 100 hidden units in 40 steps: it kills `"hardly any"`, `"about a fifth"`, or `"most"` of them?

# %% solution="casualties"
# Type your choice: casualties = "..."
### BEGIN SOLUTION
casualties = "most"
### END SOLUTION

# %% [markdown] hint="casualties"
# The pixels are all positive or zero. If one step pushes all weights of a unit down (section 3: they are of one sign!), for how many images can it still be on?

# %% tests="casualties" points=1
check_one_of("casualties", casualties, ["hardly any", "about a fifth", "most"])
### BEGIN HIDDEN TESTS
# On twenty seeds: 0 to 9 of 100 at 1, 81 to 93 at 2.8.
check_equal("casualties", casualties, "most", look="Between a rate of 1 and one of 2.8 lies a cliff.")
### END HIDDEN TESTS

# %% experiment="dying"
rates = [0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0]
found = [examined(train_digits(relu_forward, relu_backward, rate))
         for rate in progress(rates, "learning rates")]
figure, axes = plt.subplots()
axes.plot(rates, [dead for dead, _ in found], "o-", color=COLOURS["red"], label="dead units, of 100")
axes.plot(rates, [100 * right for _, right in found], "s--", color=COLOURS["blue"], label="accuracy, in %")
axes.axhline(50, color="0.5", linestyle=":")
axes.set_xscale("log")
axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
axes.minorticks_off()
axes.set(xlabel="learning rate", ylim=(0, 104), title="How ReLUs die: 40 steps, 100 hidden units")
axes.legend(loc=(0.02, 0.2))
show(figure,
     "Dead units and accuracy after 40 steps, against the learning rate. Up to a rate of 1, a handful "
     "of the 100 units are dead and the accuracy is near 87 percent. From 1.4 to 2.8 the number "
     "of dead units jumps to about 90, and the accuracy falls to that of guessing.")

# %% [markdown]
# Read off: what is the smallest learning rate of the sweep at which more than half of the units are dead?

# %% solution="deadly_rate"
# Type the learning rate: deadly_rate = ...
### BEGIN SOLUTION
deadly_rate = 2.0
### END SOLUTION

# %% [markdown] hint="deadly_rate"
# Where does the red curve lie above the dotted line for the first time?

# %% tests="deadly_rate" points=1
check("deadly_rate", 0.3 <= deadly_rate <= 4.1, f"{deadly_rate} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# 2.0 on twenty seeds of twenty; a ratio of 1.2 is half a tick of the sweep.
check_close("deadly_rate", deadly_rate, 2.0, rtol=0.17,
            look="The first point of the red curve above the dotted line.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The damage is done: most units are dead. Now you train on with a gentle rate of 0.2. How many of the dead come back: `"none or next to none"`, `"about half"` or `"nearly all"`?

# %% solution="come_back"
# Type your choice: come_back = "..."
### BEGIN SOLUTION
come_back = "none or next to none"
### END SOLUTION

# %% [markdown] hint="come_back"
# What is the gradient of the weights of a unit that is off for every example?

# %% tests="come_back" points=1
check_one_of("come_back", come_back, ["none or next to none", "about half", "nearly all"])
### BEGIN HIDDEN TESTS
check_equal("come_back", come_back, "none or next to none",
            look="The gradient of its weights and bias is zero, and no layer below moves its inputs.")
### END HIDDEN TESTS

# %% [markdown]
# ### Revive them
#
# The cheapest cure moves only the bias of each dead unit, up until the unit is on for a small share of the examples. Then it has a gradient again. Leave living units alone.

# %% solution="revive"
def revive(x, W, b, share=0.1):
    """Biases with which no unit of a ReLU layer is dead.

    Args:
        x: inputs, (N, D); W: weights, (D, H); b: biases, (H,). The layer computes relu(x @ W + b).
        share: of the examples, between 0 and 1; share · N is a whole number but for rounding, from
            1 to N − 1.

    Returns:
        New biases (H,): those of the living units (on for at least one example) as they were;
        those of the dead ones such that the unit is on for exactly share · N examples. (No two
        examples have the same x @ W.) The arguments are left as they are.
    """
    ### BEGIN SOLUTION
    drive, wanted = x @ W, round(share * len(x))
    ordered = np.sort(np.vstack([drive, drive.min(axis=0) - 1]), axis=0)
    between = (ordered[-wanted] + ordered[-wanted - 1]) / 2
    return np.where((drive + b > 0).any(axis=0), b, -between)
    ### END SOLUTION

# %% [markdown] hint="revive"
# Which units are dead? Those where `x @ W + b` is positive for no row. For such a unit, sort `x @ W`: how far up must the bias go so that only the largest few are above 0?

# %% [markdown] hint="revive"
# A threshold t with exactly `share * N` values above it: a quantile, `np.quantile(x @ W, 1 - share, axis=0)`. The bias is −t. Then `np.where(dead, -t, b)`.

# %% tests="revive" points=2 changes="shown"
x, W = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[1.0, 1.0, -1.0]])
b = np.array([-9.0, -3.5, 0.0])
got = np.asarray(revive(x.copy(), W.copy(), b.copy(), share=0.5))
check_shape("revive for three units", got, (3,))
check_equal("the examples, of 4, that switch on the three units after revive(..., share=0.5)",
            ((x @ W + got) > 0).sum(axis=0).tolist(), [2, 1, 2],
            look="Half of four for the first and the third, which were dead.")
check_close("the bias of the second unit, which is alive,", got[1], -3.5, rtol=1e-6,
            look="Leave living units alone.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("revive")
for share in (0.1, 0.25, 0.05, 0.5):
    x, W, b = rng.normal(size=(20, 5)), rng.normal(size=(5, 8)), rng.normal(size=8)
    drive = x @ W
    b[[1, 4, 6]] = -drive.max(axis=0)[[1, 4, 6]] - rng.uniform(1, 50, size=3)  # dead, three of them
    b[2] = -np.sort(drive[:, 2])[-2:].mean()  # on for a single example
    b[7] = 1 - drive[:, 7].min()  # on for all of them
    before = x.copy(), W.copy(), b.copy()
    got = np.asarray(revive(x, W, b, share))
    for name, old, new in zip("xWb", before, (x, W, b), strict=True):
        check_unchanged("revive", name, old, new)
    b = before[2]
    check_equal(f"the examples, of 20, that switch on the three dead units after revive(..., share={share})",
                ((drive + got) > 0).sum(axis=0)[[1, 4, 6]].tolist(), [round(20 * share)] * 3,
                look="A quantile of x @ W of each unit, with the opposite sign.")
    living = [0, 2, 3, 5, 7]
    check_close("the biases of living units after revive", got[living],
                np.where((drive + b > 0).any(axis=0), b, got)[living], rtol=1e-5, atol=1e-6,
                look="One example is enough to be alive, and the living keep their bias.")
x, W = rng.normal(size=(100, 3)), rng.normal(size=(3, 2))
for share, wanted in ((0.29, 29), (0.07, 7)):
    check_equal(f"the examples, of 100, that switch on two dead units after revive(..., share={share})",
                (x @ W + np.asarray(revive(x.copy(), W.copy(), np.full(2, -99.0), share)) > 0).sum(axis=0).tolist(),
                [wanted] * 2, look="In floats, 0.29 · 100 is 28.999… and 0.07 · 100 is 7.000…1: round, don't cut off.")
x = np.array([[1.0], [2.0], [3.0], [4.0]])
got = np.asarray(revive(x.copy(), np.ones((1, 1)), np.array([-4.0]), 0.25))
check_equal("the examples, of 4, that switch on a unit whose largest x @ W + b was 0", int(((x + got) > 0).sum()), 1,
            look="A ReLU is off at 0, too: alive means above 0.")
### END HIDDEN TESTS

# %% [markdown]
# Three ways after the accident at a rate of 2: train on, revive and train on; and a network that was built with leaky ReLUs and had the same accident. All three go on with a rate of 0.2.

# %% given="after_the_accident"
def after_the_accident(seed=0, steps=60, every=20):
    """Dead units and accuracy after an accident, for three ways on: a dict of lists of pairs.

    The lists hold (dead units, accuracy) after 0, every, 2 · every, … steps at a gentle rate.
    """
    ordinary, leaky = (relu_forward, relu_backward), (leaky_relu_forward, leaky_relu_backward)
    broken = train_digits(*ordinary, rate=2.0, seed=seed)
    W1, b1, W2, b2 = broken
    revived = [W1, revive(data.digits()[0][:1500].astype(float), W1, b1), W2, b2]
    spared = train_digits(*leaky, rate=2.0, seed=seed)
    history = {"train on": [], "revive, then train on": [], "leaky ReLU, train on": []}
    ways = zip(history, (ordinary, ordinary, leaky), (broken, revived, spared), strict=True)
    for name, functions, parameters in ways:
        history[name].append(examined(parameters, functions[0]))
        for leg in range(steps // every):
            parameters = train_digits(*functions, 0.2, 1000 * (seed + 1) + leg, every, parameters)
            history[name].append(examined(parameters, functions[0]))
    return history

# %% experiment="revival"
history = after_the_accident()
marks = {"train on": ("o-", "red"), "revive, then train on": ("s-", "blue"),
         "leaky ReLU, train on": ("^--", "black")}
figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.4))
for name, (mark, colour) in marks.items():
    (dead, accuracy), fill = zip(*history[name], strict=True), "none" if "leaky" in name else "full"
    left.plot(range(0, 61, 20), dead, mark, color=COLOURS[colour], markersize=6, fillstyle=fill)
    right.plot(range(0, 61, 20), 100 * np.array(accuracy), mark, color=COLOURS[colour], markersize=6,
               fillstyle=fill, label=name)
left.set(title="dead units, of 100", xlabel="steps at the gentle rate", ylim=(-3, 100))
right.set(title="accuracy, in %", xlabel="steps at the gentle rate", ylim=(0, 100))
right.legend(loc="lower right")
show(figure,
     "Two panels against the steps after the accident. Left, dead units: about 80 and constant for "
     "training on, 0 for the revived and for the leaky network. Right, accuracy: all rise; the revived "
     "network passes 80 percent, the one with dead units and the leaky one stay clearly below it.")

# %% [markdown]
# The dead stay dead, and the network makes do with the units that are left. Revival costs one line. (In the leaky network nearly as many units sit on their left side for all images; but there they still pass a hundredth of the gradient, and it learns on slowly and steadily.) Better still is not to have the accident: a smaller learning rate or a warm-up, gradient clipping (notebook 08), centred inputs, a slope on the left (leaky ReLU, PReLU, ELU, GELU), or normalization before the activation (notebook 04), which sees to it that every unit is on for some examples.
#
# (With several layers, a dead unit *can* come back now and then: the layers below still learn through its neighbours, and its inputs change. Don't count on it.)

# %% [markdown]
# ## 8 · What exp costs
#
# The third charge against sigmoid and tanh: exponentials are expensive. They are, compared with a maximum. But compared with what?
#
# **Predict.** A layer of 1024 units on 1024 inputs, for a minibatch of 128, in NumPy. The exponentials of its outputs cost, compared with the matrix product before them: `"more"`, `"about as much"`, or `"less than half"`?

# %% solution="price_of_exp"
# Type your choice: price_of_exp = "..."
### BEGIN SOLUTION
price_of_exp = "less than half"
### END SOLUTION

# %% [markdown] hint="price_of_exp"
# Each output needs one exponential (some ten or twenty operations) and 1024 products and sums.

# %% tests="price_of_exp" points=1
check_one_of("price_of_exp", price_of_exp, ["more", "about as much", "less than half"])
### BEGIN HIDDEN TESTS
check_equal("price_of_exp", price_of_exp, "less than half",
            look="One exponential an output stands against 1024 products and sums.")
### END HIDDEN TESTS

# %% given="price_list"
def price_list(width=1024, batch=128, repeats=5):
    """Milliseconds (the least of some repeats) for the parts of one layer in NumPy, in float64."""
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(batch, width)), rng.normal(size=(width, width)) / np.sqrt(width)
    z = x @ W
    parts = {"matrix product x @ W": lambda: x @ W, "np.maximum(z, 0)": lambda: np.maximum(z, 0),
             "np.exp(z)": lambda: np.exp(z), "np.tanh(z)": lambda: np.tanh(z), "erf(z)": lambda: erf(z)}
    prices = {}
    for name, part in parts.items():
        seconds = []
        for _ in range(repeats):
            begin = time.perf_counter()
            part()
            seconds.append(time.perf_counter() - begin)
        prices[name] = 1000 * min(seconds)
    return prices

# %% experiment="prices"
prices = price_list()
figure, axes = plt.subplots(figsize=(7, 2.5))
axes.bar_label(axes.barh(list(prices), list(prices.values()), color=COLOURS["sky"]), fmt="%.2f ms", padding=3)
axes.set(xlabel="milliseconds for 128 examples and 1024 units", xlim=(0, 1.2 * max(prices.values())))
axes.invert_yaxis()
show(figure, "Milliseconds for the parts of one layer, five bars: "
     + "; ".join(f"{name} {price:.2f}" for name, price in prices.items()) + ".")

# %% [markdown]
# Maximum, exp and tanh are small beside the product of a wide layer, and what an exponential costs depends on how it is computed: NumPy's exp and tanh work on several numbers at once, and cost one to a few times as much as a maximum, depending on the machine; SciPy's erf takes number by number, and is so dear that the tanh form of GELU looks like a bargain. The price counts where layers are narrow, where the product is cheap for another reason (depthwise convolutions, small chips without an exponential unit), or where an activation reads and writes memory in a pass of its own. The last is the true price on a GPU: there the arithmetic is nearly free, the trips through memory are not, and compilers *fuse* the activation into the operation before it.

# %% [markdown]
# ## 9 · In PyTorch
#
# ### A module with a parameter
#
# An activation that learns is a module. Its slope must be an `nn.Parameter`: then `parameters()` hands it to the optimizer, `to(device)` moves it, and `state_dict()` saves it.

# %% solution="torch_prelu" forbid="torch.nn.PReLU torch.nn.functional.prelu"
class PReLUByHand(nn.Module):
    """PReLU (He et al. 2015): x where x > 0, weight · x elsewhere, like ``nn.PReLU``.

    Args:
        num_parameters: 1 (one slope for all) or the number of channels, which are on dimension 1.
        init: the slopes at first.

    Its only parameter is ``weight``, of the shape (num_parameters,). The input is (N, C) or
    (N, C, …); the checkpoints are those of nn.PReLU.
    """

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        ### BEGIN SOLUTION
        self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        slope = self.weight.view(-1, *[1] * (x.dim() - 2))
        return torch.where(x > 0, x, slope * x)
        ### END SOLUTION

# %% [markdown] hint="torch_prelu"
# `nn.Parameter(torch.full((num_parameters,), init))`. A plain tensor would work in forward, and no optimizer would ever see it.

# %% [markdown] hint="torch_prelu"
# Dimension 1 again: give the slopes the shape (C, 1, 1) for images, as many ones as there are dimensions behind the channels. Autograd does the sums of `prelu_backward` for you.

# %% tests="torch_prelu" part="parameter" points=1
@probe
def described(*settings):
    """The parameters of a PReLUByHand, by name."""
    return {name: p.detach().numpy().copy() for name, p in PReLUByHand(*settings).named_parameters()}


names = described(3, 0.1)
check_equal("the names of the parameters of PReLUByHand(3, 0.1)", list(names), ["weight"],
            look="self.weight is an nn.Parameter.")
check_close("weight of PReLUByHand(3, 0.1)", names["weight"], [0.1, 0.1, 0.1], rtol=1e-5)
### BEGIN HIDDEN TESTS
@probe
def transplanted(slopes):
    """Slopes that went through the checkpoints of nn.PReLU and PReLUByHand."""
    theirs, ours = nn.PReLU(len(slopes)), PReLUByHand(len(slopes))
    ours.load_state_dict({"weight": torch.tensor(slopes)})
    theirs.load_state_dict(ours.state_dict())
    return theirs.weight.detach().numpy().copy(), PReLUByHand().state_dict()["weight"].numpy().copy()


rng = hidden_rng("torch_prelu")
slopes = rng.normal(size=4)
through, default = transplanted(slopes)
check_close("the slopes after a checkpoint of PReLUByHand(4) in nn.PReLU(4)", through, slopes, rtol=1e-5)
check_close("weight of PReLUByHand()", default, [0.25], rtol=1e-6)
### END HIDDEN TESTS

# %% tests="torch_prelu" part="passes" points=2
@probe
def passed(x, dout, slopes):
    """The output and the gradients of a PReLUByHand on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    module = PReLUByHand(len(slopes), 0.0).to(**where)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.tensor(slopes, **where))
    x = torch.tensor(x, **where, requires_grad=True)
    out = module(x)
    (out * torch.tensor(dout, **where)).sum().backward()
    return [t.detach().cpu().numpy().copy() for t in (out, x.grad, *(p.grad for p in module.parameters()))]


got = passed(np.array([[-2.0, 3.0], [-4.0, -1.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]]),
             np.array([0.5, 0.1]))
check_close("the output of PReLUByHand with slopes [0.5, 0.1] at [[-2, 3], [-4, -1]]", got[0],
            [[-1.0, 3.0], [-2.0, -0.1]], rtol=1e-5)
check_equal("the number of parameters of PReLUByHand(2) with a gradient", len(got) - 2, 1)
check_close("the gradient of its weight for dout [[1, 10], [100, 1000]]", got[2], [-402.0, -1000.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_prelu_passes")
for shape, count in (((4, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3), ((2, 4, 4), 4), ((2, 3, 4), 1),
                     ((5, 2), 1)):
    x, dout, slopes = rng.normal(size=shape), rng.normal(size=shape), rng.uniform(-0.8, 1.6, size=count)
    got = passed(x, dout, slopes)
    expected = referee(F.prelu, dout, x, slopes)
    for what, have, want in zip(("output", "gradient of x", "gradient of weight"), got, expected, strict=True):
        check_close(f"the {what} of PReLUByHand({count}), x of shape {shape},", have, want, rtol=1e-4,
                    atol=1e-5,
                    look="The slopes belong to dimension 1, and x > 0 decides.")
### END HIDDEN TESTS

# %% [markdown]
# ### An operation with its own backward pass
#
# For `x * torch.sigmoid(x)`, autograd keeps two tensors until the backward pass: x and the sigmoid. In a large network these are gigabytes. A `torch.autograd.Function` decides for itself: keep only x, and compute the sigmoid again on the way back. `ctx.save_for_backward(x)` keeps it safely (no reference cycle, and PyTorch notices if somebody changes x in the meantime).

# %% solution="torch_silu"
class SiLUFunction(torch.autograd.Function):
    """SiLU, x · sigmoid(x), that keeps one tensor, x, for the backward pass.

    Used as ``SiLUFunction.apply(x)``, for a float tensor of any shape, dtype and device.
    """

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """The gradient with respect to x, given that with respect to the output."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return dout * gate * (1 + x * (1 - gate))
        ### END SOLUTION

# %% [markdown] hint="torch_silu"
# `forward` looks like your `silu_forward`, with `ctx.save_for_backward(x)` in place of the cache; `backward` gets it back from `ctx.saved_tensors`, a tuple of one.

# %% [markdown] hint="torch_silu"
# `dout * gate * (1 + x * (1 - gate))`, with `gate = torch.sigmoid(x)` computed anew.

# %% tests="torch_silu" part="passes" points=2
@probe
def silu_passes(x, dout):
    """The output and the gradient of SiLUFunction on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    x = torch.tensor(x, **where, requires_grad=True)
    out = SiLUFunction.apply(x)
    (out * torch.tensor(dout, **where)).sum().backward()
    return out.detach().cpu().numpy().copy(), x.grad.cpu().numpy().copy()


out, dx = silu_passes(np.array([0.0, np.log(3.0), -1000.0, 1000.0]), np.array([2.0, 1.0, 1.0, 1.0]))
check_close("SiLUFunction at [0, log 3, -1000, 1000]", out, [0.0, 0.75 * np.log(3), 0.0, 1000.0], rtol=1e-5,
            atol=1e-7)
check_close("its gradient there for dout [2, 1, 1, 1]", dx, [1.0, 0.75 + 0.1875 * np.log(3), 0.0, 1.0],
            rtol=1e-5, atol=1e-7)
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_silu")
x, dout = 2 * rng.normal(size=(3, 4)), 1 + rng.random(size=(3, 4))
out, dx = silu_passes(x, dout)
expected = referee(F.silu, dout, x)
check_close("SiLUFunction on a tensor of shape (3, 4)", out, expected[0], rtol=1e-5, atol=1e-6)
check_close("the gradient of SiLUFunction on a tensor of shape (3, 4)", dx, expected[1], rtol=1e-5, atol=1e-6,
            look="Compare it with silu_backward, and multiply by dout.")
### END HIDDEN TESTS

# %% tests="torch_silu" part="memory" points=1
@probe
def kept(x):
    """The tensors that SiLUFunction keeps for the backward pass: saved, and as attributes of ctx."""
    node = SiLUFunction.apply(torch.tensor(x, dtype=torch.float32, requires_grad=True)).grad_fn
    attributes = [value for value in vars(node).values() if torch.is_tensor(value)]
    return [[t.detach().numpy().copy() for t in tensors] for tensors in (node.saved_tensors, attributes)]


saved, attributes = kept(np.array([1.0, 2.0]))
check_equal("the number of tensors that SiLUFunction keeps by ctx.save_for_backward", len(saved), 1,
            look="ctx.save_for_backward(x), and nothing else.")
check_equal("the number of tensors that SiLUFunction keeps as attributes of ctx", len(attributes), 0,
            look="The gate is computed again in the backward pass.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_silu_memory")
x = rng.normal(size=5)
check_close("the tensor that SiLUFunction keeps", kept(x)[0][0], x, rtol=1e-5, look="Keep the input x.")


@probe
def meddled(x):
    """Whether PyTorch notices that x was changed between forward and backward."""
    x = torch.tensor(x, requires_grad=True)
    middle = 1 * x
    out = SiLUFunction.apply(middle)
    middle.mul_(2)
    try:
        out.sum().backward()
    except RuntimeError:
        return True
    return False


check("SiLUFunction", meddled(x), "goes on with a tensor that was changed in place after the forward pass",
      look="Tensors that are kept by save_for_backward are watched; attributes of ctx are not.")
### END HIDDEN TESTS

# %% [markdown]
# Now a maxout *layer*: one `nn.Linear` that computes all pieces of all units at once, and a maximum.

# %% solution="torch_maxout"
class MaxoutByHand(nn.Module):
    """A linear layer with maxout (Goodfellow et al. 2013), from in_features to out_features.

    ``linear`` is an nn.Linear with out_features · pieces outputs; outputs u · pieces to
    u · pieces + pieces − 1 are the pieces of unit u. Input (…, in_features), output
    (…, out_features).
    """

    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        ### BEGIN SOLUTION
        self.linear = nn.Linear(in_features, out_features * pieces)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)
        ### END SOLUTION

# %% [markdown] hint="torch_maxout"
# Give the output of `linear` the shape (…, out_features, pieces), then take the maximum over the last dimension.

# %% [markdown] hint="torch_maxout"
# `unflatten(-1, (-1, self.pieces))` splits the last dimension. `amax` returns the values; `max(dim=-1)` returns values *and* places.

# %% tests="torch_maxout" points=2
@probe
def maxed(x, weight, bias, pieces):
    """The output of MaxoutByHand with the given weights on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    layer = MaxoutByHand(weight.shape[1], len(bias) // pieces, pieces).to(**where)
    layer.linear.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
    return layer(torch.tensor(x, **where)).detach().cpu().numpy().copy()


weight, bias = np.array([[1.0], [-1.0], [2.0], [0.0]]), np.array([0.0, 0.0, 0.0, 10.0])
check_close("MaxoutByHand(1, 2), weight [[1], [-1], [2], [0]], bias [0, 0, 0, 10], at [[3]]",
            maxed(np.array([[3.0]]), weight, bias, 2), [[3.0, 10.0]], rtol=1e-5,
            look="Unit 0 has the pieces 3 and −3, unit 1 has 6 and 10.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_maxout")
for shape, units, pieces in (((5, 4), 3, 2), ((5, 4), 3, 3), ((2, 3, 4), 2, 4)):
    x, weight = rng.normal(size=shape), rng.normal(size=(units * pieces, 4))
    bias = rng.normal(size=units * pieces)
    z = x @ weight.T + bias
    expected = np.stack([z[..., u * pieces:(u + 1) * pieces].max(axis=-1) for u in range(units)], axis=-1)
    check_close(f"MaxoutByHand(4, {units}, {pieces}) on x of shape {shape}", maxed(x, weight, bias, pieces),
                expected,
                rtol=1e-4, atol=1e-5, look="The pieces of a unit lie side by side in the output of linear.")
### END HIDDEN TESTS

# %% [markdown]
# ### A fair comparison
#
# To compare activations, everything else must be equal: the data, the minibatches, the first weights. So the builder takes a seed, and the same seed must give the same weights *whatever the activation*. And each layer needs an activation of its own: a shared PReLU would share its slope.

# %% solution="make_mlp"
def make_mlp(activation, seed, sizes=(64, 32, 32, 32, 10)):
    """A multilayer perceptron: nn.Sequential of Linear, activation, Linear, …, Linear.

    Args:
        activation: a function without arguments that makes a new module, such as nn.ReLU or
            lambda: nn.LeakyReLU(0.1). Making one may draw random numbers.
        seed: decides the weights: normal with variance 2 / fan_in (``nn.init.kaiming_normal_``
            with nonlinearity="relu"); biases are 0. They are the same for every activation,
            and no two layers share them.
        sizes: the widths, from input to output. No activation follows the last layer; after
            each of the others comes a module of its own.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    layers = [nn.Linear(fan_in, fan_out) for fan_in, fan_out in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)
    ### END SOLUTION

# %% [markdown] hint="make_mlp"
# `torch.manual_seed(seed)` first, then *all* linear layers with their weights, and only then the activations, which may draw random numbers themselves.

# %% [markdown] hint="make_mlp"
# Call `activation()` once for each gap between two layers. Calling it once and putting the same module in all gaps makes them share their parameters.

# %% tests="make_mlp" part="form" points=1
@probe
def forms(kind, seed, sizes):
    """The names of the modules of a network, and how many different ones there are."""
    net = make_mlp({"ReLU": nn.ReLU, "PReLU": nn.PReLU}[kind], seed, sizes)
    return [type(module).__name__ for module in net], len({id(module) for module in net})


got = forms("ReLU", 0, (4, 3, 2))
check_equal("the modules of make_mlp(nn.ReLU, 0, sizes=(4, 3, 2))", got[0], ["Linear", "ReLU", "Linear"],
            look="No activation after the last layer.")
### BEGIN HIDDEN TESTS
got = forms("PReLU", 3, (4, 3, 5, 6, 2))
check_equal("the modules of make_mlp(nn.PReLU, 3, sizes=(4, 3, 5, 6, 2))", got[0],
            ["Linear", "PReLU"] * 3 + ["Linear"])
check_equal("the number of different modules in it", got[1], 7, look="Each layer has an activation of its own.")
### END HIDDEN TESTS

# %% tests="make_mlp" part="weights" points=2
@probe
def first_weights(kind, seed, sizes):
    """The weights and the biases of the linear layers of a network; "noisy" draws numbers when made."""
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = nn.Parameter(torch.rand(()))

    net = make_mlp({"ReLU": nn.ReLU, "Tanh": nn.Tanh, "noisy": Noisy}[kind], seed, sizes)
    layers = [module for module in net if isinstance(module, nn.Linear)]
    return ([layer.weight.detach().numpy().copy() for layer in layers],
            [layer.bias.detach().numpy().copy() for layer in layers])


one, two = first_weights("ReLU", 1, (4, 3, 2)), first_weights("Tanh", 1, (4, 3, 2))
for k in range(2):
    check_close(f"weight {k} of make_mlp(nn.Tanh, 1, …), compared with make_mlp(nn.ReLU, 1, …),", two[0][k],
                one[0][k], rtol=1e-6)
### BEGIN HIDDEN TESTS
weights, biases = first_weights("ReLU", 2, (200, 300, 100))
others = first_weights("ReLU", 3, (200, 300, 100))[0]
noisy = first_weights("noisy", 2, (200, 300, 100))[0]
for k, fan_in in enumerate((200, 300)):
    # The standard deviation of 30,000 numbers is known to 0.4 %; a normal variable has kurtosis 3,
    # a uniform one 1.8.
    check_close(f"the standard deviation of weight {k} times √(fan_in / 2)",
                weights[k].std() * np.sqrt(fan_in / 2), 1.0, rtol=0.03,
                look="Variance 2 / fan_in.")
    check("make_mlp", (weights[k] ** 4).mean() / weights[k].var() ** 2 > 2.6,
          "the weights are not normal (uniform?)")
    check("make_mlp", not biases[k].any(), "the biases are not 0")
    check("make_mlp", not np.allclose(weights[k], others[k]), "seeds 2 and 3 give the same weights")
    check_close(f"weight {k} with an activation that draws random numbers, same seed,", noisy[k], weights[k],
                rtol=1e-6,
                look="Draw all weights before you make the first activation.")
first, second = first_weights("ReLU", 2, (20, 20, 20))[0]
check("make_mlp(nn.ReLU, 2, sizes=(20, 20, 20))", not np.allclose(first, second), "both layers have the same weights",
      look="Set the seed once for the network, not once for each layer.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell trains such a network on the device, for 40 steps with momentum, and gives its accuracy on digits that it hasn't seen.

# %% given="train_mlp"
torch.set_num_threads(1)  # for so small a network, several threads would only wait for each other


class SiLUByHand(nn.Module):
    """Your operation as a module."""

    def forward(self, x):
        return SiLUFunction.apply(x)


def train_mlp(activation, seed=0, steps=40, rate=0.1):
    """Train ``make_mlp(activation, seed)`` on 1,297 digits; the accuracy on the other 500, in %."""
    x, y = (torch.from_numpy(array).to(device()) for array in data.digits())
    net = make_mlp(activation, seed).to(device())
    speeds = [torch.zeros_like(p) for p in net.parameters()]
    rows = torch.from_numpy(np.random.default_rng(seed).integers(1297, size=(steps, 64))).to(device())
    for batch in rows:
        loss = F.cross_entropy(net(x[batch]), y[batch])
        slopes = torch.autograd.grad(loss, list(net.parameters()))
        with torch.no_grad():
            for p, speed, slope in zip(net.parameters(), speeds, slopes, strict=True):
                p -= rate * speed.mul_(0.9).add_(slope)
    with torch.no_grad():
        return 100 * (net(x[1297:]).argmax(dim=1) == y[1297:]).float().mean().item()

# %% [markdown]
# One run proves nothing: another seed, another winner. With the same seeds for both, two activations can be compared *pair by pair*, and what the seeds have in common cancels. Write the comparison.

# %% solution="paired_difference"
def paired_difference(first, second):
    """By how much ``first`` is better than ``second``, and how sure that is.

    Args:
        first, second: the accuracies of two methods, two lists or arrays (S,) with S ≥ 2; entries
            of the same place come from the same seed.

    Returns:
        (mean, error): the mean over the seeds of first − second, and its standard error, which is
        the standard deviation of the differences (with S − 1) over √S. Two numbers.
    """
    ### BEGIN SOLUTION
    difference = np.asarray(first) - np.asarray(second)
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))
    ### END SOLUTION

# %% [markdown] hint="paired_difference"
# First subtract, then take mean and standard deviation of the *differences*. (Two standard deviations, one for each list, would count what the seeds have in common as noise.)

# %% [markdown] hint="paired_difference"
# `np.std` divides by S unless you say `ddof=1`. And a standard error is a standard deviation over √S.

# %% tests="paired_difference" points=2
mean, error = paired_difference([90.0, 70.0, 80.0], [88.0, 69.0, 77.0])
check_close("the mean of paired_difference([90, 70, 80], [88, 69, 77])", mean, 2.0, rtol=1e-5)
check_close("the error of paired_difference([90, 70, 80], [88, 69, 77])", error, 1 / np.sqrt(3), rtol=1e-5,
            look="The differences are 2, 1 and 3: their standard deviation is 1, and there are three.")
### BEGIN HIDDEN TESTS
from statistics import stdev

rng = hidden_rng("paired_difference")
for count in (2, 5, 9):
    common = 10 * rng.normal(size=count)
    first, second = (80 + common + rng.normal(size=count) for _ in range(2))
    mean, error = paired_difference(first.copy(), second.copy())
    expected = stdev((first - second).tolist()) / count**0.5
    check_close(f"the mean of paired_difference over {count} seeds", mean, (first - second).mean(), rtol=1e-4,
                atol=1e-4)
    check_close(f"the error of paired_difference over {count} seeds", error, expected, rtol=1e-4,
                look="The standard deviation of the differences, with S − 1, over √S.")
### END HIDDEN TESTS

# %% [markdown]
# Seven activations, four seeds each; and for the speed, forward and backward passes over a quarter of a million numbers, on one core of a CPU or on all of a GPU. (A GPU works behind our back: wait for it before looking at the clock.)

# %% given="speed_of"
def speed_of(module, repeats=5):
    """Milliseconds (the median) for forward and backward over 256 × 1024 numbers on the device."""
    where = device()
    waits = {"cuda": torch.cuda.synchronize, "mps": lambda: torch.mps.synchronize()}
    settle = waits.get(where.type, lambda: None)
    module, seconds = module.to(where), []
    x = torch.linspace(-4, 4, 256 * 1024, device=where).view(256, 1024).requires_grad_()
    for _ in range(repeats + 1):
        settle()
        begin = time.perf_counter()
        torch.autograd.grad(module(x).sum(), x)
        settle()
        seconds.append(time.perf_counter() - begin)
    return 1000 * np.median(seconds[1:])

# %% experiment="comparison"
kinds = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU, "PReLU by hand": PReLUByHand,
         "ELU": nn.ELU, "GELU": nn.GELU, "SiLU by hand": SiLUByHand}
accuracies = {name: [train_mlp(kind, seed) for seed in range(4)]
              for name, kind in progress(kinds.items(), "activations")}
speeds = [speed_of(kind()) for kind in kinds.values()]
figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(9, 3.4))
for place, name in enumerate(kinds):
    left.plot(accuracies[name], [place] * 4, "o", color=COLOURS["blue"], alpha=0.5)
    left.plot(np.mean(accuracies[name]), place, "|", color="black", markersize=18, markeredgewidth=2)
right.bar_label(right.barh(range(7), speeds, color=COLOURS["sky"]), fmt="%.2f", padding=3)
left.set(xlabel="accuracy after 40 steps, in %", yticks=range(7), yticklabels=list(kinds), xlim=(0, 100))
right.set(xlabel=f"ms, forward and backward, on {device().type}", xlim=(0, 1.2 * max(speeds)))
left.invert_yaxis()
for name in ("tanh", "GELU", "sigmoid"):
    mean, error = paired_difference(accuracies[name], accuracies["ReLU"])
    print(f"{name} less ReLU: {mean:+.1f} ± {error:.1f} points")
show(figure,
     "Left, the accuracy of seven activations after 40 steps, a dot for each of four seeds and a line at "
     "the mean: sigmoid is near 10 percent, which is guessing; all others lie close together, most "
     "between 70 and 90. Right, bars of milliseconds for forward and backward: "
     + "; ".join(f"{name} {ms:.2f}" for name, ms in zip(kinds, speeds, strict=True)) + ".")

# %% [markdown]
# How many percentage points does the sigmoid lie behind ReLU, in the mean over the seeds?

# %% solution="sigmoid_behind"
# Type the number of points: sigmoid_behind = ...
### BEGIN SOLUTION
sigmoid_behind = 71.4
### END SOLUTION

# %% [markdown] hint="sigmoid_behind"
# It is printed above the picture; give it as a positive number.

# %% tests="sigmoid_behind" points=1
check("sigmoid_behind", 0 < sigmoid_behind <= 100,
      f"{sigmoid_behind}: give percentage points, as a positive number")
### BEGIN HIDDEN TESTS
# Over twenty sets of four seeds: 63 to 73 points.
check_close("sigmoid_behind", sigmoid_behind, 68.0, rtol=0, atol=9,
            look="The mean over the seeds, in percentage points.")
### END HIDDEN TESTS

# %% [markdown]
# Only three hidden layers, and the sigmoid hasn't begun to learn. (On the right, the activations by hand are among the slowest: each operation of theirs reads and writes the whole array, while PyTorch's own do it all in one pass.) Among the others the picture is less clear than the headlines of papers: look at the printed differences and their errors before you declare a winner. ReLU's weights were also made for ReLU (variance 2 / fan_in); a comparison in which each activation has its own best weights and rate would be fairer still, and more expensive.

# %% [markdown]
# ## 10 · Your advice

# %% [markdown] answer="advice" points=3
# **In four or five sentences:** a friend has a network of eight layers with sigmoids, whose loss doesn't fall. She replaces them by ReLUs and raises the learning rate; now the loss falls for a moment and then stays where it is, and most hidden outputs are zero for all of her images. Explain both failures, tell her how to make sure that your second explanation is right, and give her two things to do.
#
# ### BEGIN SOLUTION
# With sigmoids each layer multiplies the gradient by less than a quarter, so that the first of eight layers gets some hundred-thousandth of it and doesn't learn; outputs that are all positive make it worse. With ReLUs and the high rate, a long step has pushed units so far that their input is negative for every image: they have no gradient and can't come back, so the loss is stuck. To make sure, count the units whose output is zero for every example of the training set (not of one batch), and watch that number from step to step: it should jump where the loss stops falling. Then start again with a smaller rate or a warm-up, and use a leaky ReLU, PReLU or GELU, or batch normalization before the activation; or revive the dead units by raising their biases and train on gently.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the sigmoid's gradient shrinks by a factor of at most 1/4 in each layer (saturation alone is enough if the effect over depth is said).
# 1 point: dead ReLUs: off for all examples, hence no gradient, hence for good; caused by too long a step. With the check: zero outputs over the whole training set, not a single batch.
# 1 point: two remedies that work (smaller rate, warm-up, clipping; leaky ReLU, PReLU, ELU, GELU; normalization, centred inputs, weights of the right size; reviving or drawing the dead units anew). "Train longer" is no remedy.
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What does the picture of section 2 say about eight layers? What does the picture of section 7 say about a rate that is too high, and about waiting?

# %% [markdown]
# ## Explore further (no marks)
#
# - **Self-normalizing.** SELU (Klambauer et al., 2017, [*Self-normalizing neural networks*](https://arxiv.org/abs/1706.02515)) is an ELU with two constants chosen so that mean 0 and variance 1 reproduce themselves. Change `gradient_sizes` so that it tells the mean and the variance of the signal, too, send one through 50 layers, and see whether it holds; then break it with weights of twice the variance.
# - **Gated units.** Modern language models replace the activation by a product of two linear maps, one of which goes through SiLU or GELU (Shazeer, 2020, [*GLU variants improve transformer*](https://arxiv.org/abs/2002.05202)). Write `SwiGLU` as a module, and compare it with `make_mlp` at the same number of parameters.
# - **Dead at birth.** Lu, Shin, Su & Karniadakis (2020), [*Dying ReLU and initialization*](https://arxiv.org/abs/1903.06733), show that deep narrow ReLU networks are likely to be born dead. Build networks of width 2 with 5 to 50 layers and count.
# - **What PReLU learns.** Train `make_mlp(PReLUByHand, seed)` longer and look at the slopes of each layer. He et al. (2015) found large ones in the first layer and smaller ones deeper down. Do you?
# - **Exact zeros.** Which share of the hidden outputs of a trained ReLU network is exactly zero? Glorot et al. (2011) argue that such sparsity is a virtue. What is the share for GELU?
# - **Recompute or remember.** On a GPU, compare `torch.cuda.max_memory_allocated()` for a deep network with `x * torch.sigmoid(x)` and with your `SiLUFunction`.
