"""JSON files of other people: one object, bounded in bytes, depth and digits."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError

MOST_BYTES = 8 << 20
"""The most that the JSON files of a model hold, its tokenizer's apart."""
_DEEPEST = 64
_MOST_DIGITS = 64


def read_object(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Parameters
    ----------
    path : Path
    most_bytes : int
        A larger file is refused before it is read.

    Raises
    ------
    InputError
        The file is too large, is not UTF-8, or as `parse_object`.
    """
    size = path.stat().st_size
    if size > most_bytes:
        raise InputError(f"has {size} bytes, more than {most_bytes}", source=path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the text is not UTF-8 (byte {error.start + 1})", source=path, remedy="save the file as UTF-8"
        ) from None
    return parse_object(text, path)


def parse_object(text: str, source: object | None = None) -> dict[str, Any]:
    """Return the object that a text holds.

    Raises
    ------
    InputError
        No JSON, or no object; a key that stands twice; values more than 64 deep; a number that is not finite
        or has more than 64 digits; half a surrogate pair.
    """

    def refused(problem: str, location: str | None = None) -> InputError:
        place = None if source is None else str(source)
        return InputError(problem, source=place, location=location, remedy="download the file again")

    def number(digits: str) -> float:
        value = float(digits)
        if len(digits) > _MOST_DIGITS or not math.isfinite(value):
            raise refused(f"holds the number {digits[:40]}, which is out of range")
        return value

    def whole(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise refused(f"holds a number of {len(digits)} digits")
        return int(digits)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise refused(f"the key {twice[:40]!r} stands twice")
        return content

    try:
        content = json.loads(
            text, object_pairs_hook=once, parse_float=number, parse_int=whole, parse_constant=number
        )
    except json.JSONDecodeError as error:
        raise refused(f"not JSON ({error.msg})", f"line {error.lineno}") from None
    except RecursionError:
        raise refused(f"is nested more than {_DEEPEST} deep") from None
    if not isinstance(content, dict):
        raise refused("not a JSON object")
    _check_depth_and_texts(content, refused)
    return content


def texts_in(content: object) -> list[str]:
    """Return all keys and texts in a JSON value."""
    texts: list[str] = []
    left = [content]
    while left:
        item = left.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            texts.extend(item)
            left.extend(item.values())
        elif isinstance(item, (list, tuple)):
            left.extend(item)
    return texts


def _check_depth_and_texts(content: dict[str, Any], refused: Any) -> None:  # makes an InputError
    level: list[Any] = [content]
    for _ in range(_DEEPEST):
        level = [
            part
            for item in level
            for part in (item.values() if isinstance(item, dict) else item)
            if isinstance(part, (dict, list))
        ]
        if not level:
            break
    else:
        raise refused(f"is nested more than {_DEEPEST} deep")
    for text in texts_in(content):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refused(f"the text {text[:40]!r} holds half a character") from None
