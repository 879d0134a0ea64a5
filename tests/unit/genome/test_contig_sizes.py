"""Contig sizes from chrom.sizes and .fai files."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_contig_sizes


@pytest.mark.parametrize(
    "content",
    [
        "chr1\t100\nchr2\t50\n",
        "chr1 100\r\nchr2   50",
        "# sizes\nchr1\t100\n\nchr2\t50\n",
        "chr1\t100\t6\t60\t61\nchr2\t50\t115\t60\t61\n",
    ],
    ids=["sizes", "blanks and windows", "comment", "fai"],
)
def test_sizes_are_read(tmp_path, content):
    path = tmp_path / "sizes"
    path.write_text(content)
    assert list(read_contig_sizes(path).items()) == [("chr1", 100), ("chr2", 50)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no contig"),
        ("chr1\n", "line 1: the length '' is not"),
        ("chr1\t100\nchr2\t-5\n", "line 2: the length '-5' is not"),
        ("chr1\t0\n", "line 1: the length '0' is not"),
        ("chr1\t1e6\n", "line 1: the length '1e6' is not"),
        ("chr1\t100\nchr1\t100\n", "line 2: the contig 'chr1' comes twice"),
        ("\t100\n", "line 1: a contig has no name"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path, content, message):
    path = tmp_path / "sizes"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_contig_sizes(path)


@pytest.mark.data
def test_hg38(shared_data):
    sizes = read_contig_sizes(shared_data / "reference" / "hg38.chrom.sizes")
    assert sizes["chr1"] == 248_956_422
    assert sizes["chrM"] == 16_569
