"""What a program takes that runs in a process of its own: processor seconds, seconds by the clock, memory."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    """What a program took, with the processes that it waited for.

    Attributes
    ----------
    processor_seconds, seconds : float
    peak_bytes : int
        Of its largest process; never less than that of the process which started it.
    """

    processor_seconds: float
    seconds: float
    peak_bytes: int


def run(command: Sequence[object], threads: int = 1, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end; its messages are kept from the screen unless it fails."""
    variables = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", **(environment or {})}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        streams = [(os.POSIX_SPAWN_DUP2, said.fileno(), number) for number in (1, 2)]
        text = list(map(str, command))
        process = os.posix_spawnp(text[0], text, variables, file_actions=streams)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - began
        if status:
            said.seek(0)
            sys.exit(f"failed: {' '.join(text)}\n{said.read().decode()[-4000:]}")
    return Cost(used.ru_utime + used.ru_stime, seconds, used.ru_maxrss * 1024)
