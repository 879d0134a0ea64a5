"""Writes VCF: a header with further INFO fields, and records with values of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dnabert_enhancer.vcf.header import ENTRY, STRUCTURED, VcfHeader
from dnabert_enhancer.vcf.record import VcfRecord, raw
from dnabert_enhancer.vcf.specification import CONTIG_NAME


class InfoField(NamedTuple):
    """The definition of an INFO field that is added.

    Attributes
    ----------
    identifier, number, type, description : str
        As in the header line.
    """

    identifier: str
    number: str
    type: str
    description: str

    def line(self) -> bytes:
        """Return the header line."""
        description = self.description.replace("\\", "\\\\").replace('"', '\\"')
        content = f'ID={self.identifier},Number={self.number},Type={self.type},Description="{description}"'
        return f"##INFO=<{content}>".encode()


def header_with_fields(
    header: VcfHeader,
    fields: Iterable[InfoField],
    contigs: Mapping[str, int | None],
    further_lines: Iterable[bytes],
) -> bytes:
    """Return the text of a header with further INFO fields, contigs and lines.

    Parameters
    ----------
    header : VcfHeader
    fields : iterable of InfoField
        A line of the header that declares a field of the same name is left out.
    contigs : mapping of str to int or None
        Contigs of the records and their lengths where known; those that are not declared are added, but for
        names that no header line can hold.
    further_lines : iterable of bytes
        More ``##`` lines.
    """
    added = {field.identifier.encode() for field in fields}
    kept = [line for line in header.meta if not _declares(line, added)]
    declared = header.contig_lengths()
    lines = kept + [
        _contig_line(name, length)
        for name, length in contigs.items()
        if name not in declared and CONTIG_NAME.fullmatch(raw(name))
    ]
    lines += [field.line() for field in fields]
    return b"\n".join([*lines, *further_lines, header.columns]) + b"\n"


def line_of(record: VcfRecord) -> bytes:
    """Return the line of a record, without its end."""
    return b"\t".join([*record.columns, record.rest] if record.rest else record.columns)


def line_with_info(record: VcfRecord, added: Sequence[str], replaced: Collection[bytes]) -> bytes:
    """Return the line of a record with further entries at the end of INFO.

    Parameters
    ----------
    record : VcfRecord
    added : sequence of str
        Entries such as ``DBE_PREF=0.5``.
    replaced : collection of bytes
        Entries of the record with these names are left out.
    """
    # an empty entry at the end, with ours behind it, could not be read by htsjdk
    info = record.info.rstrip(b";") if added else record.info
    kept = [] if info in (b".", b"") else [info]
    if replaced:
        kept = [entry for entry in info.split(b";") if entry.partition(b"=")[0] not in replaced]
    columns = list(record.columns)
    columns[7] = b";".join([*kept, raw(";".join(added))] if added else kept) or b"."
    return line_of(record._replace(columns=columns))


def _declares(line: bytes, identifiers: set[bytes]) -> bool:
    if not line.startswith(b"##INFO=<"):
        return False
    match = STRUCTURED.match(line)
    return match is not None and dict(ENTRY.findall(match[2])).get(b"ID") in identifiers


def _contig_line(name: str, length: int | None) -> bytes:
    size = "" if length is None else f",length={length}"
    return f"##contig=<ID={name}{size}>".encode("utf-8", errors="surrogateescape")
