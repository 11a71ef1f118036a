# %% [markdown]
# ## Explore further (no marks)
#
# - **The edge of chaos.**
#   For tanh, the LeCun rule lets activations shrink slowly, σ = 1 explodes the gradients.
#   Poole et al. (2016) and Schoenholz, Gilmer, Ganguli & Sohl-Dickstein (2017),
#   [*Deep information propagation*](https://arxiv.org/abs/1611.01232),
#   compute the scale in between.
#   Sweep σ with `through` and find the scale at which the gradient keeps its size.
# - **Does He's halving hold?** Measure $\operatorname{E}[h^2] / \operatorname{Var} z$ in each
#   of the 20 ReLU layers, for widths 16, 64 and 256 and many seeds.
#   How far do single networks stray from ½, and what becomes of it over twenty layers
#   (Hanin & Rolnick, 2018, [*How to start training*](https://arxiv.org/abs/1803.01719))?
# - **An activation with its own rule.** SELU (Klambauer, Unterthiner, Mayr & Hochreiter,
#   2017, [*Self-normalizing neural networks*](https://arxiv.org/abs/1706.02515)) is made
#   so that LeCun's rule draws mean and variance to 0 and 1.
#   Put it into `silu_spreads`.
# - **Identity convolutions.** `nn.init.dirac_` makes a convolution that hands its input on.
#   Xiao et al. (2018),
#   [*Dynamical isometry and a mean field theory of CNNs*](https://arxiv.org/abs/1806.05393),
#   train 10,000 plain layers from an orthogonal relative of it.
# - **Groups and strides.**
#   What are the fan-in and the fan-out of a convolution with `groups=4`, or with stride 2?
#   Compare with what `nn.init` takes them for.
# - **ZCA and eps.** Whiten the digits with eps from 1e-6 to 1 and rotate back.
#   When does noise appear, and which components does it come from?
# - **Colour photographs.** `skimage.data.astronaut()` has three channels.
#   Take patches, compute their 3 × 3 colour covariance and look at its components:
#   AlexNet's colour augmentation moves along them (Krizhevsky, Sutskever & Hinton, 2012).
