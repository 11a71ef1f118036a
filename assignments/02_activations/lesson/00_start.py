# ---
# title: Activations
# minutes: 240
# ---

# %% [markdown]
# # Activations
#
# **The promise.** At the end of this notebook you will have written ten activation functions
# by hand, forward and backward, in a form that survives every input.
# You will be able to say what is wrong with each of them:
# which ones let a gradient die in a deep network, which ones make learning zig-zag,
# which units die and how to bring them back, and what an exponential costs.
# In PyTorch you will write activations as modules and as an operation with its own backward pass,
# and you will compare them in a way that stands up to a second look.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes.
# From a clean kernel, the whole notebook takes about eleven seconds of processor time,
# most of it for importing PyTorch; all experiments together take about three.
# A GPU is used where there is one (in section 9) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch.
# You write a function, the cell below it tells you what is right and what is not,
# and experiments show what the function does to a network.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The vices and virtues of activation functions (saturation, outputs that are not zero-centred,
# dead ReLUs, the cost of exp) follow **CS231n**, lecture 6,
# and its notes [*Neural Networks, part 1*](https://cs231n.github.io/neural-networks-1/#actfun);
# how data and weights should be scaled to meet them
# is in [*part 2*](https://cs231n.github.io/neural-networks-2/).
# The other lecture notes of the course, **CSE 176** lecture 11, **Neural Networks III**
# and **INFO8010** lecture 4, train networks that are built from these functions.
#
# The papers: LeCun, Bottou, Orr & Müller (1998),
# [*Efficient BackProp*](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf);
# Glorot & Bengio (2010), [*Understanding the difficulty
# of training deep feedforward neural networks*](https://proceedings.mlr.press/v9/glorot10a.html);
# Nair & Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*;
# Glorot, Bordes & Bengio (2011),
# [*Deep sparse rectifier neural networks*](https://proceedings.mlr.press/v15/glorot11a.html);
# Maas, Hannun & Ng (2013),
# *Rectifier nonlinearities improve neural network acoustic models* (leaky ReLU);
# Goodfellow et al. (2013), [*Maxout networks*](https://arxiv.org/abs/1302.4389);
# He, Zhang, Ren & Sun (2015),
# [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852) (PReLU);
# Clevert, Unterthiner & Hochreiter (2016), [*Fast and accurate deep network learning
# by exponential linear units*](https://arxiv.org/abs/1511.07289) (ELU); Hendrycks & Gimpel (2016),
# [*Gaussian error linear units*](https://arxiv.org/abs/1606.08415) (GELU and SiLU);
# Elfwing, Uchibe & Doya (2018),
# [*Sigmoid-weighted linear units*](https://arxiv.org/abs/1702.03118);
# Ramachandran, Zoph & Le (2017),
# [*Searching for activation functions*](https://arxiv.org/abs/1710.05941) (Swish).

# %% shared="imports"
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import erf, expit, softmax
from torch import nn

from nnlab import data, device
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_shape
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()

# %% [markdown]
# Here is the family.
# The blue curve is the function;
# the dashed orange one is its derivative, by which every gradient is multiplied on its way back.
# Look at the orange curves first: where they are zero, nothing is learned.

# %% experiment="gallery"
family = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": F.relu,
          "leaky ReLU, PReLU": lambda x: F.leaky_relu(x, 0.2), "ELU": F.elu,
          "GELU": F.gelu, "SiLU": F.silu,
          "maxout of three lines": lambda x: torch.stack(
              [-0.6 * x - 0.8, 0.3 * x, 1.2 * x - 1]).amax(0)}
x = torch.linspace(-4, 4, 321, requires_grad=True)
figure, grid = plt.subplots(2, 4, sharex=True, sharey=True, figsize=(9.6, 4.6))
for ax, (name, function) in zip(grid.flat, family.items(), strict=True):
    out = function(x)
    (slope,) = torch.autograd.grad(out.sum(), x)
    ax.plot(x.detach(), out.detach(), color=COLOURS["blue"], linewidth=2.4, label="function")
    ax.plot(x.detach(), slope, "--", color=COLOURS["orange"], label="derivative")
    ax.axhline(0, color="0.4", linewidth=0.8)
    ax.set_title(name, fontsize=10)
grid[0, 0].set(ylim=(-1.4, 3.2), xlim=(-4, 4), xticks=[-4, -2, 0, 2, 4])
grid[0, 0].legend(loc="upper left", fontsize=9)
for ax in grid[1]:
    ax.set_xlabel("x")
show(figure, "Eight small panels, each with an activation function and its derivative between -4 "
     "and 4. The derivative of the sigmoid never exceeds 0.25, that of tanh 1, "
     "and both vanish on the left and on the right. The derivatives of ReLU, leaky ReLU, ELU, "
     "GELU and SiLU are 1 or nearly so on the right; on the left they are zero, 0.2, or fade away. "
     "Maxout is three straight lines, its derivative three steps.")

# %% [markdown]
# For the backward passes there is a referee:
# the same function in PyTorch, in double precision, differentiated by autograd.
# The tests of this notebook compare your gradients with the referee's.

# %% shared="referee"
def referee(function, dout, *inputs):
    """The output of a PyTorch function and its gradients by autograd, in float64.

    ``dout`` is the gradient of the loss with respect to the output. Returns a list of arrays:
    the output, then one gradient for each input.
    """
    tensors = [torch.tensor(np.asarray(each, dtype=float), requires_grad=True) for each in inputs]
    out = function(*tensors)
    slopes = torch.autograd.grad((out * torch.tensor(np.asarray(dout, dtype=float))).sum(), tensors)
    return [tensor.detach().numpy() for tensor in (out, *slopes)]

# %% [markdown]
# NumPy doesn't stop at an overflow, it warns,
# and a warning in an output of a thousand lines is easily overlooked.
# The next function collects them.

# %% sandboxed="complaints"
def complaints(forward, backward, x):
    """What NumPy complains of (overflows, NaNs, …) in a forward and a backward pass at x."""
    import warnings

    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        out, cache = forward(x)
        backward(np.ones_like(out), cache)
    return sorted({str(one.message) for one in caught})
