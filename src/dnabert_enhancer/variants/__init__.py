"""Effects of variants: alleles to windows, windows to effects, effects to VCF and table."""

from dnabert_enhancer.variants.allele_scorer import AlleleScorer, Scored, describe
from dnabert_enhancer.variants.alleles import Allele, SkipReason, letters_agree, place_allele
from dnabert_enhancer.variants.effect import (
    OUTCOMES,
    SCORES,
    AlleleScores,
    EffectStatistic,
    FunctionalEffect,
    functional_effects,
    log_odd_ratio,
    score_change,
)
from dnabert_enhancer.variants.genes import GeneIndex, NearestGene, RegionIndex
from dnabert_enhancer.variants.meme import read_meme
from dnabert_enhancer.variants.motifs import MotifLibrary, MotifMatch
from dnabert_enhancer.variants.null import FalseDiscovery, NullStatistics, draw_nulls, uniformity
from dnabert_enhancer.variants.output_rows import CANDIDATE_COLUMNS, COLUMNS, info_fields
from dnabert_enhancer.variants.phased import PhasedAlleles
from dnabert_enhancer.variants.pipeline import (
    SHARD_FORMAT,
    Annotations,
    BlockScorer,
    RecordSource,
    score_records,
)
from dnabert_enhancer.variants.reference import GenomeBases, SequenceContext
from dnabert_enhancer.variants.results import ResultCounts, ResultFiles, ScoredVariants
from dnabert_enhancer.variants.settings import VariantSettings
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan, allele_windows, context_around

__all__ = [
    "CANDIDATE_COLUMNS",
    "COLUMNS",
    "OUTCOMES",
    "SCORES",
    "SHARD_FORMAT",
    "Allele",
    "AlleleScorer",
    "AlleleScores",
    "AlleleWindows",
    "Annotations",
    "BlockScorer",
    "EffectStatistic",
    "FalseDiscovery",
    "FunctionalEffect",
    "GeneIndex",
    "GenomeBases",
    "MotifLibrary",
    "MotifMatch",
    "NearestGene",
    "NullStatistics",
    "PhasedAlleles",
    "RecordSource",
    "RegionIndex",
    "ResultCounts",
    "ResultFiles",
    "Scored",
    "ScoredVariants",
    "SequenceContext",
    "SkipReason",
    "VariantSettings",
    "WindowPlan",
    "allele_windows",
    "context_around",
    "describe",
    "draw_nulls",
    "functional_effects",
    "info_fields",
    "letters_agree",
    "log_odd_ratio",
    "place_allele",
    "read_meme",
    "score_change",
    "score_records",
    "uniformity",
]
