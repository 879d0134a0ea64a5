"""From windows to tracks and calls: scans of genomes, scores of sequences, shards and their merging."""

from dnabert_enhancer.scan.embedding_file import EMBEDDINGS_FORMAT, write_embeddings
from dnabert_enhancer.scan.embeddings import Embeddings, embed_sequences
from dnabert_enhancer.scan.grid import BLOCK_WINDOWS, GridNotes, ScanGrid, plan_grid
from dnabert_enhancer.scan.nulls import NullKind
from dnabert_enhancer.scan.region_rows import RegionRows
from dnabert_enhancer.scan.result_files import BigWigWriter, ResultFiles, write_results
from dnabert_enhancer.scan.scan_result import Scan, Track, merge_scans
from dnabert_enhancer.scan.scores import ScoreHeader, Scores, ScoreWriter, automatic_null_fraction, q_values
from dnabert_enhancer.scan.scoring import ScanPlan, ScoreSettings, make_screen, plan_scan, score_shard
from dnabert_enhancer.scan.screen import Screen, fit_screen
from dnabert_enhancer.scan.sequence_windows import SequenceWindows, highest_windows
from dnabert_enhancer.scan.sequences import NamedSequence, SequenceScore, SequenceScorer
from dnabert_enhancer.scan.settings import (
    SHORTER,
    EmbeddingSettings,
    ScanSettings,
    SequenceSettings,
    shortest_sequence,
)
from dnabert_enhancer.scan.tracks_and_calls import (
    CALL_COLUMNS,
    MeanTrack,
    ResultCounts,
    ResultSettings,
    Runs,
    result_parts,
)

__all__ = [
    "BLOCK_WINDOWS",
    "CALL_COLUMNS",
    "EMBEDDINGS_FORMAT",
    "SHORTER",
    "BigWigWriter",
    "EmbeddingSettings",
    "Embeddings",
    "GridNotes",
    "MeanTrack",
    "NamedSequence",
    "NullKind",
    "RegionRows",
    "ResultCounts",
    "ResultFiles",
    "ResultSettings",
    "Runs",
    "Scan",
    "ScanGrid",
    "ScanPlan",
    "ScanSettings",
    "ScoreHeader",
    "ScoreSettings",
    "ScoreWriter",
    "Scores",
    "Screen",
    "SequenceScore",
    "SequenceScorer",
    "SequenceSettings",
    "SequenceWindows",
    "Track",
    "automatic_null_fraction",
    "embed_sequences",
    "fit_screen",
    "highest_windows",
    "make_screen",
    "merge_scans",
    "plan_grid",
    "plan_scan",
    "q_values",
    "result_parts",
    "score_shard",
    "shortest_sequence",
    "write_embeddings",
    "write_results",
]
