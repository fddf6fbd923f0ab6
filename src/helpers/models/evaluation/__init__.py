"""Evaluation: what a policy or a service changed, as far as its design lets anyone say."""

from helpers.models.evaluation.group_time import group_time
from helpers.models.evaluation.panel import Panel, panel
from helpers.models.evaluation.staggered import average_effect, event_study, negative_weights, pre_trends

__all__ = [
    "Panel", "average_effect", "event_study", "group_time", "negative_weights", "panel", "pre_trends",
]  # fmt: skip
