"""Coordinates: laws that hold for any intervals, against sets of bases as the plain truth."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.genome import Interval, IntervalTable, merge_intervals, overlaps_any, subtract_intervals

pairs = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)
many = st.lists(pairs, max_size=12)
intervals = st.builds(
    lambda contig, pair, strand: Interval(contig, *pair, strand),
    st.sampled_from("ab"),
    pairs,
    st.sampled_from("+-."),
)


def columns(rows):
    array = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def bases(rows) -> set[int]:
    return {place for start, end in rows for place in range(start, end)}


def rows_of(stretches):
    return list(zip(stretches.start.tolist(), stretches.end.tolist(), strict=True))


def check_apart(stretches):
    assert (stretches.start < stretches.end).all()
    assert (stretches.end[:-1] < stretches.start[1:]).all()


@given(intervals, intervals)
def test_intersection_is_symmetric_and_is_the_shared_bases(one, two):
    shared, other = one.intersection(two), two.intersection(one)
    truth = (
        bases([(one.start, one.end)]) & bases([(two.start, two.end)]) if one.contig == two.contig else set()
    )
    assert one.overlaps(two) == two.overlaps(one) == bool(truth) == (shared is not None)
    if shared is not None and other is not None:
        assert (shared.start, shared.end) == (other.start, other.end)
        assert bases([(shared.start, shared.end)]) == truth
        assert one.contains(shared)
        assert two.contains(shared)


@given(intervals, st.integers(-10, 100))
def test_shifting_there_and_back(interval, distance):
    if interval.start + distance >= 0:
        assert interval.shifted(distance).shifted(-distance) == interval


@given(intervals, st.integers(0, 40))
def test_centring_keeps_the_middle(interval, length):
    moved = interval.shifted(100)
    centred = moved.centred(length)
    assert centred.length == length
    assert abs((centred.start + centred.end) - (moved.start + moved.end)) <= 1


@given(many, st.integers(0, 5))
def test_merging_keeps_the_bases(rows, gap):
    merged = merge_intervals(*columns(rows), gap)
    if gap == 0:
        assert bases(rows_of(merged)) == bases(rows)
    assert bases(rows_of(merged)) >= bases(rows)
    assert ((merged.start[1:] - merged.end[:-1]) > gap).all()
    again = merge_intervals(*merged, gap)
    assert rows_of(again) == rows_of(merged)


@given(many, many)
def test_subtracting_is_the_difference_of_the_bases(rows, others):
    left = subtract_intervals(*columns(rows), *columns(others))
    assert bases(rows_of(left)) == bases(rows) - bases(others)
    check_apart(left)


@given(many, many)
def test_overlap_is_a_shared_base(rows, others):
    truth = [bool(bases([row]) & bases(others)) for row in rows]
    assert overlaps_any(*columns(rows), *columns(others)).tolist() == truth


@given(st.lists(intervals, max_size=20))
def test_a_table_is_its_rows(rows):
    table = IntervalTable.from_intervals(rows)
    assert list(table) == rows
    ordered = list(table.sorted())
    order = {contig: place for place, contig in enumerate(table.contigs)}
    assert ordered == sorted(rows, key=lambda row: (order[row.contig], row.start, row.end))
