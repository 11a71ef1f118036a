# %% [markdown]
# ## 11 · Your advice

# %% [markdown] answer="advice" title="Advice: a loss that stays" points=3
# **In four or five sentences:**
# a friend has built a plain network of 30 convolutions with ReLUs in PyTorch.
# The loss stays at ln(classes).
# "It can't be the initialization," she says,
# "the source says kaiming, and I tried a larger learning rate.
# And my validation images look fine: mean 0, deviation 1, I standardized them by themselves."
# Explain what is going wrong at the start, which picture would show it, what to do about it,
# and what is wrong with her validation images.
#
# ### BEGIN SOLUTION
# PyTorch's default, kaiming_uniform with a = √5, has the variance 1/(3·fan-in),
# a sixth of what ReLU layers need: in each layer the mean square of the signal falls to a sixth,
# so after 30 layers the output depends on the biases only and the gradient
# that reaches the first layers is next to zero;
# a larger learning rate cannot make up for a factor
# that differs between layers by many powers of ten.
# A histogram (or just the root mean square) of activations
# and gradients in each layer would show it: the histograms march to the left.
# She should use He's rule (fan-in with the kernel's area, zero biases), or orthogonal weights
# and one pass of data that sets each layer's deviation to 1, or normalization or residual branches.
# The validation images must be moved and scaled by the numbers of the training set:
# by their own, the validation hides any difference from the training data,
# and the result depends on which images happen to be in the set.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the default is not He's rule (a sixth of the mean square, or "variance 1/(3n)"),
# and the factor multiplies through the layers; "bad initialization" alone does not suffice.
# 1 point: a picture that shows it
# (histograms or root mean squares layer by layer, of activations or gradients) and a remedy
# that works (He, orthogonal, a data-driven pass, normalization, residual connections).
# 1 point: statistics of the training set for the validation images,
# with a reason (leak, hidden shift, dependence on the other images).
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What is $(1/6)^{30}$?
# And if her validation camera were twice as dark, would she notice?
