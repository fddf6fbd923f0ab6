"""Attainment at the end of Key Stages 2 and 4."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats

from helpers.measures.rates import add_shares
from helpers.sources.store import Store

# Source: DfE, Key stage 2 attainment: no tests were taken in 2020 and 2021; scaled scores since 2016.
SCALED_SINCE = 2016
# Source: DfE, Key stage 4 performance: grades of 2020 and 2021 were set by teachers, and are not comparable.
TEACHER_ASSESSED = [2020, 2021]


def key_stage_4(store: Store) -> ir.Table:
    """Return one row per pupil at the end of Key Stage 4.

    Attainment 8 is the sum of a pupil's grades in eight subjects, English and maths counted twice, 0 to 90.
    Pupils with no entries count 0, as in the DfE's averages. Where a pupil has two rows, the higher is
    kept. Source: DfE, Secondary accountability measures (Progress 8 and Attainment 8).

    Returns
    -------
    Ibis table
        The canonical columns of `attainment_ks4`, the latest year of each pupil.
    """
    return _once(store.attainment_ks4, "attainment8")


def key_stage_2(store: Store) -> ir.Table:
    """Return one row per pupil at the end of Key Stage 2.

    Expected standard: a scaled score of 100 or more in reading and in maths, and writing judged by the
    teacher to be at the standard. Source: DfE, Key stage 2 attainment: methodology.

    Returns
    -------
    Ibis table
        The canonical columns of `attainment_ks2` with score (float64, mean of the scaled scores in reading
        and maths; missing before 2016) and standard (int64, 1 when the expected standard was reached;
        missing where not known).
    """
    rows = _once(store.attainment_ks2, "reading_score")
    score = (rows.reading_score + rows.maths_score).cast("float64") / 2
    return rows.mutate(score=score, standard=rows.expected_standard.cast("int64"))


def _once(rows: ir.Table, score: str) -> ir.Table:
    """Return the latest year of each pupil, in it the row with the highest score."""
    order = [ibis.desc("academic_year"), ibis.desc(rows[score].fill_null(-1))]
    window = ibis.window(group_by="pupil_id", order_by=order)
    ranked = rows.mutate(_place=ibis.row_number().over(window))
    return ranked.filter(ranked._place == 0).drop("_place")


def average(pupils: ir.Table, score: str, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return average scores with 95% intervals by the t distribution; pupils without a score are left out.

    Parameters
    ----------
    pupils : Ibis table
    score : str
        E.g. attainment8 or score.

    Returns
    -------
    pandas.DataFrame
        `by`, n (int64), mean, low, high (missing where n is 1).
    """
    known = pupils.filter(pupils[score].notnull())
    value = known[score].cast("float64")
    found = known.aggregate(by=list(by), n=known.count(), mean=value.mean(), sd=value.std(how="sample"))
    frame = found.execute()
    frame = frame.sort_values(list(by), ignore_index=True)
    degrees = (frame["n"] - 1).where(frame["n"] > 1).astype(float)
    reach = stats.t.ppf(0.975, degrees) * frame["sd"].astype(float) / np.sqrt(frame["n"])
    found = frame.drop(columns="sd").assign(low=frame["mean"] - reach, high=frame["mean"] + reach)
    return found.astype({"n": "int64"})


def at_standard(pupils: ir.Table, by: Sequence[str] = (), standard: str = "standard") -> pd.DataFrame:
    """Return the share of pupils who reached a standard, of those for whom it is known.

    Parameters
    ----------
    pupils : Ibis table
        From `key_stage_2`, perhaps with further columns.
    standard : str
        Column of 1 and 0.

    Returns
    -------
    pandas.DataFrame
        `by`, n, of (int64), share, low, high.
    """
    known = pupils.filter(pupils[standard].notnull())
    counts = known.aggregate(by=list(by), n=known[standard].cast("int64").sum(), of=known.count()).execute()
    counts = counts.sort_values(list(by), ignore_index=True)
    return add_shares(counts.fillna({"n": 0}).astype({"n": "int64", "of": "int64"}))
