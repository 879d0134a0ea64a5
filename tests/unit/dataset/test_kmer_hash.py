"""Hashes of canonical k-mers against a dictionary of k-mers kept as text."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.dataset.kmer_hash import LARGEST_K, canonical_hashes, known_kmers, window_sums
from dnabert_enhancer.sequence import encode_bases

COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.mark.parametrize("k", [1, 2, 3, 20, 31, 32, 33, 40, LARGEST_K])
def test_hash_is_that_of_the_smaller_strand_and_of_no_other_kmer(k: int) -> None:
    rng = np.random.default_rng(k)
    text = "".join(rng.choice(list("ACGT"), size=400))
    text += text[100:250].translate(COMPLEMENT)[::-1]
    kmers = [text[start : start + k] for start in range(len(text) - k + 1)]
    canonical = [min(kmer, kmer.translate(COMPLEMENT)[::-1]) for kmer in kmers]
    hashes = canonical_hashes(encode_bases(text), k).tolist()
    assert len(set(zip(canonical, hashes, strict=True))) == len(set(canonical)) == len(set(hashes))


def test_short_sequence_has_no_hash() -> None:
    assert len(canonical_hashes(encode_bases("ACG"), 4)) == 0
    assert len(known_kmers(encode_bases("ACG"), 4)) == 0


def test_k_that_does_not_fit_two_words_is_refused() -> None:
    with pytest.raises(ValueError, match="k is 63; 1 to 62"):
        canonical_hashes(encode_bases("A" * 100), 63)


def test_kmers_with_unknown_bases_are_not_known() -> None:
    assert known_kmers(encode_bases("ACGNTTT"), 3).tolist() == [True, False, False, False, True]


def test_window_sums_count_flags() -> None:
    assert window_sums(np.array([True, False, True, True]), 2).tolist() == [1, 1, 2]
    assert window_sums(np.array([True]), 2).tolist() == []
