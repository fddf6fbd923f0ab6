"""Measures the targets of the demand study: categories of need, found from the factors of assessments.

The study finds its twelve categories by latent class analysis. So does this module, by expectation and
maximisation on distinct patterns with their frequencies as weights: seconds, where the careful search of
`helpers.models.latent_class`, which notebook 21 needs, takes a minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.base import one, target
from helpers.calibration.common import prepared
from helpers.measures.assessments import IDENTIFIED, factor_matrix, factor_patterns, model_items
from helpers.sources.store import Store

CLASSES = 12
STARTS = 16
TRIAL = 25  # iterations that show which starts are worth finishing
BEST = 4  # starts that are finished
MOST = 400
ENOUGH = 1e-7  # relative change in the log-likelihood at which a run ends


@target("F00034", item="domestic_abuse_parent", fewest=True)
@target("F00035", item="mental_health_parent", fewest=False)
def category(store: Store, item: str, fewest: bool) -> float:
    """Hood and others 2023: share of assessments with a factor, 2014 to 2021, in a category, %.

    Domestic abuse alone is the class with the fewest factors among those in which most have it; complexities
    around parental mental health is the class in which it is most common.
    """
    classes = store.connection.table(prepared(store, "demand_classes", _classes)).execute()
    chances = classes[model_items()]
    score = -chances.sum(axis=1).where(chances[item] > 0.5) if fewest else chances[item]
    return 100 * float(classes.loc[score.idxmax(), "share"])


def _classes(store: Store) -> pd.DataFrame:
    """Return a row for each class: its share, and the chance of each item in it."""
    matrix = factor_matrix(store)
    patterns = factor_patterns(matrix.filter(matrix.year.between(2014, 2021)))
    x, weights = patterns[model_items()].to_numpy(float), patterns["n"].to_numpy(float)
    rng = np.random.default_rng(0)
    starts = [rng.dirichlet(np.full(CLASSES, 0.2), len(x)) for _ in range(STARTS)]
    trials = [_maximise(x, weights, start, TRIAL) for start in starts]
    best = sorted(trials, key=lambda run: run[0])[-BEST:]
    runs = [_maximise(x, weights, run[1], MOST) for run in best]
    _, posterior = max(runs, key=lambda run: run[0])
    shares, chances = _parameters(x, weights, posterior)
    return pd.DataFrame(chances, columns=model_items()).assign(share=shares)


def _parameters(x: np.ndarray, weights: np.ndarray, posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and chances from each pattern's membership; 0.01 case keeps chances off 0 and 1."""
    members = posterior * weights[:, None]
    size = members.sum(axis=0)
    return size / size.sum(), (members.T @ x + 0.01) / (size[:, None] + 0.02)


def _maximise(
    x: np.ndarray, weights: np.ndarray, posterior: np.ndarray, most: int
) -> tuple[float, np.ndarray]:
    """Return the log-likelihood and each pattern's membership after so many iterations at most."""
    last = -np.inf
    for _ in range(most):
        shares, chances = _parameters(x, weights, posterior)
        logs = x @ (np.log(chances) - np.log1p(-chances)).T + np.log1p(-chances).sum(axis=1) + np.log(shares)
        peak = logs.max(axis=1)
        total = peak + np.log(np.exp(logs - peak[:, None]).sum(axis=1))
        posterior = np.exp(logs - total[:, None])
        likelihood = float(weights @ total)
        if likelihood - last < ENOUGH * abs(likelihood):
            break
        last = likelihood
    return likelihood, posterior


@target("F00048")
def growth_of_child_mental_health(store: Store) -> float:
    """Assessments whose only factor is the child's mental health: in 2021 for each in 2014."""
    only = prepared(store, "factor_items", lambda s: (m := factor_matrix(s)).filter(m.recorded == IDENTIFIED))
    return one(
        store,
        f"""select count(*) filter (year = 2021) / count(*) filter (year = 2014) from {only}
            where mental_health_child = 1 and n_factors = 1""",
    )
