"""api/tuning, api/tuning_trials and commands/tune (commands/training_options): a search that trains."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from forked import Copy

import dnabert_enhancer as de
from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.model import CARD_NAME, open_model
from dnabert_enhancer.training.study import Study

MOTIF = "TGACTCAGCATGACTC"
QUICK = ("--base-model", "new:tiny", "--k", "3", "--epochs", "2", "--batch-size", "16", "--threads", "1")
SEARCH = ("--sampler", "grid", "--learning-rates", "1e-6", "1e-3", "--weight-decays", "0.01")
APART = ("--pruner", "none")
FILES = {"best", "trials.tsv", "study.db", "run.json"}


def rows_of(seed: int, rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(rows)]
    labels = [row % 2 for row in range(rows)]
    texts = [f"{text[:20]}{MOTIF}{text[36:]}" if y else text for text, y in zip(texts, labels, strict=True)]
    return pd.DataFrame({"sequence": texts, "label": labels})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, seed, rows in (("train", 1, 192), ("validation", 2, 64)):
        rows_of(seed, rows).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return folder


def command(data: Path, folder: Path, *more: str) -> list[str]:
    """Return a search of a grid of four points."""
    return ["tune", "--dataset", str(data), *QUICK, *SEARCH, "--output-dir", str(folder), *more]


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return int(stop.value.code or 0)


@pytest.fixture(scope="module")
def searched(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a whole search."""
    folder = tmp_path_factory.mktemp("search") / "tuned"
    assert run(command(data, folder, "--archive", str(folder.parent / "best.tar.gz"))) == 0
    return folder


def trials_of(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "trials.tsv", sep="\t", keep_default_na=False, na_values=["NA"])


@pytest.mark.slow
def test_the_best_trial_is_kept_as_a_model_and_a_collapse_is_a_failed_trial(
    data: Path, searched: Path
) -> None:
    assert {path.name for path in searched.iterdir()} == FILES
    assert open_model(searched.parent / "best.tar.gz").digest == open_model(searched / "best").digest
    trials = trials_of(searched)
    assert len(trials) == 2 * 1 * 2
    slow = trials[trials["learning_rate"] == 1e-6]
    assert slow["state"].tolist() == ["failed", "failed"]
    assert slow["reason"].str.startswith("collapsed: class ").all()
    others = trials[trials["learning_rate"] > 1e-6]
    assert others["state"].tolist() == ["complete"] * 2
    best = trials[trials["rank"] == 1].iloc[0]
    assert best["auroc"] == others["auroc"].max()
    model = de.load_model(searched / "best")
    card = json.loads((searched / "best" / CARD_NAME).read_text())
    for name in ("learning_rate", "weight_decay", "warmup"):
        assert card["training"]["settings"][name] == pytest.approx(best[name], rel=1e-5)
    assert card["name"] == "tuned"
    # the table's metric is that of the kept model on the validation rows
    frame = pd.read_csv(data / "validation.tsv", sep="\t")
    judged = de.evaluate(model, frame, bootstrap=0)
    found = judged.query("metric == 'auroc' and prevalence == 'as given'")["value"].iloc[0]
    assert found == pytest.approx(best["auroc"], abs=1e-3)
    record = json.loads((searched / "run.json").read_text())
    assert record["best"]["trial"] == best["trial"]
    assert record["counts"]["trials_failed"] == 2


@pytest.mark.slow
def test_a_trial_is_the_training_that_finetune_does(data: Path, searched: Path, tmp_path: Path) -> None:
    best = trials_of(searched).query("rank == 1").iloc[0]
    model = de.finetune(
        data, "new:tiny", tmp_path / "alone", k=3, epochs=2, batch_size=16, threads=1,
        learning_rate=best["learning_rate"], weight_decay=best["weight_decay"], warmup=best["warmup"],
    )  # fmt: skip
    assert model.history["validation_auroc"].max() == best["auroc"]
    model.write_history(tmp_path / "alone", "enhancer")
    for name in ("model.safetensors", "history.tsv"):
        alone, found = ((folder / name).read_bytes() for folder in (tmp_path / "alone", searched / "best"))
        assert alone == found, name


def kill_at(name: str, number: int) -> None:
    """Kill this process at a call of a method of the study, the first of all being number 1."""
    real = getattr(Study, name)
    calls = iter(range(1, 1000))

    def replaced(self: Study, *arguments: Any) -> Any:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)

    setattr(Study, name, replaced)


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_and_comes_to_the_same(
    data: Path, searched: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tuned"
    # after the second epoch of a trial, before the next is begun, and after a training before its trial ends
    for name, number in (("report", 4), ("next", 2), ("finish", 1)):

        def work(name: str = name, number: int = number) -> None:
            kill_at(name, number)
            main(command(data, folder))

        copy = Copy(work, tmp_path / name)
        assert copy.wait() == -signal.SIGKILL, copy.said
    assert run(command(data, folder)) == 0
    assert {path.name for path in folder.iterdir()} == FILES
    assert (folder / "trials.tsv").read_bytes() == (searched / "trials.tsv").read_bytes()
    for name in ("model.safetensors", CARD_NAME):
        assert (folder / "best" / name).read_bytes() == (searched / "best" / name).read_bytes()


@pytest.mark.slow
def test_more_trials_continue_a_search(data: Path, tmp_path: Path) -> None:
    search = de.SearchSettings(sampler="random", trials=1, learning_rates=(1e-3, 3e-3))
    settings = de.TrainingSettings(
        epochs=1, batch_size=16, threads=1, k=3, metric="loss", log_to=("tensorboard",)
    )
    first = de.tune(data, "new:tiny", tmp_path / "a", search, settings)
    assert (first.metric, len(first.trials)) == ("loss", 1)
    more = de.SearchSettings(sampler="random", trials=2, learning_rates=(1e-3, 3e-3))
    both = de.tune(data, "new:tiny", tmp_path / "a", more, settings)
    pd.testing.assert_frame_equal(
        both.trials.iloc[:1].drop(columns="rank"), first.trials.drop(columns="rank")
    )
    assert both.trials["learning_rate"].nunique() == 2
    assert both.trials.set_index("rank").loc[1, "loss"] == both.trials["loss"].min()
    assert {path.name for path in (tmp_path / "a" / "logs").iterdir()} == {"0001", "0002"}
    assert repr(both).startswith("<Tuning of 2 trials: loss 0.")
    assert both.best.predict(["ACGT" * 15])["probability"].between(0, 1).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--epochs", "3"), "the folder holds a study with other arguments: epochs 3 (was 2); give the same"),
        (("--learning-rates", "1e-3"), "learning-rates [0.001] (was [1e-06, 0.001])"),
        (("--trials", "7"), "--trials is 7; it must be at most 4, the combinations of the grid"),
        (("--metric", "rmse"), "a binary task has no metric 'rmse'"),
        (("--base-model", "nowhere"), "nowhere"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_the_search_as_it_is(
    data: Path, searched: Path, more: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in searched.iterdir()}
    assert run(command(data, searched, *more)) == 2
    lines = [line for line in capfd.readouterr().err.splitlines() if "error: " in line]
    assert len(lines) == 1
    assert said in lines[0]
    assert {path.name: path.stat().st_mtime_ns for path in searched.iterdir()} == before


@pytest.mark.slow
def test_a_search_without_a_completed_trial_says_why(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    more = ("--learning-rates", "1e-6", "--warmups", "0.1")
    assert run(command(data, tmp_path / "none", *more)) == 2
    error = capfd.readouterr().err.splitlines()[-1]
    assert "none of 1 trials was completed: collapsed: class" in error
    assert trials_of(tmp_path / "none")["state"].tolist() == ["failed"]
    os.mkfifo(tmp_path / "pipe")
    assert run(command(data, tmp_path / "new", "--base-model", str(tmp_path / "pipe"))) == 2
    assert "cannot come from a pipe" in capfd.readouterr().err
    # what was refused before anything was trained leaves nothing
    assert run(command(tmp_path / "missing", tmp_path / "new")) == 2
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def apart(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of the four trials of a grid, the last one trained first."""
    folders = [tmp_path_factory.mktemp("trials") / f"trial-{number}" for number in (4, 2, 3, 1)]
    for folder in folders:
        more = ("--trial", folder.name[-1], "--model-name", "tuned")
        assert run(command(data, folder, *APART, *more)) == 0
    return folders


def merge(folders: list[Path], output: Path) -> int:
    return run(["tune", "--merge", *map(str, folders), "--output-dir", str(output)])


@pytest.mark.slow
def test_the_merged_search_is_that_of_one_process(
    data: Path, searched: Path, apart: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # a median of earlier trials ends none of so few
    assert merge(apart, tmp_path / "merged") == 0
    assert {path.name for path in (tmp_path / "merged").iterdir()} == FILES
    table = (tmp_path / "merged" / "trials.tsv").read_bytes()
    assert table == (searched / "trials.tsv").read_bytes()
    assert open_model(tmp_path / "merged" / "best").digest == open_model(searched / "best").digest
    # learning rate 1e-6 collapses: a failed trial without a model, and no error
    states = {folder.name: json.loads((folder / "trial.json").read_text())["trial"] for folder in apart}
    failed = [name for name, trial in states.items() if trial["state"] == "failed"]
    assert len(failed) == 2
    for folder in apart:
        assert (folder / "model").exists() == (folder.name not in failed)
    record = json.loads((tmp_path / "merged" / "run.json").read_text())
    assert record["counts"]["trials_failed"] == 2
    alone = json.loads((searched / "run.json").read_text())
    assert record["counts"] == alone["counts"]  # 192 and 64 sequences
    assert (record["base_model"], record["dataset_digest"]) == ("new:tiny", alone["dataset_digest"])
    # the merged study is a study: with the same arguments there is nothing left to train
    assert run(command(data, tmp_path / "merged", *APART, "--model-name", "tuned")) == 0
    assert (tmp_path / "merged" / "trials.tsv").read_bytes() == table
    capsys.readouterr()
    assert merge(apart, tmp_path / "merged") == 2
    assert "the folder holds a search already" in capsys.readouterr().err
    assert trials_of(tmp_path / "merged")["trial"].tolist() == [1, 2, 3, 4]


@pytest.mark.slow
def test_trials_that_are_not_those_of_one_search_are_refused(
    data: Path, apart: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "merged"
    capsys.readouterr()
    assert merge(apart[:3], output) == 2
    assert "trial 1 of 4 is missing; train it with tune --trial 1" in capsys.readouterr().err
    assert merge([*apart, apart[0]], output) == 2
    assert f"{apart[0]}: is trial 4, as {apart[0]} is" in capsys.readouterr().err
    other = tmp_path / "other"
    shutil.copytree(apart[0], other)
    content = json.loads((other / "trial.json").read_text())
    content["arguments"]["batch_size"] = 17
    (other / "trial.json").write_text(json.dumps(content))
    assert merge([other, *apart[1:]], output) == 2
    assert "is a trial of another search" in (said := capsys.readouterr().err)
    assert "batch-size 16 (was 17)" in said
    (other / "trial.json").write_text("{}")
    assert merge([other, *apart[1:]], output) == 2
    assert "cannot be read as a trial" in capsys.readouterr().err
    assert merge([tmp_path], output) == 2
    assert "trial.json: is no trial (No such file or directory)" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--sampler", "tpe"), "--sampler tpe learns from the trials before"),
        (("--pruner", "median"), "--pruner median compares with the trials before"),
        (("--pruner", "none", "--trial", "5"), "--trial is 5; there are 4 trials; give a number from 1 to 4"),
        (("--pruner", "none", "--restart"), "--restart does not apply to --trial"),
        (("--merge", "x"), "does not apply to --merge, whose trials are trained already"),
    ],
)
def test_what_has_no_trials_apart_is_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert run(command(data, tmp_path / "t", "--trial", "1", *more)) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "t").exists()
