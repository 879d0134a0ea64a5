"""Judge models on labelled sequences: metrics with 95 % bootstrap intervals, curves, baselines beside them.

The labels decide the metrics: two classes, several classes, or measured values. Two classes are judged at the
card's threshold, on the rows as given and weighted to 1, 10 and 100 negatives for each positive. Sequences
are scored as they are, up to the longest that a model reads; --crop centre cuts longer ones to its window.
Writes PREFIX.metrics.tsv, PREFIX.metrics.json, PREFIX.predictions.tsv.gz, PREFIX.roc|pr|calibration.png and
.svg (measured values: PREFIX.scatter), PREFIX.run.json.
"""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, NamedTuple

from dnabert_enhancer.commands.engine_options import add_engine_arguments, settings_from
from dnabert_enhancer.commands.option_types import fraction, positive_integer
from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dnabert_enhancer.commands.evaluate_input import EvaluationInput
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.evaluation import Labelled, Method

_log = logging.getLogger(__name__)

NO_MODEL = "none"
_BASELINE_KEYS = ("ridge", "RF", "KNN", "SVC", "GNB", "AdaBoost", "MLP")
"""What `--baselines` takes; the names in tables are those of `evaluation.BASELINES`, in the same order."""


class _Scored(NamedTuple):
    """A method and, for a model of two classes, its logits."""

    method: Method
    logits: NDArray[np.float32] | None


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
        "--negatives", metavar="FASTA", help="the others, when --dataset is a FASTA of enhancers"
    )
    group.add_argument(
        "--split",
        choices=("test", "validation", "train", "all"),
        help="rows to judge (default: test of a folder; all of a single file)",
    )
    group.add_argument(
        "--task",
        choices=("binary", "multiclass", "regression"),
        help="what the labels are; default: decided from them",
    )
    group.add_argument(
        "--exclude-duplicates-of",
        action="append",
        default=[],
        metavar="PATH",
        help="also report the rows whose sequence, on either strand, is not in this FASTA, table or folder "
        "(its training split); may be given several times",
    )
    group = parser.add_argument_group("methods")
    group.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), or hub:NAME@REVISION; may be given several times "
        "(default: the packaged one); none: only the baselines",
    )
    group.add_argument(
        "--crop",
        choices=("none", "centre"),
        default="none",
        help="centre: cut sequences longer than a model's window to the window at their centre",
    )
    group.add_argument(
        "--threshold",
        type=fraction,
        metavar="P",
        help="of the models (default: each one's card; baselines: 0.5)",
    )
    group.add_argument(
        "--baselines",
        nargs="*",
        choices=_BASELINE_KEYS,
        metavar="NAME",
        help="fit these on the training split and judge them too (without names: all): "
        + ", ".join(_BASELINE_KEYS),
    )
    group.add_argument(
        "--train-dataset",
        metavar="PATH",
        help="what to fit baselines on, when --dataset has no training split",
    )
    group.add_argument(
        "--train-negatives", metavar="FASTA", help="the others, when --train-dataset is a FASTA of enhancers"
    )
    group.add_argument(
        "--jobs",
        type=positive_integer,
        metavar="N",
        help="processors for the baselines (default: as --threads)",
    )
    group = parser.add_argument_group("intervals")
    group.add_argument(
        "--bootstrap",
        type=_whole,
        default=1000,
        metavar="N",
        help="resamples (default 1000; 0: no intervals)",
    )
    group.add_argument(
        "--seed", type=_whole, default=0, metavar="N", help="of the resamples and the baselines (default 0)"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="what the names of the outputs begin with"
    )
    parser.add_argument(
        "--pictures",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw the curves (default; --no-pictures saves a few seconds)",
    )
    add_engine_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Read, score, judge, write."""
    from dnabert_enhancer.commands.evaluate_input import read_input
    from dnabert_enhancer.commands.evaluate_output import reserve_outputs, show_tables, write_outputs
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.evaluation import evaluate_methods
    from dnabert_enhancer.files import OutputSet

    if not args.output_prefix or args.output_prefix.endswith("/"):
        raise InputError(
            "the prefix names no file", source="--output-prefix", remedy="give one such as out/model"
        )
    record = RunRecord(args)
    given = read_input(args, record)
    with OutputSet() as outputs:
        paths = reserve_outputs(outputs, args.output_prefix, given.data.task if args.pictures else None)
        scored = [*_score_models(args, given.data, record), *_score_baselines(args, given)]
        if not scored:
            raise InputError(
                "nothing to judge", source="--model none", remedy="add --baselines, or name a model"
            )
        results = evaluate_methods(
            [entry.method for entry in scored],
            given.data.labels,
            given.data.task,
            given.subsets,
            resamples=args.bootstrap,
            seed=args.seed,
        )
        record.count("sequences", len(given.frame))
        logits = {entry.method.name: entry.logits for entry in scored if entry.logits is not None}
        write_outputs(paths, results, given, logits, args, record)
    show_tables(results, given.data)


def _score_models(args: argparse.Namespace, data: Labelled, record: RunRecord) -> list[_Scored]:
    from dnabert_enhancer.commands.progress import progress_of
    from dnabert_enhancer.engine import Engine
    from dnabert_enhancer.evaluation import model_method
    from dnabert_enhancer.model import open_model

    specs = [spec for spec in args.model or ["default"] if spec != NO_MODEL]
    models = [open_model(spec) for spec in specs]
    scored: list[_Scored] = []
    for spec, model in zip(specs, models, strict=True):
        name = model.card.name
        if sum(other.card.name == name for other in models) > 1:
            name = f"{name} ({spec})"
        if any(entry.method.name == name for entry in scored):
            raise InputError(
                "the model is named twice", source="--model", location=spec, remedy="name it once"
            )
        with progress_of(name, len(data.labels), "sequences", quiet=args.quiet) as advance:
            method, logits = model_method(
                Engine(model, settings_from(args)),
                data,
                name=name,
                crop=args.crop == "centre",
                threshold=args.threshold,
                progress=advance,
            )
        scored.append(_Scored(method, logits))
    record.set("models", {entry.method.name: dict(entry.method.details) for entry in scored})
    return scored


def _score_baselines(args: argparse.Namespace, given: EvaluationInput) -> list[_Scored]:
    from dnabert_enhancer.evaluation import BASELINES, baseline_method
    from dnabert_enhancer.model import open_model

    if args.baselines is None or given.train is None:
        return []
    named = dict(zip(_BASELINE_KEYS, BASELINES, strict=True))
    keys = list(dict.fromkeys(args.baselines)) or list(named)
    crop = None
    if args.crop == "centre":
        spec = next(iter(args.model or ["default"]))
        if spec == NO_MODEL:
            raise InputError(
                "--crop centre needs a model, whose window it takes",
                source="--crop",
                remedy="name one with --model",
            )
        crop = open_model(spec).window_length
    scored = []
    for key in keys:
        method = baseline_method(
            named[key],
            given.train,
            given.data,
            crop=crop,
            seed=args.seed,
            jobs=args.jobs or settings_from(args).used_threads,
        )
        if method is None:
            _log.info("%s does not predict measured values; it is left out", key)
            continue
        _log.info("%s: fitted in %.1f s", method.name, method.details["seconds"])
        scored.append(_Scored(method, None))
    return scored


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")
    return int(text)
