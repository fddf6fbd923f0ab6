"""What the data are: canonical tables, code lists and the flagship datasets."""

from helpers.catalogue import children_in_need, children_looked_after, reception
from helpers.catalogue.base import TABLES, Table

__all__ = ["TABLES", "Table", "children_in_need", "children_looked_after", "reception"]
