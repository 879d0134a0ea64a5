"""The methods that are compared: the model's outputs, k-mer baselines, and the share of G and C."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine
from dnabert_enhancer.evaluation import RIDGE_NAME, KmerRidge, predict_baseline
from dnabert_enhancer.sequence import encode_bases

from . import gkm
from .kinds import CLASSES, FIRST, Labelled, QualitySet, Scores
from .model_logits import all_logits, output_names, window_length

RIDGE, FOREST, GKM = "6-mer ridge", "random forest", "gkm-SVM"
MODEL_ROWS_RIDGE = "6-mer ridge on the model's rows"
GC = "GC alone"
_VERSION = "1"
"""Of the baselines; another one makes the kept results useless."""


class Cache:
    """Scores kept in a folder between runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str, make: Callable[[], NDArray[Any]] | None) -> NDArray[Any] | None:
        """Return what is kept under a key; else make and keep it, or None where it is not to be made."""
        path = self._folder / f"{key}.npy"
        if path.is_file():
            return np.load(path)
        if make is None:
            return None
        values = np.asarray(make())
        beside = path.with_suffix(".part.npy")
        np.save(beside, values)
        beside.rename(path)
        return values


class ModelScores:
    """The model's logits of all outputs, kept by the model's digest; each sequence is computed once a run."""

    def __init__(self, engine: Engine, cache: Cache) -> None:
        self.engine = engine
        self._cache = cache
        self._names = output_names(engine)
        self._known: dict[tuple[int, str], NDArray[np.float32]] = {}

    def outputs_for(self, wanted: str) -> list[str]:
        """Return the outputs to report for a set: the first one, and the set's own if there is one."""
        own = wanted != FIRST and wanted in self._names
        return [FIRST, wanted] if own else [FIRST]

    def logits(self, sequences: Sequence[str], output: str) -> Scores:
        """Return the logits of an output; see `model_logits.all_logits`."""
        if output not in self._names:
            raise ValueError(f"the model has no output {output!r}")
        length = window_length(self.engine, output)
        key = f"model-{_digest([self.engine.model.digest, str(length)], sequences)}"
        values = self._cache.get(key, lambda: self._computed(sequences, length))
        assert values is not None
        return values[:, self._names.index(output)].astype(np.float64)

    def _computed(self, sequences: Sequence[str], length: int) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in sequences if (length, text) not in self._known))
        if new:
            values = all_logits(self.engine, new, length)
            self._known |= {(length, text): row for text, row in zip(new, values, strict=True)}
        return np.stack([self._known[length, text] for text in sequences])


class Baselines:
    """The simple methods for a set, from the cache where they are there.

    Parameters
    ----------
    cache : Cache
    training : Dataset, optional
        The rows that the model's first output learned from.
    fit_slow : bool
        Fit random forest and gkm-SVM where the cache has none, which takes minutes a set.
    """

    def __init__(self, cache: Cache, training: Dataset | None, fit_slow: bool) -> None:
        self._cache = cache
        self._training = training
        self._fit_slow = fit_slow
        self._ridge: KmerRidge | None = None

    def of(self, item: QualitySet) -> dict[str, Scores]:
        """Return the scores of all scored sequences of a set, by method."""
        distinct = {text: number for number, text in enumerate(dict.fromkeys(item.test))}
        codes = [encode_bases(text) for text in distinct]
        place = np.array([distinct[text] for text in item.test])
        found: dict[str, Scores | None] = {}
        if item.train is not None:
            train, rows = item.train, _digest(*item.train, item.test)
            slow = self._fit_slow and item.baselines
            found[RIDGE] = self._cache.get(f"ridge-{rows}", lambda: _ridge(item, codes)[place])
            if item.kind == CLASSES or item.per_row == 1:
                make = (lambda: _forest(item, train, codes)[place]) if slow else None
                found[FOREST] = self._cache.get(f"forest-{rows}", make)
            fits = slow and gkm.can_run(len(item.test))
            make_gkm = (lambda: gkm.scores(train, item.kind == CLASSES, item.test)) if fits else None
            found[GKM] = self._cache.get(f"gkm{gkm.VERSION}-{rows}", make_gkm)
        if self._training is not None:
            rows = _digest([self._training.digest or ""], item.test)
            found[MODEL_ROWS_RIDGE] = self._cache.get(
                f"model-rows-{rows}", lambda: self._fitted_on_model_rows().predict(codes)[place]
            )
        found[GC] = np.array([_gc(text) for text in item.test])
        return {name: values for name, values in found.items() if values is not None}

    def _fitted_on_model_rows(self) -> KmerRidge:
        assert self._training is not None
        if self._ridge is None:
            labels = self._training.frame("train")["label"].to_numpy()
            self._ridge = KmerRidge().fit(list(self._training.encoded("train")), labels)
        return self._ridge


def _ridge(item: QualitySet, codes: list[NDArray[np.uint8]]) -> Scores:
    assert item.train is not None
    train = [encode_bases(text) for text in item.train.sequences]
    return KmerRidge().fit(train, item.train.labels).predict(codes)


def _forest(item: QualitySet, train: Labelled, codes: list[NDArray[np.uint8]]) -> Scores:
    windows = [encode_bases(text) for text in train.sequences]
    is_classes = item.kind == CLASSES
    labels = train.labels.astype(np.int64) if is_classes else train.labels
    found = predict_baseline("RF", windows, labels, codes, task="binary" if is_classes else "regression")
    assert found is not None
    return found.outputs


def _gc(text: str) -> float:
    known = sum(map(text.count, "ACGT"))
    return (text.count("G") + text.count("C")) / known if known else 0.5


def _digest(*parts: Sequence[str] | NDArray[np.float64]) -> str:
    content = hashlib.sha256(_VERSION.encode())
    for part in parts:
        content.update(part.tobytes() if isinstance(part, np.ndarray) else "\n".join(part).encode())
        content.update(b"\0")
    return content.hexdigest()[:24]


assert RIDGE_NAME == RIDGE
