"""Contig names: the spellings of UCSC, Ensembl, NCBI and hasty people are bridged, ambiguous ones are not."""

from __future__ import annotations

import pytest

from dnabert_enhancer.genome import ContigNames

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
