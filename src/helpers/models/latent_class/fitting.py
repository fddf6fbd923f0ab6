"""Fitting with many starts, and choosing the number of classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from sklearn.exceptions import ConvergenceWarning
from stepmix.stepmix import StepMix
from tqdm import tqdm

from helpers.models.latent_class.common import matrix
from helpers.models.latent_class.quality import fit_measures

FEWEST_CASES = 100
CASES_PER_CLASS = 25

SHORT_RUN = 40  # iterations that show which starts are worth finishing
LONG_RUN = 5_000
TOLERANCE = 1e-6  # change in the log-likelihood of all cases at which a run ends
SAME_LIKELIHOOD = 0.01  # runs this close have found the same solution


class TooFewCases(ValueError):
    """There are not enough cases to look for classes; the message says how many there are and are needed."""


@dataclass(frozen=True)
class Selection:
    """Fits with different numbers of classes.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per number of classes; see `select`.
    models : dict of int to StepMix
        The best fit for each number of classes, its classes ordered from the largest down.
    items : list of str
        The items, in the order the models know them.
    """

    table: pd.DataFrame
    models: dict[int, StepMix]
    items: list[str]


def select(
    patterns: pd.DataFrame,
    items: Sequence[str],
    classes: Iterable[int] = range(1, 9),
    starts: int = 20,
    seed: int = 0,
    jobs: int = 2,
    progress: bool = True,
) -> Selection:
    """Fit models with different numbers of classes, each from many random starts.

    Parameters
    ----------
    patterns : pandas.DataFrame
        Items (0 or 1) and n.
    items : sequence of str
    classes : iterable of int
        Numbers of classes to try; those that would leave fewer than 25 cases a class on average are not.
    starts : int
        Random starts for each; the better half is run to the end.
    seed : int
    jobs : int
        Processes at work at once; the result does not depend on it.
    progress : bool
        Whether to show a bar (on standard error).

    Returns
    -------
    Selection
        Its table holds: classes, log_likelihood, parameters, cases (sum of n), bic, sabic, aic, icl, entropy
        (relative, 1 = no doubt about any case), smallest_class (share of cases by modal class),
        smallest_n (cases in it), finished (starts run to the end), replicated (how many of them found the
        best likelihood), converged (bool).

    Raises
    ------
    TooFewCases
        When there are fewer than 100 cases.
    """
    items = list(items)
    possible = _possible(patterns, items, classes)
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, size=(max(possible) + 1, starts))
    tasks = (delayed(_best_of)(patterns[[*items, "n"]], items, k, seeds[k].tolist()) for k in possible)
    with parallel_config("loky", inner_max_num_threads=1):
        fits = Parallel(n_jobs=min(jobs, len(possible)), return_as="generator")(tasks)
        found = list(tqdm(fits, total=len(possible), desc="Numbers of classes", disable=not progress))
    rows = [fit_measures(patterns, items, model) | notes for model, notes in found]
    models = dict(zip(possible, (model for model, _ in found), strict=True))
    return Selection(pd.DataFrame(rows), models, items)


def fit(
    patterns: pd.DataFrame, items: Sequence[str], classes: int, starts: int = 20, seed: int = 0
) -> StepMix:
    """Fit one model from many random starts; the classes are ordered from the largest down.

    Raises
    ------
    TooFewCases
        When there are fewer than 100 cases, or too few for that many classes.
    """
    return select(patterns, items, [classes], starts, seed, jobs=1, progress=False).models[classes]


def choose(selection: Selection, min_share: float = 0.02, min_cases: int = 10) -> int:
    """Return the number of classes by a rule stated beforehand.

    The rule: the lowest BIC (Nylund, Asparouhov and Muthén 2007) among the models whose smallest class
    holds at least `min_share` of the cases and `min_cases` of them, and whose best likelihood was found from
    at least two starts. One class always qualifies. A bound of 5%, common in the literature, would rule out
    categories as rare as some that are known in children's services, hence 2%.
    """
    table = selection.table
    large = (table["smallest_class"] >= min_share) & (table["smallest_n"] >= min_cases)
    sure = (table["replicated"] >= 2) | (table["finished"] < 2)
    allowed = table[(large & sure) | (table["classes"] == 1)]
    if allowed.empty:
        allowed = table.nsmallest(1, "classes")
    return int(allowed.loc[allowed["bic"].idxmin(), "classes"])


def _possible(patterns: pd.DataFrame, items: list[str], classes: Iterable[int]) -> list[int]:
    """Return the numbers of classes that the cases can bear."""
    cases = int(patterns["n"].sum())
    if cases < FEWEST_CASES:
        raise TooFewCases(
            f"There are {cases:,} assessments with factors; looking for classes needs at least "
            f"{FEWEST_CASES}: add more years or authorities."
        )
    distinct = len(patterns[items].drop_duplicates())
    limit = min(cases // CASES_PER_CLASS, distinct)
    possible = [k for k in classes if k <= limit]
    if not possible:
        raise TooFewCases(f"{cases:,} assessments with factors bear at most {limit} classes: ask for fewer.")
    return possible


def _best_of(
    patterns: pd.DataFrame, items: list[str], classes: int, seeds: list[int]
) -> tuple[StepMix, dict[str, object]]:
    """Run every start for a short while, the better half to the end; return the best, and how sure it is."""
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
    if classes == 1:
        seeds = seeds[:1]  # one class has one solution, in closed form
    trials = [(_run(x, weights, classes, seed, SHORT_RUN).lower_bound_, seed) for seed in seeds]
    promising = [seed for _, seed in sorted(trials, reverse=True)[: max(2, len(seeds) // 2)]]
    runs = [_run(x, weights, classes, seed, LONG_RUN) for seed in promising]
    ends = np.array([run.score(x, sample_weight=weights) * weights.sum() for run in runs])
    best = runs[int(ends.argmax())]
    sizes = np.bincount(best.predict_proba(x).argmax(axis=1), weights=weights, minlength=classes)
    best.permute_classes(np.lexsort((-best.weights_, -sizes)))
    replicated = int((ends >= ends.max() - SAME_LIKELIHOOD).sum())
    return best, {"finished": len(runs), "replicated": replicated, "converged": best.converged_}


def _run(x: np.ndarray, weights: np.ndarray, classes: int, seed: int, iterations: int) -> StepMix:
    model = StepMix(
        n_components=classes,
        measurement="binary",
        max_iter=iterations,
        abs_tol=TOLERANCE / weights.sum(),  # StepMix compares averages
        random_state=int(seed),
        progress_bar=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # noted in the table instead
        model.fit(x, sample_weight=weights)
    return model
