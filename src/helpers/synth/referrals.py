"""Children's ways from referral to protection and care, in rounds: the first referral, the second, and so on.

Each round handles all children at once. A referral closes before the next one opens, and everything that
belongs to a referral happens between its date and its closure, so that order holds by construction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.synth import care, protection
from helpers.synth.days import NEVER, collection_year, day, weekday_on_or_after, year_end, year_ends
from helpers.synth.families import Families
from helpers.synth.parameters import categories, choose, value, years_until
from helpers.synth.people import age_band
from helpers.synth.places import Places

RAKING_STEPS = 4
ROUNDS = 14  # nobody is referred more often than this
YEAR = 365.25
ADULT = int(18 * YEAR)
DIFFICULTIES = ("mental_health", "substance_use", "domestic_abuse", "justice_history", "learning_disability")
PRACTICE = ("turnover", "section47_effect", "again_effect", "repeat_effect", "pace")
AFTER_CARE = 10  # days from the end of care to closure
AFTER_PLAN = 7  # days from the end of a child protection plan to closure


class Events(NamedTuple):
    """What happened to the children; `referral_no` counts the rows of `referrals`.

    referrals: child (row of `Families.children`), place (row of `Places.authorities`), later (whether the
    child had moved before), what `_traits` and `_where` add, planned (had a plan before), referral, source,
    no_further_action, category (0 to 11, the planted demand category), in_need, start and end of the
    assessment, closure, died (closed by death), left_care (how the last period of care ended); all days as
    numbers, NEVER where there is none. The others are as `protection.section47`,
    `protection.count_earlier_plans` and `care.periods` return them.
    """

    referrals: pd.DataFrame
    enquiries: pd.DataFrame
    plans: pd.DataFrame
    periods: pd.DataFrame


def first_referrals(rng: np.random.Generator, places: Places, people: Families) -> pd.DataFrame:
    """Return the children who are ever referred, each with the day of the first referral.

    The hazard of a first referral follows age and calendar year, times a ratio of the child's own (see
    `log_ratio`). Brothers and sisters are often referred together. Unaccompanied children are referred on
    arrival.

    Parameters
    ----------
    rng : numpy.random.Generator
    places : Places
    people : Families

    Returns
    -------
    pandas.DataFrame
        child (row of `people.children`), referral (day).
    """
    children = people.children
    birth = children["birth"].to_numpy()
    when = _first_by_hazard(rng, birth, np.exp(log_ratio(places, people)))
    when = _with_siblings(rng, children, when)
    when = np.where(children["uasc"], children["arrival"], when)
    referred = when <= year_end(value("time.last_year"))
    return pd.DataFrame({"child": np.flatnonzero(referred), "referral": when[referred]})


def log_ratio(places: Places, people: Families) -> np.ndarray:
    """Return the log hazard ratio of a first referral for each child."""
    children = people.children
    effects = value("referral.effects")
    of = of_family(people, ["hardship", "frailty", *DIFFICULTIES, "trial"])
    ratio = places.authorities["referral_effect"].to_numpy()[children["authority"]]
    ratio = (
        ratio + effects["area"] * places.neighbourhoods["deprivation"].to_numpy()[children["neighbourhood"]]
    )
    for name in ("hardship", "frailty", *DIFFICULTIES):
        ratio = ratio + effects[name] * of[name].to_numpy(dtype=float)
    ratio = ratio + effects["disabled"] * children["disabled"].to_numpy()
    ratio = ratio + effects["visited"] * (of["trial"] == "visited").to_numpy()
    return ratio + children["group"].map(effects["group"]).to_numpy()


def of_family(people: Families, names: list[str]) -> pd.DataFrame:
    """Return what holds of each child's family, one row per child; unaccompanied children get zeros."""
    family = people.children["family"].to_numpy()
    found = people.families[names].take(family.clip(0)).reset_index(drop=True)
    alone = family < 0
    for name in names:
        found.loc[alone, name] = "" if found[name].dtype == object else found[name].dtype.type(0)
    return found


def _first_by_hazard(rng: np.random.Generator, birth: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Draw the day on which the cumulative hazard reaches an exponential draw; NEVER if not before 18."""
    ages = np.arange(-1, 18)
    by_age = np.interp(ages, *zip(*sorted(value("referral.first_hazard").items()), strict=True))
    by_age[0] = value("referral.first_unborn")
    known = value("referral.first_by_year")
    year = 1970 + birth[:, None] / YEAR + ages
    hazard = by_age * np.interp(year, list(known), list(known.values())) * ratio[:, None]
    upto = hazard.cumsum(axis=1)
    reached = rng.exponential(size=len(birth))[:, None] <= upto
    at = reached.argmax(axis=1)
    days = birth + ((ages[at] + rng.random(len(birth))) * YEAR).astype(np.int64)
    # Before birth a referral comes in the second half of the pregnancy.
    days = np.where(at == 0, birth - 1 - rng.integers(0, 150, len(birth)), days)
    return np.where(reached.any(axis=1) & (days < birth + ADULT - 30), days, NEVER)


def _with_siblings(rng: np.random.Generator, children: pd.DataFrame, when: np.ndarray) -> np.ndarray:
    """Let a child's first referral bring in brothers and sisters who were not referred before."""
    family = children["family"].to_numpy()
    first = pd.Series(when).groupby(family).transform("min").to_numpy()
    birth = children["birth"].to_numpy()
    can = (family >= 0) & (when > first) & (birth <= first) & (first < birth + ADULT - 30)
    joins = can & (rng.random(len(when)) < value("referral.with_sibling"))
    return np.where(joins, first, when)


def simulate(rng: np.random.Generator, places: Places, people: Families, first: pd.DataFrame) -> Events:
    """Return all that happens to children whose first referral is known, round by round."""
    traits = _traits(places, people)
    rounds: list[Events] = []
    rows = 0
    now = first.assign(before=-1, planned=False).reset_index(drop=True)
    for _ in range(ROUNDS):
        now = now.join(traits.take(now["child"]).reset_index(drop=True))
        now = now.assign(**_where(places, people, now)).set_axis(np.arange(rows, rows + len(now)))
        rounds.append(_one_round(rng, now))
        rows += len(now)
        now = _next_referrals(rng, rounds[-1])
        if now.empty:
            break
    events = Events(*(pd.concat(parts, ignore_index=True) for parts in zip(*rounds, strict=True)))
    return events._replace(plans=protection.count_earlier_plans(events.plans))


def _traits(places: Places, people: Families) -> pd.DataFrame:
    """Return what of each child and family bears on what follows a referral."""
    children = people.children
    of = of_family(people, ["hardship", *DIFFICULTIES])
    area = places.neighbourhoods["deprivation"].to_numpy()[children["neighbourhood"]]
    own = {}
    for name in ("plan", "care"):
        effects = value(f"{'protection' if name == 'plan' else 'care'}.effects")
        own[f"{name}_own"] = (
            effects["area"] * area
            + effects["hardship"] * of["hardship"].to_numpy()
            + children["group"].map(effects["group"]).to_numpy()
        )
    own |= {"male": children["sex"] == "M", "black": children["group"] == "Black"}
    return children[["family", "birth", "uasc", "disabled"]].join(of).assign(**own)


def _where(places: Places, people: Families, now: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the authority (row) where each child lives when referred, and what its practice adds."""
    children = people.children.iloc[now["child"].to_numpy()]
    later = now["referral"].to_numpy() >= children["moved"].to_numpy()
    place = np.where(later, children["authority_after"], children["authority"])
    where = places.authorities
    reformed = now["referral"].to_numpy() >= where["reform"].to_numpy()[place]
    effect = value("evaluation.reform_effect")
    fades = np.clip((2015 - 1970 - now["referral"].to_numpy() / YEAR) / 15, 0, 1)
    early = fades * children["group"].map(value("care.group_in_2000")).to_numpy()
    return {
        "later": later,
        "place": place,
        **{name: where[name].to_numpy()[place] for name in PRACTICE},
        "plan_effect": where["plan_effect"].to_numpy()[place] + now["plan_own"] + effect["plan"] * reformed,
        "care_effect": where["care_effect"].to_numpy()[place]
        + now["care_own"]
        + early
        + effect["care"] * reformed,
    }


def _one_round(rng: np.random.Generator, now: pd.DataFrame) -> Events:
    """Return one referral of each child in `now`, and what followed from it."""
    size = len(now)
    birth, uasc, referral = (now[column].to_numpy() for column in ("birth", "uasc", "referral"))
    category = draw_categories(
        rng, (referral - birth) / YEAR, collection_year(referral), now["before"].to_numpy(), now
    )
    known = np.where(now["before"] < 0, "first", "later")
    less, none = (
        pd.Series(known).map(value(f"referral.{n}_if_known")).to_numpy() for n in ("less", "nothing")
    )
    nothing = ~uasc & (rng.random(size) < none * value("referral.no_further_action"))
    in_need = ~nothing & (uasc | (rng.random(size) > less * _not_in_need_share(category)))
    start = weekday_on_or_after(referral + rng.integers(0, 4, size))
    end = weekday_on_or_after(start + _assessment_days(rng, size))
    helped = np.minimum(
        end + _help_days(rng, category, now["pace"].to_numpy()),
        np.maximum(end + 15, birth + ADULT + AFTER_CARE),
    )
    # A case closed after assessment closes in the year of the assessment: one return holds both.
    closed = np.minimum(end + rng.geometric(1 / value("referral.not_in_need_days"), size), year_ends(end))
    round_ = now.drop(columns="before").assign(
        source=_sources(rng, uasc, referral),
        category=category,
        no_further_action=nothing,
        in_need=in_need,
        start=np.where(nothing, NEVER, start),
        end=np.where(nothing, NEVER, end),
        closure=np.where(nothing, referral, np.where(in_need, helped, closed)),
    )
    enquiries = protection.section47(rng, round_)
    plan = enquiries[enquiries["plan"]].set_index("referral_no")["conference"]
    planned = plan.reindex(round_.index).fillna(NEVER).astype(np.int64)
    periods = care.periods(rng, round_.assign(plan=planned))
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
    rng: np.random.Generator,
    age: np.ndarray,
    year: np.ndarray,
    before: np.ndarray,
    traits: pd.DataFrame,
) -> np.ndarray:
    """Draw the demand category of each assessment, given age, year, category before (-1: none) and family.

    Shares are those of 2014-21 for the average age mix; they drift with the planted growth and jump in the
    pandemic year 2020/21. Lasting difficulties of the family and traits of the child make some likelier.
    """
    table = categories()
    band = age_band(age)
    weights = np.array(table["ages"].tolist())[:, band].T * table["share"].to_numpy()
    mix = np.array(value("referral.age_weights"))
    weights /= np.array(table["ages"].tolist()) @ (mix / mix.sum())
    weights *= np.exp(np.outer(year - 2018, table["growth"]) + np.outer(year == 2021, table["pandemic"]))
    # Categories that come back more often are assessed more often: they are drawn less to begin with.
    weights *= table["again"].to_numpy() ** -value("categories.come_back")
    weights = _by_trait(weights / weights.sum(axis=1, keepdims=True), traits)
    drawn = (weights.cumsum(axis=1) < (rng.random(len(age)) * weights.sum(axis=1))[:, None]).sum(axis=1)
    same = (before >= 0) & (rng.random(len(age)) < value("assessment.same_category_again"))
    return np.where(same, before, drawn)


def _by_trait(weights: np.ndarray, traits: pd.DataFrame) -> np.ndarray:
    """Make categories likelier by what is true of family or child, and leave their totals alone."""
    totals = weights.sum(axis=0)
    for trait, odds in value("categories.by_trait").items():
        has = traits[trait].to_numpy(dtype=bool)
        for number, ratio in odds.items():
            weights[:, number - 1] *= np.where(has, ratio, 1.0)
    for _ in range(RAKING_STEPS):
        weights /= weights.sum(axis=1, keepdims=True)
        weights *= totals / np.maximum(weights.sum(axis=0), 1e-9)
    return weights


def _assessment_days(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw calendar days from start to completion; 45 working days are nine weeks."""
    in_time = rng.random(size) < value("assessment.within_45_working_days")
    quick, late = value("assessment.days_in_time"), value("assessment.days_late")
    soon = np.minimum(rng.gamma(quick["shape"], quick["scale"], size) + 2, quick["most"])
    return np.where(in_time, soon, late["least"] + rng.exponential(late["mean_more"], size)).astype(int)


def _help_days(rng: np.random.Generator, category: np.ndarray, pace: np.ndarray) -> np.ndarray:
    """Draw days from assessment to closure for children in need; longer in the complex categories.

    For some all that is needed is done with the assessment, and the case closes within weeks.
    """
    size = len(category)
    ratio = categories()["plan"].to_numpy()[category] ** value("referral.lasting_effect")
    spread = value("referral.lasting_spread")
    days = value("referral.lasting_median_days") * ratio * np.exp(rng.normal(0, spread, size) + pace)
    days = days + value("referral.lasting_least_days")
    soon = rng.random(size) < value("referral.closing_soon")
    days = np.where(soon, rng.exponential(value("referral.closing_soon_days"), size), days)
    return np.clip(days, 5, 12 * YEAR).astype(int)


def _next_referrals(rng: np.random.Generator, last: Events) -> pd.DataFrame:
    """Return who is referred again, and when: some time after closure, before 18 and before the data end."""
    round_ = last.referrals
    points = (value("referral.again.within_1_year"), value("referral.again.within_6_years"))
    ratio = categories()["again"].to_numpy()[round_["category"]]
    own = value("referral.again.hardship") * round_["hardship"] + round_["again_effect"]
    ratio = ratio * np.exp(own.to_numpy())
    ratio = ratio * np.where(round_["no_further_action"], value("referral.again.after_nothing"), 1.0)
    ratio = ratio * np.where(round_["left_care"] == care.SGO, value("referral.again.after_guardianship"), 1.0)
    wait = np.ceil(years_until(rng, len(round_), points, ratio) * YEAR)
    again = round_["closure"] + np.clip(wait, 2, 100 * YEAR).astype(np.int64)
    goes_on = (again < round_["birth"] + ADULT - 30) & (again <= year_end(value("time.last_year")))
    # Adopted children come back, if at all, under a new number.
    gone = last.periods.loc[last.periods["reason"] == care.ADOPT, "referral_no"]
    goes_on &= ~round_["died"] & ~round_.index.isin(gone)
    planned = round_["planned"] | round_.index.isin(last.plans["referral_no"])
    now = round_[["child", "category"]].assign(referral=again, planned=planned)[goes_on]
    return now.rename(columns={"category": "before"}).reset_index(drop=True)


def window(collection: str) -> tuple[int, int]:
    """Return the first and last day that returns of a collection ("cin" or "ssda903") cover."""
    return day(value(f"time.{collection}_from") - 1, 4, 1), year_end(value("time.last_year"))


def cin_plans_begin() -> int:
    """Return the first day of the collection of child in need plans."""
    return day(2021, 4, 1)
