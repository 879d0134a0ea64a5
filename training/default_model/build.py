"""Rebuilds the default model: data sets, start, two stages of training, package, measurement."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
from assemble import assemble
from calibrate import platt
from measure import measure
from numpy.typing import NDArray
from sources import SOURCES
from start import K, write_start

from dnabert_enhancer.dataset import Dataset, read_dataset
from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.evaluation import threshold_of_best_mcc
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import (
    CARD_NAME,
    EnhancerModel,
    ModelParts,
    Threshold,
    open_model,
    replace_card,
    write_model,
)
from dnabert_enhancer.sequence import KmerVocabulary, encode_bases
from dnabert_enhancer.training import TrainingSettings, finetune

SEED = 1
"""Of the choice of negatives and the random part of the start."""
TRAINING_SEED = 42
NAME = "dnabert-enhancer-default-1"
LICENCE = "Apache-2.0"
LIMITS = (
    "First version, trained on about 100,000 sequences, mostly of a few human cell lines: a research tool, "
    "not for clinical use. Scores rank regulatory DNA; they do not tell cell types apart, nor enhancers "
    "from promoters, and in a whole genome most calls at the default threshold are false. Young repeats are "
    "rare in the training data, since they are shared with the contigs kept for evaluation."
)
STAGES: dict[str, TrainingSettings] = {
    "binding": TrainingSettings(
        epochs=2,
        batch_size=64,
        learning_rate=1e-3,
        token_dropout=0.05,
        metric="auroc",
        seed=TRAINING_SEED,
        precision="float32",
    ),
    "enhancer": TrainingSettings(
        epochs=2,
        batch_size=64,
        learning_rate=1.5e-4,
        weight_decay=0.05,
        token_dropout=0.15,
        dropout=0.2,
        metric="auroc",
        seed=TRAINING_SEED,
        precision="float32",
        model_name=NAME,
        licence=LICENCE,
        limits=LIMITS,
    ),
}
STRICT_SHARE = 0.01
_TEACHERS = (*(f"gue_tf{number}" for number in range(5)), "lentimpra", "genome|dhs_index")
_STAGE_FACTS = (
    "dataset_digest",
    "base_model",
    "settings",
    "attempts",
    "epochs",
    "best_epoch",
    "device",
    "precision",
)
_TIMES = ("seconds", "sequences_per_second")


def main() -> None:
    """Run all steps whose result is not yet in the work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared-data", type=Path, required=True, help="folder with the shared data")
    parser.add_argument("--output-dir", type=Path, required=True, help="gets the model")
    parser.add_argument(
        "--work-dir", type=Path, required=True, help="keeps data sets and stages; a later run goes on"
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="processor threads (default: as torch takes them)"
    )
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    folders = {stage: args.work_dir / "data" / stage for stage in STAGES}
    if not all((folder / "dataset.json").is_file() for folder in folders.values()):
        assemble(args.shared_data, args.work_dir / "data", SEED)
    data = {stage: read_dataset(folder) for stage, folder in folders.items()}
    base = args.work_dir / "start"
    if not (base / "config.json").is_file():
        write_start(base, _teacher_tasks(data), "all", SEED)
    for stage, settings in STAGES.items():
        output = args.work_dir / stage
        if not (output / "config.json").is_file():
            finetune(data[stage], str(base), output, settings.replace(threads=args.threads))
        base = output
    model = _package(args.work_dir, args.output_dir, data, args.threads)
    started = time.monotonic()
    metrics = measure(model, data["enhancer"], data["binding"], args.shared_data, args.threads)
    replace_card(args.output_dir, model.card.replace(metrics=metrics))
    logging.info("measured in %.0f s", time.monotonic() - started)


def _teacher_tasks(data: dict[str, Dataset]) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Return the rows of the ridges that the start carries."""
    tasks = {}
    for name in ("all", *_TEACHERS):
        frame = data["binding" if name.startswith("gue") else "enhancer"].frame("train")
        chosen = frame if name == "all" else frame[frame["name"].str.match(name)]
        codes = [encode_bases(text) for text in chosen["sequence"]]
        tasks[name] = (codes, chosen["label"].to_numpy(dtype=np.int64))
    return tasks


def _package(work: Path, output: Path, data: dict[str, Dataset], threads: int) -> EnhancerModel:
    """Write the trained model with float16 matrices and a card that tells where it comes from."""
    trained = open_model(work / "enhancer")
    card = trained.card
    stages = {stage: open_model(work / stage).card.training for stage in STAGES}
    described = {stage: data[stage].metadata for stage in STAGES}
    training: dict[str, Any] = {
        "recipe": "training/default_model/build.py",
        "dataset_digest": data["enhancer"].digest,
        "window": "200 bp, centre of longer sequences; 101 bp in the first stage",
        "positive": "enhancers by ChromHMM, CAGE or reporter assay, accessible regulatory DNA; see sources",
        "sources": {
            name: {"labels": source.labels, "licence": source.licence} for name, source in SOURCES.items()
        }
        | {
            "genome": {
                "labels": "windows of hg38 chr2 and chr16 prefixes and GRCh37 chr17 by FANTOM5, Ensembl, "
                "ENCODE cCRE, DNase and ChromHMM; windows that none of them marks",
                "licence": "annotation: CC-BY (FANTOM5), Apache-2.0, ENCODE open data",
            },
            "gue_tf0-4": {
                "labels": "GUE transcription-factor ChIP-seq: bound, not bound",
                "licence": "Apache-2.0",
            },
        },
        "never_trained_on": "hg19 chr20; contigs 1, 8, 9, 20, 21 and 22 of either assembly; hg38 "
        "chr16:1-300000; academic-only sets; the lentiMPRA joint library; any sequence that shares a 40-mer "
        "on either strand with a set of sharing_a_40mer_with",
        "splits_by": "test: contigs 11 and 17; validation: contig 7, chr10 before 20 Mb, genome windows of "
        "chr2 before 0.6 Mb; sequences without a place by a hash (12 % test, 8 % validation); no 40-mer "
        "shared between splits",
        "splits": {stage: described[stage]["splits"] for stage in STAGES},
        "removed": {
            name: described["enhancer"]["counts"][name]
            for name in ("sharing_a_40mer_with", "sharing_a_40mer_with_a_later_split")
        },
        "stages": {
            stage: {name: facts[name] for name in (*_STAGE_FACTS, *_TIMES) if name in facts}
            for stage, facts in stages.items()
        },
    }
    logits = _validation_logits(trained, data["enhancer"], threads)
    labels = data["enhancer"].frame("validation")["label"].to_numpy(dtype=np.int64)
    shift, calibration, training["calibration"] = platt(logits, labels, SEED)
    state = trained.read_state()
    halves = np.array([-0.5 * shift, 0.5 * shift], dtype=np.float32)
    state["classifier.bias"] = state["classifier.bias"] + halves
    card = card.replace(training=training, calibration=calibration)
    model = write_model(output, ModelParts(trained.config, state, card, KmerVocabulary(K)), half=True)
    probability = calibration.apply(_validation_logits(model, data["enhancer"], threads))
    names = data["enhancer"].frame("validation")["name"]
    background = (labels == 0) & names.str.startswith("genome:").to_numpy()
    thresholds = {
        "default": Threshold(0.5, "one half of the calibrated probability"),
        "max-mcc": Threshold(
            round(threshold_of_best_mcc(labels, probability), 4), "largest MCC on the validation split"
        ),
        "strict": Threshold(
            round(float(np.quantile(probability[background], 1 - STRICT_SHARE)), 4),
            f"called in {STRICT_SHARE:.0%} of the validation split's genome background",
        ),
    }
    digests = {
        name: sha256_of(output / name)
        for name in sorted(path.name for path in output.iterdir() if path.name != CARD_NAME)
    }
    versions = {**model.card.versions, "sha256": digests}
    return replace_card(output, model.card.replace(thresholds=thresholds, versions=versions))


def _validation_logits(model: EnhancerModel, dataset: Dataset, threads: int) -> NDArray[np.float64]:
    settings = EngineSettings(precision=Precision.FLOAT32, threads=threads)
    codes = dataset.encoded("validation")
    return np.asarray(Engine(model, settings).predict(codes).logit, dtype=np.float64)


if __name__ == "__main__":
    main()
