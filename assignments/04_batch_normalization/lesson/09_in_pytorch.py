# %% [markdown]
# ## 9 · Batch norm in PyTorch
#
# Now write the module.
# It normalizes (N, C) and (N, C, H, W) alike, by channel,
# and it agrees with PyTorch's own within rounding, also in what a checkpoint holds:
#
# - **Two variances.** The batch is normalized by the *biased* variance
#   (divided by the number $n$ of values a channel).
#   The running estimate takes in the *unbiased* one (divided by $n - 1$).
#   So says algorithm 2 of Ioffe & Szegedy, too.
#   (Our NumPy layer used the biased one for both; both are found in practice.)
# - **Parameters and buffers.** `weight` (γ) and `bias` (β) are parameters:
#   the optimizer changes them.
#   `running_mean`, `running_var` and the counter `num_batches_tracked` are *buffers*:
#   they are saved, and move to the GPU with the module, but have no gradient.
# - **`momentum=None`** means a *cumulative* average:
#   after $k$ batches the running statistics are the plain mean of those of the $k$ batches.

# %% solution="torch_batchnorm" title="BatchNorm" forbid="torch.nn.BatchNorm1d torch.nn.BatchNorm2d"
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
# `self.register_buffer("running_mean", torch.zeros(num_features))` makes a tensor part
# of the module's state without making it a parameter.
# What does a tensor miss that is only an attribute, when the module moves to the GPU or is saved?

# %% [markdown] hint="torch_batchnorm"
# `x.mean(dim=axes)` and `x.var(dim=axes, correction=0)` are the statistics, of shape (C,).
# With $n$ values a channel, the unbiased variance is the biased one times $n/(n-1)$.

# %% [markdown] hint="torch_batchnorm"
# Update under `torch.no_grad()`: first the counter, then with `share = momentum`,
# or one over the counter if it is None: `running += share * (new - running)`.
# Outside of it, use `mean` and `var` with their graph: the gradient goes through them, too.

# %% [markdown]
# The next cell runs your module once, forwards and backwards,
# on the device of this machine; the tests use it.

# %% sandboxed="batchnorm_of"
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
got = batchnorm_of(np.array([[1.0], [3.0], [5.0]]), np.array([[1.0], [0.0], [0.0]]),
                   {"weight": [2.0]}, 0.0, 0.1, True)
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
    state = {name: rng.uniform(0.5, 2, size=4)
             for name in ("weight", "bias", "running_mean", "running_var")}
    got = batchnorm_of(x, dout, state, 0.3, 0.1, True)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, state["weight"], state["bias"])]
    out = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=0.3)
    out.backward(torch.tensor(dout))
    for name, expected in zip(("out", "dx", "dweight", "dbias"),
                              (out.detach(), *(leaf.grad for leaf in leaves))):
        check_close(f"{name} of BatchNormByHand(4, eps=0.3) on {shape} in train mode", got[name],
                    expected, rtol=1e-3, atol=1e-4,
                    look="Statistics of the batch, by channel, biased variance, "
                    "eps inside the root, nothing detached.")
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
            "count": int(layer.num_batches_tracked),
            "graph": mean.requires_grad or var.requires_grad}


got = tracked([np.array([[1.0], [3.0]])], 0.25)
call = "BatchNormByHand(1, momentum=0.25) in train mode on [[1], [3]]"
check_close(f"running_mean after {call}", got["mean"], [0.5], rtol=1e-5,
            look="0.75 · 0 + 0.25 · 2: momentum is the share of the new batch.")
check_close(f"running_var after {call}", got["var"], [1.25], rtol=1e-5,
            look="0.75 · 1 + 0.25 · 2: the unbiased variance of 1 and 3 is 2.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_batchnorm_running")
for shape, momentum in (((4, 3), rng.uniform(0.2, 0.4)), ((2, 3, 2, 2), rng.uniform(0.2, 0.4)),
                        ((4, 3), None), ((2, 3, 1, 2), None), ((4, 3), 0.0)):
    batches = list(2 * rng.normal(size=(5, *shape)) + 1)
    own = (torch.nn.BatchNorm1d(3, momentum=momentum).double() if len(shape) == 2
           else torch.nn.BatchNorm2d(3, momentum=momentum).double())
    for batch in batches:
        own(torch.tensor(batch))
    got = tracked(batches, momentum)
    call = (f"five batches {shape} with "
            f"momentum={momentum if momentum is None else round(momentum, 2)} and one in eval mode")
    check_close(f"running_mean of BatchNormByHand after {call}", got["mean"], own.running_mean,
                rtol=1e-4, atol=1e-5,
                look="momentum is the share of the new batch (0.0 is a share, too); "
                "None is 1/k for the k-th batch; eval mode changes nothing.")
    check_close(f"running_var of BatchNormByHand after {call}", got["var"], own.running_var,
                rtol=1e-4, atol=1e-5,
                look="The running variance takes in the unbiased variance, "
                "n/(n − 1) times the biased one.")
    check_equal(f"num_batches_tracked after {call}", got["count"], 5,
                look="It counts the batches of train mode, whatever momentum is.")
    check("the running statistics of BatchNormByHand", not got["graph"], "require a gradient",
          look="Update them under torch.no_grad().")
### END HIDDEN TESTS

# %% tests="torch_batchnorm" part="eval" points=1
state = {"weight": [3.0], "bias": [10.0], "running_mean": [1.0], "running_var": [4.0]}
got = batchnorm_of(np.array([[5.0]]), np.array([[1.0]]), state, 0.0, 0.1, False)
call = ("BatchNormByHand(1, eps=0) with weight 3, bias 10, running_mean 1, running_var 4 on "
        "[[5]] in eval mode")
check_close(f"the output of {call}", got["out"], [[16.0]], rtol=1e-5,
            look="(5 − 1) / √4 · 3 + 10, also for a single example.")


@probe
def one_value(shape):
    """BatchNormByHand in train mode on zeros of this shape."""
    return BatchNormByHand(shape[1])(torch.zeros(shape)).detach().numpy()


check_raises("BatchNormByHand(2) in train mode on one value a channel", ValueError,
             one_value, (1, 2))
### BEGIN HIDDEN TESTS
check_raises("BatchNormByHand(2) in train mode on an array (1, 2, 1, 1)", ValueError, one_value,
             (1, 2, 1, 1), look="One image of one place has one value a channel, too.")
check_close("BatchNormByHand(2) in train mode on zeros (1, 2, 2, 3)", one_value((1, 2, 2, 3)),
            np.zeros((1, 2, 2, 3)), atol=1e-6,
            look="One image of six places has six values a channel: count the values, "
            "not the images.")
rng = hidden_rng("torch_batchnorm_eval")
for shape in ((5, 4), (2, 4, 3, 2)):
    x, dout = rng.normal(size=shape) + 1, rng.normal(size=shape)
    state = {name: rng.uniform(0.5, 2, size=4)
             for name in ("running_mean", "running_var", "weight", "bias")}
    got = batchnorm_of(x, dout, state, 0.3, 0.1, False)
    leaf, params = (torch.tensor(x, requires_grad=True),
                    [torch.tensor(value) for value in state.values()])
    out = F.batch_norm(leaf, *params, training=False, eps=0.3)
    out.backward(torch.tensor(dout))
    check_close(f"the output of BatchNormByHand on {shape} in eval mode", got["out"], out.detach(),
                rtol=1e-3, atol=1e-4, look="In eval mode, use the running statistics.")
    check_close(f"the gradient for x on {shape} in eval mode", got["dx"], leaf.grad,
                rtol=1e-3, atol=1e-4,
                look="In eval mode the statistics are constants: "
                "the gradient is weight / √(running_var + eps) · dout.")
### END HIDDEN TESTS

# %% tests="torch_batchnorm" part="state" points=2
@probe
def listed(features):
    """What BatchNormByHand saves, by name: dtype and shape; and the names of its parameters."""
    layer = BatchNormByHand(features)
    saved = {name: (str(value.dtype), list(value.shape))
             for name, value in layer.state_dict().items()}
    return {"saved": saved, "parameters": sorted(name for name, _ in layer.named_parameters()),
            "moved": str(layer.double().running_var.dtype)}


@probe
def exchanged(batch, x):
    """Outputs in eval mode after PyTorch's own has loaded your checkpoint, and yours PyTorch's."""
    mine, own, back = (BatchNormByHand(batch.shape[1]), torch.nn.BatchNorm1d(batch.shape[1]),
                       BatchNormByHand(batch.shape[1]))
    mine(torch.tensor(batch, dtype=torch.float32))
    own.load_state_dict(mine.state_dict())
    back.load_state_dict(own.state_dict())
    x = torch.tensor(x, dtype=torch.float32)
    return ([layer.eval()(x).detach().numpy().copy() for layer in (own, back)],
            int(back.num_batches_tracked))


got = listed(2)
expected = {"weight": ("torch.float32", [2]), "bias": ("torch.float32", [2]),
            "running_mean": ("torch.float32", [2]),
            "running_var": ("torch.float32", [2]), "num_batches_tracked": ("torch.int64", [])}
check_equal("the names in the state_dict of BatchNormByHand(2)", sorted(got["saved"]),
            sorted(expected), look="Two parameters and three buffers.")
check_equal("the parameters of BatchNormByHand(2)", got["parameters"], ["bias", "weight"],
            look="Statistics are buffers: nothing that an optimizer may change.")
### BEGIN HIDDEN TESTS
for name, (dtype, shape) in expected.items():
    check_equal(f"dtype and shape of {name} in the state_dict",
                [got["saved"][name][0], list(got["saved"][name][1])], [dtype, shape])
check_equal("the dtype of running_var after .double()", got["moved"], "torch.float64",
            look="A buffer moves with its module.")
rng = hidden_rng("torch_batchnorm_state")
batch, x = 2 * rng.normal(size=(6, 3)) + 1, rng.normal(size=(4, 3))
outputs, count = exchanged(batch, x)
expected = (x - 0.1 * batch.mean(axis=0)) / np.sqrt(0.9 + 0.1 * batch.var(axis=0, ddof=1) + 1e-5)
for loader, result in zip(("torch.nn.BatchNorm1d", "another BatchNormByHand"), outputs):
    check_close(f"your checkpoint after one batch, loaded into {loader}, in eval mode", result,
                expected, rtol=1e-3, atol=1e-4)
check_equal("num_batches_tracked after two loads", count, 1)
### END HIDDEN TESTS
