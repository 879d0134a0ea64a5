"""The model card: the same after a round trip through its file, and errors that name the field."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Calibration, FurtherOutput, ModelCard, Threshold


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


def test_what_was_withdrawn_is_named_with_what_replaces_it() -> None:
    card = example(
        column=0,
        further_outputs={"other": FurtherOutput(1, "binary", "", 200)},
        withdrawn={"old": "take other", "best": "take default"},
    )
    assert ModelCard.from_json(card.to_json()) == card
    with pytest.raises(InputError, match="the output 'old' of the model näme was withdrawn") as error:
        card.select("old")
    assert error.value.remedy == "take other"
    with pytest.raises(InputError, match="the threshold 'best' was withdrawn") as error:
        card.threshold("best")
    assert error.value.remedy == "take default"
    assert "withdrawn" not in example().to_json()


def test_what_replaces_a_withdrawn_output_is_a_text() -> None:
    with pytest.raises(InputError, match="a string is expected, not 3"):
        example(withdrawn={"old": 3})


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
        ('{"name": "x", "window_length": "long", "k": 6}', "window_length must be a whole number.*'long'"),
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


@pytest.mark.parametrize(
    "changes",
    [
        {"window_length": True},
        {"window_length": 200.5},
        {"window_length": 10**30},
        {"k": "6"},
        {"labels": "ab"},
        {"labels": ["a", 1]},
        {"labels": ["a", "a"]},
        {"labels": ["", "a"]},
        {"labels": ["x" * 1000, "a"]},
        {"name": None},
        {"name": 5},
        {"licence": ["MIT"]},
        {"metrics": [1]},
        {"task": []},
        {"strand": {}},
        {"thresholds": {"default": {"value": "high"}}},
        {"thresholds": {"default": {"value": 10**60}}},
        {"thresholds": {"default": {"value": 0.5, "source": 3}}},
        {"calibration": {"kind": "temperature", "parameters": {"temperature": True}}},
        {"calibration": {"kind": "temperature", "parameters": {"temperature": "1"}}},
        {"calibration": {"kind": "isotonic", "parameters": {"logits": ["1"], "probabilities": [0.5]}}},
        {"calibration": {"kind": "isotonic", "parameters": {"logits": [[1]], "probabilities": [[0.5]]}}},
        {"calibration": {"kind": "isotonic", "parameters": []}},
        {"column": 0, "further_outputs": {"x": {"column": "0", "task": "binary", "window_length": 5}}},
        {"column": 0, "further_outputs": {"x": {"column": 10**9, "task": "binary", "window_length": 5}}},
        {"column": 0, "further_outputs": {"x": [1]}},
        {"column": -1},
        {"column": 1.5},
    ],
)
def test_a_value_of_the_wrong_kind_is_one_line(changes: dict[str, Any]) -> None:
    content = json.loads(example().to_json()) | changes
    with pytest.raises(InputError) as caught:
        ModelCard.from_json(json.dumps(content), source="card.json")
    assert str(caught.value).startswith("card.json: ")
    assert len(str(caught.value)) < 400


LINE = "x\n##INFO=<ID=CHEAT>\r\tnext\x1b[31m\u202e"
CLEAN = "x ##INFO=<ID=CHEAT>  next [31m "


def test_texts_that_cannot_be_printed_become_blanks_wherever_they_stand() -> None:
    card = example(
        name=LINE,
        labels=(LINE, "b"),
        licence=LINE,
        limits=LINE,
        thresholds={LINE: Threshold(0.5, LINE)},
        training={LINE: [LINE]},
        column=0,
        further_outputs={LINE: FurtherOutput(0, "binary", LINE, 5, thresholds={LINE: Threshold(0.5, LINE)})},
    )
    read = ModelCard.from_json(card.to_json())
    assert read == card
    assert (card.name, card.labels[0], card.licence, card.limits) == (CLEAN,) * 4
    assert card.training == {CLEAN: [CLEAN]}
    assert card.thresholds == {CLEAN: Threshold(0.5, CLEAN)}
    assert list(card.further_outputs) == [CLEAN]
    assert all(line.isprintable() for line in card.to_json().splitlines())
    assert card.select(CLEAN).name == f"{CLEAN}:{CLEAN}"


def test_the_positive_class_is_named_told_or_second() -> None:
    assert example().positive_label == "enhancer"
    assert example(labels=("enhancer", "genome")).positive_label == "enhancer"
    assert example(labels=("weak", "strong")).positive_label == "strong"
    named = example(labels=("weak", "strong"), positive="weak")
    assert (named.positive_label, named.negative_label, named.names_positive) == ("weak", "strong", True)
    assert not example(labels=("weak", "strong")).names_positive
    with pytest.raises(InputError, match="positive class 'wek'"):
        example(labels=("weak", "strong"), positive="wek")


def test_a_card_that_always_meant_the_second_label_is_read_by_names() -> None:
    """An older card of (bound, unbound) held calibration and threshold of P(unbound)."""
    knots = {"logits": [-1.0, 3.0], "probabilities": [0.1, 0.7]}
    content = json.loads(example(labels=("a", "b")).to_json()) | {
        "labels": ["bound", "unbound"],
        "calibration": {"kind": "isotonic", "parameters": knots},
    }
    card = ModelCard.from_json(json.dumps(content))
    assert card.positive_label == "bound"
    assert card.threshold() == pytest.approx(0.3)
    # log odds of unbound -1, 1, 3 are P(unbound) 0.1, 0.4, 0.7
    unbound = np.array([-1.0, 1.0, 3.0])
    assert card.calibration.apply(-unbound).tolist() == pytest.approx([0.9, 0.6, 0.3])
    again = ModelCard.from_json(card.to_json())
    assert again == card


def test_a_renamed_label_stays_positive() -> None:
    card = example(labels=("weak", "strong"), positive="weak").replace(labels=("low", "high"))
    assert card.positive_label == "low"
