"""Writes a bigWig in a process of its own: pyBigWig ends the process that it runs in when the disk is full.

Run as a module with the path of the file, it reads pickled messages from its standard input: first the
contigs with their lengths, then runs, at last None.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.scan.tracks import Runs

_EXIT_FAILED = 4


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
            [sys.executable, "-m", "dnabert_enhancer.scan.bigwig", os.fspath(path)],
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

    def _send(self, message: Any) -> None:  # any message of the three kinds
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
        reason = said.decode(errors="replace").strip().splitlines()[-1:] or [f"ended with {code}"]
        raise ResourceError(
            f"the bigWig file could not be written ({reason[0]})",
            source=self._path.parent,
            remedy="free some space or choose another place for the output",
        )


def main(path: str, messages: IO[bytes]) -> int:
    """Write the file that the messages describe; return the exit code."""
    import pyBigWig

    contigs = pickle.load(messages)
    with contextlib.closing(pyBigWig.open(path, "w")) as track:
        track.addHeader([(str(name), int(size)) for name, size in contigs])
        n_bases = 0
        while (message := _next_message(messages)) is not None:
            contig, start, end, value = message
            # entries of one call must all be named; the strings of an array share their width
            track.addEntries(np.full(len(start), contig), start, ends=end, values=value.astype(np.float64))
            n_bases += int((end - start).sum())
    with contextlib.closing(pyBigWig.open(path)) as track:
        written = track.header()["nBasesCovered"]
    if written != n_bases:
        sys.stderr.write(f"{written} of {n_bases} bases were written\n")
        return _EXIT_FAILED
    return 0


def _next_message(messages: IO[bytes]) -> Any:  # a message, or None at the end
    try:
        return pickle.load(messages)
    except EOFError:
        # the sender was killed: leave at once, the file stays unfinished
        os._exit(_EXIT_FAILED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.stdin.buffer))
