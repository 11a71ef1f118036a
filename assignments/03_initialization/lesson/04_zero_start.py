# %% [markdown]
# ## 4 · Zero is a bad start
#
# The inputs are ready; now the weights.
# Why not start from zero, half-way between the positive and the negative?
#
# **Predict, with pencil and paper.** A network of two layers, $h = \tanh(xW_1 + b_1)$,
# $s = hW_2 + b_2$, softmax loss, all weights and biases zero.
# Which parameters get a gradient that is not zero:
# `"all"`, `"the last layer"`, `"only the last bias"` or `"none"`?

# %% solution="zero_weights" title="Predict: zero weights"
# Type your choice: zero_weights = "..."
### BEGIN SOLUTION
zero_weights = "only the last bias"
### END SOLUTION

# %% [markdown] hint="zero_weights"
# $dW_2 = h^\top ds$: what is $h$?
# And $dh = ds\,W_2^\top$: what is $W_2$?

# %% tests="zero_weights" points=1
check_one_of("zero_weights", zero_weights, ["all", "the last layer", "only the last bias", "none"])
### BEGIN HIDDEN TESTS
check_equal("zero_weights", zero_weights, "only the last bias",
            look="h is 0, so dW₂ = hᵀ ds is 0; W₂ is 0, so nothing flows back to the first layer; "
            "db₂ is the sum of ds.")
### END HIDDEN TESTS

# %% [markdown]
# What about any other constant?
# Then all hidden units compute the same, get the same gradient, and stay the same for ever:
# a layer of 16 units is worth one.
# That is the **symmetry** that random numbers have to break.
# The next cell trains 64 → 16 → 10 from three starts.

# %% sandboxed="symmetry"
def train_from(start, seed, steps=60, rate=0.5):
    """Train a small tanh network on digits from "zero", "constant" or "random" weights.

    Returns (losses, W1): the training loss of each step, and the first weights, (64, 16).
    """
    X_train, y_train, X_test, _ = split_digits(seed)
    X, y = standardize(X_train, X_test)[0][:500], y_train[:500]
    rng = np.random.default_rng(seed)
    W1, W2 = {"zero": lambda: (np.zeros((64, 16)), np.zeros((16, 10))),
              "constant": lambda: (np.full((64, 16), 0.1), np.full((16, 10), 0.1)),
              "random": lambda: (rng.normal(size=(64, 16)) / 8,
                                 rng.normal(size=(16, 10)) / 4)}[start]()
    b1, b2, losses = np.zeros(16), np.zeros(10), []
    for _ in range(steps):
        h = np.tanh(X @ W1 + b1)
        s = h @ W2 + b2
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(y)), y]).mean())
        ds = (p - np.eye(10)[y]) / len(y)
        dz = ds @ W2.T * (1 - h**2)
        W2, b2 = W2 - rate * h.T @ ds, b2 - rate * ds.sum(axis=0)
        W1, b1 = W1 - rate * X.T @ dz, b1 - rate * dz.sum(axis=0)
    return losses, W1

# %% experiment="symmetry"
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.2), width_ratios=(1.7, 1, 1),
                                             gridspec_kw={"wspace": 0.3})
for start, colour, style in (("zero", "black", "-"), ("constant", "orange", "--"),
                             ("random", "blue", "-")):
    losses, W1 = train_from(start, seed=0)
    left.plot(losses, color=COLOURS[colour], linestyle=style, label=f"{start} weights")
    if start != "zero":
        axes = middle if start == "constant" else right
        axes.imshow(W1, cmap="PuOr", aspect="auto", vmin=-0.5, vmax=0.5, interpolation="nearest")
        axes.set(title=f"W₁, {start} start", xlabel="hidden unit", ylabel="pixel",
                 xticks=(0, 5, 10, 15))
        axes.grid(False)
left.set(xlabel="step", ylabel="training loss", ylim=(0, 2.6), title="Three starts")
left.legend(loc=(0.42, 0.34), fontsize=9)
show(figure, "Left: training losses. From zero weights the loss stays at 2.3, "
     "from constant weights it falls to about 1.8 and from random weights to 0.16. "
     "Middle: the weights after the constant start, all 16 columns the same, horizontal stripes. "
     "Right: the weights after the random start, every column different.")

# %% [markdown]
# At which loss does the zero start stay?
# (You know this number from ten classes and no knowledge.)

# %% solution="stuck_at" title="Loss of the zero start"
# Type the loss: stuck_at = ...
### BEGIN SOLUTION
stuck_at = 2.30  # ln 10
### END SOLUTION

# %% [markdown] hint="stuck_at"
# Guessing ten classes with probability 1/10 each costs $-\ln \tfrac{1}{10}$.

# %% tests="stuck_at" points=1
check("stuck_at", 0 <= stuck_at <= 2.6, f"{stuck_at} is not on the axis of the picture")
### BEGIN HIDDEN TESTS
# The last bias learns how often each digit occurs, which is worth less than 0.002.
check_close("stuck_at", stuck_at, np.log(10), rtol=0, atol=0.05,
            look="Read the height of the black line, or compute ln 10.")
### END HIDDEN TESTS
