"""What spells of every kind share: how long until the next, what comes in its way, and several a child."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

# How follow-up ends: the event, the events after which it can no longer come, or 0, the end of the returns.
ENDINGS = {0: "end of the returns", 1: "came back", 2: "turned 18", 3: "adopted", 4: "died"}

# Source: SSDA903 guide, reason episode ceased: an adopted child gets a new number, so that what comes after
# is not seen.
ADOPTED = ["E11", "E12"]


def years_covered(rows: ir.Table) -> ir.Table:
    """Return authority, first_year and last_year: the collection years that its returns cover.

    Parameters
    ----------
    rows : Ibis table
        authority and collection_year: a table of a return.
    """
    years = rows.collection_year
    return rows.group_by("authority").aggregate(first_year=years.min(), last_year=years.max())


def numbered(spells: ir.Table, start: str, end: str) -> ir.Table:
    """Add to each spell what came before and after it: previous_end, next_start and number (from 1)."""
    order = ibis.window(group_by=CHILD, order_by=start)
    return spells.mutate(
        previous_end=spells[end].lag().over(order),
        next_start=spells[start].lead().over(order),
        number=ibis.row_number().over(order).cast("int64") + 1,
    )


def follow_up(spells: ir.Table, store: Store, since: str, again: str) -> ir.Table:
    """Follow each spell from its end to the next one, adulthood, adoption, death or the end of the returns.

    A spell of a child who is no longer at risk at its end (18, adopted or died by then), or that ends on the
    last day of the returns, is left out. A move to another authority is not seen: the child counts as not
    coming back. Source: competing events as in Andersen et al. (2012), Competing risks in epidemiology.

    Parameters
    ----------
    spells : Ibis table
        authority, child_id, the dates `since` and `again`, last_day (date: how far the returns reach).
    since : str
        Column of the date from which to follow.
    again : str
        Column of the date of the next spell; missing where there is none.

    Returns
    -------
    Ibis table
        `spells` with days (int64) and event (int64, see `ENDINGS`).
    """
    ends = ["adult_date", "adoption_date", "death_date"]  # in the order of `ENDINGS`, from 2
    joined = spells.left_join(ends_of_risk(store), CHILD).select(*spells.columns, *ends)
    limit = ibis.least(joined.last_day, *[ibis.coalesce(joined[end], joined.last_day) for end in ends])
    marked = joined.mutate(_limit=limit)
    came = (marked[again] <= marked._limit).fill_null(False)
    others = [((marked[end] == marked._limit).fill_null(False), event) for event, end in enumerate(ends, 2)]
    until = ibis.ifelse(came, marked[again], marked._limit)
    followed = marked.mutate(
        days=until.delta(marked[since], unit="day").cast("int64"),
        event=ibis.cases((came, 1), *others, else_=0).cast("int64"),
    )
    at_risk = (followed.days > 0) | ((followed.days == 0) & (followed.event == 1))
    return followed.filter(at_risk).select(*spells.columns, "days", "event")


def ends_of_risk(store: Store) -> ir.Table:
    """Return authority, child_id and the dates after which a child is not followed, where there are any.

    Returns
    -------
    Ibis table
        authority, child_id, death_date, adult_date (18th birthday), adoption_date (out of care).
    """
    children, episodes = store.children, store.care_episodes
    adopted = episodes.filter(episodes.reason_ceased.isin(ADOPTED))
    adopted = adopted.group_by(CHILD).aggregate(adoption_date=adopted.episode_end.min())
    known = children.select(
        *CHILD, "death_date", adult_date=(children.birth_date + ibis.interval(years=18)).cast("date")
    )
    return known.left_join(adopted, CHILD).select(*known.columns, "adoption_date")


def share_again(
    spells: ir.Table,
    start: str,
    before: str,
    within_months: int | None = 12,
    by: Sequence[str] = ("year",),
) -> pd.DataFrame:
    """Return the share of spells that began within so many months of an earlier one of the child.

    Parameters
    ----------
    spells : Ibis table
        year (collection year of `start`), first_year (of the returns), the dates `start` and `before`.
    start, before : str
        Columns: the day the spell began; the day from which the time since the earlier one counts, missing
        where there was none.
    within_months : int, optional
        How far back an earlier spell counts, to the day; None for any time that the returns hold.
    by : sequence of str
        Columns to count by.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of, share, low, high, complete (bool: the returns reach back far enough; false in the first
        years, and always for "any time", since what came before the first return is not seen).
    """
    covered = spells.filter(spells.year >= spells.first_year)
    if within_months is None:
        again, seen = covered[before].notnull(), ibis.literal(False)
    else:
        earliest = covered[start] - ibis.interval(months=within_months)
        again = (covered[before] >= earliest).fill_null(False)
        seen = covered.year >= covered.first_year + -(-within_months // 12)
    return counted_again(covered.mutate(again=again, seen=seen), by)


def counted_again(marked: ir.Table, by: Sequence[str]) -> pd.DataFrame:
    """Return the shares of spells marked `again`; `complete` where all of a group are marked `seen`."""
    marked = marked.mutate(again=marked.again.cast("int64"), seen=marked.seen.cast("int64"))
    counts = marked.aggregate(
        by=list(by), n=marked.again.sum(), of=marked.count(), complete=marked.seen.min()
    )
    frame = counts.execute().sort_values(list(by), ignore_index=True)
    frame = frame.fillna({"n": 0, "complete": 0}).astype({"n": "int64", "of": "int64"})
    return add_shares(frame).astype({"complete": bool})


def total_time(times: ir.Table, since: str) -> ir.Table:
    """Return the spells as a counting process on the time since the child's first one (Andersen and Gill).

    A child is at risk from the end of a spell to the next one, and not while a spell lasts: the intervals
    have gaps. Each spell on a clock of its own, from 0 to `days`, is the gap time, which needs no change.
    Source: Andersen and Gill (1982); Prentice, Williams and Peterson (1981) for gap time.

    Parameters
    ----------
    times : Ibis table
        authority, child_id, the date `since` from which each spell is followed, days, event; filtered to the
        spells of the analysis, since the clock starts with the first of these.

    Returns
    -------
    Ibis table
        `times` with entry and exit (int64, days since the child's first spell began to be followed; an event
        on the very day counts a day later, so that exit always comes after entry).
    """
    first = times[since].min().over(ibis.window(group_by=CHILD))
    clocked = times.mutate(entry=times[since].delta(first, unit="day").cast("int64"))
    return clocked.mutate(exit=clocked.entry + ibis.greatest(clocked.days, 1))
