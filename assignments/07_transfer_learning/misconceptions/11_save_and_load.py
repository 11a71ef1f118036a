"""Wrong and right answers to section 11, “Save it, load it, and don't be fooled”."""

import torch

from autograder.lessons.variants import alternative, misconception

# --- save_weights ---------------------------------------------------------------------------------

misconception("save_weights", "The network is saved whole, as a pickle of code and data.",
              id="whole", hint="Save network.state_dict().", earns=2,
              replace="torch.save(network.state_dict(), file)", by="torch.save(network, file)")
misconception("save_weights", "Running statistics are not saved: after loading, batch norms start "
              "from 0 and 1.", id="parameters-only",
              hint="state_dict() holds the buffers, parameters() doesn't.", earns=2,
              replace="torch.save(network.state_dict(), file)",
              by="torch.save({name: p.detach() for name, p in network.named_parameters()}, file)")
misconception("save_weights", "The weights are wrapped in a dictionary that load_weights doesn't "
              "expect.", id="wrapped", hint="Save the state_dict itself.", earns=2,
              replace="network.state_dict()", by='{"state": network.state_dict()}')
misconception("save_weights", "strict=False skips what doesn't match, without a word.",
              id="load-weights-loosely", hint="Load strictly.", earns=2,
              replace="network.load_state_dict(torch.load(file, weights_only=True, "
                      'map_location="cpu"))',
              by="network.load_state_dict(torch.load(file, weights_only=True), strict=False)")
misconception("save_weights", "weights_only=False runs whatever code is in the file.",
              id="load-weights-runs-code", hint="weights_only=True.", earns=2,
              replace='True, map_location="cpu"', by="False")
misconception("save_weights", "The network is left in training mode: its first answers have "
              "dropout in them.", id="load-weights-awake", hint="network.eval().", earns=2,
              replace=("network.load_state_dict(torch.load(file, weights_only=True, "
                       'map_location="cpu"))', "return network.eval()"),
              by=("network.load_state_dict(torch.load(file, weights_only=True))",
                  "return network.train()"))
misconception("save_weights", "Names that don't match are filtered out by hand: another "
              "strict=False.", id="load-weights-filtered", hint="Load strictly.", earns=2,
              replace="network.load_state_dict(torch.load(file, weights_only=True, "
                      'map_location="cpu"))',
              by="state, own = torch.load(file, weights_only=True), network.state_dict()\n"
                 "own.update({name: tensor for name, tensor in state.items() if name in own and "
                 "own[name].shape == tensor.shape})\n"
                 "network.load_state_dict(own)")
misconception("save_weights", "Arrays of NumPy are saved; loading weights only takes tensors.",
              id="as-arrays", hint="Save state_dict() as it is.", earns=2,
              replace="torch.save(network.state_dict(), file)",
              by="torch.save({name: tensor.cpu().numpy() for name, tensor in "
                 "network.state_dict().items()}, file)")
alternative("save_weights", id="on-the-cpu",
            replace="torch.save(network.state_dict(), file)",
            by="torch.save({name: tensor.detach().cpu().clone() for name, tensor in "
               "network.state_dict().items()}, file)")


@alternative("save_weights", replaces="load_weights")
def load_weights_in_steps(network, file):
    state = torch.load(file, weights_only=True)
    network.load_state_dict(state, strict=True)
    network.train(False)
    return network


# --- transplant -----------------------------------------------------------------------------------

misconception("transplant", "strict=False skips what is missing below the head, too.", id="loosely",
              hint="Compare the names yourself.",
              replace="if name not in body or own.get(name) != body[name].shape",
              by="if name in own and name in body and own[name] != body[name].shape")


@misconception("transplant", "What has the right name and shape is taken, whatever it is, the head "
               "of equal size included.", hint="Leave the head out, and insist on all the rest.")
def transplant_what_fits(network, state):
    own = network.state_dict()
    own.update({name: tensor for name, tensor in state.items() if name in own and own[name].shape
                == tensor.shape})
    network.load_state_dict(own)
    return network


@misconception("transplant", "Only parameters come over; the running statistics are the network's "
               "own.", hint="state_dict() has buffers, too: load them.")
def transplant_without_buffers(network, state):
    named = {name: p for name, p in network.named_parameters() if not name.startswith("head.")}
    body = {name for name in state if not name.startswith("head.")}
    whole = {name for name in network.state_dict() if not name.startswith("head.")}
    if body != whole or any(p.shape != state[name].shape for name, p in named.items()):
        raise ValueError("does not fit")
    with torch.no_grad():
        for name, p in named.items():
            p.copy_(state[name])
    return network


@misconception("transplant", 'Everything that begins with "head" is left out, a part named '
               '"header" as well.', hint='"head." with the dot.')
def transplant_header(network, state):
    own = {name: tensor.shape for name, tensor in network.state_dict().items()
           if not name.startswith("head")}
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head")}
    if {name: tensor.shape for name, tensor in body.items()} != own:
        raise ValueError("does not fit")
    network.load_state_dict(body, strict=False)
    return network


@misconception("transplant", "Tensors are copied one by one until one doesn't fit: the network is "
               "left half changed.", hint="Check everything first, then load.")
def transplant_half(network, state):
    own = network.state_dict()
    for name, tensor in state.items():
        if not name.startswith("head."):
            if name not in own or own[name].shape != tensor.shape:
                raise ValueError(name)
            own[name].copy_(tensor)
    if any(name not in state for name in own if not name.startswith("head.")):
        raise ValueError("a name is missing")
    return network


@misconception("transplant", "Names are compared after loading, when the network has changed "
               "already.", hint="Check first, load afterwards.")
def transplant_checks_too_late(network, state):
    body = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    try:
        missing, unexpected = network.load_state_dict(body, strict=False)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if unexpected or any(not name.startswith("head.") for name in missing):
        raise ValueError("the state doesn't fit below the head")
    return network


@alternative("transplant")
def transplant_strictly(network, state):
    own = network.state_dict()
    mixed = {name: tensor for name, tensor in state.items() if not name.startswith("head.")}
    mixed |= {name: tensor for name, tensor in own.items() if name.startswith("head.")}
    if mixed.keys() != own.keys() or any(mixed[name].shape != own[name].shape for name in own):
        raise ValueError("the state doesn't fit below the head")
    network.load_state_dict(mixed)
    return network


@alternative("transplant")
def transplant_by_copying(network, state):
    own = {k: v for k, v in network.state_dict().items() if k.split(".")[0] != "head"}
    given = {k: v for k, v in state.items() if k.split(".")[0] != "head"}
    if sorted(own) != sorted(given):
        raise ValueError(f"names differ: {set(own) ^ set(given)}")
    for name in own:
        if own[name].shape != given[name].shape:
            raise ValueError(f"the shape of {name} differs")
    with torch.no_grad():
        for name in own:
            own[name].copy_(given[name])
    return network
