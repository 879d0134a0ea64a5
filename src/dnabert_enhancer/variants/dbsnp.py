"""Variants named by rs numbers or as contig:position:REF:ALT, and dbSNP's VCF, which resolves them."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_line_blocks
from dnabert_enhancer.genome import Genome, Variant
from dnabert_enhancer.variants.alleles import Allele, place_allele
from dnabert_enhancer.variants.known_alleles import (
    KnownAllele,
    KnownAlleles,
    is_indexed,
    refuse_other_assembly,
)
from dnabert_enhancer.variants.reference import GenomeBases
from dnabert_enhancer.vcf import VcfReader, VcfRecord, parse_record, raw, text

_log = logging.getLogger(__name__)
RS_NUMBER = re.compile(r"rs\d+", re.IGNORECASE)
_START_OF_LINE = re.compile(rb"^[^\t\n#][^\t\n]*\t(\d+)\t([^\t\n]*)\t", re.MULTILINE)
_NOTHING = [b".", b".", b"."]


class NamedVariant(NamedTuple):
    """A variant as it was given, and where: ``rs334``, or ``chr16:159710:T:C`` (1-based)."""

    text: str
    location: str

    @property
    def rs_number(self) -> str | None:
        """The rs number, where it is one."""
        return self.text.lower() if RS_NUMBER.fullmatch(self.text) else None

    def variant(self, source: str) -> Variant:
        """Return the variant that is written out."""
        try:
            return Variant.parse(self.text)
        except InputError as error:
            raise InputError(
                error.problem,
                source=source,
                location=self.location,
                remedy="write chr16:159710:T:C (1-based) or an rs number",
            ) from None


def resolve_variants(
    named: Sequence[NamedVariant], genome: Genome, source: str, dbsnp: str | os.PathLike[str] | None
) -> tuple[list[VcfRecord], list[NamedVariant]]:
    """Return records of variants, in their order, and the rs numbers that dbSNP has not.

    Parameters
    ----------
    named : sequence of NamedVariant
    genome : Genome
    source : str
        Of the names, for messages.
    dbsnp : path, optional
        VCF, plain, gzip or bgzip. rs numbers are sought from its start to its end; where none is given and an
        index lies beside it, only at the variants, which get dbSNP's names.

    Raises
    ------
    InputError
        rs numbers without dbSNP, or of which it has none; a text that is no variant; a header that names
        another assembly than the genome's.
    """
    wanted = {name for one in named if (name := one.rs_number) is not None}
    variants = {one.text: one.variant(source) for one in named if one.rs_number is None}
    if dbsnp is None:
        if wanted:
            first = next(one for one in named if one.rs_number is not None)
            raise InputError(
                f"{first.text} is a name, not a place",
                source=source,
                location=first.location,
                remedy="give dbSNP's VCF by --dbsnp (dbsnp in Python)",
            )
        return [_record(variants[one.text], number) for number, one in enumerate(named, start=1)], []
    bases = GenomeBases(genome)
    alleles = {name: _placed(variant, genome, bases) for name, variant in variants.items()}
    with VcfReader(dbsnp) as reader:
        refuse_other_assembly(reader.header, genome, reader.source)
    by_name: dict[str, list[VcfRecord]] = {}
    if wanted or not is_indexed(dbsnp):
        near = []
        for record in _sought(dbsnp, wanted, [one for one in alleles.values() if one is not None]):
            contig = genome.names.resolve(record.contig)
            if contig is None:
                continue
            own = VcfRecord([raw(contig), *record.columns[1:5], *_NOTHING], b"", contig, record.position, 0)
            for name in record.identifier.lower().split(";"):
                if name in wanted:
                    by_name.setdefault(name, []).append(own)
            near += [(contig, KnownAllele(own.position, own.ref, alt, own.columns[2])) for alt in own.alts]
        known = KnownAlleles.of_rows(near)
    else:
        known = KnownAlleles.of_vcf(dbsnp, genome, lambda record: record.columns[2], "name no variant")
    found: list[VcfRecord] = []
    missing: list[NamedVariant] = []
    for one in named:
        if one.rs_number is not None:
            found += by_name.get(one.rs_number, ())
            missing += [] if one.rs_number in by_name else [one]
        else:
            allele = alleles[one.text]
            names = [] if allele is None else [text(entry.content) for entry in known.of(bases, allele)]
            identifier = ";".join(dict.fromkeys(name for name in names if name != ".")) or "."
            found.append(_record(variants[one.text], 0, identifier))
    _tell_missing(
        missing, len([one for one in named if one.rs_number]), describe_source(dbsnp), has_any=bool(found)
    )
    return [record._replace(line=number) for number, record in enumerate(found, start=1)], missing


def _record(variant: Variant, number: int, identifier: str = ".") -> VcfRecord:
    columns = (variant.contig, str(variant.position), identifier, variant.ref, variant.alt)
    return VcfRecord([*map(raw, columns), *_NOTHING], b"", variant.contig, variant.position, number)


def _placed(variant: Variant, genome: Genome, bases: GenomeBases) -> Allele | None:
    contig = genome.names.resolve(variant.contig)
    if contig is None:
        return None
    placed = place_allele(bases, contig, variant.position, raw(variant.ref.upper()), raw(variant.alt.upper()))
    return placed if isinstance(placed, Allele) else None


def _sought(path: str | os.PathLike[str], names: set[str], alleles: Sequence[Allele]) -> Iterator[VcfRecord]:
    """Yield the records of one of the names, and those at the place of an allele on any contig."""
    wanted = {raw(name) for name in names}
    places = {b"%d" % place for allele in alleles for place in range(allele.start, allele.end + 2)}
    source = describe_source(path)
    for block in read_line_blocks(path):
        starts = _START_OF_LINE.findall(block.content)
        if places.isdisjoint(place for place, _ in starts) and not any(
            b";" in name or name.lower() in wanted for _, name in starts
        ):
            continue
        for number, line in enumerate(block.content.split(b"\n"), start=block.first_line):
            columns = line.split(b"\t", 3)
            if len(columns) == 4 and (
                columns[1] in places or not wanted.isdisjoint(columns[2].lower().split(b";"))
            ):
                yield parse_record(line, number, source)


def _tell_missing(missing: Sequence[NamedVariant], of: int, source: str, *, has_any: bool) -> None:
    if not missing:
        return
    first = f"{missing[0].text} ({missing[0].location})"
    if not has_any:
        raise InputError(
            f"none of the {of} rs numbers is in it on a contig of the genome, such as {first}",
            source=source,
            remedy="give the dbSNP of the genome's assembly, whole",
        )
    _log.warning(
        "%s: %d of %d rs numbers are not in it on a contig of the genome and are left out; the first is %s",
        source,
        len(missing),
        of,
        first,
    )
