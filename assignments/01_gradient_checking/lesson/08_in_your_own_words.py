# %% [markdown]
# ## 8 · In your own words

# %% [markdown] answer="loss_goes_down" title="When the loss goes down" points=3
# A colleague trains a network.
# The loss goes down nicely.
# A gradient check gives a relative error of $10^{-2}$ for `W1`
# and below $10^{-8}$ for everything else.
# "The loss goes down, so the gradient is right," says your colleague.
#
# **In three or four sentences:** What is wrong with this argument?
# Which harmless causes of the $10^{-2}$ would you rule out first?
# How would you then find the bug?
#
# ### BEGIN SOLUTION
# The loss falls for every direction that makes an acute angle with the true descent direction,
# so a wrong gradient may go down as well, only slower or to a worse place;
# in this notebook a network without the ReLU's mask learned its twenty digits.
# Before I call it a bug I look for a kink that was crossed, for randomness such as dropout
# that was not frozen, for float32, and for a step far from $10^{-5}$.
# If the error stays with float64, $h = 10^{-5}$, the randomness off and no kink crossed,
# I check the data term without the regularization,
# and then each layer alone with a random upstream gradient.
# Only `W1` is wrong, so I start with what makes `dW1` and nothing else.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the loss also falls along a wrong gradient, as long as it points roughly downhill
# (any right form of this, such as the broken program of section 4).
#
# 1 point: at least two harmless causes:
# a kink, randomness that was not frozen, float32, a step too large or too small.
#
# 1 point: a way to find the place:
# terms of the loss one by one, layers one by one with a random upstream gradient,
# or reasoning from the fact that only W1 is affected.
# ### END MARK SCHEME
