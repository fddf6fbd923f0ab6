"""Children's ways from referral to protection and care, in rounds: the first referral, the second, and so on.

Each round handles all children at once. A referral closes before the next one opens, and everything that
belongs to a referral happens between its date and its closure, so that order holds by construction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import care, people, protection
from helpers.synth.days import NEVER, collection_year, day, weekday_on_or_after, year_end
from helpers.synth.parameters import categories, choose, value, years_until

ROUNDS = 14  # nobody is referred more often than this
YEAR = 365.25
ADULT = int(18 * YEAR)
AFTER_CARE = 10  # days from the end of care to closure
AFTER_PLAN = 7  # days from the end of a child protection plan to closure


class Events(NamedTuple):
    """What happened to the children; `referral_no` counts the rows of `referrals`.

    referrals: child (row of the children), birth, uasc, plan_effect, care_effect, planned (had a plan
    before), referral, source, no_further_action, category (0 to 11, the planted demand category), in_need,
    start and end of the assessment, closure, died (closed by death), left_care (how the last period of care
    ended); all days as numbers, NEVER where there is none. The others are as `protection.section47`,
    `protection.count_earlier_plans` and `care.periods` return them.
    """

    referrals: pd.DataFrame
    enquiries: pd.DataFrame
    plans: pd.DataFrame
    periods: pd.DataFrame


def first_referrals(rng: np.random.Generator, places: pd.DataFrame) -> pd.DataFrame:
    """Return the children who are ever referred, each with the day of the first referral.

    Parameters
    ----------
    rng : numpy.random.Generator
    places : pandas.DataFrame
        As `helpers.synth.places.authorities` returns them.

    Returns
    -------
    pandas.DataFrame
        authority, region, plan_effect, care_effect, birth (day), referral (day), uasc, and what
        `people.describe` adds.
    """
    years = np.arange(value("time.first_year"), value("time.last_year") + 1)
    rate = value("referral.first_per_10000") / 1e4 * np.exp(places["referral_effect"])
    rate *= places["children"].sum() / (np.exp(places["referral_effect"]) * places["children"]).sum()
    known = value("referral.first_by_year")
    by_year = np.interp(years, list(known), list(known.values()))
    counts = rng.poisson(np.outer(places["children"] * rate, by_year))
    place, year = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    begins = np.array([year_end(y - 1) + 1 for y in years])[year]
    referral = begins + rng.integers(0, 365, len(begins))
    columns = ["authority", "region", "plan_effect", "care_effect"]
    found = places.loc[place, columns].reset_index(drop=True)
    uasc = rng.random(len(found)) < value("care.uasc_share_of_first_referrals")
    arrival, first = people.ages_of_arrival(rng, len(found)), people.ages_at_first_referral(rng, len(found))
    age = np.where(uasc, arrival, first)
    found = found.assign(referral=referral, birth=referral - np.floor(age * YEAR).astype(int), uasc=uasc)
    return found.join(people.describe(rng, found["authority"], found["region"], uasc))


def simulate(rng: np.random.Generator, children: pd.DataFrame) -> Events:
    """Return all that happens to children whose first referral is known, round by round."""
    rounds: list[Events] = []
    rows = 0
    now = pd.DataFrame(
        {"child": np.arange(len(children)), "referral": children["referral"], "before": -1, "planned": False}
    )
    for _ in range(ROUNDS):
        traits = children[["birth", "uasc", "plan_effect", "care_effect"]].take(now["child"])
        now = now.join(traits.reset_index(drop=True)).set_axis(np.arange(rows, rows + len(now)))
        rounds.append(_one_round(rng, now))
        rows += len(now)
        now = _next_referrals(rng, rounds[-1])
        if now.empty:
            break
    events = Events(*(pd.concat(parts, ignore_index=True) for parts in zip(*rounds, strict=True)))
    return events._replace(plans=protection.count_earlier_plans(events.plans))


def _one_round(rng: np.random.Generator, now: pd.DataFrame) -> Events:
    """Return one referral of each child in `now`, and what followed from it."""
    size = len(now)
    birth, uasc, referral = (now[column].to_numpy() for column in ("birth", "uasc", "referral"))
    category = draw_categories(
        rng, (referral - birth) / YEAR, collection_year(referral), now["before"].to_numpy()
    )
    nothing = ~uasc & (rng.random(size) < value("referral.no_further_action"))
    in_need = ~nothing & (uasc | (rng.random(size) > _not_in_need_share(category)))
    start = weekday_on_or_after(referral + rng.integers(0, 4, size))
    end = weekday_on_or_after(start + _assessment_days(rng, size))
    helped = np.minimum(end + _help_days(rng, category), np.maximum(end + 15, birth + ADULT + AFTER_CARE))
    closed = end + rng.geometric(1 / value("referral.not_in_need_days"), size)
    round_ = now.drop(columns="before").assign(
        source=_sources(rng, uasc, referral),
        category=category,
        no_further_action=nothing,
        in_need=in_need,
        start=np.where(nothing, NEVER, start),
        end=np.where(nothing, NEVER, end),
        closure=np.where(nothing, referral, np.where(in_need, helped, closed)),
    )
    periods = care.periods(rng, round_)
    enquiries = protection.section47(rng, round_)
    into_care = periods[~periods["respite"]].groupby("referral_no")["start"].min()
    plans = protection.cp_plans(rng, round_, enquiries, into_care)
    return Events(_close(rng, round_, enquiries, plans, periods), enquiries, plans, periods)


def _close(
    rng: np.random.Generator,
    round_: pd.DataFrame,
    enquiries: pd.DataFrame,
    plans: pd.DataFrame,
    periods: pd.DataFrame,
) -> pd.DataFrame:
    """Keep cases open until conference, plan and care are over, and let a few end by death."""
    held = enquiries[enquiries["conference"] < NEVER].set_index("referral_no")["conference"] + AFTER_PLAN
    planned = plans.set_index("referral_no")["end"] + AFTER_PLAN
    looked_after = periods.groupby("referral_no")["end"].max() + AFTER_CARE
    lasts = pd.concat([round_["closure"], held, planned, looked_after], axis=1).max(axis=1).astype(np.int64)
    outside_care = ~round_.index.isin(looked_after.index)
    child = lasts.between(round_["birth"] + 3, round_["birth"] + ADULT - 1)
    died = rng.random(len(round_)) < value("child.death_per_case")
    return round_.assign(
        closure=lasts,
        died=died & round_["in_need"] & outside_care & child,
        left_care=periods.groupby("referral_no")["reason"].last().reindex(round_.index),
    )


def _sources(rng: np.random.Generator, uasc: np.ndarray, referral: np.ndarray) -> np.ndarray:
    """Draw who referred; early help has a code of its own (5D) only from 2022/23."""
    drawn = choose(rng, value("referral.sources"), len(uasc))
    own_code = referral > year_end(2022)
    return np.where(uasc | ((drawn == "5D") & ~own_code), "5B", drawn)


def _not_in_need_share(category: np.ndarray) -> np.ndarray:
    """Return the probability of being found not in need; lower where plans are common in the category."""
    average = value("referral.assessed_not_in_need") / (1 - value("referral.no_further_action"))
    ratio = 1 / (1 + categories()["plan"].to_numpy()[category])
    return np.clip(average * ratio / ratio.mean(), *value("referral.not_in_need_bounds"))


def draw_categories(
    rng: np.random.Generator, age: np.ndarray, year: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Draw the demand category of each assessment, given age, year and the category before (-1: none).

    Shares are those of 2014-21 for the average age mix; they drift with the planted growth and jump in the
    pandemic year 2020/21.
    """
    table = categories()
    band = people.age_band(age)
    weights = np.array(table["ages"].tolist())[:, band].T * table["share"].to_numpy()
    mix = np.array(value("referral.age_weights"))
    mix = np.array([mix[0] + mix[1], *mix[2:]])
    weights /= np.array(table["ages"].tolist()) @ (mix / mix.sum())
    weights *= np.exp(np.outer(year - 2018, table["growth"]) + np.outer(year == 2021, table["pandemic"]))
    drawn = (weights.cumsum(axis=1) < (rng.random(len(age)) * weights.sum(axis=1))[:, None]).sum(axis=1)
    same = (before >= 0) & (rng.random(len(age)) < value("assessment.same_category_again"))
    return np.where(same, before, drawn)


def _assessment_days(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw calendar days from start to completion; 45 working days are nine weeks."""
    in_time = rng.random(size) < value("assessment.within_45_working_days")
    quick, late = value("assessment.days_in_time"), value("assessment.days_late")
    soon = np.minimum(rng.gamma(quick["shape"], quick["scale"], size) + 2, quick["most"])
    return np.where(in_time, soon, late["least"] + rng.exponential(late["mean_more"], size)).astype(int)


def _help_days(rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
    """Draw days from assessment to closure for children in need; longer in the complex categories."""
    ratio = categories()["plan"].to_numpy()[category] ** value("referral.lasting_effect")
    spread = value("referral.lasting_spread")
    days = value("referral.lasting_median_days") * ratio * np.exp(rng.normal(0, spread, len(category)))
    return np.clip(days, 15, 12 * YEAR).astype(int)


def _next_referrals(rng: np.random.Generator, last: Events) -> pd.DataFrame:
    """Return who is referred again, and when: some time after closure, before 18 and before the data end."""
    round_ = last.referrals
    points = (value("referral.again.within_1_year"), value("referral.again.within_6_years"))
    ratio = categories()["again"].to_numpy()[round_["category"]]
    wait = np.ceil(years_until(rng, len(round_), points, ratio) * YEAR)
    again = round_["closure"] + np.clip(wait, 2, 100 * YEAR).astype(np.int64)
    goes_on = (again < round_["birth"] + ADULT - 30) & (again <= year_end(value("time.last_year")))
    # Adopted children come back, if at all, under a new number.
    gone = last.periods.loc[last.periods["reason"] == care.ADOPT, "referral_no"]
    goes_on &= ~round_["died"] & ~round_.index.isin(gone)
    planned = round_["planned"] | round_.index.isin(last.plans["referral_no"])
    now = round_[["child", "category"]].assign(referral=again, planned=planned)[goes_on]
    return now.rename(columns={"category": "before"}).reset_index(drop=True)


def window() -> tuple[int, int]:
    """Return the first and last day that returns of the observed years cover."""
    return day(value("time.observed_from") - 1, 4, 1), year_end(value("time.last_year"))


def cin_plans_begin() -> int:
    """Return the first day of the collection of child in need plans."""
    return day(2021, 4, 1)
