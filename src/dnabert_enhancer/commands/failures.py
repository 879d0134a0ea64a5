"""Turns whatever a command raises, or a signal that stops it, into one line and an exit code.

0: done. 2: arguments or input. 3: not enough resources. 70: an error of our own, with a report in a file.
128 + N: stopped by signal N.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator

from dnabert_enhancer import __version__
from dnabert_enhancer.errors import DnabertEnhancerError

PROGRAM = "dnabert-enhancer"
EXIT_INPUT = 2
EXIT_RESOURCES = 3
EXIT_UNFORESEEN = 70
_STOPPING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


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

    def run(self, work: Callable[[Guard], None]) -> int:
        """Return the exit code."""
        if sys.stdout is None:  # closed by the caller (`>&-`)
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  for the rest of the process
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
                said = f"stopped by {self._signal.name}; outputs that were not finished were removed"
                return self._report(said, 128 + self._signal)
            return self._report_of(error)
        return 0

    @contextlib.contextmanager
    def _signals_raised(self) -> Iterator[None]:
        """Let SIGTERM and SIGHUP clean up as Ctrl-C does, except where they are ignored (`nohup`)."""
        process = os.getpid()

        def stop(number: int, _frame: object) -> None:
            if os.getpid() == process:
                self._signal = signal.Signals(number)
                raise KeyboardInterrupt
            signal.signal(number, signal.SIG_DFL)  # a forked worker ends as it would have
            os.kill(os.getpid(), number)

        usual = (signal.SIG_DFL, signal.default_int_handler)
        before = {number: signal.getsignal(number) for number in _STOPPING}
        changed = {number: handler for number, handler in before.items() if handler in usual}
        for number in changed:
            signal.signal(number, stop)
        try:
            yield
        finally:
            for number, handler in changed.items():
                signal.signal(number, handler)

    def _report_of(self, error: BaseException) -> int:
        if isinstance(error, KeyboardInterrupt):
            return self._report(
                "interrupted; outputs that were not finished were removed", 128 + signal.SIGINT
            )
        if isinstance(error, DnabertEnhancerError):
            return self._report(str(error), error.exit_code)
        if isinstance(error, MemoryError):
            said = "not enough memory; give a smaller --batch-size or more memory"
            return self._report(said, EXIT_RESOURCES)
        if isinstance(error, OSError):
            return self._report_of_system(error)
        return self._report(f"{_first_line(error)}; {_written_report(self.program)}", EXIT_UNFORESEEN)

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


def _forget_output() -> None:
    """Send what is still to be printed to nowhere, so that Python's own last flush cannot fail."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _first_line(error: BaseException) -> str:
    text = next(iter(str(error).splitlines()), "")
    return f"an error that should not happen: {type(error).__name__}{': ' if text else ''}{text[:200]}"


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
