"""Tables, regressions, histograms and survival tables checked by ACRO, with the parameters of a profile.

ACRO is what output checkers of several secure environments use. It checks single outputs made from records;
what it does not do (secondary suppression that keeps known totals, Cox models, latent classes) is in the
other files of this package. Source of its rules: the package acro, version 1.0.2, and its `default.yaml`.

What was found in that version and is guarded against here: a list of aggregations goes unsuppressed; for a
standard deviation one thin cell blanks the whole table; a survival table keeps the exact column beside the
rounded one and leaves the first step as it is; a histogram may add a column to the data and writes where the
program runs.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.disclosure.profiles import Profile
from helpers.disclosure.profiles import profile as profile_of

_AGGREGATIONS = ("mean", "median", "sum", "count", "std")


@dataclass(frozen=True)
class Checked:
    """What came back: the table or results that may be shown, and what ACRO says of them."""

    table: Any  # a frame; for a histogram the path of the picture, or None where it may not be shown
    status: str  # "pass", "review" or "fail"
    summary: str
    outcome: pd.DataFrame  # cell by cell; empty for a regression
    model: Any = None  # the fitted statsmodels results of a regression


def acro_session(rule: int | str | Profile) -> Any:
    """Return an ACRO session with the parameters of a profile and suppression on.

    Returns
    -------
    acro.ACRO
        It asks nothing, and writes nothing until its own `finalise` is called with a new folder.
    """
    rule = profile_of(rule)
    with _quiet():
        from acro import ACRO

        session = ACRO(suppress=True)
    # The checks hold this very dictionary, so they follow.
    session.config.update(
        safe_threshold=rule.min_cell,
        safe_dof_threshold=rule.min_df,
        safe_nk_n=rule.dominance[0],
        safe_nk_k=rule.dominance[1],
        safe_pratio_p=rule.p_ratio,
        survival_safe_threshold=rule.min_cell,
        zeros_are_disclosive=not rule.zeros,
        safe_round_base=rule.round_to or 5,
    )
    return session


def acro_crosstab(
    frame: pd.DataFrame, row: str, column: str, rule: int | str | Profile, *, values: str | None = None,
    aggregation: str | None = None, margins: bool = False,
) -> Checked:  # fmt: skip
    """Cross-tabulate records through ACRO.

    With `margins`, ACRO counts totals anew without what it hides. They can't give a cell away in this table,
    but differ from the true totals, which other tables may show: where totals are known, use
    `helpers.disclosure.suppress_table`.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a child or spell.
    row, column : str
    rule : int, str or Profile
    values, aggregation : str, optional
        A number a row, and mean, median, sum, count or std of it; without them rows are counted.

    Raises
    ------
    ValueError
        For another aggregation, or one of `values` and `aggregation` without the other.
    """
    rule = profile_of(rule)
    if (values is None) != (aggregation is None):
        raise ValueError("Give both values and aggregation, or neither.")
    if aggregation and aggregation not in _AGGREGATIONS:
        raise ValueError(f"ACRO can't check {aggregation!r} here: use one of {', '.join(_AGGREGATIONS)}.")
    session = acro_session(rule)
    numbers = frame[values] if values else None
    with _quiet():
        table = session.crosstab(frame[row], frame[column], values=numbers, aggfunc=aggregation,
                                 margins=margins)  # fmt: skip
    counted = frame if values is None else frame[frame[values].notna()]
    counts = pd.crosstab(counted[row], counted[column])
    if aggregation == "std":
        table = frame.pivot_table(index=row, columns=column, values=values, aggfunc="std", observed=True)
    return _checked(session, _masked(table, counts, rule, aggregation))


def acro_pivot(
    frame: pd.DataFrame, index: str, values: str, rule: int | str | Profile, *, aggregation: str = "mean"
) -> Checked:
    """Aggregate a number by one column through ACRO; parameters and errors as for `acro_crosstab`."""
    rule = profile_of(rule)
    if aggregation not in _AGGREGATIONS:
        raise ValueError(f"ACRO can't check {aggregation!r} here: use one of {', '.join(_AGGREGATIONS)}.")
    session = acro_session(rule)
    with _quiet():
        table = session.pivot_table(frame, index=[index], values=[values], aggfunc=aggregation)
    if aggregation == "std":
        table = frame.pivot_table(index=index, values=values, aggfunc="std", observed=True)
    counts = frame[frame[values].notna()].groupby(index, observed=True).size().to_frame(values)
    return _checked(session, _masked(table, counts, rule, aggregation))


def acro_regression(
    formula: str, frame: pd.DataFrame, rule: int | str | Profile, kind: str = "ols"
) -> Checked:
    """Fit a regression through ACRO, which checks its residual degrees of freedom.

    `helpers.disclosure.check_regression` adds what ACRO does not look at: saturation, and thin categories.

    Parameters
    ----------
    formula : str
        As statsmodels takes it.
    kind : str
        "ols", "logit" or "probit".

    Returns
    -------
    Checked
        table: term, estimate, low, high (on the scale of the model); model: the fitted results.

    Raises
    ------
    ValueError
        For another kind.
    """
    calls = {"ols": "olsr", "logit": "logitr", "probit": "probitr"}
    if kind not in calls:
        raise ValueError(f"ACRO has no regression called {kind!r}: use one of {', '.join(calls)}.")
    session = acro_session(rule)
    with _quiet():
        results = getattr(session, calls[kind])(formula, frame)
    reach = results.conf_int()
    table = pd.DataFrame({"term": list(results.params.index), "estimate": results.params.to_numpy(),
                          "low": reach[0].to_numpy(), "high": reach[1].to_numpy()})  # fmt: skip
    return _checked(session, table, results)


def acro_survival(frame: pd.DataFrame, duration: str, event: str, rule: int | str | Profile) -> Checked:
    """Return a survival table with ACRO's rounded curve alone, less a first step of too few events.

    ACRO joins steps by how many left the risk set, not by events, and counts degrees of freedom that fall
    with every distinct time; they fail for days. `helpers.disclosure.safe_curve` is stricter on steps.

    Returns
    -------
    Checked
        table: time, estimate (share without the event).
    """
    rule = profile_of(rule)
    session = acro_session(rule)
    with _quiet():
        from acro import acro_tables

        default = acro_tables.SURVIVAL_THRESHOLD  # a constant of the module that no configuration reaches
        acro_tables.SURVIVAL_THRESHOLD = rule.min_cell
        try:
            full = session.surv_func(frame[duration], frame[event], output="table")
        finally:
            acro_tables.SURVIVAL_THRESHOLD = default
    curve = full["rounded_survival_fun"].rename_axis("time").rename("estimate").reset_index()
    steps = curve[curve["estimate"] != curve["estimate"].shift()]
    steps = steps[full["num at risk"].to_numpy()[steps.index] >= rule.min_cell]
    if len(steps) and full["num events"].iloc[0] < rule.min_cell:
        steps = steps.iloc[1:]
    return _checked(session, steps.reset_index(drop=True))


def acro_histogram(
    frame: pd.DataFrame, column: str, rule: int | str | Profile, path: str | Path, bins: int = 10
) -> Checked:
    """Draw a histogram through ACRO to `path` (png); nothing is written where a bin is too thin.

    Raises
    ------
    ValueError
        For another extension than png: vector pictures hold the exact numbers.
    """
    path = Path(path).resolve()
    if path.suffix != ".png":
        raise ValueError(
            f"A histogram is written as png, not as {path.suffix or 'a file without extension'}."
        )
    import matplotlib.pyplot as plt

    session = acro_session(rule)
    with tempfile.TemporaryDirectory() as folder, _quiet(), contextlib.chdir(folder):
        session.hist(frame[[column]].copy(), column, bins=bins, filename="histogram.png")
        plt.close()
        status = _last(session).status
        drawn = next(Path(folder).rglob("*.png"), None)
        shown = None
        if status != "fail" and drawn is not None:
            shutil.copy(drawn, path)
            shown = path
    return _checked(session, shown)


def _masked(
    table: pd.DataFrame, counts: pd.DataFrame, rule: Profile, aggregation: str | None
) -> pd.DataFrame:
    """Blank every cell that rests on too few, whatever came back."""
    least = max(rule.min_cell, rule.min_df + 1) if aggregation == "std" else rule.min_cell
    lowest = 1 if rule.zeros and aggregation is None else 0
    thin = counts.lt(least) & counts.ge(lowest)
    return table.mask(thin.reindex(index=table.index, columns=table.columns, fill_value=False))


def _last(session: Any) -> Any:
    return list(session.results.results.values())[-1]


def _checked(session: Any, table: Any, model: Any = None) -> Checked:
    record = _last(session)
    outcome = record.outcome if isinstance(record.outcome, pd.DataFrame) else pd.DataFrame()
    return Checked(table, record.status, str(record.summary).strip(), outcome, model)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep ACRO's log, its warnings and what its models print out of the notebook."""
    root, logger = logging.getLogger(), logging.getLogger("acro")
    handlers, level = list(root.handlers), root.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.handlers[:], root.level = handlers, level
