"""Ensembles from Python: long sequences, thresholds, metrics of each model (interpret/mean_method)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from late import late
from tiny_models import WINDOW, tiny_model

import dnabert_enhancer as de
from dnabert_enhancer.model import Threshold

reference = late("sklearn.metrics")

ENGINE = de.EngineSettings(device="cpu", backend="onnx", precision="float32", threads=1)


def letters(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "folds"
    for number in (1, 2, 3):
        tiny_model(folder / f"fold{number}", number)
    return folder


@pytest.fixture(scope="module")
def ensemble(folds: Path) -> de.Model:
    return de.load_model(folds, engine=ENGINE)


@pytest.fixture(scope="module")
def alone(folds: Path) -> list[de.Model]:
    return [de.load_model(folds / f"fold{number}", engine=ENGINE) for number in (1, 2, 3)]


def test_a_folder_of_models_and_a_list_of_them_are_ensembles(folds: Path, ensemble: de.Model) -> None:
    assert isinstance(ensemble, de.Ensemble)
    assert [model.name for model in ensemble.members] == ["fold1", "fold2", "fold3"]
    assert (ensemble.name, ensemble.label, ensemble.window_length) == ("folds", "enhancer", WINDOW)
    assert repr(ensemble) == "<Ensemble of 3 models 'folds': enhancer, windows of 60 bp>"
    listed = de.load_model([folds / "fold1", str(folds / "fold2"), folds / "fold3"], engine=ENGINE)
    assert listed.digest == ensemble.digest
    assert listed.name == "ensemble of 3: fold1, fold2, fold3"
    nested = de.Ensemble([ensemble.members[0], de.Ensemble(ensemble.members[1:])])
    assert nested.digest == ensemble.digest


def test_a_window_scores_the_mean_and_a_sequence_its_highest_window(
    ensemble: de.Model, alone: list[de.Model]
) -> None:
    text = letters(WINDOW + 40, 1)
    starts = [0, 20, 40]
    windows = [text[start : start + WINDOW] for start in starts]
    each = np.array([model.predict(windows)["probability"] for model in alone], dtype=np.float64)
    mean = each.mean(axis=0)
    best = int(mean.argmax())
    row = ensemble.predict({"x": text}, stride=20).iloc[0]
    assert row["probability"] == np.float32(mean[best])
    assert row["probability_sd"] == pytest.approx(each[:, best].std(ddof=1), rel=1e-6)
    assert row["mean"] == pytest.approx(mean.mean(), abs=1e-7)
    assert row["summit"] == starts[best] + WINDOW // 2
    frame = ensemble.predict(windows)
    assert list(frame.columns[:4]) == ["name", "probability", "probability_sd", "label"]
    np.testing.assert_array_equal(frame["probability"], mean.astype(np.float32))


def test_what_has_no_window_has_no_deviation(ensemble: de.Model) -> None:
    row = ensemble.predict(["N" * WINDOW]).iloc[0]
    assert np.isnan(row["probability"])
    assert np.isnan(row["probability_sd"])
    assert "probability_sd" not in ensemble.members[0].predict(["N" * WINDOW])


def test_a_threshold_on_which_the_models_do_not_agree_is_one_half_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, value in ((1, 0.2), (2, 0.8)):
        tiny_model(tmp_path / f"m{number}", number, thresholds={"default": Threshold(value, "t")})
    with caplog.at_level(logging.WARNING):
        found = de.load_model(tmp_path, engine=ENGINE)
    assert "the threshold is one half, since those of the models differ (0.2 to 0.8)" in caplog.text
    assert found.threshold() == 0.5
    assert found.threshold(de.SequenceSettings(threshold=0.3)) == np.float32(0.3)


def test_models_that_differ_and_what_is_none_are_refused(folds: Path, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other", 9, labels=("x", "y", "z"), task="multiclass")
    with pytest.raises(de.InputError, match=r"fold1 predicts .* x, y, z \(multiclass\)"):
        de.load_model([folds / "fold1", other])
    again = tiny_model(tmp_path / "again", 8, labels=("x", "y", "z"), task="multiclass")
    both = [de.load_model(path, label=label) for path, label in ((other, "y"), (again, "z"))]
    with pytest.raises(de.InputError, match="report different outputs: y, z"):
        de.Ensemble(both)
    with pytest.raises(de.InputError, match="two models or more"):
        de.load_model([folds / "fold1"])
    assert de.load_model([other, again], label="z").label == "z"


def test_an_output_is_taken_of_each_model_of_a_folder(tmp_path: Path) -> None:
    from dnabert_enhancer.model import FurtherOutput

    for number in (1, 2):
        tiny_model(
            tmp_path / f"m{number}",
            number,
            column=1,
            further_outputs={"signal": FurtherOutput(0, "regression", "x", WINDOW)},
        )
    found = de.load_model(f"{tmp_path}:signal", engine=ENGINE)
    row = found.predict([letters(WINDOW, 3)]).iloc[0]
    values = [model.predict([letters(WINDOW, 3)])["value"][0] for model in found.members]
    assert row["value"] == np.float32((float(values[0]) + float(values[1])) / 2)
    assert row["value_sd"] == pytest.approx(abs(float(values[0]) - float(values[1])) / 2**0.5, rel=1e-6)


def test_the_mean_is_judged_and_each_model(ensemble: de.Model, alone: list[de.Model]) -> None:
    data = pd.DataFrame({"sequence": [letters(WINDOW, n) for n in range(40)], "label": [0, 1] * 20})
    found = de.evaluate(ensemble, data, bootstrap=0)
    names = ["folds", "folds: fold1", "folds: fold2", "folds: fold3"]
    assert list(dict.fromkeys(found["method"])) == names
    each = np.array([model.predict(data["sequence"].tolist())["probability"] for model in alone], np.float64)
    for name, probability in zip(names, [each.mean(axis=0), *each], strict=True):
        rows = (found["method"] == name) & (found["metric"] == "auroc") & (found["prevalence"] == "as given")
        assert found["value"][rows].item() == pytest.approx(
            reference.roc_auc_score(data["label"], probability), abs=1e-12
        )
    predictions = found.predictions
    np.testing.assert_array_equal(predictions["folds: probability"], each.mean(axis=0).astype(np.float32))
    np.testing.assert_allclose(predictions["folds: probability_sd"], each.std(axis=0, ddof=1), rtol=1e-6)
    np.testing.assert_array_equal(predictions["folds: fold2: probability"], each[1].astype(np.float32))


def test_the_mean_of_classes_in_the_order_of_the_labels(tmp_path: Path) -> None:
    paths = [
        tiny_model(tmp_path / name, seed, labels=("b", "c", "a"), task="multiclass")
        for seed, name in enumerate(("one", "two"))
    ]
    data = pd.DataFrame({"sequence": [letters(WINDOW, n) for n in range(12)], "label": ["a", "b", "c"] * 4})
    found = de.evaluate([[str(path) for path in paths]], data, bootstrap=0, engine=ENGINE).predictions
    each = [
        de.load_model(path, label="a", engine=ENGINE).predict(data["sequence"].tolist()) for path in paths
    ]
    one, two = (frame["probability"].to_numpy(np.float64) for frame in each)
    np.testing.assert_array_equal(found["ensemble of 2: one, two: a"], ((one + two) / 2).astype(np.float32))
    np.testing.assert_allclose(found["ensemble of 2: one, two: a_sd"], np.abs(one - two) / 2**0.5, rtol=1e-5)


def test_importance_is_of_the_mean(ensemble: de.Model, alone: list[de.Model]) -> None:
    text = letters(WINDOW, 5)
    found = ensemble.interpret([text]).substitutions.iloc[[0, 50, -1]]
    changed = [
        text[:place] + alt + text[place + 1 :]
        for place, alt in zip(found["pos"] - 1, found["alt"], strict=True)
    ]
    each = [model.predict([text, *changed])["probability"].to_numpy(np.float64) for model in alone]
    p = np.mean(each, axis=0)
    odds = np.log(p / (1 - p))
    np.testing.assert_allclose(found["change"], odds[1:] - odds[0], atol=2e-6)
    with pytest.raises(de.InputError, match="are of one network, and"):
        ensemble.embed([text])


@pytest.mark.parametrize(
    "given",
    [{"method": "attention"}, {"method": "attention", "rollout": True}, {"method": "gradients", "steps": 32}],
    ids=["attention", "rollout", "gradients"],
)
def test_attention_and_gradients_are_the_mean_of_the_models(
    ensemble: de.Model, alone: list[de.Model], given: dict[str, Any]
) -> None:
    if given["method"] == "gradients":
        pytest.importorskip("torch")
        given = given | {"baselines": 3, "completeness_limit": 0.05}
    texts = [letters(WINDOW, 5), letters(WINDOW + 30, 6)]
    found = ensemble.interpret(texts, **given)
    each = [model.interpret(texts, **given) for model in alone]
    for number in range(2):
        single = [list(one)[number] for one in each]
        joint = list(found)[number]
        mean = np.mean([one.importance.astype(np.float64) for one in single], axis=0)
        np.testing.assert_allclose(joint.importance, mean, rtol=1e-5, atol=1e-7)
        assert np.abs(mean).max() > 0
        assert joint.score == pytest.approx(ensemble.predict([texts[number]])["probability"][0], abs=1e-6)
    if given["method"] == "gradients":
        errors = np.array([one.regions["completeness_error"] for one in each])
        np.testing.assert_allclose(found.regions["completeness_error"], errors.max(axis=0), rtol=1e-4)


def test_the_deviation_of_an_effect_is_of_the_differences_of_the_models(
    ensemble: de.Model, alone: list[de.Model], tmp_path: Path
) -> None:
    text = letters(400, 7)
    path = tmp_path / "genome.fa"
    path.write_text(f">chr1\n{text}\n")
    alt = "A" if text[199] != "A" else "C"
    given = ([f"chr1:200:{text[199]}:{alt}"], path)
    row = ensemble.score_variants(*given, offsets=3, null_variants=0).iloc[0]
    tables = [model.score_variants(*given, offsets=3, null_variants=0).iloc[0] for model in alone]
    p = np.array([[one["reference_probability"], one["alternative_probability"]] for one in tables])
    assert row["alternative_probability"] == pytest.approx(p[:, 1].mean(), abs=1e-7)
    assert row["probability_difference_sd"] == pytest.approx((p[:, 1] - p[:, 0]).std(ddof=1), abs=2e-7)
    assert np.isnan(row["tf_probability_difference_sd"])
    assert "probability_difference_sd" not in tables[0]


def test_the_tables_of_a_scan_have_the_deviation(
    ensemble: de.Model, alone: list[de.Model], tmp_path: Path
) -> None:
    path = tmp_path / "genome.fa"
    path.write_text(f">chr1\n{letters(600, 8)}\n")
    found = ensemble.scan(path, stride=30, threshold=0.0, null=False)
    each = np.array([m.scan(path, stride=30, null=False).windows["probability"] for m in alone], np.float64)
    np.testing.assert_array_equal(found.windows["probability"], each.mean(axis=0).astype(np.float32))
    np.testing.assert_allclose(found.windows["probability_sd"], each.std(axis=0, ddof=1), rtol=1e-6)
    (call,) = found.calls.itertuples()
    best = int(each.mean(axis=0).argmax())
    assert call.maximum_sd == pytest.approx(each[:, best].std(ddof=1), rel=1e-6)
    assert "maximum_sd" not in alone[0].scan(path, stride=30, threshold=0.0, null=False).calls
