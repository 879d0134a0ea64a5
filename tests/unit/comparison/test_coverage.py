"""Covered bases, and the interval operations that the comparison rests on, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_enhancer.comparison.coverage import Coverage
from dnabert_enhancer.genome import nearest_of, overlap_counts, overlapping_pairs, union_of

intervals = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=15,
)


def columns(rows):
    array = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
    return array[:, 0].copy(), array[:, 1].copy()


def bases(rows):
    return {base for start, end in rows for base in range(start, end)}


@settings(deadline=None)
@given(intervals, intervals, st.integers(1, 8))
def test_pairs_are_those_of_two_loops_whatever_the_blocks(ours, theirs, most) -> None:
    a, b = sorted(ours), sorted(theirs)
    wanted = {
        (i, j, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        for i in range(len(a))
        for j in range(len(b))
        if min(a[i][1], b[j][1]) > max(a[i][0], b[j][0])
    }
    blocks = list(overlapping_pairs(*columns(a), *columns(b), most=most))
    found = [pair for block in blocks for pair in zip(*(column.tolist() for column in block), strict=True)]
    assert len(found) == len(wanted)
    assert set(found) == wanted
    firsts = [set(block.first.tolist()) for block in blocks]
    assert all(not one & other for index, one in enumerate(firsts) for other in firsts[:index])


@settings(deadline=None)
@given(intervals, intervals)
def test_counts_are_those_of_the_pairs(ours, theirs) -> None:
    a, b = sorted(ours), sorted(theirs)
    wanted = [sum(min(end, e) > max(start, s) for s, e in b) for start, end in a]
    assert overlap_counts(*columns(a), *columns(b)).tolist() == wanted


@settings(deadline=None)
@given(intervals, st.lists(st.integers(0, 90), max_size=10))
def test_union_and_coverage_are_the_sets_of_bases(rows, places) -> None:
    union = union_of(*columns(rows))
    covered = bases(rows)
    assert bases(zip(union.start.tolist(), union.end.tolist(), strict=True)) == covered
    assert (union.start[1:] > union.end[:-1]).all()
    coverage = Coverage(union)
    assert coverage.bases == len(covered) == union.bases
    at = np.array(places, dtype=np.int64)
    assert coverage.before(at).tolist() == [len([b for b in covered if b < place]) for place in places]


@settings(deadline=None)
@given(intervals.filter(bool), intervals)
def test_nearest_is_that_of_a_loop(ours, theirs) -> None:
    a, b = sorted(ours), sorted(theirs)
    which, distance = nearest_of(*columns(a), *columns(b))
    for (start, end), number, found in zip(a, which.tolist(), distance.tolist(), strict=True):
        gaps = [max(0, s - end + 1, start - e + 1) for s, e in b]
        assert found == (min(gaps) if gaps else -1)
        assert number == -1 if not gaps else gaps[number] == found


@pytest.mark.parametrize(
    ("start", "end", "distance"),
    [(10, 20, 0), (19, 30, 0), (20, 30, 1), (25, 30, 6), (0, 10, 1), (0, 5, 6)],
)
def test_distance_counts_as_bedtools_does(start: int, end: int, distance: int) -> None:
    one = (np.array([10]), np.array([20]))
    assert nearest_of(*one, np.array([start]), np.array([end]))[1].tolist() == [distance]
