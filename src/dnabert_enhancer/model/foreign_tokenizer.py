"""The tokenizer of a model that is not DNABERT's, through transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.configuration import text_value, whole_value
from dnabert_enhancer.model.tokenizers import NO_LIMIT
from dnabert_enhancer.sequence import BASES, TokenBatch, decode_bases, decode_letters, edges_of, padded

_OFFSET_TYPES = ("esm", "roberta", "xlm-roberta", "camembert")
_LARGEST_UNKNOWN_SHARE = 0.5


class ForeignTokenizer:
    """A Hugging Face tokenizer that reads sequences as text, without cutting and without padding of its own.

    Parameters
    ----------
    directory : Path
        A model directory.
    config : dict
        Its ``config.json``, which limits the number of positions.

    Attributes
    ----------
    has_padding : bool
        Whether it names a padding token; `pad_id` is 0 without one.

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
        self.has_padding = self._tokenizer.pad_token_id is not None
        self.pad_id = int(self._tokenizer.pad_token_id or 0)
        mask = self._tokenizer.mask_token_id
        self.mask_id = None if mask is None else int(mask)
        self.special_ids = tuple(self._tokenizer.all_special_ids)
        self._maximum_tokens = min(int(self._tokenizer.model_max_length), _positions(config), NO_LIMIT)
        letters = np.random.default_rng(0).integers(0, len(BASES), size=2 * NO_LIMIT, dtype=np.uint8)
        self._example = decode_bases(letters)
        encoded = self._tokenizer(
            self._example[:600], truncation=False, verbose=False, return_special_tokens_mask=True
        )
        self.edges = edges_of(encoded["special_tokens_mask"])
        tokens = list(encoded["input_ids"])
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
        rows = self._encode([decode_letters(window) for window in codes])
        return padded([np.array(row, dtype=np.int64) for row in rows], self.pad_id)

    def _encode(self, sequences: list[str]) -> list[list[int]]:
        encoded = self._tokenizer(sequences, truncation=False, padding=False, verbose=False)
        return [list(row) for row in encoded["input_ids"]]


def _positions(config: dict[str, Any]) -> int:
    """Return the number of tokens that the model has positions for."""
    positions = whole_value(config, "max_position_embeddings", NO_LIMIT)
    if text_value(config, "position_embedding_type") in ("rotary", "alibi"):
        return NO_LIMIT
    if text_value(config, "model_type") in _OFFSET_TYPES:
        # these count positions from the padding token's id + 1
        return positions - whole_value(config, "pad_token_id", 0) - 1
    return positions
