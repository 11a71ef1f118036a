# %% [markdown]
# What the first four bars say depends on the machine: on a GPU with tensor cores, mixed precision
# and channels last pay; a processor without bfloat16 arithmetic may even become slower.
# The last bar is short everywhere.
# Measure on *your* machine before you believe a recipe.
#
# ## 13 · Your advice

# %% [markdown] answer="advice" title="Advice: X-ray pictures" points=3
# **In four or five sentences:**
# a clinic has 200 labelled X-ray pictures of 40 patients and wants to tell three findings apart.
# An intern fine-tunes all of an ImageNet network with one learning rate,
# on a random split of the pictures, and reports 97 %.
# What would you ask first, how would you split, what would you train,
# and how would you check that it is what you believe it to be?
#
# ### BEGIN SOLUTION
# I would ask whether pictures of one patient lie on both sides of the split:
# five pictures of each patient, drawn at random, almost surely do,
# and the 97 % then measure how well patients are recognized.
# So split by patient, with several splits, since 40 patients are few.
# The set is small and the domain far from ImageNet,
# so I would begin with a linear classifier on cached features,
# of the top and of lower blocks, with the preprocessing that belongs to the weights;
# then, at most, fine-tune the uppermost blocks with smaller learning rates further down,
# and compare with a small network from scratch on the same splits.
# I would check with a snapshot that what should be frozen is, running statistics included,
# and evaluate in evaluation mode.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# 1 point: names the leak (pictures of one patient on both sides) and splits by patient.
# 1 point: proposes a method that fits a small, far set (features and a linear classifier,
# lower layers, or careful fine-tuning with a reason), rather than everything with one rate.
# 1 point: a check that would find a mistake:
# snapshot of the frozen part, preprocessing of the weights, evaluation mode,
# a baseline from scratch or several splits (one of them, with what it would show).
# ### END MARK SCHEME

# %% [markdown] hint="advice"
# What will be new when the clinic uses it: a picture, or a patient?
# And which corner of the table is this?
