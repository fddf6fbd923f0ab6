"""The list of targets, and the register of functions that measure them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd
import yaml
from scipy import stats

from helpers.sources.store import Store, read_store

# Topics of the targets in the order in which a reader meets them, by theme, as a reader would call them.
THEMES = {
    "Referral and need": {
        "referrals": "Referrals",
        "assessments": "Assessments",
        "reentry": "Coming back",
        "cin": "Children in need",
    },
    "Factors and categories of need": {
        "assessment_factors": "Factors of assessments",
        "kingston": "The demand study",
    },
    "Protection and lifetimes": {
        "child_protection": "Child protection",
        "cumulative": "Ever before 18",
    },
    "Children looked after": {
        "cla_stock": "Who is looked after",
        "cla_flow": "Coming and going",
        "cla_placement": "Placement",
        "cla_stability": "Stability",
        "missing": "Missing",
        "uasc": "Unaccompanied children",
        "permanence": "Leaving and staying out",
        "care_leavers": "Care leavers",
    },
    "Inequality": {
        "inequality": "Deprivation and ethnicity",
        "household_hardship": "Household hardship",
        "la_variation": "Between authorities",
    },
    "School": {
        "education_ks2": "Key stage 2",
        "education_ks4": "Key stage 4",
        "absence": "Absence",
        "exclusions": "Exclusion",
        "sen": "Special needs",
    },
    "Other services": {
        "health": "Health",
        "justice": "Youth justice",
        "family_court": "Family court",
        "workforce": "Workforce",
        "spend": "Spending",
        "unit_costs": "Unit costs",
    },
}

WITHIN = 0.10  # a target counts as met when the country is within a tenth of it, or in its published range

Measure = Callable[..., float]


class Measured(NamedTuple):
    """How a target is measured: a function of a store, and arguments of its own."""

    function: Measure
    arguments: dict[str, Any]


MEASURES: dict[str, Measured] = {}


def target(id: str, **arguments: Any) -> Callable[[Measure], Measure]:
    """Register a function as the measure of a target; stacked for several targets that differ by argument."""

    def register(function: Measure) -> Measure:
        if id in MEASURES:
            raise ValueError(f"Target {id} is measured twice.")
        MEASURES[id] = Measured(function, arguments)
        return function

    return register


def one(store: Store, query: str, *values: Any) -> float:
    """Return the single number a SQL query over the canonical tables gives; `?` stands for values."""
    found = store.connection.con.execute(query, list(values)).fetchone()[0]
    return float("nan") if found is None else float(found)


def targets() -> pd.DataFrame:
    """Return the targets.

    Returns
    -------
    pandas.DataFrame
        id, theme, topic (as a reader would call it), label (measure, and group where it is needed to tell
        one from another), measure, group, value, unit, year, source, low and high (the range the figure took
        in the published years around, empty where there is one year alone), reason (why it is not met, if
        so); by theme and topic.
    """
    folder = files(__package__)
    text = {"id": "string", "value": float, "low": float, "high": float}
    table = pd.read_csv(folder.joinpath("targets.csv").open(encoding="utf-8"), dtype=text)
    reasons = yaml.safe_load(folder.joinpath("reasons.yml").read_text(encoding="utf-8")) or {}
    order = [(theme, key, name) for theme, topics in THEMES.items() for key, name in topics.items()]
    named = pd.DataFrame(order, columns=["theme", "topic", "name"])
    table = named.merge(table.assign(reason=table["id"].map(reasons)), on="topic")
    table = table.drop(columns="topic").rename(columns={"name": "topic"})
    table.insert(2, "label", _labels(table))
    return table


# What a label leaves out or says more shortly, for the reader of a figure.
SHORTER = {
    r" \(share of episodes with a factor\)|^(Factor|Category prevalence): | per 10,000": "",
    r"^(UASC|CLA) at .* by ": "",
    r" by neighbourhood .* \(10 = most deprived\): England decile (\d+)": r" in decile \1 of deprivation",
    "correlation with IMD 2019 average score": "correlation with deprivation",
    "SD across LAs": "spread",
}


def _labels(table: pd.DataFrame) -> pd.Series:
    """Return what a target is: its measure, and where that is not enough its group, or else its unit."""
    measure = table["measure"]
    label = measure.where(
        ~table.duplicated(["topic", "measure"], keep=False), measure + ": " + table["group"]
    )
    twice = table.assign(label=label).duplicated(["topic", "label"], keep=False)
    label = label.where(~twice, measure + " (" + table["unit"] + ")")
    for words, instead in SHORTER.items():
        label = label.str.replace(words, instead, regex=True)
    return label.str[:1].str.upper() + label.str[1:]


def calibrate(store: Store) -> pd.DataFrame:
    """Measure every target on a store.

    Returns
    -------
    pandas.DataFrame
        What `targets` returns, and country (the value found), ratio (country to published) and met (bool).
    """
    table = targets()
    table["country"] = [
        MEASURES[id].function(store, **MEASURES[id].arguments) if id in MEASURES else float("nan")
        for id in table["id"]
    ]
    return _judged(table)


def one_million() -> pd.DataFrame:
    """Return what `calibrate` found on a country of one million children, where chance moves little.

    `benchmarks/calibration.py` builds that country and writes the file; it takes some minutes.
    """
    found = pd.read_csv(files(__package__).joinpath("one_million.csv").open(encoding="utf-8"))
    return _judged(targets().merge(found, how="left", on="id"))


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    ratio = table["country"] / table["value"]
    met = ((ratio - 1).abs() <= WITHIN) | table["country"].between(table["low"], table["high"])
    return table.assign(ratio=ratio, met=met)


def chance(store: Store) -> pd.Series:
    """Measure how far chance alone moves each target in a country of this size.

    A country is written in parts whose families know nothing of each other. What a target varies between
    them, measured on each part alone, says how much of it is chance in the whole.

    Returns
    -------
    pandas.Series
        By id, half the width of a 95% interval as a share of the value (t distribution); empty where the
        parts are too few or hold too little.
    """
    parts = sorted({file.name for file in store.path.glob("*.parquet/part-*.parquet")})
    number = len(parts)
    if number < 2:
        return pd.Series(float("nan"), index=targets()["id"])
    stores = [read_store(store.path, part=part) for part in range(number)]
    found = pd.concat([calibrate(part).set_index("id")["country"] for part in stores], axis=1)
    error = found.std(axis=1) / found.mean(axis=1).abs() / number**0.5
    return error.where(found.notna().all(axis=1)) * stats.t.ppf(0.975, number - 1)


def explained(found: pd.DataFrame, chance: pd.Series) -> pd.Series:
    """Return whether each target of `calibrate` is met, or off by no more than chance explains (bool)."""
    allowed = WITHIN + found["id"].map(chance).fillna(0.0)
    return found["met"] | ((found["ratio"] - 1).abs() <= allowed)
