"""Time to an event, fitted with lifelines."""

from helpers.models.survival.curves import DAYS_A_MONTH, kaplan_meier

__all__ = ["DAYS_A_MONTH", "kaplan_meier"]
