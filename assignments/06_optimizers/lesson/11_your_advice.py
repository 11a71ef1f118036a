# %% [markdown]
# ## 11 · Your advice

# %% [markdown] answer="advice" title="Advice: L-BFGS and schedules" points=3
# **In four or five sentences:**
# a friend trains a network of $10^8$ weights on minibatches of 32 examples, with L-BFGS,
# because "second-order methods need fewer steps".
# The loss jumps about.
# Explain what goes wrong, what you would use instead with which schedule,
# and one case in which L-BFGS would be a good choice.
#
# ### BEGIN SOLUTION
# Each minibatch has its own loss: the pairs (s, y) compare curvature that is mostly noise
# (with 32 examples the noise of the gradient is 1/√32 of one example's,
# often more than the gradient itself), the line search walks to the minimum of one minibatch,
# and the next step trusts a memory that was measured on another loss.
# I would use AdamW, or SGD with momentum, whose averages smooth the noise, with a warm-up,
# since Adam's averages and the first gradients are unreliable, and a cosine decay to zero,
# since a constant rate leaves a floor of noise in proportion to it.
# L-BFGS is good where the gradient is exact and steps are expensive:
# full-batch problems of modest size, such as logistic regression or fitting a physical model.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the curvature pairs or the line search come from different,
# noisy losses (one of the two suffices; "it is noisy" alone does not).
#
# 1 point: a first-order rule with averages (SGD with momentum, Adam, AdamW) and a schedule
# that falls, with a reason for the schedule (noise floor, or warm-up).
#
# 1 point: a fitting case:
# full batch or deterministic, small or moderate number of weights or smooth problem.
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What do $s$ and $y$ have to have in common for $y \approx Hs$ to hold?
# And what is left of the noise when the learning rate falls?
