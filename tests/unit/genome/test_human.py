"""Accessions of the human chromosomes, by NCBI's reports of GRCh37.p13, GRCh38.p14 and T2T-CHM13v2.0."""

from __future__ import annotations

import pytest

from dnabert_enhancer.genome.human import LENGTHS, human_accession

# chromosome, GenBank, RefSeq, length
REPORTS = {
    "hg19": """
        1 CM000663.1 NC_000001.10 249250621
        7 CM000669.1 NC_000007.13 159138663
        14 CM000676.1 NC_000014.8 107349540
        16 CM000678.1 NC_000016.9 90354753
        21 CM000683.1 NC_000021.8 48129895
        X CM000685.1 NC_000023.10 155270560
        Y CM000686.1 NC_000024.9 59373566
    """,
    "hg38": """
        1 CM000663.2 NC_000001.11 248956422
        2 CM000664.2 NC_000002.12 242193529
        3 CM000665.2 NC_000003.12 198295559
        4 CM000666.2 NC_000004.12 190214555
        5 CM000667.2 NC_000005.10 181538259
        6 CM000668.2 NC_000006.12 170805979
        7 CM000669.2 NC_000007.14 159345973
        8 CM000670.2 NC_000008.11 145138636
        9 CM000671.2 NC_000009.12 138394717
        10 CM000672.2 NC_000010.11 133797422
        11 CM000673.2 NC_000011.10 135086622
        12 CM000674.2 NC_000012.12 133275309
        13 CM000675.2 NC_000013.11 114364328
        14 CM000676.2 NC_000014.9 107043718
        15 CM000677.2 NC_000015.10 101991189
        16 CM000678.2 NC_000016.10 90338345
        17 CM000679.2 NC_000017.11 83257441
        18 CM000680.2 NC_000018.10 80373285
        19 CM000681.2 NC_000019.10 58617616
        20 CM000682.2 NC_000020.11 64444167
        21 CM000683.2 NC_000021.9 46709983
        22 CM000684.2 NC_000022.11 50818468
        X CM000685.2 NC_000023.11 156040895
        Y CM000686.2 NC_000024.10 57227415
    """,
    "T2T-CHM13": """
        1 CP068277.2 NC_060925.1 248387328
        12 CP068266.2 NC_060936.1 133324548
        22 CP068256.2 NC_060946.1 51324926
        X CP068255.2 NC_060947.1 154259566
        Y CP086569.2 NC_060948.1 62460029
    """,
}


@pytest.mark.parametrize("assembly", REPORTS)
def test_accessions_are_those_of_the_reports(assembly: str) -> None:
    for row in REPORTS[assembly].split("\n"):
        if not row.strip():
            continue
        name, genbank, refseq, length = row.split()
        chromosome = name.lower()
        assert LENGTHS[assembly][chromosome] == int(length)
        for accession in (genbank, refseq):
            assert human_accession(accession.lower()) == (chromosome, assembly)
            assert human_accession(accession.lower().partition(".")[0]) == (chromosome, None)
    assert [len(sizes) for sizes in LENGTHS.values()] == [24] * 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nc_000016.8", ("16", "another")),  # NCBI36
        ("nc_012920.1", ("mt", None)),
        ("j01415.2", ("mt", None)),
        ("nc_001807.4", ("mt", None)),
        ("cp068254.1", ("mt", None)),
        ("nc_000025.1", None),
        ("nc_000067.7", None),
        ("cm000994.3", None),  # chromosome 1 of the mouse
        ("ki270706.1", None),
        ("chr1", None),
        ("", None),
    ],
)
def test_other_names(name: str, expected: tuple[str, str | None] | None) -> None:
    assert human_accession(name) == expected
