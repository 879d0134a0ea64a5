"""What `doctor` found: a table of findings, as text for people and as JSON values for programs."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

_COLUMNS = 80
_NAME_COLUMNS = 15


class Level(StrEnum):
    """What a finding means for the user."""

    OK = "ok"
    MISSING = "missing"
    """Something optional is not there; what needs it says so again."""
    PROBLEM = "problem"
    """Something will fail, or be slow, until it is mended."""


_MARKS = {Level.OK: " ", Level.MISSING: "-", Level.PROBLEM: "!"}


class Finding(NamedTuple):
    """One fact about the installation.

    Attributes
    ----------
    section, name : str
        Where it stands in the report.
    text : str
        The fact in plain words.
    level : Level
    remedy : str
        What to do about it; empty where nothing need be done.
    values : dict
        The fact as JSON values.
    """

    section: str
    name: str
    text: str
    level: Level = Level.OK
    remedy: str = ""
    values: dict[str, Any] | None = None

    def lines(self) -> Iterator[str]:
        """Return the lines of the report, at most 80 columns wide where words allow it."""
        text = f"{self.text}; {self.remedy}" if self.remedy else self.text
        head = f"{_MARKS[self.level]} {self.name}"
        yield from textwrap.wrap(
            text,
            _COLUMNS,
            initial_indent=f"{head:<{_NAME_COLUMNS}}",
            subsequent_indent=" " * _NAME_COLUMNS,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [head]


@dataclass(frozen=True)
class Diagnosis:
    """The findings of `doctor`, in the order of the report; ``print`` shows the report.

    Parameters
    ----------
    findings : tuple of Finding
    """

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that the user should mend."""
        return tuple(finding for finding in self.findings if finding.level == Level.PROBLEM)

    def __str__(self) -> str:
        lines = []
        for section, findings in itertools.groupby(self.findings, key=lambda finding: finding.section):
            lines += [section, *(line for finding in findings for line in finding.lines()), ""]
        count = len(self.problems)
        lines.append("All is well." if not count else f"{count} problem{'s' * (count > 1)}, marked with !")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: sections of findings by name, each with level, text and its values."""
        content: dict[str, Any] = {"problems": len(self.problems)}
        for finding in self.findings:
            entry = {"level": str(finding.level), "text": finding.text}
            entry |= {"remedy": finding.remedy} if finding.remedy else {}
            content.setdefault(finding.section.lower(), {})[finding.name] = entry | (finding.values or {})
        return content
