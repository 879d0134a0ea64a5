"""Run records, and progress of long runs: log lines now and then, or a bar on a terminal."""

from __future__ import annotations

import json
import logging
import platform
import sys
from pathlib import Path

import pandas as pd
import pytest

from dnabert_enhancer.commands import run_record
from dnabert_enhancer.commands.options import Options


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(run_record, "time", made)
    return made


def test_a_line_comes_every_half_minute_and_not_more_often(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with run_record.progress_of("scan", 4000, "windows") as advance:
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
    with run_record.progress_of("predict", None, "sequences") as advance:
        clock.now += 40
        advance(1200)
    assert caplog.messages == ["predict: 1,200 sequences, 30 a second"]


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (30, "records: 30 of 30 records, 2 seconds each"),
        (80, "records: 80 of 30 records, 1.3 a second"),
        (120_000, "records: 120,000 of 30 records, 2,000 a second"),
    ],
)
def test_rates_of_few_units_are_told_by_the_time_of_one(
    clock: Clock, caplog: pytest.LogCaptureFixture, done: int, said: str
) -> None:
    caplog.set_level(logging.INFO)
    with run_record.progress_of("records", 30, "records") as advance:
        clock.now += 60
        advance(done)
    assert caplog.messages == [said]


def test_quiet_says_nothing(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with run_record.progress_of("scan", 10, "windows", quiet=True) as advance:
        clock.now += 100
        advance(10)
    assert caplog.messages == []


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with run_record.progress_of("scan", 10, "windows") as advance:
        advance(10)
    captured = capsys.readouterr()
    assert "10/10" in captured.err
    assert captured.out == ""


def test_a_record_says_what_was_given_read_and_counted(tmp_path: Path) -> None:
    given = tmp_path / "in.txt"
    given.write_bytes(b"abc")
    options = Options(
        "predict", ("predict", "--windows"), {"b": Path("x/y"), "a": [1, (2.5, None)], "c": True}
    )
    record = run_record.RunRecord(options)
    # FIPS 180-2's own example
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert record.add_input("sequences", given) == digest
    assert record.add_input("model", tmp_path) == ""
    for number in (2, 3):
        record.count("windows", number)
        record.skip("too_short", number)
    record.skip("other")
    record.set("threshold", 0.5)
    content = json.loads(record.to_json())
    assert content["command"] == "predict"
    assert content["command_line"] == ["predict", "--windows"]
    assert content["arguments"] == {"a": [1, [2.5, None]], "b": "x/y", "c": True}
    assert content["inputs"] == [
        {"role": "sequences", "path": str(given), "bytes": 3, "sha256": digest},
        {"role": "model", "path": str(tmp_path)},
    ]
    assert content["counts"] == {"windows": 5}
    assert content["skipped"] == {"too_short": 5, "other": 1}
    assert content["threshold"] == 0.5
    assert content["versions"]["python"] == platform.python_version()
    assert content["seconds"] >= 0


def test_rows_of_sequences_are_counted_by_what_became_of_them() -> None:
    record = run_record.SequenceRecord(Options("predict", ("predict",), {}))
    frame = pd.DataFrame(
        {"windows": [3, 0, 1], "length": [500, 3, 150], "note": ["", "too_short", ""], "skipped": [2, 0, 0]}
    )
    record.add_rows(frame, 200)
    content = json.loads(record.to_json())
    assert content["counts"] == {"sequences": 3, "windows": 4, "scored": 2, "shorter_than_window": 2}
    assert content["skipped"] == {"sequence_too_short": 1, "window_too_many_unknown_bases": 2}
