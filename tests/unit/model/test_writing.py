"""Model directories as they are written: whole or not at all, and read by transformers as they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.engine.backends import OnnxBackend
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelParts, new_model, replace_card, write_model
from dnabert_enhancer.sequence import KmerVocabulary, decode_bases

CODES = np.random.default_rng(4).integers(0, 4, size=(6, 60), dtype=np.uint8)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_equal_parts_give_equal_bytes(parts: ModelParts, model: EnhancerModel, tmp_path: Path) -> None:
    assert contents(write_model(tmp_path / "again", parts).directory) == contents(model.directory)


def test_transformers_loads_it_unchanged_with_equal_outputs(model: EnhancerModel) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    module = transformers.AutoModelForSequenceClassification.from_pretrained(model.directory).eval()
    ids = model.tokenizer.tokenize(CODES).ids
    with torch.no_grad():
        theirs = module(input_ids=torch.from_numpy(ids)).logits.numpy()
    ours = OnnxBackend(model, "cpu", "float32", 1).run(ids.astype(np.int32))
    assert theirs.dtype == np.float32
    assert theirs.std() > 0.1
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert module.config.id2label == {0: "other", 1: "enhancer"}


def test_transformers_tokenizer_reads_kmers_as_we_do(model: EnhancerModel) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.directory)
    codes = CODES[0].copy()
    codes[20] = 4
    text = " ".join(decode_bases(codes)[start : start + 3] for start in range(58))
    assert tokenizer(text)["input_ids"] == model.tokenizer.tokenize(codes[None]).ids[0].tolist()
    assert tokenizer.model_max_length == 512


def test_half_storage_halves_the_directory_and_is_read_as_float32(parts: ModelParts, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = write_model(tmp_path / "half", parts, half=True)
    whole = write_model(tmp_path / "whole", parts)
    sizes = [len(contents(m.directory)["model.safetensors"]) for m in (model, whole)]
    assert sizes[0] < 0.6 * sizes[1]
    assert all(values.dtype == np.float32 for values in model.read_state().values())
    module = transformers.AutoModelForSequenceClassification.from_pretrained(model.directory)
    assert module.dtype == torch.float32


def test_a_failure_leaves_the_old_model(
    parts: ModelParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "model", parts)
    before = contents(tmp_path / "model")
    write_bytes = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if "vocab" in path.name:
            raise OSError(28, "No space left on device", str(path))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Exception, match=r"[Nn]o space left"):
        write_model(tmp_path / "model", new_model("tiny", k=4))
    monkeypatch.undo()
    assert contents(tmp_path / "model") == before


def test_files_of_an_older_model_go_and_foreign_ones_stay(parts: ModelParts, tmp_path: Path) -> None:
    for name in ("model.onnx", "model.int8.onnx", "tokenizer.json", "log.txt"):
        (tmp_path / name).write_text("of an earlier version")
    write_model(tmp_path, parts)
    assert not (tmp_path / "model.onnx").exists()
    assert not (tmp_path / "model.int8.onnx").exists()
    assert not (tmp_path / "tokenizer.json").exists()
    assert (tmp_path / "log.txt").exists()


def test_weights_are_stored_once(parts: ModelParts, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", parts)
    numbers = sum(values.size for values in parts.state.values())
    names = 200 * len(parts.state)  # of the tensors, in the header; vocabulary and texts are below 10 kB
    assert sum(map(len, contents(model.directory).values())) < 4 * numbers + names + 10_000


def test_parts_that_do_not_fit_are_not_written(parts: ModelParts, tmp_path: Path) -> None:
    wrong = dataclasses.replace(parts, vocabulary=KmerVocabulary(4))
    with pytest.raises(InputError, match="k = 4 has 261 tokens, but the model has 69"):
        write_model(tmp_path / "model", wrong)
    state = {name: values for name, values in parts.state.items() if name != "classifier.bias"}
    with pytest.raises(InputError, match=r"classifier.bias"):
        write_model(tmp_path / "model", dataclasses.replace(parts, state=state))
    spoilt = parts.state | {"classifier.bias": np.array([0, np.nan], np.float32)}
    with pytest.raises(InputError, match=r"classifier.bias holds values that are not finite"):
        write_model(tmp_path / "model", dataclasses.replace(parts, state=spoilt))
    assert not (tmp_path / "model").exists()


def test_another_card_changes_the_card_alone(parts: ModelParts, tmp_path: Path) -> None:
    before = contents(write_model(tmp_path / "model", parts).directory)
    model = replace_card(tmp_path / "model", parts.card.replace(name="renamed"))
    after = contents(model.directory)
    assert model.card.name == "renamed"
    assert {name for name in after if after[name] != before[name]} == {"enhancer_model.json"}


def test_a_card_is_not_put_where_there_is_no_model(parts: ModelParts, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        replace_card(tmp_path, parts.card)
    assert not list(tmp_path.iterdir())
