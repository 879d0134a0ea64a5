"""ONNX graphs (onnx_graph, onnx_nodes): outputs of transformers' module, and what 8-bit integers change."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from late import late
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Encoder, OnnxGraph, State
from dnabert_enhancer.model.onnx_graph import encoder_to_onnx, quantised

onnxruntime = late("onnxruntime")

SHAPE = Encoder(69, 32, 3, 4, 48, 40, 2, 3)
IDS = np.random.default_rng(2).integers(5, 69, size=(5, 31)).astype(np.int32)


@pytest.fixture(autouse=True)
def all_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantise the small matrices of tests, too."""
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 0)


@pytest.fixture(scope="module")
def state() -> State:
    return SHAPE.fresh_state(np.random.default_rng(0), 0.3)


def outputs(graph: OnnxGraph, ids: NDArray[np.int32]) -> NDArray[np.float32]:
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in graph.weights.values()]
    options.add_external_initializers(list(graph.weights), values)
    session = onnxruntime.InferenceSession(graph.content, options, providers=["CPUExecutionProvider"])
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
    np.testing.assert_allclose(outputs(encoder_to_onnx(shape, state), IDS), expected, atol=1e-5)


def test_int8_is_near(state: State) -> None:
    exact = outputs(encoder_to_onnx(SHAPE, state), IDS)
    near = outputs(encoder_to_onnx(SHAPE, state, int8=True), IDS)
    # processors without VNNI saturate some sums of 8-bit products
    assert 0 < np.abs(near - exact).max() < 0.4 * exact.std()


def test_a_large_token_in_another_window_does_not_change_int8(state: State) -> None:
    name = "bert.embeddings.word_embeddings.weight"
    words = state[name].copy()
    words[68] *= 40
    graph = encoder_to_onnx(SHAPE, state | {name: words}, int8=True)
    plain = np.where(IDS == 68, 5, IDS)
    together = np.concatenate([np.full_like(plain[:1], 68), plain])
    np.testing.assert_allclose(outputs(graph, together)[1:], outputs(graph, plain), atol=1e-5)


def test_a_matrix_of_the_first_token_alone_is_not_quantised(state: State) -> None:
    weights = encoder_to_onnx(SHAPE, state, int8=True).weights
    kinds = {name: values.dtype.name for name, values in weights.items() if values.ndim == 2}
    last, middle = (f"bert.encoder.layer.{number}" for number in (2, 1))
    in_float = ("attention.self.query", "attention.output.dense", "intermediate.dense", "output.dense")
    assert {kinds[f"{last}.{part}.weight"] for part in in_float} == {"float32"}
    assert {kinds[f"{middle}.{part}.weight"] for part in in_float} == {"int8"}
    by_head = [weights[f"{last}.attention.self.{part}.heads"] for part in ("key", "value")]
    assert [(values.dtype.name, values.shape) for values in by_head] == [
        ("float32", (4, 8, 32)),
        ("float32", (4, 32, 8)),
    ]


@pytest.mark.parametrize("changes", [{}, {"position_kind": "alibi", "positions": 0}, {"norm": "pre"}])
def test_the_first_token_needs_no_keys_and_values(changes: dict[str, Any]) -> None:
    shape = dataclasses.replace(SHAPE, **changes)
    weights = shape.fresh_state(np.random.default_rng(1), 0.3)
    rng = np.random.default_rng(2)
    for name in weights:
        if name.endswith((".key.bias", ".value.bias", ".query.bias")):
            weights[name] = rng.normal(size=weights[name].shape).astype(np.float32)
    # where attention is shown, keys and values of all tokens are computed
    expected = outputs(encoder_to_onnx(shape, weights, attentions=True), IDS)
    assert expected.std() > 0.1
    found = encoder_to_onnx(shape, weights)
    assert "bert.encoder.layer.2.attention.self.key.weight" not in found.weights
    np.testing.assert_allclose(outputs(found, IDS), expected, atol=1e-5)


def test_small_matrices_stay_in_float32(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    # of 32 x 32 = 1,024 and 32 x 48 = 1,536 weights
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 1025)
    graph = encoder_to_onnx(SHAPE, state, int8=True)
    kinds = {values.shape: values.dtype.name for name, values in graph.weights.items() if ".layer.1." in name}
    assert (kinds[32, 32], kinds[32, 48], kinds[48, 32]) == ("float32", "int8", "int8")


def test_each_output_of_a_matrix_has_its_own_scale() -> None:
    integers, scale = quantised(np.array([[1.27, 0.0, -2.54], [-0.635, 0.0, 0.02]], np.float32))
    np.testing.assert_allclose(scale, [0.01, 1.0, 0.02], rtol=1e-6)
    assert integers.tolist() == [[127, 0, -127], [-64, 0, 1]] or integers.tolist() == [
        [127, 0, -127],
        [-63, 0, 1],
    ]
    assert integers.dtype == np.int8


def test_the_same_weights_give_the_same_graph(state: State) -> None:
    graph, again = (
        encoder_to_onnx(SHAPE, weights, int8=True) for weights in (state, dict(reversed(state.items())))
    )
    assert graph.content == again.content
    assert list(graph.weights) == list(again.weights)
    assert all(np.array_equal(graph.weights[name], again.weights[name]) for name in graph.weights)


def test_the_weights_are_not_in_the_graph(state: State) -> None:
    graph = encoder_to_onnx(SHAPE, state)
    larger = encoder_to_onnx(dataclasses.replace(SHAPE, vocabulary=138), state | twice_the_words(state))
    assert abs(len(larger.content) - len(graph.content)) < 8
    assert sum(values.size for values in graph.weights.values()) > 16_000


def twice_the_words(state: State) -> State:
    name = "bert.embeddings.word_embeddings.weight"
    return {name: np.concatenate([state[name], state[name]])}


def test_an_activation_without_an_exact_operator_is_refused(state: State) -> None:
    with pytest.raises(InputError, match="'mish'"):
        encoder_to_onnx(dataclasses.replace(SHAPE, activation="mish"), state)
