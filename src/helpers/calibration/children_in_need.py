"""Measures the targets on children in need and on the factors found in assessments."""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import (
    GROUP,
    age_at,
    around,
    as_england,
    in_years,
    open_at,
    percent,
    prepared_sql,
    rate,
    together,
)
from helpers.sources.store import Store

# Durations as the DfE bands them: from, up to (months).
UNTIL_3, UNTIL_6, UNTIL_12, UNTIL_24, LONGER = (0, 3), (3, 6), (6, 12), (12, 24), (24, 1200)


def in_need(year: int) -> str:
    """Return SQL: the referral is a case of a child in need at 31 March.

    DfE: open, whether already assessed or not, unless it led to no further action.
    """
    return f"not coalesce(no_further_action, false) and {open_at('referral_date', 'closure_date', year)}"


def _at_end(store: Store, year: int) -> str:
    """Return the table of children in need at 31 March, once each, with what is known of them."""
    day = f"date '{year}-03-31'"
    return prepared_sql(
        store,
        f"in_need_{year}",
        f"""select distinct on (authority, child_id) r.*, sex, birth_date, {GROUP} as who,
                {age_at("birth_date", day)} as age, {day} as day
            from referrals r left join children using (authority, child_id)
            where {in_need(year)} order by authority, child_id, referral_date""",
    )


def _at_ends(store: Store, year: int) -> str:
    """Return SQL: children in need at 31 March of three years about one."""
    return together(_at_end(store, y) for y in around(year, 3))


@target("F01316", year=2025)
def in_need_rate(store: Store, year: int) -> float:
    """Children in need at 31 March per 10,000 children."""
    return rate(store, one(store, f"select count(*) from {_at_end(store, year)}"), year)


def _lasting(months: tuple[int, int], start: str, end: str) -> str:
    least, most = months
    return f"{start} <= {end} - interval {least} months and {start} > {end} - interval {most} months"


@target("F01348", months=UNTIL_3)
@target("F01380", months=UNTIL_6)
@target("F01412", months=UNTIL_12)
@target("F01444", months=UNTIL_24)
@target("F01476", months=LONGER)
def open_for(store: Store, months: tuple[int, int]) -> float:
    """Children in need at 31 March by how long the case had been open, %; three years to 2025."""
    return percent(store, _at_ends(store, 2025), "true", _lasting(months, "referral_date", "day"))


@target("F01508", months=UNTIL_3)
@target("F01540", months=UNTIL_6)
@target("F01572", months=UNTIL_12)
@target("F01604", months=UNTIL_24)
@target("F01636", months=LONGER)
def lasted(store: Store, months: tuple[int, int]) -> float:
    """Episodes of need that ended in the three years to 31 March 2025 by how long they had lasted, %.

    Of children found in need: without referrals of no further action or closed after an assessment that
    found no need, as there are some 390,000 such episodes for 620,000 referrals in the DfE's count.
    """
    ended = f"""not coalesce(no_further_action, false) and {in_years("closure_date", around(2025, 3))}
        and closure_reason not in ('RC8', 'RC9')"""
    return percent(store, "referrals", ended, _lasting(months, "referral_date", "closure_date"))


@target("F00101", condition="sex = 'M'", year=2016)
@target("F00104", condition="age between 10 and 15", year=2016)
@target("F00105", condition="age between 0 and 4", year=2016)
@target("F00131", condition="primary_need = 'N2'", year=2018)
@target("F00129", condition="primary_need = 'N1'", year=2018)
@target("F00130", condition="primary_need = 'N5'", year=2018)
def share_in_need(store: Store, condition: str, year: int) -> float:
    """Share of children in need at 31 March of three years, unborn children in the whole, %."""
    return percent(store, _at_ends(store, year), "true", condition)


@target("F00262", year=2020)
def disabled(store: Store, year: int) -> float:
    """Children in need at 31 March of three years with a disability recorded, %."""
    recorded = (
        "(authority, child_id) in (select (authority, child_id) from disabilities where disability <> 'NONE')"
    )
    return percent(store, _at_ends(store, year), "true", recorded)


@target("F00226", who="White")
@target("F00227", who="Mixed")
@target("F00228", who="Asian")
@target("F00229", who="Black")
@target("F00230", who="Other")
def ethnicity(store: Store, who: str) -> float:
    """Share of children in need whose ethnicity is known, 31 March 2019 to 2021, %; Chinese is in "Other"."""
    return percent(store, _at_ends(store, 2020), "who is not null", f"who = '{who}'")


def _factors(store: Store, years: range) -> str:
    """Return the table of factors found in assessments completed in the years, once an episode (referral)."""
    return prepared_sql(
        store,
        f"factors_{years[0]}_{years[-1]}",
        f"""select distinct authority, child_id, referral_date, factor
            from assessment_factors
            join assessments using (authority, child_id, referral_date, assessment_start)
            where factor <> '21' and {in_years("assessment_end", years)}""",
    )


def _episodes(store: Store, years: range) -> float:
    return one(
        store, f"select count(distinct (authority, child_id, referral_date)) from {_factors(store, years)}"
    )


@target("F05441", year=2025)
def with_factors(store: Store, year: int) -> float:
    """Episodes with an assessment completed in the year and at least one factor; in England's size.

    Factor 21 says that none was found and is not counted.
    """
    return as_england(store, _episodes(store, range(year, year + 1)), year)


@target("F05443", factor="1A")
@target("F05445", factor="1B")
@target("F05449", factor="2A")
@target("F05451", factor="2B")
@target("F05455", factor="3A")
@target("F05457", factor="3B")
@target("F05461", factor="4A")
@target("F05463", factor="4B")
@target("F05467", factor="5A")
@target("F05473", factor="6A")
@target("F05479", factor="7A")
@target("F05485", factor="10A")
@target("F05487", factor="11A")
@target("F05491", factor="13A")
@target("F05497", factor="16A")
@target("F05499", factor="17A")
@target("F05513", factor="24A")
def with_factor(store: Store, factor: str) -> float:
    """DfE, file C3: episodes with this factor, of those with any, in the three years to 31 March 2025, %."""
    found = one(store, f"select count(*) from {_factors(store, around(2025, 3))} where factor = ?", factor)
    return 100 * found / _episodes(store, around(2025, 3))
