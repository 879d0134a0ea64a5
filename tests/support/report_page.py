"""What a page of report says, taken apart."""

from __future__ import annotations

import json
import re


def headings(page: str) -> list[str]:
    """Return the titles of the sections, in their order."""
    return re.findall(r"<h2 id=.run-\d+-title.>(.*)</h2>", page)


def figures(page: str) -> dict[str, str]:
    """Return the key figures of all sections: what each is, and its value."""
    found = re.findall(r"<li><strong>(.*)</strong> <span>(.*)</span></li>", page)
    return {what: value for value, what in found}


def tables(page: str) -> dict[str, dict]:
    """Return the tables of a page by the names of their files."""
    found = re.findall(r'<script type="application/json" id="table-[^"]+">(.*?)</script>', page)
    return {table["file"]: table for table in map(json.loads, found)}


def cells(table: dict, name: str) -> list[str]:
    """Return a column of a table."""
    at = [column["name"] for column in table["columns"]].index(name)
    return [row[at] for row in table["rows"]]
