"""The ugly files of other projects' tests: each valid one read right, each invalid one refused with its line.

The expectations were worked out by reading the files and their READMEs; lengths and last lines were
counted with grep, awk and wc.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, read_fasta, read_regions

pytestmark = pytest.mark.data

PROTEIN = "this looks like protein"


class Sequence(NamedTuple):
    """What is expected of a record: its name, length, first and last bases."""

    name: str
    length: int
    first: str
    last: str


class Row(NamedTuple):
    """What is expected of a BED line: its number, place, name, score and strand."""

    line: int
    contig: str
    start: int
    end: int
    name: str = "."
    score: float | None = None
    strand: str = "."


VALID_FASTA = {
    "biopython_Fasta/centaurea.nu": [
        Sequence("gi|4104054|gb|AH007193.1|SEG_CVIGS", 1002, "CCTGTCACTT", "TCAGTTAGAG"),
    ],
    "biopython_Fasta/elderberry.nu": [
        Sequence("gi|4218935|gb|AF074388.1|AF074388", 2050, "ATGAAGTTAA", "TCTGTCGTTT"),
    ],
    "biopython_Fasta/lavender.nu": [
        Sequence("gi|5690369|gb|AF158246.1|AF158246", 550, "GGCTCTTAAG", "TGGGTAGGTG"),
    ],
    "biopython_Fasta/lupine.nu": [
        Sequence("gi|5049839|gb|AI730987.1|AI730987", 655, "GAAAATTCAT", "TATGGTTTTT")
    ],
    "biopython_Fasta/phlox.nu": [
        Sequence("gi|5052071|gb|AF067555.1|AF067555", 623, "TCGAAACCTG", "TGCCACGACC")
    ],
    "biopython_Fasta/sweetpea.nu": [
        Sequence("gi|3176602|gb|U78617.1|LOU78617", 309, "CAGGCTGCGC", "GAGGTTTGTT")
    ],
    "biopython_Fasta/wisteria.nu": [
        Sequence("gi|5817701|gb|AF142731.1|AF142731", 2551, "GCTCCATTTT", "AACATGATGA")
    ],
    "biopython_Fasta/f002": [
        Sequence("gi|1348912|gb|G26680|G26680", 633, "CGGACCAGAC", ""),
        Sequence("gi|1348917|gb|G26685|G26685", 413, "", ""),
        Sequence("gi|1592936|gb|G29385|G29385", 471, "", "TTNNTTTTTT"),
    ],
    "gatk_iupacFASTA.fasta": [Sequence("chr1", 100_000, "taaccctaac", "")],
}

INVALID_FASTA = {
    "biopython_Fasta/README": "line 1: 'FASTA TEST DATA FILES' stands before the first '>'",
    "biopython_Fasta/aster.pro": f"line 2: {PROTEIN}",
    "biopython_Fasta/aster_no_wrap.pro": f"line 2: {PROTEIN}",
    "biopython_Fasta/aster_blast.pro": f"line 4: {PROTEIN}",
    "biopython_Fasta/aster_pearson.pro": "line 1: 'Some header' stands before the first '>'",
    "biopython_Fasta/dups.fasta": "line 10: the name 'alpha' was already used in line 1",
    "biopython_Fasta/f001": f"line 2: {PROTEIN}",
    "biopython_Fasta/f003.fa": f"line 2: {PROTEIN}",
    "biopython_Fasta/fa01": f"line 2: {PROTEIN}",
    "biopython_Fasta/flowers.pro.gz": f"line 2: {PROTEIN}",
    "biopython_Fasta/loveliesbleeding.pro": f"line 2: {PROTEIN}",
    "biopython_Fasta/nucleotide_lib.fa": "line 285: the name 'RABGSTB' was already used in line 268",
    "biopython_Fasta/protein_lib.fa": f"line 2: {PROTEIN}",
    "biopython_Fasta/rose.pro": f"line 2: {PROTEIN}",
    "biopython_Fasta/rosemary.pro": f"line 2: {PROTEIN}",
    "gatk_problematicFASTA.fasta": "line 285: 'X' is not a nucleotide code; write unknown bases as N",
}

WITH_REPEATED_NAMES = {
    "biopython_Fasta/dups.fasta": [("alpha", 5), ("beta", 4), ("gamma", 5), ("alpha", 5), ("delta", 5)],
    "biopython_Fasta/nucleotide_lib.fa": [
        ("pGT875", 1125),
        ("BTGST", 809),
        ("OCDHPR", 6083),
        ("RABALP1A", 6080),
        ("RABGLTR", 1443),
        ("RABGSTB", 902),
        ("RABGSTB", 902),
    ],
}

JUNCTION = (
    "motif={};uniquely_mapped={};multi_mapped=2;maximum_spliced_alignment_overhang={};annotated_junction=true"
)

# number of intervals, the first, the last
VALID_BED = {
    "bedtools_general/empty.bed": (0, None, None),
    "bedtools_general/a.chromheader.bed": (1, Row(2, "chr1", 15, 25), Row(2, "chr1", 15, 25)),
    "bedtools_general/a.trackheader.bed": (1, Row(2, "chr1", 10, 20), Row(2, "chr1", 10, 20)),
    "bedtools_general/non-empty.bed.gz": (2, Row(1, "chr1", 10, 20), Row(2, "chr1", 11, 21)),
    "bedtools_general/t.bed": (
        4,
        Row(2, "chr14", 24_800_000, 24_810_000, "blarg", 0),
        Row(5, "chr11", 111_230_000, 111_240_000, "blarg", 0),
    ),
    "igvjs_bed/4_columns.bed": (
        5,
        Row(2, "chr1", 65418, 71585, "OR4F5"),
        Row(6, "chr1", 944203, 959309, "NOC2L"),
    ),
    "igvjs_bed/5_columns.bed": (
        5,
        Row(2, "chr1", 35418, 71585, "OR4F5", 100),
        Row(6, "chr1", 944203, 959309, "NOC2L", 130),
    ),
    "igvjs_bed/basic_feature_3_columns.alias.bed": (
        128,
        Row(2, "1", 67655271, 67655272),
        Row(129, "1", 67684467, 67684468),
    ),
    "igvjs_bed/basic_feature_3_columns.bed": (
        128,
        Row(2, "1", 67655271, 67655272),
        Row(129, "1", 67684467, 67684468),
    ),
    "igvjs_bed/basic_feature_3_columns_empty_lines.bed": (
        6,
        Row(3, "chr1", 67655271, 67655272),
        Row(9, "chr1", 67656144, 67656145),
    ),
    "igvjs_bed/basic_feature_3_columns_empty_lines.bed.gz": (
        6,
        Row(3, "chr1", 67655271, 67655272),
        Row(9, "chr1", 67656144, 67656145),
    ),
    "igvjs_bed/chromosomes_even.bed": (12, Row(1, "chr2", 0, 243199373), Row(12, "chrY", 0, 59373566)),
    "igvjs_bed/chromosomes_odd.bed": (13, Row(1, "chr1", 0, 249250621), Row(13, "chrX", 0, 155270560)),
    "igvjs_bed/gfftags.bed": (
        4,
        Row(3, "chr1", 1088, 1128, "Key1=INS230;Key2=Foo;Name=INS230", 0, "+"),
        Row(6, "chr1", 1301, 1746, "Key1=M13 origin;Key2=Baz", 0, "+"),
    ),
    "igvjs_bed/missing_linefeed.bed": (
        4,
        Row(1, "chr1", 67655271, 67655272),
        Row(4, "chr1", 67655810, 67655810),
    ),
    "igvjs_bed/missing_linefeed.bed.gz": (
        4,
        Row(1, "chr1", 67655271, 67655272),
        Row(4, "chr1", 67655810, 67655810),
    ),
    "igvjs_bed/names_with_spaces.bed": (
        25,
        Row(2, "chr1", 1088, 1128, "INS230", 0, "+"),
        Row(26, "chr1", 1318, 1625, "f1 origin", 0, "+"),
    ),
    "igvjs_bed/oneFeature.bed": (
        1,
        Row(1, "chr1", 999999, 1000000, "foo"),
        Row(1, "chr1", 999999, 1000000, "foo"),
    ),
    "igvjs_bed/oneFeatureWithVerboseAnnotationName.bed": (
        1,
        Row(1, "chr1", 999999, 1000000, "ThisIsAVerboseAnnotationName"),
        Row(1, "chr1", 999999, 1000000, "ThisIsAVerboseAnnotationName"),
    ),
    "igvjs_bed/quoted_color.bed": (4, Row(2, "1", 144, 145, ".", -2.2), Row(5, "1", 325, 326, ".", -2.66)),
    "igvjs_bed/space_delimited.bed": (5, Row(1, "chr2", 0, 1), Row(5, "chr2", 8, 9)),
    "igvjs_bed/splice_junction_track.bed": (
        2,
        Row(1, "chr15", 92874091, 92890768, JUNCTION.format("CT/AC", 2, 36), 2, "-"),
        Row(2, "chr15", 92883186, 92883584, JUNCTION.format("GT/AG", 56, 35), 56, "+"),
    ),
    "igvjs_bed/track_url.bed": (
        6,
        Row(5, "chr22", 10000000, 10004000, "cloneA", 960),
        Row(10, "chr22", 10012000, 10017000, "cloneF", 100),
    ),
    "igvjs_bed/ucsc_interact_1.bed": (
        4,
        Row(4, "chr12", 40572709, 40618813, "rs7974522/LRRK2/muscleSkeletal", 0),
        Row(7, "chr12", 40618812, 40652520, "rs2723264/LRRK2/lung", 0),
    ),
    "igvjs_bed/unknown_track_type.bed": (
        3,
        Row(2, "chr1", 11174374, 11174403, "SP_1.6732"),
        Row(4, "chr1", 11187071, 11187102, "SP_5.11097"),
    ),
}

# what these genome-wide files say about the first megabase of chr1 alone, or about a genome without "chr"
BEYOND = {
    "igvjs_bed/5_columns.bed": ({"chr1": 950_000}, "line 6: the end 959309 is beyond chr1 (950000 bp)"),
    "igvjs_bed/chromosomes_odd.bed": (
        {"1": 249_250_621, "X": 155_270_560},
        "line 3: there is no contig 'chr3' in the genome (9 more lines are wrong); the genome has 1, X",
    ),
    "igvjs_bed/basic_feature_3_columns.bed": (
        {"chr1": 67_684_467},
        "line 127: the end 67684468 is beyond chr1 (67684467 bp) (2 more lines are wrong)",
    ),
}


def test_no_file_is_forgotten(shared_data):
    folder = shared_data / "ugly"
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".vcf" and "vcf" not in path.parent.name
    }
    assert files == {*VALID_FASTA, *INVALID_FASTA, *VALID_BED}


@pytest.mark.parametrize(("name", "expected"), VALID_FASTA.items(), ids=VALID_FASTA)
def test_valid_fasta(shared_data, name, expected):
    path = shared_data / "ugly" / name
    records = list(read_fasta(path))
    assert [(record.name, len(record.sequence)) for record in records] == [
        (one.name, one.length) for one in expected
    ]
    for record, one in zip(records, expected, strict=True):
        assert record.sequence.startswith(one.first)
        assert record.sequence.endswith(one.last)
    with Genome(path) as genome:
        assert [genome.fetch(record.name).decode() for record in records] == [
            record.sequence for record in records
        ]


def test_iupac_letters_stay_as_they_are(shared_data):
    (record,) = read_fasta(shared_data / "ugly" / "gatk_iupacFASTA.fasta")
    # lines 39, 92, 127, 159 of the file hold M, R, W, Y in a line of 60 bases after the header
    places = {letter: record.sequence.index(letter) for letter in "MRWY"}
    assert {letter: place // 60 + 2 for letter, place in places.items()} == {
        "M": 39,
        "R": 92,
        "W": 127,
        "Y": 159,
    }


@pytest.mark.parametrize(("name", "message"), INVALID_FASTA.items(), ids=INVALID_FASTA)
def test_invalid_fasta(shared_data, name, message):
    path = shared_data / "ugly" / name
    for read in (lambda: list(read_fasta(path)), lambda: Genome(path).contig_sizes):
        with pytest.raises(InputError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}, {message}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "expected"), WITH_REPEATED_NAMES.items(), ids=WITH_REPEATED_NAMES)
def test_repeated_names_can_be_permitted(shared_data, name, expected):
    records = read_fasta(shared_data / "ugly" / name, unique_names=False)
    assert [(record.name, len(record.sequence)) for record in records] == expected


@pytest.mark.parametrize(("name", "expected"), VALID_BED.items(), ids=VALID_BED)
def test_valid_bed(shared_data, name, expected):
    path = shared_data / "ugly" / name
    count, first, last = expected
    frame = read_regions(path).frame
    scores = frame["score"].astype(object).where(frame["score"].notna(), None)
    names = ["line", "chrom", "start", "end", "name", "score", "strand"]
    columns = frame.assign(score=scores)[names].items()
    rows = [Row(*row) for row in zip(*(column.tolist() for _, column in columns), strict=True)]
    assert len(rows) == count
    if rows:
        assert (rows[0], rows[-1]) == (first, last)


@pytest.mark.parametrize(("name", "expected"), BEYOND.items(), ids=BEYOND)
def test_bed_outside_the_genome(shared_data, name, expected):
    path = shared_data / "ugly" / name
    sizes, message = expected
    with pytest.raises(InputError) as caught:
        read_regions(path, sizes)
    assert str(caught.value).startswith(f"{path}, {message}")
