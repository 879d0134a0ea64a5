"""Calibrating a model that others trained: probabilities and thresholds from labelled rows."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.api.model import Model
from dnabert_enhancer.catalogue import Store, is_pretrained_only, open_model, without_head
from dnabert_enhancer.dataset import Dataset, DatasetSource, LabelHints, as_dataset
from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import (
    CalibrationReport,
    CalibrationRows,
    CalibrationSettings,
    calibration_rows,
    judge,
    judged_scores,
    rounded,
    split_metrics,
)
from dnabert_enhancer.files import OutputSet, check_output
from dnabert_enhancer.model import (
    CARD_NAME,
    EnhancerModel,
    EnsembleModel,
    holds_same_model,
    is_folder_of,
    model_folders,
    split_output,
    write_recalibrated,
)

_log = logging.getLogger(__name__)
_ROWS = "calibration sequences"
Progress = Callable[[int], AbstractContextManager[Callable[[int], None]]]


class CalibratedModel(Model):
    """A model that was just calibrated, made by `calibrate_model`; as every `Model`, and what came of it.

    Attributes
    ----------
    report : CalibrationReport
        The kind that was chosen; ECE and log loss before and after, on held-out folds of the rows.
    metrics : dict
        On the rows of the calibration, with its probabilities, at the default threshold.
    counts : dict of str to int
        Rows of each class.
    warnings : list of str
        What speaks against the calibration, such as few rows.
    """

    def __init__(
        self,
        opened: EnhancerModel,
        engine: EngineSettings,
        report: CalibrationReport,
        metrics: Mapping[str, float],
        rows: CalibrationRows,
    ) -> None:
        super().__init__(opened, engine=engine)
        self.report = report
        self.metrics = dict(metrics)
        self.counts = rows.counts
        self.warnings = rows.warnings


def calibrate_model(
    model: Model | str | Path,
    dataset: DatasetSource,
    output_dir: str | Path,
    settings: CalibrationSettings | None = None,
    *,
    engine: EngineSettings | None = None,
    progress: Progress | None = None,
    **keywords: Any,  # the fields of `CalibrationSettings`
) -> CalibratedModel:
    """Fit calibration and thresholds of a model on labelled rows, and write the model with them.

    Parameters
    ----------
    model : Model, str or path
        What `load_model` takes or returns: two or more classes. ``NAME:OUTPUT`` is one of its further
        outputs; the others stay as they are.
    dataset : path, pair of paths, DataFrame or Dataset
        See `evaluate`; rows that the model was not trained on. Of a data set with splits the validation split
        is taken.
    output_dir : path
        Gets the model: its files as they are, and a new card. A new or empty folder, or one with the same
        model, such as its own, of which the card alone is replaced. Neither the packaged model nor one in
        the store is changed.
    settings : CalibrationSettings, optional
    engine : EngineSettings, optional
        How the model is computed; default: as `model`. It is always float32 here.
    progress : callable, optional
        Called with the number of sequences; gives a context whose value takes how many are done since its
        last call.
    **keywords
        Fields of the settings, such as ``threshold="max-mcc"``.

    Returns
    -------
    CalibratedModel

    Raises
    ------
    InputError
        Data of other labels or another length than the model's windows, or of one class; a model of values,
        or whose head is not trained; a folder that holds something else.
    ResourceError
        No space left, or the device is missing.

    Notes
    -----
    The fit is that of `finetune`: a temperature, or from 200 rows on an isotonic curve where it is clearly
    better on held-out folds; none where that makes them worse. Equal rows and models give equal bytes.

    Examples
    --------
    >>> calibrate_model("deepvregulome/CTCFL", "my-dataset", "ctcfl-calibrated")  # doctest: +SKIP
    """
    settings = with_keywords(CalibrationSettings, settings, keywords)
    if engine is None:
        engine = model.engine.settings if isinstance(model, Model) else EngineSettings()
    engine = dataclasses.replace(engine, precision=Precision.FLOAT32)
    opened = one_model(model)
    check_model(opened)
    directory = Path(output_dir)
    check_place(opened, directory)
    data = _dataset_of(dataset, opened, settings)
    window_length = opened.card.window_length or settings.window_length or opened.window_length
    _check_window(opened, window_length, settings)
    rows = calibration_rows(data, opened.card, window_length, settings)
    for warning in rows.warnings:
        _log.warning("calibration of %s: %s", opened.card.name, warning)
    if rows.evidence["trained_on_these_rows"] == "not known":
        _log.warning(
            "calibration of %s: it is not known whether the model was trained on these rows; if it was, "
            "it is too sure of them",
            opened.card.name,
        )
    with nullcontext() if progress is None else progress(len(rows.labels)) as advance:
        predictions = Engine(opened, engine).predict(rows.codes, advance)
    card = opened.card
    scores = judged_scores(predictions, card.task)
    judgement = judge(scores, rows.labels, card.task, settings.threshold, _ROWS)
    report = judgement.report
    assert report is not None  # there are rows of every class
    metrics = split_metrics(scores, rows.labels, card.task, judgement)
    _log.info("%s", judgement.summary())
    lost = sorted(set(card.thresholds) - set(judgement.thresholds))
    if lost:
        _log.warning("thresholds of the earlier calibration are left out: %s", ", ".join(lost))
    evidence = {
        **report.to_json(),
        **rows.evidence,
        "weights_digest": opened.weights_digest,
        **({"warnings": rows.warnings} if rows.warnings else {}),
    }
    output = "" if card.column == opened.network_card.column else card.labels[-1]
    whole = opened.network_card if output else card.replace(window_length=window_length)
    calibrated = whole.calibrated(
        judgement.calibration, judgement.thresholds, rounded(metrics), rounded(evidence), output
    )
    written = write_recalibrated(opened.with_card(calibrated), directory)
    return CalibratedModel(written.select(output) if output else written, engine, report, metrics, rows)


def one_model(model: Model | str | Path) -> EnhancerModel:
    """Open a model; refuse an ensemble."""
    is_ensemble = (
        isinstance(model.opened, EnsembleModel)
        if isinstance(model, Model)
        else bool(model_folders(split_output(model)[0]))
    )
    if is_ensemble:
        raise InputError(
            "several models have one card each, and are treated one by one",
            source=None if isinstance(model, Model) else model,
            remedy="name one of them",
        )
    return model.opened if isinstance(model, Model) else open_model(model)


def check_model(opened: EnhancerModel) -> None:
    """Refuse a base model."""
    if is_pretrained_only(opened):
        raise without_head(opened.source)


def check_folder(opened: EnhancerModel, directory: Path) -> None:
    """Refuse now a folder that cannot take the models of an ensemble."""
    place = directory.resolve()
    _refuse_store(place, directory)
    if place.is_dir() and any(place.iterdir()) and not is_folder_of(opened.members, place):
        raise InputError(
            "the folder is not empty and holds other models or something else",
            source=directory,
            remedy="name a new folder, or that of the models",
        )


def _refuse_store(place: Path, directory: Path) -> None:
    if place.is_relative_to(Store().folder.resolve()):
        raise InputError(
            "lies in the store, whose models are kept as they were brought",
            source=directory,
            remedy="name another folder, which every --model takes",
        )


def check_place(opened: EnhancerModel, directory: Path) -> None:
    """Refuse now a folder that cannot take the model."""
    place = directory.resolve()
    _refuse_store(place, directory)
    if opened.directory.resolve() == place and opened.is_packaged:
        raise InputError(
            "is the packaged model, which is kept as it is", source=directory, remedy="name another folder"
        )
    if place.is_dir() and any(place.iterdir()):
        if not holds_same_model(opened, place):
            raise InputError(
                "the folder is not empty and holds another model or something else",
                source=directory,
                remedy="name a new folder",
            )
        check_output(place / CARD_NAME)
        return
    probe = OutputSet()
    try:
        probe.directory(place)
    finally:
        probe.discard()


def _check_window(opened: EnhancerModel, length: int, settings: CalibrationSettings) -> None:
    if settings.window_length not in (None, length):
        raise InputError(
            f"the model {opened.card.name} is for windows of {length} bp, not {settings.window_length}",
            source=opened.source,
            remedy="leave out --window-length",
        )
    opened.check_window(length)


def _dataset_of(dataset: DatasetSource, opened: EnhancerModel, settings: CalibrationSettings) -> Dataset:
    positive = opened.card.positive_label
    hints = LabelHints(opened.card.task, (positive,) if positive else ())  # type: ignore[arg-type]  # a Task
    return as_dataset(dataset, positive_label=settings.positive_label, hints=hints, allow_one_class=True)
