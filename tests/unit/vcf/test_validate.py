"""Faults of headers and records counted by default, and with --check (field_checks, specification)."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf import RecordChecks, VcfFaults, VcfHeader, parse_record
from dnabert_enhancer.vcf.specification import header_line_faults
from dnabert_enhancer.vcf.validate import check_header

META = [
    b"##fileformat=VCFv4.2",
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="d">',
    b'##INFO=<ID=FL,Number=0,Type=Flag,Description="d">',
]
COLUMNS = b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"


def checked(*lines: bytes, whole: bool = False, columns: bytes = COLUMNS) -> tuple[RecordChecks, VcfFaults]:
    faults = VcfFaults("x.vcf")
    checks = RecordChecks(VcfHeader(META, columns), faults, whole=whole)
    records = [parse_record(line, number, "x.vcf") for number, line in enumerate(lines, start=5)]
    assert list(checks.check([records])) == [records]
    return checks, faults


PLACE_FAULTS = [
    (b"<1\t5\t.\tA\tG\t.\t.\t.", "invalid character in CHROM"),
    (b"1\t5\t.\tR\tG\t.\t.\t.", "REF has IUPAC codes other than A, C, G, T and N"),
    (b"1\t5\t.\tA!\tG\t.\t.\t.", "REF has characters that are not IUPAC codes"),
    (b"1\t5\t.\tA\tG,\t.\t.\t.", "invalid ALT"),
    (b"1\t5\t.\tA\tA[1[\t.\t.\t.", "invalid breakend in ALT"),
    (b"1\t5\t.\tA\tG\t.\t.\t.\tGT\t0/1", "the number of samples differs from the header's"),
]
FIELD_FAULTS = [
    (b"1\t5\ta b\tA\tG\t.\t.\t.", "ID has a space, or an empty or repeated entry"),
    (b"1\t5\t.\tA\tG\t-1\t.\t.", "QUAL is not a number >= 0"),
    (b"1\t5\t.\tA\tG\t.\tPASS;q10\t.", "FILTER has a space, 0, or an empty or repeated entry"),
    (b"1\t5\t.\tA\tG\t.\t.\tDP=x", "INFO DP is not of type Integer"),
    (b"1\t5\t.\tA\tG\t.\t.\tDP=1,2", "INFO DP has the wrong number of values"),
    (b"1\t5\t.\tA\tG\t.\t.\tDP=-1", "INFO DP is negative"),
    (b"1\t5\t.\tA\tG\t.\t.\tFL=3", "INFO FL is a flag but has a value"),
    (b"1\t5\t.\tA\tG\t.\t.\tDP=1;DP=1", "a field is in INFO twice"),
    (b"1\t5\t.\tA\tG\t.\t.\tDP=1;", "empty entry in INFO"),
    (b"1\t5\t.\tA\tG\t.\t.\t9x=1", "invalid field name in INFO"),
    (b"1\t5\t.\tA\tG\t.\t.\tCIGAR=Q", "INFO CIGAR is not a CIGAR string"),
]
SAMPLE_FAULTS = [
    (b"GT\tx", "invalid genotype"),
    (b"GT\t0/2", "a genotype has the number of an allele that ALT lacks"),
    (b"DP:GT\t3:0/1", "GT is not the first field of FORMAT"),
    (b"GT:GT\t0:0", "invalid or repeated field name in FORMAT"),
    (b"GT\t0:1", "a sample has more fields than FORMAT"),
    (b"GT:DP\t0:x", "FORMAT DP of a sample is not of type Integer"),
    (b"GT:AD\t0:1", "FORMAT AD of a sample has the wrong number of values"),
]


@pytest.mark.parametrize(("line", "fault"), PLACE_FAULTS)
def test_faults_of_place_and_alleles_are_always_counted(line: bytes, fault: str) -> None:
    _, faults = checked(line)
    assert [f"{fault}; kept as it is"] == list(faults.found)
    assert faults.found[f"{fault}; kept as it is"].line == 5


@pytest.mark.parametrize(("line", "fault"), FIELD_FAULTS)
def test_faults_of_other_fields_are_counted_when_all_is_checked(line: bytes, fault: str) -> None:
    assert not checked(line)[1].found
    assert [f"{fault}; kept as it is"] == list(checked(line, whole=True)[1].found)


@pytest.mark.parametrize(("rest", "fault"), SAMPLE_FAULTS)
def test_faults_of_samples_are_counted_when_all_is_checked(rest: bytes, fault: str) -> None:
    line, columns = b"1\t5\t.\tA\tG\t.\t.\t.\t" + rest, COLUMNS + b"\tFORMAT\tS"
    assert not checked(line, columns=columns)[1].found
    assert [f"{fault}; kept as it is"] == list(checked(line, whole=True, columns=columns)[1].found)


def test_order_contigs_and_duplicates() -> None:
    def line(contig: str, position: int, ref: str = "A", alt: str = "G") -> bytes:
        return f"{contig}\t{position}\t.\t{ref}\t{alt}".encode()

    checks, faults = checked(line("1", 5), line("1", 7), line("2", 3))
    assert (list(checks.contigs), checks.is_indexable, checks.records) == (["1", "2"], True, 3)
    assert not faults.found
    checks, faults = checked(line("1", 7), line("1", 5), line("2", 3), line("1", 9))
    assert not checks.is_indexable
    assert [fault.line for fault in faults.found.values()] == [6, 8]
    # the same substitution, written with other bases around
    _, faults = checked(line("1", 5, "CAT", "CGT"), line("1", 6))
    assert list(faults.found) == ["an allele is there twice; both records are kept and scored"]
    assert not checked(line("1", 2**31 - 1))[0].is_indexable


def test_faults_are_counted_by_kind_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    faults = VcfFaults("x.vcf")
    for number in (3, 9):
        faults.add("a kind", number, b"shown")
    faults.warn()
    assert caplog.messages == ["x.vcf, line 3 (and 1 more): a kind: 'shown'"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"##key", "a header line is not ##key=value"),
        (b"##INFO=DP", "##INFO is not of the form <key=value,...>"),
        (b'##INFO=<ID=X,Number=Q,Type=Integer,Description="d">', "invalid Number in ##INFO"),
        (b'##INFO=<ID=X,Number=1,Type=Int,Description="d">', "invalid Type in ##INFO"),
        (b"##INFO=<ID=X,Number=1,Type=Integer,Description=d>", "the Description of ##INFO is not in quotes"),
        (
            b'##INFO=<ID=DP,Number=2,Type=Integer,Description="d">',
            "the Number of ##INFO DP is not 1 as in VCF's specification",
        ),
        (b"##contig=<ID=*1>", "invalid ID in ##contig"),
        (b"##assembly=a b", "##assembly is not a URL"),
    ],
)
def test_faults_of_header_lines(line: bytes, fault: str) -> None:
    assert list(header_line_faults(line)) == [fault]


def test_a_header_is_mended_where_the_output_needs_it() -> None:
    faults = VcfFaults("x.vcf")
    found = check_header(VcfHeader([b"##source=x"], b"#CHROM\tPOS\tID\tREF\tALT"), faults, 2)
    assert found.meta == [b"##fileformat=VCFv4.2", b"##source=x"]
    assert found.columns == COLUMNS
    assert len(faults.found) == 2
    for more, problem in ((b"\tX\ta", "ninth column"), (b"\tFORMAT\ta\ta", "two samples")):
        with pytest.raises(InputError, match=problem):
            check_header(VcfHeader(META, COLUMNS + more), VcfFaults("x.vcf"), 4)
