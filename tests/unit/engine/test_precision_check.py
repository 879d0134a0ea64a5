"""Agreement with float32: figures worked out by hand, what passes, and what a comparison depends on."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from late import late
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
from dnabert_enhancer.engine.precision_check import check_precision, fixed_windows, windows_for
from dnabert_enhancer.files import cache_directory
from dnabert_enhancer.model import (
    Calibration,
    EnhancerModel,
    ModelCard,
    ModelParts,
    Threshold,
    new_model,
    open_model,
    write_model,
)

stats = late("scipy.stats")

CARD = ModelCard("m", 200, k=6, thresholds={"default": Threshold(0.75, "by hand")})


def outputs(*odds: float) -> NDArray[np.float32]:
    return np.array([[0.0, math.log(value)] for value in odds], np.float32)


def test_equal_outputs_agree_wholly() -> None:
    same = outputs(1, 4, 9)
    assert agreement(same, same, CARD) == Agreement(3, 0.0, 1.0, 1.0, 2)
    assert agreement(same, same, CARD).passes


def test_mean_change_and_jaccard_by_hand() -> None:
    # probabilities 0.5 0.75 0.9 0.8 become 0.5 0.5 0.9 0.9: calls 2 of the 3 that either makes
    found = agreement(outputs(1, 3.0001, 9, 4), outputs(1, 1, 9, 9), CARD)
    assert found.mean_change == pytest.approx((0.25 + 0.1) / 4, abs=1e-5)
    assert found.jaccard == pytest.approx(2 / 3)
    assert not found.passes


def test_the_expected_index_spreads_every_window_and_pairs_it_with_every_change() -> None:
    # logits 1 and -1 (sd 1) are spread by h = 2 ** -0.2 to either side, changes are 0.5 and -0.5. Called at 0
    # are of the window at 1 before all, after the second change 0.5 + 0.5 / 2h; of that at -1 before none,
    # after the first 0.5 - 0.5 / 2h
    card = ModelCard("m", 200, k=6, thresholds={"default": Threshold(0.5, "by hand")})
    exact = np.array([[0, 1], [0, -1]], np.float32)
    found = agreement(exact, exact + np.array([[0, 0.5], [0, -0.5]], np.float32), card)
    part = 0.25 / 2**-0.2
    assert found.expected_jaccard == pytest.approx((1 + 0.5 + part) / (1 + 0.5 - part + 1), abs=1e-6)
    assert (found.jaccard, found.calls) == (1.0, 1)


def test_where_few_are_called_the_best_eighth_is() -> None:
    # logits 0 to 15, none called: calls are 14 and 15. Spread by h = 2.6477 to either side those from 12 to
    # 15 reach 14 in part, as sum 4 / 2 + (-2 - 1 + 0 + 1) / 2h; 0.1 more adds 4 * 0.1 / 2h
    exact = np.stack([np.zeros(16), np.arange(16)], axis=1).astype(np.float32)
    card = ModelCard("m", 200, k=6, thresholds={"default": Threshold(1.0, "by hand")})
    found = agreement(exact, exact + np.array([0, 0.1], np.float32), card)
    spread = math.sqrt((16**2 - 1) / 12) * 16**-0.2
    before = 2 - 1 / spread
    assert found.expected_jaccard == pytest.approx(before / (before + 0.2 / spread), abs=1e-5)
    assert (found.jaccard, found.calls) == (1.0, 0)


def test_calibration_moves_the_threshold_of_the_expected_index() -> None:
    # p = (logit + 2) / 4 reaches 0.75 at a logit of 1, as 1 / (1 + exp(-logit)) does 0.731
    rng = np.random.default_rng(3)
    exact = np.stack([np.zeros(64), rng.normal(size=64)], axis=1).astype(np.float32)
    other = exact + rng.normal(0, 0.1, exact.shape).astype(np.float32)
    curve = Calibration("isotonic", {"logits": [-2, 2, 3], "probabilities": [0, 1, 1]})
    found = [
        agreement(exact, other, ModelCard("m", 200, k=6, calibration=calibration, thresholds=thresholds))
        for calibration, thresholds in (
            (curve, {"default": Threshold(0.75, "by hand")}),
            (Calibration(), {"default": Threshold(1 / (1 + math.exp(-1)), "by hand")}),
        )
    ]
    assert found[0].expected_jaccard == pytest.approx(found[1].expected_jaccard, abs=1e-5)
    assert found[0].expected_jaccard < 0.95


@pytest.mark.parametrize(("deviation", "passes"), [(0.003, True), (0.012, True), (0.06, False)])
def test_the_verdict_does_not_hang_on_a_window_near_the_threshold(deviation: float, passes: bool) -> None:
    # 64 logits from a normal distribution, 14 % of which are called, change by a random number. Of two normal
    # numbers with correlation r as many as orthant probabilities say are called by both or either
    threshold = 1.0803  # 0.14 of a standard normal distribution are above
    card = ModelCard(
        "m",
        200,
        k=6,
        calibration=Calibration("temperature", {"temperature": 10.0}),  # the mean change is not what decides
        thresholds={"default": Threshold(1 / (1 + math.exp(-threshold / 10)), "by hand")},
    )
    both = stats.multivariate_normal(cov=[[1, 1], [1, 1 + deviation**2]], allow_singular=True)
    called = [1 - stats.norm.cdf(threshold, scale=scale) for scale in (1, math.sqrt(1 + deviation**2))]
    joint = sum(called) - 1 + both.cdf([threshold, threshold])
    true = joint / (sum(called) - joint)
    assert bool(true >= 0.97) is passes
    rng = np.random.default_rng(7)
    verdicts, counted = [], []
    for _ in range(200):
        exact = np.stack([np.zeros(64), rng.normal(size=64)], axis=1).astype(np.float32)
        change = np.stack([np.zeros(64), rng.normal(0, deviation, 64)], axis=1).astype(np.float32)
        found = agreement(exact, exact + change, card)
        assert found.mean_change < 0.002
        verdicts.append(found.passes)
        counted.append(found.jaccard >= 0.97)
    assert np.mean(verdicts) == pytest.approx(float(passes), abs=0.05)
    if deviation == 0.012:
        assert np.mean(counted) < 0.95  # what counting calls would say


def test_outputs_that_are_no_numbers_never_pass() -> None:
    assert not agreement(outputs(1, 2), np.full((2, 2), np.nan, np.float32), CARD).passes


@pytest.mark.parametrize(
    ("mean_change", "expected", "passes"), [(0.01, 0.97, True), (0.0101, 1, False), (0, 0.969, False)]
)
def test_the_limits(mean_change: float, expected: float, passes: bool) -> None:
    assert Agreement(100, mean_change, 1.0, expected, 100).passes is passes


@pytest.mark.parametrize("calls", [9, 50, 300, 5000])
def test_counted_calls_are_held_against_a_precision_where_chance_does_not_explain_them(calls: int) -> None:
    # so many or more of the calls differ in 1 of 100 samples at least, where 3 % of all do
    allowed = [number for number in range(calls) if stats.binom.sf(number - 1, calls, 0.03) >= 0.01]
    assert Agreement(9999, 0.0, 1 - allowed[-1] / calls, 1.0, calls).passes
    assert not Agreement(9999, 0.0, 1 - (allowed[-1] + 1) / calls, 1.0, calls).passes
    if calls == 9:
        assert allowed == [0, 1, 2]


def test_several_classes_compare_the_likeliest() -> None:
    # the second change, 0 -3 3, turns 0 3 2 into 0 0 5, but leaves 3 2 0 at 3 -1 3: three of four pairs stay
    card = ModelCard("m", 200, ("a", "b", "c"), task="multiclass", k=6)
    exact = np.array([[3, 2, 0], [0, 3, 2]], np.float32)
    found = agreement(exact, exact + np.array([[0, 0, 0], [0, -3, 3]], np.float32), card)
    assert (found.jaccard, found.calls) == (0.5, 2)
    assert found.expected_jaccard == pytest.approx(
        3 / 4
    )  # of 3 2 0 with the second change 3 -1 3 the first stays


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


def test_small_models_are_compared_on_more_windows(tmp_path: Any) -> None:
    assert windows_for(open_model()) == 1024
    # 12 layers of 197 tokens, 768 wide: 1.7e10 multiplications a window
    base = write_model(tmp_path / "base", new_model("base", k=6, window_length=200))
    assert windows_for(base) == 64


@pytest.mark.parametrize("error", [0.0, 0.5])
def test_bfloat16_is_taken_where_it_agrees(
    parts: ModelParts,
    windows: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    error: float,
) -> None:
    pytest.importorskip("torch")
    card = dataclasses.replace(parts.card, thresholds={"default": Threshold(0.2, "half of the windows")})
    model = write_model(tmp_path / "model", dataclasses.replace(parts, card=card))
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
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
    assert all(np.array_equal(codes, fixed_windows(60, 1024)) for codes in seen)


def test_a_precision_that_was_named_is_taken_and_the_comparison_reported(
    model: EnhancerModel, windows: NDArray[np.uint8], caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(model, EngineSettings(precision="int8"))
    engine.predict(windows)
    said = engine.description()
    assert (said["precision"], said["why"][:18]) == ("int8", "int8 was asked for")
    assert said["precision_check"]["gate_windows"] == 1024
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
    for spoilt in ("", "[]", '{"windows": 1}', sound.replace("1024", '"x"'), "[" * 100_000):
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
    monkeypatch.setattr(precision_check, "_MOST_WINDOWS", 4)
    found = check_precision(open_model(f"default:{name}"), BFLOAT16, FLOAT32, 2)
    monkeypatch.setattr(precision_check, "load_backend", None)
    assert check_precision(whole, BFLOAT16, FLOAT32, 2) == found
