"""The entry point of all commands: finds the command, runs it, turns errors into a line and a code.

0: done. 2: arguments or input. 3: not enough resources. 70: an error of our own, with a report in a file.
128 + N: stopped by signal N.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import logging
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

from dnabert_enhancer import __version__
from dnabert_enhancer.commands import completion
from dnabert_enhancer.commands.inputs import check_outputs, input_paths
from dnabert_enhancer.commands.options import Options
from dnabert_enhancer.commands.parser import EXIT_INPUT, CommandParser
from dnabert_enhancer.errors import DnabertEnhancerError, ResourceError
from dnabert_enhancer.files import finished_outputs, inputs_kept, interrupt

PROGRAM = "dnabert-enhancer"
EXIT_RESOURCES = 3
EXIT_UNFORESEEN = 70
_AGAIN_SECONDS = 5.0
_AT_ONCE_SECONDS = 0.05
_CLEANING_SECONDS = 10.0
# what libraries of C++ and the loader of shared libraries say under a memory limit
_OUT_OF_MEMORY = re.compile(
    r"out of memory|cannot allocate memory|can't allocate memory|bad_?\s?alloc|failed to map segment"
    r"|can't start new thread|DefaultCPUAllocator|insufficient memory",
    re.IGNORECASE,
)
# bytes of address space, which stacks and mapped libraries take as well; in less, OpenBLAS ends the process
_LEAST_MEMORY = 600_000_000
_STOPPING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class CommandModule(Protocol):
    """What each file of this folder that holds a command offers."""

    EXAMPLES: tuple[str, ...]
    """Command lines for the end of ``--help``, of at most 76 letters."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options; imports nothing heavy."""

    def run(self, options: Options) -> None:
        """Do the work; raises `DnabertEnhancerError` for what the user can mend.

        A module may have ``check(options)`` too, which raises what the options tell without any file.
        """


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
    "tune": CommandEntry("tune", "search the hyper-parameters with which a model validates best"),
    "evaluate": CommandEntry("evaluate", "metrics with confidence intervals, curves and baselines"),
    "predict": CommandEntry("predict", "enhancer probability of sequences, or a scan of a genome"),
    "score-variants": CommandEntry("score_variants", "effects of variants on enhancers and TF binding"),
    "interpret": CommandEntry("interpret", "importance of every base of sequences or regions"),
    "compare-db": CommandEntry("compare_db", "calls against public enhancer databases"),
    "report": CommandEntry("report", "one HTML page of finished runs"),
    "index-genome": CommandEntry("index_genome", "a copy of a genome with its index, for many readers"),
    "models": CommandEntry(
        "models", "the models that can be named: list, show, get, remove, check, calibrate, background"
    ),
    "import-model": CommandEntry("import_model", "a DNABERT or Hugging Face checkpoint as a model directory"),
    "check": CommandEntry("check", "the options of commands that are to run later, all at once"),
    "doctor": CommandEntry("doctor", "what is installed, what is missing, how a model would be computed"),
}


def load_command(name: str) -> CommandModule:
    """Return the module of a command by the name that users type."""
    module: CommandModule = importlib.import_module(f"dnabert_enhancer.commands.{COMMANDS[name].module}")
    return module


def build_parser(name: str, program: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of one command, as the wrappers' tests compare it with their own options."""
    command = load_command(name)
    parser = CommandParser(
        prog=program or f"{PROGRAM} {name}",
        description=command.__doc__,
        argument_default=argparse.SUPPRESS,
        examples=command.EXAMPLES,
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
    if completion.is_asked():
        completion.complete(COMMANDS, build_parser)
    given = list(sys.argv[1:] if arguments is None else arguments)
    program = command or PROGRAM
    code = Guard(program).run(lambda guard: _run(given, command, guard))
    # CPython notes a KeyboardInterrupt that left code given as text, such as that of a dataclass being made
    # in an import, and ends the program as killed by SIGINT; such code that ends well clears the note
    exec("")
    sys.exit(code)


def _run(given: list[str], command: str | None, guard: Guard) -> None:
    if command is None:
        command = _chosen_command(given)
        given = given[1:]
        guard.program = f"{PROGRAM} {command}"
    if given == ["--version"]:  # every task of a pipeline asks: answered without the command's own imports
        print(f"{PROGRAM} {__version__}")  # noqa: T201  for whoever asks
        return
    args = build_parser(command, guard.program).parse_args(given)
    args.command_name = command
    args.command_line = [command, *given]
    guard.debug = args.debug
    _set_up_logging(quiet=args.quiet, debug=args.debug)
    _require_memory()
    options = Options.of_namespace(args)
    with inputs_kept(input_paths(options)):
        check_outputs(options)
        load_command(command).run(options)


def _chosen_command(given: list[str]) -> str:
    parser = CommandParser(
        prog=PROGRAM,
        description="Train, evaluate and apply DNABERT enhancer models.",
        epilog="commands:\n" + "\n".join(f"  {name:<16}{entry.summary}" for name, entry in COMMANDS.items()),
        usage=f"{PROGRAM} COMMAND [options]",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "--completion",
        choices=completion.SHELLS,
        help="print what completes command lines in a shell, which is to evaluate it, as by"
        f' eval "$({PROGRAM} --completion bash)"',
    )
    parser.add_argument(
        "command", choices=list(COMMANDS), metavar="COMMAND", nargs="?", help="one of the commands below"
    )
    args = parser.parse_args(given[: 2 if given[:1] == ["--completion"] else 1])
    if args.completion:
        print(completion.script(args.completion, PROGRAM))  # noqa: T201  for the shell to evaluate
        sys.exit(0)
    if args.command is None:
        parser.print_help()
        sys.exit(0)
    return str(args.command)


def _set_up_logging(*, quiet: bool, debug: bool) -> None:
    level = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("dnabert_enhancer").setLevel(level)


class Guard:
    """Runs a command and turns whatever it raises into one line and an exit code.

    Parameters
    ----------
    program : str
        What the line begins with.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.debug = False
        self._signal: signal.Signals | None = None
        self._patience = 0.0

    def run(self, work: Callable[[Guard], None]) -> int:
        """Return the exit code."""
        _open_standard_streams()
        try:
            with self._signals_raised():
                try:
                    work(self)
                finally:
                    sys.stdout.flush()
        except SystemExit as stop:
            return stop.code if isinstance(stop.code, int) else 0
        except BrokenPipeError:
            # the reader of our standard output went away (`| head`): nothing is wrong, no more can be printed
            _forget_output()
            return 0
        except BaseException as error:
            if self._signal is not None:  # whatever an extension that was just being imported made of it
                return self._report(f"stopped by {self._signal.name}; {_what_stays()}", 128 + self._signal)
            return self._report_of(error)
        return 0

    @contextlib.contextmanager
    def _signals_raised(self) -> Iterator[None]:
        """Let SIGTERM and SIGHUP clean up as Ctrl-C does, except where they are ignored (`nohup`).

        KeyboardInterrupt can be lost: in a callback, such as that of an import's lock, of which Python tells
        `sys.unraisablehook` alone; or in an import of an extension that its importer does without. So it is
        raised again, a moment later or after some seconds, as long as the command goes on.
        """
        process = os.getpid()

        def stop(number: int, _frame: object) -> None:
            if os.getpid() == process:
                if self._signal is not None and time.monotonic() < self._patience:
                    return  # the first one is being seen to
                self._signal = signal.Signals(number)
                self._patience = time.monotonic() + _CLEANING_SECONDS
                signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS, _AGAIN_SECONDS)
                interrupt()
                return
            signal.signal(number, signal.SIG_DFL)  # a forked worker ends as it would have
            os.kill(os.getpid(), number)

        def lost(what: sys.UnraisableHookArgs) -> None:
            if self._signal is None or not issubclass(what.exc_type, KeyboardInterrupt):
                usual_hook(what)
            elif os.getpid() == process:
                signal.setitimer(signal.ITIMER_REAL, _AT_ONCE_SECONDS, _AGAIN_SECONDS)

        usual_hook = sys.unraisablehook
        usual = (signal.SIG_DFL, signal.default_int_handler)
        before = {number: signal.getsignal(number) for number in _STOPPING}
        changed = {number: handler for number, handler in before.items() if handler in usual}
        for number in changed:
            signal.signal(number, stop)
        alarm = signal.signal(signal.SIGALRM, lambda *_: interrupt())
        sys.unraisablehook = lost
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
            sys.unraisablehook = usual_hook
            for number, handler in changed.items():
                signal.signal(number, handler)

    def _report_of(self, error: BaseException) -> int:
        if isinstance(error, KeyboardInterrupt):
            return self._report(f"interrupted; {_what_stays()}", 128 + signal.SIGINT)
        if isinstance(error, DnabertEnhancerError):
            return self._report(str(error), error.exit_code)
        if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)):
            said = "not enough memory; give a smaller --batch-size or more memory"
            return self._report(said, EXIT_RESOURCES)
        if isinstance(error, OSError):
            return self._report_of_system(error)
        if _memory_was_short():
            said = "not enough memory (see ulimit -v)"
            return self._report(f"{said}; {_named(error)}", EXIT_RESOURCES)
        return self._report(
            f"an error that should not happen: {_named(error)}; {_written_report(self.program)}",
            EXIT_UNFORESEEN,
        )

    def _report_of_system(self, error: OSError) -> int:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = (
            "free some space or choose another place for the output"
            if full
            else "check the path and its permissions"
        )
        where = f"{error.filename}: " if error.filename else ""
        _forget_output()
        return self._report(
            f"{where}{error.strerror or error}; {remedy}", EXIT_RESOURCES if full else EXIT_INPUT
        )

    def _report(self, line: str, code: int) -> int:
        if self.debug:
            logging.getLogger(PROGRAM).exception("traceback asked for by --debug")
        with contextlib.suppress(OSError):
            print(f"{self.program}: error: {line}", file=sys.stderr)  # noqa: T201  the one place that prints errors
        return code


def _what_stays() -> str:
    finished = finished_outputs()
    if not finished:
        return "outputs that were not finished were removed"
    more = f" and {len(finished) - 1} more" if len(finished) > 1 else ""
    return f"finished outputs stay ({finished[-1]}{more}), others were removed"


def _open_standard_streams() -> None:
    """Open what the caller closed (`>&-`), lest the first output file becomes the standard output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY)  # takes the lowest free number; reading the first one fails
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115  for the rest of the process


def _forget_output() -> None:
    """Send what is still to be printed to nowhere, so that Python's own last flush cannot fail."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _memory_limit() -> int | None:
    """Return how many bytes of address space this process may use, None where nothing limits it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _memory_was_short() -> bool:
    """Tell whether this process came near its limit of address space.

    Libraries of C that get no memory do not always say so: an import of NumPy can end in a SystemError.
    """
    limit = _memory_limit()
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # no Linux
        return False
    peak = re.search(r"^VmPeak:\s*(\d+) kB", status, re.MULTILINE)
    return limit is not None and peak is not None and int(peak[1]) * 1024 > limit / 2


def _require_memory() -> None:
    """Raise a `ResourceError` where libraries of C would crash on import rather than say what they lack."""
    limit = _memory_limit()
    if limit is not None and limit < _LEAST_MEMORY:
        raise ResourceError(
            f"not enough memory: this process may use {limit / 1e6:.0f} MB"
            f" and needs {_LEAST_MEMORY / 1e6:.0f} MB",
            remedy="raise the limit of address space (ulimit -v)",
        )


def _named(error: BaseException) -> str:
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}{': ' if text else ''}{text[:200]}"


def _written_report(program: str) -> str:
    """Write the traceback to a file and return where it is."""
    content = f"{program} {__version__}, Python {sys.version}\n{sys.argv}\n\n{traceback.format_exc()}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix=f"{PROGRAM}-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(content)
    except OSError:
        return "please report it with what --debug prints"
    return f"please report it with the file {file.name}"
