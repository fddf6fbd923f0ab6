"""Holds the synthetic country against published figures: every target, measured by its own definition.

`targets.csv` has the published figures; each module here measures those of its domain on a store. The
generator is not looked at: what is measured is what any analysis would find in the data.
"""

from helpers.calibration import (  # noqa: F401  (each registers its measures)
    attainment,
    children_in_need,
    cumulative,
    demand,
    education,
    health,
    inequality,
    justice,
    looked_after,
    protection,
    referrals,
    services,
    variation,
)
from helpers.calibration.base import calibrate, chance, explained, one_million, targets

__all__ = ["calibrate", "chance", "explained", "one_million", "targets"]
