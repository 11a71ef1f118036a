"""Wrong and right answers to section 7, “A new head on a frozen body”."""

from torch import nn

from autograder.lessons.variants import alternative, misconception

# --- replace_head ---------------------------------------------------------------------------------


@misconception("replace_head", "Setting out_features changes what the layer says of itself, not "
               "its weights.", hint="Put a new nn.Linear there.")
def replace_head_renamed(network, classes):
    network.head.out_features = classes
    return network


misconception("replace_head", "The number of features is that of one network; other networks have "
              "others.", id="hard-coded", hint="network.head.in_features.",
              replace="nn.Linear(old.in_features", by="nn.Linear(1280")
misconception("replace_head", "The new layer is put on top of the old scores, which stay a "
              "bottleneck.", id="on-top", hint="Replace the head; it sees the features.",
              replace="network.head = nn.Linear(old.in_features, classes, "
                      "device=old.weight.device,\n"
                      "                         dtype=old.weight.dtype)",
              by="network.head = nn.Sequential(old, nn.Linear(old.out_features, classes))")
misconception("replace_head", "A copy is changed and returned; the caller's network keeps its old "
              "head.", id="of-a-copy", hint="Change the network that was given, and return it.",
              replace="old = network.head",
              by="network = copy.deepcopy(network)\n"
                 "old = network.head")
misconception("replace_head", "The new head is always float32 on the CPU; the body may be "
              "elsewhere.", id="elsewhere",
              hint="Give it device= and dtype= of the old head's weight.",
              replace=("device=old.weight.device", "dtype=old.weight.dtype"),
              by=('device="cpu"', "dtype=torch.float32"))
misconception("replace_head", "All of the network gets new weights, so nothing is transferred.",
              id="resets-all", hint="Only the head is new.",
              replace="return network",
              by="for module in network.modules():\n"
                 '    if hasattr(module, "reset_parameters"):\n'
                 "        module.reset_parameters()\n"
                 "return network")
misconception("replace_head", "Zeros for the head: they train, but the task asks for random "
              "weights.", id="of-zeros", hint="Keep the initialization of nn.Linear.",
              replace="return network",
              by="nn.init.zeros_(network.head.weight)\n"
                 "return network")
misconception("replace_head", "Inputs and outputs of the new layer are swapped.", id="swapped",
              hint="nn.Linear(inputs, outputs).",
              replace="old.in_features, classes", by="classes, old.in_features")
misconception("replace_head", "Nothing is returned.", id="returns-nothing", hint="return network.",
              replace="return network", by="")


@alternative("replace_head")
def replace_head_to(network, classes):
    weight = network.head.weight
    network.add_module("head", nn.Linear(weight.shape[1], classes).to(weight))
    return network


@alternative("replace_head")
def replace_head_by_hand(network, classes):
    old = network.head
    new = nn.Linear(old.in_features, classes)
    nn.init.normal_(new.weight, std=0.5)
    nn.init.zeros_(new.bias)
    network.head = new.to(device=old.weight.device, dtype=old.weight.dtype)
    return network


# --- late_head ------------------------------------------------------------------------------------

misconception("late_head", "The optimizer doesn't look a layer up by its name; it holds the "
              "tensors that it was given.", id="everything", hint="Which tensors did it get?",
              source='late_head = "everything"')
misconception("late_head", "Weight and bias of the new head are both unknown to the optimizer.",
              id="bias", hint="Which tensors did it get?", source='late_head = "only the bias"')

# --- freeze ---------------------------------------------------------------------------------------


@misconception("freeze", "requires_grad is set on the modules, where it is an attribute without "
               "meaning.",
               hint="module.requires_grad_(False), or p.requires_grad = False for each parameter.",
               earns=2, replaces="freeze")
def freeze_the_attribute(network):
    for module in network.modules():
        module.requires_grad = False
    network.head.requires_grad = True
    for p in network.parameters():
        p.grad = None
    return network


misconception("freeze", "The head is frozen, too: nothing is left to train.", id="everything",
              hint="Switch the head on again.", earns=2,
              replace="network.head.requires_grad_(True)", by="")
misconception("freeze", "Frozen parameters keep the gradients that they had, and an optimizer goes "
              "on using them.", id="keeps-gradients", hint="Set p.grad = None.", earns=2,
              replace="for p in network.parameters():\n"
                      "    p.requires_grad_(False)\n"
                      "    p.grad = None", by="network.requires_grad_(False)")
misconception("freeze", "Gradients of zeros are left: momentum and weight decay still move the "
              "weights.", id="zeroes-gradients", hint="None, not zeros.", earns=2,
              replace="for p in network.parameters():\n"
                      "    p.requires_grad_(False)\n"
                      "    p.grad = None",
              by="network.zero_grad(set_to_none=False)\n"
                 "network.requires_grad_(False)")


@misconception("freeze", "Convolutions are frozen, the scales and shifts of the batch norms are "
               "not.", hint="All parameters below the head.", earns=2, replaces="freeze")
def freeze_convolutions_only(network):
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.requires_grad_(False)
    for p in network.parameters():
        p.grad = None
    return network


misconception("freeze", "A head that was frozen stays frozen.", id="leaves-the-head",
              hint="Switch the head on, whatever it was.", earns=2,
              replace=("for p in network.parameters():", "network.head.requires_grad_(True)"),
              by=("for name, p in network.named_parameters():\n"
                  '    if name.startswith("head"):\n'
                  "        continue",
                  ""))
misconception("freeze", "Frozen batch norms are in training mode: their running statistics drift.",
              id="train-mode-everywhere",
              hint="Put them into evaluation mode after network.train().", earns=2,
              replace="module.eval()", by="pass")


@misconception("freeze", "train() comes last and wakes the frozen batch norms up again.",
               hint="First train(), then eval().", earns=2, replaces="train_mode")
def train_mode_in_the_wrong_order(network):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()
    network.train()
    return network


misconception("freeze", "All batch norms sleep, also those that are trained.",
              id="train-mode-all-norms-asleep", hint="Only those that are frozen.", earns=2,
              replace="and not any(p.requires_grad for p in module.parameters())", by="")
misconception("freeze", "The whole network is in evaluation mode: no dropout, and trained batch "
              "norms don't learn.", id="train-mode-asleep", hint="network.train() first.", earns=2,
              replace="network.train()", by="network.eval()")
misconception("freeze", "Only the scale of a batch norm is looked at; one that trains its shift "
              "alone falls asleep.", id="train-mode-by-the-scale",
              hint="None of its parameters: weight and bias.", earns=2,
              replace="not any(p.requires_grad for p in module.parameters())",
              by="not module.weight.requires_grad")
misconception("freeze", "A batch norm of which a part is frozen counts as frozen.",
              id="train-mode-unless-all-train", hint="not any(…), instead of not all(…).", earns=2,
              replace="not any(p.requires_grad for p in module.parameters())",
              by="not all(p.requires_grad for p in module.parameters())")


@misconception("freeze", "The frozen parts are in evaluation mode as a whole, not only their batch "
               "norms.", hint="Walk over network.modules() and take the batch norms alone.",
               earns=2, replaces="train_mode")
def train_mode_part_by_part(network):
    network.train()
    for _, part in parts(network):
        if not any(p.requires_grad for p in part.parameters()):
            part.eval()
    return network


@alternative("freeze", replaces="freeze")
def freeze_by_name(network):
    for name, p in network.named_parameters():
        p.requires_grad = name.startswith("head.")
        if not p.requires_grad:
            p.grad = None
    return network


@alternative("freeze", replaces="train_mode")
def train_mode_layer_by_layer(network):
    network.train(True)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(module.weight.requires_grad or module.bias.requires_grad)
    return network
