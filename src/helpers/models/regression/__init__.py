"""Regression: staged models, predicted gaps, effects of authorities, missing values imputed.

Fitted with statsmodels and pyfixest, on rows or on distinct patterns with their frequencies as weights.
"""

from helpers.models.regression.design import patterns
from helpers.models.regression.fitting import Fit, fit
from helpers.models.regression.gaps import predicted_gaps
from helpers.models.regression.stages import estimates, staged

__all__ = ["Fit", "estimates", "fit", "patterns", "predicted_gaps", "staged"]
