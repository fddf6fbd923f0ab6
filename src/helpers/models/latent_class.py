"""Latent classes of yes/no items, fitted with StepMix on distinct patterns with their frequencies as weights.

A pattern that a thousand assessments share is fitted once with weight 1,000; the result equals the fit on
rows. One trap lies there: StepMix's own ``bic`` and ``aic`` count patterns, not cases, so both are computed
here.

`patterns` below is a frame with one int column (0 or 1) an item and the column ``n`` of frequencies, as
`helpers.measures.assessments.factor_patterns` returns it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from sklearn.exceptions import ConvergenceWarning
from stepmix.stepmix import StepMix
from tqdm import tqdm

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
    rows = [_measures(patterns, items, model) | notes for model, notes in found]
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


def profiles(model: StepMix, items: Sequence[str], labels: dict[str, str] | None = None) -> pd.DataFrame:
    """Return what each class looks like.

    Returns
    -------
    pandas.DataFrame
        class (1 is the largest), class_share, item, label, probability (of the item in the class), overall
        (in all cases, as the model has it), lift (probability over overall).
    """
    shares, chances = _parameters(model)
    grid = pd.DataFrame(chances, columns=list(items)).rename_axis("class").reset_index()
    tidy = grid.melt("class", var_name="item", value_name="probability")
    tidy["class_share"] = shares[tidy["class"]]
    tidy["overall"] = tidy["item"].map(dict(zip(items, shares @ chances, strict=True)))
    tidy["lift"] = tidy["probability"] / tidy["overall"].clip(lower=1e-12)
    tidy["label"] = tidy["item"].map(labels or {}).fillna(tidy["item"])
    tidy["class"] += 1
    columns = ["class", "class_share", "item", "label", "probability", "overall", "lift"]
    return tidy.sort_values("class", kind="stable", ignore_index=True)[columns]


def name_classes(profile: pd.DataFrame, most: int = 3) -> dict[int, str]:
    """Return a plain name for each class, from the items that set it apart.

    An item sets a class apart when at least 40% of its cases have it and that is a quarter more than
    overall. The items that stand out furthest come first. A class without such items is named by its
    commonest item. These names describe; they are not the published names of any study.

    Parameters
    ----------
    profile : pandas.DataFrame
        From `profiles`.
    """
    names: dict[int, str] = {}
    for number, part in profile.groupby("class"):
        apart = part[(part["probability"] >= 0.4) & (part["lift"] >= 1.25)]
        apart = apart.assign(gap=apart["probability"] - apart["overall"]).nlargest(most, "gap", keep="first")
        if apart.empty:
            name = f"Mixed, most often {_lower(part.nlargest(1, 'probability')['label'].iloc[0])}"
        else:
            alone = part["probability"].sum() < 1.5
            first, *others = apart["label"]
            name = first + (" alone" if alone else "".join(f" + {_lower(label)}" for label in others))
        names[int(number)] = f"{name} ({number})" if name in names.values() else name
    return names


def classify(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return the patterns with their most likely class and how likely it is.

    Returns
    -------
    pandas.DataFrame
        `patterns` with class (int64, from 1), certainty (posterior of that class) and p1, p2, ... (posterior
        of each class).
    """
    posterior = model.predict_proba(_matrix(patterns, items))
    columns = {f"p{k + 1}": posterior[:, k] for k in range(posterior.shape[1])}
    modal = posterior.argmax(axis=1) + 1
    return patterns.assign(**{"class": modal.astype("int64"), "certainty": posterior.max(axis=1)}, **columns)


def class_sizes(classified: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return how many cases each class holds, by modal class and by posterior, within `by`.

    Parameters
    ----------
    classified : pandas.DataFrame
        From `classify`.

    Returns
    -------
    pandas.DataFrame
        `by`, class, n (cases whose most likely class it is), expected (sum of posteriors), of.
    """
    numbers = [int(name[1:]) for name in classified.columns if name[0] == "p" and name[1:].isdigit()]
    weighted = {f"p{k}": classified[f"p{k}"] * classified["n"] for k in numbers}
    modal = {f"n{k}": classified["n"].where(classified["class"] == k, 0) for k in numbers}
    wide = classified[list(by)].assign(**weighted, **modal, of=classified["n"])
    sums = wide.groupby(list(by), as_index=False).sum() if by else wide.sum().to_frame().T
    rows = [
        sums[list(by)].assign(**{"class": k, "n": sums[f"n{k}"], "expected": sums[f"p{k}"], "of": sums["of"]})
        for k in numbers
    ]
    table = pd.concat(rows).sort_values([*by, "class"], ignore_index=True)
    return table.astype({"class": "int64", "n": "int64", "of": "int64"})


def bivariate_residuals(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return how far pairs of items go together beyond what the classes explain.

    Source: the bivariate residual of Vermunt and Magidson: the Pearson chi-squared of the two-way table
    against the model's, by its one degree of freedom; above about 4 the pair is not well explained.

    Returns
    -------
    pandas.DataFrame
        first, second, observed, expected (cases with both), residual; the largest first.
    """
    x, weights = _matrix(patterns, items), patterns["n"].to_numpy(float)
    shares, chances = _parameters(model)
    total = weights.sum()
    rows = []
    for i, j in combinations(range(len(items)), 2):
        residual = 0.0
        for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
            observed = weights[(x[:, i] == a) & (x[:, j] == b)].sum()
            chance = np.abs(1 - a - chances[:, i]) * np.abs(1 - b - chances[:, j])
            expected = total * (shares @ chance)
            residual += (observed - expected) ** 2 / max(expected, 1e-9)
        rows.append((items[i], items[j], observed, expected, residual))
    table = pd.DataFrame(rows, columns=["first", "second", "observed", "expected", "residual"])
    return table.sort_values("residual", ascending=False, kind="stable", ignore_index=True)


def log_likelihood(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> float:
    """Return the log-likelihood of all cases, each pattern counted as often as it occurs."""
    weights = patterns["n"].to_numpy(float)
    return float(model.score(_matrix(patterns, items), sample_weight=weights) * weights.sum())


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
    x, weights = _matrix(patterns, items), patterns["n"].to_numpy(float)
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


def _measures(patterns: pd.DataFrame, items: list[str], model: StepMix) -> dict[str, object]:
    """Return the measures of fit; N is the sum of the weights, not the number of patterns."""
    x, weights = _matrix(patterns, items), patterns["n"].to_numpy(float)
    cases, free, fitted = weights.sum(), model.n_parameters, log_likelihood(model, patterns, items)
    posterior = model.predict_proba(x)
    doubt = -(weights @ (posterior * np.log(np.clip(posterior, 1e-300, 1))).sum(axis=1))
    modal = np.bincount(posterior.argmax(axis=1), weights=weights, minlength=model.n_components)
    bic = -2 * fitted + free * np.log(cases)
    return {
        "classes": model.n_components,
        "log_likelihood": fitted,
        "parameters": free,
        "cases": int(cases),
        "bic": bic,
        "sabic": -2 * fitted + free * np.log((cases + 2) / 24),
        "aic": -2 * fitted + 2 * free,
        "icl": bic + 2 * doubt,
        "entropy": 1 - doubt / (cases * np.log(model.n_components)) if model.n_components > 1 else 1.0,
        "smallest_class": modal.min() / cases,
        "smallest_n": int(modal.min()),
    }


def _parameters(model: StepMix) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the classes and the chances of the items in each (classes x items)."""
    found = model.get_parameters()
    return found["weights"], found["measurement"]["pis"]


def _matrix(patterns: pd.DataFrame, items: Sequence[str]) -> np.ndarray:
    return patterns[list(items)].to_numpy(float)


def _lower(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]
