"""The ONNX files: the outputs of transformers' own module, and what their storage may change."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import BertShape, State
from dnabert_enhancer.model.onnx_graph import bert_to_onnx, quantised

SHAPE = BertShape(69, 32, 3, 4, 48, 40, 2, 3)
IDS = np.random.default_rng(2).integers(5, 69, size=(5, 31)).astype(np.int32)


@pytest.fixture(scope="module")
def state() -> State:
    return SHAPE.fresh_state(np.random.default_rng(0), 0.3)


def outputs(content: bytes, ids: NDArray[np.int32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(None, {"input_ids": ids})[0]
    return found


@pytest.mark.parametrize("activation", ["gelu", "relu", "gelu_new", "gelu_pytorch_tanh"])
def test_outputs_are_those_of_transformers(state: State, activation: str) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=69,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=40,
        num_labels=3,
        hidden_act=activation,
    )
    module = transformers.BertForSequenceClassification(config).eval()
    module.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()}, strict=False)
    with torch.no_grad():
        expected = module(input_ids=torch.from_numpy(IDS.astype(np.int64))).logits.numpy()
    shape = dataclasses.replace(SHAPE, activation=activation)
    assert expected.std() > 0.1
    np.testing.assert_allclose(outputs(bert_to_onnx(shape, state), IDS), expected, atol=1e-5)


def test_half_storage_is_that_of_rounded_matrices(state: State) -> None:
    rounded = {
        name: values.astype(np.float16).astype(np.float32) if values.ndim == 2 else values
        for name, values in state.items()
    }
    half = bert_to_onnx(SHAPE, rounded, half=True)
    np.testing.assert_allclose(outputs(half, IDS), outputs(bert_to_onnx(SHAPE, rounded), IDS), atol=1e-6)
    assert len(half) < 0.75 * len(bert_to_onnx(SHAPE, state))


def test_int8_is_near_and_smaller(state: State) -> None:
    exact = outputs(bert_to_onnx(SHAPE, state), IDS)
    near = outputs(bert_to_onnx(SHAPE, state, int8=True), IDS)
    # processors without VNNI saturate some sums of 8-bit products
    assert 0 < np.abs(near - exact).max() < 0.4 * exact.std()


def test_each_output_of_a_matrix_has_its_own_scale() -> None:
    integers, scale = quantised(np.array([[1.27, 0.0, -2.54], [-0.635, 0.0, 0.02]], np.float32))
    np.testing.assert_allclose(scale, [0.01, 1.0, 0.02], rtol=1e-6)
    assert integers.tolist() == [[127, 0, -127], [-64, 0, 1]] or integers.tolist() == [
        [127, 0, -127],
        [-63, 0, 1],
    ]
    assert integers.dtype == np.int8


def test_the_same_weights_give_the_same_bytes(state: State) -> None:
    assert bert_to_onnx(SHAPE, state, int8=True) == bert_to_onnx(
        SHAPE, dict(reversed(state.items())), int8=True
    )


def test_metadata_is_kept(state: State) -> None:
    content = bert_to_onnx(SHAPE, state, metadata={"weights_sha256": "abc"})
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"weights_sha256": "abc"}


def test_an_activation_without_an_exact_operator_is_refused(state: State) -> None:
    with pytest.raises(InputError, match="'silu'"):
        bert_to_onnx(dataclasses.replace(SHAPE, activation="silu"), state)
