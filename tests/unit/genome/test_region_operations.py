"""Set operations on regions: numbers worked out by hand, and the laws that tie arrays to tables."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from dnabert_enhancer.genome import (
    coverage,
    difference_of,
    merge,
    nearest,
    overlap,
    overlaps,
    region_frame,
    sort_regions,
    subtract,
    union_of,
)


def columns(pairs):
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def pairs(spans):
    return list(zip(spans.start.tolist(), spans.end.tolist(), strict=True))


def table(rows, contigs=None):
    """Return a table of (chrom, start, end)."""
    chrom, start, end = zip(*rows, strict=True) if rows else ((), (), ())
    return region_frame(chrom, start, end, contigs)


def rows(frame):
    return list(zip(frame["chrom"].tolist(), frame["start"].tolist(), frame["end"].tolist(), strict=True))


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
def test_union(given, gap, expected):
    assert pairs(union_of(*columns(given), gap)) == expected
    assert rows(merge(table([("a", *pair) for pair in given]), gap)) == [("a", *pair) for pair in expected]


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
def test_difference(given, others, expected):
    assert pairs(difference_of(*columns(given), *columns(others))) == expected
    left = subtract(table([("a", *pair) for pair in given]), table([("a", *pair) for pair in others]))
    assert rows(left) == [("a", *pair) for pair in expected]


def test_overlap_means_a_shared_base():
    regions = table([("a", *pair) for pair in [(0, 10), (10, 20), (20, 30), (12, 12), (0, 100), (15, 16)]])
    others = table([("a", 8, 10), ("a", 15, 15), ("a", 29, 40)])
    assert overlaps(regions, others).tolist() == [True, False, True, False, True, False]
    assert overlaps(regions, table([])).tolist() == [False] * 6
    assert coverage(regions, others).tolist() == [2, 0, 1, 0, 13, 0]


def test_contigs_are_apart_and_found_by_name():
    regions = table([("b", 5, 9), ("a", 7, 8), ("b", 0, 6), ("c", 1, 2)], contigs=["c", "b", "a"])
    others = table([("a", 0, 100), ("x", 0, 100), ("b", 8, 20)])
    assert rows(sort_regions(regions)) == [("c", 1, 2), ("b", 0, 6), ("b", 5, 9), ("a", 7, 8)]
    assert rows(merge(regions)) == [("c", 1, 2), ("b", 0, 9), ("a", 7, 8)]
    assert merge(regions)["chrom"].cat.categories.tolist() == ["c", "b", "a"]
    assert rows(subtract(regions, others)) == [("c", 1, 2), ("b", 0, 8)]
    assert coverage(regions, others).tolist() == [1, 1, 0, 0]
    assert [column.tolist() for column in overlap(regions, others)] == [[0, 1], [2, 0], [1, 1]]
    which, distance = nearest(regions, others)
    assert which.tolist() == [2, 0, 2, -1]
    assert distance.tolist() == [0, 0, 3, -1]


def test_all_pairs_are_found_whatever_their_lengths():
    rng = np.random.default_rng(2)
    frames = []
    for count in (300, 200):
        start = rng.integers(0, 2000, count)
        length = np.where(rng.random(count) < 0.05, 900, rng.integers(0, 40, count))
        frames.append(region_frame(rng.integers(0, 3, count), start, start + length, contigs="abc"))
    one, other = frames
    chroms = [frame["chrom"].cat.codes.to_numpy() for frame in frames]
    low = np.maximum.outer(one["start"].to_numpy(), other["start"].to_numpy())
    high = np.minimum.outer(one["end"].to_numpy(), other["end"].to_numpy())
    shared = np.where(np.equal.outer(*chroms), high - low, 0)
    found = overlap(one, other)
    expected = np.argwhere(shared > 0)
    assert np.column_stack([found.first, found.second]).tolist() == expected.tolist()
    assert found.bases.tolist() == shared[shared > 0].tolist()
    assert overlaps(one, other).tolist() == (shared > 0).any(axis=1).tolist()


def test_pairs_and_nearest_import_nothing_that_draws() -> None:
    """The package bioframe imports matplotlib's pyplot, which takes longer than the pairs of a run."""
    code = (
        "import sys; from dnabert_enhancer.genome import nearest, overlap, region_frame\n"
        "a, b = (region_frame(['1'], [start], [start + 5], ['1']) for start in (10, 12))\n"
        "print(len(overlap(a, b).first), nearest(a, b)[1], *({'matplotlib', 'bioframe'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "[0]"]
