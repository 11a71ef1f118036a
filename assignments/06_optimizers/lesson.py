# ---
# title: Optimizers and learning-rate schedules
# minutes: 240
# ---

# %% [markdown]
# # Optimizers and learning-rate schedules
#
# **The promise.** At the end of this notebook you will have written the update rules that most networks are trained with, from plain gradient descent to AdamW, and you will know them by their tracks. You will be able to choose a schedule, to say what the size of a minibatch does to the noise, to explain why nobody trains a network with Newton's method, and to write an optimizer for PyTorch from which PyTorch's own can take over in mid-training.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes. From a clean kernel, the whole notebook takes about nine seconds of processor time, most of it for importing PyTorch and its optimizers; all experiments together take two. A GPU is used where there is one (in section 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch. You write a rule, the cell below it tells you what is right and what is not, and experiments show what the rule does. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The update rules, the learning-rate schedules and second-order methods up to L-BFGS, with their conventions, follow **CS231n**, lectures 6 and 7, and its notes [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/); momentum and the adaptive rates are also the subject of **Neural Networks III**. Valleys, line search with the Wolfe conditions, and schedules are treated in **INFO8010**, lecture 4. Minibatches, the noise of their gradients and what it means for second-order methods belong to **CSE 176**, lecture 11.
#
# The papers: Polyak (1964), *Some methods of speeding up the convergence of iteration methods*; Nesterov (1983), *A method of solving a convex programming problem with convergence rate O(1/k²)*; Sutskever, Martens, Dahl & Hinton (2013), *On the importance of initialization and momentum in deep learning*; Duchi, Hazan & Singer (2011), *Adaptive subgradient methods for online learning and stochastic optimization*; Tieleman & Hinton (2012), *Lecture 6.5: RMSprop*; Kingma & Ba (2015), *Adam: a method for stochastic optimization*; Loshchilov & Hutter (2017), *SGDR*, and (2019), *Decoupled weight decay regularization*; Goyal et al. (2017), *Accurate, large minibatch SGD* (warm-up); Vaswani et al. (2017), *Attention is all you need* (its schedule); Robbins & Monro (1951), *A stochastic approximation method*; Armijo (1966), *Minimization of functions having Lipschitz continuous first partial derivatives*; Wolfe (1969), *Convergence conditions for ascent methods*; Nocedal (1980), *Updating quasi-Newton matrices with limited storage*; Liu & Nocedal (1989), *On the limited memory BFGS method for large scale optimization*; Nocedal & Wright (2006), *Numerical Optimization*.

# %% setup="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch

from nnlab import device, races
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()

# %% [markdown]
# ## 1 · One interface for all rules
#
# An update rule gets the weights `w`, the gradient `dw` of the loss there, and a dictionary `config`. It returns the next weights and the `config` for the next call:
#
# ```
# next_w, config = rule(w, dw, config)
# ```
#
# `config` holds the settings (`learning_rate`, `momentum`, …) and the memory of the rule (`velocity`, `cache`, `m`, `v`, `t`). A setting or a memory that is missing gets its default. You may write into the given dictionary and arrays or copy them; **what counts is what you return**.

# %% [markdown]
# The next cell holds the loop in which all rules run, and its referee: the same loop around one of PyTorch's own optimizers, in double precision. The tests of this notebook compare your path with the referee's.

# %% setup="walks"
def follow(rule, gradient, start, steps, **config):
    """Walk ``steps`` steps of an update rule; the path is an array (steps + 1, *start.shape).

    ``gradient`` is a function of the weights, or an array with one gradient a step.
    """
    slope, path = as_function(gradient), [np.array(start, dtype=float)]
    for _ in range(steps):
        w, config = rule(path[-1].copy(), slope(path[-1]), config)
        path.append(np.array(w, dtype=float))
    return np.array(path)


def torch_path(optimizer, gradient, start, steps, **settings):
    """The same walk by one of PyTorch's optimizers (a class), in float64: the referee."""
    slope, path = as_function(gradient), [np.array(start, dtype=float)]
    w = torch.tensor(path[0], requires_grad=True)
    stepper = optimizer([w], **settings)
    for _ in range(steps):
        w.grad = torch.tensor(slope(path[-1]), dtype=torch.float64)
        stepper.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)

# %% [markdown]
# Two smaller ones: a gradient may come as a function or as a list of gradients, one a step; and two paths are compared step by step.

# %% setup="comparing"
def check_walk(call, got, expected, look):
    """Compare two paths step by step: the message names the first step that is wrong."""
    check_equal(f"the number of steps of {call}", len(got), len(expected))
    for step in range(len(expected)):
        check_close(f"{call}, after step {step},", got[step], expected[step], rtol=1e-5, atol=1e-6, look=look)


def as_function(gradient):
    """A gradient function as it is; an array of gradients as a function that hands them out."""
    given = None if callable(gradient) else iter(gradient)
    return gradient if given is None else lambda w: next(given).copy()

# %% [markdown]
# ### Gradient descent
#
# Start with the simplest rule: walk against the gradient, $w \leftarrow w - \eta \nabla L(w)$, with the learning rate $\eta$. When the gradient comes from a minibatch, this is *stochastic* gradient descent (Robbins & Monro, 1951).

# %% solution="sgd"
def sgd(w, dw, config=None):
    """One step of gradient descent.

    Args:
        w: weights, an array of any shape.
        dw: the gradient of the loss at w, of the same shape.
        config: ``learning_rate`` (default 0.01).

    Returns:
        (next_w, config): the weights after the step, and the config for the next one.
    """
    config = {"learning_rate": 1e-2, **(config or {})}
    ### BEGIN SOLUTION
    next_w = w - config["learning_rate"] * dw
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="sgd"
# In which direction does the loss fall: along the gradient or against it?

# %% [markdown] hint="sgd"
# The learning rate is `config["learning_rate"]`; the default is in there already.

# %% tests="sgd" points=1
w, dw = np.array([1.0, 2.0]), np.array([0.5, -0.5])
got = sgd(w.copy(), dw.copy(), {"learning_rate": 0.1})
check("sgd(w, dw, config)", len(got) == 2, "return the two things next_w and config")
check_close("sgd([1, 2], [0.5, -0.5], {'learning_rate': 0.1})[0]", got[0], [0.95, 2.05], rtol=1e-5,
            look="Each weight moves by −learning_rate · its gradient.")
check_close("sgd([1, 2], [0.5, -0.5])[0]", sgd(w.copy(), dw.copy())[0], [0.995, 2.005], rtol=1e-5,
            look="Without a config the learning rate is 0.01.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sgd")
start, slopes, rate = rng.normal(size=(3, 4)), rng.normal(size=(5, 3, 4)), rng.uniform(0.1, 0.9)
check_walk("sgd on an array of shape (3, 4)",
           follow(sgd, slopes, start, 5, learning_rate=rate),
           torch_path(torch.optim.SGD, slopes, start, 5, lr=rate),
           look="Use config['learning_rate'], also in later steps.")
### END HIDDEN TESTS

# %% [markdown]
# ### How large may the learning rate be?
#
# Take a valley whose floor has curvature 1 and whose walls have curvature 40: $L(w) = \tfrac12 (w_1^2 + 40\,w_2^2)$. The experiment walks 100 steps with each of 61 learning rates. Somewhere there is a cliff.

# %% given="losses_left"
def losses_left(course, rates, steps=100):
    """The loss that gradient descent has left on a course, with each of the learning rates."""
    ends = [follow(sgd, course.gradient, course.start, steps, learning_rate=rate)[-1] for rate in rates]
    return np.array([course.loss(*end) for end in ends])

# %% experiment="rates"
course = races.valley(40)
rates = np.linspace(0.01, 0.07, 61)
left = losses_left(course, rates)

figure, axes = plt.subplots()
axes.semilogy(rates, left, "o-", markersize=3.5)
axes.axhline(course.loss(*course.start), color="0.5", linestyle=":")
axes.text(0.0105, course.loss(*course.start) * 3, "loss at the start", color="0.35")
axes.set(xlabel="learning rate", ylabel="loss after 100 steps", ylim=(1e-5, 1e8), title="The cliff")
show(figure, "Loss after 100 steps of gradient descent against the learning rate, on a logarithmic "
     "scale. It falls smoothly as the rate grows from 0.01, and at one rate it jumps up and grows by "
     "many powers of ten: to the right of it the walk runs away.")

# %% [markdown]
# Read off the learning rate at which the walk begins to run away. (Then look for it in the formula: along a direction of curvature $\lambda$, each step multiplies the distance by $1 - \eta\lambda$. At which $\eta$ does that factor reach −1 for the steepest wall?)

# %% solution="critical_rate"
# Type the learning rate at the cliff: critical_rate = ...
### BEGIN SOLUTION
critical_rate = 0.05  # 2 / 40
### END SOLUTION

# %% [markdown] hint="critical_rate"
# Where does the curve cross the dotted line, upwards?

# %% [markdown] hint="critical_rate"
# $|1 - \eta\lambda| < 1$ holds for $0 < \eta < 2/\lambda$. Which of the two curvatures is the one that hurts first?

# %% tests="critical_rate" points=1
check("critical_rate", 0.01 <= critical_rate <= 0.07,
      f"{critical_rate} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# The cliff is 2/40 whatever the start is; a tick of the sweep is 0.001 wide.
check_close("critical_rate", critical_rate, 0.05, rtol=0, atol=0.002,
            look="The walk runs away where the curve jumps above the dotted line.")
### END HIDDEN TESTS

# %% [markdown]
# So the steepest direction dictates the learning rate, and the flattest one pays for it: it needs about $\lambda_\max/\lambda_\min$ steps. That ratio is the *condition number*. All that follows in sections 2 to 4 is an answer to it.

# %% [markdown]
# ## 2 · Momentum
#
# Polyak (1964) gave the point a mass. A velocity gathers the gradients: along the floor of a valley they agree and add up, across it they alternate and cancel.
#
# $$v \leftarrow \mu v - \eta\,\nabla L(w), \qquad w \leftarrow w + v$$
#
# *A word on conventions.* Here the velocity is in units of the weights and contains the learning rate, as in CS231n. PyTorch keeps $b \leftarrow \mu b + \nabla L$ and steps by $-\eta b$. The two walk the same path as long as the learning rate stays the same; after a change of the learning rate, ours slows down over some steps and PyTorch's at once.

# %% solution="sgd_momentum"
def sgd_momentum(w, dw, config=None):
    """One step of gradient descent with momentum (Polyak 1964).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``momentum`` (0.9), and ``velocity``, the last
            step, of the shape of w (zeros at first). The velocity contains the learning rate.

    Returns:
        (next_w, config), config with the new ``velocity``.
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w),
              **(config or {})}
    ### BEGIN SOLUTION
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    next_w = w + config["velocity"]
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="sgd_momentum"
# Two lines: first the new velocity from the old one and the gradient, then the step. Which of the two velocities does the step use?

# %% [markdown] hint="sgd_momentum"
# The new velocity is `momentum * velocity - learning_rate * dw`. It must be in `config` when you return, or the next call starts from rest.

# %% tests="sgd_momentum" points=3
settings = {"learning_rate": 0.1, "momentum": 0.5, "velocity": np.array([1.0, -1.0])}
got, config = sgd_momentum(np.array([1.0, 2.0]), np.array([0.5, -0.5]), settings)
call = "sgd_momentum([1, 2], [0.5, -0.5], {'learning_rate': 0.1, 'momentum': 0.5, 'velocity': [1, -1]})"
check_close(f"the velocity after {call}", config.get("velocity"), [0.45, -0.45], rtol=1e-5,
            look="velocity = momentum · velocity − learning_rate · dw, stored in config.")
check_close(f"next_w of {call}", got, [1.45, 1.55], rtol=1e-5, look="Step by the new velocity.")
check_close("the first step of sgd_momentum([1.0], [1.0]) with its defaults",
            sgd_momentum(np.array([1.0]), np.array([1.0]))[0], [0.99], rtol=1e-5,
            look="At first the velocity is zero.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("sgd_momentum")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(8, 3, 2))
rate, momentum = rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.8)
check_walk("sgd_momentum on an array of shape (3, 2)",
           follow(sgd_momentum, slopes, start, 8, learning_rate=rate, momentum=momentum),
           torch_path(torch.optim.SGD, slopes, start, 8, lr=rate, momentum=momentum),
           look="Is the velocity kept in the config that you return?")
# The velocity holds the learning rate of the step that made it: a rate of 0 leaves a coasting point.
_, config = sgd_momentum(start.copy(), slopes[0].copy(), {"learning_rate": rate, "momentum": momentum})
coasting, _ = sgd_momentum(start.copy(), slopes[1].copy(), {**config, "learning_rate": 0.0})
check_close("a step of sgd_momentum at learning rate 0 after one at another rate", coasting,
            start - momentum * rate * slopes[0], rtol=1e-5, atol=1e-6,
            look="The velocity contains the learning rate: the old one coasts on when the rate changes.")
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** A gradient that never changes, $\mu = 0.9$: the velocity grows, and then settles. How many times the step of plain gradient descent is the final step?

# %% solution="terminal_velocity"
# Type the factor: terminal_velocity = ...
### BEGIN SOLUTION
terminal_velocity = 10.0  # 1 / (1 − 0.9)
### END SOLUTION

# %% [markdown] hint="terminal_velocity"
# When it has settled, the new velocity equals the old one: $v = \mu v - \eta g$. Solve for $v$ and divide by $-\eta g$.

# %% tests="terminal_velocity" points=1
check("terminal_velocity", terminal_velocity > 0, f"{terminal_velocity} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("terminal_velocity", terminal_velocity, 10.0, rtol=0.01,
            look="Solve v = 0.9 v − ηg for v; how many times −ηg is it?")
### END HIDDEN TESTS

# %% [markdown]
# This is why one usually lowers the learning rate when momentum comes in: in the long run the same rate walks ten times as far on each gradient, and where the gradients are noisy it leaves ten times the loss. It is also why $\mu = 0.99$ is a different animal from $\mu = 0.9$.

# %% [markdown]
# ## 3 · Nesterov's momentum, twice
#
# The velocity will carry the point to about $w + \mu v$ whatever the gradient says. So Nesterov (1983; for networks Sutskever et al., 2013) looks at the slope *there*, before correcting the course:
#
# $$v \leftarrow \mu v - \eta\,\nabla L(w + \mu v), \qquad w \leftarrow w + v$$
#
# In this form the rule must be able to ask for a gradient at a point of its own choice, so it gets the gradient *function*.

# %% solution="nesterov_lookahead"
def nesterov_lookahead(w, gradient, config=None):
    """One step of Nesterov's momentum in its look-ahead form.

    Args:
        w: weights, an array of any shape.
        gradient: a function; gradient(x) is the gradient of the loss at x, of the shape of w.
        config: ``learning_rate`` (default 0.01), ``momentum`` (0.9), ``velocity`` (zeros).

    Returns:
        (next_w, config), config with the new ``velocity``.
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w),
              **(config or {})}
    ### BEGIN SOLUTION
    ahead = w + config["momentum"] * config["velocity"]
    slope = gradient(ahead)
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * slope
    next_w = w + config["velocity"]
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="nesterov_lookahead"
# Only one thing differs from momentum: the point at which you ask for the gradient. The step still starts at `w`.

# %% [markdown] hint="nesterov_lookahead"
# `ahead = w + momentum * velocity`, with the old velocity; then momentum's two lines with `gradient(ahead)`.

# %% tests="nesterov_lookahead" points=2
settings = {"learning_rate": 0.1, "momentum": 0.5, "velocity": np.array([2.0])}
got, config = nesterov_lookahead(np.array([1.0]), lambda x: 3 * x, settings)
call = "nesterov_lookahead([1], lambda x: 3 * x, {'learning_rate': 0.1, 'momentum': 0.5, 'velocity': [2]})"
check_close(f"next_w of {call}", got, [1.4], rtol=1e-5,
            look="Look at the slope at 1 + 0.5 · 2 = 2, where it is 6: the velocity is 1 − 0.6.")
check_close(f"the velocity after {call}", config.get("velocity"), [0.4], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("nesterov_lookahead")
curvature, start = rng.uniform(0.5, 3.0, size=4), rng.normal(size=4)
rate, momentum = rng.uniform(0.1, 0.3), rng.uniform(0.5, 0.9)
w, config, ahead = start.copy(), {"learning_rate": rate, "momentum": momentum}, [start]
for _ in range(8):
    w, config = nesterov_lookahead(np.array(w), lambda x: curvature * np.sin(x), config)
    ahead.append(w + momentum * np.array(config["velocity"]))
# torch walks the look-ahead points w + momentum · velocity.
check_walk("the look-ahead points of nesterov_lookahead", np.array(ahead),
           torch_path(torch.optim.SGD, lambda x: curvature * np.sin(x), start, 8, lr=rate,
                      momentum=momentum, nesterov=True),
           look="The gradient belongs to w + momentum · velocity, the step starts at w.")
### END HIDDEN TESTS

# %% [markdown]
# A training loop hands over a gradient, not a function. So one changes variables and stores the look-ahead point $\tilde w = w + \mu v$ itself. With $v'$ for the new velocity, the same rule becomes
#
# $$v' = \mu v - \eta\,\nabla L(\tilde w), \qquad \tilde w \leftarrow \tilde w - \mu v + (1 + \mu)\,v'$$
#
# Check it on paper before you write it: what is $w' + \mu v'$, if $w' = w + v'$ and $w = \tilde w - \mu v$?

# %% solution="nesterov"
def nesterov(w, dw, config=None):
    """One step of Nesterov's momentum after the change of variables.

    Args:
        w: the look-ahead weights (w̃ above), an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``momentum`` (0.9), ``velocity`` (zeros).

    Returns:
        (next_w, config): the next look-ahead weights, and config with the new ``velocity``.
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w),
              **(config or {})}
    ### BEGIN SOLUTION
    momentum, before = config["momentum"], config["velocity"]
    config["velocity"] = momentum * before - config["learning_rate"] * dw
    next_w = w - momentum * before + (1 + momentum) * config["velocity"]
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="nesterov"
# You need the old velocity after the new one is known. Keep both.

# %% [markdown] hint="nesterov"
# First go back from the look-ahead point, `- momentum * old`; then do the step, `+ new`; then look ahead again, `+ momentum * new`.

# %% tests="nesterov" points=2
settings = {"learning_rate": 0.1, "momentum": 0.5, "velocity": np.array([2.0])}
got, config = nesterov(np.array([2.0]), np.array([6.0]), settings)
call = "nesterov([2], [6], {'learning_rate': 0.1, 'momentum': 0.5, 'velocity': [2]})"
check_close(f"the velocity after {call}", config.get("velocity"), [0.4], rtol=1e-5)
check_close(f"next_w of {call}", got, [1.6], rtol=1e-5,
            look="Back by 0.5 · 2 to 1, the step of 0.4 to 1.4, ahead by 0.5 · 0.4 to 1.6.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("nesterov")
start, slopes = rng.normal(size=(2, 3)), rng.normal(size=(8, 2, 3))
rate, momentum = rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.8)
check_walk("nesterov on an array of shape (2, 3)",
           follow(nesterov, slopes, start, 8, learning_rate=rate, momentum=momentum),
           torch_path(torch.optim.SGD, slopes, start, 8, lr=rate, momentum=momentum, nesterov=True),
           look="w̃ − momentum · old velocity + (1 + momentum) · new velocity.")
### END HIDDEN TESTS

# %% [markdown]
# **Show that they are the same.** Given where `nesterov` is, find where `nesterov_lookahead` is at the same moment.

# %% solution="plain_weights"
def plain_weights(w_ahead, config):
    """The weights w of the look-ahead form, from what ``nesterov`` returned.

    Args:
        w_ahead: the look-ahead weights w̃ = w + momentum · velocity, an array.
        config: the config that belongs to them, with ``momentum`` and ``velocity``.

    Returns:
        w, an array of the same shape.
    """
    ### BEGIN SOLUTION
    return w_ahead - config["momentum"] * config["velocity"]
    ### END SOLUTION

# %% [markdown] hint="plain_weights"
# Solve $\tilde w = w + \mu v$ for $w$. Which velocity goes with the $\tilde w$ that was returned: the new one or the old one?

# %% tests="plain_weights" points=1
check_close("plain_weights([1.6], {'momentum': 0.5, 'velocity': [0.4]})",
            plain_weights(np.array([1.6]), {"momentum": 0.5, "velocity": np.array([0.4])}), [1.4], rtol=1e-5,
            look="The example of the last test, at which nesterov_lookahead arrives at 1.4.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("plain_weights")
w, velocity, momentum = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.uniform(0.2, 0.9)
check_close("plain_weights on an array of shape (2, 3)",
            plain_weights(w + momentum * velocity, {"momentum": momentum, "velocity": velocity}), w,
            rtol=1e-5, atol=1e-6, look="Take momentum · velocity off the look-ahead weights.")
### END HIDDEN TESTS

# %% given="distance_of_forms"
def distance_of_forms(course, steps=100):
    """How far apart the two forms are at most, on the same course from the same start."""
    plain, ahead, one, two, apart = (course.start, course.start, {"learning_rate": 0.02},
                                     {"learning_rate": 0.02}, 0.0)
    for _ in range(steps):
        plain, one = nesterov_lookahead(plain, course.gradient, one)
        ahead, two = nesterov(ahead, course.gradient(ahead), two)
        apart = max(apart, np.abs(plain - plain_weights(ahead, two)).max())
    return apart

# %% experiment="two_forms"
print(f"In 100 steps the two forms were never further apart than {distance_of_forms(races.valley(40)):.0e}.")

# %% [markdown]
# ## 4 · A learning rate for each weight
#
# Momentum treats all weights alike. The next rules measure how large the gradient of each single weight has been, and divide by it. Squares, roots and quotients are meant elementwise.
#
# ### AdaGrad
#
# Duchi, Hazan & Singer (2011) add up all squared gradients: $c \leftarrow c + g^2$, then $w \leftarrow w - \eta\, g / (\sqrt{c} + \varepsilon)$. Rarely used weights get long steps, which was made for sparse features. As the sum only grows, the learning rate of each weight only shrinks.
#
# *Convention:* $\varepsilon$ stands outside the root here, as in PyTorch. Some texts write $\sqrt{c + \varepsilon}$, which for $\varepsilon = 10^{-8}$ is a floor of $10^{-4}$ instead of $10^{-8}$.

# %% solution="adagrad"
def adagrad(w, dw, config=None):
    """One step of AdaGrad (Duchi et al. 2011).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``epsilon`` (1e-8, added to the root), and
            ``cache``, the sum of the squared gradients so far, of the shape of w (zeros).

    Returns:
        (next_w, config), config with the new ``cache``.
    """
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    ### BEGIN SOLUTION
    config["cache"] = config["cache"] + dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adagrad"
# First the memory, then the step: does this step's gradient belong to the cache that it is divided by? (Think of the very first step, at which the cache was zero.)

# %% [markdown] hint="adagrad"
# `cache + dw**2`, kept in `config`; the step is `learning_rate * dw / (np.sqrt(cache) + epsilon)`.

# %% tests="adagrad" points=2
settings = {"learning_rate": 0.1, "epsilon": 1.0, "cache": np.array([7.0, 0.0])}
got, config = adagrad(np.array([1.0, 2.0]), np.array([3.0, -4.0]), settings)
call = "adagrad([1, 2], [3, -4], {'learning_rate': 0.1, 'epsilon': 1, 'cache': [7, 0]})"
check_close(f"the cache after {call}", config.get("cache"), [16.0, 16.0], rtol=1e-5,
            look="The cache is the sum of the squared gradients.")
check_close(f"next_w of {call}", got, [1 - 0.3 / 5, 2 + 0.4 / 5], rtol=1e-5,
            look="Divide by √cache + epsilon = 4 + 1; epsilon is outside the root.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adagrad")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, epsilon = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.3)
check_walk("adagrad on an array of shape (3, 2)",
           follow(adagrad, slopes, start, 7, learning_rate=rate, epsilon=epsilon),
           torch_path(torch.optim.Adagrad, slopes, start, 7, lr=rate, eps=epsilon),
           look="Does the cache of the returned config hold all steps so far?")
check_close("the first step of adagrad(w, dw)", adagrad(start.copy(), slopes[0].copy())[0],
            start - 0.01 * np.sign(slopes[0]), rtol=1e-4, atol=1e-5,
            look="With its defaults, the first step is the learning rate against the sign of dw.")
### END HIDDEN TESTS

# %% [markdown]
# ### RMSprop
#
# Tieleman & Hinton (2012) let the cache forget: $c \leftarrow \rho c + (1 - \rho) g^2$, an average over about $1/(1-\rho)$ steps. The steps no longer die out, and no longer settle either.

# %% solution="rmsprop"
def rmsprop(w, dw, config=None):
    """One step of RMSprop (Tieleman & Hinton 2012).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``decay_rate`` (0.99: how much of the cache is
            kept), ``epsilon`` (1e-8, added to the root), and ``cache``, the running mean of the
            squared gradients, of the shape of w (zeros).

    Returns:
        (next_w, config), config with the new ``cache``.
    """
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    ### BEGIN SOLUTION
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="rmsprop"
# Only the line of the cache differs from AdaGrad. Which share does the old cache keep, and which share does the new square get?

# %% tests="rmsprop" points=2
settings = {"learning_rate": 0.1, "decay_rate": 0.75, "epsilon": 1.0, "cache": np.array([4.0, 0.0])}
got, config = rmsprop(np.array([1.0, 2.0]), np.array([2.0, -4.0]), settings)
call = "rmsprop([1, 2], [2, -4], {'learning_rate': 0.1, 'decay_rate': 0.75, 'epsilon': 1, 'cache': [4, 0]})"
check_close(f"the cache after {call}", config.get("cache"), [4.0, 4.0], rtol=1e-5,
            look="0.75 of the old cache and 0.25 of the new square.")
check_close(f"next_w of {call}", got, [1 - 0.2 / 3, 2 + 0.4 / 3], rtol=1e-5, look="Divide by √cache + epsilon = 2 + 1.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("rmsprop")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, decay, epsilon = rng.uniform(0.1, 0.9), rng.uniform(0.6, 0.9), rng.uniform(0.05, 0.3)
check_walk("rmsprop on an array of shape (3, 2)",
           follow(rmsprop, slopes, start, 7, learning_rate=rate, decay_rate=decay, epsilon=epsilon),
           torch_path(torch.optim.RMSprop, slopes, start, 7, lr=rate, alpha=decay, eps=epsilon),
           look="decay_rate is the share of the old cache that is kept.")
### END HIDDEN TESTS

# %% [markdown]
# ### Adam
#
# Kingma & Ba (2015) average the gradient as well as its square:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2$$
#
# Both averages start at zero, so at first they are too small: after $t$ steps of a constant gradient, $m = (1 - \beta_1^t)\, g$. Adam divides that out, from the first step on, at which $t = 1$:
#
# $$\hat m = \frac{m}{1-\beta_1^t}, \qquad \hat v = \frac{v}{1-\beta_2^t}, \qquad w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$

# %% solution="adam"
def adam(w, dw, config=None):
    """One step of Adam (Kingma & Ba 2015, algorithm 1).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.001), ``beta1`` (0.9), ``beta2`` (0.999),
            ``epsilon`` (1e-8, added to the root of the corrected v); ``m`` and ``v``, the running
            means of dw and dw², uncorrected, of the shape of w (zeros); ``t``, the number of
            steps done so far (0; after the first step it is 1).

    Returns:
        (next_w, config), config with the new ``m``, ``v`` and ``t``.
    """
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    ### BEGIN SOLUTION
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    v_hat = config["v"] / (1 - beta2 ** config["t"])
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adam"
# Count first: with $t = 0$ the correction $1 - \beta^t$ would be zero. What is it in the first step, and what does that do to $m = (1-\beta_1) g$?

# %% [markdown] hint="adam"
# The corrected averages are for this step only. What you keep in `config` is `m` and `v` as they are, uncorrected.

# %% [markdown] hint="adam"
# Six lines: `t` plus one; the new `m`; the new `v`, of `dw**2`; `m_hat = m / (1 - beta1**t)`; `v_hat` alike; the step `learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)`.

# %% tests="adam" points=4
got, config = adam(np.array([1.0, 2.0]), np.array([0.5, -80.0]), {"learning_rate": 0.1})
call = "adam([1, 2], [0.5, -80], {'learning_rate': 0.1})"
check_equal(f"t after {call}", config.get("t"), 1, look="Count the step before you correct with it.")
check_close(f"m after {call}", config.get("m"), [0.05, -8.0], rtol=1e-5, look="m keeps 0.9 and takes in 0.1 of dw.")
check_close(f"v after {call}", config.get("v"), [0.00025, 6.4], rtol=1e-5, look="v takes in 0.001 of dw².")
check_close(f"next_w of {call}", got, [0.9, 2.1], rtol=1e-6,
            look="Corrected, the first step is the learning rate against the sign of the gradient.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adam")
start, slopes = (rng.normal(size=(2, 3)),
                 rng.normal(size=(9, 2, 3)) * rng.uniform(0.2, 5, size=(2, 3)))
rate, beta1, beta2 = rng.uniform(0.05, 0.3), rng.uniform(0.6, 0.95), rng.uniform(0.7, 0.99)
check_walk("adam on an array of shape (2, 3)",
           follow(adam, slopes, start, 9, learning_rate=rate, beta1=beta1, beta2=beta2),
           torch_path(torch.optim.Adam, slopes, start, 9, lr=rate, betas=(beta1, beta2)),
           look="Is t counted on in the returned config, and are m and v kept uncorrected, beta1 for m and beta2 for v?")
# A large epsilon shows where it stands; torch adds it to the root of the corrected v.
check_walk("adam with epsilon=0.2",
           follow(adam, slopes, start, 5, learning_rate=rate, epsilon=0.2),
           torch_path(torch.optim.Adam, slopes, start, 5, lr=rate, eps=0.2),
           look="epsilon is added to the root of the corrected v, outside of the root.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict, with pencil and paper.** Leave out the correction, with the usual $\beta_1 = 0.9$ and $\beta_2 = 0.999$. How many times the intended length is then the very first step? (Above 1: too long. Below 1: too short.) Most people expect it to be too short.

# %% solution="uncorrected_step"
# Type the factor: uncorrected_step = ...
### BEGIN SOLUTION
uncorrected_step = 3.16  # (1 − 0.9) / √(1 − 0.999)
### END SOLUTION

# %% [markdown] hint="uncorrected_step"
# After one step, $m = 0.1\, g$ and $v = 0.001\, g^2$. What is $m / \sqrt{v}$?

# %% tests="uncorrected_step" points=1
check("uncorrected_step", uncorrected_step > 0, f"{uncorrected_step} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("uncorrected_step", uncorrected_step, np.sqrt(10), rtol=0.02,
            look="m is a tenth of g, and the root of v is √0.001 of it.")
### END HIDDEN TESTS

# %% [markdown]
# ### AdamW
#
# Weight decay is meant to shrink each weight by the same share in each step. If its gradient $\lambda w$ is added to $g$, Adam divides it by $\sqrt{\hat v}$ like everything else. Loshchilov & Hutter (2019) take it out of the averages and shrink the weights themselves:
#
# $$w \leftarrow w - \eta \left( \frac{\hat m}{\sqrt{\hat v} + \varepsilon} + \lambda w \right)$$

# %% [markdown]
# **Predict.** A weight is not used by the data: its gradient is zero, only the decay acts. You train with Adam and add $\lambda w$ to the gradient (L2), once with $\lambda = 0.001$ and once with $\lambda = 0.1$. How much faster does the second weight shrink at first: `"100 times"`, `"10 times"` or `"not at all"`?

# %% solution="l2_in_adam"
# Type your choice: l2_in_adam = "..."
### BEGIN SOLUTION
l2_in_adam = "not at all"
### END SOLUTION

# %% [markdown] hint="l2_in_adam"
# What happens to Adam's step when all gradients are multiplied by 100?

# %% tests="l2_in_adam" points=1
check_one_of("l2_in_adam", l2_in_adam, ["100 times", "10 times", "not at all"])
### BEGIN HIDDEN TESTS
check_equal("l2_in_adam", l2_in_adam, "not at all",
            look="Adam divides by the size of the gradient: a factor in all of it makes no difference.")
### END HIDDEN TESTS

# %% solution="adamw"
def adamw(w, dw, config=None):
    """One step of Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    Args:
        w: weights, an array of any shape.
        dw: the gradient of the data loss at w, without any decay, of the same shape.
        config: as for Adam, and ``weight_decay`` (default 0.01). Each step takes
            learning_rate · weight_decay · w off the weights, w as it was before the step.

    Returns:
        (next_w, config), config with the new ``m``, ``v`` and ``t``.
    """
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "weight_decay": 1e-2, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0,
              **(config or {})}
    ### BEGIN SOLUTION
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    v_hat = config["v"] / (1 - beta2 ** config["t"])
    direction = m_hat / (np.sqrt(v_hat) + config["epsilon"]) + config["weight_decay"] * w
    next_w = w - config["learning_rate"] * direction
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adamw"
# Start from your `adam`. The decay must not enter `m` or `v`: where else can it go?

# %% [markdown] hint="adamw"
# Add `weight_decay * w` to the quotient, after the division; the learning rate multiplies both.

# %% tests="adamw" points=2
settings = {"learning_rate": 0.1, "weight_decay": 0.5}
got, config = adamw(np.array([1.0, -2.0]), np.array([0.0, 3.0]), settings)
call = "adamw([1, -2], [0, 3], {'learning_rate': 0.1, 'weight_decay': 0.5})"
check_close(f"next_w of {call}", got, [0.95, -2.0], rtol=1e-6,
            look="−2 loses 0.1 to Adam's first step and gains 0.1 · 0.5 · 2 from the decay.")
check_close(f"v after {call}", config.get("v"), [0.0, 0.009], rtol=1e-5, look="No decay in v.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adamw")
start, slopes = 2 * rng.normal(size=(2, 3)), rng.normal(size=(8, 2, 3))
rate, decay, epsilon = rng.uniform(0.1, 0.3), rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3)
check_walk("adamw on an array of shape (2, 3)",
           follow(adamw, slopes, start, 8, learning_rate=rate, weight_decay=decay, epsilon=epsilon),
           torch_path(torch.optim.AdamW, slopes, start, 8, lr=rate, weight_decay=decay, eps=epsilon),
           look="The decay is learning_rate · weight_decay · w, of the old w.")
### END HIDDEN TESTS

# %% [markdown]
# Now see it: a weight without data, L2 inside Adam on the left, your AdamW on the right, for three strengths of decay.

# %% given="decaying"
def decaying(decay, start=1.0, steps=60):
    """A weight without data under Adam with L2, and under AdamW with a hundred times the decay: two paths."""
    coupled, decoupled, one, two = [np.full(1, start)], [np.full(1, start)], None, None
    for _ in range(steps):
        w, one = adam(coupled[-1].copy(), decay * coupled[-1], {**(one or {}), "learning_rate": 0.01})
        coupled.append(w)
        w, two = adamw(decoupled[-1].copy(), np.zeros(1),
                       {**(two or {}), "learning_rate": 0.01, "weight_decay": 100 * decay})
        decoupled.append(w)
    return np.ravel(coupled), np.ravel(decoupled)

# %% experiment="decoupled"
styles = {0.001: ("blue", "o", 7.0), 0.01: ("orange", "s", 4.0), 0.1: ("red", "^", 1.6)}
figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(8.4, 3.2))
for decay, (colour, mark, thick) in styles.items():
    coupled, decoupled = decaying(decay)
    style = dict(color=COLOURS[colour], marker=mark, markevery=12)
    left.plot(coupled, label=f"λ = {decay:g}", linewidth=thick, **style)
    right.plot(decoupled, label=f"λ = {100 * decay:g}", **style)
left.set(title="Adam with L2: λ makes no difference", xlabel="step", ylabel="weight", ylim=(0, 1.05))
right.set(title="AdamW: each weight shrinks by ηλ", xlabel="step")
left.legend(loc="lower left")
right.legend(loc=(0.62, 0.14))
show(figure, "A weight without data gradient over 60 steps of learning rate 0.01, for three strengths of decay. "
     "Left, Adam with L2: three curves lie on one another and fall to 0.46. Right, AdamW: three curves that "
     "fall exponentially, the faster the stronger the decay.")

# %% [markdown]
# ## 5 · The race
#
# Six rules, one start, one minimum: Beale's function (1958) has plateaus, a wall and a curved floor. **The functions that run here are yours.** Press ↻ to see it again; the legend says how many steps each one took to stay within 0.1 of the star.

# %% given="race_paths"
def race_paths(course, steps=250):
    """The paths of six rules over a course."""
    racers = {"SGD": (sgd, {"learning_rate": 0.02}),
              "momentum": (sgd_momentum, {"learning_rate": 0.005}),
              "Nesterov": (nesterov, {"learning_rate": 0.005}),
              "AdaGrad": (adagrad, {"learning_rate": 1.0}),
              "RMSprop": (rmsprop, {"learning_rate": 0.05, "decay_rate": 0.9}),
              "Adam": (adam, {"learning_rate": 0.3})}
    return {name: follow(rule, course.gradient, course.start, steps, **config)
            for name, (rule, config) in progress(racers.items(), "race")}

# %% experiment="race"
course = races.beale()
paths = race_paths(course)
races.show(races.picture(
    course, paths, "The race over Beale's function",
    "Six paths over the contours of Beale's function, from the upper left to the minimum at (3, 0.5). "
    "SGD and AdaGrad bounce off the steep wall once and then creep along the floor. Momentum and "
    "Nesterov swing far out and come in fast. Adam takes a wide curve and shakes itself to rest."))

# %% experiment="race_on_the_surface"
races.show(races.picture(
    course, paths, "The same race, seen from the side",
    "The six paths on the surface of Beale's function: a steep wall at the back, a curved floor in front "
    "with the minimum at its right end. All fall off the wall; momentum and Nesterov climb the "
    "opposite slope before they turn.", surface=True))

# %% [markdown]
# Before you conclude that one rule is best: each has a learning rate that was chosen for it, and on another course the order changes. Copy the cells and try.
#
# ### Whose track is it?
#
# Four rules left their tracks in a valley of condition number 20. (Your functions have no part in it, so the tracks are right whatever they do.) They are, in some order, `"sgd"`, `"momentum"`, `"adagrad"` and `"rmsprop"`. You have the formulas: what must each of them look like?

# %% experiment="tracks"
course = races.valley(20)
about = {"A": "runs towards the minimum at the same speed along and across the valley and never comes to rest: "
              "it hops about the minimum, now in short steps and now in long ones.",
         "B": "jumps from wall to wall, each jump a little shorter, and creeps along the floor.",
         "C": "makes long steps at first, then ever shorter ones, and has not arrived at the end.",
         "D": "swings across the floor in long waves, runs past the minimum and comes back."}
races.show(*[races.picture(course, {name: path}, f"Track {name}", f"40 steps in a valley. Track {name} {about[name]}",
                           seconds=0, width=400)
             for name, path in races.mystery_tracks(course).items()])

# %% solution="whose_track"
# Type the four names: whose_track = {"A": "...", "B": "...", "C": "...", "D": "..."}
### BEGIN SOLUTION
whose_track = {"A": "rmsprop", "B": "sgd", "C": "adagrad", "D": "momentum"}
### END SOLUTION

# %% [markdown] hint="whose_track"
# Which rule remembers its direction, and so must turn round? Which has steps that can only shrink? Which has steps that don't get shorter however flat the ground is?

# %% tests="whose_track" points=2
names = ["adagrad", "momentum", "rmsprop", "sgd"]
check("whose_track", sorted(whose_track) == ["A", "B", "C", "D"], "wants the four keys A, B, C and D")
check("whose_track", sorted(whose_track.values()) == names, f"wants each of {names} once")
### BEGIN HIDDEN TESTS
right = {"A": "rmsprop", "B": "sgd", "C": "adagrad", "D": "momentum"}
found = [track for track in right if whose_track[track] == right[track]]
check("whose_track", found, "none of the four is right",
      look="SGD jumps from wall to wall, momentum overshoots, AdaGrad tires, RMSprop never rests.")
0.5 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Saddles and turned valleys
#
# In high dimensions, points where the gradient vanishes are rarely minima: some directions go up and others down. Take $L = \tfrac12(w_1^2 - w_2^2)$ and a start that is $10^{-6}$ beside the ridge.
#
# **Predict, with pencil and paper.** Gradient descent with $\eta = 0.1$ multiplies $w_2$ by a constant factor in each step. How many steps does it take from $|w_2| = 10^{-6}$ to $|w_2| \ge 1$?

# %% solution="saddle_steps"
# Type the number of steps: saddle_steps = ...
### BEGIN SOLUTION
saddle_steps = 145  # ln(10⁶) / ln(1.1) = 144.95
### END SOLUTION

# %% [markdown] hint="saddle_steps"
# The gradient along $w_2$ is $-w_2$, so $w_2 \leftarrow w_2 + 0.1\, w_2$.

# %% [markdown] hint="saddle_steps"
# Solve $1.1^t = 10^6$ for $t$ and round up.

# %% tests="saddle_steps" points=1
check("saddle_steps", saddle_steps > 0, f"{saddle_steps} is not a positive number of steps")
### BEGIN HIDDEN TESTS
check_close("saddle_steps", saddle_steps, np.log(1e6) / np.log(1.1), rtol=0, atol=1.1,
            look="Each step multiplies w₂ by 1 + 0.1. How often must you multiply to gain a factor 10⁶?")
### END HIDDEN TESTS

# %% given="saddle_paths"
def saddle_paths(course, steps=160):
    """The paths of three rules with a learning rate of 0.1."""
    return {name: follow(rule, course.gradient, course.start, steps, learning_rate=0.1)
            for name, rule in (("SGD", sgd), ("momentum", sgd_momentum), ("Adam", adam))}

# %% experiment="saddle"
course = races.saddle()
paths = saddle_paths(course)
races.show(
    races.picture(
        course,
        paths,
        "Leaving a saddle",
        "Three paths on a saddle-shaped surface, started on its ridge. SGD slides down the ridge and seems to "
        "stop at the saddle point for most of the run before it falls off sideways. Momentum overshoots along "
        "the ridge and leaves earlier. Adam divides by the size of each gradient and leaves at once.",
        surface=True,
        width=560,
    )
)

# %% [markdown]
# The legend counts the steps until $|w_2| \ge 1$. A plateau in a loss curve need not be a minimum: for 100 steps SGD looked as if it had converged. Noise helps here, and so does dividing by the size of the gradient.
#
# ### What Adam does not fix
#
# Now a valley of condition number 100. First it lies along an axis, then the same valley is turned by 45°, its start with it. A rotation changes nothing about how hard the problem is.
#
# **Predict.** Whose number of steps will change: `"sgd"`, `"momentum"`, `"adam"` or `"nobody"`?

# %% solution="rotation"
# Type your choice: rotation = "..."
### BEGIN SOLUTION
rotation = "adam"
### END SOLUTION

# %% [markdown] hint="rotation"
# If the whole landscape turns, so does its gradient. Does the *step* turn with it? Try it on paper with a step that divides each component by its own size.

# %% tests="rotation" points=1
check_one_of("rotation", rotation, ["sgd", "momentum", "adam", "nobody"])
### BEGIN HIDDEN TESTS
check_equal("rotation", rotation, "adam",
            look="SGD and momentum only add and scale gradients, which turn with the valley. "
            "Who treats each axis on its own?")
### END HIDDEN TESTS

# %% given="valley_paths"
def valley_paths(course, steps=500):
    """The paths of three rules in a valley of condition 100."""
    racers = {"SGD": (sgd, {"learning_rate": 0.015}),
              "momentum": (sgd_momentum, {"learning_rate": 0.005}),
              "Adam": (adam, {"learning_rate": 0.05})}
    return {name: follow(rule, course.gradient, course.start, steps, **config)
            for name, (rule, config) in racers.items()}

# %% experiment="turned_valley"
drawings = []
for degrees in (0, 45):
    course = races.valley(100, degrees)
    paths = valley_paths(course)
    drawings.append(
        races.picture(course, paths, f"A valley of condition 100, turned by {degrees}°",
                      f"Three paths in a narrow valley turned by {degrees} degrees. "
                      + ("Momentum swings in as before; Adam follows the floor slowly." if degrees
                         else "Momentum swings in, Adam goes straight to the minimum and is nearly as fast."),
                      width=460)
    )
races.show(*drawings)

# %% [markdown]
# Read off the legends: how many times as many steps does Adam need in the turned valley?

# %% solution="slowdown"
# Type the ratio of Adam's steps, turned to straight: slowdown = ...
### BEGIN SOLUTION
slowdown = 8.0
### END SOLUTION

# %% [markdown] hint="slowdown"
# Divide Adam's number in the right legend by the one in the left legend.

# %% tests="slowdown" points=1
check("slowdown", 0 < slowdown < 1000, f"{slowdown} is not a plausible ratio")
### BEGIN HIDDEN TESTS
# The picture says 417 / 52 = 8.0. With starts drawn around the one in the picture (standard
# deviation 0.1 in each weight), 20 seeds gave 5.6 to 10.4: the bounds hold for all of them.
check("slowdown", 4.5 <= slowdown <= 11.0, f"is {slowdown:g}, but your picture says something else",
      look="Divide the steps in the turned valley by the steps in the straight one.")
### END HIDDEN TESTS

# %% [markdown]
# Dividing each weight's step by its own gradient is a *diagonal* correction. It mends a valley along an axis, whatever the condition number; it is blind to a valley that runs between the axes. For that one needs the curvature between pairs of weights, and section 9 shows what it costs.

# %% [markdown]
# ## 7 · Schedules
#
# Far from the minimum a long step is worth its noise; near it, the noise is all that is left. So one lowers the learning rate on the way. The step counts from 0 in all functions here. In the next four, `base` is the learning rate of step 0; each returns the learning rate of the given step, a number.

# %% solution="decay"
def linear_decay(step, base, total, final=0.0):
    """From base at step 0 along a straight line to final at step total, and final ever after."""
    ### BEGIN SOLUTION
    return base + (final - base) * min(step / total, 1.0)
    ### END SOLUTION


def step_decay(step, base, every, factor):
    """base for the first ``every`` steps, then base · factor for as many, then base · factor², …"""
    ### BEGIN SOLUTION
    return base * factor ** (step // every)
    ### END SOLUTION


def exponential_decay(step, base, rate):
    """base · exp(−rate · step)."""
    ### BEGIN SOLUTION
    return base * np.exp(-rate * step)
    ### END SOLUTION


def inverse_decay(step, base, rate):
    """base / (1 + rate · step), known as 1/t decay."""
    ### BEGIN SOLUTION
    return base / (1 + rate * step)
    ### END SOLUTION

# %% [markdown] hint="decay"
# For the linear one: which share of the way is done, and what if it is more than all of it? For the step one: how many whole stretches of `every` steps lie behind?

# %% [markdown] hint="decay"
# `min(step / total, 1.0)` is the share of the way; `step // every` counts whole stretches.

# %% tests="decay" part="linear" points=1
check_close("linear_decay for steps 0, 5, 10 of 10", [linear_decay(k, 0.4, 10) for k in (0, 5, 10)],
            [0.4, 0.2, 0.0], rtol=1e-5, atol=1e-7, look="A straight line from base to final.")
check_close("linear_decay(5, 0.4, 10, final=0.2)", linear_decay(5, 0.4, 10, final=0.2), 0.3, rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("linear_decay")
base, final, total = rng.uniform(0.5, 1), rng.uniform(0.1, 0.3), int(rng.integers(20, 40))
check_close(f"linear_decay for steps 0 to {total + 10} of {total}",
            [linear_decay(k, base, total, final) for k in range(total + 10)],
            np.append(np.linspace(base, final, total + 1), np.full(9, final)), rtol=1e-5,
            look="After the last step the rate stays at final.")
### END HIDDEN TESTS

# %% tests="decay" part="step" points=1
check_close("step_decay(step, 0.8, every=3, factor=0.5) for steps 0 to 6",
            [step_decay(k, 0.8, 3, 0.5) for k in range(7)], [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2], rtol=1e-5,
            look="Three steps at 0.8, three at half of it, and so on.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("step_decay")
base, factor, every = rng.uniform(0.5, 1), rng.uniform(0.3, 0.9), int(rng.integers(4, 9))
expected = np.repeat(base * np.cumprod([1.0, factor, factor, factor]), every)
check_close(f"step_decay over {4 * every} steps with every={every}",
            [step_decay(k, base, every, factor) for k in range(4 * every)], expected, rtol=1e-5,
            look="The rate changes after each whole stretch of `every` steps, and only then.")
### END HIDDEN TESTS

# %% tests="decay" part="exponential" points=1
check_close("exponential_decay for steps 0 and 10, base 0.5, rate 0.1",
            [exponential_decay(k, 0.5, 0.1) for k in (0, 10)], [0.5, 0.5 / np.e], rtol=1e-6)
### BEGIN HIDDEN TESTS
rng = hidden_rng("exponential_decay")
base, rate = rng.uniform(0.5, 1), rng.uniform(0.01, 0.2)
rates = np.array([exponential_decay(k, base, rate) for k in range(12)], dtype=float)
check_close("exponential_decay at step 0", rates[0], base, rtol=1e-5)
check_close("the logarithm of exponential_decay from step to step", np.diff(np.log(rates)),
            np.full(11, -rate), rtol=1e-4, look="Each step takes the same off the logarithm: rate.")
### END HIDDEN TESTS

# %% tests="decay" part="inverse" points=1
check_close("inverse_decay for steps 0, 1, 3, base 0.6, rate 1",
            [inverse_decay(k, 0.6, 1.0) for k in (0, 1, 3)], [0.6, 0.3, 0.15], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("inverse_decay")
base, rate = rng.uniform(0.5, 1), rng.uniform(0.05, 0.5)
rates = np.array([inverse_decay(k, base, rate) for k in range(12)], dtype=float)
check_close("1 / inverse_decay over 12 steps", 1 / rates, np.linspace(1, 1 + 11 * rate, 12) / base,
            rtol=1e-5, look="The inverse of the rate grows along a straight line.")
### END HIDDEN TESTS

# %% [markdown]
# ### Cosine with warm-up
#
# Loshchilov & Hutter (2017) lower the rate along half a cosine. Goyal et al. (2017) warm up first: for some steps the rate rises, because at random weights the gradients are large and change quickly; with Adam, the averages know nothing yet either. The first step should do something, so the rise begins at `base / warmup`, not at zero.

# %% solution="cosine_warmup"
def cosine_warmup(step, base, total, warmup=0, final=0.0):
    """A linear rise for ``warmup`` steps, then half a cosine down to final.

    Args:
        step: the number of steps done so far, from 0.
        base: the highest learning rate.
        total: the step at which final is reached, warm-up included; final holds ever after.
        warmup: the number of steps of the rise. Steps 0, 1, …, warmup − 1 get base · 1/warmup,
            base · 2/warmup, …, base. Step ``warmup`` gets base, too: there the cosine begins.
        final: the lowest learning rate.

    Returns:
        The learning rate of this step, a number.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2
    ### END SOLUTION

# %% [markdown] hint="cosine_warmup"
# Two cases. In the second one, which share of the way *after the warm-up* is done? It runs from 0 to 1, over `total - warmup` steps.

# %% [markdown] hint="cosine_warmup"
# `(1 + np.cos(np.pi * share)) / 2` goes from 1 to 0. What must you do to it so that it goes from base to final?

# %% tests="cosine_warmup" points=3
check_close("cosine_warmup(step, 0.4, 8) for steps 0, 4, 8",
            [cosine_warmup(k, 0.4, 8) for k in (0, 4, 8)], [0.4, 0.2, 0.0], rtol=1e-5, atol=1e-9,
            look="Half a cosine: base, the middle, final.")
check_close("cosine_warmup(step, 0.4, 10, warmup=4) for steps 0 to 4",
            [cosine_warmup(k, 0.4, 10, warmup=4) for k in range(5)], [0.1, 0.2, 0.3, 0.4, 0.4], rtol=1e-5,
            look="Step 0 gets base / warmup, step warmup − 1 gets base.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("cosine_warmup")
base, final = rng.uniform(0.5, 1), rng.uniform(0.05, 0.3)
warmup, fall = int(rng.integers(3, 9)), int(rng.integers(20, 40))
# cos² of half the angle is (1 + cos) / 2.
half = np.cos(np.pi / 2 * np.arange(fall + 1) / fall) ** 2
expected = np.concatenate(
    [np.linspace(0, base, warmup + 1)[1:], final + (base - final) * half, np.full(5, final)]
)
rates = [cosine_warmup(k, base, warmup + fall, warmup, final) for k in range(warmup + fall + 6)]
check_close(f"cosine_warmup during the warm-up of {warmup} steps", rates[:warmup],
            expected[:warmup], rtol=1e-5, look="base · (step + 1) / warmup.")
check_close(f"cosine_warmup from step {warmup} to step {warmup + fall}", rates[warmup:-5],
            expected[warmup:-5], rtol=1e-5,
            look="The cosine runs over the total − warmup steps after the warm-up.")
check_close("cosine_warmup after its last step", rates[-5:], expected[-5:], rtol=1e-5,
            look="The rate stays at final; it does not rise again.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The loss is $\tfrac12 w^2$, each gradient has noise of standard deviation 1, and the learning rate starts at 0.2. Which of four schedules ends with the *highest* loss after 400 steps: `"constant"`, `"step"`, `"inverse"` or `"cosine"`?

# %% solution="highest_floor"
# Type your choice: highest_floor = "..."
### BEGIN SOLUTION
highest_floor = "constant"
### END SOLUTION

# %% [markdown] hint="highest_floor"
# Near the minimum each step adds noise of size $\eta$. What takes it out again?

# %% tests="highest_floor" points=1
check_one_of("highest_floor", highest_floor, ["constant", "step", "inverse", "cosine"])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20 the constant rate ended highest: 0.046 to 0.065, the others below 0.006.
check_equal("highest_floor", highest_floor, "constant",
            look="At a constant rate the loss settles where noise and descent balance: about η/4 here.")
### END HIDDEN TESTS

# %% given="noisy_descent"
schedules = {"constant": lambda k: 0.2, "step": lambda k: step_decay(k, 0.2, 100, 0.3),
             "inverse": lambda k: inverse_decay(k, 0.2, 0.05),
             "cosine": lambda k: cosine_warmup(k, 0.2, 400, warmup=20)}


def noisy_descent(schedule, seed=6, steps=400, runs=200):
    """The learning rates of a schedule, and the mean loss of many noisy runs after each step."""
    rng, rates, w, loss = (np.random.default_rng(seed), [schedule(k) for k in range(steps)],
                           np.full(runs, 3.0), [])
    for rate in rates:
        w, _ = sgd(w, w + rng.normal(size=runs), {"learning_rate": rate})
        loss.append(np.mean(w**2) / 2)
    return rates, loss

# %% experiment="schedules"
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.3))
for (name, schedule), dash in zip(schedules.items(), ("-", "--", "-.", ":"), strict=True):
    rates, loss = noisy_descent(schedule)
    left.plot(rates, dash, label=name)
    right.semilogy(loss, dash, label=name)
figure.subplots_adjust(wspace=0.3)
left.set(xlabel="step", ylabel="learning rate", title="Four schedules")
right.set(xlabel="step", ylabel="mean loss of 200 runs", title="Where the noise leaves them")
right.legend(loc="upper right")
show(figure, "Left: the learning rate against the step for a constant, a step, an inverse and a cosine schedule "
     "with warm-up. Right: the mean loss of 200 noisy runs with each, on a logarithmic scale. All fall "
     "within 30 steps; then the constant rate stays at a floor of about 0.05, and the other three end "
     "about ten times lower, or more.")

# %% [markdown]
# ## 8 · The noise of a minibatch
#
# The gradient of a minibatch is the mean of the gradients of its examples. How far is it from the gradient of all data? The problem for this section and the next one is logistic regression on 512 made-up examples with 20 features of very different scale.

# %% setup="problem"
def make_problem(seed=6, examples=512, features=20):
    """Inputs (N, D) with scales from 1 down to 1/30 along hidden directions, and labels (N,)."""
    rng = np.random.default_rng(seed)
    scales = np.logspace(0, -1.5, features)
    turn = np.linalg.qr(rng.normal(size=(features, features)))[0]
    x = rng.normal(size=(examples, features)) * scales @ turn.T
    truth = turn @ (rng.normal(size=features) / scales) / 2
    return x, (rng.random(examples) < 1 / (1 + np.exp(-x @ truth))).astype(float)


def logistic_loss(w, x, y, decay=1e-3):
    """Loss and per-example gradients (N, D) of logistic regression; their mean is the gradient."""
    z = x @ w
    loss = np.mean(np.logaddexp(0, z) - y * z) + decay / 2 * w @ w
    return loss, (1 / (1 + np.exp(-z)) - y)[:, None] * x + decay * w

# %% solution="gradient_noise"
def gradient_noise(gradients, batches):
    """How far minibatch gradients are from the gradient of all data.

    Args:
        gradients: the gradient of each example, an array (N, D).
        batches: K minibatches of B examples each, an integer array (K, B) of row numbers.

    Returns:
        The root of the mean, over the K minibatches, of the squared (Euclidean) distance between
        the minibatch's mean gradient and the mean gradient of all N examples; a number.
    """
    ### BEGIN SOLUTION
    away = gradients[batches].mean(axis=1) - gradients.mean(axis=0)
    return np.sqrt((away**2).sum(axis=1).mean())
    ### END SOLUTION

# %% [markdown] hint="gradient_noise"
# `gradients[batches]` has the shape (K, B, D). Over which axis do you average to get one gradient a minibatch?

# %% [markdown] hint="gradient_noise"
# Then: subtract the gradient of all data, square, add up over the D components, average over the K minibatches, take the root, in this order.

# %% tests="gradient_noise" points=2
gradients = np.array([[0.0, 0.0], [6.0, 8.0]])
check_close("gradient_noise of the batches [[0, 0], [1, 1]] of two gradients (0, 0) and (6, 8)",
            gradient_noise(gradients, np.array([[0, 0], [1, 1]])), 5.0, rtol=1e-5,
            look="The mean of all is (3, 4); each of the two batches is 5 away from it.")
check_close("gradient_noise of the batches [[0, 1], [1, 1]] of the same gradients",
            gradient_noise(gradients, np.array([[0, 1], [1, 1]])), 5 / np.sqrt(2), rtol=1e-5,
            look="One batch is 0 away and one 5: the mean of the squares is 12.5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("gradient_noise")
gradients = rng.normal(size=(12, 3)) + rng.normal(size=3)
spread = np.trace(np.cov(gradients.T, bias=True))
pairs = np.stack(np.meshgrid(np.arange(12), np.arange(12)), axis=-1).reshape(-1, 2)
# Over all 144 ordered pairs the law is exact: the variance of one example, divided by 2.
check_close("gradient_noise over all pairs of 12 examples", gradient_noise(gradients, pairs),
            np.sqrt(spread / 2), rtol=1e-5,
            look="Distance from the mean of all examples; mean of the squares, then the root.")
check_close("gradient_noise of batches of 1", gradient_noise(gradients, np.arange(12)[:, None]),
            np.sqrt(spread), rtol=1e-5,
            look="Euclidean distance: add the squares of the components up.")
few = np.array([[0, 1, 2], [3, 4, 5]])
far = np.linalg.norm(gradients.reshape(4, 3, 3)[:2].mean(axis=1) - gradients.mean(axis=0), axis=1)
check_close("gradient_noise of two batches of 3", gradient_noise(gradients, few),
            np.sqrt(np.mean(far**2)), rtol=1e-5,
            look="The distance is from the mean over all examples, not over those that were drawn.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** You make the minibatch 16 times as large. The noise of the gradient becomes: `"1/16"`, `"1/4"`, `"1/2"` of what it was, or stays `"the same"`?

# %% solution="noise_of_16"
# Type your choice: noise_of_16 = "..."
### BEGIN SOLUTION
noise_of_16 = "1/4"
### END SOLUTION

# %% [markdown] hint="noise_of_16"
# Variances of independent examples add up. What is the variance of a mean of $B$ of them, and what its root?

# %% tests="noise_of_16" points=1
check_one_of("noise_of_16", noise_of_16, ["1/16", "1/4", "1/2", "the same"])
### BEGIN HIDDEN TESTS
check_equal("noise_of_16", noise_of_16, "1/4", look="The variance falls like 1/B, the noise is its root.")
### END HIDDEN TESTS

# %% given="noise_of_sizes"
def noise_of_sizes(sizes, seed=6):
    """The noise of 200 minibatches of each size at w = 0, and the length of the gradient itself."""
    x, y = make_problem(seed)
    _, gradients = logistic_loss(np.zeros(20), x, y)
    rng = np.random.default_rng(seed)
    noise = [gradient_noise(gradients, rng.integers(512, size=(200, size))) for size in sizes]
    return noise, np.linalg.norm(gradients.mean(axis=0))

# %% experiment="noise"
sizes = 2 ** np.arange(10)
noise, length = noise_of_sizes(sizes)
exponent, offset = np.polyfit(np.log(sizes), np.log(noise), 1)

figure, axes = plt.subplots(figsize=(6.4, 3.4))
axes.loglog(sizes, noise, "o", label="measured, 200 minibatches each")
axes.loglog(sizes, np.exp(offset) * sizes**exponent, "--", label=f"fit: noise ∝ $B^{{{exponent:.3f}}}$")
axes.axhline(length, color="0.4", linestyle=":", label="length of the gradient itself")
axes.set(xlabel="minibatch size B", ylabel="noise of the gradient",
         title="Four times the work halves the noise")
axes.legend()
show(figure, "Noise of the minibatch gradient against the minibatch size from 1 to 512, both axes "
     "logarithmic. The points lie on a straight line that falls; the legend gives its slope. A dotted "
     "line marks the length of the gradient itself, which the noise exceeds for small minibatches.")

# %% [markdown]
# Read off the exponent of the fit: the noise is proportional to $B$ to the power of what?

# %% solution="noise_exponent"
# Type the exponent: noise_exponent = ...
### BEGIN SOLUTION
noise_exponent = -0.5
### END SOLUTION

# %% [markdown] hint="noise_exponent"
# The legend of the picture says it. Mind the sign: the noise falls.

# %% tests="noise_exponent" points=1
check("noise_exponent", -5 < noise_exponent < 5, f"{noise_exponent} is not a plausible exponent")
### BEGIN HIDDEN TESTS
# The law is −1/2; the fits of 20 seeds (data and minibatches) gave −0.505 to −0.493.
check_close("noise_exponent", noise_exponent, -0.5, rtol=0, atol=0.04,
            look="The slope of the dashed line, with its sign.")
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · Second order
#
# ### Newton's method
#
# Near a point the loss is about a quadratic, $L(w + p) \approx L + g^\top p + \tfrac12 p^\top H p$, with the Hessian $H$. Its minimum is one step away: solve $H p = -g$. There is no learning rate, and a turned valley is as easy as any other.

# %% solution="newton_step"
def newton_step(w, dw, hessian):
    """One step of Newton's method.

    Args:
        w: weights, an array (D,).
        dw: the gradient at w, an array (D,).
        hessian: the matrix of second derivatives at w, an array (D, D), invertible.

    Returns:
        next_w, an array (D,).
    """
    ### BEGIN SOLUTION
    return w - np.linalg.solve(hessian, dw)
    ### END SOLUTION

# %% [markdown] hint="newton_step"
# The step solves a system of linear equations. NumPy solves it without inverting the matrix: `np.linalg.solve`.

# %% tests="newton_step" points=2
hessian = np.array([[2.0, 1.0], [1.0, 3.0]])
check_close("newton_step([1, 2], [4, 7], [[2, 1], [1, 3]])",
            newton_step(np.array([1.0, 2.0]), np.array([4.0, 7.0]), hessian), [0.0, 0.0], rtol=1e-5, atol=1e-9,
            look="This is the gradient of ½ wᵀHw at (1, 2): one step leads to its minimum, (0, 0).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("newton_step")
root, lowest, start = rng.normal(size=(5, 5)), rng.normal(size=5), rng.normal(size=5)
hessian = root @ root.T + np.eye(5)
check_close("newton_step on a quadratic with its minimum elsewhere",
            newton_step(start, hessian @ (start - lowest), hessian), lowest, rtol=1e-4, atol=1e-4,
            look="One step from anywhere leads to the minimum of a quadratic.")
turn = np.array([[1.0, 2.0], [2.0, 1.0]])  # a saddle: Newton goes to it
check_close("newton_step on a saddle", newton_step(np.array([1.0, 0.5]), turn @ [1.0, 0.5], turn),
            [0.0, 0.0], rtol=1e-5, atol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# **What it costs.** A network of $10^8$ weights, numbers of 4 bytes. How many bytes does the Hessian take, stored in full? And how many bytes does the memory of L-BFGS take, which keeps 10 pairs of vectors of the length of the weights in its place?

# %% solution="memory_bill"
# Type the two numbers of bytes: hessian_bytes = ... and lbfgs_bytes = ...
### BEGIN SOLUTION
hessian_bytes = 4 * 10**16  # 10⁸ · 10⁸ numbers: 40 petabytes
lbfgs_bytes = 10 * 2 * 10**8 * 4  # 8 gigabytes
### END SOLUTION

# %% [markdown] hint="memory_bill"
# The Hessian has a row and a column for each weight.

# %% tests="memory_bill" part="hessian" points=1
check("hessian_bytes", hessian_bytes > 1e8, f"{hessian_bytes:g} bytes could not even hold the weights")
### BEGIN HIDDEN TESTS
check_close("hessian_bytes", hessian_bytes, 4e16, rtol=1e-6, look="10⁸ rows of 10⁸ numbers of 4 bytes.")
### END HIDDEN TESTS

# %% tests="memory_bill" part="lbfgs" points=1
check("lbfgs_bytes", lbfgs_bytes > 1e8, f"{lbfgs_bytes:g} bytes could not even hold the weights")
### BEGIN HIDDEN TESTS
check_close("lbfgs_bytes", lbfgs_bytes, 8e9, rtol=1e-6,
            look="10 pairs are 20 vectors of 10⁸ numbers of 4 bytes.")
### END HIDDEN TESTS

# %% [markdown]
# ### How far along a direction?
#
# Away from a quadratic, the full step may overshoot. A *line search* looks for a step length $t$ along the direction $p$. Armijo (1966) asks for a decrease that is worth the distance:
#
# $$L(w + t p) \le L(w) + c_1\, t\, \nabla L(w)^\top p$$
#
# *Backtracking* begins with a long step and shortens it until this holds (Nocedal & Wright, algorithm 3.1).

# %% solution="backtracking"
def backtracking(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    """The first of the steps step, step·shrink, step·shrink², … with sufficient decrease.

    Args:
        loss: a function; loss(x) is a number, and NaN where the loss isn't defined.
        gradient: a function; gradient(x) is an array of the shape of x.
        w: where the search starts, an array (D,). It is not changed.
        direction: the direction of the search, an array (D,).
        step: the first step length to try.
        shrink: the factor after each failure, between 0 and 1.
        c1: the share of the promised decrease that is demanded. NaN is no decrease.

    Returns:
        The step length, a number.

    Raises:
        ValueError: the direction doesn't lead downhill (its slope at w is not negative).
    """
    ### BEGIN SOLUTION
    slope = gradient(w) @ direction
    if not slope < 0:
        raise ValueError(f"not a direction of descent: the slope along it is {slope}")
    here = loss(w)
    while not loss(w + step * direction) <= here + c1 * step * slope:
        step = step * shrink
    return step
    ### END SOLUTION

# %% [markdown] hint="backtracking"
# The slope along the direction is a dot product, and negative. On which side of the inequality does that make the demand stricter?

# %% [markdown] hint="backtracking"
# How does `nan > 1` compare, and how does `not nan <= 1`? Only one of the two goes on searching.

# %% [markdown] hint="backtracking"
# `while not loss(w + step * direction) <= loss(w) + c1 * step * slope:` shorten the step.

# %% tests="backtracking" points=3 changes="shown"
parabola, slope, w = (lambda x: float(x @ x)), (lambda x: 2 * x), np.array([1.0])
got = backtracking(parabola, slope, w, np.array([-8.0]), step=1.0, shrink=0.5, c1=0.1)
check_close("backtracking of x² from 1 along −8, c1=0.1", got, 0.125, rtol=1e-5,
            look="1, 0.5 and 0.25 overshoot to −7, −3 and −1, where the loss is no lower; 0.125 reaches 0.")
check_unchanged("backtracking(loss, gradient, w, direction)", "w", [1.0], w)
check_raises("backtracking of x² from 1 along +1", ValueError, backtracking, parabola, slope,
             np.array([1.0]), np.array([1.0]), look="Uphill no step decreases the loss.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("backtracking")
root = rng.normal(size=(3, 3))
hessian = root @ root.T + np.eye(3)
for _ in range(4):
    w, c1, shrink = rng.normal(size=3), rng.uniform(0.1, 0.45), rng.uniform(0.4, 0.8)
    direction = -rng.uniform(1, 4) * np.linalg.solve(hessian + np.eye(3), hessian @ w)
    # On a quadratic, the condition holds exactly for steps up to 2 (1 − c1) |slope| / curvature.
    limit = -2 * (1 - c1) * (w @ hessian @ direction) / (direction @ hessian @ direction)
    first = limit * rng.uniform(1.5, 20)
    expected = first * shrink ** np.ceil(np.log(limit / first) / np.log(shrink))
    got = backtracking(
        lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction, first, shrink, c1
    )
    check_close(f"backtracking on a quadratic, c1={c1:.2f}, shrink={shrink:.2f}", got, expected,
                rtol=1e-5,
                look="Accept as soon as loss(w + step·p) ≤ loss(w) + c1·step·(gradient(w) · p).")
    got = backtracking(
        lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction, 0.9 * limit, shrink, c1
    )
    check_close("backtracking on a quadratic, with a first step that is good enough", got, 0.9 * limit,
                rtol=1e-5, look="Try the first step before you shorten it.")


def fence(x):
    return float(x[0] - np.log(x[0])) if x[0] > 0 else float("nan")


check_close("backtracking of x − log x from 5 along −10, NaN at 0 and below",
            backtracking(fence, lambda x: 1 - 1 / x, np.array([5.0]), np.array([-10.0])), 0.25, rtol=1e-5,
            look="NaN compares as False with everything: a NaN must not end the search.")
check_raises("backtracking along a level line", ValueError, backtracking, lambda x: float(x @ x),
             lambda x: 2 * x, np.array([1.0, 0.0]), np.array([0.0, 1.0]),
             look="A slope of 0 is no descent.")
### END HIDDEN TESTS

# %% [markdown]
# Armijo alone accepts steps that are far too short. Wolfe (1969) adds a *curvature condition*: the slope at the new point must have become flatter, or even positive,
#
# $$\nabla L(w + t p)^\top p \;\ge\; c_2\, \nabla L(w)^\top p, \qquad 0 < c_1 < c_2 < 1.$$
#
# It also guarantees what the next section lives on: that the gradient has changed along the step in the way of a convex function, $s^\top y > 0$.

# %% solution="wolfe"
def wolfe(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    """Whether a step fulfils the (weak) Wolfe conditions.

    Args:
        loss, gradient: functions of an array (D,); a number, an array (D,).
        w, direction: arrays (D,); the direction leads downhill.
        step: the step length, positive.

    Returns:
        (sufficient, curved): two booleans, for the sufficient decrease (with c1) and for the
        curvature condition (with c2).
    """
    ### BEGIN SOLUTION
    slope, there = gradient(w) @ direction, w + step * direction
    sufficient = loss(there) <= loss(w) + c1 * step * slope
    curved = gradient(there) @ direction >= c2 * slope
    return bool(sufficient), bool(curved)
    ### END SOLUTION

# %% [markdown] hint="wolfe"
# Both slopes, here and there, are dot products with the same direction. The first one is negative: what does "flatter" mean for the second one?

# %% tests="wolfe" points=2
parabola, slope = (lambda x: float(x @ x)), (lambda x: 2 * x)
for length, expected, why in (
        (0.01, [True, False], "This step is too short: the slope has hardly changed."),
        (0.5, [True, True], "This step leads to the minimum."),
        (0.99, [False, True], "This step is too long: the loss has hardly fallen, but the slope is positive by now.")):
    got = wolfe(parabola, slope, np.array([1.0]), np.array([-2.0]), length, 0.1, 0.9)
    check_equal(f"wolfe of x² from 1 along −2, step {length}, c1=0.1, c2=0.9", [bool(g) for g in got], expected, look=why)
### BEGIN HIDDEN TESTS
rng = hidden_rng("wolfe")
root, w = rng.normal(size=(3, 3)), rng.normal(size=3)
hessian = root @ root.T + np.eye(3)
direction = -np.linalg.solve(hessian + np.eye(3), hessian @ w)
best = -(w @ hessian @ direction) / (direction @ hessian @ direction)
c1, c2 = rng.uniform(0.05, 0.3), rng.uniform(0.4, 0.8)
# On a quadratic, with the best step as the unit: decrease up to 2 (1 − c1), curvature from 1 − c2 on.
for share in (0.3 * (1 - c2), 0.9 * (1 - c2), 1.1 * (1 - c2), 1.0, 1.97 * (1 - c1), 2.03 * (1 - c1),
              2.5):
    got = wolfe(lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction,
                share * best, c1, c2)
    check_equal(f"wolfe on a quadratic, {share:.2f} of the best step, c1={c1:.2f}, c2={c2:.2f}",
                [bool(g) for g in got], [bool(share <= 2 * (1 - c1)), bool(share >= 1 - c2)],
                look="c1 goes with the decrease of the loss, c2 with the slope at the new point.")
### END HIDDEN TESTS

# %% [markdown]
# ### L-BFGS
#
# Two gradients tell something about the curvature: with $s = w' - w$ and $y = g' - g$, a quadratic has $y = Hs$. BFGS builds an approximation of $H^{-1}$ from such pairs; *limited-memory* BFGS (Nocedal, 1980; Liu & Nocedal, 1989) keeps the last few pairs and never forms a matrix. The direction $-H^{-1}g$ comes out of two loops over the pairs (Nocedal & Wright, algorithm 7.4), with $\rho = 1 / (y^\top s)$:
#
# 1. $q = g$. From the **newest** pair to the oldest: $\alpha = \rho\, s^\top q$, then $q \leftarrow q - \alpha y$.
# 2. $r = \gamma q$, with $\gamma = s^\top y / y^\top y$ of the newest pair (1 if there is none).
# 3. From the **oldest** pair to the newest: $\beta = \rho\, y^\top r$, then $r \leftarrow r + s(\alpha - \beta)$, with the $\alpha$ of this pair.
# 4. The direction is $-r$.

# %% solution="lbfgs_direction"
def lbfgs_direction(dw, pairs):
    """The direction of L-BFGS by the two-loop recursion.

    Args:
        dw: the gradient, an array (D,). It is not changed.
        pairs: a list of tuples (s, y) of arrays (D,), the oldest first; s is a change of the
            weights, y the change of the gradient that came with it. May be empty. The list
            and its arrays are the memory of the method: leave them as they are.

    Returns:
        The direction −H⁻¹ dw, with the H⁻¹ that the pairs give, an array (D,); −dw if there are no pairs.
    """
    ### BEGIN SOLUTION
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r
    ### END SOLUTION

# %% [markdown] hint="lbfgs_direction"
# `reversed(pairs)` walks from the newest to the oldest without touching the list. The alphas come out in that order; in which order does the second loop need them?

# %% [markdown] hint="lbfgs_direction"
# With a single pair, the result must fulfil $H^{-1} y = s$: the direction for `dw = y` is `-s`. Try it by hand.

# %% [markdown] hint="lbfgs_direction"
# First loop: `alpha = s @ q / (y @ s)`, `q = q - alpha * y`. Scale by `(s @ y) / (y @ y)`. Second loop: `beta = y @ r / (y @ s)`, `r = r + s * (alpha - beta)`. Return `-r`.

# %% tests="lbfgs_direction" points=4 changes="shown"
dw = np.array([1.0, 2.0])
check_close("lbfgs_direction([1, 2], [])", lbfgs_direction(dw.copy(), []), [-1.0, -2.0], rtol=1e-5,
            look="Without pairs this is steepest descent.")
pair = (np.array([1.0, 0.0]), np.array([2.0, 0.0]))
check_close("lbfgs_direction([1, 2], [([1, 0], [2, 0])])", lbfgs_direction(dw.copy(), [pair]), [-0.5, -1.0], rtol=1e-5,
            look="The pair says that the curvature is 2; gamma = ½ carries that to the other direction.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("lbfgs_direction")
root = rng.normal(size=(5, 5))
hessian = root @ root.T / 5 + np.eye(5)
steps = rng.normal(size=(4, 5))
pairs = [(s, hessian @ s + 0.1 * s) for s in steps]
dw = rng.normal(size=5)
# The same matrix, dense: H ← VᵀHV + ρ s sᵀ with V = 1 − ρ y sᵀ (Nocedal & Wright, equation 7.16).
s, y = pairs[-1]
inverse = np.eye(5) * (s @ y) / (y @ y)
for s, y in pairs:
    v = np.eye(5) - np.outer(y, s) / (y @ s)
    inverse = v.T @ inverse @ v + np.outer(s, s) / (y @ s)
given, kept = [(s.copy(), y.copy()) for s, y in pairs], dw.copy()
got = lbfgs_direction(kept, given)
check_unchanged("lbfgs_direction", "dw", dw, kept, look="Start from a copy of dw: the next pair is made with it.")
check_close("lbfgs_direction for the y of the newest pair",
            lbfgs_direction(pairs[-1][1].copy(), given), -pairs[-1][0], rtol=1e-5, atol=1e-6,
            look="Any number of pairs must give H⁻¹ y = s for the newest one.")
check_close("lbfgs_direction with four pairs", got, -inverse @ dw, rtol=1e-5, atol=1e-6,
            look="First loop from the newest pair, scale by gamma of the newest, second loop from the oldest.")
for place, ((s, y), (s_before, y_before)) in enumerate(zip(given, pairs, strict=True)):
    check_unchanged("lbfgs_direction", f"pairs[{place}]", [s_before, y_before], [s, y],
                    look="Don't reverse the list in place: it is the memory of the method.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell puts your line search and your direction together. A pair with $s^\top y \le 0$ would break the recursion and is left out.

# %% given="lbfgs"
def on_batch(x, y):
    """The loss of a batch and its gradient, as functions of the weights."""
    return (lambda w: logistic_loss(w, x, y)[0], lambda w: logistic_loss(w, x, y)[1].mean(axis=0))


def lbfgs(batches, w, memory=10):
    """L-BFGS, one step a batch: batches are pairs (x, y); the path of the weights (steps + 1, D)."""
    path, pairs = [w], []
    for batch in batches:
        loss, gradient = on_batch(*batch)
        before = gradient(path[-1])
        direction = lbfgs_direction(before, pairs)
        if before @ direction >= 0:  # a bad memory: forget it
            pairs, direction = [], -before
        step = backtracking(loss, gradient, path[-1], direction)
        path.append(path[-1] + step * direction)
        change = step * direction, gradient(path[-1]) - before
        if change[0] @ change[1] > 1e-12:
            pairs = [*pairs, change][-memory:]
    return np.array(path)

# %% [markdown]
# **Predict.** On all 512 examples, L-BFGS will beat gradient descent and Adam by powers of ten. Now each of its steps gets another minibatch of 16 examples. After 60 steps, the loss on all data is: `"as low"` as on the full batch, `"between"` the full batch and SGD with the same minibatches, or `"above SGD"`?

# %% solution="on_minibatches"
# Type your choice: on_minibatches = "..."
### BEGIN SOLUTION
on_minibatches = "above SGD"
### END SOLUTION

# %% [markdown] hint="on_minibatches"
# Each minibatch has a minimum of its own. The line search goes all the way towards it, and the pair (s, y) measures the curvature of 16 examples in one direction of 20. What does the next minibatch make of that memory?

# %% tests="on_minibatches" points=1
check_one_of("on_minibatches", on_minibatches, ["as low", "between", "above SGD"])
### BEGIN HIDDEN TESTS
# Mean loss of the last 20 of 60 steps: above SGD's on 20 seeds of 20,
# by a factor of 2.3 or more (medians 0.32 and 0.07 above the least loss).
check_equal("on_minibatches", on_minibatches, "above SGD",
            look="The curvature of one minibatch is wrong for the next; full trust in it leads astray.")
### END HIDDEN TESTS

# %% given="losses_on_batches"
def walk(rule, batches, rate):
    stream = iter(batches)
    return follow(rule, lambda w: logistic_loss(w, *next(stream))[1].mean(axis=0), np.zeros(20),
                  len(batches), learning_rate=rate)


def losses_on_batches(size, rates, seed=6, steps=60):
    """The loss on all data above the least, step by step, of three rules with minibatches of a size.

    A size of 512 is all data, in their order. The rates are those of gradient descent and Adam.
    """
    x, y = make_problem(seed)
    rng = np.random.default_rng(seed)
    batches = [(x, y)] * steps
    if size < 512:
        batches = [(x[rows], y[rows])
                   for rows in (rng.choice(512, size, replace=False) for _ in range(steps))]
    least = logistic_loss(lbfgs([(x, y)] * 80, np.zeros(20))[-1], x, y)[0]
    runs = {"gradient descent": walk(sgd, batches, rates[0]), "Adam": walk(adam, batches, rates[1]),
            "L-BFGS": lbfgs(batches, np.zeros(20))}
    return {name: [max(logistic_loss(w, x, y)[0] - least, 1e-11) for w in path]
            for name, path in runs.items()}

# %% experiment="lbfgs_on_minibatches"
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.3))
for ax, size, rates in ((axes[0], 512, (1.5, 0.3)), (axes[1], 16, (1.0, 0.05))):
    runs = losses_on_batches(size, rates)
    for (name, above), dash in zip(runs.items(), ("--", "-.", "-"), strict=True):
        ax.semilogy(above, dash, label=name)
axes[0].set(xlabel="step", ylabel="loss on all data, above the least", title="All 512 examples a step")
axes[1].set(xlabel="step", ylabel="loss on all data, above the least", ylim=(0.02, 2),
            title="Another 16 examples a step")
figure.subplots_adjust(wspace=0.35)
axes[0].legend(loc="lower left")
show(figure, "Loss above the least possible one against the step. Left, with all examples: gradient "
     "descent and Adam fall slowly, L-BFGS falls by ten powers of ten. Right, with minibatches of 16: "
     "gradient descent and Adam hover below the start, L-BFGS jumps about and ends above both.")

# %% [markdown]
# So curvature wants gradients that can be compared. With full batches, or with a few large ones that overlap, L-BFGS is hard to beat; on small minibatches its memory is made of noise, and its line search trusts a loss that the next step no longer has.

# %% [markdown]
# ## 10 · In PyTorch
#
# Now the real thing. An optimizer in PyTorch is a subclass of `torch.optim.Optimizer`. It holds *parameter groups*, dictionaries with a list of parameters and the settings for them, and for each parameter a *state*. Keep the memory in `self.state[p]` and nowhere else: then `state_dict()` saves it, and training goes on after a restart as if nothing had happened.
#
# Your `AdamWByHand` uses the names of PyTorch's own AdamW. The last test saves your checkpoint in mid-training and lets PyTorch's AdamW go on from it.

# %% solution="torch_adamw" forbid="torch.optim.AdamW torch.optim.Adam"
class AdamWByHand(torch.optim.Optimizer):
    """AdamW (Loshchilov & Hutter 2019), step for step like ``torch.optim.AdamW``.

    Args:
        params: parameters, or a list of groups: dictionaries with "params" and, where they differ
            from the defaults, "lr", "betas", "eps", "weight_decay".
        lr, betas, eps, weight_decay: the defaults for all groups.

    State, for each parameter p that has had a gradient: ``self.state[p]`` holds ``"step"`` (the
    number of steps of this parameter), ``"exp_avg"`` (m) and ``"exp_avg_sq"`` (v), tensors of the
    shape, dtype and device of p. A parameter whose ``grad`` is None is left alone: no step, no
    decay, no state. No ``grad`` is changed.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        """Change all parameters in place; returns the loss of the closure, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        ### BEGIN SOLUTION
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
                state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
                v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
        ### END SOLUTION
        return loss

# %% [markdown] hint="torch_adamw"
# Two loops: over `self.param_groups`, and over `group["params"]`. All settings come from the group, since groups may differ and a schedule changes `group["lr"]` later.

# %% [markdown] hint="torch_adamw"
# `state = self.state[p]` is an empty dictionary at first. Fill it with `step=0` and two tensors `torch.zeros_like(p)`; after loading a checkpoint it is full already.

# %% [markdown] hint="torch_adamw"
# Change `p` in place (`p.mul_`, `p.sub_`, `p.copy_`): `p = p - …` only gives a new tensor a name, and the network never sees it.

# %% tests="torch_adamw" part="steps" points=2
@probe
def walk_by_hand(start, slopes, settings):
    """The path of one parameter on the device of this machine."""
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    optimizer, path = AdamWByHand([p], **settings), []
    for slope in slopes:
        p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
        optimizer.step()
        path.append(p.detach().cpu().numpy().copy())
    return path


got = walk_by_hand(np.array([1.0, -2.0]), np.array([[0.0, 3.0]]), {"lr": 0.1, "weight_decay": 0.5})
check_close("one step of AdamWByHand from [1, -2] with the gradient [0, 3], lr=0.1, weight_decay=0.5", got[0],
            [0.95, -2.0], rtol=1e-5, look="The same numbers as in the test of adamw.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(8, 3, 2))
settings = {"lr": rng.uniform(0.05, 0.3), "betas": (rng.uniform(0.6, 0.9), rng.uniform(0.8, 0.99)),
            "eps": rng.uniform(0.01, 0.1), "weight_decay": rng.uniform(0.1, 0.6)}
check_walk("AdamWByHand", np.array(walk_by_hand(start, slopes, settings)),
           torch_path(torch.optim.AdamW, slopes, start, 8, **settings)[1:],
           look="Compare it line by line with adamw.")

@probe
def gradient_after_a_step(start, slope):
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
    AdamWByHand([p], weight_decay=0.5).step()
    return p.grad.cpu().numpy()


check_close("p.grad after a step of AdamWByHand", gradient_after_a_step(start, slopes[0]), slopes[0],
            rtol=1e-5, atol=1e-6, look="Only p and its state change: no in-place operation on p.grad.")
### END HIDDEN TESTS

# %% tests="torch_adamw" part="groups" points=2
@probe
def walk_two(one, two, slopes, firsts, seconds):
    """Two groups; idle never has a gradient, b has one in every other step only."""
    where = dict(dtype=check_dtype(device()), device=device())
    a, b = (torch.nn.Parameter(torch.tensor(start, **where)) for start in (one, two))
    idle = torch.nn.Parameter(torch.ones(1, **where))
    stepper = AdamWByHand([{"params": [idle, a], **firsts}, {"params": [b], **seconds}], lr=0.01)
    for count, slope in enumerate(slopes):
        a.grad = torch.tensor(slope, **where)
        b.grad = torch.tensor(slope, **where) if count % 2 else None
        stepper.step()
    return a.detach().cpu().numpy().copy(), b.detach().cpu().numpy().copy()


a, b = walk_two(np.array([1.0]), np.array([1.0]), np.array([[2.0]]),
                {"lr": 0.5, "weight_decay": 0.0}, {})
check_close("one step of a group with lr=0.5, weight_decay=0, from [1]", a, [0.5], rtol=1e-5,
            look="The settings come from the group, not from the defaults; a parameter without a "
            "gradient is passed over, and the others go on.")
check_close("one step of a parameter [1] without a gradient", b, [1.0], rtol=1e-5,
            look="It is left alone: no decay either.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw_groups")
one, two, slopes = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(6, 3))
firsts = {"lr": rng.uniform(0.1, 0.3), "betas": (0.5, 0.9), "weight_decay": rng.uniform(0.2, 0.6)}
seconds = {"lr": rng.uniform(0.03, 0.08), "eps": rng.uniform(0.05, 0.2), "weight_decay": 0.0}
expected_one = torch_path(torch.optim.AdamW, slopes, one, 6, **firsts)[-1]
expected_two = torch_path(torch.optim.AdamW, slopes[1::2], two, 3, **seconds)[-1]
a, b = walk_two(one, two, slopes, firsts, seconds)
check_close("six steps of a group with its own lr, betas and weight_decay", a, expected_one,
            rtol=1e-4, atol=1e-5, look="Take lr, betas, eps and weight_decay from the group.")
check_close("three steps of a parameter that has a gradient in every other step only", b,
            expected_two, rtol=1e-4, atol=1e-5, look="Each parameter counts its own steps.")
### END HIDDEN TESTS

# %% tests="torch_adamw" part="checkpoint" points=2
@probe
def interrupted(start, slopes, settings, successor):
    """Half of the steps by hand, a checkpoint, the other half by a new optimizer."""
    import copy

    kind = AdamWByHand if successor == "by hand" else torch.optim.AdamW
    p = torch.nn.Parameter(torch.tensor(start, dtype=check_dtype(device()), device=device()))
    first = AdamWByHand([p], **settings)
    for count, slope in enumerate(slopes):
        if count == len(slopes) // 2:
            checkpoint = copy.deepcopy(first.state_dict())
            p = torch.nn.Parameter(p.detach().clone())
            first = kind([p])
            first.load_state_dict(checkpoint)
        p.grad = torch.tensor(slope, dtype=p.dtype, device=p.device)
        first.step()
    return p.detach().cpu().numpy().copy()


slopes = np.array([[1.0], [-2.0], [1.0], [0.5]])
expected = torch_path(torch.optim.AdamW, slopes, np.array([1.0]), 4, lr=0.1)[-1]
check_close("four steps of AdamWByHand, saved and loaded after two",
            interrupted(np.array([1.0]), slopes, {"lr": 0.1}, "by hand"), expected, rtol=1e-4,
            look="All memory must live in self.state[p], or a checkpoint loses it.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_adamw_checkpoint")
start, slopes = rng.normal(size=3), rng.normal(size=(8, 3))
settings = {"lr": rng.uniform(0.05, 0.3), "betas": (0.8, 0.95),
            "weight_decay": rng.uniform(0.1, 0.5)}
expected = torch_path(torch.optim.AdamW, slopes, start, 8, **settings)[-1]
for successor in ("by hand", "torch"):
    check_close(f"eight steps, the last four after loading your checkpoint into the AdamW {successor}",
                interrupted(start, slopes, settings, successor), expected, rtol=1e-4, atol=1e-5,
                look="The state of p holds step, exp_avg and exp_avg_sq, as in PyTorch.")
### END HIDDEN TESTS

# %% [markdown]
# ### A schedule in PyTorch
#
# `torch.optim.lr_scheduler.LambdaLR` multiplies the initial learning rate of *each group* by a factor that depends on the step. Write with it the schedule of Vaswani et al. (2017), scaled so that its peak is 1: a linear rise over `warmup` steps, then a fall with the inverse square root.

# %% solution="warmup_rsqrt"
def warmup_rsqrt(optimizer, warmup):
    """A scheduler for the optimizer: linear warm-up, then 1/√step.

    Args:
        optimizer: a torch.optim.Optimizer, whose groups have learning rates of their own.
        warmup: the number of steps of the rise, at least 1.

    Returns:
        A torch.optim.lr_scheduler.LambdaLR. With k steps done before, the learning rate of each
        group is its initial one times min((k + 1) / warmup, √(warmup / (k + 1))).
    """
    ### BEGIN SOLUTION
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min((k + 1) / warmup, (warmup / (k + 1)) ** 0.5)
    )
    ### END SOLUTION

# %% [markdown] hint="warmup_rsqrt"
# `LambdaLR(optimizer, function)` calls `function(k)` with the number of steps done. Must it return a learning rate or a factor?

# %% tests="warmup_rsqrt" points=2
@probe
def rates_of(initial, warmup, steps):
    """The learning rates of groups that begin with the given ones, step by step."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in initial]
    optimizer = torch.optim.SGD(groups)
    scheduler, rates = warmup_rsqrt(optimizer, warmup), []
    for _ in range(steps):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


check_close("the learning rates of warmup_rsqrt(optimizer, 2), initial 0.4, over 8 steps",
            np.array(rates_of([0.4], 2, 8))[[0, 1, 7], 0], [0.2, 0.4, 0.2], rtol=1e-6,
            look="Half, all, and after eight steps √(2/8) of the initial rate.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("warmup_rsqrt")
initial, warmup = rng.uniform(0.1, 0.9, size=2), int(rng.integers(3, 9))
done = np.arange(1, 4 * warmup + 1)
factor = np.where(done < warmup, done / warmup, np.sqrt(warmup / done))
check_close(f"the learning rates of two groups over {4 * warmup} steps, warmup={warmup}",
            np.array(rates_of(list(initial), warmup, 4 * warmup)), factor[:, None] * initial,
            rtol=1e-5,
            look="The function gives a factor; LambdaLR multiplies each group's own rate by it.")
### END HIDDEN TESTS

# %% [markdown]
# ### Fused and foreach
#
# PyTorch's AdamW comes in three builds that compute the same: `foreach=False` walks over the parameters one by one, as you did; `foreach=True` hands lists of tensors to each operation; `fused=True` does the whole update in one go.
#
# **Predict.** What does the fused build mainly save, for a network of many small tensors: `"arithmetic"`, `"memory for m and v"`, or `"calls and trips through memory"`?

# %% solution="fused_saves"
# Type your choice: fused_saves = "..."
### BEGIN SOLUTION
fused_saves = "calls and trips through memory"
### END SOLUTION

# %% [markdown] hint="fused_saves"
# Count in your `step`: how many operations, each of which reads and writes whole tensors, does one parameter cost? How many of them would a single loop over the numbers need?

# %% tests="fused_saves" points=1
check_one_of("fused_saves", fused_saves,
             ["arithmetic", "memory for m and v", "calls and trips through memory"])
### BEGIN HIDDEN TESTS
check_equal("fused_saves", fused_saves, "calls and trips through memory",
            look="m and v are needed all the same, and each number still costs the same few operations.")
### END HIDDEN TESTS

# %% given="four_builds"
import time


def four_builds(where):
    """Four AdamWs by name, each over 100 small tensors of its own that have gradients."""
    kinds = {"by hand": (AdamWByHand, {}), "one by one": (torch.optim.AdamW, {"foreach": False}),
             "foreach": (torch.optim.AdamW, {"foreach": True}),
             "fused": (torch.optim.AdamW, {"fused": True})}
    made = {}
    for name, (kind, settings) in kinds.items():
        tensors = [torch.nn.Parameter(torch.ones(32, 32, device=where)) for _ in range(100)]
        for tensor in tensors:
            tensor.grad = torch.ones_like(tensor)
        made[name] = kind(tensors, **settings)
    return made


def milliseconds_a_step(optimizer, where):
    """The median time of six steps, after two to warm up."""
    wait = {"cuda": torch.cuda.synchronize, "mps": lambda: torch.mps.synchronize()}
    settle, seconds = wait.get(where.type, lambda: None), []
    for _ in range(8):
        settle()  # a GPU works behind our back: wait for it before looking at the clock
        begin = time.perf_counter()
        optimizer.step()
        settle()
        seconds.append(time.perf_counter() - begin)
    return 1000 * np.median(seconds[2:])

# %% experiment="fused"
where = device()
costs = {name: milliseconds_a_step(optimizer, where)
         for name, optimizer in progress(four_builds(where).items(), "builds")}
figure, axes = plt.subplots(figsize=(6.4, 2.4))
axes.bar_label(axes.barh(list(costs), list(costs.values())), fmt="%.2f ms", padding=3)
axes.set(xlabel=f"milliseconds a step (median of 6), 100 tensors of 32 × 32 on {where.type}",
         xlim=(0, 1.2 * max(costs.values())))
axes.invert_yaxis()
show(figure, "Milliseconds for one step of AdamW over 100 small tensors, four bars: "
     + "; ".join(f"{name} {cost:.2f}" for name, cost in costs.items()) + ".")

# %% [markdown]
# ## 11 · Your advice

# %% [markdown] answer="advice" points=3
# **In four or five sentences:** a friend trains a network of $10^8$ weights on minibatches of 32 examples, with L-BFGS, because "second-order methods need fewer steps". The loss jumps about. Explain what goes wrong, what you would use instead with which schedule, and one case in which L-BFGS would be a good choice.
#
# ### BEGIN SOLUTION
# Each minibatch has its own loss: the pairs (s, y) compare curvature that is mostly noise (with 32 examples the noise of the gradient is 1/√32 of one example's, often more than the gradient itself), the line search walks to the minimum of one minibatch, and the next step trusts a memory that was measured on another loss. I would use AdamW, or SGD with momentum, whose averages smooth the noise, with a warm-up, since Adam's averages and the first gradients are unreliable, and a cosine decay to zero, since a constant rate leaves a floor of noise in proportion to it. L-BFGS is good where the gradient is exact and steps are expensive: full-batch problems of modest size, such as logistic regression or fitting a physical model.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the curvature pairs or the line search come from different, noisy losses (one of the two suffices; "it is noisy" alone does not).
#
# 1 point: a first-order rule with averages (SGD with momentum, Adam, AdamW) and a schedule that falls, with a reason for the schedule (noise floor, or warm-up).
#
# 1 point: a fitting case: full batch or deterministic, small or moderate number of weights or smooth problem.
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What do $s$ and $y$ have to have in common for $y \approx Hs$ to hold? And what is left of the noise when the learning rate falls?

# %% [markdown]
# ## Explore further (no marks)
#
# - **Race on your own course.** `races.Landscape` takes a loss and its gradient. Try Rosenbrock's banana, $(1-w_1)^2 + 20\,(w_2 - w_1^2)^2$, or a landscape with two minima: who ends where?
# - **Tune honestly.** In the race, each rule got a learning rate by hand. Search ten rates for each rule, compare the best, and see how much of the ranking was tuning (Choi et al., 2019, *On empirical comparisons of optimizers for deep learning*).
# - **Does Adam converge?** Reddi, Kale & Kumar (2018), *On the convergence of Adam and beyond*, give a convex problem of one weight on which it doesn't. Build it with `follow`, then add their maximum of $v$ (AMSGrad).
# - **Beyond the diagonal.** Turn the turned valley back: Shampoo (Gupta, Koren & Singer, 2018) and Muon (2024) precondition matrices on both sides. How many steps do they need in section 6?
# - **Overlapping batches.** Give L-BFGS minibatches that share half of their examples and take $y$ on the shared half only (Berahas, Nocedal & Takáč, 2016). Does it recover?
# - **How large a batch?** McCandlish et al. (2018), *An empirical model of large-batch training*, predict the useful batch size from the noise that you measured in section 8. Estimate it for logistic regression.
