"""The numbered windows of a scan."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Gaps, region_frame
from dnabert_enhancer.scan import ScanGrid, plan_grid
from dnabert_enhancer.sequence import tile_starts


def regions(*rows: tuple[str, int, int]) -> pd.DataFrame:
    chrom, start, end = zip(*rows, strict=True)
    return region_frame(chrom, start, end)


def windows_of(grid: ScanGrid) -> list[tuple[str, int]]:
    pieces = grid.pieces(0, grid.n_windows)
    return [(piece.contig, start) for piece in pieces for start in piece.starts.tolist()]


def spans_of(grid: ScanGrid) -> list[tuple[str, int, int]]:
    names = [grid.contigs[index][0] for index in grid.contig_index]
    return list(zip(names, grid.start.tolist(), grid.end.tolist(), strict=True))


def test_whole_contigs_come_in_byte_order_and_end_with_a_flush_window() -> None:
    grid, notes = plan_grid({"chr2": 25, "chr10": 20, "chr1": 7}, window_length=10, stride=5)
    assert windows_of(grid) == [
        *(("chr10", start) for start in (0, 5, 10)),
        *(("chr2", start) for start in (0, 5, 10, 15)),
    ]
    assert notes.too_short == 1


def test_the_last_window_is_flush_where_the_stride_does_not_divide() -> None:
    grid, _ = plan_grid({"c": 23}, window_length=10, stride=5)
    assert windows_of(grid) == [("c", 0), ("c", 5), ("c", 10), ("c", 13)]


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 40))
def test_a_contig_is_tiled_as_the_sequence_room_tiles(size: int, length: int, stride: int) -> None:
    if size < length:
        with pytest.raises(InputError, match="no window"):
            plan_grid({"c": size}, length, stride)
        return
    grid, _ = plan_grid({"c": size}, length, stride)
    assert [start for _, start in windows_of(grid)] == tile_starts(0, size, length, stride).tolist()


@pytest.mark.parametrize(
    ("given", "spans", "merged", "widened", "too_short"),
    [
        pytest.param([("b", 10, 60), ("a", 5, 40)], [("a", 5, 40), ("b", 10, 60)], 0, 0, 0, id="sorted"),
        pytest.param([("a", 0, 30), ("a", 20, 50)], [("a", 0, 50)], 1, 0, 0, id="overlapping"),
        pytest.param([("a", 0, 30), ("a", 30, 50)], [("a", 0, 50)], 1, 0, 0, id="touching"),
        pytest.param([("a", 0, 30), ("a", 31, 60)], [("a", 0, 30), ("a", 31, 60)], 0, 0, 0, id="apart"),
        pytest.param([("a", 0, 60), ("a", 10, 30), ("a", 50, 70)], [("a", 0, 70)], 2, 0, 0, id="nested"),
        pytest.param([("a", 50, 60)], [("a", 45, 65)], 0, 1, 0, id="narrow: widened around its centre"),
        pytest.param([("a", 0, 4)], [("a", 0, 20)], 0, 1, 0, id="narrow at the start: moved inwards"),
        pytest.param([("a", 97, 99)], [("a", 80, 100)], 0, 1, 0, id="narrow at the end: moved inwards"),
        pytest.param([("a", 40, 41), ("a", 50, 51)], [("a", 30, 60)], 0, 2, 0, id="widened into each other"),
        pytest.param([("a", 0, 30), ("tiny", 0, 9)], [("a", 0, 30)], 0, 0, 1, id="contig below the window"),
        pytest.param([("a", 0, 30), ("a", 50, 50)], [("a", 0, 30)], 0, 0, 0, id="empty region"),
    ],
)
def test_regions_become_spans(
    given: list[tuple[str, int, int]],
    spans: list[tuple[str, int, int]],
    merged: int,
    widened: int,
    too_short: int,
) -> None:
    grid, notes = plan_grid({"b": 100, "a": 100, "tiny": 9}, 20, 5, regions(*given))
    assert spans_of(grid) == spans
    assert notes == (merged, widened, too_short)


def test_contigs_are_chosen_by_name_for_regions_too() -> None:
    grid, _ = plan_grid({"a": 50, "b": 50}, 20, 5, regions(("a", 0, 30), ("b", 0, 30)), contigs=["b"])
    assert spans_of(grid) == [("b", 0, 30)]
    grid, _ = plan_grid({"a": 50, "b": 50}, 20, 5, contigs=["a"])
    assert spans_of(grid) == [("a", 0, 50)]


@given(st.integers(1, 12), st.lists(st.integers(20, 90), min_size=1, max_size=4))
def test_shards_are_runs_of_whole_blocks_that_cover_all_windows_once(of: int, sizes: list[int]) -> None:
    contigs = {f"c{number}": size for number, size in enumerate(sizes)}
    grid, _ = plan_grid(contigs, 10, 3, block_windows=4)
    blocks = [block for index in range(1, of + 1) for block in grid.shard_blocks(index, of)]
    assert blocks == list(range(grid.n_blocks))
    ends = [grid.shard_windows(index, of) for index in range(1, of + 1)]
    assert ends[0][0] == 0
    assert ends[-1][1] == grid.n_windows
    assert all(left[1] == right[0] for left, right in itertools.pairwise(ends))
    assert sum(last - first for first, last in map(grid.block, blocks)) == grid.n_windows


def test_shards_by_known_bases_leave_gaps_to_whom_they_cost_nothing() -> None:
    # 100 windows of 10 bp in 25 blocks of 40 bp; of 1,000 bp 600 in the middle are unknown
    grid, _ = plan_grid({"c": 1000}, 10, 10, block_windows=4)
    gaps = Gaps("", 0, {"c": np.array([[200, 800]])})
    work = grid.work(gaps)
    assert work[:7].tolist() == [0, 40, 80, 120, 160, 200, 200]
    assert work[-3:].tolist() == [320, 360, 400]
    # 400 known bases: 100 a shard, which is 2.5 blocks; the 15 blocks of the gap go with the third shard
    shards = [grid.shard_blocks(index, 4, work) for index in (1, 2, 3, 4)]
    assert shards == [range(3), range(3, 5), range(5, 23), range(23, 25)]
    assert grid.shard_blocks(2, 4, np.zeros(26, np.int64)) == grid.shard_blocks(2, 4)


@given(
    st.integers(1, 12),
    st.lists(st.integers(20, 90), min_size=1, max_size=4),
    st.lists(st.integers(0, 90), min_size=2, max_size=2, unique=True),
    st.booleans(),
)
def test_shards_by_known_bases_cover_all_blocks_once(
    of: int, sizes: list[int], gap: list[int], chosen: bool
) -> None:
    contigs = {f"c{number}": size for number, size in enumerate(sizes)}
    places = regions(("c0", 0, 12), ("c0", 15, 20)) if chosen else None
    grid, _ = plan_grid(contigs, 10, 3, places, block_windows=2)
    start, end = sorted(min(place, sizes[0]) for place in gap)
    runs = np.array([[start, end]]) if end > start else np.zeros((0, 2), np.int64)
    work = grid.work(Gaps("", 0, {"c0": runs}))
    blocks = [block for index in range(1, of + 1) for block in grid.shard_blocks(index, of, work)]
    assert blocks == list(range(grid.n_blocks))
    unknown = set(range(start, end))
    spans = spans_of(grid)
    in_spans = [(name, place) for name, first, last in spans for place in range(first, last)]
    assert work[-1] == sum(not (name == "c0" and place in unknown) for name, place in in_spans)


@given(st.integers(0, 40), st.integers(0, 40))
def test_any_run_of_windows_is_a_part_of_all(first: int, last: int) -> None:
    grid, _ = plan_grid({"a": 43, "b": 61, "c": 20}, 20, 7, block_windows=4)
    expected = windows_of(grid)[first : min(last, grid.n_windows)] if first < last else []
    got = [
        (piece.contig, start)
        for piece in grid.pieces(first, min(last, grid.n_windows))
        for start in piece.starts
    ]
    assert got == expected


def test_a_wide_stride_is_read_in_small_pieces() -> None:
    grid, _ = plan_grid({"c": 100_000_000}, 200, 1_000_000)
    assert max(int(piece.starts[-1] - piece.starts[0]) for piece in grid.pieces(0, grid.n_windows)) < 1 << 22
    assert len(windows_of(grid)) == grid.n_windows == 101


def test_the_digest_tells_grids_apart() -> None:
    sizes = {"a": 100, "b": 90}
    digests = {
        plan_grid(sizes, 20, 5)[0].digest,
        plan_grid(sizes, 20, 4)[0].digest,
        plan_grid(sizes, 21, 5)[0].digest,
        plan_grid(sizes, 20, 5, contigs=["a"])[0].digest,
        plan_grid({"a": 100, "b": 91}, 20, 5)[0].digest,
    }
    assert len(digests) == 5
    assert plan_grid({"b": 90, "a": 100}, 20, 5)[0].digest == plan_grid(sizes, 20, 5)[0].digest


def test_nothing_to_scan_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match="no window of 200 bp fits"):
        plan_grid({"a": 199, "b": 10}, 200, 50)
