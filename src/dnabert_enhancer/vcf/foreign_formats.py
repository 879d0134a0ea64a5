"""Tells tables of variants that are not VCF, such as BED-like ones, from a VCF without a header."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf.specification import ALT, IUPAC_CODES

LOOKED_AT = 20
"""How many of the first records are looked at."""
_SHOWN = 60
_TITLES = frozenset(
    b"alt allele1 allele2 chr chrom chromosome end hugo_symbol pos position ref rsid snp start".split()
)
_ALLELE = rb"(?:[ACGTUN]+|-)"


class _Format(NamedTuple):
    """A format of variants and how to make a VCF of it."""

    name: str
    matches: Callable[[bytes], bool]
    remedy: str


def _like(pattern: bytes) -> Callable[[bytes], bool]:
    form = re.compile(pattern, re.IGNORECASE)
    return lambda line: form.match(line) is not None


def _start_and_end(past_the_end: int) -> Callable[[bytes], bool]:
    """Return what finds lines whose third column is the end of REF: the last base (0) or one more (1)."""
    form = re.compile(
        rb"[^\t]+\t(\d{1,18})\t(\d{1,18})\t(%s)\t%s(?:\t|$)" % (_ALLELE, _ALLELE), re.IGNORECASE
    )

    def matches(line: bytes) -> bool:
        found = form.match(line)
        if found is None:
            return False
        length = int(found[2]) - int(found[1])
        ref = 0 if found[3] == b"-" else len(found[3])
        # some writers give an indel the length of one base
        return length == ref - 1 + past_the_end or (length == past_the_end and ref != 2)

    return matches


def _has_titles(line: bytes) -> bool:
    return sum(field.strip().lower() in _TITLES for field in line.split(b"\t")) > 1


_FROM_START = "write #CHROM POS ID REF ALT, with POS = start + 1"
_IN_ORDER = "write #CHROM POS ID REF ALT"
_NAMED = "give --vcf-format {0} (vcf_format={0!r} in Python)"
_FORMATS = (
    _Format("FASTA", _like(rb">"), "give the VCF; sequences are scored by predict --fasta"),
    _Format("JSON", _like(rb"[{\[]"), _IN_ORDER),
    _Format("SPDI", _like(rb"[A-Z]{1,2}_?\d+\.\d+:\d+:[^:\t]*:[ACGTN]*(?:\t|$)"), _NAMED.format("spdi")),
    _Format("genomic HGVS", _like(rb"[^\t:]+:[gm]\.\S"), _NAMED.format("hgvs-g")),
    _Format("HGVS", _like(rb"[^\t:]+:[cnpr]\.\S"), "make a VCF of it, such as with vep --format hgvs --vcf"),
    _Format(
        "a list of variants as CHROM:POS:REF:ALT",
        _like(rb"\w[^\t:]*:\d+[:_][ACGTN]+[:>/_][ACGTN]+$|\w[^\t-]*-\d+-[ACGTN]+-[ACGTN]+$"),
        f"{_IN_ORDER}; score-variants takes it by --variant-list",
    ),
    _Format(
        "a list of dbSNP's names",
        _like(rb"rs\d+$"),
        "make a VCF of it, such as with bcftools view -i ID=@FILE; score-variants takes it by --variant-list "
        "and --dbsnp",
    ),
    _Format(
        "23andMe's table (rsid, chromosome, position, genotype)",
        _like(rb"(?:rs|i)\d+\t\w+\t\d+\t[ACGTDI-]{1,2}$"),
        "make a VCF of it, such as with bcftools convert --tsv2vcf",
    ),
    _Format(
        "PLINK's .bim",
        _like(rb"\w+\t\S+\t-?[\d.]+\t\d+\t[\w*]+\t[\w*]+$"),
        "make a VCF of it, such as with plink2",
    ),
    _Format(
        "Ensembl VEP's default format (chromosome, start, end, alleles, strand)",
        _like(rb"[^\t]+\t\d+\t\d+\t%s(?:/%s)+(?:\t|$)" % (_ALLELE, _ALLELE)),
        _NAMED.format("vep"),
    ),
    _Format(
        "a BED-like table (chr, 0-based start, end, allele1, allele2)",
        _start_and_end(1),
        _NAMED.format("bed"),
    ),
    _Format("ANNOVAR's input (chr, start, end, ref, alt)", _start_and_end(0), _IN_ORDER),
    _Format(
        "ChromBPNet's list of variants (chr, pos, allele1, allele2, id)",
        _like(rb"[^\t]+\t\d+\t%s\t%s(?:\t(?![ACGTUN,*]+(?:\t|$)|<)|$)" % (_ALLELE, _ALLELE)),
        _NAMED.format("chrombpnet"),
    ),
    _Format("the candidates of score-variants", _like(rb"rank\tchrom\tpos\t"), _NAMED.format("candidates")),
    _Format("a BED file", _like(rb"[^\t]+\t\d+\t\d+(?:$|\t(?![ACGTUNRYSWKMBDHV]+(?:\t|$)))"), _FROM_START),
    _Format("a table with titles and no # before them", _has_titles, _IN_ORDER),
)


def refuse_foreign_formats(records: Sequence[tuple[int, bytes]], source: str) -> None:
    """Refuse records that no header calls a VCF when they are of another format.

    Parameters
    ----------
    records : sequence of (int, bytes)
        The first ones: number of the line, and the line.
    source : str
        For messages.

    Raises
    ------
    InputError
        One of the records is of a known other format, or the first doesn't have the fixed columns of VCF.
    """
    for number, line in records:
        # VEP's and PLINK's files may have blanks in place of tabs
        fields = line.strip() if b"\t" in line else b"\t".join(line.split())
        for known in _FORMATS:
            if known.matches(fields):
                raise _no_vcf(f"by its columns it is {known.name}", known.remedy, source, number, line)
    for number, line in records[:1]:
        columns = line.split(b"\t")
        remedy = "a header line begins with ##, a record has CHROM, POS, ID, REF and ALT"
        if len(columns) < 5:
            if len(line.split()) >= 5:
                remedy = "separate the columns by tabs"
            raise _no_vcf("a record has five columns at least", remedy, source, number, line)
        if not columns[1].isdigit():
            problem = "the second column, POS, is not a whole number"
        elif not IUPAC_CODES.fullmatch(columns[3]):
            problem = "the fourth column, REF, is not of bases"
        elif not all(ALT.fullmatch(alt) or IUPAC_CODES.fullmatch(alt) for alt in columns[4].split(b",")):
            problem = "the fifth column, ALT, is not an allele"
        else:
            continue
        raise _no_vcf(problem, remedy, source, number, line)


def _no_vcf(problem: str, remedy: str, source: str, number: int, line: bytes) -> InputError:
    shown = line[:_SHOWN].decode("utf-8", errors="replace") + ("..." if len(line) > _SHOWN else "")
    return InputError(
        f"this is not VCF: {problem}: {shown!r}", source=source, location=f"line {number}", remedy=remedy
    )
