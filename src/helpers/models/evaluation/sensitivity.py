"""How strong something unrecorded would have to be to explain a finding away."""

from __future__ import annotations

import numpy as np
import pandas as pd

RATIOS = ("risk", "odds", "hazard")


def e_value(table: pd.DataFrame, *, ratio: str = "risk", common: bool = False) -> pd.DataFrame:
    """Add E-values to ratios.

    The E-value is how strongly (as a risk ratio) something unrecorded would have to go both with the
    treatment and the outcome, beyond what was adjusted for, to move the estimate to 1; for the interval, to
    move it to include 1. It says nothing of whether such a thing exists.

    Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167(4), table 2: RR + sqrt(RR (RR - 1));
    for a common outcome (above about 15%), odds ratios by their root, hazard ratios by
    (1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 / HR)).

    Parameters
    ----------
    table : pandas.DataFrame
        Tidy ratios: estimate, low, high.
    ratio : {"risk", "odds", "hazard"}
        What they are.
    common : bool
        Whether the outcome is common.

    Returns
    -------
    pandas.DataFrame
        `table` with e_value and e_value_interval (float; 1 where the interval includes 1).

    Raises
    ------
    ValueError
        If a ratio is not above 0.
    """
    if ratio not in RATIOS:
        raise ValueError(f"There is no ratio {ratio!r}: choose of {', '.join(RATIOS)}.")
    shown = table[["estimate", "low", "high"]].astype(float)
    if (shown <= 0).any(axis=None):
        raise ValueError("An E-value needs ratios above 0; a difference must be put as a ratio first.")
    risk = shown.apply(lambda values: _as_risk(values, ratio, common))
    near = np.where(risk["estimate"] >= 1, risk["low"].clip(lower=1), risk["high"].clip(upper=1))
    return table.assign(e_value=_e(risk["estimate"].to_numpy()), e_value_interval=_e(near))


def _as_risk(values: pd.Series, ratio: str, common: bool) -> pd.Series:
    if not common or ratio == "risk":
        return values
    if ratio == "odds":
        return np.sqrt(values)
    return (1 - 0.5 ** np.sqrt(values)) / (1 - 0.5 ** np.sqrt(1 / values))


def _e(risk: np.ndarray) -> np.ndarray:
    away = np.where(risk >= 1, risk, 1 / risk)
    return away + np.sqrt(away * (away - 1))
