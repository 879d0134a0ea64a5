#!/usr/bin/env python3
"""Write the tables of docs/compare-db.md from the code; with --check, fail when they are not up to date."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from dnabert_enhancer.comparison import PRESETS, summary_columns

PAGE = Path(__file__).resolve().parent.parent / "docs" / "compare-db.md"


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    page = PAGE.read_text()
    fresh = with_tables(page)
    if check and fresh != page:
        sys.exit(f"{PAGE.name} is not up to date: run tools/compare_db_tables.py")
    PAGE.write_text(fresh)


def with_tables(page: str) -> str:
    """Return the page with what stands between its marks written anew."""
    for mark, table in (("presets", presets_table()), ("summary", summary_table())):
        page = re.sub(
            rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)",
            lambda found, table=table: f"{found[1]}{table}{found[2]}",
            page,
            flags=re.DOTALL,
        )
    return page


def presets_table() -> str:
    """Return the presets as a table."""
    lines = [
        "| preset | what | assembly | where from | terms; paper | layout |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for preset in PRESETS.values():
        layout = preset.status if preset.verified else f"**{preset.status}**; {preset.evidence}"
        what = f"{preset.title}. {preset.note}" if preset.note else preset.title
        cells = (
            f"`{preset.name}`",
            what,
            preset.assembly or "as the calls",
            preset.download,
            f"{preset.licence}; {preset.citation}",
            layout,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def summary_table() -> str:
    """Return the columns of the summary as a table."""
    lines = ["| column | what |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in summary_columns().items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
