"""Forest plots: estimates of any model as dots with their intervals, and the numbers beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from helpers.display import interval, places
from helpers.figures.ends import wrapped
from helpers.figures.style import INK, MARKERS, PALETTE, blank, house_style, number_axis
from helpers.labels import label, split_term, term_label, value_label

LINE = 0.185  # inches a line of text takes
APART = 0.45  # lines of white between terms that hold several estimates
BAND = "#f4f6f8"
RATIOS = [s * 10.0**p for p in range(-4, 5) for s in (1, 1.5, 2, 3, 5, 7)]


@dataclass
class _Rows:
    """Where each term and heading of the plot stands, in lines from the top."""

    terms: dict[str, float] = field(default_factory=dict)  # top of the room of each term
    room: dict[str, float] = field(default_factory=dict)  # lines it takes
    texts: list[tuple[float, str, bool]] = field(default_factory=list)  # middle, text, is a heading
    end: float = 0.0


def coefficients(
    results: pd.DataFrame,
    *,
    group: str | None = None,
    log: bool = False,
    percent: bool = False,
    truth: str | None = None,
    title: str = "",
    xlabel: str = "",
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw estimates as dots with their intervals, and write each at the right.

    Parameters
    ----------
    results : pandas.DataFrame
        Tidy: term, estimate, low, high (see `helpers.models.tidy`), a row per term and group. Terms
        "column: value" stand together under the name of their column. A row at the line and without an
        interval is a reference category and drawn as a ring; a ratio of 0 without one had no events.
    group : str, optional
        Column that splits the estimates of a term, e.g. the stage of adjustment; each has its own marker.
    log : bool
        Whether the estimates are ratios: a logarithmic axis with its line at 1, else a line at 0.
    percent : bool
        Whether they are shares of 1, or differences of shares.
    truth : str, optional
        Column of the value that was planted, drawn as a hollow diamond where there is one.
    names : mapping, optional
        Words for terms, columns or values, before those of `helpers.labels`.

    Raises
    ------
    ValueError
        When two rows stand for one term and group, or a ratio is not above 0.
    """
    data = _checked(results, group, log)
    groups = list(dict.fromkeys(data[group])) if group else [None]
    rows = _rows(data, len(groups), names)
    figure, axes = blank(height=LINE * rows.end + 0.9)
    with house_style():
        decimals = places(data, log, percent)
        _bands(axes, rows, len(groups))
        axes.axvline(1 if log else 0, color=INK, linewidth=0.9, zorder=1)
        left, right = _axis(axes, data, truth, log, percent)
        # A truth that all groups of a term share is drawn once, in the middle of them.
        shared = truth is not None and group is not None and _same(data, truth)
        if shared:
            one = data.dropna(subset=[truth]).drop_duplicates("term")
            middles = np.array([_lane(rows, term, 0, 1) for term in one["term"]])
            _diamonds(axes, one[truth], middles)
        for number, name in enumerate(groups):
            part = data if name is None else data[data[group] == name]
            lanes = np.array([_lane(rows, term, number, len(groups)) for term in part["term"]])
            _draw(axes, part, lanes, number, (left, right))
            _write(axes, part, lanes, log, decimals, percent)
            if truth and not shared:
                _diamonds(axes, part[truth], lanes)
        _names(axes, rows)
        axes.set_ylim(rows.end, -0.3)
        axes.set_xlabel(xlabel)
        _legend(figure, groups, group, truth)
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _checked(results: pd.DataFrame, group: str | None, log: bool) -> pd.DataFrame:
    """Return the rows in the order they are drawn: terms as they first appear, columns together."""
    data = results.assign(term=results["term"].astype(str)).reset_index(drop=True)
    twice = data[data.duplicated(["term", *([group] if group else [])])]
    if len(twice):
        raise ValueError(
            f"Two estimates stand for {twice['term'].iloc[0]!r}: keep one of them, or name the column that "
            "tells them apart as `group`."
        )
    if log and ((data["estimate"] < 0) | ((data["estimate"] == 0) & data["high"].notna())).any():
        raise ValueError("A ratio is above 0: log=True draws ratios, not their logarithms.")
    return data


def _rows(data: pd.DataFrame, groups: int, names: Mapping[str, str] | None) -> _Rows:
    terms: dict[str, list[str]] = {}
    for term in dict.fromkeys(data["term"]):
        terms.setdefault(split_term(term)[0] or term, []).append(term)
    rows = _Rows()
    for column, members in terms.items():
        under = len(members) > 1
        if under:
            rows.end += 0.35 * bool(rows.terms)  # a little air above a heading
            rows.texts.append((rows.end + 0.5, label(column, names), True))
            rows.end += 1
        for term in members:
            words = value_label(column, split_term(term)[1], names) if under else term_label(term, names)
            text = wrapped(words, 34)
            lines = text.count("\n") + 1
            room = max(groups, lines) + (APART if groups > 1 or lines > 1 else 0.15)
            rows.terms[term], rows.room[term] = rows.end, room
            rows.texts.append(
                (rows.end + room / 2, "\n".join("   " * under + t for t in text.split("\n")), False)
            )
            rows.end += room
        rows.end += 0.3 * under
    return rows


def _lane(rows: _Rows, term: str, number: int, groups: int) -> float:
    """Return the height of an estimate: those of a term one below the other, in the middle of its room."""
    return rows.terms[term] + rows.room[term] / 2 + number - (groups - 1) / 2


def _bands(axes: Axes, rows: _Rows, groups: int) -> None:
    """Shade every other term, so that the eye finds the numbers of a dot."""
    for number, (term, top) in enumerate(rows.terms.items()):
        if number % 2 == 0 and (groups > 1 or len(rows.terms) > 4):
            axes.axhspan(top, top + rows.room[term], color=BAND, linewidth=0, zorder=0)


def _draw(axes: Axes, part: pd.DataFrame, lanes: np.ndarray, number: int, ends: tuple[float, float]) -> None:
    """Draw the dots of a group; an interval that leaves the axis ends in an arrow."""
    colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
    estimate, low, high = (part[c].astype(float).to_numpy() for c in ("estimate", "low", "high"))
    shown = ~np.isnan(low) & ~np.isnan(high)
    axes.hlines(
        lanes[shown], low[shown].clip(*ends), high[shown].clip(*ends), color=colour, linewidth=1.6, zorder=2
    )
    for beyond, edge, arrow in ((low < ends[0], ends[0], "<"), (high > ends[1], ends[1], ">")):
        axes.scatter(
            np.full(beyond.sum(), edge), lanes[beyond], s=26, marker=arrow, color=colour, linewidth=0,
            zorder=3, clip_on=False,
        )  # fmt: skip
    axes.scatter(estimate[shown], lanes[shown], s=30, marker=marker, color=colour, linewidth=0, zorder=4)
    ring = {"facecolor": "white", "edgecolor": colour, "linewidth": 1.3}
    axes.scatter(estimate[~shown], lanes[~shown], s=26, marker=marker, zorder=4, **ring)


def _same(data: pd.DataFrame, truth: str) -> bool:
    known = data.dropna(subset=[truth])
    return len(known[["term", truth]].drop_duplicates()) == known["term"].nunique()


def _diamonds(axes: Axes, truth: pd.Series, lanes: np.ndarray) -> None:
    known = truth.notna().to_numpy()
    axes.scatter(
        truth.astype(float)[known], lanes[known], s=58, marker="D", facecolor="none", edgecolor=INK,
        linewidth=1.1, zorder=5,
    )  # fmt: skip


def _write(
    axes: Axes, part: pd.DataFrame, lanes: np.ndarray, log: bool, decimals: int, percent: bool
) -> None:
    limits = part[["estimate", "low", "high"]].astype(float).itertuples(index=False, name=None)
    for lane, (estimate, low, high) in zip(lanes, limits, strict=True):
        text = interval(estimate, low, high, decimals, percent)
        if pd.isna(low) and pd.isna(high) and estimate == (1 if log else 0):
            text = "1 (reference)" if log else "reference"
        elif log and estimate == 0:
            text = "no events"
        axes.annotate(
            text, (1, lane), xycoords=axes.get_yaxis_transform(), xytext=(10, 0), textcoords="offset points",
            va="center", fontsize=8, color=INK, annotation_clip=False,
        )  # fmt: skip


def _axis(axes: Axes, data: pd.DataFrame, truth: str | None, log: bool, percent: bool) -> tuple[float, float]:
    """Fit the axis to the estimates; a very wide interval does not squeeze the others. Return its ends."""
    inner = [data["estimate"], pd.Series([1.0 if log else 0.0]), *([data[truth]] if truth else [])]
    scale = np.log if log else np.asarray
    inside = pd.concat([values.astype(float) for values in inner]).dropna().to_numpy()
    inside = scale(inside[inside > 0] if log else inside)
    with np.errstate(divide="ignore"):
        low, high = (scale(data[c].astype(float).to_numpy()) for c in ("low", "high"))
    widths = (high - low)[np.isfinite(high - low)]
    reach = max(inside.max() - inside.min(), 1.5 * np.median(widths) if len(widths) else 0.0, 1e-9)
    ends = np.concatenate([low, high, inside])
    ends = ends[np.isfinite(ends)]
    left, right = max(ends.min(), inside.min() - reach), min(ends.max(), inside.max() + reach)
    margin = 0.03 * (right - left)
    left, right = left - margin, right + margin
    axes.grid(False, axis="y")
    if not log:
        axes.set_xlim(left, right)
        number_axis(axes.xaxis, percent)
        return left, right
    left, right = math.exp(left), math.exp(right)
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    ticks = ratio_ticks(left, right)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{tick:,.6g}" for tick in ticks])
    return left, right


def ratio_ticks(left: float, right: float, most: int = 8) -> list[float]:
    """Return round ratios between the ends, 1 always among them when it is there."""
    fine = [list(np.round(np.arange(step, 4.0, step), 10)) for step in (0.01, 0.02, 0.05, 0.1, 0.2)]
    for steps in (*fine, RATIOS, [r for r in RATIOS if f"{r:e}"[0] in "125" and f"{r:e}"[:3] != "1.5"]):
        inside = [float(tick) for tick in steps if left <= tick <= right]
        if 3 <= len(inside) <= most:
            return inside
    tens = [10.0**power for power in range(-6, 7) if left <= 10.0**power <= right]
    return tens or [1.0]


def _names(axes: Axes, rows: _Rows) -> None:
    """Write the names at the left of the axis, all starting at one edge."""
    axes.set_yticks([at for at, _, _ in rows.texts], [text for _, text, _ in rows.texts], fontsize=9)
    written = axes.get_yticklabels()
    for text, (_, _, heads) in zip(written, rows.texts, strict=True):
        text.set_fontweight("bold" if heads else "normal")
    widest = max(text.get_window_extent().width for text in written) * 72 / axes.figure.dpi
    axes.tick_params(axis="y", length=0, pad=widest + 6)
    for text in written:
        text.set_horizontalalignment("left")
    axes.spines["left"].set_visible(False)


def _legend(figure: Figure, groups: list, group: str | None, truth: str | None) -> None:
    handles = [
        Line2D([], [], color=PALETTE[i % len(PALETTE)], marker=MARKERS[i % len(MARKERS)], markersize=5.5,
               linewidth=1.6, label=wrapped(value_label(group, name), 40))
        for i, name in enumerate(groups) if group
    ]  # fmt: skip
    if truth:
        hollow = {"marker": "D", "linestyle": "none", "markerfacecolor": "none", "markeredgecolor": INK}
        handles.append(Line2D([], [], markersize=6, label="planted truth", **hollow))
    if handles:
        figure.legend(
            handles=handles,
            loc="outside lower left",
            ncols=min(len(handles), 4),
            fontsize=8.5,
            labelcolor=INK,
        )
