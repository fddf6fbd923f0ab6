"""Tells a person what was read, what was imported and what is wrong: on the terminal, as a page, as CSV."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd
from jinja2 import Environment
from rich.console import Console
from rich.table import Table

from helpers.sources.canonical import models_of
from helpers.sources.checking import SEVERITIES, CheckReport, check, check_returns
from helpers.sources.importing import ImportReport, import_returns
from helpers.sources.returns import Return

MOST_ON_PAGE = 200  # findings of one rule shown on the page; all are in the CSV file
MOST_RULES = 25  # rules shown on the terminal


def check_command(
    paths: list[Path], out: Path, authority: str | None = None, year: int | None = None, strict: bool = False
) -> int:
    """Check returns, print a summary and write the report; return the exit code.

    Returns
    -------
    int
        2 when a file could not be read or nothing was found, 1 when `strict` and a rule is broken, else 0.
    """
    report = check(paths, authority, year)
    _print_check(report, write_report(report, out))
    if report.failures or not report.returns:
        return 2
    return 1 if strict and len(report.findings) else 0


def import_command(
    paths: list[Path], store: Path, authority: str | None = None, year: int | None = None
) -> int:
    """Import returns and print what came of it with every fault found; return the exit code."""
    done = import_returns(paths, store, authority=authority, year=year)
    report = CheckReport(done.read, notices=done.notices, skipped=done.skipped, failures=done.failures)
    page = write_report(check_returns(report), store.with_name(store.name + "_report"))
    _print_check(report, page)
    _print_import(done)
    return 2 if done.failures else 0


def write_report(report: CheckReport, out: Path) -> Path:
    """Write check.html, findings.csv and quarantine.csv; return the page."""
    out.mkdir(parents=True, exist_ok=True)
    report.findings.to_csv(out / "findings.csv", index=False)
    report.quarantine.to_csv(out / "quarantine.csv", index=False)
    counted = by_rule(report.findings).to_dict("records")
    template = Environment(autoescape=True).from_string(
        files("helpers.sources").joinpath("templates/check.html").read_text(encoding="utf-8")
    )
    page = out / "check.html"
    page.write_text(
        template.render(
            report=report, reads=[_what_was_read(r) for r in report.returns], most=MOST_ON_PAGE,
            rules=[(row, _records(report.findings, row)) for row in counted],
            aside=by_reason(report.quarantine).to_dict("records"),
        ),
        encoding="utf-8",
    )  # fmt: skip
    return page


def by_rule(findings: pd.DataFrame) -> pd.DataFrame:
    """Return findings counted by severity, collection, year and rule, the gravest and most frequent first."""
    columns = ["severity", "collection", "year", "rule", "table", "reason"]
    counted = findings.groupby(columns, dropna=False).size().rename("records").reset_index()
    order = counted["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    return counted.assign(order=order).sort_values(["order", "records"], ascending=[True, False])


def by_reason(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Return what was set aside, counted by table, kind and reason."""
    if quarantine.empty:
        return pd.DataFrame(columns=["collection", "year", "table", "kind", "reason", "records"])
    columns = ["collection", "year", "table", "kind", "reason"]
    counted = quarantine.groupby(columns, dropna=False).size().rename("records").reset_index()
    return counted.sort_values("records", ascending=False)


def _records(findings: pd.DataFrame, row: dict) -> list[dict]:
    same = (findings["rule"] == row["rule"]) & (findings["year"] == row["year"])
    same &= (findings["collection"] == row["collection"]) & (findings["severity"] == row["severity"])
    shown = findings[same].head(MOST_ON_PAGE)
    return shown[["file", "record", "child", "values"]].astype("string").fillna("").to_dict("records")


def _what_was_read(ret: Return) -> dict:
    models = models_of(ret.collection)
    known = {model.source_table(ret.collection): model.table_name().replace("_", " ") for model in models}
    counts = {known[name]: len(rows) for name, rows in ret.tables.items() if len(rows)}
    return {"name": ret.name, "files": ", ".join(f.name for f in ret.files), "counts": counts}


def _print_check(report: CheckReport, page: Path) -> None:
    console = Console()
    for read in [_what_was_read(r) for r in report.returns]:
        counts = ", ".join(f"{n:,} {name}" for name, n in read["counts"].items())
        console.print(f"[bold]{read['name']}[/bold]: {counts}", highlight=False)
    for notice in dict.fromkeys(report.notices):
        console.print(f"Note: {notice}", highlight=False)
    for path, why in report.skipped:
        console.print(f"Left out: {path.name}, because {why}.", highlight=False)
    for label, why in report.failures:
        console.print(f"[red]Not read[/red]: {label}: {why}", highlight=False)
    if report.returns:
        _print_findings(console, report)
        console.print(f"All of it, record by record: {page}", highlight=False, soft_wrap=True)


def _print_findings(console: Console, report: CheckReport) -> None:
    counted = by_rule(report.findings)
    if counted.empty and report.quarantine.empty:
        console.print("No rule is broken and every record could be read.")
        return
    table = Table(
        "Severity", "Return", "Rule", "Records", "What is wrong", title="What is wrong", title_justify="left"
    )
    for row in counted.head(MOST_RULES).to_dict("records"):
        kind = f"{row['collection']} {row['year']}"
        table.add_row(row["severity"], kind, row["rule"], f"{row['records']:,}", row["reason"])
    console.print(table)
    if len(counted) > MOST_RULES:
        console.print(f"and {len(counted) - MOST_RULES} more rules; see the page.")
    aside = by_reason(report.quarantine)
    for row in aside.head(MOST_RULES).to_dict("records"):
        what = {"record": "records set aside", "value": "values left empty"}.get(
            row["kind"], "pieces not read"
        )
        console.print(f"{row['table']}: {row['records']:,} {what}. {row['reason']}", highlight=False)


def _print_import(done: ImportReport) -> None:
    console = Console()
    for label in done.known:
        console.print(f"{label} is in the store already.", highlight=False)
    if len(done.returns):
        sums = done.returns[["read", "accepted", "quarantined", "superseded"]].sum()
        console.print(
            f"{sums['read']:,} records read = {sums['accepted']:,} accepted + {sums['quarantined']:,} set "
            f"aside; {sums['superseded']:,} replaced by a later return; "
            f"{len(done.conflicts):,} values in conflict.",
            highlight=False,
        )
    console.print(f"The store is {done.store}.", highlight=False, soft_wrap=True)
