"""Values of a configuration: kinds, sizes, null."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.configuration import (
    check_configuration,
    flag_value,
    labels_of,
    number_of_outputs,
    number_value,
    read_config,
    text_value,
    whole_value,
)

PATH = Path("m/config.json")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("intermediate_size", "", "intermediate_size must be a whole number from 1 to 1000000, not ''"),
        ("max_position_embeddings", "512", "max_position_embeddings must be a whole number"),
        ("hidden_size", 16.5, "hidden_size must be a whole number from 1 to 100000, not 16.5"),
        ("pad_token_id", True, "pad_token_id must be a whole number from -1 to 10000000, not True"),
        ("layer_norm_eps", [1], "layer_norm_eps must be a number from 0 to 1, not [1]"),
        ("classifier_pooling", "max", "classifier_pooling must be one of first, cls, mean, not 'max'"),
        ("model_type", 3, "model_type must be a text, not 3"),
        ("token_dropout", 1, "token_dropout must be true or false, not 1"),
        ("id2label", ["a", "b"], "id2label must be an object of at most 10000 numbers and names"),
        ("id2label", {"0": ["a"]}, "id2label names output '0' ['a']"),
        ("id2label", {"first": "a"}, "id2label names output 'first' 'a'"),
        ("label2id", 3, "label2id must be an object of names and numbers, not 3"),
        ("num_hidden_layers", -1, "num_hidden_layers must be a whole number from 1 to 1000, not -1"),
        ("n_embd", 1e9, "n_embd is 1000000000.0; it must be 0 to 100000"),
        ("id2label", {str(i): "x" for i in range(10_001)}, "at most 10000 numbers and names"),
    ],
)
def test_a_wrong_value_is_one_line(name: str, value: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        check_configuration({name: value}, PATH)
    assert said in str(error.value)
    assert str(PATH) in str(error.value)
    assert len(str(error.value)) < 300


def test_a_null_is_as_good_as_not_there() -> None:
    config = {"pad_token_id": None, "hidden_act": None, "token_dropout": None, "layer_norm_eps": None}
    check_configuration(config, PATH)
    assert whole_value(config, "pad_token_id", 1) == 1
    assert text_value(config, "hidden_act", "gelu") == "gelu"
    assert flag_value(config, "token_dropout") is False
    assert number_value(config, "layer_norm_eps", 1e-12) == 1e-12


def test_a_directory_without_the_number_of_positions_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": None}))
    config = read_config(tmp_path)
    with pytest.raises(InputError, match="the configuration lacks 'max_position_embeddings'"):
        whole_value(config, "max_position_embeddings", source=PATH)
    assert whole_value({"max_position_embeddings": 12}, "max_position_embeddings") == 12


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, ("LABEL_0", "LABEL_1")),
        ({"num_labels": 1}, ("LABEL_0",)),
        ({"id2label": {"10": "c", "0": "a", "2": 7}}, ("a", "7", "c")),
    ],
)
def test_outputs_are_named_in_the_order_of_their_numbers(
    config: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert labels_of(config) == names
    assert number_of_outputs(config) == len(names)
