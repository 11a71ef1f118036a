# %% [markdown]
# ## 2 · The backward pass, node by node
#
# In train mode $\mu$ and $\sigma^2$ are functions of the batch,
# so each input acts on *all* outputs of its feature.
# Draw the graph and go back through it, one node at a time:
#
# ```
# x ──┬────────────► (−) ─ centred ─┬──────────► (÷) ─ xhat ─► (· γ) ─► (+ β) ─► out
#     └─► mean ─ µ ───┘             └─► mean of squares ─► √(· + ε) ─ std ─┘
# ```
#
# Where a value goes two ways, its gradients add up: `centred` is used twice, and so is `x`.

# %% [markdown]
# **Predict before you compute.**
# A linear layer `a = x @ W + b` feeds batch normalization in train mode.
# What is the gradient of the loss for the bias `b`?
# Type the number.

# %% solution="bias_gradient" title="Predict: gradient of a bias"
# Type the number: bias_gradient = ...
### BEGIN SOLUTION
bias_gradient = 0.0  # the mean takes b out again
### END SOLUTION

# %% [markdown] hint="bias_gradient"
# Add 7 to each pre-activation of a feature.
# What does the layer's output do?

# %% tests="bias_gradient" points=1
check("bias_gradient", np.ndim(bias_gradient) == 0, "type one number")
### BEGIN HIDDEN TESTS
check_close("bias_gradient", bias_gradient, 0.0, atol=1e-9,
            look="A constant that is added to all examples is subtracted again with the mean.")
### END HIDDEN TESTS

# %% [markdown]
# So a bias before batch norm is dead weight,
# and one writes `Linear(…, bias=False)`: β does its work.
# The same argument gives you a check of your `dx`:
# its sum over the batch must be 0 for each feature.
# (And as the output doesn't change when a feature is stretched, ε apart,
# the sum of `dx * xhat` is nearly 0, too.)

# %% solution="batchnorm_backward" title="Batch norm backward" needs="batchnorm_forward"
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
# Begin at the end: γ and β are shared by all N examples.
# What happens to the gradients of something that is shared?

# %% [markdown] hint="batchnorm_backward"
# `xhat = centred / std` gives two gradients:
# `dxhat / std` for `centred`, and `-(dxhat * centred).sum(axis=0) / std**2` for `std`.
# Then `std` passes on `dstd / (2 * std)` to the variance,
# and the variance gives each `centred` its share `2 * centred / N` of that.

# %% [markdown] hint="batchnorm_backward"
# `dcentred` is the sum of its two ways.
# The mean gets `dmean = -dcentred.sum(axis=0)`, and each `x` gets `dcentred + dmean / N`.

# %% tests="batchnorm_backward" points=4
x, dout = np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]])
_, cache = batchnorm_forward(x, np.array([2.0]), np.array([1.0]), {"mode": "train", "eps": 0.0})
dx, dgamma, dbeta = batchnorm_backward(dout, cache)
call = "batchnorm_backward([[1], [0], [0]], cache) for the batch [[1], [3], [5]], gamma=[2], eps=0,"
check_close(f"dbeta of {call}", dbeta, [1.0], rtol=1e-5,
            look="β is added to all outputs: sum dout over the batch.")
check_close(f"dgamma of {call}", dgamma, [-1.5**0.5], rtol=1e-5,
            look="Sum dout · xhat over the batch.")
check_close(f"the sum of dx over the batch of {call}", np.sum(dx), 0.0, atol=1e-6,
            look="A shift of the whole batch changes nothing, so dx must sum to 0: "
            "is the way through the mean there?")
check_close(f"dx of {call}", dx, np.array([[1.0], [-2.0], [1.0]]) / 24**0.5, rtol=1e-5, atol=1e-6,
            look="Three ways lead back to x: direct, through the mean, through the variance.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("batchnorm_backward")
for shape, eps in (((6, 4), 1e-5), ((3, 5), 0.4)):
    x = rng.normal(size=shape) * rng.uniform(0.3, 2, size=shape[1]) + rng.normal(size=shape[1])
    gamma, beta, dout = (rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1]),
                         rng.normal(size=shape) + 0.5)
    _, cache = batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train", "eps": eps})
    got = batchnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2],
                 training=True, eps=eps).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of batchnorm_backward on an array {shape}, eps={eps:g},", have,
                    leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="Compare node by node; does the std in it contain eps?")
### END HIDDEN TESTS
