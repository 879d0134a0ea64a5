"""Windows that differ from the first of their family in a few bases, with what they have in common once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Way, open_onnx_session, run_onnx
from dnabert_enhancer.engine.engine import token_rows
from dnabert_enhancer.engine.settings import BackendName, Device, Precision
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.sequence import reverse_complement

_MOST_WINDOWS = 32
_LARGEST_SHARE = 0.25
"""Of the tokens in a run, above which a window is computed in full."""
_LEAST_WEIGHT = 1e-20
"""Of what a token attends to beside what was replaced, by its largest weight; float32 ends at 1e-38."""


def shares_first_layer(model: EnhancerModel, way: Way) -> bool:
    """Tell whether a model, computed in some way, has a `SharedFirstLayer`: a shallow BERT in float32."""
    is_exact = way == Way(BackendName.ONNX, Precision.FLOAT32, Device.CPU)
    return is_exact and model.has_substitution_graphs


class SharedFirstLayer:
    """A network whose first layer is computed once for windows that differ in a run of tokens.

    Parameters
    ----------
    model : EnhancerModel
        Of which `shares_first_layer` is true.
    threads : int
        On which calls go on at a time, each on one thread.
    """

    def __init__(self, model: EnhancerModel, threads: int) -> None:
        graphs = model.substitution_graphs()
        self._tokenizer, self._source, self._workers = model.tokenizer, model.directory, threads
        self._common, self._changed = (
            open_onnx_session(graph, Device.CPU, model.directory) for graph in (graphs.common, graphs.changed)
        )

    def outputs(self, family: NDArray[np.uint8], *, both_strands: bool) -> NDArray[np.float32] | None:
        """Return the outputs of windows, or None where they differ from the first one in too much.

        Parameters
        ----------
        family : uint8 array, shape (windows, length)
            Base codes.
        both_strands : bool
            Average with the reverse complement.

        Returns
        -------
        float32 array, shape (windows, outputs), or None
            Within 1e-5 of what the network gives for each window; they depend on the family alone.
        """
        strands = [family, reverse_complement(family)] if both_strands else [family]
        rows = [token_rows(self._tokenizer, strand) for strand in strands]
        if len({len(row) for strand in rows for row in strand}) > 1:
            return None
        tokens = [np.stack(strand) for strand in rows]
        if any(_longest_run(strand) > _LARGEST_SHARE * strand.shape[1] for strand in tokens):
            return None
        outputs = []
        for strand in tokens:
            found = self._of_tokens(strand)
            if found is None:
                return None
            outputs.append(found)
        return (outputs[0] + outputs[1]) * np.float32(0.5) if both_strands else outputs[0]

    def _of_tokens(self, tokens: NDArray[np.int32]) -> NDArray[np.float32] | None:
        names = [output.name for output in self._common.get_outputs()]
        values = run_onnx(self._common, {"input_ids": tokens[:1]}, self._source)
        common = dict(zip(names, values, strict=True))

        def call(run: _Run) -> list[NDArray[np.float32]]:
            own = np.ascontiguousarray(tokens[run.rows, run.start : run.end])
            place = {"start": np.array([run.start]), "end": np.array([run.end])}
            return run_onnx(self._changed, {"input_ids": own, **place, **common}, self._source)

        with ThreadPoolExecutor(self._workers) as pool:
            found = list(pool.map(call, _runs(tokens)))
        if any(least.min() < _LEAST_WEIGHT or most.max() > 1 / _LEAST_WEIGHT for _, least, most in found):
            return None
        return np.concatenate([outputs for outputs, _, _ in found])


class _Run(NamedTuple):
    """Neighbouring windows whose tokens differ from the common ones within the same places."""

    rows: slice
    start: int
    end: int


def _runs(tokens: NDArray[np.int32]) -> Iterator[_Run]:
    starts, ends = _places(tokens)
    changes = np.flatnonzero((np.diff(starts) != 0) | (np.diff(ends) != 0)) + 1
    edges = [0, *changes.tolist(), len(tokens)]
    for first, last in itertools.pairwise(edges):
        for row in range(first, last, _MOST_WINDOWS):
            yield _Run(slice(row, min(row + _MOST_WINDOWS, last)), int(starts[first]), int(ends[first]))


def _places(tokens: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first place where each row differs from the first row, and that after the last one.

    Of a row that does not differ they are 0 and 1.
    """
    differs = tokens != tokens[0]
    some = differs.any(axis=1)
    starts = np.where(some, differs.argmax(axis=1), 0)
    ends = np.where(some, tokens.shape[1] - differs[:, ::-1].argmax(axis=1), 1)
    return starts.astype(np.int64), ends.astype(np.int64)


def _longest_run(tokens: NDArray[np.int32]) -> int:
    starts, ends = _places(tokens)
    return int((ends - starts).max())
