#!/usr/bin/env python3
"""Write the tables in docs/pipeline-quickstart.md; with --check, fail if they are old.

The parameters are those of the schema. An option of a command that neither conf/modules.config nor a module
gives has none: it is told by ``ext.args`` of the process named here, or has no place in the pipeline.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from dnabert_enhancer.commands.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "pipeline-quickstart.md"

PROCESSES = {
    "make-dataset": "MAKE_DATASET",
    "finetune": "FINETUNE",
    "tune": "TUNE|TUNE_TRIAL",
    "evaluate": "EVALUATE",
    "predict": "PREDICT",
    "score-variants": "SCORE_VARIANTS|SCORE_PANEL",
    "interpret": "INTERPRET",
    "compare-db": "COMPARE_DB",
    "report": "REPORT",
}
"""Of each command, whose ``ext.args`` its options are told by."""
ELSEWHERE = {
    "predict": {"PREDICT_MERGE": ("--merge-gap",)},
    "score-variants": {"SCORE_VARIANTS_MERGE": ("--allow-empty",)},
    "interpret": {"INTERPRET_VARIANTS": ("--flank",)},
}
"""Those of another process."""
NO_PLACE = {
    "other inputs than those of rows": {
        "finetune": ("--negatives", "--validation"),
        "tune": ("--negatives", "--validation"),
        "evaluate": ("--negatives", "--train-dataset", "--train-negatives", "--exclude-duplicates-of"),
        "predict": ("--fasta", "--tsv", "--embeddings", "--pooling"),
        "score-variants": ("--variant", "--regions"),
        "interpret": ("--fasta",),
        "compare-db": ("--databases",),
    },
    "the pipeline's own task": {
        "finetune": ("--restart",),
        "tune": ("--restart",),
        "predict": ("--no-null",),
        "score-variants": ("--shard", "--check"),
        "interpret": ("--shard", "--merge"),
        "compare-db": ("--list-presets",),
    },
    "files that no process keeps": {
        "finetune": ("--archive",),
        "tune": ("--archive",),
        "predict": ("--bedgraph",),
    },
    "by hand, of the folders of `--outdir`": {
        "report": ("--track-hub", "--bundle", "--email", "--author", "--licence"),
    },
    "whole VCFs alone, which the command takes": {"score-variants": ("--phased", "--sample")},
}
"""Why an option is of no use in ``ext.args``: the reason, by command."""
OF_EVERY_COMMAND = {"--help", "--version", "--quiet", "--debug"}


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
    fresh = re.sub(
        r"(<!-- options -->\n).*?(<!-- end of options -->)",
        lambda found: f"{found[1]}{options_table()}{found[2]}",
        fresh,
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


def without_parameter(command: str) -> list[str]:
    """Return the options of a command that neither a parameter nor a row nor a module gives."""
    sources = {
        path.parent.name.upper(): path.read_text() for path in (ROOT / "modules" / "local").glob("*/main.nf")
    }
    of_command = {
        name: source
        for name, source in sources.items()
        if re.search(rf"^    {command} \\\\$", source, re.MULTILINE)
    }
    text = "".join(of_command.values())
    for block in (ROOT / "conf" / "modules.config").read_text().split("    withName: '")[1:]:
        # INTERPRET_VARIANTS is INTERPRET by another name
        if any(
            name.removesuffix("_VARIANTS") in of_command or name in of_command
            for name in block.split("'")[0].split("|")
        ):
            text += block
    given = set(re.findall(r"--[a-z][a-z0-9-]*", text)) | OF_EVERY_COMMAND
    named = [name for action in build_parser(command)._actions for name in action.option_strings]
    return [name for name in named if name.startswith("--") and name not in given]


def options_table() -> str:
    """Return the table of the options without a parameter, a row a command."""
    rows = ["| command | by `ext.args` of | not in the pipeline |", "| --- | --- | --- |"]
    for command, process in PROCESSES.items():
        left = without_parameter(command)
        reasons = {reason: of.get(command, ()) for reason, of in NO_PLACE.items()}
        elsewhere = ELSEWHERE.get(command, {})
        placed = [name for names in (*reasons.values(), *elsewhere.values()) for name in names]
        if unknown := set(placed) - set(left):
            sys.exit(f"{command} {', '.join(sorted(unknown))}: no such option, or it has a parameter by now")
        own = [name for name in left if name not in placed]
        told = [listed(f"`{cell(process)}`", own), *(listed(f"`{one}`", of) for one, of in elsewhere.items())]
        why = [listed(reason, names) for reason, names in reasons.items()]
        rows.append(f"| `{command}` | {'; '.join(filter(None, told))} | {'; '.join(filter(None, why))} |")
    return "\n".join(rows) + "\n"


def listed(what: str, names: Iterable[str]) -> str:
    """Return names of options after what they have in common; nothing where there are none."""
    shown = " ".join(f"`{name}`" for name in names)
    return f"{what}: {shown}" if shown else ""


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
