"""Calls against enhancer databases: presets, lift-over, overlap, enrichment, calls in no database.

Other packages import the names below and nothing else. docs/compare-db.md explains the statistics.
"""

from dnabert_enhancer.comparison.database_results import (
    ControlTest,
    DatabaseResult,
    EnrichmentTests,
    Progress,
    agreement,
    compare_all,
)
from dnabert_enhancer.comparison.database_spec import Database, check_different, parse_database, read_manifest
from dnabert_enhancer.comparison.effective_genome import EffectiveGenome, MappedElements, into_genome
from dnabert_enhancer.comparison.element_reader import Selection, read_elements
from dnabert_enhancer.comparison.elements import Elements, element_frame, joined_elements
from dnabert_enhancer.comparison.lift import read_chain_header
from dnabert_enhancer.comparison.loading import Assembly, check_contigs, load_calls
from dnabert_enhancer.comparison.novelty import Novel, databases_with, novel_calls
from dnabert_enhancer.comparison.plots import (
    agreement_figure,
    distance_figure,
    enrichment_figure,
    sweep_figure,
    upset_figure,
)
from dnabert_enhancer.comparison.presets import PRESETS
from dnabert_enhancer.comparison.result_tables import (
    CONTROL_COLUMNS,
    NULLS,
    controls_frame,
    matrix_frame,
    novel_frame,
    per_call_frame,
    summary_columns,
    summary_frame,
    write_per_call,
    write_table,
)
from dnabert_enhancer.comparison.row_reader import head_of
from dnabert_enhancer.comparison.settings import NULL_CHOICES, CompareSettings
from dnabert_enhancer.comparison.sweep import SWEEP_COLUMNS, fractions_of, sweep_frame

__all__ = [
    "CONTROL_COLUMNS",
    "NULLS",
    "NULL_CHOICES",
    "PRESETS",
    "SWEEP_COLUMNS",
    "Assembly",
    "CompareSettings",
    "ControlTest",
    "Database",
    "DatabaseResult",
    "EffectiveGenome",
    "Elements",
    "EnrichmentTests",
    "MappedElements",
    "Novel",
    "Progress",
    "Selection",
    "agreement",
    "agreement_figure",
    "check_contigs",
    "check_different",
    "compare_all",
    "controls_frame",
    "databases_with",
    "distance_figure",
    "element_frame",
    "enrichment_figure",
    "fractions_of",
    "head_of",
    "into_genome",
    "joined_elements",
    "load_calls",
    "matrix_frame",
    "novel_calls",
    "novel_frame",
    "parse_database",
    "per_call_frame",
    "read_chain_header",
    "read_elements",
    "read_manifest",
    "summary_columns",
    "summary_frame",
    "sweep_figure",
    "sweep_frame",
    "upset_figure",
    "write_per_call",
    "write_table",
]
