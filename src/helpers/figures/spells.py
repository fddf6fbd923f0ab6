"""Curves of time to an event, and timelines of spells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.figures.style import INK, WIDTH, blank, colours, house_style, number_axis


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
        Column that splits the curves.
    every : float
        Distance between ticks, and between numbers at risk, in the unit of `time`.
    """
    curves = {"all": frame} if group is None else dict(iter(frame.groupby(group, observed=True, sort=False)))
    height = 4.0 + 0.22 * len(curves)
    ratios = [4, 0.3 + 0.24 * len(curves)]
    figure, (axes, risk) = blank(height, 2, 1, sharex=True, height_ratios=ratios)
    ticks = np.arange(0, frame["time"].max() + every / 2, every)
    with house_style():
        for (name, curve), colour in zip(curves.items(), colours(len(curves)), strict=True):
            axes.step(curve["time"], curve["estimate"], where="post", color=colour, label=str(name))
            axes.fill_between(
                curve["time"], curve["low"], curve["high"], step="post", color=colour, alpha=0.15, linewidth=0
            )
        axes.set_ylim(0, max(0.05, min(1.0, 1.08 * frame["high"].max())))
        axes.set_xlim(left=0)
        axes.set_title(title)
        axes.set_ylabel(ylabel)
        axes.tick_params(labelbottom=True)
        number_axis(axes.yaxis, percent=True)
        if group:
            axes.legend()
        axes.set_xticks(ticks)
        axes.set_xlabel(xlabel)
        _at_risk(risk, curves, ticks)
    return figure


def _at_risk(axes: object, curves: dict[object, pd.DataFrame], ticks: np.ndarray) -> None:
    for row, (curve, colour) in enumerate(zip(curves.values(), colours(len(curves)), strict=True)):
        for tick in ticks:
            later = curve[curve["time"] >= tick]
            if len(later):
                text = f"{int(later['at_risk'].iloc[0]):,}"
                axes.text(tick, row, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_ylim(len(curves) - 0.4, -0.6)
    axes.set_yticks(range(len(curves)), [str(name) for name in curves], fontsize=8)
    axes.set_title("Number at risk", fontsize=9, fontweight="normal")
    axes.grid(False)
    axes.tick_params(length=0, labelbottom=False, pad=18)
    for spine in axes.spines.values():
        spine.set_visible(False)


def timeline(
    spells: pd.DataFrame,
    lane: str,
    start: str,
    end: str,
    kind: str | None = None,
    *,
    until: pd.Timestamp | None = None,
    title: str = "",
) -> Figure:
    """Draw spells as bars along time, a lane each, e.g. one made-up child's way through services.

    For synthetic data only: a real child's timeline would identify the child.

    Parameters
    ----------
    spells : pandas.DataFrame
        One row per spell.
    lane, start, end, kind : str
        Columns: the lane's name, first and last day (missing while open), what gives the colour.
    until : pandas.Timestamp, optional
        Where open spells are drawn to; the latest date in the data when not given.
    """
    until = until or max(spells[start].max(), spells[end].max())
    lanes = list(dict.fromkeys(spells[lane]))
    kinds = list(dict.fromkeys(spells[kind])) if kind else []
    shade = dict(zip(kinds, colours(len(kinds)), strict=True))
    figure, axes = blank(height=0.42 * len(lanes) + 1.2)
    with house_style():
        for spell in spells.to_dict("records"):
            last = until if pd.isna(spell[end]) else spell[end]
            days = max((last - spell[start]).days, 3)  # a spell of a day is still seen
            colour = shade[spell[kind]] if kind else colours(1)[0]
            edge = ":" if pd.isna(spell[end]) else "-"
            axes.barh(
                lanes.index(spell[lane]), pd.Timedelta(days=days), left=spell[start], height=0.55,
                color=colour, edgecolor=INK, linewidth=0.5, linestyle=edge,
            )  # fmt: skip
        axes.set_yticks(range(len(lanes)), lanes)
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        axes.set_title(title)
        if kind:
            handles = [Patch(color=shade[name], label=str(name)) for name in kinds]
            below = {"loc": "outside lower left", "ncols": min(len(kinds), int(WIDTH // 2)), "fontsize": 8}
            figure.legend(handles=handles, **below)
    return figure
