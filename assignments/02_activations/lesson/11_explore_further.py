# %% [markdown]
# ## Explore further (no marks)
#
# - **Self-normalizing.** SELU
#   (Klambauer et al., 2017, [*Self-normalizing neural networks*](https://arxiv.org/abs/1706.02515))
#   is an ELU with two constants chosen so that mean 0 and variance 1 reproduce themselves.
#   Change `gradient_sizes` so that it tells the mean and the variance of the signal,
#   too, send one through 50 layers, and see whether it holds;
#   then break it with weights of twice the variance.
# - **Gated units.** Modern language models replace the activation by a product of two linear maps,
#   one of which goes through SiLU or GELU
#   (Shazeer, 2020, [*GLU variants improve transformer*](https://arxiv.org/abs/2002.05202)).
#   Write `SwiGLU` as a module, and compare it with `make_mlp` at the same number of parameters.
# - **Dead at birth.** Lu, Shin, Su & Karniadakis (2020),
#   [*Dying ReLU and initialization*](https://arxiv.org/abs/1903.06733),
#   show that deep narrow ReLU networks are likely to be born dead.
#   Build networks of width 2 with 5 to 50 layers and count.
# - **What PReLU learns.**
#   Train `make_mlp(PReLUByHand, seed)` longer and look at the slopes of each layer.
#   He et al. (2015) found large ones in the first layer and smaller ones deeper down.
#   Do you?
# - **Exact zeros.** Which share of the hidden outputs of a trained ReLU network is exactly zero?
#   Glorot et al. (2011) argue that such sparsity is a virtue.
#   What is the share for GELU?
# - **Recompute or remember.** On a GPU, compare `torch.cuda.max_memory_allocated()`
#   for a deep network with `x * torch.sigmoid(x)` and with your `SiLUFunction`.
