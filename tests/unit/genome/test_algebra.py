"""Union, difference and overlap, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.genome import merge_intervals, overlaps_any, subtract_intervals


def columns(pairs):
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def pairs(stretches):
    return list(zip(stretches.start.tolist(), stretches.end.tolist(), strict=True))


@pytest.mark.parametrize(
    ("given", "gap", "expected"),
    [
        ([], 0, []),
        ([(5, 5)], 0, []),
        ([(0, 10), (5, 15)], 0, [(0, 15)]),
        ([(0, 10), (10, 15)], 0, [(0, 15)]),
        ([(0, 10), (11, 15)], 0, [(0, 10), (11, 15)]),
        ([(0, 10), (11, 15)], 1, [(0, 15)]),
        ([(20, 30), (0, 100), (40, 50)], 0, [(0, 100)]),
        ([(7, 9), (1, 3), (2, 5)], 0, [(1, 5), (7, 9)]),
    ],
)
def test_merging(given, gap, expected):
    assert pairs(merge_intervals(*columns(given), gap)) == expected


@pytest.mark.parametrize(
    ("given", "others", "expected"),
    [
        ([(0, 10)], [], [(0, 10)]),
        ([], [(0, 10)], []),
        ([(0, 10)], [(0, 10)], []),
        ([(0, 10)], [(3, 5)], [(0, 3), (5, 10)]),
        ([(0, 10)], [(3, 5), (7, 8)], [(0, 3), (5, 7), (8, 10)]),
        ([(0, 10), (20, 30)], [(5, 25)], [(0, 5), (25, 30)]),
        ([(0, 10)], [(10, 20)], [(0, 10)]),
        ([(5, 10)], [(0, 5)], [(5, 10)]),
        ([(0, 10)], [(4, 4)], [(0, 10)]),
        ([(0, 10), (5, 20)], [(8, 9)], [(0, 8), (9, 20)]),
        ([(0, 4), (6, 10)], [(2, 3), (3, 7)], [(0, 2), (7, 10)]),
    ],
)
def test_subtracting(given, others, expected):
    assert pairs(subtract_intervals(*columns(given), *columns(others))) == expected


def test_overlap_means_a_shared_base():
    rows = columns([(0, 10), (10, 20), (20, 30), (12, 12), (0, 100), (15, 16)])
    others = columns([(8, 10), (15, 15), (29, 40)])
    assert overlaps_any(*rows, *others).tolist() == [True, False, True, False, True, False]
    assert overlaps_any(*rows, *columns([])).tolist() == [False] * 6
