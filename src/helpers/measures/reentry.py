"""Leaving care, and coming back into it."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, collection_year
from helpers.measures.care import periods_of_care
from helpers.measures.spells import follow_up, numbered, share_again, years_covered
from helpers.sources.store import Store

HOME, GUARDIANSHIP = "home", "special guardianship"

# Source: SSDA903 guide, reason episode ceased. The grouping is ours.
EXITS = {
    HOME: ["E4A", "E4B"],
    GUARDIANSHIP: ["E43", "E44", "E45", "E46", "E47", "E48"],
    "other people": ["E41", "E13"],
    "adoption": ["E11", "E12"],
    "adulthood": ["E5", "E6", "E7", "E15", "E17"],
    "another authority": ["E3"],
    "death": ["E2"],
}
OTHER = "another reason"

# After these a child does not come back, or not where the returns of the authority would show it.
NO_RISK = ["adoption", "adulthood", "another authority", "death"]


def exit_kind(reason: ir.StringColumn) -> ir.StringColumn:
    """Return how a period of care ended, as one of the keys of `EXITS` or "another reason"."""
    return ibis.cases(*[(reason.isin(codes), name) for name, codes in EXITS.items()], else_=OTHER)


def care_spells(store: Store) -> ir.Table:
    """Return every period of care with the child's periods before and after it; short breaks are left out.

    Source: see `helpers.measures.care.episodes_in_periods`.

    Returns
    -------
    Ibis table
        The columns of `periods_of_care` (but respite and days), year (of the start), exit (see `EXITS`;
        missing while open), previous_end, next_start (dates, may be missing), number (int64, 1 for the
        child's first in the data), first_year (of the authority's returns).
    """
    periods = periods_of_care(store)
    periods = periods.filter(~periods.respite).drop("respite", "days")
    named = periods.mutate(
        year=periods.entry_year,
        exit=ibis.ifelse(periods.open, ibis.null("string"), exit_kind(periods.reason_ceased)),
    )
    spells = numbered(named, "period_start", "period_end")
    covered = years_covered(store.care_episodes)
    return spells.left_join(covered, "authority").select(*spells.columns, "first_year")


def re_entries(
    spells: ir.Table, within_months: int | None = 12, by: Sequence[str] = ("year",)
) -> pd.DataFrame:
    """Return the share of entries to care of children who had left care within the months before.

    Parameters
    ----------
    spells : Ibis table
        From `care_spells`.
    within_months, by
        As for `helpers.measures.spells.share_again`.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of, share, low, high, complete.
    """
    return share_again(spells, "period_start", "previous_end", within_months, by)


def time_to_reentry(store: Store, exits: Sequence[str] | None = None) -> ir.Table:
    """Return how long after leaving care a child came back into it, for survival analysis.

    Followed from the end of the period of care; see `helpers.measures.spells.follow_up` for how it may end.
    Children who were adopted, grew up, died or were taken over by another authority can't be seen to come
    back and are left out. Source: Goldacre, Hood and colleagues (2022), Reunification and re-entry to care,
    who follow children who went home.

    Parameters
    ----------
    exits : sequence of str, optional
        Ways of leaving to follow, e.g. ["home"]; all that carry a risk when not given.

    Returns
    -------
    Ibis table
        authority, child_id, period, period_start, period_end, exit, reason_ceased, category_of_need,
        placements, in_care (int64, days that the period lasted), year (of the exit), number, days, event
        (int64, 1 = back in care).

    Raises
    ------
    ValueError
        When an exit is named that is not known or carries no risk.
    """
    possible = [name for name in [*EXITS, OTHER] if name not in NO_RISK]
    wrong = sorted(set(exits or []) - set(possible))
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: no way back to care is seen; choose of {', '.join(possible)}.")
    spells = care_spells(store)
    left = spells.filter(spells.period_end.notnull() & spells.exit.isin(list(exits or possible)))
    times = follow_up(left, store, "period_end", "next_start")
    columns = ["period", "period_start", "period_end", "exit", "reason_ceased", "category_of_need"]
    return times.select(
        *CHILD,
        *columns,
        "placements",
        in_care=times.period_end.delta(times.period_start, unit="day").cast("int64"),
        year=collection_year(times.period_end),
        number=times.number,
        days=times.days,
        event=times.event,
    )
