# %% [markdown]
# ## 6 · What the weights expect
#
# Weights are tied to a preprocessing: the size of the pictures, the order of the channels,
# the range of the pixels, mean and standard deviation.
# Each set of weights has its own, and nothing complains when you use another.
# Write the step from pixels to input.
# The pictures have the right size by now.

# %% solution="preprocess" title="Preprocessing"
def preprocess(images, mean, std):
    """Photographs as the network wants them.

    Args:
        images: colours from 0 to 255, a uint8 array (N, H, W, 3), red first. It stays as it is.
        mean, std: three numbers each, for red, green and blue, of pixels scaled to 0 … 1.

    Returns:
        A float32 tensor (N, 3, H, W): (pixel / 255 − mean) / std.
    """
    ### BEGIN SOLUTION
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(value, dtype=torch.float32).view(1, 3, 1, 1) for value in (mean, std))
    return (x - mean) / std
    ### END SOLUTION

# %% [markdown] hint="preprocess"
# NumPy pictures have the channel last, PyTorch wants it second.
# Moving axes and reshaping are not the same: which one keeps a picture a picture?

# %% [markdown] hint="preprocess"
# `permute(0, 3, 1, 2)` moves the channel.
# For the shapes (N, 3, H, W) and (3,) to fit, the mean must become (1, 3, 1, 1).

# %% tests="preprocess" points=2
images = np.zeros((1, 1, 2, 3), dtype=np.uint8)
images[0, 0, 1] = [255, 51, 0]
got = preprocess(images, [0.5, 0.2, 0.0], [0.5, 0.1, 1.0])
check("preprocess(images, mean, std)", torch.is_tensor(got), "must return a torch tensor")
check_shape("preprocess of one picture of height 1 and width 2", got, (1, 3, 1, 2),
            look="The channel comes second.")
check_close(
    "preprocess of a black pixel and one of (255, 51, 0), mean (0.5, 0.2, 0), std (0.5, 0.1, 1)",
    got, [[[[-1.0, 1.0]], [[-2.0, 0.0]], [[0.0, 0.0]]]], rtol=1e-5, atol=1e-6,
    look="First divide by 255, then subtract the mean of the channel, then divide by its std.")
### BEGIN HIDDEN TESTS
rng = hidden_rng("preprocess")
images = rng.integers(0, 256, size=(2, 3, 5, 3), dtype=np.uint8)
mean, std, before = rng.uniform(0.3, 0.6, size=3), rng.uniform(0.1, 0.4, size=3), images.copy()
got = preprocess(images, mean.tolist(), std.tolist())
check_shape("preprocess of 2 pictures of height 3 and width 5", got, (2, 3, 3, 5),
            look="(N, 3, H, W), not (N, 3, W, H).")
for channel, name in enumerate(("red", "green", "blue")):
    expected = (images[..., channel].astype(float) / 255 - mean[channel]) / std[channel]
    check_close(f"the {name} channel of preprocess of two random pictures",
                np.asarray(got)[:, channel], expected, rtol=1e-4, atol=1e-4,
                look="Each channel has its own mean and std; red stays first.")
check_unchanged("preprocess(images, mean, std)", "images", before, images)
check_equal("the dtype of preprocess(images, …)", str(got.dtype).removeprefix("torch."), "float32")
### END HIDDEN TESTS

# %% [markdown]
# **Predict.** Five ways to feed the same three photographs:
# right (here mean 127/255 and std 128/255); channels in the order blue, green, red;
# the mean and std of other ImageNet weights (0.485, 0.456, 0.406 and 0.229, 0.224, 0.225);
# pixels from 0 to 1 without mean and std;
# and pixels from 0 to 255 that were forgotten to be divided by 255.
# Which mistake destroys the answers completely:
# `"blue first"`, `"other mean and std"`, `"0 to 1"` or `"0 to 255"`?

# %% solution="worst_input" title="Predict: the worst input"
# Type your choice: worst_input = "..."
### BEGIN SOLUTION
worst_input = "0 to 255"
### END SOLUTION

# %% [markdown] hint="worst_input"
# How far is each of the four from what the network has seen in training:
# by how much are the numbers shifted, and by what factor are they larger?

# %% tests="worst_input" points=1
check_one_of("worst_input", worst_input, ["blue first", "other mean and std", "0 to 1", "0 to 255"])
### BEGIN HIDDEN TESTS
check_equal("worst_input", worst_input, "0 to 255",
            look="Inputs that are 255 times too large drive the first ReLU6 to its ends, 0 and 6, "
            "nearly everywhere.")
### END HIDDEN TESTS

# %% experiment="wrong_inputs"
network, recipe = pretrained.load(), pretrained.backbone()
wanted = {"chelsea.png": [281, 282, 285], "coffee.png": [967], "motorcycle_left.png": [665, 670]}
others = pretrained.backbone("resnet18")
mean, std, other_mean, other_std = (torch.tensor(v).view(3, 1, 1) for v in
                                    (recipe.mean, recipe.std, others.mean, others.std))
ways = {"right": lambda x: (x - mean) / std, "blue first": lambda x: (x.flip(1) - mean) / std,
        "other mean and std": lambda x: (x - other_mean) / other_std, "0 to 1": lambda x: x,
        "0 to 255": lambda x: (255 * x - mean) / std}
pixels = torch.cat([recipe.prepare(data.photograph(name)) for name in wanted]) * std + mean
figure, axes = plt.subplots(figsize=(7.6, 3.0))
chances = {}
for way, feed in ways.items():
    with torch.no_grad():
        p = network(feed(pixels)).softmax(1)
    chances[way] = [float(row[classes].sum())
                    for row, classes in zip(p, wanted.values(), strict=True)]
for place, name in enumerate(("a cat", "espresso", "moped or scooter")):
    axes.bar(np.arange(5) + 0.27 * (place - 1), [chances[way][place] for way in ways], 0.25,
             label=name, color=list(COLOURS.values())[place])
axes.set(xticks=range(5), xticklabels=[way.replace("mean ", "mean\n") for way in ways],
         ylabel="probability of the right answer", ylim=(0, 1))
axes.grid(axis="x")
axes.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
show(figure, "Probability of the right answer for three photographs (cat, espresso, moped) under "
     "five preprocessings. " + "; ".join(f"{way}: " + ", ".join(f"{p:.2f}" for p in ps)
                                         for way, ps in chances.items()) + ".")
