"""Whether a lower precision, or another backend, gives the results of float32.

The comparison is made on fixed windows, never on the input of a run, and depends on the network alone, not on
which of its outputs is reported. Few of the windows are called by some outputs, so that one of them decided
if calls were only counted. Therefore the Jaccard index is expected from how all windows lie around the
threshold and how all logits change; the counted one counts too where chance cannot explain it.

The cache remembers the comparison, so that it is not made again; without the cache the answer is the same. It
is remembered by all that decides it: the files of the network, the two ways, the processor, the packages that
compute, and our code that tokenises, writes graphs and runs them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import math
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.backends import Way, load_backend, multiplications, this_processor
from dnabert_enhancer.engine.engine import outputs_of
from dnabert_enhancer.engine.predictions import interpret_outputs
from dnabert_enhancer.engine.settings import BackendName, Device, Precision, Strand
from dnabert_enhancer.errors import DnabertEnhancerError, InputError
from dnabert_enhancer.files import OutputSet, cache_directory, sha256_of
from dnabert_enhancer.model import EnhancerModel, ModelCard, Task

LARGEST_MEAN_CHANGE = 0.01
LEAST_JACCARD = 0.97
LEAST_CHANCE = 0.01
"""Below it the counted Jaccard index is not taken for a chance result of one of 0.97."""
LEAST_CALLED = 1 / 8
"""Share of the windows that the expected Jaccard index takes for called at least, the best ones."""
LEAST_DEVIATION = 0.5
"""Of the logits: a model that is untrained hardly tells windows apart, and any change turns their order."""
_PAIRED = 256
_FEWEST_WINDOWS, _MOST_WINDOWS = 64, 1024
_MULTIPLICATIONS = 1e12
"""Of the windows of a comparison together: those of 64 windows of 200 bp by a BERT-base, about."""
_LARGEST_LOGIT = 1e4
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
        The same, expected of many windows (see `agreement`); it decides.
    calls : int
        Windows called by either, of which `jaccard` is a share; with several classes all windows.
    """

    windows: int
    mean_change: float
    jaccard: float
    expected_jaccard: float
    calls: int

    @property
    def passes(self) -> bool:
        """Whether the two agree.

        The mean change is at most 0.01, the expected Jaccard index at least 0.97, and so many counted
        windows differ, or more, in at least 1 of 100 samples of that size where 3 % of all windows do.
        """
        return self.mean_change <= LARGEST_MEAN_CHANGE and self._deciding_jaccard >= LEAST_JACCARD

    @property
    def margin(self) -> float:
        """How far the results are inside the limits; negative where they do not pass."""
        return min(
            1 - self.mean_change / LARGEST_MEAN_CHANGE,
            (self._deciding_jaccard - LEAST_JACCARD) / (1 - LEAST_JACCARD),
        )

    @property
    def _deciding_jaccard(self) -> float:
        """The expected index, or the counted one where that is less and too low to be so by chance."""
        if self.jaccard >= min(LEAST_JACCARD, self.expected_jaccard):
            return self.expected_jaccard
        differing = round(self.calls * (1 - self.jaccard))
        is_chance = _chance_of(differing, self.calls, 1 - LEAST_JACCARD) >= LEAST_CHANCE
        return self.expected_jaccard if is_chance else self.jaccard

    def report(self) -> dict[str, Any]:
        """Return JSON values for the run record."""
        values: dict[str, Any] = {"gate_windows": self.windows, "mean_change": round(self.mean_change, 6)}
        values |= {"jaccard": round(self.jaccard, 4), "calls": self.calls}
        values["expected_jaccard"] = round(self.expected_jaccard, 4)
        return values | {"passes": self.passes}


def agreement(exact: NDArray[np.float32], other: NDArray[np.float32], card: ModelCard) -> Agreement:
    """Compare outputs, shape (windows, outputs), with those of float32.

    Notes
    -----
    The expected Jaccard index is that over all pairs of a window and a change of the logit seen in any window
    (256 of them at most). A window stands for logits spread evenly from sd / n^(1/5) below its own to as much
    above, with sd the standard deviation of the logits of n windows, 0.5 at least, so that none decides
    alone. Where less than an eighth of the windows is called, the calls are the best eighth. With several
    classes it is the share of pairs whose likeliest class stays.
    """
    count = len(exact)
    if not np.isfinite(other).all():
        return Agreement(count, math.inf, 0.0, 0.0, count)
    before, after = (interpret_outputs(outputs, card) for outputs in (exact, other))
    if card.task == Task.REGRESSION:
        deviation = float(before.outputs.std()) or 1.0
        return Agreement(count, float(np.abs(after.outputs - before.outputs).mean()) / deviation, 1.0, 1.0, 0)
    change = float(np.abs(before.probability.astype(np.float64) - after.probability).mean())
    changes = (after.logit - before.logit).astype(np.float64)[:: max(1, math.ceil(count / _PAIRED))]
    if card.task == Task.MULTICLASS:
        likeliest = before.logit.argmax(axis=1)
        same = float((after.logit.argmax(axis=1) == likeliest).mean())
        stays = [float(((before.logit + moved).argmax(axis=1) == likeliest).mean()) for moved in changes]
        return Agreement(count, change, same, math.fsum(stays) / len(stays), count)
    called, also = (one.probability >= card.threshold() for one in (before, after))
    calls = int((called | also).sum())
    counted = int((called & also).sum()) / calls if calls else 1.0
    expected = _expected_jaccard(before.logit.astype(np.float64), changes, _cut(card))
    return Agreement(count, change, counted, expected, calls)


def _expected_jaccard(logits: NDArray[np.float64], changes: NDArray[np.float64], cut: float) -> float:
    """Return the Jaccard index of `agreement` over pairs of logits and changes; `cut` and above is called."""
    best = max(1, math.ceil(LEAST_CALLED * len(logits)))
    cut = min(cut, float(np.partition(logits, -best)[-best]))
    if cut == -math.inf:
        return 1.0
    spread = max(float(logits.std()), LEAST_DEVIATION) * len(logits) ** -0.2
    above = logits[:, None] - cut

    def called(change: NDArray[np.float64]) -> float:
        return float(np.clip(0.5 + (above + change) / (2 * spread), 0, 1).sum())

    return called(np.minimum(changes, 0)) / called(np.maximum(changes, 0))


def _cut(card: ModelCard) -> float:
    """Return the least logit that is called, by bisection; infinite where all or none are."""
    low, high = -_LARGEST_LOGIT, _LARGEST_LOGIT
    least, most = card.calibration.apply(np.array([low, high])) >= card.threshold()
    if least or not most:
        return -math.inf if least else math.inf
    while (middle := (low + high) / 2) not in (low, high):
        if card.calibration.apply(np.array([middle]))[0] >= card.threshold():
            high = middle
        else:
            low = middle
    return high


def _chance_of(differing: int, windows: int, share: float) -> float:
    """Return the chance that so many of the windows differ, or more, where `share` of all windows do."""
    fewer = (
        math.lgamma(windows + 1)
        - math.lgamma(number + 1)
        - math.lgamma(windows - number + 1)
        + number * math.log(share)
        + (windows - number) * math.log1p(-share)
        for number in range(differing)
    )
    return 1 - math.fsum(map(math.exp, fewer))


def windows_for(model: EnhancerModel) -> int:
    """Return how many windows a model is compared on.

    As many as 10^12 multiplications do, 64 at least and 1,024 at most.
    """
    affordable = int(_MULTIPLICATIONS / multiplications(model))
    return min(max(affordable, _FEWEST_WINDOWS), _MOST_WINDOWS)


def fixed_windows(length: int, count: int = _FEWEST_WINDOWS) -> NDArray[np.uint8]:
    """Return windows of a comparison, uint8[count, length]: random bases, from 25 to 75 % of G and C."""
    rng = np.random.default_rng(_SEED)
    gc = np.linspace(0.25, 0.75, count)[:, None]
    is_strong, is_second = (rng.random((count, length)) for _ in range(2))
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
    windows = fixed_windows(model.gauge_length, windows_for(model))
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
