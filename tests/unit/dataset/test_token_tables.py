"""Token tables (dataset/token_tables, dataset/sequence_sources): golden files, unknown letters."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_enhancer.dataset import (
    LabelledSequence,
    dataset_sequences,
    fasta_sequences,
    region_sequences,
    write_kmer_table,
    write_token_ids,
)
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.sequence import KmerVocabulary

Write = Callable[[str, str], Path]


def table(*sequences: str, k: int = 3, keep_letters: bool = False) -> list[str]:
    stream = io.StringIO()
    rows = [LabelledSequence(f"s{number}", number, sequence) for number, sequence in enumerate(sequences)]
    write_kmer_table(rows, stream, k, keep_letters=keep_letters)
    return stream.getvalue().splitlines()


def test_table_is_dnaberts() -> None:
    assert table("ACGTT", "acgu") == ["sequence\tlabel", "ACG CGT GTT\t0", "ACG CGT\t1"]


def test_lower_case_is_kept_when_asked_and_a_sequence_of_it_left_out() -> None:
    assert table("ACGtt", "acgt", "ACGU", keep_letters=True) == [
        "sequence\tlabel",
        "ACG CGt Gtt\t0",
        "ACG CGU\t2",
    ]


def test_report_counts_unknown_tokens_and_what_is_left_out() -> None:
    rows = [LabelledSequence("s", 1, text) for text in ("ACGNACGT", "NNNNN", "AC", "A" * 513, "A" * 512)]
    report = write_kmer_table(rows, io.StringIO(), 3)
    assert (report.sequences, report.tokens, report.unknown_tokens) == (3, 6 + 511 + 510, 3)
    assert (report.left_out_unknown, report.left_out_short) == (1, 1)
    # 510 k-mers, [CLS] and [SEP] are the 512 tokens that DNABERT reads
    assert (report.sequences_with_unknown, report.longer_than_dnabert) == (1, 1)


@pytest.mark.parametrize("sequences", [("NNNNNN", "nnnnn"), ("AC",), ()])
def test_input_without_a_known_token_is_refused(sequences: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="no sequence has a known 3-mer"):
        table(*sequences)


def test_token_ids_are_those_of_the_vocabulary(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "ids.parquet"
    rows = [LabelledSequence("a b", 1, "ACGTn"), LabelledSequence("$(x)", 0, "TTTT")]
    write_token_ids(rows, path, 3)
    found = parquet.read_table(path)
    token = KmerVocabulary(3).tokens
    assert found.column("name").to_pylist() == ["a b", "$(x)"]
    assert found.column("label").to_pylist() == [1, 0]
    assert [[token[number] for number in ids] for ids in found.column("input_ids").to_pylist()] == [
        ["[CLS]", "ACG", "CGT", "[UNK]", "[SEP]"],
        ["[CLS]", "TTT", "TTT", "[SEP]"],
    ]
    assert found.schema.metadata[b"k"] == b"3"


def test_missing_pyarrow_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = r"^Parquet needs the package pyarrow; write the table .*'\.\[parquet\]'.* image with torch"
    with pytest.raises(ResourceError, match=said):
        write_token_ids([LabelledSequence("a", 0, "ACGT")], tmp_path / "a.parquet", 3)


def test_regions_are_cut_from_the_genome(write: Write) -> None:
    genome = write("g.fa", ">chr1\nACGTACGTAA\n")
    bed = write("r.bed", "1\t2\t6\tr1\nchr1\t0\t3\n")
    assert list(region_sequences(bed, Genome(genome), 1)) == [
        LabelledSequence("r1", 1, "GTAC"),
        LabelledSequence("chr1:0-3", 1, "ACG"),
    ]
    for text, said in (("chr2\t0\t3\n", "no contig 'chr2'"), ("chr1\t5\t11\n", r"beyond chr1 \(10 bp\)")):
        with pytest.raises(InputError, match=said) as caught:
            list(region_sequences(write("x.bed", text), Genome(genome), 1))
        assert caught.value.location == "line 1"


def test_split_must_be_named_where_there_are_several(write: Write, tmp_path: Path) -> None:
    write("train.csv", "sequence,label\nACGT,1\nTTTA,0\n")
    write("dev.csv", "sequence,label\nGGGG,1\n")
    with pytest.raises(InputError, match="name one of them with --split"):
        list(dataset_sequences(tmp_path))
    assert list(dataset_sequences(tmp_path, split="validation")) == [LabelledSequence("row1", 1, "GGGG")]


@pytest.mark.data
@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_kmers_of_the_independent_set_are_the_published_ones(shared_data: Path, k: int) -> None:
    folder = shared_data / "enhancers" / "ienhancer2L"
    golden = [
        line.replace(" \t", "\t")
        for line in (folder / f"enhancer_{k}-mer_DNABERT_ind.txt").read_text().splitlines()
    ]
    ours = []
    for name, label in (("nonenhancers", 0), ("enhancers", 1)):
        stream = io.StringIO()
        write_kmer_table(fasta_sequences(folder / f"layer1_test_{name}.fa", label), stream, k)
        ours += stream.getvalue().splitlines()[1:]
    assert ours == golden
