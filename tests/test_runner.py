import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.runner import gate
from helpers.runner.execute import committed, conform_parameters, parse_parameters, strip_data
from helpers.runner.project import PACKAGE, NotebookError, all_notebooks, notebook_dependencies
from helpers.sources.store import read_store, write_store


def save(folder, *cells, name="60_trial.ipynb"):
    path = folder / name
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=kernel), path)
    return path


def test_a_notebook_depends_on_what_its_code_imports_and_on_nothing_else(tmp_path):
    path = save(tmp_path, new_code_cell("%matplotlib inline\nfrom helpers.measures import rates"))
    needed = {file.relative_to(PACKAGE).as_posix() for file in notebook_dependencies(path)}
    assert "measures/rates.py" in needed
    assert not {"models/latent_class.py", "synth/country.py", "cli.py"} & needed


def test_code_lists_count_as_part_of_what_imports_them(tmp_path):
    path = save(tmp_path, new_code_cell("from helpers.catalogue.codes import labels"))
    needed = {file.relative_to(PACKAGE).as_posix() for file in notebook_dependencies(path)}
    assert "catalogue/codes/ethnicity.csv" in needed


def test_every_notebook_has_the_agreed_parameters():
    agreed = {"data", "engine", "from_year", "to_year", "authority", "min_cell", "seed"}
    for notebook in all_notebooks():
        cells = nbformat.read(notebook, as_version=4).cells
        tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
        assert len(tagged) == 1, notebook.name
        names = {line.split("=")[0].strip() for line in tagged[0].source.splitlines()}
        assert names == agreed, notebook.name


def test_committed_notebooks_hold_no_image_path_or_date():
    for notebook in all_notebooks():
        text = notebook.read_text(encoding="utf-8")
        assert "data:image" not in text and "image/png" not in text, notebook.name
        assert not any(f'"/{top}/' in text for top in ("home", "root", "tmp", "work")), notebook.name


def test_parameters_are_read_as_values_and_text_stays_text(tmp_path):
    cell = new_code_cell('authority = ""\nfrom_year = 2016', metadata={"tags": ["parameters"]})
    path = save(tmp_path, cell)
    given = parse_parameters(["authority=501", "from_year=2020"])
    assert conform_parameters(path, given) == {"authority": "501", "from_year": 2020}
    with pytest.raises(NotebookError, match="no parameter 'year'"):
        conform_parameters(path, {"year": 1})
    with pytest.raises(NotebookError, match="name=value"):
        parse_parameters(["year"])


def test_what_is_committed_has_no_image_and_no_run_of_its_own():
    html = '<img src="data:image/png;base64,AAAA" alt="x"><a href="data:text/csv;base64,BBBB">Download</a>'
    output = new_output("display_data", {"text/html": html, "image/png": "AAAA"})
    log = new_output("stream", name="stderr", text="50%")
    source = new_notebook(cells=[new_code_cell("1"), new_code_cell("2", metadata={"tags": [gate_tag]})])
    done = new_notebook(
        cells=[new_code_cell("1", outputs=[output, log]), new_code_cell("2", outputs=[output])]
    )
    result = committed(source, done)
    assert [len(cell.outputs) for cell in result.cells] == [1, 0]
    assert result.cells[0].outputs[0].data == {"text/html": strip_data(html)}
    assert "AAAA" not in strip_data(html) and "BBBB" not in strip_data(html)


gate_tag = "nbval-ignore-output"


def test_the_gate_refuses_an_identifier_and_does_not_repeat_it(tmp_path):
    child = pd.DataFrame({"authority": ["501"], "child_id": ["C5010000017"], "upn": ["A123456789012"]})
    write_store({"children": child}, tmp_path / "store", {"synthetic": False})
    store = read_store(tmp_path / "store")
    shown = new_output("stream", text="child C5010000017 was seen")
    path = save(tmp_path, new_code_cell("x", outputs=[shown]))
    with pytest.raises(NotebookError, match="cell 1") as error:
        gate.refuse_identifiers(path, store)
    assert "C5010000017" not in str(error.value)
    gate.refuse_identifiers(
        save(tmp_path, new_code_cell("x", outputs=[new_output("stream", text="17 children")])), store
    )


def test_the_gate_knows_people_of_every_data_set_and_their_addresses(tmp_path):
    person = {"dataset": "health", "record_id": "HE000000017", "person_id": "H387420489"}
    written = pd.DataFrame([{**person, "nhs_number": "5000000019", "postcode": "AG10 1AB"}])
    pupils = pd.DataFrame({"pupil_id": ["P000000123"]})
    write_store({"person_links": written, "pupils": pupils}, tmp_path / "store", {"synthetic": False})
    store = read_store(tmp_path / "store")
    for shown in ("H387420489", "5000000019", "at AG10 1AB.", "P000000123", "HE000000017"):
        path = save(tmp_path, new_code_cell("x", outputs=[new_output("stream", text=shown)]))
        with pytest.raises(NotebookError, match="cell 1"):
            gate.refuse_identifiers(path, store)
    path = save(tmp_path, new_code_cell("x", outputs=[new_output("stream", text="AG10 has 5000 people")]))
    gate.refuse_identifiers(path, store)
