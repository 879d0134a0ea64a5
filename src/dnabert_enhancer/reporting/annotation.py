"""What of a run lies on a genome: tracks of scores and tables of places, as they stand in its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.reporting.meanings import call_meanings, comparison_meanings, variant_meanings
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.table import REGION, Place, preamble_of


class _Kind(NamedTuple):
    """A file of a command's runs that annotates a genome."""

    name: str
    ending: str
    title: str
    told: str
    meanings: Callable[[], Mapping[str, str]] = dict
    place: Place | None = None


CHANGED_BASES = Place("chrom", "variant_start_0based", "variant_end_0based", 0)
_KINDS: dict[str, tuple[_Kind, ...]] = {
    "predict": (
        _Kind("scores", "bw", "Scores", "Mean score of the windows that cover a base."),
        _Kind("calls", "calls.bed.gz", "Calls", "Windows over the threshold, joined.", call_meanings, REGION),
    ),
    "score-variants": (
        _Kind(
            "candidates",
            "candidates.tsv",
            "Candidate variants",
            "Alleles that take the probability over the threshold, or below it.",
            variant_meanings,
            CHANGED_BASES,
        ),
    ),
    "interpret": (
        _Kind("importance", "bw", "Importance", "How much a base adds to the score, or takes from it."),
    ),
    "compare-db": (
        _Kind(
            "novel",
            "novel.bed.gz",
            "Novel calls",
            "Calls that are in none of the databases.",
            comparison_meanings,
            REGION,
        ),
    ),
}
"""By the command that made the run; a further file is one entry."""
_NOT_ALWAYS = ("interpret",)
"""Commands whose runs have the file only where a genome was given."""


class Annotation(NamedTuple):
    """One file of a run that annotates a genome.

    Attributes
    ----------
    run : Run
    name, title, told : str
        A word; the title; a sentence on what it is.
    path : Path
    meanings : mapping
        What columns hold, in plain words.
    place : Place or None
        Which columns of the table say where a row is; None: a bigWig.
    """

    run: Run
    name: str
    title: str
    told: str
    path: Path
    meanings: Mapping[str, str]
    place: Place | None


def annotations_of(run: Run) -> list[Annotation]:
    """Return the annotations of a run; an `InputError` names a file that is missing."""
    found: list[Annotation] = []
    for kind in _KINDS.get(run.command, ()):
        is_scan = run.command != "predict" or run.entry("scan") is not None
        may_lack = run.command in _NOT_ALWAYS
        path = run.optional(kind.ending) if may_lack else run.file(kind.ending) if is_scan else None
        if path is not None:
            more = preamble_of(path) if kind.place is not None else ""
            told = f"{kind.told} {more[:1].upper()}{more[1:]}".rstrip()
            found.append(Annotation(run, kind.name, kind.title, told, path, kind.meanings(), kind.place))
    return found


def plain_name(text: str, taken: set[str]) -> str:
    """Return a name of letters, digits and underscores that is not taken, and take it."""
    plain = re.sub(r"[\W_]+", "_", text, flags=re.ASCII).strip("_")
    plain = plain if plain[:1].isalpha() else f"t_{plain}".strip("_")
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}_{number}"
    taken.add(name)
    return name
