# %% [markdown]
# ## 4 · Before you train: two sanity checks
#
# **The first loss.** A new network knows nothing:
# with small random weights all scores are nearly equal.
# What the loss must be then, you can say before you run anything.
# If the program says otherwise, it is wrong, and you know it after one forward pass.

# %% solution="chance_losses" title="Losses at chance"
def chance_losses(C):
    """The losses of a classifier that gives all of C classes the same score.

    Args:
        C: the number of classes, at least 2.

    Returns:
        (softmax, svm): the softmax loss in nats, and the SVM loss with margin 1.
    """
    ### BEGIN SOLUTION
    return np.log(C), C - 1.0
    ### END SOLUTION

# %% [markdown] hint="chance_losses"
# Put $s_j = 0$ for all $j$ into the two formulas of section 3.
# Which probability has the right class?
# How many margins are missing, and by how much each?

# %% tests="chance_losses" points=2
check_close("chance_losses(10)", chance_losses(10), [2.302585093, 9.0], rtol=1e-6,
            look="Softmax: each class has probability 1/10. SVM: nine margins, each short by 1.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("chance_losses")
for C in (2, int(rng.integers(3, 50)), int(rng.integers(50, 1000))):
    equal = torch.zeros(1, C, dtype=torch.float64), torch.tensor([0])
    check_close(f"chance_losses({C})", chance_losses(C),
                [F.cross_entropy(*equal).item(), C * F.multi_margin_loss(*equal).item()], rtol=1e-6)
### END HIDDEN TESTS

# %% sandboxed="first_losses"
def first_losses(scale, seed=0):
    """Softmax and SVM loss on digits of a linear classifier with weights
    of standard deviation scale.
    """
    X, y = data.digits()
    scores = X @ np.random.default_rng(seed).normal(0, scale, size=(64, 10))
    return softmax_loss(scores, y)[0], svm_loss(scores, y)[0]

# %% experiment="first_loss"
def draw_first_losses():
    scales = np.logspace(-3, 1, 17)
    losses = np.array([first_losses(scale) for scale in scales])
    figure, axes = plt.subplots(figsize=(6.5, 3.6))
    for k, (name, colour) in enumerate((("softmax", "blue"), ("SVM", "orange"))):
        chance = chance_losses(10)[k]
        axes.loglog(scales, losses[:, k], "os"[k] + "-", color=COLOURS[colour], label=name)
        axes.axhline(chance, ls="--", lw=1, color=COLOURS[colour])
        axes.text(14, chance, f"{chance:.2f}", va="center", color="black")
    axes.set(xlabel="standard deviation of the weights", ylabel="first loss", xlim=(8e-4, 13),
             title="Small weights start at chance, large weights far above it")
    axes.legend()
    show(figure,
         alt="First loss of a linear classifier on ten digits against the size of "
         "its random weights, on logarithmic axes. Up to a standard deviation of 0.03 the softmax "
         "loss lies on the dashed line at 2.30 and the SVM loss on the one at 9; "
         "above 0.1 both rise, in the end in proportion to the weights.")

draw_first_losses()

# %% [markdown]
# Four programs classify into 10 classes:
# each gives an example 10 scores, with small random weights, and works on batches of 50 examples.
# This is the first line that each prints:
#
# | program | first line |
# | --- | --- |
# | A | `softmax loss 2.303` |
# | B | `softmax loss 115.1` |
# | C | `SVM loss 10.00` |
# | D | `softmax loss 3.912` |
#
# What is each one's state?
# Choose from `"healthy"`, `"summed over the batch"`, `"counts the right class"`,
# `"normalized over the batch axis"` and `"too many classes"`.
# Each right answer earns half a point.

# %% solution="diagnosis" title="Diagnosis from first losses"
# Type diagnosis = {"A": "…", "B": "…", "C": "…", "D": "…"}.
### BEGIN SOLUTION
diagnosis = {
    "A": "healthy",  # ln 10
    "B": "summed over the batch",  # 50 ln 10
    "C": "counts the right class",  # 9 + 1
    "D": "normalized over the batch axis",  # ln 50
}
### END SOLUTION

# %% [markdown] hint="diagnosis"
# Compare each number with the chance loss:
# is it a multiple of it, one more than it, the chance loss for another number of classes?
# $e^{3.912} \approx 50$.

# %% tests="diagnosis" points=2
for program in "ABCD":
    check_one_of(f"diagnosis[{program!r}]", diagnosis.get(program),
                 ["healthy", "summed over the batch", "counts the right class",
                  "normalized over the batch axis", "too many classes"])
### BEGIN HIDDEN TESTS
right = {"A": "healthy", "B": "summed over the batch", "C": "counts the right class",
         "D": "normalized over the batch axis"}
found = [program for program in right if diagnosis[program] == right[program]]
check("diagnosis", len(found) > 0, "names none of the four", look="ln 10 = 2.303, ln 50 = 3.912.")
0.5 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# **Overfit a handful.** The second check needs a training loop.
# Take twenty examples and no regularization, and train until the loss is practically zero.
# A network that cannot learn twenty examples by heart will
# not learn twenty thousand by understanding.
#
# Plain gradient descent is enough: every parameter moves against *its own* gradient,
# and all gradients belong to the same point.

# %% solution="descend" title="Gradient descent"
def descend(loss_and_gradients, params, learning_rate, steps):
    """Plain gradient descent.

    Args:
        loss_and_gradients: takes a dict of arrays, returns (loss, gradients), the gradients in a
            dict with the same keys and shapes. It is called once a step.
        params: a dict of arrays of floats, the starting point. Neither it nor its arrays change.
        learning_rate: the step size, positive.
        steps: the number of steps, 0 or more.

    Returns:
        (params, losses): a dict with the parameters after the last step, and the list of losses
        *before* each step, so that losses[0] is the loss of the starting point.
    """
    ### BEGIN SOLUTION
    params = {name: np.array(value, dtype=float) for name, value in params.items()}
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(params)
        losses.append(loss)
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
    return params, losses
    ### END SOLUTION

# %% [markdown] hint="descend"
# What has to be copied, so that the caller's arrays stay as they are?
# A copy of a dict still holds the same arrays.

# %% [markdown] hint="descend"
# In each step: call `loss_and_gradients` once, remember the loss,
# then move every parameter by `-learning_rate * gradients[name]`.

# %% tests="descend" points=3 changes="shown"
start = {"w": np.array([4.0])}
params, losses = descend(lambda p: (0.5 * float(p["w"][0]) ** 2, {"w": p["w"].copy()}),
                         start, 0.5, 3)
check_close("descend(w²/2, w = 4, learning_rate=0.5, steps=3)[0]['w']", params["w"], [0.5],
            look="The gradient of w²/2 is w, so each step halves w: 4, 2, 1, 0.5.")
check_close("descend(w²/2, w = 4, learning_rate=0.5, steps=3)[1]", losses, [8.0, 2.0, 0.5],
            look="The loss before each step: w = 4, 2, 1.")
check_unchanged("descend(…)", "params", [4.0], start["w"])
### BEGIN HIDDEN TESTS
rng = hidden_rng("descend")
u, v = rng.normal(size=2), rng.normal(size=3)
M = rng.normal(size=(2, 3))
calls = []

def coupled(p):
    calls.append(1)
    loss = 0.5 * 3 * p["u"] @ p["u"] + p["u"] @ M @ p["v"] + 0.5 * 4 * p["v"] @ p["v"]
    return float(loss), {"u": 3 * p["u"] + M @ p["v"], "v": 4 * p["v"] + M.T @ p["u"]}

start = {"u": u.copy(), "v": v.copy()}
params, losses = descend(coupled, start, 0.1, 8)
H = np.block([[3 * np.eye(2), M], [M.T, 4 * np.eye(3)]])
step, points = np.eye(5) - 0.1 * H, [np.concatenate([u, v])]
for _ in range(8):
    points.append(step @ points[-1])
check_equal("the number of calls of loss_and_gradients in 8 steps", len(calls), 8,
            look="One call a step gives the loss and all gradients.")
check_close("descend(a coupled quadratic, 8 steps): u and v",
            np.concatenate([params["u"], params["v"]]), points[-1], rtol=1e-9, atol=1e-9,
            look="All gradients belong to the same point, and all parameters move.")
check_close("descend(a coupled quadratic, 8 steps): losses", losses,
            [0.5 * z @ H @ z for z in points[:-1]], rtol=1e-9, atol=1e-9,
            look="The loss before each step, one for each.")
check_unchanged("descend(…)", "params['u']", u, start["u"])
check_unchanged("descend(…)", "params['v']", v, start["v"])
### END HIDDEN TESTS

# %% [markdown]
# Here is a small network to train: affine, ReLU, affine, softmax.
# With `broken=True` its backward pass leaves out the mask of the ReLU, as people do.

# %% sandboxed="two_layer"
def new_params(seed=0, scale=0.1, inputs=64, hidden=32, classes=10):
    """Random weights of standard deviation scale, and zero biases."""
    rng = np.random.default_rng(seed)
    return {"W1": scale * rng.normal(size=(inputs, hidden)), "b1": np.zeros(hidden),
            "W2": scale * rng.normal(size=(hidden, classes)), "b2": np.zeros(classes)}

def two_layer(params, X, y, reg=0.0, broken=False):
    """Loss and gradients of affine, ReLU, affine, softmax, plus reg/2 times the squared weights."""
    hidden = np.maximum(0, X @ params["W1"] + params["b1"])
    loss, dscores = softmax_loss(hidden @ params["W2"] + params["b2"], y)
    dhidden = dscores @ params["W2"].T
    if not broken:
        dhidden = dhidden * (hidden > 0)
    gradients = {"W1": X.T @ dhidden, "b1": np.sum(dhidden, axis=0),
                 "W2": hidden.T @ dscores, "b2": np.sum(dscores, axis=0)}
    for name in ("W1", "W2"):
        loss = loss + reg / 2 * np.sum(params[name] ** 2)
        gradients[name] = gradients[name] + reg * params[name]
    return loss, gradients

# %% [markdown]
# **Prediction.** Four programs train on twenty digits for 400 steps.
# One is right.
# One gets labels that were drawn at random.
# One leaves the regularization on (`reg=0.1`).
# One has the broken backward pass.
# Exactly one of them does *not* come below a loss of 0.1.
# Which?

# %% solution="predicted_failure" title="Predict: who can't overfit"
# Type predicted_failure = followed by
# "right", "random labels", "regularization on" or "broken gradient".
### BEGIN SOLUTION
predicted_failure = "regularization on"
### END SOLUTION

# %% tests="predicted_failure" points=1
check_one_of("predicted_failure", predicted_failure,
             ["right", "random labels", "regularization on", "broken gradient"])
### BEGIN HIDDEN TESTS
# Holds in 100 of 100 seeds of the experiment.
check("predicted_failure", predicted_failure == "regularization on",
      f"you said {predicted_failure!r}; measuring says otherwise",
      look="Run the experiment: which curve stays up, and why are the other three able to fall?")
### END HIDDEN TESTS

# %% sandboxed="overfit_curves"
def overfit_curves(seed=0, steps=400):
    """The losses of four programs on twenty digits."""
    rng = np.random.default_rng(seed)
    X, y = data.digits()
    chosen = rng.choice(len(y), size=20, replace=False)
    X, y, nonsense = X[chosen], y[chosen], rng.integers(10, size=20)
    programs = {"right": lambda p: two_layer(p, X, y),
                "random labels": lambda p: two_layer(p, X, nonsense),
                "regularization on": lambda p: two_layer(p, X, y, reg=0.1),
                "broken gradient": lambda p: two_layer(p, X, y, broken=True)}
    return {name: descend(program, new_params(seed), 0.5, steps)[1]
            for name, program in progress(programs.items(), "overfitting twenty digits")}

# %% experiment="overfit"
def draw_overfit():
    figure, axes = plt.subplots(figsize=(7, 3.8))
    for (name, losses), line in zip(overfit_curves().items(), ("-", "--", "-.", ":")):
        axes.semilogy(losses, line, lw=2.2, label=name)
    axes.axhline(chance_losses(10)[0], color="grey", lw=1)
    axes.text(400, chance_losses(10)[0] * 1.1, "chance", ha="right", color="dimgrey")
    axes.set(xlabel="step", ylabel="loss on twenty digits", ylim=(0.0015, 8),
             title="Twenty digits, learned by heart")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.6))
    show(figure,
         alt="Loss on twenty digits against the step for four programs, on a logarithmic axis. "
         "Three start at the chance loss of 2.3. The right program falls below 0.01. "
         "So does, a little later, the one with random labels. "
         "The program with a broken gradient falls almost as the right one does. "
         "With the regularization on, the loss starts above the others and stays at about 1.5.")

draw_overfit()

# %% [markdown]
# Look at the last curve once more.
# The **broken** program learns its twenty digits too, only a little more slowly.
# Random labels are no obstacle either; Zhang et al. (2017) did the same with whole data sets.
# So overfitting a handful catches a network that cannot learn at all,
# but a wrong gradient can slip through, and so can labels that belong to other images.
# That is why this check does not replace the other one.
