"""The bootstrap likelihood ratio test: does one class more fit better than chance would make it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from stepmix.stepmix import StepMix
from tqdm import tqdm

from helpers.models.latent_class.common import Found, matrix
from helpers.models.latent_class.starts import drawn, run

ITERATIONS = 500
TOLERANCE = 1e-3  # change in the log-likelihood of all cases at which a run ends: statistics are around 20


def bootstrap_likelihood_ratio(
    patterns: pd.DataFrame,
    items: Sequence[str],
    fewer: StepMix,
    more: StepMix,
    draws: int = 99,
    starts: int = 4,
    seed: int = 0,
    jobs: int = 2,
    progress: bool = True,
) -> pd.DataFrame:
    """Test a model against one with a class fewer, on data drawn from the latter.

    Source: McLachlan (1987); recommended for choosing the number of classes by Nylund, Asparouhov and
    Muthén (2007). With many cases it finds a further class long after that has ceased to be of use.

    Parameters
    ----------
    patterns : pandas.DataFrame
        Items (0 or 1) and n.
    items : sequence of str
    fewer, more : StepMix
        Fits with k and k + 1 classes.
    draws : int
        Data sets drawn; the smallest p-value there can be is 1 / (draws + 1).
    starts : int
        Starts of the larger model on each data set; too few make the test reject too easily.
    seed : int
    jobs : int
        Processes at work at once; the result does not depend on it.
    progress : bool
        Whether to show a bar (on standard error).

    Returns
    -------
    pandas.DataFrame
        One row: classes (of `more`), statistic (twice the gain in log-likelihood), usual (95th percentile of
        the statistic where the smaller model is true), draws, p.

    Raises
    ------
    ValueError
        When `more` has not one class more than `fewer`.
    """
    if more.n_components != fewer.n_components + 1:
        raise ValueError(
            f"The test compares k with k + 1 classes, not {fewer.n_components} with {more.n_components}."
        )
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
    observed = _gain(x, weights, fewer, [Found.of(more)])
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, size=draws)
    model, cases = Found.of(fewer), int(weights.sum())
    with parallel_config("loky", inner_max_num_threads=1):
        tasks = (delayed(_drawn_gain)(model, cases, starts, int(s)) for s in seeds)
        gains = Parallel(jobs, return_as="generator")(tasks)
        usual = np.array(list(tqdm(gains, total=draws, desc="Data sets drawn", disable=not progress)))
    return pd.DataFrame(
        {
            "classes": [more.n_components],
            "statistic": [observed],
            "usual": [np.quantile(usual, 0.95)],
            "draws": [draws],
            "p": [(1 + (usual >= observed).sum()) / (draws + 1)],
        }
    )


def _drawn_gain(model: Found, cases: int, starts: int, seed: int) -> float:
    """Draw cases from the smaller model and return what a class more gains on them."""
    rng = np.random.default_rng(seed)
    x, weights = _draw(rng, model, cases)
    classes = len(model.shares) + 1
    larger = [drawn(x, weights, classes, int(s)) for s in rng.integers(0, 2**31 - 1, size=starts)]
    return _gain(x, weights, model, [_one_more(model, rng), *larger])


def _gain(x: np.ndarray, weights: np.ndarray, fewer: Found | StepMix, starts_of_more: list[Found]) -> float:
    """Return twice the gain in log-likelihood of the larger model, from the best of its starts."""
    cases = weights.sum()
    reached = [
        run(x, weights, s, ITERATIONS, TOLERANCE / cases).lower_bound_ for s in [fewer, *starts_of_more]
    ]
    return 2 * cases * (max(reached[1:]) - reached[0])


def _one_more(model: Found, rng: np.random.Generator) -> Found:
    """Return the model with its largest class split in two that differ a little: never worse than it."""
    largest = int(model.shares.argmax())
    half = model.shares[largest] / 2
    shares = np.append(model.shares, half)
    shares[largest] = half
    apart = rng.uniform(-0.1, 0.1, size=model.chances.shape[1])
    chances = np.vstack([model.chances, model.chances[largest] + apart])
    return Found(shares, chances.clip(0.001, 0.999))


def _draw(rng: np.random.Generator, model: Found, cases: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw cases and return their distinct patterns with how often each occurs."""
    of_class = rng.choice(len(model.shares), size=cases, p=model.shares / model.shares.sum())
    rows = rng.random((cases, model.chances.shape[1])) < model.chances[of_class]
    found, numbers = np.unique(np.packbits(rows, axis=1), axis=0, return_counts=True)
    x = np.unpackbits(found, axis=1, count=rows.shape[1])
    return x.astype(float), numbers.astype(float)
