"""Synthetic control: one place beside a weighted mix of others that moved as it did before.

What is estimated: the gap between the place and its mix after the start. It can be read as an effect only
if the mix would have gone on moving with the place, nobody in the mix began too, and the fit before is
close. `before` shows the fit; giving each other place the start in turn shows how unusual the gap is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from tqdm import tqdm

METHOD = "synthetic control, placebo places"


@dataclass(frozen=True)
class Synthetic:
    """What a synthetic control gives.

    Attributes
    ----------
    table : pandas.DataFrame
        term ("average gap after"), estimate, low, high (constant effects that the placebos do not speak
        against at 5%; missing below 20 places), n (places), method, before (root mean square gap before),
        ratio (after over before), p (share of places, the one studied among them, with a ratio at least as
        large).
    series : pandas.DataFrame
        time, observed, expected, gap, after (bool).
    weights : pandas.DataFrame
        unit, weight; donors with a weight, the largest first.
    placebos : pandas.DataFrame
        unit, before, after (root mean square gaps), ratio, average (gap after); every place.
    gaps : pandas.DataFrame
        unit, time, gap: for the figure of placebos.
    """

    table: pd.DataFrame
    series: pd.DataFrame
    weights: pd.DataFrame
    placebos: pd.DataFrame
    gaps: pd.DataFrame


def synthetic_control(
    frame: pd.DataFrame,
    unit: str,
    time: str,
    outcome: str,
    treated: object,
    start: object,
    *,
    demean: bool = False,
    poor_fit: float = 5.0,
    progress: bool = False,
) -> Synthetic:
    """Fit a synthetic control on the outcome before the start, and the same for every donor.

    Source: Abadie, Diamond and Hainmueller (2010), JASA 105(490); placebo inference by the ratio of the
    root mean square gap after to before. With 20 places p cannot be below 1/20.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row for each unit and time, without gaps; only donors that did not begin.
    unit, time, outcome : str
        Columns.
    treated, start
        The unit studied, and the first time after.
    demean : bool
        Whether to take each unit's mean before the start off first, so that only movements must match
        (Ferman and Pinto 2021); for a place at the edge that no mix can reach.
    poor_fit : float
        Placebos whose gap before exceeds this many times that of the place are left out of the interval.
    progress : bool
        Whether to show a bar.

    Raises
    ------
    ValueError
        If rows are missing, or there are fewer than three times before, one after, or two donors.
    """
    wide = _wide(frame, unit, time, outcome, treated, start)
    after = wide.index >= start
    centred = wide - wide[~after].mean() if demean else wide
    fits = {}
    others = [name for name in wide if name != treated]
    for name in tqdm([treated, *others], desc="Places", disable=not progress):
        # A placebo is made of the other donors only: the place studied did begin.
        donors = [other for other in others if other != name]
        weights = simplex_weights(
            centred.loc[~after, donors].to_numpy(), centred.loc[~after, name].to_numpy()
        )
        fits[name] = (weights, centred[name] - centred[donors] @ weights)
    gaps = pd.DataFrame({name: gap for name, (_, gap) in fits.items()})
    placebos = _placebos(gaps, after)
    series = pd.DataFrame(
        {"time": wide.index, "observed": wide[treated], "expected": wide[treated] - gaps[treated]}
    ).assign(gap=gaps[treated], after=after)
    weights = pd.DataFrame({"unit": others, "weight": fits[treated][0]})
    weights = weights[weights["weight"] > 1e-6].sort_values("weight", ascending=False, kind="stable")
    long = gaps.rename_axis("time").reset_index().melt("time", var_name="unit", value_name="gap")
    table = _inference(placebos, treated, poor_fit)
    return Synthetic(
        table,
        series.reset_index(drop=True),
        weights.reset_index(drop=True),
        placebos,
        long[["unit", "time", "gap"]],
    )


def simplex_weights(donors: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the weights, none below 0 and 1 together, whose mix of donors is nearest the target.

    With w = s v and v adding to 1, |Zw|^2 + (sum w - 1)^2 (Z: donors less target) has its least over s at
    |Zv|^2 / (1 + |Zv|^2), which is least where |Zv|^2 is: so non-negative least squares, scaled to 1, is
    exact.

    Parameters
    ----------
    donors : numpy.ndarray
        Times by donors.
    target : numpy.ndarray
        Times.
    """
    away = donors - target[:, None]
    scale = np.sqrt((away**2).mean()) or 1.0
    weights, _ = nnls(
        np.vstack([away / scale, np.ones(donors.shape[1])]), np.append(np.zeros(len(target)), 1)
    )
    return weights / weights.sum()


def _wide(
    frame: pd.DataFrame, unit: str, time: str, outcome: str, treated: object, start: object
) -> pd.DataFrame:
    if frame.duplicated([unit, time]).any():
        raise ValueError("There is more than one row for a unit and time.")
    wide = frame.pivot_table(index=time, columns=unit, values=outcome, dropna=False).sort_index()
    if treated not in wide:
        raise ValueError(f"There is no unit {treated!r}.")
    if wide.isna().any(axis=None):
        raise ValueError("A unit lacks a time: leave it out, or shorten the series.")
    before = int((wide.index < start).sum())
    if before < 3 or before == len(wide) or wide.shape[1] < 3:
        raise ValueError("A synthetic control needs three times before, one after, and two donors.")
    return wide


def _placebos(gaps: pd.DataFrame, after: np.ndarray) -> pd.DataFrame:
    size = {
        name: np.sqrt((part**2).mean()) for name, part in (("before", gaps[~after]), ("after", gaps[after]))
    }
    table = pd.DataFrame({**size, "average": gaps[after].mean()})
    table["ratio"] = table["after"] / table["before"].clip(lower=1e-12)
    return table.rename_axis("unit").reset_index()[["unit", "before", "after", "ratio", "average"]]


def _inference(placebos: pd.DataFrame, treated: object, poor_fit: float) -> pd.DataFrame:
    """Return the average gap, its rank among the placebos, and the effects they do not speak against."""
    own = placebos[placebos["unit"] == treated].iloc[0]
    others = placebos[placebos["unit"] != treated]
    fair = others.loc[others["before"] <= poor_fit * max(own["before"], 1e-12), "average"]
    # An effect is spoken against when fewer than 5% of places have a gap as far from 0 as what it leaves.
    rank = int(0.05 * (len(fair) + 1))
    reach = fair.abs().nlargest(rank).iloc[-1] if rank else np.nan
    return pd.DataFrame(
        {
            "term": ["average gap after"],
            "estimate": own["average"],
            "low": own["average"] - reach,
            "high": own["average"] + reach,
            "n": len(placebos),
            "method": METHOD,
            "before": own["before"],
            "ratio": own["ratio"],
            "p": (placebos["ratio"] >= own["ratio"]).mean(),
        }
    )
