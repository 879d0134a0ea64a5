"""A BERT classifier, from its weights, as an ONNX graph of operators that ONNX Runtime runs fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.bert import BertShape, State

INPUT_NAME = "input_ids"
OUTPUT_NAME = "logits"
_FUSED = "com.microsoft"
_ACTIVATIONS = {"gelu": "BiasGelu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}
_LARGEST_INT8 = 127


def can_be_written(shape: BertShape) -> bool:
    """Tell whether the graph has an exact operator for the model's activation."""
    return shape.activation in _ACTIVATIONS or shape.activation == "relu"


def bert_to_onnx(
    shape: BertShape,
    state: State,
    *,
    half: bool = False,
    int8: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Return the bytes of an ONNX file.

    Parameters
    ----------
    shape : BertShape
        Sizes of the model.
    state : dict of str to float32 array
        Weights by Hugging Face's names.
    half : bool
        Store matrices as float16, which the graph casts to float32 once, when it is loaded.
    int8 : bool
        Store the matrices of the layers as 8-bit integers with a scale for each output; their inputs are
        quantised when they are computed, with one scale for all of a call.
    metadata : mapping of str to str, optional
        Kept in the file.

    Returns
    -------
    bytes
        One input ``input_ids``, int32 of shape (windows, tokens): windows of equal length, nothing padded.
        One output ``logits``, float32 of shape (windows, outputs).

    Raises
    ------
    InputError
        An activation without an exact operator.
    ResourceError
        The package onnx is not installed.

    Notes
    -----
    Only the first token of the last layer reaches the classifier, so that layer computes its query, its
    feed-forward part and its normalisations for this token alone: the same numbers for a sixth of the work.
    Layer normalisation is written out in elementary operators, which ONNX Runtime 1.32 runs twice as fast
    on a processor as its fused one.
    """
    if not can_be_written(shape):
        raise InputError(f"no ONNX operator for hidden_act {shape.activation!r}")
    try:
        import onnx  # noqa: F401  asked for here, so that the error says what is missing
    except ImportError:
        raise ResourceError(
            "writing model.onnx needs onnx", remedy="pip install '.[train]' in a clone of the suite"
        ) from None
    writer = _BertWriter(shape, state, half=half, int8=int8)
    writer.write()
    return writer.graph.to_bytes(shape.outputs, metadata or {})


class _Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self, *, half: bool) -> None:
        self._half = half
        self._nodes: list[Any] = []  # onnx protobuf messages, which carry no types
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, values: NDArray[Any], *, exact: bool = False) -> str:
        """Add a constant once; matrices as float16 and a cast where the file is to be small."""
        from onnx import TensorProto, numpy_helper

        if name in self._constants:
            return name
        stored = np.ascontiguousarray(values)
        if self._half and not exact and stored.dtype == np.float32 and stored.ndim == 2:
            self._constants[name] = numpy_helper.from_array(stored.astype(np.float16), f"{name}.half")
            return self.standard("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)
        self._constants[name] = numpy_helper.from_array(stored, name)
        return name

    def standard(self, operator: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add an operator of the ONNX standard; settings are its attributes."""
        return self._node("", operator, inputs, [output], settings)

    def fused(self, operator: str, inputs: Sequence[str], output: str, *more: str, **settings: Any) -> str:
        """Add one of ONNX Runtime's own operators."""
        return self._node(_FUSED, operator, inputs, [output, *more], settings)

    def _node(
        self, domain: str, operator: str, inputs: Sequence[str], outputs: list[str], settings: dict[str, Any]
    ) -> str:
        from onnx import helper

        node = helper.make_node(operator, inputs, outputs, name=outputs[0], domain=domain, **settings)
        self._nodes.append(node)
        return outputs[0]

    def to_bytes(self, outputs: int, metadata: Mapping[str, str]) -> bytes:
        """Return the file; the same graph gives the same bytes."""
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self._nodes,
            "bert_classifier",
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.INT32, ["windows", "tokens"])],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, ["windows", outputs])],
            list(self._constants.values()),
        )
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        model = helper.make_model(
            graph, opset_imports=versions, ir_version=8, producer_name="dnabert-enhancer"
        )
        helper.set_model_props(model, dict(metadata))
        return bytes(model.SerializeToString(deterministic=True))


class _BertWriter:
    """Writes the nodes of a BERT, from tokens to logits."""

    def __init__(self, shape: BertShape, state: State, *, half: bool, int8: bool) -> None:
        self.graph = _Graph(half=half or int8)
        self._shape = shape
        self._state = state
        self._int8 = int8

    def write(self) -> None:
        graph = self.graph
        x = self._embeddings()
        first = graph.constant("first_token", np.array([0], dtype=np.int64))
        for layer in range(self._shape.layers):
            read = x
            if layer == self._shape.layers - 1:
                read = graph.standard("Gather", [x, first], "first_token_state", axis=1)
            x = self._layer(f"bert.encoder.layer.{layer}", read, x)
        rows = graph.constant("rows", np.array([-1, self._shape.hidden], dtype=np.int64))
        x = graph.standard("Reshape", [x, rows], "pooler_input")
        x = self._dense("bert.pooler.dense", x, "pooler_dense")
        x = graph.standard("Tanh", [x], "pooler_output")
        self._dense("classifier", x, OUTPUT_NAME)

    def _embeddings(self) -> str:
        name = "bert.embeddings"
        # every token is of segment 0, so its row is added to the positions once
        positions = self._state[f"{name}.position_embeddings.weight"]
        positions = positions + self._state[f"{name}.token_type_embeddings.weight"][0]
        tables = [
            self.graph.constant("words", self._state[f"{name}.word_embeddings.weight"]),
            self.graph.constant("positions", positions.astype(np.float32), exact=not self._int8),
            "",
            self.graph.constant(f"{name}.scale", self._state[f"{name}.LayerNorm.weight"]),
            self.graph.constant(f"{name}.shift", self._state[f"{name}.LayerNorm.bias"]),
        ]
        return self.graph.fused(
            "EmbedLayerNormalization",
            [INPUT_NAME, "", *tables],
            "embeddings",
            "embeddings_mask",
            epsilon=self._shape.epsilon,
        )

    def _layer(self, name: str, read: str, x: str) -> str:
        """Add a layer whose queries come from `read` and whose keys and values come from `x`."""
        attention = f"{name}.attention"
        sources = {"query": read, "key": x, "value": x}
        inputs = [self._product(f"{attention}.self.{part}", source) for part, source in sources.items()]
        bias = np.concatenate([self._state[f"{attention}.self.{part}.bias"] for part in sources])
        inputs.append(self.graph.constant(f"{attention}.self.bias", bias))
        context = self.graph.fused(
            "MultiHeadAttention", inputs, f"{attention}.context", num_heads=self._shape.heads
        )
        x = self._normalised(f"{attention}.output", self._product(f"{attention}.output.dense", context), read)
        wide = self._activation(f"{name}.intermediate.dense", self._product(f"{name}.intermediate.dense", x))
        return self._normalised(f"{name}.output", self._product(f"{name}.output.dense", wide), x)

    def _dense(self, name: str, x: str, output: str) -> str:
        weight = self.graph.constant(f"{name}.weight", self._state[f"{name}.weight"])
        bias = self.graph.constant(f"{name}.bias", self._state[f"{name}.bias"])
        return self.graph.standard("Gemm", [x, weight, bias], output, transB=1)

    def _product(self, name: str, x: str) -> str:
        matrix = self._state[f"{name}.weight"].T
        if not self._int8:
            weight = self.graph.constant(f"{name}.weight", matrix)
            return self.graph.standard("MatMul", [x, weight], f"{name}.product")
        integers, scale = quantised(matrix)
        inputs = [x, self.graph.constant(f"{name}.weight", integers)]
        inputs += [self.graph.constant(f"{name}.scale", scale), "", ""]
        return self.graph.fused("DynamicQuantizeMatMul", inputs, f"{name}.product")

    def _activation(self, name: str, x: str) -> str:
        bias = self.graph.constant(f"{name}.bias", self._state[f"{name}.bias"])
        if self._shape.activation == "relu":
            added = self.graph.standard("Add", [x, bias], f"{name}.added")
            return self.graph.standard("Relu", [added], f"{name}.activation")
        return self.graph.fused(_ACTIVATIONS[self._shape.activation], [x, bias], f"{name}.activation")

    def _normalised(self, name: str, x: str, residual: str) -> str:
        """Add ``(y - mean) / sqrt(variance + epsilon) * scale + shift`` of ``y = x + bias + residual``."""
        graph, shape = self.graph, self._shape
        bias = graph.constant(f"{name}.dense.bias", self._state[f"{name}.dense.bias"])
        y = graph.standard("Add", [x, bias], f"{name}.with_bias")
        y = graph.standard("Add", [y, residual], f"{name}.sum")
        mean = graph.standard("ReduceMean", [y], f"{name}.mean", axes=[-1], keepdims=1)
        centred = graph.standard("Sub", [y, mean], f"{name}.centred")
        squares = graph.standard("ReduceSumSquare", [centred], f"{name}.squares", axes=[-1], keepdims=1)
        share = graph.constant("one_over_hidden", np.array(1 / shape.hidden, dtype=np.float32))
        variance = graph.standard("Mul", [squares, share], f"{name}.variance")
        epsilon = graph.constant("epsilon", np.array(shape.epsilon, dtype=np.float32))
        variance = graph.standard("Add", [variance, epsilon], f"{name}.variance_epsilon")
        deviation = graph.standard("Sqrt", [variance], f"{name}.deviation")
        unit = graph.standard("Div", [centred, deviation], f"{name}.unit")
        scale = graph.constant(f"{name}.LayerNorm.weight", self._state[f"{name}.LayerNorm.weight"])
        shift = graph.constant(f"{name}.LayerNorm.bias", self._state[f"{name}.LayerNorm.bias"])
        return graph.standard("Add", [graph.standard("Mul", [unit, scale], f"{name}.scaled"), shift], name)


def quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix, shape (inputs, outputs), as 8-bit integers and the scale of each output.

    ``matrix ≈ integers * scale`` with integers in -127..127 and ``scale = max |column| / 127``.
    """
    scale = np.abs(matrix).max(axis=0) / np.float32(_LARGEST_INT8)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(matrix / scale).astype(np.int8), scale
