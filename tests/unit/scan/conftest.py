"""A genome in memory and an engine whose scores can be worked out by hand: no model takes part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Predictions, Target


class GcEngine:
    """The logit is ten times the share of G and C above one half; remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[NDArray[np.uint8]] = []
        self.model = SimpleNamespace(card=SimpleNamespace(name="gc"), digest="0" * 64)
        self.model.members = (self.model,)
        self.settings = SimpleNamespace(strand="both")

    def predict(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        progress: Callable[[int], None] | None = None,  # noqa: ARG002  part of the engine's form
    ) -> Predictions:
        self.given += [np.array(window) for window in windows]
        share = np.array([np.isin(window, (1, 2)).mean() for window in windows])
        logit = (10 * (share - 0.5)).astype(np.float32)
        probability = (1 / (1 + np.exp(-logit.astype(np.float64)))).astype(np.float32)
        return Predictions(logit, probability, np.stack([-logit / 2, logit / 2], axis=1))

    def description(self) -> dict[str, Any]:
        return {"backend": "fake", "device": "cpu", "precision": "float32"}


class MemoryGenome:
    """Contigs in memory; remembers the longest piece that was read."""

    def __init__(self, contigs: dict[str, str]) -> None:
        self.contigs = contigs
        self.contig_sizes = {name: len(bases) for name, bases in contigs.items()}
        self.longest = 0

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(self.contigs[contig])
        self.longest = max(self.longest, end - start)
        return self.contigs[contig][start:end].encode()


@pytest.fixture
def engine() -> GcEngine:
    return GcEngine()


@pytest.fixture
def memory_genome() -> type[MemoryGenome]:
    return MemoryGenome


@pytest.fixture
def target() -> Target:
    return Target("binary", "enhancer", 1)
