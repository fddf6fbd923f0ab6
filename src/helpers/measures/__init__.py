"""Definitions the field agreed on, each in one place, with its source.

Counting is done by the engine: functions take a store or an Ibis table and return an Ibis table while rows
are involved, and a pandas frame once only counts are left.
"""
