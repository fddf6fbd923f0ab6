"""Tile maps: every place has the same room, so that a small borough is seen as well as a large county.

The authorities of the synthetic country are made up and have no shape; on real data, too, a map of areas
shows land and hides London. Nine regions stand where they lie in England; authorities stand in their region.
"""

from __future__ import annotations

import math
from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from helpers.catalogue.codes import labels
from helpers.display import heading
from helpers.figures.ends import wrapped
from helpers.figures.style import FAINT, INK, SEQUENTIAL, WIDTH, blank, house_style, number_axis, written

# Row and column of each region, such that neighbours on the map are neighbours here.
GRID_OF_REGIONS = {
    "E12000001": (0, 1), "E12000002": (1, 0), "E12000003": (1, 1), "E12000005": (2, 0), "E12000004": (2, 1),
    "E12000006": (2, 2), "E12000009": (3, 0), "E12000008": (3, 1), "E12000007": (3, 2),
}  # fmt: skip
DIVERGING = "PuOr_r"
MOST_ACROSS = 20  # tiles beside each other on a map of authorities


def tiles(
    frame: pd.DataFrame,
    place: str,
    value: str,
    *,
    kind: str = "regions",
    region: str = "region",
    percent: bool = False,
    centre: float | None = None,
    label: str = "",
    title: str = "",
    highlight: str | None = None,
) -> Figure:
    """Draw a tile for each region, or for each authority in its region, shaded by a value.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per place. A place without a value (suppressed, nothing there) is hatched.
    place, value : str
        Columns: code or name of the region, or code of the authority; and what is shown.
    kind : {"regions", "authorities"}
    region : str
        For authorities: column of the region's code or name.
    percent : bool
        Whether the value is a share of 1.
    centre : float, optional
        A value, e.g. that of the country, from which shades part in two directions.
    label : str
        What the colour bar says; from the name of the value's column when empty.
    highlight : str, optional
        The place with a thick border.

    Raises
    ------
    ValueError
        When `kind` is another word, a place stands twice or a region is none of the nine.
    """
    if kind not in ("regions", "authorities"):
        raise ValueError(f'kind is "regions" or "authorities", not {kind!r}.')
    if frame[place].duplicated().any():
        twice = frame.loc[frame[place].duplicated(), place].iloc[0]
        raise ValueError(f"{twice} stands twice: a tile map shows one value for each place.")
    if kind == "authorities" and region not in frame:
        raise ValueError(f"A map of authorities needs the column {region!r}: join the table authorities.")
    data = frame.assign(
        _region=[_region(name) for name in frame[place if kind == "regions" else region]],
        _value=frame[value].astype(float),
    )
    shades = _shades(data["_value"], centre)
    draw = _regions if kind == "regions" else _authorities
    with house_style():
        figure, axes = draw(data, place, shades, percent, highlight)
        axes.axis("off")
        axes.set_aspect("equal")
        _bar(figure, axes, shades, label or heading(value), percent, data["_value"].isna().any())
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _region(name: object) -> str:
    """Return the code of a region named by code or by name."""
    codes = {words: code for code, words in labels("region").items()}
    code = str(name) if str(name) in GRID_OF_REGIONS else codes.get(str(name))
    if code is None:
        raise ValueError(f"{name!r} is none of the nine regions of England: {', '.join(codes)}.")
    return code


def _shades(values: pd.Series, centre: float | None) -> ScalarMappable:
    known = values.dropna()
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if centre is None:
        return ScalarMappable(Normalize(low, high if high > low else low + 1), _light(SEQUENTIAL))
    reach = max(high - centre, centre - low, 1e-12)
    return ScalarMappable(TwoSlopeNorm(centre, centre - reach, centre + reach), mpl.colormaps[DIVERGING])


def _decimals(values: pd.Series, percent: bool) -> int:
    """Return how many decimals tell the places apart: two figures of the distance from lowest to highest."""
    spread = (values.max() - values.min()) * (100 if percent else 1)
    return min(max(1, 1 - math.floor(math.log10(spread))), 4) if spread > 0 else 1


def _light(name: str) -> Colormap:
    """Return a sequential map without its whitest and darkest ends."""
    ends = mpl.colormaps[name](np.linspace(0.08, 0.95, 256))
    return mpl.colors.ListedColormap(ends, name=f"{name}_light")


def _regions(
    data: pd.DataFrame, place: str, shades: ScalarMappable, percent: bool, highlight: str | None
) -> tuple[Figure, Axes]:
    figure, axes = blank(5.6)
    names = labels("region")
    decimals = _decimals(data["_value"], percent)
    for row in data.to_dict("records"):
        down, across = GRID_OF_REGIONS[row["_region"]]
        bold = highlight is not None and str(row[place]) == str(highlight)
        ink = _tile(axes, across * 1.5, down, 1.5, row["_value"], shades, bold, 0.04)
        number = "not shown" if math.isnan(row["_value"]) else written(row["_value"], percent, decimals)
        middle = across * 1.5 + 0.75
        centred = {"ha": "center", "va": "center", "color": ink}
        axes.text(middle, down + 0.36, wrapped(names[row["_region"]], 15), fontsize=9, **centred)
        axes.text(middle, down + 0.72, number, fontsize=11, fontweight="bold", **centred)
    axes.set(xlim=(0, 4.5), ylim=(4, 0))
    return figure, axes


def _authorities(
    data: pd.DataFrame, place: str, shades: ScalarMappable, percent: bool, highlight: str | None
) -> tuple[Figure, Axes]:
    counts = data["_region"].value_counts().to_dict()
    widths = _widths(counts)
    corners, (across, down) = _corners(counts, widths)
    inches = min(WIDTH / (across + 0.3), 0.42)
    figure, axes = blank(down * inches + 0.9)
    for code, part in data.groupby("_region"):
        left, top = corners[code]
        axes.text(left, top - 0.18, labels("region")[code], fontsize=8.5, fontweight="bold", va="bottom")
        wide = widths[GRID_OF_REGIONS[code][1]]
        for number, row in enumerate(part.sort_values(place).to_dict("records")):
            x, y = left + number % wide, top + number // wide
            bold = highlight is not None and str(row[place]) == str(highlight)
            ink = _tile(axes, x, y, 1, row["_value"], shades, bold, 0.03)
            axes.text(x + 0.5, y + 0.52, str(row[place]), ha="center", va="center", fontsize=7, color=ink)
    axes.set(xlim=(-0.1, across + 0.1), ylim=(down + 0.1, -0.1))
    return figure, axes


def _widths(counts: dict[str, int]) -> tuple[int, ...]:
    """Return how many tiles wide each column of regions is, such that the map is as low as can be."""
    choices = product(range(3, MOST_ACROSS - 5), repeat=3)
    return min(
        (widths for widths in choices if sum(widths) + 2 <= MOST_ACROSS),
        key=lambda widths: (_corners(counts, widths)[1][1], sum(widths), widths),
    )


def _corners(
    counts: dict[str, int], widths: tuple[int, ...]
) -> tuple[dict[str, tuple[float, float]], tuple[float, float]]:
    """Return the upper left corner of each region's block, and the size of the map, in tiles."""
    corners, top = {}, 0.0
    for row in range(4):
        there = {code: at[1] for code, at in GRID_OF_REGIONS.items() if at[0] == row and counts.get(code)}
        heights = [math.ceil(counts[code] / widths[column]) for code, column in there.items()]
        for code, column in there.items():
            corners[code] = (sum(widths[:column]) + float(column), top + 0.8)
        top += max(heights) + 0.95 if heights else 0.0
    return corners, (sum(widths) + 2.0, top)


def _tile(
    axes: Axes, x: float, y: float, wide: float, value: float, shades: ScalarMappable, bold: bool, gap: float
) -> str:
    """Draw one tile; return the colour in which to write on it."""
    size = {"xy": (x + gap, y + gap), "width": wide - 2 * gap, "height": 1 - 2 * gap}
    border = {
        "edgecolor": INK if bold else "#b9c0c7",
        "linewidth": 2.4 if bold else 0.6,
        "zorder": 3 if bold else 1,
    }
    if math.isnan(value):
        axes.add_patch(
            Rectangle(**size, facecolor="white", hatch="////", **(border | {"edgecolor": "#c9ced3"}))
        )
        return INK
    colour = shades.to_rgba(value)
    axes.add_patch(
        FancyBboxPatch(**size, boxstyle="round,pad=0,rounding_size=0.06", facecolor=colour, **border)
    )
    red, green, blue = colour[:3]
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else INK


def _bar(
    figure: Figure, axes: Axes, shades: ScalarMappable, label: str, percent: bool, missing: bool
) -> None:
    bar = figure.colorbar(
        shades, ax=axes, orientation="horizontal", shrink=0.5, aspect=28, pad=0.02, anchor=(0, 0)
    )
    bar.locator = MaxNLocator(4)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)
    number_axis(bar.ax.xaxis, percent)
    bar.set_label(label + (" (hatched: not shown)" if missing else ""), fontsize=9, loc="left")
    bar.ax.xaxis.label.set_color(INK)
    bar.ax.tick_params(color=FAINT)
