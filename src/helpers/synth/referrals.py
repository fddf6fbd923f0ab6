"""Children's ways through referral and assessment, in rounds: the first referral, the second, and so on.

Each round handles all children at once. A referral closes before the next one opens, and everything that
belongs to a referral happens between its date and its closure, so that order holds by construction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import care, people
from helpers.synth.days import NEVER, collection_year, day, weekday_on_or_after, year_end
from helpers.synth.parameters import categories, choose, value, years_until

ROUNDS = 14  # nobody is referred more often than this
YEAR = 365.25
ADULT = int(18 * YEAR)
AFTER_CARE = 10  # days from the end of care to closure


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
        authority, region, birth (day), referral (day), deprivation, and what `people.describe` adds.
    """
    years = np.arange(value("time.first_year"), value("time.last_year") + 1)
    rate = value("referral.first_per_10000") / 1e4 * np.exp(places["referral_effect"])
    rate *= places["children"].sum() / (np.exp(places["referral_effect"]) * places["children"]).sum()
    expected = np.outer(places["children"] * rate, np.ones(len(years)))
    counts = rng.poisson(expected)
    place, year = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    begins = np.array([year_end(y - 1) + 1 for y in years])[year]
    referral = begins + rng.integers(0, 365, len(begins))
    found = places.loc[place, ["authority", "region", "deprivation"]].reset_index(drop=True)
    uasc = rng.random(len(found)) < value("care.uasc_share_of_first_referrals")
    age = np.where(uasc, 15 + 2.7 * rng.random(len(found)), people.ages_at_first_referral(rng, len(found)))
    found = found.assign(referral=referral, birth=referral - np.floor(age * YEAR).astype(int), uasc=uasc)
    return found.join(people.describe(rng, found["authority"], found["region"], uasc))


def simulate(rng: np.random.Generator, children: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every referral of every child, and the periods of care that followed.

    Returns
    -------
    referrals : pandas.DataFrame
        One row per referral: child (row of `children`), referral, source, no_further_action, category (0 to
        11, the planted demand category), in_need, start and end of the assessment, closure; all days as
        numbers, NEVER where there is none.
    periods : pandas.DataFrame
        As `helpers.synth.care.periods` returns them, with referral_no (row of `referrals`).
    """
    turns, in_care, rows = [], [], 0
    now = pd.DataFrame({"child": np.arange(len(children)), "referral": children["referral"], "before": -1})
    for _ in range(ROUNDS):
        round_, periods = _one_round(rng, children, now)
        turns.append(round_)
        in_care.append(periods.assign(referral_no=periods["row"] + rows))
        rows += len(round_)
        now = _next_referrals(rng, children, round_)
        if now.empty:
            break
    return pd.concat(turns, ignore_index=True), pd.concat(in_care, ignore_index=True)


def _one_round(
    rng: np.random.Generator, children: pd.DataFrame, now: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one referral of each child in `now`, and its periods of care."""
    size = len(now)
    birth = children["birth"].to_numpy()[now["child"]]
    uasc = children["uasc"].to_numpy()[now["child"]]
    referral = now["referral"].to_numpy()
    age = (referral - birth) / YEAR
    category = draw_categories(rng, age, collection_year(referral), now["before"].to_numpy())
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
    periods = care.periods(rng, round_, birth, uasc)
    # A case stays open until its last period of care is over.
    last = periods.groupby("row")["end"].max()
    closure = round_["closure"].to_numpy()
    closure[last.index] = np.maximum(closure[last.index], last + AFTER_CARE)
    return round_.assign(closure=closure), periods


def _sources(rng: np.random.Generator, uasc: np.ndarray, referral: np.ndarray) -> np.ndarray:
    """Draw who referred; early help has a code of its own (5D) only from 2022/23."""
    drawn = choose(rng, value("referral.sources"), len(uasc))
    own_code = referral > year_end(2022)
    return np.where(uasc | ((drawn == "5D") & ~own_code), "5B", drawn)


def _not_in_need_share(category: np.ndarray) -> np.ndarray:
    """Return the probability of being found not in need; lower where the category is complex."""
    average = value("referral.assessed_not_in_need") / (1 - value("referral.no_further_action"))
    return np.clip(average * 1.35 / (0.6 + categories()["plan"].to_numpy()[category]), 0.05, 0.6)


def draw_categories(
    rng: np.random.Generator, age: np.ndarray, year: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Draw the demand category of each assessment, given age, year and the category before (-1: none).

    Shares are those of 2014-21 for the average age mix; they drift with the planted growth and jump in the
    pandemic year 2020/21.
    """
    table = categories()
    band = np.searchsorted([1, 5, 10, 16], age, side="right")
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
    quick = np.minimum(rng.gamma(4.0, 9.0, size) + 2, 60)
    return np.where(in_time, quick, 66 + rng.exponential(25, size)).astype(int)


def _help_days(rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
    """Draw days from assessment to closure for children in need; longer in the complex categories."""
    ratio = np.sqrt(categories()["plan"].to_numpy()[category])
    spread = value("referral.lasting_spread")
    days = value("referral.lasting_median_days") * ratio * np.exp(rng.normal(0, spread, len(category)))
    return np.clip(days, 15, 12 * YEAR).astype(int)


def _next_referrals(rng: np.random.Generator, children: pd.DataFrame, round_: pd.DataFrame) -> pd.DataFrame:
    """Return who is referred again, and when: some time after closure, before 18 and before the data end."""
    points = (value("referral.again.within_1_year"), value("referral.again.within_6_years"))
    ratio = categories()["again"].to_numpy()[round_["category"]]
    wait = np.ceil(years_until(rng, len(round_), points, ratio) * YEAR)
    wait = np.minimum(wait, 100 * YEAR).astype(np.int64)
    again = round_["closure"].to_numpy() + np.maximum(wait, 2)
    adult = children["birth"].to_numpy()[round_["child"]] + ADULT
    goes_on = (again < adult - 30) & (again <= year_end(value("time.last_year")))
    now = round_.loc[goes_on, ["child", "category"]].assign(referral=again[goes_on])
    return now.rename(columns={"category": "before"}).reset_index(drop=True)


def window() -> tuple[int, int]:
    """Return the first and last day that returns of the observed years cover."""
    return day(value("time.observed_from") - 1, 4, 1), year_end(value("time.last_year"))


def cin_plans_begin() -> int:
    """Return the first day of the collection of child in need plans."""
    return day(2021, 4, 1)
