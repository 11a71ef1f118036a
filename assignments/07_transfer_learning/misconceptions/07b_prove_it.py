"""Wrong and right answers to the second part of section 7, “A new head on a frozen body”."""

import copy
import hashlib

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- what_changed ---------------------------------------------------------------------------------

misconception("what_changed", "The snapshot is not a copy: its tensors change with the network.",
              id="snapshot-without-copies", hint="clone().",
              replace="return {name: tensor.detach().clone() for name, tensor in "
                      "network.state_dict().items()}", by="return dict(network.state_dict())")
misconception("what_changed", "detach() shares the memory with the network.",
              id="snapshot-detached", hint="detach().clone().",
              replace="tensor.detach().clone()", by="tensor.detach()")
misconception("what_changed", "copy() of a dictionary copies the dictionary, not the tensors in "
              "it.", id="snapshot-shallow", hint="copy.deepcopy, or clone() for each tensor.",
              replace="return {name: tensor.detach().clone() for name, tensor in "
                      "network.state_dict().items()}", by="return network.state_dict().copy()")
misconception("what_changed", "Small changes are overlooked.", id="roughly",
              hint="torch.equal, not allclose.",
              replace="torch.equal(now, before[name])", by="torch.allclose(now, before[name])")
misconception("what_changed", "Running statistics are not looked at.", id="in-parameters",
              hint="Walk over state_dict().",
              replace="now in network.state_dict().items()", by="now in network.named_parameters()")
misconception("what_changed", "It compares sums, which changes can leave alone, and which round.",
              id="by-sums", hint="Compare the tensors themselves.",
              replace="not torch.equal(now, before[name])",
              by="abs(float(now.sum() - before[name].sum())) > 1e-6")
misconception("what_changed", "The comparison is in single precision; a smaller change is lost.",
              id="in-single-precision", hint="torch.equal as it is.",
              replace="not torch.equal(now, before[name])",
              by="not torch.equal(now.float(), before[name].float())")
alternative("what_changed", id="snapshot-deep",
            replace="return {name: tensor.detach().clone() for name, tensor in "
                    "network.state_dict().items()}",
            by="return copy.deepcopy(network.state_dict())")


@alternative("what_changed", replaces="what_changed")
def what_changed_by_any(before, network):
    changed = []
    for name, now in network.state_dict().items():
        if bool((now != before[name]).any()):
            changed.append(name)
    return changed


# --- still_moves ----------------------------------------------------------------------------------

misconception("still_moves", "Weights have no gradient and no optimizer; but look at the buffers.",
              id="weights", hint="Who writes into the network in a forward pass?",
              source='still_moves = "weights"')
misconception("still_moves", "Batch norms in training mode need no gradient to update their "
              "statistics.", id="nothing", hint="Look at the second line of the picture.",
              source='still_moves = "nothing"')

# --- extract_features -----------------------------------------------------------------------------

misconception("extract_features", "The network may be in training mode: dropout is on, and batch "
              "norms use the batch.", id="in-any-mode", hint="network.eval() first.",
              replace="network.eval()", by="")
misconception("extract_features", "Batch norms are in evaluation mode, dropout is not: the "
              "features have holes.", id="with-dropout", hint="network.eval() reaches every layer.",
              replace="network.eval()",
              by="for module in network.modules():\n"
                 "    if isinstance(module, nn.BatchNorm2d):\n"
                 "        module.eval()")
misconception("extract_features", "The network is left in evaluation mode: training goes on "
              "without dropout.", id="falls-asleep", hint="Give each layer its mode back.",
              replace="for module, mode in modes.items():\n"
                      "    module.training = mode", by="")
misconception("extract_features", "train() at the end wakes up frozen batch norms, too.",
              id="wakes-all", hint="Remember the mode of each layer, not of the network.",
              replace=("modes = {module: module.training for module in network.modules()}",
                       "for module, mode in modes.items():\n"
                       "    module.training = mode"),
              by=("training = network.training", "network.train(training)"))
misconception("extract_features", "A graph for gradients is built and thrown away: memory and "
              "time.", id="with-graph", hint="torch.no_grad().",
              replace=("torch.no_grad()", "network.features(x).cpu()"),
              by=("torch.enable_grad()", "network.features(x).detach().cpu()"))
misconception("extract_features", "The last, smaller batch is lost.", id="loses-the-rest",
              hint="range(0, len(images), batch) reaches it.",
              replace="range(0, len(images), batch)", by="range(0, len(images) - batch + 1, batch)")
misconception("extract_features", "All pictures go through the network at once: it runs out of "
              "memory on real ones.", id="all-at-once", hint="Take slices of `batch` pictures.",
              replace="network.eval()",
              by="batch = len(images)\n"
                 "network.eval()")
misconception("extract_features", "train(mode) of a layer reaches the layers in it as well, so the "
              "outer ones overrule the inner ones.", id="restores-from-within",
              hint="Set module.training itself.",
              replace=("in modes.items()", "module.training = mode"),
              by=("in reversed(list(modes.items()))", "module.train(mode)"))


@alternative("extract_features")
def extract_features_of_a_copy(network, images, batch=64):
    twin = copy.deepcopy(network).eval()
    where = next(twin.parameters()).device
    with torch.inference_mode():
        return np.concatenate([twin.features(torch.from_numpy(images[at : at
                                                                     + batch]).to(
                                                                         where)).cpu().numpy()
                               for at in range(0, len(images), batch)])


@alternative("extract_features")
def extract_features_by_split(network, images, batch=64):
    modes = [(module, module.training) for module in network.modules()]
    where = next(network.parameters()).device
    try:
        network.eval()
        with torch.inference_mode():
            pieces = [network.features(x.to(where)) for x in torch.as_tensor(images).split(batch)]
            return torch.cat(pieces).cpu().numpy()
    finally:
        for module, mode in modes:
            module.training = mode


@alternative("extract_features")
def extract_features_one_by_one(network, images, batch=64):
    asleep = {name for name, module in network.named_modules() if not module.training}
    network.train(False)
    where = next(network.parameters()).device
    with torch.no_grad():
        found = [network.features(torch.from_numpy(image[None]).to(where))[0].cpu().numpy()
                 for image in images]
    for name, module in network.named_modules():
        module.training = name not in asleep
    return np.stack(found)


# --- fingerprint ----------------------------------------------------------------------------------


@misconception("fingerprint", "A sum stays the same when weights trade places.",
               hint="Hash the bytes, in order.")
def fingerprint_of_sums(network):
    return str(sum(float(t.double().sum()) for t in network.state_dict().values()))


misconception("fingerprint", "Running statistics are left out: a drift goes unnoticed.",
              id="of-parameters", hint="Walk over state_dict().",
              replace=("for name, tensor in network.state_dict().items():",
                       "digest.update(name.encode())\n"
                       "digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())"),
              by=("for p in network.parameters():",
                  "digest.update(p.detach().cpu().numpy().tobytes())"))


@misconception("fingerprint", "The address of the object says nothing of its weights.",
               hint="Hash the numbers.")
def fingerprint_of_the_address(network):
    return str(id(network))


@misconception("fingerprint", "Names and shapes stay the same in training.",
               hint="Hash the numbers, too.")
def fingerprint_of_shapes(network):
    return hashlib.sha256(str([(k, tuple(v.shape))
                               for k, v in network.state_dict().items()]).encode()).hexdigest()


@misconception("fingerprint", "The text of a tensor is rounded, and shortened if it is long.",
               hint="Take the bytes.")
def fingerprint_of_the_text(network):
    return hashlib.sha256(str(dict(network.state_dict())).encode()).hexdigest()


misconception("fingerprint", "The mode of the network is not part of its weights.",
              id="with-the-mode", hint="Only names, parameters, buffers.",
              replace=("digest = hashlib.sha256()",
                       "digest.update(name.encode())\n"
                       "digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())"),
              by=("digest = hashlib.sha256(str([m.training for m in network.modules()]).encode())",
                  "digest.update(name.encode() + tensor.cpu().numpy().tobytes())"))
misconception("fingerprint", "The names are left out: the same numbers in another layer look the "
              "same.", id="without-names", hint="digest.update(name.encode()).",
              replace=("for name, tensor in network.state_dict().items():",
                       "digest.update(name.encode())\n"
                       "digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())"),
              by=("for tensor in network.state_dict().values():",
                  "digest.update(tensor.detach().cpu().numpy().tobytes())"))


@alternative("fingerprint")
def fingerprint_by_saving(network):
    joined = b"".join(name.encode() + tensor.detach().cpu().numpy().tobytes()
                      for name, tensor in network.state_dict().items())
    return hashlib.md5(joined).hexdigest()


@alternative("fingerprint")
def fingerprint_of_lists(network):
    return (hashlib.sha1(repr([(name, tensor.tolist())
                               for name, tensor in network.state_dict(
                                   ).items()]).encode()).hexdigest())
