# %% [markdown]
# ## 10 · Your advice

# %% [markdown] answer="advice" title="Advice: sigmoids and ReLUs" points=3
# **In four or five sentences:** a friend has a network of eight layers with sigmoids,
# whose loss doesn't fall.
# She replaces them by ReLUs and raises the learning rate; now the loss falls for a moment
# and then stays where it is, and most hidden outputs are zero for all of her images.
# Explain both failures, tell her how to make sure that your second explanation is right,
# and give her two things to do.
#
# ### BEGIN SOLUTION
# With sigmoids each layer multiplies the gradient by less than a quarter,
# so that the first of eight layers gets some hundred-thousandth of it and doesn't learn;
# outputs that are all positive make it worse.
# With ReLUs and the high rate, a long step has pushed units so far that their input is negative
# for every image: they have no gradient and can't come back, so the loss is stuck.
# To make sure, count the units whose output is zero for every example of the training set
# (not of one batch), and watch that number from step to step:
# it should jump where the loss stops falling.
# Then start again with a smaller rate or a warm-up,
# and use a leaky ReLU, PReLU or GELU, or batch normalization before the activation;
# or revive the dead units by raising their biases and train on gently.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: the sigmoid's gradient shrinks by a factor of at most 1/4 in each layer
# (saturation alone is enough if the effect over depth is said).
# 1 point: dead ReLUs: off for all examples, hence no gradient, hence for good;
# caused by too long a step.
# With the check: zero outputs over the whole training set, not a single batch.
# 1 point: two remedies that work (smaller rate, warm-up, clipping;
# leaky ReLU, PReLU, ELU, GELU; normalization, centred inputs, weights of the right size;
# reviving or drawing the dead units anew).
# "Train longer" is no remedy.
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What does the picture of section 2 say about eight layers?
# What does the picture of section 7 say about a rate that is too high, and about waiting?
