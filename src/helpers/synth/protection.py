"""Section 47 enquiries, initial conferences, child protection plans with reviews, and child in need plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, add_working_days, day, weekday_on_or_after
from helpers.synth.parameters import categories, choose, value

FIRST_REVIEW, LATER_REVIEWS = 85, 170  # days; statutory limits are three and then six months
MOST_REVIEWS = 12
LONGEST_PLAN = 1600
CIN_PLANS_FROM = day(2019, 4, 1)  # so that plans are open when the collection begins in 2021/22


def section47(rng: np.random.Generator, referrals: pd.DataFrame) -> pd.DataFrame:
    """Return enquiries, one at most for a referral.

    Returns
    -------
    pandas.DataFrame
        referral_no, start, target, conference (NEVER when none was needed), plan (bool).
    """
    open_to = referrals[referrals["in_need"]]
    ratio = categories()["plan"].to_numpy()[open_to["category"]]
    share = value("protection.section47") * len(referrals) / len(open_to)
    enquired = open_to[rng.random(len(open_to)) < np.clip(share * _scaled(ratio, 0.5), 0, 0.97)]
    ratio = categories()["plan"].to_numpy()[enquired["category"]]
    start = weekday_on_or_after((enquired["start"] + rng.integers(0, 12, len(enquired))).to_numpy())
    target = add_working_days(start, 15)
    late = rng.random(len(enquired)) < 0.2
    held = np.where(late, add_working_days(start, 22), add_working_days(start, 13))
    share = np.clip(value("protection.conference_after_section47") * _scaled(ratio, 0.7), 0, 0.95)
    # A conference is held while the case is open, and leaves room for a plan.
    needed = (rng.random(len(enquired)) < share) & (held + 40 < enquired["closure"].to_numpy())
    plan = needed & (rng.random(len(enquired)) < value("protection.plan_after_conference"))
    return pd.DataFrame(
        {
            "referral_no": enquired.index,
            "start": start,
            "target": target,
            "conference": np.where(needed, held, NEVER),
            "plan": plan,
        }
    )


def cp_plans(rng: np.random.Generator, referrals: pd.DataFrame, enquiries: pd.DataFrame) -> pd.DataFrame:
    """Return child protection plans; each starts on the day of its conference and ends before closure.

    Returns
    -------
    pandas.DataFrame
        referral_no, start, end, initial and latest category, previous (number of earlier plans of the child).
    """
    plans = enquiries[enquiries["plan"]]
    closure = referrals["closure"].to_numpy()[plans["referral_no"]]
    length = value("protection.plan_median_days") * np.exp(rng.normal(0, 0.75, len(plans)))
    start = plans["conference"].to_numpy()
    end = np.minimum(start + np.clip(length, 25, LONGEST_PLAN).astype(int), closure - 2)
    initial = choose(rng, value("protection.categories"), len(plans))
    changed = rng.random(len(plans)) < 0.08
    latest = np.where(changed, choose(rng, value("protection.categories"), len(plans)), initial)
    table = pd.DataFrame(
        {"referral_no": plans["referral_no"].to_numpy(), "start": start, "end": end, "initial": initial,
         "latest": latest, "child": referrals["child"].to_numpy()[plans["referral_no"]]}
    )  # fmt: skip
    table = table.sort_values(["child", "start"], ignore_index=True)
    return table.assign(previous=table.groupby("child").cumcount())


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
    possible = referrals["in_need"] & (begins + 30 < referrals["closure"]) & (begins >= CIN_PLANS_FROM)
    planned = np.flatnonzero(possible & (rng.random(len(referrals)) < value("protection.cin_plan")))
    start = begins[planned]
    end = np.minimum(
        start + rng.gamma(2.0, 110, len(planned)).astype(int) + 20,
        referrals["closure"].to_numpy()[planned] - 1,
    )
    return pd.DataFrame({"referral_no": planned, "start": start, "end": end})


def _scaled(ratio: np.ndarray, power: float) -> np.ndarray:
    """Return ratios drawn towards one and with mean one, so that the overall share holds."""
    drawn = ratio**power
    return drawn / drawn.mean()
