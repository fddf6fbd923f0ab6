"""Spells of contact with services, one shape for all: what first contact, states and cumulative risk count.

Levels of service, each deeper than the one before. A child is known by authority and the authority's
own number: contact elsewhere is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from helpers.measures.ages import CHILD, collection_year, year_end
from helpers.measures.care import periods_of_care
from helpers.measures.spells import years_covered
from helpers.sources.store import Store

SPELL = [*CHILD, "service", "start", "end"]

# Source: CIN Census guide, reason for closure: the assessment found no need of a service. RC8 closed with no
# further action, RC9 closed and referred to early help (collected from 2022/23).
NO_NEED = ["RC8", "RC9"]

LABELS = {
    "early_help": "Early help",
    "referral": "Referral",
    "assessment": "Assessment",
    "case": "Child in need by the official count",
    "need": "In need",
    "enquiry": "Section 47 enquiry",
    "plan": "Child protection plan",
    "care": "Looked after",
}
SERVICES = [name for name in LABELS if name != "case"]  # a case begins with its referral: no step of its own


def spells(store: Store, services: Sequence[str] = tuple(SERVICES)) -> ir.Table:
    """Return every spell of the services named.

    - early_help: an early help episode of the child's family (local records; no national definition).
    - referral: from referral to closure (CIN Census guide: CINreferralDate, CINclosureDate).
    - assessment: from actual start to authorisation (CIN Census guide).
    - case: a referral that was not closed without an assessment: while open, a child in need in the DfE's
      count.
    - need: a case that went on after assessment: not closed because it found no need (RC8, RC9), as Jay
      and others (2025) count children in need.
    - enquiry: a section 47 enquiry, on the day that it begins.
    - plan: a child protection plan.
    - care: a period of care, short breaks (V3, V4) left out (SSDA903 guide).

    Returns
    -------
    Ibis table
        authority, child_id, service (string), start, end (date; missing while open).

    Raises
    ------
    ValueError
        When a service is not one of `LABELS`.
    """
    unknown = [name for name in services if name not in _SPELLS]
    if unknown or not services:
        raise ValueError(f"Services are some of {', '.join(LABELS)}; got {', '.join(unknown) or 'none'}.")
    parts = [_SPELLS[name](store).mutate(service=ibis.literal(name)).select(*SPELL) for name in services]
    whole = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return whole.filter(whole.start.notnull())


def coverage(store: Store, services: Sequence[str] = tuple(SERVICES)) -> ir.Table:
    """Return the days that each authority's records of a service cover.

    For the returns, from 1 April of the first collection year to 31 March of the last. Spells that began
    before and were still open then are in the first return; those that had ended are not, so that a child's
    past is known only from the first day on. Early help has no collection year: its records are taken to
    begin with the collection year of the first episode.

    Returns
    -------
    Ibis table
        authority, service, first_day, last_day (date).
    """
    parts = [_coverage(store, name) for name in services]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def recorded_services(store: Store, services: Sequence[str] = tuple(SERVICES)) -> list[str]:
    """Return those of the services that the store holds any record of."""
    return [name for name in services if not spells(store, [name]).limit(1).execute().empty]


def _coverage(store: Store, service: str) -> ir.Table:
    if service == "early_help":
        episodes = store.early_help_episodes
        rows = episodes.mutate(collection_year=collection_year(episodes.episode_start))
        last = store.referrals.collection_year.max().as_scalar()  # the records end with the other returns
    else:
        rows, last = (store.care_episodes if service == "care" else store.referrals), None
    spans = years_covered(rows)
    if last is not None:
        spans = spans.mutate(last_year=ibis.coalesce(last, spans.last_year))
    return spans.select(
        "authority",
        service=ibis.literal(service),
        first_day=ibis.date((spans.first_year - 1).cast("int64"), 4, 1),
        last_day=year_end(spans.last_year),
    )


def _early_help(store: Store) -> ir.Table:
    episodes = store.early_help_episodes.select(
        "authority", "episode_id", start="episode_start", end="episode_end"
    )
    return store.early_help_children.inner_join(episodes, ["authority", "episode_id"])


def _referral(store: Store) -> ir.Table:
    return store.referrals.select(*CHILD, start="referral_date", end="closure_date")


def _assessment(store: Store) -> ir.Table:
    return store.assessments.select(*CHILD, start="assessment_start", end="assessment_end")


def _cases(store: Store) -> ir.Table:
    return store.referrals.filter(~store.referrals.no_further_action.fill_null(False))


def _case(store: Store) -> ir.Table:
    return _cases(store).select(*CHILD, start="referral_date", end="closure_date")


def _need(store: Store) -> ir.Table:
    cases = _cases(store)
    found_none = cases.closure_reason.isin(NO_NEED).fill_null(False)
    return cases.filter(~found_none).select(*CHILD, start="referral_date", end="closure_date")


def _enquiry(store: Store) -> ir.Table:
    return store.section47.select(*CHILD, start="enquiry_start", end="enquiry_start")


def _plan(store: Store) -> ir.Table:
    return store.cp_plans.select(*CHILD, start="plan_start", end="plan_end")


def _care(store: Store) -> ir.Table:
    periods = periods_of_care(store)
    return periods.filter(~periods.respite).select(*CHILD, start="period_start", end="period_end")


_SPELLS: dict[str, Callable[[Store], ir.Table]] = {
    "early_help": _early_help,
    "referral": _referral,
    "assessment": _assessment,
    "case": _case,
    "need": _need,
    "enquiry": _enquiry,
    "plan": _plan,
    "care": _care,
}
