"""What in a sequence a model answers to: the importance of every base, as arrays, track, tables and logos."""

from dnabert_enhancer.interpret.attention import Attention, HighAttention, base_attention, high_attention
from dnabert_enhancer.interpret.attributions import (
    DELETION_COLUMNS,
    FORMAT,
    REGION_COLUMNS,
    SUBSTITUTION_COLUMNS,
    Attributions,
    Explained,
    write_effects,
)
from dnabert_enhancer.interpret.discovery import Discovered, FoundMotif, discover_motifs, meme_text
from dnabert_enhancer.interpret.found_motif_files import BEST_MATCH_COLUMNS, FOUND_COLUMNS, FoundMotifFiles
from dnabert_enhancer.interpret.gradients import Gradients, completeness_error, shuffled_windows
from dnabert_enhancer.interpret.mean_method import MeanMethod
from dnabert_enhancer.interpret.modisco import check_modisco, modisco_motifs
from dnabert_enhancer.interpret.motif_words import (
    ENRICHMENT_COLUMNS,
    MotifEnrichment,
    best_motifs,
    quiet_runs,
)
from dnabert_enhancer.interpret.mutagenesis import Effects, Mutagenesis, other_bases, substituted, tiles
from dnabert_enhancer.interpret.null import shuffle_count, shuffled_stretches
from dnabert_enhancer.interpret.result_files import LOGOS, AttributionFiles, VariantFiles
from dnabert_enhancer.interpret.seqlet_table import MOTIF_COLUMNS, SEQLET_COLUMNS, SeqletFiles
from dnabert_enhancer.interpret.seqlets import Seqlet, SeqletTest
from dnabert_enhancer.interpret.settings import Discovery, InterpretSettings, Method
from dnabert_enhancer.interpret.stretches import Stretch, stretches_of_regions, stretches_of_sequences
from dnabert_enhancer.interpret.tomtom import FEWEST_TARGETS, MATCH_COLUMNS, SimilarMotif, Tomtom
from dnabert_enhancer.interpret.variants import (
    VARIANT_COLUMNS,
    ExplainedVariants,
    Landmark,
    NamedAllele,
    Sides,
    explain_variants,
)

__all__ = [
    "BEST_MATCH_COLUMNS",
    "DELETION_COLUMNS",
    "ENRICHMENT_COLUMNS",
    "FEWEST_TARGETS",
    "FORMAT",
    "FOUND_COLUMNS",
    "LOGOS",
    "MATCH_COLUMNS",
    "MOTIF_COLUMNS",
    "REGION_COLUMNS",
    "SEQLET_COLUMNS",
    "SUBSTITUTION_COLUMNS",
    "VARIANT_COLUMNS",
    "Attention",
    "AttributionFiles",
    "Attributions",
    "Discovered",
    "Discovery",
    "Effects",
    "Explained",
    "ExplainedVariants",
    "FoundMotif",
    "FoundMotifFiles",
    "Gradients",
    "HighAttention",
    "InterpretSettings",
    "Landmark",
    "MeanMethod",
    "Method",
    "MotifEnrichment",
    "Mutagenesis",
    "NamedAllele",
    "Seqlet",
    "SeqletFiles",
    "SeqletTest",
    "Sides",
    "SimilarMotif",
    "Stretch",
    "Tomtom",
    "VariantFiles",
    "base_attention",
    "best_motifs",
    "check_modisco",
    "completeness_error",
    "discover_motifs",
    "explain_variants",
    "high_attention",
    "meme_text",
    "modisco_motifs",
    "other_bases",
    "quiet_runs",
    "shuffle_count",
    "shuffled_stretches",
    "shuffled_windows",
    "stretches_of_regions",
    "stretches_of_sequences",
    "substituted",
    "tiles",
    "write_effects",
]
