"""Where a run of the EM algorithm starts, and the run itself."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning
from stepmix.stepmix import StepMix
from threadpoolctl import threadpool_limits

from helpers.models.latent_class.common import Found

# A run ends when a step changes the log-likelihood of all cases by less, or that of the average case.
TOLERANCE, AVERAGE_TOLERANCE = 1e-4, 1e-9
LEAST = 0.01  # chance of an item at a start: one that starts at 0 stays there


def drawn(x: np.ndarray, weights: np.ndarray, classes: int, seed: int) -> Found:
    """Return a start: each class half way between the average case and one pattern.

    The patterns are drawn as k-means++ draws its centres, far apart and likelier where many cases are. Such
    starts reach the best solution far more often than random posteriors, from which all classes begin alike.
    """
    average = weights @ x / weights.sum()
    centres, _ = kmeans_plusplus(x, classes, sample_weight=weights, random_state=seed)
    chances = np.clip((centres + average) / 2, LEAST, 1 - LEAST)
    return Found(np.full(classes, 1 / classes), chances)


def run(
    x: np.ndarray,
    weights: np.ndarray,
    start: Found | StepMix,
    iterations: int,
    tolerance: float | None = None,
) -> StepMix:
    """Run StepMix's EM algorithm from where `start` stands."""
    found = start if isinstance(start, Found) else Found.of(start)
    model = _From(
        n_components=len(found.shares),
        measurement="binary",
        max_iter=iterations,
        abs_tol=tolerance or max(TOLERANCE / weights.sum(), AVERAGE_TOLERANCE),
        progress_bar=0,
    )
    model.start = found
    # Products are small: threads would only wait for each other. Non-convergence is noted in the table.
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, sample_weight=weights)
    return model


class _From(StepMix):
    """StepMix that begins at given parameters, where it would draw them at random; all else is StepMix's."""

    start: Found

    def _initialize_parameters(self, X: np.ndarray, random_state: object) -> None:  # noqa: N803
        self.set_parameters(self.start.as_parameters())


def neighbours(
    classes: int, models: dict[int, list[StepMix]], x: np.ndarray, weights: np.ndarray
) -> list[Found]:
    """Return starts from the best model with a class fewer and from the best with a class more.

    The one gets a class around the pattern that occurs most above what it expects, the other loses each of
    its classes in turn.

    Parameters
    ----------
    classes : int
    models : dict of int to list of StepMix
        Models by number of classes, the best first.
    """
    starts = []
    if models.get(classes - 1):
        best = models[classes - 1][0]
        starts.append(_one_more(Found.of(best), x[_most_unexpected(best, x, weights)]))
    if models.get(classes + 1):
        shares, chances = Found.of(models[classes + 1][0])
        for lost in range(len(shares)):
            rest = np.delete(shares, lost)
            starts.append(Found(rest / rest.sum(), np.delete(chances, lost, axis=0)))
    return starts


def _most_unexpected(model: StepMix, x: np.ndarray, weights: np.ndarray) -> int:
    """Return the pattern that occurs most above what the model expects, in standard deviations."""
    shares, chances = Found.of(model)
    of_class = np.exp(x @ np.log(chances).T + (1 - x) @ np.log1p(-chances).T)
    expected = weights.sum() * (of_class @ shares)
    return int(((weights - expected) / np.sqrt(expected + 1)).argmax())


def _one_more(model: Found, pattern: np.ndarray) -> Found:
    share = 1 / (len(model.shares) + 1)
    average = model.shares @ model.chances
    chances = np.vstack([model.chances, (pattern + average) / 2]).clip(LEAST, 1 - LEAST)
    return Found(np.append(model.shares * (1 - share), share), chances)
