"""A BERT classifier as an ONNX graph of ONNX Runtime's fused operators, written from its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.bert import BertShape, State

INPUT_NAME = "input_ids"
OUTPUT_NAME = "logits"
_FUSED = "com.microsoft"
_ACTIVATIONS = {
    "gelu": "BiasGelu",
    "gelu_new": "FastGelu",
    "gelu_pytorch_tanh": "FastGelu",
    "gelu_fast": "FastGelu",
}


def can_be_written(shape: BertShape) -> bool:
    """Tell whether the graph has an exact operator for the model's activation."""
    return shape.activation in _ACTIVATIONS or shape.activation == "relu"


def bert_to_onnx(shape: BertShape, state: State, *, half: bool = False) -> bytes:
    """Return the bytes of the ONNX file.

    Parameters
    ----------
    shape : BertShape
        Sizes of the model.
    state : dict of str to float32 array
        Weights by Hugging Face's names.
    half : bool
        Store matrices as float16, which the graph casts to float32 once, when it is loaded.

    Returns
    -------
    bytes
        One input ``input_ids`` int32[n, tokens] (windows of equal length, nothing padded), one output ``logits``
        float32[n, outputs].

    Notes
    -----
    Only the first token of the last layer reaches the classifier, so that layer computes its query, its feed-forward
    part and its normalisations for this token alone: the same numbers for 10/12 less work in that layer.
    """
    if not can_be_written(shape):
        raise InputError(f"no ONNX operator for hidden_act {shape.activation!r}")
    try:
        import onnx  # noqa: F401  asked for here, so that the error says what is missing
    except ImportError:
        raise ResourceError(
            "writing model.onnx needs onnx", remedy="pip install 'dnabert-enhancer[train]'"
        ) from None
    graph = _Graph(half)
    _write_nodes(graph, shape, state)
    return graph.to_bytes(shape.outputs)


class _Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self, half: bool) -> None:
        self.half = half
        self.nodes: list[Any] = []  # onnx protobuf messages, which carry no types
        self.constants: list[Any] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import TensorProto, numpy_helper

        stored = np.ascontiguousarray(values)
        if self.half and stored.dtype == np.float32 and stored.ndim == 2:
            self.constants.append(numpy_helper.from_array(stored.astype(np.float16), f"{name}.half"))
            return self.node("Cast", [f"{name}.half"], name, fused=False, to=TensorProto.FLOAT)
        self.constants.append(numpy_helper.from_array(stored, name))
        return name

    def node(
        self, operator: str, inputs: list[str], output: str, *, fused: bool = True, **settings: Any
    ) -> str:
        from onnx import helper

        domain = _FUSED if fused else ""
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **settings)
        )
        return output

    def to_bytes(self, outputs: int) -> bytes:
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self.nodes,
            "bert_classifier",
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.INT32, ["windows", "tokens"])],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, ["windows", outputs])],
            self.constants,
        )
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        model = helper.make_model(
            graph, opset_imports=versions, ir_version=8, producer_name="dnabert-enhancer"
        )
        return bytes(model.SerializeToString(deterministic=True))


def _write_nodes(graph: _Graph, shape: BertShape, state: State) -> None:
    x = _embeddings(graph, shape, state)
    first = graph.constant("first_token", np.array([0], dtype=np.int64))
    for layer in range(shape.layers):
        read = x
        if layer == shape.layers - 1:
            read = graph.node("Gather", [x, first], "first_token_state", fused=False, axis=1)
        x = _layer(graph, shape, state, layer, read, x)
    rows = graph.constant("rows", np.array([-1, shape.hidden], dtype=np.int64))
    x = graph.node("Reshape", [x, rows], "pooler_input", fused=False)
    x = _dense(graph, state, "bert.pooler.dense", x, "pooler_dense")
    x = graph.node("Tanh", [x], "pooler_output", fused=False)
    _dense(graph, state, "classifier", x, OUTPUT_NAME)


def _dense(graph: _Graph, state: State, name: str, x: str, output: str) -> str:
    weight = graph.constant(f"{name}.weight", state[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", state[f"{name}.bias"])
    return graph.node("Gemm", [x, weight, bias], output, fused=False, transB=1)


def _embeddings(graph: _Graph, shape: BertShape, state: State) -> str:
    name = "bert.embeddings"
    # every token is of segment 0, so its row is added to the positions once
    positions = state[f"{name}.position_embeddings.weight"] + state[f"{name}.token_type_embeddings.weight"][0]
    tables = [
        graph.constant("words", state[f"{name}.word_embeddings.weight"]),
        graph.constant("positions", positions.astype(np.float32)),
        "",
        graph.constant(f"{name}.scale", state[f"{name}.LayerNorm.weight"]),
        graph.constant(f"{name}.shift", state[f"{name}.LayerNorm.bias"]),
    ]
    from onnx import helper

    outputs = ["embeddings", "embeddings_mask"]
    node = helper.make_node(
        "EmbedLayerNormalization", [INPUT_NAME, "", *tables], outputs, domain=_FUSED, epsilon=shape.epsilon
    )
    graph.nodes.append(node)
    return outputs[0]


def _layer(graph: _Graph, shape: BertShape, state: State, layer: int, read: str, x: str) -> str:
    """Add one layer whose queries come from `read` and whose keys and values come from `x`."""
    name = f"bert.encoder.layer.{layer}"
    attention = f"{name}.attention"
    parts = ("query", "key", "value")
    projected = [
        _matrix(graph, state, f"{attention}.self.{part}", source)
        for part, source in zip(parts, (read, x, x), strict=True)
    ]
    bias = np.concatenate([state[f"{attention}.self.{part}.bias"] for part in parts])
    projected.append(graph.constant(f"{attention}.self.bias", bias))
    context = graph.node("MultiHeadAttention", projected, f"{attention}.context", num_heads=shape.heads)
    y = _matrix(graph, state, f"{attention}.output.dense", context)
    read = _normalised(graph, shape, state, f"{attention}.output", y, read)
    y = _matrix(graph, state, f"{name}.intermediate.dense", read)
    y = _activation(graph, shape, state, f"{name}.intermediate.dense", y)
    y = _matrix(graph, state, f"{name}.output.dense", y)
    return _normalised(graph, shape, state, f"{name}.output", y, read)


def _matrix(graph: _Graph, state: State, name: str, x: str) -> str:
    weight = graph.constant(f"{name}.weight", state[f"{name}.weight"].T)
    return graph.node("MatMul", [x, weight], f"{name}.product", fused=False)


def _activation(graph: _Graph, shape: BertShape, state: State, name: str, x: str) -> str:
    bias = graph.constant(f"{name}.bias", state[f"{name}.bias"])
    if shape.activation == "relu":
        added = graph.node("Add", [x, bias], f"{name}.added", fused=False)
        return graph.node("Relu", [added], f"{name}.activation", fused=False)
    return graph.node(_ACTIVATIONS[shape.activation], [x, bias], f"{name}.activation")


def _normalised(graph: _Graph, shape: BertShape, state: State, name: str, x: str, residual: str) -> str:
    inputs = [
        x,
        residual,
        graph.constant(f"{name}.scale", state[f"{name}.LayerNorm.weight"]),
        graph.constant(f"{name}.shift", state[f"{name}.LayerNorm.bias"]),
        graph.constant(f"{name}.dense.bias", state[f"{name}.dense.bias"]),
    ]
    return graph.node("SkipLayerNormalization", inputs, f"{name}.normalised", epsilon=shape.epsilon)
