"""Difference-in-differences where units begin at different times.

What is estimated: the average effect on those that began, in the periods since (the ATT). It is identified
if, without the policy, the units that began would have changed as those that had not yet begun did (parallel
trends), if nothing changed ahead of the start (no anticipation), and if one unit's policy does not reach
another. None of these can be proved; `pre_trends` shows whether the years before speak against the first
two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyfixest as pf
from tqdm import tqdm

from helpers.models.evaluation.group_time import group_time_effects
from helpers.models.evaluation.panel import NEVER, Panel, t_tidy
from helpers.models.evaluation.regressions import (
    METHODS,
    coefficients,
    combined,
    interacted,
    two_stage,
    weights_of,
)

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
    what is usually seen; where effects grow with time they compare units with ones that began earlier, and
    can even take the wrong sign (Goodman-Bacon 2021). See `negative_weights`.

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

    The period before the start is the reference and stands at 0. "imputation" gives no periods before: its
    leads are not on the same footing as its effects (Roth 2024).

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
        times, estimates, covariance = interacted(data)
        weights = np.where(times >= 0, weights_of(data, times), 0.0)
        return combined(weights / weights.sum(), estimates, covariance)
    if name == "imputation":
        return two_stage(data.frame, "i(treated, ref=0)").assign(time=0)
    fitted = pf.feols(
        "outcome ~ treated | unit + time", data.frame, vcov={"CRV1": "cluster"}, weights="weight"
    )
    return coefficients(fitted).assign(time=0)


def _by_event(data: Panel, name: str) -> pd.DataFrame:
    reference = pd.DataFrame({"time": [-1], "estimate": 0.0, "std_error": 0.0})
    if name == "group_time":
        found = group_time_effects(data, "event")
    elif name == "interacted":
        times, estimates, covariance = interacted(data)
        found = pd.DataFrame(
            {"time": times, "estimate": estimates, "std_error": np.sqrt(np.diag(covariance))}
        )
    elif name == "imputation":
        since = data.frame.assign(event=np.where(data.frame["treated"] == 1, data.frame["event"], -1))
        found = two_stage(since, "i(event, ref=-1)")
    else:
        fitted = pf.feols(
            "outcome ~ i(event, ref=-1) | unit + time",
            data.frame,
            vcov={"CRV1": "cluster"},
            weights="weight",
        )
        found = coefficients(fitted)
    return pd.concat([found[ESTIMATES], reference]).sort_values("time", ignore_index=True)


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
