"""Integrated gradients: what the embedding of each token adds to the score, told of single bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.interpret.attention import base_attention
from dnabert_enhancer.interpret.window_method import WindowImportance, WindowMethod
from dnabert_enhancer.sequence import (
    KmerTokenizer,
    SixMerTokenizer,
    dinucleotide_shuffle,
    reverse_complement,
)

_LEAST_SUM = 1e-3  # below it float32's rounding is all there is


def shuffled_windows(window: NDArray[np.uint8], number: int, seed: int) -> NDArray[np.uint8]:
    """Return dinucleotide shuffles of a window.

    Parameters
    ----------
    window : uint8 array, shape (length,)
        Base codes.
    number, seed : int

    Returns
    -------
    uint8 array, shape (number, length)
        They depend on the seed and on the bases alone, so on no other window; those of the reverse
        complement are the reverse complements.
    """
    opposite = reverse_complement(window[None])[0]
    is_first = window.tobytes() <= opposite.tobytes()
    strand = window if is_first else opposite
    digest = int.from_bytes(blake2b(strand.tobytes(), digest_size=8).digest(), "little")
    rng = np.random.default_rng([seed, digest])
    found = dinucleotide_shuffle(np.repeat(strand[None], number, axis=0), rng)
    return found if is_first else reverse_complement(found)


def completeness_error(attributions: NDArray[np.float64], difference: float) -> float:
    """Return how much of a difference of scores attributions miss, in shares of their absolute sum.

    Parameters
    ----------
    attributions : float64 array, shape (n,)
    difference : float
        What they should sum to.
    """
    missing = abs(float(attributions.sum()) - difference)
    return missing / max(float(np.abs(attributions).sum()), _LEAST_SUM)


@dataclass
class Gradients(WindowMethod):
    """Integrated gradients of one output of a model.

    Parameters
    ----------
    engine : Engine
    target : Target
    window_length : int
        In bp.
    baselines : int
        Dinucleotide shuffles of each window that it is compared with.
    steps : int
        Gradients between a window and a baseline.
    seed : int
        Of the shuffles.
    completeness_limit : float
        A stretch with a larger `completeness_error` is not explained.
    max_unknown : float
        Windows with a larger share of unknown bases are left out.

    Raises
    ------
    InputError, ResourceError
        A model whose embeddings are not known here, or whose tokens have no fixed places; no torch.
    """

    engine: Engine
    target: Target
    window_length: int
    baselines: int = 10
    steps: int = 16
    seed: int = 0
    completeness_limit: float = 0.01
    max_unknown: float = 0.1

    def __post_init__(self) -> None:
        model = self.engine.model
        tokenizer = model.tokenizer
        if model.encoder is None:
            raise InputError(
                "the embeddings of this architecture are not known here",
                source=model.source,
                remedy="take --method ism, which works for any model",
            )
        if not isinstance(tokenizer, (KmerTokenizer, SixMerTokenizer)):
            raise InputError(
                "tokens of byte pairs do not lie where those of a shuffled sequence do, so there is no "
                "baseline for gradients",
                source=model.source,
                remedy="take --method ism or attention",
            )
        self._tokenizer = tokenizer
        self._network = self.engine.token_gradients(self.target)

    def importance_of(
        self, windows: Sequence[NDArray[np.uint8]], ranks: NDArray[np.float32]
    ) -> list[WindowImportance]:
        """Return the attributions of the bases of windows; see `WindowMethod`."""
        baselines = [shuffled_windows(window, self.baselines, self.seed) for window in windows]
        predictions = self.engine.predict([row for rows in baselines for row in rows])
        means = self.target.scores(predictions).rank.reshape(len(windows), -1).mean(axis=1, dtype=np.float64)
        found = []
        tokens = self._network.attributions(windows, baselines, self.steps)
        for window, readings, rank, mean in zip(windows, tokens, ranks, means, strict=True):
            error = completeness_error(np.concatenate(readings), float(rank) - float(mean))
            values = self._of_bases(window, readings[0])
            for opposite in readings[1:]:
                values += self._of_bases(reverse_complement(window[None])[0], opposite)[::-1]
            found.append(WindowImportance(values, error))
        return found

    def _of_bases(self, window: NDArray[np.uint8], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of each base: a token's attribution is divided among its bases."""
        spans = self._tokenizer.spans(window)
        return base_attention(values, spans, len(window), overlapping=False)
