# %% [markdown]
# ## 3 · The backward pass in closed form
#
# Put the three ways into one formula on paper, and nearly everything cancels.
# With $g = \partial L / \partial y$ and means over the batch, for each feature:
#
# $$
# \frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}
# \left( g_i \;-\; \overline{g} \;-\; \hat x_i\, \overline{g\, \hat x} \right)
# $$
#
# It is worth looking at: the gradient loses its mean and its component along $\hat x$.
# What is left changes neither the mean nor the scale of the batch (to first order),
# which would have been undone anyway.

# %% solution="batchnorm_backward_alt" title="Backward in closed form" needs="batchnorm_forward"
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
# The two means in the formula are old friends:
# which of `dgamma` and `dbeta`, divided by N, is which?

# %% [markdown] hint="batchnorm_backward_alt"
# `dx = gamma / std * (dout - dbeta / N - xhat * dgamma / N)`.
# Put the brackets so that as few operations as possible touch whole (N, D) arrays.

# %% tests="batchnorm_backward_alt" points=2
x, dout = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
_, cache = batchnorm_forward(x, np.array([2.0]), np.array([1.0]), {"mode": "train", "eps": 0.0})
dx, dgamma, dbeta = batchnorm_backward_alt(dout, cache)
call = ("batchnorm_backward_alt([[1], [0], [0]], cache) for the batch [[1], [3], [5]], "
        "gamma=[2], eps=0,")
check_close(f"dgamma and dbeta of {call}", [dgamma, dbeta], [[-1.5**0.5], [1.0]], rtol=1e-5,
            look="As before.")
check_close(f"dx of {call}", dx, np.array([[1.0], [-2.0], [1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="γ/std · (dout − mean of dout − xhat · mean of dout·xhat).")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_backward_alt")
for shape, eps in (((6, 4), 1e-5), ((3, 5), 0.4)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=shape[1]) + rng.normal(size=shape[1])
    gamma, beta, dout = (rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]),
                         rng.normal(size=shape) + 0.5)
    _, cache = batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train", "eps": eps})
    got = batchnorm_backward_alt(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2],
                 training=True, eps=eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of batchnorm_backward_alt on an array {shape}, eps={eps:g},", have,
                    leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="The means are over the batch, and the std contains eps.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Which one is faster on a batch of 1024 examples with 64 features:
# `"the graph"`, `"the closed form"` or `"neither"`?
# Count how often each one walks through a whole (N, D) array.

# %% solution="faster" title="Predict: the faster backward"
# Type your choice: faster = "..."
### BEGIN SOLUTION
faster = "the closed form"
### END SOLUTION

# %% [markdown] hint="faster"
# An operation on (1024, 64) numbers touches a thousand times as many numbers as one on (64,).
# Which lines of each function are of the first kind?

# %% tests="faster" points=1
check_one_of("faster", faster, ["the graph", "the closed form", "neither"])
### BEGIN HIDDEN TESTS
check_equal("faster", faster, "the closed form",
            look="It computes the same from fewer walks through whole arrays.")
### END HIDDEN TESTS

# %% sandboxed="stopwatch"
def milliseconds(function, *args, repeats=9):
    """The time of a call, in milliseconds:
    the shortest of some, since other work can only add to it.
    """
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
    apart = np.abs(batchnorm_backward(dout, cache)[0]
                   - batchnorm_backward_alt(dout, cache)[0]).max()
    return (milliseconds(batchnorm_backward, dout, cache),
            milliseconds(batchnorm_backward_alt, dout, cache), apart)

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
show(figure, "Time of one backward pass against the batch size from 16 to 1024, both axes "
     f"logarithmic. Both curves rise; at 1024 examples the graph takes {timed[-1, 0]:.2f} ms and "
     f"the closed form {timed[-1, 1]:.2f} ms.")
print(f"At 1024 examples the closed form is {timed[-1, 0] / timed[-1, 1]:.1f} times as fast; "
      f"the two dx differ by at most {timed[:, 2].max():.0e}.")
