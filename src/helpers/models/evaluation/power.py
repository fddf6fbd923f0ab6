"""Power of an evaluation on administrative data, by simulating it many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from tqdm import tqdm

METHOD = "simulated power"

BATCH = 50  # simulations that share an allocation: sizes are drawn and regressions set up once for each


@dataclass(frozen=True)
class Design:
    """What a design consists of.

    Attributes
    ----------
    sizes : tuple of float
        Cases a period in each authority: as unequal as they are in the data.
    rate : float
        Share with the outcome without the policy.
    icc : float
        Correlation of two cases of the same authority, on the scale of the share.
    icc_period : float
        The part of it that lasts only for the period: two cases of an authority in different periods
        correlate by icc - icc_period.
    before, after : int
        Periods in which no authority has begun, and periods from the first start on.
    kind : {"two_arm", "staggered"}
        Half begin together, or one group after another, with the last never.
    waves : int
        Groups of a staggered start, the one that never begins apart.
    """

    sizes: tuple[float, ...]
    rate: float
    icc: float
    icc_period: float
    before: int = 3
    after: int = 3
    kind: str = "two_arm"
    waves: int = 3


def observed_design(
    frame: pd.DataFrame, unit: str, time: str, events: str, of: str, **more: object
) -> Design:
    """Return a design with the clustering that records show.

    The variance of shares between authorities, and within them between periods, less what chance adds:
    moments of the cells of authority and period (Fleiss 1986; for periods as in Hooper and Bourke 2015).

    Parameters
    ----------
    frame : pandas.DataFrame
        A row for each unit and period, from years without the policy.
    unit, time, events, of : str
        Columns: authority, period, cases with the outcome, cases.
    **more
        Fields of `Design`: before, after, kind, waves.

    Raises
    ------
    ValueError
        If there are fewer than two periods or four authorities.
    """
    cells = frame[frame[of] > 0].groupby([unit, time], as_index=False)[[events, of]].sum()
    if cells[time].nunique() < 2 or cells[unit].nunique() < 4:
        raise ValueError("Clustering cannot be seen in fewer than two periods or four authorities.")
    rate = cells[events].sum() / cells[of].sum()
    share = cells[events] / cells[of]
    # What all authorities share in a period is no clustering within authorities.
    level = cells.groupby(time)[[events, of]].transform("sum")
    off = (share - level[events] / level[of]).to_numpy()
    noise = (rate * (1 - rate) / cells[of]).to_numpy()
    total = float(np.average(off**2 - noise, weights=cells[of]))
    lasting = _lasting(off, cells[unit].to_numpy(), cells[of].to_numpy(float))
    spread = rate * (1 - rate)
    icc = max(total, lasting, 0.0) / spread
    icc_period = min(max(icc - max(lasting, 0.0) / spread, 0.0), icc)
    sizes = tuple(cells.groupby(unit)[of].mean())
    return Design(sizes, float(rate), float(icc), float(icc_period), **more)


def power(
    design: Design,
    effects: Sequence[float],
    *,
    simulations: int = 1000,
    level: float = 0.05,
    seed: int = 1,
    progress: bool = True,
) -> pd.DataFrame:
    """Return how often a difference of each size would be found.

    Each simulation draws shares by authority and period from beta distributions with the clustering of the
    design, allots authorities at random, draws counts, and tests with authority and period effects and
    errors clustered by authority (t on authorities - 1). The effect is the same everywhere and always,
    which is what makes this plain model fair here.

    Parameters
    ----------
    design : Design
        From `observed_design`, or written down.
    effects : sequence of float
        Differences in the share, such as -0.01. With 0 the result is the rate of false alarms: look at
        it first; above `level` the errors are too small for so few authorities.
    simulations : int
        For each effect, in batches of 50 that share an allocation.
    level : float
        Of the two-sided test.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    pandas.DataFrame
        term ("power at -0.01"), estimate (share of simulations with a finding), low, high (95% Monte Carlo
        interval, Wilson), n (simulations), method, effect, mean_estimate, authorities, kind.

    Raises
    ------
    ValueError
        If the design or an effect is impossible.
    """
    _check(design, effects)
    batches = max(-(-simulations // BATCH), 1)
    rows = []
    with tqdm(total=batches * len(effects), desc="Simulating", disable=not progress) as bar:
        for number, effect in enumerate(effects):
            found, estimates = 0, []
            for batch in range(batches):
                rng = np.random.default_rng([seed, number, batch])
                estimate, error = _simulate(rng, design, effect)
                reach = stats.t.ppf(1 - level / 2, len(design.sizes) - 1)
                found += int((np.abs(estimate) > reach * error).sum())
                estimates.append(estimate.mean())
                bar.update()
            rows.append((effect, found, float(np.mean(estimates))))
    table = pd.DataFrame(rows, columns=["effect", "found", "mean_estimate"])
    n = batches * BATCH
    low, high = proportion_confint(table["found"], n, method="wilson")
    return pd.DataFrame(
        {
            "term": [f"power at {effect:g}" for effect in table["effect"]],
            "estimate": table["found"] / n,
            "low": np.minimum(low, table["found"] / n),
            "high": np.maximum(high, table["found"] / n),  # rounding, where all found it
            "n": n,
            "method": METHOD,
            "effect": table["effect"],
            "mean_estimate": table["mean_estimate"],
            "authorities": len(design.sizes),
            "kind": design.kind,
        }
    )


def with_authorities(design: Design, authorities: int, *, seed: int = 1) -> Design:
    """Return the design with another number of authorities, their sizes drawn from those observed."""
    sizes = np.random.default_rng(seed).choice(design.sizes, authorities)
    return replace(design, sizes=tuple(sizes))


def _check(design: Design, effects: Sequence[float]) -> None:
    if design.kind not in ("two_arm", "staggered"):
        raise ValueError(f"There is no design {design.kind!r}: choose two_arm or staggered.")
    if not 0 <= design.icc_period <= design.icc < 1:
        raise ValueError("The correlations need 0 <= icc_period <= icc < 1.")
    if design.kind == "staggered" and design.after < design.waves:
        raise ValueError("A staggered start needs a period for each wave.")
    if len(design.sizes) < 2 * (design.waves + 1 if design.kind == "staggered" else 2):
        raise ValueError("Each group needs two authorities or more.")
    if design.before < 1 or any(not 0 < design.rate + effect < 1 for effect in effects):
        raise ValueError(
            "The design needs a period before, and effects that leave the share between 0 and 1."
        )


def _lasting(off: np.ndarray, unit: np.ndarray, size: np.ndarray) -> float:
    """Return the covariance of an authority's cells in different periods."""
    codes = pd.factorize(unit)[0]
    mine, square = (np.bincount(codes, weights=part) for part in (size * off, (size * off) ** 2))
    own, own_square = (np.bincount(codes, weights=part) for part in (size, size**2))
    return float((mine**2 - square).sum() / (own**2 - own_square).sum())


def _allot(rng: np.random.Generator, design: Design) -> np.ndarray:
    """Return which cells are treated: authorities by periods."""
    periods = np.arange(design.before + design.after)
    groups = design.waves + 1 if design.kind == "staggered" else 2
    group = rng.permutation(len(design.sizes)) % groups
    steps = design.after // design.waves if design.kind == "staggered" else 1
    start = np.where(group == groups - 1, periods[-1] + 1, design.before + group * steps)
    return (periods[None] >= start[:, None]).astype(float)


def _simulate(rng: np.random.Generator, design: Design, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and clustered errors of one batch, all regressions at once."""
    treated = _allot(rng, design)
    units, periods = treated.shape
    size = np.maximum(np.round(np.repeat(np.array(design.sizes)[:, None], periods, axis=1)), 1)
    lasting = _shares(rng, np.full((BATCH, units, 1), design.rate), design.icc - design.icc_period)
    cell = _shares(rng, np.broadcast_to(lasting, (BATCH, units, periods)), _remaining(design))
    chance = np.clip(cell + effect * treated, 0, 1)
    share = rng.binomial(size.astype(int), chance) / size
    root = np.sqrt(size).ravel()
    dummies = np.hstack(
        [np.repeat(np.eye(units), periods, axis=0), np.tile(np.eye(periods)[:, 1:], (units, 1))]
    )
    basis, _ = np.linalg.qr(root[:, None] * dummies)
    d = root * treated.ravel()
    d = d - basis @ (basis.T @ d)
    y = root * share.reshape(BATCH, -1)
    y = y - (y @ basis) @ basis.T
    estimate = y @ d / (d @ d)
    scores = (d * (y - estimate[:, None] * d)).reshape(BATCH, units, periods).sum(axis=2)
    return estimate, np.sqrt(units / (units - 1) * (scores**2).sum(axis=1)) / (d @ d)


def _remaining(design: Design) -> float:
    """Return the correlation within a period given the authority's lasting share."""
    return design.icc_period / (1 - (design.icc - design.icc_period))


def _shares(rng: np.random.Generator, mean: np.ndarray, correlation: float) -> np.ndarray:
    """Return shares around a mean with variance correlation * mean * (1 - mean): beta distributions."""
    if correlation < 1e-9:
        return np.array(mean)
    strength = 1 / correlation - 1
    mean = np.clip(mean, 1e-6, 1 - 1e-6)
    return rng.beta(mean * strength, (1 - mean) * strength)
