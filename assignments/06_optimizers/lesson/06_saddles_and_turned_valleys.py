# %% [markdown]
# ## 6 · Saddles and turned valleys
#
# In high dimensions, points where the gradient vanishes are rarely minima:
# some directions go up and others down.
# Take $L = \tfrac12(w_1^2 - w_2^2)$ and a start that is $10^{-6}$ beside the ridge.
#
# **Predict, with pencil and paper.**
# Gradient descent with $\eta = 0.1$ multiplies $w_2$ by a constant factor in each step.
# How many steps does it take from $|w_2| = 10^{-6}$ to $|w_2| \ge 1$?

# %% solution="saddle_steps" title="Predict: leaving a saddle"
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
check_close(
    "saddle_steps", saddle_steps, np.log(1e6) / np.log(1.1), rtol=0, atol=1.1,
    look="Each step multiplies w₂ by 1 + 0.1. How often must you multiply to gain a factor 10⁶?")
### END HIDDEN TESTS

# %% sandboxed="saddle_paths"
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
        "Three paths on a saddle-shaped surface, started on its ridge. SGD slides down the ridge "
        "and seems to stop at the saddle point for most of the run before it falls off sideways. "
        "Momentum overshoots along the ridge and leaves earlier. "
        "Adam divides by the size of each gradient and leaves at once.",
        surface=True,
        width=560,
    )
)

# %% [markdown]
# The legend counts the steps until $|w_2| \ge 1$.
# A plateau in a loss curve need not be a minimum: for 100 steps SGD looked as if it had converged.
# Noise helps here, and so does dividing by the size of the gradient.
#
# ### What Adam does not fix
#
# Now a valley of condition number 100.
# First it lies along an axis, then the same valley is turned by 45°, its start with it.
# A rotation changes nothing about how hard the problem is.
#
# **Predict.** Whose number of steps will change: `"sgd"`, `"momentum"`, `"adam"` or `"nobody"`?

# %% solution="rotation" title="Predict: a turned valley"
# Type your choice: rotation = "..."
### BEGIN SOLUTION
rotation = "adam"
### END SOLUTION

# %% [markdown] hint="rotation"
# If the whole landscape turns, so does its gradient.
# Does the *step* turn with it?
# Try it on paper with a step that divides each component by its own size.

# %% tests="rotation" points=1
check_one_of("rotation", rotation, ["sgd", "momentum", "adam", "nobody"])
### BEGIN HIDDEN TESTS
check_equal("rotation", rotation, "adam",
            look="SGD and momentum only add and scale gradients, which turn with the valley. "
            "Who treats each axis on its own?")
### END HIDDEN TESTS

# %% sandboxed="valley_paths"
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
        races.picture(
            course, paths, f"A valley of condition 100, turned by {degrees}°",
            f"Three paths in a narrow valley turned by {degrees} degrees. "
            + ("Momentum swings in as before; Adam follows the floor slowly." if degrees
               else "Momentum swings in, Adam goes straight to the minimum and is nearly as fast."),
            width=460)
    )
races.show(*drawings)

# %% [markdown]
# Read off the legends: how many times as many steps does Adam need in the turned valley?

# %% solution="slowdown" title="Slowdown of Adam"
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
# Dividing each weight's step by its own gradient is a *diagonal* correction.
# It mends a valley along an axis, whatever the condition number;
# it is blind to a valley that runs between the axes.
# For that one needs the curvature between pairs of weights, and section 9 shows what it costs.
