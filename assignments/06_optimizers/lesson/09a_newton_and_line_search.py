# %% [markdown]
# ## 9 · Second order
#
# ### Newton's method
#
# Near a point the loss is about a quadratic, $L(w + p) \approx L + g^\top p + \tfrac12 p^\top H p$,
# with the Hessian $H$.
# Its minimum is one step away: solve $H p = -g$.
# There is no learning rate, and a turned valley is as easy as any other.

# %% solution="newton_step" title="Newton's method"
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
# The step solves a system of linear equations.
# NumPy solves it without inverting the matrix: `np.linalg.solve`.

# %% tests="newton_step" points=2
hessian = np.array([[2.0, 1.0], [1.0, 3.0]])
check_close("newton_step([1, 2], [4, 7], [[2, 1], [1, 3]])",
            newton_step(np.array([1.0, 2.0]), np.array([4.0, 7.0]), hessian), [0.0, 0.0],
            rtol=1e-5, atol=1e-9,
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
# **What it costs.** A network of $10^8$ weights, numbers of 4 bytes.
# How many bytes does the Hessian take, stored in full?
# And how many bytes does the memory of L-BFGS take,
# which keeps 10 pairs of vectors of the length of the weights in its place?

# %% solution="memory_bill" title="Memory of second order"
# Type the two numbers of bytes: hessian_bytes = ... and lbfgs_bytes = ...
### BEGIN SOLUTION
hessian_bytes = 4 * 10**16  # 10⁸ · 10⁸ numbers: 40 petabytes
lbfgs_bytes = 10 * 2 * 10**8 * 4  # 8 gigabytes
### END SOLUTION

# %% [markdown] hint="memory_bill"
# The Hessian has a row and a column for each weight.

# %% tests="memory_bill" part="hessian" points=1
check("hessian_bytes", hessian_bytes > 1e8,
      f"{hessian_bytes:g} bytes could not even hold the weights")
### BEGIN HIDDEN TESTS
check_close("hessian_bytes", hessian_bytes, 4e16, rtol=1e-6,
            look="10⁸ rows of 10⁸ numbers of 4 bytes.")
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
# Away from a quadratic, the full step may overshoot.
# A *line search* looks for a step length $t$ along the direction $p$.
# Armijo (1966) asks for a decrease that is worth the distance:
#
# $$L(w + t p) \le L(w) + c_1\, t\, \nabla L(w)^\top p$$
#
# *Backtracking* begins with a long step and shortens it until this holds
# (Nocedal & Wright, algorithm 3.1).

# %% solution="backtracking" title="Backtracking"
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
# The slope along the direction is a dot product, and negative.
# On which side of the inequality does that make the demand stricter?

# %% [markdown] hint="backtracking"
# How does `nan > 1` compare, and how does `not nan <= 1`?
# Only one of the two goes on searching.

# %% [markdown] hint="backtracking"
# `while not loss(w + step * direction) <= loss(w) + c1 * step * slope:` shorten the step.

# %% tests="backtracking" points=3 changes="shown"
parabola, slope, w = (lambda x: float(x @ x)), (lambda x: 2 * x), np.array([1.0])
got = backtracking(parabola, slope, w, np.array([-8.0]), step=1.0, shrink=0.5, c1=0.1)
check_close("backtracking of x² from 1 along −8, c1=0.1", got, 0.125, rtol=1e-5,
            look="1, 0.5 and 0.25 overshoot to −7, −3 and −1, where the loss is no lower; "
            "0.125 reaches 0.")
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
        lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction,
        0.9 * limit, shrink, c1
    )
    check_close("backtracking on a quadratic, with a first step that is good enough", got,
                0.9 * limit, rtol=1e-5, look="Try the first step before you shorten it.")

# A step that every weaker demand accepts, whatever was drawn above.
w = rng.normal(size=3)
direction = -5 * (hessian @ w)
first = -1.3 * 2 * (1 - 0.45) * (w @ hessian @ direction) / (direction @ hessian @ direction)
got = backtracking(
    lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction, first, 0.6, 0.45
)
check_close("backtracking on a quadratic, c1=0.45, from a step a little too long", got, 0.6 * first,
            rtol=1e-5,
            look="Accept as soon as loss(w + step·p) ≤ loss(w) + c1·step·(gradient(w) · p).")


def fence(x):
    return float(x[0] - np.log(x[0])) if x[0] > 0 else float("nan")


check_close("backtracking of x − log x from 5 along −10, NaN at 0 and below",
            backtracking(fence, lambda x: 1 - 1 / x, np.array([5.0]), np.array([-10.0])), 0.25,
            rtol=1e-5, look="NaN compares as False with everything: a NaN must not end the search.")
check_raises("backtracking along a level line", ValueError, backtracking, lambda x: float(x @ x),
             lambda x: 2 * x, np.array([1.0, 0.0]), np.array([0.0, 1.0]),
             look="A slope of 0 is no descent.")
### END HIDDEN TESTS

# %% [markdown]
# Armijo alone accepts steps that are far too short.
# Wolfe (1969) adds a *curvature condition*:
# the slope at the new point must have become flatter, or even positive,
#
# $$\nabla L(w + t p)^\top p \;\ge\; c_2\, \nabla L(w)^\top p, \qquad 0 < c_1 < c_2 < 1.$$
#
# It also guarantees what the next section lives on:
# that the gradient has changed along the step in the way of a convex function, $s^\top y > 0$.

# %% solution="wolfe" title="Wolfe conditions"
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
# Both slopes, here and there, are dot products with the same direction.
# The first one is negative: what does "flatter" mean for the second one?

# %% tests="wolfe" points=2
parabola, slope = (lambda x: float(x @ x)), (lambda x: 2 * x)
for length, expected, why in (
        (0.01, [True, False], "This step is too short: the slope has hardly changed."),
        (0.5, [True, True], "This step leads to the minimum."),
        (0.99, [False, True],
         "This step is too long: the loss has hardly fallen, but the slope is positive by now.")):
    got = wolfe(parabola, slope, np.array([1.0]), np.array([-2.0]), length, 0.1, 0.9)
    check_equal(f"wolfe of x² from 1 along −2, step {length}, c1=0.1, c2=0.9",
                [bool(g) for g in got], expected, look=why)
### BEGIN HIDDEN TESTS
rng = hidden_rng("wolfe")
root, w = rng.normal(size=(3, 3)), rng.normal(size=3)
hessian = root @ root.T + np.eye(3)
direction = -np.linalg.solve(hessian + np.eye(3), hessian @ w)
best = -(w @ hessian @ direction) / (direction @ hessian @ direction)
c1, c2 = rng.uniform(0.05, 0.3), rng.uniform(0.4, 0.8)
# On a quadratic, with the best step as the unit:
# decrease up to 2 (1 − c1), curvature from 1 − c2 on.
for share in (0.3 * (1 - c2), 0.9 * (1 - c2), 1.1 * (1 - c2), 1.0, 1.97 * (1 - c1), 2.03 * (1 - c1),
              2.5):
    got = wolfe(lambda x: float(x @ hessian @ x) / 2, lambda x: hessian @ x, w, direction,
                share * best, c1, c2)
    check_equal(f"wolfe on a quadratic, {share:.2f} of the best step, c1={c1:.2f}, c2={c2:.2f}",
                [bool(g) for g in got], [bool(share <= 2 * (1 - c1)), bool(share >= 1 - c2)],
                look="c1 goes with the decrease of the loss, c2 with the slope at the new point.")
### END HIDDEN TESTS
