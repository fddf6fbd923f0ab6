"""Absence, exclusion and attainment, counted on paper."""

import numpy as np
import pandas as pd
import pytest

from helpers.measures.absence import absence_rates, absentees, add_absence, pupil_absence
from helpers.measures.attainment import at_standard, average, key_stage_2, key_stage_4
from helpers.measures.exclusions import add_exclusions, excluded_shares, exclusion_rates


def term(pupil, possible, authorised, unauthorised, term="AUT", urn="1"):
    return {
        "pupil_id": pupil, "academic_year": 2019, "term": term, "urn": urn, "sessions_possible": possible,
        "authorised": authorised, "unauthorised": unauthorised, "illness": authorised, "excluded": 0,
    }  # fmt: skip


@pytest.fixture
def absences(make_store):
    """A misses 20 of 200 over two schools, B 100 of 200, C 19 of 200, D was never expected."""
    return make_store(
        absences=[
            term("A", 100, 5, 0), term("A", 60, 0, 5, "SPR"), term("A", 40, 10, 0, "SPR", "2"),
            term("B", 200, 60, 40), term("C", 200, 19, None), term("D", 0, 0, 0),
        ]
    )  # fmt: skip


def test_a_tenth_of_the_own_sessions_is_persistent_and_half_severe(absences):
    found = pupil_absence(absences).execute().set_index("pupil_id").sort_index()
    assert found["possible"].tolist() == [200, 200, 200] and found["missed"].tolist() == [20, 100, 19]
    assert found["persistent"].tolist() == [True, True, False]
    assert found["severe"].tolist() == [False, True, False]
    shares = absentees(pupil_absence(absences), by=[]).set_index("measure")
    assert shares.loc["persistent", ["n", "of"]].tolist() == [2, 3]
    assert shares.loc["severe", "share"] == pytest.approx(1 / 3)


def test_rates_are_of_sessions_with_the_interval_of_pupils(absences):
    rates = absence_rates(pupil_absence(absences), by=[]).set_index("measure")
    assert rates["n"].to_dict() == {"overall": 139, "authorised": 94, "unauthorised": 45}
    assert rates.loc["overall", "rate"] == pytest.approx(139 / 600)
    residual = np.array([20, 100, 19]) - 139 / 600 * 200
    error = np.sqrt((residual**2).sum() * 3 / 2) / 600
    assert rates.loc["overall", "high"] == pytest.approx(139 / 600 + 1.959964 * error)


def test_a_year_without_sessions_is_missing(absences, make_store):
    pupils = pupil_absence(absences).select("pupil_id", "academic_year")
    pupils = pupils.mutate(academic_year=pupils.academic_year + 1)
    assert add_absence(absences, pupils).execute()[["possible", "persistent"]].isna().all().all()


def exclusion(pupil, number, category, year=2019):
    start = pd.Timestamp(f"{year - 1}-10-01")
    return {
        "pupil_id": pupil, "start_date": start, "exclusion_no": number, "academic_year": year,
        "category": category,
    }  # fmt: skip


def test_suspensions_and_permanent_exclusions_are_counted_apart(make_store):
    store = make_store(
        attainment_ks4=[{"pupil_id": p, "academic_year": 2019} for p in "ABCD"],
        exclusions=[
            exclusion("A", 1, "SUSP"), exclusion("A", 2, "FIXD"), exclusion("B", 1, "PERM"),
            exclusion("C", 1, "LNCH"), exclusion("D", 1, "SUSP", year=2018),
        ],
    )  # fmt: skip
    pupils = add_exclusions(store, store.attainment_ks4.select("pupil_id", "academic_year"))
    rates = exclusion_rates(pupils, by=[]).set_index("measure")
    assert rates["rate"].to_dict() == {"permanents": 25.0, "suspensions": 50.0}
    shares = excluded_shares(pupils).set_index("measure")["share"]
    assert shares.to_dict() == {"excluded": 0.5, "permanently_excluded": 0.25, "suspended": 0.25}


def test_the_higher_of_two_results_is_kept_and_scores_of_nought_count(make_store):
    rows = [
        {"pupil_id": "A", "academic_year": 2018, "urn": "1", "attainment8": 30.0},
        {"pupil_id": "B", "academic_year": 2018, "urn": "1", "attainment8": 0.0},
        {"pupil_id": "B", "academic_year": 2017, "urn": "1", "attainment8": 9.0},
        {"pupil_id": "C", "academic_year": 2018, "urn": "1", "attainment8": None},
    ]
    found = average(key_stage_4(make_store(attainment_ks4=rows)), "attainment8").iloc[0]
    assert found[["n", "mean"]].tolist() == [2, 15.0]
    assert found["high"] - 15 == pytest.approx(12.7062 * 15)  # t with one degree of freedom


def test_the_standard_is_a_share_of_those_known(make_store):
    rows = [
        {"pupil_id": p, "academic_year": 2019, "reading_score": r, "maths_score": 101, "expected_standard": e}
        for p, r, e in [("A", 99, False), ("B", 105, True), ("C", None, None)]
    ]
    pupils = key_stage_2(make_store(attainment_ks2=rows))
    assert pupils.execute().set_index("pupil_id")["score"].sort_index().tolist()[:2] == [100.0, 103.0]
    assert at_standard(pupils, by=["academic_year"]).iloc[0][["n", "of", "share"]].tolist() == [1, 2, 0.5]
