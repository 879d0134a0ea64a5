"""Work in a copy of this process, which can be killed: nothing that is imported is imported again.

A new process of a training spends 6 s of a processor on imports, a copy none. What a copy works with is for
one thread: those of the process that is copied are not in it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest


class Copy:
    """A copy of this process at work.

    Parameters
    ----------
    work : callable
        What the copy does; its end is that of the copy.
    said : Path
        Gets all that the copy writes to its standard output and error.
    patience : float
        Seconds after which a copy that hangs is killed.
    """

    def __init__(self, work: Callable[[], object], said: Path, patience: float = 600) -> None:
        import_module("dnabert_enhancer.training.attempt")  # what a training would import in each copy
        _skip_with_devices()
        self._said = said
        self._patience = patience
        self._code: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, as said above
            self.pid = os.fork()
        if self.pid == 0:
            _work_and_end(work, said)

    @property
    def said(self) -> str:
        """What it wrote."""
        return self._said.read_text() if self._said.exists() else ""

    def poll(self) -> int | None:
        """Return the exit code, minus the number of a signal; None while it works."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self) -> int:
        """Wait for its end and return the exit code, minus the number of a signal."""
        end = time.monotonic() + self._patience
        while self.poll() is None:
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"not ended within {self._patience} s: {self.said}")
            time.sleep(0.01)
        assert self._code is not None
        return self._code

    def kill(self) -> int:
        """Kill it as no program can prevent; return minus the number of the signal."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        assert self._code is not None
        return self._code


def _skip_with_devices() -> None:
    """Skip where torch has a graphics card: its threads make copies useless."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        pytest.skip(
            "a process that knows of a graphics card cannot be copied; hide it: CUDA_VISIBLE_DEVICES="
        )


def _work_and_end(work: Callable[[], object], said: Path) -> None:
    """Do the work and end this process, without what its parent has registered for its own end."""
    code = 1
    try:
        with said.open("wb") as file:
            for number in (1, 2):
                os.dup2(file.fileno(), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        work()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
