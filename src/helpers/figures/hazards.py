"""What a reader looks at to judge whether hazards are proportional."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from helpers.figures.curves import curves_by
from helpers.figures.ends import End, name_ends, wrapped
from helpers.figures.estimates import ratio_ticks
from helpers.figures.style import FAINT, INK, PALETTE, blank, hide_unused, house_style, looks, number_axis
from helpers.labels import term_label, value_label


def residuals(
    frame: pd.DataFrame,
    *,
    tests: pd.DataFrame | None = None,
    columns: int = 3,
    title: str = "",
    xlabel: str = "Days",
    ylabel: str = "Hazard ratio",
) -> Figure:
    """Draw how each hazard ratio moves over time, beside the one ratio that the model assumes.

    A line within its band of the level dashes is what proportional hazards look like.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `helpers.models.survival.schoenfeld` returns it: term, time, estimate, low, high (ratios), and
        ratio (of the model).
    tests : pandas.DataFrame, optional
        As `helpers.models.survival.proportional_hazards` returns it: term and p_adjusted (or p), written
        above each panel.
    """
    terms = list(dict.fromkeys(frame["term"]))
    columns = min(columns, len(terms))
    rows = math.ceil(len(terms) / columns)
    figure, grid = blank(1.9 * rows + 0.7, rows, columns, squeeze=False, sharex=True, sharey=True)
    with house_style():
        for axes, term in zip(grid.flat, terms, strict=False):
            line = frame[frame["term"] == term].sort_values("time")
            axes.axhline(1, color=FAINT, linewidth=0.8)
            axes.axhline(float(line["ratio"].iloc[0]), color=INK, linewidth=1.1, linestyle=(0, (5, 3)))
            axes.plot(line["time"], line["estimate"], color=PALETTE[0])
            axes.fill_between(
                line["time"], line["low"], line["high"], color=PALETTE[0], alpha=0.15, linewidth=0
            )
            axes.set_title(wrapped(term_label(term), 30), fontsize=9)
            axes.text(
                0.98, 0.95, _tested(tests, term), transform=axes.transAxes, ha="right", va="top", fontsize=8
            )
            axes.tick_params(labelsize=8)
        hide_unused(grid, len(terms))
        _ratio_axis(grid[0, 0], frame)
        grid[0, 0].set_ylabel(ylabel)
        grid[rows - 1, 0].set_xlabel(xlabel)
        handles = [
            Line2D([], [], color=PALETTE[0], linewidth=2, label="at each time, with its interval"),
            Line2D([], [], color=INK, linewidth=1.1, linestyle=(0, (5, 3)), label="the model's one ratio"),
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=2, fontsize=8.5)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def log_log(frame: pd.DataFrame, group: str, *, title: str = "", xlabel: str = "Months") -> Figure:
    """Draw log(-log(survival)) against the log of time: curves of proportional hazards run side by side.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `helpers.models.survival.kaplan_meier` returns it with incidence=False: time, estimate (the share
        without the event, of 1), and `group`.
    """
    inside = frame[(frame["time"] > 0) & (frame["estimate"] > 0) & (frame["estimate"] < 1)]
    lines = curves_by(inside, group)
    figure, axes = blank(4.0)
    with house_style():
        ends = []
        for (name, line), (colour, _, stroke) in zip(lines.items(), looks(len(lines)), strict=True):
            height = np.log(-np.log(line["estimate"].astype(float)))
            axes.plot(line["time"], height, color=colour, linestyle=stroke)
            ends.append(End(line["time"].iloc[-1], float(height.iloc[-1]), value_label(group, name), colour))
        axes.set_xscale("log")
        ticks = [t for t in (1, 2, 3, 6, 12, 24, 36, 60, 120) if t <= inside["time"].max()]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([str(t) for t in ticks])
        axes.set_title(title)
        axes.set(xlabel=f"{xlabel} (logarithmic)", ylabel="log(−log(share without the event))")
        number_axis(axes.yaxis)
        name_ends(axes, ends, 3.2)
    return figure


def _ratio_axis(axes: Axes, frame: pd.DataFrame) -> None:
    """Give the panels one logarithmic axis; wide bands at the ends of time do not stretch it."""
    low, high = frame["low"].quantile(0.02), frame["high"].quantile(0.98)
    low, high = min(low, frame["estimate"].min(), 0.9), max(high, frame["estimate"].max(), 1.1)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = ratio_ticks(low, high, most=6)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticks(ticks, [f"{tick:,.6g}" for tick in ticks])


def _tested(tests: pd.DataFrame | None, term: str) -> str:
    if tests is None or term not in set(tests["term"]):
        return ""
    p = float(tests.set_index("term")["p_adjusted" if "p_adjusted" in tests else "p"][term])
    return "p < 0.001" if p < 0.001 else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}"
