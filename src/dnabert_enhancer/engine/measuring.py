"""How fast each way to compute a model is here. For people to read: no choice is ever made by it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dnabert_enhancer.engine.backends import Backend, Way, load_backend, possible_ways, select_way
from dnabert_enhancer.engine.engine import outputs_of
from dnabert_enhancer.engine.precision_check import Agreement, check_precision, fixed_windows
from dnabert_enhancer.engine.settings import EngineSettings, Precision
from dnabert_enhancer.model import EnhancerModel

_ROUNDS = 3


class Measurement(NamedTuple):
    """A way to compute a model, measured.

    Attributes
    ----------
    way : Way
    windows_per_second : float
        Of one strand; the median of the rounds.
    agreement : Agreement or None
        With float32 on fixed windows; None for float32 itself.
    """

    way: Way
    windows_per_second: float
    agreement: Agreement | None


def measure_ways(
    model: EnhancerModel, settings: EngineSettings | None = None, seconds: float = 1.0
) -> list[Measurement]:
    """Measure every possible way on the fixed windows of `precision_check`, in turns.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings, optional
        Device and threads.
    seconds : float
        Of each way in each of three rounds, at least.
    """
    settings = settings or EngineSettings()
    exact = select_way(model, EngineSettings(settings.device, precision=Precision.FLOAT32)).way
    ways = possible_ways(model, exact.device)
    loaded = [load_backend(way, model, settings.used_threads) for way in ways]
    rates: list[list[float]] = [[] for _ in ways]
    for _ in range(_ROUNDS):
        for backend, found in zip(loaded, rates, strict=True):
            found.append(_rate(backend, model, seconds))
    return list(_judged(model, ways, rates, exact, settings.used_threads))


def _judged(
    model: EnhancerModel, ways: list[Way], rates: list[list[float]], exact: Way, threads: int
) -> Iterator[Measurement]:
    for way, found in zip(ways, rates, strict=True):
        is_exact = way.precision == Precision.FLOAT32
        agreement = None if is_exact else check_precision(model, way, exact, threads)
        yield Measurement(way, statistics.median(found), agreement)


def _rate(backend: Backend, model: EnhancerModel, seconds: float) -> float:
    """Return windows per second, after one call that warms up."""
    windows = fixed_windows(model.window_length)
    full = backend.workers * backend.windows_per_call(model.tokenizer.token_count(model.window_length))
    rows = np.resize(np.arange(len(windows)), full)

    def compute() -> None:
        outputs_of(backend, model.tokenizer, windows, rows, both_strands=False)

    compute()
    done, passed, began = 0, 0.0, time.perf_counter()
    while not done or passed < seconds:
        compute()
        done, passed = done + len(rows), time.perf_counter() - began
    return done / passed
