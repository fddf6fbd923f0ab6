"""Times our Cox regression against R's coxph: one million spells, thirty covariates, the same run.

Ours reads a Parquet file with flags and categories and makes columns of them. R gets those columns ready, as
plain numbers in a binary file, and its fitting is timed alone as well as with reading. Errors robust by child
are compared on fewer rows: R's time for them grows with the square of the rows, ours does not.

    python benchmarks/cox.py --rows 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from helpers.models.survival import cox

T = TypeVar("T")
HERE = Path(__file__).parent
FEW = 20_000  # rows on which robust errors are compared
RESULTS = Path(__file__).with_suffix(".json")
FLAGS = [f"factor_{number}" for number in range(1, 21)]
TERMS = [
    "age",
    "previous",
    "sex",
    *FLAGS,
    "ethnicity",
    "region",
]  # 30 columns of numbers


def main() -> None:
    """Make the spells, fit them by each, and write the figures beside this file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument(
        "--ours", type=Path, help="only fit this file and print: the benchmark calls itself"
    )
    asked = arguments.parse_args()
    if asked.ours:
        return ours(asked.ours)
    folder = Path(tempfile.mkdtemp())
    try:
        files = write(spells(asked.rows), folder)
        mine, memory = run([sys.executable, __file__, "--ours", str(files[0])])
        theirs, their_memory = run(
            ["Rscript", str(HERE / "cox.R"), *map(str, files[1:]), str(asked.rows), str(FEW)]
        )
    finally:
        shutil.rmtree(folder)
    result = figures(asked.rows, mine, theirs, memory, their_memory)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def spells(rows: int) -> pd.DataFrame:
    """Return made-up spells in whole days of up to six years, of children with two spells each."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"child": np.arange(rows) // 2, "age": rng.uniform(0, 18, rows).round(1)})
    frame["previous"], frame["sex"] = rng.poisson(1, rows).astype("int8"), rng.random(rows) < 0.5
    for number, name in enumerate(FLAGS):
        frame[name] = rng.random(rows) < 0.02 + 0.015 * number
    frame["ethnicity"] = pd.Categorical.from_codes(
        rng.choice(5, rows, p=[0.7, 0.1, 0.1, 0.06, 0.04]), list("ABCDE")
    )
    frame["region"] = pd.Categorical.from_codes(rng.integers(0, 4, rows), list("EMNS"))
    lean = (
        -0.04 * frame["age"] + 0.2 * frame["previous"] + frame[FLAGS].to_numpy() @ np.linspace(-0.3, 0.5, 20)
    )
    waited = rng.exponential(2500 / np.exp(lean)).astype(int) + 1
    followed = rng.integers(30, 2192, rows)
    return frame.assign(days=np.minimum(waited, followed).astype("int32"), event=waited <= followed)


def write(frame: pd.DataFrame, folder: Path) -> tuple[Path, Path, Path]:
    """Write the spells for us (Parquet) and for R (numbers column by column, and their names)."""
    paths = folder / "spells.parquet", folder / "spells.bin", folder / "names.txt"
    frame.to_parquet(paths[0], index=False)
    plain = pd.get_dummies(frame, columns=["ethnicity", "region"], drop_first=True)
    plain.to_numpy(dtype=float).T.tofile(paths[1])
    paths[2].write_text("\n".join(plain.columns) + "\n")
    return paths


def ours(path: Path) -> None:
    """Read and fit; print seconds, coefficients and robust errors as R does."""
    columns = ["days", "event", *TERMS]
    frame, reading = timed(lambda: pd.read_parquet(path, columns=columns))
    fitted, fitting = timed(lambda: cox(frame, "days", "event", TERMS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    coefficients = np.log(fitted.table["estimate"])
    del fitted, frame
    frame = pd.read_parquet(path)
    clustered, few = timed(lambda: cox(frame.head(FEW), "days", "event", TERMS, cluster="child"))
    _, robust = timed(lambda: cox(frame, "days", "event", TERMS, cluster="child"))
    taken = np.array([reading, fitting, few, robust])
    print("seconds", *taken[:, 0])
    print("processor", *taken[:, 1])
    print("coefficients", *coefficients)
    print("errors", *np.sqrt(np.diag(clustered.covariance)))
    print("peak", peak)


def timed(what: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """Return what was asked for, and the seconds it took by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    found = what()
    return found, (time.perf_counter() - clock, time.process_time() - processor)


def run(command: list[str]) -> tuple[dict[str, np.ndarray], float]:
    """Return what a program printed, line by line, and the most memory it used (gigabytes)."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} did not finish.")
    lines = (line.split() for line in said.splitlines() if line.strip())
    return {words[0]: np.array(words[1:], dtype=float) for words in lines}, used.ru_maxrss / 1024**2


def figures(
    rows: int, mine: dict[str, np.ndarray], theirs: dict[str, np.ndarray], memory: float, their_memory: float
) -> dict[str, float]:
    """Return seconds, memory, ratios and how far the two are apart."""
    (reading, fitting, few, robust), (r_reading, r_fitting, r_few) = mine["seconds"], theirs["seconds"]
    used, r_used = mine["processor"], theirs["processor"]
    apart = {name: float(np.abs(mine[name] - theirs[name]).max()) for name in ("coefficients", "errors")}
    return {
        "rows": rows,
        "covariates": len(mine["coefficients"]),
        "seconds_reading": round(reading, 2),
        "seconds_fitting": round(fitting, 2),
        "seconds_fitting_clustered": round(robust, 2),
        "r_seconds_reading": round(r_reading, 2),
        "r_seconds_fitting": round(r_fitting, 2),
        "rows_few": FEW,
        "seconds_fitting_clustered_few": round(few, 2),
        "r_seconds_fitting_clustered_few": round(r_few, 2),
        "times_faster_than_r_fitting_alone": round(r_fitting / (reading + fitting), 2),
        "times_faster_than_r_with_reading": round((r_reading + r_fitting) / (reading + fitting), 2),
        "times_less_processor_than_r_fitting_alone": round(r_used[1] / used[:2].sum(), 2),
        "times_faster_clustered_few": round(r_few / few, 2),
        "peak_gigabytes": round(float(mine["peak"][0]) / 1024**2, 2),
        "peak_gigabytes_clustered": round(memory, 2),
        "r_peak_gigabytes": round(their_memory, 2),
        "largest_difference_of_coefficients": apart["coefficients"],
        "largest_difference_of_clustered_errors": apart["errors"],
    }


if __name__ == "__main__":
    main()
