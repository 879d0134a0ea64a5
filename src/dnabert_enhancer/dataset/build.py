"""A data set from regions and a genome: windows, splits, negatives, leak check."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.dataset import SPLIT_NAMES, Dataset
from dnabert_enhancer.dataset.gc_profile import GcProfile, gc_figure, gc_of_sequences, gc_profile
from dnabert_enhancer.dataset.io import check_folder, write_dataset
from dnabert_enhancer.dataset.leaks import LeakReport, leaks_between
from dnabert_enhancer.dataset.metadata import describe_dataset
from dnabert_enhancer.dataset.named_negatives import NamedNegatives
from dnabert_enhancer.dataset.negatives import (
    NO_PLACE,
    Labelled,
    joined,
    labelled_windows,
    matched_negatives,
    require_enough,
    shuffled_negatives,
    thinned,
)
from dnabert_enhancer.dataset.placed_negatives import placed_negatives
from dnabert_enhancer.dataset.settings import DatasetSettings, NegativeSource, OnLeak, SplitBy
from dnabert_enhancer.dataset.splits import NO_SPLIT, SplitMap, make_split_map
from dnabert_enhancer.dataset.window_filter import UsableWindows, usable_windows
from dnabert_enhancer.dataset.window_placement import RegionSource, read_positions
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, replaced_folder
from dnabert_enhancer.genome import Genome, overlaps, region_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LOGGER = logging.getLogger(__name__)
GC_PLOT = "gc.png"


@dataclass(frozen=True, repr=False)
class BuiltDataset(Dataset):
    """A data set made from regions, what was counted and left out, and the GC histograms of both classes."""

    counts: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    profile: GcProfile = field(default_factory=lambda: gc_profile({}))

    def plot_gc(self) -> Figure:
        """Return the histograms of GC content, positives and negatives."""
        return gc_figure(self.profile, "GC content of positives and negatives")

    def write(self, folder: Path | str, outputs: OutputSet | None = None) -> None:
        """Write the folder: a table a split, ``dataset.json`` and ``gc.png``.

        Parameters
        ----------
        folder : path
            Made when missing.
        outputs : OutputSet, optional
            Files that appear together with others; default: when all of these are written.
        """
        if outputs is None:
            check_folder(folder, tuple(self.splits))
            with replaced_folder(folder) as new, OutputSet() as own:
                self.write(new, own)
            return
        # no date and no version: the same data set gives the same picture
        path = outputs.path(Path(folder) / GC_PLOT)
        self.plot_gc().savefig(path, format="png", metadata={"Software": None})
        write_dataset(self, folder, outputs)


def build_dataset(
    regions: Sequence[RegionSource], genome: Genome | Path | str, settings: DatasetSettings
) -> BuiltDataset:
    """Return labelled windows of a genome, in splits that share no part of it.

    Parameters
    ----------
    regions : sequence of path or DataFrame
        BED files of the positives, or tables with the columns ``chrom``, ``start`` and ``end`` (0-based,
        half-open) and maybe ``name`` and ``strand``.
    genome : Genome or path
        FASTA.
    settings : DatasetSettings

    Raises
    ------
    InputError
        When input is not usable, no window is left, a class is missing in a split, or negatives are too few.
    """
    with nullcontext(genome) if isinstance(genome, Genome) else Genome(genome) as opened:
        builder = _Builder(opened, settings)
        positives, background = builder.windows(regions)
        frames = _frames(positives, background, list(opened.contig_sizes), settings.length)
    _require_both_classes(frames)
    frames, leaks = _without_leaks(frames, settings, builder.skipped)
    _require_both_classes(frames)
    sources = {
        name: dict(sorted(Counter(frame.loc[frame["label"] == 0, "source"].tolist()).items()))
        for name, frame in frames.items()
    }
    frames = {name: frame.drop(columns="source") for name, frame in frames.items()}
    for name, frame in frames.items():
        builder.counts[f"{name}_positives"] = int((frame["label"] == 1).sum())
        builder.counts[f"{name}_negatives"] = int((frame["label"] == 0).sum())
    profile = _profile(frames)
    skipped = {reason: number for reason, number in builder.skipped.items() if number}
    plain = Dataset(frames, "binary", settings.label_names)
    metadata = describe_dataset(
        plain, settings, builder.split_map, builder.counts, sources, skipped, builder.matching, leaks, profile
    )
    return BuiltDataset(
        frames, "binary", settings.label_names, metadata, "", dict(builder.counts), skipped, profile
    )


class _Builder:
    """Makes the windows of both classes, and counts on the way."""

    split_map: SplitMap

    def __init__(self, genome: Genome, settings: DatasetSettings) -> None:
        self._genome = genome
        self._settings = settings
        self._rng = np.random.default_rng(settings.seed)
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.matching: dict[str, Any] = {}  # JSON values

    def windows(self, regions: Sequence[RegionSource]) -> tuple[Labelled, Labelled]:
        """Return the positives and the negatives."""
        import pandas as pd

        exclude, by_block = self._settings.exclude_files, self._settings.split_by == SplitBy.BLOCK
        given, outside = read_positions(regions, self._genome, skip_outside=self._settings.skip_outside)
        self.counts["regions"] = len(given) + outside.total()
        self.skipped.update({f"region_{reason}": number for reason, number in outside.items()})
        nothing = region_frame((), (), (), self._genome.contig_sizes)
        excluded = read_positions(exclude, self._genome, skip_outside=True)[0] if exclude else nothing
        usable = usable_windows(given, self._genome, self._settings, excluded, self.skipped, "positive")
        LOGGER.info("%d of %d regions give a window", len(usable.frame), self.counts["regions"])
        self.split_map = make_split_map(
            str(self._settings.splits),
            self._settings.block_size if by_block else None,
            usable.frame,
            self._genome.contig_sizes,
            self._settings.seed,
            self._genome.names,
        )
        usable, split = self._in_splits(usable, "positive")
        if not len(usable.frame):
            raise InputError(
                "no positive lies in a split", source="--splits", remedy="name the contigs of the regions"
            )
        positives = labelled_windows(self._genome, usable.frame, split, self._settings)
        covered = pd.concat([given, usable.frame], ignore_index=True)
        parts = []
        for source in self._settings.named_negatives:
            named, windows = self._named(source, positives, covered, excluded)
            parts.append(named)
            covered = pd.concat([covered, windows], ignore_index=True)
        if self._settings.base_ratio != 0:
            parts.append(self._base(positives, usable, covered, excluded))
        return positives, parts[0] if len(parts) == 1 else joined(parts)

    def _base(
        self, positives: Labelled, usable: UsableWindows, covered: pd.DataFrame, excluded: pd.DataFrame
    ) -> Labelled:
        """Return the negatives that no named source gives."""
        import pandas as pd

        settings, ratio = self._settings, self._settings.base_ratio
        if settings.negative_source is NegativeSource.GIVEN or ratio is None:
            return self._given(settings.negative_files, ratio, positives, covered, excluded)[0]
        if settings.negative_source is NegativeSource.SHUFFLED:
            return shuffled_negatives(positives, settings, ratio, self._rng)
        if settings.negative_source is NegativeSource.BEDTOOLS_SHUFFLE:
            return self._placed(positives, usable.frame, excluded, ratio)
        return self._matched(positives, usable, pd.concat([covered, excluded], ignore_index=True), ratio)

    def _in_splits(self, windows: UsableWindows, what: str) -> tuple[UsableWindows, NDArray[np.int8]]:
        split = self.split_map.splits_of(windows.frame)
        inside = split != NO_SPLIT
        self.skipped[f"{what}_in_no_split"] += int((~inside).sum())
        return windows.take(inside), split[inside]

    def _placed(
        self, positives: Labelled, own: pd.DataFrame, excluded: pd.DataFrame, ratio: float
    ) -> Labelled:
        settings = self._settings
        placed = placed_negatives(
            self._genome, positives, self.split_map, excluded, settings, ratio, self._rng
        )
        require_enough(placed.wanted - placed.without_place, placed.wanted, settings, self.skipped)
        self.skipped["negative_of_unknown_bases"] += placed.of_unknown_bases
        self.matching = {"negatives_that_touch_a_positive": int(overlaps(placed.frame, own).sum())}
        return placed.windows

    def _named(
        self, source: NamedNegatives, positives: Labelled, covered: pd.DataFrame, excluded: pd.DataFrame
    ) -> tuple[Labelled, pd.DataFrame]:
        ratio = source.share * (1.0 if self._settings.ratio is None else self._settings.ratio)
        windows, frame = self._given([source.path], ratio, positives, covered, excluded, source)
        return windows._replace(name=[f"{source.name}:{name}" for name in windows.name]), frame

    def _matched(
        self, positives: Labelled, usable: UsableWindows, forbidden: pd.DataFrame, ratio: float
    ) -> Labelled:
        if not usable.composition.masked.any():
            LOGGER.warning("no positive has soft-masked bases: negatives are matched for GC alone")
        matched = matched_negatives(
            self._genome,
            positives,
            usable.composition,
            self.split_map,
            forbidden,
            self._settings,
            ratio,
            self._rng,
        )
        require_enough(
            len(matched.windows.start), matched.wanted, self._settings, self.skipped, matched.unmatched_gc
        )
        self.counts["negatives_on_another_contig"] = matched.on_other_contig
        self.matching = {
            "largest_gc_difference_of_a_pair": round(matched.largest_gc_difference, 6),
            "mean_gc_difference_of_pairs": round(matched.mean_gc_difference, 6),
            "largest_repeat_difference_of_a_pair": round(matched.largest_repeat_difference, 6),
            "negatives_on_another_contig": matched.on_other_contig,
        }
        return matched.windows

    def _given(
        self,
        paths: Sequence[Path | str],
        ratio: float | None,
        positives: Labelled,
        covered: pd.DataFrame,
        excluded: pd.DataFrame,
        source: NamedNegatives | None = None,
    ) -> tuple[Labelled, pd.DataFrame]:
        """Return negatives at given regions, all without a ratio, and their places."""
        what = "negative" if source is None else f"negative_{source.name}"
        regions, outside = read_positions(paths, self._genome, skip_outside=self._settings.skip_outside)
        self.skipped.update({f"{what}_region_{reason}": number for reason, number in outside.items()})
        usable = usable_windows(regions, self._genome, self._settings, excluded, self.skipped, what)
        touched = overlaps(usable.frame, covered)
        self.skipped[f"{what}_overlaps_{'positive' if source is None else 'another'}"] += int(touched.sum())
        usable, split = self._in_splits(usable.take(~touched), what)
        windows = usable.frame
        if ratio is not None:
            rows, wanted = thinned(split, positives.split, ratio, self._rng)
            require_enough(len(rows), wanted, self._settings, self.skipped, source=source)
            windows, split = windows.iloc[rows], split[rows]
        name = NegativeSource.GIVEN.value if source is None else source.name
        return labelled_windows(self._genome, windows, split, self._settings, name), windows


def _frames(
    positives: Labelled, negatives: Labelled, contigs: Sequence[str], length: int
) -> dict[str, pd.DataFrame]:
    """Return a table for each split, by contig and start; windows without a place come last."""
    import pandas as pd

    parts = []
    for label, windows in ((1, positives), (0, negatives)):
        start = pd.Series(windows.start, dtype="Int64").mask(windows.start == NO_PLACE)
        parts.append(
            pd.DataFrame(
                {
                    "chrom": [contigs[contig] for contig in windows.contig.tolist()],
                    "start": start,
                    "end": start + length,
                    "strand": windows.strand.tolist(),
                    "label": np.full(len(windows.start), label, dtype=np.int64),
                    "sequence": windows.sequence,
                    "name": windows.name,
                    "split": windows.split,
                    "contig": windows.contig,
                    "source": windows.source,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values(["split", "contig", "start", "label"], kind="stable", na_position="last")
    return {
        SPLIT_NAMES[split]: rows[rows["split"] == split]
        .drop(columns=["split", "contig"])
        .reset_index(drop=True)
        for split in sorted(rows["split"].unique().tolist())
    }


def _without_leaks(
    frames: Mapping[str, pd.DataFrame], settings: DatasetSettings, skipped: Counter[str]
) -> tuple[dict[str, pd.DataFrame], LeakReport]:
    sequences = {name: frame["sequence"].tolist() for name, frame in frames.items()}
    LOGGER.info("leak check of %d windows", sum(map(len, sequences.values())))
    report = leaks_between(sequences, settings.leak_rule)
    if report.total and settings.on_leak == OnLeak.REFUSE:
        split, flags = next((split, flags) for split, flags in report.offenders.items() if flags.any())
        name = frames[split]["name"].tolist()[int(np.argmax(flags))]
        raise InputError(
            f"{report.total:,} windows share a {settings.leak_rule.k}-mer with another split, "
            f"the first is {name!r} of {split}",
            source="--on-leak refuse",
            remedy="give --on-leak remove to leave them out, or other --splits",
        )
    kept = {}
    for split, frame in frames.items():
        flags = report.offenders[split]
        positive = (frame["label"] == 1).to_numpy()
        skipped[f"leak_{split}_positives"] += int((flags & positive).sum())
        skipped[f"leak_{split}_negatives"] += int((flags & ~positive).sum())
        kept[split] = frame[~flags].reset_index(drop=True)
    return kept, report


def _require_both_classes(frames: Mapping[str, pd.DataFrame]) -> None:
    for split, frame in frames.items():
        for label, name in ((1, "positive"), (0, "negative")):
            if not (frame["label"] == label).any():
                raise InputError(
                    f"split {split} holds no {name}",
                    source="--splits",
                    remedy="give other --splits, more regions or negatives, or --split-by block",
                )


def _profile(frames: Mapping[str, pd.DataFrame]) -> GcProfile:
    fractions: dict[str, NDArray[np.float64]] = {}
    for label, name in ((1, "positives"), (0, "negatives")):
        chosen = [frame.loc[frame["label"] == label, "sequence"].tolist() for frame in frames.values()]
        fractions[name] = np.concatenate([gc_of_sequences(sequences) for sequences in chosen])
    return gc_profile(fractions)
