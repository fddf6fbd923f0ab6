"""How well a latent class model fits, with N the sum of the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix

from helpers.models.latent_class.common import Found, matrix


def log_likelihood(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> float:
    """Return the log-likelihood of all cases, each pattern counted as often as it occurs."""
    weights = patterns["n"].to_numpy(float)
    return float(model.score(matrix(patterns, items), sample_weight=weights) * weights.sum())


def bivariate_residuals(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> pd.DataFrame:
    """Return how far pairs of items go together beyond what the classes explain.

    Source: the bivariate residual of Vermunt and Magidson: the Pearson chi-squared of the two-way table
    against the model's, by its one degree of freedom; above about 4 the pair is not well explained.

    Returns
    -------
    pandas.DataFrame
        first, second, observed, expected (cases with both), residual; the largest first.
    """
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
    shares, chances = Found.of(model)
    total = weights.sum()
    first, second = np.triu_indices(len(items), k=1)
    residual = np.zeros(len(first))
    for a, b in ((0, 0), (0, 1), (1, 0), (1, 1)):
        # x or 1 - x: how many cases have answer a to the one item and b to the other
        cells = (np.abs(1 - a - x) * weights[:, None]).T @ np.abs(1 - b - x)
        model_cells = total * (np.abs(1 - a - chances) * shares[:, None]).T @ np.abs(1 - b - chances)
        observed, expected = cells[first, second], model_cells[first, second]
        residual += (observed - expected) ** 2 / expected.clip(1e-9)
    table = pd.DataFrame({"first": np.take(items, first), "second": np.take(items, second)})
    table = table.assign(observed=observed, expected=expected, residual=residual)
    return table.sort_values("residual", ascending=False, kind="stable", ignore_index=True)


def fit_measures(patterns: pd.DataFrame, items: list[str], model: StepMix) -> dict[str, object]:
    """Return the measures of fit; N is the sum of the weights, not the number of patterns."""
    x, weights = matrix(patterns, items), patterns["n"].to_numpy(float)
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
