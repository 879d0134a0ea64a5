"""engine/quantising: GPTQ against rounding each weight alone, by the errors of products; grids that last."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import rounded_weights
from dnabert_enhancer.engine.quantising import rounded_matrix
from dnabert_enhancer.model import EnhancerModel, open_model, write_reweighted
from dnabert_enhancer.model.onnx_graph import quantised
from dnabert_enhancer.model.smoothing import smoothed

RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def all_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantise the small matrices of tests, too."""
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 0)


@pytest.mark.parametrize("width", [40, 300])  # within one block of columns, and over several
def test_errors_of_products_are_smaller_than_of_weights_rounded_alone(width: int) -> None:
    mixing = RNG.normal(size=(width, width)) * np.geomspace(1, 0.1, width)  # inputs that depend on each other
    inputs = RNG.normal(size=(2000, width)) @ mixing.T
    matrix = RNG.normal(size=(20, width)).astype(np.float32)
    rounded = rounded_matrix(matrix, inputs.T @ inputs)
    integers, scale = quantised(matrix.T)
    alone = (integers * scale).T
    errors = [float(np.square(inputs @ (one - matrix).T).mean()) for one in (rounded, alone)]
    assert 0 < errors[0] < 0.5 * errors[1]


def test_independent_inputs_of_equal_size_are_rounded_to_the_nearest() -> None:
    matrix = RNG.normal(size=(7, 30)).astype(np.float32)
    integers, scale = quantised(matrix.T)
    np.testing.assert_allclose(rounded_matrix(matrix, np.eye(30)), (integers * scale).T, rtol=1e-6)


def test_a_row_of_zeros_stays_and_quantising_again_changes_nothing() -> None:
    matrix = RNG.normal(size=(9, 50)).astype(np.float32)
    matrix[3] = 0
    inputs = RNG.normal(size=(99, 50))
    rounded = rounded_matrix(matrix, inputs.T @ inputs)
    integers, scale = quantised(rounded.T)
    assert not rounded[3].any()
    assert (np.abs(integers).max(axis=0)[np.arange(9) != 3] == 127).all()
    np.testing.assert_allclose((integers * scale).T, rounded, rtol=1e-6)


def test_only_what_int8_quantises_changes_and_the_model_can_be_written(
    model: EnhancerModel, windows: NDArray[np.uint8], tmp_path: object
) -> None:
    assert model.encoder is not None
    before, after = smoothed(model.encoder, model.read_state()), rounded_weights(model, windows)
    last = f"bert.encoder.layer.{model.encoder.layers - 1}"
    changed = {name for name, values in before.items() if not np.array_equal(values, after[name])}
    assert changed == {
        name
        for name in before
        if "encoder" in name
        and name.endswith("weight")
        and "LayerNorm" not in name
        and not name.startswith(last)
    }
    for name in changed:
        step = np.abs(before[name]).max(axis=1, keepdims=True) / 127
        steps = after[name] / step
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
    written = write_reweighted(model, after, model.card, f"{tmp_path}/new")
    assert all(
        np.array_equal(values, after[name])
        for name, values in open_model(f"{tmp_path}/new").read_state().items()
    )
    assert written.digest != model.digest
