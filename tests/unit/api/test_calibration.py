"""api/calibration (evaluation/calibration_rows): fits against scipy and scikit-learn, and refusals."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from late import late

import dnabert_enhancer as de
from dnabert_enhancer.dataset import as_dataset
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import ModelParts, Threshold, new_model, write_model
from dnabert_enhancer.sequence import encode_bases

optimize = late("scipy.optimize")
isotonic = late("sklearn.isotonic")
metrics = late("sklearn.metrics")

LENGTH = 60
RNG = np.random.default_rng(3)
SEQUENCES = ["".join(RNG.choice(list("ACGT"), LENGTH)) for _ in range(600)]
DRAWN = RNG.random(600)


def spread(made: ModelParts, means: np.ndarray) -> ModelParts:
    """Return a random model with large weights, whose outputs differ from window to window around 0."""
    factors = {"classifier.weight": 30, "bert.embeddings.position_embeddings.weight": 1}
    state = {
        name: tensor * factors.get(name, 30) if tensor.ndim == 2 else tensor
        for name, tensor in made.state.items()
    }
    return dataclasses.replace(made, state=state | {"classifier.bias": -means.astype(np.float32)})


def outputs_of(folder: Path, label: str | None = None) -> np.ndarray:
    model = de.load_model(folder, label=label, engine=de.EngineSettings(precision="float32"))
    codes = encode_bases("".join(SEQUENCES)).reshape(len(SEQUENCES), LENGTH)
    return model.engine.predict(codes).outputs.astype(np.float64)


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Return the mean outputs of the model without a bias."""
    folder = tmp_path_factory.mktemp("raw") / "raw"
    write_model(folder, spread(new_model("tiny", k=3, window_length=LENGTH), np.zeros(2)))
    return outputs_of(folder).mean(axis=0)


Make = Callable[..., ModelParts]


@pytest.fixture(scope="module")
def parts(means: np.ndarray) -> Make:
    """Make the parts of a model of two classes, with changes of its card."""

    def make(**changes: object) -> ModelParts:
        made = spread(new_model("tiny", k=3, window_length=LENGTH, name="sure"), means)
        return dataclasses.replace(made, card=made.card.replace(**changes))

    return make


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, parts: Make) -> Path:
    folder = tmp_path_factory.mktemp("model") / "sure"
    write_model(folder, parts())
    return folder


@pytest.fixture(scope="module")
def logits(folder: Path) -> np.ndarray:
    outputs = outputs_of(folder)
    assert 0.5 < np.std(outputs[:, 1] - outputs[:, 0]) < 5
    return outputs[:, 1] - outputs[:, 0]


def rows(logits: np.ndarray, scale: float, n: int = 600, shift: float = 0.0) -> pd.DataFrame:
    """Return sequences with labels that are drawn with the probability of the scaled logits."""
    labels = (DRAWN[:n] < 1 / (1 + np.exp(-scale * (logits[:n] - shift)))).astype(int)
    return pd.DataFrame({"sequence": SEQUENCES[:n], "label": labels})


def test_the_temperature_is_the_root_of_the_derivative_of_the_loss(
    folder: Path, logits: np.ndarray, tmp_path: Path
) -> None:
    data = rows(logits, 3.0, 190)  # of fewer than 200 rows no curve is tried
    model = de.calibrate_model(folder, data, tmp_path / "out")
    z, y = logits[:190], data["label"].to_numpy()

    def slope(inverse: float) -> float:
        return float(np.mean(z * (1 / (1 + np.exp(-z * inverse)) - y)))

    card = model.opened.card
    assert card.calibration.kind == "temperature"
    assert card.calibration.temperature == pytest.approx(1 / optimize.brentq(slope, 0.05, 20), rel=1e-4)
    found = model.predict(SEQUENCES[:50])["probability"].to_numpy(dtype=np.float64)
    expected = 1 / (1 + np.exp(-z[:50] * optimize.brentq(slope, 0.05, 20)))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert model.warnings == ["only 190 rows (fewer than 200)"]


def test_the_isotonic_curve_has_the_blocks_of_scikit_learn(
    folder: Path, logits: np.ndarray, tmp_path: Path
) -> None:
    labels = (np.where(logits > np.median(logits), 0.9, 0.05) > DRAWN).astype(int)
    data = pd.DataFrame({"sequence": SEQUENCES, "label": labels})
    model = de.calibrate_model(folder, data, tmp_path / "out")
    assert model.opened.card.calibration.kind == "isotonic"
    blocks = isotonic.IsotonicRegression(y_min=1 / 602, y_max=1 - 1 / 602).fit_transform(logits, labels)
    knots = model.opened.card.calibration.parameters
    for z, p in zip(knots["logits"], knots["probabilities"], strict=True):
        inside = np.isclose(blocks, p, atol=1e-9)
        assert inside.any()
        assert logits[inside].mean() == pytest.approx(z, abs=2e-3)


def test_the_threshold_of_the_best_mcc_is_that_of_a_search_over_all_cuts(
    folder: Path, logits: np.ndarray, tmp_path: Path
) -> None:
    data = rows(logits, 3.0, shift=float(np.quantile(logits, 0.8)))
    model = de.calibrate_model(folder, data, tmp_path / "out", threshold="max-mcc")
    probability = model.predict(SEQUENCES)["probability"].to_numpy(dtype=np.float64)
    values = np.unique(probability)
    cuts = (values[1:] + values[:-1]) / 2
    best = max(np.corrcoef(data["label"], probability >= cut)[0, 1] for cut in cuts)
    stored = model.opened.card.thresholds
    assert stored["default"] == stored["max-mcc"]
    assert metrics.matthews_corrcoef(data["label"], probability >= stored["default"].value) == pytest.approx(
        best
    )
    assert stored["default"].source == "largest MCC on the 600 calibration sequences"
    assert model.metrics["mcc"] == pytest.approx(best)


def test_what_makes_held_out_rows_worse_is_not_kept(
    folder: Path, logits: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = rows(logits, 1.0)  # the model is right as it is
    with caplog.at_level("INFO"):
        model = de.calibrate_model(folder, data, tmp_path / "out")
    report = model.report
    assert model.opened.card.calibration.kind == report.kind == "none"
    before = metrics.log_loss(data["label"], 1 / (1 + np.exp(-logits)))
    assert report.log_loss_before == report.log_loss_after == pytest.approx(before, rel=1e-4)
    assert set(report.held_out) == {"temperature", "isotonic"}
    assert "calibration: none, since any made held-out rows worse" in caplog.text
    assert model.opened.card.thresholds["default"].source == "one half of the probability"


def test_the_card_says_where_the_calibration_is_from_and_equal_runs_give_equal_bytes(
    folder: Path, logits: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = rows(logits, 3.0)
    data.to_csv(tmp_path / "rows.tsv", sep="\t", index=False)
    for name in ("a", "b"):
        de.calibrate_model(folder, tmp_path / "rows.tsv", tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(path.name for path in folder.iterdir())
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        is_card = name == "enhancer_model.json"
        assert ((tmp_path / "a" / name).read_bytes() != (folder / name).read_bytes()) == is_card
    card = json.loads((tmp_path / "a" / "enhancer_model.json").read_text())
    evidence = card["training"]["calibration"]
    positives = int(data["label"].sum())
    assert evidence["dataset"] == "rows.tsv"
    assert len(evidence["dataset_digest"]) == 64
    assert evidence["rows_by_class"] == {"other": 600 - positives, "enhancer": positives}
    assert evidence["weights_digest"] == sha256_of(folder / "model.safetensors")
    assert evidence["trained_on_these_rows"] == "not known"
    assert "not known whether the model was trained on these rows; if it was, it is too sure" in caplog.text
    assert card["metrics"]["calibration"]["n"] == 600


def test_the_models_own_folder_gets_the_card_alone_and_a_second_run_changes_nothing(
    parts: Make, logits: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "own"
    thresholds = {"default": Threshold(0.5, "half"), "strict": Threshold(0.9, "of the first calibration")}
    metrics = {"test": {"auroc": 0.75}, "reported": {"auroc": 0.8, "source": "a paper"}}
    limits = "no card was found beside the weights: threshold and calibration are not known"
    write_model(own, parts(thresholds=thresholds, metrics=metrics, limits=limits))
    weights = (own / "model.safetensors").stat()
    de.calibrate_model(own, rows(logits, 3.0), own)
    assert "thresholds of the earlier calibration are left out: strict" in caplog.text
    first = (own / "enhancer_model.json").read_bytes()
    card = json.loads(first)
    assert set(card["thresholds"]) == {"default", "max-mcc"}
    assert card["metrics"]["before_calibration"] == {"test": {"auroc": 0.75}}
    assert card["metrics"]["reported"] == {"auroc": 0.8, "source": "a paper"}
    assert card["limits"] == ""
    de.calibrate_model(own, rows(logits, 3.0), own)
    assert (own / "enhancer_model.json").read_bytes() == first
    now = (own / "model.safetensors").stat()
    assert (now.st_ino, now.st_mtime_ns) == (weights.st_ino, weights.st_mtime_ns)


def test_words_are_told_by_name_whichever_class_comes_first(
    folder: Path, logits: np.ndarray, tmp_path: Path
) -> None:
    data = rows(logits, 3.0)
    words = data.assign(label=data["label"].map({0: "other", 1: "enhancer"}))
    swapped = words.iloc[::-1]
    for name, frame in (("numbers", data), ("words", words), ("swapped", swapped)):
        de.calibrate_model(folder, frame, tmp_path / name)
    found = {name: de.load_model(tmp_path / name).opened.card for name in ("numbers", "words", "swapped")}
    assert found["words"].calibration == found["numbers"].calibration
    assert found["words"].thresholds == found["numbers"].thresholds
    assert found["swapped"].thresholds["max-mcc"] == found["words"].thresholds["max-mcc"]
    with pytest.raises(de.InputError, match="'other' is the negative class of the model sure"):
        de.calibrate_model(folder, words, tmp_path / "x", positive_label="other")


def test_a_model_whose_positive_class_is_its_first_is_calibrated_as_such(
    folder: Path, parts: Make, logits: np.ndarray, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    write_model(first, parts(labels=("enhancer", "other"), positive="enhancer"))
    flipped = rows(logits, 3.0).assign(label=lambda data: data["label"].map({1: "other", 0: "enhancer"}))
    model = de.calibrate_model(first, flipped, tmp_path / "out")
    straight = de.calibrate_model(folder, rows(logits, 3.0), tmp_path / "straight")
    assert model.report.ece_before == pytest.approx(straight.report.ece_before, abs=1e-6)
    assert model.report.log_loss_before == pytest.approx(straight.report.log_loss_before, abs=1e-6)
    assert model.counts == {"other": straight.counts["enhancer"], "enhancer": straight.counts["other"]}


def test_several_classes_get_the_temperature_of_the_least_loss(tmp_path: Path) -> None:
    made = new_model("tiny", k=3, window_length=LENGTH, task="multiclass", labels=("a", "b", "c"))
    write_model(tmp_path / "raw", spread(made, np.zeros(3)))
    write_model(tmp_path / "model", spread(made, outputs_of(tmp_path / "raw", "a").mean(axis=0)))
    outputs = outputs_of(tmp_path / "model", "a")
    shares = np.exp(outputs * 3)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (DRAWN[:, None] > shares.cumsum(axis=1)).sum(axis=1)
    data = pd.DataFrame({"sequence": SEQUENCES, "label": ["abc"[n] for n in labels]})
    found = de.calibrate_model(tmp_path / "model", data, tmp_path / "out")

    def slope(inverse: float) -> float:
        p = np.exp(outputs * inverse)
        p /= p.sum(axis=1, keepdims=True)
        return float(np.mean((p * outputs).sum(axis=1) - outputs[np.arange(600), labels]))

    assert found.opened.card.calibration.temperature == pytest.approx(
        1 / optimize.brentq(slope, 0.05, 20), rel=1e-4
    )
    assert found.opened.card.thresholds == {}
    with pytest.raises(de.InputError, match="the classes a, b, d are not those of the model new-tiny"):
        de.calibrate_model(tmp_path / "model", data.replace("c", "d"), tmp_path / "x")
    few = data.assign(label=["c" if n == 0 else "ab"[n % 2] for n in range(600)])
    with pytest.raises(de.InputError, match="1 row of the class 'c' among 600"):
        de.calibrate_model(tmp_path / "model", few, tmp_path / "x")


def test_the_validation_split_is_the_default_and_training_rows_are_refused(
    parts: Make, logits: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = rows(logits, 3.0)
    split = pd.concat(
        [
            data[:200].assign(split="train"),
            data[200:420].assign(split="validation"),
            data[420:].assign(split="test"),
        ]
    )
    digest = as_dataset(split).digest
    write_model(tmp_path / "own", parts(training={"dataset_digest": digest}))
    model = de.calibrate_model(tmp_path / "own", split, tmp_path / "out")
    assert model.report.rows == 220
    evidence = model.opened.card.training["calibration"]
    assert (evidence["split"], evidence["dataset_digest"]) == ("validation", digest)
    assert evidence["trained_on_these_rows"] == "no: another split of the training data"
    assert "not known" not in caplog.text
    for name in ("train", "all"):
        with pytest.raises(de.InputError, match="trained on these rows"):
            de.calibrate_model(tmp_path / "own", split, tmp_path / "x", split=name)


def test_longer_windows_are_cut_when_asked(folder: Path, logits: np.ndarray, tmp_path: Path) -> None:
    data = rows(logits, 3.0)
    longer = data.assign(sequence="AAA" + data["sequence"] + "CCC")
    a = de.calibrate_model(folder, data, tmp_path / "a")
    b = de.calibrate_model(folder, longer, tmp_path / "b", crop="centre")
    assert a.opened.card.calibration == b.opened.card.calibration
    with pytest.raises(
        de.InputError, match=r"66 bp, but the model is for windows of 60 bp \(600 such"
    ) as error:
        de.calibrate_model(folder, longer, tmp_path / "c")
    assert error.value.remedy == "cut them with --crop centre"


def test_a_window_length_that_the_card_lacks_is_asked_for_and_kept(
    parts: Make, logits: np.ndarray, tmp_path: Path
) -> None:
    write_model(tmp_path / "own", parts(window_length=None))
    with pytest.raises(de.InputError, match="the window length that the model was trained on is not known"):
        de.calibrate_model(tmp_path / "own", rows(logits, 3.0), tmp_path / "out")
    model = de.calibrate_model(tmp_path / "own", rows(logits, 3.0), tmp_path / "out", window_length=LENGTH)
    assert model.opened.card.window_length == LENGTH


def one_class(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(label=1)


def one_row(data: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([data[data["label"] == 1], data[data["label"] == 0][:1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (one_class, "no rows of the class 'other' among 600"),
        (one_row, "1 row of the class 'other' among"),
        (
            lambda data: data.assign(label=np.arange(600) % 3),
            r"labels are multiclass \(0, 1, 2\), but the model sure",
        ),
        (
            lambda data: data.assign(label=np.linspace(0, 1, 600)),
            "labels are measured values, but the model sure",
        ),
        (
            lambda data: data.assign(sequence=data["sequence"].str[:-1]),
            "59 bp, but the model is for windows of 60 bp",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_nothing_is_written(
    folder: Path, logits: np.ndarray, tmp_path: Path, change: object, message: str
) -> None:
    with pytest.raises(de.InputError, match=message):
        de.calibrate_model(folder, change(rows(logits, 3.0)), tmp_path / "out")  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def test_few_rows_of_a_class_are_warned_of(folder: Path, logits: np.ndarray, tmp_path: Path) -> None:
    data = rows(logits, 3.0)
    rare = pd.concat([data[data["label"] == 0], data[data["label"] == 1][:19]])
    model = de.calibrate_model(folder, rare, tmp_path / "out")
    assert "only 19 rows of the class 'enhancer' (fewer than 20)" in model.warnings
    assert model.opened.card.training["calibration"]["warnings"] == model.warnings


def test_one_of_several_outputs_is_calibrated_and_the_others_stay(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    sequences = ["".join(rng.choice(list("ACGT"), 101)) for _ in range(190)]
    engine = de.EngineSettings(precision="float32")
    codes = encode_bases("".join(sequences)).reshape(190, 101)
    z = de.load_model("default:gue_tf0", engine=engine).engine.predict(codes).logit.astype(np.float64)
    y = (rng.random(190) < 1 / (1 + np.exp(-2.5 * z))).astype(int)
    data = pd.DataFrame({"sequence": sequences, "label": y})
    model = de.calibrate_model("default:gue_tf0", data, tmp_path / "out", engine=engine)

    def slope(inverse: float) -> float:
        return float(np.mean(z * (1 / (1 + np.exp(-z * inverse)) - y)))

    before = json.loads((de.load_model().opened.directory / "enhancer_model.json").read_text())
    after = json.loads((tmp_path / "out" / "enhancer_model.json").read_text())
    changed = after["further_outputs"].pop("gue_tf0")
    old = before["further_outputs"].pop("gue_tf0")
    assert changed["calibration"]["parameters"]["temperature"] == pytest.approx(
        1 / optimize.brentq(slope, 0.05, 20), rel=1e-4
    )
    assert (old["metrics"], changed["metrics"]["calibration"]["n"]) == ({}, 190)
    evidence = after["training"].pop("calibration_of_outputs")["gue_tf0"]
    assert evidence["rows_by_class"] == {"not_gue_tf0": 190 - int(y.sum()), "gue_tf0": int(y.sum())}
    assert after == before
    assert model.label == "gue_tf0"


def test_models_without_classes_are_refused(parts: Make, logits: np.ndarray, tmp_path: Path) -> None:
    made = new_model("tiny", k=3, window_length=LENGTH, task="regression")
    write_model(tmp_path / "values", made)
    data = rows(logits, 3.0)
    with pytest.raises(de.InputError, match="predicts values, which need no calibration"):
        de.calibrate_model(tmp_path / "values", data, tmp_path / "out")
    fresh = "the classifier is not trained: fine-tune the model before use"
    write_model(tmp_path / "fresh", parts(limits=fresh))
    for model in (tmp_path / "fresh", de.load_model(tmp_path / "fresh", pretrained=True)):
        with pytest.raises(de.InputError, match="it has no head that predicts anything"):
            de.calibrate_model(model, data, tmp_path / "out")
    with pytest.raises(de.InputError, match="lentimpra_hepg2 predicts values"):
        de.calibrate_model("default:lentimpra_hepg2", data, tmp_path / "out")
    for name in "ab":
        write_model(tmp_path / "folds" / name, parts(name=name))
    for ensemble in (tmp_path / "folds", de.load_model(tmp_path / "folds")):
        with pytest.raises(de.InputError, match="several models have one card each"):
            de.calibrate_model(ensemble, data, tmp_path / "out")


def test_other_folders_are_left_as_they_are(
    folder: Path, logits: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    other = tmp_path / "other"
    write_model(other, new_model("tiny", k=4, window_length=LENGTH))
    before = {path: path.read_bytes() for path in other.iterdir()}
    data = rows(logits, 3.0)
    with pytest.raises(de.InputError, match="is not empty and holds another model"):
        de.calibrate_model(folder, data, other)
    assert {path: path.read_bytes() for path in other.iterdir()} == before
    with pytest.raises(de.InputError, match="lies in the store, whose models are kept as they were brought"):
        de.calibrate_model(folder, data, tmp_path / "cache" / "models" / "x")
    packaged = Path(de.load_model().opened.directory)
    with pytest.raises(de.InputError, match="is the packaged model, which is kept as it is"):
        de.calibrate_model("default", data, packaged)
    (tmp_path / "file").write_text("x")
    with pytest.raises(de.InputError, match="the output folder is a file"):
        de.calibrate_model(folder, data, tmp_path / "file")


KILLED = """
import os, sys
from pathlib import Path
import dnabert_enhancer as de
from dnabert_enhancer.files import outputs

def killed(*_):
    os._exit(9)

Path.{call} = killed
de.calibrate_model({model!r}, {data!r}, {out!r})
"""


@pytest.mark.slow
@pytest.mark.parametrize("own", [True, False])
def test_killed_while_writing_the_old_model_is_there(
    parts: Make, logits: np.ndarray, tmp_path: Path, own: bool
) -> None:
    model, data = tmp_path / "model", tmp_path / "rows.tsv"
    write_model(model, parts())
    rows(logits, 3.0).to_csv(data, sep="\t", index=False)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    out = model if own else tmp_path / "out"
    code = KILLED.format(call="replace", model=str(model), data=str(data), out=str(out))
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, check=False
    )
    assert done.returncode == 9, done.stderr
    assert (tmp_path / "out").exists() is False
    assert {
        path.name: path.read_bytes() for path in model.iterdir() if not path.name.startswith(".")
    } == before
    de.calibrate_model(model, data, out)
    assert not [
        path for place in (tmp_path, model) for path in place.iterdir() if path.name.startswith(".tmp")
    ]
