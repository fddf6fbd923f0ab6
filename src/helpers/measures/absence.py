"""Absence from school as the Department for Education defines it."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats

from helpers.measures.groups import add_up
from helpers.measures.pupils import PUPIL_YEAR
from helpers.measures.rates import add_shares
from helpers.sources.store import Store

PERSISTENT, SEVERE = 0.10, 0.50
RATES = {"overall": "missed", "authorised": "authorised", "unauthorised": "unauthorised"}
KINDS = {"persistent": PERSISTENT, "severe": SEVERE}


def pupil_absence(store: Store) -> ir.Table:
    """Return sessions possible and missed of each pupil and academic year.

    Terms and schools are added up first, so that a pupil who moves school counts once. A pupil is
    persistently absent who misses 10% or more, and severely absent who misses 50% or more, of the sessions
    possible for that pupil. Source: DfE, Pupil absence in schools in England: methodology (persistent
    absence by the pupil's own possible sessions, since 2015/16).

    Returns
    -------
    Ibis table
        pupil_id, academic_year, possible, authorised, unauthorised, missed, illness, excluded (int64,
        sessions), persistent, severe (bool). Pupils without a possible session are left out.
    """
    rows = store.absences
    sums = {
        "possible": rows.sessions_possible.sum(),
        **{
            name: rows[name].fill_null(0).sum()
            for name in ("authorised", "unauthorised", "illness", "excluded")
        },
    }
    whole = rows.group_by(PUPIL_YEAR).aggregate(**sums)
    whole = whole.filter(whole.possible > 0)
    whole = whole.mutate(**{name: whole[name].cast("int64") for name in sums})
    whole = whole.mutate(missed=whole.authorised + whole.unauthorised)
    share = whole.missed.cast("float64") / whole.possible
    return whole.mutate(**{name: share >= least for name, least in KINDS.items()})


def absence_rates(pupils: ir.Table, by: Sequence[str] = ("academic_year",)) -> pd.DataFrame:
    """Return the overall, authorised and unauthorised rate of absence.

    Sessions missed as a share of sessions possible. Source: DfE, Pupil absence in schools in England:
    methodology. Sessions of one pupil go together, so the interval is that of a ratio of sums over pupils
    (Cochran 1977, section 6.4), not of a share of sessions.

    Parameters
    ----------
    pupils : Ibis table
        From `pupil_absence`, perhaps with further columns.
    by : sequence of str

    Returns
    -------
    pandas.DataFrame
        `by`, pupils, measure (of `RATES`), n (sessions missed), of (sessions possible), rate, low, high.
    """
    sums = {"pupils": pupils.count(), "of": pupils.possible.sum(), "pp": _product(pupils.possible)}
    for measure, column in RATES.items():
        missed = pupils[column]
        sums |= {measure: missed.sum(), f"{measure}_mm": _product(missed)}
        sums[f"{measure}_mp"] = _product(missed, pupils.possible)
    wide = pupils.aggregate(by=list(by), **sums).execute()
    wide = wide.sort_values(list(by), ignore_index=True)
    return pd.concat([_rate(wide, measure, list(by)) for measure in RATES], ignore_index=True)


def _product(first: ir.NumericColumn, second: ir.NumericColumn | None = None) -> ir.NumericScalar:
    second = first if second is None else second
    return (first.cast("float64") * second.cast("float64")).sum()


def _rate(wide: pd.DataFrame, measure: str, by: list[str]) -> pd.DataFrame:
    """Return one rate: the variance of a ratio is that of missed - rate * possible over pupils."""
    count, of = wide["pupils"].astype(float), wide["of"].astype(float)
    rate = wide[measure] / of
    squares = wide[f"{measure}_mm"] - 2 * rate * wide[f"{measure}_mp"] + rate**2 * wide["pp"]
    spread = np.sqrt(squares.clip(lower=0) * count / (count - 1).where(count > 1)) / of
    reach = stats.norm.ppf(0.975) * spread
    kept = wide[[*by, "pupils"]].assign(measure=measure, n=wide[measure].astype("int64"), of=wide["of"])
    return kept.assign(rate=rate, low=(rate - reach).clip(lower=0), high=rate + reach)


def absentees(pupils: ir.Table, by: Sequence[str] = ("academic_year",)) -> pd.DataFrame:
    """Return the share of pupils who are persistently and severely absent.

    Source: see `pupil_absence`.

    Returns
    -------
    pandas.DataFrame
        `by`, measure (of `KINDS`), n, of (pupils), share, low, high.
    """
    return add_shares(add_up(pupils, list(KINDS), by))


def add_absence(store: Store, pupils: ir.Table) -> ir.Table:
    """Add to pupils and years their absence, missing where the year was not collected for them.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year.

    Returns
    -------
    Ibis table
        `pupils` with possible, missed (int64), persistent and severe (bool).
    """
    joined = pupils.left_join(pupil_absence(store), PUPIL_YEAR)
    return joined.select(*pupils.columns, "possible", "missed", *KINDS)
