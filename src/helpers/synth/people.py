"""What a child is: birth, sex, ethnicity, disability and pupil number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.synth.parameters import choose, value

AGE_BANDS = [(-0.5, -0.02), (0, 1), (1, 5), (5, 10), (10, 16), (16, 17.9)]
CHECK_LETTERS = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))


def age_band(age: np.ndarray) -> np.ndarray:
    """Return 0 to 4 for ages under 1 (and unborn), 1-4, 5-9, 10-15, 16-17."""
    return np.searchsorted([1, 5, 10, 16], age, side="right")


def ages_of_arrival(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return ages in years of unaccompanied asylum-seeking children; most are nearly adult."""
    age = value("care.uasc_age")
    return age["oldest"] - age["span"] * rng.random(size) ** age["power"]


def ages_at_first_referral(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return ages in years; negative for children not yet born."""
    weights = np.array(value("referral.age_weights"))
    band = rng.choice(len(AGE_BANDS), size=size, p=weights / weights.sum())
    low, high = np.array(AGE_BANDS).T
    return low[band] + rng.random(size) * (high - low)[band]


def describe(
    rng: np.random.Generator, authority: pd.Series, region: pd.Series, uasc: np.ndarray
) -> pd.DataFrame:
    """Return lasting characteristics, one row per child.

    Parameters
    ----------
    rng : numpy.random.Generator
    authority, region : pandas.Series of str
        Where each child is first known.
    uasc : numpy.ndarray of bool
        Whether the child is unaccompanied and seeking asylum.

    Returns
    -------
    pandas.DataFrame
        child_id, sex, ethnicity, disabled (bool), upn; index as given.
    """
    size = len(authority)
    female = np.where(uasc, value("child.uasc_female"), value("child.female"))
    return pd.DataFrame(
        {
            "child_id": "C"
            + authority
            + pd.Series(np.arange(size), index=authority.index).map("{:07d}".format),
            "sex": np.where(rng.random(size) < female, "F", "M"),
            "ethnicity": _ethnicity(rng, region.to_numpy(), uasc),
            "disabled": rng.random(size) < value("child.disabled"),
            "upn": pupil_numbers(rng, size),
        },
        index=authority.index,
    )


def pupil_numbers(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return valid pupil numbers: a check letter, an authority's code and nine digits.

    The check letter is the sum of the twelve digits, weighted 2 to 13, modulo 23 (DfE, UPN guide).
    """
    codes = np.array(sorted(c for c in valid_codes("la_code") if c.isdigit()))
    serial = rng.choice(10**8, size=size, replace=False) if size < 10**7 else rng.permutation(10**8)[:size]
    digits = np.char.add(rng.choice(codes, size), np.char.zfill(serial.astype(str), 9))
    numbers = (
        np.array([list(map(int, number)) for number in digits]) if size else np.empty((0, 12), dtype=int)
    )
    letters = CHECK_LETTERS[(numbers * np.arange(2, 14)).sum(axis=1) % 23]
    return np.char.add(letters, digits)


def disabilities(rng: np.random.Generator, children: pd.DataFrame) -> pd.DataFrame:
    """Return one row per child and disability: one or more for a disabled child, else NONE."""
    shares = value("child.disabilities")
    codes = np.array(list(shares))
    has = rng.random((len(children), len(codes))) < np.array(list(shares.values()))
    has &= children["disabled"].to_numpy()[:, None]
    first = rng.integers(0, len(codes), len(children))
    has[np.arange(len(children)), first] |= children["disabled"].to_numpy() & ~has.any(axis=1)
    row, column = np.nonzero(has)
    found = children.iloc[row].assign(disability=codes[column])
    none = children[~children["disabled"]].assign(disability="NONE")
    columns = ["authority", "child_id", "disability", "collection_year"]
    return pd.concat([found, none])[columns].sort_values(columns, ignore_index=True)


def _ethnicity(rng: np.random.Generator, region: np.ndarray, uasc: np.ndarray) -> np.ndarray:
    """Draw granular ethnicity by the mix of the region; unaccompanied children have a mix of their own."""
    drawn = choose(rng, value("child.ethnicity"), len(region)).astype(object)
    for name, odds in value("child.ethnicity_by_region").items():
        mix = {code: share * odds.get(code, 1.0) for code, share in value("child.ethnicity").items()}
        there = region == name
        drawn[there] = choose(rng, mix, int(there.sum()))
    drawn[uasc] = choose(rng, value("child.uasc_ethnicity"), int(uasc.sum()))
    return drawn
