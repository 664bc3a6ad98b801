"""The look of the course's figures: one style, one palette, one way to show a figure with its alternative text.

Use it so, in a cell::

    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    axes.plot(steps, costs, **style("momentum"))
    show(figure, alt="Momentum reaches the floor of the valley in forty steps.")
"""

import base64
import html
import io
from typing import Any, TypedDict

import matplotlib as mpl
import numpy as np
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

# Okabe and Ito (2008), "Color Universal Design": eight colors that people with any color vision tell apart.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GRAY = "#767676"

# Yellow comes last: a thin yellow line on white is hard to see for everyone.
PALETTE: tuple[str, ...] = (BLUE, ORANGE, GREEN, VERMILLION, SKY_BLUE, PURPLE, BLACK, YELLOW)

# Signed values: vermillion below 0, white at 0, blue above.
SIGNED = LinearSegmentedColormap.from_list("signed", [VERMILLION, "#FFFFFF", BLUE])

WIDTH = 7.2  # inches: the width of a figure that fills the text
PIXELS_PER_INCH = 96  # CSS pixels; a PNG holds RESOLUTION times as many, so that it is sharp on dense screens
RESOLUTION = 1.5


class LineStyle(TypedDict):
    """The keyword arguments of ``Axes.plot`` that tell one method from another, also without color."""

    color: str
    linestyle: str
    marker: str


# The same method has the same color, line and marker in every chapter.
STYLES: dict[str, LineStyle] = {
    "sgd": {"color": BLACK, "linestyle": "-", "marker": "o"},
    "momentum": {"color": ORANGE, "linestyle": "--", "marker": "s"},
    "nesterov": {"color": VERMILLION, "linestyle": "-.", "marker": "^"},
    "adagrad": {"color": SKY_BLUE, "linestyle": "-", "marker": "v"},
    "adadelta": {"color": PURPLE, "linestyle": "--", "marker": "D"},
    "rmsprop": {"color": GREEN, "linestyle": "-.", "marker": "P"},
    "adam": {"color": BLUE, "linestyle": "-", "marker": "X"},
    "adamw": {"color": GRAY, "linestyle": ":", "marker": "*"},
    "train": {"color": BLUE, "linestyle": "-", "marker": ""},
    "test": {"color": VERMILLION, "linestyle": "--", "marker": ""},
    "forward": {"color": BLUE, "linestyle": "-", "marker": ""},
    "backward": {"color": VERMILLION, "linestyle": "--", "marker": ""},
}


def style(method: str) -> LineStyle:
    """Return the color, line style and marker that ``method`` has in every figure of the course.

    Raises ``ValueError`` where the course knows no such method.
    """
    if method not in STYLES:
        raise ValueError(f"method was {method!r}; it must be one of {sorted(STYLES)}")
    return STYLES[method].copy()


def use_course_style() -> None:
    """Set matplotlib's defaults for the course: 11-point text at 7.2 inches, Okabe–Ito colors, opaque white."""
    mpl.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.4),
            "figure.dpi": PIXELS_PER_INCH,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "savefig.transparent": False,
            "font.family": "DejaVu Sans",
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "axes.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "axes.prop_cycle": mpl.rcsetup.cycler(color=list(PALETTE)),
            "lines.linewidth": 2.0,
            "lines.markersize": 5,
            "image.interpolation": "nearest",
            "image.cmap": "gray",
        }
    )


def png(figure: Figure) -> bytes:
    """Return ``figure`` drawn as PNG on opaque white: the same bytes for the same figure."""
    buffer = io.BytesIO()
    # The Software field would change with matplotlib's version though no pixel does.
    dpi = PIXELS_PER_INCH * RESOLUTION
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def image(figure: Figure, alt: str) -> str:
    """Return an HTML ``<img>`` that holds ``figure`` and ``alt``, the text for a reader who cannot see it.

    Raises ``ValueError`` where ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError(f"alt was {alt!r}; it must say what is to be seen in the figure")
    width = round(figure.get_figwidth() * PIXELS_PER_INCH)
    data = base64.b64encode(png(figure)).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" width="{width}" alt="{html.escape(alt, quote=True)}">'


def close(figure: Figure) -> None:
    """Forget ``figure``, so that the notebook does not show it a second time at the end of the cell."""
    # pyplot knows the figure only where pyplot made it, and is slow to import where nothing did.
    from matplotlib import pyplot

    pyplot.close(figure)


def show(figure: Figure, alt: str) -> None:
    """Show ``figure`` in the notebook with its alternative text, then close it.

    A matplotlib figure shown the usual way carries no alternative text; this one does. ``alt`` says what is to be
    seen ("Gradient descent crosses the valley forty times"), not what kind of plot it is.
    """
    text = image(figure, alt)
    close(figure)
    display(HTML(text))


def bare(axes: Axes) -> None:
    """Take the ticks and the frame from ``axes``: for pictures and diagrams."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def draw_image(axes: Axes, pixels: ArrayLike, title: str = "", limit: float | None = None) -> None:
    """Draw a small picture, shape (height, width), so that its pixels can be seen.

    With ``limit`` the values run from −limit (vermillion) over 0 (white) to +limit (blue), as weights do; without it
    from the smallest (white) to the largest (black).
    """
    array = np.asarray(pixels)
    options: dict[str, Any] = {"cmap": "gray_r"} if limit is None else {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    axes.imshow(array, interpolation="nearest", **options)
    bare(axes)
    if title:
        axes.set_title(title, fontsize=10, fontweight="normal", loc="center")
