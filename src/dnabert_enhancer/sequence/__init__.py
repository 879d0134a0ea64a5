"""What a model reads: base codes, k-mer tokens, windows, shuffles.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.sequence.bases import (
    BASES,
    UNKNOWN_BASE,
    decode_bases,
    encode_bases,
    gc_fraction,
    reverse_complement,
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
    "decode_bases",
    "dinucleotide_shuffle",
    "encode_bases",
    "gc_fraction",
    "reverse_complement",
    "tile_starts",
    "unknown_fraction",
    "window_view",
    "windows_at",
]
