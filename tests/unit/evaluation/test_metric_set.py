"""Bootstrap intervals: the same numbers as a plain loop, and the coverage they promise."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import (
    AS_GIVEN,
    BinaryMetrics,
    MetricKey,
    RegressionMetrics,
    estimate,
    paired_estimates,
)
from dnabert_enhancer.evaluation.metric_set import resample_weights

metrics = late("sklearn.metrics")


def test_resamples_keep_the_size_of_every_class_and_the_seed() -> None:
    strata = np.array([0, 1, 1, 0, 2, 1])
    weights = np.concatenate(list(resample_weights(strata, 50, seed=3)))
    assert weights.shape == (50, 6)
    for group, size in ((0, 2), (1, 3), (2, 1)):
        np.testing.assert_array_equal(weights[:, strata == group].sum(axis=1), size)
    np.testing.assert_array_equal(weights, np.concatenate(list(resample_weights(strata, 50, seed=3))))
    assert (weights != np.concatenate(list(resample_weights(strata, 50, seed=4)))).any()


def test_resamples_of_many_rows_come_in_blocks() -> None:
    strata = np.zeros(400_000, dtype=np.int64)
    sizes = [len(block) for block in resample_weights(strata, 5, seed=0)]
    assert sizes == [2, 2, 1]


def test_interval_equals_a_loop_over_resampled_rows() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [60, 30])
    scores = np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), 2)
    found = estimate(BinaryMetrics(labels, scores), resamples=200, seed=11)
    weights = np.concatenate(list(resample_weights(labels, 200, seed=11))).astype(int)
    rows = [np.repeat(np.arange(90), count) for count in weights]
    for name, function in (("auroc", metrics.roc_auc_score), ("auprc", metrics.average_precision_score)):
        expected = np.quantile([function(labels[row], scores[row]) for row in rows], [0.025, 0.975])
        value, low, high = found[MetricKey(AS_GIVEN, name)]
        assert (low, high) == pytest.approx(tuple(expected), abs=1e-12)
        assert low < value < high


def test_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(1)
    truth = 0.7602499389065233  # of unit normals one apart: Phi(1 / sqrt(2))
    covered = 0
    for _ in range(300):
        labels = np.repeat([0, 1], 100)
        scores = 1 / (1 + np.exp(-rng.normal(labels)))
        interval = estimate(BinaryMetrics(labels, scores, prevalences={}), resamples=200, seed=0)
        low, high = interval[MetricKey(AS_GIVEN, "auroc")][1:]
        covered += low <= truth <= high
    assert 0.91 <= covered / 300 <= 0.98


def test_no_resamples_give_no_interval() -> None:
    value, low, high = estimate(BinaryMetrics([0, 1], [0.1, 0.9]), resamples=0)[MetricKey(AS_GIVEN, "auroc")]
    assert value == 1
    assert np.isnan([low, high]).all()


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 200)
    scores = np.clip(rng.normal(0.4 + 0.1 * labels, 0.15), 0, 1)
    better = np.clip(scores + 0.05 * labels, 0, 1)
    both = paired_estimates(
        [BinaryMetrics(labels, scores), BinaryMetrics(labels, better)], resamples=300, seed=0
    )
    key = MetricKey(AS_GIVEN, "auroc")
    alone = [both.estimates[i][key] for i in (0, 1)]
    difference = both.differences[1][key]
    assert difference.value == pytest.approx(alone[1].value - alone[0].value)
    assert difference.low > 0  # though the two intervals overlap
    assert alone[1].low < alone[0].high
    assert both.differences[0][key] == (0, 0, 0)


def test_each_prediction_is_compared_with_those_before_it() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 200)
    scores = np.clip(rng.normal(0.4 + 0.1 * labels, 0.15), 0, 1)
    better = np.clip(scores + 0.05 * labels, 0, 1)
    shuffled = np.clip(scores + rng.normal(0, 1e-3, 400), 0, 1)
    sets = [BinaryMetrics(labels, values) for values in (scores, better, shuffled)]
    found = paired_estimates(sets, resamples=99, seed=0)
    key = MetricKey(AS_GIVEN, "auroc")
    assert [len(row) for row in found.against] == [0, 1, 2]
    assert found.against[1][0][key][:3] == found.differences[1][key]
    # no resample reaches 0: 2 (1 + 0) / (1 + 99)
    assert found.against[1][0][key].p == 0.02
    assert found.against[2][1][key].value == pytest.approx(
        found.estimates[2][key].value - found.estimates[1][key].value
    )
    assert found.against[2][1][key].p == 0.02
    assert found.against[2][0][key].p > 0.1
    # the p of a prediction compared with itself is 1
    same = paired_estimates(sets[:1] * 2, resamples=99, seed=0)
    assert same.against[1][0][key] == (0, 0, 0, 1)
    assert np.isnan(paired_estimates(sets, resamples=0).against[1][0][key].p)


def test_predictions_of_different_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="different rows"):
        paired_estimates([BinaryMetrics([0, 1], [0.1, 0.9]), BinaryMetrics([1, 0], [0.1, 0.9])])


def test_regression_is_resampled_as_a_whole() -> None:
    found = estimate(RegressionMetrics(np.arange(50.0), np.arange(50.0) ** 2), resamples=100, seed=0)
    value, low, high = found[MetricKey(AS_GIVEN, "pearson")]
    assert low < value < high
    assert found[MetricKey(AS_GIVEN, "spearman")] == pytest.approx((1, 1, 1))
