"""The research agenda: every question, and which notebook answers it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

import nbformat
import pandas as pd
import yaml

STUDIES, DATA = "Named studies", "Questions about the data"


@cache
def questions() -> pd.DataFrame:
    """Return every question.

    Returns
    -------
    pandas.DataFrame
        id, topic, question, planned (number of the notebook that answers it or will); all text.
    """
    listed = yaml.safe_load(files("helpers").joinpath("agenda.yml").read_text(encoding="utf-8"))
    rows = []
    for number, question in listed["questions"].items():
        topic = listed["topics"][number.split(".")[0]]
        rows.append((number, f"{number.split('.')[0]}. {topic['title']}", question, topic["in"]))
    for part, title in (("studies", STUDIES), ("data", DATA)):
        rows += [(number, title, about["question"], about["in"]) for number, about in listed[part].items()]
    return pd.DataFrame(rows, columns=["id", "topic", "question", "planned"])


def coverage(notebooks: Path) -> pd.DataFrame:
    """Return which notebooks answer which question, as their metadata say.

    Parameters
    ----------
    notebooks : Path
        Folder of notebooks; each may hold ``"compendium": {"answers": [ids], "part": [ids]}``.

    Returns
    -------
    pandas.DataFrame
        `questions` with answered and partly (lists of notebook names) and status: "answered", "partly" or
        "planned".

    Raises
    ------
    ValueError
        When a notebook names an id that there is not.
    """
    found: dict[str, dict[str, list[str]]] = {"answers": {}, "part": {}}
    known = set(questions()["id"])
    for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb")):
        about = nbformat.read(path, as_version=4).metadata.get("compendium", {})
        for kind, by_id in found.items():
            for number in about.get(kind, []):
                if number not in known:
                    raise ValueError(f"{path.name} names question {number!r}, which is not in agenda.yml.")
                by_id.setdefault(number, []).append(path.stem)
    table = questions().copy()
    table["answered"] = [found["answers"].get(number, []) for number in table["id"]]
    table["partly"] = [found["part"].get(number, []) for number in table["id"]]
    status = table["answered"].map(bool).map({True: "answered", False: "planned"})
    return table.assign(
        status=status.mask(~table["answered"].map(bool) & table["partly"].map(bool), "partly")
    )


def page(notebooks: Path) -> str:
    """Return the page that lists every question and where it is answered, in Markdown."""
    table = coverage(notebooks)
    counts = table["status"].value_counts()
    parts = [
        "# Every question, and where it is answered",
        f"Of {len(table)} questions, {counts.get('answered', 0)} are answered in full and "
        f"{counts.get('partly', 0)} in part so far; for the others the notebook that will answer them is "
        "named. The [data sets](flagship_datasets.md) name the questions they serve by the same ids.",
    ]
    for topic, rows in table.groupby("topic", sort=False):
        parts += [
            f"## {topic}",
            "| | Question | Where |\n|---|---|---|\n" + "\n".join(map(_line, rows.to_dict("records"))),
        ]
    return "\n\n".join(parts) + "\n"


def _line(row: dict[str, object]) -> str:
    full = [_link(name) for name in row["answered"]]
    part = [f"in part: {_link(name)}" for name in row["partly"]]
    where = ", ".join(full + part) or f"planned: notebook {row['planned']}"
    return f"| {row['id']} | {row['question']} | {where} |"


def _link(name: str) -> str:
    return f"[{name[:2]}](notebooks/{name}.ipynb)"
