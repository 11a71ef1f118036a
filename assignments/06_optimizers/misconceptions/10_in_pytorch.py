"""Wrong and right answers to section 10, “In PyTorch”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- torch_adamw ----------------------------------------------------------------------------------

misconception("torch_adamw", "The settings come from the defaults: a group's own learning rate, "
              "betas or decay are ignored.", id="adam-w-ignores-groups",
              hint="Read everything from the group.", earns=2,
              replace=('beta1, beta2 = group["betas"]', 'for p in group["params"]'),
              by=('params, group = group["params"], self.defaults\n'
                  'beta1, beta2 = group["betas"]',
                  "for p in params"))
misconception("torch_adamw", "The averages live in a dictionary of the optimizer's own: a "
              "checkpoint loses them.", id="adam-w-hides-its-state",
              hint="Keep them in self.state[p], which state_dict() saves.", earns=4,
              replace="state = self.state[p]",
              by='state = vars(self).setdefault("memory", {}).setdefault(p, {})')
misconception("torch_adamw", "One counter serves all parameters: a parameter that rests is "
              "corrected as if it had not, and the counter is not saved.",
              id="adam-w-counts-for-all", hint="Count in state['step'], for each p.", earns=2,
              replace=("for group in self.param_groups:", 'state["step"] += 1'),
              by=('self.t = getattr(self, "t", 0) + 1\n'
                  "for group in self.param_groups:",
                  'state["step"] = self.t'))
misconception("torch_adamw", "The decay is added to the gradient: this is L2 inside Adam.",
              id="adam-w-withl2",
              hint="Shrink p itself by lr · weight_decay; keep the decay out of the averages.",
              replace=("state = self.state[p]", "add_(p.grad, alpha", "addcmul_(p.grad, p.grad,",
                       'p.mul_(1 - group["lr"] * group["weight_decay"])'),
              by=('state, grad = self.state[p], p.grad + group["weight_decay"] * p',
                  "add_(grad, alpha", "addcmul_(grad, grad,", ""))
misconception("torch_adamw", "`p = p − …` makes a new tensor; the parameter itself never changes.",
              id="adam-w-rebinds", hint="Change p in place: p.sub_(…), p.copy_(…).",
              replace=("p.mul_(", "p.sub_("), by=("p = p * (", "p = p - ("))
misconception("torch_adamw", "A parameter without a gradient is treated as if its gradient were "
              "zero: it decays, and its averages fade.", id="adam-w-never-rests",
              hint="Skip a parameter whose grad is None.", earns=4,
              replace="continue", by="p.grad = torch.zeros_like(p)")


@misconception("torch_adamw", "The state is keyed by the name of the average first, "
               "self.state['m'][p]: state_dict() cannot save it like that.",
               hint="self.state[p]['exp_avg'], with p as the key.", earns=4, replaces="AdamWByHand")
class AdamWKeysBackwards(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                key = id(p)
                t = self.state["t"][key] = self.state["t"].get(key, 0) + 1
                m = beta1 * self.state["m"].get(key, torch.zeros_like(p)) + (1 - beta1) * p.grad
                v = beta2 * self.state["v"].get(key, torch.zeros_like(p)) + (1 - beta2) * p.grad**2
                self.state["m"][key], self.state["v"][key] = m, v
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m / (1 - beta1**t)
                       / ((v / (1 - beta2**t)).sqrt() + group["eps"]))


misconception("torch_adamw", "The first parameter without a gradient ends the whole step: those "
              "behind it are never reached.", id="adam-w-returns-early",
              hint="continue goes on with the next parameter, return does not.", earns=4,
              replace="continue", by="return loss")
misconception("torch_adamw", "The gradient is scaled and squared in place: whoever looks at p.grad "
              "after the step finds something else.", id="adam-w-spoils-the-gradient",
              hint="Leave p.grad as it is: add_(p.grad, alpha=1 - beta1).", earns=4,
              replace="addcmul_(p.grad, p.grad, value=1 - beta2)",
              by="add_(p.grad.square_(), alpha=1 - beta2)")


@alternative("torch_adamw", replaces="AdamWByHand")
class AdamWWithTensorCounter(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params,
                         {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in filter(lambda p: p.grad is not None, group["params"]):
                state = self.state[p]
                state.setdefault("step", torch.tensor(0.0))
                state["step"] = state["step"] + 1
                for key, beta, new in zip(("exp_avg", "exp_avg_sq"), group["betas"],
                                          (p.grad, p.grad**2)):
                    state[key] = torch.lerp(new, state.get(key, torch.zeros_like(p)), beta)
                t = float(state["step"])
                m, v = (state[k] / (1 - b**t)
                        for k, b in zip(("exp_avg", "exp_avg_sq"), group["betas"]))
                p -= group["lr"] * (m / (v.sqrt() + group["eps"]) + group["weight_decay"] * p)


@alternative("torch_adamw", replaces="AdamWByHand")
class AdamWThroughData(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p.data)
                    state["exp_avg_sq"] = torch.zeros_like(p.data)
                state["step"] += 1
                state["exp_avg"] = b1 * state["exp_avg"] + (1 - b1) * p.grad.data
                state["exp_avg_sq"] = b2 * state["exp_avg_sq"] + (1 - b2) * p.grad.data**2
                root = (1 - b2 ** state["step"]) ** 0.5
                rate = group["lr"] * root / (1 - b1 ** state["step"])
                quotient = state["exp_avg"] / (state["exp_avg_sq"].sqrt() + group["eps"] * root)
                p.data = p.data * (1 - group["lr"] * group["weight_decay"]) - rate * quotient
        return loss


# --- warmup_rsqrt ---------------------------------------------------------------------------------

misconception("warmup_rsqrt", "The function gives a learning rate, but LambdaLR wants a factor: "
              "the initial rate is multiplied in twice.", id="as-a-rate",
              hint="Leave the learning rate out; LambdaLR knows it.",
              replace="lambda k: min(",
              by='lambda k, base=optimizer.param_groups[0]["lr"]: base * min(')
misconception("warmup_rsqrt", "The first step has rate 0: k counts the steps done before.",
              id="from-zero", hint="Use k + 1.",
              replace="lambda k: min((k + 1) / warmup, (warmup / (k + 1)) ** 0.5)",
              by="lambda k: min(k / warmup, (warmup / max(k, 1)) ** 0.5)")
misconception("warmup_rsqrt", "The fall goes on from 1/√step without the factor √warmup: the rate "
              "jumps after the warm-up.", id="jumps",
              hint="√(warmup / (k + 1)) is 1 at the end of the warm-up.",
              replace="lambda k: min((k + 1) / warmup, (warmup / (k + 1)) ** 0.5)",
              by="lambda k: (k + 1) / warmup if k < warmup else (k + 1) ** -0.5")
misconception("warmup_rsqrt", "The rate falls like 1/step; the root is missing.", id="without-root",
              hint="The square root of warmup / (k + 1).",
              replace="(warmup / (k + 1)) ** 0.5", by="warmup / (k + 1)")


@alternative("warmup_rsqrt")
def warmup_rsqrt_with_a_branch(optimizer, warmup):
    def factor(done):
        step = done + 1
        if step <= warmup:
            return step / warmup
        return warmup**0.5 / step**0.5

    return torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=factor)


@alternative("warmup_rsqrt")
def warmup_rsqrt_with_a_list(optimizer, warmup):
    def factor(k):
        return np.sqrt(warmup) * min((k + 1) ** -0.5, (k + 1) * warmup**-1.5)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor] * len(optimizer.param_groups))


# --- fused_saves ----------------------------------------------------------------------------------

misconception("fused_saves", "Each number still costs the same few operations; they are just not "
              "the bottleneck.", id="arithmetic", hint="What is slow about many small tensors?",
              source='fused_saves = "arithmetic"')
misconception("fused_saves", "The averages m and v must be kept by every build.", id="memory",
              hint="What is slow about many small tensors?",
              source='fused_saves = "memory for m and v"')
