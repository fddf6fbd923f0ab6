"""Times latent classes at national size: 3.6 million assessments, counted by DuckDB and fitted on patterns.

One start of twelve classes on patterns stands against StepMix on the rows with the same iterations, in the
same run; then the whole selection of the number of classes.

    python benchmarks/latent_class.py --assessments 3600000
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from stepmix.stepmix import StepMix

from helpers.measures.assessments import factor_matrix, factor_patterns, model_items
from helpers.models import latent_class
from helpers.models.latent_class.common import matrix
from helpers.sources.store import read_store, store_being_built, write_part
from helpers.synth.assessments import factors
from helpers.synth.days import day
from helpers.synth.parameters import categories

RESULTS = Path(__file__).with_suffix(".json")
PART = 200_000
CLASSES, ITERATIONS = 12, 10  # of the single start
MOST_CLASSES, STARTS = 15, 20  # of the selection


def main() -> None:
    """Run the benchmark and write the figures beside this file."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--assessments", type=int, default=3_600_000)
    size = arguments.parse_args().assessments
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        with store_being_built(path, {"synthetic": True}) as building:
            for number, begin in enumerate(range(0, size, PART)):
                write_assessments(building, number, min(PART, size - begin))
        patterns, counting = timed(lambda: factor_patterns(factor_matrix(read_store(path))))
    items = model_items()
    found = {
        "assessments": size,
        "with_factors": int(patterns["n"].sum()),
        "items": len(items),
        "patterns": len(patterns),
        "counting_seconds": counting,
        "counting_gigabytes": gigabytes(),
    }
    selection, seconds = timed(
        lambda: latent_class.select(patterns, items, range(1, MOST_CLASSES + 1), STARTS, seed=1)
    )
    found |= {
        "selection_seconds": seconds,
        "selection_gigabytes": gigabytes(),
        "chosen": latent_class.choose(selection),
        "replicated": selection.table.set_index("classes")["replicated"].to_dict(),
    }
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
    weighted, on_patterns = timed(lambda: one_start(x, weights))
    rows, ones = np.repeat(x, patterns["n"], axis=0), np.ones(int(weights.sum()))
    by_rows, on_rows = timed(lambda: one_start(rows, ones))
    found |= {
        "iterations": ITERATIONS,
        "patterns_seconds": on_patterns,
        "rows_seconds": on_rows,
        "ratio": on_rows / on_patterns,
        "ratio_with_counting": on_rows / (on_patterns + counting),
        # Their random starts differ, so only one class can be compared to the last digit; the tests do more.
        "patterns_log_likelihood": float(weighted.lower_bound_ * weights.sum()),
        "rows_log_likelihood": float(by_rows.lower_bound_ * weights.sum()),
    }
    RESULTS.write_text(json.dumps(found, indent=1, default=int) + "\n")


def write_assessments(folder: Path, number: int, size: int) -> None:
    """Write assessments of planted categories, with the factors that the synthetic country gives them."""
    rng = np.random.default_rng([1, number])
    shares = categories()["share"].to_numpy()
    category = rng.choice(len(shares), size=size, p=shares / shares.sum())
    ends = rng.integers(day(2014, 4, 1), day(2021, 4, 1), size=size)
    drawn = factors(rng, pd.DataFrame({"category": category, "end": ends, "in_need": False, "uasc": False}))
    key = pd.DataFrame(
        {
            "authority": "501",
            "child_id": [f"C{number:03d}{child:07d}" for child in range(size)],
            "referral_date": pd.Timestamp(2014, 4, 1),
            "assessment_start": pd.Timestamp(2014, 4, 2),
            "collection_year": 2021,
        }
    )
    dates = pd.to_datetime(pd.Series(ends), unit="D")
    write_part("assessments", key.assign(review_date=pd.NaT, assessment_end=dates), folder, number)
    of_each = key.take(drawn["assessment_no"]).reset_index(drop=True)
    write_part("assessment_factors", of_each.assign(factor=drawn["factor"]), folder, number)


def one_start(x: np.ndarray, weights: np.ndarray) -> StepMix:
    """Run StepMix itself for so many iterations and no fewer."""
    model = StepMix(CLASSES, max_iter=ITERATIONS, abs_tol=0, random_state=1, progress_bar=0)
    return model.fit(x, sample_weight=weights)


def timed(what: object) -> tuple[object, float]:
    """Return what a function returns, and the seconds it took."""
    began = time.perf_counter()
    result = what()
    return result, round(time.perf_counter() - began, 2)


def gigabytes() -> float:
    """Return the most memory used so far, by this process and two of its largest worker."""
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    return round(here + 2 * worker, 2)


if __name__ == "__main__":
    main()
