"""Measures every target on a country of one million children, and writes what it shows into the package.

python benchmarks/calibration.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from helpers import calibration, synth
from helpers.sources.store import read_store

CHILDREN = 1_000_000
RESULT = Path(calibration.__file__).with_name("one_million.csv")


def main() -> None:
    """Build the country, measure, and write id and value."""
    with tempfile.TemporaryDirectory() as folder:
        store = read_store(synth.build(Path(folder) / "store", CHILDREN))
        found = calibration.calibrate(store)
    found[["id", "country"]].to_csv(RESULT, index=False, float_format="%.5g")
    print(f"{found['met'].sum()} of {len(found)} targets are met.")


if __name__ == "__main__":
    main()
