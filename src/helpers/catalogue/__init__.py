"""What the data are: canonical tables, code lists and the flagship datasets."""

from helpers.catalogue import (
    children_in_need,
    children_looked_after,
    domestic_abuse,
    early_help,
    education,
    families,
    family_court,
    health,
    justice,
    places,
    reception,
    services,
)
from helpers.catalogue.base import TABLES, Table

__all__ = [
    "TABLES",
    "Table",
    "children_in_need",
    "children_looked_after",
    "domestic_abuse",
    "early_help",
    "education",
    "families",
    "family_court",
    "health",
    "justice",
    "places",
    "reception",
    "services",
]
