"""The cache folder: where it is, what happens where it cannot be, and entries that appear whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files import cache_directory, cache_state, cached_folder


def test_the_folder_is_chosen_in_the_stated_order(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    monkeypatch.delenv("DNABERT_ENHANCER_CACHE")
    assert cache_directory() == tmp_path / "xdg" / "dnabert-enhancer"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == tmp_path / "home" / ".cache" / "dnabert-enhancer"
    assert cache_directory().is_dir()


def test_a_folder_that_cannot_be_made_is_replaced_by_a_private_one(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "file" / "below"))
    folder = cache_directory()
    assert folder.is_dir()
    assert tmp_path not in folder.parents
    assert folder == cache_directory()
    assert folder.stat().st_mode & 0o077 == 0


def test_an_entry_is_built_once(tmp_path, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    calls = []

    def build(folder: Path) -> None:
        calls.append(folder)
        (folder / "content").write_text("c")

    first = cached_folder("kind", "key", build)
    assert cached_folder("kind", "key", build) == first == tmp_path / "kind" / "key"
    assert (first / "content").read_text() == "c"
    assert len(calls) == 1


def test_a_failed_build_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match="no space left in the cache folder; set DNABERT_ENHANCER_CACHE"):
        cached_folder("kind", "key", fail)
    assert list((tmp_path / "kind").iterdir()) == []


def test_two_that_build_at_once_both_succeed(tmp_path, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    both_are_building = threading.Barrier(2)
    results: list[Path] = []

    def build(folder: Path) -> None:
        both_are_building.wait(timeout=600)
        (folder / "content").write_text("c")

    threads = [
        threading.Thread(target=lambda: results.append(cached_folder("kind", "key", build))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [tmp_path / "kind" / "key"] * 2
    assert [entry.name for entry in (tmp_path / "kind").iterdir()] == ["key"]
    assert (results[0] / "content").read_text() == "c"


BUILDER = """
import time
from dnabert_enhancer.files import cached_folder
def build(folder):
    (folder / "content").write_text("half")
    print("building", flush=True)
    time.sleep(600)
cached_folder("kind", "key", build)
"""


def test_a_build_that_was_killed_is_done_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", BUILDER], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGKILL)
    assert len(list((tmp_path / "kind").iterdir())) == 1
    folder = cached_folder("kind", "key", lambda new: (new / "content").write_text("whole") and None)
    assert (folder / "content").read_text() == "whole"
    assert [entry.name for entry in (tmp_path / "kind").iterdir()] == ["key"]


def test_the_state_of_the_cache_is_told_and_nothing_is_made(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(cache))
    assert cache_state() == (cache, "DNABERT_ENHANCER_CACHE", True, 0, 0, 0)
    assert not cache.exists()
    for name, size in (("kind/key/content", 5), ("kind/key/more", 7), ("kind/.tmp-host-1-x/content", 9)):
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(b"x" * size)
    assert cache_state() == (cache, "DNABERT_ENHANCER_CACHE", True, 2, 12, 1)
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(cache / "kind" / "key" / "content" / "below"))
    assert not cache_state().is_usable
