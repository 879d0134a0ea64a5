"""Lines of formats of variants that are not VCF; positions worked out from the formats' specifications."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import CANDIDATE_COLUMNS, COLUMNS
from dnabert_enhancer.vcf import Change, VariantFormat, WrittenVariant, parse_written, titles_fault

FORMS = {form.value: form for form in VariantFormat}


@pytest.mark.parametrize(
    ("form", "line", "start", "end", "ref", "alts", "identifier"),
    [
        ("bed", "chr16\t113499\t113500\tC\tT\trs1", 113499, 113500, b"C", (b"T",), "rs1"),
        ("bed", "chr16 113499 113500 c t", 113499, 113500, b"C", (b"T",), "."),
        ("bed", "chr16\t99\t102\tCAT\tC\t.\tmore", 99, 102, b"CAT", (b"C",), "."),
        ("bed", "chr16\t99\t100\tCAT\tC\t.", 99, 102, b"CAT", (b"C",), "."),
        ("bed", "chr16\t99\t99\t-\tGG\tan id", 99, 99, b"", (b"GG",), "an_id"),
        ("bed", "chr16\t99\t100\tA\t-\t", 99, 100, b"A", (b"",), "."),
        ("chrombpnet", "chr16\t113500\tC\tT\trs1", 113499, 113500, b"C", (b"T",), "rs1"),
        ("chrombpnet", "chr16\t113500\tC\tT,G", 113499, 113500, b"C", (b"T", b"G"), "."),
        ("chrombpnet", "chr16\t113500\tCA\t-\tx", 113499, 113501, b"CA", (b"",), "x"),
        # Ensembl's own examples of its default format
        ("vep", "1   881907    881906    -/C   +", 881906, 881906, b"", (b"C",), "."),
        ("vep", "2   946507    946507    G/C   +", 946506, 946507, b"G", (b"C",), "."),
        ("vep", "5   140532    140532    T/C   +", 140531, 140532, b"T", (b"C",), "."),
        ("vep", "8   150029    150029    A/T   +   var2", 150028, 150029, b"A", (b"T",), "var2"),
        ("vep", "12  1017956   1017956   T/A   +", 1017955, 1017956, b"T", (b"A",), "."),
        ("vep", "14  19584687  19584687  C/T   -   rs1", 19584686, 19584687, b"G", (b"A",), "rs1"),
        ("vep", "19  110747    110747    G/A/T 1", 110746, 110747, b"G", (b"A", b"T"), "."),
        ("vep", "3   12600     12602     CGT/- -", 12599, 12602, b"ACG", (b"",), "."),
        ("hgvs-g", "NC_000016.10:g.159710T>C", 159709, 159710, b"T", (b"C",), "NC_000016.10:g.159710T>C"),
        ("hgvs-g", "chr16:g.100del\trs5", 99, 100, None, (b"",), "rs5"),
        ("hgvs-g", "16:g.100_102delACG", 99, 102, b"ACG", (b"",), "16:g.100_102delACG"),
        ("hgvs-g", "chr16:g.100_101insT v", 100, 100, b"", (b"T",), "v"),
        ("hgvs-g", "chr16:g.100_102delinsTT v", 99, 102, None, (b"TT",), "v"),
        ("hgvs-g", "chr16:g.100_101delACinsg v", 99, 101, b"AC", (b"G",), "v"),
        ("hgvs-g", "chr16:g.100= v", 99, 100, None, (), "v"),
        ("hgvs-g", "NC_012920.1:m.3243A>G v", 3242, 3243, b"A", (b"G",), "v"),
        ("spdi", "NC_000016.10:159709:T:C", 159709, 159710, b"T", (b"C",), "NC_000016.10:159709:T:C"),
        ("spdi", "NC_000016.10:159709:2: x", 159709, 159711, None, (b"",), "x"),
        ("spdi", "NC_000016.10:159709::AT x", 159709, 159709, b"", (b"AT",), "x"),
        ("spdi", "NC_000016.10:159709:0:AT x", 159709, 159709, b"", (b"AT",), "x"),
        ("spdi", "HLA-A*01:01:5:A:T x", 5, 6, b"A", (b"T",), "x"),
        ("candidates", "1\tchr16\t100\t99\t101\trs1\tCA\tC\tm\tr", 99, 101, b"CA", (b"C",), "rs1"),
        ("candidates", "2\tchr16\t100\t99\t99\t.\tC\tCA\tm\tr", 99, 100, b"C", (b"CA",), "."),
    ],
)
def test_a_line_is_read_as_its_format_defines(
    form: str, line: str, start: int, end: int, ref: bytes | None, alts: tuple[bytes, ...], identifier: str
) -> None:
    found = parse_written(line, FORMS[form])
    contig = "HLA-A*01:01" if line.startswith("HLA") else line.replace(":", " ").split()[form == "candidates"]
    assert found == WrittenVariant(contig, start, end, ref, alts, identifier)


@pytest.mark.parametrize(
    ("text", "start", "end", "ref", "change"),
    [
        ("chr1:g.5dup", 4, 5, None, Change.DUPLICATION),
        ("chr1:g.5_7dupACG", 4, 7, b"ACG", Change.DUPLICATION),
        ("chr1:g.5_7inv", 4, 7, None, Change.INVERSION),
    ],
)
def test_bases_of_a_duplication_or_inversion_come_from_the_reference(
    text: str, start: int, end: int, ref: bytes | None, change: Change
) -> None:
    found = parse_written(text, VariantFormat.HGVS_G)
    assert found == WrittenVariant("chr1", start, end, ref, (), text, change)


@pytest.mark.parametrize("line", ["", "  ", "# a comment", "#chr\tstart"])
def test_blank_lines_and_comments_hold_no_variant(line: str) -> None:
    assert parse_written(line, VariantFormat.BED) is None


@pytest.mark.parametrize(
    ("form", "line", "shown"),
    [
        ("bed", "chr1\t100\t100\tA\tT", "'A'"),  # ANNOVAR's: 1-based and inclusive
        ("bed", "chr1\t100\t101\tAC\tT", "'AC'"),
        ("bed", "chr1\t100\t101\t-\tT", "insertion from 100 to 101"),
        ("bed", "chr1\t100\t101\tA", "4 columns"),
        ("bed", "chr1\tx\t101\tA\tT", "'x'"),
        ("bed", "chr1\t-5\t-4\tA\tT", "'-5'"),
        ("bed", "chr1\t5\t6\tA\t<DEL>", "'<DEL>'"),
        ("bed", "\t5\t6\tA\tT", "empty"),
        ("chrombpnet", "chr1\t0\tA\tT", "before the first base"),
        ("chrombpnet", "chr1\t5\t-\tT", "which side"),
        ("chrombpnet", "chr1\t5\trs5\tA\tT", "'rs5'"),
        ("chrombpnet", "chr1\t5\tA\t", "''"),
        ("candidates", "1\tchr16\t100\t99\t100\t.\tA", "7 columns"),
        ("candidates", "1\tchr16\t100\t99\t100\t.\tA\tC,G", "'C,G'"),
        ("vep", "1 160283 471362 DUP", "'DUP'"),
        ("vep", "1 100 101 A/T +", "'A/T'"),
        ("vep", "1 100 100 -/T +", "'-/T'"),
        ("vep", "1 100 100 A/T rs5", "'rs5'"),
        ("vep", "1 100 100", "3 columns"),
        ("hgvs-g", "ENST00000357654:c.100A>T", "transcript"),
        ("hgvs-g", "rs5", "'rs5'"),
        ("hgvs-g", "chr1:g.100_99del", "ascend"),
        ("hgvs-g", "chr1:g.0del", "first base"),
        ("hgvs-g", "chr1:g.100_102insT", "neighbours"),
        ("hgvs-g", "chr1:g.100_102delAC", "2 bases at 3"),
        ("hgvs-g", "chr1:g.(100_200)del", "not one of"),
        ("hgvs-g", "chr1:g.100CAG[5]", "not one of"),
        ("hgvs-g", "chr1:g.100_101ins", "not one of"),
        ("spdi", "NC_000016.10:5:A", "'NC_000016.10:5:A'"),
        ("spdi", "NC_000016.10:-5:A:T", "'-5'"),
        ("spdi", "NC_000016.10:5:A:-", "bases"),
        ("spdi", "NC_000016.10:5::", "nothing"),
        ("spdi", ":5:A:T", "':5:A:T'"),
        ("spdi", "NC_000016.10:2147483648:A:T", "beyond any contig"),
        ("spdi", "NC_000016.10:5:2147483648:", "beyond any contig"),
        ("hgvs-g", "chr1:g.5_999999999999999999del", "beyond any contig"),
        ("bed", "chr1\t999999999999999999\t1000000000000000000\tA\tT", "beyond any contig"),
    ],
)
def test_a_malformed_line_names_its_value_and_what_to_do(form: str, line: str, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_written(line, FORMS[form])
    assert shown in caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("form", "line", "fault"),
    [
        ("bed", "#chr\tstart\tend\tref\talt\tid", ""),
        ("bed", "chr\tpos\tend\tallele1\tallele2\tvariant_id", ""),
        ("bed", "chr\tstart\tend\talt\tref", "the title 'alt' stands where the format has ref"),
        ("chrombpnet", "chr\tpos\tallele1\tallele2\tanything", ""),
        ("chrombpnet", "chr\tpos\tid\tref\talt", "the title 'id' stands where the format has ref"),
        ("chrombpnet", "chr1\t5\tA\tT\trs5", None),
        ("spdi", "chr\tpos\tref\talt", None),
        ("candidates", "# gains and losses of function by the threshold alone", None),
        ("candidates", "\t".join(CANDIDATE_COLUMNS), ""),
        ("candidates", "\t".join(COLUMNS), "the title 'chrom' stands where the format has rank"),
    ],
)
def test_titles_must_be_in_the_order_of_the_format(form: str, line: str, fault: str | None) -> None:
    assert titles_fault(line, FORMS[form]) == fault
