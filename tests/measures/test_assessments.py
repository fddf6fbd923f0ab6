import pytest

from helpers.catalogue.codes import code_list
from helpers.measures.assessments import (
    complexity,
    factor_items,
    factor_matrix,
    factor_patterns,
    model_items,
    prevalence,
    recording,
    within_45_working_days,
    year_against_before,
)


def assessment(child, end="2022-03-01", start="2022-01-04"):
    return {
        "child_id": child,
        "referral_date": "2022-01-04",
        "assessment_start": start,
        "assessment_end": end,
        "collection_year": 2022,
    }


def factor(child, code):
    place = {"child_id": child, "referral_date": "2022-01-04", "assessment_start": "2022-01-04"}
    return place | {"factor": code, "collection_year": 2022}


@pytest.fixture
def store(make_store):
    """A and B have the same pattern under old and new codes; C none found; D nothing; E not completed."""
    factors = [
        factor("A", "18A"), factor("A", "3B"),
        factor("B", "18B"), factor("B", "18C"), factor("B", "3B"),
        factor("C", "21"),
        factor("E", "16A"),
        factor("F", "20"),
        *[factor("G", code) for code in ("1A", "2A", "3A", "4A")],
    ]  # fmt: skip
    assessments = [assessment(child) for child in "ABCDFG"] + [assessment("E", end=None)]
    return make_store(assessments=assessments, assessment_factors=factors)


def test_every_factor_code_belongs_to_exactly_one_item():
    codes = factor_items()["codes"].explode()
    assert codes.is_unique
    assert set(codes) == set(code_list("assessment_factor")["code"]) - {"21"}


def test_old_and_new_codes_make_the_same_item_and_count_once(store):
    rows = factor_matrix(store).execute().set_index("child_id")
    assert rows.loc["A", model_items()].tolist() == rows.loc["B", model_items()].tolist()
    assert rows["n_factors"].to_dict() == {"A": 2, "B": 2, "C": 0, "D": 0, "F": 1, "G": 4}


def test_only_completed_assessments_are_counted(store):
    assert "E" not in set(factor_matrix(store).execute()["child_id"])


def test_patterns_are_counted_and_add_up_to_the_assessments_with_a_factor(store):
    patterns = factor_patterns(factor_matrix(store))
    assert sorted(patterns["n"]) == [1, 1, 2]
    twice = patterns[patterns["n"] == 2].iloc[0]
    assert twice[["physical_abuse", "domestic_abuse_parent"]].tolist() == [1, 1]
    assert twice[model_items()].sum() == 2


def test_patterns_by_year_keep_the_year(store):
    assert factor_patterns(factor_matrix(store), by=["year"])["year"].tolist() == [2022] * 3


def test_assessments_without_factors_are_counted_apart(store):
    table = recording(factor_matrix(store)).set_index("recorded")
    assert table["n"].to_dict() == {"factors": 4, "no factors found": 1, "not recorded": 1}
    assert table["of"].tolist() == [6, 6, 6]


def test_prevalence_is_of_assessments_with_factors(store):
    table = prevalence(factor_matrix(store)).set_index("item")
    assert table.loc["physical_abuse", ["n", "of"]].tolist() == [2, 4]
    assert table.loc["neglect", "n"] == 0


def test_complexity_leaves_out_what_was_not_recorded(store):
    table = complexity(factor_matrix(store)).set_index("complexity")
    assert table["n"].to_dict() == {"0": 1, "1": 1, "2 to 3": 2, "4 or more": 1}
    whole = complexity(factor_matrix(store), by=()).set_index("complexity")
    assert whole["n"].tolist() == table["n"].tolist()


def test_the_45th_working_day_is_in_time_and_the_46th_is_not(make_store):
    # 45 working days from 4 January 2022 end on 8 March: no public holiday lies between.
    ends = {"A": "2022-03-08", "B": "2022-03-09", "C": "2022-01-03"}
    store = make_store(assessments=[assessment(child, end) for child, end in ends.items()])
    assert within_45_working_days(store)[["n", "of"]].iloc[0].tolist() == [1, 2]


def test_an_assessment_with_other_factors_than_the_items_is_kept(store):
    matrix = factor_matrix(store)
    kept = factor_patterns(matrix, ["neglect"])
    assert kept["n"].sum() == matrix.filter(matrix.recorded == "factors").count().to_pandas()
    assert (kept["neglect"] == 0).any()


def test_a_year_is_held_against_the_mean_of_the_years_before(make_store):
    days = {2020: 2, 2021: 4, 2022: 6}  # assessments by collection year
    rows = [
        assessment(f"C{year}{i}", end=f"{year}-03-01", start=f"{year}-01-04")
        for year, n in days.items()
        for i in range(n)
    ]
    matrix = factor_matrix(make_store(assessments=rows))
    found = year_against_before(matrix, 2022).iloc[0]
    assert (found["n"], found["usual"], found["years"], found["ratio"]) == (6, 3, 2, 2)
    assert found["low"] < 1 < 2 < found["high"]
    with pytest.raises(ValueError, match="no assessment in the 5 years before 2020"):
        year_against_before(matrix, 2020)
