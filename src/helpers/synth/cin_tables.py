"""From simulated events to the canonical tables of the CIN Census, as the returns would show them.

Only what some return of the observed years holds is written: a referral that was open or came in at that
time, an assessment completed or begun in it, and so on; nothing after the last day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, birthday, collection_year, to_dates, year_end
from helpers.synth.parameters import choose, value

LAST_CLOSURE_WITHOUT_RC9 = year_end(2022)
CLOSED_AFTER_CARE = {"ADOPT": "RC1", "SGO": "RC4", "E41": "RC3", "E3": "RC5"}


def children(known: pd.DataFrame, last_year: np.ndarray, until: int) -> pd.DataFrame:
    """Return the canonical table children.

    Parameters
    ----------
    known : pandas.DataFrame
        Children as `helpers.synth.referrals.first_referrals` returns them, with death (day, or NEVER).
    last_year : numpy.ndarray
        Last collection year whose return holds each child; 0 for a child in no observed return.
    until : int
        Last day of the data.
    """
    seen = known.assign(collection_year=last_year)[last_year > 0]
    end = np.array([year_end(y) for y in seen["collection_year"]])
    birth = seen["birth"].to_numpy()
    unborn = birth > end
    pupil = birthday(birth, 5) < end
    return seen.assign(
        sex=np.where(unborn, "U", seen["sex"]),
        birth_date=to_dates(np.where(unborn, NEVER, birth), until).to_numpy(),
        death_date=to_dates(np.where(seen["death"] <= end, seen["death"], NEVER)).to_numpy(),
        expected_birth_date=to_dates(np.where(unborn, birth, NEVER)).to_numpy(),
        upn=np.where(pupil, seen["upn"], None),
        upn_unknown=np.where(pupil, None, "UN1"),
    )


def referrals(found: pd.DataFrame, keys: pd.DataFrame, rng: np.random.Generator, until: int) -> pd.DataFrame:
    """Return the canonical table referrals; `keys` holds authority and child_id of each row."""
    helped = ~found["no_further_action"]
    open_ = helped & (found["closure"] > until)
    reason = _closure_reasons(found, rng)
    return keys.assign(
        referral_date=to_dates(found["referral"]),
        referral_source=found["source"],
        primary_need=np.where(helped, _primary_need(found, rng), None),
        no_further_action=found["no_further_action"],
        closure_date=to_dates(np.where(helped & ~open_, found["closure"], NEVER)),
        closure_reason=np.where(helped & ~open_, reason, None),
        collection_year=referral_years(found, until)[1],
    )


def referral_years(found: pd.DataFrame, until: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last collection year whose return holds each referral."""
    return collection_year(found["referral"]), collection_year(np.minimum(found["closure"], until))


def assessments(found: pd.DataFrame, keys: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return the canonical table assessments; not completed by the last day means no end date."""
    done = found["end"].to_numpy() <= until
    return keys.assign(
        assessment_start=to_dates(found["start"]),
        review_date=pd.NaT,
        assessment_end=to_dates(np.where(done, found["end"], NEVER)),
        collection_year=collection_year(np.where(done, found["end"], found["start"])),
    )


def section47(found: pd.DataFrame, keys: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return the canonical table section47; a conference still to come has no date yet."""
    needed = found["conference"].to_numpy() < NEVER
    held = found["conference"].to_numpy() <= until
    return keys.assign(
        enquiry_start=to_dates(found["start"]),
        conference_target=to_dates(np.where(needed, found["target"], NEVER)),
        conference_date=to_dates(np.where(held, found["conference"], NEVER)),
        conference_not_required=~needed,
        collection_year=collection_year(np.where(held, found["conference"], found["start"])),
    )


def plans(found: pd.DataFrame, keys: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return plans of either kind: plan_start, plan_end (empty while open) and collection_year."""
    ended = found["end"].to_numpy() <= until
    return keys.assign(
        plan_start=to_dates(found["start"]),
        plan_end=to_dates(np.where(ended, found["end"], NEVER)),
        collection_year=collection_year(np.minimum(found["end"], until)),
    )


def _closure_reasons(found: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return why each case closed; early help as a reason of its own only from 2022/23."""
    early_help = rng.random(len(found)) < value("referral.to_early_help")
    early_help &= found["closure"] > LAST_CLOSURE_WITHOUT_RC9
    after_assessment = np.where(early_help, "RC9", "RC8")
    otherwise = np.where(rng.random(len(found)) < value("referral.transferred"), "RC5", "RC7")
    otherwise = np.where(found["died"], "RC2", otherwise)
    otherwise = found["left_care"].map(CLOSED_AFTER_CARE).fillna(pd.Series(otherwise, index=found.index))
    return np.where(found["in_need"], otherwise, after_assessment)


def _primary_need(found: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return the main need: mostly abuse or neglect, disability where that is the category."""
    drawn = choose(rng, value("referral.primary_need"), len(found))
    disability = (found["category"] == 2) & (rng.random(len(found)) < value("referral.disability_need"))
    return np.where(disability, "N2", drawn)
