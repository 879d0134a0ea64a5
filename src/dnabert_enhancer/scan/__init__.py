"""From windows to tracks and calls: scans of genomes, scores of sequences, shards and their merging."""

from dnabert_enhancer.scan.grid import BLOCK_WINDOWS, GridNotes, Regions, ScanGrid, plan_grid
from dnabert_enhancer.scan.nulls import automatic_null_fraction, q_values
from dnabert_enhancer.scan.results import (
    CALL_COLUMNS,
    ResultCounts,
    ResultFiles,
    ResultSettings,
    write_results,
)
from dnabert_enhancer.scan.run import ScanPlan, score_shard
from dnabert_enhancer.scan.score import ScoreSettings
from dnabert_enhancer.scan.scores import ScoreHeader, Scores, ScoreWriter
from dnabert_enhancer.scan.sequences import NamedSequence, SequenceScore, SequenceScorer, SequenceSettings
from dnabert_enhancer.scan.target import Target, WindowScores

__all__ = [
    "BLOCK_WINDOWS",
    "CALL_COLUMNS",
    "GridNotes",
    "NamedSequence",
    "Regions",
    "ResultCounts",
    "ResultFiles",
    "ResultSettings",
    "ScanGrid",
    "ScanPlan",
    "ScoreHeader",
    "ScoreSettings",
    "ScoreWriter",
    "Scores",
    "SequenceScore",
    "SequenceScorer",
    "SequenceSettings",
    "Target",
    "WindowScores",
    "automatic_null_fraction",
    "plan_grid",
    "q_values",
    "score_shard",
    "write_results",
]
