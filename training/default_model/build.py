"""Rebuilds the packaged model: data, student, package, measurement."""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
from assemble import assemble
from measure import measure
from package import output_figures, package, sources
from regulatory import write_regulatory
from tasks import task_rows, write_tensors
from train import train

from dnabert_enhancer.dataset import Dataset, read_dataset
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import open_model, replace_card

SEED = 1
FIRST_DATA = "regulatory"
"""Of the choice of negatives."""
EARLIER_SHA256 = {
    "start_from": "95c4ed75910ef597397f8ae4ca5a4fb7831e84ce37de1a302b961f451e31a62b",
    "first_from": "3e9456124b2aaeb179f2d6e259e41f0427254b1dbc547b583c144cd3badba14f",
}
"""Of the weights of versions 5 and 6, which commits 847fcce and d697fc9 have in
src/dnabert_enhancer/model/default."""
logger = logging.getLogger(__name__)


def main() -> None:
    """Run all steps whose result is not yet in the work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the shared data")
    parser.add_argument("--output-dir", type=Path, required=True, help="gets the model")
    parser.add_argument(
        "--work-dir", type=Path, required=True, help="keeps data sets and networks; a later run goes on"
    )
    parser.add_argument(
        "--start-from",
        type=Path,
        required=True,
        help="model directory of version 5, whose weights the student starts with (see README)",
    )
    parser.add_argument(
        "--first-from",
        type=Path,
        required=True,
        help="model directory of version 6, whose first output the packaged model has (see README)",
    )
    parser.add_argument("--threads", type=int, default=0, help="processor threads (default: all)")
    parser.add_argument(
        "--until",
        choices=("data", "networks", "models"),
        default="models",
        help="stop after this step; networks is the long one",
    )
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work = args.work_dir
    _data(args.shared_data, work)
    if args.until == "data":
        return
    for option, digest in EARLIER_SHA256.items():
        _check_earlier(option, getattr(args, option), digest)
    train(work, args.start_from)
    if args.until == "networks":
        return
    data = {stage: read_dataset(work / "data" / stage) for stage in (FIRST_DATA, "enhancer", "binding")}
    model = package(
        work,
        args.output_dir,
        open_model(args.first_from),
        data["enhancer"],
        _training(work, data),
        args.threads,
    )
    started = time.monotonic()
    metrics = measure(model, data[FIRST_DATA], data["enhancer"], args.shared_data, args.threads)
    metrics["further_outputs"] = output_figures(work, model, args.threads)
    replace_card(args.output_dir, model.card.replace(metrics=metrics))
    logger.info("measured in %.0f s", time.monotonic() - started)


def _check_earlier(option: str, folder: Path, digest: str) -> None:
    """End the program unless the folder holds the weights that the recipe goes on from."""
    path = folder / "model.safetensors"
    if not path.is_file() or sha256_of(path) != digest:
        raise SystemExit(f"--{option.replace('_', '-')}: {path} is not the one that README names")


def _data(shared: Path, work: Path) -> None:
    """Write the data sets and the rows of all tasks."""
    if not all((work / "data" / stage / "dataset.json").is_file() for stage in ("enhancer", "binding")):
        assemble(shared, work / "data", SEED)
    if not (work / "tasks.npz").is_file():
        write_tensors(*task_rows(shared, work / "data" / "enhancer"), work / "tasks.npz")
    if not (work / "data" / FIRST_DATA / "dataset.json").is_file():
        write_regulatory(np.load(work / "tasks.npz"), work / "data" / FIRST_DATA, SEED)


def _training(work: Path, data: dict[str, Dataset]) -> dict[str, Any]:
    """Return what the card says of the data."""
    counts = json.loads((work / "tasks.json").read_text(encoding="utf-8"))
    return {
        "recipe": "training/default_model/build.py",
        "assembly": ["hg19", "hg38"],
        "dataset_digest": data[FIRST_DATA].digest,
        "tasks_digest": sha256_of(work / "tasks.npz"),
        "window": "200 bp, centre of longer sequences; binding sets 101 bp, Sharpr-MPRA 295 bp",
        "positive": "regulatory DNA: DNase sites, enhancers by CAGE, Ensembl or ENCODE; told from other DNA "
        "of the same GC, and from the genome",
        "sources": sources(),
        "never_trained_on": "hg19 chr20; contigs 1, 8, 9, 20, 21 and 22 of either assembly; hg38 "
        "chr16:1-300000; academic-only sets; oligos of the lentiMPRA joint library without a label here; any "
        "sequence that shares a 40-mer on either strand with a set of sharing_a_40mer_with",
        "splits_by": "test: contigs 11 and 17; validation: contig 7, chr10 before 20 Mb, genome windows of "
        "chr2 before 0.6 Mb; sequences without a place by a hash (12 % test, 8 % validation); no 40-mer "
        "shared between splits",
        "splits": {stage: dataset.metadata["splits"] for stage, dataset in data.items()},
        "rows_by_task": counts["rows"],
        "removed": {
            name: counts[name] for name in ("sharing_a_40mer_with", "sharing_a_40mer_with_a_later_split")
        },
    }


if __name__ == "__main__":
    main()
