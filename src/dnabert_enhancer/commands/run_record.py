"""What a run tells: PREFIX.run.json (arguments, versions, inputs, counts, seconds) and its progress."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.options import Options
from dnabert_enhancer.files import is_stream, keep_input, sha256_of, size_of
from dnabert_enhancer.installation import package_versions

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.api import Model
    from dnabert_enhancer.scan import ResultCounts, Scan, SequenceSettings

_log = logging.getLogger(__name__)
_DONE = ("windows", "scored", "screened", "null_windows")
LOG_SECONDS = 30.0
_TELLING_SECONDS = 5.0
"""What took less tells no rate: much of it was the first call."""


class RunRecord:
    """The content of ``<prefix>.run.json``.

    Parameters
    ----------
    options : Options
        What was given on the command line.
    """

    def __init__(self, options: Options) -> None:
        self._clock = time.monotonic()
        self._content: dict[str, Any] = {  # JSON values of several types
            "command": options.command,
            "command_line": list(options.command_line),
            "arguments": {name: _plain(value) for name, value in sorted(options.items())},
            "versions": package_versions(__version__),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "inputs": [],
            "counts": {},
            "skipped": {},
        }

    def add_input(self, role: str, path: str | Path) -> str:
        """Note a file or pipe that was read, with its size and SHA-256 (folders: the name alone).

        Returns the SHA-256, or an empty text.
        """
        keep_input(path)
        entry: dict[str, Any] = {"role": role, "path": str(path)}
        if is_stream(path) or Path(path).is_file():
            entry |= {"bytes": size_of(path), "sha256": sha256_of(path)}
        self._content["inputs"].append(entry)
        return str(entry.get("sha256", ""))

    def add_known_input(self, role: str, path: str | Path, sha256: str) -> None:
        """Note a file whose SHA-256 is known from an earlier run."""
        self._content["inputs"].append({"role": role, "path": str(path), "sha256": sha256})

    def count(self, name: str, number: int) -> None:
        """Add to a count of things done."""
        counts = self._content["counts"]
        counts[name] = counts.get(name, 0) + int(number)

    def skip(self, reason: str, number: int = 1) -> None:
        """Add to the count of things left out for a reason (a code in lower case with underscores)."""
        skipped = self._content["skipped"]
        skipped[reason] = skipped.get(reason, 0) + int(number)

    def set(self, name: str, value: Any) -> None:  # any JSON value
        """Set a top-level entry, such as ``model`` or ``engine``."""
        self._content[name] = value

    def to_json(self) -> str:
        """Return the record as text, the seconds since its making included."""
        self._content["seconds"] = round(time.monotonic() - self._clock, 3)
        return json.dumps(self._content, indent=2) + "\n"


def _plain(value: object) -> Any:  # a JSON value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, type(None))) else str(value)


class ScanRecord(RunRecord):
    """The record of a scan, of a shard, or of shards put together."""

    def add_scores(
        self,
        facts: Mapping[str, Any],
        counts: Mapping[str, int],
        seconds: Mapping[str, float],
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was scored, skipped and how long it took; tell the log.

        Parameters
        ----------
        facts : mapping
            What the scores depend on.
        counts, seconds : mapping
            See `ScoreHeader`.
        notes : mapping, optional
            What became of the regions.
        """
        self.set("scan", {**facts, "regions": dict(notes or {})})
        if notes and notes["regions_widened"]:
            _log.info(
                "%d regions shorter than the window were widened to %d bp",
                notes["regions_widened"],
                facts["window_length"],
            )
        for name, number in counts.items():
            if name in _DONE:
                self.count(name, number)
            else:
                self.skip(name, number)
                _log.info("%d skipped: %s", number, name.replace("_", " "))
        total = sum(seconds.values())
        shares = {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
        self.set("time", shares | {"other_share": round(seconds["other"] / total, 4) if total else 0.0})
        if seconds["model"]:
            n_null = counts.get("null_windows", 0)
            rate = ""
            if seconds["model"] >= _TELLING_SECONDS:
                rate = f", {_rate(counts['scored'] + n_null, seconds['model'])}"
            _log.info("%d windows and %d of the null scored%s", counts["scored"], n_null, rate)

    def add_results(self, scan: Scan, counts: ResultCounts, seconds: float) -> None:
        """Note what a whole scan gave.

        Parameters
        ----------
        counts : ResultCounts
            What was written.
        seconds : float
            How long the writing took.
        """
        spent = scan.scores.total("seconds")
        spent["other"] += seconds
        self.add_scores(scan.scores.settings, scan.counts, spent, scan.notes)
        for name, number in counts._asdict().items():
            self.count(name, number)
        settings = {"threshold": scan.settings.threshold, "merge_gap": scan.settings.merge_gap}
        self.set("calls_made_with", settings)
        calls_per_mb = round(1e6 * counts.calls / counts.scanned_bases, 3) if counts.scanned_bases else None
        self.set("calls_per_mb", calls_per_mb)
        rate = "" if calls_per_mb is None else f": {calls_per_mb:.1f} calls per Mb"
        _log.info("%d calls with %d bp in %d bp scanned%s", *counts, rate)


class SequenceRecord(RunRecord):
    """The record of scores of sequences."""

    def add_rows(self, frame: pd.DataFrame, window: int) -> None:
        """Note the rows of `Model.predict`; `window` is the length of a window in bp."""
        scored = frame["windows"] > 0
        self.count("sequences", len(frame))
        self.count("windows", int(frame["windows"].sum()))
        self.count("scored", int(scored.sum()))
        self.count("shorter_than_window", int((frame["length"] < window).sum()))
        for note, number in Counter(frame["note"][~scored]).items():
            self.skip(f"sequence_{note}", number)
        if frame["skipped"].any():
            self.skip("window_too_many_unknown_bases", int(frame["skipped"].sum()))

    def add_embeddings(
        self, file: str, facts: Mapping[str, str], shape: tuple[int, int], notes: Mapping[str, int]
    ) -> None:
        """Note the embeddings that were written, as what, and why some sequences have none."""
        self.set("embeddings", {"file": file, **facts, "sequences": shape[0], "hidden": shape[1]})
        self.count("embedded", shape[0] - sum(notes.values()))
        for note, number in notes.items():
            self.skip(f"embedding_{note}", number)
        _log.info("%d embeddings of %d numbers", shape[0] - sum(notes.values()), shape[1])

    def finish(self, model: Model, settings: SequenceSettings, labels: Counter[str]) -> None:
        """Note engine and threshold; tell the log how many sequences have which label."""
        words = [(name if name != "NA" else "without a label", n) for name, n in sorted(labels.items())]
        told = ", ".join(f"{number} {word}" for word, number in words)
        _log.info("%d sequences: %s", labels.total(), told)
        self.set("engine", model.engine.description())
        self.set("threshold", model.threshold(settings))


def _rate(done: int, seconds: float) -> str:
    """Return a rate with two digits, or as the time of one."""
    rate = done / seconds
    if rate >= 10:
        return f"{rate:,.0f} a second"
    return f"{rate:.1f} a second" if rate >= 1 else f"{seconds / max(done, 1):,.0f} seconds each"


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
        rate = _rate(self._done, now - self._began)
        of = f" of {self._total:,}" if self._total else ""
        self._log.info("%s: %s%s %s, %s", self._task, f"{self._done:,}", of, self._unit, rate)
