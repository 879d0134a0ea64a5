"""What is wrong with the form of a VCF though it can be read: noted once a kind, with the first line."""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

from dnabert_enhancer.variants.vcf_header import VcfHeader
from dnabert_enhancer.variants.vcf_record import VcfRecord

_log = logging.getLogger(__name__)
_DEFAULT_VERSION = b"##fileformat=VCFv4.2"
_VERSION = re.compile(rb"##fileformat=VCFv4\.[0-5]")


class FormNote(NamedTuple):
    """A kind of fault.

    Attributes
    ----------
    count : int
    line : int
        The first.
    example : str
        What stood there.
    """

    count: int
    line: int
    example: str


class FormNotes:
    """Collects faults of form and says each kind once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.found: dict[str, FormNote] = {}

    def add(self, what: str, line: int, content: bytes = b"") -> None:
        """Note a fault."""
        known = self.found.get(what)
        if known is None:
            self.found[what] = FormNote(1, line, content[:60].decode("utf-8", errors="replace"))
        else:
            self.found[what] = known._replace(count=known.count + 1)

    def warn(self) -> None:
        """Log one line for each kind."""
        for what, note in self.found.items():
            more = f" (and {note.count - 1} more)" if note.count > 1 else ""
            example = f": {note.example!r}" if note.example else ""
            _log.warning("%s, line %d%s: %s%s", self._source, note.line, more, what, example)


def check_header(header: VcfHeader, notes: FormNotes, line: int) -> VcfHeader:
    """Return the header as it is used, with what had to be mended noted."""
    meta = header.meta
    if not meta or not _VERSION.fullmatch(meta[0]):
        notes.add(
            f"the first line is not ##fileformat of VCF 4.1 to 4.5; {_DEFAULT_VERSION.decode()} is written", 1
        )
        meta = [_DEFAULT_VERSION, *(line for line in meta if not line.startswith(b"##fileformat="))]
    return VcfHeader(meta, header.columns)


class RecordForm:
    """Checks the form of records: the fixed columns and the number of samples; samples are not taken apart."""

    def __init__(self, header: VcfHeader, notes: FormNotes) -> None:
        self._notes = notes
        self._tabs = max(0, header.columns.count(b"\t") - 8)

    def check(self, record: VcfRecord) -> None:
        """Note what is wrong with a record."""
