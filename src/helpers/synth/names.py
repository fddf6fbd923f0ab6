"""Names of made-up people, and the ways in which names and dates are written down wrongly.

`names.csv` holds common forenames and surnames with weights for people born early (1960) and late (2015). All
errors work on whole columns: a name is a row of letters in a matrix.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

EARLY, LATE = 1960, 2015
ERAS = 12  # steps of the drift of fashion between them
LENGTH = 40  # no name is longer
NAMED_LIKE = {"Mixed": "White"}


@cache
def _list() -> pd.DataFrame:
    """Return kind, group, sex, name, early, late, short; in the order of the file."""
    return pd.read_csv(files(__package__).joinpath("names.csv").open(encoding="utf-8"), keep_default_na=False)


def forenames(rng: np.random.Generator, sex: np.ndarray, group: np.ndarray, year: np.ndarray) -> np.ndarray:
    """Draw forenames by sex ("F", "M"), broad ethnic group and year of birth."""
    era = np.clip((np.asarray(year) - EARLY) * ERAS // (LATE - EARLY), 0, ERAS)
    return _draw(rng, "forename", np.asarray(group, dtype=object), np.asarray(sex, dtype=object), era)


def surnames(rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
    """Draw surnames by broad ethnic group."""
    size = len(group)
    return _draw(
        rng, "surname", np.asarray(group, dtype=object), np.full(size, ""), np.zeros(size, dtype=int)
    )


def _draw(
    rng: np.random.Generator, kind: str, group: np.ndarray, sex: np.ndarray, era: np.ndarray
) -> np.ndarray:
    known = _list()[_list()["kind"] == kind]
    drawn = np.full(len(group), "", dtype=object)
    chance = rng.random(len(group))
    like = pd.Series(group).replace(NAMED_LIKE).to_numpy()
    for (own, gender), names in known.groupby(["group", "sex"]):
        at = np.flatnonzero((like == own) & (sex == gender))
        share = era[at] / ERAS
        weight = np.outer(1 - np.arange(ERAS + 1) / ERAS, names["early"])
        weight += np.outer(np.arange(ERAS + 1) / ERAS, names["late"])
        upto = weight.cumsum(axis=1) / weight.sum(axis=1, keepdims=True)
        step = np.round(share * ERAS).astype(int)
        # One search over all steps: those of step k lie between k and k + 1.
        line = (upto + np.arange(ERAS + 1)[:, None]).ravel()
        found = np.searchsorted(line, step + chance[at], side="right") - step * len(names)
        drawn[at] = names["name"].to_numpy()[found.clip(0, len(names) - 1)]
    return drawn


def short(names: np.ndarray) -> np.ndarray:
    """Return the short form of forenames; the name itself where it has none."""
    known = _list()[_list()["short"] != ""].drop_duplicates("name").set_index("name")["short"]
    names = pd.Series(names)
    return names.map(known).fillna(names).to_numpy(dtype=object)


def misspell(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """Return names with one slip each: two letters swapped, or one dropped, doubled or put for another."""
    text = np.asarray(names).astype(f"U{LENGTH}")
    size = len(text)
    if not size:
        return text.astype(object)
    letters = text.view(np.uint32).reshape(size, LENGTH).copy()
    length = np.char.str_len(text)
    at = 1 + (rng.random(size) * np.maximum(length - 2, 0)).astype(np.int64)  # never the first letter
    at = np.minimum(at, np.maximum(length - 1, 0))
    slip = rng.integers(0, 4, size)
    row = np.arange(size)
    column = np.arange(LENGTH)
    # From the slip on, letters come from one place further (dropped) or one place before (doubled).
    behind = column > at[:, None] - (slip == 1)[:, None]
    step = np.where(slip == 1, 1, np.where(slip == 2, -1, 0))[:, None] * behind
    slipped = np.take_along_axis(letters, np.clip(column + step, 0, LENGTH - 1), axis=1)
    swap = (slip == 0) & (at + 1 < length)
    slipped[row[swap], at[swap]] = letters[row[swap], at[swap] + 1]
    slipped[row[swap], at[swap] + 1] = letters[row[swap], at[swap]]
    other = (slip == 3) & (length > 0)
    slipped[row[other], at[other]] = ord("a") + rng.integers(0, 26, int(other.sum()))
    return np.ascontiguousarray(slipped).view(f"U{LENGTH}").ravel().astype(object)


def mistype(rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """Return numbers (text) with one digit, of those after the fourth character, changed."""
    text = np.asarray(numbers).astype("U14")
    if not len(text):
        return text.astype(object)
    digits = text.view(np.uint32).reshape(len(text), 14).copy()
    at = 4 + rng.integers(0, 5, len(text))
    row = np.arange(len(text))
    digits[row, at] = ord("0") + (digits[row, at] - ord("0") + rng.integers(1, 10, len(text))) % 10
    return digits.view("U14").ravel().astype(object)


def swap_day_and_month(days: np.ndarray) -> np.ndarray:
    """Return days (numbers) with day and month swapped, where that is a date; else as they were."""
    date = np.asarray(days).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    year = date.astype("datetime64[Y]")
    of_month = (date - month).astype(np.int64)  # from 0
    of_year = (month - year.astype("datetime64[M]")).astype(np.int64)
    swapped = (year.astype("datetime64[M]") + of_month.clip(0, 11)).astype("datetime64[D]") + of_year
    return np.where(of_month < 12, swapped.astype(np.int64), days)


def first_of(days: np.ndarray, unit: str) -> np.ndarray:
    """Return the first day of the month ("M") or year ("Y") of each day."""
    return (
        np.asarray(days)
        .astype("datetime64[D]")
        .astype(f"datetime64[{unit}]")
        .astype("datetime64[D]")
        .astype(np.int64)
    )
