"""Writes the results of a scan, streaming: track, calls with q-values, what was scanned, windows."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files import OutputSet, move_into, tabix_index
from dnabert_enhancer.model import Task
from dnabert_enhancer.scan.region_rows import RegionRows, region_frames
from dnabert_enhancer.scan.scores import Scores, q_values, score_bins
from dnabert_enhancer.scan.tracks_and_calls import (
    CALL_COLUMNS,
    CALL_DEVIATION,
    VALUE_COLUMNS,
    VALUE_DEVIATION,
    WINDOW_COLUMNS,
    WINDOW_DEVIATION,
    Call,
    ContigWindows,
    ResultCounts,
    ResultSettings,
    Runs,
    result_parts,
)

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)
NO_VALUE = "NA"


class _Indexed(NamedTuple):
    """A bgzip stream, where it is being written, and where its tabix index goes."""

    stream: TextIO
    path: Path
    index_path: Path

    @classmethod
    def open(cls, out: OutputSet, final: str) -> _Indexed:
        """Open an output and claim its index."""
        stream = out.open_text(final)
        return cls(stream, Path(stream.name), out.path(f"{final}.tbi"))

    def finish(self) -> None:
        """Close the stream and index the file."""
        self.stream.close()
        tabix_index(self.path)
        made = next(path for ending in (".tbi", ".csi") if (path := Path(f"{self.path}{ending}")).exists())
        move_into(self.index_path, made)


class ResultFiles:
    """The files of a scan's results, opened at once so that a place that cannot be written shows early.

    Parameters
    ----------
    out : OutputSet
    prefix : str
        What all names begin with.
    windows, bedgraph : bool
        Whether to write the optional ``PREFIX.windows.tsv.gz`` and ``PREFIX.bedgraph.gz``.
    regions : bool
        Whether to write ``PREFIX.regions.tsv``: of a scan that was given regions.
    screened : bool
        Whether to write ``PREFIX.screened.bed``: of a scan with a screen.
    """

    def __init__(
        self,
        out: OutputSet,
        prefix: str,
        *,
        windows: bool = False,
        bedgraph: bool = False,
        regions: bool = False,
        screened: bool = False,
    ) -> None:
        self.bigwig_path = out.path(f"{prefix}.bw")
        self.calls = _Indexed.open(out, f"{prefix}.calls.bed.gz")
        self.scanned = out.open_text(f"{prefix}.scanned.bed")
        self.screened = out.open_text(f"{prefix}.screened.bed") if screened else None
        self.regions = out.open_text(f"{prefix}.regions.tsv") if regions else None
        self.windows = _Indexed.open(out, f"{prefix}.windows.tsv.gz") if windows else None
        self.bedgraph = _Indexed.open(out, f"{prefix}.bedgraph.gz") if bedgraph else None

    def finish(self) -> None:
        """Close all files and make their indexes."""
        self.scanned.close()
        for stream in (self.regions, self.screened):
            if stream is not None:
                stream.close()
        for output in (self.calls, self.windows, self.bedgraph):
            if output is not None:
                output.finish()


def write_results(files: ResultFiles, scores: Scores, settings: ResultSettings) -> ResultCounts:
    """Write the results of a whole scan, streaming.

    ``PREFIX.bw``: per base the mean score of the windows that cover it; bases under no scored window have no
    value. ``PREFIX.calls.bed.gz`` with its index: columns `CALL_COLUMNS`; ``score`` is 1000 times the
    maximum, cut to 0..1000, ``summit`` the 0-based centre of the highest window, ``mean`` and ``maximum``
    those of the called windows, ``q_value`` that of the highest window. ``PREFIX.scanned.bed``: the union of
    the scored windows. ``PREFIX.regions.tsv``, of a scan of regions: each of them, as
    `region_rows.region_frames` gives them. `ResultFiles` may add ``PREFIX.windows.tsv.gz`` and
    ``PREFIX.bedgraph.gz``. Calls and windows of an ensemble end with the standard deviation over its models,
    calls with their highest window's.

    Values without a threshold give no calls, with a warning. Where no window could be scored, such as in a
    gap of the assembly, all of the files are empty, with a warning.
    """
    if not scores.scored_counts.any():
        counts = scores.total("counts")
        skipped = {name: n for name, n in counts.items() if n and name not in ("windows", "scored")}
        _log.warning(
            "none of %d windows could be scored (%s), the results are empty; "
            "check the regions, or raise --max-unknown",
            scores.grid.n_windows,
            _listed(skipped),
        )
    if settings.threshold is None:
        _log.warning(
            "no calls are made: %s is a value, and no --threshold says from which on a window is one",
            scores.settings["label"],
        )
    if files.regions is not None and scores.rows is not None:
        _write_regions(files.regions, scores.rows, scores, settings)
    return _ResultWriter(files, scores, settings).write()


def _write_regions(stream: TextIO, rows: RegionRows, scores: Scores, settings: ResultSettings) -> None:
    for number, frame in enumerate(region_frames(rows, scores, settings)):
        if number == 0:
            stream.write("\t".join(frame.columns) + "\n")
        columns = [_texts(frame[name]) for name in frame]
        stream.writelines("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def _texts(column: pd.Series[Any]) -> list[str]:
    if column.dtype == np.float64:
        return _six_digits(column.to_numpy())
    if column.dtype == np.float32:
        return [NO_VALUE if text == "nan" else text for text in _digits(column.to_numpy())]
    return column.astype("string").fillna(NO_VALUE).tolist()


class _ResultWriter:
    def __init__(self, files: ResultFiles, scores: Scores, settings: ResultSettings) -> None:
        self._files = files
        self._scores = scores
        self._length = scores.grid.window_length
        self._has_logits = scores.settings["task"] != Task.REGRESSION
        self._q_values = q_values(scores.scored_counts, scores.null_counts)
        self._parts = result_parts(scores, settings)
        self._n_calls = self._called_bases = self._scanned_bases = 0

    def write(self) -> ResultCounts:
        is_ensemble = self._scores.is_ensemble
        more = [CALL_DEVIATION] if is_ensemble else []
        self._files.calls.stream.write("#" + "\t".join([*CALL_COLUMNS, *more]) + "\n")
        if self._files.windows is not None:
            columns = WINDOW_COLUMNS if self._has_logits else VALUE_COLUMNS
            deviation = WINDOW_DEVIATION if self._has_logits else VALUE_DEVIATION
            more = [deviation] if is_ensemble else []
            self._files.windows.stream.write("#" + "\t".join([*columns, *more]) + "\n")
        with BigWigWriter(self._files.bigwig_path, self._scores.grid.contigs) as bigwig:
            for part in self._parts:
                self._write_runs(part.contig, part.runs, bigwig)
                self._write_calls(part.contig, part.calls)
                self._write_scanned(part.contig, part.scanned)
                if self._files.screened is not None:
                    self._files.screened.writelines(
                        f"{part.contig}\t{start}\t{end}\n" for start, end in part.screened
                    )
                if part.windows is not None:
                    self._write_windows(part.windows)
        self._files.finish()
        return ResultCounts(self._n_calls, self._called_bases, self._scanned_bases)

    def _write_runs(self, contig: str, runs: Runs, bigwig: BigWigWriter) -> None:
        bigwig.add(contig, runs)
        if self._files.bedgraph is not None:
            columns = zip(runs.start.tolist(), runs.end.tolist(), _digits(runs.value), strict=True)
            self._files.bedgraph.stream.writelines(
                f"{contig}\t{start}\t{end}\t{value}\n" for start, end, value in columns
            )

    def _write_calls(self, contig: str, calls: Sequence[Call]) -> None:
        if not calls:
            return
        highest = np.array([call.highest for call in calls], dtype=np.float32)
        q, percentile = self._q_text(highest), _six_digits(self._scores.percentiles(highest))
        mean = _digits(np.array([call.mean for call in calls], dtype=np.float32))
        maximum = _digits(np.array([call.maximum for call in calls], dtype=np.float32))
        deviation = _digits(np.array([call.maximum_sd for call in calls], dtype=np.float32))
        for number, call in enumerate(calls):
            self._n_calls += 1
            self._called_bases += call.end - call.start
            self._files.calls.stream.write(
                f"{contig}\t{call.start}\t{call.end}\tcall_{self._n_calls}\t{call.score}\t.\t{call.summit}\t"
                f"{mean[number]}\t{maximum[number]}\t{q[number]}\t{percentile[number]}"
                + (f"\t{deviation[number]}\n" if self._scores.is_ensemble else "\n")
            )

    def _write_scanned(self, contig: str, intervals: Sequence[tuple[int, int]]) -> None:
        for start, end in intervals:
            self._scanned_bases += end - start
            self._files.scanned.write(f"{contig}\t{start}\t{end}\n")

    def _write_windows(self, part: ContigWindows) -> None:
        if self._files.windows is None:
            return
        columns = [part.starts.tolist(), (part.starts + self._length).tolist(), _digits(part.ranks)]
        if self._has_logits:
            columns.append(_digits(part.scores))
        columns.append(self._q_text(part.ranks))
        if part.deviations is not None:
            columns.append(_digits(part.deviations))
        self._files.windows.stream.writelines(
            f"{part.contig}\t" + "\t".join(map(str, row)) + "\n" for row in zip(*columns, strict=True)
        )

    def _q_text(self, ranks: NDArray[np.float32]) -> list[str]:
        return _six_digits(self._q_values[score_bins(ranks)])


def _six_digits(values: NDArray[np.float64]) -> list[str]:
    return [NO_VALUE if value != value else f"{value:.6g}" for value in values.tolist()]


def _digits(values: NDArray[np.float32]) -> list[str]:
    """Return each value with the fewest digits that give the same float32 back."""
    return [str(text) for text in values.astype("U").tolist()]


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {int(number)}" for name, number in counts.items()) or "nothing to score"


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
