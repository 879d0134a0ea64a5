"""K-mer counts against a dictionary of strings."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from dnabert_enhancer.evaluation import kmer_counts
from dnabert_enhancer.evaluation.kmers import canonical_columns
from dnabert_enhancer.sequence import encode_bases, reverse_complement

SEQUENCES = ["ACGTACGTNACGTT", "AAAAAAAAAAAAAA", "NNNNNNNNNNNNNN", "acgtttRgaaccct"]


def codes_of(sequences: list[str]) -> np.ndarray:
    return np.stack([encode_bases(sequence) for sequence in sequences])


@pytest.mark.parametrize("k", [1, 3, 6])
def test_counts_equal_those_of_strings(k: int) -> None:
    words = ["".join(word) for word in product("ACGT", repeat=k)]
    counts = kmer_counts(codes_of(SEQUENCES), k, canonical=False).toarray()
    for sequence, row in zip(SEQUENCES, counts, strict=True):
        text = sequence.upper()
        expected = Counter(text[i : i + k] for i in range(len(text) - k + 1))
        assert row.tolist() == [expected[word] for word in words]


@pytest.mark.parametrize(("k", "columns"), [(1, 2), (2, 10), (3, 32), (4, 136), (5, 512), (6, 2080)])
def test_canonical_columns_are_pairs_and_palindromes(k: int, columns: int) -> None:
    assert canonical_columns(k).max() + 1 == columns
    assert (np.bincount(canonical_columns(k)) <= 2).all()


@pytest.mark.parametrize("k", [1, 4, 5, 6])
def test_both_strands_look_the_same(k: int) -> None:
    codes = codes_of(SEQUENCES)
    forward, backward = kmer_counts(codes, k), kmer_counts(reverse_complement(codes), k)
    assert (forward != backward).nnz == 0
    assert forward.sum() == kmer_counts(codes, k, canonical=False).sum()


def test_windows_of_different_length_and_too_short_ones() -> None:
    ragged = [encode_bases(text) for text in ("ACGTAC", "ACG", "", "ACGTACG")]
    assert kmer_counts(ragged, 6).sum(axis=1).ravel().tolist()[0] == [1, 0, 0, 2]
    assert kmer_counts([], 6).shape == (0, 2080)
    assert kmer_counts(np.zeros((2, 3), np.uint8), 6).shape == (2, 2080)


def test_blocks_of_rows_are_joined() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (20_000, 12), dtype=np.uint8)
    whole = kmer_counts(codes, 3)
    for row in (0, 8191, 8192, 19_999):
        assert (whole[row] != kmer_counts(codes[row : row + 1], 3)).nnz == 0


def test_k_out_of_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        kmer_counts(np.zeros((1, 20), np.uint8), 12)
