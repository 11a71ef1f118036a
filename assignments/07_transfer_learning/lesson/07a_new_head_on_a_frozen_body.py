# %% [markdown]
# The dangerous mistakes are the other three:
# the network still works, a little worse, or on one photograph by luck even better.
# Nobody looks for a bug in a program that gets 90 % of what it should.
#
# ## 7 · A new head on a frozen body
#
# The head has 1,000 outputs for 1,000 classes.
# Yours needs as many as *you* have classes, fresh weights, and everything else as it is.

# %% solution="replace_head" title="Replaced head"
def replace_head(network, classes):
    """Give a network a new, random, trainable head for another number of classes.

    Args:
        network: a network whose last layer is ``network.head``, a torch.nn.Linear. It is changed.
        classes: the number of outputs of the new head.

    Returns:
        The same network. The new head sees as many features as the old one, and lies on the same
        device in the same dtype. Nothing else has changed.
    """
    ### BEGIN SOLUTION
    old = network.head
    network.head = nn.Linear(old.in_features, classes, device=old.weight.device,
                             dtype=old.weight.dtype)
    return network
    ### END SOLUTION

# %% [markdown] hint="replace_head"
# The old head knows how many features it sees: `network.head.in_features`.
# Its weight knows its device and its dtype.

# %% [markdown] hint="replace_head"
# Assigning a new layer to the attribute is enough: `network.head = nn.Linear(…)`.
# Setting `out_features` on the old one only changes what it says about itself.

# %% tests="replace_head" points=2
@probe
def with_new_head(classes, double):
    """The shapes, the dtype, and what has become of the rest."""
    network = tiny(seed=2).double() if double else tiny(seed=2).to(device())
    network.head.requires_grad_(False)
    before = {name: p.clone() for name, p in network.state_dict().items()}
    got = replace_head(network, classes)
    if got is not network:
        return {"same": False}
    kept = [name for name, p in got.state_dict().items()
            if name in before and p.shape == before[name].shape and torch.equal(p, before[name])]
    try:
        scores = list(got.eval()(torch.zeros(2, 3, 5, 5).to(before["stem.conv.weight"])).shape)
    except RuntimeError as error:
        scores = str(error)
    return {"same": True, "shape": list(got.head.weight.shape), "scores": scores,
            "dtype": str(got.head.weight.dtype),
            "trains": all(p.requires_grad for p in got.head.parameters()),
            "kept": sum(not name.startswith("head") for name in kept),
            "spread": float(got.head.weight.detach().std()),
            "names": sorted(dict(got.named_children()))}


got = with_new_head(4, False)
check("replace_head(network, 4)", got["same"], "must return the network that it was given")
check_equal("the shape of head.weight after replace_head(network, 4)", got["shape"], [4, 5],
            look="As many outputs as classes, as many inputs as the old head had.")
check_equal("the shape of the scores of 2 pictures after replace_head(network, 4)",
            got["scores"], [2, 4])
check_equal("the number of tensors below the head that replace_head left as they were",
            got["kept"], 24)
### BEGIN HIDDEN TESTS
classes = int(hidden_rng("replace_head").integers(6, 12))
got = with_new_head(classes, True)
check_equal(f"the shape of head.weight after replace_head(network, {classes})", got["shape"],
            [classes, 5])
check_equal("the number of tensors below the head that replace_head left as they were",
            got["kept"], 24)
check_equal("the dtype of the new head of a network in double precision", got["dtype"],
            "torch.float64", look="Take the dtype (and the device) of the old head.")
check("replace_head(network, classes) of a network whose head was frozen", got["trains"],
      "the new head doesn't require a gradient")
check("the weights of the new head", got["spread"] > 0.01, "are all alike; they should be random")
check_equal("the parts of the network after replace_head", got["names"],
            ["blocks", "dropout", "head", "stem", "top"])
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Somebody builds the optimizer, `torch.optim.SGD(network.parameters(), lr=0.1)`,
# and *then* calls `replace_head`.
# After ten steps, what of the new head has changed:
# `"everything"`, `"only the bias"` or `"nothing"`?

# %% solution="late_head" title="Predict: a late head"
# Type your choice: late_head = "..."
### BEGIN SOLUTION
late_head = "nothing"
### END SOLUTION

# %% [markdown] hint="late_head"
# An optimizer holds tensors, not names.
# Which head's tensors did it get when it was built?

# %% tests="late_head" points=1
check_one_of("late_head", late_head, ["everything", "only the bias", "nothing"])
### BEGIN HIDDEN TESTS
check_equal("late_head", late_head, "nothing",
            look="The optimizer holds the tensors of the old head, "
            "which no longer belongs to the network.")
### END HIDDEN TESTS

# %% [markdown]
# So first the head, then what is frozen, then the optimizer.
#
# ### Freeze
#
# Three things keep a body moving after you believe it to be frozen:
#
# 1. Its parameters still **require a gradient**.
# 2. They don't, but a **gradient from before is left** in `p.grad`,
#    and the optimizer still holds them.
#    Even a gradient of zeros (`zero_grad(set_to_none=False)` leaves such) lets momentum
#    and weight decay move them.
# 3. **Batch norms in training mode** update their running statistics in each forward pass,
#    gradient or not.
#
# `freeze` sees to the first two, `train_mode` to the third.

# %% solution="freeze" title="Frozen body"
def freeze(network):
    """Freeze everything but the head.

    Args:
        network: a network with a ``head``. It is changed.

    Returns:
        The same network. The parameters of the head require a gradient, even if they didn't
        before; no other does, and no other holds a gradient (its ``grad`` is None).
    """
    ### BEGIN SOLUTION
    for p in network.parameters():
        p.requires_grad_(False)
        p.grad = None
    network.head.requires_grad_(True)
    return network
    ### END SOLUTION


def train_mode(network):
    """Training mode for what is trained, evaluation mode for frozen batch norms.

    Args:
        network: a network, some of whose parameters may be frozen. It is changed.

    Returns:
        The same network: each nn.BatchNorm2d none of whose parameters requires a gradient is in
        evaluation mode (so its running statistics stay); every other layer is in training mode.
    """
    ### BEGIN SOLUTION
    network.train()
    for module in network.modules():
        if (isinstance(module, nn.BatchNorm2d)
            and not any(p.requires_grad for p in module.parameters())):
            module.eval()
    return network
    ### END SOLUTION

# %% [markdown] hint="freeze"
# `module.requires_grad_(False)` switches a whole module.
# Switch all off, then the head on.

# %% [markdown] hint="freeze"
# For the mode: first `network.train()`,
# then walk over `network.modules()` and put the frozen batch norms back to `eval()`.
# In the other order, `train()` undoes your work.

# %% tests="freeze" part="gradients" points=2
@probe
def frozen(also_head):
    """Which parameters require and which hold a gradient after freeze, which was called late."""
    network = tiny(seed=3).to(device())
    network(torch.ones(2, 3, 5, 5, device=device())).sum().backward()
    if also_head:
        network.requires_grad_(False)
    got = freeze(network)
    named = dict(network.named_parameters())
    return (got is network, [name for name, p in named.items() if p.requires_grad],
            [name for name, p in named.items()
             if p.grad is not None and not name.startswith("head")])


same, require, hold = frozen(False)
check("freeze(network)", same, "must return the network that it was given")
check_equal("the parameters that require a gradient after freeze(network)", require,
            ["head.weight", "head.bias"])
### BEGIN HIDDEN TESTS
check_equal("the frozen parameters that still hold a gradient after freeze(network)", hold, [],
            look="Set their grad to None: an optimizer would go on using it.")
check_equal(
    "the parameters that require a gradient after freeze(a network that was frozen with its head)",
    frozen(True)[1], ["head.weight", "head.bias"], look="Switch the head on.")
### END HIDDEN TESTS

# %% tests="freeze" part="modes" points=2
@probe
def modes(frozen_parts, frozen_too=()):
    """The layers in evaluation mode after train_mode, for a network with some parts frozen."""
    network = tiny(seed=3).eval()
    for name, part in parts(network):
        part.requires_grad_(name not in frozen_parts)
    for name in frozen_too:
        network.get_parameter(name).requires_grad_(False)
    got = train_mode(network)
    return got is network, [name for name, module in network.named_modules() if not module.training]


every = ["stem", "blocks.0", "blocks.1", "top"]
same, still = modes(every)
check("train_mode(network)", same, "must return the network that it was given")
check_equal(
    "the layers in evaluation mode after train_mode(a network with everything but the head frozen)",
    still,
    [f"{name}.norm" for name in every], look="Exactly the frozen batch norms; dropout must be on.")
### BEGIN HIDDEN TESTS
check_equal(
    "the layers in evaluation mode after train_mode(a network with stem and blocks.0 frozen)",
    modes(["stem", "blocks.0"])[1], ["stem.norm", "blocks.0.norm"],
    look="Batch norms that are trained belong in training mode.")
check_equal("the layers in evaluation mode after train_mode(a network whose norms train the shift "
            "and not the scale)", modes([], [f"{name}.norm.weight" for name in every])[1], [],
            look="A batch norm of which any parameter requires a gradient is trained.")
check_equal("the layers in evaluation mode after train_mode(a network with nothing frozen)",
            modes([])[1], [],
            look="train_mode switches training mode on for all others, also after eval().")
### END HIDDEN TESTS
