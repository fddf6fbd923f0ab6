"""Authorities like one's own, and how an authority stands beside them, its region and England."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.rates import confint_poisson_2indep

from helpers.measures.rates import children_living, nearest_year
from helpers.measures.residence import children_by_place
from helpers.sources.store import Store

CHARACTERISTICS = ["log_children", "idaci", "low_income", "minority_ethnic", "rural"]
OFFICIAL, NEAREST = "statistical neighbours (DfE)", "nearest by characteristics"


def neighbours(store: Store, k: int = 10, year: int | None = None) -> pd.DataFrame:
    """Return each authority's neighbours: the official ones, or the nearest when the store has none.

    An authority of which some characteristic is not known has no nearest neighbours.

    Source: the Department for Education's local authority interactive tool lists ten statistical neighbours
    (Benton and others 2007); the list was drawn anew in 2025, and the store holds one of the two.

    Parameters
    ----------
    k : int
        How many, from the closest.
    year : int, optional
        Collection year of the characteristics, where they are needed; the last when not given.

    Returns
    -------
    pandas.DataFrame
        authority, rank (int64, 1 = the closest), neighbour, method.
    """
    listed = store.statistical_neighbours.select("authority", "rank", "neighbour").execute()
    if len(listed):
        kept = listed[listed["rank"] <= k].sort_values(["authority", "rank"], ignore_index=True)
        return kept.assign(method=OFFICIAL)
    return nearest_neighbours(authority_characteristics(store, year).dropna(), k)


def authority_characteristics(store: Store, year: int | None = None) -> pd.DataFrame:
    """Return what an authority does not choose: its children, their deprivation, ethnicity and countryside.

    Returns
    -------
    pandas.DataFrame
        Indexed by authority: log_children (log of children under 18), idaci (mean of the small areas,
        weighted by children), low_income (share of children in low income families), minority_ethnic (share
        not White British), rural (share living in rural areas), all float. A column of which the store knows
        nothing is left out; where it does not know one authority, the value is missing.
    """
    living = children_living(store, ["year", "authority"])
    places = children_by_place(store, ["year", "authority", "neighbourhood", "ethnicity"])
    incomes = store.low_income_families.execute()
    tables = {}
    if len(living):
        tables["log_children"] = np.log(_in_year(living, year).set_index("authority")["people"])
    if len(places):
        tables.update(_of_places(_in_year(places, year), store))
    if len(incomes):
        tables["low_income"] = _in_year(incomes, year).set_index("authority")["share"]
    frame = pd.DataFrame(tables).astype(float)
    return frame[[name for name in CHARACTERISTICS if name in frame]].rename_axis("authority").sort_index()


def nearest_neighbours(characteristics: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    """Return the authorities nearest to each by standardised Euclidean distance.

    Every characteristic is brought to mean 0 and standard deviation 1 and weighs the same; correlated ones
    weigh as often as they are there. Source: nearest neighbour models such as those of the DfE and CIPFA; the
    characteristics here are ours.

    Parameters
    ----------
    characteristics : pandas.DataFrame
        Indexed by authority, numbers only, none missing.

    Returns
    -------
    pandas.DataFrame
        authority, rank (int64), neighbour, distance (standard deviations), method.

    Raises
    ------
    ValueError
        When values are missing or there are not more than `k` authorities.
    """
    if characteristics.isna().any(axis=None) or characteristics.shape[1] == 0:
        raise ValueError("Characteristics are missing for some authorities: fill them or leave these out.")
    if len(characteristics) <= k:
        raise ValueError(f"{len(characteristics)} authorities are not enough to find {k} neighbours of each.")
    scaled = StandardScaler().fit_transform(characteristics)
    # Without arguments an authority is not taken for its own neighbour.
    distances, places = NearestNeighbors(n_neighbors=k).fit(scaled).kneighbors()
    names = characteristics.index.to_numpy()
    return pd.DataFrame(
        {
            "authority": np.repeat(names, k),
            "rank": np.tile(np.arange(1, k + 1, dtype="int64"), len(names)),
            "neighbour": names[places].ravel(),
            "distance": distances.ravel(),
            "method": NEAREST,
        }
    )


def benchmark(
    store: Store,
    authority: str,
    year: int,
    indicators: Sequence[str] | None = None,
    near: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set an authority's published figures beside its statistical neighbours, its region and England.

    Source: the local authority interactive tool: the mean of the neighbours counts each once; ranks run from
    the lowest value (1) over all authorities with a figure, quarters likewise (A is the lowest fourth). A low
    figure is neither good nor bad in itself. Region and England are means over the authorities published,
    each weighted by its children: where figures are suppressed they are not the official totals.

    Parameters
    ----------
    indicators : sequence of str, optional
        Names in `published_indicators`; all when not given.
    near : pandas.DataFrame, optional
        authority and neighbour; from `neighbours` when not given.

    Returns
    -------
    pandas.DataFrame
        indicator, year, authority, value, neighbours (mean), neighbours_published (int64: of how many),
        region, england, gap (value less that of the neighbours), rank_near (1 = lowest of authority and
        neighbours), of_near, rank, of, quarter ("A" to "D"); missing where the figure is not published.

    Raises
    ------
    ValueError
        When the store holds no published figure of the year.
    """
    table = store.published_indicators
    frame = table.filter(table.year == year).select("authority", "indicator", "value").execute()
    if frame.empty:
        raise ValueError(f"The store holds no published indicators of {year}.")
    near = neighbours(store) if near is None else near
    beside = near.loc[near["authority"] == authority, "neighbour"].tolist()
    places = store.authorities.select("authority", "region").execute().set_index("authority")["region"]
    people = _in_year(children_living(store, ["year", "authority"]), year).set_index("authority")["people"]
    wanted = list(indicators or sorted(frame["indicator"].unique()))
    rows = []
    for name in wanted:
        values = frame[frame["indicator"] == name].set_index("authority")["value"].dropna()
        rows.append(
            {"indicator": name, "year": year, "authority": authority}
            | _beside(values, authority, beside, places, people)
        )
    whole = ["neighbours_published", "of_near", "of"]
    return pd.DataFrame(rows).astype(dict.fromkeys(whole, "int64"))


def gap_to_neighbours(
    counts: pd.DataFrame,
    near: pd.DataFrame,
    authority: str,
    events: str = "n",
    people: str = "people",
    *,
    per: float = 10_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the gap of an authority's rate to that of its neighbours together, where counts are known.

    Unlike a rank it says whether the gap is more than chance: in a small authority it often is not. Score
    interval of the difference of two Poisson rates; the neighbours are pooled, so that large ones count for
    more, and how they differ among each other is not in the interval.

    Parameters
    ----------
    counts : pandas.DataFrame
        One row per authority: authority, events, people.
    near : pandas.DataFrame
        From `neighbours`.

    Returns
    -------
    pandas.DataFrame
        term ("gap to neighbours", "ratio to neighbours"), estimate (gap per `per`), low, high, n (events of
        the authority), method, authority, neighbours (int64: how many have counts).

    Raises
    ------
    ValueError
        When the authority or all its neighbours are not in `counts`.
    """
    rows = counts.groupby("authority")[[events, people]].sum()
    beside = near.loc[near["authority"] == authority, "neighbour"]
    known = rows[rows.index.isin(beside)]
    if authority not in rows.index or known.empty:
        raise ValueError(f"There are no counts of authority {authority}, or none of its neighbours.")
    own, others = rows.loc[authority].astype(float), known.sum().astype(float)
    rates = own[events] / own[people], others[events] / others[people]
    counted = own[events], own[people], others[events], others[people]
    low, high = confint_poisson_2indep(*counted, method="score", compare="diff", alpha=1 - level)
    ratio = [np.nan] * 3
    if others[events]:
        limits = confint_poisson_2indep(*counted, method="score", compare="ratio", alpha=1 - level)
        ratio = [rates[0] / rates[1], *map(float, limits)]
    estimates = [[per * (rates[0] - rates[1]), per * float(low), per * float(high)], ratio]
    frame = pd.DataFrame(estimates, columns=["estimate", "low", "high"])
    frame.insert(0, "term", ["gap to neighbours", "ratio to neighbours"])
    frame = frame.assign(n=int(own[events]), method="two Poisson rates (score)")
    return frame.assign(authority=authority, neighbours=len(known))


def _beside(
    values: pd.Series, authority: str, beside: list[str], places: pd.Series, people: pd.Series
) -> dict[str, object]:
    own = values.get(authority, np.nan)
    near = values[values.index.isin(beside)]
    regional = values[values.index.map(places.get) == places.get(authority)]
    both = pd.concat([near, values[values.index == authority]])
    ranks, within = values.rank(method="min"), both.rank(method="min")
    quarter = pd.NA
    if not np.isnan(own):
        quarter = "ABCD"[min(int(4 * (ranks[authority] - 1) / len(values)), 3)]
    return {
        "value": own,
        "neighbours": near.mean(),
        "neighbours_published": len(near),
        "region": _weighted(regional, people),
        "england": _weighted(values, people),
        "gap": own - near.mean(),
        "rank_near": within.get(authority, np.nan),
        "of_near": len(both),
        "rank": ranks.get(authority, np.nan),
        "of": len(values),
        "quarter": quarter,
    }


def _weighted(values: pd.Series, people: pd.Series) -> float:
    weights = people.reindex(values.index).fillna(0)
    return float(np.average(values, weights=weights)) if weights.sum() else float(values.mean())


def _in_year(frame: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Return the rows of the year, or of the nearest that there is; of the last when none is asked for."""
    if frame.empty:
        return frame
    held = frame["year"].max() if year is None else nearest_year([year], frame["year"].unique())[year]
    return frame[frame["year"] == held]


def _of_places(places: pd.DataFrame, store: Store) -> dict[str, pd.Series]:
    kinds = store.neighbourhoods.select("neighbourhood", "idaci_score", "rural").execute()
    frame = places.merge(kinds, on="neighbourhood")
    people = frame.groupby("authority")["people"].sum()
    parts = {
        "idaci": frame["idaci_score"].astype(float),
        "minority_ethnic": (frame["ethnicity"] != "WBRI").astype(float),
        "rural": frame["rural"].astype(float),
    }
    keys = frame["authority"]
    return {name: (part * frame["people"]).groupby(keys).sum() / people for name, part in parts.items()}
