"""Difference-in-differences where units begin at different times.

What is estimated: the average effect on those that began, in the periods since (the ATT). It is identified
if, without the policy, the units that began would have changed as those that had not yet begun did (parallel
trends), if nothing changed ahead of the start (no anticipation), and if one unit's policy does not reach another.
None of these can be proved; `pre_trends` shows whether the years before speak against the first two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyfixest as pf
from scipy import stats
from tqdm import tqdm

from helpers.models.evaluation.group_time import group_time_effects
from helpers.models.evaluation.panel import NEVER, Panel, t_tidy

METHODS = {
    "imputation": "two-stage difference-in-differences (Gardner 2021)",
    "interacted": "cohort by period (Sun and Abraham 2021)",
    "group_time": "group-time averages, not yet begun as comparison (Callaway and Sant'Anna 2021)",
    "twfe": "two-way fixed effects (a warning: misleads where effects grow or differ)",
}

ESTIMATES = ["time", "estimate", "std_error"]

FEW = 50  # clusters; below this the jackknife is the default


def average_effect(
    data: Panel,
    methods: Sequence[str] = tuple(METHODS),
    *,
    errors: str = "auto",
    progress: bool = False,
) -> pd.DataFrame:
    """Return the average effect since the start, by several methods side by side.

    Every treated cell counts by its weight. Two-way fixed effects stand beside the others because they are
    what is usually seen; where effects grow with time they compare units with ones that began earlier, and can even take
    the wrong sign (Goodman-Bacon 2021). See `negative_weights`.

    Parameters
    ----------
    data : Panel
        From `panel`.
    methods : sequence of str
        Of "imputation", "interacted", "group_time", "twfe".
    errors : {"auto", "analytic", "jackknife"}
        Cluster-robust errors, or the leave-one-cluster-out jackknife (CV3; MacKinnon, Nielsen and Webb
        2023), which is safer with few or unequal clusters. "auto" is the jackknife below 50 clusters.
    progress : bool
        Whether to show a bar while the jackknife runs.

    Returns
    -------
    pandas.DataFrame
        term ("average effect"), estimate, low, high (95%, t on clusters - 1), n (sum of weights of the
        treated cells), method, std_error, clusters, estimator, inference ("analytic" or "jackknife").
    """
    return pd.concat(
        [_table(data, name, _average, "average effect", errors, progress) for name in methods],
        ignore_index=True,
    )


def event_study(
    data: Panel,
    method: str = "interacted",
    *,
    window: tuple[int, int] | None = None,
    errors: str = "auto",
    progress: bool = False,
) -> pd.DataFrame:
    """Return effects by period since the start, with the periods before it as a check.

    The period before the start is the reference and stands at 0. "imputation" gives no periods before: its leads are
    not on the same footing as its effects (Roth 2024).

    Parameters
    ----------
    data : Panel
    method : {"interacted", "imputation", "group_time", "twfe"}
    window : (int, int), optional
        First and last period to show; all by default. Far periods rest on few cohorts: see n.
    errors, progress
        As in `average_effect`.

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high, n (sum of weights of the cells), method, std_error, clusters, estimator,
        inference, time (int64: 0 is the first period with the policy).
    """
    table = _table(data, method, _by_event, "period", errors, progress)
    if window:
        table = table[table["time"].between(*window)]
    return table.reset_index(drop=True)


def pre_trends(data: Panel, *, leads: int | None = None) -> pd.DataFrame:
    """Test that the periods before the start show no difference.

    A joint test of the leads of the cohort by period model, Hotelling's F on (leads, clusters - leads). A large p is
    weak comfort: a trend too small for this test can still matter (Roth 2022), so look at the leads too.

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
    times, estimates, covariance = _interacted(data)
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


def _table(
    data: Panel, name: str, estimate: Callable, words: str, errors: str, progress: bool
) -> pd.DataFrame:
    """Estimate, take the errors that were asked for and put both into the one form."""
    if name not in METHODS:
        raise ValueError(f"There is no method {name!r}: choose of {', '.join(METHODS)}.")
    if errors not in ("auto", "analytic", "jackknife"):
        raise ValueError(f"There are no errors {errors!r}: choose auto, analytic or jackknife.")
    if errors == "auto":
        errors = "jackknife" if data.clusters < FEW else "analytic"
    found = estimate(data, name)
    if errors == "jackknife":
        found = found.assign(std_error=_jackknife(data, name, estimate, found, progress))
    times = found["time"].to_numpy()
    terms = [words] * len(found) if estimate is _average else [f"{words} {time:+d}" for time in times]
    more = {"estimator": name, "inference": errors}
    if estimate is _by_event:
        more["time"] = times
    n = _weights(data, times if estimate is _by_event else None)
    return t_tidy(terms, found["estimate"], found["std_error"], n, METHODS[name], data.clusters, **more)


def _weights(data: Panel, times: np.ndarray | None) -> list[int]:
    begun = data.frame[data.frame["start"] > NEVER]
    if times is None:
        return [round(begun.loc[begun["treated"] == 1, "weight"].sum())]
    return begun.groupby("event")["weight"].sum().reindex(times).round().astype("int64").tolist()


def _average(data: Panel, name: str) -> pd.DataFrame:
    if name == "group_time":
        return group_time_effects(data, "average")
    if name == "interacted":
        times, estimates, covariance = _interacted(data)
        weights = np.where(times >= 0, _weights_of(data, times), 0.0)
        return _combined(weights / weights.sum(), estimates, covariance)
    if name == "imputation":
        return _two_stage(data.frame, "i(treated, ref=0)").assign(time=0)
    fitted = pf.feols(
        "outcome ~ treated | unit + time", data.frame, vcov={"CRV1": "cluster"}, weights="weight"
    )
    return _coefficients(fitted).assign(time=0)


def _by_event(data: Panel, name: str) -> pd.DataFrame:
    reference = pd.DataFrame({"time": [-1], "estimate": 0.0, "std_error": 0.0})
    if name == "group_time":
        found = group_time_effects(data, "event")
    elif name == "interacted":
        times, estimates, covariance = _interacted(data)
        found = pd.DataFrame(
            {"time": times, "estimate": estimates, "std_error": np.sqrt(np.diag(covariance))}
        )
    elif name == "imputation":
        since = data.frame.assign(event=np.where(data.frame["treated"] == 1, data.frame["event"], -1))
        found = _two_stage(since, "i(event, ref=-1)")
    else:
        fitted = pf.feols(
            "outcome ~ i(event, ref=-1) | unit + time",
            data.frame,
            vcov={"CRV1": "cluster"},
            weights="weight",
        )
        found = _coefficients(fitted)
    return pd.concat([found[ESTIMATES], reference]).sort_values("time", ignore_index=True)


def _two_stage(frame: pd.DataFrame, second: str) -> pd.DataFrame:
    fitted = pf.did2s(
        frame,
        yname="outcome",
        first_stage="~ 0 | unit + time",
        second_stage=f"~ {second}",
        treatment="treated",
        cluster="cluster",
        weights="weight",
    )
    return _coefficients(fitted)


def _coefficients(fitted: object) -> pd.DataFrame:
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


def _combined(weights: np.ndarray, estimates: np.ndarray, covariance: np.ndarray) -> pd.DataFrame:
    error = np.sqrt(weights @ covariance @ weights)
    return pd.DataFrame({"time": [0], "estimate": weights @ estimates, "std_error": error})


def _weights_of(data: Panel, times: np.ndarray) -> np.ndarray:
    begun = data.frame[data.frame["start"] > NEVER]
    return begun.groupby("event")["weight"].sum().reindex(times).to_numpy()


def _interacted(data: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def _jackknife(data: Panel, name: str, estimate: Callable, found: pd.DataFrame, progress: bool) -> np.ndarray:
    """Return errors from leaving out one cluster at a time (CV3, about the whole estimate)."""
    clusters = data.frame["cluster"].unique()
    left = []
    for cluster in tqdm(clusters, desc="Leaving out one cluster", disable=not progress):
        part = Panel(data.frame[data.frame["cluster"] != cluster].reset_index(drop=True), data.dropped)
        again = estimate(part, name).set_index("time")["estimate"]
        left.append(again.reindex(found["time"]).to_numpy())
    off = np.array(left) - found["estimate"].to_numpy()
    seen = np.isfinite(off).sum(axis=0)
    if (seen < len(clusters)).any():
        # A cohort of one cluster cannot be left out; its period has no error by this method.
        off = np.where(seen < len(clusters), np.nan, off)
    return np.sqrt((len(clusters) - 1) / len(clusters) * (off**2).sum(axis=0))
