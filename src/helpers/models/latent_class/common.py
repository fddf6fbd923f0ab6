"""What every part of the latent class model needs: its parameters and the matrix of patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix


class Found(NamedTuple):
    """What a model has found: shares of the classes, and chances of the items in each (classes x items)."""

    shares: np.ndarray
    chances: np.ndarray

    @classmethod
    def of(cls, model: StepMix) -> Found:
        """Return what a fitted model has found."""
        found = model.get_parameters()
        return cls(found["weights"], found["measurement"]["pis"])

    def as_parameters(self) -> dict[str, object]:
        """Return the same as StepMix's `set_parameters` takes it."""
        return {
            "weights": self.shares,
            "measurement": {"pis": self.chances},
            "measurement_in": self.chances.shape[1],
        }


def matrix(patterns: pd.DataFrame, items: Sequence[str]) -> np.ndarray:
    """Return the items as StepMix wants them (patterns x items)."""
    return patterns[list(items)].to_numpy(float)
