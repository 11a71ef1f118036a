"""Wrong and right answers to section 6, “What the weights expect”."""

import numpy as np
import torch

from autograder.lessons.variants import alternative, misconception

# --- preprocess -----------------------------------------------------------------------------------

misconception("preprocess", "The pixels stay between 0 and 255.", id="without-255",
              hint="Divide by 255 first.", replace=".float() / 255", by=".float()")
misconception("preprocess", "Reshaping doesn't move axes: it cuts the picture into stripes.",
              id="reshapes", hint="permute(0, 3, 1, 2).",
              replace=".permute(0, 3, 1, 2)", by=".reshape(len(images), 3, *images.shape[1:3])")
misconception("preprocess", "Height and width are swapped: the picture lies on its side.",
              id="on-its-side", hint="permute(0, 3, 1, 2).",
              replace="permute(0, 3, 1, 2)", by="permute(0, 3, 2, 1)")
misconception("preprocess", "The channels come blue first.", id="blue-first",
              hint="Red is first, in the pictures and in the weights.",
              replace="torch.from_numpy(images)", by="torch.from_numpy(images[..., ::-1].copy())")
misconception("preprocess", "The mean is subtracted before the pixels are divided by 255.",
              id="mean-too-early", hint="The mean belongs to pixels from 0 to 1.",
              replace=(".float() / 255", "(x - mean) / std"),
              by=(".float()", "(x - mean) / 255 / std"))
misconception("preprocess", "It multiplies by the standard deviation.", id="multiplies",
              hint="Divide by it.", replace="(x - mean) / std", by="(x - mean) * std")
misconception("preprocess", "The pictures are standardized by their own mean and standard "
              "deviation.", id="own-statistics", hint="Use the numbers that belong to the weights.",
              replace="(x - mean) / std",
              by="(x - x.mean((0, 2, 3), keepdim=True)) / (x.std((0, 2, 3), keepdim=True) + 1e-6)")
misconception("preprocess", "The result is in double precision; the weights are in single "
              "precision.", id="in-double", hint="float() makes a float32 tensor.",
              replace=(".float() / 255", "torch.float32"), by=(".double() / 255", "torch.float64"))
misconception("preprocess", "A NumPy array comes back, which no network takes.",
              id="returns-an-array", hint="torch.from_numpy.",
              replace="return (x - mean) / std", by="return ((x - mean) / std).numpy()")


@alternative("preprocess")
def preprocess_in_numpy(images, mean, std):
    x = (images.astype(np.float32) / 255 - np.float32(mean)) / np.float32(std)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


@alternative("preprocess")
def preprocess_channel_by_channel(images, mean, std):
    planes = [(torch.from_numpy(images[..., c].copy()).to(torch.float32) - 255 * mean[c])
              / (255 * std[c]) for c in range(3)]
    return torch.stack(planes, dim=1)


# --- worst_input ----------------------------------------------------------------------------------

misconception("worst_input", "Most photographs survive it: shapes stay, colours don't.", id="blue",
              hint="Look at the picture.", source='worst_input = "blue first"')
misconception("worst_input", "These numbers are not far from the right ones.", id="other",
              hint="Look at the picture.", source='worst_input = "other mean and std"')
misconception("worst_input", "That shifts and shrinks the input by a factor of two only.",
              id="unit", hint="Look at the picture.", source='worst_input = "0 to 1"')
