"""Reads parameters.yml, the one place where a planted figure stands."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml


@cache
def parameters() -> dict[str, Any]:
    """Return everything planted, as nested dicts with value, year, source or assumption."""
    text = files(__package__).joinpath("parameters.yml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def value(path: str) -> Any:
    """Return one planted value by its path, e.g. ``value("referral.again.within_1_year")``."""
    found: Any = parameters()
    for step in path.split("."):
        found = found[step]
    return found["value"]


@cache
def categories() -> pd.DataFrame:
    """Return the demand categories: name, share, growth, pandemic, again, plan, care, ages, items."""
    return pd.DataFrame(parameters()["categories"]["list"])


@cache
def item_probabilities() -> pd.DataFrame:
    """Return the probability of each factor code (columns) in each category (rows)."""
    table = pd.DataFrame(list(categories()["items"]), index=categories()["name"])
    table = table.fillna(value("categories.background"))
    return table.join(pd.DataFrame(value("categories.rare"), index=table.index))


def weibull(within_1_year: float, within_6_years: float) -> tuple[float, float]:
    """Return level and shape of F(t) = 1 - exp(-level * t ** shape) through two published points."""
    level, late = -np.log(1 - within_1_year), -np.log(1 - within_6_years)
    return float(level), float(np.log(late / level) / np.log(6))


def years_until(
    rng: np.random.Generator, size: int, points: tuple[float, float], ratio: np.ndarray | float = 1.0
) -> np.ndarray:
    """Draw years until an event whose share within one and six years is known; `ratio` is a hazard ratio."""
    level, shape = weibull(*points)
    return (rng.exponential(size=size) / (level * ratio)) ** (1 / shape)


def choose(rng: np.random.Generator, shares: dict[str, float], size: int) -> np.ndarray:
    """Draw codes with given shares (they need not add to one)."""
    weights = np.array(list(shares.values()), dtype=float)
    return rng.choice(np.array(list(shares)), size=size, p=weights / weights.sum())
