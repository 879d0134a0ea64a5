"""Effects of variants: alleles to windows, windows to effects, effects to VCF and table.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.variants.allele_scorer import AlleleScorer, Scored, describe
from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.block_file import BlockFile
from dnabert_enhancer.variants.columns import CANDIDATE_COLUMNS, COLUMNS, info_fields
from dnabert_enhancer.variants.effect import (
    AlleleScores,
    EffectStatistic,
    FunctionalEffect,
    functional_effects,
    log_odd_ratio,
    score_change,
)
from dnabert_enhancer.variants.genes import GeneIndex, NearestGene, RegionIndex
from dnabert_enhancer.variants.merge import check_shards
from dnabert_enhancer.variants.motifs import MotifLibrary, MotifMatch
from dnabert_enhancer.variants.null import (
    FalseDiscovery,
    NullSettings,
    NullStatistics,
    draw_nulls,
    uniformity,
)
from dnabert_enhancer.variants.phased import PhasedAlleles
from dnabert_enhancer.variants.pipeline import Annotations, ScoringRun, score_records
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.variants.reference import GenomeBases, Stretch
from dnabert_enhancer.variants.results import ResultCounts, ResultFiles, ScoredBlocks, write_results
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan, allele_windows, around

__all__ = [
    "CANDIDATE_COLUMNS",
    "COLUMNS",
    "Allele",
    "AlleleScorer",
    "AlleleScores",
    "AlleleWindows",
    "Annotations",
    "BlockFile",
    "EffectStatistic",
    "FalseDiscovery",
    "FunctionalEffect",
    "GeneIndex",
    "GenomeBases",
    "MotifLibrary",
    "MotifMatch",
    "NearestGene",
    "NullSettings",
    "NullStatistics",
    "PhasedAlleles",
    "RegionIndex",
    "ResultCounts",
    "ResultFiles",
    "Scored",
    "ScoredBlocks",
    "ScoringRun",
    "SkipReason",
    "Stretch",
    "WindowPlan",
    "allele_windows",
    "around",
    "check_shards",
    "describe",
    "draw_nulls",
    "functional_effects",
    "info_fields",
    "log_odd_ratio",
    "place_allele",
    "score_change",
    "score_records",
    "uniformity",
    "write_results",
]
