"""Room scan (being built)."""
