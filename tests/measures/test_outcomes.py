import pandas as pd
import pytest

from helpers.measures.assessments import factor_matrix
from helpers.measures.outcomes import OUTCOMES, add_groups, outcome_shares, what_followed

ENDS = {"A": "2022-03-01", "B": "2022-03-01", "C": "2022-03-01", "D": "2022-06-01"}


@pytest.fixture
def store(make_store):
    """Returns to 31 March 2023: A is protected, then in care; B closed and back; C nothing; D too late."""

    def at(child, **more):
        return {"child_id": child, "referral_date": "2022-01-04", "collection_year": 2023} | more

    return make_store(
        referrals=[
            at("A"),
            at("B", closure_date="2022-03-02", closure_reason="RC8"),
            at("B", referral_date="2023-03-01"),
            at("C", closure_date="2022-09-01", closure_reason="RC7"),
            at("D"),
        ],
        assessments=[at(c, assessment_start="2022-01-10", assessment_end=end) for c, end in ENDS.items()],
        assessment_factors=[
            at(c, assessment_start="2022-01-10", factor=f)
            for c, f in zip("ABCD", ["16A", "3B", "3B", "3B"], strict=True)
        ],
        section47=[at("A", enquiry_start="2022-01-10"), at("C", enquiry_start="2022-01-09")],
        cp_plans=[at("A", plan_start="2022-02-01"), at("C", plan_start="2023-03-02")],
        care_episodes=[
            {"child_id": "A", "episode_start": "2022-12-01", "reason_new_episode": "S", "legal_status": "C1"},
            {"child_id": "B", "episode_start": "2022-12-01", "reason_new_episode": "S", "legal_status": "V4"},
        ],
    )


@pytest.fixture
def followed(store):
    return what_followed(store, factor_matrix(store))


def test_each_outcome_is_seen_in_its_window_and_not_outside(followed):
    rows = followed.execute().set_index("child_id")[[*OUTCOMES, "followed"]].astype(int)
    seen = {child: [name for name in rows.columns if rows.loc[child, name]] for child in rows.index}
    assert set(seen["A"]) == {"section47", "cp_plan", "care", "followed"}
    assert set(seen["B"]) == {"closed", "rereferral", "followed"}
    assert set(seen["C"]) == {"followed"}  # enquiry the day before the window, plan the day after it
    assert set(seen["D"]) == set()  # the returns end before twelve months have passed


def test_each_assessment_stays_one_row(store, followed):
    assert followed.count().execute() == factor_matrix(store).count().execute() == 4


def test_shares_are_of_those_followed_long_enough(followed):
    table = outcome_shares(followed).set_index("outcome")
    assert table.loc["cp_plan", ["n", "of"]].tolist() == [1, 3]
    assert table.loc["closed", "share"] == pytest.approx(1 / 3)


def test_groups_come_from_answer_patterns(followed):
    patterns = pd.DataFrame({"neglect": [1, 0], "domestic_abuse_parent": [0, 1], "class": [2, 1]})
    grouped = add_groups(followed, patterns, ["neglect", "domestic_abuse_parent"], "class")
    table = outcome_shares(grouped, ["class"]).set_index(["class", "outcome"])
    assert table.loc[(2, "care"), ["n", "of"]].tolist() == [1, 1]
    assert table.loc[(1, "rereferral"), ["n", "of"]].tolist() == [1, 2]
