# %% [markdown]
# ## 2 · Momentum
#
# Polyak (1964) gave the point a mass.
# A velocity gathers the gradients:
# along the floor of a valley they agree and add up, across it they alternate and cancel.
#
# $$v \leftarrow \mu v - \eta\,\nabla L(w), \qquad w \leftarrow w + v$$
#
# *A word on conventions.*
# Here the velocity is in units of the weights and contains the learning rate, as in CS231n.
# PyTorch keeps $b \leftarrow \mu b + \nabla L$ and steps by $-\eta b$.
# The two walk the same path as long as the learning rate stays the same;
# after a change of the learning rate, ours slows down over some steps and PyTorch's at once.

# %% solution="sgd_momentum" title="Momentum"
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
# Two lines: first the new velocity from the old one and the gradient, then the step.
# Which of the two velocities does the step use?

# %% [markdown] hint="sgd_momentum"
# The new velocity is `momentum * velocity - learning_rate * dw`.
# It must be in `config` when you return, or the next call starts from rest.

# %% tests="sgd_momentum" points=3
settings = {"learning_rate": 0.1, "momentum": 0.5, "velocity": np.array([1.0, -1.0])}
got, config = sgd_momentum(np.array([1.0, 2.0]), np.array([0.5, -0.5]), settings)
call = ("sgd_momentum([1, 2], [0.5, -0.5], "
        "{'learning_rate': 0.1, 'momentum': 0.5, 'velocity': [1, -1]})")
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
# The velocity holds the learning rate of the step that made it:
# a rate of 0 leaves a coasting point.
_, config = sgd_momentum(start.copy(), slopes[0].copy(),
                         {"learning_rate": rate, "momentum": momentum})
coasting, _ = sgd_momentum(start.copy(), slopes[1].copy(), {**config, "learning_rate": 0.0})
check_close(
    "a step of sgd_momentum at learning rate 0 after one at another rate", coasting,
    start - momentum * rate * slopes[0], rtol=1e-5, atol=1e-6,
    look="The velocity contains the learning rate: the old one coasts on when the rate changes.")
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** A gradient that never changes, $\mu = 0.9$:
# the velocity grows, and then settles.
# How many times the step of plain gradient descent is the final step?

# %% solution="terminal_velocity" title="Terminal velocity"
# Type the factor: terminal_velocity = ...
### BEGIN SOLUTION
terminal_velocity = 10.0  # 1 / (1 − 0.9)
### END SOLUTION

# %% [markdown] hint="terminal_velocity"
# When it has settled, the new velocity equals the old one: $v = \mu v - \eta g$.
# Solve for $v$ and divide by $-\eta g$.

# %% tests="terminal_velocity" points=1
check("terminal_velocity", terminal_velocity > 0, f"{terminal_velocity} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("terminal_velocity", terminal_velocity, 10.0, rtol=0.01,
            look="Solve v = 0.9 v − ηg for v; how many times −ηg is it?")
### END HIDDEN TESTS

# %% [markdown]
# This is why one usually lowers the learning rate when momentum comes in:
# in the long run the same rate walks ten times as far on each gradient,
# and where the gradients are noisy it leaves ten times the loss.
# It is also why $\mu = 0.99$ is a different animal from $\mu = 0.9$.
