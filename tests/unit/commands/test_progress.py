"""Progress of long runs: log lines now and then where there is no terminal, a bar where there is one."""

from __future__ import annotations

import logging
import sys

import pytest

from dnabert_enhancer.commands import progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_a_line_comes_every_half_minute_and_not_more_often(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with progress.progress_of("scan", 4000, "windows") as advance:
        for _ in range(10):
            clock.now += 10
            advance(100)
    assert [entry.getMessage() for entry in caplog.records] == [
        "scan: 300 of 4,000 windows, 10 a second",
        "scan: 600 of 4,000 windows, 10 a second",
        "scan: 900 of 4,000 windows, 10 a second",
    ]


def test_an_unknown_total_is_left_out(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress.progress_of("predict", None, "sequences") as advance:
        clock.now += 40
        advance(1200)
    assert caplog.messages == ["predict: 1,200 sequences, 30 a second"]


def test_quiet_says_nothing(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with progress.progress_of("scan", 10, "windows", quiet=True) as advance:
        clock.now += 100
        advance(10)
    assert caplog.messages == []


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.progress_of("scan", 10, "windows") as advance:
        advance(10)
    captured = capsys.readouterr()
    assert "10/10" in captured.err
    assert captured.out == ""
