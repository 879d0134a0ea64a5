"""Fresh models: sizes, labels and windows as asked for, or an error that names the limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import CONFIGURATIONS, new_model
from dnabert_enhancer.model.encoder import longest_window


@pytest.mark.parametrize(("name", "layers", "hidden"), [("tiny", 2, 32), ("new:small", 3, 128)])
def test_a_named_configuration(name: str, layers: int, hidden: int) -> None:
    parts = new_model(name, k=4, window_length=101)
    assert (parts.config["num_hidden_layers"], parts.config["hidden_size"]) == (layers, hidden)
    assert parts.config["vocab_size"] == 4**4 + 5
    assert parts.card.k == 4
    assert parts.card.window_length == 101


def test_base_is_dnabert_in_size() -> None:
    base = CONFIGURATIONS["base"]
    assert (base.layers, base.hidden, base.heads, base.intermediate) == (12, 768, 12, 3072)


@pytest.mark.parametrize(
    ("settings", "labels", "problem"),
    [
        ({}, ("other", "enhancer"), "single_label_classification"),
        ({"task": "regression"}, ("activity",), "regression"),
        ({"task": "regression", "labels": ["HepG2", "K562"]}, ("HepG2", "K562"), "regression"),
        ({"task": "multiclass", "labels": ["a", "b", "c"]}, ("a", "b", "c"), "single_label_classification"),
    ],
)
def test_tasks_and_their_labels(settings: dict[str, Any], labels: tuple[str, ...], problem: str) -> None:
    parts = new_model("tiny", k=3, **settings)
    assert parts.card.labels == labels
    assert parts.config["problem_type"] == problem
    assert parts.state["classifier.weight"].shape == (len(labels), 32)


def test_the_seed_decides_the_weights() -> None:
    one, same, other = (new_model("tiny", k=3, seed=seed).state["classifier.weight"] for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("k", "longest"), [(3, 512), (6, 515)])
def test_the_longest_window_has_512_tokens(k: int, longest: int) -> None:
    assert longest_window(512, k) == longest
    assert new_model("tiny", k=k, window_length=longest).card.window_length == longest
    with pytest.raises(InputError, match=f"window of {longest + 1} bp is longer than the {longest} bp"):
        new_model("tiny", k=k, window_length=longest + 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"configuration": "huge"}, "no configuration 'huge'; one of tiny, small, base"),
        ({"configuration": "tiny", "task": "multiclass"}, "names of its labels"),
        ({"configuration": "tiny", "k": 0}, "k-mers of length 0"),
    ],
)
def test_what_cannot_be_made_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        new_model(**settings)
