"""The list of targets, and the register of functions that measure them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd
import yaml

from helpers.sources.store import Store

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
        id, topic, measure, group, value, unit, year, source, low and high (the range the figure took in the
        published years around, empty where there is one year alone), reason (why it is not met, if so).
    """
    folder = files(__package__)
    text = {"id": "string", "value": float, "low": float, "high": float}
    table = pd.read_csv(folder.joinpath("targets.csv").open(encoding="utf-8"), dtype=text)
    reasons = yaml.safe_load(folder.joinpath("reasons.yml").read_text(encoding="utf-8")) or {}
    return table.assign(reason=table["id"].map(reasons))


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
    table["ratio"] = table["country"] / table["value"]
    met = (table["ratio"] - 1).abs() <= WITHIN
    return table.assign(met=met | table["country"].between(table["low"], table["high"]))
