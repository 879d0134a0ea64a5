"""Reading VCF and BCF of any packing: the records that pysam finds, in blocks."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf import VcfReader, VcfRecord, blocks_of

TEXT = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=chr1,length=1000>\n"
    "##contig=<ID=chr2,length=500>\n"
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\n"
    "chr1\t5\trs1\tA\tG,T\t10\tPASS\tDP=7\tGT\t0/1\n"
    "chr1\t9\t.\tAC\tA\t.\tPASS\t.\tGT\t1|2\n"
    "chr2\t300\trs9\tG\tGTT\t3.5\tPASS\tDP=1\tGT\t./.\n"
)


def as_bcf(path: Path) -> Path:
    source = path.with_suffix(".source.vcf")
    source.write_text(TEXT)
    with (
        pysam.VariantFile(str(source)) as read,
        pysam.VariantFile(str(path), "wb", header=read.header) as written,
    ):
        for record in read:
            written.write(record)
    return path


def as_bgzip(path: Path) -> Path:
    with pysam.BGZFile(str(path), "wb") as stream:
        stream.write(TEXT.encode())
    return path


def as_text(path: Path, end: str = "\n") -> Path:
    path.write_bytes(TEXT.replace("\n", end).encode())
    return path


def as_gzip(path: Path) -> Path:
    path.write_bytes(gzip.compress(TEXT.encode()))
    return path


@pytest.mark.parametrize("write", [as_text, as_gzip, as_bgzip, as_bcf])
def test_every_packing_gives_the_records_that_pysam_gives(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "variants.any")
    with pysam.VariantFile(str(as_text(tmp_path / "plain.vcf"))) as file:
        expected = [
            (record.contig, record.pos, record.id or ".", record.ref, [*(record.alts or ())])
            for record in file
        ]
    with VcfReader(path) as reader:
        records = [record for block in reader.blocks() for record in block]
        assert reader.header.samples == ["NA1"]
        assert reader.header.contig_lengths() == {"chr1": 1000, "chr2": 500}
    found = [
        (one.contig, one.position, one.identifier, one.ref.decode(), [alt.decode() for alt in one.alts])
        for one in records
    ]
    assert found == expected
    assert [record.rest for record in records] == [b"GT\t0/1", b"GT\t1|2", b"GT\t./."]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(tmp_path: Path, end: str) -> None:
    with VcfReader(as_text(tmp_path / "a.vcf", end)) as reader:
        assert [(r.position, r.line) for block in reader.blocks() for r in block] == [
            (5, 7),
            (9, 8),
            (300, 9),
        ]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text("")
    with pytest.raises(InputError, match=r"a\.vcf: the file is empty"):
        VcfReader(tmp_path / "a.vcf")


def test_a_damaged_line_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text(TEXT + "chr2\tx\t.\tA\tC\t.\t.\t.\n")
    with VcfReader(tmp_path / "a.vcf") as reader, pytest.raises(InputError, match=r"line 10.*'x'"):
        list(reader.blocks())


def record(position: int, ref: str = "A", contig: str = "chr1") -> VcfRecord:
    columns = [contig.encode(), b"%d" % position, b".", ref.encode(), b"C", b".", b".", b"."]
    return VcfRecord(columns, b"", contig, position, 1)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (0, [[1, 2], [3, 20], [33, 40], [1]]),
        # bp between a record's last base and the next one: 0, 0, 16, 3 (20 deletes up to 29), 6; then another
        # contig, which is always far
        (3, [[1, 2, 3], [20, 33], [40, 1]]),
        (4, [[1, 2, 3], [20, 33], [40, 1]]),
        (7, [[1, 2, 3], [20, 33, 40], [1]]),
        (1000, [[1, 2, 3, 20, 33, 40], [1]]),
    ],
)
def test_blocks_end_where_the_next_record_is_far_enough(gap: int, expected: list[list[int]]) -> None:
    records = [record(1), record(2), record(3), record(20, "A" * 10), record(33), record(40)]
    blocks = blocks_of([*records, record(1, contig="chr2")], gap, 2)
    assert [[one.position for one in block] for block in blocks] == expected


def test_the_gap_is_measured_from_the_furthest_base_of_the_block() -> None:
    # the deletion of the bases 10-109 holds the record at 20; 115 is 5 bp behind it, though 94 bp behind 20
    records = [record(10, "A" * 100), record(20), record(115), record(116)]
    for gap, expected in [(5, [2, 2]), (6, [4]), (90, [4])]:
        assert [len(block) for block in blocks_of(records, gap, 2)] == expected
    elsewhere = [record(5, contig="chr2"), record(16, contig="chr2")]
    assert [len(block) for block in blocks_of([records[0], *elsewhere], 10, 2)] == [2, 1]


def test_a_block_without_a_gap_ends_when_it_is_eight_times_full() -> None:
    records = [record(position) for position in range(1, 36)]
    assert [len(block) for block in blocks_of(records, 100, 2)] == [16, 16, 3]
