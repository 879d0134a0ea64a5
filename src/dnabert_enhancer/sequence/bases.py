"""Bases as letters and as small integers: text to codes and back, the reverse complement, GC."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BASES: Final = "ACGT"
UNKNOWN_BASE: Final = 4
"""The code of everything that is not A, C, G or T (U): N, the IUPAC codes, gaps."""


def _code_table(*, case_sensitive: bool) -> bytes:
    table = bytearray([UNKNOWN_BASE]) * 256
    letters = BASES + "U" if case_sensitive else "ACGTUacgtu"
    for letter in letters:
        table[ord(letter)] = BASES.index(letter.upper().replace("U", "T"))
    return bytes(table)


_CODES = {case_sensitive: _code_table(case_sensitive=case_sensitive) for case_sensitive in (False, True)}
_LETTERS = (BASES + "N").encode() + b"N" * 251
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN_BASE], dtype=np.uint8)
_LETTER_COMPLEMENT = str.maketrans("ACGTUMRWSYKVHDBNacgtumrwsykvhdbn", "TGCAAKYWSRMBDHVNtgcaakywsrmbdhvn")


def encode_bases(
    sequence: str | bytes | bytearray | memoryview, *, case_sensitive: bool = False
) -> NDArray[np.uint8]:
    """Return the codes of a sequence.

    Parameters
    ----------
    sequence : str or bytes
        Bases of any case; U counts as T.
    case_sensitive : bool
        True: lower case is unknown, as DNABERT's own tokenizer has it. Default False.

    Returns
    -------
    uint8 array, shape (length,)
        A 0, C 1, G 2, T 3, everything else `UNKNOWN_BASE`. Read-only.
    """
    if isinstance(sequence, str):
        # one byte a letter: what is outside Latin-1 becomes "?", which is unknown like any other letter
        sequence = sequence.encode("latin-1", errors="replace")
    return np.frombuffer(bytes(sequence).translate(_CODES[case_sensitive]), dtype=np.uint8)


def decode_bases(codes: NDArray[np.uint8]) -> str:
    """Return the upper-case letters of codes of shape (length,); unknown bases become N."""
    return np.ascontiguousarray(codes, dtype=np.uint8).tobytes().translate(_LETTERS).decode("ascii")


def reverse_complement(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the codes of the other strand, read in its own direction.

    Parameters
    ----------
    codes : uint8 array, shape (..., length)

    Returns
    -------
    uint8 array, shape (..., length)
        A new array; unknown bases stay unknown.
    """
    return np.take(_COMPLEMENT, codes[..., ::-1])


def reverse_complement_letters(sequence: str) -> str:
    """Return the letters of the other strand, read in its own direction.

    IUPAC codes become those of the complementary bases (R becomes Y) and U becomes A; letter case and other
    letters stay.
    """
    return sequence.translate(_LETTER_COMPLEMENT)[::-1]


def canonical_sequence(sequence: str) -> str:
    """Return one form for a sequence, its reverse complement, and both in any letter case and with U for T.

    Upper-case letters with T for U; of the two strands the one that comes first in alphabetical order.
    """
    forward = sequence.upper().replace("U", "T")
    return min(forward, reverse_complement_letters(forward))


def gc_fraction(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of G and C among the known bases.

    Parameters
    ----------
    codes : uint8 array, shape (..., length)

    Returns
    -------
    float64 array, shape (...)
        NaN where no base is known.
    """
    strong = np.count_nonzero((codes == 1) | (codes == 2), axis=-1)
    known = np.count_nonzero(codes < UNKNOWN_BASE, axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(strong, known), dtype=np.float64)
