"""Figures in one house style: plain functions from a data frame to a matplotlib figure, and `show`."""

from helpers.figures.describe import alt_text
from helpers.figures.estimates import coefficients
from helpers.figures.plots import bars, coverage, flow, heatmap, small_multiples, trend
from helpers.figures.published import closeness, targets
from helpers.figures.show import show
from helpers.figures.spells import survival, timeline
from helpers.figures.style import PALETTE, blank

__all__ = [
    "PALETTE", "alt_text", "bars", "blank", "closeness", "coefficients", "coverage", "flow", "heatmap",
    "show", "small_multiples", "survival", "targets", "timeline", "trend",
]  # fmt: skip
