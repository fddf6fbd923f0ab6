"""From episodes of care to placements and periods of care.

A new episode is not always a move, and never by itself a new time in care: an episode ends when the legal
status, the placement or the carer changes, or when care ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, collection_year, year_end
from helpers.measures.rates import add_shares
from helpers.measures.spells import years_covered
from helpers.sources.store import Store

PERIOD = [*CHILD, "respite", "period"]

# Source: SSDA903 guide, legal status: short breaks are looked after, but counted apart.
RESPITE = ["V3", "V4"]

# Source: SSDA903 guide, reason for new episode: S care begins, P placement and carer change, B those and
# legal status. L is legal status alone; T and U keep the carer, so the child does not move.
MOVES = ["S", "P", "B"]
NO_MOVES = ["L", "T", "U"]

# Source: SSDA903 guide, placement codes T0 to T4: a stay in hospital, a holiday and the like, to which the
# placement around it stays open.
TEMPORARY = ["T0", "T1", "T2", "T3", "T4"]


def episodes_in_periods(store: Store) -> ir.Table:
    """Return the episodes with the numbers of the period of care and of the placement that they belong to.

    A period of care is a chain from the start of care to the first end that is not X1 (another episode
    begins). A new one starts also after a gap, or where an episode says that care began (S), so that a
    missing row does not join two periods. Short breaks (V3, V4) form chains of their own. A new placement
    starts where the child moves to another carer (S, P, B); where the reason is missing, where placement,
    provider or postcode differ. Source: SSDA903 guide, reason for new episode and reason episode ceased.

    Returns
    -------
    Ibis table
        The canonical columns, respite (bool), period, placement_number (int64, from 1 within the child and
        within the period), last_day (31 March of the last collection year of the authority's returns).
    """
    episodes = store.care_episodes
    marked = episodes.mutate(respite=episodes.legal_status.isin(RESPITE).fill_null(False))
    order = ibis.window(group_by=[*CHILD, "respite"], order_by="episode_start")
    before = {
        f"previous_{name}": marked[name].lag().over(order)
        for name in ("episode_start", "episode_end", "reason_ceased", *_PLACE)
    }
    marked = marked.mutate(**before)
    first = marked.previous_episode_start.isnull()
    ended = (marked.previous_reason_ceased != "X1").fill_null(False)
    gap = (marked.previous_episode_end < marked.episode_start).fill_null(False)
    begins = first | ended | gap | (marked.reason_new_episode == "S").fill_null(False)
    moved = marked.reason_new_episode.isin(MOVES) | (
        ~marked.reason_new_episode.isin(NO_MOVES).fill_null(False) & _place_differs(marked)
    )
    marked = marked.mutate(begins=begins.cast("int64"), moves=(begins | moved.fill_null(False)).cast("int64"))
    running = ibis.cumulative_window(group_by=[*CHILD, "respite"], order_by="episode_start")
    numbered = marked.mutate(period=marked.begins.sum().over(running))
    within = ibis.cumulative_window(group_by=PERIOD, order_by="episode_start")
    numbered = numbered.mutate(placement_number=numbered.moves.sum().over(within))
    joined = numbered.left_join(years_covered(episodes), "authority")
    columns = [*episodes.columns, "respite", "period", "placement_number"]
    return joined.select(*columns, last_day=year_end(joined.last_year))


_PLACE = ["placement", "placement_provider", "placement_postcode"]


def _place_differs(marked: ir.Table) -> ir.BooleanColumn:
    parts = [(marked[n].fill_null("") != marked[f"previous_{n}"].fill_null("")) for n in _PLACE]
    return parts[0] | parts[1] | parts[2]


def periods_of_care(store: Store) -> ir.Table:
    """Return one row per period of care.

    Source: see `episodes_in_periods`.

    Returns
    -------
    Ibis table
        authority, child_id, respite (bool), period (number within the child, short breaks apart),
        period_start, period_end (missing while open), open (bool), days (int64, to the end or to the last day
        of the returns), episodes, placements (int64), entry_legal_status, last_legal_status,
        category_of_need, first_placement, last_placement, reason_ceased, entry_year, last_day.
    """
    episodes = episodes_in_periods(store)
    first, last = _ends(episodes, PERIOD)
    periods = episodes.group_by(PERIOD).aggregate(
        period_start=episodes.episode_start.min(),
        **_last_end(episodes),
        episodes=episodes.count(),
        placements=episodes.placement_number.max(),
        last_day=episodes.last_day.max(),
    )
    opening = first.select(
        *PERIOD, "category_of_need", entry_legal_status=first.legal_status, first_placement=first.placement
    )
    closing = last.select(
        *PERIOD, "reason_ceased", last_legal_status=last.legal_status, last_placement=last.placement
    )
    whole = _with_length(_join(_join(periods, opening), closing), "period")
    return whole.mutate(
        entry_year=collection_year(whole.period_start),
        reason_ceased=ibis.ifelse(whole.open, ibis.null("string"), whole.reason_ceased),
    )


def placements(store: Store) -> ir.Table:
    """Return one row per placement: a run of episodes with the same carer.

    Source: see `episodes_in_periods`.

    Returns
    -------
    Ibis table
        authority, child_id, respite, period, placement_number, placement_start, placement_end (missing while
        open), open, days, episodes, placement, placement_provider (of the first episode), temporary (bool,
        codes T0 to T4), last_day.
    """
    episodes = episodes_in_periods(store)
    key = [*PERIOD, "placement_number"]
    first, _ = _ends(episodes, key)
    spells = episodes.group_by(key).aggregate(
        placement_start=episodes.episode_start.min(),
        **_last_end(episodes),
        episodes=episodes.count(),
        last_day=episodes.last_day.max(),
    )
    opening = first.select(*key, "placement", "placement_provider")
    whole = _with_length(_join(spells, opening, key), "placement")
    return whole.mutate(temporary=whole.placement.isin(TEMPORARY).fill_null(False))


def looked_after_at(periods: ir.Table, year: int) -> ir.Table:
    """Return the periods of care that were open at the end of 31 March of `year`, short breaks left out.

    Source: the DfE's count of children looked after at 31 March.
    """
    day = ibis.date(year, 3, 31)
    still = periods.period_end.isnull() | (periods.period_end > day)
    return periods.filter(~periods.respite & (periods.period_start <= day) & still)


def placement_stability(
    store: Store, years: Sequence[int], by: Sequence[str] = (), moves: int = 3
) -> pd.DataFrame:
    """Return the share of children looked after at 31 March with three or more placements in the year.

    Source: the DfE's indicator of placement stability (once NI 62): placements open at any time in the twelve
    months to 31 March, temporary ones (T0 to T4) and short breaks left out. A placement that is taken up
    again after a temporary one counts twice where the return gives it a new start.

    Returns
    -------
    pandas.DataFrame
        year, `by`, n (children with `moves` or more), of, share, low, high.
    """
    periods, spells = periods_of_care(store), placements(store)
    spells = spells.filter(~spells.respite & ~spells.temporary)
    tables = [_stability(periods, spells, year, list(by), moves) for year in years]
    return add_shares(pd.concat(tables, ignore_index=True))


def _stability(periods: ir.Table, spells: ir.Table, year: int, by: list[str], moves: int) -> pd.DataFrame:
    start, end = ibis.date(year - 1, 4, 1), ibis.date(year, 3, 31)
    inside = (spells.placement_start <= end) & (
        spells.placement_end.isnull() | (spells.placement_end >= start)
    )
    counted = spells.filter(inside).group_by(CHILD).aggregate(placements_in_year=lambda t: t.count())
    children = looked_after_at(periods, year).select(*CHILD, *[c for c in by if c not in CHILD]).distinct()
    joined = _join(children, counted, CHILD)
    many = (joined.placements_in_year.fill_null(0) >= moves).cast("int64")
    table = joined.aggregate(by=by, n=many.sum(), of=joined.count()).execute()
    table.insert(0, "year", year)
    return table.fillna({"n": 0}).astype({"n": "int64", "of": "int64"})


def _last_end(episodes: ir.Table) -> dict[str, ir.Value]:
    """Return the latest end of the episodes, and how many of them are open."""
    return {"latest_end": episodes.episode_end.max(), "unended": episodes.episode_end.isnull().sum()}


def _with_length(spells: ir.Table, name: str) -> ir.Table:
    """Add the end (missing while open), whether it is open, and the days it lasted so far."""
    is_open = spells.unended > 0
    end = ibis.ifelse(is_open, ibis.null("date"), spells.latest_end)
    whole = spells.mutate(**{f"{name}_end": end, "open": is_open})
    until = ibis.coalesce(whole[f"{name}_end"], whole.last_day)
    days = until.delta(whole[f"{name}_start"], unit="day").cast("int64")
    return whole.mutate(days=days).drop("latest_end", "unended")


def _ends(episodes: ir.Table, key: list[str]) -> tuple[ir.Table, ir.Table]:
    """Return the first and the last episode of each spell."""
    forward = ibis.window(group_by=key, order_by="episode_start")
    backward = ibis.window(group_by=key, order_by=ibis.desc("episode_start"))
    ranked = episodes.mutate(
        _from_start=ibis.row_number().over(forward), _from_end=ibis.row_number().over(backward)
    )
    return ranked.filter(ranked._from_start == 0), ranked.filter(ranked._from_end == 0)


def _join(left: ir.Table, right: ir.Table, key: Sequence[str] = PERIOD) -> ir.Table:
    added = [name for name in right.columns if name not in key]
    return left.left_join(right, list(key)).select(*left.columns, *added)
