# %% [markdown]
# ## 8 · In PyTorch
#
# Now as modules.
# `self.training` says in which mode a module is;
# `network.train()` and `network.eval()` set it for all modules inside.
# Write dropout once more, with our meaning of `p`,
# as a module whose mask lives on the device of its input.

# %% solution="torch_dropout" title="Dropout in PyTorch"
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
# `torch.nn.functional.dropout(x, p, training)` would do, but what does its p mean,
# and what is its default for `training`?

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
check_close("the values of KeepDropout(0.8) of ones in training", np.unique(np.round(out, 5)),
            [0.0, 1.25], rtol=1e-5)
check_close("the share that KeepDropout(0.8) keeps", np.mean(out > 0), 0.8, rtol=0, atol=0.02,
            look="p keeps.")
check("KeepDropout", stays, "moved its input to another device",
      look="Draw the mask on the device of x.")
check_close("KeepDropout(0.8) of ones after eval()", dropped(ones, 0.8, "eval", ones)[0], ones,
            rtol=1e-5, look="self.training is False then.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("torch_dropout")
x, slopes, p = rng.normal(size=(50, 60)) + 3, rng.normal(size=(50, 60)), rng.uniform(0.2, 0.35)
out, grad, _ = dropped(x, p, "train", slopes)
kept = out != 0
check_close(f"the share that KeepDropout({p:.2f}) keeps", kept.mean(), p, rtol=0, atol=0.05,
            look="p keeps.")
check("KeepDropout", (kept != kept[:1]).any() and (kept != kept[:, :1]).any(),
      "drops whole rows or columns", look="A number for each element.")
check_close(f"KeepDropout({p:.2f}) in training", out, np.where(kept, x / p, 0), rtol=1e-5,
            look="Times 1/p.")
check_close(f"the gradient through KeepDropout({p:.2f})", grad, np.where(kept, slopes / p, 0),
            rtol=1e-5,
            look="The mask is a constant; the multiplication by it must be visible to autograd.")
out, grad, _ = dropped(x, p, "eval", slopes)
check_close(f"KeepDropout({p:.2f}) after eval()", out, x, rtol=1e-5, look="As it is, not times p.")
check_close("the gradient after eval()", grad, slopes, rtol=1e-5)


@probe
def twice(p):
    """The dtype of a KeepDropout's output for float16, and whether two calls drew two masks."""
    layer, x = (KeepDropout(p).to(device()).train(),
                torch.ones(20, 20, dtype=torch.float16, device=device()))
    first, second = layer(x), layer(x)
    return str(first.dtype), bool((first != second).any())


dtype, other = twice(0.5)
check_equal("the dtype of KeepDropout(0.5) of a float16 tensor", dtype, "torch.float16",
            look="A float32 mask makes a float32 output: mask.to(x.dtype), or torch.rand_like(x).")
check("two calls of KeepDropout", other, "gave the same mask",
      look="Draw anew in each call; no torch.manual_seed inside.")
### END HIDDEN TESTS

# %% [markdown]
# **Translate.** Your network keeps each unit with $p = 0.9$.
# Which number do you give to `torch.nn.Dropout`?

# %% solution="torch_p" title="Argument of PyTorch's dropout"
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
# PyTorch's optimizers decay every parameter that they are given,
# biases and normalization layers included.
# To exempt some, hand over *parameter groups*.
# A simple rule that fits nearly all networks: what has two or more axes is a weight;
# what has one or none (biases, scales and shifts) is not.

# %% solution="decay_groups" title="Decay for weights only"
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
# `network.parameters()` walks over all of them, each once, even if two layers share one;
# `p.ndim` is the number of axes.

# %% [markdown] hint="decay_groups"
# The name is no help: the scale of a BatchNorm is called `weight`, too.

# %% tests="decay_groups" points=2
@probe
def grouped(kind, weight_decay):
    """Shapes and decays of the groups, as an optimizer takes them."""
    nn = torch.nn
    shared = nn.Linear(4, 4)
    networks = {"linear": lambda: nn.Sequential(nn.Linear(2, 3)),
                "convolutional": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4),
                                                       nn.PReLU(), nn.Flatten(), nn.Linear(4, 2)),
                "recurrent": lambda: nn.Sequential(nn.Embedding(5, 3), nn.GRU(3, 1)),
                "shared": lambda: nn.Sequential(shared, nn.LayerNorm(4), shared)}
    groups = decay_groups(networks[kind]().to(device()), weight_decay)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    return [(sorted(tuple(p.shape) for p in g["params"]), g["weight_decay"])
            for g in optimizer.param_groups]


check_equal("decay_groups of a Linear(2, 3), shapes and decay of each group,",
            grouped("linear", 0.1), [([(3, 2)], 0.1), ([(3,)], 0.0)],
            look="First the weights, with decay, then the biases, without.")
### BEGIN HIDDEN TESTS
check_equal(
    "decay_groups of Conv2d, BatchNorm2d, PReLU and Linear", grouped("convolutional", 0.3),
    [([(2, 4), (4, 1, 3, 3)], 0.3), ([(1,), (2,), (4,), (4,), (4,)], 0.0)],
    look="Scale and shift of the normalization and the slope of the PReLU have one axis: no decay.")
check_equal("decay_groups of a network that uses one Linear twice, and a LayerNorm",
            grouped("shared", 0.2),
            [([(4, 4)], 0.2), ([(4,), (4,), (4,)], 0.0)], look="Each parameter once.")
check_equal(
    "decay_groups of an Embedding and a GRU", grouped("recurrent", 0.2),
    [([(3, 1), (3, 3), (5, 3)], 0.2), ([(3,), (3,)], 0.0)],
    look="Not only Linear and Conv2d have weights: count the axes of the parameter, p.ndim.")
### END HIDDEN TESTS

# %% [markdown]
# ### An average network
#
# Your EMA for a whole module.
# Parameters are averaged.
# **Buffers** (the running statistics of a BatchNorm, for one) are not:
# they are averages already, some are integers, so the average network takes the latest.
# Forgotten, they would stay at their initial values,
# and the average network would be wrong only in `eval()` mode.

# %% solution="weight_ema" title="Average network in PyTorch"
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
# `network.named_parameters()`
# and `network.named_buffers()` give names as they stand in the `state_dict`.

# %% [markdown] hint="weight_ema"
# Optimizers change parameters in place, and BatchNorm its buffers:
# keep clones, never the tensors themselves.

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
check_close("the weight of the average network after the weights 2 and 5, decay 0.5", got[0], 4.0,
            rtol=1e-5, look="As in ema_step: (0.25 · 2 + 0.5 · 5) / 0.75.")
check_close("its running mean, after 0 and 10", got[2], 10.0, rtol=1e-5,
            look="Buffers are copied, the latest counts.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("weight_ema")
weights, decay = rng.normal(size=7) + 4, rng.uniform(0.7, 0.95)
expected = np.average(weights, weights=decay ** np.arange(7)[::-1])
weight, bias, running_mean, batches, left = averaged([float(w) for w in weights], float(decay))
check_close("the weight of the average network after seven steps", weight, expected, rtol=1e-5,
            look="decay keeps, 1 − decay takes in; divide by 1 − decay^steps.")
check_close("the bias of the average network", bias, -expected, rtol=1e-5, look="Every parameter.")
check_close("the running mean in the average network", running_mean, 60.0, rtol=1e-5,
            look="A clone of the latest buffer: not an average, "
            "and not the tensor that the training goes on changing.")
check_equal("num_batches_tracked in the average network", batches, 6)
check_close("the weight of the network itself", left, weights[-1], rtol=1e-5,
            look="update must not change the network.")
### END HIDDEN TESTS
