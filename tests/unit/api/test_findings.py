"""Findings as a report for people and as JSON values."""

from __future__ import annotations

from dnabert_enhancer.api.findings import Diagnosis, Finding, Level

FINDINGS = (
    Finding("Machine", "threads", "2", values={"used": 2}),
    Finding("Software", "[train]", "not installed: torch", Level.MISSING, "pip install it"),
    Finding("Software", "telemetry", " ".join(["word"] * 20), Level.PROBLEM, "unset X"),
)
REPORT = """\
Machine
  threads      2

Software
- [train]      not installed: torch; pip install it
! telemetry    word word word word word word word word word word word word word
               word word word word word word word; unset X

1 problem, marked with !"""


def test_the_report() -> None:
    assert str(Diagnosis(FINDINGS)) == REPORT
    assert str(Diagnosis(FINDINGS[:1])) == "Machine\n  threads      2\n\nAll is well."


def test_the_values() -> None:
    diagnosis = Diagnosis(FINDINGS)
    assert diagnosis.problems == FINDINGS[2:]
    values = diagnosis.to_dict()
    assert values["problems"] == 1
    assert values["machine"] == {"threads": {"level": "ok", "text": "2", "used": 2}}
    assert values["software"]["[train]"]["remedy"] == "pip install it"
