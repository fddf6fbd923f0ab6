"""Heat maps: profiles of classes, moves between states, what is filled in which year."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.ends import wrapped
from helpers.figures.style import SEQUENTIAL, WIDTH, blank, house_style, written
from helpers.labels import value_label

SMALL = 0.05  # shares below it are written in grey, so that the others stand out
GREY = "#767676"


def heatmap(
    frame: pd.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    percent: bool = True,
    share: str | None = None,
    title: str = "",
) -> Figure:
    """Draw a table of shaded cells with the value in each, e.g. items by classes.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row per cell; rows and columns keep the order in which they first appear. Names of columns
        too long to stand above them are given in a key below; "1. Neglect alone" keeps its number.
    share : str, optional
        Column of the share (of 1) that each column of the map holds, e.g. the size of a class: written below
        the column's name.
    """
    matrix = _matrix(frame, row, column, value)
    rows = [wrapped(value_label(row, name), 44) for name in matrix.index]
    heads = [value_label(column, name) for name in matrix.columns]
    longest = max(len(text) for name in rows for text in name.split("\n"))
    inches = (WIDTH - 0.085 * longest) / len(heads)  # that a column has
    heads, key = _heads_and_key(heads, inches)
    height = 0.3 * sum(name.count("\n") + 1 for name in rows) + 1.3 + 0.16 * len(key)
    figure, axes = blank(height)
    with house_style():
        text = matrix.map(lambda v: "" if pd.isna(v) else f"{v:.0%}" if percent else written(v))
        limits = {"vmin": 0, "vmax": 1} if percent else {"vmin": 0}
        sns.heatmap(
            matrix, annot=text, fmt="", cmap=SEQUENTIAL, cbar=False, linewidths=0.6, linecolor="white",
            annot_kws={"fontsize": 8}, ax=axes, **limits,
        )  # fmt: skip
        axes.set(xlabel="", ylabel="")
        axes.grid(False)  # it would show in cells without a value
        axes.xaxis.tick_top()
        if percent:
            values = matrix.to_numpy().ravel()
            for cell, value in zip(axes.texts, values[~np.isnan(values)], strict=True):
                cell.set_color(GREY if value < SMALL else cell.get_color())
        _name_columns(axes, heads, _shares(frame, column, share))
        if key:
            axes.annotate(
                "\n".join(key), (0.01, 0), xycoords=("figure fraction", "axes fraction"), xytext=(0, -8),
                textcoords="offset points", va="top", fontsize=8.5, linespacing=1.3, annotation_clip=False,
            )  # fmt: skip
        axes.set_yticks(axes.get_yticks(), rows, rotation=0, fontsize=9)
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


def _name_columns(axes: Axes, names: list[str], shares: list[str]) -> None:
    """Write the names above the columns, aslant where they would run into each other."""
    room = 60 // len(names)  # letters above a column
    longest_word = max(len(word) for name in names for word in name.split())
    aslant = longest_word > room or max(map(len, names)) > 3 * room
    turned = {"rotation": 40, "ha": "left", "rotation_mode": "anchor"} if aslant else {"rotation": 0}
    texts = [wrapped(name, 30 if aslant else room) for name in names]
    axes.set_xticks(axes.get_xticks(), texts, fontsize=8, **turned)
    for place, text in zip(axes.get_xticks(), shares, strict=False):
        axes.annotate(
            text, (place, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 4), textcoords="offset points",
            ha="center", fontsize=8, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    if shares:
        axes.tick_params(axis="x", pad=16)


def _heads_and_key(names: list[str], inches: float) -> tuple[list[str], list[str]]:
    """Return what stands above the columns, and the lines of a key where the names are too long for that."""
    longest_word = max(len(word) for name in names for word in name.split())
    upright = longest_word <= inches * 11 and max(map(len, names)) <= 3 * inches * 11
    aslant = max(wrapped(name, 30).count("\n") + 1 for name in names) <= max(1.0, inches * 4.5)
    if upright or aslant:
        return names, []
    numbers = [re.match(r"(\w{1,3})[.:] ", name) for name in names]
    if not all(numbers):
        names = [f"{number}. {name}" for number, name in enumerate(names, 1)]
        numbers = [re.match(r"(\w+)[.:] ", name) for name in names]
    return [found.group(1) for found in numbers], [
        line for n in names for line in wrapped(n, 100).split("\n")
    ]


def _shares(frame: pd.DataFrame, column: str, share: str | None) -> list[str]:
    """Return the share of each column in order, as it is written; nothing without shares."""
    if share is None:
        return []
    known = frame.drop_duplicates(column)[share].astype(float)
    return ["" if pd.isna(value) else f"{value:.0%}" for value in known]


def _matrix(frame: pd.DataFrame, row: str, column: str, value: str) -> pd.DataFrame:
    cells = frame.assign(**{value: frame[value].astype(float)})
    matrix = cells.pivot_table(
        index=row, columns=column, values=value, observed=True, sort=False, dropna=False
    )
    return matrix.reindex(index=frame[row].unique(), columns=frame[column].unique())
