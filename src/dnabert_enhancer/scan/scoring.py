"""Scores the windows of a scan or of one shard: from the genome through the engine to a file, streaming."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.engine import Engine, Predictions, Target, WindowScores
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.genome import Gaps, Genome, RegionTable, gaps_beside, read_regions
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.scan.grid import GridNotes, ScanGrid, plan_grid
from dnabert_enhancer.scan.nulls import NullKind, SequenceSource, UnmarkedWindows, marked_regions, null_kind
from dnabert_enhancer.scan.region_rows import RegionRows
from dnabert_enhancer.scan.scores import (
    ENGINE_SETTINGS,
    SCORE_BINS,
    ScoreHeader,
    ScoreWriter,
    automatic_null_fraction,
    count_scores,
)
from dnabert_enhancer.scan.screen import (
    FIRST_SAMPLE,
    LARGEST_SHARE,
    Embedder,
    Screen,
    enough_calls,
    fit_screen,
)
from dnabert_enhancer.scan.settings import SKIPPED_UNKNOWN, ScanSettings
from dnabert_enhancer.sequence import (
    UNKNOWN_BASE,
    dinucleotide_shuffle,
    encode_bases,
    unknown_fraction,
    windows_at,
)

_READ_BASES = 1 << 16
_NO_ROWS = (np.zeros((0, 1), np.float32), np.zeros(0, np.float32), np.zeros(0, np.bool_))
_SCREEN_STREAM = 0x5C4EE  # apart from the numbers of blocks


class Predictor(Protocol):
    """What a scan needs of the engine."""

    def predict(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        progress: Callable[[int], None] | None = None,
    ) -> Predictions:
        """Return the predictions for uint8[n, length], or for windows of differing length."""


@dataclass(frozen=True)
class ScoreSettings:
    """How windows are scored.

    Parameters
    ----------
    max_unknown : float
        Windows with a larger share of unknown bases are skipped.
    null_fraction : float
        How many windows of the null are scored, as a share of the others; 0: none.
    seed : int
        Of the choice of windows to shuffle and of the shuffles; the number of the block goes in, so that the
        blocks can be computed in any order and place.
    keep_letters : bool
        Hand the genome's letters to the tokenizer as they are.
    """

    max_unknown: float = 0.1
    null_fraction: float = 0.0
    seed: int = 0
    keep_letters: bool = False


@dataclass(frozen=True)
class ScanPlan:
    """All that is decided before the first window is scored; equal for all shards of a scan.

    Parameters
    ----------
    grid : ScanGrid
    target : Target
        Which output of the model is reported.
    score_settings : ScoreSettings
    calls : mapping
        ``threshold`` and ``merge_gap`` to make calls with.
    genome_digest : str
        SHA-256 of the genome's file.
    other_label : str
        What windows below the threshold are called.
    rows : RegionRows, optional
        The regions that were given, one by one.
    background : tuple of float
        Quantiles of the model's background; empty: it has none.
    skipped : dict of str to int
        What never came onto the grid, by reason.
    null : NullKind
    unmarked : UnmarkedWindows, optional
        Which windows a null of the genome has.
    screen : Screen, optional
        Which windows the model need not compute.
    gaps : Gaps, optional
        Of the genome: shards have equal numbers of known bases, not of windows.
    """

    grid: ScanGrid
    target: Target
    score_settings: ScoreSettings
    calls: Mapping[str, Any]  # JSON numbers
    genome_digest: str
    other_label: str = ""
    rows: RegionRows | None = None
    background: tuple[float, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    null: NullKind = NullKind.SHUFFLE
    unmarked: UnmarkedWindows | None = None
    screen: Screen | None = None
    gaps: Gaps | None = None

    def blocks(self, shard: tuple[int, int]) -> range:
        """Return the blocks of a shard (from 1, of how many)."""
        return self.grid.shard_blocks(*shard, None if self.gaps is None else self.grid.work(self.gaps))

    def settings(self) -> dict[str, Any]:
        """Return what the scores depend on beside the model and the engine, as JSON values."""
        rows = {} if self.rows is None else {"regions_digest": self.rows.digest}
        return {
            "version": __version__,
            "task": str(self.target.task),
            "label": self.target.label,
            "other_label": self.other_label,
            **rows,
            "genome_digest": self.genome_digest,
            "grid_digest": self.grid.digest,
            "window_length": self.grid.window_length,
            "stride": self.grid.stride,
            "block_windows": self.grid.block_windows,
            "max_unknown": self.score_settings.max_unknown,
            "null": str(self.null),
            **({} if self.unmarked is None else {"null_digest": self.unmarked.digest}),
            "null_fraction": self.score_settings.null_fraction,
            "seed": self.score_settings.seed,
            "keep_letters": self.score_settings.keep_letters,
            **({} if self.screen is None else {"screen": dict(self.screen.facts)}),
        }


def plan_scan(
    model: EnhancerModel,
    target: Target,
    genome: Genome,
    regions: RegionTable | None,
    settings: ScanSettings,
) -> tuple[ScanPlan, GridNotes]:
    """Return what is to be scored, and what became of the regions.

    Parameters
    ----------
    model : EnhancerModel
    target : Target
    genome : Genome
    regions : RegionTable, optional
        What to scan, read with every row; default: whole contigs.
    settings : ScanSettings
        Its `contigs` are the genome's own names.

    Raises
    ------
    InputError
        No window fits, or the settings do not suit the model.
    """
    window, stride = settings.tiling(model)
    sizes = genome.contig_sizes
    try:
        frame = None if regions is None else regions.frame
        grid, notes = plan_grid(sizes, window, stride, frame, settings.contigs or None)
    except InputError as error:
        source = genome.path if regions is None or len(regions) else regions.source
        raise InputError(error.problem, source=source, remedy=error.remedy) from None
    fraction, null = settings.null_fraction, null_kind(settings.null)
    if null is NullKind.NONE:
        fraction = 0.0
    elif fraction is None:
        fraction = automatic_null_fraction(grid.n_windows, limited=null is NullKind.SHUFFLE)
    settings.check_regions(regions)
    score_settings = ScoreSettings(settings.max_unknown, fraction, settings.seed, settings.keep_letters)
    calls = {"threshold": target.threshold(model, settings.threshold), "merge_gap": settings.merge_gap}
    rows = None if regions is None else RegionRows.of_table(regions, grid, settings.contigs or None)
    gaps = gaps_beside(genome.path)
    other_label = target.other_label(model.card)
    digest = sha256_of(genome.path) if gaps is None else gaps.sha256
    found = model.card.background_of(target.label)
    background = () if found is None else found.quantiles
    unmarked = _unmarked(genome, regions, settings, window) if null is NullKind.GENOME else None
    plan = ScanPlan(grid, target, score_settings, calls, digest, other_label, rows, background)
    return replace(plan, null=null, unmarked=unmarked, gaps=gaps), notes


def _unmarked(
    genome: Genome, regions: RegionTable | None, settings: ScanSettings, window: int
) -> UnmarkedWindows:
    frames = [read_regions(path, names=genome.names).frame for path in settings.null_exclude]
    marked = marked_regions(frames if regions is None else [*frames, regions.frame])
    chosen = settings.contigs or genome.contig_sizes
    sizes = {name: genome.contig_sizes[name] for name in chosen}
    return UnmarkedWindows.outside(sizes, marked, window)


def score_shard(
    plan: ScanPlan,
    genome: SequenceSource,
    engine: Engine,
    file: str | os.PathLike[str] | IO[bytes],
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[int], None] | None = None,
) -> ScoreHeader:
    """Score one shard of a scan into a score file; return its header.

    Parameters
    ----------
    plan : ScanPlan
        Equal for all shards.
    genome : SequenceSource
    engine : Engine
    file : path or binary file
        Where the scores go; see `scores`.
    shard : tuple of (int, int)
        Which shard, from 1, of how many.
    progress : callable, optional
        Called with the number of windows done since the last call.
    """
    blocks = plan.blocks(shard)
    first, last = plan.grid.windows_of(blocks)
    members = engine.model.members
    with ScoreWriter(file, last - first, has_deviations=len(members) > 1) as writer:
        tally = score_blocks(
            genome,
            plan.grid,
            blocks,
            engine,
            plan.target,
            plan.score_settings,
            writer,
            progress,
            plan.unmarked,
            plan.screen,
        )
        if shard[0] == 1:
            tally.counts.update(plan.skipped)
        description = engine.description()
        model: dict[str, Any] = {"model": engine.model.card.name, "model_digest": engine.model.digest}
        if len(members) > 1:
            model["members"] = [{"name": one.card.name, "digest": one.digest} for one in members]
        chosen = {name: description.get(name) for name in ENGINE_SETTINGS}
        header = ScoreHeader(
            settings=plan.settings() | model | chosen | {"strand": str(engine.settings.strand)},
            calls=dict(plan.calls),
            contigs=plan.grid.contigs,
            windows=(first, last),
            shard=shard,
            counts={name: number for name, number in sorted(tally.counts.items()) if number},
            engine=description,
            seconds={"model": tally.model_seconds, "other": tally.seconds - tally.model_seconds},
            largest=tally.largest,
            regions=0 if plan.rows is None else len(plan.rows),
            background=plan.background,
        )
        rows = plan.rows if shard[0] == 1 else None
        writer.close(header, tally.scored_counts, tally.null_counts, plan.grid, rows)
    return header


@dataclass
class ScoreTally:
    """What came of scoring: counts, time in and outside of the model, the largest absolute score."""

    scored_counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORE_BINS, np.int64))
    null_counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORE_BINS, np.int64))
    counts: Counter[str] = field(default_factory=Counter)
    model_seconds: float = 0.0
    seconds: float = 0.0
    largest: float = 0.0


class _Bases:
    """Base codes of pieces that are asked for in ascending order, read ahead a little and kept once."""

    def __init__(self, source: SequenceSource, sizes: dict[str, int], *, keep_letters: bool) -> None:
        self._source = source
        self._sizes = sizes
        self._keep_letters = keep_letters
        self._contig = ""
        self._start = 0
        self._codes = np.zeros(0, np.uint8)

    def codes(self, contig: str, start: int, end: int) -> NDArray[np.uint8]:
        held = contig == self._contig and self._start <= start and end <= self._start + len(self._codes)
        if not held:
            stop = min(max(end, start + _READ_BASES), self._sizes[contig])
            letters = self._source.fetch(contig, start, stop)
            self._codes = encode_bases(letters, keep_letters=self._keep_letters)
            self._contig, self._start = contig, start
        return self._codes[start - self._start : end - self._start]


def score_blocks(
    source: SequenceSource,
    grid: ScanGrid,
    blocks: Iterable[int],
    engine: Predictor,
    target: Target,
    settings: ScoreSettings,
    writer: ScoreWriter,
    progress: Callable[[int], None] | None = None,
    unmarked: UnmarkedWindows | None = None,
    screen: Screen | None = None,
) -> ScoreTally:
    """Score blocks of windows and append them to a score file.

    The engine always gets the windows of one block at a time, so that a window has the same neighbours, and
    the same bits, in whatever shard its block lies.

    Parameters
    ----------
    source : SequenceSource
        The genome.
    grid : ScanGrid
        All windows of the scan.
    blocks : iterable of int
        Ascending numbers of the blocks to score.
    progress : callable, optional
        Called with the number of windows done since the last call.
    unmarked : UnmarkedWindows, optional
        The null's windows; default: those of the scan, shuffled.
    screen : Screen, optional
        Windows that it lets not pass, of the scan and of the null, are not computed: their ranking scores in
        the file are its estimates, their scores NaN, and they count as lower than all others.
    """
    began = time.perf_counter()
    tally = ScoreTally()
    bases = _Bases(source, dict(grid.contigs), keep_letters=settings.keep_letters)
    for block in blocks:
        first, last = grid.block(block)
        windows, kept = _block_windows(bases, grid, first, last, settings.max_unknown)
        scores = np.full((writer.columns, last - first), np.nan, dtype=np.float32)
        null = _null_windows(source, windows, settings, block, unmarked)
        places = np.flatnonzero(kept)
        chosen, estimates = _screened(screen, windows, tally)
        scores[0, places[~chosen]] = estimates[~chosen]
        tally.scored_counts += count_scores(np.full((~chosen).sum(), -np.inf))
        if chosen.any():
            found = _predict(engine, target, windows[chosen], tally)
            scores[:2, places[chosen]] = found.rank, found.score
            if (deviation := found.deviation()) is not None:
                scores[2, places[chosen]] = deviation
            tally.scored_counts += count_scores(found.rank)
            tally.largest = max(tally.largest, float(np.abs(found.score).max()))
        if len(null):
            passed, _ = _screened(screen, null, tally)
            tally.null_counts += count_scores(np.full((~passed).sum(), -np.inf))
            if passed.any():
                tally.null_counts += count_scores(_predict(engine, target, null[passed], tally).rank)
            tally.counts["null_windows"] += len(null)
        writer.append(*scores)
        tally.counts["windows"] += last - first
        tally.counts["scored"] += int(chosen.sum())
        if screen is not None:
            tally.counts["screened"] += int((~chosen).sum())
        tally.counts[SKIPPED_UNKNOWN] += last - first - len(windows)
        if progress is not None:
            progress(last - first)
    tally.seconds = time.perf_counter() - began
    return tally


def _block_windows(
    bases: _Bases, grid: ScanGrid, first: int, last: int, max_unknown: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the windows of a block that can be scored, uint8[m, length], and which of the block they are."""
    length = grid.window_length
    kept = np.zeros(last - first, dtype=bool)
    parts: list[NDArray[np.uint8]] = []
    for piece in grid.pieces(first, last):
        start = int(piece.starts[0])
        codes = bases.codes(piece.contig, start, int(piece.starts[-1]) + length)
        places = piece.starts - start
        good = np.ones(len(places), dtype=bool)
        if (codes >= UNKNOWN_BASE).any():
            good = unknown_fraction(codes, places, length) <= max_unknown
        kept[piece.first - first : piece.first - first + len(places)] = good
        if good.any():
            parts.append(windows_at(codes, places[good], length))
    if len(parts) == 1:
        return parts[0], kept
    return np.concatenate([np.zeros((0, length), np.uint8), *parts]), kept


def _screened(
    screen: Screen | None, windows: NDArray[np.uint8], tally: ScoreTally
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which windows must be computed, and the screen's estimates."""
    if screen is None or not len(windows):
        return np.ones(len(windows), dtype=bool), np.zeros(len(windows), dtype=np.float32)
    began = time.perf_counter()
    estimates = screen.estimates(windows)
    tally.model_seconds += time.perf_counter() - began
    return screen.passes(estimates), estimates


def make_screen(
    plan: ScanPlan, source: SequenceSource, engine: Predictor, embed: Embedder, model: Mapping[str, Any]
) -> Screen:
    """Return the screen of a scan, the same for all of its shards.

    Parameters
    ----------
    plan : ScanPlan
    source : SequenceSource
        The genome.
    engine : Predictor
        Of the expensive model.
    embed : callable
        The embeddings of the cheap one.
    model : mapping
        Name and digest of the cheap one, for the facts.

    Notes
    -----
    The sample is doubled until it has the calls that a cut-off needs, or is a fifth of all windows.
    """
    threshold = plan.calls["threshold"]
    if threshold is None:
        raise InputError("--screen needs a threshold, which this output has not", remedy="give --threshold")
    grid, settings = plan.grid, plan.score_settings
    rng = np.random.default_rng([settings.seed, _SCREEN_STREAM])
    most = max(1, int(LARGEST_SHARE * grid.n_windows))
    size = 0
    embeddings: list[NDArray[np.float32]] = []
    ranks: list[NDArray[np.float32]] = []
    called: list[NDArray[np.bool_]] = []
    while size < most and not (called and enough_calls(np.concatenate(called))):
        count = min(max(FIRST_SAMPLE, size), most - size)
        windows = _windows_of(source, grid, rng.integers(grid.n_windows, size=count), settings)
        size += count
        if not len(windows):
            continue
        found = plan.target.scores(engine.predict(windows))
        embeddings.append(embed(windows))
        ranks.append(found.rank)
        called.append(found.score >= np.float32(threshold))
    if not ranks:
        return fit_screen(embed, *_NO_ROWS)
    reaches = np.concatenate(called).astype(np.bool_)
    screen = fit_screen(embed, np.concatenate(embeddings), np.concatenate(ranks), reaches)
    return replace(screen, facts={**model, **screen.facts})


def _windows_of(
    source: SequenceSource, grid: ScanGrid, numbers: NDArray[np.int64], settings: ScoreSettings
) -> NDArray[np.uint8]:
    """Return windows by their numbers, those with too many unknown bases left out."""
    contigs, starts = grid.places_of(numbers)
    windows = np.empty((len(numbers), grid.window_length), dtype=np.uint8)
    for row, (contig, start) in enumerate(zip(contigs.tolist(), starts.tolist(), strict=True)):
        letters = source.fetch(grid.contigs[contig][0], start, start + grid.window_length)
        windows[row] = encode_bases(letters, keep_letters=settings.keep_letters)
    known = np.flatnonzero((windows >= UNKNOWN_BASE).mean(axis=1) <= settings.max_unknown)
    return np.take(windows, known, axis=0)


def _null_windows(
    source: SequenceSource,
    windows: NDArray[np.uint8],
    settings: ScoreSettings,
    block: int,
    unmarked: UnmarkedWindows | None,
) -> NDArray[np.uint8]:
    """Return the null's windows of a block, uint8[m, length]."""
    if settings.null_fraction <= 0:
        return windows[:0]
    rng = np.random.default_rng([settings.seed, block])
    if unmarked is not None:
        count, kept = round(settings.null_fraction * len(windows)), settings.keep_letters
        return unmarked.draw(source, count, rng, settings.max_unknown, keep_letters=kept)
    chosen = windows[rng.random(len(windows)) < settings.null_fraction]
    return dinucleotide_shuffle(chosen, rng) if len(chosen) else chosen


def _predict(
    engine: Predictor, target: Target, windows: NDArray[np.uint8], tally: ScoreTally
) -> WindowScores:
    began = time.perf_counter()
    predictions = engine.predict(windows)
    tally.model_seconds += time.perf_counter() - began
    return target.scores(predictions)
