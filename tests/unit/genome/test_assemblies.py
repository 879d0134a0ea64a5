"""Names of assemblies, which one contig lengths belong to, and chrom.sizes and .fai files."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import assembly_name, check_genome_sizes, read_contig_sizes, recognised_assembly


@pytest.mark.parametrize(
    ("text", "name"),
    [("GRCh38", "hg38"), ("hg19", "hg19"), ("b37", "hg19"), ("37", "hg19"), ("mm10", "mm10")],
)
def test_names_of_assemblies(text: str, name: str) -> None:
    assert assembly_name(text) == name


def test_assemblies_are_recognised_by_a_single_length() -> None:
    assert recognised_assembly({"20": 63_025_520}) == "hg19"
    assert recognised_assembly({"chr1": 248_956_422, "chrUn": 5}) == "hg38"
    assert recognised_assembly({"chr1": 1_000_000}) is None
    with pytest.raises(
        InputError, match="those of hg19, but the calls are said to be hg38; give --assembly hg19"
    ):
        check_genome_sizes({"20": 63_025_520}, "hg38", "sizes")
    check_genome_sizes({"chr1": 1_000_000}, "hg38", "sizes")


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
        ("chr1\t100\nchr1\t100\n", "line 2: the contig 'chr1' occurs twice"),
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
