# %% [markdown]
# ## 8 · Fine-tuning
#
# Now let the body move, carefully.
# An optimizer takes *groups* of parameters, each with its own learning rate.
# Put into it what trains, and nothing else.

# %% solution="rate_groups" title="Optimizer groups by depth"
def rate_groups(network, rates):
    """Parameter groups for an optimizer, one for each part that has something to train.

    Args:
        network: a network with parts, see ``parts(network)``.
        rates: a learning rate for each part, {name: rate}, as ``layer_rates`` makes it.

    Returns:
        A list of dictionaries with ``"name"``, ``"params"`` (a list: those parameters of the part
        that require a gradient) and ``"lr"``, from the bottom to the top. A part in which nothing
        requires a gradient has no group.
    """
    ### BEGIN SOLUTION
    groups = []
    for name, part in parts(network):
        trained = [p for p in part.parameters() if p.requires_grad]
        if trained:
            groups.append({"name": name, "params": trained, "lr": rates[name]})
    return groups
    ### END SOLUTION


def unfreeze(network, optimizer, name, rate):
    """Let a part train from now on, in an optimizer that is already at work.

    Args:
        network: a network with parts; it is changed.
        optimizer: a torch.optim.Optimizer; it gets a group with the part's parameters, under
            ``"name"`` and with the learning rate ``rate``. It keeps its memory of the others.
        name: the name of the part. If the optimizer has a group of this name already, nothing
            happens.
        rate: the learning rate of the part.
    """
    ### BEGIN SOLUTION
    if any(group.get("name") == name for group in optimizer.param_groups):
        return
    part = dict(parts(network))[name]
    part.requires_grad_(True)
    optimizer.add_param_group({"name": name, "params": list(part.parameters()), "lr": rate})
    ### END SOLUTION

# %% [markdown] hint="rate_groups"
# `for name, part in parts(network):` goes from the bottom to the top.
# Of each part, which parameters does the optimizer need?

# %% [markdown] hint="rate_groups"
# `optimizer.add_param_group({...})` adds a group to an optimizer that keeps its state.
# Without `"lr"` the group gets the optimizer's default.
# And who switches `requires_grad` on?

# %% tests="rate_groups" part="groups" points=2
@probe
def groups_of(frozen_parts, frozen_layer, rates):
    """The groups as (name, rate, names of the parameters)."""
    network = tiny(seed=8)
    for name, part in parts(network):
        part.requires_grad_(name not in frozen_parts)
    network.get_submodule(frozen_layer).requires_grad_(False)
    called = {id(p): name for name, p in network.named_parameters()}
    groups = list(rate_groups(network, rates))
    torch.optim.SGD(groups, lr=0.0)  # an optimizer must be able to take them
    return [(group["name"], group["lr"], [called[id(p)] for p in group["params"]])
            for group in groups]


rates = {"stem": 0.01, "blocks.0": 0.02, "blocks.1": 0.04, "top": 0.08, "head": 0.16}
got = groups_of(["stem", "blocks.0", "blocks.1", "top"], "stem", rates)
check_equal("rate_groups of a network with everything but the head frozen",
            [list(group) for group in got], [["head", 0.16, ["head.weight", "head.bias"]]],
            look="The optimizer gets only what trains.")
got = groups_of(["stem"], "stem", rates)
check_equal("the names and rates of the groups with the stem frozen",
            [list(group[:2]) for group in got],
            [["blocks.0", 0.02], ["blocks.1", 0.04], ["top", 0.08], ["head", 0.16]],
            look="From the bottom to the top, each with the rate of its own name.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("rate_groups")
rates = dict(zip(rates, rng.uniform(0.1, 1, size=5).tolist(), strict=True))
got = groups_of(["blocks.1"], "top.norm", rates)
check_equal("the names of the groups with blocks.1 and top.norm frozen",
            [group[0] for group in got], ["stem", "blocks.0", "top", "head"],
            look="A part in which nothing trains has no group.")
check_close("their learning rates", [group[1] for group in got],
            [rates[k] for k in ("stem", "blocks.0", "top", "head")],
            rtol=1e-6, look="Each part has the rate of its own name.")
check_equal("the parameters in the group of the top, whose norm is frozen", list(got[2][2]),
            ["top.conv.weight"], look="Only parameters that require a gradient.")
### END HIDDEN TESTS

# %% tests="rate_groups" part="unfreeze" points=2
@probe
def unfreezing(names, rate):
    """The optimizer's groups after unfreezing parts one after the other,
    and whether it remembers.
    """
    network = tiny(seed=9)
    for _, part in parts(network)[:-1]:
        part.requires_grad_(False)
    optimizer = torch.optim.SGD([{"name": "head", "params": list(network.head.parameters())}],
                                lr=0.5, momentum=0.9)
    network(torch.from_numpy(pictures())).sum().backward()
    optimizer.step()
    for name in names:
        unfreeze(network, optimizer, name, rate)
    called = {id(p): name for name, p in network.named_parameters()}
    return ([(group.get("name"), group["lr"], [called[id(p)] for p in group["params"]])
             for group in optimizer.param_groups],
            [name for name, p in network.named_parameters() if p.requires_grad],
            "momentum_buffer" in optimizer.state[network.head.weight])


top = ["top.conv.weight", "top.norm.weight", "top.norm.bias"]
groups, trained, remembers = unfreezing(["top"], 0.25)
check_equal("the names of the optimizer's groups after unfreeze(network, optimizer, 'top', 0.25)",
            [group[0] for group in groups], ["head", "top"],
            look="optimizer.add_param_group adds one.")
check_equal("the parameters that require a gradient then", list(trained),
            [*top, "head.weight", "head.bias"])
check_close("the learning rates of the groups", [group[1] for group in groups],
            [0.5, 0.25], rtol=1e-6)
### BEGIN HIDDEN TESTS
rate = float(hidden_rng("unfreeze").uniform(0.05, 0.4))
groups, trained, remembers = unfreezing(["top", "blocks.1", "top", "head"], rate)
check_equal("the names of the groups after unfreezing 'top', 'blocks.1', again 'top', and 'head'",
            [group[0] for group in groups], ["head", "top", "blocks.1"],
            look="A part that is there already changes nothing.")
check_close("the learning rates of these groups", [group[1] for group in groups],
            [0.5, rate, rate], rtol=1e-6)
check_equal("the parameters in the group of the top", list(groups[1][2]), top)
check("the optimizer after unfreeze", remembers, "has lost its momentum",
      look="Add a group; don't make a new optimizer.")
### END HIDDEN TESTS

# %% [markdown]
# To save time, the fine-tuning here moves the head, the top and block 15;
# the last two hold 1.0 of the 3.4 million parameters of the body.
# What enters block 15 was kept in section 2.
# (A cache of the *frozen* part stays right; only what lies above may be trained.)

# %% sandboxed="upper"
class Upper(nn.Module):
    """The blocks of a network from CUT on, its top and its head; wants what enters block CUT."""

    def __init__(self, network):
        super().__init__()
        blocks = network.blocks.named_children()
        self.blocks = nn.Sequential(OrderedDict((name, block) for name, block in blocks
                                                if int(name) >= CUT))
        self.top, self.dropout, self.head = network.top, network.dropout, network.head

    def features(self, x):
        return self.top(self.blocks(x)).mean((2, 3))

    def forward(self, x):
        return self.head(self.dropout(self.features(x)))


def train_on(network, optimizer, x, y, seed, size=30):
    """One epoch in minibatches of ``size`` pictures,
    or a few more where the number doesn't divide.
    """
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x))).to(x.device)
    for rows in order.tensor_split(max(len(x) // size, 1)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
        optimizer.step()

# %% sandboxed="fine_tune"
def fine_tune(train, test, rows, way, epochs=5, rate=0.02, seed=0):
    """Train the upper part in one of five ways; the test accuracy after each epoch."""
    torch.manual_seed(seed)
    network = freeze(replace_head(Upper(pretrained.load()), int(train.y.max()) + 1))
    network = network.to(device(), memory_format=torch.channels_last)
    for name in layers_of(network, nn.BatchNorm2d):
        network.get_submodule(name).momentum = 0.1  # theirs is 0.01, too slow for some dozen steps
    names = [name for name, _ in parts(network)]
    rates = layer_rates(names[::-1] if way == "upside down" else names, rate,
                        1.0 if way == "one rate" else 2.6)
    if way in ("one rate", "by depth", "upside down"):
        network.requires_grad_(True)
    optimizer = torch.optim.SGD(rate_groups(network, rates), lr=rate, momentum=0.9,
                                weight_decay=1e-3)
    x, y = train.kept[rows], torch.from_numpy(train.y[rows]).to(device())
    curve = []
    for epoch in range(epochs):
        if way == "gradual":
            for name in unfrozen(names, epoch, 1):
                unfreeze(network, optimizer, name, rates[name])
        train_on(train_mode(network), optimizer, x, y, seed=100 * seed + epoch)
        with torch.no_grad():
            said = network.eval()(test.kept).argmax(1).cpu().numpy()
        curve.append(np.mean(said == test.y))
    return curve

# %% [markdown]
# **Predict.** Ten labels a class, five ways: the head alone (`"head"`);
# everything with one learning rate (`"one rate"`);
# smaller rates further down (`"by depth"`);
# by depth and unfrozen gradually (`"gradual"`);
# and, by mistake, the largest rate at the bottom (`"upside down"`).
# Which one is lowest after the first epoch?

# %% solution="worst_way" title="Predict: the worst way"
# Type your choice: worst_way = "..."
### BEGIN SOLUTION
worst_way = "upside down"
### END SOLUTION

# %% [markdown] hint="worst_way"
# In which of the five does the fresh, random head learn slowest,
# while what lies below it is torn up fastest?

# %% tests="worst_way" points=1
check_one_of("worst_way", worst_way, ["head", "one rate", "by depth", "gradual", "upside down"])
### BEGIN HIDDEN TESTS
# After the first epoch: 19 to 27 %, the others 45 % or more.
check_equal("worst_way", worst_way, "upside down",
            look="Its head learns slowly, and its body is moved fast, "
            "by the gradients of a random head.")
### END HIDDEN TESTS

# %% experiment="five_ways"
ways = ("head", "one rate", "by depth", "gradual", "upside down")
rows = draw(near[0].y, 10, seed=7)
curves = {way: 100 * np.array(fine_tune(*near, rows, way, seed=7))
          for way in progress(ways, "ways")}
figure, axes = plt.subplots(figsize=(7, 3.4))
for (way, curve), dash, mark in zip(curves.items(), ("-", "--", "-.", ":", "-"), "os^Dv",
                                    strict=True):
    axes.plot(np.arange(1, 6), curve, dash, marker=mark, markersize=5,
              label=f"{way}: {curve[-1]:.0f} %")
axes.set(xlabel="epochs", xticks=range(1, 6), ylabel="test accuracy in %", ylim=(0, 100),
         title="Five ways to fine-tune, ten labels a class")
axes.legend(loc="lower right")
show(figure, "Test accuracy after each of five epochs for five ways to fine-tune. "
     "After the first epoch and at the end: "
     + ", ".join(f"{way} {curve[0]:.0f} and {curve[-1]:.0f} %" for way, curve in curves.items())
     + ".")

# %% [markdown]
# The start tells: where the body moves faster than the random head can learn,
# it is torn up first and mended later.
# (The slow head is not what costs so much: at the small rate that it has upside down,
# but on a frozen body, it got 51 % or more after the first epoch in our trials.)
# With ten labels a class and this near a domain, all five end within a few points of each other.
# With thirty, in our trials,
# the four that move the body ended about three to seven points above the head alone.
#
# And the dip of `"gradual"` in the second epoch?
# When the top is unfrozen its batch norm wakes up,
# and after the six steps of an epoch its running statistics are still about half those of ImageNet.
# With all batch norms kept in evaluation mode the same run got 65 % there, in place of 54 %.
