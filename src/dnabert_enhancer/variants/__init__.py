"""Effects of variants: alleles to windows, windows to effects, effects to VCF and table.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.bases import GenomeBases, Stretch
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
from dnabert_enhancer.variants.nulls import (
    FalseDiscovery,
    NullSettings,
    NullStatistics,
    draw_nulls,
    uniformity,
)
from dnabert_enhancer.variants.phased import PhasedAlleles
from dnabert_enhancer.variants.placement import AlleleWindows, WindowPlan, allele_windows, around
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.variants.results import ResultCounts, ResultFiles, ScoredBlocks, write_results
from dnabert_enhancer.variants.scorer import AlleleScorer, Scored, describe
from dnabert_enhancer.variants.scoring import Annotations, ScoringRun, score_records
from dnabert_enhancer.variants.vcf_header import VcfHeader
from dnabert_enhancer.variants.vcf_reader import VcfReader
from dnabert_enhancer.variants.vcf_record import VcfRecord
from dnabert_enhancer.variants.watch import RecordWatch, declared_lengths_differ

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
    "RecordWatch",
    "RegionIndex",
    "ResultCounts",
    "ResultFiles",
    "Scored",
    "ScoredBlocks",
    "ScoringRun",
    "SkipReason",
    "Stretch",
    "VcfHeader",
    "VcfReader",
    "VcfRecord",
    "WindowPlan",
    "allele_windows",
    "around",
    "check_shards",
    "declared_lengths_differ",
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
