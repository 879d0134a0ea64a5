"""`Gaps`: where a genome has no known bases, and its digest, found once and kept beside the FASTA."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines, sha256_of

if TYPE_CHECKING:

    class _Genome(Protocol):
        @property
        def contig_sizes(self) -> Mapping[str, int]: ...
        def fetch(self, contig: str, start: int, end: int) -> bytes: ...


GAPS_ENDING = ".gaps.bed"
"""Of the file beside a FASTA, after its whole name."""
_SHORTEST = 1000
_PIECE = 1 << 22


@dataclass(frozen=True, eq=False)
class Gaps:
    """Runs of 1,000 N or more of a genome.

    Attributes
    ----------
    sha256 : str
        Digest of the FASTA's bytes as they lie on disk.
    size : int
        Its bytes.
    runs : mapping of str to int64[n, 2]
        0-based half-open start and end of each run, sorted, by contig; contigs without a run are left out.
    """

    sha256: str
    size: int
    runs: Mapping[str, NDArray[np.int64]]

    def known_before(self, contig: str, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many bases before 0-based positions of a contig are in no gap."""
        runs = self.runs.get(contig)
        if runs is None:
            return positions.copy()
        lengths = np.concatenate([[0], np.cumsum(runs[:, 1] - runs[:, 0])])
        begun = np.searchsorted(runs[:, 0], positions, side="right")
        last_end = np.concatenate([[0], runs[:, 1]])[begun]
        unknown = lengths[begun] - np.maximum(last_end - positions, 0)
        known: NDArray[np.int64] = positions - unknown
        return known

    def lines(self) -> Iterator[str]:
        """Yield them as a BED, below a line of JSON about the FASTA."""
        yield "#" + json.dumps({"sha256": self.sha256, "bytes": self.size}) + "\n"
        for contig, runs in self.runs.items():
            for start, end in runs.tolist():
                yield f"{contig}\t{start}\t{end}\n"


def find_gaps(genome: _Genome, path: str | os.PathLike[str]) -> Gaps:
    """Find the gaps of a genome, whose FASTA is read once for its digest and once for its bases.

    Parameters
    ----------
    genome : Genome
    path : path
        The FASTA that is digested.
    """
    runs = {}
    for contig, size in genome.contig_sizes.items():
        found = _runs_of(genome, contig, size)
        if len(found):
            runs[contig] = found
    return Gaps(sha256_of(path), Path(path).stat().st_size, runs)


def gaps_beside(path: str | os.PathLike[str]) -> Gaps | None:
    """Return what is kept beside a FASTA; None without it, and where the FASTA is newer or of another size.

    Raises
    ------
    InputError
        A file that cannot be read.
    """
    fasta, kept = Path(path), Path(f"{os.fspath(path)}{GAPS_ENDING}")
    if not kept.is_file() or not fasta.is_file() or kept.stat().st_mtime_ns < fasta.stat().st_mtime_ns:
        return None
    places: dict[str, list[tuple[int, int]]] = {}
    try:
        (_, first), *lines = read_text_lines(kept)
        facts = json.loads(first.removeprefix("#"))
        for _, line in lines:
            contig, start, end = line.split("\t")
            places.setdefault(contig, []).append((int(start), int(end)))
        found = Gaps(
            str(facts["sha256"]),
            int(facts["bytes"]),
            {contig: np.array(runs, dtype=np.int64) for contig, runs in places.items()},
        )
    except (ValueError, KeyError, TypeError):
        raise InputError(
            "cannot be read", source=kept, remedy="remove it, or make it again with index-genome"
        ) from None
    return found if found.size == fasta.stat().st_size else None


def _runs_of(genome: _Genome, contig: str, size: int) -> NDArray[np.int64]:
    """Return the runs of N of a contig, those that go on from piece to piece in one."""
    edges = [np.zeros(0, dtype=np.int64)]
    inside = False
    for start in range(0, size, _PIECE):
        letters = np.frombuffer(genome.fetch(contig, start, min(start + _PIECE, size)), dtype=np.uint8)
        unknown = (letters | 0x20) == ord("n")
        edges.append(np.flatnonzero(np.diff(unknown, prepend=inside)) + start)
        inside = bool(unknown[-1])
    if inside:
        edges.append(np.array([size], dtype=np.int64))
    runs = np.concatenate(edges).reshape(-1, 2)
    return runs[runs[:, 1] - runs[:, 0] >= _SHORTEST]
