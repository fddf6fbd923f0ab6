"""What the SSDA903 records around periods of care: reviews, missing episodes, outcomes, care leavers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.care import STAY
from helpers.synth.days import NEVER, birthday, collection_year, day, to_dates, year_end
from helpers.synth.parameters import choose, value

YEAR = 365.25
STAYING_PUT = "Z1"  # with former foster carers
REVIEWS = np.array([20, 110, *range(285, 6500, 175)])  # days: within four weeks, three, then six months
WORKERS_FROM = 2024
PERMANENCE_FROM = day(2016, 4, 1)
LEAST_MISSING_DAYS = 60  # in care within the year, for anyone to go missing
MOST_WORKERS = 4


def tables(
    rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int
) -> dict[str, pd.DataFrame]:
    """Return reviews, missing episodes, previous permanence, outcomes, care leavers and social workers.

    Parameters
    ----------
    periods : pandas.DataFrame
        Periods of care with authority, child_id, birth, respite, uasc, start, end, reason, and fostered
        (whether the last placement was in foster care).
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
    under_4 = when < birthday(periods["birth"].to_numpy()[row], 4)
    return _who(periods, row).assign(
        review_date=to_dates(when),
        participation=np.where(under_4, "PN0", choose(rng, value("care.participation"), len(row))),
        collection_year=collection_year(when),
    )


def _missing(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    """Return short episodes of being missing, in each year for a share of the children of ten and over."""
    years = np.arange(collection_year(np.array([begin]))[0], collection_year(np.array([until]))[0] + 1)
    first = np.array([year_end(y - 1) + 1 for y in years])
    last = np.array([year_end(y) for y in years])
    start = np.maximum(periods["start"].to_numpy()[:, None], first)
    length = np.minimum(periods["end"].to_numpy()[:, None], last) - start
    at_risk = (start - periods["birth"].to_numpy()[:, None] > 10 * YEAR) & (length > LEAST_MISSING_DAYS)
    at_risk &= ~periods["respite"].to_numpy()[:, None]
    row, column = np.nonzero(at_risk & (rng.random(at_risk.shape) < value("care.missing_a_year")))
    most = value("care.missing_most_times")
    times = rng.integers(1, most + 1, len(row))
    place = np.arange(most)[np.nonzero(np.arange(most) < times[:, None])[1]]
    row, column = np.repeat(row, times), np.repeat(column, times)
    spacing = (length[row, column] - 10) // (most + 1)
    when = start[row, column] + 2 + place * spacing
    ends = when + rng.integers(1, 6, len(row))
    return _who(periods, row).assign(
        missing_start=to_dates(when),
        missing=choose(rng, value("care.missing_kind"), len(row)),
        missing_end=to_dates(ends),
        collection_year=collection_year(ends),
    )


def _permanence(rng: np.random.Generator, periods: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return earlier permanence arrangements; asked of children who start care since April 2016."""
    asked = periods[(periods["start"] >= PERMANENCE_FROM) & ~periods["respite"]].drop_duplicates(
        "child", keep="last"
    )
    kind = choose(rng, value("care.previous_permanence"), len(asked))
    kind = np.where(asked["start"] - asked["birth"] > 2 * YEAR, kind, "Z1")
    ordered = ((asked["birth"] + asked["start"]) // 2).astype(np.int64)
    written = "ZZ/" + to_dates(ordered).dt.strftime("%m/%Y").set_axis(asked.index)
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
    begins = np.array([year_end(y - 1) + 1 for y in years])
    there = (periods["start"].to_numpy()[:, None] <= begins) & (periods["end"].to_numpy()[:, None] > ends)
    row, column = np.nonzero(there & ~periods["respite"].to_numpy()[:, None])
    aged = lambda years: birthday(periods["birth"].to_numpy()[row], years) <= ends[column]  # noqa: E731
    size = len(row)
    flag = lambda share: rng.random(size) < share  # noqa: E731
    planted = lambda name: flag(value(f"outcomes.{name}"))  # noqa: E731
    sdq = value("outcomes.sdq_score")
    asked = aged(4) & ~aged(17)
    answered = asked & planted("sdq_answered")
    misuse = aged(12) & planted("substance_misuse")
    received = misuse & planted("intervention_received")
    return _who(periods, row).assign(
        collection_year=years[column],
        sdq_score=pd.array(
            np.where(answered, np.clip(rng.normal(sdq["mean"], sdq["spread"], size), 0, 40), np.nan).round(),
            dtype="Int64",
        ),
        sdq_reason=np.where(asked & ~answered, choose(rng, value("outcomes.sdq_reasons"), size), None),
        convicted=np.where(aged(10), planted("convicted"), None),
        health_check=np.where(~aged(5), planted("health_check"), None),
        immunised=planted("immunised"),
        teeth_checked=planted("teeth_checked"),
        health_assessed=planted("health_assessed"),
        substance_misuse=misuse,
        intervention_received=np.where(misuse, received, None),
        intervention_offered=np.where(misuse & ~received, planted("intervention_offered"), None),
    )


def _leavers(rng: np.random.Generator, periods: pd.DataFrame, begin: int, until: int) -> pd.DataFrame:
    """Return care leavers who turn 19, 20 or 21 in a collection year, having stayed in care until 18."""
    left = periods[(periods["reason"] == STAY) & (periods["end"] - periods["start"] > 100)]
    left = left.drop_duplicates("child", keep="last").reset_index(drop=True)
    parts = []
    for age in (19, 20, 21):
        when = birthday(left["birth"].to_numpy(), age)
        at = np.flatnonzero((when >= begin) & (when <= until))
        stays = left["fostered"].to_numpy()[at] & (age < 21)
        parts.append(_who(left, at).assign(collection_year=collection_year(when[at]), could_stay=stays))
    found = pd.concat(parts, ignore_index=True)
    size = len(found)
    in_touch = choose(rng, value("leaving.in_touch"), size)
    late = found["collection_year"].to_numpy() >= 2022
    work = np.where(late, "F5", "F3")
    activity = choose(rng, value("leaving.activity"), size)
    home = choose(rng, value("leaving.accommodation"), size)
    stays = found.pop("could_stay").to_numpy() & (rng.random(size) < value("leaving.staying_put"))
    home = np.where(stays, STAYING_PUT, home)
    known = in_touch == "YES"
    return found.assign(
        in_touch=in_touch,
        activity=np.where(known, np.where(activity == "WORK", work, activity), "0"),
        accommodation=np.where(known, home, "0"),
    )


def _workers(rng: np.random.Generator, periods: pd.DataFrame, until: int) -> pd.DataFrame:
    """Return the social workers of each child looked after since the collection began in 2023/24."""
    begins = year_end(WORKERS_FROM - 1) + 1
    found = periods[(periods["end"] >= begins) & (periods["start"] <= until)].reset_index(drop=True)
    waits = rng.exponential(value("care.same_worker_years"), (len(found), MOST_WORKERS)) * YEAR + 30
    waits[:, -1] = 100 * YEAR  # the last one stays
    start = np.maximum(found["start"].to_numpy(), begins)
    ends = np.minimum(start[:, None] + waits.cumsum(axis=1), found["end"].to_numpy()[:, None]).astype(int)
    starts = np.column_stack([start, ends[:, :-1]])
    row, column = np.nonzero((starts < ends) & (starts <= until))
    start, end = starts[row, column], ends[row, column]
    worker = np.char.add("SW", np.char.zfill(rng.integers(1, 400, len(row)).astype(str), 6))
    return _who(found, row).assign(
        worker_id=worker,
        worker_start=to_dates(start),
        worker_end=to_dates(np.where(end <= until, end, NEVER)),
        reason_changed=np.where(end <= until, choose(rng, value("care.worker_reasons"), len(row)), None),
        collection_year=collection_year(np.minimum(end, until)),
    )
