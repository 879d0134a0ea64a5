"""Reads the rows of a database's file: encodings, quotes, comments, title lines, and which layout fits."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from dnabert_enhancer.comparison.preset import Column, Layout, Preset, plain_title
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import (
    csv_rows,
    describe_source,
    open_binary,
    read_line_blocks,
    read_text_lines,
)
from dnabert_enhancer.genome import check_not_vcf

USUAL_TITLES = {
    "chrom": ("chrom", "chr", "chromosome", "contig", "seqnames", "seqname", "chr_name"),
    "start": ("start", "chromstart", "chrom_start", "start_position", "chr_start", "begin", "start0"),
    "end": ("end", "chromend", "chrom_end", "end_position", "chr_end", "stop", "end0"),
}
"""Other titles under which a place is found when a layout asks for ``chrom``, ``start`` and ``end``."""
_LONGEST_RECORD = 1000
_LONGEST_ROW = 1 << 24
_HEAD_BYTES = 1 << 20
_PASSED_OVER = re.compile(r"(?:track|browser)(?:\s|$)")
_WHOLE = re.compile(r"\s*-?\d+\s*")

Row = tuple[int, list[str]]
"""A line number from 1 and the row's fields."""


class Table(NamedTuple):
    """The rows of a file and where they hold what.

    Attributes
    ----------
    layout : Layout
        The one that fits, with all columns by position.
    rows : iterator of Row
        Without comments and title lines.
    """

    layout: Layout
    rows: Iterator[Row]


def read_table(
    path: str | os.PathLike[str], preset: Preset, columns: Mapping[str, str] | None = None
) -> Table:
    """Open a database's file.

    Parameters
    ----------
    path : str or path
        Plain, gzip or bgzip.
    preset : Preset
        How the file looks.
    columns : mapping of str to str, optional
        Columns named by the user, by field (``chrom``, ``start`` …): a title, or a number from 1.

    Raises
    ------
    InputError
        What `files.read_text_lines` refuses, an unclosed quote, titles that are missing, no layout that fits.
    """
    lines = _fasta_rows(path) if preset.fasta else _rows(path, preset)
    # whoever names the columns may mean those of a VCF
    comments, first, rows = _head(lines, None if columns else describe_source(path))
    layouts = [_with_columns(layout, columns or {}) for layout in preset.layouts]
    if first is None:
        return Table(_without_titles(layouts[-1]), iter(()))
    titles = [plain_title(text) for text in first[1]]
    for layout in layouts:
        for number, header in ((first[0], titles), *comments):
            if layout.titles and (found := _by_position(layout, header)) is not None:
                return Table(found, rows if number == first[0] else chain([first], rows))
    if all(layout.titles for layout in layouts):
        raise _missing_titles(path, layouts[0], first, comments)
    plain = [layout for layout in layouts if not layout.titles]
    if _is_title_row(first[1], plain[0]):
        following = next(rows, None)
        if following is None:
            # titles of places alone are a table without rows; any other words are not a table
            return Table(plain[-1], iter(() if _is_place(titles) else (first,)))
        first = following
    return Table(_fitting(path, plain, first, preset), chain([first], rows))


def head_of(path: str | os.PathLike[str], lines: int = 200) -> list[str]:
    """Return the first lines of a file as they are (bytes that are not UTF-8 replaced), to guess its kind.

    Only `_HEAD_BYTES` are looked at, of which a line that they cut is left out.
    """
    with open_binary(path) as stream:
        start = stream.read(_HEAD_BYTES)
    found = start.splitlines(keepends=True)[:lines]
    if len(start) == _HEAD_BYTES and len(found) > 1 and len(found) < lines:
        found.pop()
    return [line.decode("utf-8", "replace").rstrip("\r\n") for line in found]


def _head(
    lines: Iterator[Row], source: str | None
) -> tuple[list[tuple[int, list[str]]], Row | None, Iterator[Row]]:
    """Return the titles in comments above the first row, that row, and the rows after it."""
    comments: list[tuple[int, list[str]]] = []
    for number, fields in lines:
        if not fields[0].startswith("#"):
            return comments, (number, fields), _without_comments(lines)
        if source is not None:
            check_not_vcf("\t".join(fields), source, number)
        comments.append((number, [plain_title(text) for text in fields]))
    return comments, None, iter(())


def _without_comments(lines: Iterator[Row]) -> Iterator[Row]:
    return (row for row in lines if row[1][0][:1] != "#")


def _rows(path: str | os.PathLike[str], preset: Preset) -> Iterator[Row]:
    if preset.quoted or len(preset.encodings) > 1:
        yield from _quoted_rows(path, preset)
        return
    for number, line in read_text_lines(path):
        if not line or line.isspace() or (line[0] in "tb" and _PASSED_OVER.match(line)):
            continue
        yield number, line.split("\t") if "\t" in line else line.split()


def _fasta_rows(path: str | os.PathLike[str]) -> Iterator[Row]:
    found = False
    for number, line in read_text_lines(path):
        if line.startswith(">"):
            found = True
            yield number, [line[1:].strip()]
        elif not found and line.strip():
            raise InputError(
                "this is not a FASTA file",
                source=path,
                location=f"line {number}",
                remedy="give the FASTA file of the site, or another preset",
            )


def _quoted_rows(path: str | os.PathLike[str], preset: Preset) -> Iterator[Row]:
    # the last of several encodings is what is left, and need not fit
    errors = "replace" if len(preset.encodings) > 1 else "strict"
    lines = _decoded_lines(path, _encoding_of(path, preset.encodings), errors)
    blank = []
    head = ""
    for head in lines:
        if head.strip():
            break
        blank.append(head)
    delimiter = next((mark for mark in "\t,;" if mark in head), "\t")
    began = 1
    try:
        for line, fields in csv_rows(chain(blank, [head], lines), delimiter):
            if line - began > _LONGEST_RECORD:
                raise InputError(
                    f"a quote opened here is not closed within {_LONGEST_RECORD} lines",
                    source=path,
                    location=f"line {began}",
                    remedy="correct the quotes",
                )
            if any(text.strip() for text in fields):
                yield began, fields
            began = line + 1
    except csv.Error as error:
        raise InputError(
            f"the row cannot be read ({error})",
            source=path,
            location=f"line {began}",
            remedy="correct the line",
        ) from None


def _encoding_of(path: str | os.PathLike[str], encodings: Sequence[str]) -> str:
    """Return the first encoding that the whole file has; the last one where none fits."""
    *others, last = encodings
    for block in read_line_blocks(path, longest_line=_LONGEST_ROW):
        if not others:
            break
        if not block.content.isascii():
            others = [encoding for encoding in others if _has_encoding(block.content, encoding)]
    return others[0] if others else last


def _has_encoding(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded_lines(path: str | os.PathLike[str], encoding: str, errors: str) -> Iterator[str]:
    """Yield the lines with their ends."""
    for block in read_line_blocks(path, longest_line=_LONGEST_ROW):
        try:
            text = block.content.decode(encoding, errors)
        except UnicodeDecodeError as error:
            line = block.first_line + block.content.count(b"\n", 0, error.start)
            raise InputError(
                f"the text is not {encoding.upper()} (byte 0x{block.content[error.start]:02x})",
                source=path,
                location=f"line {line}",
                remedy="save the file as UTF-8",
            ) from None
        for row in text[:-1].split("\n"):
            yield row + "\n"


def _with_columns(layout: Layout, columns: Mapping[str, str]) -> Layout:
    chosen: dict[str, Column] = {
        field: int(text) - 1 if text.isdecimal() and int(text) > 0 else text
        for field, text in columns.items()
    }
    return replace(layout, **chosen)  # type: ignore[arg-type]  # the fields of columns only


def _by_position(layout: Layout, header: Sequence[str]) -> Layout | None:
    """Return the layout with its titles as positions, or None when the header lacks one."""
    places: dict[str, int] = {}
    for title in layout.titles:
        names = USUAL_TITLES.get(title, (title,))
        found = next((header.index(name) for name in (title, *names) if name in header), None)
        if found is None:
            return None
        places[title] = found

    def place(column: Column | None) -> Column | None:
        return places[plain_title(column)] if isinstance(column, str) else column

    return replace(
        layout,
        chrom=_known(place(layout.chrom)),
        start=_known(place(layout.start)),
        end=_known(place(layout.end)),
        name=place(layout.name),
        score=place(layout.score),
        cell=place(layout.cell),
        kind=place(layout.kind),
        keep={_known(place(column)): pattern for column, pattern in layout.keep.items()},
    )


def _without_titles(layout: Layout) -> Layout:
    """Return a layout for a file without rows, in which no title can be looked up."""
    return _by_position(layout, sorted(layout.titles)) or layout


def _known(column: Column | None) -> Column:
    assert column is not None
    return column


def _is_title_row(fields: Sequence[str], layout: Layout) -> bool:
    if layout.places is not None:
        return False
    places = (layout.start, layout.end)
    texts = [fields[at] for at in places if isinstance(at, int) and at < len(fields)]
    plain = [text.strip() for text in texts]
    return (
        len(plain) == 2
        and not any(_WHOLE.fullmatch(text) for text in plain)
        and all(text[:1].isalpha() and text.upper() not in ("NA", "NAN", "NULL") for text in plain)
    )


def _is_place(titles: Sequence[str]) -> bool:
    return all(any(name in titles for name in names) for names in USUAL_TITLES.values())


def _fitting(path: str | os.PathLike[str], layouts: Sequence[Layout], first: Row, preset: Preset) -> Layout:
    number, fields = first
    for layout in layouts:
        has_columns = layout.columns is None or layout.columns == len(fields)
        matches = all(
            at < len(fields) and re.fullmatch(pattern, fields[at].strip(), re.IGNORECASE)
            for at, pattern in layout.when.items()
        )
        if has_columns and matches:
            return layout
    wanted = " or ".join(sorted({str(layout.columns) for layout in layouts}, key=int))
    raise InputError(
        f"{len(fields)} columns where a file of preset {preset.name} has {wanted}",
        source=path,
        location=f"line {number}",
        remedy="give the file as published, or name another preset (--list-presets)",
    )


def _missing_titles(
    path: str | os.PathLike[str],
    layout: Layout,
    first: Row,
    comments: Sequence[tuple[int, list[str]]],
) -> InputError:
    header = comments[-1][1] if comments and len(comments[-1][1]) > 1 else [*map(plain_title, first[1])]
    missing = [
        title
        for title in sorted(layout.titles)
        if not any(name in header for name in (title, *USUAL_TITLES.get(title, ())))
    ]
    shown = ", ".join(repr(title) for title in first[1][:12]) + (" …" if len(first[1]) > 12 else "")
    return InputError(
        f"there is no column {' and no '.join(map(repr, missing))}; the first row has {shown}",
        source=path,
        location=f"line {first[0]}",
        remedy="name the right columns or another preset (--list-presets)",
    )
