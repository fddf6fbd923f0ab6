"""The bundle for an output checker: what is to leave, what it rests on, the rule applied, and checksums.

Laid out as a checker reads it::

    index.md          what is asked for, output by output
    manifest.json     the same for programs, with a checksum for every file
    release/          what is to leave: tables as CSV, figures as PNG with the table behind them
    evidence/         what stays: the counts underneath, for the checker's eyes alone
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of
from helpers.disclosure.verdicts import check_counts, count_columns, verdicts

_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


class NotSafe(ValueError):
    """An output fails the rule and no reason for an exception was written."""


@dataclass(frozen=True)
class Output:
    """One table or figure that is to leave.

    Parameters
    ----------
    name : str
        Name of its files: small letters, digits and underscores.
    frame : pandas.DataFrame
        What is to leave: the table, or the table behind the figure.
    description : str
        What it shows, in a sentence.
    population : str
        Whom it describes, and where they come from.
    filters : str
        Who was left out.
    applied : str
        What disclosure control did: the sentence `suppress` and its like return.
    counts : sequence of str, optional
        The columns of `frame` that hold counts; else known by their names (see `count_columns`).
    underlying : pandas.DataFrame, optional
        The counts before suppression. They stay.
    degrees_of_freedom : int, optional
        Residual degrees of freedom of a model.
    verdict : pandas.DataFrame, optional
        Further checks, as `check_cox` and its like return them; those of the counts are added.
    exception : str
        Why it should leave although it fails.
    figure : matplotlib.figure.Figure, optional
    """

    name: str
    frame: pd.DataFrame
    description: str
    population: str
    filters: str = "none"
    applied: str = ""
    counts: Sequence[str] | None = None
    underlying: pd.DataFrame | None = None
    degrees_of_freedom: int | None = None
    verdict: pd.DataFrame = field(default_factory=lambda: verdicts([]))
    exception: str = ""
    figure: Figure | None = None


def bundle(
    folder: str | Path, outputs: Sequence[Output], rule: int | str | Profile, *, title: str, date: str = ""
) -> Path:
    """Write outputs with all that a checker asks for, or nothing at all.

    The same outputs give the same bytes; a date stands in the manifest where one is given.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder that does not exist or is empty.
    outputs : sequence of Output
    rule : int, str or Profile
        The rule that all of them must pass.
    title : str
        What is asked for, and for what.
    date : str
        The day of asking.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    NotSafe
        When an output fails the rule and gives no reason for an exception.
    FileExistsError
        When the folder holds something.
    ValueError
        For no outputs, names that can't be file names or come twice, or a description or population left out.
    """
    rule, folder = profile_of(rule), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty: give a new folder, so that nothing is mixed up.")
    _check_outputs(outputs)
    judged = [_judge(output, rule) for output in outputs]
    _refuse(outputs, judged)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        entries = [_write(output, found, Path(made)) for output, found in zip(outputs, judged, strict=True)]
        manifest = {"title": title, "date": date, "rule": asdict(rule) | {"unconfirmed": rule.unconfirmed},
                    "outputs": entries}  # fmt: skip
        (Path(made) / "index.md").write_text(_index(manifest, judged), encoding="utf-8", newline="\n")
        manifest["files"] = {name: _checksum(Path(made) / name) for name in _files(Path(made))}
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        (Path(made) / "manifest.json").write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        shutil.copytree(made, folder)
    return folder


def verify(folder: str | Path) -> pd.DataFrame:
    """Check a bundle again: every file against its checksum, every table that leaves against the rule.

    Returns
    -------
    pandas.DataFrame
        file, check ("checksum" or a rule), pass (bool), found (str). A file that the manifest does not know
        fails; a table that fails the rule passes only where its exception is written in the manifest.

    Raises
    ------
    FileNotFoundError
        When the folder has no manifest.
    """
    folder = Path(folder)
    if not (folder / "manifest.json").is_file():
        raise FileNotFoundError(f"{folder} holds no manifest.json: it is not a bundle.")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    expected, there = manifest["files"], set(_files(folder)) - {"manifest.json"}
    lines = []
    for name in sorted(set(expected) | there):
        found = _state(folder, name, expected, there)
        lines.append({"file": name, "check": "checksum", "pass": found == "as written", "found": found})
    rule = _rule(manifest["rule"])
    for entry in manifest["outputs"]:
        if entry["table"] in there:
            lines += _again(folder, entry, rule)
    return pd.DataFrame(lines)


def _check_outputs(outputs: Sequence[Output]) -> None:
    if not outputs:
        raise ValueError("There are no outputs to bundle.")
    for output in outputs:
        if not _NAME.fullmatch(output.name):
            raise ValueError(
                f"The name {output.name!r} can't name files: use small letters, digits and underscores."
            )
        if not (output.description.strip() and output.population.strip()):
            raise ValueError(f"The output {output.name!r} needs a description and a population.")
        lacking = [column for column in output.counts or () if column not in output.frame]
        if lacking:
            raise ValueError(f"The output {output.name!r} has no columns {', '.join(lacking)}.")
    names = [output.name for output in outputs]
    if len(set(names)) < len(names):
        raise ValueError("Two outputs have the same name.")


def _judge(output: Output, rule: Profile) -> pd.DataFrame:
    parts = [check_counts(output.frame, rule, output.counts, output.name), output.verdict]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _refuse(outputs: Sequence[Output], judged: Sequence[pd.DataFrame]) -> None:
    bad = []
    for output, found in zip(outputs, judged, strict=True):
        failed = found[~found["pass"].astype(bool)]
        if len(failed) and not output.exception.strip():
            first = failed.iloc[0]
            found_there = f"{first['rule']}: {first['value']:g}, limit {first['limit']:g}; {first['advice']}"
            bad.append(f"{output.name} ({found_there})")
    if bad:
        raise NotSafe(f"Nothing was written. These fail the rule and give no reason: {'; '.join(bad)}.")


def _write(output: Output, found: pd.DataFrame, folder: Path) -> dict[str, object]:
    entry = {
        "name": output.name,
        "kind": "figure" if output.figure is not None else "table",
        "table": _csv(output.frame, folder / "release" / f"{output.name}.csv", folder),
        "figure": None,
        "evidence": None,
        "rows": len(output.frame),
        "counts": count_columns(output.frame) if output.counts is None else list(output.counts),
        "description": output.description,
        "population": output.population,
        "filters": output.filters,
        "applied": output.applied,
        "degrees_of_freedom": output.degrees_of_freedom,
        "status": "passes" if found["pass"].all() else "exception asked for",
        "exception": output.exception,
        "verdict": _plain(found),
    }
    if output.figure is not None:
        path = folder / "release" / f"{output.name}.png"
        # Without the drawing program's version, the same figure gives the same bytes.
        output.figure.savefig(path, dpi=150, metadata={"Software": None})
        entry["figure"] = path.relative_to(folder).as_posix()
    if output.underlying is not None:
        entry["evidence"] = _csv(output.underlying, folder / "evidence" / f"{output.name}.csv", folder)
    return entry


def _csv(frame: pd.DataFrame, path: Path, folder: Path) -> str:
    path.parent.mkdir(exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path.relative_to(folder).as_posix()


def _plain(found: pd.DataFrame) -> list[dict[str, object]]:
    """Return a verdict as JSON can hold it: an infinite limit is no limit."""
    finite = found.astype(object).where(~found.isin([float("inf"), float("-inf")]), None)
    return finite.to_dict("records")


def _index(manifest: dict, judged: Sequence[pd.DataFrame]) -> str:
    rule = manifest["rule"]
    lines = [
        f"# {manifest['title']}",
        "",
        *([f"Asked for on {manifest['date']}.", ""] if manifest["date"] else []),
        f"Rule: {rule['name']}; counts below {rule['min_cell']} are not shown, zeros "
        f"{'may' if rule['zeros'] else 'may not'} be shown, "
        f"{'rounded to ' + str(rule['round_to']) if rule['round_to'] else 'not rounded'}. {rule['source']}",
        "",
        "What is in `release/` is to leave. What is in `evidence/` is for the checker and stays.",
        "",
    ]
    for entry, found in zip(manifest["outputs"], judged, strict=True):
        facts = {
            "Population": entry["population"],
            "Left out": entry["filters"],
            "Disclosure control": entry["applied"] or "none was needed",
            "Degrees of freedom": entry["degrees_of_freedom"],
            "Files": ", ".join(name for name in (entry["table"], entry["figure"]) if name),
            "Counts underneath": entry["evidence"],
            "Status": entry["status"],
            "Reason for the exception": entry["exception"],
        }
        lines += [f"## {entry['name']}", "", entry["description"], ""]
        lines += [f"- {name}: {fact}" for name, fact in facts.items() if fact not in (None, "")]
        lines += ["", "| Check | Found | Limit | Passes |", "|---|---:|---:|---|"]
        for line in found.rename(columns={"pass": "passes"}).itertuples():
            answer = "yes" if line.passes else f"no: {line.advice}"
            lines.append(f"| {line.rule} | {line.value:g} | {line.limit:g} | {answer} |")
        lines.append("")
    return "\n".join(lines)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _state(folder: Path, name: str, expected: dict[str, str], there: set[str]) -> str:
    if name not in there:
        return "missing"
    if name not in expected:
        return "not in the manifest"
    return "as written" if _checksum(folder / name) == expected[name] else "changed"


def _rule(told: dict) -> Profile:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    values.pop("unconfirmed")
    return Profile(**values)


def _again(folder: Path, entry: dict, rule: Profile) -> list[dict[str, object]]:
    table = pd.read_csv(folder / entry["table"])
    found = check_counts(table, rule, entry["counts"], entry["name"])
    excused = bool(entry["exception"])
    return [
        {"file": entry["table"], "check": line.rule, "pass": bool(line.passes) or excused,
         "found": f"{line.value:g}" + (" (exception)" if excused and not line.passes else "")}
        for line in found.rename(columns={"pass": "passes"}).itertuples()
    ]  # fmt: skip
