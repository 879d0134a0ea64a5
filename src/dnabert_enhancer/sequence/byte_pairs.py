"""Byte-pair tokenizers from a ``tokenizer.json``, such as those of DNABERT-2, GENA-LM and GROVER."""

from __future__ import annotations

import json
import os
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence.bases import BASES, decode_letters
from dnabert_enhancer.sequence.tokenizer import TokenBatch, edges_of, padded

_EXAMPLE_BASES = 1 << 17
_SAMPLE_BASES = 600
_LARGEST_UNKNOWN_SHARE = 0.5


class BytePairTokenizer:
    """A tokenizer of the library `tokenizers`, without cutting and without padding of its own.

    Parameters
    ----------
    path : path
        A ``tokenizer.json``.
    maximum_tokens : int
        The most tokens that the model reads.
    vocabulary : int
        Rows of the model's table of tokens.

    Raises
    ------
    InputError
        A file that is no tokenizer; one that does not know DNA, or has tokens that the model has not.
    """

    def __init__(self, path: str | PathLike[str], maximum_tokens: int, vocabulary: int) -> None:
        # windows are few and short, and threads of its own would warn when a process is forked
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self._path = Path(path)
        self._vocabulary = vocabulary
        letters = np.random.default_rng(0).integers(0, len(BASES), size=_EXAMPLE_BASES, dtype=np.uint8)
        self._example = decode_letters(letters)
        try:
            self._tokenizer = Tokenizer.from_str(_readable(self._path))
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            self.edges = edges_of(self._tokenizer.encode(self._example[:_SAMPLE_BASES]).special_tokens_mask)
        except (InputError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library raises a bare Exception, and a panic that is none
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise InputError(f"no usable tokenizer: {reason}", source=path) from None
        tokens = self._tokenizer.get_added_tokens_decoder()
        names = {token.content: number for number, token in tokens.items()}
        self.special_ids = tuple(number for number, token in tokens.items() if token.special)
        self.pad_id = next((names[name] for name in ("[PAD]", "<pad>") if name in names), 0)
        self.mask_id = next((names[name] for name in ("[MASK]", "<mask>") if name in names), None)
        self.maximum_tokens = maximum_tokens
        sample = self._encode([self._example[:_SAMPLE_BASES]])[0]
        unknown = next((self._id(name) for name in ("[UNK]", "<unk>") if self._id(name) is not None), None)
        if np.isin(sample, self.special_ids).all() or (sample == unknown).mean() > _LARGEST_UNKNOWN_SHARE:
            raise InputError(
                "the tokenizer does not know DNA: most of a sequence is unknown to it", source=path
            )

    def token_count(self, length: int) -> int:
        """Return the number of tokens of a random sequence of so many base pairs, special ones included.

        A window may have more, and is refused by the engine if it has too many.
        """
        return len(self._encode([self._example[:length]])[0])

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length), filled up at the end."""
        return padded(self._encode([decode_letters(window) for window in codes]), self.pad_id)

    def spans(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return start and end of each token of one window, shape (tokens, 2); equal for special ones."""
        return np.array(self._tokenizer.encode(decode_letters(codes)).offsets, dtype=np.int64)

    def _id(self, token: str) -> int | None:
        found: int | None = self._tokenizer.token_to_id(token)
        return found

    def _encode(self, sequences: list[str]) -> list[NDArray[np.int64]]:
        encoded = self._tokenizer.encode_batch_fast(sequences)
        rows = [np.asarray(row.ids, dtype=np.int64) for row in encoded]
        largest = max((int(row.max(initial=0)) for row in rows), default=0)
        if largest >= self._vocabulary:
            raise InputError(
                f"gives the token {largest}, but the model has {self._vocabulary} of them, counted from 0",
                source=self._path,
                remedy="take the tokenizer that belongs to the weights",
            )
        return rows


def _readable(path: Path) -> str:
    """Return the text of a tokenizer without merges of an empty piece, which never happen.

    GROVER's has such a piece, the last of its tokens, and strict readers refuse the file for it.
    """
    content: Any = json.loads(path.read_text(encoding="utf-8"))  # JSON of any form
    merges = content["model"].get("merges")
    if isinstance(merges, list):
        pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]
        content["model"]["merges"] = [pair for pair in pairs if len(pair) == 2 and all(pair)]
    return json.dumps(content)
