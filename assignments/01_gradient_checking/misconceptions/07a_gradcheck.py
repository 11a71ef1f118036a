"""Wrong and right answers to section 7, “The same in PyTorch”."""

import torch
import torch.nn.functional as F

from autograder.lessons.variants import alternative, misconception

# --- softplus -------------------------------------------------------------------------------------

misconception("softplus", "The backward pass ignores the upstream gradient.", id="without-upstream",
              hint="The chain rule: multiply both gradients with dout.",
              replace="return dout * slope, torch.sum(dout * (x * slope - out) / beta)",
              by="return slope, torch.sum((x * slope - out) / beta)")
misconception("softplus", "exp overflows for large inputs, and the output is infinite.",
              id="that-overflows", hint="torch.logaddexp(beta * x, torch.zeros_like(x)) doesn't.",
              replace="out = torch.logaddexp(beta * x, torch.zeros_like(x)) / beta",
              by="out = torch.log(1 + torch.exp(beta * x)) / beta")
misconception("softplus", "The gradient with respect to beta lacks the division by beta.",
              id="without-dividing-by-beta", hint="(x sigmoid(beta x) - s) / beta.",
              replace="dout * (x * slope - out) / beta", by="dout * (x * slope - out)")
misconception("softplus", "The slope is sigmoid(x), as if beta were 1.",
              id="with-the-slope-of-beta-one",
              hint="The derivative of log(1 + exp(beta x)) / beta is sigmoid(beta x).",
              replace="slope = torch.sigmoid(beta * x)", by="slope = torch.sigmoid(x)")
misconception("softplus", "The slope carries an extra factor beta, which the division by beta in s "
              "cancels.", id="with-an-extra-beta",
              hint="d/dx log(1 + exp(beta x)) / beta = beta sigmoid(beta x) / beta.",
              replace="dout * slope", by="dout * beta * slope")
misconception("softplus", "The gradient with respect to beta is averaged; one beta serves all "
              "entries, so it is a sum.", id="with-a-mean", hint="torch.sum over all entries.",
              replace="torch.sum", by="torch.mean")


@alternative("softplus")
class SoftplusByTheMaximum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        z = beta * x
        out = (z.clamp(min=0) + torch.log1p(torch.exp(-z.abs()))) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        p = 1 / (1 + torch.exp(-beta * x))
        dx = p * dout
        return dx, (dx * x).sum() / beta - (dout * out).sum() / beta


@alternative("softplus")
class SoftplusThatKeepsPlainAttributes(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.x, ctx.beta = x.detach(), beta.item()
        return -F.logsigmoid(-beta * x) / beta

    @staticmethod
    def backward(ctx, dout):
        z = ctx.beta * ctx.x
        slope = torch.sigmoid(z)
        dbeta = dout * (z * slope + F.logsigmoid(-z)) / ctx.beta**2
        return dout * slope, dbeta.sum()


@alternative("softplus")
class SoftplusByTorch(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        out = F.softplus(beta * x) / beta
        ctx.save_for_backward(x, beta, out)
        return out

    @staticmethod
    def backward(ctx, dout):
        x, beta, out = ctx.saved_tensors
        slope = 1 / (1 + torch.exp(-beta * x))
        return dout * slope, (dout * (x * slope - out)).sum() / beta


# --- passes_gradcheck -----------------------------------------------------------------------------

misconception("passes_gradcheck", "The inputs stay in float32, where rounding alone makes right "
              "gradients fail.", id="in-float32", hint="Convert floats to torch.float64.",
              replace='x.detach().to("cpu", torch.float64, copy=True)', by="x.detach().clone()")
misconception("passes_gradcheck", "A wrong gradient raises an error where False was asked for.",
              id="that-raises", hint="raise_exception=False.",
              replace=('x.detach().to("cpu", torch.float64, copy=True).requires_grad_()',
                       "(function, copies, raise_exception=False)"),
              by=("x.detach().double().clone().requires_grad_()", "(function, copies)"))
misconception("passes_gradcheck", "Only the first input requires a gradient, so the others are "
              "never checked.", id="of-the-first-input",
              hint="requires_grad_() on every copy that holds floats.",
              replace=(".requires_grad_()", "return torch"),
              by=("",
                  "copies[0].requires_grad_()\n"
                  "return torch"))
misconception("passes_gradcheck", "The tolerances are so loose that an error of one per cent "
              "passes.", id="with-loose-tolerances",
              hint="Go to float64 and keep gradcheck's own tolerances.",
              replace=('x.detach().to("cpu", torch.float64, copy=True).requires_grad_()',
                       "return torch.autograd.gradcheck(function, copies, raise_exception=False)"),
              by=("x.detach().double().clone().requires_grad_()",
                  "return torch.autograd.gradcheck(\n"
                  "    function, copies, eps=1e-3, atol=1e-2, rtol=1e-2, raise_exception=False\n"
                  ")"))
misconception("passes_gradcheck", "Labels were turned into floats, which a loss such as "
              "cross-entropy takes for probabilities.", id="of-labels",
              hint="Convert only what is_floating_point().",
              replace="if x.is_floating_point() else x", by="")
misconception("passes_gradcheck", "The caller's own tensor was made to require a gradient: "
              "double() of a float64 is no copy.", id="of-the-callers-tensors",
              hint="Detach and copy: x.detach().to(torch.float64, copy=True).",
              replace='x.detach().to("cpu", torch.float64, copy=True)', by="x.double()")


@alternative("passes_gradcheck")
def passes_gradcheck_by_catching(function, *inputs):
    copies = []
    for x in inputs:
        if x.is_floating_point():
            x = x.detach().cpu().clone().double()
            x.requires_grad = True
        copies.append(x)
    try:
        return torch.autograd.gradcheck(function, tuple(copies))
    except RuntimeError:
        return False


@alternative("passes_gradcheck")
def passes_gradcheck_through_numpy(function, *inputs):
    copies = tuple(
        torch.tensor(x.detach().cpu().numpy(), dtype=torch.float64, requires_grad=True)
        if x.dtype.is_floating_point
        else x
        for x in inputs
    )
    return bool(torch.autograd.gradcheck(function, copies, raise_exception=False))


# --- predicted_gradcheck --------------------------------------------------------------------------

misconception("predicted_gradcheck", "A right gradient is not enough: the differences must be "
              "accurate too.", id="what-is-right-passes",
              hint="What does rounding in float32, 6e-8, become when it is divided by 2e-6?",
              source='predicted_gradcheck = "it passes"')
