"""The process that writes a bigWig: a script that is given the path and reads pickled messages.

First come the contigs with their lengths, then runs (contig, start, end, value), at last None. The file
imports nothing of the package, so that the process starts fast.
"""

import contextlib
import pickle
import sys
from typing import IO, Any

import numpy as np

EXIT_FAILED = 4


def main(path: str, messages: IO[bytes]) -> int:
    """Write the file that the messages describe; return the exit code."""
    import pyBigWig

    contigs = pickle.load(messages)
    n_bases = 0
    with contextlib.closing(pyBigWig.open(path, "w")) as track:
        track.addHeader([(str(name), int(size)) for name, size in contigs])
        while (message := _next_message(messages)) is not None:
            contig, start, end, value = message
            # as bytes, since pyBigWig takes arrays of letters beyond ASCII for something else
            names = np.full(len(start), contig.encode())
            track.addEntries(names, start, ends=end, values=value.astype(np.float64))
            n_bases += int((end - start).sum())
    with contextlib.closing(pyBigWig.open(path)) as track:
        written = track.header()["nBasesCovered"]
    if written != n_bases:
        sys.stderr.write(f"{written} of {n_bases} bases were written\n")
        return EXIT_FAILED
    return 0


def _next_message(messages: IO[bytes]) -> Any:  # a tuple of runs, or None at the end
    try:
        return pickle.load(messages)
    except EOFError:
        # the sender is gone
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.stdin.buffer))
    except (RuntimeError, OSError) as error:
        sys.stderr.write(str(error).splitlines()[0] + "\n")
        sys.exit(EXIT_FAILED)
