"""Shared code of the Children's Social Care Research Compendium."""

__version__ = "0.1.0"
