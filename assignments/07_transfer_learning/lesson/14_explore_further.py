# %% [markdown]
# ## Explore further (no marks)
#
# - **Another backbone.** With torchvision and a network connection,
#   `pretrained.load("resnet18")`, `"resnet50"`, `"alexnet"` and `"vgg16"` work in the same way;
#   `pretrained.backbone(name)` knows the name of the head and the preprocessing.
#   Kornblith et al. (2019) find that better ImageNet models give better features: do they here?
# - **In colour.** `data.photograph` returns colours.
#   Cut patches in colour: how far is the small network from scratch behind then?
# - **Distortion.** Kumar et al. (2022), [*Fine-tuning can distort pretrained features
#   and underperform out-of-distribution*](https://arxiv.org/abs/2202.10054),
#   train the head first and then everything.
#   Compare with `"one rate"` and with `"gradual"`.
# - **How far must the larger set grow?** He et al. (2019) train detectors from scratch
#   that catch up with pretrained ones, given enough data and time.
#   Draw accuracy against labels a class for the digits, up to 400.
# - **Which statistics?** Let the batch norms of the frozen body adapt to the grey patches
#   (training mode, no labels needed) and extract the features again.
#   Does it help?
# - **Prune the cache.** How few of the 1,280 features does the linear classifier need?
#   Rank them by the size of their weights.
