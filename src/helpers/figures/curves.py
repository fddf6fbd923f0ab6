"""Curves of time to an event with the numbers at risk, and rates by period."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers.figures.ends import End, name_ends, wrapped
from helpers.figures.style import INK, blank, house_style, looks, number_axis, readable
from helpers.labels import value_label
from helpers.measures.ages import DAYS_A_MONTH

CURVE_INCHES = 3.3
AT_RISK_LETTERS = 66  # of numbers at risk that have room beside each other, with a blank between two


def survival(
    frame: pd.DataFrame,
    group: str | None = None,
    *,
    title: str = "",
    xlabel: str = "Months",
    ylabel: str = "Share",
    every: float = 6,
) -> Figure:
    """Draw curves of time to an event with their intervals, and the numbers at risk below.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: time, estimate, low, high (shares of 1), at_risk, and the column `group`. The estimate may
        be a survival function or a cumulative incidence.
    group : str, optional
        Column that splits the curves; each has its name at its end, its own colour and its own stroke.
    every : float
        Distance between ticks, and between numbers at risk, in the unit of `time`.
    """
    curves = curves_by(frame, group)
    height = max(CURVE_INCHES, 0.2 * len(curves))
    risk_height = 0.3 + 0.19 * len(curves)
    ratios = [height, risk_height]
    figure, (axes, risk) = blank(height + risk_height + 1.2, 2, 1, sharex=True, height_ratios=ratios)
    with house_style():
        _draw(axes, curves, frame, every)
        axes.set_title(title)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.tick_params(labelbottom=True)
        if group:
            _name(axes, curves, group, height)
        _at_risk(risk, _worded(curves, group), _ticks(frame, every))
    return figure


def incidence(
    frame: pd.DataFrame,
    group: str | None = None,
    *,
    cause: str = "cause",
    title: str = "",
    xlabel: str = "Months",
    ylabel: str = "Share with this outcome by then",
    every: float = 6,
) -> Figure:
    """Draw cumulative incidence where several events compete, and the numbers at risk once below.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `helpers.models.survival.aalen_johansen` returns it: cause, time, estimate, low, high (shares of
        1), at_risk, and `group`. All causes of a group have the same numbers at risk.
    group : str, optional
        Column that splits the curves. With it each cause has a panel of its own.
    """
    causes = list(dict.fromkeys(frame[cause]))
    once = curves_by(frame[frame[cause] == causes[0]], group)
    if group is None:
        return _competing(frame, cause, once, title, xlabel, ylabel, every)
    columns = 2 if len(causes) in (1, 2, 4) else 3
    rows = math.ceil(len(causes) / columns)
    risk_height = 0.35 + 0.19 * len(once)
    figure, grid = blank(
        2.5 * rows + risk_height + 1.1,
        rows + 1,
        columns,
        squeeze=False,
        height_ratios=[2.5] * rows + [risk_height],
    )
    below = grid[rows, 0].get_gridspec()
    for axes in [*grid[:rows].flat[len(causes) :], *grid[rows]]:
        axes.remove()
    with house_style():
        for axes, name in zip(grid[:rows].flat, causes, strict=False):
            _draw(axes, curves_by(frame[frame[cause] == name], group), frame, every)
            axes.set_title(wrapped(str(name), 34), fontsize=9.5)
            axes.set_xlabel(xlabel, fontsize=8.5)
            axes.tick_params(labelsize=8)
        for row in grid[:rows]:
            row[0].set_ylabel(ylabel, fontsize=8.5)
        risk = figure.add_subplot(below[rows, :])
        risk.set_xlim(-every / 2, frame["time"].max() + every / 2)
        _at_risk(
            risk, _worded(once, group), _ticks(frame, every), heads=f"Number at risk, by {xlabel.lower()}"
        )
        handles = [
            Line2D([], [], color=colour, linestyle=stroke, linewidth=2, label=value_label(group, name))
            for name, (colour, _, stroke) in zip(once, looks(len(once)), strict=True)
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=5, fontsize=8.5, handlelength=3)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _competing(
    frame: pd.DataFrame, cause: str, once: dict, title: str, xlabel: str, ylabel: str, every: float
) -> Figure:
    """Draw the causes of one group in one panel."""
    figure, (axes, risk) = blank(4.7, 2, 1, sharex=True, height_ratios=[3.4, 0.45])
    with house_style():
        curves = curves_by(frame, cause)
        _draw(axes, curves, frame, every)
        axes.set_title(title)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.tick_params(labelbottom=True)
        _name(axes, curves, cause, CURVE_INCHES)
        _at_risk(risk, once, _ticks(frame, every), plain=True)
    return figure


def steps(
    frame: pd.DataFrame,
    group: str | None = None,
    *,
    start: str = "from_day",
    end: str = "to_day",
    unit: float = DAYS_A_MONTH,
    title: str = "",
    log: bool = False,
    xlabel: str = "Months",
    ylabel: str = "Events per 100 person-years",
) -> Figure:
    """Draw piecewise rates as steps over time with their intervals: which periods are critical.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `helpers.models.survival.piecewise_hazard` returns it: from_day, to_day, estimate, low, high, and
        `group`.
    unit : float
        Days in a unit of the axis.
    log : bool
        Whether the axis of rates is logarithmic, so that late periods are seen beside a high first one.
    """
    lines = curves_by(frame, group)
    figure, axes = blank(4.0)
    with house_style():
        for line, (colour, _, stroke) in zip(lines.values(), looks(len(lines)), strict=True):
            line = line.dropna(subset=["estimate"]).sort_values(start)
            edges = np.append(line[start].to_numpy(float), line[end].to_numpy(float)[-1:]) / unit
            low, mid, high = (line[c].to_numpy(float) for c in ("low", "estimate", "high"))
            axes.stairs(mid, edges, color=colour, linewidth=2, linestyle=stroke, baseline=None)
            some = line["events"].to_numpy(float) > 0 if "events" in line else np.full(len(line), True)
            high, low = np.where(some, high, mid), np.where(some, low, mid)  # no band where nothing happened
            axes.stairs(
                high, edges, baseline=low, fill=True, color=colour, alpha=_faint(len(lines)), linewidth=0
            )
        top = 1.06 * min(frame["high"].max(), 1.5 * frame["estimate"].max())
        axes.set_ylim(0, top)
        if log:
            axes.set_yscale("log")
            axes.set_ylim(0.7 * frame["estimate"][frame["estimate"] > 0].min(), top)
        axes.set_xlim(left=frame[start].min() / unit)
        axes.set_title(title)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        number_axis(axes.yaxis)
        reach = frame[end].max() / unit
        every = next((e for e in (1, 2, 3, 6, 12, 24) if reach / e <= 10), 60)
        axes.set_xticks(np.arange(0, reach + 0.01 * every, every))
        if group:
            ends = [
                End(line[end].max() / unit, float(line.sort_values(start)["estimate"].iloc[-1]),
                    value_label(group, name), colour)
                for (name, line), (colour, _, _) in zip(lines.items(), looks(len(lines)), strict=True)
            ]  # fmt: skip
            name_ends(axes, ends, 3.2)
    return figure


def curves_by(frame: pd.DataFrame, group: str | None) -> dict[object, pd.DataFrame]:
    """Return the rows of each value of `group`, in the order in which they first appear."""
    return {"all": frame} if group is None else dict(iter(frame.groupby(group, observed=True, sort=False)))


def _worded(curves: dict[object, pd.DataFrame], group: str | None) -> dict[object, pd.DataFrame]:
    return {value_label(group, name): curve for name, curve in curves.items()} if group else curves


def _faint(lines: int) -> float:
    """Return how strong bands are drawn: the more, the fainter."""
    return 0.15 if lines <= 4 else 0.07


def _ticks(frame: pd.DataFrame, every: float) -> np.ndarray:
    return np.arange(0, frame["time"].max() + every / 2, every)


def _draw(axes: Axes, curves: dict[object, pd.DataFrame], whole: pd.DataFrame, every: float) -> None:
    for curve, (colour, _, stroke) in zip(curves.values(), looks(len(curves)), strict=True):
        axes.step(curve["time"], curve["estimate"], where="post", color=colour, linestyle=stroke)
        axes.fill_between(
            curve["time"], curve["low"], curve["high"], step="post", color=colour, alpha=_faint(len(curves)),
            linewidth=0,
        )  # fmt: skip
    axes.set_ylim(0, max(0.05, min(1.0, 1.08 * whole["high"].max())))
    axes.set_xlim(left=0)
    axes.set_xticks(_ticks(whole, every))
    number_axis(axes.yaxis, percent=True)


def _name(axes: Axes, curves: dict[object, pd.DataFrame], group: str, inches: float) -> None:
    ends = [
        End(curve["time"].iloc[-1], float(curve["estimate"].iloc[-1]), value_label(group, name), colour)
        for (name, curve), (colour, _, _) in zip(curves.items(), looks(len(curves)), strict=True)
    ]
    name_ends(axes, ends, inches, width=24)


def _at_risk(
    axes: Axes, curves: dict[object, pd.DataFrame], ticks: np.ndarray, plain: bool = False, heads: str = ""
) -> None:
    """Write the numbers at risk, a row for each curve; with `heads`, as a table with its own times."""
    widest = max(len(f"{curve['at_risk'].max():,.0f}") for curve in curves.values())
    ticks = ticks[:: math.ceil(len(ticks) * (widest + 1) / AT_RISK_LETTERS)]
    for row, (curve, look) in enumerate(zip(curves.values(), looks(len(curves)), strict=True)):
        for tick in ticks:
            later = curve[curve["time"] >= tick]
            if len(later) and pd.notna(later["at_risk"].iloc[0]):
                text = f"{int(later['at_risk'].iloc[0]):,}"
                colour = INK if plain else readable(look[0])
                axes.text(tick, row, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_ylim(len(curves) - 0.4, -0.6)
    axes.set_yticks(range(len(curves)), [str(name) for name in curves], fontsize=8)
    axes.set_title(heads or "Number at risk", fontsize=9, fontweight="normal")
    axes.grid(False)
    axes.tick_params(length=0, labelbottom=False, pad=26)
    if heads:
        axes.set_xticks(ticks)
        axes.tick_params(axis="x", labeltop=True, labelsize=8, pad=2)
    for spine in axes.spines.values():
        spine.set_visible(False)
