"""Curves: their points against scikit-learn, and thinning that keeps their shape."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation.curves import precision_recall_curve, roc_curve, thinned

reference = late("sklearn.metrics")

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 3000)
SCORES = np.round(RNG.random(3000) * 0.7 + 0.3 * LABELS, 3)


def test_roc_points_equal_scikit_learn() -> None:
    x, y, threshold = reference.roc_curve(LABELS, SCORES, drop_intermediate=False)
    ours = roc_curve(LABELS, SCORES)
    np.testing.assert_allclose(ours.x, x, atol=1e-12)
    np.testing.assert_allclose(ours.y, y, atol=1e-12)
    np.testing.assert_array_equal(ours.threshold, threshold)


def test_precision_recall_points_equal_scikit_learn() -> None:
    precision, recall, _ = reference.precision_recall_curve(LABELS, SCORES)
    ours = precision_recall_curve(LABELS, SCORES)
    np.testing.assert_allclose(ours.x[1:], recall[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(ours.y[1:], precision[:-1][::-1], atol=1e-12)
    assert (ours.x[0], ours.y[0]) == (0, 1)


def test_thinning_keeps_ends_and_area() -> None:
    curve = roc_curve(LABELS, SCORES)
    few = thinned(curve, 100)
    assert len(few.x) <= 101
    assert (few.x[0], few.y[0], few.x[-1], few.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(few.y, few.x) == pytest.approx(np.trapezoid(curve.y, curve.x), abs=2e-3)
    assert thinned(few, 200) is few
