"""What the page says of one run: a sentence, three figures, pictures, tables, limits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.errors import InputError, require_setting
from dnabert_enhancer.reporting.picture import Picture
from dnabert_enhancer.reporting.run import Run
from dnabert_enhancer.reporting.table import Table

_MOST_CONTIGS = 3
"""Contigs whose lengths are said to differ."""


@dataclass(frozen=True)
class ReportSettings:
    """What a report holds.

    Attributes
    ----------
    title : str, optional
        Of the page.
    rows : int
        The most rows of a table, the best ones; the whole tables stay in their files.
    megabytes : float
        The most of the page, in 10^6 bytes: pictures are left out and tables shortened for it.
    browser : bool, optional
        With the genome browser; default: where igv-notebook, which carries igv.js, is installed.
    assembly : str, optional
        Name of the genome at UCSC, for a track hub; default: by the lengths of the contigs.
    email : str, optional
        Whom to ask about a track hub; UCSC's browser takes no hub without.
    authors : tuple of str
        Of a bundle: ``Family, Given``, or the name of a group.
    licence : str
        Of a bundle, by its SPDX identifier.
    """

    title: str = "DNABERT-Enhancer report"
    rows: int = 2000
    megabytes: float = 10
    browser: bool | None = None
    assembly: str | None = None
    email: str | None = None
    authors: tuple[str, ...] = ()
    licence: str = "CC-BY-4.0"

    def __post_init__(self) -> None:
        require_setting(self, "rows", isinstance(self.rows, int) and self.rows > 0, "a whole number above 0")
        require_setting(self, "megabytes", 0 < self.megabytes < math.inf, "a number above 0")
        is_name = self.assembly is None or re.fullmatch(r"[A-Za-z0-9][\w.-]*", self.assembly, re.ASCII)
        require_setting(self, "assembly", bool(is_name), "a name such as hg38, mm39 or GCF_009914755.1")
        is_address = self.email is None or re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", self.email)
        require_setting(self, "email", bool(is_address), "an address such as lab@example.org")
        is_licence = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", self.licence)
        require_setting(self, "licence", bool(is_licence), "an SPDX identifier such as CC-BY-4.0 or CC0-1.0")


class KeyFigure(NamedTuple):
    """A figure that matters, as text, and what it is."""

    value: str
    what: str


@dataclass(frozen=True)
class Section:
    """What the page says of one run.

    Attributes
    ----------
    run : Run
    title : str
    sentence : str
        What was asked, in one sentence.
    figures : sequence of KeyFigure
        The three that matter.
    pictures : sequence of Picture
    tables : sequence of Table
    limits : sequence of str
        What the numbers do not say.
    notes : sequence of str
        What became of what was left out.
    contigs : mapping of str to int
        Lengths of the genome's contigs in bp, as far as the run knows them.
    track : path, optional
        A bigWig with the scores, or the importance of bases.
    limits_of_track : (float, float), optional
        Of the axis; default: what is shown decides.
    """

    run: Run
    title: str
    sentence: str
    figures: Sequence[KeyFigure]
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    limits: Sequence[str] = ()
    notes: Sequence[str] = ()
    contigs: Mapping[str, int] = field(default_factory=dict)
    track: Path | None = None
    limits_of_track: tuple[float, float] | None = None


def of_one_genome(sections: Sequence[Section]) -> list[Section]:
    """Return sections whose lengths of contigs agree.

    What a VCF's header declares is not always the genome's: where a track knows better, the track counts, and
    a note says so.

    Raises
    ------
    InputError
        Two tracks, or two VCFs, have different lengths of a contig.
    """
    of_tracks = _lengths([section for section in sections if section.track is not None])
    agreed = []
    for section in sections:
        wrong = {
            contig: length
            for contig, length in section.contigs.items()
            if section.track is None and of_tracks.get(contig, length) != length
        }
        notes = [
            f"The header of the VCF says that {contig} has {length:,} bases, but it has "
            f"{of_tracks[contig]:,} in another run: are the variants of this genome?"
            for contig, length in wrong.items()
        ]
        kept = {contig: length for contig, length in section.contigs.items() if contig not in wrong}
        agreed.append(replace(section, contigs=kept, notes=[*notes[:_MOST_CONTIGS], *section.notes]))
    _lengths(agreed)
    return agreed


def _lengths(sections: Sequence[Section]) -> dict[str, int]:
    """Return the lengths of contigs that all sections agree on."""
    known: dict[str, tuple[int, Section]] = {}
    for section in sections:
        for contig, length in section.contigs.items():
            first, other = known.setdefault(contig, (length, section))
            if first != length:
                raise InputError(
                    f"the runs are of different genomes: {contig} has {length:,} bases here and {first:,} in "
                    f"{other.run.path}",
                    source=section.run.path,
                    remedy="write a report for each genome",
                )
    return {contig: length for contig, (length, _) in known.items()}


def skipped_notes(run: Run, what: str) -> list[str]:
    """Return what was left out and why, a text for each reason."""
    left = {reason: number for reason, number in run.record["skipped"].items() if number}
    return [f"{number:,} {what} left out: {str(reason).replace('_', ' ')}" for reason, number in left.items()]


def model_of(run: Run) -> str:
    """Return the name of the model of a run."""
    return str(run.entry("model", "name") or "the model")


def genome_of(run: Run) -> str:
    """Return the file name of the genome of a run."""
    paths = [
        item["path"]
        for item in run.record["inputs"]
        if isinstance(item, dict) and item.get("role") == "genome"
    ]
    return Path(str(paths[0])).name if paths else "the genome"


def shown(value: float, digits: int = 3) -> str:
    """Return a number as a text with some digits, NaN as a dash."""
    return "–" if value != value else f"{value:.{digits}g}"
