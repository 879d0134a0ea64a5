"""The models that can be named: list and show them, download, remove, check and calibrate them.

  list [TEXT]     names, types, windows, reported figures and licences; --type keeps one type
  show NAME       all that is known about one, and where it is stored
  get NAME…       download models ahead of a run without network; a name, hub:NAME@REVISION/SUBFOLDER,
                  zenodo:DOI/FILE or https://…#sha256=…
  remove NAME…    remove them from the store
  check           compare all files of the store with the digests that were written with them
  calibrate NAME  fit probabilities and thresholds on labelled rows that the model was not trained on, as
                  finetune does on its validation split, and write the model with them to --output-dir
  background NAME put the distribution of its scores over the windows of a genome on the card, for percentiles
                  and --threshold top:1%, and write the model with it to --output-dir
  quantize NAME   round its weights to 8-bit integers by sequences like those to be scored, so that
                  --precision int8 agrees better with float32, and write it to --output-dir; its card says
                  how well

The store is the folder models of the cache folder ($DNABERT_ENHANCER_CACHE). Its models are kept as they were
brought: a calibrated one, or one with a background, is a folder of its own, which every --model takes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import Options, add_setting, whole_number
from dnabert_enhancer.commands.tables import show_list
from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from dnabert_enhancer.catalogue import Catalogue, CatalogueEntry

_ACTIONS = ("list", "show", "get", "remove", "check", "calibrate", "background", "quantize")
_CALIBRATING = (
    "dataset",
    "negatives",
    "split",
    "positive_label",
    "crop",
    "threshold",
)
_SCORING = ("genome", "regions", "label", "skip_outside")
_WRITING = ("output_dir", "threads")
_NEEDED = {
    "calibrate": ("dataset", "output_dir"),
    "background": ("genome", "output_dir"),
    "quantize": ("sequences", "output_dir"),
}
_COLUMNS = ("name", "type", "window", "k", "auroc", "licence", "size_mb", "stored", "predicts")
EXAMPLES = (
    "models list CTCF --type tf",
    "models get dnabert-enhancer-350",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from dnabert_enhancer.catalogue import ModelType
    from dnabert_enhancer.scan import ScanSettings

    parser.add_argument("action", choices=_ACTIONS, metavar="ACTION", help=f"one of {', '.join(_ACTIONS)}")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models, or a text for list")
    parser.add_argument("--type", choices=[*ModelType], help="list: models of this type only")
    parser.add_argument(
        "--catalogue", metavar="FILE", help="your own catalogue (JSON), in addition to the suite's"
    )
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="get: also put copies here, a folder each, for other machines"
    )
    parser.add_argument(
        "--window-length",
        type=int,
        metavar="BP",
        help="get, calibrate: length of the windows that the model was made for, where it is not known "
        "otherwise",
    )
    _add_calibration(parser.add_argument_group("calibrate"))
    group = parser.add_argument_group("background")
    group.add_argument("--genome", metavar="FASTA", help="genome whose windows are scored")
    group.add_argument("--regions", metavar="BED", help="score these regions of it only")
    group.add_argument(
        "--label", metavar="NAME", help="of several classes or values the one to score (default: each)"
    )
    add_setting(
        group,
        ScanSettings,
        "skip_outside",
        "leave out regions outside the genome's contigs instead of stopping",
    )
    parser.add_argument_group("quantize").add_argument(
        "--sequences",
        metavar="FILE",
        help="real DNA (FASTA, or a table with a column sequence), at least as long as the model's window",
    )
    _add_writing(parser.add_argument_group("calibrate, background and quantize"))


def _add_calibration(group: argparse._ArgumentGroup) -> None:
    from dnabert_enhancer.dataset import SPLIT_NAMES
    from dnabert_enhancer.evaluation import CROPS, DEFAULT_THRESHOLDS, CalibrationSettings

    group.add_argument(
        "--dataset",
        metavar="PATH",
        help="folder of make-dataset, folder with train/dev/test tables, one table (TSV, CSV), or FASTA",
    )
    group.add_argument(
        "--negatives", metavar="FASTA", help="negatives, when --dataset is a FASTA of positives"
    )
    add_setting(
        group,
        CalibrationSettings,
        "split",
        "rows to calibrate on (default: validation of a folder; all of a single file)",
        choices=(*reversed(SPLIT_NAMES), "all"),
    )
    add_setting(
        group,
        CalibrationSettings,
        "positive_label",
        "which of the data's two classes is the model's positive one; default: recognised by their names",
        metavar="NAME",
    )
    add_setting(
        group,
        CalibrationSettings,
        "crop",
        "centre: cut sequences longer than the model's window to the window at their centre",
        choices=CROPS,
    )
    add_setting(
        group,
        CalibrationSettings,
        "threshold",
        "default decision threshold: half of the calibrated probability, or the best MCC",
        choices=DEFAULT_THRESHOLDS,
    )


def _add_writing(group: argparse._ArgumentGroup) -> None:
    from dnabert_enhancer.engine import Device, EngineSettings

    group.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="gets the model with its new card; may be the model's own folder, but for quantize; models of "
        "the store stay as they are",
    )
    add_setting(group, EngineSettings, "device", "where the model runs", choices=[*Device])
    add_setting(
        group,
        EngineSettings,
        "threads",
        "processor threads; 0: what this process may use",
        type=whole_number,
        metavar="N",
    )


def run(options: Options) -> None:
    """Do what the action says."""
    action, names = options["action"], options.get("names", ())
    _refuse(options, action, names)
    if action == "list":
        _list(options, " ".join(names))
    elif action == "show":
        _show(_catalogue(options), names)
    elif action == "get":
        _get(options, names)
    elif action == "remove":
        _remove(names)
    elif action == "check":
        _check()
    elif action == "calibrate":
        _calibrate(options, names[0])
    elif action == "background":
        _add_background(options, names[0])
    else:
        _quantize(options, names[0])


def _refuse(options: Options, action: str, names: tuple[str, ...]) -> None:
    if action != "list":
        options.refuse(["type"], f"models {action}")
    if action != "get":
        options.refuse(["dir"], f"models {action}")
    if action not in ("get", "calibrate"):
        options.refuse(["window_length"], f"models {action}")
    if action != "calibrate":
        options.refuse(_CALIBRATING, f"models {action}")
    if action != "background":
        options.refuse(_SCORING, f"models {action}")
    if action != "quantize":
        options.refuse(["sequences"], f"models {action}")
    if action not in ("calibrate", "background"):
        options.refuse(["device"], f"models {action}")
    if action not in _NEEDED:
        options.refuse(_WRITING, f"models {action}")
    if action not in ("list", "check") and not names:
        raise InputError(f"models {action} needs a name", remedy="see models list")
    if action in _NEEDED:
        if len(names) > 1:
            raise InputError(f"models {action} takes one name", remedy="take one after the other")
        for name in _NEEDED[action]:
            if name not in options:
                option = "--" + name.replace("_", "-")
                raise InputError(f"models {action} needs {option}", remedy="see models --help")
    if action == "check" and names:
        raise InputError("models check takes no names", remedy="it checks the whole store")


def _catalogue(options: Options) -> Catalogue:
    from dnabert_enhancer.catalogue import Catalogue

    return Catalogue.load(*([options["catalogue"]] if "catalogue" in options else []))


def _list(options: Options, text: str) -> None:
    from dnabert_enhancer.catalogue import Store

    stored = {model.name for model in Store()}
    found = _catalogue(options).find(text, options.get("type"))
    if not found:
        raise InputError(f"no model matches {text!r}", remedy="leave the text or --type out")
    here = ["yes" if entry.is_packaged or entry.name in stored else "no" for entry in found]
    rows = [
        [*_row(entry), stored_here, entry.predicts] for entry, stored_here in zip(found, here, strict=True)
    ]
    show_list("", _COLUMNS, rows, least=("name", "window", "stored", "predicts"))


def _row(entry: CatalogueEntry) -> list[str]:
    size = "NA" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:.0f}"
    values = (entry.window_length, entry.k, entry.figures.get("auroc"))
    return [
        entry.name,
        entry.type,
        *("NA" if value is None else str(value) for value in values),
        entry.licence,
        size,
    ]


def _show(catalogue: Catalogue, names: tuple[str, ...]) -> None:
    import dataclasses
    import json

    from dnabert_enhancer.catalogue import Store

    for name in names:
        stored = Store().find(name)
        content = {} if name not in catalogue and stored else dataclasses.asdict(catalogue[name])
        if stored is not None:
            content |= {"stored": str(stored.directory), "brought": stored.brought, "source": stored.source}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _get(options: Options, names: tuple[str, ...]) -> None:
    from dnabert_enhancer.catalogue import copy_to, get

    catalogue = _catalogue(options)
    for name in names:
        stored = get(name, window_length=options.get("window_length"), catalogue=catalogue)
        place = copy_to(stored, options["dir"]) if "dir" in options else stored.directory
        sys.stdout.write(f"{name}\t{place}\n")


def _remove(names: tuple[str, ...]) -> None:
    from dnabert_enhancer.catalogue import Store

    for name in names:
        Store().remove(name)


def _check() -> None:
    from dnabert_enhancer.catalogue import Store

    damaged = 0
    for model in Store():
        problem = model.damage()
        damaged += bool(problem)
        sys.stdout.write(f"{model.name}\t{problem or 'whole'}\t{model.directory}\n")
    if damaged:
        raise InputError(
            f"{damaged} models of the store are damaged", remedy="models remove them, and get them again"
        )


def _calibrate(options: Options, name: str) -> None:
    from functools import partial

    from dnabert_enhancer.api import calibrate_model
    from dnabert_enhancer.catalogue import get
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.evaluation import CalibrationSettings
    from dnabert_enhancer.files import OutputSet

    record, folder = RunRecord(options), options["output_dir"]
    if "catalogue" in options and not Path(name).exists():
        get(name, window_length=options.get("window_length"), catalogue=_catalogue(options))
    negatives = options.get("negatives")
    model = calibrate_model(
        name,
        options["dataset"] if negatives is None else (options["dataset"], negatives),
        folder,
        options.settings(CalibrationSettings),
        engine=options.settings(EngineSettings),
        progress=partial(progress_of, "calibration", unit="sequences", quiet=options.quiet),
    )
    for role in ("dataset", "negatives"):
        if role in options:
            record.add_input(role, options[role])
    for label, number in model.counts.items():
        record.count(f"sequences_{label}", number)
    record.set("model", model.opened.description())
    record.set("engine", model.engine.description())
    record.set("calibration", model.report.to_json())
    record.set("metrics", model.metrics)
    record.set("warnings", model.warnings)
    with OutputSet() as outputs, outputs.open_text(folder / "calibration.run.json") as file:
        file.write(record.to_json())
    report = model.report
    sys.stdout.write(
        "\t".join(("calibration", "rows", "ece", "ece_before", "log_loss", "log_loss_before")) + "\n"
    )
    figures = (report.ece_after, report.ece_before, report.log_loss_after, report.log_loss_before)
    sys.stdout.write(
        "\t".join([report.kind, str(report.rows), *(f"{value:.6g}" for value in figures)]) + "\n"
    )


def _add_background(options: Options, name: str) -> None:
    from functools import partial

    from dnabert_enhancer.api import add_background
    from dnabert_enhancer.catalogue import get
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.engine import EngineSettings, Target
    from dnabert_enhancer.files import OutputSet

    record, folder, regions = RunRecord(options), options["output_dir"], options.get("regions")
    if "catalogue" in options and not Path(name).exists():
        get(name, catalogue=_catalogue(options))
    model = add_background(
        name,
        options["genome"],
        folder,
        None if regions is None else Path(regions),
        label=options.get("label"),
        skip_outside="skip_outside" in options,
        engine=options.settings(EngineSettings),
        progress=partial(progress_of, "background", unit="windows", quiet=options.quiet),
    )
    for role in ("genome", "regions"):
        if role in options:
            record.add_input(role, options[role])
    record.count("windows", 0 if model.background is None else model.background.windows)
    record.set("model", model.opened.description())
    record.set("engine", model.engine.description())
    with OutputSet() as outputs, outputs.open_text(folder / "background.run.json") as file:
        file.write(record.to_json())
    card = model.opened.card
    asked = options.get("label")
    labels = card.labels if card.has_choice and asked is None else (model.label,)
    shares = (50, 10, 1, 0.1)
    titles = ("windows", "assembly", *(f"top_{share:g}%" for share in shares))
    sys.stdout.write("\t".join((*(("label",) if card.has_choice else ()), *titles)) + "\n")
    for label in labels:
        target = Target.of_model(model.opened, label)
        background = card.background_of(label)
        assert background is not None  # it was just written
        scores = [target.threshold(model.opened, f"top:{share}%") for share in shares]
        figures = (
            str(background.windows),
            background.assembly or "NA",
            *(f"{score:.6g}" for score in scores),
        )
        sys.stdout.write("\t".join((*((label,) if card.has_choice else ()), *figures)) + "\n")


def _quantize(options: Options, name: str) -> None:
    from functools import partial

    from dnabert_enhancer.api import quantize_model
    from dnabert_enhancer.catalogue import get
    from dnabert_enhancer.commands.run_record import RunRecord, progress_of
    from dnabert_enhancer.engine import EngineSettings, Precision
    from dnabert_enhancer.files import OutputSet

    record, folder = RunRecord(options), options["output_dir"]
    if "catalogue" in options and not Path(name).exists():
        get(name, catalogue=_catalogue(options))
    model = quantize_model(
        name,
        options["sequences"],
        folder,
        engine=options.settings(EngineSettings, precision=Precision.INT8),
        progress=partial(progress_of, "quantisation", unit="windows", quiet=options.quiet),
    )
    record.add_input("sequences", options["sequences"])
    record.count("windows", model.windows)
    record.set("model", model.opened.description())
    record.set("agreement_before", model.before.report())
    record.set("agreement", model.after.report())
    with OutputSet() as outputs, outputs.open_text(folder / "quantize.run.json") as file:
        file.write(record.to_json())
    sys.stdout.write("\t".join(("weights", "mean_change", "jaccard", "expected_jaccard", "agrees")) + "\n")
    for weights, found in (("given", model.before), ("quantised", model.after)):
        figures = (found.mean_change, found.jaccard, found.expected_jaccard)
        agrees = "yes" if found.passes else "no"
        sys.stdout.write("\t".join((weights, *(f"{value:.6g}" for value in figures), agrees)) + "\n")
