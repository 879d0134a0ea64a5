"""Windows of sequences and the highest of each, against places found by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.scan import highest_windows
from dnabert_enhancer.scan.sequence_windows import window_starts
from dnabert_enhancer.sequence import encode_bases


@pytest.mark.parametrize(
    ("rank", "counts", "places"),
    [
        pytest.param([3, 1, 2], [1, 1, 1], [0, 1, 2], id="a window each"),
        pytest.param([1, 5, 2, 7, 7, 0], [3, 3], [1, 3], id="the first of equal ones"),
        pytest.param([-2, -1, 4], [2, 1], [1, 2], id="below zero, and a higher one of the next sequence"),
        pytest.param([1, np.nan, 5, 2], [3, 1], [1, 3], id="not a number, as argmax has it"),
    ],
)
def test_the_highest_window_of_each_sequence(rank: list[float], counts: list[int], places: list[int]) -> None:
    found = highest_windows(np.array(rank, np.float32), np.array(counts))
    assert found.tolist() == places
    ends = np.cumsum(counts)
    one_by_one = [
        int(np.argmax(rank[end - count : end])) + end - count for count, end in zip(counts, ends, strict=True)
    ]
    assert found.tolist() == one_by_one


def test_windows_of_many_unknown_bases_are_apart() -> None:
    # 4 of the first ten bases are unknown, 2 of those from 5 on, none of those from 10 on
    codes = encode_bases("NNACGTNNACGTACGTACGT"[:12] + "ACGTACGT")
    found = window_starts(codes, 10, 5, 0.2)
    assert (found.scored.tolist(), found.skipped.tolist()) == ([5, 10], [0])
    assert window_starts(codes, 50, 5, 0.2).scored.tolist() == [0]
