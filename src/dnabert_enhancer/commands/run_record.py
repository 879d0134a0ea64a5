"""What a run writes about itself: arguments, versions, digests of what it read, counts, seconds."""

from __future__ import annotations

import json
import os
import platform
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from dnabert_enhancer import __version__
from dnabert_enhancer.commands.options import Options
from dnabert_enhancer.files import sha256_of

RECORDED_PACKAGES = (
    "numpy",
    "pandas",
    "pysam",
    "pyBigWig",
    "onnxruntime",
    "scikit-learn",
    "bioframe",
    "liftover",
    "torch",
    "transformers",
)


class RunRecord:
    """The content of ``<prefix>.run.json``.

    Parameters
    ----------
    options : Options
        What was given on the command line.
    """

    def __init__(self, options: Options) -> None:
        self._clock = time.monotonic()
        self._content: dict[str, Any] = {  # JSON values of several types
            "command": options.command,
            "command_line": list(options.command_line),
            "arguments": {name: _plain(value) for name, value in sorted(options.items())},
            "versions": _versions(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "inputs": [],
            "counts": {},
            "skipped": {},
        }

    def add_input(self, role: str, path: str | Path) -> str:
        """Note a file that was read, with its size and SHA-256 (standard input and folders: the name alone).

        Returns the SHA-256, or an empty text.
        """
        entry: dict[str, Any] = {"role": role, "path": str(path)}
        if str(path) != "-" and Path(path).is_file():
            entry |= {"bytes": os.path.getsize(path), "sha256": sha256_of(path)}  # noqa: PTH202  a text or a path
        self._content["inputs"].append(entry)
        return str(entry.get("sha256", ""))

    def count(self, name: str, number: int) -> None:
        """Add to a count of things done."""
        counts = self._content["counts"]
        counts[name] = counts.get(name, 0) + int(number)

    def skip(self, reason: str, number: int = 1) -> None:
        """Add to the count of things left out for a reason (a code in lower case with underscores)."""
        skipped = self._content["skipped"]
        skipped[reason] = skipped.get(reason, 0) + int(number)

    def set(self, name: str, value: Any) -> None:  # any JSON value
        """Set a top-level entry, such as ``model`` or ``engine``."""
        self._content[name] = value

    def to_json(self) -> str:
        """Return the record as text, the seconds since its making included."""
        self._content["seconds"] = round(time.monotonic() - self._clock, 3)
        return json.dumps(self._content, indent=2) + "\n"


def _plain(value: object) -> Any:  # a JSON value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, type(None))) else str(value)


def _versions() -> dict[str, str]:
    versions = {"dnabert-enhancer": __version__, "python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
