"""Room engine (being built)."""
