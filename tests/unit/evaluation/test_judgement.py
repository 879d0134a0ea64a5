"""What validation says of a model (judgement): its calibration, thresholds and metrics."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.evaluation import judge, rounded, split_metrics

metrics = late("sklearn.metrics")

RNG = np.random.default_rng(11)
LABELS = RNG.integers(0, 2, 2000)
LOGITS = 4.0 * (LABELS - 0.5 + RNG.normal(0, 1.2, 2000))


def test_an_overconfident_model_is_calibrated_and_the_threshold_is_a_half() -> None:
    judgement = judge(LOGITS, LABELS, "binary", "0.5")
    assert judgement.report is not None
    assert judgement.report.ece_after < judgement.report.ece_before / 2
    assert judgement.thresholds["default"].value == 0.5
    assert "ECE" in judgement.summary()


def test_the_threshold_of_the_best_mcc_beats_all_others() -> None:
    judgement = judge(LOGITS, LABELS, "binary", "max-mcc")
    threshold = judgement.thresholds["default"]
    probability = judgement.calibration.apply(LOGITS)
    best = metrics.matthews_corrcoef(LABELS, probability >= threshold.value)
    assert all(
        metrics.matthews_corrcoef(LABELS, probability >= cut) <= best + 1e-12
        for cut in np.linspace(0.02, 0.98, 97)
    )
    assert threshold.source == "largest MCC on the 2000 validation sequences"


def test_a_rare_class_whose_probability_never_passes_a_half_gets_a_threshold_that_calls() -> None:
    labels = (RNG.random(4000) < 0.02).astype(int)
    logits = -4 + labels * 1.0 + RNG.normal(0, 1.0, 4000)
    judgement = judge(logits, labels, "binary", "0.5")
    default = judgement.thresholds["default"]
    assert default.value < 0.5
    assert "no calibrated probability is on the other side of 0.5" in default.source
    calls = split_metrics(logits, labels, "binary", judgement)
    assert calls["mcc"] > 0


def test_metrics_are_those_at_the_threshold_on_calibrated_probabilities() -> None:
    judgement = judge(LOGITS, LABELS, "binary", "max-mcc")
    probability = judgement.calibration.apply(LOGITS)
    calls = probability >= judgement.thresholds["default"].value
    scores = split_metrics(LOGITS, LABELS, "binary", judgement)
    assert scores["n"] == 2000
    assert scores["accuracy"] == pytest.approx((calls == LABELS).mean())
    assert scores["brier"] == pytest.approx(np.mean((probability - LABELS) ** 2), rel=1e-6)


def test_several_classes_get_a_temperature_and_a_regression_nothing() -> None:
    labels = RNG.integers(0, 3, 600)
    judgement = judge(5 * (np.eye(3)[labels] + RNG.normal(0, 1, (600, 3))), labels, "multiclass", "0.5")
    assert judgement.calibration.kind == "temperature"
    assert judgement.thresholds == {}
    nothing = judge(np.zeros(5), np.arange(5.0), "regression", "0.5")
    assert (nothing.calibration.kind, nothing.report, nothing.summary()) == ("none", None, "no calibration")


def test_one_class_in_validation_leaves_the_model_uncalibrated() -> None:
    judgement = judge(LOGITS[:5], np.ones(5, int), "binary", "0.5")
    assert judgement.calibration.kind == "none"
    assert split_metrics(LOGITS[:5], np.ones(5, int), "binary", judgement)["n"] == 5


def test_numbers_are_rounded_at_any_depth_and_no_numbers_are_none() -> None:
    values = {"a": 1 / 3, "b": [float("nan"), {"c": np.float32(2.0)}], "d": "x", "e": 7}
    assert rounded(values) == {"a": 0.333333, "b": [None, {"c": 2.0}], "d": "x", "e": 7}
