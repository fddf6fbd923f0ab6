"""The synthetic country: places first, then families chunk by chunk, then what is counted over all of them.

Every chunk has a random stream of its own, drawn from the seed and its number, so the same seed gives the
same bytes whatever the number of processes; memory is bounded by the chunks at work.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from helpers.sources.store import store_being_built, write_part, write_table
from helpers.synth import chunk, domains, places
from helpers.synth.parameters import item_probabilities, parameters, value
from helpers.synth.tallies import tallies

DEFAULT_CHILDREN = value("places.default_children")
PROCESSES = 2


def build(
    out: str | Path,
    children: int = DEFAULT_CHILDREN,
    seed: int = 1,
    faults: str = "realistic",
    processes: int = PROCESSES,
    progress: bool = True,
) -> Path:
    """Build the synthetic country.

    Parameters
    ----------
    out : str or Path
        Folder of the store; the planted truth goes to its subfolder ``truth``.
    children : int
        Children aged 0 to 17 on the last day, give or take chance. Those who grew up before come on top.
    seed : int
        The same seed gives the same bytes.
    faults : {"realistic", "none"}
        Whether records have the faults of real ones; ``truth/faults`` lists those that were put in.
    processes : int
        How many chunks are simulated at a time.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Path
        The store's folder.

    Raises
    ------
    ValueError
        When there are too few children, or `faults` is not known.
    """
    if children < 1000:
        raise ValueError(f"{children} children are too few for a country: ask for 1,000 or more.")
    if faults not in ("realistic", "none"):
        raise ValueError(f"faults is {faults!r}: use 'realistic' or 'none'.")
    where = places.make(np.random.default_rng([seed, 0]), children)
    sizes = _sizes(children)
    info = {"synthetic": True, "children": children, "seed": seed, "faults": faults}
    with store_being_built(out, info) as folder:
        (folder / "truth").mkdir()
        jobs = (delayed(_part)(where, folder, seed, n, size, faults) for n, size in enumerate(sizes))
        done = Parallel(n_jobs=min(processes, len(sizes)), return_as="generator")(jobs)
        bar = tqdm(done, desc="Synthetic country", unit="chunk", total=len(sizes), disable=not progress)
        counts = pd.concat(list(bar)).groupby(level=[0, 1, 2])["number"].sum()
        tables, truth = domains.whole_country(np.random.default_rng([seed, 1]), where, counts, faults)
        for name, table in tables.items():
            write_table(name, table, folder)
        _write_truth(truth | {"authorities": where.authorities}, folder / "truth")
    return Path(out)


def _sizes(children: int) -> list[int]:
    """Return children aged 0 to 17 in each chunk."""
    number = -(-children // chunk.CHILDREN)
    return [children // number + (n < children % number) for n in range(number)]


def _part(
    where: places.Places, folder: Path, seed: int, number: int, children: int, faults: str
) -> pd.DataFrame:
    """Simulate one chunk and write its part of every table; return what is counted by authority and year."""
    part = chunk.simulate(np.random.default_rng([seed, 2, number]), where, number, children)
    tables, truth = domains.of_chunk(np.random.SeedSequence([seed, 3, number]), part, faults)
    for name, table in tables.items():
        write_part(name, table, folder, number)
    for name, table in truth.items():
        (folder / "truth" / f"{name}.parquet").mkdir(exist_ok=True)
        table.to_parquet(folder / "truth" / f"{name}.parquet" / f"part-{number:05d}.parquet", index=False)
    return tallies(part, tables)


def _write_truth(truth: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write what was planted; only recovery checks read it."""
    for name, table in truth.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    item_probabilities().reset_index(names="category").to_parquet(
        folder / "item_probabilities.parquet", index=False
    )
    planted: dict[str, Any] = parameters()
    (folder / "parameters.json").write_text(json.dumps(planted, indent=1, default=str), encoding="utf-8")
