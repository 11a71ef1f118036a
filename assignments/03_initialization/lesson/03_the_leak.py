# %% [markdown]
# ## 3 · The leak
#
# "Standardize the test set by itself" looks harmless:
# no labels are used, and the numbers come out fine.
# Two things are wrong with it.
# The model is then measured on inputs that depend on
# *which other test examples* happened to be there;
# and a real difference between training and use, a darker scanner, is wiped out in your report,
# though not at your user's.

# %% [markdown]
# **Predict.** A linear classifier gets 93 % of the test digits right.
# Now the images arrive one at a time, and each is standardized by its own statistics: a set of one.
# The accuracy will be `"as good"`, `"about half"` or `"chance"`?

# %% solution="one_at_a_time" title="Predict: one at a time"
# Type your choice: one_at_a_time = "..."
### BEGIN SOLUTION
one_at_a_time = "chance"
### END SOLUTION

# %% [markdown] hint="one_at_a_time"
# What is the mean of a feature over one image?
# And the feature, after subtracting it?

# %% tests="one_at_a_time" points=1
check_one_of("one_at_a_time", one_at_a_time, ["as good", "about half", "chance"])
### BEGIN HIDDEN TESTS
check_equal("one_at_a_time", one_at_a_time, "chance",
            look="In a set of one, each feature equals its mean: every image becomes zeros.")
### END HIDDEN TESTS

# %% [markdown]
# The next cell trains the classifier and standardizes the test images in two ways:
# by the training set, as it should be, or in sets of a given size, each by itself.
# `ink` is the strength of the scanner: at 0.3 the test digits are paler than the training digits.

# %% sandboxed="leak"
def accuracy(own_statistics_of, ink, seed):
    """Percent of 797 test digits that a linear classifier gets right.

    own_statistics_of: None, to standardize them by the training set; or a number of test images
    that are standardized together, by themselves. ink: a factor on the test images.
    """
    X_train, y_train, X_test, y_test = split_digits(seed)
    Z, prepared = standardize(X_train, ink * X_test)
    if own_statistics_of:
        sets = range(0, len(X_test), own_statistics_of)
        sets = [ink * X_test[k : k + own_statistics_of] for k in sets]
        prepared = np.concatenate([standardize(images, images)[1] for images in sets])
    targets = np.eye(10)[y_train] - 0.1
    weights = np.linalg.solve(Z.T @ Z + 10 * np.eye(64), Z.T @ targets)  # ridge regression
    return 100 * float(np.mean((prepared @ weights).argmax(axis=1) == y_test))

# %% experiment="leak"
sizes = [1, 2, 4, 8, 20, 100, 797]
figure, axes = plt.subplots(figsize=(7.4, 3.4))
for ink, colour, mark in ((1.0, "blue", "o"), (0.3, "red", "s")):
    own = [accuracy(size, ink, seed=0) for size in progress(sizes, "sets")]
    right = accuracy(None, ink, seed=0)
    name = "same scanner" if ink == 1 else "paler scanner"
    axes.semilogx(sizes, own, mark + "-", color=COLOURS[colour], label=f"{name}: own statistics",
                  markersize=9 if ink == 1 else 4)
    axes.axhline(right, color=COLOURS[colour], linestyle="--", label=f"{name}: training statistics")
axes.set(xlabel="test images that are standardized together", ylabel="accuracy, %", ylim=(0, 100),
         title="Whose mean, whose deviation?", xticks=sizes, xticklabels=sizes)
axes.legend(loc="lower right")
show(figure, "Accuracy against the number of test images that are standardized by themselves. "
     "From chance, 10 percent, for single images it rises to 93 percent for large sets, "
     "on the same curve for both scanners. With training statistics it is 93 percent for the same "
     f"scanner and {right:.0f} percent for the paler one.")

# %% [markdown]
# On the paler scanner, the test set's own statistics report an accuracy
# (the right end of the curve) that a user with the model and the training statistics doesn't get.
# By how many percentage points is the report too good?

# %% solution="too_good" title="Size of the leak"
# Type the difference, in percentage points: too_good = ...
### BEGIN SOLUTION
too_good = 25.0
### END SOLUTION

# %% [markdown] hint="too_good"
# The right end of the red curve, minus the dashed red line.

# %% tests="too_good" points=1
check("too_good", 0 <= too_good <= 100, f"{too_good} is not a difference of percentages")
### BEGIN HIDDEN TESTS
# The picture says 93.1 − 67.9. Over 20 random splits it is 12 to 28 points, 17 in the middle.
check("too_good", 10 <= too_good <= 31, f"is {too_good:g}, but your picture says something else",
      look="93 % at the right end of the curve, minus the height of the dashed red line.")
### END HIDDEN TESTS

# %% [markdown]
# (Adapting to a new scanner without labels can be a good idea.
# Then say so, and say that the method needs many test images at once;
# it is another method with another promise.
# The same holds for a mean over training *and* test set:
# less visible, and just as much a look at what you were not to see.)
