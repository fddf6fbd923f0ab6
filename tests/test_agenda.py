from pathlib import Path

import nbformat
import pytest

from helpers import agenda

QUESTIONS_OF_TOPIC = {1: 5, 2: 5, 3: 4, 4: 5, 5: 10, 6: 8, 7: 4, 8: 7, 9: 6, 10: 4, 11: 3}
EXPECTED = (
    {f"{topic}.{n}" for topic, count in QUESTIONS_OF_TOPIC.items() for n in range(1, count + 1)}
    | {f"K{n}" for n in range(1, 9)}
    | {f"S{n}" for n in range(1, 14)}
    | {f"B{n}" for n in range(1, 8)}
)


def write_notebook(folder: Path, stem: str, **about: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(metadata={"compendium": about})
    nbformat.write(notebook, folder / f"{stem}.ipynb")


def test_every_question_is_listed_once():
    ids = agenda.questions()["id"]
    assert ids.is_unique
    assert set(ids) == EXPECTED
    assert len(EXPECTED) == 61 + 8 + 13 + 7


def test_every_question_is_a_sentence_with_a_notebook_planned():
    table = agenda.questions()
    assert table["question"].str.len().gt(20).all()
    assert table["planned"].astype(str).str.contains(r"^\d\d").all()


def test_status_follows_the_notebooks(tmp_path):
    write_notebook(tmp_path, "31_children_in_need_census", answers=["S2"], part=["S8", "B3"])
    write_notebook(tmp_path, "28_trends", answers=["S8"])
    table = agenda.coverage(tmp_path).set_index("id")
    assert table.loc[["S2", "S8", "B3", "1.1"], "status"].tolist() == [
        "answered",
        "answered",
        "partly",
        "planned",
    ]
    assert table.loc["S8", "answered"] == ["28_trends"]
    assert table.loc["S8", "partly"] == ["31_children_in_need_census"]


def test_a_notebook_without_metadata_answers_nothing(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "51_empty.ipynb")
    assert (agenda.coverage(tmp_path)["status"] == "planned").all()


def test_page_links_a_notebook_that_answers(tmp_path):
    write_notebook(tmp_path, "31_children_in_need_census", answers=["S2"])
    text = agenda.page(tmp_path)
    assert text.startswith("# Every question, and where it is answered\n")
    assert "[31](notebooks/31_children_in_need_census.ipynb)" in text
    assert "planned: notebook 07" in text
    assert all(f"| {number} |" in text for number in EXPECTED)


def test_an_unknown_id_raises(tmp_path):
    write_notebook(tmp_path, "31_children_in_need_census", answers=["S99"])
    with pytest.raises(ValueError, match="S99"):
        agenda.coverage(tmp_path)


def test_the_committed_notebooks_name_known_questions():
    notebooks = Path(__file__).parents[1] / "notebooks"
    assert (agenda.coverage(notebooks)["status"] != "planned").any()
