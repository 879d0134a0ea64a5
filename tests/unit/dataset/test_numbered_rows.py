"""Rows of a data set one by one (dataset/numbered_rows): those of the whole table, without holding them."""

from __future__ import annotations

import logging
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dnabert_enhancer.dataset import as_dataset, dataset_sequences, read_dataset, write_dataset
from dnabert_enhancer.dataset.numbered_rows import numbered_rows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet

Write = Callable[[str, str], Path]
EDITED = "the tables are not those that dataset.json describes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data set of two splits as make-dataset writes it, with places, and labels as words."""
    frame = pd.DataFrame(
        {
            "sequence": ["ACGT", "acgtn", "TTTT", "GGGA"],
            "label": ["enhancer", "background", "background", "enhancer"],
            "name": ["a", "b c", "d", "e"],
            "chrom": ["chr1", None, "chr2", "chr2"],
            "start": [5, None, 0, 7],
            "end": [9, None, 4, 11],
            "strand": ["+", ".", "-", "."],
            "split": ["train", "train", "test", "test"],
        }
    )
    with OutputSet() as outputs:
        write_dataset(as_dataset(frame), tmp_path / "set", outputs)
    return tmp_path / "set"


def test_rows_are_those_of_the_data_set(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    dataset = read_dataset(folder)
    for split in ("train", "test"):
        frame = dataset.frame(split)
        rows = list(numbered_rows(folder, split=split))
        for column, found in (
            ("sequence", [row.sequence for row, _ in rows]),
            ("name", [row.name for row, _ in rows]),
            ("label", [label for _, label in rows]),
        ):
            assert found == frame[column].tolist()
    assert [label for _, label in numbered_rows(folder, split="train")] == [1, 0]
    assert EDITED not in caplog.text


def test_an_edited_table_is_told_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "train.tsv.gz").unlink()
    (folder / "train.tsv").write_text("sequence\tlabel\nACGT\t1\nACGTN\t0\n")
    with caplog.at_level(logging.WARNING):
        assert [row.sequence for row, _ in numbered_rows(folder, split="test")] == ["TTTT", "GGGA"]
    assert caplog.text.count(EDITED) == 1


def test_labels_of_all_rows_tell_the_numbers_of_the_first(write: Write) -> None:
    # 3 and 7 are two classes, whose larger one is positive; with 0.5 they are measured values
    assert [label for _, label in numbered_rows(write("a.csv", "sequence,label\nAC,7\nGT,3\n"))] == [1, 0]
    rows = numbered_rows(write("b.csv", "sequence,label\nAC,7\nGT,3\nTT,0.5\n"))
    assert [label for _, label in rows] == [7.0, 3.0, 0.5]


def test_a_faulty_row_is_raised_before_the_first_is_given(write: Write) -> None:
    rows = numbered_rows(write("a.tsv", "sequence\tlabel\nACGT\t1\nACGT\t0\nACXT\t0\n"))
    with pytest.raises(InputError, match="'X' at base 3") as caught:
        next(rows)
    assert caught.value.location == "line 4"


def test_a_split_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no split 'validation', only train, test"):
        next(numbered_rows(folder, split="validation"))


@pytest.mark.parametrize("form", ["table", "FASTA"])
def test_sequences_are_not_held(tmp_path: Path, form: str) -> None:
    number, length = 400, 100_000
    path = tmp_path / "a"
    with path.open("w") as stream:
        stream.write("sequence\tlabel\n" if form == "table" else "")
        for row in range(number):
            sequence = "ACGT" * (length // 4)
            line = (
                f"{sequence}\t{row % 2}\n" if form == "table" else f">{('pos', 'neg')[row % 2]}\n{sequence}\n"
            )
            stream.write(line)
    tracemalloc.start()
    try:
        assert sum(len(row.sequence) for row in dataset_sequences(path)) == number * length
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < number * length / 4  # blocks of the file; all of the sequences are 40 MB
