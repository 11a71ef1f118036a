# %% [markdown]
# ## 1 · One interface for all rules
#
# An update rule gets the weights `w`, the gradient `dw` of the loss there,
# and a dictionary `config`.
# It returns the next weights and the `config` for the next call:
#
# ```
# next_w, config = rule(w, dw, config)
# ```
#
# `config` holds the settings (`learning_rate`, `momentum`, …) and the memory of the rule
# (`velocity`, `cache`, `m`, `v`, `t`).
# A setting or a memory that is missing gets its default.
# You may write into the given dictionary and arrays or copy them;
# **what counts is what you return**.

# %% [markdown]
# The next cell holds the loop in which all rules run, and its referee:
# the same loop around one of PyTorch's own optimizers, in double precision.
# The tests of this notebook compare your path with the referee's.

# %% shared="walks"
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
# Two smaller ones: a gradient may come as a function or as a list of gradients, one a step;
# and two paths are compared step by step.

# %% shared="comparing"
def check_walk(call, got, expected, look):
    """Compare two paths step by step: the message names the first step that is wrong."""
    check_equal(f"the number of steps of {call}", len(got), len(expected))
    for step in range(len(expected)):
        check_close(f"{call}, after step {step},", got[step], expected[step],
                    rtol=1e-5, atol=1e-6, look=look)


def as_function(gradient):
    """A gradient function as it is; an array of gradients as a function that hands them out."""
    given = None if callable(gradient) else iter(gradient)
    return gradient if given is None else lambda w: next(given).copy()

# %% [markdown]
# ### Gradient descent
#
# Start with the simplest rule:
# walk against the gradient, $w \leftarrow w - \eta \nabla L(w)$, with the learning rate $\eta$.
# When the gradient comes from a minibatch,
# this is *stochastic* gradient descent (Robbins & Monro, 1951).

# %% solution="sgd" title="Gradient descent"
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
# Take a valley whose floor has curvature 1 and whose walls have curvature 40:
# $L(w) = \tfrac12 (w_1^2 + 40\,w_2^2)$.
# The experiment walks 100 steps with each of 61 learning rates.
# Somewhere there is a cliff.

# %% sandboxed="losses_left"
def losses_left(course, rates, steps=100):
    """The loss that gradient descent has left on a course, with each of the learning rates."""
    ends = [follow(sgd, course.gradient, course.start, steps, learning_rate=rate)[-1]
            for rate in rates]
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
     "scale. It falls smoothly as the rate grows from 0.01, and at one rate it jumps up and grows "
     "by many powers of ten: to the right of it the walk runs away.")

# %% [markdown]
# Read off the learning rate at which the walk begins to run away.
# (Then look for it in the formula:
# along a direction of curvature $\lambda$, each step multiplies the distance by $1 - \eta\lambda$.
# At which $\eta$ does that factor reach −1 for the steepest wall?)

# %% solution="critical_rate" title="Critical learning rate"
# Type the learning rate at the cliff: critical_rate = ...
### BEGIN SOLUTION
critical_rate = 0.05  # 2 / 40
### END SOLUTION

# %% [markdown] hint="critical_rate"
# Where does the curve cross the dotted line, upwards?

# %% [markdown] hint="critical_rate"
# $|1 - \eta\lambda| < 1$ holds for $0 < \eta < 2/\lambda$.
# Which of the two curvatures is the one that hurts first?

# %% tests="critical_rate" points=1
check("critical_rate", 0.01 <= critical_rate <= 0.07,
      f"{critical_rate} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# The cliff is 2/40 whatever the start is; a tick of the sweep is 0.001 wide.
check_close("critical_rate", critical_rate, 0.05, rtol=0, atol=0.002,
            look="The walk runs away where the curve jumps above the dotted line.")
### END HIDDEN TESTS

# %% [markdown]
# So the steepest direction dictates the learning rate, and the flattest one pays for it:
# it needs about $\lambda_\max/\lambda_\min$ steps.
# That ratio is the *condition number*.
# All that follows in sections 2 to 4 is an answer to it.
