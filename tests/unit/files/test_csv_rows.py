"""Rows with quotes, line breaks within them, and fields of any length (csv_rows)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import csv_rows
from dnabert_enhancer.sequence import read_table


def test_rows_and_the_lines_they_end_in() -> None:
    lines = ["a,b\n", '"two\n', 'lines",x\n', "c,d\n"]
    assert list(csv_rows(lines)) == [(1, ["a", "b"]), (3, ["two\nlines", "x"]), (4, ["c", "d"])]


def test_fields_of_any_length_and_the_limit_of_others_untouched() -> None:
    long = "x" * 300_000
    assert csv.field_size_limit() < len(long)
    rows, more = csv_rows([f"{long},1\n", "2,3\n"]), csv_rows([f"{long}\t1\n"], "\t")
    assert next(rows) == (1, [long, "1"])
    assert csv.field_size_limit() < len(long)
    assert next(more) == (1, [long, "1"])
    assert next(rows) == (2, ["2", "3"])


def test_a_long_sequence_in_a_csv_is_read(tmp_path: Path) -> None:
    sequence = "ACGT" * 50_000
    (tmp_path / "t.csv").write_text(f"sequence,label\n{sequence},1\nACGT,0\n")
    assert [len(text) for text in read_table(tmp_path / "t.csv").sequences] == [200_000, 4]


def test_a_row_that_csv_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.maxsize", 10)
    (tmp_path / "t.csv").write_text("sequence,label\nACGTACGTACGTACGT,1\n")
    with pytest.raises(InputError, match=r"t\.csv, line 2: the row cannot be read \(field larger"):
        read_table(tmp_path / "t.csv")
