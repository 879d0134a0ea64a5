"""Test reports: planemo's results as JUnit, and how many tests of a report passed and failed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def write_junit(results: Path, report: Path) -> None:
    """Write the JUnit report of planemo's JSON results.

    planemo's own report calls every workflow test a failure (0.75.47).
    """
    suite = ElementTree.Element("testsuite", name=report.stem)
    for test in json.loads(results.read_text())["tests"]:
        data: dict[str, Any] = test["data"]
        seconds = str(round(data.get("time_seconds") or 0, 1))
        case = ElementTree.SubElement(suite, "testcase", classname=report.stem, name=test["id"], time=seconds)
        if data["status"] != "success":
            said = [
                *(data.get("output_problems") or []),
                data.get("execution_problem"),
                data.get("problem_log"),
            ]
            job = data.get("job") or {}
            said += [job.get("command_line"), job.get("stdout"), job.get("stderr")]
            text = _NOT_IN_XML.sub("?", "\n".join(str(part) for part in said if part))
            ElementTree.SubElement(case, "failure", message=text[:200]).text = text
    ElementTree.ElementTree(suite).write(report, encoding="utf-8", xml_declaration=True)


def counted(report: Path | None, code: int) -> tuple[int, int]:
    """Return how many tests passed and failed; what ended badly without saying where is one failure.

    Parameters
    ----------
    report : Path or None
        The JUnit report; None for a command that is one test itself. A skipped test counts as failed.
    code : int
        The command's exit code.
    """
    passed = failed = 0
    if report is not None and report.exists():
        for case in ElementTree.parse(report).iter("testcase"):
            bad = any(case.find(name) is not None for name in ("failure", "error", "skipped"))
            passed, failed = passed + (not bad), failed + bad
    if report is None and code == 0:
        return 1, 0
    if (code and not failed) or not passed + failed:
        failed += 1
    return passed, failed


def job_faults(log: str) -> list[str]:
    """Return why the server itself failed a job, one line each, from its web log.

    Such a job has no exit code and no output, so that a tool's report says nothing of it.
    """
    faults = []
    for entry in re.split(r"^(?=\S+ [A-Z]+ \d{4}-\d\d-\d\d )", log, flags=re.MULTILINE):
        head, _, rest = entry.partition("\n")
        if re.match(r"galaxy\.jobs\S* ERROR ", head) and (
            causes := re.findall(r"^[\w.]+: .*", rest, re.MULTILINE)
        ):
            faults.append(f"{head.rpartition('] ')[2]}: {causes[0]}")
    return faults


def failures(report: Path) -> str:
    """Return what a report says of its failures."""
    cases = ElementTree.parse(report).iter("testcase")
    return "\n".join(
        f"{case.get('name')}: {found.text or found.get('message')}"[:2000]
        for case in cases
        if (found := case.find("failure")) is not None
    )
