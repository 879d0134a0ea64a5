"""Checks the letters and headers of a FASTA, chunk by chunk, before htslib makes its index."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import open_binary
from dnabert_enhancer.genome.fasta import (
    NUCLEOTIDE_BYTES,
    byte_mask,
    empty_sequence_error,
    foreign_letter_error,
    nameless_error,
    repeated_name_error,
    split_header,
)

_CHUNK_BYTES = 1 << 22
_LONGEST_KEPT = 1 << 16
_NEWLINE, _RETURN, _HEADER = b"\n\r>"
_COMMENT_MARKS = np.frombuffer(b";#!", dtype=np.uint8)
_PERMITTED = byte_mask(NUCLEOTIDE_BYTES + b"\r\n")


class NotIndexableError(Exception):
    """A FASTA that is right but cannot be indexed as it is: comments, blanks, lines of differing length."""


class FastaCheck:
    """Checks every letter and header of a FASTA from its uncompressed bytes.

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
        self._lines_of_names: dict[str, int] = {}
        self._line = 1
        self._rest = b""
        self._seen_of_line = 0  # bytes of an unfinished line that were looked at and dropped
        self._name: str | None = None  # of the record that is being read
        self._name_line = 0
        self._has_bases = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        InputError
            A letter that is no nucleotide code, a name that is missing or comes again, an empty sequence.
        NotIndexableError
            Comments, blanks, or anything else that htslib would take for bases.
        """
        content = self._rest + chunk
        cut = content.rfind(b"\n") + 1
        if cut:
            self._take_lines(content[:cut])
        self._rest = content[cut:]
        if len(self._rest) > _LONGEST_KEPT and (self._seen_of_line or not self._rest.startswith(b">")):
            self._take_part_of_line()

    def finish(self) -> None:
        """Check what is left; raises what `feed` raises."""
        if self._rest:
            self._take_lines(self._rest + b"\n")
        self._close_record()
        if self._name is None:
            raise InputError(
                "there is no sequence in the file",
                source=self._source,
                remedy="give a FASTA with '>' headers",
            )

    def _take_part_of_line(self) -> None:
        # the last byte stays: it may be a carriage return
        part, self._rest = self._rest[:-1], self._rest[-1:]
        letters = np.frombuffer(part, dtype=np.uint8)
        if (not self._seen_of_line and letters[0] in _COMMENT_MARKS) or b"\r" in part:
            raise NotIndexableError
        self._check_letters(letters, _PERMITTED[letters], np.array([len(part)]))
        self._seen_of_line += len(part)

    def _take_lines(self, content: bytes) -> None:
        letters = np.frombuffer(content, dtype=np.uint8)
        ends = np.flatnonzero(letters == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        bases = ends - starts
        if b"\r" in content:
            if content.count(b"\r") != content.count(b"\r\n"):
                raise NotIndexableError
            bases -= (bases > 0) & (letters[ends - 1] == _RETURN)
        first = letters[starts].copy()
        if self._seen_of_line:
            bases[0] += self._seen_of_line
            first[0] = 0
        if np.isin(first, _COMMENT_MARKS).any():
            raise NotIndexableError
        headers = np.flatnonzero(first == _HEADER)
        permitted = _PERMITTED[letters]
        for header in headers:
            permitted[starts[header] : ends[header]] = True
        self._check_letters(letters, permitted, ends)
        self._take_bases(bases[: headers[0] if len(headers) else None])
        for header, following in zip(headers, [*headers[1:], len(ends)], strict=False):
            self._open_record(content[starts[header] + 1 : ends[header]], self._line + int(header))
            self._take_bases(bases[header + 1 : following])
        self._seen_of_line = 0
        self._line += len(ends)

    def _take_bases(self, bases: NDArray[np.intp]) -> None:
        if bases.any():
            if self._name is None:
                raise NotIndexableError
            self._has_bases = True

    def _check_letters(
        self, letters: NDArray[np.uint8], permitted: NDArray[np.bool_], ends: NDArray[np.intp]
    ) -> None:
        if permitted.all():
            return
        place = int(permitted.argmin())
        letter = int(letters[place])
        if letter <= ord(" ") or letter > 126 or self._name is None:
            raise NotIndexableError
        line = int(np.searchsorted(ends, place))
        text = letters[place : ends[line]].tobytes().strip()
        raise foreign_letter_error(text, self._source, self._line + line)

    def _open_record(self, header: bytes, line: int) -> None:
        self._close_record()
        name, _ = split_header(header.decode(errors="replace"))
        if not name:
            raise nameless_error(self._source, line)
        first_line = self._lines_of_names.setdefault(name, line)
        if first_line != line:
            raise repeated_name_error(name, self._source, line, first_line)
        self._name, self._name_line, self._has_bases = name, line, False

    def _close_record(self) -> None:
        if self._name is not None and not self._has_bases:
            raise empty_sequence_error(self._name, self._source, self._name_line)


def check_fasta(path: str | os.PathLike[str]) -> None:
    """Check a FASTA of any compression; raises what `FastaCheck` raises."""
    check = FastaCheck(os.fspath(path))
    for chunk in chunks_of(path):
        check.feed(chunk)
    check.finish()


def chunks_of(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the uncompressed bytes of a file in pieces."""
    with open_binary(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
