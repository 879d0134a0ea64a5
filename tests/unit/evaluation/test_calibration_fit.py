"""Calibration (evaluation/calibration_fit, evaluation/bins) finds the map that made the labels."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import expected_calibration_error, fit_calibration


def drawn(logits: np.ndarray, probability: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(logits)) < probability).astype(int)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_finds_the_temperature(temperature: float) -> None:
    logits = np.random.default_rng(1).normal(scale=3, size=8000)
    calibration, report = fit_calibration(logits, drawn(logits, sigmoid(logits / temperature)))
    # a temperature near 1 is noise, and makes held-out rows worse
    assert calibration.kind == report.kind == ("none" if temperature == 1 else "temperature")
    assert calibration.temperature == pytest.approx(temperature, rel=0.08)
    assert report.ece_after < 0.03
    assert (report.ece_before > 0.05) == (temperature != 1)
    assert report.log_loss_after <= report.log_loss_before + 1e-3


def test_takes_the_isotonic_curve_where_a_temperature_cannot_fit() -> None:
    logits = np.random.default_rng(2).normal(scale=2, size=4000)
    truth = np.where(logits > 1, 0.55, 0.1)
    calibration, report = fit_calibration(logits, drawn(logits, truth))
    assert calibration.kind == "isotonic"
    assert report.held_out["isotonic"]["log_loss"] < report.held_out["temperature"]["log_loss"]
    assert np.abs(calibration.apply(np.array([-3.0, -1.0, 2.0, 4.0])) - [0.1, 0.1, 0.55, 0.55]).max() < 0.12
    assert report.ece_after < 0.05 < report.ece_before
    json.dumps(report.to_json())
    json.dumps(calibration.to_json())


def test_a_curve_is_taken_where_a_temperature_makes_held_out_rows_worse() -> None:
    # right but for a shift, which no temperature can mend; too few rows for a clear difference
    rng = np.random.default_rng(7)
    logits = rng.normal(scale=1, size=260)
    calibration, report = fit_calibration(logits, drawn(logits, sigmoid(logits - 0.5), 3))
    found = report.held_out
    assert found["temperature"]["log_loss"] > report.log_loss_before > found["isotonic"]["log_loss"]
    assert calibration.kind == report.kind == "isotonic"
    assert report.log_loss_after == found["isotonic"]["log_loss"]


def test_isotonic_curve_keeps_the_order_between_its_knots() -> None:
    logits = np.random.default_rng(3).normal(scale=2, size=3000)
    calibration, _ = fit_calibration(logits, drawn(logits, np.where(logits > 0, 0.7, 0.2)))
    knots = np.array(calibration.parameters["logits"])
    grid = np.linspace(knots[0], knots[-1], 500)
    assert (np.diff(calibration.apply(grid).astype(float)) > 0).mean() > 0.99
    assert min(calibration.parameters["probabilities"]) > 0
    assert max(calibration.parameters["probabilities"]) < 1


def test_the_error_after_is_of_held_out_rows() -> None:
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=300), rng.integers(0, 2, 300)
    calibration, report = fit_calibration(logits, labels, seed=5)
    inside = expected_calibration_error(labels, calibration.apply(logits))
    assert report.ece_after != inside
    assert report.rows == 300
    assert report.folds == 5
    assert fit_calibration(logits, labels, seed=5)[1] == report


@pytest.mark.parametrize("rows", [2, 3, 11])
def test_few_rows_get_a_temperature(rows: int) -> None:
    logits = np.linspace(-1, 1, rows)
    labels = (np.arange(rows) >= rows // 2).astype(int)
    calibration, report = fit_calibration(logits, labels)
    assert calibration.kind == "temperature"
    assert np.isfinite(report.ece_after)


def test_several_classes_share_a_temperature() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(scale=3, size=(6000, 4))
    shares = np.exp(logits / 2)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (rng.random((6000, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    calibration, report = fit_calibration(logits, labels)
    assert calibration.temperature == pytest.approx(2, rel=0.08)
    assert report.ece_after < 0.03 < report.ece_before


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [([0.1, 0.2], [1, 1], "both classes"), ([np.nan, 0.2], [0, 1], "not finite")],
)
def test_unusable_rows_are_refused(logits: list[float], labels: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_calibration(logits, labels)
