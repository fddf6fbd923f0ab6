"""The regressions beneath difference-in-differences, as pyfixest fits them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest as pf

from helpers.models.evaluation.panel import NEVER, Panel

METHODS = {
    "imputation": "two-stage difference-in-differences (Gardner 2021)",
    "interacted": "cohort by period (Sun and Abraham 2021)",
    "group_time": "group-time averages, not yet begun as comparison (Callaway and Sant'Anna 2021)",
    "twfe": "two-way fixed effects (a warning: misleads where effects grow or differ)",
}


def two_stage(frame: pd.DataFrame, second: str) -> pd.DataFrame:
    """Return Gardner's two-stage estimates: units and periods from untreated cells, then the rest."""
    fitted = pf.did2s(
        frame,
        yname="outcome",
        first_stage="~ 0 | unit + time",
        second_stage=f"~ {second}",
        treatment="treated",
        cluster="cluster",
        weights="weight",
    )
    return coefficients(fitted)


def coefficients(fitted: object) -> pd.DataFrame:
    """Return the coefficients of a pyfixest fit, with the period that stands in their names."""
    table = fitted.tidy()
    names = [str(name).rsplit("::", 1)[-1] for name in table.index]
    time = [int(float(name)) if name.lstrip("-").replace(".", "").isdigit() else 0 for name in names]
    return pd.DataFrame(
        {
            "time": time,
            "estimate": table["Estimate"].to_numpy(),
            "std_error": table["Std. Error"].to_numpy(),
        }
    )


def combined(weights: np.ndarray, estimates: np.ndarray, covariance: np.ndarray) -> pd.DataFrame:
    """Return a weighted sum of estimates with its error."""
    error = np.sqrt(weights @ covariance @ weights)
    return pd.DataFrame({"time": [0], "estimate": weights @ estimates, "std_error": error})


def weights_of(data: Panel, times: np.ndarray) -> np.ndarray:
    """Return the weight of the cells at each period since the start."""
    begun = data.frame[data.frame["start"] > NEVER]
    return begun.groupby("event")["weight"].sum().reindex(times).to_numpy()


def interacted(data: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit each cohort's own path and average the cohorts at each period by their weights.

    Returns periods (without the reference), estimates and their covariance.
    """
    frame = data.frame
    inside = (frame["start"] > NEVER) & (frame["event"] != -1)
    cell = frame["start"].astype(str) + ":" + frame["event"].astype(str)
    fitted = pf.feols(
        'outcome ~ i(cell, ref="none") | unit + time',
        frame.assign(cell=np.where(inside, cell, "none")),
        vcov={"CRV1": "cluster"},
        weights="weight",
    )
    names = [str(name).rsplit("::", 1)[-1] for name in fitted._coefnames]
    events = np.array([int(name.split(":")[1]) for name in names])
    weight = frame.assign(cell=cell)[inside].groupby("cell")["weight"].sum().reindex(names).to_numpy()
    times = np.unique(events)
    average = np.where(events[None] == times[:, None], weight[None], 0.0)
    average /= average.sum(axis=1, keepdims=True)
    return times, average @ fitted._beta_hat, average @ fitted._vcov @ average.T
