"""What a model reads: base codes, tables of sequences, k-mer tokens, windows, shuffles.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.sequence.bases import (
    BASES,
    UNKNOWN_BASE,
    canonical_sequence,
    decode_bases,
    decode_letters,
    encode_bases,
    gc_fraction,
    reverse_complement,
    reverse_complement_letters,
    tile_starts,
    unknown_fraction,
    window_view,
    windows_at,
)
from dnabert_enhancer.sequence.byte_pairs import BytePairTokenizer
from dnabert_enhancer.sequence.kmer_text import join_kmers, kmer_text
from dnabert_enhancer.sequence.shuffles import dinucleotide_shuffle
from dnabert_enhancer.sequence.six_mers import SixMerTokenizer
from dnabert_enhancer.sequence.tables import Row, Rows, check_bases, read_table, table_rows
from dnabert_enhancer.sequence.tokenizer import KmerTokenizer, TokenBatch, Tokenizer, edges_of, padded
from dnabert_enhancer.sequence.vocabulary import (
    CLS_ID,
    MASK_ID,
    PAD_ID,
    SEP_ID,
    SPECIAL_TOKENS,
    UNK_ID,
    KmerVocabulary,
)

__all__ = [
    "BASES",
    "CLS_ID",
    "MASK_ID",
    "PAD_ID",
    "SEP_ID",
    "SPECIAL_TOKENS",
    "UNKNOWN_BASE",
    "UNK_ID",
    "BytePairTokenizer",
    "KmerTokenizer",
    "KmerVocabulary",
    "Row",
    "Rows",
    "SixMerTokenizer",
    "TokenBatch",
    "Tokenizer",
    "canonical_sequence",
    "check_bases",
    "decode_bases",
    "decode_letters",
    "dinucleotide_shuffle",
    "edges_of",
    "encode_bases",
    "gc_fraction",
    "join_kmers",
    "kmer_text",
    "padded",
    "read_table",
    "reverse_complement",
    "reverse_complement_letters",
    "table_rows",
    "tile_starts",
    "unknown_fraction",
    "window_view",
    "windows_at",
]
