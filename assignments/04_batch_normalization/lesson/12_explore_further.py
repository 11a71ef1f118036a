# %% [markdown]
# ## Explore further (no marks)
#
# - **Before or after the ReLU?** Ioffe & Szegedy put batch norm before the nonlinearity.
#   Move it behind the ReLU in `scores_of` (and in `descend`),
#   and run the sweeps of section 4 again.
# - **The limit of scale invariance.**
#   In the left panel of section 4, go down to a scale of $10^{-5}$.
#   Where does ε begin to matter, and what happens to the gradient there?
# - **Weight decay with batch norm.** If the scale of `W` doesn't matter, what does L2 do to it?
#   van Laarhoven (2017) and Hoffer, Banner, Golan & Soudry (2018),
#   [*Norm matters*](https://arxiv.org/abs/1803.01814), explain it as a change of the learning rate.
#   Measure $\lVert W\rVert$ with and without decay.
# - **Batch renormalization.** Write Ioffe's (2017) correction:
#   normalize by the batch, then multiply by $r$ and add $d$ (both clipped, both without gradient),
#   so that train and test agree.
#   Does it close the gap at batches of two?
# - **RMSNorm.** Zhang & Sennrich (2019),
#   [*Root mean square layer normalization*](https://arxiv.org/abs/1910.07467), leave out the mean.
#   Write it with its backward pass; large language models use it.
# - **Without any normalization.**
#   Zhang, Dauphin & Ma (2019), [*Fixup initialization*](https://arxiv.org/abs/1901.09321),
#   and Brock, De, Smith & Simonyan (2021), [*High-performance large-scale image recognition
#   without normalization*](https://arxiv.org/abs/2102.06171), train deep networks without it.
#   What do they put in its place?
# - **Re-estimate the statistics.** Set `momentum=None`, call `reset_running_stats()`
#   on PyTorch's layers of a trained network and run the training set through it once.
#   When does it help?
#   (Wu & Johnson, 2021, [*Rethinking "Batch" in BatchNorm*](https://arxiv.org/abs/2105.07576),
#   call it precise BN.)
