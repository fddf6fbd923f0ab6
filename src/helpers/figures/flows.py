"""Ways through services: alluvial figures of who moved where, and stacked areas of who was where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from helpers.figures.ends import End, name_ends
from helpers.figures.style import GRID, INK, PALETTE, blank, house_style, number_axis

NODE = 0.045  # width of a block, where columns stand one apart
GAP = 0.025  # white between blocks, of the whole
# Darker and lighter shades in turn, so that neighbours differ in grey too; the first stands for no service.
SHADES = ["#c9ced3", "#56B4E9", "#E69F00", "#D55E00", "#0072B2", "#6b6b6b", "#009E73", "#CC79A7"]


def journeys(
    flows: pd.DataFrame,
    *,
    order: Sequence[str] | None = None,
    headings: Sequence[str] | None = None,
    title: str = "",
    unit: str = "children",
) -> Figure:
    """Draw how many went from each state to each other, from one point in time to the next.

    Parameters
    ----------
    flows : pandas.DataFrame
        source, target, n, and step (0, 1, ...; one step without it): a row for each pair. What is missing
        (suppressed) is not drawn.
    order : sequence of str, optional
        States from top to bottom; without it as they first appear.
    headings : sequence of str, optional
        What stands above each column, one more than there are steps.
    unit : str
        What n counts.

    Raises
    ------
    ValueError
        When nothing is left to draw, `order` leaves out a state or `headings` do not fit the steps.
    """
    data = _pairs(flows)
    states = list(dict.fromkeys([*data["source"], *data["target"]]))
    left_out = sorted(set(states) - set(order or states))
    if left_out:
        raise ValueError(f"order leaves out {', '.join(left_out)}.")
    states = [state for state in (order or states) if state in states]
    columns = int(data["step"].max()) + 2
    if headings is not None and len(headings) != columns:
        raise ValueError(f"{columns} columns want {columns} headings, not {len(headings)}.")
    shade = dict(zip(states, _shades(len(states)), strict=True))
    inches = max(3.6, 0.42 * len(states) + 2.2)
    figure, axes = blank(inches + 0.7)
    with house_style():
        axes.set(xlim=(-0.02, columns - 1 + NODE + 0.02), ylim=(1.02, -0.01))
        axes.axis("off")
        sizes = [_sizes(data, column, columns, states) for column in range(columns)]
        scale = (1 - GAP * (len(states) - 1)) / max(size.sum() for size in sizes)
        tops = [_tops(size, scale) for size in sizes]
        _ribbons(axes, data, tops, scale, shade)
        _blocks(axes, sizes, tops, scale, shade)
        _label_blocks(axes, sizes, tops, scale, inches)
        for column, text in enumerate(headings or []):
            last = column == columns - 1
            axes.annotate(
                text, (column + NODE * last, -0.02), ha="right" if last else "left", va="bottom", fontsize=9,
                fontweight="bold", annotation_clip=False,
            )  # fmt: skip
        axes.annotate(
            f"Heights show numbers of {unit}", (0, 0), xycoords="axes fraction", xytext=(0, -4),
            textcoords="offset points", va="top", fontsize=8, color="#6b6b6b",
        )  # fmt: skip
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def states(
    shares: pd.DataFrame,
    *,
    time: str = "time",
    state: str = "state",
    share: str = "share",
    order: Sequence[str] | None = None,
    title: str = "",
    xlabel: str = "Months",
    ylabel: str = "Share of children",
    every: float | None = None,
) -> Figure:
    """Draw which share was in which state at each time, as areas that add up to all.

    Parameters
    ----------
    shares : pandas.DataFrame
        time, state, share (of 1): a row for each time and state.
    order : sequence of str, optional
        States from the bottom up; without it as they first appear.
    every : float, optional
        Distance between ticks in the unit of time, e.g. 12 for months.
    """
    wide = shares.pivot_table(index=time, columns=state, values=share, sort=False, observed=True)
    wide = wide[[s for s in (order or wide.columns) if s in wide]].sort_index().fillna(0.0).astype(float)
    figure, axes = blank(4.3)
    with house_style():
        colours = _shades(wide.shape[1])
        axes.stackplot(wide.index, wide.T.to_numpy(), colors=colours, edgecolor="white", linewidth=0.8)
        axes.set(xlim=(wide.index.min(), wide.index.max()), ylim=(0, wide.sum(axis=1).max()))
        tops = wide.iloc[-1].cumsum().to_numpy()
        middles = tops - wide.iloc[-1].to_numpy() / 2
        ends = [
            End(wide.index[-1], middle, f"{str(name)} {value:.0%}", INK)
            for name, middle, value in zip(wide.columns, middles, wide.iloc[-1], strict=True)
        ]
        name_ends(axes, ends, 3.5)
        _swatches(axes, middles, colours)
        axes.set_title(title)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.grid(False)
        number_axis(axes.yaxis, percent=True)
        if every:
            axes.set_xticks(np.arange(wide.index.min(), wide.index.max() + every / 2, every))
    return figure


def _pairs(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs to draw, steps numbered from 0."""
    missing = [column for column in ("source", "target", "n") if column not in flows]
    if missing:
        raise ValueError(f"Flows lack {', '.join(missing)}; they have {', '.join(map(str, flows.columns))}.")
    data = flows.assign(n=flows["n"].astype(float)).query("n > 0")
    if data.empty:
        raise ValueError("There are no flows to draw: every n is 0 or missing.")
    step = data["step"].rank(method="dense").astype(int) - 1 if "step" in data else 0
    return data.assign(step=step, source=data["source"].astype(str), target=data["target"].astype(str))


def _shades(n: int) -> list[str]:
    return [SHADES[i % len(SHADES)] if n > 2 else [PALETTE[0], SHADES[0]][i % 2] for i in range(n)]


def _sizes(data: pd.DataFrame, column: int, columns: int, states: list[str]) -> pd.Series:
    """Return how many are in each state in a column: those who leave it, in the last those who arrive.

    Where not all who arrive go on (some are not seen again), the larger of the two.
    """
    leaving = data[data["step"] == column].groupby("source")["n"].sum()
    arriving = data[data["step"] == column - 1].groupby("target")["n"].sum()
    both = pd.concat([leaving, arriving], axis=1).reindex(states).fillna(0.0)
    return both.max(axis=1)


def _tops(sizes: pd.Series, scale: float) -> pd.Series:
    """Return where each block begins, from the top."""
    room = sizes * scale + GAP * (sizes > 0)
    return room.cumsum() - room


def _ribbons(
    axes: Axes, data: pd.DataFrame, tops: list[pd.Series], scale: float, shade: dict[str, str]
) -> None:
    place = {state: number for number, state in enumerate(shade)}
    for step, part in data.groupby("step"):
        part = part.assign(i=part["source"].map(place), j=part["target"].map(place))
        left, right = tops[step].to_dict(), tops[step + 1].to_dict()
        starts: dict[int, float] = {}
        for row in part.sort_values(["i", "j"]).itertuples():
            starts[row.Index] = left[row.source]
            left[row.source] += row.n * scale
        for row in part.sort_values(["j", "i"]).itertuples():
            ribbon = _ribbon(step + NODE, step + 1, starts[row.Index], right[row.target], row.n * scale)
            right[row.target] += row.n * scale
            axes.add_patch(PathPatch(ribbon, facecolor=shade[row.source], alpha=0.5, linewidth=0, zorder=1))


def _ribbon(left: float, right: float, start: float, end: float, height: float) -> Path:
    middle = (left + right) / 2
    points = [
        (left, start), (middle, start), (middle, end), (right, end), (right, end + height),
        (middle, end + height), (middle, start + height), (left, start + height), (left, start),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _blocks(
    axes: Axes, sizes: list[pd.Series], tops: list[pd.Series], scale: float, shade: dict[str, str]
) -> None:
    for column, (size, top) in enumerate(zip(sizes, tops, strict=True)):
        for state in size.index[size > 0]:
            block = Rectangle((column, top[state]), NODE, size[state] * scale, zorder=2)
            block.set(facecolor=shade[state], edgecolor=INK, linewidth=0.5)
            axes.add_patch(block)


def _label_blocks(
    axes: Axes, sizes: list[pd.Series], tops: list[pd.Series], scale: float, inches: float
) -> None:
    """Write name and number at the outer columns; inside, the share where the block is high enough."""
    for column, (size, top) in enumerate(zip(sizes, tops, strict=True)):
        size = size[size > 0]
        middles = (top + size * scale / 2)[size.index]
        if column in (0, len(sizes) - 1):
            x, side = (column, "left") if column == 0 else (column + NODE, "right")
            ends = [End(x, middles[s], f"{s} {_counted(n, size.sum())}", INK) for s, n in size.items()]
            name_ends(axes, ends, inches, side=side, fontsize=8.5, width=24)
            continue
        for state, y in middles.items():
            if size[state] * scale > 0.14 / inches:
                axes.annotate(
                    f"{size[state] / size.sum():.0%}", (column + NODE, y), xytext=(3, 0), fontsize=8,
                    textcoords="offset points", va="center",
                )  # fmt: skip


def _counted(n: float, of: float) -> str:
    """Return a number and its share, which a line break does not part."""
    return f"{n:,.0f}\N{NO-BREAK SPACE}({n / of:.0%})"


def _swatches(axes: Axes, middles: np.ndarray, colours: list[str]) -> None:
    """Put a bar of each area's colour at the edge, so that names are tied to thin areas too."""
    edges = np.concatenate([middles])
    for middle, colour in zip(edges, colours, strict=True):
        axes.plot(
            [1.006], [middle], marker="s", markersize=4, color=colour, transform=axes.get_yaxis_transform(),
            clip_on=False, markeredgecolor=GRID, markeredgewidth=0.3,
        )  # fmt: skip
