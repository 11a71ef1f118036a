"""Wrong and right answers to section 9, “Second order”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- newton_step ----------------------------------------------------------------------------------

misconception("newton_step", "The gradient is multiplied by the Hessian, not by its inverse.",
              id="times-hessian", hint="Solve hessian @ p = −dw.",
              replace="return w - np.linalg.solve(hessian, dw)", by="return w - hessian @ dw")
misconception("newton_step", "Only the diagonal of the Hessian is used: this is blind to a turned "
              "valley.", id="of-the-diagonal", hint="Solve with the whole matrix.",
              replace="w - np.linalg.solve(hessian, dw)", by="w - dw / np.diag(hessian)")
misconception("newton_step", "The step has the wrong sign.", id="backwards",
              hint="next_w = w − solve(hessian, dw).",
              replace="w - np.linalg.solve(hessian, dw)", by="w + np.linalg.solve(hessian, dw)")
misconception("newton_step", "Dividing by the matrix divides elementwise; it doesn't solve the "
              "equations.", id="elementwise", hint="Use np.linalg.solve.",
              replace="w - np.linalg.solve(hessian, dw)", by="w - (dw / hessian).sum(axis=1)")
alternative("newton_step", id="with-inverse",
            replace="w - np.linalg.solve(hessian, dw)", by="w - np.linalg.inv(hessian) @ dw")
alternative("newton_step", id="with-torch",
            replace="return w - np.linalg.solve(hessian, dw)",
            by="step = torch.linalg.solve(torch.as_tensor(hessian), torch.as_tensor(dw))\n"
               "return w - step.numpy()")

# --- memory_bill ----------------------------------------------------------------------------------

misconception("memory_bill", "That is a diagonal: the Hessian has a row and a column for each "
              "weight.", id="of-a-diagonal", hint="10⁸ · 10⁸ numbers.", earns=1,
              source="hessian_bytes = 4 * 10**8\n"
                     "lbfgs_bytes = 8 * 10**9")
misconception("memory_bill", "These are numbers, not bytes.", id="in-numbers",
              hint="A number takes 4 bytes.",
              source="hessian_bytes = 10**16\n"
                     "lbfgs_bytes = 2 * 10**9")
misconception("memory_bill", "A pair holds two vectors, s and y.", id="of-single-vectors",
              hint="10 pairs are 20 vectors.", earns=1,
              source="hessian_bytes = 4 * 10**16\n"
                     "lbfgs_bytes = 4 * 10**9")
alternative("memory_bill", id="in-floats",
            source="hessian_bytes = 4e16\n"
                   "lbfgs_bytes = 2 * 10 * 4 * 1e8")

# --- backtracking ---------------------------------------------------------------------------------

misconception("backtracking", "The demanded decrease has the wrong sign: steps are accepted that "
              "increase the loss.", id="wrong-sign",
              hint="The slope is negative; add c1 · step · slope to loss(w).",
              replace="here + c1 * step", by="here - c1 * step")
misconception("backtracking", "Any decrease is accepted; c1 plays no part.", id="any-decrease",
              hint="Demand loss(w) + c1 · step · slope.",
              replace="<= here + c1 * step * slope", by="< here")
misconception("backtracking", "A NaN ends the search: `nan > x` is False, so the loop stops there.",
              id="accepts-nan", hint="Go on while the condition does not hold: `while not … <= …`.",
              replace="not loss(w + step * direction) <= here",
              by="loss(w + step * direction) > here")
misconception("backtracking", "The slope is taken as −‖gradient‖², which holds only along the "
              "gradient itself.", id="with-the-squared-gradient",
              hint="The slope along the direction is gradient(w) @ direction.",
              replace="here + c1 * step * slope",
              by="here - c1 * step * (gradient(w) @ gradient(w))")
misconception("backtracking", "The demand is not in proportion to the step: its factor step is "
              "missing.", id="without-the-step-in-the-bound", hint="c1 · step · slope.",
              replace="c1 * step * slope", by="c1 * slope and step > 1e-12")


@misconception("backtracking", "A direction that leads uphill is searched, not refused.",
               hint="Raise ValueError unless the slope is negative.")
def backtracking_uphill(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = gradient(w) @ direction
    for _ in range(60):
        if loss(w + step * direction) <= loss(w) + c1 * step * slope:
            break
        step = step * shrink
    return step


misconception("backtracking", "The first step is shortened before it has been tried.",
              id="never-tries-the-first-step",
              hint="Ask at w + step · direction first, and shorten the step only if that fails.",
              replace="here = loss(w)", by="here, step = loss(w), step * shrink")
misconception("backtracking", "The search moves w itself, in place: whoever called has lost the "
              "point that it started from.", id="moves-w",
              hint="Make a new array for each trial: w + step * direction.",
              replace=("here = loss(w)", "loss(w + step * direction)", "step = step * shrink"),
              by=("here, start = loss(w), w.copy()\n"
                  "w += step * direction",
                  "loss(w)",
                  "step = step * shrink\n"
                  "w[:] = start + step * direction"))


@alternative("backtracking")
def backtracking_with_a_generator(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    here, slope = loss(w), float(np.dot(gradient(w), direction))
    if np.isnan(slope) or slope >= 0:
        raise ValueError("the direction does not lead downhill")
    lengths = (step * shrink**k for k in range(200))
    return next(t for t in lengths if loss(w + t * direction) <= here + c1 * t * slope)


@alternative("backtracking")
def backtracking_with_isnan(loss, gradient, w, direction, step=1.0, shrink=0.5, c1=1e-4):
    slope = np.sum(gradient(w) * direction)
    if slope >= 0:
        raise ValueError("no descent")
    while True:
        there = loss(w + step * direction)
        if not np.isnan(there) and there - loss(w) <= c1 * step * slope:
            return step
        step *= shrink


# --- wolfe ----------------------------------------------------------------------------------------

misconception("wolfe", "The curvature condition is the strong one, on the size of the slope; here "
              "a slope that has become positive is fine.", id="strong",
              hint="slope there ≥ c2 · slope here, without magnitudes.",
              replace="curved = gradient(there) @ direction >= c2 * slope\n"
                      "return bool(sufficient), bool(curved)",
              by="return bool(sufficient), bool(abs(gradient(there) @ direction) <= c2 * "
                 "abs(slope))")
misconception("wolfe", "c1 and c2 have changed places.", id="swapped",
              hint="c1 for the decrease, c2 for the slope.",
              replace="sufficient = loss(there) <= loss(w) + c1 * step * slope\n"
                      "curved = gradient(there) @ direction >= c2 * slope\n"
                      "return bool(sufficient), bool(curved)",
              by="sufficient = loss(there) <= loss(w) + c2 * step * slope\n"
                 "return bool(sufficient), bool(gradient(there) @ direction >= c1 * slope)")
misconception("wolfe", "The curvature condition is the wrong way round.", id="steeper",
              hint="The new slope must be greater (flatter, or positive): ≥ c2 · slope.",
              replace="curved = gradient(there) @ direction >= c2 * slope\n"
                      "return bool(sufficient), bool(curved)",
              by="return bool(sufficient), bool(gradient(there) @ direction <= c2 * slope)")
misconception("wolfe", "The factor step is missing in the demanded decrease.",
              id="without-the-step", hint="loss(w) + c1 · step · slope.",
              replace="loss(w) + c1 * step * slope", by="loss(w) + c1 * slope")


@alternative("wolfe")
def wolfe_returns_numpy_booleans(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    here, there = np.dot(gradient(w), direction), np.dot(gradient(w + step * direction), direction)
    gain = loss(w) - loss(w + step * direction)
    return np.bool_(gain >= -c1 * step * here), np.bool_(-there <= -c2 * here)


@alternative("wolfe")
def wolfe_returns_a_list(loss, gradient, w, direction, step, c1=1e-4, c2=0.9):
    def slope(t):
        return float(gradient(w + t * direction) @ direction)

    fall = loss(w + step * direction) - loss(w) - c1 * step * slope(0)
    return [fall <= 0, slope(step) - c2 * slope(0) >= 0]
