"""JSON of other people: what RFC 8259 allows and what is refused, with the place (model/json_text)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.json_text import parse_object, read_object, texts_in


def test_what_is_json_is_read_as_it_is() -> None:
    text = '{"a": [1, -2.5e3, true, null, "\\u00e9"], "b": {"c": {}}}'
    assert parse_object(text) == {"a": [1, -2500.0, True, None, "é"], "b": {"c": {}}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"a": 1,\n "b" 2}', "line 2"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": NaN}', "out of range"),
        ('{"a": -Infinity}', "out of range"),
        ('{"a": 1e999}', "out of range"),
        ('{"a": ' + "9" * 5000 + "}", "5000 digits"),
        ('{"a": ' + "[" * 65 + "]" * 65 + "}", "64 deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "64 deep"),
        ('{"a": "\\ud800"}', "half a character"),
    ],
)
def test_the_rest_is_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_object(text, "card.json")
    assert "card.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_64_levels_are_read() -> None:
    content = parse_object('{"a": ' + "[" * 63 + "]" * 63 + "}")
    assert list(content) == ["a"]


def test_files_are_bounded_and_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_object(path) == {"a": 1}
    with pytest.raises(InputError, match="11 bytes"):
        read_object(path, most_bytes=10)
    path.write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InputError, match="not UTF-8 \\(byte 8\\)"):
        read_object(path)


def test_texts_are_keys_and_values_of_all_levels() -> None:
    assert sorted(texts_in({"a": ["b", {"c": "d"}], "e": 1})) == ["a", "b", "c", "d", "e"]
