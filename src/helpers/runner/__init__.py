"""Runs notebooks and builds the book: only what has changed, two at a time."""
