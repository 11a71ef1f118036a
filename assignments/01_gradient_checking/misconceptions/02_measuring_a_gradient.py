"""Wrong and right answers to section 2, “Measuring a gradient”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- numerical_gradient ---------------------------------------------------------------------------

misconception("numerical_gradient", "These are forward differences; centered ones are more "
              "accurate by an order.", id="forward",
              hint="Evaluate at x + h and at x - h, and divide the difference by 2h.",
              replace=("x[i] = value - h", "(2 * h)"), by=("x[i] = value", "h"))
misconception("numerical_gradient", "The difference over a distance of 2h is divided by h, so the "
              "gradient is twice too large.", id="divided-by-h",
              hint="From x - h to x + h it is 2h.", replace="(2 * h)", by="h")
misconception("numerical_gradient", "A coordinate stays at x - h when the next one moves.",
              id="without-putting-back",
              hint="Put the old value back at the end of the loop: x[i] = value.",
              replace="x[i] = value\n"
                      "gradient[i]", by="gradient[i]")


@misconception("numerical_gradient", "x[i] += h, then -= 2h, then += h doesn't come back exactly: "
               "the caller's x has been rounded.",
               hint="Remember the old value and put it back, or work on a copy.")
def numerical_gradient_that_drifts(f, x, h=1e-5):
    if x.dtype.kind != "f":
        x = x.astype(float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        below = f(x)
        x[i] += h
        gradient[i] = (above - below) / (2 * h)
    return gradient


misconception("numerical_gradient", "An array of integers cannot hold x + 1e-5, so its gradient "
              "comes out wrong.", id="of-integers", hint="Convert: x = np.array(x, dtype=float).",
              replace="x = np.array(x, dtype=float)", by="x = x.copy()")
misconception("numerical_gradient", "The step that was given is ignored in favour of 1e-5.",
              id="with-its-own-step", hint="Use the argument h.",
              replace="x = np.array(x, dtype=float)",
              by="h = 1e-5\n"
                 "x = np.array(x, dtype=float)")


@misconception("numerical_gradient", "All coordinates move at once, which measures the sum of all "
               "partial derivatives.",
               hint="Move one coordinate at a time, and leave the others where they are.")
def numerical_gradient_of_all_at_once(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


@misconception("numerical_gradient", "ravel() copies an array that isn't contiguous, and f never "
               "sees the copy move.",
               hint="Index x itself, with np.ndindex(x.shape), or reshape a contiguous copy.")
def numerical_gradient_of_a_ravelled_copy(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    flat, gradient = x.ravel(), np.zeros(x.size)
    for i in range(flat.size):
        value = flat[i]
        flat[i] = value + h
        above = f(x)
        flat[i] = value - h
        below = f(x)
        flat[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient.reshape(x.shape)


misconception("numerical_gradient", "Only the first axis is walked: in a matrix a whole row moves "
              "at once.", id="row-by-row", hint="Visit every entry: for i in np.ndindex(x.shape).",
              replace=("np.ndindex(x.shape)", "value = x[i]"),
              by=("range(len(x))", "value = x[i].copy()"))


@alternative("numerical_gradient")
def numerical_gradient_with_unit_vectors(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(x.shape)


@alternative("numerical_gradient")
def numerical_gradient_with_nditer(f, x, h=1e-5):
    x = np.asarray(x).astype(float)
    gradient = np.empty(x.shape)
    entries = np.nditer(x, flags=["multi_index"])
    while not entries.finished:
        i = entries.multi_index
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
        entries.iternext()
    return gradient


# --- numerical_gradient_array ---------------------------------------------------------------------

misconception("numerical_gradient_array", "The upstream gradient df is not used.", id="without-df",
              hint="Weight the change of each output with df before you sum.",
              replace="np.sum(df * (above - below))", by="np.sum(above - below)")
misconception("numerical_gradient_array", "f returned the very array that is changed next, so "
              "above and below are the same.", id="without-copies",
              hint="Keep copies: above = np.array(f(x)).",
              replace=("above = np.array(f(x))", "below = np.array(f(x))"),
              by=("above = f(x)", "below = f(x)"))
misconception("numerical_gradient_array", "The changes are averaged over the outputs; the chain "
              "rule sums them.", id="averaged", hint="np.sum(df * (above - below)) / (2 * h).",
              replace="np.sum(df * (above - below))", by="np.mean(df * (above - below))")


@misconception("numerical_gradient_array", "This multiplies entry by entry, which is right for "
               "elementwise functions only.",
               hint="One coordinate of x may change every output: move it alone and sum over all "
                    "outputs.")
def numerical_gradient_array_elementwise(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    return df * (np.array(f(x + h)) - np.array(f(x - h))) / (2 * h)


misconception("numerical_gradient_array", "These are forward differences; centered ones are more "
              "accurate by an order.", id="forward",
              hint="Evaluate at x + h and at x - h, and divide by 2h.",
              replace=("x[i] = value - h", "(2 * h)"), by=("x[i] = value", "h"))
misconception("numerical_gradient_array", "An array of integers cannot hold x + 1e-5.",
              id="of-integers", hint="Convert: x = np.array(x, dtype=float).",
              replace=("x = np.array(x, dtype=float)", "gradient = np.zeros_like(x)"),
              by=("x = np.array(x)", "gradient = np.zeros(x.shape)"))


@alternative("numerical_gradient_array")
def numerical_gradient_array_by_the_jacobian(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    jacobian = [np.ravel(f(x + e)) - np.ravel(f(x - e)) for e in steps]
    return (np.array(jacobian) @ np.ravel(df) / (2 * h)).reshape(x.shape)


@alternative("numerical_gradient_array")
def numerical_gradient_array_of_a_scalar(f, x, df, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        values = []
        for step in (h, -h):
            moved = x.copy()
            moved[i] += step
            values.append(np.sum(f(moved) * df))
        gradient[i] = (values[0] - values[1]) / (2 * h)
    return gradient


# --- order_of_accuracy ----------------------------------------------------------------------------

misconception("order_of_accuracy", "The line is fitted to h and the errors themselves, not to "
              "their logarithms.", id="without-logarithms",
              hint="C * h**p is a straight line only on logarithmic axes.",
              replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                      "return slope", by="return np.polyfit(h, errors, 1)[0]")
misconception("order_of_accuracy", "log(error) / log(h) is the order only if the constant C is 1.",
              id="as-a-quotient",
              hint="Take the slope between points: a difference of logarithms over a difference.",
              replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                      "return slope", by="return np.mean(np.log(errors) / np.log(h))")
misconception("order_of_accuracy", "The axes are exchanged: this is 1/p.", id="with-axes-exchanged",
              hint="The slope of log(error) over log(h): polyfit(log h, log error).",
              replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                      "return slope", by="return np.polyfit(np.log(errors), np.log(h), 1)[0]")
misconception("order_of_accuracy", "log2 of the quotient of two errors is the order only if h was "
              "halved.", id="of-halved-steps",
              hint="Divide by the logarithm of the quotient of the steps.",
              replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                      "return slope", by="return np.log2(errors[0] / errors[1])")
alternative("order_of_accuracy", id="between-the-ends",
            replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                    "return slope",
            by="return np.log(errors[-1] / errors[0]) / np.log(h[-1] / h[0])")
alternative("order_of_accuracy", id="by-least-squares",
            replace="slope, _ = np.polyfit(np.log(h), np.log(errors), 1)\n"
                    "return slope",
            by="u, v = np.log10(h), np.log10(errors)\n"
               "u, v = u - u.mean(), v - v.mean()\n"
               "return float(u @ v / (u @ u))")

# --- predicted_factor -----------------------------------------------------------------------------

misconception("predicted_factor", "That is what a forward difference gains.",
              id="centered-of-order-one", hint="Its error goes with h²: what is (1/10)²?",
              source='predicted_factor = "10"')
misconception("predicted_factor", "The third derivative stands in the error, but the step stands "
              "there squared.", id="centered-of-order-three", hint="The error is h²/6 f'''.",
              source='predicted_factor = "1000"')

# --- predicted_tiny_step --------------------------------------------------------------------------

misconception("predicted_tiny_step", "Truncation gets smaller, but rounding grows like 1/h, and it "
              "has long been the larger one.", id="the-smaller-the-better",
              hint="Compare h² with 1e-16 / h at h = 1e-12.",
              source='predicted_tiny_step = "better"')
misconception("predicted_tiny_step", "The two errors balance at one step only; far to its left "
              "rounding dominates.", id="no-difference",
              hint="Compare h² with 1e-16 / h at h = 1e-5 and at h = 1e-12.",
              source='predicted_tiny_step = "the same"')

# --- best_steps -----------------------------------------------------------------------------------

misconception("best_steps", "These are the valleys of forward differences; centered ones have "
              "theirs at larger steps.", id="the-valleys-of-forward-differences",
              hint="Read the triangles on the solid curves.",
              source="best_h_float64 = 1e-8\n"
                     "best_h_float32 = 3e-4")
misconception("best_steps", "The step for float64 is used in float32 too, where its rounding error "
              "is about one per cent.", id="one-step-for-both",
              hint="float32 has half the digits, and its valley lies further right.", earns=1,
              source="best_h_float64 = 1e-5\n"
                     "best_h_float32 = 1e-5")
misconception("best_steps", "These are machine epsilons, where nothing is left of the difference.",
              id="machine-epsilon", hint="The best step is near the cube root of epsilon.",
              source="best_h_float64 = 2.2e-16\n"
                     "best_h_float32 = 1.2e-7")
alternative("best_steps", id="from-the-formula",
            source="best_h_float64, best_h_float32 = (3 * 2**-53) ** (1 / 3), (3 * 2**-24) ** "
                   "(1 / 3)")
alternative("best_steps", id="powers-of-ten",
            source="best_h_float64 = 1e-5\n"
                   "best_h_float32 = 5e-3")
