"""Where a result comes from: data, parameters, versions, commit and date, in a panel at a notebook's end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import date
from html import escape
from importlib.metadata import version
from pathlib import Path

from IPython.display import HTML, display

from helpers import __version__
from helpers.sources.store import Store

PACKAGES = ["pandas", "ibis-framework", "duckdb", "stepmix", "lifelines", "statsmodels", "matplotlib"]


def footer(store: Store, parameters: Mapping[str, object]) -> None:
    """Show the provenance panel.

    Parameters
    ----------
    store : Store
        The store the notebook read.
    parameters : mapping
        Name -> value of the notebook's parameters.
    """
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in facts(store, parameters).items()
    )
    display(
        HTML(
            "<details class='csc-provenance' open><summary>Provenance</summary>"
            f"<table><tbody>{rows}</tbody></table></details>"
        )
    )


def facts(store: Store, parameters: Mapping[str, object]) -> dict[str, object]:
    """Return what the panel shows, by name."""
    return {
        "Data": "synthetic" if store.synthetic else "real records: not to be published unchecked",
        "Data fingerprint": store.fingerprint,
        "Parameters": ", ".join(f"{name} = {_shown(value)!r}" for name, value in parameters.items()),
        "Compendium": f"{__version__}, commit {commit()}",
        "Versions": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
        "Run on": date.today().isoformat(),
    }


def commit() -> str:
    """Return the short git commit, or "not under version control"."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    here = Path(__file__).parent
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)
    except OSError:
        return "unknown (git is not installed)"
    return result.stdout.strip() or "not under version control"


def _shown(value: object) -> object:
    """Return a value as it may stand on a page: of a path outside the project, the name alone."""
    is_path = isinstance(value, str) and Path(value).is_absolute()
    return Path(value).name if is_path else value
