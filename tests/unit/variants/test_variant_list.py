"""Lists of variants become the VCF records that bcftools norm makes of the same alleles."""

from __future__ import annotations

import random
from pathlib import Path

import pysam
import pysam.bcftools
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.variants import VariantList
from dnabert_enhancer.vcf import VariantFormat

COMPLEMENT = str.maketrans("ACGT", "TGCA")
Alleles = tuple[int, str, str]  # 0-based start, bases replaced, bases that replace them


def repetitive(seed: int) -> str:
    """Return a contig with many short repeats, where an indel has several places."""
    draw = random.Random(seed)
    units = [
        draw.choice(["A", "T", "CA", "GAT", "ACGT", "TTG", "".join(draw.choices("ACGT", k=7))])
        for _ in range(80)
    ]
    return "".join(unit * draw.randint(1, 6) for unit in units)


def drawn_alleles(contig: str, number: int, seed: int) -> list[Alleles]:
    draw = random.Random(seed)
    found: list[Alleles] = []
    while len(found) < number:
        start = draw.randrange(len(contig) - 8)
        ref = contig[start : start + draw.choice([0, 0, 1, 1, 1, 2, 3, 6])]
        alt = draw.choice(["", "".join(draw.choices("ACGT", k=draw.randint(1, 4))), ref + ref, ref[:1]])
        if alt != ref:
            found.append((start, ref, alt))
    return found


def genome_of(folder: Path, contig: str) -> Genome:
    path = folder / "genome.fa"
    path.write_text(f">chr16 made up\n{contig}\n")
    return Genome(path)


def by_bcftools(folder: Path, contig: str, alleles: list[Alleles]) -> list[tuple[int, str, str]]:
    """Return POS, REF and ALT as bcftools norm writes them, in the order of the alleles."""
    path = folder / "in.vcf"
    rows = []
    for number, (start, ref, alt) in enumerate(alleles):
        pos, base = (start, contig[start - 1]) if start else (1, contig[len(ref)])
        texts = (base + ref, base + alt) if start else (ref + base, alt + base)
        rows.append(f"chr16\t{pos}\tn{number}\t{texts[0]}\t{texts[1]}\t.\t.\t.")
    head = f"##fileformat=VCFv4.2\n##contig=<ID=chr16,length={len(contig)}>"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    path.write_text("\n".join([head, columns, *rows, ""]))
    lines = pysam.bcftools.norm("-f", str(folder / "genome.fa"), "-Ov", str(path)).splitlines()
    found = {
        int(row[2][1:]): (int(row[1]), row[3], row[4])
        for row in (line.split("\t") for line in lines if not line.startswith("#"))
    }
    return [found[number] for number in range(len(alleles))]


def spdi(start: int, ref: str, alt: str) -> str:
    return f"NC_000016.10:{start}:{ref}:{alt}"


def hgvs(start: int, ref: str, alt: str) -> str:
    first, last = start + 1, start + len(ref)
    if not ref:
        return f"NC_000016.10:g.{start}_{start + 1}ins{alt}"
    place = str(first) if first == last else f"{first}_{last}"
    if not alt:
        return f"chr16:g.{place}del"
    if alt == ref + ref:
        return f"16:g.{place}dup"
    return f"16:g.{place}{ref}>{alt}" if len(ref) == len(alt) == 1 else f"16:g.{place}delins{alt}"


def vep(start: int, ref: str, alt: str) -> str:
    if start % 2:
        ref, alt = (text.translate(COMPLEMENT)[::-1] for text in (ref, alt))
    strand = "-" if start % 2 else "+"
    return f"16 {start + 1} {start + len(ref)} {ref or '-'}/{alt or '-'} {strand} v{start}"


def bed(start: int, ref: str, alt: str) -> str:
    return f"chr16\t{start}\t{start + len(ref)}\t{ref or '-'}\t{alt or '-'}\tv{start}"


WRITERS = {"spdi": spdi, "hgvs-g": hgvs, "vep": vep, "bed": bed}


def records_of(lines: list[str], form: str, genome: Genome) -> list[tuple[str, int, str, str, str]]:
    """Return CHROM, POS, ID, REF and ALT."""
    listed = VariantList(list(enumerate(lines, 1)), "list", VariantFormat(form), genome, genome.names)
    rows = [record.columns for block in listed.blocks() for record in block]
    texts = [[column.decode() for column in row[:5]] for row in rows]
    return [(chrom, int(pos), name, ref, alt) for chrom, pos, name, ref, alt in texts]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("form", WRITERS)
def test_alleles_of_a_list_are_those_that_bcftools_normalises(tmp_path: Path, form: str, seed: int) -> None:
    contig = repetitive(seed)
    alleles = [row for row in drawn_alleles(contig, 250, seed) if row[0] or row[1] or form != "hgvs-g"]
    lines = [WRITERS[form](*row) for row in alleles]
    with genome_of(tmp_path, contig) as genome:
        found = records_of(lines, form, genome)
    assert [(pos, ref, alt) for _, pos, _, ref, alt in found] == by_bcftools(tmp_path, contig, alleles)
    assert {chrom for chrom, *_ in found} == {"chr16"}


@pytest.mark.parametrize("seed", [4, 5])
def test_a_chrombpnet_list_gives_what_its_vcf_gives(tmp_path: Path, seed: int) -> None:
    contig = repetitive(seed)
    alleles = [row for row in drawn_alleles(contig, 250, seed) if row[0]]
    anchored = [(start - 1, contig[start - 1] + ref, contig[start - 1] + alt) for start, ref, alt in alleles]
    lines = [f"16\t{start + 1}\t{ref}\t{alt}\tv{start}" for start, ref, alt in anchored]
    with genome_of(tmp_path, contig) as genome:
        found = records_of(lines, "chrombpnet", genome)
    assert [(pos, ref, alt) for _, pos, _, ref, alt in found] == by_bcftools(tmp_path, contig, alleles)


CONTIG = "ACGTTTGCAGCA" + "N" * 4 + "CATTG"


@pytest.mark.parametrize(
    ("form", "line", "pos", "ref", "alt"),
    [
        ("hgvs-g", "16:g.6del", 3, "GT", "G"),  # of TTT at 4-6, written at its last place
        ("hgvs-g", "16:g.6dup", 3, "G", "GT"),
        ("hgvs-g", "16:g.1_3inv", 1, "ACG", "CGT"),
        ("hgvs-g", "16:g.1del", 1, "AC", "C"),  # no base before
        ("hgvs-g", "16:g.2=", 2, "C", "."),
        ("hgvs-g", "16:g.21_22insA", 21, "G", "GA"),  # behind the last base
        ("spdi", "16:13:NN:", 13, "NNN", "N"),
        ("bed", "16\t1\t2\tG\tT", 2, "G", "T"),  # REF is not the genome's: kept, for `ref_mismatch`
        ("bed", "16\t2\t4\tAA\t-", 2, "CAA", "C"),
        ("vep", "16 2 2 C/A/T +", 2, "C", "A,T"),
        ("vep", "16 2 2 C/-/CC +", 1, "AC", "A,ACC"),
        ("chrombpnet", "chrUnknown\t5\tA\tT", 5, "A", "T"),
        ("hgvs-g", "chrUnknown:g.5_6del", 4, "NNN", "N"),
        ("bed", "16\t500\t501\tA\tC", 501, "A", "C"),
    ],
)
def test_single_records(tmp_path: Path, form: str, line: str, pos: int, ref: str, alt: str) -> None:
    with genome_of(tmp_path, CONTIG) as genome:
        ((_, *found),) = records_of([line], form, genome)
    assert [found[0], *found[2:]] == [pos, ref, alt]


@pytest.mark.parametrize(
    ("form", "lines", "place", "problem"),
    [
        ("hgvs-g", ["16:g.1del", "", "16:g.500del"], "line 3", "beyond the 21 bp of chr16"),
        ("spdi", ["16:500::A"], "line 1", "beyond the 21 bp of chr16"),
        ("hgvs-g", ["16:g.1_9000000del"], "line 1", "spans 9,000,000 bases"),
        ("bed", ["##fileformat=VCFv4.2"], "line 1", "this is a VCF"),
        ("bed", ["", " "], None, "the file is empty"),
        ("bed", ["# made", "#chrom\tend\tstart\tref\talt"], "line 2", "'end' stands where"),
        ("bed", ["16\t0\t1\tA\tC", "chrom\tstart\tend\tref\talt"], "line 2", "'start' is not a whole"),
    ],
)
def test_errors_name_the_line(
    tmp_path: Path, form: str, lines: list[str], place: str | None, problem: str
) -> None:
    with genome_of(tmp_path, CONTIG) as genome, pytest.raises(InputError) as caught:
        records_of(lines, form, genome)
    assert (caught.value.source, caught.value.location) == ("list", place)
    assert problem in caught.value.problem


def test_a_candidate_of_several_factors_is_read_once(tmp_path: Path) -> None:
    lines = [
        "# gains and losses of function with p_value <= 0.05; the largest |ScoreChange| first",
        "rank\tchrom\tpos\tvariant_start_0based\tvariant_end_0based\tdbsnp_id\treference_nucleotide\t"
        "alternative_nucleotide\tmodel",
        "1\tchr16\t2\t1\t2\trs2\tC\tA\tenhancer",
        "2\tchr16\t1\t0\t1\trs1\tA\tC\tenhancer",
        "3\tchr16\t2\t1\t2\trs2\tC\tA\tGATA1",
        "4\tchr16\t2\t1\t2\trs2\tC\tG\tenhancer",
    ]
    with genome_of(tmp_path, CONTIG) as genome:
        found = records_of(lines, "candidates", genome)
    assert [tuple(record[1:]) for record in found] == [
        (2, "rs2", "C", "A"),
        (1, "rs1", "A", "C"),
        (2, "rs2", "C", "G"),
    ]


def test_titles_are_passed_over_and_names_kept(tmp_path: Path) -> None:
    lines = ["# note", "#chr\tpos\tref\talt\tid", "16\t1\tA\tC\trs1", "", "16\t2\tC\tA\tan id"]
    with genome_of(tmp_path, CONTIG) as genome:
        found = records_of(lines, "chrombpnet", genome)
    assert [row[2] for row in found] == ["rs1", "an_id"]
