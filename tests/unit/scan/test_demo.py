"""The demo input: what its README promises about sequence, enhancers and variants."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from dnabert_enhancer.genome import Genome, read_regions

DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo"


@pytest.fixture(scope="module")
def locus() -> str:
    with Genome(DEMO / "alpha-globin.fa.gz") as genome:
        assert genome.contig_sizes == {"chr16": 300_000}
        return genome.fetch("chr16").decode().upper()


def reverse_complement(bases: str) -> str:
    return bases[::-1].translate(str.maketrans("ACGT", "TGCA"))


@pytest.mark.data
def test_the_sequence_is_hg38s(locus: str, shared_data: Path) -> None:
    with Genome(shared_data / "reference" / "hg38_4chr_prefixes.fa.gz") as genome:
        assert genome.fetch("chr16", 0, 300_000).decode().upper() == locus


@pytest.mark.data
def test_the_fantom5_rows_are_those_of_the_atlas(shared_data: Path) -> None:
    atlas = gzip.decompress((shared_data / "annotation" / "F5.hg38.enhancers.bed.gz").read_bytes()).decode()
    rows = [line.split("\t") for line in atlas.splitlines()]
    inside = sorted(
        (row for row in rows if row[0] == "chr16" and int(row[2]) <= 300_000), key=lambda r: int(r[1])
    )
    text = (DEMO / "fantom5-enhancers.bed").read_text()
    assert [line.split("\t") for line in text.splitlines()] == inside


def test_every_variant_names_the_base_that_is_there(locus: str) -> None:
    lines = (DEMO / "variants.vcf").read_text().splitlines()
    records = [line.split("\t") for line in lines if not line.startswith("#")]
    assert len(records) == 35
    assert [int(record[1]) for record in records] == sorted(int(record[1]) for record in records)
    for contig, position, name, ref, alt, _, _, info in records:
        assert contig == "chr16"
        assert locus[int(position) - 1 :].startswith(ref), name
        assert alt != ref
        assert re.match(r"SOURCE=(ClinVar|UDACHA|literature);", info)
        assert name.startswith("ClinVar" if "HGVS" in info and name[:2] != "rs" else ("rs", "rSNP"))


def test_hgvs_names_agree_with_the_place_in_the_gene(locus: str) -> None:
    # the first base of the start codon, and what introns add to a coding position behind them
    start = {"HBA2": 172_913, "HBA1": 176_717}
    introns = {"HBA2": ((96, 117), (301, 142)), "HBA1": ((96, 117), (301, 149))}
    for first in start.values():
        assert locus[first - 1 : first + 2] == "ATG"
    for line in (DEMO / "variants.vcf").read_text().splitlines():
        match = re.search(r"HGVS=(HBA[12]):c\.(\d+)[ACGT]>", line)
        if match is None:
            continue
        gene, coding = match[1], int(match[2])
        added = sum(length for place, length in introns[gene] if coding >= place)
        assert int(line.split("\t")[1]) == start[gene] + coding - 1 + added, line


def test_the_textbook_enhancers_hold_the_sites_that_define_hs40(locus: str) -> None:
    table = read_regions(DEMO / "textbook-enhancers.bed").frame
    elements = {row.name: row for row in table.itertuples()}
    assert list(elements) == ["MCS-R1_HS-48", "MCS-R2_HS-40", "MCS-R3_HS-33", "MCS-R4_HS-10"]
    zeta_globin_start = 152_687
    for name, interval in elements.items():
        distance = zeta_globin_start - (interval.start + interval.end) / 2
        assert distance / 1000 == pytest.approx(int(name.rsplit("-", 1)[1]), abs=1.0)
    hs40 = locus[elements["MCS-R2_HS-40"].start : elements["MCS-R2_HS-40"].end]
    assert len(re.findall("TGA[GC]TCA", hs40)) == 2
    assert sum(len(re.findall("[AT]GATA[AG]", strand)) for strand in (hs40, reverse_complement(hs40))) == 3


def test_the_regulatory_variant_makes_a_gata_site(locus: str) -> None:
    around = locus[159_709 - 6 : 159_709 + 7]
    changed = around[:6] + "C" + around[7:]
    assert not re.search("[AT]GATA[AG]", reverse_complement(around))
    assert re.search("[AT]GATA[AG]", reverse_complement(changed))


def test_the_demo_stays_small() -> None:
    assert sum(path.stat().st_size for path in DEMO.iterdir()) < 150_000
