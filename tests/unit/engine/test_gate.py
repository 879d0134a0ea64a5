"""The gate: figures worked out by hand, and what passes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Agreement, agreement
from dnabert_enhancer.model import ModelCard, Threshold

CARD = ModelCard("m", 200, k=6, thresholds={"default": Threshold(0.75, "by hand")})


def outputs(*odds: float) -> NDArray[np.float32]:
    return np.array([[0.0, math.log(value)] for value in odds], np.float32)


def test_equal_outputs_agree_wholly() -> None:
    same = outputs(1, 3, 9)
    assert agreement(same, same, CARD) == Agreement(3, 0.0, 1.0, 1.0)
    assert agreement(same, same, CARD).passes


def test_mean_change_and_jaccard_by_hand() -> None:
    # probabilities 0.5 0.75 0.9 0.8 become 0.5 0.5 0.9 0.9: calls 2 of the 3 that either makes
    found = agreement(outputs(1, 3.0001, 9, 4), outputs(1, 1, 9, 9), CARD)
    assert found.mean_change == pytest.approx((0.25 + 0.1) / 4, abs=1e-5)
    assert found.jaccard == pytest.approx(2 / 3)
    assert not found.passes


def test_expected_calls_pair_every_window_with_every_change() -> None:
    # odds 4 and 2.5 times 0.5 or 1.5, threshold at odds 3: 4 becomes 2 or 6, 2.5 becomes 1.25 or 3.75;
    # of 4 pairs two are called before and two after, one of them by both
    found = agreement(outputs(4, 2.5), outputs(2, 3.75), CARD)
    assert found.expected_jaccard == pytest.approx(1 / 3)


def test_nothing_called_is_full_agreement() -> None:
    assert agreement(outputs(1, 2), outputs(1.001, 2.001), CARD).passes


def test_outputs_that_are_no_numbers_never_pass() -> None:
    assert not agreement(outputs(1, 2), np.full((2, 2), np.nan, np.float32), CARD).passes


@pytest.mark.parametrize(
    ("mean_change", "jaccard", "expected", "passes"),
    [(0.01, 0.97, 0.97, True), (0.0101, 1, 1, False), (0, 0.969, 1, False), (0, 1, 0.969, False)],
)
def test_the_limits(mean_change: float, jaccard: float, expected: float, passes: bool) -> None:
    assert Agreement(100, mean_change, jaccard, expected).passes is passes


def test_several_classes_compare_the_likeliest() -> None:
    card = ModelCard("m", 200, ("a", "b", "c"), task="multiclass", k=6)
    exact = np.array([[3, 0, 0], [0, 3, 0]], np.float32)
    found = agreement(exact, np.array([[3, 0, 0], [0, 0, 3]], np.float32), card)
    assert found.jaccard == 0.5


def test_a_regression_is_compared_in_standard_deviations() -> None:
    card = ModelCard("m", 200, ("activity",), task="regression", k=6)
    exact = np.array([[0.0], [2.0]], np.float32)  # standard deviation 1
    assert agreement(exact, exact + np.float32(0.25), card).mean_change == pytest.approx(0.25)


def test_the_report_is_plain_json() -> None:
    import json

    report = agreement(outputs(1, 4), outputs(1, 4), CARD).report()
    assert json.loads(json.dumps(report)) == report
