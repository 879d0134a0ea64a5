"""Score files put together: every shard of one scan, exactly once, made with equal settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan.grid import ScanGrid
from dnabert_enhancer.scan.score_file import ScoreFile
from dnabert_enhancer.scan.shards import check_all_shards

ENGINE_SETTINGS = ("backend", "device", "precision")


class Scores:
    """The scores of a whole scan, from one file or from all of its shards.

    Parameters
    ----------
    files : sequence of ScoreFile
        In any order.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their scores depend on.
    """

    def __init__(self, files: Sequence[ScoreFile]) -> None:
        if not files:
            raise InputError("there are no scores to merge", remedy="give what `predict --shard` wrote")
        self._files = sorted(files, key=lambda file: file.header.shard)
        self._check_settings()
        self._check_shards()
        first = max(self._files, key=lambda file: file.header.counts.get("scored", 0)).header
        self.settings = first.settings
        self.calls = dict(first.calls)
        self.engine = first.engine
        self.grid: ScanGrid = self._files[0].grid()
        self._check_windows()
        self.largest = max(file.header.largest for file in self._files)
        self.scored_counts = sum_counts(file.scored_counts for file in self._files)
        self.null_counts = sum_counts(file.null_counts for file in self._files)

    @property
    def n_shards(self) -> int:
        """How many files there are."""
        return len(self._files)

    def total(self, what: str) -> dict[str, float]:
        """Return the sums over the files of ``"counts"`` or ``"seconds"``."""
        sums: dict[str, float] = {}
        for file in self._files:
            for name, number in getattr(file.header, what).items():
                sums[name] = sums.get(name, 0) + number
        return sums

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the number of the first window and float32[n, 2] (rank, score) of each block, in order."""
        for file in self._files:
            first = file.header.windows[0]
            for block in file.blocks(self.grid.block_windows):
                yield first, block
                first += len(block)

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def _check_settings(self) -> None:
        # a shard in which nothing could be scored never asked the engine to choose
        used = [file for file in self._files if file.header.counts.get("scored")] or self._files
        reference = used[0]
        for file in self._files:
            ignored = () if file in used else ENGINE_SETTINGS
            for part in ("settings", "calls"):
                ours: dict[str, Any] = getattr(file.header, part)
                theirs: dict[str, Any] = getattr(reference.header, part)
                for name in sorted((set(ours) | set(theirs)).difference(ignored)):
                    if ours.get(name) != theirs.get(name):
                        raise InputError(
                            f"its {name} is {ours.get(name)!r}, but {theirs.get(name)!r} in {reference.name}",
                            source=file.name,
                            remedy="run all shards with the same input and options (give --backend, --device "
                            "and --precision by name on machines that differ)",
                        )

    def _check_shards(self) -> None:
        check_all_shards([(file.name, file.header.shard) for file in self._files])

    def _check_windows(self) -> None:
        expected = 0
        for file in self._files:
            first, last = file.header.windows
            if first != expected or last < first:
                raise InputError(
                    f"its windows {first}-{last} do not follow window {expected}", source=file.name
                )
            expected = last
        if expected != self.grid.n_windows:
            raise InputError(
                f"{expected} windows, but the scan has {self.grid.n_windows}", source=self._files[-1].name
            )


def sum_counts(counts: Iterator[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the sum of arrays of counts."""
    total = next(counts).copy()
    for more in counts:
        total += more
    return total
