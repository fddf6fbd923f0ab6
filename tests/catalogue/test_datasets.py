import pandera.errors
import pytest

from helpers import agenda
from helpers.catalogue.datasets import SCHEMA, datasets, unconfirmed


def test_there_are_twelve_flagship_data_sets_in_the_countries_the_agenda_names():
    flagship = datasets()[datasets()["flagship"]]
    assert len(flagship) == 12
    assert flagship["country"].value_counts().to_dict() == {
        "England": 4,
        "Wales": 5,
        "Scotland": 2,
        "England and Wales": 1,
    }


def test_questions_are_on_the_agenda():
    assert set(datasets()["questions"].explode()) <= set(agenda.questions()["id"])


def test_every_question_of_the_eleven_topics_has_a_data_set_or_is_known_to_have_none():
    served = set(datasets()["questions"].explode())
    topics = {number for number in agenda.questions()["id"] if number[0].isdigit()}
    assert topics - served == {"2.2", "2.5", "7.4", "8.1", "8.7", "11.3"}


def test_coverage_runs_forwards():
    known = datasets().dropna(subset=["coverage_from", "coverage_to"])
    assert (known["coverage_from"] <= known["coverage_to"]).all()


def test_confirmed_needs_a_public_page():
    wrong = datasets().assign(confirmed=True)
    with pytest.raises(pandera.errors.SchemaError):
        SCHEMA.validate(wrong)


def test_an_unknown_table_is_refused():
    wrong = datasets().copy()
    wrong["tables"] = [["no_such_table"]] * len(wrong)
    with pytest.raises(pandera.errors.SchemaError):
        SCHEMA.validate(wrong)


def test_what_is_not_confirmed_can_be_listed():
    listed = unconfirmed()
    unsure = set(datasets().loc[~datasets()["confirmed"], "id"])
    assert "justice_and_education_wales" in unsure & set(listed["id"])
    assert listed["statement"].str.lower().str.contains("not confirmed").all()
