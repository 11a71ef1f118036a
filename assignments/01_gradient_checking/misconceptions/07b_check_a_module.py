"""Wrong and right answers to the second part of section 7, “The same in PyTorch”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- module_errors --------------------------------------------------------------------------------

misconception("module_errors", "Old gradients were not cleared, and backward added the new ones to "
              "them.", id="with-stale-gradients", hint="model.zero_grad() before backward.",
              replace="model.zero_grad()", by="")
misconception("module_errors", "Parameters without a gradient are passed over, so a cut in the "
              "graph is never found.", id="that-pass-over-none",
              hint="A gradient of None counts as zero: compare it with the differences.",
              replace="flat = parameter.detach()",
              by="if parameter.grad is None:\n"
                 "    worst[name] = 0.0\n"
                 "    continue\n"
                 "flat = parameter.detach()")
misconception("module_errors", "The entries stay at x - h: the parameters are not the same "
              "afterwards.", id="without-putting-back",
              hint="Write the old value back after the second evaluation.",
              replace="flat[i] = old\n"
                      "a, n =", by="a, n =")
misconception("module_errors", "The copy moves, not the parameter: clone() shares no memory with "
              "it.", id="of-a-clone",
              hint="parameter.detach().view(-1) is a view, parameter.detach().clone() is not.",
              replace="parameter.detach().view(-1)", by="parameter.detach().clone().view(-1)")
misconception("module_errors", "The first entries of each parameter are checked, not random ones.",
              id="of-the-first-entries", hint="rng.choice(size, size=k, replace=False).",
              replace="rng.choice(len(flat), size=min(samples, len(flat)), replace=False)",
              by="range(min(samples, len(flat)))")
misconception("module_errors", "These are forward differences; centered ones are more accurate by "
              "an order.", id="forward",
              hint="Evaluate at old + h and at old - h, and divide by 2h.",
              replace=("flat[i] = old - h", "(2 * h)"), by=("flat[i] = old", "h"))
misconception("module_errors", "A lower limit of the denominator makes every error between tiny "
              "gradients look harmless.", id="with-an-epsilon",
              hint="Divide by max(|a|, |n|) itself, and treat only 0/0 apart.",
              replace="max(abs(a), abs(n)) if a != 0 or n != 0 else 0.0",
              by="max(abs(a), abs(n), 1e-8)")
misconception("module_errors", "A parameter that the loss does not use has an error of NaN, "
              "because 0 was divided by 0.", id="zero-by-zero",
              hint="Where both gradients are 0 the error is 0.",
              replace="max(abs(a), abs(n)) if a != 0 or n != 0 else 0.0",
              by="np.maximum(abs(a), abs(n))")
misconception("module_errors", "Entries are drawn with replacement, so that some are checked twice "
              "and others never.", id="with-replacement",
              hint="rng.choice(size, size=min(samples, size), replace=False).",
              replace="rng.choice(len(flat), size=min(samples, len(flat)), replace=False)",
              by="rng.integers(len(flat), size=samples)")


@alternative("module_errors")
def module_errors_with_autograd_grad(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    names, parameters = zip(*model.named_parameters())
    gradients = torch.autograd.grad(loss(model), parameters, allow_unused=True)
    worst = {}
    with torch.no_grad():
        for name, parameter, gradient in zip(names, parameters, gradients):
            errors = []
            for i in rng.permutation(parameter.numel())[:samples]:
                place = np.unravel_index(i, parameter.shape)
                old = parameter[place].item()
                parameter[place] = old + h
                above = loss(model)
                parameter[place] = old - h
                below = loss(model)
                parameter[place] = old
                a = 0.0 if gradient is None else gradient[place].item()
                n = (above - below).item() / (2 * h)
                errors.append(0.0 if a == n else abs(a - n) / max(abs(a), abs(n)))
            worst[name] = max(errors)
    return worst


@alternative("module_errors")
def module_errors_through_data(model, loss, samples=3, h=1e-6, seed=0):
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.grad = None
    loss(model).backward()
    worst = {}
    for name, parameter in model.named_parameters():
        kept, errors = parameter.data, []
        for i in rng.choice(kept.numel(), min(samples, kept.numel()), replace=False):
            step = torch.zeros(kept.numel(), dtype=kept.dtype)
            step[i] = h
            parameter.data = kept + step.reshape(kept.shape)
            above = loss(model).item()
            parameter.data = kept - step.reshape(kept.shape)
            below = loss(model).item()
            parameter.data = kept
            a = parameter.grad.flatten()[i].item() if parameter.grad is not None else 0.0
            n = (above - below) / (2 * h)
            errors.append(abs(a - n) / (max(abs(a), abs(n)) or 1.0))
        worst[name] = float(np.max(errors))
    return worst
