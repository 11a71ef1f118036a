# %% [markdown]
# ## 9 · In PyTorch
#
# ### A module with a parameter
#
# An activation that learns is a module.
# Its slope must be an `nn.Parameter`:
# then `parameters()` hands it to the optimizer, `to(device)` moves it, and `state_dict()` saves it.

# %% solution="torch_prelu" title="PReLU module" forbid="torch.nn.PReLU torch.nn.functional.prelu"
class PReLUByHand(nn.Module):
    """PReLU (He et al. 2015): x where x > 0, weight · x elsewhere, like ``nn.PReLU``.

    Args:
        num_parameters: 1 (one slope for all) or the number of channels, which are on dimension 1.
        init: the slopes at first.

    Its only parameter is ``weight``, of the shape (num_parameters,). The input is (N, C) or
    (N, C, …); the checkpoints are those of nn.PReLU.
    """

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        ### BEGIN SOLUTION
        self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        slope = self.weight.view(-1, *[1] * (x.dim() - 2))
        return torch.where(x > 0, x, slope * x)
        ### END SOLUTION

# %% [markdown] hint="torch_prelu"
# `nn.Parameter(torch.full((num_parameters,), init))`.
# A plain tensor would work in forward, and no optimizer would ever see it.

# %% [markdown] hint="torch_prelu"
# Dimension 1 again: give the slopes the shape (C, 1, 1) for images,
# as many ones as there are dimensions behind the channels.
# Autograd does the sums of `prelu_backward` for you.

# %% tests="torch_prelu" part="parameter" points=1
@probe
def described(*settings):
    """The parameters of a PReLUByHand, by name."""
    return {name: p.detach().numpy().copy()
            for name, p in PReLUByHand(*settings).named_parameters()}


names = described(3, 0.1)
check_equal("the names of the parameters of PReLUByHand(3, 0.1)", list(names), ["weight"],
            look="self.weight is an nn.Parameter.")
check_close("weight of PReLUByHand(3, 0.1)", names["weight"], [0.1, 0.1, 0.1], rtol=1e-5)
### BEGIN HIDDEN TESTS
@probe
def transplanted(slopes):
    """Slopes that went through the checkpoints of nn.PReLU and PReLUByHand."""
    theirs, ours = nn.PReLU(len(slopes)), PReLUByHand(len(slopes))
    ours.load_state_dict({"weight": torch.tensor(slopes)})
    theirs.load_state_dict(ours.state_dict())
    return (theirs.weight.detach().numpy().copy(),
            PReLUByHand().state_dict()["weight"].numpy().copy())


rng = hidden_rng("torch_prelu")
slopes = rng.normal(size=4)
through, default = transplanted(slopes)
check_close("the slopes after a checkpoint of PReLUByHand(4) in nn.PReLU(4)", through,
            slopes, rtol=1e-5)
check_close("weight of PReLUByHand()", default, [0.25], rtol=1e-6)
### END HIDDEN TESTS

# %% tests="torch_prelu" part="passes" points=2
@probe
def passed(x, dout, slopes):
    """The output and the gradients of a PReLUByHand on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    module = PReLUByHand(len(slopes), 0.0).to(**where)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.tensor(slopes, **where))
    x = torch.tensor(x, **where, requires_grad=True)
    out = module(x)
    (out * torch.tensor(dout, **where)).sum().backward()
    return [t.detach().cpu().numpy().copy()
            for t in (out, x.grad, *(p.grad for p in module.parameters()))]


got = passed(np.array([[-2.0, 3.0], [-4.0, -1.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]]),
             np.array([0.5, 0.1]))
check_close("the output of PReLUByHand with slopes [0.5, 0.1] at [[-2, 3], [-4, -1]]", got[0],
            [[-1.0, 3.0], [-2.0, -0.1]], rtol=1e-5)
check_equal("the number of parameters of PReLUByHand(2) with a gradient", len(got) - 2, 1)
check_close("the gradient of its weight for dout [[1, 10], [100, 1000]]", got[2],
            [-402.0, -1000.0], rtol=1e-5)
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_prelu_passes")
for shape, count in (((4, 3), 3), ((2, 3, 4, 3), 3), ((3, 3, 3, 3), 3), ((2, 4, 4), 4),
                     ((2, 3, 4), 1), ((5, 2), 1)):
    x, dout, slopes = (rng.normal(size=shape), rng.normal(size=shape),
                       rng.uniform(-0.8, 1.6, size=count))
    got = passed(x, dout, slopes)
    expected = referee(F.prelu, dout, x, slopes)
    for what, have, want in zip(("output", "gradient of x", "gradient of weight"), got, expected,
                                strict=True):
        check_close(f"the {what} of PReLUByHand({count}), x of shape {shape},", have, want,
                    rtol=1e-4, atol=1e-5,
                    look="The slopes belong to dimension 1, and x > 0 decides.")
### END HIDDEN TESTS

# %% [markdown]
# ### An operation with its own backward pass
#
# For `x * torch.sigmoid(x)`, autograd keeps two tensors until the backward pass: x and the sigmoid.
# In a large network these are gigabytes.
# A `torch.autograd.Function` decides for itself:
# keep only x, and compute the sigmoid again on the way back.
# `ctx.save_for_backward(x)` keeps it safely
# (no reference cycle, and PyTorch notices if somebody changes x in the meantime).

# %% solution="torch_silu" title="SiLU in PyTorch"
class SiLUFunction(torch.autograd.Function):
    """SiLU, x · sigmoid(x), that keeps one tensor, x, for the backward pass.

    Used as ``SiLUFunction.apply(x)``, for a float tensor of any shape, dtype and device.
    """

    @staticmethod
    def forward(ctx, x):
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, dout):
        """The gradient with respect to x, given that with respect to the output."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return dout * gate * (1 + x * (1 - gate))
        ### END SOLUTION

# %% [markdown] hint="torch_silu"
# `forward` looks like your `silu_forward`, with `ctx.save_for_backward(x)` in place of the cache;
# `backward` gets it back from `ctx.saved_tensors`, a tuple of one.

# %% [markdown] hint="torch_silu"
# `dout * gate * (1 + x * (1 - gate))`, with `gate = torch.sigmoid(x)` computed anew.

# %% tests="torch_silu" part="passes" points=2
@probe
def silu_passes(x, dout):
    """The output and the gradient of SiLUFunction on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    x = torch.tensor(x, **where, requires_grad=True)
    out = SiLUFunction.apply(x)
    (out * torch.tensor(dout, **where)).sum().backward()
    return out.detach().cpu().numpy().copy(), x.grad.cpu().numpy().copy()


out, dx = silu_passes(np.array([0.0, np.log(3.0), -1000.0, 1000.0]), np.array([2.0, 1.0, 1.0, 1.0]))
check_close("SiLUFunction at [0, log 3, -1000, 1000]", out, [0.0, 0.75 * np.log(3), 0.0, 1000.0],
            rtol=1e-5, atol=1e-7)
check_close("its gradient there for dout [2, 1, 1, 1]", dx,
            [1.0, 0.75 + 0.1875 * np.log(3), 0.0, 1.0], rtol=1e-5, atol=1e-7)
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_silu")
x, dout = 2 * rng.normal(size=(3, 4)), 1 + rng.random(size=(3, 4))
out, dx = silu_passes(x, dout)
expected = referee(F.silu, dout, x)
check_close("SiLUFunction on a tensor of shape (3, 4)", out, expected[0], rtol=1e-5, atol=1e-6)
check_close("the gradient of SiLUFunction on a tensor of shape (3, 4)", dx, expected[1],
            rtol=1e-5, atol=1e-6, look="Compare it with silu_backward, and multiply by dout.")
### END HIDDEN TESTS

# %% tests="torch_silu" part="memory" points=1
@probe
def kept(x):
    """The tensors that SiLUFunction keeps for the backward pass:
    saved, and as attributes of ctx.
    """
    node = SiLUFunction.apply(torch.tensor(x, dtype=torch.float32, requires_grad=True)).grad_fn
    attributes = [value for value in vars(node).values() if torch.is_tensor(value)]
    return [[t.detach().numpy().copy() for t in tensors]
            for tensors in (node.saved_tensors, attributes)]


saved, attributes = kept(np.array([1.0, 2.0]))
check_equal("the number of tensors that SiLUFunction keeps by ctx.save_for_backward", len(saved), 1,
            look="ctx.save_for_backward(x), and nothing else.")
check_equal("the number of tensors that SiLUFunction keeps as attributes of ctx", len(attributes),
            0, look="The gate is computed again in the backward pass.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_silu_memory")
x = rng.normal(size=5)
check_close("the tensor that SiLUFunction keeps", kept(x)[0][0], x, rtol=1e-5,
            look="Keep the input x.")


@probe
def meddled(x):
    """Whether PyTorch notices that x was changed between forward and backward."""
    x = torch.tensor(x, requires_grad=True)
    middle = 1 * x
    out = SiLUFunction.apply(middle)
    middle.mul_(2)
    try:
        out.sum().backward()
    except RuntimeError:
        return True
    return False


check("SiLUFunction", meddled(x),
      "goes on with a tensor that was changed in place after the forward pass",
      look="Tensors that are kept by save_for_backward are watched; attributes of ctx are not.")
### END HIDDEN TESTS

# %% [markdown]
# Now a maxout *layer*:
# one `nn.Linear` that computes all pieces of all units at once, and a maximum.

# %% solution="torch_maxout" title="Maxout in PyTorch"
class MaxoutByHand(nn.Module):
    """A linear layer with maxout (Goodfellow et al. 2013), from in_features to out_features.

    ``linear`` is an nn.Linear with out_features · pieces outputs; outputs u · pieces to
    u · pieces + pieces − 1 are the pieces of unit u. Input (…, in_features), output
    (…, out_features).
    """

    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        ### BEGIN SOLUTION
        self.linear = nn.Linear(in_features, out_features * pieces)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)
        ### END SOLUTION

# %% [markdown] hint="torch_maxout"
# Give the output of `linear` the shape (…, out_features, pieces),
# then take the maximum over the last dimension.

# %% [markdown] hint="torch_maxout"
# `unflatten(-1, (-1, self.pieces))` splits the last dimension.
# `amax` returns the values; `max(dim=-1)` returns values *and* places.

# %% tests="torch_maxout" points=2
@probe
def maxed(x, weight, bias, pieces):
    """The output of MaxoutByHand with the given weights on the device of this machine."""
    where = dict(dtype=check_dtype(device()), device=device())
    layer = MaxoutByHand(weight.shape[1], len(bias) // pieces, pieces).to(**where)
    layer.linear.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
    return layer(torch.tensor(x, **where)).detach().cpu().numpy().copy()


weight, bias = np.array([[1.0], [-1.0], [2.0], [0.0]]), np.array([0.0, 0.0, 0.0, 10.0])
check_close("MaxoutByHand(1, 2), weight [[1], [-1], [2], [0]], bias [0, 0, 0, 10], at [[3]]",
            maxed(np.array([[3.0]]), weight, bias, 2), [[3.0, 10.0]], rtol=1e-5,
            look="Unit 0 has the pieces 3 and −3, unit 1 has 6 and 10.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_maxout")
for shape, units, pieces in (((5, 4), 3, 2), ((5, 4), 3, 3), ((2, 3, 4), 2, 4)):
    x, weight = rng.normal(size=shape), rng.normal(size=(units * pieces, 4))
    bias = rng.normal(size=units * pieces)
    z = x @ weight.T + bias
    expected = np.stack([z[..., u * pieces:(u + 1) * pieces].max(axis=-1) for u in range(units)],
                        axis=-1)
    check_close(f"MaxoutByHand(4, {units}, {pieces}) on x of shape {shape}",
                maxed(x, weight, bias, pieces), expected, rtol=1e-4, atol=1e-5,
                look="The pieces of a unit lie side by side in the output of linear.")
### END HIDDEN TESTS
