# %% [markdown]
# ## 10 · Residual branches at birth
#
# A residual block adds a branch to what passes by, $x \leftarrow x + f(x)$.
# If the branch returns a signal of the same size as its input and independent of it,
# each block doubles the mean square, whatever rule the layers in the branch obey.

# %% sandboxed="residual"
class Residual(nn.Module):
    """x + last(relu(first(x))); with the weights drawn here the branch has the size of x."""

    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.kaiming_normal_(self.last.weight, nonlinearity="linear")
        nn.init.zeros_(self.first.bias)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        return x + self.last(torch.relu(self.first(x)))

# %% [markdown]
# **With pencil and paper.** 24 such blocks:
# by which factor does the root mean square of the signal grow?

# %% solution="residual_growth" title="Growth through residual blocks"
# Type the factor: residual_growth = ...
### BEGIN SOLUTION
residual_growth = 4096.0  # √(2²⁴)
### END SOLUTION

# %% [markdown] hint="residual_growth"
# The mean square doubles 24 times.
# And its root?

# %% tests="residual_growth" points=1
check("residual_growth", residual_growth > 1, f"{residual_growth} is no growth")
### BEGIN HIDDEN TESTS
check_close("residual_growth", residual_growth, 4096, rtol=0.02, look="√(2²⁴) = 2¹².")
### END HIDDEN TESTS

# %% [markdown]
# Two remedies, both at the *last* layer of the branch.
# **Zero**: the branch starts as nothing and the block as the identity (Goyal et al., 2017,
# do it with the scale of the last batch normalization; Zhang et al., 2019, with the last layer).
# **Depth**: multiply its weights by $1/\sqrt{L}$, with $L$ the number of blocks,
# and the mean square grows by $(1 + 1/L)^L < e$, however deep the network is (De & Smith, 2020,
# compare 0 and $1/\sqrt{L}$ for a learnable factor at the end of each branch).
# Why not zero the first layer instead?
# Look at the gradients, and you will see.

# %% solution="scale_at_birth" title="Branches scaled at birth"
@torch.no_grad()
def scale_at_birth(blocks, how):
    """Scale the branches of residual blocks, in place, before training begins.

    Args:
        blocks: a list of blocks with the layers ``first`` and ``last``, as in Residual; all blocks
            of the network.
        how: "zero": the weights and the bias of each last layer become zero;
            "depth": the weights of each last layer are multiplied by 1/√L for L blocks.

    Returns:
        The list of blocks.

    Raises:
        ValueError: another way.
    """
    ### BEGIN SOLUTION
    if how not in ("zero", "depth"):
        raise ValueError(f'how is "zero" or "depth", not {how!r}')
    for block in blocks:
        if how == "zero":
            nn.init.zeros_(block.last.weight)
            nn.init.zeros_(block.last.bias)
        else:
            block.last.weight *= len(blocks) ** -0.5
    return blocks
    ### END SOLUTION

# %% [markdown] hint="scale_at_birth"
# If `last` is zero, is the gradient of `last` zero as well?
# (It is the branch's hidden signal times the gradient above.)
# And if `first` were zero, or both?

# %% [markdown] hint="scale_at_birth"
# `nn.init.zeros_(block.last.weight)`, or `block.last.weight *= len(blocks) ** -0.5`.
# Changing a parameter in place is fine under `torch.no_grad()`, which stands above the function.

# %% tests="scale_at_birth" points=2
@probe
def born(count, how, seed):
    """Blocks after scale_at_birth, as plain data:
    what became of the parameters, and the gradients of a pass.
    """
    torch.manual_seed(seed)
    blocks = [Residual(6).to(device(), check_dtype(device())) for _ in range(count)]
    for block in blocks:
        nn.init.constant_(block.last.bias, 0.25)
    old = [copy_of(block) for block in blocks]
    ids = [id(p) for block in blocks for p in block.parameters()]
    returned = scale_at_birth(blocks, how)
    x = torch.randn(50, 6).to(device(), check_dtype(device()))
    nn.Sequential(*blocks)(x).square().sum().backward()
    return {"old": old, "new": [copy_of(block) for block in blocks],
            "kept": ids == [id(p) for block in blocks for p in block.parameters()],
            "same": isinstance(returned, (list, tuple))
            and list(map(id, returned)) == list(map(id, blocks)),
            "learns": all(float(block.last.weight.grad.abs().max()) > 0 for block in blocks)}


@probe
def copy_of(block):
    """The four parameters of a block as arrays: first weight and bias, last weight and bias."""
    return [p.detach().cpu().numpy().copy() for layer in (block.first, block.last)
            for p in (layer.weight, layer.bias)]


zero, depth = born(2, "zero", 0), born(4, "depth", 0)
check("scale_at_birth(blocks, 'zero')", zero["same"], "return the list of blocks")
check_close("the last weights after scale_at_birth(blocks, 'zero')", zero["new"][0][2],
            np.zeros((6, 6)), look="All zero.")
check_close("the last weights of 4 blocks after scale_at_birth(blocks, 'depth')",
            depth["new"][0][2], depth["old"][0][2] / 2, rtol=1e-5, look="Multiplied by 1/√4.")
check_raises("scale_at_birth(blocks, 'none')", ValueError, born, 2, "none", 0)
### BEGIN HIDDEN TESTS
count = int(hidden_rng("scale_at_birth").integers(5, 9))
for how in ("zero", "depth"):
    got, call = (born(count, how, hidden_seed("scale_at_birth")),
                 f"scale_at_birth of {count} blocks with {how!r}")
    check(call, got["kept"], "replaced a parameter",
          look="An optimizer that holds the old one would train nothing.")
    for old, new in zip(got["old"], got["new"]):
        check_close(f"the first weights after {call}", new[0], old[0],
                    look="Only the last layer of a branch is scaled.")
        factor = 0.0 if how == "zero" else count**-0.5
        check_close(f"the last weights after {call}", new[2], factor * old[2], rtol=1e-5,
                    look="Zero, or 1/√L with the number L of all blocks.")
        check_close(f"the last bias after {call}", new[3], np.zeros(6) if how == "zero" else old[3],
                    look="'zero' clears the bias too, 'depth' leaves it.")
    check(call, got["learns"],
          "leaves a branch without a gradient at its last weights: it would never learn")
### END HIDDEN TESTS

# %% sandboxed="heights"
def heights(how, seed, count=24, width=128):
    """The root mean square of the signal before the first and after each of the residual blocks."""
    torch.manual_seed(seed)
    blocks = [Residual(width).to(device()) for _ in range(count)]
    if how != "none":
        scale_at_birth(blocks, how)
    x = torch.randn(64, width).to(device())
    sizes = [x.square().mean().sqrt()]
    with torch.no_grad():
        for block in blocks:
            x = block(x)
            sizes.append(x.square().mean().sqrt())
    return torch.stack(sizes).cpu().numpy()

# %% experiment="heights"
figure, axes = plt.subplots(figsize=(6.8, 3.1))
for how, name, colour, mark in (("none", "as it is", "red", "^"), ("depth", "1/√L", "blue", "o"),
                                ("zero", "zero", "green", "s")):
    sizes = heights(how, seed=0)
    axes.semilogy(sizes, mark + "-", color=COLOURS[colour], label=name, markersize=4)
    axes.text(24.5, sizes[-1], f"{sizes[-1]:.3g}", va="bottom" if how == "depth" else "top",
              color=COLOURS[colour])
axes.set(xlabel="block", ylabel="root mean square of the signal",
         title="24 residual blocks at birth", ylim=(0.5, 2e4), xticks=range(0, 25, 4))
axes.legend(loc="upper left")
show(figure, "The root mean square of the signal through 24 residual blocks. "
     "As they are, it grows exponentially, from 1 to more than two thousand. "
     "With 1/√L it ends near 1.5, with zero it stays at 1.")

# %% [markdown]
# Read off: by which factor does the signal grow with $1/\sqrt{L}$?
# (And which number is it near?
# $\left((1 + 1/L)^L\right)^{1/2}$ goes to $\sqrt e$.)

# %% solution="depth_growth" title="Growth with scaled branches"
# Type the factor: depth_growth = ...
### BEGIN SOLUTION
depth_growth = 1.54
### END SOLUTION

# %% [markdown] hint="depth_growth"
# The number stands at the end of the blue curve.

# %% tests="depth_growth" points=1
check("depth_growth", depth_growth > 0, f"{depth_growth} is not a positive factor")
### BEGIN HIDDEN TESTS
# 1.5 to 1.7 on 20 seeds.
check("depth_growth", 1.3 <= depth_growth <= 2.1,
      f"is {depth_growth:g}, but your picture says something else",
      look="The number at the end of the blue curve; √e = 1.65.")
### END HIDDEN TESTS
