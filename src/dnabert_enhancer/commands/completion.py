"""Completion of command lines in bash, zsh and fish, by argcomplete."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable

SHELLS = ("bash", "zsh", "fish")


def is_asked() -> bool:
    """Tell whether a shell runs this process to learn how a line can go on."""
    return "_ARGCOMPLETE" in os.environ


def script(shell: str, program: str) -> str:
    """Return what a shell is to evaluate, so that it completes the program's command lines."""
    from argcomplete.shell_integration import shellcode

    return shellcode([program], shell=shell)


def complete(commands: Iterable[str], parser_of: Callable[[str], argparse.ArgumentParser]) -> None:
    """Answer the shell and exit; without effect where no shell asks.

    Parameters
    ----------
    commands : iterable of str
    parser_of : function
        Returns the parser of a command.
    """
    import argcomplete

    typed = os.environ.get("COMP_LINE", "").split()
    # of argparse's own class: one that refuses unknown options would refuse those of the commands
    program = argparse.ArgumentParser()
    program.add_argument("--version", action="store_true")
    program.add_argument("--completion", choices=SHELLS)
    subparsers = program.add_subparsers()
    for name in commands:
        parents = [parser_of(name)] if name in typed[1:2] else []
        parser = subparsers.add_parser(name, parents=parents, add_help=not parents)
        for action in parser._actions:
            if {"--model", "--base-model", "--tf"}.intersection(action.option_strings) or (
                name == "models" and action.dest == "names"
            ):
                vars(action)["completer"] = _names_of_models
    argcomplete.autocomplete(program)


def _names_of_models(prefix: str, **_: object) -> list[str]:
    from dnabert_enhancer.catalogue import Catalogue

    return [entry.name for entry in Catalogue.load() if entry.name.startswith(prefix)]
