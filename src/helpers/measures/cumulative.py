"""How many children ever have a service in childhood: by birth cohort, and by the rates of a few years.

No register of births is in the returns. A birth cohort is everyone born in the twelve months to 30 June, so
that it is the people of one age in a mid-year estimate; its size is the mean of those estimates. Children who
came to the country unaccompanied are left out: they were not born into a cohort. A child with two
authorities' numbers is told to be one by the pupil number, where there is one. Deaths and moves out of the
country are seen only of children in the returns; all others count as living in the country to the end.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats

from helpers.measures.ages import CHILD, ethnic_group
from helpers.measures.contacts import coverage, spells
from helpers.measures.rates import result
from helpers.sources.store import Store

ADULT = 18
YEAR = 365.25
OBSERVED = "observed in birth cohorts"
SYNTHETIC = "sum of the rates of first events by age (Day)"


def people_in_cohorts(store: Store) -> ir.Table:
    """Return the children of the returns with their birth cohort.

    Returns
    -------
    Ibis table
        authority, child_id, person (string, the same in two authorities where the pupil number is known),
        birth_date, death_date, cohort (int64: born in the twelve months to 30 June of that year), sex, who
        (broad ethnic group).
    """
    children = store.children
    alone = store.uasc.select(*CHILD).distinct()
    born = children.filter(children.birth_date.notnull()).anti_join(alone, CHILD)
    month = born.birth_date.month()
    return born.select(
        *CHILD,
        "birth_date",
        "death_date",
        person=ibis.coalesce(born.upn, born.authority.concat(born.child_id)),
        cohort=(born.birth_date.year() + (month > 6).cast("int64")).cast("int64"),
        sex=born.sex.fill_null("U"),
        who=ethnic_group(born.ethnicity),
    )


def first_events(store: Store, service: str) -> ir.Table:
    """Return each person's first spell of a service and the age at it.

    Parameters
    ----------
    service : str
        One of `contacts.SERVICES`; what its spells are is said there.

    Returns
    -------
    Ibis table
        person, cohort, who, day (date of the first spell), days (int64, age in days, 0 before birth), age
        (int64, years of 365.25 days that are completed).
    """
    joined = spells(store, [service]).inner_join(people_in_cohorts(store), CHILD)
    firsts = joined.group_by("person").aggregate(
        cohort=joined.cohort.min(),
        who=joined.who.min(),
        birth=joined.birth_date.min(),
        day=joined.start.min(),
    )
    days = ibis.greatest(firsts.day.delta(firsts.birth, unit="day"), 0).cast("int64")
    age = (days / YEAR).floor().cast("int64")
    return firsts.mutate(days=days, age=age).drop("birth")


def cohort_sizes(store: Store) -> pd.DataFrame:
    """Return the children of each birth cohort at each age, from the mid-year estimates.

    Returns
    -------
    pandas.DataFrame
        cohort, age (int64), people (int64), one row per cohort and age that an estimate holds.
    """
    people = store.populations.filter(store.populations.age < ADULT)
    counted = people.mutate(cohort=(people.year - people.age).cast("int64"))
    frame = counted.group_by(["cohort", "age"]).aggregate(people=counted.people.sum()).execute()
    return frame.sort_values(["cohort", "age"], ignore_index=True)


def cohort_counts(store: Store, service: str, cohorts: Sequence[int]) -> pd.DataFrame:
    """Count a birth cohort by how long each child was followed and how it ended, for `aalen_johansen`.

    Estimand: the share of children born in the cohort who have the service by an age, death being a competing
    event. Unit: child. Origin: birth. Followed to the first spell of the service (1), death (2), or, without
    either (0), to 18 or the age that the youngest of the cohort has on the last day of the returns, whichever
    is first: the same for all, since the birthdays of children whom no return holds are not known. Of these
    there are as many as the cohort's size (mean of its mid-year estimates) exceeds the people in the returns.
    Moves out of the country are not seen, and who moved in counts as if born here.

    Parameters
    ----------
    cohorts : sequence of int
        Born in the twelve months to 30 June of these years.

    Returns
    -------
    pandas.DataFrame
        cohort, days (int64), event (int64: 0, 1, 2), n (int64), complete (bool: the records of the service
        reach back to the first birth of the cohort, so that no first event is missed).

    Raises
    ------
    ValueError
        When a cohort stands in no mid-year estimate, or is not wholly born by the end of the returns.
    """
    cohorts = [int(cohort) for cohort in cohorts]
    sizes = cohort_sizes(store).groupby("cohort")["people"].mean()
    missing = [cohort for cohort in cohorts if cohort not in sizes.index]
    if missing:
        raise ValueError(f"No population estimate holds the cohorts {missing}.")
    first_day, last_day = _span(store, service)
    limits = {cohort: _follow_up(cohort, last_day) for cohort in cohorts}
    seen = _followed(store, service, limits)
    rows = [seen]
    for cohort, limit in limits.items():
        never = max(round(sizes[cohort]) - seen.loc[seen["cohort"] == cohort, "n"].sum(), 0)
        rows.append(pd.DataFrame({"cohort": [cohort], "days": limit, "event": 0, "n": never}))
    table = pd.concat(rows).groupby(["cohort", "days", "event"], as_index=False)["n"].sum()
    table = table[table["n"] > 0].astype("int64")
    born_from = pd.to_datetime((table["cohort"] - 1).astype(str) + "-07-01")
    return table.assign(complete=born_from >= first_day).reset_index(drop=True)


def ages_at_first(store: Store, service: str, first_cohort: int, last_cohort: int) -> pd.DataFrame:
    """Count first events at each age and the children of that age, over cohorts who have passed it.

    Each age takes the cohorts between the first and the last that have passed it within the returns; for the
    last ages, which the first cohort has not reached, the latest cohort that has. So no cohort needs to be
    18, and an age is measured in several years together. Source: as Jay and others (2025) sum over ages.

    Parameters
    ----------
    first_cohort : int
        The first that the records of the service follow from birth: see `first_followed`.

    Returns
    -------
    pandas.DataFrame
        age, from_cohort, to_cohort, n (first events at the age), people (of the cohorts at that age, summed).
        For an age that no estimate holds of these cohorts people is 0.
    """
    last = int(store.referrals.collection_year.max().execute())
    found = first_events(store, service)
    counts = found.group_by(["cohort", "age"]).aggregate(n=found.count()).execute()
    sizes = cohort_sizes(store)
    rows = []
    for age in range(ADULT):
        low, high = min(first_cohort, last - 1 - age), min(last_cohort, last - 1 - age)
        here = [_between(frame, low, high, age) for frame in (counts, sizes)]
        rows.append((age, low, high, here[0]["n"].sum(), here[1].groupby("cohort")["people"].mean().sum()))
    table = pd.DataFrame(rows, columns=["age", "from_cohort", "to_cohort", "n", "people"])
    return table.astype({"n": "int64", "people": "int64"})


def first_followed(store: Store, service: str) -> int:
    """Return the first birth cohort whom the records of a service follow from birth in most authorities."""
    first_day, _ = _span(store, service)
    return first_day.year + (1 if first_day.month <= 7 else 2)


def cumulative_by_age(ages: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return the share of children who have the service by each birthday, if rates stayed as they were.

    The sum over ages of first events by all children of the age, with or without the service before: since
    the events are first ones, and the children are all, the sum is a share and no hazard. Competing deaths
    are in it as far as the estimates of population are without the dead. The interval is that of a directly
    standardised rate with a weight of one an age (gamma; Fay and Feuer 1997), events of one family taken as
    independent. Source: cumulative rate, Day (1976); synthetic cohort as in Ubbesen and others (2015).

    Parameters
    ----------
    ages : pandas.DataFrame
        From `ages_at_first`: age, n, people.

    Returns
    -------
    pandas.DataFrame
        term ("by age 1" to "by age 18"), estimate, low, high (share, 0 to 1), n (first events so far),
        method, age (the birthday).
    """
    ordered = ages.sort_values("age")
    base = ordered["people"].replace(0, np.nan)
    estimate = (ordered["n"] / base).cumsum()
    variance = (ordered["n"] / base**2).cumsum()
    widest = (1 / base).cummax()
    low, high = _gamma_limits(estimate.to_numpy(), variance.to_numpy(), widest.to_numpy(), level)
    birthdays = (ordered["age"] + 1).tolist()
    terms = [f"by age {age}" for age in birthdays]
    return result(terms, estimate, low, high, ordered["n"].cumsum(), SYNTHETIC, age=birthdays)


def life_table(ages: pd.DataFrame) -> pd.DataFrame:
    """Return the period life table of a first event: who has not had it yet, and the risk at each age.

    The risk at an age is first events over the children who had not had one at its start; the latter are not
    counted but follow from the ages before. Source: the synthetic cohort life table, as Wildeman and others
    (2014) use it for confirmed maltreatment.

    Parameters
    ----------
    ages : pandas.DataFrame
        From `ages_at_first`.

    Returns
    -------
    pandas.DataFrame
        age, n, people, rate (first events per child of the age), without (share who have not had one at the
        start of the age), risk (of those), by_end (share who have had it by the next birthday).
    """
    ordered = ages.sort_values("age", ignore_index=True)
    rate = ordered["n"] / ordered["people"].replace(0, np.nan)
    by_end = rate.cumsum()
    without = 1 - (by_end - rate)
    table = ordered[["age", "n", "people"]].assign(rate=rate, without=without, risk=rate / without)
    return table.assign(by_end=by_end)


def _follow_up(cohort: int, last_day: pd.Timestamp) -> int:
    """Return the days for which the whole cohort is followed: to 18, or as long as its youngest."""
    days = (last_day - pd.Timestamp(cohort, 6, 30)).days
    if days < 0:
        raise ValueError(f"The cohort {cohort} is not wholly born by the last day of the returns.")
    return min(days, int(ADULT * YEAR))


def _followed(store: Store, service: str, limits: dict[int, int]) -> pd.DataFrame:
    """Count the people in the returns by days followed and ending."""
    people = people_in_cohorts(store)
    born = people.filter(people.cohort.isin(list(limits)))
    whole = born.group_by("person").aggregate(
        cohort=born.cohort.min(), birth=born.birth_date.min(), death=born.death_date.min()
    )
    firsts = first_events(store, service).select("person", first="days")
    joined = whole.left_join(firsts, "person").select(*whole.columns, "first")
    limit = ibis.cases(*[(joined.cohort == cohort, days) for cohort, days in limits.items()], else_=0)
    died_at = joined.death.delta(joined.birth, unit="day")
    served = (joined["first"] <= limit).fill_null(False)
    died = ((died_at <= limit) & ~served).fill_null(False)
    timed = joined.select(
        "cohort",
        days=ibis.cases((served, joined["first"]), (died, died_at), else_=limit).cast("int64"),
        event=ibis.cases((served, 1), (died, 2), else_=0).cast("int64"),
    )
    return timed.group_by(timed.columns).aggregate(n=lambda t: t.count()).execute().astype("int64")


def _span(store: Store, service: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the days that the records of a service cover in most authorities.

    A small authority may have no record in its first or last year, though it made a return.
    """
    days = coverage(store, [service]).execute()
    if days.empty:
        raise ValueError(f"The store holds no records of {service}.")
    return tuple(pd.Timestamp(days[name].mode().iloc[0]) for name in ("first_day", "last_day"))


def _between(frame: pd.DataFrame, low: int, high: int, age: int) -> pd.DataFrame:
    return frame[frame["cohort"].between(low, high) & (frame["age"] == age)]


def _gamma_limits(
    estimate: np.ndarray, variance: np.ndarray, widest: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low = variance / (2 * estimate) * stats.chi2.ppf(tail, 2 * estimate**2 / variance)
        up_variance, up_estimate = variance + widest**2, estimate + widest
        freedom = 2 * up_estimate**2 / up_variance
        high = up_variance / (2 * up_estimate) * stats.chi2.ppf(1 - tail, freedom)
    return np.where(estimate == 0, 0.0, low), high
