# ---
# title: Dropout and regularization
# minutes: 300
# ---

# %% [markdown]
# # Dropout and regularization
#
# **The promise.** At the end of this notebook you will have written dropout in both of its forms and four of its relatives, and you will know what the average over all masks really is and how well it is approximated. You will have built the other means against overfitting (weight decay, early stopping, limits on norms, augmentation, mixup, ensembles and averages of weights), and you will have seen on one small problem what each of them is worth.
#
# **The time.** About five hours of work, in tasks of five to twenty minutes. From a clean kernel, the whole notebook takes five to ten seconds of processor time, most of it for starting up and importing PyTorch; all experiments together take one to three. A GPU is used where there is one (from section 8 on) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch. You write a function, the cell below it tells you what is right and what is not, and experiments show what it does. Before an experiment you predict; a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Dropout in its inverted form, L2, max-norm and the advice about biases follow **CS231n**, lectures 6 and 7, and the notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/); stochastic depth, fractional max pooling, DropConnect, augmentation and the pattern "noise in training, average it out at test time" are in its lecture 7, and ensembles in its notes [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/). Weight decay, early stopping and dropout are also subjects of **CSE 176**, lecture 11, and of **Neural Networks III**; **INFO8010**, lecture 4, treats the training of deep networks around them.

# %% [markdown]
# The papers on noise in the network: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), [*Dropout: a simple way to prevent neural networks from overfitting*](https://jmlr.org/papers/v15/srivastava14a.html); Wan, Zeiler, Zhang, LeCun & Fergus (2013), *Regularization of neural networks using DropConnect*; Tompson et al. (2015), [*Efficient object localization using convolutional networks*](https://arxiv.org/abs/1411.4280) (spatial dropout); Huang, Sun, Liu, Sedra & Weinberger (2016), [*Deep networks with stochastic depth*](https://arxiv.org/abs/1603.09382); Graham (2014), [*Fractional max-pooling*](https://arxiv.org/abs/1412.6071); Gal & Ghahramani (2016), [*Dropout as a Bayesian approximation*](https://arxiv.org/abs/1506.02142).
#
# On penalties, data and ensembles: Krogh & Hertz (1991), *A simple weight decay can improve generalization*; Loshchilov & Hutter (2019), [*Decoupled weight decay regularization*](https://arxiv.org/abs/1711.05101); Prechelt (1998), *Early stopping – but when?*; DeVries & Taylor (2017), [*Improved regularization of convolutional neural networks with cutout*](https://arxiv.org/abs/1708.04552); Zhang, Cisse, Dauphin & Lopez-Paz (2018), [*mixup: beyond empirical risk minimization*](https://arxiv.org/abs/1710.09412); Huang, Li et al. (2017), [*Snapshot ensembles*](https://arxiv.org/abs/1704.00109); Polyak & Juditsky (1992), *Acceleration of stochastic approximation by averaging*; Lakshminarayanan, Pritzel & Blundell (2017), [*Simple and scalable predictive uncertainty estimation using deep ensembles*](https://arxiv.org/abs/1612.01474).

# %% setup="imports"
import itertools

import matplotlib.pyplot as plt
import numpy as np
import torch

from nnlab import device
from nnlab.data import digits
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_shape, check_unchanged, hidden_rng, probe

use_style()
torch.set_num_threads(1)  # for tensors as small as ours, more threads only wait for one another

# %% [markdown]
# ## 1 · Dropout
#
# In training, each unit is kept with probability $p$ and set to zero otherwise, anew in each step and for each example (Srivastava et al., 2014). No unit can rely on the presence of another one. The *inverted* form multiplies what is kept by $1/p$, so that the expectation of each unit stays what it was, and at test time nothing has to be done at all.
#
# **Mind the letter p.** In this course, as in the lecture notes, `p` is the probability of **keeping** a unit. In `torch.nn.Dropout(p)` it is the probability of **dropping** it.

# %% [markdown]
# The settings come in a dictionary `dropout_param`: `mode` is `"train"` or `"test"`, `p` is the probability of keeping, and `seed`, if there is one, makes the mask repeatable: the same seed and shape give the same mask. Draw with a generator of your own, `rng = np.random.default_rng(seed)` (a seed of None gives another mask each time). `np.random.seed` would change the random numbers of everybody else in the program.

# %% solution="dropout_forward"
def dropout_forward(x, dropout_param):
    """Inverted dropout.

    Args:
        x: activations, an array of any shape; it stays as it is.
        dropout_param: ``mode`` ("train" or "test"), ``p`` (the probability of keeping a unit,
            0 < p ≤ 1), and optionally ``seed``: equal seeds give equal masks. The global random
            state of NumPy is neither used nor changed.

    Returns:
        (out, cache): out of the shape of x; cache is whatever your dropout_backward needs.

    Raises:
        ValueError: mode is neither "train" nor "test".
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}, want 'train' or 'test'")
    ### BEGIN SOLUTION
    if mode == "test":
        return x, (dropout_param, None)
    rng = np.random.default_rng(seed)
    mask = (rng.random(x.shape) < p) / p
    out, cache = x * mask, (dropout_param, mask)
    ### END SOLUTION
    return out, cache

# %% [markdown] hint="dropout_forward"
# `rng.random(x.shape)` is uniform between 0 and 1, one number for each unit of each example. With which probability is it below `p`?

# %% [markdown] hint="dropout_forward"
# Put the scaling into the mask: `mask = (rng.random(x.shape) < p) / p` holds 0 and 1/p. And in test mode?

# %% tests="dropout_forward" points=3 changes="shown"
ones, settings = np.ones((100, 100)), {"mode": "train", "p": 0.8, "seed": 5}
out, _ = dropout_forward(ones.copy(), dict(settings))
check_shape("dropout_forward of ones (100, 100)", out, (100, 100))
check_close("the values of dropout_forward of ones with p=0.8", np.unique(np.round(out, 6)), [0.0, 1.25],
            rtol=1e-5, look="What is kept is divided by p; the rest is 0.")
check_close("the share that dropout_forward keeps with p=0.8", np.mean(np.asarray(out) > 0), 0.8, rtol=0, atol=0.02,
            look="p is the probability of keeping a unit.")
check_close("a second call with the same seed", dropout_forward(ones.copy(), dict(settings))[0], out, rtol=1e-6,
            look="rng = np.random.default_rng(seed) inside the function.")
check_close("dropout_forward of ones in test mode", dropout_forward(ones.copy(), {**settings, "mode": "test"})[0],
            ones, rtol=1e-6, look="At test time inverted dropout does nothing.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropout_forward")
x, p = rng.normal(size=(60, 50)) + 3.0, rng.uniform(0.15, 0.4)
settings = {"mode": "train", "p": p, "seed": int(rng.integers(1000))}
given = x.copy()
out = np.asarray(dropout_forward(given, dict(settings))[0])
check_unchanged("dropout_forward(x, …)", "x", x, given)
kept = out != 0
check_close(f"the share that dropout_forward keeps with p={p:.2f}", kept.mean(), p, rtol=0, atol=0.05,
            look="p is the probability of keeping a unit.")  # 3,000 units: five standard deviations
check_close("what dropout_forward keeps", out[kept] * p, x[kept], rtol=1e-5, look="Divided by p.")
check("dropout_forward", not (kept == kept[:1]).all(), "all examples have the same mask",
      look="Draw a number for each unit of each example: x.shape.")
check("dropout_forward", not (kept == kept[:, :1]).all(), "all units of an example are dropped together",
      look="Draw a number for each unit of each example: x.shape.")
fresh = [np.asarray(dropout_forward(x.copy(), {"mode": "train", "p": 0.5})[0]) != 0 for _ in range(2)]
check("two calls of dropout_forward without a seed", (fresh[0] != fresh[1]).any(), "gave the same mask",
      look="Without a seed each call draws anew.")
check_close(f"dropout_forward in test mode with p={p:.2f}",
            dropout_forward(x.copy(), {**settings, "mode": "test"})[0], x, rtol=1e-6,
            look="The scaling was done in training; at test time x comes out as it is.")
check_close("dropout_forward with p=1", dropout_forward(x.copy(), {"mode": "train", "p": 1.0})[0], x, rtol=1e-6)
other = np.asarray(dropout_forward(x.copy(), {**settings, "seed": settings["seed"] + 1})[0]) != 0
check("dropout_forward with another seed", (other != kept).any(), "gave the same mask", look="Use the seed.")
zero = [np.asarray(dropout_forward(x.copy(), {"mode": "train", "p": 0.5, "seed": 0})[0]) for _ in range(2)]
check_close("a second call of dropout_forward with the seed 0", zero[1], zero[0], rtol=1e-6,
            look="0 is a seed like any other; `if seed:` takes it for None.")


@probe
def global_state_after(x, param):
    """Whether NumPy's global generator goes on as if nothing had been drawn or seeded."""
    np.random.seed(1)
    dropout_forward(x, param)
    return np.random.random()


expected = np.random.RandomState(1).random_sample()
for note, param in (("with a seed", settings), ("without a seed", {"mode": "train", "p": 0.5})):
    check("dropout_forward " + note, abs(global_state_after(x, param) - expected) < 1e-12,
          "used or changed the global random state of NumPy",
          look="Draw from a generator of your own: np.random.default_rng(seed).")
check_raises("dropout_forward(x, {'mode': 'tset', 'p': 0.5})", ValueError, dropout_forward, x,
             {"mode": "tset", "p": 0.5})
### END HIDDEN TESTS

# %% [markdown]
# The backward pass asks what each input did to the output. A unit that was dropped did nothing, so its gradient is zero; one that was kept was multiplied by $1/p$, and so is its gradient. The mask is the *same* mask, out of the cache.

# %% solution="dropout_backward" needs="dropout_forward"
def dropout_backward(dout, cache):
    """The gradient of inverted dropout.

    Args:
        dout: the gradient of the loss with respect to out, of the shape of x.
        cache: what dropout_forward returned beside out.

    Returns:
        dx, of the shape of x.
    """
    ### BEGIN SOLUTION
    _, mask = cache
    return dout if mask is None else dout * mask
    ### END SOLUTION

# %% [markdown] hint="dropout_backward"
# $\text{out} = x \cdot \text{mask}$, elementwise. What is the derivative of one entry of out with respect to the same entry of $x$?

# %% [markdown] hint="dropout_backward"
# In training `dout * mask`, with the mask that holds 0 and 1/p. In test mode out was x: what is the gradient?

# %% tests="dropout_backward" points=2
out, cache = dropout_forward(np.ones((6, 8)), {"mode": "train", "p": 0.5, "seed": 2})
check_close("dropout_backward of ones, when x was ones", dropout_backward(np.ones((6, 8)), cache), out, rtol=1e-5,
            look="The same zeros and the same factor 1/p as on the way forward.")
_, cache = dropout_forward(np.ones((2, 3)), {"mode": "test", "p": 0.5})
check_close("dropout_backward in test mode", dropout_backward(np.full((2, 3), 4.0), cache), np.full((2, 3), 4.0),
            rtol=1e-6, look="At test time out is x.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropout_backward")
dout, settings = rng.normal(size=(9, 4, 5)), {"mode": "train", "p": 0.3, "seed": int(rng.integers(1000))}
# The derivative of out with respect to x is what dropout makes of ones, under the same seed.
factor = np.asarray(dropout_forward(np.ones((9, 4, 5)), dict(settings))[0])
x = np.maximum(rng.normal(size=(9, 4, 5)), 0.0)  # many units are zero before dropout, as after a ReLU
_, cache = dropout_forward(x.copy(), dict(settings))
check_close("dropout_backward after a ReLU", dropout_backward(dout.copy(), cache), dout * factor, rtol=1e-5, atol=1e-9,
            look="Use the mask itself: a unit may be zero without having been dropped.")
check_close("a second call of dropout_backward with the same cache", dropout_backward(dout.copy(), cache),
            dout * factor, rtol=1e-5, atol=1e-9, look="The mask is the one in the cache.")
x = rng.normal(size=(20, 5))
out, cache = dropout_forward(x.copy(), {"mode": "train", "p": 0.25})
check_close("dropout_backward without a seed, p=0.25", dropout_backward(np.ones((20, 5)), cache), np.asarray(out) / x,
            rtol=1e-5, look="Don't draw again: the mask of the forward pass is in the cache.")
_, cache = dropout_forward(x.copy(), {"mode": "test", "p": 0.25})
check_close("dropout_backward in test mode, p=0.25", dropout_backward(x.copy(), cache), x, rtol=1e-6,
            look="At test time out is x, so dx is dout.")
### END HIDDEN TESTS

# %% [markdown]
# ### The plain form
#
# The paper's own form leaves the kept units as they are in training and multiplies all units by $p$ at test time. In expectation both forms are the same; but here whoever runs the network later must know that it was trained with dropout, and with which $p$. Write it, with its gradient, to feel the difference.

# %% solution="plain_dropout"
def plain_dropout_forward(x, dropout_param):
    """Dropout as first published: zeros in training, every unit times p at test time.

    Args: as for dropout_forward; x stays as it is. Returns: (out, cache).
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    factor = np.random.default_rng(seed).random(x.shape) < p if mode == "train" else p
    return x * factor, factor
    ### END SOLUTION


def plain_dropout_backward(dout, cache):
    """The gradient dx of plain_dropout_forward, in the mode in which that was called."""
    ### BEGIN SOLUTION
    return dout * cache
    ### END SOLUTION

# %% [markdown] hint="plain_dropout"
# In both modes out is x times a factor. What is the factor in training, and what is it at test time?

# %% [markdown] hint="plain_dropout"
# The gradient is dout times the same factor: keep the factor as the cache.

# %% tests="plain_dropout" part="forward" points=1 changes="shown"
out, _ = plain_dropout_forward(np.full((50, 40), 2.0), {"mode": "train", "p": 0.75, "seed": 1})
check_close("the values of plain_dropout_forward of twos in training", np.unique(np.round(out, 6)), [0.0, 2.0],
            rtol=1e-5, look="In training the kept units stay as they are.")
check_close("plain_dropout_forward of [2, 4] in test mode with p=0.75",
            plain_dropout_forward(np.array([2.0, 4.0]), {"mode": "test", "p": 0.75})[0], [1.5, 3.0], rtol=1e-5,
            look="At test time every unit is multiplied by p.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("plain_dropout")
x, p = rng.normal(size=(60, 50)) + 3.0, rng.uniform(0.15, 0.35)
given = x.copy()
out = np.asarray(plain_dropout_forward(given, {"mode": "train", "p": p, "seed": 4})[0])
check_unchanged("plain_dropout_forward(x, …)", "x", x, given)
kept = out != 0
check("plain_dropout_forward", (kept != kept[:1]).any(), "all examples have the same mask",
      look="Draw a number for each unit of each example: x.shape.")
check_close(f"the share that plain_dropout_forward keeps with p={p:.2f}", np.mean(out != 0), p, rtol=0, atol=0.05,
            look="p is the probability of keeping.")
check_close("what plain_dropout_forward keeps", out[out != 0], x[out != 0], rtol=1e-5, look="It is not scaled.")
check_close(f"plain_dropout_forward in test mode with p={p:.2f}",
            plain_dropout_forward(x.copy(), {"mode": "test", "p": p})[0], p * x, rtol=1e-5, look="Times p.")
### END HIDDEN TESTS

# %% tests="plain_dropout" part="backward" points=1
_, cache = plain_dropout_forward(np.array([2.0, 4.0]), {"mode": "test", "p": 0.75})
check_close("plain_dropout_backward of [1, 1] in test mode with p=0.75",
            plain_dropout_backward(np.ones(2), cache), [0.75, 0.75], rtol=1e-5,
            look="out = p · x at test time.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("plain_dropout_backward")
dout, x = rng.normal(size=(12, 9)), np.maximum(rng.normal(size=(12, 9)), 0)
settings = {"mode": "train", "p": 0.4, "seed": int(rng.integers(1000))}
factor = np.asarray(plain_dropout_forward(np.ones((12, 9)), dict(settings))[0])
_, cache = plain_dropout_forward(x.copy(), dict(settings))
check_close("plain_dropout_backward in training", plain_dropout_backward(dout.copy(), cache), dout * factor, rtol=1e-5,
            atol=1e-9, look="dout times the factor of the forward pass, no 1/p.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict, with pencil and paper.** The most common accident mixes the two forms: training divides by $p$, and at test time somebody multiplies by $p$ as well. A network without biases has three ReLU layers, each followed by dropout with $p = 0.5$, and a linear output. By which factor are its scores wrong at test time?

# %% solution="scaled_twice"
# Type the factor: scaled_twice = ...
### BEGIN SOLUTION
scaled_twice = 0.125  # 0.5³
### END SOLUTION

# %% [markdown] hint="scaled_twice"
# A ReLU of half its input is half its output. So the factors of the three layers go through to the scores.

# %% tests="scaled_twice" points=1
check("scaled_twice", scaled_twice > 0, f"{scaled_twice} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("scaled_twice", scaled_twice, 0.125, rtol=0.01, look="Each of the three layers multiplies by one half.")
### END HIDDEN TESTS

# %% [markdown]
# The predicted classes stay the same, so the accuracy does not show it. The probabilities do: all of them are far too timid. (With biases, the classes can change as well.)

# %% [markdown]
# ## 2 · What is the average?
#
# At test time we want the average over all masks, $\mathbb{E}_m[f(x, m)] = \sum_m P(m)\, f(x, m)$, and what we compute is $f(x, \mathbb{E}[m])$: the *scaling approximation*. With $n$ units there are $2^n$ masks. For ten units that is a thousand, and we can simply try them all.

# %% solution="averages"
def exact_average(network, n, p):
    """The average of network(mask) over all 2ⁿ masks of n units.

    Args:
        network: a function of a mask, an array (n,) of zeros and ones, that returns a number.
        n: the number of units. p: the probability that a unit is kept.

    Returns:
        The sum over all masks of their probability times network(mask), a number.
    """
    ### BEGIN SOLUTION
    masks = [np.array(bits) for bits in itertools.product((0.0, 1.0), repeat=n)]
    return sum(p ** m.sum() * (1 - p) ** (n - m.sum()) * network(m) for m in masks)
    ### END SOLUTION


def monte_carlo_average(network, n, p, samples, seed=None):
    """The plain mean of network(mask) over ``samples`` masks, drawn with probability p of a one.

    The masks come from np.random.default_rng(seed): equal seeds give equal results.
    """
    ### BEGIN SOLUTION
    masks = (np.random.default_rng(seed).random((samples, n)) < p).astype(float)
    return np.mean([network(mask) for mask in masks])
    ### END SOLUTION

# %% [markdown] hint="averages"
# `itertools.product((0.0, 1.0), repeat=n)` walks over all masks. Are they equally likely when p is not one half?

# %% [markdown] hint="averages"
# A mask with k ones has the probability `p**k * (1 - p)**(n - k)`.

# %% [markdown] hint="averages"
# In the Monte Carlo average, likely masks are drawn more often by themselves. So a plain mean is right there, without weights.

# %% tests="averages" part="exact" points=2
check_close("exact_average of the number of ones, 4 units, p=0.25", exact_average(lambda m: m.sum(), 4, 0.25), 1.0,
            rtol=1e-5, look="Four units, each kept in a quarter of all cases.")
check_close("exact_average of 'all three are kept', p=0.9", exact_average(lambda m: float(np.prod(m)), 3, 0.9), 0.729,
            rtol=1e-5, look="Weight each mask by its probability.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("exact_average")
slopes, p = rng.uniform(0.2, 1.5, size=6), rng.uniform(0.1, 0.4)
# Units are independent, so the average of a product is the product of the averages.
check_close("exact_average of a product over 6 units",
            exact_average(lambda m: float(np.prod(1 + slopes * m)), 6, p), np.prod(1 + slopes * p), rtol=1e-5,
            look="All 2⁶ masks, each with the weight p^k (1 − p)^(6 − k).")
check_close("exact_average of 'nothing is kept'", exact_average(lambda m: float(m.max() == 0), 5, p), (1 - p) ** 5,
            rtol=1e-5, look="The mask of zeros counts as well.")
### END HIDDEN TESTS

# %% tests="averages" part="monte_carlo" points=1
got = monte_carlo_average(lambda m: m.sum(), 10, 0.3, 500, seed=1)
check_close("monte_carlo_average of the number of ones, 10 units, p=0.3, 500 samples", got, 3.0, rtol=0, atol=0.35,
            look="About p · n.")  # five standard deviations of the mean
### BEGIN HIDDEN TESTS
rng = hidden_rng("monte_carlo_average")
seen = []
got = monte_carlo_average(lambda m: (seen.append(np.array(m)), float(m @ np.arange(1, 9)))[1], 8, 0.8, 200,
                          seed=int(rng.integers(1000)))
seen = np.array(seen)
check_shape("the masks of monte_carlo_average with 8 units and 200 samples", seen, (200, 8))
check("the masks of monte_carlo_average", np.isin(seen, (0, 1)).all(), "hold other numbers than 0 and 1")
check_close("the share of ones, p=0.8,", seen.mean(), 0.8, rtol=0, atol=0.06, look="p keeps.")
check("the masks of monte_carlo_average", (seen != seen[0]).any(), "are all the same", look="Draw one a sample.")
check_close("monte_carlo_average", got, np.mean(seen @ np.arange(1, 9)), rtol=1e-5,
            look="A plain mean: the masks come with their probability already.")
again = [monte_carlo_average(lambda m: float(m @ np.arange(1, 9)), 8, 0.5, 20, seed=3) for _ in range(2)]
check_close("a second call of monte_carlo_average with the same seed", again[1], again[0], rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# The next cell is a small network whose ten hidden units can be masked. A second ReLU layer follows, and an output that adds it up with positive weights. The mask may also hold fractions: `network(np.full(10, p))` is the scaling approximation.

# %% given="small_network"
def small_network(seed):
    """A function from a mask of 10 hidden units to the network's output, a number."""
    rng = np.random.default_rng(seed)
    hidden = np.maximum(rng.normal(size=10), 0.2)
    middle = rng.normal(size=(20, 10)) / np.sqrt(10)
    return lambda mask: np.maximum(middle @ (mask * hidden), 0.0).sum()

# %% [markdown]
# **Predict.** Without the second ReLU the output would be linear in the mask, and the scaling approximation would be exact. With it, the exact average over all masks is `"larger"` than the scaling approximation, `"smaller"`, or `"equal"` to it?

# %% solution="against_scaling"
# Type your choice: against_scaling = "..."
### BEGIN SOLUTION
against_scaling = "larger"
### END SOLUTION

# %% [markdown] hint="against_scaling"
# One ReLU, whose input is −1 or +1 with equal probability. What is the average of its output, and what is its output at the average input?

# %% [markdown] hint="against_scaling"
# The ReLU is convex, and the output weights are positive: think of Jensen's inequality.

# %% tests="against_scaling" points=1
check_one_of("against_scaling", against_scaling, ["larger", "smaller", "equal"])
### BEGIN HIDDEN TESTS
# Jensen's inequality: E relu(z) ≥ relu(E z), for every seed.
check_equal("against_scaling", against_scaling, "larger",
            look="A ReLU is convex: the average of its outputs is at least its output at the average.")
### END HIDDEN TESTS

# %% given="sampling_errors"
def sampling_errors(seed, sizes=(4, 16, 64, 256)):
    """Root mean square error of the Monte Carlo average for each number of samples."""
    network = small_network(seed)
    exact, errors = exact_average(network, 10, 0.5), []
    for size in progress(sizes, "samples"):
        runs = [monte_carlo_average(network, 10, 0.5, size, seed=(seed, size, run))
                for run in range(max(2048 // size, 40))]
        errors.append(np.sqrt(np.mean((np.array(runs) - exact) ** 2)))
    return np.array(sizes), np.array(errors)

# %% experiment="masks"
network, (sizes, errors) = small_network(5), sampling_errors(5)
outcomes = [network(np.array(bits)) for bits in itertools.product((0.0, 1.0), repeat=10)]
exact, scaled = exact_average(network, 10, 0.5), network(np.full(10, 0.5))
exponent, offset = np.polyfit(np.log(sizes), np.log(errors), 1)

figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.5))
left.hist(outcomes, bins=40, color=COLOURS["sky"])
left.vlines(exact, 0, 92, color=COLOURS["black"], label=f"exact average {exact:.2f}")
left.vlines(scaled, 0, 92, color=COLOURS["red"], linestyle="--", label=f"scaling {scaled:.2f}")
left.set(xlabel="output of the network", ylabel="masks", title="All 1,024 networks in one", ylim=(0, 120))
left.legend(loc="upper left")
right.loglog(sizes, errors, "o", label="Monte Carlo, measured")
right.loglog(sizes, np.exp(offset) * sizes**exponent, ":", color=COLOURS["blue"],
             label=f"fit: error ∝ samples$^{{{exponent:.2f}}}$")
right.axhline(abs(exact - scaled), color=COLOURS["red"], linestyle="--", label="scaling, one pass")
right.set(xlabel="masks drawn", ylabel="error of the average", title="What an average costs", ylim=(errors[-1] / 2, 16 * errors[0]))
figure.subplots_adjust(wspace=0.28)
right.legend(loc="upper right")
show(figure, f"Left: a histogram of the outputs of one network under all 1,024 masks of its ten hidden units, "
     f"with two lines: the exact average, {exact:.2f}, and the scaling approximation, {scaled:.2f}, which is lower. "
     "Right: the error of a Monte Carlo average against the number of masks drawn, both axes logarithmic. The "
     "points lie on a falling line; a dashed level marks the error of the scaling approximation.")

# %% [markdown]
# Read off the exponent: the error of the Monte Carlo average is proportional to the number of masks to the power of what? (So what does half the error cost?)

# %% solution="sampling_exponent"
# Type the exponent, with its sign: sampling_exponent = ...
### BEGIN SOLUTION
sampling_exponent = -0.5
### END SOLUTION

# %% [markdown] hint="sampling_exponent"
# The legend of the right picture says it. Mind the sign: the error falls.

# %% tests="sampling_exponent" points=1
check("sampling_exponent", -5 < sampling_exponent < 5, f"{sampling_exponent} is not a plausible exponent")
### BEGIN HIDDEN TESTS
# The law is −1/2; the fits of 20 seeds were all within 0.08 of it.
check_close("sampling_exponent", sampling_exponent, -0.5, rtol=0, atol=0.08,
            look="The slope of the dotted line, with its sign.")
### END HIDDEN TESTS

# %% [markdown]
# That is the whole bargain of the scaling approximation: one pass, with a bias that nothing averages away, against many passes with none. In this tiny network the bias is large, and four masks are better already. In wide, trained networks each sum runs over many units and fluctuates little: Srivastava et al. (2014, section 7.5) needed about fifty masks to be as good as scaling. For one linear layer and a softmax behind the mask there is an exact statement: scaling gives the *geometric* mean of all the masked networks, normalized (Hinton et al., 2012, [*Improving neural networks by preventing co-adaptation of feature detectors*](https://arxiv.org/abs/1207.0580)). For deeper networks it is an approximation that works well in practice.

# %% [markdown]
# ## 3 · Relatives: what else can be dropped
#
# ### Whole channels
#
# Neighbouring pixels of a feature map say nearly the same. If single pixels are dropped, the neighbours give the secret away. *Spatial dropout* (Tompson et al., 2015) drops whole channels of an example instead. (`torch.nn.Dropout2d` does this.)

# %% solution="spatial_dropout"
def spatial_dropout_forward(x, dropout_param):
    """Inverted dropout of whole channels.

    Args:
        x: feature maps (N, C, H, W), which stay as they are. dropout_param: as for dropout_forward.

    Returns:
        (out, cache): out (N, C, H, W); each channel of each example is kept, times 1/p, or zero.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    mask = 1.0
    if mode == "train":
        mask = (np.random.default_rng(seed).random((*x.shape[:2], 1, 1)) < p) / p
    return x * mask, mask
    ### END SOLUTION


def spatial_dropout_backward(dout, cache):
    """The gradient dx of spatial_dropout_forward."""
    ### BEGIN SOLUTION
    return dout * cache
    ### END SOLUTION

# %% [markdown] hint="spatial_dropout"
# How many random numbers does a batch of N examples with C channels need?

# %% [markdown] hint="spatial_dropout"
# A mask of the shape `(N, C, 1, 1)` is stretched over the pixels by broadcasting.

# %% tests="spatial_dropout" points=2 changes="shown"
out, cache = spatial_dropout_forward(np.ones((5, 40, 2, 3)), {"mode": "train", "p": 0.5, "seed": 3})
check_shape("spatial_dropout_forward of ones (5, 40, 2, 3)", out, (5, 40, 2, 3))
out = np.array(out)
check("spatial_dropout_forward", (out == out[:, :, :1, :1]).all(), "some channels are dropped in part",
      look="One random number for each channel of each example.")
check_close("the values of spatial_dropout_forward of ones, p=0.5", np.unique(np.round(out, 6)), [0.0, 2.0], rtol=1e-5,
            look="Kept channels are divided by p.")
check_close("spatial_dropout_backward of ones", spatial_dropout_backward(np.ones((5, 40, 2, 3)), cache), out, rtol=1e-5,
            look="The same channels, the same factor.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_dropout")
p, settings = rng.uniform(0.2, 0.35), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
factor = np.asarray(spatial_dropout_forward(np.ones((30, 40, 3, 2)), dict(settings))[0])
kept = factor[:, :, 0, 0] > 0
check("spatial_dropout_forward", (factor == factor[:, :, :1, :1]).all(), "some channels are dropped in part",
      look="A mask of the shape (N, C, 1, 1).")
check("spatial_dropout_forward", (kept != kept[:1]).any(), "all examples lose the same channels",
      look="Each example has a mask of its own.")
check("spatial_dropout_forward", (kept != kept[:, :1]).any(), "all channels of an example are dropped together",
      look="Each channel is drawn on its own.")
check_close(f"the share of channels kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.07, look="p keeps.")
x, dout = np.maximum(rng.normal(size=(2, 30, 40, 3, 2)), 0)
given = x.copy()
out, cache = spatial_dropout_forward(given, dict(settings))
check_unchanged("spatial_dropout_forward(x, …)", "x", x, given)
check_close("spatial_dropout_forward", out, x * kept[:, :, None, None] / p, rtol=1e-5, look="Kept, times 1/p.")
check_close("spatial_dropout_backward", spatial_dropout_backward(dout.copy(), cache), dout * factor, rtol=1e-5,
            look="dout times the mask of the forward pass, with its 1/p.")
out, cache = spatial_dropout_forward(x.copy(), {**settings, "mode": "test"})
check_close("spatial_dropout_forward in test mode", out, x, rtol=1e-6, look="Inverted: nothing to do at test time.")
check_close("spatial_dropout_backward in test mode", spatial_dropout_backward(dout.copy(), cache), dout, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# ### Single weights
#
# *DropConnect* (Wan et al., 2013) drops weights in place of units: each example goes through a thinned weight matrix of its own. It contains dropout as a special case (a dropped input is a dropped row of weights). At test time we scale, as in dropout; the paper samples from a Gaussian with matched mean and variance. Biases are left alone here.

# %% solution="dropconnect"
def dropconnect_forward(x, w, b, dropout_param):
    """A fully connected layer whose weights are dropped, for each example anew.

    Args:
        x: inputs (N, D). w: weights (D, M). b: biases (M,), never dropped.
        dropout_param: as for dropout_forward; p is the probability of keeping a weight.

    Returns:
        (out, cache): out (N, M), in expectation x @ w + b, and exactly that in test mode.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    thinned = np.broadcast_to(w, (len(x), *w.shape))
    mask = np.ones(thinned.shape)
    if mode == "train":
        mask = (np.random.default_rng(seed).random(thinned.shape) < p) / p
    out = np.einsum("nd,ndm->nm", x, w * mask) + b
    return out, (x, w, mask)
    ### END SOLUTION


def dropconnect_backward(dout, cache):
    """The gradients (dx, dw, db) of dropconnect_forward."""
    ### BEGIN SOLUTION
    x, w, mask = cache
    dx = np.einsum("nm,ndm->nd", dout, w * mask)
    dw = np.einsum("nd,nm,ndm->dm", x, dout, mask)
    return dx, dw, dout.sum(axis=0)
    ### END SOLUTION

# %% [markdown] hint="dropconnect"
# The mask has one entry for each weight *and each example*: which shape is that?

# %% [markdown] hint="dropconnect"
# With a mask (N, D, M), example n goes through the matrix `w * mask[n]`. `np.einsum("nd,ndm->nm", x, w * mask)` does it for all of them; a loop over n is as good.

# %% [markdown] hint="dropconnect"
# Backward, for one example: `dx = (w * mask) @ dout`, `dw = outer(x, dout) * mask`. The gradients of the weights add up over the examples.

# %% tests="dropconnect" part="forward" points=2
x, w, b = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0, 0.0], [2.0, 3.0, 1.0]]), np.array([0.5, 0.0, -1.0])
check_close("dropconnect_forward in test mode", dropconnect_forward(x, w, b, {"mode": "test", "p": 0.5})[0],
            [[5.5, 5.0, 1.0]], rtol=1e-5, look="At test time this is x @ w + b.")
out, _ = dropconnect_forward(np.ones((4, 1)), np.ones((1, 200)), np.full(200, 7.0), {"mode": "train", "p": 0.5, "seed": 1})
check_close("the values of dropconnect_forward with one weight of 1, p=0.5, and a bias of 7",
            np.unique(np.round(out, 6)), [7.0, 9.0], rtol=1e-5, look="The weight is 0 or 1/p, the bias is never dropped.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropconnect")
p, settings = rng.uniform(0.2, 0.4), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
# With inputs of 1 and weights 1, 2, 4, … the sum tells in binary which weights were kept.
powers = np.repeat(2.0 ** np.arange(10)[:, None], 12, axis=1)
codes = np.asarray(dropconnect_forward(np.ones((8, 10)), powers, np.zeros(12), dict(settings))[0], dtype=float) * p
whole = np.round(codes)
check("dropconnect_forward", np.allclose(codes, whole, atol=0.01) and whole.min() >= 0 and whole.max() < 1024,
      "the kept weights are not scaled by 1/p", look="Each weight is 0 or w/p.")
kept = (whole.astype(int)[:, None, :] >> np.arange(10)[:, None]) & 1
check("dropconnect_forward", (kept != kept[:, :, :1]).any(), "whole inputs are dropped, not single weights",
      look="The mask has the shape (N, D, M).")
check("dropconnect_forward", (kept != kept[:, :1]).any(), "whole outputs are dropped, not single weights",
      look="Mask the weights before the sum, not the result.")
check("dropconnect_forward", (kept != kept[:1]).any(), "all examples share one mask",
      look="The mask has the shape (N, D, M).")
check_close(f"the share of weights kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.08, look="p keeps.")
x, w, b = rng.normal(size=(8, 10)), rng.normal(size=(10, 12)), rng.normal(size=12)
expected = np.array([x[n] @ (w * kept[n]) / p + b for n in range(8)])
check_close("dropconnect_forward", dropconnect_forward(x, w, b, dict(settings))[0], expected, rtol=1e-5, atol=1e-5,
            look="Example n goes through w · mask[n] / p; the bias is not scaled.")
check_close("dropconnect_forward in test mode", dropconnect_forward(x, w, b, {**settings, "mode": "test"})[0],
            x @ w + b, rtol=1e-5, atol=1e-5, look="Inverted: nothing to scale at test time.")
### END HIDDEN TESTS

# %% tests="dropconnect" part="backward" points=2
x, w, b = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0, 0.0], [2.0, 3.0, 1.0]]), np.zeros(3)
_, cache = dropconnect_forward(x, w, b, {"mode": "test", "p": 0.5})
dx, dw, db = dropconnect_backward(np.array([[1.0, 0.0, 2.0]]), cache)
check_close("dx of dropconnect_backward in test mode", dx, [[1.0, 4.0]], rtol=1e-5, look="dout @ w.T")
check_close("dw of dropconnect_backward in test mode", dw, [[1.0, 0.0, 2.0], [2.0, 0.0, 4.0]], rtol=1e-5)
check_close("db of dropconnect_backward in test mode", db, [1.0, 0.0, 2.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropconnect_backward")
x, w, dout = rng.normal(size=(6, 5)), rng.normal(size=(5, 4)), rng.normal(size=(6, 4))
settings = {"mode": "train", "p": 0.4, "seed": int(rng.integers(1000))}
powers = np.repeat(2.0 ** np.arange(5)[:, None], 4, axis=1)
codes = np.asarray(dropconnect_forward(np.ones((6, 5)), powers, np.zeros(4), dict(settings))[0], dtype=float) * 0.4
kept = (np.round(codes).astype(int)[:, None, :] >> np.arange(5)[:, None]) & 1
tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, np.zeros(4))]
out = (tensors[0][:, None] @ (tensors[1] * torch.tensor(kept / 0.4)))[:, 0] + tensors[2]
out.backward(torch.tensor(dout))
_, cache = dropconnect_forward(x, w, np.zeros(4), dict(settings))
for name, got, tensor in zip(("dx", "dw", "db"), dropconnect_backward(dout, cache), tensors, strict=True):
    check_close(f"{name} of dropconnect_backward in training", got, tensor.grad, rtol=1e-5, atol=1e-5,
                look="The same thinned weights as on the way forward, 1/p included.")
### END HIDDEN TESTS

# %% [markdown]
# ### Whole layers
#
# A residual block computes $x + f(x)$. *Stochastic depth* drops the branch $f$ and keeps the shortcut: in training the network is shorter, at test time it is deep. Huang et al. (2016) dropped a block for a whole minibatch, which saves its computation, and scaled at test time. Most libraries now draw **for each example** and scale in training by $1/p$, and so shall we.

# %% solution="stochastic_depth"
def stochastic_depth_forward(x, branch, dropout_param):
    """x + branch, where the branch of each example is kept with probability p.

    Args:
        x: the shortcut, an array (N, …). branch: f(x), of the same shape. Both stay as they are.
        dropout_param: as for dropout_forward.

    Returns:
        (out, cache): in training, x + branch/p for examples whose branch is kept and x for the
        others; in test mode x + branch.
    """
    mode, p, seed = dropout_param["mode"], dropout_param["p"], dropout_param.get("seed")
    ### BEGIN SOLUTION
    mask = 1.0
    if mode == "train":
        shape = (len(x),) + (1,) * (x.ndim - 1)
        mask = (np.random.default_rng(seed).random(shape) < p) / p
    return x + mask * branch, mask
    ### END SOLUTION


def stochastic_depth_backward(dout, cache):
    """The gradients (dx, dbranch) of stochastic_depth_forward; dx is that of the shortcut alone."""
    ### BEGIN SOLUTION
    return dout, dout * cache
    ### END SOLUTION

# %% [markdown] hint="stochastic_depth"
# One random number an example. To multiply an array (N, C, H, W) it needs the shape (N, 1, 1, 1); x may have two axes or four.

# %% [markdown] hint="stochastic_depth"
# A sum hands its gradient to both terms as it is. Which of the two went through the mask?

# %% tests="stochastic_depth" points=3 changes="shown"
out, cache = stochastic_depth_forward(np.full((60, 3), 5.0), np.ones((60, 3)), {"mode": "train", "p": 0.5, "seed": 1})
check_close("the values of stochastic_depth_forward of fives and a branch of ones, p=0.5", np.unique(np.round(out, 6)),
            [5.0, 7.0], rtol=1e-5, look="x, or x + branch/p: the shortcut is never dropped.")
dx, dbranch = stochastic_depth_backward(np.ones((60, 3)), cache)
check_close("dx of stochastic_depth_backward of ones", dx, np.ones((60, 3)), rtol=1e-5, look="The shortcut has no mask.")
check_close("dbranch of stochastic_depth_backward of ones", dbranch, np.asarray(out) - 5.0, rtol=1e-5,
            look="The branch has: 0 or 1/p.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("stochastic_depth")
p, settings = rng.uniform(0.2, 0.4), {"mode": "train", "seed": int(rng.integers(1000))}
settings["p"] = p
x, branch, dout = rng.normal(size=(3, 300, 2, 2, 3)) + 2.0
mask = np.asarray(stochastic_depth_forward(np.zeros_like(x), np.ones_like(x), dict(settings))[0])
check("stochastic_depth_forward", (mask == mask[:, :1, :1, :1]).all(), "drops parts of an example's branch",
      look="One random number for each example.")
kept = mask[:, 0, 0, 0] > 0
check("stochastic_depth_forward", kept.any() and not kept.all(), "all examples are treated alike",
      look="One random number for each example, not one for the batch.")
check_close(f"the share of branches kept, p={p:.2f},", kept.mean(), p, rtol=0, atol=0.14, look="p keeps.")
given = [x.copy(), branch.copy()]
out = stochastic_depth_forward(*given, dict(settings))
check_unchanged("stochastic_depth_forward(x, branch, …)", "x", x, given[0])
check_unchanged("stochastic_depth_forward(x, branch, …)", "branch", branch, given[1])
check_close("stochastic_depth_forward on (300, 2, 2, 3)", out[0],
            x + branch * kept[:, None, None, None] / p, rtol=1e-5, look="x + branch/p, or x.")
dx, dbranch = stochastic_depth_backward(dout.copy(), out[1])
check_close("dx of stochastic_depth_backward", dx, dout, rtol=1e-5, look="dx = dout: the shortcut is always there.")
check_close("dbranch of stochastic_depth_backward", dbranch, dout * kept[:, None, None, None] / p, rtol=1e-5,
            look="dout times the mask, with its 1/p.")
out, cache = stochastic_depth_forward(x, branch, {**settings, "mode": "test"})
check_close("stochastic_depth_forward in test mode", out, x + branch, rtol=1e-6,
            look="The scaling was done in training.")
check_close("dbranch in test mode", stochastic_depth_backward(dout.copy(), cache)[1], dout, rtol=1e-6)
### END HIDDEN TESTS

# %% [markdown]
# **With pencil and paper.** Early layers are needed by all later ones, so they are dropped less: block $\ell$ of $L$ is kept with probability $p_\ell = 1 - \frac{\ell}{L}(1 - p_L)$. The network of the paper has $L = 54$ blocks and $p_L = 0.5$. How many blocks does a training step use on average?

# %% solution="expected_depth"
# Type the number of blocks: expected_depth = ...
### BEGIN SOLUTION
expected_depth = 40.25  # 54 − 0.5 · 55 / 2
### END SOLUTION

# %% [markdown] hint="expected_depth"
# Expectations add up, whatever depends on what: sum the $p_\ell$ for $\ell = 1, …, 54$.

# %% [markdown] hint="expected_depth"
# $\sum_\ell \ell / L = (L + 1)/2$.

# %% tests="expected_depth" points=1
check("expected_depth", 0 < expected_depth <= 54, f"{expected_depth} is not a number of blocks out of 54")
### BEGIN HIDDEN TESTS
check_close("expected_depth", expected_depth, np.sum(1 - np.arange(1, 55) / 54 * 0.5), rtol=0, atol=0.3,
            look="Add up p_1 to p_54. (The paper rounds to 40.)")
### END HIDDEN TESTS

# %% [markdown]
# ### Random regions
#
# Max pooling by 2 throws three of four pixels away at once. *Fractional max pooling* (Graham, 2014) shrinks by a factor between 1 and 2, with regions whose places are drawn at random. Along an axis of `n` pixels, `size` windows of `kernel` pixels begin at
#
# $$s_i = \lfloor \alpha\,(i + u) \rfloor - \lfloor \alpha\,u \rfloor \quad (i = 0, …, \text{size} - 2), \qquad s_{\text{size}-1} = n - \text{kernel}, \qquad \alpha = \frac{n - \text{kernel}}{\text{size} - 1},$$
#
# with one $u$ between 0 and 1 for the rows and one for the columns. (This is the form that PyTorch computes.)

# %% solution="fractional_max_pool"
def fractional_max_pool(x, size, kernel, u):
    """Max pooling over windows at pseudo-random places.

    Args:
        x: images (N, C, H, W). size: rows and columns of the output, at least 2.
        kernel: rows and columns of a window. u: (u_rows, u_cols), numbers from 0 to below 1.

    Returns:
        out (N, C, size, size): out[:, :, i, j] is the maximum of the window that begins at row
        s_i (by u_rows) and column s_j (by u_cols).
    """
    ### BEGIN SOLUTION
    def starts(n, u):
        alpha, i = (n - kernel) / (size - 1), np.arange(size - 1)
        return [*(np.floor(alpha * (i + u)) - np.floor(alpha * u)).astype(int), n - kernel]

    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    rows, cols = starts(x.shape[2], u[0]), starts(x.shape[3], u[1])
    return windows[:, :, rows][:, :, :, cols].max(axis=(4, 5))
    ### END SOLUTION

# %% [markdown] hint="fractional_max_pool"
# First a function that gives the list of starts along one axis. The last window ends at the last pixel. (The first formula says so as well, but for rounding: what is $\alpha\,(\text{size} - 1)$?)

# %% [markdown] hint="fractional_max_pool"
# Then two loops over i and j: `x[:, :, r:r + kernel, c:c + kernel].max(axis=(2, 3))`.

# %% tests="fractional_max_pool" points=2
x = np.arange(25.0).reshape(1, 1, 5, 5)
check_close("fractional_max_pool(0…24 as 5 × 5, size=3, kernel=2, u=(0, 0.5))", fractional_max_pool(x, 3, 2, (0.0, 0.5)),
            [[[[6, 8, 9], [11, 13, 14], [21, 23, 24]]]], rtol=1e-6,
            look="α = 1.5: the windows begin at rows 0, 1, 3 and at columns 0, 2, 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fractional_max_pool")
for height, width, size, kernel, low, high in ((9, 9, 6, 2, (0.05, 0.05), (0.95, 0.95)), (10, 8, 5, 3, (0.85, 0.05), (0.95, 0.4)),
                                               (7, 12, 5, 2, (0.05, 0.85), (0.3, 0.95))):
    x, u = -rng.random((2, 3, height, width)) - 0.5, rng.uniform(low, high)
    samples = torch.tensor(u[::-1].copy()).expand(2, 3, 2).contiguous()  # torch takes the columns first
    expected = torch.nn.functional.fractional_max_pool2d(torch.tensor(x), kernel, (size, size), _random_samples=samples)
    check_close(f"fractional_max_pool of {height} × {width} pixels, size={size}, kernel={kernel}, u={np.round(u, 3)}",
                fractional_max_pool(x, size, kernel, (float(u[0]), float(u[1]))), expected, rtol=1e-6,
                look="Row starts by u[0] and the height, column starts by u[1] and the width; the last window ends at the edge.")
### END HIDDEN TESTS

# %% [markdown]
# Look at the three kinds of noise. The top rows show one digit, copied into six channels: your dropout, and your spatial dropout. The bottom row shows your fractional max pooling of the digit, for six pairs of random numbers.

# %% experiment="relatives"
digit = digits(images=True)[0][2]
copies, rng = np.repeat(digit[None], 6, axis=1), np.random.default_rng(5)
rows = {"dropout, p = 0.7": dropout_forward(copies, {"mode": "train", "p": 0.7, "seed": 1})[0],
        "spatial dropout, p = 0.7": spatial_dropout_forward(copies, {"mode": "train", "p": 0.7, "seed": 7})[0],
        "fractional max pooling, 8 → 6": np.concatenate(
            [fractional_max_pool(digit[None], 6, 2, rng.random(2)) for _ in range(6)], axis=1)}
figure, panels = plt.subplots(3, 1, figsize=(7.0, 4.2))
for axes, (name, maps) in zip(panels, rows.items(), strict=True):
    framed = np.pad(np.asarray(maps[0]), ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    axes.imshow(np.concatenate(framed, axis=1), cmap="viridis", vmin=0, vmax=1.45)
    axes.set_title(name, fontsize=10.5, loc="left")
    axes.axis("off")
figure.subplots_adjust(hspace=0.35)
show(figure, "Three rows of six small pictures of a handwritten digit. Top, dropout: single pixels are missing at other "
     "places in each copy, and the digit stays readable. Middle, spatial dropout: some copies are missing altogether, the "
     "others are whole and brighter. Bottom, fractional max pooling: the digit in 6 by 6 pixels, six times, each "
     "slightly differently distorted.")

# %% [markdown]
# ## 4 · Small weights
#
# ### L2
#
# The oldest means against overfitting adds $\tfrac12 \lambda \sum w^2$ to the loss (Krogh & Hertz, 1991, explain why it helps). The factor ½ is there so that the gradient is $\lambda w$. Biases don't multiply inputs, so they are usually left out; so are the scale and shift of a normalization layer.

# %% solution="l2_penalty"
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
# Differentiate $\tfrac12 \lambda w^2$. Does the gradient depend on the number of weights?

# %% [markdown] hint="l2_penalty"
# A sum, not a mean; over the entries for which `name.startswith("W")`. The others get `np.zeros_like`.

# %% tests="l2_penalty" points=2
params = {"W1": np.array([[1.0, 2.0], [3.0, 4.0]]), "b1": np.array([5.0, 6.0])}
loss, grads = l2_penalty(params, 0.1)
check_close("the loss of l2_penalty({'W1': [[1, 2], [3, 4]], 'b1': [5, 6]}, 0.1)", loss, 1.5, rtol=1e-5,
            look="½ · 0.1 · (1 + 4 + 9 + 16): with the half, and without the biases.")
check_close("the gradient of W1", grads.get("W1"), [[0.1, 0.2], [0.3, 0.4]], rtol=1e-5, look="λ w.")
check_close("the gradient of b1", grads.get("b1"), [0.0, 0.0], rtol=1e-5, atol=1e-12, look="Zeros: no penalty on biases.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("l2_penalty")
params = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "gamma1": rng.normal(size=5),
          "beta1": rng.normal(size=5), "shiftW": rng.normal(size=(2, 3)), "W2": rng.normal(size=(5, 3, 2, 2)), "b2": rng.normal(size=3)}
strength, given = rng.uniform(0.2, 2.0), {name: value.copy() for name, value in params.items()}
loss, grads = l2_penalty(given, strength)
one, two = (torch.tensor(params[name], requires_grad=True) for name in ("W1", "W2"))
expected = strength / 2 * (one.square().sum() + two.square().sum())
expected.backward()
check_close("the loss of l2_penalty on W1, b1, gamma1, beta1, shiftW, W2 and b2", loss, expected, rtol=1e-5,
            look="½ λ Σ w², over W1 and W2, whose names begin with W.")
check_equal("the names of the gradients", sorted(grads), sorted(params), look="A gradient for every entry.")
for name, tensor in (("W1", one), ("W2", two)):
    check_close(f"the gradient of {name}", grads[name], tensor.grad, rtol=1e-5, look="λ w, the derivative of ½ λ w².")
for name in ("b1", "gamma1", "beta1", "shiftW", "b2"):
    check_close(f"the gradient of {name}", grads[name], np.zeros_like(params[name]), atol=1e-12,
                look="Only names that begin with W are penalized.")
    check_unchanged("l2_penalty(params, …)", name, params[name], given[name])
### END HIDDEN TESTS

# %% [markdown]
# ### Decay beside the gradient
#
# The gradient $\lambda w$ can be added to the data's gradient (*L2*), or the weights can be shrunk directly, past all averages and velocities (*decoupled weight decay*, Loshchilov & Hutter, 2019):
#
# $$\text{L2:}\quad v \leftarrow \mu v - \eta\,(g + \lambda w),\; w \leftarrow w + v \qquad\qquad \text{decoupled:}\quad v \leftarrow \mu v - \eta\, g,\; w \leftarrow w + v - \eta\lambda w$$

# %% solution="momentum_with_decay"
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
# Two cases. In which of them does the velocity know anything about the decay?

# %% [markdown] hint="momentum_with_decay"
# Decoupled: the velocity gets `- learning_rate * dw` only, and the step takes `learning_rate * weight_decay * w` off as well.

# %% tests="momentum_with_decay" points=3
settings = {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.5, "velocity": np.array([1.0])}
got, config = momentum_with_decay(np.array([2.0]), np.array([3.0]), {**settings, "velocity": np.array([1.0])})
check_close("the velocity after an L2 step", config["velocity"], [0.1], rtol=1e-5, look="0.5 · 1 − 0.1 · (3 + 0.5 · 2).")
check_close("the weight after an L2 step", got, [2.1], rtol=1e-5)
got, config = momentum_with_decay(np.array([2.0]), np.array([3.0]), {**settings, "decoupled": True, "velocity": np.array([1.0])})
check_close("the velocity after a decoupled step", config["velocity"], [0.2], rtol=1e-5, look="0.5 · 1 − 0.1 · 3.")
check_close("the weight after a decoupled step", got, [2.1], rtol=1e-5, look="2 + 0.2 − 0.1 · 0.5 · 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("momentum_with_decay")
start, slopes = rng.normal(size=(3, 2)), rng.normal(size=(7, 3, 2))
rate, mu, decay = rng.uniform(0.05, 0.3), rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.9)
for decoupled in (False, True):
    p = torch.tensor(start, requires_grad=True)
    referee = torch.optim.SGD([p], lr=rate, momentum=mu, weight_decay=0.0 if decoupled else decay)
    w, config = start.copy(), {"learning_rate": rate, "momentum": mu, "weight_decay": decay, "decoupled": decoupled}
    for step, slope in enumerate(slopes):
        p.grad = torch.tensor(slope)
        if decoupled:
            p.data.mul_(1 - rate * decay)
        referee.step()
        w, config = momentum_with_decay(w, slope.copy(), config)
        check_close(f"momentum_with_decay, decoupled={decoupled}, after step {step},", w, p, rtol=1e-5, atol=1e-7,
                    look="The decay enters the velocity in L2, and only the weights when decoupled.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** For which rule are the two the same thing, step for step: `"plain SGD"` (momentum 0), `"momentum"`, `"Adam"`, or `"none of them"`?

# %% solution="same_decay"
# Type your choice: same_decay = "..."
### BEGIN SOLUTION
same_decay = "plain SGD"
### END SOLUTION

# %% [markdown] hint="same_decay"
# Write both forms with $\mu = 0$. For momentum, think of what the velocity remembers; for Adam, of what divides the gradient.

# %% tests="same_decay" points=1
check_one_of("same_decay", same_decay, ["plain SGD", "momentum", "Adam", "none of them"])
### BEGIN HIDDEN TESTS
check_equal("same_decay", same_decay, "plain SGD",
            look="With µ = 0 both are w − η g − ηλ w; a velocity remembers old decay, and Adam divides it.")
### END HIDDEN TESTS

# %% [markdown]
# ### A limit for each unit
#
# *Max-norm* (in Srivastava et al., 2014, at its best together with dropout) lets the weights be, until the vector of weights **into one unit** is longer than a limit $c$. Then it is cut back to length $c$, after the update. Nothing can explode, however large the learning rate.

# %% solution="max_norm"
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
# The factor is limit / length for long columns and 1 for short ones. `limit / np.maximum(lengths, limit)` is both, and never divides by zero.

# %% tests="max_norm" points=2
check_close("max_norm([[3, 0.3], [4, 0.4]], 1)", max_norm(np.array([[3.0, 0.3], [4.0, 0.4]]), 1.0),
            [[0.6, 0.3], [0.8, 0.4]], rtol=1e-5, look="The first column has the length 5, the second one 0.5.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("max_norm")
w = rng.normal(size=(6, 9)) * rng.uniform(0.05, 2.0, size=9)
w[:, 0] = 0.0
w[:, 1] *= 9 / np.linalg.norm(w[:, 1])
expected = torch.renorm(torch.tensor(w), p=2, dim=1, maxnorm=1.2)
# torch.renorm adds 1e-7 to the lengths before it divides.
check_close("max_norm of (6, 9) weights, one column all zeros", max_norm(w.copy(), 1.2), expected, rtol=1e-5, atol=1e-7,
            look="The length of each column; only long ones are changed, and a column of zeros stays zeros.")
### END HIDDEN TESTS

# %% [markdown]
# ### Stopping in time
#
# Gradient descent starts from small weights and learns the large regularities first. *Early stopping* watches the loss on held-out data and goes back to the weights that had the best one. Since that loss is noisy, it waits: it stops when `patience` checks in a row have brought nothing new.

# %% solution="early_stopping"
class EarlyStopping:
    """Watches the validation loss, remembers the best weights, says when to stop.

    Attributes: ``best_loss`` (infinity at first), ``best_step`` (the number of the best check, from
    0; None at first) and ``best_weights`` (a copy of the weights at that check; None at first).
    """

    def __init__(self, patience):
        self.patience, self.best_loss, self.best_step, self.best_weights = patience, np.inf, None, None
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
# What does `self.best_weights = weights` hold after the next training step? An array that is changed in place changes under all of its names.

# %% [markdown] hint="early_stopping"
# `{name: value.copy() for name, value in weights.items()}` copies the arrays; `weights.copy()` or `dict(weights)` copies only the dictionary.

# %% [markdown] hint="early_stopping"
# Best at check 3, patience 2: check 4 is the first one without improvement, check 5 the second. At which of them is the answer True?

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
    return said, float(stopper.best_loss), stopper.best_step, {name: np.array(best[name]) for name in best}


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
check_equal(f"update's answers with patience {patience}, when the loss improves after {patience - 1} bad checks", said,
            [False] * (len(losses) - 1) + [True], look="An improvement sets the count back to zero.")
check_close("best_loss", loss, 0.9, look="The best loss, not the last.")
check_equal("best_step", step, best)
check_close("best_weights['W']", weights.get("W"), [best + 1.0] * 2, look="Copy the arrays at the best check.")
check_close("best_weights['b']", weights.get("b"), [-best - 1.0], look="Every array is copied.")
said, _, step, _ = watch([0.5, 0.5, 0.5], 2)
check_equal("update's answers to three equal losses with patience 2", said, [False, False, True],
            look="An equal loss is no improvement.")
said, _, step, _ = watch([0.5, 0.8, 0.7, 0.6], 3)
check_equal("update's answers to 0.5, 0.8, 0.7, 0.6 with patience 3", said, [False, False, False, True],
            look="Compare with the best loss, not with the one before.")
said, loss, step, _ = watch([0.5, np.nan, np.nan], 2)
check_equal("update's answers to 0.5, nan, nan with patience 2", said, [False, False, True],
            look="NaN is below nothing; ask `loss < best`, since `loss >= best` is False for it as well.")
check_close("best_loss after 0.5, nan, nan", loss, 0.5, look="NaN is no improvement.")
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · More data from the same data
#
# A digit that is moved by a pixel is the same digit. Augmentation tells the network so, by training on changed copies. The mirror image of a dog is a dog, the mirror image of a 2 is no digit at all: **which changes keep the label is knowledge about the problem.**

# %% solution="flip_and_shift"
def flip(x, chosen):
    """Mirror some images, left to right.

    Args: x: images (N, C, H, W), which stay as they are. chosen: booleans (N,), which to mirror.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    return np.where(chosen[:, None, None, None], x[:, :, :, ::-1], x)
    ### END SOLUTION


def shift(x, down, right):
    """Move all images by whole pixels; zeros come in where nothing was, and nothing wraps around.

    Args: x: images (N, C, H, W), which stay as they are. down, right: whole numbers; negative ones
    move up and left.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    (top, left), (height, width) = (abs(down), abs(right)), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    return padded[:, :, top - down : top - down + height, left - right : left - right + width]
    ### END SOLUTION

# %% [markdown] hint="flip_and_shift"
# Which of the four axes runs from left to right?

# %% [markdown] hint="flip_and_shift"
# `np.roll` wraps around: what leaves on one side comes in on the other. Pad with zeros first and cut a window out, or copy into an array of zeros.

# %% tests="flip_and_shift" part="flip" points=1 changes="shown"
x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
check_close("flip([[1, 2], [3, 4]], [True])", flip(x.copy(), np.array([True])), [[[[2, 1], [4, 3]]]], rtol=1e-6,
            look="Left and right change places: the last axis.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("flip")
x, chosen = rng.random((6, 2, 4, 5)), np.array([True, False, True, True, False, False])
given = x.copy()
expected = torch.where(torch.tensor(chosen)[:, None, None, None], torch.tensor(x).flip(3), torch.tensor(x))
check_close("flip of six images, three of them chosen", flip(given, chosen.copy()), expected, rtol=1e-6,
            look="Only the chosen ones, along the last axis.")
check_unchanged("flip(x, chosen)", "x", x, given)
### END HIDDEN TESTS

# %% tests="flip_and_shift" part="shift" points=1 changes="shown"
x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
check_close("shift([[1, 2], [3, 4]], 1, 0)", shift(x.copy(), 1, 0), [[[[0, 0], [1, 2]]]], rtol=1e-6,
            look="Down by a row; zeros come in at the top.")
check_close("shift([[1, 2], [3, 4]], 0, -1)", shift(x.copy(), 0, -1), [[[[2, 0], [4, 0]]]], rtol=1e-6,
            look="Left by a column.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("shift")
x = rng.random((3, 2, 5, 6)) + 1
for down, right in ((2, -1), (-1, 3), (0, 0), (-2, -2), (1, 2)):
    given = x.copy()
    # Torch's padding by a negative number cuts off.
    expected = torch.nn.functional.pad(torch.tensor(x), (right, -right, down, -down))
    check_close(f"shift(x, {down}, {right})", shift(given, down, right), expected, rtol=1e-6, atol=1e-9,
                look="Whole pixels, zeros where nothing was, nothing wraps around.")
    check_unchanged(f"shift(x, {down}, {right})", "x", x, given)
### END HIDDEN TESTS

# %% [markdown]
# Two more: a *random crop* pads each image and cuts a window of the old size out of it, at another place for each image. *Cutout* (DeVries & Taylor, 2017) blanks a square at a random centre, which may hang over the border, so that the network cannot live on one detail.

# %% solution="crop_and_cutout"
def random_crop(x, pad, seed=None):
    """Pad with zeros and cut a window of the old size out, drawn anew for each image.

    Args: x: images (N, C, H, W), which stay as they are. pad: rows and columns of zeros on each
    side. seed: for np.random.default_rng.
    Returns: images (N, C, H, W); each of the (2·pad + 1)² places is equally likely.
    """
    ### BEGIN SOLUTION
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    places = np.random.default_rng(seed).integers(2 * pad + 1, size=(len(x), 2))
    return np.stack([image[:, r : r + height, c : c + width]
                     for image, (r, c) in zip(padded, places, strict=True)])
    ### END SOLUTION


def cutout(x, rows, cols, size):
    """Set a square in each image to zero.

    Args: x: images (N, C, H, W), which stay as they are. rows, cols: the centre of each square,
    integer arrays (N,). size: its side; it covers rows − size // 2 to rows − size // 2 + size − 1,
    and columns alike, as far as they are in the image. All channels are cut.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    out = x.copy()
    for image, row, col in zip(out, rows - size // 2, cols - size // 2, strict=True):
        image[:, max(row, 0) : max(row + size, 0), max(col, 0) : max(col + size, 0)] = 0.0
    return out
    ### END SOLUTION

# %% [markdown] hint="crop_and_cutout"
# With `pad = 1` there are three places along each axis. `rng.integers(n)` never gives `n` itself.

# %% [markdown] hint="crop_and_cutout"
# What does `image[:, -1:2]` mean in Python? Clip the first row at 0 before you slice.

# %% tests="crop_and_cutout" part="crop" points=2 changes="shown"
x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
got = np.asarray(random_crop(np.repeat(x, 40, axis=0), 1, seed=0))
check_shape("random_crop of 40 images 3 × 3", got, (40, 1, 3, 3))
check("random_crop of 40 equal images", (got != got[:1]).any(), "cut all of them at the same place",
      look="Draw a place for each image.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("random_crop")
x = rng.random((1, 2, 4, 5)) + 1
padded = np.pad(x[0], ((0, 0), (2, 2), (2, 2)))
crops = np.array([padded[:, r : r + 4, c : c + 5] for r in range(5) for c in range(5)])
batch = np.repeat(x, 600, axis=0)
given, seed = batch.copy(), int(rng.integers(1000))
got = np.asarray(random_crop(given, 2, seed=seed))
which = np.isclose(got[:, None], crops[None], rtol=1e-5).all(axis=(2, 3, 4))
check("random_crop(x, 2)", which.any(axis=1).all(), "some results are no windows of the padded image",
      look="Zeros around, one window of the old size, all channels at the same place.")
counts = which.sum(axis=0)
# 24 of each place are expected, with a standard deviation of 4.8.
check("random_crop(x, 2)", counts.min() > 0, "some of the 25 places never come up in 600 images",
      look="2·pad + 1 places along each axis, rows and columns drawn on their own.")
check("random_crop(x, 2)", counts.max() < 60, "some of the 25 places come up far too often", look="Equally likely.")
check_unchanged("random_crop(x, 2)", "x", batch, given)
check_close("a second call with the same seed", random_crop(batch.copy(), 2, seed=seed), got, rtol=1e-6)
### END HIDDEN TESTS

# %% tests="crop_and_cutout" part="cutout" points=2 changes="shown"
got = cutout(np.ones((2, 1, 4, 4)), np.array([2, 0]), np.array([2, 3]), 2)
check_close("cutout of ones 4 × 4 at (2, 2), size 2", got[0, 0], [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]],
            rtol=1e-6, look="Rows and columns 1 and 2.")
check_close("cutout of ones 4 × 4 at (0, 3), size 2", got[1, 0], [[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]],
            rtol=1e-6, look="Of the square, only row 0 is in the image.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("cutout")
x = rng.random((12, 2, 6, 7)) + 1
rows, cols = np.array([0, 5, 0, 5, *rng.integers(6, size=8)]), np.array([0, 6, 6, 0, *rng.integers(7, size=8)])
for size in (3, 4):
    given, low = x.copy(), size // 2
    inside_rows = (np.arange(6) >= rows[:, None] - low) & (np.arange(6) < rows[:, None] - low + size)
    inside_cols = (np.arange(7) >= cols[:, None] - low) & (np.arange(7) < cols[:, None] - low + size)
    hole = inside_rows[:, None, :, None] & inside_cols[:, None, None, :]
    check_close(f"cutout of twelve images, size {size}", cutout(given, rows.copy(), cols.copy(), size),
                np.where(hole, 0.0, x), rtol=1e-6, look="A negative row index counts from the other end: clip it at 0.")
    check_unchanged("cutout(x, …)", "x", x, given)
### END HIDDEN TESTS

# %% [markdown]
# ### mixup
#
# Zhang et al. (2018) train on mixtures: with a share $\lambda$ from the distribution Beta$(\alpha, \alpha)$ and a random partner for each example, $\tilde x = \lambda x_i + (1-\lambda) x_j$ **and** $\tilde y = \lambda y_i + (1-\lambda) y_j$. One $\lambda$ for the whole minibatch, as in the paper's code.

# %% solution="mixup"
def mixup(x, y, alpha, seed=None):
    """Mix each example, and its label, with a random partner.

    Args:
        x: inputs (N, …). y: one-hot labels (N, C). Both stay as they are.
        alpha: both parameters of the Beta distribution of the share λ of the example itself.
        seed: for np.random.default_rng.

    Returns:
        (x_mixed, y_mixed), of the same shapes. The partners are a permutation of the batch, the
        same one for x and y; λ is one number for the whole batch.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]
    ### END SOLUTION

# %% [markdown] hint="mixup"
# Draw once, use twice: the same share and the same permutation for inputs and labels.

# %% [markdown] hint="mixup"
# `rng.beta(alpha, alpha)` is the share, `rng.permutation(len(x))` the partners.

# %% tests="mixup" points=3
x, y = np.eye(6), np.eye(6)[:, [1, 0, 2, 3, 4, 5]]
mixed, labels = mixup(x.copy(), y.copy(), 1.0, seed=2)
check_close("each row of the mixed labels", np.sum(labels, axis=1), np.ones(6), rtol=1e-5, look="The shares add up to 1.")
check_close("the mixed labels, beside the mixed inputs,", labels, np.asarray(mixed) @ y, rtol=1e-5, atol=1e-9,
            look="The labels are mixed with the same partners and the same share as the inputs.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("mixup")
x, seeds, shares, fixed, partners = np.eye(12), rng.integers(10**6, size=160), [], [], set()
y = rng.dirichlet(np.ones(4), size=12)
for seed in seeds:
    mixed, labels = (np.asarray(part) for part in mixup(x.copy(), y.copy(), 0.3, seed=int(seed)))
    check_close("the mixed labels, beside the mixed inputs,", labels, mixed @ y, rtol=1e-5, atol=1e-7,
                look="The same partners and the same share for inputs and labels.")
    check_close("the weights of the examples in a batch, added up over the batch,", mixed.sum(axis=0), np.ones(12),
                rtol=1e-5, look="The partners are a permutation: everybody is a partner once.")
    own, alone = np.diag(mixed), np.isclose(mixed.max(axis=1), 1.0)
    partners.add(int(np.argmax(mixed[0] - own[0] * x[0])))
    check("mixup", np.ptp(own[~alone]) < 1e-5 if (~alone).any() else True, "has several shares in one batch",
          look="One λ for the whole batch.")
    fixed.append(alone.mean())
    if (~alone).any():
        shares.append(own[~alone][0])
# Beta(0.3, 0.3) has mean 1/2 and standard deviation 1/√(4 · 1.6) = 0.395; uniform shares have 0.289.
check("mixup", len(shares) > 100, "hardly ever mixes anything")
check_close("the mean of the share over many seeds", np.mean(shares), 0.5, rtol=0, atol=0.16, look="Beta(alpha, alpha).")
check_close("the standard deviation of the share, alpha = 0.3", np.std(shares), 0.395, rtol=0, atol=0.055,
            look="Beta(alpha, alpha), not a uniform share.")
check("mixup", np.mean(fixed) < 0.5, "leaves examples alone", look="A random permutation of the batch.")
# In 160 batches each of the twelve comes up about thirteen times.
check("mixup", len(partners) > 6, "gives an example the same few partners in every batch", look="rng.permutation(len(x)).")
given = [x.copy(), y.copy()]
first, second = mixup(given[0], given[1], 0.3, seed=1)[0], mixup(x.copy(), y.copy(), 0.3, seed=1)[0]
check_unchanged("mixup(x, y, …)", "x", x, given[0])
check_unchanged("mixup(x, y, …)", "y", y, given[1])
check_close("a second call of mixup with the same seed", second, first, rtol=1e-6)
### END HIDDEN TESTS

# %% experiment="gallery"
images, labels = digits(images=True)
batch, one_hot = images[10:16], np.eye(10)[labels[10:16]]
rows = {"as they are": batch, "flip": flip(batch, np.ones(6, bool)), "shift(1, −2)": shift(batch, 1, -2),
        "random_crop(pad=2)": random_crop(batch, 2, seed=5),
        "cutout(size=4)": cutout(batch, np.array([4, 2, 5, 0, 7, 3]), np.array([4, 6, 1, 3, 7, 5]), 4),
        "mixup(alpha=1)": mixup(batch, one_hot, 1.0, seed=8)[0]}
figure, panels = plt.subplots(3, 2, figsize=(8.6, 3.5))
for axes, (name, pictures) in zip(panels.T.flat, rows.items(), strict=True):
    framed = np.pad(np.asarray(pictures)[:, 0], ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    axes.imshow(np.concatenate(framed, axis=1), cmap="gray_r", vmin=0, vmax=1)
    axes.set_title(name, fontsize=10.5, loc="left")
    axes.axis("off")
figure.subplots_adjust(hspace=0.45, wspace=0.06)
show(figure, f"Six handwritten digits, {', '.join(map(str, labels[10:16]))}, in six strips: as they are; mirrored, which makes most of "
     "them no digits; moved down and left; cropped at random places; with a square cut out, in some at the border; and "
     "mixed with one another, two faint digits in each picture.")

# %% [markdown]
# **Predict.** You have trained with random shifts. At test time you leave them switched on, one random shift for each image. What happens to the accuracy, compared with the test images as they are: it gets `"better"`, `"worse"`, or stays `"the same"`?

# %% solution="left_on"
# Type your choice: left_on = "..."
### BEGIN SOLUTION
left_on = "worse"
### END SOLUTION

# %% [markdown] hint="left_on"
# What can a random shift do to pixels at the border? In training, more difficult images are the point. And at test time, who gains from one noisy look?

# %% tests="left_on" points=1
check_one_of("left_on", left_on, ["better", "worse", "the same"])
### BEGIN HIDDEN TESTS
# In the contest of section 9, on 20 of 20 seeds.
check_equal("left_on", left_on, "worse",
            look="One random copy of a test image is a noisy look at it. Noise is for training; at test time it is averaged out.")
### END HIDDEN TESTS

# %% [markdown]
# This is the pattern behind everything in this notebook: *in training add noise, at test time average it out*, exactly (all masks), by sampling (Monte Carlo), or by an approximation (scaling, the image as it is). Averaging over **several** augmented copies of a test image is a fair way to do it, known as test-time augmentation; a single random copy is not.

# %% [markdown]
# ## 6 · Noise as a measure of doubt
#
# Leave dropout on at test time, *on purpose*, and look at a hundred different answers to one question. Gal & Ghahramani (2016) read their spread as the model's uncertainty: where the data say what the answer is, the thinned networks agree.

# %% solution="mc_dropout"
def mc_dropout(network, x, samples):
    """Mean and spread of a network's answers with dropout left on.

    Args:
        network: a function from x (N, D) to outputs (N, …) that draws new masks in every call.
        x: inputs (N, D). samples: how often to ask, at least 2.

    Returns:
        (mean, std): arrays of the shape of the outputs; std is the standard deviation over the
        answers, with the divisor samples − 1.
    """
    ### BEGIN SOLUTION
    answers = np.stack([network(x) for _ in range(samples)])
    return answers.mean(axis=0), answers.std(axis=0, ddof=1)
    ### END SOLUTION

# %% [markdown] hint="mc_dropout"
# Each call of `network(x)` gives other numbers. How do you collect them in one array, and over which axis is the spread?

# %% [markdown] hint="mc_dropout"
# `np.stack([...])` has the shape (samples, N, …); NumPy's `std` divides by `samples` unless you give `ddof=1`.

# %% tests="mc_dropout" points=2
answers = iter([np.array([1.0, 10.0]), np.array([3.0, 10.0])])
mean, std = mc_dropout(lambda x: next(answers), np.zeros((2, 1)), 2)
check_close("the mean of the answers [1, 10] and [3, 10]", mean, [2.0, 10.0], rtol=1e-5, look="One mean for each input.")
check_close("the std of the answers [1, 10] and [3, 10]", std, [np.sqrt(2), 0.0], rtol=1e-5, atol=1e-9,
            look="The divisor is samples − 1 = 1, then the root.")
### BEGIN HIDDEN TESTS
import statistics

rng = hidden_rng("mc_dropout")
drawn = rng.normal(size=(7, 4, 3)) * 3 + 50
answers = iter(drawn)
mean, std = mc_dropout(lambda x: next(answers), np.zeros((4, 2)), 7)
check_equal("the number of answers that mc_dropout left", len(list(answers)), 0, look="Ask `samples` times.")
check_shape("the mean of mc_dropout", mean, (4, 3))
check_close("the mean of mc_dropout", mean, np.apply_along_axis(statistics.fmean, 0, drawn), rtol=1e-5)
check_close("the std of mc_dropout", std, np.apply_along_axis(statistics.stdev, 0, drawn), rtol=1e-4,
            look="Over the answers, with the divisor samples − 1.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell fits a curve to forty points between −1 and 1, with your dropout on the hidden layer, and hands the network back with dropout still on. (To keep it short, only the output weights are trained; the hidden ones stay where chance put them.)

# %% given="curve_fitter"
def fit_curve(seed, steps=800, p=0.9, hidden=60):
    """Train 1 – hidden – 1 on noisy points of a sine; returns (x, y, network with dropout on)."""
    rng, seeds = np.random.default_rng(seed), itertools.count(10**6 * seed)
    x = rng.uniform(-1, 1, size=(40, 1))
    y = np.sin(4 * x) + 0.1 * rng.normal(size=x.shape)
    w1 = 3 * rng.normal(size=(1, hidden))
    b1 = w1[0] * rng.uniform(-1.2, 1.2, size=hidden)  # the kinks lie among the data
    w2, velocity = np.zeros((hidden, 1)), np.zeros((hidden, 1))

    def forward(x, w2):
        h, cache = dropout_forward(np.maximum(x @ w1 + b1, 0), {"mode": "train", "p": p, "seed": next(seeds)})
        return h, cache, h @ w2

    for _ in range(steps):
        h, _, scores = forward(x, w2)
        velocity = 0.9 * velocity - 0.004 * (h.T @ (scores - y) / len(x) + 1e-4 * w2)
        w2 = w2 + velocity
    return x, y, lambda x: forward(x, w2)[2]

# %% experiment="doubt"
x, y, network = fit_curve(5)
grid = np.linspace(-3, 3, 121)[:, None]
mean, std = (np.ravel(part) for part in mc_dropout(network, grid, 100))
inside = np.abs(grid[:, 0]) <= 1
ratio = std[np.abs(grid[:, 0]) >= 2].mean() / std[inside].mean()

figure, axes = plt.subplots(figsize=(7.4, 3.6))
axes.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color=COLOURS["sky"], alpha=0.45, label="mean ± 2 std of 100 answers")
axes.plot(grid[:, 0], mean, color=COLOURS["blue"], label="mean of 100 answers")
axes.plot(x[:, 0], y[:, 0], ".", color=COLOURS["black"], label="training points")
axes.set(xlabel="x", ylabel="answer", title=f"Beyond |x| = 2 the answers spread {ratio:.1f} times as wide as among the data")
axes.legend(loc="lower left")
show(figure, "A curve fitted to forty points between −1 and 1, with a band of two standard deviations of a hundred answers "
     f"with dropout on. The band is narrow among the points and opens to both sides; beyond |x| = 2 it is {ratio:.1f} times as wide.")

# %% [markdown]
# Read off the title: how many times as wide is the spread beyond $|x| = 2$ as among the data?

# %% solution="spread_ratio"
# Type the ratio: spread_ratio = ...
### BEGIN SOLUTION
spread_ratio = 9.6
### END SOLUTION

# %% [markdown] hint="spread_ratio"
# The number is in the title of the picture. A ratio above 1: the band opens where there are no data.

# %% tests="spread_ratio" points=1
check("spread_ratio", 0 < spread_ratio < 1000, f"{spread_ratio} is not a plausible ratio")
### BEGIN HIDDEN TESTS
# 20 seeds (data, network and masks) gave 6.8 to 10.6.
check("spread_ratio", 5.5 <= spread_ratio <= 12.5, f"is {spread_ratio:g}, but your picture says something else",
      look="Spread beyond |x| = 2, divided by the spread among the data.")
### END HIDDEN TESTS

# %% [markdown]
# A word of caution: the width of this band depends on $p$ and on the size of the weights, and it does not shrink as you collect more data unless $p$ is tuned. The *shape* of the band is useful (where am I extrapolating?); before you trust its numbers as probabilities, compare them with held-out data.

# %% [markdown]
# ## 7 · Many networks, one answer
#
# ### Ensembles
#
# Train $K$ networks from different starts and average what they say: nearly always a little better than each of them, at $K$ times the price (CS231n, part 3). The average is of **probabilities**. Averages of scores give a geometric mean in its place, which one very sure network can veto.

# %% solution="ensemble_predict"
def ensemble_predict(scores):
    """The probabilities of an ensemble.

    Args:
        scores: the scores (logits) of K networks for N examples and C classes, an array (K, N, C);
            they may be as large as ±1000.

    Returns:
        The mean over the networks of their softmax probabilities, an array (N, C).
    """
    ### BEGIN SOLUTION
    odds = np.exp(scores - scores.max(axis=2, keepdims=True))
    return (odds / odds.sum(axis=2, keepdims=True)).mean(axis=0)
    ### END SOLUTION

# %% [markdown] hint="ensemble_predict"
# Which of the three axes does the softmax run over, and which one the mean? In which order?

# %% [markdown] hint="ensemble_predict"
# `np.exp(1000)` is infinite. Subtract each example's largest score first: the probabilities stay the same.

# %% tests="ensemble_predict" points=2
scores = np.log(np.array([[[0.9, 0.1]], [[0.2, 0.8]]]))
check_close("ensemble_predict of two networks that say (0.9, 0.1) and (0.2, 0.8)", ensemble_predict(scores),
            [[0.55, 0.45]], rtol=1e-5, look="The mean of the probabilities.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("ensemble_predict")
scores = rng.normal(size=(5, 4, 3)) * 3
expected = torch.softmax(torch.tensor(scores), dim=2).mean(dim=0)
check_close("ensemble_predict of 5 networks, 4 examples, 3 classes", ensemble_predict(scores.copy()), expected, rtol=1e-5,
            look="Softmax over the classes, then the mean over the networks.")
large = scores.copy()
large[0] += 1000.0
large[1] *= 300.0
expected = torch.softmax(torch.tensor(large), dim=2).mean(dim=0)
check_close("ensemble_predict with scores around ±1000", ensemble_predict(large.copy()), expected, rtol=1e-5, atol=1e-12,
            look="Subtract the largest score of each example before np.exp.")
### END HIDDEN TESTS

# %% [markdown]
# ### A running average of weights
#
# A cheaper relative: keep one network, and beside it the exponential moving average (EMA) of its weights over the last steps, $a \leftarrow \beta a + (1-\beta)\,w$. It averages out the noise of the last steps (Polyak & Juditsky, 1992, proved it for the plain mean). An average that starts at zero is too small at first; as in Adam, divide it by $1 - \beta^t$.

# %% solution="ema_step"
def ema_step(weights, state=None, decay=0.9):
    """Take the weights of one more step into their exponential moving average.

    Args:
        weights: a dictionary of arrays, which the training goes on changing in place.
        state: what the last call returned beside the average; None in the first call.
        decay: β.

    Returns:
        (average, state): the average (1 − β) Σ β^(t−s) w_s / (1 − β^t) over the steps s = 1 … t, a
        dictionary of new arrays, and whatever the next call needs.
    """
    ### BEGIN SOLUTION
    sums, t = state or ({name: 0.0 for name in weights}, 0)
    sums = {name: decay * sums[name] + (1 - decay) * w for name, w in weights.items()}
    return {name: value / (1 - decay ** (t + 1)) for name, value in sums.items()}, (sums, t + 1)
    ### END SOLUTION

# %% [markdown] hint="ema_step"
# The state needs two things: the uncorrected average, and how many steps went into it.

# %% [markdown] hint="ema_step"
# After one step the uncorrected average is $(1-\beta)\, w$. Divided by $1 - \beta$ it is $w$.

# %% tests="ema_step" points=3
average, state = ema_step({"W": np.array([2.0, 4.0])}, None, 0.5)
check_close("the average after one step", average["W"], [2.0, 4.0], rtol=1e-5,
            look="The average of one thing is that thing: divide by 1 − β^t.")
average, state = ema_step({"W": np.array([5.0, 4.0])}, state, 0.5)
check_close("the average of [2, 4] and [5, 4] with decay 0.5", average["W"], [4.0, 4.0], rtol=1e-5,
            look="(0.25 · 2 + 0.5 · 5) / 0.75: the newer weights count twice as much.")


### BEGIN HIDDEN TESTS
@probe
def averages_in_training(path, decay):
    """The average after each step; the arrays are changed in place, as optimizers do."""
    weights, state, averages = {"W": np.zeros(path.shape[1]), "b": np.zeros(1)}, None, []
    for point in path:
        weights["W"][...] = point
        weights["b"] += 1.0
        average, state = ema_step(weights, state, decay)
        averages.append(average)
        weights["W"] += 50.0
    return [np.array(a["W"]) for a in averages], float(averages[-1]["b"][0])


rng = hidden_rng("ema_step")
path, decay = rng.normal(size=(9, 4)) + 10, rng.uniform(0.6, 0.95)
got, bias = averages_in_training(path, decay)
for t in (1, 2, 5, 9):
    shares = decay ** np.arange(t)[::-1]
    check_close(f"the average after {t} steps", got[t - 1], np.average(path[:t], axis=0, weights=shares), rtol=1e-5,
                look="Step s has the weight β^(t−s); divide by 1 − β^t; keep copies, the training changes its arrays.")
check_close("the average of the second array, 1, 2, …, 9,", bias,
            np.average(np.arange(1.0, 10.0), weights=decay ** np.arange(9)[::-1]), rtol=1e-5)
### END HIDDEN TESTS

# %% [markdown]
# ## 8 · In PyTorch
#
# Now as modules. `self.training` says in which mode a module is; `network.train()` and `network.eval()` set it for all modules inside. Write dropout once more, with our meaning of `p`, as a module whose mask lives on the device of its input.

# %% solution="torch_dropout"
class KeepDropout(torch.nn.Module):
    """Inverted dropout; p is the probability of KEEPING a unit, unlike in torch.nn.Dropout.

    In training each element of the input is kept with probability p, times 1/p; in evaluation the
    input comes out as it is. Works on every device and passes gradients on.
    """

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        """x: a tensor of any shape. Returns a tensor of the same shape, dtype and device."""
        ### BEGIN SOLUTION
        if not self.training:
            return x
        return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)
        ### END SOLUTION

# %% [markdown] hint="torch_dropout"
# `torch.rand_like(x)` has the shape, dtype and device of x.

# %% [markdown] hint="torch_dropout"
# `torch.nn.functional.dropout(x, p, training)` would do, but what does its p mean, and what is its default for `training`?

# %% tests="torch_dropout" points=2
@probe
def dropped(x, p, mode, slopes):
    """The output of a KeepDropout inside a network, and the gradient of its input."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(KeepDropout(p)).to(device()).train(mode == "train")
    x = torch.tensor(x, dtype=check_dtype(device()), device=device(), requires_grad=True)
    out = network(x)
    if out.requires_grad:
        out.backward(torch.tensor(slopes, dtype=x.dtype, device=x.device))
    grad = torch.full_like(x, torch.nan) if x.grad is None else x.grad
    return out.detach().cpu().numpy(), grad.cpu().numpy(), out.device == x.device


ones = np.ones((100, 100))
out, grad, stays = dropped(ones, 0.8, "train", ones)
check_close("the values of KeepDropout(0.8) of ones in training", np.unique(np.round(out, 5)), [0.0, 1.25], rtol=1e-5)
check_close("the share that KeepDropout(0.8) keeps", np.mean(out > 0), 0.8, rtol=0, atol=0.02, look="p keeps.")
check("KeepDropout", stays, "moved its input to another device", look="Draw the mask on the device of x.")
check_close("KeepDropout(0.8) of ones after eval()", dropped(ones, 0.8, "eval", ones)[0], ones, rtol=1e-5,
            look="self.training is False then.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_dropout")
x, slopes, p = rng.normal(size=(50, 60)) + 3, rng.normal(size=(50, 60)), rng.uniform(0.2, 0.35)
out, grad, _ = dropped(x, p, "train", slopes)
kept = out != 0
check_close(f"the share that KeepDropout({p:.2f}) keeps", kept.mean(), p, rtol=0, atol=0.05, look="p keeps.")
check("KeepDropout", (kept != kept[:1]).any() and (kept != kept[:, :1]).any(), "drops whole rows or columns",
      look="A number for each element.")
check_close(f"KeepDropout({p:.2f}) in training", out, np.where(kept, x / p, 0), rtol=1e-5, look="Times 1/p.")
check_close(f"the gradient through KeepDropout({p:.2f})", grad, np.where(kept, slopes / p, 0), rtol=1e-5,
            look="The mask is a constant; the multiplication by it must be visible to autograd.")
out, grad, _ = dropped(x, p, "eval", slopes)
check_close(f"KeepDropout({p:.2f}) after eval()", out, x, rtol=1e-5, look="As it is, not times p.")
check_close("the gradient after eval()", grad, slopes, rtol=1e-5)


@probe
def twice(p):
    """The dtype of a KeepDropout's output for float16, and whether two calls drew two masks."""
    layer, x = KeepDropout(p).to(device()).train(), torch.ones(20, 20, dtype=torch.float16, device=device())
    first, second = layer(x), layer(x)
    return str(first.dtype), bool((first != second).any())


dtype, other = twice(0.5)
check_equal("the dtype of KeepDropout(0.5) of a float16 tensor", dtype, "torch.float16",
            look="A float32 mask makes a float32 output: mask.to(x.dtype), or torch.rand_like(x).")
check("two calls of KeepDropout", other, "gave the same mask", look="Draw anew in each call; no torch.manual_seed inside.")
### END HIDDEN TESTS

# %% [markdown]
# **Translate.** Your network keeps each unit with $p = 0.9$. Which number do you give to `torch.nn.Dropout`?

# %% solution="torch_p"
# Type the argument: torch_p = ...
### BEGIN SOLUTION
torch_p = 0.1
### END SOLUTION

# %% [markdown] hint="torch_p"
# Torch's documentation: "p – probability of an element to be zeroed".

# %% tests="torch_p" points=1
check("torch_p", 0 <= torch_p <= 1, f"{torch_p} is not a probability")
### BEGIN HIDDEN TESTS
check_close("torch_p", torch_p, 0.1, rtol=1e-5, look="Torch's p drops, ours keeps.")
### END HIDDEN TESTS

# %% [markdown]
# ### Decay for weights only
#
# PyTorch's optimizers decay every parameter that they are given, biases and normalization layers included. To exempt some, hand over *parameter groups*. A simple rule that fits nearly all networks: what has two or more axes is a weight; what has one or none (biases, scales and shifts) is not.

# %% solution="decay_groups"
def decay_groups(network, weight_decay):
    """Parameter groups for a torch optimizer, with decay on the weights only.

    Args:
        network: a torch.nn.Module. weight_decay: for parameters with two or more axes.

    Returns:
        A list of two dictionaries with "params" (a list of parameters) and "weight_decay": first
        the parameters with two or more axes, then all others, with 0. Each parameter of the
        network is in one of them, once.
    """
    ### BEGIN SOLUTION
    params = list(network.parameters())
    return [{"params": [p for p in params if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in params if p.ndim < 2], "weight_decay": 0.0}]
    ### END SOLUTION

# %% [markdown] hint="decay_groups"
# `network.parameters()` walks over all of them, each once, even if two layers share one; `p.ndim` is the number of axes.

# %% [markdown] hint="decay_groups"
# The name is no help: the scale of a BatchNorm is called `weight`, too.

# %% tests="decay_groups" points=2
@probe
def grouped(kind, weight_decay):
    """Shapes and decays of the groups, as an optimizer takes them."""
    nn = torch.nn
    shared = nn.Linear(4, 4)
    networks = {"linear": lambda: nn.Sequential(nn.Linear(2, 3)),
                "convolutional": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.PReLU(),
                                                       nn.Flatten(), nn.Linear(4, 2)),
                "recurrent": lambda: nn.Sequential(nn.Embedding(5, 3), nn.GRU(3, 1)),
                "shared": lambda: nn.Sequential(shared, nn.LayerNorm(4), shared)}
    groups = decay_groups(networks[kind]().to(device()), weight_decay)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    return [(sorted(tuple(p.shape) for p in g["params"]), g["weight_decay"]) for g in optimizer.param_groups]


check_equal("decay_groups of a Linear(2, 3), shapes and decay of each group,", grouped("linear", 0.1),
            [([(3, 2)], 0.1), ([(3,)], 0.0)], look="First the weights, with decay, then the biases, without.")
### BEGIN HIDDEN TESTS
check_equal("decay_groups of Conv2d, BatchNorm2d, PReLU and Linear", grouped("convolutional", 0.3),
            [([(2, 4), (4, 1, 3, 3)], 0.3), ([(1,), (2,), (4,), (4,), (4,)], 0.0)],
            look="Scale and shift of the normalization and the slope of the PReLU have one axis: no decay.")
check_equal("decay_groups of a network that uses one Linear twice, and a LayerNorm", grouped("shared", 0.2),
            [([(4, 4)], 0.2), ([(4,), (4,), (4,)], 0.0)], look="Each parameter once.")
check_equal("decay_groups of an Embedding and a GRU", grouped("recurrent", 0.2),
            [([(3, 1), (3, 3), (5, 3)], 0.2), ([(3,), (3,)], 0.0)],
            look="Not only Linear and Conv2d have weights: count the axes of the parameter, p.ndim.")
### END HIDDEN TESTS

# %% [markdown]
# ### An average network
#
# Your EMA for a whole module. Parameters are averaged. **Buffers** (the running statistics of a BatchNorm, for one) are not: they are averages already, some are integers, so the average network takes the latest. Forgotten, they would stay at their initial values, and the average network would be wrong only in `eval()` mode.

# %% solution="weight_ema"
class WeightEMA:
    """The exponential moving average of a module's parameters, with bias correction.

    Use: ``ema.update(network)`` after each step; ``other.load_state_dict(ema.state_dict())`` to
    get the average network.
    """

    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        """Take the network as it is now into the average; the network itself stays as it is."""
        ### BEGIN SOLUTION
        self.steps += 1
        for name, p in network.named_parameters():
            self.sums.setdefault(name, torch.zeros_like(p)).lerp_(p, 1 - self.decay)
        self.buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
        ### END SOLUTION

    def state_dict(self):
        """For load_state_dict: corrected averages (as in ema_step), and the latest buffers."""
        ### BEGIN SOLUTION
        correction = 1 - self.decay**self.steps
        return {**{name: total / correction for name, total in self.sums.items()}, **self.buffers}
        ### END SOLUTION

# %% [markdown] hint="weight_ema"
# `network.named_parameters()` and `network.named_buffers()` give names as they stand in the `state_dict`.

# %% [markdown] hint="weight_ema"
# Optimizers change parameters in place, and BatchNorm its buffers: keep clones, never the tensors themselves.

# %% [markdown] hint="weight_ema"
# Keep the uncorrected sums in `self.sums` and divide by `1 - decay**steps` only in `state_dict`.

# %% tests="weight_ema" points=3
@probe
def averaged(weights, decay):
    """The average network of a Linear(1, 1) and a BatchNorm1d(1) that go through given weights."""
    network, other = (torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))
                      .to(device(), check_dtype(device())) for _ in range(2))
    ema = WeightEMA(decay)
    for count, weight in enumerate(weights):
        torch.nn.init.constant_(network[0].weight, weight)
        torch.nn.init.constant_(network[0].bias, -weight)
        network[1].running_mean.fill_(10.0 * count)
        network[1].num_batches_tracked.fill_(count)
        ema.update(network)
        ema.state_dict()  # to look at the average must not change it
    left = network[0].weight.item()
    torch.nn.init.constant_(network[0].weight, 77.0)  # training goes on
    network[1].running_mean.fill_(77.0)
    other.load_state_dict(ema.state_dict())
    return (other[0].weight.item(), other[0].bias.item(), other[1].running_mean.item(),
            other[1].num_batches_tracked.item(), left)


got = averaged([2.0, 5.0], 0.5)
check_close("the weight of the average network after the weights 2 and 5, decay 0.5", got[0], 4.0, rtol=1e-5,
            look="As in ema_step: (0.25 · 2 + 0.5 · 5) / 0.75.")
check_close("its running mean, after 0 and 10", got[2], 10.0, rtol=1e-5, look="Buffers are copied, the latest counts.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("weight_ema")
weights, decay = rng.normal(size=7) + 4, rng.uniform(0.7, 0.95)
expected = np.average(weights, weights=decay ** np.arange(7)[::-1])
weight, bias, running_mean, batches, left = averaged([float(w) for w in weights], float(decay))
check_close("the weight of the average network after seven steps", weight, expected, rtol=1e-5,
            look="decay keeps, 1 − decay takes in; divide by 1 − decay^steps.")
check_close("the bias of the average network", bias, -expected, rtol=1e-5, look="Every parameter.")
check_close("the running mean in the average network", running_mean, 60.0, rtol=1e-5,
            look="A clone of the latest buffer: not an average, and not the tensor that the training goes on changing.")
check_equal("num_batches_tracked in the average network", batches, 6)
check_close("the weight of the network itself", left, weights[-1], rtol=1e-5, look="update must not change the network.")
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · The contest
#
# A problem made for overfitting: 120 digits for training, and three in ten of their labels are replaced at random. 500 clean test digits, 197 clean ones for validation. The network (64 – 64 – 10) can learn every wrong label by heart. Six networks are trained side by side, each on digits and from a start of its own, so that one run gives six measurements.

# %% setup="contest_data"
def contest_data(seed, networks=6, noise=0.3, share=1):
    """Tensors on the device: X (S, 120, 64), noisy y (S, 120), and validation and test sets.

    Every ``share`` networks in a row get the same training data.
    """
    rng = np.random.default_rng(seed)
    x, y = digits()
    order = rng.permutation(len(x))
    rows = np.stack([rng.choice(order[:900], 120, replace=False) for _ in range(networks)])
    noisy = np.where(rng.random(rows.shape) < noise, rng.integers(10, size=rows.shape), y[rows])
    first = np.arange(networks) // share * share
    rows, noisy = rows[first], noisy[first]
    held, test = order[1600:], order[900:1400]
    return [torch.tensor(part).to(device())
            for part in (x[rows], noisy, x[held], y[held], x[test], y[test])]

# %% given="stack"
class Stack(torch.nn.Module):
    """S networks 64 – 64 – 10 side by side: inputs (S, N, 64) give scores (S, N, 10)."""

    def __init__(self, networks, keep, seed):
        super().__init__()
        start = torch.Generator().manual_seed(seed)
        self.w1 = torch.nn.Parameter(torch.randn(networks, 64, 64, generator=start) * (2 / 64) ** 0.5)
        self.b1 = torch.nn.Parameter(torch.zeros(networks, 1, 64))
        self.w2 = torch.nn.Parameter(torch.randn(networks, 64, 10, generator=start) / 8)
        self.b2 = torch.nn.Parameter(torch.zeros(networks, 1, 10))
        self.dropout = KeepDropout(keep) if keep < 1 else torch.nn.Identity()

    def forward(self, x):
        return self.dropout(torch.relu(x @ self.w1 + self.b1)) @ self.w2 + self.b2


def random_shifts(x, choose):
    """Each image (…, 64) moved by at most a pixel along each axis; zeros come in."""
    padded = torch.nn.functional.pad(x.reshape(-1, 8, 8), (1, 1, 1, 1))
    places = padded.unfold(1, 8, 1).unfold(2, 8, 1).reshape(-1, 9, 64)
    which = torch.randint(9, (len(places),), generator=choose).to(x.device)
    return places[torch.arange(len(places), device=x.device), which].reshape(x.shape)

# %% given="train_stack"
def train_stack(seed, keep=1.0, decay=0.0, limit=None, shifts=False, mix=False, steps=80):
    """Train six networks; returns validation losses and test accuracies (S, checks), the stack and the data."""
    x, y, held_x, held_y, test_x, test_y = data = contest_data(seed)
    torch.manual_seed(seed)
    choose, labels = torch.Generator().manual_seed(seed), torch.nn.functional.one_hot(y, 10).float()
    stack = Stack(len(x), keep, seed).to(device())
    groups = [{"params": [stack.w1, stack.w2], "weight_decay": decay}, {"params": [stack.b1, stack.b2]}]
    optimizer, losses, scores = torch.optim.AdamW(groups, lr=0.01, weight_decay=0.0, fused=True), [], []
    for step in range(steps):
        inputs, targets = (random_shifts(x, choose) if shifts else x), labels
        if mix:
            share, partner = np.random.default_rng((seed, step)).beta(1, 1), torch.randperm(x.shape[1], generator=choose)
            inputs, targets = (share * a + (1 - share) * a[:, partner] for a in (inputs, targets))
        loss = -(targets * torch.log_softmax(stack(inputs), -1)).sum(-1).mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if limit:  # max-norm, after the update
            for w in (stack.w1.data, stack.w2.data):
                w.mul_((limit / w.norm(dim=1, keepdim=True)).clamp(max=1))
        if step % 5 == 4:
            losses.append(validation_losses(stack, held_x, held_y))
            scores.append(accuracies(stack, test_x, test_y))
    return np.array(losses).T, np.array(scores).T, stack, data

# %% setup="measures"
@torch.no_grad()
def validation_losses(stack, x, y):
    """The mean cross-entropy of each network of a stack, in evaluation mode."""
    stack.eval()
    chances = torch.log_softmax(stack(x), -1)
    stack.train()
    return -chances[:, torch.arange(len(y)), y].mean(1).cpu().numpy()


@torch.no_grad()
def accuracies(stack, x, y):
    """The share of right answers of each network of a stack, in evaluation mode."""
    stack.eval()
    right = stack(x).argmax(-1) == y
    stack.train()
    return right.float().mean(1).cpu().numpy()

# %% given="recipes"
recipes = {"nothing": {}, "mixup": {"mix": True}, "weight decay": {"decay": 5.0}, "dropout": {"keep": 0.5},
           "shifts": {"shifts": True}, "max-norm": {"limit": 1.0}}


def stopped_accuracies(losses, scores, patience=4):
    """The test accuracy of each network at the check that early stopping goes back to."""
    stopped = []
    for losses_of_one, scores_of_one in zip(losses, scores, strict=True):
        stopper = EarlyStopping(patience)
        for loss, score in zip(losses_of_one, scores_of_one, strict=True):
            if stopper.update(float(loss), {"accuracy": np.array(score)}):
                break
        stopped.append(float(stopper.best_weights["accuracy"]))
    return np.array(stopped)

# %% [markdown]
# **Predict.** Each means is used alone, for 80 steps. Which of these four leads to the best test accuracy on this problem: `"dropout"` with $p = 0.5$, `"shifts"` by at most a pixel, `"mixup"`, or `"early stopping"` of a network without any of them?

# %% solution="winner"
# Type your choice: winner = "..."
### BEGIN SOLUTION
winner = "early stopping"
### END SOLUTION

# %% [markdown] hint="winner"
# Three of them keep the network from learning the wrong labels *well*. Which one keeps it from learning them at all? A network learns first what most examples have in common.

# %% tests="winner" points=1
check_one_of("winner", winner, ["dropout", "shifts", "mixup", "early stopping"])
### BEGIN HIDDEN TESTS
# On 19 of 20 seeds it was the best of the four.
check_equal("winner", winner, "early stopping",
            look="Look at the left picture: the wrong labels are learnt late, long after the digits.")
### END HIDDEN TESTS

# %% experiment="contest"
runs = {name: train_stack(5, **recipe) for name, recipe in progress(recipes.items(), "recipes")}
bars = {name: scores[:, -1] for name, (_, scores, _, _) in runs.items()}
_, _, stack, (*_, test_x, test_y) = runs["shifts"]
bars["shifts left on"] = accuracies(stack, random_shifts(test_x, torch.Generator().manual_seed(5)), test_y)
bars["early stopping"] = stopped_accuracies(*runs["nothing"][:2])
means = {name: 100 * accuracy.mean() for name, accuracy in bars.items()}

figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6), width_ratios=(1, 1.15))
checks = np.arange(5, 81, 5)
for name, colour, dash in (("nothing", "black", "-"), ("dropout", "blue", "--"), ("shifts", "green", "-.")):
    left.plot(checks, 100 * runs[name][1].mean(axis=0), dash, color=COLOURS[colour], label=name)
left.set(xlabel="step", ylabel="test accuracy in %", title="Learnt, then unlearnt")
left.legend(loc="lower right", bbox_to_anchor=(1.0, 0.0))
for name, accuracy in bars.items():
    error = 100 * accuracy.std(ddof=1) / len(accuracy) ** 0.5
    right.errorbar(means[name], name, xerr=error, fmt="o", capsize=3,
                   color=COLOURS["orange" if name == "early stopping" else "black" if name == "nothing" else "blue"])
    right.annotate(f"{means[name]:.1f}", (means[name] + error, name), (7, -4), textcoords="offset points")
right.set(xlim=(58, 86), xlabel="test accuracy in %, mean of 6 ± standard error", title="Each means alone, at the end")
right.invert_yaxis()
figure.subplots_adjust(wspace=0.5)
show(figure, "Left: test accuracy over 80 steps for three recipes. Without any means it rises within twenty steps and falls "
     "for the rest of the run; with dropout it falls only a little, and with shifts it rises slowly and does not fall. "
     "Right: the test accuracy at the end, with standard errors: "
     + ", ".join(f"{name} {mean:.1f}" for name, mean in means.items()) + " percent.")

# %% [markdown]
# ("Shifts left on" is the network that was trained with shifts, tested on randomly shifted images: your prediction of section 5.) Read off the right picture: how many percentage points is early stopping above nothing?

# %% solution="stopping_gain"
# Type the gain in percentage points: stopping_gain = ...
### BEGIN SOLUTION
stopping_gain = 13.2
### END SOLUTION

# %% [markdown] hint="stopping_gain"
# The last point minus the first, in percentage points (so 12, not 0.12).

# %% tests="stopping_gain" points=1
check("stopping_gain", -100 < stopping_gain < 100, f"{stopping_gain} is not a difference of percentages")
### BEGIN HIDDEN TESTS
# 20 seeds gave 8.4 to 14.6.
check("stopping_gain", 6.5 <= stopping_gain <= 16.5, f"is {stopping_gain:g}, but your picture says something else",
      look="In percentage points: early stopping minus nothing.")
### END HIDDEN TESTS

# %% [markdown]
# Weight decay and max-norm, both strong here, do about as well: small weights cannot learn single digits by heart. But don't take this ranking home: it belongs to this problem, with its wrong labels, its 80 steps, its clean validation set. What carries over is the left picture. Look at the curve before you choose the medicine. And the means add up: most good recipes use three or four of them at once.
#
# ### Averages
#
# At last, averages, on the same digits: one network; its running average (your `WeightEMA`); five *snapshots* from one run, taken each time its learning rate has come down (Huang, Li et al., 2017); and six independent networks, trained on the same digits from different starts. Once with clean labels, and once with the wrong ones. Each number is a mean over two draws of the training data.

# %% given="train_together"
def train_together(seed, noise, cycles=5, length=16):
    """Twice six networks on the same digits, with a cyclic learning rate.

    Returns the stack with its running average for weights, the test scores (cycles, 12, N, C) at
    the end of each cycle, and the test set.
    """
    x, y, _, _, test_x, test_y = contest_data(seed, 12, noise, share=6)
    torch.manual_seed(seed)
    stack, ema, scores = Stack(12, 1.0, seed).to(device()), WeightEMA(0.97), []
    optimizer = torch.optim.AdamW(stack.parameters(), lr=0.01, weight_decay=0.0, fused=True)
    for step in range(cycles * length):
        batch = torch.randint(120, (30,))  # a minibatch, the same rows for all
        loss = torch.nn.functional.cross_entropy(stack(x[:, batch]).flatten(0, 1), y[:, batch].flatten(), reduction="sum") / 30
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + np.cos(np.pi * (step % length) / length))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update(stack)
        if step % length == length - 1:
            scores.append(stack(test_x).detach().cpu().double().numpy())
    stack.load_state_dict(ema.state_dict())
    return stack, np.array(scores), test_x, test_y

# %% given="four_ways"
def four_ways(seed, noise):
    """Test accuracies of one network and of three averages, each a mean over two data sets."""
    average, scores, test_x, test_y = train_together(seed, noise)
    labels = test_y.cpu().numpy()

    def right(members):
        return np.mean(ensemble_predict(members).argmax(-1) == labels)

    return {"one network": (scores[-1].argmax(-1) == labels).mean(),
            "running average": accuracies(average, test_x, test_y).mean(),
            "5 snapshots": np.mean([right(scores[:, k]) for k in range(12)]),
            "6 independent": np.mean([right(scores[-1, k : k + 6]) for k in (0, 6)])}

# %% [markdown]
# **Predict.** In which case does the running average gain more over the one network: with `"clean labels"`, with `"wrong labels"`, or is there `"no difference"`? (And which average is the best in each case?)

# %% solution="gains_more"
# Type your choice: gains_more = "..."
### BEGIN SOLUTION
gains_more = "wrong labels"
### END SOLUTION

# %% [markdown] hint="gains_more"
# When has a network learnt the digits, and when the wrong labels? From which time are the weights that the running average remembers?

# %% tests="gains_more" points=1
check_one_of("gains_more", gains_more, ["clean labels", "wrong labels", "no difference"])
### BEGIN HIDDEN TESTS
# On 20 of 20 seeds.
check_equal("gains_more", gains_more, "wrong labels",
            look="The average holds weights from the time before the wrong labels were learnt by heart.")
### END HIDDEN TESTS

# %% experiment="ensembles"
results = {"clean labels": four_ways(5, 0.0), "three in ten labels replaced": four_ways(5, 0.3)}
figure, panels = plt.subplots(1, 2, figsize=(9.0, 2.3), sharey=True)
for axes, (title, bars) in zip(panels, results.items(), strict=True):
    for name, value in bars.items():
        axes.plot(100 * value, name, "o", color=COLOURS["orange" if value == max(bars.values()) else "blue"])
        axes.annotate(f"{100 * value:.1f}", (100 * value, name), (8, -4), textcoords="offset points")
    axes.set(xlabel="test accuracy in %", title=title)
    axes.margins(x=0.25, y=0.2)
    axes.locator_params(axis="x", nbins=4)
panels[0].invert_yaxis()
show(figure, "Test accuracy in percent of one network and three averages, the best one in orange. " + "; ".join(
    title + ": " + ", ".join(f"{name} {100 * value:.1f}" for name, value in bars.items())
    for title, bars in results.items()) + ".")

# %% [markdown]
# Six independent networks are better than one in both cases: they err in different places, and averaging cancels what differs. The averages over time bring next to nothing with clean labels and most with wrong ones. They have members from the time *before* the wrong labels were learnt, while the six independent networks have all learnt them by heart, and a mistake that all members share no average takes back. (What would six networks do that are stopped in time?)

# %% [markdown]
# ## 10 · Your advice

# %% [markdown] answer="noise" points=3
# **In four or five sentences:** a friend trains with dropout and random crops. To be consistent, she leaves both switched on at test time, one pass for each image, and finds that the accuracy is lower and changes from run to run. Explain what goes wrong, what test time should look like for each of the two and why that is the same idea, and name one situation in which dropout at test time is right.
#
# ### BEGIN SOLUTION
# Both add noise in training so that the network cannot rely on single units or exact places. What we want at test time is the prediction averaged over that noise; a single noisy pass is one sample of it, so it is less accurate on average and another one each time. For dropout the average is approximated by one pass through the whole network with the expected scale: with inverted dropout simply by switching it off. For crops it is approximated by the centre crop or the whole image, or by averaging the probabilities over several crops. Dropout at test time is right if one makes many passes, to average them or to read their spread as uncertainty (MC dropout).
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: one noisy pass is a random sample of what should be an average (variance, lower accuracy); "it must be off" alone does not suffice.
# 1 point: dropout off (scaled rightly) and centre or whole image, or an average over several crops, as approximations of the same average over the noise.
# 1 point: MC dropout, or another average over many passes, as the case in which it is right.
# ### END MARK SCHEME

# %% [markdown] hint="noise"
# What does training with noise minimize: the loss for one mask, or the average over all masks? What approximates that average in one pass?

# %% [markdown]
# ## Explore further (no marks)
#
# - **Dropout is a penalty.** For linear regression, dropout on the inputs is on average the same as an L2 penalty that is weighted with the size of each input (Wager, Wang & Liang, 2013, *Dropout training as adaptive regularization*; Srivastava et al., 2014, section 9). Derive it, then check it with `exact_average`.
# - **Blocks instead of channels.** DropBlock (Ghiasi, Lin & Le, 2018) drops squares of a feature map. Your `cutout` is nearly there.
# - **Combine.** Find the best recipe of two or three means in the contest, on seeds 0 to 4, and then test it on seeds that you have not looked at. How much of the gain is left?
# - **Dropout and batch normalization.** Li, Chen, Hu & Yang (2019), *Understanding the disharmony between dropout and batch normalization by variance shift*: dropout changes the variance that a following BatchNorm sees, in training only. Measure it.
# - **Which p?** Sweep the probability of keeping in the contest from 0.1 to 1. For which label noise is less better?
# - **Clean labels.** Set the label noise of the contest to zero. Which means still helps, and which one now hurts?
