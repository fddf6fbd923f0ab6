"""Assessments and the factors recorded at their end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, collection_year, weekday_on_or_after
from helpers.synth.parameters import item_probabilities, value

# Until 2019/20 physical and sexual abuse had one code each; a share kept using it afterwards.
REPLACED = {"18A": ("18C", "18B"), "19A": ("19C", "19B")}
FIRST_YEAR = {"24A": 2022}  # collected from
ASYLUM = "9A"
LONG_CASE = 250  # days after the first assessment, for a second


def assessments(rng: np.random.Generator, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return assessments: the first of each referral, and for some a second before closure.

    Returns
    -------
    pandas.DataFrame
        referral_no (row of `referrals`), start, end, category, in_need, uasc, number (1 or 2).
    """
    first = referrals[~referrals["no_further_action"]]
    first = first.assign(referral_no=first.index, number=1)
    later = first[first["in_need"] & (first["closure"] - first["end"] > LONG_CASE)]
    later = later[rng.random(len(later)) < value("assessment.second")]
    start = weekday_on_or_after((later["end"] + 100 + rng.integers(0, 60, len(later))).to_numpy())
    end = weekday_on_or_after(start + rng.integers(15, 60, len(later)))
    second = later.assign(start=start, end=end, number=2)
    columns = ["referral_no", "number", "start", "end", "category", "in_need", "uasc"]
    return pd.concat([first, second])[columns].sort_values(["referral_no", "number"], ignore_index=True)


def factors(rng: np.random.Generator, assessed: pd.DataFrame) -> pd.DataFrame:
    """Draw the factors of each assessment from the item probabilities of its category.

    Parameters
    ----------
    assessed : pandas.DataFrame
        As `assessments` returns it.

    Returns
    -------
    pandas.DataFrame
        assessment_no (row of `assessed`), factor; one row each. Code 21 (none identified) stands alone.
    """
    probabilities = item_probabilities()
    drawn = rng.random((len(assessed), probabilities.shape[1]))
    present = drawn < probabilities.to_numpy()[assessed["category"]]
    year = collection_year(np.minimum(assessed["end"].to_numpy(), NEVER - 1))
    for code, first in FIRST_YEAR.items():
        present[:, probabilities.columns.get_loc(code)] &= year >= first
    present[:, probabilities.columns.get_loc(ASYLUM)] |= assessed["uasc"].to_numpy()
    row, column = np.nonzero(present)
    found = pd.DataFrame({"assessment_no": row, "factor": probabilities.columns.to_numpy()[column]})
    found["factor"] = _in_codes_of_the_year(rng, found["factor"], pd.Series(year).take(row))
    none = np.flatnonzero(~present.any(axis=1))
    other = np.where(assessed["in_need"].to_numpy()[none], "20", "21")
    found = pd.concat([found, pd.DataFrame({"assessment_no": none, "factor": other})])
    return found.sort_values(["assessment_no", "factor"], ignore_index=True)


def _in_codes_of_the_year(rng: np.random.Generator, factor: pd.Series, year: pd.Series) -> np.ndarray:
    """Write physical and sexual abuse in the codes valid when the assessment ended."""
    kept = year.map(value("assessment.old_code_share")).fillna(0.0).to_numpy()
    kept = np.where(year.to_numpy() <= 2020, 1.0, kept)
    new = rng.random(len(factor)) >= kept
    chance = rng.random(len(factor))
    written = factor.to_numpy(dtype=object)
    for old, (by_adult, child) in REPLACED.items():
        changed = new & (written == old)
        by_child = chance < value("assessment.by_a_child")[old]
        written = np.where(changed, np.where(by_child, child, by_adult), written)
    return written
