"""Latent classes of yes/no items, fitted with StepMix on distinct patterns with their frequencies as weights.

A pattern that a thousand assessments share is fitted once with weight 1,000; the result equals the fit on
rows. One trap lies there: StepMix's own ``bic`` and ``aic`` count patterns, not cases, so both are computed
here.

`patterns` is everywhere a frame with one int column (0 or 1) an item and the column ``n`` of frequencies, as
`helpers.measures.assessments.factor_patterns` returns it.
"""

from helpers.models.latent_class.bootstrap import bootstrap_likelihood_ratio
from helpers.models.latent_class.fitting import Selection, TooFewCases, choose, fit, select
from helpers.models.latent_class.profiles import class_sizes, classify, name_classes, profiles
from helpers.models.latent_class.quality import bivariate_residuals, log_likelihood

__all__ = [
    "Selection", "TooFewCases", "bivariate_residuals", "bootstrap_likelihood_ratio", "choose", "class_sizes",
    "classify", "fit", "log_likelihood", "name_classes", "profiles", "select",
]  # fmt: skip
