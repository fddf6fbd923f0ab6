"""What every part of the latent class model needs: its parameters and the matrix of patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from stepmix.stepmix import StepMix


def parameters(model: StepMix) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the classes and the chances of the items in each (classes x items)."""
    found = model.get_parameters()
    return found["weights"], found["measurement"]["pis"]


def matrix(patterns: pd.DataFrame, items: Sequence[str]) -> np.ndarray:
    """Return the items as StepMix wants them (patterns x items)."""
    return patterns[list(items)].to_numpy(float)
