"""Engine settings: what is refused, and how many threads a process may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.engine import EngineSettings, settings
from dnabert_enhancer.errors import InputError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"device": "tpu"}, "unknown device 'tpu'; one of auto, cpu, cuda"),
        ({"backend": "jax"}, "unknown backend 'jax'"),
        ({"precision": "float16"}, "unknown precision 'float16'"),
        ({"strand": "-"}, "unknown strand '-'"),
        ({"batch_size": -1}, "cannot be negative"),
        ({"threads": -2}, "cannot be negative"),
    ],
)
def test_what_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EngineSettings(**values)


@pytest.mark.parametrize(
    ("asked", "exact"), [("auto", "float32"), ("float32", "float32"), ("bfloat16", "bfloat16")]
)
def test_exact_settings_leave_no_precision_to_the_rule(asked: str, exact: str) -> None:
    given = EngineSettings("cpu", "torch", asked, batch_size=3)
    assert given.exact() == EngineSettings("cpu", "torch", exact, batch_size=3)


def test_threads_asked_for_are_used() -> None:
    assert EngineSettings(threads=3).used_threads == 3


@pytest.mark.parametrize(
    ("processors", "quota", "asked", "threads"),
    [
        (8, None, None, 8),
        (8, "max 100000", None, 8),
        (8, "250000 100000", None, 2),
        (8, "10000 100000", None, 1),
        (8, "400000 100000", "3", 3),
        (8, None, "64", 8),
        (8, None, "none", 8),
        (8, "garbled", "0", 8),
    ],
)
def test_threads_that_a_process_may_use(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    processors: int,
    quota: str | None,
    asked: str | None,
    threads: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(processors)))
    monkeypatch.setattr(settings, "QUOTA_FILE", tmp_path / "cpu.max")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert settings.available_threads() == threads
