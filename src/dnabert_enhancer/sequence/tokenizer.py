"""What turns windows of bases into a model's input, and DNABERT's way of doing it."""

from __future__ import annotations

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
    """Windows to tokens, for any backbone."""

    @property
    def maximum_tokens(self) -> int:
        """The most tokens that the model reads, special ones included."""

    def token_count(self, length: int) -> int:
        """Return how many tokens a window of so many base pairs has at most, special ones included."""

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length)."""


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
