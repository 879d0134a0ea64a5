"""The tests of this folder need the Slurm that tests/slurm/run starts: without it they are not collected."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

collect_ignore_glob = [] if "DNABERT_ENHANCER_ENGINES" in os.environ else ["test_*.py"]
HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "containers")]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slurm: a real Slurm; started by tests/slurm/run")
