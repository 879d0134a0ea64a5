"""False discovery rates (scan/scores.py), against their definition and SciPy's Benjamini-Hochberg."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from late import late

from dnabert_enhancer.scan.scores import (
    SCORE_BINS,
    automatic_null_fraction,
    count_scores,
    q_values,
    score_bins,
)

stats = late("scipy.stats")

scores = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=60)


@given(scores)
def test_bins_keep_the_order_of_scores(values: list[float]) -> None:
    ordered = np.sort(np.array(values, dtype=np.float32))
    bins = score_bins(ordered)
    assert (np.diff(bins) >= 0).all()
    assert ((bins >= 0) & (bins < SCORE_BINS)).all()


def test_bins_are_narrow_and_zero_has_no_sign() -> None:
    values = np.linspace(0.5, 30, 1000, dtype=np.float32)
    assert (score_bins(values * np.float32(1.004)) > score_bins(values)).all()
    assert score_bins(np.array([0.0]))[0] == score_bins(np.array([-0.0]))[0]
    assert score_bins(np.array([-1e-6]))[0] < score_bins(np.array([0.0]))[0]


@settings(max_examples=40)
@given(scores, scores)
def test_q_values_are_benjamini_hochberg_of_the_empirical_p_values(
    real: list[float], null: list[float]
) -> None:
    # whole numbers lie in bins of their own
    real_scores = np.rint(np.array(real)).astype(np.float32)
    null_scores = np.rint(np.array(null)).astype(np.float32)
    p = [(1 + np.count_nonzero(null_scores >= score)) / (1 + len(null_scores)) for score in real_scores]
    q = q_values(count_scores(real_scores), count_scores(null_scores))
    np.testing.assert_allclose(q[score_bins(real_scores)], stats.false_discovery_control(p), rtol=1e-12)


def test_q_values_by_hand() -> None:
    real = np.array([3, 3, 2, 1], dtype=np.float32)
    null = np.array([2, 1, 0], dtype=np.float32)
    q = q_values(count_scores(real), count_scores(null))
    # s = 3: p 1/4, 4 windows, 2 above: 0.5; s = 2: p 2/4, 3 above: 0.667; s = 1: p 3/4, 4 above: 0.75
    assert q[score_bins(np.array([3.0, 2.0, 1.0]))] == pytest.approx([0.5, 2 / 3, 0.75])


def test_no_null_gives_no_q_value() -> None:
    assert np.isnan(q_values(count_scores(np.array([1.0])), np.zeros(SCORE_BINS, np.int64))).all()


@pytest.mark.parametrize(
    ("n_windows", "expected"), [(10, 1.0), (10_000, 1.0), (40_000, 0.25), (160_000, 1 / 16), (10**8, 1 / 16)]
)
def test_the_automatic_null_is_a_sixteenth_or_ten_thousand(n_windows: int, expected: float) -> None:
    assert automatic_null_fraction(n_windows) == expected
