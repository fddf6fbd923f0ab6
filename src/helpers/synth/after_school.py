"""What young people do after Key Stage 4: education, training, work, pay and benefits.

Each year a young person takes the activity of the highest utility: a multinomial logit of the traits at
the end of Key Stage 4. Its chance part is kept from one year to the next, or drawn anew: so activities
last, while the planted model holds in every year. Pay is log-linear in the same traits. Custody is not
among the activities: it stands in the records of justice.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import attainment, exclusion
from helpers.synth.chunk import Chunk
from helpers.synth.days import day
from helpers.synth.parameters import value
from helpers.synth.places import Places
from helpers.synth.pupil_traits import effects, linear
from helpers.synth.schooling import SchoolYears

ACTIVITIES = ["school", "college", "apprenticeship", "employment", "higher", "neet", "not_found"]
SCHOOL, COLLEGE, _, _, HIGHER, NEET, _ = range(7)
MIDDLE = 45.0  # Attainment 8 from which the effect of the score counts, per ten points
Tables = dict[str, pd.DataFrame]


def tables(
    rng: np.random.Generator, chunk: Chunk, years: SchoolYears, attained: pd.DataFrame
) -> tuple[Tables, Tables]:
    """Return the tables of what follows school.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    years : SchoolYears
    attained : pandas.DataFrame
        The truth `attainment` of `attainment.tables`.

    Returns
    -------
    tuple of dict
        Canonical tables `destinations` and `employment`; no truth by row.
    """
    former = attained.sort_values("pupil_id", ignore_index=True)
    row = pd.Series(np.arange(len(chunk.people.children)), index=chunk.people.children["person"])
    death = chunk.death[row[former["person"]]]
    former = former.assign(score_10=(former["score"] - MIDDLE) / 10)
    since = np.arange(1, value("after_school.years") + 1)
    activity = _activities(rng, former, since)
    levels = _qualifications(rng, former, activity)
    pupil, at = np.nonzero(_observed(former, since, death))
    rows = pd.DataFrame(
        {
            "pupil_id": former["pupil_id"].to_numpy()[pupil],
            "year": former["academic_year"].to_numpy()[pupil] + since[at],
            "since": since[at],
            "activity": activity[pupil, at],
            "level": levels[pupil, at],
        }
    )
    inside = rows["year"].between(*value("after_school.destinations_years"))
    seen = rows[inside]
    destinations = pd.DataFrame(
        {
            "pupil_id": seen["pupil_id"],
            "academic_year": seen["year"],
            "activity": np.array(ACTIVITIES, dtype=object)[seen["activity"]],
            "qualification_level": seen["level"],
        }
    )
    taxed = rows["year"].between(*value("after_school.employment_years")) & (rows["since"] > 1)
    employment = _employment(rng, former.iloc[pupil[taxed]], rows[taxed])
    return {"destinations": destinations, "employment": employment}, {}


def whole_country(rng: np.random.Generator, places: Places, counts: pd.Series) -> tuple[Tables, Tables]:  # noqa: ARG001
    """Return no table, and the effects planted in education: outcome, term, value."""
    own = [effects(f"activity_{name}", f"after_school.activity.effects.{name}") for name in _with_effects()]
    pay = effects("log_pay", "after_school.pay_effects")
    parts = [attainment.planted(), exclusion.planted(), *own, pay]
    return {}, {"education_effects": pd.concat(parts, ignore_index=True)}


def _with_effects() -> list[str]:
    return [name for name in ACTIVITIES if name != "school"]  # school is the reference


def _observed(former: pd.DataFrame, since: np.ndarray, death: np.ndarray) -> np.ndarray:
    """Return whether each former pupil is alive at the end of each year after Key Stage 4."""
    year = former["academic_year"].to_numpy()[:, None] + since
    ends = np.array([day(y, 8, 31) for y in range(year.min(), year.max() + 1)])[year - year.min()]
    return death[:, None] > ends


def _activities(rng: np.random.Generator, former: pd.DataFrame, since: np.ndarray) -> np.ndarray:
    """Return the activity (place in ACTIVITIES) of each former pupil (rows) in each year after (columns)."""
    own = np.zeros((len(former), len(ACTIVITIES)))
    for name in _with_effects():
        own[:, ACTIVITIES.index(name)] = linear(former, value(f"after_school.activity.effects.{name}"))
    luck = rng.gumbel(size=own.shape)
    found = np.zeros((len(former), len(since)), dtype=np.int8)
    for column, years in enumerate(since):
        known = value("after_school.activity.levels")
        level = [np.interp(years, list(known[n]), list(known[n].values())) for n in ACTIVITIES]
        found[:, column] = (own + level + luck).argmax(axis=1)
        anew = rng.random(len(former)) < value("after_school.activity.anew")
        luck[anew] = rng.gumbel(size=(anew.sum(), len(ACTIVITIES)))
    return found


def _qualifications(rng: np.random.Generator, former: pd.DataFrame, activity: np.ndarray) -> np.ndarray:
    """Return the highest level held (0 to 7) in each year: what school gave, and years of study since."""
    needs = value("after_school.levels")
    score = former["score"].to_numpy() + rng.normal(0, needs["luck"], len(former))
    start = (score > needs["level_1"]).astype(int) + (score > needs["level_2"])
    studied = np.isin(activity, [SCHOOL, COLLEGE]).cumsum(axis=1)
    higher = (activity == HIGHER).cumsum(axis=1)
    level = np.minimum(start[:, None] + (studied >= 1), 2)
    level = np.where((studied >= 2) & (score > needs["level_3"])[:, None], 3, level)
    level = np.where(higher >= 1, np.maximum(level, 3), level)
    level = np.where(higher >= 3, 6, level)
    return np.where((higher >= 4) & (score > needs["level_7"])[:, None], 7, level)


def _employment(rng: np.random.Generator, of: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return work, pay and benefits by tax year."""
    activity = rows["activity"].to_numpy()
    size = len(rows)
    work = {
        name: np.array([value(f"after_school.work.{name}")[n] for n in ACTIVITIES])
        for name in ("share", "days")
    }
    works = rng.random(size) < work["share"][activity]
    usual = work["days"][activity]
    spread = value("after_school.work.spread")
    days = np.clip(np.round(365 * rng.beta(usual * spread, (1 - usual) * spread)), 1, 365) * works
    pay = value("after_school.pay")
    log_pay = pay["level"] + pay["a_year_since"] * np.minimum(rows["since"], pay["grows_years"])
    log_pay = (
        log_pay
        + pay["growth"] * (rows["year"] - pay["prices_of"])
        + linear(of, value("after_school.pay_effects"))
    )
    log_pay = log_pay + np.array([pay["activity"][n] for n in ACTIVITIES])[activity]
    earned = np.exp(log_pay + rng.normal(0, pay["spread"], size)) * days / 365
    claims = value("after_school.benefits")
    may = (rows["since"] > claims["from_year"]).to_numpy()
    share = np.where(activity == NEET, claims["neet"], claims["other"])
    claimed = may & (rng.random(size) < share)
    benefit = np.round((365 - days) * rng.beta(2, 1, size)) * claimed
    return pd.DataFrame(
        {
            "pupil_id": rows["pupil_id"],
            "tax_year": rows["year"],
            "employed_days": days.astype(int),
            "earnings": np.round(earned, 2),
            "benefit_days": benefit.astype(int),
        }
    )
