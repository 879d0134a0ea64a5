"""The table of intervals: picking, sorting and unpacking rows."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.genome import Interval, IntervalTable, read_intervals

ROWS = [
    Interval("b", 5, 9, "+"),
    Interval("a", 7, 8, "-"),
    Interval("b", 5, 7),
    Interval("b", 0, 100, "+"),
]


@pytest.fixture
def table(tmp_path) -> IntervalTable:
    path = tmp_path / "some.bed"
    path.write_text("b\t5\t9\tfirst\t1\t+\na\t7\t8\t\tx\t-\nb\t5\t7\nb\t0\t100\tβ last\t2.5\t+\n")
    return read_intervals(path)


def test_rows_and_columns(table):
    assert list(table) == ROWS
    assert table.names == ["first", ".", ".", "β last"]
    np.testing.assert_array_equal(table.scores, [1, np.nan, np.nan, 2.5])
    assert table.strands.tolist() == ["+", "-", ".", "+"]
    assert table.rows_of("b").tolist() == [0, 2, 3]
    assert table.rows_of("c").tolist() == []


def test_taking_rows_keeps_all_columns_together(table):
    taken = table.take(np.array([3, 0, 0]))
    assert list(taken) == [ROWS[3], ROWS[0], ROWS[0]]
    assert taken.names == ["β last", "first", "first"]
    assert taken.scores.tolist() == [2.5, 1, 1]
    assert taken.lines.tolist() == [4, 1, 1]
    assert list(table.take(table.end > 8)) == [ROWS[0], ROWS[3]]
    assert list(table.take(np.array([], dtype=int))) == []


def test_sorting_is_by_contig_start_and_end(table):
    assert list(table.sorted()) == [ROWS[3], ROWS[2], ROWS[0], ROWS[1]]
    assert table.sorted().names == ["β last", ".", "first", "."]


def test_from_intervals():
    table = IntervalTable.from_intervals(ROWS)
    assert list(table) == ROWS
    assert table.contigs == ["b", "a"]
    assert table.names == ["."] * 4
    assert table.lines.tolist() == [1, 2, 3, 4]


def test_the_frame_has_the_documented_columns(table):
    frame = table.frame()
    assert frame["contig"].tolist() == ["b", "a", "b", "b"]
    assert frame["start"].tolist() == [5, 7, 5, 0]
    assert frame["name"].tolist() == table.names
    assert list(frame.columns) == ["contig", "start", "end", "name", "score", "strand", "line"]
