"""An encoder with its classifier, from its weights, as an ONNX graph that ONNX Runtime runs fast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.encoder import (
    ACTIVATIONS,
    EmbeddingRule,
    Encoder,
    Norm,
    Pooling,
    Positions,
    State,
)
from dnabert_enhancer.model.onnx_nodes import INPUT_NAME, Graph, OnnxGraph
from dnabert_enhancer.model.smoothing import smoothed

OUTPUT_NAME = "logits"
EMBEDDING_NAME = "embedding"
ATTENTION_NAME = "attention"
_BIASED = {"gelu": "BiasGelu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}
_LARGEST_INT8 = 127
LEAST_WEIGHTS = 1 << 16
"""Matrices of fewer weights stay in float32: they gain no time by int8, and lose digits."""
_ZERO = 128
"""What stands for 0 among unsigned integers."""
_LEAST = 1e-30
"""In place of the largest value of a token that is 0 throughout."""
_TO_THE_END = np.iinfo(np.int64).max


def can_be_written(encoder: Encoder) -> bool:
    """Tell whether the graph has an exact operator for the model's activation."""
    return encoder.activation in ACTIVATIONS


def encoder_to_onnx(
    encoder: Encoder,
    state: State,
    *,
    int8: bool = False,
    attentions: bool = False,
    heads_mean: bool = False,
    embedding: EmbeddingRule | None = None,
) -> OnnxGraph:
    """Return the graph of an encoder with its classifier, or of what embeds a sequence.

    Parameters
    ----------
    encoder : Encoder
        What it is made of.
    state : dict of str to float32 array
        Weights by the names of `Encoder.tensors`.
    int8 : bool
        Matrices of the layers, `smoothed`, as 8-bit integers with a scale for each output; their inputs are
        quantised when they are computed, with a scale for each token. Matrices of fewer than 65,536 weights
        and what is computed of the first token alone stay in float32, as embeddings, normalisations,
        attention and head do.
    attentions : bool
        Give what the first token attends to, too.
    heads_mean : bool
        Of attention: give what all tokens attend to, the mean over the heads.
    embedding : EmbeddingRule, optional
        Give embeddings, and nothing of the head.

    Returns
    -------
    OnnxGraph
        One input ``input_ids``, int32 of shape (windows, tokens): windows of equal length, nothing padded.
        One output ``logits``, float32 of shape (windows, outputs), or ``embedding``, of shape (windows,
        hidden); with `attentions` also ``attention.0`` and so on, what the first token attends to in each
        layer, of shape (windows, heads, tokens), or with `heads_mean` (windows, tokens that attend, tokens):
        where the last layer computes the first token alone, one of them. The same weights give the same
        bytes.

    Raises
    ------
    InputError
        An activation without an exact operator.

    Notes
    -----
    Where only the first token of the last layer reaches the output, that layer computes its query, its
    feed-forward part and its normalisations for this token alone: the same numbers for a sixth of the work.
    Its keys and values are not computed, but for rotary positions or `attentions`: with query q of a head and
    states x of the tokens, ``q (K x + k) = (K^T q) x`` plus what softmax takes away again, and the mean of
    ``V x + v`` by weights that sum to 1 is V times the mean of x, plus v.
    The head, from the tanh on, computes in float64: a unit near 1, whose distance from 1 float32
    rounds to steps of 6e-8, may meet a weight of a thousand, as in heads that are fitted without a penalty.
    Layer normalisation is written out in elementary operators, which ONNX Runtime 1.32 runs twice as fast
    on a processor as its fused one.
    """
    if not can_be_written(encoder):
        raise InputError(f"no ONNX operator for hidden_act {encoder.activation!r}")
    writer = EncoderWriter(encoder, state, int8=int8, attentions=attentions, heads_mean=heads_mean)
    outputs: dict[str, list[int | str]] = {}
    if embedding is None:
        writer.write_classifier()
        outputs[OUTPUT_NAME] = ["windows", encoder.outputs]
    else:
        writer.write_embedding(embedding)
        outputs[EMBEDDING_NAME] = ["windows", encoder.hidden]
    if attentions:
        for layer in range(encoder.layers):
            shown = f"queries.{layer}" if heads_mean else encoder.heads
            outputs[f"{ATTENTION_NAME}.{layer}"] = ["windows", shown, "tokens"]
    return writer.graph.finished(outputs)


class MatrixInputs(NamedTuple):
    """A graph that gives what matrices are multiplied with.

    Attributes
    ----------
    graph : OnnxGraph
        With an output for each of `matrices`, in their order, float32 of shape (windows, tokens, inputs).
    matrices : list of tuple of str
        For each output the names, among `Encoder.tensors` without ``.weight``, of the matrices that it meets
        and that int8 quantises.
    state : dict of str to float32 array
        The weights that int8 quantises: `smoothed`.
    """

    graph: OnnxGraph
    matrices: list[tuple[str, ...]]
    state: State


def matrix_inputs(encoder: Encoder, state: State) -> MatrixInputs:
    """Return the graph of the inputs of those matrices that `encoder_to_onnx` quantises."""
    state = smoothed(encoder, state)
    writer = EncoderWriter(encoder, state, int8=False, attentions=False, heads_mean=False)
    writer.write_classifier()
    outputs: dict[str, list[int | str]] = {
        name: ["windows", "tokens", f"width.{number}"] for number, name in enumerate(writer.inputs)
    }
    matrices = [tuple(found) for found in writer.inputs.values()]
    return MatrixInputs(writer.graph.finished(outputs), matrices, state)


class EncoderWriter:
    """Writes the nodes of an encoder, from tokens to logits or to an embedding."""

    def __init__(
        self, encoder: Encoder, state: State, *, int8: bool, attentions: bool, heads_mean: bool
    ) -> None:
        self.graph = Graph()
        self._attentions = attentions
        self._heads_mean = heads_mean
        self._encoder = encoder
        self._state = smoothed(encoder, state) if int8 else state
        self._int8 = int8
        # the names of tensors, and the matrices that 8-bit integers multiply them with
        self.inputs: dict[str, dict[str, None]] = {}

    def write_classifier(self) -> None:
        """Add everything up to the logits."""
        # its mean is over all tokens, special ones too
        x = self._pooled(EmbeddingRule(self._encoder.pooling, 0, 0), "pooler_input")
        self._head(self._dense("bert.pooler.dense", x, "pooler_dense"))

    def write_embedding(self, rule: EmbeddingRule) -> None:
        """Add everything up to an embedding."""
        self._pooled(rule, EMBEDDING_NAME)

    def _pooled(self, rule: EmbeddingRule, output: str) -> str:
        """Add everything up to one vector for each window, shape (windows, hidden)."""
        graph, encoder = self.graph, self._encoder
        x = self._embeddings()
        first = graph.constant("first_token", np.array([0], dtype=np.int64))
        for layer in range(encoder.layers):
            is_last = rule.pooling == Pooling.FIRST and layer == encoder.layers - 1
            x = self._layer(layer, x, first if is_last else "")
        if encoder.last_norm:
            x = self._norm("bert.encoder.LayerNorm", x)
        if rule.pooling == Pooling.FIRST:
            rows = graph.constant("rows", np.array([-1, encoder.hidden], dtype=np.int64))
            return graph.standard("Reshape", [x, rows], output)
        if rule.before or rule.after:
            ends = (rule.before, -rule.after or _TO_THE_END)
            places = [
                graph.constant(f"own_tokens.{name}", np.array([number], dtype=np.int64))
                for name, number in zip(("start", "end"), ends, strict=True)
            ]
            axis = graph.constant("axis_1", np.array([1], dtype=np.int64))
            x = graph.standard("Slice", [x, *places, axis], "own_tokens")
        return graph.standard("ReduceMean", [x], output, axes=[1], keepdims=0)

    def _embeddings(self) -> str:
        encoder, name = self._encoder, "bert.embeddings"
        words = self._state[f"{name}.word_embeddings.weight"]
        # every token is of segment 0, so its row is added once, to the positions where there are any
        segment = (
            self._state[f"{name}.token_type_embeddings.weight"][0] if encoder.segments else np.float32(0)
        )
        if encoder.positions:
            positions = self._state[f"{name}.position_embeddings.weight"][encoder.first_position :]
            positions = (positions + segment if encoder.segments else positions).astype(np.float32)
        if encoder.positions and encoder.embedding_norm and encoder.word_factor == 1.0:
            tables = [
                self.graph.constant("words", words),
                self.graph.constant("positions", positions),
                "",
                self.graph.constant(f"{name}.scale", self._state[f"{name}.LayerNorm.weight"]),
                self.graph.constant(f"{name}.shift", self._state[f"{name}.LayerNorm.bias"]),
            ]
            return self.graph.fused(
                "EmbedLayerNormalization",
                [INPUT_NAME, "", *tables],
                "embeddings",
                "embeddings_mask",
                epsilon=encoder.epsilon,
            )
        words = words if encoder.word_factor == 1.0 else words * np.float32(encoder.word_factor)
        if not encoder.positions:
            words = (words + segment).astype(np.float32)
        x = self.graph.standard("Gather", [self.graph.constant("words", words), INPUT_NAME], "word_vectors")
        if encoder.positions:
            table = self.graph.constant("positions", positions)
            start = self.graph.constant("first_place", np.array([0], dtype=np.int64))
            x = self.graph.standard(
                "Add",
                [x, self.graph.standard("Slice", [table, start, self._tokens(), start], "positions.used")],
                "placed_vectors",
            )
        return self._norm(f"{name}.LayerNorm", x) if encoder.embedding_norm else x

    def _tokens(self) -> str:
        """Return the number of tokens, shape (1,)."""
        return self.graph.once("Shape", [INPUT_NAME], "tokens", start=1, end=2)

    def _places(self) -> str:
        """Return the place of each token, float32 (tokens,)."""
        from onnx import TensorProto

        graph = self.graph
        zero, one = (graph.constant(f"number_{n}", np.array(n, dtype=np.int64)) for n in (0, 1))
        end = graph.once("Squeeze", [self._tokens()], "tokens.number")
        places = graph.once("Range", [zero, end, one], "places")
        return graph.once("Cast", [places], "places.float", to=TensorProto.FLOAT)

    def _alibi(self) -> str:
        """Return what ALiBi takes off the scores, shape (1, heads, tokens, tokens)."""
        graph = self.graph
        places = self._places()
        axes = [graph.constant(f"axis_{n}", np.array([n], dtype=np.int64)) for n in (0, 1)]
        rows, columns = (
            graph.once("Unsqueeze", [places, axis], f"places.{n}") for n, axis in ((1, axes[1]), (0, axes[0]))
        )
        distances = graph.once("Abs", [graph.once("Sub", [rows, columns], "offsets")], "distances")
        slopes = graph.constant("slopes", -self._encoder.alibi_slopes()[None, :, None, None])
        return graph.once("Mul", [distances, slopes], "alibi")

    def _first_alibi(self) -> str:
        """Return the same for the queries of the first token, shape (1, heads, 1, tokens)."""
        first = self.graph.constant("first_token", np.array([0], dtype=np.int64))
        return self.graph.once("Gather", [self._alibi(), first], "alibi.first", axis=2)

    def _turned(self, x: str) -> str:
        """Return queries or keys turned by rotary angles, shape (windows, tokens, hidden)."""
        graph = self.graph
        frequencies = graph.constant("frequencies", self._encoder.rotary_frequencies()[None])
        axis = graph.constant("axis_1", np.array([1], dtype=np.int64))
        column = graph.once("Unsqueeze", [self._places(), axis], "places.1")
        angles = graph.once("Mul", [column, frequencies], "angles")
        tables = [graph.once(operator, [angles], f"angles.{operator.lower()}") for operator in ("Cos", "Sin")]
        start = graph.constant("first_place", np.array([0], dtype=np.int64))
        heads = self._encoder.heads
        return graph.fused("RotaryEmbedding", [x, start, *tables], f"{x}.turned", num_heads=heads)

    def _layer(self, number: int, x: str, first: str) -> str:
        """Add a layer; where `first` is given, for the first token alone, of the keys and values of all."""
        graph, name = self.graph, f"bert.encoder.layer.{number}"
        is_pre = self._encoder.norm == Norm.PRE
        first_norm, second_norm = self._encoder.norms(number)
        source = self._norm(first_norm, x) if is_pre else x
        read = source
        if first:
            read = graph.standard("Gather", [source, first], "first_token_state", axis=1)
            x = graph.standard("Gather", [x, first], "first_token_residual", axis=1) if is_pre else read
        context = self._attention(number, read, source, first_only=bool(first))
        product = self._product(f"{name}.attention.output.dense", context, exact=bool(first))
        x = self._sum(f"{name}.attention.output", product, x)
        if not is_pre:
            x = self._norm(first_norm, x)
        source = self._norm(second_norm, x) if is_pre else x
        wide = self._feed_forward(f"{name}.intermediate.dense", source, exact=bool(first))
        x = self._sum(f"{name}.output", self._product(f"{name}.output.dense", wide, exact=bool(first)), x)
        return x if is_pre else self._norm(second_norm, x)

    def _attention(self, number: int, read: str, x: str, *, first_only: bool) -> str:
        """Add attention of the queries from `read` to the keys and values from `x`."""
        graph, kind = self.graph, self._encoder.position_kind
        attention = f"bert.encoder.layer.{number}.attention"
        if first_only and not self._attentions and kind != Positions.ROTARY:
            return self._first_token_attention(f"{attention}.self", read, x)
        sources = {"query": read, "key": x, "value": x}
        inputs = [
            self._product(f"{attention}.self.{part}", source, exact=first_only and part == "query")
            for part, source in sources.items()
        ]
        if kind == Positions.ROTARY or self._attentions:
            inputs = [
                self._added(f"{attention}.self.{part}", y) for part, y in zip(sources, inputs, strict=True)
            ]
        else:
            bias = np.concatenate([self._state[f"{attention}.self.{part}.bias"] for part in sources])
            inputs.append(graph.constant(f"{attention}.self.bias", bias))
        if kind == Positions.ROTARY:
            # the first token's angles are 0
            query, key, value = inputs
            inputs = [query if first_only else self._turned(query), self._turned(key), value]
        if self._attentions:
            self._attention_weights(number, inputs[0], inputs[1], first_only=first_only)
            inputs.append("")
        if kind == Positions.ALIBI:
            alibi = self._first_alibi() if first_only else self._alibi()
            inputs += [*[""] * (5 - len(inputs)), alibi]
        return graph.fused(
            "MultiHeadAttention", inputs, f"{attention}.context", num_heads=self._encoder.heads
        )

    def _first_token_attention(self, name: str, read: str, x: str) -> str:
        """Add attention of the first token, whose state is `read`, to `x` without its keys and values."""
        graph, encoder = self.graph, self._encoder
        heads, hidden = encoder.heads, encoder.hidden
        size = hidden // heads
        shapes = {
            part: graph.constant(f"{name}.{part}", np.array(sizes, dtype=np.int64))
            for part, sizes in (
                ("apart", [0, heads, 1, size]),
                ("by_head", [0, heads, hidden]),
                ("of_heads", [0, heads, 1, hidden]),
                ("together", [0, 1, hidden]),
            )
        }
        key, value = (
            self._state[f"{name}.{part}.weight"].reshape(heads, size, hidden) for part in ("key", "value")
        )
        keys = graph.constant(f"{name}.key.heads", (key / np.sqrt(size)).astype(np.float32))
        values = graph.constant(f"{name}.value.heads", value.transpose(0, 2, 1))
        query = self._added(f"{name}.query", self._product(f"{name}.query", read, exact=True))
        query = graph.standard("Reshape", [query, shapes["apart"]], f"{name}.query.heads")
        asked = graph.standard("MatMul", [query, keys], f"{name}.asked.heads")
        asked = graph.standard("Reshape", [asked, shapes["by_head"]], f"{name}.asked")
        scores = graph.fused("FusedMatMul", [asked, x], f"{name}.scores", transB=1)
        if encoder.position_kind == Positions.ALIBI:
            axis = graph.constant("axis_2", np.array([2], dtype=np.int64))
            alibi = graph.once("Squeeze", [self._first_alibi(), axis], "alibi.first.rows")
            scores = graph.standard("Add", [scores, alibi], f"{name}.biased")
        weights = graph.standard("Softmax", [scores], f"{name}.weights", axis=-1)
        mean = graph.standard("MatMul", [weights, x], f"{name}.mean")
        mean = graph.standard("Reshape", [mean, shapes["of_heads"]], f"{name}.mean.heads")
        found = graph.standard("MatMul", [mean, values], f"{name}.value.heads_product")
        found = graph.standard("Reshape", [found, shapes["together"]], f"{name}.value.product")
        return self._added(f"{name}.value", found)

    def _attention_weights(self, number: int, query: str, key: str, *, first_only: bool) -> None:
        """Add what tokens attend to as an output: the first one by head, or all, the mean over the heads."""
        graph, encoder = self.graph, self._encoder
        name = f"{ATTENTION_NAME}.{number}"
        size = encoder.hidden // encoder.heads
        apart = graph.constant("heads_apart", np.array([0, -1, encoder.heads, size], dtype=np.int64))
        if not self._heads_mean:
            first = graph.constant("first_token", np.array([0], dtype=np.int64))
            query = graph.standard("Gather", [query, first], f"{name}.first", axis=1)
        parts = []
        for part, y, order in (("query", query, [0, 2, 1, 3]), ("key", key, [0, 2, 3, 1])):
            y = graph.standard("Reshape", [y, apart], f"{name}.{part}.heads")
            parts.append(graph.standard("Transpose", [y], f"{name}.{part}", perm=order))
        scores = graph.standard("MatMul", parts, f"{name}.products")
        scale = graph.constant("one_over_root", np.array(1 / np.sqrt(size), dtype=np.float32))
        scores = graph.standard("Mul", [scores, scale], f"{name}.scores")
        if encoder.position_kind == Positions.ALIBI:
            alibi = self._alibi() if self._heads_mean and not first_only else self._first_alibi()
            scores = graph.standard("Add", [scores, alibi], f"{name}.biased")
        weights = graph.standard("Softmax", [scores], f"{name}.weights", axis=-1)
        if self._heads_mean:
            graph.standard("ReduceMean", [weights], name, axes=[1], keepdims=0)
        else:
            axis = graph.constant("axis_2", np.array([2], dtype=np.int64))
            graph.standard("Squeeze", [weights, axis], name)

    def _feed_forward(self, name: str, x: str, *, exact: bool) -> str:
        if not self._encoder.gated:
            return self._activation(name, self._product(name, x, exact=exact))
        # the two halves as products of their own, which spares cutting the result
        size = self._encoder.intermediate
        halves = []
        for half, rows in (("gate", slice(None, size)), ("gated", slice(size, None))):
            y = self._product(name, x, f".{half}", rows, exact=exact)
            if self._encoder.wide_bias:
                y = self._added(f"{name}.{half}", y, self._state[f"{name}.bias"][rows])
            halves.append(y)
        gate = self._activation(f"{name}.gate", halves[0], has_bias=False)
        return self.graph.standard("Mul", [gate, halves[1]], f"{name}.activation")

    def _head(self, x: str) -> str:
        """Add ``classifier(tanh(x))`` in float64, and its outputs as float32."""
        from onnx import TensorProto

        graph = self.graph
        parts = [
            graph.constant(f"classifier.{part}", self._state[f"classifier.{part}"])
            for part in ("weight", "bias")
        ]
        x, *parts = (
            graph.standard("Cast", [name], f"{name}.double", to=TensorProto.DOUBLE) for name in (x, *parts)
        )
        x = graph.standard("Tanh", [x], "pooler_output")
        x = graph.standard("Gemm", [x, *parts], "logits.double", transB=1)
        return graph.standard("Cast", [x], OUTPUT_NAME, to=TensorProto.FLOAT)

    def _dense(self, name: str, x: str, output: str) -> str:
        weight = self.graph.constant(f"{name}.weight", self._state[f"{name}.weight"])
        bias = self.graph.constant(f"{name}.bias", self._state[f"{name}.bias"])
        return self.graph.standard("Gemm", [x, weight, bias], output, transB=1)

    def _product(
        self, name: str, x: str, part: str = "", rows: slice = slice(None), *, exact: bool = False
    ) -> str:
        """Add ``x W^T`` of a matrix or of some of its rows, in float32 where it has to be `exact`."""
        matrix = self._state[f"{name}.weight"][rows].T
        exact = exact or matrix.size < LEAST_WEIGHTS
        if not exact:
            self.inputs.setdefault(x, {})[name] = None
        name += part
        if exact or not self._int8:
            return self.graph.standard(
                "MatMul", [x, self.graph.constant(f"{name}.weight", matrix)], f"{name}.product"
            )
        integers, scale = quantised(matrix)
        largest, units = self._units(x)
        inputs = [units, self.graph.constant(f"{name}.weight", integers), "unit"]
        inputs += [self.graph.constant(f"{name}.scale", scale), "zero"]
        product = self.graph.fused("MatMulIntegerToFloat", inputs, f"{name}.scaled")
        return self.graph.standard("Mul", [product, largest], f"{name}.product")

    def _units(self, x: str) -> tuple[str, str]:
        """Add the largest absolute value of each token, and values as 8-bit integers in its 127ths."""
        graph = self.graph
        least = graph.constant("least", np.array(_LEAST, dtype=np.float32))
        largest = graph.once("ReduceMax", [graph.once("Abs", [x], f"{x}.sizes")], f"{x}.max", axes=[-1])
        largest = graph.once("Max", [largest, least], f"{x}.largest")
        graph.constant("unit", np.array(1 / _LARGEST_INT8, dtype=np.float32))
        graph.constant("zero", np.array(_ZERO, dtype=np.uint8))
        shares = graph.once("Div", [x, largest], f"{x}.shares")
        return largest, graph.once("QuantizeLinear", [shares, "unit", "zero"], f"{x}.integers")

    def _added(self, name: str, x: str, bias: NDArray[np.float32] | None = None) -> str:
        values = self._state[f"{name}.bias"] if bias is None else bias
        return self.graph.standard("Add", [x, self.graph.constant(f"{name}.bias", values)], f"{name}.added")

    def _activation(self, name: str, x: str, *, has_bias: bool = True) -> str:
        output = f"{name}.activation"
        kind = self._encoder.activation
        has_bias = has_bias and self._encoder.wide_bias
        if kind in _BIASED and has_bias:
            bias = self.graph.constant(f"{name}.bias", self._state[f"{name}.bias"])
            return self.graph.fused(_BIASED[kind], [x, bias], output)
        if has_bias:
            x = self._added(name, x)
        if kind == "relu":
            return self.graph.standard("Relu", [x], output)
        if kind == "silu":
            return self.graph.fused("QuickGelu", [x], output, alpha=1.0)
        return self.graph.fused("Gelu" if kind == "gelu" else "FastGelu", [x], output)

    def _sum(self, name: str, x: str, residual: str) -> str:
        """Add ``x + bias + residual``."""
        if f"{name}.dense.bias" in self._state:
            bias = self.graph.constant(f"{name}.dense.bias", self._state[f"{name}.dense.bias"])
            x = self.graph.standard("Add", [x, bias], f"{name}.with_bias")
        return self.graph.standard("Add", [x, residual], f"{name}.sum")

    def _norm(self, norm: str, y: str) -> str:
        """Add ``(y - mean) / sqrt(variance + epsilon) * scale + shift``."""
        graph, encoder, name = self.graph, self._encoder, norm.removesuffix(".LayerNorm")
        mean = graph.standard("ReduceMean", [y], f"{name}.mean", axes=[-1], keepdims=1)
        centred = graph.standard("Sub", [y, mean], f"{name}.centred")
        squares = graph.standard("ReduceSumSquare", [centred], f"{name}.squares", axes=[-1], keepdims=1)
        share = graph.constant("one_over_hidden", np.array(1 / encoder.hidden, dtype=np.float32))
        variance = graph.standard("Mul", [squares, share], f"{name}.variance")
        epsilon = graph.constant("epsilon", np.array(encoder.epsilon, dtype=np.float32))
        variance = graph.standard("Add", [variance, epsilon], f"{name}.variance_epsilon")
        deviation = graph.standard("Sqrt", [variance], f"{name}.deviation")
        unit = graph.standard("Div", [centred, deviation], f"{name}.unit")
        scale = graph.constant(f"{norm}.weight", self._state[f"{norm}.weight"])
        shift = graph.constant(f"{norm}.bias", self._state[f"{norm}.bias"])
        return graph.standard("Add", [graph.standard("Mul", [unit, scale], f"{name}.scaled"), shift], name)


def quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix, shape (inputs, outputs), as 8-bit integers and the scale of each output.

    ``matrix ≈ integers * scale`` with integers in -127..127 and ``scale = max |column| / 127``.
    """
    scale = np.abs(matrix).max(axis=0) / np.float32(_LARGEST_INT8)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(matrix / scale).astype(np.int8), scale
