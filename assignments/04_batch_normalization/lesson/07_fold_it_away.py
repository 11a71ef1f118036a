# %% [markdown]
# ## 7 · Fold it away
#
# In test mode the statistics are constants,
# so batch norm is a multiplication and an addition for each feature.
# A linear layer or a convolution in front of it can take both over,
# and the network that is deployed has no batch norm left.
# For the linear layer $a = xW + b$,
# with $s = \gamma / \sqrt{\sigma^2_\text{running} + \varepsilon}$:
#
# $$
# \gamma\, \frac{xW + b - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta \;=\;
# x\,(W \cdot s) \;+\; \big((b - \mu)\, s + \beta\big)
# $$
#
# Write it for both, and let the tests prove equality.

# %% solution="fold" title="Folded batch norm"
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
# Which numbers of `W` make output $m$: its row or its column?
# Those get the factor $s_m$.

# %% [markdown] hint="fold"
# The old bias was there before batch norm, so the mean is taken off it and it is scaled, too:
# `(b - mean) * s + beta`.

# %% [markdown] hint="fold"
# In a convolution, output channel $f$ is made by the filter `w[f]`: `w * s[:, None, None, None]`.

# %% tests="fold" part="linear" points=2 changes="shown"
param = {"running_mean": np.array([1.0, 0.0]), "running_var": np.array([3.0, 0.0]), "eps": 1.0}
W, b = fold_linear(np.array([[2.0, 1.0]]), np.array([5.0, 0.0]), np.array([4.0, 1.0]),
                   np.array([0.5, 7.0]), param)
call = ("fold_linear([[2, 1]], [5, 0], gamma=[4, 1], beta=[0.5, 7], running_mean=[1, 0], "
        "running_var=[3, 0], eps=1)")
check_close(f"W of {call}", W, [[4.0, 1.0]], rtol=1e-5,
            look="The factors are 4/√(3 + 1) = 2 and 1/√(0 + 1) = 1.")
check_close(f"b of {call}", b, [8.5, 7.0], rtol=1e-5, look="(5 − 1) · 2 + 0.5, and 7.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fold_linear")
for D, M, eps, biased in ((3, 4, 0.3, True), (3, 3, 1e-5, True), (2, 5, 0.3, False)):
    x, W, b = (rng.normal(size=(6, D)), rng.normal(size=(D, M)),
               (rng.normal(size=M) if biased else None))
    gamma, beta, mean = rng.uniform(0.5, 2, size=M), rng.normal(size=M), rng.normal(size=M)
    var = rng.uniform(0.5, 2, size=M) * (1e-4 if eps == 1e-5 else 1)
    param = {"running_mean": mean, "running_var": var, **({} if eps == 1e-5 else {"eps": eps})}
    before, kept = (W.copy(), {"b": 0 if b is None else b.copy(), "running_mean": mean.copy(),
                               "running_var": var.copy()})
    new_W, new_b = fold_linear(W, b, gamma, beta, param)
    check_unchanged("fold_linear", "W", before, W)
    for name, now in (("b", 0 if b is None else b), ("running_mean", mean), ("running_var", var)):
        check_unchanged("fold_linear", name, kept[name], now)
    a = torch.tensor(x @ before + (0 if b is None else b))
    expected = F.batch_norm(a, *(torch.tensor(p) for p in (mean, var, gamma, beta)),
                            training=False, eps=eps).numpy()
    check_close(f"x @ W + b with the W ({D}, {M}) and b of fold_linear, "
                f"{'with' if biased else 'without'} a bias before, eps={eps:g},",
                x @ np.asarray(new_W) + np.asarray(new_b), expected, rtol=1e-3, atol=1e-3,
                look="Scale the columns of W; the old bias loses the mean and is scaled, "
                "then β is added; eps is part of the scale.")
### END HIDDEN TESTS

# %% tests="fold" part="conv" points=2 changes="shown"
param = {"running_mean": np.array([1.0]), "running_var": np.array([3.0]), "eps": 1.0}
w, b = fold_conv(np.ones((1, 2, 1, 1)), np.array([5.0]), np.array([4.0]), np.array([0.5]), param)
call = ("fold_conv(ones((1, 2, 1, 1)), [5], gamma=[4], beta=[0.5], running_mean=[1], "
        "running_var=[3], eps=1)")
check_close(f"w and b of {call}", [*np.ravel(w), *np.ravel(b)], [2.0, 2.0, 8.5], rtol=1e-5,
            look="The factor is 4/√(3 + 1) = 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("fold_conv")
for filters, channels, eps, biased in ((4, 3, 0.3, True), (3, 3, 1e-5, True), (5, 2, 0.3, False)):
    x, w, b = (rng.normal(size=(2, channels, 5, 4)), rng.normal(size=(filters, channels, 3, 3)),
               (rng.normal(size=filters) if biased else None))
    gamma, beta, mean = (rng.uniform(0.5, 2, size=filters), rng.normal(size=filters),
                         rng.normal(size=filters))
    var = rng.uniform(0.5, 2, size=filters) * (1e-4 if eps == 1e-5 else 1)
    param = {"running_mean": mean, "running_var": var, **({} if eps == 1e-5 else {"eps": eps})}
    before, kept = (w.copy(), {"b": 0 if b is None else b.copy(), "running_mean": mean.copy(),
                               "running_var": var.copy()})
    new_w, new_b = fold_conv(w, b, gamma, beta, param)
    check_unchanged("fold_conv", "w", before, w)
    for name, now in (("b", 0 if b is None else b), ("running_mean", mean), ("running_var", var)):
        check_unchanged("fold_conv", name, kept[name], now)
    a = F.conv2d(torch.tensor(x), torch.tensor(before),
                 None if b is None else torch.tensor(b), padding=1)
    expected = F.batch_norm(a, *(torch.tensor(p) for p in (mean, var, gamma, beta)),
                            training=False, eps=eps).numpy()
    got = F.conv2d(torch.tensor(x), torch.tensor(np.asarray(new_w, dtype=float)),
                   torch.tensor(np.asarray(new_b, dtype=float)), padding=1)
    check_close(f"the convolution with the w {before.shape} and b of fold_conv, "
                f"{'with' if biased else 'without'} a bias before, eps={eps:g},",
                got.numpy(), expected, rtol=1e-3, atol=1e-3,
                look="Scale each filter w[f] as a whole; fold the old bias as in the linear layer.")
### END HIDDEN TESTS
