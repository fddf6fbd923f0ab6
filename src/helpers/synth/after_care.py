"""What the SSDA903 records around periods of care: reviews, missing episodes, outcomes, care leavers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, collection_year, day, to_dates, year_end
from helpers.synth.parameters import choose, value

YEAR = 365.25
REVIEWS = np.array(
    [20, 110, *range(285, 6500, 175)]
)  # days after the start: four weeks, three, then six months
TOOK_PART = {"PN1": 0.62, "PN2": 0.04, "PN3": 0.02, "PN4": 0.06, "PN5": 0.05, "PN6": 0.16, "PN7": 0.05}
WORKERS_FROM = 2024
PERMANENCE_FROM = day(2016, 4, 1)


def tables(
    rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int
) -> dict[str, pd.DataFrame]:
    """Return reviews, missing episodes, previous permanence, outcomes, care leavers and social workers.

    Parameters
    ----------
    periods : pandas.DataFrame
        Periods of care with authority, child_id, birth, respite, uasc, start, end, reason.
    begin, until : int
        First and last day of the observed years.
    """
    return {
        "care_reviews": _reviews(rng, periods, begin, until),
        "missing_episodes": _missing(rng, periods, begin, until),
        "previous_permanence": _permanence(rng, periods, until),
        "care_outcomes": _outcomes(rng, periods, begin, until),
        "care_leavers": _leavers(rng, periods, begin, until),
        "social_worker_episodes": _workers(rng, periods, until),
    }


def _who(periods: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return periods[["authority", "child_id"]].iloc[rows].reset_index(drop=True)


def _reviews(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    days = periods["start"].to_numpy()[:, None] + REVIEWS
    last = np.minimum(periods["end"].to_numpy() - 1, until)
    held = (days <= last[:, None]) & (days >= begin) & ~periods["respite"].to_numpy()[:, None]
    row, column = np.nonzero(held)
    when = days[row, column]
    under_4 = when < periods["birth"].to_numpy()[row] + 4 * YEAR
    return _who(periods, row).assign(
        review_date=to_dates(when),
        participation=np.where(under_4, "PN0", choose(rng, TOOK_PART, len(row))),
        collection_year=collection_year(when),
    )


def _missing(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    """Return short episodes of being missing, for a tenth of the children of ten and over."""
    start = np.maximum(periods["start"].to_numpy(), begin)
    length = np.minimum(periods["end"].to_numpy(), until) - start
    old_enough = (
        (start - periods["birth"].to_numpy() > 10 * YEAR) & (length > 60) & ~periods["respite"].to_numpy()
    )
    at_risk = np.flatnonzero(old_enough & (rng.random(len(periods)) < value("care.missing_share")))
    times = rng.integers(1, 5, len(at_risk))
    row = np.repeat(at_risk, times)
    place = np.concatenate([np.arange(n) for n in times]) if len(times) else np.empty(0, dtype=int)
    spacing = (length[row] - 10) // 5
    when = start[row] + 2 + place * spacing
    ends = when + rng.integers(1, 6, len(row))
    return _who(periods, row).assign(
        missing_start=to_dates(when),
        missing=choose(rng, {"M": 0.8, "A": 0.2}, len(row)),
        missing_end=to_dates(ends),
        collection_year=collection_year(ends),
    )


def _permanence(rng: np.random.Generator, periods: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return earlier permanence arrangements; asked of children who start care since April 2016."""
    asked = periods[(periods["start"] >= PERMANENCE_FROM) & ~periods["respite"]].drop_duplicates(
        "child", keep="last"
    )
    kind = choose(rng, {"Z1": 0.965, "P1": 0.01, "P2": 0.017, "P3": 0.008}, len(asked))
    kind = np.where(asked["start"] - asked["birth"] > 2 * YEAR, kind, "Z1")
    ordered = (asked["birth"] + (asked["start"] - asked["birth"]) * 0.5).astype(np.int64)
    written = "zz/" + to_dates(ordered).dt.strftime("%m/%Y").set_axis(asked.index)
    return asked[["authority", "child_id"]].assign(
        previous_permanence=kind,
        previous_authority=np.where(kind == "Z1", None, "999"),
        order_date=np.where(kind == "Z1", None, written),
        collection_year=collection_year(np.minimum(asked["end"], until)),
    )


def _outcomes(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    """Return what is recorded of children looked after for twelve months at 31 March."""
    years = np.arange(collection_year(np.array([begin]))[0], collection_year(np.array([until]))[0] + 1)
    ends = np.array([year_end(y) for y in years])
    year_before = np.array([year_end(y - 1) for y in years])
    there = (periods["start"].to_numpy()[:, None] <= year_before) & (
        periods["end"].to_numpy()[:, None] > ends
    )
    row, column = np.nonzero(there & ~periods["respite"].to_numpy()[:, None])
    age = (ends[column] - periods["birth"].to_numpy()[row]) / YEAR
    size = len(row)
    flag = lambda share: rng.random(size) < share  # noqa: E731
    asked = (age >= 4.02) & (age < 16.98)
    answered = asked & flag(0.77)
    misuse = flag(np.where(age >= 12, 0.07, 0.0))
    received = misuse & flag(0.5)
    return _who(periods, row).assign(
        collection_year=years[column],
        sdq_score=pd.array(
            np.where(answered, np.clip(rng.normal(14, 7, size), 0, 40), np.nan).round(), dtype="Int64"
        ),
        sdq_reason=np.where(
            asked & ~answered, choose(rng, {"SDQ2": 0.4, "SDQ3": 0.1, "SDQ4": 0.3, "SDQ5": 0.2}, size), None
        ),
        convicted=np.where(age >= 10, flag(0.02), None),
        health_check=np.where(age < 5, flag(0.88), None),
        immunised=flag(0.83),
        teeth_checked=flag(0.78),
        health_assessed=flag(0.89),
        substance_misuse=misuse,
        intervention_received=np.where(misuse, received, None),
        intervention_offered=np.where(misuse & ~received, flag(0.8), None),
    )


def _leavers(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    """Return care leavers who turn 19, 20 or 21 in a collection year, having stayed in care until 18."""
    left = periods[(periods["reason"] == "ADULT") & (periods["end"] - periods["start"] > 100)]
    left = left.drop_duplicates("child", keep="last").reset_index(drop=True)
    parts = []
    for birthday in (19, 20, 21):
        when = left["birth"].to_numpy() + int(birthday * YEAR) + 1
        at = np.flatnonzero((when >= begin) & (when <= until))
        parts.append(_who(left, at).assign(collection_year=collection_year(when[at])))
    found = pd.concat(parts, ignore_index=True)
    size = len(found)
    in_touch = choose(rng, {"YES": 0.92, "NO": 0.05, "REFU": 0.03}, size)
    late = found["collection_year"].to_numpy() >= 2022
    work = np.where(late, "F5", "F3")
    activity = choose(
        rng, {"F1": 0.06, "F2": 0.17, "WORK": 0.27, "F4": 0.04, "G4": 0.14, "G5": 0.25, "G6": 0.07}, size
    )
    home = choose(
        rng,
        {
            "B1": 0.11,
            "D1": 0.2,
            "E1": 0.06,
            "K1": 0.04,
            "U1": 0.34,
            "Z1": 0.14,
            "R2": 0.03,
            "S2": 0.02,
            "X2": 0.03,
            "W2": 0.01,
            "Y1": 0.02,
        },
        size,
    )
    known = in_touch == "YES"
    return found.assign(
        in_touch=in_touch,
        activity=np.where(known, np.where(activity == "WORK", work, activity), "0"),
        accommodation=np.where(known, home, "0"),
    )


def _workers(rng: np.random.Generator, periods: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return the social worker of each child looked after since the collection began in 2023/24."""
    begins = year_end(WORKERS_FROM - 1) + 1
    found = periods[(periods["end"] >= begins) & (periods["start"] <= until)]
    start = np.maximum(found["start"].to_numpy(), begins)
    ended = found["end"].to_numpy() <= until
    worker = np.char.add("SW", np.char.zfill(rng.integers(1, 400, len(found)).astype(str), 6))
    return found[["authority", "child_id"]].assign(
        worker_id=worker,
        worker_start=to_dates(start).to_numpy(),
        worker_end=to_dates(np.where(ended, found["end"], NEVER)).to_numpy(),
        reason_changed=np.where(ended, "TSPROC", None),
        collection_year=collection_year(np.minimum(found["end"], until)),
    )
