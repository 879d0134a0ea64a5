"""The parts in which a panel's block becomes rows of text."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from dnabert_enhancer.variants import panel as panel_module
from dnabert_enhancer.variants.effect import OUTCOMES
from dnabert_enhancer.variants.output_rows import Place
from dnabert_enhancer.variants.panel import PanelBlock


def block_of(alleles: int, models: int) -> tuple[PanelBlock, list[Place]]:
    outcomes = np.zeros((alleles, models), OUTCOMES)
    outcomes["p_ref"] = np.arange(alleles)[:, None] + np.arange(models) / 100
    skips = np.zeros((alleles, models), np.uint8)
    deviations = outcomes["p_ref"].astype(np.float32)
    return PanelBlock(skips, outcomes, deviations), [
        Place("20", row + 1, ".", "A", "C") for row in range(alleles)
    ]


@pytest.mark.parametrize(
    ("models", "sizes"), [(3, [3, 3, 1]), (4, [2, 2, 2, 1]), (10, [1] * 7), (11, [1] * 7), (1, [7])]
)
def test_parts_have_at_most_so_many_rows_or_one_allele(
    models: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_module, "MOST_ROWS", 10)
    block, places = block_of(7, models)
    parts = list(block.parts(places))
    assert [len(some) for _, some in parts] == sizes
    assert [place.position for _, some in parts for place in some] == [1, 2, 3, 4, 5, 6, 7]
    for name, axis in (
        ("skips", block.skips),
        ("outcomes", block.outcomes),
        ("deviations", block.deviations),
    ):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part, _ in parts]), axis)


def test_a_long_allele_does_not_make_each_row_as_long() -> None:
    block, places = block_of(2, 1000)
    places[1] = places[1]._replace(ref="A" * 100_000)
    tracemalloc.start()
    try:
        columns = block.columns([f"TF{number}" for number in range(1000)], places)
        assert tracemalloc.get_traced_memory()[1] < 5e6  # 2,000 rows of 400 kB, as they would be, are 800 MB
    finally:
        tracemalloc.stop()
    assert columns["reference_nucleotide"][999:1001].tolist() == ["A", "A" * 100_000]
    assert columns["pos"][999:1001].tolist() == [1, 2]
