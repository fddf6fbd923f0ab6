"""Regression: staged models, predicted gaps, effects of authorities, missing values imputed.

Fitted with statsmodels and pyfixest, on rows or on distinct patterns with their frequencies as weights.
"""

from helpers.models.regression.authorities import Effects, authority_effects
from helpers.models.regression.design import ordered, patterns
from helpers.models.regression.fitting import Fit, fit
from helpers.models.regression.gaps import predicted_gaps
from helpers.models.regression.imputation import impute, pool
from helpers.models.regression.stages import estimates, staged

__all__ = [
    "Effects", "Fit", "authority_effects", "estimates", "fit", "impute", "ordered", "patterns", "pool",
    "predicted_gaps", "staged",
]  # fmt: skip
