"""First contact with services: when, at what age, with which; and entries to care of children not known.

The returns begin at some year and tell nothing of what had ended before (left truncation). Whether the first
contact in the data was the first in life is known only of children whom the records follow from birth.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import AGE_BANDS, CHILD, UNBORN, UNKNOWN, age_at, age_band, collection_year
from helpers.measures.care import RESPITE
from helpers.measures.contacts import SERVICES, coverage, recorded_services, spells
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

UNBORN_MONTHS = 9  # a referral before birth is a contact of the child's life


def first_contacts(store: Store, services: Sequence[str] = tuple(SERVICES)) -> ir.Table:
    """Return each child's first spell of each service.

    Source: age at first contact as in the cohort studies of the Children in Need Census (Emmott and others
    2019) and of the SSDA903 (Mc Grath-Lone and others 2016); what a spell is, `contacts.spells` says.

    Returns
    -------
    Ibis table
        authority, child_id, service, first_date (date), year (collection year of it), birth_date, age
        (int64, completed years, -1 before birth), age_band, order (int64, 1 for the service met first;
        services met on the same day in the order of `SERVICES`), from_birth (bool: the records of the
        service follow the child from birth, so that the first in the data is the first in life).
    """
    firsts = (
        spells(store, services).group_by([*CHILD, "service"]).aggregate(first_date=lambda t: t.start.min())
    )
    births = store.children.select(*CHILD, "birth_date")
    joined = firsts.left_join(births, CHILD).select(*firsts.columns, "birth_date")
    covered = coverage(store, services)
    known = joined.left_join(covered, ["authority", "service"]).select(*joined.columns, "first_day")
    place = ibis.cases(
        *[(known.service == name, position) for position, name in enumerate(SERVICES)], else_=len(SERVICES)
    )
    age = age_at(known.birth_date, known.first_date)
    dated = known.mutate(
        year=collection_year(known.first_date),
        age=age,
        age_band=age_band(age),
        from_birth=(known.birth_date >= known.first_day).fill_null(False),
        place=place,
    )
    order = ibis.window(group_by=CHILD, order_by=["first_date", "place"])
    ranked = dated.mutate(order=ibis.row_number().over(order).cast("int64") + 1)
    return ranked.select(
        *CHILD, "service", "first_date", "year", "birth_date", "age", "age_band", "order", "from_birth"
    )


def ages_at_first_contact(
    contacts: ir.Table, by: Sequence[str] = (), *, followed_from_birth: bool = True
) -> pd.DataFrame:
    """Return at what ages children first met each service.

    Parameters
    ----------
    contacts : Ibis table
        From `first_contacts`.
    by : sequence of str
        Further columns, e.g. "year".
    followed_from_birth : bool
        Whether to keep children only whom the records follow from birth. Without it a first contact in the
        first years of the returns is often a later one. With it the oldest ages are reached by the oldest
        cohorts alone: read shares within birth cohorts that have reached 18, or by year.

    Returns
    -------
    pandas.DataFrame
        `by`, service, age_band, n, of (children with the service), share, low, high (Wilson).
    """
    kept = contacts.filter(contacts.from_birth) if followed_from_birth else contacts
    keys = [*by, "service"]
    counts = kept.group_by([*keys, "age_band"]).aggregate(n=lambda t: t.count()).execute()
    bands = [UNBORN, *AGE_BANDS.values()] + ([] if followed_from_birth else [UNKNOWN])
    groups = counts[keys].drop_duplicates()
    groups = groups.sort_values(keys, key=lambda c: c.map(_place) if c.name == "service" else c)
    every = groups.merge(pd.DataFrame({"age_band": bands}), how="cross")
    long = every.merge(counts, how="left").fillna({"n": 0}).astype({"n": "int64"})
    return add_shares(long.assign(of=long.groupby(keys)["n"].transform("sum")))


def early_contact(contacts: ir.Table, before: int = 5, by: Sequence[str] = ("service",)) -> pd.DataFrame:
    """Return the share of first contacts that were early: before the child's `before`th birthday.

    Of children whom the records follow from birth and who would have reached 18 within the records there may
    be none; so the measure is of contacts in a year, not of lives. Source: before the fifth birthday, as in
    Bilson and Martin (2017).

    Returns
    -------
    pandas.DataFrame
        `by`, n (early), of (first contacts at a known age), share, low, high (Wilson).
    """
    known = contacts.filter(contacts.age.notnull())
    early = (known.age < before).cast("int64")
    table = known.aggregate(by=list(by), n=early.sum(), of=known.count()).execute()
    ordered = table.sort_values(list(by), ignore_index=True)
    return add_shares(ordered.fillna({"n": 0}).astype({"n": "int64", "of": "int64"}))


def entries_to_care(
    store: Store,
    within_years: int | None = None,
    services: Sequence[str] | None = None,
    lead_days: int = 0,
) -> ir.Table:
    """Return each child's first entry to care, and whether the child was known to services before.

    Known: a spell of one of the services began in the `within_years` before the entry, or at any time (None),
    more than `lead_days` before it. A referral from which the child goes straight into care is the way in
    rather than earlier knowledge: with `lead_days=28` it does not count. An entry is the first period of care
    in the data, short breaks left out. No published definition: this one is ours, and its parameters are to
    be stated with the figure.

    Parameters
    ----------
    services : sequence of str, optional
        Early help and referral when not given, as far as the store holds records of them: all else follows a
        referral.

    Returns
    -------
    Ibis table
        authority, child_id, entry_date, entry_year, age, age_band, unaccompanied (bool), known_<service>
        for each service, known (bool), and seen (bool: the records of all the services reach back to the
        start of the look-back or to nine months before birth; where false, "not known" may mean "before the
        records begin").
    """
    services = list(services or recorded_services(store, ["early_help", "referral"]) or ["referral"])
    episodes = store.care_episodes
    in_care = episodes.filter(~episodes.legal_status.isin(RESPITE).fill_null(False))
    entries = in_care.group_by(CHILD).aggregate(entry_date=in_care.episode_start.min())
    births = store.children.select(*CHILD, "birth_date")
    whole = entries.left_join(births, CHILD).select(*entries.columns, "birth_date")
    conceived = (whole.birth_date - ibis.interval(months=UNBORN_MONTHS)).cast("date")
    back = ibis.null("date") if within_years is None else whole.entry_date - ibis.interval(years=within_years)
    whole = whole.mutate(back=ibis.greatest(back.cast("date"), conceived))
    whole = whole.mutate(seen=whole.back.notnull())
    for service in services:
        whole = _known(whole, store, service, lead_days)
    whole = _unaccompanied(whole, store)
    known = whole[f"known_{services[0]}"]
    for service in services[1:]:
        known = known | whole[f"known_{service}"]
    age = age_at(whole.birth_date, whole.entry_date)
    return whole.mutate(
        known=known, entry_year=collection_year(whole.entry_date), age=age, age_band=age_band(age)
    ).drop("back", "birth_date")


def not_known_before_care(entries: ir.Table, by: Sequence[str] = ("entry_year",)) -> pd.DataFrame:
    """Return the share of first entries to care of children who were not known before.

    Parameters
    ----------
    entries : Ibis table
        From `entries_to_care`, filtered as need be (e.g. without unaccompanied children).

    Returns
    -------
    pandas.DataFrame
        `by`, n (not known before), of (entries whose look-back the records cover), share, low, high
        (Wilson), left_out (entries whose look-back they do not cover), complete (bool: none left out). Only
        complete rows compare: in the others those left are the youngest.
    """
    seen = entries.seen.cast("int64")
    n = (entries.seen & ~entries.known).cast("int64")
    table = entries.aggregate(by=list(by), n=n.sum(), of=seen.sum(), left_out=(1 - seen).sum()).execute()
    ordered = table.sort_values(list(by), ignore_index=True)
    ordered = ordered.fillna(0).astype(dict.fromkeys(["n", "of", "left_out"], "int64"))
    return add_shares(ordered).assign(complete=ordered["left_out"] == 0)


def _place(service: str) -> int:
    return SERVICES.index(service)


def _known(whole: ir.Table, store: Store, service: str, lead_days: int) -> ir.Table:
    """Add known_<service>, and take from `seen` those to whose look-back the records do not reach."""
    starts = spells(store, [service]).select(*CHILD, "start").distinct()
    base = whole.select(*CHILD, "entry_date", "back")
    pairs = base.inner_join(starts, CHILD)
    latest = (pairs.entry_date - ibis.interval(days=lead_days)).cast("date")
    inside = (pairs.start < latest) & (pairs.back.isnull() | (pairs.start >= pairs.back))
    found = pairs.filter(inside).select(*CHILD).distinct().mutate(hit=ibis.literal(True))
    joined = whole.left_join(found, CHILD)
    whole = joined.select(*whole.columns, **{f"known_{service}": joined.hit.fill_null(False)})
    first_days = coverage(store, [service]).select("authority", "first_day")
    joined = whole.left_join(first_days, "authority")
    reaches = (joined.back >= joined.first_day).fill_null(False)
    return joined.select(*[c for c in whole.columns if c != "seen"], seen=joined.seen & reaches)


def _unaccompanied(whole: ir.Table, store: Store) -> ir.Table:
    alone = store.uasc.select(*CHILD).distinct().mutate(alone=ibis.literal(True))
    joined = whole.left_join(alone, CHILD)
    return joined.select(*whole.columns, unaccompanied=joined.alone.fill_null(False))
