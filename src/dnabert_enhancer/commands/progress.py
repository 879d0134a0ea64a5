"""Progress of a long run: a bar on a terminal, a log line now and then elsewhere."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator

LOG_SECONDS = 30.0


@contextlib.contextmanager
def progress_of(
    task: str, total: int | None, unit: str, *, quiet: bool = False
) -> Iterator[Callable[[int], None]]:
    """Give a function that takes how many units were done since its last call.

    Parameters
    ----------
    task : str
        What is being done.
    total : int or None
        How many units there are; None where that is not known.
    unit : str
        Their name.
    quiet : bool
        Show nothing.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(task, total, unit) as advance:
            yield advance
    else:
        yield _LogLines(task, total, unit).advance


@contextlib.contextmanager
def _bar(task: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(task), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        number = bar.add_task(task, total=total)
        yield lambda done: bar.advance(number, done)


class _LogLines:
    def __init__(self, task: str, total: int | None, unit: str) -> None:
        self._log = logging.getLogger(__name__)
        self._task, self._total, self._unit = task, total, unit
        self._done = 0
        self._began = self._logged = time.monotonic()

    def advance(self, done: int) -> None:
        self._done += done
        now = time.monotonic()
        if now - self._logged < LOG_SECONDS:
            return
        self._logged = now
        rate = self._done / (now - self._began)
        of = f" of {self._total:,}" if self._total else ""
        self._log.info("%s: %s%s %s, %.0f a second", self._task, f"{self._done:,}", of, self._unit, rate)
