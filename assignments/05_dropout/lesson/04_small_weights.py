# %% [markdown]
# ## 4 · Small weights
#
# ### L2
#
# The oldest means against overfitting adds $\tfrac12 \lambda \sum w^2$ to the loss
# (Krogh & Hertz, 1991, explain why it helps).
# The factor ½ is there so that the gradient is $\lambda w$.
# Biases don't multiply inputs, so they are usually left out;
# so are the scale and shift of a normalization layer.

# %% solution="l2_penalty" title="L2 penalty"
def l2_penalty(params, strength):
    """The L2 penalty on the weights of a network.

    Args:
        params: a dictionary of arrays. Names that begin with "W" are weights and are penalized;
            all others ("b1", "gamma2", …) are not.
        strength: λ.

    Returns:
        (loss, grads): ½ λ times the sum of all squared weights, and a dictionary with the gradient
        of that loss for every entry of params, zeros for those without a penalty.
    """
    ### BEGIN SOLUTION
    weights = {name: w for name, w in params.items() if name.startswith("W")}
    loss = 0.5 * strength * sum(np.sum(w**2) for w in weights.values())
    return loss, {name: strength * weights.get(name, 0.0 * w) for name, w in params.items()}
    ### END SOLUTION

# %% [markdown] hint="l2_penalty"
# Differentiate $\tfrac12 \lambda w^2$.
# Does the gradient depend on the number of weights?

# %% [markdown] hint="l2_penalty"
# A sum, not a mean; over the entries for which `name.startswith("W")`.
# The others get `np.zeros_like`.

# %% tests="l2_penalty" points=2
params = {"W1": np.array([[1.0, 2.0], [3.0, 4.0]]), "b1": np.array([5.0, 6.0])}
loss, grads = l2_penalty(params, 0.1)
check_close("the loss of l2_penalty({'W1': [[1, 2], [3, 4]], 'b1': [5, 6]}, 0.1)", loss, 1.5,
            rtol=1e-5, look="½ · 0.1 · (1 + 4 + 9 + 16): with the half, and without the biases.")
check_close("the gradient of W1", grads.get("W1"), [[0.1, 0.2], [0.3, 0.4]], rtol=1e-5, look="λ w.")
check_close("the gradient of b1", grads.get("b1"), [0.0, 0.0], rtol=1e-5, atol=1e-12,
            look="Zeros: no penalty on biases.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("l2_penalty")
params = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "gamma1": rng.normal(size=5),
          "beta1": rng.normal(size=5), "shiftW": rng.normal(size=(2, 3)),
          "W2": rng.normal(size=(5, 3, 2, 2)), "b2": rng.normal(size=3)}
strength, given = rng.uniform(0.2, 2.0), {name: value.copy() for name, value in params.items()}
loss, grads = l2_penalty(given, strength)
one, two = (torch.tensor(params[name], requires_grad=True) for name in ("W1", "W2"))
expected = strength / 2 * (one.square().sum() + two.square().sum())
expected.backward()
check_close("the loss of l2_penalty on W1, b1, gamma1, beta1, shiftW, W2 and b2", loss, expected,
            rtol=1e-5, look="½ λ Σ w², over W1 and W2, whose names begin with W.")
check_equal("the names of the gradients", sorted(grads), sorted(params),
            look="A gradient for every entry.")
for name, tensor in (("W1", one), ("W2", two)):
    check_close(f"the gradient of {name}", grads[name], tensor.grad, rtol=1e-5,
                look="λ w, the derivative of ½ λ w².")
for name in ("b1", "gamma1", "beta1", "shiftW", "b2"):
    check_close(f"the gradient of {name}", grads[name], np.zeros_like(params[name]), atol=1e-12,
                look="Only names that begin with W are penalized.")
    check_unchanged("l2_penalty(params, …)", name, params[name], given[name])
### END HIDDEN TESTS

# %% [markdown]
# ### Decay beside the gradient
#
# The gradient $\lambda w$ can be added to the data's gradient (*L2*),
# or the weights can be shrunk directly,
# past all averages and velocities (*decoupled weight decay*, Loshchilov & Hutter, 2019):
#
# $$
# \text{L2:}\quad v \leftarrow \mu v - \eta\,(g + \lambda w),\; w \leftarrow w + v \qquad\qquad
# \text{decoupled:}\quad v \leftarrow \mu v - \eta\, g,\; w \leftarrow w + v - \eta\lambda w
# $$

# %% solution="momentum_with_decay" title="Momentum with weight decay"
def momentum_with_decay(w, dw, config=None):
    """One step of momentum with weight decay, coupled (L2) or decoupled.

    Args:
        w: weights. dw: the gradient of the data loss at w, without any decay.
        config: ``learning_rate`` (0.01), ``momentum`` (0.9), ``weight_decay`` (0.01),
            ``decoupled`` (False) and ``velocity`` (zeros at first).

    Returns:
        (next_w, config), config with the new ``velocity``. In the decoupled step, w is the weight
        before the step in both places.
    """
    config = {"learning_rate": 1e-2, "momentum": 0.9, "weight_decay": 1e-2, "decoupled": False,
              "velocity": np.zeros_like(w), **(config or {})}
    ### BEGIN SOLUTION
    rate, decay = config["learning_rate"], config["weight_decay"] * w
    slope = dw if config["decoupled"] else dw + decay
    config["velocity"] = config["momentum"] * config["velocity"] - rate * slope
    next_w = w + config["velocity"] - (rate * decay if config["decoupled"] else 0.0)
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="momentum_with_decay"
# Two cases.
# In which of them does the velocity know anything about the decay?

# %% [markdown] hint="momentum_with_decay"
# Decoupled: the velocity gets `- learning_rate * dw` only,
# and the step takes `learning_rate * weight_decay * w` off as well.

# %% tests="momentum_with_decay" points=3
settings = {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.5, "velocity": np.array([1.0])}
got, config = momentum_with_decay(np.array([2.0]), np.array([3.0]),
                                  {**settings, "velocity": np.array([1.0])})
check_close("the velocity after an L2 step", config["velocity"], [0.1], rtol=1e-5,
            look="0.5 · 1 − 0.1 · (3 + 0.5 · 2).")
check_close("the weight after an L2 step", got, [2.1], rtol=1e-5)
got, config = momentum_with_decay(np.array([2.0]), np.array([3.0]),
                                  {**settings, "decoupled": True, "velocity": np.array([1.0])})
check_close("the velocity after a decoupled step", config["velocity"], [0.2], rtol=1e-5,
            look="0.5 · 1 − 0.1 · 3.")
check_close("the weight after a decoupled step", got, [2.1], rtol=1e-5,
            look="2 + 0.2 − 0.1 · 0.5 · 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("momentum_with_decay")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, mu, decay = rng.uniform(0.05, 0.3), rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.9)
for decoupled in (False, True):
    p = torch.tensor(start, requires_grad=True)
    referee = torch.optim.SGD([p], lr=rate, momentum=mu, weight_decay=0.0 if decoupled else decay)
    w, config = (start.copy(), {"learning_rate": rate, "momentum": mu, "weight_decay": decay,
                                "decoupled": decoupled})
    for step, slope in enumerate(slopes):
        p.grad = torch.tensor(slope)
        if decoupled:
            p.data.mul_(1 - rate * decay)
        referee.step()
        w, config = momentum_with_decay(w, slope.copy(), config)
        check_close(f"momentum_with_decay, decoupled={decoupled}, after step {step},", w, p,
                    rtol=1e-5, atol=1e-7,
                    look="The decay enters the velocity in L2, "
                    "and only the weights when decoupled.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** For which rule are the two the same thing, step for step:
# `"plain SGD"` (momentum 0), `"momentum"`, `"Adam"`, or `"none of them"`?

# %% solution="same_decay" title="Predict: where decays agree"
# Type your choice: same_decay = "..."
### BEGIN SOLUTION
same_decay = "plain SGD"
### END SOLUTION

# %% [markdown] hint="same_decay"
# Write both forms with $\mu = 0$.
# For momentum, think of what the velocity remembers; for Adam, of what divides the gradient.

# %% tests="same_decay" points=1
check_one_of("same_decay", same_decay, ["plain SGD", "momentum", "Adam", "none of them"])
### BEGIN HIDDEN TESTS
check_equal("same_decay", same_decay, "plain SGD",
            look="With µ = 0 both are w − η g − ηλ w; a velocity remembers old decay, "
            "and Adam divides it.")
### END HIDDEN TESTS

# %% [markdown]
# ### A limit for each unit
#
# *Max-norm* (in Srivastava et al., 2014, at its best together with dropout) lets the weights be,
# until the vector of weights **into one unit** is longer than a limit $c$.
# Then it is cut back to length $c$, after the update.
# Nothing can explode, however large the learning rate.

# %% solution="max_norm" title="Max-norm"
def max_norm(w, limit):
    """Cut the weight vectors of a layer back to a greatest length.

    Args:
        w: weights (D, M) of a layer out = x @ w + b: column m holds the weights into unit m.
        limit: the greatest Euclidean length of a column, above 0.

    Returns:
        The weights (D, M): columns longer than the limit have the length limit and their old
        direction, all others are as they were.
    """
    ### BEGIN SOLUTION
    lengths = np.linalg.norm(w, axis=0)
    return w * (limit / np.maximum(lengths, limit))
    ### END SOLUTION

# %% [markdown] hint="max_norm"
# One length for each column: over which axis do you add up the squares?

# %% [markdown] hint="max_norm"
# The factor is limit / length for long columns and 1 for short ones.
# `limit / np.maximum(lengths, limit)` is both, and never divides by zero.

# %% tests="max_norm" points=2
check_close("max_norm([[3, 0.3], [4, 0.4]], 1)", max_norm(np.array([[3.0, 0.3], [4.0, 0.4]]), 1.0),
            [[0.6, 0.3], [0.8, 0.4]], rtol=1e-5,
            look="The first column has the length 5, the second one 0.5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("max_norm")
w = rng.normal(size=(6, 9)) * rng.uniform(0.05, 2.0, size=9)
w[:, 0] = 0.0
w[:, 1] *= 9 / np.linalg.norm(w[:, 1])
expected = torch.renorm(torch.tensor(w), p=2, dim=1, maxnorm=1.2)
# torch.renorm adds 1e-7 to the lengths before it divides.
check_close("max_norm of (6, 9) weights, one column all zeros", max_norm(w.copy(), 1.2), expected,
            rtol=1e-5, atol=1e-7,
            look="The length of each column; only long ones are changed, "
            "and a column of zeros stays zeros.")
### END HIDDEN TESTS

# %% [markdown]
# ### Stopping in time
#
# Gradient descent starts from small weights and learns the large regularities first.
# *Early stopping* watches the loss on held-out data and goes back to the weights
# that had the best one.
# Since that loss is noisy, it waits:
# it stops when `patience` checks in a row have brought nothing new.

# %% solution="early_stopping" title="Early stopping"
class EarlyStopping:
    """Watches the validation loss, remembers the best weights, says when to stop.

    Attributes: ``best_loss`` (infinity at first), ``best_step`` (the number of the best check, from
    0; None at first) and ``best_weights`` (a copy of the weights at that check; None at first).
    """

    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = (
            patience, np.inf, None, None)
        self.checks = 0

    def update(self, loss, weights):
        """Report one check.

        Args:
            loss: the validation loss now. Only a loss *below* the best one is an improvement
                (NaN, the loss of a run that has failed, is none).
            weights: a dictionary of arrays, which the training goes on changing in place.

        Returns:
            True if this check and those before it make ``patience`` in a row without improvement.
        """
        ### BEGIN SOLUTION
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.checks
            self.best_weights = {name: value.copy() for name, value in weights.items()}
        self.checks += 1
        best = -1 if self.best_step is None else self.best_step
        return self.checks - 1 - best >= self.patience
        ### END SOLUTION

# %% [markdown] hint="early_stopping"
# What does `self.best_weights = weights` hold after the next training step?
# An array that is changed in place changes under all of its names.

# %% [markdown] hint="early_stopping"
# `{name: value.copy() for name, value in weights.items()}` copies the arrays;
# `weights.copy()` or `dict(weights)` copies only the dictionary.

# %% [markdown] hint="early_stopping"
# Best at check 3, patience 2: check 4 is the first one without improvement, check 5 the second.
# At which of them is the answer True?

# %% tests="early_stopping" points=3
@probe
def watch(losses, patience):
    """What update says at each check; the weights are changed in place after each."""
    stopper, weights = EarlyStopping(patience), {"W": np.zeros(2), "b": np.zeros(1)}
    said = []
    for loss in losses:
        weights["W"] += 1.0  # at check k, W is k + 1
        weights["b"] -= 1.0
        said.append(bool(stopper.update(loss, weights)))
    weights["W"] += 100.0
    best = stopper.best_weights
    return (said, float(stopper.best_loss), stopper.best_step,
            {name: np.array(best[name]) for name in best})


said, loss, step, weights = watch([0.9, 0.5, 0.7, 0.6], 2)
call = "after the losses 0.9, 0.5, 0.7, 0.6 with patience 2"
check_equal(f"update's answers {call}", said, [False, False, False, True],
            look="The second check in a row without improvement is the last.")
check_close(f"best_loss {call}", loss, 0.5)
check_equal(f"best_step {call}", step, 1, look="Checks count from 0.")
check_close(f"best_weights['W'] {call}", weights.get("W"), [2.0, 2.0],
            look="The weights of the best check, copied: the training goes on changing the arrays.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("early_stopping")
patience, fall = int(rng.integers(3, 6)), int(rng.integers(4, 8))
losses = [*np.linspace(2.0, 1.0, fall), *(1.0 + rng.uniform(0.1, 0.5, size=patience - 1)), 0.9,
          *(0.9 + rng.uniform(0.01, 0.05, size=patience))]
said, loss, step, weights = watch([float(value) for value in losses], patience)
best = fall + patience - 1
check_equal(f"update's answers with patience {patience}, when the loss improves after "
            f"{patience - 1} bad checks", said, [False] * (len(losses) - 1) + [True],
            look="An improvement sets the count back to zero.")
check_close("best_loss", loss, 0.9, look="The best loss, not the last.")
check_equal("best_step", step, best)
check_close("best_weights['W']", weights.get("W"), [best + 1.0] * 2,
            look="Copy the arrays at the best check.")
check_close("best_weights['b']", weights.get("b"), [-best - 1.0], look="Every array is copied.")
said, _, step, _ = watch([0.5, 0.5, 0.5], 2)
check_equal("update's answers to three equal losses with patience 2", said, [False, False, True],
            look="An equal loss is no improvement.")
said, _, step, _ = watch([0.5, 0.8, 0.7, 0.6], 3)
check_equal("update's answers to 0.5, 0.8, 0.7, 0.6 with patience 3", said,
            [False, False, False, True],
            look="Compare with the best loss, not with the one before.")
said, loss, step, _ = watch([0.5, np.nan, np.nan], 2)
check_equal(
    "update's answers to 0.5, nan, nan with patience 2", said, [False, False, True],
    look="NaN is below nothing; ask `loss < best`, since `loss >= best` is False for it as well.")
check_close("best_loss after 0.5, nan, nan", loss, 0.5, look="NaN is no improvement.")
### END HIDDEN TESTS
