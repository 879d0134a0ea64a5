"""Room sequence (being built)."""
