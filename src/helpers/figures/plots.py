"""Lines, bars and the flow of a cohort."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.display import heading
from helpers.figures.ends import End, name_ends, wrapped
from helpers.figures.style import (
    GRID,
    INK,
    PALETTE,
    blank,
    hide_unused,
    house_style,
    looks,
    number_axis,
    written,
)  # fmt: skip
from helpers.labels import value_label

MOST_MARKED = 20  # points of a line that each have a marker; with more it is a curve


def trend(
    frame: pd.DataFrame,
    x: str,
    y: str,
    group: str | None = None,
    low: str | None = None,
    high: str | None = None,
    *,
    percent: bool = False,
    title: str = "",
    ylabel: str = "",
    from_zero: bool = True,
) -> Figure:
    """Draw lines over years, each with its name at its end and its interval as a band.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row per point.
    x, y : str
        Columns of the year (or another number) and of the value.
    group : str, optional
        Column that splits the lines.
    low, high : str, optional
        Columns of the interval.
    percent : bool
        Whether `y` is a share of 1.
    """
    lines = _lines(frame, group)
    height = max(4.0, 0.19 * len(lines) + 1)
    figure, axes = blank(height)
    with house_style():
        for line, (colour, marker, _) in zip(lines.values(), looks(len(lines)), strict=True):
            _line(axes, line, x, y, low, high, colour, marker, 0.15 if len(lines) <= 4 else 0.07)
        if from_zero:
            axes.set_ylim(bottom=0)
        if group:
            _label_ends(axes, lines, x, y, group, height - 0.8)
        _finish(axes, title, x, ylabel or y, percent)
        _whole_ticks(axes, frame[x])
    return figure


def bars(
    frame: pd.DataFrame,
    label: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    *,
    percent: bool = False,
    title: str = "",
    xlabel: str = "",
    highlight: str | None = None,
    sort: bool = True,
) -> Figure:
    """Draw horizontal bars from the longest down, with values and, where given, intervals.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per bar.
    label, value, low, high : str
        Columns: name, length, ends of the interval.
    highlight : str, optional
        The label whose bar stands out.
    sort : bool
        Whether to order by value; False keeps the order of the rows (e.g. age bands).
    """
    data = frame.dropna(subset=[value])
    data = data.sort_values(value, ascending=False, kind="stable") if sort else data
    figure, axes = blank(height=max(1.6, 0.34 * len(data) + 0.9))
    with house_style():
        places = np.arange(len(data))
        shades = [PALETTE[1] if name == highlight else PALETTE[0] for name in data[label].astype(str)]
        names = [wrapped(value_label(label, name), 40) for name in data[label]]
        axes.barh(places, data[value].astype(float), color=shades, height=0.68)
        reach = data[value].astype(float)
        if low and high:
            ends = data[[low, high]].astype(float)
            axes.hlines(places, ends[low], ends[high], color="white", linewidth=3.6)
            axes.hlines(places, ends[low], ends[high], color=INK, linewidth=1.4)
            reach = ends[high].fillna(reach)
        for place, end, number in zip(places, reach, data[value], strict=True):
            axes.annotate(
                written(float(number), percent), (end, place), xytext=(5, 0), textcoords="offset points",
                va="center", fontsize=9,
            )  # fmt: skip
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.grid(False, axis="y")
        axes.set_title(title)
        # "Estimate" names no quantity.
        axes.set_xlabel(xlabel or ("Share" if percent and value == "estimate" else heading(value)))
        number_axis(axes.xaxis, percent)
    return figure


def small_multiples(
    frame: pd.DataFrame,
    x: str,
    y: str,
    panel: str,
    low: str | None = None,
    high: str | None = None,
    *,
    percent: bool = False,
    columns: int = 3,
    title: str = "",
    shared: bool = True,
) -> Figure:
    """Draw one small line chart for each value of `panel`, all on the same scale, the others faint behind.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row per point.
    shared : bool
        Whether panels share a scale and show the other lines behind; False for measures of unlike size.
    """
    lines = _lines(frame, panel)
    rows = math.ceil(len(lines) / columns)
    figure, grid = blank(1.9 * rows + 0.4, rows, columns, sharex=True, sharey=shared, squeeze=False)
    with house_style():
        for axes, (name, line) in zip(grid.flat, lines.items(), strict=False):
            if shared:
                for other in lines.values():
                    axes.plot(other[x], other[y].astype(float), color=GRID, linewidth=1)
            _line(axes, line, x, y, low, high, PALETTE[0])
            if line[y].isna().all():
                axes.text(0.5, 0.5, "not shown", ha="center", fontsize=8, transform=axes.transAxes)
            axes.set_ylim(0, 1.08 * float((frame if shared else line)[high or y].max()))
            axes.set_title(wrapped(value_label(panel, name)), fontsize=9)
            axes.tick_params(labelsize=8)
            number_axis(axes.yaxis, percent)
            _whole_ticks(axes, frame[x], most=4)
        hide_unused(grid, len(lines))
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def flow(steps: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw how a cohort was reached: a bar a step, with how many remain and how many were dropped.

    Parameters
    ----------
    steps : pandas.DataFrame
        step, n, dropped: as `helpers.tables.cohort_flow` returns them.
    """
    figure, axes = blank(height=0.62 * len(steps) + 0.5)
    with house_style():
        places = np.arange(len(steps))
        axes.barh(places, steps["n"].astype(float), color=PALETTE[0], height=0.34)
        for place, step in zip(places, steps.itertuples(), strict=True):
            lost = "" if pd.isna(step.dropped) or step.dropped == 0 else f"  (−{step.dropped:,})"
            axes.annotate(
                f"{step.step}: {step.n:,}{lost}", (0, place - 0.3), xytext=(2, 0), textcoords="offset points",
                va="center", fontsize=9.5,
            )  # fmt: skip
        axes.set_ylim(len(steps) - 0.6, -0.6)
        axes.set_xlim(left=0)
        axes.axis("off")
        axes.set_title(title)
    return figure


def _lines(frame: pd.DataFrame, group: str | None) -> dict[object, pd.DataFrame]:
    return {"": frame} if group is None else dict(iter(frame.groupby(group, observed=True, sort=False)))


def _line(
    axes: Axes, line: pd.DataFrame, x: str, y: str, low: str | None, high: str | None, colour: str,
    marker: str = "o", band: float = 0.15,
) -> None:  # fmt: skip
    line = line.sort_values(x)
    marker = marker if len(line) <= MOST_MARKED else ""
    axes.plot(line[x], line[y].astype(float), color=colour, marker=marker, markersize=4)
    if low and high:
        axes.fill_between(
            line[x], line[low].astype(float), line[high].astype(float), color=colour, alpha=band, linewidth=0
        )


def _label_ends(
    axes: Axes, lines: dict[object, pd.DataFrame], x: str, y: str, group: str, inches: float
) -> None:
    """Write each line's name at its last point, moved apart where two would overlap."""
    ends = []
    for (name, line), (colour, _, _) in zip(lines.items(), looks(len(lines)), strict=True):
        known = line.dropna(subset=[y]).sort_values(x)
        if len(known):
            ends.append(End(known[x].iloc[-1], float(known[y].iloc[-1]), value_label(group, name), colour))
    name_ends(axes, ends, inches)


def _finish(axes: Axes, title: str, x: str, y: str, percent: bool) -> None:
    axes.set_title(title)
    axes.set_xlabel(heading(x))
    axes.set_ylabel(heading(y))
    axes.grid(False, axis="x")
    number_axis(axes.yaxis, percent)


def _whole_ticks(axes: Axes, values: pd.Series, most: int = 12) -> None:
    """Put ticks on the years there are; at most `most` of them, the last always among them."""
    if not pd.api.types.is_integer_dtype(values):
        return
    years = sorted(int(year) for year in values.dropna().unique())
    step = max(1, math.ceil(len(years) / most))
    axes.set_xticks(years[::-1][::step][::-1])
