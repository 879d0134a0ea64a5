"""FASTA: read record by record, or checked in chunks before htslib indexes it; faults name their line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, open_binary, read_text_lines
from dnabert_enhancer.genome.names import check_name

_log = logging.getLogger(__name__)
_LETTERS: Final = "ACGTUNRYSWKMBDHV"
NUCLEOTIDE_BYTES: Final = (_LETTERS + _LETTERS.lower()).encode()
"""The IUPAC nucleotide codes of both cases, U included; no gaps."""
BLANK_BYTES: Final = b" \t\v\f"
_PROTEIN_ONLY: Final = frozenset("EFILPQZJO*")
_COMMENT_MARKS = (";", "#", "!")
_CHUNK_BYTES = 1 << 22
_LONGEST_KEPT = 1 << 16
_NEWLINE, _RETURN, _HEADER = b"\n\r>"
_COMMENT_BYTES = np.frombuffer(b";#!", dtype=np.uint8)
_PERMITTED = np.isin(np.arange(256), np.frombuffer(NUCLEOTIDE_BYTES + b"\r\n", dtype=np.uint8))


class FastaRecord(NamedTuple):
    """One sequence of a FASTA.

    Attributes
    ----------
    name : str
        The first word of the header.
    description : str
        The rest of the header, without blanks around it; may be empty.
    sequence : str
        The letters in the file's own case, without blanks and line ends.
    line : int
        Line of the header, from 1.
    """

    name: str
    description: str
    sequence: str
    line: int


def read_fasta(path: str | os.PathLike[str], *, unique_names: bool = True) -> Iterator[FastaRecord]:
    """Yield the records of a nucleotide FASTA.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip; ``-`` is the standard input. Blank lines and comment lines (``;``, ``#``, ``!``)
        are passed over.
    unique_names : bool
        True (default): a name that comes again is an error. False: one warning a file says how many names
        came again; for readers that need no key.

    Raises
    ------
    InputError
        No sequence at all; text before the first ``>``; a header without a name or without a sequence;
        a letter that is no IUPAC nucleotide code (protein, gaps); a name that comes again, if names are to be
        unique. With the line.
    """
    source = describe_source(path)
    lines_of_names: dict[str, int] = {}
    repeated = 0
    first_repeat = ("", 0, 0)
    header: tuple[int, str] | None = None
    parts: list[tuple[int, str]] = []
    for number, line in read_text_lines(path):
        if line.startswith(">"):
            if header is not None:
                yield _record(header, parts, source)
            header, parts = (number, line[1:]), []
            name, _ = split_header(line[1:])
            if name and (first := lines_of_names.setdefault(name, number)) != number:
                if unique_names:
                    raise repeated_name_error(name, source, number, first)
                first_repeat = first_repeat if repeated else (name, number, first)
                repeated += 1
        elif line.startswith(_COMMENT_MARKS) or not line or line.isspace():
            continue
        elif header is None:
            raise _not_fasta(line, source, number)
        else:
            parts.append((number, line))
    if header is None:
        raise InputError(
            "there is no sequence in the file", source=source, remedy="give a FASTA with '>' headers"
        )
    yield _record(header, parts, source)
    if repeated:
        name, number, first = first_repeat
        _log.warning(
            "%s: repeated names: %d, the first %r in line %d (line %d before); all records are read",
            source,
            repeated,
            name,
            number,
            first,
        )


def split_header(header: str) -> tuple[str, str]:
    """Return name and description of a header line without its ``>``."""
    words = header.split(None, 1)
    return (words[0] if words else "", words[1].strip() if len(words) > 1 else "")


def nameless_error(source: str, line: int) -> InputError:
    """Return the error for a header without a name."""
    return InputError(
        "a header has no name", source=source, location=f"line {line}", remedy="write a name after '>'"
    )


def repeated_name_error(name: str, source: str, line: int, first_line: int) -> InputError:
    """Return the error for a name that comes again."""
    return InputError(
        f"the name {name!r} was already used in line {first_line}",
        source=source,
        location=f"line {line}",
        remedy="give every sequence its own name",
    )


def empty_sequence_error(name: str, source: str, line: int) -> InputError:
    """Return the error for a header that no sequence follows."""
    return InputError(
        f"the sequence {name!r} is empty", source=source, location=f"line {line}", remedy="remove the record"
    )


def _record(header: tuple[int, str], parts: list[tuple[int, str]], source: str) -> FastaRecord:
    line, text = header
    name, description = split_header(text)
    if not name:
        raise nameless_error(source, line)
    check_name(name, source, f"line {line}")
    sequence = "".join(part for _, part in parts)
    if sequence.encode().translate(None, NUCLEOTIDE_BYTES):
        for number, part in parts:
            if foreign_letters(part.encode()):
                raise foreign_letter_error(part.encode(), source, number)
        sequence = "".join(sequence.split())
    if not sequence:
        raise empty_sequence_error(name, source, line)
    return FastaRecord(name, description, sequence, line)


def _not_fasta(line: str, source: str, number: int) -> InputError:
    shown = line if len(line) <= 30 else line[:30] + "…"
    problem = (
        "this is FASTQ" if line.startswith("@") and number == 1 else f"{shown!r} stands before the first '>'"
    )
    return InputError(
        problem, source=source, location=f"line {number}", remedy="give a FASTA with '>' headers"
    )


def foreign_letters(line: bytes) -> bytes:
    """Return the bytes of a line that are neither nucleotide codes nor blanks."""
    return line.translate(None, NUCLEOTIDE_BYTES + BLANK_BYTES)


def foreign_letter_error(line: bytes, source: str | os.PathLike[str], number: int) -> InputError:
    """Return the error for a line that holds letters that are no nucleotide codes.

    Parameters
    ----------
    line : bytes
        The line.
    source : str or path
    number : int
        Of the line, from 1.
    """
    foreign = foreign_letters(line)
    of_protein = [letter for letter in foreign if chr(letter).upper() in _PROTEIN_ONLY]
    letter = (of_protein or list(foreign))[0]
    shown = chr(letter) if 32 < letter < 127 else f"\\x{letter:02x}"
    if of_protein:
        problem, remedy = (
            f"this looks like protein ({shown!r} is not a nucleotide code)",
            "give DNA sequences",
        )
    elif shown.upper() == "X":
        problem, remedy = f"{shown!r} is not a nucleotide code", "write unknown bases as N"
    elif shown in "-.":
        problem, remedy = (
            f"the sequence holds a gap {shown!r}",
            "give the sequence without an alignment's gaps",
        )
    else:
        problem, remedy = f"{shown!r} is not a nucleotide code", "use the letters of IUPAC's code"
    return InputError(problem, source=source, location=f"line {number}", remedy=remedy)


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
        if (not self._seen_of_line and letters[0] in _COMMENT_BYTES) or b"\r" in part:
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
        if np.isin(first, _COMMENT_BYTES).any():
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
        check_name(name, self._source, f"line {line}")
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
