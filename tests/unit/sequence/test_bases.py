"""Base codes: every byte, the other strand, counts."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.sequence import (
    UNKNOWN_BASE,
    canonical_sequence,
    decode_bases,
    encode_bases,
    gc_fraction,
    reverse_complement,
    reverse_complement_letters,
)


@pytest.mark.parametrize(
    ("sequence", "case_sensitive", "codes"),
    [
        ("", False, []),
        ("ACGT", False, [0, 1, 2, 3]),
        ("acgt", False, [0, 1, 2, 3]),
        ("acgtACGT", True, [4, 4, 4, 4, 0, 1, 2, 3]),
        ("Uu", False, [3, 3]),
        ("Uu", True, [3, 4]),
        ("NRYSWKMBDHVn-.*X \n", False, [4] * 18),
        ("AÄβ€C", False, [0, 4, 4, 4, 1]),
    ],
)
def test_encoding(sequence, case_sensitive, codes):
    assert encode_bases(sequence, case_sensitive=case_sensitive).tolist() == codes


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_every_kind_are_read(kind):
    assert encode_bases(kind(b"ACGTN")).tolist() == [0, 1, 2, 3, 4]


def test_exactly_ten_bytes_are_known():
    codes = encode_bases(bytes(range(256)))
    assert bytes(np.flatnonzero(codes < UNKNOWN_BASE).tolist()) == b"ACGTUacgtu"
    assert codes.dtype == np.uint8
    assert codes.max() == UNKNOWN_BASE


def test_decoding():
    assert decode_bases(np.array([0, 1, 2, 3, 4], dtype=np.uint8)) == "ACGTN"
    assert decode_bases(encode_bases("acgtnrACGU")[::-1]) == "TGCANNTGCA"


def test_reverse_complement_of_the_ecori_and_bamhi_sites_and_of_a_row_of_each():
    assert decode_bases(reverse_complement(encode_bases("GAATTC"))) == "GAATTC"
    assert decode_bases(reverse_complement(encode_bases("AACGN"))) == "NCGTT"
    rows = np.stack([encode_bases("AACG"), encode_bases("TTTN")])
    assert [decode_bases(row) for row in reverse_complement(rows)] == ["CGTT", "NAAA"]
    assert reverse_complement(rows[None]).shape == (1, 2, 4)


def test_gc_fraction_counts_known_bases_only():
    rows = np.stack([encode_bases(text) for text in ("ACGT", "GGCC", "AATN", "GNNN")])
    np.testing.assert_array_equal(gc_fraction(rows), [0.5, 1.0, 0.0, 1.0])
    assert np.isnan(gc_fraction(encode_bases("NN")))


@pytest.mark.parametrize(
    ("sequence", "other_strand"),
    [
        ("", ""),
        ("ACGTN", "NACGT"),
        ("acgtn", "nacgt"),
        ("UuA", "TaA"),
        ("RYSWKMBDHV", "BDHVKMWSRY"),
        ("ryswkmbdhv", "bdhvkmwsry"),
        ("A-*", "*-T"),
    ],
)
def test_letters_of_the_other_strand(sequence, other_strand):
    assert reverse_complement_letters(sequence) == other_strand


def test_letters_and_codes_have_the_same_other_strand():
    sequence = "ACGTNRYSWKMBDHVacgtnrg"
    turned = encode_bases(reverse_complement_letters(sequence))
    assert turned.tolist() == reverse_complement(encode_bases(sequence)).tolist()


@pytest.mark.parametrize("sequence", ["AACRT", "aacrt", "AYGTT", "aygtt", "AACRU", "aYGuU"])
def test_the_canonical_form_is_one_for_both_strands_and_u(sequence):
    assert canonical_sequence(sequence) == "AACRT"
