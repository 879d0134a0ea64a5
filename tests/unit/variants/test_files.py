"""Block files, ranked rows, and what a record keeps of its line."""

from __future__ import annotations

import io

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import BlockFile
from dnabert_enhancer.variants.block_file import Block, BlockWriter
from dnabert_enhancer.variants.ranked_rows import RankedRows
from dnabert_enhancer.vcf.header import InfoField, VcfHeader
from dnabert_enhancer.vcf.record import parse_record


def written() -> io.BytesIO:
    stream = io.BytesIO()
    writer = BlockWriter(stream)
    for number in range(3):
        lines = [b"chr1\t1\t\xff", b""][: number + 1]
        writer.append(Block(number, {"scores": np.arange(number + 2.0)}, lines, {"genes": [None, "a"]}))
    writer.finish({"blocks": 3})
    return stream


def test_blocks_come_back_as_they_were() -> None:
    file = BlockFile(written())
    assert file.trailer == {"blocks": 3}
    blocks = list(file.blocks())
    assert [block.number for block in blocks] == [0, 1, 2]
    assert blocks[2].numbers["scores"].tolist() == [0, 1, 2, 3]
    assert blocks[0].lines == [b"chr1\t1\t\xff"]
    assert blocks[1].texts == {"genes": [None, "a"]}
    assert [block.lines for block in file.blocks(with_text=False)] == [[], [], []]


@pytest.mark.parametrize("cut", [10, 100, -1])
def test_a_block_file_that_breaks_off_is_refused(cut: int) -> None:
    content = written().getvalue()[:cut]
    with pytest.raises(InputError):
        BlockFile(io.BytesIO(content))


def test_a_damaged_block_is_noticed() -> None:
    content = bytearray(written().getvalue())
    content[100] ^= 1
    with pytest.raises(InputError, match="damaged"):
        list(BlockFile(io.BytesIO(bytes(content))).blocks())


@pytest.mark.parametrize("in_memory", [2, 7, 1000])
def test_rows_are_ranked_whatever_fits_into_memory(in_memory: int) -> None:
    sizes = np.random.default_rng(0).integers(0, 20, 100).tolist()
    rows = RankedRows(in_memory)
    for place, size in enumerate(sizes):
        rows.add(size / 7, f"row {place}\twith ü")
    expected = sorted(range(100), key=lambda place: (-sizes[place], place))
    assert list(rows.sorted()) == [f"row {place}\twith ü" for place in expected]


def test_a_record_keeps_what_it_does_not_read() -> None:
    record = parse_record(b"chr1\t5\trs1\tac\tG,<DEL>,*\t9\tq\tDP=1\tGT\t0/1\t\xff", 7, "x")
    assert record.rest == b"GT\t0/1\t\xff"
    assert (record.contig, record.position, record.ref, record.alts) == (
        "chr1",
        5,
        b"AC",
        [b"G", b"<DEL>", b"*"],
    )
    short = parse_record(b"chr1\t5\t.\tA\tG", 1, "x")
    assert short.columns[5:] == [b".", b".", b"."]


def test_the_header_is_kept_and_added_to() -> None:
    header = VcfHeader(
        [
            b"##fileformat=VCFv4.3",
            b'##INFO=<ID=DBE_P,Number=1,Type=Float,Description="older, with = and \\"quotes\\"">',
            b"##contig=<ID=1,length=249250621,assembly=b37>",
            b"##contig=<ID=2>",
            b"##reference=file:///hs37d5.fa",
        ],
        b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1",
    )
    assert header.samples == ["NA1"]
    assert header.contig_lengths() == {"1": 249250621, "2": None}
    assert header.assemblies() == ["file:///hs37d5.fa", "b37"]
    text = header.with_fields(
        [InfoField("DBE_P", "A", "Float", 'a "p"')], {"1": 5, "3": 7, "4": None}, [b"##ours=1"]
    )
    assert text.decode().splitlines() == [
        "##fileformat=VCFv4.3",
        "##contig=<ID=1,length=249250621,assembly=b37>",
        "##contig=<ID=2>",
        "##reference=file:///hs37d5.fa",
        "##contig=<ID=3,length=7>",
        "##contig=<ID=4>",
        '##INFO=<ID=DBE_P,Number=A,Type=Float,Description="a \\"p\\"">',
        "##ours=1",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1",
    ]
    assert VcfHeader.from_json(header.to_json()) == header
