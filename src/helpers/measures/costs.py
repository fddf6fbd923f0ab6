"""What placements cost, and what a child's journey costs: work and placements together.

Unit costs are those of `unit_costs`. Cash prices unless a deflator is given: the store holds none.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, DAYS_A_MONTH, collection_year
from helpers.measures.care import periods_of_care, placements
from helpers.measures.contacts import coverage
from helpers.measures.groups import groups
from helpers.measures.rates import nearest_year
from helpers.measures.unit_costs import deflated, process_costs
from helpers.sources.store import Store

PLACEMENT = "Placement"

# Processes of `unit_cost_parts` that one event of a child's records stands for, and those that go on for
# as long as a spell does. What the records do not show (care planning, court work with the family) has no
# event and is in no journey: a journey's cost is of what was recorded.
AT_EVENTS = {
    "Referral and first decision": ("referrals", "referral_date"),
    "Assessment": ("assessments", "assessment_start"),
    "Section 47 enquiry": ("section47", "enquiry_start"),
    "Child protection conference": ("conferences", "conference_date"),
    "Review of a care plan": ("care_reviews", "review_date"),
    "Closing a case": ("referrals", "closure_date"),
}
BY_MONTH = {
    "Child in need plan for a month": ("cin_plans", "plan_start", "plan_end"),
    "Child protection plan for a month": ("cp_plans", "plan_start", "plan_end"),
}
ENTERING, PLACING = "Deciding that a child needs care", "Finding a placement"
CARING = "Looking after for a month"


def placement_weeks(store: Store) -> ir.Table:
    """Return the cost of each placement in each financial year in which it lasted.

    Costs are booked by the authority's finance system: a week's cost of a placement is one figure, in prices
    of the last year in which it was observed, so that long placements are priced as at their end.

    Returns
    -------
    Ibis table
        authority, child_id, placement_start, line (section 251), year, weeks (float), cost (float, pounds:
        all payers), health, education (float, pounds: their parts of it).
    """
    costs = store.placement_costs
    spans = coverage(store, ["care"]).select("authority", "last_day")
    dated = costs.left_join(spans, "authority").select(*costs.columns, "last_day")
    spread = _over_years(dated, "placement_start", "placement_end")
    weeks = spread.days / 7
    cost = weeks * spread.weekly_cost
    return spread.select(
        *CHILD,
        "placement_start",
        "line",
        "year",
        weeks=weeks,
        cost=cost,
        health=cost * spread.health_share.fill_null(0),
        education=cost * spread.education_share.fill_null(0),
    )


def placement_costs(
    store: Store,
    by: Sequence[str] = ("line", "year"),
    deflator: pd.DataFrame | None = None,
    base: int | None = None,
) -> pd.DataFrame:
    """Return what placements cost in a year and a week, all payers together.

    Parameters
    ----------
    by : sequence of str
        Of "authority", "line" and "year"; "year" must be there with a deflator.

    Returns
    -------
    pandas.DataFrame
        `by`, n (children), weeks, cost, weekly (pounds a week of placement), prices.
    """
    weeks = placement_weeks(store)
    child = weeks.authority.concat(weeks.child_id)
    table = weeks.group_by(list(by)).aggregate(
        n=child.nunique(), weeks=weeks.weeks.sum(), cost=weeks.cost.sum()
    )
    frame = deflated(table.execute().sort_values(list(by), ignore_index=True), deflator, base)
    return frame.assign(weekly=frame["cost"] / frame["weeks"])


def child_units(store: Store) -> ir.Table:
    """Return how often, or for how many months, each child met each process in each financial year.

    Source: the processes that the Cost Calculator ties to events of a child's records; which event stands
    for which process is in `AT_EVENTS` and `BY_MONTH`. Short breaks are left out; a spell still open ends
    with the returns.

    Returns
    -------
    Ibis table
        authority, child_id, process, year (int64), units (float: times, or months for processes "for a
        month").
    """
    parts = [_at(getattr(store, table), date, name) for name, (table, date) in AT_EVENTS.items()]
    periods = periods_of_care(store)
    in_care = periods.filter(~periods.respite)
    spells = placements(store)
    placed = spells.filter(~spells.respite & ~spells.temporary)
    parts += [_at(in_care, "period_start", ENTERING), _at(placed, "placement_start", PLACING)]
    ends = coverage(store, ["referral", "care"])
    for name, (table, start, end) in BY_MONTH.items():
        parts.append(
            _monthly(getattr(store, table), ends.filter(ends.service == "referral"), start, end, name)
        )
    care_ends = ends.filter(ends.service == "care")
    parts.append(_monthly(in_care.drop("last_day"), care_ends, "period_start", "period_end", CARING))
    whole = ibis.union(*parts)
    return whole.group_by([*CHILD, "process", "year"]).aggregate(units=whole.units.sum())


def child_costs(
    store: Store,
    units: ir.Table | None = None,
    deflator: pd.DataFrame | None = None,
    base: int | None = None,
) -> ir.Table:
    """Return what was spent on each child in each financial year, by process, placements among them.

    A year for which no unit cost is known takes that of the nearest year (cash prices of that year, unless
    deflated). The costs of a process are those of a typical child: differences in need do not show in them.

    Parameters
    ----------
    units : Ibis table, optional
        From `child_units`, filtered as need be; all when not given.

    Returns
    -------
    Ibis table
        authority, child_id, year, process (string, "Placement" for placements), units (float; weeks for
        placements), cost (float, pounds).
    """
    units = child_units(store) if units is None else units
    prices = _price_list(store, units, deflator, base)
    joined = units.inner_join(ibis.memtable(prices), ["process", "year"])
    worked = joined.select(*CHILD, "year", "process", "units", cost=joined.units * joined.price)
    weeks = placement_weeks(store)
    if deflator is not None:
        years = weeks.year.as_table().distinct().execute()["year"]
        factors = deflated(pd.DataFrame({"year": years, "cost": 1.0}), deflator, base)
        factors = ibis.memtable(factors.rename(columns={"cost": "factor"})[["year", "factor"]])
        weeks = weeks.inner_join(factors, "year").mutate(cost=lambda t: t.cost * t.factor)
    placed = weeks.group_by([*CHILD, "year"]).aggregate(units=weeks.weeks.sum(), cost=weeks.cost.sum())
    placed = placed.mutate(process=ibis.literal(PLACEMENT)).select(worked.columns)
    return worked.union(placed)


def journey_costs(costs: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return how costs are spread over children: the mean, the middle, and what the dearest tenth takes.

    Parameters
    ----------
    costs : Ibis table
        From `child_costs`, with columns of `by` joined to it where asked for.

    Returns
    -------
    pandas.DataFrame
        `by`, n (children), total, mean, median, ninth_decile (pounds a child, all years together),
        dearest_tenth (share of the total that goes to children at or above the ninth decile).
    """
    each = costs.group_by([*by, *CHILD]).aggregate(cost=costs.cost.sum()).execute()
    rows = [names | _spread(part["cost"]) for names, part in groups(each, by)]
    return pd.DataFrame(rows, columns=[*by, *SPREAD])


SPREAD = ["n", "total", "mean", "median", "ninth_decile", "dearest_tenth"]


def _spread(cost: pd.Series) -> dict[str, float]:
    high = cost.quantile(0.9)
    values = len(cost), cost.sum(), cost.mean(), cost.median(), high, cost[cost >= high].sum() / cost.sum()
    return dict(zip(SPREAD, values, strict=True))


def _price_list(
    store: Store, units: ir.Table, deflator: pd.DataFrame | None, base: int | None
) -> pd.DataFrame:
    """Return process, year and price for every year in which units were counted."""
    known = process_costs(store, deflator, base)
    years = units.select("year").distinct().execute()["year"].dropna()
    rows = []
    for process, part in known.groupby("process"):
        prices = part.set_index("year")["cost"]
        nearest = nearest_year(years, prices.index)
        rows += [(process, year, prices[held]) for year, held in nearest.items()]
    return pd.DataFrame(rows, columns=["process", "year", "price"]).astype(
        {"process": "object", "year": "int64", "price": float}
    )


def _at(table: ir.Table, date: str, process: str) -> ir.Table:
    dated = table.filter(table[date].notnull())
    return dated.select(
        *CHILD,
        process=ibis.literal(process),
        year=collection_year(dated[date]),
        units=ibis.literal(1.0, "float64"),
    )


def _monthly(table: ir.Table, ends: ir.Table, start: str, end: str, process: str) -> ir.Table:
    spans = ends.select("authority", "last_day")
    dated = table.left_join(spans, "authority").select(*table.columns, "last_day")
    spread = _over_years(dated, start, end)
    return spread.select(
        *CHILD, "year", process=ibis.literal(process), units=spread.days / DAYS_A_MONTH
    ).select(*CHILD, "process", "year", "units")


def _over_years(table: ir.Table, start: str, end: str) -> ir.Table:
    """Split spells by financial year: adds year and days (float; the day of the end does not count)."""
    after = (table.last_day + ibis.interval(days=1)).cast("date")
    until = ibis.coalesce(table[end], after)
    whole = table.mutate(_until=until).filter(table[start].notnull() & (table[start] < until))
    years = ibis.memtable(pd.DataFrame({"year": pd.Series(range(1990, 2101), dtype="int64")}))
    first = collection_year(whole[start])
    last = collection_year(whole._until)
    keyed = whole.mutate(_first=first, _last=last)
    spread = keyed.inner_join(years, [years.year >= keyed._first, years.year <= keyed._last])
    opens = ibis.date((spread.year - 1).cast("int64"), 4, 1)
    closes = ibis.date(spread.year.cast("int64"), 4, 1)
    begins, ends = ibis.greatest(spread[start], opens), ibis.least(spread._until, closes)
    days = ends.delta(begins, unit="day").cast("float64")
    return spread.mutate(days=days).filter(lambda t: t.days > 0).drop("_until", "_first", "_last")
