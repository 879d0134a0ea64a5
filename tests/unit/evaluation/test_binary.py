"""Metrics of two classes (evaluation/binary, evaluation/ranked_scores) against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from late import late
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import (
    AS_GIVEN,
    BINARY_METRICS,
    PREVALENCES,
    BinaryMetrics,
    MetricKey,
    binary_metrics,
    expected_calibration_error,
)

reference = late("sklearn.metrics")


def example(
    n: int, decimals: int, seed: int, share: float = 0.5
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(np.int64)
    labels[:2] = (0, 1)
    return labels, np.round(np.clip(0.25 * labels + 0.75 * rng.random(n), 0, 1), decimals)


def from_scikit_learn(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    threshold: float,
    weights: NDArray[np.float64] | None = None,
) -> dict[str, float]:
    called = probabilities >= threshold
    keywords = {"sample_weight": weights}
    zero = keywords | {"zero_division": 0}
    return {
        "accuracy": reference.accuracy_score(labels, called, **keywords),
        "precision": reference.precision_score(labels, called, **zero),
        "recall": reference.recall_score(labels, called, **zero),
        "specificity": reference.recall_score(labels, called, pos_label=0, **zero),
        "f1": reference.f1_score(labels, called, **zero),
        "mcc": reference.matthews_corrcoef(labels, called, **keywords),
        "auroc": reference.roc_auc_score(labels, probabilities, **keywords),
        "auprc": reference.average_precision_score(labels, probabilities, **keywords),
        "brier": reference.brier_score_loss(labels, probabilities, **keywords),
    }


@pytest.mark.parametrize("threshold", [0.0, 0.31, 0.5, 1.0])
@pytest.mark.parametrize("decimals", [0, 1, 2, 15], ids=["two values", "many ties", "ties", "no ties"])
@pytest.mark.parametrize("size", [2, 3, 40, 1501])
def test_equals_scikit_learn(size: int, decimals: int, threshold: float) -> None:
    labels, probabilities = example(size, decimals, seed=size + decimals)
    ours = binary_metrics(labels, probabilities, threshold)
    for name, value in from_scikit_learn(labels, probabilities, threshold).items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("ratio", [1.0, 10.0, 100.0, 0.2])
def test_prevalence_is_a_weight_of_the_negatives(ratio: float) -> None:
    labels, probabilities = example(900, 2, seed=5, share=0.3)
    weights = np.where(labels == 1, 1.0, ratio * labels.sum() / (labels == 0).sum())
    ours = binary_metrics(labels, probabilities, 0.5, negatives_per_positive=ratio)
    for name, value in from_scikit_learn(labels, probabilities, 0.5, weights).items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name
    assert ours["ece"] == pytest.approx(expected_calibration_error(labels, probabilities, weights), abs=1e-12)


def test_prevalence_equals_a_set_in_which_negatives_are_repeated() -> None:
    labels, probabilities = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1])
    repeated = np.array([0, 1] + [2, 3] * 10)
    expected = binary_metrics(labels[repeated], probabilities[repeated])
    assert binary_metrics(labels, probabilities, negatives_per_positive=10) == pytest.approx(expected)
    # by hand: 1 of 2 enhancers and 10 of 20 others are called
    assert expected["precision"] == pytest.approx(1 / 11)
    assert expected["specificity"] == 0.5


def test_metrics_worked_out_by_hand() -> None:
    labels = [1, 1, 1, 0, 0, 0, 0, 1]
    probabilities = [0.9, 0.8, 0.3, 0.7, 0.2, 0.2, 0.1, 0.5]
    # called at 0.5: rows 1, 2, 4, 8 -> TP 3, FP 1, FN 1, TN 3; 14 of the 16 pairs are in the right order
    ours = binary_metrics(labels, probabilities, 0.5)
    assert all(ours[name] == 0.75 for name in ("accuracy", "precision", "recall", "specificity", "f1"))
    assert ours["mcc"] == pytest.approx((3 * 3 - 1 * 1) / 16)
    assert ours["auroc"] == pytest.approx(14 / 16)
    assert ours["auprc"] == pytest.approx((1 + 1 + 3 / 4 + 4 / 5) / 4)
    assert ours["brier"] == pytest.approx((0.01 + 0.04 + 0.49 + 0.49 + 0.04 + 0.04 + 0.01 + 0.25) / 8)


def test_expected_calibration_error_by_hand() -> None:
    # bins of 1/15: [0.2, 0.2667) holds 0.2 and 0.25, of which one is a positive; 1.0 lies in the last bin
    assert expected_calibration_error([1, 0, 1], [0.25, 0.2, 1.0]) == pytest.approx(2 * (0.5 - 0.225) / 3)
    assert binary_metrics([1, 0, 1], [0.25, 0.2, 1.0])["ece"] == pytest.approx(2 * 0.275 / 3)


def test_a_probability_at_the_threshold_is_called() -> None:
    assert binary_metrics([1, 0], [0.5, 0.4999], 0.5)["recall"] == 1


def test_nothing_called_gives_zeros_not_nan() -> None:
    ours = binary_metrics([1, 0], [0.3, 0.1], 0.9)
    assert (ours["precision"], ours["recall"], ours["f1"], ours["mcc"]) == (0, 0, 0, 0)


def test_one_class_leaves_only_the_areas_undefined() -> None:
    ours = binary_metrics([0, 0], [0.3, 0.6], 0.5)
    assert np.isnan(ours["auroc"])
    assert np.isnan(ours["auprc"])
    assert ours["specificity"] == 0.5


def test_all_conditions_and_metrics_are_there() -> None:
    keys = BinaryMetrics([0, 1], [0.1, 0.9]).evaluate(np.ones((1, 2)))
    assert set(keys) == {MetricKey(c, m) for c in (AS_GIVEN, *PREVALENCES) for m in BINARY_METRICS}


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 2], [0.1, 0.2], "0 and 1"),
        ([0, 1], [0.1, 1.2], "0..1"),
        ([0, 1], [0.1], "shape"),
        ([0, 1], [0.1, np.nan], "finite"),
        ([], [], "shape"),
    ],
)
def test_unusable_values_are_refused(labels: list[int], probabilities: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BinaryMetrics(labels, probabilities)
