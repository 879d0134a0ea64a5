"""Writes a bigWig in a process of its own, because pyBigWig crashes when the disk is full."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.scan.tracks import Runs

_PROGRAM = Path(__file__).with_name("bigwig_process.py")


class BigWigWriter:
    """A bigWig file that is being written, as a context manager; the file is whole when the block ends well.

    Parameters
    ----------
    path : path
        The file; it is overwritten.
    contigs : sequence of (str, int)
        Contigs and lengths, sorted by name as UCSC's programs expect.

    Raises
    ------
    ResourceError
        The writing process failed, most likely for lack of space.
    """

    def __init__(self, path: str | os.PathLike[str], contigs: Sequence[tuple[str, int]]) -> None:
        self._path = Path(path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", os.fspath(_PROGRAM), os.fspath(path)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._send(list(contigs))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.kill()
            self._process.communicate()
            return
        self._send(None)
        self._check(self._process.communicate()[1])

    def add(self, contig: str, runs: Runs) -> None:
        """Write more runs; contigs in the order of the header, runs ascending."""
        if len(runs.start):
            self._send((contig, *runs))

    def _send(self, message: Any) -> None:  # contigs, runs, or None at the end
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except BrokenPipeError:
            assert self._process.stderr is not None
            said = self._process.stderr.read()
            self._process.wait()
            self._check(said)
            raise

    def _check(self, said: bytes) -> None:
        code = self._process.returncode
        if code == 0:
            return
        lines = said.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"its writer ended with {code}"
        if code < 0:
            reason = f"its writer ended with {signal.Signals(-code).name}"
        raise ResourceError(
            f"the bigWig file could not be written ({reason}); is the disk full?",
            source=self._path.parent,
            remedy="free some space or choose another place for the output",
        )
