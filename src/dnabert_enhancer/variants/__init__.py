"""Effects of variants: alleles to windows, windows to effects, effects to VCF and table."""

from dnabert_enhancer.variants.allele_scorer import AlleleScorer, Scored, describe, score_together
from dnabert_enhancer.variants.alleles import Allele, SkipReason, place_allele
from dnabert_enhancer.variants.clinical import CLINICAL_COLUMNS, open_clinical
from dnabert_enhancer.variants.conventions import Convention, WindowRules
from dnabert_enhancer.variants.dbsnp import RS_NUMBER, NamedVariant, resolve_variants
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
from dnabert_enhancer.variants.info_fields import info_fields
from dnabert_enhancer.variants.meme import MemeMotif, read_meme
from dnabert_enhancer.variants.motif_runs import RunMatches, run_matches
from dnabert_enhancer.variants.motifs import REPORTED_P, MotifLibrary, MotifMatch
from dnabert_enhancer.variants.null import FalseDiscovery, NullStatistics, draw_nulls, uniformity
from dnabert_enhancer.variants.output_rows import CANDIDATE_COLUMNS, COLUMNS
from dnabert_enhancer.variants.panel import MEMBER_FORMAT, PanelFiles, PanelScores, score_members_together
from dnabert_enhancer.variants.parts import RecordPart, cut_records
from dnabert_enhancer.variants.phased import PhasedAlleles
from dnabert_enhancer.variants.pipeline import (
    SHARD_FORMAT,
    Annotations,
    BlockScorer,
    named_regions,
    score_records,
)
from dnabert_enhancer.variants.record_source import RecordSource
from dnabert_enhancer.variants.reference import ContextLetters, GenomeBases, SequenceContext
from dnabert_enhancer.variants.results import ResultCounts, ResultFiles, ScoredVariants
from dnabert_enhancer.variants.settings import VariantSettings
from dnabert_enhancer.variants.variant_list import VariantList
from dnabert_enhancer.variants.windows import (
    ADAPTIVE,
    AlleleWindows,
    WindowPlan,
    allele_windows,
    context_around,
    haplotype,
)

__all__ = [
    "ADAPTIVE",
    "CANDIDATE_COLUMNS",
    "CLINICAL_COLUMNS",
    "COLUMNS",
    "MEMBER_FORMAT",
    "OUTCOMES",
    "REPORTED_P",
    "RS_NUMBER",
    "SCORES",
    "SHARD_FORMAT",
    "Allele",
    "AlleleScorer",
    "AlleleScores",
    "AlleleWindows",
    "Annotations",
    "BlockScorer",
    "ContextLetters",
    "Convention",
    "EffectStatistic",
    "FalseDiscovery",
    "FunctionalEffect",
    "GeneIndex",
    "GenomeBases",
    "MemeMotif",
    "MotifLibrary",
    "MotifMatch",
    "NamedVariant",
    "NearestGene",
    "NullStatistics",
    "PanelFiles",
    "PanelScores",
    "PhasedAlleles",
    "RecordPart",
    "RecordSource",
    "RegionIndex",
    "ResultCounts",
    "ResultFiles",
    "RunMatches",
    "Scored",
    "ScoredVariants",
    "SequenceContext",
    "SkipReason",
    "VariantList",
    "VariantSettings",
    "WindowPlan",
    "WindowRules",
    "allele_windows",
    "context_around",
    "cut_records",
    "describe",
    "draw_nulls",
    "functional_effects",
    "haplotype",
    "info_fields",
    "log_odd_ratio",
    "named_regions",
    "open_clinical",
    "place_allele",
    "read_meme",
    "resolve_variants",
    "run_matches",
    "score_change",
    "score_members_together",
    "score_records",
    "score_together",
    "uniformity",
]
