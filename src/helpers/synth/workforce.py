"""The workforce census of 30 September: workers with their cases and absence, and vacant posts.

The roster (`workers`) says who works where. Here the cases open in each authority are shared out: so many
workers hold cases as the authority's planted caseload asks for, case holders first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import rates, workers
from helpers.synth.days import NEVER, day, to_dates
from helpers.synth.parameters import choose, value
from helpers.synth.people import STRIDE
from helpers.synth.places import Places

Tables = dict[str, pd.DataFrame]
WEEK = 7
FIRST_ROUTES = day(2012, 9, 1)  # Frontline and Step Up
ASYE_DAYS = 365  # length of the assessed and supported year
TURN = {"5": 0, "4": 1, "3": 2, "6": 3, "2": 4, "1": 5}  # in which roles hold cases, one after another
STAGE = {"5": "2", "4": "2", "6": "2", "3": "3", "2": "4", "1": "4"}


def tables(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:
    """Return social_workers and workforce_vacancies, and the planted rates by authority and year."""
    rows = workers.roster(places)
    planted = workers.conditions(places)
    last = np.array([day(int(y), 9, 30) for y in rows["census_year"]])
    post = (rows["end"] > last).to_numpy()
    absence = _absent(rng, rows, post)
    cases, time = _cases(rng, rows, post, absence == "", planted["caseload"], counts)
    table = _people(rng, rows).assign(
        authority=places.authorities["authority"].to_numpy()[rows["place"]],
        **_sickness(rng, rows, last),
        cases=np.where(post, cases, np.nan),
        full_time_equivalent_on_day=np.where(post, time, np.nan),
        absent=pd.Series(absence != "").where(post),
        absence_reason=np.where(post & (absence != ""), absence, None),
    )
    vacancies = _vacancies(places, rows, post, planted["vacancy"])
    return {"social_workers": table, "workforce_vacancies": vacancies}, {"workforce": _truth(places, planted)}


def worker_ids(worker: np.ndarray) -> np.ndarray:
    """Return the registration number of each worker."""
    number = (np.asarray(worker, dtype=np.int64) + 1) * STRIDE % 10**7
    return np.char.add("SW", np.char.zfill(number.astype(str), 7)).astype(object)


def _people(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the census says of each worker that does not change from day to day."""
    one, row = np.unique(rows["worker"].to_numpy(), return_index=True)
    first = rows.iloc[row]
    late = (first["qualified"] >= FIRST_ROUTES).to_numpy()
    routes, chance = value("workforce.routes"), rng.random(len(one))
    frontline = late & (chance < routes["frontline"])
    step_up = late & ~frontline & (chance < routes["frontline"] + routes["step_up"])
    level = choose(rng, value("workforce.levels"), len(one))
    school = rng.integers(1, value("workforce.institutions") + 1, len(one)).astype(str)
    person = pd.DataFrame(
        {
            "worker_id": worker_ids(one),
            "birth_date": to_dates(first["birth"]).to_numpy(),
            "sex": np.where(rng.random(len(one)) < value("workforce.female"), "F", "M"),
            "ethnicity": choose(rng, value("child.ethnicity"), len(one)),
            "qualifying_institution": np.char.add("Institution ", np.char.zfill(school, 2)).astype(object),
            "qualification": np.where(frontline | step_up, "2", level),
            "step_up": step_up,
            "frontline": frontline,
        }
    ).take(np.searchsorted(one, rows["worker"]))
    leaver = rows["end"].to_numpy() < NEVER
    begin = np.array([day(int(y) - 1, 10, 1) for y in rows["census_year"]])
    new = (rows["qualified"] + ASYE_DAYS > begin) & (rows["role"] == "5")
    return person.reset_index(drop=True).assign(
        census_year=rows["census_year"],
        agency=rows["agency"],
        full_time_equivalent=rows["full_time_equivalent"],
        role=rows["role"],
        role_start=to_dates(rows["start"]),
        start_origin=rows["origin"],
        role_end=to_dates(rows["end"]),
        destination=rows["destination"],
        reason_left=np.where(leaver, choose(rng, value("workforce.reasons"), len(rows)), None),
        development=np.where(new, "1", rows["role"].map(STAGE)),
    )


def _absent(rng: np.random.Generator, rows: pd.DataFrame, post: np.ndarray) -> np.ndarray:
    """Return why each worker is absent on 30 September; empty for those at work."""
    shares = value("workforce.absent")
    drawn = choose(rng, shares | {"": 1 - sum(shares.values())}, len(rows))
    return np.where(post & ~rows["agency"], drawn, "")


def _sickness(rng: np.random.Generator, rows: pd.DataFrame, last: np.ndarray) -> dict[str, np.ndarray]:
    """Return weeks under contract in the census year and days lost to sickness; not asked of agencies."""
    begin = np.maximum(rows["start"], last - 364)
    weeks = np.round((np.minimum(rows["end"], last) - begin + 1) / WEEK, 1).to_numpy()
    rate = rates.by_year(value("workforce.sickness"), rows["census_year"].to_numpy()) / 100
    own = value("workforce.sickness_shape")
    ratio = rng.gamma(own["shape"], 1 / own["shape"], len(rows)) / own["any"]
    ratio = np.where(rng.random(len(rows)) < own["any"], ratio, 0.0)
    employed = ~rows["agency"]
    contracted = pd.Series(5 * weeks * rows["full_time_equivalent"]).where(employed)
    of_year = rows["census_year"].to_numpy()
    # The country's rate is as published, whatever chance the workers drew.
    total = lambda days: days.groupby(of_year).transform("sum")  # noqa: E731
    ratio = ratio / (total(ratio * contracted) / total(contracted))
    days = np.round(2 * np.minimum(rate * ratio, 1.0) * contracted) / 2
    return {"working_days_lost": days.where(employed), "weeks_contracted": pd.Series(weeks).where(employed)}


def _cases(
    rng: np.random.Generator,
    rows: pd.DataFrame,
    post: np.ndarray,
    at_work: np.ndarray,
    caseload: np.ndarray,
    counts: pd.Series,
) -> tuple[np.ndarray, np.ndarray]:
    """Return cases held by each worker on 30 September, and the time each works on that day.

    An authority's cases (a share of those open at 31 March) are held by as many full-time equivalents as
    its caseload asks for, so the last of those workers may hold cases for a part of the day's time only.
    """
    years = workers.census_years()
    opened = counts.xs("open", level="kind").rename("open").reset_index()
    opened = opened.pivot_table(index="authority", columns="year", values="open")
    opened = opened.reindex(index=range(len(caseload)), columns=years)
    held = opened.fillna(0).to_numpy() * value("workforce.cases_of_open")
    time = np.where(post, rows["full_time_equivalent"], 0.0)
    workers_there = np.zeros_like(caseload)
    np.add.at(workers_there, (rows["place"], rows["census_year"] - years[0]), time)
    held = np.round(np.minimum(held, workers_there * caseload))  # beyond that, cases wait
    turn = rows["role"].map(TURN).to_numpy() + 10 * ~at_work + 100 * ~post
    order = np.lexsort((rng.random(len(rows)), turn, rows["census_year"], rows["place"]))
    place, column = rows["place"].to_numpy()[order], rows["census_year"].to_numpy()[order] - years[0]
    group = place * len(years) + column
    time = time[order]
    left = (held / caseload)[place, column] - (_running(time, group) - time)
    holds = (left >= value("workforce.least_day")) & (time > 0)
    first = np.r_[True, group[1:] != group[:-1]]
    holds |= first & (time > 0) & (held[place, column] > 0)
    on_day = np.where(holds, np.clip(left, value("workforce.least_day"), time), time)
    weight = np.where(holds, on_day * np.exp(rng.normal(0, value("workforce.cases_spread"), len(rows))), 0.0)
    upto = _running(weight, group) / np.maximum(np.bincount(group, weight)[group], 1e-9)
    upto = np.round(upto * held[place, column])
    cases = np.where(first, upto, upto - np.r_[0.0, upto[:-1]])
    found = np.empty((2, len(rows)))
    found[:, order] = cases, np.round(on_day, 2)
    return found[0], found[1]


def _running(x: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return running sums within groups."""
    return pd.Series(x).groupby(group).cumsum().to_numpy()


def _vacancies(places: Places, rows: pd.DataFrame, post: np.ndarray, vacancy: np.ndarray) -> pd.DataFrame:
    """Return vacant posts and agency workers by authority and year."""
    years = workers.census_years()
    cell = rows["place"] * len(years) + rows["census_year"] - years[0]
    time = rows["full_time_equivalent"].to_numpy()
    agency = rows["agency"].to_numpy()
    size = vacancy.size
    employed = np.bincount(cell, np.where(post & ~agency, time, 0.0), size)
    vacant = employed * vacancy.ravel() / (1 - vacancy.ravel())
    return pd.DataFrame(
        {
            "authority": np.repeat(places.authorities["authority"].to_numpy(), len(years)),
            "census_year": np.tile(years, len(vacancy)),
            "vacancies": np.round(vacant, 2),
            "agency_full_time_equivalent": np.bincount(cell, np.where(agency, time, 0.0), size).round(2),
            "agency_headcount": np.bincount(cell, agency, size).astype(int),
        }
    )


def _truth(places: Places, planted: dict[str, np.ndarray]) -> pd.DataFrame:
    years = workers.census_years()
    return pd.DataFrame(
        {
            "authority": np.repeat(places.authorities["authority"].to_numpy(), len(years)),
            "census_year": np.tile(years, len(places.authorities)),
            "lasting_turnover": np.repeat(places.authorities["turnover"].to_numpy(), len(years)).round(4),
            **{name: rate.ravel().round(4) for name, rate in planted.items()},
        }
    )
