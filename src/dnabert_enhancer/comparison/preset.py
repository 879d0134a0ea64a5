"""How the file of a database looks: what one declarative entry holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Column = int | str
"""A column by position (from 0), or by its title (case, outer blanks and a leading ``#`` do not count)."""


@dataclass(frozen=True)
class Layout:
    """Where a file has what; a database whose files differ has several.

    Parameters
    ----------
    chrom, start, end : int or str
        Columns of the place.
    name, score, cell, kind : int or str, optional
        Columns of the element's name, its number, its cell type or tissue, and its class.
    columns : int, optional
        The layout is meant when the first row has so many columns.
    when : mapping of int to pattern
        The layout is meant when these columns of the first row match wholly (any case).
    keep : mapping of column to pattern
        Rows whose column does not match the whole of the regular expression (any case) are filtered out.
    places : str, optional
        A regular expression for column 1 (of a FASTA file: for the header) with the groups ``chrom``,
        ``start``, ``end`` and perhaps ``name``, ``cell``, ``kind``; used instead of the columns.
    cell_pattern : str, optional
        Finds every cell type in the cell column, as group 1; default: the whole text is one.
    name_pattern : str, optional
        Finds the name in the name column, as group 1.
    """

    chrom: Column = 0
    start: Column = 1
    end: Column = 2
    name: Column | None = None
    score: Column | None = None
    cell: Column | None = None
    kind: Column | None = None
    columns: int | None = None
    when: Mapping[int, str] = field(default_factory=dict)
    keep: Mapping[Column, str] = field(default_factory=dict)
    places: str | None = None
    cell_pattern: str | None = None
    name_pattern: str | None = None

    @property
    def titles(self) -> frozenset[str]:
        """The column titles that a file with this layout must have; empty when all are by position."""
        used = (self.chrom, self.start, self.end, self.name, self.score, self.cell, self.kind, *self.keep)
        return frozenset(plain_title(column) for column in used if isinstance(column, str))


@dataclass(frozen=True)
class Preset:
    """One database: how its files are read, where users get them, under which terms.

    Parameters
    ----------
    name : str
        What users type.
    title : str
        One line that says what it is.
    layouts : tuple of Layout
        The first that fits the first row is used.
    assembly : str, optional
        What the site's files are in; None: the user's own file, taken to be in that of the calls.
    base : 0 or 1
        Of the start; 1 means 1-based and closed.
    download, licence, citation : str
        Where users get the file, its terms in short (the site has the last word), the paper.
    evidence : str
        What the layout was checked against: a real file, or the source of the column description.
    verified : bool
        Whether a real file was read.
    quoted : bool
        Fields may be in double quotes and hold line breaks.
    encodings : tuple of str
        Tried in this order; the last is read with replacement characters.
    fasta : bool
        The elements are in the headers of a FASTA file.
    note : str
        What users should know.
    """

    name: str
    title: str
    layouts: tuple[Layout, ...]
    download: str
    licence: str
    citation: str
    evidence: str
    verified: bool
    assembly: str | None = None
    base: int = 0
    quoted: bool = False
    encodings: tuple[str, ...] = ("utf-8",)
    fasta: bool = False
    note: str = ""

    @property
    def status(self) -> str:
        """What the list of presets says about the layout."""
        return f"verified on {self.evidence}" if self.verified else "layout not verified on a real file"


def plain_title(title: str) -> str:
    """Return a column title as it is compared: without case, outer blanks and a leading ``#``."""
    return re.sub(r"\s+", " ", title.strip().lstrip("#").strip()).casefold()
