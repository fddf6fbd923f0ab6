"""Attainment at the end of Key Stages 2 and 4.

Both are linear models of a pupil's traits (see `pupil_traits`), the school and, at Key Stage 4, the score at
Key Stage 2. The score at Key Stage 4 varies around its expected value on the scale of 0 to 90 without
being cut: a share of pupils, larger where little is expected, has no entries and so a score of 0, and the
others vary as a beta distribution. The mean given the traits is therefore exactly linear, so that least
squares with robust errors recovers the planted effects. The expected score itself is kept inside the scale;
for very few pupils this changes it.

Involvement with social care lowers the score in two steps: any in the five years before by some, and still
being involved at 31 March of the final year by much more. Both the comparison with never-referred peers and
the averages of the snapshot hold that way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synth import people
from helpers.synth.chunk import Chunk
from helpers.synth.days import day
from helpers.synth.journeys import FIRST_YEAR
from helpers.synth.parameters import value
from helpers.synth.pupil_traits import by_year, effects, linear, status_lately, traits
from helpers.synth.schooling import SchoolYears

LOWEST, STANDARD, HIGHEST = 80, 100, 120  # scaled scores
FULL = 90.0  # the most Attainment 8 can be
Tables = dict[str, pd.DataFrame]


def tables(rng: np.random.Generator, chunk: Chunk, years: SchoolYears) -> tuple[Tables, Tables]:
    """Return the tables of attainment of a chunk, and what was planted.

    Parameters
    ----------
    rng : numpy.random.Generator
    chunk : Chunk
    years : SchoolYears

    Returns
    -------
    tuple of dict
        Canonical tables `attainment_ks2` and `attainment_ks4`; truth `attainment`: one row per pupil at the
        end of Key Stage 4, with pupil_id, person, academic_year, expected and score (of Attainment 8, also
        in the years before it was published), prior (scaled score, also where no test was taken), tested,
        school_effect, and the traits in the model.
    """
    tested = _tests(rng, chunk, years)
    leaving = _leavers(rng, chunk, years, tested)
    ks4 = _key_stage_4(rng, leaving)
    kept = [
        "pupil_id",
        "person",
        "academic_year",
        "urn",
        "expected",
        "score",
        "prior",
        "tested",
        "school_effect",
    ]
    truth = leaving[[*kept, *leaving.attrs["traits"]]]
    return {"attainment_ks2": _key_stage_2(rng, tested), "attainment_ks4": ks4}, {"attainment": truth}


def planted() -> pd.DataFrame:
    """Return the planted effects on attainment: outcome, term, value."""
    return pd.concat(
        [
            effects("key_stage_2_score", "attainment.ks2.effects"),
            effects(
                "attainment8",
                "attainment.ks4.effects",
                prior=value("attainment.ks4.prior"),
                prior_ehc=value("attainment.ks4.prior_ehc"),
                prior_now=value("attainment.ks4.prior_now"),
                school_effect=value("attainment.ks4.school"),
            ),
        ],
        ignore_index=True,
    )


def _at_the_end_of(group: int, chunk: Chunk, years: SchoolYears) -> tuple[np.ndarray, np.ndarray]:
    """Return child and column of those alive at the end of a year group (a child once)."""
    child, column = np.nonzero(years.year_group == group)
    summer = np.array([day(y, 7, 1) for y in range(FIRST_YEAR, FIRST_YEAR + years.year_group.shape[1])])
    alive = chunk.death[child] > summer[column]
    first = np.diff(child, prepend=-1) > 0
    return child[alive & first], column[alive & first]


def _tests(rng: np.random.Generator, chunk: Chunk, years: SchoolYears) -> pd.DataFrame:
    """Return one row per child who reaches Year 6, or else Year 11, with scores had or to be expected."""
    child, column = _at_the_end_of(6, chunk, years)
    late, final = _at_the_end_of(11, chunk, years)
    new = ~np.isin(late, child)
    here = np.r_[np.ones(len(child), dtype=bool), np.zeros(new.sum(), dtype=bool)]
    child, column = np.r_[child, late[new]], np.r_[column, final[new]]
    year = column + FIRST_YEAR
    found = traits(chunk, years, child, column)
    school = years.school[child, column]
    mean = value("attainment.ks2.level") + by_year("attainment.ks2.by_year", year)
    mean = mean + linear(found, value("attainment.ks2.effects"))
    mean += value("attainment.ks2.school") * chunk.places.schools["effect"].to_numpy()[school]
    spread = value("attainment.ks2.spread")
    common = mean + rng.normal(0, spread["pupil"], len(child))
    subjects = common[:, None] + rng.normal(0, spread["subject"], (len(child), 3))
    reading, maths = np.clip(np.round(subjects[:, :2].T), LOWEST, HIGHEST)
    pandemic = np.isin(year, value("attainment.ks2.no_tests"))
    return pd.DataFrame(
        {
            "child": child,
            "pupil_id": people.pupil_ids(chunk.people.children["person"].to_numpy()[child]),
            "academic_year": year,
            "urn": chunk.places.schools["urn"].to_numpy()[school],
            "reading": reading,
            "maths": maths,
            "writing": subjects[:, 2] >= value("attainment.ks2.writing"),
            "prior": (reading + maths) / 2,
            "common": common,
            "tested": here & ~pandemic,
        }
    )


def _key_stage_2(rng: np.random.Generator, tested: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table: levels before 2016, scaled scores since."""
    year = tested["academic_year"]
    inside = year.between(value("attainment.ks2.from"), value("attainment.to"))
    found = tested[tested["tested"] & inside].reset_index(drop=True)
    year = found["academic_year"]
    scaled = year >= value("attainment.ks2.scaled_from")
    standard = np.where(scaled, STANDARD, value("attainment.ks2.level_4"))
    points = value("attainment.ks2.points")
    average = points["mean"] + points["slope"] * (found["prior"] - STANDARD)
    first = value("attainment.ks2.key_stage_1")
    before = first["mean"] + first["slope"] * (found["common"] - STANDARD)
    before = (before + rng.normal(0, first["spread"], len(found))).clip(first["least"], first["most"])
    had_first = ~(year - 4).isin(value("attainment.ks2.no_tests"))
    return pd.DataFrame(
        {
            "pupil_id": found["pupil_id"],
            "academic_year": year,
            "urn": found["urn"],
            "reading_score": found["reading"].where(scaled),
            "maths_score": found["maths"].where(scaled),
            "writing_expected": found["writing"],
            "expected_standard": (found[["reading", "maths"]].min(axis=1) >= standard) & found["writing"],
            "prior_points": before.round(1).where(had_first),
            "average_points": average.round(1).where(~scaled),
        }
    )  # fmt: skip


def _leavers(
    rng: np.random.Generator, chunk: Chunk, years: SchoolYears, tested: pd.DataFrame
) -> pd.DataFrame:
    """Return pupils at the end of Key Stage 4 with traits, expected score and score."""
    child, column = _at_the_end_of(11, chunk, years)
    inside = column + FIRST_YEAR <= value("attainment.to")
    child, column = child[inside], column[inside]
    found = traits(chunk, years, child, column)
    before = tested.set_index("child").loc[child]
    school = years.school[child, column]
    year = column + FIRST_YEAR
    person = chunk.people.children["person"].to_numpy()[child]
    leaving = found.assign(
        pupil_id=people.pupil_ids(person),
        person=person,
        academic_year=year,
        urn=chunk.places.schools["urn"].to_numpy()[school],
        prior=before["prior"].to_numpy(),
        tested=before["tested"].to_numpy(),
        school_effect=chunk.places.schools["effect"].to_numpy()[school],
        status=status_lately(chunk)[child, column],
    )
    expected = np.clip(_expected(leaving), *value("attainment.ks4.bounds"))
    leaving = leaving.assign(expected=expected, score=_around(rng, expected))
    leaving.attrs["traits"] = list(found)
    return leaving


def _expected(leaving: pd.DataFrame) -> np.ndarray:
    """Return the expected Attainment 8."""
    prior = sum(value(f"attainment.ks4.{name}") * part for name, part in prior_terms(leaving).items())
    mean = value("attainment.ks4.level") + by_year("attainment.ks4.by_year", leaving["academic_year"])
    mean = mean + linear(leaving, value("attainment.ks4.effects")) + prior
    return mean + value("attainment.ks4.school") * leaving["school_effect"].to_numpy()


def prior_terms(leaving: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the score at Key Stage 2 above the standard, by itself and where scores vary less with it.

    prior_ehc: for those with a plan; prior_now: for those without, but involved with social care at 31 March.
    """
    above = leaving["prior"].to_numpy() - STANDARD
    plan = leaving["ehc"].to_numpy()
    now = leaving[["cin_now", "cpp_now", "cla_now"]].to_numpy().sum(axis=1)
    return {"prior": above, "prior_ehc": above * plan, "prior_now": above * now * (1 - plan)}


def _around(rng: np.random.Generator, expected: np.ndarray) -> np.ndarray:
    """Draw scores from 0 to 90 whose mean is the expected one."""
    none = value("attainment.ks4.no_entries")
    absent = none["most"] * np.exp(-expected / none["fades"])
    share = expected / FULL / (1 - absent)
    precision = value("attainment.ks4.precision")
    score = FULL * rng.beta(share * precision, (1 - share) * precision)
    return np.where(rng.random(len(expected)) < absent, 0.0, score)


def _key_stage_4(rng: np.random.Generator, leaving: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table; scores and grades are missing in the years before they existed."""
    year, score = leaving["academic_year"], leaving["score"]
    first = value("attainment.ks4.from")
    size = len(leaving)
    grades = value("attainment.ks4.grades")
    luck = rng.logistic(size=size)  # one pupil's luck with both grades, so that a 5 is also a 4
    passed = {n: score + luck * g["spread"] > g["at"] for n, g in grades.items()}
    ebacc = value("attainment.ks4.ebacc")
    entered = ebacc["level"] + ebacc["prior"] * (leaving["prior"] - STANDARD) + rng.logistic(size=size) > 0
    progress = value("attainment.ks4.progress")
    usual = progress["mean"] + progress["slope"] * (leaving["prior"] - STANDARD)
    usual += by_year("attainment.ks4.by_year", year)
    has_progress = leaving["tested"] & year.isin(progress["years"])
    scored = year >= first["attainment8"]
    return pd.DataFrame(
        {
            "pupil_id": leaving["pupil_id"],
            "academic_year": year,
            "urn": leaving["urn"],
            "attainment8": score.round(1).where(scored),
            "progress8": ((score - usual) / 10).round(2).where(has_progress),
            "english_maths_grade4": passed["grade4"],
            "english_maths_grade5": passed["grade5"].astype("boolean").where(year >= first["grade5"]),
            "ebacc_entered": entered.astype("boolean").where(year >= first["ebacc"]),
            "prior_score": leaving["prior"].where(leaving["tested"]),
        }
    )
