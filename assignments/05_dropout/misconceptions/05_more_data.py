"""Wrong and right answers to section 5, “More data from the same data”."""

import numpy as np

from autograder.lessons.variants import alternative, misconception

# --- flip_and_shift -------------------------------------------------------------------------------

misconception("flip_and_shift", "The images are turned upside down: the wrong axis.",
              id="flip-upside-down", hint="Left and right are the last axis.", earns=1,
              replace="x[:, :, :, ::-1]", by="x[:, :, ::-1]")
misconception("flip_and_shift", "All images are mirrored, chosen or not.", id="flip-all",
              hint="Only where chosen is True.", earns=1,
              replace="return np.where(chosen[:, None, None, None], x[:, :, :, ::-1], x)",
              by="return x[:, :, :, ::-1]")
misconception("flip_and_shift", "The channels are reversed, not the columns.", id="flip-channels",
              hint="Axis 3, not axis 1.", earns=1,
              replace="x[:, :, :, ::-1]", by="x[:, ::-1, :, :]")
misconception("flip_and_shift", "The images are mirrored in place: the training data change for "
              "good.", id="flip-in-place", hint="Copy x first.", earns=1,
              replace="return np.where(chosen[:, None, None, None], x[:, :, :, ::-1], x)",
              by="x[chosen] = x[chosen][:, :, :, ::-1].copy()\n"
                 "return x")


@misconception("flip_and_shift", "What leaves on one side comes in on the other.",
               hint="np.roll wraps around; pad with zeros.", earns=1, replaces="shift")
def shift_wraps_around(x, down, right):
    return np.roll(x, (down, right), axis=(2, 3))


misconception("flip_and_shift", "The images move the other way: up and left.",
              id="shift-the-other-way", hint="Positive numbers move down and right.", earns=1,
              replace="return padded[:, :, top - down : top - down + height, left - right : left - "
                      "right + width]",
              by="return padded[:, :, top + down : top + down + height, left + right : left + "
                 "right + width]")
misconception("flip_and_shift", "Rows and columns have changed places.", id="shift-swapped",
              hint="down is along axis 2.", earns=1,
              replace="(top, left), (height, width) =",
              by="down, right = right, down\n"
                 "(top, left), (height, width) =")
misconception("flip_and_shift", "The border pixels are repeated where zeros should come in.",
              id="shift-smears", hint="np.pad(..., mode='constant').", earns=1,
              replace="padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))",
              by='padded = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)), mode="edge")')


@alternative("flip_and_shift", replaces="flip")
def flip_on_a_copy(x, chosen):
    out = x.copy()
    for index in np.flatnonzero(chosen):
        out[index] = np.flip(x[index], axis=-1)
    return out


@alternative("flip_and_shift", replaces="shift")
def shift_by_rolling_and_clearing(x, down, right):
    out = np.roll(x, (down, right), axis=(2, 3))
    if down:
        out[:, :, :down] = out[:, :, :down] * 0 if down > 0 else out[:, :, :down]
        if down < 0:
            out[:, :, down:] = 0
    if right > 0:
        out[:, :, :, :right] = 0
    elif right < 0:
        out[:, :, :, right:] = 0
    return out


# --- crop_and_cutout ------------------------------------------------------------------------------

misconception("crop_and_cutout", "All images are cut at the same place.", id="crop-one-place",
              hint="Draw a place for each image.", earns=2,
              replace=("places = np.random.default_rng(seed).integers(2 * pad + 1, "
                       "size=(len(x), 2))",
                       "return np.stack([image[:, r : r + height, c : c + width]\n"
                       "                 for image, (r, c) in zip(padded, places, strict=True)])"),
              by=("r, c = np.random.default_rng(seed).integers(2 * pad + 1, size=2)",
                  "return padded[:, :, r : r + height, c : c + width]"))
misconception("crop_and_cutout", "The last place never comes up: integers(n) gives 0 to n − 1.",
              id="crop-off-by-one", hint="There are 2·pad + 1 places along each axis.", earns=2,
              replace=("2 * pad + 1", "zip(padded, places, strict=True)"),
              by=("2 * pad", "zip(padded, places)"))
misconception("crop_and_cutout", "Row and column are the same number: the windows lie on the "
              "diagonal.", id="crop-on-the-diagonal", hint="Draw two numbers for each image.",
              earns=2,
              replace=("size=(len(x), 2)",
                       "return np.stack([image[:, r : r + height, c : c + width]\n"
                       "                 for image, (r, c) in zip(padded, places, strict=True)])"),
              by=("size=len(x)",
                  "return np.stack([image[:, r : r + height, r : r + width] for image, r in "
                  "zip(padded, places)])"))
misconception("crop_and_cutout", "The border is filled with mirrored pixels, not with zeros.",
              id="crop-reflects", hint="np.pad pads with zeros if you don't tell it otherwise.",
              earns=2,
              replace=("padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))",
                       "zip(padded, places, strict=True)"),
              by=('padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="reflect")',
                  "zip(padded, places)"))
misconception("crop_and_cutout", "At the border the first row is negative, which Python counts "
              "from the other end.", id="cutout-negative-rows", hint="max(row, 0).", earns=2,
              replace=("for image, row, col in zip(out, rows - size // 2, cols - size // 2, "
                       "strict=True):",
                       "image[:, max(row, 0) : max(row + size, 0), max(col, 0) : "
                       "max(col + size, 0)] = 0.0"),
              by=("for image, row, col in zip(out, rows - size // 2, cols - size // 2):",
                  "image[:, row : row + size, col : col + size] = 0.0"))
misconception("crop_and_cutout", "At the border the square is pushed back into the image, whole.",
              id="cutout-pushed-inside", hint="It may hang over; what is outside is lost.", earns=2,
              replace="out = x.copy()",
              by="out = x.copy()\n"
                 "rows = np.clip(rows, size // 2, x.shape[2] - size + size // 2)\n"
                 "cols = np.clip(cols, size // 2, x.shape[3] - size + size // 2)")
misconception("crop_and_cutout", "The square begins at the centre: it is not centred.",
              id="cutout-from-the-centre", hint="It begins at rows − size // 2.", earns=2,
              replace=("for image, row, col in zip(out, rows - size // 2, cols - size // 2, "
                       "strict=True):",
                       "image[:, max(row, 0) : max(row + size, 0), max(col, 0) : "
                       "max(col + size, 0)] = 0.0"),
              by=("for image, row, col in zip(out, rows, cols):",
                  "image[:, row : row + size, col : col + size] = 0.0"))
misconception("crop_and_cutout", "The holes are cut into the training data themselves.",
              id="cutout-in-place", hint="Copy x first.", earns=2,
              replace="out = x.copy()", by="out = x")
misconception("crop_and_cutout", "Only the first channel is cut.", id="cutout-first-channel",
              hint="All channels: image[:, rows, cols].", earns=2,
              replace="image[:, max(row, 0)", by="image[0, max(row, 0)")


@alternative("crop_and_cutout", replaces="random_crop")
def crop_in_a_loop(x, pad, seed=None):
    rng, out = np.random.default_rng(seed), np.zeros_like(x)
    height, width = x.shape[2:]
    for n in range(len(x)):
        padded = np.zeros((x.shape[1], height + 2 * pad, width + 2 * pad))
        padded[:, pad : pad + height, pad : pad + width] = x[n]
        r, c = rng.integers(0, 2 * pad, endpoint=True), rng.integers(0, 2 * pad, endpoint=True)
        out[n] = padded[:, r : r + height, c : c + width]
    return out


@alternative("crop_and_cutout", replaces="cutout")
def cutout_with_a_mask(x, rows, cols, size):
    low = size // 2
    r, c = np.arange(x.shape[2])[None, :], np.arange(x.shape[3])[None, :]
    hole_r = (r >= rows[:, None] - low) & (r < rows[:, None] - low + size)
    hole_c = (c >= cols[:, None] - low) & (c < cols[:, None] - low + size)
    return x * ~(hole_r[:, None, :, None] & hole_c[:, None, None, :])


# --- mixup ----------------------------------------------------------------------------------------

misconception("mixup", "The inputs are mixed, the labels are not.", id="without-labels",
              hint="Mix y with the same share and partners.",
              replace="share * y + (1 - share) * y[partner]", by="y.copy()")
misconception("mixup", "Inputs and labels are mixed with different partners.",
              id="two-permutations", hint="Draw the permutation once.",
              replace="y[partner]", by="y[rng.permutation(len(x))]")
misconception("mixup", "The shares of example and partner have changed places in the labels.",
              id="swapped-shares", hint="share · y + (1 − share) · y[partner].",
              replace="share * y + (1 - share)", by="(1 - share) * y + share")
misconception("mixup", "The share is uniform, whatever alpha is.", id="uniform",
              hint="rng.beta(alpha, alpha).", replace="rng.beta(alpha, alpha)", by="rng.random()")
misconception("mixup", "Each example has a share of its own.", id="share-for-each",
              hint="One λ for the whole batch.",
              replace="rng.beta(alpha, alpha)", by="rng.beta(alpha, alpha, size=(len(x), 1))")
misconception("mixup", "Partners are drawn with replacement: some examples are used often, some "
              "never.", id="with-replacement", hint="rng.permutation(len(x)).",
              replace="rng.permutation(len(x))", by="rng.integers(len(x), size=len(x))")
misconception("mixup", "The partners are always the same: the batch in reverse.", id="in-reverse",
              hint="rng.permutation(len(x)).",
              replace="rng.permutation(len(x))", by="np.arange(len(x))[::-1]")


@alternative("mixup")
def mixup_with_the_partner_first(x, y, alpha, seed=None):
    rng = np.random.default_rng(seed)
    partner = np.argsort(rng.random(len(x)))
    share = rng.beta(alpha, alpha)
    return x[partner] + share * (x - x[partner]), y[partner] + share * (y - y[partner])


alternative("mixup", id="by-a-matrix",
            replace="share, partner = rng.beta(alpha, alpha), rng.permutation(len(x))\n"
                    "return share * x + (1 - share) * x[partner], share * y + (1 - share) * "
                    "y[partner]",
            by="share = rng.beta(alpha, alpha)\n"
               "mixing = share * np.eye(len(x)) + (1 - share) * rng.permutation(np.eye(len(x)))\n"
               "return np.tensordot(mixing, x, axes=1), mixing @ y")

# --- left_on --------------------------------------------------------------------------------------

misconception("left_on", "A single random copy is a noisy look, not a better one.", id="better",
              hint="Only an average over many copies could help.", source='left_on = "better"')
misconception("left_on", "The network has learnt to bear shifts, but not without a loss: pixels "
              "leave the image.", id="the-same", hint="Noise at test time costs accuracy.",
              source='left_on = "the same"')
