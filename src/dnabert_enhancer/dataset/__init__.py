"""Room dataset (being built)."""
