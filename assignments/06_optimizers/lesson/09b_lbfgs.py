# %% [markdown]
# ### L-BFGS
#
# Two gradients tell something about the curvature:
# with $s = w' - w$ and $y = g' - g$, a quadratic has $y = Hs$.
# BFGS builds an approximation of $H^{-1}$ from such pairs; *limited-memory* BFGS (Nocedal, 1980;
# Liu & Nocedal, 1989) keeps the last few pairs and never forms a matrix.
# The direction $-H^{-1}g$ comes out of two loops over the pairs (Nocedal & Wright, algorithm 7.4),
# with $\rho = 1 / (y^\top s)$:
#
# 1. $q = g$.
#    From the **newest** pair to the oldest:
#    $\alpha = \rho\, s^\top q$, then $q \leftarrow q - \alpha y$.
# 2. $r = \gamma q$, with $\gamma = s^\top y / y^\top y$ of the newest pair (1 if there is none).
# 3. From the **oldest** pair to the newest: $\beta = \rho\, y^\top r$,
#    then $r \leftarrow r + s(\alpha - \beta)$, with the $\alpha$ of this pair.
# 4. The direction is $-r$.

# %% solution="lbfgs_direction" title="L-BFGS direction"
def lbfgs_direction(dw, pairs):
    """The direction of L-BFGS by the two-loop recursion.

    Args:
        dw: the gradient, an array (D,). It is not changed.
        pairs: a list of tuples (s, y) of arrays (D,), the oldest first; s is a change of the
            weights, y the change of the gradient that came with it. May be empty. The list
            and its arrays are the memory of the method: leave them as they are.

    Returns:
        The direction −H⁻¹ dw, with the H⁻¹ that the pairs give, an array (D,);
        −dw if there are no pairs.
    """
    ### BEGIN SOLUTION
    r, alphas = dw.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ r / (y @ s))
        r = r - alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        r = r * (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - y @ r / (y @ s))
    return -r
    ### END SOLUTION

# %% [markdown] hint="lbfgs_direction"
# `reversed(pairs)` walks from the newest to the oldest without touching the list.
# The alphas come out in that order; in which order does the second loop need them?

# %% [markdown] hint="lbfgs_direction"
# With a single pair, the result must fulfil $H^{-1} y = s$: the direction for `dw = y` is `-s`.
# Try it by hand.

# %% [markdown] hint="lbfgs_direction"
# First loop: `alpha = s @ q / (y @ s)`, `q = q - alpha * y`.
# Scale by `(s @ y) / (y @ y)`.
# Second loop: `beta = y @ r / (y @ s)`, `r = r + s * (alpha - beta)`.
# Return `-r`.

# %% tests="lbfgs_direction" points=4 changes="shown"
dw = np.array([1.0, 2.0])
check_close("lbfgs_direction([1, 2], [])", lbfgs_direction(dw.copy(), []), [-1.0, -2.0], rtol=1e-5,
            look="Without pairs this is steepest descent.")
pair = (np.array([1.0, 0.0]), np.array([2.0, 0.0]))
check_close(
    "lbfgs_direction([1, 2], [([1, 0], [2, 0])])", lbfgs_direction(dw.copy(), [pair]), [-0.5, -1.0],
    rtol=1e-5,
    look="The pair says that the curvature is 2; gamma = ½ carries that to the other direction.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("lbfgs_direction")
root = rng.normal(size=(5, 5))
hessian = root @ root.T / 5 + np.eye(5)
steps = rng.normal(size=(4, 5))
pairs = [(s, hessian @ s + 0.1 * s) for s in steps]
dw = rng.normal(size=5)
# The same matrix, dense: H ← VᵀHV + ρ s sᵀ with V = 1 − ρ y sᵀ (Nocedal & Wright, equation 7.16).
s, y = pairs[-1]
inverse = np.eye(5) * (s @ y) / (y @ y)
for s, y in pairs:
    v = np.eye(5) - np.outer(y, s) / (y @ s)
    inverse = v.T @ inverse @ v + np.outer(s, s) / (y @ s)
given, kept = [(s.copy(), y.copy()) for s, y in pairs], dw.copy()
got = lbfgs_direction(kept, given)
check_unchanged("lbfgs_direction", "dw", dw, kept,
                look="Start from a copy of dw: the next pair is made with it.")
check_close("lbfgs_direction for the y of the newest pair",
            lbfgs_direction(pairs[-1][1].copy(), given), -pairs[-1][0], rtol=1e-5, atol=1e-6,
            look="Any number of pairs must give H⁻¹ y = s for the newest one.")
check_close("lbfgs_direction with four pairs", got, -inverse @ dw, rtol=1e-5, atol=1e-6,
            look="First loop from the newest pair, scale by gamma of the newest, "
            "second loop from the oldest.")
for place, ((s, y), (s_before, y_before)) in enumerate(zip(given, pairs, strict=True)):
    check_unchanged("lbfgs_direction", f"pairs[{place}]", [s_before, y_before], [s, y],
                    look="Don't reverse the list in place: it is the memory of the method.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell puts your line search and your direction together.
# A pair with $s^\top y \le 0$ would break the recursion and is left out.

# %% sandboxed="lbfgs"
def on_batch(x, y):
    """The loss of a batch and its gradient, as functions of the weights."""
    return (lambda w: logistic_loss(w, x, y)[0], lambda w: logistic_loss(w, x, y)[1].mean(axis=0))


def lbfgs(batches, w, memory=10):
    """L-BFGS, one step a batch: batches are pairs (x, y);
    the path of the weights (steps + 1, D).
    """
    path, pairs = [w], []
    for batch in batches:
        loss, gradient = on_batch(*batch)
        before = gradient(path[-1])
        direction = lbfgs_direction(before, pairs)
        if before @ direction >= 0:  # a bad memory: forget it
            pairs, direction = [], -before
        step = backtracking(loss, gradient, path[-1], direction)
        path.append(path[-1] + step * direction)
        change = step * direction, gradient(path[-1]) - before
        if change[0] @ change[1] > 1e-12:
            pairs = [*pairs, change][-memory:]
    return np.array(path)

# %% [markdown]
# **Predict.** On all 512 examples, L-BFGS will beat gradient descent and Adam by powers of ten.
# Now each of its steps gets another minibatch of 16 examples.
# After 60 steps, the loss on all data is: `"as low"` as on the full batch,
# `"between"` the full batch and SGD with the same minibatches, or `"above SGD"`?

# %% solution="on_minibatches" title="Predict: L-BFGS on minibatches"
# Type your choice: on_minibatches = "..."
### BEGIN SOLUTION
on_minibatches = "above SGD"
### END SOLUTION

# %% [markdown] hint="on_minibatches"
# Each minibatch has a minimum of its own.
# The line search goes all the way towards it,
# and the pair (s, y) measures the curvature of 16 examples in one direction of 20.
# What does the next minibatch make of that memory?

# %% tests="on_minibatches" points=1
check_one_of("on_minibatches", on_minibatches, ["as low", "between", "above SGD"])
### BEGIN HIDDEN TESTS
# Mean loss of the last 20 of 60 steps: above SGD's on 20 seeds of 20,
# by a factor of 2.3 or more (medians 0.32 and 0.07 above the least loss).
check_equal("on_minibatches", on_minibatches, "above SGD",
            look="The curvature of one minibatch is wrong for the next; "
            "full trust in it leads astray.")
### END HIDDEN TESTS

# %% sandboxed="losses_on_batches"
def walk(rule, batches, rate):
    stream = iter(batches)
    return follow(rule, lambda w: logistic_loss(w, *next(stream))[1].mean(axis=0), np.zeros(20),
                  len(batches), learning_rate=rate)


def losses_on_batches(size, rates, seed=6, steps=60):
    """The loss on all data above the least, step by step,
    of three rules with minibatches of a size.

    A size of 512 is all data, in their order. The rates are those of gradient descent and Adam.
    """
    x, y = make_problem(seed)
    rng = np.random.default_rng(seed)
    batches = [(x, y)] * steps
    if size < 512:
        batches = [(x[rows], y[rows])
                   for rows in (rng.choice(512, size, replace=False) for _ in range(steps))]
    least = logistic_loss(lbfgs([(x, y)] * 80, np.zeros(20))[-1], x, y)[0]
    runs = {"gradient descent": walk(sgd, batches, rates[0]), "Adam": walk(adam, batches, rates[1]),
            "L-BFGS": lbfgs(batches, np.zeros(20))}
    return {name: [max(logistic_loss(w, x, y)[0] - least, 1e-11) for w in path]
            for name, path in runs.items()}

# %% experiment="lbfgs_on_minibatches"
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.3))
for ax, size, rates in ((axes[0], 512, (1.5, 0.3)), (axes[1], 16, (1.0, 0.05))):
    runs = losses_on_batches(size, rates)
    for (name, above), dash in zip(runs.items(), ("--", "-.", "-"), strict=True):
        ax.semilogy(above, dash, label=name)
axes[0].set(xlabel="step", ylabel="loss on all data, above the least",
            title="All 512 examples a step")
axes[1].set(xlabel="step", ylabel="loss on all data, above the least", ylim=(0.02, 2),
            title="Another 16 examples a step")
figure.subplots_adjust(wspace=0.35)
axes[0].legend(loc="lower left")
show(figure, "Loss above the least possible one against the step. Left, with all examples: "
     "gradient descent and Adam fall slowly, L-BFGS falls by ten powers of ten. "
     "Right, with minibatches of 16: gradient descent and Adam hover below the start, L-BFGS jumps "
     "about and ends above both.")

# %% [markdown]
# So curvature wants gradients that can be compared.
# With full batches, or with a few large ones that overlap, L-BFGS is hard to beat;
# on small minibatches its memory is made of noise,
# and its line search trusts a loss that the next step no longer has.
