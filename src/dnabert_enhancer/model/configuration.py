"""Hugging Face's config.json: what each value that is read may be, and the only place where one is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, cast

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card_values import is_number, is_whole, printable, shown
from dnabert_enhancer.model.json_text import read_object

CONFIG_NAME = "config.json"
ADAPTER_CONFIG_NAME = "adapter_config.json"
_MOST_SHOWN = 10
Configuration = Mapping[str, Any]
"""The object of a ``config.json``; what is read of it, `FIELDS` describes."""
Source = PathLike[str] | str | None


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def holds(self, value: object) -> bool:
        """Tell whether a value is one."""
        return is_whole(value) and self.least <= cast(int, value) <= self.most


@dataclass(frozen=True)
class Number:
    """A number from `least` to `most`."""

    least: float
    most: float

    def __str__(self) -> str:
        return f"a number from {self.least:g} to {self.most:g}"

    def holds(self, value: object) -> bool:
        """Tell whether a value is one."""
        return is_number(value) and self.least <= cast(float, value) <= self.most


@dataclass(frozen=True)
class Text:
    """A text, one of `choices` where there are any."""

    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"one of {', '.join(self.choices)}" if self.choices else "a text"

    def holds(self, value: object) -> bool:
        """Tell whether a value is one."""
        return isinstance(value, str) and (not self.choices or value in self.choices)


class Flag:
    """True or false."""

    def __str__(self) -> str:
        return "true or false"

    def holds(self, value: object) -> bool:
        """Tell whether a value is one."""
        return isinstance(value, bool)


_MOST_LABELS = 10_000
_WIDTH = Whole(1, 100_000)
_POSITIONS = Whole(1, 100_000_000)
FIELDS: dict[str, Whole | Number | Text | Flag] = {
    "attention_probs_dropout_prob": Number(0, 1),
    "classifier_pooling": Text(("first", "cls", "mean")),
    "d_model": _WIDTH,
    "dim": _WIDTH,
    "hidden_act": Text(),
    "hidden_dropout_prob": Number(0, 1),
    "hidden_size": _WIDTH,
    "initializer_range": Number(0, 100),
    "intermediate_size": Whole(1, 1_000_000),
    "is_decoder": Flag(),
    "layer_norm_eps": Number(0, 1),
    "max_position_embeddings": _POSITIONS,
    "model_type": Text(),
    "num_attention_heads": Whole(1, 10_000),
    "num_hidden_layers": Whole(1, 1_000),
    "num_labels": Whole(1, _MOST_LABELS),
    "pad_token_id": Whole(-1, 10_000_000),
    "position_embedding_type": Text(),
    "problem_type": Text(),
    "token_dropout": Flag(),
    "type_vocab_size": Whole(0, 10_000),
    "vocab_size": Whole(1, 10_000_000),
}
"""The values that are read here: their kinds, and the largest sizes of models, with room.

A null says as much as no entry."""
_LARGEST = {
    "layers": 1_000,
    "n_layer": 1_000,
    "heads": 10_000,
    "n_head": 10_000,
    "hidden_size": 100_000,
    "n_embd": 100_000,
    "intermediate": 1_000_000,
    "vocab_size": 10_000_000,
    "type_vocab": 10_000,
    "position_embeddings": 100_000_000,
    "n_positions": 100_000_000,
}
"""The largest sizes in what transformers reads, by a part of their names."""


def read_config(directory: Path) -> dict[str, Any]:
    """Return the configuration of a directory that holds a model or a checkpoint.

    Returns
    -------
    dict
        The JSON object.

    Raises
    ------
    InputError
        No such directory; no configuration in it; one that is no JSON object, or has a value of another kind
        or beyond what any model has.
    """
    if not directory.is_dir():
        kind = "is a file, not a model directory" if directory.exists() else "no such model directory"
        raise InputError(kind, source=directory, remedy="give a directory with config.json and its weights")
    path = directory / CONFIG_NAME
    if not path.is_file() and (directory / ADAPTER_CONFIG_NAME).is_file():
        raise InputError(
            "is a LoRA adapter (PEFT), not a whole model",
            source=directory,
            remedy=f"merge it with its base: dnabert-enhancer import-model '{directory}' --base-model DIR "
            "--output-dir NEW --window-length BP",
        )
    if not path.is_file():
        inside = sorted(found.parent.name for found in directory.glob(f"*/{CONFIG_NAME}"))
        remedy = f"name one of the models in it: {', '.join(inside[:_MOST_SHOWN])}" if inside else None
        if len(inside) > _MOST_SHOWN:
            remedy = f"{remedy} … ({len(inside)} in all)"
        raise InputError(f"the model directory lacks {CONFIG_NAME}", source=directory, remedy=remedy)
    config = read_object(path)
    check_configuration(config, path)
    return config


def check_configuration(config: Configuration, source: Source = None) -> None:
    """Raise `InputError` with the name of a value that is of a wrong kind, or larger than any model's."""
    for name in FIELDS:
        _value(config, name, source)
    for name, value in config.items():
        most = next((most for part, most in _LARGEST.items() if part in name), None)
        if most is not None and is_number(value) and not 0 <= value <= most:
            raise InputError(f"{printable(name)} is {shown(value)}; it must be 0 to {most}", source=source)
    if config.get("label2id") is not None and not isinstance(config["label2id"], Mapping):
        raise InputError(
            f"label2id must be an object of names and numbers, not {shown(config['label2id'])}", source=source
        )
    labels_of(config, source)


def whole_value(config: Configuration, name: str, default: int | None = None, source: Source = None) -> int:
    """Return a whole number of a configuration; `InputError` where it lacks and there is no default."""
    return cast(int, _or_default(config, name, default, source))


def number_value(
    config: Configuration, name: str, default: float | None = None, source: Source = None
) -> float:
    """Return a number of a configuration; `InputError` where it lacks and there is no default."""
    return float(_or_default(config, name, default, source))


def text_value(config: Configuration, name: str, default: str = "") -> str:
    """Return a text of a configuration, the default where it lacks."""
    return cast(str, _or_default(config, name, default, None))


def flag_value(config: Configuration, name: str) -> bool:
    """Return whether a configuration says that something is true; it is false where nothing is said."""
    return cast(bool, _or_default(config, name, False, None))


def number_of_outputs(config: Configuration) -> int:
    """Return the number of outputs of a classifier (2 where its configuration does not say)."""
    return len(config["id2label"]) if config.get("id2label") else whole_value(config, "num_labels", 2)


def labels_of(config: Configuration, source: Source = None) -> tuple[str, ...]:
    """Return the names of the outputs, in their order."""
    names = config.get("id2label")
    if not names:
        return tuple(f"LABEL_{index}" for index in range(number_of_outputs(config)))
    if not isinstance(names, Mapping) or len(names) > _MOST_LABELS:
        raise InputError(
            f"id2label must be an object of at most {_MOST_LABELS} numbers and names, not {shown(names)}",
            source=source,
        )
    for key, name in names.items():
        is_named = isinstance(name, (str, int)) and not isinstance(name, bool)
        if not is_named or not (isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) < 10)):
            raise InputError(f"id2label names output {shown(key)} {shown(name)}", source=source)
    return tuple(str(names[key]) for key in sorted(names, key=int))


def _value(config: Configuration, name: str, source: Source) -> Any:  # of the kind that the field is
    value = config.get(name)
    if value is not None and not FIELDS[name].holds(value):
        raise InputError(f"{name} must be {FIELDS[name]}, not {shown(value)}", source=source)
    return value


def _or_default(config: Configuration, name: str, default: Any, source: Source) -> Any:  # as _value
    value = _value(config, name, source)
    if value is None and default is None:
        raise InputError(f"the configuration lacks {name!r}", source=source)
    return default if value is None else value
