# ---
# title: Gradient checking and sanity checks
# minutes: 210
# ---

# %% [markdown]
# # Gradient checking and sanity checks
#
# A network with a wrong gradient rarely crashes.
# Its loss falls, a little slower than it could, and nobody notices for a week.
# This notebook is about noticing within a minute.
#
# **What you will be able to do.** You compute a gradient numerically and know how far to trust it.
# You write the softmax and the SVM loss so that they survive huge scores.
# You tell from the very first loss whether a program is healthy.
# You know five ways in which a gradient check can fool you,
# and you find the wrong layers among five that look right.
# In PyTorch you write an operation with a backward pass of its own and check it,
# and you check a whole module.
#
# **How long it takes.** About three and a half hours, for 64 points.
# Some cells ask for a *prediction*: answer before you run the experiment below.
# A wrong guess that you then understand teaches more than a right one.
#
# **How long it runs.** From a clean kernel the whole notebook runs in about 12 seconds on two cores
# (measured with `jupyter execute`), half of it for imports.
# A GPU makes it no faster: the problems are small on purpose.

# %% [markdown]
# **Where this comes from.** Sections 2 and 5 follow the gradient checks in the notes of CS231n,
# [*Neural Networks, part 3*](https://cs231n.github.io/neural-networks-3/),
# which accompany its lectures 6 and 7.
# Section 4 follows "babysitting the learning process" in CS231n lecture 6.
# Bengio (2012) recommends both kinds of check, Bottou (2012) the gradient check.
# CSE 176 lecture 11, "Neural Networks III" and INFO8010 lecture 4 start from gradients
# that are right: what they do with them are the next notebooks, and what you do here comes first.
# Papers are cited where they are used, and listed at the end.

# %% shared="imports"
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nnlab import data, device
from nnlab.pictures import COLOURS, show, use_style
from nnlab.progress import progress
from nnlab.testing import check, check_close, check_equal, check_one_of, check_unchanged
from nnlab.testing import hidden_rng, probe

use_style()
