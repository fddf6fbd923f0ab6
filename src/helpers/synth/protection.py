"""Section 47 enquiries, initial conferences, child protection plans with reviews, and child in need plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, add_working_days, birthday, day, weekday_on_or_after
from helpers.synth.parameters import categories, choose, value

IN_TIME, LATE = 13, 22  # working days from enquiry to conference; the limit is 15
FIRST_REVIEW, LATER_REVIEWS = 85, 170  # days; statutory limits are three and then six months
MOST_REVIEWS = 12
SHORTEST_PLAN, LONGEST_PLAN = 25, 1600
INTO_CARE = 40  # days a plan goes on at most once the child is looked after
CIN_PLANS_FROM = day(2019, 4, 1)  # so that plans are open when the collection begins in 2021/22


def section47(rng: np.random.Generator, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return enquiries, one at most for a referral.

    Parameters
    ----------
    referrals : pandas.DataFrame
        referral, category, in_need, start (of the assessment), birth, plan_effect, planned (had a plan
        before); the index numbers the referrals.

    Returns
    -------
    pandas.DataFrame
        referral_no, start, target, conference (NEVER when none was needed), plan (bool).
    """
    open_to = referrals[referrals["in_need"]]
    enquired = open_to[rng.random(len(open_to)) < _chance(open_to, "protection.section47", 1)]
    start = weekday_on_or_after((enquired["start"] + rng.integers(0, 12, len(enquired))).to_numpy())
    in_time = rng.random(len(enquired)) < value("protection.conference_in_time")
    held = np.where(in_time, add_working_days(start, IN_TIME), add_working_days(start, LATE))
    share = _chance(enquired, "protection.conference_after_section47", -1)
    # A conference leaves room for a plan before the child is adult.
    adult = birthday(enquired["birth"].to_numpy(), 18)
    needed = (rng.random(len(enquired)) < share) & (held + 2 * SHORTEST_PLAN < adult)
    plan = needed & (rng.random(len(enquired)) < value("protection.plan_after_conference"))
    return pd.DataFrame(
        {
            "referral_no": enquired.index,
            "start": start,
            "target": add_working_days(start, 15),
            "conference": np.where(needed, held, NEVER),
            "plan": plan,
        }
    )


def _chance(referrals: pd.DataFrame, base: str, practice: int) -> np.ndarray:
    """Return the probability of an enquiry, or of a conference after it: half the effects at each step.

    An authority that enquires more readily holds fewer conferences for its enquiries: `practice` is 1 at the
    first step and -1 at the second.
    """
    ratio = categories()["plan"].to_numpy()[referrals["category"]]
    known = value("protection.by_year")
    year = 1970 + referrals["referral"] / 365.25
    again = value("protection.planned_before") + value("protection.turnover") * referrals["turnover"]
    again = again + referrals["repeat_effect"]
    log_odds = (
        value(base)
        + value("protection.category_effect") * np.log(ratio)
        + referrals["plan_effect"] / 2
        + np.log(np.interp(year, list(known), list(known.values()))) / 2
        + again * referrals["planned"]
        + practice * referrals["section47_effect"]
    )
    return 1 / (1 + np.exp(-log_odds.to_numpy()))


def cp_plans(
    rng: np.random.Generator, referrals: pd.DataFrame, enquiries: pd.DataFrame, into_care: pd.Series
) -> pd.DataFrame:
    """Return child protection plans; each starts on the day of its conference.

    Parameters
    ----------
    referrals, enquiries : pandas.DataFrame
        As `section47` takes and returns them.
    into_care : pandas.Series
        Day on which care began, by referral number, for those who were looked after.

    Returns
    -------
    pandas.DataFrame
        referral_no, child, start, end, initial and latest category.
    """
    plans = enquiries[enquiries["plan"]]
    number = plans["referral_no"].to_numpy()
    start = plans["conference"].to_numpy()
    spread = rng.normal(0, value("protection.plan_spread"), len(plans))
    length = value("protection.plan_median_days") * np.exp(spread)
    end = start + np.clip(length, SHORTEST_PLAN, LONGEST_PLAN).astype(np.int64)
    care = into_care.reindex(number).fillna(NEVER).to_numpy().astype(np.int64)
    end = np.minimum(end, np.maximum(care + INTO_CARE, start + SHORTEST_PLAN))
    end = np.minimum(end, birthday(referrals["birth"].loc[number].to_numpy(), 18) - 1)
    initial = choose(rng, value("protection.categories"), len(plans))
    changed = rng.random(len(plans)) < value("protection.category_changes")
    latest = np.where(changed, choose(rng, value("protection.categories"), len(plans)), initial)
    return pd.DataFrame(
        {"referral_no": number, "child": referrals["child"].loc[number].to_numpy(), "start": start,
         "end": end, "initial": initial, "latest": latest}
    )  # fmt: skip


def count_earlier_plans(plans: pd.DataFrame) -> pd.DataFrame:
    """Return all plans in order, with `previous`, the number of earlier plans of the child."""
    plans = plans.sort_values(["child", "start"], ignore_index=True)
    return plans.assign(previous=plans.groupby("child").cumcount())


def cp_reviews(plans: pd.DataFrame) -> pd.DataFrame:
    """Return reviews while a plan lasts: plan_no (row of `plans`), day."""
    after = FIRST_REVIEW + LATER_REVIEWS * np.arange(MOST_REVIEWS)
    days = weekday_on_or_after(plans["start"].to_numpy()[:, None] + after)
    number, column = np.nonzero(days < plans["end"].to_numpy()[:, None])
    return pd.DataFrame({"plan_no": number, "day": days[number, column]})


def cin_plans(rng: np.random.Generator, referrals: pd.DataFrame, plans: pd.DataFrame) -> pd.DataFrame:
    """Return child in need plans: referral_no, start, end. None runs beside a child protection plan."""
    ended = pd.Series(plans["end"].to_numpy(), index=plans["referral_no"]).reindex(referrals.index)
    begins = np.where(ended.notna(), ended.fillna(0) + 1, referrals["end"] + 5).astype(np.int64)
    days = value("protection.cin_plan_days")
    room = begins + days["least"] + 10 < referrals["closure"]
    possible = referrals["in_need"] & room & (begins >= CIN_PLANS_FROM)
    planned = np.flatnonzero(possible & (rng.random(len(referrals)) < value("protection.cin_plan")))
    length = rng.gamma(days["shape"], days["scale"], len(planned)).astype(np.int64) + days["least"]
    start = begins[planned]
    end = np.minimum(start + length, referrals["closure"].to_numpy()[planned] - 1)
    return pd.DataFrame({"referral_no": planned, "start": start, "end": end})
