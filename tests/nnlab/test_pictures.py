"""Pictures: a description for each, and colours that everybody can tell apart."""

from __future__ import annotations

import base64
import io
import re
from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nnlab import pictures


@pytest.fixture
def shown(monkeypatch):
    """What a cell displays."""
    displayed = []
    monkeypatch.setattr(pictures, "display", lambda html: displayed.append(html.data))
    return displayed


@pytest.fixture(autouse=True)
def settings_as_before():
    with mpl.rc_context():
        yield
    plt.close("all")


def a_figure():
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1])
    return figure


def test_a_picture_is_an_image_with_its_description(shown):
    pictures.show(a_figure(), "A line that rises.")
    (html,) = shown
    assert 'alt="A line that rises."' in html
    data = base64.b64decode(re.search(r"base64,([^\"]+)\"", html).group(1))
    assert plt.imread(io.BytesIO(data), format="png").ndim == 3


def test_a_picture_is_trimmed_as_matplotlib_would_trim_it():
    figure = a_figure()
    figure.axes[0].set(ylabel="a label that is\nmuch longer than\nthe axis is high", title="above")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    buffer.seek(0)
    wanted = plt.imread(buffer).shape
    made = plt.imread(io.BytesIO(pictures._png(figure))).shape
    assert np.abs(np.subtract(made[:2], wanted[:2])).max() <= 3  # a pixel's rounding at each edge


def test_an_empty_picture_is_a_picture():
    assert plt.imread(io.BytesIO(pictures._png(plt.figure(figsize=(1, 1))))).size


def test_the_description_is_escaped(shown):
    pictures.show(a_figure(), 'x < 3 & "y"')
    assert 'alt="x &lt; 3 &amp; &quot;y&quot;"' in shown[0]


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_picture_without_description_is_refused(shown, alt):
    with pytest.raises(ValueError, match="in words"):
        pictures.show(a_figure(), alt)
    assert not shown


def test_a_figure_is_closed_when_it_has_been_shown(shown):
    figure = a_figure()
    pictures.show(figure, "A line.")
    assert figure.number not in plt.get_fignums()


def test_the_style_uses_the_colours_of_the_course():
    pictures.use_style()
    cycle = [entry["color"] for entry in mpl.rcParams["axes.prop_cycle"]]
    assert cycle == list(pictures.COLOURS.values())
    assert mpl.rcParams["axes.grid"]


# Viénot, Brettel & Mollon (1999): how a protanope and a deuteranope see linear RGB.
SEEN = {
    "everybody": np.eye(3),
    "protanopes": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopes": np.array(
        [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]
    ),
}


@pytest.mark.parametrize("who", SEEN)
def test_the_colours_differ_for(who):
    def seen(colour):
        rgb = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        return (SEEN[who] @ rgb**2.2).clip(0, 1) ** (1 / 2.2)

    for (one, first), (two, second) in combinations(pictures.COLOURS.items(), 2):
        distance = np.linalg.norm(seen(first) - seen(second))
        assert distance > 0.12, f"{one} and {two} look alike ({distance:.2f})"
