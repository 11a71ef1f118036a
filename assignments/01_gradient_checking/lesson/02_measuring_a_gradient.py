# %% [markdown]
# ## 2 · Measuring a gradient
#
# Move one coordinate a little, look how far the function moves.
# Two ways to do it:
#
# $$\text{forward: } \frac{f(x+h)-f(x)}{h} \qquad\qquad \text{centered: } \frac{f(x+h)-f(x-h)}{2h}$$
#
# Both tend to $f'(x)$.
# The Taylor series says how fast.
# The forward difference is off by about $\frac h2 f''(x)$.
# In the centered one the even terms cancel, and what is left is $\frac{h^2}{6} f'''(x)$.
# One more evaluation of $f$ buys a whole order of accuracy.

# %% solution="numerical_gradient" title="Numerical gradient"
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
# For which `x` does the first coordinate move, and all others stay where they are?
# How do you come back to the old `x` before the next coordinate?

# %% [markdown] hint="numerical_gradient"
# `for i in np.ndindex(x.shape)` visits every entry of an array of any shape;
# `x[i]` reads it and `x[i] = …` writes it.

# %% [markdown] hint="numerical_gradient"
# Work on `x = np.array(x, dtype=float)`.
# In the loop: remember `value = x[i]`, set `x[i] = value + h` and call `f`,
# set `x[i] = value - h` and call `f` again, put `value` back.

# %% tests="numerical_gradient" points=3 changes="shown"
x = np.array([1.0, -2.0, 3.0])
before = x.copy()
got = numerical_gradient(lambda x: np.sum(x**2), x)
check_close("numerical_gradient(sum of squares, [1, -2, 3])", got, [2.0, -4.0, 6.0], rtol=1e-7,
            look="The gradient of a sum of squares is 2x.")
check_unchanged("numerical_gradient(f, x)", "x", before, x)
# A cubic tells forward from centered: with h = 0.1 they give 3x² + 0.3x + 0.01 and 3x² + 0.01.
check_close(
    "numerical_gradient(sum of cubes, [[1, 2]], h=0.1)",
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
            numerical_gradient(lambda x: np.sum(w * np.sin(x)), x), w * np.cos(x),
            rtol=0, atol=1e-8, look="The default step is h = 1e-5.")
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
            rtol=1e-6, atol=1e-8,
            look="ravel() of a transposed array is a copy, which f never sees.")
### END HIDDEN TESTS

# %% [markdown]
# A layer returns an array, not a number.
# Its backward pass answers another question: given the gradient `df` of the loss with respect
# to the layer's *output*, what is the gradient with respect to its *input*?
# The chain rule sums over all outputs:
#
# $$
# \frac{\partial L}{\partial x_i} = \sum_j \texttt{df}_j\, \frac{\partial f_j}{\partial x_i}
# \approx \sum_j \texttt{df}_j\, \frac{f_j(x + h e_i) - f_j(x - h e_i)}{2h}.
# $$

# %% solution="numerical_gradient_array" title="Gradient of an array function"
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
# It differs from `numerical_gradient` in one line.
# Which one, and what has to be summed there?

# %% [markdown] hint="numerical_gradient_array"
# What if `f` is the identity, and hands out the very array that you are about to change?
# Keep a copy of what it returned.

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
            numerical_gradient_array(lambda x: x**3, x.copy(), df.copy(), h=0.1),
            df * (3 * x**2 + 0.01), look="Centered, with the h that was given.")
check_close("numerical_gradient_array(square, integers [1, 2], df=[1, 1])",
            numerical_gradient_array(lambda x: x**2, np.array([1, 2]), np.ones(2)), [2.0, 4.0],
            look="An array of integers drops the 1e-5: convert to float first.")

@probe
def of_functions_that_return_their_argument(x, df):
    return [numerical_gradient_array(lambda z: z, x, df),
            numerical_gradient_array(lambda z: z.reshape(-1), x, df.reshape(-1))]

x, df = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
for f, got in zip(["the identity", "a flattened view"],
                  of_functions_that_return_their_argument(x, df.copy())):
    check_close(f"numerical_gradient_array({f}, x, df)", got, df, rtol=1e-6,
                look="f(x + h) may be the array that you change next: copy it.")
### END HIDDEN TESTS

# %% [markdown]
# ### How accurate is a difference?
#
# If the error behaves like $C\,h^p$, then $\log(\text{error}) = \log C + p \log h$:
# a straight line of slope $p$ on logarithmic axes.
# The slope is called the *order of accuracy*.
# You can measure it without knowing $C$.

# %% solution="order_of_accuracy" title="Order of accuracy"
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
# Take logarithms of both.
# Two points give a slope; how does one draw a line through more than two?

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
# **Prediction.** You make $h$ ten times smaller.
# By which factor does the error of a *centered* difference shrink,
# as long as rounding plays no part?

# %% solution="predicted_factor" title="Predict: a smaller step"
# Type predicted_factor = followed by "10", "100" or "1000".
### BEGIN SOLUTION
predicted_factor = "100"
### END SOLUTION

# %% tests="predicted_factor" points=1
check_one_of("predicted_factor", predicted_factor, ["10", "100", "1000"])
### BEGIN HIDDEN TESTS
check("predicted_factor", predicted_factor == "100",
      f"you said {predicted_factor!r}; measuring says otherwise",
      look="The first term of the error that doesn't cancel is h²/6 f'''.")
### END HIDDEN TESTS

# %% sandboxed="errors_of_differences"
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
# A computer stores $f(x+h)$ and $f(x-h)$ with a relative error of about $\varepsilon$:
# $1.1\cdot10^{-16}$ in float64, $6\cdot10^{-8}$ in float32.
# As $h$ shrinks the two values become alike, their difference loses digits,
# and the quotient magnifies what is left of the rounding: an error of about $\varepsilon |f| / h$.
#
# **Prediction.** Compared with $h=10^{-5}$, a centered difference in float64 with $h=10^{-12}$ is …

# %% solution="predicted_tiny_step" title="Predict: a tiny step"
# Type predicted_tiny_step = followed by "better", "the same" or "worse".
### BEGIN SOLUTION
predicted_tiny_step = "worse"
### END SOLUTION

# %% tests="predicted_tiny_step" points=1
check_one_of("predicted_tiny_step", predicted_tiny_step, ["better", "the same", "worse"])
### BEGIN HIDDEN TESTS
check("predicted_tiny_step", predicted_tiny_step == "worse",
      f"you said {predicted_tiny_step!r}; measuring says otherwise",
      look="The rounding error grows like 1/h: about 1e-4 at h = 1e-12.")
### END HIDDEN TESTS

# %% sandboxed="errors_of_steps"
def errors_of_steps(steps, dtype, points=400, seed=0):
    """Median relative errors of forward and centered differences of exp, computed in dtype."""
    x = np.random.default_rng(seed).uniform(0, 2, size=points)
    truth, x, h = (np.exp(x.astype(dtype).astype(float)), x.astype(dtype),
                   steps.astype(dtype)[:, None])
    forward = (np.exp(x + h) - np.exp(x)) / h
    centered = (np.exp(x + h) - np.exp(x - h)) / (2 * h)
    return [np.median(abs(d - truth) / truth, axis=1) for d in (forward, centered)]

# %% experiment="valley"
def draw_valley():
    steps = np.logspace(-13, 0, 79)
    figure, axes = plt.subplots(figsize=(7.5, 4.2))
    for dtype, colour in ((np.float32, "orange"), (np.float64, "blue")):
        for name, error, line in zip(("forward", "centered"), errors_of_steps(steps, dtype),
                                     (":", "-")):
            best = np.argmin(error)
            axes.loglog(steps, error, line, color=COLOURS[colour],
                        label=f"{dtype.__name__}, {name}")
            axes.plot(steps[best], error[best], "v", ms=9, color=COLOURS[colour])
    axes.set(xlabel="step h", ylabel="median relative error", ylim=(1e-13, 5),
             title="Too large a step truncates, too small a step rounds")
    axes.set_xticks(10.0 ** np.arange(-12, 1, 2))
    axes.legend(loc="lower left")
    show(figure,
         alt="Median relative error of four difference quotients of exp against the step h, "
         "on logarithmic axes. Each curve is a valley: it falls to the left with slope 1 (forward) "
         "or 2 (centered), reaches a lowest point, marked by a triangle, and rises again like 1/h. "
         "The valleys of float32 lie further right and higher than those of float64, and centered "
         "differences reach lower than forward ones, at larger steps.")

draw_valley()

# %% [markdown]
# Read the two triangles of the *centered* curves off the picture:
# which $h$ is best in float64, and which in float32?
# A number like `2e-7` will do; a factor of 5 to either side is accepted,
# because the bottom of the valley is flat and jagged.

# %% solution="best_steps" title="Best step sizes"
# Type best_h_float64 = … and best_h_float32 = …, each a number.
### BEGIN SOLUTION
best_h_float64 = 6e-6
best_h_float32 = 6e-3
### END SOLUTION

# %% [markdown] hint="best_steps"
# You can check your reading.
# The error is about $\frac{h^2}{6}|f'''| + \frac{\varepsilon}{h}|f|$.
# Where is its derivative with respect to $h$ zero, if $f = f'''$ as for exp?

# %% [markdown] hint="best_steps"
# At $h = \sqrt[3]{3\varepsilon}$.
# Put in $\varepsilon = 1.1\cdot10^{-16}$ and $6\cdot10^{-8}$.

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
# From here on: **check gradients in float64, with centered differences and h near 10⁻⁵**.
# In float32 even the best step leaves an error of about $10^{-5}$,
# which is easily mistaken for a small bug, or hides one.
