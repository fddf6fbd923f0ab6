import ibis
import pandas as pd
import pytest

from helpers.measures.involvement import (
    CARE,
    EARLIER,
    IN_NEED,
    NEVER,
    NOT_NOW,
    PLAN,
    REFERRED,
    involvement,
    last_group,
    pupil_numbers,
    pupil_spells,
)


def link(person, pupil=None, child=None):
    pairs = {"education": pupil, "social_care": child}
    return [
        {
            "person_id": person, "dataset": dataset, "number": number,
            "authority": "501" if dataset == "social_care" else None, "match_weight": None,
        }
        for dataset, number in pairs.items()
        if number
    ]  # fmt: skip


def referral(child, date, closure=None, reason=None, nothing=False, year=2019):
    return {
        "child_id": child, "referral_date": date, "closure_date": closure, "closure_reason": reason,
        "no_further_action": nothing, "collection_year": year,
    }  # fmt: skip


def plan(child, start, end):
    return {
        "child_id": child, "referral_date": start, "plan_start": start, "plan_end": end,
        "collection_year": 2019,
    }  # fmt: skip


def episode(child, start, end, legal="C2"):
    return {
        "child_id": child, "episode_start": start, "episode_end": end, "reason_new_episode": "S",
        "reason_ceased": "E4A" if end else None, "legal_status": legal, "placement": "U6",
        "placement_provider": "PR1", "placement_postcode": "AB1", "collection_year": 2019,
    }  # fmt: skip


@pytest.fixture
def store(make_store):
    """Pupils at the end of 2018/19; the window of five academic years begins on 1 September 2014."""
    return make_store(
        attainment_ks4=[{"pupil_id": f"P{i}", "academic_year": 2019} for i in range(9)],
        linked_people=[
            *link("r0", "P0"),
            *link("r1", "P1", "C1"),
            *link("r2", "P2", "C2"),
            *link("r3", "P3", "C3"),
            *link("r4", "P4", "C4"),
            *link("r5", "P5", "C5"),
            *link("r6", "P6", "C6"),
            *link("r7", "P7", "C7"),
            *link("r8", child="C8"),  # known to social care; the bridging file lacks pupil P8
        ],
        referrals=[
            referral("C1", "2016-01-01", nothing=True),
            referral("C2", "2016-01-01", "2016-02-01", "RC8"),
            referral("C3", "2012-01-01", "2014-08-31", "RC7"),
            referral("C4", "2012-01-01", "2014-09-01", "RC7"),
            referral("C4", "2016-01-01", "2016-06-01", "RC7"),
            referral("C5", "2018-05-01", None),
            referral("C6", "2019-08-31", "2019-10-01", "RC7"),
            referral("C7", "2019-09-01", None),
            referral("C8", "2018-05-01", None),
            referral("C1", "2013-01-01", None, year=2013),  # open in the return of 2013, in none since
        ],
        cp_plans=[plan("C5", "2018-06-01", "2019-03-30")],
        care_episodes=[
            episode("C6", "2018-01-01", None),
            episode("C2", "2018-01-01", "2018-01-03", legal="V4"),
        ],
    )


@pytest.fixture
def found(store):
    return involvement(store, store.attainment_ks4).execute().set_index("pupil_id").sort_index()


def test_the_highest_step_in_the_window_and_ever_counts(found):
    assert found["lately"][:8].tolist() == [NEVER, REFERRED, REFERRED, EARLIER, IN_NEED, PLAN, CARE, NEVER]
    assert found["ever"][:8].tolist() == [NEVER, IN_NEED, REFERRED, IN_NEED, IN_NEED, PLAN, CARE, NEVER]


def test_status_at_31_march_is_what_is_open_then(found):
    assert found["now"][:8].tolist() == [NOT_NOW] * 5 + [IN_NEED, CARE, NOT_NOW]


def test_episodes_of_need_that_touch_the_window_are_counted(found):
    assert found["episodes"][:8].tolist() == ["None"] * 4 + ["Two", "One", "One", "None"]
    assert found["episodes_ever"][:8].tolist() == ["None", "One", "None", "One", "Two", "One", "One", "None"]


def test_a_pupil_whom_the_bridging_file_lacks_is_unknown_and_not_never_referred(found):
    assert not found.loc["P8", "linked"]
    assert found.loc["P8", ["lately", "ever", "now", "episodes", "episodes_ever"]].isna().all()


def test_as_the_dfe_counts_an_assessed_child_is_in_need_until_closure(store):
    wide = involvement(store, store.attainment_ks4, assessed_in_need=True).execute().set_index("pupil_id")
    assert wide.loc["P2", "lately"] == IN_NEED and wide.loc["P1", "lately"] == REFERRED


def test_a_narrow_window_forgets_what_was_before_it(store):
    found = involvement(store, store.attainment_ks4, window=1).execute().set_index("pupil_id")
    assert found["lately"][["P2", "P4", "P5", "P6"]].tolist() == [EARLIER, EARLIER, PLAN, CARE]


def test_a_pupil_known_to_two_authorities_has_the_spells_of_both(make_store):
    store = make_store(
        linked_people=[
            {"person_id": "r", "dataset": "education", "number": "P", "authority": None},
            {"person_id": "r", "dataset": "social_care", "number": "A", "authority": "501"},
            {"person_id": "r", "dataset": "social_care", "number": "B", "authority": "502"},
        ],
        referrals=[
            referral("A", "2015-01-01", "2015-02-01", "RC7") | {"authority": "501"},
            referral("B", "2016-01-01", "2016-02-01", "RC7") | {"authority": "502"},
            referral("B", "2016-01-01", "2016-02-01", "RC7") | {"authority": "503"},  # another child
        ],
    )
    assert pupil_numbers(store).count().execute() == 2
    assert pupil_spells(store).execute()["step"].value_counts().to_dict() == {1: 2, 2: 2}


def test_the_last_assessment_of_the_window_gives_the_group(store):
    found = [
        ("C1", "2015-01-01", "early"), ("C1", "2018-01-01", "late"), ("C1", "2019-09-01", "after"),
        ("C2", "2014-08-31", "before"),
    ]  # fmt: skip
    done = pd.DataFrame(found, columns=["child_id", "assessment_end", "category"])
    done = done.assign(authority="501", assessment_end=pd.to_datetime(done["assessment_end"]).dt.date)
    pupils = last_group(store, store.attainment_ks4, ibis.memtable(done), "category").execute()
    category = pupils.set_index("pupil_id")["category"]
    assert category["P1"] == "late" and category.drop("P1").isna().all() and len(pupils) == 9
