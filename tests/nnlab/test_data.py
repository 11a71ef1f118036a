"""The loaders give what their docstrings say, offline, and leave the process as it was."""

import random

import numpy as np
import pytest

from nnlab import data


def test_digits_hold_every_class_with_ink_between_0_and_1():
    X, y = data.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float32
    assert y.shape == (1797,) and y.dtype == np.int64
    assert X.min() == 0 and X.max() == 1
    assert np.bincount(y).min() == 174 and np.bincount(y).max() == 183


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    X, y = data.digits()
    theirs = load_digits()
    np.testing.assert_array_equal(X * 16, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)


@pytest.mark.parametrize("loader, shape", [(data.digits, (8, 8)), (data.mnist_5k, (28, 28))])
def test_images_are_the_same_pixels_with_a_channel(loader, shape):
    flat, labels = loader()
    images, same_labels = loader(images=True)
    assert images.shape == (len(flat), 1, *shape)
    np.testing.assert_array_equal(images.reshape(len(flat), -1), flat)
    np.testing.assert_array_equal(same_labels, labels)


def test_mnist_5k_is_balanced_and_shuffled():
    X, y = data.mnist_5k()
    assert X.shape == (5000, 784) and X.dtype == np.float32
    assert X.min() == 0 and X.max() == 1
    assert np.bincount(y).tolist() == [500] * 10
    assert len(set(y[:100].tolist())) == 10


def test_what_a_caller_does_to_the_data_does_not_reach_the_next_caller():
    for loader in (data.digits, data.mnist_5k, lambda: data.mnist_1d(samples=50)):
        X = loader()[0]
        before = X.copy()
        X += 1
        np.testing.assert_array_equal(loader()[0], before)


def test_mnist_1d_splits_standardized_curves():
    X_train, y_train, X_test, y_test = data.mnist_1d(samples=200)
    assert X_train.shape == (160, 40) and X_test.shape == (40, 40)
    assert X_train.dtype == np.float32 and y_train.dtype == np.int64
    everything = np.concatenate([X_train, X_test])
    assert abs(everything.mean()) < 1e-6 and abs(everything.std() - 1) < 1e-6
    assert np.bincount(np.concatenate([y_train, y_test])).tolist() == [20] * 10


def test_mnist_1d_depends_on_its_seed_alone():
    np.random.seed(1)
    first = data.mnist_1d(samples=50, seed=7)[0]
    np.random.seed(2)
    data._curves.cache_clear()
    np.testing.assert_array_equal(data.mnist_1d(samples=50, seed=7)[0], first)
    assert not np.array_equal(data.mnist_1d(samples=50, seed=8)[0], first)


def test_mnist_1d_leaves_the_global_generators_alone():
    data._curves.cache_clear()
    random.seed(3), np.random.seed(3)
    expected = random.random(), np.random.rand()
    random.seed(3), np.random.seed(3)
    data.mnist_1d(samples=50)
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize("samples", [0, -10, 25])
def test_mnist_1d_says_which_sizes_it_can_make(samples):
    with pytest.raises(ValueError, match="multiple of ten"):
        data.mnist_1d(samples=samples)


def test_a_photograph_is_in_colour_and_needs_no_download():
    cat = data.photograph("chelsea.png")
    assert cat.shape == (300, 451, 3) and cat.dtype == np.uint8
    grey = data.photograph("camera.png")
    assert grey.shape == (512, 512, 3) and np.array_equal(grey[..., 0], grey[..., 2])
    with pytest.raises(FileNotFoundError, match="no_such_photograph"):
        data.photograph("no_such_photograph.png")


def test_photographs_are_those_of_scikit_image():
    skimage_data = pytest.importorskip("skimage.data")
    np.testing.assert_array_equal(data.photograph("coffee.png"), skimage_data.coffee())


def test_photo_patches_are_grey_and_contrast_normalized():
    X_train, y_train, X_test, y_test = data.photo_patches(2, 3)
    assert X_train.shape == (36, 1, 48, 48) and X_test.shape == (54, 1, 48, 48)
    assert X_train.dtype == np.float32 and y_train.dtype == np.int64
    np.testing.assert_allclose(X_test.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(X_test.std(axis=(1, 2, 3)), 1, atol=1e-3)
    assert y_train.tolist() == [*range(18), *range(18)] and np.bincount(y_test).tolist() == [3] * 18


@pytest.mark.parametrize("split, crosses", [("halves", False), ("random", True)])
def test_photo_patches_keep_to_their_halves_unless_told_otherwise(monkeypatch, split, crosses):
    ramp = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (100, 1))
    monkeypatch.setattr(data, "_grey", lambda name: ramp)
    seen = []
    monkeypatch.setattr(
        data, "_patch", lambda grey, side, rng: seen.append(grey) or grey[:side, :side]
    )
    data.photo_patches(1, 1, split=split)
    left, right = seen[0], seen[-1]
    assert (left.max() > right.min()) == crosses


def test_photo_patches_depend_on_their_seed_and_not_on_how_many_there_are():
    X_train = data.photo_patches(2, 2, seed=3)[0]
    again = data.photo_patches(2, 5, seed=3)
    np.testing.assert_array_equal(again[0], X_train)
    assert not np.array_equal(data.photo_patches(2, 2, seed=4)[0], X_train)
    X_train += 1
    assert not np.array_equal(data.photo_patches(2, 2, seed=3)[0], X_train)


@pytest.mark.parametrize("wrong", [{"split": "thirds"}, {"side": 100}, {"side": 2}])
def test_photo_patches_say_what_they_can_cut(wrong):
    with pytest.raises(ValueError, match="photo_patches"):
        data.photo_patches(1, 1, **wrong)


def test_a_missing_package_is_named():
    with pytest.raises(FileNotFoundError, match="no_such_package"):
        data._table("no_such_package", "data.csv")
