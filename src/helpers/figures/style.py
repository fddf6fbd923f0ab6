"""The house style: colours all can tell apart, titles at the left, a light grid, labels at the lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

# The palette of Okabe and Ito (2008), which people with any kind of colour vision can tell apart, darkest
# first; its yellow is left out, since it can't be seen on white paper.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
# Markers and strokes go with the colours, so that a figure is also read in grey.
MARKERS = ["o", "s", "^", "v", "P", "X", "h"]
STROKES = [
    "-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)),
    (0, (2.4, 2.4)),
]  # fmt: skip
INK = "#222222"
FAINT = "#8a8a8a"
GRID = "#e4e4e4"
SEQUENTIAL = "Blues"

STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so a figure looks the same everywhere
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2,
    "legend.frameon": False,
}

WIDTH = 7.5


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside the block, and leave matplotlib as it was."""
    with mpl.rc_context(STYLE):
        yield


def blank(height: float = 4.0, rows: int = 1, columns: int = 1, **options: object) -> tuple[Figure, Axes]:
    """Return an empty figure of the book's width and its axes (an array when there are several)."""
    with house_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def hide_unused(grid: np.ndarray, used: int) -> None:
    """Hide the panels that stay empty, and number the time axis of the lowest panel of each column."""
    for axes in grid.flat[used:]:
        axes.set_visible(False)
    for column in grid.T:
        shown = [axes for axes in column if axes.get_visible()]
        if shown:
            shown[-1].tick_params(labelbottom=True)


def colours(n: int) -> list[str]:
    """Return `n` colours of the palette, from the start again when it is used up."""
    return list(islice(cycle(PALETTE), n))


def looks(n: int) -> list[tuple[str, str, object]]:
    """Return colour, marker and stroke for each of `n` lines: no two alike up to 49."""
    size = len(PALETTE)
    return [
        (PALETTE[i % size], MARKERS[(i + i // size) % size], STROKES[(i + i // size) % size])
        for i in range(n)
    ]


def readable(colour: str, contrast: float = 4.5) -> str:
    """Return a colour darkened until text in it can be read on white (WCAG 2: a contrast of 4.5)."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    while True:
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        if 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= contrast:
            return mpl.colors.to_hex(rgb)
        rgb = rgb * 0.95


class _Numbers(Formatter):
    """The numbers of an axis: 12,345 or 45%, all with as many decimals as tell its ticks apart."""

    def __init__(self, percent: bool) -> None:
        self.percent = percent

    def __call__(self, value: float, _: int | None = None) -> str:
        # On a logarithmic scale ticks differ in size: 0.01 does not make 100 into 100.00.
        even = self.axis is not None and self.axis.get_scale() != "log"
        decimals = max(map(self._decimals, self.locs if even and len(self.locs) else [value]))
        text = f"{abs(self._shown(value)):,.{decimals}f}"
        return ("−" if value < 0 else "") + text + ("%" if self.percent else "")

    def _shown(self, value: float) -> float:
        return 100 * value if self.percent else value

    def _decimals(self, value: float) -> int:
        return len(f"{self._shown(value):.6f}".rstrip("0").partition(".")[2])


def number_axis(axis: object, percent: bool = False) -> None:
    """Write the numbers of an axis for people: 12,345 or 45%."""
    axis.set_major_formatter(_Numbers(percent))


def written(value: float, percent: bool = False, decimals: int = 1) -> str:
    """Return a value as it is written beside a mark."""
    if percent:
        return f"{value:.{decimals}%}"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.{decimals}f}"
