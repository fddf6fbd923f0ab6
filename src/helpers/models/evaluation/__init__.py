"""Evaluation: what a policy or a service changed, as far as its design lets anyone say."""

from helpers.models.evaluation.checks import negative_weights, pre_trends
from helpers.models.evaluation.group_time import group_time
from helpers.models.evaluation.interrupted import Interrupted, interrupted, placebo_dates
from helpers.models.evaluation.panel import Panel, panel
from helpers.models.evaluation.power import Design, observed_design, power, with_authorities
from helpers.models.evaluation.propensity import (
    balance,
    balancing_weights,
    effective_sizes,
    overlap,
    propensity,
)
from helpers.models.evaluation.ratios import average_ratio
from helpers.models.evaluation.sensitivity import e_value
from helpers.models.evaluation.staggered import average_effect, event_study
from helpers.models.evaluation.synthetic import Synthetic, simplex_weights, synthetic_control
from helpers.models.evaluation.weighted import match_nearest, matched_difference, weighted_difference

__all__ = [
    "Design", "Interrupted", "Panel", "Synthetic", "average_effect", "average_ratio", "balance",
    "balancing_weights", "e_value", "effective_sizes", "event_study", "group_time", "interrupted",
    "match_nearest", "matched_difference", "negative_weights", "observed_design", "overlap", "panel",
    "placebo_dates", "power", "pre_trends", "propensity", "simplex_weights", "synthetic_control",
    "weighted_difference", "with_authorities",
]  # fmt: skip
