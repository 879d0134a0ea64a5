"""Files of a model from elsewhere, whatever they hold: a model or one line (card, json_text, directory)."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import DnabertEnhancerError, InputError
from dnabert_enhancer.model import (
    EnhancerModel,
    ModelCard,
    Threshold,
    import_checkpoint,
    new_model,
    open_model,
    write_model,
)

NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([10**63, 10**400, 0, -1, 1, 2, 200, 0.5]))
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["binary", "multiclass", "both", "kmer", "none", "x\ny"])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
CARD = ModelCard(
    "x",
    200,
    k=6,
    thresholds={"default": Threshold(0.5, "told")},
    metrics={"test": {"auroc": 0.9}},
)
FIELDS = [*json.loads(CARD.to_json()), "column", "further_outputs", "unknown"]


def text_of(value: Any) -> str:
    """Return JSON, with what other writers put there: Infinity, NaN and lone surrogates."""
    return json.dumps(value)


def card_or_error(text: str) -> ModelCard | InputError:
    try:
        return ModelCard.from_json(text, source="card.json")
    except InputError as error:
        return error


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
def test_any_values_in_a_card_are_a_card_or_one_line(changes: dict[str, Any]) -> None:
    card = card_or_error(text_of(json.loads(CARD.to_json()) | changes))
    if isinstance(card, InputError):
        assert str(card).startswith("card.json")
        assert len(str(card)) < 1000
        return
    assert card.name.isprintable()
    assert all(label.isprintable() for label in card.labels)
    again = ModelCard.from_json(card.to_json())
    assert again.to_json() == card.to_json()
    assert 0 <= card.threshold() <= 1


@settings(deadline=None, max_examples=300)
@given(st.one_of(VALUES.map(text_of), st.text(), st.text(alphabet='{}[]",:0123456789eE+-. \\\\u\n')))
def test_any_text_is_a_card_or_one_line(text: str) -> None:
    card_or_error(text)


ARCHITECTURES = ("dnabert2_random", "gena_random", "grover_random", "ntv1_random", "ntv2_random")
GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "golden"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(
        tmp_path_factory.mktemp("model") / "m", new_model("tiny", k=3, window_length=60)
    ).directory


@pytest.fixture(scope="module", params=ARCHITECTURES)
def other_directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model directory of another architecture's checkpoint, which lies beside this repository."""
    if not (GOLDEN / request.param).is_dir():
        pytest.skip(f"needs {GOLDEN / request.param}")
    target = tmp_path_factory.mktemp(request.param) / "m"
    return import_checkpoint(GOLDEN / request.param, target, window_length=60).directory


CONFIG_FIELDS = [
    *("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "max_position_embeddings"),
    *("intermediate_size", "type_vocab_size", "id2label", "label2id", "num_labels", "problem_type"),
    *("hidden_act", "layer_norm_eps", "model_type", "pad_token_id", "classifier_pooling", "architectures"),
    *("position_embedding_type", "auto_map", "torch_dtype", "is_decoder", "classifier_dropout"),
    *("token_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range"),
]
CHANGES = st.dictionaries(st.sampled_from(CONFIG_FIELDS), VALUES, min_size=1, max_size=3)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, card=st.booleans())
def test_any_values_in_a_configuration_are_a_model_or_one_line(
    directory: Path, changes: dict[str, Any], card: bool
) -> None:
    check_configuration(directory, changes, card)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, card=st.booleans())
def test_any_values_in_the_configuration_of_another_architecture(
    other_directory: Path, changes: dict[str, Any], card: bool
) -> None:
    check_configuration(other_directory, changes, card)


def check_configuration(directory: Path, changes: dict[str, Any], card: bool) -> None:
    """Change a model's configuration, with or without its card, and open it."""
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "copy"
        shutil.copytree(directory, copy)
        config = json.loads((copy / "config.json").read_text()) | changes
        (copy / "config.json").write_text(text_of(config))
        if not card:
            (copy / "enhancer_model.json").unlink()
        model = model_or_error(copy)
        if isinstance(model, Exception):
            assert len(str(model)) < 1000
            assert "\n" not in str(model)
            return
        assert all(label.isprintable() for label in model.card.labels)


def model_or_error(path: Path) -> EnhancerModel | DnabertEnhancerError:
    """Open a model and compute a window with it, as every command does."""
    try:
        model = open_model(path)
        engine = Engine(model, EngineSettings("cpu", "onnx", "float32", threads=1))
        assert np.isfinite(engine.predict(np.zeros((1, 60), np.uint8)).outputs).all()
    except DnabertEnhancerError as error:
        return error
    return model
