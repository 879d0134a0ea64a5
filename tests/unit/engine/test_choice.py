"""The choice: the fastest that passes the gate, remembered, and the same for all that start together."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.engine import choice as module
from dnabert_enhancer.engine.candidates import Candidate
from dnabert_enhancer.engine.choice import choose
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files import cache_directory
from dnabert_enhancer.model import EnhancerModel

FLOAT32 = Candidate("onnx", "float32", "cpu")
TORCH = Candidate("torch", "float32", "cpu")
INT8 = Candidate("onnx", "int8", "cpu")
BFLOAT16 = Candidate("torch", "bfloat16", "cpu")
ALL = [FLOAT32, TORCH, INT8, BFLOAT16]


class Pretended:
    """A backend of a given speed that adds an error to the outputs."""

    device = "cpu"
    workers = 1

    def __init__(self, candidate: Candidate, rate: float, error: float) -> None:
        self.name, self.precision = candidate.backend, candidate.precision
        self.rate, self.error = rate, error


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Return a function that sets the speed and the error of each candidate, and counts what is made."""
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    made: list[Candidate] = []

    def setup(speeds: dict[Candidate, tuple[float, float]]) -> list[Candidate]:
        def make(candidate: Candidate, _model: EnhancerModel, _threads: int) -> Pretended:
            made.append(candidate)
            if candidate not in speeds:
                raise ResourceError("not installed after all")
            return Pretended(candidate, *speeds[candidate])

        def outputs(
            backend: Pretended, _tokenizer: object, codes: NDArray[np.uint8], *_: Any, **__: Any
        ) -> Any:
            logit = np.linspace(-3, 3, len(codes)) + backend.error
            return np.stack([np.zeros(len(codes)), logit], axis=1).astype(np.float32)

        monkeypatch.setattr(module, "make", make)
        monkeypatch.setattr(module, "outputs_of", outputs)
        monkeypatch.setattr(module, "_windows_per_second", lambda backend, *_: backend.rate)
        monkeypatch.setattr(module, "_SMALL_MODEL", 0)
        return made

    return setup


@pytest.mark.parametrize(
    ("speeds", "chosen"),
    [
        ({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (30, 0.001), BFLOAT16: (20, 0)}, INT8),
        ({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (30, 0.5), BFLOAT16: (20, 0.001)}, BFLOAT16),
        ({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (30, 0.5), BFLOAT16: (20, 0.5)}, FLOAT32),
        ({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (11.4, 0), BFLOAT16: (9, 0)}, FLOAT32),
        ({FLOAT32: (10, 0), TORCH: (12, 0), INT8: (11.6, 0), BFLOAT16: (9, 0)}, TORCH),
        ({FLOAT32: (10, 0), INT8: (30, float("nan"))}, FLOAT32),
        ({TORCH: (10, 0)}, TORCH),
    ],
)
def test_the_fastest_that_agrees(
    model: EnhancerModel,
    windows: NDArray[np.uint8],
    pretend: Any,
    speeds: dict[Candidate, tuple[float, float]],
    chosen: Candidate,
) -> None:
    pretend(speeds)
    found = choose(model, EngineSettings(), ALL, windows)
    assert (found.backend.name, found.backend.precision) == chosen[:2]
    assert "measured" in found.why
    assert len(found.measured) == len(speeds)


def test_the_finding_is_remembered(model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any) -> None:
    made = pretend({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (30, 0.001), BFLOAT16: (20, 0)})
    first = choose(model, EngineSettings(), ALL, windows)
    made.clear()
    again = choose(model, EngineSettings(threads=7), ALL, windows[:1])
    assert made == [INT8]
    assert (again.why, again.measured) == (first.why, first.measured)


def test_the_first_of_several_processes_decides(
    model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend({FLOAT32: (10, 0), TORCH: (11, 0), INT8: (30, 0.001), BFLOAT16: (20, 0)})
    measure = module._measure

    def slow(*args: Any) -> Any:
        found = measure(*args)
        path = cache_directory() / "engine" / f"{module._key(model, ALL)}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"chosen": BFLOAT16, "why": "measured elsewhere", "measured": {}}))
        return found

    monkeypatch.setattr(module, "_measure", slow)
    found = choose(model, EngineSettings(), ALL, windows)
    assert (found.backend.precision, found.why) == ("bfloat16", "measured elsewhere")


@pytest.mark.parametrize(
    "content", ["", "{}", '{"chosen": ["onnx", "int4", "cpu"], "why": "", "measured": {}}']
)
def test_a_spoilt_memory_is_measured_anew(
    model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any, content: str
) -> None:
    pretend({FLOAT32: (10, 0), INT8: (30, 0)})
    path = cache_directory() / "engine" / f"{module._key(model, [FLOAT32, INT8])}.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert choose(model, EngineSettings(), [FLOAT32, INT8], windows).backend.precision == "int8"


def test_without_a_cache_the_choice_is_made_all_the_same(
    model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any
) -> None:
    pretend({FLOAT32: (10, 0), INT8: (30, 0)})
    (cache_directory() / "engine").write_text("a file in the way")
    assert choose(model, EngineSettings(), [FLOAT32, INT8], windows).backend.precision == "int8"


def test_few_windows_are_judged_with_shuffles_of_them(windows: NDArray[np.uint8]) -> None:
    enough = module._enough(windows[:3])
    assert enough.shape == (64, 60)
    np.testing.assert_array_equal(enough[:3], windows[:3])
    assert sorted(enough[4]) == sorted(windows[1])
    assert len(np.unique(enough, axis=0)) == 64
    assert module._enough(enough) is enough


def test_one_candidate_is_not_measured(
    model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any
) -> None:
    made = pretend({INT8: (1, 0)})
    assert choose(model, EngineSettings(), [INT8], windows).measured == {}
    assert made == [INT8]


def test_a_tiny_model_is_not_measured(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    found = choose(model, EngineSettings(), ALL, windows)
    assert (found.backend.name, found.backend.precision) == ("onnx", "float32")
    assert "too small" in found.why


def test_nothing_that_can_be_used(model: EnhancerModel, windows: NDArray[np.uint8], pretend: Any) -> None:
    pretend({})
    with pytest.raises(ResourceError, match="none of the ways"):
        choose(model, EngineSettings(), ALL, windows)


def test_the_cost_of_a_window_by_hand(model: EnhancerModel) -> None:
    # 2 layers, 60 tokens: per token 4 * 32^2 projections, 2 * 32 * 64 feed-forward, 2 * 60 * 32 attention
    assert module._multiplications(model, 60) == 2 * 60 * (4 * 32**2 + 2 * 32 * 64 + 2 * 60 * 32)
