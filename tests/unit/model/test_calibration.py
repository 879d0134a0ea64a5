"""Calibration (model/card.py): probabilities worked out by hand, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Calibration


@pytest.mark.parametrize(
    ("calibration", "logit", "probability"),
    [
        (Calibration(), 0.0, 0.5),
        (Calibration(), math.log(3), 0.75),
        (Calibration(), -math.log(3), 0.25),
        (Calibration(), -1000.0, 0.0),
        (Calibration(), 1000.0, 1.0),
        (Calibration("temperature", {"temperature": 2.0}), 2 * math.log(3), 0.75),
        (Calibration("temperature", {"temperature": 0.5}), -0.5 * math.log(9), 0.1),
        (Calibration("isotonic", {"logits": [-1, 1], "probabilities": [0.2, 0.6]}), 0.0, 0.4),
        (Calibration("isotonic", {"logits": [-1, 1], "probabilities": [0.2, 0.6]}), -7.0, 0.2),
        (Calibration("isotonic", {"logits": [-1, 1], "probabilities": [0.2, 0.6]}), 7.0, 0.6),
    ],
)
def test_probability_of_a_logit(calibration: Calibration, logit: float, probability: float) -> None:
    found = calibration.apply(np.array([logit], dtype=np.float32))
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(probability, abs=1e-7)


def test_small_probabilities_keep_their_digits() -> None:
    assert Calibration().apply(np.array([-30.0]))[0] == pytest.approx(math.exp(-30), rel=1e-6)


def test_classes_are_a_softmax_with_the_temperature() -> None:
    logits = np.array([[0.0, 2 * math.log(2), 2 * math.log(5)], [1000.0, 0.0, 0.0]])
    found = Calibration("temperature", {"temperature": 2.0}).apply_classes(logits)
    np.testing.assert_allclose(found, [[1 / 8, 2 / 8, 5 / 8], [1, 0, 0]], atol=1e-7)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("platt", {}),
        ("temperature", {}),
        ("temperature", {"temperature": 0}),
        ("temperature", {"temperature": -1.0}),
        ("temperature", {"temperature": float("nan")}),
        ("temperature", {"temperature": "1"}),
        ("isotonic", {}),
        ("isotonic", {"logits": [0, 1], "probabilities": [0.5]}),
        ("isotonic", {"logits": [1, 1], "probabilities": [0.1, 0.5]}),
        ("isotonic", {"logits": [0, 1], "probabilities": [0.5, 0.1]}),
        ("isotonic", {"logits": [0, 1], "probabilities": [0.5, 1.1]}),
        ("isotonic", {"logits": [0, float("inf")], "probabilities": [0.5, 1]}),
    ],
)
def test_what_is_no_calibration_is_refused(kind: str, parameters: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Calibration(kind, parameters)
