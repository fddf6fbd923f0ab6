"""Figures in one house style: plain functions from a data frame to a matplotlib figure, and `show`."""

from helpers.figures.changes import slopes
from helpers.figures.curves import incidence, steps, survival
from helpers.figures.describe import alt_text
from helpers.figures.estimates import coefficients
from helpers.figures.flows import journeys, states
from helpers.figures.hazards import log_log, residuals
from helpers.figures.heatmaps import coverage, heatmap
from helpers.figures.plots import bars, flow, small_multiples, trend
from helpers.figures.published import closeness, targets
from helpers.figures.show import show
from helpers.figures.spells import timeline
from helpers.figures.style import PALETTE, blank
from helpers.figures.tilemaps import tiles

__all__ = [
    "PALETTE",
    "alt_text",
    "bars",
    "blank",
    "closeness",
    "coefficients",
    "coverage",
    "flow",
    "heatmap",
    "incidence",
    "journeys",
    "log_log",
    "residuals",
    "show",
    "slopes",
    "small_multiples",
    "states",
    "steps",
    "survival",
    "targets",
    "tiles",
    "timeline",
    "trend",
]
