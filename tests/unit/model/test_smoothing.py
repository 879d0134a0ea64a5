"""model/smoothing: the same outputs, factors by hand, and an outlier column that costs int8 nothing."""

from __future__ import annotations

import numpy as np
import pytest
from late import late
from numpy.typing import NDArray

from dnabert_enhancer.model import Encoder, State
from dnabert_enhancer.model.onnx_graph import encoder_to_onnx
from dnabert_enhancer.model.smoothing import smoothed

onnxruntime = late("onnxruntime")

SHAPE = Encoder(69, 32, 3, 4, 48, 40, 2, 3)
IDS = np.random.default_rng(2).integers(5, 69, size=(30, 31)).astype(np.int32)
ATTENTION = "bert.encoder.layer.1.attention"
VALUE, OUTPUT = f"{ATTENTION}.self.value", f"{ATTENTION}.output.dense"


@pytest.fixture(autouse=True)
def all_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantise the small matrices of tests, too."""
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 0)


@pytest.fixture(scope="module")
def state() -> State:
    return SHAPE.fresh_state(np.random.default_rng(0), 0.3)


def with_outlier(state: State, factor: float) -> State:
    """Return weights of the same outputs, with one large column after the attention."""
    made = {name: values.copy() for name, values in state.items()}
    made[f"{OUTPUT}.weight"][:, 7] *= factor
    made[f"{VALUE}.weight"][7] /= factor
    made[f"{VALUE}.bias"][7] /= factor
    return made


def outputs(state: State, *, int8: bool) -> NDArray[np.float32]:
    graph = encoder_to_onnx(SHAPE, state, int8=int8)
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in graph.weights.values()]
    options.add_external_initializers(list(graph.weights), values)
    session = onnxruntime.InferenceSession(graph.content, options, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(None, {"input_ids": IDS})[0]
    return found


def test_factors_by_hand(state: State) -> None:
    made = dict(state)
    # channel 0: values of mean 2 + 1 = 3 and deviation 5, so 3 + 15 = 18; largest weight 18 / 4**2 / 4**2
    matrix = np.zeros((32, 32), np.float32)
    matrix[0, :2] = 3, 4
    norm = "bert.encoder.layer.0.output.LayerNorm"
    made |= {f"{norm}.weight": np.ones(32, np.float32), f"{norm}.bias": np.zeros(32, np.float32)}
    made[f"{norm}.bias"] = np.array([0, 0.5, *[0.0] * 30], np.float32)
    made |= {f"{VALUE}.weight": matrix, f"{VALUE}.bias": np.ones(32, np.float32)}
    weights = np.ones((32, 32), np.float32)
    weights[:, 0] = 18 / 256
    found = smoothed(SHAPE, made | {f"{OUTPUT}.weight": weights})
    np.testing.assert_array_equal(found[f"{OUTPUT}.weight"][:, 0], weights[:, 0] * 16)
    np.testing.assert_array_equal(found[f"{VALUE}.weight"][0], matrix[0] / 16)
    assert found[f"{VALUE}.bias"].tolist() == [1 / 16, *[1.0] * 31]  # others: size 1, weights 1


def test_outputs_stay_and_a_second_time_changes_nothing(state: State) -> None:
    given = with_outlier(state, 1000)
    once = smoothed(SHAPE, given)
    twice = smoothed(SHAPE, once)
    assert not np.array_equal(once[f"{OUTPUT}.weight"], given[f"{OUTPUT}.weight"])
    assert all(np.array_equal(once[name], twice[name]) for name in once)
    np.testing.assert_allclose(outputs(once, int8=False), outputs(given, int8=False), atol=1e-5)


def test_an_outlier_column_costs_int8_little(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    given = with_outlier(state, 300)
    exact = outputs(given, int8=False)
    errors = [np.abs(outputs(given, int8=True) - exact).mean()]
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.smoothed", lambda _, same: same)
    errors.append(np.abs(outputs(given, int8=True) - exact).mean())
    assert errors[0] < 0.3 * errors[1]
