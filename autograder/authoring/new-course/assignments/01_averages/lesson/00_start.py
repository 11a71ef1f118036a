# ---
# title: Averages that forget
# minutes: 20
# ---

# %% [markdown]
# # Averages that forget
#
# **The promise.** At the end you will have written the average that optimizers keep of their
# gradients, and you will know how far back it remembers.
#
# **How it goes.** Write where it says so, run the cell, then run the test below it.

# %% shared="imports"
import matplotlib.pyplot as plt
import numpy as np

from nnlab.pictures import show, use_style
from nnlab.testing import check_close, check_shape, hidden_rng

use_style()
