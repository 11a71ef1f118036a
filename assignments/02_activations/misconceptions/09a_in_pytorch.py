"""Wrong and right answers to section 9, “In PyTorch”."""

import torch
from torch import nn

from autograder.lessons.variants import alternative, misconception

# --- torch_prelu ----------------------------------------------------------------------------------

misconception("torch_prelu", "The slope is a plain tensor: no optimizer sees it, and no checkpoint "
              "holds it.", id="p-relu-with-a-plain-tensor", hint="nn.Parameter(…).",
              replace=("self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))",
                       "self.weight.view"),
              by=("self.weight = torch.full((num_parameters,), float(init))",
                  "self.weight.to(x).view"))
misconception("torch_prelu", "The slope is a buffer: it is saved and moved, but never trained.",
              id="p-relu-with-a-buffer", hint="nn.Parameter(…).",
              replace="self.weight = nn.Parameter(torch.full((num_parameters,), float(init)))",
              by='self.register_buffer("weight", torch.full((num_parameters,), float(init)))')
misconception("torch_prelu", "The slopes line up with the last dimension; the channels are on "
              "dimension 1.", id="p-relu-on-the-last-dimension",
              hint="View the slopes as (C, 1, 1) for images.", earns=1,
              replace="self.weight.view(-1, *[1] * (x.dim() - 2))", by="self.weight")
misconception("torch_prelu", "The larger of x and αx isn't PReLU once α is above 1.",
              id="p-relu-by-maximum", hint="torch.where(x > 0, x, slope * x).", earns=1,
              replace="torch.where(x > 0, x, slope * x)", by="torch.maximum(x, slope * x)")
misconception("torch_prelu", "The slope is detached from the graph in forward, so it never gets a "
              "gradient.", id="p-relu-detached", hint="Use self.weight, not self.weight.data.",
              earns=1,
              replace=("self.weight.view", "return torch.where(x > 0, x, slope * x)"),
              by=("self.weight.data.view",
                  "return torch.where(x > 0, x, slope * x) + 0 * self.weight.sum()"))
misconception("torch_prelu", "init is ignored: the slopes are 0.25 always.",
              id="p-relu-without-init", hint="torch.full((num_parameters,), init).", earns=2,
              replace="float(init)", by="0.25")
misconception("torch_prelu", "The parameter has another name than nn.PReLU's, so checkpoints don't "
              "fit.", id="p-relu-under-another-name", hint="self.weight.", earns=2,
              replace=("self.weight = nn.Parameter", "self.weight.view"),
              by=("self.alpha = nn.Parameter", "self.alpha.view"))


@alternative("torch_prelu")
class PReLUInTwoParts(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(init * torch.ones(num_parameters))

    def forward(self, x):
        shape = [1] * x.dim()
        shape[1] = -1
        return x.clamp(min=0) + self.weight.reshape(shape) * x.clamp(max=0)


@alternative("torch_prelu")
class PReLUMovingDimensions(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.empty(num_parameters)))
        nn.init.constant_(self.weight, init)

    def forward(self, x):
        moved = x.movedim(1, -1)
        return torch.where(moved > 0, moved, self.weight * moved).movedim(-1, 1)


# --- torch_silu -----------------------------------------------------------------------------------

misconception("torch_silu", "x is kept as an attribute of ctx: PyTorch can't watch it, and memory "
              "may leak.", id="silu-keeps-an-attribute", hint="ctx.save_for_backward(x).", earns=2,
              replace=("ctx.save_for_backward(x)", "(x,) = ctx.saved_tensors"),
              by=("ctx.x = x", "x = ctx.x"))
misconception("torch_silu", "Two tensors are kept, as autograd would by itself; nothing is saved.",
              id="silu-keeps-two", hint="Keep x only, and compute the sigmoid again.", earns=2,
              replace=("ctx.save_for_backward(x)\n"
                       "return x * torch.sigmoid(x)",
                       "(x,) = ctx.saved_tensors\n"
                       "gate = torch.sigmoid(x)"),
              by=("gate = torch.sigmoid(x)\n"
                  "ctx.save_for_backward(x, gate)\n"
                  "return x * gate",
                  "x, gate = ctx.saved_tensors"))
misconception("torch_silu", "The gate is kept after all, as an attribute of ctx: no memory is "
              "saved.", id="silu-hides-the-gate", hint="Compute the gate again in backward.",
              earns=2,
              replace=("return x * torch.sigmoid(x)", "gate = torch.sigmoid(x)"),
              by=("ctx.gate = torch.sigmoid(x)\n"
                  "return x * ctx.gate",
                  "gate = ctx.gate"))
misconception("torch_silu", "dout is forgotten: right for a sum, wrong for every other loss.",
              id="silu-without-dout", hint="Multiply by dout.", earns=1,
              replace="dout * gate * (1 + x * (1 - gate))", by="gate * (1 + x * (1 - gate))")
misconception("torch_silu", "The gate is treated as a constant in the backward pass.",
              id="silu-constant-gate", hint="gate · (1 + x (1 − gate)).", earns=1,
              replace="return dout * gate * (1 + x * (1 - gate))", by="return dout * gate")
misconception("torch_silu", "The output is kept in place of the input.", id="silu-keeps-the-output",
              hint="ctx.save_for_backward(x).",
              replace="ctx.save_for_backward(x)", by="ctx.save_for_backward(x * torch.sigmoid(x))")
misconception("torch_silu", "exp(x) / (1 + exp(x)) is NaN for large x.", id="silu-overflows",
              hint="torch.sigmoid is stable.", earns=1,
              replace="return x * torch.sigmoid(x)", by="return x * x.exp() / (1 + x.exp())")


@alternative("torch_silu")
class SiLUInTwoTerms(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.silu(x)

    @staticmethod
    def backward(ctx, dout):
        x = ctx.saved_tensors[0]
        gate = x.sigmoid()
        return dout * gate + dout * x * gate * (1 - gate)


@alternative("torch_silu")
class SiLUByTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * (0.5 + 0.5 * torch.tanh(x / 2))

    @staticmethod
    def backward(ctx, dout):
        (x,) = ctx.saved_tensors
        gate = 0.5 + 0.5 * torch.tanh(x / 2)
        return dout * (gate + x * gate * (1 - gate))


# --- torch_maxout ---------------------------------------------------------------------------------

misconception("torch_maxout", "The pieces of a unit are taken from far apart: outputs u, u + "
              "units, … instead of neighbours.", id="maxout-far-apart",
              hint="Shape (…, units, pieces), maximum over the last.",
              replace="return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)",
              by="return self.linear(x).unflatten(-1, (self.pieces, -1)).amax(dim=-2)")
misconception("torch_maxout", "The pieces are averaged; the largest should win.", id="maxout-mean",
              hint="amax(dim=-1).",
              replace="return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)",
              by="return self.linear(x).unflatten(-1, (-1, self.pieces)).mean(dim=-1)")
misconception("torch_maxout", "max(dim=-1) returns values and places; only the values are wanted.",
              id="maxout-returns-places", hint="amax, or .values.",
              replace="return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)",
              by="return self.linear(x).unflatten(-1, (-1, self.pieces)).max(dim=-1)")
misconception("torch_maxout", "Inputs with more than two dimensions are flattened into a batch.",
              id="maxout-flattens", hint="unflatten the last dimension only.",
              replace="return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)",
              by="out = self.linear(x)\n"
                 "return out.view(-1, out.shape[-1] // self.pieces, self.pieces).amax(dim=-1)")
misconception("torch_maxout", "A ReLU is put on top; maxout has no floor at 0.",
              id="maxout-with-relu", hint="The maximum of the pieces, nothing else.",
              replace="amax(dim=-1)", by="amax(dim=-1).relu()")
alternative("torch_maxout", id="maxout-by-view",
            replace=("pieces = pieces",
                     "return self.linear(x).unflatten(-1, (-1, self.pieces)).amax(dim=-1)"),
            by=("pieces, self.units = pieces, out_features",
                "return self.linear(x).reshape(*x.shape[:-1], self.units, "
                "self.pieces).max(dim=-1).values"))


@alternative("torch_maxout")
class MaxoutByStrides(nn.Module):
    def __init__(self, in_features, out_features, pieces=2):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, pieces * out_features)

    def forward(self, x):
        out = self.linear(x)
        best = out[..., ::self.pieces]
        for k in range(1, self.pieces):
            best = torch.maximum(best, out[..., k::self.pieces])
        return best
