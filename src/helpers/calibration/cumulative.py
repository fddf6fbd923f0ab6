"""Measures the targets on how many children ever had a service: by birth cohort, up to an age.

Cohorts, their sizes and first events are those of `helpers.measures.cumulative`.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import GROUP, by_ethnic_group, prepared
from helpers.measures.cumulative import (
    ages_at_first,
    cohort_sizes,
    cumulative_by_age,
    first_events,
    people_in_cohorts,
)
from helpers.sources.store import Store

FIRST_COHORT = 2009  # the first that the Children in Need Census follows from birth


def people(store: Store) -> str:
    """Return the table of children: cohort, group, and a number that follows them between authorities."""
    return prepared(store, "people_in_cohorts", people_in_cohorts)


def first(store: Store, service: str) -> str:
    """Return the table of each person's first spell of a service, and the age at it."""
    return prepared(store, f"first_{service}", lambda s: first_events(s, service))


def size_of(store: Store, cohorts: tuple[int, int]) -> float:
    """Return the people of the cohorts: of each the mean of its estimates."""
    sizes = cohort_sizes(store)
    return float(sizes[sizes["cohort"].between(*cohorts)].groupby("cohort")["people"].mean().sum())


@target("F00283", service="referral")
@target("F00285", service="assessment")
@target("F00287", service="need")
@target("F00289", service="plan")
def before_18(store: Store, service: str) -> float:
    """Jay and others 2025: children who ever had the service before 18, %.

    The study has the cohorts born 2000 to 2013. The returns reach back to April 2008, so children born from
    mid-2008 are taken, whom they follow from birth, and for the last ages those a year or two older.
    In need is a case that went on after assessment; a case that found no need is not.
    """
    ages = ages_at_first(store, service, FIRST_COHORT, 2013)
    return 100 * cumulative_by_age(ages)["estimate"].iloc[-1]


def _arrived(store: Store, cohorts: tuple[int, int], who: str) -> float:
    """Return the unaccompanied children born in the cohorts."""
    return one(
        store,
        f"""select count(distinct (authority, child_id)) from uasc join children using (authority, child_id)
            where year(birth_date + interval 184 days) between ? and ? and ? in ('', {GROUP})""",
        *cohorts,
        who,
    )


@target("F00293", cohorts=(1993, 1995))
@target("F00294", cohorts=(1999, 2001))
@target("F00296", cohorts=(1998, 2002), who="Black")
@target("F00297", cohorts=(1998, 2002), who="Mixed")
def ever_looked_after(store: Store, cohorts: tuple[int, int], who: str = "") -> float:
    """Jay and others 2022: children looked after at any time before 18, short breaks apart, %.

    Born 1992: the cohorts of mid-1992 to mid-1995, as the country's births begin in 1992. Born 2000: with the
    year before and after, by ethnic group with two, since one year alone is few children. By ethnic group,
    the cohort has the group's share among children of its middle years. The study counts by year of birth
    whoever was looked after, so unaccompanied children are in it.
    """
    found = one(
        store,
        f"""select count(*) from {first(store, "care")}
            where age < 18 and cohort between ? and ? and ? in ('', who)""",
        *cohorts,
        who,
    )
    of = size_of(store, cohorts)
    found += _arrived(store, cohorts, who)
    share = by_ethnic_group(store, cohorts[0] + 10).get(who, float("nan")) if who else 1.0
    return 100 * found / (of * share)


@target("F00302", cohorts=(2009, 2012))
def entered_as_baby(store: Store, cohorts: tuple[int, int]) -> float:
    """Mc Grath-Lone and others 2016: children who entered care before their first birthday, %.

    Born from mid-2008 to mid-2012; short breaks apart.
    """
    found = one(
        store,
        f"select count(*) from {first(store, 'care')} where age < 1 and cohort between ? and ?",
        *cohorts,
    )
    return 100 * found / size_of(store, cohorts)


@target("F00308", cohorts=(2010, 2010))
def referred_before_five(store: Store, cohorts: tuple[int, int]) -> float:
    """Bilson & Martin 2017: children born 2009/10 referred before their fifth birthday, %.

    Born from mid-2009 to mid-2010, nine of whose twelve months are in 2009/10.
    """
    found = one(
        store,
        f"""select count(*) from {first(store, "referral")}
            where age < 5 and cohort between ? and ?""",
        *cohorts,
    )
    return 100 * found / size_of(store, cohorts)
