"""A small model whose outputs differ much between windows, and a backend to compute by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_enhancer.model import Encoder, EnhancerModel, ModelParts, new_model, write_model


class CountingBackend:
    """Outputs the sum of the token ids and the number of tokens, and keeps what it was called with."""

    name = "counting"
    device = "cpu"
    precision = "float32"

    def __init__(self, workers: int = 2, per_call: int = 3) -> None:
        self.workers = workers
        self.per_call = per_call
        self.calls: list[tuple[int, ...]] = []
        self.sessions = 0

    def windows_per_call(self, _tokens: int) -> int:
        return self.per_call

    def run(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        self.calls.append(ids.shape)
        return np.stack([ids.sum(axis=1), np.full(len(ids), ids.shape[1])], axis=1).astype(np.float32)

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        self.sessions += 1
        yield


@pytest.fixture
def counting() -> type[CountingBackend]:
    return CountingBackend


@pytest.fixture(scope="session")
def parts() -> ModelParts:
    made = new_model("tiny", k=3, window_length=60, seed=1)
    state = Encoder.from_config(made.config).fresh_state(np.random.default_rng(1), 0.3)
    return ModelParts(made.config, state, made.card, made.vocabulary)


@pytest.fixture(scope="session")
def model(parts: ModelParts, tmp_path_factory: pytest.TempPathFactory) -> EnhancerModel:
    return write_model(tmp_path_factory.mktemp("model") / "tiny", parts)


@pytest.fixture(scope="session")
def windows() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 4, size=(40, 60), dtype=np.uint8)
