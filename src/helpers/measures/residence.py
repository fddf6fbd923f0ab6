"""Where children lived: the neighbourhood of an event, and the children who live in such neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from helpers.measures.ages import CHILD, ethnic_group
from helpers.measures.rates import add_rates, nearest_year
from helpers.sources.store import Store

PLACE = ["neighbourhood", "imd_decile", "idaci_decile", "idaci_score", "rural"]
DECILES = ["imd_decile", "idaci_decile"]


def residence_at(store: Store, events: ir.Table, date: str, postcode: str | None = None) -> ir.Table:
    """Add the neighbourhood in which each child lived on the day of an event, and its deprivation.

    The address is the one that held on the day; of several the latest begun. Deciles are of the country's
    neighbourhoods, 1 = most deprived tenth (English indices of deprivation 2019). The returns hold no
    addresses but the home postcode of a child looked after: name that column as `postcode`, since later
    addresses may be those of placements.

    Parameters
    ----------
    events : Ibis table
        With authority, child_id and the column `date`.
    postcode : str, optional
        A column of `events` that holds the home postcode, used in place of the addresses.

    Returns
    -------
    Ibis table
        `events` with neighbourhood, imd_decile, idaci_decile, idaci_score, rural; missing where no address
        is known on the day.
    """
    places = store.postcodes.select("postcode", "neighbourhood").inner_join(
        store.neighbourhoods.select(*PLACE), "neighbourhood"
    )
    places = places.select("postcode", *PLACE)
    if postcode is not None:
        return events.left_join(places, events[postcode] == places.postcode).select(*events.columns, *PLACE)
    days = events.select(*CHILD, date).distinct()
    pairs = days.inner_join(store.addresses, CHILD)
    held = pairs.filter(
        (pairs.address_start <= pairs[date])
        & (pairs.address_end.isnull() | (pairs.address_end >= pairs[date]))
    )
    latest = ibis.window(group_by=[*CHILD, date], order_by=[ibis.desc("address_start"), "postcode"])
    ranked = held.mutate(_rank=ibis.row_number().over(latest))
    homes = ranked.filter(ranked._rank == 0).select(*CHILD, date, "postcode")
    located = homes.inner_join(places, "postcode").select(*CHILD, date, *PLACE)
    return events.left_join(located, [*CHILD, date]).select(*events.columns, *PLACE)


def children_by_place(store: Store, by: Sequence[str] = ("year", "imd_decile")) -> pd.DataFrame:
    """Return the children under 18 who live in neighbourhoods of a kind.

    Source: small-area estimates by the Office for National Statistics; by ethnic group they are modelled
    between censuses. As in `rates.children_living`, the year is the collection year in which 30 June falls.

    Parameters
    ----------
    by : sequence of str
        Of "year", "authority", "neighbourhood", "imd_decile", "idaci_decile", "rural", "ethnicity" (granular
        code) and "ethnic_group".

    Returns
    -------
    pandas.DataFrame
        `by` and people (float).
    """
    people = store.neighbourhood_populations
    joined = people.inner_join(store.neighbourhoods, "neighbourhood")
    counted = joined.mutate(year=joined.year + 1, ethnic_group=ethnic_group(joined.ethnicity))
    frame = counted.aggregate(by=list(by), people=counted.children.sum()).execute()
    return frame.sort_values(list(by), ignore_index=True)


def rates_by_place(
    store: Store,
    events: ir.Table,
    by: Sequence[str] = ("imd_decile",),
    per: float = 10_000,
    spread_unknown: bool = True,
) -> pd.DataFrame:
    """Return rates over all the years of the events, by decile of deprivation, ethnic group and the like.

    Person-years are the children living in such neighbourhoods, summed over the collection years between the
    first event and the last; years without an estimate take the nearest.

    Parameters
    ----------
    events : Ibis table
        With `year` (collection year) and the columns of `by`: from `residence_at`, and `ages.add_child`
        where ethnic groups are asked for.
    by : sequence of str
        Of what `children_by_place` knows; "year" keeps years apart.
    spread_unknown : bool
        Whether events of which a column of `by` is not known are spread over the groups as the others are
        (as if missing at random), so that the rates add up to that of all. Otherwise they are left out, and
        all rates are somewhat low.

    Returns
    -------
    pandas.DataFrame
        `by`, n (events with the group known, int64), people (person-years), rate, low, high (per `per`;
        exact Poisson limits of n), unknown (share of all events of which the group is not known).

    Raises
    ------
    ValueError
        When there are no events or no populations by neighbourhood.
    """
    keys = list(by)
    counts = events.group_by(list(dict.fromkeys([*keys, "year"]))).aggregate(n=lambda t: t.count()).execute()
    if counts.empty:
        raise ValueError("There are no events to form rates of.")
    known = counts.dropna(subset=keys)
    known = known[~known[keys].isin(["not known"]).any(axis=1)]
    unknown = 1 - known["n"].sum() / counts["n"].sum()
    base = _person_years(store, keys, int(counts["year"].min()), int(counts["year"].max()))
    found = known.groupby(keys, as_index=False)["n"].sum()
    whole = base.merge(found, on=keys, how="left").fillna({"n": 0}).astype({"n": "int64"})
    seen = 1 - unknown if spread_unknown else 1.0
    table = add_rates(whole.assign(_base=whole["people"] * seen), "n", "_base", per).drop(columns="_base")
    columns = [*keys, "n", "people", "rate", "low", "high"]
    return table[columns].sort_values(keys, ignore_index=True).assign(unknown=unknown)


def _person_years(store: Store, keys: list[str], first: int, last: int) -> pd.DataFrame:
    people = children_by_place(store, list(dict.fromkeys([*keys, "year"])))
    wanted = nearest_year(range(first, last + 1), people["year"])
    years = pd.DataFrame({"year": list(wanted), "held": list(wanted.values())})
    base = people.rename(columns={"year": "held"}).merge(years, on="held")
    base = base[base["people"] > 0]
    for name in keys:
        if name == "ethnic_group":
            base = base[base[name] != "not known"]
    return base.groupby(keys, as_index=False)["people"].sum()
