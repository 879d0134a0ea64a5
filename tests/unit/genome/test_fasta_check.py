"""The check of a FASTA: letters and headers, also across chunk borders (fasta, fasta_index)."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import fasta
from dnabert_enhancer.genome.fasta import FastaCheck, NotIndexableError, check_fasta

EVEN = {
    "one line": b">a\nACGT",
    "ended line": b">a\nACGT\n",
    "two lines": b">a\nACGT\nAC\n",
    "windows": b">a x\r\nACGT\r\nAC\r\n>b\r\nA\r\n",
    "many": b"".join(b">s%d some words\n%s\n" % (n, b"ACGTNacgtn" * (n % 7 + 1)) for n in range(50)),
    "wrapped": b">a\n" + (b"ACGTACGTAC" * 6 + b"\n") * 40 + b"ACG\n>b\nNNNN\n",
    "blank lines at ends": b">a\nACGT\nAC\n\n\n>b\nACGT\n\n",
    "empty lines first": b"\n\n>a\nACGT\n",
    "utf-8 name": ">é x\nAC\n".encode(),
}
NOT_INDEXABLE = {
    "old mac": b">a\rACGT\r",
    "comment": b">a\n;remark\nACGT\n",
    "blank in line": b">a\nAC GT\n",
    "mark": b"\xef\xbb\xbf>a\nACGT\n",
}


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 17, 1 << 20])
@pytest.mark.parametrize("content", EVEN.values(), ids=EVEN)
def test_what_is_right_passes(tmp_path, monkeypatch, content, chunk_bytes):
    path = tmp_path / "some.fa"
    path.write_bytes(content)
    monkeypatch.setattr(fasta, "_CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(fasta, "_LONGEST_KEPT", chunk_bytes)
    check_fasta(path)


@pytest.mark.parametrize("content", NOT_INDEXABLE.values(), ids=NOT_INDEXABLE)
def test_what_cannot_be_indexed_says_so(content):
    check = FastaCheck("some.fa")
    with pytest.raises(NotIndexableError):
        check.feed(content)
        check.finish()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no sequence"),
        (b">a\nA\n>a\nC\n", "line 3: the name 'a' was already used in line 1"),
        (b">a\nA\n>\nC\n", "line 3: a header has no name"),
        (b">a\nA\n>b\n>c\nC\n", "line 3: the sequence 'b' is empty"),
        (b">a\nA\n>b\n", "line 3: the sequence 'b' is empty"),
    ],
)
def test_faults_are_named_with_their_line(content, message):
    check = FastaCheck("some.fa")
    with pytest.raises(InputError, match=message):
        check.feed(content)
        check.finish()


def test_a_foreign_letter_is_found_with_its_line_in_a_later_chunk():
    check = FastaCheck("some.fa")
    check.feed(b">a\nACGT\n")
    check.feed(b"ACGT\nAC")
    with pytest.raises(InputError, match=r"some\.fa, line 4: this looks like protein \('L'"):
        check.feed(b"GL\nACGT\n")
