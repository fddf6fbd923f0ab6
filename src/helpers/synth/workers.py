"""Who works as a social worker where, year by year: the roster behind the workforce census and case records.

Made from the places alone, with a random stream of its own drawn from them, so that every chunk of families
meets the same workers. An authority has as many as its children and its practice call for; each year some
leave, as its turnover has it, the newest soonest, and others start. Some who leave start in another
authority, or come back as agency workers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.days import NEVER, day
from helpers.synth.parameters import choose, value
from helpers.synth.places import Places
from helpers.synth.rates import by_year, deprivation, planted, stream

YEAR = 365.25
MOST_VACANT = 70  # per cent
TO_AUTHORITY, TO_AGENCY, FROM_AUTHORITY, NEWLY_QUALIFIED = "1", "3", "2", "1"


def census_years() -> np.ndarray:
    """Return the years of the workforce census."""
    years = value("workforce.years")
    return np.arange(years["from"], years["to"] + 1)


def conditions(places: Places) -> dict[str, np.ndarray]:
    """Return planted vacancy and turnover (shares) and caseload by authority and census year."""
    rng = stream(places, 0)
    people = _headcount(stream(places, 1), places)[:, -1]
    of = {name: lambda rate: people for name in ("turnover", "caseload")}
    of["vacancy"] = lambda rate: people / (1 - np.minimum(rate, MOST_VACANT) / 100)  # posts, filled or not
    found = {name: planted(rng, places, f"workforce.{name}", census_years(), by) for name, by in of.items()}
    found["vacancy"] = np.minimum(found["vacancy"], MOST_VACANT) / 100
    return found | {"turnover": found["turnover"] / 100}


def roster(places: Places) -> pd.DataFrame:
    """Return everyone who worked in an authority in a census year (1 October to 30 September).

    Returns
    -------
    pandas.DataFrame
        place (row of `Places.authorities`), census_year, worker (number), agency, start and end (days; NEVER
        while in post on 30 September), origin, destination, role, full_time_equivalent (all codes as in the
        census), qualified (day) and birth (day); ordered by place and census_year.
    """
    rng = stream(places, 1)
    rows = pd.concat([_employed(rng, places), _agency_rows(places)], ignore_index=True)
    rows = _agency_people(rng, rows)
    rows = rows.join(_people(rng, rows), on="worker")
    rows["role"] = _roles(rng, rows)
    return rows.sort_values(["place", "census_year", "worker"], ignore_index=True)


def _headcount(rng: np.random.Generator, places: Places) -> np.ndarray:
    """Return workers in post by authority (row) and year (column), from the year before the first census."""
    where, by = places.authorities, value("workforce.size")
    log_ratio = by["referral"] * where["referral_effect"].to_numpy() + by["deprivation"] * deprivation(places)
    ratio = np.exp(log_ratio + rng.normal(0, by["spread"], len(where)))
    children = where["children"].to_numpy()
    ratio /= np.average(ratio, weights=children)
    years = np.arange(census_years()[0] - 1, census_years()[-1] + 1)
    per_child = by_year(value("workforce.per_10000"), years) / 1e4 / _mean_time()
    expected = np.outer(children * ratio, np.maximum.accumulate(per_child))
    even = (rng.permutation(len(where)) + 0.5) / len(where)  # rounded with these, numbers keep their sum
    return np.maximum(np.floor(expected + even[:, None]).astype(int), value("workforce.fewest"))


def _mean_time() -> float:
    shares = value("workforce.full_time_equivalent")
    return sum(float(time) * share for time, share in shares.items()) / sum(shares.values())


def _whole(rng: np.random.Generator, expected: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return expected numbers as whole ones, up or down by chance; sums along `order` keep to within one.

    Ordered by deprivation, small authorities lose neither the country's rate nor its gradient.
    """
    upto = np.floor(np.cumsum(expected[order]) + rng.random()).astype(int)
    found = np.empty(len(expected), dtype=int)
    found[order] = np.diff(upto, prepend=0)
    return found


def _employed(rng: np.random.Generator, places: Places) -> pd.DataFrame:
    """Return the rows of workers with a contract, year by year: who stays, who leaves, who starts."""
    stock, turnover = _headcount(rng, places), conditions(places)["turnover"]
    order = np.argsort(deprivation(places), kind="stable")
    leaving = np.column_stack([_whole(rng, expected, order) for expected in (turnover * stock[:, 1:]).T])
    leaving = np.minimum(leaving, stock[:, :-1])
    begin = day(int(census_years()[0]) - 1, 10, 1)
    place = np.repeat(np.arange(len(stock)), stock[:, 0])
    years_there = rng.exponential(value("workforce.tenure_years"), len(place))
    now = pd.DataFrame(
        {
            "worker": np.arange(len(place)),
            "place": place,
            "start": begin - 1 - (years_there * YEAR).astype(np.int64),
            "origin": choose(rng, value("workforce.origins"), len(place)),
        }
    )
    people, pool, found = len(now), now.iloc[:0], []
    for column, year in enumerate(census_years()):
        begin = day(int(year) - 1, 10, 1)
        now = now.assign(end=NEVER, destination=None, census_year=year)
        leaves = _who_leaves(rng, now, leaving[:, column], begin)
        now.loc[leaves, "end"] = begin + rng.integers(30, 364, int(leaves.sum()))
        now.loc[leaves, "destination"] = choose(rng, value("workforce.destinations"), int(leaves.sum()))
        number = stock[:, column + 1] - stock[:, column] + leaving[:, column]
        fresh = _starters(rng, number, begin, people, pool).assign(census_year=year)
        people += len(fresh)
        found += [now, fresh]
        pool = now[now["destination"] == TO_AUTHORITY]
        now = pd.concat([now[~leaves], fresh], ignore_index=True)
    return pd.concat(found, ignore_index=True).assign(agency=False)


def _who_leaves(rng: np.random.Generator, now: pd.DataFrame, number: np.ndarray, begin: int) -> np.ndarray:
    """Choose who leaves each authority; those who came lately are likelier to."""
    early = value("workforce.early_leaving")
    risk = np.where(begin - now["start"] < early["years"] * YEAR, early["ratio"], 1.0)
    order = (pd.Series(rng.exponential(size=len(now)) / risk)).groupby(now["place"].to_numpy()).rank()
    return (order <= number[now["place"]]).to_numpy()


def _starters(
    rng: np.random.Generator, number: np.ndarray, begin: int, people: int, pool: pd.DataFrame
) -> pd.DataFrame:
    """Return who starts; some are those who left another authority in the year before."""
    place = np.repeat(np.arange(len(number)), number)
    origin = choose(rng, value("workforce.origins"), len(place)).astype(object)
    worker = people + np.arange(len(place))
    movers = rng.permutation(len(pool))
    seats = np.flatnonzero(origin == FROM_AUTHORITY)[: len(movers)]
    movers = movers[: len(seats)]
    elsewhere = pool["place"].to_numpy()[movers] != place[seats]
    worker[seats[elsewhere]] = pool["worker"].to_numpy()[movers[elsewhere]]
    start = begin + rng.integers(0, 360, len(place))
    return pd.DataFrame(
        {
            "worker": worker,
            "place": place,
            "start": start,
            "origin": origin,
            "end": NEVER,
            "destination": None,
        }
    )


def _agency_rows(places: Places) -> pd.DataFrame:
    """Return the rows of agency workers, not yet people: as many as vacancies call for."""
    rng = stream(places, 2)
    vacancy = conditions(places)["vacancy"]
    stock = _headcount(stream(places, 1), places)[:, 1:]
    expected = stock * vacancy / (1 - vacancy) * value("workforce.agency_per_vacancy")
    order, parts = np.argsort(deprivation(places), kind="stable"), []
    for column, year in enumerate(census_years()):
        number = _whole(rng, expected[:, column], order)
        parts.append(pd.DataFrame({"place": np.repeat(np.arange(len(stock)), number), "census_year": year}))
    return pd.concat(parts, ignore_index=True).assign(agency=True, end=NEVER)


def _agency_people(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Give agency workers numbers: some were there a year ago, some left a contract, the others are new."""
    parts, last, people = [rows[~rows["agency"]]], rows.iloc[:0], int(rows["worker"].max()) + 1
    employed = parts[0]
    for year in census_years():
        begin = day(int(year) - 1, 10, 1)
        now = rows[rows["agency"] & (rows["census_year"] == year)].copy()
        now["seat"] = now.groupby("place").cumcount()
        stays = last[rng.random(len(last)) < value("workforce.agency_stays")]
        stays = stays.assign(seat=stays.groupby("place").cumcount())[["place", "seat", "worker", "start"]]
        now = now.drop(columns=["worker", "start"]).merge(stays, on=["place", "seat"], how="left")
        new = now["worker"].isna().to_numpy()
        former = employed[(employed["census_year"] == year - 1) & (employed["destination"] == TO_AGENCY)]
        former = rng.permutation(former["worker"].to_numpy())[: int(new.sum())]
        numbers = np.concatenate([former, people + np.arange(new.sum() - len(former))])
        now.loc[new, "worker"] = rng.permutation(numbers)
        now.loc[new, "start"] = begin + rng.integers(0, 364, int(new.sum()))
        people += int(new.sum()) - len(former)
        last = now.drop(columns="seat")
        parts.append(last)
    return pd.concat(parts, ignore_index=True).astype({"worker": np.int64, "start": np.int64})


def _people(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Return by worker what does not change: qualified and birth (days), full_time_equivalent, steadiness."""
    first = rows.sort_values("start", kind="stable").drop_duplicates("worker").sort_values("worker")
    size = len(first)
    experience, aged = value("workforce.experience"), value("workforce.qualified_at")
    years = rng.gamma(experience["shape"], experience["scale"], size)
    years = np.where(first["origin"] == NEWLY_QUALIFIED, 0.1, years)
    qualified = first["start"].to_numpy() - np.round(years * YEAR).astype(np.int64)
    age = np.minimum(aged["least"] + rng.gamma(aged["shape"], aged["scale"], size), aged["most"])
    time = choose(rng, value("workforce.full_time_equivalent"), size).astype(float)
    return pd.DataFrame(
        {
            "qualified": qualified,
            "birth": qualified - (age * YEAR).astype(np.int64),
            "full_time_equivalent": time,
            "senior": rng.normal(0, value("workforce.seniority_noise"), size),
            "without_cases": rng.random(size),
        },
        index=first["worker"].to_numpy(),
    )


def _roles(rng: np.random.Generator, rows: pd.DataFrame) -> np.ndarray:
    """Return each row's role: by seniority among all workers of the year, in the published shares."""
    shares = value("workforce.roles")
    agency, year = rows["agency"].to_numpy(), rows["census_year"].to_numpy()
    share = {role: by_year(course, year) for role, course in shares.items()}
    without = rows["without_cases"].mask(agency).groupby(year).rank(pct=True) <= share["6"]
    ladder = np.where(without | agency, np.nan, day(2025, 1, 1) - rows["qualified"] + rows["senior"] * YEAR)
    rank = pd.Series(ladder).groupby(year).rank(pct=True)
    upto = np.cumsum([share[role] for role in "5432"], axis=0) / (1 - share["6"])
    role = np.array(list("54321"))[(rank.to_numpy() > upto).sum(axis=0)]
    role = np.where(without, "6", role)
    return np.where(agency, choose(rng, value("workforce.agency_roles"), len(rows)), role)
