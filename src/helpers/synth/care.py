"""Periods of care and the episodes within them: legal status, placement, and how each ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import birthday, day
from helpers.synth.parameters import categories, choose, value, years_until

YEAR = 365.25
ADULT = int(18 * YEAR)
MOST_PERIODS = 3  # within one referral
MOST_MOVES = 6
SUPPORTED_FROM = day(2024, 4, 1)  # supported accommodation (K3) takes the place of semi-independent (H5)
HOME = ("E4A", "E4B")
CHANGE_REASONS = {"CARPL": 0.6, "PLACE": 0.08, "CREQB": 0.12, "CREQO": 0.08, "CHILD": 0.06, "LAREQ": 0.06}


def periods(
    rng: np.random.Generator, referrals: pd.DataFrame, birth: np.ndarray, uasc: np.ndarray
) -> pd.DataFrame:
    """Return periods of care for the referrals of one round.

    Parameters
    ----------
    referrals : pandas.DataFrame
        referral, end (of the assessment), category, in_need; one row per referral.
    birth, uasc : numpy.ndarray
        Day of birth, and whether the child is unaccompanied and seeking asylum, of each row.

    Returns
    -------
    pandas.DataFrame
        row (of `referrals`), birth, uasc, respite, start, end, reason (how it ends). A child who goes home
        may come back into care.
    """
    ratio = categories()["care"].to_numpy()[referrals["category"]]
    share = value("care.after_assessment") * ratio
    start = np.maximum(referrals["end"].to_numpy(), birth + 3) + rng.integers(1, 60, len(referrals))
    enters = referrals["in_need"].to_numpy() & (rng.random(len(referrals)) < share) & ~uasc
    respite = enters & (rng.random(len(referrals)) < value("care.respite_share"))
    start = np.where(uasc, referrals["referral"].to_numpy() + 1, start)
    enters = (enters | uasc) & (start < birth + ADULT - 60)
    row = np.flatnonzero(enters)
    now = pd.DataFrame(
        {"row": row, "birth": birth[row], "uasc": uasc[row], "respite": respite[row], "start": start[row]}
    )
    found = []
    for _ in range(MOST_PERIODS):
        now = _end(rng, now)
        found.append(now)
        back = now["end"] + np.ceil(_years_until_return(rng, len(now)) * YEAR).astype(np.int64) + 1
        again = now["reason"].isin(HOME) & (back < now["birth"] + ADULT - 60) & ~now["uasc"]
        now = now[again].assign(start=back[again]).drop(columns=["end", "reason"])
    return pd.concat(found, ignore_index=True)


def _years_until_return(rng: np.random.Generator, size: int) -> np.ndarray:
    points = (value("care.again_within_1_year"), value("care.again_within_6_years"))
    return np.minimum(years_until(rng, size, points), 50)


def _end(rng: np.random.Generator, now: pd.DataFrame) -> pd.DataFrame:
    """Draw how long each period lasts and how it ends; at 18 at the latest."""
    spread = rng.normal(0, value("care.years_in_care_spread"), len(now))
    length = np.clip(value("care.years_in_care_median") * np.exp(spread) * YEAR, 12, 20 * YEAR).astype(
        np.int64
    )
    length = np.where(now["uasc"], 20 * ADULT, np.where(now["respite"], rng.integers(3, 8, len(now)), length))
    adult = birthday(now["birth"].to_numpy(), 18)
    end = np.minimum(now["start"].to_numpy() + length, adult)
    young = end < now["birth"] + 5 * YEAR
    exits = value("care.exits")
    reason = np.where(young, choose(rng, exits["young"], len(now)), choose(rng, exits["older"], len(now)))
    # An adoption takes time: a shorter period ends in another way.
    reason = np.where((reason == "ADOPT") & (end - now["start"] < 300), "E47", reason)
    reason = np.where(now["respite"], "E4A", reason)
    return now.assign(end=end, reason=np.where(end == adult, "ADULT", reason))


def episodes(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Split periods into episodes, one for each legal status and placement.

    Parameters
    ----------
    found : pandas.DataFrame
        As `periods` returns it, with `period` numbering the rows.

    Returns
    -------
    pandas.DataFrame
        period, start, end, new (reason for the new episode), status, placement, move (number of the
        placement within the period), ceased (X1 within a period).
    """
    events = pd.concat([_legal_events(rng, found), _placement_events(rng, found)], ignore_index=True)
    events = events.sort_values(["period", "start", "kind"], kind="stable")
    events = events.drop_duplicates(["period", "start", "kind"], keep="last")
    # A change on the day after another would make an episode of one day: leave it out.
    first = events.groupby("period")["start"].transform("min")
    close = events.groupby("period")["start"].diff().between(1, 1) & (events["start"] != first)
    events = events[~close]
    merged = events.pivot_table(
        index=["period", "start"], columns="kind", values="value", aggfunc="last"
    ).reset_index()
    both = merged["status"].notna() & merged["placement"].notna()
    new = np.where(both, "B", np.where(merged["status"].notna(), "L", "P"))
    merged["move"] = merged["placement"].notna().groupby(merged["period"]).cumsum()
    filled = merged.groupby("period")[["status", "placement"]].ffill()
    merged = merged.assign(status=filled["status"], placement=filled["placement"], new=new)
    merged["placement"] = _no_parents_without_order(merged)
    begins = ~merged["period"].duplicated()
    merged.loc[begins, "new"] = "S"
    # Adoption by the child's own foster carer is a new placement with the same carer.
    merged.loc[(merged["placement"] == "A5") & merged["new"].isin(["P", "B"]), "new"] = "T"
    following = merged.groupby("period")["start"].shift(-1)
    last = following.isna()
    period = found.set_index("period").loc[merged["period"]]
    end = np.where(last, period["end"], following.fillna(0)).astype(np.int64)
    ceased = np.where(last, _exit_codes(rng, period, merged["placement"].to_numpy()), "X1")
    return merged.assign(end=end, ceased=ceased)


def _no_parents_without_order(merged: pd.DataFrame) -> pd.Series:
    """Place children with relatives, not parents, where any part of the placement has no care order."""
    ordered = merged["status"].isin(["C1", "C2"])
    throughout = ordered.groupby([merged["period"], merged["move"]]).transform("all")
    return merged["placement"].mask((merged["placement"] == "P1") & ~throughout, "U3")


def _legal_events(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return when each legal status begins."""
    size = len(found)
    start, end = found["start"].to_numpy(), found["end"].to_numpy()
    first = choose(rng, value("care.first_status"), size)
    adopt = found["reason"].to_numpy() == "ADOPT"
    first = np.where(adopt, "C1", np.where(found["uasc"], "V2", np.where(found["respite"], "V3", first)))
    steps = [(np.ones(size, dtype=bool), start, first)]
    emergency = np.isin(first, ["L1", "L2"])
    interim = np.where(first == "L1", start + 2, start + 8)  # police protection lasts three days at most
    next_status = np.where(rng.random(size) < 0.5, "C1", "V2")
    steps.append((emergency, interim, next_status))
    settled = np.where(emergency, next_status, first)
    to_court = (settled == "V2") & (rng.random(size) < 0.35) & ~found["uasc"].to_numpy()
    court = start + rng.integers(40, 240, size)
    steps.append((to_court, court, np.full(size, "C1")))
    ordered = ((settled == "C1") | to_court) & (rng.random(size) < 0.85) | adopt
    order = np.where(to_court, court, start) + np.where(adopt, 150, rng.integers(160, 330, size))
    steps.append((ordered, order, np.where(adopt, "E1", "C2")))
    return _steps(found, steps, "status", end)


def _placement_events(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return when each placement begins: the first, moves, and for adoption the placement with adopters."""
    size = len(found)
    start, end = found["start"].to_numpy(), found["end"].to_numpy()
    steps = [(np.ones(size, dtype=bool), start, _draw_placement(rng, found, start))]
    years = np.minimum((end - start) / YEAR, 6)
    moves = np.minimum(rng.poisson(value("care.moves_per_year") * years), MOST_MOVES)
    moves = np.where(found["respite"], 0, moves)
    adopt = (found["reason"] == "ADOPT").to_numpy()
    with_adopters = start + ((end - start) * 0.65).astype(np.int64)
    latest = np.where(adopt, with_adopters - 20, end - 10)
    for turn in range(MOST_MOVES):
        when = start + 8 + (rng.random(size) * np.maximum(latest - start - 8, 0)).astype(np.int64)
        steps.append(((moves > turn) & (when < latest), when, _draw_placement(rng, found, when)))
    steps.append((adopt, with_adopters, np.where(rng.random(size) < 0.15, "A5", "A6")))
    events = _steps(found, steps, "placement", end)
    return _foster_before_adoption(events, found)


def _foster_before_adoption(events: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Give children who will be adopted foster placements before."""
    adopt = set(found.loc[found["reason"] == "ADOPT", "period"])
    before = events["period"].isin(adopt) & ~events["value"].isin(["A5", "A6"])
    return events.assign(value=events["value"].mask(before, "U6"))


def _steps(found: pd.DataFrame, steps: list[tuple], kind: str, end: np.ndarray) -> pd.DataFrame:
    """Return the steps that take place before the period ends, one row each."""
    parts = []
    for happens, when, what in steps:
        at = happens & (when < end - 1)
        parts.append(pd.DataFrame({"period": found["period"][at], "start": when[at], "value": what[at]}))
    return pd.concat(parts, ignore_index=True).assign(kind=kind)


def _draw_placement(rng: np.random.Generator, found: pd.DataFrame, when: np.ndarray) -> np.ndarray:
    age = (when - found["birth"].to_numpy()) / YEAR
    tables = value("care.placements")
    drawn = [choose(rng, tables[band], len(found)) for band in ("young", "middle", "older")]
    placement = np.where(age < 10, drawn[0], np.where(age < 16.05, drawn[1], drawn[2]))
    placement = np.where(found["respite"] | ((placement == "P1") & (age > 17)), "U6", placement)
    return np.where((placement == "H5") & (when >= SUPPORTED_FROM), "K3", placement)


def _exit_codes(rng: np.random.Generator, period: pd.DataFrame, placement: np.ndarray) -> np.ndarray:
    """Return how each period ended in the codes of the return."""
    fostered = np.char.startswith(placement.astype(str), "U")
    reason = period["reason"].to_numpy()
    size = len(period)
    independent = np.where(
        np.isin(placement, ["H5", "K3"]), "E5", np.where(rng.random(size) < 0.8, "E8", "E7")
    )
    at_18 = np.where(fostered, "E17", independent)
    adopted = np.where(rng.random(size) < 0.4, "E11", "E12")
    reason = np.where(reason == "ADULT", at_18, np.where(reason == "ADOPT", adopted, reason))
    return np.where((reason == "E45") & ~fostered, "E47", reason)


def change_reasons(rng: np.random.Generator, found: pd.DataFrame) -> np.ndarray:
    """Return why the placement changed, for episodes followed by a new placement; else None."""
    moved = found.groupby("period")["new"].shift(-1).isin(["P", "T", "B"]).to_numpy()
    return np.where(moved, choose(rng, CHANGE_REASONS, len(found)), None)
