"""nnlab.pictures: a text description for each picture, and colours that differ for everybody."""

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


def pixels(html: str) -> np.ndarray:
    """The image that a displayed picture holds, of shape (height, width, channels)."""
    data = base64.b64decode(re.search(r"base64,([^\"]+)\"", html).group(1))
    return plt.imread(io.BytesIO(data), format="png")


def test_a_picture_is_shown_as_an_image_with_its_description(shown):
    pictures.show(a_figure(), "A line that rises.")
    (html,) = shown
    assert 'alt="A line that rises."' in html
    assert pixels(html).ndim == 3


def test_a_picture_is_trimmed_like_a_tight_figure_of_matplotlib(shown):
    figure = a_figure()
    figure.axes[0].set(ylabel="a label that is\nmuch longer than\nthe axis is high", title="above")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    buffer.seek(0)
    wanted = plt.imread(buffer).shape
    pictures.show(figure, "A line with a long label.")
    made = pixels(shown[0]).shape
    assert np.abs(np.subtract(made[:2], wanted[:2])).max() <= 3  # a pixel's rounding at each edge


def test_a_figure_without_content_is_shown_whole(shown):
    pictures.show(plt.figure(figsize=(1, 1), dpi=100), "Nothing.")
    assert min(pixels(shown[0]).shape[:2]) >= 100


@pytest.mark.parametrize("decades, has_minor_ticks", [(2, True), (4, False)])
def test_a_logarithmic_axis_of_more_than_three_decades_has_no_minor_ticks(
    shown, decades, has_minor_ticks
):
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.set(xscale="log", xlim=(1, 10**decades))
    assert axes.get_xticks(minor=True).size
    pictures.show(figure, "A line.")
    assert bool(axes.get_xticks(minor=True).size) == has_minor_ticks


def test_the_description_is_escaped_in_the_html(shown):
    pictures.show(a_figure(), 'x < 3 & "y"')
    assert 'alt="x &lt; 3 &amp; &quot;y&quot;"' in shown[0]


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_picture_without_description_is_refused(shown, alt):
    with pytest.raises(ValueError, match="in words"):
        pictures.show(a_figure(), alt)
    assert not shown


def test_a_figure_is_closed_after_it_is_shown(shown):
    figure = a_figure()
    pictures.show(figure, "A line.")
    assert figure.number not in plt.get_fignums()


def test_the_style_cycles_through_the_colours_of_the_course():
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


@pytest.mark.parametrize("reader", SEEN)
def test_any_two_colours_look_different(reader):
    def seen(colour):
        rgb = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        return (SEEN[reader] @ rgb**2.2).clip(0, 1) ** (1 / 2.2)

    for (one, first), (two, second) in combinations(pictures.COLOURS.items(), 2):
        distance = np.linalg.norm(seen(first) - seen(second))
        assert distance > 0.12, f"{one} and {two} look alike ({distance:.2f})"
