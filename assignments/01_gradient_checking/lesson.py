# ---
# title: Gradient checking and sanity checks
# minutes: 210
# ---

# %% [markdown]
# # Gradient checking and sanity checks
#
# A network with a wrong gradient rarely crashes. Its loss falls, a little slower than it could, and nobody notices for a week. This notebook is about noticing within a minute.
#
# **What you will be able to do.** You compute a gradient numerically and know how far to trust it. You write the softmax and the SVM loss so that they survive huge scores. You tell from the very first loss whether a program is healthy. You know five ways in which a gradient check can fool you, and you find the wrong layers among five that look right. In PyTorch you write an operation with a backward pass of its own and check it, and you check a whole module.
#
# **How long it takes.** About three and a half hours, for 64 points. Some cells ask for a *prediction*: answer before you run the experiment below. A wrong guess that you then understand teaches more than a right one.
#
# **How long it runs.** From a clean kernel the whole notebook runs in about 12 seconds on two cores (measured with `jupyter execute`), half of it for imports. A GPU makes it no faster: the problems are small on purpose.

# %% [markdown]
# **Where this comes from.** Sections 2 and 5 follow the gradient checks in the notes of CS231n, [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/), which accompany its lectures 6 and 7. Section 4 follows "babysitting the learning process" in CS231n lecture 6. Bengio (2012) recommends both kinds of check, Bottou (2012) the gradient check. CSE 176 lecture 11, "Neural Networks III" and INFO8010 lecture 4 start from gradients that are right: what they do with them are the next notebooks, and what you do here comes first. Papers are cited where they are used, and listed at the end.

# %% setup="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nnlab import data, device
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_unchanged
from nnlab.testing import hidden_rng, probe

use_style()

# %% [markdown]
# ## 1 · Do two gradients agree?
#
# You have a gradient $a$ from a formula (the *analytic* one) and a gradient $n$ from measuring (the *numerical* one). Their difference alone says little: $10^{-4}$ is excellent for gradients around 1, and useless for gradients around $10^{-5}$. So we divide by the larger of the two:
#
# $$\text{relative error} = \frac{|a - n|}{\max(|a|, |n|)}, \qquad \text{and } 0 \text{ where both are } 0.$$
#
# A rule of thumb for float64: above $10^{-2}$ the gradient is probably wrong; between $10^{-2}$ and $10^{-4}$ be uneasy; below $10^{-4}$ is fine if the function has kinks; below $10^{-7}$ be happy.

# %% solution="relative_error"
def relative_error(a, n):
    """Compare an analytic gradient with a numerical one, entry by entry.

    Args:
        a, n: two arrays (or nested lists) of one shape, or two numbers; integers are welcome.

    Returns:
        |a - n| / max(|a|, |n|) for each entry, in the shape of the inputs, without a unit.
        An entry is 0 where both inputs are 0, and NaN where either input is NaN: a gradient
        that is not a number agrees with nothing.
    """
    ### BEGIN SOLUTION
    a, n = np.asarray(a, dtype=float), np.asarray(n, dtype=float)
    larger = np.maximum(np.abs(a), np.abs(n))
    return np.abs(a - n) / np.where(larger == 0, 1.0, larger)
    ### END SOLUTION

# %% [markdown] hint="relative_error"
# Which two operations of NumPy take the absolute value of every entry, and the larger of two arrays entry by entry?

# %% [markdown] hint="relative_error"
# Where both are 0 the numerator is 0 too. What could you put into the denominator there, so that the quotient is 0 without a warning? `np.where(condition, this, that)` helps.

# %% tests="relative_error" points=2
check_close("relative_error([1, -2, 0, 0], [1, -1, 0, 1e-9])",
            relative_error([1.0, -2.0, 0.0, 0.0], [1.0, -1.0, 0.0, 1e-9]), [0.0, 0.5, 0.0, 1.0],
            look="Divide by the larger absolute value; where both are 0, the error is 0.")
check_close("relative_error(3, -3)", relative_error(3, -3), 2.0,
            look="A wrong sign is an error of 2: |3 - (-3)| / 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("relative_error")
a = rng.normal(size=(4, 5)) * 10.0 ** rng.integers(-12, 12, size=(4, 5))
n = a * (1 + rng.uniform(-0.9, 0.9, size=(4, 5)))
check_close("relative_error(a, n) for gradients of all magnitudes", relative_error(a, n),
            [[abs(p - q) / max(abs(p), abs(q)) for p, q in zip(*rows)] for rows in zip(a, n)],
            look="Every entry has its own denominator, and nothing else is added to it.")
with_nan = np.asarray(relative_error([1.0, np.nan, 2.0], [1.0, 1.0, np.nan]), dtype=float)
check("relative_error([1, nan, 2], [1, 1, nan])", np.isnan(with_nan).tolist() == [False, True, True],
      f"returned {with_nan.tolist()}, expected [0, nan, nan]",
      look="A gradient that is NaN must not pass as agreement.")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Measuring a gradient
#
# Move one coordinate a little, look how far the function moves. Two ways to do it:
#
# $$\text{forward: } \frac{f(x+h)-f(x)}{h} \qquad\qquad \text{centered: } \frac{f(x+h)-f(x-h)}{2h}$$
#
# Both tend to $f'(x)$. The Taylor series says how fast. The forward difference is off by about $\frac h2 f''(x)$. In the centered one the even terms cancel, and what is left is $\frac{h^2}{6} f'''(x)$. One more evaluation of $f$ buys a whole order of accuracy.

# %% solution="numerical_gradient"
def numerical_gradient(f, x, h=1e-5):
    """The gradient of f at x by centered differences, one coordinate at a time.

    Args:
        f: a function of an array of the shape of x that returns one number.
        x: the point, an array of any shape; integers are taken as floats. It is not changed.
        h: the step, in the unit of x.

    Returns:
        an array of float64, of the shape of x; f is called twice for each of its entries.
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)  # a copy, and never of integers
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = f(x)
        x[i] = value - h
        below = f(x)
        x[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient
    ### END SOLUTION

# %% [markdown] hint="numerical_gradient"
# For which `x` does the first coordinate move, and all others stay where they are? How do you come back to the old `x` before the next coordinate?

# %% [markdown] hint="numerical_gradient"
# `for i in np.ndindex(x.shape)` visits every entry of an array of any shape; `x[i]` reads it and `x[i] = …` writes it.

# %% [markdown] hint="numerical_gradient"
# Work on `x = np.array(x, dtype=float)`. In the loop: remember `value = x[i]`, set `x[i] = value + h` and call `f`, set `x[i] = value - h` and call `f` again, put `value` back.

# %% tests="numerical_gradient" points=3 changes="shown"
x = np.array([1.0, -2.0, 3.0])
before = x.copy()
got = numerical_gradient(lambda x: np.sum(x**2), x)
check_close("numerical_gradient(sum of squares, [1, -2, 3])", got, [2.0, -4.0, 6.0], rtol=1e-7,
            look="The gradient of a sum of squares is 2x.")
check_unchanged("numerical_gradient(f, x)", "x", before, x)
# A cubic tells forward from centered: with h = 0.1 they give 3x² + 0.3x + 0.01 and 3x² + 0.01.
check_close("numerical_gradient(sum of cubes, [[1, 2]], h=0.1)",
            numerical_gradient(lambda x: np.sum(x**3), np.array([[1.0, 2.0]]), h=0.1), [[3.01, 12.01]],
            look="Centered: (f(x + h) - f(x - h)) / 2h, for one entry at a time, whatever the shape.")
### BEGIN HIDDEN TESTS
check_close("numerical_gradient(sum of squares, integers [1, 2, 3])",
            numerical_gradient(lambda x: np.sum(x**2), np.array([1, 2, 3])), [2.0, 4.0, 6.0],
            rtol=1e-7, look="An array of integers drops the 1e-5: convert to float first.")
rng = hidden_rng("numerical_gradient")
x, w = rng.normal(size=(2, 3)), rng.uniform(1, 2, size=(2, 3))
before = x.copy()
# Rounding: about 1e-16 * 10 / 1e-5 = 1e-10; truncation: h²/6 * 2 < 1e-10.
check_close("numerical_gradient(sum of w * sin(x), x) for x of shape (2, 3)",
            numerical_gradient(lambda x: np.sum(w * np.sin(x)), x), w * np.cos(x), rtol=0, atol=1e-8,
            look="The default step is h = 1e-5.")
check_unchanged("numerical_gradient(f, x)", "x", before, x)
# A product is linear in each coordinate, so any h is exact, if the others are at their places.
x = rng.uniform(1, 2, size=4)
check_close("numerical_gradient(product, x, h=0.3)",
            numerical_gradient(lambda x: np.prod(x), x.copy(), h=0.3), np.prod(x) / x, rtol=1e-9,
            look="Is each coordinate back at its old value before the next one moves?")

@probe
def of_a_transposed_array(x):
    return numerical_gradient(lambda z: np.sum(z**3), x.T)

x = rng.normal(size=(3, 2))
check_close("numerical_gradient(sum of cubes, x.T)", of_a_transposed_array(x.copy()), 3 * x.T**2,
            rtol=1e-6, atol=1e-8, look="ravel() of a transposed array is a copy, which f never sees.")
### END HIDDEN TESTS

# %% [markdown]
# A layer returns an array, not a number. Its backward pass answers another question: given the gradient `df` of the loss with respect to the layer's *output*, what is the gradient with respect to its *input*? The chain rule sums over all outputs:
#
# $$\frac{\partial L}{\partial x_i} = \sum_j \texttt{df}_j\, \frac{\partial f_j}{\partial x_i} \approx \sum_j \texttt{df}_j\, \frac{f_j(x + h e_i) - f_j(x - h e_i)}{2h}.$$

# %% solution="numerical_gradient_array"
def numerical_gradient_array(f, x, df, h=1e-5):
    """The gradient of sum(df * f(x)) at x by centered differences: what f's backward should give.

    Args:
        f: a function of an array of the shape of x that returns an array. It may return its
            argument itself, or a view of it.
        x: the point, an array of any shape; integers are taken as floats. It is not changed.
        df: the upstream gradient, an array of the shape of f(x).
        h: the step, in the unit of x.

    Returns:
        an array of float64, of the shape of x.
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(f(x))  # a copy: f may return x itself
        x[i] = value - h
        below = np.array(f(x))
        x[i] = value
        gradient[i] = np.sum(df * (above - below)) / (2 * h)
    return gradient
    ### END SOLUTION

# %% [markdown] hint="numerical_gradient_array"
# It differs from `numerical_gradient` in one line. Which one, and what has to be summed there?

# %% [markdown] hint="numerical_gradient_array"
# What if `f` is the identity, and hands out the very array that you are about to change? Keep a copy of what it returned.

# %% tests="numerical_gradient_array" points=3 changes="shown"
got = numerical_gradient_array(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
check_close("numerical_gradient_array(square, [1, 2], df=[1, 10])", got, [2.0, 40.0],
            look="Each output's change is weighted with its entry of df.")
A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
got = numerical_gradient_array(lambda x: A @ x, np.array([1.0, 1.0]), np.array([1.0, 0.0, -1.0]))
check_close("numerical_gradient_array(A @ x, [1, 1], df=[1, 0, -1])", got, [-4.0, -4.0],
            look="x has 2 entries and f(x) has 3: sum df * (above - below) over the outputs.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("numerical_gradient_array")
x, w, df = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
before = x.copy()
got = numerical_gradient_array(lambda x: np.tanh(x @ w), x, df)
expected = (df * (1 - np.tanh(x @ w) ** 2)) @ w.T
check_close("numerical_gradient_array(tanh(x @ w), x, df)", got, expected, rtol=0, atol=1e-8)
check_unchanged("numerical_gradient_array(f, x, df)", "x", before, x)
x, df = rng.uniform(1, 2, size=3), rng.normal(size=3)
check_close("numerical_gradient_array(cube, x, df, h=0.1)",
            numerical_gradient_array(lambda x: x**3, x.copy(), df.copy(), h=0.1), df * (3 * x**2 + 0.01),
            look="Centered, with the h that was given.")
check_close("numerical_gradient_array(square, integers [1, 2], df=[1, 1])",
            numerical_gradient_array(lambda x: x**2, np.array([1, 2]), np.ones(2)), [2.0, 4.0],
            look="An array of integers drops the 1e-5: convert to float first.")

@probe
def of_functions_that_return_their_argument(x, df):
    return [numerical_gradient_array(lambda z: z, x, df),
            numerical_gradient_array(lambda z: z.reshape(-1), x, df.reshape(-1))]

x, df = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
for f, got in zip(["the identity", "a flattened view"], of_functions_that_return_their_argument(x, df.copy())):
    check_close(f"numerical_gradient_array({f}, x, df)", got, df, rtol=1e-6,
                look="f(x + h) may be the array that you change next: copy it.")
### END HIDDEN TESTS

# %% [markdown]
# ### How accurate is a difference?
#
# If the error behaves like $C\,h^p$, then $\log(\text{error}) = \log C + p \log h$: a straight line of slope $p$ on logarithmic axes. The slope is called the *order of accuracy*. You can measure it without knowing $C$.

# %% solution="order_of_accuracy"
def order_of_accuracy(h, errors):
    """The exponent p of errors that behave like C * h**p.

    Args:
        h: the steps, a sequence of at least two different positive numbers in any order.
        errors: the error at each step, positive numbers.

    Returns:
        p, one number: the slope of the straight line through (log h, log error).
    """
    ### BEGIN SOLUTION
    slope, _ = np.polyfit(np.log(h), np.log(errors), 1)
    return slope
    ### END SOLUTION

# %% [markdown] hint="order_of_accuracy"
# Take logarithms of both. Two points give a slope; how does one draw a line through more than two?

# %% [markdown] hint="order_of_accuracy"
# `np.polyfit(u, v, 1)` returns the slope and the intercept of the line through the points (u, v).

# %% tests="order_of_accuracy" points=2
check_close("order_of_accuracy([0.1, 0.01, 0.001], [3e-1, 3e-2, 3e-3])",
            order_of_accuracy([0.1, 0.01, 0.001], [3e-1, 3e-2, 3e-3]), 1.0, rtol=1e-6,
            look="Ten times smaller h, ten times smaller error: order 1, whatever the constant.")
check_close("order_of_accuracy([0.4, 0.2], [1.6, 0.4])", order_of_accuracy([0.4, 0.2], [1.6, 0.4]),
            2.0, rtol=1e-6, look="Half the h, a quarter of the error: order 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("order_of_accuracy")
for p in (1, 2, 4, rng.uniform(0.5, 3)):
    h = 10 ** rng.uniform(-4, 0, size=6)
    C = 10 ** rng.uniform(-3, 3)
    check_close(f"order_of_accuracy(h, {C:.3g} * h**{p:.3g})", order_of_accuracy(h, C * h**p), p,
                rtol=1e-6, look="The slope of log(error) over log(h), not their quotient.")
### END HIDDEN TESTS

# %% [markdown]
# **Prediction.** You make $h$ ten times smaller. By which factor does the error of a *centered* difference shrink, as long as rounding plays no part?

# %% solution="predicted_factor"
# Type predicted_factor = followed by "10", "100" or "1000".
### BEGIN SOLUTION
predicted_factor = "100"
### END SOLUTION

# %% tests="predicted_factor" points=1
check_one_of("predicted_factor", predicted_factor, ["10", "100", "1000"])
### BEGIN HIDDEN TESTS
check("predicted_factor", predicted_factor == "100", f"you said {predicted_factor!r}; measuring says otherwise",
      look="The first term of the error that doesn't cancel is h²/6 f'''.")
### END HIDDEN TESTS

# %% given="errors_of_differences"
def errors_of_differences(h, f=np.exp, slope_of_f=np.exp, x=1.0):
    """Errors of the forward and the centered difference of f at x, for each of the steps h."""
    return {"forward": abs((f(x + h) - f(x)) / h - slope_of_f(x)),
            "centered": abs((f(x + h) - f(x - h)) / (2 * h) - slope_of_f(x))}

# %% experiment="orders"
def draw_orders():
    h = np.logspace(-1, -3, 9)
    figure, axes = plt.subplots(figsize=(6, 3.4))
    for (name, error), marker in zip(errors_of_differences(h).items(), "os"):
        p = order_of_accuracy(h, error)
        axes.loglog(h, error, marker + "-", label=f"{name}: measured order {p:.2f}")
    axes.set(xlabel="step h", ylabel="error", title="One more evaluation buys an order of accuracy")
    axes.legend()
    show(figure, alt="Error of forward and centered differences of exp at 1 against the step h, on "
         "logarithmic axes: two straight lines, of slope 1 and 2. At h = 0.001 the forward error "
         "is about a thousandth, the centered error below a millionth.")

draw_orders()

# %% [markdown]
# ### Then why not h = 10⁻¹²?
#
# A computer stores $f(x+h)$ and $f(x-h)$ with a relative error of about $\varepsilon$: $1.1\cdot10^{-16}$ in float64, $6\cdot10^{-8}$ in float32. As $h$ shrinks the two values become alike, their difference loses digits, and the quotient magnifies what is left of the rounding: an error of about $\varepsilon |f| / h$.
#
# **Prediction.** Compared with $h=10^{-5}$, a centered difference in float64 with $h=10^{-12}$ is …

# %% solution="predicted_tiny_step"
# Type predicted_tiny_step = followed by "better", "the same" or "worse".
### BEGIN SOLUTION
predicted_tiny_step = "worse"
### END SOLUTION

# %% tests="predicted_tiny_step" points=1
check_one_of("predicted_tiny_step", predicted_tiny_step, ["better", "the same", "worse"])
### BEGIN HIDDEN TESTS
check("predicted_tiny_step", predicted_tiny_step == "worse", f"you said {predicted_tiny_step!r}; measuring says otherwise",
      look="The rounding error grows like 1/h: about 1e-4 at h = 1e-12.")
### END HIDDEN TESTS

# %% given="errors_of_steps"
def errors_of_steps(steps, dtype, points=400, seed=0):
    """Median relative errors of forward and centered differences of exp, computed in dtype."""
    x = np.random.default_rng(seed).uniform(0, 2, size=points)
    truth, x, h = np.exp(x.astype(dtype).astype(float)), x.astype(dtype), steps.astype(dtype)[:, None]
    forward = (np.exp(x + h) - np.exp(x)) / h
    centered = (np.exp(x + h) - np.exp(x - h)) / (2 * h)
    return [np.median(abs(d - truth) / truth, axis=1) for d in (forward, centered)]

# %% experiment="valley"
def draw_valley():
    steps = np.logspace(-13, 0, 79)
    figure, axes = plt.subplots(figsize=(7.5, 4.2))
    for dtype, colour in ((np.float32, "orange"), (np.float64, "blue")):
        for name, error, line in zip(("forward", "centered"), errors_of_steps(steps, dtype), (":", "-")):
            best = np.argmin(error)
            axes.loglog(steps, error, line, color=COLOURS[colour], label=f"{dtype.__name__}, {name}")
            axes.plot(steps[best], error[best], "v", ms=9, color=COLOURS[colour])
    axes.set(xlabel="step h", ylabel="median relative error", ylim=(1e-13, 5),
             title="Too large a step truncates, too small a step rounds")
    axes.set_xticks(10.0 ** np.arange(-12, 1, 2))
    axes.legend(loc="lower left")
    show(figure, alt="Median relative error of four difference quotients of exp against the step h, on "
         "logarithmic axes. Each curve is a valley: it falls to the left with slope 1 (forward) or 2 "
         "(centered), reaches a lowest point, marked by a triangle, and rises again like 1/h. The "
         "valleys of float32 lie further right and higher than those of float64, and centered "
         "differences reach lower than forward ones, at larger steps.")

draw_valley()

# %% [markdown]
# Read the two triangles of the *centered* curves off the picture: which $h$ is best in float64, and which in float32? A number like `2e-7` will do; a factor of 5 to either side is accepted, because the bottom of the valley is flat and jagged.

# %% solution="best_steps"
# Type best_h_float64 = … and best_h_float32 = …, each a number.
### BEGIN SOLUTION
best_h_float64 = 6e-6
best_h_float32 = 6e-3
### END SOLUTION

# %% [markdown] hint="best_steps"
# You can check your reading. The error is about $\frac{h^2}{6}|f'''| + \frac{\varepsilon}{h}|f|$. Where is its derivative with respect to $h$ zero, if $f = f'''$ as for exp?

# %% [markdown] hint="best_steps"
# At $h = \sqrt[3]{3\varepsilon}$. Put in $\varepsilon = 1.1\cdot10^{-16}$ and $6\cdot10^{-8}$.

# %% tests="best_steps" points=2
for name, answer in (("best_h_float64", best_h_float64), ("best_h_float32", best_h_float32)):
    check(name, isinstance(answer, (int, float)) and 0 < answer < 1,
          f"is {answer!r}, expected a number between 0 and 1")
### BEGIN HIDDEN TESTS
# The closed form of the minimum, (3 eps)^(1/3): 6.9e-6 and 5.6e-3. Over 100 seeds of the experiment
# the lowest point of the measured curve is at most a factor 2.2 from it; a factor of 5 is accepted.
marks = 0
for answer, eps in ((best_h_float64, 2.0**-53), (best_h_float32, 2.0**-24)):
    marks += abs(np.log10(answer) - np.log10(3 * eps) / 3) <= np.log10(5)
check("best_h_float64, best_h_float32", marks > 0, f"are {best_h_float64} and {best_h_float32}",
      look="Read the triangles of the two solid curves: centered differences.")
float(marks)
### END HIDDEN TESTS

# %% [markdown]
# From here on: **check gradients in float64, with centered differences and h near 10⁻⁵**. In float32 even the best step leaves an error of about $10^{-5}$, which is easily mistaken for a small bug, or hides one.

# %% [markdown]
# ## 3 · Two losses worth checking
#
# A classifier gives each of $C$ classes a *score*. The **softmax loss** turns the scores $s$ of one example into probabilities and takes minus the logarithm of the right one:
#
# $$L = -\log \frac{e^{s_y}}{\sum_j e^{s_j}}, \qquad \frac{\partial L}{\partial s_j} = p_j - [j = y].$$
#
# Two traps: $e^{1000}$ overflows and $\log 0$ is $-\infty$. Subtracting the same number from all scores of an example changes nothing, so subtract the largest, and never take the logarithm of a probability that has already become 0.

# %% solution="softmax_loss"
def softmax_loss(scores, y):
    """Softmax followed by cross-entropy, averaged over the examples.

    Args:
        scores: shape (N, C), any finite numbers, however large. Not changed.
        y: the right classes, N integers from 0 to C - 1.

    Returns:
        (loss, dscores): the mean loss over the N examples, in nats, and its gradient with
        respect to scores, of shape (N, C).
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    dscores = np.exp(log_p)
    dscores[rows, y] -= 1
    return -np.mean(log_p[rows, y]), dscores / len(y)
    ### END SOLUTION

# %% [markdown] hint="softmax_loss"
# Write $\log p_j$ without a quotient: $\log p_j = s_j - m - \log\sum_k e^{s_k - m}$ with the largest score $m$ of the same example. Which of these terms can overflow?

# %% [markdown] hint="softmax_loss"
# `keepdims=True` keeps the row maxima as a column of shape (N, 1), which lines up with scores. `log_p[np.arange(N), y]` picks one entry a row.

# %% [markdown] hint="softmax_loss"
# The loss is a mean over N examples, so the gradient of each example carries a factor 1/N.

# %% tests="softmax_loss" points=4 changes="shown"
loss, dscores = softmax_loss(np.zeros((2, 4)), np.array([0, 3]))
check_close("softmax_loss(zeros (2, 4), [0, 3])[0]", loss, np.log(4),
            look="Four equal scores: the right class has probability 1/4.")
check_close("softmax_loss(zeros (2, 4), [0, 3])[1]", dscores,
            [[-0.375, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]],
            look="(p - one-hot) / N, here (1/4 - [right class]) / 2.")
loss, dscores = softmax_loss(np.array([[1000.0, 0.0], [0.0, -1000.0], [0.0, 0.0]]), np.array([1, 1, 0]))
check_close("softmax_loss([[1000, 0], [0, -1000], [0, 0]], [1, 1, 0])[0]", loss,
            (1000 + 1000 + np.log(2)) / 3,
            look="exp(1000) overflows: subtract the largest score of each row first.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("softmax_loss")
for N, C, scale, says in ((3, 5, 1.0, ""), (7, 4, 30.0, " of size 30"), (4, 4, 3.0, " (4, 4)")):
    scores, y = scale * rng.normal(size=(N, C)), rng.integers(C, size=N)
    before, exact = scores.copy(), torch.tensor(scores, requires_grad=True)
    expected = F.cross_entropy(exact, torch.tensor(y))
    expected.backward()
    loss, dscores = softmax_loss(scores, y)
    check_close(f"softmax_loss(random scores{says}, y)[0]", loss, expected, rtol=1e-9,
                look="The mean over the examples, with the natural logarithm.")
    check_close(f"softmax_loss(random scores{says}, y)[1]", dscores, exact.grad, rtol=1e-7, atol=1e-15,
                look="Don't forget that the loss is a mean.")
    check_unchanged("softmax_loss(scores, y)", "scores", before, scores)
# Rows 2000 apart: the maximum of the whole array is no help to the second row.
top = rng.uniform(900, 1100)
scores = np.array([[top, top - 1, top - 2], [-top, -top - 1, -top + 1]])
loss, dscores = softmax_loss(scores, np.array([0, 2]))
exact = torch.tensor([[2.0, 1.0, 0.0], [1.0, 0.0, 2.0]], dtype=torch.float64, requires_grad=True)
expected = F.cross_entropy(exact, torch.tensor([0, 2]))
expected.backward()
# top - 1 is rounded to 1e-13, so is the loss.
check_close("softmax_loss of one row near 1000 and one near -1000: loss", loss, expected, rtol=1e-9,
            look="Each example needs its own maximum.")
check_close("softmax_loss of one row near 1000 and one near -1000: gradient", dscores, exact.grad,
            rtol=1e-9, look="Each example needs its own maximum.")
### END HIDDEN TESTS

# %% [markdown]
# The **multiclass SVM loss** (Weston and Watkins, 1999) wants the right score to be larger than every other one by a margin of 1, and charges what is missing:
#
# $$L = \sum_{j \ne y} \max(0,\; s_j - s_y + 1).$$
#
# Each class that violates its margin pushes its own score down by 1 and the right score up by 1. A class whose margin is met, even exactly, pushes nothing.

# %% solution="svm_loss"
def svm_loss(scores, y):
    """The multiclass SVM loss of Weston and Watkins with margin 1, averaged over the examples.

    Args:
        scores: shape (N, C). Not changed.
        y: the right classes, N integers from 0 to C - 1.

    Returns:
        (loss, dscores): the mean over the N examples of the sum over wrong classes of
        max(0, s_j - s_y + 1), and its gradient with respect to scores, of shape (N, C).
        A margin that is met exactly contributes no gradient.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = -np.sum(dscores, axis=1)
    return np.sum(margins) / len(y), dscores / len(y)
    ### END SOLUTION

# %% [markdown] hint="svm_loss"
# `scores[np.arange(N), y][:, None]` is the column of right scores. What does the formula give for $j = y$, and what should it give?

# %% [markdown] hint="svm_loss"
# The gradient of a wrong class is 1 where its margin is violated. The right score stands in every term of its row: how many of them are violated?

# %% tests="svm_loss" points=4
loss, dscores = svm_loss(np.array([[3.0, 1.0, 2.5], [0.0, 2.0, 0.5]]), np.array([0, 0]))
check_close("svm_loss([[3, 1, 2.5], [0, 2, 0.5]], [0, 0])[0]", loss, (0.5 + 3.0 + 1.5) / 2,
            look="Only the wrong classes count, and the loss is a mean over the examples.")
check_close("svm_loss([[3, 1, 2.5], [0, 2, 0.5]], [0, 0])[1]", dscores,
            [[-0.5, 0.0, 0.5], [-1.0, 0.5, 0.5]],
            look="The right score is pushed once for each violated margin of its row.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("svm_loss")
for N, C, scale in ((5, 4, 1.0), (3, 7, 2.0), (4, 4, 500.0)):
    scores, y = scale * rng.normal(size=(N, C)), rng.integers(C, size=N)
    before, exact = scores.copy(), torch.tensor(scores, requires_grad=True)
    # torch divides by the number of classes as well.
    expected = C * F.multi_margin_loss(exact, torch.tensor(y), margin=1.0)
    expected.backward()
    loss, dscores = svm_loss(scores, y)
    check_close(f"svm_loss(random scores ({N}, {C}), y)[0]", loss, expected, rtol=1e-9, atol=1e-12,
                look="Sum over the wrong classes, mean over the examples.")
    check_close(f"svm_loss(random scores ({N}, {C}), y)[1]", dscores, exact.grad, rtol=1e-9, atol=1e-12)
    check_unchanged("svm_loss(scores, y)", "scores", before, scores)
loss, dscores = svm_loss(np.array([[1.0, 0.0, -3.0]]), np.array([0]))
check_close("svm_loss([[1, 0, -3]], [0])[0]", loss, 0.0, look="Both margins are met.")
check_close("svm_loss([[1, 0, -3]], [0])[1]", dscores, [[0.0, 0.0, 0.0]],
            look="A margin of exactly 1 is met: use a strict inequality.")
### END HIDDEN TESTS

# %% [markdown]
# Now your tools meet your losses. This cell compares each gradient with its numerical twin; both numbers should be below $10^{-7}$.

# %% given="largest_error"
def largest_error(loss, seed=0):
    """The largest relative error of the gradient of a loss at random scores (4, 6)."""
    rng = np.random.default_rng(seed)
    scores, y = rng.normal(size=(4, 6)), rng.integers(6, size=4)
    numeric = numerical_gradient(lambda scores: loss(scores, y)[0], scores)
    return np.max(relative_error(loss(scores, y)[1], numeric))

# %% experiment="check_losses"
print(f"softmax_loss: largest relative error {largest_error(softmax_loss):.1e}")
print(f"    svm_loss: largest relative error {largest_error(svm_loss):.1e}")

# %% [markdown]
# ## 4 · Before you train: two sanity checks
#
# **The first loss.** A new network knows nothing: with small random weights all scores are nearly equal. What the loss must be then, you can say before you run anything. If the program says otherwise, it is wrong, and you know it after one forward pass.

# %% solution="chance_losses"
def chance_losses(C):
    """The losses of a classifier that gives all of C classes the same score.

    Args:
        C: the number of classes, at least 2.

    Returns:
        (softmax, svm): the softmax loss in nats, and the SVM loss with margin 1.
    """
    ### BEGIN SOLUTION
    return np.log(C), C - 1.0
    ### END SOLUTION

# %% [markdown] hint="chance_losses"
# Put $s_j = 0$ for all $j$ into the two formulas of section 3. Which probability has the right class? How many margins are missing, and by how much each?

# %% tests="chance_losses" points=2
check_close("chance_losses(10)", chance_losses(10), [2.302585093, 9.0], rtol=1e-6,
            look="Softmax: each class has probability 1/10. SVM: nine margins, each short by 1.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("chance_losses")
for C in (2, int(rng.integers(3, 50)), int(rng.integers(50, 1000))):
    equal = torch.zeros(1, C, dtype=torch.float64), torch.tensor([0])
    check_close(f"chance_losses({C})", chance_losses(C),
                [F.cross_entropy(*equal).item(), C * F.multi_margin_loss(*equal).item()], rtol=1e-6)
### END HIDDEN TESTS

# %% given="first_losses"
def first_losses(scale, seed=0):
    """Softmax and SVM loss on digits of a linear classifier with weights of standard deviation scale."""
    X, y = data.digits()
    scores = X @ np.random.default_rng(seed).normal(0, scale, size=(64, 10))
    return softmax_loss(scores, y)[0], svm_loss(scores, y)[0]

# %% experiment="first_loss"
def draw_first_losses():
    scales = np.logspace(-3, 1, 17)
    losses = np.array([first_losses(scale) for scale in scales])
    figure, axes = plt.subplots(figsize=(6.5, 3.6))
    for k, (name, colour) in enumerate((("softmax", "blue"), ("SVM", "orange"))):
        chance = chance_losses(10)[k]
        axes.loglog(scales, losses[:, k], "os"[k] + "-", color=COLOURS[colour], label=name)
        axes.axhline(chance, ls="--", lw=1, color=COLOURS[colour])
        axes.text(14, chance, f"{chance:.2f}", va="center", color="black")
    axes.set(xlabel="standard deviation of the weights", ylabel="first loss", xlim=(8e-4, 13),
             title="Small weights start at chance, large weights far above it")
    axes.legend()
    show(figure, alt="First loss of a linear classifier on ten digits against the size of its random "
         "weights, on logarithmic axes. Up to a standard deviation of 0.03 the softmax loss lies on the "
         "dashed line at 2.30 and the SVM loss on the one at 9; above 0.1 both rise, in the end in "
         "proportion to the weights.")

draw_first_losses()

# %% [markdown]
# Four programs classify into 10 classes: each gives an example 10 scores, with small random weights, and works on batches of 50 examples. This is the first line that each prints:
#
# | program | first line |
# | --- | --- |
# | A | `softmax loss 2.303` |
# | B | `softmax loss 115.1` |
# | C | `SVM loss 10.00` |
# | D | `softmax loss 3.912` |
#
# What is each one's state? Choose from `"healthy"`, `"summed over the batch"`, `"counts the right class"`, `"normalized over the batch axis"` and `"too many classes"`. Each right answer earns half a point.

# %% solution="diagnosis"
# Type diagnosis = {"A": "…", "B": "…", "C": "…", "D": "…"}.
### BEGIN SOLUTION
diagnosis = {
    "A": "healthy",  # ln 10
    "B": "summed over the batch",  # 50 ln 10
    "C": "counts the right class",  # 9 + 1
    "D": "normalized over the batch axis",  # ln 50
}
### END SOLUTION

# %% [markdown] hint="diagnosis"
# Compare each number with the chance loss: is it a multiple of it, one more than it, the chance loss for another number of classes? $e^{3.912} \approx 50$.

# %% tests="diagnosis" points=2
for program in "ABCD":
    check_one_of(f"diagnosis[{program!r}]", diagnosis.get(program),
                 ["healthy", "summed over the batch", "counts the right class",
                  "normalized over the batch axis", "too many classes"])
### BEGIN HIDDEN TESTS
right = {"A": "healthy", "B": "summed over the batch", "C": "counts the right class",
         "D": "normalized over the batch axis"}
found = [program for program in right if diagnosis[program] == right[program]]
check("diagnosis", len(found) > 0, "names none of the four", look="ln 10 = 2.303, ln 50 = 3.912.")
0.5 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# **Overfit a handful.** The second check needs a training loop. Take twenty examples and no regularization, and train until the loss is practically zero. A network that cannot learn twenty examples by heart will not learn twenty thousand by understanding.
#
# Plain gradient descent is enough: every parameter moves against *its own* gradient, and all gradients belong to the same point.

# %% solution="descend"
def descend(loss_and_gradients, params, learning_rate, steps):
    """Plain gradient descent.

    Args:
        loss_and_gradients: takes a dict of arrays, returns (loss, gradients), the gradients in a
            dict with the same keys and shapes. It is called once a step.
        params: a dict of arrays of floats, the starting point. Neither it nor its arrays change.
        learning_rate: the step size, positive.
        steps: the number of steps, 0 or more.

    Returns:
        (params, losses): a dict with the parameters after the last step, and the list of losses
        *before* each step, so that losses[0] is the loss of the starting point.
    """
    ### BEGIN SOLUTION
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(loss)
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
    return params, losses
    ### END SOLUTION

# %% [markdown] hint="descend"
# What has to be copied, so that the caller's arrays stay as they are? A copy of a dict still holds the same arrays.

# %% [markdown] hint="descend"
# In each step: call `loss_and_gradients` once, remember the loss, then move every parameter by `-learning_rate * gradients[name]`.

# %% tests="descend" points=3 changes="shown"
start = {"w": np.array([4.0])}
params, losses = descend(lambda p: (0.5 * float(p["w"][0]) ** 2, {"w": p["w"].copy()}), start, 0.5, 3)
check_close("descend(w²/2, w = 4, learning_rate=0.5, steps=3)[0]['w']", params["w"], [0.5],
            look="The gradient of w²/2 is w, so each step halves w: 4, 2, 1, 0.5.")
check_close("descend(w²/2, w = 4, learning_rate=0.5, steps=3)[1]", losses, [8.0, 2.0, 0.5],
            look="The loss before each step: w = 4, 2, 1.")
check_unchanged("descend(…)", "params", [4.0], start["w"])
### BEGIN HIDDEN TESTS
rng = hidden_rng("descend")
u, v = rng.normal(size=2), rng.normal(size=3)
M = rng.normal(size=(2, 3))
calls = []

def coupled(p):
    calls.append(1)
    loss = 0.5 * 3 * p["u"] @ p["u"] + p["u"] @ M @ p["v"] + 0.5 * 4 * p["v"] @ p["v"]
    return float(loss), {"u": 3 * p["u"] + M @ p["v"], "v": 4 * p["v"] + M.T @ p["u"]}

start = {"u": u.copy(), "v": v.copy()}
params, losses = descend(coupled, start, 0.1, 8)
H = np.block([[3 * np.eye(2), M], [M.T, 4 * np.eye(3)]])
step, points = np.eye(5) - 0.1 * H, [np.concatenate([u, v])]
for _ in range(8):
    points.append(step @ points[-1])
check_equal("the number of calls of loss_and_gradients in 8 steps", len(calls), 8,
            look="One call a step gives the loss and all gradients.")
check_close("descend(a coupled quadratic, 8 steps): u and v",
            np.concatenate([params["u"], params["v"]]), points[-1], rtol=1e-9, atol=1e-9,
            look="All gradients belong to the same point, and all parameters move.")
check_close("descend(a coupled quadratic, 8 steps): losses", losses,
            [0.5 * z @ H @ z for z in points[:-1]], rtol=1e-9, atol=1e-9,
            look="The loss before each step, one for each.")
check_unchanged("descend(…)", "params['u']", u, start["u"])
check_unchanged("descend(…)", "params['v']", v, start["v"])
### END HIDDEN TESTS

# %% [markdown]
# Here is a small network to train: affine, ReLU, affine, softmax. With `broken=True` its backward pass leaves out the mask of the ReLU, as people do.

# %% given="two_layer"
def new_params(seed=0, scale=0.1, inputs=64, hidden=32, classes=10):
    """Random weights of standard deviation scale, and zero biases."""
    rng = np.random.default_rng(seed)
    return {"W1": scale * rng.normal(size=(inputs, hidden)), "b1": np.zeros(hidden),
            "W2": scale * rng.normal(size=(hidden, classes)), "b2": np.zeros(classes)}

def two_layer(params, X, y, reg=0.0, broken=False):
    """Loss and gradients of affine, ReLU, affine, softmax, plus reg/2 times the squared weights."""
    hidden = np.maximum(0, X @ params["W1"] + params["b1"])
    loss, dscores = softmax_loss(hidden @ params["W2"] + params["b2"], y)
    dhidden = dscores @ params["W2"].T
    if not broken:
        dhidden = dhidden * (hidden > 0)
    gradients = {"W1": X.T @ dhidden, "b1": np.sum(dhidden, axis=0),
                 "W2": hidden.T @ dscores, "b2": np.sum(dscores, axis=0)}
    for name in ("W1", "W2"):
        loss = loss + reg / 2 * np.sum(params[name] ** 2)
        gradients[name] = gradients[name] + reg * params[name]
    return loss, gradients

# %% [markdown]
# **Prediction.** Four programs train on twenty digits for 400 steps. One is right. One gets labels that were drawn at random. One leaves the regularization on (`reg=0.1`). One has the broken backward pass. Exactly one of them does *not* come below a loss of 0.1. Which?

# %% solution="predicted_failure"
# Type predicted_failure = followed by
# "right", "random labels", "regularization on" or "broken gradient".
### BEGIN SOLUTION
predicted_failure = "regularization on"
### END SOLUTION

# %% tests="predicted_failure" points=1
check_one_of("predicted_failure", predicted_failure,
             ["right", "random labels", "regularization on", "broken gradient"])
### BEGIN HIDDEN TESTS
# Holds in 100 of 100 seeds of the experiment.
check("predicted_failure", predicted_failure == "regularization on", f"you said {predicted_failure!r}; measuring says otherwise",
      look="Run the experiment: which curve stays up, and why are the other three able to fall?")
### END HIDDEN TESTS

# %% given="overfit_curves"
def overfit_curves(seed=0, steps=400):
    """The losses of four programs on twenty digits."""
    rng = np.random.default_rng(seed)
    X, y = data.digits()
    chosen = rng.choice(len(y), size=20, replace=False)
    X, y, nonsense = X[chosen], y[chosen], rng.integers(10, size=20)
    programs = {"right": lambda p: two_layer(p, X, y),
                "random labels": lambda p: two_layer(p, X, nonsense),
                "regularization on": lambda p: two_layer(p, X, y, reg=0.1),
                "broken gradient": lambda p: two_layer(p, X, y, broken=True)}
    return {name: descend(program, new_params(seed), 0.5, steps)[1]
            for name, program in progress(programs.items(), "overfitting twenty digits")}

# %% experiment="overfit"
def draw_overfit():
    figure, axes = plt.subplots(figsize=(7, 3.8))
    for (name, losses), line in zip(overfit_curves().items(), ("-", "--", "-.", ":")):
        axes.semilogy(losses, line, lw=2.2, label=name)
    axes.axhline(chance_losses(10)[0], color="grey", lw=1)
    axes.text(400, chance_losses(10)[0] * 1.1, "chance", ha="right", color="dimgrey")
    axes.set(xlabel="step", ylabel="loss on twenty digits", ylim=(0.0015, 8),
             title="Twenty digits, learned by heart")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.6))
    show(figure, alt="Loss on twenty digits against the step for four programs, on a logarithmic axis. "
         "Three start at the chance loss of 2.3. The right program falls below 0.01. So does, a little "
         "later, the one with random labels. The program with a broken gradient falls almost as the "
         "right one does. With the regularization on, the loss starts above the others and stays at "
         "about 1.5.")

draw_overfit()

# %% [markdown]
# Look at the last curve once more. The **broken** program learns its twenty digits too, only a little more slowly. Random labels are no obstacle either; Zhang et al. (2017) did the same with whole data sets. So overfitting a handful catches a network that cannot learn at all, but a wrong gradient can slip through, and so can labels that belong to other images. That is why this check does not replace the other one.

# %% [markdown]
# ## 5 · Five ways to fool a gradient check
#
# ### First: check only where the light is
#
# A full check calls the loss twice for each parameter, too often for a million of them. So check a few entries, drawn at random, of **every** array. Don't put all parameters into one long vector and draw from that: the weight matrices would take all draws, and nobody would look at the biases.

# %% solution="sampled_errors"
def sampled_errors(loss, params, gradients, samples=3, h=1e-5, seed=0):
    """Check a few entries of the gradient of every parameter by centered differences.

    Args:
        loss: takes a dict of arrays like params, returns a number; it is called twice for each
            checked entry.
        params: a dict of arrays of floats. They are the same afterwards.
        gradients: a dict with the same keys and shapes, the gradients to be checked.
        samples: how many entries of each array to check: different ones, drawn at random; all of
            them where the array has no more than that.
        h: the step.
        seed: chooses the entries.

    Returns:
        a dict with the same keys: the largest relative error (section 1: 0 where both gradients
        are 0) among the checked entries of each array, a float; NaN if one of them is NaN.
    """
    rng = np.random.default_rng(seed)
    ### BEGIN SOLUTION
    params = {name: np.array(value, dtype=float, order="C") for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.asarray(gradients[name]).reshape(-1)
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            numeric = (above - below) / (2 * h)
            larger = max(abs(analytic[i]), abs(numeric))
            errors.append(abs(analytic[i] - numeric) / larger if larger != 0 else 0.0)
        worst[name] = float(np.max(errors))
    return worst
    ### END SOLUTION

# %% [markdown] hint="sampled_errors"
# Two loops: over the names, and over a few positions of each array. `rng.choice(size, size=k, replace=False)` draws k different positions; how large may k be?

# %% [markdown] hint="sampled_errors"
# `value.reshape(-1)` is a view of an array: what you write into it changes the array, so `loss(params)` sees it. Put the old value back.

# %% [markdown] hint="sampled_errors"
# `max(0.0, float("nan"))` is 0.0 in Python: a NaN gets lost. `np.max` of a list keeps it.

# %% tests="sampled_errors" points=4
def sum_of_squares(p):
    return 0.5 * float(np.sum(p["W"] ** 2)) + 3 * float(np.sum(p["b"]))

params = {"W": np.arange(1.0, 13.0).reshape(3, 4), "b": np.array([1.0, 2.0])}
right = {"W": params["W"].copy(), "b": np.array([3.0, 3.0])}
errors = sampled_errors(sum_of_squares, params, right)
check_equal("the keys of sampled_errors(…)", sorted(errors), ["W", "b"], look="Check every parameter.")
check("sampled_errors(…) of right gradients", max(errors.values()) < 1e-6,
      f"returned {errors}, expected errors below 1e-6")
errors = sampled_errors(sum_of_squares, params, {"W": right["W"], "b": 2 * right["b"]})
check_close("sampled_errors(…) of gradients with b twice as large as it should be",
            [errors["W"], errors["b"]], [0.0, 0.5], rtol=1e-5, atol=1e-6)
### BEGIN HIDDEN TESTS
rng = hidden_rng("sampled_errors")
params = {"W": rng.uniform(0.2, 1.2, size=(6, 8)), "b": rng.uniform(0.2, 1.2, size=1),
          "gamma": rng.uniform(0.2, 1.2, size=(2, 2))}
weight = {name: rng.uniform(1, 2, size=value.shape) for name, value in params.items()}
before = {name: value.copy() for name, value in params.items()}
right = {name: weight[name] * np.cos(value) for name, value in params.items()}
calls = []

def waves(p):
    calls.append(1)
    return float(sum(np.sum(weight[name] * np.sin(p[name])) for name in weight))

errors = sampled_errors(waves, params, right, samples=5)
check("sampled_errors(…, samples=5) of right gradients", max(errors.values()) < 1e-6,
      f"returned {errors}, expected errors below 1e-6")
check_equal("the number of calls of loss for arrays of 48, 1 and 4 entries and samples=5",
            len(calls), 20, look="Twice for each checked entry: 5 + 1 + 4 entries.")
for name in params:
    check_unchanged("sampled_errors(…)", f"params[{name!r}]", before[name], params[name])
# With a large step, only centered differences stay within h²/6 of sums of sines.
errors = sampled_errors(waves, params, right, samples=100, h=1e-2)
check("sampled_errors(…, h=0.01) of right gradients", 1e-6 < max(errors.values()) < 1e-4,
      f"returned {errors}, expected errors of about 2e-5", look="Centered, with the h that was given.")
for name in params:
    errors = sampled_errors(waves, params, {**right, name: 2 * right[name]})
    check_close(f"sampled_errors(…) with a wrong gradient of {name} only: the error of {name}",
                errors[name], 0.5, rtol=1e-5, look="Draw entries of each array, however small.")
    check("sampled_errors(…) of the other gradients", max(e for k, e in errors.items() if k != name) < 1e-6,
          f"returned {errors}, but only {name} is wrong")
later = right["W"] * np.where(np.arange(48) < 8, 1, 2).reshape(6, 8)
errors = sampled_errors(waves, params, {**right, "W": later}, samples=8)
check_close("sampled_errors(…, samples=8) where the first 8 entries of W are right, the others not",
            errors["W"], 0.5, rtol=1e-5, look="Draw the entries at random.")
one = right["W"].copy()
one[3, 3] *= 2
check_close("sampled_errors(…, samples=48) where one entry of W is wrong",
            sampled_errors(waves, params, {**right, "W": one}, samples=48)["W"], 0.5, rtol=1e-5,
            look="All entries, each once, and the largest error.")
some = right["gamma"] * np.array([[2, 1], [1, 1]])
found = [sampled_errors(lambda p: float(np.sum(weight["gamma"] * np.sin(p["gamma"]))),
                        {"gamma": params["gamma"]}, {"gamma": some}, samples=1, seed=seed)["gamma"] > 0.1
         for seed in range(60)]  # all alike by chance: 0.75**60 = 3e-8
check("sampled_errors(…, samples=1, seed=0 … 59) where one entry of four is wrong",
      0 < sum(found) < 60, f"found it {sum(found)} times of 60", look="The seed chooses the entries.")
errors = sampled_errors(lambda p: 1e-12 * waves(p), params, {name: 2e-12 * right[name] for name in right})
check_close("sampled_errors(…) of gradients around 1e-12, all twice as large as they should be",
            [errors[name] for name in params], [0.5] * 3, rtol=1e-5,
            look="Nothing is added to the denominator, and it has no lower limit.")
errors = sampled_errors(waves, {**params, "idle": np.ones(3)}, {**right, "idle": np.zeros(3)})
check_close("sampled_errors(…) of a parameter that the loss does not use", errors["idle"], 0.0,
            look="Where both gradients are 0, the error is 0.")
broken = sampled_errors(waves, params, {**right, "b": np.array([np.nan])})["b"]
check("sampled_errors(…) with a gradient that is NaN", not broken < 1e-6,
      f"returned {broken}", look="Python's max(0.0, nan) is 0.0; np.max keeps the NaN.")
### END HIDDEN TESTS

# %% [markdown]
# ### Second: step over a kink
#
# The ReLU has no derivative at 0. Take $x = -10^{-6}$: there the gradient is exactly 0. But a step of $h = 10^{-5}$ reaches over the kink to the other side.
#
# **Prediction.** What does the centered difference of the ReLU give at $x=-10^{-6}$ with $h=10^{-5}$?

# %% solution="predicted_kink"
# Type predicted_kink = followed by "0", "0.45", "0.5" or "1".
### BEGIN SOLUTION
predicted_kink = "0.45"
### END SOLUTION

# %% tests="predicted_kink" points=1
check_one_of("predicted_kink", predicted_kink, ["0", "0.45", "0.5", "1"])
### BEGIN HIDDEN TESTS
check("predicted_kink", predicted_kink == "0.45", f"you said {predicted_kink!r}; measuring says otherwise",
      look="relu(x + h) = 9e-6 and relu(x - h) = 0; divide by 2h = 2e-5.")
### END HIDDEN TESTS

# %% experiment="kink"
def draw_kink(x=-1e-6, h=1e-5):
    def relu(x):
        return np.maximum(0, x)

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), gridspec_kw={"wspace": 0.28})
    near = np.linspace(-1.3e-5, 1.3e-5, 200)
    ends = np.array([x - h, x + h])
    left.plot(near * 1e6, relu(near) * 1e6, label="ReLU")
    left.plot(ends * 1e6, relu(ends) * 1e6, "o--", color=COLOURS["red"], label="centered difference")
    left.axvline(x * 1e6, ymax=0.7, color="grey", lw=1)
    left.text(x * 1e6 - 0.4, 8, "x", ha="right", color="dimgrey")
    left.set(xlabel="input, in millionths", ylabel="output, in millionths", ylim=(-0.7, 18), title="The chord crosses the kink")
    left.legend(loc="upper left")
    steps = np.logspace(-8, -3, 60)
    right.semilogx(steps, (relu(x + steps) - relu(x - steps)) / (2 * steps), color=COLOURS["red"])
    right.axhline(0, color=COLOURS["blue"], ls="--")
    right.text(1e-3, 0.02, "the gradient at x", ha="right", color=COLOURS["blue"])
    right.axvline(-x, color="grey", lw=1)
    right.set(xlabel="step h", ylabel="centered difference", title="Too large a step sees both sides")
    show(figure, alt="Left: the ReLU near 0 and the chord from x - h to x + h, which starts on the flat "
         "side, ends on the sloping side and rises although the ReLU is flat at x. Right: the centered "
         "difference at x = -1e-6 against the step h; it is 0, the right gradient, up to h = 1e-6, and "
         "climbs to one half for larger steps.")

draw_kink()

# %% [markdown]
# A mismatch at a kink is no bug, so you want to know when you are at one. Every kink comes from a choice: which side of 0, which entry is the largest. Keep track of the *winners*. If they are not the same at $x + h$ and at $x - h$, a kink lies between.

# %% solution="kink_crossed"
def kink_crossed(winners, x, h=1e-5):
    """Tell for which coordinates a centered difference steps over a kink.

    Args:
        winners: a function of an array of the shape of x that returns the choices made there, an
            array of booleans or integers: lambda x: x > 0 for a ReLU, lambda x: x.argmax(axis=1)
            for a maximum over rows.
        x: the point, an array of floats of any shape. It is not changed.
        h: the step.

    Returns:
        an array of booleans of the shape of x: True where any winner at x + h e_i, the point with
        only coordinate i moved, differs from that winner at x - h e_i.
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    crossed = np.zeros(x.shape, dtype=bool)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(winners(x))
        x[i] = value - h
        below = np.array(winners(x))
        x[i] = value
        crossed[i] = np.any(above != below)
    return crossed
    ### END SOLUTION

# %% [markdown] hint="kink_crossed"
# It is the loop of `numerical_gradient` again. What do you compare in place of subtracting?

# %% [markdown] hint="kink_crossed"
# One winner of many is enough: `np.any(above != below)`.

# %% tests="kink_crossed" points=3
x = np.array([-1e-6, 1e-6, 0.5, -0.5])
check_equal("kink_crossed(x > 0, [-1e-6, 1e-6, 0.5, -0.5], h=1e-5)",
            np.asarray(kink_crossed(lambda x: x > 0, x, h=1e-5)).tolist(), [True, True, False, False],
            look="Compare the winners at x + h with those at x - h, coordinate by coordinate.")
check_equal("kink_crossed(x > 0, [-1e-6, 1e-6, 0.5, -0.5], h=1e-7)",
            np.asarray(kink_crossed(lambda x: x > 0, x, h=1e-7)).tolist(), [False] * 4,
            look="A step of 1e-7 stays on its side.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("kink_crossed")
for _ in range(3):
    x, W = rng.normal(size=(2, 3)), rng.normal(size=(5, 6))
    # Coordinate i crosses the kink of unit j if |W x|_j < h |W_ji|; choose h so that 3 of 6 do.
    reach = np.min(np.abs(W @ x.reshape(-1))[:, None] / np.abs(W), axis=0)
    h = np.sqrt(np.sort(reach)[2] * np.sort(reach)[3])
    expected, before = reach < h, x.copy()
    got = kink_crossed(lambda x, W=W: W @ x.reshape(-1) > 0, x, h=h)
    check_equal(f"kink_crossed(W @ x > 0, x of shape (2, 3), h={h:.3g})", np.asarray(got).tolist(),
                expected.reshape(2, 3).tolist(),
                look="True where any of the units changes sides, with the other coordinates at rest.")
    check_unchanged("kink_crossed(winners, x)", "x", before, x)
gap = rng.uniform(1e-6, 9e-6)
x = np.array([[1.0, 1.0 + gap, 0.0], [5.0, 3.0, 1.0]])
check_equal("kink_crossed(argmax of each row, a near tie in the first row)",
            np.asarray(kink_crossed(lambda x: x.argmax(axis=1), x)).tolist(),
            [[True, True, False], [False, False, False]], look="Winners may be integers.")
### END HIDDEN TESTS

# %% [markdown]
# ### Third: let the regularization speak louder
#
# The loss of a network is a sum: what the data says, and the regularization. A check of the sum looks at the sum of the gradients. If the regularization is much larger, and it is always right, then the sum looks right too.
#
# **Prediction.** The data gradient is wrong by 10 %. You increase the strength of the regularization. What happens to the relative error of the *sum*?

# %% solution="predicted_masking"
# Type predicted_masking = followed by "it grows", "it stays" or "it shrinks".
### BEGIN SOLUTION
predicted_masking = "it shrinks"
### END SOLUTION

# %% tests="predicted_masking" points=1
check_one_of("predicted_masking", predicted_masking, ["it grows", "it stays", "it shrinks"])
### BEGIN HIDDEN TESTS
check("predicted_masking", predicted_masking == "it shrinks", f"you said {predicted_masking!r}; measuring says otherwise",
      look="The difference stays the same, while the gradients that it is divided by grow.")
### END HIDDEN TESTS

# %% [markdown]
# The way out is simple: check every term of the loss by itself.

# %% solution="errors_of_terms" needs="relative_error numerical_gradient"
def errors_of_terms(terms, w, h=1e-5):
    """Check the gradient of every term of a loss by itself.

    Args:
        terms: a dict from the name of a term to a function of w that returns (value, gradient).
        w: the point, an array of floats.
        h: the step.

    Returns:
        a dict with the same keys: the largest relative error between the term's gradient and
        its own centered differences.
    """
    ### BEGIN SOLUTION
    def error(term):
        numeric = numerical_gradient(lambda w: term(w)[0], w, h)
        return np.max(relative_error(term(w)[1], numeric))

    return {name: error(term) for name, term in terms.items()}
    ### END SOLUTION

# %% [markdown] hint="errors_of_terms"
# You have all parts: `numerical_gradient` wants a function that returns one number, and `lambda w: term(w)[0]` is one.

# %% [markdown] hint="errors_of_terms"
# For each term: the analytic gradient is `term(w)[1]`; compare it with the numerical one by `relative_error`, and keep the largest entry.

# %% tests="errors_of_terms" points=2
w = np.array([1.0, -2.0])
errors = errors_of_terms({"square": lambda w: (float(np.sum(w**2)), 2 * w),
                          "cube": lambda w: (float(np.sum(w**3)), 2 * w**2)}, w)
check("errors_of_terms(…)['square']", errors["square"] < 1e-6, f"is {errors['square']}, expected below 1e-6")
check("errors_of_terms(…)['cube']", errors["cube"] > 0.1,
      f"is {errors['cube']}, but the gradient of w³ is 3w², not 2w²")
### BEGIN HIDDEN TESTS
rng = hidden_rng("errors_of_terms")
w, c = rng.uniform(0.5, 1.5, size=3), rng.uniform(1, 2, size=3)
# The regularization is a million times larger than the wrong data term; and two wrongs that
# cancel in the sum are wrong all the same.
terms = {"data": lambda w: (float(np.sum(c * np.sin(w))), 1.1 * c * np.cos(w)),
         "regularization": lambda w: (0.5e6 * float(np.sum(w**2)), 1e6 * w),
         "plus": lambda w: (float(np.sum(w**2)), 2 * w + c),
         "minus": lambda w: (float(np.sum(w**2)), 2 * w - c)}
errors = errors_of_terms(terms, w)
check_equal("the keys of errors_of_terms(…)", sorted(errors), sorted(terms))
check("errors_of_terms(…)['regularization']", errors["regularization"] < 1e-6,
      f"is {errors['regularization']}, expected below 1e-6")
for name in ("data", "plus", "minus"):
    check(f"errors_of_terms(…)[{name!r}]", errors[name] > 0.04,
          f"is {errors[name]}, but this gradient is wrong", look="Check each term alone, not the sum.")
one = np.array([1.0, 1.0, 2.0])
error = errors_of_terms({"t": lambda w: (float(np.sum(w**2)), 2 * w * one)}, w)["t"]
check("errors_of_terms(…) with one wrong entry of three", error > 0.3, f"is {error}, expected about 0.5",
      look="The largest error, not the mean, nor the first.")
# At 1, the centered difference of a cube is 3 + h².
error = errors_of_terms({"t": lambda w: (float(np.sum(w**3)), 3 * w**2)}, np.ones(1), h=0.1)["t"]
check_close("errors_of_terms(a cube at 1, h=0.1)", error, 0.01 / 3.01, rtol=1e-6,
            look="Centered differences with the h that was given.")
### END HIDDEN TESTS

# %% given="masked_errors"
def masked_errors(strengths, seed=0):
    """Median relative errors of a data gradient, 10 % too large, plus each strength of regularization."""
    rng = np.random.default_rng(seed)
    X, y, W = rng.normal(size=(20, 8)), rng.integers(3, size=20), rng.normal(size=(8, 3))
    numeric = numerical_gradient(lambda W: softmax_loss(X @ W, y)[0], W)
    wrong = 1.1 * X.T @ softmax_loss(X @ W, y)[1]
    return [np.median(relative_error(wrong + s * W, numeric + s * W)) for s in strengths]

# %% experiment="masking"
def draw_masking():
    strengths = np.logspace(-4, 6, 21)
    figure, axes = plt.subplots(figsize=(6.5, 3.5))
    axes.loglog(strengths, masked_errors(strengths), "o-", color=COLOURS["red"], label="data + regularization")
    axes.axhline(masked_errors([0])[0], ls="--", color=COLOURS["blue"], label="data alone")
    axes.axhspan(1e-9, 1e-7, color="grey", alpha=0.2, lw=0)
    axes.text(2e-4, 1.6e-9, "“be happy”: below 1e-7", color="dimgrey")
    axes.set(xlabel="strength of the regularization", ylabel="median relative error", ylim=(1e-9, 1),
             title="A wrong gradient, talked over")
    axes.legend()
    show(figure, alt="Median relative error of a gradient whose data part is 10 % too large, against the "
         "strength of the regularization, on logarithmic axes. The data alone has an error of about 0.1 "
         "throughout. The sum has the same error for weak regularization, and one that falls like 1 "
         "over the strength for strong regularization, down into the grey band where one would be happy.")

draw_masking()

# %% [markdown]
# ### Fourth: measure something that moves
#
# Dropout, and augmentation likewise, draw new random numbers at every call. Then $f(x+h)$ and $f(x-h)$ are values of two different functions, and their difference divided by $2h$ is noise times $10^5$. Either switch the randomness off for the check, or make every call draw the *same* numbers. The second checks more: the backward pass has to use the mask of the forward pass.

# %% solution="frozen"
def frozen(noisy, seed=0):
    """Make a random function repeatable.

    Args:
        noisy: a function of (x, rng) that draws what it needs from rng.
        seed: chooses the draws.

    Returns:
        a function of x alone that calls noisy(x, rng) with a generator fresh from
        np.random.default_rng(seed) every time, so that each call draws the same numbers.
    """
    ### BEGIN SOLUTION
    return lambda x: noisy(x, np.random.default_rng(seed))
    ### END SOLUTION

# %% [markdown] hint="frozen"
# A function can return a function: `return lambda x: …`. When is the generator made: when `frozen` is called, or when the function that it returns is called?

# %% [markdown] hint="frozen"
# A generator moves on with every draw. So each call needs a new one: `np.random.default_rng(seed)` belongs inside the lambda.

# %% tests="frozen" points=2
@probe
def dropout_sums(points, seed):
    f = frozen(lambda x, rng: float(np.sum(x * (rng.random(x.shape) < 0.5))), seed)
    return [f(x) for x in points]

ones = np.ones(100)
sums = dropout_sums([ones, ones, ones], 0)
check("three calls of frozen(dropout sum)(ones)", sums[0] == sums[1] == sums[2],
      f"gave {sums}, three different numbers", look="Every call needs a fresh generator with the same seed.")
check_close("frozen(dropout sum, seed=0)(100 ones)", sums[0],
            np.sum(np.random.default_rng(0).random(100) < 0.5),
            look="noisy is to be called with np.random.default_rng(seed).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("frozen")
seed = int(rng.integers(1, 10**6))
points = [rng.normal(size=20), rng.normal(size=20), rng.normal(size=5)]
expected = [np.sum(x * (np.random.default_rng(seed).random(x.shape) < 0.5)) for x in points]
check_close(f"frozen(dropout sum, seed={seed}) at three points", dropout_sums(points, seed), expected,
            look="The seed that was given, anew for every call, and the x that was given.")

@probe
def two_at_once(x, seeds):
    def draw(x, rng):
        return x + rng.normal(size=x.shape)

    first, second = (frozen(draw, seed) for seed in seeds)
    return [first(x), second(x), first(x)]

x = rng.normal(size=3)
check_close("two frozen functions with different seeds, called in turn", two_at_once(x, [seed, seed + 1]),
            [x + np.random.default_rng(s).normal(size=3) for s in (seed, seed + 1, seed)],
            look="Each has its own seed; don't seed NumPy's global generator.")
### END HIDDEN TESTS

# %% given="dropout_gradients"
def dropout_gradients(seed=0):
    """The gradient of half a sum of squares under dropout, and two ways to measure it."""
    def noisy(w, rng):
        return 0.5 * np.sum((w * (rng.random(w.shape) < 0.5)) ** 2)

    w, rng = np.random.default_rng(seed).normal(size=40), np.random.default_rng(seed)
    analytic = w * (np.random.default_rng(seed).random(w.shape) < 0.5)
    measured = {"New masks at every call": numerical_gradient(lambda w: noisy(w, rng), w),
                "The same mask at every call": numerical_gradient(frozen(noisy, seed), w)}
    return analytic, measured

# %% experiment="dropout"
def draw_dropout():
    analytic, measured = dropout_gradients()
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.5), gridspec_kw={"wspace": 0.28})
    for axes, (name, numeric), colour in zip(panels, measured.items(), ("red", "blue")):
        axes.axline((0, 0), slope=1, color="grey", lw=1)
        axes.plot(analytic, numeric, "o", ms=6, alpha=0.7, color=COLOURS[colour])
        axes.set(xlabel="analytic gradient", ylabel="numerical gradient", title=name)
    panels[0].ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    show(figure, alt="Two scatter plots of the numerical against the analytic gradient under dropout. "
         "Left, with new masks at every call: the numerical values scatter over hundreds of thousands "
         "while the analytic ones lie between -2 and 2. Right, with the same mask at every call: all "
         "points lie on the diagonal.")

draw_dropout()

# %% [markdown]
# ### Fifth: check too early
#
# A network that has just been made is in a special place. Some make the last layer's weights zero, so that training starts at the chance loss. Take `two_layer` with `W2` and `b2` all zero, and look again at its backward pass.
#
# **Prediction.** For which parameters is the gradient exactly zero there, so that a check of `broken=True` finds nothing wrong with them?

# %% solution="hidden_by_zeros"
# Type hidden_by_zeros = followed by a list of names out of "W1", "b1", "W2", "b2".
### BEGIN SOLUTION
hidden_by_zeros = ["W1", "b1"]
### END SOLUTION

# %% [markdown] hint="hidden_by_zeros"
# What is `dhidden` if `W2` is zero? Which gradients are made from `dhidden`, and which from `hidden` and `dscores`?

# %% tests="hidden_by_zeros" points=1
check("hidden_by_zeros", isinstance(hidden_by_zeros, (list, tuple, set)), "is no list of names")
for name in hidden_by_zeros:
    check_one_of("a name in hidden_by_zeros", name, ["W1", "b1", "W2", "b2"])
### BEGIN HIDDEN TESTS
check("hidden_by_zeros", set(hidden_by_zeros) == {"W1", "b1"}, f"is {sorted(hidden_by_zeros)}",
      look="dhidden = dscores @ W2.T is zero, whatever happens to it afterwards.")
### END HIDDEN TESTS

# %% given="errors_during_training"
def errors_during_training(after=(0, 1, 2, 5, 10, 20, 50), seed=0):
    """Largest sampled errors of the broken network's gradients after some steps of training."""
    X, y = data.digits()
    chosen = np.random.default_rng(seed).choice(len(y), size=64, replace=False)
    X, y, params, errors = X[chosen], y[chosen], new_params(seed), []
    params["W2"] = np.zeros_like(params["W2"])
    for steps in progress(after, "training and checking"):
        trained = descend(lambda p: two_layer(p, X, y), params, 0.5, steps)[0]
        wrong = two_layer(trained, X, y, broken=True)[1]
        errors.append(sampled_errors(lambda p: two_layer(p, X, y)[0], trained, wrong, samples=10))
    return list(after), errors

# %% experiment="burn_in"
def draw_burn_in():
    after, errors = errors_during_training()
    figure, axes = plt.subplots(figsize=(6.8, 3.8))
    for name, line in zip(("W1", "b1", "W2", "b2"), ("o-", "s--", "v-", "^--")):
        axes.plot(range(len(after)), [max(e[name], 1e-13) for e in errors], line, ms=7, label=name)
    axes.set(yscale="log", xlabel="steps of training before the check", ylabel="largest relative error",
             title="A fresh network hides its bug", ylim=(3e-14, 30))
    axes.set_xticks(range(len(after)), after)
    axes.text(0.2, 1e-13, "W1, b1: exactly 0", va="center")
    axes.legend(ncol=4, loc="center right", bbox_to_anchor=(1, 0.66))
    show(figure, alt="Largest relative error of the four gradients of a network with a broken backward "
         "pass against the number of training steps before the check. Without training the errors of W1 "
         "and b1 are exactly 0; after one step they are about 1, and they stay large. Those of W2 and b2, "
         "which are right, stay below a ten-thousandth throughout.")

draw_burn_in()

# %% [markdown]
# Hence the *burn-in*: train for a while, then check. Check once more later, when the loss no longer falls quickly.

# %% [markdown]
# ## 6 · A bug hunt
#
# In a network of many layers you want to know *which* one is wrong. So check each alone. A layer is a pair: `forward(*inputs)` returns `(out, cache)`, and `backward(dout, cache)` returns the gradients in the order of the inputs, as a tuple; a single one may come bare.
#
# A real upstream gradient `dout` has no structure. Draw it at random: with `dout` of all ones many a wrong layer looks right.

# %% solution="errors_of_layer" needs="relative_error numerical_gradient_array"
def errors_of_layer(forward, backward, inputs, h=1e-5, seed=0):
    """Check the gradient of a layer with respect to each of its inputs.

    Args:
        forward: takes the inputs, returns (out, cache).
        backward: takes (dout, cache), returns a tuple of gradients in the order of the inputs,
            or a bare array if there is one input.
        inputs: a list of arrays of floats.
        h: the step.
        seed: draws the upstream gradient dout from a standard normal distribution.

    Returns:
        a list: the largest relative error of the gradient with respect to each input.
    """
    ### BEGIN SOLUTION
    out, cache = forward(*inputs)
    dout = np.random.default_rng(seed).normal(size=out.shape)
    gradients = backward(dout, cache)
    if not isinstance(gradients, (tuple, list)):
        gradients = (gradients,)

    def error(k):
        def output(x):
            return forward(*inputs[:k], x, *inputs[k + 1 :])[0]

        numeric = numerical_gradient_array(output, inputs[k], dout, h)
        return np.max(relative_error(gradients[k], numeric))

    return [error(k) for k in range(len(inputs))]
    ### END SOLUTION

# %% [markdown] hint="errors_of_layer"
# Run forward once, draw `dout` in the shape of `out`, run backward once. Then one numerical gradient for each input, while the others stay as they are.

# %% [markdown] hint="errors_of_layer"
# For input number k, `lambda x: forward(*inputs[:k], x, *inputs[k + 1:])[0]` is a function of that input alone; give it to `numerical_gradient_array` with `dout`.

# %% tests="errors_of_layer" points=3
x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])
errors = errors_of_layer(lambda x, w: (x @ w, (x, w)),
                         lambda dout, cache: (dout @ cache[1].T, 2 * cache[0].T @ dout), [x, w])
check_equal("the number of errors for a layer with two inputs", len(errors), 2)
check("errors_of_layer(x @ w)[0]", errors[0] < 1e-6, f"is {errors[0]}, but dx is right")
check("errors_of_layer(x @ w)[1]", errors[1] > 0.1, f"is {errors[1]}, but dw is twice what it should be")
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: 2 * x * dout, [x])
check("errors_of_layer(x²)", len(errors) == 1 and errors[0] < 1e-6,
      f"returned {errors}, expected one error below 1e-6", look="A single gradient may come bare.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("errors_of_layer")
x, w, b = rng.normal(size=(3, 2)), rng.normal(size=(2, 4)), rng.normal(size=4)
for wrong in range(4):
    factor = np.where(np.arange(3) == wrong, 1.2, 1.0)  # in the last round nothing is wrong
    errors = errors_of_layer(
        lambda x, w, b: (x @ w + b, (x, w)),
        lambda dout, cache, c=factor: (c[0] * dout @ cache[1].T, c[1] * cache[0].T @ dout, c[2] * dout.sum(axis=0)),
        [x, w, b], seed=wrong)
    verdict = [bool(error > 0.01) for error in errors]
    check_equal(f"which of x, w, b are wrong, errors_of_layer(affine) = {errors}", verdict,
                [k == wrong for k in range(3)], look="One error for each input, in their order.")
# A gradient that comes back at the wrong places, and a softmax: both look right if dout is constant.
errors = errors_of_layer(lambda x: (x[:, ::-1].copy(), None), lambda dout, cache: (dout,), [x])
check("errors_of_layer(columns in reverse)", errors[0] > 0.01,
      f"is {errors[0]:.1e}, but its backward pass forgets to reverse", look="Draw dout at random.")

def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

errors = errors_of_layer(lambda x: (softmax(x), softmax(x)), lambda dout, p: (p * (dout - dout.mean()),), [x])
check("errors_of_layer(softmax)", errors[0] > 0.01, f"is {errors[0]:.1e}, but its backward pass is wrong",
      look="Draw dout at random.")
# At 1, the centered difference of a cube is 3 + h².
errors = errors_of_layer(lambda x: (x**3, x), lambda dout, x: 3 * x**2 * dout, [np.ones((2, 2))], h=0.1)
check_close("errors_of_layer(x³ at 1, h=0.1)", errors, [0.01 / 3.01], rtol=1e-6,
            look="Centered differences with the h that was given.")
one = np.ones((3, 2))
one[0, 0] = 0
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: (2 * x * dout * one,), [x])
check("errors_of_layer(x²) with one wrong entry of six", errors[0] > 0.9, f"is {errors[0]:.1e}, expected 1",
      look="The largest error, not the mean.")
errors = errors_of_layer(lambda x: (x**2, x), lambda dout, x: (2 * x * dout * np.nan,), [x])
check("errors_of_layer(x²) with gradients that are NaN", not errors[0] < 1e-6, f"is {errors[0]:.1e}",
      look="NaN agrees with nothing.")
### END HIDDEN TESTS

# %% [markdown]
# Here are five layers. Each looks right at first sight, and some are not.

# %% given="layers"
def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, np.mean(dout, axis=0)

def tanh_forward(x):
    return np.tanh(x), x

def tanh_backward(dout, x):
    return dout * (1 - x**2)

def leaky_relu_forward(x, slope=0.1):
    return np.maximum(x, slope * x), (x, slope)

def leaky_relu_backward(dout, cache):
    x, slope = cache
    return np.where(x > 0, dout, slope * dout)

# %% given="more_layers"
def softmax_forward(x):
    p = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    return p, p

def softmax_backward(dout, p):
    return p * (dout - np.sum(p * dout, axis=1, keepdims=True))

def standardize_forward(x):
    """Give every row mean 0 and standard deviation 1."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-8)
    return centred / deviation, deviation

def standardize_backward(dout, deviation):
    dcentred = dout / deviation
    return dcentred - np.mean(dcentred, axis=1, keepdims=True)

# %% [markdown]
# Which layers have a wrong backward pass? Use the cell below for your hunt, and leave the list as its result. Each wrong layer that you find earns a point, each right one that you accuse costs one.

# %% solution="broken_layers"
# Type broken_layers = followed by a list of names out of
# "affine", "tanh", "leaky_relu", "softmax", "standardize".
### BEGIN SOLUTION
broken_layers = [
    "affine",  # the bias is added to every row, so its gradient is a sum, not a mean
    "tanh",  # 1 - out², not 1 - x²: nearly the same close to 0
    "standardize",  # the deviation depends on x too, and passes on a gradient of its own
]
### END SOLUTION

# %% [markdown] hint="broken_layers"
# Draw inputs from a standard normal distribution: with tiny inputs, or with a single example, two of the errors disappear.

# %% [markdown] hint="broken_layers"
# `x = np.random.default_rng(0).normal(size=(4, 5))`, then `print(errors_of_layer(tanh_forward, tanh_backward, [x]))`. The affine layer wants three inputs: `x`, `w` of shape (5, 3) and `b` of shape (3,).

# %% tests="broken_layers" points=3
check("broken_layers", isinstance(broken_layers, (list, tuple, set)), "is no list of names")
for name in broken_layers:
    check_one_of("a name in broken_layers", name, ["affine", "tanh", "leaky_relu", "softmax", "standardize"])
### BEGIN HIDDEN TESTS
found = set(broken_layers) & {"affine", "tanh", "standardize"}
accused = set(broken_layers) - found
marks = len(found) - len(accused)
check("broken_layers", marks > 0, f"finds {len(found)} wrong layers and accuses {len(accused)} right ones",
      look="Inputs from a standard normal distribution, several rows, and a random dout.")
float(marks)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · The same in PyTorch
#
# Autograd writes backward passes for you, as long as it knows each operation. When it doesn't, or when its formula is slow or unstable, you write a `torch.autograd.Function`: `forward` computes and saves what backward needs, `backward` takes the upstream gradient and returns one gradient for each input.
#
# The *softplus* is a ReLU without a kink (Dugas et al., 2000): $\;s(x) = \frac1\beta\log(1+e^{\beta x})$. The sharpness $\beta$ shall be learned, so both inputs have gradients:
#
# $$\frac{\partial s}{\partial x} = \sigma(\beta x), \qquad \frac{\partial s}{\partial \beta} = \frac{x\,\sigma(\beta x) - s}{\beta}.$$
#
# One $\beta$ serves all entries of $x$, hence its gradient is a sum over all of them.

# %% solution="softplus"
class Softplus(torch.autograd.Function):
    """log(1 + exp(beta x)) / beta, with gradients for both; use it as Softplus.apply(x, beta)."""

    @staticmethod
    def forward(ctx, x, beta):
        """Softplus of every entry, stable for any x.

        Args:
            x: a tensor of floats, of any shape, however large its entries.
            beta: the sharpness, a positive tensor without dimensions, of the dtype of x.

        Returns:
            a tensor of the shape, dtype and device of x.
        """
        ### BEGIN SOLUTION
        out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta
        ctx.save_for_backward(x, beta, out)
        return out
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """The gradients (dx, dbeta) of a loss whose gradient with respect to the output is dout."""
        ### BEGIN SOLUTION
        x, beta, out = ctx.saved_tensors
        slope = torch.sigmoid(beta * x)
        return dout * slope, torch.sum(dout * (x * slope - out) / beta)
        ### END SOLUTION

# %% [markdown] hint="softplus"
# `torch.exp(1000.)` is infinite. `torch.logaddexp(a, b)` computes $\log(e^a + e^b)$ without overflow; which $a$ and $b$ give $\log(1 + e^{\beta x})$?

# %% [markdown] hint="softplus"
# `ctx.save_for_backward(x, beta, out)` in forward, `x, beta, out = ctx.saved_tensors` in backward. `torch.sigmoid` is stable.

# %% [markdown] hint="softplus"
# Every gradient starts with `dout * …`: the chain rule. `dbeta` must have the shape of `beta`, so sum over all entries.

# %% tests="softplus" points=4
@probe
def softplus_and_gradients(x, beta, dout, where="cpu", dtype=torch.float64):
    x = torch.tensor(x, dtype=dtype, device=where, requires_grad=True)
    beta = torch.tensor(beta, dtype=dtype, device=where, requires_grad=True)
    out = Softplus.apply(x, beta)
    torch.sum(out * torch.tensor(dout, dtype=dtype, device=where)).backward()
    return out.detach().cpu(), x.grad.cpu(), beta.grad.cpu()

out, dx, dbeta = softplus_and_gradients([0.0, 0.0], 2.0, [1.0, 3.0])
check_close("Softplus.apply([0, 0], beta=2)", out, [np.log(2) / 2] * 2, look="log(1 + exp(0)) / 2.")
check_close("its gradient with respect to x for dout = [1, 3]", dx, [0.5, 1.5],
            look="sigmoid(0) = 1/2, times dout.")
check_close("its gradient with respect to beta for dout = [1, 3]", dbeta, -np.log(2),
            look="(x sigmoid(beta x) - s) / beta at x = 0, times dout, summed over the entries.")
out, dx, dbeta = softplus_and_gradients([1000.0, -1000.0], 1.0, [1.0, 1.0])
check_close("Softplus.apply([1000, -1000], beta=1)", out, [1000.0, 0.0], look="exp(1000) overflows.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("softplus")
for shape, size in (((4,), 1.0), ((3, 2), 5.0), ((2, 3, 2), 800.0)):
    x, beta, dout = size * rng.normal(size=shape), rng.uniform(0.3, 3), rng.normal(size=shape)
    exact_x = torch.tensor(x, requires_grad=True)
    exact_beta = torch.tensor(beta, dtype=torch.float64, requires_grad=True)
    expected = torch.logaddexp(exact_beta * exact_x, torch.zeros(shape, dtype=torch.float64)) / exact_beta
    torch.sum(expected * torch.tensor(dout)).backward()
    out, dx, dbeta = softplus_and_gradients(x, beta, dout)
    call = f"Softplus.apply(x of shape {shape}, {beta:.3f})"
    check_close(call, out, expected, rtol=1e-9, atol=1e-12)
    check_close(f"dx of {call}", dx, exact_x.grad, rtol=1e-9, atol=1e-12, look="Multiply with dout.")
    # The terms of the sum are of size |x| / beta and cancel. F.softplus, which is welcome, leaves
    # out exp(-beta x) = 2e-9 above beta x = 20.
    check_close(f"dbeta of {call}", dbeta, exact_beta.grad, rtol=1e-9, atol=1e-8 + 1e-12 * size**2,
                look="Multiply with dout, divide by beta, sum over all entries.")
# In float32 on the fastest device: 6e-8 a rounding, a few of them, terms of size 10.
x, dout = 3 * rng.normal(size=6), rng.normal(size=6)
for name, got, exact in zip(("out", "dx", "dbeta"),
                            softplus_and_gradients(x, 0.5, dout, str(device()), torch.float32),
                            softplus_and_gradients(x, 0.5, dout)):
    check_close(f"{name} of Softplus in float32 on {device()}", got, exact, rtol=1e-4, atol=1e-4)
### END HIDDEN TESTS

# %% [markdown]
# ### gradcheck
#
# `torch.autograd.gradcheck` is your `errors_of_layer`, grown up. It is as strict as you should be: with its default step of $10^{-6}$ it needs float64. Write a wrapper that always gives it that.

# %% solution="passes_gradcheck"
def passes_gradcheck(function, *inputs):
    """Whether the gradients of function agree with differences, checked in float64 on the CPU.

    Args:
        function: takes as many tensors as there are inputs, returns a tensor.
        inputs: tensors of any dtype, on any device. They are not changed, nor is their
            requires_grad. Gradients are checked for all that hold floats; others, such as
            labels, are passed on as they are.

    Returns:
        True or False; a gradient that is wrong raises nothing.
    """
    ### BEGIN SOLUTION
    copies = [
        x.detach().to("cpu", torch.float64, copy=True).requires_grad_() if x.is_floating_point() else x
        for x in inputs
    ]
    return torch.autograd.gradcheck(function, copies, raise_exception=False)
    ### END SOLUTION

# %% [markdown] hint="passes_gradcheck"
# For each input that `is_floating_point()` make a copy in float64 that requires a gradient. Why must labels stay integers?

# %% [markdown] hint="passes_gradcheck"
# `x.detach().to("cpu", torch.float64, copy=True).requires_grad_()` makes the copy, and `gradcheck(function, copies, raise_exception=False)` answers True or False.

# %% tests="passes_gradcheck" points=3
@probe
def verdicts_on_float32():
    x = torch.tensor([-1.0, 0.3, 2.0])
    good = passes_gradcheck(torch.tanh, x)
    bad = passes_gradcheck(lambda x: x * x.detach(), x)
    return good, bad, x.requires_grad

good, bad, requires_grad = verdicts_on_float32()
check_equal("passes_gradcheck(torch.tanh, x in float32)", good, True, look="Convert to float64 first.")
check_equal("passes_gradcheck(lambda x: x * x.detach(), x)", bad, False,
            look="The detached factor gets no gradient, so x² has the gradient x.")
check_equal("x.requires_grad after the check", requires_grad, False, look="Work on copies.")
### BEGIN HIDDEN TESTS
@probe
def verdicts(x, y, labels, slack):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sin()

        @staticmethod
        def backward(ctx, dout):
            return slack * dout

    x, y, labels = torch.tensor(x), torch.tensor(y), torch.tensor(labels)
    kept = x.clone()
    answers = [
        passes_gradcheck(lambda x, y: x @ y.T, x.float(), y.float()),
        passes_gradcheck(lambda x, y: x @ y.detach().T, x, y),
        passes_gradcheck(lambda x, y: x.detach() @ y.T, x, y),
        passes_gradcheck(F.cross_entropy, x.float(), labels),
        passes_gradcheck(lambda x: x.sin() + Scaled.apply(x) - Scaled.apply(x.detach()), x),
    ]
    return answers, bool(torch.equal(kept, x)), x.requires_grad or y.requires_grad

rng = hidden_rng("passes_gradcheck")
answers, unchanged, requires_grad = verdicts(rng.uniform(0.5, 1, size=(2, 3)), rng.uniform(0.5, 1, size=(2, 3)),
                                             rng.integers(3, size=2), float(rng.uniform(0.003, 0.01)))
for call, got, expected, look in zip(
    ("x @ y.T, x, y in float32", "x @ y.detach().T, x, y", "x.detach() @ y.T, x, y",
     "F.cross_entropy, x in float32, labels", "a gradient that is off by less than 1 %, x"),
    answers, (True, False, False, True, False),
    ("Both inputs in float64.", "Check the gradients of all inputs.", "Check the gradients of all inputs.",
     "Leave integers as they are.", "Don't loosen the tolerances."),
):
    check_equal(f"passes_gradcheck({call})", got, expected, look=look)
check_equal("whether x is the same after the checks", unchanged, True, look="Work on copies.")
check_equal("x.requires_grad or y.requires_grad after the checks", requires_grad, False, look="Work on copies.")
### END HIDDEN TESTS

# %% [markdown]
# **Prediction.** `torch.tanh` is right, beyond doubt. You call `torch.autograd.gradcheck` directly, on an input in *float32*. What does it say?

# %% solution="predicted_gradcheck"
# Type predicted_gradcheck = followed by "it passes" or "it fails".
### BEGIN SOLUTION
predicted_gradcheck = "it fails"
### END SOLUTION

# %% tests="predicted_gradcheck" points=1
check_one_of("predicted_gradcheck", predicted_gradcheck, ["it passes", "it fails"])
### BEGIN HIDDEN TESTS
check("predicted_gradcheck", predicted_gradcheck == "it fails", f"you said {predicted_gradcheck!r}; measuring says otherwise",
      look="Rounding in float32 divided by 2h: 6e-8 / 2e-6 is an error of several per cent.")
### END HIDDEN TESTS

# %% given="errors_of_tanh"
def errors_of_tanh(dtype, where, h=1e-6, seed=0):
    """Relative errors of centered differences of torch.tanh against its gradient, computed in dtype."""
    x = torch.tensor(np.random.default_rng(seed).normal(size=300), dtype=dtype, device=where)
    x.requires_grad_()
    torch.tanh(x).sum().backward()
    with torch.no_grad():
        numeric = (torch.tanh(x + h) - torch.tanh(x - h)) / (2 * h)
    return relative_error(x.grad.cpu().numpy(), numeric.cpu().numpy())

# %% experiment="precision"
def draw_precision():
    figure, axes = plt.subplots(figsize=(7, 3.2))
    bins = np.logspace(-12, 1, 66)
    for dtype, where, colour in ((torch.float64, "cpu", "blue"), (torch.float32, device(), "orange")):
        name = str(dtype).removeprefix("torch.")
        axes.hist(errors_of_tanh(dtype, where), bins, color=COLOURS[colour], alpha=0.85,
                  label=f"{name}, on {torch.device(where).type}")
    axes.axvline(1e-3, color="black", ls="--", lw=1)
    axes.text(7e-4, 62, "gradcheck's rtol", ha="right", va="top")
    axes.set(xscale="log", xlabel="relative error at h = 1e-6", ylabel="inputs", ylim=(0, 64),
             title="The same right gradient, checked in two precisions")
    axes.legend(loc="upper left")
    show(figure, alt="Histogram of the relative errors of 300 centered differences of tanh with step 1e-6. "
         "In float64 they lie around 1e-10, far below the dashed line at 1e-3 that marks the tolerance of "
         "gradcheck; in float32 they lie around 1e-2, most of them beyond the line.")

draw_precision()

# %% [markdown]
# ### Check a module
#
# The last tool is the one that you will use most: `sampled_errors` for any `nn.Module`. Two things are new. Gradients *accumulate* in `.grad` until you clear them. And a parameter that never got a gradient has `.grad is None`: that counts as zero, and is a bug if the loss depends on the parameter.

# %% solution="module_errors"
def module_errors(model, loss, samples=3, h=1e-6, seed=0):
    """Check a few entries of the gradient of every parameter of a module by centered differences.

    Args:
        model: an nn.Module in float64 whose parameters all require gradients. Its parameters are
            the same afterwards; what is left in .grad doesn't matter, nor what was there before.
        loss: a function of the model that returns a tensor without dimensions.
        samples: how many entries of each parameter to check: different ones, drawn at random; all
            of them where it has no more than that.
        h: the step.
        seed: chooses the entries.

    Returns:
        a dict from the name of each parameter to the largest relative error among its checked
        entries, a float; 0 where both gradients are 0. A gradient of None counts as zero.
    """
    rng = np.random.default_rng(seed)
    ### BEGIN SOLUTION
    model.zero_grad()
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)  # shares its memory with the parameter
        analytic = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.reshape(-1)
        errors = []
        for i in rng.choice(len(flat), size=min(samples, len(flat)), replace=False):
            old = flat[i].item()
            flat[i] = old + h
            above = loss(model).item()
            flat[i] = old - h
            below = loss(model).item()
            flat[i] = old
            a, n = analytic[i].item(), (above - below) / (2 * h)
            errors.append(abs(a - n) / max(abs(a), abs(n)) if a != 0 or n != 0 else 0.0)
        worst[name] = float(np.max(errors))
    return worst
    ### END SOLUTION

# %% [markdown] hint="module_errors"
# First the analytic gradients: clear, compute the loss, backward. Then the loops of `sampled_errors`, over `model.named_parameters()`.

# %% [markdown] hint="module_errors"
# `parameter.detach().view(-1)` is a flat view that shares memory with the parameter and that autograd does not watch, so you may write into it.

# %% tests="module_errors" points=3
@probe
def errors_of_two_layers(weights, X, y, cut=False, stale=0, samples=3, seed=0):
    first, second = nn.Linear(3, 4).double(), nn.Linear(4, 2).double()
    model = nn.ModuleDict({"first": first, "second": second})
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights):
            parameter.copy_(torch.tensor(value))
    X, y = torch.tensor(X), torch.tensor(y)

    def loss(model):
        hidden = torch.tanh(model["first"](X))
        return F.cross_entropy(model["second"](hidden.detach() if cut else hidden), y)

    for _ in range(stale):
        loss(model).backward()
    errors = module_errors(model, loss, samples=samples, seed=seed)
    return errors, [parameter.detach() for parameter in model.parameters()]

fixed = np.random.default_rng(0)
weights = [fixed.normal(size=shape) for shape in ((4, 3), (4,), (2, 4), (2,))]
X, y = fixed.normal(size=(5, 3)), np.array([0, 1, 0, 1, 1])
errors, after = errors_of_two_layers(weights, X, y)
check_equal("the names in module_errors(two linear layers, …)", sorted(errors),
            ["first.bias", "first.weight", "second.bias", "second.weight"])
check("module_errors(two linear layers, …)", max(errors.values()) < 1e-5,
      f"returned {errors}, expected errors below 1e-5: autograd is right here")
### BEGIN HIDDEN TESTS
rng = hidden_rng("module_errors")
weights = [rng.normal(size=shape) for shape in ((4, 3), (4,), (2, 4), (2,))]
X, y = rng.normal(size=(6, 3)), np.array([0, 1, 0, 1, 1, 0])
errors, after = errors_of_two_layers(weights, X, y, samples=20)
# Rounding: 1e-16 / 1e-6 = 1e-10, relative to gradients that are rarely as small as 1e-5.
check("module_errors(two linear layers, samples=20)", max(errors.values()) < 1e-4,
      f"returned {errors}, expected small errors: autograd is right here",
      look="Centered differences; is each entry back before the next one moves?")
for old, new in zip(weights, after):
    check("module_errors(…)", np.array_equal(old, np.asarray(new)), "leaves the parameters changed",
          look="Write the old value back after the second evaluation.")
errors, _ = errors_of_two_layers(weights, X, y, stale=2)
check("module_errors(…) of a model whose .grad was not empty", max(errors.values()) < 1e-4,
      f"returned {errors}, expected small errors", look="Clear the gradients first: they accumulate.")
errors, _ = errors_of_two_layers(weights, X, y, cut=True)
check_close("module_errors(…) with hidden.detach(): first.weight and first.bias",
            [errors["first.weight"], errors["first.bias"]], [1.0, 1.0], rtol=1e-6,
            look="A gradient of None is zero; the differences are not.")
check("module_errors(…) with hidden.detach(): second.weight and second.bias",
      max(errors["second.weight"], errors["second.bias"]) < 1e-4, f"returned {errors}")

@probe
def errors_of_a_spoiled_gradient(weight, samples, seeds):
    class Spoiled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            return w.clone()

        @staticmethod
        def backward(ctx, dout):
            return dout * torch.tensor([[1.0, 1.0, 1.0, 2.0]], dtype=dout.dtype)

    model = nn.Linear(4, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor(weight))
    return [module_errors(model, lambda m: (Spoiled.apply(m.weight) ** 3).sum(), samples=samples, seed=seed)
            ["weight"] for seed in seeds]

weight = rng.uniform(0.5, 1.5, size=(1, 4))
check_close("module_errors(…, samples=4, seed=0 … 19) where one entry of four is twice too large",
            errors_of_a_spoiled_gradient(weight, 4, range(20)), [0.5] * 20, rtol=1e-4,
            look="All entries, each once, and the largest error.")
found = sum(error > 0.1 for error in errors_of_a_spoiled_gradient(weight, 1, range(60)))
check("module_errors(…, samples=1, seed=0 … 59) where one entry of four is wrong",  # 0.75**60 = 3e-8
      0 < found < 60, f"found it {found} times of 60", look="The seed chooses the entries.")

@probe
def errors_of_cubes(scale, h):
    model = nn.Linear(4, 1).double()
    with torch.no_grad():
        model.weight.fill_(1.0)
    return module_errors(model, lambda m: scale * (m.weight**3).sum(), h=h)

for scale in (1.0, 1e-12):  # at 1, the centered difference of a cube is 3 + h²
    errors = errors_of_cubes(scale, 0.1)
    check_close(f"module_errors(…, h=0.1) of a weight of ones, for {scale:g} times the sum of its cubes",
                errors["weight"], 0.01 / 3.01, rtol=1e-6,
                look="Centered, with the h that was given, and nothing is added to the denominator.")
    check_close("module_errors(…) of a bias that the loss does not use", errors["bias"], 0.0,
                look="Where both gradients are 0, the error is 0.")
### END HIDDEN TESTS

# %% [markdown]
# Your `Softplus` at work: a small network overfits twenty digits on the fastest device of this machine, and learns how sharp its activation should be.

# %% given="train_with_softplus"
def train_with_softplus(seed=0, steps=150, learning_rate=0.5):
    """Losses and sharpness of a small network with Softplus, overfitting twenty digits on the device."""
    where = device()
    torch.manual_seed(seed)
    X, y = (torch.as_tensor(array[:20], device=where) for array in data.digits())
    first, second = nn.Linear(64, 32, device=where), nn.Linear(32, 10, device=where)
    beta = torch.tensor(1.0, device=where, requires_grad=True)
    parameters = [*first.parameters(), *second.parameters(), beta]
    losses, sharpness = [], []
    for _ in progress(range(steps), f"training on {where.type}"):
        loss = F.cross_entropy(second(Softplus.apply(first(X), beta)), y)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):
                parameter -= learning_rate * gradient
        losses.append(loss.item())
        sharpness.append(beta.item())
    return losses, sharpness

# %% experiment="sharpness"
losses_with_softplus, sharpness = train_with_softplus()

# %% experiment="sharpness_picture"
def draw_sharpness(losses, sharpness):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), gridspec_kw={"wspace": 0.28})
    left.semilogy(losses, color=COLOURS["blue"])
    left.axhline(np.log(10), color="grey", lw=1)
    left.text(len(losses), np.log(10) * 0.9, "chance: ln 10", ha="right", va="top", color="dimgrey")
    left.set(xlabel="step", ylabel="loss on twenty digits", title="It starts at chance and overfits …")
    right.plot(sharpness, color=COLOURS["green"])
    right.set(xlabel="step", ylabel="sharpness β", title="… and learns how sharp to be")
    show(figure, alt="Left: the loss of a small network with the softplus on twenty digits falls from the "
         "chance loss of 2.3 towards zero, on a logarithmic axis. Right: the sharpness beta, "
         "which starts at 1, is changed by training and levels off.")

draw_sharpness(losses_with_softplus, sharpness)

# %% [markdown]
# ## 8 · In your own words

# %% [markdown] answer="loss_goes_down" points=3
# A colleague trains a network. The loss goes down nicely. A gradient check gives a relative error of $10^{-2}$ for `W1` and below $10^{-8}$ for everything else. "The loss goes down, so the gradient is right," says your colleague.
#
# **In three or four sentences:** What is wrong with this argument? Which harmless causes of the $10^{-2}$ would you rule out first? How would you then find the bug?
#
# ### BEGIN SOLUTION
# The loss falls for every direction that makes an acute angle with the true descent direction, so a wrong gradient may go down as well, only slower or to a worse place; in this notebook a network without the ReLU's mask learned its twenty digits. Before I call it a bug I look for a kink that was crossed, for randomness such as dropout that was not frozen, for float32, and for a step far from $10^{-5}$. If the error stays with float64, $h = 10^{-5}$, the randomness off and no kink crossed, I check the data term without the regularization, and then each layer alone with a random upstream gradient. Only `W1` is wrong, so I start with what makes `dW1` and nothing else.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the loss also falls along a wrong gradient, as long as it points roughly downhill (any right form of this, such as the broken program of section 4).
#
# 1 point: at least two harmless causes: a kink, randomness that was not frozen, float32, a step too large or too small.
#
# 1 point: a way to find the place: terms of the loss one by one, layers one by one with a random upstream gradient, or reasoning from the fact that only W1 is affected.
# ### END MARK SCHEME

# %% [markdown]
# ## Explore further
#
# Nothing here is marked.
#
# - **A derivative without a difference.** For an analytic $f$, $\operatorname{Im} f(x + ih) / h$ has an error of order $h^2$ and no cancellation: take $h = 10^{-100}$ (Squire and Trapp, 1998). Add it to the picture of the valley. Which of the functions in this notebook does it work for, and why not for the ReLU?
# - **Richardson.** Combine centered differences with steps $h$ and $2h$ so that the $h^2$ term cancels. Measure the order with `order_of_accuracy`.
# - **One direction in place of all.** Compare $\frac{f(x+hv)-f(x-hv)}{2h}$ with $v\cdot\nabla f$ for a random $v$: two evaluations for a million parameters. Which errors does it find, and what does it cost in precision?
# - **A step that is one.** In floating point `(x + h) - x` is not $h$. Divide by what it really is, and draw the valley of float32 again.
# - **Second derivatives.** Make `Softplus` differentiable twice, and let `torch.autograd.gradgradcheck` judge it.
# - **Forward mode.** Compare your numerical gradients with `torch.func.jvp` and `torch.func.vmap` over unit vectors.

# %% [markdown]
# ## References
#
# - Stanford CS231n, lectures 6 and 7, and the notes [*Neural Networks, part 3: Learning and Evaluation*](https://cs231n.github.io/neural-networks-3/): gradient checks, sanity checks, thresholds of the relative error.
# - CSE 176, lecture 11; "Neural Networks III"; INFO8010, lecture 4: training neural networks.
# - Y. Bengio, [*Practical recommendations for gradient-based training of deep architectures*](https://arxiv.org/abs/1206.5533), 2012, section 4.1: gradient checking and controlled overfitting.
# - L. Bottou, *Stochastic gradient descent tricks*, in Neural Networks: Tricks of the Trade, 2012.
# - J. Weston, C. Watkins, *Support vector machines for multi-class pattern recognition*, ESANN 1999.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, [*Understanding deep learning requires rethinking generalization*](https://arxiv.org/abs/1611.03530), ICLR 2017.
# - C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau, R. Garcia, *Incorporating second-order functional knowledge for better option pricing*, NIPS 2000.
# - W. Squire, G. Trapp, *Using complex variables to estimate derivatives of real functions*, SIAM Review 40 (1998).
# - E. Alpaydin, C. Kaynak, [*Optical recognition of handwritten digits*](https://doi.org/10.24432/C50P49), UCI Machine Learning Repository, 1998 (CC BY 4.0).
