#!/usr/bin/env python3
"""Write the parameters in docs/pipeline-quickstart.md from the schema; with --check, fail if they are old."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "pipeline-quickstart.md"


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    page = PAGE.read_text()
    fresh = re.sub(
        r"(<!-- parameters -->\n).*?(<!-- end of parameters -->)",
        lambda found: f"{found[1]}{tables()}{found[2]}",
        page,
        flags=re.DOTALL,
    )
    if check and fresh != page:
        sys.exit(f"{PAGE.name} is not up to date: run tools/pipeline_parameters.py")
    PAGE.write_text(fresh)


def tables() -> str:
    """Return a table a group of parameters."""
    schema = json.loads((ROOT / "nextflow_schema.json").read_text())
    parts = []
    for group in schema["$defs"].values():
        rows = [
            f"| `--{name}` | {cell(rule['description'])} | {default(rule)} |"
            for name, rule in group["properties"].items()
            if not rule.get("hidden")
        ]
        head = f"**{group['title']}.** {group['description']}\n\n| parameter | meaning | default |"
        parts.append("\n".join([head, "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def cell(text: str) -> str:
    """Return text that does not end a cell."""
    return text.replace("|", "\\|")


def default(rule: dict) -> str:
    """Return the default as code, with the choices where there are some."""
    value = rule.get("default")
    shown = "" if value is None else f"`{json.dumps(value).strip(chr(34))}`"
    others = [f"`{choice}`" for choice in rule.get("enum", []) if choice != value]
    return f"{shown} ({'or' if shown else 'one of'} {', '.join(others)})".strip() if others else shown


if __name__ == "__main__":
    main()
