"""Measures the targets on health."""
