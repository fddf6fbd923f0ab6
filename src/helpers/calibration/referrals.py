"""Measures the targets on referrals, assessments completed, and being referred again."""

from __future__ import annotations

import pandas as pd

from helpers.calibration.base import one, target
from helpers.calibration.common import as_england, in_year, percent, periods, prepared, prepared_sql, rate
from helpers.measures.assessments import within_45_working_days
from helpers.measures.referrals import re_referrals, referral_spells, time_to_rereferral
from helpers.models.survival import kaplan_meier
from helpers.sources.store import Store

YEAR = 365.25


def _spells(store: Store) -> str:
    return prepared(store, "spells_of_referral", referral_spells)


def closures(store: Store) -> str:
    """Return the table of closures, each followed to the next referral, adulthood or the last day."""
    return prepared(store, "followed_closures", time_to_rereferral)


@target("F00612", year=2025)
def referral_rate(store: Store, year: int) -> float:
    """Referrals in the year, each counted, per 10,000 children."""
    return rate(
        store, one(store, f"select count(*) from referrals where {in_year('referral_date', year)}"), year
    )


@target("F00644", year=2025)
def within_12_months(store: Store, year: int) -> float:
    """DfE: referrals in the year that came within 12 months of a previous one to the same authority, %."""
    found = re_referrals(referral_spells(store)).set_index("year")
    return 100 * float(found.loc[year, "share"])


@target("F00676", condition="no_further_action", year=2025)
@target("F00708", condition="closure_reason in ('RC8', 'RC9')", year=2025)
@target("F00740", condition="referral_source = '2A'", year=2025)
@target("F00772", condition="referral_source in ('3A', '3B', '3C', '3D', '3E', '3F')", year=2025)
@target("F00804", condition="referral_source = '6'", year=2025)
def share_of_referrals(store: Store, condition: str, year: int) -> float:
    """Share of the referrals in the year, %.

    Found not in need: closed after assessment, without services (RC8) or to early help (RC9). Schools are
    schools alone, not other education services.
    """
    return percent(store, "referrals", in_year("referral_date", year), condition)


def _children_again(store: Store, year: int) -> str:
    return f"""select count(distinct (authority, child_id)) filter (
        previous_referral >= referral_date - interval 12 months) {{}}
        from {_spells(store)} where {in_year("referral_date", year)}"""


@target("F05354", year=2025)
def children_referred_again(store: Store, year: int) -> float:
    """DfE, file C1: children with a referral in the year within 12 months of a previous one.

    A number of children, brought to a country with England's children.
    """
    return as_england(store, one(store, _children_again(store, year).format("")), year)


@target("F05355", year=2025)
def children_referred_again_share(store: Store, year: int) -> float:
    """DfE, file C1: of the children referred in the year, those re-referred within 12 months, %."""
    of = "* 100.0 / count(distinct (authority, child_id))"
    return one(store, _children_again(store, year).format(of))


@target("F00836", year=2025)
def assessed_in_time(store: Store, year: int) -> float:
    """Assessments completed in the year that took up to 45 working days, %."""
    found = within_45_working_days(store).set_index("year")
    return 100 * float(found.loc[year, "share"])


@target("F00005", years=1, closed=(2014, 2021))
@target("F00006", years=6, closed=(2014, 2019))
def average_again(store: Store, years: int, closed: tuple[int, int]) -> float:
    """Briefing: share of closures after which the child was referred again within so long, %.

    A plain average over the closures of the years named of children who could be followed for so long before
    they turned 18; unlike the survival curve, it takes nothing from children followed for less.
    """
    return one(
        store,
        f"""select 100 * avg((event = 1 and days <= ?)::int)
            from {closures(store)} join children using (authority, child_id)
            where year between ? and ? and closure_date + to_days(?) < birth_date + interval 18 years""",
        years * YEAR,
        *closed,
        round(years * YEAR),
    )


@target("F00057", years=1)
@target("F00058", years=6)
def survival_again(store: Store, years: int) -> float:
    """Goldacre and others 2025: Kaplan-Meier share referred again after closures of 2014 to 2019, %.

    Followed to the 18th birthday or the last day, which here is later than in the study.
    """
    counts = store.connection.con.execute(
        f"""select days, event, count(*) as n from {closures(store)}
            where year between 2014 and 2019 group by 1, 2"""
    ).df()
    return 100 * _incidence(counts, years)


def _incidence(counts: pd.DataFrame, years: int) -> float:
    """Return the Kaplan-Meier share that had the event within so many years."""
    curve = kaplan_meier(counts, every=YEAR, until=years)
    return float(curve.set_index("time")["estimate"].get(years, float("nan")))


def home_spells(store: Store) -> str:
    """Return the table of returns home, followed to the next period of care, adulthood or the last day."""
    return prepared_sql(
        store,
        "homes_after_care",
        f"""select period_end as home, next is not null and next <= until as event,
                date_diff('day', period_end, least(coalesce(next, until), until)) as days
            from (
                select *, lead(period_start) over (
                        partition by authority, child_id order by period_start) as next,
                    least(last_day, birth_date + interval 18 years)::date as until
                from {periods(store)} join children using (authority, child_id))
            where reason_ceased in ('E4A', 'E4B') and period_end < until""",
    )


@target("F00059", years=1, first="2014-04-01", last="2020-03-31")
@target("F00062", years=6, first="2013-04-01", last="2017-03-31")
def back_in_care(store: Store, years: int, first: str, last: str) -> float:
    """Goldacre and others 2022: children who went home from care and were back within so long, %.

    By Kaplan-Meier; within six years of the returns of four years, not of 2014/15 alone. Home is a planned or
    unplanned return (E4A, E4B); followed to the 18th birthday or the last day.
    """
    counts = store.connection.con.execute(
        f"""select days, event, count(*) as n from {home_spells(store)}
            where home between ? and ? group by 1, 2""",
        [first, last],
    ).df()
    return 100 * _incidence(counts, years)


@target("F00067", within="date '2016-03-31'", young=True)
@target("F00025", within="date '2011-03-31'", young=False)
def of_2010_11(store: Store, within: str, young: bool) -> float:
    """Troncoso 2017: of children referred in 2010/11, those referred again after the first time in it, %.

    Within six years: up to 31 March 2016, of those still under 18 then. In the first year: up to 31 March
    2011, so that most are followed for months only ("in 2010-11, 15% were re-referred").
    """
    still_young = "and birth_date > date '2016-03-31' - interval 18 years" if young else ""
    return one(
        store,
        f"""with begun as (
                select authority, child_id, min(referral_date) as first from referrals
                where {in_year("referral_date", 2011)} group by all)
            select 100 * avg((exists (
                select 1 from referrals r where r.authority = b.authority and r.child_id = b.child_id
                and r.referral_date > b.first and r.referral_date <= {within}))::int)
            from begun b join children using (authority, child_id) where true {still_young}""",
    )
