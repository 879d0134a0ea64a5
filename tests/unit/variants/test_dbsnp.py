"""Names of variants: rs numbers and places, by dbSNP's VCF (commands/variant_source, variants/dbsnp)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.variants import NamedVariant, resolve_variants
from dnabert_enhancer.vcf import VcfRecord, text

# 1-based:  1234567890123456789012345
CONTIG = "ACGTTTGCACACACATGGATCCGGA"
ROWS = (
    "NC_000001.11\t5\trs5\tT\tC,G\t.\t.\tRS=5\n"
    "NC_000001.11\t7\trs7\tGCA\tG\t.\t.\tRS=7;VC=DEL\n"
    "NC_000001.11\t18\trs18;rs19\tG\tA\t.\t.\tRS=18\n"
    "NC_000099.1\t18\trs99\tG\tA\t.\t.\tRS=99\n"
)
HEAD = "##fileformat=VCFv4.2\n##reference=GRCh38.p14\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    (tmp_path / "g.fa").write_text(f">chr1\n{CONTIG}\n")
    return Genome(tmp_path / "g.fa")


@pytest.fixture(params=["plain", "indexed"])
def dbsnp(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "dbsnp.vcf"
    path.write_text(HEAD + ROWS)
    return path if request.param == "plain" else Path(pysam.tabix_index(str(path), preset="vcf"))


def named(*texts: str) -> list[NamedVariant]:
    return [NamedVariant(one, f"line {number}") for number, one in enumerate(texts, start=1)]


def shown(records: Sequence[VcfRecord]) -> list[str]:
    return [" ".join(map(text, record.columns[:5])) for record in records]


def test_rs_numbers_become_records_in_their_order(genome: Genome, dbsnp: Path) -> None:
    records, missing = resolve_variants(named("rs19", "rs5", "RS7", "rs18"), genome, "x", dbsnp)
    assert shown(records) == [
        "chr1 18 rs18;rs19 G A",
        "chr1 5 rs5 T C,G",
        "chr1 7 rs7 GCA G",
        "chr1 18 rs18;rs19 G A",
    ]
    assert [record.line for record in records] == [1, 2, 3, 4]
    assert missing == []


@pytest.mark.parametrize("others", [(), ("rs5",)])
def test_places_get_the_names_that_dbsnp_has_for_the_allele(
    genome: Genome, dbsnp: Path, others: tuple[str, ...]
) -> None:
    # rs7 at the last place of its repeat; an ALT that dbSNP has not; a contig under another name
    texts = ("chr1:13:ACA:A", "chr1:5:T:A", "1:5:T:G", "chr1:11:ACACA:A", "chr7:1:A:C")
    records, missing = resolve_variants(named(*texts, *others), genome, "x", dbsnp)
    assert shown(records)[:5] == [
        "chr1 13 rs7 ACA A",
        "chr1 5 . T A",
        "1 5 rs5 T G",
        "chr1 11 . ACACA A",
        "chr7 1 . A C",
    ]
    assert missing == []


def test_what_dbsnp_has_not_is_told_with_the_first_and_the_count(
    genome: Genome, dbsnp: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        records, missing = resolve_variants(named("rs5", "rs404", "rs99", "rs405"), genome, "x", dbsnp)
    assert shown(records) == ["chr1 5 rs5 T C,G"]
    assert [one.text for one in missing] == ["rs404", "rs99", "rs405"]
    assert "3 of 4 rs numbers are not in it" in caplog.text
    assert "the first is rs404 (line 2)" in caplog.text
    with pytest.raises(InputError, match=r"none of the 1 rs numbers is in it .* such as rs404 \(line 1\)"):
        resolve_variants(named("rs404"), genome, "x", dbsnp)


def test_names_without_dbsnp_and_texts_that_are_no_variants_are_refused(genome: Genome, dbsnp: Path) -> None:
    with pytest.raises(InputError, match="line 2: rs5 is a name, not a place; give dbSNP's VCF by"):
        resolve_variants(named("chr1:5:T:A", "rs5"), genome, "x", None)
    with pytest.raises(InputError, match=r"x, line 1: 'chr1_5' is not a variant; write chr16:159710:T:C"):
        resolve_variants(named("chr1_5"), genome, "x", dbsnp)
    records, _ = resolve_variants(named("chr1:5:T:A"), genome, "x", None)
    assert shown(records) == ["chr1 5 . T A"]
    # chr1 of hg19
    genome.contig_sizes["chr1"] = 249_250_621
    with pytest.raises(InputError, match=r"the header says hg38, but .* is hg19"):
        resolve_variants(named("rs5"), genome, "x", dbsnp)
