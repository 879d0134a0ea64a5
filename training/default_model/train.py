"""Trains one network on the rows of all tasks, or on a teacher's answers; the job is one JSON object."""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from fitting import distilled, fit, loss_of
from heads import refit
from judging import measure, outputs_of, summary
from mixing import load_member, mix
from networks import BertSize, Student, Teacher
from ridges import Ridges
from rows import BATCHES, augmented, batches, load, scanner_of, useful_scanner, window_sample
from start import start_student
from torch import nn


def run(job: dict[str, Any], folder: Path) -> None:
    """Do one job and write its model and metrics.

    Parameters
    ----------
    job : dict
        ``name``; ``kind`` ridges, teacher, student or mix; ``seed``; ``data``, ``motifs`` (paths); sizes; for
        a student ``ridges`` or ``start`` (paths of what it starts from), ``pool`` (path) with ``distil``;
        ``fit``: on the labels themselves; ``refit``: see `heads.refit`.
    folder : Path
        Gets ``NAME.pt`` and ``NAME.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if job["kind"] == "mix":
        mix(job, folder)
        return
    device = job.get("device", "cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(job["seed"])
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch._dynamo.config.recompile_limit = 64  # layers times lengths of windows
    data = load(Path(job["data"]), Path(job["motifs"]), device)
    started = time.monotonic()
    note: dict[str, Any] = {"job": job, "device": device}
    count = len(data.tasks)
    stream = batches(data, job["batch"], job.get("mutation", 0.05), job.get("shift", 6))

    def step_of(model: nn.Module) -> Any:
        def loss() -> torch.Tensor:
            return sum(loss_of(model(codes), targets, data.binary) for codes, targets in next(stream))

        return loss

    if job["kind"] == "teacher":
        scanner = scanner_of(data) if job.get("known_motifs", True) else None
        model: nn.Module = Teacher(count, scanner, job.get("channels", 192), job.get("dropout", 0.2))
        model.to(device)
    elif job["kind"] == "ridges":
        model = (
            Ridges(count)
            .to(device)
            .fit(
                [
                    (group.codes[group.split == 0], group.targets[group.split == 0])
                    for group in data.groups.values()
                ]
            )
        )
    else:
        size = BertSize(**job["size"])
        model = Student(size, count).to(device)
        if job.get("ridges"):
            ridges = load_member(Path(job["ridges"]), count, device)
            start_student(model, ridges, data.tasks, window_sample(data)[::4], useful_scanner(data))
        if job.get("start"):
            model.load_state_dict(load_member(Path(job["start"]), count, device).state_dict())
    if isinstance(model, Teacher | Student) and job.get("compile", device == "cuda"):
        model.compile_layers()
    if job.get("pool"):
        saved = torch.load(job["pool"], map_location=device, weights_only=True)
        pools = {int(length): tuple(part) for length, part in saved.items()}
        emphasis = [job.get("emphasis", {}).get(name, job.get("background", 1.0)) for name in data.tasks]
        weight = torch.tensor(emphasis, device=device) / sum(emphasis)

        def distilling() -> torch.Tensor:
            total = torch.zeros((), device=device)
            for length, (codes, answers) in pools.items():
                chosen = torch.randint(
                    0, len(codes), (max(8, int(job["batch"] * BATCHES[length])),), device=device
                )
                outputs = model(augmented(codes[chosen], 0.0, 0))
                total = total + distilled(outputs, answers[chosen], data.binary, weight)
            return total

        note["distil_steps"] = fit(model, distilling, job["distil"], f"{job['name']} distil")
        note["validation_distilled"] = measure(partial(outputs_of, model), data, "validation")
        print(f"{job['name']} distilled: {summary(note['validation_distilled'])}", flush=True)
    if job.get("fit"):
        note["fit_steps"] = fit(model, step_of(model), job["fit"], job["name"])
    if job.get("refit"):
        refit(model, data, **job["refit"])
    for split in ("validation", "test"):
        note[split] = measure(partial(outputs_of, model), data, split)
    note["seconds"] = round(time.monotonic() - started, 1)
    state = {
        name: value.half() if value.dtype == torch.float32 and job["kind"] != "ridges" else value
        for name, value in model.state_dict().items()
    }
    saved = {
        "kind": job["kind"],
        "state": state,
        "channels": job.get("channels", 192),
        "size": job.get("size"),
    }
    torch.save(saved, folder / f"{job['name']}.pt")
    if isinstance(model, Student):
        torch.save(model.hugging_face_state(), folder / f"{job['name']}.bert.pt")
    (folder / f"{job['name']}.json").write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    print(f"{job['name']} done in {note['seconds']} s: {summary(note['validation'])}", flush=True)


def main() -> None:
    """Run the job of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", required=True, help="a JSON object, or the path of one")
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    text = args.job if args.job.startswith("{") else Path(args.job).read_text(encoding="utf-8")
    run(json.loads(text), args.output_dir)


if __name__ == "__main__":
    main()
