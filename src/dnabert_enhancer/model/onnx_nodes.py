"""An ONNX graph under construction: nodes, small constants, and weights that stay outside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.model.encoder import State

INPUT_NAME = "input_ids"
PLACE_NAMES = ("start", "end")
"""Inputs that are places of tokens, of shape (1,)."""
_FUSED = "com.microsoft"
_LARGEST_INLINE = 64


class OnnxGraph(NamedTuple):
    """A graph and its weights apart, so that nothing has to be stored twice.

    Attributes
    ----------
    content : bytes
        An ONNX model, whose large constants are named as external data.
    weights : dict of str to array
        Those constants, in the layout that the graph asks for.
    """

    content: bytes
    weights: State


class Graph:
    """Nodes and constants in the order in which they were added."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []  # onnx protobuf messages, which carry no types
        self._constants: dict[str, Any] = {}
        self._weights: State = {}

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant once; its values stay outside of the graph where they are many."""
        from onnx import StringStringEntryProto, TensorProto, helper, numpy_helper

        if name in self._constants:
            return name
        if values.size <= _LARGEST_INLINE:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
            return name
        self._weights[name] = np.ascontiguousarray(values)
        self._constants[name] = TensorProto(
            name=name,
            dims=values.shape,
            data_type=helper.np_dtype_to_tensor_dtype(values.dtype),
            data_location=TensorProto.EXTERNAL,
            external_data=[StringStringEntryProto(key="location", value="weights")],
        )
        return name

    def standard(self, operator: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add an operator of the ONNX standard; settings are its attributes."""
        return self._node("", operator, inputs, [output], settings)

    def once(self, operator: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add an operator of the standard unless its output is there already."""
        if any(node.name == output for node in self._nodes):
            return output
        return self.standard(operator, inputs, output, **settings)

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

    def finished(
        self,
        outputs: Mapping[str, Sequence[int | str]],
        inputs: Mapping[str, Sequence[int | str]] | None = None,
    ) -> OnnxGraph:
        """Return the graph with its weights; what it gives and takes are names with the sizes of dimensions.

        It takes token ids, int32, and whatever `inputs` name, float32 but for `PLACE_NAMES`, int64.
        """
        from onnx import TensorProto, helper

        kinds = dict.fromkeys(PLACE_NAMES, TensorProto.INT64)
        graph = helper.make_graph(
            self._nodes,
            "classifier",
            [
                helper.make_tensor_value_info(INPUT_NAME, TensorProto.INT32, ["windows", "tokens"]),
                *(
                    helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), sizes)
                    for name, sizes in (inputs or {}).items()
                ),
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)
                for name, sizes in outputs.items()
            ],
            list(self._constants.values()),
        )
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        model = helper.make_model(
            graph, opset_imports=versions, ir_version=8, producer_name="dnabert-enhancer"
        )
        return OnnxGraph(bytes(model.SerializeToString(deterministic=True)), self._weights)
