"""What all tests share: the real data beside the checkout, and a tidy environment."""

from __future__ import annotations

import itertools
import logging
import os
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples each time, and as long as they take: a test says the same on any machine
settings.register_profile("same", deadline=None, derandomize=True, database=None)
# other examples each time: HYPOTHESIS_PROFILE=explore pytest tests/property
settings.register_profile("explore", deadline=None, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start first the tests that say how many seconds they take: none is left alone at the end of a run.

    `--dist worksteal` gives each worker a row of its own, the first part of the items, the second and so on:
    the long tests are dealt to the beginnings of the rows. Those of a file stay together, and those of the
    shared run of the pipeline, for which a second worker would have to wait.
    """
    items.sort(key=_seconds, reverse=True)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    groups: dict[object, list[pytest.Item]] = {}
    for item in items:
        if _seconds(item):
            shared = "study" in getattr(item, "fixturenames", ())
            groups.setdefault("study" if shared else item.path, []).append(item)
    rows: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, group in enumerate(groups.values()):
        rows[number % workers] += group
    others = (item for item in items if not _seconds(item))
    left = len(items)
    for number, row in enumerate(rows):
        size = left // (workers - number)
        row += itertools.islice(others, max(0, size - len(row)))
        left -= len(row)
    items[:] = [item for row in rows for item in row] + list(others)


def _seconds(item: pytest.Item) -> int:
    said = (mark.kwargs.get("seconds", 0) for mark in item.iter_markers("slow"))
    return max(said, default=0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return ../shared/data, or skip where the checkout stands alone."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _own_log_level() -> None:
    """Let each test set the level of the log: a command that ran in this process before has set its own."""
    logging.getLogger("dnabert_enhancer").setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's cache in a folder of its session."""
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
