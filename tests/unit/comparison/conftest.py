"""Small sets of elements, made by hand, and the truth by sets of bases."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.comparison import EffectiveGenome, Elements, MappedElements, element_frame
from dnabert_enhancer.genome import region_frame

Rows = Iterable[tuple[str, int, int]]


def make_elements(rows: Rows, contigs: list[str], scores: list[float] | None = None) -> Elements:
    given = list(rows)
    columns = (
        [contigs.index(row[0]) for row in given],
        [row[1] for row in given],
        [row[2] for row in given],
        [f"e{index}" for index in range(len(given))],
        scores if scores is not None else [np.nan] * len(given),
        range(1, len(given) + 1),
    )
    return Elements(element_frame(contigs, *columns))


def table(rows: Rows, sizes: dict[str, int]) -> pd.DataFrame:
    given = list(rows)
    columns = ([row[column] for row in given] for column in range(3))
    return region_frame(*columns, contigs=sizes)


@pytest.fixture
def elements() -> Callable[..., Elements]:
    return make_elements


@pytest.fixture
def effective_of() -> Callable[..., EffectiveGenome]:
    """Return a function that makes a space of sizes, scanned rows and gap rows."""

    def make(sizes: dict[str, int], scanned: Rows | None = None, gaps: Rows | None = None) -> EffectiveGenome:
        return EffectiveGenome(
            sizes,
            None if scanned is None else table(scanned, sizes),
            None if gaps is None else table(gaps, sizes),
        )

    return make


@pytest.fixture
def placed() -> Callable[..., MappedElements]:
    """Return a function that places rows in a space."""

    def place(effective: EffectiveGenome, rows: Rows, scores: list[float] | None = None) -> MappedElements:
        return effective.map(make_elements(rows, effective.contigs, scores))

    return place
