"""The entry point of all commands: finds the command, runs it, turns errors into one line and a code."""

from __future__ import annotations

import argparse
import errno
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn, Protocol

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.options import Options
from dnabert_enhancer.errors import DnabertEnhancerError

PROGRAM = "dnabert-enhancer"
EXIT_INPUT = 2
EXIT_RESOURCES = 3
EXIT_INTERRUPTED = 130


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
        argument_default=argparse.SUPPRESS if _takes_options(command) else None,
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


def _takes_options(module: CommandModule) -> bool:
    return "options" in inspect.signature(module.run).parameters


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
    program = command
    if command is None:
        command = _chosen_command(given)
        given = given[1:]
        program = f"{PROGRAM} {command}"
    parser = build_parser(command, program)
    args = parser.parse_args(given)
    args.command_name = command
    args.command_line = [command, *given]
    _set_up_logging(quiet=args.quiet, debug=args.debug)
    sys.exit(_run(load_command(command), args, str(program)))


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


def _run(module: CommandModule, args: argparse.Namespace, program: str) -> int:
    try:
        module.run(Options.of_namespace(args) if _takes_options(module) else args)  # type: ignore[arg-type]
        sys.stdout.flush()
    except DnabertEnhancerError as error:
        return _report(args, program, str(error), error.exit_code)
    except MemoryError:
        return _report(
            args, program, "not enough memory; give a smaller --batch-size or more memory", EXIT_RESOURCES
        )
    except BrokenPipeError:
        # the reader of our standard output went away (`| head`): nothing is wrong, no more can be printed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = (
            "free some space or choose another place for the output"
            if full
            else "check the path and its permissions"
        )
        where = f"{error.filename}: " if error.filename else ""
        return _report(
            args,
            program,
            f"{where}{error.strerror or error}; {remedy}",
            EXIT_RESOURCES if full else EXIT_INPUT,
        )
    except KeyboardInterrupt:
        return _report(args, program, "interrupted; no output was written", EXIT_INTERRUPTED)
    return 0


def _report(args: argparse.Namespace, program: str, line: str, code: int) -> int:
    if args.debug:
        logging.getLogger(PROGRAM).exception("traceback asked for by --debug")
    print(f"{program}: error: {line}", file=sys.stderr)  # noqa: T201  the one place that prints errors
    return code


def _set_up_logging(*, quiet: bool, debug: bool) -> None:
    level = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("dnabert_enhancer").setLevel(level)
