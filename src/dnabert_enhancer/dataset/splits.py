"""Which part of the genome belongs to which split: whole contigs or blocks, by file or by fractions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.dataset import SPLIT_NAMES
from dnabert_enhancer.dataset.window_placement import Places
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import ContigNames

NO_SPLIT = -1

_SYNONYMS = {
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "testing": "test",
    "heldout": "test",
} | {name: name for name in SPLIT_NAMES}
_FRACTIONS = re.compile(r"\w+=[\d.]+%?|(\w+=)?[\d.]+%?(,(\w+=)?[\d.]+%?)+")


class SplitUnit(NamedTuple):
    """A stretch of a contig (0-based, half-open) that belongs to one split as a whole."""

    contig: str
    start: int
    end: int
    split: str


class SplitMap:
    """Looks up the split of windows: a window belongs to a split when it lies wholly inside one of its units.

    Parameters
    ----------
    units : sequence of SplitUnit
        Not overlapping.
    contigs : sequence of str
        The genome's contigs, in the order of their numbers.
    """

    def __init__(self, units: Sequence[SplitUnit], contigs: Sequence[str]) -> None:
        number = {contig: index for index, contig in enumerate(contigs)}
        self.units = _joined_neighbours(sorted(units, key=lambda unit: (number[unit.contig], unit.start)))
        self._by_contig: dict[int, list[SplitUnit]] = {}
        for unit in self.units:
            self._by_contig.setdefault(number[unit.contig], []).append(unit)

    def splits_of(self, contig: NDArray[np.int32], start: NDArray[np.int64], length: int) -> NDArray[np.int8]:
        """Return for each window the place of its split in `SPLIT_NAMES`, or `NO_SPLIT`."""
        result = np.full(len(start), NO_SPLIT, dtype=np.int8)
        for index, units in self._by_contig.items():
            rows = np.flatnonzero(contig == index)
            starts = np.array([unit.start for unit in units])
            ends = np.array([unit.end for unit in units])
            splits = np.array([SPLIT_NAMES.index(unit.split) for unit in units], dtype=np.int8)
            place = np.searchsorted(starts, start[rows], side="right") - 1
            inside = (place >= 0) & (start[rows] + length <= ends[place])
            result[rows[inside]] = splits[place[inside]]
        return result

    def units_of(self, contig: int, split: str) -> list[SplitUnit]:
        """Return the units of one contig that belong to a split, in order of position."""
        return [unit for unit in self._by_contig.get(contig, []) if unit.split == split]

    def contigs_of(self, split: str) -> list[int]:
        """Return the numbers of the contigs of which some part belongs to a split."""
        return [contig for contig in self._by_contig if self.units_of(contig, split)]


def _joined_neighbours(units: Sequence[SplitUnit]) -> tuple[SplitUnit, ...]:
    joined: list[SplitUnit] = []
    for unit in units:
        before = joined[-1] if joined else None
        if before and (before.contig, before.end, before.split) == (unit.contig, unit.start, unit.split):
            joined[-1] = before._replace(end=unit.end)
        else:
            joined.append(unit)
    return tuple(joined)


def parse_fractions(text: str) -> dict[str, float] | None:
    """Return the fraction of each split, or None when the text is no list of fractions but a path.

    ``0.8,0.1,0.1`` is train, validation, test; ``train=0.9,test=0.1`` names them; they sum to 1 (or to 100).

    Raises
    ------
    InputError
        When a name is unknown or given twice, or the sum is wrong.
    """
    if not _FRACTIONS.fullmatch(text):
        return None
    fractions: dict[str, float] = {}
    for place, item in enumerate(text.split(",")):
        name, _, number = item.rpartition("=")
        split = (
            _SYNONYMS.get(name.lower()) if name else SPLIT_NAMES[place] if place < len(SPLIT_NAMES) else None
        )
        if split is None or split in fractions:
            raise InputError(
                f"{item!r} in {text!r} names no further split",
                source="--splits",
                remedy="give train, validation and test once each, such as 0.8,0.1,0.1",
            )
        try:
            fractions[split] = float(number.rstrip("%"))
        except ValueError:
            raise InputError(
                f"{number!r} is not a number", source="--splits", remedy="such as 0.8,0.1,0.1"
            ) from None
    total = sum(fractions.values())
    if not (abs(total - 1) < 1e-6 or abs(total - 100) < 1e-4):
        raise InputError(
            f"the fractions {text!r} sum to {total:g}",
            source="--splits",
            remedy="give fractions that sum to 1",
        )
    return {split: value / total for split, value in fractions.items() if value > 0}


def read_split_file(path: Path | str, contig_sizes: Mapping[str, int]) -> list[SplitUnit]:
    """Return the units that a file names.

    Each line is ``contig<TAB>split`` for a whole contig, or ``contig<TAB>start<TAB>end<TAB>split`` (0-based,
    half-open) for a stretch of it. Contigs that the genome lacks are passed over when at least one is known.

    Raises
    ------
    InputError
        When a line is of another form, names another split, or overlaps an earlier one.
    """
    names = ContigNames(contig_sizes)
    units: list[SplitUnit] = []
    unknown: list[str] = []
    for line, text in read_text_lines(path):
        if not text.strip() or text.startswith("#"):
            continue
        fields = text.split("\t") if "\t" in text else text.split()
        location = f"line {line}"
        if len(fields) not in (2, 4):
            raise InputError(
                f"{len(fields)} fields",
                source=path,
                location=location,
                remedy="write contig<TAB>split in each line",
            )
        split = _SYNONYMS.get(fields[-1].strip().lower())
        if split is None:
            raise InputError(
                f"{fields[-1]!r} is not a split",
                source=path,
                location=location,
                remedy=f"use one of {', '.join(SPLIT_NAMES)}",
            )
        contig = names.resolve(fields[0].strip())
        if contig is None:
            unknown.append(fields[0])
            continue
        start, end = _stretch(fields, contig_sizes[contig], path, location)
        clash = next(
            (unit for unit in units if unit.contig == contig and unit.start < end and start < unit.end), None
        )
        if clash is not None:
            raise InputError(
                f"{fields[0]} is already in split {clash.split}",
                source=path,
                location=location,
                remedy="name each contig or stretch once",
            )
        units.append(SplitUnit(contig, start, end, split))
    if not units:
        raise InputError(
            f"none of its contigs ({', '.join(unknown[:3])}...) is in the genome"
            if unknown
            else "no splits named",
            source=path,
            remedy="write contig<TAB>split in each line, with the contig names of the genome",
        )
    return units


def _stretch(fields: Sequence[str], size: int, path: Path | str, location: str) -> tuple[int, int]:
    if len(fields) == 2:
        return 0, size
    try:
        start, end = int(fields[1]), min(int(fields[2]), size)
    except ValueError:
        start, end = -1, -1
    if not 0 <= start < end:
        raise InputError(
            f"{fields[1]}-{fields[2]} is not a stretch of {fields[0]} ({size} bp)",
            source=path,
            location=location,
            remedy="give 0-based, half-open coordinates inside the contig",
        )
    return start, end


def assign_units(
    weights: Mapping[tuple[str, int, int], int], fractions: Mapping[str, float], seed: int
) -> list[SplitUnit]:
    """Assign whole units to splits so that the summed weights come near the fractions.

    Parameters
    ----------
    weights : mapping of (contig, start, end) to int
        How many positives each unit holds.
    fractions : mapping of str to float
        Of each split; sums to 1.
    seed : int
        Decides between units of equal weight.

    Raises
    ------
    InputError
        When there are fewer units with positives than splits.

    Notes
    -----
    Longest processing time first: units from the heaviest to the lightest, each to the split that is furthest
    below its share; the lightest ones are kept for splits that would stay empty.
    """
    rng = np.random.default_rng(seed)
    held = [unit for unit, weight in weights.items() if weight > 0]
    if len(held) < len(fractions):
        contigs = ", ".join(dict.fromkeys(unit[0] for unit in held))
        raise InputError(
            f"positives in {len(held)} part(s) of the genome ({contigs}) cannot fill {len(fractions)} splits",
            source="--splits",
            remedy="split by position (--split-by block, smaller --block-size), or name fewer splits",
        )
    order = sorted(rng.permutation(len(held)).tolist(), key=lambda index: -weights[held[index]])
    total = sum(weights.values())
    lacking = {split: fraction * total for split, fraction in fractions.items()}
    empty = set(fractions)
    units = []
    for place, index in enumerate(order):
        choices = empty if len(order) - place <= len(empty) else set(fractions)
        split = max(choices, key=lambda name: (lacking[name], -SPLIT_NAMES.index(name)))
        empty.discard(split)
        lacking[split] -= weights[held[index]]
        contig, start, end = held[index]
        units.append(SplitUnit(contig, start, end, split))
    return units


def make_split_map(
    splits: str, block_size: int | None, positives: Places, contig_sizes: Mapping[str, int], seed: int
) -> SplitMap:
    """Return the split map of a file, or of fractions to which contigs or blocks with positives are assigned.

    Parameters
    ----------
    splits : str
        A path, or fractions as `parse_fractions` reads them.
    block_size : int or None
        In bp; None assigns whole contigs.
    positives : Places
        Windows; one that crosses the border of two blocks has no weight.
    contig_sizes : mapping of str to int
    seed : int
    """
    contigs = list(contig_sizes)
    fractions = parse_fractions(splits)
    if fractions is None:
        return SplitMap(read_split_file(splits, contig_sizes), contigs)
    size = block_size or max(contig_sizes.values())
    block, last = positives.start // size, (positives.end - 1) // size
    weights: dict[tuple[str, int, int], int] = {}
    for contig, first, final in zip(positives.contig.tolist(), block.tolist(), last.tolist(), strict=True):
        name = contigs[contig]
        unit = (name, first * size, min((first + 1) * size, contig_sizes[name]))
        weights[unit] = weights.get(unit, 0) + (first == final)
    return SplitMap(assign_units(weights, fractions, seed), contigs)
