"""Runs the validation rules over returns and gathers what they find."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pandas as pd

from helpers.sources.canonical import CHILD_COLUMNS, to_canonical
from helpers.sources.discover import find_returns
from helpers.sources.returns import ReadError, Return
from helpers.sources.rules import FINDING_COLUMNS, RULES, Checked, Rule, prepare
from helpers.sources.rules import cin as _cin  # noqa: F401  (importing registers the rules)
from helpers.sources.rules import ssda903 as _ssda903  # noqa: F401

SEVERITIES = ["error", "query", "internal"]


@dataclass
class CheckReport:
    """What was read, and what is wrong with it."""

    returns: list[Return] = field(default_factory=list)
    findings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FINDING_COLUMNS))
    quarantine: pd.DataFrame = field(default_factory=pd.DataFrame)
    notices: list[str] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    synthetic: bool = False


def check(
    paths: str | Path | list[str | Path], authority: str | None = None, year: int | None = None
) -> CheckReport:
    """Read returns and run every rule of their year over them.

    Parameters
    ----------
    paths : path or list of paths
        Files or folders. Returns of one authority in consecutive years are compared where a rule says so.
    authority, year : optional
        Whose and of which year the SSDA903 returns are; see `helpers.sources.discover`.

    Returns
    -------
    CheckReport
        A file that cannot be read is among the failures; the others are checked all the same.
    """
    found = find_returns(paths, authority, year)
    report = CheckReport(skipped=found.skipped)
    report.failures = [(path.name, why) for path, why in found.failures]
    for source in found.sources:
        try:
            report.returns.append(source.read())
        except ReadError as error:
            report.failures.append((source.label, str(error)))
            continue
        report.notices += source.notices
        report.failures += source.failures
    report.synthetic = bool(found.sources) and all(source.synthetic for source in found.sources)
    return check_returns(report)


def check_returns(report: CheckReport) -> CheckReport:
    """Fill in findings and quarantine of a report whose returns have been read."""
    findings = [run_rules(ret, previous) for ret, previous in _with_previous(report.returns)]
    quarantine = [to_canonical(ret)[1] for ret in report.returns]
    report.findings = _joined(findings, report.findings)
    report.quarantine = _joined(quarantine, report.quarantine)
    return report


def run_rules(ret: Return, previous: Return | None = None) -> pd.DataFrame:
    """Return every finding of every rule that holds in the return's year.

    Parameters
    ----------
    ret : Return
    previous : Return, optional
        The same authority's return of the year before.

    Returns
    -------
    pandas.DataFrame
        One row per finding; columns FINDING_COLUMNS. A rule that could not be run gives one row with
        severity "internal".
    """
    checked = prepare(ret, previous)
    holding = [r for r in RULES if r.collection == ret.collection and r.applies(ret.year)]
    found = [_run(rule, checked) for rule in holding if checked.previous or not rule.needs_previous]
    found = [rows for rows in found if len(rows)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=FINDING_COLUMNS)


def _run(rule: Rule, checked: Checked) -> pd.DataFrame:
    rows = checked.raw[rule.table]
    try:
        broken = rule.find(checked).reindex(rows.index).fillna(False).astype(bool)
    except Exception as error:  # one rule must not stop the others
        return _could_not_run(rule, checked, error)
    rows = rows[broken.to_numpy()]
    named = [name for name in rule.fields if name in rows]
    shown = [name + "=" + rows[name].fillna("") for name in named]
    return pd.DataFrame(
        {
            "rule": rule.number, "severity": rule.severity, "collection": rule.collection,
            "year": checked.year, "authority": checked.source.authority, "file": rows["file"],
            "table": rule.table, "record": rows["record"], "child": rows[CHILD_COLUMNS[rule.collection]],
            "fields": ", ".join(named), "values": shown[0].str.cat(shown[1:], sep=", ") if shown else "",
            "reason": rule.reason,
        }
    )  # fmt: skip


def _could_not_run(rule: Rule, checked: Checked, error: Exception) -> pd.DataFrame:
    row = dict.fromkeys(FINDING_COLUMNS, "") | {
        "rule": rule.number, "severity": "internal", "collection": rule.collection, "year": checked.year,
        "authority": checked.source.authority, "table": rule.table, "record": pd.NA,
        "reason": f"This rule could not be run here ({type(error).__name__}: {error}).",
    }  # fmt: skip
    return pd.DataFrame([row])


def _with_previous(returns: list[Return]) -> list[tuple[Return, Return | None]]:
    """Pair each return with the same authority's return of the year before, where it was given."""
    ordered = sorted(returns, key=lambda r: (r.collection, r.authority, r.year))
    pairs = []
    for _, group in groupby(ordered, key=lambda r: (r.collection, r.authority)):
        by_year: dict[int, Return] = {}
        for ret in group:
            pairs.append((ret, by_year.get(ret.year - 1)))
            by_year[ret.year] = ret
    return pairs


def _joined(parts: list[pd.DataFrame], empty: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else empty
