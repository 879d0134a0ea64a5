"""What outputs mean, by task."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dnabert_enhancer.engine.predictions import interpret_outputs
from dnabert_enhancer.model import Calibration, ModelCard


def test_binary_logit_is_the_difference_and_is_calibrated_for_the_probability() -> None:
    card = ModelCard("m", 200, k=6, calibration=Calibration("temperature", {"temperature": 2.0}))
    found = interpret_outputs(np.array([[0.5, 0.5 + 2 * math.log(3)], [1, 1]], np.float32), card)
    np.testing.assert_allclose(found.logit, [2 * math.log(3), 0], rtol=1e-6)
    np.testing.assert_allclose(found.probability, [0.75, 0.5], rtol=1e-6)
    assert found.logit.dtype == found.probability.dtype == np.float32


def test_a_head_of_one_output_gives_the_logit_itself() -> None:
    found = interpret_outputs(np.array([[math.log(3)]], np.float32), ModelCard("m", 200, k=6))
    assert found.probability[0] == pytest.approx(0.75)


def test_several_classes_have_a_row_of_probabilities() -> None:
    card = ModelCard("m", 200, ("a", "b", "c"), task="multiclass", k=6)
    found = interpret_outputs(np.log(np.array([[1, 2, 5]], np.float32)), card)
    np.testing.assert_allclose(found.probability, [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-6)
    assert found.logit.shape == (1, 3)


def test_a_regression_has_values_and_no_probability() -> None:
    card = ModelCard("m", 200, ("activity",), task="regression", k=6)
    found = interpret_outputs(np.array([[1.5], [-2]], np.float32), card)
    assert found.outputs.ravel().tolist() == [1.5, -2]
    assert np.isnan(found.probability).all()
    assert np.isnan(found.logit).all()
