"""Metrics of measured values against SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import AS_GIVEN, REGRESSION_METRICS, MetricKey, RegressionMetrics

stats = late("scipy.stats")
reference = late("sklearn.metrics")


def evaluate(metric_set: RegressionMetrics, weights: np.ndarray) -> dict[str, float]:
    values = metric_set.evaluate(weights[None, :])
    return {name: float(values[MetricKey(AS_GIVEN, name)][0]) for name in REGRESSION_METRICS}


@pytest.mark.parametrize("decimals", [0, 1, 12], ids=["many ties", "ties", "no ties"])
def test_equals_scipy_on_resampled_rows(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    measured = np.round(rng.normal(size=300), decimals)
    predicted = np.round(0.5 * measured + rng.normal(size=300), decimals)
    metric_set = RegressionMetrics(measured, predicted)
    for weights in (np.ones(300), rng.integers(0, 4, 300).astype(float)):
        rows = np.repeat(np.arange(300), weights.astype(int))
        y, f = measured[rows], predicted[rows]
        expected = {
            "pearson": stats.pearsonr(y, f).statistic,
            "spearman": stats.spearmanr(y, f).statistic,
            "rmse": reference.root_mean_squared_error(y, f),
            "r2": reference.r2_score(y, f),
        }
        assert evaluate(metric_set, weights) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("constant", [2.0, 0.1, 1 / 3, -1e100, 1e-100])
def test_a_constant_has_no_correlation(constant: float) -> None:
    """Also one whose mean is rounded: the mean of three times 0.1 is not 0.1."""
    varying, constants = np.array([1.0, 2.0, 3.0]), np.full(3, constant)
    of_constant = evaluate(RegressionMetrics(varying, constants), np.ones(3))
    assert np.isnan([of_constant["pearson"], of_constant["spearman"]]).all()
    for predicted in (varying, constants):
        values = evaluate(RegressionMetrics(constants, predicted), np.ones(3))
        assert np.isnan([values["pearson"], values["spearman"], values["r2"]]).all()


def test_the_mean_of_the_labels_as_prediction_has_no_r2() -> None:
    assert evaluate(RegressionMetrics([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), np.ones(3))["r2"] == 0
