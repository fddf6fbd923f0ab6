"""Fitting with many starts, and choosing the number of classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from stepmix.stepmix import StepMix
from tqdm import tqdm

from helpers.models.latent_class.common import matrix
from helpers.models.latent_class.quality import fit_measures
from helpers.models.latent_class.starts import drawn, neighbours, run

FEWEST_CASES = 100
CASES_PER_CLASS = 25

# A tournament: all starts run for a few iterations on the commonest patterns, the better half goes on for
# more, the best run to the end on all: (one start of so many, for so many iterations, this share of cases).
ROUNDS = [(1, 40, 0.9), (2, 200, 0.9), (4, 5_000, 1.0)]
FEWEST_FINISHED = 2
# Runs whose log-likelihoods differ by less, or by less than this share of it, have found the same classes.
SAME, SAME_SHARE = 0.5, 5e-7


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
        Starts for each; the best quarter, at least two, is run to the end. To these come the best two of the
        starts that the neighbouring models give.
    seed : int
    jobs : int
        Processes at work at once; the result does not depend on it.
    progress : bool
        Whether to show a bar of starts (on standard error).

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
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, size=(max(possible) + 1, starts))
    tried = {k: starts if k > 1 else 1 for k in possible}  # one class has one solution, in closed form
    left = {k: [drawn(x, weights, k, int(s)) for s in seeds[k][: tried[k]]] for k in possible}
    with tqdm(desc="Runs", total=_runs(tried), disable=not progress) as bar:
        for one_of, iterations, share in ROUNDS:
            going_on = {k: begun[: _going_on(tried[k], one_of)] for k, begun in left.items()}
            left = _run_all(going_on, *_commonest(x, weights, share), iterations, jobs, bar)
        # A good model with a class more or fewer leads to solutions that chance seldom finds.
        beside = {k: neighbours(k, left, x, weights) for k in possible}
        for most, (_, iterations, share) in ((None, ROUNDS[0]), (FEWEST_FINISHED, ROUNDS[-1])):
            beside = {k: begun[:most] for k, begun in beside.items()}
            beside = _run_all(beside, *_commonest(x, weights, share), iterations, jobs, bar)
    left = {k: sorted([*left[k], *beside[k]], key=lambda model: -model.lower_bound_) for k in possible}
    models = {k: _largest_first(left[k][0], x, weights) for k in possible}
    rows = [fit_measures(patterns, items, models[k]) | _how_sure(left[k], weights.sum()) for k in possible]
    return Selection(pd.DataFrame(rows), models, items)


def fit(
    patterns: pd.DataFrame, items: Sequence[str], classes: int, starts: int = 20, seed: int = 0
) -> StepMix:
    """Fit one model from many starts; the classes are ordered from the largest down.

    The model with a class more is fitted too, since it leads to solutions that chance seldom finds.

    Raises
    ------
    TooFewCases
        When there are fewer than 100 cases, or too few for that many classes.
    """
    both = select(patterns, items, [classes, classes + 1], starts, seed, jobs=1, progress=False)
    return both.models[classes]


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


def _run_all(
    begun: dict[int, list], x: np.ndarray, weights: np.ndarray, iterations: int, jobs: int, bar: tqdm
) -> dict[int, list[StepMix]]:
    """Run the starts of each number of classes side by side; return the models, the best first."""
    tasks = [(k, start) for k in sorted(begun, reverse=True) for start in begun[k]]
    done: dict[int, list[StepMix]] = {k: [] for k in begun}
    with parallel_config("loky", inner_max_num_threads=1), Parallel(jobs, return_as="generator") as workers:
        models = workers(delayed(run)(x, weights, start, iterations) for _, start in tasks)
        for (k, _), model in zip(tasks, models, strict=True):
            done[k].append(model)
            bar.update()
    return {k: sorted(models, key=lambda model: -model.lower_bound_) for k, models in done.items()}


def _commonest(x: np.ndarray, weights: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the patterns that hold this share of the cases, the commonest first, and their weights."""
    order = np.argsort(-weights, kind="stable")
    held = weights[order].cumsum() / weights.sum()
    kept = order[: int(np.searchsorted(held, share)) + 1] if share < 1 else order
    return x[kept], weights[kept]


def _runs(tried: dict[int, int]) -> int:
    """Return how many runs there will be, those from neighbours included."""
    rounds = sum(_going_on(n, one_of) for n in tried.values() for one_of, *_ in ROUNDS)
    beside = [(k - 1 in tried) + (k + 1) * (k + 1 in tried) for k in tried]
    return rounds + sum(n + min(n, FEWEST_FINISHED) for n in beside)


def _going_on(starts: int, one_of: int) -> int:
    return min(starts, max(FEWEST_FINISHED, ceil(starts / one_of)))


def _how_sure(finished: list[StepMix], cases: float) -> dict[str, object]:
    ends = np.array([model.lower_bound_ * cases for model in finished])
    return {
        "finished": len(finished),
        "replicated": int((ends >= ends[0] - max(SAME, SAME_SHARE * abs(ends[0]))).sum()),
        "converged": finished[0].converged_,
    }


def _largest_first(model: StepMix, x: np.ndarray, weights: np.ndarray) -> StepMix:
    """Order the classes by how many cases have them as their most likely one."""
    modal = model.predict_proba(x).argmax(axis=1)
    sizes = np.bincount(modal, weights=weights, minlength=model.n_components)
    model.permute_classes(np.lexsort((-model.weights_, -sizes)))
    return model
