"""What surrounds authorities: inspections, reforms, neighbours, low income and published indicators.

An inspection judges an authority worse the higher its staff turnover (planted), and much as the one before.
The reform and the trial are those that `places` and `families` planted in children's lives.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import rates
from helpers.synth.days import NEVER, day, to_dates, year_end
from helpers.synth.parameters import value
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]
NEIGHBOURS = 10
PARTS = ["help_and_protection", "care", "care_leavers", "leadership"]
RATES = {  # published indicators: count, and a name
    "referrals": "Referrals in year, rate per 10,000",
    "open": "Children in need at 31 March, rate per 10,000",
    "plans": "Children on a child protection plan at 31 March, rate per 10,000",
    "looked_after": "Children looked after at 31 March, rate per 10,000",
}
LOW_INCOME = "Children in relative low income families, per cent"


def tables(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:
    """Return inspections, policy changes, neighbours, low income families and published indicators."""
    inspections, truth = _inspections(rng, places)
    income = _low_income(rng, places)
    found = {
        "inspections": inspections,
        "policy_changes": _policy_changes(places),
        "statistical_neighbours": _neighbours(places),
        "low_income_families": income,
        "published_indicators": _indicators(places, counts, income),
    }
    return found, {"inspections": truth}


def _inspections(rng: np.random.Generator, places: Places) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return inspections about every three years, and the quality behind each (higher = worse)."""
    given, where = value("context.inspections"), places.authorities
    size, last = len(where), year_end(value("time.last_year"))
    when = day(given["from"], 1, 1) + rng.integers(0, round(given["every_years"] * 365), size)
    steady = given["turnover"] * where["turnover"].to_numpy()
    steady = steady + given["deprivation"] * rates.deprivation(places)
    own, parts = rng.normal(size=size), []
    while (when <= last).any():
        years = 1970 + when / 365.25 - 2018
        quality = own + steady + given["trend"] * years
        parts.append(pd.DataFrame({"place": np.arange(size), "when": when, "quality": quality})[when <= last])
        own = given["lasting"] * own + np.sqrt(1 - given["lasting"] ** 2) * rng.normal(size=size)
        gap = np.maximum(rng.normal(given["every_years"], given["spread_years"], size), 1.0)
        when = when + (gap * 365).astype(np.int64)
    seen = pd.concat(parts, ignore_index=True)
    areas = seen["quality"].to_numpy()[:, None] + given["area_spread"] * rng.normal(
        size=(len(seen), len(PARTS))
    )
    judged = (
        pd.DataFrame(np.searchsorted(given["cuts"], areas) + 1, columns=PARTS).astype("Int64").astype(str)
    )
    overall = np.searchsorted(given["cuts"], seen["quality"]) + 1
    apart = seen["when"] >= day(given["care_leavers_from"], 1, 1)
    framework = np.where(seen["when"] < day(given["single_framework_until"] + 1, 1, 1), "SIF", "ILACS")
    authority = where["authority"].to_numpy()[seen["place"]]
    table = judged.assign(
        authority=authority,
        inspection_date=to_dates(seen["when"]),
        framework=framework,
        overall=overall.astype(str),
        care_leavers=judged["care_leavers"].where(apart),
    )
    truth = pd.DataFrame({"authority": authority, "inspection_date": table["inspection_date"]})
    return table, truth.assign(quality=seen["quality"].round(4))


def _policy_changes(places: Places) -> pd.DataFrame:
    """Return when the family help reform began, where it did."""
    where = places.authorities[places.authorities["reform"] < NEVER]
    waves = {day(year, 4, 1): f"wave {n + 1}" for n, year in enumerate(value("evaluation.reform_waves"))}
    return pd.DataFrame(
        {
            "authority": where["authority"],
            "policy": value("context.reform_name"),
            "start_date": to_dates(where["reform"]).to_numpy(),
            "phase": where["reform"].map(waves),
        }
    )


def _neighbours(places: Places) -> pd.DataFrame:
    """Return the ten authorities most like each in deprivation, rurality, size and region."""
    where, weights = places.authorities, value("context.neighbours")
    rural = places.neighbourhoods.groupby("authority")["rural"].mean().reindex(range(len(where))).fillna(0)
    size = np.log(where["children"].clip(lower=1))
    of = np.column_stack(
        [
            weights["deprivation"] * rates.deprivation(places),
            weights["rural"] * (rural - rural.mean()) / max(rural.std(), 1e-9),
            weights["log_size"] * (size - size.mean()) / size.std(),
            weights["London"] * (where["region"] == "London"),
        ]
    )
    distance = np.sqrt(((of[:, None] - of[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    near = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
    apart = np.take_along_axis(distance, near, axis=1).ravel()
    shares = value("context.neighbour_shares")
    cuts = np.quantile(apart, np.cumsum(list(shares.values()))[:-1])
    codes = where["authority"].to_numpy()
    return pd.DataFrame(
        {
            "authority": np.repeat(codes, NEIGHBOURS),
            "rank": np.tile(np.arange(1, NEIGHBOURS + 1), len(where)),
            "neighbour": codes[near.ravel()],
            "closeness": np.array(list(shares))[np.searchsorted(cuts, apart)],
        }
    )


def _low_income(rng: np.random.Generator, places: Places) -> pd.DataFrame:
    """Return children under 16 in low income families by authority and financial year."""
    years = np.arange(min(value("context.low_income")["mean"]), value("time.last_year") + 1)
    young = places.authorities["children"].to_numpy() * 16 / 18
    share = rates.planted(rng, places, "context.low_income", years, lambda rate: young) / 100
    return pd.DataFrame(
        {
            "authority": np.repeat(places.authorities["authority"].to_numpy(), len(years)),
            "year": np.tile(years, len(young)),
            "children": np.round(share * young[:, None]).astype(int).ravel(),
            "share": share.ravel().round(4),
        }
    )


def _indicators(places: Places, counts: pd.Series, income: pd.DataFrame) -> pd.DataFrame:
    """Return indicators as they would be published of these authorities, small counts suppressed."""
    wide = (
        counts.rename("number")
        .reset_index()
        .pivot_table(index=["authority", "year"], columns="kind", values="number")
    )
    wide = wide.reset_index(names=["place", "year"])
    parts = []
    for kind, name in RATES.items():
        number, children = wide[kind].fillna(0.0), wide["children"]
        rate = (number / children.where(children > 0) * 1e4).round(1)
        hidden = number.between(1, value("context.suppressed_below") - 1)
        symbol = np.where(hidden, "c", np.where(rate.isna(), "x", None))
        found = wide[["place", "year"]].assign(indicator=name, value=rate.mask(hidden), symbol=symbol)
        parts.append(found.assign(authority=places.authorities["authority"].to_numpy()[wide["place"]]))
    percent = income.assign(value=(100 * income["share"]).round(1), indicator=LOW_INCOME, symbol=None)
    columns = ["authority", "year", "indicator", "value", "symbol"]
    return pd.concat([part[columns] for part in [*parts, percent]], ignore_index=True)
