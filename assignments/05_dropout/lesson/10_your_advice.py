# %% [markdown]
# ## 10 · Your advice

# %% [markdown] answer="noise" title="Advice: noise at test time" points=3
# **In four or five sentences:** a friend trains with dropout and random crops.
# To be consistent, she leaves both switched on at test time, one pass for each image,
# and finds that the accuracy is lower and changes from run to run.
# Explain what goes wrong, what test time should look like for each of the two and why
# that is the same idea, and name one situation in which dropout at test time is right.
#
# ### BEGIN SOLUTION
# Both add noise in training so that the network cannot rely on single units or exact places.
# What we want at test time is the prediction averaged over that noise;
# a single noisy pass is one sample of it,
# so it is less accurate on average and another one each time.
# For dropout the average is approximated by one pass through the whole network
# with the expected scale: with inverted dropout simply by switching it off.
# For crops it is approximated by the centre crop or the whole image,
# or by averaging the probabilities over several crops.
# Dropout at test time is right if one makes many passes,
# to average them or to read their spread as uncertainty (MC dropout).
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: one noisy pass is a random sample of what should be an average
# (variance, lower accuracy); "it must be off" alone does not suffice.
# 1 point: dropout off (scaled rightly) and centre or whole image,
# or an average over several crops, as approximations of the same average over the noise.
# 1 point: MC dropout, or another average over many passes, as the case in which it is right.
# ### END MARK SCHEME

# %% [markdown] hint="noise"
# What does training with noise minimize: the loss for one mask, or the average over all masks?
# What approximates that average in one pass?
