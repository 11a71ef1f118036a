# %% [markdown]
# ## 5 · Five ways to fool a gradient check
#
# ### First: check only where the light is
#
# A full check calls the loss twice for each parameter, too often for a million of them.
# So check a few entries, drawn at random, of **every** array.
# Don't put all parameters into one long vector and draw from that:
# the weight matrices would take all draws, and nobody would look at the biases.

# %% solution="sampled_errors" title="Sampled gradient check"
def sampled_errors(loss, params, gradients, samples=3, h=1e-5, seed=0):
    """Check a few entries of the gradient of every parameter by centered differences.

    Args:
        loss: takes a dict of arrays like params, returns a number; it is called twice for each
            checked entry.
        params: a dict of arrays of floats. They are the same afterwards.
        gradients: a dict with the same keys and shapes, the gradients to be checked.
        samples: how many entries of each array to check: different ones, drawn at random; all of
            them where the array has no more than that.
        h: the step.
        seed: chooses the entries.

    Returns:
        a dict with the same keys: the largest relative error (section 1: 0 where both gradients
        are 0) among the checked entries of each array, a float; NaN if one of them is NaN.
    """
    rng = np.random.default_rng(seed)
    ### BEGIN SOLUTION
    params = {name: np.array(value, dtype=float, order="C") for name, value in params.items()}
    worst = {}
    for name, value in params.items():
        flat, analytic = value.reshape(-1), np.asarray(gradients[name]).reshape(-1)
        errors = []
        for i in rng.choice(flat.size, size=min(samples, flat.size), replace=False):
            old = flat[i]
            flat[i] = old + h
            above = loss(params)
            flat[i] = old - h
            below = loss(params)
            flat[i] = old
            numeric = (above - below) / (2 * h)
            larger = max(abs(analytic[i]), abs(numeric))
            errors.append(abs(analytic[i] - numeric) / larger if larger != 0 else 0.0)
        worst[name] = float(np.max(errors))
    return worst
    ### END SOLUTION

# %% [markdown] hint="sampled_errors"
# Two loops: over the names, and over a few positions of each array.
# `rng.choice(size, size=k, replace=False)` draws k different positions; how large may k be?

# %% [markdown] hint="sampled_errors"
# `value.reshape(-1)` is a view of an array:
# what you write into it changes the array, so `loss(params)` sees it.
# Put the old value back.

# %% [markdown] hint="sampled_errors"
# `max(0.0, float("nan"))` is 0.0 in Python: a NaN gets lost.
# `np.max` of a list keeps it.

# %% tests="sampled_errors" points=4
def sum_of_squares(p):
    return 0.5 * float(np.sum(p["W"] ** 2)) + 3 * float(np.sum(p["b"]))

params = {"W": np.arange(1.0, 13.0).reshape(3, 4), "b": np.array([1.0, 2.0])}
right = {"W": params["W"].copy(), "b": np.array([3.0, 3.0])}
errors = sampled_errors(sum_of_squares, params, right)
check_equal("the keys of sampled_errors(…)", sorted(errors), ["W", "b"],
            look="Check every parameter.")
check("sampled_errors(…) of right gradients", max(errors.values()) < 1e-6,
      f"returned {errors}, expected errors below 1e-6")
errors = sampled_errors(sum_of_squares, params, {"W": right["W"], "b": 2 * right["b"]})
check_close("sampled_errors(…) of gradients with b twice as large as it should be",
            [errors["W"], errors["b"]], [0.0, 0.5], rtol=1e-5, atol=1e-6)
### BEGIN HIDDEN TESTS
rng = hidden_rng("sampled_errors")
params = {"W": rng.uniform(0.2, 1.2, size=(6, 8)), "b": rng.uniform(0.2, 1.2, size=1),
          "gamma": rng.uniform(0.2, 1.2, size=(2, 2))}
weight = {name: rng.uniform(1, 2, size=value.shape) for name, value in params.items()}
before = {name: value.copy() for name, value in params.items()}
right = {name: weight[name] * np.cos(value) for name, value in params.items()}
calls = []

def waves(p):
    calls.append(1)
    return float(sum(np.sum(weight[name] * np.sin(p[name])) for name in weight))

errors = sampled_errors(waves, params, right, samples=5)
check("sampled_errors(…, samples=5) of right gradients", max(errors.values()) < 1e-6,
      f"returned {errors}, expected errors below 1e-6")
check_equal("the number of calls of loss for arrays of 48, 1 and 4 entries and samples=5",
            len(calls), 20, look="Twice for each checked entry: 5 + 1 + 4 entries.")
for name in params:
    check_unchanged("sampled_errors(…)", f"params[{name!r}]", before[name], params[name])
# With a large step, only centered differences stay within h²/6 of sums of sines.
errors = sampled_errors(waves, params, right, samples=100, h=1e-2)
check("sampled_errors(…, h=0.01) of right gradients", 1e-6 < max(errors.values()) < 1e-4,
      f"returned {errors}, expected errors of about 2e-5",
      look="Centered, with the h that was given.")
for name in params:
    errors = sampled_errors(waves, params, {**right, name: 2 * right[name]})
    check_close(f"sampled_errors(…) with a wrong gradient of {name} only: the error of {name}",
                errors[name], 0.5, rtol=1e-5, look="Draw entries of each array, however small.")
    check("sampled_errors(…) of the other gradients",
          max(e for k, e in errors.items() if k != name) < 1e-6,
          f"returned {errors}, but only {name} is wrong")
later = right["W"] * np.where(np.arange(48) < 8, 1, 2).reshape(6, 8)
errors = sampled_errors(waves, params, {**right, "W": later}, samples=8)
check_close("sampled_errors(…, samples=8) where the first 8 entries of W are right, the others not",
            errors["W"], 0.5, rtol=1e-5, look="Draw the entries at random.")
one = right["W"].copy()
one[3, 3] *= 2
check_close("sampled_errors(…, samples=48) where one entry of W is wrong",
            sampled_errors(waves, params, {**right, "W": one}, samples=48)["W"], 0.5, rtol=1e-5,
            look="All entries, each once, and the largest error.")
some = right["gamma"] * np.array([[2, 1], [1, 1]])
found = [sampled_errors(lambda p: float(np.sum(weight["gamma"] * np.sin(p["gamma"]))),
                        {"gamma": params["gamma"]}, {"gamma": some},
                        samples=1, seed=seed)["gamma"] > 0.1
         for seed in range(60)]  # all alike by chance: 0.75**60 = 3e-8
check("sampled_errors(…, samples=1, seed=0 … 59) where one entry of four is wrong",
      0 < sum(found) < 60, f"found it {sum(found)} times of 60",
      look="The seed chooses the entries.")
errors = sampled_errors(lambda p: 1e-12 * waves(p), params,
                        {name: 2e-12 * right[name] for name in right})
check_close("sampled_errors(…) of gradients around 1e-12, all twice as large as they should be",
            [errors[name] for name in params], [0.5] * 3, rtol=1e-5,
            look="Nothing is added to the denominator, and it has no lower limit.")
errors = sampled_errors(waves, {**params, "idle": np.ones(3)}, {**right, "idle": np.zeros(3)})
check_close("sampled_errors(…) of a parameter that the loss does not use", errors["idle"], 0.0,
            look="Where both gradients are 0, the error is 0.")
broken = sampled_errors(waves, params, {**right, "b": np.array([np.nan])})["b"]
check("sampled_errors(…) with a gradient that is NaN", not broken < 1e-6,
      f"returned {broken}", look="Python's max(0.0, nan) is 0.0; np.max keeps the NaN.")
### END HIDDEN TESTS

# %% [markdown]
# ### Second: step over a kink
#
# The ReLU has no derivative at 0.
# Take $x = -10^{-6}$: there the gradient is exactly 0.
# But a step of $h = 10^{-5}$ reaches over the kink to the other side.
#
# **Prediction.**
# What does the centered difference of the ReLU give at $x=-10^{-6}$ with $h=10^{-5}$?

# %% solution="predicted_kink" title="Predict: across a kink"
# Type predicted_kink = followed by "0", "0.45", "0.5" or "1".
### BEGIN SOLUTION
predicted_kink = "0.45"
### END SOLUTION

# %% tests="predicted_kink" points=1
check_one_of("predicted_kink", predicted_kink, ["0", "0.45", "0.5", "1"])
### BEGIN HIDDEN TESTS
check("predicted_kink", predicted_kink == "0.45",
      f"you said {predicted_kink!r}; measuring says otherwise",
      look="relu(x + h) = 9e-6 and relu(x - h) = 0; divide by 2h = 2e-5.")
### END HIDDEN TESTS

# %% experiment="kink"
def draw_kink(x=-1e-6, h=1e-5):
    def relu(x):
        return np.maximum(0, x)

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), gridspec_kw={"wspace": 0.28})
    near = np.linspace(-1.3e-5, 1.3e-5, 200)
    ends = np.array([x - h, x + h])
    left.plot(near * 1e6, relu(near) * 1e6, label="ReLU")
    left.plot(ends * 1e6, relu(ends) * 1e6, "o--", color=COLOURS["red"],
              label="centered difference")
    left.axvline(x * 1e6, ymax=0.7, color="grey", lw=1)
    left.text(x * 1e6 - 0.4, 8, "x", ha="right", color="dimgrey")
    left.set(xlabel="input, in millionths", ylabel="output, in millionths", ylim=(-0.7, 18),
             title="The chord crosses the kink")
    left.legend(loc="upper left")
    steps = np.logspace(-8, -3, 60)
    right.semilogx(steps, (relu(x + steps) - relu(x - steps)) / (2 * steps), color=COLOURS["red"])
    right.axhline(0, color=COLOURS["blue"], ls="--")
    right.text(1e-3, 0.02, "the gradient at x", ha="right", color=COLOURS["blue"])
    right.axvline(-x, color="grey", lw=1)
    right.set(xlabel="step h", ylabel="centered difference",
              title="Too large a step sees both sides")
    show(figure,
         alt="Left: the ReLU near 0 and the chord from x - h to x + h, which starts on the flat "
         "side, ends on the sloping side and rises although the ReLU is flat at x. "
         "Right: the centered difference at x = -1e-6 against the step h; "
         "it is 0, the right gradient, up to h = 1e-6, and climbs to one half for larger steps.")

draw_kink()

# %% [markdown]
# A mismatch at a kink is no bug, so you want to know when you are at one.
# Every kink comes from a choice: which side of 0, which entry is the largest.
# Keep track of the *winners*.
# If they are not the same at $x + h$ and at $x - h$, a kink lies between.

# %% solution="kink_crossed" title="Crossed kinks"
def kink_crossed(winners, x, h=1e-5):
    """Tell for which coordinates a centered difference steps over a kink.

    Args:
        winners: a function of an array of the shape of x that returns the choices made there, an
            array of booleans or integers: lambda x: x > 0 for a ReLU, lambda x: x.argmax(axis=1)
            for a maximum over rows.
        x: the point, an array of floats of any shape. It is not changed.
        h: the step.

    Returns:
        an array of booleans of the shape of x: True where any winner at x + h e_i, the point with
        only coordinate i moved, differs from that winner at x - h e_i.
    """
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    crossed = np.zeros(x.shape, dtype=bool)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = np.array(winners(x))
        x[i] = value - h
        below = np.array(winners(x))
        x[i] = value
        crossed[i] = np.any(above != below)
    return crossed
    ### END SOLUTION

# %% [markdown] hint="kink_crossed"
# It is the loop of `numerical_gradient` again.
# What do you compare in place of subtracting?

# %% [markdown] hint="kink_crossed"
# One winner of many is enough: `np.any(above != below)`.

# %% tests="kink_crossed" points=3
x = np.array([-1e-6, 1e-6, 0.5, -0.5])
check_equal("kink_crossed(x > 0, [-1e-6, 1e-6, 0.5, -0.5], h=1e-5)",
            np.asarray(kink_crossed(lambda x: x > 0, x, h=1e-5)).tolist(),
            [True, True, False, False],
            look="Compare the winners at x + h with those at x - h, coordinate by coordinate.")
check_equal("kink_crossed(x > 0, [-1e-6, 1e-6, 0.5, -0.5], h=1e-7)",
            np.asarray(kink_crossed(lambda x: x > 0, x, h=1e-7)).tolist(), [False] * 4,
            look="A step of 1e-7 stays on its side.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("kink_crossed")
for _ in range(3):
    x, W = rng.normal(size=(2, 3)), rng.normal(size=(5, 6))
    # Coordinate i crosses the kink of unit j if |W x|_j < h |W_ji|; choose h so that 3 of 6 do.
    reach = np.min(np.abs(W @ x.reshape(-1))[:, None] / np.abs(W), axis=0)
    h = np.sqrt(np.sort(reach)[2] * np.sort(reach)[3])
    expected, before = reach < h, x.copy()
    got = kink_crossed(lambda x, W=W: W @ x.reshape(-1) > 0, x, h=h)
    check_equal(f"kink_crossed(W @ x > 0, x of shape (2, 3), h={h:.3g})", np.asarray(got).tolist(),
                expected.reshape(2, 3).tolist(),
                look="True where any of the units changes sides, "
                "with the other coordinates at rest.")
    check_unchanged("kink_crossed(winners, x)", "x", before, x)
gap = rng.uniform(1e-6, 9e-6)
x = np.array([[1.0, 1.0 + gap, 0.0], [5.0, 3.0, 1.0]])
check_equal("kink_crossed(argmax of each row, a near tie in the first row)",
            np.asarray(kink_crossed(lambda x: x.argmax(axis=1), x)).tolist(),
            [[True, True, False], [False, False, False]], look="Winners may be integers.")
### END HIDDEN TESTS
