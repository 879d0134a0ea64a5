"""Attention: what the token that the classifier reads attends to, told of single bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.interpret.window_method import WindowImportance, WindowMethod
from dnabert_enhancer.sequence import (
    BytePairTokenizer,
    KmerTokenizer,
    SixMerTokenizer,
    reverse_complement,
)


class HighAttention(NamedTuple):
    """A run of bases of high attention.

    Attributes
    ----------
    start, end : int
        0-based and half-open, within what was given.
    mean : float
        Of the attention.
    """

    start: int
    end: int
    mean: float


def high_attention(
    importance: NDArray[np.floating[Any]], *, times_minimum: float, shortest: int
) -> list[HighAttention]:
    """Return the runs of bases whose attention is above the mean and above so many times the minimum.

    Parameters
    ----------
    importance : float array, shape (length,)
        NaN where nothing is known; such bases end a run.
    times_minimum : float
    shortest : int
        Runs of fewer bases are left out.

    Notes
    -----
    The rule of DNABERT's motif analysis, which takes 10 times and 5 bases (Ji et al. 2021, Bioinformatics
    37:2112; ``find_high_attention`` of its code).
    """
    known = importance[~np.isnan(importance)]
    if not len(known):
        return []
    is_high = np.nan_to_num(importance) > max(float(known.mean()), times_minimum * float(known.min()))
    edges = np.flatnonzero(np.diff(np.pad(is_high, 1).astype(np.int8)))
    return [
        HighAttention(start, end, float(importance[start:end].mean(dtype=np.float64)))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if end - start >= shortest
    ]


def base_attention(
    attention: NDArray[np.floating[Any]], spans: NDArray[np.int64], length: int, *, overlapping: bool
) -> NDArray[np.float64]:
    """Return the attention of bases from that of tokens.

    Parameters
    ----------
    attention : float32 array, shape (tokens,)
        Special tokens included.
    spans : int64 array, shape (tokens, 2)
        Start and end of each token's bases, 0-based and half-open; equal for special ones.
    length : int
        Of the window in bp.
    overlapping : bool
        Whether tokens overlap, as DNABERT's k-mers do. A base then gets the mean of the tokens that cover it,
        as in DNABERT-viz; otherwise its share of the one token, so that the sum is that of the tokens.

    Returns
    -------
    float64 array, shape (length,)
    """
    sizes = spans[:, 1] - spans[:, 0]
    is_own = sizes > 0
    values = attention[is_own].astype(np.float64)
    if not overlapping:
        values = values / sizes[is_own]
    total = _sums(values, spans[is_own], length)
    return total / np.maximum(1, _sums(np.ones(len(values)), spans[is_own], length)) if overlapping else total


def _sums(values: NDArray[np.float64], spans: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Return for each base the sum of the values whose spans cover it."""
    found = np.zeros(length)
    for value, (start, end) in zip(values.tolist(), spans.tolist(), strict=True):
        found[start:end] += value
    return found


@dataclass
class Attention(WindowMethod):
    """Attention of the first token by one model.

    Parameters
    ----------
    engine : Engine
    target : Target
        Whose score is told beside it; the attention is the same for all outputs.
    window_length : int
        In bp.
    layers, heads : sequence of int
        Which are averaged, from 1; empty: the last layer, all heads.
    max_unknown : float
        Windows with a larger share of unknown bases are left out.
    rollout : bool
        Attention through all layers, the mean of the heads of each, in place of single layers'.

    Raises
    ------
    InputError
        A model without attention that is known here, or without such a layer or head.
    """

    engine: Engine
    target: Target
    window_length: int
    layers: Sequence[int] = ()
    heads: Sequence[int] = ()
    max_unknown: float = 0.1
    rollout: bool = False

    def __post_init__(self) -> None:
        model = self.engine.model
        tokenizer = model.tokenizer
        if model.encoder is None or not isinstance(
            tokenizer, (KmerTokenizer, SixMerTokenizer, BytePairTokenizer)
        ):
            raise InputError(
                "the attention of this architecture is not known here",
                source=model.source,
                remedy="take --method ism, which works for any model",
            )
        self._tokenizer = tokenizer
        for name, chosen, there in (
            ("layer", self.layers, model.encoder.layers),
            ("head", self.heads, model.encoder.heads),
        ):
            wrong = next((number for number in chosen if not 1 <= number <= there), None)
            if wrong is not None:
                raise InputError(
                    f"there is no {name} {wrong}: the model has {there}",
                    source=model.source,
                    remedy=f"give --{name}s from 1 to {there}",
                )

    def importance_of(
        self,
        windows: Sequence[NDArray[np.uint8]],
        ranks: NDArray[np.float32],  # noqa: ARG002  attention is the same for all outputs
    ) -> list[WindowImportance]:
        """Return the attention of the bases of windows; see `WindowMethod`."""
        forward = self._of_strand(windows)
        if self.engine.both_strands:
            opposite = self._of_strand([reverse_complement(window[None])[0] for window in windows])
            forward = [(one + other[::-1]) / 2 for one, other in zip(forward, opposite, strict=True)]
        return [WindowImportance(values) for values in forward]

    def _of_strand(self, windows: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        means = self._of_tokens(list(windows))
        overlapping = isinstance(self._tokenizer, KmerTokenizer)
        found = []
        for window, values in zip(windows, means, strict=True):
            spans = self._tokenizer.spans(window)
            found.append(base_attention(values[: len(spans)], spans, len(window), overlapping=overlapping))
        return found

    def _of_tokens(self, windows: list[NDArray[np.uint8]]) -> NDArray[np.floating[Any]]:
        if self.rollout:
            return self.engine.attention_rollout(windows)
        attention = self.engine.attentions(windows)
        layers = [number - 1 for number in self.layers] or [-1]
        heads = [number - 1 for number in self.heads] or list(range(attention.shape[2]))
        return np.asarray(attention[:, layers][:, :, heads].mean(axis=(1, 2), dtype=np.float64))
