"""Disks of a few kilobytes and disks that cannot be written, for tests of what happens on them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts an empty disk with options such as ``size=1m``, or skips the test."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
            pytest.skip("mounting a small disk needs more rights")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def make_read_only() -> Callable[[Path], None]:
    """Return a function after which a mounted disk cannot be written."""

    def remount(disk: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    return remount
