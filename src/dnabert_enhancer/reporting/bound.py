"""A page of bounded size: low-ranked pictures are left out and long tables cut, and the page says so."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from dnabert_enhancer.reporting.picture import Picture
from dnabert_enhancer.reporting.section import Section
from dnabert_enhancer.reporting.table import Table

_OF_TABLES = 0.6
"""Share of the page that texts, tables and genome browser may take where there are pictures for the rest."""
_FEWEST_ROWS = 100
"""A table is not cut below."""
_MARKUP = 200
"""Bytes of the page around a picture's address and text."""


def bounded_page(sections: Sequence[Section], page: Callable[[Sequence[Section]], str], most: int) -> str:
    """Return the page of sections, no longer than `most` bytes, as far as that can be had.

    Parameters
    ----------
    sections : sequence of Section
    page : callable
        Makes the page of sections.
    most : int

    Notes
    -----
    Tables are halved, the longest first, until what is no picture takes three fifths of the page, or more
    where the pictures need less than the rest, but none to fewer than 100 rows. Then pictures are taken while
    they fit: those without a file first, then the first of each section, the second of each, and so on.
    """
    whole = page(sections)
    if _size(whole) <= most:
        return whole
    plain = [replace(section, pictures=()) for section in sections]
    of_pictures = sum(_need(picture) for section in sections for picture in section.pictures)
    room = max(int(_OF_TABLES * most), most - of_pictures)
    while (over := _size(page(plain)) - room) > 0 and (shorter := _shortened(plain, over)) is not None:
        plain = shorter
    noted = [
        replace(short, notes=[*short.notes, *_table_notes(section, short, most)])
        for section, short in zip(sections, plain, strict=True)
    ]
    # room for the notes on pictures, too
    left = most - _size(
        page([_with_pictures(one, section, set(), most) for one, section in _both(noted, sections)])
    )
    kept: set[tuple[int, int]] = set()
    for at in _by_rank(sections):
        left -= _need(sections[at[0]].pictures[at[1]])
        if left < 0:
            break
        kept.add(at)
    return page(
        [
            _with_pictures(one, section, {row for number, row in kept if number == at}, most)
            for at, (one, section) in enumerate(_both(noted, sections))
        ]
    )


def _need(picture: Picture) -> int:
    return len(picture.address) + _size(picture.title + picture.text) + _MARKUP


def _both(noted: Sequence[Section], sections: Sequence[Section]) -> list[tuple[Section, Section]]:
    return list(zip(noted, sections, strict=True))


def _shortened(sections: Sequence[Section], over: int) -> list[Section] | None:
    """Return sections with their longest tables halved, to save so many bytes; None where none can be."""
    tables = [list(section.tables) for section in sections]
    sizes = {
        (number, at): _size(json.dumps(table.data()))
        for number, of_section in enumerate(tables)
        for at, table in enumerate(of_section)
    }
    saved = 0
    while saved < over:
        place = max(
            (at for at in sizes if len(tables[at[0]][at[1]].rows) > _FEWEST_ROWS),
            key=sizes.__getitem__,
            default=None,
        )
        if place is None:
            break
        number, at = place
        table = tables[number][at]
        rows = table.rows[: max(_FEWEST_ROWS, len(table.rows) // 2)]
        tables[number][at] = replace(table, rows=rows)
        sizes[place] = sizes[place] * len(rows) // len(table.rows)
        saved += sizes[place]
    if not saved:
        return None
    return [replace(section, tables=kept) for section, kept in zip(sections, tables, strict=True)]


def _table_notes(before: Section, after: Section, most: int) -> list[str]:
    def note(table: Table, short: Table) -> str:
        return (
            f"The table {table.title} is cut to {len(short.rows):,} rows, so that this page stays under "
            f"{_megabytes(most)} MB; all of them are in {table.file}."
        )

    pairs = zip(before.tables, after.tables, strict=True)
    return [note(table, short) for table, short in pairs if len(short.rows) < len(table.rows)]


def _by_rank(sections: Sequence[Section]) -> list[tuple[int, int]]:
    """Return section and number of all pictures in the order in which they are kept."""
    places = [(number, at) for number, section in enumerate(sections) for at in range(len(section.pictures))]
    return sorted(places, key=lambda at: (bool(sections[at[0]].pictures[at[1]].file), at[1], at[0]))


def _with_pictures(noted: Section, section: Section, kept: set[int], most: int) -> Section:
    pictures = [picture for at, picture in enumerate(section.pictures) if at in kept]
    left = [picture.file for at, picture in enumerate(section.pictures) if at not in kept and picture.file]
    return replace(
        noted, pictures=pictures, notes=[*noted.notes, *_picture_note(left, len(section.pictures), most)]
    )


def _picture_note(left: Sequence[str], total: int, most: int) -> list[str]:
    if not left:
        return []
    names = left[0] if len(left) == 1 else f"{left[0]} to {left[-1]}"
    return [
        f"{len(left):,} of {total:,} pictures are left out, so that this page stays under "
        f"{_megabytes(most)} MB; they are in the run's own folder: {names}."
    ]


def _megabytes(most: int) -> str:
    return f"{most / 1e6:g}"


def _size(text: str) -> int:
    return len(text.encode())
