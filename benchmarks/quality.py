#!/usr/bin/env python3
"""What a model can do, set by set, beside simple methods: the evaluation table of the default model.

Writes model-quality.md, .json and .png to --output-dir; without it only a line a result is printed. Scores
are kept in --work-dir, so that a run with another model fits no baseline again. The ridge on the model's own
rows and the held-out contigs need --training-set, the data set of the model's first output. The gkm-SVM
needs `pip install gkmsvm-lite==0.1.0`.

Run: python benchmarks/quality.py --shared-data DATA --work-dir WORK --training-set WORK/data/regulatory
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.dataset import read_dataset
from quality_table.activity_sets import joint_lentimpra, lentimpra, satmut
from quality_table.contrast_sets import dnase_sites, held_out_rows, promoters
from quality_table.genome_sets import cohn, gc_bins, matched_negatives, other_elements, scan
from quality_table.kinds import CLASSES, FIRST, QualitySet, Scores
from quality_table.measures import Scored, in_order, measure, quick, reference_of
from quality_table.methods import GC, GKM, Baselines, Cache, ModelScores
from quality_table.model_logits import open_engine, probabilities
from quality_table.page import MODEL, best_output, page
from quality_table.picture import calibration_picture
from quality_table.sequence_sets import davuluri, gue, ienhancer, nhlf, organs

Builder = Callable[[argparse.Namespace], Iterable[QualitySet]]
SETS: dict[str, Builder] = {
    "chr20": lambda args: scan(args.shared_data, args.work_dir),
    "cohn": lambda args: [cohn(args.shared_data, args.work_dir, args.cohn)] if args.cohn else (),
    "gc_matched": lambda args: [matched_negatives(args.shared_data, args.work_dir)],
    "dhs_genome": lambda args: [dnase_sites(args.shared_data, args.work_dir)],
    "gc_bins": lambda args: [gc_bins(args.shared_data, args.work_dir)],
    "held_out": lambda args: [held_out_rows(read_dataset(args.training_set))] if args.training_set else (),
    "lentimpra": lambda args: lentimpra(args.shared_data),
    "joint": lambda args: joint_lentimpra(args.shared_data),
    "satmut": lambda args: [satmut(args.shared_data)],
    "gue": lambda args: gue(args.shared_data),
    "ienhancer2l": lambda args: [ienhancer(args.shared_data)],
    "davuluri": lambda args: [davuluri(args.shared_data)],
    "nhlf": lambda args: [nhlf(args.shared_data)],
    "dhs": lambda args: organs(args.shared_data),
    "elements": lambda args: other_elements(args.shared_data, args.work_dir),
    "promoters": lambda args: [promoters(args.shared_data)],
}
"""In the order of the page."""


def main() -> None:
    """Measure all sets and write the page."""
    args = _arguments()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(args.model, args.threads)
    training = read_dataset(args.training_set) if args.training_set else None
    cache = Cache(args.work_dir / "scores")
    model, baselines = ModelScores(engine, cache), Baselines(cache, training, args.fit_slow)
    card = engine.model.card
    result: dict[str, Any] = {
        "model": {
            "name": card.name,
            "digest": engine.model.digest,
            "first": card.labels[-1],
            "outputs": [card.labels[-1], *card.further_outputs],
        },
        "quick": args.quick,
        "sets": {},
    }
    picture = None
    for item in _chosen(args):
        started = time.monotonic()
        asked = quick(item) if args.quick else item
        scored = _scored(asked, model, baselines)
        result["sets"][item.name] = _measured(asked, scored)
        if item.name == "held_out":
            picture = calibration_picture(asked, scored, result["sets"][item.name])
        _print(result["sets"][item.name], time.monotonic() - started)
    if args.keep:
        _add_earlier(result, args.output_dir / "model-quality.json")
    if args.output_dir:
        args.output_dir.mkdir(parents=True, exist_ok=True)
        if picture:
            (args.output_dir / "model-quality.png").write_bytes(picture)
        drawn = (args.output_dir / "model-quality.png").is_file()
        text = page(result, "model-quality.png" if drawn else None)
        (args.output_dir / "model-quality.md").write_text(text)
        (args.output_dir / "model-quality.json").write_text(json.dumps(result, indent=1) + "\n")


def _add_earlier(result: dict[str, Any], path: Path) -> None:
    """Add the sets of an earlier page that were not measured now, with what the outputs for them said."""
    earlier = json.loads(path.read_text())
    name = earlier["model"]["name"]
    is_same_first = earlier["model"].get("first") == result["model"]["first"]
    for key, item in earlier["sets"].items():
        views = list(item["views"].values())
        own = f"{MODEL}, {item['output']}"
        is_there = item["output"] in result["model"]["outputs"] and all(own in v["methods"] for v in views)
        if key in result["sets"] or not (is_there or is_same_first):
            continue
        if not is_same_first:
            for view in views:
                view["methods"].pop(MODEL, None)
        version = item.get("measured_with", name)
        result["sets"][key] = item | (
            {} if version == result["model"]["name"] else {"measured_with": version}
        )
    order = [key for key in earlier["sets"] if key in result["sets"]]
    result["sets"] = {key: result["sets"][key] for key in [*order, *result["sets"]]}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the real data")
    parser.add_argument("--work-dir", type=Path, required=True, help="keeps scores between runs")
    parser.add_argument("--output-dir", type=Path, help="gets page, JSON and picture (default: none)")
    parser.add_argument("--model", help="model directory (default: the packaged model)")
    parser.add_argument("--training-set", type=Path, help="data set of the model's first output")
    parser.add_argument(
        "--cohn",
        type=Path,
        help="datasets/human_enhancers_cohn of github.com/ML-Bioinfo-CEITEC/genomic_benchmarks (default: "
        "without this set)",
    )
    parser.add_argument("--sets", help=f"some of {','.join(SETS)} (default: all)")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="take sets that are not measured from the JSON in --output-dir; their output must be the same",
    )
    parser.add_argument("--quick", action="store_true", help="a sample of the rows")
    parser.add_argument(
        "--fit-slow",
        action="store_true",
        help="fit random forest and gkm-SVM too (default: kept results only)",
    )
    parser.add_argument("--threads", type=int, default=0, help="of the model (default: all)")
    args = parser.parse_args()
    args.sets = args.sets.split(",") if args.sets else list(SETS)
    unknown = [name for name in args.sets if name not in SETS]
    if unknown:
        parser.error(f"no set {unknown[0]!r}; one of {', '.join(SETS)}")
    return args


def _chosen(args: argparse.Namespace) -> Iterator[QualitySet]:
    for name in args.sets:
        yield from SETS[name](args)


def _scored(item: QualitySet, model: ModelScores, baselines: Baselines) -> dict[str, Scored]:
    """Return by method what it says of the rows; of rows in no view the model is not asked (NaN)."""
    used = np.unique(np.concatenate([view.rows for view in item.views]))
    windows = (used[:, None] * item.per_row + np.arange(item.per_row)).ravel()
    sequences = [item.test[row] for row in windows]
    found: dict[str, Scored] = {}
    for output in model.outputs_for(item.output):
        values = np.full(len(item.test), np.nan)
        values[windows] = model.logits(sequences, output)
        rows = item.of_rows(values)
        name = MODEL if output == FIRST else f"{MODEL}, {output}"
        threshold = model.engine.model.card.threshold() if output == FIRST else 0.5
        found[name] = Scored(rows, _probabilities(item, rows, model, output), threshold)
    for name, values in baselines.of(item).items():
        rows = item.of_rows(values)
        if name == GC or item.kind != CLASSES:
            found[name] = Scored(rows, in_order(rows), None)
        else:
            centre = 0.0 if name == GKM else 0.5
            found[name] = Scored(rows, 1 / (1 + np.exp(4 * (centre - rows))), 0.5)
    return found


def _probabilities(item: QualitySet, rows: Scores, model: ModelScores, output: str) -> Scores:
    return probabilities(model.engine, rows, output) if item.kind == CLASSES else rows


def _measured(item: QualitySet, scored: dict[str, Scored]) -> dict[str, Any]:
    reference = reference_of(item, scored)
    return {
        "title": item.title,
        "about": item.about,
        "kind": item.kind,
        "output": item.output,
        "shown": list(item.shown),
        "training_rows": len(item.train.sequences) if item.train else 0,
        "published": [entry._asdict() for entry in item.published],
        "views": {view.name: measure(item, view, scored, reference, item.resamples) for view in item.views},
    }


def _print(found: dict[str, Any], seconds: float) -> None:
    """Print a line a view: the model, the reference, their difference."""
    for view in found["views"].values():
        methods = view["methods"]
        ours = methods[best_output(methods)]
        metric = next(name for name in found["shown"] if name in ours)
        others = ", ".join(f"{name} {values[metric][0]:.3f}" for name, values in methods.items())
        low, high = ours["minus_reference"][metric][1:]
        print(
            f"{found['title']}, {view['title']}: {metric} {others}; "
            f"{best_output(methods)} - {view['reference']} {ours['minus_reference'][metric][0]:+.3f} "
            f"({low:+.3f} to {high:+.3f})",
            flush=True,
        )
    print(f"  {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
