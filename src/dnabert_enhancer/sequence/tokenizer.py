"""What turns windows of bases into a model's input, and DNABERT's way of doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence.vocabulary import KmerVocabulary


class TokenBatch(NamedTuple):
    """The model's input for some windows.

    Attributes
    ----------
    ids : int64 array, shape (windows, tokens)
    mask : int64 array, shape (windows, tokens), or None
        1 for tokens, 0 for padding; None when there is no padding.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64] | None


class Tokenizer(Protocol):
    """Windows to tokens, for any backbone.

    Attributes
    ----------
    pad_id : int
        Token that fills windows of fewer tokens up.
    mask_id : int or None
        Token that stands for a hidden one.
    special_ids : tuple of int
        Tokens that are no part of a sequence.
    edges : tuple of (int, int)
        How many special tokens stand before and after those of a sequence.
    """

    pad_id: int
    mask_id: int | None
    special_ids: tuple[int, ...]
    edges: tuple[int, int]

    @property
    def maximum_tokens(self) -> int:
        """The most tokens that the model reads, special ones included."""

    def token_count(self, length: int) -> int:
        """Return how many tokens a window of so many base pairs has at most, special ones included."""

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length)."""


def padded(rows: Sequence[NDArray[np.int64]], pad_id: int) -> TokenBatch:
    """Return rows of tokens as one batch, filled up at the end where their numbers differ."""
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    longest = int(counts.max(initial=0))
    ids = np.full((len(rows), longest), pad_id, dtype=np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    if (counts == longest).all():
        return TokenBatch(ids, None)
    return TokenBatch(ids, (np.arange(longest) < counts[:, None]).astype(np.int64))


def edges_of(is_special: Sequence[int]) -> tuple[int, int]:
    """Return how many special tokens stand before and after those of a sequence, by a 0 or 1 for each."""
    own = [place for place, special in enumerate(is_special) if not special]
    return (own[0], len(is_special) - own[-1] - 1) if own else (0, 0)


class KmerTokenizer:
    """DNABERT's tokenizer: [CLS], the overlapping k-mers, [SEP]; no padding, the windows are equally long.

    Parameters
    ----------
    vocabulary : KmerVocabulary
    maximum_tokens : int
        The most tokens that the model reads; DNABERT has 512.
    """

    def __init__(self, vocabulary: KmerVocabulary, maximum_tokens: int = 512) -> None:
        self.vocabulary = vocabulary
        self.pad_id = vocabulary.pad_id
        self.mask_id: int | None = vocabulary.mask_id
        self.special_ids = vocabulary.special_ids
        self.edges = (1, 1)
        self._maximum_tokens = maximum_tokens

    @property
    def maximum_tokens(self) -> int:
        """The most tokens that the model reads, special ones included."""
        return self._maximum_tokens

    def token_count(self, length: int) -> int:
        """Return the number of tokens of a window of so many base pairs, special ones included."""
        return max(0, length - self.vocabulary.k + 1) + 2

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length)."""
        return TokenBatch(self.vocabulary.encode(codes), None)

    def spans(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return start and end of each token of one window, shape (tokens, 2); equal for special ones."""
        starts = np.arange(self.token_count(len(codes)) - 2)
        found = np.stack([starts, starts + self.vocabulary.k], axis=1)
        return np.pad(found, [(1, 1), (0, 0)])
