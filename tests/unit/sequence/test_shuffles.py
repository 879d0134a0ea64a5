"""The dinucleotide shuffle: exact counts, fixed ends, and every possible sequence equally often."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from late import late

from dnabert_enhancer.sequence import decode_bases, dinucleotide_shuffle, encode_bases, shuffles

stats = late("scipy.stats")


def pairs(text: str) -> Counter[str]:
    return Counter(text[place : place + 2] for place in range(len(text) - 1))


def all_rearrangements(text: str) -> set[str]:
    """Return all sequences with the same first base and the same dinucleotides, by exhaustive search."""
    found = set()

    def extend(built: str, left: Counter[str]) -> None:
        if not +left:
            found.add(built)
        for base in "ACGT":
            pair = built[-1] + base
            if left[pair] > 0:
                extend(built + base, left - Counter([pair]))

    extend(text[0], pairs(text))
    return found


def uniformity(text: str) -> float:
    """Return the chi-square p value of all rearrangements being drawn equally often."""
    possible = sorted(all_rearrangements(text))
    draws = 400 * len(possible)
    rows = np.tile(encode_bases(text), (draws, 1))
    seen = Counter(map(decode_bases, dinucleotide_shuffle(rows, np.random.default_rng(7))))
    assert sorted(seen) == possible
    assert len(possible) > 1
    return float(stats.chisquare([seen[one] for one in possible]).pvalue)


TINY = ["AACCAACC", "CCCGCGGCCA", "AGTTAGTTATG", "CAGAGCTAGAA", "ACTAGCGAAAC", "GCGCCTAGAAT", "TCGGCAGCGCG"]


def test_the_exhaustive_search_is_right_for_a_case_done_by_hand():
    # A>A once, A>C twice, C>A once: from A, the double A comes before the first or before the last C
    assert all_rearrangements("AACAC") == {"AACAC", "ACAAC"}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("text", TINY)
def test_all_rearrangements_are_equally_likely(monkeypatch, text, together):
    monkeypatch.setattr(shuffles, "_VECTOR_ROWS", 1 if together else 10**9)
    assert uniformity(text) > 1e-3


def test_the_test_above_sees_trees_that_are_drawn_without_regard_to_the_counts(monkeypatch):
    real = shuffles._draw_trees
    monkeypatch.setattr(
        shuffles, "_draw_trees", lambda counts, *rest: real((counts > 0).astype(np.int64), *rest)
    )
    assert uniformity("CAGAGCTAGAA") < 1e-9


@pytest.mark.parametrize("length", [3, 4, 10, 200, 1001])
def test_counts_and_ends_stay(length):
    rng = np.random.default_rng(length)
    rows = rng.integers(0, 4, (50, length)).astype(np.uint8)
    rows[0] = 0
    rows[1] = np.arange(length) % 2
    rows[2] = np.sort(rows[2])
    shuffled = dinucleotide_shuffle(rows, rng)
    for before, after in zip(map(decode_bases, rows), map(decode_bases, shuffled), strict=True):
        assert pairs(before) == pairs(after)
        assert (before[0], before[-1]) == (after[0], after[-1])
    assert shuffled[0].tolist() == rows[0].tolist()
    assert shuffled[2].tolist() == rows[2].tolist(), "sorted rows have one rearrangement"


def test_long_sequences_move():
    rows = np.random.default_rng(3).integers(0, 4, (20, 2000)).astype(np.uint8)
    shuffled = dinucleotide_shuffle(rows, np.random.default_rng(4))
    assert (shuffled == rows).mean() < 0.3


def test_unknown_bases_stay_in_place_and_each_stretch_is_shuffled_by_itself():
    text = "NNACGTTGCAACNGTACCATGRACNNNTTTACGATTTACGN"
    codes = encode_bases(text)
    for seed in range(20):
        after = decode_bases(dinucleotide_shuffle(codes[None], np.random.default_rng(seed))[0])
        assert [letter == "N" for letter in after] == [letter in "NR" for letter in text]
        for before, now in zip(text.replace("R", "N").split("N"), after.split("N"), strict=True):
            assert pairs(before) == pairs(now)
            assert before[:1] == now[:1]
            assert before[-1:] == now[-1:]


@pytest.mark.parametrize("text", ["", "A", "AC", "N", "NNNN", "ANCN"])
def test_what_has_nothing_to_shuffle_stays(text):
    codes = encode_bases(text)
    assert dinucleotide_shuffle(codes, np.random.default_rng(0)).tolist() == codes.tolist()
    assert dinucleotide_shuffle(codes[None], np.random.default_rng(0)).tolist() == [codes.tolist()]


def test_a_seed_repeats_and_the_input_stays():
    rows = np.random.default_rng(3).integers(0, 5, (30, 100)).astype(np.uint8)
    before = rows.copy()
    one = dinucleotide_shuffle(rows, np.random.default_rng(9))
    two = dinucleotide_shuffle(rows, np.random.default_rng(9))
    assert one.tolist() == two.tolist()
    assert rows.tolist() == before.tolist()
    assert one.tolist() != dinucleotide_shuffle(rows, np.random.default_rng(10)).tolist()


def test_a_row_with_one_way_out_of_long_runs_needs_no_luck():
    # drawing last edges blindly would hit the only right ones once in 300 * 300 * 300 times
    text = "A" * 300 + "C" * 300 + "G" * 300 + "T"
    row = encode_bases(text)[None]
    assert decode_bases(dinucleotide_shuffle(row, np.random.default_rng(0))[0]) == text
