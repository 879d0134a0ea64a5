"""The benchmark of growth: exponents of times that are known, and every command's words."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dnabert_enhancer.commands.cli import build_parser

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SIZES = (100, 1000, 10_000)


@pytest.fixture(scope="module")
def growth() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("growth")
    sys.path.remove(str(BENCHMARKS))
    for name in ("growth", "child"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("seconds", "start", "exponent"),
    [
        ([1.001, 1.01, 1.1], 1.0, 1.0),  # 1e-5 a row
        ([1.001, 1.1, 11.0], 1.0, 2.0),  # 1e-7 a pair of rows
        ([0.3, 0.6, 0.9], 0.0, 0.24),  # by logarithms: no power fits well, and none is steep
    ],
)
def test_the_exponent_is_that_of_the_times(
    growth: ModuleType, seconds: list[float], start: float, exponent: float
) -> None:
    found = growth.growth_of(SIZES, [growth.Cost(one, one, 100 << 20) for one in seconds])
    assert found.exponent == pytest.approx(exponent, abs=0.03)
    assert found.start == pytest.approx(start, abs=0.02)
    assert found.memory == 1


def test_a_table_names_what_is_steep_and_what_is_not_flat(growth: ModuleType) -> None:
    case = growth.Case("x", "rows", "", SIZES, "", is_flat=True)
    costs = [growth.Cost(s, s, m << 20) for s, m in ((1.001, 50), (1.1, 60), (11.0, 90))]
    line = growth.row(case, dict(zip(SIZES, costs, strict=True)))
    assert line == (
        "| `x` | 100, 1,000, 10,000 rows | 1.00, 1.10, 11.00 | 2.00 (steep) | 50, 60, 90 | 1.50 (not flat) |"
    )
    still = [growth.Cost(s, s, 50 << 20) for s in (1.0, 0.9, 1.7)]
    assert "| 1.00, 0.90, 1.70 | mostly start |" in growth.row(case, dict(zip(SIZES, still, strict=True)))


def test_the_words_of_every_case_are_options_of_its_command(growth: ModuleType) -> None:
    for case in growth.CASES:
        words = case.words.split()
        if words[0] != "-c":
            known = build_parser(words[0])._option_string_actions
            assert [word for word in words if word.startswith("--") and word not in known] == []
