"""Slope charts: who rose and who fell between two times."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from helpers.display import heading
from helpers.figures.ends import End, name_ends
from helpers.figures.style import FAINT, GRID, INK, PALETTE, blank, house_style, written
from helpers.labels import value_label


def slopes(
    frame: pd.DataFrame,
    label: str,
    x: str,
    y: str,
    *,
    percent: bool = False,
    highlight: Sequence[str] = (),
    title: str = "",
    ylabel: str = "",
) -> Figure:
    """Draw a line from the first to the last value of each row's name, with name and value at both ends.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: a row per `label` and `x`; of more than two values of `x` the first and the last are drawn.
    label, x, y : str
        Columns: who, when, how much.
    percent : bool
        Whether `y` is a share of 1.
    highlight : sequence of str
        Names whose lines stand out, the others drawn faint; without it rising and falling lines differ.

    Raises
    ------
    ValueError
        When `x` has fewer than two values, or a name has two values at one `x`.
    """
    first, last = _ends(frame, label, x)
    both = frame[frame[x].isin([first, last])].dropna(subset=[y])
    if both.duplicated([label, x]).any():
        raise ValueError(f"Some {label} have two values at one {x}: sum or filter them first.")
    wide = both.assign(**{y: both[y].astype(float)}).pivot_table(
        index=label, columns=x, values=y, observed=True
    )
    wide = wide.dropna()
    inches = max(3.4, 0.2 * len(wide))
    figure, axes = blank(inches + 0.8)
    with house_style():
        axes.set(xlim=(-0.02, 1.02), ylim=_limits(wide))
        ends: dict[str, list[End]] = {"left": [], "right": []}
        for name, (start, end) in zip(wide.index, wide[[first, last]].to_numpy(), strict=True):
            colour, stroke, width = _look(name, start, end, highlight)
            axes.plot(
                [0, 1], [start, end], color=colour, linestyle=stroke, linewidth=width, marker="o",
                markersize=5, clip_on=False,
            )  # fmt: skip
            ink = INK if colour == FAINT else colour
            words = value_label(label, name)
            ends["left"].append(End(0, start, f"{words}  {written(start, percent)}", ink))
            ends["right"].append(End(1, end, f"{written(end, percent)}  {words}", ink))
        for side, names in ends.items():
            name_ends(axes, names, inches, side=side, fontsize=8.5, width=34)
        axes.axvline(0, color=GRID, zorder=0)
        axes.axvline(1, color=GRID, zorder=0)
        axes.set_xticks([0, 1], [str(first), str(last)], fontweight="bold")
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.set_yticks([])
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel(ylabel or heading(y), fontsize=9)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _ends(frame: pd.DataFrame, label: str, x: str) -> tuple[object, object]:
    values = sorted(frame[x].dropna().unique())
    if len(values) < 2:
        raise ValueError(f"A slope runs between two values of {x}; there is only {list(values)}.")
    return values[0], values[-1]


def _limits(wide: pd.DataFrame) -> tuple[float, float]:
    low, high = wide.min().min(), wide.max().max()
    margin = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _look(name: object, start: float, end: float, highlight: Sequence[str]) -> tuple[str, object, float]:
    """Return colour, stroke and width: what rises is drawn through, what falls in dashes."""
    stroke = "-" if end >= start else (0, (5, 1.6))
    if len(highlight):
        return (PALETTE[1], stroke, 2.4) if str(name) in map(str, highlight) else (FAINT, stroke, 1.0)
    return (PALETTE[0] if end >= start else PALETTE[1]), stroke, 1.7
