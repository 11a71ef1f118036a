# %% [markdown]
# ## 3 · A leak
#
# Why the two halves?
# A colleague cuts her test patches from anywhere in the same photographs.
# Some of them overlap with training patches: the classifier has seen part of the answer.
# Such a *leak between the splits* breaks no program.
# It only makes the numbers too good;
# Kapoor & Narayanan (2023) count hundreds of papers in 17 fields with leaks of some kind.
#
# Write the detector.
# A patch is a row (photograph, top, left), and covers `side` × `side` pixels from there.

# %% solution="leaked" title="Leaked patches"
def leaked(train, test, side):
    """Which test patches share at least one pixel with a training patch of the same photograph.

    Args:
        train: an integer array (N, 3) with rows (photograph, top, left); N may be 0.
        test: an integer array (M, 3), alike.
        side: height and width of all patches, in pixels. Patches that only touch share nothing.

    Returns:
        A boolean array (M,).
    """
    ### BEGIN SOLUTION
    same = test[:, None, 0] == train[None, :, 0]
    apart = np.abs(test[:, None, 1:] - train[None, :, 1:])
    return (same & (apart < side).all(axis=2)).any(axis=1)
    ### END SOLUTION

# %% [markdown] hint="leaked"
# Two patches of the same photograph overlap if they overlap in height *and* in width.
# In one dimension: from 0 to 48 and from 47 to 95, do they share something?
# From 0 to 48 and from 48 to 96?

# %% [markdown] hint="leaked"
# The tops and the lefts must both be less than `side` apart.
# `any` over the training patches at the end.

# %% tests="leaked" points=2
train = np.array([[0, 10, 10], [1, 0, 0]])
test = np.array([[0, 14, 6], [0, 15, 10], [1, 10, 10], [0, 6, 14], [1, 4, 5]])
got = leaked(train, test, 5)
check_close("leaked([[0, 10, 10], [1, 0, 0]], [[0, 14, 6], [0, 15, 10], [1, 10, 10], [0, 6, 14], "
            "[1, 4, 5]], 5)", got, [1, 0, 0, 1, 0],
            look="Less than 5 apart in height and in width, on the same photograph; "
            "at 5 they touch.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("leaked")
side, train, test = (int(rng.integers(4, 8)), rng.integers(0, 28, size=(9, 3)),
                     rng.integers(0, 28, size=(70, 3)))
train[:, 0], test[:, 0] = rng.integers(0, 3, size=9), rng.integers(0, 3, size=70)
painted = np.zeros((3, 40, 40), dtype=bool)
for photo, top, left in train:
    painted[photo, top : top + side, left : left + side] = True
expected = [painted[photo, top : top + side, left : left + side].any() for photo, top, left in test]
check_close(f"leaked for 70 test patches of {side} × {side} pixels", leaked(train, test, side),
            expected,
            look="Paint the training patches: a test patch is leaked if it covers a painted pixel.")
check_close("leaked with an empty training set", leaked(train[:0], test[:5], side), [0] * 5,
            look="Nothing can leak.")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** The same features, the same classifier, 20 labels a class;
# only the test patches now lie anywhere instead of in the other half.
# The measured accuracy becomes: `"lower"`, `"the same"` or `"higher"`?

# %% solution="random_split" title="Predict: a random split"
# Type your choice: random_split = "..."
### BEGIN SOLUTION
random_split = "higher"
### END SOLUTION

# %% [markdown] hint="random_split"
# Which of the two test sets is more like the training set?

# %% tests="random_split" points=1
check_one_of("random_split", random_split, ["lower", "the same", "higher"])
### BEGIN HIDDEN TESTS
# Higher by 9 to 14 points on the draws that were tried, see claims.py.
check_equal("random_split", random_split, "higher",
            look="Patches that overlap with training patches are easy to name, and prove nothing.")
### END HIDDEN TESTS

# %% sandboxed="split_accuracy"
def split_accuracy(network, split, seed, train=20, test=10):
    """Accuracy on patches, with the test patches in the other half or at random."""
    X, y, X_test, y_test = data.photo_patches(train, test, seed=seed, split=split)
    known = [Known(a, b, *activations(network, a)) for a, b in ((X, y), (X_test, y_test))]
    return linear_accuracy(*known, np.arange(len(y)))

# %% experiment="leak"
network = pretrained.load()
honest, leaky = (100 * split_accuracy(network, split, seed=7)
                 for split in progress(("halves", "random"), "splits"))
figure, axes = plt.subplots(figsize=(6.4, 1.7))
bars = axes.barh(["test patches from\nthe other half", "test patches\nfrom anywhere"],
                 [honest, leaky], color=[COLOURS["blue"], COLOURS["red"]])
axes.bar_label(bars, fmt="%.0f %%", padding=3)
axes.set(xlim=(0, 100), xlabel="measured accuracy in %, 20 labels a class")
axes.invert_yaxis()
show(figure, f"Accuracy with test patches from the other half of each photograph: {honest:.0f} %; "
     f"with test patches from anywhere: {leaky:.0f} %.")
