"""Labelled windows: read in the forms in which the field keeps them, or made from regions and a genome.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.dataset.build import GC_PLOT, BuiltDataset, build_dataset
from dnabert_enhancer.dataset.dataset import (
    ALL_ROWS,
    COLUMNS,
    SPLIT_NAMES,
    Dataset,
    LabelHints,
    Task,
    contradicting_rows,
    digest_of,
    table_lines,
)
from dnabert_enhancer.dataset.gc_profile import GcProfile, gc_of_sequences
from dnabert_enhancer.dataset.io import (
    METADATA_FILE,
    DatasetSource,
    as_dataset,
    begins_as_fasta,
    check_folder,
    read_dataset,
    split_files,
    write_dataset,
)
from dnabert_enhancer.dataset.leak_rule import LeakRule
from dnabert_enhancer.dataset.leaks import LeakReport, leaks_between, shared_kmers
from dnabert_enhancer.dataset.named_negatives import NamedNegatives
from dnabert_enhancer.dataset.sequence_sources import (
    INPUT_FORMATS,
    LabelledSequence,
    TokenizeSettings,
    dataset_sequences,
    fasta_sequences,
    region_sequences,
    sequences_to_tokenize,
)
from dnabert_enhancer.dataset.settings import (
    DatasetSettings,
    LeakRepeats,
    NegativeSource,
    OnLeak,
    Overlapping,
    SplitBy,
    WindowPlacement,
)
from dnabert_enhancer.dataset.token_tables import TokenReport, write_kmer_table, write_token_ids
from dnabert_enhancer.dataset.window_placement import RegionSource

__all__ = [
    "ALL_ROWS",
    "COLUMNS",
    "GC_PLOT",
    "INPUT_FORMATS",
    "METADATA_FILE",
    "SPLIT_NAMES",
    "BuiltDataset",
    "Dataset",
    "DatasetSettings",
    "DatasetSource",
    "GcProfile",
    "LabelHints",
    "LabelledSequence",
    "LeakRepeats",
    "LeakReport",
    "LeakRule",
    "NamedNegatives",
    "NegativeSource",
    "OnLeak",
    "Overlapping",
    "RegionSource",
    "SplitBy",
    "Task",
    "TokenReport",
    "TokenizeSettings",
    "WindowPlacement",
    "as_dataset",
    "begins_as_fasta",
    "build_dataset",
    "check_folder",
    "contradicting_rows",
    "dataset_sequences",
    "digest_of",
    "fasta_sequences",
    "gc_of_sequences",
    "leaks_between",
    "read_dataset",
    "region_sequences",
    "sequences_to_tokenize",
    "shared_kmers",
    "split_files",
    "table_lines",
    "write_dataset",
    "write_kmer_table",
    "write_token_ids",
]
