# %% [markdown]
# ### A fair comparison
#
# To compare activations, everything else must be equal:
# the data, the minibatches, the first weights.
# So the builder takes a seed,
# and the same seed must give the same weights *whatever the activation*.
# And each layer needs an activation of its own: a shared PReLU would share its slope.

# %% solution="make_mlp" title="Multilayer perceptron"
def make_mlp(activation, seed, sizes=(64, 32, 32, 32, 10)):
    """A multilayer perceptron: nn.Sequential of Linear, activation, Linear, …, Linear.

    Args:
        activation: a function without arguments that makes a new module, such as nn.ReLU or
            lambda: nn.LeakyReLU(0.1). Making one may draw random numbers.
        seed: decides the weights: normal with variance 2 / fan_in (``nn.init.kaiming_normal_``
            with nonlinearity="relu"); biases are 0. They are the same for every activation,
            and no two layers share them.
        sizes: the widths, from input to output. No activation follows the last layer; after
            each of the others comes a module of its own.
    """
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    layers = [nn.Linear(fan_in, fan_out) for fan_in, fan_out in pairwise(sizes)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    modules = layers[:1]
    for layer in layers[1:]:
        modules += [activation(), layer]
    return nn.Sequential(*modules)
    ### END SOLUTION

# %% [markdown] hint="make_mlp"
# `torch.manual_seed(seed)` first, then *all* linear layers with their weights,
# and only then the activations, which may draw random numbers themselves.

# %% [markdown] hint="make_mlp"
# Call `activation()` once for each gap between two layers.
# Calling it once and putting the same module in all gaps makes them share their parameters.

# %% tests="make_mlp" part="form" points=1
@probe
def forms(kind, seed, sizes):
    """The names of the modules of a network, and how many different ones there are."""
    net = make_mlp({"ReLU": nn.ReLU, "PReLU": nn.PReLU}[kind], seed, sizes)
    return [type(module).__name__ for module in net], len({id(module) for module in net})


got = forms("ReLU", 0, (4, 3, 2))
check_equal("the modules of make_mlp(nn.ReLU, 0, sizes=(4, 3, 2))", got[0],
            ["Linear", "ReLU", "Linear"], look="No activation after the last layer.")
### BEGIN HIDDEN TESTS
got = forms("PReLU", 3, (4, 3, 5, 6, 2))
check_equal("the modules of make_mlp(nn.PReLU, 3, sizes=(4, 3, 5, 6, 2))", got[0],
            ["Linear", "PReLU"] * 3 + ["Linear"])
check_equal("the number of different modules in it", got[1], 7,
            look="Each layer has an activation of its own.")
### END HIDDEN TESTS

# %% tests="make_mlp" part="weights" points=2
@probe
def first_weights(kind, seed, sizes):
    """The weights and the biases of the linear layers of a network;
    "noisy" draws numbers when made.
    """
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = nn.Parameter(torch.rand(()))

    net = make_mlp({"ReLU": nn.ReLU, "Tanh": nn.Tanh, "noisy": Noisy}[kind], seed, sizes)
    layers = [module for module in net if isinstance(module, nn.Linear)]
    return ([layer.weight.detach().numpy().copy() for layer in layers],
            [layer.bias.detach().numpy().copy() for layer in layers])


one, two = first_weights("ReLU", 1, (4, 3, 2)), first_weights("Tanh", 1, (4, 3, 2))
for k in range(2):
    check_close(f"weight {k} of make_mlp(nn.Tanh, 1, …), compared with make_mlp(nn.ReLU, 1, …),",
                two[0][k], one[0][k], rtol=1e-6)
### BEGIN HIDDEN TESTS
weights, biases = first_weights("ReLU", 2, (200, 300, 100))
others = first_weights("ReLU", 3, (200, 300, 100))[0]
noisy = first_weights("noisy", 2, (200, 300, 100))[0]
for k, fan_in in enumerate((200, 300)):
    # The standard deviation of 30,000 numbers is known to 0.4 %; a normal variable has kurtosis 3,
    # a uniform one 1.8.
    check_close(f"the standard deviation of weight {k} times √(fan_in / 2)",
                weights[k].std() * np.sqrt(fan_in / 2), 1.0, rtol=0.03,
                look="Variance 2 / fan_in.")
    check("make_mlp", (weights[k] ** 4).mean() / weights[k].var() ** 2 > 2.6,
          "the weights are not normal (uniform?)")
    check("make_mlp", not biases[k].any(), "the biases are not 0")
    check("make_mlp", not np.allclose(weights[k], others[k]), "seeds 2 and 3 give the same weights")
    check_close(f"weight {k} with an activation that draws random numbers, same seed,", noisy[k],
                weights[k], rtol=1e-6,
                look="Draw all weights before you make the first activation.")
first, second = first_weights("ReLU", 2, (20, 20, 20))[0]
check("make_mlp(nn.ReLU, 2, sizes=(20, 20, 20))", not np.allclose(first, second),
      "both layers have the same weights",
      look="Set the seed once for the network, not once for each layer.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell trains such a network on the device, for 40 steps with momentum,
# and gives its accuracy on digits that it hasn't seen.

# %% sandboxed="train_mlp"
torch.set_num_threads(1)  # for so small a network, several threads would only wait for each other


class SiLUByHand(nn.Module):
    """Your operation as a module."""

    def forward(self, x):
        return SiLUFunction.apply(x)


def train_mlp(activation, seed=0, steps=40, rate=0.1):
    """Train ``make_mlp(activation, seed)`` on 1,297 digits; the accuracy on the other 500, in %."""
    x, y = (torch.from_numpy(array).to(device()) for array in data.digits())
    net = make_mlp(activation, seed).to(device())
    speeds = [torch.zeros_like(p) for p in net.parameters()]
    rows = torch.from_numpy(
        np.random.default_rng(seed).integers(1297, size=(steps, 64))).to(device())
    for batch in rows:
        loss = F.cross_entropy(net(x[batch]), y[batch])
        slopes = torch.autograd.grad(loss, list(net.parameters()))
        with torch.no_grad():
            for p, speed, slope in zip(net.parameters(), speeds, slopes, strict=True):
                p -= rate * speed.mul_(0.9).add_(slope)
    with torch.no_grad():
        return 100 * (net(x[1297:]).argmax(dim=1) == y[1297:]).float().mean().item()

# %% [markdown]
# One run proves nothing: another seed, another winner.
# With the same seeds for both, two activations can be compared *pair by pair*,
# and what the seeds have in common cancels.
# Write the comparison.

# %% solution="paired_difference" title="Paired difference"
def paired_difference(first, second):
    """By how much ``first`` is better than ``second``, and how sure that is.

    Args:
        first, second: the accuracies of two methods, two lists or arrays (S,) with S ≥ 2; entries
            of the same place come from the same seed.

    Returns:
        (mean, error): the mean over the seeds of first − second, and its standard error, which is
        the standard deviation of the differences (with S − 1) over √S. Two numbers.
    """
    ### BEGIN SOLUTION
    difference = np.asarray(first) - np.asarray(second)
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))
    ### END SOLUTION

# %% [markdown] hint="paired_difference"
# First subtract, then take mean and standard deviation of the *differences*.
# (Two standard deviations, one for each list, would count what the seeds have in common as noise.)

# %% [markdown] hint="paired_difference"
# `np.std` divides by S unless you say `ddof=1`.
# And a standard error is a standard deviation over √S.

# %% tests="paired_difference" points=2
mean, error = paired_difference([90.0, 70.0, 80.0], [88.0, 69.0, 77.0])
check_close("the mean of paired_difference([90, 70, 80], [88, 69, 77])", mean, 2.0, rtol=1e-5)
check_close(
    "the error of paired_difference([90, 70, 80], [88, 69, 77])", error, 1 / np.sqrt(3), rtol=1e-5,
    look="The differences are 2, 1 and 3: their standard deviation is 1, and there are three.")
### BEGIN HIDDEN TESTS
from statistics import stdev

rng = hidden_rng("paired_difference")
for count in (2, 5, 9):
    common = 10 * rng.normal(size=count)
    first, second = (80 + common + rng.normal(size=count) for _ in range(2))
    mean, error = paired_difference(first.copy(), second.copy())
    expected = stdev((first - second).tolist()) / count**0.5
    check_close(f"the mean of paired_difference over {count} seeds", mean, (first - second).mean(),
                rtol=1e-4, atol=1e-4)
    check_close(f"the error of paired_difference over {count} seeds", error, expected, rtol=1e-4,
                look="The standard deviation of the differences, with S − 1, over √S.")
### END HIDDEN TESTS

# %% [markdown]
# Seven activations, four seeds each; and for the speed, forward
# and backward passes over a quarter of a million numbers, on one core of a CPU or on all of a GPU.
# (A GPU works behind our back: wait for it before looking at the clock.)

# %% sandboxed="speed_of"
def speed_of(module, repeats=5):
    """Milliseconds (the median) for forward and backward over 256 × 1024 numbers on the device."""
    where = device()
    waits = {"cuda": torch.cuda.synchronize, "mps": lambda: torch.mps.synchronize()}
    settle = waits.get(where.type, lambda: None)
    module, seconds = module.to(where), []
    x = torch.linspace(-4, 4, 256 * 1024, device=where).view(256, 1024).requires_grad_()
    for _ in range(repeats + 1):
        settle()
        begin = time.perf_counter()
        torch.autograd.grad(module(x).sum(), x)
        settle()
        seconds.append(time.perf_counter() - begin)
    return 1000 * np.median(seconds[1:])

# %% experiment="comparison"
kinds = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU, "PReLU by hand": PReLUByHand,
         "ELU": nn.ELU, "GELU": nn.GELU, "SiLU by hand": SiLUByHand}
accuracies = {name: [train_mlp(kind, seed) for seed in range(4)]
              for name, kind in progress(kinds.items(), "activations")}
speeds = [speed_of(kind()) for kind in kinds.values()]
figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(9, 3.4))
for place, name in enumerate(kinds):
    left.plot(accuracies[name], [place] * 4, "o", color=COLOURS["blue"], alpha=0.5)
    left.plot(np.mean(accuracies[name]), place, "|", color="black", markersize=18,
              markeredgewidth=2)
right.bar_label(right.barh(range(7), speeds, color=COLOURS["sky"]), fmt="%.2f", padding=3)
left.set(xlabel="accuracy after 40 steps, in %", yticks=range(7), yticklabels=list(kinds),
         xlim=(0, 100))
right.set(xlabel=f"ms, forward and backward, on {device().type}", xlim=(0, 1.2 * max(speeds)))
left.invert_yaxis()
for name in ("tanh", "GELU", "sigmoid"):
    mean, error = paired_difference(accuracies[name], accuracies["ReLU"])
    print(f"{name} less ReLU: {mean:+.1f} ± {error:.1f} points")
show(figure, "Left, the accuracy of seven activations after 40 steps, a dot for each of four seeds "
     "and a line at the mean: sigmoid is near 10 percent, which is guessing; all others lie close "
     "together, most between 70 and 90. Right, bars of milliseconds for forward and backward: "
     + "; ".join(f"{name} {ms:.2f}" for name, ms in zip(kinds, speeds, strict=True)) + ".")

# %% [markdown]
# How many percentage points does the sigmoid lie behind ReLU, in the mean over the seeds?

# %% solution="sigmoid_behind" title="Sigmoid behind ReLU"
# Type the number of points: sigmoid_behind = ...
### BEGIN SOLUTION
sigmoid_behind = 71.4
### END SOLUTION

# %% [markdown] hint="sigmoid_behind"
# It is printed above the picture; give it as a positive number.

# %% tests="sigmoid_behind" points=1
check("sigmoid_behind", 0 < sigmoid_behind <= 100,
      f"{sigmoid_behind}: give percentage points, as a positive number")
### BEGIN HIDDEN TESTS
# Over twenty sets of four seeds: 63 to 73 points.
check_close("sigmoid_behind", sigmoid_behind, 68.0, rtol=0, atol=9,
            look="The mean over the seeds, in percentage points.")
### END HIDDEN TESTS

# %% [markdown]
# Only three hidden layers, and the sigmoid hasn't begun to learn.
# (On the right, the activations by hand are among the slowest: each operation of theirs reads
# and writes the whole array, while PyTorch's own do it all in one pass.)
# Among the others the picture is less clear than the headlines of papers:
# look at the printed differences and their errors before you declare a winner.
# ReLU's weights were also made for ReLU (variance 2 / fan_in);
# a comparison in which each activation has its own best weights and rate would be fairer still,
# and more expensive.
