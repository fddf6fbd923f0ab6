"""Cox regression: strata, clusters, late entry, weights, covariates that change, repeated events.

A row is a time at risk: from `entry` (0 where there is none) until `duration`. One row per spell gives the
usual model. Several rows per child, each from where the one before ended, give covariates that change over
time, and with `cluster` the model of Andersen and Gill (1982) for repeated events. Spells that each start
at 0, with `strata=["number"]` and `cluster`, give the gap-time model of Prentice, Williams and Peterson
(1981).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines.exceptions import ConvergenceError
from lifelines.fitters.coxph_fitter import SemiParametricPHFitter
from scipy import stats
from scipy.linalg import LinAlgWarning
from threadpoolctl import threadpool_limits

from helpers.models.survival.common import need
from helpers.models.survival.residuals import Rows, score_residuals
from helpers.models.tidy import tidy

STRATUM = "number of the stratum"
# As many steps as it takes for coefficients to agree with R to 1e-7; lifelines would stop a little earlier.
FIT = {"step_size": 1.0, "precision": 1e-12, "r_precision": 1e-14}


@dataclass(frozen=True)
class Hazards:
    """A fitted Cox model.

    Attributes
    ----------
    table : pandas.DataFrame
        Hazard ratios: term, estimate, low, high, n (rows, by weight), method, events, p and, where errors are
        clustered, clusters.
    model : lifelines fitter
        What lifelines fitted. Its own standard errors take rows as independent; `covariance` is right. Its
        baseline hazard is Breslow's, which lies a little below Efron's where many events tie.
    frame : pandas.DataFrame
        What was fitted: a column per term, then those of `roles`.
    covariance : pandas.DataFrame
        Covariance of the log hazard ratios, robust where a cluster was given.
    roles : dict
        Names of the columns of `frame`: duration, event, and entry, cluster, weight, strata where there are.
    """

    table: pd.DataFrame
    model: SemiParametricPHFitter
    frame: pd.DataFrame
    covariance: pd.DataFrame
    roles: dict[str, object]

    @property
    def rows(self) -> Rows:
        """The fitted rows as arrays."""
        terms = list(self.covariance.index)
        return _rows(self.frame, terms, self.roles, self.model.params_.to_numpy())


def cox(
    frame: pd.DataFrame,
    duration: str,
    event: str,
    terms: Sequence[str],
    *,
    strata: Sequence[str] = (),
    cluster: str | None = None,
    entry: str | None = None,
    weight: str | None = None,
) -> Hazards:
    """Return a Cox model (Cox 1972) with Efron's approximation for ties.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row per time at risk, without missing values in the columns named.
    duration, event : str
        Time at which the row ends, and whether (True or 1) the event ended it.
    terms : sequence of str
        Covariates. A column of text or categories becomes a column per value against its first category;
        `term` then reads "column: value". Numbers and True or False go in as they are.
    strata : sequence of str
        Columns whose every combination has a baseline hazard of its own.
    cluster : str, optional
        Column within whose values rows are not independent, usually the child or the authority: errors are
        then those of Lin and Wei (1989), summed by cluster. They want some 30 clusters or more.
    entry : str, optional
        Time from which the row is at risk, exclusive (left truncation, covariates that change).
    weight : str, optional
        Sampling weight. Where weights are not whole numbers and no cluster is given, errors are robust by
        row. A weight is not a count of equal rows: with tied events Efron's approximation weighs them
        otherwise.

    Returns
    -------
    Hazards
        With the tidy table of hazard ratios. A category without any event has the ratio 0 and no interval.

    Raises
    ------
    ValueError
        If a column lacks or holds missing values, a row ends before it begins, a term does not vary, nothing
        happened, nothing happened in the first category of a term, or terms say the same.
    """
    roles = {"duration": duration, "event": event, "entry": entry, "cluster": cluster, "weight": weight}
    roles = {role: name for role, name in roles.items() if name is not None}
    need(frame, [*roles.values(), *terms, *strata])
    frame = frame.reset_index(drop=True)
    _refuse(frame, roles, [*terms, *strata])
    happened = frame[event].astype(bool).to_numpy()
    columns, empty = _columns(frame, terms, happened)
    twice = set(columns) & set(roles.values())
    if twice:
        raise ValueError(
            f"Named both as a term and for another part of the model: {', '.join(sorted(twice))}."
        )
    kept = ~np.any(list(empty.values()), axis=0) if empty else slice(None)
    others = {
        name: frame[name].to_numpy(dtype=None if role == "cluster" else float) for role, name in roles.items()
    }
    if strata:
        others[STRATUM] = frame.groupby(list(strata), observed=True, sort=True).ngroup().to_numpy()
        roles = roles | {"strata": STRATUM}
    fitted = pd.DataFrame(columns | others)  # at once: a column added later costs lifelines a copy of all
    fitted = fitted[kept] if empty else fitted
    _refuse_constant(fitted, list(columns))
    model = _fit(fitted, list(columns), roles)
    covariance, clusters = _covariance(model, fitted, list(columns), roles)
    table = _table(model, covariance, fitted, roles, empty, clusters)
    return Hazards(table, model, fitted, covariance, roles)


class _SignedWeights(SemiParametricPHFitter):
    """lifelines' Cox regression with weights below zero allowed, which take rows out of risk sets."""

    def _check_values_pre_fitting(self, X, T, E, W, entries) -> None:  # noqa: ANN001, N803
        super()._check_values_pre_fitting(X, T, E, W.abs(), entries)


def _fit(fitted: pd.DataFrame, terms: list[str], roles: dict[str, object]) -> SemiParametricPHFitter:
    """Return the fitted lifelines model.

    lifelines looks through every row at every time once entry times are given. A row that enters late can
    instead be taken out of the risk sets before its entry by a second row that ends there with its weight
    below zero: the same likelihood, term by term, at the cost of a model without entry times.
    """
    duration, event, strata = roles["duration"], roles["event"], roles.get("strata")
    columns = [*terms, duration, event, *([strata] if strata else [])]
    frame = fitted if list(fitted) == columns else fitted[columns]
    weight = roles.get("weight")
    if "weight" in roles or "entry" in roles:
        weight = weight or "weight of the row"
        frame = frame.assign(**{weight: fitted[roles["weight"]] if "weight" in roles else 1.0})
    if "entry" in roles:
        entry = fitted[roles["entry"]]
        late = (entry >= fitted.loc[fitted[event] > 0, duration].min()).to_numpy()
        before = frame[late].assign(**{duration: entry[late], event: 0.0, weight: -frame.loc[late, weight]})
        frame = pd.concat([frame, before], ignore_index=True)
    # Times in days tie. lifelines' own rule would go through a million rows one by one.
    tied = True if len(frame) > 4 * frame[duration].nunique() else None
    # The products of a day's rows are small: threads would spend their time waiting for each other.
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        warnings.filterwarnings("ignore", message="It appears your weights are not integers")
        warnings.filterwarnings("error", category=LinAlgWarning)
        strata = [strata] if strata else None
        try:
            return _SignedWeights().fit(
                frame, duration, event, strata=strata, weights_col=weight, batch_mode=tied, fit_options=FIT
            )
        except (ConvergenceError, LinAlgWarning) as error:
            said = "Terms that cannot be told apart, or one that alone decides the event, among: "
            raise ValueError(said + ", ".join(terms) + ".") from error


def _rows(fitted: pd.DataFrame, terms: list[str], roles: dict[str, object], beta: np.ndarray) -> Rows:
    x = fitted[terms].to_numpy(dtype=float)
    x = x - x.mean(axis=0)  # changes nothing but the size of the numbers
    n = len(fitted)

    def of(role: str, otherwise: float) -> np.ndarray:
        return fitted[roles[role]].to_numpy() if role in roles else np.full(n, otherwise)

    event = fitted[roles["event"]].to_numpy() > 0
    return Rows(
        x,
        of("entry", -np.inf),
        of("duration", 0),
        event,
        of("weight", 1.0),
        np.exp(x @ beta),
        of("strata", 0),
    )


def _covariance(
    model: SemiParametricPHFitter, fitted: pd.DataFrame, terms: list[str], roles: dict[str, object]
) -> tuple[pd.DataFrame, int | None]:
    """Return the covariance of the log hazard ratios and, where it is robust, the number of clusters."""
    naive = model.variance_matrix_
    whole = "weight" not in roles or (fitted[roles["weight"]] % 1 == 0).all()
    if "cluster" not in roles and whole:
        return naive, None
    beta = model.params_.to_numpy()
    residuals = score_residuals(_rows(fitted, terms, roles, beta))
    by = fitted[roles["cluster"]] if "cluster" in roles else fitted.index
    summed = pd.DataFrame(residuals).groupby(np.asarray(by)).sum().to_numpy() @ naive.to_numpy()
    return pd.DataFrame(summed.T @ summed, index=terms, columns=terms), len(summed)


def _table(
    model: SemiParametricPHFitter,
    covariance: pd.DataFrame,
    fitted: pd.DataFrame,
    roles: dict[str, object],
    empty: dict[str, np.ndarray],
    clusters: int | None,
) -> pd.DataFrame:
    errors = np.sqrt(np.diag(covariance))
    n = fitted[roles["weight"]].sum() if "weight" in roles else len(fitted)
    n = int(round(n)) + int(np.any(list(empty.values()), axis=0).sum() if empty else 0)
    events = int(fitted[roles["event"]].sum())
    method = "Cox regression" + (f", errors robust by {roles['cluster']}" if "cluster" in roles else
                                 ", robust errors" if clusters else "")  # fmt: skip
    if "strata" in roles:
        method = method.replace("regression", "regression with strata")
    p = 2 * stats.norm.sf(np.abs(model.params_.to_numpy() / errors))
    table = tidy(covariance.index, model.params_, errors, n, method, exponentiate=True, events=events, p=p)
    if empty:
        nothing = table.iloc[[0] * len(empty)].assign(
            term=list(empty), estimate=0.0, low=np.nan, high=np.nan, p=np.nan
        )
        table = pd.concat([table, nothing], ignore_index=True)
    return table if clusters is None else table.assign(clusters=clusters)


def _columns(
    frame: pd.DataFrame, terms: Sequence[str], happened: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the columns to fit by term, and for each category without an event the rows that have it.

    Where a category has no event its hazard ratio is 0, and its rows say nothing of the other terms: the fit
    without them is the limit of the fit with them.
    """
    columns: dict[str, np.ndarray] = {}
    empty: dict[str, np.ndarray] = {}
    for term in terms:
        values = frame[term]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            columns[term] = values.to_numpy(dtype=float)
            continue
        coded = values.astype("category").cat.remove_unused_categories()
        codes, names = coded.cat.codes.to_numpy(), list(coded.cat.categories)
        events = np.bincount(codes[happened], minlength=len(names))
        if events[0] == 0:
            raise ValueError(
                f"No event in {term}: {names[0]}, with which the others are compared. Name another first."
            )
        for code, name in enumerate(names[1:], start=1):
            into = columns if events[code] else empty
            into[f"{term}: {name}"] = (codes == code).astype(float if events[code] else bool)
    return columns, empty


def _refuse(frame: pd.DataFrame, roles: dict[str, object], others: list[str]) -> None:
    missing = frame[[*roles.values(), *others]].isna().sum()
    missing = missing[missing > 0]
    if len(missing):
        said = ", ".join(f"{name} ({count})" for name, count in missing.items())
        raise ValueError(
            f"Missing values in {said}. Choose complete rows, or a category for what is not known."
        )
    if not frame[roles["event"]].isin([0, 1]).all():
        raise ValueError(f"{roles['event']} must be 0 or 1 (or False or True).")
    if not frame[roles["event"]].astype(bool).any():
        raise ValueError(f"Nothing happened: {roles['event']} is 0 in every row.")
    if "entry" in roles and (frame[roles["entry"]] >= frame[roles["duration"]]).any():
        rows = int((frame[roles["entry"]] >= frame[roles["duration"]]).sum())
        raise ValueError(f"{rows} rows end ({roles['duration']}) at or before they begin ({roles['entry']}).")
    if (frame[roles["duration"]] < 0).any():
        raise ValueError(f"{roles['duration']} is below zero in some rows.")
    if "weight" in roles and (frame[roles["weight"]] <= 0).any():
        raise ValueError(f"{roles['weight']} must be above zero.")


def _refuse_constant(fitted: pd.DataFrame, terms: list[str]) -> None:
    if not terms:
        raise ValueError("No term to fit: each has one value only, or no event.")
    constant = [term for term in terms if fitted[term].min() == fitted[term].max()]
    if constant:
        raise ValueError(f"The same in every row, so that nothing can be compared: {', '.join(constant)}.")
