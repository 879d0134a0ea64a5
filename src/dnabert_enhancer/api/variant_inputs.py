"""What users give as variants (texts, tables, values, paths), as records of a VCF."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.api.inputs import require_columns
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_text_lines
from dnabert_enhancer.genome import Genome, Variant
from dnabert_enhancer.variants import RS_NUMBER, NamedVariant, RecordSource, VariantList, resolve_variants
from dnabert_enhancer.vcf import VariantFormat, VcfFaults, VcfHeader, VcfReader, VcfRecord, blocks_of, raw

if TYPE_CHECKING:
    import pandas as pd

    VariantInput = str | os.PathLike[str] | pd.DataFrame | Variant | Iterable[str | Variant]

_COLUMNS = ("chrom", "pos", "ref", "alt")


class VariantTable:
    """Variants in memory, as records of a VCF.

    Parameters
    ----------
    variants : iterable of Variant

    Attributes
    ----------
    missing : list of NamedVariant
        Names that dbSNP has not.
    """

    def __init__(self, variants: Iterable[Variant]) -> None:
        self.source = "variants"
        self.header = VcfHeader([b"##fileformat=VCFv4.2"])
        self.faults = VcfFaults(self.source)
        self.missing: list[NamedVariant] = []
        self._records = [_record(variant, number) for number, variant in enumerate(variants, start=1)]

    @classmethod
    def of_names(
        cls,
        named: Sequence[NamedVariant],
        genome: Genome,
        dbsnp: str | os.PathLike[str] | None,
        source: str = "variants",
    ) -> VariantTable:
        """Return the variants of rs numbers and texts; see `variants.resolve_variants`."""
        table = cls([])
        table.source = source
        table._records, table.missing = resolve_variants(named, genome, source, dbsnp)
        return table

    def blocks(self, gap: int = 0) -> Iterator[list[VcfRecord]]:
        """Yield the records in blocks; see `vcf.blocks_of`."""
        return blocks_of(self._records, gap)


@contextlib.contextmanager
def open_variants(
    path: str | os.PathLike[str], form: VariantFormat, genome: Genome
) -> Iterator[VcfReader | VariantList]:
    """Give the records of a file; see `variant_records`."""
    if form is VariantFormat.VCF:
        with VcfReader(path) as reader:
            yield reader
    else:
        yield VariantList.read(path, form, genome, genome.names)


@contextlib.contextmanager
def variant_records(
    variants: VariantInput,
    form: VariantFormat,
    genome: Genome,
    dbsnp: str | os.PathLike[str] | None = None,
) -> Iterator[RecordSource]:
    """Give the records of what `Model.score_variants` was given.

    Parameters
    ----------
    variants
        See there.
    form : VariantFormat
        Of a file, or of the texts of a list.
    genome : Genome
        Gives the bases that formats other than VCF leave out.
    dbsnp : path, optional
        VCF that resolves rs numbers.

    Raises
    ------
    InputError
        What is not a variant; a table without its columns, or with positions that are not whole numbers.
    """
    is_vcf = form is VariantFormat.VCF
    if isinstance(variants, os.PathLike) or (
        isinstance(variants, str) and not (is_vcf and _is_variant(variants))
    ):
        with open_variants(variants, form, genome) as reader:
            yield reader
    elif not is_vcf:
        yield _variant_list(variants, form, genome)
    elif hasattr(variants, "iloc"):
        yield VariantTable(_rows_of_frame(variants))
    else:
        items = [variants] if isinstance(variants, (str, Variant)) else list(variants)
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) == len(items) and (dbsnp is not None or any(map(RS_NUMBER.fullmatch, texts))):
            named = [NamedVariant(one, f"variant {number}") for number, one in enumerate(texts, start=1)]
            yield VariantTable.of_names(named, genome, dbsnp)
        else:
            yield VariantTable(_variant(item) for item in items)


def _variant_list(variants: Any, form: VariantFormat, genome: Genome) -> VariantList:  # see `variant_records`
    if hasattr(variants, "iloc") or not isinstance(variants, Iterable):
        raise InputError(
            f"vcf_format={form.value!r} is for files and lists of strings, not for {type(variants).__name__}",
            remedy="leave it out",
        )
    lines = list(enumerate(variants, start=1))
    for number, line in lines:
        if not isinstance(line, str):
            raise InputError(
                f"{type(line).__name__} is not a string in the format {form}",
                source="variants",
                location=f"line {number}",
                remedy="give strings, or leave vcf_format out",
            )
    return VariantList(lines, "variants", form, genome, genome.names)


def _rows_of_frame(frame: Any) -> Iterator[Variant]:  # a DataFrame
    if "pos" not in frame.columns and {"start", "end"} <= set(frame.columns):
        raise InputError(
            "the table of variants has start and end, but no pos",
            remedy="pos is 1-based, as in VCF; with a 0-based start: table['pos'] = table['start'] + 1",
        )
    require_columns(frame, _COLUMNS, "the table of variants")
    if frame["pos"].dtype.kind not in "iu":
        raise InputError(
            f"the column pos of the table of variants holds {frame['pos'].dtype}, not whole numbers",
            remedy="give 1-based positions",
        )
    identifiers = frame["id"].astype(str) if "id" in frame.columns else ["."] * len(frame)
    columns = [frame[name].tolist() for name in _COLUMNS]
    for number, (contig, position, ref, alt, identifier) in enumerate(
        zip(*columns, identifiers, strict=True)
    ):
        if not isinstance(ref, str) or not isinstance(alt, str):
            raise InputError(
                f"{ref if not isinstance(ref, str) else alt!r} is not an allele",
                source="variants",
                location=f"row {number}",
                remedy="give letters; an allele without bases is written with the preceding base, as in VCF",
            )
        with _at(f"row {number}"):
            yield Variant(str(contig), position, ref, alt, identifier)


def _variant(item: object) -> Variant:
    if isinstance(item, Variant):
        return item
    if not isinstance(item, str):
        raise InputError(
            f"{type(item).__name__} {str(item)[:40]!r} is not a variant",
            source="variants",
            remedy="give strings such as 'chr16:159710:T:C' (1-based), Variant(...), a DataFrame with the "
            f"columns {', '.join(_COLUMNS)}, or the path of a VCF",
        )
    return Variant.parse(item)


def read_names(path: str | os.PathLike[str]) -> list[NamedVariant]:
    """Return the variants of a list, one a line; blank lines and those that start with # are left out."""
    found = [
        NamedVariant(line.strip(), f"line {number}")
        for number, line in read_text_lines(path)
        if line.strip() and not line.startswith("#")
    ]
    if not found:
        raise InputError(
            "there is no variant", source=describe_source(path), remedy="write one a line, such as rs334"
        )
    return found


def _is_variant(text: str) -> bool:
    if text == "-" or Path(text).exists():
        return False
    if RS_NUMBER.fullmatch(text):
        return True
    try:
        Variant.parse(text)
    except InputError:
        return False
    return True


def _record(variant: Variant, number: int) -> VcfRecord:
    for name, value in (("contig", variant.contig), ("id", variant.identifier)):
        if re.search(r"[\t\n\r]", value):
            raise InputError(
                f"the {name} {value!r} has a tab or a line end",
                source="variants",
                location=f"variant {number}",
            )
    texts = (variant.contig, str(variant.position), variant.identifier, variant.ref, variant.alt)
    return VcfRecord([*map(raw, texts), b".", b".", b"."], b"", variant.contig, variant.position, number)


@contextlib.contextmanager
def _at(location: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError(error.problem, source="variants", location=location, remedy=error.remedy) from None
