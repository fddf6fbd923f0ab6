"""Household hardship by year: a family's lasting part and a yearly part that comes and goes.

The yearly part follows itself from year to year (autoregression) and rises when parents part. It raises the
hazard of a referral in the year: since referrals are drawn before, the yearly part is drawn given them. For a
normal variable and a hazard that is log-linear in it, each referral adds its log hazard ratio times the
covariance with the year of the referral: the two then hold together as if hardship had come first.

Income and the signs of hardship (worklessness, arrears, lack of food and others) follow from hardship in the
year, from chance, and from a local welfare scheme drawn by lot.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth.chunk import Chunk
from helpers.synth.days import collection_year, day
from helpers.synth.families import GROUPS, Families
from helpers.synth.parameters import value
from helpers.synth.people import household_ids

ADULT_DAYS = int(18 * 365.25)
Stays = dict[str, np.ndarray]


def years() -> np.ndarray:
    """Return the financial years of hardship, each named by the year it ends in."""
    return np.arange(value("households.hardship.first_year"), value("time.last_year") + 1)


def hardship_by_year(rng: np.random.Generator, people: Families) -> np.ndarray:
    """Draw the hardship of families by financial year, before anything is known of referrals.

    Parameters
    ----------
    rng : numpy.random.Generator
    people : Families

    Returns
    -------
    numpy.ndarray
        Float of shape (families, years from 2010), in standard deviations of the lasting part; its mean
        over time is `families.hardship` and what partings of parents add.
    """
    part = value("households.hardship.yearly")
    again = part["correlation"]
    parted = collection_year(_known(people.families["separated"]))
    news = rng.normal(0, part["spread"], (len(people.families), len(years())))
    news[:, 1:] *= np.sqrt(1 - again**2)
    news += value("households.hardship.separation") * (parted[:, None] == years())
    for year in range(1, len(years())):
        news[:, year] += again * news[:, year - 1]
    return news + people.families["hardship"].to_numpy()[:, None]


def _known(days: pd.Series) -> np.ndarray:
    """Return days within the range of dates; those that never come lie far ahead."""
    return days.clip(upper=day(2200, 1, 1)).to_numpy(dtype=np.int64)


def given_referrals(hardship: np.ndarray, chunk: Chunk) -> np.ndarray:
    """Return hardship by year as it is where referrals, which it makes likelier, are known."""
    events = chunk.events.referrals
    family = chunk.people.children["family"].to_numpy()[events["child"]]
    found = pd.DataFrame({"family": family, "year": collection_year(events["referral"]) - years()[0]})
    found = found[(found["family"] >= 0) & found["year"].between(0, len(years()) - 1)].drop_duplicates()
    referred = np.zeros(hardship.shape)
    referred[found["family"], found["year"]] = 1.0
    part = value("households.hardship.yearly")
    apart = np.abs(np.subtract.outer(years(), years()))
    covariance = part["spread"] ** 2 * part["correlation"] ** apart
    return hardship + value("households.hardship.referral") * referred @ covariance


def table(
    rng: np.random.Generator, chunk: Chunk, hardship: np.ndarray, homes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return household_hardship, and the true hardship by household and year.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    hardship : numpy.ndarray
        Of shape (families, years).
    homes : pandas.DataFrame
        Spells of families' homes as `homes.spells` returns them.

    Returns
    -------
    tuple of pandas.DataFrame
        The canonical table; household_id, year, hardship, lasting.
    """
    families = chunk.people.families
    found = _family_years(chunk)
    family, column = found["family"].to_numpy(), found["column"].to_numpy()
    level = hardship[family, column]
    home = _home_in(homes, family, found["last"].to_numpy())
    lone = home["kind"].isin(["lone_mother", "lone_father"]).to_numpy()
    area = chunk.places.neighbourhoods["deprivation"].to_numpy()[home["neighbourhood"]]
    income = _income(rng, families, family, years()[column], level, lone, area)
    line, fixed_line = _lines(years()[column])
    support = _support(rng, chunk, family, years()[column], income < line)
    income = income + support / 52
    poor = income < line
    sign = {
        name: rng.random(len(family)) < _share(odds, level, lone, poor)
        for name, odds in value("households.signs").items()
    }
    overcrowded = home["bedrooms"] < found["needed"].to_numpy()
    temporary = _temporary(homes, hardship.shape)[family, column]
    household = household_ids(families["mother"].to_numpy())[family]
    dimensions = [sign["workless"], sign["low_education"], sign["ill_health"], overcrowded | temporary]
    asked = years()[column] >= value("households.food_from")
    filled = pd.DataFrame(
        {
            "household_id": household,
            "year": years()[column],
            "income": income.round(2),
            "in_relative_poverty": poor,
            "in_absolute_poverty": income < fixed_line,
            "workless": sign["workless"],
            "on_means_tested_benefits": sign["benefits"],
            "benefit_capped": sign["benefits"] & _capped(rng, found, years()[column], sign["workless"]),
            "in_arrears": sign["arrears"],
            "food_insecure": pd.array(sign["food_insecure"], dtype="boolean"),
            "overcrowded": overcrowded,
            "temporary_accommodation": temporary,
            "deprived_dimensions": np.sum(dimensions, axis=0),
            "income_support_received": support.round(2),
        }
    )
    filled.loc[~asked, "food_insecure"] = pd.NA
    truth = filled[["household_id", "year"]].assign(
        hardship=level.round(3), lasting=families["hardship"].to_numpy()[family].round(3)
    )
    return filled, truth


def _family_years(chunk: Chunk) -> pd.DataFrame:
    """Return families and years with a child under 18, and what the children make needed.

    family, column (of years), last (day of the year), needed (bedrooms by the bedroom standard), children,
    limited (three or more, one born under the two-child limit).
    """
    children = chunk.people.children
    own = children["family"].to_numpy() >= 0
    family, birth = children["family"].to_numpy()[own], children["birth"].to_numpy()[own]
    male = (children["sex"] == "M").to_numpy()[own]
    last = np.array([day(year, 3, 31) for year in years()])
    age = (last - birth[:, None]) // 365.25
    here = (age >= 0) & (last - birth[:, None] < ADULT_DAYS + 365)  # under 18 at some time in the year
    shape = len(chunk.people.families)
    count = lambda rows: np.stack(  # noqa: E731
        [np.bincount(family[rows[:, k]], minlength=shape) for k in range(len(last))], axis=1
    )
    small, boys, girls = (
        count(here & which) for which in (age < 10, (age >= 10) & male[:, None], (age >= 10) & ~male[:, None])
    )
    number = small + boys + girls
    # Two older children of one sex share, an odd one with a younger child, and younger children in pairs.
    paired = boys // 2 + girls // 2
    odd = boys % 2 + girls % 2
    needed = 1 + paired + odd + (np.maximum(small - odd, 0) + 1) // 2
    limit = value("households.two_child_limit")
    late = count(here & (birth >= day(limit["born_from"], 4, 6))[:, None]) > 0
    limited = (number >= limit["children"]) & late & (years() >= limit["from"])
    row, column = np.nonzero(number)
    return pd.DataFrame(
        {
            "family": row,
            "column": column,
            "last": last[column],
            "needed": needed[row, column],
            "children": number[row, column],
            "limited": limited[row, column],
        }
    )


def _income(
    rng: np.random.Generator,
    families: pd.DataFrame,
    family: np.ndarray,
    year: np.ndarray,
    hardship: np.ndarray,
    lone: np.ndarray,
    area: np.ndarray,
) -> np.ndarray:
    """Draw weekly income; part of the chance lasts, as the family's earning power does."""
    effect = lambda name: value(f"households.income.{name}")  # noqa: E731
    group = families["ethnicity"].str[0].map(GROUPS).map(effect("group")).to_numpy()[family]
    course = effect("by_year")
    chance = rng.normal(0, 1, len(families))[family] + rng.normal(0, 1, len(family))
    log_ratio = (
        effect("level")
        + effect("hardship") * hardship
        + effect("lone") * lone
        + effect("area") * area
        + group
        + np.interp(year, list(course), list(course.values()))
        + effect("spread") * chance / np.sqrt(2)
    )
    return _median(year) * np.exp(log_ratio)


def _median(year: np.ndarray) -> np.ndarray:
    median = value("households.income.median")
    return np.interp(year, list(median), list(median.values()))


def _lines(year: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the poverty line of each year, and that of 2010/11 at the prices of the year."""
    line, prices = value("households.income.poverty_line"), value("households.income.prices")
    fixed = line * _median(np.array([2011])) * np.interp(year, list(prices), list(prices.values()))
    return line * _median(year), fixed


def _share(odds: dict[str, float], hardship: np.ndarray, lone: np.ndarray, poor: np.ndarray) -> np.ndarray:
    log_odds = odds["level"] + odds["hardship"] * hardship + odds["lone"] * lone + odds["poor"] * poor
    return 1 / (1 + np.exp(-log_odds))


def _capped(
    rng: np.random.Generator, found: pd.DataFrame, year: np.ndarray, workless: np.ndarray
) -> np.ndarray:
    cap = value("households.benefit_cap")
    large = workless | (found["children"] >= 3).to_numpy()
    capped = large & (year >= cap["from"]) & (rng.random(len(found)) < cap["share"])
    return capped | found["limited"].to_numpy()


def _support(
    rng: np.random.Generator, chunk: Chunk, family: np.ndarray, year: np.ndarray, poor: np.ndarray
) -> np.ndarray:
    """Return pounds from the scheme, drawn by lot among poor families where there is one."""
    scheme = value("households.support")
    place = chunk.places.neighbourhoods["authority"].to_numpy()[chunk.people.families["neighbourhood"]]
    site = (place % round(1 / scheme["sites"]) == 0)[family]
    gets = site & poor & (year >= scheme["from"]) & (rng.random(len(family)) < scheme["share"])
    return np.where(gets, rng.gamma(4.0, scheme["mean_pounds"] / 4, len(family)), 0.0)


def _home_in(homes: pd.DataFrame, family: np.ndarray, last: np.ndarray) -> pd.DataFrame:
    """Return the home in which each family lives on a day of its own, or the one nearest in time before."""
    order = homes["family"].to_numpy() * 10**6 + homes["start"].to_numpy().clip(0)
    at = np.searchsorted(order, family * 10**6 + last, side="right") - 1
    return homes.iloc[at.clip(0)].reset_index(drop=True)


def _temporary(homes: pd.DataFrame, shape: tuple[int, int]) -> np.ndarray:
    """Return whether each family (row) was in temporary accommodation in each year (column)."""
    stays = homes[homes["tenure"] == "temporary"]
    found = np.zeros(shape, dtype=bool)
    begins = np.array([day(year - 1, 4, 1) for year in years()])
    ends = np.array([day(year, 3, 31) for year in years()])
    start, end = stays["start"].to_numpy()[:, None], stays["end"].to_numpy()[:, None]
    row, column = np.nonzero((start <= ends) & (end >= begins))
    found[stays["family"].to_numpy()[row], column] = True
    return found
