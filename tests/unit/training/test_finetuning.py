"""Whole trainings of a tiny model (training/finetuning, attempt, trainer, job, processes, trained_model)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from late import late

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model import open_model
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.training import TrainingResult, TrainingSettings, finetune
from dnabert_enhancer.training.losses import Loss

late("torch")
late("transformers")


QUICK = TrainingSettings(
    epochs=3, batch_size=16, learning_rate=5e-3, k=3, device="cpu", precision="float32", seed=3, licence="MIT"
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, motif_dataset: Dataset) -> TrainingResult:
    return finetune(motif_dataset, "new:tiny", tmp_path_factory.mktemp("trained"), QUICK)


@pytest.mark.slow
def test_a_fresh_model_learns_a_motif_and_says_so_in_its_card(trained: TrainingResult) -> None:
    assert trained.metrics["validation"]["auroc"] > 0.95
    assert trained.model is not None
    card = trained.model.card
    assert (card.k, card.window_length, card.labels, card.licence) == (3, 40, ("other", "enhancer"), "MIT")
    assert card.training["splits"]["train"] == {"sequences": 192, "labels": {"other": 96, "enhancer": 96}}
    assert card.training["settings"]["learning_rate"] == 5e-3
    assert card.training["calibration"]["ece_before"] >= 0
    rows = card.training["splits"]["validation"]["sequences"]
    assert rows < 200
    assert f"its calibration is on only {rows} rows (fewer than 200)" in card.training["warnings"]
    assert trained.warnings == card.training["warnings"]
    assert card.training["attempts"] == [{"number": 1, "seed": 3, "outcome": "kept", "reason": ""}]
    assert len(trained.history) == 3
    assert trained.sequences_per_second > 0


def test_the_metrics_in_the_card_are_those_of_the_written_model(
    trained: TrainingResult, motif_dataset: Dataset
) -> None:
    assert trained.model is not None
    model = open_model(trained.model.directory)
    frame = motif_dataset.frame("validation")
    windows = np.stack([encode_bases(text) for text in frame["sequence"]])
    predicted = Engine(model, EngineSettings("cpu", precision="float32")).predict(windows)
    calls = predicted.probability >= model.card.threshold()
    assert (calls == frame["label"]).mean() == pytest.approx(model.card.metrics["validation"]["accuracy"])
    best = max(entry["validation_auroc"] for entry in trained.history)
    assert model.card.metrics["validation"]["auroc"] == pytest.approx(best, abs=0.02)


def test_nothing_but_the_model_stays_in_the_folder(trained: TrainingResult) -> None:
    assert trained.model is not None
    names = {path.name for path in trained.model.directory.iterdir()}
    assert "config.json" in names
    assert not any(name.startswith(".") for name in names)


def test_a_finished_model_is_not_overwritten_unasked(trained: TrainingResult, motif_dataset: Dataset) -> None:
    assert trained.model is not None
    with pytest.raises(InputError, match="holds a finished model; give --restart"):
        finetune(motif_dataset, "new:tiny", trained.model.directory, QUICK)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    tmp_path: Path, motif_dataset: Dataset
) -> None:
    quick = QUICK.replace(epochs=1, shift=3, token_dropout=0.1)
    one, same, other = (
        finetune(motif_dataset, "new:tiny", tmp_path / name, quick.replace(seed=seed)).model
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one is not None
    assert same is not None
    assert other is not None
    weights = [model.read_state()["classifier.weight"] for model in (one, same, other)]
    assert (weights[0] == weights[1]).all()
    assert (weights[0] != weights[2]).any()


@pytest.mark.slow
def test_a_trained_model_is_a_base_model_that_keeps_its_knowledge(
    trained: TrainingResult, motif_dataset: Dataset, tmp_path: Path
) -> None:
    assert trained.model is not None
    settings = TrainingSettings(
        epochs=1, batch_size=64, learning_rate=1e-6, device="cpu", precision="float32"
    )
    result = finetune(motif_dataset, str(trained.model.directory), tmp_path / "more", settings)
    assert result.metrics["validation"]["auroc"] == pytest.approx(
        trained.metrics["validation"]["auroc"], abs=0.01
    )


@pytest.mark.slow
def test_adapters_are_merged_into_the_weights(
    trained: TrainingResult, motif_dataset: Dataset, tmp_path: Path
) -> None:
    pytest.importorskip("peft")
    assert trained.model is not None
    settings = TrainingSettings(
        epochs=1, batch_size=16, device="cpu", precision="float32", method="lora", lora_rank=4, seed=1
    )
    result = finetune(motif_dataset, str(trained.model.directory), tmp_path / "lora", settings)
    assert result.model is not None
    before, after = trained.model.read_state(), result.model.read_state()
    assert set(before) == set(after)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert np.linalg.matrix_rank(after[name] - before[name], tol=1e-6) <= 4
    assert (after[name] != before[name]).any()
    embedding = "bert.embeddings.word_embeddings.weight"
    assert (after[embedding] == before[embedding]).all()
    assert result.metrics["validation"]["auroc"] > 0.9


@pytest.mark.slow
def test_several_classes_and_other_lengths_train_by_the_same_call(
    tmp_path: Path, motif_dataset: Dataset
) -> None:
    splits = {}
    for name, frame in motif_dataset.splits.items():
        changed = frame.copy()
        third = np.arange(len(frame)) % 3 == 2
        changed.loc[third, "sequence"] = ["GC" * (12 + row % 4) for row in range(third.sum())]
        changed.loc[third, "label"] = 2
        splits[name] = changed
    dataset = Dataset(splits, "multiclass", ("other", "enhancer", "repeat"), source="three.tsv")
    result = finetune(
        dataset, "new:tiny", tmp_path / "m", QUICK.replace(class_weights="balanced", label_smoothing=0.05)
    )
    assert result.model is not None
    assert result.model.card.task == "multiclass"
    assert result.model.card.training["settings"]["metric"] == "mcc"
    assert result.metrics["validation"]["accuracy"] > 0.6
    predicted = Engine(result.model, EngineSettings("cpu")).predict([encode_bases("GC" * 14)])
    assert predicted.probability.argmax(axis=1).tolist() == [2]


@pytest.mark.slow
def test_values_are_predicted_in_their_own_units(tmp_path: Path, motif_dataset: Dataset) -> None:
    splits = {}
    for name, frame in motif_dataset.splits.items():
        noise = np.random.default_rng(len(frame)).normal(0, 1, len(frame))
        splits[name] = frame.assign(label=100.0 + 20.0 * frame["label"] + noise)
    dataset = Dataset(splits, "regression", ("activity",), source="values.tsv")
    result = finetune(dataset, "new:tiny", tmp_path / "r", QUICK)
    assert result.model is not None
    assert result.metrics["validation"]["pearson"] > 0.8
    assert result.metrics["validation"]["rmse"] < 10
    frame = splits["validation"]
    windows = np.stack([encode_bases(text) for text in frame["sequence"]])
    values = Engine(result.model, EngineSettings("cpu")).predict(windows).outputs[:, 0]
    assert abs(values.mean() - 110) < 5


@pytest.mark.slow
def test_a_training_that_collapses_is_started_again_and_then_reported(
    tmp_path: Path, motif_dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    hopeless = QUICK.replace(collapse_restarts=1)
    # sequences that are all the same get the same output, whatever is learned
    splits = {
        name: motif_dataset.frame(name).assign(sequence=letter * 40)
        for name, letter in (("train", "A"), ("validation", "C"))
    }
    same = Dataset(splits, "binary", ("other", "enhancer"), source="same.tsv")
    with caplog.at_level(logging.INFO), pytest.raises(InputError) as error:
        finetune(same, "new:tiny", tmp_path / "c", hopeless)
    assert "the training collapsed in all 2 attempts" in str(error.value)
    assert "attempt 1 (seed 3) collapsed" in caplog.text
    assert not (tmp_path / "c" / "config.json").exists()
    assert not (tmp_path / "c" / ".checkpoints").exists()


@pytest.mark.slow
def test_a_training_that_recovers_with_another_seed_names_both_attempts(
    tmp_path: Path, motif_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dnabert_enhancer.training import attempt

    answers = iter(["class 0 predicted for all"])
    monkeypatch.setattr(attempt, "collapse_reason", lambda *_: next(answers, None))
    result = finetune(motif_dataset, "new:tiny", tmp_path / "d", QUICK.replace(epochs=1))
    outcomes = [(entry["seed"], entry["outcome"]) for entry in result.attempts]
    assert outcomes[-1] == (outcomes[-1][0], "kept")
    assert result.model is not None
    assert result.model.card.training["attempts"] == result.attempts


@pytest.mark.slow
def test_early_stopping_ends_before_the_last_epoch(tmp_path: Path, motif_dataset: Dataset) -> None:
    settings = QUICK.replace(epochs=30, early_stopping=1, metric="auroc")
    result = finetune(motif_dataset, "new:tiny", tmp_path / "e", settings)
    assert len(result.history) < 30


@pytest.mark.slow
def test_the_folder_of_curves_holds_the_epochs_of_tensorboard(tmp_path: Path, motif_dataset: Dataset) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = QUICK.replace(epochs=2, log_to=("tensorboard",), log_dir=str(tmp_path / "curves"))
    finetune(motif_dataset, "new:tiny", tmp_path / "t", settings)
    events = EventAccumulator(str(tmp_path / "curves" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("eval/auroc")] == [12, 24]


@pytest.mark.parametrize(
    ("changes", "base", "said"),
    [
        (
            {"window_length": 600},
            "new:tiny",
            "windows of 600 bp need up to 600 tokens, but the model reads 512",
        ),
        ({"method": "lora"}, "new:tiny", "--method lora needs a pre-trained model"),
        ({"metric": "pearson"}, "new:tiny", "a binary task has no metric 'pearson'"),
        ({}, "new:huge", "no configuration 'huge'; one of tiny, small, base"),
        ({}, "nowhere", "nowhere: no such model directory"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_training(
    changes: dict[str, object], base: str, said: str, tmp_path: Path, motif_dataset: Dataset
) -> None:
    with pytest.raises(InputError) as error:
        finetune(motif_dataset, base, tmp_path / "x", QUICK.replace(**changes))
    assert said in str(error.value)
    assert not (tmp_path / "x").exists()


def test_a_k_that_is_not_the_models_is_refused(
    trained: TrainingResult, motif_dataset: Dataset, tmp_path: Path
) -> None:
    assert trained.model is not None
    with pytest.raises(InputError, match="the base model reads 3-mers, not 6-mers"):
        finetune(motif_dataset, str(trained.model.directory), tmp_path / "x", QUICK.replace(k=6))


def test_a_sequence_shorter_than_k_is_named(tmp_path: Path, motif_dataset: Dataset) -> None:
    frame = motif_dataset.frame("train").copy()
    frame.loc[4, "sequence"] = "AC"
    dataset = Dataset({**motif_dataset.splits, "train": frame}, "binary", ("a", "b"), source="s.tsv")
    with pytest.raises(
        InputError, match=r"s.tsv, split train, row 5 \(train4\): a sequence of 2 bp is shorter"
    ):
        finetune(dataset, "new:tiny", tmp_path / "x", QUICK)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, motif_dataset: Dataset) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, not a folder"):
        finetune(motif_dataset, "new:tiny", tmp_path / "file", QUICK)


def test_labels_all_of_one_class_are_refused(tmp_path: Path, motif_dataset: Dataset) -> None:
    frame = motif_dataset.frame("train").assign(label=1)
    dataset = Dataset({"train": frame}, "binary", ("a", "b"), source="s.tsv")
    with pytest.raises(InputError, match="all 192 training labels are 1"):
        finetune(dataset, "new:tiny", tmp_path / "x", QUICK)


@pytest.mark.slow
def test_shared_sequences_and_a_made_split_are_said(
    tmp_path: Path, motif_dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    train = motif_dataset.frame("train")
    dataset = Dataset({"train": train, "validation": train.head(10)}, "binary", ("a", "b"), source="s.tsv")
    with caplog.at_level(logging.INFO):
        finetune(dataset, "new:tiny", tmp_path / "x", QUICK.replace(epochs=1))
    assert "10 of 10 validation sequences are in the training split too" in caplog.text
    card = json.loads((tmp_path / "x" / "enhancer_model.json").read_text())
    assert card["training"]["validation_shared_with_train"] == 10


@pytest.mark.slow
@pytest.mark.parametrize("size", ["64k", "700k", "1600k"])
def test_a_full_disk_is_one_clear_line_and_no_model(
    size: str, motif_dataset: Dataset, mount_disk: Callable[[str], Path]
) -> None:
    disk = mount_disk(f"size={size}")
    with pytest.raises(ResourceError, match="no space left"):
        finetune(motif_dataset, "new:tiny", disk / "out", QUICK.replace(epochs=1, k=6, collapse_restarts=5))
    assert not (disk / "out" / "config.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "early_stopping", "killed_at"),
    [("full", 0, "writing"), ("full", 1, "writing"), ("lora", 1, "writing"), ("lora", 0, "epoch 2")],
)
def test_what_is_broken_off_late_is_finished_as_if_it_had_not_been(
    method: str,
    early_stopping: int,
    killed_at: str,
    trained: TrainingResult,
    motif_dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert trained.model is not None
    settings = QUICK.replace(
        method=method, early_stopping=early_stopping, epochs=4, learning_rate=1e-3, k=None, checkpoint_steps=5
    )
    base = str(trained.model.directory)
    whole = finetune(motif_dataset, base, tmp_path / "whole", settings)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if killed_at == "writing":
            patch.setattr("dnabert_enhancer.training.trained_model.write_trained", stop)
        else:
            steps = iter(range(18))
            patch.setattr(
                "dnabert_enhancer.training.losses.Loss.__call__",
                _until_exhausted(steps, Loss.__call__),
            )
        with pytest.raises(KeyboardInterrupt):
            finetune(motif_dataset, base, tmp_path / "broken", settings)
    again = finetune(motif_dataset, base, tmp_path / "broken", settings)
    assert whole.model is not None
    assert again.model is not None
    assert again.metrics == whole.metrics
    one, other = whole.model.read_state(), again.model.read_state()
    assert all((one[name] == other[name]).all() for name in one)


def _until_exhausted(steps: Iterator[int], compute: Callable[..., object]) -> Callable[..., object]:
    def counted(*arguments: object) -> object:
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return compute(*arguments)

    return counted


def test_a_validation_split_of_one_class_is_refused_before_the_first_epoch(
    tmp_path: Path, motif_dataset: Dataset
) -> None:
    frame = motif_dataset.frame("validation")
    splits = dict(motif_dataset.splits) | {"validation": frame[frame["label"] == 1]}
    one_class = Dataset(splits, "binary", motif_dataset.label_names, source="rows")
    with pytest.raises(InputError, match=r"rows, split validation: all 32 labels .* auroc needs more"):
        finetune(one_class, "new:tiny", tmp_path / "m", TrainingSettings(k=3))
    assert not (tmp_path / "m").exists()
