"""Latent classes of yes/no items, fitted with StepMix on distinct patterns with their frequencies as weights.

A pattern that a thousand assessments share is fitted once with weight 1,000; the result equals the fit on
rows. One trap lies there: StepMix's own ``bic`` and ``aic`` count patterns, not cases, so both are computed
here.

`patterns` is everywhere a frame with one int column (0 or 1) an item and the column ``n`` of frequencies, as
`helpers.measures.assessments.factor_patterns` returns it.
"""

from helpers.models.latent_class.bootstrap import bootstrap_likelihood_ratio
from helpers.models.latent_class.counting import corrected_counts
from helpers.models.latent_class.fitting import Selection, TooFewCases, choose, fit, select
from helpers.models.latent_class.invariance import Invariance, invariance
from helpers.models.latent_class.matching import (
    class_names,
    distances,
    match,
    match_published,
    published_profiles,
)
from helpers.models.latent_class.membership import Membership, covariates
from helpers.models.latent_class.places import Variation, between_places
from helpers.models.latent_class.predictions import predicted_shares, share_ratios
from helpers.models.latent_class.profiles import class_sizes, classify, name_classes, profiles
from helpers.models.latent_class.quality import bivariate_residuals, log_likelihood
from helpers.models.latent_class.relations import (
    bch_weights,
    class_shares,
    classification_error,
    distal,
    share_change,
)

__all__ = [
    "Invariance", "Membership", "Selection", "TooFewCases", "Variation", "bch_weights", "between_places",
    "bivariate_residuals", "bootstrap_likelihood_ratio", "choose", "class_names", "class_shares",
    "class_sizes", "classification_error", "classify", "corrected_counts", "covariates", "distal",
    "distances", "fit", "invariance", "log_likelihood", "match", "match_published", "name_classes",
    "predicted_shares", "profiles", "published_profiles", "select", "share_change", "share_ratios",
]  # fmt: skip
