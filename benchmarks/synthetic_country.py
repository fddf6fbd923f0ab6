"""Times the synthetic country against its floor, shows growth of time and memory, counts broken invariants.

The floor is what it takes to write the same tables, ready in memory, as the same Parquet files.

    python benchmarks/synthetic_country.py --sizes 250000 1000000 --check
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from helpers import synth
from helpers.catalogue import TABLES
from helpers.sources.store import read_store, write_part
from helpers.synth.country import PROCESSES
from helpers.synth.invariants import violations

RESULTS = Path(__file__).with_suffix(".json")
NARROW = """
    select count(distinct (authority, child_id)) from assessment_factors
    join assessments using (authority, child_id, referral_date, assessment_start)
    join children using (authority, child_id) join authorities using (authority)
    where sex = 'F' and ethnicity like 'B%' and region = 'E12000005'
    and factor in ('10A', '11A', '12A', '13A', '14A', '24A')
    and date_diff('day', birth_date, assessment_start) between 15 * 365.25 and 16 * 365.25
"""  # Black girls of 15 in the West Midlands with risks outside the home


def main() -> None:
    """Run the benchmark and write the figures beside this file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[synth.DEFAULT_CHILDREN, 1_000_000])
    arguments.add_argument("--check", action="store_true", help="count broken invariants in the largest")
    arguments.add_argument("--build-only", action="store_true", help="do not write the tables again")
    asked = arguments.parse_args()
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    for size in sorted(asked.sizes):
        found = measure(size, asked.check and size == max(asked.sizes), not asked.build_only)
        known = sorted([*(k for k in known if k["children"] != size), found], key=lambda k: k["children"])
        RESULTS.write_text(json.dumps(known, indent=1) + "\n")


def measure(children: int, check: bool, again: bool) -> dict[str, float]:
    """Build one country, and write it again from memory; return seconds, gigabytes and counts."""
    folder = Path(tempfile.mkdtemp())
    began = time.perf_counter()
    store = synth.build(folder / "store", children, faults="none")
    took = time.perf_counter() - began
    peak = peak_gigabytes()
    opened = read_store(store)
    result = {
        "children": children,
        "rows": sum(opened.info["rows"].values()),
        "seconds": round(took, 1),
        "peak_gigabytes": round(peak, 2),
        "narrow_cohort": opened.connection.con.execute(NARROW).fetchone()[0],
    }
    if again:
        floor = write_again(store, folder / "again")
        result |= {"floor_seconds": round(floor, 1), "times_the_floor": round(took / floor, 2)}
    if check:
        result["violations"] = int(violations(opened)["violations"].sum())
    print(result)
    shutil.rmtree(folder)
    return result


def write_again(store: Path, out: Path) -> float:
    """Return seconds to write every part of the store from memory, by as many processes as built it."""
    out.mkdir()
    parts = [part for table in store.glob("*.parquet") if table.is_dir() for part in table.iterdir()]
    spent = Parallel(n_jobs=PROCESSES)(delayed(write_one)(part, out) for part in parts)
    return sum(spent) / PROCESSES


def write_one(part: Path, out: Path) -> float:
    """Read a part, and return how long it took to write it again."""
    frame = pd.read_parquet(part, dtype_backend="pyarrow")
    name = part.parent.stem
    began = time.perf_counter()
    write_part(name, frame, out, int(part.stem.removeprefix("part-")))
    assert name in TABLES
    return time.perf_counter() - began


def peak_gigabytes() -> float:
    """Return the most memory that this process and each of the workers have used, added up."""
    workers = dict(Parallel(n_jobs=PROCESSES)(delayed(used)() for _ in range(20 * PROCESSES)))
    return (used()[1] + sum(workers.values())) / 1024**2


def used() -> tuple[int, int]:
    """Return the number of this process, and the most memory it has used (KiB)."""
    time.sleep(0.05)  # so that every worker is asked
    return os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
