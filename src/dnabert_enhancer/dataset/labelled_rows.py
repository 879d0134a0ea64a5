"""Rows as readers find them, before labels become numbers: plain lists, checked sequence by sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dnabert_enhancer.errors import InputError

_FOREIGN = re.compile(r"[^ACGTUNRYSWKMBDHVacgtunryswkmbdhv]")


@dataclass
class Rows:
    """Columns of one source, one entry a row; a missing contig is None, a missing coordinate None."""

    source: str
    labels: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    contigs: list[str | None] = field(default_factory=list)
    starts: list[int | None] = field(default_factory=list)
    ends: list[int | None] = field(default_factory=list)
    strands: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sequences)

    def add(
        self,
        sequence: str,
        label: str,
        name: str,
        place: tuple[str | None, int | None, int | None, str] = (None, None, None, "."),
    ) -> None:
        """Append one row; `place` is contig, start, end (0-based, half-open) and strand."""
        self.sequences.append(sequence)
        self.labels.append(label)
        self.names.append(name)
        contig, start, end, strand = place
        self.contigs.append(contig)
        self.starts.append(start)
        self.ends.append(end)
        self.strands.append(strand)

    def extend(self, other: Rows) -> None:
        """Append all rows of another source."""
        for column in ("labels", "sequences", "names", "contigs", "starts", "ends", "strands"):
            getattr(self, column).extend(getattr(other, column))


def check_bases(sequence: str, source: str, location: str) -> None:
    """Refuse an empty sequence and letters that are neither bases nor IUPAC codes.

    Raises
    ------
    InputError
        Naming the first foreign letter and its place.
    """
    if not sequence:
        raise InputError("empty sequence", source=source, location=location, remedy="remove the row")
    foreign = _FOREIGN.search(sequence)
    if foreign:
        raise InputError(
            f"{foreign.group()!r} at base {foreign.start() + 1} is not a nucleotide letter",
            source=source,
            location=location,
            remedy="give DNA (A, C, G, T, N or IUPAC codes); a protein or an aligned sequence cannot be read",
        )
