"""What the engine promises of any input: no trace of batches, order, threads or shards; equal strands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import Encoder, EnhancerModel, ModelParts, new_model, write_model
from dnabert_enhancer.sequence import reverse_complement

LENGTH = 40
WAYS = [("onnx", "float32"), ("onnx", "int8"), ("torch", "float32"), ("torch", "bfloat16")]
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    made = new_model("tiny", k=3, window_length=LENGTH)
    state = Encoder.from_config(made.config).fresh_state(np.random.default_rng(1), 0.3)
    folder: Path = tmp_path_factory.mktemp("model") / "tiny"
    return write_model(folder, ModelParts(made.config, state, made.card, made.vocabulary))


@pytest.fixture(scope="module", params=WAYS, ids=" ".join)
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    backend, precision = request.param
    if backend == "torch":
        pytest.importorskip("torch")
    return backend, precision


def some_windows(seed: int, count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 5, size=(count, LENGTH), dtype=np.uint8)


@few
@given(
    seed=st.integers(0, 1000), count=st.integers(1, 70), batch=st.integers(0, 40), threads=st.integers(1, 5)
)
@pytest.mark.slow
def test_batches_threads_order_and_shards_leave_no_trace(
    model: EnhancerModel, way: tuple[str, str], seed: int, count: int, batch: int, threads: int
) -> None:
    windows = some_windows(seed, count)
    whole = Engine(model, EngineSettings("cpu", *way, threads=1)).predict(windows).outputs
    engine = Engine(model, EngineSettings("cpu", *way, batch_size=batch, threads=threads))
    order = np.random.default_rng(seed).permutation(count)
    np.testing.assert_array_equal(engine.predict(windows[order]).outputs, whole[order])
    cut = seed % (count + 1)
    shards = [engine.predict(part).outputs for part in (windows[:cut], windows[cut:])]
    np.testing.assert_array_equal(np.concatenate(shards), whole)


@few
@given(seed=st.integers(0, 1000))
def test_a_window_and_its_reverse_complement_are_equal(
    model: EnhancerModel, way: tuple[str, str], seed: int
) -> None:
    windows = some_windows(seed, 9)
    engine = Engine(model, EngineSettings("cpu", *way))
    ahead, back = engine.predict(windows), engine.predict(reverse_complement(windows))
    np.testing.assert_array_equal(ahead.outputs, back.outputs)


@few
@given(lengths=st.lists(st.integers(1, 90), min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_windows_of_any_lengths_are_answered_one_by_one(
    model: EnhancerModel, lengths: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    windows = [rng.integers(0, 5, size=length, dtype=np.uint8) for length in lengths]
    engine = Engine(model, EngineSettings("cpu", "onnx", "float32"))
    together = engine.predict(windows)
    alone = np.array([engine.predict([window]).outputs[0] for window in windows])
    np.testing.assert_array_equal(together.outputs, alone)
    assert np.isfinite(together.probability).all()
