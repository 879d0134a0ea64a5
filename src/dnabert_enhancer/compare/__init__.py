"""Calls against public enhancer databases: presets, lift-over, overlap, enrichment, novelty."""
