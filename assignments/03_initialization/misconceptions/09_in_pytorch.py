"""Wrong and right answers to section 9, “PyTorch: which ones train at all?”."""

import torch
from torch import nn

from autograder.lessons.variants import alternative, misconception

# --- default_factor -------------------------------------------------------------------------------

misconception("default_factor", "The ReLU's half is missing.", id="without-relu",
              hint="n · 1/(3n), then half of it.", source="default_factor = 1 / 3")
misconception("default_factor", "That is He's rule, which the default is not.", id="he",
              hint="The variance of the weights is 1/(3n).", source="default_factor = 1")
misconception("default_factor", "The bound was taken for the standard deviation.", id="bound",
              hint="The variance is bound² / 3.", source="default_factor = 0.5")
misconception("default_factor", "That is the factor of the root mean square.", id="root",
              hint="The question is about the mean square.", source="default_factor = 6**-0.5")
alternative("default_factor", id="rounded", source="default_factor = 0.17")
alternative("default_factor", id="half-of-a-third", source="default_factor = 0.5 / 3")

# --- initialize -----------------------------------------------------------------------------------

misconception("initialize", "Only the outermost layers are visited: those inside of blocks keep "
              "PyTorch's default.", id="children-only",
              hint="model.modules() goes all the way down, model.children() doesn't.",
              replace="for layer in model.modules():", by="for layer in model.children():")
misconception("initialize", "The slope is ignored: with nonlinearity='relu', kaiming_normal_ "
              "doesn't look at a.", id="relu-ignores-a",
              hint='kaiming_normal_(weight, a=slope, nonlinearity="leaky_relu").',
              replace='nonlinearity="leaky_relu"', by='nonlinearity="relu"')
misconception("initialize", "The biases keep PyTorch's default.", id="leaves-the-biases",
              hint="nn.init.zeros_(layer.bias), if there is one.",
              replace="if layer.bias is not None:\n"
                      "    nn.init.zeros_(layer.bias)", by="")
misconception("initialize", "The gain of the orthogonal matrices is 1: before a ReLU the signal "
              "loses half of its mean square.", id="orthogonal-without-gain",
              hint="√(2 / (1 + slope²)).",
              replace="lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)",
              by="nn.init.orthogonal_")
misconception("initialize", "He's rule is used with the fan-out.", id="fan-out",
              hint='mode="fan_in", which is the default.',
              replace="lambda weight: nn.init.kaiming_normal_(weight, a=slope, "
                      'nonlinearity="leaky_relu")',
              by='lambda weight: nn.init.kaiming_normal_(weight, slope, "fan_out", "leaky_relu")')


@misconception("initialize", "The weights and biases of normalization layers are overwritten, too.",
               hint="isinstance(layer, (nn.Linear, nn.Conv2d)).")
def initialize_everything(model, scheme, slope=0.0):
    rules = {"small": lambda weight: nn.init.normal_(weight, std=0.01),
             "xavier": nn.init.xavier_uniform_,
             "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope,
                                                          nonlinearity="leaky_relu"),
             "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5)}
    if scheme not in rules:
        raise ValueError(scheme)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            rules[scheme](parameter)
        else:
            nn.init.zeros_(parameter)
    return model


misconception("initialize", "The parameters are replaced by new ones, so an optimizer that was "
              "made before trains the old ones.", id="replaces-parameters",
              hint="Fill the parameters in place: nn.init's functions end in an underscore.",
              replace=("rules[scheme](layer.weight)", "nn.init.zeros_(layer.bias)"),
              by=("layer.weight = nn.Parameter(rules[scheme](torch.empty_like(layer.weight)))",
                  "layer.bias = nn.Parameter(torch.zeros_like(layer.bias))"))


@misconception("initialize", "Every parameter with two dimensions or more is taken for weights of "
               "a linear layer or convolution; those of a layer normalization are not.",
               hint="isinstance(layer, (nn.Linear, nn.Conv2d)).")
def initialize_by_dimensions(model, scheme, slope=0.0):
    rules = {
        "small": lambda weight: nn.init.normal_(weight, std=0.01),
        "xavier": nn.init.xavier_uniform_,
        "he": lambda weight: nn.init.kaiming_normal_(weight, a=slope),
        "orthogonal": lambda weight: nn.init.orthogonal_(weight, (2 / (1 + slope**2)) ** 0.5),
    }
    if scheme not in rules:
        raise ValueError(scheme)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            rules[scheme](parameter)
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return model


@alternative("initialize")
def initialize_with_apply(model, scheme, slope=0.0):
    gain = nn.init.calculate_gain("leaky_relu", slope)
    if scheme not in ("small", "xavier", "he", "orthogonal"):
        raise ValueError(f"unknown scheme {scheme}")

    def one(layer):
        if type(layer) in (nn.Linear, nn.Conv2d):
            if scheme == "small":
                nn.init.normal_(layer.weight, 0.0, 0.01)
            elif scheme == "xavier":
                nn.init.xavier_uniform_(layer.weight)
            elif scheme == "he":
                nn.init.kaiming_normal_(layer.weight, a=slope)
            else:
                nn.init.orthogonal_(layer.weight, gain=gain)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0)

    return model.apply(one)


@alternative("initialize")
def initialize_by_hand(model, scheme, slope=0.0):
    with torch.no_grad():
        for layer in model.modules():
            if not isinstance(layer, (nn.Linear, nn.Conv2d)):
                continue
            weight = layer.weight
            fan_in, fan_out = weight[0].numel(), weight[:, 0].numel()
            gain = (2 / (1 + slope**2)) ** 0.5
            if scheme == "small":
                weight.copy_(0.01 * torch.randn_like(weight))
            elif scheme == "he":
                weight.copy_(gain / fan_in**0.5 * torch.randn_like(weight))
            elif scheme == "xavier":
                weight.copy_((2 * torch.rand_like(weight) - 1) * (6 / (fan_in + fan_out)) ** 0.5)
            elif scheme == "orthogonal":
                U, _, V = torch.linalg.svd(torch.randn_like(weight).flatten(1), full_matrices=False)
                weight.copy_(gain * (U @ V).view_as(weight))
            else:
                raise ValueError(scheme)
            if layer.bias is not None:
                layer.bias.zero_()
    return model


# --- lsuv_ ----------------------------------------------------------------------------------------

misconception("lsuv_", "The hook doesn't hand on the corrected output: the later layers are "
              "measured behind the old ones.", id="lsuv-hands-on-the-old-output",
              hint="return output / spread.", replace="return output / spread", by="")
misconception("lsuv_", "The hooks stay on the model: every later pass rescales the weights again.",
              id="lsuv-leaves-the-hooks", hint="Keep the handles and call remove() on each.",
              replace=("layer.weight /= spread",
                       "for hook in hooks:\n"
                       "    hook.remove()"), by=("layer.weight.data /= spread", ""))
misconception("lsuv_", "The weights are divided by the variance.", id="lsuv-by-the-variance",
              hint="output.std(), not output.var().", replace="output.std()", by="output.var()")
misconception("lsuv_", "The biases stay as they were: only the weights are divided, so the output "
              "doesn't get deviation 1.", id="lsuv-keeps-the-biases",
              hint="Set the biases to zero before the pass.",
              replace="nn.init.zeros_(layer.bias)", by="pass")
misconception("lsuv_", "Each channel gets its own factor.", id="lsuv-each-channel",
              hint="output.std() over everything: one number a layer.",
              replace=("output.std()", "/= spread", "output / spread"),
              by=("output.transpose(0, 1).flatten(1).std(dim=1)",
                  "/= spread.view(-1, *[1] * (layer.weight.ndim - 1))",
                  "output / spread.view(1, -1, *[1] * (output.ndim - 2))"))
misconception("lsuv_", "Only the outermost layers are scaled, not those inside of blocks.",
              id="lsuv-children-only", hint="model.modules() goes all the way down.",
              replace="model.modules()", by="model.children()")
misconception("lsuv_", "The model is put into evaluation mode and left there: dropout and batch "
              "normalization would be off in training.", id="lsuv-leaves-evaluation-mode",
              hint="Leave the mode alone.",
              replace="for layer in layers:",
              by="model.eval()\n"
                 "for layer in layers:")


@alternative("lsuv_")
def lsuv_one_pass_a_layer(model, batch):
    with torch.no_grad():
        layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
        for layer in layers:
            if layer.bias is not None:
                layer.bias.zero_()
        for layer in layers:
            seen = []
            hook = layer.register_forward_hook(lambda layer, inputs, output,
                                               seen=seen: seen.append(output))
            model(batch)
            hook.remove()
            layer.weight.div_(seen[0].std(correction=0))
        return model


@alternative("lsuv_")
def lsuv_with_data(model, batch):
    layers = [layer for layer in model.modules() if type(layer) in (nn.Linear, nn.Conv2d)]

    def rescale(layer, inputs, output):
        factor = 1 / output.detach().std()
        layer.weight.data.mul_(factor)
        return factor * output

    hooks = [layer.register_forward_hook(rescale) for layer in layers]
    try:
        for layer in layers:
            if layer.bias is not None:
                layer.bias.data.fill_(0)
        with torch.no_grad():
            model(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return model


# --- default_trains -------------------------------------------------------------------------------

misconception("default_trains", "What reaches the output after nine convolutions is little but the "
              "biases, the same for every image.", id="yes", hint="(1/6)⁹.",
              source='default_trains = "yes"')

# --- which_train ----------------------------------------------------------------------------------

misconception("which_train", "Those two are the ones that stay at the loss of guessing.",
              id="the-others", hint="Which curves fall?",
              source='which_train = ["default", "xavier"]')
misconception("which_train", "The default of PyTorch stays on the line of guessing, here at least.",
              id="default-too", hint="Compare each curve with 2.3.", earns=1,
              source='which_train = ["default", "he", "lsuv"]')
misconception("which_train", "He's rule gets below 2 as well.", id="lsuv-only",
              hint="Look for the blue curve.", earns=1, source='which_train = ["lsuv"]')
misconception("which_train", "Only those whose curves fall.", id="all",
              hint="Two lines lie on one another.",
              source='which_train = ["default", "xavier", "he", "lsuv"]')
alternative("which_train", id="tuple", source='which_train = ("lsuv", "he")')
