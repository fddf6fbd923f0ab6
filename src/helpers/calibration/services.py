"""Measures the targets on services."""
