"""The parser of commands: help that fits the terminal, and errors of one line that name the nearest word."""

from __future__ import annotations

import argparse
import difflib
import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

EXIT_INPUT = 2


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose error is one line and exit code 2.

    A word that is no option, or no choice of one, is told with the nearest, before anything that is missing.

    Parameters
    ----------
    examples : sequence of str
        Command lines that ``--help`` shows at its end.
    **declared
        What `argparse.ArgumentParser` takes.
    """

    def __init__(self, *, examples: Sequence[str] = (), **declared: Any) -> None:  # what argparse takes
        epilog = declared.pop("epilog", None) or "\n".join(
            ["examples:", *(f"  {example}" for example in examples)] if examples else ()
        )
        super().__init__(formatter_class=TerminalFormatter, allow_abbrev=False, epilog=epilog, **declared)

    def parse_known_args(  # type: ignore[override]  # of several overloads
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, unless an option is unknown."""
        for word in itertools.takewhile(lambda word: word != "--", args or ()):
            option = word.partition("=")[0]
            if re.fullmatch(r"--[^\s=]+", option) and option not in self._option_string_actions:
                self.error(f"unknown option {option}{nearest(option, self._option_string_actions)}")
        return super().parse_known_args(args, namespace)

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # of any type
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            told = nearest(str(value), choices) or f"; choose from {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{told}")

    def error(self, message: str) -> NoReturn:
        """Print the problem and where help is found, then exit with code 2."""
        self.exit(EXIT_INPUT, f"{self.prog}: error: {' '.join(message.split())}; see {self.prog} --help\n")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" with the known word that is most like the one given, "" where none is."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


class TerminalFormatter(argparse.HelpFormatter):
    """Wraps a description to the terminal's width: its paragraphs, and its lists of indented terms."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        blocks = re.split(r"\n\s*\n", text.strip("\n"))
        return "\n\n".join(
            block if block.startswith("examples:") else _block(block, width, indent) for block in blocks
        )


def _block(block: str, width: int, indent: str) -> str:
    """Wrap a paragraph; lines indented by two are items ``term   text``, deeper ones go on with the text."""
    lines: list[str] = []
    for line in block.splitlines():
        if lines and (line.startswith("   ") or not (line.startswith("  ") or lines[-1].startswith("  "))):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(_wrapped(line, width, indent) for line in lines)


def _wrapped(line: str, width: int, indent: str) -> str:
    item = re.match(r"  \S.*?  +", line)
    return textwrap.fill(
        line,
        width,
        initial_indent=indent,
        subsequent_indent=indent + " " * len(item[0] if item else ""),
        break_on_hyphens=False,
        break_long_words=False,
    )
