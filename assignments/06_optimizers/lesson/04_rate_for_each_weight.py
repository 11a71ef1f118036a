# %% [markdown]
# ## 4 · A learning rate for each weight
#
# Momentum treats all weights alike.
# The next rules measure how large the gradient of each single weight has been, and divide by it.
# Squares, roots and quotients are meant elementwise.
#
# ### AdaGrad
#
# Duchi, Hazan & Singer (2011) add up all squared gradients:
# $c \leftarrow c + g^2$, then $w \leftarrow w - \eta\, g / (\sqrt{c} + \varepsilon)$.
# Rarely used weights get long steps, which was made for sparse features.
# As the sum only grows, the learning rate of each weight only shrinks.
#
# *Convention:* $\varepsilon$ stands outside the root here, as in PyTorch.
# Some texts write $\sqrt{c + \varepsilon}$,
# which for $\varepsilon = 10^{-8}$ is a floor of $10^{-4}$ instead of $10^{-8}$.

# %% solution="adagrad" title="AdaGrad"
def adagrad(w, dw, config=None):
    """One step of AdaGrad (Duchi et al. 2011).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``epsilon`` (1e-8, added to the root), and
            ``cache``, the sum of the squared gradients so far, of the shape of w (zeros).

    Returns:
        (next_w, config), config with the new ``cache``.
    """
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros_like(w), **(config or {})}
    ### BEGIN SOLUTION
    config["cache"] = config["cache"] + dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adagrad"
# First the memory, then the step:
# does this step's gradient belong to the cache that it is divided by?
# (Think of the very first step, at which the cache was zero.)

# %% [markdown] hint="adagrad"
# `cache + dw**2`, kept in `config`; the step is `learning_rate * dw / (np.sqrt(cache) + epsilon)`.

# %% tests="adagrad" points=2
settings = {"learning_rate": 0.1, "epsilon": 1.0, "cache": np.array([7.0, 0.0])}
got, config = adagrad(np.array([1.0, 2.0]), np.array([3.0, -4.0]), settings)
call = "adagrad([1, 2], [3, -4], {'learning_rate': 0.1, 'epsilon': 1, 'cache': [7, 0]})"
check_close(f"the cache after {call}", config.get("cache"), [16.0, 16.0], rtol=1e-5,
            look="The cache is the sum of the squared gradients.")
check_close(f"next_w of {call}", got, [1 - 0.3 / 5, 2 + 0.4 / 5], rtol=1e-5,
            look="Divide by √cache + epsilon = 4 + 1; epsilon is outside the root.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adagrad")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, epsilon = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.3)
check_walk("adagrad on an array of shape (3, 2)",
           follow(adagrad, slopes, start, 7, learning_rate=rate, epsilon=epsilon),
           torch_path(torch.optim.Adagrad, slopes, start, 7, lr=rate, eps=epsilon),
           look="Does the cache of the returned config hold all steps so far?")
check_close("the first step of adagrad(w, dw)", adagrad(start.copy(), slopes[0].copy())[0],
            start - 0.01 * np.sign(slopes[0]), rtol=1e-4, atol=1e-5,
            look="With its defaults, the first step is the learning rate against the sign of dw.")
### END HIDDEN TESTS

# %% [markdown]
# ### RMSprop
#
# Tieleman & Hinton (2012) let the cache forget:
# $c \leftarrow \rho c + (1 - \rho) g^2$, an average over about $1/(1-\rho)$ steps.
# The steps no longer die out, and no longer settle either.

# %% solution="rmsprop" title="RMSprop"
def rmsprop(w, dw, config=None):
    """One step of RMSprop (Tieleman & Hinton 2012).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.01), ``decay_rate`` (0.99: how much of the cache is
            kept), ``epsilon`` (1e-8, added to the root), and ``cache``, the running mean of the
            squared gradients, of the shape of w (zeros).

    Returns:
        (next_w, config), config with the new ``cache``.
    """
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w),
              **(config or {})}
    ### BEGIN SOLUTION
    decay = config["decay_rate"]
    config["cache"] = decay * config["cache"] + (1 - decay) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="rmsprop"
# Only the line of the cache differs from AdaGrad.
# Which share does the old cache keep, and which share does the new square get?

# %% tests="rmsprop" points=2
settings = {"learning_rate": 0.1, "decay_rate": 0.75, "epsilon": 1.0, "cache": np.array([4.0, 0.0])}
got, config = rmsprop(np.array([1.0, 2.0]), np.array([2.0, -4.0]), settings)
call = ("rmsprop([1, 2], [2, -4], {'learning_rate': 0.1, 'decay_rate': 0.75, 'epsilon': 1, "
        "'cache': [4, 0]})")
check_close(f"the cache after {call}", config.get("cache"), [4.0, 4.0], rtol=1e-5,
            look="0.75 of the old cache and 0.25 of the new square.")
check_close(f"next_w of {call}", got, [1 - 0.2 / 3, 2 + 0.4 / 3], rtol=1e-5,
            look="Divide by √cache + epsilon = 2 + 1.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("rmsprop")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, decay, epsilon = rng.uniform(0.1, 0.9), rng.uniform(0.6, 0.9), rng.uniform(0.05, 0.3)
check_walk("rmsprop on an array of shape (3, 2)",
           follow(rmsprop, slopes, start, 7, learning_rate=rate, decay_rate=decay, epsilon=epsilon),
           torch_path(torch.optim.RMSprop, slopes, start, 7, lr=rate, alpha=decay, eps=epsilon),
           look="decay_rate is the share of the old cache that is kept.")
### END HIDDEN TESTS

# %% [markdown]
# ### Adam
#
# Kingma & Ba (2015) average the gradient as well as its square:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2$$
#
# Both averages start at zero, so at first they are too small:
# after $t$ steps of a constant gradient, $m = (1 - \beta_1^t)\, g$.
# Adam divides that out, from the first step on, at which $t = 1$:
#
# $$
# \hat m = \frac{m}{1-\beta_1^t}, \qquad
# \hat v = \frac{v}{1-\beta_2^t}, \qquad
# w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}
# $$

# %% solution="adam" title="Adam"
def adam(w, dw, config=None):
    """One step of Adam (Kingma & Ba 2015, algorithm 1).

    Args:
        w: weights, an array of any shape.
        dw: the gradient at w, of the same shape.
        config: ``learning_rate`` (default 0.001), ``beta1`` (0.9), ``beta2`` (0.999),
            ``epsilon`` (1e-8, added to the root of the corrected v); ``m`` and ``v``, the running
            means of dw and dw², uncorrected, of the shape of w (zeros); ``t``, the number of
            steps done so far (0; after the first step it is 1).

    Returns:
        (next_w, config), config with the new ``m``, ``v`` and ``t``.
    """
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0, **(config or {})}
    ### BEGIN SOLUTION
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    v_hat = config["v"] / (1 - beta2 ** config["t"])
    next_w = w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"])
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adam"
# Count first: with $t = 0$ the correction $1 - \beta^t$ would be zero.
# What is it in the first step, and what does that do to $m = (1-\beta_1) g$?

# %% [markdown] hint="adam"
# The corrected averages are for this step only.
# What you keep in `config` is `m` and `v` as they are, uncorrected.

# %% [markdown] hint="adam"
# Six lines: `t` plus one; the new `m`; the new `v`, of `dw**2`; `m_hat = m / (1 - beta1**t)`;
# `v_hat` alike; the step `learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)`.

# %% tests="adam" points=4
got, config = adam(np.array([1.0, 2.0]), np.array([0.5, -80.0]), {"learning_rate": 0.1})
call = "adam([1, 2], [0.5, -80], {'learning_rate': 0.1})"
check_equal(f"t after {call}", config.get("t"), 1,
            look="Count the step before you correct with it.")
check_close(f"m after {call}", config.get("m"), [0.05, -8.0], rtol=1e-5,
            look="m keeps 0.9 and takes in 0.1 of dw.")
check_close(f"v after {call}", config.get("v"), [0.00025, 6.4], rtol=1e-5,
            look="v takes in 0.001 of dw².")
check_close(f"next_w of {call}", got, [0.9, 2.1], rtol=1e-6,
            look="Corrected, the first step is the learning rate against the sign of the gradient.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adam")
start, slopes = (rng.normal(size=(2, 3)),
                 rng.normal(size=(9, 2, 3)) * rng.uniform(0.2, 5, size=(2, 3)))
rate, beta1, beta2 = rng.uniform(0.05, 0.3), rng.uniform(0.6, 0.95), rng.uniform(0.7, 0.99)
check_walk("adam on an array of shape (2, 3)",
           follow(adam, slopes, start, 9, learning_rate=rate, beta1=beta1, beta2=beta2),
           torch_path(torch.optim.Adam, slopes, start, 9, lr=rate, betas=(beta1, beta2)),
           look="Is t counted on in the returned config, and are m and v kept uncorrected, "
           "beta1 for m and beta2 for v?")
# A large epsilon shows where it stands; torch adds it to the root of the corrected v.
check_walk("adam with epsilon=0.2",
           follow(adam, slopes, start, 5, learning_rate=rate, epsilon=0.2),
           torch_path(torch.optim.Adam, slopes, start, 5, lr=rate, eps=0.2),
           look="epsilon is added to the root of the corrected v, outside of the root.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict, with pencil and paper.**
# Leave out the correction, with the usual $\beta_1 = 0.9$ and $\beta_2 = 0.999$.
# How many times the intended length is then the very first step?
# (Above 1: too long. Below 1: too short.)
# Most people expect it to be too short.

# %% solution="uncorrected_step" title="Predict: the uncorrected step"
# Type the factor: uncorrected_step = ...
### BEGIN SOLUTION
uncorrected_step = 3.16  # (1 − 0.9) / √(1 − 0.999)
### END SOLUTION

# %% [markdown] hint="uncorrected_step"
# After one step, $m = 0.1\, g$ and $v = 0.001\, g^2$.
# What is $m / \sqrt{v}$?

# %% tests="uncorrected_step" points=1
check("uncorrected_step", uncorrected_step > 0, f"{uncorrected_step} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("uncorrected_step", uncorrected_step, np.sqrt(10), rtol=0.02,
            look="m is a tenth of g, and the root of v is √0.001 of it.")
### END HIDDEN TESTS

# %% [markdown]
# ### AdamW
#
# Weight decay is meant to shrink each weight by the same share in each step.
# If its gradient $\lambda w$ is added to $g$,
# Adam divides it by $\sqrt{\hat v}$ like everything else.
# Loshchilov & Hutter (2019) take it out of the averages and shrink the weights themselves:
#
# $$w \leftarrow w - \eta \left( \frac{\hat m}{\sqrt{\hat v} + \varepsilon} + \lambda w \right)$$

# %% [markdown]
# **Predict.** A weight is not used by the data: its gradient is zero, only the decay acts.
# You train with Adam and add $\lambda w$ to the gradient (L2),
# once with $\lambda = 0.001$ and once with $\lambda = 0.1$.
# How much faster does the second weight shrink at first:
# `"100 times"`, `"10 times"` or `"not at all"`?

# %% solution="l2_in_adam" title="Predict: L2 in Adam"
# Type your choice: l2_in_adam = "..."
### BEGIN SOLUTION
l2_in_adam = "not at all"
### END SOLUTION

# %% [markdown] hint="l2_in_adam"
# What happens to Adam's step when all gradients are multiplied by 100?

# %% tests="l2_in_adam" points=1
check_one_of("l2_in_adam", l2_in_adam, ["100 times", "10 times", "not at all"])
### BEGIN HIDDEN TESTS
check_equal(
    "l2_in_adam", l2_in_adam, "not at all",
    look="Adam divides by the size of the gradient: a factor in all of it makes no difference.")
### END HIDDEN TESTS

# %% solution="adamw" title="AdamW"
def adamw(w, dw, config=None):
    """One step of Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    Args:
        w: weights, an array of any shape.
        dw: the gradient of the data loss at w, without any decay, of the same shape.
        config: as for Adam, and ``weight_decay`` (default 0.01). Each step takes
            learning_rate · weight_decay · w off the weights, w as it was before the step.

    Returns:
        (next_w, config), config with the new ``m``, ``v`` and ``t``.
    """
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
              "weight_decay": 1e-2, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0,
              **(config or {})}
    ### BEGIN SOLUTION
    beta1, beta2 = config["beta1"], config["beta2"]
    config["t"] += 1
    config["m"] = beta1 * config["m"] + (1 - beta1) * dw
    config["v"] = beta2 * config["v"] + (1 - beta2) * dw**2
    m_hat = config["m"] / (1 - beta1 ** config["t"])
    v_hat = config["v"] / (1 - beta2 ** config["t"])
    direction = m_hat / (np.sqrt(v_hat) + config["epsilon"]) + config["weight_decay"] * w
    next_w = w - config["learning_rate"] * direction
    ### END SOLUTION
    return next_w, config

# %% [markdown] hint="adamw"
# Start from your `adam`.
# The decay must not enter `m` or `v`: where else can it go?

# %% [markdown] hint="adamw"
# Add `weight_decay * w` to the quotient, after the division; the learning rate multiplies both.

# %% tests="adamw" points=2
settings = {"learning_rate": 0.1, "weight_decay": 0.5}
got, config = adamw(np.array([1.0, -2.0]), np.array([0.0, 3.0]), settings)
call = "adamw([1, -2], [0, 3], {'learning_rate': 0.1, 'weight_decay': 0.5})"
check_close(f"next_w of {call}", got, [0.95, -2.0], rtol=1e-6,
            look="−2 loses 0.1 to Adam's first step and gains 0.1 · 0.5 · 2 from the decay.")
check_close(f"v after {call}", config.get("v"), [0.0, 0.009], rtol=1e-5, look="No decay in v.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("adamw")
start, slopes = 2 * rng.normal(size=(2, 3)), rng.normal(size=(8, 2, 3))
rate, decay, epsilon = rng.uniform(0.1, 0.3), rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3)
check_walk("adamw on an array of shape (2, 3)",
           follow(adamw, slopes, start, 8, learning_rate=rate, weight_decay=decay, epsilon=epsilon),
           torch_path(torch.optim.AdamW, slopes, start, 8, lr=rate, weight_decay=decay,
                      eps=epsilon),
           look="The decay is learning_rate · weight_decay · w, of the old w.")
### END HIDDEN TESTS

# %% [markdown]
# Now see it: a weight without data, L2 inside Adam on the left,
# your AdamW on the right, for three strengths of decay.

# %% sandboxed="decaying"
def decaying(decay, start=1.0, steps=60):
    """A weight without data under Adam with L2,
    and under AdamW with a hundred times the decay: two paths.
    """
    coupled, decoupled, one, two = [np.full(1, start)], [np.full(1, start)], None, None
    for _ in range(steps):
        w, one = adam(coupled[-1].copy(), decay * coupled[-1],
                      {**(one or {}), "learning_rate": 0.01})
        coupled.append(w)
        w, two = adamw(decoupled[-1].copy(), np.zeros(1),
                       {**(two or {}), "learning_rate": 0.01, "weight_decay": 100 * decay})
        decoupled.append(w)
    return np.ravel(coupled), np.ravel(decoupled)

# %% experiment="decoupled"
styles = {0.001: ("blue", "o", 7.0), 0.01: ("orange", "s", 4.0), 0.1: ("red", "^", 1.6)}
figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(8.4, 3.2))
for decay, (colour, mark, thick) in styles.items():
    coupled, decoupled = decaying(decay)
    style = dict(color=COLOURS[colour], marker=mark, markevery=12)
    left.plot(coupled, label=f"λ = {decay:g}", linewidth=thick, **style)
    right.plot(decoupled, label=f"λ = {100 * decay:g}", **style)
left.set(title="Adam with L2: λ makes no difference", xlabel="step", ylabel="weight",
         ylim=(0, 1.05))
right.set(title="AdamW: each weight shrinks by ηλ", xlabel="step")
left.legend(loc="lower left")
right.legend(loc=(0.62, 0.14))
show(figure, "A weight without data gradient over 60 steps of learning rate 0.01, for three "
     "strengths of decay. Left, Adam with L2: three curves lie on one another and fall to 0.46. "
     "Right, AdamW: three curves that fall exponentially, the faster the stronger the decay.")
