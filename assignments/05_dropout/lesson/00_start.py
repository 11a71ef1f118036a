# ---
# title: Dropout and regularization
# minutes: 300
# ---

# %% [markdown]
# # Dropout and regularization
#
# **The promise.** At the end of this notebook you will have written dropout in both of its forms
# and four of its relatives,
# and you will know what the average over all masks really is and how well it is approximated.
# You will have built the other means against overfitting (weight decay, early stopping,
# limits on norms, augmentation, mixup, ensembles and averages of weights),
# and you will have seen on one small problem what each of them is worth.
#
# **The time.** About five hours of work, in tasks of five to twenty minutes.
# From a clean kernel, the whole notebook takes five to ten seconds of processor time,
# most of it for starting up and importing PyTorch; all experiments together take one to three.
# A GPU is used where there is one (from section 8 on) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch.
# You write a function, the cell below it tells you what is right and what is not,
# and experiments show what it does.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Dropout in its inverted form, L2,
# max-norm and the advice about biases follow **CS231n**, lectures 6 and 7,
# and the notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/);
# stochastic depth, fractional max pooling, DropConnect, augmentation and the pattern "noise
# in training, average it out at test time" are in its lecture 7, and ensembles
# in its notes [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/).
# Weight decay, early stopping and dropout are also subjects of **CSE 176**, lecture 11,
# and of **Neural Networks III**;
# **INFO8010**, lecture 4, treats the training of deep networks around them.

# %% [markdown]
# The papers on noise in the network:
# Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), [*Dropout: a simple way
# to prevent neural networks from overfitting*](https://jmlr.org/papers/v15/srivastava14a.html);
# Wan, Zeiler, Zhang, LeCun & Fergus (2013), *Regularization of neural networks using DropConnect*;
# Tompson et al. (2015),
# [*Efficient object localization using convolutional networks*](https://arxiv.org/abs/1411.4280)
# (spatial dropout); Huang, Sun, Liu, Sedra & Weinberger (2016),
# [*Deep networks with stochastic depth*](https://arxiv.org/abs/1603.09382);
# Graham (2014), [*Fractional max-pooling*](https://arxiv.org/abs/1412.6071);
# Gal & Ghahramani (2016),
# [*Dropout as a Bayesian approximation*](https://arxiv.org/abs/1506.02142).
#
# On penalties, data and ensembles:
# Krogh & Hertz (1991), *A simple weight decay can improve generalization*;
# Loshchilov & Hutter (2019),
# [*Decoupled weight decay regularization*](https://arxiv.org/abs/1711.05101);
# Prechelt (1998), *Early stopping – but when?*;
# DeVries & Taylor (2017), [*Improved regularization
# of convolutional neural networks with cutout*](https://arxiv.org/abs/1708.04552);
# Zhang, Cisse, Dauphin & Lopez-Paz (2018),
# [*mixup: beyond empirical risk minimization*](https://arxiv.org/abs/1710.09412);
# Huang, Li et al. (2017), [*Snapshot ensembles*](https://arxiv.org/abs/1704.00109);
# Polyak & Juditsky (1992), *Acceleration of stochastic approximation by averaging*;
# Lakshminarayanan, Pritzel & Blundell (2017), [*Simple and scalable predictive uncertainty
# estimation using deep ensembles*](https://arxiv.org/abs/1612.01474).

# %% shared="imports"
import itertools

import matplotlib.pyplot as plt
import numpy as np
import torch

from nnlab import device
from nnlab.data import digits
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_shape, check_unchanged, hidden_rng, probe

use_style()
torch.set_num_threads(1)  # for tensors as small as ours, more threads only wait for one another
