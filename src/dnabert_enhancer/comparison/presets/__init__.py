"""The databases that can be read by name: one entry each, in one of the files of this folder.

A new entry goes into one file's ``PRESETS``; nothing else needs to know.
"""

from __future__ import annotations

from dnabert_enhancer.comparison.preset import Preset
from dnabert_enhancer.comparison.presets import catalogues, chromatin, curated, formats

PRESETS: dict[str, Preset] = {
    preset.name: preset for module in (curated, catalogues, chromatin, formats) for preset in module.PRESETS
}
"""All presets by name."""

__all__ = ["PRESETS"]
