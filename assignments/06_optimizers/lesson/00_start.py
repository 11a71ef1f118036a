# ---
# title: Optimizers and learning-rate schedules
# minutes: 240
# ---

# %% [markdown]
# # Optimizers and learning-rate schedules
#
# **The promise.** At the end of this notebook you will have written the update rules
# that most networks are trained with, from plain gradient descent to AdamW,
# and you will know them by their tracks.
# You will be able to choose a schedule, to say what the size of a minibatch does to the noise,
# to explain why nobody trains a network with Newton's method,
# and to write an optimizer for PyTorch from which PyTorch's own can take over in mid-training.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes.
# From a clean kernel, the whole notebook takes about nine seconds of processor time,
# most of it for importing PyTorch and its optimizers; all experiments together take two.
# A GPU is used where there is one (in section 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch.
# You write a rule, the cell below it tells you what is right and what is not,
# and experiments show what the rule does.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The update rules, the learning-rate schedules and second-order methods up to L-BFGS,
# with their conventions, follow **CS231n**, lectures 6 and 7,
# and its notes [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/);
# momentum and the adaptive rates are also the subject of **Neural Networks III**.
# Valleys, line search with the Wolfe conditions,
# and schedules are treated in **INFO8010**, lecture 4.
# Minibatches, the noise of their gradients
# and what it means for second-order methods belong to **CSE 176**, lecture 11.
#
# The papers: Polyak (1964), *Some methods of speeding up the convergence of iteration methods*;
# Nesterov (1983), *A method of solving a convex programming problem with convergence rate O(1/k²)*;
# Sutskever, Martens, Dahl & Hinton (2013),
# *On the importance of initialization and momentum in deep learning*;
# Duchi, Hazan & Singer (2011),
# *Adaptive subgradient methods for online learning and stochastic optimization*;
# Tieleman & Hinton (2012), *Lecture 6.5: RMSprop*;
# Kingma & Ba (2015), *Adam: a method for stochastic optimization*;
# Loshchilov & Hutter (2017), *SGDR*, and (2019), *Decoupled weight decay regularization*;
# Goyal et al. (2017), *Accurate, large minibatch SGD* (warm-up);
# Vaswani et al. (2017), *Attention is all you need* (its schedule);
# Robbins & Monro (1951), *A stochastic approximation method*;
# Armijo (1966), *Minimization of functions having Lipschitz continuous first partial derivatives*;
# Wolfe (1969), *Convergence conditions for ascent methods*;
# Nocedal (1980), *Updating quasi-Newton matrices with limited storage*;
# Liu & Nocedal (1989), *On the limited memory BFGS method for large scale optimization*;
# Nocedal & Wright (2006), *Numerical Optimization*.

# %% shared="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch

from nnlab import device, races
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()
