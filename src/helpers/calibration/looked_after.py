"""Measures the targets on children looked after: how many, who, where, and how they come and go."""

from __future__ import annotations

from helpers.calibration.base import one, target
from helpers.calibration.common import (
    GROUP,
    age_at,
    around,
    in_year,
    in_years,
    open_at,
    percent,
    periods,
    prepared,
    prepared_sql,
    rate,
    together,
)
from helpers.measures.care import episodes_in_periods, placement_stability, placements
from helpers.sources.store import Store

LEVEL = around(2025, 3)  # years over which a rate is taken
MAKE_UP = around(2025, 5)  # years over which it is counted who, where and how: fewer children in each part
MILES_20 = 32.19  # in kilometres
FOSTERED = "placement like 'U%'"
ADOPTED = "reason_ceased in ('E11', 'E12')"
GUARDIAN = "reason_ceased in ('E43', 'E44', 'E45', 'E46', 'E47', 'E48')"
OUTSIDE = "placed_in is distinct from authority and placed_in is not null"


def at_end(store: Store, year: int) -> str:
    """Return the table of children looked after at 31 March: the episode then open, and who the child is.

    Short breaks are left out. `uasc` says that the child is unaccompanied, `placed_in` the authority of the
    placement, `km` how far it is from home (both empty where postcodes are not known).
    """
    day = f"date '{year}-03-31'"
    episodes = prepared(store, "episodes_of_care", episodes_in_periods)
    return prepared_sql(
        store,
        f"looked_after_{year}",
        f"""select distinct on (e.authority, e.child_id) e.*, sex, birth_date, {GROUP} as who,
                {age_at("birth_date", day)} as age, {day} as day,
                u.child_id is not null and (status_ceased is null or status_ceased > {day}) as uasc,
                n.authority as placed_in,
                sqrt((p.easting - h.easting) ** 2 + (p.northing - h.northing) ** 2) as km
            from {episodes} e left join children c using (authority, child_id)
            left join uasc u using (authority, child_id)
            left join postcodes p on p.postcode = placement_postcode
            left join neighbourhoods n on n.neighbourhood = p.neighbourhood
            left join postcodes h on h.postcode = home_postcode
            where not respite and {open_at("episode_start", "episode_end", year)}
            order by e.authority, e.child_id, episode_start desc""",
    )


def at_ends(store: Store, years: range) -> str:
    """Return SQL: children looked after at 31 March of each of the years; see `at_end`."""
    return together(at_end(store, year) for year in years)


@target("F02859")
def looked_after_rate(store: Store) -> float:
    """Children looked after at 31 March per 10,000 children, the mean of three years to 2025."""
    number = one(store, f"select count(*) from {at_ends(store, LEVEL)}")
    return rate(store, number / len(LEVEL), LEVEL[-1])


@target("F02921", column="period_start")
@target("F02983", column="period_end")
def moving_rate(store: Store, column: str) -> float:
    """Children who started, or ceased, to be looked after in a year, per 10,000; three years to 2025.

    DfE: a child who did so more than once in the year is counted once.
    """
    numbers = [
        one(
            store,
            f"""select count(distinct (authority, child_id)) from {periods(store)}
                where {in_year(column, year)}""",
        )
        for year in LEVEL
    ]
    return rate(store, sum(numbers) / len(numbers), LEVEL[-1])


@target("F08343", condition="age < 1")
@target("F08335", condition="age between 1 and 4")
@target("F08341", condition="age between 5 and 9")
@target("F08337", condition="age between 10 and 15")
@target("F08339", condition="age >= 16")
@target("F08345", condition="category_of_need = 'N1'")
@target("F08347", condition="category_of_need = 'N2'")
@target("F08351", condition="category_of_need = 'N4'")
@target("F08353", condition="category_of_need = 'N5'")
@target("F08358", condition="category_of_need = 'N8'")
@target("F08378", condition="who = 'Asian'")
@target("F08380", condition="who = 'Black'")
@target("F08382", condition="who = 'Mixed'")
@target("F08388", condition="who = 'White'")
@target("F08395", condition="legal_status = 'C2'")
@target("F08397", condition="legal_status = 'C1'")
@target("F08399", condition="legal_status = 'E1'")
@target("F08401", condition="legal_status = 'V2'")
@target("F03177", condition=FOSTERED)
@target("F03194", condition="placement in ('K1', 'K2')")
@target("F03211", condition="placement in ('H5', 'P2', 'K3')")
@target("F03228", condition="placement = 'P1'")
@target("F03337", condition="uasc", years=around(2025, 2))
def share_looked_after(store: Store, condition: str, years: range = MAKE_UP) -> float:
    """Share of the children looked after at 31 March, %; five years to 2025, of the unaccompanied two."""
    return percent(store, at_ends(store, years), "true", condition)


@target("F08406", condition=OUTSIDE)
@target("F03149", condition=f"{OUTSIDE} and km > {MILES_20}")
def away(store: Store, condition: str) -> float:
    """Children placed outside the authority at 31 March, or so and over 20 miles from home, %.

    Of all children looked after; one whose home or placement is not known is not counted as away.
    """
    if one(store, "select count(*) from postcodes") == 0:
        return float("nan")
    return percent(store, at_ends(store, MAKE_UP), "true", condition)


@target("F10173", condition="age >= 16")
@target("F10224", condition="sex = 'F'")
@target("F10217", condition="who = 'Other'")
@target("F10232", condition="placement in ('H5', 'P2', 'K3')")
@target("F10228", condition=FOSTERED)
def share_unaccompanied(store: Store, condition: str) -> float:
    """Share of the unaccompanied children looked after at 31 March, %; five years to 2025."""
    return percent(store, at_ends(store, MAKE_UP), "uasc", condition)


@target("F03354", years=around(2025, 2))
def unaccompanied_starts(store: Store, years: range) -> float:
    """Of the children who started to be looked after in two years, those who came unaccompanied, %."""
    uasc = "(authority, child_id) in (select (authority, child_id) from uasc)"
    return percent(store, periods(store), in_years("period_start", years), uasc)


@target("F03015")
def three_placements(store: Store) -> float:
    """Children looked after at 31 March with three or more placements in the year, %; five years to 2025."""
    found = placement_stability(store, MAKE_UP)
    return 100 * float(found["n"].sum() / found["of"].sum())


@target("F03077")
def long_term_stability(store: Store) -> float:
    """Of children under 16 looked after for 2.5 years or more, those two years in one placement, %.

    At 31 March of five years to 2025. DfE: or placed for adoption, and there and in the placement before for
    two years together: these count as in one placement here when the foster carer adopts.
    """
    spells = prepared(store, "care_placements", placements)
    return one(
        store,
        f"""select 100 * avg((placement_start <= day - interval 2 years)::int)
            from {periods(store)} join {spells} using (authority, child_id, respite, period)
            join children using (authority, child_id)
            join (select unnest({[f"{year}-03-31" for year in MAKE_UP]})::date as day)
                on period_start <= day - interval 30 months and placement_start <= day
                and (period_end is null or period_end > day)
                and (placement_end is null or placement_end > day)
            where {age_at("birth_date", "day")} < 16""",
    )


@target("F03693")
def went_missing(store: Store) -> float:
    """Of children looked after at any time in a year, those ever missing (not just away), %; three years."""
    during = together(
        f"""(select distinct authority, child_id, (authority, child_id) in (
                select (authority, child_id) from missing_episodes
                where missing = 'M' and {in_year("missing_start", year)}) as missing
            from {periods(store)} where period_start <= date '{year}-03-31'
            and (period_end is null or period_end >= date '{year - 1}-04-01'))"""
        for year in LEVEL
    )
    return percent(store, during, "true", "missing")


@target("F03407", condition=ADOPTED)
@target("F03527", condition=GUARDIAN)
@target("F03563", condition="reason_ceased = 'E4A'")
def left_by(store: Store, condition: str) -> float:
    """Of the periods of care that ended in the five years to 31 March 2025, those that did in this way, %."""
    return percent(store, periods(store), in_years("period_end", MAKE_UP), condition)


@target("F00421", order="adopted", years=12, last="2012-03-31", per=100)
@target("F00430", order="adopted", years=5, last="2014-03-31", per=1000, back=True)
def adoption_ended(store: Store, order: str, years: int, last: str, per: int, back: bool = False) -> float:
    """Adoptions since April 2000 that ended within so many years of the order, or in a return to care.

    Wijedasa & Selwyn 2017: any disruption (%). Selwyn and others 2014: return to care (per 1,000). The order
    is the end of the period of care. No return follows an adopted child: `adoption_disruptions` does.
    """
    if one(store, "select count(*) from adoption_disruptions") == 0:
        return float("nan")
    return per * one(
        store,
        f"""select avg((disruption_date is not null and disruption_date <= period_end + to_years({years})
                and (not {back} or returned_to_care))::int)
            from {periods(store)} left join adoption_disruptions using (authority, child_id)
            where {ADOPTED} and period_end between date '2000-04-01' and ?""",
        last,
    )


@target("F00428", condition="reason_ceased = 'E41'")
@target("F00429", condition=GUARDIAN)
def back_after_order(store: Store, condition: str) -> float:
    """Selwyn and others 2014: children back in care within five years of the order that ended it, per 1,000.

    Orders of April 2005 to March 2014; a residence order is now a child arrangements order.
    """
    return 1000 * one(
        store,
        f"""select avg((coalesce(next <= period_end + interval 5 years, false))::int) from (
                select *, lead(period_start) over (
                    partition by authority, child_id order by period_start) as next
                from {periods(store)})
            where {condition} and period_end between date '2005-04-01' and date '2014-03-31'""",
    )


@target("F04007", condition="activity[1] in ('F', 'P')")
@target("F03975", condition="accommodation like '%1'")
@target("F04070", condition="activity in ('F1', 'P1')")
def leavers(store: Store, condition: str) -> float:
    """Care leavers aged 19 to 21 in the five years to 2025, those not in touch in the whole, %."""
    return percent(
        store, "care_leavers", f"collection_year in {tuple(MAKE_UP)} and in_touch <> 'DIED'", condition
    )


@target("F04134")
def staying_put(store: Store) -> float:
    """Of care leavers of 19 and 20 last placed with a foster carer, those who live there still, %.

    In the five years to 31 March 2025.
    """
    left = f"""(select l.*, last_placement, birth_date from care_leavers l
        join (select * from {periods(store)} qualify row_number() over (
            partition by authority, child_id order by period_start desc) = 1) using (authority, child_id)
        join children using (authority, child_id))"""
    aged = f"{age_at('birth_date', 'make_date(collection_year::int, 3, 31)')} between 19 and 20"
    of = f"collection_year in {tuple(MAKE_UP)} and last_placement like 'U%' and {aged}"
    return percent(store, left, of, "accommodation in ('Z1', 'Z2')")
