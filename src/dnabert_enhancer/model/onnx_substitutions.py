"""Graphs for windows that differ from a common one in a run of tokens: its first layer is computed once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnabert_enhancer.model.encoder import Encoder, Norm, Positions, State
from dnabert_enhancer.model.onnx_graph import OUTPUT_NAME, EncoderWriter
from dnabert_enhancer.model.onnx_nodes import INPUT_NAME, PLACE_NAMES, OnnxGraph

LEAST_NAME, MOST_NAME = "least", "most"
_MOST_LAYERS = 4
_TO_THE_END = np.iinfo(np.int64).max
_SELF = "bert.encoder.layer.0.attention.self"


class SubstitutionGraphs(NamedTuple):
    """What computes windows that differ from a common one in a run of tokens.

    Attributes
    ----------
    common : OnnxGraph
        From the common window's ``input_ids``, shape (1, tokens), to what its first layer's attention is made
        of: ``states`` (1, tokens, hidden), ``queries`` (1, heads, tokens, size + 1), of which the last is
        less the largest score of that token, ``keys`` (1, heads, size, tokens), ``values`` with a column of
        ones (1, heads, tokens, size + 1) and ``weights``, which are ``exp(score - largest)``, (1, heads,
        tokens, tokens).
    changed : OnnxGraph
        From these, the tokens of each window in the run, ``input_ids`` of shape (windows, run), and its
        place, ``start`` and ``end`` of shape (1,), to ``logits``, shape (windows, outputs), and ``least``
        and ``most``, shape (windows,): the least and the largest sum of weights by which attention was
        divided. Where the least is near 0, a token attended to nothing but the run, and next to nothing is
        known of what else it would attend to; where the largest is beyond float32, logits are no numbers.
    """

    common: OnnxGraph
    changed: OnnxGraph


def can_share(encoder: Encoder) -> bool:
    """Tell whether the graphs can be made and gain: a BERT of two to four layers.

    With more layers, the first one, of which alone something is spared, is less than a fifth of the work.
    """
    is_bert = encoder.position_kind == Positions.LEARNED and encoder.norm == Norm.POST
    return is_bert and encoder.embedding_norm and 2 <= encoder.layers <= _MOST_LAYERS


def substitution_graphs(encoder: Encoder, state: State) -> SubstitutionGraphs:
    """Return the graphs of an encoder that `can_share`, with its classifier.

    Notes
    -----
    With e the common window's weights before they are divided by their sum, the attention of a token outside
    the run is ``sum(e v)`` over the keys outside the run and those of the window's own tokens inside it, over
    the same sum of e alone. Nothing is subtracted, so that no digits are lost where the run had most of the
    attention (unless so much that the rest is below what float32 holds, which ``least`` tells). Tokens of the
    run attend anew.
    All else is computed as by `encoder_to_onnx`: the same numbers but for the order of sums.
    """
    common = _CommonWriter(encoder, state)
    common.write()
    changed = _ChangedWriter(encoder, state)
    changed.write_classifier()
    heads, hidden = encoder.heads, encoder.hidden
    size = hidden // heads
    shapes: dict[str, list[int | str]] = {
        "states": [1, "length", hidden],
        "queries": [1, heads, "length", size + 1],
        "keys": [1, heads, size, "length"],
        "values": [1, heads, "length", size + 1],
        "weights": [1, heads, "length", "length"],
    }
    places: dict[str, list[int | str]] = {name: [1] for name in PLACE_NAMES}
    return SubstitutionGraphs(
        common.graph.finished(shapes),
        changed.graph.finished(
            {
                OUTPUT_NAME: ["windows", encoder.outputs],
                LEAST_NAME: ["windows"],
                MOST_NAME: ["windows"],
            },
            shapes | places,
        ),
    )


class _FirstLayerWriter(EncoderWriter):
    """Writes queries, keys and values of the first layer by head."""

    def __init__(self, encoder: Encoder, state: State) -> None:
        super().__init__(encoder, state, int8=False, attentions=False, heads_mean=False)
        self._size = encoder.hidden // encoder.heads

    def _by_head(self, part: str, x: str, order: list[int], output: str) -> str:
        """Add a product of states (windows, tokens, hidden), as (windows, heads, …) in some order."""
        graph, name = self.graph, f"{_SELF}.{part}"
        y = self._added(name, self._product(name, x))
        if part == "query":
            root = graph.constant("one_over_root", np.array(1 / np.sqrt(self._size), dtype=np.float32))
            y = graph.standard("Mul", [y, root], f"{name}.divided")
        apart = graph.constant("heads_apart", np.array([0, 0, -1, self._size], dtype=np.int64))
        y = graph.standard("Reshape", [y, apart], f"{name}.heads")
        return graph.standard("Transpose", [y], output, perm=order)

    def _with_ones(self, x: str, axis: int, output: str) -> str:
        """Add a row or column of ones at the end of an axis.

        By it, sums of weights come with sums of values, and scores less the largest one with scores.
        """
        graph = self.graph
        ends = [0, 0, 0, 0, *(int(number == axis) for number in range(4))]
        pads = graph.constant(f"ones_{axis}", np.array(ends, dtype=np.int64))
        one = graph.constant("one", np.array(1, dtype=np.float32))
        return graph.standard("Pad", [x, pads, one], output)


class _CommonWriter(_FirstLayerWriter):
    """Writes the common window's part."""

    def write(self) -> None:
        """Add what `SubstitutionGraphs.common` gives."""
        graph = self.graph
        x = graph.standard("Identity", [self._embeddings()], "states")
        query = self._by_head("query", x, [0, 2, 1, 3], "queries.own")
        key = self._by_head("key", x, [0, 2, 3, 1], "keys")
        self._with_ones(self._by_head("value", x, [0, 2, 1, 3], "values.own"), 3, "values")
        scores = graph.standard("MatMul", [query, key], "scores")
        largest = graph.standard("ReduceMax", [scores], "largest", axes=[-1], keepdims=1)
        graph.standard(
            "Concat", [query, graph.standard("Neg", [largest], "largest.negative")], "queries", axis=3
        )
        graph.standard("Exp", [graph.standard("Sub", [scores, largest], "scores.below")], "weights")


class _ChangedWriter(_FirstLayerWriter):
    """Writes the classifier of windows with a run of tokens of their own."""

    def _embeddings(self) -> str:
        """Add the states of all tokens: the common ones, in the run those of the window's own tokens."""
        graph, encoder, name = self.graph, self._encoder, "bert.embeddings"
        places = self._state[f"{name}.position_embeddings.weight"][encoder.first_position :]
        if encoder.segments:
            places = places + self._state[f"{name}.token_type_embeddings.weight"][0]
        words = self._state[f"{name}.word_embeddings.weight"] * np.float32(encoder.word_factor)
        tables = [graph.constant("words", words), graph.constant("positions", places.astype(np.float32))]
        placed = self._of_run(tables[1], 0, "positions.run")
        x = graph.standard("Gather", [tables[0], INPUT_NAME], "word_vectors")
        x = graph.standard("Add", [x, placed], "placed_vectors")
        self._run = self._norm(f"{name}.LayerNorm", x)
        windows = graph.standard("Shape", [INPUT_NAME], "windows", start=0, end=1)
        ones = graph.constant("ones", np.array([1, 1], dtype=np.int64))
        sizes = graph.standard("Concat", [windows, ones], "windows.by_1_1", axis=0)
        common = graph.standard("Expand", ["states", sizes], "states.each")
        return self._in_place(common, self._run, 1, "states.all")

    def _attention(self, number: int, read: str, x: str, *, first_only: bool) -> str:
        """Add attention; in the first layer what the run changes of the common window's."""
        if number:
            return super()._attention(number, read, x, first_only=first_only)
        graph = self.graph
        query = self._by_head("query", self._run, [0, 2, 1, 3], "run.queries")
        key = self._by_head("key", self._run, [0, 2, 3, 1], "run.keys")
        own = self._by_head("value", self._run, [0, 2, 1, 3], "run.values")
        value = self._with_ones(own, 3, "run.values.ones")
        zero = graph.constant("zero", np.array(0, dtype=np.float32))
        nothing = graph.standard(
            "Mul", [self._of_run("values", 2, "values.replaced"), zero], "values.nothing"
        )
        outside = self._in_place("values", nothing, 2, "values.outside")
        rest = graph.standard("MatMul", ["weights", outside], "rest")

        below = graph.standard(
            "MatMul", ["queries", self._with_ones(key, 2, "run.keys.ones")], "scores.below"
        )
        weights = graph.standard("Exp", [below], "run.weights")
        more = graph.standard("MatMul", [weights, value], "run.sums")
        sums = graph.standard("Add", [rest, more], "sums")

        scores = self._in_place(
            graph.standard("MatMul", [query, "keys"], "run.scores.common"),
            graph.standard("MatMul", [query, key], "run.scores.own"),
            3,
            "run.scores",
        )
        weights = graph.standard("Softmax", [scores], "run.weights.all", axis=-1)
        inside = graph.standard("MatMul", [self._of_run(weights, 3, "run.weights.own"), value], "run.inside")
        around = graph.standard("MatMul", [weights, outside], "run.outside")
        sums = self._in_place(sums, graph.standard("Add", [around, inside], "run.sums.all"), 2, "sums.all")

        parts = [
            graph.standard(
                "Slice", [sums, *(self._place(end) for end in ends), self._place(3)], f"context.{part}"
            )
            for part, ends in (("sum", (0, self._size)), ("weight", (self._size, self._size + 1)))
        ]
        # of the tokens outside the run; inside it is 1
        graph.standard("ReduceMin", [parts[1]], LEAST_NAME, axes=[1, 2, 3], keepdims=0)
        graph.standard("ReduceMax", [parts[1]], MOST_NAME, axes=[1, 2, 3], keepdims=0)
        context = graph.standard("Div", parts, "context.heads")
        context = graph.standard("Transpose", [context], "context.apart", perm=[0, 2, 1, 3])
        together = graph.constant("together", np.array([0, 0, -1], dtype=np.int64))
        return graph.standard("Reshape", [context, together], "context")

    def _place(self, number: int) -> str:
        return self.graph.constant(f"place_{number}", np.array([number], dtype=np.int64))

    def _of_run(self, x: str, axis: int, output: str) -> str:
        """Add what of a tensor is of the run's tokens."""
        return self.graph.standard("Slice", [x, *PLACE_NAMES, self._place(axis)], output)

    def _in_place(self, x: str, run: str, axis: int, output: str) -> str:
        """Add a tensor with other values for the run's tokens."""
        left, right = (
            self.graph.standard("Slice", [x, *ends, self._place(axis)], f"{output}.{side}")
            for side, ends in (
                ("left", (self._place(0), PLACE_NAMES[0])),
                ("right", (PLACE_NAMES[1], self._place(_TO_THE_END))),
            )
        )
        return self.graph.standard("Concat", [left, run, right], output, axis=axis)
