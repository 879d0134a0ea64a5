"""The description of an encoder: weights counted by hand, and configurations that do not hold together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Encoder
from dnabert_enhancer.model.encoder import bert_config

DNABERT = {
    "vocab_size": 4101,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}


def test_dnabert_has_as_many_weights_as_its_parts() -> None:
    shape = Encoder.from_config(DNABERT)
    embeddings = (4101 + 512 + 2) * 768 + 2 * 768
    layer = 4 * (768 * 768 + 768) + (768 * 3072 + 3072) + (3072 * 768 + 768) + 4 * 768
    head = (768 * 768 + 768) + (2 * 768 + 2)
    assert (
        sum(math.prod(size) for size in shape.tensors().values())
        == embeddings + 12 * layer + head
        == 89_192_450
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": None}, "lacks 'hidden_size'"),
        ({"hidden_size": "many"}, "hidden_size must be a whole number from 1 to 100000, not 'many'"),
        ({"hidden_size": 770}, "770 is not a multiple"),
        ({"num_hidden_layers": 0}, "num_hidden_layers must be a whole number from 1 to 1000, not 0"),
    ],
)
def test_wrong_configurations_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Encoder.from_config(DNABERT | changes)


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(InputError, match="lacks 'vocab_size'"):
        Encoder.from_config({name: value for name, value in DNABERT.items() if name != "vocab_size"})


def test_fresh_weights_are_as_bert_begins_and_repeatable() -> None:
    shape = Encoder(69, 32, 2, 2, 64, 512, 2, 2)
    state = shape.fresh_state(np.random.default_rng(5))
    again = shape.fresh_state(np.random.default_rng(5))
    assert all(np.array_equal(state[name], again[name]) for name in state)
    words = state["bert.embeddings.word_embeddings.weight"]
    assert words[1:].std() == pytest.approx(0.02, rel=0.1)
    assert not words[0].any()
    assert (state["bert.embeddings.LayerNorm.weight"] == 1).all()
    assert not state["classifier.bias"].any()
    shape.check(state)


def test_weights_that_do_not_fit_are_named() -> None:
    shape = Encoder(69, 32, 2, 2, 64, 512, 2, 2)
    state = shape.fresh_state(np.random.default_rng(0))
    wrong = state | {"classifier.weight": np.zeros((3, 32), np.float32)}
    with pytest.raises(
        InputError, match=r"classifier.weight has shape \(3, 32\), but config.json asks for \(2, 32\)"
    ):
        shape.check(wrong)
    del state["classifier.bias"]
    with pytest.raises(InputError, match=r"lack 1 of the 41 tensors.*classifier.bias"):
        shape.check(state)


def test_a_legacy_configuration_keeps_only_what_the_classifier_uses() -> None:
    config = bert_config(
        DNABERT | {"rnn": "lstm", "split": 10, "output_past": True}, ("no", "yes"), "regression"
    )
    assert "rnn" not in config
    assert config["id2label"] == {"0": "no", "1": "yes"}
    assert config["model_type"] == "bert"
    assert config["problem_type"] == "regression"
