"""From a trained student to a model directory: units, calibration, thresholds and the card."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from arrays import lengths_of, standardisation, training_targets
from calibrate import platt
from judging import auroc
from networks import BertSize, K
from numpy.typing import NDArray
from plan import FIT, STUDENT
from regulatory import FIRST, GENOME, WINDOW, first_row, regulatory_rows
from sources import SOURCES
from tasks import BINARY, TASKS, TaskDefinition

from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model import (
    CARD_NAME,
    Encoder,
    EnhancerModel,
    FurtherOutput,
    ModelCard,
    ModelParts,
    Threshold,
    bert_config,
    replace_card,
    write_model,
)
from dnabert_enhancer.sequence import KmerVocabulary

NAME = "dnabert-enhancer-default-7"
LICENCE = "Apache-2.0"
LIMITS = (
    "Trained on about 236,000 short sequences, mostly of a few human cell lines: a research tool, not for "
    "clinical use. Scores rank regulatory DNA; the first output does not tell cell types apart, nor "
    "enhancers from promoters, and in a whole genome most calls at the default threshold are false. Young "
    "repeats are rare in the training data, since they are shared with the contigs kept for evaluation. "
    "Windows of more than 295 bp were never seen."
)
STRICT_SHARE = 0.01
WITHDRAWN = {
    "sharpr_hepg2": "take lentimpra_hepg2: what it told was RNA that no plasmid count corrects",
    "sharpr_k562": "take dnase_k562 or lentimpra_hepg2: what it told was RNA that no plasmid count corrects",
    "promoter_like": "take versus_promoter: it told promoters no better than their share of G and C",
    "max-mcc": "take default, strict or top:1%: it called half of a genome",
}
"""Outputs and thresholds of earlier versions, and what to take instead of each."""
MEANINGS = {
    "enhancer": "core of an active regulatory element, any source: the first output until version 5"
} | {
    f"gue_tf{number}": f"bound in the ChIP-seq set {number} of GUE (human TFs; GUE does not say which)"
    for number in range(5)
}
"""What is said of outputs beside, or instead of, what their tasks say."""
PUBLISHED = [task for task in TASKS if task.published and task.name not in WITHDRAWN]
ACTIVE = {
    f"active_{cell.lower()}": (
        f"lentimpra_{cell.lower()}",
        f"among the most active third of the lentiMPRA elements in {cell}",
    )
    for cell in ("HepG2", "K562", "WTC11")
    if any(task.name == f"lentimpra_{cell.lower()}" for task in PUBLISHED)
}
"""Outputs that say as a probability what an activity says: name, the activity's task, meaning."""
ACTIVE_SHARE = 1 / 3
_SETTINGS = {
    "attention_probs_dropout_prob": 0.0,
    "hidden_act": "gelu",
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "type_vocab_size": 2,
}


class SplitRows(NamedTuple):
    """Windows of a split, uint8[n, L] by length, and their targets, float32[n, task]."""

    tasks: list[str]
    codes: dict[int, NDArray[np.uint8]]
    targets: dict[int, NDArray[np.float32]]


class CalibrationRows(NamedTuple):
    """Validation rows with which an output for whole genomes is calibrated: windows uint8[n, 200]."""

    codes: NDArray[np.uint8]
    labels: NDArray[np.int64]
    in_genome: NDArray[np.bool_]


def package(
    work: Path,
    output: Path,
    first: EnhancerModel,
    enhancers: Dataset,
    training: dict[str, Any],
    threads: int,
) -> EnhancerModel:
    """Write the packaged student as a model directory with float16 matrices.

    Parameters
    ----------
    work : Path
        Folder of the recipe's results.
    output : Path
        Gets the model.
    first : EnhancerModel
        Version 6, whose first output is this one's.
    enhancers : Dataset
        Of the output ``enhancer``: it is calibrated on the rows of the validation contigs. The first output
        is on those of `regulatory.regulatory_rows`.
    training : dict
        What the card says of the data.
    threads : int
        Of the engine.
    """
    models = work / "models"
    note = json.loads((models / f"{STUDENT}.json").read_text(encoding="utf-8"))
    state = {
        key: value.numpy()
        for key, value in torch.load(
            models / f"{STUDENT}.bert.pt", map_location="cpu", weights_only=True
        ).items()
    }
    arrays = dict(np.load(work / "tasks.npz"))
    _keep_published(state, arrays)
    size = BertSize(**note["size"])
    labels = (FIRST, *(task.name for task in PUBLISHED), *ACTIVE)
    config = bert_config(
        _SETTINGS
        | {
            "vocab_size": KmerVocabulary(K).size,
            "hidden_size": size.hidden,
            "num_hidden_layers": size.layers,
            "num_attention_heads": size.heads,
            "intermediate_size": size.intermediate,
            "hidden_dropout_prob": 0.1,
        },
        labels,
        "multi_label_classification",
    )
    _add_first(state, config, first, arrays, threads)
    Encoder.from_config(config).check(state)
    card = ModelCard(
        NAME,
        200,
        ("other", FIRST),
        k=K,
        column=0,
        training=training | {"student": _student(note)},
        licence=LICENCE,
        limits=LIMITS,
    )
    parts = ModelParts(config, state, card, KmerVocabulary(K))
    raw = write_model(output, parts, half=True)
    whole = {FIRST: _regulatory(arrays), "enhancer": _placed(enhancers)}
    fitted = {}
    for column, (name, windows) in enumerate(whole.items()):
        logits = _logits(raw, windows.codes, threads)[:, column]
        shift, calibration, report = platt(logits, windows.labels, seed=1)
        state["classifier.bias"][column] += shift
        fitted[name] = (calibration, _thresholds(calibration.apply(logits + shift), windows), report)
    card = card.replace(
        calibration=fitted[FIRST][0],
        thresholds=fitted[FIRST][1],
        training={**card.training, "calibration": fitted[FIRST][2]},
        withdrawn=WITHDRAWN,
    )
    rows = _rows(arrays, "validation", [task.name for task in PUBLISHED])
    outputs = {length: _logits(raw, codes, threads) for length, codes in rows.codes.items()}
    further = {}
    for column, task in enumerate(PUBLISHED, 1):
        output_of = FurtherOutput(column, task.kind, MEANINGS.get(task.name, task.meaning), task.length)
        if task.name in fitted:
            calibration, thresholds, _ = fitted[task.name]
            output_of = dataclasses.replace(output_of, calibration=calibration, thresholds=thresholds)
        elif task.kind == BINARY:
            values, truth = _known(outputs, rows, task.name)
            shift, calibration, _ = platt(values, truth.astype(np.int64), seed=1)
            state["classifier.bias"][column] += shift
            output_of = dataclasses.replace(output_of, calibration=calibration)
        further[task.name] = output_of
    for column, (name, (task_name, meaning)) in enumerate(ACTIVE.items(), 1 + len(PUBLISHED)):
        shift, calibration, _ = platt(*_active(outputs, rows, task_name, arrays), seed=1)
        state["classifier.bias"][column] += shift
        further[name] = FurtherOutput(column, BINARY, meaning, _published(task_name).length, calibration)
    card = card.replace(further_outputs=further)
    model = write_model(output, ModelParts(config, state, card, KmerVocabulary(K)), half=True)
    digests = {path.name: sha256_of(path) for path in sorted(output.iterdir()) if path.name != CARD_NAME}
    return replace_card(output, model.card.replace(versions={**model.card.versions, "sha256": digests}))


def output_figures(work: Path, model: EnhancerModel, threads: int) -> dict[str, dict[str, float]]:
    """Return AUROC, or Pearson's r, of each further output on the validation and the test split."""
    note = json.loads((work / "models" / f"{STUDENT}.json").read_text(encoding="utf-8"))
    splits = ("validation", "test")
    figures = {
        task.name: {split: round(note[split][task.name], 3) for split in splits if task.name in note[split]}
        for task in PUBLISHED
    }
    arrays = dict(np.load(work / "tasks.npz"))
    for split in splits:
        rows = _rows(arrays, split, [task for task, _ in ACTIVE.values()])
        outputs = {length: _logits(model, codes, threads) for length, codes in rows.codes.items()}
        for name, (task_name, _) in ACTIVE.items():
            scores, truth = _active(outputs, rows, task_name, arrays)
            figures.setdefault(name, {})[split] = round(auroc(scores, truth), 3)
    return figures


def sources() -> dict[str, dict[str, str]]:
    """Return labels and licence of each source, for the card."""
    return {
        name: {"labels": source.labels, "licence": source.licence} for name, source in SOURCES.items()
    } | {
        "genome": {
            "labels": "windows of hg38 chr2 and chr16 prefixes and GRCh37 chr17 by FANTOM5, Ensembl, ENCODE "
            "cCRE, DNase, H3K27ac and ChromHMM; windows that none of them marks",
            "licence": "annotation: CC-BY (FANTOM5), Apache-2.0, ENCODE open data",
        },
        "gue_tf0-4, promoter_tata, promoter_core": {
            "labels": "GUE: transcription-factor ChIP-seq, bound or not; promoters with a TATA box; cores of "
            "promoters",
            "licence": "Apache-2.0",
        },
        "lentimpra_hepg2, lentimpra_wtc11": {
            "labels": "measured activity of all elements, mean of both orientations",
            "licence": "none stated (Agarwal 2025)",
        },
        "lentimpra_joint": {
            "labels": "the joint lentiMPRA library: measured activity in HepG2, K562 and WTC11",
            "licence": "none stated (Agarwal 2025)",
        },
        "deeptfbu": {"labels": "measured activity of 168-bp sequences in HepG2", "licence": "Apache-2.0"},
        "sharpr": {"labels": "RNA counts of Sharpr-MPRA regions", "licence": "GEO GSE71279"},
        "dhs_organs": {"labels": "DNase sites by organ system", "licence": "ENCODE open data"},
    }


def _keep_published(state: dict[str, NDArray[np.float32]], arrays: Any) -> None:
    """Cut the classifier to the outputs, activities in the units of the assay, those of `ACTIVE` copied."""
    names = arrays["tasks"].tolist()
    rows = [names.index(task.name) for task in PUBLISHED]
    weight, bias = state["classifier.weight"][rows].copy(), state["classifier.bias"][rows].copy()
    for column, task in enumerate(PUBLISHED):
        if task.kind != BINARY:
            mean, deviation = standardisation(arrays, names.index(task.name))
            weight[column] *= deviation
            bias[column] = bias[column] * deviation + mean
    copied = [PUBLISHED.index(_published(task)) for task, _ in ACTIVE.values()]
    state["classifier.weight"] = np.concatenate([weight, weight[copied]])
    state["classifier.bias"] = np.concatenate([bias, bias[copied]])


def _add_first(
    state: dict[str, NDArray[np.float32]],
    config: dict[str, Any],
    first: EnhancerModel,
    arrays: Any,
    threads: int,
) -> None:
    """Put the row of the first output before the others."""
    codes = arrays[f"codes_{WINDOW}"][regulatory_rows(arrays, "train", seed=1).rows]
    answers = _logits(first, codes, threads)[:, 0]
    row, offset = first_row(_pooled(state, config, codes, threads), answers)
    weight, bias = state["classifier.weight"], state["classifier.bias"]
    state["classifier.weight"] = np.concatenate([row[None], weight]).astype(np.float32)
    state["classifier.bias"] = np.concatenate([[offset], bias]).astype(np.float32)


def _pooled(
    state: dict[str, NDArray[np.float32]], config: dict[str, Any], codes: NDArray[np.uint8], threads: int
) -> NDArray[np.float64]:
    """Return what the classifier reads of windows, float64[n, hidden]."""
    hidden = state["classifier.weight"].shape[1]
    names = tuple(f"pooled_{number}" for number in range(hidden))
    config = bert_config(config, names, "regression")
    state = state | {
        "classifier.weight": np.eye(hidden, dtype=np.float32),
        "classifier.bias": np.zeros(hidden, dtype=np.float32),
    }
    parts = ModelParts(config, state, ModelCard("pooled", WINDOW, names, "regression", K), KmerVocabulary(K))
    with tempfile.TemporaryDirectory() as folder:
        model = write_model(Path(folder) / "pooled", parts, half=False)
        return _logits(model, codes, threads)


def _published(name: str) -> TaskDefinition:
    return next(task for task in PUBLISHED if task.name == name)


def _student(note: dict[str, Any]) -> dict[str, Any]:
    """Return what the card says of the training."""
    return {
        "starts_as": "dnabert-enhancer-default-5",
        "fit": FIT | {"steps": note["steps"]},
        "device": "cpu",
    }


def _rows(arrays: Any, split: str, tasks: list[str]) -> SplitRows:
    """Return the rows of a split with a target of one of these tasks."""
    names = arrays["tasks"].tolist()
    wanted = [names.index(task) for task in tasks]
    rows = SplitRows(tasks, {}, {})
    for length in lengths_of(arrays):
        targets = arrays[f"targets_{length}"][:, wanted]
        kept = (arrays[f"split_{length}"] == split) & ~np.isnan(targets).all(axis=1)
        if kept.any():
            rows.codes[length] = arrays[f"codes_{length}"][kept]
            rows.targets[length] = targets[kept]
    return rows


def _regulatory(arrays: Any) -> CalibrationRows:
    found = regulatory_rows(arrays, "validation", seed=1)
    return CalibrationRows(arrays[f"codes_{WINDOW}"][found.rows], found.labels, found.sources == GENOME)


def _placed(enhancers: Dataset) -> CalibrationRows:
    frame = enhancers.frame("validation")
    chosen = frame["start"].notna().to_numpy()
    codes = np.stack(list(enhancers.encoded("validation")))[chosen]
    frame = frame[chosen]
    return CalibrationRows(
        codes,
        frame["label"].to_numpy(dtype=np.int64),
        frame["name"].str.startswith("genome").to_numpy(),
    )


def _logits(model: EnhancerModel, codes: NDArray[np.uint8], threads: int) -> NDArray[np.float64]:
    """Return all outputs as they leave the classifier, float64[n, output]."""
    card = model.card.replace(column=None, task="regression", further_outputs={})
    whole = EnhancerModel(model.directory, model.config, card)
    engine = Engine(whole, EngineSettings(precision=Precision.FLOAT32, threads=threads))
    return engine.predict(codes).outputs.astype(np.float64)


def _known(
    outputs: dict[int, NDArray[np.float64]], rows: SplitRows, task: str
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the outputs of a task where its target is known, and the targets."""
    column, place = 1 + PUBLISHED.index(_published(task)), rows.tasks.index(task)
    logits, truth = [], []
    for length, targets in rows.targets.items():
        known = ~np.isnan(targets[:, place])
        logits.append(outputs[length][known, column])
        truth.append(targets[known, place])
    return np.concatenate(logits), np.concatenate(truth)


def _active(
    outputs: dict[int, NDArray[np.float64]], rows: SplitRows, task: str, arrays: Any
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the predicted activities, and which rows are above what a third of the training rows are."""
    training = training_targets(arrays, arrays["tasks"].tolist().index(task))
    values, truth = _known(outputs, rows, task)
    return values, (truth > np.quantile(training, 1 - ACTIVE_SHARE)).astype(np.int64)


def _thresholds(probability: NDArray[np.float32], rows: CalibrationRows) -> dict[str, Threshold]:
    background = probability[rows.in_genome & (rows.labels == 0)]
    strict = round(float(np.quantile(background, 1 - STRICT_SHARE)), 4)
    return {
        "default": Threshold(0.5, "one half of the calibrated probability"),
        "strict": Threshold(
            strict,
            f"called in {STRICT_SHARE:.0%} of the {len(background):,} windows of the validation split "
            "that no annotation marks",
        ),
    }
