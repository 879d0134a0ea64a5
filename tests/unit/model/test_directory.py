"""Model directories as they are opened: what they tell, and a line for each way to be wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, open_model


@pytest.fixture
def copy(model: EnhancerModel, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model.directory, tmp_path / "copy"))


def change(path: Path, **values: object) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | values))


def test_what_a_model_tells(model: EnhancerModel) -> None:
    assert (model.window_length, model.maximum_length) == (60, 512)
    assert model.tokenizer.token_count(60) == 60 - 3 + 1 + 2
    assert model.has_onnx
    assert model.has_int8
    assert model.is_bert
    assert "new-tiny" in repr(model)


def test_the_weights_are_those_that_were_written(model: EnhancerModel, parts: object) -> None:
    state = model.read_state()
    for name, values in parts.state.items():  # type: ignore[attr-defined]  # parts from a fixture
        np.testing.assert_array_equal(state[name], values)


def test_the_digest_is_stable_and_sees_every_file(model: EnhancerModel, copy: Path) -> None:
    assert open_model(copy).digest == model.digest
    (copy / "notes.txt").write_text("not part of the model")
    assert open_model(copy).digest == model.digest
    for name in ("config.json", "enhancer_model.json"):
        before = (copy / name).read_bytes()
        change(copy / name, name="other")
        assert open_model(copy).digest != model.digest
        (copy / name).write_bytes(before)
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert open_model(copy).digest != model.digest


def test_a_plain_hugging_face_directory_gets_a_card(copy: Path) -> None:
    (copy / "enhancer_model.json").unlink()
    card = open_model(copy).card
    assert (card.name, card.k, card.labels, card.task) == ("copy", 3, ("other", "enhancer"), "binary")
    assert "no card" in card.limits


@pytest.mark.parametrize(
    ("labels", "problem", "task"),
    [
        ({"0": "x"}, None, "regression"),
        ({"0": "x", "1": "y"}, "regression", "regression"),
        ({"0": "x", "1": "y", "2": "z"}, None, "multiclass"),
    ],
)
def test_the_task_of_a_plain_directory(
    copy: Path, labels: dict[str, str], problem: str | None, task: str
) -> None:
    (copy / "enhancer_model.json").unlink()
    change(copy / "config.json", id2label=labels, problem_type=problem)
    card = open_model(copy).card
    assert (card.task, card.labels) == (task, tuple(labels.values()))


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_missing_file_is_named(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(InputError, match=f"lacks {missing}"):
        open_model(copy)


def test_a_legacy_checkpoint_says_how_it_is_imported(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(InputError, match="dnabert-enhancer import-model"):
        open_model(copy)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "{", "config.json: not JSON"),
        ("config.json", "[]", "not a model configuration"),
        ("enhancer_model.json", "{", "enhancer_model.json, line 1: not JSON"),
        ("vocab.txt", "A\nB\n", "not a k-mer vocabulary"),
    ],
)
def test_a_broken_file_is_named(copy: Path, name: str, content: str, message: str) -> None:
    (copy / name).write_text(content)
    with pytest.raises(InputError, match=message):
        open_model(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": "wide"}, "config.json: the configuration has a wrong value"),
        ({"num_attention_heads": 5}, "config.json: hidden_size 32 is not a multiple"),
        ({"max_position_embeddings": None}, "config.json: the configuration has a wrong value"),
        ({"id2label": {"zero": "a", "one": "b"}}, "cannot be read"),
        ({"id2label": ["a", "b"]}, "cannot be read"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    copy: Path, changes: dict[str, object], message: str
) -> None:
    (copy / "enhancer_model.json").unlink()
    change(copy / "config.json", **changes)
    with pytest.raises(InputError, match=message):
        open_model(copy)


def test_another_k_than_the_card_says(copy: Path) -> None:
    change(copy / "enhancer_model.json", k=4)
    with pytest.raises(InputError, match="holds 3-mers, but the card says k = 4"):
        open_model(copy)


def test_another_k_than_the_weights_have(copy: Path) -> None:
    change(copy / "config.json", vocab_size=261)
    with pytest.raises(InputError, match="k = 3 has 69 tokens, but the model has 261"):
        open_model(copy)


def test_a_window_that_the_model_cannot_read(copy: Path, model: EnhancerModel) -> None:
    change(copy / "enhancer_model.json", window_length=513)
    with pytest.raises(InputError, match="513 bp is longer than the 512 bp"):
        open_model(copy)
    with pytest.raises(InputError, match="513 bp is longer than the 512 bp"):
        model.check_window(513)
    model.check_window(512)


def test_weights_that_do_not_fit_the_configuration(copy: Path) -> None:
    change(copy / "config.json", num_hidden_layers=3)
    with pytest.raises(InputError, match="lack 16 of the"):
        open_model(copy).read_state()


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_what_is_no_directory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model"
    if kind == "file":
        path.write_text("x")
    with pytest.raises(
        InputError, match="neither a model directory" if kind == "file" else "no such model dir"
    ):
        open_model(path)
