"""A country beside published figures: how near it comes, on one scale for figures of every kind.

The scale is the ratio of what the country shows to what was published, so that a rate, a share and a number
stand side by side; twice as much lies as far to the right as half as much lies to the left.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from helpers.figures.ends import wrapped
from helpers.figures.style import FAINT, GRID, INK, PALETTE, blank, house_style, readable

ROW = 0.22  # inches of a target with a name of one line
SECOND_LINE = 0.65  # of a row, what each further line of a name takes
COLUMNS = {"published": 8, "country": 54}  # points from the axes to each column of numbers
WIDEST = 2.0  # what is further off is drawn as an arrow at the edge
MET, MISSED = PALETTE[0], PALETTE[1]
BAND = "#dcebf5"
TICKS = {0.5: "half", 0.8: "−20%", 1: "as\npublished", 1.25: "+25%", 1.5: "+50%", 2: "twice"}


def closeness(
    frame: pd.DataFrame, group: str, *, within: float = 0.1, title: str = "", summary: str | None = None
) -> Figure:
    """Draw all targets at once: a lane for each group, a dot for each target where its ratio puts it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per target: ratio (of what was found to what was published), met (bool) and `group`; lanes
        keep the order in which the groups first appear.
    within : float
        Half the width of the band in which a target counts as met.
    summary : str, optional
        Column of a text that is the same for the rows of a group, written at the end of its lane.
    """
    data = frame.dropna(subset=["ratio"])
    lanes = list(dict.fromkeys(data[group]))
    figure, axes = blank(0.27 * len(lanes) + 1.2)
    with house_style():
        _scale(axes, within)
        for place, lane in enumerate(lanes):
            part = data[data[group] == lane]
            axes.axhline(place, color=GRID, linewidth=0.8, zorder=0)
            _dots(axes, part, place + _apart(part["ratio"]))
            if summary:
                axes.annotate(
                    str(part[summary].iloc[0]), (1, place), xycoords=axes.get_yaxis_transform(),
                    xytext=(8, 0), textcoords="offset points", va="center", fontsize=8.5, color=FAINT,
                )  # fmt: skip
        axes.set_yticks(range(len(lanes)), lanes, fontsize=9)
        axes.set_ylim(len(lanes) - 0.4, -0.6)
        axes.set_title(title)
    return figure


def targets(frame: pd.DataFrame, label: str, panel: str, *, within: float = 0.1, title: str = "") -> Figure:
    """Draw named targets by topic: a dot for what was found, a bar for the range published, and both numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per target: value (published), low, high (published range, may be missing), unit, country,
        ratio, met, `label` and `panel` (the topic).
    """
    data = frame.dropna(subset=["ratio"])
    parts = dict(iter(data.groupby(panel, sort=False, observed=True)))
    sizes = [_rooms(part[label]).sum() for part in parts.values()]
    height = ROW * sum(sizes) + 0.34 * len(sizes) + 0.8
    figure, grid = blank(height, len(sizes), 1, squeeze=False, sharex=True, height_ratios=sizes)
    with house_style():
        for axes, (name, part) in zip(grid.flat, parts.items(), strict=True):
            _panel(axes, part, label, within)
            axes.set_title(str(name), fontsize=9, pad=4)
            axes.tick_params(axis="x", length=0, labelbottom=False)
            axes.spines["bottom"].set_visible(False)
        grid.flat[-1].tick_params(axis="x", length=3, labelbottom=True)
        for text, away in COLUMNS.items():
            grid.flat[0].annotate(
                text, (1, 1), xycoords="axes fraction", xytext=(away, 4), textcoords="offset points",
                fontsize=8, color=readable(FAINT),
            )  # fmt: skip
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _panel(axes: Axes, part: pd.DataFrame, label: str, within: float) -> None:
    rooms = _rooms(part[label])
    rows = np.cumsum(rooms) - rooms / 2
    _scale(axes, within)
    ends = part[["low", "high"]].div(part["value"], axis=0).clip(1 / WIDEST, WIDEST)
    axes.hlines(rows, ends.min(axis=1), ends.max(axis=1), color=FAINT, linewidth=5, alpha=0.45, zorder=1)
    _dots(axes, part, rows)
    shown = zip(rows, part["value"], part["country"], part["unit"], part["met"], strict=True)
    for row, value, country, unit, met in shown:
        colours = (INK, INK if met else readable(MISSED))
        for number, away, colour in zip((value, country), COLUMNS.values(), colours, strict=True):
            axes.annotate(
                short(number, str(unit)), (1, row), xycoords=axes.get_yaxis_transform(), va="center",
                xytext=(away, 0), textcoords="offset points", fontsize=8, color=colour, annotation_clip=False,
            )  # fmt: skip
    axes.set_yticks(rows, [_named(text) for text in part[label]], fontsize=8, linespacing=1.05)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(rooms.sum(), 0)


def _named(text: object) -> str:
    return wrapped(str(text), 46)


def _rooms(names: pd.Series) -> np.ndarray:
    """Return how many rows each target takes: more than one where its name is broken."""
    return np.array([1 + SECOND_LINE * _named(name).count("\n") for name in names])


def short(number: float, unit: str = "") -> str:
    """Return a number in three figures or so: 0.53, 33.5%, 4,120, 8.96 bn."""
    sign, number = "−" if number < 0 else "", abs(number)
    if unit.startswith("%"):
        return f"{sign}{number:.3g}%"
    for size, name in ((1e9, " bn"), (1e6, " m")):
        if number >= size:
            return f"{sign}{number / size:.3g}{name}"
    return sign + (f"{number:,.0f}" if number >= 100 else f"{number:.3g}")


def _scale(axes: Axes, within: float) -> None:
    """Give the axis of ratios: logarithmic, with the band of what counts as met."""
    axes.set_xscale("log")
    axes.set_xlim(1 / WIDEST / 1.06, WIDEST * 1.06)
    axes.xaxis.set_major_locator(FixedLocator(list(TICKS)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels(list(TICKS.values()), fontsize=8)
    axes.axvspan(1 - within, 1 + within, color=BAND, zorder=0, linewidth=0)
    axes.axvline(1, color=FAINT, linewidth=0.8, zorder=0.5)
    axes.grid(False)


def _dots(axes: Axes, part: pd.DataFrame, places: np.ndarray) -> None:
    """Draw a dot for each target: full where met, ringed where not, an arrow where off the scale."""
    ratio = part["ratio"].astype(float).to_numpy()
    met = part["met"].to_numpy(bool)
    inside = (ratio <= WIDEST) & (ratio >= 1 / WIDEST)
    places = np.asarray(places, dtype=float)
    axes.scatter(ratio[inside & met], places[inside & met], s=20, color=MET, linewidth=0, zorder=3)
    axes.scatter(
        ratio[inside & ~met], places[inside & ~met], s=22, facecolor="white", edgecolor=MISSED, linewidth=1.4,
        zorder=3,
    )  # fmt: skip
    for side, marker, edge in ((ratio > WIDEST, ">", WIDEST), (ratio < 1 / WIDEST, "<", 1 / WIDEST)):
        shade = [MET if is_met else MISSED for is_met in met[side]]
        axes.scatter(np.full(side.sum(), edge), places[side], s=24, marker=marker, color=shade, zorder=3)


def _apart(ratio: pd.Series) -> np.ndarray:
    """Return how far to move each dot off its lane so that near ones do not hide each other."""
    order = np.argsort(ratio.to_numpy(float), kind="stable")
    where = np.log(np.clip(ratio.to_numpy(float)[order], 1 / WIDEST, WIDEST))
    moved = np.zeros(len(order))
    last = [-math.inf, -math.inf, -math.inf]  # rightmost dot on the line, above it, below it
    for number, place in zip(order, where, strict=True):
        free = next((i for i, end in enumerate(last) if place - end > 0.022), int(np.argmin(last)))
        moved[number] = (0.0, -0.27, 0.27)[free]
        last[free] = place
    return moved
