"""Referrals and what comes back."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import collection_year
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

CHILD = ["authority", "child_id"]

RECONCILED = ["year", "open_at_start", "opened", "closed", "lost", "open_at_end"]


def last_day(store: Store) -> pd.Timestamp:
    """Return the last day the returns cover: 31 March of the latest collection year in the store."""
    year = store.referrals.collection_year.max().execute()
    return pd.Timestamp(int(year), 3, 31) if pd.notna(year) else pd.NaT


def referral_spells(store: Store) -> ir.Table:
    """Return every referral with the child's referrals before and after it.

    A child is known by authority and the authority's own number: a referral in another authority is not seen.

    Returns
    -------
    Ibis table
        The canonical columns, year (of the referral), previous_referral, next_referral (dates, may be
        missing), number (1 for the child's first in the data), first_year and last_year (collection years
        that the authority's returns cover).
    """
    referrals = store.referrals
    spans = referrals.group_by("authority").aggregate(
        first_year=referrals.collection_year.min(), last_year=referrals.collection_year.max()
    )
    order = ibis.window(group_by=CHILD, order_by="referral_date")
    spells = referrals.mutate(
        year=collection_year(referrals.referral_date),
        previous_referral=referrals.referral_date.lag().over(order),
        next_referral=referrals.referral_date.lead().over(order),
        number=ibis.row_number().over(order).cast("int64") + 1,
    )
    joined = spells.left_join(spans, "authority")
    return joined.select(*[joined[c] for c in spells.columns], "first_year", "last_year")


def re_referrals(spells: ir.Table, within_months: int = 12, by: Sequence[str] = ("year",)) -> pd.DataFrame:
    """Return the share of referrals that had another one in the months before.

    Source: the DfE's statistics on children in need count, of the referrals in the year, those within twelve
    months of a previous referral to the same authority.

    Parameters
    ----------
    spells : Ibis table
        From `referral_spells`.
    within_months : int
        How far back a referral counts; a referral exactly that long ago does.
    by : sequence of str
        Columns to count by.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of, share, low, high, complete (bool: the returns reach back far enough; false in the first
        years, when an earlier referral may stand in a return that the store does not hold).
    """
    covered = spells.filter(spells.year >= spells.first_year)
    earliest = covered.referral_date - ibis.interval(months=within_months)
    again = (covered.previous_referral >= earliest).fill_null(False).cast("int64")
    years_back = -(-within_months // 12)
    seen = (covered.year >= covered.first_year + years_back).cast("int64")
    marked = covered.mutate(again=again, seen=seen)
    counts = marked.aggregate(
        by=list(by), n=marked.again.sum(), of=marked.count(), complete=marked.seen.min()
    )
    frame = counts.execute().sort_values(list(by), ignore_index=True) if by else counts.execute()
    return add_shares(frame).astype({"complete": bool})


def time_to_rereferral(store: Store, include_no_further_action: bool = False) -> ir.Table:
    """Return how long after each closure the child was referred again, for survival analysis.

    Followed from closure to the next referral, the 18th birthday or the last day of the authority's returns,
    whichever is first. A closure during which another referral was already open is left out: the child was
    still known. Source: closure to next referral, as in Goldacre and Hood's studies of re-referral.

    Parameters
    ----------
    include_no_further_action : bool
        Whether to follow children whose referral ended without an assessment too.

    Returns
    -------
    Ibis table
        Key of the referral, closure_date, closure_reason, year (of closure), number, days (int64, from
        closure), event (int64, 1 when referred again).
    """
    spells = referral_spells(store)
    spells = spells.filter(spells.closure_date.notnull())
    if not include_no_further_action:
        spells = spells.filter(~spells.no_further_action.fill_null(False))
    spells = spells.filter(spells.next_referral.isnull() | (spells.next_referral >= spells.closure_date))
    births = store.children.select(*CHILD, "birth_date")
    joined = spells.left_join(births, CHILD)
    joined = joined.select(*[joined[c] for c in spells.columns], "birth_date")
    adult = (joined.birth_date + ibis.interval(years=18)).cast("date")
    end = ibis.date(joined.last_year.cast("int64"), 3, 31)
    limit = ibis.least(end, ibis.coalesce(adult, end))
    event = (joined.next_referral <= limit).fill_null(False)
    until = ibis.ifelse(event, joined.next_referral, limit)
    times = joined.mutate(
        year=collection_year(joined.closure_date),
        days=until.delta(joined.closure_date, unit="day").cast("int64"),
        event=event.cast("int64"),
    )
    columns = ["referral_date", "closure_date", "closure_reason", "year", "number", "days", "event"]
    return times.filter(times.days >= 0).select(*CHILD, *columns)


def event_counts(times: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count events and censored spells by day, so that curves are fitted on counts and never on rows.

    Returns
    -------
    pandas.DataFrame
        `by`, days, event, n (int64).
    """
    keys = [*by, "days", "event"]
    counts = times.group_by(keys).aggregate(n=times.count()).execute()
    return counts.sort_values(keys, ignore_index=True)


def reconcile_years(store: Store, by: Sequence[str] = ()) -> pd.DataFrame:
    """Reconcile open referrals from year to year: open at the start, opened, closed, open at the end.

    A referral that was open in one return and is in none of the later ones is `lost`: it was never returned
    as closed. It counts as open to the end of the last year that held it. Referrals with no further action
    are not children in need and are left out. Source: the DfE's throughput of children in need (open at
    31 March).

    Parameters
    ----------
    by : sequence of str
        Further columns, e.g. "authority".

    Returns
    -------
    pandas.DataFrame
        `by`, year, open_at_start, opened, closed, lost, open_at_end (int64), for the years that the returns
        cover. open_at_start + opened - closed - lost = open_at_end.
    """
    spells = referral_spells(store)
    needs = spells.filter(~spells.no_further_action.fill_null(False))
    gone = needs.closure_date.isnull() & (needs.collection_year < needs.last_year)
    marked = needs.mutate(
        opened_year=collection_year(needs.referral_date),
        closed_year=collection_year(needs.closure_date),
        lost_year=ibis.ifelse(gone, needs.collection_year + 1, ibis.null("int64")),
    )
    keys = [*by, "opened_year", "closed_year", "lost_year", "first_year", "last_year"]
    counts = marked.group_by(keys).aggregate(n=marked.count()).execute()
    if counts.empty:
        return pd.DataFrame(columns=[*by, *RECONCILED])
    groups = counts.groupby(list(by), sort=True) if by else [((), counts)]
    return pd.concat(
        [_reconcile(part, dict(zip(by, name, strict=True))) for name, part in groups], ignore_index=True
    )


def _reconcile(counts: pd.DataFrame, names: dict[str, object]) -> pd.DataFrame:
    first, last = int(counts["first_year"].min()), int(counts["last_year"].max())
    flows = {flow: counts.groupby(f"{flow}_year")["n"].sum() for flow in ("opened", "closed", "lost")}
    years = range(min([first, *(int(n.index.min()) for n in flows.values() if len(n))]), last + 1)
    table = pd.DataFrame({flow: n.reindex(years, fill_value=0) for flow, n in flows.items()})
    end = (table["opened"] - table["closed"] - table["lost"]).cumsum()
    table = table.assign(open_at_end=end, open_at_start=end.shift(fill_value=0)).loc[first:]
    tidy = table.rename_axis("year").reset_index().astype("int64").assign(**names)
    return tidy[[*names, *RECONCILED]]
