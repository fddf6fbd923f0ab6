"""Measures the targets on education."""
