"""Lines of a VCF, split and put together again (reader)."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf import line_of, parse_record, shared_ends


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


def test_names_of_contigs_in_breakends_and_of_symbolic_alleles_keep_their_letters() -> None:
    record = parse_record(b"chr1\t5\t.\ta\tg]chr2:321681],[chr2:5[a,<del>,.t", 1, "x")
    assert record.alts == [b"g]chr2:321681]", b"[chr2:5[a", b"<del>", b".T"]


@pytest.mark.parametrize("line", [b"chr1\t5\t.\tA\tG\t.\t.\tDP=1", b"1\t0\tx\tA\t.\t9\tq\t.\tGT\t0/1\t\xff"])
def test_a_line_comes_back_as_it_was(line: bytes) -> None:
    assert line_of(parse_record(line, 1, "x")) == line


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"chr1\t5\t.\tA", "4 columns"),
        (b"chr1 5 . A G", "1 column"),
        (b"\t5\t.\tA\tG", "CHROM is empty"),
        (b"chr1\t5.0\t.\tA\tG", "POS '5.0' is not a whole number"),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(line: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_record(line, 7, "x.vcf")
    assert caught.value.location == "line 7"


@pytest.mark.parametrize(
    ("ref", "alt", "shared"),
    [(b"A", b"C", (0, 0)), (b"CAT", b"CGT", (1, 1)), (b"AAA", b"AA", (2, 0)), (b"GAT", b"GAT", (3, 0))],
)
def test_shared_ends_are_counted_once(ref: bytes, alt: bytes, shared: tuple[int, int]) -> None:
    assert shared_ends(ref, alt) == shared
