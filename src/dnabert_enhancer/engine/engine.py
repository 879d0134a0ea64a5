"""The engine: a model made ready on a device, and the one loop over it for all predictions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Backend, load_backend, select_way
from dnabert_enhancer.engine.predictions import Predictions, interpret_outputs
from dnabert_enhancer.engine.settings import EngineSettings, Strand
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.sequence import Tokenizer, reverse_complement

_log = logging.getLogger(__name__)


class Engine:
    """A model and the way in which it is computed, which follows the rule of `backends`.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings, optional

    Raises
    ------
    InputError, ResourceError
        The model cannot be computed as the settings ask.
    """

    def __init__(self, model: EnhancerModel, settings: EngineSettings | None = None) -> None:
        self.model = model
        self.settings = settings or EngineSettings()
        self._selection = select_way(model, self.settings)
        self._backend: Backend | None = None
        self._why = self._selection.why
        self._check: dict[str, Any] = {}

    @property
    def both_strands(self) -> bool:
        """Whether the strands are averaged: asked for by the settings, and right for the model."""
        return self.settings.strand == Strand.BOTH and self.model.card.strand == Strand.BOTH

    def predict(
        self, windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], progress: Progress | None = None
    ) -> Predictions:
        """Return the predictions of windows, in their order.

        Parameters
        ----------
        windows : uint8 array, shape (windows, length), or sequence of uint8 arrays of differing length
            Base codes; any strides, so views into a contig are fine.
        progress : callable, optional
            Called with the number of windows done since its last call.

        Returns
        -------
        Predictions
            Equal windows are computed once. A window's numbers do not depend on the batch size, on the order,
            on the number of threads or on the windows beside it.

        Raises
        ------
        InputError
            Windows longer than the model can read.
        """
        groups = by_length(windows)
        for group in groups:
            self.model.check_window(group.codes.shape[1])
        results = np.zeros((len(windows), len(self.model.card.labels)), dtype=np.float32)
        for number, group in enumerate(groups):
            distinct = distinct_windows(group.codes)
            outputs = self._outputs(group.codes, distinct.rows, progress)
            if progress and len(distinct.rows) < len(group.codes):
                progress(len(group.codes) - len(distinct.rows))
            if number == 0 and outputs.shape[1] != results.shape[1]:
                results = np.zeros((len(windows), outputs.shape[1]), dtype=np.float32)
            results[group.places] = outputs[distinct.answers]
        return interpret_outputs(results, self.model.card)

    def description(self) -> dict[str, Any]:
        """Return how the model is computed and why, as JSON values for the run record."""
        content: dict[str, Any] = {
            "backend": self.settings.backend,
            "device": self.settings.device,
            "precision": self.settings.precision,
            "threads": self.settings.used_threads,
            "batch_size": self.settings.batch_size,
            "strand": Strand.BOTH if self.both_strands else Strand.FORWARD,
            "why": "nothing was predicted",
        }
        if self._backend is not None:
            content |= {name: getattr(self._backend, name) for name in ("device", "precision")}
            content |= {"backend": self._backend.name, "why": self._why, "precision_check": self._check}
        return {name: str(value) if isinstance(value, str) else value for name, value in content.items()}

    def _outputs(
        self, codes: NDArray[np.uint8], rows: NDArray[np.int64], progress: Progress | None
    ) -> NDArray[np.float32]:
        if self._backend is None:
            self._backend = self._load()
        return outputs_of(
            self._backend,
            self.model.tokenizer,
            codes,
            rows,
            both_strands=self.both_strands,
            chunk=self.settings.batch_size,
            progress=progress,
        )

    def _load(self) -> Backend:
        way, exact, threads = self._selection.way, self._selection.exact, self.settings.used_threads
        if exact is not None:
            from dnabert_enhancer.engine.precision_check import check_precision

            found = check_precision(self.model, way, exact, threads)
            self._check = found.report()
            self._why += f"; {way.precision} {'agrees' if found.passes else 'does not agree'} with float32"
            if not found.passes and self._selection.is_asked_for:
                _log.warning("engine: %s does not agree with float32 (%s)", way, self._check)
            elif not found.passes:
                way = exact
            _log.info("engine: %s (%s)", way, self._why)
        return load_backend(way, self.model, threads)


Progress = Callable[[int], None]
_CHUNK_WINDOWS = 256
_CALLS_PER_WORKER = 16
_BLOCK_BYTES = 1 << 24


class _Call(NamedTuple):
    """One call of the model.

    Attributes
    ----------
    ids : int32 array, shape (windows_per_call, tokens)
        Windows of equally many tokens; a call that is not full repeats its windows.
    rows : int64 array, shape (windows,)
        The rows of the chunk that the first of them are.
    """

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
        Which windows, at least one.
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
    with backend.session(), ThreadPoolExecutor(backend.workers) as pool:
        size = chunk or _chunk_size(backend, tokenizer, codes.shape[1])
        for start in range(0, len(rows), size):
            part = codes[rows[start : start + size]]
            tokens = _tokens(tokenizer, part)
            if both_strands:
                opposite = _tokens(tokenizer, reverse_complement(part))
                both = _run_all(backend, pool, [*tokens, *opposite])
                results.append((both[: len(part)] + both[len(part) :]) * np.float32(0.5))
            else:
                results.append(_run_all(backend, pool, tokens))
            if progress:
                progress(len(part))
    return np.concatenate(results)


def _chunk_size(backend: Backend, tokenizer: Tokenizer, length: int) -> int:
    """Return how many windows keep all workers busy for many calls, so that none waits long."""
    per_call = backend.windows_per_call(tokenizer.token_count(length))
    return max(_CHUNK_WINDOWS, backend.workers * per_call * _CALLS_PER_WORKER)


def _tokens(tokenizer: Tokenizer, codes: NDArray[np.uint8]) -> Sequence[NDArray[np.int32]]:
    """Return the token ids of each window, without padding."""
    batch = tokenizer.tokenize(codes)
    ids = batch.ids.astype(np.int32)
    rows: Sequence[NDArray[np.int32]] = list(ids)
    if batch.mask is not None:
        rows = [row[:count] for row, count in zip(ids, batch.mask.sum(axis=1), strict=True)]
    longest = max(len(row) for row in rows)
    if longest > tokenizer.maximum_tokens:
        raise InputError(
            f"a window of {codes.shape[1]} bp has {longest} tokens, more than the {tokenizer.maximum_tokens} "
            "that the model reads",
            remedy="give shorter windows",
        )
    return rows


def _run_all(
    backend: Backend, pool: ThreadPoolExecutor, tokens: Sequence[NDArray[np.int32]]
) -> NDArray[np.float32]:
    """Return the outputs of each window's tokens, in order; a worker takes the next call when it is free."""
    calls = _calls(backend, tokens)
    lock = threading.Lock()
    stop = threading.Event()

    def work() -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        done = []
        try:
            while not stop.is_set():
                with lock:
                    call = next(calls, None)
                if call is None:
                    break
                done.append((call.rows, backend.run(call.ids)[: len(call.rows)]))
        except BaseException:
            stop.set()
            raise
        return done

    try:
        futures = [pool.submit(work) for _ in range(backend.workers)]
        done = [result for future in futures for result in future.result()]
    finally:
        stop.set()
    outputs = np.empty((len(tokens), done[0][1].shape[1]), dtype=np.float32)
    for rows, values in done:
        outputs[rows] = values
    return outputs


def _calls(backend: Backend, tokens: Sequence[NDArray[np.int32]]) -> Iterator[_Call]:
    lengths = np.array([len(row) for row in tokens])
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        size = backend.windows_per_call(int(length))
        for start in range(0, len(places), size):
            rows = places[start : start + size]
            yield _Call(np.stack([tokens[int(row)] for row in np.resize(rows, size)]), rows)


class LengthGroup(NamedTuple):
    """Windows of one length.

    Attributes
    ----------
    codes : uint8 array, shape (windows, length)
        Base codes, any strides.
    places : int64 array, shape (windows,)
        Where each window stood in the input.
    """

    codes: NDArray[np.uint8]
    places: NDArray[np.int64]


def by_length(windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> list[LengthGroup]:
    """Return the windows grouped by length, the shortest first, in input order within a group.

    Raises
    ------
    InputError
        An array that is not two-dimensional, or not of base codes.
    """
    if isinstance(windows, np.ndarray):
        if windows.ndim != 2 or windows.dtype != np.uint8:
            shape = f"{windows.dtype} of shape {windows.shape}"
            raise InputError(f"windows must be base codes, uint8 of shape (windows, length), not {shape}")
        return [LengthGroup(windows, np.arange(len(windows)))] if len(windows) else []
    lengths = np.array([len(window) for window in windows], dtype=np.int64)
    groups = []
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        codes = np.stack([np.asarray(windows[int(place)], dtype=np.uint8) for place in places])
        groups.append(LengthGroup(codes, places))
    return groups


class DistinctWindows(NamedTuple):
    """Which windows must be computed, and which of them answers for each input row.

    Attributes
    ----------
    rows : int64 array, shape (distinct,)
        The first row of each distinct window, ascending.
    answers : int64 array, shape (windows,)
        Index into `rows`.
    """

    rows: NDArray[np.int64]
    answers: NDArray[np.int64]


def distinct_windows(codes: NDArray[np.uint8]) -> DistinctWindows:
    """Return the distinct rows of codes, shape (windows, length), found by a hash and then compared."""
    keys = _row_keys(codes)
    _, first, answers = np.unique(keys, return_index=True, return_inverse=True)
    representative = first[answers]
    repeated = np.flatnonzero(representative != np.arange(len(codes)))
    block = max(1, _BLOCK_BYTES // max(1, codes.shape[1]))
    for start in range(0, len(repeated), block):
        some = repeated[start : start + block]
        differs = (codes[some] != codes[representative[some]]).any(axis=1)
        representative[some[differs]] = some[differs]
    rows, answers = np.unique(representative, return_inverse=True)
    return DistinctWindows(rows, answers)


def _row_keys(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return a 64-bit key for each row: 8 codes a word, words times random odd numbers, folded."""
    count, length = codes.shape
    words = -(-length // 8)
    factors = np.random.default_rng(0x5EED).integers(1, 1 << 63, size=words, dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    keys = np.empty(count, dtype=np.uint64)
    block = max(1, _BLOCK_BYTES // max(1, words * 8))
    for start in range(0, count, block):
        part = codes[start : start + block]
        padded = np.zeros((len(part), words * 8), dtype=np.uint8)
        padded[:, :length] = part
        mixed = padded.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * factors
        mixed ^= mixed >> np.uint64(32)
        keys[start : start + block] = mixed.sum(axis=1, dtype=np.uint64)
    return keys
