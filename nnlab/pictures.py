"""Pictures for the notebooks, in colours that colour-blind readers can tell apart.

Each picture has a text description for readers who cannot see it.
"""

from __future__ import annotations

import base64
import html
import io

import matplotlib as mpl
from cycler import cycler
from IPython.display import HTML, display
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox
from PIL import Image, ImageChops

__all__ = ["COLOURS", "show", "use_style"]

#: The palette of Okabe and Ito (2008), by name.
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "red": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}

#: In inches: the space for labels beyond a figure's edge, and the border that trimming leaves.
_ROOM, _BORDER = 1.0, 0.1


def use_style() -> None:
    """Set the course's colours, sizes and light grid for every figure that follows."""
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=list(COLOURS.values())),
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.dpi": 100,
            "figure.figsize": (7.0, 3.6),
            "font.size": 10.5,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
        }
    )


def show(figure: Figure, alt: str) -> None:
    """Display ``figure`` with ``alt`` as its text description, and close it.

    The description says what a reader who cannot see the picture needs to know: what is drawn
    against what, and what it shows. (The picture is displayed as an ``<img>`` element, because
    JupyterLab drops the alt text of plain PNG outputs.)

    Raises:
        ValueError: the description is empty.
    """
    if not alt.strip():
        raise ValueError("show(figure, alt): say in words what the picture shows")
    _thin_out_ticks(figure)
    data = base64.b64encode(_png(figure)).decode()
    import matplotlib.pyplot as plt

    plt.close(figure)
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}">'
    display(HTML(f"<figure style='margin:0'>{image}</figure>"))


def _thin_out_ticks(figure: Figure) -> None:
    """Remove the minor ticks of logarithmic axes that span more than three powers of ten.

    They would be too close to tell apart, and each takes a millisecond to draw.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            if axis.get_scale() == "log" and high > 1e3 * low:
                axis.set_minor_locator(NullLocator())


def _png(figure: Figure) -> bytes:
    """The figure as a PNG, with a narrow border around what is drawn.

    ``savefig(bbox_inches="tight")`` gives the same picture and takes twice as long: it draws once
    to measure and a second time to save. This function draws once, on a page that is larger than
    the figure, and trims the page.
    """
    width, height = figure.get_size_inches()
    page = Bbox.from_extents(-_ROOM, -_ROOM, width + _ROOM, height + _ROOM)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches=page, pil_kwargs={"compress_level": 0})
    image = Image.open(buffer).convert("RGB")
    background = Image.new("RGB", image.size, image.getpixel((0, 0)))
    drawn = ImageChops.difference(image, background).getbbox() or (0, 0, *image.size)
    border = round(_BORDER * figure.dpi)
    left, top = max(drawn[0] - border, 0), max(drawn[1] - border, 0)
    right, bottom = min(drawn[2] + border, image.width), min(drawn[3] + border, image.height)
    trimmed = io.BytesIO()
    image.crop((left, top, right, bottom)).save(trimmed, format="png")
    return trimmed.getvalue()
