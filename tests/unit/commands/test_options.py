"""Options: defaults come from the settings class, and only what was given is handed on."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from dnabert_enhancer.commands.options import Options, add_setting


@dataclass(frozen=True)
class _Settings:
    stride: int = 50
    names: tuple[str, ...] = ()
    windows: bool = False
    null: bool = True
    label: str | None = None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    add_setting(parser, _Settings, "stride", "step in bp", type=int, metavar="BP")
    add_setting(parser, _Settings, "names", "which", nargs="+")
    add_setting(parser, _Settings, "windows", "write windows")
    add_setting(parser, _Settings, "null", "shuffle")
    add_setting(parser, _Settings, "label", "which output")
    parser.add_argument("--genome")
    return parser


def _options(*arguments: str) -> Options:
    args = _parser().parse_args(arguments)
    args.command_name, args.command_line, args.quiet = "scan", ["scan", *arguments], False
    return Options.of_namespace(args)


def test_what_was_not_given_keeps_the_default_of_the_class() -> None:
    options = _options("--genome", "g.fa")
    assert dict(options) == {"genome": "g.fa"}
    assert options.settings(_Settings) == _Settings()


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("--stride", "10"), _Settings(stride=10)),
        (("--names", "a", "b"), _Settings(names=("a", "b"))),
        (("--windows",), _Settings(windows=True)),
        (("--no-null",), _Settings(null=False)),
    ],
)
def test_given_options_become_fields(arguments: tuple[str, ...], settings: _Settings) -> None:
    assert _options(*arguments).settings(_Settings) == settings


def test_help_shows_the_default_of_the_class() -> None:
    text = " ".join(_parser().format_help().split())
    assert "step in bp (default 50)" in text
    assert "which output" in text
    assert "None" not in text


def test_options_cannot_be_changed() -> None:
    options = _options("--names", "a")
    with pytest.raises(TypeError):
        options["names"] = ("b",)  # type: ignore[index]  # that is the point
