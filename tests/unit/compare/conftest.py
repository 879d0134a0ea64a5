"""Small sets of elements, made by hand, and the truth by sets of bases."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from dnabert_enhancer.compare import Elements, Placed, Space
from dnabert_enhancer.genome import IntervalTable
from dnabert_enhancer.genome.interval import Interval

Rows = Iterable[tuple[str, int, int]]


def make_elements(rows: Rows, contigs: list[str], scores: list[float] | None = None) -> Elements:
    given = list(rows)
    number = {name: index for index, name in enumerate(contigs)}
    return Elements(
        contigs,
        np.array([number[row[0]] for row in given], dtype=np.int32),
        np.array([row[1] for row in given], dtype=np.int64),
        np.array([row[2] for row in given], dtype=np.int64),
        [f"e{index}" for index in range(len(given))],
        np.arange(len(given)),
        np.array(scores if scores is not None else [np.nan] * len(given), dtype=np.float64),
        np.arange(1, len(given) + 1, dtype=np.int64),
    )


def table(rows: Rows, sizes: dict[str, int]) -> IntervalTable:
    found = IntervalTable.from_intervals(Interval(*row) for row in rows)
    index = np.array([list(sizes).index(found.contigs[i]) for i in found.contig_index], dtype=np.int32)
    return IntervalTable(
        list(sizes),
        index,
        found.start,
        found.end,
        found.lines,
        found.strand_index,
        found.name_column,
        found.score_column,
    )


@pytest.fixture
def elements() -> Callable[..., Elements]:
    return make_elements


@pytest.fixture
def space_of() -> Callable[..., Space]:
    """Return a function that makes a space of sizes, scanned rows and gap rows."""

    def make(sizes: dict[str, int], scanned: Rows | None = None, gaps: Rows | None = None) -> Space:
        return Space(
            sizes,
            None if scanned is None else table(scanned, sizes),
            None if gaps is None else table(gaps, sizes),
        )

    return make


@pytest.fixture
def placed() -> Callable[..., Placed]:
    """Return a function that places rows in a space."""

    def place(space: Space, rows: Rows, scores: list[float] | None = None) -> Placed:
        return space.place(make_elements(rows, space.contigs, scores))

    return place
