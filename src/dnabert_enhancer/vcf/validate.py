"""What is wrong with the form of a VCF though it can be read: noted once a kind, with the first line.

Nothing is mended but what the output needs to be read: see `check_header`. Everything else is kept as it is.
"""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import FIXED_COLUMNS
from dnabert_enhancer.vcf.specification import meta_faults

_log = logging.getLogger(__name__)
_DEFAULT_VERSION = b"##fileformat=VCFv4.2"
_VERSION = re.compile(rb"##fileformat=VCFv4\.[0-5]")
_SHOWN = 60


class FormNote(NamedTuple):
    """A kind of fault.

    Attributes
    ----------
    times : int
    line : int
        The first.
    example : str
        What stood there.
    """

    times: int
    line: int
    example: str


class FormNotes:
    """Collects faults of form and says each kind once."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: dict[str, FormNote] = {}

    def add(self, what: str, line: int, content: bytes = b"") -> None:
        """Note a fault."""
        known = self.found.get(what)
        if known is None:
            self.found[what] = FormNote(1, line, content[:_SHOWN].decode("utf-8", errors="replace"))
        else:
            self.found[what] = known._replace(times=known.times + 1)

    def warn(self) -> None:
        """Log one line for each kind."""
        for what, note in self.found.items():
            more = f" (and {note.times - 1} more)" if note.times > 1 else ""
            example = f": {note.example!r}" if note.example else ""
            _log.warning("%s, line %d%s: %s%s", self.source, note.line, more, what, example)


def check_header(header: VcfHeader, notes: FormNotes, line: int) -> VcfHeader:
    """Return the header as it is used, with its faults noted.

    Parameters
    ----------
    header : VcfHeader
    notes : FormNotes
    line : int
        Number of the line with the names of the columns.

    Returns
    -------
    VcfHeader
        ``##fileformat`` is written where it is missing or wrong, and the names of the eight fixed columns
        where they are.
    """
    meta = list(header.meta)
    if not meta or not _VERSION.fullmatch(meta[0].strip()):
        notes.add(
            f"the first line is not ##fileformat of VCF 4.1 to 4.5; {_DEFAULT_VERSION.decode()} is written",
            1,
            meta[0] if meta else b"",
        )
        meta = [_DEFAULT_VERSION, *(text for text in meta if not text.startswith(b"##fileformat"))]
    elif meta[0] != meta[0].strip():
        notes.add("the first line holds a blank; it is left out", 1, meta[0])
        meta[0] = meta[0].strip()
    for number, text in enumerate(header.meta[1:], start=2):
        for fault in meta_faults(text):
            notes.add(f"{fault}; the line is kept", number, text)
    return VcfHeader(meta, _checked_columns(header.columns, notes, line))


def _checked_columns(columns: bytes, notes: FormNotes, line: int) -> bytes:
    names = columns[1:].split(b"\t")
    fixed = list(FIXED_COLUMNS)
    if names[:8] != fixed:
        notes.add("the names of the columns are not those of VCF; they are written", line, columns)
        if b"\t" not in columns:
            names = columns[1:].split()
        names = fixed + names[8:]
    if len(names) == 9:
        notes.add("there is a FORMAT but no sample; its name is left out", line, columns)
        names = fixed
    if len(names) > 8 and names[8] != b"FORMAT":
        raise InputError(
            f"the ninth column is {names[8].decode('utf-8', errors='replace')!r}",
            source=notes.source,
            location=f"line {line}",
            remedy="VCF has FORMAT there",
        )
    if len(set(names[9:])) < len(names[9:]):
        twice = next(name for name in names[9:] if names[9:].count(name) > 1)
        raise InputError(
            f"two samples are called {twice.decode('utf-8', errors='replace')!r}",
            source=notes.source,
            location=f"line {line}",
            remedy="give them different names, such as with bcftools reheader",
        )
    return b"#" + b"\t".join(names)
