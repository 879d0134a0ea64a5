"""What a larger or smaller student would gain: sizes trained alike on the recipe's labels and answers.

All begin with the starting model's answers (but for one layer, which cannot), see the same rows in the same
order for as many steps, and get the recipe's refit of the classifier. Prints a line a run; each leaves
``sizes/NAME.json`` in the work folder, and a later call goes on with the first run that has none.

Run: python training/default_model/sizes.py --work-dir WORK --start-from VERSION5 [--steps 700] [--runs NAMES]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import plan
import torch
from fitting import fit
from growing import deepened, first_layer, widened
from heads import refit
from judging import measure, outputs_of
from networks import BertSize, K, Student
from rows import REPORTERS, Data, load
from start import packaged_student
from train import MEASURED_SPLITS, ONE_THREAD, pool_of, student_loss

from dnabert_enhancer.engine import Engine, EngineSettings, Precision
from dnabert_enhancer.model import ModelCard, ModelParts, bert_config, open_model, write_model
from dnabert_enhancer.sequence import KmerVocabulary

STEPS = 700
WINDOW = 200
LOOKED_AT = 256
"""Windows on which the answers of a student that begins are held against those of the starting model."""
TIMED_WINDOWS = 500
TIMES = 3
SHOWN = (
    *REPORTERS,
    *(f"gue_tf{n}" for n in range(5)),
    "enhancer",
    "accessible",
    "dnase_k562",
    "dnase_gm12878",
)


class Run(NamedTuple):
    """Layers, whether channels are doubled, factor of the recipe's learning rate, and seed."""

    layers: int
    double: bool = False
    rate: float = 1.0
    seed: int = plan.SEED


RUNS = {
    "2x128": Run(2),
    "2x256": Run(2, double=True),
    "4x128": Run(4),
    "1x128": Run(1),
    "2x128-seed2": Run(2, seed=plan.SEED + 1),
    "2x256-half-rate": Run(2, double=True, rate=0.5),
}


def main() -> None:
    """Train each run that has no figures yet; print them."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--work-dir", type=Path, required=True, help="as build.py --until networks leaves it")
    parser.add_argument("--start-from", type=Path, required=True, help="as of build.py")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of each run (default {STEPS})")
    parser.add_argument("--runs", default=",".join(RUNS), help=f"names (default: {','.join(RUNS)})")
    args = parser.parse_args()
    os.environ.update(ONE_THREAD)
    torch.set_num_threads(1)
    folder = args.work_dir / "sizes"
    folder.mkdir(exist_ok=True)
    data = load(args.work_dir / "tasks.npz")
    start, _ = packaged_student(args.start_from, data)
    print(f"| run | split | {' | '.join(SHOWN)} |\n|{'---|' * (len(SHOWN) + 2)}", flush=True)
    names = args.runs.split(",")
    for name in names:
        note = folder / f"{name}.json"
        if not note.is_file():
            found = _figures(
                RUNS[name], args.steps, start, data, pool_of(args.work_dir), folder / f"{name}.pt"
            )
            note.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        found = json.loads(note.read_text(encoding="utf-8"))
        for split in MEASURED_SPLITS:
            print(f"| {name} | {split} | {' | '.join(f'{found[split][task]:.3f}' for task in SHOWN)} |")
        print({key: value for key, value in found.items() if key not in MEASURED_SPLITS}, flush=True)
    for name, speed in zip(names, speeds([folder / name for name in names]), strict=True):
        print(f"{name}: {speed:.0f} windows/s")


def begun(run: Run, start: Student) -> Student:
    """Return the student of a run before its first step."""
    torch.manual_seed(run.seed)
    student = first_layer(start) if run.layers == 1 else deepened(start, run.layers)
    return widened(student) if run.double else student


def _figures(
    run: Run, steps: int, start: Student, data: Data, pool: Path, checkpoint: Path
) -> dict[str, Any]:
    """Train a run, fit its classifier; return figures, size and speed. Weights stay in `checkpoint`."""
    student = begun(run, start)
    group = data.groups[WINDOW]
    held = group.codes[group.split > 0][:LOOKED_AT]
    with torch.no_grad():
        off = (student.eval()(held) - start.eval()(held)).abs().max()
    found: dict[str, Any] = {"largest_difference_from_start": float(off)}
    if not checkpoint.is_file():  # else the run ended between training and classifier
        loss = student_loss(pool, data, student)
        torch.manual_seed(run.seed)  # building a student takes draws; batches are the same for all
        student.compile_layers(WINDOW)
        began = time.monotonic()
        job = plan.FIT | {"steps": steps, "learning_rate": run.rate * plan.FIT["learning_rate"]}
        fit(student, loss, job, checkpoint=checkpoint.with_suffix(".part.pt"))
        drawn = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()[:8]
        facts = {"steps": steps, "seconds": round(time.monotonic() - began), "draws": drawn}
        torch.save({"state": student.state_dict(), "facts": facts}, checkpoint)
    saved = torch.load(checkpoint, weights_only=True)
    student.load_state_dict(saved["state"])
    student.compiled_length = 0
    refit(student, data, **plan.REFIT)
    model = checkpoint.with_suffix("")
    _written(student, model)
    whole, first = gflop(student.size, WINDOW)
    found |= saved["facts"] | {
        "bytes": (model / "model.safetensors").stat().st_size,
        "gflop": round(first, 3),
        "gflop_all_tokens": round(whole, 3),
    }
    return found | {split: measure(partial(outputs_of, student), data, split) for split in MEASURED_SPLITS}


def _written(student: Student, folder: Path) -> None:
    """Write a student as a model directory, with float16 matrices."""
    size = student.size
    settings = {"vocab_size": KmerVocabulary(K).size, "max_position_embeddings": 512, "hidden_act": "gelu"}
    settings |= {"hidden_size": size.hidden, "num_hidden_layers": size.layers, "type_vocab_size": 2}
    settings |= {"num_attention_heads": size.heads, "intermediate_size": size.intermediate}
    settings |= {"layer_norm_eps": 1e-12, "pad_token_id": 0}
    names = tuple(f"output_{n}" for n in range(student.classifier.out_features))
    config = bert_config(settings, names, "multi_label_classification")
    state = {name: tensor.numpy() for name, tensor in student.hugging_face_state().items()}
    card = ModelCard("size", WINDOW, k=K, column=0)
    write_model(folder, ModelParts(config, state, card, KmerVocabulary(K)), half=True)


def speeds(folders: Sequence[Path]) -> list[float]:
    """Return the windows of 200 bp that models do in a second of processor time, both strands of each.

    The best of `TIMES` rounds, each of which asks all models, so that other work meets all alike.
    """
    settings = EngineSettings(precision=Precision.FLOAT32, threads=1)
    engines = [Engine(open_model(folder), settings) for folder in folders]
    windows = np.random.default_rng(1).integers(0, 4, (TIMED_WINDOWS, WINDOW)).astype(np.uint8)
    seconds = np.full((TIMES, len(engines)), np.inf)
    for times in seconds:
        for place, engine in enumerate(engines):
            engine.predict(windows[:LOOKED_AT])
            began = time.process_time()
            engine.predict(windows)
            times[place] = time.process_time() - began
    return [float(value) for value in TIMED_WINDOWS / seconds.min(axis=0)]


def gflop(size: BertSize, length: int) -> tuple[float, float]:
    """Return the GFLOP of a window where the last layer computes all tokens, and the first alone.

    Of the last layer the engine computes one query a head, brought to the states of the tokens, the states'
    products with it and their means, and the feed-forward part once (`encoder_to_onnx`).
    """
    tokens, h = length - K + 3, size.hidden
    matrices = 2 * h * (4 * h + 2 * size.intermediate)
    layer = tokens * matrices + 2 * 2 * tokens**2 * h
    last = matrices + 2 * 2 * tokens * size.heads * h
    return size.layers * layer / 1e9, ((size.layers - 1) * layer + last) / 1e9


if __name__ == "__main__":
    main()
