"""Names of assemblies, and which one contig lengths belong to."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import assembly_name, check_genome_sizes, recognised_assembly


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
