"""Every check of the project, in the order in which a failure is cheapest to find."""

from __future__ import annotations

import subprocess
import sys

from helpers.runner.build import build_store
from helpers.runner.project import NOTEBOOKS, ROOT

PYTHON = sys.executable


def run_checks() -> int:
    """Run style, layers, unit tests and the committed notebooks; return 0 when all hold."""
    if build_store():  # here, with its bar, so that no test has to
        return 1
    tests = [PYTHON, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider"]
    nbval = ["--nbval", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", "--nbval-cell-timeout", "300"]
    commands = {
        "Style": [PYTHON, "-m", "ruff", "check", "."],
        "Format": [PYTHON, "-m", "ruff", "format", "--check", "."],
        "Layers": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        "Unit tests": [*tests, "tests"],
        "Notebooks": [*tests, "--dist", "loadfile", *nbval, str(NOTEBOOKS)],
    }
    failed = []
    for name, command in commands.items():
        print(f"\n{name}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nEvery check holds.", flush=True)
    return 1 if failed else 0
