"""Difference-in-differences on the scale of ratios, for shares and rates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest as pf
from scipy import stats

from helpers.models.evaluation.panel import Panel
from helpers.models.tidy import tidy

METHOD = "cohort by period, Poisson with unit and period effects (Wooldridge 2023)"


def average_ratio(data: Panel) -> pd.DataFrame:
    """Return the average ratio of the outcome to what it would have been, in the periods since the start.

    Identified if, without the policy, shares (or rates) would have changed by the same ratio everywhere:
    another assumption than parallel differences, and where levels differ both cannot hold. Every cohort has
    its own ratio in every period since its start, so ratios may grow and differ; the average is that of
    their logarithms, weighted by cases. All periods before the start serve as comparison.

    Source: Wooldridge (2023), Simple approaches to nonlinear difference-in-differences with panel data,
    The Econometrics Journal 26(3).

    Parameters
    ----------
    data : Panel
        The outcome a share or rate, not below 0, and the weight what it is a share of: events are their
        product. Units without any event tell nothing of ratios and drop out.

    Returns
    -------
    pandas.DataFrame
        term ("average ratio"), estimate, low, high (95%, t on clusters - 1, by authority or other cluster),
        n (sum of weights of the treated cells), method, clusters.

    Raises
    ------
    ValueError
        If the outcome falls below 0, or a cohort has a period since the start without any event.
    """
    frame = data.frame
    if (frame["outcome"] < 0).any():
        raise ValueError("A ratio needs an outcome that is not below 0.")
    treated = frame["treated"] == 1
    frame = frame.assign(
        events=frame["outcome"] * frame["weight"],
        exposure=np.log(frame["weight"]),
        cell=np.where(treated, frame["start"].astype(str) + ":" + frame["event"].astype(str), "none"),
    )
    sums = frame[treated].groupby("cell")[["events", "weight"]].sum()
    if (sums["events"] == 0).any():
        raise ValueError("A cohort has a period since its start without any event: take longer periods.")
    fitted = pf.fepois(
        'events ~ i(cell, ref="none") | unit + time', frame, vcov={"CRV1": "cluster"}, offset="exposure"
    )
    names = [str(name).rsplit("::", 1)[-1] for name in fitted._coefnames]
    share = (sums["weight"] / sums["weight"].sum()).reindex(names).to_numpy()
    error = np.sqrt(share @ fitted._vcov @ share)
    wider = stats.t.ppf(0.975, data.clusters - 1) / stats.norm.ppf(0.975)
    return tidy(
        ["average ratio"],
        [share @ fitted._beta_hat],
        [error * wider],
        round(sums["weight"].sum()),
        METHOD,
        exponentiate=True,
        clusters=data.clusters,
    )
