"""The entry point of all commands: finds the command, runs it, turns errors into one line and a code."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn, Protocol

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.failures import EXIT_INPUT, PROGRAM, Guard
from dnabert_enhancer.commands.options import Options


class CommandModule(Protocol):
    """What each file of this folder that holds a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options; imports nothing heavy."""

    def run(self, options: Options) -> None:
        """Do the work; raises `DnabertEnhancerError` for what the user can mend."""


class CommandEntry(NamedTuple):
    """A command: the module that holds it and the line that `--help` shows."""

    module: str
    summary: str


COMMANDS: dict[str, CommandEntry] = {
    "make-dataset": CommandEntry(
        "make_dataset", "labelled windows with matched negatives from regions and a genome"
    ),
    "tokenize": CommandEntry("tokenize", "sequences as DNABERT's k-mers (TSV) or token ids (Parquet)"),
    "finetune": CommandEntry("finetune", "train a model on labelled windows"),
    "evaluate": CommandEntry("evaluate", "metrics with confidence intervals, curves and baselines"),
    "predict": CommandEntry("predict", "enhancer probability of sequences, or a scan of a genome"),
    "score-variants": CommandEntry("score_variants", "effects of variants on enhancers and TF binding"),
    "compare-db": CommandEntry("compare_db", "calls against public enhancer databases"),
    "index-genome": CommandEntry("index_genome", "a copy of a genome with its index, for many readers"),
    "import-model": CommandEntry("import_model", "a DNABERT or Hugging Face checkpoint as a model directory"),
}


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose error is one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the problem and where help is found, then exit with code 2."""
        self.exit(EXIT_INPUT, f"{self.prog}: error: {' '.join(message.split())}; see {self.prog} --help\n")


def load_command(name: str) -> CommandModule:
    """Return the module of a command by the name that users type."""
    module: CommandModule = importlib.import_module(f"dnabert_enhancer.commands.{COMMANDS[name].module}")
    return module


def build_parser(name: str, program: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of one command, as the wrappers' tests compare it with their own options."""
    command = load_command(name)
    parser = OneLineParser(
        prog=program or f"{PROGRAM} {name}",
        description=command.__doc__,
        argument_default=argparse.SUPPRESS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    command.add_arguments(parser)
    group = parser.add_argument_group("messages")
    group.add_argument("--quiet", action="store_true", default=False, help="only warnings and errors")
    group.add_argument(
        "--debug", action="store_true", default=False, help="detailed log, and a traceback for an error"
    )
    return parser


def main(arguments: Sequence[str] | None = None, *, command: str | None = None) -> NoReturn:
    """Run one command and exit.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program; default ``sys.argv[1:]``.
    command : str, optional
        The command to run; default: the first argument names it.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    program = command or PROGRAM
    sys.exit(Guard(program).run(lambda guard: _run(given, command, guard)))


def _run(given: list[str], command: str | None, guard: Guard) -> None:
    if command is None:
        command = _chosen_command(given)
        given = given[1:]
        guard.program = f"{PROGRAM} {command}"
    args = build_parser(command, guard.program).parse_args(given)
    args.command_name = command
    args.command_line = [command, *given]
    guard.debug = args.debug
    _set_up_logging(quiet=args.quiet, debug=args.debug)
    load_command(command).run(Options.of_namespace(args))


def _chosen_command(given: list[str]) -> str:
    parser = OneLineParser(
        prog=PROGRAM,
        description="Train, evaluate and apply DNABERT enhancer models.",
        epilog="commands:\n" + "\n".join(f"  {name:<15}{entry.summary}" for name, entry in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{PROGRAM} COMMAND [options]",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "command", choices=list(COMMANDS), metavar="COMMAND", help="one of the commands below"
    )
    return str(parser.parse_args(given[:1]).command)


def _set_up_logging(*, quiet: bool, debug: bool) -> None:
    level = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("dnabert_enhancer").setLevel(level)
