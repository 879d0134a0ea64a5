"""Duplicates: the same sequence in any letter case and on either strand, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import known_rows, read_sequences


@pytest.mark.parametrize(
    ("sequence", "duplicate"),
    [
        ("ACCGTN", True),
        ("accGTn", True),
        ("NACGGT", True),  # reverse complement
        ("nacggt", True),
        ("ACCGTA", False),
        ("ACCGT", False),  # a part is not a duplicate
        ("AACCGTN", False),
        ("TGGCAN", False),  # complement alone
        ("NTGCCA", False),  # reversed alone
    ],
)
def test_duplicates(sequence: str, duplicate: bool) -> None:
    assert known_rows([sequence], ["ACCGTN", "TTTT"]).tolist() == [duplicate]


def test_duplicates_with_ambiguity_codes_and_u_are_found() -> None:
    known = ["AACRT"]
    assert known_rows(["AYGTT", "aygtt", "AACRU", "aygUu", "AYGTA"], known).tolist() == [*[True] * 4, False]


def test_sequences_come_from_fasta_table_or_folder(tmp_path: Path) -> None:
    (tmp_path / "a b.fa").write_text(">x one\nACGT\nAC\n>y\nGGG\n")
    (tmp_path / "train.tsv").write_text("sequence\tlabel\nACGTAA\t1\nGGTTAA\t1\n")
    (tmp_path / "dev.tsv").write_text("sequence\tlabel\nCCCCCC\t0\n")
    assert read_sequences(tmp_path / "a b.fa") == ["ACGTAC", "GGG"]
    assert read_sequences(tmp_path / "train.tsv") == ["ACGTAA", "GGTTAA"]
    assert read_sequences(tmp_path) == ["ACGTAA", "GGTTAA"]  # of a folder the training split
    (tmp_path / "train.tsv").rename(tmp_path / "test.tsv")
    assert sorted(read_sequences(tmp_path)) == ["ACGTAA", "CCCCCC", "GGTTAA"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.fa"):
        read_sequences(tmp_path / "nothing.fa")


@pytest.mark.data
def test_strong_enhancers_of_the_independent_set_are_training_sequences(shared_data: Path) -> None:
    folder = shared_data / "enhancers" / "ienhancer2L"
    known = [*read_sequences(folder / "layer1_train_enhancers.fa")]
    known += read_sequences(folder / "layer1_train_nonenhancers.fa")
    assert known_rows(read_sequences(folder / "layer1_test_enhancers.fa"), known).sum() == 100
    assert known_rows(read_sequences(folder / "layer1_test_nonenhancers.fa"), known).sum() == 0
    assert known_rows(read_sequences(folder / "layer2_test_strong_enhancers.fa"), known).all()
