"""Ranked rows."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.variants.results import RankedRows


@pytest.mark.parametrize("in_memory", [2, 7, 1000])
def test_rows_are_ranked_whatever_fits_into_memory(in_memory: int) -> None:
    sizes = np.random.default_rng(0).integers(0, 20, 100).tolist()
    rows = RankedRows(in_memory)
    for place, size in enumerate(sizes):
        rows.add(size / 7, f"row {place}\twith ü")
    expected = sorted(range(100), key=lambda place: (-sizes[place], place))
    assert list(rows.sorted()) == [f"row {place}\twith ü" for place in expected]
