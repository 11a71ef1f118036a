# %% [markdown]
# ## 12 · What makes it fast
#
# **Predict.** You train a new head on a frozen body for 20 epochs.
# Four measures: half-precision arithmetic where it is safe
# (*mixed precision*, Micikevicius et al., 2018);
# the memory layout that convolutions like on many devices (*channels last*);
# larger batches; computing the features once (*caching*).
# Which saves most, on almost any machine:
# `"mixed precision"`, `"channels last"`, `"larger batches"` or `"caching"`?

# %% solution="saves_most" title="Predict: what saves most"
# Type your choice: saves_most = "..."
### BEGIN SOLUTION
saves_most = "caching"
### END SOLUTION

# %% [markdown] hint="saves_most"
# How many times does the body see each picture in 20 epochs, and how many times need it?

# %% tests="saves_most" points=1
check_one_of("saves_most", saves_most,
             ["mixed precision", "channels last", "larger batches", "caching"])
### BEGIN HIDDEN TESTS
check_equal("saves_most", saves_most, "caching",
            look="19 of 20 passes through the body compute what is known already; "
            "the head alone costs next to nothing.")
### END HIDDEN TESTS

# %% sandboxed="timing"
def seconds_of(work, repeats=3):
    """The median time of a piece of work on the device; the first, slower call doesn't count."""
    settle = {"cuda": torch.cuda.synchronize,
              "mps": torch.mps.synchronize}.get(device().type, lambda: None)
    taken = []
    for _ in range(repeats + 1):
        settle()  # a GPU works behind our back: wait for it before looking at the clock
        begin = time.perf_counter()
        work()
        settle()
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken[1:]))


def head_step(network, x, y, half=False):
    """One training step of the head on pictures, through the frozen body."""
    with torch.autocast(device().type, dtype=torch.bfloat16, enabled=half):
        loss = nn.functional.cross_entropy(network(x), y)
    loss.backward()

# %% experiment="fast"
network = train_mode(freeze(replace_head(pretrained.load(), 18))).to(device())
x, y = as_input(near[0].X[:54]).contiguous(), torch.from_numpy(near[0].y[:54]).to(device())
costs = {"float32": seconds_of(lambda: head_step(network, x, y)),
         "mixed precision\n(bfloat16)": seconds_of(lambda: head_step(network, x, y, half=True))}
network, last = (network.to(memory_format=torch.channels_last),
                 x.to(memory_format=torch.channels_last))
costs["channels last"] = seconds_of(lambda: head_step(network, last, y))
costs["both"] = seconds_of(lambda: head_step(network, last, y, half=True))
features = torch.from_numpy(near[0].pooled["top"][:54]).to(device())
costs["cached features"] = seconds_of(
    lambda: nn.functional.cross_entropy(network.head(features), y).backward())
figure, axes = plt.subplots(figsize=(6.6, 2.9))
milliseconds = [1000 * cost for cost in costs.values()]
axes.bar_label(axes.barh(list(costs), milliseconds, color=COLOURS["blue"]),
               fmt="%.1f ms", padding=3)
axes.set(xlim=(0, 1.2 * max(milliseconds)),
         xlabel=f"milliseconds for a step of 54 pictures on {device().type} (median of 3)")
axes.invert_yaxis()
show(figure, "Milliseconds for one training step of the head: "
     + ", ".join(f"{name} {cost:.1f}".replace("\n", " ")
                 for name, cost in zip(costs, milliseconds, strict=True)) + ".")
