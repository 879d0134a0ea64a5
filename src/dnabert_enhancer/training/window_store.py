"""Many sequences as one flat array of base codes, cut to (shifted, reversed) windows by index arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE, reverse_complement


class WindowGroup(NamedTuple):
    """Windows of one length out of a batch.

    Attributes
    ----------
    positions : int64[m]
        Which rows of the batch they are.
    codes : uint8[m, L]
        Their base codes.
    """

    positions: NDArray[np.int64]
    codes: NDArray[np.uint8]


class WindowStore:
    """Sequences from which windows are cut around their centres.

    Parameters
    ----------
    sequences : uint8[n, L] or sequence of uint8[...]
        Base codes.
    window_length : int, optional
        Longest window in bp; a shorter sequence is a window as it is. Default: no limit.
    """

    def __init__(
        self, sequences: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], window_length: int | None = None
    ) -> None:
        if isinstance(sequences, np.ndarray) and sequences.ndim == 2:
            self._flat = np.ascontiguousarray(sequences, dtype=np.uint8).reshape(-1)
            sizes = np.full(len(sequences), sequences.shape[1], dtype=np.int64)
        else:
            self._flat = np.concatenate([np.zeros(0, np.uint8), *sequences])
            sizes = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        self._offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        self.lengths: NDArray[np.int64] = sizes if window_length is None else np.minimum(sizes, window_length)
        self.cropped = int((sizes > self.lengths).sum())
        self._starts = self._offsets[:-1] + (sizes - self.lengths) // 2

    def __len__(self) -> int:
        return len(self.lengths)

    def all_windows(self) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
        """Return all windows: ``uint8[n, L]``, or a list of ``uint8[...]`` where lengths differ."""
        groups = self.windows(np.arange(len(self)))
        if len(groups) == 1:
            return groups[0].codes
        rows = [
            (int(row), codes)
            for group in groups
            for row, codes in zip(group.positions, group.codes, strict=True)
        ]
        return [codes for _, codes in sorted(rows, key=lambda entry: entry[0])]

    def windows(
        self,
        rows: NDArray[np.int64],
        shift: NDArray[np.int64] | None = None,
        reverse: NDArray[np.bool_] | None = None,
    ) -> list[WindowGroup]:
        """Return the windows of some rows, grouped by their length.

        Parameters
        ----------
        rows : int64[b]
            Which sequences.
        shift : int64[b], optional
            Move each window by so many bp to the right; where the sequence ends, bases are unknown.
        reverse : bool[b], optional
            Which windows to give as their reverse complement.
        """
        lengths = self.lengths[rows]
        groups = []
        for length in np.unique(lengths).tolist():
            positions = np.flatnonzero(lengths == length)
            chosen = rows[positions]
            starts = self._starts[chosen]
            if shift is not None:
                starts = starts + shift[positions]
            index = starts[:, None] + np.arange(length)
            codes = self._flat.take(index, mode="clip")
            if shift is not None and shift.any():
                outside = (index < self._offsets[chosen, None]) | (index >= self._offsets[chosen + 1, None])
                codes[outside] = UNKNOWN_BASE
            if reverse is not None:
                turned = reverse[positions]
                codes[turned] = reverse_complement(codes[turned])
            groups.append(WindowGroup(positions, codes))
        return groups
