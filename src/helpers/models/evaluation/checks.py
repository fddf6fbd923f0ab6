"""What speaks for or against a difference-in-differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest as pf
from scipy import stats

from helpers.models.evaluation.panel import NEVER, Panel
from helpers.models.evaluation.regressions import METHODS, interacted


def pre_trends(data: Panel, *, leads: int | None = None) -> pd.DataFrame:
    """Test that the periods before the start show no difference.

    A joint test of the leads of the cohort by period model, Hotelling's F on (leads, clusters - leads). A
    large p is weak comfort: a trend too small for this test can still matter (Roth 2022), so look at the
    leads too.

    Parameters
    ----------
    data : Panel
    leads : int, optional
        How many periods before the reference period to test. By default those that every cohort has: a
        longer list rests on few clusters and finds differences too often.

    Returns
    -------
    pandas.DataFrame
        term, statistic (F), leads, p, clusters, largest (the lead furthest from 0), n (units), method.

    Raises
    ------
    ValueError
        If no unit is seen for two periods before it begins.
    """
    times, estimates, covariance = interacted(data)
    seen = data.frame[data.frame["start"] > NEVER].groupby("start")["event"].min().max()
    keep = (times < -1) & (times >= (-1 - leads if leads else min(seen, -2)))
    if not keep.any():
        raise ValueError("There is no period before the reference period: a trend before cannot be tested.")
    lead, variance, clusters = estimates[keep], covariance[np.ix_(keep, keep)], data.clusters
    rank = int(np.linalg.matrix_rank(variance))
    squared = float(lead @ np.linalg.pinv(variance) @ lead)
    statistic = squared * (clusters - rank) / (rank * (clusters - 1))
    return pd.DataFrame(
        {
            "term": ["no difference before the start"],
            "statistic": statistic,
            "leads": rank,
            "p": stats.f.sf(statistic, rank, clusters - rank),
            "clusters": clusters,
            "largest": lead[np.abs(lead).argmax()],
            "n": data.units,
            "method": METHODS["interacted"],
        }
    )


def negative_weights(data: Panel) -> pd.DataFrame:
    """Return how much of the two-way fixed effects estimate is taken with the wrong sign.

    Source: de Chaisemartin and D'Haultfoeuille (2020), AER 110(9): the estimate is a weighted sum of the
    effects of the treated cells, with weights in proportion to the residual of treatment.

    Returns
    -------
    pandas.DataFrame
        cells (treated), negative (share of them), sum_negative (sum of the weights below 0; all sum to 1).
    """
    frame = data.frame
    fitted = pf.feols("treated ~ 1 | unit + time", frame, weights="weight")
    part = np.asarray(fitted.resid()) * frame["weight"].to_numpy()
    part = part[frame["treated"].to_numpy() == 1]
    part = part / part.sum()
    return pd.DataFrame(
        {"cells": [len(part)], "negative": (part < 0).mean(), "sum_negative": part[part < 0].sum()}
    )
