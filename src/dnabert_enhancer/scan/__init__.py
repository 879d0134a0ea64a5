"""From windows to tracks and calls: scans of genomes, scores of sequences, shards and their merging."""

from dnabert_enhancer.scan.grid import BLOCK_WINDOWS, GridNotes, Regions, ScanGrid, plan_grid
from dnabert_enhancer.scan.merge import Scores
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
from dnabert_enhancer.scan.score_file import ScoreFile
from dnabert_enhancer.scan.sequences import NamedSequence, SequenceScore, SequenceScorer, SequenceSettings
from dnabert_enhancer.scan.shards import check_all_shards, find_shards, shard_path
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
    "ScoreFile",
    "ScoreSettings",
    "Scores",
    "SequenceScore",
    "SequenceScorer",
    "SequenceSettings",
    "Target",
    "WindowScores",
    "automatic_null_fraction",
    "check_all_shards",
    "find_shards",
    "plan_grid",
    "q_values",
    "score_shard",
    "shard_path",
    "write_results",
]
