"""NCBI's assembly reports: their names and lengths, with and without the line of titles."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, read_assembly_report

TITLES = (
    "# Sequence-Name\tSequence-Role\tAssigned-Molecule\tAssigned-Molecule-Location/Type\tGenBank-Accn\t"
    "Relationship\tRefSeq-Accn\tAssembly-Unit\tSequence-Length\tUCSC-style-name\n"
)
ROWS = (
    "16\tassembled-molecule\t16\tChromosome\tCM000678.2\t=\tNC_000016.10\tPrimary Assembly\t90338345\tchr16\n"
    "HG1\tfix-patch\t1\tChromosome\tKN196472.1\t=\tNW_009646194.1\tPATCHES\t186494\tna\n"
)


@pytest.mark.parametrize("head", ["# Assembly name:  GRCh38.p14\n#\n" + TITLES, ""])
def test_names_and_lengths(tmp_path: Path, head: str) -> None:
    path = tmp_path / "report.txt.gz"
    path.write_bytes(gzip.compress((head + ROWS).replace("\n", "\r\n").encode()))
    assert read_assembly_report(path) == [
        (("16", "CM000678.2", "NC_000016.10", "chr16"), 90338345),
        (("HG1", "KN196472.1", "NW_009646194.1"), 186494),
    ]


@pytest.mark.parametrize(
    ("content", "place"), [("", None), ("# nothing\n", None), ("chr1\t1000\n", "line 1"), (TITLES, None)]
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str, place: str | None) -> None:
    path = tmp_path / "report.txt"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_assembly_report(path)
    assert (caught.value.source, caught.value.location) == (str(path), place)


def test_a_genome_finds_its_contigs_by_the_report(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(TITLES + ROWS)
    (tmp_path / "g.fa").write_text(">KN196472.1 a patch\nACGT\n")
    with Genome(tmp_path / "g.fa", tmp_path / "report.txt") as genome:
        assert genome.fetch("NW_009646194.1", 0, 2) == b"AC"
        assert genome.names.resolve("HG1") == "KN196472.1"
    (tmp_path / "other.fa").write_text(">I\nACGT\n")
    with (
        Genome(tmp_path / "other.fa", tmp_path / "report.txt") as genome,
        pytest.raises(InputError, match="the report names none of the contigs"),
    ):
        genome.fetch("HG1", 0, 1)
