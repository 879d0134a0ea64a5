"""What the benchmark of interpretation compares: importance of bases, their backgrounds, and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

import dnabert_enhancer as de
from dnabert_enhancer.evaluation import KmerRidge
from dnabert_enhancer.interpret import Method, other_bases, substituted, tiles
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants import MotifLibrary, run_matches

Floats = NDArray[np.float64]
RESAMPLES = 1000


class Importance(NamedTuple):
    """What a method says of the bases of a sequence.

    Attributes
    ----------
    signed : float64 array, shape (length,)
        The importance as `interpret` gives it; NaN where it was not asked for.
    largest : float64 array, shape (length,)
        The largest absolute change by a substitution; of other methods the size of the importance.
    """

    signed: Floats
    largest: Floats


def importance(
    models: Sequence[de.Model], codes: NDArray[np.uint8], method: str, window: int, **keywords: Any
) -> list[Importance]:
    """Return the importance of all bases of a sequence for several outputs of one network, an item each.

    Mutagenesis runs the network once for all outputs; its numbers are those of `Model.interpret`.

    Parameters
    ----------
    models : sequence of Model
        Outputs of the same weights.
    codes : uint8 array, shape (length,)
        Known bases.
    method : str
        Of `interpret`.
    window : int
        In bp.
    **keywords
        Further settings of `interpret`; of mutagenesis ``places``, the bases that are asked for.
    """
    if method == Method.ISM:
        return [_of_change(change) for change in changes(models, codes, window, **keywords)]
    text = decode_bases(codes)
    found = []
    for model in models:
        values = model.interpret([text], method=method, window_length=window, **keywords)[0].importance
        found.append(Importance(values.astype(np.float64), np.abs(values).astype(np.float64)))
    return found


def changes(
    models: Sequence[de.Model],
    codes: NDArray[np.uint8],
    window: int,
    places: NDArray[np.int64] | None = None,
) -> list[NDArray[np.float32]]:
    """Return the change of each model's score by each substitution, float32[length, 4]; NaN where not asked.

    Parameters
    ----------
    models, codes, window
        See `importance`.
    places : int64 array, optional
        Which bases are substituted; default: all.
    """
    wanted = np.zeros(len(codes), dtype=bool)
    wanted[slice(None) if places is None else places] = True
    found = [np.full((len(codes), 4), np.nan, dtype=np.float32) for _ in models]
    cards = [model.engine.model.card for model in models]
    for tile in tiles(0, len(codes), len(codes), window):
        part = codes[tile.start : tile.start + tile.length]
        rows = tile.first + np.flatnonzero(wanted[tile.first : tile.last])
        inside = rows - tile.start
        copies = np.concatenate([part[None], substituted(part, inside)])
        predictions = models[0].engine.predict_outputs(copies, cards)
        for change, model, predicted in zip(found, models, predictions, strict=True):
            rank = model.target.scores(predicted).rank.astype(np.float64)
            change[rows, codes[rows]] = 0.0
            change[rows[:, None], other_bases(codes[rows])] = (rank[1:] - rank[0]).reshape(-1, 3)
    return found


def ridge_importance(ridge: KmerRidge, codes: NDArray[np.uint8], window: int) -> Importance:
    """Return what `importance` gives for a model, for a ridge regression on k-mers."""
    change = np.zeros((len(codes), 4))
    for tile in tiles(0, len(codes), len(codes), window):
        part = codes[tile.start : tile.start + tile.length]
        places = np.arange(tile.first, tile.last) - tile.start
        values = ridge.predict(np.concatenate([part[None], substituted(part, places)]))
        rows = tile.first + np.arange(len(places))[:, None]
        change[rows, other_bases(part[places])] = (values[1:] - values[0]).reshape(-1, 3)
    return _of_change(change)


def motif_scores(library: MotifLibrary, codes: NDArray[np.uint8]) -> Floats:
    """Return -log10 of the p-value of the best word of any motif that covers each base, either strand."""
    found = run_matches(library, codes, [(place, place + 1) for place in range(len(codes))])
    return np.asarray(-np.log10(np.nanmin(found.word_p, axis=1)))


def _of_change(change: NDArray[np.floating[Any]]) -> Importance:
    largest = np.abs(change).max(axis=1)
    return Importance(-change.mean(axis=1).astype(np.float64), largest.astype(np.float64))


def gc_matched(
    codes: NDArray[np.uint8],
    is_free: NDArray[np.bool_],
    wanted: NDArray[np.int64],
    window: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return starts of windows whose numbers of G and C are nearest to those wanted; no two overlap.

    Parameters
    ----------
    codes : uint8 array, shape (length,)
        Of a contig.
    is_free : bool array, shape (length,)
        Bases that a window may have.
    wanted : int64 array, shape (n,)
        Bases G or C of each window.
    window : int
        In bp.
    rng : Generator
        Chooses among windows as near.
    """
    inside = np.concatenate([[0], np.cumsum(is_free & (codes < 4))])
    gc = np.concatenate([[0], np.cumsum((codes == 1) | (codes == 2))])
    is_open = inside[window:] - inside[:-window] == window
    counts = gc[window:] - gc[:-window]
    starts = []
    for count in wanted:
        places = np.flatnonzero(is_open)
        if not len(places):
            raise SystemExit(f"there are only {len(starts)} windows apart from each other")
        away = np.abs(counts[places] - count)
        start = int(rng.choice(places[away == away.min()]))
        starts.append(start)
        is_open[max(0, start - window + 1) : start + window] = False
    return np.array(starts, dtype=np.int64)


def draws(count: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """Return rows of bootstrap samples, int64[1 + resamples, count]; the first is all rows as they are."""
    rng = np.random.default_rng(0)
    return np.concatenate([np.arange(count)[None], rng.integers(0, count, (resamples, count))])


def mean_draws(values: Floats) -> Floats:
    """Return the mean of values (without NaN) and of their bootstrap samples, float64[1 + RESAMPLES]."""
    known = values[~np.isnan(values)]
    return np.asarray(known[draws(len(known))].mean(axis=1)) if len(known) else np.full(1 + RESAMPLES, np.nan)


def rank_correlation_draws(predicted: Floats, measured: Floats) -> Floats:
    """Return Spearman's correlation of all pairs and of each bootstrap sample, float64[1 + RESAMPLES].

    Pairs without a prediction (NaN) are drawn like others, and left out.
    """
    rows = draws(len(predicted))
    measured = np.where(np.isnan(predicted), np.nan, measured)
    ranks = [rankdata(values[rows], axis=1, nan_policy="omit") for values in (predicted, measured)]
    x, y = (np.nan_to_num(part - np.nanmean(part, axis=1, keepdims=True)) for part in ranks)
    return np.asarray((x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1)))


def interval(values: Floats) -> str:
    """Return the first of values and the 95 % interval of the others, as text."""
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return f"{values[0]:.3f} ({low:.3f} to {high:.3f})"
