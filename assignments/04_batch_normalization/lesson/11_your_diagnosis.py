# %% [markdown]
# ## 11 · Your diagnosis

# %% [markdown] answer="diagnosis" title="Diagnosis: two images a batch" points=3
# **In four or five sentences:**
# a friend trains a detector with batch norm on large photographs, two in a minibatch.
# The training loss is fine,
# but in eval mode the network is much worse on the *same* training images;
# and if the friend leaves out `model.eval()`, it looks better.
# Explain both observations, say why leaving out `eval()` is no solution, and give two remedies.
#
# ### BEGIN SOLUTION
# With two images, the mean and variance of a batch are noisy, and the network has learned
# to live with normalization by them, in which each image sees the other.
# In eval mode the running averages take their place,
# which agree with no single batch (and lag behind the weights, if training was short),
# so the same image gets other activations than in training.
# Without eval(), the statistics are those of the test batch, as in training: it looks better,
# but the answer for an image depends on the others in its batch (and on their order and number),
# a single image may not work at all, and the running averages go on changing with test data.
# Remedies: group norm or layer norm, which need no batch;
# larger batches, or statistics shared between GPUs (SyncBatchNorm);
# batch renormalization; frozen statistics from pretraining;
# running averages estimated anew over many training images after training.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: training uses noisy batch statistics and eval the running averages,
# so the two modes compute different functions when batches are small (both halves are needed).
# 1 point: without eval() an answer depends on the other images of its batch
# (or test data change the running statistics, or a single image fails).
# 1 point: two remedies that fit (group/layer norm, larger or synchronised batches,
# batch renormalization, frozen or re-estimated statistics).
# "Smaller learning rate" or "more epochs" don't count.
# ### END MARK SCHEME

# %% [markdown] hint="diagnosis"
# By what is an image normalized in training, and by what in eval mode?
# Which of the two depends on the other image?
