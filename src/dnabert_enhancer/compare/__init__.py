"""Calls against public enhancer databases: presets, lift-over, overlap, enrichment, novelty.

The door of the room: other rooms import the names below and nothing else. Intervals are compared by bioframe
(NumPy underneath), lifted over by liftover; why these is told in docs/compare-db.md.
"""

from dnabert_enhancer.compare.assembly import (
    ASSEMBLIES,
    assembly_name,
    check_genome_sizes,
    recognised_assembly,
)
from dnabert_enhancer.compare.controls import control_ring
from dnabert_enhancer.compare.elements import Elements, joined_elements
from dnabert_enhancer.compare.enrichment import Enrichment, NullResult, enrichments
from dnabert_enhancer.compare.figures import (
    agreement_figure,
    distance_figure,
    enrichment_figure,
    upset_figure,
)
from dnabert_enhancer.compare.gc import GcResampling
from dnabert_enhancer.compare.lift import read_chain_header
from dnabert_enhancer.compare.loading import Assembly, load_calls, load_database
from dnabert_enhancer.compare.novelty import Novel, databases_with, novel_calls
from dnabert_enhancer.compare.nulls import CircularShift, Placement, Resampling, Ring
from dnabert_enhancer.compare.preset import Layout, Preset
from dnabert_enhancer.compare.presets import PRESETS
from dnabert_enhancer.compare.reading import Selection, read_elements
from dnabert_enhancer.compare.rows import head_of
from dnabert_enhancer.compare.space import Placed, Space, into_genome
from dnabert_enhancer.compare.specification import (
    KEYS,
    Database,
    check_different,
    guessed_preset,
    parse_database,
    read_manifest,
)
from dnabert_enhancer.compare.study import Measures, Result, agreement, compare_all, compare_with
from dnabert_enhancer.compare.tables import (
    NULLS,
    null_values,
    summary_columns,
    summary_rows,
    write_calls,
    write_matrix,
    write_novel,
    write_rows,
)

__all__ = [
    "ASSEMBLIES",
    "KEYS",
    "NULLS",
    "PRESETS",
    "Assembly",
    "CircularShift",
    "Database",
    "Elements",
    "Enrichment",
    "GcResampling",
    "Layout",
    "Measures",
    "Novel",
    "NullResult",
    "Placed",
    "Placement",
    "Preset",
    "Resampling",
    "Result",
    "Ring",
    "Selection",
    "Space",
    "agreement",
    "agreement_figure",
    "assembly_name",
    "check_different",
    "check_genome_sizes",
    "compare_all",
    "compare_with",
    "control_ring",
    "databases_with",
    "distance_figure",
    "enrichment_figure",
    "enrichments",
    "guessed_preset",
    "head_of",
    "into_genome",
    "joined_elements",
    "load_calls",
    "load_database",
    "novel_calls",
    "null_values",
    "parse_database",
    "read_chain_header",
    "read_elements",
    "read_manifest",
    "recognised_assembly",
    "summary_columns",
    "summary_rows",
    "upset_figure",
    "write_calls",
    "write_matrix",
    "write_novel",
    "write_rows",
]
