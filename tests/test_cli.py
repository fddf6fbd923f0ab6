import json

import pytest
from typer.testing import CliRunner

from helpers import cli
from helpers.runner.runs import new_notebook

COMMANDS = ["synth", "check", "import", "run", "refresh", "book", "lab", "test", "new"]


def run(*arguments):
    return CliRunner().invoke(cli.app, list(arguments))


def test_help_names_every_command():
    text = run("--help").output
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", ["synth", "check", "import", "run", "new"])
def test_each_help_has_an_example(command):
    assert f"compendium {command}" in run(command, "--help").output


def test_an_unreadable_file_ends_with_code_2_and_one_sentence(tmp_path):
    bad = tmp_path / "bad.xml"
    bad.write_text("<Message><Children>")
    result = run("check", str(bad), "--out", str(tmp_path / "report"))
    assert result.exit_code == 2 and "bad.xml" in result.output and "Traceback" not in result.output


def test_an_unknown_notebook_or_parameter_is_named(capsys):
    for arguments, words in [
        (("run", "77"), "no notebook"),
        (("run", "41", "-p", "nonsense=1"), "no parameter"),
    ]:
        result = run(*arguments)
        assert result.exit_code == 2
        assert words in capsys.readouterr().err + result.output


def test_a_new_notebook_gets_the_next_number_and_its_title(tmp_path):
    first = new_notebook("Our care leavers", folder=tmp_path)
    second = new_notebook("Our care leavers", folder=tmp_path)
    assert (first.name, second.name) == ("51_our_care_leavers.ipynb", "52_our_care_leavers.ipynb")
    assert "51 · Our care leavers" in json.loads(first.read_text())["cells"][0]["source"][0]
