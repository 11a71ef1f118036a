# ---
# title: Batch normalization
# minutes: 270
# ---

# %% [markdown]
# # Batch normalization
#
# **The promise.** At the end of this notebook you will have written batch normalization with its running statistics, its backward pass in two ways, and its relatives: layer norm, spatial batch norm and group norm. You will know why a network with it forgives a bad initialization, what goes wrong when the batch is small or the mode is wrong, and how to make the whole layer vanish once training is over. And you will have a PyTorch module that can take over the checkpoint of PyTorch's own.
#
# **The time.** About four and a half hours of work, in tasks of five to twenty minutes. From a clean kernel, the whole notebook takes five to ten seconds of processor time, about half of it for starting up and importing PyTorch; all experiments together take about three. A GPU is used where there is one (sections 9 and 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch. You write a layer, the cell below it tells you what is right and what is not, and experiments show what the layer does. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Batch normalization between layers, with its place before the nonlinearity and its behaviour in training and testing, follows **CS231n**, lectures 6 and 7, and its notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/); the names and signatures of the NumPy layers are those of its assignments. Batch normalization is also a topic of **Neural Networks III** and of **INFO8010**, lecture 4; minibatches and what their size does belong to **CSE 176**, lecture 11.
#
# The papers: Ioffe & Szegedy (2015), [*Batch normalization: accelerating deep network training by reducing internal covariate shift*](https://arxiv.org/abs/1502.03167); Ba, Kiros & Hinton (2016), [*Layer normalization*](https://arxiv.org/abs/1607.06450); Ulyanov, Vedaldi & Lempitsky (2016), [*Instance normalization*](https://arxiv.org/abs/1607.08022); Ioffe (2017), [*Batch renormalization*](https://arxiv.org/abs/1702.03275); Wu & He (2018), [*Group normalization*](https://arxiv.org/abs/1803.08494); Santurkar, Tsipras, Ilyas & Mądry (2018), [*How does batch normalization help optimization?*](https://arxiv.org/abs/1805.11604); Bjorck, Gomes, Selman & Weinberger (2018), [*Understanding batch normalization*](https://arxiv.org/abs/1806.02375); van Laarhoven (2017), [*L2 regularization versus batch and weight normalization*](https://arxiv.org/abs/1706.05350).

# %% setup="imports"
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from nnlab import data, device
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()
torch.set_num_threads(1)  # for tensors as small as ours, more threads only wait for one another

# %% [markdown]
# ## 1 · The forward pass
#
# A layer deep in a network gets inputs whose scale is the work of all the layers below it. Ioffe & Szegedy (2015) had a blunt idea: if we want inputs with mean 0 and variance 1, let us *make* them so. For a minibatch $x$ of shape (N, D), each feature (each column) is normalized by its own statistics over the N examples:
#
# $$\mu = \frac1N \sum_i x_i, \qquad \sigma^2 = \frac1N \sum_i (x_i - \mu)^2, \qquad \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad y_i = \gamma\, \hat x_i + \beta$$
#
# The variance is the *biased* one, divided by N. The small $\varepsilon$ stands inside the root and keeps a constant feature from dividing by zero. The scale $\gamma$ and the shift $\beta$ are learned, one number a feature.

# %% [markdown]
# **At test time** an answer must not depend on which other examples happen to be in the batch, and there may be a single example only. So the layer keeps running averages of the statistics while it trains,
#
# $$\text{running} \leftarrow \text{momentum} \cdot \text{running} + (1 - \text{momentum}) \cdot \text{batch},$$
#
# and normalizes by them when it is tested. They live in the dictionary `bn_param`, beside the settings. The network below hands the layer a *shallow copy* of that dictionary, with the mode set: `{**bn_param, "mode": "train"}`. Such a copy holds the same arrays. That is why the averages must be changed **in place**: a new array in the copy would be thrown away with the copy.

# %% solution="batchnorm_forward"
def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization of features (Ioffe & Szegedy 2015, algorithm 1).

    Args:
        x: a minibatch, an array (N, D).
        gamma, beta: the scale and the shift of each feature, arrays (D,).
        bn_param: ``mode``, 'train' or 'test'; ``eps`` (default 1e-5, inside the root);
            ``momentum`` (0.9, the share of the running averages that is kept);
            ``running_mean``, ``running_var``: arrays (D,), or missing at first: then zeros and
            ones are stored under these names. Training changes these two arrays in place, with
            the batch's mean and its variance (divided by N). Testing leaves them as they are.

    Returns:
        (out, cache): out of shape (N, D), normalized by the statistics of the batch in
        'train', by the running ones in 'test'; cache, whatever your backward pass needs.

    Raises:
        ValueError: the mode is neither 'train' nor 'test'.
    """
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.setdefault("running_var", np.ones(x.shape[1]))
    ### BEGIN SOLUTION
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = momentum * running_mean + (1 - momentum) * mean
        running_var[:] = momentum * running_var + (1 - momentum) * var
    elif bn_param["mode"] == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"the mode is 'train' or 'test', not {bn_param['mode']!r}")
    centred, std = x - mean, np.sqrt(var + eps)
    xhat = centred / std
    out, cache = gamma * xhat + beta, (centred, std, xhat, gamma)
    ### END SOLUTION
    return out, cache

# %% [markdown] hint="batchnorm_forward"
# One mean for each *feature*: over which axis of an (N, D) array do you average to get D numbers?

# %% [markdown] hint="batchnorm_forward"
# `running_mean = …` only gives the name to a new array; the dictionary still holds the old one. What does `running_mean[:] = …` do instead, or `running_mean *= momentum`?

# %% [markdown] hint="batchnorm_forward"
# In 'train': `mean, var = x.mean(axis=0), x.var(axis=0)`, then both running arrays, in place. In 'test': `mean, var = running_mean, running_var`. Then for both: `xhat = (x - mean) / np.sqrt(var + eps)` and `out = gamma * xhat + beta`.

# %% tests="batchnorm_forward" part="train" points=2
x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
got, _ = batchnorm_forward(x.copy(), np.array([1.0, 2.0]), np.array([0.0, 1.0]), {"mode": "train", "eps": 0.0})
call = "batchnorm_forward([[1, 10], [3, 10], [5, 40]], gamma=[1, 2], beta=[0, 1], {'mode': 'train', 'eps': 0})[0]"
check_close(call, got, [[-1.5**0.5, 1 - 2**0.5], [0, 1 - 2**0.5], [1.5**0.5, 1 + 8**0.5]], rtol=1e-5, atol=1e-6,
            look="The columns have the means 3 and 20 and the (biased) variances 8/3 and 200.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_forward")
x = rng.normal(size=(7, 5)) * rng.uniform(0.5, 3, size=5) + rng.normal(size=5)
gamma, beta, eps = rng.uniform(0.5, 2, size=5), rng.normal(size=5), rng.uniform(0.1, 0.5)


def by_torch(x, eps):
    x, w, b = (torch.tensor(np.asarray(a, dtype=float)) for a in (x, gamma, beta))
    return F.batch_norm(x, None, None, w, b, training=True, eps=eps).numpy()


# A large eps shows where it stands, 7 examples show 1/N against 1/(N − 1).
odd = {"mode": "train", "eps": eps, "running_mean": rng.normal(size=5), "running_var": rng.uniform(1, 3, size=5)}
check_close(f"batchnorm_forward in train mode on an array (7, 5), eps={eps:.2f}",
            batchnorm_forward(x.copy(), gamma, beta, odd)[0], by_torch(x, eps), rtol=1e-4, atol=1e-5,
            look="Statistics of this batch, over the examples, variance divided by N, eps inside the root.")
tiny = x * 3e-3
check_close("batchnorm_forward in train mode on features of variance 1e-5, with the default eps",
            batchnorm_forward(tiny.copy(), gamma, beta, {"mode": "train"})[0], by_torch(tiny, 1e-5),
            rtol=1e-3, atol=1e-4, look="eps is 1e-5 by default and is added to the variance, inside the root.")
# In float32, the mean of the squares less the square of the mean keeps no digit of these variances; a
# mean rounded in float32 is wrong by up to 1e-5, a few thousandths of the standard deviation.
far = (200 + x * 0.005).astype(np.float32)
check_close("batchnorm_forward in train mode on float32 features near 200 with a spread of 0.01",
            batchnorm_forward(far.copy(), gamma.astype(np.float32), beta.astype(np.float32),
                              {"mode": "train", "eps": 1e-12})[0], by_torch(far, 1e-12), rtol=0.05, atol=0.05,
            look="Subtract the mean first, then square: the mean of x² less the squared mean loses all digits here.")
### END HIDDEN TESTS

# %% tests="batchnorm_forward" part="running" points=2 changes="shown"
held = {"running_mean": np.array([10.0]), "running_var": np.array([4.0])}
batchnorm_forward(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), {**held, "mode": "train", "momentum": 0.75})
call = "batchnorm_forward([[1], [3]], …) in train mode with momentum 0.75, running_mean [10] and running_var [4]"
check_close(f"running_mean after {call}", held["running_mean"], [8.0], rtol=1e-5,
            look="0.75 · 10 + 0.25 · 2, written into the array that was given.")
check_close(f"running_var after {call}", held["running_var"], [3.25], rtol=1e-5, look="0.75 · 4 + 0.25 · 1.")
fresh = {"mode": "train"}
batchnorm_forward(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), fresh)
check_close("running_mean and running_var after one call with the bn_param {'mode': 'train'}",
            [fresh.get("running_mean", np.nan), fresh.get("running_var", np.nan)], [[0.2], [1.0]], rtol=1e-5,
            look="They start at 0 and 1 and take in a tenth of the batch's 2 and 1.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_forward_running")
batches, momentum = 2 * rng.normal(size=(6, 4, 3)) + rng.normal(size=3), rng.uniform(0.6, 0.85)
start, wide = rng.normal(size=3), rng.uniform(1, 3, size=3)
held = {"running_mean": start.copy(), "running_var": wide.copy()}
for batch in batches:
    batchnorm_forward(batch.copy(), np.full(3, 2.0), np.ones(3), {**held, "mode": "train", "momentum": momentum, "eps": 0.3})
share = momentum ** np.arange(6, -1, -1)  # what is left of the start, of the first batch, …
share[1:] *= 1 - momentum
for name, first, each in (("running_mean", start, np.mean(batches, axis=1)), ("running_var", wide, np.var(batches, axis=1))):
    check_close(f"{name} after 6 batches of 4 examples with momentum {momentum:.2f}", held[name],
                share @ np.vstack([first, each]), rtol=1e-4, atol=1e-5,
                look="momentum is the share that is kept; the variance that goes in is the batch's, divided by N, without eps.")
### END HIDDEN TESTS

# %% tests="batchnorm_forward" part="test" points=2 changes="shown"
param = {"mode": "test", "eps": 0.0, "running_mean": np.array([1.0]), "running_var": np.array([4.0])}
got, _ = batchnorm_forward(np.array([[5.0], [1.0]]), np.array([3.0]), np.array([10.0]), param)
check_close("batchnorm_forward([[5], [1]], gamma=[3], beta=[10]) in test mode, running_mean [1], running_var [4]",
            got, [[16.0], [10.0]], rtol=1e-5, look="(5 − 1) / √4 = 2, times 3, plus 10.")
check_raises("batchnorm_forward with the mode 'eval'", ValueError, batchnorm_forward, np.ones((2, 1)), np.ones(1),
             np.zeros(1), {"mode": "eval"}, look="A mode that is spelled wrongly must not pass silently.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_forward_test")
x, gamma, beta = rng.normal(size=(4, 3)) + 2, rng.uniform(0.5, 2, size=3), rng.normal(size=3)
mean, var, eps = rng.normal(size=3), rng.uniform(0.05, 2, size=3), rng.uniform(0.1, 0.5)
held = {"running_mean": mean.copy(), "running_var": var.copy()}
expected = F.batch_norm(*(torch.tensor(a) for a in (x, mean, var, gamma, beta)), training=False, eps=eps).numpy()
check_close("batchnorm_forward in test mode on an array (4, 3)",
            batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {**held, "mode": "test", "eps": eps})[0], expected, rtol=1e-4, atol=1e-5,
            look="The running statistics, not those of the batch; eps inside the root; gamma and beta as in training.")
for name, before in (("running_mean", mean), ("running_var", var)):
    check_unchanged("batchnorm_forward in test mode", name, before, held[name], look="Only training updates the running statistics.")
check_close("batchnorm_forward in test mode on a single example",
            batchnorm_forward(x[:1].copy(), gamma.copy(), beta.copy(), {**held, "mode": "test", "eps": eps})[0], expected[:1], rtol=1e-4,
            atol=1e-5, look="The answer for an example doesn't depend on the others.")
### END HIDDEN TESTS

# %% [markdown]
# **A trap of conventions.** PyTorch's `BatchNorm` has an argument `momentum`, too. There it is the share of the *new* batch: running ← (1 − momentum) · running + momentum · batch. Which `momentum` must you give to PyTorch for what our `momentum` 0.9 does?

# %% solution="torch_momentum"
# Type the number: torch_momentum = ...
### BEGIN SOLUTION
torch_momentum = 0.1
### END SOLUTION

# %% [markdown] hint="torch_momentum"
# Which share does the new batch get in our formula?

# %% tests="torch_momentum" points=1
check("torch_momentum", 0 <= torch_momentum <= 1, f"{torch_momentum} is not a share between 0 and 1")
### BEGIN HIDDEN TESTS
check_close("torch_momentum", torch_momentum, 0.1, rtol=1e-6, look="Ours keeps 0.9 of the old; what does the new batch get?")
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** The running mean begins at 0, but each batch has mean $m$. After how many training steps has it come within 1 % of $m$, at momentum 0.9? (Whoever tests a network after fewer steps tests it with the wrong statistics.)

# %% solution="warm_up_steps"
# Type the number of steps: warm_up_steps = ...
### BEGIN SOLUTION
warm_up_steps = 44  # ln 0.01 / ln 0.9 = 43.7
### END SOLUTION

# %% [markdown] hint="warm_up_steps"
# Each step multiplies the distance to $m$ by 0.9.

# %% [markdown] hint="warm_up_steps"
# Solve $0.9^t = 0.01$ for $t$ and round up.

# %% tests="warm_up_steps" points=1
check("warm_up_steps", warm_up_steps > 0, f"{warm_up_steps} is not a positive number of steps")
### BEGIN HIDDEN TESTS
check_close("warm_up_steps", warm_up_steps, np.log(0.01) / np.log(0.9), rtol=0, atol=1.1,
            look="What is left of the start after t steps is 0.9 to the power of t.")
### END HIDDEN TESTS

# %% [markdown]
# ### Ten layers deep
#
# Now look at what the layer is for. A batch of 200 random examples runs through ten layers of 100 ReLU units whose weights were drawn a little too small, with standard deviation 0.05. We watch the *pre-activations*, the numbers that go into each ReLU, once as they are and once with your `batchnorm_forward` before each ReLU.
#
# **Predict, with pencil and paper.** Without normalization, each layer multiplies the scale of the pre-activations by about $\sqrt{100 \cdot 0.05^2 / 2}$ (the 2 because ReLU throws half of the signal away). Compute that factor; then read it off the picture.

# %% given="depth"
def pre_activations(normalized, seed, layers=10, units=100, scale=0.05):
    """The pre-activations of each layer of a random ReLU network, a list of arrays (200, units)."""
    rng = np.random.default_rng(seed)
    x, found = rng.normal(size=(200, units)), []
    for _ in range(layers):
        a = x @ (scale * rng.normal(size=(units, units)))
        if normalized:
            a, _ = batchnorm_forward(a, np.ones(units), np.zeros(units), {"mode": "train"})
        found.append(a)
        x = np.maximum(a, 0)
    return found

# %% experiment="depth"
figure, panels = plt.subplots(1, 2, figsize=(8.4, 4.2), sharey=True)
bins = np.linspace(-2.5, 2.5, 101)
shades = plt.get_cmap("cividis")(np.linspace(0.05, 0.85, 10))
for panel, normalized in zip(panels, (False, True)):
    for depth, a in enumerate(pre_activations(normalized, seed=4), start=1):
        heights, _ = np.histogram(a, bins)
        curve = -depth + 0.9 * heights / heights.max()
        panel.fill_between(bins[1:] - 0.025, -depth, curve, color=shades[depth - 1], zorder=depth)
        panel.text(2.6, -depth + 0.1, f"σ = {a.std():.2g}", fontsize=9)
    panel.set(xlabel="pre-activation", xlim=(-2.5, 2.5), yticks=-np.arange(1, 11),
              title="with batch norm" if normalized else "as they are")
    panel.set_yticklabels(range(1, 11))
panels[0].set_ylabel("layer")
figure.subplots_adjust(wspace=0.32)
show(figure, "Histograms of the pre-activations of ten layers, one below the other. Left, without batch norm: they "
     "become narrower from layer to layer, from a standard deviation of 0.5 to 7e-5, and are needles from the "
     "fourth layer on. Right, with batch norm: ten bell curves of standard deviation 1.")

# %% solution="shrink"
# Type the factor by which each layer multiplies the standard deviation: shrink = ...
### BEGIN SOLUTION
shrink = 0.354  # √(100 · 0.05² / 2)
### END SOLUTION

# %% [markdown] hint="shrink"
# In the left panel, divide the σ of one layer by the σ of the layer above it. (Or take the ninth root of the last σ over the first.)

# %% tests="shrink" points=1
check("shrink", shrink > 0, f"{shrink} is not a positive factor")
### BEGIN HIDDEN TESTS
# The law says 0.354. On 20 seeds the ninth root of the last σ over the first gave 0.33 to 0.37, and
# one layer's σ over that of the layer above 0.25 to 0.45.
check_close("shrink", shrink, 0.354, rtol=0, atol=0.1, look="The σ of a layer, divided by the σ of the layer before.")
### END HIDDEN TESTS

# %% [markdown]
# After ten layers about a ten-thousandth of the signal is left, and the gradient fares no better on its way back. He's initialization (notebook 03) would have chosen the scale so that the factor is 1. Batch norm repairs any scale, and goes on repairing it while the weights change.

# %% [markdown]
# ### Does it take something away?
#
# A layer that forces mean 0 and variance 1 on everything might throw away what the network needs. That is why $\gamma$ and $\beta$ are there: with the right values, the layer gives back exactly what it got. **Show it**: find the $\gamma$ and $\beta$ that turn batch normalization in train mode into the identity for a given batch.

# %% solution="identity_params"
def identity_params(x, eps=1e-5):
    """The scale and shift with which batch normalization in train mode returns its input.

    Args:
        x: a minibatch, an array (N, D).
        eps: the eps of the layer. The identity is exact, whatever eps is.

    Returns:
        (gamma, beta): arrays (D,).
    """
    ### BEGIN SOLUTION
    gamma, beta = np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)
    ### END SOLUTION
    return gamma, beta

# %% [markdown] hint="identity_params"
# Solve $\gamma \hat x + \beta = x$: what must $\gamma$ undo, and what must $\beta$ give back?

# %% [markdown] hint="identity_params"
# The layer divides by $\sqrt{\sigma^2 + \varepsilon}$, which is not quite $\sigma$.

# %% tests="identity_params" points=2
gamma, beta = identity_params(np.array([[1.0], [3.0]]), eps=0.0)
check_close("gamma of identity_params([[1], [3]], eps=0)", gamma, [1.0], rtol=1e-5, look="γ = σ.")
check_close("beta of identity_params([[1], [3]], eps=0)", beta, [2.0], rtol=1e-5, look="β = µ.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("identity_params")
x = rng.normal(size=(5, 4)) * rng.uniform(0.2, 2, size=4) + rng.normal(size=4)
for eps in (1e-5, 0.5):
    gamma, beta = (np.asarray(p, dtype=float) for p in identity_params(x.copy(), eps))
    got = F.batch_norm(torch.tensor(x), None, None, torch.tensor(gamma), torch.tensor(beta), training=True, eps=eps)
    check_close(f"batch normalization with your gamma and beta, eps={eps:g},", got.numpy(), x, rtol=1e-4, atol=1e-4,
                look="γ undoes the division by √(σ² + eps), with σ² over N; β gives the mean back.")
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · The backward pass, node by node
#
# In train mode $\mu$ and $\sigma^2$ are functions of the batch, so each input acts on *all* outputs of its feature. Draw the graph and go back through it, one node at a time:
#
# ```
# x ──┬────────────► (−) ─ centred ─┬──────────► (÷) ─ xhat ─► (· γ) ─► (+ β) ─► out
#     └─► mean ─ µ ───┘             └─► mean of squares ─► √(· + ε) ─ std ─┘
# ```
#
# Where a value goes two ways, its gradients add up: `centred` is used twice, and so is `x`.

# %% [markdown]
# **Predict before you compute.** A linear layer `a = x @ W + b` feeds batch normalization in train mode. What is the gradient of the loss for the bias `b`? Type the number.

# %% solution="bias_gradient"
# Type the number: bias_gradient = ...
### BEGIN SOLUTION
bias_gradient = 0.0  # the mean takes b out again
### END SOLUTION

# %% [markdown] hint="bias_gradient"
# Add 7 to each pre-activation of a feature. What does the layer's output do?

# %% tests="bias_gradient" points=1
check("bias_gradient", np.ndim(bias_gradient) == 0, "type one number")
### BEGIN HIDDEN TESTS
check_close("bias_gradient", bias_gradient, 0.0, atol=1e-9,
            look="A constant that is added to all examples is subtracted again with the mean.")
### END HIDDEN TESTS

# %% [markdown]
# So a bias before batch norm is dead weight, and one writes `Linear(…, bias=False)`: β does its work. The same argument gives you a check of your `dx`: its sum over the batch must be 0 for each feature. (And as the output doesn't change when a feature is stretched, ε apart, the sum of `dx * xhat` is nearly 0, too.)

# %% solution="batchnorm_backward" needs="batchnorm_forward"
def batchnorm_backward(dout, cache):
    """The backward pass of batch normalization in train mode, through the graph.

    Args:
        dout: the gradient of the loss for the output, an array (N, D).
        cache: what ``batchnorm_forward`` returned in train mode.

    Returns:
        (dx, dgamma, dbeta): arrays (N, D), (D,), (D,).
    """
    ### BEGIN SOLUTION
    centred, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dstd = -(dxhat * centred).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / len(dout)
    dmean = -dcentred.sum(axis=0)
    dx = dcentred + dmean / len(dout)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="batchnorm_backward"
# Begin at the end: γ and β are shared by all N examples. What happens to the gradients of something that is shared?

# %% [markdown] hint="batchnorm_backward"
# `xhat = centred / std` gives two gradients: `dxhat / std` for `centred`, and `-(dxhat * centred).sum(axis=0) / std**2` for `std`. Then `std` passes on `dstd / (2 * std)` to the variance, and the variance gives each `centred` its share `2 * centred / N` of that.

# %% [markdown] hint="batchnorm_backward"
# `dcentred` is the sum of its two ways. The mean gets `dmean = -dcentred.sum(axis=0)`, and each `x` gets `dcentred + dmean / N`.

# %% tests="batchnorm_backward" points=4
x, dout = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
_, cache = batchnorm_forward(x, np.array([2.0]), np.array([1.0]), {"mode": "train", "eps": 0.0})
dx, dgamma, dbeta = batchnorm_backward(dout, cache)
call = "batchnorm_backward([[1], [0], [0]], cache) for the batch [[1], [3], [5]], gamma=[2], eps=0,"
check_close(f"dbeta of {call}", dbeta, [1.0], rtol=1e-5, look="β is added to all outputs: sum dout over the batch.")
check_close(f"dgamma of {call}", dgamma, [-1.5**0.5], rtol=1e-5, look="Sum dout · xhat over the batch.")
check_close(f"the sum of dx over the batch of {call}", np.sum(dx), 0.0, atol=1e-6,
            look="A shift of the whole batch changes nothing, so dx must sum to 0: is the way through the mean there?")
check_close(f"dx of {call}", dx, np.array([[1.0], [-2.0], [1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="Three ways lead back to x: direct, through the mean, through the variance.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_backward")
for shape, eps in (((6, 4), 1e-5), ((3, 5), 0.4)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=shape[1]) + rng.normal(size=shape[1])
    gamma, beta, dout = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]), rng.normal(size=shape) + 0.5
    _, cache = batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train", "eps": eps})
    got = batchnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of batchnorm_backward on an array {shape}, eps={eps:g},", have, leaf.grad.numpy(),
                    rtol=1e-3, atol=1e-5, look="Compare node by node; does the std in it contain eps?")
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · The backward pass in closed form
#
# Put the three ways into one formula on paper, and nearly everything cancels. With $g = \partial L / \partial y$ and means over the batch, for each feature:
#
# $$\frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}} \left( g_i \;-\; \overline{g} \;-\; \hat x_i\, \overline{g\, \hat x} \right)$$
#
# It is worth looking at: the gradient loses its mean and its component along $\hat x$. What is left changes neither the mean nor the scale of the batch (to first order), which would have been undone anyway.

# %% solution="batchnorm_backward_alt" needs="batchnorm_forward"
def batchnorm_backward_alt(dout, cache):
    """The backward pass of batch normalization in train mode, in closed form.

    Args:
        dout: the gradient of the loss for the output, an array (N, D).
        cache: what ``batchnorm_forward`` returned in train mode.

    Returns:
        (dx, dgamma, dbeta): arrays (N, D), (D,), (D,).
    """
    ### BEGIN SOLUTION
    _, std, xhat, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma / std * (dout - dbeta / len(dout) - xhat * (dgamma / len(dout)))
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="batchnorm_backward_alt"
# The two means in the formula are old friends: which of `dgamma` and `dbeta`, divided by N, is which?

# %% [markdown] hint="batchnorm_backward_alt"
# `dx = gamma / std * (dout - dbeta / N - xhat * dgamma / N)`. Put the brackets so that as few operations as possible touch whole (N, D) arrays.

# %% tests="batchnorm_backward_alt" points=2
x, dout = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
_, cache = batchnorm_forward(x, np.array([2.0]), np.array([1.0]), {"mode": "train", "eps": 0.0})
dx, dgamma, dbeta = batchnorm_backward_alt(dout, cache)
call = "batchnorm_backward_alt([[1], [0], [0]], cache) for the batch [[1], [3], [5]], gamma=[2], eps=0,"
check_close(f"dgamma and dbeta of {call}", [dgamma, dbeta], [[-1.5**0.5], [1.0]], rtol=1e-5, look="As before.")
check_close(f"dx of {call}", dx, np.array([[1.0], [-2.0], [1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="γ/std · (dout − mean of dout − xhat · mean of dout·xhat).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_backward_alt")
for shape, eps in (((6, 4), 1e-5), ((3, 5), 0.4)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=shape[1]) + rng.normal(size=shape[1])
    gamma, beta, dout = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]), rng.normal(size=shape) + 0.5
    _, cache = batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train", "eps": eps})
    got = batchnorm_backward_alt(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of batchnorm_backward_alt on an array {shape}, eps={eps:g},", have, leaf.grad.numpy(),
                    rtol=1e-3, atol=1e-5, look="The means are over the batch, and the std contains eps.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Which one is faster on a batch of 1024 examples with 64 features: `"the graph"`, `"the closed form"` or `"neither"`? Count how often each one walks through a whole (N, D) array.

# %% solution="faster"
# Type your choice: faster = "..."
### BEGIN SOLUTION
faster = "the closed form"
### END SOLUTION

# %% [markdown] hint="faster"
# An operation on (1024, 64) numbers touches a thousand times as many numbers as one on (64,). Which lines of each function are of the first kind?

# %% tests="faster" points=1
check_one_of("faster", faster, ["the graph", "the closed form", "neither"])
### BEGIN HIDDEN TESTS
check_equal("faster", faster, "the closed form", look="It computes the same from fewer walks through whole arrays.")
### END HIDDEN TESTS

# %% given="stopwatch"
def milliseconds(function, *args, repeats=9):
    """The time of a call, in milliseconds: the shortest of some, since other work can only add to it."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function(*args)
        taken.append(1000 * (time.perf_counter() - begin))
    return min(taken)


def time_backwards(examples, features=64, seed=4):
    """Milliseconds of the two backward passes on one batch, and how far their dx are apart."""
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(size=(2, examples, features))
    _, cache = batchnorm_forward(x, np.ones(features), np.zeros(features), {"mode": "train"})
    apart = np.abs(batchnorm_backward(dout, cache)[0] - batchnorm_backward_alt(dout, cache)[0]).max()
    return milliseconds(batchnorm_backward, dout, cache), milliseconds(batchnorm_backward_alt, dout, cache), apart

# %% experiment="two_backwards"
sizes = [16, 64, 256, 1024]
timed = np.array([time_backwards(size) for size in progress(sizes, "timing")])
figure, axes = plt.subplots(figsize=(6.4, 3.0))
for column, (name, mark) in enumerate((("the graph", "o-"), ("the closed form", "s--"))):
    axes.loglog(sizes, timed[:, column], mark, label=name)
axes.minorticks_off()
axes.set(xlabel="examples in the batch (64 features each)", ylabel="milliseconds a call",
         title="The same gradient at two prices", xticks=sizes, xticklabels=sizes)
axes.set_yticks([0.01, 0.03, 0.1, 0.3, 1], ["0.01", "0.03", "0.1", "0.3", "1"])
axes.legend(loc="upper left")
show(figure, "Time of one backward pass against the batch size from 16 to 1024, both axes logarithmic. Both curves rise; "
     f"at 1024 examples the graph takes {timed[-1, 0]:.2f} ms and the closed form {timed[-1, 1]:.2f} ms.")
print(f"At 1024 examples the closed form is {timed[-1, 0] / timed[-1, 1]:.1f} times as fast; "
      f"the two dx differ by at most {timed[:, 2].max():.0e}.")

# %% [markdown]
# ## 4 · What it does for training
#
# **Predict, with pencil and paper.** A linear layer `x @ W` (no bias) feeds batch norm in train mode, and ε is negligible. You multiply `W` by 10. The output of batch norm stays what it was. The gradient of the loss for `W` is multiplied by what?

# %% solution="gradient_factor"
# Type the factor: gradient_factor = ...
### BEGIN SOLUTION
gradient_factor = 0.1
### END SOLUTION

# %% [markdown] hint="gradient_factor"
# The loss as a function of $W$ has the property $L(10\,W) = L(W)$. Differentiate both sides for $W$; mind the inner derivative.

# %% [markdown] hint="gradient_factor"
# Or look at the closed form: where does the standard deviation of the pre-activations stand, and what happens to it?

# %% tests="gradient_factor" points=1
check("gradient_factor", gradient_factor > 0, f"{gradient_factor} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("gradient_factor", gradient_factor, 0.1, rtol=1e-6,
            look="dx of batch norm has 1/σ in front, and σ is ten times as large; x and dout are unchanged.")
### END HIDDEN TESTS

# %% [markdown]
# This is a brake that sets itself: weights that have grown large get small gradients, and a step of learning rate $\eta$ turns them by an angle in proportion to $\eta / \lVert W \rVert^2$ (van Laarhoven, 2017). So with batch norm the scale of the weights matters only as a part of the learning rate. Before the experiment, the network that it trains: four hidden layers of 50 ReLU units, for handwritten digits. The next cell has its loss; the cell after that makes the network and runs it forwards.

# %% setup="softmax"
def softmax_loss(scores, y):
    """The softmax loss of scores (N, C) for the labels y (N,), and its gradient for the scores."""
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y] + 1e-300).mean()
    p[rows, y] -= 1
    return loss, p / len(y)

# %% given="network"
def new_network(kind, scale, seed, hidden=(50, 50, 50, 50)):
    """The layers of a ReLU network; kind is 'plain', 'batch' or 'layer', scale that of the weights."""
    rng = np.random.default_rng(seed)
    return [{"kind": kind, "W": scale * rng.normal(size=(a, b)), "gamma": np.ones(b), "beta": np.zeros(b),
             "running": {"running_mean": np.zeros(b), "running_var": np.ones(b)}}
            for a, b in pairwise((64, *hidden, 10))]


def scores_of(layers, x, mode="test"):
    """The scores (N, 10), and for each layer its input, its pre-activations and a cache."""
    passed = []
    for layer in layers[:-1]:
        a, cache, scale_and_shift = x @ layer["W"], None, (layer["gamma"], layer["beta"])
        if layer["kind"] == "batch":
            a, cache = batchnorm_forward(a, *scale_and_shift, {**layer["running"], "mode": mode})
        elif layer["kind"] == "layer":
            a, cache = layernorm_forward(a, *scale_and_shift, {})
        else:
            a = a + layer["beta"]
        passed.append((x, a, cache))
        x = np.maximum(a, 0)
    return x @ layers[-1]["W"] + layers[-1]["beta"], [*passed, (x, None, None)]

# %% [markdown]
# Now backwards: `descend` makes one step of gradient descent, and `train` makes 40 of them, on minibatches drawn from 500 digits. A loss that is no longer a number counts as infinite.

# %% given="training"
def descend(layers, x, y, rate):
    """One step of gradient descent on one minibatch; returns the loss before the step."""
    scores, passed = scores_of(layers, x, mode="train")
    loss, da = softmax_loss(scores, y)
    for layer, (x, a, cache) in zip(reversed(layers), reversed(passed)):
        da = da if a is None else da * (a > 0)
        if cache is None:
            dgamma, dbeta = 0.0, da.sum(axis=0)
        else:
            back = batchnorm_backward_alt if layer["kind"] == "batch" else layernorm_backward
            da, dgamma, dbeta = back(da, cache)
        dW, da = x.T @ da, da @ layer["W"].T
        for name, slope in (("W", dW), ("gamma", dgamma), ("beta", dbeta)):
            layer[name] -= rate * slope
    return loss


def train(kind, scale, rate, seed, steps=40, batch=50, hidden=(50, 50, 50, 50)):
    """Train on digits; returns the layers and the mean loss of the last five steps."""
    X, y = digits_for_numpy()
    layers, rng, losses = new_network(kind, scale, seed, hidden), np.random.default_rng(seed + 1), []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            rows = rng.integers(500, size=batch)
            losses.append(descend(layers, X[rows], y[rows], rate))
    return layers, np.nan_to_num(np.mean(losses[-5:]), nan=np.inf)

# %% setup="digits"
def digits_for_numpy():
    """The digits of the course, in double precision; each pixel has mean 0 over the first 500."""
    if not _digits:
        X, y = data.digits()
        _digits.extend((X.astype(float) - X[:500].mean(axis=0), y))
    return _digits


_digits = []

# %% [markdown]
# **Predict.** The scale of the weights goes from 0.001 to 3, the learning rate is fixed. At the scale 0.001, the plain network answers the same to every image. Its loss after training is still: `"0"`, `"ln 10"` or `"infinite"`?

# %% solution="loss_at_small_scale"
# Type your choice: loss_at_small_scale = "..."
### BEGIN SOLUTION
loss_at_small_scale = "ln 10"
### END SOLUTION

# %% [markdown] hint="loss_at_small_scale"
# All scores are nearly zero, and the gradients of the weights are products of four tiny matrices. What loss has a network that gives each of ten digits the same probability?

# %% tests="loss_at_small_scale" points=1
check_one_of("loss_at_small_scale", loss_at_small_scale, ["0", "ln 10", "infinite"])
### BEGIN HIDDEN TESTS
check_equal("loss_at_small_scale", loss_at_small_scale, "ln 10",
            look="Ten equal probabilities cost −ln(1/10), and tiny gradients change nothing about it in 40 steps.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Now the scale is one at which both networks train, and the learning rate goes from 0.003 to 30. The largest learning rate at which a network still learns is, with batch norm: `"smaller"`, `"the same"` or `"larger"`?

# %% solution="largest_rate"
# Type your choice: largest_rate = "..."
### BEGIN SOLUTION
largest_rate = "larger"
### END SOLUTION

# %% [markdown] hint="largest_rate"
# A step that was too long leaves large weights behind. What does batch norm do to the gradients of large weights?

# %% tests="largest_rate" points=1
check_one_of("largest_rate", largest_rate, ["smaller", "the same", "larger"])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20 the network with batch norm learned at a rate at least 3.2 times as large.
check_equal("largest_rate", largest_rate, "larger",
            look="Read the right panel: which curve stays below the dotted line further to the right?")
### END HIDDEN TESTS

# %% given="sweeps"
SCALES, RATES = np.logspace(-3, 0.5, 8), np.logspace(-2.5, 1.5, 9)


def losses_by_scale(kind, seed):
    """The loss after training for each scale of the weights, at the learning rate 0.1."""
    return np.array([train(kind, scale, 0.1, seed)[1] for scale in SCALES])


def losses_by_rate(kind, seed):
    """The loss after training for each learning rate, from weights of He's scale (0.2)."""
    return np.array([train(kind, 0.2, rate, seed)[1] for rate in RATES])

# %% experiment="scale_and_rate"
figure, panels = plt.subplots(1, 2, figsize=(8.4, 3.5), sharey=True)
sweeps = [(panels[0], SCALES, losses_by_scale), (panels[1], RATES, losses_by_rate)]
for panel, values, sweep in progress(sweeps, "sweeps"):
    for kind, label, style in (("plain", "without", "o-"), ("batch", "with batch norm", "s--")):
        losses = np.minimum(sweep(kind, seed=4), 10.0)
        panel.loglog(values, losses, style, label=label)
    panel.axhline(np.log(10), color="0.4", linestyle=":")
panels[1].text(0.015, 2.65, "guessing: ln 10", color="0.35", fontsize=9)
panels[0].set(xlabel="standard deviation of the weights at the start", ylabel="loss after 40 steps",
              title="Against the scale of the weights", ylim=(0.03, 13))
panels[0].set_yticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10+"])
panels[1].set(xlabel="learning rate", title="Against the learning rate")
panels[0].legend(loc="lower left")
show(figure, "Two panels, loss after 40 steps on logarithmic axes, without and with batch norm. Left, against the standard "
     "deviation of the weights at the start: the plain network stays at ln 10 or above everywhere but near 0.3; with batch norm "
     "the loss is below ln 10 at all eight scales. Right, against the learning rate: the plain network fails "
     "from 3 on, the one with batch norm from 10 on, and its best loss is lower.")

# %% [markdown]
# On the left, the plain network learns at one or two of eight scales, the one with batch norm at all of them. (Not equally well: at 0.001 the variances are no larger than ε, and at 3 the brake makes the steps short.)
#
# Read the right panel: how many times as large is the largest learning rate at which the network *with* batch norm ends below the dotted line (clearly: below 1.5), compared with the largest one of the plain network? (Neighbouring points are a factor of $\sqrt{10} \approx 3.2$ apart.)

# %% solution="rate_ratio"
# Type the ratio of the two learning rates: rate_ratio = ...
### BEGIN SOLUTION
rate_ratio = 3.2
### END SOLUTION

# %% [markdown] hint="rate_ratio"
# Count the points between the last one that is low of each curve; each step to the right is a factor of 3.2.

# %% tests="rate_ratio" points=1
check("rate_ratio", rate_ratio > 0, f"{rate_ratio} is not a positive ratio")
### BEGIN HIDDEN TESTS
# 17 of 20 seeds gave 3.2 (one point further to the right), 3 gave 10 (two points).
check("rate_ratio", 2.5 <= rate_ratio <= 12, f"is {rate_ratio:g}, but your picture says something else",
      look="Take for each curve the rightmost point with a loss below 1.5, and divide the larger rate by the smaller.")
### END HIDDEN TESTS

# %% [markdown]
# *Why* it helps has been argued about. Ioffe & Szegedy meant that it keeps the distribution of each layer's inputs from shifting during training ("internal covariate shift"). Santurkar et al. (2018) injected such shifts on purpose, and batch norm helped all the same; they measured that it makes the loss and its gradient change more smoothly along a step. Bjorck et al. (2018) traced most of the gain to the larger learning rates that it makes possible. What you just measured is on firm ground whoever is right.

# %% [markdown]
# ## 5 · Small batches: what breaks
#
# The statistics of a batch are *estimates*, and from few examples they are poor ones. **With pencil and paper:** a batch of two examples, one feature with the values 3 and 7, ε = 0, γ = 1, β = 0, train mode. What are the two outputs? And for the values 3 and 3000?

# %% solution="batch_of_two"
# Type the two lists: outputs_of_3_and_7 = [..., ...] and outputs_of_3_and_3000 = [..., ...]
### BEGIN SOLUTION
outputs_of_3_and_7 = [-1.0, 1.0]
outputs_of_3_and_3000 = [-1.0, 1.0]
### END SOLUTION

# %% [markdown] hint="batch_of_two"
# The mean is in the middle of two values, and the standard deviation (divided by N = 2) is half of their distance.

# %% tests="batch_of_two" points=1
for name, value in (("outputs_of_3_and_7", outputs_of_3_and_7), ("outputs_of_3_and_3000", outputs_of_3_and_3000)):
    check(name, np.shape(value) == (2,), "wants a list of two numbers")
### BEGIN HIDDEN TESTS
check_close("outputs_of_3_and_7", outputs_of_3_and_7, [-1, 1], rtol=1e-3, look="Mean 5, standard deviation 2.")
check_close("outputs_of_3_and_3000", outputs_of_3_and_3000, [-1, 1], rtol=1e-3,
            look="Mean and standard deviation stretch with the values: all that is left is which one is larger.")
### END HIDDEN TESTS

# %% [markdown]
# All that is left of a feature is which of the two examples has more of it. (With a batch of one, nothing is left: the output is β whatever the input, and every gradient below is zero.) And the network is then *tested* with running averages, which behave quite differently. Layer norm takes its statistics within each example and has none of this. You will need it for the experiment, so write it first.
#
# ### Layer norm
#
# Ba, Kiros & Hinton (2016) turn the table round: each *example* is normalized over its D features. γ and β stay one number a feature. There is no batch in it, so there are no running statistics, and training and testing are the same. (The original transformer uses it.)

# %% solution="layernorm_forward"
def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalization (Ba, Kiros & Hinton 2016).

    Args:
        x: a minibatch, an array (N, D).
        gamma, beta: the scale and the shift of each feature, arrays (D,).
        ln_param: ``eps`` (default 1e-5, inside the root). There is no mode.

    Returns:
        (out, cache): out of shape (N, D); each example is normalized over its D features
        (variance divided by D), then scaled and shifted; cache for the backward pass.
    """
    eps = ln_param.get("eps", 1e-5)
    ### BEGIN SOLUTION
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    xhat = (x - x.mean(axis=1, keepdims=True)) / std
    out, cache = gamma * xhat + beta, (xhat, std, gamma)
    ### END SOLUTION
    return out, cache

# %% [markdown] hint="layernorm_forward"
# One mean for each *example* now. Which axis? And which shape must the N means have, so that they can be subtracted from an (N, D) array? (`keepdims=True`)

# %% [markdown] hint="layernorm_forward"
# γ and β still have the shape (D,): `gamma * xhat + beta` is the same line as in batch norm.

# %% tests="layernorm_forward" points=2
got, _ = layernorm_forward(np.array([[1.0, 3.0], [10.0, 50.0]]), np.array([1.0, 2.0]), np.array([0.0, 5.0]), {"eps": 0.0})
check_close("layernorm_forward([[1, 3], [10, 50]], gamma=[1, 2], beta=[0, 5], {'eps': 0})[0]", got,
            [[-1.0, 7.0], [-1.0, 7.0]], rtol=1e-5, look="Each row becomes (−1, 1), then each column gets its γ and β.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layernorm_forward")
for shape in ((3, 6), (4, 4), (1, 5)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[0], 1)) + rng.normal(size=shape)
    gamma, beta, eps = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]), rng.uniform(0.05, 0.4)
    for given, used in (({"eps": eps}, eps), ({}, 1e-5)):
        small = x if given else 3e-3 * x
        expected = F.layer_norm(torch.tensor(small), shape[1:], torch.tensor(gamma), torch.tensor(beta), used).numpy()
        check_close(f"layernorm_forward on an array {shape}, eps={used:g},", layernorm_forward(small.copy(), gamma, beta, given)[0],
                    expected, rtol=1e-3, atol=1e-4,
                    look="Statistics of each row over its D features, divided by D, eps inside the root; γ and β by column.")
### END HIDDEN TESTS

# %% [markdown]
# **The backward pass** is yours to derive. It is the one of batch norm with the axes changed, and one more trap: the means are now over *features*, and each feature has its own γ. (In batch norm γ was a common factor of the whole column, and could wait outside the bracket.)

# %% solution="layernorm_backward" needs="layernorm_forward"
def layernorm_backward(dout, cache):
    """The backward pass of layer normalization.

    Args:
        dout: the gradient of the loss for the output, an array (N, D).
        cache: what ``layernorm_forward`` returned.

    Returns:
        (dx, dgamma, dbeta): arrays (N, D), (D,), (D,).
    """
    ### BEGIN SOLUTION
    xhat, std, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    along = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * along) / std
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="layernorm_backward"
# γ and β are shared by the N examples, as before: their gradients are sums over which axis? And the means in `dx`?

# %% [markdown] hint="layernorm_backward"
# Begin with `dxhat = dout * gamma`; use it everywhere in `dx` where batch norm's closed form has `dout`. Then `dx = (dxhat - mean of dxhat - xhat * mean of dxhat·xhat) / std`, with means over axis 1.

# %% tests="layernorm_backward" points=3
x, dout = np.array([[1.0, 3.0, 5.0]]), np.array([[1.0, 0.0, 0.0]])
_, cache = layernorm_forward(x, np.array([2.0, 1.0, 1.0]), np.zeros(3), {"eps": 0.0})
dx, dgamma, dbeta = layernorm_backward(dout, cache)
call = "layernorm_backward([[1, 0, 0]], cache) for x=[[1, 3, 5]], gamma=[2, 1, 1], eps=0,"
check_close(f"dgamma and dbeta of {call}", [dgamma, dbeta], [[-1.5**0.5, 0, 0], [1, 0, 0]], rtol=1e-5, atol=1e-7)
check_close(f"dx of {call}", dx, np.array([[1.0, -2.0, 1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="The row sums to 0: a shift of all features of an example changes nothing.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layernorm_backward")
for shape, eps in (((4, 6), 1e-5), ((5, 5), 0.4), ((1, 4), 0.1)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[0], 1)) + rng.normal(size=shape)
    gamma, beta, dout = rng.uniform(0.3, 3, size=shape[1]), rng.normal(size=shape[1]), rng.normal(size=shape) + 0.5
    _, cache = layernorm_forward(x.copy(), gamma.copy(), beta.copy(), {"eps": eps})
    got = layernorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.layer_norm(leaves[0], shape[1:], leaves[1], leaves[2], eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of layernorm_backward on an array {shape}, eps={eps:g},", have, leaf.grad.numpy(),
                    rtol=1e-3, atol=1e-5, look="dgamma and dbeta add up over examples; the means in dx are over features, with γ inside.")
### END HIDDEN TESTS

# %% [markdown]
# ### The experiment
#
# A network with two hidden layers is trained on digits with minibatches of 2, 3, 4, 8, 16 and 64 examples, for the same number of steps, once with your batch norm and once with your layer norm. Then it is *tested*, batch norm with its running statistics, on 400 digits that it hasn't seen.
#
# **Predict.** At which batch size is layer norm furthest ahead in accuracy: 2, 8 or 64?

# %% solution="furthest_ahead"
# Type your choice, a number: furthest_ahead = ...
### BEGIN SOLUTION
furthest_ahead = 2
### END SOLUTION

# %% [markdown] hint="furthest_ahead"
# How good an estimate of a mean and a variance can you get from so many examples?

# %% tests="furthest_ahead" points=1
check_one_of("furthest_ahead", furthest_ahead, [2, 8, 64])
### BEGIN HIDDEN TESTS
# On 20 seeds of 20: a lead of 34 points or more with two examples, far less with eight and 64.
check_equal("furthest_ahead", furthest_ahead, 2, look="The fewer examples, the noisier their mean and variance.")
### END HIDDEN TESTS

# %% given="small_batches"
BATCHES = [2, 3, 4, 8, 16, 64]


def tested_accuracy(kind, batch, seed):
    """The share of 400 new digits that a network gets right, trained with minibatches of this size."""
    X, y = digits_for_numpy()
    layers, _ = train(kind, 0.15, 0.05, seed, steps=150, batch=batch, hidden=(50, 50))
    scores, _ = scores_of(layers, X[500:900], mode="test")
    return float((scores.argmax(axis=1) == y[500:900]).mean())

# %% experiment="small_batches"
figure, axes = plt.subplots(figsize=(6.4, 3.4))
for kind, label, style in (("layer", "layer norm", "o-"), ("batch", "batch norm", "s--")):
    reached = [tested_accuracy(kind, batch, seed=4) for batch in progress(BATCHES, label)]
    axes.semilogx(BATCHES, 100 * np.array(reached), style, label=label)
    print(f"{label}: " + ", ".join(f"{100 * r:.0f} % with {b}" for r, b in zip(reached, BATCHES)))
axes.set(xlabel="examples in a minibatch", ylabel="accuracy in test mode (%)", ylim=(0, 100), xticks=BATCHES,
         xticklabels=BATCHES, title="Batch norm needs a batch")
axes.minorticks_off()
axes.legend(loc="lower right")
show(figure, "Accuracy in test mode against the size of the minibatch, from 2 to 64. Layer norm is near 80 percent "
     "everywhere. Batch norm is as good from 8 on, more than ten points worse with 3 and 4 examples, and falls to "
     "less than half of it with 2.")

# %% [markdown]
# Read off: by how many percentage points is layer norm ahead with minibatches of two?

# %% solution="lead_of_layernorm"
# Type the lead in percentage points: lead_of_layernorm = ...
### BEGIN SOLUTION
lead_of_layernorm = 46
### END SOLUTION

# %% [markdown] hint="lead_of_layernorm"
# Subtract the two numbers above the picture that stand in front of "with 2".

# %% tests="lead_of_layernorm" points=1
check("lead_of_layernorm", -100 <= lead_of_layernorm <= 100, f"{lead_of_layernorm} is not a difference of two percentages")
### BEGIN HIDDEN TESTS
# 20 seeds gave leads of 34 to 57 points.
check("lead_of_layernorm", 20 <= lead_of_layernorm <= 60, f"is {lead_of_layernorm:g}, but your picture says something else",
      look="Accuracy of layer norm less accuracy of batch norm at the left end, in percentage points.")
### END HIDDEN TESTS

# %% [markdown]
# Batch renormalization (Ioffe, 2017) mends this by letting the running averages correct the batch during training already; group norm, next, by not using the batch at all; and who trains on many GPUs lets them exchange their statistics (`SyncBatchNorm`).

# %% [markdown]
# ## 6 · Images: spatial batch norm and group norm
#
# In a convolutional network the data is (N, C, H, W), and a feature is a *channel*: the same filter at H · W places. Ioffe & Szegedy normalize each channel over the examples *and* the places. Four relatives differ only in which numbers share a mean and a variance. In the picture, rows are examples, columns are channels, each with the places of its image side by side; what is blue shares one mean.

# %% experiment="who_shares_a_mean"
N, C, places, groups = 5, 6, 4, 2
axes_of = {"batch norm": (slice(None), slice(2, 3)), "layer norm": (slice(1, 2), slice(None)),
           "instance norm": (slice(1, 2), slice(2, 3)), "group norm (2 groups)": (slice(1, 2), slice(0, C // groups))}
figure, panels = plt.subplots(1, 4, figsize=(10.8, 2.9))
for panel, (name, (examples, channels)) in zip(panels, axes_of.items()):
    shared = np.zeros((N, C, places))
    shared[examples, channels] = 1
    panel.pcolormesh(shared.reshape(N, C * places), cmap=plt.matplotlib.colors.ListedColormap(["#f2f2f2", COLOURS["blue"]]),
                     edgecolors="white", linewidth=0.4)
    panel.vlines(np.arange(0, C * places + 1, places), 0, N, color="0.25", linewidth=1.2)
    panel.hlines(range(N + 1), 0, C * places, color="0.25", linewidth=1.2)
    panel.set(title=name, xlabel="channels × places", xticks=[], yticks=[])
    panel.invert_yaxis()
    panel.spines[:].set_visible(False)
panels[0].set_ylabel("examples")
show(figure, "Four grids of 5 examples by 6 channels with 4 places each. Blue: what shares a mean. Batch norm: one channel of "
     "all examples. Layer norm: all channels of one example. Instance norm: one channel of one example. Group norm with "
     "two groups: the first three channels of one example.")

# %% [markdown]
# **Count.** The data has the shape (8, 32, 14, 14). Over how many numbers is each mean taken, for the four of the picture, group norm with 4 groups? (Layer norm here is over all of C, H, W.)

# %% solution="numbers_in_a_mean"
# Type the numbers: numbers_in_a_mean = {"batch": ..., "layer": ..., "instance": ..., "group": ...}
### BEGIN SOLUTION
numbers_in_a_mean = {"batch": 8 * 14 * 14, "layer": 32 * 14 * 14, "instance": 14 * 14, "group": 8 * 14 * 14}
### END SOLUTION

# %% [markdown] hint="numbers_in_a_mean"
# Multiply the lengths of the axes that the blue numbers run along. If 32 channels are split into 4 groups, how many channels has a group?

# %% tests="numbers_in_a_mean" points=2
check("numbers_in_a_mean", sorted(numbers_in_a_mean) == ["batch", "group", "instance", "layer"],
      "wants the keys batch, layer, instance and group")
### BEGIN HIDDEN TESTS
right = {"batch": 1568, "layer": 6272, "instance": 196, "group": 1568}
found = [name for name in right if numbers_in_a_mean[name] == right[name]]
check("numbers_in_a_mean", found, "none of the four is right", look="Every one of them includes the 14 · 14 places.")
0.5 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# **Spatial batch norm** needs no new mathematics: bring the data into the shape (N·H·W, C), each place of each image an "example", and call what you have. The trap is in "bring into the shape": `reshape` alone cuts the numbers in the order in which they lie in memory, and mixes the channels.

# %% solution="spatial_batchnorm" needs="batchnorm_forward, batchnorm_backward"
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalization of channels, by ``batchnorm_forward``.

    Args:
        x: an array (N, C, H, W).
        gamma, beta: arrays (C,).
        bn_param: as in ``batchnorm_forward``; the running statistics have the shape (C,).

    Returns:
        (out, cache): out of shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    N, C, H, W = x.shape
    flat, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, bn_param)
    out = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    ### END SOLUTION
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Its backward pass, by ``batchnorm_backward``: (dx, dgamma, dbeta), shapes (N, C, H, W), (C,), (C,)."""
    ### BEGIN SOLUTION
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="spatial_batchnorm"
# After the reshape, column $c$ must hold the numbers of channel $c$ and nothing else. So the channel axis has to be last before you reshape.

# %% [markdown] hint="spatial_batchnorm"
# There: `x.transpose(0, 2, 3, 1).reshape(-1, C)`. Back: first `reshape(N, H, W, C)`, then `transpose(0, 3, 1, 2)`. The gradients go the same way.

# %% tests="spatial_batchnorm" part="forward" points=2 changes="shown"
x = np.array([[[[1.0, 3.0]], [[10.0, 30.0]]]])  # one image of 1 × 2 places, two channels
got, _ = spatial_batchnorm_forward(x.copy(), np.array([1.0, 2.0]), np.array([0.0, 5.0]), {"mode": "train", "eps": 0.0})
check_close("spatial_batchnorm_forward of one image with the channels [1, 3] and [10, 30], gamma=[1, 2], beta=[0, 5], eps=0",
            got, [[[[-1.0, 1.0]], [[3.0, 7.0]]]], rtol=1e-5, look="Each channel is normalized over the examples and the places.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_batchnorm")
for shape in ((3, 4, 2, 5), (2, 2, 2, 2)):
    channels = shape[1]
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(channels, 1, 1)) + rng.normal(size=(channels, 1, 1))
    gamma, beta = rng.uniform(0.5, 2, size=channels), rng.normal(size=channels)
    held = {"running_mean": np.zeros(channels), "running_var": np.ones(channels)}
    got, _ = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {**held, "mode": "train", "momentum": 0.7})
    expected = F.batch_norm(torch.tensor(x), None, None, torch.tensor(gamma), torch.tensor(beta), training=True).numpy()
    check_close(f"spatial_batchnorm_forward in train mode on an array {shape}", got, expected, rtol=1e-3, atol=1e-4,
                look="One mean and variance for each channel; transpose the channels to the end before the reshape, and back after it.")
    check_close(f"running_mean after one batch {shape} with momentum 0.7", held["running_mean"], 0.3 * x.mean(axis=(0, 2, 3)),
                rtol=1e-3, atol=1e-5, look="Hand the given bn_param on.")
    other = {"mode": "test", "running_mean": beta.copy(), "running_var": gamma.copy()}
    got, _ = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), other)
    expected = F.batch_norm(*(torch.tensor(a) for a in (x, beta, gamma, gamma, beta)), training=False).numpy()
    check_close(f"spatial_batchnorm_forward in test mode on an array {shape}", got, expected, rtol=1e-3, atol=1e-4)
### END HIDDEN TESTS

# %% tests="spatial_batchnorm" part="backward" points=2
x, dout = np.array([[[[1.0, 3.0, 5.0]]]]), np.array([[[[1.0, 0.0, 0.0]]]])
_, cache = spatial_batchnorm_forward(x, np.array([2.0]), np.zeros(1), {"mode": "train", "eps": 0.0})
dx, dgamma, dbeta = spatial_batchnorm_backward(dout, cache)
call = "spatial_batchnorm_backward for one channel [1, 3, 5] with dout [1, 0, 0], gamma=[2], eps=0,"
check_close(f"dx of {call}", dx, np.array([[[[1.0, -2.0, 1.0]]]]) / 24**0.5, rtol=1e-5, atol=1e-6)
check_close(f"dgamma and dbeta of {call}", [dgamma, dbeta], [[-1.5**0.5], [1.0]], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_batchnorm_backward")
for shape in ((3, 4, 2, 5), (2, 2, 2, 2)):
    x, dout = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1)), rng.normal(size=shape) + 0.3
    gamma, beta = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1])
    _, cache = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train"})
    got = spatial_batchnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of spatial_batchnorm_backward on an array {shape}", have, leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="dout goes the way of x: channels to the end, reshape, and back.")
### END HIDDEN TESTS

# %% [markdown]
# **Group norm** (Wu & He, 2018) splits the C channels of each example into G groups of *neighbours* and normalizes each group over its channels and places. One group is layer norm, C groups are instance norm. γ and β are one number a channel.

# %% solution="spatial_groupnorm"
def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Group normalization (Wu & He 2018).

    Args:
        x: an array (N, C, H, W).
        gamma, beta: arrays (C,).
        G: the number of groups, a divisor of C; channels 0 to C/G − 1 are the first group.
        gn_param: ``eps`` (default 1e-5, inside the root).

    Returns:
        (out, cache): out of shape (N, C, H, W).

    Raises:
        ValueError: G does not divide C.
    """
    eps, (N, C) = gn_param.get("eps", 1e-5), x.shape[:2]
    ### BEGIN SOLUTION
    if C % G:
        raise ValueError(f"{C} channels cannot be split into {G} groups")
    grouped = x.reshape(N, G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True) + eps)
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out, cache = gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma, G)
    ### END SOLUTION
    return out, cache


def spatial_groupnorm_backward(dout, cache):
    """Its backward pass: (dx, dgamma, dbeta), of the shapes (N, C, H, W), (C,), (C,)."""
    ### BEGIN SOLUTION
    xhat, std, gamma, G = cache
    dbeta, dgamma = dout.sum(axis=(0, 2, 3)), (dout * xhat).sum(axis=(0, 2, 3))
    shape = (len(dout), G, -1)
    dxhat, grouped = (dout * gamma[:, None, None]).reshape(shape), xhat.reshape(shape)
    along = (dxhat * grouped).mean(axis=2, keepdims=True)
    dx = ((dxhat - dxhat.mean(axis=2, keepdims=True) - grouped * along) / std).reshape(dout.shape)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="spatial_groupnorm"
# The channels of a group lie next to each other in memory, and so do the places of a channel. So here a plain `reshape` does the right thing: to (N, G, everything else).

# %% [markdown] hint="spatial_groupnorm"
# γ has the shape (C,), the data (N, C, H, W): `gamma[:, None, None]` lines them up. It has to be applied after the data is back in its own shape.

# %% [markdown] hint="spatial_groupnorm"
# The backward pass is that of layer norm: `dxhat = dout * γ`, reshaped to (N, G, −1), and means over the last axis. `dgamma` and `dbeta` add up over examples and places, axes (0, 2, 3).

# %% tests="spatial_groupnorm" part="forward" points=2
x = np.array([1.0, 3.0, 10.0, 50.0]).reshape(1, 4, 1, 1)
got, _ = spatial_groupnorm_forward(x, np.array([1.0, 1.0, 1.0, 2.0]), np.array([0.0, 0.0, 0.0, 5.0]), 2, {"eps": 0.0})
check_close("spatial_groupnorm_forward of four channels 1, 3, 10, 50 in 2 groups, gamma=[1, 1, 1, 2], beta=[0, 0, 0, 5], eps=0",
            np.ravel(got), [-1.0, 1.0, -1.0, 7.0], rtol=1e-5, look="The groups are (1, 3) and (10, 50): neighbours.")
check_raises("spatial_groupnorm_forward of 4 channels in 3 groups", ValueError, spatial_groupnorm_forward, x, np.ones(4),
             np.zeros(4), 3, {}, look="3 doesn't divide 4.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_groupnorm")
for shape, G, eps in (((3, 6, 2, 5), 3, 0.2), ((2, 6, 3, 2), 2, 1e-5), ((2, 4, 2, 2), 4, 0.1), ((1, 4, 2, 3), 1, 0.1)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1)) + rng.normal(size=(shape[1], 1, 1))
    gamma, beta = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1])
    got, _ = spatial_groupnorm_forward(x.copy(), gamma, beta, G, {} if eps == 1e-5 else {"eps": eps})
    expected = F.group_norm(torch.tensor(x), G, torch.tensor(gamma), torch.tensor(beta), eps).numpy()
    check_close(f"spatial_groupnorm_forward on an array {shape}, {G} groups, eps={eps:g},", got, expected, rtol=1e-3, atol=1e-4,
                look="Each example and each group of neighbouring channels has a mean and a variance of its own, over channels and places.")
### END HIDDEN TESTS

# %% tests="spatial_groupnorm" part="backward" points=2
x, dout = np.array([1.0, 3.0, 5.0]).reshape(1, 3, 1, 1), np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)
_, cache = spatial_groupnorm_forward(x, np.array([2.0, 1.0, 1.0]), np.zeros(3), 1, {"eps": 0.0})
dx, dgamma, dbeta = spatial_groupnorm_backward(dout, cache)
call = "spatial_groupnorm_backward for three channels 1, 3, 5 in one group with dout 1, 0, 0, gamma=[2, 1, 1], eps=0,"
check_close(f"dx of {call}", np.ravel(dx), np.array([1.0, -2.0, 1.0]) / 24**0.5, rtol=1e-5, atol=1e-6)
check_close(f"dgamma of {call}", dgamma, [-1.5**0.5, 0, 0], rtol=1e-5, atol=1e-7)
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_groupnorm_backward")
for shape, G in (((3, 6, 2, 5), 3), ((2, 6, 3, 2), 2), ((2, 4, 2, 2), 1)):
    x, dout = rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1)), rng.normal(size=shape) + 0.3
    gamma, beta = rng.uniform(0.3, 3, size=shape[1]), rng.normal(size=shape[1])
    _, cache = spatial_groupnorm_forward(x.copy(), gamma.copy(), beta.copy(), G, {"eps": 0.1})
    got = spatial_groupnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.group_norm(leaves[0], G, leaves[1], leaves[2], 0.1).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of spatial_groupnorm_backward on an array {shape}, {G} groups,", have, leaf.grad.numpy(), rtol=1e-3,
                    atol=1e-5, look="Means over each group, with γ inside; dgamma and dbeta over examples and places.")
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · Fold it away
#
# In test mode the statistics are constants, so batch norm is a multiplication and an addition for each feature. A linear layer or a convolution in front of it can take both over, and the network that is deployed has no batch norm left. For the linear layer $a = xW + b$, with $s = \gamma / \sqrt{\sigma^2_\text{running} + \varepsilon}$:
#
# $$\gamma\, \frac{xW + b - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta \;=\; x\,(W \cdot s) \;+\; \big((b - \mu)\, s + \beta\big)$$
#
# Write it for both, and let the tests prove equality.

# %% solution="fold"
def fold_linear(W, b, gamma, beta, bn_param):
    """Fold batch normalization in test mode into the linear layer ``x @ W + b`` before it.

    Args:
        W: the weights, an array (D, M). b: the bias, an array (M,), or None if there is none.
        gamma, beta: arrays (M,).
        bn_param: ``running_mean`` and ``running_var``, arrays (M,), and ``eps`` (default 1e-5).

    Returns:
        (W, b): new arrays (D, M) and (M,); x @ W + b does what both layers did. The given arrays
        stay as they are.
    """
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return W * scale, (old - bn_param["running_mean"]) * scale + beta
    ### END SOLUTION


def fold_conv(w, b, gamma, beta, bn_param):
    """The same for a convolution with the filters w, an array (F, C, HH, WW), and F statistics."""
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(bn_param["running_var"] + bn_param.get("eps", 1e-5))
    old = 0.0 if b is None else b
    return w * scale[:, None, None, None], (old - bn_param["running_mean"]) * scale + beta
    ### END SOLUTION

# %% [markdown] hint="fold"
# Which numbers of `W` make output $m$: its row or its column? Those get the factor $s_m$.

# %% [markdown] hint="fold"
# The old bias was there before batch norm, so the mean is taken off it and it is scaled, too: `(b - mean) * s + beta`.

# %% [markdown] hint="fold"
# In a convolution, output channel $f$ is made by the filter `w[f]`: `w * s[:, None, None, None]`.

# %% tests="fold" part="linear" points=2 changes="shown"
param = {"running_mean": np.array([1.0, 0.0]), "running_var": np.array([3.0, 0.0]), "eps": 1.0}
W, b = fold_linear(np.array([[2.0, 1.0]]), np.array([5.0, 0.0]), np.array([4.0, 1.0]), np.array([0.5, 7.0]), param)
call = "fold_linear([[2, 1]], [5, 0], gamma=[4, 1], beta=[0.5, 7], running_mean=[1, 0], running_var=[3, 0], eps=1)"
check_close(f"W of {call}", W, [[4.0, 1.0]], rtol=1e-5, look="The factors are 4/√(3 + 1) = 2 and 1/√(0 + 1) = 1.")
check_close(f"b of {call}", b, [8.5, 7.0], rtol=1e-5, look="(5 − 1) · 2 + 0.5, and 7.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fold_linear")
for D, M, eps, biased in ((3, 4, 0.3, True), (3, 3, 1e-5, True), (2, 5, 0.3, False)):
    x, W, b = rng.normal(size=(6, D)), rng.normal(size=(D, M)), (rng.normal(size=M) if biased else None)
    gamma, beta, mean = rng.uniform(0.5, 2, size=M), rng.normal(size=M), rng.normal(size=M)
    var = rng.uniform(0.5, 2, size=M) * (1e-4 if eps == 1e-5 else 1)
    param = {"running_mean": mean, "running_var": var, **({} if eps == 1e-5 else {"eps": eps})}
    before, kept = W.copy(), {"b": 0 if b is None else b.copy(), "running_mean": mean.copy(), "running_var": var.copy()}
    new_W, new_b = fold_linear(W, b, gamma, beta, param)
    check_unchanged("fold_linear", "W", before, W)
    for name, now in (("b", 0 if b is None else b), ("running_mean", mean), ("running_var", var)):
        check_unchanged("fold_linear", name, kept[name], now)
    a = torch.tensor(x @ before + (0 if b is None else b))
    expected = F.batch_norm(a, *(torch.tensor(p) for p in (mean, var, gamma, beta)), training=False, eps=eps).numpy()
    check_close(f"x @ W + b with the W ({D}, {M}) and b of fold_linear, {'with' if biased else 'without'} a bias before, eps={eps:g},",
                x @ np.asarray(new_W) + np.asarray(new_b), expected, rtol=1e-3, atol=1e-3,
                look="Scale the columns of W; the old bias loses the mean and is scaled, then β is added; eps is part of the scale.")
### END HIDDEN TESTS

# %% tests="fold" part="conv" points=2 changes="shown"
param = {"running_mean": np.array([1.0]), "running_var": np.array([3.0]), "eps": 1.0}
w, b = fold_conv(np.ones((1, 2, 1, 1)), np.array([5.0]), np.array([4.0]), np.array([0.5]), param)
call = "fold_conv(ones((1, 2, 1, 1)), [5], gamma=[4], beta=[0.5], running_mean=[1], running_var=[3], eps=1)"
check_close(f"w and b of {call}", [*np.ravel(w), *np.ravel(b)], [2.0, 2.0, 8.5], rtol=1e-5,
            look="The factor is 4/√(3 + 1) = 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fold_conv")
for filters, channels, eps, biased in ((4, 3, 0.3, True), (3, 3, 1e-5, True), (5, 2, 0.3, False)):
    x, w, b = rng.normal(size=(2, channels, 5, 4)), rng.normal(size=(filters, channels, 3, 3)), (rng.normal(size=filters) if biased else None)
    gamma, beta, mean = rng.uniform(0.5, 2, size=filters), rng.normal(size=filters), rng.normal(size=filters)
    var = rng.uniform(0.5, 2, size=filters) * (1e-4 if eps == 1e-5 else 1)
    param = {"running_mean": mean, "running_var": var, **({} if eps == 1e-5 else {"eps": eps})}
    before, kept = w.copy(), {"b": 0 if b is None else b.copy(), "running_mean": mean.copy(), "running_var": var.copy()}
    new_w, new_b = fold_conv(w, b, gamma, beta, param)
    check_unchanged("fold_conv", "w", before, w)
    for name, now in (("b", 0 if b is None else b), ("running_mean", mean), ("running_var", var)):
        check_unchanged("fold_conv", name, kept[name], now)
    a = F.conv2d(torch.tensor(x), torch.tensor(before), None if b is None else torch.tensor(b), padding=1)
    expected = F.batch_norm(a, *(torch.tensor(p) for p in (mean, var, gamma, beta)), training=False, eps=eps).numpy()
    got = F.conv2d(torch.tensor(x), torch.tensor(np.asarray(new_w, dtype=float)), torch.tensor(np.asarray(new_b, dtype=float)), padding=1)
    check_close(f"the convolution with the w {before.shape} and b of fold_conv, {'with' if biased else 'without'} a bias before, eps={eps:g},",
                got.numpy(), expected, rtol=1e-3, atol=1e-3, look="Scale each filter w[f] as a whole; fold the old bias as in the linear layer.")
### END HIDDEN TESTS

# %% [markdown]
# ## 8 · Three programs, three bugs
#
# From here on it is PyTorch, where `model.train()` and `model.eval()` choose the mode of every layer in the model. Nothing reminds you to call them, and a program that calls them at the wrong time runs without a complaint. The next three programs train the same small network; **each has one bug, about the mode of batch norm**. (They use PyTorch's own layers, and nothing that you wrote.)

# %% given="small_network"
def small_network():
    """Two hidden layers with batch norm, for the digits."""
    return torch.nn.Sequential(
        torch.nn.Linear(64, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(),
        torch.nn.Linear(32, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


def share_right(scores, y):
    """The share of the rows of scores (N, 10) whose largest entry is at the label."""
    return (scores.argmax(dim=1) == y).float().mean().item()

# %% given="program_a"
def program_a(x, y, test_batches, seed):                               # line 1
    torch.manual_seed(seed)                                            # line 2
    model = small_network()                                            # line 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)            # line 4
    for _ in range(4):                                                 # line 5
        model.train()                                                  # line 6
        for rows in torch.randperm(len(x)).split(50):                  # line 7
            optimizer.zero_grad()                                      # line 8
            F.cross_entropy(model(x[rows]), y[rows]).backward()        # line 9
            optimizer.step()                                           # line 10
    with torch.no_grad():                                              # line 11
        found = [share_right(model(x), y) for x, y in test_batches]    # line 12
    return float(np.mean(found))                                       # line 13

# %% given="program_b"
def program_b(x, y, x_test, y_test, seed):                             # line 1
    torch.manual_seed(seed)                                            # line 2
    model = small_network()                                            # line 3
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0)            # line 4
    model.train()                                                      # line 5
    losses = []                                                        # line 6
    for _ in range(5):                                                 # line 7
        for rows in torch.randperm(len(x)).split(50):                  # line 8
            loss = F.cross_entropy(model(x[rows]), y[rows])            # line 9
            optimizer.zero_grad()                                      # line 10
            loss.backward()                                            # line 11
            optimizer.step()                                           # line 12
            losses.append(loss.item())                                 # line 13
        model.eval()                                                   # line 14
        with torch.no_grad():                                          # line 15
            print(f"{share_right(model(x_test), y_test):.0%}", end=" ")  # line 16
    return losses                                                      # line 17

# %% given="program_c"
def program_c(trained, x_new, y_new, seed):                            # line 1
    torch.manual_seed(seed)                                            # line 2
    body, head = trained[:-1], torch.nn.Linear(32, 10)                 # line 3
    for parameter in body.parameters():                                # line 4
        parameter.requires_grad_(False)  # only the head should change   line 5
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)             # line 6
    body.train()                                                       # line 7
    head.train()                                                       # line 8
    for _ in range(4):                                                 # line 9
        for rows in torch.randperm(len(x_new)).split(50):              # line 10
            optimizer.zero_grad()                                      # line 11
            F.cross_entropy(head(body(x_new[rows])), y_new[rows]).backward()  # line 12
            optimizer.step()                                           # line 13
    return head                                                        # line 14

# %% [markdown]
# Here are their symptoms. Program A is tested on the same 300 images three times: all in one batch, in batches of one digit each, and two by two. Of program B you see the loss of each step of five epochs, 12 steps each. Program C gets a network that is trained already and gives it a new head for images with black and white exchanged; what you see is how the *old* network, body and old head, does on the *old* images before and after that.

# %% given="tensors"
def tensors():
    """600 digits to train on and 300 to test on: x, y, x_test, y_test."""
    X, y = digits_for_numpy()
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    return X[:600], y[:600], X[600:900], y[600:900]

# %% given="symptoms"
def symptoms_a(seed):
    """The accuracies of program A on 300 test images in three arrangements."""
    x, y, x_test, y_test = tensors()
    by_digit = [y_test == digit for digit in range(10)]
    arrangements = {"in one\nbatch": [slice(None)], "digit\nby digit": by_digit,
                    "two\nby two": [slice(k, k + 2) for k in range(0, 300, 2)]}
    return {name: program_a(x, y, [(x_test[rows], y_test[rows]) for rows in arrangement], seed)
            for name, arrangement in arrangements.items()}


def symptoms_c(seed):
    """The accuracy of a network on its own test images, before and after program C had it."""
    x, y, x_test, y_test = tensors()
    torch.manual_seed(seed)
    model, found = small_network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for rows in torch.randperm(len(x)).repeat(4).split(50):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    for _ in range(2):
        model.eval()
        found.append(share_right(model(x_test), y_test))
        program_c(model, 1 - x, y, seed)
    return found

# %% experiment="symptoms"
print("Program B reports after each epoch: ", end="")
a, b, c = symptoms_a(seed=4), program_b(*tensors(), seed=4), symptoms_c(seed=4)
figure, (one, two, three) = plt.subplots(1, 3, figsize=(10.4, 3.0))
one.bar_label(one.bar(list(a), [100 * share for share in a.values()], width=0.6), fmt="%.0f")
one.set(title="A: one test set, three ways", ylabel="accuracy (%)", ylim=(0, 110))
two.semilogy(range(1, 61), b)
two.vlines(range(12, 60, 12), 0.02, 100, color="0.5", linestyle=":")
two.text(22, 3, "then above 50,\nsoon no number", fontsize=9, backgroundcolor="white")
two.set(title="B: loss of each step", xlabel="step (dotted: end of an epoch)", ylabel="loss", ylim=(0.05, 50))
three.bar_label(three.bar(["before", "after"], [100 * share for share in c], width=0.5), fmt="%.0f")
three.set(title="C: the old network", ylabel="accuracy (%)", ylim=(0, 110))
figure.subplots_adjust(wspace=0.35)
ways = ", ".join(f"{100 * share:.0f} percent {' '.join(name.split())}" for name, share in a.items())
show(figure, f"Three panels. A: the accuracy on one test set is {ways}. B: the loss falls in the first epoch, rises as soon as "
     f"the second begins, and leaves the axis a few steps later. C: the old network's accuracy is {100 * c[0]:.0f} "
     f"percent before its body was used with a new head and {100 * c[1]:.0f} percent after.")

# %% [markdown]
# **Find the bugs.** For each program, say which bug it has (`bug_kind`), one of
#
# - `"trains in test mode"`
# - `"tests in train mode"`
# - `"statistics drift though the weights are frozen"`
# - `"statistics of the test set leak into training"`
#
# and where (`bug_line`): the number of the line that is wrong or in the wrong place, or before which a line is missing.

# %% solution="bugs"
# bug_kind = {"A": "...", "B": "...", "C": "..."} and bug_line = {"A": ..., "B": ..., "C": ...}
### BEGIN SOLUTION
bug_kind = {"A": "tests in train mode", "B": "trains in test mode",
            "C": "statistics drift though the weights are frozen"}
bug_line = {"A": 11, "B": 5, "C": 7}
### END SOLUTION

# %% [markdown] hint="bugs"
# Walk through each program with a finger and say aloud, at every call of the model, in which mode it is. Look twice at the second round of a loop.

# %% [markdown] hint="bugs"
# What is shared by an answer to an image and the other images of the same test batch? Who calls `train()` again after `eval()`? Does `requires_grad_(False)` stop a running average?

# %% tests="bugs" part="kinds" points=3
kinds = ["trains in test mode", "tests in train mode", "statistics drift though the weights are frozen",
         "statistics of the test set leak into training"]
check("bug_kind", sorted(bug_kind) == ["A", "B", "C"], "wants the three keys A, B and C")
for program in "ABC":
    check_one_of(f"bug_kind[{program!r}]", bug_kind[program], kinds)
### BEGIN HIDDEN TESTS
right = {"A": kinds[1], "B": kinds[0], "C": kinds[2]}
found = [program for program in right if bug_kind[program] == right[program]]
check("bug_kind", found, "none of the three is right", look="Say at every call of the model in which mode it is.")
1.0 * len(found)
### END HIDDEN TESTS

# %% tests="bugs" part="lines" points=3
check("bug_line", sorted(bug_line) == ["A", "B", "C"], "wants the three keys A, B and C")
for program in "ABC":
    check(f"bug_line[{program!r}]", 1 <= bug_line[program] <= 17, f"{bug_line[program]} is not the number of a line")
### BEGIN HIDDEN TESTS
# A: eval() is missing before line 11 (or 12). B: train() stands before the loop, not in it (5; 7 and 8
# are where it belongs, and it would also do its work before line 9, or after 16 as the loop's last
# line, which is before 17). C: line 7 sets the frozen body to train mode.
right = {"A": (11, 12), "B": (5, 7, 8, 9, 17), "C": (7,)}
found = [program for program in right if bug_line[program] in right[program]]
check("bug_line", found, "none of the three is right",
      look="A lacks a line, in B a line is executed too rarely, and in C one line does the opposite of what is meant.")
1.0 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# One function would have spared us two of the three: one that measures accuracy and leaves no trace. Write it. Mind that a model may hold modules in *different* modes (a frozen body in eval mode under a head that trains), so "back to train mode" is not the same as "as it was".

# %% solution="accuracy"
def accuracy(model, x, y):
    """The share of examples that a classifier gets right in eval mode, measured without a trace.

    Args:
        model: a torch.nn.Module; model(x) are scores (N, C).
        x: the inputs, a tensor whose first axis has length N. y: the labels, an integer tensor (N,).

    Returns:
        A float between 0 and 1. Afterwards, each module of the model is in the mode in which it
        was before; parameters, buffers and gradients are unchanged, and no graph was built.
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        share = (model(x).argmax(dim=1) == y).float().mean().item()
    for module, training in modes:
        module.training = training
    return share
    ### END SOLUTION

# %% [markdown] hint="accuracy"
# `model.modules()` walks over the model and everything in it. Each one has an attribute `training`; write them down before you call `model.eval()`.

# %% [markdown] hint="accuracy"
# `module.train(mode)` sets the mode of a module *and of all modules inside it*. `module.training = mode` sets one only.

# %% tests="accuracy" points=3
@probe
def measured(x, y, modes):
    """What accuracy returns for a fixed model, and what it leaves behind."""
    body = torch.nn.Sequential(torch.nn.BatchNorm1d(x.shape[1]), torch.nn.Identity())
    model, grads = torch.nn.Sequential(body, torch.nn.BatchNorm1d(x.shape[1], affine=False)), []
    model.register_forward_hook(lambda module, given, out: grads.append(out.requires_grad))
    for module, mode in zip(model.modules(), modes):
        module.training = mode
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    share = accuracy(model, torch.tensor(x, dtype=torch.float32), torch.tensor(y))
    left = {"modes": [module.training for module in model.modules()], "graph": any(grads),
            "means": [buffer.numpy().copy() for name, buffer in model.named_buffers() if name.endswith("mean")],
            "gradients": [p.grad is not None and bool((p.grad == 1).all()) for p in model.parameters()],
            "frozen": not all(p.requires_grad for p in model.parameters()), "off": not torch.is_grad_enabled()}
    torch.set_grad_enabled(True)
    return {"share": share, **left}


x = np.array([[9.0, 1.0], [8.0, 2.0], [7.0, 3.0], [1.0, 2.0]])
got = measured(x, np.array([0, 0, 1, 1]), [True] * 5)
call = "accuracy of a model of two batch norms that is in train mode"
check_close(call, got["share"], 0.75, rtol=1e-6,
            look="In eval mode a fresh batch norm passes its input on; three of the four rows are right then.")
check_equal(f"the modes of its modules after {call}", got["modes"], [True] * 5,
            look="Put each module back into the mode it was in.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("accuracy")
x = rng.normal(size=(12, 3)) * [1, 4, 1] + [2, 0, 1]
y = rng.integers(3, size=12)
for modes in ([True, False, True, False, True], [True, True, False, True, False], [False] * 5):
    got = measured(x, y, modes)
    check_close("accuracy of a model with modules in different modes", got["share"], np.mean(x.argmax(axis=1) == y), rtol=1e-6,
                look="All of the model has to be in eval mode while you measure.")
    check_equal("the modes of its modules afterwards", got["modes"], modes,
                look="Note the mode of each module before; model.train() would wake up frozen parts.")
    check_close("the running means of the model afterwards", got["means"], np.zeros((2, 3)), atol=1e-9, look="No statistics may change.")
    check("accuracy", not got["graph"], "let the model build a graph", look="Call it under torch.no_grad().")
    check("accuracy", not got["off"], "left autograd switched off for all that follows", look="Use `with torch.no_grad():`, which ends.")
    check("accuracy", not got["frozen"], "left parameters that no longer require a gradient", look="torch.no_grad() needs no change of the model.")
    check("accuracy", all(got["gradients"]), "changed the gradients that the parameters held", look="Measuring needs no zero_grad().")
check("accuracy", type(got["share"]) is float or np.ndim(got["share"]) == 0, "wants one number")
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · Batch norm in PyTorch
#
# Now write the module. It normalizes (N, C) and (N, C, H, W) alike, by channel, and it agrees with PyTorch's own within rounding, also in what a checkpoint holds:
#
# - **Two variances.** The batch is normalized by the *biased* variance (divided by the number $n$ of values a channel). The running estimate takes in the *unbiased* one (divided by $n - 1$). So says algorithm 2 of Ioffe & Szegedy, too. (Our NumPy layer used the biased one for both; both are found in practice.)
# - **Parameters and buffers.** `weight` (γ) and `bias` (β) are parameters: the optimizer changes them. `running_mean`, `running_var` and the counter `num_batches_tracked` are *buffers*: they are saved, and move to the GPU with the module, but have no gradient.
# - **`momentum=None`** means a *cumulative* average: after $k$ batches the running statistics are the plain mean of those of the $k$ batches.

# %% solution="torch_batchnorm" forbid="torch.nn.BatchNorm1d torch.nn.BatchNorm2d"
class BatchNormByHand(torch.nn.Module):
    """Batch normalization like ``torch.nn.BatchNorm1d`` and ``BatchNorm2d``.

    Args:
        num_features: the number C of features or channels.
        eps: added to the variance, inside the root.
        momentum: the share of the *new* batch in the running statistics (PyTorch's convention);
            None for a cumulative average, 1/k for the k-th batch.

    Parameters: ``weight`` (ones) and ``bias`` (zeros), of shape (C,). Buffers: ``running_mean``
    (zeros), ``running_var`` (ones), of shape (C,), and ``num_batches_tracked``, a torch.long tensor
    without dimensions that counts the batches seen in train mode.

    ``forward(x)`` takes (N, C) or (N, C, H, W). In train mode it normalizes by the batch's mean and
    biased variance, and updates the buffers with its mean and *unbiased* variance, without a
    graph. In eval mode it normalizes by the buffers and changes nothing. ValueError if there is
    only one value a channel in train mode.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        ### BEGIN SOLUTION
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))
        ### END SOLUTION

    def forward(self, x):
        axes = [axis for axis in range(x.dim()) if axis != 1]
        per_channel = [1, -1] + [1] * (x.dim() - 2)  # the shape in which (C,) lines up with x
        ### BEGIN SOLUTION
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.numel() // x.shape[1]
            if n == 1:
                raise ValueError("one value a channel has no variance")
            mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
                self.running_mean += share * (mean - self.running_mean)
                self.running_var += share * (var * n / (n - 1) - self.running_var)
        xhat = (x - mean.view(per_channel)) / (var.view(per_channel) + self.eps).sqrt()
        return self.weight.view(per_channel) * xhat + self.bias.view(per_channel)
        ### END SOLUTION

# %% [markdown] hint="torch_batchnorm"
# `self.register_buffer("running_mean", torch.zeros(num_features))` makes a tensor part of the module's state without making it a parameter. What does a tensor miss that is only an attribute, when the module moves to the GPU or is saved?

# %% [markdown] hint="torch_batchnorm"
# `x.mean(dim=axes)` and `x.var(dim=axes, correction=0)` are the statistics, of shape (C,). With $n$ values a channel, the unbiased variance is the biased one times $n/(n-1)$.

# %% [markdown] hint="torch_batchnorm"
# Update under `torch.no_grad()`: first the counter, then with `share = momentum`, or one over the counter if it is None: `running += share * (new - running)`. Outside of it, use `mean` and `var` with their graph: the gradient goes through them, too.

# %% [markdown]
# The next cell runs your module once, forwards and backwards, on the device of this machine; the tests use it.

# %% given="batchnorm_of"
def batchnorm_of(x, dout, state, eps, momentum, training):
    """Output, gradients and state of BatchNormByHand on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    layer = BatchNormByHand(x.shape[1], eps=eps, momentum=momentum).to(**where).train(training)
    with torch.no_grad():
        for name, value in state.items():
            getattr(layer, name).copy_(torch.tensor(value))
    x = torch.tensor(x, requires_grad=True, **where)
    out = layer(x)
    out.backward(torch.tensor(dout, **where))
    wanted = {"out": out, "dx": x.grad, "dweight": layer.weight.grad, "dbias": layer.bias.grad}
    return {name: value.detach().cpu().numpy().copy() for name, value in wanted.items()}

# %% tests="torch_batchnorm" part="train" points=2
got = batchnorm_of(np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]]), {"weight": [2.0]}, 0.0, 0.1, True)
call = "BatchNormByHand(1, eps=0) with weight [2] on [[1], [3], [5]] in train mode"
check_close(f"the output of {call}", got["out"], [[-6**0.5], [0], [6**0.5]], rtol=1e-5, atol=1e-6,
            look="Normalize by the variance divided by n, which is 8/3.")
check_close(f"the gradient for x of {call}, for the output gradient [[1], [0], [0]],", got["dx"],
            np.array([[1.0], [-2.0], [1.0]]) / 24**0.5, rtol=1e-4, atol=1e-5,
            look="The gradient must flow through the mean and the variance as well.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_batchnorm")
for shape in ((5, 4), (3, 4, 2, 3)):
    x, dout = rng.normal(size=shape) + 1, rng.normal(size=shape)
    state = {name: rng.uniform(0.5, 2, size=4) for name in ("weight", "bias", "running_mean", "running_var")}
    got = batchnorm_of(x, dout, state, 0.3, 0.1, True)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, state["weight"], state["bias"])]
    out = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=0.3)
    out.backward(torch.tensor(dout))
    for name, expected in zip(("out", "dx", "dweight", "dbias"), (out.detach(), *(leaf.grad for leaf in leaves))):
        check_close(f"{name} of BatchNormByHand(4, eps=0.3) on {shape} in train mode", got[name], expected, rtol=1e-3, atol=1e-4,
                    look="Statistics of the batch, by channel, biased variance, eps inside the root, nothing detached.")
### END HIDDEN TESTS

# %% tests="torch_batchnorm" part="running" points=3
@probe
def tracked(batches, momentum):
    """The buffers of BatchNormByHand after some batches in train mode and one in eval mode."""
    where = dict(dtype=check_dtype(device()), device=device())
    layer = BatchNormByHand(batches[0].shape[1], momentum=momentum).to(**where)
    for batch in batches:
        layer(torch.tensor(batch, requires_grad=True, **where))
    layer.eval()(torch.tensor(batches[0], **where))
    mean, var = layer.running_mean, layer.running_var
    return {"mean": mean.detach().cpu().numpy().copy(), "var": var.detach().cpu().numpy().copy(),
            "count": int(layer.num_batches_tracked), "graph": mean.requires_grad or var.requires_grad}


got = tracked([np.array([[1.0], [3.0]])], 0.25)
call = "BatchNormByHand(1, momentum=0.25) in train mode on [[1], [3]]"
check_close(f"running_mean after {call}", got["mean"], [0.5], rtol=1e-5,
            look="0.75 · 0 + 0.25 · 2: momentum is the share of the new batch.")
check_close(f"running_var after {call}", got["var"], [1.25], rtol=1e-5,
            look="0.75 · 1 + 0.25 · 2: the unbiased variance of 1 and 3 is 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_batchnorm_running")
for shape, momentum in (((4, 3), rng.uniform(0.2, 0.4)), ((2, 3, 2, 2), rng.uniform(0.2, 0.4)), ((4, 3), None), ((2, 3, 1, 2), None),
                        ((4, 3), 0.0)):
    batches = list(2 * rng.normal(size=(5, *shape)) + 1)
    own = torch.nn.BatchNorm1d(3, momentum=momentum).double() if len(shape) == 2 else torch.nn.BatchNorm2d(3, momentum=momentum).double()
    for batch in batches:
        own(torch.tensor(batch))
    got = tracked(batches, momentum)
    call = f"five batches {shape} with momentum={momentum if momentum is None else round(momentum, 2)} and one in eval mode"
    check_close(f"running_mean of BatchNormByHand after {call}", got["mean"], own.running_mean, rtol=1e-4, atol=1e-5,
                look="momentum is the share of the new batch (0.0 is a share, too); None is 1/k for the k-th batch; eval mode changes nothing.")
    check_close(f"running_var of BatchNormByHand after {call}", got["var"], own.running_var, rtol=1e-4, atol=1e-5,
                look="The running variance takes in the unbiased variance, n/(n − 1) times the biased one.")
    check_equal(f"num_batches_tracked after {call}", got["count"], 5, look="It counts the batches of train mode, whatever momentum is.")
    check("the running statistics of BatchNormByHand", not got["graph"], "require a gradient", look="Update them under torch.no_grad().")
### END HIDDEN TESTS

# %% tests="torch_batchnorm" part="eval" points=1
state = {"weight": [3.0], "bias": [10.0], "running_mean": [1.0], "running_var": [4.0]}
got = batchnorm_of(np.array([[5.0]]), np.array([[1.0]]), state, 0.0, 0.1, False)
call = "BatchNormByHand(1, eps=0) with weight 3, bias 10, running_mean 1, running_var 4 on [[5]] in eval mode"
check_close(f"the output of {call}", got["out"], [[16.0]], rtol=1e-5,
            look="(5 − 1) / √4 · 3 + 10, also for a single example.")


@probe
def one_value(shape):
    """BatchNormByHand in train mode on zeros of this shape."""
    return BatchNormByHand(shape[1])(torch.zeros(shape)).detach().numpy()


check_raises("BatchNormByHand(2) in train mode on one value a channel", ValueError, one_value, (1, 2))
### BEGIN HIDDEN TESTS
check_raises("BatchNormByHand(2) in train mode on an array (1, 2, 1, 1)", ValueError, one_value, (1, 2, 1, 1),
             look="One image of one place has one value a channel, too.")
check_close("BatchNormByHand(2) in train mode on zeros (1, 2, 2, 3)", one_value((1, 2, 2, 3)), np.zeros((1, 2, 2, 3)), atol=1e-6,
            look="One image of six places has six values a channel: count the values, not the images.")
rng = hidden_rng("torch_batchnorm_eval")
for shape in ((5, 4), (2, 4, 3, 2)):
    x, dout = rng.normal(size=shape) + 1, rng.normal(size=shape)
    state = {name: rng.uniform(0.5, 2, size=4) for name in ("running_mean", "running_var", "weight", "bias")}
    got = batchnorm_of(x, dout, state, 0.3, 0.1, False)
    leaf, params = torch.tensor(x, requires_grad=True), [torch.tensor(value) for value in state.values()]
    out = F.batch_norm(leaf, *params, training=False, eps=0.3)
    out.backward(torch.tensor(dout))
    check_close(f"the output of BatchNormByHand on {shape} in eval mode", got["out"], out.detach(), rtol=1e-3, atol=1e-4,
                look="In eval mode, use the running statistics.")
    check_close(f"the gradient for x on {shape} in eval mode", got["dx"], leaf.grad, rtol=1e-3, atol=1e-4,
                look="In eval mode the statistics are constants: the gradient is weight / √(running_var + eps) · dout.")
### END HIDDEN TESTS

# %% tests="torch_batchnorm" part="state" points=2
@probe
def listed(features):
    """What BatchNormByHand saves, by name: dtype and shape; and the names of its parameters."""
    layer = BatchNormByHand(features)
    saved = {name: (str(value.dtype), list(value.shape)) for name, value in layer.state_dict().items()}
    return {"saved": saved, "parameters": sorted(name for name, _ in layer.named_parameters()),
            "moved": str(layer.double().running_var.dtype)}


@probe
def exchanged(batch, x):
    """Outputs in eval mode after PyTorch's own has loaded your checkpoint, and yours PyTorch's."""
    mine, own, back = BatchNormByHand(batch.shape[1]), torch.nn.BatchNorm1d(batch.shape[1]), BatchNormByHand(batch.shape[1])
    mine(torch.tensor(batch, dtype=torch.float32))
    own.load_state_dict(mine.state_dict())
    back.load_state_dict(own.state_dict())
    x = torch.tensor(x, dtype=torch.float32)
    return [layer.eval()(x).detach().numpy().copy() for layer in (own, back)], int(back.num_batches_tracked)


got = listed(2)
expected = {"weight": ("torch.float32", [2]), "bias": ("torch.float32", [2]), "running_mean": ("torch.float32", [2]),
            "running_var": ("torch.float32", [2]), "num_batches_tracked": ("torch.int64", [])}
check_equal("the names in the state_dict of BatchNormByHand(2)", sorted(got["saved"]), sorted(expected),
            look="Two parameters and three buffers.")
check_equal("the parameters of BatchNormByHand(2)", got["parameters"], ["bias", "weight"],
            look="Statistics are buffers: nothing that an optimizer may change.")
### BEGIN HIDDEN TESTS
for name, (dtype, shape) in expected.items():
    check_equal(f"dtype and shape of {name} in the state_dict", [got["saved"][name][0], list(got["saved"][name][1])], [dtype, shape])
check_equal("the dtype of running_var after .double()", got["moved"], "torch.float64", look="A buffer moves with its module.")
rng = hidden_rng("torch_batchnorm_state")
batch, x = 2 * rng.normal(size=(6, 3)) + 1, rng.normal(size=(4, 3))
outputs, count = exchanged(batch, x)
expected = (x - 0.1 * batch.mean(axis=0)) / np.sqrt(0.9 + 0.1 * batch.var(axis=0, ddof=1) + 1e-5)
for loader, result in zip(("torch.nn.BatchNorm1d", "another BatchNormByHand"), outputs):
    check_close(f"your checkpoint after one batch, loaded into {loader}, in eval mode", result, expected, rtol=1e-3, atol=1e-4)
check_equal("num_batches_tracked after two loads", count, 1)
### END HIDDEN TESTS

# %% [markdown]
# ## 10 · Fuse a trained network
#
# Section 7 in PyTorch: a convolution and the batch norm behind it become one convolution. Everything else about the convolution (stride, padding and its mode, dilation, groups) stays as it is.

# %% solution="fuse_conv_bn"
def fuse_conv_bn(conv, bn):
    """One convolution that does what conv and then bn do in eval mode.

    Args:
        conv: a torch.nn.Conv2d, with or without a bias, any stride, padding, padding mode,
            dilation, groups.
        bn: a torch.nn.BatchNorm2d with weight and bias, on the same device.

    Returns:
        A new torch.nn.Conv2d with a bias, of the same dtype and on the same device; conv and bn
        stay as they are.
    """
    ### BEGIN SOLUTION
    fused = torch.nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding,
                            conv.dilation, conv.groups, bias=True, padding_mode=conv.padding_mode,
                            device=conv.weight.device, dtype=conv.weight.dtype)
    with torch.no_grad():
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        old = 0.0 if conv.bias is None else conv.bias
        fused.weight.copy_(conv.weight * scale[:, None, None, None])
        fused.bias.copy_((old - bn.running_mean) * scale + bn.bias)
    return fused
    ### END SOLUTION

# %% [markdown] hint="fuse_conv_bn"
# The formula is that of `fold_conv`; a module only knows where to find its numbers: `bn.weight`, `bn.bias`, `bn.running_mean`, `bn.running_var`, `bn.eps`.

# %% [markdown] hint="fuse_conv_bn"
# Make a `torch.nn.Conv2d` with the settings of the old one (`conv.stride`, `conv.padding`, …) and `bias=True`, then `copy_` the new numbers into its `weight` and `bias` under `torch.no_grad()`. Or `copy.deepcopy(conv)` and replace the two.

# %% tests="fuse_conv_bn" points=3
@probe
def fused_on(x, settings, arrays, eps):
    """The output of fuse_conv_bn(conv, bn) on x, on the device of this machine, and what became of conv."""
    where = dict(dtype=check_dtype(device()), device=device())
    filters, channels = arrays["w"].shape[0], x.shape[1]
    conv = torch.nn.Conv2d(channels, filters, arrays["w"].shape[2:], bias=arrays["b"] is not None, **settings).to(**where)
    bn = torch.nn.BatchNorm2d(filters, eps=eps).to(**where)
    pairs = {"w": conv.weight, "b": conv.bias, "gamma": bn.weight, "beta": bn.bias, "mean": bn.running_mean, "var": bn.running_var}
    with torch.no_grad():
        for name, tensor in pairs.items():
            if tensor is not None:
                tensor.copy_(torch.tensor(arrays[name]))
        fused = fuse_conv_bn(conv, bn)
        out = fused(torch.tensor(x, **where))
    kept = {name: tensor.detach().cpu().numpy().copy() for name, tensor in pairs.items() if tensor is not None}
    return {"out": out.cpu().numpy(), "kept": kept, "kind": type(fused).__name__, "modes": [conv.training, bn.training]}


arrays = {"w": np.ones((1, 1, 1, 1)), "b": np.array([5.0]), "gamma": np.array([4.0]), "beta": np.array([0.5]),
          "mean": np.array([1.0]), "var": np.array([3.0])}
got = fused_on(np.array([[[[1.0, -1.0]]]]), {}, arrays, 1.0)
check_equal("the type of fuse_conv_bn(conv, bn)", got["kind"], "Conv2d")
check_close("fuse_conv_bn of a convolution with weight 1, bias 5 and a batch norm with weight 4, bias 0.5, "
            "mean 1, variance 3, eps 1 on [1, -1]", got["out"], [[[[10.5, 6.5]]]], rtol=1e-5, look="The factor is 4/√(3 + 1) = 2, the bias (5 − 1) · 2 + 0.5.")
### BEGIN HIDDEN TESTS
def both_layers(x, settings, arrays, eps):
    w, b, *others = (None if arrays[name] is None else torch.tensor(arrays[name]) for name in ("w", "b", "mean", "var", "gamma", "beta"))
    x, settings = torch.tensor(x), dict(settings)
    if settings.pop("padding_mode", "zeros") == "circular":
        x = F.pad(x, [settings.pop("padding")] * 4, mode="circular")
    return F.batch_norm(F.conv2d(x, w, b, **settings), *others, training=False, eps=eps).numpy()


rng = hidden_rng("fuse_conv_bn")
for filters, channels, biased, settings in ((4, 3, True, {"padding": 1}), (3, 3, False, {"stride": 2, "padding": (0, 1)}),
                                            (4, 2, True, {"dilation": 2, "padding": 2, "groups": 2}), (6, 6, False, {"groups": 6, "stride": (1, 2)}),
                                            (2, 3, True, {"padding": 1, "padding_mode": "circular"})):
    arrays = {"w": rng.normal(size=(filters, channels // settings.get("groups", 1), 3, 3)), "b": rng.normal(size=filters) if biased else None,
              **{name: rng.uniform(0.5, 2, size=filters) for name in ("gamma", "beta", "mean", "var")}}
    x = rng.normal(size=(2, channels, 6, 5))
    got = fused_on(x, settings, arrays, 0.3)
    call = f"fuse_conv_bn of Conv2d({channels}, {filters}, 3, bias={biased}, {settings})"
    check_close(f"the output of {call}", got["out"], both_layers(x, settings, arrays, 0.3), rtol=1e-3, atol=1e-3,
                look="Scale each filter, fold the old bias, keep stride, padding and its mode, dilation and groups, and don't forget eps.")
    for name, where in (("w", "conv (its weight)"), ("b", "conv (its bias)"), ("gamma", "bn (its weight)"), ("beta", "bn (its bias)"),
                        ("mean", "bn (its running mean)"), ("var", "bn (its running variance)")):
        if name in got["kept"]:  # a device without float64 holds the nearest float32
            check(call, np.allclose(got["kept"][name], arrays[name], rtol=1e-6, atol=1e-6), f"changed {where} in place",
                  look="Make new numbers; conv and bn stay as they are.")
    check_equal(f"the modes (training) of conv and bn after {call}", got["modes"], [True, True], look="Fuse without a call of eval().")
### END HIDDEN TESTS

# %% [markdown]
# Put it to work: a small convolutional network with *your* module is trained on the device of this machine, then each pair is fused, and both networks classify 1,000 digits. (A module of your own is no `torch.nn.BatchNorm2d`, but it has all that `fuse_conv_bn` reads.)

# %% given="convolutional"
def convolutional(seed):
    """A small convolutional network for the digits, with batch norm by hand, on the device."""
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1, bias=False), BatchNormByHand(16), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, stride=2, padding=1), BatchNormByHand(32), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(32 * 16, 10)).to(device())


def trained_and_fused(seed, steps=40):
    """The trained network in eval mode, the same network fused, and 1,000 digits it hasn't seen."""
    X, y = data.digits(images=True)
    x, y, model = torch.tensor(X).to(device()), torch.tensor(y).to(device()), convolutional(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for rows in torch.randint(700, (steps, 50)).to(device()):
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
    model.eval()
    fused = torch.nn.Sequential(fuse_conv_bn(model[0], model[1]), model[2],
                                fuse_conv_bn(model[3], model[4]), *model[5:])
    return model, fused, x[700:1700], y[700:1700]

# %% experiment="fused"
model, fused, x, y = trained_and_fused(seed=4)
settle = {"cuda": torch.cuda.synchronize, "mps": lambda: torch.mps.synchronize()}.get(device().type, lambda: None)
with torch.no_grad():
    apart = (model(x) - fused(x)).abs().max().item()
    for name, network in (("with batch norm", model), ("fused", fused)):
        taken = milliseconds(lambda network=network: (network(x), settle()), repeats=5)
        numbers = sum(p.numel() for p in network.parameters()) + sum(b.numel() for b in network.buffers())
        print(f"{name:15}: accuracy {accuracy(network, x, y):.1%}, {numbers} numbers, "
              f"{taken:.1f} ms for 1,000 digits on {device().type}")
print(f"The scores differ by at most {apart:.0e}.")

# %% [markdown]
# **Predict.** You fuse the network, and then go on *training* the fused one, with the same learning rate. Is that the same as training on with batch norm: `"yes, equal outputs mean equal training"`, or `"no, only the test-mode function is the same"`?

# %% solution="training_after_fusing"
# Type your choice: training_after_fusing = "..."
### BEGIN SOLUTION
training_after_fusing = "no, only the test-mode function is the same"
### END SOLUTION

# %% [markdown] hint="training_after_fusing"
# By which statistics does batch norm normalize in train mode? And what did section 4 say about the gradient for weights in front of it?

# %% tests="training_after_fusing" points=1
check_one_of("training_after_fusing", training_after_fusing,
             ["yes, equal outputs mean equal training", "no, only the test-mode function is the same"])
### BEGIN HIDDEN TESTS
check_equal("training_after_fusing", training_after_fusing, "no, only the test-mode function is the same",
            look="In train mode batch norm uses the batch, its gradient goes through µ and σ, and another set of parameters is stepped.")
### END HIDDEN TESTS

# %% [markdown]
# ## 11 · Your diagnosis

# %% [markdown] answer="diagnosis" points=3
# **In four or five sentences:** a friend trains a detector with batch norm on large photographs, two in a minibatch. The training loss is fine, but in eval mode the network is much worse on the *same* training images; and if the friend leaves out `model.eval()`, it looks better. Explain both observations, say why leaving out `eval()` is no solution, and give two remedies.
#
# ### BEGIN SOLUTION
# With two images, the mean and variance of a batch are noisy, and the network has learned to live with normalization by them, in which each image sees the other. In eval mode the running averages take their place, which agree with no single batch (and lag behind the weights, if training was short), so the same image gets other activations than in training. Without eval(), the statistics are those of the test batch, as in training: it looks better, but the answer for an image depends on the others in its batch (and on their order and number), a single image may not work at all, and the running averages go on changing with test data. Remedies: group norm or layer norm, which need no batch; larger batches, or statistics shared between GPUs (SyncBatchNorm); batch renormalization; frozen statistics from pretraining; running averages estimated anew over many training images after training.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: training uses noisy batch statistics and eval the running averages, so the two modes compute different functions when batches are small (both halves are needed).
# 1 point: without eval() an answer depends on the other images of its batch (or test data change the running statistics, or a single image fails).
# 1 point: two remedies that fit (group/layer norm, larger or synchronised batches, batch renormalization, frozen or re-estimated statistics). "Smaller learning rate" or "more epochs" don't count.
# ### END MARK SCHEME

# %% [markdown] hint="diagnosis"
# By what is an image normalized in training, and by what in eval mode? Which of the two depends on the other image?

# %% [markdown]
# ## Explore further (no marks)
#
# - **Before or after the ReLU?** Ioffe & Szegedy put batch norm before the nonlinearity. Move it behind the ReLU in `scores_of` (and in `descend`), and run the sweeps of section 4 again.
# - **The limit of scale invariance.** In the left panel of section 4, go down to a scale of $10^{-5}$. Where does ε begin to matter, and what happens to the gradient there?
# - **Weight decay with batch norm.** If the scale of `W` doesn't matter, what does L2 do to it? van Laarhoven (2017) and Hoffer, Banner, Golan & Soudry (2018), [*Norm matters*](https://arxiv.org/abs/1803.01814), explain it as a change of the learning rate. Measure $\lVert W\rVert$ with and without decay.
# - **Batch renormalization.** Write Ioffe's (2017) correction: normalize by the batch, then multiply by $r$ and add $d$ (both clipped, both without gradient), so that train and test agree. Does it close the gap at batches of two?
# - **RMSNorm.** Zhang & Sennrich (2019), [*Root mean square layer normalization*](https://arxiv.org/abs/1910.07467), leave out the mean. Write it with its backward pass; large language models use it.
# - **Without any normalization.** Zhang, Dauphin & Ma (2019), [*Fixup initialization*](https://arxiv.org/abs/1901.09321), and Brock, De, Smith & Simonyan (2021), [*High-performance large-scale image recognition without normalization*](https://arxiv.org/abs/2102.06171), train deep networks without it. What do they put in its place?
# - **Re-estimate the statistics.** Set `momentum=None`, call `reset_running_stats()` on PyTorch's layers of a trained network and run the training set through it once. When does it help? (Wu & Johnson, 2021, [*Rethinking "Batch" in BatchNorm*](https://arxiv.org/abs/2105.07576), call it precise BN.)
