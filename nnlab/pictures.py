"""Pictures for the notebooks: colours that everybody can tell apart, and words for each."""

from __future__ import annotations

import base64
import html
import io

import matplotlib as mpl
from cycler import cycler
from IPython.display import HTML, display
from matplotlib.figure import Figure

#: The palette of Okabe and Ito (2008), which colour-blind readers can tell apart.
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
    against what, and what it shows. (JupyterLab drops the alt text of plain PNG outputs, so the
    picture is an ``<img>`` of its own.)

    Raises:
        ValueError: the description is empty.
    """
    if not alt.strip():
        raise ValueError("show(figure, alt): say in words what the picture shows")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    import matplotlib.pyplot as plt

    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}">'
    display(HTML(f"<figure style='margin:0'>{image}</figure>"))
