"""FASTA records: what is read, and what is refused with its line."""

from __future__ import annotations

import gzip

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import FastaRecord, read_fasta


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b">a\nACGT\n", [FastaRecord("a", "", "ACGT", 1)]),
        (
            b">a first one\nACGT\nacgt\n>b\nNN",
            [FastaRecord("a", "first one", "ACGTacgt", 1), FastaRecord("b", "", "NN", 4)],
        ),
        (b">a\r\nAC\r\nGT\r\n", [FastaRecord("a", "", "ACGT", 1)]),
        (b"\xef\xbb\xbf\n\n>a\tx  y \n\nAC\n\nGT\n\n", [FastaRecord("a", "x  y", "ACGT", 3)]),
        (b";comment\n>a\n;another\nAC\n#one more\nGT\n", [FastaRecord("a", "", "ACGT", 2)]),
        (b">a\nAC GT\t AC \n", [FastaRecord("a", "", "ACGTAC", 1)]),
        (
            b"> a b\nACGUNRYSWKMBDHVacgunryswkmbdhv\n",
            [FastaRecord("a", "b", "ACGUNRYSWKMBDHVacgunryswkmbdhv", 1)],
        ),
        (b">a\nNNNN\n", [FastaRecord("a", "", "NNNN", 1)]),
        (">Größe µ\nACGT\n".encode(), [FastaRecord("Größe", "µ", "ACGT", 1)]),
        (
            b">-x $(rm)\nA\n>'q\" y\nC\n",
            [FastaRecord("-x", "$(rm)", "A", 1), FastaRecord("'q\"", "y", "C", 3)],
        ),
    ],
    ids=[
        "one",
        "two",
        "windows",
        "blank lines",
        "comments",
        "blanks",
        "IUPAC",
        "all N",
        "utf-8",
        "odd names",
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_records(tmp_path, content, records, pack):
    path = tmp_path / "some.fa"
    path.write_bytes(pack(content))
    assert list(read_fasta(path)) == records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no sequence in the file"),
        (b"\n\n", "there is no sequence in the file"),
        (b"ACGT\n", "line 1: 'ACGT' stands before the first '>'"),
        (b"@read\nACGT\n+\nIIII\n", "line 1: this is FASTQ"),
        (b">a\n", "line 1: the sequence 'a' is empty"),
        (b">a\nACGT\n>b\n>c\nA\n", "line 3: the sequence 'b' is empty"),
        (b">\nACGT\n", "line 1: a header has no name"),
        (b">a\nACGT\nMKVLF\n", "line 3: this looks like protein \\('L' is not"),
        (b">a\nACGT\nXXMKVLF\n", "line 3: this looks like protein"),
        (b">a\nACGX\n", "line 2: 'X' is not a nucleotide code; write unknown bases as N"),
        (b">a\nAC-GT\n", "line 2: the sequence holds a gap '-'"),
        (b">a\nAC1GT\n", "line 2: '1' is not a nucleotide code"),
        (b">a\nAC\x01GT\n", r"line 2: .*x01.* is not a nucleotide code"),
        (b">a\nA\n>b\nC\n>a z\nG\n", "line 5: the name 'a' was already used in line 1"),
        (">a\nACGT\n".encode("utf-16"), "line 1: the text is UTF-16"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path, content, message):
    path = tmp_path / "some.fa"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        list(read_fasta(path))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_names_may_come_again_with_one_warning_where_no_key_is_needed(tmp_path, caplog):
    path = tmp_path / "some.fa"
    path.write_bytes(b">a\nA\n>b\nG\n>a range=chr1:1-2\nC\n>b\nT\n")
    assert [record.sequence for record in read_fasta(path, unique_names=False)] == ["A", "G", "C", "T"]
    (said,) = caplog.messages
    assert said == (
        f"{path}: repeated names: 2, the first 'a' in line 5 (line 1 before); all records are read"
    )


def test_unique_names_are_no_cause_for_a_warning(tmp_path, caplog):
    path = tmp_path / "some.fa"
    path.write_bytes(b">a\nA\n>b\nA\n")
    assert len(list(read_fasta(path, unique_names=False))) == 2
    assert not caplog.messages


def test_a_truncated_archive_is_refused(tmp_path):
    packed = gzip.compress(b"".join(b">s%d\nACGTTGCA\n" % number for number in range(10_000)))
    path = tmp_path / "cut.fa.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match=r"after line [0-9]+: the compressed data break off"):
        list(read_fasta(path))
