"""Wrong and right answers to section 5, “Five ways to fool a gradient check”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- sampled_errors -------------------------------------------------------------------------------

misconception("sampled_errors", "Only the first parameter was checked.",
              id="of-the-first-parameter",
              hint="The return belongs behind the loop over the names.",
              replace="worst[name] = float(np.max(errors))",
              by="worst[name] = float(np.max(errors))\n"
                 "return worst")


@misconception("sampled_errors", "The draws were made from all parameters in one long vector, so "
               "small arrays are never drawn.", hint="Draw entries from every array by itself.")
def sampled_errors_of_one_long_vector(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    places = [(name, i) for name, value in params.items() for i in range(value.size)]
    worst = dict.fromkeys(params, 0.0)
    for place in rng.choice(len(places), size=min(samples, len(places)), replace=False):
        name, i = places[place]
        flat, a = params[name].reshape(-1), np.ravel(gradients[name])[i]
        old = flat[i]
        flat[i] = old + h
        above = loss(params)
        flat[i] = old - h
        below = loss(params)
        flat[i] = old
        n = (above - below) / (2 * h)
        worst[name] = max(worst[name], float(abs(a - n) / max(abs(a), abs(n), 1e-300)))
    return worst


misconception("sampled_errors", "The first entries of each array are checked, not random ones.",
              id="of-the-first-entries", hint="rng.choice(size, size=k, replace=False).",
              replace="rng.choice(flat.size, size=min(samples, flat.size), replace=False)",
              by="range(min(samples, flat.size))")
misconception("sampled_errors", "max(worst, nan) is worst in Python, so a gradient that is NaN "
              "passes.", id="that-lose-nan",
              hint="Collect the errors in a list and take np.max of it.",
              replace="float(np.max(errors))", by="max(0.0, *errors)")
misconception("sampled_errors", "The mean error hides a single wrong entry among many right ones.",
              id="averaged", hint="Return the largest error: np.max.",
              replace="np.max(errors)", by="np.mean(errors)")
misconception("sampled_errors", "Every entry of every array is checked, which takes forever for a "
              "real network.", id="of-everything",
              hint="Check min(samples, size) entries of each array.",
              replace="rng.choice(flat.size, size=min(samples, flat.size), replace=False)",
              by="range(flat.size)")
misconception("sampled_errors", "The entries are drawn with replacement, so some are checked twice "
              "and others never.", id="with-replacement",
              hint="rng.choice(size, size=k, replace=False).",
              replace="rng.choice(flat.size, size=min(samples, flat.size), replace=False)",
              by="rng.integers(flat.size, size=samples)")
misconception("sampled_errors", "The seed is ignored: every call looks at the same entries.",
              id="with-a-fixed-seed", hint="Draw from the generator rng, which is made from seed.",
              replace="default_rng(seed)", by="default_rng(0)")
misconception("sampled_errors", "These are forward differences; their error is easily mistaken for "
              "a bug.", id="forward", hint="Evaluate at + h and at - h, and divide by 2h.",
              replace=("flat[i] = old - h", "(2 * h)"), by=("flat[i] = old", "h"))
misconception("sampled_errors", "A lower limit of the denominator makes every error between tiny "
              "gradients look harmless.", id="with-an-epsilon",
              hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
              replace="max(abs(analytic[i]), abs(numeric))",
              by="max(abs(analytic[i]), abs(numeric), 1e-8)")
misconception("sampled_errors", "A parameter that the loss does not use has an error of NaN, "
              "because 0 was divided by 0.", id="zero-by-zero",
              hint="Where both gradients are 0 the error is 0: relative_error does that.",
              replace=("larger = max(abs", " if larger != 0 else 0.0"),
              by=("larger = np.maximum(abs", ""))


@alternative("sampled_errors")
def sampled_errors_with_copies(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)

    def moved(name, place, step):
        changed = {k: np.array(v, dtype=float) for k, v in params.items()}
        changed[name][place] += step
        return loss(changed)

    worst = {}
    for name, analytic in gradients.items():
        errors = [0.0]
        for i in rng.permutation(np.size(analytic))[:samples]:
            place = np.unravel_index(i, np.shape(analytic))
            n = (moved(name, place, h) - moved(name, place, -h)) / (2 * h)
            if analytic[place] != n:
                errors.append(abs(analytic[place] - n) / max(abs(analytic[place]), abs(n)))
        worst[name] = np.max(errors)
    return worst


@alternative("sampled_errors")
def sampled_errors_in_the_callers_arrays(loss, params, gradients, samples=3, h=1e-5, seed=0):
    rng = np.random.default_rng(seed)
    worst = {}
    for name in sorted(params):
        value, size = params[name], params[name].size
        analytic, numeric = [], []
        for i in rng.choice(size, min(size, samples), replace=False):
            old = value.flat[i]
            value.flat[i] = old + h
            above = loss(params)
            value.flat[i] = old - h
            below = loss(params)
            value.flat[i] = old
            analytic.append(gradients[name].flat[i])
            numeric.append((above - below) / (2 * h))
        a, n = np.array(analytic), np.array(numeric)
        worst[name] = float(np.max(np.abs(a - n) / (np.maximum(abs(a), abs(n)) + (a == n))))
    return worst


# --- predicted_kink -------------------------------------------------------------------------------

misconception("predicted_kink", "That is the right gradient, but the difference reaches over to "
              "the sloping side.", id="as-if-there-were-no-kink", hint="x + h = 9e-6 is positive.",
              source='predicted_kink = "0"')
misconception("predicted_kink", "One half would come out at x = 0; here less than half of the way "
              "is on the sloping side.", id="as-if-x-were-zero",
              hint="The ReLU rises by 9e-6 over a distance of 2e-5.",
              source='predicted_kink = "0.5"')
misconception("predicted_kink", "One is the slope on the other side; the difference averages both.",
              id="the-slope-of-the-other-side",
              hint="The ReLU rises by 9e-6 over a distance of 2e-5.", source='predicted_kink = "1"')

# --- kink_crossed ---------------------------------------------------------------------------------

misconception("kink_crossed", "Only x and x + h are compared; a kink between x - h and x goes "
              "unnoticed.", id="to-the-right",
              hint="A centered difference reaches from x - h to x + h: compare those two.",
              replace="x[i] = value - h", by="x[i] = value")
misconception("kink_crossed", "All winners would have to change; one is enough.",
              id="by-all-winners", hint="np.any, not np.all.",
              replace=("below = np.array(winners(x))", "crossed[i] = np.any(above != below)"),
              by=("crossed[i] = np.all(above != np.array(winners(x)))", ""))


@misconception("kink_crossed", "All coordinates move at once, and the winners are compared place "
               "by place.", hint="Move one coordinate at a time, as numerical_gradient does.")
def kink_crossed_by_all_coordinates(winners, x, h=1e-5):
    x = np.array(x, dtype=float)
    changed = np.array(winners(x + h)) != np.array(winners(x - h))
    return changed if changed.shape == x.shape else np.full(x.shape, np.any(changed))


misconception("kink_crossed", "The answer is one truth value for all coordinates.", id="somewhere",
              hint="Return an array of the shape of x, one answer for each coordinate.",
              replace="return crossed", by="return bool(crossed.any())")


@misconception("kink_crossed", "Closeness to zero is taken for a kink; with weights or a maximum, "
               "kinks lie elsewhere.", hint="Ask winners, at x + h and at x - h.")
def kink_crossed_near_zero(winners, x, h=1e-5):
    return np.abs(np.asarray(x, dtype=float)) < h


@alternative("kink_crossed")
def kink_crossed_with_unit_vectors(winners, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    changed = [np.any(np.not_equal(winners(x + e), winners(x - e))) for e in steps]
    return np.array(changed).reshape(x.shape)


@alternative("kink_crossed")
def kink_crossed_by_comparing_arrays(winners, x, h=1e-5):
    crossed = np.empty(x.shape, dtype=bool)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i], down[i] = x[i] + h, x[i] - h
        crossed[i] = not np.array_equal(winners(up), winners(down))
    return crossed
