"""What users give to the API: every form gives the same sequences and regions, and mistakes are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.api import with_keywords
from dnabert_enhancer.api.inputs import named_sequences, regions_of
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, Interval
from dnabert_enhancer.scan import ScanSettings
from dnabert_enhancer.sequence import encode_bases

A, B = "ACGTNACGTA", "ggggccccuu"


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    (tmp_path / "g.fa").write_text(f">chr1\n{'ACGTACGTAC' * 10}\n>chr2\n{'A' * 50}\n")
    return Genome(tmp_path / "g.fa")


def test_all_forms_of_sequences_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.fa").write_text(f">a one\n{A}\n>b\n{B}\n")
    (tmp_path / "s.tsv").write_text(f"name\tsequence\na\t{A}\nb\t{B}\n")
    frame = pd.DataFrame({"name": ["a", "b"], "sequence": [A, B]}, index=[7, 7])
    for given in (tmp_path / "s.fa", str(tmp_path / "s.tsv"), frame, {"a": A, "b": B}):
        assert [tuple(item) for item in named_sequences(given)] == [("a", A), ("b", B)]
    codes = np.stack([encode_bases(A), encode_bases(B)])
    for given in ([A, B], codes, list(codes), iter([A, B])):
        found = list(named_sequences(given))
        assert [item.name for item in found] == ["sequence1", "sequence2"]
        assert [encode_bases(item.sequence).tolist() for item in found] == codes.tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["ACGT", "ACXT"], "sequences, number 2: 'X' is not a nucleotide code; write unknown bases as N"),
        (["MKLVEF"], "sequences, number 1: this looks like protein"),
        ({"a": "AC-GT"}, "sequences, a: the sequence holds a gap '-'"),
        ([b"ACGT"], r"number 1: bytes is not a sequence; decode them: sequence.decode\(\)"),
        (b"ACGT", "bytes is not a list of sequences; give a list of strings"),
        ([["A", "C"]], "number 1: list is not a sequence; give a list of strings"),
        ([1, 2], "number 1: int is not a sequence"),
        (7, "int is not a list of sequences"),
        (None, "NoneType is not a list of sequences"),
        ("ACGTACGT", r"'ACGTACGT': a single string is taken as the name of a file; give a list"),
        (np.zeros(5, np.uint8), r"shape \(sequences, length\), not uint8 of shape \(5,\)"),
        (np.zeros((2, 5, 4), np.uint8), "one-hot arrays become codes by argmax"),
        (np.zeros((2, 5)), r"number 1: float64 of shape \(5,\) is not an array of base codes"),
        (np.full((1, 5), 9, np.uint8), "number 1: uint8 of shape .* is not an array of base codes"),
        (pd.DataFrame({"seq": ["A"], "id": [1]}), "lacks the column sequence; it has seq, id"),
        (pd.DataFrame({"sequence": [None]}), "sequence1: NoneType is not a sequence"),
    ],
)
def test_what_is_no_sequence_is_named_with_the_remedy(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        list(named_sequences(given))


def test_all_forms_of_regions_are_read(genome: Genome, tmp_path: Path) -> None:
    (tmp_path / "r.bed").write_text("1\t10\t40\nchr2\t0\t50\n")
    frame = pd.DataFrame({"chrom": ["1", "chr2"], "start": [10, 0], "end": [40, 50], "more": ["x", "y"]})
    forms: list[Any] = [
        ["chr1:11-40", "chr2"],
        [Interval("chr1", 10, 40), "chr2:1-50"],
        tmp_path / "r.bed",
        str(tmp_path / "r.bed"),
        frame,
        frame.astype({"chrom": "category"}),
    ]
    for form in forms:
        found, skipped = regions_of(form, genome)
        assert found is not None
        columns = (found[name].tolist() for name in ("chrom", "start", "end"))
        assert list(zip(*columns, strict=True)) == [("chr1", 10, 40), ("chr2", 0, 50)]
        assert not any(skipped.values())
    assert regions_of(None, genome) == (None, {})
    one, _ = regions_of("chr1:11-40", genome)
    assert one is not None
    assert one[["start", "end"]].to_numpy().tolist() == [[10, 40]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("chr1:0-10", "starts at 0, but positions in such a string are 1-based"),
        ("chr9:1-10", "there is no contig 'chr9'"),
        (["chr1:1-101"], "ends beyond the 100 bp of chr1"),
        ([Interval("chr1", 90, 101)], "ends beyond the 100 bp of chr1"),
        ("nowhere.bed", "no such file"),
        (7, "7 is not a region; give strings"),
        ([("chr1", 1, 10)], r"\('chr1', 1, 10\) is not a region; give strings such as 'chr16:1-1,000'"),
        (
            pd.DataFrame({"Chromosome": ["chr1"], "Start": [1], "End": [5]}),
            "lacks the columns chrom, start, end",
        ),
        (pd.DataFrame({"chrom": ["chr1"], "start": [1.5], "end": [5]}), "column start .* holds float64"),
        (pd.DataFrame({"chrom": ["chr1"], "start": [9], "end": [5]}), "regions, row 0: the end 5 is before"),
    ],
)
def test_what_is_no_region_is_named_with_the_remedy(given: Any, said: str, genome: Genome) -> None:
    with pytest.raises(InputError, match=said):
        regions_of(given, genome)


def test_regions_outside_can_be_left_out_and_are_counted(genome: Genome) -> None:
    given = ["chr1:1-20", "chr1:90-101", Interval("chr9", 0, 10), "chr9:1-5"]
    found, skipped = regions_of(given, genome, skip_outside=True)
    assert found is not None
    assert found["start"].tolist() == [0]
    assert skipped == {"beyond_contig_end": 1, "contig_not_in_genome": 2}
    with pytest.raises(InputError, match=r"ends beyond .* --skip-outside"):
        regions_of(given, genome)


def test_keywords_replace_fields_and_nothing_else() -> None:
    given = ScanSettings(stride=10, seed=3)
    assert with_keywords(ScanSettings, given, {"stride": 50}) == ScanSettings(stride=50, seed=3)
    assert with_keywords(ScanSettings, None, {"stride": 50}) == ScanSettings(stride=50)
    assert with_keywords(ScanSettings, given, {}) == given
    assert given.stride == 10


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"ScanSettings has no field 'strid'; did you mean stride"):
        with_keywords(ScanSettings, None, {"strid": 50})


def test_values_are_checked_as_in_the_class() -> None:
    with pytest.raises(InputError, match="--stride 0 is not a whole number of 1 or more"):
        with_keywords(ScanSettings, None, {"stride": 0})


def test_settings_of_another_class_are_refused() -> None:
    with pytest.raises(InputError, match="settings are a EngineSettings, not ScanSettings"):
        with_keywords(ScanSettings, EngineSettings(), {})  # type: ignore[arg-type]  # the mistake under test


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "s.tsv"
    path.write_text("name\tsequence\na\tACGT\n\tGGCC\nc\tAC-T\n")
    rows = named_sequences(path)
    assert [(row.name, row.sequence) for row in (next(rows), next(rows))] == [("a", "ACGT"), ("row2", "GGCC")]
    with pytest.raises(InputError, match=r"line 4.*'-' at base 3"):
        next(rows)
