import re

import pandera.errors
import pytest

from helpers import agenda
from helpers.catalogue.datasets import SCHEMA, datasets, flagship_datasets


def test_there_are_twelve():
    assert len(datasets()) == 12


def test_questions_are_on_the_agenda():
    assert set(datasets()["questions"].explode()) <= set(agenda.questions()["id"])


def test_coverage_runs_forwards():
    known = datasets().dropna(subset=["coverage_from", "coverage_to"])
    assert (known["coverage_from"] <= known["coverage_to"]).all()


def test_confirmed_needs_a_source():
    wrong = datasets().assign(confirmed=True)
    with pytest.raises(pandera.errors.SchemaError):
        SCHEMA.validate(wrong)


def test_an_unknown_table_is_refused():
    wrong = datasets().copy()
    wrong["tables"] = [["no_such_table"]] * len(wrong)
    with pytest.raises(pandera.errors.SchemaError):
        SCHEMA.validate(wrong)


def test_page_says_what_is_not_confirmed():
    text = flagship_datasets()
    assert re.findall(r"^## (.+)$", text, re.M) == datasets()["name"].tolist()
    assert text.count("not confirmed") >= (~datasets()["confirmed"]).sum()
    assert "<NA>" not in text
    assert "None |" not in text
