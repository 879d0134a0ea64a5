"""Metrics of several classes against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import AS_GIVEN, MetricKey, MulticlassMetrics

reference = late("sklearn.metrics")


def value_of(metric_set: MulticlassMetrics, name: str, weights: np.ndarray | None = None) -> float:
    given = np.ones(len(metric_set.strata)) if weights is None else weights
    return float(metric_set.evaluate(given[None, :])[MetricKey(AS_GIVEN, name)][0])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("classes", "decimals"), [(3, 1), (3, 15), (6, 2)])
def test_equals_scikit_learn(classes: int, decimals: int, weighted: bool) -> None:
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, 500)
    raw = np.round(rng.random((500, classes)) + 0.4 * np.eye(classes)[labels], decimals) + 1e-3
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    called = probabilities.argmax(axis=1)
    weights = rng.integers(0, 4, 500).astype(float) if weighted else np.ones(500)
    metric_set = MulticlassMetrics(labels, probabilities)
    keywords = {"sample_weight": weights}
    expected = {
        "accuracy": reference.accuracy_score(labels, called, **keywords),
        "macro_precision": reference.precision_score(labels, called, average="macro", **keywords),
        "macro_recall": reference.recall_score(labels, called, average="macro", **keywords),
        "macro_f1": reference.f1_score(labels, called, average="macro", **keywords),
        "mcc": reference.matthews_corrcoef(labels, called, **keywords),
        "macro_auroc": reference.roc_auc_score(labels, probabilities, multi_class="ovr", **keywords),
    }
    for name, number in expected.items():
        assert value_of(metric_set, name, weights) == pytest.approx(number, abs=1e-12), name


def test_a_class_that_does_not_occur_is_left_out_of_averages() -> None:
    probabilities = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.2, 0.3, 0.5]]
    metric_set = MulticlassMetrics([0, 1, 1], probabilities)
    assert value_of(metric_set, "macro_recall") == pytest.approx((1 + 1 / 2) / 2)
    assert value_of(metric_set, "macro_auroc") == pytest.approx(1.0)


def test_calibration_error_of_the_called_class_by_hand() -> None:
    metric_set = MulticlassMetrics([0, 1], [[0.81, 0.19, 0.0], [0.84, 0.16, 0.0]])
    assert value_of(metric_set, "ece") == pytest.approx(abs(0.5 - 0.825))


def test_labels_beyond_the_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        MulticlassMetrics([0, 2], [[0.5, 0.5], [0.5, 0.5]])
