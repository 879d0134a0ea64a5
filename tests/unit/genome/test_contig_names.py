"""Contig names: the spellings of UCSC, Ensembl, NCBI and hasty people are bridged, ambiguous ones are not."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames, ReportedSequence

UCSC = ["chr1", "chr2", "chrX", "chrM", "chr1_KI270706v1_random", "chrUn_GL000220v1", "chr6_GL000251v2_alt"]
HG19 = ["chr1", "chrM", "chrUn_gl000220", "chr17_gl000204_random", "chr6_apd_hap1"]
ENSEMBL = ["1", "2", "X", "MT", "KI270706.1", "GL000220.1", "GL000251.2"]


@pytest.mark.parametrize(
    ("genome", "asked", "expected"),
    [
        (UCSC, "chr1", "chr1"),
        (UCSC, "1", "chr1"),
        (UCSC, "Chr1", "chr1"),
        (UCSC, "CHR1", "chr1"),
        (UCSC, "ch1", "chr1"),
        (UCSC, "chrom1", "chr1"),
        (UCSC, "chromosome 1", "chr1"),
        (UCSC, "x", "chrX"),
        (UCSC, "MT", "chrM"),
        (UCSC, "M", "chrM"),
        (UCSC, "chrMT", "chrM"),
        (UCSC, "KI270706.1", "chr1_KI270706v1_random"),
        (UCSC, "GL000220.1", "chrUn_GL000220v1"),
        (UCSC, "GL000251.2", "chr6_GL000251v2_alt"),
        (UCSC, "3", None),
        (UCSC, "", None),
        (UCSC, "chr", None),
        (UCSC, "10", None),
        (HG19, "GL000220.1", "chrUn_gl000220"),
        (HG19, "GL000204.1", "chr17_gl000204_random"),
        (HG19, "chr6_apd_hap1", "chr6_apd_hap1"),
        (ENSEMBL, "chr1", "1"),
        (ENSEMBL, "chrM", "MT"),
        (ENSEMBL, "chrX", "X"),
        (ENSEMBL, "chrUn_gl000220", "GL000220.1"),
        (ENSEMBL, "chr1_KI270706v1_random", "KI270706.1"),
        # NCBI's assembly reports of GRCh38.p14, GRCh37.p13 and T2T-CHM13v2.0
        (UCSC, "NC_000001.11", "chr1"),
        (UCSC, "NC_000001.10", "chr1"),
        (UCSC, "NC_000023.11", "chrX"),
        (UCSC, "NC_012920.1", "chrM"),
        (UCSC, "CM000663.2", "chr1"),
        (UCSC, "CM000685.2", "chrX"),
        (UCSC, "NC_060925.1", "chr1"),
        (UCSC, "NC_060947.1", "chrX"),
        (UCSC, "CP068277.2", "chr1"),
        (UCSC, "CP068255.2", "chrX"),
        (UCSC, "NC_000003.12", None),
        (UCSC, "NC_000067.7", None),  # chromosome 1 of the mouse
        (["NC_000016.10", "NC_000024.10", "CP086569.2"], "chr16", "NC_000016.10"),
        (["NC_000016.10", "NC_000024.10"], "chrY", "NC_000024.10"),
        (["chr1", "1"], "1", "1"),
        (["chr1", "1"], "chr1", "chr1"),
        (["chr1", "1"], "Chr1", None),
        (["chloroplast"], "loroplast", None),
        ([], "chr1", None),
    ],
)
def test_resolve(genome, asked, expected):
    assert ContigNames(genome).resolve(asked) == expected


@pytest.mark.parametrize("genome", [UCSC, HG19, ENSEMBL])
def test_every_own_name_is_found_as_it_is(genome):
    names = ContigNames(genome)
    assert [names.resolve(name) for name in genome] == genome
    assert list(names) == genome
    assert len(names) == len(genome)
    assert genome[0] in names
    assert "nothing" not in names


HG38 = {"chr1": 248956422, "chr16": 90338345, "chrM": 16569}
HG19_SIZES = {"chr1": 249250621, "chr16": 90354753, "chrM": 16571}
B37 = {"1": 249250621, "16": 90354753, "MT": 16569}
CHM13 = {"chr1": 248387328, "chr16": 96330374, "chrM": 16569}
PART = {"chr16": 2_648_800, "chrM": 500}


@pytest.mark.parametrize(
    ("genome", "asked", "expected"),
    [
        (HG38, "NC_000016.10", "chr16"),
        (HG38, "NC_000016.9", None),
        (HG38, "NC_000016.8", None),
        (HG38, "NC_000016", "chr16"),
        (HG38, "CM000678.1", None),
        (HG38, "CM000678.2", "chr16"),
        (HG38, "NC_060940.1", None),
        (HG19_SIZES, "NC_000016.9", "chr16"),
        (HG19_SIZES, "NC_000016.10", None),
        (B37, "NC_000016.9", "16"),
        (CHM13, "NC_060940.1", "chr16"),
        (CHM13, "CP068262.2", "chr16"),
        (CHM13, "NC_000016.10", None),
        # a part of a genome has no length to go by
        (PART, "NC_000016.9", "chr16"),
        (PART, "NC_000016.10", "chr16"),
        (["NC_000016.10"], "NC_000016.9", None),
        (["NC_000016.10"], "16", "NC_000016.10"),
        (["KI270706.1"], "KI270706.2", None),
        # mitochondria: hg19's chrM (NC_001807) has 16,571 bp; others are the Cambridge sequence, but CHM13's
        (HG38, "MT", "chrM"),
        (HG38, "NC_012920.1", "chrM"),
        (HG38, "J01415.2", "chrM"),
        (HG38, "NC_001807.4", None),
        (HG38, "CP068254.1", None),
        (HG19_SIZES, "chrM", "chrM"),
        (HG19_SIZES, "M", "chrM"),
        (HG19_SIZES, "MT", None),
        (HG19_SIZES, "chrMT", None),
        (HG19_SIZES, "NC_012920.1", None),
        (HG19_SIZES, "NC_001807.4", "chrM"),
        (B37, "chrM", None),
        (B37, "M", None),
        (B37, "NC_012920.1", "MT"),
        (CHM13, "MT", "chrM"),
        (CHM13, "CP068254.1", "chrM"),
        (CHM13, "NC_012920.1", None),
        ({"MT": 16569}, "chrM", "MT"),
        (PART, "MT", "chrM"),
    ],
)
def test_other_sequences_of_one_name_are_told_apart_by_lengths_and_versions(genome, asked, expected):
    names = ContigNames(genome)
    assert names.resolve(asked) == expected
    assert bool(names.why_not(asked)) == (expected is None)


def test_why_a_name_is_not_found():
    assert ContigNames(HG38).why_not("NC_000016.9") == "NC_000016.9 is of hg19, chr16 of the genome of hg38"
    assert ContigNames(HG19_SIZES).why_not("MT") == (
        "MT (GRCh37's or GRCh38's) has 16,569 bp, chrM of the genome 16,571"
    )
    assert ContigNames(HG38).why_not("chr7") == ""
    assert ContigNames(HG38).why_not("chr16") == ""


REPORT = [
    ReportedSequence(("16", "CM000678.2", "NC_000016.10", "chr16"), 90338345),
    ReportedSequence(
        ("HSCHR16_RANDOM_CTG1", "KI270728.1", "NT_187383.1", "chr16_KI270728v1_random"), 1872759
    ),
    ReportedSequence(("MT", "J01415.2", "NC_012920.1", "chrM"), 16569),
    ReportedSequence(("HG1", "KN1.1"), None),
]


def test_a_report_gives_further_names():
    names = ContigNames(["chr16", "chr16_KI270728v1_random"], REPORT)
    for name in ("NT_187383.1", "HSCHR16_RANDOM_CTG1", "KI270728.1", "ki270728.1"):
        assert names.resolve(name) == "chr16_KI270728v1_random"
    assert names.resolve("NC_000016.10") == "chr16"
    assert names.resolve("HG1") is None
    assert ContigNames(["NT_187383.1"], REPORT).resolve("chr16_KI270728v1_random") == "NT_187383.1"
    assert ContigNames({"chrM": 16571}, REPORT).resolve("NC_012920.1") is None
    assert not ContigNames(["I", "II"], REPORT).is_reported


def test_what_is_said_of_names_that_do_not_meet(caplog):
    names = ContigNames(["chr1", "chr2"])
    names.check_shared({"1": 5, "chr2": 1}, "a.bed", "regions", "are left out")
    assert not caplog.records
    names.check_shared({"1": 5, "chr7": 2, "chr8": 1}, "a.bed", "regions", "are left out")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.message.startswith(
        "a.bed: 3 of 8 regions are left out, since the genome lacks their contigs: 'chr7' and 1 more "
        "(the genome has 'chr1'); rename"
    )
    caplog.clear()
    part = ContigNames({"NC_000016.10": 90_338_345})
    for counts in ({"chr16": 5, "chr7": 2}, {"NC_000016.10": 5, "7": 2, "NC_000016.9": 1}):
        part.check_shared(counts, "a.gtf", "genes", "are left out", holder="the data set", is_part=True)
    (record,) = caplog.records
    assert record.message.startswith(
        "a.gtf: 1 of 8 genes are left out, since the data set lacks their contigs: 'NC_000016.9' ("
    )
    caplog.clear()
    names.check_shared({"1": 5, "chr1": 2}, "a.bed", "regions", "are left out")
    assert "a contig is named in several ways: '1' and 'chr1' are both 'chr1'" in caplog.text
    with pytest.raises(InputError) as caught:
        names.check_shared({"I": 5, "II": 2}, "a.bed", "regions", "are left out")
    assert caught.value.problem == (
        "none of the regions is on a contig of the genome: here a contig is called 'I', in the genome 'chr1'"
    )
    assert "bcftools annotate --rename-chrs" in caught.value.remedy
    names.check_shared({}, "empty.bed", "regions", "are left out")
