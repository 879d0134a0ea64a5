"""Stops for records of another assembly, counted by hand (variants/reference_check)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ASSEMBLIES
from dnabert_enhancer.variants.reference_check import ReferenceCheck, refuse_other_assembly
from dnabert_enhancer.vcf import VcfHeader, VcfRecord

PLAIN = VcfHeader([b"##fileformat=VCFv4.2"])


class Contigs:
    """A genome whose every contig has the letters ACGTTACGTT…, soft-masked."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.contig_sizes = sizes

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert 0 <= start < end <= self.contig_sizes[contig]
        return b"".join(b"acgtt"[place % 5 :][:1] for place in range(start, end))


def record(position: int, ref: bytes) -> VcfRecord:
    columns = [b"chr1", str(position).encode(), b".", ref, b"G", b".", b".", b"."]
    return VcfRecord(columns, b"", "chr1", position, position)


def checked(
    agreeing: int, differing: Sequence[tuple[int, bytes]], sizes: dict[str, int] | None = None
) -> ReferenceCheck:
    check = ReferenceCheck(Contigs(sizes or {"chr1": 5000}))
    for number in range(agreeing):
        check.add("chr1", record(number * 5 + 1, b"A"), agrees=True)
    for position, ref in differing:
        check.add("chr1", record(position, ref), agrees=False)
    return check


def stopped(check: ReferenceCheck, header: VcfHeader = PLAIN, *, at_end: bool = True) -> InputError | None:
    try:
        if at_end:
            refuse_other_assembly([check.tally(header)], "v.vcf")
        else:
            check.stop_early(header, "v.vcf")
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("agreeing", "differing", "at_end", "stops"),
    [
        (0, 1, True, False),  # a single one may be a slip
        (0, 2, True, True),
        (18, 2, True, False),  # a tenth is not more than a tenth
        (17, 2, True, True),
        (899, 100, True, True),
        (0, 999, False, False),
        (0, 1000, False, True),
        (500, 500, False, False),  # half is not more than half
        (500, 501, False, True),
    ],
)
def test_stops_for_more_than_a_tenth_at_the_end_and_more_than_half_before(
    agreeing: int, differing: int, at_end: bool, stops: bool
) -> None:
    check = checked(agreeing, [(number * 5 + 2, b"A") for number in range(differing)])
    assert (check.checked, check.differing) == (agreeing + differing, differing)
    assert (stopped(check, at_end=at_end) is not None) == stops


def test_shards_are_judged_together() -> None:
    """A shard of two records that both differ is nothing in a file of 22, and all in one of 11."""
    bad = checked(0, [(2, b"A"), (4, b"C")]).tally(PLAIN)
    refuse_other_assembly([checked(20, []).tally(PLAIN), bad], "v.vcf")
    with pytest.raises(InputError, match=r"REF of 2 of 11 records .* chr1:2 A, where"):
        refuse_other_assembly([checked(9, []).tally(PLAIN), bad], "v.vcf")


def test_a_longer_ref_tells_less_and_is_not_counted() -> None:
    assert checked(0, [(2, b"AC"), (7, b"AC")]).checked == 0


def test_the_first_record_is_told() -> None:
    error = stopped(checked(3, [(2, b"A"), (4, b"C")]))
    assert error is not None
    assert str(error) == (
        "v.vcf: REF of 2 of 5 records is not what the genome has; the first is chr1:2 A, where the genome "
        "has C; give the genome of the assembly that the variants are of, or go on without these records by "
        "--allow-mismatches (allow_mismatches=True in Python)"
    )


@pytest.mark.parametrize(
    ("refs", "remedy"),
    [
        # the letters ACGTT from position 1 on: 0-based positions have the base that comes one later
        ([(1, b"C"), (2, b"G"), (3, b"T"), (5, b"A"), (6, b"C")], "1 is added to them"),
        ([(2, b"A"), (3, b"C"), (4, b"G"), (6, b"T"), (7, b"A")], "1 is subtracted from them"),
        (
            [(1, b"C"), (2, b"G"), (3, b"T"), (5, b"A")],
            "give the genome of the assembly",
        ),  # four can be chance
        ([(1, b"C"), (2, b"G"), (3, b"T"), (5, b"A"), (6, b"T")], "give the genome of the assembly"),
    ],
)
def test_positions_that_are_off_by_one_are_told(refs: Sequence[tuple[int, bytes]], remedy: str) -> None:
    error = stopped(checked(0, refs))
    assert error is not None
    assert remedy in str(error.remedy)


@pytest.mark.parametrize(
    ("genome", "header", "remedy"),
    [
        ("hg38", [], "the genome is hg38: if the variants are of hg19, give that genome"),
        ("hg19", [], "the genome is hg19: if the variants are of hg38, give that genome"),
        ("hg38", [b"##contig=<ID=1,length=249250621>"], "its header says hg19: give the genome of hg19"),
        ("hg38", [b"##reference=file:///refs/hs37d5.fa"], "its header says hg19: give the genome of hg19"),
        ("hg38", [b"##contig=<ID=chr1,assembly=GRCh38>"], "the genome is hg38: if the variants are of hg19"),
        (None, [b"##contig=<ID=chr1,assembly=GRCh38>"], "its header says hg38: give the genome of hg38"),
    ],
)
def test_the_likely_assembly_is_named(genome: str | None, header: list[bytes], remedy: str) -> None:
    sizes = ASSEMBLIES[genome] if genome else None
    error = stopped(checked(0, [(2, b"A"), (4, b"C")], sizes), VcfHeader([b"##fileformat=VCFv4.2", *header]))
    assert error is not None
    assert str(error.remedy).startswith(remedy)
