"""Models of several outputs: a card and a column for each, and a training that starts with one of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.engine import Engine, EngineSettings, Precision, Strand
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import (
    Calibration,
    EnhancerModel,
    FurtherOutput,
    ModelCard,
    ModelParts,
    Threshold,
    new_model,
    open_model,
    write_model,
)

NAMES = ("enhancer", "activity", "bound")
TEMPERATURE = 2.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    parts = new_model("new:tiny", k=3, window_length=40, task="multiclass", labels=NAMES, seed=5)
    parts.state["classifier.weight"] *= 50
    card = ModelCard(
        "three",
        40,
        k=3,
        column=0,
        further_outputs={
            "activity": FurtherOutput(1, "regression", "log2(RNA/DNA)", 40),
            "bound": FurtherOutput(
                2,
                "binary",
                "bound",
                30,
                Calibration("temperature", {"temperature": TEMPERATURE}),
                {"default": Threshold(0.3, "made up")},
            ),
        },
    )
    return write_model(tmp_path_factory.mktemp("three") / "model", dataclasses.replace(parts, card=card))


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, (12, 40)).astype(np.uint8)


def predictions(model: EnhancerModel, windows: np.ndarray):  # type: ignore[no-untyped-def]  # a test's short hand
    settings = EngineSettings(precision=Precision.FLOAT32, strand=Strand.FORWARD)
    return Engine(model, settings).predict(windows)


def transformers_logits(model: EnhancerModel, windows: np.ndarray) -> np.ndarray:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(
        model.directory, dtype=torch.float32
    )
    loaded.eval()
    with torch.no_grad():
        result: np.ndarray = loaded(torch.from_numpy(model.tokenizer.tokenize(windows).ids)).logits.numpy()
    return result


def test_each_output_is_one_column_of_the_classifier(model: EnhancerModel, windows: np.ndarray) -> None:
    logits = transformers_logits(model, windows)
    assert np.ptp(logits) > 0.5
    first = predictions(model, windows)
    np.testing.assert_allclose(first.logit, logits[:, 0], atol=2e-5)
    np.testing.assert_allclose(first.probability, 1 / (1 + np.exp(-logits[:, 0])), atol=1e-5)
    bound = predictions(open_model(f"{model.directory}:bound"), windows)
    np.testing.assert_allclose(bound.probability, 1 / (1 + np.exp(-logits[:, 2] / TEMPERATURE)), atol=1e-5)
    activity = predictions(open_model(f"{model.directory}:activity"), windows)
    np.testing.assert_allclose(activity.outputs, logits[:, 1:2], atol=2e-5)
    assert np.isnan(activity.probability).all()


def test_the_card_of_an_output_has_its_own_task_threshold_and_name(model: EnhancerModel) -> None:
    bound = open_model(f"{model.directory}:bound").card
    assert (bound.name, bound.task, bound.labels) == ("three:bound", "binary", ("not_bound", "bound"))
    assert (bound.threshold(), bound.window_length) == (0.3, 30)
    assert open_model(f"{model.directory}:activity").card.labels == ("activity",)
    assert bound.further_outputs == {}


def test_outputs_have_digests_of_their_own(model: EnhancerModel) -> None:
    specs = [str(model.directory), f"{model.directory}:activity", f"{model.directory}:bound"]
    assert len({open_model(spec).digest for spec in specs}) == 3


def test_an_output_that_is_not_there_is_named_with_those_that_are(model: EnhancerModel) -> None:
    with pytest.raises(InputError, match="no output 'height'; it has enhancer, activity, bound"):
        open_model(f"{model.directory}:height")


def test_the_first_output_is_the_model_itself(model: EnhancerModel) -> None:
    named = open_model(f"{model.directory}:enhancer")
    assert named.card == model.card
    assert named.digest == model.digest


def test_a_directory_with_a_colon_in_its_name_is_a_directory(model: EnhancerModel, tmp_path: Path) -> None:
    (tmp_path / "a:bound").symlink_to(model.directory)
    assert open_model(tmp_path / "a:bound").card.column == 0


def test_the_card_survives_its_file(model: EnhancerModel) -> None:
    assert ModelCard.from_json(model.card.to_json()) == model.card


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"column": 3}, "names output 3, but the model has 3"),
        ({"further_outputs": {"x": FurtherOutput(7, "binary", "", 40)}}, "names output 7"),
    ],
)
def test_a_column_beyond_the_classifier_is_refused(
    model: EnhancerModel, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    parts = ModelParts(
        model.config, model.read_state(), model.card.replace(**changes), model.tokenizer.vocabulary
    )  # type: ignore[attr-defined]  # a k-mer tokenizer
    with pytest.raises(InputError, match=said):
        write_model(tmp_path / "wrong", parts)


def test_cards_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(InputError, match="must name the column"):
        ModelCard("m", 10, k=3, further_outputs={"x": FurtherOutput(1, "binary", "", 40)})
    with pytest.raises(InputError, match="several classes"):
        ModelCard("m", 10, k=3, labels=("a", "b", "c"), task="multiclass", column=0)
    with pytest.raises(InputError, match="binary or a regression"):
        FurtherOutput(1, "multiclass", "", 40)


@pytest.mark.parametrize(("spec", "column"), [("", 0), (":bound", 2)])
def test_a_training_starts_with_the_chosen_output(
    model: EnhancerModel, windows: np.ndarray, tmp_path: Path, spec: str, column: int
) -> None:
    torch = pytest.importorskip("torch")
    from dnabert_enhancer.training.base_model import Target, open_base
    from dnabert_enhancer.training.network import torch_model
    from dnabert_enhancer.training.settings import TrainingSettings

    base = open_base(f"{model.directory}{spec}", None, tmp_path)
    started = torch_model(base, Target("binary", ("no", "yes"), 40), TrainingSettings(), seed=0)
    started.eval()
    with torch.no_grad():
        logits = started(torch.from_numpy(model.tokenizer.tokenize(windows).ids))["logits"].numpy()
    expected = transformers_logits(model, windows)[:, column]
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], expected, atol=2e-5)
