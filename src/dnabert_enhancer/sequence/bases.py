"""DNA as arrays of base codes: from text and back, the reverse complement, GC, windows along a contig."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

BASES: Final = "ACGT"
UNKNOWN_BASE: Final = 4
"""The code of everything that is not A, C, G or T (U): N, the IUPAC codes, gaps."""


def _code_table() -> bytes:
    table = bytearray([UNKNOWN_BASE]) * 256
    for letter in "ACGTUacgtu":
        table[ord(letter)] = BASES.index(letter.upper().replace("U", "T"))
    return bytes(table)


_CODES = _code_table()
_LETTERS = (BASES + "N").encode() + b"N" * 251
_KEPT_LETTERS = (BASES + "N").encode() + bytes(range(5, 256))
_KEPT_CODES = bytes((BASES + "N").index(chr(c)) if chr(c) in BASES + "N" else max(c, 5) for c in range(256))
_LETTER_COMPLEMENT = str.maketrans("ACGTUMRWSYKVHDBNacgtumrwsykvhdbn", "TGCAAKYWSRMBDHVNtgcaakywsrmbdhvn")
_COMPLEMENT = np.array(
    [3, 2, 1, 0, UNKNOWN_BASE, *(_LETTER_COMPLEMENT.get(code, code) for code in range(5, 256))],
    dtype=np.uint8,
)


def encode_bases(
    sequence: str | bytes | bytearray | memoryview,
    *,
    keep_letters: bool = False,
) -> NDArray[np.uint8]:
    """Return the codes of a sequence.

    Parameters
    ----------
    sequence : str or bytes
        Bases of any case; U counts as T.
    keep_letters : bool
        Keep what every other letter is, for tokenizers to which letter case and IUPAC codes tell something.

    Returns
    -------
    uint8 array, shape (length,)
        A 0, C 1, G 2, T 3, everything else `UNKNOWN_BASE`; with `keep_letters` only upper-case A, C, G, T and
        N are 0 to 4, and any other letter is its own Latin-1 code, which is above `UNKNOWN_BASE` and thus
        unknown to whatever counts bases. Read-only.
    """
    if isinstance(sequence, str):
        # one byte a letter: what is outside Latin-1 becomes "?", which is unknown like any other letter
        sequence = sequence.encode("latin-1", errors="replace")
    table = _KEPT_CODES if keep_letters else _CODES
    return np.frombuffer(bytes(sequence).translate(table), dtype=np.uint8)


def decode_bases(codes: NDArray[np.uint8]) -> str:
    """Return the upper-case letters of codes of shape (length,); unknown bases become N."""
    return np.ascontiguousarray(codes, dtype=np.uint8).tobytes().translate(_LETTERS).decode("ascii")


def decode_letters(codes: NDArray[np.uint8]) -> str:
    """Return the letters of codes of shape (length,), those that were kept by `encode_bases` too."""
    return np.ascontiguousarray(codes, dtype=np.uint8).tobytes().translate(_KEPT_LETTERS).decode("latin-1")


def reverse_complement(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the codes of the other strand, read in its own direction.

    Parameters
    ----------
    codes : uint8 array, shape (..., length)

    Returns
    -------
    uint8 array, shape (..., length)
        A new array; unknown bases stay unknown, and letters that were kept become those of the other strand.
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


def tile_starts(start: int, end: int, length: int, stride: int) -> NDArray[np.int64]:
    """Return where the windows start that tile a region.

    Parameters
    ----------
    start, end : int
        The region, 0-based and half-open.
    length, stride : int
        In base pairs, both at least 1.

    Returns
    -------
    int64 array, shape (windows,)
        ``start, start + stride, ...``: every window lies wholly in the region. When the stride does not
        lead to a window that ends with the region, one more ends there, so that no base at the end is
        left out (unless the stride is longer than the window). Empty when the region is shorter than a
        window.
    """
    if length < 1 or stride < 1:
        raise InputError(f"a window of {length} bp every {stride} bp", remedy="both must be at least 1")
    last = end - length
    if last < start:
        return np.empty(0, dtype=np.int64)
    starts = np.arange(start, last + 1, stride, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def window_view(codes: NDArray[np.uint8], length: int, stride: int = 1) -> NDArray[np.uint8]:
    """Return all windows of a sequence without copying it.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    length, stride : int
        In base pairs.

    Returns
    -------
    uint8 array, shape (windows, length)
        A read-only view; window i starts at ``i * stride``. Empty when the sequence is shorter than a window.
    """
    if len(codes) < length:
        return np.empty((0, length), dtype=np.uint8)
    return np.lib.stride_tricks.sliding_window_view(codes, length)[::stride]


def windows_at(codes: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """Return the windows that start at given places.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    starts : int64 array, shape (windows,)
        Places in `codes`, 0-based.
    length : int
        In base pairs.

    Returns
    -------
    uint8 array, shape (windows, length)
        A view where the places are evenly spaced, else a copy.

    Raises
    ------
    IndexError
        When a window reaches beyond the sequence.
    """
    if len(starts) == 0:
        return np.empty((0, length), dtype=np.uint8)
    if starts.min() < 0 or starts.max() + length > len(codes):
        raise IndexError(
            f"windows of {length} bp from {starts.min()} to {starts.max()} leave {len(codes)} bases"
        )
    view = window_view(codes, length)
    steps = np.diff(starts)
    if len(starts) == 1 or (steps[0] > 0 and np.all(steps == steps[0])):
        stride = int(steps[0]) if len(steps) else 1
        return view[int(starts[0]) : int(starts[-1]) + 1 : stride]
    return view[starts]


def unknown_fraction(codes: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return the share of unknown bases in windows.

    Parameters
    ----------
    codes : uint8 array, shape (bases,)
    starts : int64 array, shape (windows,)
        Places in `codes`, 0-based; every window lies within.
    length : int
        In base pairs.

    Returns
    -------
    float64 array, shape (windows,)
    """
    if len(starts) == 0:
        return np.empty(0, dtype=np.float64)
    before = np.zeros(len(codes) + 1, dtype=np.int32)
    np.cumsum(codes >= UNKNOWN_BASE, dtype=np.int32, out=before[1:])
    return np.asarray((before[starts + length] - before[starts]) / length, dtype=np.float64)
