"""The one loop over a model: tokens, both strands, micro-batches in worker threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backend import Backend
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import Tokenizer, reverse_complement

Progress = Callable[[int], None]
_CHUNK = 256


class _Call(NamedTuple):
    """One call of the model: which rows of the chunk's tokens, and how many of them are not padding."""

    ids: NDArray[np.int32]
    rows: NDArray[np.int64]


def outputs_of(
    backend: Backend,
    tokenizer: Tokenizer,
    codes: NDArray[np.uint8],
    rows: NDArray[np.int64],
    *,
    both_strands: bool,
    chunk: int = 0,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Return the outputs of some windows of one length.

    Parameters
    ----------
    backend : Backend
    tokenizer : Tokenizer
    codes : uint8 array, shape (windows, length)
    rows : int64 array, shape (chosen,)
        Which windows.
    both_strands : bool
        Average with the reverse complement.
    chunk : int
        Windows that are tokenised at a time; 0 chooses.
    progress : callable, optional
        Called with the number of windows done since its last call.

    Returns
    -------
    float32 array, shape (chosen, outputs)
    """
    results: list[NDArray[np.float32]] = []
    size = chunk or _CHUNK
    with backend.session(), ThreadPoolExecutor(backend.workers) as pool:
        for start in range(0, len(rows), size):
            part = codes[rows[start : start + size]]
            tokens = _tokens(tokenizer, part)
            if both_strands:
                opposite = _tokens(tokenizer, reverse_complement(part))
                both = _run_all(backend, pool, [*tokens, *opposite])
                outputs = (both[: len(part)] + both[len(part) :]) * np.float32(0.5)
            else:
                outputs = _run_all(backend, pool, tokens)
            results.append(outputs)
            if progress:
                progress(len(part))
    return np.concatenate(results)


def _tokens(tokenizer: Tokenizer, codes: NDArray[np.uint8]) -> list[NDArray[np.int32]]:
    """Return the token ids of each window, without padding."""
    batch = tokenizer.tokenize(codes)
    ids = batch.ids.astype(np.int32)
    if batch.mask is None:
        rows = list(ids)
    else:
        rows = [row[:count] for row, count in zip(ids, batch.mask.sum(axis=1), strict=True)]
    longest = max(len(row) for row in rows)
    if longest > tokenizer.maximum_tokens:
        raise InputError(
            f"a window of {codes.shape[1]} bp has {longest} tokens, but the model reads {tokenizer.maximum_tokens}",
            remedy="give shorter windows",
        )
    return rows


def _run_all(
    backend: Backend, pool: ThreadPoolExecutor, tokens: list[NDArray[np.int32]]
) -> NDArray[np.float32]:
    calls = list(_calls(backend, tokens))
    outputs: NDArray[np.float32] | None = None
    for call, result in zip(calls, pool.map(lambda call: backend.run(call.ids), calls), strict=True):
        if outputs is None:
            outputs = np.empty((len(tokens), result.shape[1]), dtype=np.float32)
        outputs[call.rows] = result[: len(call.rows)]
    if outputs is None:
        raise InputError("no windows to predict")
    return outputs


def _calls(backend: Backend, tokens: list[NDArray[np.int32]]) -> Iterator[_Call]:
    """Yield calls of windows with equally many tokens, the last of a length filled up by repeating its windows."""
    lengths = np.array([len(row) for row in tokens])
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        size = backend.windows_per_call(int(length))
        for start in range(0, len(places), size):
            rows = places[start : start + size]
            yield _Call(np.stack([tokens[row] for row in np.resize(rows, size)]), rows)
