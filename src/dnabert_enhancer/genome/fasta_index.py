"""The index of a FASTA (``.fai``), made in one pass that finds every fault with its line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import open_binary
from dnabert_enhancer.genome.alphabet import NUCLEOTIDE_BYTES, byte_mask, foreign_letter_error
from dnabert_enhancer.genome.fasta import (
    empty_sequence_error,
    nameless_error,
    repeated_name_error,
    split_header,
)

_CHUNK_BYTES = 1 << 22
_LONGEST_KEPT = 1 << 16
_NEWLINE, _RETURN, _HEADER = b"\n\r>"
_PERMITTED = byte_mask(NUCLEOTIDE_BYTES + b"\r\n")


class IndexEntry(NamedTuple):
    """One line of a ``.fai``: where the bases of a contig lie.

    Attributes
    ----------
    name : str
    length : int
        In bases.
    offset : int
        Byte of the first base in the uncompressed file.
    line_bases, line_width : int
        Bases and bytes of every line but the last.
    """

    name: str
    length: int
    offset: int
    line_bases: int
    line_width: int


class UnevenLinesError(Exception):
    """A FASTA that is right but has lines of differing length, so that it cannot be indexed as it is."""


class FastaIndexer:
    """Makes the index of a FASTA from its uncompressed bytes, chunk by chunk, and checks every letter.

    Parameters
    ----------
    source : str
        Name of the file, for errors.

    Notes
    -----
    The whole pass is vectorised over the lines of a chunk. Memory does not grow with the contigs, also when a
    contig is one line.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._entries: list[IndexEntry] = []
        self._lines_of_names: dict[str, int] = {}
        self._position = 0  # bytes before the lines that are looked at
        self._line = 1
        self._rest = b""
        self._seen_of_line = 0  # bytes of an unfinished line that were looked at and dropped
        self._current: IndexEntry | None = None
        self._current_line = 0
        self._is_complete = False  # a shorter line or a blank one was seen: only blank ones may follow

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        InputError
            A letter that is no nucleotide code, a name that is missing or comes again, an empty sequence.
        UnevenLinesError
            Lines of differing length, comments, blanks, or anything else that needs the careful reader.
        """
        content = self._rest + chunk
        cut = content.rfind(b"\n") + 1
        if cut:
            self._take_lines(content[:cut])
        self._rest = content[cut:]
        if len(self._rest) > _LONGEST_KEPT and (self._seen_of_line or not self._rest.startswith(b">")):
            self._take_part_of_line()

    def finish(self) -> list[IndexEntry]:
        """Return the index; raises what `feed` raises."""
        if self._rest:
            self._take_lines(self._rest + b"\n")
        self._close_record()
        if not self._entries:
            raise InputError(
                "there is no sequence in the file",
                source=self._source,
                remedy="give a FASTA with '>' headers",
            )
        return self._entries

    def _take_part_of_line(self) -> None:
        # the last byte stays: it may be a carriage return
        part, self._rest = self._rest[:-1], self._rest[-1:]
        letters = np.frombuffer(part, dtype=np.uint8)
        if (not self._seen_of_line and letters[0] in b";#!") or b"\r" in part:
            raise UnevenLinesError
        self._check_letters(letters, _PERMITTED[letters], np.array([len(part)]))
        self._seen_of_line += len(part)

    def _take_lines(self, content: bytes) -> None:
        letters = np.frombuffer(content, dtype=np.uint8)
        ends = np.flatnonzero(letters == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        bases = ends - starts
        if b"\r" in content:
            if content.count(b"\r") != content.count(b"\r\n"):
                raise UnevenLinesError
            bases -= (bases > 0) & (letters[ends - 1] == _RETURN)
        widths = ends - starts + 1
        first = letters[starts].copy()
        if self._seen_of_line:
            bases[0] += self._seen_of_line
            widths[0] += self._seen_of_line
            first[0] = 0
        if np.isin(first, np.frombuffer(b";#!", dtype=np.uint8)).any():
            raise UnevenLinesError
        headers = np.flatnonzero(first == _HEADER)
        permitted = _PERMITTED[letters]
        for header in headers:
            permitted[starts[header] : ends[header]] = True
        self._check_letters(letters, permitted, ends)
        self._take_bases(bases[: headers[0] if len(headers) else None], widths)
        for header, following in zip(headers, [*headers[1:], len(ends)], strict=False):
            self._open_record(content[starts[header] + 1 : ends[header]], int(ends[header]) + 1, int(header))
            self._take_bases(bases[header + 1 : following], widths[header + 1 : following])
        self._position += len(content) + self._seen_of_line
        self._seen_of_line = 0
        self._line += len(ends)

    def _check_letters(
        self, letters: NDArray[np.uint8], permitted: NDArray[np.bool_], ends: NDArray[np.intp]
    ) -> None:
        if permitted.all():
            return
        place = int(permitted.argmin())
        letter = int(letters[place])
        if letter <= ord(" ") or letter > 126 or (self._current is None and not self._entries):
            raise UnevenLinesError
        line = int(np.searchsorted(ends, place))
        text = letters[place : ends[line]].tobytes().strip()
        raise foreign_letter_error(text, self._source, self._line + line)

    def _open_record(self, header: bytes, end: int, line: int) -> None:
        self._close_record()
        name, _ = split_header(header.decode(errors="replace"))
        self._current_line = self._line + line
        if not name:
            raise nameless_error(self._source, self._current_line)
        first_line = self._lines_of_names.setdefault(name, self._current_line)
        if first_line != self._current_line:
            raise repeated_name_error(name, self._source, self._current_line, first_line)
        self._current = IndexEntry(name, 0, self._position + self._seen_of_line + end, 0, 0)
        self._is_complete = False

    def _close_record(self) -> None:
        if self._current is None:
            return
        if not self._current.length:
            raise empty_sequence_error(self._current.name, self._source, self._current_line)
        self._entries.append(self._current)
        self._current = None

    def _take_bases(self, bases: NDArray[np.intp], widths: NDArray[np.intp]) -> None:
        if not len(bases):
            return
        entry = self._current
        if entry is None:
            if bases.any():
                raise UnevenLinesError
            return
        line_bases, line_width = entry.line_bases or int(bases[0]), entry.line_width or int(widths[0])
        if self._is_complete:
            shorter = 0
        else:
            is_full = (bases == line_bases) & (widths[: len(bases)] == line_width) & (bases > 0)
            shorter = len(bases) if is_full.all() else int(is_full.argmin())
            if shorter < len(bases):
                if bases[shorter] > line_bases:
                    raise UnevenLinesError
                self._is_complete = True
                shorter += 1
        if bases[shorter:].any():
            raise UnevenLinesError
        self._current = entry._replace(
            length=entry.length + int(bases.sum()), line_bases=line_bases, line_width=line_width
        )


def index_fasta(path: str | os.PathLike[str]) -> list[IndexEntry]:
    """Return the index of a FASTA of any compression; raises what `FastaIndexer` raises."""
    indexer = FastaIndexer(os.fspath(path))
    for chunk in chunks_of(path):
        indexer.feed(chunk)
    return indexer.finish()


def chunks_of(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the uncompressed bytes of a file in pieces."""
    with open_binary(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def write_index(entries: list[IndexEntry], path: Path) -> None:
    """Write a ``.fai``."""
    path.write_text("".join("\t".join(map(str, entry)) + "\n" for entry in entries), encoding="utf-8")


def read_index(path: Path) -> list[IndexEntry] | None:
    """Return the entries of a ``.fai``, or None when it is not one."""
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n")]
        return [IndexEntry(row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows]
    except (OSError, ValueError, IndexError):
        return None
