"""Alt text written from the data, so that it stays true on other data."""

from __future__ import annotations

import pandas as pd

from helpers.display import heading, interval, places
from helpers.figures.style import written
from helpers.labels import term_label, value_label


def alt_text(
    kind: str,
    data: pd.DataFrame,
    *,
    value: str,
    label: str = "",
    group: str | None = None,
    percent: bool = False,
    what: str = "",
    log: bool = False,
) -> str:
    """Describe a figure in words: what it is, its ends, and the way it goes.

    Parameters
    ----------
    kind : str
        The name of the function that drew it, e.g. "trend" or "coefficients".
    data : pandas.DataFrame
        The data of the figure, as given to the function that drew it.
    value, label, group : str
        Columns: what is measured, what names each point (a year, an item), and what splits the lines. For
        journeys the number, the source and the target.
    percent : bool
        Whether `value` is a share of 1.
    what : str
        What is shown, e.g. "referrals"; from the name of the value column when empty.
    log : bool
        Whether estimates are ratios, to be held against 1 (coefficients only).

    Returns
    -------
    str
        One to a few sentences.
    """
    what = what or heading(value).lower()
    known = data.dropna(subset=[value]).reset_index(drop=True)
    if known.empty:
        return f"{_NAMES.get(kind, heading(kind))} of {what}: no data to show."
    opening = f"{_NAMES.get(kind, heading(kind))} of {what}"
    if kind in _LINES:
        return f"{opening}. {_courses(known, value, label, group, percent, _LINES[kind])}"
    if kind == "coefficients":
        return f"{opening}. {_sides(known, value, label or 'term', group, percent, log)}"
    if kind == "journeys":
        return f"{opening}. {_moves(known, value, label or 'source', group or 'target')}"
    hidden = len(data) - len(known)
    rest = f" {hidden} not shown." if kind == "tiles" and hidden else ""
    return f"{opening}. {_ends(known, value, label, group, percent)}{rest}"


# Figures of lines, which are told by where each line starts and ends, and with how many decimals.
_LINES = {
    "trend": 1, "survival": 1, "small_multiples": 1, "incidence": 1, "steps": 1, "states": 1, "slopes": 1,
    "residuals": 2, "log_log": 2,
}  # fmt: skip

_NAMES = {
    "trend": "Line chart",
    "bars": "Bar chart",
    "small_multiples": "Small line charts",
    "heatmap": "Heat map",
    "survival": "Survival curve",
    "incidence": "Curves of cumulative incidence",
    "steps": "Rates by period, drawn as steps",
    "residuals": "Hazard ratios over time",
    "log_log": "Log-log curves",
    "flow": "Flow chart",
    "coverage": "Grid",
    "timeline": "Timeline",
    "coefficients": "Forest plot",
    "journeys": "Alluvial figure",
    "states": "Stacked areas",
    "slopes": "Slope chart",
    "tiles": "Tile map",
}

MOST_COURSES = 6


def _courses(
    data: pd.DataFrame, value: str, label: str, group: str | None, percent: bool, decimals: int
) -> str:
    """Say where each line starts and ends; of many lines, those with the highest ends."""
    parts = {"": data} if group is None else dict(iter(data.groupby(group, observed=True, sort=False)))
    ordered = {name: part.sort_values(label) for name, part in parts.items()}
    names = sorted(ordered, key=lambda name: -ordered[name][value].iloc[-1])
    sentences = [
        _course(_word(group, n), ordered[n], value, label, percent, decimals) for n in names[:MOST_COURSES]
    ]
    if len(names) > MOST_COURSES:
        sentences.append(f"{len(names) - MOST_COURSES} more end lower.")
    return " ".join(sentences)


def _course(name: str, line: pd.DataFrame, value: str, label: str, percent: bool, decimals: int) -> str:
    first, last = line[value].iloc[0], line[value].iloc[-1]
    who = f"{name}: from" if name else "From"
    start, end = written(first, percent, decimals), written(last, percent, decimals)
    way = "unchanged" if start == end else "up" if last > first else "down"
    at, until = _point(line[label].iloc[0]), _point(line[label].iloc[-1])
    return f"{who} {start} at {at} to {end} at {until} ({way})."


def _point(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _word(column: str | None, value: object) -> str:
    return term_label(value) if column == "term" else value_label(column, value)


def _ends(data: pd.DataFrame, value: str, label: str, group: str | None, percent: bool) -> str:
    """Say how many marks there are, and which are the highest and the lowest."""
    most, least = data.loc[data[value].idxmax()], data.loc[data[value].idxmin()]

    def named(row: pd.Series) -> str:
        where = ", ".join(_word(column, row[column]) for column in (label, group) if column)
        return f"{where} ({written(row[value], percent)})"

    return f"{len(data)} values. Highest: {named(most)}. Lowest: {named(least)}."


def _sides(data: pd.DataFrame, value: str, term: str, group: str | None, percent: bool, log: bool) -> str:
    """Say which estimates lie above and below the line of no difference with their whole interval."""
    line = 1 if log else 0
    data = data.dropna(subset=["low", "high"])
    decimals = places(data, log, percent)
    above, below = data[data["low"] > line], data[data["high"] < line]

    def listed(part: pd.DataFrame) -> str:
        part = part.sort_values(value, ascending=part is below, kind="stable")
        texts = [
            ", ".join([term_label(row[term]), *([value_label(group, row[group])] if group else [])])
            + " "
            + interval(row[value], row["low"], row["high"], decimals, percent)
            for row in part.head(MOST_COURSES).to_dict("records")
        ]
        more = [f"{len(part) - MOST_COURSES} more"] if len(part) > MOST_COURSES else []
        return "; ".join(texts + more) or "none"

    rest = len(data) - len(above) - len(below)
    return (
        f"{len(data)} estimates. Whole interval above {line}: {listed(above)}. "
        f"Whole interval below {line}: {listed(below)}. Interval across {line}: {rest}."
    )


def _moves(data: pd.DataFrame, value: str, source: str, target: str) -> str:
    """Say where they are at the start and at the end, and which moves between states are the largest."""
    step = data["step"] if "step" in data else pd.Series(0, index=data.index)
    first = data[step == step.min()].groupby(source, observed=True, sort=False)[value].sum()
    last = data[step == step.max()].groupby(target, observed=True, sort=False)[value].sum()
    moved = data[data[source].astype(str) != data[target].astype(str)]
    moved = moved.groupby([source, target], observed=True, sort=False)[value].sum().nlargest(3)

    def shares(counts: pd.Series) -> str:
        return ", ".join(f"{name} {n / counts.sum():.0%}" for name, n in counts.items() if n > 0)

    moves = "; ".join(f"{a} to {b} ({n:,.0f})" for (a, b), n in moved.items())
    ends = f"At first: {shares(first)}. At last: {shares(last)}."
    return f"{ends} Largest moves, over all steps: {moves or 'none'}."
