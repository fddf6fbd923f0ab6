"""What the second step of a two-step model needs to know of the first: densities, scores and information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix

from helpers.models.latent_class.common import Found, matrix

BLOCK = 50_000  # rows in memory at once
EDGE = 1e-6  # chances of items closer than this to 0 or 1 are taken as known


def densities(model: StepMix, x: np.ndarray) -> np.ndarray:
    """Return the chance of each row's answers given each class (rows x classes)."""
    return _densities(Found.of(model).chances, x)


def _densities(chances: np.ndarray, x: np.ndarray) -> np.ndarray:
    kept = np.clip(chances, 1e-12, 1 - 1e-12)
    return np.exp(x @ np.log(kept).T + (1 - x) @ np.log(1 - kept).T)


@dataclass(frozen=True)
class StepOne:
    """How the estimates of the measurement model depend on each case.

    Attributes
    ----------
    influence : array (patterns x parameters)
        What one case of each distinct pattern adds to the estimates of the chances, on the logit scale.
    pattern : array of int
        The distinct pattern of each row of cases.
    classes, items : array of int
        Class and item of each of these parameters.
    answers : array (patterns x items)
    chances : array (classes x items)
    """

    influence: np.ndarray
    pattern: np.ndarray
    classes: np.ndarray
    items: np.ndarray
    answers: np.ndarray
    chances: np.ndarray

    def carried_over(
        self, posterior: np.ndarray, n: np.ndarray, x: np.ndarray, others: np.ndarray
    ) -> np.ndarray:
        """Return what each case adds to the scores of the second step through the first.

        Source: stacked estimating equations; for latent class models Bakk and Kuha (2018).
        """
        residual = self.answers[:, self.items] - self.chances[self.classes, self.items]
        cross = np.zeros((len(others) * x.shape[1], len(self.classes)))
        for start in range(0, len(n), BLOCK):
            rows = slice(start, start + BLOCK)
            apart = residual[self.pattern[rows]] * n[rows, None]
            for number, k in enumerate(others):
                same = (self.classes == k).astype(float)
                curve = posterior[rows][:, [k]] * (same - posterior[rows][:, self.classes]) * apart
                cross[number * x.shape[1] : (number + 1) * x.shape[1]] += x[rows].T @ curve
        return (self.influence @ cross.T)[self.pattern]


def step_one(model: StepMix, patterns: pd.DataFrame, items: Sequence[str]) -> StepOne:
    """Return the influence of each case on the measurement model, from its analytic information.

    Parameters
    ----------
    patterns : pandas.DataFrame
        Items and n: the cases the model was fitted on, in any number of rows. Rows keep their order.
    """
    answers, pattern = np.unique(matrix(patterns, items), axis=0, return_inverse=True)
    pattern = pattern.ravel()
    n = np.bincount(pattern, weights=patterns["n"].to_numpy(float))
    shares, chances = Found.of(model)
    scores, inverse, classes, places = _scores(shares, chances, answers, n)
    return StepOne(scores @ inverse[:, len(shares) - 1 :], pattern, classes, places, answers, chances)


def chance_errors(shares: np.ndarray, chances: np.ndarray, answers: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the standard error of the chance of each item in each class (classes x items).

    From the observed information, so that doubt about who is in which class is in it; 0 at the edges.
    """
    _, inverse, classes, places = _scores(shares, chances, answers, n)
    errors = np.zeros(chances.shape)
    of_logit = np.sqrt(np.clip(np.diag(inverse)[len(shares) - 1 :], 0, None))
    errors[classes, places] = of_logit * (chances * (1 - chances))[classes, places]
    return errors


def _scores(
    shares: np.ndarray, chances: np.ndarray, answers: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return scores (patterns x parameters), inverse information, and class and item of each chance."""
    joint = _densities(chances, answers) * shares
    posterior = joint / joint.sum(axis=1, keepdims=True)
    classes, places = np.nonzero((chances > EDGE) & (chances < 1 - EDGE))
    residual = answers[:, places] - chances[classes, places]
    scores = np.hstack([posterior[:, 1:] - shares[1:], posterior[:, classes] * residual])
    information = _information(posterior, shares, chances, residual, classes, places, scores, n)
    return scores, np.linalg.pinv(information), classes, places


def _information(
    posterior: np.ndarray,
    shares: np.ndarray,
    chances: np.ndarray,
    residual: np.ndarray,
    classes: np.ndarray,
    places: np.ndarray,
    scores: np.ndarray,
    n: np.ndarray,
) -> np.ndarray:
    """Return the observed information of log shares (against the first class) and logits of chances.

    Minus the second derivative is the expected information of complete data less what the classes hide:
    the sum of s s' for the scores s of complete data given the answers, less that of their averages.
    """
    free, size = len(shares) - 1, scores.shape[1]
    complete, hidden = np.zeros((size, size)), np.zeros((size, size))
    expected = posterior.T @ n
    complete[:free, :free] = n.sum() * (np.diag(shares[1:]) - np.outer(shares[1:], shares[1:]))
    spread = chances[classes, places] * (1 - chances[classes, places]) * expected[classes]
    complete[range(free, size), range(free, size)] = spread
    # The variance, given the answers, of the scores of complete data.
    for k in range(len(shares)):
        part = np.zeros((len(n), size))
        part[:, :free] = -shares[1:]
        if k > 0:
            part[:, k - 1] += 1
        part[:, free:] = residual * (classes == k)
        hidden += (part * (n * posterior[:, k])[:, None]).T @ part
    hidden -= (scores * n[:, None]).T @ scores
    return complete - hidden
