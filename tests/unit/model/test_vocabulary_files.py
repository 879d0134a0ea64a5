"""Vocabularies of k-mers in another order than DNABERT's: the same model, whatever the file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelParts, import_checkpoint, open_model, write_model
from dnabert_enhancer.sequence import KmerVocabulary

WORDS = "bert.embeddings.word_embeddings.weight"
EXACT = EngineSettings("cpu", "onnx", "float32")
CODES = np.random.default_rng(8).integers(0, 4, size=(20, 60), dtype=np.uint8)


def in_another_order(parts: ModelParts, more: tuple[str, ...] = (), rows: int | None = None) -> ModelParts:
    """Return the same model with the rows of its embedding, and its tokens, in the order of the alphabet."""
    assert parts.vocabulary is not None
    before = parts.vocabulary.tokens
    after = [*sorted(before), *more]
    old = parts.state[WORDS]
    size = rows or len(after)
    words = np.full((size, old.shape[1]), 7, np.float32)
    words[: len(before)] = old[[before.index(token) for token in after[: len(before)]]]
    return dataclasses.replace(
        parts,
        config=parts.config | {"vocab_size": size},
        state=parts.state | {WORDS: words},
        vocabulary=KmerVocabulary.from_tokens(after),
    )


def tokenizer_json(tokens: list[str], kind: str = "WordPiece") -> str:
    """Return a fast tokenizer's file, its special tokens apart as Hugging Face writes them."""
    special = [
        {"id": number, "content": token} for number, token in enumerate(tokens) if token.startswith("[")
    ]
    words = {token: number for number, token in enumerate(tokens) if not token.startswith("[")}
    return json.dumps({"model": {"type": kind, "vocab": words}, "added_tokens": special})


def predicted(model: EnhancerModel) -> NDArray[np.float32]:
    return Engine(model, EXACT).predict(CODES).logit


@pytest.mark.parametrize(("more", "rows"), [((), None), (("NNN",), None), ((), 72), ((), 128)])
def test_another_order_of_tokens_and_rows_is_the_same_model(
    parts: ModelParts, model: EnhancerModel, tmp_path: Path, more: tuple[str, ...], rows: int | None
) -> None:
    other = write_model(tmp_path / "other", in_another_order(parts, more, rows))
    np.testing.assert_array_equal(predicted(other), predicted(model))


@pytest.mark.parametrize("kind", ["WordPiece", "WordLevel"])
@pytest.mark.parametrize("both", [False, True])
def test_tokenizer_json_is_read_as_vocab_txt_is(
    parts: ModelParts, model: EnhancerModel, tmp_path: Path, kind: str, both: bool
) -> None:
    changed = in_another_order(parts)
    folder = write_model(tmp_path / "other", changed).directory
    assert changed.vocabulary is not None
    (folder / "tokenizer.json").write_text(tokenizer_json(changed.vocabulary.tokens, kind))
    if not both:
        (folder / "vocab.txt").unlink()
    for name in ("enhancer_model.json", "nothing"):
        np.testing.assert_array_equal(predicted(open_model(folder)), predicted(model))
        (folder / name).unlink(missing_ok=True)


def test_import_keeps_the_order(parts: ModelParts, model: EnhancerModel, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "other", in_another_order(parts)).directory
    (folder / "tokenizer.json").write_text(
        tokenizer_json(KmerVocabulary.from_file(folder / "vocab.txt").tokens)
    )
    (folder / "vocab.txt").unlink()
    (folder / "enhancer_model.json").unlink()
    made = import_checkpoint(folder, tmp_path / "new", window_length=60)
    assert made.card.k == 3
    np.testing.assert_array_equal(predicted(made), predicted(model))


def test_transformers_gives_the_same_ids(parts: ModelParts, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    model = write_model(tmp_path / "other", in_another_order(parts, ("NNN",)))
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.directory)
    letters = "ACGTNNNACGGTTAACN"
    text = " ".join(letters[start : start + 3] for start in range(len(letters) - 2))
    codes = np.array([["ACGTN".index(letter) for letter in letters]], dtype=np.uint8)
    assert tokenizer(text)["input_ids"] == model.tokenizer.tokenize(codes).ids[0].tolist()


def test_two_vocabularies_that_differ_are_refused(parts: ModelParts, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", parts).directory
    assert parts.vocabulary is not None
    (folder / "tokenizer.json").write_text(tokenizer_json(sorted(parts.vocabulary.tokens)))
    with pytest.raises(
        InputError, match=r"tokenizer.json: numbers the k-mers in another order than vocab.txt"
    ):
        open_model(folder)


@pytest.mark.parametrize("rows", [68, 70, 136])
def test_a_vocabulary_that_does_not_fit_the_embedding_is_refused(
    parts: ModelParts, tmp_path: Path, rows: int
) -> None:
    state = parts.state | {WORDS: np.zeros((rows, 32), np.float32)}
    changed = dataclasses.replace(parts, config=parts.config | {"vocab_size": rows}, state=state)
    with pytest.raises(InputError, match=f"k = 3 has 69 tokens, but the model has {rows}"):
        write_model(tmp_path / "model", changed)
