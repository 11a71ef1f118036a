# %% [markdown]
# ## 6 · Images: spatial batch norm and group norm
#
# In a convolutional network the data is (N, C, H, W), and a feature is a *channel*:
# the same filter at H · W places.
# Ioffe & Szegedy normalize each channel over the examples *and* the places.
# Four relatives differ only in which numbers share a mean and a variance.
# In the picture, rows are examples, columns are channels,
# each with the places of its image side by side; what is blue shares one mean.

# %% experiment="who_shares_a_mean"
N, C, places, groups = 5, 6, 4, 2
axes_of = {"batch norm": (slice(None), slice(2, 3)), "layer norm": (slice(1, 2), slice(None)),
           "instance norm": (slice(1, 2), slice(2, 3)),
           "group norm (2 groups)": (slice(1, 2), slice(0, C // groups))}
figure, panels = plt.subplots(1, 4, figsize=(10.8, 2.9))
for panel, (name, (examples, channels)) in zip(panels, axes_of.items()):
    shared = np.zeros((N, C, places))
    shared[examples, channels] = 1
    panel.pcolormesh(shared.reshape(N, C * places),
                     cmap=plt.matplotlib.colors.ListedColormap(["#f2f2f2", COLOURS["blue"]]),
                     edgecolors="white", linewidth=0.4)
    panel.vlines(np.arange(0, C * places + 1, places), 0, N, color="0.25", linewidth=1.2)
    panel.hlines(range(N + 1), 0, C * places, color="0.25", linewidth=1.2)
    panel.set(title=name, xlabel="channels × places", xticks=[], yticks=[])
    panel.invert_yaxis()
    panel.spines[:].set_visible(False)
panels[0].set_ylabel("examples")
show(figure, "Four grids of 5 examples by 6 channels with 4 places each. Blue: what shares a mean. "
     "Batch norm: one channel of all examples. Layer norm: all channels of one example. "
     "Instance norm: one channel of one example. Group norm with two groups: the first three "
     "channels of one example.")

# %% [markdown]
# **Count.** The data has the shape (8, 32, 14, 14).
# Over how many numbers is each mean taken, for the four of the picture, group norm with 4 groups?
# (Layer norm here is over all of C, H, W.)

# %% solution="numbers_in_a_mean" title="Numbers in a mean"
# Type the numbers: numbers_in_a_mean = {"batch": ..., "layer": ..., "instance": ..., "group": ...}
### BEGIN SOLUTION
numbers_in_a_mean = {"batch": 8 * 14 * 14, "layer": 32 * 14 * 14, "instance": 14 * 14,
                     "group": 8 * 14 * 14}
### END SOLUTION

# %% [markdown] hint="numbers_in_a_mean"
# Multiply the lengths of the axes that the blue numbers run along.
# If 32 channels are split into 4 groups, how many channels has a group?

# %% tests="numbers_in_a_mean" points=2
check("numbers_in_a_mean", sorted(numbers_in_a_mean) == ["batch", "group", "instance", "layer"],
      "wants the keys batch, layer, instance and group")
### BEGIN HIDDEN TESTS
right = {"batch": 1568, "layer": 6272, "instance": 196, "group": 1568}
found = [name for name in right if numbers_in_a_mean[name] == right[name]]
check("numbers_in_a_mean", found, "none of the four is right",
      look="Every one of them includes the 14 · 14 places.")
0.5 * len(found)
### END HIDDEN TESTS

# %% [markdown]
# **Spatial batch norm** needs no new mathematics: bring the data into the shape (N·H·W, C),
# each place of each image an "example", and call what you have.
# The trap is in "bring into the shape":
# `reshape` alone cuts the numbers in the order in which they lie in memory, and mixes the channels.

# %% solution="spatial_batchnorm" title="Spatial BN" needs="batchnorm_forward, batchnorm_backward"
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
    """Its backward pass, by ``batchnorm_backward``:
    (dx, dgamma, dbeta), shapes (N, C, H, W), (C,), (C,).
    """
    ### BEGIN SOLUTION
    N, C, H, W = dout.shape
    flat, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    dx = flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    ### END SOLUTION
    return dx, dgamma, dbeta

# %% [markdown] hint="spatial_batchnorm"
# After the reshape, column $c$ must hold the numbers of channel $c$ and nothing else.
# So the channel axis has to be last before you reshape.

# %% [markdown] hint="spatial_batchnorm"
# There: `x.transpose(0, 2, 3, 1).reshape(-1, C)`.
# Back: first `reshape(N, H, W, C)`, then `transpose(0, 3, 1, 2)`.
# The gradients go the same way.

# %% tests="spatial_batchnorm" part="forward" points=2 changes="shown"
x = np.array([[[[1.0, 3.0]], [[10.0, 30.0]]]])  # one image of 1 × 2 places, two channels
got, _ = spatial_batchnorm_forward(x.copy(), np.array([1.0, 2.0]), np.array([0.0, 5.0]),
                                   {"mode": "train", "eps": 0.0})
check_close("spatial_batchnorm_forward of one image with the channels [1, 3] and [10, 30], "
            "gamma=[1, 2], beta=[0, 5], eps=0", got, [[[[-1.0, 1.0]], [[3.0, 7.0]]]], rtol=1e-5,
            look="Each channel is normalized over the examples and the places.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_batchnorm")
for shape in ((3, 4, 2, 5), (2, 2, 2, 2)):
    channels = shape[1]
    x = (rng.normal(size=shape) * rng.uniform(0.3, 2, size=(channels, 1, 1))
         + rng.normal(size=(channels, 1, 1)))
    gamma, beta = rng.uniform(0.5, 2, size=channels), rng.normal(size=channels)
    held = {"running_mean": np.zeros(channels), "running_var": np.ones(channels)}
    got, _ = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(),
                                       {**held, "mode": "train", "momentum": 0.7})
    expected = F.batch_norm(torch.tensor(x), None, None, torch.tensor(gamma), torch.tensor(beta),
                            training=True).numpy()
    check_close(f"spatial_batchnorm_forward in train mode on an array {shape}", got, expected,
                rtol=1e-3, atol=1e-4,
                look="One mean and variance for each channel; "
                "transpose the channels to the end before the reshape, and back after it.")
    check_close(f"running_mean after one batch {shape} with momentum 0.7", held["running_mean"],
                0.3 * x.mean(axis=(0, 2, 3)),
                rtol=1e-3, atol=1e-5, look="Hand the given bn_param on.")
    other = {"mode": "test", "running_mean": beta.copy(), "running_var": gamma.copy()}
    got, _ = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), other)
    expected = F.batch_norm(*(torch.tensor(a) for a in (x, beta, gamma, gamma, beta)),
                            training=False).numpy()
    check_close(f"spatial_batchnorm_forward in test mode on an array {shape}", got, expected,
                rtol=1e-3, atol=1e-4)
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
    x, dout = (rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1)),
               rng.normal(size=shape) + 0.3)
    gamma, beta = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1])
    _, cache = spatial_batchnorm_forward(x.copy(), gamma.copy(), beta.copy(), {"mode": "train"})
    got = spatial_batchnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.batch_norm(leaves[0], None, None, leaves[1], leaves[2],
                 training=True).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of spatial_batchnorm_backward on an array {shape}", have,
                    leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="dout goes the way of x: channels to the end, reshape, and back.")
### END HIDDEN TESTS

# %% [markdown]
# **Group norm** (Wu & He, 2018) splits the C channels of each example into G groups of *neighbours*
# and normalizes each group over its channels and places.
# One group is layer norm, C groups are instance norm.
# γ and β are one number a channel.

# %% solution="spatial_groupnorm" title="Group norm"
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
# The channels of a group lie next to each other in memory, and so do the places of a channel.
# So here a plain `reshape` does the right thing: to (N, G, everything else).

# %% [markdown] hint="spatial_groupnorm"
# γ has the shape (C,), the data (N, C, H, W): `gamma[:, None, None]` lines them up.
# It has to be applied after the data is back in its own shape.

# %% [markdown] hint="spatial_groupnorm"
# The backward pass is that of layer norm:
# `dxhat = dout * γ`, reshaped to (N, G, −1), and means over the last axis.
# `dgamma` and `dbeta` add up over examples and places, axes (0, 2, 3).

# %% tests="spatial_groupnorm" part="forward" points=2
x = np.array([1.0, 3.0, 10.0, 50.0]).reshape(1, 4, 1, 1)
got, _ = spatial_groupnorm_forward(x, np.array([1.0, 1.0, 1.0, 2.0]),
                                   np.array([0.0, 0.0, 0.0, 5.0]), 2, {"eps": 0.0})
check_close("spatial_groupnorm_forward of four channels 1, 3, 10, 50 in 2 groups, "
            "gamma=[1, 1, 1, 2], beta=[0, 0, 0, 5], eps=0", np.ravel(got), [-1.0, 1.0, -1.0, 7.0],
            rtol=1e-5, look="The groups are (1, 3) and (10, 50): neighbours.")
check_raises("spatial_groupnorm_forward of 4 channels in 3 groups", ValueError,
             spatial_groupnorm_forward, x, np.ones(4),
             np.zeros(4), 3, {}, look="3 doesn't divide 4.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_groupnorm")
for shape, G, eps in (((3, 6, 2, 5), 3, 0.2), ((2, 6, 3, 2), 2, 1e-5), ((2, 4, 2, 2), 4, 0.1),
                      ((1, 4, 2, 3), 1, 0.1)):
    x = (rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1))
         + rng.normal(size=(shape[1], 1, 1)))
    gamma, beta = rng.uniform(0.5, 2, size=shape[1]), rng.normal(size=shape[1])
    got, _ = spatial_groupnorm_forward(x.copy(), gamma, beta, G,
                                       {} if eps == 1e-5 else {"eps": eps})
    expected = F.group_norm(torch.tensor(x), G, torch.tensor(gamma),
                            torch.tensor(beta), eps).numpy()
    check_close(f"spatial_groupnorm_forward on an array {shape}, {G} groups, eps={eps:g},", got,
                expected, rtol=1e-3, atol=1e-4,
                look="Each example and each group of neighbouring channels has a mean and a "
                "variance of its own, over channels and places.")
### END HIDDEN TESTS

# %% tests="spatial_groupnorm" part="backward" points=2
x, dout = (np.array([1.0, 3.0, 5.0]).reshape(1, 3, 1, 1),
           np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1))
_, cache = spatial_groupnorm_forward(x, np.array([2.0, 1.0, 1.0]), np.zeros(3), 1, {"eps": 0.0})
dx, dgamma, dbeta = spatial_groupnorm_backward(dout, cache)
call = ("spatial_groupnorm_backward for three channels 1, 3, 5 in one group with dout 1, 0, 0, "
        "gamma=[2, 1, 1], eps=0,")
check_close(f"dx of {call}", np.ravel(dx), np.array([1.0, -2.0, 1.0]) / 24**0.5,
            rtol=1e-5, atol=1e-6)
check_close(f"dgamma of {call}", dgamma, [-1.5**0.5, 0, 0], rtol=1e-5, atol=1e-7)
### BEGIN HIDDEN TESTS
rng = hidden_rng("spatial_groupnorm_backward")
for shape, G in (((3, 6, 2, 5), 3), ((2, 6, 3, 2), 2), ((2, 4, 2, 2), 1)):
    x, dout = (rng.normal(size=shape) * rng.uniform(0.3, 2, size=(shape[1], 1, 1)),
               rng.normal(size=shape) + 0.3)
    gamma, beta = rng.uniform(0.3, 3, size=shape[1]), rng.normal(size=shape[1])
    _, cache = spatial_groupnorm_forward(x.copy(), gamma.copy(), beta.copy(), G, {"eps": 0.1})
    got = spatial_groupnorm_backward(dout.copy(), cache)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    F.group_norm(leaves[0], G, leaves[1], leaves[2], 0.1).backward(torch.tensor(dout))
    for name, have, leaf in zip(("dx", "dgamma", "dbeta"), got, leaves):
        check_close(f"{name} of spatial_groupnorm_backward on an array {shape}, {G} groups,", have,
                    leaf.grad.numpy(), rtol=1e-3, atol=1e-5,
                    look="Means over each group, with γ inside; "
                    "dgamma and dbeta over examples and places.")
### END HIDDEN TESTS
