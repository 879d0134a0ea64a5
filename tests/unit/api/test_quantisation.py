"""api/quantisation: int8 of the new model agrees better, the card says how well, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.model import Encoder, EnhancerModel, ModelParts, new_model, write_model

RNG = np.random.default_rng(8)
SEQUENCES = ["".join(RNG.choice(list("ACGT"), 70)) for _ in range(60)]


@pytest.fixture(autouse=True)
def all_matrices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Quantise the small matrices of tests, too; the cache may know the network without them."""
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    made = new_model("tiny", k=3, window_length=60, seed=1)
    state = Encoder.from_config(made.config).fresh_state(np.random.default_rng(1), 0.3)
    parts = ModelParts(made.config, state, made.card, made.vocabulary)
    return write_model(tmp_path_factory.mktemp("model") / "tiny", parts)


def test_int8_of_the_new_model_is_nearer_and_its_card_says_so(model: EnhancerModel, tmp_path: Path) -> None:
    engine = de.EngineSettings("cpu", "onnx", "int8", threads=1)
    found = de.quantize_model(model.directory, SEQUENCES, tmp_path / "q", engine=engine)
    assert found.windows == 60
    assert found.after.mean_change < found.before.mean_change
    entry = json.loads((tmp_path / "q" / "enhancer_model.json").read_text())["training"]["int8"]
    assert entry["agreement"] == found.after.report()
    assert entry["weights_digest_before"] == model.weights_digest
    exact, given, new = (
        de.load_model(folder, engine=de.EngineSettings("cpu", "onnx", precision, threads=1))
        .predict([sequence[5:65] for sequence in SEQUENCES])["probability"]
        .to_numpy()
        for folder, precision in (
            (model.directory, "float32"),
            (model.directory, "int8"),
            (tmp_path / "q", "int8"),
        )
    )
    assert np.abs(new - exact).mean() < np.abs(given - exact).mean()
    de.quantize_model(model.directory, SEQUENCES, tmp_path / "again", engine=engine)
    for path in (tmp_path / "q").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_model_of_small_matrices_is_refused(
    model: EnhancerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnabert_enhancer.model.onnx_graph.LEAST_WEIGHTS", 1 << 16)
    with pytest.raises(de.InputError, match="too small for int8"):
        de.quantize_model(model.directory, SEQUENCES, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_done_is_said_and_nothing_is_written(model: EnhancerModel, tmp_path: Path) -> None:
    short = [*SEQUENCES[:15], "ACGT", "N" * 70, SEQUENCES[0]]
    with pytest.raises(de.InputError, match="15 different windows of 60 bp"):
        de.quantize_model(model.directory, short, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(de.InputError, match="the folder is not empty"):
        de.quantize_model(model.directory, SEQUENCES, model.directory)
