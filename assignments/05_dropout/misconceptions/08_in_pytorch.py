"""Wrong and right answers to section 8, “In PyTorch”."""

import torch

from autograder.lessons.variants import alternative, misconception

# --- torch_dropout --------------------------------------------------------------------------------

misconception("torch_dropout", "torch's p drops: 1 − p is what its dropout wants.",
              id="with-torchsp", hint="F.dropout(x, 1 - self.p, self.training).",
              replace=("if not self.training:\n"
                       "    return x",
                       "return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)"),
              by=("", "return torch.nn.functional.dropout(x, self.p, self.training)"))
misconception("torch_dropout", "Dropout stays on after eval(): F.dropout has training=True for its "
              "default.", id="left-on", hint="Pass self.training.",
              replace=("if not self.training:\n"
                       "    return x",
                       "return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)"),
              by=("", "return torch.nn.functional.dropout(x, 1 - self.p)"))
misconception("torch_dropout", "Evaluation multiplies by p, though training divides by it.",
              id="scales-twice", hint="Return x after eval().",
              replace="if not self.training:\n"
                      "    return x",
              by="if not self.training:\n"
                 "    return x * self.p")
misconception("torch_dropout", "All examples lose the same units.", id="one-mask",
              hint="torch.rand_like(x), not torch.rand(x.shape[1:]).",
              replace="return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)",
              by="return x * (torch.rand(x.shape[1:], device=x.device) < self.p) / self.p")
misconception("torch_dropout", "The output is cut off from autograd: nothing below learns.",
              id="detaches", hint="No .data, no detach, no NumPy.",
              replace="return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)",
              by="return x.detach() * (torch.rand_like(x) < self.p) / self.p")
misconception("torch_dropout", "What is kept is not scaled.", id="unscaled",
              hint="Divide by self.p.",
              replace=("if not self.training:\n"
                       "    return x",
                       "return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)"),
              by=("", "return x * (torch.rand_like(x) < self.p) if self.training else x"))
misconception("torch_dropout", "The mask is float32 whatever x is, so the output is float32 as "
              "well.", id="other-dtype",
              hint="mask.to(x.dtype), or draw with torch.rand_like(x) and .to(x.dtype).",
              replace="return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)",
              by="return x * ((torch.rand(x.shape, device=x.device) < self.p) / self.p)")
misconception("torch_dropout", "The mask is drawn once and kept: the same units are missing in "
              "every step.", id="draws-once", hint="Draw in forward, in each call.",
              replace=("self.p = p",
                       "return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)"),
              by=("self.p, self.mask = p, None",
                  "if self.mask is None or self.mask.shape != x.shape:\n"
                  "    self.mask = ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)\n"
                  "return x * self.mask"))
misconception("torch_dropout", "The global generator is seeded in each call: the mask is the same "
              "in every step.", id="seeds", hint="No torch.manual_seed inside a layer.",
              replace="return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)",
              by="torch.manual_seed(0)\n"
                 "return x * (torch.rand_like(x) < self.p).to(x.dtype) / self.p")
alternative("torch_dropout", id="by-torch",
            replace=("if not self.training:\n"
                     "    return x",
                     "return x * ((torch.rand_like(x) < self.p) / self.p).to(x.dtype)"),
            by=("", "return torch.nn.functional.dropout(x, p=1 - self.p, training=self.training)"))


@alternative("torch_dropout")
class KeepDropoutBernoulli(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            x = x * torch.empty_like(x).bernoulli_(self.p).div_(self.p)
        return x


# --- torch_p --------------------------------------------------------------------------------------

misconception("torch_p", "Torch's p drops: a network with p = 0.9 would hardly learn.", id="keeps",
              hint="1 − 0.9.", source="torch_p = 0.9")
misconception("torch_p", "That is the factor 1/p of the inverted form.", id="scale",
              hint="A probability: 1 − 0.9.", source="torch_p = 1 / 0.9 - 1")
alternative("torch_p", id="difference", source="torch_p = 1 - 0.9")

# --- decay_groups ---------------------------------------------------------------------------------


@misconception("decay_groups", "The name decides: BatchNorm's scale is called weight, too.",
               hint="Use p.ndim >= 2.")
def decay_groups_by_name(network, weight_decay):
    named = list(network.named_parameters())
    return [{"params": [p for name, p in named if name.endswith("weight")],
             "weight_decay": weight_decay},
            {"params": [p for name, p in named if not name.endswith("weight")],
             "weight_decay": 0.0}]


misconception("decay_groups", "Everything is decayed.", id="everything",
              hint="Two groups, the second one with 0.",
              replace='{"params": [p for p in params if p.ndim < 2], "weight_decay": 0.0}',
              by='{"params": [p for p in params if p.ndim < 2], "weight_decay": weight_decay}')


@misconception("decay_groups", "Parameters without decay are left out, so they are never trained.",
               hint="They need a group of their own, with weight_decay 0.")
def decay_groups_forgets_the_rest(network, weight_decay):
    return [{"params": [p for p in network.parameters() if p.ndim >= 2],
             "weight_decay": weight_decay}]


misconception("decay_groups", "Only matrices are decayed; the kernels of convolutions have four "
              "axes.", id="matrices-only", hint="p.ndim >= 2.",
              replace=("p.ndim >= 2", "p.ndim < 2"), by=("p.ndim == 2", "p.ndim != 2"))
misconception("decay_groups", "The groups come in the other order: the decay is on the biases.",
              id="swapped", hint="First the weights, with decay.",
              replace=("p.ndim >= 2", "p.ndim < 2"), by=("p.ndim < 2", "p.ndim >= 2"))


@misconception("decay_groups", "Only Linear and Conv2d are known; weights of other modules are not "
               "decayed.", hint="Ask the parameter, p.ndim >= 2, not the module.")
def decay_groups_by_module(network, weight_decay):
    decayed, others = [], []
    for module in network.modules():
        for name, p in module.named_parameters(recurse=False):
            known = isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)) and name == "weight"
            (decayed if known else others).append(p)
    return [{"params": decayed, "weight_decay": weight_decay},
            {"params": others, "weight_decay": 0.0}]


@alternative("decay_groups")
def decay_groups_in_a_loop(network, weight_decay):
    groups = [{"params": [], "weight_decay": weight_decay}, {"params": [], "weight_decay": 0.0}]
    for _, p in network.named_parameters():
        groups[0 if p.dim() > 1 else 1]["params"].append(p)
    return groups


@alternative("decay_groups")
def decay_groups_by_filter(network, weight_decay):
    return [{"weight_decay": weight_decay,
             "params": list(filter(lambda p: len(p.shape) > 1, network.parameters()))},
            {"weight_decay": 0,
             "params": list(filter(lambda p: len(p.shape) <= 1, network.parameters()))}]


# --- weight_ema -----------------------------------------------------------------------------------

misconception("weight_ema", "The buffers keep their initial values in the average network.",
              id="forgets-buffers", hint="Copy network.named_buffers().",
              replace="self.buffers = {name: buffer.clone() for name, buffer in "
                      "network.named_buffers()}",
              by="if not self.buffers:\n"
                 "    self.buffers = {name: buffer.clone() for name, buffer in "
                 "network.named_buffers()}")
misconception("weight_ema", "The buffers are references: they change as the training goes on.",
              id="keeps-buffers", hint="clone() them.",
              replace="self.buffers = {name: buffer.clone() for name, buffer in "
                      "network.named_buffers()}", by="self.buffers = dict(network.named_buffers())")
misconception("weight_ema", "The average is not corrected for its start at zero.", id="uncorrected",
              hint="Divide by 1 − decay^steps in state_dict.",
              replace=("self.steps += 1",
                       "correction = 1 - self.decay**self.steps\n"
                       "return {**{name: total / correction for name, total in self.sums.items()}, "
                       "**self.buffers}"), by=("", "return {**self.sums, **self.buffers}"))
misconception("weight_ema", "The first weights are the parameters themselves, so the average "
              "writes into the network.", id="writes-into-the-network",
              hint="Start from torch.zeros_like(p).",
              replace="torch.zeros_like(p)", by="p.data.mul_(0)")
misconception("weight_ema", "decay and 1 − decay have changed places.", id="swapped",
              hint="decay keeps.",
              replace=("lerp_(p, 1 - self.decay)", "1 - self.decay**self.steps"),
              by=("lerp_(p, self.decay)", "1 - (1 - self.decay) ** self.steps"))


@misconception("weight_ema", "The whole state_dict is averaged: running statistics lag behind, "
               "twice averaged.", hint="Buffers are copied, not averaged.")
class WeightEMAAveragesBuffers:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.sums = decay, 0, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        for name, value in network.state_dict().items():
            self.sums[name] = self.decay * self.sums.get(name, 0.0) + (1 - self.decay) * value

    def state_dict(self):
        correction = 1 - self.decay**self.steps
        return {name: total / correction for name, total in self.sums.items()}


misconception("weight_ema", "state_dict corrects the sums in place: each look at the average "
              "changes it.", id="corrects-in-place",
              hint="total / correction makes a new tensor; div_ and /= don't.",
              replace="correction = 1 - self.decay**self.steps\n"
                      "return {**{name: total / correction for name, total in self.sums.items()}, "
                      "**self.buffers}",
              by="for total in self.sums.values():\n"
                 "    total.div_(1 - self.decay**self.steps)\n"
                 "return {**self.sums, **self.buffers}")


@alternative("weight_ema")
class WeightEMAByLoops:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.average, self.buffers = decay, 0, {}, {}

    @torch.no_grad()
    def update(self, network):
        for name, p in network.named_parameters():
            old = self.average.get(name, torch.zeros_like(p))
            self.average[name] = self.decay * old + (1 - self.decay) * p.detach()
        for name, buffer in network.named_buffers():
            self.buffers[name] = buffer.detach().clone()
        self.steps += 1

    def state_dict(self):
        merged = dict(self.buffers)
        for name, value in self.average.items():
            merged[name] = value / (1 - self.decay**self.steps)
        return merged


@alternative("weight_ema")
class WeightEMAWithAChangingRate:
    def __init__(self, decay=0.9):
        self.decay, self.steps, self.average = decay, 0, {}

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        rate = (1 - self.decay) / (1 - self.decay**self.steps)
        trained = {name for name, _ in network.named_parameters()}
        for name, value in network.state_dict().items():
            if name in trained and name in self.average:
                self.average[name] += rate * (value - self.average[name])
            else:
                self.average[name] = value.clone()

    def state_dict(self):
        return {name: value.clone() for name, value in self.average.items()}
