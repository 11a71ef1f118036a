# %% [markdown]
# ## 3 · Nesterov's momentum, twice
#
# The velocity will carry the point to about $w + \mu v$ whatever the gradient says.
# So Nesterov (1983; for networks Sutskever et al., 2013) looks at the slope *there*,
# before correcting the course:
#
# $$v \leftarrow \mu v - \eta\,\nabla L(w + \mu v), \qquad w \leftarrow w + v$$
#
# In this form the rule must be able to ask for a gradient at a point of its own choice,
# so it gets the gradient *function*.

# %% solution="nesterov_lookahead" title="Nesterov with look-ahead"
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
# Only one thing differs from momentum: the point at which you ask for the gradient.
# The step still starts at `w`.

# %% [markdown] hint="nesterov_lookahead"
# `ahead = w + momentum * velocity`, with the old velocity;
# then momentum's two lines with `gradient(ahead)`.

# %% tests="nesterov_lookahead" points=2
settings = {"learning_rate": 0.1, "momentum": 0.5, "velocity": np.array([2.0])}
got, config = nesterov_lookahead(np.array([1.0]), lambda x: 3 * x, settings)
call = ("nesterov_lookahead([1], lambda x: 3 * x, "
        "{'learning_rate': 0.1, 'momentum': 0.5, 'velocity': [2]})")
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
# A training loop hands over a gradient, not a function.
# So one changes variables and stores the look-ahead point $\tilde w = w + \mu v$ itself.
# With $v'$ for the new velocity, the same rule becomes
#
# $$
# v' = \mu v - \eta\,\nabla L(\tilde w), \qquad
# \tilde w \leftarrow \tilde w - \mu v + (1 + \mu)\,v'
# $$
#
# Check it on paper before you write it:
# what is $w' + \mu v'$, if $w' = w + v'$ and $w = \tilde w - \mu v$?

# %% solution="nesterov" title="Nesterov for training loops"
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
# You need the old velocity after the new one is known.
# Keep both.

# %% [markdown] hint="nesterov"
# First go back from the look-ahead point, `- momentum * old`; then do the step, `+ new`;
# then look ahead again, `+ momentum * new`.

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
# **Show that they are the same.**
# Given where `nesterov` is, find where `nesterov_lookahead` is at the same moment.

# %% solution="plain_weights" title="Weights behind the look-ahead"
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
# Solve $\tilde w = w + \mu v$ for $w$.
# Which velocity goes with the $\tilde w$ that was returned: the new one or the old one?

# %% tests="plain_weights" points=1
check_close("plain_weights([1.6], {'momentum': 0.5, 'velocity': [0.4]})",
            plain_weights(np.array([1.6]), {"momentum": 0.5, "velocity": np.array([0.4])}), [1.4],
            rtol=1e-5,
            look="The example of the last test, at which nesterov_lookahead arrives at 1.4.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("plain_weights")
w, velocity, momentum = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.uniform(0.2, 0.9)
check_close("plain_weights on an array of shape (2, 3)",
            plain_weights(w + momentum * velocity, {"momentum": momentum, "velocity": velocity}), w,
            rtol=1e-5, atol=1e-6, look="Take momentum · velocity off the look-ahead weights.")
### END HIDDEN TESTS

# %% sandboxed="distance_of_forms"
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
print("In 100 steps the two forms were never further apart than "
      f"{distance_of_forms(races.valley(40)):.0e}.")
