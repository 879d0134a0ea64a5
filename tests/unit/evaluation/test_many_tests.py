"""Exact tests of counts in whole numbers, false discovery rates by SciPy (evaluation/many_tests)."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from dnabert_enhancer.evaluation import false_discovery_rates, hypergeometric_tail


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg() -> None:
    found = false_discovery_rates([0.01, 0.04, float("nan"), 0.03, 0.5])
    assert found[0] == pytest.approx(0.04)
    assert found[1] == found[3] == pytest.approx(0.04 * 4 / 3)
    assert np.isnan(found[2])
    assert found[4] == pytest.approx(0.5)


@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_rates_are_scipys_with_and_without_equal_p(decimals: int) -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(decimals).random(1000).round(decimals)
    assert false_discovery_rates(p).tolist() == false_discovery_control(p).tolist()


def test_no_tests_have_no_rates() -> None:
    assert false_discovery_rates([]).tolist() == []
    assert np.isnan(false_discovery_rates([math.nan, math.nan])).all()


def by_whole_numbers(found: int, marked: int, drawn: int, total: int) -> float:
    """Return the tail of the hypergeometric distribution, rounded once."""
    ways = sum(
        math.comb(marked, k) * math.comb(total - marked, drawn - k)
        for k in range(max(found, 0), min(marked, drawn) + 1)
    )
    return float(Fraction(ways, math.comb(total, drawn)))


def test_the_chance_is_that_of_whole_numbers_in_every_table_of_up_to_twelve() -> None:
    tables = [
        (found, marked, drawn, total)
        for total in range(1, 13)
        for marked in range(total + 1)
        for drawn in range(total + 1)
        for found in range(-1, min(marked, drawn) + 2)
    ]
    got = hypergeometric_tail(*np.array(tables).T)
    assert got == pytest.approx([by_whole_numbers(*table) for table in tables], rel=1e-11)


@pytest.mark.parametrize(
    "table",
    [
        (300, 1000, 2000, 10_000),  # far above the expected 200
        (199, 1000, 2000, 10_000),  # just below it: most of the distribution
        (20, 1000, 2000, 10_000),
        (3315, 3778, 4767, 6677),  # 6e-255
        (15, 40, 5000, 9999),
    ],
)
def test_the_chance_is_that_of_whole_numbers_in_large_tables(table: tuple[int, int, int, int]) -> None:
    assert hypergeometric_tail(*table)[0] == pytest.approx(by_whole_numbers(*table), rel=1e-8, abs=0)
