"""What tests/galaxy/run stands on: no process stays behind, and a test that did not pass counts as failed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    import reports

    return reports


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    import server

    return server


def test_planemos_results_are_counted_and_explained(reports: ModuleType, tmp_path: Path) -> None:
    failed = {"status": "failure", "output_problems": ["Expected 'x'\x00"], "job": {"stderr": "the reason"}}
    tests = [
        {"id": "passes", "data": {"status": "success", "time_seconds": 1.25, "output_problems": None}},
        {"id": "fails", "data": failed},
        {"id": "breaks", "data": {"status": "error", "execution_problem": "no answer"}},
    ]
    (tmp_path / "r.json").write_text(json.dumps({"tests": tests}))
    reports.write_junit(tmp_path / "r.json", tmp_path / "r.xml")
    assert reports.counted(tmp_path / "r.xml", 1) == (1, 2)
    said = reports.failures(tmp_path / "r.xml")
    assert "fails: Expected 'x'" in said
    assert "the reason" in said
    assert "breaks: no answer" in said
    assert "passes" not in said


def test_a_job_that_the_server_failed_is_explained(reports: ModuleType) -> None:
    at = "2026-11-29 12:58:33,081 [pN:main,p:6245,tN:LocalRunner.work_thread-0]"
    log = f"""galaxy.jobs DEBUG {at} (127) Job wrapper finished
galaxy.jobs.runners ERROR {at} (128/9202) Job wrapper finish method failed
Traceback (most recent call last):
  File "engine.py", line 1, in execute
sqlite3.OperationalError: database is locked

sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked
galaxy.visualization.genomes ERROR {at} Error reading twobit.loc
FileNotFoundError: [Errno 2] No such file
"""
    assert reports.job_faults(log) == [
        "(128/9202) Job wrapper finish method failed: sqlite3.OperationalError: database is locked"
    ]


@pytest.mark.parametrize(
    ("cases", "code", "expected"),
    [
        (None, 0, (1, 0)),
        (None, 1, (0, 1)),
        (["<testcase/>", "<testcase/>"], 0, (2, 0)),
        (["<testcase/>", "<testcase><skipped/></testcase>"], 0, (1, 1)),
        (["<testcase/>"], 1, (1, 1)),
        ([], 0, (0, 1)),
        ("missing", 0, (0, 1)),
    ],
)
def test_what_did_not_pass_has_failed(
    reports: ModuleType, tmp_path: Path, cases: list[str] | str | None, code: int, expected: tuple[int, int]
) -> None:
    report = None if cases is None else tmp_path / "report.xml"
    if report is not None and isinstance(cases, list):
        report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    assert reports.counted(report, code) == expected


def test_children_with_a_process_group_of_their_own_are_found_and_stopped(server: ModuleType) -> None:
    # as Galaxy's local runner starts jobs
    child = "import subprocess; subprocess.Popen(['sleep', '600'], preexec_fn=__import__('os').setpgrp)"
    command = [sys.executable, "-c", f"{child}; __import__('time').sleep(600)"]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        end = time.monotonic() + 60
        while len(server.session_members(process.pid)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        assert len(server.session_members(process.pid)) == 2
    finally:
        server._stop(process)
    end = time.monotonic() + 10
    while server.session_members(process.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert server.session_members(process.pid) == []


def test_a_server_ends_with_the_process_that_started_it(server: ModuleType) -> None:
    program = (
        f"import sys, subprocess; sys.path.insert(0, {str(HERE)!r}); import server\n"
        "options = {'start_new_session': True, 'preexec_fn': server._die_with_parent}\n"
        "made = subprocess.Popen(['sleep', '600'], **options)\n"
        "print(made.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    started = int(parent.stdout.readline())
    assert server.session_members(started) == [started]
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    end = time.monotonic() + 10
    while server.session_members(started) and time.monotonic() < end:
        time.sleep(0.05)
    assert server.session_members(started) == []


def test_an_unknown_part_is_refused() -> None:
    done = subprocess.run([HERE / "run", "tool"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown part tool; there are lint, tools" in done.stderr


def test_planemo_works_on_copies_of_the_workflows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    import steps
    from installation import Installation
    from server import Account

    monkeypatch.setattr(steps, "RESULTS", tmp_path)
    installed = Installation(tmp_path, tmp_path, "", {})
    made = steps.server_steps(["workflows"], [], installed, Account("url", "key", "email", "password"))
    files = [Path(step.command[-1]) for step in made]
    assert [path.name for path in files] == [path.name for path in steps.workflow_files()]
    assert all(path.is_relative_to(tmp_path) and (path.parent / "test-data").is_dir() for path in files)
    # what planemo leaves beside a test that it runs in place
    assert list(steps.SUITE.rglob("plnmotmptestjob*")) == []
