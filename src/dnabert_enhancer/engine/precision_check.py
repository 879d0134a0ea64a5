"""Whether a lower precision, or another backend, gives the results of float32.

The comparison is made on fixed windows, never on the input of a run, and depends on the network alone, not on
which of its outputs is reported. The cache remembers it, so that it is not made again; without the cache the
answer is the same. It is remembered by all that decides it: the files of the network, the two ways, the
processor, the packages that compute, and our code that tokenises, writes graphs and runs them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Way, load_backend, this_processor
from dnabert_enhancer.engine.engine import outputs_of
from dnabert_enhancer.engine.predictions import interpret_outputs
from dnabert_enhancer.engine.settings import BackendName, Device, Precision, Strand
from dnabert_enhancer.errors import DnabertEnhancerError, InputError
from dnabert_enhancer.files import OutputSet, cache_directory, sha256_of
from dnabert_enhancer.model import EnhancerModel, ModelCard, Task

LARGEST_MEAN_CHANGE = 0.01
LEAST_JACCARD = 0.97
_PAIRED = 1024
_WINDOWS = 64
_SEED = 20_260
_AGREEING_WINDOWS = 8
_LARGEST_DIFFERENCE = 2e-5
_ROOT = Path(__file__).parents[1]
_DECIDING = ("sequence", "model", "engine")
_COMPUTING = ("numpy", "onnx", "onnxruntime", "torch", "transformers")


class Agreement(NamedTuple):
    """How closely two computations of the same windows agree.

    Attributes
    ----------
    windows : int
        How many were compared.
    mean_change : float
        Mean of ``|p - p_float32|`` over windows and classes; for a regression the mean absolute change of the
        values, in standard deviations of the float32 values.
    jaccard : float
        Windows called by both over windows called by either, called where p reaches the card's threshold;
        with several classes the share of windows whose likeliest class is the same; 1 where nothing is
        called.
    expected_jaccard : float
        The same over all pairs of a window and a change of the logit seen in any window: a sample holds few
        calls, but tells by this how many of many windows would be called otherwise.
    """

    windows: int
    mean_change: float
    jaccard: float
    expected_jaccard: float

    @property
    def passes(self) -> bool:
        """Whether the mean change is at most 0.01 and both Jaccard indices are at least 0.97."""
        alike = min(self.jaccard, self.expected_jaccard) >= LEAST_JACCARD
        return bool(self.mean_change <= LARGEST_MEAN_CHANGE and alike)

    @property
    def margin(self) -> float:
        """How far the results are inside the limits; negative where they do not pass."""
        alike = min(self.jaccard, self.expected_jaccard)
        return float(
            min(1 - self.mean_change / LARGEST_MEAN_CHANGE, (alike - LEAST_JACCARD) / (1 - LEAST_JACCARD))
        )

    def report(self) -> dict[str, Any]:
        """Return JSON values for the run record."""
        values: dict[str, Any] = {"gate_windows": self.windows, "mean_change": round(self.mean_change, 6)}
        values |= {"jaccard": round(self.jaccard, 4)}
        values["expected_jaccard"] = round(self.expected_jaccard, 4)
        return values | {"passes": self.passes}


def agreement(exact: NDArray[np.float32], other: NDArray[np.float32], card: ModelCard) -> Agreement:
    """Compare outputs, shape (windows, outputs), with those of float32."""
    count = len(exact)
    if not np.isfinite(other).all():
        return Agreement(count, float("inf"), 0.0, 0.0)
    before, after = (interpret_outputs(outputs, card) for outputs in (exact, other))
    if card.task == Task.REGRESSION:
        deviation = float(before.outputs.std()) or 1.0
        return Agreement(count, float(np.abs(after.outputs - before.outputs).mean()) / deviation, 1.0, 1.0)
    change = float(np.abs(before.probability.astype(np.float64) - after.probability).mean())
    if card.task == Task.MULTICLASS:
        same = float((before.probability.argmax(axis=1) == after.probability.argmax(axis=1)).mean())
        return Agreement(count, change, same, same)
    called = before.probability >= card.threshold()
    jaccard = _jaccard(called, after.probability >= card.threshold())
    changes = (after.logit - before.logit)[:_PAIRED]
    moved = card.calibration.apply(before.logit[:_PAIRED, None] + changes) >= card.threshold()
    return Agreement(count, change, jaccard, _jaccard(called[:_PAIRED, None], moved))


def _jaccard(called: NDArray[np.bool_], also: NDArray[np.bool_]) -> float:
    either = int((called | also).sum())
    return int((called & also).sum()) / either if either else 1.0


def fixed_windows(length: int) -> NDArray[np.uint8]:
    """Return the windows of the comparison, uint8[64, length]: random bases, from 25 to 75 % of G and C."""
    rng = np.random.default_rng(_SEED)
    gc = np.linspace(0.25, 0.75, _WINDOWS)[:, None]
    is_strong, is_second = (rng.random((_WINDOWS, length)) for _ in range(2))
    strong = 1 + (is_second < 0.5)
    weak = 3 * (is_second < 0.5)
    return np.where(is_strong < gc, strong, weak).astype(np.uint8)


def check_precision(model: EnhancerModel, way: Way, exact: Way, threads: int) -> Agreement:
    """Compare a way to compute a network with float32, on fixed windows.

    Parameters
    ----------
    model : EnhancerModel
        Whichever output it reports, all outputs of its network are compared; the least alike counts.
    way, exact : Way
    threads : int
        Of the processor; results do not depend on it.
    """
    path = _place(model, way, exact)
    if (known := _read(path)) is not None:
        return known
    found = compare_models((model, way), (model, exact), threads)
    with contextlib.suppress(OSError, DnabertEnhancerError), OutputSet() as outputs:
        outputs.path(path).write_text(json.dumps(found._asdict()), encoding="utf-8")
    return found


def compare_models(
    other: tuple[EnhancerModel, Way], exact: tuple[EnhancerModel, Way], threads: int
) -> Agreement:
    """Compare two models of the same card on the fixed windows, each computed in a way.

    Returns
    -------
    Agreement
        Of the least alike of all outputs of the network.
    """
    model = exact[0]
    windows = fixed_windows(model.gauge_length)
    rows = np.arange(len(windows))
    first, second = (
        outputs_of(load_backend(way, one, threads), model.tokenizer, windows, rows, both_strands=False)
        for one, way in (exact, other)
    )
    cards = [model.network_card, *map(model.network_card.select, model.network_card.further_outputs)]
    return min((agreement(first, second, card) for card in cards), key=lambda item: item.margin)


def known_agreement(model: EnhancerModel, way: Way, exact: Way) -> Agreement | None:
    """Return what the cache remembers of a comparison, None where it was not made yet."""
    return _read(_place(model, way, exact))


def _place(model: EnhancerModel, way: Way, exact: Way) -> Path:
    return cache_directory() / "engine" / f"{_key(model, way, exact)}.json"


def _read(path: Path) -> Agreement | None:
    """Return the comparison in a file of the cache, None where there is none or it is damaged."""
    try:
        found = Agreement(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if all(type(value) in (int, float) for value in found) else None


def check_backends_agree(model: EnhancerModel) -> dict[str, float]:
    """Compare float32 outputs of torch and ONNX Runtime on random windows.

    Returns
    -------
    dict of str to float
        Largest absolute difference of an output, relative to the largest output where that is above 1; empty
        where only one backend can be run.

    Raises
    ------
    InputError
        A difference above 2e-5: the graph is not the model.
    """
    if not model.has_onnx or importlib.util.find_spec("torch") is None:
        return {}
    length = min(model.gauge_length, model.maximum_length)
    windows = np.random.default_rng(0).integers(0, 4, size=(_AGREEING_WINDOWS, length), dtype=np.uint8)
    exact, other = (
        outputs_of(
            load_backend(Way(backend, Precision.FLOAT32, Device.CPU), model, 1),
            model.tokenizer,
            windows,
            np.arange(len(windows)),
            both_strands=model.card.strand == Strand.BOTH,
        )
        for backend in (BackendName.TORCH, BackendName.ONNX)
    )
    difference = float(np.abs(exact - other).max()) / max(1.0, float(np.abs(exact).max()))
    if not difference <= _LARGEST_DIFFERENCE:
        raise InputError(
            f"ONNX Runtime gives other outputs than torch (difference {difference:.2g})",
            source=model.directory,
        )
    return {"onnx_and_torch": difference}


def _key(model: EnhancerModel, way: Way, exact: Way) -> str:
    """Return what a comparison depends on."""
    facts = [model.network_digest, str(way), str(exact), repr(this_processor()), code_digest()]
    for package in _COMPUTING:
        with contextlib.suppress(metadata.PackageNotFoundError):
            facts.append(f"{package} {metadata.version(package)}")
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


@functools.cache
def code_digest(root: Path = _ROOT) -> str:
    """Return the SHA-256 of the source of the packages between a window and an output.

    Parameters
    ----------
    root : Path
        The folder of `dnabert_enhancer`.
    """
    files = [path for package in _DECIDING for path in (root / package).rglob("*.py")]
    lines = (f"{sha256_of(path)}  {path.relative_to(root).as_posix()}\n" for path in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
