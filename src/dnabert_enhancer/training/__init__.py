"""Room training (being built)."""
