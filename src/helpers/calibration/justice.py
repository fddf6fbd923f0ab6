"""Measures the targets on justice."""
