#!/usr/bin/env python3
"""Write assets/schema_input.json from the samplesheet's reader and page; --check fails when it is old.

The rules are those of `functions/samplesheet/main.nf`, which knows more than a schema can say (what a file
or a model is), and the texts those of `docs/pipeline-samplesheet.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
READER = REPOSITORY / "functions" / "samplesheet" / "main.nf"
PAGE = REPOSITORY / "docs" / "pipeline-samplesheet.md"
SCHEMA = REPOSITORY / "assets" / "schema_input.json"

_SEVERAL = ("files", "named files", "named regions", "named models")
_JOBS = ("train_regions", "scan_regions", "vcf", "interpret_regions", "interpret_variants")


def columns() -> dict[str, dict[str, Any]]:
    """Return the columns as the reader's table has them: what each holds, its ending, pattern and needs."""
    text = READER.read_text()
    bed = re.search(r"def regionsEnding\(\) \{\s+return /(.+)/\n", text)
    table = re.search(r"def samplesheetColumns\(\) \{(.*?)\n    \]\n\}", text, re.DOTALL)
    if bed is None or table is None:
        raise SystemExit(f"{READER}: the table of columns is not where it was")
    found: dict[str, dict[str, Any]] = {}
    for name, rest in re.findall(r"^ {8}(\w+) *: \[(.*)\],$", table[1], re.MULTILINE):
        rule: dict[str, Any] = {}
        for key, pattern, double, single, words, bare in re.findall(
            r"(\w+): (?:/((?:[^/\\]|\\.)*)/|\"([^\"]*)\"|'([^']*)'|\[([^\]]*)\]|(\w+))", rest
        ):
            value = pattern or double or single
            rule[key] = re.findall(r"'([^']*)'", words) if words else value or bare
        if rule.get("ending") == "bed":
            rule["ending"] = bed[1]
        found[name] = rule
    return found


def _described() -> dict[str, str]:
    """Return what the page says of each column, as plain text."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| [^|]*\|$", PAGE.read_text(), re.MULTILINE)
    return {name: re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", what).replace("`", "") for name, what in rows}


def _any_case(ending: str) -> str:
    """Return a pattern without its case: the flag is not of the JSON Schema's regular expressions."""
    return re.sub(r"[A-Za-z]", lambda one: f"[{one[0].lower()}{one[0].upper()}]", ending)


def _rule(name: str, column: dict[str, Any], what: str) -> dict[str, Any]:
    """Return the schema of one column."""
    several = column["holds"] in _SEVERAL
    # a table's cells that look like numbers are read as such
    kinds = {"name": ["string", "number"], "word": ["string", "number"]}.get(
        column["holds"], ["string", "array"] if several else "string"
    )
    rule: dict[str, Any] = {"type": kinds, "description": what}
    if several:
        rule["items"] = {"type": "string"}
    if column["holds"] == "name":
        rule |= {
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
            "errorMessage": "give letters, digits, '.', '_' and '-', at most 100, a letter or digit first",
            "meta": ["id"],
        }
    elif column["holds"] == "word":
        rule |= {"pattern": f"^({column['pattern']})$", "errorMessage": f"give {column['says']}"}
    elif column["holds"] == "file" and name == "genome":
        rule["pattern"] = "^\\S.*$"  # a file, or a name of params.genomes
    elif column["holds"] == "file":
        words = column.get("words", [])
        if not words:
            rule["format"] = "file-path"
        ending = column.get("ending")
        if ending:
            said = ", ".join(f".{one}" for one in ending.replace("\\", "").split("|"))
            rule["pattern"] = f"^({'|'.join([*words, f'.*[.](?:{_any_case(ending)})'])})$"
            rule["errorMessage"] = (
                f"give {''.join(f'{word}, or ' for word in words)}a file that ends in {said}"
            )
    return rule


def schema() -> dict[str, Any]:
    """Return the schema of the samplesheet, by nf-schema's conventions."""
    table, described = columns(), _described()
    if list(table) != list(described):
        raise SystemExit(f"{PAGE}: its columns are not those of {READER.relative_to(REPOSITORY)}")
    needs = {name: rule["needs"].split(" or ") for name, rule in table.items() if "needs" in rule}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "assets/schema_input.json",
        "title": "dnabert-enhancer samplesheet",
        "description": "One row per analysis; made by tools/samplesheet_schema.py from the reader",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {name: _rule(name, rule, described[name]) for name, rule in table.items()},
            "additionalProperties": False,
            "required": [name for name, rule in table.items() if rule.get("required")],
            "anyOf": [{"required": [name]} for name in _JOBS],
            "dependentRequired": {name: others for name, others in needs.items() if len(others) == 1}
            | {"databases": ["scan_regions", "assembly"]},
            "dependentSchemas": {
                name: {"anyOf": [{"required": [other]} for other in others]}
                for name, others in needs.items()
                if len(others) > 1
            },
        },
        "minItems": 1,
        "uniqueEntries": ["sample"],
    }


def main() -> int:
    """Write the schema, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 when it would change"
    )
    text = json.dumps(schema(), indent=4, ensure_ascii=False) + "\n"
    if parser.parse_args().check:
        if not SCHEMA.is_file() or SCHEMA.read_text() != text:
            print(
                "assets/schema_input.json is not up to date: run tools/samplesheet_schema.py", file=sys.stderr
            )
            return 1
        return 0
    SCHEMA.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
