"""The engine: a model made ready on a device, and the one loop over it for all predictions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Backend
from dnabert_enhancer.engine.network import Network
from dnabert_enhancer.engine.predictions import Predictions, Target, interpret_outputs
from dnabert_enhancer.engine.settings import EngineSettings, Strand
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import EmbeddingRule, Encoder, EnhancerModel, ModelCard, Pooling
from dnabert_enhancer.sequence import Tokenizer, reverse_complement

if TYPE_CHECKING:
    from dnabert_enhancer.engine.gradients import TokenGradients


class Engine:
    """A model and the way in which it is computed, which follows the rule of `backends`.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings, optional
    network : Network, optional
        That of another engine, which has the same weights and settings.

    Raises
    ------
    InputError, ResourceError
        The model cannot be computed as the settings ask.
    """

    def __init__(
        self, model: EnhancerModel, settings: EngineSettings | None = None, network: Network | None = None
    ) -> None:
        self.model = model
        self.settings = settings or EngineSettings()
        self._network = network or Network(model, self.settings)

    @property
    def network(self) -> Hashable:
        """Engines that have the same one are of outputs of the same network."""
        return self._network

    def with_settings(self, settings: EngineSettings) -> Engine:
        """Return an engine of the same model with other settings."""
        return Engine(self.model, settings)

    def of_output(self, model: EnhancerModel) -> Engine:
        """Return an engine of another output of the same weights, for which they are not loaded again."""
        return Engine(model, self.settings, self._network)

    def release(self) -> None:
        """Let go of the network; it is read again for the next prediction."""
        self._network.release()

    @property
    def both_strands(self) -> bool:
        """Whether the strands are averaged: asked for by the settings, and right for the model."""
        return self._reads_both(self.settings.strand)

    def _reads_both(self, strand: str) -> bool:
        return strand == Strand.BOTH and self.model.card.strand == Strand.BOTH

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
        (predictions,) = self.predict_outputs(windows, [self.model.card], progress)
        return predictions

    def predict_families(self, families: Sequence[NDArray[np.uint8]]) -> Predictions:
        """Return the predictions of windows, those of a family being alike.

        Parameters
        ----------
        families : sequence of uint8 array, shape (windows, length)
            Base codes of windows that differ in a few bases from the first one of their family.

        Returns
        -------
        Predictions
            Of all windows, family by family: those of `predict`, but for 1e-5 of a logit where the model
            computes for them only what differs. They depend on the family alone.

        Raises
        ------
        InputError
            Windows longer than the model can read.
        """
        shared = self._network.shared_first_layer()
        columns = len(self.model.card.labels)
        found = []
        for family in families:
            self.model.check_window(family.shape[1])
            outputs = shared.outputs(family, both_strands=self.both_strands) if shared else None
            if outputs is None:
                outputs = self._results(family, self._network.backend, columns, self.both_strands, None)
            found.append(outputs)
        return interpret_outputs(np.concatenate(found), self.model.card)

    def predict_outputs(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        cards: Sequence[ModelCard],
        progress: Progress | None = None,
    ) -> list[Predictions]:
        """Return the predictions of several outputs of the network, which is computed once.

        Parameters
        ----------
        windows, progress
            As for `predict`.
        cards : sequence of ModelCard
            Of the models of the outputs.
        """
        columns = len(self.model.card.labels)
        results = self._results(windows, self._network.backend, columns, self.both_strands, progress)
        return [interpret_outputs(results, card) for card in cards]

    def attentions(self, windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return what the first token, which the classifier reads, attends to in each layer and head.

        Parameters
        ----------
        windows
            As for `predict`; read as given, on the forward strand, in float32.

        Returns
        -------
        float32 array, shape (windows, layers, heads, tokens)
            Sums to 1 over the tokens, special ones included; 0 after a window's last token.

        Raises
        ------
        InputError
            An architecture that transformers must compute; windows longer than the model reads.
        """
        from dnabert_enhancer.engine.attentions import first_token_attentions

        self._require_encoder()
        way = self._network.exact_way
        given = windows if isinstance(windows, np.ndarray) else list(windows)
        return first_token_attentions(self.model, way.backend, way.device, given)

    def attention_rollout(
        self, windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]]
    ) -> NDArray[np.float32]:
        """Return what the first token, which the classifier reads, attends to through all layers.

        Parameters
        ----------
        windows
            As for `attentions`.

        Returns
        -------
        float32 array, shape (windows, tokens)
            Sums to 1 over the tokens, special ones included; 0 after a window's last token.

        Raises
        ------
        InputError
            An architecture that transformers must compute; windows longer than the model reads.

        Notes
        -----
        Attention rollout (Abnar and Zuidema 2020, ACL): the first row of the product, from the last layer to
        the first, of ``(A + I) / 2``, with A the mean of a layer's heads and I for the residual connection.
        Rows of A sum to 1, so those of the half sum do.
        """
        from dnabert_enhancer.engine.attentions import first_token_rollout

        self._require_encoder()
        way = self._network.exact_way
        given = windows if isinstance(windows, np.ndarray) else list(windows)
        return first_token_rollout(self.model, way.backend, way.device, given)

    def token_gradients(self, target: Target) -> TokenGradients:
        """Return what computes the integrated gradients of an output over the embeddings of tokens.

        Parameters
        ----------
        target : Target
            Whose logit, or value, is explained.

        Raises
        ------
        InputError, ResourceError
            An architecture that transformers must compute; no torch.
        """
        self._require_encoder()
        try:
            import torch  # noqa: F401  what follows needs it
        except ImportError:
            raise ResourceError(
                "gradients need torch", remedy="pip install '.[train]' in a clone of the suite"
            ) from None
        from dnabert_enhancer.engine.gradients import TokenGradients

        return TokenGradients(
            self.model,
            target,
            self._network.exact_way.device,
            both_strands=self.both_strands,
            threads=self.settings.used_threads,
        )

    def embed(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        pooling: str = Pooling.FIRST,
        strand: str | None = None,
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Return the embeddings of windows: states after the last layer, and its normalisation if any.

        Parameters
        ----------
        windows
            As for `predict`; each has at least one token of its own. Computed in float32.
        pooling : {"first", "mean"}
            The state of the first token, before the pooler, or the mean over the sequence's tokens: special
            ones are left out, and there is no padding; tokens of unknown bases count.
        strand : {"both", "forward"}, optional
            ``both`` is the mean of the embeddings of a window and of its reverse complement, where the
            model's card has both strands; default: as the settings have it.
        progress : callable, optional
            Called with the number of windows done since its last call.

        Returns
        -------
        float32 array, shape (windows, hidden)
            As independent of batches, order and threads as predictions are.

        Raises
        ------
        InputError
            An architecture that transformers must compute; windows longer than the model reads.
        """
        if pooling not in tuple(Pooling):
            raise InputError(f"unknown pooling {pooling!r}", remedy=f"one of {', '.join(Pooling)}")
        columns = self._require_encoder().hidden
        rule = EmbeddingRule(pooling, *self.model.tokenizer.edges)
        embedder = partial(self._network.embedder, rule)
        both = self._reads_both(strand or self.settings.strand)
        return self._results(windows, embedder, columns, both, progress)

    def embedding_description(self, strand: str | None = None) -> dict[str, str]:
        """Return how `embed` computes, as JSON values for the run record."""
        self._require_encoder()
        both = self._reads_both(strand or self.settings.strand)
        strands = {"strand": Strand.BOTH if both else Strand.FORWARD}
        return {name: str(value) for name, value in (strands | self._network.exact_way._asdict()).items()}

    def _require_encoder(self) -> Encoder:
        if self.model.encoder is None:
            raise InputError(
                "only encoders that are computed here tell what is inside", source=self.model.source
            )
        return self.model.encoder

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
        network = self._network
        if network.way is not None:
            content |= {**network.way._asdict(), "why": network.why, "precision_check": network.check}
        return {name: str(value) if isinstance(value, str) else value for name, value in content.items()}

    def _results(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        backend: Callable[[], Backend],
        columns: int,
        both_strands: bool,
        progress: Progress | None,
    ) -> NDArray[np.float32]:
        """Return what a backend gives for each window, in order; it is loaded for the first one."""
        groups = by_length(windows)
        for group in groups:
            self.model.check_window(group.codes.shape[1])
        results = np.zeros((len(windows), columns), dtype=np.float32)
        for number, group in enumerate(groups):
            distinct = distinct_windows(group.codes)
            outputs = outputs_of(
                backend(),
                self.model.tokenizer,
                group.codes,
                distinct.rows,
                both_strands=both_strands,
                chunk=self.settings.batch_size,
                progress=progress,
            )
            if progress and len(distinct.rows) < len(group.codes):
                progress(len(group.codes) - len(distinct.rows))
            if number == 0 and outputs.shape[1] != results.shape[1]:
                results = np.zeros((len(windows), outputs.shape[1]), dtype=np.float32)
            results[group.places] = outputs[distinct.answers]
        return results


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
            tokens = token_rows(tokenizer, part)
            if both_strands:
                opposite = token_rows(tokenizer, reverse_complement(part))
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


def token_rows(tokenizer: Tokenizer, codes: NDArray[np.uint8]) -> Sequence[NDArray[np.int32]]:
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
