"""Rates and shares with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from helpers.measures.ages import AGE_BANDS, AGE_ORDER
from helpers.sources.store import Store

RESULT = ["term", "estimate", "low", "high", "n", "method"]  # as every model gives its results


def add_rates(
    frame: pd.DataFrame, events: str, population: str, per: float = 10_000, level: float = 0.95
) -> pd.DataFrame:
    """Add rates with exact Poisson intervals.

    Source: Garwood (1936), by the chi-squared distribution; the method of the Association of Public Health
    Observatories' technical briefing 3 for small counts.

    Parameters
    ----------
    frame : pandas.DataFrame
    events, population : str
        Columns of counts and of people (or person-years).
    per : float
        Rate per how many.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        `frame` with rate, low, high (float, per `per`); missing where the population is 0 or missing.
    """
    count = frame[events].astype(float)
    base = frame[population].astype(float).replace(0, np.nan) / per
    tail = (1 - level) / 2
    low = np.where(count == 0, 0.0, stats.chi2.ppf(tail, 2 * count.clip(lower=0.5)) / 2)
    high = stats.chi2.ppf(1 - tail, 2 * (count + 1)) / 2
    return frame.assign(rate=count / base, low=low / base, high=high / base)


def add_shares(frame: pd.DataFrame, count: str = "n", of: str = "of", level: float = 0.95) -> pd.DataFrame:
    """Add shares with Wilson intervals.

    Source: Wilson (1927); recommended by Brown, Cai and DasGupta (2001) for any sample size.

    Parameters
    ----------
    frame : pandas.DataFrame
    count, of : str
        Columns: how many, of how many.

    Returns
    -------
    pandas.DataFrame
        `frame` with share, low, high (float, of 1); missing where `of` is 0.
    """
    n, total = frame[count].astype(float), frame[of].astype(float).replace(0, np.nan)
    low, high = proportion_confint(n.to_numpy(), total.to_numpy(), alpha=1 - level, method="wilson")
    return frame.assign(share=n / total, low=low, high=high)


def result(
    terms: object, estimate: object, low: object, high: object, n: object, method: str, **more: object
) -> pd.DataFrame:
    """Return estimates whose interval is no normal one in the columns in which models give theirs.

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high (float), n (int64), method, then `more`.
    """
    numbers = {
        name: np.asarray(values, dtype=float)
        for name, values in zip(RESULT[1:4], [estimate, low, high], strict=True)
    }
    frame = pd.DataFrame({"term": list(terms), **numbers})
    return frame.assign(n=np.asarray(n).round().astype("int64"), method=method, **more)


def children_living(store: Store, by: Sequence[str] = ("year",), under: int = 18) -> pd.DataFrame:
    """Return the children living in the country, by collection year and whatever else populations know.

    The rates of a collection year stand on the mid-year estimate within it: 30 June 2023 for 2023/24, year
    2024 here. Source: the DfE's rates per 10,000 children. For years past the last estimate, or before the
    first, see `nearest_year`.

    Parameters
    ----------
    by : sequence of str
        Of "year", "authority", "age" (completed years), "age_band", "sex" and "region".
    under : int
        Children below this age.

    Returns
    -------
    pandas.DataFrame
        `by` and people (int64).
    """
    people = store.populations.filter(store.populations.age < under)
    counted = people.mutate(year=people.year + 1)
    if "region" in by:
        regions = store.authorities.select("authority", "region")
        counted = counted.left_join(regions, "authority").select(*counted.columns, "region")
    keys = ["age" if name == "age_band" else name for name in by]
    frame = counted.aggregate(by=keys, people=counted.people.sum()).execute()
    if "age_band" in by:
        starts = [*AGE_BANDS, 200]
        bands = pd.cut(frame["age"], starts, right=False, labels=list(AGE_BANDS.values()))
        frame = frame.assign(age_band=bands.astype("object")).drop(columns="age")
    whole = frame.groupby(list(by), as_index=False)["people"].sum() if by else frame
    return whole.astype({"people": "int64"})


def nearest_year(years: Sequence[int], held: Sequence[int]) -> dict[int, int]:
    """Return for each year the nearest of the years held (the earlier of two as near).

    Raises
    ------
    ValueError
        When no year is held: the table of the denominators is empty.
    """
    known = sorted({int(year) for year in held})
    if not known:
        raise ValueError("There are no populations in the store, so that there is nothing to divide by.")
    return {int(year): min(known, key=lambda k: (abs(k - year), k)) for year in years}


def rates_of(
    store: Store, events: ir.Table, by: Sequence[str] = ("year",), per: float = 10_000
) -> pd.DataFrame:
    """Return rates of events by year, place, age or sex, over the children who live there.

    Parameters
    ----------
    events : Ibis table
        One row per event (or child), with the columns of `by`: `year` is the collection year;
        `ages.add_child` adds age, age_band and sex.
    by : sequence of str
        Of what `children_living` knows, "year" among them.

    Returns
    -------
    pandas.DataFrame
        `by`, n, people, rate, low, high (exact Poisson; children of one family are not independent, so that
        the interval is somewhat narrow). Groups of children without events have n = 0; events in a group that
        no estimate holds (unborn, sex not known, 18 and over) are left out.

    Raises
    ------
    ValueError
        When `by` lacks "year".
    """
    if "year" not in by:
        raise ValueError("Rates need the year: without it there is no knowing how many children lived there.")
    keys = list(by)
    counts = events.group_by(keys).aggregate(n=lambda t: t.count()).execute()
    people = children_living(store, keys)
    wanted = nearest_year(sorted(counts["year"].dropna().unique()), people["year"])
    years = pd.DataFrame({"year": list(wanted), "held": list(wanted.values())})
    base = people.rename(columns={"year": "held"}).merge(years, on="held").drop(columns="held")
    whole = base.merge(counts, on=keys, how="left").fillna({"n": 0}).astype({"n": "int64"})
    ordered = whole.sort_values(keys, key=_bands_in_order, ignore_index=True)[[*keys, "n", "people"]]
    return add_rates(ordered, "n", "people", per)


def _bands_in_order(column: pd.Series) -> pd.Series:
    return column.map(AGE_ORDER.index) if column.name == "age_band" else column
