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
        "trend", "bars", "heatmap", "survival", "flow", "coverage", "timeline", "small_multiples" or
        "coefficients": the name of the function that drew it.
    data : pandas.DataFrame
        The data of the figure, as given to the function that drew it.
    value, label, group : str
        Columns: what is measured, what names each point (a year, an item), and what splits the lines.
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
    if kind in ("trend", "survival", "small_multiples"):
        return f"{opening}. {_courses(known, value, label, group, percent)}"
    if kind == "coefficients":
        return f"{opening}. {_sides(known, value, label or 'term', group, percent, log)}"
    return f"{opening}. {_ends(known, value, label, group, percent)}"


_NAMES = {
    "trend": "Line chart",
    "bars": "Bar chart",
    "small_multiples": "Small line charts",
    "heatmap": "Heat map",
    "survival": "Survival curve",
    "flow": "Flow chart",
    "coverage": "Grid",
    "timeline": "Timeline",
    "coefficients": "Forest plot",
}

MOST_COURSES = 6


def _courses(data: pd.DataFrame, value: str, label: str, group: str | None, percent: bool) -> str:
    """Say where each line starts and ends; of many lines, those with the highest ends."""
    parts = {"": data} if group is None else dict(iter(data.groupby(group, observed=True, sort=False)))
    ordered = {name: part.sort_values(label) for name, part in parts.items()}
    names = sorted(ordered, key=lambda name: -ordered[name][value].iloc[-1])
    sentences = [_course(str(n), ordered[n], value, label, percent) for n in names[:MOST_COURSES]]
    if len(names) > MOST_COURSES:
        sentences.append(f"{len(names) - MOST_COURSES} more lines end lower.")
    return " ".join(sentences)


def _course(name: str, line: pd.DataFrame, value: str, label: str, percent: bool) -> str:
    first, last = line[value].iloc[0], line[value].iloc[-1]
    who = f"{name}: from" if name else "From"
    way = (
        "unchanged" if written(first, percent) == written(last, percent) else "up" if last > first else "down"
    )
    start, end = written(first, percent), written(last, percent)
    return f"{who} {start} at {line[label].iloc[0]} to {end} at {line[label].iloc[-1]} ({way})."


def _ends(data: pd.DataFrame, value: str, label: str, group: str | None, percent: bool) -> str:
    """Say how many marks there are, and which are the highest and the lowest."""
    most, least = data.loc[data[value].idxmax()], data.loc[data[value].idxmin()]

    def named(row: pd.Series) -> str:
        where = ", ".join(str(row[column]) for column in (label, group) if column)
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
        f"Whole interval below {line}: {listed(below)}. {rest} include {line}."
    )
