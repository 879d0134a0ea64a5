"""The tokenizer of a model that is not DNABERT's, by the files that lie beside its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.model.encoder import Encoder
from dnabert_enhancer.model.json_text import read_object
from dnabert_enhancer.model.vocabulary_files import MOST_TOKENIZER_BYTES, TOKENIZER_NAME
from dnabert_enhancer.sequence import BytePairTokenizer, SixMerTokenizer, Tokenizer

TOKENIZER_FILES = (
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""Files that may belong to a tokenizer."""
NO_LIMIT = 1 << 16
"""The most tokens of a window where nothing else limits them."""


def open_tokenizer(directory: Path, config: dict[str, Any], encoder: Encoder | None) -> Tokenizer:
    """Open a directory's tokenizer: Nucleotide Transformer's, a byte-pair one, else by transformers.

    Parameters
    ----------
    directory : Path
        A model directory or checkpoint.
    config : dict
        Its ``config.json``.
    encoder : Encoder, optional
        Its encoder, which limits the tokens; None where transformers must compute it.

    Raises
    ------
    InputError
        No usable tokenizer in the directory, or one that does not read DNA.
    ResourceError
        A tokenizer that needs transformers, which is not installed.
    """
    settings = _settings(directory)
    own = directory / TOKENIZER_NAME
    if own.is_file() and own.stat().st_size > MOST_TOKENIZER_BYTES:
        raise InputError(f"has more than {MOST_TOKENIZER_BYTES} bytes", source=own)
    if encoder is not None:
        most = min(_most_tokens(settings), encoder.longest or NO_LIMIT)
        if (directory / "tokenizer.json").is_file():
            return BytePairTokenizer(directory / "tokenizer.json", most, encoder.vocabulary)
        if settings.get("tokenizer_class") == "EsmTokenizer" and (directory / "vocab.txt").is_file():
            tokens = [line.strip() for _, line in read_text_lines(directory / "vocab.txt")]
            end = settings.get("eos_token", "<eos>")
            end = end.get("content") if isinstance(end, dict) else end
            return SixMerTokenizer(tokens, most, end, directory / "vocab.txt")
    from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer

    return ForeignTokenizer(directory, config)


def tokenizer_files(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory's tokenizer, by name."""
    paths = [directory / name for name in TOKENIZER_FILES]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _settings(directory: Path) -> dict[str, Any]:
    path = directory / "tokenizer_config.json"
    if not path.is_file():
        return {}
    return read_object(path)


def _most_tokens(settings: dict[str, Any]) -> int:
    most = settings.get("model_max_length")
    # a huge float stands for no limit
    return min(int(most), NO_LIMIT) if isinstance(most, (int, float)) and most > 0 else NO_LIMIT
