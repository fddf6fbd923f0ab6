"""R's stored figures are those that R gives."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parent / "reference"
SCRIPTS = {
    "survival": ("spells", ["survival", "cmprsk"], 1e-7),
    "mixed": (
        "pupils",
        ["lme4"],
        1e-4,
    ),  # lme4 searches for its optimum: its last digits depend on the machine
}


def has_r(packages: list[str]) -> bool:
    if not shutil.which("Rscript"):
        return False
    asked = "; ".join(f"loadNamespace('{package}')" for package in packages)
    return subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_stored_figures_are_those_that_r_gives(script, tmp_path):
    data, packages, apart = SCRIPTS[script]
    if not has_r(packages):
        pytest.skip(
            f"Rscript with {' and '.join(packages)} is not here; the stored figures are used as they are"
        )
    out = tmp_path / "figures.csv"
    subprocess.run(["Rscript", REFERENCE / f"{script}.R", REFERENCE / f"{data}.csv", out], check=True)
    found, stored = (pd.read_csv(path).fillna({"term": ""}) for path in (out, REFERENCE / f"{script}.csv"))
    names = ["model", "quantity", "term"]
    pd.testing.assert_frame_equal(found[names], stored[names])
    np.testing.assert_allclose(found["value"], stored["value"], rtol=apart, atol=apart / 100)
