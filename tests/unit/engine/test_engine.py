"""The engine as others call it: golden logits, strands, equal windows, any input, its description."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import (
    Encoder,
    EnhancerModel,
    ModelParts,
    import_checkpoint,
    new_model,
    open_model,
    replace_card,
    write_model,
)
from dnabert_enhancer.sequence import encode_bases, reverse_complement, window_view

EXACT = EngineSettings(device="cpu", backend="onnx", precision="float32")
FORWARD = EngineSettings(device="cpu", backend="onnx", precision="float32", strand="forward")


@pytest.mark.data
@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize(("backend", "tolerance"), [("onnx", 1e-4), ("torch", 2e-5)])
def test_golden_logits_of_dnabert(
    shared_data: Path, tmp_path: Path, k: int, backend: str, tolerance: float
) -> None:
    pytest.importorskip("torch")
    folder = shared_data / "golden" / f"dnabert{k}_random"
    with gzip.open(folder / "expected.jsonl.gz", "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    model = import_checkpoint(folder, tmp_path / "model")
    engine = Engine(
        model, EngineSettings(device="cpu", backend=backend, precision="float32", strand="forward")
    )
    windows = [encode_bases(record["sequence"], keep_letters=True) for record in records]
    found = engine.predict(windows)
    assert len({len(window) for window in windows}) > 3
    np.testing.assert_allclose(found.outputs, [record["logits"] for record in records], atol=tolerance)


def test_both_strands_are_the_mean_of_the_two(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    both = Engine(model, EXACT).predict(windows)
    ahead = Engine(model, FORWARD).predict(windows)
    back = Engine(model, FORWARD).predict(reverse_complement(windows))
    np.testing.assert_allclose(both.logit, (ahead.logit + back.logit) / 2, atol=1e-6)
    assert np.abs(ahead.logit - back.logit).max() > 0.1


def test_a_model_made_for_one_strand_is_read_on_one(parts: ModelParts, windows: Any, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", parts)
    expected = Engine(model, FORWARD).predict(windows).logit
    model = replace_card(tmp_path / "model", model.card.replace(strand="forward"))
    engine = Engine(model, EXACT)
    np.testing.assert_array_equal(engine.predict(windows).logit, expected)
    assert engine.description()["strand"] == "forward"


def test_equal_windows_are_computed_once(
    model: EnhancerModel, windows: NDArray[np.uint8], monkeypatch: Any
) -> None:
    from dnabert_enhancer.engine import engine as module

    computed: list[int] = []
    outputs_of = module.outputs_of

    def counting(backend: Any, tokenizer: Any, codes: Any, rows: Any, **settings: Any) -> Any:
        computed.append(len(rows))
        return outputs_of(backend, tokenizer, codes, rows, **settings)

    monkeypatch.setattr(module, "outputs_of", counting)
    engine = Engine(model, EXACT)
    order = np.random.default_rng(3).integers(0, 40, size=200)
    seen: list[int] = []
    repeated = engine.predict(windows[order], progress=seen.append).logit
    np.testing.assert_array_equal(repeated, engine.predict(windows).logit[order])
    assert computed == [len(set(order)), 40]
    assert sum(seen) == 200


def test_windows_of_differing_length_are_predicted_in_their_order(model: EnhancerModel) -> None:
    rng = np.random.default_rng(0)
    windows = [rng.integers(0, 4, size=length, dtype=np.uint8) for length in (60, 20, 512, 60, 3, 20)]
    engine = Engine(model, EXACT)
    together = engine.predict(windows)
    for number, window in enumerate(windows):
        alone = engine.predict(window[None])
        np.testing.assert_array_equal(together.outputs[number], alone.outputs[0])


def test_views_into_a_contig_need_no_copy(model: EnhancerModel) -> None:
    contig = np.random.default_rng(0).integers(0, 5, size=400, dtype=np.uint8)
    view = window_view(contig, 60, 10)
    assert not view.flags.owndata
    engine = Engine(model, EXACT)
    np.testing.assert_array_equal(engine.predict(view).logit, engine.predict(view.copy()).logit)


@pytest.mark.parametrize("nothing", [np.zeros((0, 60), np.uint8), []])
def test_no_windows_give_empty_predictions(model: EnhancerModel, nothing: Any) -> None:
    engine = Engine(model, EXACT)
    found = engine.predict(nothing)
    assert found.outputs.shape == (0, 2)
    assert found.probability.shape == (0,)
    assert engine.description()["why"] == "nothing was predicted"


def test_a_window_that_is_too_long_is_refused_with_the_limit(model: EnhancerModel) -> None:
    engine = Engine(model, EXACT)
    with pytest.raises(
        InputError, match="a window of 513 bp is longer than the 512 bp that the model can read"
    ):
        engine.predict([np.zeros(10, np.uint8), np.zeros(513, np.uint8)])


def test_unknown_bases_and_short_windows_have_predictions(model: EnhancerModel) -> None:
    found = Engine(model, EXACT).predict([encode_bases(text) for text in ("NNNNNNNN", "AC", "acgtRYKM")])
    assert np.isfinite(found.probability).all()


@pytest.mark.parametrize(
    ("task", "labels"),
    [("multiclass", ["a", "b", "c", "d"]), ("regression", ["x"]), ("regression", ["x", "y"])],
)
def test_other_heads(tmp_path: Path, windows: NDArray[np.uint8], task: str, labels: list[str]) -> None:
    parts = new_model("tiny", k=3, window_length=60, task=task, labels=labels)
    state = Encoder.from_config(parts.config).fresh_state(np.random.default_rng(1), 0.3)
    model = write_model(tmp_path / "model", ModelParts(parts.config, state, parts.card, parts.vocabulary))
    found = Engine(model, EXACT).predict(windows)
    assert found.outputs.shape == (40, len(labels))
    if task == "multiclass":
        np.testing.assert_allclose(found.probability.sum(axis=1), 1, atol=1e-6)
    else:
        assert np.isnan(found.probability).all()
    assert found.outputs.std() > 0.1


def test_calibration_of_the_card_is_applied(parts: ModelParts, windows: Any, tmp_path: Path) -> None:
    from dnabert_enhancer.model import Calibration

    model = write_model(tmp_path / "model", parts)
    raw = Engine(model, EXACT).predict(windows)
    card = model.card.replace(calibration=Calibration("temperature", {"temperature": 3.0}))
    calibrated = Engine(replace_card(tmp_path / "model", card), EXACT).predict(windows)
    np.testing.assert_array_equal(calibrated.logit, raw.logit)
    np.testing.assert_allclose(calibrated.probability, 1 / (1 + np.exp(-raw.logit / 3)), rtol=1e-5)


def test_the_description_is_plain_json(model: EnhancerModel, windows: NDArray[np.uint8]) -> None:
    engine = Engine(model)
    engine.predict(windows)
    content = json.loads(json.dumps(engine.description()))
    assert (content["backend"], content["device"], content["precision"]) == ("onnx", "cpu", "float32")
    assert content["why"]
    assert content["threads"] >= 1


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_weights_that_are_not_finite_predict_nothing(
    parts: ModelParts, tmp_path: Path, windows: Any, backend: str
) -> None:
    if backend == "torch":
        pytest.importorskip("torch")
    directory = write_model(tmp_path / "model", parts).directory
    spoilt = parts.state | {"classifier.bias": np.array([0, np.nan], np.float32)}
    (directory / "model.safetensors").write_bytes(safetensors.numpy.save(spoilt))
    with pytest.raises(InputError, match=r"tensor classifier.bias holds values that are not finite"):
        Engine(open_model(directory), EngineSettings("cpu", backend, "float32")).predict(windows)


def test_an_onnx_file_beside_the_weights_is_not_read(
    model: EnhancerModel, tmp_path: Path, windows: Any
) -> None:
    copy = Path(shutil.copytree(model.directory, tmp_path / "copy"))
    (copy / "model.onnx").write_bytes(b"of other weights")
    found = Engine(open_model(copy), EXACT).predict(windows).logit
    np.testing.assert_array_equal(found, Engine(model, EXACT).predict(windows).logit)
