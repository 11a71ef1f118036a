# %% [markdown]
# ## Explore further (no marks)
#
# - **Dropout is a penalty.** For linear regression, dropout on the inputs is on average the same
#   as an L2 penalty that is weighted with the size of each input (Wager, Wang & Liang, 2013,
#   *Dropout training as adaptive regularization*; Srivastava et al., 2014, section 9).
#   Derive it, then check it with `exact_average`.
# - **Blocks instead of channels.**
#   DropBlock (Ghiasi, Lin & Le, 2018) drops squares of a feature map.
#   Your `cutout` is nearly there.
# - **Combine.** Find the best recipe of two or three means in the contest, on seeds 0 to 4,
#   and then test it on seeds that you have not looked at.
#   How much of the gain is left?
# - **Dropout and batch normalization.** Li, Chen, Hu & Yang (2019),
#   *Understanding the disharmony between dropout and batch normalization by variance shift*:
#   dropout changes the variance that a following BatchNorm sees, in training only.
#   Measure it.
# - **Which p?** Sweep the probability of keeping in the contest from 0.1 to 1.
#   For which label noise is less better?
# - **Clean labels.** Set the label noise of the contest to zero.
#   Which means still helps, and which one now hurts?
