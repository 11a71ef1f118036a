# %% [markdown]
# ## 5 · More data from the same data
#
# A digit that is moved by a pixel is the same digit.
# Augmentation tells the network so, by training on changed copies.
# The mirror image of a dog is a dog, the mirror image of a 2 is no digit at all:
# **which changes keep the label is knowledge about the problem.**

# %% solution="flip_and_shift" title="Flip and shift"
def flip(x, chosen):
    """Mirror some images, left to right.

    Args: x: images (N, C, H, W), which stay as they are. chosen: booleans (N,), which to mirror.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    return np.where(chosen[:, None, None, None], x[:, :, :, ::-1], x)
    ### END SOLUTION


def shift(x, down, right):
    """Move all images by whole pixels; zeros come in where nothing was, and nothing wraps around.

    Args: x: images (N, C, H, W), which stay as they are. down, right: whole numbers; negative ones
    move up and left.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    (top, left), (height, width) = (abs(down), abs(right)), x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    return padded[:, :, top - down : top - down + height, left - right : left - right + width]
    ### END SOLUTION

# %% [markdown] hint="flip_and_shift"
# Which of the four axes runs from left to right?

# %% [markdown] hint="flip_and_shift"
# `np.roll` wraps around: what leaves on one side comes in on the other.
# Pad with zeros first and cut a window out, or copy into an array of zeros.

# %% tests="flip_and_shift" part="flip" points=1 changes="shown"
x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
check_close("flip([[1, 2], [3, 4]], [True])", flip(x.copy(), np.array([True])),
            [[[[2, 1], [4, 3]]]], rtol=1e-6, look="Left and right change places: the last axis.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("flip")
x, chosen = rng.random((6, 2, 4, 5)), np.array([True, False, True, True, False, False])
given = x.copy()
expected = torch.where(torch.tensor(chosen)[:, None, None, None], torch.tensor(x).flip(3),
                       torch.tensor(x))
check_close("flip of six images, three of them chosen", flip(given, chosen.copy()), expected,
            rtol=1e-6, look="Only the chosen ones, along the last axis.")
check_unchanged("flip(x, chosen)", "x", x, given)
### END HIDDEN TESTS

# %% tests="flip_and_shift" part="shift" points=1 changes="shown"
x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
check_close("shift([[1, 2], [3, 4]], 1, 0)", shift(x.copy(), 1, 0), [[[[0, 0], [1, 2]]]], rtol=1e-6,
            look="Down by a row; zeros come in at the top.")
check_close("shift([[1, 2], [3, 4]], 0, -1)", shift(x.copy(), 0, -1), [[[[2, 0], [4, 0]]]],
            rtol=1e-6, look="Left by a column.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("shift")
x = rng.random((3, 2, 5, 6)) + 1
for down, right in ((2, -1), (-1, 3), (0, 0), (-2, -2), (1, 2)):
    given = x.copy()
    # Torch's padding by a negative number cuts off.
    expected = torch.nn.functional.pad(torch.tensor(x), (right, -right, down, -down))
    check_close(f"shift(x, {down}, {right})", shift(given, down, right), expected,
                rtol=1e-6, atol=1e-9,
                look="Whole pixels, zeros where nothing was, nothing wraps around.")
    check_unchanged(f"shift(x, {down}, {right})", "x", x, given)
### END HIDDEN TESTS

# %% [markdown]
# Two more: a *random crop* pads each image and cuts a window of the old size out of it,
# at another place for each image.
# *Cutout* (DeVries & Taylor, 2017) blanks a square at a random centre,
# which may hang over the border, so that the network cannot live on one detail.

# %% solution="crop_and_cutout" title="Crop and cutout"
def random_crop(x, pad, seed=None):
    """Pad with zeros and cut a window of the old size out, drawn anew for each image.

    Args: x: images (N, C, H, W), which stay as they are. pad: rows and columns of zeros on each
    side. seed: for np.random.default_rng.
    Returns: images (N, C, H, W); each of the (2·pad + 1)² places is equally likely.
    """
    ### BEGIN SOLUTION
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    places = np.random.default_rng(seed).integers(2 * pad + 1, size=(len(x), 2))
    return np.stack([image[:, r : r + height, c : c + width]
                     for image, (r, c) in zip(padded, places, strict=True)])
    ### END SOLUTION


def cutout(x, rows, cols, size):
    """Set a square in each image to zero.

    Args: x: images (N, C, H, W), which stay as they are. rows, cols: the centre of each square,
    integer arrays (N,). size: its side; it covers rows − size // 2 to rows − size // 2 + size − 1,
    and columns alike, as far as they are in the image. All channels are cut.
    Returns: images (N, C, H, W).
    """
    ### BEGIN SOLUTION
    out = x.copy()
    for image, row, col in zip(out, rows - size // 2, cols - size // 2, strict=True):
        image[:, max(row, 0) : max(row + size, 0), max(col, 0) : max(col + size, 0)] = 0.0
    return out
    ### END SOLUTION

# %% [markdown] hint="crop_and_cutout"
# With `pad = 1` there are three places along each axis.
# `rng.integers(n)` never gives `n` itself.

# %% [markdown] hint="crop_and_cutout"
# What does `image[:, -1:2]` mean in Python?
# Clip the first row at 0 before you slice.

# %% tests="crop_and_cutout" part="crop" points=2 changes="shown"
x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
got = np.asarray(random_crop(np.repeat(x, 40, axis=0), 1, seed=0))
check_shape("random_crop of 40 images 3 × 3", got, (40, 1, 3, 3))
check("random_crop of 40 equal images", (got != got[:1]).any(), "cut all of them at the same place",
      look="Draw a place for each image.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("random_crop")
x = rng.random((1, 2, 4, 5)) + 1
padded = np.pad(x[0], ((0, 0), (2, 2), (2, 2)))
crops = np.array([padded[:, r : r + 4, c : c + 5] for r in range(5) for c in range(5)])
batch = np.repeat(x, 600, axis=0)
given, seed = batch.copy(), int(rng.integers(1000))
got = np.asarray(random_crop(given, 2, seed=seed))
which = np.isclose(got[:, None], crops[None], rtol=1e-5).all(axis=(2, 3, 4))
check("random_crop(x, 2)", which.any(axis=1).all(),
      "some results are no windows of the padded image",
      look="Zeros around, one window of the old size, all channels at the same place.")
counts = which.sum(axis=0)
# 24 of each place are expected, with a standard deviation of 4.8.
check("random_crop(x, 2)", counts.min() > 0, "some of the 25 places never come up in 600 images",
      look="2·pad + 1 places along each axis, rows and columns drawn on their own.")
check("random_crop(x, 2)", counts.max() < 60, "some of the 25 places come up far too often",
      look="Equally likely.")
check_unchanged("random_crop(x, 2)", "x", batch, given)
check_close("a second call with the same seed", random_crop(batch.copy(), 2, seed=seed),
            got, rtol=1e-6)
### END HIDDEN TESTS

# %% tests="crop_and_cutout" part="cutout" points=2 changes="shown"
got = cutout(np.ones((2, 1, 4, 4)), np.array([2, 0]), np.array([2, 3]), 2)
check_close("cutout of ones 4 × 4 at (2, 2), size 2", got[0, 0],
            [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]],
            rtol=1e-6, look="Rows and columns 1 and 2.")
check_close("cutout of ones 4 × 4 at (0, 3), size 2", got[1, 0],
            [[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]],
            rtol=1e-6, look="Of the square, only row 0 is in the image.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("cutout")
x = rng.random((12, 2, 6, 7)) + 1
rows, cols = (np.array([0, 5, 0, 5, *rng.integers(6, size=8)]),
              np.array([0, 6, 6, 0, *rng.integers(7, size=8)]))
for size in (3, 4):
    given, low = x.copy(), size // 2
    inside_rows = ((np.arange(6) >= rows[:, None] - low)
                   & (np.arange(6) < rows[:, None] - low + size))
    inside_cols = ((np.arange(7) >= cols[:, None] - low)
                   & (np.arange(7) < cols[:, None] - low + size))
    hole = inside_rows[:, None, :, None] & inside_cols[:, None, None, :]
    check_close(f"cutout of twelve images, size {size}",
                cutout(given, rows.copy(), cols.copy(), size), np.where(hole, 0.0, x), rtol=1e-6,
                look="A negative row index counts from the other end: clip it at 0.")
    check_unchanged("cutout(x, …)", "x", x, given)
### END HIDDEN TESTS

# %% [markdown]
# ### mixup
#
# Zhang et al. (2018) train on mixtures: with a share $\lambda$
# from the distribution Beta$(\alpha, \alpha)$ and a random partner for each example,
# $\tilde x = \lambda x_i + (1-\lambda) x_j$ **and** $\tilde y = \lambda y_i + (1-\lambda) y_j$.
# One $\lambda$ for the whole minibatch, as in the paper's code.

# %% solution="mixup" title="Mixup"
def mixup(x, y, alpha, seed=None):
    """Mix each example, and its label, with a random partner.

    Args:
        x: inputs (N, …). y: one-hot labels (N, C). Both stay as they are.
        alpha: both parameters of the Beta distribution of the share λ of the example itself.
        seed: for np.random.default_rng.

    Returns:
        (x_mixed, y_mixed), of the same shapes. The partners are a permutation of the batch, the
        same one for x and y; λ is one number for the whole batch.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    share, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]
    ### END SOLUTION

# %% [markdown] hint="mixup"
# Draw once, use twice: the same share and the same permutation for inputs and labels.

# %% [markdown] hint="mixup"
# `rng.beta(alpha, alpha)` is the share, `rng.permutation(len(x))` the partners.

# %% tests="mixup" points=3
x, y = np.eye(6), np.eye(6)[:, [1, 0, 2, 3, 4, 5]]
mixed, labels = mixup(x.copy(), y.copy(), 1.0, seed=2)
check_close("each row of the mixed labels", np.sum(labels, axis=1), np.ones(6), rtol=1e-5,
            look="The shares add up to 1.")
check_close("the mixed labels, beside the mixed inputs,", labels, np.asarray(mixed) @ y,
            rtol=1e-5, atol=1e-9,
            look="The labels are mixed with the same partners and the same share as the inputs.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("mixup")
x, seeds, shares, fixed, partners = np.eye(12), rng.integers(10**6, size=160), [], [], set()
y = rng.dirichlet(np.ones(4), size=12)
for seed in seeds:
    mixed, labels = (np.asarray(part) for part in mixup(x.copy(), y.copy(), 0.3, seed=int(seed)))
    check_close("the mixed labels, beside the mixed inputs,", labels, mixed @ y,
                rtol=1e-5, atol=1e-7,
                look="The same partners and the same share for inputs and labels.")
    check_close("the weights of the examples in a batch, added up over the batch,",
                mixed.sum(axis=0), np.ones(12),
                rtol=1e-5, look="The partners are a permutation: everybody is a partner once.")
    own, alone = np.diag(mixed), np.isclose(mixed.max(axis=1), 1.0)
    partners.add(int(np.argmax(mixed[0] - own[0] * x[0])))
    check("mixup", np.ptp(own[~alone]) < 1e-5 if (~alone).any() else True,
          "has several shares in one batch", look="One λ for the whole batch.")
    fixed.append(alone.mean())
    if (~alone).any():
        shares.append(own[~alone][0])
# Beta(0.3, 0.3) has mean 1/2 and standard deviation 1/√(4 · 1.6) = 0.395;
# uniform shares have 0.289.
check("mixup", len(shares) > 100, "hardly ever mixes anything")
check_close("the mean of the share over many seeds", np.mean(shares), 0.5, rtol=0, atol=0.16,
            look="Beta(alpha, alpha).")
check_close("the standard deviation of the share, alpha = 0.3", np.std(shares), 0.395,
            rtol=0, atol=0.055, look="Beta(alpha, alpha), not a uniform share.")
check("mixup", np.mean(fixed) < 0.5, "leaves examples alone",
      look="A random permutation of the batch.")
# In 160 batches each of the twelve comes up about thirteen times.
check("mixup", len(partners) > 6, "gives an example the same few partners in every batch",
      look="rng.permutation(len(x)).")
given = [x.copy(), y.copy()]
first, second = mixup(given[0], given[1], 0.3, seed=1)[0], mixup(x.copy(), y.copy(), 0.3, seed=1)[0]
check_unchanged("mixup(x, y, …)", "x", x, given[0])
check_unchanged("mixup(x, y, …)", "y", y, given[1])
check_close("a second call of mixup with the same seed", second, first, rtol=1e-6)
### END HIDDEN TESTS

# %% experiment="gallery"
images, labels = digits(images=True)
batch, one_hot = images[10:16], np.eye(10)[labels[10:16]]
rows = {"as they are": batch, "flip": flip(batch, np.ones(6, bool)),
        "shift(1, −2)": shift(batch, 1, -2), "random_crop(pad=2)": random_crop(batch, 2, seed=5),
        "cutout(size=4)": cutout(batch, np.array([4, 2, 5, 0, 7, 3]),
                                 np.array([4, 6, 1, 3, 7, 5]), 4),
        "mixup(alpha=1)": mixup(batch, one_hot, 1.0, seed=8)[0]}
figure, panels = plt.subplots(3, 2, figsize=(8.6, 3.5))
for axes, (name, pictures) in zip(panels.T.flat, rows.items(), strict=True):
    framed = np.pad(np.asarray(pictures)[:, 0], ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    axes.imshow(np.concatenate(framed, axis=1), cmap="gray_r", vmin=0, vmax=1)
    axes.set_title(name, fontsize=10.5, loc="left")
    axes.axis("off")
figure.subplots_adjust(hspace=0.45, wspace=0.06)
show(figure, f"Six handwritten digits, {', '.join(map(str, labels[10:16]))}, in six strips: "
     "as they are; mirrored, which makes most of them no digits; moved down and left; "
     "cropped at random places; with a square cut out, in some at the border; "
     "and mixed with one another, two faint digits in each picture.")

# %% [markdown]
# **Predict.** You have trained with random shifts.
# At test time you leave them switched on, one random shift for each image.
# What happens to the accuracy, compared with the test images as they are:
# it gets `"better"`, `"worse"`, or stays `"the same"`?

# %% solution="left_on" title="Predict: shifts left on"
# Type your choice: left_on = "..."
### BEGIN SOLUTION
left_on = "worse"
### END SOLUTION

# %% [markdown] hint="left_on"
# What can a random shift do to pixels at the border?
# In training, more difficult images are the point.
# And at test time, who gains from one noisy look?

# %% tests="left_on" points=1
check_one_of("left_on", left_on, ["better", "worse", "the same"])
### BEGIN HIDDEN TESTS
# In the contest of section 9, on 20 of 20 seeds.
check_equal("left_on", left_on, "worse",
            look="One random copy of a test image is a noisy look at it. Noise is for training; "
            "at test time it is averaged out.")
### END HIDDEN TESTS

# %% [markdown]
# This is the pattern behind everything in this notebook:
# *in training add noise, at test time average it out*, exactly (all masks),
# by sampling (Monte Carlo), or by an approximation (scaling, the image as it is).
# Averaging over **several** augmented copies of a test image is a fair way to do it,
# known as test-time augmentation; a single random copy is not.
