"""The command finetune, from files to a model directory (training/packages, training/logging_targets too)."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from forked import Copy
from late import late

from dnabert_enhancer.api import quantize_model
from dnabert_enhancer.commands.cli import build_parser, main
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.model import open_model

late("torch")
late("transformers")


MOTIF = "TGACTCAGCA"
PATIENCE_SECONDS = 300


def write_table(path: Path, rows: int, seed: int) -> Path:
    """Write sequences of 40 bp, those of label 1 with a motif, as a CSV."""
    rng = np.random.default_rng(seed)
    lines = ["sequence,label"]
    for row in range(rows):
        letters = rng.choice(list("ACGT"), 40)
        if row % 2:
            letters[5:15] = list(MOTIF)
            letters[25:35] = list(MOTIF)
        lines.append(f"{''.join(letters)},{row % 2}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_table(folder / "train.csv", 320, 0)
    write_table(folder / "dev.csv", 64, 1)
    return folder


def options(tables: Path, output: Path, **changed: object) -> list[str]:
    values = {
        "dataset": tables,
        "base-model": "new:tiny",
        "k": 3,
        "output-dir": output,
        "epochs": 2,
        "batch-size": 16,
        "learning-rate": 0.005,
        "device": "cpu",
        "precision": "float32",
        "shift": 3,
        "token-dropout": 0.05,
        "seed": 5,
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def finetune(arguments: Sequence[str]) -> int:
    """Run the command in this process; return its exit code."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments), command="finetune")
    return int(stop.value.code or 0)


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.slow
def test_a_model_with_history_and_record_is_written(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune([*options(tables, tmp_path / "m", model_name="motif", licence="CC0-1.0")]) == 0
    card = json.loads((tmp_path / "m" / "enhancer_model.json").read_text())
    assert (card["name"], card["licence"], card["labels"]) == (
        "motif",
        "CC0-1.0",
        ["non-enhancer", "enhancer"],
    )
    assert card["metrics"]["validation"]["auroc"] > 0.9
    record = json.loads((tmp_path / "m" / "run.json").read_text())
    assert record["counts"] == {"sequences_train": 320, "sequences_validation": 64}
    assert record["model"]["digest"]
    history = (tmp_path / "m" / "history.tsv").read_text().splitlines()
    assert history[0].split("\t")[:4] == ["epoch", "step", "train_loss", "validation_loss"]
    assert [line.split("\t")[-1] for line in history] == ["positive_label", "enhancer", "enhancer"]
    assert [line.split("\t")[:2] for line in history[1:]] == [["1", "20"], ["2", "40"]]
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_archive_is_the_model_and_goes_on_as_a_base_model(tables: Path, tmp_path: Path) -> None:
    packed = tmp_path / "sub" / "model.tar.gz"
    assert finetune([*options(tables, tmp_path / "m", epochs=1), "--archive", str(packed)]) == 0
    opened = open_model(packed)
    assert opened.digest == open_model(tmp_path / "m").digest
    changed = {"base_model": packed, "k": 3, "epochs": 1}
    assert finetune([*options(tables, tmp_path / "n", **changed)]) == 0
    assert json.loads((tmp_path / "n" / "run.json").read_text())["arguments"]["base_model"] == str(packed)


def test_int8_rounds_the_weights_as_models_quantize_does_or_leaves_them(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    plain, rounded, small, differing = (
        tmp_path / name for name in ("plain", "rounded", "small", "differing")
    )
    assert finetune(options(tables, plain)) == 0
    assert finetune([*options(tables, small), "--int8"]) == 0
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 0)
    monkeypatch.setattr("dnabert_enhancer.engine.precision_check.LEAST_JACCARD", -1.0)
    monkeypatch.setattr("dnabert_enhancer.engine.precision_check.LARGEST_MEAN_CHANGE", 1.0)
    assert finetune([*options(tables, rounded), "--int8"]) == 0
    sequences = [line.split(",")[0] for line in (tables / "dev.csv").read_text().splitlines()[1:]]
    expected = quantize_model(plain, sequences, tmp_path / "expected", engine=EngineSettings(threads=1))
    assert open_model(rounded).weights_digest == expected.opened.weights_digest
    said = {
        name: json.loads((tmp_path / name / "run.json").read_text())["int8"] for name in ("small", "rounded")
    }
    assert said["rounded"] == {"weights": "rounded", **expected.opened.card.training["int8"]}
    assert said["rounded"] == open_model(rounded).card.training["int8"]
    assert said["rounded"]["weights_digest_before"] == open_model(plain).weights_digest
    assert said["rounded"]["windows"] == 64
    monkeypatch.setattr("dnabert_enhancer.engine.precision_check.LARGEST_MEAN_CHANGE", -1.0)
    assert finetune([*options(tables, differing), "--int8"]) == 0
    assert "int8 does not agree with float32, the weights stay as they are: " in caplog.text
    for folder in (small, differing):
        assert open_model(folder).weights_digest == open_model(plain).weights_digest
        assert open_model(folder).card.training["int8"]["weights"] == "as trained"
    assert "too small for int8" in said["small"]["why"]
    assert open_model(differing).card.training["int8"]["agreement"]["passes"] is False


def test_an_archive_that_cannot_be_written_is_said_before_the_training(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune([*options(tables, tmp_path / "m"), "--archive", str(tmp_path)]) == 2
    assert "the output is a folder" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_an_own_file_of_validation_rows_is_used(tables: Path, tmp_path: Path) -> None:
    arguments = options(tables, tmp_path / "m", dataset=tables / "train.csv", epochs=1)
    assert finetune([*arguments, "--validation", str(tables / "dev.csv")]) == 0
    card = json.loads((tmp_path / "m" / "enhancer_model.json").read_text())
    assert card["training"]["splits"]["validation"]["sequences"] == 64


def test_a_pair_of_fasta_files_is_a_data_set(tables: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in (tables / "train.csv").read_text().splitlines()[1:]]
    for label, name in (("1", "enhancers.fa"), ("0", "others.fa")):
        texts = [text for text, given in rows if given == label]
        (tmp_path / name).write_text("".join(f">{name}{n}\n{text}\n" for n, text in enumerate(texts)))
    arguments = options(tables, tmp_path / "m", dataset=tmp_path / "enhancers.fa", epochs=1)
    assert finetune([*arguments, "--negatives", str(tmp_path / "others.fa")]) == 0
    card = json.loads((tmp_path / "m" / "enhancer_model.json").read_text())
    assert sum(split["sequences"] for split in card["training"]["splits"].values()) == 320
    assert "at random by groups of equal sequences, seed 5" in card["training"]["validation"]


def test_classes_of_the_validation_file_are_matched_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, classes in (("train", "abc"), ("other", "abd")):
        lines = [f"ACGTACGTAC{'ACGT'[n % 4] * 5}\t{classes[n % 3]}" for n in range(12)]
        (tmp_path / f"{name}.tsv").write_text("\n".join(["sequence\tlabel", *lines]) + "\n")
    arguments = options(tmp_path, tmp_path / "m", dataset=tmp_path / "train.tsv")
    assert finetune([*arguments, "--validation", str(tmp_path / "other.tsv")]) == 2
    assert "other.tsv: the class 'd' is not among those of the training data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--epochs", "0"], "epochs is 0; it must be at least 1"),
        (["--dataset", "nowhere.tsv"], "nowhere.tsv: no such file or folder"),
        (["--base-model", "new:giant"], "no configuration 'giant'"),
        (["--window-length", "5000"], "windows of 5000 bp need up to 5000 tokens, but the model reads 512"),
    ],
)
def test_a_wrong_argument_is_one_line(
    extra: list[str], said: str, tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune([*options(tables, tmp_path / "m"), *extra]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_labels_of_one_class_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "one.tsv"
    table.write_text("sequence\tlabel\nACGTACGTAC\t1\nACGTACGTAA\t1\n")
    assert finetune(options(tmp_path, tmp_path / "m", dataset=table)) == 2
    assert "labels are 1" in capsys.readouterr().err


@pytest.mark.slow(seconds=20)
def test_a_run_killed_twice_ends_with_the_weights_of_the_unbroken_one(
    tables: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    changed = {"epochs": 4, "checkpoint_steps": 7, "threads": 1}
    assert finetune(options(tables, whole, **changed)) == 0
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    logged = ["--log-to", "wandb"] if importlib.util.find_spec("wandb") else []
    resumable = [*options(tables, broken, **changed), *logged]
    steps_at_kill = []
    for wanted in (7, 42):
        copy = Copy(lambda: main(resumable, command="finetune"), tmp_path / f"said-{wanted}")
        steps_at_kill.append(_wait_for_checkpoint(broken, wanted, copy))
        assert copy.kill() == -signal.SIGKILL
        assert not (broken / "config.json").exists()
    caplog.clear()
    assert finetune(resumable) == 0
    assert "continuing from update" in caplog.text
    # offline-run-DATE_TIME-ID: three processes, one run of Weights & Biases
    parts = [path.name for path in broken.glob("logs/wandb/wandb/offline-run-*")] if logged else []
    assert len(parts) == (3 if logged else 0)
    assert len({part.split("-", 3)[3] for part in parts}) <= 1
    assert steps_at_kill[1] >= 42
    assert not (broken / ".checkpoints").exists()
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    cards = [json.loads((folder / "enhancer_model.json").read_text()) for folder in (whole, broken)]
    assert (broken / "history.tsv").read_bytes() == (whole / "history.tsv").read_bytes()
    # nothing but the folder's name differs: equal trainings have equal digests
    assert [card.pop("name") for card in cards] == ["whole", "broken"]
    assert cards[0] == cards[1]
    assert len(cards[1]["training"]["epochs"]) == 4


def _wait_for_checkpoint(output: Path, step: int, copy: Copy) -> int:
    """Wait for a whole checkpoint at or after a step; return its step."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = [
            int(path.parent.name.removeprefix("checkpoint-"))
            for path in output.glob(".checkpoints/attempt-1/checkpoint-*/complete.json")
        ]
        if any(number >= step for number in found):
            return max(found)
        assert copy.poll() is None, f"the training ended before it could be killed: {copy.said}"
        time.sleep(0.01)
    copy.kill()
    raise AssertionError(f"no checkpoint within {PATIENCE_SECONDS} s")


@pytest.mark.slow
def test_other_arguments_on_a_broken_off_run_are_refused_unless_restarted(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import dnabert_enhancer.training.attempt  # noqa: F401  once, not in the copy

    output = tmp_path / "m"
    first = options(tables, output, epochs=50, checkpoint_steps=2, threads=1)
    copy = Copy(lambda: main(first, command="finetune"), tmp_path / "said")
    _wait_for_checkpoint(output, 2, copy)
    assert finetune(options(tables, output)) == 2
    assert "another finetune is running in this folder" in capsys.readouterr().err
    assert copy.kill() == -signal.SIGKILL
    assert finetune(options(tables, output, epochs=1)) == 2
    assert "run with other arguments: epochs 1 (was 50); give the same" in capsys.readouterr().err
    assert finetune([*options(tables, output, epochs=1), "--restart"]) == 0
    assert (output / "config.json").exists()


@pytest.mark.slow
def test_wandb_writes_an_offline_run(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("wandb")
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("NAME", "grid-3"), ("LOG_MODEL", "end"), ("DATA_DIR", str(tmp_path))):
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert finetune([*options(tables, tmp_path / "m", epochs=1), "--log-to", "wandb"]) == 0
    (run,) = (tmp_path / "m" / "logs" / "wandb").glob("wandb/offline-run-*/run-*.wandb")
    # the weights are an artifact, called by the run's name
    content = run.read_bytes()
    assert b"model-grid-3" in content
    assert b"final_model" in content
    assert "logged offline" in caplog.text
    assert "WANDB_MODE" not in os.environ


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow-skinny is not installed")
def test_mlflow_keeps_the_curves_in_a_file(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    assert finetune([*options(tables, tmp_path / "m", epochs=2), "--log-to", "mlflow"]) == 0
    store = tmp_path / "m" / "logs" / "mlflow"
    database = store / "mlflow.db"
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"sqlite:///{database}" if database.is_file() else store.as_uri())
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert len(runs) == 1
    assert runs[0].data.metrics["eval_auroc"] > 0.5


def test_a_missing_logger_is_a_missing_resource(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "mlflow" else real(name, *rest)
    )
    assert finetune([*options(tables, tmp_path / "m"), "--log-to", "mlflow"]) == 3
    assert "pip install '.[mlflow]' in a clone of the suite" in capsys.readouterr().err


def test_without_torch_the_way_to_install_it_is_said(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else real(name, *rest)
    )
    assert finetune(options(tables, tmp_path / "m")) == 3
    line = capsys.readouterr().err.strip()
    assert line.endswith(
        """the Python package 'torch' is not installed; pip install '.[train]' in a clone of the suite"""
    )


@pytest.mark.slow(seconds=20)
def test_two_processes_of_accelerate_train_one_model(tables: Path, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("from dnabert_enhancer.commands.cli import main\nmain()\n")
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    launch += ["--main_process_port", "0", str(script), "finetune"]
    arguments = options(tables, tmp_path / "m", epochs=2)
    done = subprocess.run(
        [*launch, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epoch 2 of 2") == 1
    card = json.loads((tmp_path / "m" / "enhancer_model.json").read_text())
    assert card["training"]["epochs"][-1]["step"] == 20
    assert card["metrics"]["validation"]["auroc"] > 0.8


def test_a_choice_of_numbers_takes_them() -> None:
    parser = build_parser("finetune")
    required = ["--dataset", "d", "--base-model", "new:tiny", "--output-dir", "m"]
    assert parser.parse_args([*required, "--k", "3"]).k == 3


@pytest.mark.slow
def test_folds_are_trained_kept_and_judged(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Two folds; a run whose second one is lost trains that alone, with the same bytes."""
    folder = tmp_path / "cv"
    given = [*options(tables, folder, epochs=1, model_name="motif"), "--folds", "2"]
    assert finetune([*given, "--archive", str(tmp_path / "packed.tar.gz")]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["fold1", "fold2", "folds.json", "run.json"]
    assert sorted(path.name for path in tmp_path.glob("packed*")) == [
        "packed.fold1.tar.gz",
        "packed.fold2.tar.gz",
    ]
    cards = [json.loads((folder / f"fold{n}" / "enhancer_model.json").read_text()) for n in (1, 2)]
    assert [card["name"] for card in cards] == ["motif fold 1", "motif fold 2"]
    assert [card["training"]["splits"]["validation"]["sequences"] for card in cards] == [192, 192]
    assert "at random by groups of equal sequences" in cards[0]["training"]["validation"]
    record = json.loads((folder / "run.json").read_text())
    assert record["counts"] == {"sequences_train": 320, "sequences_validation": 64}
    digests = [one["digest"] for one in record["model"]["members"]]
    assert digests == [open_model(folder / f"fold{n}").digest for n in (1, 2)]
    assert digests == [open_model(tmp_path / f"packed.fold{n}.tar.gz").digest for n in (1, 2)]
    assert [fold["validation"] for fold in record["folds"]] == [c["training"]["validation"] for c in cards]
    assert len((folder / "fold2" / "history.tsv").read_text().splitlines()) == 2

    for path in (folder / "fold2").iterdir():
        path.unlink()
    times = {path.name: path.stat().st_mtime_ns for path in (folder / "fold1").iterdir()}
    with caplog.at_level("INFO"):
        assert finetune(given) == 0
    assert "fold 1 of 2 was trained before" in caplog.text
    assert {path.name: path.stat().st_mtime_ns for path in (folder / "fold1").iterdir()} == times
    assert open_model(folder / "fold2").digest == digests[1]

    capsys.readouterr()
    assert finetune([*options(tables, folder, epochs=2, model_name="motif"), "--folds", "2"]) == 2
    assert "trained with other arguments: epochs 2 (was 1)" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        judged = ("--dataset", tables / "dev.csv", "--model", folder, "--bootstrap", 0, "--no-pictures")
        main([*map(str, judged), "--output-prefix", str(tmp_path / "judged")], command="evaluate")
    assert stop.value.code == 0
    methods = [line.split("\t")[0] for line in (tmp_path / "judged.metrics.tsv").read_text().splitlines()[1:]]
    assert list(dict.fromkeys(methods)) == ["cv", "cv: motif fold 1", "cv: motif fold 2"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--validation", "x"), "--validation does not apply to --folds"),
        (("--folds", "1"), "1 folds are too few"),
    ],
)
def test_what_does_not_go_with_folds(
    more: tuple[str, ...], said: str, tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finetune([*options(tables, tmp_path / "m"), "--folds", "3", *more]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
