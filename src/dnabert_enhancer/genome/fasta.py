"""Reads FASTA record by record and knows the letters of sequences; every fault comes with its line."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines

_log = logging.getLogger(__name__)
_LETTERS: Final = "ACGTUNRYSWKMBDHV"
NUCLEOTIDE_BYTES: Final = (_LETTERS + _LETTERS.lower()).encode()
"""The IUPAC nucleotide codes of both cases, U included; no gaps."""
BLANK_BYTES: Final = b" \t\v\f"
_PROTEIN_ONLY: Final = frozenset("EFILPQZJO*")
_COMMENT_MARKS = (";", "#", "!")


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
    source = "standard input" if os.fspath(path) == "-" else os.fspath(path)
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
        f"the name {name!r} was used already in line {first_line}",
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


def byte_mask(letters: bytes) -> NDArray[np.bool_]:
    """Return a table of 256 entries that is True for the given bytes."""
    mask = np.zeros(256, dtype=np.bool_)
    mask[np.frombuffer(letters, dtype=np.uint8)] = True
    return mask


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
