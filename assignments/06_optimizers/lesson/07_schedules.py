# %% [markdown]
# ## 7 · Schedules
#
# Far from the minimum a long step is worth its noise; near it, the noise is all that is left.
# So one lowers the learning rate on the way.
# The step counts from 0 in all functions here.
# In the next four, `base` is the learning rate of step 0;
# each returns the learning rate of the given step, a number.

# %% solution="decay" title="Decaying schedules"
def linear_decay(step, base, total, final=0.0):
    """From base at step 0 along a straight line to final at step total, and final ever after."""
    ### BEGIN SOLUTION
    return base + (final - base) * min(step / total, 1.0)
    ### END SOLUTION


def step_decay(step, base, every, factor):
    """base for the first ``every`` steps, then base · factor for as many, then base · factor², …"""
    ### BEGIN SOLUTION
    return base * factor ** (step // every)
    ### END SOLUTION


def exponential_decay(step, base, rate):
    """base · exp(−rate · step)."""
    ### BEGIN SOLUTION
    return base * np.exp(-rate * step)
    ### END SOLUTION


def inverse_decay(step, base, rate):
    """base / (1 + rate · step), known as 1/t decay."""
    ### BEGIN SOLUTION
    return base / (1 + rate * step)
    ### END SOLUTION

# %% [markdown] hint="decay"
# For the linear one: which share of the way is done, and what if it is more than all of it?
# For the step one: how many whole stretches of `every` steps lie behind?

# %% [markdown] hint="decay"
# `min(step / total, 1.0)` is the share of the way; `step // every` counts whole stretches.

# %% tests="decay" part="linear" points=1
check_close("linear_decay for steps 0, 5, 10 of 10", [linear_decay(k, 0.4, 10) for k in (0, 5, 10)],
            [0.4, 0.2, 0.0], rtol=1e-5, atol=1e-7, look="A straight line from base to final.")
check_close("linear_decay(5, 0.4, 10, final=0.2)", linear_decay(5, 0.4, 10, final=0.2),
            0.3, rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("linear_decay")
base, final, total = rng.uniform(0.5, 1), rng.uniform(0.1, 0.3), int(rng.integers(20, 40))
check_close(f"linear_decay for steps 0 to {total + 10} of {total}",
            [linear_decay(k, base, total, final) for k in range(total + 10)],
            np.append(np.linspace(base, final, total + 1), np.full(9, final)), rtol=1e-5,
            look="After the last step the rate stays at final.")
### END HIDDEN TESTS

# %% tests="decay" part="step" points=1
check_close("step_decay(step, 0.8, every=3, factor=0.5) for steps 0 to 6",
            [step_decay(k, 0.8, 3, 0.5) for k in range(7)], [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2],
            rtol=1e-5, look="Three steps at 0.8, three at half of it, and so on.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("step_decay")
base, factor, every = rng.uniform(0.5, 1), rng.uniform(0.3, 0.9), int(rng.integers(4, 9))
expected = np.repeat(base * np.cumprod([1.0, factor, factor, factor]), every)
check_close(f"step_decay over {4 * every} steps with every={every}",
            [step_decay(k, base, every, factor) for k in range(4 * every)], expected, rtol=1e-5,
            look="The rate changes after each whole stretch of `every` steps, and only then.")
### END HIDDEN TESTS

# %% tests="decay" part="exponential" points=1
check_close("exponential_decay for steps 0 and 10, base 0.5, rate 0.1",
            [exponential_decay(k, 0.5, 0.1) for k in (0, 10)], [0.5, 0.5 / np.e], rtol=1e-6)
### BEGIN HIDDEN TESTS
rng = hidden_rng("exponential_decay")
base, rate = rng.uniform(0.5, 1), rng.uniform(0.01, 0.2)
rates = np.array([exponential_decay(k, base, rate) for k in range(12)], dtype=float)
check_close("exponential_decay at step 0", rates[0], base, rtol=1e-5)
check_close("the logarithm of exponential_decay from step to step", np.diff(np.log(rates)),
            np.full(11, -rate), rtol=1e-4, look="Each step takes the same off the logarithm: rate.")
### END HIDDEN TESTS

# %% tests="decay" part="inverse" points=1
check_close("inverse_decay for steps 0, 1, 3, base 0.6, rate 1",
            [inverse_decay(k, 0.6, 1.0) for k in (0, 1, 3)], [0.6, 0.3, 0.15], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("inverse_decay")
base, rate = rng.uniform(0.5, 1), rng.uniform(0.05, 0.5)
rates = np.array([inverse_decay(k, base, rate) for k in range(12)], dtype=float)
check_close("1 / inverse_decay over 12 steps", 1 / rates, np.linspace(1, 1 + 11 * rate, 12) / base,
            rtol=1e-5, look="The inverse of the rate grows along a straight line.")
### END HIDDEN TESTS

# %% [markdown]
# ### Cosine with warm-up
#
# Loshchilov & Hutter (2017) lower the rate along half a cosine.
# Goyal et al. (2017) warm up first: for some steps the rate rises,
# because at random weights the gradients are large and change quickly;
# with Adam, the averages know nothing yet either.
# The first step should do something, so the rise begins at `base / warmup`, not at zero.

# %% solution="cosine_warmup" title="Cosine with warm-up"
def cosine_warmup(step, base, total, warmup=0, final=0.0):
    """A linear rise for ``warmup`` steps, then half a cosine down to final.

    Args:
        step: the number of steps done so far, from 0.
        base: the highest learning rate.
        total: the step at which final is reached, warm-up included; final holds ever after.
        warmup: the number of steps of the rise. Steps 0, 1, …, warmup − 1 get base · 1/warmup,
            base · 2/warmup, …, base. Step ``warmup`` gets base, too: there the cosine begins.
        final: the lowest learning rate.

    Returns:
        The learning rate of this step, a number.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return base * (step + 1) / warmup
    share = min((step - warmup) / (total - warmup), 1.0)
    return final + (base - final) * (1 + np.cos(np.pi * share)) / 2
    ### END SOLUTION

# %% [markdown] hint="cosine_warmup"
# Two cases.
# In the second one, which share of the way *after the warm-up* is done?
# It runs from 0 to 1, over `total - warmup` steps.

# %% [markdown] hint="cosine_warmup"
# `(1 + np.cos(np.pi * share)) / 2` goes from 1 to 0.
# What must you do to it so that it goes from base to final?

# %% tests="cosine_warmup" points=3
check_close("cosine_warmup(step, 0.4, 8) for steps 0, 4, 8",
            [cosine_warmup(k, 0.4, 8) for k in (0, 4, 8)], [0.4, 0.2, 0.0], rtol=1e-5, atol=1e-9,
            look="Half a cosine: base, the middle, final.")
check_close("cosine_warmup(step, 0.4, 10, warmup=4) for steps 0 to 4",
            [cosine_warmup(k, 0.4, 10, warmup=4) for k in range(5)], [0.1, 0.2, 0.3, 0.4, 0.4],
            rtol=1e-5, look="Step 0 gets base / warmup, step warmup − 1 gets base.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("cosine_warmup")
base, final = rng.uniform(0.5, 1), rng.uniform(0.05, 0.3)
warmup, fall = int(rng.integers(3, 9)), int(rng.integers(20, 40))
# cos² of half the angle is (1 + cos) / 2.
half = np.cos(np.pi / 2 * np.arange(fall + 1) / fall) ** 2
expected = np.concatenate(
    [np.linspace(0, base, warmup + 1)[1:], final + (base - final) * half, np.full(5, final)]
)
rates = [cosine_warmup(k, base, warmup + fall, warmup, final) for k in range(warmup + fall + 6)]
check_close(f"cosine_warmup during the warm-up of {warmup} steps", rates[:warmup],
            expected[:warmup], rtol=1e-5, look="base · (step + 1) / warmup.")
check_close(f"cosine_warmup from step {warmup} to step {warmup + fall}", rates[warmup:-5],
            expected[warmup:-5], rtol=1e-5,
            look="The cosine runs over the total − warmup steps after the warm-up.")
check_close("cosine_warmup after its last step", rates[-5:], expected[-5:], rtol=1e-5,
            look="The rate stays at final; it does not rise again.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The loss is $\tfrac12 w^2$, each gradient has noise of standard deviation 1,
# and the learning rate starts at 0.2.
# Which of four schedules ends with the *highest* loss after 400 steps:
# `"constant"`, `"step"`, `"inverse"` or `"cosine"`?

# %% solution="highest_floor" title="Predict: the highest floor"
# Type your choice: highest_floor = "..."
### BEGIN SOLUTION
highest_floor = "constant"
### END SOLUTION

# %% [markdown] hint="highest_floor"
# Near the minimum each step adds noise of size $\eta$.
# What takes it out again?

# %% tests="highest_floor" points=1
check_one_of("highest_floor", highest_floor, ["constant", "step", "inverse", "cosine"])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20 the constant rate ended highest: 0.046 to 0.065, the others below 0.006.
check_equal("highest_floor", highest_floor, "constant",
            look="At a constant rate the loss settles where noise and descent balance: "
            "about η/4 here.")
### END HIDDEN TESTS

# %% sandboxed="noisy_descent"
schedules = {"constant": lambda k: 0.2, "step": lambda k: step_decay(k, 0.2, 100, 0.3),
             "inverse": lambda k: inverse_decay(k, 0.2, 0.05),
             "cosine": lambda k: cosine_warmup(k, 0.2, 400, warmup=20)}


def noisy_descent(schedule, seed=6, steps=400, runs=200):
    """The learning rates of a schedule, and the mean loss of many noisy runs after each step."""
    rng, rates, w, loss = (np.random.default_rng(seed), [schedule(k) for k in range(steps)],
                           np.full(runs, 3.0), [])
    for rate in rates:
        w, _ = sgd(w, w + rng.normal(size=runs), {"learning_rate": rate})
        loss.append(np.mean(w**2) / 2)
    return rates, loss

# %% experiment="schedules"
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.3))
for (name, schedule), dash in zip(schedules.items(), ("-", "--", "-.", ":"), strict=True):
    rates, loss = noisy_descent(schedule)
    left.plot(rates, dash, label=name)
    right.semilogy(loss, dash, label=name)
figure.subplots_adjust(wspace=0.3)
left.set(xlabel="step", ylabel="learning rate", title="Four schedules")
right.set(xlabel="step", ylabel="mean loss of 200 runs", title="Where the noise leaves them")
right.legend(loc="upper right")
show(figure, "Left: the learning rate against the step for a constant, a step, an inverse and a "
     "cosine schedule with warm-up. Right: the mean loss of 200 noisy runs with each, "
     "on a logarithmic scale. All fall within 30 steps; then the constant rate stays at a floor of "
     "about 0.05, and the other three end about ten times lower, or more.")
