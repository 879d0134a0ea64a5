"""The k-mer vocabulary that lies beside a model's weights, in whatever file and order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.configuration import whole_value
from dnabert_enhancer.model.json_text import read_object
from dnabert_enhancer.sequence import KmerVocabulary

VOCABULARY_NAME = "vocab.txt"
TOKENIZER_NAME = "tokenizer.json"
MOST_TOKENIZER_BYTES = 16 << 20
_WORD_LISTS = ("WordLevel", "WordPiece")
_MOST_PADDING = 63


def kmer_vocabulary(directory: Path) -> KmerVocabulary | None:
    """Return the k-mers that a model reads, or None where its tokenizer is another one.

    Parameters
    ----------
    directory : Path
        Holds ``vocab.txt``, or a ``tokenizer.json`` with a list of words, or both with the same k-mers.

    Raises
    ------
    InputError
        Both files are there and number the k-mers differently: only one can be that of the weights.
    """
    found = {
        name: vocabulary
        for name, read in ((VOCABULARY_NAME, _of_text), (TOKENIZER_NAME, _of_tokenizer))
        if (directory / name).is_file() and (vocabulary := read(directory / name)) is not None
    }
    if len(found) == 2 and found[VOCABULARY_NAME] != found[TOKENIZER_NAME]:
        raise InputError(
            f"numbers the k-mers in another order than {VOCABULARY_NAME}",
            source=directory / TOKENIZER_NAME,
            remedy="delete the one that does not belong to the weights",
        )
    return next(iter(found.values()), None)


def check_vocabulary_size(vocabulary: KmerVocabulary, config: dict[str, Any], source: Path) -> None:
    """Raise `InputError` where a vocabulary does not fit the rows of the embedding.

    Rows may be more than tokens where they were filled up to a multiple of 8.
    """
    rows = whole_value(config, "vocab_size", 0)
    padding = rows - vocabulary.size
    if padding == 0 or (0 < padding <= _MOST_PADDING and rows % 8 == 0):
        return
    raise InputError(
        f"k = {vocabulary.k} has {vocabulary.size} tokens, but the model has {rows}",
        source=source,
        remedy="take the vocabulary (or the k) that belongs to the weights",
    )


def _of_text(path: Path) -> KmerVocabulary | None:
    try:
        return KmerVocabulary.from_file(path)
    except InputError:
        return None


def _of_tokenizer(path: Path) -> KmerVocabulary | None:
    content = read_object(path, MOST_TOKENIZER_BYTES)
    model = content.get("model")
    if not isinstance(model, dict) or model.get("type") not in _WORD_LISTS:
        return None
    try:
        words = dict(model["vocab"])
        words |= {token["content"]: token["id"] for token in content.get("added_tokens") or ()}
        ids = sorted(words.values())
        tokens = sorted(words, key=words.__getitem__)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if ids != list(range(len(ids))):
        return None
    try:
        return KmerVocabulary.from_tokens(tokens, path)
    except InputError:
        return None
