"""Models fitted on counted patterns: what the engine counts, not the rows themselves."""
