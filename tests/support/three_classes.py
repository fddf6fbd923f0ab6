"""Cases from three planted classes that overlap, with a covariate and an outcome that hang on the class."""

import numpy as np
import pandas as pd

ITEMS = ["a", "b", "c", "d", "e", "f"]
CHANCES = np.array(
    [[0.8, 0.8, 0.2, 0.2, 0.1, 0.1], [0.2, 0.2, 0.8, 0.8, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.8, 0.8]]
)
OUTCOME = np.array([0.1, 0.3, 0.6])
LOG_ODDS = np.array([[0.0, 0.0], [-0.4, 0.8], [-0.8, -0.6]])  # constant and covariate, against the first


def planted(cases=4000, seed=1, children=None):
    """Return rows: items, older (0 or 1), outcome, child; and the class (0, 1, 2) of each.

    With `children`, the rows of a child share its covariate and, half the time, its class.
    """
    rng = np.random.default_rng(seed)
    child = np.arange(cases) if children is None else rng.integers(0, children, cases)
    older = rng.integers(0, 2, child.max() + 1)[child]
    scores = np.exp(LOG_ODDS[:, 0] + np.outer(older, LOG_ODDS[:, 1]))
    chances = (scores / scores.sum(axis=1, keepdims=True)).cumsum(axis=1)
    own = rng.uniform(size=cases)
    if children is not None:
        same = rng.uniform(size=child.max() + 1)[child]
        own = np.where(rng.uniform(size=cases) < 0.5, same, own)
    truth = (own[:, None] > chances).sum(axis=1)
    items = (rng.uniform(size=(cases, len(ITEMS))) < CHANCES[truth]).astype("int8")
    outcome = (rng.uniform(size=cases) < OUTCOME[truth]).astype(int)
    return pd.DataFrame(items, columns=ITEMS).assign(older=older, outcome=outcome, child=child, n=1), truth


def counted(rows, *more):
    return rows.groupby([*ITEMS, *more], as_index=False)["n"].sum()


def arranged(model):
    """Put the classes in the order in which they were planted."""
    found = model.get_parameters()["measurement"]["pis"]
    order = [int(np.abs(found - chance).sum(axis=1).argmin()) for chance in CHANCES]
    model.permute_classes(np.array(order))
    return model
