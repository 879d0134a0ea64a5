"""Errors as users see them: one line that commands nothing."""

from __future__ import annotations

from dnabert_enhancer.errors import InputError


def test_characters_of_a_file_do_not_reach_the_terminal() -> None:
    error = InputError("tensor a\n\x1b[31mb\u202e", source="x\ty", location="line\r1", remedy="z")
    assert str(error) == "x y, line 1: tensor a ?[31mb?; z"
