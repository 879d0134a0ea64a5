"""Which part of the genome belongs to which split: whole contigs or blocks, by file or by fractions."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.dataset import SPLIT_NAMES
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import read_text_lines
from dnabert_enhancer.genome import ContigNames, coverage, merge, region_frame

if TYPE_CHECKING:
    import pandas as pd

NO_SPLIT = -1
_Unit = tuple[str, int, int, str]


class _Line(NamedTuple):
    """A line of a file of splits: a part of a contig, and where it stands."""

    contig: str
    start: int
    end: int
    split: str
    number: int
    name: str


_SYNONYMS = {
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "testing": "test",
    "heldout": "test",
} | {name: name for name in SPLIT_NAMES}
_FRACTIONS = re.compile(r"\w+=[\d.]+%?|(\w+=)?[\d.]+%?(,(\w+=)?[\d.]+%?)+")


class SplitMap:
    """Looks up the split of windows: that of the regions in which a window lies wholly.

    Parameters
    ----------
    units : DataFrame
        Regions of the genome (``chrom``, ``start``, ``end``) that do not overlap, with their ``split``.

    Attributes
    ----------
    units : dict of str to DataFrame
        The regions of each split, in order; those that touch are one.
    """

    def __init__(self, units: pd.DataFrame) -> None:
        self.units = {
            split: merge(units[units["split"] == split])
            for split in SPLIT_NAMES
            if (units["split"] == split).any()
        }

    def splits_of(self, windows: pd.DataFrame) -> NDArray[np.int8]:
        """Return for each window the place of its split in `SPLIT_NAMES`, or `NO_SPLIT`."""
        result = np.full(len(windows), NO_SPLIT, dtype=np.int8)
        length = (windows["end"] - windows["start"]).to_numpy()
        for split, units in self.units.items():
            result[coverage(windows, units) == length] = SPLIT_NAMES.index(split)
        return result


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


def read_split_file(
    path: Path | str, contig_sizes: Mapping[str, int], names: ContigNames | None = None
) -> pd.DataFrame:
    """Return the regions that a file names: ``chrom``, ``start``, ``end`` and ``split``.

    Each line is ``contig<TAB>split`` for a whole contig, or ``contig<TAB>start<TAB>end<TAB>split`` (0-based,
    half-open) for a part of it. Contigs that the genome lacks are passed over, with a warning, when at least
    one is known. `names` finds contigs under other spellings; default: made of `contig_sizes`.

    Raises
    ------
    InputError
        When a line is of another form, names another split, or overlaps an earlier one.
    """
    names = names or ContigNames(contig_sizes)
    lines: list[_Line] = []
    named: Counter[str] = Counter()
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
        named[fields[0].strip()] += 1
        if contig is None:
            continue
        start, end = _part(fields, contig_sizes[contig], path, location)
        lines.append(_Line(contig, start, end, split, line, fields[0]))
    if not named:
        raise InputError(
            "no splits named",
            source=path,
            remedy="write contig<TAB>split in each line, with the contig names of the genome",
        )
    names.check_shared(named, os.fspath(path), "lines", "are passed over")
    _refuse_overlaps(lines, path)
    return _frame_of([line[:4] for line in lines], contig_sizes)


def _refuse_overlaps(lines: Iterable[_Line], path: Path | str) -> None:
    """Raise for a line that names what an earlier one names, the first of those found."""
    faults: list[tuple[_Line, _Line]] = []
    furthest: _Line | None = None
    for line in sorted(lines):
        if furthest is not None and line.contig == furthest.contig and line.start < furthest.end:
            earlier, later = sorted((furthest, line), key=lambda one: one.number)
            faults.append((later, earlier))
        if furthest is None or line.contig != furthest.contig or line.end > furthest.end:
            furthest = line
    if faults:
        later, earlier = min(faults, key=lambda pair: pair[0].number)
        raise InputError(
            f"{later.name} is already in split {earlier.split}",
            source=path,
            location=f"line {later.number}",
            remedy="name each contig or part of one once",
        )


def _frame_of(units: Sequence[_Unit], contigs: Iterable[str]) -> pd.DataFrame:
    chrom, start, end, split = zip(*units, strict=True)
    return region_frame(chrom, start, end, contigs, split=list(split))


def _part(fields: Sequence[str], size: int, path: Path | str, location: str) -> tuple[int, int]:
    if len(fields) == 2:
        return 0, size
    try:
        start, end = int(fields[1]), min(int(fields[2]), size)
    except ValueError:
        start, end = -1, -1
    if not 0 <= start < end:
        raise InputError(
            f"{fields[1]}-{fields[2]} is not a part of {fields[0]} ({size} bp)",
            source=path,
            location=location,
            remedy="give 0-based, half-open coordinates inside the contig",
        )
    return start, end


def assign_units(
    weights: Mapping[tuple[str, int, int], int], fractions: Mapping[str, float], seed: int
) -> list[_Unit]:
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
        units.append((contig, start, end, split))
    return units


def make_split_map(
    splits: str,
    block_size: int | None,
    positives: pd.DataFrame,
    contig_sizes: Mapping[str, int],
    seed: int,
    names: ContigNames | None = None,
) -> SplitMap:
    """Return the split map of a file, or of fractions to which contigs or blocks with positives are assigned.

    Parameters
    ----------
    splits : str
        A path, or fractions as `parse_fractions` reads them.
    block_size : int or None
        In bp; None assigns whole contigs.
    positives : DataFrame
        Windows; one that crosses the border of two blocks has no weight.
    contig_sizes : mapping of str to int
    seed : int
    names : ContigNames, optional
        Finds contigs of a file under other spellings.
    """
    fractions = parse_fractions(splits)
    if fractions is None:
        return SplitMap(read_split_file(splits, contig_sizes, names))
    size = block_size or max(contig_sizes.values())
    block, last = positives["start"] // size, (positives["end"] - 1) // size
    weights: dict[tuple[str, int, int], int] = {}
    for chrom, first, final in zip(positives["chrom"].tolist(), block.tolist(), last.tolist(), strict=True):
        unit = (chrom, first * size, min((first + 1) * size, contig_sizes[chrom]))
        weights[unit] = weights.get(unit, 0) + (first == final)
    return SplitMap(_frame_of(assign_units(weights, fractions, seed), contig_sizes))
