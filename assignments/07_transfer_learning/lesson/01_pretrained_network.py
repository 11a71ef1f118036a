# %% [markdown]
# ## 1 · A network that has seen a million pictures
#
# `nnlab.pretrained.load()` gives you **EfficientNet-Lite0**:
# 16 blocks of convolutions, trained on ImageNet (1.28 million photographs, 1,000 classes).
# Three photographs, and what it says:

# %% experiment="first_look"
network, recipe = pretrained.load(), pretrained.backbone()
photographs = {name: data.photograph(name)
               for name in ("chelsea.png", "coffee.png", "motorcycle_left.png")}
figure, axes = plt.subplots(2, 3, figsize=(9.6, 3.4), height_ratios=[2, 1])
heard = []
for (above, below), photograph in zip(axes.T, photographs.values(), strict=True):
    with torch.no_grad():
        chances = network(recipe.prepare(photograph))[0].softmax(0)
    best, classes = chances.topk(3)
    says = [pretrained.CLASSES.get(int(k), f"class {int(k)}") for k in classes]
    heard.append(f"{says[0]} ({100 * float(best[0]):.0f} %)")
    above.imshow(photograph)
    above.set_axis_off()
    below.barh(says, best, color=COLOURS["blue"])
    below.invert_yaxis()
    below.set(xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="probability")
figure.subplots_adjust(wspace=0.62, hspace=0.2)
show(figure, "Three photographs: a cat, a cup of coffee seen from above, and a motorcycle in a "
     "garage. Under each one the three classes that the network finds most probable; first come "
     + ", ".join(heard) + ".")

# %% [markdown]
# Your problem is another one: **from which of 18 photographs was this patch cut?**
# The patches are grey (by colour alone it would be too easy), 48 × 48 pixels,
# each with mean 0 and standard deviation 1.
# Training patches come from the left half of a photograph and test patches from the right half.
# You get *ten labels a class*.
#
# A second problem lies further away: handwritten digits (MNIST).
# Hardly anything in ImageNet looks like them.

# %% sandboxed="domains"
def near_domain(train, test, seed):
    """Patches of photographs: X_train, y_train, X_test, y_test; X is (N, 1, 48, 48), 18 classes."""
    return data.photo_patches(train, test, seed=seed)


def far_domain(train, test, seed):
    """Digits of MNIST, enlarged to 48 × 48 and contrast-normalized like the patches, 10 classes."""
    X, y = data.mnist_5k(images=True)
    order = np.random.default_rng(seed).permutation(len(X))
    by_digit = np.stack([order[y[order] == digit][: train + test] for digit in range(10)], axis=1)
    sets = []
    for rows in (by_digit[:train].ravel(), by_digit[train:].ravel()):
        large = nn.functional.interpolate(torch.from_numpy(X[rows]), size=(48, 48),
                                          mode="bilinear").numpy()
        large = large - large.mean((2, 3), keepdims=True)
        sets += [large / large.std((2, 3), keepdims=True), y[rows]]
    return tuple(sets)

# %% experiment="two_domains"
figure, axes = plt.subplots(3, 10, figsize=(9.6, 3.1))
near, far = near_domain(1, 1, 0), far_domain(1, 1, 0)
rows = ((near[0], "near: left half"), (near[2], "near: right half"), (far[0], "far"))
for line, (X, label) in zip(axes, rows, strict=True):
    for spot, picture in zip(line, X, strict=False):
        spot.imshow(picture[0], cmap="gray", vmin=-2.5, vmax=2.5)
        spot.set(xticks=[], yticks=[])
        spot.grid(False)
    line[0].set_ylabel(label, rotation=0, ha="right", va="center")
figure.subplots_adjust(wspace=0.08, hspace=0.08)
show(figure, "Three rows of ten small grey pictures. First row: a patch from the left half of each "
     "of ten photographs. Second row: a patch from the right half of the same photographs; "
     "the textures are alike, the contents are not. Third row: the handwritten digits 0 to 9.")
