"""Periods of care and the episodes within them: legal status, placement, and how each ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import legal
from helpers.synth.days import NEVER, birthday, day
from helpers.synth.legal import ADOPT, HOME, SGO, STAY
from helpers.synth.parameters import categories, choose, value, years_until
from helpers.synth.people import age_band

YEAR = 365.25
ADULT = int(18 * YEAR)
MOST_PERIODS = 3  # within one referral
MOST_MOVES = 6
SUPPORTED_FROM = day(2024, 4, 1)  # supported accommodation (K3) takes the place of semi-independent (H5)
ABOUT = ["referral_no", "birth", "uasc", "respite", "category"]


def periods(rng: np.random.Generator, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return periods of care for the referrals of one round.

    Parameters
    ----------
    referrals : pandas.DataFrame
        family, referral, end (of the assessment), category, in_need, birth, uasc, care_effect, plan (day on
        which a child protection plan begins, NEVER without one); the index numbers them.

    Returns
    -------
    pandas.DataFrame
        referral_no, birth, uasc, respite, category, newborn (taken into care at birth), start, end, reason
        (how it ends), and what `legal.go_to_court` adds. A child who goes home may come back into care.
    """
    size = len(referrals)
    birth, uasc = referrals["birth"].to_numpy(), referrals["uasc"].to_numpy()
    assessed = referrals["end"].to_numpy()
    unborn = referrals["referral"].to_numpy() < birth  # such a baby may enter before the assessment is done
    wait = np.where(unborn, rng.integers(1, 6, size), 3 + rng.integers(1, 60, size))
    start = np.where(unborn, birth, np.maximum(assessed, birth)) + wait
    # A plan may come to care while it lasts; then it ends soon after.
    planned = (referrals["plan"] < NEVER).to_numpy() & ~unborn
    later = referrals["plan"].to_numpy() + rng.integers(5, value("care.from_plan_days"), size)
    start = np.where(planned, np.maximum(start, later), start)
    enters = together(rng, referrals) < _entry_share(referrals, (start - birth) / YEAR, unborn)
    enters &= referrals["in_need"].to_numpy() & ~uasc
    respite = enters & (rng.random(size) < value("care.respite_share"))
    start = np.where(uasc, referrals["referral"].to_numpy() + 1, start)
    enters = (enters | uasc) & (start < np.where(uasc, birth + ADULT - 7, birth + ADULT - 60))
    at = np.flatnonzero(enters)
    now = pd.DataFrame(
        {"referral_no": referrals.index[at], "birth": birth[at], "uasc": uasc[at], "respite": respite[at],
         "category": referrals["category"].to_numpy()[at], "newborn": unborn[at], "start": start[at]}
    )  # fmt: skip
    found = []
    for _ in range(MOST_PERIODS):
        now = legal.go_to_court(rng, _end(rng, now))
        found.append(now)
        back = now["end"] + np.ceil(_years_until_return(rng, now) * YEAR).astype(np.int64) + 1
        again = (back < now["birth"] + ADULT - 60) & ~now["uasc"]
        now = now.loc[again, ABOUT].assign(start=back[again], newborn=False)
    return pd.concat(found, ignore_index=True)


def together(rng: np.random.Generator, referrals: pd.DataFrame) -> np.ndarray:
    """Draw a number between 0 and 1 for each child; siblings referred together mostly share it.

    So they mostly enter care together, while the chance of each child alone stays as it is.
    """
    size = len(referrals)
    case = referrals.groupby(["family", "referral"], sort=False).ngroup().to_numpy()
    shares = (rng.random(size) < value("care.siblings_together")) & (referrals["family"] >= 0).to_numpy()
    return np.where(shares, rng.random(size)[case], rng.random(size))


def _entry_share(referrals: pd.DataFrame, age: np.ndarray, unborn: np.ndarray) -> np.ndarray:
    """Return the probability that a child in need enters care."""
    known = value("care.by_year")
    year = 1970 + referrals["referral"].to_numpy() / YEAR
    log_odds = (
        value("care.after_assessment")
        + np.log(categories()["care"].to_numpy()[referrals["category"]])
        + np.log(np.array(value("care.age_ratio"))[age_band(age)])
        + np.log(np.interp(year, list(known), list(known.values())))
        + np.log(value("care.unborn_ratio")) * unborn
        + value("care.infant_growth") * np.where(age < 1, year - 2015, 0)
        + value("care.on_plan") * (referrals["plan"] < NEVER).to_numpy()
        + referrals["care_effect"].to_numpy()
    )
    return 1 / (1 + np.exp(-log_odds))


def _years_until_return(rng: np.random.Generator, now: pd.DataFrame) -> np.ndarray:
    """Draw years until a child comes back into care: after going home, or an order that did not last."""
    reason = now["reason"]
    points = (value("care.again_within_1_year"), value("care.again_within_6_years"))
    ratio = (now["category"] + 1).map(value("care.again_by_category")).fillna(1.0).to_numpy()
    wait = np.where(reason.isin(HOME), years_until(rng, len(reason), points, ratio), 50)
    for ended, within_5_years in value("care.disrupted").items():
        a_year = -np.log(1 - within_5_years) / 5
        years = rng.exponential(size=len(reason)) / max(a_year, 1e-9)  # a share of nought: never
        wait = np.where(reason == ended, years, wait)
    return np.minimum(wait, 50)


def _end(rng: np.random.Generator, now: pd.DataFrame) -> pd.DataFrame:
    """Draw how each period ends, by the age at its start, and after how long; at 18 at the latest."""
    start, birth = now["start"].to_numpy(), now["birth"].to_numpy()
    band = age_band((start - birth) / YEAR)
    reason = np.full(len(now), STAY, dtype=object)
    for number, exits in enumerate(value("care.exits").values()):
        reason[band == number] = choose(rng, exits, int((band == number).sum()))
    reason = np.where(now["respite"], "E4A", np.where(now["uasc"], STAY, reason))
    median = pd.Series(reason).map(value("care.exit_years")).fillna(100).to_numpy()
    spread = pd.Series(reason).map(value("care.exit_spread")).fillna(0).to_numpy()
    days = median * np.exp(rng.normal(0, 1, len(now)) * spread) * YEAR
    # An adoption takes its time: order, match, placement.
    days = np.where(reason == ADOPT, np.maximum(days, value("care.adoption_days_least")), days)
    days = np.where(now["respite"], rng.integers(3, 8, len(now)), np.clip(days, 12, 20 * YEAR))
    adult = birthday(birth, 18)
    end = np.minimum(start + days.astype(np.int64), adult)
    return now.assign(end=end, reason=np.where(end == adult, STAY, reason))


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
    status = _steps(found, legal.steps(found), "status", found["end"].to_numpy())
    events = pd.concat([status, _placement_events(rng, found)], ignore_index=True)
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


def _placement_events(rng: np.random.Generator, found: pd.DataFrame) -> pd.DataFrame:
    """Return when each placement begins: the first, moves, and for adoption the placement with adopters."""
    size = len(found)
    start, end = found["start"].to_numpy(), found["end"].to_numpy()
    steps = [(np.ones(size, dtype=bool), start, _draw_placement(rng, found, start))]
    years = np.minimum((end - start) / YEAR, 6)
    # Most moves come early: years after the first count for less, and within a period the dates lean forward.
    weight = np.minimum(years, 1) + value("care.moves_later") * np.maximum(years - 1, 0)
    moves = np.minimum(rng.poisson(value("care.moves_per_year") * weight), MOST_MOVES)
    moves = np.where(found["respite"], 0, moves)
    adopt = (found["reason"] == ADOPT).to_numpy()
    with_adopters = start + ((end - start) * value("care.with_adopters")).astype(np.int64)
    latest = np.where(adopt, with_adopters - 20, end - 10)
    for turn in range(MOST_MOVES):
        when = (
            start
            + 8
            + (rng.random(size) ** value("care.moves_early") * np.maximum(latest - start - 8, 0)).astype(
                np.int64
            )
        )
        steps.append(((moves > turn) & (when < latest), when, _draw_placement(rng, found, when)))
    grown = birthday(found["birth"].to_numpy(), 16) + rng.integers(20, 600, size)
    supported = (rng.random(size) < value("care.to_supported")) & ~found["respite"].to_numpy() & ~adopt
    steps.append((supported & (grown > start + 8), grown, np.where(grown >= SUPPORTED_FROM, "K3", "H5")))
    steps.append(
        (adopt, with_adopters, np.where(rng.random(size) < value("care.adopted_by_foster_carer"), "A5", "A6"))
    )
    events = _steps(found, steps, "placement", end)
    return _foster_before_adoption(events, found)


def _foster_before_adoption(events: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Give children who will be adopted foster placements before."""
    adopt = set(found.loc[found["reason"] == ADOPT, "period"])
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
    older = age > 16.05  # supported accommodation is for those who are 16 beyond doubt
    drawn = {name: choose(rng, shares, len(found)) for name, shares in value("care.placements").items()}
    oldest = np.where(found["uasc"], drawn["uasc"], drawn["older"])
    placement = np.where(age < 10, drawn["young"], np.where(older, oldest, drawn["middle"]))
    placement = np.where(
        found["respite"] | ((placement == "P1") & (found["uasc"] | (age > 17))), "U6", placement
    )
    return np.where((placement == "H5") & (when >= SUPPORTED_FROM), "K3", placement)


def _exit_codes(rng: np.random.Generator, period: pd.DataFrame, placement: np.ndarray) -> np.ndarray:
    """Return how each period ended in the codes of the return."""
    size = len(period)
    fostered = np.char.startswith(placement.astype(str), "U")
    reason = period["reason"].to_numpy()
    fostered_at_18, other_at_18 = (
        choose(rng, value(f"care.at_18_{kind}"), size) for kind in ("fostered", "other")
    )
    adopted = np.where(rng.random(size) < value("care.adopted_unopposed"), "E11", "E12")
    guardians = choose(rng, value("care.special_guardians"), size)
    stranger = np.isin(guardians, ["E45", "E46"]) & ~fostered
    guardians = np.where(stranger, "E47", guardians)
    reason = np.where(reason == STAY, np.where(fostered, fostered_at_18, other_at_18), reason)
    return np.where(reason == ADOPT, adopted, np.where(reason == SGO, guardians, reason))


def change_reasons(rng: np.random.Generator, found: pd.DataFrame) -> np.ndarray:
    """Return why the placement changed, for episodes followed by a new placement; else None."""
    moved = found.groupby("period")["new"].shift(-1).isin(["P", "T", "B"]).to_numpy()
    return np.where(moved, choose(rng, value("care.change_reasons"), len(found)), None)
