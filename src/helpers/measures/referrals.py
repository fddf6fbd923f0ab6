"""Referrals and what comes back."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, collection_year, year_end
from helpers.measures.groups import groups
from helpers.measures.rates import add_shares
from helpers.measures.spells import follow_up, numbered, share_again, years_covered
from helpers.sources.store import Store

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
    dated = referrals.mutate(year=collection_year(referrals.referral_date))
    spells = numbered(dated, "referral_date", "referral_date")
    spells = spells.rename(previous_referral="previous_end", next_referral="next_start")
    joined = spells.left_join(years_covered(referrals), "authority")
    return joined.select(*spells.columns, "first_year", "last_year")


def re_referrals(
    spells: ir.Table, within_months: int | None = 12, by: Sequence[str] = ("year",)
) -> pd.DataFrame:
    """Return the share of referrals that had another one in the months before, or ever.

    Source: the DfE's statistics on children in need count, of the referrals in the year, those within twelve
    months of a previous referral to the same authority.

    Parameters
    ----------
    spells : Ibis table
        From `referral_spells`.
    within_months : int, optional
        How far back a referral counts; a referral exactly that long ago does. None for ever, that is as far
        back as the returns go.
    by : sequence of str
        Columns to count by.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of, share, low, high, complete (bool: the returns reach back far enough; false in the first
        years, when an earlier referral may stand in a return that the store does not hold, and for ever).
    """
    return share_again(spells, "referral_date", "previous_referral", within_months, by)


def referred_again(store: Store, cohort: int) -> pd.DataFrame:
    """Return how many children referred in one year were referred again by the end of each later one.

    A child counts once, from the first referral in the year; any later referral counts, also in that year.
    Of each later year only children are counted who are still under 18 at its end, so that the share is of
    those who could be referred. Source: Troncoso (2017), Analysing repeated referrals to children's services
    in England, who followed children referred in 2010/11 and still under 18 to 2015/16.

    Parameters
    ----------
    cohort : int
        Collection year, named by the year it ends in.

    Returns
    -------
    pandas.DataFrame
        cohort, year, years_after (0 = the same year), n (referred again by then), of, share, low, high; no
        rows where nobody was referred in that year.
    """
    spells = referral_spells(store)
    inside = spells.filter(spells.year == cohort)
    order = ibis.row_number().over(ibis.window(group_by=CHILD, order_by="referral_date"))
    first = inside.mutate(rank=order).filter(lambda t: t.rank == 0)
    joined = first.left_join(store.children.select(*CHILD, "birth_date"), CHILD)
    dated = joined.select(
        adult_year=collection_year((joined.birth_date + ibis.interval(years=18)).cast("date")),
        again_year=collection_year(joined.next_referral),
        last_year=joined.last_year,
    )
    keys = ["adult_year", "again_year", "last_year"]
    counts = dated.group_by(keys).aggregate(n=dated.count()).execute()
    years = range(cohort, int(counts["last_year"].max()) + 1) if len(counts) else []
    rows = []
    for year in years:
        child = counts[
            (counts["adult_year"].isna() | (counts["adult_year"] > year)) & (counts["last_year"] >= year)
        ]
        again = int(child.loc[child["again_year"] <= year, "n"].sum())
        rows.append((cohort, year, year - cohort, again, int(child["n"].sum())))
    return add_shares(pd.DataFrame(rows, columns=["cohort", "year", "years_after", "n", "of"]))


def time_to_rereferral(
    store: Store, include_no_further_action: bool = False, competing: bool = False
) -> ir.Table:
    """Return how long after each closure the child was referred again, for survival analysis.

    Followed from closure to the next referral, the 18th birthday or the last day of the authority's returns,
    whichever is first. A closure during which another referral was already open is left out: the child was
    still known. Source: closure to next referral, as in Goldacre and Hood's studies of re-referral.

    Parameters
    ----------
    include_no_further_action : bool
        Whether to follow children whose referral ended without an assessment too. The census gives no
        closure date for these: they are followed from the referral.
    competing : bool
        Whether to tell apart what comes in the way of a re-referral: the 18th birthday, adoption and death,
        after which children are not at risk (see `helpers.measures.spells.follow_up`). Without it, every
        other ending is censoring, and neither adoption nor death is looked at.

    Returns
    -------
    Ibis table
        Key of the referral, closure_date, closure_reason, no_further_action, year (of closure), number, days
        (int64, from closure), event (int64, 1 when referred again; with `competing` also
        `helpers.measures.spells.ENDINGS`).
    """
    spells = referral_spells(store)
    nothing = spells.no_further_action.fill_null(False)
    unassessed = ibis.ifelse(nothing, spells.referral_date, ibis.null("date"))
    spells = spells.mutate(
        closure_date=ibis.coalesce(spells.closure_date, unassessed),
        no_further_action=nothing,
        last_day=year_end(spells.last_year),
    )
    spells = spells.filter(spells.closure_date.notnull())
    if not include_no_further_action:
        spells = spells.filter(~spells.no_further_action)
    spells = spells.filter(spells.next_referral.isnull() | (spells.next_referral >= spells.closure_date))
    spells = spells.mutate(year=collection_year(spells.closure_date))
    follow = follow_up if competing else _follow_to_adulthood
    times = follow(spells, store, "closure_date", "next_referral")
    columns = ["referral_date", "closure_date", "closure_reason", "no_further_action", "year", "number"]
    return times.select(*CHILD, *columns, "days", "event")


def _follow_to_adulthood(spells: ir.Table, store: Store, since: str, again: str) -> ir.Table:
    """Follow each spell to the next one, the 18th birthday or the last day; add days and event (0 or 1)."""
    births = store.children.select(*CHILD, "birth_date")
    joined = spells.left_join(births, CHILD).select(*spells.columns, "birth_date")
    adult = (joined.birth_date + ibis.interval(years=18)).cast("date")
    limit = ibis.least(joined.last_day, ibis.coalesce(adult, joined.last_day))
    event = (joined[again] <= limit).fill_null(False)
    until = ibis.ifelse(event, joined[again], limit)
    days = until.delta(joined[since], unit="day").cast("int64")
    times = joined.mutate(days=days, event=event.cast("int64"))
    return times.filter(times.days >= 0)


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
    return pd.concat([_reconcile(part, names) for names, part in groups(counts, by)], ignore_index=True)


def _reconcile(counts: pd.DataFrame, names: dict[str, object]) -> pd.DataFrame:
    first, last = int(counts["first_year"].min()), int(counts["last_year"].max())
    flows = {flow: counts.groupby(f"{flow}_year")["n"].sum() for flow in ("opened", "closed", "lost")}
    years = range(min([first, *(int(n.index.min()) for n in flows.values() if len(n))]), last + 1)
    table = pd.DataFrame({flow: n.reindex(years, fill_value=0) for flow, n in flows.items()})
    end = (table["opened"] - table["closed"] - table["lost"]).cumsum()
    table = table.assign(open_at_end=end, open_at_start=end.shift(fill_value=0)).loc[first:]
    tidy = table.rename_axis("year").reset_index().astype("int64").assign(**names)
    return tidy[[*names, *RECONCILED]]
