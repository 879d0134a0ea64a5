"""Agreement with float32: figures worked out by hand, what passes, and what a comparison depends on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import (
    Agreement,
    Engine,
    EngineSettings,
    Processor,
    Way,
    agreement,
    backends,
    precision_check,
)
from dnabert_enhancer.engine.precision_check import check_precision, fixed_windows
from dnabert_enhancer.files import cache_directory
from dnabert_enhancer.model import EnhancerModel, ModelCard, Threshold, open_model

CARD = ModelCard("m", 200, k=6, thresholds={"default": Threshold(0.75, "by hand")})


def outputs(*odds: float) -> NDArray[np.float32]:
    return np.array([[0.0, math.log(value)] for value in odds], np.float32)


def test_equal_outputs_agree_wholly() -> None:
    same = outputs(1, 3, 9)
    assert agreement(same, same, CARD) == Agreement(3, 0.0, 1.0, 1.0)
    assert agreement(same, same, CARD).passes


def test_mean_change_and_jaccard_by_hand() -> None:
    # probabilities 0.5 0.75 0.9 0.8 become 0.5 0.5 0.9 0.9: calls 2 of the 3 that either makes
    found = agreement(outputs(1, 3.0001, 9, 4), outputs(1, 1, 9, 9), CARD)
    assert found.mean_change == pytest.approx((0.25 + 0.1) / 4, abs=1e-5)
    assert found.jaccard == pytest.approx(2 / 3)
    assert not found.passes


def test_expected_calls_pair_every_window_with_every_change() -> None:
    # odds 4 and 2.5 times 0.5 or 1.5, threshold at odds 3: 4 becomes 2 or 6, 2.5 becomes 1.25 or 3.75;
    # of 4 pairs two are called before and two after, one of them by both
    found = agreement(outputs(4, 2.5), outputs(2, 3.75), CARD)
    assert found.expected_jaccard == pytest.approx(1 / 3)


def test_nothing_called_is_full_agreement() -> None:
    assert agreement(outputs(1, 2), outputs(1.001, 2.001), CARD).passes


def test_outputs_that_are_no_numbers_never_pass() -> None:
    assert not agreement(outputs(1, 2), np.full((2, 2), np.nan, np.float32), CARD).passes


@pytest.mark.parametrize(
    ("mean_change", "jaccard", "expected", "passes"),
    [(0.01, 0.97, 0.97, True), (0.0101, 1, 1, False), (0, 0.969, 1, False), (0, 1, 0.969, False)],
)
def test_the_limits(mean_change: float, jaccard: float, expected: float, passes: bool) -> None:
    assert Agreement(100, mean_change, jaccard, expected).passes is passes


def test_several_classes_compare_the_likeliest() -> None:
    card = ModelCard("m", 200, ("a", "b", "c"), task="multiclass", k=6)
    exact = np.array([[3, 0, 0], [0, 3, 0]], np.float32)
    found = agreement(exact, np.array([[3, 0, 0], [0, 0, 3]], np.float32), card)
    assert found.jaccard == 0.5


def test_a_regression_is_compared_in_standard_deviations() -> None:
    card = ModelCard("m", 200, ("activity",), task="regression", k=6)
    exact = np.array([[0.0], [2.0]], np.float32)  # standard deviation 1
    assert agreement(exact, exact + np.float32(0.25), card).mean_change == pytest.approx(0.25)


def test_the_report_is_plain_json() -> None:
    import json

    report = agreement(outputs(1, 4), outputs(1, 4), CARD).report()
    assert json.loads(json.dumps(report)) == report


FLOAT32, INT8, BFLOAT16 = (
    Way(*names, "cpu") for names in (("onnx", "float32"), ("onnx", "int8"), ("torch", "bfloat16"))
)


def test_the_fixed_windows_are_always_the_same_and_vary_in_composition() -> None:
    windows = fixed_windows(200)
    np.testing.assert_array_equal(windows, fixed_windows(200))
    gc = np.isin(windows, (1, 2)).mean(axis=1)
    assert windows.shape == (64, 200)
    assert gc[:8].mean() == pytest.approx(0.28, abs=0.05)
    assert gc[-8:].mean() == pytest.approx(0.72, abs=0.05)
    assert set(np.unique(windows)) == {0, 1, 2, 3}


@pytest.mark.parametrize("error", [0.0, 0.5])
def test_bfloat16_is_taken_where_it_agrees(
    model: EnhancerModel,
    windows: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    error: float,
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    monkeypatch.setattr(backends, "SMALL_MODEL", 0)
    monkeypatch.setattr(backends, "this_processor", lambda: Processor(features=("amx_bf16",)))
    plain = precision_check.outputs_of
    seen = []

    def shifted(backend: Any, tokenizer: Any, codes: NDArray[np.uint8], *rest: Any, **more: Any) -> Any:
        seen.append(codes)
        shift = error if backend.precision == "bfloat16" else 0.0
        return plain(backend, tokenizer, codes, *rest, **more) + np.array([0, shift], np.float32)

    monkeypatch.setattr(precision_check, "outputs_of", shifted)
    engine = Engine(model)
    engine.predict(windows)
    said = engine.description()
    assert said["precision"] == ("float32" if error else "bfloat16")
    assert said["precision_check"]["passes"] is not bool(error)
    assert ("does not agree" in said["why"]) is bool(error)
    assert all(np.array_equal(codes, fixed_windows(60)) for codes in seen)


def test_a_precision_that_was_named_is_taken_and_the_comparison_reported(
    model: EnhancerModel, windows: NDArray[np.uint8], caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(model, EngineSettings(precision="int8"))
    engine.predict(windows)
    said = engine.description()
    assert (said["precision"], said["why"][:18]) == ("int8", "int8 was asked for")
    assert said["precision_check"]["gate_windows"] == 64
    warned = any("does not agree" in record.getMessage() for record in caplog.records)
    assert warned is not said["precision_check"]["passes"]


def test_the_cache_spares_the_work_and_changes_nothing(
    model: EnhancerModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    first = check_precision(model, INT8, FLOAT32, 2)
    (kept,) = (cache_directory() / "engine").iterdir()
    monkeypatch.setattr(precision_check, "load_backend", None)
    assert check_precision(model, INT8, FLOAT32, 1) == first
    monkeypatch.undo()
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    sound = kept.read_text()
    for spoilt in ("", "[]", '{"windows": 1}', sound.replace("64", '"x"'), "[" * 100_000):
        kept.write_text(spoilt)
        assert check_precision(model, INT8, FLOAT32, 1) == first
        assert kept.read_text() == sound
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_the_cache_knows_the_code_between_windows_and_outputs(tmp_path: Any) -> None:
    for package in ("engine", "model", "sequence", "scan"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "code.py").write_text("A = 1\n")
    found = []
    for changed in ("", "scan", "engine", "model", "sequence"):
        if changed:
            (tmp_path / changed / "code.py").write_text("A = 2\n")
        found.append(precision_check.code_digest.__wrapped__(tmp_path))
    assert found[0] == found[1]  # scans cut windows and join scores
    assert len(set(found)) == 4
    assert precision_check.code_digest() != precision_check.code_digest.__wrapped__(tmp_path)


def test_outputs_of_one_network_are_judged_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    whole = open_model()
    name = next(iter(whole.card.further_outputs))
    monkeypatch.setattr(precision_check, "_WINDOWS", 4)
    found = check_precision(open_model(f"default:{name}"), BFLOAT16, FLOAT32, 2)
    monkeypatch.setattr(precision_check, "load_backend", None)
    assert check_precision(whole, BFLOAT16, FLOAT32, 2) == found
