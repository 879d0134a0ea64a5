"""Windows that differ in a few bases share the first layer (engine/substitutions, model/onnx_substitutions).

What they are compared with is the network computed for each window in full.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings, EnsembleEngine
from dnabert_enhancer.engine.backends import Way
from dnabert_enhancer.engine.substitutions import SharedFirstLayer, shares_first_layer
from dnabert_enhancer.interpret import substituted
from dnabert_enhancer.model import (
    PACKAGED,
    Encoder,
    EnhancerModel,
    EnsembleModel,
    ModelParts,
    new_model,
    open_model,
    write_model,
)

EXACT = Way("onnx", "float32", "cpu")
SETTINGS = EngineSettings(device="cpu", backend="onnx", precision="float32", threads=2)
UNKNOWN = 4


def made(folder: Path, spread: float = 0.3, **config: Any) -> EnhancerModel:
    """Write a small BERT of k = 3 with random weights; by a `spread` of 3 tokens attend to a single one."""
    parts = new_model("tiny", k=3, window_length=60, seed=1)
    settings = {**parts.config, **config}
    state = Encoder.from_config(settings).fresh_state(np.random.default_rng(1), spread)
    write_model(folder, ModelParts(settings, state, parts.card, parts.vocabulary))
    return open_model(folder)


def family(length: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a window with an unknown base, and copies with each other base at both ends and between."""
    window = np.random.default_rng(seed).integers(0, 4, length).astype(np.uint8)
    window[length // 3] = UNKNOWN
    places = np.array([0, 1, length // 3 - 1, length // 2, length - 2, length - 1])
    return np.concatenate([window[None], substituted(window, places), window[None]])


@pytest.mark.parametrize(
    ("spread", "config"),
    [
        (0.3, {}),
        (0.8, {}),
        (0.3, {"num_hidden_layers": 4, "num_attention_heads": 2}),
        (0.3, {"classifier_pooling": "mean"}),
        (0.3, {"hidden_act": "relu", "type_vocab_size": 1}),
    ],
)
def test_numbers_are_those_of_each_window_in_full(
    spread: float, config: dict[str, Any], tmp_path: Path
) -> None:
    model = made(tmp_path / "model", spread, **config)
    assert shares_first_layer(model, EXACT)
    families = [family(60, 1), family(60, 2), family(31, 3)]
    found = Engine(model, SETTINGS).predict_families(families)
    windows = [window for one in families for window in one]
    torch = Engine(model, EngineSettings(device="cpu", backend="torch", precision="float32", threads=1))
    expected, onnx = torch.predict(windows).logit, Engine(model, SETTINGS).predict(windows).logit
    # large weights magnify what is lost by rounding: then the yardstick is what two exact ways differ by
    tolerance = 1e-5 + 3 * np.abs(onnx - expected).max()
    assert tolerance < 1e-3
    np.testing.assert_allclose(found.logit, expected, atol=tolerance)
    assert np.ptp(expected[: len(families[0])]) > 0.05  # substitutions do change it


def test_the_packaged_model_and_the_changes_by_which_it_is_explained() -> None:
    model = open_model(PACKAGED)
    engine = Engine(model, SETTINGS)
    one = family(200)
    found, expected = engine.predict_families([one]).logit, engine.predict(one).logit
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-5)
    # a copy without a change has the numbers of the first window, whatever the threads
    assert found[-1] == found[0]
    alone = Engine(model, EngineSettings(device="cpu", backend="onnx", precision="float32", threads=1))
    assert (alone.predict_families([one]).outputs == engine.predict_families([one]).outputs).all()


def test_where_attention_was_on_what_is_replaced_alone_all_is_computed_in_full(tmp_path: Path) -> None:
    model = made(tmp_path / "model", 3.0)
    engine = Engine(model, SETTINGS)
    for seed in range(3):
        one = family(60, seed)
        assert np.isfinite(engine.predict(one).outputs).all()
        assert (engine.predict_families([one]).outputs == engine.predict(one).outputs).all()


def test_windows_that_are_not_alike_are_computed_in_full(tmp_path: Path) -> None:
    model = made(tmp_path / "model")
    engine = Engine(model, SETTINGS)
    unlike = np.random.default_rng(5).integers(0, 4, (4, 60)).astype(np.uint8)
    assert SharedFirstLayer(model, 1).outputs(unlike, both_strands=True) is None
    assert (engine.predict_families([unlike]).outputs == engine.predict(unlike).outputs).all()


def test_deep_models_and_other_ways_compute_all_in_full(tmp_path: Path) -> None:
    deep = made(tmp_path / "deep", num_hidden_layers=5)
    single = made(tmp_path / "single", num_hidden_layers=1)
    shallow = made(tmp_path / "shallow")
    one = family(60)
    for model in (deep, single):
        assert not shares_first_layer(model, EXACT)
        engine = Engine(model, SETTINGS)
        assert (engine.predict_families([one]).outputs == engine.predict(one).outputs).all()
    for way in (Way("onnx", "int8", "cpu"), Way("torch", "float32", "cpu"), Way("onnx", "float32", "cuda")):
        assert not shares_first_layer(shallow, way)


def test_an_ensemble_has_the_mean_of_what_its_models_say(tmp_path: Path) -> None:
    models = [made(tmp_path / "a"), made(tmp_path / "b", 0.5)]
    engines = [Engine(model, SETTINGS) for model in models]
    one = family(60)
    found = EnsembleEngine(EnsembleModel(models), engines).predict_families([one])
    each = [engine.predict(one).probability.astype(float) for engine in engines]
    np.testing.assert_allclose(found.probability, (each[0] + each[1]) / 2, atol=1e-5)
