"""Folds: which rows are held out together, and what a folder of folds is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import model_folders
from dnabert_enhancer.training import TrainingSettings, finetune_folds
from dnabert_enhancer.training.folds import fold_datasets, split_into_folds


def frame(sizes: dict[str, int] | int, seed: int = 0) -> pd.DataFrame:
    """Return rows with labels in turn, so many on each contig, or so many without one."""
    rows = sizes if isinstance(sizes, int) else sum(sizes.values())
    codes = np.random.default_rng(seed).integers(0, 4, (rows, 30))
    table = pd.DataFrame({"sequence": ["".join("ACGT"[code] for code in row) for row in codes]})
    table["label"] = np.arange(rows) % 2
    if not isinstance(sizes, int):
        table["chrom"] = np.repeat(list(sizes), list(sizes.values()))
    return table


def dataset(table: pd.DataFrame, **splits: pd.DataFrame) -> Dataset:
    whole = {name: _with_places(part) for name, part in {"train": table, **splits}.items()}
    return Dataset(whole, "binary", ("non-enhancer", "enhancer"), source="x")


def _with_places(table: pd.DataFrame) -> pd.DataFrame:
    missing = pd.array([pd.NA] * len(table), dtype="Int64")
    more = {"start": missing, "end": missing, "strand": ".", "name": "x"}
    return table.assign(chrom=table.get("chrom", pd.Series([pd.NA] * len(table))), **more)


def test_whole_contigs_go_to_the_fold_with_the_fewest_rows() -> None:
    # the largest first: 60 | 50 | 40, then 30 to the 40, 20 to the 50, 10 to the 60
    sizes = {"a": 10, "b": 60, "c": 20, "d": 50, "e": 30, "f": 40}
    found = split_into_folds(frame(sizes), 3, 0, classes=True)
    table = frame(sizes)
    contigs = {fold: "".join(sorted(set(table["chrom"][found.number == fold]))) for fold in range(3)}
    assert set(contigs.values()) == {"ab", "cd", "ef"}
    assert np.bincount(found.number).tolist() == [70, 70, 70]
    first = ", ".join(contigs[0])
    assert found.descriptions[0] == f"fold 1 of 3: 70 sequences (33.3%) on {first}, seed 0"


def test_the_seed_decides_among_contigs_of_one_size() -> None:
    table = frame({f"chr{number}": 20 for number in range(10)})
    one, again, other = (split_into_folds(table, 5, seed, classes=True).number for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    assert np.bincount(other).tolist() == [40] * 5


@pytest.mark.parametrize("sizes", [{"a": 400, "b": 20, "c": 20}, {"a": 100, "b": 100}, 300])
def test_without_fitting_contigs_groups_of_equal_sequences_are_dealt_out(
    sizes: dict[str, int] | int,
) -> None:
    table = frame(sizes)
    turned = table.assign(
        sequence=[text[::-1].translate(str.maketrans("ACGT", "TGCA")).lower() for text in table["sequence"]]
    )
    both = pd.concat([table, turned], ignore_index=True)
    found = split_into_folds(both, 4, 3, classes=True)
    assert "at random by groups of equal sequences, seed 3" in found.descriptions[3]
    half = len(table)
    assert (found.number[:half] == found.number[half:]).all()
    for label in (0, 1):
        counts = np.bincount(found.number[both["label"] == label], minlength=4)
        assert counts.max() - counts.min() <= 2


def test_rare_classes_are_in_every_fold_or_the_rows_are_too_few() -> None:
    table = frame({f"chr{number}": 50 for number in range(6)})
    table["label"] = (table["chrom"] == "chr0").astype(int)
    found = split_into_folds(table, 3, 0, classes=True)
    assert "at random" in found.descriptions[0]
    assert [int(table["label"][found.number == fold].sum()) for fold in range(3)] == [17, 17, 16]
    table["label"] = (np.arange(300) < 2).astype(int)
    with pytest.raises(InputError, match="300 sequences are too few for 3 folds"):
        split_into_folds(table, 3, 0, classes=True)
    values = table.assign(label=np.linspace(0, 1, 300))
    assert "on chr" in split_into_folds(values, 3, 0, classes=False).descriptions[0]
    with pytest.raises(InputError, match="1 folds are too few"):
        split_into_folds(table, 1, 0, classes=True)


def test_each_row_of_training_and_validation_is_held_out_once_and_test_rows_never() -> None:
    train, validation = frame({f"chr{n}": 20 for n in range(4)}), frame({"chrV": 20}, 1)
    test = frame({"chrT": 10}, 2)
    data = dataset(train, validation=validation, test=test)
    folds = fold_datasets(data, 5, 0)
    held_out = [text for fold in folds for text in fold.splits["validation"]["sequence"]]
    assert sorted(held_out) == sorted([*train["sequence"], *validation["sequence"]])
    for fold in folds:
        assert list(fold.splits) == ["train", "validation", "test"]
        own = set(fold.splits["validation"]["chrom"])
        assert own.isdisjoint(fold.splits["train"]["chrom"])
        assert fold.splits["test"]["sequence"].tolist() == test["sequence"].tolist()
        assert next(iter(own)) in fold.metadata["validation_source"]
    assert len({fold.digest for fold in folds}) == 5


def test_a_folder_that_lacks_folds_is_no_ensemble_yet(tmp_path: Path) -> None:
    (tmp_path / "folds.json").write_text(json.dumps({"folds": 3}))
    for number in (1, 2):
        (tmp_path / f"fold{number}").mkdir()
        (tmp_path / f"fold{number}" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="holds 2 of 3 folds"):
        model_folders(tmp_path)
    (tmp_path / "folds.json").write_text("{}")
    with pytest.raises(InputError, match="does not say how many folds"):
        model_folders(tmp_path)


def test_what_is_no_folder_of_folds_is_left_as_it_is(tmp_path: Path) -> None:
    data = dataset(frame({f"chr{n}": 20 for n in range(4)}))

    def start(folder: Path, **changes: object) -> None:
        next(finetune_folds(data, "new:tiny", folder, TrainingSettings(k=3, **changes), folds=2))

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="the folder holds a model"):
        start(tmp_path / "model")
    (tmp_path / "other" / "fold1").mkdir(parents=True)
    (tmp_path / "other" / "fold1" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"models but no folds\.json"):
        start(tmp_path / "other")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        start(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "config.json", "config.json", "file", "fold1", "model", "other",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_training_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    data = dataset(frame({f"chr{n}": 20 for n in range(4)}))
    with pytest.raises(InputError, match="metric"):
        next(finetune_folds(data, "new:tiny", tmp_path / "m", TrainingSettings(k=3, metric="x"), folds=2))
    assert not (tmp_path / "m").exists()


def test_several_processes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    data = dataset(frame({f"chr{n}": 20 for n in range(4)}))
    with pytest.raises(InputError, match="trained by one process"):
        next(finetune_folds(data, "new:tiny", tmp_path / "m", folds=2))
