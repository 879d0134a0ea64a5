"""The engine of an ensemble: members bit for bit as alone, mean and log odds by hand."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_models import tiny_model

from dnabert_enhancer.engine import Engine, EngineSettings, EnsembleEngine, Predictions, Target, ensemble
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Calibration, EnsembleModel, open_model

SETTINGS = EngineSettings(device="cpu", backend="onnx", precision="float32", threads=1)
ISOTONIC = Calibration("isotonic", {"logits": [-3.0, 0.0, 4.0], "probabilities": [0.0, 0.3, 1.0]})


def engines(folder: Path, *cards: dict[str, Any]) -> tuple[EnsembleEngine, list[Engine]]:
    """Return the engine of an ensemble, and engines of its models that know nothing of it."""
    paths = [tiny_model(folder / f"m{number}", number, **card) for number, card in enumerate(cards)]
    models = [open_model(path) for path in paths]
    own = [Engine(model, SETTINGS) for model in models]
    return EnsembleEngine(EnsembleModel(models), own), [Engine(open_model(p), SETTINGS) for p in paths]


def test_members_have_the_bits_that_they_have_alone_and_the_mean_is_theirs(
    tmp_path: Path, windows: NDArray[np.uint8]
) -> None:
    joint, alone = engines(
        tmp_path,
        {"calibration": Calibration("temperature", {"temperature": 2.0})},
        {"labels": ("enhancer", "other")},
        {"strand": "forward", "calibration": ISOTONIC},
    )
    found = joint.predict(windows)
    each = [engine.predict(windows).probability for engine in alone]
    assert found.members is not None
    assert found.members.dtype == np.float32
    for number, probability in enumerate(each):
        assert (found.members[number] == probability).all()
    for row in range(len(windows)):
        values = [float(probability[row]) for probability in each]
        assert found.probability[row] == np.float32(statistics.fmean(values))
    scores = Target("binary", "enhancer", 1).scores(found)
    deviation = scores.deviation()
    assert deviation is not None
    for row in range(len(windows)):
        values = [float(probability[row]) for probability in each]
        assert deviation[row] == pytest.approx(statistics.stdev(values), rel=1e-6)
    part = scores.part(slice(3, 5)).deviation()
    assert part is not None
    assert (part == deviation[3:5]).all()


def test_the_logit_is_the_log_odds_of_the_mean_even_where_probabilities_are_all_but_1(
    tmp_path: Path, windows: NDArray[np.uint8]
) -> None:
    joint, alone = engines(
        tmp_path,
        {"spread": 1.2},
        {"spread": 1.0, "calibration": Calibration("temperature", {"temperature": 0.1})},
    )
    found = joint.predict(windows)
    logits = [engine.predict(windows).logit.astype(np.longdouble) for engine in alone]
    odds = [np.exp(logits[0]), np.exp(logits[1] / 0.1)]
    p = sum(o / (1 + o) for o in odds)
    q = sum(1 / (1 + o) for o in odds)
    np.testing.assert_allclose(found.logit, np.log(p / q).astype(np.float64), rtol=2e-6, atol=2e-6)
    assert len(np.unique(found.logit)) > len(np.unique(found.probability)) / 2


def test_a_regression_is_the_mean_of_the_values(tmp_path: Path, windows: NDArray[np.uint8]) -> None:
    value = {"labels": ("activity",), "task": "regression"}
    joint, alone = engines(tmp_path, value, value)
    scores = Target("regression", "activity", 0).scores(joint.predict(windows))
    one, two = (engine.predict(windows).outputs[:, 0].astype(np.float64) for engine in alone)
    np.testing.assert_array_equal(scores.score, ((one + two) / 2).astype(np.float32))
    deviation = scores.deviation()
    assert deviation is not None
    np.testing.assert_allclose(deviation, np.abs(one - two) / np.sqrt(2), rtol=1e-6)


def test_several_classes_are_means_of_probabilities(tmp_path: Path, windows: NDArray[np.uint8]) -> None:
    classes = {"labels": ("a", "b", "c"), "task": "multiclass"}
    joint, alone = engines(tmp_path, classes, classes)
    found = joint.predict(windows)
    one, two = (engine.predict(windows).probability.astype(np.float64) for engine in alone)
    np.testing.assert_array_equal(found.probability, ((one + two) / 2).astype(np.float32))
    np.testing.assert_allclose(found.logit, np.log((one + two) / 2), rtol=1e-6)
    scores = Target("multiclass", "c", 2).scores(found)
    deviation = scores.deviation()
    assert deviation is not None
    np.testing.assert_allclose(deviation, np.abs(one - two)[:, 2] / np.sqrt(2), rtol=1e-5)


def test_networks_larger_than_the_limit_are_held_one_at_a_time(
    tmp_path: Path, windows: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    joint, _ = engines(tmp_path, {}, {})
    held = joint.predict(windows)
    assert all(member._network.is_loaded for member in joint.members)
    monkeypatch.setattr(ensemble, "HELD_BYTES", 1)
    lean = EnsembleEngine(joint.model, joint.members)
    loaded: list[int] = []
    load = ensemble.Engine._results

    def counted(self: Engine, *arguments: Any) -> NDArray[np.float32]:
        found = load(self, *arguments)
        loaded.append(sum(member._network.is_loaded for member in lean.members))
        return found

    lean.release()
    monkeypatch.setattr(Engine, "_results", counted)
    again = lean.predict(windows)
    assert loaded == [1, 1]
    assert not any(member._network.is_loaded for member in lean.members)
    assert (again.probability == held.probability).all()
    assert lean.description() == joint.description()
    assert lean.description()["backend"] == "onnx"


def test_progress_is_told_once_a_window_and_other_settings_hold_for_all(
    tmp_path: Path, windows: NDArray[np.uint8]
) -> None:
    joint, _ = engines(tmp_path, {}, {"strand": "forward"})
    told: list[int] = []
    joint.predict(windows, told.append)
    assert sum(told) == len(windows)
    assert not joint.both_strands
    assert joint.description()["strand"] == "both; forward"
    other = joint.with_settings(
        EngineSettings(device="cpu", precision="float32", threads=1, strand="forward")
    )
    assert [member.settings.strand for member in other.members] == ["forward", "forward"]
    assert other.model is joint.model


def test_what_is_inside_is_asked_of_one_network(tmp_path: Path, windows: NDArray[np.uint8]) -> None:
    joint, _ = engines(tmp_path, {}, {})
    for ask in (joint.embed, joint.attentions):
        with pytest.raises(InputError, match="attention of tokens, are of one network"):
            ask(windows)


def test_a_single_model_has_no_deviation() -> None:
    one = np.array([0.5], np.float32)
    assert Target("binary", "x", 1).scores(Predictions(one, one, one[:, None])).deviation() is None
