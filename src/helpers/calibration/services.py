"""Measures the targets on services: workforce, spend, unit costs, low income, and how authorities vary.

Workforce rates follow the definitions of the children's social work workforce statistics: all of full-time
equivalents on 30 September, of workers with a contract unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import one, target
from helpers.sources.store import Store

YEAR = 2025
CHILDREN_IN_ENGLAND = 12_183_016  # aged 0 to 17, mid-2024 (ONS)
WORKING_DAYS = 5  # a week
FEWEST = 10  # workers in an authority whose turnover is compared
LEAST_AUTHORITIES = 20  # such authorities, for a spread between them

IN_POST = "NOT agency AND role_end IS NULL"


def _census_year(store: Store) -> int:
    return min(YEAR, int(one(store, "SELECT max(census_year) FROM social_workers")))


@target("F04460")
def vacancy_rate(store: Store) -> float:
    """Return vacant posts, per cent of posts vacant or filled by workers with a contract."""
    return _percent(_rates(store)["vacancy"])


@target("F04492")
def turnover_rate(store: Store) -> float:
    """Return those who left in the year, per cent of those in post at its end."""
    return _percent(_rates(store)["turnover"])


@target("F04524")
def agency_rate(store: Store) -> float:
    """Return agency workers, per cent of them and the workers with a contract."""
    return _percent(_rates(store)["agency"])


@target("F04681")
def average_caseload(store: Store) -> float:
    """Return cases held on 30 September per worker (agency too) who holds any."""
    return _percent(_rates(store)["caseload"]) / 100


@target("F04617")
def sickness_rate(store: Store) -> float:
    """Return days lost to sickness, per cent of the working days under contract."""
    query = f"""SELECT 100 * sum(working_days_lost)
                       / sum(weeks_contracted * full_time_equivalent * {WORKING_DAYS})
                FROM social_workers WHERE census_year = ? AND NOT agency"""
    return one(store, query, _census_year(store))


@target("F04774")
def case_holders(store: Store) -> float:
    """Return workers in post with the role of case holder (5), per cent."""
    query = f"""SELECT 100 * sum(full_time_equivalent) FILTER (role = '5') / sum(full_time_equivalent)
                FROM social_workers WHERE census_year = ? AND {IN_POST}"""
    return one(store, query, _census_year(store))


def _rates(store: Store) -> dict[str, pd.DataFrame]:
    """Return numerator, denominator and workers counted of each rate, by authority."""
    query = f"""
        SELECT authority,
               coalesce(sum(full_time_equivalent) FILTER ({IN_POST}), 0) AS post,
               count(*) FILTER ({IN_POST}) AS people,
               coalesce(sum(full_time_equivalent) FILTER (NOT agency AND role_end IS NOT NULL), 0) AS left_,
               coalesce(sum(cases) FILTER (role_end IS NULL), 0) AS cases,
               coalesce(sum(full_time_equivalent_on_day)
                        FILTER (role_end IS NULL AND cases > 0), 0) AS holding
        FROM social_workers WHERE census_year = ? GROUP BY authority"""
    year = _census_year(store)
    workers = store.connection.con.execute(query, [year]).df().set_index("authority")
    query = """SELECT authority, vacancies, agency_full_time_equivalent AS agency
               FROM workforce_vacancies WHERE census_year = ?"""
    posts = store.connection.con.execute(query, [year]).df().set_index("authority")
    found = workers.join(posts)
    rate = lambda part, whole: pd.DataFrame({"part": part, "whole": whole, "people": found["people"]})  # noqa: E731
    return {
        "vacancy": rate(found["vacancies"], found["vacancies"] + found["post"]),
        "turnover": rate(found["left_"], found["post"]),
        "agency": rate(found["agency"], found["agency"] + found["post"]),
        "caseload": rate(found["cases"], found["holding"]),
    }


def _percent(found: pd.DataFrame) -> float:
    return float(100 * found["part"].sum() / found["whole"].sum())


SCALE = {"vacancy": 100, "turnover": 100, "caseload": 1}


@target("F12917", rate="vacancy")
@target("F12927", rate="turnover")
@target("F12937", rate="caseload")
def spread_between_authorities(store: Store, rate: str) -> float:
    """Return the standard deviation of a rate between authorities; of turnover without rounding.

    Authorities of a country smaller than England have few workers. Turnover is measured in those with
    `FEWEST` or more: with fewer, one leaver or none is all that can be seen. A whole number of leavers, up or
    down by chance from what the rate asks for among n workers, adds 1 / (6 n ** 2) to the variance; that is
    taken off.
    """
    found = _by_authority(store, rate)
    return (
        float("nan") if len(found) < LEAST_AUTHORITIES else float(np.sqrt(max(_variance(found, rate), 0.0)))
    )


@target("F12920", rate="vacancy")
@target("F12930", rate="turnover")
@target("F12940", rate="caseload")
def correlation_with_deprivation(store: Store, rate: str) -> float:
    """Return the correlation of a rate with deprivation, in spread measured as above.

    For the average score of the English indices stands the mean decile of the authority's neighbourhoods.
    """
    found = _by_authority(store, rate)
    if len(found) < LEAST_AUTHORITIES:
        return float("nan")
    query = "SELECT authority, -avg(imd_decile) AS score FROM neighbourhoods GROUP BY authority"
    score = store.connection.con.execute(query).df().set_index("authority")["score"].reindex(found.index)
    spread = np.sqrt(max(_variance(found, rate), 1e-9) * score.var())
    return float(found["value"].cov(score) / spread)


def _by_authority(store: Store, rate: str) -> pd.DataFrame:
    found = _rates(store)[rate]
    found = found[(found["whole"] > 0) & (found["people"] >= (FEWEST if rate == "turnover" else 0))]
    return found.assign(value=SCALE[rate] * found["part"] / found["whole"])


def _variance(found: pd.DataFrame, rate: str) -> float:
    rounding = (SCALE[rate] ** 2 / (6 * found["people"] ** 2)).mean() if rate == "turnover" else 0.0
    return float(found["value"].var() - rounding)


@target("F05073", line="3.1.11")
@target("F05093", line="3.3.4")
@target("F05113", line="3.4.6")
def spend(store: Store, line: str) -> float:
    """Return gross spend on a line in 2024-25, for a country with as many children as England.

    The synthetic country is smaller: spend per child aged 0 to 17 (its own mid-year estimates) is multiplied
    by the children of England in mid-2024.
    """
    query = """SELECT sum(own_provision + private_provision + other_public + voluntary) FROM spend
               WHERE line = ? AND year = ?"""
    children = one(store, "SELECT sum(people) FROM populations WHERE age < 18 AND year = ?", YEAR - 1)
    return one(store, query, line, YEAR) / children * CHILDREN_IN_ENGLAND


@target("F04929", lines=["3.1.1"], placements=["K1", "K2", "R1", "R2", "R5"])
@target("F04898", lines=["3.1.2a", "3.1.2b"], placements=["U1", "U2", "U3", "U4", "U5", "U6"])
def weekly_unit_cost(store: Store, lines: list[str], placements: list[str]) -> float:
    """Return gross spend in 2024-25 over the weeks that children spent in such placements."""
    spent = """SELECT sum(own_provision + private_provision + other_public + voluntary) FROM spend
               WHERE list_contains(?, line) AND year = ?"""
    weeks = """SELECT sum(date_diff('day', greatest(episode_start, make_date(? - 1, 4, 1)),
                                    least(coalesce(episode_end, DATE '9999-01-01'), make_date(?, 4, 1)))) / 7
               FROM care_episodes
               WHERE list_contains(?, placement) AND episode_start < make_date(?, 4, 1)
                 AND (episode_end IS NULL OR episode_end > make_date(? - 1, 4, 1))"""
    return one(store, spent, lines, YEAR) / one(store, weeks, YEAR, YEAR, placements, YEAR, YEAR)


@target("F04186")
def low_income(store: Store) -> float:
    """Return children under 16 in families with low income, per cent of all in the mid-year estimates."""
    children = one(store, "SELECT sum(people) FROM populations WHERE age < 16 AND year = ?", YEAR)
    return 100 * one(store, "SELECT sum(children) FROM low_income_families WHERE year = ?", YEAR) / children
