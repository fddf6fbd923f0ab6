"""Staged models: the same outcome with more and more of what may explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.models.regression.design import INTERCEPT
from helpers.models.regression.fitting import Fit, fit
from helpers.models.tidy import tidy

METHODS = {"linear": "linear regression", "logistic": "logistic regression", "poisson": "Poisson regression"}
SCALES = {"linear": "difference", "logistic": "odds ratio", "poisson": "ratio"}


def staged(
    frame: pd.DataFrame,
    outcome: str,
    stages: Mapping[str, Sequence[str]],
    family: str = "linear",
    cluster: str | None = None,
    weight: str | None = None,
    *,
    same_rows: bool = True,
    keep: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Fit a model for each stage of adjustment.

    What is compared between stages is association, seen beside more and more circumstances. An odds ratio
    changes with what is adjusted for even where nothing is confounded, since odds do not average; compare
    stages by differences or ratios of risks (`predicted_gaps`, or the Poisson family).

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows, or patterns with `weight` (see `patterns`).
    outcome : str
        A number; 0 and 1 for the logistic family.
    stages : dict of str to sequence of str
        Name of the stage -> all its terms, e.g. {"Unadjusted": ["step"], "Child": ["step", "sex"]}.
    family : {"linear", "logistic", "poisson"}
    cluster : str, optional
        Column that errors are clustered by, such as the school; without it they are robust (HC1).
    weight : str, optional
        Column of frequencies.
    same_rows : bool
        Whether every stage is fitted on the rows that are complete in all of them.
    keep : sequence of str, optional
        The columns whose terms are returned; all of them when not given.

    Returns
    -------
    pandas.DataFrame
        term, estimate, low, high, n, method, outcome, stage, reference, scale, p, error (standard error of
        the difference or log ratio), left_out (sum of weights of incomplete rows), log_likelihood.
        Logistic and Poisson estimates are ratios.

    Raises
    ------
    ValueError
        See `fit`, and when there is no stage.
    """
    if not stages:
        raise ValueError("Name at least one stage with its terms.")
    wanted = [outcome, *dict.fromkeys(term for terms in stages.values() for term in terms)]
    wanted += [name for name in (cluster, weight) if name]
    known = [name for name in wanted if name in frame]  # what is not there is named when it is fitted
    rows = frame.dropna(subset=known) if same_rows else frame
    whole = float(frame[weight].sum()) if weight else len(frame)
    parts = []
    for name, terms in stages.items():
        fitted = fit(rows, outcome, list(terms), family, cluster, weight)
        parts.append(estimates(fitted, keep, outcome=outcome, stage=name, left_out=int(whole - fitted.n)))
    return pd.concat(parts, ignore_index=True)


def estimates(fitted: Fit, keep: Sequence[str] | None = None, **more: object) -> pd.DataFrame:
    """Return the estimates of a fit, the intercept left out, as `staged` returns them."""
    names = [name for name in fitted.estimates.index if name != INTERCEPT]
    if keep is not None:
        names = [name for name in names if name.split(": ")[0] in keep]
    errors = "robust errors" if not fitted.clusters else f"errors clustered by {fitted.clusters:,} groups"
    outcome, stage = more.pop("outcome", ""), more.pop("stage", "")
    return tidy(
        names,
        fitted.estimates[names],
        fitted.errors[names],
        fitted.n,
        f"{METHODS[fitted.family]}, {errors}",
        exponentiate=fitted.family != "linear",
        outcome=outcome,
        stage=stage,
        reference=[fitted.reference[name] for name in names],
        scale=SCALES[fitted.family],
        p=fitted.p[names].to_numpy(),
        error=fitted.errors[names].to_numpy(),
        **more,
        log_likelihood=fitted.log_likelihood,
    )
