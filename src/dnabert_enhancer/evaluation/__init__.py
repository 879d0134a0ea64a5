"""Room evaluation (being built)."""
