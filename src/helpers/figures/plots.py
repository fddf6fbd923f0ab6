"""Lines, bars, heat maps and flows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.display import heading
from helpers.figures.ends import End, name_ends, wrapped
from helpers.figures.style import (
    GRID,
    INK,
    PALETTE,
    SEQUENTIAL,
    blank,
    house_style,
    looks,
    number_axis,
    written,
)  # fmt: skip


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
            _line(axes, line, x, y, low, high, colour, marker)
        if from_zero:
            axes.set_ylim(bottom=0)
        if group:
            _label_ends(axes, lines, x, y, height - 0.8)
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
        names = data[label].astype(str)
        shades = [PALETTE[1] if name == highlight else PALETTE[0] for name in names]
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
        axes.set_xlabel(xlabel or heading(value))
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
            axes.set_ylim(0, 1.08 * float((frame if shared else line)[high or y].max()))
            axes.set_title(wrapped(str(name)), fontsize=9)
            axes.tick_params(labelsize=8)
            number_axis(axes.yaxis, percent)
            _whole_ticks(axes, frame[x], most=4)
        for axes in grid.flat[len(lines) :]:
            axes.set_visible(False)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def heatmap(
    frame: pd.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    percent: bool = True,
    title: str = "",
) -> Figure:
    """Draw a table of shaded cells with the value in each, e.g. items by classes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row per cell; rows and columns keep the order in which they first appear.
    """
    matrix = _matrix(frame, row, column, value)
    lines = sum(wrapped(str(name), 44).count("\n") + 1 for name in matrix.index)
    figure, axes = blank(height=0.3 * lines + 1.3)
    with house_style():
        text = matrix.map(lambda v: "" if pd.isna(v) else f"{v:.0%}" if percent else written(v))
        limits = {"vmin": 0, "vmax": 1} if percent else {"vmin": 0}
        sns.heatmap(
            matrix, annot=text, fmt="", cmap=SEQUENTIAL, cbar=False, linewidths=0.6, linecolor="white",
            annot_kws={"fontsize": 8}, ax=axes, **limits,
        )  # fmt: skip
        axes.set(xlabel="", ylabel="")
        axes.xaxis.tick_top()
        _name_columns(axes, [str(name) for name in matrix.columns])
        axes.set_yticks(axes.get_yticks(), [wrapped(str(name), 44) for name in matrix.index], rotation=0)
        axes.tick_params(length=0)
        axes.set_title(title, pad=12)
    return figure


def coverage(frame: pd.DataFrame, field: str, year: str, share: str, *, title: str = "") -> Figure:
    """Draw what share of each field is filled in each year.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row per field and year; a missing share leaves the cell empty (not collected).
    """
    return heatmap(frame.sort_values(year, kind="stable"), field, year, share, percent=True, title=title)


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
    marker: str = "o",
) -> None:  # fmt: skip
    line = line.sort_values(x)
    axes.plot(line[x], line[y].astype(float), color=colour, marker=marker, markersize=4)
    if low and high:
        axes.fill_between(
            line[x], line[low].astype(float), line[high].astype(float), color=colour, alpha=0.15, linewidth=0
        )


def _label_ends(axes: Axes, lines: dict[object, pd.DataFrame], x: str, y: str, inches: float) -> None:
    """Write each line's name at its last point, moved apart where two would overlap."""
    ends = []
    for (name, line), (colour, _, _) in zip(lines.items(), looks(len(lines)), strict=True):
        known = line.dropna(subset=[y]).sort_values(x)
        if len(known):
            ends.append(End(known[x].iloc[-1], float(known[y].iloc[-1]), str(name), colour))
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


def _name_columns(axes: Axes, names: list[str]) -> None:
    """Write the names above the columns, aslant where they would run into each other."""
    room = 60 // len(names)  # letters above a column
    longest_word = max(len(word) for name in names for word in name.split())
    aslant = longest_word > room or max(map(len, names)) > 3 * room
    turned = {"rotation": 40, "ha": "left", "rotation_mode": "anchor"} if aslant else {"rotation": 0}
    texts = [wrapped(name, 30 if aslant else room) for name in names]
    axes.set_xticks(axes.get_xticks(), texts, fontsize=8, **turned)


def _matrix(frame: pd.DataFrame, row: str, column: str, value: str) -> pd.DataFrame:
    cells = frame.assign(**{value: frame[value].astype(float)})
    matrix = cells.pivot_table(
        index=row, columns=column, values=value, observed=True, sort=False, dropna=False
    )
    return matrix.reindex(index=frame[row].unique(), columns=frame[column].unique())
