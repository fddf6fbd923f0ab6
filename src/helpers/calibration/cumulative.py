"""Measures the targets on how many children ever had a service: by birth cohort, up to an age.

No register of births is in the returns. A cohort here is everyone born in the twelve months to 30 June, so
that it is the people of one age in a mid-year estimate; its size is the mean of those estimates. Children
who came to the country unaccompanied are left out of cohorts: they were not born into them. A child with
two authorities' numbers is told to be one by the pupil number, where there is one.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import GROUP, by_ethnic_group, periods, prepared_sql
from helpers.sources.store import Store

FIRST_COHORT = 2009  # the first that the Children in Need Census follows from birth
ASSESSED = "(select authority, child_id, assessment_start as day from assessments)"
REFERRED = "(select authority, child_id, referral_date as day from referrals)"
IN_NEED = """(select authority, child_id, referral_date as day from referrals
    where not coalesce(no_further_action, false) and coalesce(closure_reason, '') not in ('RC8', 'RC9'))"""
PLANNED = "(select authority, child_id, plan_start as day from cp_plans)"


def people(store: Store) -> str:
    """Return the table of children: cohort, group, and a number that follows them between authorities."""
    return prepared_sql(
        store,
        "people_in_cohorts",
        f"""select authority, child_id, coalesce(upn, authority || child_id) as person, birth_date,
                year(birth_date + interval 184 days) as cohort, {GROUP} as who
            from children where birth_date is not null
            and (authority, child_id) not in (select (authority, child_id) from uasc)""",
    )


def _first(store: Store, name: str, events: str) -> str:
    """Return the table of each person's first event, and the age at it (completed years, 0 if unborn)."""
    return prepared_sql(
        store,
        f"first_{name}",
        f"""select person, min(cohort) as cohort, min(who) as who, greatest(0, floor(
                date_diff('day', min(birth_date), min(day)) / 365.25)) as age
            from {events} join {people(store)} using (authority, child_id) group by person""",
    )


def size_of(store: Store, cohorts: tuple[int, int], age: int | None = None) -> float:
    """Return the people of the cohorts: of all of them the mean estimate, at an age or at any."""
    return one(
        store,
        """select sum(people) from (
               select cohort, avg(people) as people from (
                   select year - age as cohort, year, sum(people) as people from populations
                   where age < 18 and (? is null or age = ?) group by 1, 2)
               group by cohort) where cohort between ? and ?""",
        age,
        age,
        *cohorts,
    )


@target("F00283", name="referral", events=REFERRED)
@target("F00285", name="assessment", events=ASSESSED)
@target("F00287", name="need", events=IN_NEED)
@target("F00289", name="plan", events=PLANNED)
def before_18(store: Store, name: str, events: str) -> float:
    """Jay and others 2025: children who ever had the service before 18, %.

    Summed over ages: first events at each age by children of that age. The study has the cohorts born 2000 to
    2013. The returns reach back to April 2008, so children born from mid-2008 are taken, whom they follow
    from birth, and for the last ages those a year or two older.
    In need is a case that went on after assessment; a case that found no need is not.
    """
    first = _first(store, name, events)
    last = int(one(store, "select max(collection_year) from referrals"))
    share = 0.0
    for age in range(18):
        cohorts = (min(FIRST_COHORT, last - 1 - age), min(2013, last - 1 - age))
        found = one(
            store, f"select count(*) from {first} where age = ? and cohort between ? and ?", age, *cohorts
        )
        share += found / size_of(store, cohorts, age)
    return 100 * share


def _looked_after(store: Store) -> str:
    care = f"(select authority, child_id, period_start as day from {periods(store)})"
    return _first(store, "care", care)


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
        f"""select count(*) from {_looked_after(store)}
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
        f"select count(*) from {_looked_after(store)} where age < 1 and cohort between ? and ?",
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
        f"""select count(*) from {_first(store, "referral", REFERRED)}
            where age < 5 and cohort between ? and ?""",
        *cohorts,
    )
    return 100 * found / size_of(store, cohorts)
