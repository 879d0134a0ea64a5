"""Room model (being built)."""
