"""Time to an event: curves, competing events, Cox models, hazards by period, restricted means."""

from helpers.models.survival.competing import aalen_johansen
from helpers.models.survival.curves import DAYS_A_MONTH, kaplan_meier
from helpers.models.survival.hazards import Hazards, cox
from helpers.models.survival.periods import DAYS_A_YEAR, piecewise_hazard, restricted_mean
from helpers.models.survival.proportionality import proportional_hazards, schoenfeld
from helpers.models.survival.variation import expected_events, place_ratios, spread_of_places

__all__ = [
    "DAYS_A_MONTH",
    "DAYS_A_YEAR",
    "Hazards",
    "aalen_johansen",
    "cox",
    "expected_events",
    "kaplan_meier",
    "piecewise_hazard",
    "place_ratios",
    "proportional_hazards",
    "restricted_mean",
    "schoenfeld",
    "spread_of_places",
]
