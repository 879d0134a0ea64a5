"""What this installation has and lacks, and how a model would run on this machine.

Versions, processor, memory, disk, cache, extras, programs; the backend and precision that the engine's rule
chooses for a model, and why. What is marked with ! is a problem and makes the exit code 3; what is marked
with - is optional and missing. Nothing is written.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import add_engine_arguments

if TYPE_CHECKING:
    from dnabert_enhancer.commands.options import Options

EXAMPLES = (
    "doctor",
    "doctor --model dnabert-enhancer-350 --measure",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--model", metavar="MODEL", help="directory or archive; default: the packaged model")
    parser.add_argument(
        "--measure",
        action="store_true",
        help="windows per second of every backend and precision on fixed windows; it decides nothing",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_engine_arguments(parser)


def run(options: Options) -> None:
    """Print the report."""
    import json

    from dnabert_enhancer.api import doctor
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.errors import ResourceError

    found = doctor(options.get("model"), options.settings(EngineSettings), measure="measure" in options)
    print(json.dumps(found.to_dict(), indent=2) if "json" in options else found)  # noqa: T201  its output
    if found.problems:
        names = ", ".join(finding.name for finding in found.problems)
        raise ResourceError(f"found problems with: {names}", remedy="see the lines marked with !")
