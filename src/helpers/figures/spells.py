"""Timelines of spells."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.figures.style import INK, WIDTH, blank, colours, house_style


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
