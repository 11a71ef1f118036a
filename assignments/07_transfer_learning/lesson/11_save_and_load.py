# %% [markdown]
# ## 11 · Save it, load it, and don't be fooled
#
# A network can be saved whole, with `torch.save(network)`.
# Don't: the file is a *pickle*, which stores the place of your class instead of its code,
# and **runs whatever code somebody put into it** when it is loaded.
# (Since version 2.6, `torch.load` refuses such files unless you say `weights_only=False`.)
# Save the `state_dict` and load it with `weights_only=True`,
# into a network that you have built yourself.
# And load *strictly*: `strict=False` skips every name that does not match,
# in the worst case all of them, and says so only in a value that nobody reads.

# %% solution="save_weights" title="Saving and loading"
def save_weights(network, file):
    """Save the parameters and buffers of a network, and nothing else.

    Args:
        network: a torch.nn.Module.
        file: a path, or a binary file that is open for writing.
    """
    ### BEGIN SOLUTION
    torch.save(network.state_dict(), file)
    ### END SOLUTION


def load_weights(network, file):
    """Load what ``save_weights`` saved; runs no code from the file, and accepts no mismatch.

    Args:
        network: a network of the same build; it is changed.
        file: a path, or a binary file that is open for reading.

    Returns:
        The same network, in evaluation mode.

    Raises:
        RuntimeError: a name or a shape that doesn't match.
        pickle.UnpicklingError: a file that holds anything else than weights.
    """
    ### BEGIN SOLUTION
    network.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    return network.eval()
    ### END SOLUTION

# %% [markdown] hint="save_weights"
# `network.state_dict()` is a dictionary of tensors;
# `torch.save` and `torch.load` work on paths and on open files alike.

# %% [markdown] hint="save_weights"
# `torch.load(file, weights_only=True, map_location="cpu")` reads it;
# `network.load_state_dict(state)` is strict by itself and complains with a RuntimeError.

# %% tests="save_weights" part="round" points=2
@probe
def round_trip(network_seed, other_seed):
    """What is in the file,
    and whether a second network says the same as the first after loading.
    """
    import pickle

    network, file = tiny(network_seed), io.BytesIO()
    network.train()(torch.from_numpy(pictures(1)))  # the running statistics move
    save_weights(network, file)
    file.seek(0)
    try:
        stored = torch.load(file, weights_only=True)
    except pickle.UnpicklingError:  # the file holds code or other objects, such as a whole network
        return ["no weights"], False, False, False, False
    kinds = sorted({type(value).__name__ for value in stored.values()})
    file.seek(0)
    other = tiny(other_seed).train()
    got = load_weights(other, file)
    x = torch.from_numpy(pictures(2))
    return (kinds, sorted(stored) == sorted(network.state_dict()), got is other, got.training,
            torch.equal(network.eval()(x), other.eval()(x)))


kinds, names, same, training, equal = round_trip(11, 12)
check("save_weights(network, file)", kinds == ["Tensor"] and names,
      "must save the state_dict: names and tensors, all of them")
check("load_weights(network, file)", same, "must return the network that it was given")
check_equal("whether two networks give the same scores after one's weights were loaded "
            "into the other", equal, True)
### BEGIN HIDDEN TESTS
check_equal("whether the network is in training mode after load_weights", training, False,
            look="Call eval() before you return.")
one, two = (int(number) for number in hidden_rng("save_weights").integers(100, 900, size=2))
check_equal("whether two other networks give the same scores after loading",
            round_trip(one, two + 1000)[-1], True)
### END HIDDEN TESTS

# %% tests="save_weights" part="safe" points=2
@probe
def refuses(what):
    """The name of the error that load_weights raises, and whether code from the file ran."""
    import pickle

    ran, file = [], io.BytesIO()
    network = tiny(13)
    state = dict(network.state_dict())
    if what == "a name is missing":
        del state["top.norm.running_var"]
    elif what == "a name too many":
        state["neck.weight"] = torch.zeros(1)
    elif what == "another number of classes":
        state = tiny(13, classes=4).state_dict()
    elif what == "all names with a prefix":
        state = {f"module.{name}": tensor for name, tensor in state.items()}

    class Trap:
        def __reduce__(self):
            return (exec, ("import builtins; builtins.trapped_by_a_pickle = True",))

    torch.save({**state, "trap": Trap()} if what == "code" else state, file)
    file.seek(0)
    import builtins

    builtins.trapped_by_a_pickle = False
    try:
        load_weights(network, file)
        error = "no error"
    except (RuntimeError, pickle.UnpicklingError) as raised:
        error = type(raised).__name__
    ran = builtins.trapped_by_a_pickle
    del builtins.trapped_by_a_pickle
    return error, ran


check_equal("what load_weights raises if a name is missing in the file",
            refuses("a name is missing")[0], "RuntimeError", look="Load strictly.")
### BEGIN HIDDEN TESTS
for what in ("a name too many", "another number of classes", "all names with a prefix"):
    check_equal(f"what load_weights raises for a file in which there is {what}", refuses(what)[0],
                "RuntimeError", look="strict=False and a filter by hand hide this.")
error, ran = refuses("code")
check("load_weights(network, a file with code in it)", not ran, "ran the code",
      look="weights_only=True refuses it.")
check_equal("what load_weights raises for a file with code in it", error, "UnpicklingError")
### END HIDDEN TESTS

# %% [markdown]
# One mismatch is wanted: your head has another number of classes than the one in the file.
# So take the body and leave the head, *and insist on everything else*.

# %% solution="transplant" title="Transplanted body"
def transplant(network, state):
    """Load the body of a state into a network, and keep the network's own head.

    Args:
        network: a network with a ``head``; it is changed.
        state: the state_dict of a network with the same body and any head (or none).

    Returns:
        The same network: everything but the entries that begin with "head." comes from the state.

    Raises:
        ValueError: below the head, a name of the network is missing in the state, the state has
            one that the network hasn't, or a shape differs. Then the network stays as it was.
    """
    ### BEGIN SOLUTION
    own = {name: tensor.shape for name, tensor in network.state_dict().items()
           if not name.startswith("head.")}
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    wrong = sorted(name for name in own.keys() | body.keys()
                   if name not in body or own.get(name) != body[name].shape)
    if wrong:
        raise ValueError(f"the state doesn't fit below the head: {wrong}")
    network.load_state_dict(body, strict=False)
    return network
    ### END SOLUTION

# %% [markdown] hint="transplant"
# Make two dictionaries without the names that begin with `head.`: the network's and the state's.
# They must have the same names and, name by name, the same shapes.

# %% [markdown] hint="transplant"
# Check first, load afterwards.
# Once you have made sure yourself, `load_state_dict(body, strict=False)` may skip the head.

# %% tests="transplant" points=3
@probe
def transplanted(change):
    """How many tensors of the body came over, whether the head stayed, and the error, if any."""
    donor, network = tiny(21, classes=7), tiny(22, classes=3)
    with torch.no_grad():
        donor.stem.norm.running_var += 1
    state, before = dict(donor.state_dict()), copy.deepcopy(network.state_dict())
    if change == "no head":
        state = {name: tensor for name, tensor in state.items() if not name.startswith("head")}
    elif change == "missing":
        del state["blocks.0.norm.running_mean"]
    elif change == "unexpected":
        state["header.weight"] = torch.zeros(2)
    elif change == "shape":
        state["top.conv.weight"] = torch.zeros(6, 4, 3, 3)
    elif change == "prefix":
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    elif change == "same classes":
        donor.head = nn.Linear(5, 3)
        state = dict(donor.state_dict())
    try:
        got, error = transplant(network, state), ""
    except ValueError:
        got, error = network, "ValueError"
    now = network.state_dict()
    came = sum(torch.equal(now[name], state[name]) for name in now if name in state
               and now[name].shape == state[name].shape and not name.startswith("head."))
    stayed = [name for name in now if torch.equal(now[name], before[name])]
    return {"same": got is network, "error": error, "came": came,
            "all stayed": len(stayed) == len(now),
            "head": "head.weight" in stayed and "head.bias" in stayed}


got = transplanted("")
check_equal("the error of transplant(network with 3 classes, state with 7)", got["error"], "",
            look="Leave the head out.")
check("transplant(network, state)", got["same"], "must return the network that it was given")
check_equal("the number of tensors that came over", got["came"], 24,
            look="The whole body, running statistics included.")
check_equal("whether the head stayed", got["head"], True)
### BEGIN HIDDEN TESTS
for change in ("no head", "same classes"):
    got = transplanted(change)
    check_equal(f"the error of transplant for a state with {change}", got["error"], "")
    check_equal(f"tensors that came over from a state with {change}", got["came"], 24)
    check_equal(f"whether the head stayed, a state with {change}", got["head"], True,
                look="The network keeps its own head.")
for change in ("missing", "unexpected", "shape", "prefix"):
    got = transplanted(change)
    check_equal(f"the error of transplant for a state with a wrong body ({change})", got["error"],
                "ValueError",
                look="Compare names and shapes below the head yourself; strict=False is silent.")
    check_equal(f"whether the network stayed as it was then ({change})", got["all stayed"], True,
                look="Check everything first, then load.")
### END HIDDEN TESTS
