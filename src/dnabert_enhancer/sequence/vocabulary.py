"""DNABERT's vocabulary of k-mers: token order, ids, and the vectorised way from bases to ids."""

from __future__ import annotations

import itertools
import os
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
_RANK = np.array(
    [0, 2, 3, 1, 0], dtype=np.int32
)  # of A C G T in the vocabulary's order; unknown is masked later
_SUPPORTED = range(1, 13)
_CHUNK_BASES = 1 << 16


class KmerVocabulary:
    """All k-mers over A, C, G and T as tokens.

    Parameters
    ----------
    k : int
        Length of a k-mer; DNABERT has 3 to 6.

    Attributes
    ----------
    k : int
    size : int
        Number of tokens, ``4**k + 5``.

    Notes
    -----
    The five special tokens come first ([PAD] [UNK] [CLS] [SEP] [MASK], ids 0 to 4), then the k-mers
    counted up in base 4 with the digits A, T, C, G: the order of the ``vocab.txt`` that DNABERT ships
    (Ji et al. 2021). A k-mer with an unknown base is [UNK].
    """

    def __init__(self, k: int) -> None:
        if k not in _SUPPORTED:
            raise InputError(f"k-mers of length {k} are not supported", remedy="DNABERT has k from 3 to 6")
        self.k = k
        self.size = len(SPECIAL_TOKENS) + 4**k

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KmerVocabulary) and other.k == self.k

    def __hash__(self) -> int:
        return hash((KmerVocabulary, self.k))

    def __repr__(self) -> str:
        return f"KmerVocabulary({self.k})"

    @property
    def tokens(self) -> list[str]:
        """The tokens in the order of their ids."""
        return [*SPECIAL_TOKENS, *map("".join, itertools.product(_BASE_ORDER, repeat=self.k))]

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> KmerVocabulary:
        """Read a ``vocab.txt`` and return its vocabulary.

        Raises
        ------
        InputError
            When the file is not exactly DNABERT's list for some k.
        """
        found = [line.rstrip() for _, line in read_text_lines(path)]
        while found and not found[-1]:
            found.pop()
        k = len(found[-1]) if found else 0
        if k not in _SUPPORTED or len(found) != len(SPECIAL_TOKENS) + 4**k:
            raise InputError(
                f"{len(found)} tokens are not a k-mer vocabulary",
                source=path,
                remedy="a vocabulary has 5 special tokens and 4^k k-mers",
            )
        vocabulary = cls(k)
        for number, (token, expected) in enumerate(zip(found, vocabulary.tokens, strict=True), start=1):
            if token != expected:
                raise InputError(
                    f"token {token!r} stands where DNABERT has {expected!r}",
                    source=path,
                    location=f"line {number}",
                )
        return vocabulary

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
        tokens[..., 0] = CLS_ID
        tokens[..., 1:-1] = ids
        tokens[..., -1] = SEP_ID
        return tokens

    def kmer_strings(self, codes: NDArray[np.uint8]) -> str:
        """Return the k-mers of codes of shape (length,) as text, separated by blanks (unknown bases as N)."""
        letters = decode_bases(codes)
        return " ".join(letters[start : start + self.k] for start in range(len(letters) - self.k + 1))

    def _fill(self, codes: NDArray[np.uint8], ids: NDArray[np.int32]) -> None:
        count = ids.shape[-1]
        ranks = np.take(_RANK, codes)
        np.copyto(ids, ranks[..., :count])
        for offset in range(1, self.k):
            ids <<= 2
            ids |= ranks[..., offset : offset + count]
        ids += len(SPECIAL_TOKENS)
        unknown = codes >= UNKNOWN_BASE
        if unknown.any():
            for offset in range(self.k):
                ids[unknown[..., offset : offset + count]] = UNK_ID
