"""The model card: the same after a round trip through its file, and errors that name the field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Calibration, ModelCard, Threshold


def example(**changes: Any) -> ModelCard:
    card = ModelCard(
        name="näme",
        window_length=200,
        labels=("other", "enhancer"),
        k=6,
        calibration=Calibration("temperature", {"temperature": 1.5}),
        thresholds={"default": Threshold(0.7, "largest MCC on validation")},
        training={"data": {"sha256": "ab"}},
        licence="Apache-2.0",
    )
    return card.replace(**changes)


def test_round_trip_through_the_file() -> None:
    card = example()
    assert ModelCard.from_json(card.to_json()) == card
    assert ModelCard.from_json(card.to_json()).to_json() == card.to_json()


def test_fields_that_a_later_version_adds_are_passed_over() -> None:
    content = json.loads(example().to_json()) | {"colour": "green"}
    assert ModelCard.from_json(json.dumps(content)) == example()


@pytest.mark.parametrize(("name", "value"), [("default", 0.7), ("strict", None)])
def test_thresholds_by_name(name: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(InputError, match="no threshold 'strict'"):
            example().threshold(name)
    else:
        assert example().threshold(name) == value


def test_a_card_without_threshold_has_one_half() -> None:
    assert example(thresholds={}).threshold() == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clustering"}, "task 'clustering'"),
        ({"strand": "minus"}, "strand 'minus'"),
        ({"tokenizer": "bpe"}, "tokenizer 'bpe'"),
        ({"k": None}, "cannot have k None"),
        ({"tokenizer": "huggingface"}, "cannot have k 6"),
        ({"window_length": 0}, "window_length"),
        ({"labels": ()}, "at least one label"),
        ({"labels": ("a", "b", "c")}, "two labels"),
        ({"task": "multiclass"}, "at least three labels"),
    ],
)
def test_values_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        example(**changes)


def test_a_threshold_is_a_probability() -> None:
    with pytest.raises(InputError, match=r"1\.5"):
        Threshold(1.5, "guess")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n nonsense", "card.json, line 2: not JSON"),
        ("[]", "not a JSON object"),
        ('{"window_length": 200}', r"not a model card.*name"),
        ('{"format": 99}', "newer format"),
        ('{"name": "x", "window_length": "long", "k": 6}', "not a model card"),
        ('{"name": "x", "window_length": 5, "k": 6, "calibration": 3}', "not a model card"),
        (
            '{"name": "x", "window_length": 5, "k": 6, "labels": ["a", "b"], "thresholds": {"default": 1}}',
            "card",
        ),
    ],
)
def test_what_is_no_card_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ModelCard.from_json(text, source="card.json")
    assert str(caught.value).startswith("card.json")
    assert "\n" not in str(caught.value)
