"""The tokenizer of a model that is not DNABERT's, through transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.sequence import BASES, TokenBatch, decode_bases

_OFFSET_TYPES = ("esm", "roberta", "xlm-roberta", "camembert")
_NO_LIMIT = 1 << 16
_LARGEST_UNKNOWN_SHARE = 0.5


class ForeignTokenizer:
    """A Hugging Face tokenizer that reads sequences as text, without cutting and without padding of its own.

    Parameters
    ----------
    directory : Path
        A model directory.
    config : dict
        Its ``config.json``, which limits the number of positions.

    Raises
    ------
    ResourceError
        transformers is not installed.
    InputError
        No usable tokenizer in the directory, or one that does not read DNA.
    """

    def __init__(self, directory: Path, config: dict[str, Any]) -> None:
        try:
            from transformers import AutoTokenizer
        except ImportError:
            raise ResourceError(
                "a model with a tokenizer of its own needs transformers",
                source=directory,
                remedy="pip install '.[train]' in a clone of the suite",
            ) from None
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(
                directory, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # anything that a file of the tokenizer makes transformers raise
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise InputError(f"no usable tokenizer: {reason}", source=directory) from None
        self._maximum_tokens = min(int(self._tokenizer.model_max_length), _positions(config), _NO_LIMIT)
        letters = np.random.default_rng(0).integers(0, len(BASES), size=2 * _NO_LIMIT, dtype=np.uint8)
        self._example = decode_bases(letters)
        tokens = self._encode([self._example[:600]])[0]
        unknown = self._tokenizer.unk_token_id
        if unknown is not None and tokens.count(unknown) > _LARGEST_UNKNOWN_SHARE * len(tokens):
            raise InputError(
                "the tokenizer does not know DNA: most of a sequence is unknown to it", source=directory
            )

    @property
    def maximum_tokens(self) -> int:
        """The most tokens that the model reads, special ones included."""
        return self._maximum_tokens

    def token_count(self, length: int) -> int:
        """Return the number of tokens of a random sequence of so many base pairs, special ones included.

        Exact for k-mers that do not overlap; a window of a byte-pair tokenizer, or one with unknown bases,
        may have more, and is refused by the engine if it has too many.
        """
        return len(self._encode([self._example[:length]])[0])

    def tokenize(self, codes: NDArray[np.uint8]) -> TokenBatch:
        """Return the tokens of windows of base codes, shape (windows, length), filled up at the end."""
        rows = self._encode([decode_bases(window) for window in codes])
        counts = np.array([len(row) for row in rows], dtype=np.int64)
        longest = int(counts.max(initial=0))
        ids = np.full((len(rows), longest), self._tokenizer.pad_token_id or 0, dtype=np.int64)
        for place, row in zip(ids, rows, strict=True):
            place[: len(row)] = row
        if (counts == longest).all():
            return TokenBatch(ids, None)
        return TokenBatch(ids, (np.arange(longest) < counts[:, None]).astype(np.int64))

    def _encode(self, sequences: list[str]) -> list[list[int]]:
        encoded = self._tokenizer(sequences, truncation=False, padding=False, verbose=False)
        return [list(row) for row in encoded["input_ids"]]


def _positions(config: dict[str, Any]) -> int:
    """Return the number of tokens that the model has positions for."""
    positions = config.get("max_position_embeddings")
    if positions is None or config.get("position_embedding_type") in ("rotary", "alibi"):
        return _NO_LIMIT
    if config.get("model_type") in _OFFSET_TYPES:
        # these count positions from the padding token's id + 1
        return int(positions) - int(config.get("pad_token_id") or 0) - 1
    return int(positions)
