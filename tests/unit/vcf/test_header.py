"""Headers and records as they are written (vcf/header, vcf/record)."""

from __future__ import annotations

import pytest

from dnabert_enhancer.vcf import InfoField, VcfHeader, header_with_fields, line_with_info, parse_record


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
    text = header_with_fields(
        header, [InfoField("DBE_P", "A", "Float", 'a "p"')], {"1": 5, "3": 7, "4": None}, [b"##ours=1"]
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


@pytest.mark.parametrize(
    ("info", "added", "expected"),
    [
        (b".", ["DBE_P=1"], b"DBE_P=1"),
        (b"DP=1", ["DBE_P=1", "DBE_Q=2"], b"DP=1;DBE_P=1;DBE_Q=2"),
        (b"DP=1;DBE_P=9;DB", ["DBE_P=1"], b"DP=1;DB;DBE_P=1"),
        (b"DBE_P=9", [], b"."),
        (b"DBE_P;DBE_PREF=2;DBE_CTCF_P=3", ["DBE_P=1"], b"DBE_PREF=2;DBE_CTCF_P=3;DBE_P=1"),
        (b"DP=1", [], b"DP=1"),
        (b"DP=1;", ["DBE_P=1"], b"DP=1;DBE_P=1"),
        (b"DP=1;DB;", ["DBE_P=1"], b"DP=1;DB;DBE_P=1"),
        (b";", ["DBE_P=1"], b"DBE_P=1"),
        (b"DP=1;", [], b"DP=1;"),
    ],
)
def test_entries_are_added_to_info_and_older_ones_replaced(
    info: bytes, added: list[str], expected: bytes
) -> None:
    record = parse_record(b"chr1\t5\t.\tA\tG\t.\t.\t" + info + b"\tGT\t0/1", 1, "x")
    line = b"chr1\t5\t.\tA\tG\t.\t.\t" + expected + b"\tGT\t0/1"
    # in a file that was scored before, records that have none of our fields are written alike
    for replaced in ({b"DBE_P"}, set()) if b"DBE_P" not in info else ({b"DBE_P"},):
        assert line_with_info(record, added, replaced) == line
