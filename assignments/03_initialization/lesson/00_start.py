# ---
# title: Initialization and data preprocessing
# minutes: 240
# ---

# %% [markdown]
# # Initialization and data preprocessing
#
# **The promise.** Training begins before the first step:
# with what the inputs look like and with the weights that you draw.
# At the end of this notebook you will be able to centre,
# scale and whiten data without letting the test set leak into it;
# to derive, from two lines about variances, the initializations of LeCun, Xavier and He,
# and to say which one a layer needs;
# to tell from a histogram of activations what is wrong with a deep network;
# and to bring a network to life that no formula fits, by one pass of data.
#
# **The time.** About four hours of work, in tasks of five to twenty minutes.
# From a clean kernel, the whole notebook takes about six seconds of processor time,
# most of it for starting up and importing PyTorch; all experiments together take less than three.
# A GPU is used where there is one (in sections 9 and 10) and needed nowhere.
#
# **How it goes.** First NumPy, then PyTorch.
# You write a function, the cell below it tells you what is right and what is not,
# and experiments show what it does.
# Before an experiment you predict;
# a wrong prediction that you can explain afterwards is worth more than a lucky one.

# %% [markdown]
# ### Where this comes from
#
# Preprocessing (zero-centre, normalize, PCA, whitening), the pitfall of zero weights,
# and calibrating variances follow **CS231n**, lectures 6 and 7,
# and its notes [*Neural Networks, part 2*](https://cs231n.github.io/neural-networks-2/)
# (the choice of a learning rate for what you initialized
# is in [*part 3*](https://cs231n.github.io/neural-networks-3/));
# the pictures of activations through depth are in its lecture on training.
# Initialization and the scaling of inputs are also topics of **CSE 176**, lecture 11,
# and of **Neural Networks III**;
# **INFO8010**, lecture 4, derives the Xavier rule as you will do in section 5.
#
# The papers: LeCun, Bottou, Orr & Müller (1998),
# [*Efficient BackProp*](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf);
# Glorot & Bengio (2010), [*Understanding the difficulty
# of training deep feedforward neural networks*](https://proceedings.mlr.press/v9/glorot10a.html);
# He, Zhang, Ren & Sun (2015), [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852);
# Saxe, McClelland & Ganguli (2014), [*Exact solutions to the nonlinear dynamics
# of learning in deep linear neural networks*](https://arxiv.org/abs/1312.6120);
# Mezzadri (2007), [*How to generate random matrices
# from the classical compact groups*](https://arxiv.org/abs/math-ph/0609050);
# Mishkin & Matas (2016), [*All you need is a good init*](https://arxiv.org/abs/1511.06422);
# Krähenbühl, Doersch, Donahue & Darrell (2016), [*Data-dependent initializations
# of convolutional neural networks*](https://arxiv.org/abs/1511.06856);
# Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli (2016), [*Exponential expressivity
# in deep neural networks through transient chaos*](https://arxiv.org/abs/1606.05340);
# Goyal et al. (2017), [*Accurate, large minibatch SGD*](https://arxiv.org/abs/1706.02677);
# Zhang, Dauphin & Ma (2019), [*Fixup initialization*](https://arxiv.org/abs/1901.09321);
# De & Smith (2020), [*Batch normalization biases residual blocks towards the identity function
# in deep networks*](https://arxiv.org/abs/2002.10444).

# %% shared="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.collections import PolyCollection
from torch import nn

from nnlab import device
from nnlab.data import digits
from nnlab.devices import check_dtype
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_raises
from nnlab.testing import check_shape, check_unchanged, hidden_rng, hidden_seed, probe

torch.set_num_threads(1)  # layers as small as ours run faster on one thread than on several
use_style()
