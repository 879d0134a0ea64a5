"""A seeded part of what tests/robustness/fuzz.py runs in full."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import fuzz


def test_what_is_mutated_is_right_before(tmp_path: Path) -> None:
    for number, reader in enumerate(fuzz.readers(tmp_path)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "input").write_bytes(reader.content)
        reader.read(folder / "input")


def test_mutated_inputs_are_read_or_refused() -> None:
    counts, faults = fuzz.fuzz(300, seed=1)
    assert faults == []
    assert counts["read"] > 20
    assert counts["refused"] > 100
