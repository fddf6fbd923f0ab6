"""Writes the two small made-up files on which R's figures beside this file were computed.

Run: python tests/reference/make_data.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
CHILDREN, AUTHORITIES, PUPILS = 600, 40, 1200


def spells() -> pd.DataFrame:
    """Return one to four spells of each child, one after another, in whole days with many ties.

    start and stop count from the child's first closure; days = stop - start; entry is a late start of being
    followed within the spell (0 for most). cause is 0 (censored), 1 or 2; event says whether it is not 0.
    """
    rng = np.random.default_rng(20)
    rows = []
    for child in range(1, CHILDREN + 1):
        frailty, age, sex = rng.gamma(4, 0.25), rng.integers(0, 160) / 10, rng.integers(0, 2)
        need, region = rng.choice(["abuse", "disability", "family"], p=[0.5, 0.15, 0.35]), rng.integers(1, 5)
        weight, start = rng.integers(5, 30) / 10, 0
        for number in range(1, rng.integers(2, 6)):
            hazard = frailty * np.exp(0.5 * (need == "abuse") - 0.03 * age + 0.2 * (number > 1))
            days = max(int(rng.exponential(150 / hazard)) // 5 * 5, 5)  # fives, so that spells tie
            followed = int(rng.integers(20, 400))
            cause = int(rng.choice([1, 2], p=[0.7, 0.3])) if days <= followed else 0
            stop = start + min(days, followed)
            entry = int(rng.integers(1, stop - start)) if rng.random() < 0.3 else 0
            rows.append(
                (child, number, start, stop, stop - start, entry, cause, age, sex, need, region, weight)
            )
            start = stop
            if cause != 1:
                break
    names = [
        "child",
        "number",
        "start",
        "stop",
        "days",
        "entry",
        "cause",
        "age",
        "sex",
        "need",
        "region",
        "weight",
    ]
    return pd.DataFrame(rows, columns=names).assign(event=lambda frame: (frame["cause"] > 0).astype(int))


def pupils() -> pd.DataFrame:
    """Return pupils of forty authorities with a score, and whether they were persistently absent."""
    rng = np.random.default_rng(21)
    authority = rng.integers(0, AUTHORITIES, PUPILS)
    effect = rng.normal(0, 1, AUTHORITIES)[authority]
    in_need, fsm = rng.random(PUPILS) < 0.3, rng.random(PUPILS) < 0.4
    age = rng.integers(5, 16, PUPILS)
    score = 50 - 4 * in_need - 3 * fsm + 0.5 * (age - 10) + 2.5 * effect + rng.normal(0, 8, PUPILS)
    lean = -1 + 0.9 * in_need + 0.5 * fsm + 0.05 * (age - 10) + 0.6 * effect
    absent = rng.random(PUPILS) < 1 / (1 + np.exp(-lean))
    frame = pd.DataFrame({"authority": authority + 501, "in_need": in_need, "fsm": fsm, "age": age})
    return frame.assign(score=score.round(2), absent=absent).astype(
        {"in_need": int, "fsm": int, "absent": int}
    )


if __name__ == "__main__":
    spells().to_csv(HERE / "spells.csv", index=False)
    pupils().to_csv(HERE / "pupils.csv", index=False)
