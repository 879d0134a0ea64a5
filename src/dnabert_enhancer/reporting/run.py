"""Runs by their prefix: the record of each, and the files that stand beside it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from dnabert_enhancer import __version__
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import keep_input
from dnabert_enhancer.installation import DISTRIBUTION

RECORD = "run.json"
_KINDS = {
    "command": str,
    "command_line": list,
    "arguments": dict,
    "versions": dict,
    "inputs": list,
    "counts": dict,
    "skipped": dict,
}
"""What every record holds, and of which type."""


class Run(NamedTuple):
    """A finished run.

    Attributes
    ----------
    base : str
        What the names of its files begin with: ``PREFIX.`` or ``FOLDER/``.
    record : dict
        The content of its ``run.json``.
    """

    base: str
    record: dict[str, Any]

    @property
    def path(self) -> str:
        """Path of the record."""
        return f"{self.base}{RECORD}"

    @property
    def name(self) -> str:
        """The prefix or folder without the path before it."""
        return Path(self.base.rstrip("./")).name or "run"

    @property
    def command(self) -> str:
        """The command that made it."""
        return str(self.record["command"])

    def entry(self, *names: str) -> Any:  # any JSON value
        """Return an entry of the record by the names that lead to it, None where there is none."""
        value: Any = self.record
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def count(self, name: str) -> int:
        """Return a count of the record, 0 where there is none."""
        value = self.record["counts"].get(name, 0)
        return value if isinstance(value, int) else 0

    def has_input(self, role: str) -> bool:
        """Return whether a file of this role was given."""
        return any(isinstance(item, dict) and item.get("role") == role for item in self.record["inputs"])

    def optional(self, ending: str) -> Path | None:
        """Return one of its files where it is there."""
        path = Path(f"{self.base}{ending}")
        keep_input(path)
        return path if path.is_file() else None

    def file(self, ending: str) -> Path:
        """Return one of its files; an `InputError` names the one that is missing."""
        found = self.optional(ending)
        if found is None:
            raise InputError(
                f"a file of the run is missing, {self.base}{ending}",
                source=self.path,
                remedy="keep the files of a run together, or run it again",
            )
        return found


def find_runs(given: str | os.PathLike[str]) -> list[Run]:
    """Return the runs that a prefix, a record or a folder stands for.

    Parameters
    ----------
    given : str or path
        The prefix of a run, the folder that it wrote, a ``run.json``, or a folder with the records of several
        runs, which are taken by name; records of shards are left out there.

    Raises
    ------
    InputError
        There is none, or a record is damaged, of a shard, or of a newer version.
    """
    text = os.fspath(given)
    own = [path for path in (text, f"{text}.{RECORD}", f"{text}/{RECORD}") if path.endswith(RECORD)]
    paths = [path for path in own if Path(path).is_file()][:1]
    if not paths and text and Path(text).is_dir():
        inside = sorted(Path(text).glob(f"*.{RECORD}"))
        paths = [str(path) for path in inside if not re.search(r"\.shard-\d+-of-\d+\.", path.name)]
    if not paths:
        raise InputError(
            f"no run is here: neither {text}.{RECORD} nor {text}/{RECORD} is a file",
            source=text or "''",
            remedy="give the --output-prefix of a finished run, or its folder",
        )
    for path in paths:
        keep_input(path)
    return [_read(path) for path in paths]


def _read(path: str) -> Run:
    remedy = "give the record that a command wrote, or run it again"
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise InputError(f"the record of the run is damaged ({error})", source=path, remedy=remedy) from None
    if not isinstance(record, dict):
        raise InputError("the record of the run is no JSON object", source=path, remedy=remedy)
    for name, kind in _KINDS.items():
        if not isinstance(record.get(name), kind):
            problem = "has no" if name not in record else "has an unusable"
            raise InputError(f"the record of the run {problem} entry {name!r}", source=path, remedy=remedy)
    version = str(record["versions"].get(DISTRIBUTION, ""))
    if _numbers(version) > _numbers(__version__):
        raise InputError(
            f"the run was made by version {version}, which is newer than this one ({__version__})",
            source=path,
            remedy=f"update {DISTRIBUTION}",
        )
    if "shard" in record["arguments"]:
        raise InputError(
            "this is one shard of a run", source=path, remedy="put the shards together with --merge first"
        )
    return Run(path.removesuffix(RECORD), record)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))
