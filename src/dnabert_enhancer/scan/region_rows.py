"""One row a region: every region that a scan was given, in its order, with the scores of its windows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome import RegionTable
from dnabert_enhancer.model import Task
from dnabert_enhancer.scan.grid import ScanGrid
from dnabert_enhancer.scan.settings import SHORTER, SKIPPED_UNKNOWN
from dnabert_enhancer.shards import ShardFile

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.scan.scores import Scores
    from dnabert_enhancer.scan.tracks_and_calls import ResultSettings

_BETWEEN = "between_windows"
_REASONS = (
    "",
    "contig_not_in_genome",
    "beyond_contig_end",
    "negative_start",
    "no_base",
    "contig_not_scanned",
    "contig_shorter_than_window",
)
_GIVEN = ("chrom", "start", "end", "name")
_BED_TITLES = ("name", "score", "strand")
FOUND_COLUMNS = ("maximum", "mean", "summit", "label", "percentile", "windows", "skipped", "note")
DEVIATION = "maximum_sd"
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class RegionRows:
    """The regions that a scan was given, every one, in their order.

    Parameters
    ----------
    contig : int32[n]
        Contig of each as an index into `ScanGrid.contigs`; -1 where it is not in the genome.
    start, end : int64[n]
        0-based, half-open.
    reason : int8[n]
        Why a region has no window, a number of `_REASONS`; 0: it has.
    titles : tuple of str
        Names of the further columns.
    texts : list of str
        Of each region its contig as given and its further columns, with tabs between them.
    """

    contig: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    reason: NDArray[np.int8]
    titles: tuple[str, ...]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def of_table(cls, table: RegionTable, grid: ScanGrid, scanned: Sequence[str] | None = None) -> RegionRows:
        """Return the rows of a table of regions that was read with every row.

        Parameters
        ----------
        table : RegionTable
        grid : ScanGrid
            Of the scan that was planned from it.
        scanned : sequence of str, optional
            The only contigs that are scanned; default: all.
        """
        import pandas as pd

        frame = table.frame if "rest" in table.frame else table.frame.assign(rest="")
        frame = pd.concat(
            [frame[["chrom", "start", "end", "rest", "line"]].astype({"chrom": object}), *table.outside],
            ignore_index=True,
        ).sort_values("line", kind="stable")
        sizes = dict(grid.contigs)
        numbers = {name: number for number, name in enumerate(sizes)}
        chroms = frame["chrom"].tolist()
        start, end = (frame[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
        contig = np.array([numbers.get(name, -1) for name in chroms], dtype=np.int32)
        reason = np.zeros(len(frame), dtype=np.int8)
        chosen = {*sizes, ""} if scanned is None else set(scanned)
        # the last is for the contig -1
        lengths = np.array([*sizes.values(), grid.window_length], dtype=np.int64)[contig]
        is_scanned = np.array([name in chosen for name in [*sizes, ""]])[contig]
        reason[lengths < grid.window_length] = _REASONS.index("contig_shorter_than_window")
        reason[~is_scanned] = _REASONS.index("contig_not_scanned")
        reason[start == end] = _REASONS.index("no_base")
        if "reason" in frame:
            told = frame["reason"].notna().to_numpy()
            reason[told] = [_REASONS.index(text) for text in frame["reason"][told]]
        rest = [text if isinstance(text, str) else "" for text in frame["rest"].tolist()]
        titles = table.rest_titles or _bed_titles(max((text.count("\t") + 1 for text in rest), default=1))
        named = _without_clashes(titles)
        texts = [
            "\t".join([name, *_filled(text, len(named))]) for name, text in zip(chroms, rest, strict=True)
        ]
        return cls(contig, start, end, reason, named, texts)

    @property
    def digest(self) -> str:
        """SHA-256 of all of them."""
        digest = hashlib.sha256()
        for part in self.arrays().values():
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a shard file keeps of them."""
        text = "\n".join(["\t".join(self.titles), *self.texts]).encode()
        return {
            "region_contig": self.contig,
            "region_start": self.start,
            "region_end": self.end,
            "region_reason": self.reason,
            "region_text": np.frombuffer(text, dtype=np.uint8),
        }

    @classmethod
    def read(cls, file: ShardFile) -> RegionRows:
        """Return the rows whose arrays a shard file holds."""
        titles, *texts = file.array("region_text").tobytes().decode().split("\n")
        contig, start, end, reason = (
            file.array(f"region_{name}") for name in ("contig", "start", "end", "reason")
        )
        return cls(contig, start, end, reason, tuple(titles.split("\t")), texts)

    def windows(self, grid: ScanGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the number of the first window of each region, and of the one after its last.

        A region's windows are those whose centre lies in it; where it is shorter than a window, those that
        hold at least half of it.
        """
        length = grid.window_length
        half = (self.end - self.start + 1) // 2
        is_short = self.end - self.start < length
        lowest = np.where(is_short, self.start + half - length, self.start - length // 2)
        beyond = np.where(is_short, self.end - half + 1, self.end - length // 2)
        # a region lies within one span: that with the greatest start which is not above its own
        shift = 1 << 40
        keys = grid.contig_index.astype(np.int64) * shift + grid.start
        wanted = self.contig.astype(np.int64) * shift + self.start
        span = np.searchsorted(keys, np.where(self.reason == 0, wanted, keys[0]), side="right") - 1
        first, last = (_windows_before(grid, span, starts) for starts in (lowest, beyond))
        return np.where(self.reason == 0, first, 0), np.where(self.reason == 0, last, 0)


def _windows_before(grid: ScanGrid, span: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the first window of each span that starts at the given place or later."""
    number = grid.first_window[span + 1] - grid.first_window[span]
    regular = np.clip(-(-(starts - grid.start[span]) // grid.stride), 0, number - 1)
    is_beyond = starts > grid.end[span] - grid.window_length
    return grid.first_window[span] + np.where(is_beyond, number, regular)


def _bed_titles(count: int) -> tuple[str, ...]:
    return tuple(_BED_TITLES[i] if i < len(_BED_TITLES) else f"column_{i + 4}" for i in range(max(count, 1)))


def _without_clashes(titles: Sequence[str]) -> tuple[str, ...]:
    """Return titles of which none is one of ours, a name first."""
    ours = {*_GIVEN[:3], *FOUND_COLUMNS, DEVIATION}
    return tuple(f"given_{title}" if title in ours else title for title in titles)


def _filled(text: str, count: int) -> list[str]:
    cells = [cell or "." for cell in text.split("\t")]
    return cells + ["."] * (count - len(cells))


class RegionSummary(NamedTuple):
    """What the windows of regions score, a value each.

    Attributes
    ----------
    windows, skipped : int64[n]
        How many were scored, and how many held too many unknown bases.
    maximum, maximum_sd, mean : float32[n]
        NaN where there are none; the standard deviation over the models of an ensemble is the highest
        window's.
    highest : float32[n]
        The rank (log odds or value) of the highest window; -inf where there are none.
    summit : int64[n]
        0-based centre of the highest window, of equal ones the first; -1 where there are none.
    note : list of str
        Why nothing was scored, or what is special; empty otherwise.
    """

    windows: NDArray[np.int64]
    skipped: NDArray[np.int64]
    maximum: NDArray[np.float32]
    maximum_sd: NDArray[np.float32]
    mean: NDArray[np.float32]
    highest: NDArray[np.float32]
    summit: NDArray[np.int64]
    note: list[str]


def summarise(rows: RegionRows, scores: Scores) -> RegionSummary:
    """Return what the windows of each region score, reading the scores once, a block at a time."""
    grid, count = scores.grid, len(rows)
    first, last = rows.windows(grid)
    windows, total = np.zeros(count, np.int64), np.zeros(count)
    highest = np.full(count, -np.inf, np.float32)
    maximum, deviation = np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32)
    best = np.full(count, -1, np.int64)
    for block_first, block, active in _blocks_with_rows(scores, first, last):
        is_scored = ~np.isnan(block[:, 1])
        rank = np.where(is_scored, block[:, 0], -np.inf)
        value = np.where(is_scored, block[:, 1].astype(np.float64), 0.0)
        low = np.maximum(first[active] - block_first, 0)
        high = np.minimum(last[active] - block_first, len(block))
        windows[active] += _sums(is_scored.astype(np.int64), low, high)
        total[active] += _sums(value, low, high)
        for row, begin, end in zip(active.tolist(), low.tolist(), high.tolist(), strict=True):
            place = begin + int(rank[begin:end].argmax())
            if rank[place] > highest[row]:
                highest[row], maximum[row], best[row] = rank[place], block[place, 1], block_first + place
                if scores.is_ensemble:
                    deviation[row] = block[place, 2]
    summit = np.full(count, -1, np.int64)
    found = best >= 0
    summit[found] = grid.places_of(best[found])[1] + grid.window_length // 2
    mean = np.divide(total, windows, out=np.full(count, np.nan), where=windows > 0).astype(np.float32)
    skipped = last - first - windows
    is_short = rows.end - rows.start < grid.window_length
    note = [
        _REASONS[reason] or _told(scored, held_back, short=short)
        for reason, scored, held_back, short in zip(
            rows.reason.tolist(), windows.tolist(), skipped.tolist(), is_short.tolist(), strict=True
        )
    ]
    return RegionSummary(windows, skipped, maximum, deviation, mean, highest, summit, note)


def region_frames(
    rows: RegionRows, scores: Scores, settings: ResultSettings, size: int = _CHUNK
) -> Iterator[pd.DataFrame]:
    """Yield the rows of ``PREFIX.regions.tsv`` as tables of at most `size` rows; see `Scan.region_scores`."""
    import pandas as pd

    found = summarise(rows, scores)
    labels = (scores.settings.get("other_label", ""), scores.settings["label"])
    is_labelled = settings.threshold is not None and scores.settings["task"] != Task.REGRESSION
    is_high = found.maximum >= np.float32(settings.threshold if is_labelled else np.inf)
    for begin in range(0, max(len(rows), 1), size):
        part = slice(begin, begin + size)
        has_score = found.windows[part] > 0
        chroms, *further = zip(*(text.split("\t") for text in rows.texts[part]), strict=True)
        deviation = {DEVIATION: found.maximum_sd[part]} if scores.is_ensemble else {}
        label = [
            labels[high] if scored and is_labelled else None
            for high, scored in zip(is_high[part].tolist(), has_score.tolist(), strict=True)
        ]
        frame = pd.DataFrame(
            {
                "chrom": chroms,
                "start": rows.start[part],
                "end": rows.end[part],
                **dict(zip(rows.titles, further, strict=True)),
                "maximum": found.maximum[part],
                **deviation,
                "mean": found.mean[part],
                "summit": pd.array(np.where(has_score, found.summit[part], 0), dtype="Int64"),
                "label": pd.array(label, dtype="string"),
                "percentile": scores.percentiles(np.where(has_score, found.highest[part], np.nan)),
                "windows": found.windows[part],
                "skipped": found.skipped[part],
                "note": found.note[part],
            }
        )
        frame.loc[~has_score, "summit"] = pd.NA
        yield frame


def _blocks_with_rows(
    scores: Scores, first: NDArray[np.int64], last: NDArray[np.int64]
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.int64]]]:
    """Yield each block's first window, its scores, and the rows that have windows in it, in their order."""
    order = np.argsort(first, kind="stable")
    order = order[first[order] < last[order]]
    begins = first[order]
    taken, active = 0, np.zeros(0, np.int64)
    for block_first, block in scores.blocks():
        reached = int(np.searchsorted(begins, block_first + len(block)))
        active = np.concatenate([active[last[active] > block_first], order[taken:reached]])
        taken = reached
        if len(active):
            yield block_first, block, active


def _sums(values: NDArray[Any], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[Any]:
    """Return the sums of the slices ``values[low:high]``, none of which is empty."""
    edges = np.stack([low, high], axis=1).ravel()
    sums: NDArray[Any] = np.add.reduceat(np.append(values, values.dtype.type(0)), edges)[::2]
    return sums


def _told(scored: int, skipped: int, *, short: bool) -> str:
    if scored:
        return SHORTER if short else ""
    return SKIPPED_UNKNOWN if skipped else _BETWEEN
