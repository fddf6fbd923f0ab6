"""Child protection plans, and which of them come back."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, collection_year, year_end
from helpers.measures.spells import counted_again, follow_up, numbered, share_again, years_covered
from helpers.sources.store import Store


def plan_spells(store: Store) -> ir.Table:
    """Return every child protection plan with the child's plans before and after it.

    A child is known by authority and the authority's own number: a plan in another authority stands only in
    `previous_plans`. Source: CIN Census guide, child protection plans.

    Returns
    -------
    Ibis table
        The canonical columns, year (of the start), previous_end and next_start (dates, may be missing),
        number (1 for the child's first in the data), first_year and last_year (collection years that the
        authority's returns cover), last_day (31 March of last_year).
    """
    plans = store.cp_plans
    spells = numbered(plans.mutate(year=collection_year(plans.plan_start)), "plan_start", "plan_end")
    joined = spells.left_join(years_covered(store.referrals), "authority")
    return joined.select(*spells.columns, "first_year", "last_year", last_day=year_end(joined.last_year))


def repeat_plans(
    spells: ir.Table, within_months: int | None = None, by: Sequence[str] = ("year",)
) -> pd.DataFrame:
    """Return the share of plans that are a second or subsequent one.

    Source: the DfE's statistics on children in need count, of the plans that began in the year, those of
    children who had a plan before, however long ago and in any authority (once NI 65), by the number of
    earlier plans that the return gives. The share within two years (`within_months=24`) is what authorities
    watch themselves; it counts from the end of the earlier plan, and that must be in the same authority's
    returns.

    Parameters
    ----------
    spells : Ibis table
        From `plan_spells`.
    within_months : int, optional
        How recently the earlier plan must have ended; None for ever.
    by : sequence of str
        Columns to count by.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of, share, low, high, complete (bool: see `helpers.measures.spells.share_again`; for ever,
        whether every plan says how many came before; where one does not, the plans in the data count).
    """
    if within_months is not None:
        return share_again(spells, "plan_start", "previous_end", within_months, by)
    covered = spells.filter(spells.year >= spells.first_year)
    earlier = ibis.coalesce(covered.previous_plans, covered.number - 1)
    return counted_again(covered.mutate(again=earlier > 0, seen=covered.previous_plans.notnull()), by)


def time_to_next_plan(store: Store) -> ir.Table:
    """Return how long after each plan ended the child was on another, for survival analysis.

    Followed from the end of the plan; see `helpers.measures.spells.follow_up` for how it may end. A plan that
    ended while another was open is left out. Source: as for re-referral; no official statistic counts this.

    Returns
    -------
    Ibis table
        Key of the plan, plan_end, latest_category, year (of the end), number (of the plan among the child's
        in the data), previous_plans, days, event (int64, 1 = another plan).
    """
    spells = plan_spells(store)
    ended = spells.filter(spells.plan_end.notnull())
    ended = ended.filter(ended.next_start.isnull() | (ended.next_start >= ended.plan_end))
    times = follow_up(ended, store, "plan_end", "next_start")
    columns = ["referral_date", "plan_start", "plan_end", "latest_category", "year", "number"]
    return times.mutate(year=collection_year(times.plan_end)).select(
        *CHILD, *columns, "previous_plans", "days", "event"
    )
