"""How a child appears in records: numbers, disability codes, age bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.catalogue.codes import valid_codes
from helpers.synth.parameters import value

CHECK_LETTERS = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))
STRIDE = 387_420_489  # shares no factor with 10**9: numbers of people become serials without order
# Each data set numbers people its own way, so that digits of one number say nothing of another.
STRIDES = {
    "P": STRIDE,
    "H": 282_475_249,
    "J": 214_358_881,
    "F": 62_748_517,
    "D": 410_338_673,
    "R": 594_823_321,
    "HH": 815_730_721,
    "S": 148_035_889,
    "N": 893_871_739,
    "K": 310_985_281,
}


def age_band(age: np.ndarray) -> np.ndarray:
    """Return 0 to 4 for ages under 1 (and unborn), 1-4, 5-9, 10-15, 16-17."""
    return np.searchsorted([1, 5, 10, 16], age, side="right")


def child_ids(person: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return the authority's number of each child; it changes when the child moves to another authority."""
    number = 2 * np.asarray(person) + np.asarray(later)
    return np.char.add("C", np.char.zfill(number.astype(str), 9)).astype(object)


def pupil_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in the National Pupil Database: P and nine digits."""
    return _serials("P", person)


def patient_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in health records: H and nine digits."""
    return _serials("H", person)


def justice_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in criminal justice records: J and nine digits."""
    return _serials("J", person)


def court_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in family court records: F and nine digits."""
    return _serials("F", person)


def police_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in police records of domestic abuse: D and nine digits."""
    return _serials("D", person)


def register_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in the register of families: R and nine digits."""
    return _serials("R", person)


def household_ids(person: np.ndarray) -> np.ndarray:
    """Return the number of the household named after each person (int): HH and nine digits.

    The household in which a family's children live is named after the mother, even where she has left it.
    """
    return _serials("HH", person)


def nhs_numbers(person: np.ndarray) -> np.ndarray:
    """Return valid NHS numbers, ten digits long, of ranges from which none is given out in England.

    The last digit makes the sum of all, weighted 10 down to 1, a multiple of 11 (NHS data dictionary). There
    are 150 million such numbers; of two that follow each other at least one has a check digit.
    """
    core = np.asarray(person, dtype=np.int64) * STRIDE % 150_000_000
    number = 2 * core + np.where(core < 50_000_000, 500_000_000, 700_000_000)
    number += _nhs_check(number) == 10
    return (10 * number + _nhs_check(number)).astype(str).astype(object)


def _nhs_check(number: np.ndarray) -> np.ndarray:
    digits = number[:, None] // 10 ** np.arange(8, -1, -1) % 10
    return -(digits * np.arange(10, 1, -1)).sum(axis=1) % 11


def service_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in records of specialist services: S and nine digits."""
    return _serials("S", person)


def mechanism_ids(person: np.ndarray) -> np.ndarray:
    """Return the number each person (int) has in the National Referral Mechanism: N and nine digits."""
    return _serials("N", person)


def case_ids(letter: str, person: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Return numbers of cases: the `turn`-th (below 100) that the person (int) is the first in."""
    number = np.asarray(person, dtype=np.int64) * STRIDES["K"] % 10**9 * 100 + np.asarray(turn)
    return np.char.add(letter, np.char.zfill(number.astype(str), 11)).astype(object)


def _serials(letter: str, person: np.ndarray) -> np.ndarray:
    number = np.asarray(person, dtype=np.int64) * STRIDES[letter] % 10**9
    return np.char.add(letter, np.char.zfill(number.astype(str), 9)).astype(object)


def pupil_numbers(person: np.ndarray) -> np.ndarray:
    """Return valid unique pupil numbers: a check letter, an authority's code and nine digits.

    The check letter is the sum of the twelve digits, weighted 2 to 13, modulo 23 (DfE, UPN guide).
    """
    codes = np.array(sorted(int(c) for c in valid_codes("la_code") if c.isdigit()))
    person = np.asarray(person, dtype=np.int64)
    number = codes[person % len(codes)] * 10**9 + person * STRIDE % 10**9
    digits = number[:, None] // 10 ** np.arange(11, -1, -1) % 10
    letters = CHECK_LETTERS[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    return np.char.add(letters, np.char.zfill(number.astype(str), 12)).astype(object)


def disabilities(rng: np.random.Generator, children: pd.DataFrame) -> pd.DataFrame:
    """Return one row per child and disability: one or more for a disabled child, else NONE.

    Parameters
    ----------
    rng : numpy.random.Generator
    children : pandas.DataFrame
        authority, child_id, collection_year, disabled (bool).
    """
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
