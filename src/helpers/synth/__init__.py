"""The synthetic country: made-up children whose lives follow published rates, with the truth planted.

It knows the catalogue and the store, and nothing of measures or models.
"""

from helpers.synth.country import DEFAULT_CHILDREN, build

__all__ = ["DEFAULT_CHILDREN", "build"]
