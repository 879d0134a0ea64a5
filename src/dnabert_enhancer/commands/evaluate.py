"""Judge models on labelled sequences: metrics with 95 % bootstrap intervals, curves and baselines.

The labels decide the metrics: two classes, several classes, or measured values. Two classes are judged at the
card's threshold, on the rows as given and weighted to 1, 10 and 100 negatives for each positive. A sequence
longer than a model's window has the score of its highest window, as predict writes it; --crop centre cuts it
to the window at its centre. A line tells how many have another length than the window.
Writes PREFIX.metrics.tsv, PREFIX.metrics.json, PREFIX.predictions.tsv.gz, PREFIX.roc|pr|calibration.png and
.svg (measured values: PREFIX.scatter), PREFIX.run.json; of several methods PREFIX.differences.tsv, each
method minus those before it, by a paired bootstrap.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import (
    Options,
    add_engine_arguments,
    add_setting,
    fraction,
    positive_integer,
    whole_number,
)
from dnabert_enhancer.commands.tables import show_table
from dnabert_enhancer.dataset import SPLIT_NAMES
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import BASELINE_OPTIONS, CROPS, STRATA, EvaluationSettings

if TYPE_CHECKING:
    from dnabert_enhancer.api import Evaluation
    from dnabert_enhancer.dataset import DatasetSource
    from dnabert_enhancer.evaluation import MetricKey, Result

NO_MODEL = "none"
_INPUTS = ("dataset", "negatives", "train_dataset", "train_negatives", "exclude_duplicates_of", "genes")
_RARE_METRICS = ("precision", "mcc", "auprc")
EXAMPLES = (
    "evaluate --dataset data --model my-model --output-prefix out/my-model",
    "evaluate --dataset data --model my-model --baselines --output-prefix out/m",
    "evaluate --dataset data --model my-model --model dnabert-enhancer-350 \\\n"
    "    --baselines ridge --by gc tss --genes genes.gtf.gz --output-prefix out/m",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("input")
    group.add_argument(
        "--dataset",
        required=True,
        metavar="PATH",
        help="folder of make-dataset, folder with train/dev/test tables, one table (TSV, CSV), or FASTA",
    )
    group.add_argument(
        "--negatives", metavar="FASTA", help="negatives, when --dataset is a FASTA of enhancers"
    )
    add_setting(
        group,
        EvaluationSettings,
        "split",
        "rows to judge (default: test of a folder; all of a single file)",
        choices=(*reversed(SPLIT_NAMES), "all"),
    )
    add_setting(
        group,
        EvaluationSettings,
        "task",
        "what the labels are; default: decided from them",
        choices=("binary", "multiclass", "regression"),
    )
    add_setting(
        group,
        EvaluationSettings,
        "positive_label",
        "which of two classes is the positive one; default: "
        "recognised by their names (enhancer, bound, 1, ...), "
        "or else by the models",
        metavar="NAME",
    )
    add_setting(
        group,
        EvaluationSettings,
        "exclude_duplicates_of",
        "also report the rows whose sequence, on either strand, is not in this FASTA, table or folder "
        "(its training split); may be given several times",
        action="append",
        metavar="PATH",
    )
    group = parser.add_argument_group("methods")
    group.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), a name of models list, or hub:NAME@REVISION/SUBFOLDER"
        "; may be given several times "
        "(default: the packaged one); none: only the baselines. Of a folder whose sub-folders are models the "
        "mean is judged and each of them",
    )
    group.add_argument("--ensemble", action="store_true", help="judge the mean of the models too")
    add_setting(
        group,
        EvaluationSettings,
        "crop",
        "centre: cut sequences longer than a model's window to the window at their centre",
        choices=CROPS,
    )
    add_setting(
        group,
        EvaluationSettings,
        "threshold",
        "of the models (default: each one's card; baselines: 0.5)",
        type=fraction,
        metavar="P",
    )
    add_setting(
        group,
        EvaluationSettings,
        "baselines",
        "fit these on the training split and judge them too (without names: all): "
        + ", ".join(BASELINE_OPTIONS),
        nargs="*",
        choices=BASELINE_OPTIONS,
        metavar="NAME",
    )
    group.add_argument(
        "--train-dataset",
        metavar="PATH",
        help="what to fit baselines on, when --dataset has no training split",
    )
    group.add_argument(
        "--train-negatives", metavar="FASTA", help="negatives, when --train-dataset is a FASTA of enhancers"
    )
    add_setting(
        group,
        EvaluationSettings,
        "jobs",
        "processors for the baselines (default: as --threads)",
        type=positive_integer,
        metavar="N",
    )
    group = parser.add_argument_group("groups of rows")
    add_setting(
        group,
        EvaluationSettings,
        "by",
        "report every method by chromosome, by GC (classes of 5 %%), or by distance to the nearest start of "
        "transcription (tss, with --genes), into PREFIX.strata.tsv and a picture",
        nargs="+",
        choices=STRATA,
        metavar="chromosome|gc|tss",
    )
    group.add_argument("--genes", metavar="FILE", help="genes as BED, GTF or GFF3, for --by tss")
    group = parser.add_argument_group("intervals")
    add_setting(
        group, EvaluationSettings, "bootstrap", "resamples; 0: no intervals", type=whole_number, metavar="N"
    )
    add_setting(
        group,
        EvaluationSettings,
        "seed",
        "of the resamples and the baselines",
        type=whole_number,
        metavar="N",
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="start of the names of all outputs"
    )
    parser.add_argument(
        "--pictures",
        action=argparse.BooleanOptionalAction,
        help="draw the curves (default; --no-pictures saves a few seconds)",
    )
    add_engine_arguments(parser)


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    options.settings(EngineSettings)
    _check_genes(options, _settings(options))


def _settings(options: Options) -> EvaluationSettings:
    baselines = {"baselines": options["baselines"] or "all"} if "baselines" in options else {}
    return options.settings(EvaluationSettings, **baselines)


def run(options: Options) -> None:
    """Read, score, judge, write."""
    from dnabert_enhancer.api import evaluate, evaluation_files, labelled_rows, named_models
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.files import OutputSet, check_output

    prefix = options["output_prefix"]
    record = RunRecord(options)
    settings = _settings(options)
    engine = options.settings(EngineSettings)
    specs = [spec for spec in options.get("model", ("default",)) if spec != NO_MODEL]
    models = named_models([specs] if "ensemble" in options else specs, engine)
    _check_genes(options, settings)
    dataset = labelled_rows(_source(options, ""), models.values(), settings)
    plots = options.get("pictures", True)
    number = len(settings.baselines) + sum(len(model.members) for model in models.values())
    for path in evaluation_files(prefix, dataset.task, settings, methods=number, plots=plots):
        check_output(path)
    evaluation = evaluate(
        models,
        dataset,
        settings,
        train_dataset=_source(options, "train_") if "train_dataset" in options else None,
        genes=options.get("genes"),
        engine=engine,
        progress=partial(progress_of, unit="sequences", quiet=options.quiet),
    )
    for role in _INPUTS:
        paths = options.get(role, ())
        for path in (paths,) if isinstance(paths, str) else paths:
            record.add_input(role, path)
    for name, number in evaluation.judged.counts.items():
        record.count(name, number)
    record.count("sequences", len(evaluation.judged.frame))
    if evaluation.positive_label is not None:
        record.set("positive_label", evaluation.positive_label)
    if evaluation.notes:
        record.set("warnings", list(evaluation.notes))
    methods = {result.method.name: result.method for result in evaluation.results}
    record.set(
        "models", {name: dict(method.details) for name, method in methods.items() if method.kind == "model"}
    )
    with OutputSet() as outputs:
        evaluation.write(prefix, plots=plots, outputs=outputs)
        with outputs.open_text(f"{prefix}.run.json") as file:
            file.write(record.to_json())
    _show_tables(evaluation)


def _check_genes(options: Options, settings: EvaluationSettings) -> None:
    by_genes = "tss" in settings.by
    if by_genes and "genes" not in options:
        raise InputError("--by tss needs genes", remedy="give them as BED, GTF or GFF3 with --genes")
    if not by_genes:
        options.refuse(("genes",), "rows that are not grouped --by tss")


def _source(options: Options, role: str) -> DatasetSource:
    path, negatives = options[f"{role}dataset"], options.get(f"{role}negatives")
    return path if negatives is None else (path, negatives)


def _show_tables(evaluation: Evaluation) -> None:
    """Print the metrics with their intervals, and for two classes those of other prevalences."""
    from dnabert_enhancer.evaluation import AS_GIVEN, PREVALENCES, MetricKey, metric_names

    data = evaluation.judged.data
    for subset in evaluation.judged.subsets:
        rows = [result for result in evaluation.results if result.subset.name == subset.name]
        inside = data.labels[subset.rows]
        size = f"{len(inside):,} sequences"
        if data.task == "binary":
            negative, positive = data.label_names
            counts = int(inside.sum()), int((1 - inside).sum())
            size = f"{counts[0]:,} positives ({positive}), {counts[1]:,} negatives ({negative})"
        keys = [MetricKey(AS_GIVEN, metric) for metric in metric_names(rows)]
        _show_metrics(f"{size} ({subset.name})", rows, keys)
        if data.task == "binary":
            keys = [MetricKey(ratio, metric) for ratio in PREVALENCES for metric in _RARE_METRICS]
            title = f"negatives weighted to 1, 10 and 100 a positive ({subset.name})"
            _show_metrics(title, rows, keys)
        if len(rows) > 1:
            keys = [MetricKey(AS_GIVEN, metric) for metric in metric_names(rows)]
            _show_differences(f"minus {rows[0].method.name} ({subset.name})", rows, keys)


def _show_metrics(title: str, rows: Sequence[Result], keys: Sequence[MetricKey]) -> None:
    from dnabert_enhancer.evaluation import AS_GIVEN, DEFINITIONS, interval_text

    titles = [
        DEFINITIONS[key.metric].title + ("" if key.condition == AS_GIVEN else f" {key.condition}")
        for key in keys
    ]
    cells = [
        [row.method.name, *(interval_text(row.estimates[key]).replace(" (", "\n(") for key in keys)]
        for row in rows
    ]
    show_table(title, ("method", *titles), cells)


def _show_differences(title: str, rows: Sequence[Result], keys: Sequence[MetricKey]) -> None:
    from dnabert_enhancer.evaluation import DEFINITIONS, interval_text

    titles = [DEFINITIONS[key.metric].title for key in keys]
    cells = [
        [row.method.name, *(interval_text(row.differences[key]).replace(" (", "\n(") for key in keys)]
        for row in rows[1:]
    ]
    show_table(title, ("method", *titles), cells)
