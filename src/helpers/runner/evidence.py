"""The page of the book that shows what the models recover and how fast they are, from committed figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.labels import PLANTED, term_label
from helpers.runner.project import ROOT

BENCHMARKS = ROOT / "benchmarks"


def files() -> list[Path]:
    """Return the figures that the page is made of."""
    return sorted(file for file in BENCHMARKS.iterdir() if file.suffix in {".csv", ".json"})


def page() -> str:
    """Return the page in Markdown."""
    return "\n".join(
        [
            "# How right, how fast\n",
            "What this page shows was measured on two cores by the scripts in `benchmarks/` and is committed "
            "with them. Each can be run again with one command.\n",
            _recovery(recovered()),
            "## How fast\n",
            _latent_classes(_figures("latent_class")),
            _cox(_figures("cox")),
            _country(_figures("synthetic_country")),
        ]
    )


def recovered() -> pd.DataFrame:
    """Return what each model recovers of each planted value, named in words: a row a value."""
    table = pd.read_csv(BENCHMARKS / "recovery.csv")
    categories = table.loc[table["model"] == "Demand categories: shares", "term"]
    words = PLANTED | {f"category {number}": name for number, name in enumerate(categories, 1)}
    return table.assign(term=[term_label(term, words) for term in table["term"]])


def _recovery(table: pd.DataFrame) -> str:
    parts = [
        "## What the models recover\n",
        "Each model is fitted on many small synthetic countries, each drawn anew. The tables show what was "
        "planted, what the model finds on average, and in what share of the countries its 95% interval "
        "holds the planted value: 90% to 99% is as it should be, given how few countries are drawn. The "
        "models know everything that was planted; where a researcher lacks a variable, the notebooks show "
        "what that does.\n",
        _overview(table),
    ]
    for model, rows in table.groupby("model", sort=False):
        shown = rows.assign(
            coverage=[f"{share:.0%}" if pd.notna(share) else "–" for share in rows["coverage"]],
            **{name: rows[name].map("{:.3f}".format) for name in ("planted", "mean_estimate", "bias")},
        )[["term", "planted", "mean_estimate", "bias", "coverage"]]
        parts += [f":::{{dropdown}} {model}\n", _markdown(shown), ":::\n"]
    return "\n".join(parts)


def _overview(table: pd.DataFrame) -> str:
    """Return one line a model: how many values, the largest bias, the share of intervals that cover."""
    lines = []
    for model, rows in table.groupby("model", sort=False):
        covered = f"{rows['coverage'].mean():.0%}" if rows["coverage"].notna().any() else "–"
        worst = rows.loc[rows["bias"].abs().idxmax()]
        largest = f"{worst['bias']:+.3f} ({worst['term']})"
        lines.append((model, rows["seeds"].max(), len(rows), covered, largest))
    columns = ["Model", "Countries", "Values", "Intervals that cover", "Largest bias"]
    return _markdown(pd.DataFrame(lines, columns=columns))


def _latent_classes(found: dict[str, Any]) -> str:
    return (
        "### Latent classes of every assessment in England\n\n"
        f"{found['assessments']:,} made-up assessments and {found['items']} factors; "
        f"{found['with_factors']:,} assessments have one. DuckDB counts them into {found['patterns']:,} "
        f"distinct patterns in {found['counting_seconds']:.1f} seconds, with "
        f"{found['counting_gigabytes']:.1f} GB.\n\n"
        f"- One start of twelve classes, {found['iterations']} iterations: {found['patterns_seconds']:.1f} "
        f"seconds on the patterns, {found['rows_seconds']:.0f} seconds when StepMix is given the rows: "
        f"**{found['ratio']:.0f} times faster**.\n"
        f"- The whole choice of the number of classes, 1 to 15 with 20 starts each: "
        f"**{found['selection_seconds'] / 60:.1f} minutes**, at most {found['selection_gigabytes']:.1f} GB. "
        f"{found['chosen']} classes are chosen, none of which may hold less than 2% of cases; 12 were "
        "planted, the rarest of which holds less once assessments without any factor are left out.\n"
    )


def _cox(found: dict[str, Any]) -> str:
    return (
        "### Cox regression against R\n\n"
        f"{found['rows']:,} spells with {found['covariates']} covariates, both in the same run:\n\n"
        f"- fitting alone {found['seconds_fitting']:.1f} seconds, `coxph` {found['r_seconds_fitting']:.1f}: "
        f"**{found['times_faster_than_r_fitting_alone']:.1f} times faster**; with reading the file "
        f"{found['times_faster_than_r_with_reading']:.1f} times;\n"
        f"- coefficients differ by {found['largest_difference_of_coefficients']:.0e} at most.\n"
    )


def _country(found: list[dict[str, Any]]) -> str:
    table = pd.DataFrame(found)[["children", "rows", "seconds", "peak_gigabytes"]]
    table = table.assign(**{name: table[name].map("{:,}".format) for name in ("children", "rows")})
    return "### The synthetic country\n\n" + _markdown(table)


def _figures(name: str) -> Any:
    return json.loads((BENCHMARKS / f"{name}.json").read_text(encoding="utf-8"))


def _markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, its numbers at the right and with a true minus sign."""
    heads = [str(name).replace("_", " ").capitalize() for name in table.columns]
    signs = {r"^-(?=[0.]+$)": "", r"^-(?=\d)": "−"}  # no "-0.000"
    cells = table.astype(str).replace(signs, regex=True).set_axis(heads, axis=1)
    numbers = [cells[head].str.fullmatch(r"[−+\d.,%–]*").all() for head in heads]
    sides = ["right" if number else "left" for number in numbers]
    return cells.to_markdown(index=False, disable_numparse=True, colalign=sides) + "\n"
