"""Data sets in all their forms (dataset/io, dataset/dataset, sequence/tables, dataset/labelled_rows)."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset import Dataset, contradicting_rows, read_dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import read_table

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "sequence\tlabel\nACG CGT\t1\nTTT TTA\t0\n"),
        ("a.tsv", "Sequence\tLabel\r\nACG CGT \t1\r\n\r\nTTT TTA\t0\r\n"),
        ("a.txt", "ACG CGT\t1\nTTT TTA\t0\n"),
        ("a.txt", "ACGT\t1\nTTTA\t0"),
        ("a.csv", "sequence,label\nACGT,1\nTTTA,0\n"),
        ("a.csv", '"label","seq"\n1,"ACGT"\n"0",TTTA\n'),
        ("a.csv", "sequence,promoter_presence\nACGT,1\nTTTA,0\n"),
        ("a.tsv", "name\tlabel\tstrand\tsequence\nx\t1\t+\tACGT\ny\t0\t-\tTTTA\n"),
        ("a.fa", ">Positive_1\nAC\nGT\n>Negative_1\nTTTA\n"),
    ],
)
def test_every_form_gives_the_same_rows(write: Write, name: str, text: str) -> None:
    frame = read_dataset(write(name, text)).frame()
    assert frame["sequence"].tolist() == ["ACGT", "TTTA"]
    assert frame["label"].tolist() == [1, 0]


def test_compressed_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "dev.csv.gz"
    path.write_bytes(gzip.compress(b"sequence,label\nACGT,1\nTTTA,0\n"))
    assert read_dataset(path).frame()["label"].tolist() == [1, 0]


def test_fasta_pair_is_positives_then_negatives(write: Write) -> None:
    dataset = read_dataset(write("p.fa", ">1\nACGT\n>2\nAAcc\n"), negatives=write("n.fa", ">1\nTTTA\n"))
    frame = dataset.frame("all")
    assert frame[["sequence", "label", "name"]].to_numpy().tolist() == [
        ["ACGT", 1, "1"],
        ["AAcc", 1, "2"],
        ["TTTA", 0, "1"],
    ]
    assert (dataset.task, dataset.window_length) == ("binary", 4)


def test_folder_of_dnabert_has_dev_as_validation(write: Write, tmp_path: Path) -> None:
    write("Train.tsv", "sequence\tlabel\nACG CGT\t1\nTTT TTA\t0\n")
    write("dev.tsv", "Sequence\tLabel\nGGG GGG\t1\n")
    write("notes.md", "not a table")
    dataset = read_dataset(tmp_path)
    assert {name: len(frame) for name, frame in dataset.splits.items()} == {"train": 2, "validation": 1}


def test_word_labels_of_all_splits_are_numbered_together(write: Write, tmp_path: Path) -> None:
    write("train.csv", "sequence,label\nACGT,b\nTTTA,c\n")
    write("test.csv", "sequence,label\nACGT,a\n")
    dataset = read_dataset(tmp_path)
    assert dataset.label_names == ("a", "b", "c")
    assert dataset.frame("train")["label"].tolist() == [1, 2]
    assert dataset.frame("test")["label"].tolist() == [0]


@pytest.mark.parametrize(
    ("columns", "row", "place"),
    [
        ("chrom\tstart\tend", "chr2\t10\t14", ("chr2", 10, 14)),
        ("coordinate", "chr2:11-14", ("chr2", 10, 14)),
        ("coordinate", "chr2:10-14", ("chr2", 10, 14)),
        ("chr\tstart\tend", "chr2\t10\t99", ("chr2", None, None)),
        ("chrom\tstart\tend", ".\t.\t.", (None, None, None)),
    ],
)
def test_coordinates_count_where_they_are_those_of_the_sequence(
    write: Write, columns: str, row: str, place: tuple[object, ...]
) -> None:
    path = write("a.tsv", f"{columns}\tsequence\tlabel\n{row}\tACGT\t1\n{row}\tACGA\t0\n")
    first = read_dataset(path).frame().iloc[0]
    assert tuple(None if pd.isna(first[name]) else first[name] for name in ("chrom", "start", "end")) == place


def test_encoded_is_an_array_where_lengths_agree(write: Write) -> None:
    equal = read_dataset(write("a.csv", "sequence,label\nACGT,1\nTTtN,0\n")).encoded()
    assert isinstance(equal, np.ndarray)
    assert equal.tolist() == [[0, 1, 2, 3], [3, 3, 3, 4]]
    unequal = read_dataset(write("b.csv", "sequence,label\nACGT,1\nT,0\n")).encoded()
    assert [codes.tolist() for codes in unequal] == [[0, 1, 2, 3], [3]]


def test_sequences_with_two_labels_are_counted_on_either_strand(write: Write) -> None:
    rows = ("AACC\t1", "ggtt\t0", "AACC\t0", "UUUA\t1", "TAAA\t1", "CCCC\t0")
    frame = read_dataset(write("a.tsv", "sequence\tlabel\n" + "\n".join(rows) + "\n")).frame()
    assert contradicting_rows(frame) == 3  # AACC, its reverse complement GGTT, and AACC again


def test_measured_values_are_regression(write: Write) -> None:
    dataset = read_dataset(write("a.tsv", "seq_id\tseq\tmean_value\nx\tACGT\t1.295\ny\tTTTA\t-0.5\n"))
    assert (dataset.task, dataset.frame()["label"].tolist()) == ("regression", [1.295, -0.5])
    assert dataset.frame()["name"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.tsv", "", "the file is empty"),
        ("a.tsv", "sequence\tlabel\n", "no rows after the header"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\nTTTA\t1\n", "all 2 labels are 1"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\nTTTA\n", "line 3: 1 fields where the first line has 2"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\nTTTA\t\n", "line 3: the label is missing"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\n\t0\n", "line 3: empty sequence"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\nNA\t0\n", "line 3: the sequence is missing (NA)"),
        (
            "a.tsv",
            "sequence\tlabel\nACGT\t1\nMKVLAA\t0\n",
            "line 3: 'L' at base 4 is not a nucleotide letter",
        ),
        (
            "a.tsv",
            "sequence\tlabel\nACG CGT\t1\nACG TTT\t0\n",
            "line 3: k-mers 1 and 2 (ACG TTT) do not overlap",
        ),
        ("a.tsv", "seq\tx\ty\nACGT\t1\t2\n", "line 1: no label column among 'seq', 'x', 'y'"),
        ("a.tsv", "x\ty\nACGT\t1\n", "line 1: no sequence column among"),
        ("a.tsv", "hello\n", "line 1: neither tabs nor commas"),
        ("a.tsv", "sequence\tlabel\nACGT\t1\nTTTA\tenhancer\n", "'enhancer' is a word among numbers"),
        (
            "a.tsv",
            "chrom\tstart\tend\tsequence\tlabel\nc\tx\t5\tACGT\t1\n",
            "start 'x' and end '5' are not whole",
        ),
        ("a.fa", ">1\nACGT\n", "line 1, record '1': the name does not begin with Positive or Negative"),
        ("a.fa", ">position\nACGT\n", "does not begin with Positive"),
        ("a.fa", ">Positive_1\nACGT\n", "all 1 labels are 1"),
    ],
)
def test_faults_are_one_line_with_their_place(write: Write, name: str, text: str, said: str) -> None:
    path = write(name, text)
    with pytest.raises(InputError) as caught:
        read_dataset(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_folder_faults(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no train, validation"):
        read_dataset(tmp_path)
    write("dev.tsv", "sequence\tlabel\nACGT\t1\n")
    write("valid.csv", "sequence,label\nACGT,1\n")
    with pytest.raises(InputError, match="are both the validation split"):
        read_dataset(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        read_dataset(tmp_path / "nowhere")


def test_column_names_can_be_given(write: Write) -> None:
    path = write("a.tsv", "DNA\tTAG\tlabel\nACGT\t1\tx\nTTTA\t0\tx\n")
    frame = read_dataset(path, sequence_column="dna", label_column="tag").frame()
    assert frame["label"].tolist() == [1, 0]
    with pytest.raises(InputError, match="no column 'tags'"):
        read_dataset(path, sequence_column="dna", label_column="tags")


def test_table_without_labels_is_read_when_asked(write: Write) -> None:
    rows = read_table(write("a.tsv", "name\tsequence\nx\tACG CGT\n"), labelled=False)
    assert (rows.names, rows.sequences) == (["x"], ["ACGT"])
    assert read_table(write("b.tsv", "ACGT\nTTTT\n"), labelled=False).sequences == ["ACGT", "TTTT"]


def test_one_class_is_accepted_when_asked(write: Write) -> None:
    dataset = read_dataset(write("a.csv", "sequence,label\nACGT,1\n"), allow_one_class=True)
    assert dataset.label_names == ("non-enhancer", "enhancer")
    with pytest.raises(InputError, match="all 1 labels are 1"):
        dataset.require_classes()


def test_split_must_be_named_and_exist(write: Write, tmp_path: Path) -> None:
    write("train.csv", "sequence,label\nACGT,1\nTTTA,0\n")
    write("test.csv", "sequence,label\nACGT,1\n")
    dataset: Dataset = read_dataset(tmp_path)
    with pytest.raises(InputError, match="has the splits train, test"):
        dataset.frame()
    with pytest.raises(InputError, match="no split 'validation', only train, test"):
        dataset.frame("validation")


def test_names_in_quotes_with_blanks_and_dollars_stay(write: Write) -> None:
    path = write("a.csv", 'name,sequence,label\n"$(touch x) ""a\tb"" --c",ACGT,1\n-d,TTTA,0\n')
    assert read_dataset(path).frame()["name"].tolist() == ['$(touch x) "a b" --c', "-d"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "rows", "length"),
    [
        ("davuluri", {"train": 919, "validation": 301}, 202),
        ("davuluri/Sample_Fine-tune_data_entries.csv", {"all": 1000}, 200),
        ("ienhancer2L/enhancer_4-mer_DNABERT_ind.txt", {"all": 400}, 200),
        ("gue/tf/3", {"train": 27294, "validation": 1000}, 101),
        ("nhlf/NHLF_train.fa.gz", {"all": 2924}, None),
        ("gue/prom/prom_300_tata", {"train": 4904, "validation": 613}, 300),
    ],
)
def test_real_sets_are_read(shared_data: Path, path: str, rows: dict[str, int], length: int | None) -> None:
    dataset = read_dataset(shared_data / "enhancers" / path)
    assert {name: len(frame) for name, frame in dataset.splits.items()} == rows
    assert dataset.window_length == length


@pytest.mark.data
def test_all_golden_kmer_files_are_one_data_set(shared_data: Path) -> None:
    folder = shared_data / "enhancers" / "ienhancer2L"
    digests = {read_dataset(folder / f"enhancer_{k}-mer_DNABERT_ind.txt").digest for k in (3, 4, 5, 6)}
    assert len(digests) == 1


@pytest.mark.data
def test_places_of_the_published_sample_are_one_based_and_inclusive(shared_data: Path) -> None:
    frame = read_dataset(shared_data / "enhancers/davuluri/Sample_Fine-tune_data_entries.csv").frame()
    assert frame.iloc[0][["chrom", "start", "end"]].tolist() == ["chr3", 104422040, 104422240]
