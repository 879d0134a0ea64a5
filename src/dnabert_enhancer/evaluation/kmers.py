"""Counts of k-mers in windows, as a sparse matrix: the features of the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAXIMUM_K = 8
_ROWS_AT_ONCE = 8192
_BASES = 4


def canonical_columns(k: int) -> NDArray[np.int32]:
    """Return the column of every k-mer when a k-mer and its reverse complement are one.

    Parameters
    ----------
    k : int
        Length of the k-mers, 1 to 8.

    Returns
    -------
    int32[4**k]
        For the k-mer with number ``sum(base_i * 4**(k - 1 - i))`` its column, from 0, in the order of the
        smaller number of the two.
    """
    _check(k)
    number = np.arange(_BASES**k)
    reverse = np.zeros_like(number)
    rest = number.copy()
    for _ in range(k):
        reverse = reverse * _BASES + (_BASES - 1 - rest % _BASES)
        rest //= _BASES
    _, column = np.unique(np.minimum(number, reverse), return_inverse=True)
    return column.astype(np.int32)


def kmer_counts(
    codes: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], k: int = 6, *, canonical: bool = True
) -> csr_matrix:
    """Count the k-mers of each window; those with an unknown base are left out.

    Parameters
    ----------
    codes : uint8[n, length], or a sequence of n arrays uint8[length_i]
        Base codes as `sequence.encode_bases` gives them (A 0, C 1, G 2, T 3, anything else unknown).
    k : int
        Length of the k-mers, 1 to 8.
    canonical : bool
        Count a k-mer and its reverse complement in one column, so that both strands of a window look the
        same.

    Returns
    -------
    scipy.sparse.csr_matrix, float32[n, columns]
        4**k columns, or (4**k + palindromes) / 2 when canonical: 2,080 for k = 6.
    """
    from scipy.sparse import csr_matrix, vstack

    columns = canonical_columns(k) if canonical else np.arange(_BASES**k, dtype=np.int32)
    width = int(columns.max()) + 1
    blocks = [
        _counts_of_block(_as_block(codes[first : first + _ROWS_AT_ONCE]), k, columns, width)
        for first in range(0, len(codes), _ROWS_AT_ONCE)
    ]
    if not blocks:
        return csr_matrix((0, width), dtype=np.float32)
    return blocks[0] if len(blocks) == 1 else vstack(blocks, format="csr")


def _counts_of_block(block: NDArray[np.uint8], k: int, columns: NDArray[np.int32], width: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    places = max(block.shape[1] - k + 1, 0)
    number = np.zeros((len(block), places), dtype=np.int32)
    known = np.ones((len(block), places), dtype=bool)
    for offset in range(k):
        base = block[:, offset : offset + places]
        known &= base < _BASES
        number *= _BASES
        number += base & (_BASES - 1)
    row_ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    indices = columns[number[known]]
    counts = csr_matrix(
        (np.ones(len(indices), dtype=np.float32), indices, row_ends), shape=(len(block), width)
    )
    counts.sum_duplicates()
    return counts


def _as_block(windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return windows as one array, the shorter ones filled up with unknown bases."""
    if isinstance(windows, np.ndarray):
        return windows
    block = np.full((len(windows), max(map(len, windows), default=0)), _BASES, dtype=np.uint8)
    for row, window in zip(block, windows, strict=True):
        row[: len(window)] = window
    return block


def _check(k: int) -> None:
    if not 1 <= k <= MAXIMUM_K:
        raise ValueError(f"k-mers of {k} bp cannot be counted; k is 1 to {MAXIMUM_K}")
