"""nnlab.data: what the loaders return, and that they change nothing else in the process."""

import random

import numpy as np
import pytest
import skimage.data
from skimage.color import rgb2gray
from skimage.feature import match_template

from nnlab import data


def test_digits_hold_every_class_with_intensities_between_0_and_1():
    X, y = data.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float32
    assert y.shape == (1797,) and y.dtype == np.int64
    assert X.min() == 0 and X.max() == 1
    assert np.bincount(y).min() == 174 and np.bincount(y).max() == 183


def test_digits_equal_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    X, y = data.digits()
    theirs = load_digits()
    np.testing.assert_array_equal(X * 16, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)


@pytest.mark.parametrize("loader, shape", [(data.digits, (8, 8)), (data.mnist_5k, (28, 28))])
def test_images_hold_the_same_pixels_with_a_channel(loader, shape):
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


def test_changing_the_returned_arrays_does_not_change_what_the_next_call_returns():
    for loader in (
        data.digits,
        data.mnist_5k,
        lambda: data.mnist_1d(samples=50),
        lambda: data.photo_patches(1, 1),
    ):
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


def test_mnist_1d_depends_on_its_seed_only(imported_anew):
    np.random.seed(1)
    first = data.mnist_1d(samples=50, seed=7)[0]
    np.random.seed(2)
    made_again = imported_anew("nnlab.data").mnist_1d(samples=50, seed=7)[0]
    np.testing.assert_array_equal(made_again, first)
    assert not np.array_equal(data.mnist_1d(samples=50, seed=8)[0], first)


def test_mnist_1d_does_not_change_the_global_random_generators(imported_anew):
    fresh = imported_anew("nnlab.data")
    random.seed(3), np.random.seed(3)
    expected = random.random(), np.random.rand()
    random.seed(3), np.random.seed(3)
    fresh.mnist_1d(samples=50)
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize("samples", [0, -10, 25])
def test_mnist_1d_refuses_a_size_that_is_no_positive_multiple_of_ten(samples):
    with pytest.raises(ValueError, match="multiple of ten"):
        data.mnist_1d(samples=samples)


def test_a_photograph_has_three_channels_also_if_it_is_grey():
    cat = data.photograph("chelsea.png")
    assert cat.shape == (300, 451, 3) and cat.dtype == np.uint8
    grey = data.photograph("camera.png")
    assert grey.shape == (512, 512, 3) and np.array_equal(grey[..., 0], grey[..., 2])


def test_an_unknown_photograph_is_named_in_the_error():
    with pytest.raises(FileNotFoundError, match="no_such_photograph"):
        data.photograph("no_such_photograph.png")


def test_photographs_equal_those_of_scikit_image():
    np.testing.assert_array_equal(data.photograph("coffee.png"), skimage.data.coffee())


def test_photo_patches_are_grey_and_contrast_normalized():
    X_train, y_train, X_test, y_test = data.photo_patches(2, 3)
    assert X_train.shape == (36, 1, 48, 48) and X_test.shape == (54, 1, 48, 48)
    assert X_train.dtype == np.float32 and y_train.dtype == np.int64
    np.testing.assert_allclose(X_test.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(X_test.std(axis=(1, 2, 3)), 1, atol=1e-3)
    assert y_train.tolist() == [*range(18), *range(18)] and np.bincount(y_test).tolist() == [3] * 18


def columns(patches: np.ndarray, photograph: str) -> np.ndarray:
    """The leftmost column of each patch in the photograph that it was cut from."""
    grey = rgb2gray(data.photograph(photograph))
    found = []
    for patch in patches:
        similarity = match_template(grey, patch[0])
        assert similarity.max() > 0.9999
        found.append(np.unravel_index(similarity.argmax(), similarity.shape)[1])
    return np.array(found)


@pytest.mark.parametrize("photograph", ["chelsea.png", "coffee.png"])
def test_training_patches_lie_in_the_left_half_and_test_patches_in_the_right_half(photograph):
    X_train, y_train, X_test, y_test = data.photo_patches(4, 4)
    label = data.PHOTOGRAPHS.index(photograph)
    middle = data.photograph(photograph).shape[1] // 2
    assert (columns(X_train[y_train == label], photograph) + 48 <= middle).all()
    assert (columns(X_test[y_test == label], photograph) >= middle).all()


def test_a_random_split_cuts_training_and_test_patches_from_both_halves():
    X_train, y_train, X_test, y_test = data.photo_patches(4, 4, split="random")
    label = data.PHOTOGRAPHS.index("chelsea.png")
    middle = data.photograph("chelsea.png").shape[1] // 2
    for patches in (X_train[y_train == label], X_test[y_test == label]):
        left = columns(patches, "chelsea.png")
        assert left.min() < middle < left.max()


def test_photo_patches_depend_on_the_seed_and_not_on_the_number_of_test_patches():
    X_train = data.photo_patches(2, 2, seed=3)[0]
    again = data.photo_patches(2, 5, seed=3)
    np.testing.assert_array_equal(again[0], X_train)
    assert not np.array_equal(data.photo_patches(2, 2, seed=4)[0], X_train)


@pytest.mark.parametrize("wrong", [{"split": "thirds"}, {"side": 100}, {"side": 2}])
def test_photo_patches_refuse_an_unknown_split_and_a_side_out_of_range(wrong):
    with pytest.raises(ValueError, match="photo_patches"):
        data.photo_patches(1, 1, **wrong)


def test_a_missing_package_is_named_in_the_error():
    with pytest.raises(FileNotFoundError, match="no_such_package"):
        data.packaged_file("no_such_package", "data.csv")


def test_a_package_without_the_file_is_named_in_the_error():
    with pytest.raises(FileNotFoundError, match=r"numpy lacks no_such_file\.csv"):
        data.packaged_file("numpy", "no_such_file.csv")
