# %% [markdown]
# # Part B · PyTorch
#
# From here on you work inside the network.
# It has four kinds of parts: `stem`, `blocks.0` to `blocks.15`, `top` and `head`;
# `network.features(x)` is everything below the head.
# For the tests there is a toy with the same parts, which takes a millisecond.
# (Its dropout sits inside `features`;
# AlexNet and VGG, too, have dropout below their last hidden layer.)

# %% shared="tiny"
class Tiny(nn.Module):
    """The parts of EfficientNet-Lite0 in miniature:
    pictures (N, 3, H, W) to scores (N, classes).
    """

    def __init__(self, classes=3):
        super().__init__()

        def layer(inputs, outputs):
            conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            return nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(outputs),
                                             act=nn.ReLU()))

        self.stem = layer(3, 4)
        self.blocks = nn.Sequential(layer(4, 4), layer(4, 4))
        self.top = layer(4, 5)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(5, classes)

    def features(self, x):
        return self.dropout(self.top(self.blocks(self.stem(x))).mean((2, 3)))

    def forward(self, x):
        return self.head(self.features(x))

# %% shared="tiny_maker"
def tiny(seed=0, classes=3):
    """A toy network with weights drawn from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tiny(classes)


def pictures(seed=0, count=6):
    """Random pictures (count, 3, 5, 5), float32."""
    return np.random.default_rng(seed).normal(1, 2, size=(count, 3, 5, 5)).astype(np.float32)

# %% [markdown]
# ## 5 · Look inside
#
# Every layer of a PyTorch network has a dotted name, such as `blocks.3.depthwise.norm`.
# Those names are the keys of the saved weights, so it pays to know one's way about.

# %% solution="layers_of" title="Layers and parameters"
def layers_of(network, kind):
    """The dotted names of all layers of a kind, at any depth.

    Args:
        network: a torch.nn.Module.
        kind: a class such as nn.Conv2d. Subclasses of it count, too.

    Returns:
        A list of names, in the order in which the network holds them.
    """
    ### BEGIN SOLUTION
    return [name for name, module in network.named_modules() if isinstance(module, kind)]
    ### END SOLUTION


def count_parameters(network):
    """The number of parameters (single numbers, not tensors) of a network.

    Returns:
        (total, trainable): all of them, and those that require a gradient. Running statistics of
        batch normalization are no parameters. A tensor that two layers share counts once.
    """
    ### BEGIN SOLUTION
    total = sum(p.numel() for p in network.parameters())
    trainable = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return total, trainable
    ### END SOLUTION

# %% [markdown] hint="layers_of"
# `named_children()` knows the next level only.
# Which method walks through all levels?
# And which of `type(a) is b` and `isinstance(a, b)` takes subclasses?

# %% [markdown] hint="layers_of"
# `network.parameters()` hands out each parameter once, however many layers share it;
# `p.numel()` counts its numbers.

# %% tests="layers_of" part="names" points=1
@probe
def names_of(kind):
    """The names that layers_of finds in the toy network."""

    class Scaled(nn.Conv2d):
        """A convolution of one's own."""

    network = tiny()
    network.blocks[1].conv = Scaled(4, 4, 3)
    return list(layers_of(network, getattr(nn, kind)))


check_equal("layers_of(the toy network, nn.BatchNorm2d)", names_of("BatchNorm2d"),
            ["stem.norm", "blocks.0.norm", "blocks.1.norm", "top.norm"],
            look="Walk through all levels.")
check_equal("layers_of(the toy network, nn.Linear)", names_of("Linear"), ["head"])
### BEGIN HIDDEN TESTS
check_equal("layers_of(a network with a subclass of nn.Conv2d in blocks.1.conv, nn.Conv2d)",
            names_of("Conv2d"), ["stem.conv", "blocks.0.conv", "blocks.1.conv", "top.conv"],
            look="A subclass is of the kind, too: isinstance.")
check_equal("layers_of(the toy network, nn.Sequential)", names_of("Sequential"),
            ["stem", "blocks", "blocks.0", "blocks.1", "top"],
            look="Layers that hold others count as well.")
check_equal("layers_of(the toy network, nn.Embedding)", names_of("Embedding"), [],
            look="There is none.")
### END HIDDEN TESTS

# %% tests="layers_of" part="count" points=1
@probe
def counts(inputs, outputs, shared):
    """What count_parameters says of two linear layers around a batch norm, the first one frozen."""
    network = nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs),
                            nn.Linear(outputs, outputs))
    if shared:
        network.append(network[2])
    network[0].requires_grad_(False)
    return [int(number) for number in count_parameters(network)]


check_equal("count_parameters of Linear(2, 3) frozen, BatchNorm1d(3), Linear(3, 3)",
            counts(2, 3, False), [27, 18],
            look="9 frozen, 6 of the norm (scale and shift), 12 of the last layer.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("count_parameters")
m, n = (int(number) for number in rng.integers(3, 9, size=2))
rest = 2 * n + n * n + n
check_equal(f"count_parameters of Linear({m}, {n}) frozen, BatchNorm1d({n}), Linear({n}, {n})",
            counts(m, n, False),
            [m * n + n + rest, rest], look="Count single numbers of parameters, not of buffers.")
check_equal("count_parameters of the same with the last layer used twice", counts(m, n, True),
            [m * n + n + rest, rest], look="A shared tensor counts once.")
### END HIDDEN TESTS

# %% experiment="where_the_weights_are"
network = pretrained.load()
total, _ = count_parameters(network)
held = {name: count_parameters(part)[0] for name, part in parts(network)}
figure, axes = plt.subplots(figsize=(8.4, 3.0))
colours = [COLOURS["orange"] if name == "head" else COLOURS["blue"] for name in held]
bars = axes.bar(list(held), [number / 1000 for number in held.values()], color=colours)
axes.bar_label(bars, fmt="%.0f", fontsize=8)
axes.tick_params(axis="x", rotation=60)
axes.set(ylabel="thousands of parameters", title=f"EfficientNet-Lite0: {total:,} parameters, "
         f"{len(layers_of(network, nn.BatchNorm2d))} batch norms")
axes.grid(axis="x")
show(figure, "Bars: thousands of parameters in each part, from stem to head. "
     "The stem and the lower blocks have hardly any, the last five blocks up to "
     f"{max(held[f'blocks.{k}'] for k in range(16)) // 1000}, the top {held['top'] // 1000} and "
     f"the head {held['head'] // 1000}.")

# %% [markdown]
# What share of all parameters sits in the head, which you are about to throw away?
# And how many parameters will the new head for 18 photographs have?

# %% solution="heads" title="Old head, new head"
# Type a share (between 0 and 1) and a number: head_share = ... and new_head = ...
### BEGIN SOLUTION
head_share = 0.275  # 1,281,000 of 4,652,008
new_head = 1280 * 18 + 18
### END SOLUTION

# %% [markdown] hint="heads"
# The title has the number of all parameters, the last bar the head's.
# The new head sees the same 1,280 features and has 18 outputs.
# Each output has a bias.

# %% tests="heads" part="share" points=1
check("head_share", 0 < head_share < 1, f"{head_share} is not a share between 0 and 1")
### BEGIN HIDDEN TESTS
# 1280 · 1000 + 1000 of 4,652,008, which timm and Keras give for this network, too.
check_close("head_share", head_share, 1_281_000 / 4_652_008, rtol=0, atol=0.01,
            look="Divide the last bar by the total.")
### END HIDDEN TESTS

# %% tests="heads" part="new" points=1
check("new_head", new_head > 0, f"{new_head} is not a number of parameters")
### BEGIN HIDDEN TESTS
check_equal("new_head", new_head, 23_058, look="18 outputs, each with 1,280 weights and a bias.")
### END HIDDEN TESTS
