"""What the page reads of a run's track: contigs, and the distribution of its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyBigWig
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

_BIGWIG = (bytes.fromhex("26fc8f88"), bytes.fromhex("888ffc26"))
_PIECE, _MOST_BASES = 10_000, 20_000_000
_REMEDY = "run the command again"


def track_contigs(path: Path) -> dict[str, int]:
    """Return a track's contigs with their lengths."""
    with _opened(path) as track:
        return _lengths(track)


def track_scores(path: Path) -> tuple[dict[str, int], NDArray[np.float64], int]:
    """Return a track's contigs with their lengths, scores of bases, and of how many they were read.

    Of long genomes the scores are those of pieces of 10,000 bases, evenly spread, 20 Mb in all.
    """
    try:
        with _opened(path) as track:
            contigs = _lengths(track)
            pieces = [
                (name, start, min(start + _PIECE, length))
                for name, length in sorted(contigs.items())
                for start in range(0, length, _PIECE)
            ]
            step = max(1, -(-len(pieces) * _PIECE // _MOST_BASES))
            parts = [track.values(*piece, numpy=True) for piece in pieces[::step]]
    except RuntimeError as error:
        raise InputError(f"the track cannot be read ({error})", source=path, remedy=_REMEDY) from None
    values = np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)
    values = values[np.isfinite(values)]
    return contigs, values, len(values)


def _opened(path: Path) -> Any:  # pyBigWig has no types
    with path.open("rb") as stream:  # pyBigWig itself would print, too
        if stream.read(4) not in _BIGWIG:
            raise InputError("this is no bigWig file", source=path, remedy=_REMEDY)
    try:
        return pyBigWig.open(str(path))
    except RuntimeError as error:
        raise InputError(f"the track cannot be read ({error})", source=path, remedy=_REMEDY) from None


def _lengths(track: Any) -> dict[str, int]:
    return {str(name): int(length) for name, length in track.chroms().items()}
