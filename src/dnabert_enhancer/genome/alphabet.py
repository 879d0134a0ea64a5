"""Which letters a nucleotide sequence may hold, and what to say about the others."""

from __future__ import annotations

import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

_LETTERS: Final = "ACGTUNRYSWKMBDHV"
NUCLEOTIDE_BYTES: Final = (_LETTERS + _LETTERS.lower()).encode()
"""The IUPAC nucleotide codes of both cases, U included; no gaps."""
BLANK_BYTES: Final = b" \t\v\f"
_PROTEIN_ONLY: Final = frozenset("EFILPQZJO*")


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
