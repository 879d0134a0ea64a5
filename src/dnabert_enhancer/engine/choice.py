"""Which of several ways to compute a model: the fastest by measurement whose results pass the gate."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.engine.backend import Backend
from dnabert_enhancer.engine.candidates import Candidate, make, processor_name
from dnabert_enhancer.engine.gate import Agreement, agreement
from dnabert_enhancer.engine.loop import outputs_of
from dnabert_enhancer.engine.settings import EngineSettings, Precision, Strand
from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files import cache_directory
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.sequence import dinucleotide_shuffle

_log = logging.getLogger(__name__)
_LEAST_GAIN = 1.15
_SMALL_MODEL = 4e7
_TIMED_SECONDS = 0.25
_GATE_SECONDS = 0.8
_GATE_WINDOWS = (16, 512)
_LEAST_WINDOWS = 64


class Choice(NamedTuple):
    """A loaded way to compute the model, and why it was taken."""

    backend: Backend
    why: str
    measured: dict[str, Any]  # JSON values


class _Measured(NamedTuple):
    """What was found about a candidate."""

    candidate: Candidate
    backend: Backend
    rate: float
    agreement: Agreement | None


def choose(
    model: EnhancerModel, settings: EngineSettings, found: list[Candidate], windows: NDArray[np.uint8]
) -> Choice:
    """Return the way to compute the model.

    Parameters
    ----------
    model : EnhancerModel
    settings : EngineSettings
    found : list of Candidate
        At least one, the most exact first.
    windows : uint8 array, shape (windows, length)
        Windows of the input, a sample of which is measured and compared; shuffles that keep their
        dinucleotides are added to fewer than 64.

    Notes
    -----
    A single candidate is taken as it is. A model so small that there is nothing to gain (below 40 million
    multiplications a window) is computed by the first. Otherwise each candidate is timed, and one that is at
    least 1.15 times as fast as the first replaces it, if it passes the gate (see `gate.Agreement`). The
    finding is cached by model, processor, versions and candidates, so that later runs and other shards
    choose the same; when several start together, the first to finish decides for all.
    """
    threads = settings.used_threads
    if len(found) == 1:
        return Choice(make(found[0], model, threads), "the only way that was asked for or fits", {})
    if _multiplications(model, windows.shape[1]) < _SMALL_MODEL:
        return Choice(make(found[0], model, threads), "the model is too small to gain by another way", {})
    path = cache_directory() / "engine" / f"{_key(model, found)}.json"
    remembered = _remembered(path, found)
    if remembered is not None:
        candidate, why, measured = remembered
        return Choice(make(candidate, model, threads), why, measured)
    return _measure_and_remember(model, settings, found, windows, path)


def _measure_and_remember(
    model: EnhancerModel,
    settings: EngineSettings,
    found: list[Candidate],
    windows: NDArray[np.uint8],
    path: Path,
) -> Choice:
    measured = _measure(model, settings, found, windows)
    first = measured[0]
    eligible = [item for item in measured if item.agreement is None or item.agreement.passes]
    best = max(eligible, key=lambda item: item.rate)
    if best.rate < _LEAST_GAIN * first.rate:
        best = first
    why = f"measured: {best.rate / first.rate:.2f} times the speed of {first.candidate}"
    if best is first:
        why = f"measured: no other way is {_LEAST_GAIN} times as fast and agrees"
    report = {str(item.candidate): _report(item) for item in measured}
    _remember(path, {"chosen": list(best.candidate), "why": why, "measured": report})
    others = _remembered(path, [item.candidate for item in measured])
    if others is not None:
        candidate, why, report = others
        best = next(item for item in measured if item.candidate == candidate)
    _log.info("engine: %s (%s)", best.candidate, why)
    return Choice(best.backend, why, report)


def _remember(path: Path, content: dict[str, Any]) -> None:
    """Cache a finding unless another process was first: shards that start together then agree."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", encoding="utf-8") as written:
            json.dump(content, written, indent=2)
            written.flush()
            os.link(written.name, path)


def _measure(
    model: EnhancerModel, settings: EngineSettings, found: list[Candidate], windows: NDArray[np.uint8]
) -> list[_Measured]:
    both = settings.strand == Strand.BOTH and model.card.strand == Strand.BOTH
    windows = _enough(windows)
    results: list[_Measured] = []
    reference: NDArray[np.float32] | None = None
    sample = windows[:1]
    for candidate in found:
        try:
            backend = make(candidate, model, settings.used_threads)
        except ResourceError as error:
            _log.warning("engine: %s cannot be used: %s", candidate, error)
            continue
        rate = _windows_per_second(backend, model, windows)
        if not results:
            sample = _sample(windows, rate * backend.workers * _GATE_SECONDS / (2 if both else 1))
        outputs = outputs_of(backend, model.tokenizer, sample, np.arange(len(sample)), both_strands=both)
        if reference is None:
            reference = outputs
        exact = candidate.precision == Precision.FLOAT32
        results.append(
            _Measured(candidate, backend, rate, None if exact else agreement(reference, outputs, model.card))
        )
    if not results:
        raise ResourceError("none of the ways to compute the model can be used here", source=model.directory)
    return results


def _windows_per_second(backend: Backend, model: EnhancerModel, windows: NDArray[np.uint8]) -> float:
    """Return the windows that one worker computes in a second, by the fastest of several calls."""
    tokens = model.tokenizer.tokenize(windows[:1]).ids.astype(np.int32)
    size = backend.windows_per_call(tokens.shape[1])
    ids = np.repeat(tokens, size, axis=0)
    best = np.inf
    with backend.session():
        backend.run(ids)
        end = time.perf_counter() + _TIMED_SECONDS
        while True:
            start = time.perf_counter()
            backend.run(ids)
            now = time.perf_counter()
            best = min(best, now - start)
            if now > end:
                return size / best


def _enough(windows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the windows, with shuffles of them where they are too few to judge by."""
    lacking = _LEAST_WINDOWS - len(windows)
    if lacking <= 0:
        return windows
    repeated = windows[np.arange(lacking) % len(windows)]
    return np.concatenate([windows, dinucleotide_shuffle(repeated, np.random.default_rng(0))])


def _sample(windows: NDArray[np.uint8], affordable: float) -> NDArray[np.uint8]:
    low, high = _GATE_WINDOWS
    count = min(len(windows), int(min(high, max(low, affordable))))
    return windows[np.linspace(0, len(windows) - 1, count).astype(np.int64)]


def _multiplications(model: EnhancerModel, length: int) -> float:
    """Return about how many multiplications a window costs."""
    tokens = model.tokenizer.token_count(length)
    hidden = float(model.config.get("hidden_size", 768))
    wide = float(model.config.get("intermediate_size", 4 * hidden))
    layers = float(model.config.get("num_hidden_layers", 12))
    return layers * tokens * (4 * hidden * hidden + 2 * hidden * wide + 2 * tokens * hidden)


def _key(model: EnhancerModel, found: list[Candidate]) -> str:
    """Return what a finding depends on; not the threads, so that their number does not change results."""
    facts = [__version__, model.digest, processor_name()]
    facts += [str(candidate) for candidate in found]
    for package in ("onnxruntime", "torch"):
        with suppress(metadata.PackageNotFoundError):
            facts.append(f"{package} {metadata.version(package)}")
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _remembered(path: Path, found: list[Candidate]) -> tuple[Candidate, str, dict[str, Any]] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        candidate = Candidate(*content["chosen"])
        return (candidate, content["why"], content["measured"]) if candidate in found else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _report(item: _Measured) -> dict[str, Any]:
    content: dict[str, Any] = {"windows_per_second_and_thread": round(item.rate, 2)}
    return content if item.agreement is None else content | item.agreement.report()
