"""A child's states month by month, for journeys: in each month the deepest service that was open."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD
from helpers.measures.contacts import coverage, spells
from helpers.measures.spells import ends_of_risk
from helpers.sources.store import Store

NONE, LEFT, NOT_SEEN = "none", "left", "not seen"

# What counts when several are open: the one furthest down this list. The order is that of statutory
# intervention (Working Together); a child looked after who still has a plan is looked after. A child is in
# need while a case is open, as the DfE counts, whether or not its assessment then found a need.
STATE_OF = {
    "early_help": "early help",
    "case": "child in need",
    "plan": "child protection plan",
    "care": "looked after",
}
STATES = [NONE, *STATE_OF.values(), LEFT, NOT_SEEN]
RANK = {state: rank for rank, state in enumerate(STATES)}

NEVER = ibis.date(9999, 12, 31)


def origins(store: Store, kind: str) -> ir.Table:
    """Return the day from which each child's months are counted.

    Parameters
    ----------
    kind : str
        "birth", "referral" (the first in the data), "assessment", "need", "plan", "care" or "early_help"
        (the first spell of that service), or a day such as "2020-04-01" for all children born by then.

    Returns
    -------
    Ibis table
        authority, child_id, origin (date). Children without such a day are left out.

    Raises
    ------
    ValueError
        When `kind` is neither a service nor a day.
    """
    if kind == "birth":
        return store.children.select(*CHILD, origin="birth_date").filter(lambda t: t.origin.notnull())
    if kind[:1].isdigit():
        day = pd.Timestamp(kind)
        children = store.children.filter(store.children.birth_date <= ibis.date(day.year, day.month, day.day))
        return children.select(*CHILD, origin=ibis.date(day.year, day.month, day.day))
    return spells(store, [kind]).group_by(CHILD).aggregate(origin=lambda t: t.start.min())


def monthly_states(
    store: Store, starts: ir.Table, months: int = 60, services: Sequence[str] = tuple(STATE_OF)
) -> ir.Table:
    """Return the state of each child in each month from an origin.

    Month 0 begins on the day of origin, month k as many months later. A state holds in a month when its spell
    was open on any day of it; a spell that ends on the day on which a month begins does not reach into it. Of
    several states the deepest counts (`STATE_OF`); "none" when none was open; "left" from the 18th birthday,
    from death, or from adoption out of care; "not seen" where the month is not wholly inside the years that
    the authority's returns cover. So a sequence is truncated on the left and censored on the right in sight
    of the reader, and never mistaken for a quiet time. Source: states as in the sequence analyses of care
    histories; the choice of states is ours.

    Parameters
    ----------
    starts : Ibis table
        authority, child_id, origin (date): from `origins`, or made by hand.
    months : int
        How many months, 216 from birth to 18.
    services : sequence of str
        Which of `STATE_OF` to use. Local records of early help begin later than the returns: before they do,
        "none" means "nothing statutory". Leave them out to compare years.

    Returns
    -------
    Ibis table
        authority, child_id, month (int64, 0 to months - 1), state (string), one row a child and month.
    """
    if months < 1:
        raise ValueError("At least one month is needed.")
    grid = starts.cross_join(_numbers(months))
    begins = (grid.origin + grid.month.as_interval("M")).cast("date")
    grid = grid.mutate(begins=begins, ends=(grid.origin + (grid.month + 1).as_interval("M")).cast("date"))
    deepest = _deepest(store, starts, months, services)
    joined = grid.left_join(deepest, [*CHILD, "month"]).select(*grid.columns, "rank")
    covered = joined.left_join(_span(store, services), "authority")
    covered = covered.select(*joined.columns, "first_day", "after_last_day")
    bounded = covered.left_join(_leaving(store), CHILD).select(*covered.columns, "left_on")
    seen = (bounded.begins >= bounded.first_day) & (bounded.ends <= bounded.after_last_day)
    rank = ibis.cases(
        ((bounded.begins >= bounded.left_on).fill_null(False), RANK[LEFT]),
        (~seen.fill_null(False), RANK[NOT_SEEN]),
        else_=bounded["rank"].fill_null(RANK[NONE]),
    )
    state = ibis.cases(*[(rank == number, name) for name, number in RANK.items()], else_=NONE)
    return bounded.select(*CHILD, "month", state=state)


def state_shares(states: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the distribution of states in each month, of children seen or known to have left.

    Returns
    -------
    pandas.DataFrame
        `by`, time (month), state, n, of, share; states in their order, those that do not occur with 0.
    """
    seen = states.filter(states.state != NOT_SEEN)
    keys = [*by, "month"]
    counts = seen.group_by([*keys, "state"]).aggregate(n=lambda t: t.count()).execute()
    shown = [state for state in STATES if state != NOT_SEEN]
    every = (
        counts[keys].drop_duplicates().sort_values(keys).merge(pd.DataFrame({"state": shown}), how="cross")
    )
    long = every.merge(counts, how="left").fillna({"n": 0}).astype({"n": "int64"})
    of = long.groupby(keys)["n"].transform("sum")
    return long.assign(of=of, share=long["n"] / of).rename(columns={"month": "time"})


def distinct_sequences(states: ir.Table, months: int, whole: bool = True) -> pd.DataFrame:
    """Count children by their whole sequence of states: what sequence analysis needs of millions of children.

    Parameters
    ----------
    states : Ibis table
        From `monthly_states`, or states of another kind in the same columns (then not in `STATES`).
    months : int
        Length of the sequences.
    whole : bool
        Whether to leave out children of whom a month was not seen.

    Returns
    -------
    pandas.DataFrame
        Columns 0 to months - 1 (string, the state in the month) and n (int64, children), most frequent first.
    """
    columns = {
        f"m{month}": states.state.max(where=states.month == month).fill_null(NOT_SEEN)
        for month in range(months)
    }
    wide = states.group_by(CHILD).aggregate(**columns)
    counts = wide.group_by(list(columns)).aggregate(n=wide.count()).execute()
    if whole:
        counts = counts[~(counts[list(columns)] == NOT_SEEN).any(axis=1)]
    ordered = counts.sort_values(["n", *columns], ascending=[False] + [True] * months, ignore_index=True)
    return ordered.rename(columns={f"m{month}": month for month in range(months)}).astype({"n": "int64"})


def flows(states: ir.Table, every: int = 12, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count children by the state in one month and the state `every` months later, for an alluvial figure.

    Pairs of which one month was not seen are left out, so that the children of one step need not be all of
    those of the step before.

    Returns
    -------
    pandas.DataFrame
        `by`, step (int64, from 0), source, target (string), n (int64), in the order of `STATES`.
    """
    points = states.filter((states.month % every == 0) & (states.state != NOT_SEEN))
    points = points.mutate(step=(points.month // every).cast("int64"))
    after = points.select(*CHILD, step=points.step - 1, target=points.state)
    pairs = points.rename(source="state").inner_join(after, [*CHILD, "step"])
    keys = [*by, "step", "source", "target"]
    counts = pairs.group_by(keys).aggregate(n=lambda t: t.count()).execute().astype({"n": "int64"})
    return counts.sort_values(keys, key=_in_order, ignore_index=True)


def _in_order(column: pd.Series) -> pd.Series:
    return column.map(RANK) if column.name in ("source", "target") else column


def _numbers(months: int) -> ir.Table:
    return ibis.memtable(pd.DataFrame({"month": pd.Series(range(months), dtype="int64")}))


def _deepest(store: Store, starts: ir.Table, months: int, services: Sequence[str]) -> ir.Table:
    """Return the rank of the deepest state open in each month, months without any left out."""
    unknown = [name for name in services if name not in STATE_OF]
    if unknown:
        raise ValueError(f"States are made of {', '.join(STATE_OF)}; got {', '.join(unknown)}.")
    contact = spells(store, services)
    rank = ibis.cases(*[(contact.service == name, RANK[STATE_OF[name]]) for name in services], else_=0)
    ranked = contact.select(*CHILD, "start", "end", rank=rank)
    dated = ranked.inner_join(starts, CHILD)
    # The day of the end belongs to what comes after, unless the spell is of one day.
    last = ibis.greatest((dated.end - ibis.interval(days=1)).cast("date"), dated.start)
    until = ibis.ifelse(dated.end.isnull(), ibis.null("int64"), _months_between(dated.origin, last))
    placed = dated.select(
        *CHILD,
        rank=dated["rank"],
        first=ibis.greatest(_months_between(dated.origin, dated.start), 0),
        last=ibis.least(ibis.coalesce(until, months - 1), months - 1),
    )
    placed = placed.filter(placed["first"] <= placed["last"])
    numbers = _numbers(months)
    spread = placed.inner_join(numbers, [numbers.month >= placed["first"], numbers.month <= placed["last"]])
    return spread.group_by([*CHILD, "month"]).aggregate(rank=lambda t: t["rank"].max())


def _months_between(origin: ir.DateColumn, day: ir.DateColumn) -> ir.IntegerColumn:
    """Return completed months from origin to a day; negative before it."""
    months = (day.year() - origin.year()) * 12 + day.month() - origin.month()
    # A month that ends before the day of origin (31 January to 28 February) is complete on its last day.
    short = (day + ibis.interval(days=1)).cast("date").day() == 1
    incomplete = (day.day() < origin.day()) & ~short
    return (months - incomplete.cast("int64")).cast("int64")


def _span(store: Store, services: Sequence[str]) -> ir.Table:
    """Return the first day of each authority's returns, and the day after their last."""
    returns = [name for name in services if name != "early_help"] or ["referral"]
    covered = coverage(store, returns)
    spans = covered.group_by("authority").aggregate(
        first_day=covered.first_day.max(), last_day=covered.last_day.min()
    )
    after = (spans.last_day + ibis.interval(days=1)).cast("date")
    return spans.select("authority", "first_day", after_last_day=after)


def _leaving(store: Store) -> ir.Table:
    """Return the day from which each child is no longer followed: 18, death or adoption."""
    ends = ends_of_risk(store)
    days = [ibis.coalesce(day, NEVER) for day in (ends.adult_date, ends.death_date, ends.adoption_date)]
    return ends.select(*CHILD, left_on=ibis.least(*days))
