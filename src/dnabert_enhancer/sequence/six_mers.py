"""Nucleotide Transformer's tokenizer: k-mers that do not overlap, and single bases where none fits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence.bases import BASES, UNKNOWN_BASE, decode_letters
from dnabert_enhancer.sequence.tokenizer import TokenBatch, padded

_LETTERS = re.compile(r"(?P<bases>[ACGT]+)|(?P<unknown>N)|[^ACGTN]+")
_DIGITS = range(2, 9)


class SixMerTokenizer:
    """The tokenizer of Nucleotide Transformer (Dalla-Torre et al. 2025), whose k is 6.

    Parameters
    ----------
    tokens : sequence of str
        The vocabulary in the order of its ids: special tokens in angle brackets, all k-mers, and the single
        bases and ``N``.
    maximum_tokens : int
        The most tokens that the model reads.
    end : str, optional
        Token after the last one; Nucleotide Transformer has none.
    source : path, optional
        For messages.

    Raises
    ------
    InputError
        Tokens that are not such a vocabulary.

    Notes
    -----
    ``<cls>``, then k-mers from the left. ``N`` is a token and cuts: bases before it that fill no k-mer, and
    those left at the end, go one by one. A run of anything else is one ``<unk>`` and cuts as well.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        maximum_tokens: int,
        end: str | None = None,
        source: str | PathLike[str] | None = None,
    ) -> None:
        ids = {token: number for number, token in enumerate(tokens)}
        self.k = max((len(token) for token in tokens if not token.startswith("<")), default=0)
        words = (
            ["".join(letters) for letters in itertools.product(BASES, repeat=self.k)]
            if self.k in _DIGITS
            else []
        )
        needed = [*words, *BASES, "N", "<unk>", "<cls>", "<pad>", *([end] if end else [])]
        missing = next((token for token in needed if token not in ids), None)
        if not words or missing is not None:
            what = f"the token {missing!r} is missing" if words else "its longest token is not a k-mer"
            raise InputError(f"is not Nucleotide Transformer's vocabulary: {what}", source=source)
        self._words = np.array([ids[word] for word in words], dtype=np.int64)
        self._bases = np.array([ids[base] for base in (*BASES, "N")], dtype=np.int64)
        self._unknown, self._first = ids["<unk>"], ids["<cls>"]
        self._end = ids[end] if end else None
        self.pad_id = ids["<pad>"]
        self.mask_id = ids.get("<mask>")
        self.special_ids = tuple(number for token, number in ids.items() if token.startswith("<"))
        self.edges = (1, 1 if end else 0)
        self.maximum_tokens = maximum_tokens

    def token_count(self, length: int) -> int:
        """Return the number of tokens of a window of so many known bases, special ones included.

        A window with unknown bases has more, and is refused by the engine if it has too many.
        """
        return 1 + length // self.k + length % self.k + (self._end is not None)

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length), filled up at the end."""
        known: NDArray[np.bool_] = np.all(codes < UNKNOWN_BASE, axis=1)
        if known.all():
            return TokenBatch(self._with_special(self._of_known(codes)), None)
        rows = [
            self._with_special(self._of_known(row[None])[0] if is_known else self._of_any(row))
            for row, is_known in zip(codes, known, strict=True)
        ]
        return padded(rows, self.pad_id)

    def spans(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return start and end of each token of one window, shape (tokens, 2); equal for special ones."""
        tokens = self.tokenize(codes[None]).ids[0]
        lengths = np.where(np.isin(tokens, self._words), self.k, np.isin(tokens, self._bases))
        ends = np.cumsum(lengths)
        return np.stack([ends - lengths, ends], axis=1)

    def _of_known(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the tokens of known bases, shape (windows, length), without special ones."""
        blocks = codes.shape[1] // self.k
        whole = codes[:, : blocks * self.k].reshape(len(codes), blocks, self.k)
        numbers = np.zeros(whole.shape[:2], dtype=np.int64)
        for place in range(self.k):
            numbers = numbers * len(BASES) + whole[:, :, place]
        return np.concatenate([self._words[numbers], self._bases[codes[:, blocks * self.k :]]], axis=1)

    def _of_any(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the tokens of one window, shape (length,), whose letters may be any."""
        parts: list[NDArray[np.int64]] = []
        for run in _LETTERS.finditer(decode_letters(codes)):
            if run["bases"]:
                parts.append(self._of_known(codes[None, run.start() : run.end()])[0])
            else:
                parts.append(self._bases[UNKNOWN_BASE:] if run["unknown"] else np.array([self._unknown]))
        return np.concatenate(parts)

    def _with_special(self, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        edges = [(1, 0 if self._end is None else 1)]
        found = np.pad(tokens, [(0, 0)] * (tokens.ndim - 1) + edges, constant_values=self._first)
        if self._end is not None:
            found[..., -1] = self._end
        return found
