"""Measures the targets on social care."""
