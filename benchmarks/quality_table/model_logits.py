"""The one place where a model is asked: logits of sequences for all of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.model import EnhancerModel, Task, open_model
from dnabert_enhancer.sequence import encode_bases

from .kinds import FIRST, Scores


def open_engine(spec: str | PathLike[str] | None, threads: int) -> Engine:
    """Return a model ready to be asked, in full precision."""
    return Engine(open_model(spec), EngineSettings(precision=Precision.FLOAT32, threads=threads))


def output_names(engine: Engine) -> tuple[str, ...]:
    """Return the outputs that the model has; the first is `FIRST`, whatever the card calls it."""
    card = engine.model.card
    if card.task != Task.BINARY:
        raise SystemExit(f"{engine.model.directory}: a {card.task} model has no first output")
    return (FIRST, *card.further_outputs)


def window_length(engine: Engine, output: str) -> int:
    """Return the length of the windows that an output was made for."""
    length = _selected(engine.model, output).card.window_length
    assert length is not None
    return length


def all_logits(engine: Engine, sequences: Sequence[str], length: int) -> NDArray[np.float32]:
    """Return what all outputs say of sequences, before calibration, ``float32[n, outputs]``.

    Of a regression it is the value itself.

    Notes
    -----
    A sequence longer than `length` is read in windows spread evenly over it, which overlap by half or more;
    their mean counts.
    """
    names = output_names(engine)
    if len(names) == 1:
        whole, columns = engine, [0]
    else:
        card = engine.model.card.replace(column=None, task="regression", further_outputs={})
        model = EnhancerModel(engine.model.directory, engine.model.config, card)
        whole = Engine(model, engine.settings)
        columns = [_selected(engine.model, name).card.column or 0 for name in names]
    windows, owner = _windows(sequences, length)
    found = whole.predict(windows)
    values = found.outputs[:, columns] if len(names) > 1 else np.asarray(found.logit)[:, None]
    counts = np.bincount(owner)
    means = [np.bincount(owner, weights=values[:, place]) / counts for place in range(values.shape[1])]
    return np.stack(means, axis=1).astype(np.float32)


def probabilities(engine: Engine, values: Scores, output: str) -> Scores:
    """Return the calibrated probability of logits; of an output without calibration the plain sigmoid."""
    return np.asarray(_selected(engine.model, output).card.calibration.apply(values), dtype=np.float64)


def _selected(model: EnhancerModel, output: str) -> EnhancerModel:
    return model if output == FIRST else model.select(output)


def _windows(sequences: Sequence[str], length: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
    windows, owner = [], []
    for number, text in enumerate(sequences):
        codes = encode_bases(text)
        rest = max(0, len(codes) - length)
        count = 1 + -(-rest // (length // 2))
        for start in np.linspace(0, rest, count).round().astype(int) if rest else [0]:
            windows.append(codes[start : start + length])
            owner.append(number)
    return windows, np.array(owner)
