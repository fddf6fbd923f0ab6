"""What is known of a child on a day: age, sex, ethnic group, deprivation of home, the last assessment."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from helpers.measures.ages import CHILD, add_child
from helpers.measures.assessments import KEY
from helpers.measures.residence import residence_at
from helpers.sources.store import Store

FIFTHS = {1: "most deprived fifth", 2: "second", 3: "third", 4: "fourth", 5: "least deprived fifth"}
NO_ADDRESS = "no address"


def with_covariates(
    spells: ir.Table,
    store: Store,
    date: str,
    assessments: ir.Table | None = None,
    columns: Sequence[str] = ("category",),
) -> ir.Table:
    """Add what is known of the child on the day `date` of each spell.

    Parameters
    ----------
    spells : Ibis table
        authority, child_id and the date `date`; with referral_date, assessments of that referral count.
    date : str
        Column of the day, e.g. the closure from which a child is followed.
    assessments : Ibis table, optional
        Key of the assessment and `columns`, e.g. the demand category of each; see `with_assessment`.
    columns : sequence of str
        What to take from `assessments`.

    Returns
    -------
    Ibis table
        `spells` with sex, age, age_band, ethnic_group (see `add_child` of ages), region,
        imd_decile, idaci_decile, imd_quintile (see `with_deprivation`), and `columns` (missing where there
        was no assessment).
    """
    known = with_deprivation(add_child(spells, store.children, date), store, date)
    places = store.authorities.select("authority", "region")
    known = known.left_join(places, "authority").select(*known.columns, "region")
    return known if assessments is None else with_assessment(known, assessments, date, columns)


def with_deprivation(spells: ir.Table, store: Store, date: str) -> ir.Table:
    """Add how deprived the neighbourhood was in which the child lived on a day.

    Source: English indices of deprivation 2019 (decile 1 = most deprived), by the postcode of the child's
    address on the day (see `residence_at`). The indices are those of 2019 whatever the day. The Children in
    Need Census holds no address; an authority's case management system does.

    Returns
    -------
    Ibis table
        `spells` with imd_decile, idaci_decile (int64, missing without address) and imd_quintile (string, of
        multiple deprivation, "no address" where that is not known).
    """
    placed = residence_at(store, spells, date)
    whole = placed.select(*spells.columns, "imd_decile", "idaci_decile")
    bands = [(whole.imd_decile <= 2 * number, name) for number, name in FIFTHS.items()]
    return whole.mutate(
        imd_quintile=ibis.cases((whole.imd_decile.isnull(), NO_ADDRESS), *bands, else_=NO_ADDRESS)
    )


def with_assessment(
    spells: ir.Table, assessments: ir.Table, date: str, columns: Sequence[str] = ("category",)
) -> ir.Table:
    """Add what the last assessment before a day said: the one that a spell rested on.

    Parameters
    ----------
    spells : Ibis table
        authority, child_id, `date`; with referral_date only assessments of that referral count, else all of
        the child's.
    assessments : Ibis table
        Key of the assessment and `columns`.
    date : str
        An assessment counts that began on or before this day; the latest is taken.

    Returns
    -------
    Ibis table
        `spells` with `columns`, missing where there was no such assessment.
    """
    keys = [*CHILD, "referral_date"] if "referral_date" in spells.columns else CHILD
    days = spells.select(*keys, date).distinct()
    pairs = days.inner_join(assessments.select(*KEY, *columns), keys)
    pairs = pairs.filter(pairs.assessment_start <= pairs[date])
    latest = ibis.row_number().over(
        ibis.window(group_by=[*keys, date], order_by=ibis.desc("assessment_start"))
    )
    pairs = pairs.mutate(_rank=latest).filter(lambda t: t._rank == 0).select(*keys, date, *columns)
    return spells.left_join(pairs, [*keys, date]).select(*spells.columns, *columns)
