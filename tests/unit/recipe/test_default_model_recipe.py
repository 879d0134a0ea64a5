"""The recipe of the packaged models: networks that read as the library does, stages that run."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.engine import Engine, EngineSettings, Precision, Strand
from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.model import ModelCard, ModelParts, write_model
from dnabert_enhancer.model.encoder import bert_config
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, reverse_complement

torch = pytest.importorskip("torch")

RECIPE = Path(__file__).resolve().parents[3] / "training" / "default_model"
TASKS = ("enhancer", "lentimpra_hepg2", "gue_tf0")
SIZE = {"hidden": 64, "layers": 2, "heads": 4, "intermediate": 64, "dropout": 0.1}


@pytest.fixture(scope="module")
def recipe() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(RECIPE))
    before = set(sys.modules)
    names = [
        "ensemble",
        "heads",
        "judging",
        "motifs",
        "networks",
        "ridges",
        "rows",
        "schedule",
        "start",
        "train",
    ]
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(RECIPE))
    for name in set(sys.modules) - before:
        if str(RECIPE) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    windows = np.random.default_rng(2).integers(0, 4, (40, 101)).astype(np.uint8)
    windows[0, 50] = 4
    return windows


def signal_rows(number: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random windows, the odd ones with GATAAG, and targets that follow it."""
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, 4, (number, length)).astype(np.uint8)
    label = (np.arange(number) % 2).astype(np.float32)
    for row in np.flatnonzero(label):
        at = rng.integers(0, length - 6)
        windows[row, at : at + 6] = (2, 0, 3, 0, 0, 2)
    targets = np.stack([label, label + 0.1 * rng.standard_normal(number), 1 - label], axis=1)
    return windows, targets.astype(np.float32)


def write_rows(folder: Path) -> None:
    """Write rows of two lengths with a signal, and two motifs, as `build.py --until data` does."""
    arrays: dict[str, np.ndarray] = {"tasks": np.array(TASKS)}
    arrays["kinds"] = np.array(["binary", "regression", "binary"])
    for length, seed in ((101, 7), (200, 8)):
        arrays[f"codes_{length}"], arrays[f"targets_{length}"] = signal_rows(360, length, seed)
        arrays[f"split_{length}"] = np.repeat(["train", "validation", "test"], 120)
        arrays[f"source_{length}"] = np.full(360, "made_up")
    np.savez(folder / "tasks.npz", **arrays)
    motif = np.zeros((2, 4, 7), dtype=np.float32) - 2
    for place, base in enumerate((2, 0, 3, 0, 0, 2)):
        motif[0, base, place] = 2
    motif[1, :, 3] = (2, -2, -2, 2)
    np.savez(folder / "motifs.npz", filters=motif)


def test_tokens_are_those_of_the_library(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    ids = recipe["networks"].kmer_tokens(torch.from_numpy(codes)).numpy()
    np.testing.assert_array_equal(ids, KmerTokenizer(KmerVocabulary(6)).tokenize(codes).ids)


def test_the_other_strand_is_that_of_the_library(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    turned = recipe["rows"].turned(torch.from_numpy(codes)).numpy()
    np.testing.assert_array_equal(turned, reverse_complement(codes))


def test_ridges_are_the_ridge_of_the_library(recipe: dict[str, ModuleType]) -> None:
    windows, targets = signal_rows(120, 101, seed=3)
    targets[::3, 1] = np.nan
    ridges = recipe["ridges"].Ridges(3).fit([(torch.from_numpy(windows), torch.from_numpy(targets))])
    found = ridges(torch.from_numpy(windows)).numpy()
    for task in range(3):
        known = ~np.isnan(targets[:, task])
        expected = KmerRidge().fit(windows[known], targets[known, task]).predict(windows)
        np.testing.assert_allclose(found[:, task], expected, atol=2e-3)


def test_a_student_becomes_a_model_that_says_the_same(
    recipe: dict[str, ModuleType], codes: np.ndarray, tmp_path: Path
) -> None:
    torch.manual_seed(4)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**SIZE), 3).eval()
    settings = {"vocab_size": KmerVocabulary(6).size, "max_position_embeddings": 512, "hidden_act": "gelu"}
    settings |= {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    settings |= {"intermediate_size": 64, "layer_norm_eps": 1e-12, "type_vocab_size": 2, "pad_token_id": 0}
    config = bert_config(settings, TASKS, "multi_label_classification")
    state = {name: tensor.numpy() for name, tensor in student.hugging_face_state().items()}
    card = ModelCard("student", 101, k=6, column=2)
    model = write_model(tmp_path / "model", ModelParts(config, state, card, KmerVocabulary(6)))
    engine = Engine(model, EngineSettings(precision=Precision.FLOAT32, strand=Strand.FORWARD))
    with torch.no_grad():
        expected = student(torch.from_numpy(codes)).numpy()[:, 2]
    np.testing.assert_allclose(engine.predict(codes).logit, expected, atol=1e-4)


@pytest.fixture(scope="module")
def started(recipe: dict[str, ModuleType]) -> tuple[Any, Any, Any, torch.Tensor, np.ndarray]:
    """A student that starts from ridges and two motifs; the ridges, the scanner, the windows, the motifs."""
    windows, targets = signal_rows(400, 101, seed=5)
    rows = torch.from_numpy(windows)
    ridges = recipe["ridges"].Ridges(3).fit([(rows, torch.from_numpy(targets))])
    filters = np.random.default_rng(9).normal(size=(2, 4, 11)).astype(np.float32)
    scanner = recipe["motifs"].MotifScanner(torch.from_numpy(filters))
    scanner.fit(recipe["networks"].one_hot(rows))
    torch.manual_seed(0)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**{**SIZE, "hidden": 96}), 3).eval()
    recipe["start"].start_student(student, ridges, list(TASKS), rows, scanner)
    return student, ridges, scanner, rows, filters


def test_a_start_ranks_as_its_ridges_do(started: tuple[Any, Any, Any, torch.Tensor, np.ndarray]) -> None:
    student, ridges, _, rows, _ = started
    with torch.no_grad():
        said = student(rows).numpy()
    for task in range(3):
        assert np.corrcoef(said[:, task], ridges(rows)[:, task].numpy())[0, 1] > 0.8


def test_a_start_reads_motifs_on_both_strands(
    recipe: dict[str, ModuleType], started: tuple[Any, Any, Any, torch.Tensor, np.ndarray]
) -> None:
    student, _, scanner, rows, filters = started
    tokens = recipe["networks"].kmer_tokens(rows)
    layer = student.layers[0]
    with torch.no_grad():
        state = student.norm(student.words(tokens) + student.positions[: tokens.shape[1]])
        units = layer.widen(layer.norm1(state + layer.attended(state))).numpy()
    # the token of the k-mer at i sees the 24 bases i - 6 to i + 17: a motif of 11 in their middle begins one
    # base after i, on the other strand at i
    starts = np.arange(20, 70)
    for motif, weights in enumerate(filters):
        for strand, read in enumerate((weights, weights[::-1, ::-1])):
            seen = rows.numpy()[:, starts[:, None] + 1 - strand + np.arange(11)]
            score = read[seen, np.arange(11)].sum(2)
            expected = (score - scanner.thresholds[motif].item() + 5) * 0.4
            found = units[:, starts + 1, 2 * strand + motif]
            assert np.abs(found - expected).mean() < 0.15
            assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98


def test_a_classifier_takes_in_what_the_labels_say(recipe: dict[str, ModuleType], tmp_path: Path) -> None:
    write_rows(tmp_path)
    data = recipe["rows"].load(tmp_path / "tasks.npz", tmp_path / "motifs.npz", "cpu")
    torch.manual_seed(5)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**SIZE), 3).eval()
    before = student.classifier.weight.detach().clone().numpy()

    def read(split: int) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        for group in data.groups.values():
            windows = group.codes[group.split == split]
            both = [student.pooled(part).detach().numpy() for part in (windows, 3 - windows.flip(1))]
            parts.append((np.mean(both, axis=0), group.targets[group.split == split, 1].numpy()))
        features, truth = zip(*parts, strict=True)
        return np.concatenate(features).astype(np.float64), np.concatenate(truth).astype(np.float64)

    features, truth = read(0)
    scaled = (features - features.mean(0)) / features.std(0)
    gram = scaled.T @ scaled + np.eye(features.shape[1]) / 0.01
    fitted = np.linalg.solve(gram, scaled.T @ (truth - truth.mean())) / features.std(0)
    recipe["heads"].refit(student, data, 0.01, kept=["enhancer"])
    after = student.classifier.weight.detach().numpy()
    np.testing.assert_array_equal(after[0], before[0])
    # what is new lies in the plane of the old row and of the ridge's, and says more of the validation rows
    parts, rest, _, _ = np.linalg.lstsq(np.stack([before[1], fitted], axis=1), after[1], rcond=None)
    assert rest[0] < 1e-6 * (after[1] ** 2).sum()
    assert parts[1] > 0
    seen, expected = read(1)
    old, new = (np.corrcoef(seen @ weight, expected)[0, 1] for weight in (before[1], after[1]))
    assert new > old


def test_the_mixture_takes_the_member_that_knows(recipe: dict[str, ModuleType]) -> None:
    rng = np.random.default_rng(6)
    truth = (np.arange(300) % 2).astype(np.float32)[:, None]
    good, noise = (
        3 * truth - 1.5 + rng.standard_normal((300, 1)).astype(np.float32),
        rng.standard_normal((300, 1)).astype(np.float32),
    )
    mixture = recipe["ensemble"].mixture_of([good, noise], truth, np.array([True]))
    assert mixture.weight.sum() == pytest.approx(1)
    assert mixture.weight[0, 0] > 0.9


def test_each_job_needs_those_whose_files_it_reads(recipe: dict[str, ModuleType], tmp_path: Path) -> None:
    done: set[str] = set()
    for job in recipe["schedule"].jobs(tmp_path):
        keys = ("ridges", "start", "members") if job["kind"] == "mix" else ("ridges", "start", "pool")
        read = {key: job[key] for key in keys if key in job}
        paths = [path for value in read.values() for path in ([value] if isinstance(value, str) else value)]
        assert set(job["needs"]) <= done
        assert {Path(path).name.split(".")[0] for path in paths} <= done
        done.add(job["name"])


@pytest.mark.slow
def test_a_run_goes_on_where_a_job_failed(
    recipe: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path)
    common = {"data": str(tmp_path / "tasks.npz"), "motifs": str(tmp_path / "motifs.npz")}
    common |= {"kind": "ridges", "batch": 64, "seed": 1, "device": "cpu"}
    jobs = [
        common | {"name": "first", "needs": []},
        common | {"name": "second", "needs": ["first"], "data": str(tmp_path / "later.npz")},
        common | {"name": "third", "needs": ["second"]},
    ]
    monkeypatch.setattr(recipe["schedule"], "jobs", lambda _work: jobs)
    with pytest.raises(SystemExit, match="second failed; mend it and run again"):
        recipe["schedule"].run_jobs(tmp_path)
    models = tmp_path / "models"
    assert {path.stem for path in models.glob("*.json")} == {"first"}
    before = (models / "first.json").stat().st_mtime_ns
    (tmp_path / "later.npz").hardlink_to(tmp_path / "tasks.npz")
    recipe["schedule"].run_jobs(tmp_path)
    assert {path.stem for path in models.glob("*.json")} == {"first", "second", "third"}
    assert (models / "first.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_the_stages_run_from_rows_to_a_distilled_student(
    recipe: dict[str, ModuleType], tmp_path: Path
) -> None:
    write_rows(tmp_path)
    common = {"data": str(tmp_path / "tasks.npz"), "motifs": str(tmp_path / "motifs.npz")}
    common |= {"batch": 64, "seed": 1, "device": "cpu"}
    fit = {"steps": 20, "learning_rate": 1e-3, "weight_decay": 0.01}
    student = common | {"kind": "student", "size": {**SIZE, "hidden": 96}, "compile": False}
    jobs = [
        common | {"name": "ridges", "kind": "ridges"},
        common | {"name": "teacher", "kind": "teacher", "channels": 16, "fit": fit},
        student | {"name": "warm", "ridges": str(tmp_path / "ridges.pt"), "fit": {**fit, "steps": 3}},
        common
        | {"name": "mix", "kind": "mix", "pool": 400}
        | {"members": [str(tmp_path / f"{name}.pt") for name in ("ridges", "teacher", "warm")]},
        student
        | {"name": "student", "start": str(tmp_path / "warm.pt"), "pool": str(tmp_path / "mix.pool.pt")}
        | {"distil": {**fit, "steps": 10, "learning_rate": 1e-4}, "emphasis": {"enhancer": 3.0}},
        student | {"name": "packaged", "start": str(tmp_path / "student.pt"), "refit": {"strength": 1e-3}},
    ]
    for job in jobs:
        recipe["train"].run(job, tmp_path)
    note = json.loads((tmp_path / "student.json").read_text())
    assert note["distil_steps"] == 10
    assert note["test"]["enhancer"] > 0.7
    assert json.loads((tmp_path / "packaged.json").read_text())["test"]["enhancer"] > 0.7
    assert json.loads((tmp_path / "mix.json").read_text())["test"]["enhancer"] > 0.7
