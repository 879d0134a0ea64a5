"""Judging models and baselines on labelled sequences: metrics with intervals, plots, predictions."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dnabert_enhancer.api.evaluation_inputs import (
    ModelSource,
    genes_of,
    labelled_rows,
    members_by_name,
    named_models,
)
from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.api.model import Model
from dnabert_enhancer.dataset import DatasetSource, as_dataset
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import (
    BASELINE_OPTIONS,
    BASELINES,
    PLOTS,
    EvaluationSettings,
    JudgedRows,
    Method,
    ModelScores,
    Result,
    baseline_method,
    differences_frame,
    draw_plot,
    drawing,
    evaluate_methods,
    frame_lines,
    judge_strata,
    judged_rows,
    judged_windows,
    mean_method,
    metric_names,
    metrics_frame,
    model_method,
    model_scores,
    other_lengths,
    prediction_lines,
    predictions_frame,
    results_json,
    strata_figure,
    strata_frame,
    strata_of,
    table_lines,
    write_figure,
)
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.scan import SequenceSettings, SequenceWindows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Called with a model's name and the number of sequences; gives a context whose value takes how many are done
since its last call."""
PLOT_KINDS = ("png", "svg")

_log = logging.getLogger(__name__)


class Evaluation(pd.DataFrame):
    """Metrics of models and baselines with 95 % bootstrap intervals, made by `evaluate`.

    A DataFrame with one row per method, subset, prevalence and metric. Columns: ``method``, ``kind`` (model
    or baseline), ``subset`` (``all``, ``without duplicates``), ``prevalence`` (``as given``, or weighted to
    1, 10 or 100 negatives for each positive), ``metric``, ``value``, ``low``, ``high`` (NaN where not
    defined), ``rows``. What is selected from it is a plain DataFrame.

    Attributes
    ----------
    results : list of Result
        The same by method and subset, with the differences from the methods before.
    strata : DataFrame
        One row per group of the rows (by chromosome, GC, distance to genes) and method, with ``rows`` and
        each metric with its interval (``_low``, ``_high``); empty unless groups were asked for.
    judged : JudgedRows
        The rows that were judged.
    settings : EvaluationSettings
    notes : tuple of str
        What a reader of the metrics should know: sequences of another length than a model's window.
    """

    _metadata = ("results", "judged", "settings", "strata", "notes", "_logits")

    def __init__(
        self,
        results: list[Result],
        judged: JudgedRows,
        settings: EvaluationSettings,
        logits: Mapping[str, NDArray[np.float32]],
        strata: pd.DataFrame,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(metrics_frame(results))  # type: ignore[call-arg]  # the stubs know __new__ alone
        self.results = results
        self.judged = judged
        self.settings = settings
        self.strata = strata
        self.notes = notes
        self._logits = logits

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    @property
    def positive_label(self) -> str | None:
        """Name of the positive one of two classes; None for other labels."""
        data = self.judged.data
        return data.label_names[-1] if data.task == "binary" else None

    @property
    def predictions(self) -> pd.DataFrame:
        """One row a judged sequence: name, place, label, and a column or more for each method."""
        return predictions_frame(self.results, self.judged, self._logits)

    @property
    def differences(self) -> pd.DataFrame:
        """One row per pair of methods, subset, prevalence and metric: the method minus the other.

        Columns ``method``, ``minus``, ``subset``, ``prevalence``, ``metric``, ``difference``, ``low``,
        ``high`` and ``p``, by the paired bootstrap.
        """
        return differences_frame(self.results)

    def plot_roc(self, subset: str | None = None) -> Figure:
        """Return the ROC curves of a subset (default: the last one that is reported)."""
        return self._plot("roc", subset)

    def plot_precision_recall(self, subset: str | None = None) -> Figure:
        """Return precision-recall curves of a subset, as given and with 100 negatives for each positive."""
        return self._plot("pr", subset)

    def plot_calibration(self, subset: str | None = None) -> Figure:
        """Return observed shares against predicted probabilities, of a subset."""
        return self._plot("calibration", subset)

    def plot_scatter(self, subset: str | None = None) -> Figure:
        """Return measured against predicted values of the first method in a subset (of measured labels)."""
        return self._plot("scatter", subset)

    def plot_strata(self) -> Figure:
        """Return AUROC (of several classes the macro AUROC, of values Pearson's r) in each group of rows."""
        if not len(self.strata):
            raise InputError("no groups of rows were judged", remedy="give by=, such as by='chromosome'")
        with drawing():
            return strata_figure(self.strata, self.judged.data.task)

    def write(self, prefix: str | Path, *, plots: bool = True, outputs: OutputSet | None = None) -> None:
        """Write the files of the command evaluate: metrics.tsv, metrics.json, predictions.tsv.gz and plots.

        Of several methods ``differences.tsv`` too, and of groups of rows ``strata.tsv``.

        Parameters
        ----------
        prefix : str or path
            What the names of the files begin with.
        plots : bool
            Write the plots too, as PNG and SVG.
        outputs : OutputSet, optional
            Files that appear together with others; default: when all of these are written.
        """
        if outputs is None:
            with OutputSet() as own:
                self.write(prefix, plots=plots, outputs=own)
            return
        data = self.judged.data
        with outputs.open_text(f"{prefix}.metrics.tsv") as table:
            table.writelines(table_lines(self.results, data.labels, data.task, self.positive_label or ""))
        with outputs.open_text(f"{prefix}.predictions.tsv.gz") as table:
            table.writelines(prediction_lines(self.predictions))
        for name, frame in (("differences", self.differences), ("strata", self.strata)):
            if len(frame):
                with outputs.open_text(f"{prefix}.{name}.tsv") as table:
                    table.writelines(frame_lines(frame))
        for name in _plot_names(data.task, self.settings) if plots else ():
            with drawing():
                figure = self.plot_strata() if name == "strata" else self._plot(name, None)
                for kind in PLOT_KINDS:
                    write_figure(figure, outputs.path(f"{prefix}.{name}.{kind}"))
        with outputs.open_text(f"{prefix}.metrics.json") as file:
            file.write(json.dumps(self._summary(), indent=2) + "\n")

    def _plot(self, name: str, subset: str | None) -> Figure:
        data = self.judged.data
        if name not in PLOTS[data.task]:
            raise InputError(
                f"no {name} plot of labels that are {data.task}",
                remedy=f"there are {', '.join(PLOTS[data.task])}",
            )
        subsets = [item.name for item in self.judged.subsets]
        chosen = subsets[-1] if subset is None else subset
        if chosen not in subsets:
            raise InputError(f"no subset {chosen!r}", remedy=f"there are {', '.join(subsets)}")
        results = [result for result in self.results if result.subset.name == chosen]
        with drawing():
            return draw_plot(name, results, data.labels, data.task, data.label_names)

    def _summary(self) -> dict[str, Any]:  # JSON values
        data = self.judged.data
        return results_json(self.results, data.labels, data.task) | {
            "dataset": data.source,
            "label_names": list(data.label_names),
            **({"notes": list(self.notes)} if self.notes else {}),
            **({} if self.positive_label is None else {"positive_label": self.positive_label}),
            "bootstrap": {
                "resamples": self.settings.bootstrap,
                "seed": self.settings.seed,
                "stratified": data.task != "regression",
            },
        }


def evaluation_files(
    prefix: str | Path, task: str, settings: EvaluationSettings, *, methods: int = 1, plots: bool = True
) -> list[str]:
    """Return the paths that `Evaluation.write` writes for labels of a task and so many methods."""
    names = ["metrics.tsv", "predictions.tsv.gz", "metrics.json"]
    names += ["differences.tsv"] if methods > 1 else []
    names += ["strata.tsv"] if settings.by else []
    names += [f"{name}.{kind}" for name in _plot_names(task, settings) if plots for kind in PLOT_KINDS]
    return [f"{prefix}.{name}" for name in names]


def _plot_names(task: str, settings: EvaluationSettings) -> list[str]:
    return [*PLOTS[task], *(["strata"] if settings.by else [])]


def evaluate(
    models: ModelSource | Iterable[ModelSource] | Mapping[str, ModelSource],
    dataset: DatasetSource,
    settings: EvaluationSettings | None = None,
    *,
    train_dataset: DatasetSource | None = None,
    genes: str | Path | None = None,
    engine: EngineSettings | None = None,
    progress: Progress | None = None,
    **keywords: Any,  # the fields of `EvaluationSettings`
) -> Evaluation:
    """Judge models, and simple baselines beside them, on labelled sequences.

    Parameters
    ----------
    models : model, or several
        A `Model` or what `load_model` takes; several as a list, or as a dict by the names to show. An empty
        list judges the baselines alone. The first is the one that the others are compared with. Of an
        `Ensemble`, or a list in the list, the mean is judged first and then each of its models.
    dataset : path, pair of paths, DataFrame or Dataset
        A folder of make-dataset, a folder with train/dev/test tables, one table; FASTA files of the positives
        and the negatives as a pair; a DataFrame with the columns ``sequence`` and ``label``.
    settings : EvaluationSettings, optional
    train_dataset : as `dataset`, optional
        What baselines are fitted on; default: the training split of `dataset`.
    genes : path, optional
        BED, GTF or GFF3, for the groups ``by="tss"``.
    engine : EngineSettings, optional
        How models are computed that are not opened yet.
    progress : callable, optional
        See `Progress`.
    **keywords
        Fields of the settings, such as ``bootstrap=0``.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        Data that cannot be read or judged, a model that says something else than the labels, or a sequence
        that it cannot read; nothing to judge.

    Examples
    --------
    >>> evaluate(load_model(), "my-dataset").plot_roc()  # doctest: +SKIP
    """
    settings = with_keywords(EvaluationSettings, settings, keywords)
    named = named_models(models, engine)
    given = labelled_rows(dataset, named.values(), settings)
    train = None
    if train_dataset is not None:
        train = as_dataset(
            train_dataset,
            task=given.task,
            positive_label=settings.positive_label,
            hints=given.label_hints,
        )
    judged = judged_rows(given, train, settings)
    strata = strata_of(judged.frame, settings.by, genes_of(genes, given), given.source)
    if not named and not settings.baselines:
        raise InputError("nothing to judge", remedy="add --baselines, or name a model")
    crop = settings.crop == "centre"
    windows = {name: judged_windows(judged.data, model.opened, crop=crop) for name, model in named.items()}
    notes = _lengths_told(named, judged, settings) + _unknown_told(windows, len(judged.frame))
    for note in notes:
        _log.warning("%s", note)
    methods: list[Method] = []
    logits: dict[str, NDArray[np.float32]] = {}
    for name, model in named.items():
        members = members_by_name(name, model)
        scores: list[ModelScores] = []
        for member_name, member in members.items():
            with nullcontext() if progress is None else progress(member_name, len(judged.frame)) as advance:
                scores.append(model_scores(member.engine, judged.data, windows[name], advance))
            if len(members) > 1:
                member.engine.release()
        if len(members) > 1:
            description = model.opened.description()
            methods.append(mean_method(name, scores, judged.data, description, settings.threshold))
        for member_name, found in zip(members, scores, strict=True):
            method, own = model_method(
                found, judged.data, name=member_name, crop=crop, threshold=settings.threshold
            )
            methods.append(method)
            if own is not None:
                logits[member_name] = own
    jobs = settings.jobs or (engine or EngineSettings()).used_threads
    methods += _baseline_methods(judged, settings, next(iter(named.values()), None), jobs)
    results = evaluate_methods(
        methods,
        judged.data.labels,
        judged.data.task,
        judged.subsets,
        resamples=settings.bootstrap,
        seed=settings.seed,
    )
    labels, task = judged.data.labels, judged.data.task
    groups = judge_strata(methods, labels, task, strata, resamples=settings.bootstrap, seed=settings.seed)
    frame = strata_frame(groups, methods, labels, task, metric_names(results))
    return Evaluation(results, judged, settings, logits, frame, notes)


def _lengths_told(
    models: Mapping[str, Model], judged: JudgedRows, settings: EvaluationSettings
) -> tuple[str, ...]:
    """Return what is to be told of sequences of another length than the models' windows, a line a length."""
    names: dict[int | None, list[str]] = {}
    for name, model in models.items():
        names.setdefault(model.opened.card.window_length, []).append(name)
    cropped = settings.crop == "centre"
    found = {length: other_lengths(judged.data.codes, length, cropped=cropped) for length in names}
    return tuple(other.sentence(names[length]) for length, other in found.items() if other is not None)


def _unknown_told(windows: Mapping[str, SequenceWindows], sequences: int) -> tuple[str, ...]:
    """Return what is to be told of sequences that predict gives no score."""
    names: dict[int, list[str]] = {}
    for name, found in windows.items():
        names.setdefault(found.unscored, []).append(name)
    share = f"{SequenceSettings().max_unknown:.0%}"
    return tuple(
        f"{unscored:,} of {sequences:,} sequences hold more than {share} unknown bases in every window, and "
        f"predict gives them no score; {' and '.join(models)} judged what is there"
        for unscored, models in names.items()
        if unscored
    )


def _baseline_methods(
    judged: JudgedRows, settings: EvaluationSettings, model: Model | None, jobs: int
) -> list[Method]:
    if not settings.baselines or judged.train is None:
        return []
    if settings.crop == "centre" and model is None:
        raise InputError(
            "--crop centre needs a model, whose window it takes",
            source="--crop",
            remedy="name one with --model",
        )
    named = dict(zip(BASELINE_OPTIONS, BASELINES, strict=True))
    methods = []
    for option in dict.fromkeys(settings.baselines):
        method = baseline_method(
            named[option],
            judged.train,
            judged.data,
            crop=model.window_length if model is not None and settings.crop == "centre" else None,
            seed=settings.seed,
            jobs=jobs,
        )
        if method is None:
            _log.info("%s does not predict measured values; it is left out", option)
            continue
        _log.info("%s: fitted in %.1f s", method.name, method.details["seconds"])
        methods.append(method)
    return methods
