"""The FASTA index: equal to htslib's, also across chunk borders; what cannot be indexed says so."""

from __future__ import annotations

import pysam
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import fasta_index
from dnabert_enhancer.genome.bgzip_index import (
    index_bgzip,
    read_bgzip_index,
    read_from_middle,
    write_bgzip_index,
)
from dnabert_enhancer.genome.fasta_index import (
    FastaIndexer,
    UnevenLinesError,
    index_fasta,
    read_index,
    write_index,
)

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
UNEVEN = {
    "short line inside": b">a\nACGT\nAC\nACGT\n",
    "longer last line": b">a\nACGT\nACGTA\n",
    "blank line inside": b">a\nACGT\n\nACGT\n",
    "blank line first": b">a\n\nACGT\n",
    "mixed ends": b">a\nACGT\nACGT\r\nACGT\n",
    "old mac": b">a\rACGT\r",
    "comment": b">a\n;remark\nACGT\n",
    "blank in line": b">a\nAC GT\n",
    "mark": b"\xef\xbb\xbf>a\nACGT\n",
}


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 17, 1 << 20])
@pytest.mark.parametrize("content", EVEN.values(), ids=EVEN)
def test_the_index_is_htslibs(tmp_path, monkeypatch, content, chunk_bytes):
    path = tmp_path / "some.fa"
    path.write_bytes(content)
    monkeypatch.setattr(fasta_index, "_CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(fasta_index, "_LONGEST_KEPT", chunk_bytes)
    write_index(index_fasta(path), tmp_path / "ours.fai")
    pysam.faidx(str(path))
    assert (tmp_path / "ours.fai").read_bytes() == (tmp_path / "some.fa.fai").read_bytes()
    assert read_index(tmp_path / "ours.fai") == index_fasta(path)


@pytest.mark.parametrize("content", UNEVEN.values(), ids=UNEVEN)
def test_what_cannot_be_indexed_says_so(content):
    indexer = FastaIndexer("some.fa")
    with pytest.raises(UnevenLinesError):
        indexer.feed(content)
        indexer.finish()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no sequence"),
        (b">a\nA\n>a\nC\n", "line 3: the name 'a' was used already in line 1"),
        (b">a\nA\n>\nC\n", "line 3: a header has no name"),
        (b">a\nA\n>b\n>c\nC\n", "line 3: the sequence 'b' is empty"),
        (b">a\nA\n>b\n", "line 3: the sequence 'b' is empty"),
    ],
)
def test_faults_are_named_with_their_line(content, message):
    indexer = FastaIndexer("some.fa")
    with pytest.raises(InputError, match=message):
        indexer.feed(content)
        indexer.finish()


def test_a_foreign_letter_is_found_with_its_line_in_a_later_chunk():
    indexer = FastaIndexer("some.fa")
    indexer.feed(b">a\nACGT\n")
    indexer.feed(b"ACGT\nAC")
    with pytest.raises(InputError, match=r"some\.fa, line 4: this looks like protein \('L'"):
        indexer.feed(b"GL\nACGT\n")


def test_the_block_index_leads_to_every_byte(tmp_path):
    content = b"".join(b"%d\n" % (number * number) for number in range(60_000))
    path = tmp_path / "some.gz"
    with pysam.BGZFile(str(path), "wb") as stream:
        stream.write(content)
    starts = index_bgzip(path)
    assert len(starts) > 5
    write_bgzip_index(starts, tmp_path / "some.gzi")
    assert read_bgzip_index(tmp_path / "some.gzi") == starts
    for offset in (0, 1, 65_279, 65_280, 65_281, 200_000, len(content) - 3):
        assert read_from_middle(path, starts, offset, 20) == content[offset : offset + 20]


def test_the_block_index_is_htslibs(tmp_path):
    path = tmp_path / "some.fa.gz"
    with pysam.BGZFile(str(path), "wb") as stream:
        stream.write(b">a\n" + b"ACGTTGCAAC\n" * 50_000)
    pysam.faidx(str(path))
    write_bgzip_index(index_bgzip(path), tmp_path / "ours.gzi")
    assert (tmp_path / "ours.gzi").read_bytes() == (tmp_path / "some.fa.gz.gzi").read_bytes()


@pytest.mark.parametrize("content", [b"", b"12345678", b"\x05" + b"\0" * 23])
def test_what_is_no_block_index_is_none(tmp_path, content):
    (tmp_path / "some.gzi").write_bytes(content)
    assert read_bgzip_index(tmp_path / "some.gzi") is None
