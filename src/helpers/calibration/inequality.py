"""Measures the targets on inequality: rates by deprivation of the neighbourhood and by ethnic group.

A child's neighbourhood is that of the postcode lived at: of home for a child looked after, of the address at
the time for a child on a plan. Deciles are of multiple deprivation among the country's neighbourhoods. The
study numbers them 1 (least deprived) to 10, our table the other way round. Where the store does not say
where children lived, nothing is measured.
"""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import (
    around,
    by_ethnic_group,
    children,
    neighbourhood_tables,
    open_at,
    prepared_sql,
    together,
)
from helpers.calibration.looked_after import at_ends
from helpers.sources.store import Store

MIDDLE = 2014  # of the estimates of population for the year to March 2015
YEARS = around(2015, 7)  # of March 2015 alone there are few in the least deprived tenth


def _on_plan(store: Store) -> str:
    """Return the query of children on a plan at 31 March of each year and their deciles."""
    return together(
        f"""(select distinct on (p.authority, p.child_id) imd_decile
            from cp_plans p left join addresses a on a.authority = p.authority and a.child_id = p.child_id
                and {open_at("address_start", "address_end", year)}
            left join postcodes using (postcode)
            left join neighbourhoods using (neighbourhood) where {open_at("plan_start", "plan_end", year)}
            order by p.authority, p.child_id, address_start)"""
        for year in YEARS
    )


def _looked_after(store: Store) -> str:
    """Return the query of children looked after at 31 March of each year and their deciles."""
    return f"""(select imd_decile from {at_ends(store, YEARS)} left join postcodes on postcode = home_postcode
        left join neighbourhoods using (neighbourhood) where not uasc)"""


SERVICES = {"plan": _on_plan, "care": _looked_after}


def rates(store: Store, service: str) -> str:
    """Return the table of rates per 10,000 children by decile (1 = least deprived).

    Children by neighbourhood are those of the year nearest; children of the service whose home is not known
    are spread over deciles as the others.
    """
    return prepared_sql(
        store,
        f"deciles_{service}",
        f"""with served as ({SERVICES[service](store)}),
            known as (select count(*) / count(imd_decile) / {len(YEARS)} as weight from served),
            homes as (
                select imd_decile, sum(children) as children
                from neighbourhood_populations join neighbourhoods using (neighbourhood) where year = (
                    select year from neighbourhood_populations
                    group by year order by abs(year - {MIDDLE}), year limit 1) group by 1)
            select 11 - imd_decile as decile,
                1e4 * count(served.imd_decile) * (select weight from known) / any_value(children) as rate
            from homes left join served using (imd_decile) group by imd_decile""",
    )


# Children looked after per 10,000 in the study's sample, all ten deciles of equal size together.
SAMPLE_CARE = (12 + 14 + 23 + 29 + 29 + 40 + 55 + 67 + 88 + 133) / 10


@target("F00324", service="plan", decile=1)
@target("F00326", service="plan", decile=2)
@target("F00332", service="plan", decile=5)
@target("F00336", service="plan", decile=7)
@target("F00340", service="plan", decile=9)
@target("F00342", service="plan", decile=10)
@target("F00325", service="care", decile=1)
@target("F00327", service="care", decile=2)
@target("F00333", service="care", decile=5)
@target("F00337", service="care", decile=7)
@target("F00341", service="care", decile=9)
@target("F00343", service="care", decile=10)
def decile_rate(store: Store, service: str, decile: int) -> float:
    """Bywaters and others 2020: on a plan or looked after at 31 March, per 10,000 of the decile.

    The study has a sample of authorities. Its rate of children looked after, over all ten deciles, is 49
    per 10,000 where England had 60 that year: the country's rates are scaled to the sample's, so that what
    is held against it is the gradient. Plans need no scaling (42 against 43).
    """
    if not neighbourhood_tables(store):
        return float("nan")
    rate = one(store, f"select rate from {rates(store, service)} where decile = ?", decile)
    if service == "care":
        rate *= SAMPLE_CARE / one(store, f"select avg(rate) from {rates(store, service)}")
    return rate


@target("F00354", service="plan")
@target("F00355", service="care")
def most_to_least(store: Store, service: str) -> float:
    """Bywaters and others 2020: rate in the most deprived tenth over that in the least deprived."""
    return decile_rate(store, service, 10) / decile_rate(store, service, 1)


@target("F00356", who="White")
@target("F00357", who="Black")
@target("F00358", who="Asian")
@target("F00359", who="Mixed")
def care_by_ethnicity(store: Store, who: str) -> float:
    """Bywaters and others 2019: children looked after at 31 March, per 10,000 of the ethnic group.

    The study sampled neighbourhoods of 18 authorities in England, more deprived than the country.
    """
    share = by_ethnic_group(store, MIDDLE).get(who, float("nan"))
    found = one(store, f"select count(*) from {at_ends(store, YEARS)} where who = ?", who) / len(YEARS)
    return 1e4 * found / (children(store, MIDDLE + 1) * share)
