"""Coordinates: laws that hold for any intervals, against sets of bases as the plain truth."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.genome import (
    Interval,
    RegionTable,
    coverage,
    difference_of,
    frame_of_intervals,
    merge,
    overlaps,
    region_frame,
    sort_regions,
    subtract,
    union_of,
)

pairs = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)
many = st.lists(pairs, max_size=12)
intervals = st.builds(
    lambda contig, pair, strand: Interval(contig, *pair, strand),
    st.sampled_from("ab"),
    pairs,
    st.sampled_from("+-."),
)
placed = st.lists(st.tuples(st.sampled_from("ab"), pairs).map(lambda row: (row[0], *row[1])), max_size=12)

NOTHING = region_frame((), (), ())


def bases_of(rows) -> set[tuple[str, int]]:
    return {(chrom, place) for chrom, start, end in rows for place in range(start, end)}


def rows_of_frame(frame):
    return list(zip(frame["chrom"], frame["start"], frame["end"], strict=True))


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


@given(many, st.integers(0, 5))
def test_merging_keeps_the_bases(rows, gap):
    merged = union_of(*columns(rows), gap)
    if gap == 0:
        assert bases(rows_of(merged)) == bases(rows)
    assert bases(rows_of(merged)) >= bases(rows)
    assert ((merged.start[1:] - merged.end[:-1]) > gap).all()
    again = union_of(*merged, gap)
    assert rows_of(again) == rows_of(merged)


@given(many, many)
def test_subtracting_is_the_difference_of_the_bases(rows, others):
    left = difference_of(*columns(rows), *columns(others))
    assert bases(rows_of(left)) == bases(rows) - bases(others)
    check_apart(left)


@given(placed, placed)
def test_tables_are_their_bases(one, other):
    frames = [
        region_frame(*zip(*rows, strict=True)) if rows else region_frame((), (), ()) for rows in (one, other)
    ]
    left, right = (bases_of(rows) for rows in (one, other))
    assert bases_of(rows_of_frame(merge(frames[0]))) == left
    assert bases_of(rows_of_frame(subtract(*frames))) == left - right
    shared = [bases_of([row]) & right for row in one]
    assert coverage(*frames).tolist() == [len(found) for found in shared]
    assert overlaps(*frames).tolist() == [bool(found) for found in shared]


@given(st.lists(intervals, max_size=20))
def test_a_table_is_its_rows(rows):
    frame = frame_of_intervals(rows)
    assert list(RegionTable(frame)) == rows
    order = {contig: place for place, contig in enumerate(frame["chrom"].cat.categories)}
    ordered = list(RegionTable(sort_regions(frame)))
    assert ordered == sorted(rows, key=lambda row: (order[row.contig], row.start, row.end))
