"""Wrong and right answers to the second part of section 9, “In PyTorch”."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from autograder.lessons.variants import alternative, misconception

# --- make_mlp -------------------------------------------------------------------------------------

misconception("make_mlp", "One activation module is used in all places: a PReLU would share its "
              "slope.", id="shares", hint="Call activation() once for each place.", earns=2,
              replace=("for layer in layers[1:]:", "modules += [activation(), layer]"),
              by=("shared = activation()\n"
                  "for layer in layers[1:]:",
                  "modules += [shared, layer]"))
misconception("make_mlp", "An activation follows the last layer as well: with ReLU no score could "
              "be negative.", id="activates-scores", hint="Between the layers only.", earns=2,
              replace="nn.Sequential(*modules)", by="nn.Sequential(*modules, activation())")


@misconception("make_mlp", "An activation that draws random numbers changes the weights of the "
               "layers after it.", hint="All weights first, then the activations.", earns=1)
def make_mlp_interleaves(activation, seed, sizes=(64, 32, 32, 32, 10)):
    torch.manual_seed(seed)
    modules = []
    for a, b in pairwise(sizes):
        layer = nn.Linear(a, b)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1])


misconception("make_mlp", "PyTorch's default weights are kept: their variance is a sixth of what "
              "is asked for.", id="default-weights",
              hint="nn.init.kaiming_normal_(layer.weight, nonlinearity='relu').", earns=1,
              replace='nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")', by="")
misconception("make_mlp", "Xavier's variance, 2 / (fan_in + fan_out), is used.", id="xavier",
              hint="2 / fan_in: kaiming_normal_.", earns=1,
              replace='nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
              by="nn.init.xavier_normal_(layer.weight)")
misconception("make_mlp", "The biases keep PyTorch's random start.", id="random-biases",
              hint="nn.init.zeros_(layer.bias).", earns=1,
              replace="nn.init.zeros_(layer.bias)", by="")
misconception("make_mlp", "The seed is never set, so each network gets other weights and the "
              "comparison is one of luck.", id="without-seed",
              hint="torch.manual_seed(seed), first of all.", earns=1,
              replace="torch.manual_seed(seed)", by="")
misconception("make_mlp", "The seed is fixed in the function, so all seeds give the same network.",
              id="fixed-seed", hint="torch.manual_seed(seed).", earns=1,
              replace="torch.manual_seed(seed)", by="torch.manual_seed(0)")
misconception("make_mlp", "The seed is set again for each layer, so layers of the same shape get "
              "the same weights.", id="seeds-each-layer",
              hint="Set the seed once, before the first layer.", earns=1,
              replace="nn.init.kaiming_normal_",
              by="torch.manual_seed(seed)\n"
                 "nn.init.kaiming_normal_")


@alternative("make_mlp")
def make_mlp_with_a_generator(activation, seed, sizes=(64, 32, 32, 32, 10)):
    generator, modules = torch.Generator().manual_seed(seed), []
    for fan_in, fan_out in pairwise(sizes):
        layer = nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(fan_out, fan_in, generator=generator)
                               * (2 / fan_in) ** 0.5)
            layer.bias.zero_()
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1])


@alternative("make_mlp")
def make_mlp_weights_last(activation, seed, sizes=(64, 32, 32, 32, 10)):
    net = nn.Sequential()
    for k, (a, b) in enumerate(pairwise(sizes)):
        net.append(nn.Linear(a, b))
        if k < len(sizes) - 2:
            net.append(activation())
    torch.manual_seed(seed)
    for module in net:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=(2 / module.in_features) ** 0.5)
            nn.init.zeros_(module.bias)
    return net


# --- paired_difference ----------------------------------------------------------------------------

misconception("paired_difference", "The standard deviation is divided by S; with few seeds that is "
              "too small.", id="biased", hint="ddof=1.",
              replace="difference.std(ddof=1)", by="difference.std()")
misconception("paired_difference", "That is the standard deviation of one difference, not that of "
              "their mean.", id="of-one", hint="Divide by √S.",
              replace="std(ddof=1) / np.sqrt(len(difference))", by="std(ddof=1)")


@misconception("paired_difference", "The pairs are torn apart: what the seeds have in common is "
               "counted as noise.", hint="Subtract first, then take the standard deviation.")
def paired_difference_unpaired(first, second):
    first, second = np.asarray(first), np.asarray(second)
    error = np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    return first.mean() - second.mean(), error


misconception("paired_difference", "The difference has the wrong sign.", id="reversed",
              hint="first − second.",
              replace="(first) - np.asarray(second)", by="(second) - np.asarray(first)")
misconception("paired_difference", "The sign of each difference is dropped before the mean.",
              id="absolute", hint="first − second, signed.",
              replace="difference = np.asarray(first) - np.asarray(second)",
              by="difference = np.abs(np.asarray(first) - np.asarray(second))")


@alternative("paired_difference")
def paired_difference_by_hand(first, second):
    differences = [a - b for a, b in zip(first, second, strict=True)]
    mean = sum(differences) / len(differences)
    variance = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
    return mean, (variance / len(differences)) ** 0.5


alternative("paired_difference", id="by-torch",
            replace=("np.asarray(first) - np.asarray", "(ddof=1) / np.sqrt(len(difference))"),
            by=("torch.tensor(first) - torch.tensor", "() / len(difference) ** 0.5"))

# --- sigmoid_behind -------------------------------------------------------------------------------

misconception("sigmoid_behind", "That is the accuracy of the sigmoid, not how far it lies behind.",
              id="its-accuracy", hint="ReLU's accuracy less the sigmoid's.",
              source="sigmoid_behind = 12.0")
misconception("sigmoid_behind", "Percentage points, not a fraction of one.", id="as-a-fraction",
              hint="Multiply by 100.", source="sigmoid_behind = 0.7")
misconception("sigmoid_behind", "That is ReLU's accuracy; the sigmoid's has to be subtracted.",
              id="relus-accuracy", hint="It is printed above the picture.",
              source="sigmoid_behind = 85.0")
alternative("sigmoid_behind", id="to-a-tenth", source="sigmoid_behind = 72.4")
