"""The result of a scan: tables of windows, calls and regions, the track, a picture, and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Interval, locate
from dnabert_enhancer.model import Task
from dnabert_enhancer.scan.region_rows import region_frames
from dnabert_enhancer.scan.result_files import ResultFiles, write_results
from dnabert_enhancer.scan.scores import Scores, q_values, score_bins
from dnabert_enhancer.scan.tracks_and_calls import (
    CALL_COLUMNS,
    CALL_DEVIATION,
    NO_RUNS,
    VALUE_COLUMNS,
    VALUE_DEVIATION,
    WINDOW_COLUMNS,
    WINDOW_DEVIATION,
    ContigWindows,
    ResultCounts,
    ResultPart,
    ResultSettings,
    result_parts,
)
from dnabert_enhancer.shards import find_shards

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Track:
    """The mean score of the windows that cover each base.

    Parameters
    ----------
    frame : DataFrame
        Runs of bases with one value: ``chrom``, ``start``, ``end`` (0-based, half-open) and ``value``
        (float32), in order; bases between runs lie under no scored window.
    locate : callable
        Makes an interval of what a user gives.
    """

    def __init__(self, frame: pd.DataFrame, locate: Callable[[str | Interval], Interval]) -> None:
        self.frame = frame
        self._locate = locate

    def values(self, region: str | Interval) -> NDArray[np.float32]:
        """Return the value of every base of a region, float32[length]; NaN under no scored window.

        Parameters
        ----------
        region : str or Interval
            ``"chr16:100,001-100,200"`` as browsers write it (from 1, last base included), or an `Interval`
            (0-based, half-open).
        """
        place = self._locate(region)
        values = np.full(place.length, np.nan, dtype=np.float32)
        inside = _within(self.frame, place)
        starts = np.maximum(inside["start"].to_numpy() - place.start, 0)
        ends = np.minimum(inside["end"].to_numpy() - place.start, place.length)
        lengths = ends - starts
        first = np.cumsum(lengths) - lengths
        bases = np.arange(int(lengths.sum())) + np.repeat(starts - first, lengths)
        values[bases] = np.repeat(inside["value"].to_numpy(), lengths)
        return values


class Scan:
    """The scores of a whole scan and the results made of them; made by `Model.scan` and `merge_scans`.

    The scores lie in a temporary file, or in the shards' files; tables are made when they are asked for.

    Parameters
    ----------
    scores : Scores
    settings : ResultSettings
    notes : mapping
        What the planning did to the regions, as JSON values.
    """

    def __init__(
        self, scores: Scores, settings: ResultSettings, notes: Mapping[str, Any] | None = None
    ) -> None:
        self.scores = scores
        self.settings = settings
        self.notes = dict(notes or {})

    def __repr__(self) -> str:
        counts = self.counts
        windows, scored = counts.get("windows", 0), counts.get("scored", 0)
        return f"<Scan of {windows:,} windows, {scored:,} scored; threshold {self.threshold:g}>"

    @property
    def threshold(self) -> float | None:
        """Windows that score at least this are called; None for values without a threshold: none is."""
        return self.settings.threshold

    @property
    def counts(self) -> dict[str, int]:
        """Windows, scored ones and those of the null, and those that were skipped, by reason."""
        return {name: int(number) for name, number in self.scores.total("counts").items()}

    @cached_property
    def windows(self) -> pd.DataFrame:
        """One row per scored window.

        ``chrom``, ``start``, ``end`` (0-based, half-open), ``logit``, ``probability`` (or ``value``)
        and ``q_value``; about 40 bytes per row in memory. Of an ensemble also ``probability_sd`` (or
        ``value_sd``): the standard deviation over its models.
        """
        import pandas as pd

        length = self.scores.grid.window_length
        none = ContigWindows("", NO_RUNS.start, NO_RUNS.value, NO_RUNS.value, NO_RUNS.value)
        parts = []
        for contig, starts, ranks, found, deviations in (
            none,
            *(part.windows for part in self._parts() if part.windows),
        ):
            columns: list[Any] = [starts, starts + length, ranks, found, self._q(ranks)]
            if self.scores.settings["task"] == Task.REGRESSION:
                del columns[2]
            if self.scores.is_ensemble:
                columns.append(deviations)
            parts.append(self._placed(contig, len(starts), self._window_columns[1:], columns))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row per call: `CALL_COLUMNS`, as in ``PREFIX.calls.bed.gz``.

        Windows at or above the threshold, merged. ``score`` is 1000 times the maximum, ``summit`` the 0-based
        centre of the highest window, ``q_value`` the false discovery rate among windows as high or higher,
        ``percentile`` the share of the background's windows that score lower, in per cent (NaN where the
        model has no background, see `add_background`). Of an ensemble also ``maximum_sd``: the standard
        deviation of its models' scores of the highest window.
        """
        import pandas as pd

        rows = [(part.contig, call) for part in self._parts() for call in part.calls]
        highest = np.array([call.highest for _, call in rows], dtype=np.float32)
        content = {
            "start": np.array([call.start for _, call in rows], np.int64),
            "end": np.array([call.end for _, call in rows], np.int64),
            "name": [f"call_{number}" for number in range(1, len(rows) + 1)],
            "score": np.array([call.score for _, call in rows], np.int64),
            "strand": ["."] * len(rows),
            "summit": np.array([call.summit for _, call in rows], np.int64),
            "mean": np.array([call.mean for _, call in rows], np.float32),
            "maximum": np.array([call.maximum for _, call in rows], np.float32),
            "q_value": self._q(highest),
            "percentile": self.scores.percentiles(highest),
            CALL_DEVIATION: np.array([call.maximum_sd for _, call in rows], np.float32),
        }
        more = [CALL_DEVIATION] if self.scores.is_ensemble else []
        return pd.DataFrame({"chrom": self._chroms([contig for contig, _ in rows]), **content})[
            [*CALL_COLUMNS, *more]
        ]

    @cached_property
    def regions(self) -> pd.DataFrame:
        """What scored windows cover: ``chrom``, ``start``, ``end`` (0-based, half-open).

        Those that were given have a row each in `region_scores`.
        """
        import pandas as pd

        rows = [(part.contig, *pair) for part in self._parts() for pair in part.scanned]
        starts, ends = (np.array([row[column] for row in rows], np.int64) for column in (1, 2))
        return pd.DataFrame({"chrom": self._chroms([row[0] for row in rows]), "start": starts, "end": ends})

    @cached_property
    def region_scores(self) -> pd.DataFrame:
        """One row for each region that the scan was given, in their order, as in ``PREFIX.regions.tsv``.

        ``chrom`` (the genome's name of it), ``start``, ``end`` (0-based, half-open); ``name`` and further
        columns of a BED or a table, as text (``given_`` is put before a name that is one of ours);
        ``maximum`` and ``mean`` (float32) over the scores of the region's windows, NaN where none was scored;
        of an ensemble ``maximum_sd``: the standard deviation over its models of the highest window;
        ``summit``: 0-based centre of the highest window, of equal ones the first; ``label`` of the maximum at
        the threshold, missing without one; ``percentile``: the share of the background's windows that score
        lower than the maximum, in per cent, NaN where the model has no background; ``windows``: how many were
        scored; ``skipped``: how many held too many unknown bases; ``note``: why nothing was scored,
        ``shorter_than_window`` where the region was widened to one, or empty.

        Raises
        ------
        InputError
            The scan was given no regions.

        Notes
        -----
        A region's windows are those of the scan whose centre lies in it; where the region is shorter than a
        window, those that hold at least half of it. Regions may overlap, and each may be there several times.
        """
        import pandas as pd

        if self.scores.rows is None:
            raise InputError("the whole genome was scanned", remedy="name regions to get one row for each")
        return pd.concat([*region_frames(self.scores.rows, self.scores, self.settings)], ignore_index=True)

    @cached_property
    def track(self) -> Track:
        """Per base the mean score of the windows that cover it."""
        import pandas as pd

        parts = [
            self._placed(contig, len(runs.start), ("start", "end", "value"), runs)
            for contig, runs in (("", NO_RUNS), *((part.contig, part.runs) for part in self._parts()))
        ]
        return Track(pd.concat(parts, ignore_index=True), self._locate)

    def plot(self, region: str | Interval | None = None) -> Figure:
        """Return a picture of the track with the calls below it.

        Parameters
        ----------
        region : str or Interval, optional
            See `Track.values`; default: all that was scanned, where it lies on one contig.
        """
        from matplotlib.figure import Figure

        place = self._everything() if region is None else self._locate(region)
        figure = Figure(figsize=(10, 2.6), layout="constrained")
        axes = figure.subplots()
        runs, calls = _within(self.track.frame, place), _within(self.calls, place)
        # a gap between runs is a break in the line
        edges = np.stack([runs["start"], runs["end"], runs["end"]], axis=1).ravel()
        heights = np.stack([runs["value"], runs["value"], np.full(len(runs), np.nan)], axis=1).ravel()
        touching = np.flatnonzero(runs["end"].to_numpy()[:-1] == runs["start"].to_numpy()[1:])
        heights[3 * touching + 2] = runs["value"].to_numpy()[touching + 1]
        axes.plot(edges, heights, linewidth=0.8)
        if self.threshold is not None:
            axes.axhline(self.threshold, color="0.5", linewidth=0.8, linestyle="--")
        widths = (calls["end"] - calls["start"]).tolist()
        low = axes.get_ylim()[0]
        axes.broken_barh(
            list(zip(calls["start"].tolist(), widths, strict=True)),
            (low, 0.04),
            color="tab:red",
            label="calls",
        )
        axes.set(xlim=(place.start, place.end), xlabel=f"{place.contig} (bp)", ylabel=self._score_name)
        return figure

    def write(
        self, prefix: str | os.PathLike[str], *, windows: bool = False, bedgraph: bool = False
    ) -> ResultCounts:
        """Write the files of ``predict --genome`` but its ``run.json``, whole or not at all.

        Parameters
        ----------
        prefix : str or path
            What all names begin with.
        windows, bedgraph : bool
            Whether to write ``PREFIX.windows.tsv.gz`` and ``PREFIX.bedgraph.gz`` too.

        Returns
        -------
        ResultCounts
            How many calls were written, and the bases called and scanned.
        """
        has_regions = self.scores.rows is not None
        with OutputSet() as out:
            files = ResultFiles(
                out, os.fspath(prefix), windows=windows, bedgraph=bedgraph, regions=has_regions
            )
            return self.write_to(files)

    def write_to(self, files: ResultFiles) -> ResultCounts:
        """Write to `files` that are open already; returns the same."""
        return write_results(files, self.scores, self.settings)

    def close(self) -> None:
        """Let go of the scores' files; nothing more can be made of them."""
        self.scores.close()

    def _parts(self) -> Iterator[ResultPart]:
        return result_parts(self.scores, self.settings)

    @property
    def _window_columns(self) -> tuple[str, ...]:
        is_value = self.scores.settings["task"] == Task.REGRESSION
        columns = VALUE_COLUMNS if is_value else WINDOW_COLUMNS
        deviation = VALUE_DEVIATION if is_value else WINDOW_DEVIATION
        return (*columns, deviation) if self.scores.is_ensemble else columns

    @property
    def _score_name(self) -> str:
        is_value = self.scores.settings["task"] == Task.REGRESSION
        return str(self.scores.settings["label"]) if is_value else f"P({self.scores.settings['label']})"

    @cached_property
    def _q_values(self) -> NDArray[np.float64]:
        return q_values(self.scores.scored_counts, self.scores.null_counts)

    def _q(self, ranks: NDArray[np.float32]) -> NDArray[np.float64]:
        return self._q_values[score_bins(ranks)]

    def _chroms(self, names: Sequence[str]) -> pd.Categorical[Any]:
        import pandas as pd

        return pd.Categorical(list(names), categories=[name for name, _ in self.scores.grid.contigs])

    def _placed(self, contig: str, n: int, names: Sequence[str], columns: Sequence[Any]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({"chrom": self._chroms([contig] * n), **dict(zip(names, columns, strict=True))})

    def _everything(self) -> Interval:
        found = self.regions
        contigs = found["chrom"].unique()
        if len(contigs) != 1:
            raise InputError(
                f"{len(contigs)} contigs were scanned", remedy="name a region, such as chr16:100,001-120,000"
            )
        return Interval(str(contigs[0]), int(found["start"].min()), int(found["end"].max()))

    def _locate(self, region: str | Interval) -> Interval:
        return locate(region, dict(self.scores.grid.contigs))


def merge_scans(
    prefixes: Sequence[str | os.PathLike[str]],
    *,
    threshold: float | None = None,
    merge_gap: int | None = None,
) -> Scan:
    """Put the shards of one scan together.

    Parameters
    ----------
    prefixes : sequence of str or path
        Prefixes of the shards (``PREFIX.shard-I-of-N.scores``), or names of their files.
    threshold, merge_gap : optional
        See `ScanSettings`; default: those with which the shards were made.

    Returns
    -------
    Scan
        As of one run over everything.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their scores depend on.
    """
    scores = Scores(find_shards(prefixes))
    if isinstance(threshold, str):
        raise InputError(
            f"--threshold {threshold}: shards are merged without the model and its card",
            remedy="name the threshold when the shards are made, or give a number",
        )
    if threshold is not None:
        Target(scores.settings["task"], scores.settings["label"], 0).check_threshold(threshold)
    settings = ResultSettings(
        scores.calls["threshold"] if threshold is None else threshold,
        scores.calls["merge_gap"] if merge_gap is None else merge_gap,
    )
    return Scan(scores, settings)


def _within(frame: pd.DataFrame, place: Interval) -> pd.DataFrame:
    """Return the rows that share a base with a place."""
    return frame[
        (frame["chrom"] == place.contig) & (frame["end"] > place.start) & (frame["start"] < place.end)
    ]
