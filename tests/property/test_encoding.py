"""Encoding: round trips and symmetries for any sequence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.sequence import (
    UNK_ID,
    KmerVocabulary,
    decode_bases,
    dinucleotide_shuffle,
    encode_bases,
    reverse_complement,
)

bases = st.text(alphabet="ACGTN", max_size=300)
any_text = st.text(max_size=100)
ks = st.integers(min_value=1, max_value=7)


@given(bases)
def test_codes_lead_back_to_the_letters(sequence):
    assert decode_bases(encode_bases(sequence)) == sequence


@pytest.mark.slow
@given(any_text)
def test_any_text_has_a_code_a_letter(text):
    codes = encode_bases(text)
    assert len(codes) == len(text)
    assert decode_bases(codes) == "".join(
        {"U": "T"}.get(letter, letter)
        if (letter := raw.upper() if raw.isascii() else raw) in "ACGTU"
        else "N"
        for raw in text
    )


@given(bases)
def test_the_other_strand_of_the_other_strand_is_the_first(sequence):
    codes = encode_bases(sequence)
    assert reverse_complement(reverse_complement(codes)).tolist() == codes.tolist()
    assert decode_bases(reverse_complement(codes)) == sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))


@given(bases, ks)
def test_ids_are_the_places_of_the_kmers_in_the_token_list(sequence, k):
    words = KmerVocabulary(k)
    ids = words.kmer_ids(encode_bases(sequence))
    kmers = words.kmer_strings(encode_bases(sequence)).split()
    assert len(ids) == len(kmers) == max(0, len(sequence) - k + 1)
    tokens = words.tokens
    assert all(
        tokens[number] == kmer if "N" not in kmer else number == UNK_ID
        for number, kmer in zip(ids, kmers, strict=True)
    )


@given(st.lists(bases, min_size=1, max_size=5), ks)
def test_a_batch_is_its_rows(sequences, k):
    length = min(map(len, sequences))
    rows = np.stack([encode_bases(sequence[:length]) for sequence in sequences])
    words = KmerVocabulary(k)
    assert words.encode(rows).tolist() == [words.encode(row[None])[0].tolist() for row in rows]


@given(bases, st.integers(min_value=0, max_value=2**32))
def test_a_shuffle_keeps_pairs_ends_and_unknown_places(sequence, seed):
    codes = encode_bases(sequence)
    after = dinucleotide_shuffle(codes, np.random.default_rng(seed))
    assert (
        np.bincount(after[:-1] * 5 + after[1:], minlength=25).tolist()
        == np.bincount(codes[:-1] * 5 + codes[1:], minlength=25).tolist()
    )
    assert after[:1].tolist() == codes[:1].tolist()
    assert after[-1:].tolist() == codes[-1:].tolist()
    assert ((after == 4) == (codes == 4)).all()
