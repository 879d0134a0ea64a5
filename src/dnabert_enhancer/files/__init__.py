"""Room files (being built)."""
