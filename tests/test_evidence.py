"""The page of evidence is made of the committed figures, all of them."""

import json

from helpers.runner import evidence


def test_every_model_and_every_planted_value_is_on_the_page():
    page, table = evidence.page(), evidence.recovered()
    assert all(term in page for term in [*table["model"], *table["term"]])


def test_planted_values_have_words_and_numbers_stand_at_the_right():
    page = evidence.page()
    assert "Looked after at 31 March" in page and "Hardship of the family" in page
    assert not [term for term in evidence.recovered()["term"] if "_" in term or term.startswith("category")]
    assert "--:|" in page and "| -0." not in page


def test_latent_classes_are_fast_enough_at_national_size():
    found = json.loads((evidence.BENCHMARKS / "latent_class.json").read_text())
    assert found["assessments"] >= 3_600_000 and found["items"] >= 20
    assert found["ratio"] >= 40
    assert found["selection_seconds"] < 15 * 60 and found["selection_gigabytes"] < 6


def test_cox_is_faster_than_r_at_a_million_rows():
    found = json.loads((evidence.BENCHMARKS / "cox.json").read_text())
    assert found["rows"] >= 1_000_000 and found["covariates"] >= 30
    assert found["times_faster_than_r_fitting_alone"] > 1
    assert found["times_faster_than_r_with_reading"] > 1
