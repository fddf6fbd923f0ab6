"""Time to an event: curves, competing events, Cox models, hazards by period, restricted means."""

from helpers.models.survival.competing import aalen_johansen
from helpers.models.survival.curves import DAYS_A_MONTH, kaplan_meier
from helpers.models.survival.hazards import Hazards, cox
from helpers.models.survival.periods import DAYS_A_YEAR, piecewise_hazard, restricted_mean
from helpers.models.survival.proportionality import proportional_hazards, schoenfeld

__all__ = [
    "DAYS_A_MONTH",
    "DAYS_A_YEAR",
    "Hazards",
    "aalen_johansen",
    "cox",
    "kaplan_meier",
    "piecewise_hazard",
    "proportional_hazards",
    "restricted_mean",
    "schoenfeld",
]
