"""Model directories as they are opened: what they tell, and a line for each way to be wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, new_model, open_model, write_model


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
    assert model.encoder is not None
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


def test_a_window_length_that_nobody_knows_is_asked_for(copy: Path, model: EnhancerModel) -> None:
    (copy / "enhancer_model.json").unlink()
    plain = open_model(copy)
    assert plain.card.window_length is None
    with pytest.raises(InputError, match=r"copy: the window length .* give --window-length BP"):
        plain.window_length  # noqa: B018  the question is the answer
    assert plain.gauge_length == 200
    codes = np.zeros((1, 60), np.uint8)
    exact = EngineSettings("cpu", "onnx", "float32")
    outputs = [Engine(opened, exact).predict(codes).logit for opened in (plain, model)]
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("labels", "problem", "task"),
    [
        ({"0": "x"}, None, "regression"),
        ({"0": "x", "1": "y"}, "regression", "regression"),
        ({"0": "x", "1": "y", "2": "z"}, None, "multiclass"),
    ],
)
def test_the_task_of_a_plain_directory(
    tmp_path: Path, labels: dict[str, str], problem: str | None, task: str
) -> None:
    kind = {1: "regression", 2: "binary", 3: "multiclass"}[len(labels)]
    copy = write_model(tmp_path / "copy", new_model("tiny", k=3, task=kind, labels=list(labels))).directory
    (copy / "enhancer_model.json").unlink()
    change(copy / "config.json", id2label=labels, problem_type=problem)
    card = open_model(copy).card
    assert (card.task, card.labels) == (task, tuple(labels.values()))


def test_labels_that_hold_at_once_are_not_read_as_classes(copy: Path) -> None:
    (copy / "enhancer_model.json").unlink()
    change(copy / "config.json", problem_type="multi_label_classification")
    with pytest.raises(InputError, match="each of the 2 outputs is a label of its own"):
        open_model(copy)


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
        ("config.json", "{", "config.json, line 1: not JSON"),
        ("config.json", "[]", "not a JSON object"),
        ("config.json", '{"hidden_size": Infinity}', "config.json: holds the number Infinity"),
        ("config.json", '{"hidden_size": 1e999}', "config.json: holds the number 1e999"),
        ("config.json", '{"hidden_size": ' + "9" * 5000 + "}", "config.json: holds a number of 5000 digits"),
        ("config.json", '{"a":' * 100_000 + "1" + "}" * 100_000, "config.json: is nested more than 64 deep"),
        ("config.json", '{"a":' * 70 + "1" + "}" * 70, "config.json: is nested more than 64 deep"),
        ("config.json", '{"a": 1, "a": 2}', "config.json: the key 'a' stands twice"),
        ("config.json", '{"a": "\\ud800"}', "config.json: the text .* holds half a character"),
        ("config.json", " " * (9 << 20), "config.json: has 9437184 bytes"),
        ("enhancer_model.json", '{"name": NaN}', "enhancer_model.json: holds the number NaN"),
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
        (
            {"num_hidden_layers": 10**9},
            "config.json: num_hidden_layers must be a whole number from 1 to 1000, not 1000000000",
        ),
        ({"hidden_size": 2**31}, "config.json: hidden_size must be .* not 2147483648"),
        ({"vocab_size": -1}, "config.json: vocab_size must be .* not -1"),
        ({"num_labels": 10**9, "id2label": None}, "config.json: num_labels must be .* not 1000000000"),
        (
            {"id2label": {str(n): str(n) for n in range(20_000)}},
            "config.json: id2label must be an object of at most 10000",
        ),
        ({"hidden_size": "wide"}, "config.json: hidden_size must be .* not 'wide'"),
        ({"num_attention_heads": 5}, "config.json: hidden_size 32 is not a multiple"),
        ({"max_position_embeddings": None}, "config.json: the configuration lacks 'max_position_embeddings'"),
        ({"n_layer": 5000}, "config.json: n_layer is 5000; it must be 0 to 1000"),
        ({"intermediate_size": 64.5}, "config.json: intermediate_size must be .* not 64.5"),
        ({"is_decoder": "no"}, "config.json: is_decoder must be true or false, not 'no'"),
        ({"num_hidden_layers": 1}, "has 16 tensors that a BERT classifier has not"),
        ({"id2label": {"zero": "a", "one": "b"}}, "config.json: id2label names output 'zero' 'a'"),
        ({"id2label": ["a", "b"]}, "id2label must be an object"),
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
    with pytest.raises(
        InputError, match=r"word_embeddings.weight has shape \(69, 32\).*asks for \(261, 32\)"
    ):
        open_model(copy)


def test_a_window_that_the_model_cannot_read(copy: Path, model: EnhancerModel) -> None:
    change(copy / "enhancer_model.json", window_length=513)
    with pytest.raises(InputError, match="513 bp is longer than the 512 bp"):
        open_model(copy)
    with pytest.raises(InputError, match="513 bp is longer than the 512 bp"):
        model.check_window(513)
    model.check_window(512)


def test_weights_are_compared_with_the_configuration_when_a_model_is_opened(copy: Path) -> None:
    change(copy / "config.json", num_labels=3, id2label={"0": "a", "1": "b", "2": "c"})
    with pytest.raises(InputError, match=r"classifier.weight has shape \(2, 32\), but .* asks for \(3, 32\)"):
        open_model(copy)


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
