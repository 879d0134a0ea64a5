"""The options of commands that are to run later: all that is wrong with them, before the first one starts.

FILE is JSON: a list of {"where": "row 3", "command": "predict", "arguments": ["--threshold", "0.5"]}, without
the files and whatever else is not known yet. Each fault is a line, and the exit code is 2 where there are
any. The pipeline asks this before its first task.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from dnabert_enhancer.errors import DnabertEnhancerError, InputError

if TYPE_CHECKING:
    from dnabert_enhancer.commands.options import Options

EXAMPLES = ("check planned.json", "check - --json")
_KEYS = {"where", "command", "arguments"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("planned", metavar="FILE", help="the commands as JSON; - is standard input")
    parser.add_argument(
        "--json",
        action="store_true",
        help='print the faults as a JSON list of {"where", "fault"}, and exit with code 0',
    )


def run(options: Options) -> None:
    """Check every command; print what is wrong."""
    faults = [
        {"where": where, "fault": fault}
        for where, command, arguments in _planned(options["planned"])
        for fault in faults_of(command, arguments)
    ]
    if "json" in options:
        print(json.dumps(faults))  # noqa: T201  for whoever asked
    elif faults:
        lines = [f"{one['where']}: {one['fault']}" for one in faults]
        if len(lines) == 1:
            raise InputError(lines[0])
        print("\n".join(lines))  # noqa: T201  what was asked for
        raise InputError(f"{len(lines)} faults in the options of commands, which are told above")


def faults_of(command: str, arguments: Sequence[str]) -> list[str]:
    """Return what is wrong with a command's options as far as they tell it.

    Parameters
    ----------
    command : str
        Its name.
    arguments : sequence of str
        Options and their values; those that are required may be missing.
    """
    faults: list[str] = []
    left = list(arguments)
    while (fault := _first_fault(command, left)) is not None:
        faults.append(fault)
        # the others, without the option that it names
        shorter = _without(left, fault.split()[0].rstrip(":,"))
        if len(shorter) == len(left):
            break
        left = shorter
    return faults


def _first_fault(command: str, arguments: list[str]) -> str | None:
    from dnabert_enhancer.commands.cli import COMMANDS, build_parser, load_command
    from dnabert_enhancer.commands.options import Options

    if command not in COMMANDS:
        return f"there is no command {command!r}"
    parser = build_parser(command)
    for action in parser._actions:
        action.required = False
    for group in parser._mutually_exclusive_groups:
        group.required = False
    parser.error = _raise  # type: ignore[method-assign]  # told, not printed
    try:
        args = parser.parse_args(arguments)
        args.command_name, args.command_line = command, [command, *arguments]
        check = getattr(load_command(command), "check", None)
        if check is not None:
            check(Options.of_namespace(args))
    except DnabertEnhancerError as error:
        return str(error)
    return None


def _without(arguments: list[str], option: str) -> list[str]:
    """Return a command line without an option and its values."""
    kept: list[str] = []
    inside = False
    for word in arguments:
        if word.startswith("--"):
            inside = word.partition("=")[0] == option
        if not inside:
            kept.append(word)
    return kept


def _raise(message: str) -> NoReturn:
    raise InputError(" ".join(message.removeprefix("argument ").split()))


def _planned(path: str) -> list[tuple[str, str, list[str]]]:
    from dnabert_enhancer.files import read_text_lines

    try:
        content = json.loads("\n".join(line for _, line in read_text_lines(path)))
    except ValueError as error:
        raise InputError(f"this is no JSON: {error}", source=path) from None
    entries = content if isinstance(content, list) else [content]
    for entry in entries:
        is_entry = isinstance(entry, dict) and set(entry) == _KEYS
        if not is_entry or not all(isinstance(text, str) for text in entry["arguments"]):
            raise InputError(
                f"{str(entry)[:60]} is no command",
                source=path,
                remedy='give a list of {"where": TEXT, "command": NAME, "arguments": [TEXT, ...]}',
            )
    return [(str(one["where"]), str(one["command"]), one["arguments"]) for one in entries]
