import shutil
import sys
from types import ModuleType

import pandas as pd
import pytest

from helpers import data
from helpers.sources.store import StoreError, write_store


def small_store(path, synthetic=True):
    rows = pd.DataFrame({"authority": ["501"], "child_id": ["A1"]})
    return write_store({"children": rows}, path, {"synthetic": synthetic})


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project's folder of its own, and a working directory outside it."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(data, "project_root", lambda: tmp_path / "project")
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def stand_in(monkeypatch, name, **functions):
    """Put a module in place of one that makes stores, so that no real one is made here."""
    module = ModuleType(name)
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, name, module)
    parent, _, child = name.rpartition(".")
    monkeypatch.setattr(sys.modules[parent], child, module, raising=False)


def test_a_store_is_opened_by_its_folder_and_says_nothing(root, capsys):
    store = data.open_store(small_store(root / "mine"))
    assert store.children.count().execute() == 1 and store.synthetic
    assert capsys.readouterr() == ("", "")


def test_a_relative_path_is_found_from_the_project_too(root):
    small_store(root / "outputs" / "mine")
    assert data.open_store("outputs/mine").children.count().execute() == 1


def test_the_default_store_is_built_once(root, monkeypatch, capsys):
    built = []

    def build(out, progress):
        built.append(progress)
        return small_store(out)

    stand_in(monkeypatch, "helpers.synth", build=build)
    assert data.open_store().synthetic
    assert "data_synthetic/store" in capsys.readouterr().out
    data.open_store()
    assert built == [True] and capsys.readouterr().out == ""


def test_no_message_shows_where_on_the_machine_the_project_lies(root, monkeypatch, capsys):
    stand_in(monkeypatch, "helpers.synth", build=lambda out, progress: small_store(out))
    data.open_store()
    assert str(root.parent) not in capsys.readouterr().out


def test_official_files_are_imported_once_until_they_change(root, monkeypatch, tmp_path):
    imported = []

    def import_returns(paths, store, **_):
        imported.append(paths)
        small_store(store, synthetic=False)

    stand_in(monkeypatch, "helpers.sources.importing", import_returns=import_returns)
    returns = tmp_path / "returns"
    returns.mkdir()
    (returns / "cin.xml").write_text("<Message/>")
    first, again = data.open_store(returns), data.open_store(returns)
    assert len(imported) == 1 and first.path == again.path
    assert first.path.parent == root / "outputs" / "stores" and first.path.name.startswith("returns-")
    (returns / "cin.xml").write_text("<Message></Message>")
    assert data.open_store(returns).path != first.path and len(imported) == 2


def test_a_name_that_is_nothing_gets_one_clear_sentence(root):
    with pytest.raises(StoreError, match="no file or folder called 'nowhere'"):
        data.open_store("nowhere")


def test_an_empty_folder_gets_one_clear_sentence(root, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="empty holds no files"):
        data.open_store(tmp_path / "empty")


def test_the_checksum_depends_on_contents_and_names_only(tmp_path):
    one, two = tmp_path / "x" / "returns", tmp_path / "y" / "returns"
    one.mkdir(parents=True)
    (one / "a.csv").write_text("1")
    (one / ".hidden").write_text("?")
    shutil.copytree(one, two)
    (two / ".hidden").unlink()
    assert data._checksum(one, data._files(one)) == data._checksum(two, data._files(two))


def test_the_package_knows_its_project():
    assert (data.project_root() / "pyproject.toml").is_file()
