"""Rows of text between delimiters and quotes, with fields of any length."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator


def csv_rows(lines: Iterable[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of lines read so far; a field may be longer than csv's 128 KiB.

    Parameters
    ----------
    lines : iterable of str
        With their ends, where a quoted field may hold one.
    delimiter : str, default ","

    Raises
    ------
    csv.Error
        A row that cannot be read.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        before = csv.field_size_limit(sys.maxsize)  # of the whole process, so only while a row is read
        try:
            fields = next(reader)
        except StopIteration:
            return
        finally:
            csv.field_size_limit(before)
        yield reader.line_num, fields
