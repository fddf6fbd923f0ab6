"""Names written at the ends of lines and areas, moved apart just enough that none hides another."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import offset_copy
from scipy.optimize import isotonic_regression

from helpers.figures.style import readable

POINTS_AN_INCH = 72
HALO = [withStroke(linewidth=2.5, foreground="white")]  # a name that lies on other lines can still be read
LEADING = 1.32  # height of a line of text in its font size


class End(NamedTuple):
    """The end of a line: where it is, its name and its colour."""

    x: object
    y: float
    text: str
    colour: str


def wrapped(text: str, width: int = 30) -> str:
    """Return text broken into lines of at most `width` letters."""
    return "\n".join(textwrap.wrap(text, width)) or text


def spread(
    positions: Sequence[float],
    gap: float | Sequence[float],
    low: float | None = None,
    high: float | None = None,
) -> list[float]:
    """Return positions moved as little as possible so that labels at them do not overlap.

    The least sum of squared moves that keeps order and distance: an isotonic regression.

    Parameters
    ----------
    positions : sequence of float
    gap : float or sequence of float
        The height of each label in the unit of the positions.
    low, high : float, optional
        Between which the labels should stay; where there is no room for all, they run over `high`.
    """
    if not len(positions):
        return []
    order = np.argsort(positions, kind="stable")
    sizes = np.broadcast_to(np.asarray(gap, dtype=float), len(positions))[order]
    steps = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    places = isotonic_regression(np.asarray(positions, dtype=float)[order] - steps).x
    if high is not None:
        places = np.minimum(places, high - steps[-1] - sizes[-1] / 2)
    if low is not None:
        places = np.maximum(places, low + sizes[0] / 2)
    moved = np.empty(len(positions))
    moved[order] = places + steps
    return moved.tolist()


def name_ends(
    axes: Axes,
    ends: Sequence[End],
    inches: float,
    *,
    side: str = "right",
    fontsize: float = 9,
    width: int = 26,
) -> None:
    """Write names beside the ends of lines, with a thin leader to those that had to move.

    Where other lines go on through the place of a name, it stands above or below them.

    Parameters
    ----------
    ends : sequence of End
    inches : float
        Height of the axes.
    side : {"right", "left"}
    width : int
        Letters after which a name is broken.
    """
    bottom, top = axes.get_ylim()
    unit = abs(top - bottom) / inches  # of the axis, an inch
    texts = [wrapped(end.text, width) for end in ends]
    lines = np.array([text.count("\n") + 1 for text in texts])
    line = fontsize * LEADING / POINTS_AN_INCH * unit
    room = 0.5 * line
    aside = [_aside(axes, end, abs(line)) if side == "right" else 0 for end in ends]
    wanted = [
        end.y + way * (0.5 + size / 2) * line for end, way, size in zip(ends, aside, lines, strict=True)
    ]
    places = spread(wanted, lines * line, min(bottom, top) - room, max(bottom, top) + room)
    sign = 1 if side == "right" else -1
    for end, place, want, text in zip(ends, places, wanted, texts, strict=True):
        moved = abs(place - want) > 0.6 * abs(line)
        away = offset_copy(axes.transData, axes.figure, x=sign * (16 if moved else 8), units="points")
        leader = {"arrowstyle": "-", "color": end.colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3,
                  "relpos": (0 if sign > 0 else 1, 0.5)}  # fmt: skip
        axes.annotate(
            text, (end.x, end.y), xytext=(end.x, place), textcoords=away, va="center", fontsize=fontsize,
            ha="left" if sign > 0 else "right", color=readable(end.colour), annotation_clip=False,
            linespacing=1.05, arrowprops=leader if moved else None, path_effects=HALO,
        )  # fmt: skip


def _aside(axes: Axes, end: End, line: float) -> int:
    """Return where a name is clear of lines that go on where its own ends: 1 above, -1 below, 0 beside it."""
    for other in axes.lines:
        x, y = (np.asarray(values, dtype=float) for values in other.get_data(orig=False))
        x, y = x[np.isfinite(y)], y[np.isfinite(y)]
        later = x > float(end.x)
        if later.any() and abs(np.interp(float(end.x), x, y) - end.y) < 1.5 * line:
            return -1 if y[later][0] > end.y else 1
    return 0
