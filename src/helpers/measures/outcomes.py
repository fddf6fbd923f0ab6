"""What followed an assessment."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, year_end
from helpers.measures.assessments import KEY
from helpers.measures.care import RESPITE
from helpers.measures.contacts import NO_NEED
from helpers.measures.rates import add_shares
from helpers.measures.spells import years_covered
from helpers.sources.store import Store

OUTCOMES = {
    "closed": "Closed after assessment",
    "cin_plan": "Child in need plan",
    "section47": "Section 47 enquiry",
    "cp_plan": "Child protection plan",
    "care": "Looked after",
    "rereferral": "Referred again",
}


def what_followed(store: Store, assessments: ir.Table, months: int = 12) -> ir.Table:
    """Add to completed assessments what followed within so many months of completion.

    An outcome counts from the start of the assessment, since a section 47 enquiry or a plan often begins
    before the assessment is signed off, to `months` after it was completed. Looked after means that a period
    of care began; short breaks do not count. A re-referral is a referral of the child after that of the
    assessment. No published definition ties outcomes to assessments: this one is ours.

    Parameters
    ----------
    assessments : Ibis table
        From `helpers.measures.assessments.factor_matrix`, perhaps with a class.
    months : int

    Returns
    -------
    Ibis table
        `assessments` with one int64 column (0 or 1) an outcome of `OUTCOMES`, and followed (bool: the returns
        reach `months` past completion; only such rows give unbiased shares).
    """
    base = assessments.select(*KEY, "assessment_end")
    until = (base.assessment_end + ibis.interval(months=months)).cast("date")
    base = base.mutate(until=until)
    flags = {
        "cin_plan": _any(base, store.cin_plans, "plan_start"),
        "section47": _any(base, store.section47, "enquiry_start"),
        "cp_plan": _any(base, store.cp_plans, "plan_start"),
        "care": _any(base, _entries(store), "episode_start"),
        "rereferral": _any(base, _later_referrals(store), "next_referral", after="referral_date"),
        "closed": _closed(base, store.referrals),
    }
    whole = assessments
    for name, hits in flags.items():
        joined = whole.left_join(hits, KEY)
        whole = joined.select(*whole.columns, **{name: joined.hit.fill_null(0)})
    joined = whole.left_join(years_covered(store.referrals), "authority")
    until = (joined.assessment_end + ibis.interval(months=months)).cast("date")
    followed = until <= year_end(joined.last_year)
    return joined.select(*whole.columns, followed=followed.fill_null(False))


def outcome_shares(outcomes: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the share of assessments that each outcome followed, of those followed long enough.

    Parameters
    ----------
    outcomes : Ibis table
        From `what_followed`.
    by : sequence of str
        E.g. a class, a year, an authority.

    Returns
    -------
    pandas.DataFrame
        `by`, outcome, label, n, of, share, low, high.
    """
    seen = outcomes.filter(outcomes.followed)
    sums = {name: seen[name].sum() for name in OUTCOMES}
    wide = seen.aggregate(by=list(by), of=seen.count(), **sums).execute()
    long = wide.melt([*by, "of"], list(OUTCOMES), "outcome", "n").fillna({"n": 0}).astype({"n": "int64"})
    long["label"] = long["outcome"].map(OUTCOMES)
    ordered = long.sort_values(list(by), kind="stable", ignore_index=True)
    return add_shares(ordered[[*by, "outcome", "label", "n", "of"]])


def add_groups(assessments: ir.Table, patterns: pd.DataFrame, items: Sequence[str], group: str) -> ir.Table:
    """Give each assessment the group (e.g. class) of its answer pattern; the engine joins them.

    Parameters
    ----------
    patterns : pandas.DataFrame
        Items and `group`, one row per pattern; a pattern may stand in several rows with the same group.

    Returns
    -------
    Ibis table
        `assessments` with the column `group`; assessments without a pattern among `patterns` are left out.
    """
    distinct = patterns[[*items, group]].drop_duplicates()
    keys = distinct.astype(dict.fromkeys(items, "int64"))
    return assessments.inner_join(ibis.memtable(keys), list(items))


def _any(base: ir.Table, events: ir.Table, date: str, after: str = "assessment_start") -> ir.Table:
    """Return the assessments in whose window at least one event of the child lies."""
    dates = events.select(*CHILD, event=events[date]).distinct()
    joined = base.inner_join(dates, CHILD)
    begins = joined.event > joined[after] if after == "referral_date" else joined.event >= joined[after]
    inside = joined.filter(begins & (joined.event <= joined.until))
    return inside.select(*KEY).distinct().mutate(hit=ibis.literal(1, "int64"))


def _entries(store: Store) -> ir.Table:
    """Return the episodes with which a period of care began, short breaks left out."""
    episodes = store.care_episodes
    respite = episodes.legal_status.isin(RESPITE).fill_null(False)
    return episodes.filter((episodes.reason_new_episode == "S") & ~respite)


def _later_referrals(store: Store) -> ir.Table:
    return store.referrals.mutate(next_referral=store.referrals.referral_date)


def _closed(base: ir.Table, referrals: ir.Table) -> ir.Table:
    reasons = referrals.select(*CHILD, "referral_date", "closure_reason", "closure_date")
    joined = base.inner_join(reasons, [*CHILD, "referral_date"])
    closed = joined.closure_reason.isin(NO_NEED) & (joined.closure_date <= joined.until)
    return joined.filter(closed).select(*KEY).distinct().mutate(hit=ibis.literal(1, "int64"))
