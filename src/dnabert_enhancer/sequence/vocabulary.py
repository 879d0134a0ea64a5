"""Vocabularies of overlapping k-mers: token order, ids, and the vectorised way from bases to ids."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.sequence.bases import UNKNOWN_BASE, decode_bases

SPECIAL_TOKENS: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD_ID: Final = 0
UNK_ID: Final = 1
CLS_ID: Final = 2
SEP_ID: Final = 3
MASK_ID: Final = 4
_BASE_ORDER: Final = "ATCG"
_RANK = np.zeros(256, dtype=np.int32)
_RANK[:4] = [0, 2, 3, 1]  # of A C G T in the vocabulary's order; unknown is masked later
_SUPPORTED = range(1, 13)
_LETTERS: Final = "ACGTN"
_LARGEST_TABLE_K = 8
_MOST_BYTES = 64 << 20
_CHUNK_BASES = 1 << 16


class KmerVocabulary:
    """All k-mers over A, C, G and T as tokens.

    Parameters
    ----------
    k : int
        Length of a k-mer; DNABERT has 3 to 6.
    tokens : sequence of str, optional
        The tokens in the order of their ids, where that is not DNABERT's: all k-mers and the five special
        tokens, at any place, and others, of which those with N are found in sequences, too.

    Attributes
    ----------
    k : int
    size : int
        Number of tokens; DNABERT has ``4**k + 5``.
    pad_id, unk_id, cls_id, sep_id, mask_id : int
        Ids of the special tokens.

    Notes
    -----
    In DNABERT's order the five special tokens come first ([PAD] [UNK] [CLS] [SEP] [MASK], ids 0 to 4), then
    the k-mers counted up in base 4 with the digits A, T, C, G: the order of the ``vocab.txt`` that DNABERT
    ships (Ji et al. 2021). A k-mer with an unknown base is [UNK].
    """

    def __init__(self, k: int, tokens: Sequence[str] | None = None) -> None:
        if k not in _SUPPORTED:
            raise InputError(f"k-mers of length {k} are not supported", remedy="DNABERT has k from 3 to 6")
        self.k = k
        self.size = len(SPECIAL_TOKENS) + 4**k
        self._own_tokens: tuple[str, ...] = ()
        self._table: NDArray[np.int32] | None = None
        special = list(range(len(SPECIAL_TOKENS)))
        if tokens is not None and list(tokens) != self.tokens:
            self._own_tokens = tuple(tokens)
            self.size = len(tokens)
            special = [self._own_tokens.index(token) for token in SPECIAL_TOKENS]
            self._table = _table(self._own_tokens, k, unknown=special[UNK_ID])
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = special

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KmerVocabulary):
            return False
        return (other.k, other._own_tokens) == (self.k, self._own_tokens)

    def __hash__(self) -> int:
        return hash((KmerVocabulary, self.k, self._own_tokens))

    def __repr__(self) -> str:
        return f"KmerVocabulary({self.k}{', in another order' if self._own_tokens else ''})"

    @property
    def tokens(self) -> list[str]:
        """The tokens in the order of their ids."""
        if self._own_tokens:
            return list(self._own_tokens)
        return [*SPECIAL_TOKENS, *map("".join, itertools.product(_BASE_ORDER, repeat=self.k))]

    @property
    def special_ids(self) -> tuple[int, ...]:
        """The ids of the special tokens."""
        return (self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> KmerVocabulary:
        """Read a ``vocab.txt`` and return its vocabulary.

        Raises
        ------
        InputError
            When the file is not a list of all k-mers of one length and the five special tokens.
        """
        if os.stat(path).st_size > _MOST_BYTES:  # noqa: PTH116  the path may be a str
            raise InputError("is larger than a k-mer vocabulary", source=path)
        found = [line.rstrip() for _, line in read_text_lines(path)]
        while found and not found[-1]:
            found.pop()
        return cls.from_tokens(found, path)

    @classmethod
    def from_tokens(
        cls, tokens: Sequence[str], source: str | os.PathLike[str] | None = None
    ) -> KmerVocabulary:
        """Return the vocabulary of a list of tokens, in the order of their ids.

        Raises
        ------
        InputError
            As `from_file`.
        """
        places: dict[str, int] = {}
        for number, token in enumerate(tokens, start=1):
            if places.setdefault(token, number) != number:
                raise InputError(
                    f"token {token[:40]!r} stands twice",
                    source=source,
                    location=f"token {places[token]} and {number}",
                    remedy="take the vocabulary that belongs to the weights",
                )
        counts = Counter(len(token) for token in tokens if not set(token) - set(_BASE_ORDER))
        lengths = [k for k in _SUPPORTED if counts[k] == 4**k]
        # all k-mers of a length are there, since none stands twice
        if len(lengths) != 1 or not places.keys() >= set(SPECIAL_TOKENS):
            raise InputError(
                f"{len(tokens)} tokens are not a k-mer vocabulary",
                source=source,
                remedy="a vocabulary has 5 special tokens and 4^k k-mers",
            )
        if lengths[0] > _LARGEST_TABLE_K and len(tokens) != len(SPECIAL_TOKENS) + 4 ** lengths[0]:
            raise InputError(f"{len(tokens)} tokens are not DNABERT's {lengths[0]}-mers", source=source)
        return cls(lengths[0], tokens)

    def kmer_ids(self, codes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return the token id of the k-mer that starts at each base.

        Parameters
        ----------
        codes : uint8 array, shape (..., length)
            Base codes of `encode_bases`, any strides.

        Returns
        -------
        int32 array, shape (..., max(0, length - k + 1))
            [UNK] for a k-mer with an unknown base.
        """
        length = codes.shape[-1]
        ids = np.empty((*codes.shape[:-1], max(0, length - self.k + 1)), dtype=np.int32)
        if codes.ndim == 1:
            # in pieces that stay in the processor's cache: several times faster on a whole contig
            for start in range(0, ids.shape[-1], _CHUNK_BASES):
                stop = min(start + _CHUNK_BASES, ids.shape[-1])
                self._fill(codes[start : stop + self.k - 1], ids[start:stop])
        elif ids.size:
            self._fill(codes, ids)
        return ids

    def encode(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the model's input of windows: [CLS], the k-mers, [SEP].

        Parameters
        ----------
        codes : uint8 array, shape (windows, length)

        Returns
        -------
        int64 array, shape (windows, length - k + 3)
        """
        ids = self.kmer_ids(codes)
        tokens = np.empty((*ids.shape[:-1], ids.shape[-1] + 2), dtype=np.int64)
        tokens[..., 0] = self.cls_id
        tokens[..., 1:-1] = ids
        tokens[..., -1] = self.sep_id
        return tokens

    def kmer_strings(self, codes: NDArray[np.uint8]) -> str:
        """Return the k-mers of codes of shape (length,) as text, separated by blanks (unknown bases as N)."""
        letters = decode_bases(codes)
        return " ".join(letters[start : start + self.k] for start in range(len(letters) - self.k + 1))

    def _fill(self, codes: NDArray[np.uint8], ids: NDArray[np.int32]) -> None:
        count = ids.shape[-1]
        if self._table is not None:
            digits = np.minimum(codes, UNKNOWN_BASE).astype(np.int32)
            np.copyto(ids, digits[..., :count])
            for offset in range(1, self.k):
                ids *= len(_LETTERS)
                ids += digits[..., offset : offset + count]
            np.copyto(ids, np.take(self._table, ids))
            # letters that were kept are not N
            self._mark_unknown(codes > UNKNOWN_BASE, ids)
            return
        ranks = np.take(_RANK, codes)
        np.copyto(ids, ranks[..., :count])
        for offset in range(1, self.k):
            ids <<= 2
            ids |= ranks[..., offset : offset + count]
        ids += len(SPECIAL_TOKENS)
        self._mark_unknown(codes >= UNKNOWN_BASE, ids)

    def _mark_unknown(self, unknown: NDArray[np.bool_], ids: NDArray[np.int32]) -> None:
        if unknown.any():
            for offset in range(self.k):
                ids[unknown[..., offset : offset + ids.shape[-1]]] = self.unk_id


def _table(tokens: Sequence[str], k: int, *, unknown: int) -> NDArray[np.int32]:
    """Return the id of each k-mer over A, C, G, T and N, counted up in base 5."""
    if k > _LARGEST_TABLE_K:
        raise InputError(f"{k}-mers in another order than DNABERT's are not supported")
    table = np.full(len(_LETTERS) ** k, unknown, dtype=np.int32)
    digits = {letter: digit for digit, letter in enumerate(_LETTERS)}
    for number, token in enumerate(tokens):
        if len(token) == k and not set(token) - set(_LETTERS):
            place = 0
            for letter in token:
                place = place * len(_LETTERS) + digits[letter]
            table[place] = number
    return table
