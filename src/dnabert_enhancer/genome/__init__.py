"""Room genome (being built)."""
