"""Rows in the order of their rank, however many: sorted in pieces on disk and merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from typing import IO, NamedTuple

_ROWS_IN_MEMORY = 5000


class _Row(NamedTuple):
    """A row, ordered by the largest size and then by the first place."""

    negative_size: float
    place: int
    text: str


class RankedRows:
    """Collects rows and yields the largest first; rows of one size in the order in which they came."""

    def __init__(self, rows_in_memory: int = _ROWS_IN_MEMORY) -> None:
        self._limit = rows_in_memory
        self._rows: list[_Row] = []
        self._pieces: list[IO[str]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, size: float, text: str) -> None:
        """Add a row; the text has no line end."""
        self._rows.append(_Row(-size, self._count, text))
        self._count += 1
        if len(self._rows) == self._limit:
            self._spill()

    def sorted(self) -> Iterator[str]:
        """Yield the rows in order, and forget them."""
        self._rows.sort()
        yield from (row.text for row in heapq.merge(*map(_read, self._pieces), self._rows))
        for piece in self._pieces:
            piece.close()
        self._rows, self._pieces = [], []

    def _spill(self) -> None:
        piece = tempfile.TemporaryFile(  # noqa: SIM115  closed when all is read
            "w+", encoding="utf-8", errors="surrogateescape", newline="\n"
        )
        piece.writelines(f"{row.negative_size!r}\t{row.place}\t{row.text}\n" for row in sorted(self._rows))
        self._pieces.append(piece)
        self._rows = []


def _read(piece: IO[str]) -> Iterator[_Row]:
    piece.seek(0)
    for line in piece:
        size, place, text = line.removesuffix("\n").split("\t", 2)
        yield _Row(float(size), int(place), text)
