"""Checks of models that ACRO does not know: Cox regression and latent classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.verdicts import verdict, verdicts


def check_cox(
    frame: pd.DataFrame,
    duration: str,
    event: str,
    terms: Sequence[str],
    rule: int | str | Profile,
    *,
    entry: str | None = None,
    weight: str | None = None,
    output: str = "Cox regression",
) -> pd.DataFrame:
    """Check a Cox regression: events and risk sets of every category, and events beyond parameters.

    A hazard ratio of a category rests on its events; a curve drawn from the model for that category rests on
    those still at risk at its last event. A category all of whose members had the event tells it of each.

    Parameters
    ----------
    frame : pandas.DataFrame
        What was fitted: one row a spell, or counts of spells with `weight`.
    duration, event : str
        Time (at the end of the row) and whether the event happened then (0 or 1).
    terms : sequence of str
        The terms of the model. Text, categories, booleans and columns of noughts and ones are checked by
        value.
    entry, weight : str, optional
        Time at which a row comes under observation; how many spells it stands for.

    Returns
    -------
    pandas.DataFrame
        output, rule, value, limit, pass, advice: for the model events less parameters; for each value of each
        categorical term the events, those without the event, and those at risk at its last event.
    """
    rule = profile_of(rule)
    weights = frame[weight].astype(float) if weight else pd.Series(1.0, index=frame.index)
    parts = [(term, value) for term in terms if _by_value(frame[term]) for value in _values(frame[term])]
    parameters = sum(len(_values(frame[t])) - 1 if _by_value(frame[t]) else 1 for t in terms)
    events = float(weights[frame[event].astype(bool)].sum())
    spare = events - parameters
    lines = [verdict(output, "events beyond parameters", spare, rule.min_df, spare >= rule.min_df,
                     "fewer terms, or a longer follow-up")]  # fmt: skip
    for term, value in parts:
        rows = frame[term] == value
        name = f"{term}: {value}"
        counts = {
            "events": weights[rows & frame[event].astype(bool)].sum(),
            "without the event": weights[rows & ~frame[event].astype(bool)].sum(),
            "at risk at its last event": _at_last_event(frame[rows], weights[rows], duration, event, entry),
        }
        advice = {
            "events": "join the category with another",
            "without the event": "join the category with another",
            "at risk at its last event": "end curves of this category earlier; the ratio may stay",
        }
        for what, found in counts.items():
            safe = found >= rule.min_cell
            lines.append(verdict(output, f"{name}, {what}", found, rule.min_cell, safe, advice[what]))
    return verdicts(lines)


def _by_value(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) or bool(column.dropna().isin((0, 1)).all())


def _values(column: pd.Series) -> list[object]:
    return sorted(column.dropna().unique(), key=str)


def _at_last_event(
    part: pd.DataFrame, weights: pd.Series, duration: str, event: str, entry: str | None
) -> float:
    happened = part[part[event].astype(bool)]
    if happened.empty:
        return 0.0
    last = happened[duration].max()
    there = part[duration] >= last
    if entry:
        there &= part[entry] < last
    return float(weights[there].sum())


def check_classes(
    profile: pd.DataFrame,
    sizes: pd.DataFrame,
    rule: int | str | Profile,
    *,
    count: str = "n",
    output: str = "latent classes",
) -> pd.DataFrame:
    """Check latent classes: their sizes, and the counts that their item probabilities stand for.

    A probability times the size of its class is close to a count: 0.99 of 200 cases leaves two without the
    item. Sizes are those by modal assignment.

    Parameters
    ----------
    profile : pandas.DataFrame
        class, item, probability, as `helpers.models.latent_class.profiles` gives it.
    sizes : pandas.DataFrame
        class and `count`: cases by modal assignment.

    Returns
    -------
    pandas.DataFrame
        output, rule, value, limit, pass, advice: for each class its size, and the smallest count with and
        without an item (to the nearest whole; none at all counts as a zero).
    """
    rule = profile_of(rule)
    lines = []
    for number, part in _with_sizes(profile, sizes, count).groupby("class", sort=True):
        size = float(part[count].iloc[0])
        name = f"class {number}"
        lines.append(verdict(output, f"{name}, cases", size, rule.min_cell, size >= rule.min_cell,
                             "fit fewer classes"))  # fmt: skip
        sides = {
            "cases with an item": part["probability"],
            "cases without an item": 1 - part["probability"],
        }
        for side, chance in sides.items():
            found = np.rint(chance * size)
            counted = found[found > 0] if rule.zeros else found
            least = counted.min() if len(counted) else np.inf
            safe = least >= rule.min_cell
            advice = "show the probability as a bound: safe_classes"
            lines.append(verdict(output, f"{name}, fewest {side}", least, rule.min_cell, safe, advice))
    return verdicts(lines)


def safe_classes(
    profile: pd.DataFrame, sizes: pd.DataFrame, rule: int | str | Profile, *, count: str = "n"
) -> pd.DataFrame:
    """Return item probabilities that stand for no small count: the extreme ones become bounds.

    Parameters
    ----------
    profile, sizes, rule, count
        As for `check_classes`.

    Returns
    -------
    pandas.DataFrame
        `profile` with probability moved to the threshold over the size of the class, or as far from 1, where
        it lay beyond, and bound ("", "at most" or "at least"). Columns worked out from it (overall, lift,
        class_share) are left out. A class below the threshold has no probabilities.
    """
    rule = profile_of(rule)
    joined = _with_sizes(profile, sizes, count)
    edge = (rule.min_cell / joined[count]).astype(float)
    chance = joined["probability"].astype(float)
    low, high = chance < edge, chance > 1 - edge
    bound = np.select([low, high], ["at most", "at least"], "")
    moved = chance.mask(low, edge).mask(high, 1 - edge).mask(edge > 0.5)
    kept = [column for column in joined if column not in ("overall", "lift", "class_share", count)]
    return joined.assign(probability=moved, bound=bound)[[*kept, "bound"]]


def _with_sizes(profile: pd.DataFrame, sizes: pd.DataFrame, count: str) -> pd.DataFrame:
    lacking = set(profile["class"]) - set(sizes["class"])
    if lacking:
        raise ValueError(f"There is no size for the classes {', '.join(map(str, sorted(lacking)))}.")
    return profile.drop(columns=[count], errors="ignore").merge(
        sizes[["class", count]], on="class", how="left"
    )
