# ---
# title: Batch normalization
# minutes: 270
# ---

# %% [markdown]
# # Batch normalization
#
# **The promise.** At the end of this notebook you will have written batch normalization
# with its running statistics, its backward pass in two ways, and its relatives:
# layer norm, spatial batch norm and group norm.
# You will know why a network with it forgives a bad initialization, what goes wrong when the batch
# is small or the mode is wrong, and how to make the whole layer vanish once training is over.
# And you will have a PyTorch module that can take over the checkpoint of PyTorch's own.
#
# **The time.** About four and a half hours of work, in tasks of five to twenty minutes.
# From a clean kernel, the whole notebook takes five to ten seconds of processor time,
# about half of it for starting up and importing PyTorch; all experiments together take about three.
# A GPU is used where there is one (sections 9 and 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch.
# You write a layer, the cell below it tells you what is right and what is not,
# and experiments show what the layer does.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Batch normalization between layers, with its place before the nonlinearity
# and its behaviour in training and testing, follows **CS231n**, lectures 6 and 7,
# and its notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/);
# the names and signatures of the NumPy layers are those of its assignments.
# Batch normalization is also a topic of **Neural Networks III** and of **INFO8010**, lecture 4;
# minibatches and what their size does belong to **CSE 176**, lecture 11.
#
# The papers: Ioffe & Szegedy (2015), [*Batch normalization: accelerating deep network training
# by reducing internal covariate shift*](https://arxiv.org/abs/1502.03167);
# Ba, Kiros & Hinton (2016), [*Layer normalization*](https://arxiv.org/abs/1607.06450);
# Ulyanov, Vedaldi & Lempitsky (2016), [*Instance normalization*](https://arxiv.org/abs/1607.08022);
# Ioffe (2017), [*Batch renormalization*](https://arxiv.org/abs/1702.03275);
# Wu & He (2018), [*Group normalization*](https://arxiv.org/abs/1803.08494);
# Santurkar, Tsipras, Ilyas & Mądry (2018),
# [*How does batch normalization help optimization?*](https://arxiv.org/abs/1805.11604);
# Bjorck, Gomes, Selman & Weinberger (2018),
# [*Understanding batch normalization*](https://arxiv.org/abs/1806.02375); van Laarhoven (2017),
# [*L2 regularization versus batch and weight normalization*](https://arxiv.org/abs/1706.05350).

# %% shared="imports"
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from nnlab import data, device
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_unchanged, hidden_rng, probe

use_style()
torch.set_num_threads(1)  # for tensors as small as ours, more threads only wait for one another
