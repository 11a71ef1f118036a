# %% [markdown]
# Nothing was learned better; the question became easier.
# In your own data the photograph may be a patient, a speaker, a day, a user:
# **split by what will be new at test time**, not by rows.
#
# ## 4 · A learning rate for each depth
#
# Later you will train the network itself.
# Lower layers hold what all pictures share (edges, textures), upper ones what ImageNet needed.
# So the top should move more than the bottom:
# Howard & Ruder (2018) divide the learning rate by 2.6 from each layer to the one below.
# They also *unfreeze gradually*:
# first the head alone, then one more part after each stretch of epochs, from the top down,
# so that the random head's first gradients don't wreck what lies below.

# %% solution="layer_rates" title="Rates by depth"
def layer_rates(names, base, factor=2.6):
    """A learning rate for each part.

    Args:
        names: the names of the parts, from the bottom (the input) to the top (the head).
        base: the learning rate of the topmost part.
        factor: how many times smaller it is one part further down.

    Returns:
        A dictionary from the names to the learning rates.
    """
    ### BEGIN SOLUTION
    top = len(names) - 1
    return {name: base / factor ** (top - place) for place, name in enumerate(names)}
    ### END SOLUTION


def unfrozen(names, epoch, every):
    """The parts that are trained in an epoch.

    Args:
        names: the names of the parts, from the bottom to the top.
        epoch: the number of epochs done so far, from 0.
        every: a part more is unfrozen after each stretch of so many epochs; in the first
            stretch only the topmost part is trained. In the end all are.

    Returns:
        The names of the parts that are trained, a list in the order of ``names``.
    """
    ### BEGIN SOLUTION
    return names[max(len(names) - 1 - epoch // every, 0) :]
    ### END SOLUTION

# %% [markdown] hint="layer_rates"
# How far is a part from the top?
# The topmost is 0 away and gets `base`.
# And how many stretches of `every` epochs lie behind?

# %% [markdown] hint="layer_rates"
# `base / factor ** (how far from the top)`; and the last `1 + epoch // every` names.
# Mind negative places in a slice.

# %% tests="layer_rates" part="rates" points=1
got = layer_rates(["stem", "blocks.0", "head"], 0.4, 2.0)
check_equal("the names in layer_rates(['stem', 'blocks.0', 'head'], 0.4, 2)", sorted(got),
            ["blocks.0", "head", "stem"])
check_close("layer_rates(['stem', 'blocks.0', 'head'], 0.4, 2)",
            [got[k] for k in ("stem", "blocks.0", "head")], [0.1, 0.2, 0.4], rtol=1e-6,
            look="The head gets base, each part below it half of the one above.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("layer_rates")
names, base, factor = ([f"part{k}" for k in range(int(rng.integers(5, 9)))], rng.uniform(0.1, 1),
                       rng.uniform(1.5, 4))
got = layer_rates(list(names), base, factor)
check_close(f"the logarithms of layer_rates for {len(names)} parts, factor {factor:.2f}",
            np.log([got[name] for name in names]),
            np.log(base) - np.arange(len(names))[::-1] * np.log(factor), rtol=1e-5, atol=1e-6,
            look="From each part to the one below it the rate is divided by factor; "
            "the last name gets base.")
check_close("layer_rates(['a', 'b'], 1.0)['a'], the default factor",
            layer_rates(["a", "b"], 1.0)["a"], 1 / 2.6, rtol=1e-6)
### END HIDDEN TESTS

# %% tests="layer_rates" part="unfrozen" points=1
names = ["stem", "blocks.0", "blocks.1", "head"]
check_equal("unfrozen(names, epoch=0, every=2)", list(unfrozen(list(names), 0, 2)), ["head"],
            look="At first only the head is trained.")
check_equal("unfrozen(names, epoch=2, every=2)", list(unfrozen(list(names), 2, 2)),
            ["blocks.1", "head"], look="After two epochs the part just below the head joins in.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("unfrozen")
names, every = [f"part{k}" for k in range(int(rng.integers(4, 7)))], int(rng.integers(2, 5))
for epoch in range(every * (len(names) + 2)):
    joined = [name for back, name in enumerate(names[::-1]) if back * every <= epoch]
    check_equal(f"unfrozen for {len(names)} parts, epoch={epoch}, every={every}",
                list(unfrozen(list(names), epoch, every)), joined[::-1],
                look="One part more after each whole stretch, from the top down, "
                "until all are there.")
### END HIDDEN TESTS
