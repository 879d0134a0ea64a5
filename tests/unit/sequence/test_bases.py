"""Base codes: every byte, the other strand, counts; windows at the ends of a region."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import (
    UNKNOWN_BASE,
    canonical_sequence,
    decode_bases,
    encode_bases,
    gc_fraction,
    reverse_complement,
    reverse_complement_letters,
    tile_starts,
    unknown_fraction,
    window_view,
    windows_at,
)


@pytest.mark.parametrize(
    ("sequence", "keep_letters", "codes"),
    [
        ("", False, []),
        ("ACGT", False, [0, 1, 2, 3]),
        ("acgt", False, [0, 1, 2, 3]),
        ("acgtACGTN", True, [97, 99, 103, 116, 0, 1, 2, 3, 4]),
        ("Uu", False, [3, 3]),
        ("UuR", True, [85, 117, 82]),
        ("NRYSWKMBDHVn-.*X \n", False, [4] * 18),
        ("AÄβ€C", False, [0, 4, 4, 4, 1]),
    ],
)
def test_encoding(sequence, keep_letters, codes):
    assert encode_bases(sequence, keep_letters=keep_letters).tolist() == codes


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


@pytest.mark.parametrize(
    ("start", "end", "length", "stride", "expected"),
    [
        (0, 1000, 200, 200, [0, 200, 400, 600, 800]),
        (0, 1000, 200, 300, [0, 300, 600, 800]),
        (0, 1001, 200, 200, [0, 200, 400, 600, 800, 801]),
        (50, 300, 200, 50, [50, 100]),
        (50, 301, 200, 50, [50, 100, 101]),
        (50, 250, 200, 50, [50]),
        (50, 249, 200, 50, []),
        (7, 7, 1, 1, []),
        (7, 8, 1, 5, [7]),
        (0, 10, 3, 1, list(range(8))),
        (0, 10, 2, 5, [0, 5, 8]),
    ],
)
def test_tiles(start, end, length, stride, expected):
    assert tile_starts(start, end, length, stride).tolist() == expected


@pytest.mark.parametrize(("length", "stride"), [(0, 1), (1, 0), (-5, 1), (5, -1)])
def test_impossible_tiles_are_refused(length, stride):
    with pytest.raises(InputError, match="at least 1"):
        tile_starts(0, 100, length, stride)


def test_views_do_not_copy():
    codes = encode_bases("ACGT" * 100)
    for windows in (
        window_view(codes, 20),
        window_view(codes, 20, 7),
        windows_at(codes, np.arange(5, 300, 9), 20),
    ):
        assert np.shares_memory(windows, codes)
    assert window_view(codes, 401).shape == (0, 401)
    assert window_view(codes, 400).shape == (1, 400)


@pytest.mark.parametrize(
    "starts", [[], [0], [380], [0, 5, 10], [0, 5, 11], [9, 3, 3], [10, 5, 0], [7, 7]], ids=str
)
def test_windows_lie_where_they_are_asked_for(starts):
    codes = np.random.default_rng(0).integers(0, 5, 400).astype(np.uint8)
    windows = windows_at(codes, np.array(starts, dtype=np.int64), 20)
    assert windows.shape == (len(starts), 20)
    assert [row.tolist() for row in windows] == [codes[start : start + 20].tolist() for start in starts]


@pytest.mark.parametrize("starts", [[-1], [381], [0, 400]])
def test_windows_that_leave_the_sequence_are_a_fault(starts):
    with pytest.raises(IndexError):
        windows_at(np.zeros(400, dtype=np.uint8), np.array(starts), 20)


def test_unknown_fraction_around_an_n_run():
    codes = encode_bases("A" * 10 + "N" * 5 + "a" * 5 + "R")
    fractions = unknown_fraction(codes, np.array([0, 5, 9, 10, 11, 15, 16]), 5)
    np.testing.assert_allclose(fractions, [0, 0, 0.8, 1.0, 0.8, 0, 0.2])
    assert unknown_fraction(codes, np.array([], dtype=np.int64), 5).tolist() == []
    assert unknown_fraction(encode_bases("N" * 50), np.arange(41), 10).tolist() == [1.0] * 41
