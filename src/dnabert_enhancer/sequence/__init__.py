"""What a model reads: base codes, k-mer tokens, windows, shuffles.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.sequence.bases import (
    BASES,
    UNKNOWN_BASE,
    canonical_sequence,
    decode_bases,
    encode_bases,
    gc_fraction,
    reverse_complement,
    reverse_complement_letters,
)
from dnabert_enhancer.sequence.shuffles import dinucleotide_shuffle
from dnabert_enhancer.sequence.tokenizer import KmerTokenizer, TokenBatch, Tokenizer
from dnabert_enhancer.sequence.vocabulary import (
    CLS_ID,
    MASK_ID,
    PAD_ID,
    SEP_ID,
    SPECIAL_TOKENS,
    UNK_ID,
    KmerVocabulary,
)
from dnabert_enhancer.sequence.windows import tile_starts, unknown_fraction, window_view, windows_at

__all__ = [
    "BASES",
    "CLS_ID",
    "MASK_ID",
    "PAD_ID",
    "SEP_ID",
    "SPECIAL_TOKENS",
    "UNKNOWN_BASE",
    "UNK_ID",
    "KmerTokenizer",
    "KmerVocabulary",
    "TokenBatch",
    "Tokenizer",
    "canonical_sequence",
    "decode_bases",
    "dinucleotide_shuffle",
    "encode_bases",
    "gc_fraction",
    "reverse_complement",
    "reverse_complement_letters",
    "tile_starts",
    "unknown_fraction",
    "window_view",
    "windows_at",
]
