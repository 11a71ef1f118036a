# %% [markdown]
# ### Prove it
#
# Don't believe it: measure it.
# Take a snapshot of *everything* that the network remembers, parameters and buffers,
# train a little, and compare.

# %% solution="what_changed" title="What changed"
def snapshot(network):
    """A copy of all parameters and buffers of a network, {name: tensor}, as they are now."""
    ### BEGIN SOLUTION
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    ### END SOLUTION


def what_changed(before, network):
    """The names of the parameters and buffers of which not every bit is as it was.

    Args:
        before: what ``snapshot`` returned earlier.
        network: the same network, now.

    Returns:
        A list of names, in the order of the network's state_dict.
    """
    ### BEGIN SOLUTION
    return [name for name, now in network.state_dict().items()
            if not torch.equal(now, before[name])]
    ### END SOLUTION

# %% [markdown] hint="what_changed"
# Which of `parameters()` and `state_dict()` contains the running statistics?
# And are its tensors copies, or the very tensors that training will change?

# %% [markdown] hint="what_changed"
# `tensor.detach().clone()` is a copy.
# `torch.equal(a, b)` compares exactly; `allclose` would overlook a slow drift.

# %% tests="what_changed" points=3
@probe
def seen(changes):
    """The names that what_changed returns after changes to single entries:
    (name, factor, amount).
    """
    network = tiny(seed=4).double()
    before = snapshot(network)
    with torch.no_grad():
        for name, factor, amount in changes:
            tensor = network.state_dict()[name]
            tensor.view(-1)[-1].mul_(factor).add_(amount)
    return list(what_changed(before, network))


check_equal("what_changed after nothing happened", seen([]), [])
check_equal("what_changed after a change of head.weight", seen([("head.weight", 2.0, 0.5)]),
            ["head.weight"],
            look="Is the snapshot a copy? The tensors of state_dict() change with the network.")
### BEGIN HIDDEN TESTS
check_equal("what_changed after a change of stem.norm.running_mean",
            seen([("stem.norm.running_mean", 1.0, 0.1)]), ["stem.norm.running_mean"],
            look="Running statistics are buffers: parameters() doesn't have them.")
check_equal("what_changed after a change of a weight by one part in 10¹²",
            seen([("top.conv.weight", 1 + 1e-12, 0.0)]),
            ["top.conv.weight"], look="Compare exactly: a slow drift is a drift.")
check_equal("what_changed after changes in three places",
            seen([("blocks.1.conv.weight", 1.0, 1.0), ("top.norm.num_batches_tracked", 1, 1),
                  ("head.bias", 1.0, 1e-9)]),
            ["blocks.1.conv.weight", "top.norm.num_batches_tracked", "head.bias"],
            look="All of state_dict, in its order.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Somebody sets `requires_grad = False` for the body and calls `network.train()`.
# The optimizer holds only the head.
# After ten steps, what has changed below the head:
# `"nothing"`, `"running statistics"` or `"weights"`?

# %% solution="still_moves" title="Predict: what still moves"
# Type your choice: still_moves = "..."
### BEGIN SOLUTION
still_moves = "running statistics"
### END SOLUTION

# %% [markdown] hint="still_moves"
# Without a gradient no weight moves.
# Who else writes into the network during a forward pass in training mode?

# %% tests="still_moves" points=1
check_one_of("still_moves", still_moves, ["nothing", "running statistics", "weights"])
### BEGIN HIDDEN TESTS
check_equal("still_moves", still_moves, "running statistics",
            look="Batch norms in training mode update them in each forward pass, gradient or not.")
### END HIDDEN TESTS

# %% sandboxed="ten_steps"
def ten_steps(network, optimizer):
    for step in range(10):
        x, y = torch.from_numpy(pictures(step)).to(device()), torch.arange(6, device=device()) % 3
        optimizer.zero_grad(set_to_none=False)
        nn.functional.cross_entropy(network(x), y).backward()
        optimizer.step()


def moved(prepare, keep_optimizer=False):
    """The shares of the body's weights and statistics that changed in ten steps."""
    network = tiny(seed=7).to(device())
    held = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)
    ten_steps(network.train(), held)
    prepare(network)
    trained = [p for p in network.parameters() if p.requires_grad]
    before = snapshot(network)
    ten_steps(network, held if keep_optimizer else torch.optim.SGD(trained, lr=0.05))
    names = [name for name in what_changed(before, network) if not name.startswith("head")]
    statistics = sum("running" in name or "tracked" in name for name in names)
    return [(len(names) - statistics) / 12, statistics / 12]

# %% experiment="four_programs"
def body_off(network):
    for _, part in parts(network)[:-1]:
        part.requires_grad_(False)


programs = {"nothing frozen": moved(lambda network: network.train()),
            "no gradients, .train()": moved(lambda network: (body_off(network), network.train())),
            "no gradients, .eval(),\nold optimizer": moved(
                lambda network: (body_off(network), network.eval()), True),
            "freeze, train_mode": moved(lambda network: train_mode(freeze(network)))}

# %% experiment="frozen_or_not"
figure, axes = plt.subplots(figsize=(7, 2.7))
for place, (label, colour) in enumerate((("weights", "blue"), ("running statistics", "orange"))):
    bars = axes.barh(np.arange(4) + 0.36 * place,
                     [100 * shares[place] for shares in programs.values()], 0.34,
                     label=label, color=COLOURS[colour])
    axes.bar_label(bars, fmt="%.0f %%", padding=3)
axes.set(yticks=np.arange(4) + 0.18, yticklabels=list(programs), xlim=(0, 100),
         xlabel="tensors below the head that changed in ten steps, in %")
axes.invert_yaxis()
axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
show(figure, "Share of the tensors below the head that changed in ten steps, weights and running "
     "statistics, for four programs. "
     + "; ".join(f"{name}: {100 * w:.0f} % and {100 * s:.0f} %".replace("\n", " ")
                 for name, (w, s) in programs.items()) + ".")

# %% [markdown]
# Only the last of the four is frozen.
# The two in the middle look frozen, and run without an error or a warning.
#
# ### Features, once and for all
#
# A frozen body gives the same features for the same picture in each epoch.
# So compute them once.
# This has three conditions: evaluation mode (no dropout, running statistics), no gradients,
# and the network left as you found it, *layer by layer*:
# a frozen batch norm must not wake up in training mode.

# %% solution="extract_features" title="Extracted features"
def extract_features(network, images, batch=64):
    """The features of pictures, in batches.

    Args:
        network: a network with ``network.features``, on any device, in any mode.
        images: an array (N, 3, H, W), float32.
        batch: at most so many pictures go through the network at a time.

    Returns:
        A numpy array (N, D), computed in evaluation mode and without gradients. Afterwards every
        layer of the network is in the mode in which it was before.
    """
    ### BEGIN SOLUTION
    modes = {module: module.training for module in network.modules()}
    where, found = next(network.parameters()).device, []
    network.eval()
    with torch.no_grad():
        for at in range(0, len(images), batch):
            x = torch.from_numpy(images[at : at + batch]).to(where)
            found.append(network.features(x).cpu().numpy())
    for module, mode in modes.items():
        module.training = mode
    return np.concatenate(found)
    ### END SOLUTION

# %% [markdown] hint="extract_features"
# `network.eval()` reaches every layer, and so would `network.train()` at the end.
# Which layers were in which mode before?
# Each one knows its own, in `module.training`; note them down first.

# %% [markdown] hint="extract_features"
# `modes = {module: module.training for module in network.modules()}`, and the way back in the end.
# In between, inside `with torch.no_grad():`, take slices `images[at : at + batch]`,
# send them to the device of the network, collect `network.features(x).cpu().numpy()`,
# and join them with `np.concatenate`.

# %% tests="extract_features" points=3
@probe
def extracted(seed, count, batch, asleep):
    """What extract_features returns, the layers in evaluation mode afterwards,
    and the batch sizes.
    """
    network = tiny(seed).to(device()).train()
    for _, part in parts(network)[:asleep]:
        part.eval()
    network.stem.norm.running_mean += 0.5
    before = [name for name, module in network.named_modules() if not module.training]
    sizes, graphs = [], []

    def watch(module, inputs, out):
        sizes.append(len(out))
        graphs.append(out.requires_grad)

    # a hook goes along when a student copies the network
    network.dropout.register_forward_hook(watch)
    got = extract_features(network, pictures(seed, count), batch)
    after = [name for name, module in network.named_modules() if not module.training]
    return (got, isinstance(got, np.ndarray), before == after, sizes, any(graphs),
            float(network.stem.norm.running_mean[0]))


def of_my_own(seed, count):
    network = tiny(seed).eval()
    network.stem.norm.running_mean += 0.5
    with torch.no_grad():  # picture by picture: in evaluation mode no picture knows of another
        return torch.cat([network.features(torch.from_numpy(x[None]))
                          for x in pictures(seed, count)]).numpy()


got, array, same_modes, sizes, graph, statistic = extracted(5, 6, 4, 0)
check("extract_features(network, images)", array, "must return a numpy array")
check_close("extract_features of 6 pictures, batch=4", got, of_my_own(5, 6), rtol=1e-3, atol=1e-4,
            look="In evaluation mode: no dropout, and batch norms with their running statistics.")
check("extract_features(network, images)", same_modes,
      "left layers of the network in another mode than before")
### BEGIN HIDDEN TESTS
seed, count, batch = (int(number) for number in hidden_rng("extract_features").integers(
    [10, 9, 3], [99, 14, 6]))
got, _, same_modes, sizes, graph, statistic = extracted(seed, count, batch, 3)
check_close(f"extract_features of {count} pictures, batch={batch}", got, of_my_own(seed, count),
            rtol=1e-3, atol=1e-4,
            look="The last batch may be smaller; all pictures, in their order.")
check("extract_features of a network with some parts in evaluation mode", same_modes,
      "left layers in another mode than before",
      look="Remember the mode of each layer and give it back.")
check(f"extract_features(network, {count} pictures, batch={batch})", max(sizes, default=0) <= batch,
      f"put {max(sizes, default=0)} pictures through the network at a time")
check("extract_features", not graph, "built a graph for gradients", look="Use torch.no_grad().")
check_close("a running mean of the network after extract_features", statistic, 0.5, rtol=1e-6,
            look="Extracting features must not change the network.")
### END HIDDEN TESTS

# %% [markdown]
# A cache has a classic bug: the network is fine-tuned, and the old features are used on.
# So a cache needs to notice that the network is another one.
# Write a *fingerprint*:
# a short text that changes whenever any parameter or buffer changes, in any bit.

# %% solution="fingerprint" title="Fingerprint of a network"
def fingerprint(network):
    """A text that tells states of a network apart.

    Args:
        network: a torch.nn.Module.

    Returns:
        A string. Two networks with the same names and the same parameters and buffers have the
        same one, on whatever device and in whatever mode; if a name or any bit of a parameter or
        buffer differs, the strings differ.
    """
    ### BEGIN SOLUTION
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
    ### END SOLUTION

# %% [markdown] hint="fingerprint"
# A sum of all weights does not change when two weights trade places.
# `hashlib.sha256()` takes bytes, piece by piece, and forgets none of them.

# %% [markdown] hint="fingerprint"
# Walk over `network.state_dict().items()`;
# `digest.update(name.encode())`, then the bytes of the numbers: `tensor.cpu().numpy().tobytes()`.
# In the end `digest.hexdigest()`.

# %% tests="fingerprint" points=2
@probe
def prints(change):
    """Fingerprints of a network and of a copy of it after a change."""
    network, other = tiny(seed=6), tiny(seed=6)
    state = other.state_dict()
    with torch.no_grad():
        if change == "weight":
            state["head.weight"][0, 0] += 1
        elif change == "statistic":
            state["top.norm.running_var"][1] += 1e-6
        elif change == "swapped weights":
            state["blocks.0.conv.weight"].copy_(state["blocks.0.conv.weight"].flip(0))
        elif change == "swapped layers":
            one, two = state["blocks.0.conv.weight"].clone(), state["blocks.1.conv.weight"].clone()
            state["blocks.0.conv.weight"].copy_(two), state["blocks.1.conv.weight"].copy_(one)
        elif change == "one bit":
            state["stem.conv.weight"].view(-1)[7].mul_(1 + 2e-7)
        elif change == "another name":
            other.neck = other.head
            del other.head
        elif change == "mode":
            other.eval().requires_grad_(False)
    one, two = fingerprint(network), fingerprint(other)
    return isinstance(one, str), one == two


check_equal("whether fingerprint(network) is a string, and that of an equal network the same",
            list(prints("")), [True, True])
check_equal("whether fingerprint is the same after a change of one weight of the head",
            prints("weight")[1], False)
### BEGIN HIDDEN TESTS
check_equal("whether fingerprint is the same after a change of mode and of requires_grad",
            prints("mode")[1], True, look="Only parameters and buffers count.")
for change, look in (("statistic", "Buffers count: take state_dict()."),
                     ("one bit", "Don't round: take the bytes as they are."),
                     ("another name",
                      "The names count: the same numbers in another layer are another network."),
                     ("swapped weights", "The same numbers in another order are another network."),
                     ("swapped layers", "The order of the layers counts.")):
    check_equal(f"whether fingerprint is the same after a change ({change})", prints(change)[1],
                False, look=look)
### END HIDDEN TESTS
