"""Predictions of models and baselines for labelled sequences."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Engine, Predictions, Target, WindowScores, mean_predictions
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.baselines import BASELINES, PAPER_BASELINES, RIDGE_NAME, predict_baseline
from dnabert_enhancer.evaluation.lengths import other_lengths
from dnabert_enhancer.evaluation.method_comparison import Method
from dnabert_enhancer.evaluation.ridge import Windows
from dnabert_enhancer.model import EnhancerModel, ModelCard, common_threshold, same_name
from dnabert_enhancer.scan import SequenceWindows, highest_windows

_log = logging.getLogger(__name__)

ASKED_FOR = "asked for"


class Labelled(NamedTuple):
    """Labelled sequences.

    Attributes
    ----------
    codes : uint8[n, length], or a sequence of n arrays
        Base codes.
    labels : int64[n] or float64[n]
        Class numbers, or measured values.
    task : {"binary", "multiclass", "regression"}
        What the labels are.
    label_names : tuple of str
        Names of the classes.
    source : str
        Where they come from, for messages.
    """

    codes: Windows
    labels: NDArray[Any]
    task: str
    label_names: tuple[str, ...]
    source: str


def cropped(codes: Windows, length: int) -> Windows:
    """Return windows cut to a length around their centre; shorter ones stay as they are.

    Parameters
    ----------
    codes : uint8[n, L], or a sequence of n arrays
        Base codes.
    length : int
        Length in bp; of an odd number of bases to remove, the larger part goes from the end.
    """
    if isinstance(codes, np.ndarray):
        first = max(0, (codes.shape[1] - length) // 2)
        return codes[:, first : first + length]
    pieces = [window[max(0, (len(window) - length) // 2) :][:length] for window in codes]
    if pieces and len({len(piece) for piece in pieces}) == 1:
        return np.stack(pieces)
    return pieces


class ModelScores(NamedTuple):
    """What a model says of the windows of labelled sequences.

    Attributes
    ----------
    engine : Engine
        Its probability is that of the data's positive class.
    windows : SequenceWindows
    predictions : Predictions
        Of all windows.
    """

    engine: Engine
    windows: SequenceWindows
    predictions: Predictions


def judged_windows(data: Labelled, model: EnhancerModel, *, crop: bool = False) -> SequenceWindows:
    """Return the windows of labelled sequences that a model reads, those that `Model.predict` scores.

    Parameters
    ----------
    data : Labelled
    model : EnhancerModel
    crop : bool
        Cut sequences longer than the model's window to the window at their centre.

    Raises
    ------
    InputError
        A sequence shorter than a token, or, where the model's window length is not known, longer than it
        reads.
    """
    codes = cropped(data.codes, model.window_length) if crop else data.codes
    _check_lengths(codes, model, data.source)
    return SequenceWindows.of(codes, model)


def model_scores(
    engine: Engine,
    data: Labelled,
    windows: SequenceWindows,
    progress: Callable[[int], None] | None = None,
) -> ModelScores:
    """Score the windows of labelled sequences with a model.

    Parameters
    ----------
    engine : Engine
        The model and how it is computed.
    data : Labelled
    windows : SequenceWindows
        See `judged_windows`.
    progress : callable, optional
        Called with the number of sequences done since its last call.

    Raises
    ------
    InputError
        The model predicts something else than the labels say.
    """
    engine = _of_positive_class(engine, data)
    order_of_classes(engine.model.card, data)
    return ModelScores(engine, windows, windows.predict(engine, progress))


def model_method(
    scores: ModelScores,
    data: Labelled,
    *,
    name: str | None = None,
    crop: bool = False,
    threshold: float | None = None,
) -> tuple[Method, NDArray[np.float32] | None]:
    """Return a model as a method: each sequence has the score of its highest window, as in `Model.predict`.

    Parameters
    ----------
    scores : ModelScores
    data : Labelled
    name : str, optional
        Name in tables; default: the card's.
    crop : bool
        Whether longer sequences were cut to the model's window.
    threshold : float, optional
        Decision threshold; default: the card's.

    Returns
    -------
    Method
    float32[n] or None
        Logits before calibration, for two classes.

    Notes
    -----
    Of several classes each one's probability is the highest that any window has for it, as
    ``predict --label CLASS`` writes it: the rows need not sum to 1.
    """
    model = scores.engine.model
    found = _of_sequences(scores.predictions, model.card, data, scores.windows)
    other = other_lengths(data.codes, model.card.window_length, cropped=crop)
    stored = model.card.thresholds.get("default")
    source = stored.source if stored else "0.5, since the card has none"
    method = Method(
        name=name or model.card.name,
        kind="model",
        outputs=found.outputs,
        threshold=model.card.threshold() if threshold is None else threshold,
        threshold_source=source if threshold is None else ASKED_FOR,
        details={
            "digest": model.digest,
            "window_length": model.card.window_length,
            "cropped": crop,
            **({} if scores.windows.stride is None else {"stride": scores.windows.stride}),
            **({} if other is None else {"longer": other.longer, "shorter": other.shorter}),
            "labels": list(model.card.labels),
            **({"positive_label": model.card.positive_label} if data.task == "binary" else {}),
            "engine": scores.engine.description(),
        },
    )
    return method, found.rank if data.task == "binary" else None


def mean_method(
    name: str,
    scores: Sequence[ModelScores],
    data: Labelled,
    details: Mapping[str, Any],
    threshold: float | None,
) -> Method:
    """Return the mean of several models as a method: a sequence has the mean of its highest window.

    Parameters
    ----------
    name : str
    scores : sequence of ModelScores
        Of the same windows.
    data : Labelled
    details : mapping
        What the method says of itself.
    threshold : float or None
        Decision threshold; default: that of the models where they agree, else 0.5.
    """
    cards = [one.engine.model.card for one in scores]
    mean = mean_predictions([one.predictions for one in scores], [one.engine for one in scores])
    found = _of_sequences(mean, cards[0], data, scores[0].windows)
    common = common_threshold([card.threshold() for card in cards])
    return Method(
        name=name,
        kind="model",
        outputs=found.outputs,
        threshold=common.value if threshold is None else threshold,
        threshold_source=common.source if threshold is None else ASKED_FOR,
        details=details,
        deviation=found.deviation,
    )


class _SequenceScores(NamedTuple):
    """Outputs, float32[n] or [n, classes], what orders them, and of an ensemble their deviations."""

    outputs: NDArray[np.float32]
    rank: NDArray[np.float32]
    deviation: NDArray[np.float32] | None


def _of_sequences(
    predictions: Predictions, card: ModelCard, data: Labelled, windows: SequenceWindows
) -> _SequenceScores:
    """Return the scores of sequences, each that of its highest window; of several classes a column each."""
    classes = order_of_classes(card, data)
    columns = []
    for index in classes or [0]:
        scores = Target(data.task, card.labels[index], index).scores(predictions)
        highest = highest_windows(scores.rank, windows.counts)
        members = None if scores.members is None else scores.members[:, highest]
        columns.append(WindowScores(scores.rank[highest], scores.score[highest], members))
    deviations = [column.deviation() for column in columns]
    if not classes:
        return _SequenceScores(columns[0].score, columns[0].rank, deviations[0])
    return _SequenceScores(
        np.stack([column.score for column in columns], axis=1),
        np.stack([column.rank for column in columns], axis=1),
        None if deviations[0] is None else np.stack([one for one in deviations if one is not None], axis=1),
    )


def baseline_method(
    name: str, train: Labelled, data: Labelled, *, crop: int | None = None, seed: int = 0, jobs: int = 1
) -> Method | None:
    """Fit a baseline on training sequences and score labelled ones.

    Parameters
    ----------
    name : str
        One of `baselines.BASELINES`.
    train, data : Labelled
        What it is fitted on, and what it scores.
    crop : int, optional
        Cut longer sequences of both to this length in bp around their centre.
    seed, jobs : int
        See `baselines.predict_baseline`.

    Returns
    -------
    Method or None
        None where the method does not exist for the task.
    """
    if name not in BASELINES:
        raise ValueError(f"no baseline {name!r}; there are {', '.join(BASELINES)}")
    prediction = predict_baseline(
        name,
        cropped(train.codes, crop) if crop else train.codes,
        train.labels,
        cropped(data.codes, crop) if crop else data.codes,
        task=data.task,
        classes=len(data.label_names),
        seed=seed,
        jobs=jobs,
    )
    if prediction is None:
        return None
    summary = "ridge on log counts of 6-mers" if name == RIDGE_NAME else PAPER_BASELINES[name].summary
    return Method(
        name=name,
        kind="baseline",
        outputs=prediction.outputs,
        threshold_source="0.5, since baselines have no card",
        details={
            "summary": summary,
            "training_rows": prediction.training_rows,
            "seconds": round(prediction.seconds, 3),
        },
    )


def check_same_labels(train: Labelled, data: Labelled) -> None:
    """Raise `InputError` where training labels mean something else than those to be judged."""
    if train.task == data.task and (
        train.task == "regression"
        or (
            len(train.label_names) == len(data.label_names)
            and all(map(same_name, train.label_names, data.label_names))
        )
    ):
        return
    raise InputError(
        f"the training labels are {_describe(train)}, those to be judged {_describe(data)}",
        source=train.source,
        remedy="give a training set with the same labels",
    )


def _of_positive_class(engine: Engine, data: Labelled) -> Engine:
    """Return an engine whose probability is that of the data's positive class, by the names of two classes.

    Where no name is common to data and model, the positive classes are those that are compared.
    """
    card = engine.model.card
    if card.task != "binary" or data.task != "binary" or len(data.label_names) != 2:
        return engine
    negative, positive = data.label_names
    if same_name(positive, card.negative_label) or same_name(negative, card.positive_label):
        _log.info("model %s: its output %r is taken for %r", card.name, card.negative_label, positive)
        return Engine(engine.model.with_card(card.with_positive(card.negative_label)), engine.settings)
    if not same_name(positive, card.positive_label):
        _log.info("model %s: its output %r is taken for %r", card.name, card.positive_label, positive)
    return engine


def order_of_classes(card: ModelCard, data: Labelled) -> list[int]:
    """Return the model's outputs in the order of the data's classes, then those of other classes.

    Empty but for several classes.

    Raises
    ------
    InputError
        The model predicts something else than the labels say.
    """
    described = f"{card.task} ({', '.join(card.labels)})"
    if card.task != data.task:
        raise InputError(
            f"the labels are {_describe(data)}, but the model {card.name} is {described}",
            source=data.source,
            remedy="give a model that was trained for such labels",
        )
    if data.task != "multiclass":
        return []
    places = [
        next((place for place, label in enumerate(card.labels) if same_name(label, name)), None)
        for name in data.label_names
    ]
    known = [place for place in places if place is not None]
    if len(known) == len(places):
        return known + [number for number in range(len(card.labels)) if number not in known]
    numbered = all(name.isdecimal() for name in data.label_names)
    if numbered and len(data.label_names) <= len(card.labels):
        return list(range(len(card.labels)))
    raise InputError(
        f"the classes {', '.join(data.label_names)} are not those of the model {card.name}, {described}",
        source=data.source,
        remedy="give a model that was trained for these classes",
    )


def _check_lengths(codes: Windows, model: EnhancerModel, source: str) -> None:
    lengths = (
        np.full(len(codes), codes.shape[1])
        if isinstance(codes, np.ndarray)
        else np.array([len(window) for window in codes])
    )
    longest, shortest = int(lengths.argmax()), int(lengths.argmin())
    if model.card.window_length is None and lengths[longest] > model.maximum_length:
        raise InputError(
            f"{lengths[longest]} bp are more than the {model.maximum_length} bp that the model "
            f"{model.card.name} reads ({(lengths > model.maximum_length).sum()} such sequences)",
            source=source,
            location=f"sequence {longest + 1}",
            remedy="cut them, or import the model with its --window-length",
        )
    least = model.card.k or 1
    if lengths[shortest] < least:
        raise InputError(
            f"{lengths[shortest]} bp are less than the {least} bp of one k-mer",
            source=source,
            location=f"sequence {shortest + 1}",
            remedy="remove it",
        )


def _describe(data: Labelled) -> str:
    return f"{data.task} ({', '.join(data.label_names)})" if data.task != "regression" else "measured values"
