"""A genome in memory and an engine that can be worked out by hand: no model takes part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.engine import Predictions, Target
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.model import ModelCard
from dnabert_enhancer.sequence import reverse_complement
from dnabert_enhancer.variants import AlleleScorer, WindowPlan


class PlaceEngine:
    """The logit is a sum of random weights, one for each base at each place, averaged over the strands."""

    def __init__(self, seed: int = 0) -> None:
        self.given: list[NDArray[np.uint8]] = []
        self.model = SimpleNamespace(card=ModelCard("places", 200, k=6), digest="0" * 64)
        self.model.members = (self.model,)
        self.network = self
        self._seed = seed

    def predict(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        progress: Callable[[int], None] | None = None,  # noqa: ARG002  part of the engine's form
    ) -> Predictions:
        codes = np.asarray(windows)
        self.given += list(codes)
        weights = np.random.default_rng(self._seed).normal(size=(codes.shape[1], 5)) * 0.3
        places = np.arange(codes.shape[1])
        both = [weights[places, strand].sum(axis=1) for strand in (codes, reverse_complement(codes))]
        logit = ((both[0] + both[1]) / 2).astype(np.float32)
        probability = (1 / (1 + np.exp(-logit.astype(np.float64)))).astype(np.float32)
        return Predictions(logit, probability, np.stack([-logit / 2, logit / 2], axis=1))

    def description(self) -> dict[str, Any]:
        return {"backend": "fake", "device": "cpu", "precision": "float32"}


class MemoryGenome:
    """Contigs in memory."""

    def __init__(self, contigs: dict[str, str]) -> None:
        self.contigs = contigs
        self.contig_sizes = {name: len(bases) for name, bases in contigs.items()}
        self.names = ContigNames(contigs)

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert 0 <= start <= end <= len(self.contigs[contig])
        return self.contigs[contig][start:end].encode()


def scorer_of(length: int = 40, offsets: int = 5, max_unknown: float = 1.0, seed: int = 0) -> AlleleScorer:
    target = Target("binary", "enhancer", 1)
    return AlleleScorer("enhancer", PlaceEngine(seed), target, WindowPlan(length, offsets), 0.5, max_unknown)


@pytest.fixture
def make_scorer() -> Callable[..., AlleleScorer]:
    return scorer_of


@pytest.fixture
def memory_genome() -> type[MemoryGenome]:
    return MemoryGenome
