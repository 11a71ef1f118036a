# %% [markdown]
# ## 2 · Rotate and whiten
#
# Scaling looks at one feature at a time.
# Neighbouring pixels go up and down together,
# and such a correlation is a narrow valley in the loss that lies *between* the axes.
# **Principal components** turn the axes into the valley: with the covariance
#
# $$C = \frac1N \sum_n (x_n - \mu)(x_n - \mu)^\top = V \Lambda V^\top$$
#
# the columns of $V$ are directions along which the coordinates of the data are uncorrelated,
# and the eigenvalues in $\Lambda$ are the variances along them.

# %% solution="pca" title="Principal components"
def pca(X):
    """The principal components of a data set.

    Args:
        X: (N, D), with N ≥ D.

    Returns:
        (mean, variances, components): the mean, (D,); the variances along the components, (D,),
        the largest first, with 1/N; the components, (D, D), one unit vector in each ROW, in the
        same order. The sign of a component is arbitrary.
    """
    ### BEGIN SOLUTION
    mean = X.mean(axis=0)
    _, singular, components = np.linalg.svd(X - mean, full_matrices=False)
    return mean, singular**2 / len(X), components
    ### END SOLUTION

# %% [markdown] hint="pca"
# Two ways: `np.linalg.eigh` of the covariance, or `np.linalg.svd` of the centred data.
# What would the first component be if you forgot to centre data that lie far from the origin?

# %% [markdown] hint="pca"
# `eigh` returns the smallest eigenvalue first and the eigenvectors in *columns*;
# `svd` returns the largest singular value first, and `Vt` has the components in rows.

# %% [markdown] hint="pca"
# With `U, S, Vt = np.linalg.svd(X - mean, full_matrices=False)`,
# the covariance is $V S^2 V^\top / N$.

# %% tests="pca" points=3
along, across = np.array([0.6, 0.8]), np.array([-0.8, 0.6])
X = np.array([10.0, 20.0]) + np.array([5 * along, -5 * along, across, -across])
call = "pca of four points around (10, 20), 5 away along (0.6, 0.8) and 1 away across it"
mean, variances, components = pca(X)
check_close(f"the mean by {call}", mean, [10, 20], rtol=1e-5)
check_close(f"the variances by {call}", variances, [12.5, 0.5], rtol=1e-4,
            look="(25 + 25) / 4 along and (1 + 1) / 4 across, the largest first.")
check_close(f"the products of the components with (0.6, 0.8), without sign, by {call}",
            np.abs(np.array(components) @ along), [1, 0], rtol=1e-4, atol=1e-4,
            look="The rows are the components.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("pca")
X = (rng.normal(size=(12, 4)) * [4.0, 2.0, 1.0, 0.4] @ rng.normal(size=(4, 4))
     + rng.uniform(3, 6, size=4))
covariance = torch.cov(torch.tensor(X).T, correction=0)
kept = X.copy()
mean, variances, components = pca(X)
check_unchanged("pca(X)", "X", kept, X)
check_close("the mean of twelve points", mean, kept.mean(axis=0), rtol=1e-4)
scale = float(covariance.diagonal().sum())  # rounding is relative to the whole variance
check_close("the variances of twelve points in four dimensions", variances,
            torch.linalg.eigvalsh(covariance).flip(0), rtol=1e-4, atol=1e-5 * scale,
            look="Eigenvalues of the covariance (centred, 1/N), the largest first.")
check_shape("the components by pca(X)", components, (4, 4))
turned = np.array(components) @ covariance.numpy() @ np.array(components).T
check_close("components @ covariance @ components.T", turned, np.diag(variances),
            rtol=1e-3, atol=1e-4 * scale,
            look="The components are the rows, in the order of their variances.")
check_close("components @ components.T", np.array(components) @ np.array(components).T,
            np.eye(4), atol=1e-4, look="The components are orthogonal unit vectors.")
### END HIDDEN TESTS

# %% [markdown]
# **Whitening** goes one step further:
# after the rotation, divide each component by its standard deviation.
# All directions then have variance 1, and no two of them are correlated.
# The term `eps` keeps the noise of directions with next to no variance
# from being blown up to the size of everything else.

# %% solution="whiten" title="Whitening"
def whiten(X, mean, variances, components, eps=1e-5):
    """Decorrelated data of variance 1, by the mean, variances and components of a training set.

    Args:
        X: examples, (N, D); any examples, so X may have another mean than the given one.
        mean: (D,).
        variances: (D,), along the components. Rounding may have made one of them −1e-17.
        components: (D, D), one in each row, as ``pca`` returns them.
        eps: added to the variances, under the root.

    Returns:
        (N, D): the coordinates of x − mean along the components, each divided by
        √(variance + eps).
    """
    ### BEGIN SOLUTION
    return (X - mean) @ components.T / np.sqrt(variances + eps)
    ### END SOLUTION

# %% [markdown] hint="whiten"
# The coordinate of a vector along a unit vector is their dot product.
# Each *row* of `components` has to meet each *row* of `X - mean`.

# %% [markdown] hint="whiten"
# Divide by the standard deviation: what is it, if `variances` holds variances?

# %% tests="whiten" points=3
components = np.array([[0.6, 0.8], [-0.8, 0.6]])
got = whiten(np.array([[13.0, 24.0]]), np.array([10.0, 20.0]), np.array([4.0, 9.0]),
             components, eps=0.0)
call = "whiten([[13, 24]], [10, 20], [4, 9], [[0.6, 0.8], [-0.8, 0.6]], eps=0)"
check_close(call, got, [[2.5, 0.0]], rtol=1e-5, atol=1e-6,
            look="(3, 4) is 5 along (0.6, 0.8) and 0 along (−0.8, 0.6); "
            "the deviations are 2 and 3.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("whiten")
rows = np.linalg.qr(rng.normal(size=(4, 4)))[0]
centre, variances, wanted = (rng.normal(size=4), rng.uniform(0.2, 5, size=4),
                             rng.normal(size=(3, 4)) + 1)
# Built backwards: the points whose whitened coordinates are `wanted`.
X = centre + (wanted * np.sqrt(variances + 0.4)) @ rows
kept, got = X.copy(), whiten(X, centre, variances, rows, eps=0.4)
check_unchanged("whiten(X, mean, variances, components)", "X", kept, X)
check_close("whiten on an array of shape (3, 4) with eps=0.4", got, wanted, rtol=1e-4, atol=1e-4,
            look="Subtract the given mean, multiply by components.T, divide by √(variances + eps).")
flat = np.array([2.0, 1.0, 0.0, -1e-17])
wanted[:, 2:] = 0.0
X = centre + (wanted * np.sqrt([2.0, 1.0, 1.0, 1.0])) @ rows
check_close("whiten with variances 2, 1, 0 and −1e-17", whiten(X, centre, flat, rows), wanted,
            rtol=1e-3, atol=1e-3,
            look="With eps under the root, directions without variance come out as zeros, "
            "not as NaN or as noise.")
### END HIDDEN TESTS

# %% [markdown]
# Here are the five stages, seen on 400 points in the plane.
# **Your functions made them.**

# %% experiment="five_stages"
rng = np.random.default_rng(3)
cloud = rng.normal(size=(400, 2)) * [2.0, 0.45] @ np.array([[0.9, 0.44], [-0.44, 0.9]]) + [1.0, 3.0]
mean, variances, components = pca(cloud)
stages = {"raw": cloud, "zero-centred": cloud - mean, "normalized": standardize(cloud, cloud)[0],
          "rotated (PCA)": (cloud - mean) @ components.T,
          "whitened": whiten(cloud, mean, variances, components)}
figure, row = plt.subplots(1, 5, figsize=(12.5, 2.8), sharex=True, sharey=True)
for axes, (name, points), colour in zip(row, stages.items(), COLOURS.values()):
    axes.scatter(*points.T, s=5, color=colour, alpha=0.6, linewidths=0)
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set(title=name, xlim=(-7.2, 7.2), ylim=(-7.2, 7.2), aspect="equal", xlabel="feature 1")
row[0].set(ylabel="feature 2")
for axes in row[3:]:
    axes.set(xlabel="component 1")
show(figure, "Five scatter plots of the same 400 points. Raw: a long tilted ellipse away from the "
     "origin. Zero-centred: the same ellipse at the origin. Normalized: both axes have the "
     "same spread, the tilt is still there. Rotated: a long ellipse along the first axis. "
     "Whitened: a round cloud of radius about 2.")

# %% [markdown]
# Now 64-dimensional data: scanned digits of 8 × 8 pixels.
# The components are images themselves.
# (Rotating a whitened digit back to pixels, by another product with the components,
# gives the *ZCA* form, in which one still recognizes the digit.)

# %% sandboxed="split"
def split_digits(seed):
    """1,000 digits to train on and 797 to test on: (X_train, y_train, X_test, y_test), (·, 64)."""
    X, y = digits()
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = order[:1000], order[1000:]
    return X[train].astype(float), y[train], X[test].astype(float), y[test]

# %% experiment="components"
X_train, y_train, X_test, _ = split_digits(seed=0)
mean, variances, components = pca(X_train)
sharp = whiten(X_test, mean, variances, components, eps=0.1) @ components
figure = plt.figure(figsize=(9.5, 3.4))
left = figure.add_axes((0.06, 0.14, 0.42, 0.78))
left.plot(np.arange(65), np.append(0, 100 * np.cumsum(variances) / variances.sum()),
          color=COLOURS["blue"])
left.axhline(95, color=COLOURS["red"], linestyle="--", linewidth=1.2)
left.set(xlabel="number of components kept", ylabel="variance kept, %", ylim=(0, 103), xlim=(0, 64),
         xticks=range(0, 65, 4), title="How many components?")
left.tick_params(axis="x", labelsize=8)
pictures = {"digits": X_test[:5], "components 1 to 5": components[:5],
            "whitened, rotated back to pixels": sharp[:5]}
for line, (name, images) in enumerate(pictures.items()):
    sheet = np.hstack([np.pad(x.reshape(8, 8) / np.abs(x).max(), 1, constant_values=np.nan)
                       for x in images])
    axes = figure.add_axes((0.54, 0.68 - 0.30 * line, 0.46, 0.26))
    axes.imshow(sheet, cmap="gray_r" if line != 1 else "PuOr")
    axes.set_title(name, fontsize=10, pad=2)
    axes.axis("off")
show(figure, "Left: the share of the variance that the first components keep, rising steeply and "
     "then levelling off; it crosses the dashed line at 95 percent a little before 30 of 64. "
     "Right: five digits, the first five components as blurred patterns, and the digits whitened: "
     "strokes and counters stand out from an even grey.")

# %% [markdown]
# Read off: how many of the 64 components keep 95 % of the variance?

# %% solution="components_for_95" title="Components for 95 %"
# Type the number: components_for_95 = ...
### BEGIN SOLUTION
components_for_95 = 28
### END SOLUTION

# %% [markdown] hint="components_for_95"
# Where does the curve cross the dashed line?
# To be exact, copy the cell and count with `np.cumsum`.

# %% tests="components_for_95" points=1
check("components_for_95", 1 <= components_for_95 <= 64, f"{components_for_95} is not on the axis")
### BEGIN HIDDEN TESTS
# 28 on each of 20 random training sets; two more or less is a fair reading of the picture.
check_close("components_for_95", components_for_95, 28, rtol=0, atol=2,
            look="Follow the dashed line at 95 % to the curve, and go down from there.")
### END HIDDEN TESTS

# %% [markdown]
# With convolutional networks, PCA and whitening have nearly gone out of use;
# centring and scaling have stayed.
# But the ideas come back inside the network:
# batch normalization (notebook 04) is scaling, layer by layer.
