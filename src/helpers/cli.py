"""The command line `compendium`. Commands import what they need when they run, so that help is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Children's Social Care Research Compendium: check returns, run notebooks, build the book.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)

Paths = Annotated[
    list[Path], typer.Argument(help="Files or folders of official returns.", show_default=False)
]
Authority = Annotated[str | None, typer.Option(help="Whose SSDA903 this is, e.g. 501 (the files don't say).")]
Year = Annotated[int | None, typer.Option(help="Collection year of the SSDA903, by the year it ends in.")]


def main() -> None:
    """Run the command line; a known error is one sentence and exit code 2."""
    from helpers.sources.returns import ReadError
    from helpers.sources.store import StoreError

    try:
        app()
    except (ReadError, StoreError) as error:
        _stop(str(error))


@app.command()
def synth(
    children: Annotated[int | None, typer.Option(help="Children aged 0-17 in the made-up country.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder of the store.")] = Path("data_synthetic/store"),
    faults: Annotated[
        str,
        typer.Option(
            help="Faults of the records, and of the official files: **realistic**, as real ones have them, "
            "each logged; or **none**."
        ),
    ] = "realistic",
    export: Annotated[
        str | None,
        typer.Option(
            help="Also write official files: of one authority (**501**) or several (**501,502**), of **all** "
            "with the published tables, or the **published** tables alone.",
            show_default=False,
        ),
    ] = None,
    export_to: Annotated[Path, typer.Option(help="Folder of the official files.")] = Path("outputs/returns"),
    export_from: Annotated[
        int, typer.Option(help="First collection year of the official files, by the year it ends in.")
    ] = 2022,
) -> None:
    """Build the synthetic country and, if asked, write official files from it.

    The official files of an authority are a CIN Census (XML), an SSDA903 and a workforce census (CSV) a year.
    With realistic faults, `faults.csv` beside them lists each, and the rule of `compendium check` that finds
    it. The published tables have the layout of the DfE's open data.

    Examples: `compendium synth`, `compendium synth --children 200000 --seed 7 --out big_store`,
    `compendium synth --export 501 --export-to my_returns`, `compendium synth --faults none --export all`
    """
    from helpers import synth as country
    from helpers.synth.export import export as export_files
    from helpers.synth.export import years_from

    try:
        years = years_from(export_from)
        store = country.build(
            out, seed=seed, faults=faults, **({} if children is None else {"children": children})
        )
    except ValueError as error:
        _stop(str(error))
    print(f"The synthetic country is in {store}.")
    if export:
        export_files(store, export, export_to, years, faults=faults == "realistic")
        print(f"{WHAT.get(export, f'The official files of authority {export} are')} in {export_to}.")


WHAT = {
    "all": "The official files of every authority, and the published tables, are",
    "published": "The published tables are",
}


@app.command()
def check(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("check_report"),
    authority: Authority = None,
    year: Year = None,
    strict: Annotated[bool, typer.Option(help="Exit code 1 when a rule is broken.")] = False,
) -> None:
    """Read official returns and say what is wrong, by rule, with file, record and reason.

    Writes check.html and CSV files beside it. Nothing leaves this machine.

    Examples: `compendium check my_cin.xml`, `compendium check folder_of_returns --out report`
    """
    from helpers.sources.report import check_command

    raise typer.Exit(check_command(paths, out, authority, year, strict))


@app.command("import")
def import_(
    paths: Paths,
    store: Annotated[Path, typer.Option(help="Folder of the store; made, or added to.", show_default=False)],
    authority: Authority = None,
    year: Year = None,
) -> None:
    """Read official returns of any years and authorities into one store.

    Examples: `compendium import my_returns --store my_store`,
    `compendium import 903_csvs --authority 501 --year 2024 --store my_store`
    """
    from helpers.sources.report import import_command

    raise typer.Exit(import_command(paths, store, authority, year))


@app.command()
def run(
    notebooks: Annotated[list[str], typer.Argument(help="Numbers (41) or paths.", show_default=False)],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value, as often as needed.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("outputs/runs"),
) -> None:
    """Run notebooks, with other data or parameters, and write each as a notebook and as a page.

    Examples: `compendium run 41`, `compendium run 41 -p data=my_returns -p from_year=2022`
    """
    from helpers.runner.runs import run_and_publish

    raise typer.Exit(_say_errors(lambda: run_and_publish(notebooks, parameter or [], out)))


@app.command()
def refresh(notebooks: Annotated[list[str], typer.Argument(help="Numbers or paths.")]) -> None:
    """Execute notebooks and write back the outputs that are committed (for those who write notebooks).

    Example: `compendium refresh 31 32`
    """
    from helpers.runner.execute import refresh as refresh_one
    from helpers.runner.project import find_notebook

    def all_of_them() -> int:
        for name in notebooks:
            notebook = find_notebook(name)
            print(f"{notebook.stem}: {refresh_one(notebook):.0f} s")
        return 0

    raise typer.Exit(_say_errors(all_of_them))


@app.command()
def book() -> None:
    """Build the book: store, notebooks and pages, as far as they are out of date."""
    from helpers.runner.build import build_book

    raise typer.Exit(build_book())


@app.command()
def lab() -> None:
    """Open JupyterLab at notebook 00."""
    from helpers.runner.runs import open_lab

    raise typer.Exit(open_lab())


@app.command()
def test() -> None:
    """Run every check: style, layers, unit tests and the committed notebooks."""
    from helpers.runner.checks import run_checks

    raise typer.Exit(run_checks())


@app.command()
def new(
    title: Annotated[str, typer.Argument(help='Title, e.g. "Our care leavers".', show_default=False)],
    number: Annotated[int | None, typer.Option(help="Two-digit number; the next free from 51.")] = None,
) -> None:
    """Start a numbered notebook from the template.

    Example: `compendium new "Our care leavers" --number 44`
    """
    from helpers.runner.runs import new_notebook

    def make() -> int:
        print(f"Start here: {new_notebook(title, number)}")
        return 0

    raise typer.Exit(_say_errors(make))


def _say_errors(action: Callable[[], int]) -> int:
    from helpers.runner.project import NotebookError
    from helpers.sources.store import StoreError

    try:
        return action()
    except (NotebookError, StoreError) as error:
        _stop(str(error))


def _stop(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)
