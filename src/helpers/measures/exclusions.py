"""Suspensions and permanent exclusions from school."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from helpers.measures.groups import add_up
from helpers.measures.pupils import PUPIL_YEAR
from helpers.measures.rates import add_rates, add_shares
from helpers.sources.store import Store

# Source: school census guide, exclusion category. Suspensions were fixed-period exclusions up to 2020/21.
SUSPENSION, PERMANENT = ["SUSP", "FIXD"], ["PERM"]
MEASURES = ["suspended", "permanently_excluded", "excluded"]


def add_exclusions(store: Store, pupils: ir.Table) -> ir.Table:
    """Add to pupils and years how often they were excluded from school in the year.

    Lunchtime exclusions are not counted. Source: DfE, Suspensions and permanent exclusions in England:
    methodology.

    Parameters
    ----------
    pupils : Ibis table
        With pupil_id and academic_year.

    Returns
    -------
    Ibis table
        `pupils` with suspensions, permanents (int64, how many), suspended, permanently_excluded and excluded
        (int64, 1 when there was one or more; excluded counts either).
    """
    rows = store.exclusions
    counted = rows.group_by(PUPIL_YEAR).aggregate(
        suspensions=rows.category.isin(SUSPENSION).cast("int64").sum(),
        permanents=rows.category.isin(PERMANENT).cast("int64").sum(),
    )
    joined = pupils.left_join(counted, PUPIL_YEAR)
    often = {name: joined[name].fill_null(0) for name in ("suspensions", "permanents")}
    found = joined.select(*pupils.columns, **often)
    return found.mutate(
        suspended=(found.suspensions > 0).cast("int64"),
        permanently_excluded=(found.permanents > 0).cast("int64"),
        excluded=(found.suspensions + found.permanents > 0).cast("int64"),
    )


def exclusion_rates(pupils: ir.Table, by: Sequence[str] = ("academic_year",)) -> pd.DataFrame:
    """Return suspensions and permanent exclusions per 100 pupils.

    Source: DfE, Suspensions and permanent exclusions in England: methodology: the number in the academic year
    over the headcount of the spring census. The interval is for a Poisson count; one pupil may be suspended
    often, so it is too narrow for suspensions.

    Parameters
    ----------
    pupils : Ibis table
        Pupils on roll in spring with their exclusions, from `add_exclusions`.

    Returns
    -------
    pandas.DataFrame
        `by`, measure (suspensions or permanents), n, of (pupils), rate, low, high (per 100 pupils).
    """
    return add_rates(add_up(pupils, ["suspensions", "permanents"], by), "n", "of", per=100)


def excluded_shares(pupils: ir.Table, by: Sequence[str] = ("academic_year",)) -> pd.DataFrame:
    """Return the share of pupils with one or more suspensions, permanent exclusions, or either.

    Source: as `exclusion_rates` (pupils with one or more).

    Returns
    -------
    pandas.DataFrame
        `by`, measure (of `MEASURES`), n, of (pupils), share, low, high.
    """
    return add_shares(add_up(pupils, MEASURES, by))
