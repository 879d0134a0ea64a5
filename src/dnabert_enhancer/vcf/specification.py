"""Fields that VCF 4.1 to 4.3 reserve, and checks of header lines against the specification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# P is of VCF 4.4; M, LA, LR and LG are of 4.5
NUMBER = re.compile(rb"\d+|[ARGPM.]|L[ARG]")
TYPES = {
    b"INFO": frozenset((b"Integer", b"Float", b"Flag", b"Character", b"String")),
    b"FORMAT": frozenset((b"Integer", b"Float", b"Character", b"String")),
}

IUPAC_CODES = re.compile(rb"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv]+")
ALT = re.compile(
    rb"\.|\*|<[^\s,<>]+>|[ACGTN*]+|\.[ACGTN]+|[ACGTN]+\.|(?:[ACGTN.]+[\[\]][^\s,]+[\[\]])|(?:[\[\]][^\s,]+[\[\]][ACGTN.]+)",
    re.IGNORECASE,
)


class Definition(NamedTuple):
    """Number and Type of a field; None where VCF versions differ."""

    number: bytes | None
    type: bytes | None


def _table(text: str) -> dict[bytes, Definition]:
    rows = (row.split() for row in text.strip().splitlines())
    return {
        name.encode(): Definition(*(None if value == "-" else value.encode() for value in values))
        for name, *values in rows
    }


RESERVED: Mapping[bytes, Mapping[bytes, Definition]] = {
    b"INFO": _table("""
        AA 1 String
        AC A Integer
        AD R Integer
        ADF R Integer
        ADR R Integer
        AF A Float
        AN 1 Integer
        BQ 1 Float
        CIGAR A String
        DB 0 Flag
        DP 1 Integer
        END 1 Integer
        H2 0 Flag
        H3 0 Flag
        MQ 1 -
        MQ0 1 Integer
        NS 1 Integer
        SOMATIC 0 Flag
        VALIDATED 0 Flag
        1000G 0 Flag
    """),
    b"FORMAT": _table("""
        AD R Integer
        ADF R Integer
        ADR R Integer
        DP 1 Integer
        EC A Integer
        FT 1 String
        GL G Float
        GLE G String
        GP G Float
        GQ 1 Integer
        GT 1 String
        HQ 2 Integer
        MQ 1 Integer
        PL G Integer
        PQ 1 Integer
        PS 1 Integer
    """),
}

_META = re.compile(rb"##([\w.-]+)=(.+)", re.DOTALL)
_PAIR = re.compile(rb'([^=,"<>]+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|<[^>]*>|[^,"<>]*)(,|$)')
_STRUCTURED_KEYS = frozenset(
    (b"INFO", b"FORMAT", b"FILTER", b"ALT", b"contig", b"SAMPLE", b"PEDIGREE", b"META")
)
_URL = re.compile(
    rb"<?(?:[A-Za-z][\w+.-]*://(?:[^\s@/]+@)?(?!\d+[:/])[^\s:/<>]+(?::\d+)?(?:/[^\s<>]*)?|[^\s:<>]+|file:/\S+)>?"
)
_STRUCTURAL = re.compile(rb"(?:DEL|INS|DUP|INV|CNV|BND|CN\d+)(?::[^\s,<>]+)*|[^\s,<>:]+")
_NAME = re.compile(rb"[\w.-]+")
CONTIG_NAME = re.compile(rb"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")
_ORDER = {
    b"INFO": (b"ID", b"Number", b"Type", b"Description"),
    b"FORMAT": (b"ID", b"Number", b"Type", b"Description"),
    b"FILTER": (b"ID", b"Description"),
    b"ALT": (b"ID", b"Description"),
    b"contig": (b"ID",),
    b"META": (b"ID", b"Number", b"Type", b"Values"),
}


def header_line_faults(line: bytes) -> Iterator[str]:
    """Yield what is wrong with a line that begins with ``##``."""
    match = _META.fullmatch(line)
    if match is None:
        yield "a header line is not ##key=value"
        return
    key, value = match[1], match[2].strip()
    if key in _STRUCTURED_KEYS:
        if not (value.startswith(b"<") and value.endswith(b">")):
            yield f"##{key.decode()} is not of the form <key=value,...>"
            return
        pairs = list(_pairs(value[1:-1]))
        if not pairs:
            yield f"the entries of ##{key.decode()} cannot be parsed"
            return
        yield from _entry_faults(key, pairs)
    elif key in (b"assembly", b"pedigreeDB") and not _URL.fullmatch(value):
        yield f"##{key.decode()} is not a URL"


def _pairs(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of a structured line; none when it cannot be parsed to its end."""
    found, place = [], 0
    while place < len(content):
        match = _PAIR.match(content, place)
        if match is None:
            return
        found.append((match[1], match[2]))
        place = match.end()
    if not content.endswith(b","):
        yield from found


def _entry_faults(key: bytes, pairs: list[tuple[bytes, bytes]]) -> Iterator[str]:
    shown = f"##{key.decode()}"
    entries = dict(pairs)
    order = _ORDER.get(key, ())
    begins = tuple(name for name, _ in pairs[: len(order)])
    # VCF's own example of ##META has another order than its text
    if begins != order and not (key == b"META" and begins[:1] == (b"ID",) and set(begins) == set(order)):
        yield f"{shown} does not begin with {', '.join(name.decode() for name in order)}"
        return
    identifier = entries.get(b"ID", b"")
    if b"Description" in entries and not entries[b"Description"].startswith(b'"'):
        yield f"the Description of {shown} is not in quotes"
    if key == b"SAMPLE" and b"Mixture" in entries and b"Genomes" not in entries:
        yield f"{shown} has Mixture but no Genomes"
    if key == b"SAMPLE" and entries.get(b"Mixture", b"").startswith(b'"'):
        yield f"Mixture of {shown} is in quotes"
    if key == b"SAMPLE" and not _NAME.fullmatch(identifier):
        yield f"missing or invalid ID in {shown}"
    if key == b"PEDIGREE" and (
        not _is_pedigree(entries) or any(not _NAME.fullmatch(value) for value in entries.values())
    ):
        yield f"missing ID or invalid name in {shown}"
    if key == b"META" and not entries[b"Values"].startswith(b"["):
        yield f"the Values of {shown} are not in square brackets"
    if key in (b"contig", b"ALT") and re.search(rb"[\s,<>]", identifier):
        yield f"the ID of {shown} has a space, a comma or an angle bracket"
    elif key == b"contig" and (not CONTIG_NAME.fullmatch(identifier) or identifier.endswith(b".*")):
        yield f"invalid ID in {shown}"
    if key == b"ALT" and not _STRUCTURAL.fullmatch(identifier):
        yield f"the ID of {shown} is not a type of structural variant"
    if key in (b"INFO", b"FORMAT", b"META"):
        if not NUMBER.fullmatch(entries[b"Number"]):
            yield f"invalid Number in {shown}"
        if entries[b"Type"] not in TYPES.get(key, TYPES[b"INFO"]):
            yield f"invalid Type in {shown}"
        reserved = RESERVED.get(key, {}).get(identifier)
        if reserved is not None:
            for name, expected in zip((b"Number", b"Type"), reserved, strict=True):
                if expected is not None and entries[name] not in (expected, *_also(key, identifier, name)):
                    what = f"{name.decode()} of {shown} {identifier.decode()}"
                    yield f"the {what} is not {expected.decode()} as in VCF's specification"


def _is_pedigree(entries: Mapping[bytes, bytes]) -> bool:
    """Return whether a pedigree names its individual (VCF 4.3) or its genomes Name_0, Name_1 (VCF 4.1)."""
    return b"ID" in entries or b"Name_0" in entries


def _also(key: bytes, identifier: bytes, name: bytes) -> tuple[bytes, ...]:
    """Return what other versions of VCF have, or what is in wide use."""
    if (key, identifier, name) == (b"FORMAT", b"GL", b"Number"):
        return (b"3",)
    return ()
