"""The command import-model: a directory that works, or one line and nothing written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import late

from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import ModelCard, new_model, open_model, write_model

torch = late("torch")


class Hostile:
    """What a pickle does that makes a folder when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Write a small model as DNABERT's code saves it."""
    model = write_model(tmp_path / "made", new_model("tiny", k=3, window_length=100))
    folder = tmp_path / "a checkpoint; $(touch run)"
    folder.mkdir()
    torch.save(
        {n: torch.from_numpy(v.copy()) for n, v in model.read_state().items()}, folder / "pytorch_model.bin"
    )
    for name in ("config.json", "vocab.txt"):
        (folder / name).write_bytes((model.directory / name).read_bytes())
    return folder


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["import-model", *map(str, arguments)])
    return int(caught.value.code or 0)


def test_a_checkpoint_becomes_a_model(checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "model"
    options = ["--name", "mine", "--window-length", 100, "--labels", "no, yes"]
    assert command(checkpoint, "--output-dir", output, *options) == 0
    model = open_model(output)
    assert (model.card.name, model.card.labels, model.window_length) == ("mine", ("no", "yes"), 100)
    windows = np.random.default_rng(0).integers(0, 4, size=(3, 100), dtype=np.uint8)
    found = Engine(model, EngineSettings("cpu", "onnx", "float32")).predict(windows).logit
    expected = (
        Engine(open_model(tmp_path / "made"), EngineSettings("cpu", "onnx", "float32")).predict(windows).logit
    )
    np.testing.assert_array_equal(found, expected)
    record = json.loads((output / "run.json").read_text())
    assert record["model"] == {"name": "mine", "digest": model.digest}
    assert record["largest_difference_of_outputs"]["onnx_and_torch"] < 2e-5
    assert {Path(entry["path"]).name for entry in record["inputs"]} == {
        "config.json",
        "vocab.txt",
        "pytorch_model.bin",
    }
    assert sorted(path.name for path in output.parent.iterdir()) == ["model"]


def test_the_positive_class_is_named_told_by_name_or_warned_of(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    windows = np.random.default_rng(0).integers(0, 4, size=(3, 100), dtype=np.uint8)

    def imported(name: str, *options: object) -> tuple[ModelCard, np.ndarray, Any]:
        folder = tmp_path / name
        assert command(checkpoint, "--output-dir", folder, "--window-length", 100, *options) == 0
        model = open_model(folder)
        found = Engine(model, EngineSettings("cpu", "onnx", "float32")).predict(windows)
        return model.card, found.probability, json.loads((folder / "run.json").read_text())

    card, second, record = imported("a", "--labels", "weak,strong")
    assert (card.positive_label, record["positive_label"]) == ("strong", "strong")
    assert "neither of the outputs 'weak' and 'strong' is known to be the positive class" in caplog.text
    caplog.clear()
    card, first, record = imported("b", "--labels", "weak,strong", "--positive-label", "Weak")
    assert (card.positive_label, record["positive_label"]) == ("weak", "weak")
    np.testing.assert_allclose(first, 1 - second, atol=1e-6)
    card, told, _ = imported("c", "--labels", "bound,unbound")
    assert card.positive_label == "bound"
    np.testing.assert_array_equal(told, first)
    assert "known to be the positive class" not in caplog.text


def test_a_window_length_that_was_given_is_known(checkpoint: Path, tmp_path: Path) -> None:
    assert command(checkpoint, "--output-dir", tmp_path / "new", "--window-length", 100) == 0
    limits = open_model(tmp_path / "new").card.limits
    assert "window length" not in limits
    assert "threshold and calibration are not known" in limits


def test_a_pretrained_model_needs_no_window_length(checkpoint: Path, tmp_path: Path) -> None:
    path = checkpoint / "pytorch_model.bin"
    state = {name: value for name, value in torch.load(path).items() if not name.startswith("classifier")}
    torch.save(state, path)
    assert command(checkpoint, "--output-dir", tmp_path / "new") == 0
    assert open_model(tmp_path / "new").card.window_length is None


def hostile(folder: Path) -> None:
    torch.save({"a": Hostile(folder / "run")}, folder / "pytorch_model.bin")


def truncated(folder: Path) -> None:
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("damage", "options", "message"),
    [
        (hostile, [], "code from a checkpoint is never run"),
        (truncated, [], "not a whole PyTorch checkpoint"),
        (lambda folder: (folder / "pytorch_model.bin").unlink(), [], "no weights here"),
        (lambda folder: (folder / "config.json").unlink(), [], "lacks config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), [], "not JSON"),
        (lambda _: None, [], "the window length that the model was trained on is not known; give"),
        (lambda _: None, ["--k", 6], "k = 6 was given, but the checkpoint has 3-mers"),
        (lambda _: None, ["--window-length", 600], "600 bp is longer than the 512 bp"),
        (
            lambda _: None,
            ["--window-length", 100, "--positive-label", "bound"],
            "'bound' is not one of two classes of the model; its outputs are ",
        ),
        (lambda _: None, ["--labels", "one"], "1 labels were given, but the checkpoint has 2 outputs"),
    ],
)
def test_what_cannot_be_imported_gives_one_line(
    checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], Any],
    options: list[object],
    message: str,
) -> None:
    damage(checkpoint)
    assert command(checkpoint, "--output-dir", tmp_path / "new", *options) == 2
    printed = capsys.readouterr().err.strip()
    assert message in printed
    assert len(printed.splitlines()) == 1
    assert not (tmp_path / "new").exists()
    assert not (checkpoint / "run").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "no such model directory"),
        ("hub:owner/model", "hub:NAME@REVISION"),
        ("-", "neither a model directory nor a whole model archive"),
    ],
)
def test_a_source_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, message: str
) -> None:
    assert command("--output-dir", tmp_path / "new", "--", source) == 2
    assert message in capsys.readouterr().err
