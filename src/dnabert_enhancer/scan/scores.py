"""Raw scores of a scan: written window by window to a shard file, read back from one file or all shards.

A shard file (see `shards`) with these arrays:

``scores``
    float32[windows, 2]: ranking score (logit) and score (probability) of each window; NaN where skipped. Of
    an ensemble [windows, 3]: the last is the standard deviation of the models' scores.
``scored_counts``, ``null_counts``
    int64[`nulls.SCORE_BINS`]: how many real and shuffled windows have a ranking score in each bin.
``contig_index``, ``start``, ``end``
    The spans of the whole scan, as in `grid.ScanGrid`.
``region_*``
    In the first shard of a scan of regions: each of them, as `region_rows.RegionRows` keeps it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import percentiles
from dnabert_enhancer.scan.grid import ScanGrid
from dnabert_enhancer.scan.region_rows import RegionRows
from dnabert_enhancer.shards import ShardFile, ShardWriter, check_all_shards, check_equal

FORMAT = "dnabert-enhancer scores 1"
ENGINE_SETTINGS = ("backend", "device", "precision")


@dataclass(frozen=True)
class ScoreHeader:
    """What a score file says about itself.

    Parameters
    ----------
    settings : mapping
        All that the scores depend on: model, genome, grid, engine, null. Shards of one scan have it equal.
    calls : mapping
        ``threshold`` and ``merge_gap`` to make calls with, unless others are asked for.
    contigs : tuple of (str, int)
        Contigs of the genome, sorted by name.
    windows : tuple of (int, int)
        Numbers of the first window in the file and of the one after the last.
    shard : tuple of (int, int)
        Which shard of how many.
    counts : mapping of str to int
        Windows, scored ones, skipped ones by reason, those of the null.
    engine : mapping
        The engine's description of itself.
    seconds : mapping of str to float
        ``model`` and ``other``: time in and outside of the model.
    largest : float
        The largest absolute score.
    regions : int
        How many regions the scan was given; 0: none.
    background : tuple of float
        Quantiles of the model's background; empty: it has none.
    """

    settings: Mapping[str, Any]
    calls: Mapping[str, Any]
    contigs: tuple[tuple[str, int], ...]
    windows: tuple[int, int]
    shard: tuple[int, int] = (1, 1)
    counts: Mapping[str, int] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    largest: float = 1.0
    regions: int = 0
    background: tuple[float, ...] = ()

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ScoreHeader:
        """Return the header of a shard file; raises ValueError, KeyError or TypeError for another's."""
        header = cls(**content)
        return dataclasses.replace(
            header,
            contigs=tuple((str(name), int(size)) for name, size in header.contigs),
            windows=(int(header.windows[0]), int(header.windows[1])),
            shard=(int(header.shard[0]), int(header.shard[1])),
            background=tuple(map(float, header.background)),
        )


class ScoreWriter(ShardWriter):
    """Writes a score file, streaming the scores.

    Parameters
    ----------
    target : path or binary file
        Where to write; a file object is left open.
    n_windows : int
        How many windows will be appended in all.
    has_deviations : bool
        Whether standard deviations are appended too.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | IO[bytes],
        n_windows: int,
        *,
        has_deviations: bool = False,
    ) -> None:
        super().__init__(target, FORMAT)
        self.columns = 3 if has_deviations else 2
        self.begin_array("scores", (n_windows, self.columns), "<f4")

    def append(self, *columns: NDArray[np.float32]) -> None:
        """Add the next windows: ranks, scores and maybe deviations, float32[n] each, NaN where skipped."""
        self.append_rows(np.stack(columns, axis=1).astype("<f4", copy=False))

    def close(
        self,
        header: ScoreHeader,
        scored_counts: NDArray[np.int64],
        null_counts: NDArray[np.int64],
        grid: ScanGrid,
        rows: RegionRows | None = None,
    ) -> None:
        """Write the rest, with the regions where they are given; only now is the file whole."""
        arrays: dict[str, NDArray[Any]] = {
            "scored_counts": scored_counts,
            "null_counts": null_counts,
            "contig_index": grid.contig_index,
            "start": grid.start,
            "end": grid.end,
            **({} if rows is None else rows.arrays()),
        }
        for name, array in arrays.items():
            self.add_array(name, array, compress=True)
        self.finish(dataclasses.asdict(header))


class Scores:
    """The scores of a whole scan, from one file or from all of its shards.

    Parameters
    ----------
    sources : sequence of path or binary file
        What `ScoreWriter` wrote, in any order.

    Attributes
    ----------
    headers : list of ScoreHeader
        In the order of the shards.
    settings, calls, engine : mapping
        As in `ScoreHeader`, of the whole scan.
    grid : ScanGrid
    largest : float
        The largest absolute score.
    scored_counts, null_counts : int64[`nulls.SCORE_BINS`]
    rows : RegionRows or None
        The regions that the scan was given.

    Raises
    ------
    InputError
        A file is not whole, a shard is missing or there twice, or two differ in what their scores depend on.
    """

    def __init__(self, sources: Sequence[str | os.PathLike[str] | IO[bytes]]) -> None:
        if not sources:
            raise InputError("there are no scores to merge", remedy="give what `predict --shard` wrote")
        files = [ShardFile(source, FORMAT) for source in sources]
        pairs = [(file, read_header(file)) for file in files]
        pairs.sort(key=lambda pair: pair[1].shard)
        self._files = [file for file, _ in pairs]
        self.headers = [header for _, header in pairs]
        if len(pairs) > 1 or pairs[0][1].shard != (1, 1):
            used = [pair for pair in pairs if pair[1].counts.get("scored")] or pairs
            self._check_settings(*used[0])
            check_all_shards([(file.name, header.shard) for file, header in pairs])
        first = max(self.headers, key=lambda header: header.counts.get("scored", 0))
        self.settings, self.calls, self.engine = first.settings, dict(first.calls), first.engine
        self.grid = _read_grid(*pairs[0])
        self.rows = RegionRows.read(pairs[0][0]) if pairs[0][1].regions else None
        self._check_windows()
        self.largest = max(header.largest for header in self.headers)
        self.scored_counts = _sum(file.array("scored_counts") for file in self._files)
        self.null_counts = _sum(file.array("null_counts") for file in self._files)

    def percentiles(self, ranks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the share of the background's windows that score lower, in per cent; NaN without one."""
        return percentiles(ranks, self.headers[0].background)

    @property
    def is_ensemble(self) -> bool:
        """Whether they are means over several models, with standard deviations."""
        return "members" in self.settings

    @property
    def n_shards(self) -> int:
        """How many files there are."""
        return len(self._files)

    def total(self, what: str) -> dict[str, float]:
        """Return the sums over the files of ``"counts"`` or ``"seconds"``."""
        sums: dict[str, float] = {}
        for header in self.headers:
            for name, number in getattr(header, what).items():
                sums[name] = sums.get(name, 0) + number
        return sums

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the number of the first window and what `ScoreWriter` took of each block, in order."""
        for file, header in zip(self._files, self.headers, strict=True):
            first = header.windows[0]
            for block in file.rows("scores", self.grid.block_windows):
                yield first, block
                first += len(block)

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def _check_settings(self, reference_file: ShardFile, reference: ScoreHeader) -> None:
        for file, header in zip(self._files, self.headers, strict=True):
            # a shard in which nothing could be scored never loaded a backend
            ignored = (
                () if header.counts.get("scored") or not reference.counts.get("scored") else ENGINE_SETTINGS
            )
            ours, theirs = (
                {
                    name: value
                    for name, value in {**item.settings, **item.calls}.items()
                    if name not in ignored
                }
                for item in (header, reference)
            )
            check_equal(file.name, ours, reference_file.name, theirs)

    def _check_windows(self) -> None:
        expected = 0
        for file, header in zip(self._files, self.headers, strict=True):
            first, last = header.windows
            if first != expected or last < first:
                raise InputError(
                    f"its windows {first}-{last} do not follow window {expected}", source=file.name
                )
            expected = last
        if expected != self.grid.n_windows:
            raise InputError(
                f"{expected} windows, but the scan has {self.grid.n_windows}", source=self._files[-1].name
            )


def read_header(file: ShardFile) -> ScoreHeader:
    """Return the header of a score file."""
    try:
        return ScoreHeader.from_json(file.header)
    except (ValueError, KeyError, TypeError, IndexError):
        raise InputError(
            "not a whole file of scores", source=file.name, remedy="run `predict --shard` for it again"
        ) from None


def _read_grid(file: ShardFile, header: ScoreHeader) -> ScanGrid:
    contig_index, start, end = (file.array(name) for name in ("contig_index", "start", "end"))
    length, stride, block = (
        int(header.settings[name]) for name in ("window_length", "stride", "block_windows")
    )
    return ScanGrid(header.contigs, contig_index, start, end, length, stride, block)


def _sum(counts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    total: NDArray[np.int64] = np.sum(list(counts), axis=0)
    return total


SCORE_BINS = 1 << 18
AUTO_NULL_WINDOWS = 10_000
AUTO_NULL_FRACTION = 1 / 16
_DROPPED_BITS = 14


def score_bins(scores: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the bin of each score: the sign, the exponent and 9 bits of the mantissa of a float32, in order.

    Bins keep the order of the scores whatever their scale (logits, probabilities, activities) and are 0.2 %
    wide or narrower.

    Parameters
    ----------
    scores : float[n]
        No NaN among them.

    Returns
    -------
    int64[n]
        In 0..`SCORE_BINS` - 1, never descending with the score.
    """
    # adding 0 turns -0 into 0, which must share a bin
    bits = (np.asarray(scores, dtype=np.float32) + np.float32(0)).view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> _DROPPED_BITS).astype(np.int64)


def count_scores(scores: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return how many scores fall into each bin, int64[`SCORE_BINS`]."""
    return np.bincount(score_bins(scores), minlength=SCORE_BINS).astype(np.int64, copy=False)


def q_values(scored: NDArray[np.int64], null: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the q-value of each bin: the false discovery rate among windows that score as high or higher.

    Parameters
    ----------
    scored : int64[`SCORE_BINS`]
        Counts of the scores of real windows.
    null : int64[`SCORE_BINS`]
        Counts of the scores of shuffled windows.

    Returns
    -------
    float64[`SCORE_BINS`]
        In 0..1, never ascending with the score; NaN throughout when there is no null.

    Notes
    -----
    With N(s) null windows of N, and R(s) real windows of R that score s or higher, the empirical p-value is
    ``p(s) = (N(s) + 1) / (N + 1)`` (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39), and by Benjamini
    and Hochberg (1995, J R Stat Soc B 57:289) ``q(s) = min over t <= s of min(1, p(t) R / R(t))``. That is
    the ratio of decoys to targets above a score, scaled to equal numbers and made monotone (Storey and
    Tibshirani 2003, PNAS 100:9440, with all windows taken as null).
    """
    n_null, n_scored = int(null.sum()), int(scored.sum())
    if n_null == 0:
        return np.full(len(null), np.nan)
    null_above = np.cumsum(null[::-1])[::-1]
    scored_above = np.cumsum(scored[::-1])[::-1]
    p = (null_above + 1) / (n_null + 1)
    rate = p * n_scored / np.maximum(scored_above, 1)
    return np.minimum.accumulate(np.minimum(rate, 1.0))


def automatic_null_fraction(n_windows: int, *, limited: bool = True) -> float:
    """Return the size of the null as a share of the windows: one in 16, but 10,000 at least.

    Parameters
    ----------
    n_windows : int
    limited : bool
        The null has no more windows than there are, as shuffled ones.
    """
    fraction = max(AUTO_NULL_FRACTION, AUTO_NULL_WINDOWS / max(n_windows, 1))
    return min(1.0, fraction) if limited else fraction
