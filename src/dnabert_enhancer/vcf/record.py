"""One line of a VCF: the eight fixed columns split, the rest kept as it is; written with further INFO."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from dnabert_enhancer.errors import InputError

FIXED_COLUMNS = (b"CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO")
_FEWEST_COLUMNS = 5
_WHOLE_NUMBER = re.compile(rb"[0-9]{1,18}")
_SHOWN = 40
_HOLDS_NAME = re.compile(rb"[<\[\]]")


class VcfRecord(NamedTuple):
    """A record.

    Attributes
    ----------
    columns : list of bytes
        The eight fixed columns; what a shorter line lacks is ``.``.
    rest : bytes
        FORMAT and the samples, as one text; empty where there are none.
    contig : str
        CHROM.
    position : int
        POS, 1-based; 0 is the telomere.
    line : int
        Of the file, from 1; for BCF the number of the record.
    """

    columns: list[bytes]
    rest: bytes
    contig: str
    position: int
    line: int

    @property
    def identifier(self) -> str:
        """ID, ``.`` where there is none."""
        return text(self.columns[2])

    @property
    def ref(self) -> bytes:
        """REF in upper case."""
        return self.columns[3].upper()

    @property
    def alts(self) -> list[bytes]:
        """The entries of ALT, bases in upper case; ``[b"."]`` where there is none.

        Symbolic alleles and breakends, which hold names, are as they stand.
        """
        return [alt if _HOLDS_NAME.search(alt) else alt.upper() for alt in self.columns[4].split(b",")]

    @property
    def info(self) -> bytes:
        """INFO."""
        return self.columns[7]


def text(content: bytes) -> str:
    """Return bytes of a VCF as text; those that are not UTF-8 survive a later `raw`."""
    return content.decode("utf-8", errors="surrogateescape")


def raw(content: str) -> bytes:
    """Return the bytes that `text` made a text of."""
    return content.encode("utf-8", errors="surrogateescape")


def parse_record(line: bytes, number: int, source: str) -> VcfRecord:
    """Split a line into its columns.

    Parameters
    ----------
    line : bytes
        Without its end.
    number : int
        Of the line, from 1.
    source : str
        Name of the file.

    Raises
    ------
    InputError
        Fewer than five columns, no contig, a position that is not a whole number.
    """
    columns = line.split(b"\t", 8)
    if len(columns) < _FEWEST_COLUMNS:
        counted = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        remedy = (
            "separate the columns by tabs"
            if len(line.split()) >= _FEWEST_COLUMNS
            else "give a VCF, with CHROM, POS, ID, REF and ALT in each line"
        )
        raise InputError(
            f"this is not a VCF record ({counted}: {_shown(line)})",
            source=source,
            location=f"line {number}",
            remedy=remedy,
        )
    if not columns[0]:
        raise InputError("CHROM is empty", source=source, location=f"line {number}", remedy="name the contig")
    if not _WHOLE_NUMBER.fullmatch(columns[1]):
        raise InputError(
            f"POS {_shown(columns[1])} is not a whole number",
            source=source,
            location=f"line {number}",
            remedy="write the 1-based position in digits",
        )
    rest = columns[8] if len(columns) > 8 else b""
    fixed = columns[:8] + [b"."] * (8 - len(columns))
    return VcfRecord(fixed, rest, text(columns[0]), int(columns[1]), number)


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
    entries = [] if info in (b".", b"") else info.split(b";")
    kept = [entry for entry in entries if entry.partition(b"=")[0] not in replaced]
    columns = list(record.columns)
    columns[7] = b";".join([*kept, raw(";".join(added))] if added else kept) or b"."
    return line_of(record._replace(columns=columns))


def shared_ends(ref: bytes, alt: bytes) -> tuple[int, int]:
    """Return how many bases the alleles share at the start, and of the rest at the end."""
    shorter = min(len(ref), len(alt))
    first = 0
    while first < shorter and ref[first] == alt[first]:
        first += 1
    last = 0
    while last < shorter - first and ref[-1 - last] == alt[-1 - last]:
        last += 1
    return first, last


def _shown(content: bytes) -> str:
    shown = content[:_SHOWN].decode("utf-8", errors="replace")
    return repr(shown + "..." if len(content) > _SHOWN else shown)
