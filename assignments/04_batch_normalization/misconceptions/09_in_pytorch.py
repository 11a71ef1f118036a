"""Wrong and right answers to section 9, “Batch norm in PyTorch”."""

import torch
import torch.nn.functional as F

from autograder.lessons.variants import alternative, misconception

# --- torch_batchnorm ------------------------------------------------------------------------------

misconception("torch_batchnorm", "The running variance takes in the biased variance.",
              id="biased-running", hint="PyTorch keeps the unbiased one: var · n / (n − 1).",
              earns=3, replace="var * n / (n - 1) - self.running_var", by="var - self.running_var")
misconception("torch_batchnorm", "The batch is normalized by the unbiased variance.",
              id="unbiased-everywhere",
              hint="Normalize by the variance divided by n; only the running estimate is unbiased.",
              earns=6,
              replace=("x.var(dim=axes, correction=0)", "var * n / (n - 1) - self.running_var"),
              by=("x.var(dim=axes)", "var - self.running_var"))
misconception("torch_batchnorm", "eps is added outside the root.", id="eps-outside",
              hint="(var + eps).sqrt().", earns=5,
              replace="xhat = (x - mean.view(per_channel)) / "
                      "(var.view(per_channel) + self.eps).sqrt()",
              by="xhat = (x - mean.view(per_channel)) / (var.view(per_channel).sqrt() + self.eps)")
misconception("torch_batchnorm", "momentum is the share that is kept, as in the NumPy layer; in "
              "PyTorch it is the share of the new batch.", id="momentum-of-cs231n",
              hint="running += momentum · (new − running).", earns=3,
              replace="is None else self.momentum", by="is None else 1 - self.momentum")
misconception("torch_batchnorm", "The running statistics are parameters: an optimizer would change "
              "them, and weight decay would shrink them.", id="statistics-are-parameters",
              hint="self.register_buffer(…).", earns=6,
              replace=('self.register_buffer("running_mean", torch.zeros(num_features))',
                       'self.register_buffer("running_var", torch.ones(num_features))'),
              by=("self.running_mean = torch.nn.Parameter(torch.zeros(num_features), "
                  "requires_grad=False)",
                  "self.running_var = torch.nn.Parameter(torch.ones(num_features), "
                  "requires_grad=False)"))
misconception("torch_batchnorm", "The running statistics are plain attributes: no checkpoint holds "
              "them, and they don't move with the module.", id="statistics-are-attributes",
              hint="self.register_buffer(…).", earns=6,
              replace=('self.register_buffer("running_mean", torch.zeros(num_features))',
                       'self.register_buffer("running_var", torch.ones(num_features))',
                       "per_channel = [1, -1] + [1] * (x.dim() - 2)"),
              by=("self.running_mean = torch.zeros(num_features)",
                  "self.running_var = torch.ones(num_features)",
                  "per_channel = [1, -1] + [1] * (x.dim() - 2)\n"
                  "self.running_mean, self.running_var = self.running_mean.to(x), "
                  "self.running_var.to(x)"))
misconception("torch_batchnorm", "The counter is a Python number: the checkpoint lacks "
              "num_batches_tracked.", id="counter-is-a-number",
              hint="Register it as a buffer, torch.tensor(0, dtype=torch.long).", earns=6,
              replace='self.register_buffer("num_batches_tracked", '
                      "torch.tensor(0, dtype=torch.long))", by="self.num_batches_tracked = 0")
misconception("torch_batchnorm", "The counter is a float tensor, which PyTorch's is not.",
              id="counter-is-a-float", hint="torch.tensor(0, dtype=torch.long).", earns=6,
              replace="torch.tensor(0, dtype=torch.long)", by="torch.tensor(0.0)")
misconception("torch_batchnorm", "num_batches_tracked is never counted up.", id="never-counts",
              hint="self.num_batches_tracked += 1 in train mode.", earns=3,
              replace="self.num_batches_tracked += 1\n"
                      "share = 1 / self.num_batches_tracked if self.momentum is None else "
                      "self.momentum",
              by="share = 1 / (self.num_batches_tracked + 1) if self.momentum is None else "
                 "self.momentum")
misconception("torch_batchnorm", "momentum=None is treated like 0.1.", id="none-is-a-tenth",
              hint="None means a cumulative average: share 1/k for the k-th batch.", earns=5,
              replace="1 / self.num_batches_tracked", by="0.1")
misconception("torch_batchnorm", "The cumulative average counts the start (0 and 1) as if it were "
              "a batch.", id="none-counts-the-start",
              hint="Count first: the first batch has share 1.", earns=5,
              replace="1 / self.num_batches_tracked", by="1 / (self.num_batches_tracked + 1)")
misconception("torch_batchnorm", "The running statistics are updated with a graph: they require a "
              "gradient, and memory grows from batch to batch.", id="keeps-the-graph",
              hint="Update them under torch.no_grad().", earns=5,
              replace="with torch.no_grad():\n"
                      "    self.num_batches_tracked += 1\n"
                      "    share = 1 / self.num_batches_tracked if self.momentum is None else "
                      "self.momentum\n"
                      "    self.running_mean += share * (mean - self.running_mean)\n"
                      "    self.running_var += share * (var * n / (n - 1) - self.running_var)",
              by="if True:\n"
                 "    self.num_batches_tracked += 1\n"
                 "    share = 1 / self.num_batches_tracked if self.momentum is None else "
                 "self.momentum\n"
                 "    self.running_mean = self.running_mean + share * (mean - self.running_mean)\n"
                 "    self.running_var = self.running_var + share * "
                 "(var * n / (n - 1) - self.running_var)")
misconception("torch_batchnorm", "Mean and variance are computed without a graph, so the gradient "
              "lacks the ways through them.", id="detached-statistics",
              hint="Only the update of the running statistics is under torch.no_grad().", earns=6,
              replace="x.mean(dim=axes), x.var", by="x.detach().mean(dim=axes), x.detach().var")
misconception("torch_batchnorm", "The variance of an image's channel is taken place by place and "
              "averaged: what differs between places is lost.", id="examples-only",
              hint="For (N, C, H, W) take mean and variance over N, H and W at once.", earns=3,
              replace="mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)",
              by="mean, var = x.mean(dim=axes), x.var(dim=0, correction=0).reshape(x.shape[1], "
                 "-1).mean(dim=1)")
misconception("torch_batchnorm", "Eval mode normalizes by the batch.", id="eval-by-the-batch",
              hint="In eval mode use the buffers.", earns=5,
              replace="if self.training:",
              by="if not self.training:\n"
                 "    mean, var = x.mean(dim=axes), x.var(dim=axes, correction=0)\n"
                 "if self.training:")
misconception("torch_batchnorm", "Eval mode updates the running statistics.", id="eval-updates",
              hint="Update them in train mode only.", earns=5,
              replace="return self.weight.view(",
              by="if not self.training:\n"
                 "    with torch.no_grad():\n"
                 "        self.running_mean += 0.1 * (x.mean(dim=axes) - self.running_mean)\n"
                 "return self.weight.view(")
misconception("torch_batchnorm", "A single value a channel passes in train mode, and the running "
              "variance becomes NaN.", id="one-value-passes", hint="Raise ValueError if n is 1.",
              earns=7,
              replace=("if n == 1:\n"
                       '    raise ValueError("one value a channel has no variance")',
                       "var * n / (n - 1)"), by=("", "var * n / max(n - 1, 1)"))
misconception("torch_batchnorm", "A single image is refused, though its channels have many values.",
              id="refuses-a-single-image", hint="Count the values a channel, not the examples.",
              earns=7,
              replace=("if n == 1:", "var * n / (n - 1)"),
              by=("if len(x) == 1:", "var * n / max(n - 1, 1)"))
misconception("torch_batchnorm", "Only (N, C) is checked; an image of a single place passes.",
              id="checks-features-only",
              hint="n = x.numel() // x.shape[1], for both kinds of input.", earns=7,
              replace=("if n == 1:", "var * n / (n - 1)"),
              by=("if x.dim() == 2 and len(x) == 1:", "var * n / max(n - 1, 1)"))
misconception("torch_batchnorm", "`self.momentum or …` takes the momentum 0.0 for None.",
              id="zero-is-none", hint="Ask `is None`: 0.0 is a share, too.", earns=5,
              replace=("share = 1 / self.num_batches_tracked if self.momentum is None else "
                       "self.momentum", "var * n / (n - 1)"),
              by=("share = self.momentum or 1 / self.num_batches_tracked",
                  "var * n / max(n - 1, 1)"))


@alternative("torch_batchnorm", replaces="BatchNormByHand")
class WithTorchFunctions(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = (torch.nn.Parameter(torch.ones(num_features)),
                                  torch.nn.Parameter(torch.zeros(num_features)))
        for name, value in (("running_mean", torch.zeros(num_features)),
                            ("running_var", torch.ones(num_features)),
                            ("num_batches_tracked", torch.zeros((), dtype=torch.int64))):
            self.register_buffer(name, value)

    def forward(self, x):
        rows = x.movedim(1, -1)
        flat = rows.reshape(-1, x.shape[1])
        if self.training:
            if len(flat) < 2:
                raise ValueError(f"{len(flat)} value")
            var, mean = torch.var_mean(flat, dim=0, unbiased=False)
            self.num_batches_tracked.add_(1)
            share = (self.momentum if self.momentum is not None
                     else 1.0 / self.num_batches_tracked.item())
            self.running_mean.lerp_(mean.detach(), share)
            self.running_var.lerp_(flat.detach().var(dim=0), share)
        else:
            mean, var = self.running_mean, self.running_var
        out = (rows - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias
        return out.movedim(-1, 1)


alternative("torch_batchnorm", id="by-rebinding-buffers",
            replace=("self.running_mean += share * (mean - self.running_mean)",
                     "self.running_var += share * (var * n / (n - 1) - self.running_var)"),
            by=("self.running_mean = (1 - share) * self.running_mean + share * mean",
                "self.running_var = (1 - share) * self.running_var + share * "
                "x.var(dim=axes, correction=1)"))


@alternative("torch_batchnorm", replaces="BatchNormByHand")
class ByFunctional(torch.nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = torch.nn.Parameter(torch.ones(num_features))
        self.bias = torch.nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        share = self.momentum
        if self.training:
            if x.numel() == x.shape[1]:
                raise ValueError("more than one value, please")
            self.num_batches_tracked += 1
            if share is None:
                share = 1 / float(self.num_batches_tracked)
        mean, var, n = self.running_mean, self.running_var, x.numel() // x.shape[1]
        if not self.training:
            return F.batch_norm(x, mean, var, self.weight, self.bias, False, 0.0, self.eps)
        with torch.no_grad():
            rows = x.transpose(0, 1).reshape(x.shape[1], n)
            mean.mul_(1 - share).add_(rows.mean(dim=1), alpha=share)
            var.mul_(1 - share).add_(rows.var(dim=1), alpha=share)
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, max(self.eps, 1e-14))
