"""Making data sets and training models on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from dnabert_enhancer.api.ensemble import Ensemble
from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.api.model import Model
from dnabert_enhancer.catalogue import open_model
from dnabert_enhancer.dataset import (
    BuiltDataset,
    DatasetSettings,
    DatasetSource,
    RegionSource,
    Task,
    as_dataset,
    build_dataset,
    check_folder,
)
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Genome, Interval, frame_of_intervals
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.training import EpochListener, TrainingResult, TrainingSettings
from dnabert_enhancer.training import finetune as train
from dnabert_enhancer.training import finetune_folds as train_folds

HISTORY = "history.tsv"
"""Name in a model's folder: how its training went, by epoch."""


def make_dataset(
    regions: RegionSource | Interval | Iterable[str | Path | Interval],
    genome: Genome | str | Path,
    output_dir: str | Path | None = None,
    settings: DatasetSettings | None = None,
    **keywords: Any,  # the fields of `DatasetSettings`
) -> BuiltDataset:
    """Make labelled windows from regions and a genome, in splits that share no part of it.

    Parameters
    ----------
    regions : path, DataFrame or Interval, or several
        The positives: BED files, a table with the columns ``chrom``, ``start`` and ``end`` (0-based,
        half-open), or intervals.
    genome : Genome or path
        FASTA.
    output_dir : path, optional
        Folder to write, as the command make-dataset does; default: nothing is written.
    settings : DatasetSettings, optional
    **keywords
        Fields of the settings, such as ``length=500``.

    Returns
    -------
    BuiltDataset
        With ``splits`` (DataFrames), ``digest``, ``counts``, ``skipped``, ``plot_gc()`` and ``write()``.

    Raises
    ------
    InputError
        When input is not usable, no window is left, a class is missing in a split, negatives are too few, or
        the folder holds another data set.

    Examples
    --------
    >>> make_dataset("peaks.bed", "hg38.fa.gz", "my-dataset", ratio=2.0)  # doctest: +SKIP
    """
    settings = with_keywords(DatasetSettings, settings, keywords)
    if output_dir is not None:
        check_folder(output_dir)
    dataset = build_dataset(_sources(regions), genome, settings)
    if output_dir is not None:
        dataset.write(output_dir)
    return dataset


def _sources(regions: RegionSource | Interval | Iterable[str | Path | Interval]) -> list[RegionSource]:
    if isinstance(regions, (str, Path, pd.DataFrame)):
        return [regions]
    items = [regions] if isinstance(regions, Interval) else list(regions)
    paths = [item for item in items if isinstance(item, (str, Path))]
    intervals = [item for item in items if isinstance(item, Interval)]
    others = [type(item).__name__ for item in items if not isinstance(item, (str, Path, Interval))]
    if others or not items:
        raise InputError(
            f"regions cannot be read from {others[0]}" if others else "there are no regions",
            remedy="give BED files, a DataFrame with chrom, start and end, or Interval values",
        )
    return [*paths, *([frame_of_intervals(intervals)] if intervals else [])]


def base_name(base: str | Path | Model) -> str:
    """Return a base model as `finetune` names it."""
    if not isinstance(base, Model):
        return str(base)
    if base.opened.card.column is not None:
        raise InputError(
            f"the model {base.name} is one of several outputs",
            remedy="name it as a string, such as default:NAME",
        )
    return str(base.opened.directory)


class TrainedModel(Model):
    """A model that was just trained, made by `finetune`; as every `Model`, and how the training went.

    Attributes
    ----------
    history : DataFrame
        One row per epoch of the attempt that was kept: ``epoch``, ``step``, ``train_loss``,
        ``validation_loss`` and the validation metrics, on probabilities before calibration.
    metrics : dict
        By split: the metrics at the model's threshold, with calibrated probabilities.
    attempts : list of dict
        Number, seed, outcome and reason of each attempt.
    sequences_per_second : float
        Training speed, validation not counted.
    seconds : float
        Of training and validation, those before a kill included.
    warnings : list of str
        What speaks against the model, such as a ranking that is no better than chance.
    int8 : dict
        Of a training with ``int8=True``: ``weights`` is ``rounded``, or ``as trained`` where int8 does not
        agree with float32 or cannot be had; the agreement, and the windows, as on the card.
    """

    def __init__(self, result: TrainingResult, opened: EnhancerModel, engine: EngineSettings | None) -> None:
        super().__init__(opened, engine=engine)
        self.history = pd.DataFrame(result.history)
        self.metrics = result.metrics
        self.attempts = result.attempts
        self.sequences_per_second = result.sequences_per_second
        self.seconds = result.seconds
        self.warnings = result.warnings
        self.int8 = result.int8

    def write_history(
        self, directory: str | Path, positive_label: str | None = None, outputs: OutputSet | None = None
    ) -> None:
        """Write `history` as ``history.tsv`` into a folder; values that are not defined are empty.

        Parameters
        ----------
        directory : path
        positive_label : str, optional
            Of two classes the one that metrics are of, the last column.
        outputs : OutputSet, optional
            Files that appear together with this one.
        """
        if outputs is None:
            with OutputSet() as own:
                self.write_history(directory, positive_label, own)
            return
        titles, names = ([], []) if positive_label is None else (["positive_label"], [positive_label])
        with outputs.open_text(Path(directory) / HISTORY) as table:
            table.write("\t".join([*self.history.columns, *titles]) + "\n")
            for row in self.history.itertuples(index=False):
                numbers = ("" if value != value else f"{value:.9g}" for value in row)
                table.write("\t".join([*numbers, *names]) + "\n")


def finetune(
    dataset: DatasetSource,
    base_model: str | Path | Model,
    output_dir: str | Path,
    settings: TrainingSettings | None = None,
    *,
    validation: DatasetSource | None = None,
    task: Task | None = None,
    positive_label: str | None = None,
    restart: bool = False,
    engine: EngineSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    on_epoch: EpochListener | None = None,
    **keywords: Any,  # the fields of `TrainingSettings`
) -> TrainedModel:
    """Train a model on labelled sequences and write it as a model directory.

    Parameters
    ----------
    dataset : path, pair of paths, DataFrame or Dataset
        See `evaluate`; without a validation split a part of the training rows is held out.
    base_model : str, path or Model
        ``new:tiny``, ``new:small`` or ``new:base`` (fresh weights), ``default``, ``hub:NAME@REVISION``, a
        model directory or archive, a DNABERT checkpoint, or a Hugging Face sequence classifier.
    output_dir : path
        Gets the model. Called again with the same arguments, a training that was broken off goes on.
    settings : TrainingSettings, optional
    validation : as `dataset`, optional
        Rows to validate on, instead of the data set's own split.
    task : {"binary", "multiclass", "regression"}, optional
        What the labels are; default: decided from them.
    positive_label : str, optional
        Which of two classes is the positive one, whose probability the model gives; default: told by their
        names. Of labels 0 and 1 another word is the name of 1.
    restart : bool
        Forget a training that was broken off, or replace a finished model.
    engine : EngineSettings, optional
        How the returned model is computed.
    progress : callable, optional
        Called after each update with the updates done and in all.
    on_epoch : callable, optional
        Called after each epoch with its number, from 1, and the validation metrics; what it raises ends the
        training.
    **keywords
        Fields of the settings, such as ``epochs=3``.

    Returns
    -------
    TrainedModel
        Of several processes that were launched together only the first one returns; the others end.

    Raises
    ------
    InputError
        Data or model that do not fit, other arguments than those of the training in the folder, or a training
        that collapsed in every attempt.
    ResourceError
        torch or another package is missing, or the device.

    Examples
    --------
    >>> model = finetune("my-dataset", "new:small", "my-model", epochs=3)  # doctest: +SKIP
    >>> model.history  # doctest: +SKIP
    """
    settings = with_keywords(TrainingSettings, settings, keywords)
    data = as_dataset(dataset, task=task, positive_label=positive_label)
    if validation is not None:
        other = as_dataset(
            validation,
            task=data.task,
            positive_label=positive_label,
            hints=data.label_hints,
            allow_one_class=True,
        )
        data = data.with_validation(other)
    result = train(
        data,
        base_name(base_model),
        output_dir,
        settings,
        restart=restart,
        progress=progress,
        on_epoch=on_epoch,
    )
    if result.model is None:
        raise SystemExit(0)
    return TrainedModel(result, result.model, engine)


def finetune_folds(
    dataset: DatasetSource,
    base_model: str | Path | Model,
    output_dir: str | Path,
    settings: TrainingSettings | None = None,
    *,
    folds: int = 5,
    task: Task | None = None,
    positive_label: str | None = None,
    restart: bool = False,
    engine: EngineSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    on_fold: Callable[[Path, TrainedModel], None] | None = None,
    **keywords: Any,  # the fields of `TrainingSettings`
) -> Ensemble:
    """Train a model for each of several folds, of which one is held out in turn, and return their ensemble.

    Parameters
    ----------
    dataset : path, pair of paths, DataFrame or Dataset
        See `evaluate`. Rows of its training and validation splits are cut into folds by contig, or where that
        cannot be, by groups of equal sequences; a test split stays for `evaluate`.
    base_model, settings, task, positive_label, engine, progress, **keywords
        See `finetune`.
    output_dir : path
        Gets the models as ``fold1``, ``fold2`` …; `load_model` takes the folder. Called again with the same
        arguments, finished folds are kept, and one that was broken off goes on.
    folds : int
        How many, 2 or more.
    restart : bool
        Remove the folds of an earlier run.
    on_fold : callable, optional
        Called with the folder and the model of each fold that was trained now.

    Returns
    -------
    Ensemble
        Its ``members`` are the models of the folds.

    Raises
    ------
    InputError, ResourceError
        As `finetune`; too few sequences for so many folds; folds of other arguments in the folder.

    Examples
    --------
    >>> ensemble = finetune_folds("my-dataset", "new:small", "my-folds", folds=5)  # doctest: +SKIP
    >>> evaluate(ensemble, "my-dataset")  # doctest: +SKIP
    """
    settings = with_keywords(TrainingSettings, settings, keywords)
    data = as_dataset(dataset, task=task, positive_label=positive_label)
    models: list[Model] = []
    trained = train_folds(
        data,
        base_name(base_model),
        output_dir,
        settings,
        folds=folds,
        restart=restart,
        progress=progress,
    )
    for fold in trained:
        if fold.result is None or fold.result.model is None:
            models.append(Model(open_model(fold.directory), engine=engine))
            continue
        model = TrainedModel(fold.result, fold.result.model, engine)
        models.append(model)
        if on_fold is not None:
            on_fold(fold.directory, model)
    return Ensemble(models, Path(output_dir))
