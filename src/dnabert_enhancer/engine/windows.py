"""Windows before the model: by length, equal ones once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

_BLOCK_BYTES = 1 << 24


class LengthGroup(NamedTuple):
    """Windows of one length.

    Attributes
    ----------
    codes : uint8 array, shape (windows, length)
        Base codes, any strides.
    places : int64 array, shape (windows,)
        Where each window stood in the input.
    """

    codes: NDArray[np.uint8]
    places: NDArray[np.int64]


def by_length(windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> list[LengthGroup]:
    """Return the windows grouped by length, the shortest first, in input order within a group.

    Raises
    ------
    InputError
        An array that is not two-dimensional, or not of base codes.
    """
    if isinstance(windows, np.ndarray):
        if windows.ndim != 2 or windows.dtype != np.uint8:
            shape = f"{windows.dtype} of shape {windows.shape}"
            raise InputError(f"windows must be base codes, uint8 of shape (windows, length), not {shape}")
        return [LengthGroup(windows, np.arange(len(windows)))] if len(windows) else []
    lengths = np.array([len(window) for window in windows], dtype=np.int64)
    groups = []
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        codes = np.stack([np.asarray(windows[int(place)], dtype=np.uint8) for place in places])
        groups.append(LengthGroup(codes, places))
    return groups


class DistinctWindows(NamedTuple):
    """Which windows must be computed, and which of them answers for each input row.

    Attributes
    ----------
    rows : int64 array, shape (distinct,)
        The first row of each distinct window, ascending.
    answers : int64 array, shape (windows,)
        Index into `rows`.
    """

    rows: NDArray[np.int64]
    answers: NDArray[np.int64]


def distinct_windows(codes: NDArray[np.uint8]) -> DistinctWindows:
    """Return the distinct rows of codes, shape (windows, length), found by a hash and then compared."""
    keys = _row_keys(codes)
    _, first, answers = np.unique(keys, return_index=True, return_inverse=True)
    representative = first[answers]
    repeated = np.flatnonzero(representative != np.arange(len(codes)))
    block = max(1, _BLOCK_BYTES // max(1, codes.shape[1]))
    for start in range(0, len(repeated), block):
        some = repeated[start : start + block]
        differs = (codes[some] != codes[representative[some]]).any(axis=1)
        representative[some[differs]] = some[differs]
    rows, answers = np.unique(representative, return_inverse=True)
    return DistinctWindows(rows, answers)


def _row_keys(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return a 64-bit key for each row: 8 codes a word, words times random odd numbers, folded."""
    count, length = codes.shape
    words = -(-length // 8)
    factors = np.random.default_rng(0x5EED).integers(1, 1 << 63, size=words, dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    keys = np.empty(count, dtype=np.uint64)
    block = max(1, _BLOCK_BYTES // max(1, words * 8))
    for start in range(0, count, block):
        part = codes[start : start + block]
        padded = np.zeros((len(part), words * 8), dtype=np.uint8)
        padded[:, :length] = part
        mixed = padded.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * factors
        mixed ^= mixed >> np.uint64(32)
        keys[start : start + block] = mixed.sum(axis=1, dtype=np.uint64)
    return keys
