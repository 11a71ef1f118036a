# %% [markdown]
# ## 1 · Dropout
#
# In training, each unit is kept with probability $p$ and set to zero otherwise,
# anew in each step and for each example (Srivastava et al., 2014).
# No unit can rely on the presence of another one.
# The *inverted* form multiplies what is kept by $1/p$, so that the expectation of each unit stays
# what it was, and at test time nothing has to be done at all.
#
# **Mind the letter p.** In this course, as in the lecture notes,
# `p` is the probability of **keeping** a unit.
# In `torch.nn.Dropout(p)` it is the probability of **dropping** it.

# %% [markdown]
# The settings come in a dictionary `dropout_param`:
# `mode` is `"train"` or `"test"`, `p` is the probability of keeping, and `seed`,
# if there is one, makes the mask repeatable: the same seed and shape give the same mask.
# Draw with a generator of your own,
# `rng = np.random.default_rng(seed)` (a seed of None gives another mask each time).
# `np.random.seed` would change the random numbers of everybody else in the program.

# %% solution="dropout_forward" title="Dropout forward"
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
# `rng.random(x.shape)` is uniform between 0 and 1, one number for each unit of each example.
# With which probability is it below `p`?

# %% [markdown] hint="dropout_forward"
# Put the scaling into the mask:
# `mask = (rng.random(x.shape) < p) / p` holds 0 and 1/p. And in test mode?

# %% tests="dropout_forward" points=3 changes="shown"
ones, settings = np.ones((100, 100)), {"mode": "train", "p": 0.8, "seed": 5}
out, _ = dropout_forward(ones.copy(), dict(settings))
check_shape("dropout_forward of ones (100, 100)", out, (100, 100))
check_close("the values of dropout_forward of ones with p=0.8", np.unique(np.round(out, 6)),
            [0.0, 1.25], rtol=1e-5, look="What is kept is divided by p; the rest is 0.")
check_close("the share that dropout_forward keeps with p=0.8", np.mean(np.asarray(out) > 0), 0.8,
            rtol=0, atol=0.02, look="p is the probability of keeping a unit.")
check_close("a second call with the same seed", dropout_forward(ones.copy(), dict(settings))[0],
            out, rtol=1e-6, look="rng = np.random.default_rng(seed) inside the function.")
check_close("dropout_forward of ones in test mode",
            dropout_forward(ones.copy(), {**settings, "mode": "test"})[0],
            ones, rtol=1e-6, look="At test time inverted dropout does nothing.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropout_forward")
x, p = rng.normal(size=(60, 50)) + 3.0, rng.uniform(0.15, 0.4)
settings = {"mode": "train", "p": p, "seed": int(rng.integers(1000))}
given = x.copy()
out = np.asarray(dropout_forward(given, dict(settings))[0])
check_unchanged("dropout_forward(x, …)", "x", x, given)
kept = out != 0
check_close(f"the share that dropout_forward keeps with p={p:.2f}", kept.mean(), p,
            rtol=0, atol=0.05,
            look="p is the probability of keeping a unit.")  # 3,000 units: five standard deviations
check_close("what dropout_forward keeps", out[kept] * p, x[kept], rtol=1e-5, look="Divided by p.")
check("dropout_forward", not (kept == kept[:1]).all(), "all examples have the same mask",
      look="Draw a number for each unit of each example: x.shape.")
check("dropout_forward", not (kept == kept[:, :1]).all(),
      "all units of an example are dropped together",
      look="Draw a number for each unit of each example: x.shape.")
fresh = [np.asarray(dropout_forward(x.copy(), {"mode": "train", "p": 0.5})[0]) != 0
         for _ in range(2)]
check("two calls of dropout_forward without a seed", (fresh[0] != fresh[1]).any(),
      "gave the same mask", look="Without a seed each call draws anew.")
check_close(f"dropout_forward in test mode with p={p:.2f}",
            dropout_forward(x.copy(), {**settings, "mode": "test"})[0], x, rtol=1e-6,
            look="The scaling was done in training; at test time x comes out as it is.")
check_close("dropout_forward with p=1", dropout_forward(x.copy(), {"mode": "train", "p": 1.0})[0],
            x, rtol=1e-6)
other = np.asarray(dropout_forward(x.copy(), {**settings, "seed": settings["seed"] + 1})[0]) != 0
check("dropout_forward with another seed", (other != kept).any(), "gave the same mask",
      look="Use the seed.")
zero = [np.asarray(dropout_forward(x.copy(), {"mode": "train", "p": 0.5, "seed": 0})[0])
        for _ in range(2)]
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
# The backward pass asks what each input did to the output.
# A unit that was dropped did nothing, so its gradient is zero;
# one that was kept was multiplied by $1/p$, and so is its gradient.
# The mask is the *same* mask, out of the cache.

# %% solution="dropout_backward" title="Dropout backward" needs="dropout_forward"
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
# $\text{out} = x \cdot \text{mask}$, elementwise.
# What is the derivative of one entry of out with respect to the same entry of $x$?

# %% [markdown] hint="dropout_backward"
# In training `dout * mask`, with the mask that holds 0 and 1/p. In test mode out was x:
# what is the gradient?

# %% tests="dropout_backward" points=2
out, cache = dropout_forward(np.ones((6, 8)), {"mode": "train", "p": 0.5, "seed": 2})
check_close("dropout_backward of ones, when x was ones", dropout_backward(np.ones((6, 8)), cache),
            out, rtol=1e-5, look="The same zeros and the same factor 1/p as on the way forward.")
_, cache = dropout_forward(np.ones((2, 3)), {"mode": "test", "p": 0.5})
check_close("dropout_backward in test mode", dropout_backward(np.full((2, 3), 4.0), cache),
            np.full((2, 3), 4.0), rtol=1e-6, look="At test time out is x.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("dropout_backward")
dout, settings = (rng.normal(size=(9, 4, 5)),
                  {"mode": "train", "p": 0.3, "seed": int(rng.integers(1000))})
# The derivative of out with respect to x is what dropout makes of ones, under the same seed.
factor = np.asarray(dropout_forward(np.ones((9, 4, 5)), dict(settings))[0])
# many units are zero before dropout, as after a ReLU
x = np.maximum(rng.normal(size=(9, 4, 5)), 0.0)
_, cache = dropout_forward(x.copy(), dict(settings))
check_close("dropout_backward after a ReLU", dropout_backward(dout.copy(), cache), dout * factor,
            rtol=1e-5, atol=1e-9,
            look="Use the mask itself: a unit may be zero without having been dropped.")
check_close("a second call of dropout_backward with the same cache",
            dropout_backward(dout.copy(), cache),
            dout * factor, rtol=1e-5, atol=1e-9, look="The mask is the one in the cache.")
x = rng.normal(size=(20, 5))
out, cache = dropout_forward(x.copy(), {"mode": "train", "p": 0.25})
check_close("dropout_backward without a seed, p=0.25", dropout_backward(np.ones((20, 5)), cache),
            np.asarray(out) / x,
            rtol=1e-5, look="Don't draw again: the mask of the forward pass is in the cache.")
_, cache = dropout_forward(x.copy(), {"mode": "test", "p": 0.25})
check_close("dropout_backward in test mode, p=0.25", dropout_backward(x.copy(), cache), x,
            rtol=1e-6, look="At test time out is x, so dx is dout.")
### END HIDDEN TESTS

# %% [markdown]
# ### The plain form
#
# The paper's own form leaves the kept units as they are in training
# and multiplies all units by $p$ at test time.
# In expectation both forms are the same; but here whoever runs the network later must know
# that it was trained with dropout, and with which $p$.
# Write it, with its gradient, to feel the difference.

# %% solution="plain_dropout" title="Plain dropout"
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
# In both modes out is x times a factor.
# What is the factor in training, and what is it at test time?

# %% [markdown] hint="plain_dropout"
# The gradient is dout times the same factor: keep the factor as the cache.

# %% tests="plain_dropout" part="forward" points=1 changes="shown"
out, _ = plain_dropout_forward(np.full((50, 40), 2.0), {"mode": "train", "p": 0.75, "seed": 1})
check_close("the values of plain_dropout_forward of twos in training", np.unique(np.round(out, 6)),
            [0.0, 2.0], rtol=1e-5, look="In training the kept units stay as they are.")
check_close("plain_dropout_forward of [2, 4] in test mode with p=0.75",
            plain_dropout_forward(np.array([2.0, 4.0]), {"mode": "test", "p": 0.75})[0], [1.5, 3.0],
            rtol=1e-5, look="At test time every unit is multiplied by p.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("plain_dropout")
x, p = rng.normal(size=(60, 50)) + 3.0, rng.uniform(0.15, 0.35)
given = x.copy()
out = np.asarray(plain_dropout_forward(given, {"mode": "train", "p": p, "seed": 4})[0])
check_unchanged("plain_dropout_forward(x, …)", "x", x, given)
kept = out != 0
check("plain_dropout_forward", (kept != kept[:1]).any(), "all examples have the same mask",
      look="Draw a number for each unit of each example: x.shape.")
check_close(f"the share that plain_dropout_forward keeps with p={p:.2f}", np.mean(out != 0), p,
            rtol=0, atol=0.05, look="p is the probability of keeping.")
check_close("what plain_dropout_forward keeps", out[out != 0], x[out != 0], rtol=1e-5,
            look="It is not scaled.")
check_close(f"plain_dropout_forward in test mode with p={p:.2f}",
            plain_dropout_forward(x.copy(), {"mode": "test", "p": p})[0], p * x, rtol=1e-5,
            look="Times p.")
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
check_close("plain_dropout_backward in training", plain_dropout_backward(dout.copy(), cache),
            dout * factor, rtol=1e-5,
            atol=1e-9, look="dout times the factor of the forward pass, no 1/p.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict, with pencil and paper.** The most common accident mixes the two forms:
# training divides by $p$, and at test time somebody multiplies by $p$ as well.
# A network without biases has three ReLU layers, each followed by dropout with $p = 0.5$,
# and a linear output.
# By which factor are its scores wrong at test time?

# %% solution="scaled_twice" title="Predict: scaled twice"
# Type the factor: scaled_twice = ...
### BEGIN SOLUTION
scaled_twice = 0.125  # 0.5³
### END SOLUTION

# %% [markdown] hint="scaled_twice"
# A ReLU of half its input is half its output.
# So the factors of the three layers go through to the scores.

# %% tests="scaled_twice" points=1
check("scaled_twice", scaled_twice > 0, f"{scaled_twice} is not a positive factor")
### BEGIN HIDDEN TESTS
check_close("scaled_twice", scaled_twice, 0.125, rtol=0.01,
            look="Each of the three layers multiplies by one half.")
### END HIDDEN TESTS

# %% [markdown]
# The predicted classes stay the same, so the accuracy does not show it.
# The probabilities do: all of them are far too timid.
# (With biases, the classes can change as well.)
