"""From windows to tracks and calls: scans of genomes, scores of sequences, shards and their merging."""

from dnabert_enhancer.scan.grid import BLOCK_WINDOWS, GridNotes, ScanGrid, plan_grid
from dnabert_enhancer.scan.result_files import ResultFiles, write_results
from dnabert_enhancer.scan.scan_result import Scan, Track, merge_scans
from dnabert_enhancer.scan.scores import ScoreHeader, Scores, ScoreWriter, automatic_null_fraction, q_values
from dnabert_enhancer.scan.scoring import ScanPlan, ScoreSettings, plan_scan, score_shard
from dnabert_enhancer.scan.sequences import NamedSequence, SequenceScore, SequenceScorer
from dnabert_enhancer.scan.settings import ScanSettings, SequenceSettings, shortest_sequence
from dnabert_enhancer.scan.tracks_and_calls import (
    CALL_COLUMNS,
    MeanTrack,
    ResultCounts,
    ResultSettings,
    result_parts,
)

__all__ = [
    "BLOCK_WINDOWS",
    "CALL_COLUMNS",
    "GridNotes",
    "MeanTrack",
    "NamedSequence",
    "ResultCounts",
    "ResultFiles",
    "ResultSettings",
    "Scan",
    "ScanGrid",
    "ScanPlan",
    "ScanSettings",
    "ScoreHeader",
    "ScoreSettings",
    "ScoreWriter",
    "Scores",
    "SequenceScore",
    "SequenceScorer",
    "SequenceSettings",
    "Track",
    "automatic_null_fraction",
    "merge_scans",
    "plan_grid",
    "plan_scan",
    "q_values",
    "result_parts",
    "score_shard",
    "shortest_sequence",
    "write_results",
]
