"""What the values of a model card may be: printable texts, and numbers within their range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.json_text import texts_in


def printable(text: str) -> str:
    """Return a text with a blank for each character that cannot be printed."""
    if not isinstance(text, str):
        raise InputError(f"a string is expected, not {shown(text)}")
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def with_printable_keys(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping whose keys are printable."""
    return {printable(name): value for name, value in values.items()}


def printable_values(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return JSON values whose keys and texts are printable; a mapping is asked for."""
    if not isinstance(values, Mapping):
        raise InputError(f"a JSON object is expected, not {shown(values)}")
    if all(text.isprintable() for text in texts_in(values)):
        return values
    cleaned: Mapping[str, Any] = _cleaned(values)
    return cleaned


def _cleaned(value: Any) -> Any:  # any JSON value
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _cleaned(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(part) for part in value]
    return value


def is_number(value: object) -> bool:
    """Tell whether a value is a number; true and false are none."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number; true and false are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_whole(name: str, value: object, least: int, most: int) -> None:
    """Raise `InputError` unless a value is a whole number from `least` to `most`."""
    if not is_whole(value) or not least <= int(cast(int, value)) <= most:
        raise InputError(f"{name} must be a whole number from {least} to {most}, not {shown(value)}")


def shown(value: object) -> str:
    """Return a value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
